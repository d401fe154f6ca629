//! What a hook is told and what it says: schema.org actions, as in letters, but seen by the owner's own programs alone
//! (wire format, section 2: the warehouse rows).

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde_json::{Value, json};

use super::agent_work::{self, Dealings};
use super::made::{Made, typed};
use super::party::{firm, write_place};
use crate::trade::item::{Line, LineQuantity, all_of};
use crate::trade::status::{OrderStatus, Reason, Step};
use crate::trade::{Moment, Money, Role, Said, Task, Terms, Transaction, When, Work};

/// The longest text a hook may say, in bytes: written with an escape for each it still fits in a line of a letter, which
/// has 998 at most.
const TEXT_MAX: usize = 400;

/// How far a date that is said to be done may lie ahead, in seconds.
const AHEAD: i64 = 30 * 60;

/// The longest code or reference a hook may say, in bytes.
const WORD_MAX: usize = 64;

/// Writes what a hook is told: one document, a member a line. `attempt` counts from 1. There may be payment data in it.
pub fn write_work(
    transaction: &Transaction,
    task: &Task,
    attempt: u32,
    now: &Moment,
    dealings: &Dealings<'_>,
) -> SecretString {
    let kind = match task.work {
        Work::Release => "SendAction",
        Work::Withdraw => "CancelAction",
        Work::Query => "CheckAction",
        Work::Authorize => "AuthorizeAction",
        Work::Debit | Work::Refund => "PayAction",
        Work::Plan => "PlanAction",
        Work::Collect => "ReceiveAction",
    };
    let action = typed(kind).text("identifier", &task.key).put("agent", firm(&transaction.key.shop));
    let action = match transaction.key.role {
        Role::Payment | Role::Delivery => agent_work::action(action, transaction, task, dealings),
        Role::Shop | Role::Buyer => action.put("object", order(transaction, task.work)),
    };
    let action = action.text("actionStatus", super::made::term("PotentialActionStatus"));
    let document = json!({
        "schema": "mailorder.work/1",
        "hook": task.hook,
        "work": task.work,
        "key": task.key,
        "attempt": attempt,
        "time": now.to_string(),
        "role": transaction.key.role.word(),
        "action": action.end(),
    });
    // A document of plain values always has a text.
    let text = Zeroizing::new(serde_json::to_string_pretty(&document).unwrap_or_default());
    SecretString::from(format!("{}\n", text.as_str()))
}

/// Returns the order as the warehouse needs it: goods and where they go, no prices and nothing of the payment. What is taken
/// back is what has not left; no more leaves after that, so it is the same however often it is told.
fn order(transaction: &Transaction, work: Work) -> Value {
    let order = typed("Order").maybe("orderNumber", transaction.number.as_ref());
    let Some((_, terms)) = transaction.terms() else { return order.end() };
    let told = OrderStatus::sent(transaction).filter(|_| work == Work::Withdraw);
    let there = told.map_or_else(|| all_of(&terms.lines), |status| status.not_left(&terms.lines));
    order
        .text("orderDate", terms.date)
        .put("customer", typed("Person").text("name", &terms.buyer.name).end())
        .list("orderedItem", terms.lines.iter().filter_map(|line| item(line, &there)).collect())
        .put("orderDelivery", parcel(terms).end())
        .end()
}

/// Returns as much of a line as there is.
fn item(line: &Line, there: &[LineQuantity]) -> Option<Value> {
    let part = there.iter().find(|part| part.line == line.id)?;
    let product = typed("Product").maybe("sku", line.item.sku.as_ref()).text("name", &line.item.name);
    let item = typed("OrderItem").text("orderItemNumber", &line.id).text("orderQuantity", part.quantity);
    Some(item.put("orderedItem", product.end()).end())
}

fn parcel(terms: &Terms) -> Made {
    typed("ParcelDelivery")
        .text("hasDeliveryMethod", &terms.delivery_method)
        .put("deliveryAddress", write_place(terms.deliver_to.as_ref()))
        .maybe("expectedArrivalUntil", terms.arrival_until)
}

