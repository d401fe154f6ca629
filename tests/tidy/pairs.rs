//! Things that exist in pairs: a finding and its heading, a kind of letter and its templates.

use std::collections::BTreeSet;

use mailorder::trade::{Code, Kind};

use super::{assert_none, files, read};

/// Returns whether the text has the form of a code: lower-case words with hyphens.
fn is_code(text: &str) -> bool {
    text.split('-').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
}

/// Returns the codes of all findings.
fn finding_codes() -> BTreeSet<String> {
    Code::ALL.iter().map(|code| code.word().to_owned()).collect()
}

/// Returns the words of all kinds of letters.
fn kind_words() -> BTreeSet<String> {
    Kind::ALL.iter().map(|kind| kind.word().to_owned()).collect()
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
    let page = read("docs/findings.md").expect("docs/findings.md is there");
    assert_none(&unpaired(&finding_codes(), "the codes of findings", &headings(&page), "docs/findings.md"));
    let in_order: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).filter(|h| is_code(h)).collect();
    let precedence: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(in_order, precedence, "the page follows the precedence, each code once");
}

#[test]
fn every_kind_of_letter_has_a_template_in_each_language() {
    for language in ["en", "ja"] {
        let folder = format!("templates/mail/{language}");
        assert_none(&unpaired(&kind_words(), "the kinds of letters", &templates(language), &folder));
    }
}

#[test]
fn codes_and_kinds_have_the_form_of_a_code() {
    for word in finding_codes().iter().chain(&kind_words()) {
        assert!(is_code(word), "{word}");
    }
}

#[test]
fn the_check_of_pairs_can_fail() {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<String>>();
    let page = headings("# Findings\n## How to read\n## `amount-differs`\n### silent\n");
    assert_eq!(page, set(&["amount-differs", "silent"]));
    let found = set(&["amount-differs", "late"]);
    let faults = unpaired(&found, "source", &page, "page");
    assert_eq!(faults, ["late: in source, not in page", "silent: in page, not in source"]);
    assert_eq!(unpaired(&set(&[]), "source", &set(&[]), "page"), ["source: no code found"]);
    assert_none(&unpaired(&found, "source", &found, "page"));
}
