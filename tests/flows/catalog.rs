//! Catalogs by mail: asked for, answered within limits, ordered from by article number; and what the shop says to orders
//! that differ from it (P10, B104).

use std::fs;

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use serde_json::{Value, json};

use crate::support::accounts::field;
use crate::support::program::Town;

pub const SHOP: &str = "shop@demo.test";

const HEAD: &str = "sku,name,price,currency,stock,delivery,conditions\n";

/// What the shop sells by its file, beside the three articles of its configuration.
pub const CATALOG: &str = "CUP,Cup,900,JPY,5,parcel pickup,\n\
                       POT,急須,3200,JPY,1,,One year of guarantee\n\
                       SONG,Song of tea,400,JPY,,download,No return once it is loaded\n\
                       OLD,Old cup,100,JPY,0,,\n";

/// Four accounts, the shop's with a catalog file of these rows and these lines in [shop].
pub fn town(rows: &str, more: &str) -> Town {
    let town = Town::fresh();
    write(&town, &format!("{HEAD}{rows}"));
    let lines = format!("catalog = \"catalog.csv\"\n{more}conditions = ");
    town.configure("shop", |text| text.replacen("conditions = ", &lines, 1));
    town
}

fn write(town: &Town, text: &str) {
    // As whoever exports it should: under another name first, so that nobody reads half of it.
    fs::write(town.path("shop/catalog.new"), text).unwrap();
    fs::rename(town.path("shop/catalog.new"), town.path("shop/catalog.csv")).unwrap();
}

/// Asks for the catalog, lets both read and write, and returns what came. What is set aside stays in its mailbox.
pub fn catalog(town: &Town, words: &[&str]) -> Value {
    town.does("buyer", &[&["catalog", SHOP, "--ask"], words].concat());
    town.sync(&["shop", "buyer"]);
    town.does("buyer", &["catalog", SHOP, "--json"]).json()
}

fn skus(catalog: &Value) -> Vec<&str> {
    catalog["articles"].as_array().unwrap().iter().map(|article| article["sku"].as_str().unwrap()).collect()
}

/// Returns how many letters of a kind a party has entered, in or out.
pub fn count(town: &Town, party: &str, direction: &str, kind: &str) -> usize {
    let is = |entry: &&crate::support::accounts::Fields| {
        field(entry, "Mailorder-Direction") == direction && field(entry, "Mailorder-Kind") == kind
    };
    town.entries(party).iter().filter(is).count()
}

/// Orders and returns the order's ID.
pub fn order(town: &Town, args: &[&str]) -> String {
    let made = town.does("buyer", &[&["order", "--json", "--shop", SHOP], args].concat()).json();
    made["id"].as_str().unwrap().to_owned()
}

