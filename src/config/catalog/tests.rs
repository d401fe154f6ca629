//! What is wrong with catalog files, each with its place.

use std::path::Path;

use super::*;
use crate::trade::Quantity;
use crate::trade::item::{Item, Stock};

fn read_bytes(name: &str, bytes: &[u8]) -> Result<CatalogFile, CatalogFaults> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    read(&file, &Articles::default())
}

fn good(name: &str, text: &str) -> Vec<Article> {
    read_bytes(name, text.as_bytes()).unwrap_or_else(|faults| panic!("{:?}", faults.faults)).into_articles()
}

/// Returns the faults as `LINE:COLUMN: WHAT`.
fn faults(name: &str, bytes: &[u8]) -> Vec<String> {
    let found = read_bytes(name, bytes).expect_err("there is a fault");
    let said = found.faults.iter().map(|fault| match fault {
        ConfigError::Place { line, column, what, .. } => format!("{line}:{column}: {what}"),
        other => other.to_string(),
    });
    said.collect()
}

/// Checks that the one fault of a CSV file stands at a place and says this.
fn check_fault(text: &str, place: &str, what: &str) {
    let found = faults("catalog.csv", text.as_bytes());
    let fits = |fault: &String| fault.starts_with(&format!("{place}: ")) && fault.contains(what);
    assert!(found.len() == 1 && found.iter().all(fits), "{text:?}: {found:?}, expected {place}: {what}");
}

const HEAD: &str = "sku,name,price,currency,stock,delivery,conditions\n";

#[test]
fn csv_and_json_say_the_same() {
    let csv = good(
        "catalog.csv",
        &format!(
            "{HEAD}SH-41,\"Shirt, white\",4300,JPY,12,parcel pickup,\nPDF-1,取扱説明書,19.90,EUR,,download,\"No return,\nonce loaded\"\nOLD,Old one,1,JPY,0,,\n"
        ),
    );
    let json = good(
        "catalog.json",
        r#"[
  {"sku": "SH-41", "name": "Shirt, white", "price": 4300, "currency": "JPY", "stock": 12, "delivery": ["parcel", "pickup"]},
  {"sku": "PDF-1", "name": "取扱説明書", "price": "19.90", "currency": "EUR", "delivery": "download",
   "conditions": "No return,\nonce loaded", "stock": null},
  {"sku": "OLD", "name": "Old one", "price": "1", "currency": "JPY", "stock": "0"}
]"#,
    );
    assert_eq!(csv, json);
    let [shirt, manual, old] = csv.as_slice() else { panic!("three articles") };
    assert_eq!(shirt.item, Item { sku: Some("SH-41".to_owned()), name: "Shirt, white".to_owned() });
    assert_eq!(
        (shirt.price.to_string().as_str(), shirt.stock),
        ("JPY 4300", Stock::Left(Quantity::parse("12").unwrap()))
    );
    assert_eq!(
        (manual.price.to_string().as_str(), manual.stock, old.stock),
        ("EUR 19.90", Stock::Uncounted, Stock::Out)
    );
    assert_eq!(manual.conditions.as_deref(), Some("No return,\nonce loaded"));
}

#[test]
fn marks_line_ends_and_delimiters_of_spreadsheets_are_read() {
    let rows = "sku;name;currency;price\r\nA;Cup, blue;JPY;900\r\n\r\nB;\"Say \"\"tea\"\"\";EUR;1.5\r\n";
    let mut marked = vec![0xef, 0xbb, 0xbf];
    marked.extend(rows.as_bytes());
    let read = read_bytes("catalog.csv", &marked).unwrap().into_articles();
    let names: Vec<&str> = read.iter().map(|article| article.item.name.as_str()).collect();
    assert_eq!(names, ["Cup, blue", "Say \"tea\""]);
    assert_eq!(good("catalog.csv", "Sku\tName\tPrice\tCurrency\nA\tCup\t900\tJPY\n").len(), 1);
    assert!(good("catalog.csv", HEAD).is_empty() && good("catalog.json", "[]").is_empty());
    let mut json = vec![0xef, 0xbb, 0xbf];
    json.extend(b"[\r\n]\r\n");
    assert!(read_bytes("catalog.json", &json).unwrap().is_empty());
}

