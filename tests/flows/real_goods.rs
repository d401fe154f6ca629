//! Goods over a real Postfix and a real Dovecot: a file, a link, two parcels, a counter to fetch them from; cancelled while
//! they leave, and sent back. The scenes are played one after the other by the same accounts.

mod real {
    use std::fs;
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    use mailorder::trade::Digest;
    use serde_json::{Value, json};

    use crate::flows::account::Account;
    use crate::flows::parties::{Parties, SHIRT, mails, until};
    use crate::support::program::letters;
    use crate::support::servers::require;

    const SHIRTS: &str = "SH-41;シャツ 白 41;JPY 4300;2";
    const TEA: &str = "TEA-200;煎茶 200g;JPY 1800;1";
    /// The most that goes with a letter.
    const LARGEST: usize = 512 * 1024;
    const BOOK: &str = "BOOK;Book of tea;JPY 1200;1";

    /// Returns the accounts, made once, for one scene at a time.
    fn parties() -> MutexGuard<'static, Parties> {
        static PARTIES: OnceLock<Mutex<Parties>> = OnceLock::new();
        let all = PARTIES.get_or_init(|| Mutex::new(Parties::make("goods.test")));
        all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what the letters of a kind say that a party received; a server may bring them in another order.
    fn says(party: &Account, name: &str, kind: &str) -> String {
        letters(&party.shows(name), "in", kind).iter().map(|letter| letter["says"].to_string()).collect()
    }

    fn text(path: &std::path::Path) -> &str {
        path.to_str().unwrap()
    }

    #[test]
    fn a_file_goes_by_mail_and_is_saved_as_it_was_p22() {
        let parties = parties();
        let Parties { buyer, pay, ship, .. } = &*parties;
        let (id, number) = parties.buys(BOOK, "card", "download");
        // The largest there may be; no compression makes it small.
        let goods: Vec<u8> =
            (0..LARGEST.div_ceil(32)).flat_map(|n| Digest::of(&n.to_be_bytes()).as_bytes().to_vec()).collect();
        assert_eq!(goods.len(), LARGEST);
        let book = ship.home().join("tea.epub");
        fs::write(&book, &goods).unwrap();
        pay.run(&["pay", "notify", &number, "--paid"]);
        ship.run(&["ship", "notify", &number, "--file", text(&book)]);
        parties.sync_until_done("delivery", &number);
        parties.sync_until_done("payment", &number);
        parties.check_peace();
        // What is a file left when it arrived.
        parties.check_both(&number, "completed", [true; 3]);
        ship.check_stands(&number, "completed", [false, true, false]);
        let digest = Digest::of(&goods).hex();
        let saved = buyer.home().join("saved");
        fs::create_dir(&saved).unwrap();
        let shown = buyer.json(&["show", "--json", &id, "--save", text(&saved)]);
        let one = &shown["saved"][0];
        assert_eq!((&one["name"], &one["size"], &one["sha256"]), (&json!("tea.epub"), &json!(LARGEST), &json!(digest)));
        assert!(fs::read(saved.join("tea.epub")).unwrap() == goods, "what was saved is not what was sent");
        // The shop is told of it and does not get it.
        assert!(says(&parties.shop, &number, "delivery-status").contains(&digest));
        let largest =
            mails(&require().maildir(&parties.shop.address), ".Mailorder").iter().map(|one| one.1.len()).max();
        assert!(largest < Some(300_000), "{largest:?}");
    }

