//! What may not stand in a file: paths of one machine, work left undone, tests that do not run, files too long to read.

use super::source::{Source, word_places};
use super::{TextFile, assert_none, files, sample};

/// The most lines of a Rust file.
const LINES_MAX: usize = 600;

/// Returns the texts that no file may contain; put together here, so that this file does not contain them itself.
fn forbidden() -> Vec<String> {
    ["/wo|rk/", "/ro|ot/", "fa|rm", "TO|DO", "FIX|ME", "crates|.io"].iter().map(|word| word.replace('|', "")).collect()
}

/// Returns a line for each forbidden text in a file other than the lock file, which names where crates come from.
fn forbidden_words(all: &[TextFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in all.iter().filter(|file| file.path != "Cargo.lock") {
        for word in forbidden() {
            let is_name = word.chars().all(char::is_alphabetic);
            let found = |line: &str| if is_name { !word_places(line, &word).is_empty() } else { line.contains(&word) };
            if let Some(line) = file.text.lines().position(found) {
                faults.push(format!("{}:{}: {word} may not stand in the project", file.path, line + 1));
            }
        }
    }
    faults
}

/// Returns a line for each Rust file that is too long, and for each test or function that is only a promise.
fn unfinished(all: &[TextFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in all.iter().filter(|file| file.is_rust()) {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{}: {lines} lines, {LINES_MAX} at most", file.path));
        }
        let code: String = Source::read(&file.text).code.split_whitespace().collect();
        for promise in ["#[ignore", "todo!", "unimplemented!"] {
            if code.contains(promise) {
                faults.push(format!("{}: {promise}", file.path));
            }
        }
    }
    faults
}

#[test]
fn no_file_names_a_machine_or_promises_work() {
    assert_none(&forbidden_words(&files(&[""])));
}

#[test]
fn no_source_is_too_long_or_unfinished() {
    assert_none(&unfinished(&files(&["src", "tests", "benches"])));
}

#[test]
fn the_check_of_words_can_fail() {
    for word in forbidden() {
        let faults = forbidden_words(&[sample("docs/a.md", &format!("first\na {word} b"))]);
        assert_eq!(faults.len(), 1, "{word}");
        assert!(faults[0].starts_with("docs/a.md:2:"), "{}", faults[0]);
    }
    let apart = format!("a{}ing", forbidden()[2]);
    assert_none(&forbidden_words(&[sample("Cargo.lock", &forbidden()[5]), sample("docs/a.md", &apart)]));
}

#[test]
fn the_check_of_unfinished_work_can_fail() {
    let bad = [
        sample("src/a.rs", &"\n".repeat(LINES_MAX + 1)),
        sample("src/b.rs", "fn b() { todo!() }"),
        sample("src/c.rs", "fn c() { unimplemented ! () }"),
        sample("tests/d.rs", "#[test]\n#[ignore = \"slow\"]\nfn d() {}"),
    ];
    assert_eq!(unfinished(&bad).len(), 4, "{:?}", unfinished(&bad));
    assert_none(&unfinished(&[sample("src/a.rs", "// no todo!()\nconst A: &str = \"#[ignore]\";")]));
}