#[test]
fn a_bad_cell_is_told_with_line_and_column() {
    let row = |row: &str| format!("{HEAD}A,Cup,900,JPY,,,\n{row}\n");
    check_fault(&row("B,Pot,19.90,JPY,,,"), "3:7", "more decimals than JPY allows");
    check_fault(&row("B,Pot,\"1,990\",JPY,,,"), "3:7", "not a plain decimal number");
    check_fault(&row("B,Pot,１９,JPY,,,"), "3:7", "not a plain decimal number");
    check_fault(&row("B,Pot,-5,JPY,,,"), "3:7", "below zero");
    check_fault(&row("B,Pot,5,YEN,,,"), "3:9", "ISO 4217");
    check_fault(&row("B,Pot,5,,,,"), "3:9", "the currency is missing");
    check_fault(&row("B,  ,5,JPY,,,"), "3:3", "the name is missing");
    check_fault(&row("B,Pot,5,JPY,-1,,"), "3:13", "below zero");
    check_fault(&row("B,Pot,5,JPY,many,,"), "3:13", "stock");
    let measured = |increment: &str| format!("sku,name,price,currency,increment\nA,Rope,200,JPY,{increment}\n");
    assert_eq!(good("catalog.csv", &measured("0.5"))[0].increment.to_string(), "0.5");
    assert_eq!(good("catalog.csv", &measured(""))[0].increment, Quantity::ONE);
    for wrong in ["0", "-1", "some", "1/2"] {
        check_fault(&measured(wrong), "2:16", "increment");
    }
    check_fault(&row("B,急須,5,JPY,,Horse,"), "3:13", "delivery method");
    check_fault(&row("A,Pot,5,JPY,,,"), "3:1", "stands twice, first in line 2");
    check_fault(&row("B,Pot,5,JPY"), "3:1", "4 cells, the first row has 7");
    check_fault(&row("B,P\u{7}t,5,JPY,,,"), "3:3", "U+0007");
    // Rows may be longer than lines: the place is that of the text.
    check_fault(&format!("{HEAD}A,\"a\nb\",1,JPY,,,\n"), "2:3", "U+000A");
    check_fault(&format!("{HEAD}A,Cup,1,JPY,,,\"a\nb\"\nB,Pot,x,JPY,,,\n"), "4:7", "plain decimal");
    check_fault("sku,name,price,currency\r\n\r\nA,Cup,x,JPY\r\n", "3:7", "plain decimal");
}

#[test]
fn a_bad_first_row_is_told() {
    check_fault("", "1:1", "empty");
    check_fault("sku,name,price,currency,colour\nA,Cup,1,JPY,red\n", "1:25", "\"colour\" is no column of a catalog");
    check_fault("sku,name,price\nA,Cup,1\n", "1:1", "there is no column currency");
    check_fault("sku,name,sku,price,currency\n", "1:10", "the column sku stands twice");
}

