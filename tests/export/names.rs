//! Names as strangers may choose them: in no form do they become anything but a name.

use jiff::tz::TimeZone;
use mailorder::rules::query::Query;
use mailorder::trade::document::Confirmation;
use mailorder::trade::{Digest, Document, Letter, Role, Transaction, Verdict};
use mailorder::view::export::{Export, Format, Labels, Wanted};
use mailorder::view::harmless::{escape, wants_code};
use proptest::prelude::*;

use super::{calendar, rows};
use crate::support::trade::{
    Desk, at, bank, buyer, content, done, jpy, letter, lines, order, order_letter, payment, payment_status, shop,
    status, terms,
};

/// Names that have broken exports elsewhere.
pub const HOSTILE: [&str; 24] = [
    "日立物産",
    "=cmd|' /C calc'!A0",
    "+1-1",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "＝1＋1",
    "Tea;=1+1; \"=2\"",
    "\t=1+1",
    "\r=1+1",
    "Shop; note: x",
    "Shop  ; date:2020-01-01",
    "Shop\n    assets:cash  JPY -1000000\n    expenses:goods  JPY 1000000",
    "Shop\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:forged",
    "(123) Shop",
    "* Shop",
    "! Shop | forged",
    "[2020-01-01] Shop {x} <y> \"z\"",
    "   leading   and   trailing   ",
    "say \"hi\", and \"\"go\"\"",
    "\u{1b}[2J\u{9b}31m\u{7}",
    "\u{202e}gnp.exe\u{2028}next\u{2029}\u{85}line",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{200b}\u{feff}",
    "include /etc/passwd",
    "",
];

/// Returns a purchase of three things at a shop and of things of this name, paid in part.
pub fn bought(name: &str) -> Transaction {
    let goods = || {
        let mut goods = lines();
        goods.iter_mut().for_each(|line| line.item.name = name.to_owned());
        goods
    };
    let wished =
        Letter { document: Document::Order(mailorder::trade::Order { lines: goods(), ..order() }), ..order_letter() };
    let mut desk = Desk::new(&buyer());
    desk.writes(Role::Buyer, &wished);
    let agreed = mailorder::trade::Terms { seller: name.to_owned(), lines: goods(), ..terms() };
    let offer = Letter {
        order: wished.order.clone(),
        answers: Some(content(&wished)),
        ..letter(&shop(), &buyer(), Document::TransactionInfo(agreed))
    };
    assert_eq!(desk.takes(&offer).verdict, Verdict::Applied, "{name:?}");
    let digest: Option<Digest> = Some(content(&offer));
    let ok = Document::Confirmation(Confirmation { total: jpy(4800) });
    desk.writes(Role::Buyer, &Letter { seq: Some(2), terms: digest, answers: digest, ..letter(&buyer(), &shop(), ok) });
    let paid = payment_status(jpy(2800), vec![payment(name, jpy(2000), done("2026-07-20"))]);
    let said = Letter { terms: digest, ..status(&bank(), 1, "2026-07-21", false, paid) };
    assert_eq!(desk.takes(&said).verdict, Verdict::Applied, "{name:?}");
    desk.transaction().clone()
}

pub fn wanted(format: Format, spreadsheet: bool) -> Wanted {
    let (query, labels, zone) = (Query::default(), Labels::default(), TimeZone::UTC);
    Wanted { role: Role::Buyer, query, format, spreadsheet, labels, now: at("2026-08-01"), zone }
}

pub fn export(transactions: &[Transaction], format: Format, spreadsheet: bool) -> String {
    String::from_utf8(Export::of(transactions, wanted(format, spreadsheet))).unwrap()
}

/// Returns a journal without what others chose: the words of its descriptions.
fn bare(journal: &str) -> Vec<String> {
    let line = |line: &str| match line.split_once(") ") {
        Some((head, _)) if line.starts_with("20") => head.to_owned(),
        _ => line.to_owned(),
    };
    journal.lines().map(line).collect()
}

/// Checks a cell of the table: nothing in it begins a formula, even where semicolons part cells, nothing steers or hides, and
/// the name can be read in it.
pub fn check_cell(cell: &str, name: &str) {
    for part in cell.split(';') {
        let first = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"').chars().next();
        assert!(!first.is_some_and(|c| "=+-@＝＋－＠\t\r\n".contains(c)), "{cell:?}");
    }
    assert!(!cell.chars().any(wants_code), "{cell:?}");
    assert_eq!(cell.replace('\'', ""), escape(name).replace('\'', ""));
}

fn check(name: &str) {
    let (plain, hostile) = ([bought("Plain")], [bought(name)]);
    let journal = export(&hostile, Format::Hledger, false);
    assert_eq!(bare(&journal), bare(&export(&plain, Format::Hledger, false)), "{name:?}");
    for line in journal.lines().filter(|line| line.starts_with("20")) {
        assert!(!line.chars().any(|c| c.is_control() || c == ';') && !line.contains("  "), "{line:?}");
        assert_eq!(line.matches('|').count(), 1, "{line:?}");
    }
    for spreadsheet in [false, true] {
        let table = export(&hostile, Format::Csv, spreadsheet);
        let row = &rows(table.strip_prefix('\u{feff}').unwrap_or(&table))[0];
        check_cell(&row["shop_name"], name);
        // Of several things bought, each name.
        let goods: String = lines().iter().map(|line| format!("; {name} ×{}", line.quantity)).collect();
        check_cell(&row["goods"], &goods[2..]);
        assert_eq!((row["total"].as_str(), row["unpaid"].as_str(), row["currency"].as_str()), ("4800", "2800", "JPY"));
        assert_eq!(table.starts_with('\u{feff}'), spreadsheet);
    }
    let lines = export(&hostile, Format::Jsonl, false);
    assert_eq!(lines.matches('\n').count(), 1, "{lines:?}");
    assert!(!lines.trim_end().chars().any(char::is_control), "{lines:?}");
    let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
    assert_eq!((line["shop_name"].as_str(), line["lines"][0]["name"].as_str()), (Some(name), Some(name)));
    let events = calendar(&export(&hostile, Format::Ics, false));
    let names =
        |lines: &[String]| lines.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&events), names(&calendar(&export(&plain, Format::Ics, false))), "{name:?}");
}

#[test]
fn names_that_broke_other_exports_are_names_here() {
    // B89, B90, B93
    for name in HOSTILE {
        check(name);
    }
}

/// Makes names of what ends, parts, begins or hides something in one of the forms, and of anything else.
fn names() -> impl Strategy<Value = String> {
    let parts = [
        ";",
        "|",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "*",
        "!",
        "=",
        "+",
        "-",
        "@",
        ",",
        "\"",
        "'",
        "\\",
        ":",
        "\u{85}",
        "\u{a0}",
        "\u{3000}",
        "\u{2028}",
        "\u{202e}",
        "\u{1b}[",
        "\u{0}",
        "\u{7f}",
        "date:",
        "JPY 1",
        "2026-01-01",
        "シ",
        "END:VEVENT",
        "e\u{301}",
        "😀",
    ];
    let part = prop_oneof![4 => proptest::sample::select(parts.to_vec()).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::tried(300, 10_000)))]
    #[test]
    fn no_name_breaks_a_form_or_adds_to_it(name in names()) {
        check(&name);
    }
}
