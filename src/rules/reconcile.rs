//! Is this letter what was agreed? (P65-P71)
//!
//! `reconcile` judges a letter that has just come; `rejudge` says which letters that came before are to be judged
//! otherwise now. After a warning nothing of the letter is applied (P68).

use std::collections::BTreeMap;

use super::folding::Folding;
use super::leg::{self, Judged};
use super::statement::AHEAD;
use super::{agreement, authority, return_answer, voices};
use crate::trade::document::AuthorizationResult;
use crate::trade::{
    Act, Address, Book, Code, Digest, Direction, Document, Finding, Fingerprint, Kept, Kind, Leg, Letter, Moment,
    Order, Party, Received, Role, Settlement, Terms, Transaction, Verdict, item,
};

/// How far the date of terms may lie before that of their order, in seconds: clocks of two parties may be far apart.
const DAY: i64 = 86_400;

/// Tells the key pinned for an address.
pub type Pinned<'a> = dyn Fn(&Address) -> Option<Fingerprint> + 'a;

/// Tells which key each shop named for an address in its latest terms that count.
pub type Named<'a> = dyn Fn(&Address) -> BTreeMap<Address, Fingerprint> + 'a;

/// Tells whether the buyer's own list of payment agents, if he keeps one, has this party.
pub type Allowed<'a> = dyn Fn(&Party) -> bool + 'a;

/// What is to become of a letter that has just come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict on it.
    pub verdict: Verdict,
    /// Why.
    pub findings: Vec<Finding>,
}

/// Who reads: the part played, our own mailbox and key, the time, and what is known of keys.
pub struct Reader<'a> {
    /// The part the letter is addressed to.
    pub role: Role,
    /// Our mailbox and key.
    pub me: &'a Party,
    /// The moment of reading.
    pub now: Moment,
    /// The address the signer's key was pinned with or handed over for; `None` for a stranger.
    pub signer_address: Option<Address>,
    /// The key pinned for an address.
    pub pinned: &'a Pinned<'a>,
    /// The keys shops named for an address.
    pub named: &'a Named<'a>,
    /// The buyer's list of payment agents.
    pub allowed: &'a Allowed<'a>,
}

/// Judges a letter that has just come.
pub fn reconcile(book: &Book, received: &Received, reader: &Reader<'_>) -> Judgement {
    reconcile_on(book, received, reader, None)
}

/// The same, with what `folding` remembers of the letter's transaction.
pub fn reconcile_on(book: &Book, received: &Received, reader: &Reader<'_>, folding: Option<&mut Folding>) -> Judgement {
    let letter = received.letter();
    let mut findings = received.remarks().to_vec();
    if let Some(pinned) = reader.signer_address.as_ref().filter(|pinned| **pinned != letter.from.address) {
        findings.push(Finding::differs(Code::FromDiffers, "sender", pinned, &letter.from.address));
    }
    let transaction = book.find(reader.role, &letter.names());
    findings.extend(wrong_speaker(transaction, received, reader));
    findings.extend(wrong_role(letter, reader));
    findings.extend(voices::doubtful(transaction, letter, reader));
    findings.extend(transaction.and_then(|known| number_reused(known, received)));
    findings.extend(number_taken(book, letter));
    findings.extend(written_ahead(letter, &reader.now));
    let transaction = transaction.and_then(begun);
    let judged = match &letter.document {
        Document::Receipt(_) => Ok(Vec::new()),
        document if document.kind().status_of().is_some() => {
            return status(transaction, received, reader, findings, folding);
        }
        _ => other(transaction, letter, received.content(), &reader.now),
    };
    match judged {
        Ok(more) => findings.extend(more),
        Err(finding) => findings.push(finding),
    }
    settle(findings, letter.kind())
}