/// What a hook may say; all of it may be left out, and there is nothing else: a member that is misspelt is no yes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    action_status: Option<String>,
    end_time: Option<String>,
    identifier: Option<String>,
    tracking_number: Option<String>,
    start_time: Option<String>,
    price: Option<String>,
    price_currency: Option<String>,
    confirmation_number: Option<String>,
    error: Option<Value>,
}

/// Why it will not, as schema.org has it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fault {
    description: Option<String>,
    error_code: Option<String>,
}

impl Fault {
    /// Takes a sentence, or schema.org's node of one.
    fn read(value: Option<Value>) -> Result<Self, String> {
        match value {
            None => Ok(Self::default()),
            Some(Value::String(text)) => Ok(Self { description: Some(text), error_code: None }),
            Some(node @ Value::Object(_)) => serde_json::from_value(node).map_err(|error| format!("error: {error}")),
            Some(_) => Err("error must be a text, or an object with description and errorCode".to_owned()),
        }
    }

    /// Returns code and sentence; the code that nothing is said by where it has none.
    fn reason(self) -> Result<Reason, String> {
        let code = self.error_code.map_or_else(|| Ok(NO_CODE.to_owned()), error_code)?;
        let text = self.description.map(|text| short("error", text)).transpose()?;
        Ok(Reason { code, text: text.unwrap_or_else(|| "no reason given".to_owned()) })
    }
}

/// Code of a no without one (IOTP section 7.16.2).
const NO_CODE: &str = "unspecified";

/// Takes a code of lower-case words with hyphens.
fn error_code(code: String) -> Result<String, String> {
    let fits = (1..=WORD_MAX).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits { Ok(code) } else { Err(format!("errorCode must be of a-z, 0-9 and hyphens, at most {WORD_MAX}")) }
}

/// Reads what a hook said. Nothing, or an empty document, says that the work is taken on.
///
/// # Errors
/// Why it is no such document, in words that follow a colon.
pub fn read_work(printed: &[u8], now: &Moment) -> Result<Said, String> {
    let text = std::str::from_utf8(printed).map_err(|_| "it is no UTF-8".to_owned())?;
    if text.trim().is_empty() {
        return Ok(Said::of(Step::Planned { at: None }));
    }
    // Where an object is expected, serde would take a list of its values as well.
    if !text.trim_start().starts_with('{') {
        return Err("it must be an object, in braces".to_owned());
    }
    let answer: Answer = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let status = answer.action_status.as_deref().map(status_word);
    if answer.error.is_some() && status != Some("FailedActionStatus") {
        return Err("error goes with FailedActionStatus alone".to_owned());
    }
    let parcel = answer.identifier.map(|text| short("identifier", text)).transpose()?;
    let tracking = answer.tracking_number.map(|text| short("trackingNumber", text)).transpose()?;
    let planned =
        || answer.end_time.as_deref().map(When::parse).transpose().map_err(|error| format!("endTime: {error}"));
    let step = match status {
        None | Some("PotentialActionStatus") => Step::Planned { at: planned()? },
        Some("ActiveActionStatus") => Step::Active { at: planned()? },
        Some("CompletedActionStatus") => Step::Done { at: done(answer.end_time.as_deref(), now)? },
        Some("FailedActionStatus") => {
            Step::Failed { reason: Fault::read(answer.error.clone())?.reason()?, at: Some(*now) }
        }
        Some(other) => return Err(format!("actionStatus {:?} is none of schema.org's", cut(other))),
    };
    let from = answer.start_time.as_deref().map(When::parse).transpose().map_err(|e| format!("startTime: {e}"))?;
    let reference = answer.confirmation_number.map(|text| short("confirmationNumber", text)).transpose()?;
    let amount = match (answer.price, answer.price_currency) {
        (None, None) => None,
        (Some(price), Some(currency)) => {
            let amount = Money::parse(&price, &currency).map_err(|error| format!("price: {error}"))?;
            let above = !amount.is_zero() && !amount.is_negative();
            Some(amount).filter(|_| above).ok_or_else(|| "price: it must be above zero".to_owned()).map(Some)?
        }
        _ => return Err("price and priceCurrency go together".to_owned()),
    };
    Ok(Said { step, parcel, tracking, amount, reference, from })
}