/// Returns the codes and lines of the reasons of the newest rejection, as they stand in the letter.
fn reasons(town: &Town) -> Vec<(String, String)> {
    let letter = town.letter("buyer", "in", "order-rejection");
    let begin = letter.find("{\r\n  \"@context\"").unwrap();
    let machine = letter[begin..].split("\r\n--part-").next().unwrap();
    let graph: Value = serde_json::from_str(machine).unwrap();
    let action = &graph["@graph"][1];
    let text = |value: &Value| value.as_str().unwrap_or("whole").to_owned();
    let lines = action["object"]["orderedItem"].as_array().cloned().unwrap_or_default();
    let whole = match &action["error"] {
        Value::Null => Vec::new(),
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let all = whole.iter().chain(&lines);
    all.map(|one| (text(&one["orderItemNumber"]), text(&one["mo:reason"]))).collect()
}

#[test]
fn a_stranger_asks_what_is_sold_and_orders_from_it_by_number_p10() {
    let town = town(CATALOG, "");
    let empty = town.does("buyer", &["catalog", SHOP, "--json"]).json();
    assert_eq!((&empty["asked"], &empty["written"], &empty["articles"]), (&json!(true), &Value::Null, &json!([])));
    // It is not asked a second time by itself.
    let again = town.does("buyer", &["catalog", SHOP]);
    assert!(again.err.contains("has not answered yet"), "{again:?}");
    town.settle();
    assert_eq!(count(&town, "buyer", "out", "catalog-request"), 1);
    let known = town.does("buyer", &["catalog", SHOP, "--json"]).json();
    assert_eq!(skus(&known), ["SH-41", "TEA-200", "KETTLE", "CUP", "POT", "SONG", "OLD"]);
    assert_eq!(
        (&known["complete"], &known["matching"], &known["seller"]),
        (&json!(true), &json!(7), &json!("日立物産"))
    );
    assert_eq!(known["conditions"], "Return within 14 days of arrival, unused");
    assert_eq!(known["articles"][4]["conditions"], "One year of guarantee");
    assert_eq!(known["articles"][3]["deliver"], json!(["parcel", "pickup"]));
    assert_eq!(known["articles"][5]["deliver"], json!(["download"]));
    let way = &known["ways"][0];
    assert_eq!((&way["pay"], &way["deliver"]), (&json!("card"), &Value::Null));
    assert_eq!(way["payment_agent"]["fingerprint"], town.fingerprint("pay"));
    assert_eq!(way["charge"], json!({"name": "Parcel delivery", "price": {"amount": "500", "currency": "JPY"}}));
    let listed = town.does("buyer", &["catalog", SHOP, "cup"]);
    assert!(
        listed.out.contains("CUP") && listed.out.contains("JPY 900") && !listed.out.contains("KETTLE"),
        "{listed:?}"
    );
    assert!(listed.out.contains("2 articles of 7 in the catalog") && listed.out.contains("second"), "{listed:?}");

    let run = town.does("buyer", &["order", "--shop", SHOP, "--item", "KETTLE", "--item", "CUP=2", "--pay", "card"]);
    assert!(run.err.contains("prices and charge are as the catalog of shop@demo.test has them, written "), "{run:?}");
    assert!(run.out.contains("JPY 38,300"), "{run:?}");
    town.settle();
    let id = town.lists("buyer", &[])[0]["id"].as_str().unwrap().to_owned();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let terms = town.show("buyer", &id)["terms"]["terms"].clone();
    assert_eq!(terms["total"], json!({"amount": "38300", "currency": "JPY"}), "{terms}");
    town.does("buyer", &["confirm", &id]);
    town.settle();
    town.check_stands("shop", &id, "open", [false; 3]);
    town.check_peace();
}

#[test]
fn who_asks_again_and_again_gets_one_answer_an_hour() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    let answered = count(&town, "shop", "out", "catalog");
    let before = town.entries("shop").len();
    for words in [&[][..], &["cup"], &["tea"]] {
        catalog(&town, words);
    }
    assert_eq!((answered, count(&town, "shop", "out", "catalog")), (1, 1));
    assert_eq!(town.entries("shop").len(), before, "what is asked too often is no entry");
    let warnings = town.does("shop", &["warnings", "--json"]).json();
    let codes: Vec<&str> =
        warnings["warnings"].as_array().unwrap().iter().map(|one| one["finding"].as_str().unwrap()).collect();
    assert_eq!(codes, ["too-often"; 3], "{warnings}");
    // A key that a person vouched for may ask more often.
    town.accept("shop", "buyer");
    catalog(&town, &["cup"]);
    assert_eq!(count(&town, "shop", "out", "catalog"), 2);
    // The same mail once more is a repeat, and answers nothing.
    let before = town.post("shop");
    town.does("buyer", &["catalog", SHOP, "--ask", "pot"]);
    let mut mails = town.post("shop");
    mails.retain(|mail| !before.contains(mail));
    let [mail] = &mails[..] else { panic!("one mail waits") };
    fs::copy(mail, mail.with_file_name("copied")).unwrap();
    town.sync(&["shop", "shop"]);
    assert_eq!(count(&town, "shop", "out", "catalog"), 3);
    assert_eq!(count(&town, "shop", "in", "catalog-request"), 3);
}

