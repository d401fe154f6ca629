//! The documents that draw and list what is there: the straight line, and the standards.

use super::{assert_none, project, read};

/// Returns the names `module::function` in the first picture of a text.
fn drawn(text: &str) -> Vec<String> {
    let picture = text.split("```").nth(1).unwrap_or_default();
    let words = picture.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| word.contains("::")).map(str::to_owned).collect()
}

/// Returns whether a name is that of a function of the library, in its module's file or taken from one below it.
fn is_there(name: &str) -> bool {
    let Some((module, function)) = name.split_once("::") else { return false };
    let text = read(&format!("src/{module}/mod.rs")).or_else(|| read(&format!("src/{module}.rs")));
    let declares = |line: &str| {
        let line = line.trim();
        let named = line.strip_prefix("pub fn ").is_some_and(|rest| rest.starts_with(&format!("{function}(")));
        let words = || line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        named || line.starts_with("pub use ") && words().any(|word| word == function)
    };
    text.is_some_and(|text| text.lines().any(declares))
}

#[test]
fn what_both_pictures_of_the_line_name_is_a_function() {
    for path in ["ARCHITECTURE.md", "src/lib.rs"] {
        let text = read(path).unwrap_or_else(|| panic!("{} has no {path}", project().display()));
        let names = drawn(&text);
        assert!(names.len() >= 8, "{path}: {names:?}");
        let missing = names.iter().filter(|name| !is_there(name));
        assert_none(&missing.map(|name| format!("{path}: there is no {name}")).collect::<Vec<_>>());
    }
    assert_eq!(drawn("a\n```text\nin ─A→ role::decide(rules::x)\n```\nb::c"), ["role::decide", "rules::x"]);
    assert!(is_there("role::answer") && is_there("pgp::seal"));
    assert!(!is_there("role::decide") && !is_there("pgp::mod") && !is_there("nowhere::answer"));
}

/// Returns the numbers of standards that stand in a table more than once.
fn repeated(table: &str) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut faults = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cell = line.trim_start_matches("| ").split(" |").next().unwrap_or_default();
        let family = cell.split(' ').next().unwrap_or_default();
        for number in cell.split(", ") {
            let number =
                if number.starts_with(char::is_numeric) { format!("{family} {number}") } else { number.to_owned() };
            if seen.contains(&number) {
                faults.push(format!("docs/standards.md: {number} stands there more than once"));
            }
            seen.push(number);
        }
    }
    faults
}

#[test]
fn each_standard_stands_in_its_list_once() {
    let text = read("docs/standards.md").unwrap_or_default();
    assert!(text.lines().filter(|line| line.starts_with("| RFC")).count() > 25);
    assert_none(&repeated(&text));
    let table = "| RFC 1, 2 | yes |\n| RFC 3 | no |\n| RFC 2 | no |\n| Maildir | yes |\n| Maildir | no |";
    let faults = repeated(table);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("RFC 2 ") && faults[1].contains("Maildir"), "{faults:?}");
}
