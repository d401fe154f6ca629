//! `audit verify`: a ledger checked from its files alone, without a private key.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::json;

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::output::escape;
use crate::clerk::ClerkError;
use crate::clock::system_time;
use crate::ledger::{self, Checks, Outcome};
use crate::pgp::{self, Certificate};
use crate::trade::{Act, Body, Fingerprint, Letter};

#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Check log, files, hashes and signatures
    #[command(after_help = "Example:\n  mailorder audit verify ~/evidence/ledger")]
    Verify {
        /// The ledger's folder; your own where none is named
        path: Option<PathBuf>,
        /// Check hashes only, not signatures
        #[arg(long)]
        hashes: bool,
    },
}

pub(super) fn run(shell: &mut Shell, args: AuditArgs) -> Result<(), Failure> {
    let AuditCommand::Verify { path, hashes } = args.command;
    let folder = match path {
        Some(path) => {
            std::fs::metadata(&path).map_err(|error| Failure::unreadable(&path, &error))?;
            path
        }
        None => shell.settings()?.folders.ledger,
    };
    let now = system_time(&shell.clock.now());
    let signature = |signed: &[u8], armored: &str, signer: &Fingerprint, certificate: &[u8]| -> Result<(), String> {
        let certificate = Certificate::from_bytes(certificate).map_err(|error| error.to_string())?;
        if certificate.fingerprint() != signer {
            return Err(format!("the certificate is of {}", certificate.fingerprint()));
        }
        // The signature was judged when the letter came; here it only has to hold.
        pgp::verify::verify_detached(signed, armored, &certificate, now).map(|_| ()).map_err(|error| error.to_string())
    };
    let owner = owner(&folder);
    let checkpoint = |signed: &[u8], certificates: &Path| by_owner(signed, certificates, owner.as_ref(), now);
    let checks = Checks {
        signature: (!hashes).then_some(&signature),
        checkpoint: (!hashes).then_some(&checkpoint),
        originals: true,
    };
    let mut report = ledger::verify(&folder, &checks).map_err(|error| no_ledger(error, &folder))?;
    if report.result == Outcome::Clean && !hashes {
        report.problems = false_heads(&folder)?;
        if !report.problems.is_empty() {
            report.result = Outcome::Broken;
        }
    }
    let clean = report.result == Outcome::Clean;
    if shell.output.is_json() {
        let problems: Vec<_> = report
            .problems
            .iter()
            .map(|problem| json!({"entry": problem.entry, "file": problem.file, "what": problem.what}))
            .collect();
        shell.output.document(&json!({
            "schema": "mailorder.verify/1", "result": if clean { "clean" } else { "broken" },
            "entries": report.entries, "head": report.head.root, "problems": problems,
        }))?;
    } else {
        shell.output.line(format!("ledger     {}", folder.display()))?;
        shell.output.line(format!("entries    {}", report.entries))?;
        shell.output.line(format!("head       {}", report.head.root))?;
        let signatures =
            if hashes { "not checked (--hashes)".to_owned() } else { format!("{} good", report.signatures) };
        shell.output.line(format!("signatures {signatures}"))?;
        for problem in &report.problems {
            let entry = problem.entry.map_or_else(|| "–".to_owned(), |entry| entry.to_string());
            let file = problem.file.as_deref().unwrap_or_default();
            shell.output.line(format!("entry {entry}  {}  {}", escape(file), escape(&problem.what)))?;
        }
        shell.output.line(format!("result     {}", if clean { "clean" } else { "broken" }))?;
    }
    if clean { Ok(()) } else { Err(Failure::finding()) }
}

/// Returns the key of the ledger's owner, as its first entry names it.
fn owner(folder: &Path) -> Option<Fingerprint> {
    let file = ledger::Ledger::open(folder).ok()?.read(0).ok()?;
    match ledger::form::parse(&file, &reread).ok()?.entry.body {
        Body::Own { act: Act::Genesis { account, .. }, .. } => Some(account.fingerprint),
        _ => None,
    }
}

/// Checks the signature of a checkpoint: it must be the owner's.
fn by_owner(signed: &[u8], certificates: &Path, owner: Option<&Fingerprint>, now: SystemTime) -> Result<(), String> {
    let owner = owner.ok_or("the first entry does not name the owner's key")?;
    let text = std::str::from_utf8(signed).map_err(|_| "it is no text")?;
    let file = certificates.join(format!("{owner}.asc"));
    let bytes = std::fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let certificate = Certificate::from_bytes(&bytes).map_err(|error| error.to_string())?;
    pgp::verify::verify_clearsigned(text, &certificate, now).map(drop).map_err(|error| error.to_string())
}

/// Returns the letters that name a head of the log that it never had.
fn false_heads(folder: &Path) -> Result<Vec<ledger::Problem>, Failure> {
    let ledger = ledger::Ledger::open(folder).map_err(ClerkError::from)?;
    Ok(ledger.false_heads(&reread).map_err(ClerkError::from)?)
}

fn reread(bytes: &[u8]) -> Result<Letter, String> {
    crate::mail::reread(bytes).map_err(|error| error.to_string())
}

fn no_ledger(error: ledger::LedgerError, folder: &Path) -> Failure {
    match error {
        ledger::LedgerError::NoLedger { .. } => {
            Failure::new(FailureKind::Data, format!("{} is no ledger: {error}", folder.display()))
        }
        other => ClerkError::from(other).into(),
    }
}