/// The speaker is the key that signed; it must be the one the letter names, and a stranger's must not stand for an
/// address that has another key. But terms go on with the key they name, whatever was pinned since.
fn wrong_speaker(transaction: Option<&Transaction>, received: &Received, reader: &Reader<'_>) -> Option<Finding> {
    let (from, signer) = (&received.letter().from, received.signer());
    if from.fingerprint != *signer {
        return Some(Finding::differs(Code::EnvelopeDiffersFromData, "key of the sender", &from.fingerprint, signer));
    }
    let terms = transaction.and_then(Transaction::terms);
    if terms.is_some_and(|(_, terms)| terms.agents.iter().any(|agent| agent.party == *from)) {
        return None;
    }
    let pinned = (reader.pinned)(&from.address).filter(|_| reader.signer_address.is_none())?;
    let what = format!("key of {}", from.address);
    (pinned != *signer).then(|| Finding::differs(Code::KeyChanged, &what, pinned, signer))
}

/// A letter is for one part; and to us as the shop nobody writes about another shop's orders (B78).
fn wrong_role(letter: &Letter, reader: &Reader<'_>) -> Option<Finding> {
    if matches!(letter.document, Document::Receipt(_) | Document::Refusal(_)) {
        return None;
    }
    let meant = letter.addressee();
    let elsewhere = reader.role == Role::Shop && letter.shop.as_ref() != Some(&reader.me.address);
    (meant != reader.role || elsewhere).then(|| {
        let shop = letter.shop.as_ref().map_or("no shop", |shop| shop.as_str());
        Finding::new(Code::WrongRole, format!("the letter is for the {meant} of an order at {shop}"))
    })
}

/// Terms must not bring the number of another order of ours at the same shop.
fn number_taken(book: &Book, letter: &Letter) -> Option<Finding> {
    let (shop, number) = (letter.shop.as_ref()?, letter.transaction.as_ref()?);
    let taken =
        letter.kind() == Kind::TransactionInfo && book.has_number(Role::Buyer, shop, number, letter.order.as_ref());
    let text = || format!("{} gave number {number} to another order before", letter.from.address);
    taken.then(|| Finding::new(Code::NumberReused, text()))
}

/// Turns findings into a verdict: any blocking one warns; but a letter about something not known yet may have overtaken
/// the letter that makes it known, and waits. A status request does not wait: it is refused.
fn settle(mut findings: Vec<Finding>, kind: Kind) -> Judgement {
    findings.sort();
    findings.dedup();
    let mut blocking = findings.iter().filter(|finding| finding.code.blocks()).peekable();
    let verdict = if blocking.peek().is_none() {
        Verdict::Applied
    } else if kind != Kind::StatusRequest && blocking.all(|finding| finding.code == Code::UnknownTransaction) {
        Verdict::Held
    } else {
        Verdict::Warned
    };
    Judgement { verdict, findings }
}

/// Judges a status by folding it in with those already there.
fn status(
    transaction: Option<&Transaction>,
    received: &Received,
    reader: &Reader<'_>,
    mut findings: Vec<Finding>,
    folding: Option<&mut Folding>,
) -> Judgement {
    let unknown = || {
        let letter = received.letter();
        let number = letter.transaction.as_ref().map_or("none", |number| number.as_str());
        Finding::new(Code::UnknownTransaction, format!("{} spoke about transaction {number}", letter.from.address))
    };
    let wait = |mut findings: Vec<Finding>| {
        findings.push(unknown());
        settle(findings, received.letter().kind())
    };
    let Some(transaction) = transaction else { return wait(findings) };
    let new = as_kept(received, reader, std::mem::take(&mut findings));
    let mut mine: Option<(Verdict, Vec<Finding>)> = None;
    let mut newer = false;
    let mut each = |kept: &Kept, verdict: Verdict, findings: &[Finding]| {
        if mine.is_some() {
            // A statement with a number below one that counts already is history.
            newer |= verdict == Verdict::Applied && kept.letter.kind() == new.letter.kind();
        } else if kept.content == new.content {
            mine = Some((verdict, findings.to_vec()));
        }
    };
    if new.letter.answers.is_some() {
        // The shop's answer to an OK may bring other terms into force.
        let mut with = transaction.clone();
        with.kept.push(new.clone());
        leg::fold_each(&with, None, None, &mut each);
    } else {
        leg::fold_each(transaction, Some(&new), folding, &mut each);
    }
    let Some((verdict, findings)) = mine else { return wait(findings) };
    if verdict == Verdict::Held {
        return wait(findings);
    }
    let verdict = if verdict == Verdict::Applied && newer { Verdict::Stale } else { verdict };
    Judgement { verdict, findings }
}