    #[test]
    fn a_link_names_the_file_by_size_and_digest_and_is_not_opened_p22() {
        let parties = parties();
        let Parties { buyer, pay, ship, .. } = &*parties;
        let (id, number) = parties.buys(BOOK, "bank-transfer", "download");
        let film = ship.home().join("film.mkv");
        fs::write(&film, vec![7; 600_000]).unwrap();
        let link = "https://files.example/film.mkv?t=7";
        ship.run(&["ship", "notify", &number, "--link", link, "--file", text(&film)]);
        // The shop tells that it left when it hears that it arrived.
        parties.sync_until_done("delivery", &number);
        parties.sync_until_done("order", &number);
        let said = says(buyer, &id, "delivery-status");
        for part in [link, "film.mkv", "600000 bytes", &Digest::of(&vec![7; 600_000]).hex()] {
            assert!(said.contains(part), "{part}: {said}");
        }
        parties.check_both(&number, "open", [true, true, false]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
    }

    #[test]
    fn two_parcels_have_their_own_dates_and_all_is_done_when_both_are_there() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(SHIRTS, "card", "parcel");
        let first = ["--parcel", "1", "--line", "1=1", "--tracking", "EP-1"];
        let second = ["--parcel", "2", "--line", "1=1", "--tracking", "EP-2"];
        let tells = |one: &Account, of: &str, what: &[&str], parcel: &[&str]| {
            one.run(&[&[of, "notify", &number][..], what, parcel].concat());
        };
        tells(shop, "shop", &["--shipped"], &first);
        tells(shop, "shop", &["--planned", "2030-01-02"], &second);
        tells(ship, "ship", &["--delivered"], &first);
        tells(ship, "ship", &["--planned", "2030-01-04"], &second);
        let knows = |one: &Account, kind: &str, tracking: &str| {
            let shown = one.shows(&number);
            letters(&shown, "in", kind).last().is_some_and(|letter| letter["says"].to_string().contains(tracking))
        };
        parties.sync_until("two parcels", || {
            knows(buyer, "order-status", "EP-2")
                && knows(buyer, "delivery-status", "EP-2")
                && knows(shop, "delivery-status", "EP-2")
        });
        // One left and arrived, the other is to leave and to arrive.
        for (kind, date) in [("order-status", "2030-01-02"), ("delivery-status", "2030-01-04")] {
            let said = says(buyer, &id, kind);
            assert!(["EP-1", "EP-2", date].iter().all(|part| said.contains(part)), "{kind}: {said}");
        }
        parties.check_both(&number, "open", [false; 3]);
        let listed = buyer.listed(&id);
        assert_eq!(
            (&listed["order"]["date"], &listed["delivery"]["date"]),
            (&json!("2030-01-02"), &json!("2030-01-04"))
        );
        tells(shop, "shop", &["--shipped"], &second);
        parties.sync_until_done("order", &number);
        parties.check_both(&number, "open", [true, false, false]);
        tells(ship, "ship", &["--delivered"], &second);
        parties.sync_until_done("delivery", &number);
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        ship.check_stands(&number, "completed", [false, true, false]);
        assert_eq!(buyer.shows(&id)["paid"], json!({"amount": "9100", "currency": "JPY"}));
    }

