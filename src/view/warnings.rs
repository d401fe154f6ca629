//! What does not agree, and what was set aside; nothing of it was applied (P67, P68).

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::transaction::unanswered;
use super::{short, text};
use crate::clerk::{Clerk, ClerkError, ComputedWarning, warning_id};
use crate::index::EntryRow;
use crate::rules::Standing;
use crate::rules::alerted::{Open, Whose};
use crate::rules::alike;
use crate::trade::{
    Address, Code, Compared, Fingerprint, Kind, Leg, Moment, Names, OrderId, Role, Settlement, Transaction, When,
};
use crate::words::Words;

/// The subject of a mail that no transaction is known of.
pub const SET_ASIDE: &str = "set aside";

/// A warning as it is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What it is settled by: `W-12`, `C-5e8a01bc` or `S-462ce6cd`.
    pub id: String,
    /// Its document in `warnings --json`.
    pub value: Value,
    /// The word of the finding.
    pub finding: String,
    /// The transaction, as lists name it.
    pub subject: String,
    /// The ID of the transaction, where one of this account is meant.
    pub order: Option<String>,
    /// The leg it is about, where it is about one.
    pub leg: Option<Leg>,
    /// Who wrote the letter; empty where it comes of no letter.
    pub from: String,
    /// When it came up.
    pub date: Option<When>,
    /// What does not agree.
    pub text: String,
    /// What a person did about it.
    pub settled: Option<Settlement>,
    /// When he did, and why.
    pub when: Option<(Moment, Option<String>)>,
    /// Whether it keeps its letter from nothing.
    pub note: bool,
    /// Whether the key of its letter may be one to import.
    pub imports: bool,
    /// Who can have caused it.
    pub source: Source,
    /// That the address it came from looks like a known one, where it does.
    pub caution: Option<String>,
}

/// Who can have caused a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The owner alone: it is about all that he agreed to.
    Own,
    /// Whoever signed its letter with this key, or is on the other side of its transaction.
    Of(Address, Option<Fingerprint>),
    /// Anybody who can write a mail.
    Anybody,
}

impl Source {
    /// Returns whether that is somebody whom the owner has accepted, or whose letters count here at least.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn whose(&self, clerk: &Clerk) -> Result<Whose, ClerkError> {
        match self {
            Self::Own => Ok(Whose::Known),
            Self::Of(address, key) if clerk.is_known(address, key.as_ref())? => Ok(Whose::Known),
            Self::Of(..) => Ok(Whose::Stranger),
            Self::Anybody => Ok(Whose::Anybody),
        }
    }

    /// Returns who can have caused a warning about a letter.
    fn of_letter(entry: &EntryRow) -> Self {
        entry.peer.clone().map_or(Self::Anybody, |peer| Self::Of(peer, entry.signer.clone()))
    }

    /// Returns who is on the other side of the transaction that a warning is about.
    fn of(known: Option<&Transaction>, names: &Names) -> Self {
        let buyer = |known: &Transaction| known.buyer().map(|buyer| (buyer.address.clone(), buyer.fingerprint.clone()));
        match known {
            Some(known) if known.key.role == Role::Shop => {
                buyer(known).map_or(Self::Anybody, |(address, key)| Self::Of(address, Some(key)))
            }
            Some(known) => Self::Of(known.key.shop.clone(), None),
            None if names.shop.is_none() => Self::Own,
            None => Self::Anybody,
        }
    }
}

impl Shown {
    /// Returns what does not agree, and the caution, for people; what others wrote is not escaped yet.
    pub fn says(&self, words: Words, zone: &TimeZone) -> String {
        let says = text::finding(words, &self.finding, &self.text, zone);
        match &self.caution {
            Some(caution) => words.fill("stop.beside", &[("one", &says), ("other", &words.sentence(caution))]),
            None => says,
        }
    }

    /// Returns what it holds against each other, where it compares something.
    pub fn compared(&self) -> Option<Compared<'_>> {
        Compared::of(&self.text)
    }

    /// Puts what it compares into its document: the field, what was agreed on, what is stated, and by how much more that is.
    fn with_compared(mut self) -> Self {
        let compared = self.compared().map(|compared| {
            let Compared { what, agreed, stated } = compared;
            let difference = compared.difference();
            json!({"what": what, "agreed": agreed, "stated": stated, "difference": difference.as_ref().map(text::money_json)})
        });
        if let Some(document) = self.value.as_object_mut() {
            document.insert("compared".to_owned(), compared.unwrap_or_default());
        }
        self
    }

    /// Returns whether it says that a promised date has passed: the list of transactions counts those, not the warnings.
    pub fn is_of_date(&self) -> bool {
        Code::parse(&self.finding).is_some_and(Code::is_of_date)
    }
}