fn as_kept(received: &Received, reader: &Reader<'_>, findings: Vec<Finding>) -> Kept {
    Kept {
        position: u64::MAX,
        direction: Direction::In,
        content: received.content(),
        recorded: reader.now,
        letter: received.shared(),
        verdict: Verdict::Applied,
        findings,
        settled: None,
        erased: None,
    }
}

/// One number of one sender with two contents.
fn number_reused(transaction: &Transaction, received: &Received) -> Option<Finding> {
    let letter = received.letter();
    let seq = letter.seq?;
    let same = transaction.kept.iter().find(|kept| {
        kept.direction == Direction::In
            && kept.letter.seq == Some(seq)
            && kept.letter.from.fingerprint == letter.from.fingerprint
            && kept.content != received.content()
    })?;
    let text = format!("{} used number {seq} before, for another letter ({})", letter.from.address, same.content);
    Some(Finding::new(Code::NumberReused, text))
}

/// Judges every letter that is not a status.
fn other(
    transaction: Option<&Transaction>,
    letter: &Letter,
    content: Digest,
    now: &Moment,
) -> Result<Vec<Finding>, Finding> {
    let known = || {
        let number = letter.transaction.as_ref().map(ToString::to_string);
        let order = letter.order.as_ref().map(ToString::to_string);
        let name = number.or(order).unwrap_or_else(|| "without a number".to_owned());
        let finding = || Finding::new(Code::UnknownTransaction, format!("{} wrote about {name}", letter.from.address));
        transaction.ok_or_else(finding)
    };
    match &letter.document {
        Document::Order(order) => Ok(order_in(order, transaction, letter, content)),
        Document::TransactionInfo(terms) => terms_in(terms, transaction, letter).map(|mut findings| {
            findings.extend(dated_ahead(terms, letter, now));
            findings.extend(dated_before(terms, transaction, letter));
            findings
        }),
        Document::OrderRejection(_) => Ok(rejection(known()?, letter).into_iter().collect()),
        Document::ReturnAnswer(answer) => {
            let known = known()?;
            match from_shop(known, letter) {
                Some(stranger) => Ok(vec![stranger]),
                None => return_answer::findings(known, answer, letter),
            }
        }
        Document::Refusal(_) => Ok(refusal(known()?, letter).into_iter().collect()),
        Document::Confirmation(_) | Document::Cancellation(_) | Document::ReturnRequest(_) => {
            from_buyer(known()?, letter)
        }
        Document::AuthorizationResult(result) => authorization(known()?, result, letter),
        Document::AuthorizationRequest(_) | Document::PaymentInstruction(_) | Document::DeliveryInstruction(_) => {
            Ok(from_its_shop(letter).into_iter().collect())
        }
        // Who sells answers for it; what is asked may be asked by anybody whose letters count.
        Document::Catalog(_) => Ok(from_its_shop(letter).into_iter().collect()),
        Document::RefundInstruction(_) => instructed(known()?, Leg::Payment, letter),
        Document::Stop(stop) => instructed(known()?, stop.leg, letter),
        Document::StatusRequest(_) => request(known()?, letter),
        _ => Ok(Vec::new()),
    }
}

