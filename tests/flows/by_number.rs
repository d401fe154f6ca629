//! Orders by article number: name, price, charge and payment agent are those of the shop's newest catalog here (P10).

use std::fs;

use serde_json::json;

use super::catalog::{CATALOG, SHOP, catalog, count, order, town};

#[test]
fn a_card_is_sealed_to_the_agent_of_the_catalog_only_when_its_key_is_accepted() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    fs::write(town.path("buyer/card"), "number = 4556737586899855\n").unwrap();
    let card = town.path("buyer/card");
    let wish = ["order", "--shop", SHOP, "--item", "CUP", "--pay", "card", "--payment-data", card.to_str().unwrap()];
    let run = town.run("buyer", &wish);
    let key = town.fingerprint("pay");
    assert_eq!(run.code, Some(77), "{run:?}");
    assert!(
        run.err.contains("which you have not accepted") && run.err.contains(&format!("key accept {key}")),
        "{run:?}"
    );
    assert_eq!(count(&town, "buyer", "out", "order"), 0);
    let listed = town.does("buyer", &["catalog", SHOP]).out;
    assert!(listed.contains("paid through pay@demo.test (its key is not accepted by you)"), "{listed}");
    // The certificate came with the catalog: the yes is all that was missing.
    town.does("buyer", &["key", "accept", &key, "--yes"]);
    town.does("buyer", &wish);
    town.settle();
    let order = town.letter("shop", "in", "order");
    assert!(order.contains("mo:sealed") && order.contains("\"paymentMethodId\": \"9855\""), "{order}");
    assert_eq!(town.lists("buyer", &[])[0]["state"], "offered");
    // Without a catalog's prices, somebody must be named.
    let wish = ["order", "--shop", SHOP, "--item", "CUP;Cup;JPY 900;1", "--payment-data", card.to_str().unwrap()];
    let run = town.run("buyer", &wish);
    assert!(run.code == Some(2) && run.err.contains("--payment-agent"), "{run:?}");
}

#[test]
fn what_the_catalog_does_not_have_is_not_ordered_from_it() {
    let town = town(CATALOG, "");
    let run = town.run("buyer", &["order", "--shop", SHOP, "--item", "CUP"]);
    assert!(run.code == Some(65) && run.err.contains("mailorder -c") && run.err.contains("--ask"), "{run:?}");
    catalog(&town, &[]);
    for (args, code, said) in [
        (&["--item", "NONE"][..], 65, "does not sell \"NONE\", by its catalog of "),
        (&["--item", "CUP=0"], 65, "not a quantity above zero"),
        (&["--item", "CUP=-1"], 65, "not a quantity above zero"),
        (&["--item", "SONG"], 65, "\"SONG\" cannot be delivered by parcel"),
        (&["--item", "CUP", "--deliver", "camel"], 65, "cannot be delivered by camel"),
        (&["--item", "CUP;Cup"], 2, "is neither SKU=QUANTITY nor SKU;NAME;PRICE;QUANTITY"),
    ] {
        let run = town.run("buyer", &[&["order", "--shop", SHOP], args].concat());
        assert!(run.code == Some(code) && run.err.contains(said), "{args:?}: {run:?}");
    }
    assert_eq!(count(&town, "buyer", "out", "order"), 0);
    // What is told of digital goods is offered like everything else (P22).
    let id = order(&town, &["--item", "SONG", "--deliver", "download"]);
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    // A charge that the buyer names himself stays as he names it.
    let run = town
        .does("buyer", &["order", "--shop", SHOP, "--item", "CUP", "--charge", "Parcel delivery;JPY 1", "--dry-run"]);
    assert!(run.out.contains("JPY 901") && run.err.contains("prices are as"), "{run:?}");
    let run = town.run("buyer", &["catalog", "nobody@demo.test"]);
    assert_eq!(run.code, Some(77), "{run:?}");
    let run = town.run("shop", &["catalog", "shop@demo.test"]);
    assert_eq!(run.code, Some(78), "{run:?}");
}

