//! The envelope `mo:Message`: who, to whom, about what, in answer to what. Both directions, and what each kind must have.
//!
//! Business values stand in the schema.org nodes, not here.

use serde_json::Value;

use super::made::named;
use super::node::{Graph, Node, Result, bad};
use super::party::{read_fingerprint, write_agents};
use super::{answers, order};
use crate::mail::headers::Head;
use crate::mail::read::ReadError;
use crate::trade::{Document, Kind, Letter, Party};

/// The version of the wire format that is written and read.
const VERSION: u32 = 1;

/// Writes the envelope.
pub(super) fn write(letter: &Letter) -> Value {
    let agents = write_agents(letter.document.agents());
    let made = named("#msg", "mo:Message")
        .text("mo:kind", letter.kind())
        .text("mo:version", VERSION)
        .put("mo:seq", letter.seq.map_or(Value::Null, Value::from))
        .put("mo:done", letter.done.map_or(Value::Null, Value::from))
        .text("mo:from", &letter.from.fingerprint)
        .text("mo:to", &letter.to.fingerprint)
        .maybe("mo:transaction", letter.transaction.as_ref())
        .maybe("mo:shop", letter.shop.as_ref())
        .maybe("mo:order", letter.order.as_ref())
        .maybe("mo:terms", letter.terms)
        .maybe("mo:answers", letter.answers)
        .maybe("mo:replaces", letter.replaces)
        .maybe("mo:asOf", letter.as_of)
        .maybe("mo:head", letter.head)
        .list("mo:agents", agents);
    match &letter.document {
        Document::Order(wish) => order::write_envelope(made, wish),
        Document::AuthorizationRequest(request) => {
            made.prose("mo:sealed", request.sealed.as_ref().map(|s| s.0.as_str()))
        }
        Document::StatusRequest(request) => made.put("mo:have", request.have),
        Document::Receipt(receipt) => made.list("mo:received", answers::write_received(&receipt.received)),
        _ => made,
    }
    .end()
}

/// Returns the envelope's node and kind; a version above ours is said to be one before anything else is looked at.
pub(super) fn open<'a>(graph: &'a Graph<'a>) -> Result<(Node<'a>, Kind)> {
    let node = graph.only("mo:Message")?;
    let word = node.need_text("mo:version")?;
    let plain = !word.starts_with('0') && word.len() <= 9 && word.bytes().all(|b| b.is_ascii_digit());
    match word.parse::<u32>() {
        Ok(VERSION) => (),
        Ok(newer) if plain && newer > VERSION => return Err(ReadError::NewerVersion),
        _ => return Err(node.wrong("mo:version", "not a version")),
    }
    let word = node.need_text("mo:kind")?;
    let kind = Kind::parse(word).ok_or_else(|| node.wrong("mo:kind", format!("{word:?} is no kind of letter")))?;
    Ok((node, kind))
}

/// Reads the envelope around a document.
pub(super) fn read(node: &Node, head: Head, document: Document) -> Result<Letter> {
    let letter = Letter {
        from: Party { address: head.from, fingerprint: read_fingerprint(node, "mo:from")? },
        to: Party { address: head.to, fingerprint: read_fingerprint(node, "mo:to")? },
        date: head.date,
        id: head.id,
        references: head.references,
        shop: node.read("mo:shop")?,
        transaction: node.read("mo:transaction")?,
        order: node.read("mo:order")?,
        seq: node.count("mo:seq")?,
        terms: node.read("mo:terms")?,
        answers: node.read("mo:answers")?,
        replaces: node.read("mo:replaces")?,
        as_of: node.read("mo:asOf")?,
        done: node.flag("mo:done")?,
        head: node.read("mo:head")?,
        document,
    };
    if letter.seq == Some(0) {
        return Err(node.wrong("mo:seq", "numbers count from 1"));
    }
    if letter.kind().is_about_shop() && (letter.transaction.is_some() || letter.order.is_some() || letter.seq.is_some())
    {
        return Err(bad(format!("the envelope of {} names a transaction", letter.kind())));
    }
    match missing(&letter) {
        Some(member) => Err(bad(format!("the envelope of {} lacks {member}", letter.kind()))),
        None => Ok(letter),
    }
}

const EITHER: &str = "mo:transaction or mo:order";

/// Returns what a letter of this kind must have and this one has not.
pub(in crate::mail) fn missing(letter: &Letter) -> Option<&'static str> {
    let needed: &[&'static str] = match letter.kind() {
        Kind::Receipt => &[],
        Kind::Refusal => &["mo:answers"],
        Kind::CatalogRequest => &["mo:shop"],
        Kind::Catalog => &["mo:shop", "mo:answers"],
        Kind::Order => &["mo:shop", "mo:order", "mo:seq"],
        Kind::OrderRejection => &["mo:shop", EITHER, "mo:answers", "mo:seq"],
        Kind::TransactionInfo => &["mo:shop", "mo:transaction", "mo:order", "mo:seq"],
        Kind::AuthorizationRequest | Kind::AuthorizationResult => &["mo:shop", "mo:transaction", "mo:order", "mo:seq"],
        Kind::Cancellation | Kind::Stop | Kind::StatusRequest => &["mo:shop", EITHER, "mo:seq"],
        Kind::OrderStatus => &["mo:shop", EITHER, "mo:seq", "mo:asOf", "mo:done"],
        Kind::PaymentStatus | Kind::DeliveryStatus => {
            &["mo:shop", "mo:transaction", "mo:terms", "mo:seq", "mo:asOf", "mo:done"]
        }
        Kind::Confirmation
        | Kind::PaymentInstruction
        | Kind::DeliveryInstruction
        | Kind::ReturnRequest
        | Kind::ReturnAnswer
        | Kind::RefundInstruction => &["mo:shop", "mo:transaction", "mo:terms", "mo:seq"],
    };
    let has = |member: &str| match member {
        "mo:shop" => letter.shop.is_some(),
        "mo:transaction" => letter.transaction.is_some(),
        "mo:order" => letter.order.is_some(),
        EITHER => letter.transaction.is_some() || letter.order.is_some(),
        "mo:seq" => letter.seq.is_some(),
        "mo:terms" => letter.terms.is_some(),
        "mo:answers" => letter.answers.is_some(),
        "mo:asOf" => letter.as_of.is_some(),
        "mo:done" => letter.done.is_some(),
        _ => false,
    };
    needed.iter().copied().find(|member| !has(member))
}
