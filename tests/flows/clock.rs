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
    fn a_letter_from_the_future_waits_until_its_time_and_then_counts() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        // The agent's clock is three days ahead.
        at(&town, "+3d", "pay", &["pay", "notify", &number, "--paid"]);
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
        at(&town, "+8d", "buyer", &["confirm", &id]);
        at(&town, "+8d", "shop", &["sync"]);
        assert_eq!(town.count("shop", &id, "out", "payment-instruction"), 0);
        at(&town, "+8d", "buyer", &["sync"]);
        assert!(town.letter("buyer", "in", "refusal").contains("please order again"));
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
    fn with_an_expired_key_nothing_is_written_and_nothing_lost() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.does("ship", &["ship", "notify", &number, "--delivered"]);
        let (post, entries) = (town.post("buyer"), town.entries("buyer").len());
        for args in [&["ask", &id][..], &["sync"], &["order", "--shop", "shop@demo.test", "--item", "A;B;JPY 1;1"]] {
            let run = town.at("+3650d", "buyer", args);
            assert_eq!(run.code, Some(77), "{args:?}: {run:?}");
            assert!(run.err.contains("the key has expired"), "{run:?}");
        }
        assert_eq!((town.post("buyer"), town.entries("buyer").len()), (post, entries));
        town.sync(&["buyer"]);
        town.check_stands("buyer", &id, "open", [false, true, false]);
    }
}
