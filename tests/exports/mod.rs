//! Statuses from files: rows that other systems export, followed by the built program as cron runs it (P46, P49).

/// Events, each followed once; what is remembered of them.
mod events;
/// Each kind of bad input, as CSV and as JSON Lines.
mod kinds;
/// The page for merchants, executed.
pub mod page;
/// What a person who looks on sees of a long file.
mod progress;
/// What flags say, rows say.
mod said;
/// Processes beside each other.
mod shared;
/// Exports of how things stand; what is foreseen.
mod states;
/// The units that do what cron does.
mod systemd;
/// Rows and files that cannot be followed.
mod wrong;

use std::path::Path;

use mailorder::clock::Clock;

use crate::support::program::{Run, Town};

/// A merchant that plays all parts, and the numbers of so many orders that were begun.
fn mart(orders: usize) -> (Town, Vec<String>) {
    let town = Town::played();
    town.add_merchant();
    let item = ["order", "--json", "--shop", "mart@demo.test", "--item", "MUG;Mug;JPY 900;1", "--pay", "invoice"];
    let order = |_| town.does("buyer", &item).json()["id"].as_str().unwrap().to_owned();
    let ids: Vec<String> = (0..orders).map(order).collect();
    town.settle();
    for id in &ids {
        town.does("buyer", &["confirm", id]);
    }
    town.settle();
    let numbers = ids.iter().map(|id| town.show("buyer", id)["number"].as_str().unwrap().to_owned()).collect();
    (town, numbers)
}

/// Writes a file beside the accounts; returns its path.
fn file(town: &Town, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = town.path(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Returns the present moment, or one so many seconds later, as a clock in Tokyo has it.
fn tokyo(form: &str, later: i64) -> String {
    let at = Clock::system().now().plus_seconds(later).instant();
    at.to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap()).strftime(form).to_string()
}

/// Returns how many entries a party's ledger has.
fn entries(town: &Town, party: &str) -> usize {
    std::fs::read_to_string(town.path(party).join("ledger/log")).unwrap().lines().count()
}

/// Returns the lines that a run with `--json` printed.
fn lines(run: &Run) -> Vec<serde_json::Value> {
    run.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Returns what became of each row.
fn results(run: &Run) -> Vec<String> {
    let rows = lines(run).into_iter().filter(|line| line["type"] == "row");
    rows.map(|row| row["result"].as_str().unwrap().to_owned()).collect()
}

/// Checks that a run said nothing at all and ended well.
fn check_silent(run: &Run) {
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
}

/// Returns the fields of the entries of one kind that a party wrote, in their order.
fn sent(town: &Town, party: &str, kind: &str) -> Vec<crate::support::accounts::Fields> {
    use crate::support::accounts::field;
    let is = |fields: &crate::support::accounts::Fields| {
        field(fields, "Mailorder-Kind") == kind && field(fields, "Mailorder-Direction") == "out"
    };
    town.entries(party).into_iter().filter(is).collect()
}

/// Returns every file below a folder that decides what is sent: ledger and outbox.
fn kept(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for part in ["ledger", "outbox"] {
        let mut folders = vec![folder.join(part)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}
