//! What an order says, what the terms and instructions made of it say, and which procedure is taken (P12 to P31, P43).

use mailorder::trade::Moment;
use serde_json::{Value, json};

use crate::support::program::{Run, Town};

/// Returns the letter a party has, without blanks: its machine part is easy to look into then.
fn dense(town: &Town, party: &str, direction: &str, kind: &str) -> String {
    town.letter(party, direction, kind).split_whitespace().collect()
}

#[test]
fn the_order_that_reaches_the_shop_has_goods_methods_and_person_p11_p13_p14_p16() {
    let town = Town::fresh();
    let item = ["--item", "TEA-200;煎茶 200g;JPY 1800;2", "--deliver", "locker", "--pay", "bank-transfer"];
    let id = town.orders("buyer", "SH-41", 1, &[&item[..], &["--remarks", "gift wrap"]].concat());
    town.sync(&["shop"]);
    let order = town.show("shop", &id)["order"].clone();
    let lines: Vec<Value> = order["lines"].as_array().unwrap().clone();
    let line = |line: &Value| {
        let (item, price) = (&line["item"], &line["unit_price"]);
        json!([item["sku"], item["name"], line["quantity"], price["amount"], price["currency"]])
    };
    let lines: Vec<Value> = lines.iter().map(line).collect();
    assert_eq!(lines[0], json!(["SH-41", "シャツ 白 41", "1", "4300", "JPY"]));
    assert_eq!(lines[1], json!(["TEA-200", "煎茶 200g", "2", "1800", "JPY"]));
    assert_eq!((&order["payment_method"], &order["delivery_method"]), (&"bank-transfer".into(), &"locker".into()));
    let person = json!({"name": "小野 賢治", "email": "buyer@demo.test", "telephone": "+81-3-1234-5678"});
    assert_eq!(order["buyer"], person);
    assert_eq!(
        (&order["deliver_to"]["street"], &order["deliver_to"]["country"]),
        (&"千代田1-1-1".into(), &"JP".into())
    );
    assert_eq!((&order["total"]["amount"], &order["remarks"]), (&"8400".into(), &"gift wrap".into()));
    assert_eq!(town.show("buyer", &id)["order"], order);
}

#[test]
fn an_order_from_a_file_says_the_same_and_may_go_to_another_address_p11_p14() {
    let town = Town::fresh();
    let file = town.path("buyer/order.toml");
    let text = "pay = \"invoice\"\ndeliver = \"parcel\"\n\
                deliver_to = { name = \"Mother\", street = \"2-2 Umeda\", locality = \"Osaka\", country = \"JP\" }\n\
                [[item]]\nsku = \"KETTLE\"\nname = \"Iron kettle\"\nprice = \"JPY 36000\"\nquantity = \"1\"\n\
                [[charge]]\nname = \"Parcel delivery\"\nprice = \"JPY 500\"\n";
    std::fs::write(&file, text).unwrap();
    let args = ["order", "--json", "--shop", "shop@demo.test", "--file", file.to_str().unwrap()];
    // Looked at first: nothing goes out.
    town.does("buyer", &[&args[..], &["--dry-run"]].concat());
    assert!(town.post("shop").is_empty() && town.lists("buyer", &[]).is_empty());
    let id = town.does("buyer", &args).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    let terms = town.show("buyer", &id)["terms"]["terms"].clone();
    assert_eq!((&terms["deliver_to"]["locality"], &terms["total"]["amount"]), (&"Osaka".into(), &"36500".into()));
    town.check_stands("buyer", &id, "offered", [false; 3]);
}

