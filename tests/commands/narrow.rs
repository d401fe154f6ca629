//! Terminals of every width: no line is wider, and what is wrong is said in words on each of them, in both languages.

use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr as _;

use crate::support::program::Town;

/// From a telephone's to a wide terminal.
const WIDTHS: [usize; 5] = [40, 60, 80, 100, 120];

/// The words that say what is wrong, in each language.
const WRONG: [(&str, [&str; 4]); 2] =
    [("en", ["late", "failed", "warned", "differs"]), ("ja", ["期限超過", "不成立", "警告あり", "相違"])];

/// Returns what a command prints on a terminal of so many columns. Commands that it proposes are not looked at: they stand
/// on a line each, so that they can be copied.
fn printed(town: &Town, party: &str, columns: usize, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let (program, config) = (env!("CARGO_BIN_EXE_mailorder"), town.path(party).join("config.toml"));
    let (config, quoted) = (config.display(), quoted.join(" "));
    let line = format!("stty cols {columns}; exec '{program}' -c '{config}' {quoted} 2>/dev/null");
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", town.home())
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}

#[test]
fn no_line_is_wider_than_the_terminal_in_either_language() {
    let town = Town::played();
    let late = town.list(&["--late"])[0]["id"].as_str().unwrap().to_owned();
    let offered = town.order();
    town.settle();
    let number = town.show("buyer", &late)["number"].as_str().unwrap().to_owned();
    let commands = [
        ("buyer", &["list"][..]),
        ("buyer", &["show", &late]),
        ("buyer", &["show", &late, "--full"]),
        ("buyer", &["show", &offered]),
        ("buyer", &["warnings"]),
        ("buyer", &["warnings", "--late"]),
        ("buyer", &["warnings", "--all"]),
        ("buyer", &["status"]),
        ("buyer", &["confirm", &offered, "--dry-run"]),
        ("buyer", &["order", "--dry-run", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1"]),
        ("buyer", &["reorder", &late, "--dry-run"]),
        ("buyer", &["schedule"]),
        ("buyer", &["schedule", "run", "late", "--dry-run"]),
        ("buyer", &["key", "list"]),
        ("shop", &["list"]),
        ("shop", &["show", &number]),
        ("shop", &["status"]),
        ("pay", &["list"]),
        ("ship", &["list"]),
    ];
    check_fits(&town, &commands);
}

#[test]
fn prices_that_changed_and_terms_that_differ_fit_into_every_terminal() {
    let (town, id) = super::ordering::with_changed_prices("CUP,Cup,950,JPY,9\nPOT,急須,3200,JPY,9\n");
    check_fits(&town, &[("buyer", &["reorder", &id, "--dry-run"])]);
    let town = Town::played();
    town.configure("shop", |text| text.replace("JPY 500", "JPY 900"));
    let id = town.order();
    town.settle();
    check_fits(&town, &[("buyer", &["confirm", &id, "--dry-run"]), ("buyer", &["show", &id])]);
}

/// Checks that commands print no line that is wider than the terminal, at each width and in both languages. What is to be copied
/// stays whole: fingerprints and IDs.
fn check_fits(town: &Town, commands: &[(&str, &[&str])]) {
    let is_whole = |word: &str| word.len() >= 26 && word.chars().all(|c| c.is_ascii_alphanumeric());
    let mut wide = Vec::new();
    for (language, columns) in WRONG.iter().flat_map(|(language, _)| WIDTHS.map(|columns| (language, columns))) {
        for (party, command) in commands {
            let screen = printed(town, party, columns, &[&["--lang", language], *command].concat());
            assert!(screen.lines().count() > 1, "{party} {command:?}: {screen}");
            let over = screen.lines().filter(|line| line.width() > columns && !line.split_whitespace().any(is_whole));
            wide.extend(over.map(|line| format!("{columns} {party} {command:?}: {line}")));
        }
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

#[test]
fn what_is_late_failed_or_warned_of_is_said_in_a_word_at_every_width() {
    let town = Town::played();
    for (language, wrong) in WRONG {
        for party in ["buyer", "shop", "pay", "ship"] {
            let list = ["--lang", language, "list"];
            let counted = |text: &str| wrong.map(|word| text.matches(word).count());
            let whole = counted(&town.does(party, &list).out);
            assert!(party != "buyer" || (whole[0] > 0 && whole[2] > 0), "{whole:?}");
            for columns in WIDTHS {
                let screen = printed(&town, party, columns, &list);
                assert_eq!(counted(&screen), whole, "{party} {columns}: {screen}");
            }
        }
        // What is planned has its word beside each leg, or beside none.
        let planned = if language == "en" { "due" } else { "予定" };
        let whole = town.does("buyer", &["--lang", language, "list"]).out.matches(planned).count();
        for columns in WIDTHS {
            let words = printed(&town, "buyer", columns, &["--lang", language, "list"]).matches(planned).count();
            assert!(words == 0 || words == whole, "{language} {columns}: {words} of {whole}");
        }
    }
}

#[test]
fn the_day_of_each_purchase_stands_at_every_width_p73() {
    let town = Town::played();
    let days: Vec<String> = town.list(&[]).iter().map(|row| row["date"].as_str().unwrap()[..10].to_owned()).collect();
    assert!(days.len() > 4, "{days:?}");
    for (query, columns) in
        [&["list"][..], &["list", "unpaid"]].iter().flat_map(|q| (40..=130).step_by(6).map(move |n| (q, n)))
    {
        let screen = printed(&town, "buyer", columns, query);
        let listed: Vec<&String> = days.iter().filter(|day| screen.contains(&format!("{day} "))).collect();
        let rows = town.list(&query[1..]).len();
        assert_eq!(listed.len(), rows, "{columns} {query:?}: {screen}");
    }
}

#[test]
fn a_narrow_terminal_has_each_order_as_a_block_of_lines() {
    let town = Town::played();
    let late = town.list(&["--late"])[0].clone();
    let id = &late["id"].as_str().unwrap()[..6];
    let screen = printed(&town, "buyer", 40, &["list"]);
    let from = screen.lines().skip_while(|line| !line.starts_with(id)).collect::<Vec<_>>();
    let block: Vec<&str> = from
        .iter()
        .enumerate()
        .take_while(|(n, line)| *n == 0 || line.starts_with("  "))
        .map(|(_, line)| *line)
        .collect();
    let block = block.join("\n");
    for part in ["TOTAL JPY ", "ORDER ", "DELIVERY ", "PAYMENT ", "STATE ", "日立物産", "late"] {
        assert!(block.contains(part), "{part}: {screen}");
    }
    // With room for it there is a row for each.
    let row = printed(&town, "buyer", 80, &["list"]);
    let row = row.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(row.contains("JPY") && row.contains("late"), "{row}");
}