#[test]
fn a_shop_that_takes_no_strangers_tells_them_nothing() {
    let town = town(CATALOG, "");
    town.configure("shop", |text| text.replace("policy = \"first-use\"", "policy = \"pinned\""));
    let known = catalog(&town, &[]);
    assert_eq!((&known["written"], &known["articles"]), (&Value::Null, &json!([])));
    assert_eq!(count(&town, "shop", "in", "catalog-request"), 0);
    town.accept("shop", "buyer");
    town.sync(&["shop", "buyer"]);
    let known = town.does("buyer", &["catalog", SHOP, "--json"]).json();
    assert_eq!(known["matching"], 7, "what was set aside is answered when its key is accepted");
}

#[test]
fn a_catalog_too_large_for_a_letter_is_answered_as_far_as_it_goes_and_narrowed_by_words() {
    // Names of which each character takes two in JSON.
    let name = format!("\"名前 {}\"", "\\".repeat(120));
    let rows: String = (0..5000).map(|number| format!("N-{number:04},{name},{},JPY,,,\n", number + 1)).collect();
    let town = town(&rows, "");
    let known = catalog(&town, &[]);
    assert_eq!((&known["matching"], &known["complete"]), (&json!(5003), &json!(false)));
    let listed = known["listed"].as_u64().unwrap();
    assert!((100..=200).contains(&listed), "{listed}");
    let told = town.does("buyer", &["catalog", SHOP]);
    assert!(told.err.contains("5003 such articles, more than fit into one letter"), "{told:?}");
    // What the letter does not list is asked for.
    let run = town.run("buyer", &["order", "--shop", SHOP, "--item", "N-4000"]);
    assert!(run.code == Some(65) && run.err.contains("catalog shop@demo.test --ask N-4000"), "{run:?}");
    town.accept("shop", "buyer");
    let known = catalog(&town, &["N-4000"]);
    assert_eq!((skus(&known)[0], &known["words"]), ("N-4000", &json!(["N-4000"])));
    order(&town, &["--item", "N-4000=3"]);
    // An older letter still has what the newest was not asked for.
    let run = town.does("buyer", &["order", "--shop", SHOP, "--item", "TEA-200", "--dry-run"]);
    assert!(run.out.contains("煎茶 200g"), "{run:?}");
    town.settle();
    assert_eq!(town.lists("buyer", &[])[0]["state"], "offered");
}

#[test]
fn a_later_answer_about_one_article_hides_none_of_the_catalog_before_it() {
    let town = town(CATALOG, "");
    town.accept("shop", "buyer");
    let before = catalog(&town, &[]);
    write(&town, &format!("{HEAD}{}", CATALOG.replacen("CUP,Cup,900", "CUP,Cup,950", 1)));
    let known = catalog(&town, &["cup"]);
    assert_eq!(skus(&known), ["CUP", "OLD", "SH-41", "TEA-200", "KETTLE", "POT", "SONG"]);
    let articles = known["articles"].as_array().unwrap();
    assert_eq!(articles[0]["price"]["amount"], "950");
    for (article, written) in
        articles.iter().zip([[&known["written"]; 2].as_slice(), &[&before["written"]; 5]].concat())
    {
        assert_eq!(&article["written"], written, "{article}");
    }
    let listed = town.does("buyer", &["catalog", SHOP]);
    for said in
        ["JPY 950", "KETTLE", "2 articles of 2 in the catalog for cup that", "5 articles of 7 in the catalog that"]
    {
        assert!(listed.out.contains(said), "{said}: {listed:?}");
    }
    let listed = town.does("buyer", &["catalog", SHOP, "kettle"]);
    assert!(listed.out.contains("0 articles of 2 in the catalog for cup"), "{listed:?}");
    assert!(listed.out.contains("1 article of 7 in the catalog that"), "{listed:?}");
}

