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
    fn goods_that_came_after_the_end_wait_for_the_owner_and_are_paid_by_a_new_order() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
        town.does("buyer", &["cancel", &id]);
        town.sync(&["shop", "pay", "shop"]);
        // The carrier's letters are late: it was delivered before the owner took it as stopped.
        assert_eq!(town.at("+7d", "ship", &["ship", "notify", &number, "--delivered"]).code, Some(0));
        assert_eq!(town.at("+8d", "shop", &["shop", "accept", &number]).code, Some(0));
        let inbox = || town.at("+8d", "shop", &["shop", "inbox", "--json"]).json()["items"].clone();
        assert_eq!(inbox(), serde_json::json!([]), "nobody knows of it yet");
        town.at("+8d", "shop", &["sync"]);
        let items = inbox();
        let [item] = &items.as_array().unwrap()[..] else { panic!("{items}") };
        assert_eq!((&item["what"], &item["number"]), (&"goods".into(), &number.as_str().into()));
        let about = item["about"].as_str().unwrap();
        assert!(about.starts_with("parcel 1 arrived") && about.contains("though the order was ended"), "{about}");
        let warning = item["warning"].as_str().unwrap();
        let shown = town.at("+8d", "shop", &["shop", "inbox"]);
        assert!(shown.err.contains(&format!("warnings ack {warning}")), "{shown:?}");
        let shown = town.at("+8d", "shop", &["--lang", "ja", "shop", "inbox"]);
        assert!(shown.out.contains("商品") && shown.err.contains("返してもらうか"), "{shown:?}");
        let status = town.at("+8d", "shop", &["status", "--exit-code"]);
        assert!(status.code == Some(1) && status.err.contains("1 thing waits for you: mailorder "), "{status:?}");
        // No letter settles it, and each command says so.
        for words in [&["shop", "accept", &number][..], &["shop", "reject", &number, "--reason", "x"]] {
            let run = town.at("+8d", "shop", words);
            assert!(run.code == Some(65) && run.err.contains("came after its end"), "{run:?}");
        }
        // The buyer keeps them: they are ordered again, and the carrier says that it has brought them.
        town.at("+8d", "buyer", &["sync"]);
        let again = town.at("+8d", "buyer", &["reorder", "--json", &id, "--pay", "invoice"]);
        assert_eq!(again.code, Some(0), "{again:?}");
        let again = again.json()["id"].as_str().unwrap().to_owned();
        let sync = |parties: &[&str]| {
            for party in parties {
                let run = town.at("+8d", party, &["sync"]);
                assert_eq!(run.code, Some(0), "{party}: {run:?}");
            }
        };
        sync(&["shop", "buyer"]);
        let run = town.at("+8d", "buyer", &["confirm", &again]);
        assert_eq!(run.code, Some(0), "{run:?}");
        sync(&["shop", "ship", "pay"]);
        let new = town.at("+8d", "buyer", &["show", "--json", &again]).json()["number"].as_str().unwrap().to_owned();
        for (party, said) in [("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")] {
            let run = town.at("+8d", party, &[party, "notify", &new, said]);
            assert_eq!(run.code, Some(0), "{party}: {run:?}");
        }
        sync(&["shop", "buyer"]);
        assert_eq!(town.at("+8d", "shop", &["show", "--json", &new]).json()["state"], "completed");
        // It waits for a person's word. The carrier has said it again since, which is a matter of its own.
        let items = inbox();
        let [item] = &items.as_array().unwrap()[..] else { panic!("{items}") };
        let run = town.at("+8d", "shop", &["warnings", "ack", item["warning"].as_str().unwrap()]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(inbox(), serde_json::json!([]));
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
