//! Who looks like somebody known and is another: said where a mail was set aside, where a key is accepted, and where a shop takes a
//! first contact.

use std::fs;

use super::warnings;
use crate::page::served::Served;
use crate::support::accounts::files;
use crate::support::program::Town;

/// A mail that a stranger sealed to the buyer under this address.
fn forged(town: &Town, from: &str) -> Vec<u8> {
    let mails = files(&town.path("buyer/set-aside/new"));
    let mail = mails.iter().map(|mail| fs::read_to_string(mail).unwrap()).find(|mail| mail.contains("ship@demo.test"));
    mail.unwrap().replace("ship@demo.test", from).into_bytes()
}

#[test]
fn a_mail_set_aside_that_looks_like_a_known_sender_is_said_to_on_terminal_page_and_to_the_program_told() {
    let town = Town::played();
    let kept = town.path("kept");
    town.configure("buyer", |text| {
        format!("{text}\n[notify]\ncommand = [\"/bin/sh\", \"-c\", \"cat >>{}\"]\n", kept.display())
    });
    for from in ["shop@dem0.test", "bank@elsewhere.test"] {
        assert_eq!(town.fed("buyer", &["receive"], &forged(&town, from)).code, Some(0));
    }
    let known = "shop@dem0.test looks like shop@demo.test, which is known here, and is another address";
    let open = warnings(&town);
    let of = |from: &str| open.iter().find(|one| one["from"] == from).unwrap();
    assert_eq!(of("shop@dem0.test")["looks_like"], "shop@demo.test");
    assert!(of("bank@elsewhere.test")["looks_like"].is_null() && of("ship@demo.test")["looks_like"].is_null());
    let id = of("shop@dem0.test")["id"].as_str().unwrap();
    let said = |args: &[&str]| town.does("buyer", args).out.split_whitespace().collect::<Vec<_>>().join(" ");
    for args in [&["warnings"][..], &["warnings", "show", id]] {
        assert_eq!(said(args).matches(known).count(), 1, "{args:?}: {}", said(args));
        let japanese = said(&[&["--lang", "ja"], args].concat());
        assert!(japanese.contains("知っているアドレス shop@demo.test に似ています"), "{japanese}");
    }
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/warnings");
    let (_, box_of) = page.split_once(&format!("id=\"{}\"", id.to_lowercase())).unwrap();
    assert!(box_of.split("</article>").next().unwrap().contains(known), "{page}");
    assert_eq!(page.matches("looks like").count(), 1, "{page}");
    town.does("buyer", &["sync"]);
    assert!(fs::read_to_string(&kept).unwrap().contains("\"stranger\":true"));
}

#[test]
fn a_key_whose_address_looks_like_a_known_one_is_said_to_before_it_is_accepted() {
    let town = Town::fresh();
    town.join("shap", "日立物産", &["shop"], "");
    let file = town.path("shap/cert.asc");
    let text = "orders@demo.test";
    town.join("orders", "Orders", &["shop"], "");
    town.accept("buyer", "orders");
    town.does("buyer", &["key", "import", file.to_str().unwrap()]);
    let run = town.does("buyer", &["key", "accept", "shap@demo.test", "--yes"]);
    assert!(!run.err.contains("looks like"), "four letters are too few to tell: {run:?}");
    town.join("0rders", "Orders", &["shop"], "");
    let file = town.path("0rders/cert.asc");
    town.does("buyer", &["key", "import", file.to_str().unwrap()]);
    for args in [&["key", "accept", "0rders@demo.test"][..], &["key", "accept", "0rders@demo.test", "--yes"]] {
        let run = town.run("buyer", args);
        assert!(run.err.contains(&format!("0rders@demo.test looks like {text}, which is known here")), "{run:?}");
    }
    // Once accepted it is known itself.
    let run = town.does("buyer", &["key", "accept", "0rders@demo.test", "--yes"]);
    assert!(!run.err.contains("looks like"), "{run:?}");
}

#[test]
fn a_shop_is_told_of_a_first_contact_that_looks_like_somebody_it_knows_and_takes_the_order() {
    let town = Town::acquainted();
    for (name, alike) in [("buyar", Some("buyer@demo.test")), ("anna", None)] {
        town.join(name, "小野 賢治", &["buyer"], crate::support::town::BUYER);
        town.accept(name, "shop");
        let id = town.orders(name, "SH-41", 1, &["--pay", "invoice"]);
        town.sync(&["shop"]);
        let shown = town.show("shop", &id);
        let order = &shown["letters"][0];
        assert_eq!((&order["kind"], &order["verdict"]), (&"order".into(), &"applied".into()), "{order}");
        let codes: Vec<&str> =
            order["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, alike.map(|_| "sender-looks-alike").into_iter().collect::<Vec<_>>(), "{order}");
        assert_eq!(shown["state"], "offered", "it is taken all the same");
    }
    let noted = town.does("shop", &["warnings"]);
    let text = noted.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("buyar@demo.test looks like buyer@demo.test"), "{noted:?}");
    assert_eq!(
        town.does("shop", &["warnings", "--json"]).json()["warnings"],
        serde_json::json!([]),
        "a note, no warning"
    );
    // What was found stays with the letter, in an index that is built anew, too.
    town.does("shop", &["ledger", "reindex"]);
    assert_eq!(town.does("shop", &["warnings"]).out, noted.out);
    town.does("shop", &["audit", "verify"]);
}