#[test]
fn an_order_that_differs_is_refused_with_a_reason_for_each_line_b104() {
    let town = town(CATALOG, "");
    let items = ["--item", "CUP;Cup;JPY 90;1", "--item", "POT;急須;JPY 3200;2", "--item", "GONE;Thing;JPY 5;1"];
    let more =
        ["--item", "CUP;Mug;JPY 900;1", "--item", "OLD;Old cup;JPY 100;1", "--item", "SONG;Song of tea;JPY 400;1"];
    let id = order(&town, &[&items[..], &more, &["--item", "TEA-200;煎茶 200g;JPY 1800;1"]].concat());
    town.settle();
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    let expected = [("1", "PRI"), ("2", "QTY"), ("3", "ITM"), ("4", "ITM"), ("5", "QTY"), ("6", "DEL")];
    assert_eq!(reasons(&town), expected.map(|(line, code)| (line.to_owned(), code.to_owned())));
    let status = town.does("buyer", &["status"]).out;
    for part in [
        "Line 1: The price is JPY 900, not JPY 90;",
        "Line 2: Of this article there is no more than 1 now;",
        "Line 3: This article is not sold here",
    ] {
        assert!(status.contains(part), "{status}");
    }
    let letter = town.letter("buyer", "in", "order-rejection");
    assert!(letter.contains("line 1: The price is JPY 900, not JPY 90. (PRI)"), "people read it, too: {letter}");
    // Nothing was begun with anybody.
    assert!(town.lists("pay", &[]).is_empty() && town.lists("ship", &[]).is_empty());
}

#[test]
fn a_fraction_of_a_piece_is_refused_unless_the_article_is_sold_by_measure() {
    let head = HEAD.replacen("stock", "increment,stock", 1);
    let town = town("", "partial = \"offer\"\n");
    write(&town, &format!("{head}CUP,Cup,900,JPY,,5,,\nROPE,Rope,200,JPY,0.5,2.3,,\n"));
    for (item, why) in [
        ("CUP;Cup;JPY 900;0.5", "This article is sold in whole pieces, not in 0.5."),
        ("KETTLE;Iron kettle;JPY 36000;0.001", "This article is sold in whole pieces, not in 0.001."),
        ("ROPE;Rope;JPY 200;0.25", "This article is sold in multiples of 0.5, not in 0.25."),
    ] {
        let id = order(&town, &["--item", item]);
        town.settle();
        town.check_stands("buyer", &id, "rejected", [false; 3]);
        assert_eq!(reasons(&town), [("1".to_owned(), "QTY".to_owned())], "{item}");
        let letter = town.letter("buyer", "in", "order-rejection");
        assert!(letter.contains(why), "{why}: {letter}");
    }
    // By measure it is sold; of what is left no fraction of a measure is offered.
    let id = order(&town, &["--item", "ROPE;Rope;JPY 200;1.5", "--charge", "Parcel delivery;JPY 500"]);
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let id = order(&town, &["--item", "ROPE;Rope;JPY 200;9", "--charge", "Parcel delivery;JPY 500"]);
    town.settle();
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("Rope ×2 ") || shown.contains("Rope ×2\n"), "{shown}");
    let listed = town.does("shop", &["shop", "catalog", "list", "--json"]).json();
    let increments: Vec<&Value> =
        listed["articles"].as_array().unwrap().iter().map(|article| &article["increment"]).collect();
    assert_eq!(increments, ["1", "1", "1", "1", "0.5"], "{listed}");
}

#[test]
fn an_unknown_method_is_refused_with_the_code_of_the_method_p25() {
    let town = town("", "");
    let agents = town.agents("pay", "ship");
    let steps = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n";
    town.procedures(&[&format!("payment = \"card\"\ndelivery = \"parcel\"\n{steps}{agents}")]);
    for (pay, deliver, code) in [("shells", "parcel", "PAY"), ("card", "camel", "DEL"), ("shells", "camel", "PAY")] {
        let id = order(&town, &["--item", "TEA-200;煎茶 200g;JPY 1800;1", "--pay", pay, "--deliver", deliver]);
        town.settle();
        town.check_stands("buyer", &id, "rejected", [false; 3]);
        assert_eq!(reasons(&town), [("whole".to_owned(), code.to_owned())], "{pay} {deliver}");
    }
    assert_eq!(count(&town, "shop", "out", "payment-instruction"), 0);
}

