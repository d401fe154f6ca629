//! The warehouse over a real Postfix and a real Dovecot: asked how the goods stand, and telling of each step itself.

use std::collections::BTreeMap;
use std::fs;

use crate::flows::private::holding;
use crate::support::accounts::files;
use crate::support::program::Town;

#[test]
fn in_the_demonstration_the_warehouse_is_asked_and_tells_by_itself_p40_p45_p46_p110() {
    let town = Town::played();
    let plan = |file| {
        let text = fs::read_to_string(file).unwrap();
        let pair = |line: &str| line.split_once(' ').map(|(name, value)| (name.to_owned(), value.to_owned()));
        text.lines().filter_map(pair).collect::<BTreeMap<String, String>>()
    };
    let plans: Vec<_> = files(&town.path("shop/store/plan")).into_iter().map(plan).collect();
    let gone: Vec<_> = plans.iter().filter(|plan| plan["state"] == "gone").collect();
    assert_eq!(gone.len(), 2, "{plans:?}");
    let told = fs::read_to_string(town.path("shop/told.jsonl")).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    let mut asked = 0;
    for plan in gone {
        let (number, tracking) = (&plan["number"], &plan["tracking"]);
        let tells = told.contains(number);
        let shown = town.show("buyer", number);
        let legs = shown["legs"].as_array().unwrap();
        let order = legs.iter().find(|leg| leg["leg"] == "order").unwrap();
        assert_eq!((&order["done"], order["date"].as_str()), (&true.into(), Some(plan["when"].as_str())), "{shown}");
        // What was told by itself came as a row; what was asked for is in the ledger as the hook's answer.
        let entries = holding(&town.path("shop/ledger/cur"), tracking);
        let with = |text: &str| {
            let texts = entries.iter().map(|file| fs::read_to_string(file).unwrap());
            texts.filter(|entry| entry.contains(text)).count()
        };
        assert_eq!(
            (with("\nMailorder-Event: "), with("\nMailorder-Direction: own")),
            (usize::from(tells), usize::from(!tells))
        );
        asked += usize::from(!tells);
    }
    assert_eq!(asked, 1);
    let left =
        std::process::Command::new(town.path("shop/warehouse")).arg(town.path("shop/store")).arg("show").output();
    let left = String::from_utf8(left.unwrap().stdout).unwrap();
    assert!(left.contains("left   SH-41 11") && left.contains("left   TEA-200 37"), "{left}");
}

mod real {
    use std::fs;
    use std::path::PathBuf;
    use std::process::Command;

    use crate::flows::account::Account;
    use crate::flows::parties::{Parties, SHIRT};
    use crate::support::accounts::{field, fields, files};

    /// The example that merchants are shown.
    const WAREHOUSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/warehouse");

    /// Four parties whose shop has a warehouse with its stock, and a step for it before the agents are instructed.
    fn stocked(domain: &str, more: &str) -> (Parties, PathBuf) {
        let parties = Parties::make(domain);
        let config = parties.shop.path("config");
        let store = config.with_file_name("store");
        fs::create_dir_all(&store).unwrap();
        fs::copy(format!("{WAREHOUSE}/stock"), store.join("stock")).unwrap();
        let text = fs::read_to_string(&config).unwrap();
        let steps = text.replace("\"confirmation\", ", "\"confirmation\", \"warehouse\", ");
        assert_ne!(text, steps);
        let hook = format!("[hook.warehouse]\ncommand = [\"{WAREHOUSE}/warehouse\", \"store\"]\n{more}");
        fs::write(&config, format!("{steps}\n{hook}")).unwrap();
        parties.shop.run(&["shop", "procedure", "check"]);
        (parties, store)
    }

    /// Buys a shirt by card up to the instructions; returns ID and number.
    fn bought(parties: &Parties) -> (String, String) {
        parties.buys(SHIRT, "card", "parcel")
    }

    /// Lets the warehouse pack and tell of it.
    fn packs(parties: &Parties, store: &std::path::Path, number: &str) {
        let config = parties.shop.path("config");
        let run = Command::new(format!("{WAREHOUSE}/warehouse"))
            .arg(store)
            .args(["pack", number, "EP-998877"])
            .env("MAILORDER", env!("CARGO_BIN_EXE_mailorder"))
            .env("MAILORDER_CONFIG", &config)
            .env("HOME", config.parent().unwrap())
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
    }

    /// Returns how many order statuses about a transaction the buyer has.
    fn told(buyer: &Account, number: &str) -> usize {
        let headers = buyer.headers();
        let is = |entry: &&crate::support::accounts::Fields| {
            field(entry, "Mailorder-Kind") == "order-status" && field(entry, "Mailorder-Transaction") == number
        };
        headers.iter().filter(is).count()
    }

