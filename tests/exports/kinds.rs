//! Each kind of bad input in a row by itself, as CSV and as JSON Lines alike: one clear line with its place, nothing
//! sent for it, the row behind it followed (exit 65). What only looks odd (a byte order mark, Windows line ends) is
//! followed.

use super::{check_silent, entries, file, mart};
use crate::support::program::Town;

/// What the rows of a part are called; the bad row is written for both.
const SHOP: &str = "txn,event_id,planned,shipped,tracking";
const PAY: &str = "txn,event_id,planned,paid,amount,currency";

/// One kind of bad row.
struct Kind {
    name: &'static str,
    part: &'static str,
    csv: Vec<u8>,
    json: Vec<u8>,
    /// What is said of it, in both.
    says: [&'static str; 2],
}

fn kind(name: &'static str, part: &'static str, rows: [String; 2], says: [&'static str; 2]) -> Kind {
    let [csv, json] = rows.map(String::into_bytes);
    Kind { name, part, csv, json, says }
}

/// Returns every kind; an event `E-1` came before and said another day.
fn kinds(number: &str) -> Vec<Kind> {
    let x = "x".repeat(1_000_000);
    let plain = |row: &str| row.replace("NO", number);
    let both = |says: &'static str| [says, says];
    let date = |name: &'static str, text: &str| {
        let rows = [plain(&format!("NO,,,{text},")), plain(&format!(r#"{{"txn":"NO","shipped":"{text}"}}"#))];
        kind(name, "shop", rows, both("is no date like 2026-11-08T17:40:00+09:00"))
    };
    let shift_jis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    vec![
        kind(
            "wrong columns",
            "shop",
            [plain("NO,,2030-01-01,,,one too many"), plain(r#"{"txn":"NO","planed":"2030-01-01"}"#)],
            ["the row has 6 cells, the header 5", "did you mean \"planned\"?"],
        ),
        Kind {
            name: "Shift_JIS",
            part: "shop",
            csv: shift_jis(&plain("NO,,,now,追跡番号")),
            json: shift_jis(&plain(r#"{"txn":"NO","shipped":true,"tracking":"追跡番号"}"#)),
            says: both("iconv -f CP932 -t UTF-8"),
        },
        kind(
            "1 MB in one place",
            "shop",
            [plain(&format!("NO,,,now,{x}")), plain(&format!(r#"{{"txn":"NO","shipped":true,"tracking":"{x}"}}"#))],
            both("the row has more than 256 KiB"),
        ),
        kind(
            "a duplicate event",
            "shop",
            [plain("NO,E-1,2030-01-01,,"), plain(r#"{"txn":"NO","event_id":"E-1","planned":"2030-01-01"}"#)],
            both("the event E-1 came before and said something else"),
        ),
        kind(
            "an unknown transaction",
            "shop",
            ["NOSUCH,,2030-01-01,,".to_owned(), r#"{"txn":"NOSUCH","planned":"2030-01-01"}"#.to_owned()],
            both("no transaction with the number NOSUCH is known here to the shop"),
        ),
        kind(
            "a date without a zone",
            "shop",
            [plain("NO,,,2026-11-08 10:00:00,"), plain(r#"{"txn":"NO","shipped":"2026-11-08 10:00:00"}"#)],
            both("has no zone"),
        ),
        date("an offset of more than a day", "2026-11-29T10:00:00+25:59"),
        date("an offset with seconds", "2026-11-29T10:00:00+09:00:30"),
        date("an hour without minutes", "2026-11-29T10+09:00"),
        date("a date without its lines", "20261129T100000+0900"),
        date("a leap second", "2026-11-29T10:00:60+09:00"),
        kind(
            "a price with separators of thousands",
            "pay",
            [plain("NO,,,now,\"1,900\",JPY"), plain(r#"{"txn":"NO","paid":true,"amount":"1,900","currency":"JPY"}"#)],
            both("write it without separators of thousands"),
        ),
    ]
}

/// Follows a bad row alone, then with a good one behind it; returns what is wrong with what came of it.
fn faults(town: &Town, kind: &Kind, name: &str, bad: &[u8], good: &str, says: &str) -> Vec<String> {
    let header = match (name.ends_with(".csv"), kind.part) {
        (false, _) => "",
        (true, "shop") => SHOP,
        (true, _) => PAY,
    };
    let line = if header.is_empty() { 1 } else { 2 };
    let begin = [header.as_bytes(), if header.is_empty() { b"" } else { b"\n" }, bad, b"\n"].concat();
    let mut faults = Vec::new();
    let mut check = |is: bool, what: String| {
        if !is {
            faults.push(format!("{}, {name}: {what}", kind.name));
        }
    };
    for (content, sends) in [(begin.clone(), false), ([begin, format!("{good}\n").into_bytes()].concat(), true)] {
        let path = file(town, name, content);
        let before = entries(town, "mart");
        let run = town.run("mart", &[kind.part, "notify", "--from", &path, "--offline"]);
        let said: Vec<&str> = run.err.lines().collect();
        let place = format!("mailorder: {path}:{line}: row 1");
        check(run.code == Some(65), format!("{:?}", run.code));
        let first = said.first().copied().unwrap_or_default();
        check(first.starts_with(&place) && first.contains(says), format!("said {said:?}"));
        check(said.len() == 3, format!("one line, the sum and a hint: {said:?}"));
        check(first.chars().count() < 600, format!("{} characters", first.chars().count()));
        check((entries(town, "mart") > before) == sends, format!("sent more than the good row: {sends}"));
    }
    faults
}

#[test]
fn each_kind_of_bad_row_is_one_line_in_csv_and_in_json_lines_and_the_others_go() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let first = file(&town, "first.csv", format!("txn,event_id,planned\n{number},E-1,2030-02-01\n"));
    check_silent(&town.run("mart", &["shop", "notify", "--from", &first, "--offline"]));
    let mut all = Vec::new();
    for (place, kind) in kinds(number).iter().enumerate() {
        // Another day each time, so that the good row is never one that came before.
        let [csv, json] = [1, 2].map(|month| format!("2031-0{month}-{:02}", place + 1));
        let cells = SHOP.matches(',').count() + usize::from(kind.part == "pay") - 2;
        let good = format!("{number},,{csv}{}", ",".repeat(cells));
        all.extend(faults(&town, kind, "rows.csv", &kind.csv, &good, kind.says[0]));
        let good = format!("{{\"txn\":\"{number}\",\"planned\":\"{json}\"}}");
        all.extend(faults(&town, kind, "rows.jsonl", &kind.json, &good, kind.says[1]));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_followed_in_csv_and_in_json_lines() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let json = |day: &str| format!("{{\"txn\":\"{number}\",\"planned\":\"{day}\"}}");
    for (name, content) in [
        ("bom.csv", format!("\u{feff}txn,planned\r\n{number},2030-01-01\r\n{number},2030-01-02\r\n")),
        ("bom.jsonl", format!("\u{feff}{}\r\n{}\r\n", json("2030-01-03"), json("2030-01-04"))),
        // Neither by its name nor by a line end behind the last row.
        ("bom", format!("\u{feff}{}\r\n{}", json("2030-01-05"), json("2030-01-06"))),
        ("bom.txt", format!("\u{feff}txn;planned\r\n{number};2030-01-07\r\n\r\n{number};2030-01-08")),
    ] {
        let path = file(&town, name, content);
        let before = super::sent(&town, "mart", "order-status").len();
        check_silent(&town.run("mart", &["shop", "notify", "--from", &path, "--offline"]));
        assert_eq!(super::sent(&town, "mart", "order-status").len(), before + 2, "{name}");
    }
}

#[test]
fn the_same_event_again_is_passed_over_in_csv_and_in_json_lines() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let csv = format!("txn,event_id,planned\n{number},E-1,2030-01-01\n{number},E-1,2030-01-01\n");
    let json = format!("{{\"txn\":\"{number}\",\"event_id\":\"E-1\",\"planned\":\"2030-01-01\"}}\n").repeat(2);
    for (name, content, came) in [("a.csv", csv, ["sent", "known"]), ("a.jsonl", json, ["known", "known"])] {
        let path = file(&town, name, content);
        let run = town.does("mart", &["shop", "notify", "--from", &path, "--offline", "--json"]);
        assert_eq!(super::results(&run), came, "{name}");
    }
}

#[test]
fn a_header_of_wrong_columns_or_in_shift_jis_is_one_line_and_nothing_is_sent() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let japanese = encoding_rs::SHIFT_JIS.encode("注文番号,発送日\n").0.into_owned();
    for (kind, header, says) in [
        ("a column that says nothing", b"txn,shipd\n".to_vec(), "did you mean \"shipped\"?"),
        ("no transaction", b"number,shipped\n".to_vec(), "no column is called \"txn\""),
        ("Shift_JIS", japanese, "iconv -f CP932 -t UTF-8"),
    ] {
        let path = file(&town, "rows.csv", [header, format!("{number},now\n").into_bytes()].concat());
        let before = entries(&town, "mart");
        let run = town.run("mart", &["shop", "notify", "--from", &path, "--offline"]);
        assert_eq!(run.code, Some(65), "{kind}: {run:?}");
        assert!(run.err.starts_with(&format!("mailorder: {path}:1: ")) && run.err.contains(says), "{kind}: {run:?}");
        assert_eq!(entries(&town, "mart"), before, "{kind}");
    }
}