#[test]
fn what_there_is_of_an_order_is_offered_and_the_buyer_decides() {
    let town = town(CATALOG, "partial = \"offer\"\n");
    town.configure("buyer", |text| text.replace("[buyer]\n", "[buyer]\nconfirm = \"matching\"\n"));
    let charge = ["--charge", "Parcel delivery;JPY 500"];
    let items =
        ["--item", "CUP;Cup;JPY 900;9", "--item", "GONE;Thing;JPY 5;1", "--item", "TEA-200;煎茶 200g;JPY 1800;1"];
    let id = order(&town, &[&items[..], &charge].concat());
    town.settle();
    // Five cups and the tea are offered; who has terms accepted that match is asked all the same.
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let found = warnings["warnings"].as_array().unwrap();
    assert!(!found.is_empty() && found.iter().all(|one| one["finding"] == "terms-differ-from-order"), "{warnings}");
    let text = warnings.to_string();
    for part in ["line 1 quantity: ordered 9, offered 5", "line 2: ordered Thing, offered nothing"] {
        assert!(text.contains(part), "{text}");
    }
    // Why, the terms say of each line, for programs and for people.
    let terms = town.letter("buyer", "in", "transaction-info");
    assert_eq!(town.check_reasons(), ["ITM", "QTY"]);
    assert!(terms.contains("line 2: This article is not sold here. (ITM)"), "{terms}");
    let why = ["Line 1: Of this article there is no more than 5 now", "Line 2: This article is not sold here"];
    for command in [&["show", &id][..], &["confirm", &id, "--dry-run"]] {
        let run = town.does("buyer", command);
        assert!(why.iter().all(|why| run.out.contains(why)), "{run:?}");
    }
    let offer = town.does("buyer", &["confirm", &id, "--dry-run", "--json"]).json();
    let codes: Vec<Value> = ["1", "2"].iter().zip(["QTY", "ITM"]).map(|(line, code)| json!([line, code])).collect();
    let short: Vec<Value> =
        offer["short"].as_array().unwrap().iter().map(|one| json!([one["line"], one["code"]])).collect();
    assert_eq!(short, codes, "{offer}");
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("not applied") && shown.contains("Cup ×5") && shown.contains("JPY 6,800"), "{shown}");
    let warning = found[0]["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["warnings", "accept", &warning, "--reason", "five are enough"]);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.check_stands("shop", &id, "open", [false; 3]);
    // The same again is a matter of cancelling.
    let id = order(&town, &[&items[..], &charge].concat());
    town.settle();
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.check_stands("shop", &id, "cancelled", [false; 3]);
}

#[test]
fn of_nothing_or_at_another_price_no_part_is_offered_and_a_card_is_asked_for_the_part_alone() {
    let town = town(CATALOG, "partial = \"offer\"\n");
    town.accept("shop", "buyer");
    let id = order(&town, &["--item", "OLD;Old cup;JPY 100;1", "--item", "GONE;Thing;JPY 5;1"]);
    town.settle();
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    assert_eq!(reasons(&town), [("1".to_owned(), "QTY".to_owned()), ("2".to_owned(), "ITM".to_owned())]);
    let id = order(&town, &["--item", "CUP;Cup;JPY 90;1", "--item", "GONE;Thing;JPY 5;1"]);
    town.settle();
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    // Two lines of one article share its stock.
    let cups = ["--item", "CUP;Cup;JPY 900;3", "--item", "CUP;Cup;JPY 900;3"];
    let id = order(&town, &[&cups[..], &["--pay", "card"]].concat());
    town.settle();
    let asked = town.letter("pay", "in", "authorization-request");
    assert!(asked.contains("Mailorder-Kind: authorization-request") && asked.contains("JPY 5000"), "{asked}");
    let offered = town.does("buyer", &["show", &id]).out;
    assert!(offered.contains("Cup ×2") && offered.contains("JPY 5,000"), "{offered}");
}