/// What a warning is about that comes of how things stand.
struct About {
    source: Source,
    /// The transaction, as lists name it.
    subject: String,
    /// Its ID, where one of this account is meant.
    order: Option<String>,
}

impl About {
    fn of(clerk: &Clerk, warning: &ComputedWarning) -> Result<Self, ClerkError> {
        // Of an order of ours its key says it all: there may be hundreds of them.
        if let Some(key) = warning.about.as_ref().filter(|key| key.role == Role::Buyer) {
            let id = key.id.as_str();
            let source = Source::Of(key.shop.clone(), None);
            return Ok(Self { source, subject: short(id).to_owned(), order: Some(id.to_owned()) });
        }
        let (number, order) = (warning.number.clone(), warning.order.clone());
        let names = Names { shop: warning.shop.clone(), number, order };
        let known = transaction_of(clerk, &names)?;
        let (source, subject) = (Source::of(known.as_ref(), &names), named(known.as_ref(), &names));
        Ok(Self { source, subject, order: known.map(|known| known.key.id.to_string()) })
    }
}

/// Which warnings are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    /// Settled ones, too.
    pub all: bool,
    /// What is late, and who is silent about it, too.
    pub late: bool,
}

/// When a warning was settled, and why.
type Settled = BTreeMap<String, (Moment, Option<String>)>;

/// Returns the entries of the letters with open warnings.
pub fn open_letters(clerk: &Clerk) -> Result<BTreeSet<u64>, ClerkError> {
    let open = clerk.index().warnings(true)?;
    Ok(open.iter().filter(|warning| warning.code.blocks()).map(|warning| warning.position).collect())
}

/// Returns the transaction that an entry is about as lists name it: by its short ID to its buyer, by its number to all
/// others; by its number where no list has it.
pub fn about(clerk: &Clerk, entry: &EntryRow) -> Result<String, ClerkError> {
    let known = match entry.role {
        Some(role) => clerk.index().load(role, &entry.names)?,
        None => None,
    };
    let number = || entry.names.number.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    Ok(known.as_ref().map_or_else(number, listed))
}

/// Returns how lists name a transaction.
fn listed(known: &Transaction) -> String {
    let id = || short(known.key.id.as_str()).to_owned();
    let number = known.number.as_ref().filter(|_| known.key.role != Role::Buyer);
    number.map_or_else(id, ToString::to_string)
}

/// Returns how many letters and mails set aside nobody has settled yet, and how many of the `standing` warnings.
///
/// # Errors
/// What keeps index or the folder of mail set aside from being read.
pub fn open_count(clerk: &Clerk, standing: &[ComputedWarning]) -> Result<u64, ClerkError> {
    let letters = open_letters(clerk)?.len();
    let aside = clerk.set_aside()?.iter().filter(|aside| aside.seen.is_none()).count();
    let standing = standing.iter().filter(|warning| warning.settled.is_none()).count();
    Ok(u64::try_from(letters.saturating_add(aside).saturating_add(standing)).unwrap_or(u64::MAX))
}

/// Returns the open warnings by what they are settled by, oldest first of each sort, without what else is shown of them. Whether
/// a stranger can have caused one is not looked up where it `is_known` already.
///
/// # Errors
/// What keeps index or the folder of mail set aside from being read.
pub fn open(clerk: &Clerk, which: Which, is_known: impl Fn(&str) -> bool) -> Result<Vec<Open>, ClerkError> {
    let mut open = Vec::new();
    let mut add = |id: String, source: &dyn Fn() -> Result<Source, ClerkError>| {
        let whose = if is_known(&id) { Whose::Known } else { source()?.whose(clerk)? };
        open.push(Open { id, whose });
        Ok::<(), ClerkError>(())
    };
    for position in open_letters(clerk)? {
        let source = || -> Result<Source, ClerkError> {
            Ok(clerk.index().entry(position)?.map_or(Source::Anybody, |entry| Source::of_letter(&entry)))
        };
        add(format!("W-{position}"), &source)?;
    }
    for aside in clerk.set_aside()?.into_iter().filter(|aside| aside.seen.is_none()) {
        add(aside_id(&aside.name), &|| Ok(Source::Anybody))?;
    }
    let computed = if which.late { clerk.computed_warnings()? } else { clerk.standing_warnings()? };
    for warning in computed.into_iter().filter(|warning| warning.settled.is_none()) {
        let source = || -> Result<Source, ClerkError> { Ok(About::of(clerk, &warning)?.source) };
        add(warning.id.clone(), &source)?;
    }
    Ok(open)
}

