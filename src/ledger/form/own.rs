//! The body of own entries: a sentence for people and, beside it, all that replay needs.

use serde::{Deserialize, Serialize};

use super::FormError;
use crate::trade::status::Step;
use crate::trade::{Act, Digest, Names, PinnedBy, Settlement, Target};

/// The machine part.
#[derive(Debug, Serialize, Deserialize)]
struct Data {
    #[serde(flatten)]
    act: Act,
    #[serde(flatten)]
    names: Names,
    about: Vec<u64>,
}

const TEXT_PART: &str = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
const DATA_PART: &str = "Content-Type: application/json\nContent-Transfer-Encoding: 8bit\n\n";

/// Writes both parts behind the header `head`.
pub(super) fn print(head: String, act: &Act, names: &Names, about: &[u64]) -> Result<Vec<u8>, FormError> {
    let data = Data { act: act.clone(), names: names.clone(), about: about.to_vec() };
    let json = serde_json::to_string_pretty(&data).map_err(|error| FormError::Data(error.to_string()))?;
    let boundary = super::boundary(&Digest::of(json.as_bytes()));
    let text = sentence(act);
    Ok(format!(
        "{head}MIME-Version: 1.0\nContent-Type: multipart/alternative;\n boundary=\"{boundary}\"\n\n\
         --{boundary}\n{TEXT_PART}{text}\n\n--{boundary}\n{DATA_PART}{json}\n--{boundary}--\n"
    )
    .into_bytes())
}

/// Reads the machine part; the sentence is never read.
pub(super) fn parse(body: &[u8]) -> Result<(Act, Names, Vec<u64>), FormError> {
    const SHAPE: FormError = FormError::Shape("the parts are not a sentence and its data");
    let body = std::str::from_utf8(body).map_err(|_| SHAPE)?;
    let (_, rest) = body.split_once(&format!("\n{DATA_PART}")).ok_or(SHAPE)?;
    let (json, _) = rest.split_once("\n--mailorder-").ok_or(SHAPE)?;
    let data: Data = serde_json::from_str(json).map_err(|error| FormError::Data(error.to_string()))?;
    Ok((data.act, data.names, data.about))
}

/// Says in one line what was decided. Line breaks and other control characters of a reason become blanks.
fn sentence(act: &Act) -> String {
    let text = match act {
        Act::Genesis { ledger, account, .. } => {
            format!("Ledger {ledger} of {} with the key {} begins.", account.address, account.fingerprint)
        }
        Act::Pin { party, by, .. } => {
            let how = match by {
                PinnedBy::User => "by the user",
                PinnedBy::FirstUse => "at first contact",
                PinnedBy::OldKey => "by a statement signed with the key before it",
                PinnedBy::Merge => "again, with what is new in it",
            };
            format!("The key {} speaks for {}: pinned {how}.", party.fingerprint, party.address)
        }
        Act::Verdict { content, verdict, findings } => {
            let why: Vec<String> = findings.iter().map(ToString::to_string).collect();
            format!("The letter {content} is {verdict} now. {}", why.join("; "))
        }
        Act::Settle { content, subject, how, reason } => {
            let what = content.map(|content| format!("about the letter {content}"));
            let what = what.or_else(|| subject.clone()).unwrap_or_default();
            let done = match how {
                Settlement::Ack => "was seen",
                Settlement::Accept => "was accepted",
                Settlement::Block => "led to its sender being blocked",
            };
            format!("The warning {what} {done}. {}", reason.clone().unwrap_or_default())
        }
        Act::Received { lines, at } => {
            let lines: Vec<String> =
                lines.iter().map(|part| format!("line {} ×{}", part.line, part.quantity)).collect();
            let lines = if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") };
            format!("Received so far, by {at}: {lines}.")
        }
        Act::Give { task } => format!("The hook {} is to {}: task {}.", task.hook, task.work.word(), task.key),
        Act::Said { key, said, untold } => {
            let what = match &said.step {
                Step::Planned { at: None } | Step::Active { at: None } => "it is taken on".to_owned(),
                Step::Planned { at: Some(at) } | Step::Active { at: Some(at) } => format!("it is planned for {at}"),
                Step::Done { at } => format!("it was done on {at}"),
                Step::Failed { reason, .. } => format!("it is not done: {}", reason.text),
            };
            let untold = untold.as_ref().map(|why| format!(" That was told to nobody: {why}.")).unwrap_or_default();
            format!("Of task {key} its hook says: {what}.{untold}")
        }
        Act::Schedule { schedule } => {
            let which = match &schedule.target {
                Target::Query(query) => format!("what is {query}"),
                Target::Chosen(orders) => format!("{} chosen orders", orders.len()),
            };
            let state = if schedule.paused { "is paused; it would ask" } else { "asks" };
            format!("The schedule {} {state} about {which}, {}.", schedule.name, schedule.when)
        }
        Act::Unschedule { name } => format!("The schedule {name} is removed."),
        Act::Redaction(redaction) => {
            let parts: Vec<&str> = redaction.erased.iter().map(|part| part.word()).collect();
            format!("The file of entry {} is erased ({}): {}", redaction.position, parts.join(", "), redaction.reason)
        }
    };
    text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