/// An order must be new, its sum right, and its buyer its signer.
fn order_in(order: &Order, transaction: Option<&Transaction>, letter: &Letter, content: Digest) -> Vec<Finding> {
    let mut findings = Vec::new();
    let used = |known: &Transaction| known.order().is_some_and(|(kept, _)| kept.content != content);
    if transaction.is_some_and(used) {
        let text = format!("{} used this order ID before, for another order", letter.from.address);
        findings.push(Finding::new(Code::NumberReused, text));
    }
    if order.buyer.email != letter.from.address {
        findings.push(Finding::differs(Code::FromDiffers, "buyer", &letter.from.address, &order.buyer.email));
    }
    match item::total(&order.lines, &order.charges) {
        Ok(Some(sum)) if sum == order.total => {}
        _ => {
            let text = format!("lines and charges do not make the total {}", order.total);
            findings.push(Finding::new(Code::SumDoesNotAddUp, text));
        }
    }
    findings
}

/// Terms must answer an order of ours, come from its shop, add up, and agree with it.
fn terms_in(terms: &Terms, transaction: Option<&Transaction>, letter: &Letter) -> Result<Vec<Finding>, Finding> {
    let unsolicited =
        || Finding::new(Code::UnsolicitedTerms, format!("{} sent terms nobody asked for", letter.from.address));
    let (transaction, (ordered, order)) =
        transaction.and_then(|known| known.order().map(|order| (known, order))).ok_or_else(unsolicited)?;
    let mut findings: Vec<Finding> = from_shop(transaction, letter).into_iter().collect();
    if letter.answers != Some(ordered.content) && letter.replaces.is_none() {
        findings.push(Finding::new(Code::UnsolicitedTerms, "the terms answer another order than ours".to_owned()));
    }
    if transaction.rejection().is_some() {
        let text = "the shop had refused the order before, and makes terms for it now";
        findings.push(Finding::new(Code::AnswerTakenBack, text));
    }
    let offered_before = transaction.all_terms().next().is_some();
    if offered_before && letter.replaces.is_none() {
        let text = "the shop had made terms before, and these do not say that they replace them";
        findings.push(Finding::new(Code::TermsDifferFromOrder, text));
    }
    if let Some(replaced) = letter.replaces.filter(|old| !transaction.has_come(old)) {
        // They may have overtaken the terms they replace: then they wait for them.
        let text = format!("{} replaces terms that have not come: {replaced}", letter.from.address);
        findings.push(Finding::new(Code::UnknownTransaction, text));
    }
    findings.extend(agreement::faults(terms));
    findings.extend(agreement::new_differences(order, &accepted_before(transaction, letter.replaces), terms));
    if let Some(finding) = authority::speaker(letter, Leg::Order, terms) {
        findings.push(finding);
    }
    Ok(findings)
}

/// Returns the terms before, in which the buyer accepted what differs from his order: those in force, and those replaced that count
/// and that he did not refuse.
fn accepted_before(transaction: &Transaction, replaced: Option<Digest>) -> Vec<&Terms> {
    let is_replaced = |kept: &Kept| replaced == Some(kept.content) && !transaction.is_refused(&kept.content);
    let replaced = transaction.all_terms().find(|(kept, _)| is_replaced(kept));
    transaction.terms().into_iter().chain(replaced).map(|(_, terms)| terms).collect()
}

/// A letter is of the day on which it was written, and no honest one was written on a day that has not come.
fn written_ahead(letter: &Letter, now: &Moment) -> Option<Finding> {
    let text = || format!("{} dates its letter {}, which had not come on {now}", letter.from.address, letter.date);
    (letter.date.seconds_since(now) > AHEAD).then(|| Finding::new(Code::DateInTheFuture, text()))
}