/// Returns what the warning about a mail set aside is settled by.
pub fn aside_id(name: &str) -> String {
    format!("S-{}", name.get(..8).unwrap_or(name))
}

/// Returns what a person said to warnings, by what they are settled by.
fn settlements(clerk: &Clerk) -> Result<Settled, ClerkError> {
    let said = clerk.index().settlements()?.into_iter().filter_map(|settled| {
        let letter = settled.position.map(|position| format!("W-{position}"));
        let computed = settled.subject.map(|subject| warning_id(&subject));
        Some((letter.or(computed)?, (settled.at, settled.reason)))
    });
    Ok(said.collect())
}

/// Returns how many warnings were settled, each letter once; `computed` are those that come of how things stand.
///
/// # Errors
/// What keeps index or the folder of mail set aside from being read.
pub fn settled_count(clerk: &Clerk, computed: &[ComputedWarning]) -> Result<usize, ClerkError> {
    let mut letters: BTreeMap<u64, bool> = BTreeMap::new();
    for warning in clerk.index().warnings(false)?.into_iter().filter(|warning| warning.code.blocks()) {
        let all = letters.entry(warning.position).or_insert(true);
        *all = *all && warning.settled.is_some();
    }
    let letters = letters.values().filter(|all| **all).count();
    let aside = clerk.set_aside()?.iter().filter(|aside| aside.seen.is_some()).count();
    let computed = computed.iter().filter(|warning| warning.settled.is_some()).count();
    Ok(letters.saturating_add(aside).saturating_add(computed))
}

/// Returns the warnings: those about letters, mails set aside, and what comes of how things stand.
///
/// # Errors
/// What keeps ledger, index or the folder of mail set aside from being read.
pub fn gather(clerk: &Clerk, which: Which) -> Result<Vec<Shown>, ClerkError> {
    // What is late stands in the list; here it is for who asks.
    let computed = if which.late { clerk.computed_warnings()? } else { clerk.standing_warnings()? };
    gather_with(clerk, which.all, computed)
}

/// Returns the same, where what comes of how things stand was reckoned already; settled ones too where `all` are wanted.
///
/// # Errors
/// As for [`gather`].
pub fn gather_with(clerk: &Clerk, all: bool, computed: Vec<ComputedWarning>) -> Result<Vec<Shown>, ClerkError> {
    let said = if all { settlements(clerk)? } else { Settled::new() };
    let mut shown = letters(clerk, all, &said)?;
    shown.extend(set_aside(clerk, all)?);
    shown.extend(standing(clerk, all, computed, &said)?);
    Ok(shown.into_iter().map(Shown::with_compared).collect())
}

/// Returns what comes of how things stand.
fn standing(
    clerk: &Clerk,
    all: bool,
    computed: Vec<ComputedWarning>,
    said: &Settled,
) -> Result<Vec<Shown>, ClerkError> {
    let mut shown = Vec::new();
    for warning in computed.into_iter().filter(|warning| all || warning.settled.is_none()) {
        let when = said.get(&warning.id);
        let value = json!({
            "id": warning.id, "finding": warning.code.word(), "shop": warning.shop, "number": warning.number,
            "from": null, "signer": null, "date": warning.since, "text": warning.text,
            "settled": warning.settled, "settled_at": when.map(|(time, _)| time),
            "reason": when.and_then(|(_, why)| why.as_deref()), "entry": null, "looks_like": null,
        });
        let About { source, subject, order } = About::of(clerk, &warning)?;
        shown.push(Shown {
            source,
            when: when.cloned(),
            id: warning.id,
            value,
            finding: warning.code.word().to_owned(),
            subject,
            order,
            leg: warning.leg,
            from: String::new(),
            date: Some(warning.date),
            text: warning.text,
            settled: warning.settled,
            note: false,
            imports: false,
            caution: None,
        });
    }
    Ok(shown)
}

