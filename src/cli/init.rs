//! `init`: an account from nothing: configuration, key, ledger.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use super::failure::{Failure, FailureKind};
use super::{Shell, account, hint};
use crate::clerk::{self, ClerkError};
use crate::config::{self, InboxSettings, Settings};
use crate::mail::Language;
use crate::maildir;
use crate::trade::{Address, Role};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder init --address alice@example.org --name 'Alice Example' --inbox ~/Maildir --outbox-sendmail /usr/sbin/sendmail\n  mailorder init --address alice@example.org --name 'Alice Example' --imap imap.example.org --smtp smtp.example.org --password-file ~/mail-password\n  mailorder init --address alice@example.org --name 'Alice Example' --imap imap.example.org --smtp smtp.example.org --token-command 'oama access alice@example.org'",
    group = clap::ArgGroup::new("proof").args(["password_file", "token_command"])
)]
pub(crate) struct InitArgs {
    /// Address that letters are sent from
    #[arg(long)]
    address: String,
    /// Name of the owner
    #[arg(long)]
    name: String,
    /// Part to play: buyer, shop, payment, delivery; may be given several times
    #[arg(long = "role", default_value = "buyer", value_parser = ["buyer", "shop", "payment", "delivery"])]
    roles: Vec<String>,
    /// Keep everything in this folder instead of the usual ones, the configuration (config.toml), too, unless
    /// --config names another file
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Maildir to take mail from
    #[arg(long, value_name = "MAILDIR", conflicts_with = "imap")]
    inbox: Option<String>,
    /// IMAP server to take mail from
    #[arg(long, value_name = "HOST", requires = "proof")]
    imap: Option<String>,
    /// Maildir to write to; {to} stands for the recipient
    #[arg(long, value_name = "MAILDIR", conflicts_with_all = ["smtp", "outbox_sendmail"])]
    outbox: Option<String>,
    /// SMTP server to send by
    #[arg(long, value_name = "HOST", requires = "proof", conflicts_with = "outbox_sendmail")]
    smtp: Option<String>,
    /// Program like sendmail to send by
    #[arg(long, value_name = "PROGRAM")]
    outbox_sendmail: Option<String>,
    /// File with the password for IMAP and SMTP in its first line
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// Program, with its arguments behind it, that prints an OAuth 2 access token for IMAP and SMTP
    #[arg(long, value_name = "COMMAND")]
    token_command: Option<String>,
    /// Language of letters, and of what is printed: en or ja; by default that of the locale
    #[arg(long)]
    language: Option<String>,
}

pub(super) fn run(shell: &mut Shell, args: InitArgs) -> Result<(), Failure> {
    let address = Address::parse(&args.address).map_err(|error| Failure::usage(error.to_string()))?;
    if let (None, None, Some(folder)) = (&shell.global.config, &shell.environment.config, &args.folder) {
        let folder = match (folder.strip_prefix("~"), &shell.environment.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => folder.clone(),
        };
        // What is proposed below names it, too.
        shell.global.config = Some(folder.join("config.toml"));
    }
    let file = shell.config_file()?;
    let absolute = std::path::absolute(&file).map_err(|error| Failure::io(format!("{}: {error}", file.display())))?;
    let text = written(&args, &address, &absolute, shell.words.language())?;
    // Nothing is made before all of it is known to be right.
    let settings = config::parse(&text, &absolute, &shell.environment)?;
    clerk::inbox(&settings)?;
    clerk::outbox(&settings)?;
    account::is_whole(&settings)?;
    let before = begun_before(shell, &absolute, &text, &settings)?;
    if clerk::is_made(&settings) {
        let text = format!("there is an account in {} already; it is left as it is", settings.folders.ledger.display());
        return Err(Failure::data(text).hint("give another account a folder of its own with --folder"));
    }
    if !before {
        write_new(&absolute, &text)?;
    }
    let me = clerk::create(&settings, &shell.clock).inspect_err(|_| {
        // The configuration is of no use without the account.
        if !before {
            let _ = std::fs::remove_file(&absolute);
        }
    })?;
    if shell.output.is_json() {
        let value = serde_json::json!({
            "schema": "mailorder.init/1", "config": absolute, "address": me.address, "fingerprint": me.fingerprint,
        });
        return shell.output.document(&value);
    }
    let words = shell.words;
    shell.output.line(words.fill("made.account", &[("file", &absolute.display())]))?;
    shell.output.line(words.fill("made.key", &[("key", &me.fingerprint.grouped())]))?;
    for step in next_steps(&settings, &absolute) {
        shell.output.line(format!("{}{}", words.say("terminal.next"), shell.said(&step)))?;
    }
    Ok(())
}

