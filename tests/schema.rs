//! The JSON Schemas agree with what the program prints: the whole demonstration is played, and each document of its four
//! parties is held against its schema.

use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

/// The one document whose members are fixed for programs outside, and that therefore does not name itself.
const UNNAMED: &str = "path";

/// Returns a line for each place where `value` is not what `schema` says. Knows the words that our schemas use, and
/// fails on any other; stricter than they are, it takes no member that they do not name.
fn differences(schema: &Value, value: &Value, root: &Value, place: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (word, says) in schema.as_object().expect("a schema is an object") {
        let fits = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let target = root.pointer(says.as_str().unwrap().trim_start_matches('#')).expect("a definition");
                faults.extend(differences(target, value, root, place));
                true
            }
            "anyOf" => says.as_array().unwrap().iter().any(|one| differences(one, value, root, place).is_empty()),
            "const" => says == value,
            "enum" => says.as_array().unwrap().contains(value),
            "type" => match says.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_u64() || value.is_i64(),
                "null" => value.is_null(),
                other => panic!("the type {other}"),
            },
            "minimum" => value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap()),
            "pattern" => pattern(says.as_str().unwrap(), value),
            "required" => says.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            // Stricter than most schemas, the members are always held against those that are named.
            "additionalProperties" => says == false,
            "properties" => {
                let says = says.as_object().unwrap();
                for (name, inner) in value.as_object().into_iter().flatten() {
                    match says.get(name) {
                        Some(says) => faults.extend(differences(says, inner, root, &format!("{place}.{name}"))),
                        None => faults.push(format!("{place}.{name} is not in the schema")),
                    }
                }
                true
            }
            "items" => {
                for (at, inner) in value.as_array().into_iter().flatten().enumerate() {
                    faults.extend(differences(says, inner, root, &format!("{place}[{at}]")));
                }
                true
            }
            other => panic!("{other} is not known here"),
        };
        if !fits {
            faults.push(format!("{place}: {value} against {word} {says}"));
        }
    }
    faults
}

/// Knows the two patterns that our schemas use.
fn pattern(pattern: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    match pattern {
        "^sha256:[0-9a-f]{64}$" => text.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        }),
        "^[0-9A-F]{40}([0-9A-F]{24})?$" => {
            matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
        }
        other => panic!("the pattern {other}"),
    }
}

