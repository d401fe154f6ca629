//! `schema`: the JSON Schemas of all output. The schemas are files under `templates/schema/`; nothing is checked here.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Shell;
use super::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mailorder schema\n  mailorder schema schemas/")]
pub(crate) struct SchemaArgs {
    /// Folder to write one file for each document to; without it all are printed
    dir: Option<PathBuf>,
}

/// Names each document and embeds its schema.
macro_rules! schemas {
    ($($name:literal)+) => {
        [$(($name, include_str!(concat!("../../templates/schema/", $name, ".json"))),)+]
    };
}

/// The documents, by the name in their member `schema` (`mailorder.NAME/1`); `path` has none.
const SCHEMAS: [(&str, &str); 41] = schemas![
    "alert" "articles" "asked" "catalog" "catalog-check" "certificate" "check" "checkpoint" "confirm" "doctor" "exit-codes" "foreseen" "inbox" "init" "inspect" "key" "keys"
    "list" "moments" "notified" "order" "outbox" "outbox-letter" "path" "payment-data" "procedures" "ran" "received" "redaction" "reindex" "row" "rows" "schedules"
    "serve" "settings" "show" "status" "transaction" "verify" "warnings" "written"
];

pub(super) fn run(shell: &mut Shell, args: SchemaArgs) -> Result<(), Failure> {
    match args.dir {
        Some(folder) => write(&folder),
        None => shell.output.document(&all()?),
    }
}

/// Returns all schemas as one document, keyed by name.
fn all() -> Result<Value, Failure> {
    let mut all = Map::new();
    for (name, text) in SCHEMAS {
        let schema = serde_json::from_str(text).map_err(|error| Failure::bug(format!("schema {name}: {error}")))?;
        all.insert(name.to_owned(), schema);
    }
    Ok(Value::Object(all))
}

/// Writes `NAME.json` for each document. A file that is there with other content is never overwritten; nothing is
/// written before all of them are known to be free.
fn write(folder: &Path) -> Result<(), Failure> {
    let fault = |file: &Path, error: std::io::Error| Failure::io(format!("cannot write {}: {error}", file.display()));
    std::fs::create_dir_all(folder).map_err(|error| fault(folder, error))?;
    let mut missing = Vec::new();
    for (name, text) in SCHEMAS {
        let file = folder.join(format!("{name}.json"));
        match std::fs::read(&file) {
            Ok(there) if there == text.as_bytes() => {}
            Ok(_) => {
                let what = format!("{} is there already and is something else; it is left as it is", file.display());
                return Err(Failure::data(what).hint("name another folder, or remove the file"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing.push((file, text)),
            Err(error) => return Err(fault(&file, error)),
        }
    }
    for (file, text) in missing {
        // Whoever made the file in the meantime keeps it, too.
        let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&file);
        made.and_then(|mut made| std::io::Write::write_all(&mut made, text.as_bytes()))
            .map_err(|error| fault(&file, error))?;
    }
    Ok(())
}
