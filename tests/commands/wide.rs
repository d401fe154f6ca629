//! Tables of names whose letters take two places, or none: columns stand below their headings, in English and in Japanese.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::support::program::Town;

/// Names of one, two and no places a letter, and one that does not fit.
const NAMES: [&str; 7] = [
    "小野 賢治",
    "Amy O'Neil",
    "ｵﾉ ｹﾝｼﾞ",
    "Élodie",
    "E\u{301}lodie",
    "김민준",
    "日立物産株式会社東京本社購買部第一課小野賢治",
];

/// Returns what stands in a line from a place on; `None` where no letter begins there.
fn from(line: &str, place: usize) -> Option<&str> {
    let mut at = 0;
    for (byte, c) in line.char_indices() {
        if at == place && c.width() != Some(0) {
            return Some(&line[byte..]);
        }
        at += c.width().unwrap_or(0);
    }
    (at == place).then_some("")
}

/// Checks that each of these rows has a cell below the heading, with a gap before it; returns the cells' beginnings.
fn below<'a>(lines: &'a [&str], heading: &str) -> Vec<&'a str> {
    let place = lines[0].find(heading).unwrap_or_else(|| panic!("{heading}: {}", lines[0]));
    let place = lines[0][..place].width();
    let cell = |line: &&'a str| {
        let gap = place.checked_sub(2).and_then(|gap| from(line, gap)).unwrap_or_else(|| panic!("{heading}: {line}"));
        assert!(gap.starts_with("  "), "{heading} at {place}: {line}");
        gap.trim_start()
    };
    lines[1..].iter().map(cell).collect()
}

/// Returns the place behind the amount of a row.
fn end_of_amount(line: &str) -> usize {
    let (before, amount) = line.split_once("JPY ").unwrap_or_else(|| panic!("no amount: {line}"));
    before.width() + amount.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count()
}

/// Runs a command on a terminal of 120 columns; returns the rows of its table, its headings first.
fn table(town: &Town, party: &str, words: &[&str], rows: usize) -> String {
    let run = town.types(party, words).ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(
        lines.len() > rows && lines.iter().all(|line| line.width() <= 120 || line.starts_with(['h', 'ヒ'])),
        "{words:?}: {run:?}"
    );
    lines.join("\n")
}

#[test]
fn names_of_wide_letters_keep_columns_below_their_headings_b90() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replace("return_days = 14", "return_days = 14\nreview = [\"orders\"]"));
    for name in NAMES {
        let written = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("name = ")).unwrap().to_owned();
            text.replacen(&line, &format!("name = \"{name}\""), 1)
        };
        town.configure("buyer", written);
        town.orders("buyer", "SH-41", 1, &[]);
        town.orders("buyer", "KETTLE", 1, &[]);
    }
    let rows = NAMES.len() * 2;
    town.sync(&["shop"]);
    for (language, inbox, list) in [
        ("en", ["SINCE", "BUYER", "STATE", "ABOUT"], ["BUYER", "ITEMS"]),
        ("ja", ["受信日時", "買い手", "状態", "内容"], ["買い手", "品名と数量"]),
    ] {
        let shown = table(&town, "shop", &["--lang", language, "shop", "inbox"], rows);
        // Sentences that do not fit go on in lines of their own, below the sentences.
        let is_row = |line: &&str| !line.starts_with(' ') && !line.starts_with(['h', 'ヒ']) && line.contains("  ");
        let lines: Vec<&str> = shown.lines().filter(is_row).take(rows + 1).collect();
        assert_eq!(lines.len(), rows + 1, "{shown}");
        for heading in inbox {
            let cells = below(&lines, heading);
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{heading}: {shown}");
        }
        let names = below(&lines, inbox[1]);
        for name in NAMES {
            let begin: String = name.chars().take(4).collect();
            assert_eq!(names.iter().filter(|cell| cell.starts_with(&begin)).count(), 2, "{name}: {shown}");
        }
        let listed = table(&town, "shop", &["--lang", language, "list"], rows);
        let lines: Vec<&str> = listed.lines().filter(|line| line.contains("  ")).take(rows + 1).collect();
        for heading in list {
            below(&lines, heading);
        }
        let ends: Vec<usize> = lines[1..].iter().map(|line| end_of_amount(line)).collect();
        assert!(ends.windows(2).all(|two| two[0] == two[1]), "{listed}");
    }
}

#[test]
fn a_name_of_hundreds_of_marks_or_signs_moves_no_column_b90() {
    let town = Town::fresh();
    town.orders("buyer", "SH-41", 1, &[]);
    // As many as go into one line of a letter (RFC 5322 section 2.1.1).
    let marks = format!("e{}", "\u{301}".repeat(450));
    for name in [marks, "🍵".repeat(220), "あ".repeat(300)] {
        town.does("buyer", &["order", "--shop", "shop@demo.test", "--item", &format!("A;{name};JPY 10;1")]);
    }
    for (language, heading) in [("en", "STATE"), ("ja", "状態")] {
        let shown = table(&town, "buyer", &["--lang", language, "list"], 4);
        let lines: Vec<&str> = shown.lines().take(5).collect();
        below(&lines, heading);
        let ends: Vec<usize> = lines[1..].iter().map(|line| end_of_amount(line)).collect();
        assert!(ends.windows(2).all(|two| two[0] == two[1]), "{shown}");
        assert!(!shown.contains(&"\u{301}".repeat(4)), "marks upon marks: {shown}");
    }
}

#[test]
fn headings_of_wide_letters_stand_above_what_waits_to_be_sent() {
    let town = Town::fresh();
    for sku in ["SH-41;シャツ 白 41;JPY 4300;1", "KETTLE;Iron kettle;JPY 36000;1"] {
        town.does("buyer", &["order", "--offline", "--shop", "shop@demo.test", "--item", sku]);
    }
    let shown = table(&town, "buyer", &["--lang", "ja", "outbox", "list"], 2);
    let lines: Vec<&str> = shown.lines().take(3).collect();
    for (heading, cell) in [("宛先", "shop@demo.test"), ("手紙", "注文"), ("状態", "")] {
        assert!(below(&lines, heading).iter().all(|found| found.starts_with(cell)), "{heading}: {shown}");
    }
}
