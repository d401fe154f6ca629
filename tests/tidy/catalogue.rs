//! The catalogues of words against what uses them: every key is used, every used key is there, every sentence is written
//! somewhere, every finding and every message of what reads has a sentence. That both languages have the same keys and
//! places stands beside the catalogues.

use std::collections::{BTreeMap, BTreeSet};

use mailorder::mail::Language;
use mailorder::trade::Code;
use mailorder::words::Words;

use super::source::Source;
use super::{TextFile, assert_none, files, read, sample};

/// Where every sentence has words in every language: what makes findings, and the commands that read or are a buyer's.
/// What else commands say (errors of settings, of what sells, of what proves) may be in English alone: docs/decisions.md.
const SPOKEN: [&str; 36] = [
    "src/rules/",
    "src/mail/agree.rs",
    "src/mail/differs.rs",
    "src/clerk/computed.rs",
    "src/clerk/judge.rs",
    "src/view/late.rs",
    "src/view/orders.rs",
    "src/view/said.rs",
    "src/view/settle.rs",
    "src/view/text.rs",
    "src/view/transaction.rs",
    "src/view/warnings.rs",
    "src/cli/account.rs",
    "src/cli/alert.rs",
    "src/cli/ask.rs",
    "src/cli/bell.rs",
    "src/cli/buy.rs",
    "src/cli/catalog.rs",
    "src/cli/confirm.rs",
    "src/cli/given_back.rs",
    "src/cli/hint.rs",
    "src/cli/list.rs",
    "src/cli/mail.rs",
    "src/cli/order_asked.rs",
    "src/cli/order_send.rs",
    "src/cli/outbox.rs",
    "src/cli/outbox_letters.rs",
    "src/cli/prompt.rs",
    "src/cli/received.rs",
    "src/cli/schedule.rs",
    "src/cli/show.rs",
    "src/cli/status.rs",
    "src/cli/transaction.rs",
    "src/cli/warnings.rs",
    "src/role/rule.rs",
    "src/role/silence.rs",
];
/// What is said of wrong arguments, which the parser tells in English.
const USAGE: [&str; 6] = [
    "it is a whole number, and at least 1",
    "one of order, payment, delivery",
    "one of buyer, shop, payment, delivery",
    "a day is written like 2026-11-08",
    "it is written LINE=QUANTITY, like 1=2",
    "it is written like 2026-11-28, or 2026-11-28T10:00:00+09:00",
];
/// Where files for other programs are made: they are the same in every language.
const WRITTEN: &str = "src/view/export/";
/// The least number of words that make a sentence.
const SENTENCE: usize = 3;

/// Returns the texts of a file of a catalogue by `table.key`.
fn keyed(file: &str) -> BTreeMap<String, String> {
    let text = read(file).unwrap_or_else(|| panic!("{file} is there"));
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(&text).unwrap();
    let keyed = |(table, words): (String, BTreeMap<String, String>)| {
        words.into_iter().map(move |(key, text)| (format!("{table}.{key}"), text)).collect::<Vec<_>>()
    };
    tables.into_iter().flat_map(keyed).collect()
}

/// Returns the source without its tests.
fn program(file: &TextFile) -> Source {
    Source::read(file.text.split("#[cfg(test)]").next().unwrap_or_default())
}

/// What templates and source say by key.
#[derive(Default)]
struct Used {
    /// Keys as a whole.
    keys: BTreeSet<String>,
    /// Beginnings of keys that are put together: `finding.`, `mark-`.
    begun: BTreeSet<String>,
    /// Every string, for what is put behind such a beginning, and every name of the source as the wire format has it.
    strings: BTreeSet<String>,
    /// Keys that are asked for in the text itself, so that they must be there.
    asked: BTreeSet<String>,
}

impl Used {
    fn of(all: &[TextFile]) -> Self {
        let mut used = Self::default();
        // Days of a timetable are told by their first three letters, which stand alone nowhere.
        used.strings.extend(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(str::to_owned));
        for file in all {
            if file.is_rust() { used.rust(file) } else { used.template(&file.text) }
        }
        used
    }

    fn rust(&mut self, file: &TextFile) {
        let source = program(file);
        for literal in &source.literals {
            let before = source.code[..literal.at].trim_end();
            if ["words.say(", "words.fill(", "words().say("].iter().any(|call| before.ends_with(call)) {
                self.asked.insert(literal.text.clone());
            }
            if before.ends_with(".name(") {
                self.begun.insert(format!("{}.", literal.text));
            }
            if let Some((begin, _)) = literal.text.split_once('{').filter(|(begin, _)| begin.ends_with('.')) {
                self.begun.insert(begin.to_owned());
            }
            if file.path.starts_with("src/words/") {
                self.begun.insert(format!("{}.", literal.text));
            }
            self.keys.insert(literal.text.clone());
            self.strings.extend([literal.text.clone()]);
            self.strings.extend(literal.text.rsplit_once('=').map(|(_, value)| value.to_owned()));
        }
        let names = source.code.split(|c: char| !c.is_alphanumeric());
        self.strings.extend(names.filter(|name| name.starts_with(char::is_uppercase)).map(kebab));
    }

