//! `key list|show|import|export|accept`: whose letters count.

use std::io::IsTerminal;
use std::path::PathBuf;

use serde_json::json;

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::output::{Cell, Tone};
use crate::clerk::Clerk;
use crate::files;
use crate::pgp::Certificate;
use crate::rules::alike;
use crate::trade::Address;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder key import shop.asc")]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// List own, accepted and seen keys
    #[command(after_help = "Example:\n  mailorder key list")]
    List,
    /// Show one key
    #[command(after_help = "Example:\n  mailorder key show shop@example.com")]
    Show {
        /// Address or fingerprint
        key: String,
    },
    /// Take a certificate from a file; it counts only once it is accepted
    #[command(after_help = "Example:\n  mailorder key import shop.asc")]
    Import {
        /// File with one certificate; - is standard input
        file: PathBuf,
    },
    /// Print a certificate: your own where none is named
    #[command(after_help = "Example:\n  mailorder key export > me.asc")]
    Export {
        /// Address or fingerprint
        key: Option<String>,
    },
    /// Accept a key: from now on its letters count
    #[command(after_help = "Example:\n  mailorder key accept shop@example.com")]
    Accept {
        /// Address or fingerprint
        key: String,
        /// Take the place of the key accepted before
        #[arg(long)]
        replace: bool,
    },
}

impl KeyArgs {
    /// Returns whether keys are only looked at.
    pub(super) const fn lists(&self) -> bool {
        matches!(self.command, KeyCommand::List | KeyCommand::Show { .. })
    }
}

pub(super) fn run(shell: &mut Shell, args: KeyArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    match args.command {
        KeyCommand::List => list(shell, &mut clerk),
        KeyCommand::Show { key } => show(shell, &found(&mut clerk, &key)?),
        KeyCommand::Import { file } => {
            let fault = |error: std::io::Error| Failure::data(format!("cannot read {}: {error}", file.display()));
            let bytes = files::read_named(&file, files::SMALL).map_err(fault)?;
            if bytes.is_empty() {
                let why = "the file is empty";
                return Err(Failure::data(format!("cannot read {}: {why}", file.display())));
            }
            let certificate = Certificate::from_bytes(&bytes)
                .map_err(|error| Failure::data(format!("{}: {error}", file.display())))?;
            if clerk.renew_known(&certificate)? {
                return renewed(shell, &mut clerk, &certificate);
            }
            clerk.remember(&bytes)?;
            show(shell, &certificate)?;
            if let Some(address) = certificate.addresses().first() {
                shell.hint(&format!("compare the fingerprint, then: mailorder key accept {address}"));
            }
            Ok(())
        }
        KeyCommand::Export { key } => {
            let key = key.unwrap_or_else(|| clerk.me().fingerprint.to_string());
            export(shell, &found(&mut clerk, &key)?)
        }
        KeyCommand::Accept { key, replace } => accept(shell, &mut clerk, &key, replace),
    }
}

/// Says that a certificate that was known has what is new in the file, and goes on with what waited for it.
fn renewed(shell: &Shell, clerk: &mut Clerk, certificate: &Certificate) -> Result<(), Failure> {
    show(shell, &found(clerk, certificate.fingerprint().as_str())?)?;
    shell.tell("this key was known; what is new in the file counts from now on");
    go_on(shell, clerk)
}

/// Reads the letters that waited for a key, seals those that did, and sends.
fn go_on(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    clerk.take_in()?;
    clerk.tend()?;
    shell.send(clerk)
}

fn found(clerk: &mut Clerk, key: &str) -> Result<Certificate, Failure> {
    clerk.find_certificate(key)?.ok_or_else(|| unknown(key))
}

fn unknown(key: &str) -> Failure {
    Failure::data(format!("no key of {key} is known")).hint("mailorder key import FILE")
}

