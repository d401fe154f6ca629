//! `config path`, `config check` and `config show`.

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::escape;
use crate::clerk::is_made;
use crate::config::{self, InboxSettings, Keys, OutboxSettings, Setting, Settings};
use crate::view::text;

/// Columns of the names of places.
const NAMES: usize = 9;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder config check")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print where everything lies
    #[command(after_help = "Example:\n  mailorder config path --json")]
    Path,
    /// Read the configuration and say what is wrong with it
    #[command(after_help = "Example:\n  mailorder config check")]
    Check,
    /// Print the settings that hold, written or not; of commands the program alone, since their arguments may be secret
    #[command(after_help = "Example:\n  mailorder config show --origin")]
    Show {
        /// Say of each where it comes from: a line of the file, or the default
        #[arg(long)]
        origin: bool,
    },
}

pub(super) fn run(shell: &mut Shell, args: ConfigArgs) -> Result<(), Failure> {
    match args.command {
        ConfigCommand::Path => path(shell, &shell.settings()?),
        ConfigCommand::Check => check(shell, &shell.settings_checked()?),
        ConfigCommand::Show { origin } => show(shell, &shell.settings()?, origin),
    }
}

/// Says everything that is wrong with a configuration that can be read.
fn check(shell: &Shell, settings: &Settings) -> Result<(), Failure> {
    crate::clerk::inbox(settings)?;
    crate::clerk::outbox(settings)?;
    let file = &settings.folders.config;
    let text = crate::files::read_text(file, crate::files::SMALL).map_err(|error| Failure::unreadable(file, &error))?;
    // Before `init` there is no ledger, and no key is accepted.
    let clerk = if is_made(settings) { Some(shell.clerk()?) } else { None };
    let keys = clerk.as_ref().map(|clerk| clerk as &dyn Keys);
    shell.all_wrong(config::problems(&text, settings, keys))?;
    if shell.output.is_json() {
        let value = json!({"schema": "mailorder.check/1", "config": file, "result": "clean"});
        return shell.output.document(&value);
    }
    shell.line(&escape(&format!("{}: nothing wrong", file.display())))?;
    let shop = settings.practice.shop.as_ref().filter(|shop| shop.return_days > 0 && shop.conditions.is_none());
    if let Some(shop) = shop {
        let days = shop.return_days;
        shell.hint(&format!(
            "goods are taken back for {days} days, and the terms say nothing of it: write it as `conditions` in [shop]"
        ));
    }
    Ok(())
}

/// Prints the settings that hold, a line each, as the file would have it; where each comes from stands behind it as a remark.
fn show(shell: &Shell, settings: &Settings, origin: bool) -> Result<(), Failure> {
    let file = &settings.folders.config;
    let text = crate::files::read_text(file, crate::files::SMALL).map_err(|error| Failure::unreadable(file, &error))?;
    let all = config::shown(&text, settings);
    if shell.output.is_json() {
        let one = |Setting { key, value, line }: &Setting| json!({"key": key, "value": value, "line": line});
        let all: Vec<Value> = all.iter().map(one).collect();
        return shell.output.document(&json!({"schema": "mailorder.settings/1", "config": file, "settings": all}));
    }
    for Setting { key, value, line } in &all {
        let from = match line {
            _ if !origin => String::new(),
            Some(line) => format!("  # {}:{line}", file.display()),
            None => format!("  # {}", shell.words.say("places.default")),
        };
        shell.output.line(escape(&format!("{key} = {value}{from}")))?;
    }
    Ok(())
}

/// Prints where everything lies. Whoever only reads the text is told of the queue of letters, too.
fn path(shell: &Shell, settings: &Settings) -> Result<(), Failure> {
    let folders = &settings.folders;
    let inbox = match &settings.inbox {
        Some(InboxSettings::Maildir { folder, .. }) => json!(folder),
        _ => Value::Null,
    };
    let outbox = match &settings.outbox {
        Some(OutboxSettings::Maildir(pattern)) => json!(pattern),
        _ => Value::Null,
    };
    // These eight and no others: programs outside rely on them, so the document has no member `schema` either.
    let value = json!({
        "config": folders.config,
        "keys": folders.keys,
        "ledger": folders.ledger,
        "inbox": inbox,
        "outbox": outbox,
        "spool": folders.spool,
        "set_aside": folders.set_aside,
        "index": folders.index,
    });
    if shell.output.is_json() {
        return shell.output.document(&value);
    }
    let line = |name: &str, path: &str| {
        let name = shell.words.say(&format!("places.{name}"));
        shell.output.line(text::labelled(&name, NAMES, &escape(path)))
    };
    for (name, path) in value.as_object().into_iter().flatten() {
        line(name, path.as_str().unwrap_or("-"))?;
    }
    line("queue", &folders.queue.display().to_string())
}