#[test]
fn a_file_of_articles_by_their_numbers_is_ordered_at_the_prices_of_the_catalog_p10() {
    let town = town(CATALOG, "");
    let path = town.path("buyer/order.toml");
    let cups = "[[item]]\nsku = \"CUP\"\nquantity = \"2\"\n[[item]]\nsku = \"TEA-200\"\n";
    fs::write(&path, format!("pay = \"card\"\n{cups}")).unwrap();
    let wish = ["order", "--json", "--shop", SHOP, "--file", path.to_str().unwrap()];
    let run = town.run("buyer", &wish);
    assert!(run.code == Some(65) && run.err.contains("no catalog of shop@demo.test") && run.err.contains("--ask"));
    catalog(&town, &[]);
    let run = town.does("buyer", &wish);
    assert!(run.err.contains("prices and charge are as the catalog of shop@demo.test has them"), "{run:?}");
    // The agent's key was not compared with anybody yet: what is paid by card is told to go without one.
    assert!(run.err.contains("no card or account goes along: the key of pay@demo.test is not accepted yet"), "{run:?}");
    let id = run.json()["id"].as_str().unwrap().to_owned();
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let terms = town.show("buyer", &id)["terms"]["terms"].clone();
    let goods: Vec<_> =
        terms["lines"].as_array().unwrap().iter().map(|l| json!([l["item"]["name"], l["quantity"]])).collect();
    assert_eq!(goods, [json!(["Cup", "2"]), json!(["煎茶 200g", "1"])]);
    assert_eq!((&terms["payment_method"], &terms["total"]["amount"]), (&json!("card"), &json!("4100")));
    // Beside one that is written out, and with a charge that the file names itself.
    let pot = "[[item]]\nsku = \"POT\"\nname = \"急須\"\nprice = \"JPY 3200\"\n";
    let charge = "[[charge]]\nname = \"Parcel delivery\"\nprice = \"JPY 500\"\n";
    fs::write(&path, format!("{pot}{cups}{charge}")).unwrap();
    let run = town.does("buyer", &wish);
    assert!(run.err.contains("prices are as the catalog"), "{run:?}");
    assert_eq!(run.json()["total"]["amount"], "7300");
    for (pay, told) in [("card", true), ("invoice", false)] {
        let run = town.does("buyer", &["order", "--dry-run", "--shop", SHOP, "--item", "CUP", "--pay", pay]);
        assert_eq!(run.err.contains("no card or account goes along"), told, "{pay}: {run:?}");
    }
    town.accept("buyer", "pay");
    let run = town.does("buyer", &["order", "--dry-run", "--shop", SHOP, "--item", "CUP", "--pay", "card"]);
    assert!(!run.err.contains("no card or account goes along"), "{run:?}");
    // The same again from such a file.
    fs::write(&path, "[[item]]\nsku = \"CUP\"\n").unwrap();
    let again = town.does("buyer", &["reorder", &id, "--dry-run", "--json", "--file", path.to_str().unwrap()]).json();
    assert_eq!(again["order"]["total"]["amount"], "1400", "{again}");
    fs::write(&path, "[[item]]\nsku = \"NONE\"\n").unwrap();
    let run = town.run("buyer", &wish);
    assert!(run.code == Some(65) && run.err.contains("does not sell") && run.err.contains("NONE"), "{run:?}");
    // The shop sees what it would do with such a file, by what it sells.
    fs::write(&path, cups).unwrap();
    let dry = ["shop", "procedure", "run", "--dry-run", path.to_str().unwrap()];
    assert!(town.does("shop", &dry).out.contains("4,100"));
    fs::write(&path, "[[item]]\nsku = \"NONE\"\n").unwrap();
    let run = town.run("shop", &dry);
    assert!(run.code == Some(65) && run.err.contains("\"NONE\" is not sold here"), "{run:?}");
    town.check_peace();
}
