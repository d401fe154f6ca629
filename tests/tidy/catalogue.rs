//! The catalogues of words against what uses them: every key is used, every used key is there, every sentence is written
//! somewhere, every text of the source that reads like a sentence is one. That both languages have the same keys and
//! places stands beside the catalogues.

use std::collections::{BTreeMap, BTreeSet};

use mailorder::mail::Language;
use mailorder::trade::Code;
use mailorder::words::Words;

use super::source::Source;
use super::{TextFile, assert_none, files, read, sample};

/// Where no text is said to a person in his language, and why. All else in the source that reads like a sentence has words in
/// every language.
const UNSPOKEN: [(&str, &str); 7] = [
    ("src/ledger/form/own.rs", "entries keep their sentences as they were written"),
    ("src/mail/words.rs", "the words of letters, each beside its other language"),
    ("src/mail/jsonld/", "what is written into letters, but for what is wrong with them"),
    ("src/view/export/", "files for other programs are the same in every language"),
    ("src/demo/", "names and reasons of the demonstration's parties, but for what fails"),
    ("src/index/", "SQL, but for what is wrong with an index"),
    ("src/inbox/imap/session.rs", "commands of IMAP, but for what is wrong with an answer"),
];
/// What is said of a fault: there texts are for people also in the places above.
const FAULTS: [&str; 12] = [
    "bad(",
    "wrong(",
    "Err(",
    "Plot(",
    "Row(",
    "Damaged(",
    "Damaged { what:",
    "#[error(",
    "Config(",
    "garbled(",
    "|_|",
    "ok_or(",
];
/// Texts that read like sentences, and are none for people.
const OTHERS: [&str; 14] = [
    "orders without an answer",
    "no reason given",
    "for who in shop pay ship shop buyer; do ",
    "mkdir -p ",
    "-----",
    "addr=",
    "Message({} bytes by {})",
    "Checks {{ signature: ",
    "text/csv; ",
    "default-src ",
    "camera=(), ",
    "{}={}; Path=/",
    "{CHOSEN}={}; Path=/",
    "role, shop, order_id",
];
/// What stands before a text that is for no person, a reason of a lint, a bug of ours, and what is wrong with a template that is
/// part of the program; and before help, whose words have a table and a test of their own.
const NOT_TOLD: [&str; 9] = [
    "reason =",
    ".help(",
    "_help =",
    "heading =",
    "const HELP: &str =",
    "::bug(",
    "ErrorKind::InvalidOperation,",
    "ErrorKind::UndefinedError,",
    "ErrorKind::TooManyArguments,",
];
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
const COMMANDS: [&str; 32] = [
    "accept", "ack", "ask", "audit", "cancel", "catalog", "check", "config", "confirm", "csv", "delivery", "export",
    "import", "key", "verify", "instruct", "list", "notify", "outbox", "pay", "payment", "refund", "reject", "reorder",
    "retry", "return", "ship", "shop", "show", "status", "sync", "warnings",
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

/// Returns whether a sentence, or what is done with a file, has words in Japanese.
fn is_known(text: &str) -> bool {
    let words = Words::of(Language::Ja);
    let is_sentence = |text: &str| {
        let filled = bare(text).replace("{}", "1");
        words.sentence(&filled) != filled
    };
    is_sentence(text) || is_sentence(&quoted(text)) || words.find(&format!("deed.{text}")).is_some()
}

fn in_no_catalogue(file: &TextFile, text: &str) -> String {
    format!("{}: {text:?} is in no catalogue (templates/words/*/sentences.toml)", file.path)
}

/// Returns whether a text has as many words as make a sentence; one of several lines is a file.
fn is_sentence(text: &str) -> bool {
    let plain: String = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
    let is_word = |word: &&str| word.chars().filter(|c| c.is_ascii_alphabetic()).count() > 1;
    !text.contains('\n') && plain.split_whitespace().filter(is_word).count() >= SENTENCE
}

/// Returns a line for each sentence of a file that a person reads in English whatever he chose.
fn unspoken(file: &TextFile) -> Vec<String> {
    let source = program(file);
    let quiet = UNSPOKEN.iter().any(|(path, _)| file.path.starts_with(path));
    let is_told = |at: usize| {
        let before = source.code[..at].trim_end();
        let bare = before.strip_suffix("format!(").unwrap_or(before).trim_end();
        let is_fault = || FAULTS.iter().any(|call| bare.ends_with(call));
        !NOT_TOLD.iter().any(|call| bare.ends_with(call)) && (!quiet || is_fault())
    };
    let lost = source.literals.iter().filter(|literal| {
        let text = literal.text.as_str();
        let other = || OTHERS.iter().any(|other| text.starts_with(other));
        is_sentence(text) && is_told(literal.at) && !other() && !is_command(text) && !is_known(text)
    });
    lost.map(|literal| in_no_catalogue(file, &literal.text)).collect()
}

#[test]
fn every_sentence_of_the_source_has_words_in_japanese() {
    let all: Vec<TextFile> = files(&["src"]).into_iter().filter(TextFile::is_rust).collect();
    for (path, why) in UNSPOKEN {
        assert!(all.iter().any(|file| file.path.starts_with(path)), "{path} is gone: {why}");
    }
    let told = |file: &&TextFile| !file.path.ends_with("/tests.rs");
    assert_none(&all.iter().filter(told).flat_map(unspoken).collect::<Vec<_>>());
    assert_none(&all.iter().flat_map(unspoken_faults).collect::<Vec<_>>());
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
    let error = "#[error(\"the horse is gone\")] struct Gone; fn a() { b(\"what is no fault at all\"); }";
    assert_eq!(unspoken(&sample("src/config/fault.rs", error)).len(), 2);
    assert_eq!(unspoken(&sample("src/index/list.rs", error)).len(), 1, "only what is a fault");
}
