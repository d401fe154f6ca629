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
}
