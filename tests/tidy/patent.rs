//! `docs/patent.md`: a row for each of P1 to P118, each with a test that runs and can fail, or what is missing.
//!
//! A row is `| P26 | what must be possible | shown by |`. The last cell has tests in backticks, `FILE::name`, after them or
//! alone `not yet: what is missing`. What the buyer does, from his order to his list, can be done on the terminal and on the page: a
//! test of the page shows it and one that runs the program's commands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::source::{Function, Source, word_places};
use super::{TextFile, assert_none, files, read, sample};

/// How many features the list has.
const FEATURES: usize = 118;
/// Those that are to be had on the page and by commands: the buyer's order, his answer to the terms, his list, status requests,
/// returns and repeated orders (screens 1600 to 2100), and the questions it all is for.
const ON_BOTH: [RangeInclusive<usize>; 4] = [10..=16, 34..=38, 72..=102, 115..=118];
/// What a test file has that runs the program.
const RUNS: [&str; 4] = ["support::program", "flows::parties", "super::parties", "CARGO_BIN_EXE_mailorder"];

/// The functions of all Rust files, by path, and which of these files run the program.
pub(super) struct Tests {
    functions: BTreeMap<String, Vec<Function>>,
    running: BTreeSet<String>,
}

impl Tests {
    pub(super) fn of(sources: &[TextFile]) -> Self {
        let rust: Vec<&TextFile> = sources.iter().filter(|file| file.is_rust()).collect();
        let runs = |file: &&&TextFile| RUNS.iter().any(|part| file.text.contains(part));
        Self {
            functions: rust.iter().map(|file| (file.path.clone(), Source::read(&file.text).functions())).collect(),
            running: rust.iter().filter(runs).map(|file| file.path.clone()).collect(),
        }
    }

    /// Returns what is missing of a feature that is to be had on the page and by commands.
    fn missing(&self, names: &[&str]) -> Option<&'static str> {
        let (page, others): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.starts_with("tests/page/"));
        let runs = |name: &&str| name.split("::").next().is_some_and(|path| self.running.contains(path));
        match (page.is_empty(), others.iter().any(runs)) {
            (true, _) => Some("no test under tests/page/"),
            (_, false) => Some("no test that runs the command"),
            _ => None,
        }
    }

    /// Returns why the test that a row names shows nothing, or nothing when it does.
    pub(super) fn fault(&self, name: &str) -> Option<String> {
        let (path, function_name) = (name.split("::").next()?, name.rsplit("::").next()?);
        let Some(functions) = self.functions.get(path) else { return Some("no such file".to_owned()) };
        let Some(function) = functions.iter().find(|function| function.name == function_name) else {
            return Some("no such function in that file".to_owned());
        };
        let attributes: String = function.before.split_whitespace().collect();
        if !attributes.contains("#[test]") && !attributes.contains("#[tokio::test") {
            return Some("not a test".to_owned());
        }
        if attributes.contains("#[ignore") {
            return Some("ignored".to_owned());
        }
        (!self.asserts(function, 4)).then(|| "asserts nothing".to_owned())
    }

    /// Returns whether the function has an assertion, itself or in a helper named check_, expect_ or assert_ something.
    fn asserts(&self, function: &Function, depth: usize) -> bool {
        let dense: String = function.body.split_whitespace().collect();
        let dense = dense.replace("assert!(true)", "");
        if ["assert!(", "assert_eq!(", "assert_ne!(", "assert_matches!(", "panic!("].iter().any(|a| dense.contains(a)) {
            return true;
        }
        depth > 0
            && self.functions.values().flatten().any(|helper| {
                ["check_", "expect_", "assert_"].iter().any(|prefix| helper.name.starts_with(prefix))
                    && word_places(&dense, &helper.name)
                        .iter()
                        .any(|at| dense[at + helper.name.len()..].starts_with('('))
                    && self.asserts(helper, depth - 1)
            })
    }
}