fn list(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    let records = clerk.keys()?;
    if shell.output.is_json() {
        let keys: Vec<_> = records
            .iter()
            .map(|record| {
                json!({
                    "address": record.address, "fingerprint": record.fingerprint, "accepted": record.by.is_some(),
                    "by": record.by, "fault": record.fault,
                })
            })
            .collect();
        let own = clerk.me().clone();
        return shell.output.document(&json!({"schema": "mailorder.keys/1", "own": own, "keys": keys}));
    }
    let mut rows = vec![vec![
        Cell::plain(clerk.me().address.as_str()),
        own_state(shell, clerk),
        Cell::plain(clerk.me().fingerprint.as_str()),
    ]];
    for record in records {
        let state = match (&record.fault, record.by.is_some()) {
            (Some(fault), _) => Cell(super::output::escape(&shell.words.sentence(fault)), Tone::Bad),
            (None, true) => Cell(shell.words.say("keys.accepted"), Tone::Good),
            (None, false) => Cell(shell.words.say("keys.seen"), Tone::Faint),
        };
        let address = record.address.map(|address| address.to_string()).unwrap_or_default();
        rows.push(vec![Cell::plain(address), state, Cell::plain(record.fingerprint.as_str())]);
    }
    shell.output.table(&shell.heads(&["address", "state", "fingerprint"]), &rows, &[])
}

/// Returns how our own key stands: what is wrong with it, or until when it is valid.
fn own_state(shell: &Shell, clerk: &Clerk) -> Cell {
    if let Some(fault) = clerk.key_fault() {
        return Cell(shell.words.fill("keys.own-fault", &[("fault", &fault.code())]), Tone::Bad);
    }
    let ends = clerk.key().and_then(|key| key.ends(crate::clock::system_time(&shell.clock.now())));
    let until = ends.and_then(crate::clock::moment_of);
    let until = until.map(|ends| shell.words.fill("keys.own-until", &[("day", &ends.day())]));
    Cell(until.unwrap_or_else(|| shell.words.say("keys.own")), Tone::Good)
}

fn show(shell: &Shell, certificate: &Certificate) -> Result<(), Failure> {
    let addresses: Vec<String> = certificate.addresses().iter().map(ToString::to_string).collect();
    let now = crate::clock::system_time(&shell.clock.now());
    let fault = certificate.usable(now).err().map(|fault| fault.to_string());
    if shell.output.is_json() {
        return shell.output.document(&json!({
            "schema": "mailorder.key/1", "fingerprint": certificate.fingerprint(), "addresses": addresses, "fault": fault,
        }));
    }
    shell.output.line(format!("{}  {}", certificate.fingerprint().grouped(), addresses.join(", ")))?;
    let unusable = |fault: String| shell.words.fill("keys.unusable", &[("why", &shell.words.sentence(&fault))]);
    fault.map_or(Ok(()), |fault| shell.output.paragraph(&super::output::escape(&unusable(fault))))
}

fn export(shell: &Shell, certificate: &Certificate) -> Result<(), Failure> {
    let armored = certificate.to_armored();
    if !shell.output.is_json() {
        return shell.output.raw(armored.as_bytes());
    }
    shell.output.document(&json!({
        "schema": "mailorder.certificate/1", "address": certificate.addresses().first(),
        "fingerprint": certificate.fingerprint(), "certificate": armored,
    }))
}

fn accept(shell: &Shell, clerk: &mut Clerk, key: &str, replace: bool) -> Result<(), Failure> {
    let certificate = clerk.certificate_to_accept(key)?.ok_or_else(|| unknown(key))?;
    let wanted = Address::parse(key).ok();
    let address = wanted.or_else(|| certificate.addresses().into_iter().next());
    let address = address.ok_or_else(|| Failure::data("the certificate names no address"))?;
    let before = clerk.pinned_key(&address)?.filter(|pinned| pinned != certificate.fingerprint());
    if let Some(known) = clerk.looks_like(&address)? {
        shell.tell(&alike::caution(&address, &known));
    }
    if !shell.global.yes {
        shell.output.message(format!("{}  {address}", certificate.fingerprint().grouped()));
        if let Some(before) = before.as_ref().filter(|_| replace) {
            shell.output.message(shell.words.fill("keys.so-far", &[("key", &before.grouped())]));
        }
        if shell.global.no_input || !std::io::stdin().is_terminal() {
            let text = "to accept a key without being asked, add --yes";
            return Err(Failure::new(FailureKind::Usage, text));
        }
        shell.output.message(shell.words.say("keys.agrees"));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Failure::io(error.to_string()))?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(Failure::new(FailureKind::Finding, "the key is not accepted"));
        }
    }
    clerk.accept(&certificate, &address, replace)?;
    if let Some(before) = before {
        shell.tell(&format!("{address} had the key {} before; running transactions", before.grouped()));
        shell.tell("whose terms name it stay with it, until their shop sends new terms");
    }
    go_on(shell, clerk)
}
