//! The header of an entry: what a person greps for, and what replay needs beside the letter.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::header::{Fields, Header, decode, encode};
use super::{FormError, Setting};
use crate::ledger::log::plain_number;
use crate::trade::{
    Address, Body, Cause, Code, Deed, Digest, Document, Entry, Event, Finding, Fingerprint, Kind, Letter, Measured,
    MessageId, Moment, Money, Names, OrderId, Owed, Role, ScheduleName, Verdict,
};

/// Which way an entry's letter went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
    /// No letter: our own decision.
    Own,
}

impl Direction {
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "in" => Some(Self::In),
            "out" => Some(Self::Out),
            "own" => Some(Self::Own),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Own => "own",
        }
    }
}

/// The seconds entries can be recorded at: 2 January 1971 to the end of 9997, so that the year is a moment's at any
/// offset. A clock without a battery starts before (F39).
const RECORDABLE: std::ops::RangeInclusive<i64> = 31_622_400..=253_339_228_799;

/// Returns a moment as entries keep it: cut to milliseconds, within the years a moment may have, its offset in whole
/// minutes.
pub fn recordable(moment: &Moment) -> Moment {
    let seconds = moment.instant().as_second();
    let instant = if RECORDABLE.contains(&seconds) {
        Timestamp::from_millisecond(moment.instant().as_millisecond())
    } else {
        Timestamp::from_second(seconds.clamp(*RECORDABLE.start(), *RECORDABLE.end()))
    };
    let offset = if moment.offset().seconds().checked_rem(60) == Some(0) { moment.offset() } else { Offset::UTC };
    Moment::new(instant.unwrap_or(moment.instant()), offset)
}

/// Returns the amount a letter is about: the total of terms, of an order or of the OK to it, the sum of an
/// instruction, the payments of a payment status, or what remains where it names none.
pub fn amount(letter: &Letter) -> Option<Money> {
    match &letter.document {
        Document::Order(order) => Some(order.total),
        Document::TransactionInfo(terms) => Some(terms.total),
        Document::Confirmation(confirmation) => Some(confirmation.total),
        Document::PaymentInstruction(instruction) => Some(instruction.amount),
        Document::RefundInstruction(instruction) => Some(instruction.amount),
        Document::PaymentStatus(status) => {
            let payments = status.payments.iter().filter(|payment| !payment.refund).map(|payment| &payment.amount);
            Some(Money::sum(payments).ok().flatten().unwrap_or(status.remaining))
        }
        _ => None,
    }
}

/// Writes the header up to, and without, MIME-Version.
pub(super) fn print(entry: &Entry, setting: &Setting<'_>) -> Result<String, FormError> {
    let recorded = recordable(&entry.recorded);
    if recorded != entry.recorded || recorded.offset() != entry.recorded.offset() {
        return Err(FormError::field("Mailorder-Recorded", &entry.recorded.to_string()));
    }
    let names = entry.names();
    let (from, to) = match entry.letter() {
        Some(letter) => (&letter.from.address, &letter.to.address),
        None => (setting.account, setting.account),
    };
    let id = |position: u64| format!("<{position}.{}@mailorder.invalid>", setting.ledger);
    let mut head = Header::default();
    head.field("From", from);
    head.field("To", to);
    head.field("Subject", subject(entry, &names));
    head.field("Date", recorded.rfc5322());
    head.field("Message-ID", id(entry.position));
    head.optional("References", setting.first.map(id));
    head.field("Mailorder-Version", 1);
    head.field("Mailorder-Entry", entry.position);
    head.field("Mailorder-Recorded", format!("{:.3}", recorded.instant()));
    let direction = match &entry.body {
        Body::In { .. } => Direction::In,
        Body::Out { .. } => Direction::Out,
        Body::Own { .. } => Direction::Own,
    };
    head.field("Mailorder-Direction", direction.word());
    head.optional("Mailorder-Role", entry.role);
    head.field("Mailorder-Kind", entry.kind_word());
    head.optional("Mailorder-Shop", names.shop.as_ref());
    head.optional("Mailorder-Transaction", names.number.as_ref());
    head.optional("Mailorder-Order", names.order.as_ref());
    print_body(&mut head, &entry.body);
    if let Some(Event { id, content }) = &entry.event {
        let id = id.as_ref().map(|id| format!(" {}", encode(id))).unwrap_or_default();
        head.field("Mailorder-Event", format!("{content}{id}"));
    }
    head.optional("Mailorder-Cause", entry.cause.as_ref().map(cause_words));
    for owed in &entry.owes {
        head.field("Mailorder-Owes", format!("{} {} {}", owed.id, owed.kind, owed.to));
    }
    if let Body::Own { about, .. } = &entry.body {
        for position in about {
            head.field("Mailorder-About", position);
        }
    }
    if let Some(redaction) = entry.redaction() {
        head.field("Mailorder-Erases", format!("{} {}", redaction.position, redaction.digest));
    }
    Ok(head.finish())
}