/// Returns what was found about letters.
fn letters(clerk: &Clerk, all: bool, said: &Settled) -> Result<Vec<Shown>, ClerkError> {
    let mut shown = Vec::new();
    for warning in clerk.index().warnings(!all)? {
        let entry = clerk.index().entry(warning.position)?;
        let Some(entry) = entry else { continue };
        let id = format!("W-{}", warning.position);
        let when = said.get(&id);
        let value = json!({
            "id": id, "finding": warning.code.word(), "shop": entry.names.shop, "number": entry.names.number,
            "from": entry.peer, "signer": entry.signer, "date": entry.recorded, "text": warning.text,
            "settled": warning.settled, "settled_at": when.map(|(time, _)| time), "reason": warning.reason,
            "entry": warning.position, "looks_like": null,
        });
        shown.push(Shown {
            source: Source::of_letter(&entry),
            when: when.cloned(),
            id,
            value,
            finding: warning.code.word().to_owned(),
            subject: about(clerk, &entry)?,
            order: order_of(clerk, &entry.names)?,
            leg: Kind::parse(&entry.kind).and_then(Kind::status_of),
            from: entry.peer.as_ref().map(ToString::to_string).unwrap_or_default(),
            date: Moment::parse(&entry.recorded).ok().map(When::Moment),
            text: warning.text,
            settled: warning.settled,
            note: !warning.code.blocks(),
            imports: false,
            caution: None,
        });
    }
    Ok(shown)
}

/// Returns the mails set aside.
fn set_aside(clerk: &Clerk, all: bool) -> Result<Vec<Shown>, ClerkError> {
    let mut shown = Vec::new();
    let vouched = clerk.vouched()?;
    for aside in clerk.set_aside()?.into_iter().filter(|aside| all || aside.seen.is_none()) {
        // An address that another key is known for is itself one that others may look like.
        let alike = aside.from.as_ref().filter(|_| aside.known.is_none()).and_then(|from| alike::alike(from, &vouched));
        let id = aside_id(&aside.name);
        let settled = aside.seen.map(|_| Settlement::Ack);
        let value = json!({
            "id": id, "finding": aside.reason.code, "shop": null, "number": null, "from": aside.from,
            "signer": aside.issuers.first(), "date": aside.at, "text": aside.reason.text,
            "settled": settled, "settled_at": aside.seen, "reason": null, "entry": null, "looks_like": alike,
        });
        shown.push(Shown {
            source: Source::Anybody,
            when: aside.seen.map(|seen| (seen, None)),
            imports: aside.reason.code == "unknown-signer" && aside.known.is_none(),
            id,
            value,
            finding: aside.reason.code,
            caution: alike.zip(aside.from.as_ref()).map(|(known, from)| alike::caution(from, known)),
            subject: SET_ASIDE.to_owned(),
            order: None,
            leg: None,
            from: aside.from.map(|from| from.to_string()).unwrap_or_default(),
            date: Some(When::Moment(aside.at)),
            text: aside.reason.text,
            settled,
            note: false,
        });
    }
    Ok(shown)
}

/// Returns the buyer's order whose terms wait for his answer because of what the letter of this entry says: that answer settles
/// the warning.
///
/// # Errors
/// What keeps the index from being read.
pub fn unanswered_of(clerk: &Clerk, position: u64, now: &Moment) -> Result<Option<OrderId>, ClerkError> {
    let Some(entry) = clerk.index().entry(position)? else { return Ok(None) };
    let Some(known) = clerk.index().load(Role::Buyer, &entry.names)? else { return Ok(None) };
    let waits = unanswered(&known, &Standing::of(&known), now).is_some_and(|(kept, _)| kept.position == position);
    Ok(waits.then_some(known.key.id))
}

/// Returns the entries of the letters of a transaction with open warnings, but not of one whose terms wait for the buyer's answer:
/// that answer settles it.
///
/// # Errors
/// What keeps the index from being read.
pub fn open_of(clerk: &Clerk, known: &Transaction, now: &Moment) -> Result<Vec<u64>, ClerkError> {
    let open = open_letters(clerk)?;
    let answered = unanswered(known, &Standing::of(known), now).map(|(kept, _)| kept.position);
    let letters = known.kept.iter().map(|kept| kept.position);
    Ok(letters.filter(|position| open.contains(position) && Some(*position) != answered).collect())
}

/// Returns the transaction of these names, in the first part of this account that has it.
fn transaction_of(clerk: &Clerk, names: &Names) -> Result<Option<Transaction>, ClerkError> {
    for role in Role::ALL {
        if let Some(known) = clerk.index().load(role, names)? {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

/// Returns the ID of the transaction of these names.
fn order_of(clerk: &Clerk, names: &Names) -> Result<Option<String>, ClerkError> {
    Ok(transaction_of(clerk, names)?.map(|known| known.key.id.to_string()))
}

/// Returns how lists name the transaction; its number where no list has it.
fn named(known: Option<&Transaction>, names: &Names) -> String {
    let number = || names.number.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    known.map_or_else(number, listed)
}