    fn check_clean(parties: &Parties) {
        parties.settle();
        for party in parties.all() {
            assert_eq!(party.json(&["--json", "audit", "verify"])["result"], "clean", "{}", party.address);
            let warnings = party.json(&["--json", "warnings"]);
            assert_eq!(warnings["warnings"].as_array().map(Vec::len), Some(0), "{}: {warnings}", party.address);
        }
        let waiting = parties.shop.json(&["--json", "shop", "inbox"]);
        assert_eq!(waiting["items"].as_array().map(Vec::len), Some(0), "{waiting}");
    }

    #[test]
    fn figure_11_the_warehouse_is_asked_over_real_mail_and_the_buyer_told_once_p45_p110() {
        let (parties, store) = stocked("asked.test", "ask_minutes = 1\n");
        let (id, number) = bought(&parties);
        let plan = files(&store.join("plan")).remove(0);
        let text = fs::read_to_string(&plan).unwrap();
        assert!(text.contains(&format!("number {number}")) && text.contains("item SH-41 1"), "{text}");
        // What the warehouse plans was told to the buyer with the instructions.
        let planned = text.lines().find_map(|line| line.strip_prefix("when ")).unwrap();
        parties.sync_until("the plan", || parties.buyer.listed(&id)["order"]["date"] == planned);
        parties.settle();
        let before = told(&parties.buyer, &number);
        // Its people write down that it has left, and tell nobody.
        let now = mailorder::clock::Clock::system()
            .now()
            .instant()
            .in_tz("Asia/Tokyo")
            .unwrap()
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string();
        let lines = text.lines().map(|line| match line.split_once(' ') {
            Some(("state", _)) => "state gone".to_owned(),
            Some(("when", _)) => format!("when {now}"),
            _ => line.to_owned(),
        });
        fs::write(&plan, format!("{}\ntracking EP-77\n", lines.collect::<Vec<_>>().join("\n"))).unwrap();
        parties.sync_until("shipped", || parties.buyer.listed(&id)["order"]["done"] == true);
        let row = parties.buyer.listed(&id);
        assert_eq!(row["order"]["date"], now, "{row}");
        assert_eq!(told(&parties.buyer, &number), before + 1);
        check_clean(&parties);
    }

    #[test]
    fn figure_11_the_warehouse_tells_over_real_mail_of_each_step_itself_p46_p110() {
        let (parties, store) = stocked("tells.test", "");
        let (id, number) = bought(&parties);
        parties.settle();
        let before = told(&parties.buyer, &number);
        packs(&parties, &store, &number);
        parties.sync_until("shipped", || parties.buyer.listed(&id)["order"]["done"] == true);
        assert_eq!(told(&parties.buyer, &number), before + 1);
        // What came by Postfix and Dovecot is the letter the shop signed.
        let ledger = parties.buyer.path("ledger");
        let entries = files(&ledger.join("cur")).into_iter().map(|file| fs::read_to_string(file).unwrap());
        let is = |text: &String| field(&fields(text.as_bytes()), "Mailorder-Kind") == "order-status";
        assert!(entries.filter(is).any(|text| text.contains("EP-998877")));
        check_clean(&parties);
    }

    #[test]
    fn figure_10_warehouse_then_delivery_then_payment_over_real_mail_p109() {
        let (parties, store) = stocked("first-goods.test", "");
        let Parties { buyer, shop, pay, ship } = &parties;
        let id = parties.orders(SHIRT, "invoice");
        parties.sync_until("terms", || parties.is(&id, "offered"));
        let number = parties.number(&id);
        assert!(files(&store.join("plan")).is_empty(), "nothing is released before the OK");
        buyer.run(&["confirm", &id]);
        parties.sync_until("instructions", || parties.instructed(&number));
        let plan = fs::read_to_string(files(&store.join("plan")).remove(0)).unwrap();
        assert!(plan.contains(&format!("number {number}")), "{plan}");
        let letters = shop.letters(&number);
        let at = |letter: &str| letters.iter().position(|one| one == letter).unwrap_or_else(|| panic!("{letters:?}"));
        let order = ["in confirmation buyer", "out delivery-instruction ship", "out payment-instruction pay"].map(at);
        assert!(order.is_sorted(), "{letters:?}");
        // The goods leave, arrive and are paid, in this order.
        packs(&parties, &store, &number);
        parties.sync_until_done("order", &number);
        parties.check_both(&number, "open", [true, false, false]);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        parties.sync_until_done("delivery", &number);
        parties.check_both(&number, "open", [true, true, false]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until_done("payment", &number);
        parties.check_both(&number, "completed", [true; 3]);
        check_clean(&parties);
    }
}
