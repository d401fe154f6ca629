//! `audit verify`: a ledger checked from its files alone, without a private key.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::output::escape;
use crate::clerk::{self, ClerkError};
use crate::clock::{moment_of, system_time};
use crate::ledger::{self, Checks, Claim, Erased, Outcome, Report, Signed, Testimony};
use crate::pgp::{self, Certificate, SetAside};
use crate::trade::{Act, Body, Fingerprint, Letter};
use crate::words::Words;

/// How many signers are named on a terminal; JSON names all.
const SIGNERS: usize = 20;

/// Columns of the names of values, with the blank behind the longest.
const NAMES: usize = 11;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder audit verify ~/evidence/ledger")]
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
        None => {
            let settings = shell.settings()?;
            super::account::ledger_is_there(&settings)?;
            settings.folders.ledger
        }
    };
    let now = system_time(&shell.clock.now());
    let signature = |signed: &[u8], armored: &str, signer: &Fingerprint, certificate: &[u8]| -> Result<(), String> {
        let certificate = Certificate::from_bytes(certificate).map_err(|error| error.to_string())?;
        if certificate.fingerprint() != signer {
            return Err(format!("the certificate is of {}", certificate.fingerprint()));
        }
        // The signature was judged when the letter came; here it only has to hold.
        pgp::verify::verify_evidence(signed, armored, &certificate, now).map(|_| ()).map_err(|error| said(&error))
    };
    let owner = owner(&folder);
    let checkpoint = |signed: &[u8], certificates: &Path| by_owner(signed, certificates, owner.as_ref(), now);
    let checks = Checks {
        signature: (!hashes).then_some(&signature),
        checkpoint: (!hashes).then_some(&checkpoint),
        originals: true,
    };
    let mut report = ledger::verify(&folder, &checks).map_err(no_ledger)?;
    let mut claims = Vec::new();
    if report.result == Outcome::Clean && !hashes {
        let testimony = testimony(&folder)?;
        (report.problems, claims) = (testimony.problems, testimony.claims);
        if !report.problems.is_empty() {
            report.result = Outcome::Broken;
        }
    }
    let result = result(&report, &claims);
    if shell.output.is_json() {
        let signatures = (!hashes).then_some(report.signatures());
        shell.output.document(&document(&report, &claims, result, signatures))?;
    } else {
        let signatures = match hashes {
            true => shell.words.say("audited.not-checked"),
            false => shell.words.fill("audited.good", &[("n", &report.signatures())]),
        };
        print(shell, &folder, &signatures, &report, &claims)?;
    }
    if result == "clean" { Ok(()) } else { Err(Failure::finding()) }
}

/// Returns the word of the result. What others claim counts until the owner has settled it: they may lie, or the ledger
/// was set back to an older state and written on, and only he can tell.
fn result(report: &Report, claims: &[Claim]) -> &'static str {
    let open = open(claims).next().is_some();
    if report.result == Outcome::Broken || open { "broken" } else { "clean" }
}

fn open(claims: &[Claim]) -> impl Iterator<Item = &Claim> {
    claims.iter().filter(|claim| !claim.settled)
}

fn id_of(claim: &Claim) -> String {
    clerk::warning_id(&Claim::subject(&claim.peer))
}

fn document(report: &Report, claims: &[Claim], result: &str, signatures: Option<u64>) -> serde_json::Value {
    let problem =
        |problem: &ledger::Problem| json!({"entry": problem.entry, "file": problem.file, "what": problem.what});
    let claim = |claim: &Claim| {
        json!({
            "id": id_of(claim), "peer": claim.peer, "entry": claim.entry, "letters": claim.letters,
            "what": claim.what, "settled": claim.settled,
        })
    };
    let signer = |one: &Signed| json!({"address": one.address, "fingerprint": one.fingerprint, "letters": one.letters});
    let claimed = |claim: &Claim| json!({"entry": claim.entry, "file": null, "what": claim.what});
    let problems: Vec<_> = report.problems.iter().map(problem).chain(open(claims).map(claimed)).collect();
    json!({
        "schema": "mailorder.verify/1", "result": result, "entries": report.entries, "head": report.head.root,
        "signatures": signatures, "signers": report.signers.iter().map(signer).collect::<Vec<_>>(), "problems": problems, "more": report.more,
        "erased": report.erased.iter().map(|one| json!({"entry": one.entry, "by": one.by})).collect::<Vec<_>>(),
        "claims": claims.iter().map(claim).collect::<Vec<_>>(),
    })
}

