//! Time as it passes: the program run with its clock moved by `faketime`, there being no clock flag of its own.

/// Needs `faketime`.
mod real {
    use mailorder::clock::Clock;

    use crate::support::program::Town;

    /// Runs a command with the clock moved; it must succeed.
    fn at(town: &Town, moved: &str, party: &str, args: &[&str]) -> crate::support::program::Run {
        let run = town.at(moved, party, args);
        assert_eq!(run.code, Some(0), "{moved} {party} {args:?}: {run:?}");
        run
    }

    #[test]
    fn what_was_promised_is_late_once_its_day_is_over_p84() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.does("shop", &["shop", "notify", &number, "--shipped"]);
        town.does("pay", &["pay", "notify", &number, "--paid"]);
        town.settle();
        for (moved, late) in [("+0d", false), ("+2d", false), ("+7d", true)] {
            let list = at(&town, moved, "buyer", &["list", "--json"]).json();
            assert_eq!(list["transactions"][0]["late"], late, "{moved}");
            let cut = at(&town, moved, "buyer", &["list", "--json", "--late"]).json();
            assert_eq!(cut["transactions"].as_array().unwrap().len(), usize::from(late), "{moved}");
            let shown = at(&town, moved, "buyer", &["show", "--json", &id]).json();
            let legs = if late { serde_json::json!(["delivery"]) } else { serde_json::json!([]) };
            assert_eq!(shown["late"], legs, "{moved}");
            assert_eq!(at(&town, moved, "buyer", &["status", "--json"]).json()["late"], u64::from(late), "{moved}");
            assert_eq!(town.at(moved, "buyer", &["status", "--exit-code"]).code, Some(i32::from(late)), "{moved}");
        }
        // Whom to ask stands beside it.
        let text = at(&town, "+7d", "buyer", &["show", &id]).out;
        assert!(text.contains("late: delivery") && text.contains("delivery  by ship@demo.test"), "{text}");
        // What arrives at last is not late any more.
        at(&town, "+7d", "ship", &["ship", "notify", &number, "--delivered"]);
        at(&town, "+7d", "buyer", &["sync"]);
        let shown = at(&town, "+7d", "buyer", &["show", "--json", &id]).json();
        assert_eq!((&shown["late"], &shown["state"]), (&serde_json::json!([]), &"completed".into()));
    }

    #[test]
    fn what_is_late_and_noted_as_seen_wakes_nobody_each_morning_p84() {
        let town = Town::fresh();
        let (_, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.does("shop", &["shop", "notify", &number, "--shipped"]);
        town.does("pay", &["pay", "notify", &number, "--paid"]);
        town.settle();
        let status = |moved: &str| town.at(moved, "buyer", &["status", "--exit-code"]).code;
        assert_eq!(status("+7d"), Some(1));
        let late = at(&town, "+7d", "buyer", &["warnings", "--late", "--json"]).json()["warnings"].clone();
        let ids: Vec<&str> = late.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert!(!ids.is_empty());
        for id in ids {
            at(&town, "+7d", "buyer", &["warnings", "ack", id]);
        }
        assert_eq!(status("+7d"), Some(0));
        assert_eq!(at(&town, "+7d", "buyer", &["status", "--json"]).json()["late"], 1, "it is late all the same");
    }

    #[test]
    fn a_letter_that_no_try_sends_is_told_of_after_a_day() {
        let town = Town::fresh();
        let (_, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        let maildir = "maildir = \"../mail/{to}\"";
        town.configure("shop", |text| text.replace(maildir, "sendmail = \"/bin/false\""));
        town.run("shop", &["shop", "notify", &number, "--shipped"]);
        let unsent = |moved: &str| {
            town.at(moved, "shop", &["sync"]);
            let run = town.at(moved, "shop", &["status", "--exit-code"]);
            let since = at(&town, moved, "shop", &["status", "--json"]).json()["outbox"]["unsent_since"].clone();
            (run.code, run.out.contains("the oldest of them since "), since.is_string())
        };
        assert_eq!(unsent("+1h"), (Some(0), false, false), "the next try may send it");
        assert_eq!(unsent("+25h"), (Some(1), true, true));
        let said = town.at("+25h", "shop", &["doctor", "--offline"]).out;
        assert!(said.contains("and no try has sent it"), "{said}");
        // A server that nobody reaches is no try of the letter, and tells of it all the same.
        town.configure("shop", |text| text.replace("sendmail = \"/bin/false\"", maildir));
        town.settle();
        let closed = "smtp = { host = \"127.0.0.1\", port = 9, password_command = [\"echo\", \"x\"] }";
        town.configure("shop", |text| text.replace(maildir, closed));
        town.run("shop", &["shop", "notify", &number, "--shipped", "--correct", "--tracking", "EP-1"]);
        assert_eq!(unsent("+1h").0, Some(0));
        assert_eq!(unsent("+26h"), (Some(1), true, true));
    }

    #[test]
    fn status_ends_with_1_once_a_mailbox_could_not_be_read_for_a_day_and_names_it_before() {
        let town = Town::fresh();
        let status = |moved: &str| town.at(moved, "buyer", &["status", "--exit-code"]);
        let fetches = |moved: &str| town.at(moved, "buyer", &["sync"]).code;
        assert_eq!(fetches("+0d"), Some(0));
        town.cuts_off("buyer");
        assert_eq!(fetches("+1h"), Some(75), "the network, as the table of exit codes has it");
        let told = at(&town, "+1h", "buyer", &["status"]).out;
        let line = told.lines().find(|line| line.starts_with("mail ")).unwrap();
        assert!(line.contains("not fetched ") && line.contains("127.0.0.1"), "{line}");
        // A failure that the next run may make up for wakes nobody.
        let quiet = status("+1h");
        assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (Some(0), "", ""));
        assert_eq!(fetches("+25h"), Some(75));
        let loud = status("+25h");
        assert!(loud.code == Some(1) && loud.out.contains("not fetched "), "{loud:?}");
        town.connects("buyer");
        assert_eq!((fetches("+25h"), status("+25h").code), (Some(0), Some(0)));
        // One that never could be read is told at once.
        let town = Town::fresh();
        town.cuts_off("buyer");
        assert_eq!(town.run("buyer", &["sync"]).code, Some(75));
        assert_eq!(town.run("buyer", &["status", "--exit-code"]).code, Some(1));
    }

    #[test]
    fn a_letter_from_the_future_waits_until_its_time_and_then_counts() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        // The agent's clock is three days ahead.
        at(&town, "+3d", "pay", &["pay", "notify", &number, "--paid"]);
        // Its own ledger says why an audit cannot vouch for it yet, and is clean when the time has come.
        let audit = town.run("pay", &["audit", "verify"]);
        assert!(
            audit.code == Some(1) && audit.out.contains("later than now by the clock of this machine"),
            "{audit:?}"
        );
        assert!(at(&town, "+4d", "pay", &["audit", "verify"]).out.contains("clean"));
        let before = town.entries("buyer").len();
        town.sync(&["buyer"]);
        town.check_stands("buyer", &id, "open", [false; 3]);
        assert_eq!(town.entries("buyer").len(), before);
        let warnings = town.does("buyer", &["warnings", "--json"]).json();
        let [warning] = &warnings["warnings"].as_array().unwrap()[..] else { panic!("{warnings}") };
        assert_eq!(warning["finding"], "not-yet-valid");
        // Still too early; and when its time has come it needs no help.
        at(&town, "+1d", "buyer", &["sync"]);
        town.check_stands("buyer", &id, "open", [false; 3]);
        at(&town, "+4d", "buyer", &["sync"]);
        town.check_stands("buyer", &id, "open", [false, false, true]);
        assert_eq!(town.does("buyer", &["warnings", "--json"]).json()["warnings"], serde_json::json!([]));
    }

    #[test]
    fn what_is_said_to_be_done_at_a_time_to_come_is_a_warning() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        // The carrier's clock is 20 minutes ahead, and what it says lies 25 minutes ahead of that.
        let arrival = Clock::system().now().plus_seconds(45 * 60).whole_second().to_string();
        at(&town, "+20m", "ship", &["ship", "notify", &number, "--delivered", &arrival]);
        town.sync(&["buyer", "shop"]);
        for party in ["buyer", "shop"] {
            town.check_stands(party, &number, "open", [false; 3]);
            let warnings = town.does(party, &["warnings", "--json"]).json();
            let [warning] = &warnings["warnings"].as_array().unwrap()[..] else { panic!("{warnings}") };
            assert_eq!(
                (&warning["finding"], &warning["from"]),
                (&"date-in-the-future".into(), &"ship@demo.test".into())
            );
        }
        // The buyer's clock is a little behind: within half an hour that is no reason to warn.
        at(&town, "+120m", "shop", &["shop", "notify", &number, "--shipped"]);
        at(&town, "+100m", "buyer", &["sync"]);
        let shown = town.show("buyer", &id);
        assert_eq!(shown["legs"][0]["done"], true, "{shown}");
        assert_eq!(town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn an_offer_counts_as_long_as_it_says() {
        let town = Town::fresh();
        let id = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
        town.settle();
        // Whoever has the terms knows that an OK comes too late; nothing waits for it any more.
        let late = town.at("+8d", "buyer", &["confirm", &id]);
        assert!(late.code == Some(65) && late.err.contains("config.toml reorder`"), "{late:?}");
        let shown = at(&town, "+8d", "buyer", &["show", &id]);
        assert!(shown.out.contains("the offer stood until"), "{shown:?}");
        assert!(!(shown.out + &shown.err).contains("confirm"));
        assert_eq!(town.at("+8d", "buyer", &["status", "--exit-code"]).code, Some(0));
        assert!(!at(&town, "+8d", "buyer", &["list"]).err.contains("confirm"));
        // One that leaves in time and comes too late is refused, and then there is nothing to be said OK to.
        assert_eq!(town.at("+6d", "buyer", &["status", "--exit-code"]).code, Some(1), "the offer waits for an answer");
        at(&town, "+6d", "buyer", &["confirm", &id]);
        at(&town, "+8d", "shop", &["sync"]);
        assert_eq!(town.count("shop", &id, "out", "payment-instruction"), 0);
        at(&town, "+8d", "buyer", &["sync"]);
        assert!(town.letter("buyer", "in", "refusal").contains("please order again"));
        for party in ["buyer", "shop"] {
            town.check_stands(party, &id, "rejected", [false; 3]);
        }
        let list = at(&town, "+8d", "buyer", &["list"]);
        assert!(list.out.contains("rejected") && !(list.out + &list.err).contains("confirm"));
        assert_eq!(town.at("+8d", "buyer", &["status", "--exit-code"]).code, Some(0));
        assert!(town.lists("pay", &[]).is_empty() && town.lists("ship", &[]).is_empty());
        // A day earlier it would have been in time.
        let id = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
        town.settle();
        at(&town, "+6d", "buyer", &["confirm", &id]);
        at(&town, "+6d", "shop", &["sync"]);
        assert_eq!(town.count("shop", &id, "out", "payment-instruction"), 1);
    }

    #[test]
    fn goods_are_taken_back_within_the_time_for_it_and_not_after_p96() {
        for (moved, taken) in [("+13d", true), ("+16d", false)] {
            let town = Town::fresh();
            let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
            town.does("shop", &["shop", "notify", &number, "--shipped"]);
            town.does("ship", &["ship", "notify", &number, "--delivered"]);
            town.does("pay", &["pay", "notify", &number, "--paid"]);
            town.settle();
            at(&town, moved, "buyer", &["return", &id]);
            at(&town, moved, "shop", &["sync"]);
            at(&town, moved, "buyer", &["sync"]);
            let state = if taken { "returned" } else { "completed" };
            for party in ["buyer", "shop"] {
                assert_eq!(at(&town, moved, party, &["show", "--json", &number]).json()["state"], state, "{moved}");
            }
            assert_eq!(town.count("shop", &number, "out", "refund-instruction"), usize::from(taken), "{moved}");
            let refused = town.letter("buyer", "in", "return-answer").contains("The time for returns has passed.");
            assert_eq!(refused, !taken);
        }
    }

    #[test]
    fn a_key_that_ends_is_renewed_and_its_certificate_with_it() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        let print = town.fingerprint("buyer");
        let secret = || std::fs::read(town.path("buyer/keys/own.asc")).unwrap();
        let before = secret();
        // A hundred days before the end, and by a command that only reads.
        for (moved, args) in [("+995d", &["sync"][..]), ("+1010d", &["list"]), ("+1010d", &["key", "list"])] {
            assert!(!at(&town, moved, "buyer", args).err.contains("renewed"), "{args:?}");
            assert_eq!(secret(), before, "{moved} {args:?}");
        }
        let run = at(&town, "+1010d", "buyer", &["sync"]);
        assert!(run.err.starts_with("mailorder: your key is renewed until 20"), "{run:?}");
        assert_eq!(run.err.lines().count(), 1, "{run:?}");
        assert!(at(&town, "+1010d", "buyer", &["sync"]).err.is_empty());
        let exported = at(&town, "+1010d", "buyer", &["key", "export"]).out;
        assert_eq!(std::fs::read_to_string(town.path("buyer/cert.asc")).unwrap(), exported);
        let listed = at(&town, "+1010d", "buyer", &["key", "list"]).out;
        assert!(listed.contains(&print) && listed.contains("own, until 20"), "{listed}");
        // The others learn it by its next letter, and write to it when the old end has passed.
        let wish = ["order", "--json", "--shop", "shop@demo.test", "--pay", "invoice"];
        let goods = ["--item", "SH-41;シャツ 白 41;JPY 4300;1", "--charge", "Parcel delivery;JPY 500"];
        let again = at(&town, "+1010d", "buyer", &[&wish[..], &goods].concat()).json();
        let round = || {
            for party in ["shop", "pay", "ship", "shop", "buyer"] {
                at(&town, "+1010d", party, &["sync"]);
            }
        };
        round();
        at(&town, "+1010d", "buyer", &["confirm", again["id"].as_str().unwrap()]);
        round();
        round();
        at(&town, "+1100d", "ship", &["ship", "notify", &number, "--delivered"]);
        at(&town, "+1100d", "buyer", &["sync"]);
        let shown = at(&town, "+1100d", "buyer", &["show", "--json", &id]).json();
        assert_eq!(
            shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "delivery").unwrap()["done"],
            true
        );
        let accounts = crate::support::accounts::Accounts { dir: town.path("") };
        for party in ["buyer", "shop", "ship"] {
            assert_eq!(at(&town, "+1100d", party, &["audit", "verify", "--json"]).json()["result"], "clean", "{party}");
            let index = accounts.dump(party);
            at(&town, "+1100d", party, &["ledger", "reindex"]);
            assert_eq!(accounts.dump(party), index, "{party}");
        }
    }

    /// Returns what `outbox list` has of letters that nobody acknowledged: which and how often sent.
    fn unacknowledged(town: &Town, moved: &str, more: &[&str]) -> Vec<(String, u64)> {
        let list = at(town, moved, "shop", &[&["outbox", "list", "--json"][..], more].concat()).json();
        let letters = list["unacknowledged"].as_array().unwrap();
        letters.iter().map(|one| (one["kind"].as_str().unwrap().to_owned(), one["times"].as_u64().unwrap())).collect()
    }

    #[test]
    fn a_status_lost_in_the_post_is_seen_by_its_shop_until_its_receipt_comes() {
        let town = Town::fresh();
        let (_, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.settle();
        let count = |moved: &str| at(&town, moved, "shop", &["status", "--json"]).json()["outbox"].clone();
        let says = |unacknowledged: u64| serde_json::json!({"waiting": 0, "failed": 0, "unacknowledged": unacknowledged, "unsent_since": null});
        assert_eq!(unacknowledged(&town, "+3d", &["--all"]), [], "all that was sent is acknowledged");
        town.does("shop", &["shop", "notify", &number, "--shipped"]);
        town.post("buyer").iter().for_each(|mail| std::fs::remove_file(mail).unwrap());
        // What was sent a moment ago is no matter for anybody; who asks sees it.
        assert_eq!(count("+0d"), says(0));
        assert_eq!(unacknowledged(&town, "+0d", &[]), []);
        assert_eq!(unacknowledged(&town, "+0d", &["--all"]), [("order-status".to_owned(), 1)]);
        assert!(!at(&town, "+0d", "shop", &["show", &number]).out.contains("not acknowledged"));
        assert!(at(&town, "+0d", "shop", &["outbox", "list"]).out.contains("nothing waits"));
        assert_eq!(count("+3d"), says(1));
        assert_eq!(
            town.at("+3d", "shop", &["status", "--exit-code"]).code,
            Some(0),
            "the program sends it again by itself"
        );
        assert_eq!(unacknowledged(&town, "+3d", &[]), [("order-status".to_owned(), 1)]);
        let listed = at(&town, "+3d", "shop", &["outbox", "list"]).out;
        assert!(listed.contains("unacknowledged") && listed.contains("sent on ") && listed.contains("buyer@demo.test"));
        let status = at(&town, "+3d", "shop", &["status"]);
        assert!(status.out.contains("1 not acknowledged for a day"), "{status:?}");
        let shown = at(&town, "+3d", "shop", &["show", &number]).out;
        assert!(shown.contains("written, not acknowledged"), "{shown}");
        let japanese = at(&town, "+3d", "shop", &["--lang", "ja", "outbox", "list"]).out;
        assert!(japanese.contains("受領の返事なし") && japanese.contains("に送信"), "{japanese}");
        let marks = |moved: &str| -> Vec<serde_json::Value> {
            let shown = at(&town, moved, "shop", &["show", &number, "--json"]).json();
            let letters = shown["letters"].as_array().unwrap().iter();
            letters.filter(|one| one["kind"] == "order-status").map(|one| one["acknowledged"].clone()).collect()
        };
        assert_eq!(marks("+3d"), [true, false], "the answer to the OK was acknowledged");
        let name = at(&town, "+3d", "shop", &["outbox", "list", "--json"]).json()["unacknowledged"][0]["name"].clone();
        let letter = at(&town, "+3d", "shop", &["outbox", "show", name.as_str().unwrap(), "--json"]).json();
        assert_eq!((&letter["state"], &letter["number"]), (&"unacknowledged".into(), &number.as_str().into()));
        assert!(letter["says"].as_str().unwrap().contains(&number), "{letter}");
        let shown = at(&town, "+3d", "shop", &["outbox", "show", name.as_str().unwrap()]).out;
        for part in
            ["buyer@demo.test", &number, "unacknowledged", letter["written"].as_str().unwrap().get(..10).unwrap()]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        // The third day it goes out again; its reader's receipt ends the matter.
        at(&town, "+3d", "shop", &["sync"]);
        assert_eq!(unacknowledged(&town, "+3d", &[]), [("order-status".to_owned(), 2)]);
        at(&town, "+3d", "buyer", &["sync"]);
        at(&town, "+3d", "shop", &["sync"]);
        assert_eq!(unacknowledged(&town, "+3d", &["--all"]), []);
        assert_eq!((count("+3d"), marks("+3d")), (says(0), vec![true.into(), true.into()]));
        assert!(!at(&town, "+3d", "shop", &["show", &number]).out.contains("not acknowledged"));
    }

    #[test]
    fn an_expired_key_keeps_nobody_from_reading_f36() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.does("ship", &["ship", "notify", &number, "--delivered"]);
        let entries = town.entries("buyer").len();
        for args in [
            &["list"][..],
            &["show", &id],
            &["status"],
            &["warnings"],
            &["key", "list"],
            &["key", "export"],
            &["outbox", "list"],
            &["audit", "verify"],
            &["config", "check"],
        ] {
            at(&town, "+3650d", "buyer", args);
        }
        assert!(at(&town, "+3650d", "buyer", &["key", "list"]).out.contains("own, expired"));
        assert_eq!(town.entries("buyer").len(), entries);
        // What was sealed to it in its time is read; whom it cannot write to, it tells (F37).
        let run = at(&town, "+3650d", "buyer", &["sync"]);
        assert!(run.err.contains("your key is renewed"), "{run:?}");
        let shown = at(&town, "+3650d", "buyer", &["show", "--json", &id]).json();
        assert_eq!(
            shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "delivery").unwrap()["done"],
            true
        );
        let order = ["order", "--shop", "shop@demo.test", "--item", "A;B;JPY 1;1", "--pay", "invoice"];
        let run = town.at("+3650d", "buyer", &order);
        assert_eq!(run.code, Some(77), "{run:?}");
        assert!(run.err.contains("the key of shop@demo.test cannot be used: the key has expired"), "{run:?}");
        let waiting = at(&town, "+3650d", "buyer", &["outbox", "list", "--json"]).json();
        let [letter] = &waiting["letters"].as_array().unwrap()[..] else { panic!("{waiting}") };
        assert_eq!((&letter["state"], &letter["kind"]), (&"waiting-for-key".into(), &"receipt".into()));
        assert!(at(&town, "+3650d", "buyer", &["outbox", "list"]).out.contains("waiting-for-key"));
        // The carrier renews its own; its certificate comes by a file, and what waited goes out.
        at(&town, "+3650d", "ship", &["sync"]);
        let file = town.path("ship/cert.asc");
        let run = at(&town, "+3650d", "buyer", &["key", "import", file.to_str().unwrap()]);
        assert!(run.err.contains("this key was known"), "{run:?}");
        let waiting = at(&town, "+3650d", "buyer", &["outbox", "list", "--json"]).json();
        assert_eq!(waiting["letters"], serde_json::json!([]));
        let posted = town.post("ship").len();
        assert_eq!(posted, 1);
        at(&town, "+3650d", "ship", &["sync"]);
        assert!(town.post("ship").is_empty());
        // What it wrote to the shop ten years ago, the shop has never fetched.
        let warnings = at(&town, "+3650d", "ship", &["warnings", "--json"]).json();
        let [warning] = &warnings["warnings"].as_array().unwrap()[..] else { panic!("{warnings}") };
        assert!(warning["finding"] == "unheard" && warning["text"].as_str().unwrap().contains("to shop@demo.test"));
    }
}
