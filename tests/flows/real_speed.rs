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

    /// Which agent is off for a week, and what the other one does meanwhile.
    struct Off {
        /// The leg that waits, and how its agent tells that it is done.
        leg: &'static str,
        done: [&'static str; 3],
        /// The same of the other agent's leg.
        other: &'static str,
        meanwhile: [&'static str; 3],
        instruction: &'static str,
        /// What is done after a week without the agent.
        stands: [bool; 3],
    }

    const PAYMENT_OFF: Off = Off {
        leg: "payment",
        done: ["pay", "notify", "--paid"],
        other: "delivery",
        meanwhile: ["ship", "notify", "--delivered"],
        instruction: "payment-instruction",
        stands: [true, true, false],
    };

    const DELIVERY_OFF: Off = Off {
        leg: "delivery",
        done: ["ship", "notify", "--delivered"],
        other: "payment",
        meanwhile: ["pay", "notify", "--paid"],
        instruction: "delivery-instruction",
        stands: [true, false, true],
    };

    /// Lets these look at their mail on a day until `reached`.
    fn day(here: &[&Account], moved: &str, what: &str, reached: &dyn Fn() -> bool) {
        here.iter().for_each(|one| one.moves(moved));
        until(what, || {
            here.iter().for_each(|one| one.sync());
            reached()
        });
    }

    /// Plays a purchase in which one agent is off for a week from the OK on; returns how often it then has its instruction and the
    /// buyer's question, each of which was sent again and again.
    fn agent_is_off(parties: &Parties, off: &Off) -> (usize, usize) {
        let Parties { buyer, shop, pay, ship } = parties;
        let (away, other) = if off.leg == "payment" { (pay, ship) } else { (ship, pay) };
        let tells =
            |one: &Account, [part, notify, what]: [&str; 3], number: &str| one.run(&[part, notify, number, what]);
        let id = parties.orders(SHIRT, "invoice");
        parties.sync_until("terms", || parties.is(&id, "offered"));
        parties.settle();
        // From here on the agent is off.
        let number = parties.number(&id);
        buyer.run(&["confirm", &id]);
        let here = [shop, other, buyer];
        day(&here, "+0d", "instructed", &|| other.listed(&number)["state"] == "open");
        day(&here, "+1d", "a day", &|| true);
        shop.run(&["shop", "notify", &number, "--shipped"]);
        day(&here, "+1d", "shipped", &|| buyer.listed(&id)["order"]["done"] == true);
        day(&here, "+2d", "a day", &|| true);
        tells(other, off.meanwhile, &number);
        let told = || [buyer, shop].iter().all(|one| one.listed(&number)[off.other]["done"] == true);
        day(&here, "+2d", off.other, &told);
        // What it does not acknowledge goes out again, and the buyer asks.
        day(&here, "+4d", "a day", &|| true);
        buyer.run(&["ask", &id, "--leg", off.leg]);
        day(&here, "+8d", "a week", &|| true);
        parties.check_both(&number, "open", off.stands);
        assert_eq!(away.listed(&number), json!(null));
        let maildir = require().maildir(&away.address);
        until("four mails", || mails(&maildir, "").len() >= 4);
        let waiting = mails(&maildir, "").len();
        let entered = away.entries();
        // It is back.
        away.moves("+8d");
        // A question that was read before the instruction had told whose key it is stays in the mailbox, and is read again.
        let came = || came_since(away, entered);
        parties.sync_until("all it missed", || {
            away.listed(&number)["state"] == "open" && came().iter().any(|kind| kind == "status-request")
        });
        parties.settle();
        let came = came();
        let of = |kind: &str| came.iter().filter(|one| *one == kind).count();
        let news = (of(off.instruction), of("status-request"));
        assert!(news.0 + news.1 < waiting, "{waiting} mails, repeats among them: {came:?}");
        tells(away, off.done, &number);
        parties.sync_until_done(off.leg, &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
        check_each_entered_once(parties);
        news
    }

    /// Returns the kinds of letters that came since an account had so many entries.
    fn came_since(one: &Account, entered: usize) -> Vec<String> {
        let news = one.headers().split_off(entered);
        let came = news.iter().filter(|entry| field(entry, "Mailorder-Direction") == "in");
        came.map(|entry| field(entry, "Mailorder-Kind")).collect()
    }

    #[test]
    fn who_was_off_for_a_week_finds_each_letter_once_and_catches_up_p107() {
        assert_eq!(agent_is_off(&parties(), &PAYMENT_OFF), (1, 1));
    }

    #[test]
    fn a_delivery_agent_that_was_off_for_a_week_finds_each_letter_once_and_catches_up_p107() {
        assert_eq!(agent_is_off(&Parties::make("carrier-off.test"), &DELIVERY_OFF), (1, 1));
    }

    #[test]
    fn a_shop_that_was_off_for_a_week_hears_all_once_and_answers_p107() {
        let parties = Parties::make("shop-off.test");
        let Parties { buyer, shop, pay, ship } = &parties;
        let (id, number) = parties.buys(SHIRT, "invoice", "parcel");
        shop.run(&["shop", "notify", &number, "--shipped"]);
        parties.sync_until_done("order", &number);
        parties.settle();
        // From here on the shop is off; buyer and agents go on without it.
        let here = [buyer, pay, ship];
        day(&here, "+1d", "a day", &|| true);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        day(&here, "+1d", "delivered", &|| buyer.listed(&id)["delivery"]["done"] == true);
        day(&here, "+2d", "a day", &|| true);
        buyer.run(&["ask", &id, "--leg", "order"]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        day(&here, "+2d", "paid", &|| buyer.listed(&id)["payment"]["done"] == true);
        day(&here, "+5d", "a day", &|| true);
        day(&here, "+8d", "a week", &|| true);
        buyer.check_stands(&id, "completed", [true; 3]);
        shop.check_stands(&number, "open", [true, false, false]);
        let maildir = require().maildir(&shop.address);
        until("four mails", || mails(&maildir, "").len() >= 4);
        let waiting = mails(&maildir, "").len();
        let entered = shop.entries();
        // It is back.
        shop.moves("+8d");
        parties.sync_until("all it missed", || {
            let listed = shop.listed(&number);
            listed["delivery"]["done"] == true && listed["payment"]["done"] == true && mails(&maildir, "").is_empty()
        });
        let came = came_since(shop, entered);
        let of = |kind: &str| came.iter().filter(|one| *one == kind).count();
        let once = [of("delivery-status"), of("payment-status"), of("status-request")];
        assert_eq!(once, [1, 1, 1], "{waiting} mails: {came:?}");
        assert!(once.iter().sum::<usize>() < waiting, "{waiting} mails, repeats among them: {came:?}");
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        check_each_entered_once(&parties);
    }
}
