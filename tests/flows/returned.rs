//! Cancellations and returns (figure 20): before the OK, before the goods arrive, after, and too late.

use crate::support::program::Town;

/// Buys two shirts, and lets them be shipped, delivered and paid.
fn completed(town: &Town) -> (String, String) {
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.sync(&["shop", "buyer"]);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    town.check_stands("buyer", &id, "completed", [true; 3]);
    (id, number)
}

#[test]
fn figure_20_goods_that_arrived_go_back_and_the_money_comes_back_p113() {
    let town = Town::fresh();
    let (id, number) = completed(&town);
    // 2001: chosen on the list, the wish goes to the shop of the terms (P93, P94).
    town.does("buyer", &["return", &id[..6], "--reason", "too small"]);
    assert_eq!([town.post("shop").len(), town.post("pay").len(), town.post("ship").len()], [1, 0, 0]);
    assert_eq!(town.run("buyer", &["return", &id]).code, Some(65), "asked for already");
    // The shop agrees and has the money given back (P96).
    town.sync(&["shop", "buyer"]);
    town.check_stands("buyer", &id, "returned", [true; 3]);
    town.check_stands("shop", &number, "returned", [true; 3]);
    let answer = town.letter("buyer", "in", "return-answer");
    assert!(answer.contains("JPY 9100") && answer.contains("ActiveActionStatus"), "{answer}");
    town.sync(&["pay", "shop", "buyer"]);
    assert!(town.show("buyer", &id)["refunded"].is_null());
    // It is made, told to both, and the return is closed.
    town.does("pay", &["pay", "notify", &number, "--refunded"]);
    town.sync(&["shop", "buyer"]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "refunded", [true; 3]);
        assert_eq!(town.show(party, &number)["refunded"], serde_json::json!({"amount": "9100", "currency": "JPY"}));
    }
    assert_eq!(town.show("pay", &number)["refunded"]["amount"], "9100");
    assert!(town.letter("buyer", "in", "return-answer").contains("CompletedActionStatus"));
    let shop = town.show("shop", &number);
    let kinds: Vec<&str> = shop["letters"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
    let last =
        ["return-request", "return-answer", "refund-instruction", "payment-status", "payment-status", "return-answer"];
    assert!(kinds.ends_with(&last), "{kinds:?}");
    town.settle();
    town.check_stands("ship", &number, "completed", [false, true, false]);
    town.check_peace();
}

#[test]
fn what_goods_are_given_back_for_is_a_code_of_peppols_list() {
    let town = Town::fresh();
    let (id, number) = completed(&town);
    for (because, code) in [("quality", "QUA"), ("wrong-item", "ITM"), ("delivery", "DEL"), ("other", "OTH")] {
        let copy = town.copied();
        copy.does("buyer", &["return", &id, "--because", because, "--reason", "too small"]);
        assert_eq!(copy.check_reasons(), [code], "{because}");
        copy.sync(&["shop"]);
        let asked = copy.letter("shop", "in", "return-request");
        assert!(asked.contains(&format!("\"mo:reason\": \"{code}\"")) && asked.contains("too small"), "{asked}");
    }
    // Where the buyer writes nothing, the letter says what the code says, and reads so in the shop's language.
    for (because, code, text, japanese) in [
        (&["--because", "quality"][..], "QUA", "broken, or not good enough", "壊れているか、品質に問題があります"),
        (&["--because", "wrong-item"], "ITM", "not what was ordered", "注文した物と違います"),
        (&["--because", "delivery"], "DEL", "delivered too late, or not at all", "届くのが遅いか、届きません"),
        (&["--because", "other"], "OTH", "not wanted any more", "不要になりました"),
        (&["--because", "other", "--reason", " "], "OTH", "not wanted any more", "不要になりました"),
        (&[], "OTH", "not wanted any more", "不要になりました"),
    ] {
        let copy = town.copied();
        copy.does("buyer", &[&["return", &id][..], because].concat());
        assert_eq!(copy.check_reasons(), [code], "{because:?}");
        copy.sync(&["shop"]);
        let asked = copy.letter("shop", "in", "return-request");
        assert!(asked.matches(text).count() >= 2, "{text}, for programs and for people: {asked}");
        let shown = copy.does("shop", &["--lang", "ja", "show", &number]).out;
        assert!(shown.contains(japanese), "{shown}");
    }
    assert_eq!(town.run("buyer", &["return", &id, "--because", "RET"]).code, Some(2));
}

#[test]
fn a_part_goes_back_and_its_price_comes_back_p96() {
    let town = Town::fresh();
    let (id, number) = completed(&town);
    for (wrong, why) in [("1=3", "more than was bought"), ("7=1", "no such line"), ("1=0", "nothing")] {
        let run = town.run("buyer", &["return", &id, "--line", wrong]);
        assert!(matches!(run.code, Some(2 | 65)), "{why}: {run:?}");
    }
    town.does("buyer", &["return", &id, "--line", "1=1"]);
    town.settle();
    town.does("pay", &["pay", "notify", &number, "--refunded"]);
    town.settle();
    for party in ["buyer", "shop", "pay"] {
        let shown = town.show(party, &number);
        // The charge for delivery is not given back with a part of the goods.
        assert_eq!((&shown["refunded"]["amount"], &shown["paid"]["amount"]), (&"4300".into(), &"9100".into()));
    }
    assert_eq!(town.run("pay", &["pay", "notify", &number, "--refunded"]).code, Some(65), "once");
    town.check_peace();
}