#[test]
fn a_changed_file_counts_at_once_and_a_bad_one_ends_with_its_place() {
    let town = town(CATALOG, "");
    write(&town, &format!("{HEAD}CUP,Cup,950,JPY,5,,\n"));
    let id = order(&town, &["--item", "CUP;Cup;JPY 900;1"]);
    town.settle();
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    write(&town, &format!("{HEAD}CUP,Cup,950,JPY,5,,\nPOT,Pot,9.50,JPY,,,\n"));
    let id = order(&town, &["--item", "CUP;Cup;JPY 950;1", "--charge", "Parcel delivery;JPY 500"]);
    for _ in 0..2 {
        let run = town.run("shop", &["sync"]);
        assert_eq!(run.code, Some(78), "{run:?}");
        assert!(run.err.contains("catalog.csv:3:9: ") && run.err.contains("more decimals than JPY"), "{run:?}");
    }
    // What only reads is not kept from it, and no mail is lost.
    town.does("shop", &["list"]);
    write(&town, &format!("{HEAD}CUP,Cup,950,JPY,5,,\n"));
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    fs::remove_file(town.path("shop/catalog.csv")).unwrap();
    let run = town.run("shop", &["sync"]);
    assert!(run.code == Some(78) && run.err.contains("catalog.csv"), "{run:?}");
}

#[test]
fn who_stays_connected_goes_on_with_the_last_good_file_and_tells_once() {
    let town = town(CATALOG, "");
    let settings = config::load(&town.path("shop/config.toml"), &Environment::default()).unwrap();
    let mut clerk = Clerk::open(settings, Clock::system()).unwrap();
    clerk.look_at_catalog().unwrap();
    let price = |clerk: &Clerk| {
        let shop = clerk.settings().practice.shop.as_ref().unwrap();
        shop.articles.find("CUP").map(|article| article.price.to_string())
    };
    assert_eq!(price(&clerk).as_deref(), Some("JPY 900"));
    write(&town, &format!("{HEAD}CUP,Cup,9O0,JPY,,,\n"));
    for told in [1, 0] {
        clerk.take_in().unwrap();
        let notes = clerk.take_notes();
        assert_eq!(notes.len(), told, "{notes:?}");
        assert!(notes.iter().all(|note| note.contains("catalog.csv:2:9: ") && note.contains("holds on")), "{notes:?}");
        assert_eq!(price(&clerk).as_deref(), Some("JPY 900"));
    }
    write(&town, &format!("{HEAD}CUP,Cup,970,JPY,,,\n"));
    clerk.take_in().unwrap();
    assert_eq!(price(&clerk).as_deref(), Some("JPY 970"));
    assert!(clerk.settings().practice.shop.as_ref().unwrap().articles.find("POT").is_none());
    assert!(clerk.settings().practice.shop.as_ref().unwrap().articles.find("SH-41").is_some());
}

