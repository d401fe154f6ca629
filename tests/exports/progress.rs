//! How far a run over a file is: shown to a person who looks on, and to nobody else.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{entries, file, mart};
use crate::support::program::Town;

/// So many rows that two batches are full and a third is begun, none of which has anything to report.
fn rows(number: &str) -> String {
    let row = |row: usize| format!("{number},{}\n", if row.is_multiple_of(2) { "" } else { "2030-01-15" });
    format!("txn,planned\n{}", (0..1_200).map(row).collect::<String>())
}

#[test]
fn a_person_sees_how_far_a_long_file_is_and_cron_sees_nothing() {
    let (town, numbers) = mart(1);
    let path = file(&town, "rows.csv", rows(&numbers[0]));
    let silent = town.run("mart", &["shop", "import", &path, "--offline"]);
    super::check_silent(&silent);
    let run = town.types("mart", &["shop", "import", &path, "--offline"]).ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    // Each takes the place of the one before, and the last is wiped off before the sum is said.
    let shown: Vec<&str> = run.out.split("\u{1b}[K").collect();
    assert_eq!(shown[..4], ["", "500 rows", "1000 rows", "1200 rows"], "{run:?}");
    assert_eq!(shown.len(), 5, "{run:?}");
    assert_eq!(shown[4], "1200 rows: 600 unchanged, 600 with nothing to report\n");
    // A row that is refused stands in a line of its own.
    let wrong = file(&town, "wrong.csv", rows(&numbers[0]).replacen("2030-01-15", "2030-13-15", 1));
    let run = town.types("mart", &["shop", "import", &wrong, "--offline"]).ends();
    assert_eq!(run.code, Some(65), "{run:?}");
    let lines: Vec<&str> = run.out.lines().map(|line| line.rsplit("\u{1b}[K").next().unwrap()).collect();
    assert!(lines[0].starts_with("mailorder: ") && lines[0].contains("wrong.csv:3: row 2 "), "{run:?}");
    assert!(lines[1].starts_with("1200 rows: 599 unchanged"), "{run:?}");
    let json = town.types("mart", &["shop", "import", &path, "--offline", "--json"]).ends();
    assert!(!json.out.contains('\u{1b}'), "JSON is shown alone: {json:?}");
}

/// So many rows, of which the first `news` say another day each; of the others a third has nothing to report, a third
/// says what was told last, and a third is of orders of others. Each has a long remark that nobody reads.
fn export(number: &str, rows: usize, news: usize) -> String {
    let remark = "x".repeat(4_000);
    let day = |row: usize| format!("20{:02}-{:02}-15", 30 + row / 12, row % 12 + 1);
    let row = |row: usize| match row {
        row if row < news => format!("{number},{},{remark}\n", day(row)),
        row if row % 3 == 0 => format!("{number},,{remark}\n"),
        row if row % 3 == 1 => format!("{number},{},{remark}\n", day(news - 1)),
        row => format!("OTHER{row},{},{remark}\n", day(row % 24)),
    };
    format!("Order,Day,Remark\n{}", (0..rows).map(row).collect::<String>())
}

/// Writes an export and the map that reads it; returns the words that import it.
fn import(town: &Town, number: &str, rows: usize, news: usize) -> Vec<String> {
    let path = file(town, &format!("export-{rows}.csv"), export(number, rows, news));
    let map = file(town, "map.toml", "skip_unknown = [\"Order\"]\n[columns]\ntxn = \"Order\"\nplanned = \"Day\"\n");
    ["shop", "import", &path, "--map", &map].map(str::to_owned).into()
}

#[test]
fn ten_thousand_rows_and_the_letters_of_them_show_how_far_they_are() {
    let (town, numbers) = mart(1);
    let words = import(&town, &numbers[0], 10_000, 40);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = town.types("mart", &words).ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    let shown: Vec<&str> = run.out.split("\u{1b}[K").collect();
    let rows: Vec<String> = (1..=20).map(|batch| format!("{} rows", batch * 500)).collect();
    assert_eq!(shown[0], "");
    assert_eq!(shown[1..21], rows, "each batch: {shown:?}");
    let letters: Vec<&str> = shown.iter().filter(|text| text.ends_with(" of 40 letters sent")).copied().collect();
    assert_eq!(letters.first(), Some(&"0 of 40 letters sent"), "before the first has gone: {shown:?}");
    assert_eq!(letters.last(), Some(&"40 of 40 letters sent"), "{shown:?}");
    let tried: Vec<usize> = letters.iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(tried.is_sorted(), "{tried:?}");
    let last = shown.last().unwrap();
    assert!(last.starts_with("10000 rows: 40 sent (40 letters), ") && last.ends_with("not known here\n"), "{last:?}");
    // The same for cron: nothing; and in Japanese.
    let silent = town.run("mart", &words);
    super::check_silent(&silent);
    let japanese = town.types("mart", &[&["--lang", "ja"][..], &words].concat()).ends();
    assert!(japanese.out.contains("\u{1b}[K10000行"), "{japanese:?}");
}

/// Returns the most memory that a run of the merchant's took, in KiB.
fn peak(town: &Town, words: &[String]) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    command
        .arg("-c")
        .arg(town.path("mart/config.toml"))
        .args(words)
        .arg("--offline")
        .env_clear()
        .env("HOME", town.path(""));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let high = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(high.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{output:?}");
    peak
}

#[test]
fn ten_thousand_rows_take_no_more_memory_than_a_thousand() {
    let (town, numbers) = mart(1);
    let first = import(&town, &numbers[0], 1_000, 20);
    let words: Vec<&str> = first.iter().map(String::as_str).collect();
    super::check_silent(&town.run("mart", &words));
    let before = entries(&town, "mart");
    let [few, many] = [1_000, 10_000].map(|rows| peak(&town, &import(&town, &numbers[0], rows, 20)));
    // The rows themselves have 4 MB and 40 MB.
    assert!(few > 1_000 && many * 4 <= few * 5, "{few} KiB for 1,000 rows, {many} KiB for 10,000");
    assert!(entries(&town, "mart") > before, "the days of the first rows are news again each time");
}
