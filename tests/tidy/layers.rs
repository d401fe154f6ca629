//! The layers: who may import whom (ARCHITECTURE.md has the same table in words).

use super::source::{Source, word_places};
use super::{TextFile, assert_none, files, sample};

/// Each module of the crate and those it may use, in the order of the layers.
const LAYERS: [(&str, &[&str]); 23] = [
    ("trade", &[]),
    ("clock", &["trade"]),
    ("files", &[]),
    ("maildir", &["files"]),
    ("pgp", &["trade"]),
    ("rules", &["trade"]),
    ("role", &["trade", "rules"]),
    ("mail", &["trade", "files"]),
    ("ledger", &["trade", "files"]),
    ("index", &["trade", "rules", "ledger"]),
    ("hook", &[]),
    ("connect", &[]),
    ("inbox", &["maildir", "connect"]),
    ("outbox", &["trade", "files", "maildir", "connect"]),
    ("config", &["trade", "files", "role", "hook"]),
    ("feed", &["trade", "role", "config"]),
    ("clerk", EARLIER),
    ("words", &["mail"]),
    ("view", EARLIER),
    ("ordering", EARLIER),
    ("web", EARLIER),
    ("demo", EARLIER),
    ("cli", EARLIER),
];

/// Anything above itself in the table.
const EARLIER: &[&str] = &["*"];

/// Returns a line for each use of a module that the table does not allow.
fn layer_faults(sources: &[TextFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in sources {
        let Some(inside) = file.path.strip_prefix("src/") else { continue };
        let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some(layer) = LAYERS.iter().position(|(name, _)| *name == module) else {
            faults.push(format!("{}: the module {module} has no row in the table of layers", file.path));
            continue;
        };
        let code = Source::read(&file.text).code;
        for used in used_modules(&code) {
            if used != module && !may_use(layer, &used) {
                faults.push(format!("{}: {module} may not use {used}", file.path));
            }
        }
        if code.contains("super::super") {
            faults.push(format!("{}: super::super hides what is used; write crate::", file.path));
        }
    }
    faults
}

fn may_use(layer: usize, used: &str) -> bool {
    let allowed = LAYERS[layer].1;
    let above = LAYERS[..layer].iter().any(|(name, _)| *name == used);
    allowed.contains(&used) || (allowed.contains(&"*") && above)
}

/// Returns the modules named after `crate::`, those of a group in braces too.
fn used_modules(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for at in word_places(code, "crate") {
        let Some(path) = code[at + "crate".len()..].trim_start().strip_prefix("::") else { continue };
        let path = path.trim_start();
        let Some(group) = path.strip_prefix('{') else {
            used.push(first_name(path));
            continue;
        };
        let mut depth = 0_usize;
        let mut at_name = true;
        for (place, c) in group.char_indices() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => at_name = true,
                _ if c.is_whitespace() => {}
                _ if at_name => {
                    used.push(first_name(&group[place..]));
                    at_name = false;
                }
                _ => {}
            }
        }
    }
    used
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn no_module_uses_one_below_it() {
    assert_none(&layer_faults(&files(&["src"])));
}

#[test]
fn the_check_of_layers_can_fail() {
    let bad = [
        sample("src/trade/money.rs", "use crate::pgp::Opened;"),
        sample("src/rules/mod.rs", "use crate::{\n    trade::{id, money},\n    ledger,\n};"),
        sample("src/clerk/mod.rs", "fn a() { crate::cli::main(); crate::config::load(); }"),
        sample("src/inbox/imap.rs", "use super::super::cli;"),
        sample("src/util.rs", ""),
    ];
    let faults = layer_faults(&bad).join("\n");
    for part in [
        "trade may not use pgp",
        "rules may not use ledger",
        "clerk may not use cli",
        "super::super",
        "module util has",
    ] {
        assert!(faults.contains(part), "{part} is not in\n{faults}");
    }
    assert_eq!(faults.lines().count(), 5, "{faults}");
    let good = [
        sample(
            "src/rules/mod.rs",
            "//! Not crate::pgp.\nuse crate::{rules::summary, trade};\nconst A: &str = \"crate::cli\";",
        ),
        sample("src/cli/list.rs", "use crate::{clerk, config, trade::Money};"),
    ];
    assert_none(&layer_faults(&good));
}
