//! Figure 7: a card is authorised before the order is taken, or refused; and what the payment agent is given for it.

use crate::support::program::Town;

#[test]
fn figure_7_an_authorised_order_gets_its_terms_p108() {
    let town = Town::acquainted();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    // 701: the shop asks, and offers nothing while there is no answer.
    town.sync(&["shop"]);
    town.check_letters("shop", &id, &["in order buyer", "out authorization-request pay"]);
    town.check_stands("shop", &id, "ordered", [false; 3]);
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    assert!(town.lists("pay", &[]).is_empty());
    // 702: the answer is yes.
    town.sync(&["pay"]);
    let number = town.number("shop", &id);
    town.check_letters("pay", &number, &["in authorization-request shop", "out authorization-result shop"]);
    town.sync(&["shop"]);
    town.check_stands("shop", &id, "offered", [false; 3]);
    town.check_letters(
        "shop",
        &id,
        &[
            "in order buyer",
            "out authorization-request pay",
            "in authorization-result pay",
            "out transaction-info buyer",
        ],
    );
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "offered", [false; 3]);
    town.check_letters("buyer", &id, &["out order shop", "in transaction-info shop"]);
    assert!(town.lists("ship", &[]).is_empty());
    town.settle();
    town.check_peace();
}

#[test]
fn figure_7_a_refused_authorisation_ends_in_a_rejection_and_nothing_is_begun_p108() {
    let town = Town::acquainted();
    // Three kettles are more than the agent authorises.
    let id = town.orders("buyer", "KETTLE", 3, &["--pay", "card"]);
    town.sync(&["shop", "pay"]);
    let number = town.number("shop", &id);
    town.check_letters("pay", &number, &["in authorization-request shop", "out authorization-result shop"]);
    assert!(town.letter("pay", "out", "authorization-result").contains("\"insufficient-funds\""));
    town.sync(&["shop"]);
    town.check_stands("shop", &id, "rejected", [false; 3]);
    town.check_letters(
        "shop",
        &id,
        &[
            "in order buyer",
            "out authorization-request pay",
            "in authorization-result pay",
            "out order-rejection buyer",
        ],
    );
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    town.check_letters("buyer", &id, &["out order shop", "in order-rejection shop"]);
    let rejection = town.letter("buyer", "in", "order-rejection");
    assert!(rejection.contains("The payment was not authorised"));
    assert!(!rejection.contains("authorised: The payment was not authorised"), "once: {rejection}");
    // Nothing is owed, nothing awaited, nobody instructed; and there are no terms to say OK to.
    let list = town.does("buyer", &["list", "--json"]).json();
    assert_eq!((&list["undelivered"], &list["unpaid"]), (&0.into(), &serde_json::json!([])));
    let run = town.run("buyer", &["confirm", &id]);
    assert_eq!(run.code, Some(65), "{run:?}");
    town.settle();
    assert!(town.lists("ship", &[]).is_empty());
    assert!(town.run("pay", &["pay", "notify", &number, "--paid"]).code == Some(65));
    assert_eq!(town.count("shop", &id, "out", "payment-instruction"), 0);
    town.check_peace();
}

#[test]
fn card_data_goes_sealed_past_the_shop_and_only_its_last_digits_are_read_p12_p23() {
    let town = Town::acquainted();
    town.accept("buyer", "pay");
    let data = town.path("../card");
    std::fs::write(&data, "number = 4556737586899855\nexpiry = 08 / 31\nname = ONO KENJI\n").unwrap();
    let data = data.to_str().unwrap().to_owned();
    let wish = ["--pay", "card", "--payment-data", &data, "--payment-agent", "pay@demo.test"];
    let id = town.orders("buyer", "SH-41", 1, &wish);
    town.sync(&["shop", "pay", "shop", "buyer"]);
    let order = town.show("shop", &id)["order"].clone();
    assert_eq!((&order["payment_method"], &order["payment_id"]), (&"card".into(), &"9855".into()));
    let sealed = order["sealed"].as_str().unwrap();
    // The agent gets what the buyer sealed, as it was sealed, with name and telephone.
    let request: String = town.letter("pay", "in", "authorization-request").split_whitespace().collect();
    assert!(request.replace("\",\"", "").contains(sealed), "{request}");
    assert!(request.contains("+81-3-1234-5678") && request.contains("\"paymentMethodId\":\"9855\""), "{request}");
    town.check_stands("buyer", &id, "offered", [false; 3]);
    assert_eq!(town.show("buyer", &id)["terms"]["terms"]["payment_id"], "9855");
    // Nobody's disk has the number, the date or the name on the card.
    for party in town.parties() {
        for secret in ["4556737586899855", "08 / 31", "ONO KENJI"] {
            super::private::check_nowhere(&town.path(&party), secret);
        }
    }
    // Sealed for somebody whose key was not accepted: nothing is written.
    let wish = ["--pay", "card", "--payment-data", &data, "--payment-agent", "ship@demo.test"];
    let item = ["order", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1"];
    let run = town.run("buyer", &[&item[..], &wish].concat());
    assert_eq!(run.code, Some(77), "{run:?}");
    assert_eq!(town.lists("buyer", &[]).len(), 1);
}
