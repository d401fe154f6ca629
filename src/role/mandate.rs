//! Do the payment data fit the request they came with (P12, P23; wire format 1.4)? Data are good for one order at one
//! shop, up to one amount, once.
//!
//! Nothing is opened here: the clerk brings what it found, without the card or account itself.

use crate::trade::document::{AuthorizationRequest, AuthorizationResult};
use crate::trade::status::{STOPPED, Step};
use crate::trade::{Direction, Document, Fingerprint, Kept, Kind, Mandate, OrderId, Transaction, Work};

/// What the clerk found when it opened payment data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// They do not open, or the buyer whom the request names did not sign them, or they are not written as they should
    /// be. Which of these it is, nobody is told: a shop could learn from it about data that are not its own.
    Unusable,
    /// They opened, and the buyer signed them.
    Opened {
        /// What they permit.
        mandate: Mandate,
        /// Whether a payment was authorised by this buyer's data for this order before, under whatever number.
        used: bool,
    },
}

/// Returns why nothing may be authorised by the payment data of `request`: code and text. Without data there is nothing
/// to object to here, unless the buyer's data came with a request of the same transaction: what a shop asks for beside them,
/// the buyer did not allow.
pub(super) fn objection(
    transaction: &Transaction,
    kept: &Kept,
    request: &AuthorizationRequest,
    presented: Option<&Presented>,
) -> Option<(&'static str, &'static str)> {
    let unfit = |text| Some(("instrument-not-valid", text));
    if request.sealed.is_none() {
        let has_data = authorised(transaction).next().is_some() || pending(transaction).next().is_some();
        return if has_data { unfit("The buyer sent payment data, and this request is without them.") } else { None };
    }
    let unusable = Some(("authentication-error", "The payment data cannot be used."));
    let Some(Presented::Opened { mandate, used }) = presented else { return unusable };
    if request.payer().is_none_or(|buyer| buyer.party.fingerprint != *mandate.signer()) {
        return unusable;
    }
    let letter = &kept.letter;
    // The shop is the one that signed the request, not only the one it names.
    if letter.from.address != *mandate.shop() || letter.shop.as_ref() != Some(mandate.shop()) {
        return unfit("The payment data are for another shop.");
    }
    if letter.order.as_ref() != Some(mandate.order()) {
        return unfit("The payment data are for another order.");
    }
    if request.payment_method != *mandate.method() {
        return unfit("The payment data are for another way of paying.");
    }
    if *used {
        return unfit("The payment data were used before; they are good for one payment.");
    }
    match request.total.exceeds(mandate.limit()) {
        Ok(false) => None,
        Ok(true) => unfit("The sum is above what the buyer allowed for this order."),
        Err(_) => unfit("The buyer allowed a sum in another currency."),
    }
}

/// A payment that was authorised by payment data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorised<'a> {
    /// The letter that asked.
    pub asked: &'a Kept,
    /// What it says.
    pub request: &'a AuthorizationRequest,
    /// The letter that said yes.
    pub answer: &'a Kept,
}

/// Returns the payments of a transaction, as the payment agent has it, that were authorised by payment data.
pub fn authorised(transaction: &Transaction) -> impl Iterator<Item = Authorised<'_>> {
    let asked = |content| {
        let mut received = transaction.kept.iter().filter(|kept| kept.direction == Direction::In);
        received.find(|kept| kept.content == content)
    };
    transaction.sent(Kind::AuthorizationResult).filter(|answer| is_yes(answer)).filter_map(move |answer| {
        let asked = answer.letter.answers.and_then(asked)?;
        match &asked.letter.document {
            Document::AuthorizationRequest(request) if request.sealed.is_some() => {
                Some(Authorised { asked, request, answer })
            }
            _ => None,
        }
    })
}

/// Returns the payment of a transaction that is authorised by payment data and was not taken back since, whatever was answered
/// to other requests.
pub fn in_force(transaction: &Transaction) -> Option<Authorised<'_>> {
    let takes_back = |sent: &&Kept| match &sent.letter.document {
        Document::AuthorizationResult(result) => {
            matches!(&result.step, Step::Failed { reason, .. } if reason.code == STOPPED)
        }
        _ => false,
    };
    let taken_back = transaction.sent(Kind::AuthorizationResult).filter(takes_back).last().map(|kept| kept.position);
    authorised(transaction).find(|payment| taken_back.is_none_or(|position| position < payment.answer.position))
}

/// Returns whether a payment was authorised in `transaction` by data of this signer for this order, or a hook is being
/// asked for one.
pub fn is_used(transaction: &Transaction, signer: &Fingerprint, order: &OrderId) -> bool {
    let by = |asked: &Kept, request: &AuthorizationRequest| {
        let payer = request.payer().map(|buyer| &buyer.party.fingerprint);
        asked.letter.order.as_ref() == Some(order) && payer == Some(signer)
    };
    authorised(transaction).any(|payment| by(payment.asked, payment.request))
        || pending(transaction).any(|(asked, request)| by(asked, request))
}

/// Returns the requests with payment data that hooks have not answered.
fn pending(transaction: &Transaction) -> impl Iterator<Item = (&Kept, &AuthorizationRequest)> {
    let open = transaction.given.iter().filter(|given| given.said.is_none() && given.task.work == Work::Authorize);
    let asked = open.filter_map(|given| transaction.by_content(given.task.about.as_ref()?));
    asked.filter_map(|kept| match &kept.letter.document {
        Document::AuthorizationRequest(request) if request.sealed.is_some() => Some((kept, request)),
        _ => None,
    })
}

/// Returns whether the shop asked for an authorisation and has none: the last word was no, or that it was stopped.
pub(super) fn is_declined(transaction: &Transaction) -> bool {
    transaction.sent(Kind::AuthorizationResult).last().is_some_and(|last| !is_yes(last))
}

fn is_yes(sent: &Kept) -> bool {
    matches!(&sent.letter.document, Document::AuthorizationResult(AuthorizationResult { step, .. }) if step.done().is_some())
}