/// Returns what the parts played here need before they can begin.
fn next_steps(settings: &Settings, file: &Path) -> Vec<String> {
    let file = file.display();
    let mut steps = Vec::new();
    if settings.inbox.is_none() && settings.outbox.is_none() {
        steps.push(format!("say in {file} where mail comes from and goes to: [inbox] and [outbox]"));
    }
    if let Some(InboxSettings::Maildir { folder, .. }) = &settings.inbox
        && !config::is_maildir(folder)
    {
        let folder = hint::quoted(&folder.to_string_lossy());
        steps.push(format!("mkdir -p {folder}/cur {folder}/new {folder}/tmp (this Maildir is not there yet)"));
    }
    let begun = steps.len();
    let plays = |role| settings.practice.plays(role);
    if plays(Role::Shop) {
        steps.push(format!("say in {file} what is sold and how: [shop], see config.example.toml"));
    }
    for (role, table) in [(Role::Payment, "payment"), (Role::Delivery, "delivery")] {
        if plays(role) {
            steps.push(format!("name in {file} the shops worked for: [{table}] shops = [\"shop@example.com\"]"));
        }
    }
    if steps.len() > begun {
        steps.push("mailorder config check".to_owned());
        steps.push("mailorder key export > cert.asc (your certificate, for those you trade with)".to_owned());
        steps.push("mailorder key import FILE, then mailorder key accept ADDRESS (theirs)".to_owned());
    }
    if plays(Role::Buyer) {
        if settings.practice.buyer.as_ref().is_some_and(|buyer| buyer.deliver_to.is_none()) {
            steps.push(format!("say in {file} where goods go: [buyer.deliver_to], see config.example.toml"));
        }
        steps.push("mailorder key import FILE, then mailorder key accept ADDRESS (a shop's certificate)".to_owned());
        steps.push("mailorder catalog ADDRESS, then mailorder order --shop ADDRESS --item SKU=1".to_owned());
    }
    steps
}

/// Returns whether an `init` of the same words wrote this configuration and did not live to make the account.
fn begun_before(shell: &Shell, file: &Path, text: &str, settings: &Settings) -> Result<bool, Failure> {
    match crate::files::read_text(file, crate::files::SMALL) {
        Ok(there) if there == text && !clerk::is_made(settings) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        _ => {
            if let Ok(there) = config::load(file, &shell.environment) {
                account::is_whole(&there)?;
            }
            let text = format!("{} exists already; it is left as it is", file.display());
            Err(Failure::data(text).hint("give another account a folder of its own with --folder, or edit this one"))
        }
    }
}

/// Writes a path that was typed here as the configuration in `folder` (absolute) has it, where what is relative starts
/// there: so it means the same, and the folder can be moved with all that lies beside it.
fn typed(path: &str, folder: &Path) -> Result<String, Failure> {
    if path.is_empty() || path.starts_with("~/") || Path::new(path).is_absolute() {
        return Ok(path.to_owned());
    }
    let target = std::path::absolute(path).map_err(|error| Failure::io(format!("{path}: {error}")))?;
    let target = config::plain(&target);
    let shared = target.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(target.components().skip(shared)).collect();
    let relative = if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative };
    Ok(relative.to_string_lossy().into_owned())
}

/// Writes the configuration text.
fn written(args: &InitArgs, address: &Address, file: &Path, language: Language) -> Result<String, Failure> {
    let here = config::plain(file.parent().unwrap_or_else(|| Path::new("/")));
    let typed = |path: &str| typed(path, &here);
    let quote = |text: &str| toml::Value::from(text).to_string();
    let roles: Vec<String> = args.roles.iter().map(|role| quote(role)).collect();
    let mut text = format!(
        "# Made by `mailorder init`; config.example.toml explains every key.\naddress = {}\nname = {}\nlanguage = {}\nroles = [{}]\n",
        quote(address.as_str()),
        quote(&args.name),
        quote(args.language.as_deref().unwrap_or(language.word())),
        roles.join(", ")
    );
    if let Some(folder) = &args.folder {
        text.push_str(&format!("\n[storage]\nfolder = {}\n", quote(&typed(&folder.to_string_lossy())?)));
    }
    let proof = match (&args.password_file, &args.token_command) {
        (Some(file), _) => format!(", password_file = {}", quote(&typed(file)?)),
        (None, Some(command)) => {
            let words: Vec<String> = command.split_whitespace().map(quote).collect();
            format!(", token_command = [{}]", words.join(", "))
        }
        (None, None) => String::new(),
    };
    let server = |host: &str| format!("{{ host = {}{proof} }}", quote(host));
    if let Some(maildir) = &args.inbox {
        text.push_str(&format!("\n[inbox]\nmaildir = {}\n", quote(&typed(maildir)?)));
    } else if let Some(host) = &args.imap {
        text.push_str(&format!("\n[inbox]\nimap = {}\n", server(host)));
    }
    if let Some(maildir) = &args.outbox {
        text.push_str(&format!("\n[outbox]\nmaildir = {}\n", quote(&typed(maildir)?)));
    } else if let Some(host) = &args.smtp {
        text.push_str(&format!("\n[outbox]\nsmtp = {}\n", server(host)));
    } else if let Some(program) = &args.outbox_sendmail {
        text.push_str(&format!("\n[outbox]\nsendmail = {}\n", quote(&typed(program)?)));
    }
    if args.roles.iter().any(|role| role == "shop") {
        text.push_str("\n[shop]\n# articles and procedures: see config.example.toml\n");
    }
    Ok(text)
}

/// Writes a new file that is its owner's alone; it has its name when it is whole.
fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let fault = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => FailureKind::Permission,
            _ => FailureKind::Io,
        };
        Failure::new(kind, format!("cannot write {}: {error}", file.display()))
    };
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fault)?;
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let tmp = file.with_file_name(name);
    let mut opened =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&tmp).map_err(fault)?;
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(fault)?;
    maildir::claim(&tmp, file).map_err(|error| ClerkError::from(error).into())
}
