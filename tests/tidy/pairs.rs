//! Things that exist in pairs: a finding and its heading, a kind of letter and its templates.

use std::collections::BTreeSet;

use mailorder::trade::{Code, Kind};

use super::patent::Tests;
use super::source::{Source, word_places};
use super::{TextFile, assert_none, files, read, sample};

/// Findings that no letter is judged by: they are reckoned from what is there, and the test that shows each.
const COMPUTED: [(Code, &str); 11] = [
    (
        Code::SignerCompromised,
        "tests/trust/mod.rs::letters_of_a_key_that_is_revoked_as_compromised_are_marked_and_stay_applied_b37",
    ),
    (
        Code::SenderLooksAlike,
        "tests/commands/alike.rs::a_shop_is_told_of_a_first_contact_that_looks_like_somebody_it_knows_and_takes_the_order",
    ),
    (Code::Failed, "tests/reminded.rs::money_for_a_cancelled_order_is_missed_too_and_its_failing_told"),
    (
        Code::NotConfirmed,
        "tests/flows/failing.rs::money_that_is_collected_before_the_ok_is_a_warning_and_the_terms_go_on_waiting",
    ),
    (
        Code::ReceivedDiffers,
        "tests/commands/receiving.rs::fewer_pieces_than_the_agent_says_are_a_warning_in_show_list_and_warnings_p84",
    ),
    (Code::Late, "tests/clerks.rs::what_is_late_is_told_until_it_was_seen"),
    (Code::Silent, "tests/reminded.rs::money_for_goods_that_went_back_is_missed_when_its_day_has_passed"),
    (Code::Unheard, "tests/reminded.rs::an_order_that_is_never_acknowledged_is_told_of_until_it_is"),
    (Code::DeliveryDoubtful, "tests/commands/mail.rs::a_delivery_report_makes_a_letter_doubtful_and_nothing_else_b60"),
    (
        Code::TooManyLetters,
        "tests/limits.rs::hundreds_of_statuses_about_one_transaction_are_all_kept_and_make_one_warning_b100",
    ),
    (Code::UnpaidLimitReached, "tests/claims.rs::claim_08_the_unpaid_total_reaching_the_limit_warns"),
];

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

/// Returns a line for each finding that neither a table of `rules` nor a test named for it shows.
fn unshown(rules: &[TextFile], computed: &[(Code, &str)], tests: &Tests) -> Vec<String> {
    let rules: Vec<Source> = rules.iter().map(|file| Source::read(&file.text)).collect();
    let fault = |code: &Code| {
        let in_table = rules.iter().any(|rules| !word_places(&rules.code, &format!("Code::{code:?}")).is_empty());
        let named = computed.iter().find(|(named, _)| named == code);
        match named {
            Some(_) if in_table => Some("stands in a table, and is named as computed".to_owned()),
            Some((_, test)) => tests.fault(test).map(|fault| format!("{test}: {fault}")),
            None if in_table => None,
            None => Some("in no table of tests/rules, and not named as computed".to_owned()),
        }
    };
    Code::ALL.iter().filter_map(|code| Some(format!("{code}: {}", fault(code)?))).collect()
}

#[test]
fn every_finding_stands_in_a_table_of_the_rules_or_is_computed_and_has_a_test() {
    assert_none(&unshown(&files(&["tests/rules"]), &COMPUTED, &Tests::of(&files(&["tests", "src"]))));
    let tests = Tests::of(&[sample("tests/a.rs", "#[test]\nfn late() { assert!(a); }")]);
    let table: String =
        Code::ALL.iter().filter(|code| **code != Code::Late).map(|code| format!("Code::{code:?};")).collect();
    let faults = |text: &str, computed: &[(Code, &str)]| unshown(&[sample("tests/rules/a.rs", text)], computed, &tests);
    assert_eq!(faults(&table, &[]), ["late: in no table of tests/rules, and not named as computed"]);
    assert_eq!(faults(&format!("{table} // Code::Late"), &[]).len(), 1);
    assert_eq!(
        faults(&table, &[(Code::Late, "tests/a.rs::gone")]),
        ["late: tests/a.rs::gone: no such function in that file"]
    );
    assert_eq!(faults(&format!("{table} Code::Late"), &[(Code::Late, "tests/a.rs::late")]).len(), 1);
    assert_none(&faults(&table, &[(Code::Late, "tests/a.rs::late")]));
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
