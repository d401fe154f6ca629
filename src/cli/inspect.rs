//! `inspect`: what one mail is, and what it would do. Changes nothing.

use std::path::PathBuf;

use serde_json::json;

use super::Shell;
use super::failure::Failure;
use super::output::escape;
use crate::pgp::MAIL_MAX;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder inspect letter.eml")]
pub(crate) struct InspectArgs {
    /// The mail; - for standard input
    file: PathBuf,
}

pub(super) fn run(shell: &mut Shell, args: InspectArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let fault = |error: std::io::Error| Failure::data(format!("cannot read {}: {error}", args.file.display()));
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
    for (name, value) in value.as_object().into_iter().flatten().filter(|(name, _)| *name != "schema") {
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => "–".to_owned(),
            serde_json::Value::Bool(true) => "yes".to_owned(),
            serde_json::Value::Bool(false) => "no".to_owned(),
            serde_json::Value::Array(items) => {
                items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        shell.output.line(format!("{:<18} {}", name.replace('_', " "), escape(&text)))?;
    }
    let texts = preview.outcome.findings.iter().map(|finding| finding.text.clone());
    for text in texts.chain(preview.outcome.aside.map(|aside| aside.text)) {
        shell.output.line(format!("{:<18} {}", "", escape(&text)))?;
    }
    Ok(())
}
