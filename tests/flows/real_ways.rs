//! Ways to pay over a real Postfix and a real Dovecot: cards, an invoice, a transfer in two parts, cash on delivery; and
//! the three servers asked how things stand. The scenes are played one after the other by the same accounts.

mod real {
    use std::fs;
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    use serde_json::{Value, json};

    use crate::flows::account::Account;
    use crate::flows::parties::{Parties, SHIRT, mails, until};
    use crate::support::accounts::{Fields, field};
    use crate::support::program::letters;
    use crate::support::servers::require;

    const TEA: &str = "TEA-200;煎茶 200g;JPY 1800;1";
    /// Dearer than what the payment agent authorises.
    const KETTLES: &str = "KETTLE;Iron kettle;JPY 36000;3";

    /// Returns the accounts, made once, for one scene at a time.
    fn parties() -> MutexGuard<'static, Parties> {
        static PARTIES: OnceLock<Mutex<Parties>> = OnceLock::new();
        let all = PARTIES.get_or_init(|| Mutex::new(Parties::make("ways.test")));
        all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn yen(amount: &str) -> Value {
        json!({"amount": amount, "currency": "JPY"})
    }

    /// Checks what a ledger says of the beginning of a transaction, in its order.
    fn check_begins(party: &Account, name: &str, expected: &[&str]) {
        let letters = party.letters(name);
        assert!(letters.len() >= expected.len(), "{}: {letters:?}", party.address);
        assert_eq!(letters[..expected.len()], *expected, "{}", party.address);
    }

    /// Returns the newest entry of a kind that a party received.
    fn received(party: &Account, kind: &str) -> Fields {
        let all = party.headers();
        let is =
            |entry: &&Fields| field(entry, "Mailorder-Direction") == "in" && field(entry, "Mailorder-Kind") == kind;
        all.iter().rfind(is).unwrap_or_else(|| panic!("{}: no {kind}", party.address)).clone()
    }

    #[test]
    fn figure_7_a_card_is_authorised_and_then_charged_before_the_goods_come_p108_p109() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let id = parties.orders(SHIRT, "card");
        parties.sync_until("terms", || parties.is(&id, "offered"));
        let number = parties.number(&id);
        // Each ledger says that nothing was offered before the agent said yes, and that nothing is begun.
        let asked = ["in order buyer", "out authorization-request pay", "in authorization-result pay"];
        assert_eq!(shop.letters(&number), [&asked[..], &["out transaction-info buyer"]].concat());
        let answered = ["in authorization-request shop", "out authorization-result shop"];
        assert_eq!(pay.letters(&number), answered);
        assert_eq!(buyer.letters(&id), ["out order shop", "in transaction-info shop"]);
        assert_eq!(ship.listed(&number), Value::Null);
        let result = received(shop, "authorization-result");
        let [signer, verdict] = ["Mailorder-Signer", "Mailorder-Verdict"].map(|name| field(&result, name));
        assert_eq!((signer, verdict.as_str()), (pay.fingerprint.clone(), "applied"));
        // With the OK, the payment agent is instructed first.
        buyer.run(&["confirm", &id]);
        parties.sync_until("instructions", || parties.instructed(&number));
        let begun = ["out transaction-info buyer", "in confirmation buyer", "out order-status buyer"];
        let instructed = ["out payment-instruction pay", "out delivery-instruction ship"];
        check_begins(shop, &number, &[&asked[..], &begun, &instructed].concat());
        check_begins(pay, &number, &[&answered[..], &["in payment-instruction shop"]].concat());
        check_begins(ship, &number, &["in delivery-instruction shop"]);
        // The money comes, then the goods.
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_both(&number, "open", [false, false, true]);
        shop.run(&["shop", "notify", &number, "--shipped"]);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        parties.sync_until_done("delivery", &number);
        parties.sync_until_done("order", &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
    }

