//! Every kind of letter over a real Postfix and a real Dovecot (P4): what a plain purchase does not need as well.

mod real {
    use std::collections::BTreeSet;
    use std::sync::OnceLock;

    use mailorder::trade::Kind;

    use crate::flows::account::Account;
    use crate::flows::machines::{MORE_WAYS, WAYS, check_both_ways, check_travelled, ways};
    use crate::flows::parties::{Parties, SHIRT, mails};
    use crate::support::accounts::field;
    use crate::support::servers::require;

    const TEA: &str = "TEA-200;煎茶 200g;JPY 1800;1";
    /// Dearer than what the payment agent authorises.
    const KETTLES: &str = "KETTLE;Iron kettle;JPY 36000;3";

    /// Three orders, and what became of them.
    struct Played {
        parties: Parties,
        /// By card: shipped, delivered, cancelled too late, paid, asked about, returned, refunded.
        returned: String,
        /// By a card that is refused.
        rejected: String,
        /// By invoice: cancelled after the OK.
        cancelled: String,
    }

    /// Plays the orders once, beside each other, by `sync`.
    fn played() -> &'static Played {
        static PLAYED: OnceLock<Played> = OnceLock::new();
        PLAYED.get_or_init(|| {
            let parties = Parties::make("kinds.test");
            let Parties { buyer, shop, pay, ship } = &parties;
            let returned = parties.orders(SHIRT, "card");
            let rejected = parties.orders(KETTLES, "card");
            let cancelled = parties.orders(TEA, "invoice");
            parties.sync_until("terms, and a rejection", || {
                parties.is(&returned, "offered")
                    && parties.is(&rejected, "rejected")
                    && parties.is(&cancelled, "offered")
            });
            buyer.run(&["--offline", "catalog", &shop.address]);
            let [number, other] = [&returned, &cancelled].map(|id| parties.number(id));
            buyer.run(&["confirm", &returned]);
            buyer.run(&["confirm", &cancelled]);
            parties.sync_until("instructions", || parties.instructed(&number) && parties.instructed(&other));
            buyer.run(&["cancel", &cancelled]);
            shop.run(&["shop", "notify", &number, "--shipped"]);
            ship.run(&["ship", "notify", &number, "--delivered"]);
            parties.sync_until("one delivered, one stopped", || {
                buyer.listed(&returned)["delivery"]["done"] == true
                    && shop.listed(&number)["delivery"]["done"] == true
                    && parties.is(&cancelled, "cancelled")
            });
            // Too late for that: refused.
            buyer.run(&["cancel", &returned]);
            buyer.run(&["ask", &returned]);
            shop.run(&["ask", &number]);
            pay.run(&["pay", "notify", &number, "--paid"]);
            parties.sync_until("paid, and a refusal", || {
                parties.is(&returned, "completed")
                    && has(&parties, "in", "refusal")
                    && shop.listed(&number)["state"] == "completed"
            });
            buyer.run(&["return", &returned]);
            let instructed = |entry: &_| field(entry, "Mailorder-Kind") == "refund-instruction";
            parties.sync_until("an instruction to give the money back", || pay.headers().iter().any(instructed));
            pay.run(&["pay", "notify", &number, "--refunded"]);
            parties.sync_until("refunded", || parties.is(&returned, "refunded"));
            parties.settle();
            Played { parties, returned, rejected, cancelled }
        })
    }

    /// Returns whether the buyer has a letter of this direction and kind.
    fn has(parties: &Parties, direction: &str, kind: &str) -> bool {
        parties
            .buyer
            .headers()
            .iter()
            .any(|entry| field(entry, "Mailorder-Direction") == direction && field(entry, "Mailorder-Kind") == kind)
    }

    #[test]
    fn every_kind_of_letter_travels_over_the_servers_each_way_p4() {
        let Played { parties, .. } = played();
        let ledger =
            |name: &str, account: &Account| (name.to_owned(), (account.fingerprint.clone(), account.headers()));
        let names = ["buyer", "shop", "pay", "ship"];
        let travelled =
            check_travelled(&names.iter().zip(parties.all()).map(|(name, one)| ledger(name, one)).collect());
        let kinds: BTreeSet<&str> = travelled.iter().map(|[kind, ..]| kind.as_str()).collect();
        assert_eq!(kinds, Kind::ALL.iter().map(|kind| kind.word()).collect());
        let expected: BTreeSet<String> = WAYS.iter().chain(&MORE_WAYS).map(|way| (*way).to_owned()).collect();
        let ways = ways(&travelled);
        assert!(ways.is_superset(&expected), "{:?} did not travel", expected.difference(&ways));
        // Where the servers swapped two letters, whoever missed the first one asked for it.
        let more: Vec<&String> = ways.difference(&expected).collect();
        assert!(more.iter().all(|way| way.starts_with("status-request ")), "{more:?}");
        check_both_ways(&travelled);
    }

    #[test]
    fn what_travelled_over_the_servers_is_understood_alike_by_all_four() {
        let Played { parties, returned, rejected, cancelled } = played();
        let Parties { buyer, shop, pay, ship } = parties;
        let states = |id: &str| [buyer, shop, pay, ship].map(|party| party.listed(id)["state"].clone());
        let number = |id: &str| shop.listed(id)["number"].as_str().unwrap().to_owned();
        assert_eq!(states(&number(returned)), ["refunded", "refunded", "refunded", "completed"]);
        assert_eq!(states(&number(cancelled)), ["cancelled"; 4]);
        assert_eq!([buyer, shop].map(|party| party.listed(rejected)["state"].clone()), ["rejected"; 2]);
        for party in parties.all() {
            let warnings = party.json(&["--json", "warnings"]);
            assert_eq!(warnings["warnings"].as_array().map(Vec::len), Some(0), "{}: {warnings}", party.address);
            assert_eq!(party.json(&["--json", "audit", "verify"])["result"], "clean", "{}", party.address);
            let waiting = party.json(&["--json", "outbox", "list"]);
            assert_eq!(waiting["letters"].as_array().map(Vec::len), Some(0), "{}: {waiting}", party.address);
        }
    }

    #[test]
    fn every_letter_entered_lies_encrypted_in_its_readers_mailbox() {
        let Played { parties, .. } = played();
        for party in parties.all() {
            let entries = party.headers();
            let came = entries.iter().filter(|entry| field(entry, "Mailorder-Direction") == "in");
            let maildir = require().maildir(&party.address);
            let mails = mails(&maildir, ".Mailorder");
            // What was asked for comes a second time.
            let came = came.count();
            assert!(came >= 8 && mails.len() >= came, "{}: {came} in {}", party.address, mails.len());
            for (file, text) in mails {
                assert!(text.contains("\nContent-Type: multipart/encrypted;"), "{}: {text}", file.display());
                assert!(!text.contains("シャツ") && !text.contains("mo:kind"), "{}", file.display());
            }
        }
    }
}
