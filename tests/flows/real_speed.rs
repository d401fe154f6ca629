//! Everybody at a speed of his own, over a real Postfix and a real Dovecot: one whose lines are slow, one who seldom
//! looks, one who is off for a week. Nothing is lost, everything is entered once (P107).

/// Needs `faketime` as well.
mod real {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    use serde_json::json;

    use crate::flows::account::Account;
    use crate::flows::machines::check_travelled;
    use crate::flows::parties::{Parties, SHIRT, mails, until};
    use crate::support::accounts::field;
    use crate::support::program::letters;
    use crate::support::servers::{Proxy, require};

    const TEA: &str = "TEA-200;煎茶 200g;JPY 1800;1";

    /// Returns the accounts, made once, for one scene at a time.
    fn parties() -> MutexGuard<'static, Parties> {
        static PARTIES: OnceLock<Mutex<Parties>> = OnceLock::new();
        let all = PARTIES.get_or_init(|| Mutex::new(Parties::make("speed.test")));
        all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that each letter written was entered by its reader, and none twice.
    fn check_each_entered_once(parties: &Parties) {
        let names = ["buyer", "shop", "pay", "ship"];
        let ledger = |(name, one): (&&str, &Account)| ((*name).to_owned(), (one.fingerprint.clone(), one.headers()));
        check_travelled(&names.iter().zip(parties.all()).map(ledger).collect());
        for one in parties.all() {
            let entries = one.headers();
            let came: Vec<String> = entries
                .iter()
                .filter(|entry| field(entry, "Mailorder-Direction") == "in")
                .map(|entry| field(entry, "Mailorder-Content"))
                .collect();
            let distinct: BTreeSet<&String> = came.iter().collect();
            assert_eq!(came.len(), distinct.len(), "{}", one.address);
        }
    }

    /// Puts slow lines before a party's servers; they end with what is returned.
    fn slow_lines(party: &Account) -> [Proxy; 2] {
        ["IMAPS", "SUBMISSIONS"].map(|service| {
            let port = require().port(service);
            let proxy = Proxy::start(port, &["--delay", "40"]);
            party.configure(|text| text.replace(&format!("port = {port},"), &format!("port = {},", proxy.port)));
            proxy
        })
    }

    /// Does what there is to do for one of three orders, as far as each knows of it.
    fn works(parties: &Parties, id: &str) {
        let Parties { buyer, shop, pay, ship } = parties;
        if parties.is(id, "offered") && letters(&buyer.shows(id), "out", "confirmation").is_empty() {
            buyer.run(&["confirm", id]);
        }
        let at_shop = shop.listed(id);
        let Some(number) = at_shop["number"].as_str() else { return };
        let open = |one: &Account, leg: &str| {
            let listed = one.listed(number);
            listed["state"] == "open" && listed[leg]["done"] == false
        };
        for (one, part, leg, flag) in [
            (shop, "shop", "order", "--shipped"),
            (ship, "ship", "delivery", "--delivered"),
            (pay, "pay", "payment", "--paid"),
        ] {
            if open(one, leg) {
                one.run(&[part, "notify", number, flag]);
            }
        }
    }

    #[test]
    fn figure_3_slow_lines_and_seldom_looks_lose_nothing_p107() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let before = std::fs::read_to_string(pay.config()).unwrap();
        let _lines = slow_lines(pay);
        let ids =
            [(SHIRT, "card"), (TEA, "invoice"), (TEA, "bank-transfer")].map(|(item, way)| parties.orders(item, way));
        let mut round = 0;
        until("three ends", || {
            round += 1;
            let due: Vec<&Account> = [(shop, 1), (pay, 1), (buyer, 2), (ship, 3)]
                .iter()
                .filter(|one| round % one.1 == 0)
                .map(|one| one.0)
                .collect();
            std::thread::scope(|scope| due.iter().for_each(|one| drop(scope.spawn(move || one.sync()))));
            ids.iter().for_each(|id| works(&parties, id));
            let over = |one: &Account, id: &str| one.listed(id)["state"] == "completed";
            ids.iter().all(|id| over(buyer, id) && over(shop, id))
        });
        parties.check_peace();
        for id in &ids {
            let number = parties.number(id);
            parties.check_both(&number, "completed", [true; 3]);
            pay.check_stands(&number, "completed", [false, false, true]);
            ship.check_stands(&number, "completed", [false, true, false]);
        }
        check_each_entered_once(&parties);
        pay.configure(|_| before.clone());
    }

    #[test]
    fn who_was_off_for_a_week_finds_each_letter_once_and_catches_up_p107() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let id = parties.orders(SHIRT, "invoice");
        parties.sync_until("terms", || parties.is(&id, "offered"));
        parties.settle();
        // From here on the payment agent is off.
        let number = parties.number(&id);
        buyer.run(&["confirm", &id]);
        let here = [shop, ship, buyer];
        let day = |moved: &str, what: &str, reached: &dyn Fn() -> bool| {
            here.iter().for_each(|one| one.moves(moved));
            until(what, || {
                here.iter().for_each(|one| one.sync());
                reached()
            });
        };
        day("+0d", "instructed", &|| ship.listed(&number)["state"] == "open");
        day("+1d", "a day", &|| true);
        shop.run(&["shop", "notify", &number, "--shipped"]);
        day("+1d", "shipped", &|| buyer.listed(&id)["order"]["done"] == true);
        day("+2d", "a day", &|| true);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        day("+2d", "delivered", &|| [buyer, shop].iter().all(|one| one.listed(&number)["delivery"]["done"] == true));
        // What it does not acknowledge goes out again, and the buyer asks.
        day("+4d", "a day", &|| true);
        buyer.run(&["ask", &id, "--leg", "payment"]);
        day("+8d", "a week", &|| true);
        parties.check_both(&number, "open", [true, true, false]);
        assert_eq!(pay.listed(&number), json!(null));
        let maildir = require().maildir(&pay.address);
        until("four mails", || mails(&maildir, "").len() >= 4);
        let waiting = mails(&maildir, "").len();
        let entered = pay.entries();
        // It is back.
        pay.moves("+8d");
        parties
            .sync_until("all it missed", || pay.listed(&number)["state"] == "open" && mails(&maildir, "").is_empty());
        let news: Vec<_> = pay.headers().split_off(entered);
        let came: Vec<String> = news
            .iter()
            .filter(|entry| field(entry, "Mailorder-Direction") == "in")
            .map(|entry| field(entry, "Mailorder-Kind"))
            .collect();
        let of = |kind: &str| came.iter().filter(|one| *one == kind).count();
        assert_eq!((of("payment-instruction"), of("status-request")), (1, 1), "{waiting} mails: {came:?}");
        assert!(came.len() < waiting, "{waiting} mails, repeats among them: {came:?}");
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
        check_each_entered_once(&parties);
    }
}
