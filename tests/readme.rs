//! What the READMEs show of the program is what it prints: headings, states, findings, sums, sentences. What differs each time
//! (dates, IDs, keys) may be anything of its kind.

use crate::help::{README, README_JAPANESE};
use crate::support::program::mailorder;

/// Returns the words of a text, a word that differs each time as its kind.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(kind).collect()
}

/// Returns a word, or of what kind it is where it differs each time; signs around it stay.
fn kind(word: &str) -> String {
    let sign = |c: char| !c.is_ascii_alphanumeric();
    let bare = word.trim_matches(sign);
    let Some((before, after)) = word.split_once(bare).filter(|_| !bare.is_empty()) else { return word.to_owned() };
    let digits = |text: &str, lengths: &[usize]| {
        let parts: Vec<&str> = text.split('-').collect();
        parts.len() == lengths.len()
            && parts
                .iter()
                .zip(lengths)
                .all(|(part, length)| part.len() == *length && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_all = |is: fn(&u8) -> bool| bare.as_bytes().iter().all(is);
    let kind = if digits(bare, &[4, 2, 2]) || digits(bare, &[2, 2]) {
        "DAY"
    } else if bare.len() == 40 && is_all(u8::is_ascii_hexdigit) {
        "KEY"
    } else if let Some((kind @ ("W" | "S" | "C"), _)) = bare.split_once('-') {
        return format!("{before}{kind}-{after}");
    } else if bare.len() == 6 && is_all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(b)) && has_id_around(bare)
    {
        "ID"
    } else {
        bare
    };
    format!("{before}{kind}{after}")
}

/// Returns whether six letters and digits are an ID and no heading.
fn has_id_around(word: &str) -> bool {
    !["AGREED", "AMOUNT", "SIGNER"].contains(&word)
}

/// Returns the commands of the first block of a language below a heading, each with what stands below it.
fn shown(page: &str, heading: &str, language: &str) -> Vec<(String, String)> {
    let below = page.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let block = below.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap();
    let mut shown: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), shown.last_mut()) {
            (Some(command), _) => shown.push((command.to_owned(), String::new())),
            (None, Some((_, printed))) => printed.push_str(&format!("{line}\n")),
            (None, None) => shown.push((String::new(), format!("{line}\n"))),
        }
    }
    shown
}

#[test]
fn the_readmes_show_what_the_program_prints() {
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &str| {
        let args: Vec<&str> = command.split(' ').skip(1).collect();
        let run = mailorder(folder.path(), &args);
        assert!(matches!(run.code, Some(0 | 1)), "{command}: {run:?}");
        run
    };
    let examples = shown(README, "What it looks like", "console");
    let [(demo, played), listing @ ..] = examples.as_slice() else { panic!("no example") };
    let first = run(demo);
    // What it does is told on standard error, before what came of it.
    let printed = words(&format!("{}{}", first.err, first.out));
    let played = words(played);
    assert_eq!(printed.get(..played.len()).unwrap(), played, "{demo}");
    let commands: Vec<&str> = listing.iter().map(|(command, _)| command.as_str()).collect();
    assert_eq!(
        commands,
        ["mailorder -c play/buyer/config.toml list", "mailorder -c play/buyer/config.toml warnings --late"]
    );
    for (command, shown) in listing {
        let printed = run(command);
        let text = format!("{}{}", printed.out, printed.err);
        assert_eq!(words(shown), words(&text), "README.md of {command}, which prints\n{text}");
    }
    let japanese = shown(README_JAPANESE, "試す", "text");
    let [(_, japanese)] = japanese.as_slice() else { panic!("one block") };
    let printed = run("mailorder -c play/buyer/config.toml --lang ja list").out;
    assert_eq!(words(japanese), words(&printed), "README.ja.md, where the program prints\n{printed}");
}

#[test]
fn a_word_that_differs_each_time_is_known_by_its_kind() {
    for (word, is) in [
        ("2026-11-08", "DAY"),
        ("11-08", "DAY"),
        ("(94D16778C3F692A045E1AA9A1A16A33C677C109B):", "(KEY):"),
        ("MFU5AY:", "ID:"),
        ("W-103", "W-"),
        ("S-4509b53f", "S-"),
        ("(C-);", "(C-);"),
        ("4,800", "4,800"),
        ("AMOUNT", "AMOUNT"),
        ("日立物産", "日立物産"),
    ] {
        assert_eq!(kind(word), is);
    }
}