/// Prints what was looked at and what was found. What is wrong with a file stands in its ledger's own words of English in JSON
/// alone.
fn print(shell: &Shell, folder: &Path, signatures: &str, report: &Report, claims: &[Claim]) -> Result<(), Failure> {
    let (words, result) = (shell.words, result(report, claims));
    let line = |name: &str, value: &dyn Display| {
        let name = words.say(name);
        let gap = NAMES.saturating_sub(UnicodeWidthStr::width(name.as_str())).max(1);
        shell.output.line(format!("{name}{}{value}", " ".repeat(gap)))
    };
    let said = |what: &str| escape(&words.sentence(what));
    line("audited.ledger", &folder.display())?;
    line("audited.entries", &report.entries)?;
    line("audited.head", &report.head.root)?;
    line("audited.signatures", &signatures)?;
    signers(shell, &report.signers)?;
    if !report.erased.is_empty() {
        let one = |one: &Erased| words.fill("audited.by", &[("entry", &one.entry), ("by", &one.by)]);
        let erased: Vec<String> = report.erased.iter().map(one).collect();
        line("audited.erased", &erased.join(", "))?;
    }
    for run in report.problems.chunk_by(follows) {
        shell.output.line(problems(run, words))?;
    }
    if report.more > 0 {
        shell.output.line(words.fill("audited.more", &[("n", &report.more)]))?;
    }
    for claim in claims {
        let state = words.say(if claim.settled { "audited.settled" } else { "audited.open" });
        let places: [(&str, &dyn Display); 5] = [
            ("id", &id_of(claim)),
            ("state", &state),
            ("entry", &claim.entry),
            ("what", &said(&claim.what)),
            ("letters", &words.fill("audited.letters", &[("n", &claim.letters)])),
        ];
        shell.output.line(words.fill("audited.claim", &places))?;
    }
    line("audited.result", &words.name("audited", result))?;
    if report.result == Outcome::Clean && open(claims).next().is_some() {
        shell.tell("others say they got letters of you that are not in this ledger, while it agrees in itself:");
        shell.tell("either they err, or it was set back to an older state and written on");
        shell.hint("compare with a backup; where they err, mailorder warnings ack C-...");
    }
    Ok(())
}

/// Prints who signed, with the most letters first: a ledger is as good as these keys are those of its parties.
fn signers(shell: &Shell, signers: &[Signed]) -> Result<(), Failure> {
    let mut most: Vec<&Signed> = signers.iter().collect();
    most.sort_by_key(|signer| std::cmp::Reverse(signer.letters));
    let named = most.iter().take(SIGNERS);
    let widths = named.clone().map(|signer| UnicodeWidthStr::width(escape(&signer.address).as_str()));
    let wide = widths.max().unwrap_or_default();
    for signer in named {
        let address = escape(&signer.address);
        let gap = " ".repeat(wide.saturating_sub(UnicodeWidthStr::width(address.as_str())));
        let letters = shell.words.fill("audited.letters", &[("n", &signer.letters)]);
        shell.output.line(format!("{}{address}{gap}  {}  {letters}", " ".repeat(NAMES), signer.fingerprint))?;
    }
    let more = most.len().saturating_sub(SIGNERS);
    if more > 0 {
        shell.output.line(format!("{}{}", " ".repeat(NAMES), shell.words.fill("audited.more", &[("n", &more)])))?;
    }
    Ok(())
}

/// Returns whether a problem is that of the entry before, too.
fn follows(before: &ledger::Problem, problem: &ledger::Problem) -> bool {
    let next = before.entry.and_then(|entry| entry.checked_add(1));
    next.is_some()
        && next == problem.entry
        && before.file.is_some()
        && problem.file.is_some()
        && before.what == problem.what
}

/// Says what is wrong with an entry or a file, and in one line with a run of entries of which the same is said.
fn problems(run: &[ledger::Problem], words: Words) -> String {
    let said = |one: &ledger::Problem| escape(&words.sentence(&one.what));
    match run {
        [first, .., last] => {
            let [from, to] = [first, last].map(|one| one.entry.unwrap_or_default());
            words.fill("audited.run", &[("from", &from), ("to", &to), ("count", &run.len()), ("what", &said(first))])
        }
        [one] => {
            let entry = one.entry.map_or_else(|| "–".to_owned(), |entry| entry.to_string());
            let entry = words.fill("audited.entry", &[("entry", &entry)]);
            format!("{entry}  {}  {}", escape(one.file.as_deref().unwrap_or_default()), said(one))
        }
        [] => String::new(),
    }
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
    let bytes = crate::files::read(&file, crate::files::SMALL)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let certificate = Certificate::from_bytes(&bytes).map_err(|error| error.to_string())?;
    pgp::verify::verify_clearsigned(text, &certificate, now).map(drop).map_err(|error| said(&error))
}

/// Says why a signature does not hold. One from the future may be good: which of two clocks is wrong the files do not tell.
fn said(error: &SetAside) -> String {
    let SetAside::NotYetValid { signed_at, .. } = error else { return error.to_string() };
    let at = moment_of(*signed_at).map(|at| at.to_string()).unwrap_or_default();
    format!(
        "it is dated {at}, later than now by the clock of this machine: this clock is behind, or one was ahead when it was signed; \
         check again after that time"
    )
}

/// Returns what letters, ours and those of others, say of the log.
fn testimony(folder: &Path) -> Result<Testimony, Failure> {
    let ledger = ledger::Ledger::open(folder).map_err(ClerkError::from)?;
    Ok(ledger.testimony(&reread).map_err(ClerkError::from)?)
}

fn reread(bytes: &[u8]) -> Result<Letter, String> {
    crate::mail::reread(bytes).map_err(|error| error.to_string())
}

fn no_ledger(error: ledger::LedgerError) -> Failure {
    match error {
        ledger::LedgerError::NoLedger { .. } => Failure::new(FailureKind::Data, error.to_string()),
        other => ClerkError::from(other).into(),
    }
}