    fn template(&mut self, text: &str) {
        for quote in ['\'', '"'] {
            let parts: Vec<&str> = text.split(quote).collect();
            for (place, part) in parts.iter().enumerate().skip(1) {
                self.strings.insert((*part).to_owned());
                let behind = parts.get(place + 1).map_or("", |behind| behind.trim_start());
                if parts[place - 1].ends_with("t(") {
                    if behind.starts_with('~') {
                        self.begun.insert((*part).to_owned());
                    } else {
                        self.asked.insert((*part).to_owned());
                        self.keys.insert((*part).to_owned());
                    }
                }
            }
        }
    }

    /// Returns whether a key is said somewhere.
    fn has(&self, key: &str) -> bool {
        let last = key.rsplit('.').next().unwrap_or_default();
        let begun = self.begun.iter().any(|begin| key.starts_with(begin.as_str()));
        self.keys.contains(key) || (begun && self.strings.contains(last))
    }
}

/// Writes the name of a variant as the wire format has it: `OldKey` as `old-key`.
fn kebab(name: &str) -> String {
    let parts = name.char_indices().map(|(place, c)| match c.is_uppercase() && place > 0 {
        true => format!("-{}", c.to_lowercase()),
        false => c.to_lowercase().to_string(),
    });
    parts.collect()
}

/// Returns a line for each key that nobody says, and for each that is said and not there.
fn key_faults(keys: &BTreeSet<String>, used: &Used) -> Vec<String> {
    let unused = keys.iter().filter(|key| !used.has(key)).map(|key| format!("{key}: nobody says it"));
    let missing = used.asked.iter().filter(|key| !keys.contains(*key));
    unused.chain(missing.map(|key| format!("{key}: said, and in no catalogue"))).collect()
}

/// Returns a sentence with all its places alike, whatever they are called.
fn bare(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| format!("{said}{{}}{}", part.split_once('}').map_or("", |(_, rest)| rest)))
}

/// Returns a sentence of the source with quotation marks where a place is written with them (`{0:?}`): a catalogue may have them
/// in words.
fn quoted(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| match part.split_once(":?}") {
        Some((name, rest)) if !name.contains('}') => format!("{said}\"{{}}\"{rest}"),
        _ => format!("{said}{{{part}"),
    })
}

/// Returns a line for each sentence that no source has.
fn sentence_faults(sentences: &BTreeMap<String, String>, all: &[TextFile]) -> Vec<String> {
    let literals = all.iter().flat_map(|file| program(file).literals);
    let written: BTreeSet<String> =
        literals.flat_map(|literal| [bare(&literal.text), bare(&quoted(&literal.text))]).collect();
    // What the system and libraries say of a fault is written elsewhere.
    let theirs = |key: &str| ["system.", "parser."].iter().any(|table| key.starts_with(table));
    let ours = sentences.iter().filter(|(key, _)| !theirs(key));
    let lost = ours.filter(|(_, text)| !written.contains(&bare(text)));
    lost.map(|(key, text)| format!("{key}: nobody writes {text:?}")).collect()
}

/// Returns whether a text is a command as it is typed, which is the same in every language.
fn is_command(text: &str) -> bool {
    let is_typed = |word: &str| {
        let is_name = word.chars().all(|c| c.is_ascii_uppercase());
        is_name || word.starts_with('-') || word.contains('{') || COMMANDS.contains(&word)
    };
    text.strip_prefix("mailorder ").is_some_and(|rest| rest.split(' ').all(is_typed))
}

/// Words of commands that messages propose by themselves.
const COMMANDS: [&str; 22] = [
    "accept", "ack", "ask", "cancel", "catalog", "confirm", "delivery", "instruct", "list", "notify", "outbox", "pay",
    "payment", "reject", "reorder", "return", "ship", "shop", "show", "status", "sync", "warnings",
];

/// Returns a line for each fault that a page tells in English whatever the reader chose.
fn unspoken_faults(file: &TextFile) -> Vec<String> {
    let source = program(file);
    let is_told = |at: usize| {
        let before = source.code[..at].trim_end();
        let before = before.strip_suffix("format!(").unwrap_or(before).trim_end();
        ["Fault::wrong(", "Fault::none(", "Fault::forbidden(", "in_both("].iter().any(|call| before.ends_with(call))
    };
    let lost = source.literals.iter().filter(|literal| is_told(literal.at) && !is_known(&literal.text));
    lost.map(|literal| in_no_catalogue(file, &literal.text)).collect()
}