    #[test]
    fn a_procedure_without_an_ok_starts_at_once_over_real_mail() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        shop.configure(|text| {
            let agents: Vec<&str> = text.lines().filter(|line| line.contains("_agent = ")).take(2).collect();
            let steps = "payment = \"invoice\"\ndelivery = \"courier\"\nsteps = [\"terms\", \"delivery\", \"payment\"]";
            let first = format!("[[shop.procedure]]\n{steps}\n{}\n\n[[shop.procedure]]", agents.join("\n"));
            text.replacen("[[shop.procedure]]", &first, 1)
        });
        let id = parties.orders_by(SHIRT, "invoice", "courier");
        // Nobody says OK to anything.
        parties.sync_until("terms", || parties.is(&id, "open"));
        let number = parties.number(&id);
        parties.sync_until("instructions", || parties.instructed(&number));
        let letters = shop.letters(&number);
        assert_eq!(letters[..2], ["in order buyer", "out transaction-info buyer"], "{letters:?}");
        assert!(!letters.iter().any(|letter| letter.contains("confirmation")), "{letters:?}");
        let at = |letter: &str| letters.iter().position(|one| one == letter).unwrap_or_else(|| panic!("{letters:?}"));
        assert!(at("out delivery-instruction ship") < at("out payment-instruction pay"), "{letters:?}");
        for (one, part, what) in [(shop, "shop", "--shipped"), (ship, "ship", "--delivered"), (pay, "pay", "--paid")] {
            one.run(&[part, "notify", &number, what]);
        }
        ["order", "delivery", "payment"].iter().for_each(|leg| parties.sync_until_done(leg, &number));
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        assert!(!buyer.letters(&id).iter().any(|letter| letter.contains("confirmation")));
    }

    #[test]
    fn figure_7_a_card_is_refused_and_each_ledger_says_that_nothing_was_begun_p108() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (before, id) = (ship.entries(), parties.orders(KETTLES, "card"));
        parties.sync_until("a rejection", || parties.is(&id, "rejected"));
        parties.check_peace();
        let number = shop.listed(&id)["number"].as_str().unwrap().to_owned();
        let asked = ["in order buyer", "out authorization-request pay", "in authorization-result pay"];
        assert_eq!(shop.letters(&id), [&asked[..], &["out order-rejection buyer"]].concat());
        assert_eq!(pay.letters(&number), ["in authorization-request shop", "out authorization-result shop"]);
        assert_eq!(buyer.letters(&id), ["out order shop", "in order-rejection shop"]);
        assert_eq!((ship.listed(&number), ship.entries()), (Value::Null, before), "it never heard of it");
        let shown = buyer.shows(&id);
        let says = &letters(&shown, "in", "order-rejection")[0]["says"];
        assert!(says.to_string().contains("The payment was not authorised"), "{says}");
        parties.check_both(&id, "rejected", [false; 3]);
        pay.check_stands(&number, "rejected", [false; 3]);
        let list = buyer.json(&["--json", "list", "--unpaid"]);
        assert!(list["transactions"].as_array().unwrap().iter().all(|row| row["id"] != *id), "nothing is owed: {list}");
    }

    #[test]
    fn figure_10_an_invoice_has_the_goods_come_before_the_money_p109() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(TEA, "invoice", "parcel");
        let begun = ["in order buyer", "out transaction-info buyer", "in confirmation buyer", "out order-status buyer"];
        let instructed = ["out delivery-instruction ship", "out payment-instruction pay"];
        check_begins(shop, &number, &[&begun[..], &instructed].concat());
        check_begins(pay, &number, &["in payment-instruction shop"]);
        shop.run(&["shop", "notify", &number, "--shipped"]);
        parties.sync_until_done("order", &number);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        parties.sync_until_done("delivery", &number);
        parties.check_both(&number, "open", [true, true, false]);
        pay.check_stands(&number, "open", [false; 3]);
        assert_eq!(buyer.shows(&id)["unpaid"], yen("2300"));
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
    }

    #[test]
    fn a_transfer_comes_in_two_parts_and_buyer_and_shop_see_what_is_left_p21_p59() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(SHIRT, "bank-transfer", "parcel");
        assert_eq!([buyer, shop].map(|one| one.shows(&number)["unpaid"].clone()), [yen("4800"), yen("4800")]);
        pay.run(&["pay", "notify", &number, "--paid", "--amount", "JPY 3000", "--reference", "IN-1"]);
        parties.sync_until("a part", || [buyer, shop].iter().all(|one| one.shows(&number)["paid"] == yen("3000")));
        for one in [buyer, shop, pay] {
            let shown = one.shows(&number);
            assert_eq!((&shown["paid"], &shown["unpaid"]), (&yen("3000"), &yen("1800")), "{}", one.address);
        }
        parties.check_both(&number, "open", [false; 3]);
        pay.check_stands(&number, "open", [false; 3]);
        let unpaid = buyer.json(&["--json", "list", "--unpaid"]);
        assert!(unpaid["transactions"].as_array().unwrap().iter().any(|row| row["id"] == *id), "{unpaid}");
        pay.run(&["pay", "notify", &number, "--paid", "--reference", "IN-2"]);
        parties.sync_until_done("payment", &number);
        for one in [buyer, shop, pay] {
            let shown = one.shows(&number);
            assert_eq!((&shown["paid"], &shown["unpaid"]), (&yen("4800"), &Value::Null), "{}", one.address);
        }
        shop.run(&["shop", "notify", &number, "--shipped"]);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        parties.sync_until("an end", || [buyer, shop].iter().all(|one| one.listed(&number)["state"] == "completed"));
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
    }

    /// Makes a carrier that collects what is due at the door, and has the shop use it for that.
    fn collecting_carrier(shop: &Account) -> Account {
        let servers = require();
        let (_, domain) = shop.address.split_once('@').unwrap();
        let works_for = format!("shops = [\"{}\"]\n", shop.address);
        let more = format!("[payment]\n{works_for}[delivery]\n{works_for}");
        let (address, folder) = (format!("carrier@{domain}"), shop.home().parent().unwrap());
        let carrier = Account::make(servers, folder, &address, &["payment", "delivery"], "Door to Door", &more);
        shop.accept(&carrier);
        carrier.accept(shop);
        let agent = format!("{{ address = \"{address}\", fingerprint = \"{}\" }}", carrier.fingerprint);
        shop.configure(|text| {
            format!(
                "{text}\n[[shop.procedure]]\npayment = \"cash-on-delivery\"\ndelivery = \"parcel\"\n\
                 steps = [\"terms\", \"confirmation\", \"delivery\", \"payment\"]\npayment_agent = {agent}\n\
                 delivery_agent = {agent}\ncharge = {{ name = \"Parcel delivery\", price = \"JPY 500\" }}\n"
            )
        });
        carrier
    }

    #[test]
    fn cash_is_collected_at_the_door_by_who_brings_the_goods_p6_p21() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let carrier = collecting_carrier(shop);
        let others = [pay, ship].map(Account::entries);
        let sync_until = |what: &str, reached: &dyn Fn() -> bool| {
            until(what, || {
                [buyer, shop, &carrier].iter().for_each(|one| one.sync());
                reached()
            });
        };
        let of = |role: &str, number: &str| carrier.json(&["show", "--json", number, "--role", role]);
        let id = parties.orders(SHIRT, "cash-on-delivery");
        sync_until("terms", &|| parties.is(&id, "offered"));
        let number = parties.number(&id);
        buyer.run(&["confirm", &id]);
        let instructed = |role: &str| {
            let list = carrier.json(&["list", "--json", "--role", role]);
            list["transactions"]
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["number"] == *number && row["state"] == "open")
        };
        sync_until("instructions", &|| instructed("payment") && instructed("delivery"));
        // Who stands at the door knows how much to ask for.
        let instruction = of("delivery", &number)["instruction"].to_string();
        assert!(instruction.contains("4800"), "{instruction}");
        shop.run(&["shop", "notify", &number, "--shipped"]);
        sync_until("shipped", &|| buyer.listed(&number)["order"]["done"] == true);
        carrier.run(&["ship", "notify", &number, "--delivered"]);
        carrier.run(&["pay", "notify", &number, "--paid", "--amount", "JPY 4800"]);
        let over = |one: &&Account| one.listed(&number)["state"] == "completed";
        sync_until("an end", &|| [buyer, shop].iter().all(over));
        parties.check_both(&number, "completed", [true; 3]);
        for (role, done) in [("payment", [false, false, true]), ("delivery", [false, true, false])] {
            let shown = of(role, &number);
            let legs: Vec<bool> =
                shown["legs"].as_array().unwrap().iter().map(|leg| leg["done"].as_bool().unwrap()).collect();
            assert_eq!((&shown["state"], legs), (&json!("completed"), done.to_vec()), "{shown}");
        }
        for one in [buyer, shop] {
            let shown = one.shows(&number);
            let agents: Vec<&Value> =
                shown["legs"].as_array().unwrap().iter().map(|leg| &leg["agent"]["address"]).collect();
            assert_eq!(agents, [&json!(shop.address), &json!(carrier.address), &json!(carrier.address)]);
            assert_eq!(shown["paid"], yen("4800"));
        }
        carrier.sync();
        carrier.check_peace();
        parties.check_peace();
        assert_eq!([pay, ship].map(Account::entries), others, "the others have no part in it");
    }

    /// Takes so many mails unread out of a mailbox once they are there, as a post that loses them does.
    fn lose(party: &Account, count: usize) {
        let maildir = require().maildir(&party.address);
        until("mails to be lost", || mails(&maildir, "").len() >= count);
        let lost = mails(&maildir, "");
        assert_eq!(lost.len(), count);
        lost.iter().for_each(|(file, _)| fs::remove_file(file).unwrap());
    }

    #[test]
    fn figure_13_shop_payment_agent_and_delivery_agent_each_answer_with_what_they_have_p111() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(TEA, "invoice", "parcel");
        parties.settle();
        // What each says is lost, so that only an answer can bring it.
        shop.run(&["shop", "notify", &number, "--planned", "2030-01-02"]);
        ship.run(&["ship", "notify", &number, "--planned", "2030-01-03"]);
        pay.run(&["pay", "notify", &number, "--planned", "2030-01-04"]);
        lose(buyer, 3);
        buyer.sync();
        let dates = |one: &Account| {
            let listed = one.listed(&number);
            ["order", "delivery", "payment"].map(|leg| listed[leg]["date"].as_str().unwrap_or_default().to_owned())
        };
        let said = ["2030-01-02", "2030-01-03", "2030-01-04"];
        assert!(dates(buyer).iter().all(|date| !said.contains(&date.as_str())), "{:?}", dates(buyer));
        buyer.run(&["ask", &id]);
        parties.sync_until("answers", || dates(buyer) == said);
        for (one, kind) in [(shop, "order-status"), (pay, "payment-status"), (ship, "delivery-status")] {
            // The question came, and the answer went to who asked, and both ledgers have it.
            let [at_server, at_buyer] = [one, buyer].map(|party| party.shows(&number));
            let asked = letters(&at_server, "in", "status-request");
            assert_eq!((asked.len(), &asked[0]["verdict"]), (1, &json!("applied")), "{}", one.address);
            let answers = letters(&at_server, "out", kind);
            let mut to_buyer = answers.iter().filter(|letter| letter["peer"] == buyer.address);
            let answer = to_buyer.rfind(|letter| letter["entry"].as_u64() > asked[0]["entry"].as_u64());
            let answer = answer.unwrap_or_else(|| panic!("{}: {at_server}", one.address));
            let came = letters(&at_buyer, "in", kind);
            let same: Vec<_> = came.iter().filter(|letter| letter["content"] == answer["content"]).collect();
            assert_eq!((same.len(), &same[0]["verdict"]), (1, &json!("applied")), "{}", one.address);
            assert_eq!((&same[0]["says"], &same[0]["peer"]), (&answer["says"], &json!(one.address)));
        }
        parties.check_peace();
        assert_eq!(dates(buyer), said);
        parties.check_both(&number, "open", [false; 3]);
    }
}