fn subject(entry: &Entry, names: &Names) -> String {
    let name = names.number.as_ref().map(ToString::to_string).or_else(|| names.order.as_ref().map(ToString::to_string));
    let shop = names.shop.as_ref().map(ToString::to_string);
    [Some(entry.kind_word().to_owned()), name, shop].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn print_body(head: &mut Header, body: &Body) {
    match body {
        Body::In { letter, content, signer, original, verdict, findings } => {
            print_letter(head, letter, &letter.from.address, signer);
            head.field("Mailorder-Content", written(content));
            head.field("Mailorder-Original", written(original));
            head.field("Mailorder-Verdict", verdict);
            for finding in findings {
                head.field("Mailorder-Finding", finding.code);
            }
            for finding in findings {
                head.field("Mailorder-Note", format!("{}: {}", finding.code, encode(&finding.text)));
            }
        }
        Body::Out { letter, content } => {
            print_letter(head, letter, &letter.to.address, &letter.from.fingerprint);
            head.field("Mailorder-Content", written(content));
        }
        Body::Own { .. } => {}
    }
}

fn print_letter(head: &mut Header, letter: &Letter, peer: &Address, signer: &Fingerprint) {
    head.optional("Mailorder-Seq", letter.seq);
    head.optional("Mailorder-Terms", letter.terms);
    head.field("Mailorder-Peer", peer);
    head.field("Mailorder-Signer", signer);
    head.field("Mailorder-Letter", format!("<{}>", letter.id));
    head.optional("Mailorder-Amount", amount(letter));
}

fn written(measured: &Measured) -> String {
    format!("{} {}", measured.digest, measured.size)
}

/// Reads `POSITION sha256:HEX`: which entry a redaction erases, and the digest of its file.
pub(super) fn erases(value: &str) -> Option<(u64, Digest)> {
    let (position, digest) = value.split_once(' ')?;
    Some((plain_number(position)?, Digest::parse(digest).ok()?))
}

/// Reads `sha256:HEX SIZE`.
pub(super) fn measured(value: &str) -> Option<Measured> {
    let (digest, size) = value.split_once(' ')?;
    Some(Measured { digest: Digest::parse(digest).ok()?, size: plain_number(size)? })
}

/// Reads the fields that entries of every kind have.
pub(super) fn parse(fields: &Fields<'_>, body: Body) -> Result<Entry, FormError> {
    let role = match fields.optional("Mailorder-Role")? {
        Some(word) => Some(Role::parse(word).ok_or_else(|| FormError::field("Mailorder-Role", word))?),
        None => None,
    };
    // The header's Date has the offset, the field of ours the milliseconds.
    let offset = fields.parse("Date", |date| {
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(date).ok()?;
        Some(date.offset())
    })?;
    let recorded = fields.parse("Mailorder-Recorded", |text| Moment::parse(text).ok())?;
    Ok(Entry {
        position: fields.parse("Mailorder-Entry", plain_number)?,
        recorded: Moment::new(recorded.instant(), offset),
        role,
        body,
        owes: fields.parse_all("Mailorder-Owes", owed)?,
        event: match fields.optional("Mailorder-Event")? {
            Some(text) => Some(event(text).ok_or_else(|| FormError::field("Mailorder-Event", text))?),
            None => None,
        },
        cause: match fields.optional("Mailorder-Cause")? {
            Some(text) => Some(cause(text).ok_or_else(|| FormError::field("Mailorder-Cause", text))?),
            None => None,
        },
        erased: None,
    })
}

/// Writes `schedule MOMENT NAME`, or `DEED ORDER QUERY` for a rule.
fn cause_words(cause: &Cause) -> String {
    match cause {
        Cause::Schedule { name, moment } => format!("schedule {moment} {}", encode(name.as_str())),
        Cause::Rule { deed, order, when } => format!("{deed} {order} {}", encode(when)),
    }
}

/// Reads what [`cause_words`] wrote.
fn cause(value: &str) -> Option<Cause> {
    let (word, rest) = value.split_once(' ')?;
    let (about, text) = rest.split_once(' ')?;
    let text = decode(text)?;
    Some(match word {
        "schedule" => Cause::Schedule { name: ScheduleName::parse(&text).ok()?, moment: Moment::parse(about).ok()? },
        deed => Cause::Rule { deed: Deed::parse(deed)?, order: OrderId::parse(about).ok()?, when: text },
    })
}

/// Reads `sha256:HEX` and, behind a blank, the event's id.
fn event(value: &str) -> Option<Event> {
    let (content, id) = value.split_once(' ').map_or((value, None), |(content, id)| (content, Some(id)));
    let id = match id {
        Some(id) => Some(decode(id)?),
        None => None,
    };
    Some(Event { id, content: Digest::parse(content).ok()? })
}

fn owed(value: &str) -> Option<Owed> {
    let mut words = value.split(' ');
    let (id, kind, to) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    Some(Owed { id: MessageId::parse(id).ok()?, kind: Kind::parse(kind)?, to: Address::parse(to).ok()? })
}

/// Reads the fields that go with a letter.
pub(super) fn letter_body(
    fields: &Fields<'_>,
    direction: Direction,
    letter: Arc<Letter>,
    content: Measured,
) -> Result<Body, FormError> {
    if direction != Direction::In {
        return Ok(Body::Out { letter, content });
    }
    let findings = fields.parse_all("Mailorder-Note", |note| {
        let (code, text) = note.split_once(": ")?;
        Some(Finding::new(Code::parse(code)?, decode(text)?))
    })?;
    Ok(Body::In {
        letter,
        content,
        signer: fields.parse("Mailorder-Signer", |text| Fingerprint::parse(text).ok())?,
        original: fields.parse("Mailorder-Original", measured)?,
        verdict: fields.parse("Mailorder-Verdict", Verdict::parse)?,
        findings,
    })
}