/// Takes a schema.org term as it may be written: with or without the place it is defined at.
fn status_word(text: &str) -> &str {
    text.strip_prefix("https://schema.org/").or_else(|| text.strip_prefix("http://schema.org/")).unwrap_or(text)
}

fn done(text: Option<&str>, now: &Moment) -> Result<Moment, String> {
    let Some(text) = text else { return Ok(now.whole_second()) };
    let at = Moment::parse(text).map_err(|error| format!("endTime: {error}"))?;
    if at.seconds_since(now) > AHEAD {
        return Err(format!("endTime: {at} has not come yet, and cannot be when it was done"));
    }
    Ok(at)
}

fn short(name: &str, text: String) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.len() <= TEXT_MAX && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(format!("{name} must be a text of one line, of at most {TEXT_MAX} bytes")) }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Said, String> {
        read_work(text.as_bytes(), &Moment::parse("2026-11-28T12:00:00+09:00").unwrap())
    }

    #[test]
    fn nothing_said_is_work_taken_on() {
        for text in ["", "\n", "{}", r#"{"actionStatus":"PotentialActionStatus"}"#] {
            assert_eq!(said(text).unwrap().step, Step::Planned { at: None }, "{text}");
        }
    }

    #[test]
    fn dates_and_numbers_are_read() {
        let planned =
            said(r#"{"actionStatus":"https://schema.org/ActiveActionStatus","endTime":"2026-12-01"}"#).unwrap();
        assert_eq!(planned.step, Step::Active { at: Some(When::parse("2026-12-01").unwrap()) });
        let gone = said(
            r#"{"actionStatus":"CompletedActionStatus","endTime":"2026-11-28T11:00:00+09:00","trackingNumber":"EP-1"}"#,
        );
        let gone = gone.unwrap();
        assert_eq!(gone.step.done(), Some(Moment::parse("2026-11-28T11:00:00+09:00").unwrap()));
        assert_eq!(gone.tracking.as_deref(), Some("EP-1"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (text, why) in [
            ("nonsense", "in braces"),
            ("[]", "in braces"),
            (r#"{"actionStatus":"Done"}"#, "none of schema.org's"),
            (r#"{"actionStatus":"CompletedActionStatus","endTime":"2026-11-30T11:00:00+09:00"}"#, "has not come yet"),
            (r#"{"actionStatus":"CompletedActionStatus","endTime":"yesterday"}"#, "endTime"),
            (r#"{"trackingNumber":"a\nb"}"#, "one line"),
            (r#"{"endTime":"1","endTime":"2"}"#, "duplicate"),
            // A no that is misspelt, or misplaced, is no yes.
            (r#"{"error":"out of stock"}"#, "error goes with FailedActionStatus"),
            (
                r#"{"actionStatus":"CompletedActionStatus","error":"out of stock"}"#,
                "error goes with FailedActionStatus",
            ),
            (r#"{"actionstatus":"FailedActionStatus"}"#, "unknown field"),
            (r#"{"actionStatus":"FailedActionStatus","error":{"reason":"out of stock"}}"#, "unknown field"),
            (r#"{"actionStatus":"FailedActionStatus","error":["out of stock"]}"#, "error must be"),
            (r#"["FailedActionStatus"]"#, "in braces"),
            (r#"[null,null,"1","EP-1",null,null,null,null,null]"#, "in braces"),
            ("null", "in braces"),
            ("true", "in braces"),
        ] {
            let fault = said(text).unwrap_err();
            assert!(fault.contains(why), "{text}: {fault}");
        }
        assert!(read_work(b"\xff", &Moment::parse("2026-11-28T12:00:00+09:00").unwrap()).is_err());
        let failed = said(r#"{"actionStatus":"FailedActionStatus","error":{"description":"out of stock"}}"#).unwrap();
        assert!(matches!(failed.step, Step::Failed { reason, .. } if reason.text == "out of stock"));
        let tracking = |bytes: usize| said(&format!(r#"{{"trackingNumber":"{}"}}"#, "x".repeat(bytes)));
        assert!(tracking(400).is_ok() && tracking(401).unwrap_err().contains("at most 400 bytes"));
    }
}
