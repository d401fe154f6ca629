//! Things that exist in pairs: a finding and its heading, a kind of letter and its templates.
//!
//! A code is a literal in lower-case words with hyphens, written in the body of a function `code`, `name` or `as_str`
//! of the type (`impl Finding`, `impl Kind`).

use std::collections::BTreeSet;

use super::source::Source;
use super::{assert_none, files, read};

/// Returns the codes that the type's functions name; nothing found is a fault of the caller's expectation.
fn codes(text: &str, type_name: &str) -> BTreeSet<String> {
    let source = Source::read(text);
    let Some(block) = source.block(&format!("impl {type_name}")) else { return BTreeSet::new() };
    source
        .functions()
        .iter()
        .filter(|function| block.contains(&function.range.start))
        .filter(|function| matches!(function.name.as_str(), "code" | "name" | "as_str"))
        .flat_map(|function| source.literals_in(&function.range))
        .filter(|literal| is_code(literal))
        .map(str::to_owned)
        .collect()
}

fn is_code(text: &str) -> bool {
    text.split('-').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
}

/// Returns the headings that are a code: `## amount-differs`, with or without backticks. Other headings begin with a
/// capital.
fn headings(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| line.trim_matches(['#', ' ', '`']))
        .filter(|heading| is_code(heading))
        .map(str::to_owned)
        .collect()
}

/// Returns a line for each thing that is on one side only, and one when there is nothing at all.
fn unpaired(left: &BTreeSet<String>, left_name: &str, right: &BTreeSet<String>, right_name: &str) -> Vec<String> {
    let mut faults: Vec<String> =
        left.difference(right).map(|code| format!("{code}: in {left_name}, not in {right_name}")).collect();
    faults.extend(right.difference(left).map(|code| format!("{code}: in {right_name}, not in {left_name}")));
    if left.is_empty() {
        faults.push(format!("{left_name}: no code found"));
    }
    faults
}

/// Returns the kinds that have a template in one language.
fn templates(language: &str) -> BTreeSet<String> {
    let folder = format!("templates/mail/{language}");
    let names = files(&[&folder]);
    names
        .iter()
        .filter_map(|file| file.path.strip_prefix(&format!("{folder}/"))?.strip_suffix(".txt"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_finding_has_a_heading_and_every_heading_a_finding() {
    // Before the first finding there is nothing to hold together; from then on there is no way out.
    if let Some(source) = read("src/trade/finding.rs") {
        let page = read("docs/findings.md").unwrap_or_default();
        let faults = unpaired(&codes(&source, "Finding"), "src/trade/finding.rs", &headings(&page), "docs/findings.md");
        assert_none(&faults);
    }
}

#[test]
fn every_kind_of_letter_has_a_template_in_each_language() {
    let (english, japanese) = (templates("en"), templates("ja"));
    assert_none(&unpaired(&english, "templates/mail/en", &japanese, "templates/mail/ja"));
    if let Some(source) = read("src/trade/document.rs") {
        let kinds = codes(&source, "Kind");
        assert_none(&unpaired(&kinds, "src/trade/document.rs (impl Kind)", &english, "templates/mail/en"));
    }
}

#[test]
fn the_check_of_pairs_can_fail() {
    let source = "impl Other { fn code() { \"other\" } }\nimpl Finding {\n fn code(&self) -> &str { match self { Self::A => \
                  \"amount-differs\", Self::B => \"late\" } }\n fn sentence() { \"words\" } }";
    let found = codes(source, "Finding");
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["amount-differs", "late"]);
    let page = headings("# Findings\n## How to read\n## `amount-differs`\n### silent\n");
    assert_eq!(page.iter().map(String::as_str).collect::<Vec<_>>(), ["amount-differs", "silent"]);
    assert_eq!(unpaired(&found, "source", &page, "page").len(), 2);
    assert_eq!(unpaired(&BTreeSet::new(), "source", &BTreeSet::new(), "page"), ["source: no code found"]);
    assert_none(&unpaired(&found, "source", &found, "page"));
}
