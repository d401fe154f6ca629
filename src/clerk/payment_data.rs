//! Payment data sealed to this account are opened and their signer verified; what is made of them is decided by `role`.
//!
//! Nothing of the card or account is kept: it is in the sealed form in the ledger, and is opened again when the owner
//! asks for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::batch::Batch;
use super::{Clerk, ClerkError, certificates};
use crate::clock::system_time;
use crate::mail::PaymentData;
use crate::pgp::{self, Certificate, OwnKey, SetAside};
use crate::role::{Presented, Refused, mandate};
use crate::trade::document::AuthorizationRequest;
use crate::trade::{Address, Document, Kept, Mandate, Moment, Names, Role, Transaction, Work};

/// Opens the data of a request. Only a signature of the buyer whom the request names counts, by any of the forms in
/// which his certificate is at hand: the one `known` here, and the one the shop handed over. Where one of them is
/// revoked, the other may be an old one that does not say so.
fn open(
    request: &AuthorizationRequest,
    known: Option<Certificate>,
    keys: &[OwnKey],
    now: &Moment,
) -> Option<(PaymentData, Mandate)> {
    let sealed = STANDARD.decode(&request.sealed.as_ref()?.0).ok()?;
    let buyer = request.payer()?;
    let handed_over = buyer.certificate.as_deref().and_then(certificates::parse);
    let mut opened = None;
    for certificate in known.into_iter().chain(handed_over) {
        if *certificate.fingerprint() != buyer.party.fingerprint {
            continue;
        }
        match pgp::sealed::open_data(&sealed, keys, &certificate, system_time(now)) {
            Ok(data) => opened = Some(data),
            Err(SetAside::SignerRevoked { .. }) => return None,
            Err(_) => {}
        }
    }
    let opened = opened?;
    let data = PaymentData::read(opened.bytes()).ok()?;
    let mandate = data.mandate(opened.signer());
    Some((data, mandate))
}

impl Batch<'_> {
    /// Opens the payment data of a letter that is about to be answered, where it has any; the instrument is dropped.
    pub(super) fn present(&mut self, role: Role, kept: &Kept) -> Result<Option<Presented>, ClerkError> {
        let Document::AuthorizationRequest(request) = &kept.letter.document else { return Ok(None) };
        if role != Role::Payment || request.sealed.is_none() {
            return Ok(None);
        }
        let Some(buyer) = request.payer() else { return Ok(Some(Presented::Unusable)) };
        let known = self.certificate(&buyer.party.fingerprint)?;
        let Some((_, mandate)) = open(request, known, &self.clerk.keys, &self.now) else {
            return Ok(Some(Presented::Unusable));
        };
        let used = self.is_used(&mandate)?;
        Ok(Some(Presented::Opened { mandate, used }))
    }

    /// Returns whether a payment was authorised by this buyer's data for this order before. The shop gives numbers as it
    /// likes, so every transaction that names the order is looked at, those of this batch included.
    fn is_used(&mut self, mandate: &Mandate) -> Result<bool, ClerkError> {
        for names in self.clerk.pending(mandate.shop())? {
            self.load(Role::Payment, &names)?;
        }
        for number in self.clerk.index.authorised_numbers(mandate.shop(), mandate.order())? {
            let names = Names { shop: Some(mandate.shop().clone()), number: Some(number), order: None };
            self.load(Role::Payment, &names)?;
        }
        let mut payments = self.book.iter().filter(|known| known.key.role == Role::Payment);
        Ok(payments.any(|known| mandate::is_used(known, mandate.signer(), mandate.order())))
    }
}

impl Clerk {
    /// Returns the names of a shop's transactions of which a hook is being asked for an authorisation.
    fn pending(&self, shop: &Address) -> Result<Vec<Names>, ClerkError> {
        let open = self.index.open_tasks()?.into_iter();
        let asks = open.filter(|open| open.role == Role::Payment && open.task.work == Work::Authorize);
        Ok(asks.map(|open| open.names).filter(|names| names.shop.as_ref() == Some(shop)).collect())
    }

    /// Opens the data of a request for the hook that is asked about it, as of the moment the hook was given the work.
    pub(super) fn open_data(
        &mut self,
        request: &AuthorizationRequest,
        given: &Moment,
    ) -> Result<Option<PaymentData>, ClerkError> {
        let buyer = request.payer().map(|buyer| buyer.party.fingerprint.clone());
        let known = buyer.map(|key| self.certificates.get(&self.index, &key)).transpose()?.flatten();
        Ok(open(request, known, &self.keys, given).map(|(data, _)| data))
    }

    /// Opens the payment data that a payment of `transaction` was authorised by, for the owner's eyes.
    ///
    /// # Errors
    /// Where nothing was authorised by payment data, or they do not open any more.
    pub fn payment_data(&mut self, transaction: &Transaction) -> Result<(PaymentData, Mandate), ClerkError> {
        let payment = mandate::in_force(transaction)
            .ok_or_else(|| Refused::new("no payment was authorised by payment data in this transaction"))?;
        let buyer = payment.request.payer().map(|buyer| buyer.party.fingerprint.clone());
        let known = buyer.map(|key| self.certificates.get(&self.index, &key)).transpose()?.flatten();
        // As of the moment the payment was authorised: what happened to the buyer's key since then changes nothing.
        let opened = open(payment.request, known, &self.keys, &payment.answer.recorded);
        Ok(opened.ok_or_else(|| Refused::new("the payment data do not open with this account's key any more"))?)
    }
}