/// Runs the program in `folder`, without the environment of the tests.
fn run(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    let output = command.env_clear().env("HOME", folder).current_dir(folder).args(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn schemas(folder: &Path) -> Map<String, Value> {
    let (code, text, said) = run(folder, &["schema"]);
    assert_eq!(code, 0, "{said}");
    match serde_json::from_str(&text).unwrap() {
        Value::Object(schemas) => schemas,
        other => panic!("{other}"),
    }
}

/// The demonstration and what was already held against a schema.
struct Play {
    folder: tempfile::TempDir,
    schemas: Map<String, Value>,
    seen: BTreeSet<String>,
}

impl Play {
    /// Runs a command for one party, holds its document against the schema it names, and returns it.
    fn document(&mut self, party: &str, name: &str, words: &[&str]) -> Value {
        let config = format!("{party}/config.toml");
        let mut line = vec!["--config", config.as_str(), "--json", "--offline"];
        line.extend(words);
        let (code, text, said) = run(self.folder.path(), &line);
        assert_eq!(code, 0, "{words:?}: {said}");
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"));
        if name != UNNAMED {
            assert_eq!(value["schema"], format!("mailorder.{name}/1"), "{words:?}");
        }
        let schema = &self.schemas[name];
        let faults = differences(schema, &value, schema, name);
        assert!(faults.is_empty(), "{words:?}\n{}", faults.join("\n"));
        self.seen.insert(name.to_owned());
        value
    }

    /// Runs a command that prints a line for each row, some of them wrong, and one for all.
    fn rows(&mut self, party: &str, words: &[&str]) {
        self.each_line(party, words, 65);
    }

    /// Runs a command that prints a line for each of what it found.
    fn lines(&mut self, party: &str, words: &[&str]) {
        self.each_line(party, words, 0);
    }

    /// Runs a command that ends with `wanted` and prints lines, and holds each against its schema.
    fn each_line(&mut self, party: &str, words: &[&str], wanted: i32) {
        let config = format!("{party}/config.toml");
        let line = [&["--config", config.as_str(), "--json", "--offline"][..], words].concat();
        let (code, text, said) = run(self.folder.path(), &line);
        assert_eq!(code, wanted, "{words:?}: {said}");
        for line in text.lines() {
            self.line(line);
        }
    }

    /// Has the buyer pay by a card that is sealed to the payment agent, and holds what its owner sees against the schema.
    fn pay_by_card(&mut self) {
        std::fs::write(self.folder.path().join("card"), "number = 4556737586899855\n").unwrap();
        let does = |party: &str, words: &[&str]| {
            let config = format!("{party}/config.toml");
            let (code, text, said) = run(self.folder.path(), &[&["--config", config.as_str()], words].concat());
            assert_eq!(code, 0, "{words:?}: {said}");
            text
        };
        does("buyer", &["key", "import", "pay/cert.asc"]);
        does("buyer", &["key", "accept", "pay@demo.test", "--yes"]);
        let item = ["order", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1"];
        let charge = ["--charge", "Parcel delivery;JPY 500", "--pay", "card", "--json"];
        let data = ["--payment-data", "card", "--payment-agent", "pay@demo.test"];
        let order: Value = serde_json::from_str(&does("buyer", &[&item[..], &charge, &data].concat())).unwrap();
        for party in ["shop", "pay", "shop", "buyer"] {
            does(party, &["sync"]);
        }
        let shown: Value =
            serde_json::from_str(&does("buyer", &["show", "--json", order["id"].as_str().unwrap()])).unwrap();
        let number = shown["number"].as_str().unwrap();
        let data = self.document("pay", "payment-data", &["pay", "data", number]);
        assert_eq!(data["instrument"]["number"], "4556737586899855");
    }

    /// Has the shop sell by a catalog file, and the buyer ask for it and get it.
    fn sell_by_catalog(&mut self) {
        let shop = self.folder.path().join("shop");
        let rows = "sku,name,price,currency,stock,delivery,conditions\nCUP,Cup,900,JPY,5,parcel pickup,One year\n";
        std::fs::write(shop.join("catalog.csv"), rows).unwrap();
        let config = std::fs::read_to_string(shop.join("config.toml")).unwrap();
        assert!(config.contains("\n[shop]\n"), "{config}");
        let config = config.replace("\n[shop]\n", "\n[shop]\ncatalog = \"catalog.csv\"\n");
        std::fs::write(shop.join("config.toml"), config).unwrap();
        assert_eq!(self.document("shop", "catalog-check", &["shop", "catalog", "check"])["articles"], 1);
        let articles = self.document("shop", "articles", &["shop", "catalog", "list"]);
        assert!(articles["articles"].as_array().unwrap().iter().any(|article| article["stock"] == "5"));
        self.document("buyer", "catalog", &["catalog", "shop@demo.test", "--ask"]);
        for party in ["buyer", "shop", "buyer"] {
            let config = format!("{party}/config.toml");
            let (code, _, said) = run(self.folder.path(), &["--config", &config, "sync"]);
            assert_eq!(code, 0, "{said}");
        }
        let catalog = self.document("buyer", "catalog", &["catalog", "shop@demo.test"]);
        let articles = catalog["articles"].as_array().unwrap();
        assert!(
            articles.iter().any(|article| article["sku"] == "CUP") && !catalog["ways"].as_array().unwrap().is_empty()
        );
    }

    /// Erases an order that is over, looked at first.
    fn erases(&mut self) {
        let list = self.document("buyer", "list", &["list", "closed"]);
        let mut over = list["transactions"].as_array().unwrap().iter().filter(|one| one["state"] == "completed");
        let over = over.next().unwrap()["id"].as_str().unwrap().to_owned();
        let redact = ["ledger", "redact", "--transaction", &over, "--reason", "asked for"];
        self.document("buyer", "redaction", &[&redact[..], &["--dry-run"]].concat());
        self.document("buyer", "redaction", &redact);
        self.document("buyer", "show", &["show", &over]);
        self.document("buyer", "verify", &["audit", "verify"]);
    }

    /// Has the buyer's program ask by itself.
    fn schedules(&mut self, open: &str) {
        let config = self.folder.path().join("buyer/config.toml");
        let rules = "[[buyer.rule]]\nwhen = \"delivered:1d paid\"\ndo = \"reorder\"\nat_most = \"JPY 1\"\n";
        let text = std::fs::read_to_string(&config).unwrap() + rules;
        std::fs::write(&config, text).unwrap();
        self.document("buyer", "schedules", &["schedule", "add", "--preset", "mornings"]);
        self.document("buyer", "schedules", &["schedule", "add", "one", "--txn", open, "--when", "every 6h"]);
        self.document("buyer", "schedules", &["schedule", "pause", "one"]);
        let next = self.document("buyer", "moments", &["schedule", "next", "mornings"]);
        assert_eq!(next["next"].as_array().unwrap().len(), 5, "{next}");
        for dry in [&["--dry-run"][..], &[]] {
            let ran = self.document("buyer", "ran", &[&["schedule", "run", "one"], dry].concat());
            assert!(!ran["letters"].as_array().unwrap().is_empty(), "{ran}");
        }
        let ran = self.document("buyer", "ran", &["schedule", "run"]);
        assert!(!ran["held"].as_array().unwrap().is_empty(), "{ran}");
        let list = self.document("buyer", "schedules", &["schedule"]);
        assert!(list["schedules"].as_array().unwrap().iter().any(|one| !one["last"].is_null()), "{list}");
        assert!(!list["rules"][0]["held"].as_array().unwrap().is_empty(), "{list}");
    }

    /// Looks at what waits to be sent, and at what was sent and is not acknowledged.
    fn waits(&mut self) {
        let outbox = self.document("buyer", "outbox", &["outbox", "list"]);
        let letters = outbox["letters"].as_array().unwrap();
        self.document("buyer", "outbox-letter", &["outbox", "show", letters[0]["name"].as_str().unwrap()]);
        // What went to the agents since the demonstration was played they have not read.
        let all = self.document("buyer", "outbox", &["outbox", "list", "--all"]);
        let unacknowledged = all["unacknowledged"].as_array().unwrap();
        assert!(unacknowledged[0]["times"].as_u64() >= Some(1), "{all}");
    }

    /// Starts the page and holds what it says of itself against its schema.
    fn serve(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        let words = ["--config", "buyer/config.toml", "--json", "serve"];
        let mut page = command.args(words).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(page.stdout.take().unwrap()).read_line(&mut line).unwrap();
        page.kill().unwrap();
        page.wait().unwrap();
        self.line(&line);
    }

    /// Has a program told of the buyer's warnings, and holds what it is told against its schema.
    fn alerts(&mut self) {
        let folder = self.folder.path().join("buyer");
        let config = std::fs::read_to_string(folder.join("config.toml")).unwrap();
        let command = "\n[notify]\ncommand = [\"/bin/sh\", \"-c\", \"cat >>told\"]\n";
        std::fs::write(folder.join("config.toml"), config + command).unwrap();
        let (code, _, said) = run(self.folder.path(), &["--config", "buyer/config.toml", "sync"]);
        assert_eq!(code, 0, "{said}");
        let told = std::fs::read_to_string(folder.join("told")).unwrap();
        assert!(told.lines().count() > 1);
        told.lines().for_each(|line| self.line(line));
    }

    /// Holds one document against the schema that it names.
    fn line(&mut self, line: &str) {
        let value: Value = serde_json::from_str(line).unwrap();
        let name = value["schema"].as_str().unwrap().split(['.', '/']).nth(1).unwrap().to_owned();
        let schema = &self.schemas[&name];
        let faults = differences(schema, &value, schema, &name);
        assert!(faults.is_empty(), "{line}\n{}", faults.join("\n"));
        self.seen.insert(name);
    }

    fn first_original(&self) -> PathBuf {
        let folder = self.folder.path().join("buyer/ledger/originals");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .flat_map(|inner| std::fs::read_dir(inner.unwrap().path()).unwrap())
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        files.swap_remove(0)
    }

    /// Asks what there is to ask of an account itself.
    fn looks_at_the_account(&mut self) {
        self.document("buyer", "path", &["config", "path"]);
        self.document("buyer", "check", &["config", "check"]);
        self.document("buyer", "settings", &["config", "show"]);
        self.document("buyer", "doctor", &["doctor"]);
        self.document("buyer", "exit-codes", &["exit-codes"]);
    }
}

#[test]
fn every_document_is_as_its_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, said) = run(folder.path(), &["demo", "--dir", "."]);
    assert_eq!(code, 0, "{said}");
    let schemas = schemas(folder.path());
    let mut play = Play { folder, schemas, seen: BTreeSet::new() };
    for party in ["buyer", "shop", "pay", "ship"] {
        let list = play.document(party, "list", &["list"]);
        for one in list["transactions"].as_array().unwrap() {
            let known = one["number"].as_str().or(one["id"].as_str()).unwrap();
            play.document(party, "show", &["show", known]);
        }
        play.document(party, "status", &["status"]);
        play.lines(party, &["export", "--format", "jsonl"]);
        play.document(party, "keys", &["key", "list"]);
    }
    // What the other three are sent is in order: a receipt, for one, is nothing to warn about.
    for party in ["shop", "pay", "ship"] {
        let warnings = play.document(party, "warnings", &["warnings", "--all"]);
        assert_eq!(warnings["warnings"], Value::Array(Vec::new()), "{party}");
    }
    let warnings = play.document("buyer", "warnings", &["warnings", "--all"]);
    assert_eq!(warnings["warnings"].as_array().unwrap().len(), 2);
    let list = play.document("buyer", "list", &["list", "--unpaid"]);
    let late = list["transactions"].as_array().unwrap().last().unwrap();
    let (open, number) = (late["id"].as_str().unwrap(), late["number"].as_str().unwrap());
    let original = play.first_original();
    play.document("buyer", "inspect", &["inspect", original.to_str().unwrap()]);
    play.document("buyer", "inspect", &["inspect", "buyer/config.toml"]);
    play.document("buyer", "verify", &["audit", "verify"]);
    play.document("buyer", "key", &["key", "show", "shop@demo.test"]);
    let certificate = play.document("buyer", "certificate", &["key", "export", "shop@demo.test"]);
    let armored = certificate["certificate"].as_str().unwrap();
    assert_eq!(certificate["address"], "shop@demo.test");
    let read = mailorder::pgp::Certificate::from_bytes(armored.as_bytes()).unwrap();
    assert_eq!(certificate["fingerprint"], read.fingerprint().to_string());
    play.looks_at_the_account();
    play.document("buyer", "reindex", &["ledger", "reindex"]);
    play.document("buyer", "checkpoint", &["ledger", "checkpoint"]);
    play.erases();
    play.document("buyer", "asked", &["ask", open]);
    play.document("buyer", "received", &["received", open, "--all"]);
    play.document("buyer", "show", &["show", open]);
    play.schedules(open);
    let rows = format!("txn,event_id,planned\n{number},E-1,2030-01-15\n{number},E-1,2030-01-15\nNOSUCH,,2030-01-15\n");
    std::fs::write(play.folder.path().join("rows.csv"), rows).unwrap();
    for dry in [&["--dry-run"][..], &[]] {
        play.rows("pay", &[&["pay", "notify", "--from", "rows.csv"], dry].concat());
    }
    play.document("pay", "notified", &["pay", "notify", number, "--paid", "--dry-run"]);
    play.document("pay", "notified", &["pay", "notify", number, "--paid"]);
    play.pay_by_card();
    play.document("shop", "inbox", &["shop", "inbox"]);
    play.document("shop", "procedures", &["shop", "procedure", "list"]);
    play.document("shop", "foreseen", &["shop", "procedure", "run", "--dry-run", number]);
    play.sell_by_catalog();
    let item = ["order", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1", "--pay", "invoice"];
    play.document("buyer", "order", &[&item[..], &["--dry-run"]].concat());
    let order = play.document("buyer", "order", &item);
    play.document("buyer", "order", &["reorder", open, "--dry-run"]);
    for party in ["buyer", "shop", "buyer"] {
        let (code, _, said) = run(play.folder.path(), &["--config", &format!("{party}/config.toml"), "sync"]);
        assert_eq!(code, 0, "{said}");
    }
    play.document("buyer", "confirm", &["confirm", "--dry-run", order["id"].as_str().unwrap()]);
    play.document("buyer", "written", &["cancel", order["id"].as_str().unwrap()]);
    play.waits();
    play.document("new", "init", &["init", "--address", "a@example.org", "--name", "A", "--folder", "new"]);
    play.serve();
    play.alerts();
    assert_eq!(play.seen, play.schemas.keys().cloned().collect(), "each schema was held against a document");
}

#[test]
fn schemas_are_written_one_file_each_and_overwrite_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(run(folder.path(), &["schema", "out"]).0, 0);
    let schemas = schemas(folder.path());
    let files: BTreeSet<String> = std::fs::read_dir(path("out"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".json", ""))
        .collect();
    assert_eq!(files, schemas.keys().cloned().collect());
    for (name, schema) in &schemas {
        let text = std::fs::read_to_string(path(&format!("out/{name}.json"))).unwrap();
        assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), schema);
    }
    // Again changes nothing; what is something else is left, and nothing is written beside it.
    assert_eq!(run(folder.path(), &["schema", "out"]).0, 0);
    std::fs::create_dir(path("mine")).unwrap();
    std::fs::write(path("mine/show.json"), "mine").unwrap();
    let (code, _, said) = run(folder.path(), &["schema", "mine"]);
    assert_eq!(code, 65, "{said}");
    assert!(said.contains("show.json is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(path("mine/show.json")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(path("mine")).unwrap().count(), 1);
}

#[test]
fn every_document_of_the_source_has_a_schema_file_and_every_file_a_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    for text in ["src/cli", "src/view"].into_iter().flat_map(crate::tidy::texts) {
        let names = text.split("\"mailorder.").skip(1).filter_map(|rest| rest.split_once("/1\""));
        named.extend(names.map(|(name, _)| name.to_owned()));
    }
    let files: BTreeSet<String> = std::fs::read_dir(root.join("templates/schema"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".json", ""))
        .collect();
    named.insert(UNNAMED.to_owned());
    assert_eq!(named, files);
}

#[test]
fn the_check_of_documents_can_fail() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "properties": {"a": {"anyOf": [{"$ref": "#/$defs/d"}, {"type": "null"}]}},
        "$defs": {"d": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}},
    });
    let good = serde_json::json!({"a": format!("sha256:{}", "0".repeat(64))});
    for (value, faults) in [
        (good, 0),
        (serde_json::json!({"a": null}), 0),
        (serde_json::json!({"a": "sha256:0"}), 1),
        (serde_json::json!({"a": 1}), 1),
        (serde_json::json!({}), 1),
        (serde_json::json!({"a": null, "b": 1}), 1),
    ] {
        assert_eq!(differences(&schema, &value, &schema, "x").len(), faults, "{value}");
    }
}

#[test]
fn inbox_and_outbox_know_the_same_work_of_hooks() {
    let works = |name: &str| -> Vec<String> {
        let text =
            std::fs::read_to_string(format!("{}/templates/schema/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let listed = text.split("\"enum\": [").map(|rest| rest.split(']').next().unwrap());
        let works = listed.into_iter().find(|listed| listed.contains("\"release\"")).unwrap();
        works.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    assert!(works("inbox").contains(&"plan".to_owned()));
    assert_eq!(works("inbox"), works("outbox"));
}