#[test]
fn the_terms_have_date_goods_methods_agents_buyer_and_shop_p26_to_p31() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 2, &["--pay", "card"]);
    town.sync(&["shop", "pay", "shop", "buyer"]);
    let (at_buyer, at_shop) = (town.show("buyer", &id), town.show("shop", &id));
    let terms = &at_buyer["terms"]["terms"];
    assert_eq!(at_buyer["terms"], at_shop["terms"]);
    assert_eq!(at_buyer["number"].as_str().unwrap().len(), 8);
    // P27
    let moment = |date: &Value| Moment::parse(date.as_str().unwrap()).unwrap();
    let ordered = moment(&town.lists("buyer", &[])[0]["date"]);
    let taken = moment(&terms["date"]).seconds_since(&ordered);
    assert!((0..60).contains(&taken), "taken in {taken} s after it was ordered");
    let line = &terms["lines"].as_array().unwrap()[..];
    assert_eq!(line.len(), 1);
    assert_eq!((&line[0]["item"]["name"], &line[0]["quantity"]), (&"シャツ 白 41".into(), &"2".into()));
    assert_eq!(terms["charges"][0]["price"], json!({"amount": "500", "currency": "JPY"}));
    assert_eq!(terms["total"], json!({"amount": "9100", "currency": "JPY"}));
    // P28, P29
    assert_eq!((&terms["payment_method"], &terms["delivery_method"]), (&"card".into(), &"parcel".into()));
    let agents: Vec<Value> = terms["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| json!([agent["role"], agent["address"], agent["fingerprint"]]))
        .collect();
    let agent = |role: &str, party: &str| json!([role, format!("{party}@demo.test"), town.fingerprint(party)]);
    assert_eq!(agents, [agent("shop", "shop"), agent("payment", "pay"), agent("delivery", "ship")]);
    // P30
    let person = json!({"name": "小野 賢治", "email": "buyer@demo.test", "telephone": "+81-3-1234-5678"});
    assert_eq!((&terms["buyer"], &terms["deliver_to"]["postal_code"]), (&person, &"100-0001".into()));
    // P31
    assert_eq!((&terms["seller"], &at_buyer["shop"]), (&"日立物産".into(), &"shop@demo.test".into()));
    assert_eq!(terms["conditions"], "Return within 14 days of arrival, unused");
    // Whatever lines they have, they stand beside their name and look like nothing of ours.
    let shown = town.does("buyer", &["show", &id]).out;
    let line = shown.lines().find(|line| line.contains("Return within 14 days")).unwrap();
    assert!(line.starts_with("conditions "), "{shown}");
    let letter = dense(&town, "buyer", "in", "transaction-info");
    assert!(letter.contains("\"name\":\"日立物産\",\"email\":\"shop@demo.test\""), "{letter}");
}

#[test]
fn the_buyer_sees_the_terms_as_he_saw_the_order_p34() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 2, &["--pay", "card"]);
    let shown = |town: &Town| {
        let shown = town.does("buyer", &["show", &id]).out;
        // Goods, charge, sum, methods, address, person, one below the other.
        shown.lines().skip(1).take(7).map(str::to_owned).collect::<Vec<_>>()
    };
    let order = shown(&town);
    for (line, part) in [(0, "シャツ 白 41 ×2"), (1, "Parcel delivery"), (2, "JPY 9,100"), (3, "card"), (4, "parcel")]
    {
        assert!(order[line].contains(part), "{part}: {order:?}");
    }
    assert!(order[5].contains("千代田1-1-1") && order[6].contains("小野 賢治 <buyer@demo.test>"), "{order:?}");
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    assert_eq!(shown(&town), order, "the terms stand as the order stood");
}

#[test]
fn instructions_hold_what_each_agent_needs_p43() {
    let town = Town::fresh();
    // The day of a card's debit is its bank's, where the shop names none.
    town.configure("shop", |text| text.replacen("payment = \"card\"\n", "payment = \"card\"\npayment_days = 14\n", 1));
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    let terms = town.show("buyer", &id)["terms"]["content"].as_str().unwrap().to_owned();
    for (party, kind) in [("pay", "payment-instruction"), ("ship", "delivery-instruction")] {
        let letter = dense(&town, party, "in", kind);
        for needed in [
            format!("\"mo:transaction\":\"{number}\""),
            format!("\"mo:terms\":\"{terms}\""),
            "\"mo:role\":\"buyer\",\"mo:address\":\"buyer@demo.test\"".to_owned(),
            format!("\"mo:fingerprint\":\"{}\"", town.fingerprint("buyer")),
            "\"telephone\":\"+81-3-1234-5678\"".to_owned(),
        ] {
            assert!(letter.contains(&needed), "{kind}: {needed}: {letter}");
        }
    }
    let payment = dense(&town, "pay", "in", "payment-instruction");
    assert!(payment.contains("\"price\":\"9100\",\"priceCurrency\":\"JPY\""), "{payment}");
    assert!(payment.contains("\"paymentDueDate\""), "{payment}");
    let delivery = dense(&town, "ship", "in", "delivery-instruction");
    for needed in ["\"streetAddress\":\"千代田1-1-1\"", "\"postalCode\":\"100-0001\"", "\"orderQuantity\":\"2\""] {
        assert!(delivery.contains(needed), "{needed}: {delivery}");
    }
}

/// Orders one shirt by these methods, and lets shop and buyer look at their mail.
fn wish(town: &Town, pay: &str, deliver: &str) -> String {
    let id = town.orders("buyer", "SH-41", 1, &["--pay", pay, "--deliver", deliver]);
    town.settle();
    id
}