/// Terms of a day before the order would make a word from before it an honest one.
fn dated_before(terms: &Terms, transaction: Option<&Transaction>, letter: &Letter) -> Option<Finding> {
    let (ordered, _) = transaction?.order()?;
    let text = || {
        let (who, ordered) = (&letter.from.address, ordered.letter.date);
        format!("{who} took the order in {}, and it is of {ordered}", terms.date)
    };
    let early = terms.date.seconds_since(&ordered.letter.date) < -DAY;
    early.then(|| Finding::new(Code::DatedBeforeOrder, text()))
}

/// Terms of a day to come would make every honest word about them one from before there was an order.
fn dated_ahead(terms: &Terms, letter: &Letter, now: &Moment) -> Option<Finding> {
    let text = || format!("{} took the order in {}, which had not come on {now}", letter.from.address, terms.date);
    (terms.date.seconds_since(now) > AHEAD).then(|| Finding::new(Code::DateInTheFuture, text()))
}

/// A rejection must come from the shop, answer our order, and take no terms back.
fn rejection(transaction: &Transaction, letter: &Letter) -> Option<Finding> {
    if let Some(stranger) = from_shop(transaction, letter) {
        return Some(stranger);
    }
    let (ordered, _) = transaction.order()?;
    if letter.answers != Some(ordered.content) {
        let text = format!("{} refuses an order that is not ours", letter.from.address);
        return Some(Finding::new(Code::NotAskedFor, text));
    }
    let text = "the order is refused now, and the shop had made terms for it before";
    transaction.all_terms().next().map(|_| Finding::new(Code::AnswerTakenBack, text))
}

/// Only who got a letter of ours may refuse it, and an OK only who has not acted on it.
fn refusal(transaction: &Transaction, letter: &Letter) -> Option<Finding> {
    let refused = letter.answers.and_then(|content| transaction.by_content(&content));
    let ours = refused.filter(|kept| kept.direction == Direction::Out && kept.letter.to == letter.from);
    let Some(ours) = ours else {
        let text = format!("{} refused a letter that was not written to it", letter.from.address);
        return Some(Finding::new(Code::NotAParty, text));
    };
    transaction.is_acted_on(ours).then(|| {
        let text = format!("{} refuses an OK now that it had acted on before", letter.from.address);
        Finding::new(Code::AnswerTakenBack, text)
    })
}

/// The shop of a transaction is the address the order went to, with the key it was sealed to.
fn from_shop(transaction: &Transaction, letter: &Letter) -> Option<Finding> {
    let (ordered, _) = transaction.order()?;
    let shop = &ordered.letter.to;
    if letter.from == *shop {
        return None;
    }
    if letter.from.address == shop.address {
        let finding = Finding::differs(Code::WrongKey, "key of the shop", &shop.fingerprint, &letter.from.fingerprint);
        return Some(finding);
    }
    Some(Finding::new(Code::NotAParty, format!("{} is not the shop of this transaction", letter.from.address)))
}

/// Only who ordered may confirm, cancel or return, and only under the terms that were sent.
fn from_buyer(transaction: &Transaction, letter: &Letter) -> Result<Vec<Finding>, Finding> {
    let buyer = transaction.buyer();
    if buyer.as_ref() != Some(&letter.from) {
        let text = format!("{} is not the buyer of this transaction", letter.from.address);
        return Err(Finding::new(Code::NotAParty, text));
    }
    let mut findings = Vec::new();
    if let Some(named) = letter.terms
        && !transaction.all_terms().any(|(kept, _)| kept.content == named)
    {
        findings.push(Finding::new(Code::TermsDigestDiffers, format!("no terms of this transaction are {named}")));
    }
    if let Document::Confirmation(confirmation) = &letter.document {
        let accepted = transaction.all_terms().find(|(kept, _)| letter.terms == Some(kept.content));
        match accepted {
            None => findings.push(Finding::new(Code::TermsDigestDiffers, "the OK names no terms we sent".to_owned())),
            Some((_, terms)) if terms.total != confirmation.total => {
                findings.push(Finding::differs(Code::AmountDiffers, "total", terms.total, confirmation.total));
            }
            Some(_) => {}
        }
    }
    Ok(findings)
}

