//! Every file is declared by the module it belongs to: a forgotten one would never be compiled, its tests never run.

use super::source::Source;
use super::{TextFile, assert_none, files, sample};

/// Returns a line for each Rust file that its module does not declare.
fn undeclared(all: &[TextFile], top: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in all.iter().filter(|file| file.is_rust() && !top.contains(&file.path.as_str())) {
        let (folder, name) = file.path.rsplit_once('/').expect("no source file at the top");
        let (folder, name) = match name {
            "mod.rs" => folder.rsplit_once('/').expect("mod.rs lies in a module's folder"),
            other => (folder, other.trim_end_matches(".rs")),
        };
        let parents: Vec<String> = if top.iter().any(|path| path.rsplit_once('/').is_some_and(|(f, _)| f == folder)) {
            top.iter().filter(|path| path.starts_with(folder)).map(|path| (*path).to_owned()).collect()
        } else {
            vec![format!("{folder}/mod.rs")]
        };
        let declared = all.iter().filter(|other| parents.contains(&other.path)).any(|parent| {
            let code = Source::read(&parent.text).code;
            code.split(['{', '}', ';']).any(|item| item.split_whitespace().rev().take(2).eq([name, "mod"]))
        });
        if !declared {
            faults.push(format!("{}: not declared (mod {name};) in {}", file.path, parents.join(" or ")));
        }
    }
    faults
}

#[test]
fn every_file_is_declared_by_its_module() {
    assert_none(&undeclared(&files(&["tests"]), &["tests/main.rs"]));
    assert_none(&undeclared(&files(&["src"]), &["src/lib.rs", "src/main.rs"]));
}

/// Programs that are not on every machine.
const INSTALLED: [&str; 13] = [
    "gpg",
    "gpgconf",
    "strace",
    "notmuch",
    "openssl",
    "hledger",
    "ledger",
    "faketime",
    "python3",
    "chromedriver",
    "systemd-analyze",
    "kill",
    "ps",
];

/// Returns a line for each place outside of a module `real` where a test starts a program that must be installed. A file
/// without tests of its own stands for those that use it.
fn needing_installation(all: &[TextFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in all.iter().filter(|file| file.is_rust() && !file.path.ends_with("/real.rs")) {
        // What stands in a file below the line `mod real {` stands in that module, or is found by its tests failing.
        let open = file.text.split("\nmod real {").next().unwrap_or_default();
        if !open.contains("#[test]") {
            continue;
        }
        let starts = |program: &&&str| open.contains(&format!("Command::new(\"{program}\")"));
        faults.extend(INSTALLED.iter().filter(starts).map(|program| format!("{}: starts {program}", file.path)));
    }
    faults
}

#[test]
fn tests_that_need_an_installation_are_in_a_module_named_real() {
    // `tests/run --quick` leaves those out and needs none.
    let found: Vec<TextFile> = files(&["tests"]).into_iter().filter(|file| !file.path.contains("support/")).collect();
    assert_none(&needing_installation(&found));
    let samples = [
        sample("tests/a.rs", "#[test]\nfn a() { Command::new(\"gpg\") }"),
        sample("tests/b/real.rs", "#[test]\nfn b() { Command::new(\"gpg\") }"),
        sample("tests/c.rs", "#[test]\nfn c() {}\nmod real {\n Command::new(\"strace\") }"),
        sample("tests/d.rs", "pub fn d() { Command::new(\"faketime\") }"),
    ];
    assert_eq!(needing_installation(&samples), ["tests/a.rs: starts gpg"]);
}

/// Returns a line for each test that may end before its end: it would have passed without having looked.
fn ending_early(all: &[TextFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in all.iter().filter(|file| file.is_rust()) {
        let functions = Source::read(&file.text).functions();
        let tests = functions.iter().filter(|function| function.before.contains("#[test]"));
        let early = tests.filter(|function| function.body.contains("return;"));
        faults.extend(early.map(|test| format!("{}: {} returns before its end", file.path, test.name)));
    }
    faults
}

#[test]
fn no_test_ends_before_its_end() {
    // What is not there fails the test; what needs an installation stands in a module `real`.
    assert_none(&ending_early(&files(&["tests", "src"])));
    let samples = [
        sample("tests/a.rs", "#[test]\nfn a() { if !there() { return; } look(); }"),
        sample("tests/b.rs", "fn b() { return; }\n#[test]\nfn c() { let d = || return 1; \"return;\"; }"),
    ];
    assert_eq!(ending_early(&samples), ["tests/a.rs: a returns before its end"]);
}

#[test]
fn the_check_of_declarations_can_fail() {
    let all = [
        sample("tests/main.rs", "//! mod lost;\nmod flows;\nmod rules;"),
        sample("tests/rules.rs", ""),
        sample("tests/lost.rs", ""),
        sample("tests/flows/mod.rs", "pub(crate) mod returned;"),
        sample("tests/flows/returned.rs", ""),
        sample("tests/flows/cancelled.rs", ""),
        sample("tests/support/world.rs", ""),
    ];
    let faults = undeclared(&all, &["tests/main.rs"]);
    assert_eq!(faults.len(), 3, "{faults:?}");
    for (fault, path) in faults.iter().zip(["tests/lost.rs", "tests/flows/cancelled.rs", "tests/support/world.rs"]) {
        assert!(fault.starts_with(path), "{fault}");
    }
}