fn is_known(text: &str) -> bool {
    let filled = bare(text).replace("{}", "1");
    Words::of(Language::Ja).sentence(&filled) != filled
}

fn in_no_catalogue(file: &TextFile, text: &str) -> String {
    format!("{}: {text:?} is in no catalogue (templates/words/*/sentences.toml)", file.path)
}

/// Returns a line for each sentence of a file that a person reads in English whatever he chose.
fn unspoken(file: &TextFile) -> Vec<String> {
    let source = program(file);
    let is_help = |at: usize| source.code[..at].trim_end().ends_with("_help =");
    let is_sentence = |text: &str| {
        let plain: String = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
        plain.split_whitespace().filter(|word| word.chars().filter(|c| c.is_ascii_alphabetic()).count() > 1).count()
            >= SENTENCE
    };
    let lost = source.literals.iter().filter(|literal| {
        let text = literal.text.as_str();
        is_sentence(text) && !is_help(literal.at) && !USAGE.contains(&text) && !is_command(text) && !is_known(text)
    });
    lost.map(|literal| in_no_catalogue(file, &literal.text)).collect()
}

#[test]
fn every_finding_and_every_message_of_what_reads_has_a_sentence_in_japanese() {
    let begins = |file: &&TextFile| SPOKEN.iter().any(|begin| file.path.starts_with(begin));
    let spoken = |file: &&TextFile| begins(file) && !file.path.starts_with(WRITTEN);
    let all = files(&["src"]);
    for begin in SPOKEN {
        assert!(all.iter().any(|file| file.path.starts_with(begin)), "{begin} is gone");
    }
    let faults: Vec<String> = all.iter().filter(|file| file.is_rust()).filter(spoken).flat_map(unspoken).collect();
    assert_none(&faults);
    assert_none(&all.iter().filter(|file| file.is_rust()).flat_map(unspoken_faults).collect::<Vec<_>>());
    let words = Words::of(Language::Ja);
    let bare = Code::ALL.iter().filter(|code| words.find(&format!("finding.{}", code.word())).is_none());
    assert_none(&bare.map(|code| format!("{code}: no words in [finding]")).collect::<Vec<_>>());
}

#[test]
fn every_word_is_said_and_every_word_that_is_said_is_there() {
    let keys =
        ["page", "terminal"].iter().flat_map(|file| keyed(&format!("templates/words/en/{file}.toml")).into_keys());
    let all: Vec<TextFile> =
        files(&["src", "templates/web"]).into_iter().filter(|f| f.is_rust() || f.path.ends_with(".html")).collect();
    assert_none(&key_faults(&keys.collect(), &Used::of(&all)));
}

#[test]
fn every_sentence_is_written_somewhere() {
    assert_none(&sentence_faults(&keyed("templates/words/en/sentences.toml"), &files(&["src"])));
}

#[test]
fn the_checks_of_catalogues_can_fail() {
    let all = [
        sample("src/a.rs", "fn a() { words.say(\"list.none\"); words.name(\"leg\", \"order\"); b(\"{n} of {all}\"); }"),
        sample("templates/web/a.html", "{{ t('list.title') }} {{ t('mark-' ~ leg) }} 'done'"),
    ];
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<String>>();
    let used = Used::of(&all);
    assert_none(&key_faults(&keys(&["list.none", "list.title", "leg.order", "mark-order.done"]), &used));
    let faults = key_faults(&keys(&["list.none", "leg.payment", "other.key"]), &used);
    assert_eq!(
        faults,
        ["leg.payment: nobody says it", "other.key: nobody says it", "list.title: said, and in no catalogue"]
    );
    let sentence = |text: &str| BTreeMap::from([("a.b".to_owned(), text.to_owned())]);
    assert_none(&sentence_faults(&sentence("{count} of {total}"), &all));
    assert_eq!(quoted("{0:?} is no {what} of {1:?}"), "\"{}\" is no {what} of \"{}\"");
    assert_eq!(sentence_faults(&sentence("{count} or {total}"), &all).len(), 1);
    let file = sample(
        "src/cli/list.rs",
        "#[command(after_help = \"Lists all there is\")] fn a() { b(\"mailorder list\"); b(\"{who} spoke of a horse\"); \
         b(\"the terms have no lines\"); }",
    );
    assert_eq!(
        unspoken(&file),
        ["src/cli/list.rs: \"{who} spoke of a horse\" is in no catalogue (templates/words/*/sentences.toml)"]
    );
}
