//! An agent that vanished after it was told to stop: its shop's owner sees it after a week, and ends what waits for it.

/// Needs `faketime`.
mod real {
    use crate::support::program::Town;

    #[test]
    fn a_cancellation_that_waits_for_an_agent_who_vanished_comes_to_the_owner_after_a_week() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
        town.does("buyer", &["cancel", &id]);
        town.sync(&["shop", "pay", "shop"]);
        let inbox = |moved: &str| town.at(moved, "shop", &["shop", "inbox", "--json"]).json()["items"].clone();
        assert_eq!(inbox("+6d"), serde_json::json!([]));
        assert_eq!(town.at("+6d", "shop", &["shop", "accept", &number]).code, Some(65));
        let items = inbox("+8d");
        let [item] = &items.as_array().unwrap()[..] else { panic!("{items}") };
        assert_eq!((&item["what"], &item["state"]), (&"stop".into(), &"silent".into()));
        let about = item["about"].as_str().unwrap();
        assert!(about.starts_with("ship@demo.test was told to stop on "), "{about}");
        let run = town.at("+8d", "shop", &["status", "--exit-code"]);
        assert!(run.code == Some(1) && run.err.contains("1 thing waits for you: mailorder "), "{run:?}");
        let run = town.at("+8d", "shop", &["shop", "inbox"]);
        assert!(run.out.contains("silent") && run.err.contains("ITEM lets it end as stopped"), "{run:?}");
        let run = town.at("+8d", "shop", &["--lang", "ja", "shop", "inbox"]);
        assert!(run.out.contains("返事") && run.out.contains("停止を指示"), "{run:?}");
        assert!(town.at("+8d", "shop", &["show", &number]).err.contains("shop inbox"));
        assert_eq!(town.at("+8d", "shop", &["shop", "accept", &number]).code, Some(0));
        assert_eq!(inbox("+8d"), serde_json::json!([]));
        town.at("+8d", "buyer", &["sync"]);
        for party in ["buyer", "shop"] {
            assert_eq!(town.at("+8d", party, &["show", "--json", &number]).json()["state"], "cancelled");
        }
    }

    #[test]
    fn an_order_that_goes_on_though_its_carrier_was_silent_is_brought_by_him() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
        town.does("buyer", &["cancel", &id]);
        town.sync(&["shop", "pay", "shop"]);
        let run = town.at("+8d", "shop", &["shop", "reject", &number, "--reason", "it goes on"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        // The carrier comes back, and reads the order to stop and the instruction behind it.
        for party in ["ship", "pay", "shop", "buyer"] {
            assert_eq!(town.at("+8d", party, &["sync"]).code, Some(0), "{party}");
        }
        let run = town.at("+8d", "ship", &["ship", "notify", &number, "--delivered"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        for party in ["shop", "buyer"] {
            town.at("+8d", party, &["sync"]);
            let shown = town.at("+8d", party, &["show", "--json", &number]).json();
            assert_eq!(shown["state"], "open", "{party}");
            let leg = shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "delivery").unwrap();
            assert_eq!(leg["done"], true, "{party}: {leg}");
        }
    }
}
