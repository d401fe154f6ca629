//! `inspect`: what one mail is, and what it would do. Changes nothing.

use std::path::PathBuf;

use serde_json::json;

use super::Shell;
use super::failure::Failure;
use super::output::escape;
use crate::pgp::MAIL_MAX;
use crate::trade::{Document, Letter};
use crate::view::text;
use crate::words::Words;

/// Columns of the names of values.
const NAMES: usize = 17;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder inspect letter.eml")]
pub(crate) struct InspectArgs {
    /// The mail; - for standard input
    file: PathBuf,
}

pub(super) fn run(shell: &mut Shell, args: InspectArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let fault = |error: std::io::Error| Failure::unreadable(&args.file, &error);
    let mut mail = Vec::new();
    let limit = u64::try_from(MAIL_MAX).unwrap_or(u64::MAX).saturating_add(1);
    if args.file.as_os_str() == "-" {
        std::io::Read::read_to_end(&mut std::io::Read::take(std::io::stdin().lock(), limit), &mut mail)
            .map_err(fault)?;
    } else {
        let file = crate::files::open(&args.file).map_err(fault)?;
        std::io::Read::read_to_end(&mut std::io::Read::take(file, limit), &mut mail).map_err(fault)?;
    }
    let preview = clerk.inspect(&mail)?;
    let letter = preview.received.as_ref().map(|received| received.letter());
    let reason = preview.outcome.aside.as_ref().map(|aside| aside.code.as_str());
    let mut findings: Vec<String> =
        preview.outcome.findings.iter().map(|finding| finding.code.word().to_owned()).collect();
    findings.extend(reason.map(str::to_owned));
    let from = letter.map(|letter| letter.from.address.clone()).or_else(|| preview.outer_from.clone());
    let value = json!({
        "schema": "mailorder.inspect/1",
        "encrypted": preview.encrypted,
        "signed": preview.signed,
        "signer": preview.signer,
        "from": from,
        "from_matches": letter.map(|letter| Some(&letter.from.address) == preview.outer_from.as_ref()),
        "header_protection": letter.is_some(),
        "kind": letter.map(|letter| letter.kind()),
        "shop": letter.and_then(|letter| letter.shop.as_ref()),
        "number": letter.and_then(|letter| letter.transaction.as_ref()),
        "verdict": preview.outcome.verdict,
        "findings": findings,
    });
    if shell.output.is_json() {
        return shell.output.document(&value);
    }
    let words = shell.words;
    if let Some(entry) = ledger_entry(&mail, words) {
        return shell.output.line(entry);
    }
    let sealed_to_another = reason == Some("not-for-us");
    for (name, value) in value.as_object().into_iter().flatten().filter(|(name, _)| *name != "schema") {
        let text = match value {
            // What is sealed to another key may well be signed.
            serde_json::Value::Bool(_) if name == "signed" && sealed_to_another => words.say("inspected.not-known"),
            serde_json::Value::Bool(_) if name == "header_protection" && letter.is_none() => {
                words.say("inspected.not-known")
            }
            serde_json::Value::String(text) => match name.as_str() {
                "kind" => words.name("kinds", text),
                "verdict" => words.name("inspected", text),
                _ => text.clone(),
            },
            serde_json::Value::Null => "–".to_owned(),
            serde_json::Value::Bool(true) => words.say("inspected.yes"),
            serde_json::Value::Bool(false) => words.say("inspected.no"),
            serde_json::Value::Array(items) => {
                items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        named(shell, name, &text)?;
    }
    if let Some(letter) = letter {
        says(shell, letter)?;
    }
    let texts = preview.outcome.findings.iter().map(|finding| finding.text.clone());
    for text in texts.chain(preview.outcome.aside.map(|aside| aside.text)) {
        shell.output.line(text::labelled("", NAMES, &escape(&words.sentence(&text))))?;
    }
    Ok(())
}

/// Prints a value beside its name.
fn named(shell: &Shell, name: &str, value: &str) -> Result<(), Failure> {
    shell.output.line(text::labelled(&shell.words.say(&format!("inspected.{name}")), NAMES, &escape(value)))
}

/// Prints what a letter says, as far as lists and tables show it: its amount, and what is bought.
fn says(shell: &Shell, letter: &Letter) -> Result<(), Failure> {
    let (buyer, lines) = match &letter.document {
        Document::Order(order) => (Some(&order.buyer), order.lines.as_slice()),
        Document::TransactionInfo(terms) => (Some(&terms.buyer), terms.lines.as_slice()),
        _ => (None, &[][..]),
    };
    let mut rows = vec![("date", text::minute(&letter.date, shell.clock.zone()))];
    rows.extend(crate::ledger::amount(letter).map(|amount| ("amount", text::amount(&amount))));
    rows.extend(buyer.map(|buyer| ("buyer", buyer.name.clone())));
    rows.extend(lines.iter().map(|line| ("item", format!("{} ×{}", line.item.name, line.quantity))));
    for (name, value) in rows {
        named(shell, name, &value)?;
    }
    Ok(())
}

/// Returns what a file is that is an entry of a ledger, and so no mail as it travels.
fn ledger_entry(bytes: &[u8], words: Words) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let head: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    let field = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (position, kind) = (field("Mailorder-Entry")?, field("Mailorder-Kind")?);
    let direction = match field("Mailorder-Direction")? {
        "in" => "inspected.in",
        "out" => "inspected.out",
        _ => "inspected.own",
    };
    let kind = escape(&words.name("kinds", kind));
    let places: [(&str, &dyn std::fmt::Display); 3] =
        [("n", &escape(position)), ("kind", &kind), ("direction", &words.say(direction))];
    Some(words.fill("inspected.entry", &places))
}