/// Returns the name of the charge in the terms: in these tests, it names the procedure.
fn charge(town: &Town, id: &str) -> String {
    town.show("shop", id)["terms"]["terms"]["charges"][0]["name"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_procedure_belongs_to_a_method_or_to_a_pair_p18_p20() {
    let town = Town::fresh();
    let agents = town.agents("pay", "ship");
    let procedure = |keys: &str, name: &str| {
        let agents = agents.replace("Parcel delivery", name);
        format!("{keys}steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n{agents}")
    };
    let all = [
        procedure("payment = \"invoice\"\ndelivery = \"locker\"\n", "pair"),
        procedure("payment = \"invoice\"\n", "payment alone"),
        procedure("delivery = \"pickup\"\n", "delivery alone"),
    ];
    town.procedures(&all.each_ref().map(String::as_str));
    for (pay, deliver, taken) in [
        ("invoice", "locker", "pair"),
        ("invoice", "parcel", "payment alone"),
        ("card", "pickup", "delivery alone"),
        ("invoice", "pickup", "payment alone"),
    ] {
        assert_eq!(charge(&town, &wish(&town, pay, deliver)), taken, "{pay} {deliver}");
    }
    let id = wish(&town, "card", "locker");
    town.check_stands("buyer", &id, "rejected", [false; 3]);
}

#[test]
fn all_ways_to_pay_and_to_deliver_can_be_set_up_p21_p22() {
    let town = Town::acquainted();
    let agents = town.agents("pay", "ship");
    let payments = ["card", "e-money", "bank-transfer", "cash-on-delivery", "invoice"];
    let deliveries = ["parcel", "download"];
    let mut all = Vec::new();
    for payment in payments {
        for delivery in deliveries {
            let steps = if payment == "card" { "\"authorize\", \"terms\"" } else { "\"terms\"" };
            all.push(format!(
                "payment = \"{payment}\"\ndelivery = \"{delivery}\"\nsteps = [{steps}, \"confirmation\", \"delivery\", \"payment\"]\n{agents}"
            ));
        }
    }
    town.procedures(&all.iter().map(String::as_str).collect::<Vec<_>>());
    for payment in payments {
        for delivery in deliveries {
            let id = wish(&town, payment, delivery);
            let terms = town.show("buyer", &id)["terms"]["terms"].clone();
            assert_eq!((&terms["payment_method"], &terms["delivery_method"]), (&payment.into(), &delivery.into()));
            let authorised = town.count("shop", &id, "out", "authorization-request");
            assert_eq!(authorised, usize::from(payment == "card"), "{payment}");
            town.does("buyer", &["confirm", &id]);
        }
    }
    town.settle();
    let status = town.does("shop", &["status", "--json"]).json();
    assert_eq!((&status["open"], &status["undelivered"]), (&10.into(), &10.into()));
    assert_eq!((town.lists("pay", &[]).len(), town.lists("ship", &[]).len()), (10, 10));
    // Only who delivers against cash is told a sum.
    let told = town.texts("ship").iter().filter(|text| text.contains("JPY 4800")).count();
    assert_eq!(told, 2);
    town.check_peace();
}

#[test]
fn an_unknown_method_is_refused_and_nothing_is_begun_p25() {
    let town = Town::fresh();
    town.procedures(&[&format!(
        "payment = \"card\"\ndelivery = \"parcel\"\nsteps = [\"authorize\", \"terms\", \"confirmation\", \"payment\", \"delivery\"]\n{}",
        town.agents("pay", "ship")
    )]);
    for (pay, deliver) in [("sea-shells", "parcel"), ("card", "pigeon"), ("invoice", "locker")] {
        let id = town.orders("buyer", "SH-41", 1, &["--pay", pay, "--deliver", deliver]);
        town.settle();
        town.check_letters("shop", &id, &["in order buyer", "out order-rejection buyer"]);
        town.check_letters("buyer", &id, &["out order shop", "in order-rejection shop"]);
        let why = format!("Payment by {pay} with delivery by {deliver} is not offered.");
        assert!(town.letter("buyer", "in", "order-rejection").contains(&why));
        for party in ["buyer", "shop"] {
            town.check_stands(party, &id, "rejected", [false; 3]);
        }
    }
    assert!(town.lists("pay", &[]).is_empty() && town.lists("ship", &[]).is_empty());
    // What is no method at all is not even written.
    let item = ["order", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1"];
    let Run { code, err, .. } = town.run("buyer", &[&item[..], &["--pay", "By Card!"]].concat());
    assert_eq!(code, Some(2), "{err}");
    assert_eq!(town.lists("buyer", &[]).len(), 3);
    town.check_peace();
}
