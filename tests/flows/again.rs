//! Ordering again (figure 21): from a transaction on the list, as it was or changed; or not at all.

use crate::support::program::Town;

#[test]
fn figure_21_an_order_filled_in_from_the_terms_is_a_purchase_like_the_first_p114() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card", "--deliver", "parcel", "--remarks", "soon, please"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    town.check_stands("buyer", &id, "completed", [true; 3]);
    // 2101, yes: nothing is typed again (P98, P99, P102).
    let again = town.does("buyer", &["reorder", "--json", &id[..6]]).json()["id"].as_str().unwrap().to_owned();
    town.check_stands("buyer", &again, "ordered", [false; 3]);
    town.check_letters("buyer", &again, &["out order shop"]);
    // 111: it goes to the shop of the terms, and is the order of then, with its name (P101).
    assert_eq!([town.post("shop").len(), town.post("pay").len(), town.post("ship").len()], [1, 0, 0]);
    town.sync(&["shop"]);
    let (old, new) = (town.show("shop", &id)["order"].clone(), town.show("shop", &again)["order"].clone());
    for same in ["buyer", "lines", "charges", "total", "payment_method", "delivery_method", "deliver_to", "billing"] {
        assert_eq!(old[same], new[same], "{same}");
    }
    assert_eq!((&new["reorder_of"], &new["remarks"]), (&number.as_str().into(), &serde_json::Value::Null));
    // It has a number of its own, and what becomes of one leaves the other alone.
    town.settle();
    town.does("buyer", &["confirm", &again]);
    town.settle();
    let second = town.number("buyer", &again);
    assert_ne!(second, number);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &second, "open", [false; 3]);
        town.check_stands(party, &number, "completed", [true; 3]);
    }
    town.check_stands("pay", &second, "open", [false; 3]);
    town.check_stands("ship", &second, "open", [false; 3]);
    town.check_peace();
}

#[test]
fn figure_21_without_a_new_order_nothing_is_written_p114() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    let before = town.parties().iter().map(|party| town.entries(party).len()).collect::<Vec<_>>();
    // 2101, no: it is looked at and left (P15, P98).
    let shown = town.does("buyer", &["reorder", "--dry-run", "--json", &id]).json();
    assert_eq!(shown["order"]["total"], serde_json::json!({"amount": "4800", "currency": "JPY"}));
    let run = town.run("buyer", &["reorder", &id, "--quantity", "9=1"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    town.settle();
    assert_eq!(town.parties().iter().map(|party| town.entries(party).len()).collect::<Vec<_>>(), before);
    assert_eq!(town.lists("buyer", &[]).len(), 1);
}

#[test]
fn a_repeated_order_can_be_changed_p100() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    let changes = ["--quantity", "1=3", "--pay", "invoice", "--deliver", "locker", "--remarks", "ring twice"];
    let again = town.does("buyer", &[&["reorder", "--json", &id][..], &changes].concat()).json();
    let again = again["id"].as_str().unwrap().to_owned();
    town.settle();
    let order = town.show("shop", &again)["order"].clone();
    assert_eq!(order["lines"][0]["quantity"], "3");
    assert_eq!(order["total"]["amount"], "13400");
    assert_eq!((&order["payment_method"], &order["delivery_method"]), (&"invoice".into(), &"locker".into()));
    assert_eq!(order["remarks"], "ring twice");
    town.check_stands("buyer", &again, "offered", [false; 3]);
    assert_eq!(town.show("buyer", &again)["terms"]["terms"]["total"]["amount"], "13400");
    // The first one stays as it was.
    assert_eq!(town.show("shop", &id)["order"]["lines"][0]["quantity"], "1");
    town.check_peace();
}

#[test]
fn what_is_on_the_list_outlives_the_program_and_its_index_p2() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    let before = (town.show("buyer", &id), town.lists("buyer", &[]));
    // The index is a cache: what counts is in the ledger.
    for file in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(town.path("buyer").join(file));
    }
    assert!(!town.path("buyer/index.sqlite").exists());
    assert_eq!((town.show("buyer", &id), town.lists("buyer", &[])), before);
    town.check_stands("buyer", &id, "open", [false, true, false]);
}

#[test]
fn a_repeated_order_may_have_other_goods_and_go_elsewhere_p100() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    let file = town.path("buyer/changes.toml");
    let item = "[[item]]\nsku = \"TEA-200\"\nname = \"煎茶 200g\"\nprice = \"JPY 1800\"\nquantity = \"2\"\n";
    let place = "[deliver_to]\nname = \"小野 花子\"\nstreet = \"梅田3-1-3\"\nlocality = \"大阪市\"\npostal_code = \"530-0001\"\ncountry = \"JP\"\n";
    std::fs::write(&file, format!("{item}\n{place}")).unwrap();
    let again = town.does("buyer", &["reorder", "--json", &id, "--file", file.to_str().unwrap()]).json();
    let again = again["id"].as_str().unwrap().to_owned();
    town.settle();
    let order = town.show("shop", &again)["order"].clone();
    assert_eq!(order["lines"].as_array().unwrap().len(), 1);
    assert_eq!(order["lines"][0]["item"]["sku"], "TEA-200");
    assert_eq!((&order["deliver_to"]["street"], &order["total"]["amount"]), (&"梅田3-1-3".into(), &"4100".into()));
    // What the file does not speak of is as it was.
    assert_eq!((&order["payment_method"], &order["charges"][0]["price"]["amount"]), (&"card".into(), &"500".into()));
    town.check_stands("buyer", &again, "offered", [false; 3]);
    town.check_peace();
}
