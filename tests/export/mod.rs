//! Transactions for other programs: the same figures as `list` has, in forms that no name can break.

/// What the books say of payments, cancellations and refunds.
mod books;
/// The file that is written, and what stands on a terminal.
mod files;
/// Names that would break a form, if one could.
mod names;
/// Read by the programs it is for.
pub mod real;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::program::Town;

/// Returns what the buyer exports.
fn exported(town: &Town, words: &[&str]) -> String {
    town.does("buyer", &[&["export"], words].concat()).out
}

/// Returns the rows of a table by the names of their columns.
fn rows(table: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn documents(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns an amount of `list --json` as a table has it.
fn amount(money: &Value) -> &str {
    money["amount"].as_str().unwrap_or_default()
}

#[test]
fn the_table_has_a_row_for_each_transaction_of_the_list_p73_p77() {
    let town = Town::played();
    for words in [&[][..], &["unpaid"], &["shop:日立", "closed"], &["warned"], &["item:\"green tea\""]] {
        let mut listed = town.list(words);
        listed.reverse();
        let rows = rows(&exported(&town, &[words, &["--format", "csv"]].concat()));
        assert_eq!(rows.len(), listed.len(), "{words:?}");
        for (row, one) in rows.iter().zip(&listed) {
            for name in ["id", "shop", "shop_name", "state"] {
                assert_eq!(row[name], one[name].as_str().unwrap(), "{name}");
            }
            assert_eq!(row["number"], one["number"].as_str().unwrap_or_default());
            assert_eq!(row["currency"], one["total"]["currency"].as_str().unwrap());
            assert_eq!(
                (row["total"].as_str(), row["unpaid"].as_str()),
                (amount(&one["total"]), amount(&one["unpaid"]))
            );
            assert_eq!(row["date"].len(), "2026-11-22".len());
            for leg in ["order", "payment", "delivery"] {
                assert_eq!(row[&format!("{leg}_done")], one[leg]["done"].to_string());
                // The list has in its document what was planned of what will never be, too.
                let is_over = ["cancelled", "rejected"].contains(&row["state"].as_str());
                let date = one[leg]["date"].as_str().filter(|_| !is_over).unwrap_or_default();
                assert_eq!(row[&format!("{leg}_date")].is_empty(), date.is_empty(), "{leg} {one}");
            }
            assert_eq!(
                (row["late"].clone(), row["warnings"].clone()),
                (one["late"].to_string(), one["warnings"].to_string())
            );
            let first = one["items"][0]["name"].as_str().unwrap();
            assert!(row["goods"].starts_with(first), "{row:?}");
        }
    }
}

#[test]
fn what_will_never_be_has_no_date() {
    let town = Town::played();
    let rows = rows(&exported(&town, &["--format", "csv"]));
    for state in ["cancelled", "rejected"] {
        let row = rows.iter().find(|row| row["state"] == state).unwrap();
        for leg in ["order", "payment", "delivery"] {
            assert_eq!((row[&format!("{leg}_done")].as_str(), row[&format!("{leg}_date")].as_str()), ("false", ""));
        }
    }
    // What was done before it went back was done all the same.
    let back = rows.iter().find(|row| row["state"] == "refunded").unwrap();
    assert!(["order_date", "payment_date", "delivery_date"].iter().all(|date| !back[*date].is_empty()), "{back:?}");
}

#[test]
fn each_line_of_json_is_what_list_and_show_say_p85() {
    let town = Town::played();
    let lines = documents(&exported(&town, &["--format", "jsonl"]));
    assert_eq!(exported(&town, &["--json"]).lines().count(), lines.len());
    let mut listed = town.list(&[]);
    listed.reverse();
    assert_eq!(lines.len(), listed.len());
    for (line, one) in lines.iter().zip(&listed) {
        assert_eq!(
            (line["type"].as_str(), line["schema"].as_str()),
            (Some("transaction"), Some("mailorder.transaction/1"))
        );
        for name in ["id", "number", "state", "date", "total", "unpaid", "late", "warnings"] {
            assert_eq!(line[name], one[name], "{name}");
        }
        for leg in ["order", "payment", "delivery"] {
            for name in ["done", "date", "failed"] {
                assert_eq!(line[leg][name], one[leg][name], "{leg} {name}");
            }
        }
        let shown = town.show("buyer", one["id"].as_str().unwrap());
        for name in ["paid", "refunded", "refund_due"] {
            assert_eq!(line[name], shown[name], "{name}");
        }
        assert!(line["lines"][0]["unit_price"]["amount"].is_string() && line["total"]["amount"].is_string(), "{line}");
        let names =
            |lines: &Value| lines.as_array().unwrap().iter().map(|line| line["name"].clone()).collect::<Vec<_>>();
        assert_eq!(names(&line["lines"]), names(&one["items"]));
    }
    // The other parts export theirs.
    for party in ["shop", "pay", "ship"] {
        let lines = documents(&town.does(party, &["export", "--format", "jsonl"]).out);
        let listed = town.does(party, &["list", "--json"]).json();
        assert_eq!(lines.len(), listed["transactions"].as_array().unwrap().len(), "{party}");
        assert!(lines.iter().all(|line| line["role"] != "buyer"));
    }
}

/// Returns the content lines of a calendar, unfolded; each line must be as RFC 5545 has it.
fn calendar(text: &str) -> Vec<String> {
    let body = text.strip_suffix("\r\n").expect("the last line ends");
    for line in body.split("\r\n") {
        assert!(line.len() <= 75 && !line.chars().any(char::is_control), "{line:?}");
    }
    let lines: Vec<String> = body.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect();
    for line in &lines {
        let (name, _) = line.split_once(':').unwrap_or_else(|| panic!("{line:?} has no value"));
        let name = name.split(';').next().unwrap();
        assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-'), "{line:?}");
    }
    lines
}

#[test]
fn the_calendar_has_what_is_planned_and_nothing_that_is_done_p84_p85() {
    let town = Town::played();
    let lines = calendar(&exported(&town, &["--format", "ics"]));
    assert_eq!((lines[0].as_str(), lines[1].as_str()), ("BEGIN:VCALENDAR", "VERSION:2.0"));
    assert_eq!(lines.last().unwrap(), "END:VCALENDAR");
    let of = |name: &str| -> Vec<String> {
        let values = lines.iter().filter_map(|line| line.strip_prefix(name));
        values.map(str::to_owned).collect()
    };
    let mut expected = Vec::new();
    for one in town.list(&[]) {
        let id = one["id"].as_str().unwrap();
        if one["undelivered"] == true && one["delivery"]["date"].is_string() {
            expected.push(format!("{id}-buyer-delivery@mailorder.invalid"));
        }
        if one["unpaid"].is_object() && one["payment"]["date"].is_string() {
            expected.push(format!("{id}-buyer-payment@mailorder.invalid"));
            let unpaid = amount(&one["unpaid"]);
            assert!(
                lines
                    .iter()
                    .any(|line| line.starts_with("SUMMARY:Payment due") && line.replace("\\,", "").contains(unpaid))
            );
        }
    }
    let mut found = of("UID:");
    found.sort();
    expected.sort();
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
    for name in ["BEGIN:VEVENT", "END:VEVENT", "DTSTAMP:", "DTSTART", "SUMMARY:"] {
        assert_eq!(of(name).len(), expected.len(), "{name}");
    }
    // Made again, the events are the same ones.
    let again = calendar(&exported(&town, &["--format", "ics"]));
    let kept = |lines: &[String]| lines.iter().filter(|line| !line.starts_with("DTSTAMP")).cloned().collect::<Vec<_>>();
    assert_eq!(kept(&again), kept(&lines));
}
