//! How far an action is, and why it failed, in both directions.
//!
//! `endTime` of a completed or failed action is when it was done or known, of any other when it is planned. A planned
//! plain day is written as its last second, because `endTime` takes moments only, and read back as the day.

use jiff::civil::time;
use jiff::tz::Offset;
use serde_json::Value;

use super::made::{Made, typed};
use super::node::{Node, Result};
use crate::trade::document::LineReason;
use crate::trade::status::{Reason, Step};
use crate::trade::{Moment, When};

/// State of a line that is not taken, or not all of it.
const PROBLEM: &str = "OrderProblem";

/// Writes `actionStatus`, `endTime` and `error`; plain days end at `offset`.
pub(super) fn write_step(made: Made, step: &Step, offset: Offset) -> Made {
    let planned = |at: &Option<When>| at.map(|at| at.end(offset));
    match step {
        Step::Planned { at } => made.term("actionStatus", "PotentialActionStatus").maybe("endTime", planned(at)),
        Step::Active { at } => made.term("actionStatus", "ActiveActionStatus").maybe("endTime", planned(at)),
        Step::Done { at } => made.term("actionStatus", "CompletedActionStatus").text("endTime", at),
        Step::Failed { reason, at } => {
            made.term("actionStatus", "FailedActionStatus").maybe("endTime", *at).put("error", write_reason(reason))
        }
    }
}

/// Reads how far an action is.
pub(super) fn read_step(action: &Node) -> Result<Step> {
    let end: Option<Moment> = action.read("endTime")?;
    match action.term("actionStatus")? {
        Some("PotentialActionStatus") => Ok(Step::Planned { at: end.map(planned) }),
        Some("ActiveActionStatus") => Ok(Step::Active { at: end.map(planned) }),
        Some("CompletedActionStatus") => {
            let at = end.ok_or_else(|| action.wrong("endTime", "missing, though the action is completed"))?;
            Ok(Step::Done { at })
        }
        Some("FailedActionStatus") => Ok(Step::Failed { reason: read_reason(&action.need_node("error")?)?, at: end }),
        _ => Err(action.wrong("actionStatus", "not one of the four states of an action")),
    }
}

/// Returns the day where a planned moment is the last second of one.
fn planned(end: Moment) -> When {
    let local = end.offset().to_datetime(end.instant());
    if local.time() == time(23, 59, 59, 0) { When::Day(local.date()) } else { When::Moment(end) }
}

/// Writes a reason with a code of our own or of Peppol.
pub(super) fn write_reason(reason: &Reason) -> Value {
    typed("Thing").text("mo:reason", &reason.code).prose("description", Some(&reason.text)).end()
}

/// Writes why a line is not taken, or not all of it.
pub(super) fn write_line_reason(line: &LineReason) -> Value {
    typed("OrderItem")
        .text("orderItemNumber", &line.line)
        .term("orderItemStatus", PROBLEM)
        .text("mo:reason", &line.reason.code)
        .prose("description", Some(&line.reason.text))
        .end()
}

/// Reads why a line is not taken, or not all of it.
pub(super) fn read_line_reason(item: &Node) -> Result<LineReason> {
    Ok(LineReason { line: item.need_text("orderItemNumber")?.to_owned(), reason: read_reason(item)? })
}

/// Returns whether an order item says why a line is not taken, and not what there is of it.
pub(super) fn is_line_reason(item: &Node) -> Result<bool> {
    Ok(item.term("orderItemStatus")? == Some(PROBLEM))
}

/// Writes a reason as the `Error` that answers to requests carry.
pub(super) fn write_error(reason: &Reason) -> Value {
    typed("Error").text("errorCode", &reason.code).prose("description", Some(&reason.text)).end()
}

/// Reads a reason in either form.
pub(super) fn read_reason(node: &Node) -> Result<Reason> {
    let code = match node.text("mo:reason")? {
        Some(code) => code,
        None => node.need_text("errorCode")?,
    };
    Ok(Reason { code: code.to_owned(), text: node.prose("description")?.unwrap_or_default() })
}