/// The answer to an authorization must come from the agent that was asked, for the sum it was asked for.
fn authorization(
    transaction: &Transaction,
    result: &AuthorizationResult,
    letter: &Letter,
) -> Result<Vec<Finding>, Finding> {
    let asked = transaction.sent(Kind::AuthorizationRequest).last();
    let Some(asked) = asked.filter(|asked| asked.letter.to == letter.from) else {
        let text = format!("{} was not asked to authorise this payment", letter.from.address);
        return Err(Finding::new(Code::NotAParty, text));
    };
    let mut findings = Vec::new();
    if let Document::AuthorizationRequest(request) = &asked.letter.document
        && request.total != result.total
    {
        findings.push(Finding::differs(Code::AmountDiffers, "sum to authorise", request.total, result.total));
    }
    Ok(findings)
}

/// Instructions and catalogs count only from the shop that they are about.
fn from_its_shop(letter: &Letter) -> Option<Finding> {
    let shop = letter.shop.as_ref();
    (shop != Some(&letter.from.address)).then(|| {
        let what =
            if letter.kind() == Kind::Catalog { "sent the catalog" } else { "gave an instruction for a transaction" };
        let text = format!("{} {what} of another shop", letter.from.address);
        Finding::new(Code::NotAParty, text)
    })
}

/// What stops or undoes an instruction waits for it: refused as unknown, it would be forgotten when the instruction comes,
/// and the money be collected after all.
///
/// What stops an authorisation is written before there are terms and names none.
fn instructed(transaction: &Transaction, leg: Leg, letter: &Letter) -> Result<Vec<Finding>, Finding> {
    let kind = match leg {
        Leg::Delivery => Kind::DeliveryInstruction,
        _ if letter.kind() == Kind::Stop && letter.terms.is_none() => Kind::AuthorizationRequest,
        _ => Kind::PaymentInstruction,
    };
    if transaction.received(kind).next().is_none() {
        let text = format!("{} wrote about an instruction that has not come", letter.from.address);
        return Err(Finding::new(Code::UnknownTransaction, text));
    }
    Ok(from_its_shop(letter).into_iter().collect())
}

/// Only a party of the transaction is answered (P53): its buyer, or its shop.
fn request(transaction: &Transaction, letter: &Letter) -> Result<Vec<Finding>, Finding> {
    let buyer = transaction.buyer().is_some_and(|buyer| buyer == letter.from);
    let instructed = transaction
        .kept
        .iter()
        .any(|kept| kept.counts() && kept.direction == Direction::In && kept.letter.from == letter.from);
    if buyer || instructed {
        Ok(Vec::new())
    } else {
        Err(Finding::new(Code::UnknownTransaction, format!("{} asked about a transaction", letter.from.address)))
    }
}

/// Returns the verdicts that have changed: of letters that waited for what has come now, or that stand above a late one.
///
/// Applied and stale are the same in this: both count. But to a buyer the word that a leg stands by is no history, though it came
/// before its terms were in force.
pub fn rejudge(transaction: &Transaction) -> Vec<Act> {
    rejudge_on(transaction, None)
}

/// The same, with what `folding` remembers of the transaction.
pub fn rejudge_on(transaction: &Transaction, folding: Option<&mut Folding>) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut stands: BTreeMap<Kind, (Verdict, Digest, Vec<Finding>)> = BTreeMap::new();
    leg::fold_each(transaction, None, folding, &mut |kept, verdict, findings| {
        acts.extend(changed(kept, verdict, findings));
        if verdict == Verdict::Applied {
            stands.insert(kept.letter.kind(), (kept.verdict, kept.content, findings.to_vec()));
        }
    });
    let stale = stands.into_values().filter(|(was, ..)| transaction.key.role == Role::Buyer && *was == Verdict::Stale);
    acts.extend(stale.map(|(_, content, findings)| Act::Verdict { content, verdict: Verdict::Applied, findings }));
    for now in waiting(transaction) {
        let kept = transaction.by_content(&now.content);
        acts.extend(kept.and_then(|kept| changed(kept, now.verdict, &now.findings)));
    }
    acts
}

