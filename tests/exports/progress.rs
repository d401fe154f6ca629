//! How far a run over a file is: shown to a person who looks on, and to nobody else.

use super::{file, mart};

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
