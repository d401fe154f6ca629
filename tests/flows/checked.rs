//! What a merchant is told of his procedures before anybody orders, and that it is true.

use std::fs;

use crate::support::program::{Run, Town};

const STEPS: &str = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n";
const CHECK: [&str; 3] = ["shop", "procedure", "check"];

/// Returns the place, `config.toml:LINE:COLUMN: `, of what stands last in a configuration.
fn place(text: &str, file: &str, what: &str) -> String {
    let before = &text[..text.rfind(what).unwrap()];
    let line = before.rsplit('\n').next().unwrap();
    format!("{file}:{}:{}: ", before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Returns the configuration of a party.
fn config(town: &Town, party: &str) -> String {
    fs::read_to_string(town.path(party).join("config.toml")).unwrap()
}

/// Gives the shop these procedures, whatever is wrong with them.
fn procedures(town: &Town, written: &[String]) {
    town.configure("shop", |text| {
        let before = text.split_once("[[shop.procedure]]").unwrap().0;
        let tables: String = written.iter().map(|one| format!("[[shop.procedure]]\n{one}\n")).collect();
        format!("{before}{tables}")
    });
}

/// Checks that a run found faults, and that each of these was said with its place, in the order of the file.
fn check_faults(run: &Run, faults: &[(String, &str)]) {
    assert_eq!(run.code, Some(78), "{run:?}");
    let lines: Vec<&str> =
        run.err.lines().filter(|line| line.contains("config.toml") || line.contains(".csv:")).collect();
    assert_eq!(lines.len(), faults.len(), "{run:?}");
    for (line, (at, what)) in lines.iter().zip(faults) {
        assert!(line.contains(at.as_str()) && line.contains(what), "{at} {what}: {run:?}");
    }
}

/// A merchant who collects himself and has payments authorised; `limits` stands in his table of the payment agent.
fn merchant(limits: &str) -> Town {
    let town = Town::fresh();
    town.add_merchant();
    town.accept("mart", "buyer");
    town.configure("mart", |text| {
        text.replace("[\"terms\"", "[\"authorize\", \"terms\"").replace("[payment]\n", &format!("[payment]\n{limits}"))
    });
    town
}

#[test]
fn a_shop_that_collects_itself_asks_its_own_payment_part_as_the_dry_run_says() {
    for (limit, state) in [("JPY 900", "offered"), ("JPY 899", "rejected")] {
        let town = merchant(&format!("authorize_limits = [\"{limit}\"]\n"));
        assert!(town.does("mart", &CHECK).out.contains("1 procedure, nothing wrong"));
        let wish = ["order", "--json", "--shop", "mart@demo.test", "--item", "MUG;Mug;JPY 900;1", "--pay", "card"];
        let id = town.does("buyer", &wish).json()["id"].as_str().unwrap().to_owned();
        town.settle();
        let shown = town.does("mart", &["shop", "procedure", "run", "--dry-run", &id]).out;
        assert!(shown.contains("asks mart@demo.test whether JPY 900 can be paid"), "{shown}");
        assert_eq!(town.count("mart", &id, "out", "authorization-request"), 1, "{limit}");
        assert_eq!(town.show("buyer", &id)["state"], state, "{limit}");
        town.check_peace();
    }
}

#[test]
fn a_shop_that_would_authorise_nothing_itself_is_told_so_at_the_step() {
    let town = merchant("");
    let at = place(&config(&town, "mart"), "config.toml", "\"authorize\"");
    check_faults(&town.run("mart", &CHECK), &[(at, "no `authorize_limits`")]);
}

#[test]
fn every_fault_of_every_procedure_is_told_in_one_run() {
    let town = Town::fresh();
    let agents = town.agents("pay", "ship");
    let steps = |steps: &str| format!("steps = [{steps}]\n{agents}");
    procedures(
        &town,
        &[
            format!("payment = \"card\"\n{}", steps(r#""terms", "confirmatoin", "paymnt", "delivery""#)),
            format!("payment = \"invoice\"\n{}authorize_within = 0\n", steps(r#""terms", "payment", "delivery""#)),
            steps(r#""terms", "payment", "delivry""#).replace("JPY 500", "5,00"),
        ],
    );
    let text = config(&town, "shop");
    let at = |what: &str| place(&text, "config.toml", what);
    let faults = [
        (at("\"confirmatoin\""), "did you mean \"confirmation\"?"),
        (at("\"paymnt\""), "did you mean \"payment\"?"),
        (at("0\n"), "shop.procedure.authorize_within: at least 1 hour is needed"),
        (at("\"delivry\""), "did you mean \"delivery\"?"),
        (at("\"5,00\""), "shop.procedure.charge.price: "),
    ];
    for check in [&CHECK[..], &["config", "check"]] {
        check_faults(&town.run("shop", check), &faults);
    }
    // Where something else was wanted, one line says why not.
    let run = town.run("shop", &["list"]);
    assert!(run.code == Some(78) && run.err.contains(&faults[0].0) && !run.err.contains(&faults[1].0), "{run:?}");
}

#[test]
fn an_account_that_is_no_shop_has_no_procedures_to_check_or_list() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replace("roles = [\"shop\"]", "roles = [\"buyer\"]"));
    for command in ["check", "list"] {
        let run = town.run("shop", &["shop", "procedure", command]);
        assert!(run.code == Some(65) && run.err.contains("does not play the part shop"), "{command}: {run:?}");
    }
}

#[test]
fn an_article_in_a_currency_that_no_charge_has_is_told_at_its_cell() {
    let town = Town::fresh();
    town.procedures(&[&format!("{STEPS}{}", town.agents("pay", "ship"))]);
    let article = "[[shop.article]]\nsku = \"EBOOK\"\nname = \"Book\"\nprice = \"EUR 8.00\"\n\n[[shop.procedure]]\n";
    town.configure("shop", |text| {
        let text = text.replacen("[shop]\n", "[shop]\ncatalog = \"catalog.csv\"\n", 1);
        text.replacen("[[shop.procedure]]\n", article, 1)
    });
    let rows = "sku,name,price,currency,delivery\nA-1,煎茶,100,JPY,parcel\nA-2,煎茶 100g,9.00,EUR,parcel\n";
    fs::write(town.path("shop/catalog.csv"), rows).unwrap();
    let of_file = (place(rows, "catalog.csv", "EUR"), "no [[shop.procedure]] for it has its charge in EUR");
    let of_table = (place(&config(&town, "shop"), "config.toml", "\"EUR 8.00\""), of_file.1);
    for check in [&CHECK[..], &["config", "check"]] {
        check_faults(&town.run("shop", check), &[of_file.clone(), of_table.clone()]);
    }
    check_faults(&town.run("shop", &["shop", "catalog", "check"]), &[of_file]);
    // A way without a charge, or with one in its currency, will do.
    let free = format!("delivery = \"pickup\"\n{STEPS}{}", town.agents("pay", "ship"));
    let euro = format!("delivery = \"parcel\"\n{STEPS}{}", town.agents("pay", "ship").replace("JPY 500", "EUR 5"));
    let free = free.lines().filter(|line| !line.starts_with("charge")).collect::<Vec<_>>().join("\n");
    procedures(&town, &[free, euro]);
    let found = town.run("shop", &CHECK);
    let of_yen = (place(rows, "catalog.csv", "JPY"), "no [[shop.procedure]] for it has its charge in JPY");
    check_faults(&found, &[of_yen]);
}