    #[test]
    fn goods_paid_by_electronic_money_are_fetched_at_a_counter_p21_p22() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(TEA, "e-money", "pickup");
        let terms = buyer.shows(&id)["terms"]["terms"].clone();
        assert_eq!((&terms["payment_method"], &terms["delivery_method"]), (&json!("e-money"), &json!("pickup")));
        pay.run(&["pay", "notify", &number, "--paid", "--reference", "E-7"]);
        shop.run(&["shop", "notify", &number, "--shipped"]);
        ship.run(&["ship", "notify", &number, "--event", "Ready at the counter", "--place", "Kanda"]);
        parties.sync_until("at the counter", || says(buyer, &id, "delivery-status").contains("Ready at the counter"));
        ship.run(&["ship", "notify", &number, "--delivered"]);
        parties.sync_until("an end", || [buyer, shop].iter().all(|one| one.listed(&number)["state"] == "completed"));
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        assert_eq!(
            buyer.shows(&id)["paid"],
            json!({"amount": "1800", "currency": "JPY"}),
            "nobody carries it for money"
        );
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
    }

    /// Returns how many mails lie unread in a mailbox.
    fn unread(party: &Account) -> usize {
        mails(&require().maildir(&party.address), "").len()
    }

    /// Checks that a party wrote its own letter of a kind before it entered the other's.
    fn check_crossed(party: &Account, number: &str, wrote: &str, came: &str) {
        let shown = party.shows(number);
        let entry = |direction: &str, kind: &str| letters(&shown, direction, kind).last().unwrap()["entry"].as_u64();
        assert!(entry("out", wrote) < entry("in", came), "{}: {shown}", party.address);
    }

    /// Lets the buyer cancel while a report lies unread in his mailbox, and his cancellation lie unread in the shop's.
    fn cancels_meanwhile(parties: &Parties, number: &str, reporter: &Account, report: &[&str]) {
        let Parties { buyer, shop, .. } = parties;
        parties.settle();
        let before = [buyer, shop].map(unread);
        reporter.run(report);
        let to_shop = usize::from(reporter.address != shop.address);
        until("the report in his mailbox", || [buyer, shop].map(unread) == [before[0] + 1, before[1] + to_shop]);
        buyer.run(&["cancel", number]);
        until("the cancellation in its mailbox", || unread(shop) == before[1] + to_shop + 1);
        assert_eq!(unread(buyer), before[0] + 1, "nobody fetched anything in between");
    }

    #[test]
    fn a_cancellation_that_crosses_the_dispatch_ends_alike_at_both_ends_p38() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(TEA, "invoice", "parcel");
        cancels_meanwhile(&parties, &number, shop, &["shop", "notify", &number, "--shipped"]);
        parties.sync_until("a refusal", || !letters(&buyer.shows(&id), "in", "refusal").is_empty());
        check_crossed(buyer, &number, "cancellation", "order-status");
        assert!(says(buyer, &id, "refusal").contains("left"), "{}", says(buyer, &id, "refusal"));
        // It left, and is brought and paid for.
        parties.check_both(&number, "open", [true, false, false]);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until("an end", || [buyer, shop].iter().all(|one| one.listed(&number)["state"] == "completed"));
        parties.check_peace();
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
    }

    #[test]
    fn a_cancellation_that_crosses_the_arrival_comes_too_late_at_both_ends_p38() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(TEA, "invoice", "parcel");
        shop.run(&["shop", "notify", &number, "--shipped"]);
        parties.sync_until_done("order", &number);
        cancels_meanwhile(&parties, &number, ship, &["ship", "notify", &number, "--delivered"]);
        parties.sync_until("a refusal", || !letters(&buyer.shows(&id), "in", "refusal").is_empty());
        check_crossed(buyer, &number, "cancellation", "delivery-status");
        assert!(says(buyer, &id, "refusal").contains("return"), "{}", says(buyer, &id, "refusal"));
        parties.check_both(&number, "open", [true, true, false]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_peace();
        parties.check_both(&number, "completed", [true; 3]);
        pay.check_stands(&number, "completed", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
    }

    #[test]
    fn figure_20_what_arrived_goes_back_and_the_money_comes_back_p113() {
        let parties = parties();
        let Parties { buyer, shop, pay, ship } = &*parties;
        let (id, number) = parties.buys(SHIRT, "card", "parcel");
        shop.run(&["shop", "notify", &number, "--shipped"]);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until("an end", || [buyer, shop].iter().all(|one| one.listed(&number)["state"] == "completed"));
        buyer.run(&["return", &id, "--reason", "too small"]);
        parties.sync_until("an instruction to give it back", || {
            !letters(&pay.shows(&number), "in", "refund-instruction").is_empty() && parties.is(&id, "returned")
        });
        parties.check_both(&number, "returned", [true; 3]);
        assert_eq!(buyer.shows(&id)["refund_due"]["amount"], "4800");
        assert_eq!(buyer.shows(&id)["refunded"], Value::Null);
        pay.run(&["pay", "notify", &number, "--refunded"]);
        parties.sync_until("the money back", || {
            [buyer, shop].iter().all(|one| one.listed(&number)["state"] == "refunded")
        });
        parties.check_peace();
        parties.check_both(&number, "refunded", [true; 3]);
        for one in [buyer, shop, pay] {
            let shown = one.shows(&number);
            assert_eq!(shown["refunded"], json!({"amount": "4800", "currency": "JPY"}), "{}", one.address);
        }
        pay.check_stands(&number, "refunded", [false, false, true]);
        ship.check_stands(&number, "completed", [false, true, false]);
    }
}