/// Returns the entry of a verdict that is another than the one that stands.
fn changed(kept: &Kept, verdict: Verdict, findings: &[Finding]) -> Option<Act> {
    let counts = |verdict: Verdict| matches!(verdict, Verdict::Applied | Verdict::Stale);
    let changed = kept.settled != Some(Settlement::Block)
        && kept.verdict != verdict
        && !(counts(kept.verdict) && counts(verdict))
        // A warning about a letter that waited too long stands until what it waited for is there.
        && !(kept.verdict == Verdict::Warned && verdict == Verdict::Held);
    changed.then(|| Act::Verdict { content: kept.content, verdict, findings: findings.to_vec() })
}

/// Judges again the letters that wait, or that a person accepted, and are no statuses.
fn waiting(transaction: &Transaction) -> Vec<Judged> {
    let ours = |kept: &&Kept| kept.direction == Direction::In && kept.letter.kind().status_of().is_none();
    let warned = |kept: &Kept, settled: Option<Settlement>| kept.verdict == Verdict::Warned && kept.settled == settled;
    let accepted = |kept: &Kept| warned(kept, Some(Settlement::Accept));
    // What waited too long is still looked at when the letter it waited for comes at last.
    let in_vain = |kept: &Kept| {
        let mut blocking = kept.findings.iter().filter(|finding| finding.code.blocks());
        let unknown = blocking.all(|finding| finding.code == Code::UnknownTransaction);
        warned(kept, None) && unknown && kept.letter.kind() != Kind::StatusRequest
    };
    let waits = |kept: &&Kept| kept.verdict == Verdict::Held || accepted(kept) || in_vain(kept);
    let open = transaction.kept.iter().filter(ours).filter(waits);
    open.map(|kept| {
        if accepted(kept) {
            return Judged { content: kept.content, verdict: Verdict::Applied, findings: kept.findings.clone() };
        }
        let mut findings: Vec<Finding> =
            kept.findings.iter().filter(|finding| finding.code != Code::UnknownTransaction).cloned().collect();
        match other(begun(transaction), &kept.letter, kept.content, &kept.recorded) {
            Ok(more) => findings.extend(more),
            Err(finding) => findings.push(finding),
        }
        let judgement = settle(findings, kept.letter.kind());
        Judged { content: kept.content, verdict: judgement.verdict, findings: judgement.findings }
    })
    .collect()
}

/// How long a letter waits for the one that makes its transaction known, in seconds: 30 days.
pub const PATIENCE: i64 = 30 * 86_400;

/// Returns the warnings about letters that have waited for 30 days for a transaction that nobody told us of (B64, B71).
pub fn waited_in_vain(transaction: &Transaction, now: &Moment) -> Vec<Act> {
    let waiting = transaction.kept.iter().filter(|kept| kept.verdict == Verdict::Held);
    let over = waiting.filter(|kept| now.seconds_since(&kept.recorded) > PATIENCE);
    over.map(|kept| Act::Verdict { content: kept.content, verdict: Verdict::Warned, findings: kept.findings.clone() })
        .collect()
}

/// Returns the transaction if a letter that begins one counts: an order, terms, or an instruction.
///
/// A transaction of nothing but letters that wait is not known yet.
pub fn begun(transaction: &Transaction) -> Option<&Transaction> {
    let begins = |kind: Kind| {
        matches!(
            kind,
            Kind::Order
                | Kind::TransactionInfo
                | Kind::AuthorizationRequest
                | Kind::PaymentInstruction
                | Kind::DeliveryInstruction
        )
    };
    transaction.kept.iter().any(|kept| kept.counts() && begins(kept.letter.kind())).then_some(transaction)
}