#[test]
fn the_shop_checks_and_lists_its_own_catalog() {
    let town = town(CATALOG, "");
    let run = town.does("shop", &["shop", "catalog", "check"]);
    assert!(run.out.contains("catalog.csv: 4 articles, nothing wrong"), "{run:?}");
    let listed = town.does("shop", &["shop", "catalog", "list"]).out;
    assert!(listed.contains("KETTLE") && listed.contains("急須") && listed.contains("parcel, pickup"), "{listed}");
    let listed = town.does("shop", &["shop", "catalog", "list", "cup", "--json"]).json();
    assert_eq!(skus(&listed), ["CUP", "OLD"]);
    assert_eq!((&listed["articles"][0]["stock"], &listed["articles"][1]["stock"]), (&json!("5"), &json!("0")));
    write(&town, &format!("{HEAD}CUP,Cup,9,JPY,-1,,\nSH-41,Shirt,9,JPY,,,\nPOT,Pot,9,YEN,,,\n"));
    let run = town.run("shop", &["shop", "catalog", "check"]);
    assert_eq!(run.code, Some(78), "{run:?}");
    for part in ["catalog.csv:2:15: ", "catalog.csv:3:1: ", "catalog.csv:4:11: "] {
        assert!(run.err.contains(part), "{run:?}");
    }
    let run = town.run("shop", &["config", "check"]);
    assert!(run.code == Some(78) && run.err.contains("catalog.csv:4:11: "), "{run:?}");
    let run = town.run("buyer", &["shop", "catalog", "list"]);
    assert_eq!(run.code, Some(78), "{run:?}");
}

#[test]
fn an_index_built_anew_has_the_same_rows_of_catalogs() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    order(&town, &["--item", "CUP=9"]);
    town.settle();
    for party in ["shop", "buyer"] {
        let settings = config::load(&town.path(party).join("config.toml"), &Environment::default()).unwrap();
        let mut clerk = Clerk::open(settings, Clock::system()).unwrap();
        let grown = clerk.index().dump().unwrap();
        assert!(grown.contains("\tcatalog\t") && grown.contains("\tcatalog-request\t"), "{party}");
        clerk.reindex().unwrap();
        assert_eq!(clerk.index().dump().unwrap(), grown, "{party}");
    }
    assert_eq!(town.does("buyer", &["catalog", SHOP, "--json"]).json()["matching"], 7);
}

#[test]
fn the_conditions_of_an_article_stand_in_the_terms_that_the_buyer_says_ok_to() {
    let town = town(CATALOG, "");
    let item = |sku: &str, name: &str, price: &str| format!("{sku};{name};{price};1");
    let (pot, kettle) = (item("POT", "急須", "JPY 3200"), item("KETTLE", "Iron kettle", "JPY 36000"));
    let order = |items: &[&str]| {
        let mut words =
            vec!["order", "--json", "--shop", SHOP, "--pay", "invoice", "--charge", "Parcel delivery;JPY 500"];
        words.extend(items.iter().flat_map(|item| ["--item", item]));
        let id = town.does("buyer", &words).json()["id"].as_str().unwrap().to_owned();
        town.settle();
        town.show("buyer", &id)["terms"]["terms"]["conditions"].as_str().unwrap().to_owned()
    };
    let shop = "Return within 14 days of arrival, unused";
    assert_eq!(order(&[&kettle]), shop);
    assert_eq!(order(&[&pot, &kettle]), format!("{shop}\n急須: One year of guarantee"));
}

#[test]
fn conditions_in_lines_longer_than_mail_has_arrive_word_for_word() {
    // A line of mail has 998 bytes at most; letters in between are parted where it ends.
    let town = town("", "");
    let conditions = format!("{} {}", "返品は到着後14日以内。".repeat(30), "x".repeat(1_030));
    assert!((1_990..=2_000).contains(&conditions.len()), "{}", conditions.len());
    town.configure("shop", |text| text.replacen("Return within 14 days of arrival, unused", &conditions, 1));
    let charge = ["--charge", "Parcel delivery;JPY 500"];
    let id = order(&town, &[&["--item", "TEA-200;煎茶 200g;JPY 1800;1", "--pay", "invoice"][..], &charge].concat());
    town.settle();
    assert_eq!(town.show("buyer", &id)["terms"]["terms"]["conditions"], conditions.as_str());
    let letter = town.letter("buyer", "in", "transaction-info");
    assert!(letter.contains("xxxx") && letter.lines().all(|line| line.len() <= 998), "{letter}");
    assert_eq!(catalog(&town, &[])["conditions"], conditions.as_str());
    town.check_peace();
}