#[test]
fn other_encodings_are_named_and_never_converted() {
    let japanese = format!("{HEAD}A,煎茶,900,JPY,,,\n");
    for (encoding, name) in [(encoding_rs::SHIFT_JIS, "Shift_JIS"), (encoding_rs::EUC_JP, "EUC-JP")] {
        let (bytes, ..) = encoding.encode(&japanese);
        let found = faults("catalog.csv", &bytes);
        assert!(found.len() == 1 && found[0].starts_with("2:3: ") && found[0].contains(name), "{found:?}");
    }
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode("sku,name,price,currency\nA,Crème brûlée,5,EUR\n");
    let found = faults("catalog.csv", &bytes);
    assert!(found[0].starts_with("2:5: ") && found[0].contains("Windows-1252"), "{found:?}");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("sku".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert!(faults("catalog.csv", &utf16)[0].contains("UTF-16"));
    assert!(faults("catalog.csv", b"sku,name\0")[0].contains("NUL"));
}

#[test]
fn a_cell_of_a_megabyte_and_a_quote_that_never_ends_are_one_line_each() {
    let huge = format!("{HEAD}A,{},900,JPY,,,\n", "x".repeat(1024 * 1024));
    check_fault(&huge, "2:3", "the name has 1048576 bytes, where at most 400 may be");
    let open = format!("{HEAD}A,\"Cup,900,JPY,,,\nB,Pot,900,JPY,,,\n");
    check_fault(&open, "2:1", "this row has 2 cells");
}

#[test]
fn json_that_is_wrong_is_told_with_its_place() {
    let check = |text: &str, place: &str, what: &str| {
        let found = faults("catalog.json", text.as_bytes());
        assert!(found.iter().any(|one| one.starts_with(place) && one.contains(what)), "{text}: {found:?}");
    };
    check("{\"sku\": \"A\"}", "1:1", "one list");
    check("[{\"sku\": \"A\"", "1:12", "EOF");
    check("[\n{\"sku\": \"A\", \"name\": \"Cup\", \"price\": 1.5, \"currency\": \"EUR\"}\n]", "2:", "string, like");
    check("[\n {\"sku\":\"A\",\"name\":\"Cup\",\"price\":\"1.5\",\"currency\":\"JPY\"}\n]", "2:26", "more decimals");
    check("[{\"sku\":\"A\",\"sku\":\"B\"}]", "1:", "duplicate field `sku`");
    check("[{\"sku\":\"A\",\"color\":\"B\"}]", "1:", "unknown field `color`");
    check("[{\"sku\":\"A\",\"name\":\"x\",\"price\":\"1\",\"currency\":\"JPY\"} {}]", "1:54", "comma");
    check("[] x", "1:4", "behind the end");
    check("[", "1:2", "not ended");
}

#[test]
fn numbers_of_the_configuration_and_methods_without_a_procedure_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.csv");
    std::fs::write(&file, format!("{HEAD}A,Cup,900,JPY,,parcel,\nB,Pot,900,JPY,,parcel camel,\n")).unwrap();
    let item = Item { sku: Some("B".to_owned()), name: "Other".to_owned() };
    let own = Articles::own(vec![Article::plain(item, Money::parse_line("JPY 1").unwrap())]);
    let found = read(&file, &own).unwrap_err();
    assert!(
        found.first().contains("catalog.csv:3:1: ") && found.first().contains("[[shop.article]]"),
        "{}",
        found.first()
    );
    let settings = crate::config::parse(
        "address = \"a@shop.example\"\nname = \"A\"\nroles = [\"shop\", \"payment\", \"delivery\"]\n[storage]\nfolder = \".\"\n[shop]\n\
         [[shop.procedure]]\ndelivery = \"parcel\"\nsteps = [\"terms\", \"payment\", \"delivery\"]\n",
        Path::new("/x/config.toml"),
        &crate::config::Environment::default(),
    )
    .unwrap();
    let problems = read(&file, &Articles::default()).unwrap().problems(&settings.practice.shop.unwrap().procedures);
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(said.len() == 1 && said[0].contains("catalog.csv:3:16: ") && said[0].contains("camel"), "{said:?}");
}

#[test]
fn of_many_faults_the_first_hundred_are_told_and_the_rest_counted() {
    let rows: String = (0..250).map(|number| format!("A{number},Cup,x,JPY,,,\n")).collect();
    let found = read_bytes("catalog.csv", format!("{HEAD}{rows}").as_bytes()).unwrap_err();
    assert_eq!((found.faults.len(), found.more), (100, 150));
    assert!(found.first().contains("(and 249 more"), "{}", found.first());
}

#[test]
fn fifty_thousand_articles_are_each_found_by_number() {
    let rows: String = (0..50_000).map(|number| format!("N-{number},Article {number},{number},JPY,,,\n")).collect();
    let articles = Articles::default().with_file(good("catalog.csv", &format!("{HEAD}{rows}")));
    assert_eq!(articles.list().len(), 50_000);
    assert_eq!(articles.find("N-49999").map(|article| article.price.to_string()).as_deref(), Some("JPY 49999"));
}