#[test]
fn before_the_goods_arrive_a_return_stops_them_p95() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    town.does("buyer", &["return", &id, "--reason", "it takes too long"]);
    // The goods have left: no program says that they will not arrive, a person has them called back.
    town.sync(&["shop", "ship", "shop"]);
    assert_eq!(town.count("shop", &number, "out", "stop"), 0);
    assert!(town.does("shop", &["shop", "inbox"]).out.contains("it takes too long"));
    town.does("shop", &["shop", "accept", &number]);
    // The shop answers only after both agents have.
    assert_eq!(town.count("shop", &number, "out", "stop"), 2);
    town.sync(&["buyer", "ship", "shop", "buyer"]);
    town.check_stands("ship", &number, "cancelled", [false; 3]);
    town.check_stands("buyer", &id, "open", [true, false, false]);
    assert_eq!(town.count("shop", &number, "out", "return-answer"), 0);
    town.sync(&["pay", "shop", "buyer"]);
    town.check_stands("pay", &number, "cancelled", [false; 3]);
    for party in ["shop", "buyer"] {
        town.check_stands(party, &number, "returned", [true, false, false]);
        assert!(town.show(party, &number)["unpaid"].is_null(), "{party}");
    }
    assert_eq!(town.does("buyer", &["list", "--json"]).json()["undelivered"], 0);
    // Nobody goes on with it.
    for (party, flag) in [("shop", "--planned=2030-01-01"), ("ship", "--delivered"), ("pay", "--paid")] {
        assert_eq!(town.run(party, &[party, "notify", &number, flag]).code, Some(65), "{party}");
    }
    town.settle();
    town.check_peace();
}

#[test]
fn what_was_paid_ahead_comes_back_when_the_goods_are_stopped_p96() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    town.does("buyer", &["return", &id]);
    town.settle();
    assert_eq!(town.count("shop", &number, "out", "refund-instruction"), 1);
    town.does("pay", &["pay", "notify", &number, "--refunded"]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "refunded", [false, false, true]);
        assert_eq!(town.show(party, &number)["refunded"]["amount"], "4800", "{party}");
    }
    town.check_stands("ship", &number, "cancelled", [false; 3]);
    town.check_peace();
}

#[test]
fn an_offer_that_is_cancelled_is_cancelled_at_the_shop_p37_p38() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    town.settle();
    let number = town.number("buyer", &id);
    town.does("buyer", &["cancel", &id, "--reason", "found it elsewhere"]);
    let cancellation = town.letter("buyer", "out", "cancellation");
    assert!(cancellation.contains(&format!("\nMailorder-Transaction: {number}\n")), "{cancellation}");
    town.check_stands("buyer", &id, "offered", [false; 3]);
    town.sync(&["shop"]);
    town.check_stands("shop", &number, "cancelled", [false; 3]);
    let all = ["in order buyer", "out transaction-info buyer", "in cancellation buyer", "out order-status buyer"];
    town.check_letters("shop", &number, &all);
    assert!(town.letter("shop", "out", "order-status").contains("OrderCancelled"));
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    // An OK can no longer be said, and nothing goes out.
    assert_eq!(town.run("buyer", &["confirm", &id]).code, Some(65));
    assert_eq!(town.run("shop", &["shop", "notify", &number, "--shipped"]).code, Some(65));
    town.settle();
    assert!(town.lists("pay", &[]).is_empty() && town.lists("ship", &[]).is_empty());
    let list = town.does("buyer", &["list", "--json"]).json();
    assert_eq!((&list["undelivered"], &list["unpaid"]), (&0.into(), &serde_json::json!([])));
    town.check_peace();
}

#[test]
fn after_the_ok_the_agents_are_told_to_stop_before_the_shop_answers_p38() {
    let town = Town::fresh();
    let (id, number) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop", "buyer"]);
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.sync(&["pay", "shop", "buyer"]);
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.sync(&["ship", "shop", "buyer"]);
    for party in ["buyer", "shop", "pay", "ship"] {
        town.check_stands(party, &number, "cancelled", [false; 3]);
    }
    let shown = town.show("buyer", &id);
    let kinds: Vec<&str> = shown["letters"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[6..8], ["cancellation", "payment-status"]);
    assert!(kinds[8..].contains(&"delivery-status") && kinds[8..].contains(&"order-status"), "{kinds:?}");
    town.check_peace();
}

#[test]
fn goods_that_have_left_are_called_failed_by_no_program() {
    let town = Town::fresh();
    let (id, number) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert!(town.letter("buyer", "in", "refusal").contains("the goods have left"));
    // What was asked for on the way is answered by itself when the goods are there.
    town.does("buyer", &["return", &id]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "open", [true, false, false]);
    }
    town.check_stands("ship", &number, "open", [false; 3]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    town.check_stands("buyer", &id, "returned", [true, true, false]);
    assert_eq!(town.count("shop", &number, "out", "return-answer"), 1);
    town.check_peace();
}

#[test]
fn a_cancellation_after_the_delivery_is_refused_and_says_what_to_do_p38() {
    let town = Town::fresh();
    let (id, number) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert!(town.letter("buyer", "in", "refusal").contains("please ask for a return"));
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "open", [true, true, false]);
        assert_eq!(town.show(party, &number)["unpaid"]["amount"], "2300", "{party}");
    }
    // As a return it is taken: nothing was paid, so nothing is paid any more.
    town.does("buyer", &["return", &id]);
    town.settle();
    town.check_stands("buyer", &id, "returned", [true, true, false]);
    assert!(town.show("buyer", &id)["unpaid"].is_null());
    // What the buyer had transferred all the same is entered, and goes back.
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    assert_eq!(town.count("shop", &number, "out", "refund-instruction"), 1);
    town.check_peace();
}