/// Returns a line for each fault of the page.
fn patent_faults(page: &str, tests: &Tests) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expected = 1;
    for line in
        page.lines().filter(|line| line.starts_with("| P") && line[3..].starts_with(|c: char| c.is_ascii_digit()))
    {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let number = format!("P{expected}");
        if cells.first() != Some(&number.as_str()) {
            faults.push(format!("{number} is not where it should be, but: {line}"));
            return faults;
        }
        expected += 1;
        let [_, what, shown_by] = cells[..] else {
            faults.push(format!("{number}: a row has three cells"));
            continue;
        };
        if what.is_empty() {
            faults.push(format!("{number}: says nothing"));
        }
        let (names, missing) = shown_by.split_once("not yet: ").map_or((shown_by, None), |(n, m)| (n, Some(m.trim())));
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        if missing == Some("") || (names.is_empty() && missing.is_none()) {
            faults.push(format!("{number}: neither a test nor what is missing"));
        }
        faults.extend(names.iter().filter_map(|name| Some(format!("{number}: {name}: {}", tests.fault(name)?))));
        if ON_BOTH.iter().any(|both| both.contains(&(expected - 1))) && missing.is_none() {
            faults.extend(tests.missing(&names).map(|what| format!("{number}: {what}")));
        }
    }
    if expected != FEATURES + 1 {
        faults.push(format!("P{expected} and what follows have no row"));
    }
    faults
}

#[test]
fn every_feature_is_shown_by_a_test_or_said_to_be_missing() {
    let page = read("docs/patent.md").expect("docs/patent.md is there");
    assert_none(&patent_faults(&page, &Tests::of(&files(&["tests", "src"]))));
}

#[test]
fn the_check_of_the_list_can_fail() {
    let source = sample(
        "tests/a.rs",
        "#[test]\nfn good() { assert_eq!(1, 1); }\n#[test]\nfn by_helper() { check_all(&world); }\n\
         fn check_all(world: &World) { assert!(world.ok()); }\n#[test]\nfn idle() { run(); assert!(true); }\n\
         #[test]\n#[ignore]\nfn later() { assert!(a); }\nfn helper() { assert!(a); }\n\
         #[test]\nfn only_talk() { /* assert!(a) */ print(\"assert!(a)\"); }",
    );
    let tests = Tests::of(&[source]);
    let row = |n: usize, shown: &str| format!("| P{n} | something | {shown} |\n");
    let page = |first: &str| (2..=FEATURES).fold(row(1, first), |page, n| page + &row(n, "not yet: the rest"));
    for good in ["`tests/a.rs::good`", "`tests/a.rs::by_helper`, `tests/a.rs::good`; not yet: a page", "not yet: all"] {
        assert_none(&patent_faults(&page(good), &tests));
    }
    for (bad, why) in [
        ("`tests/a.rs::absent`", "no such function"),
        ("`tests/b.rs::good`", "no such file"),
        ("`tests/a.rs::idle`", "asserts nothing"),
        ("`tests/a.rs::only_talk`", "asserts nothing"),
        ("`tests/a.rs::later`", "ignored"),
        ("`tests/a.rs::helper`", "not a test"),
        ("", "neither a test"),
        ("not yet: ", "neither a test"),
        ("soon", "neither a test"),
    ] {
        let faults = patent_faults(&page(bad), &tests);
        assert!(faults.len() == 1 && faults[0].contains(why), "{bad}: {faults:?}");
    }
    let listed = |number: usize, shown: &str| {
        let shown = |n: usize| if n == number { shown } else { "not yet: the rest" };
        (1..=FEATURES).fold(String::new(), |page, n| page + &row(n, shown(n)))
    };
    let sources = [
        sample("tests/page/a.rs", "use crate::support::program::Town;\n#[test]\nfn shown() { assert_eq!(1, 1); }"),
        sample("tests/b.rs", "use crate::support::program::Town;\n#[test]\nfn run() { assert_eq!(1, 1); }"),
        sample("tests/c.rs", "#[test]\nfn pure() { assert_eq!(1, 1); }"),
    ];
    let both = Tests::of(&sources);
    for number in [10, 16, 34, 38, 72, 102, 115, 118] {
        assert_none(&patent_faults(&listed(number, "`tests/page/a.rs::shown`, `tests/b.rs::run`"), &both));
        for (half, why) in [
            ("`tests/page/a.rs::shown`, `tests/c.rs::pure`", "no test that runs the command"),
            ("`tests/b.rs::run`", "no test under tests/page/"),
        ] {
            assert_eq!(patent_faults(&listed(number, half), &both), [format!("P{number}: {why}")], "{half}");
        }
    }
    for other in [9, 17, 33, 39, 71, 103, 114] {
        assert_none(&patent_faults(&listed(other, "`tests/b.rs::run`"), &both));
    }
    assert_eq!(patent_faults(&row(1, "not yet: a"), &tests), ["P2 and what follows have no row"]);
    assert!(patent_faults(&row(2, "not yet: a"), &tests)[0].contains("P1 is not where"));
}
