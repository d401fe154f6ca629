//! What a buyer allows the payment agent for one order: the part of sealed payment data that decisions are made by.
//!
//! The card or account itself is not in here, and so never reaches a decision, an entry or a log.

use super::id::{Address, Fingerprint, OrderId};
use super::money::Money;
use super::terms::PaymentMethod;

/// Payment data that were sealed to us, opened, and well signed: who signed them, and what they are good for (wire
/// format 1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    signer: Fingerprint,
    shop: Address,
    order: OrderId,
    limit: Money,
    method: PaymentMethod,
}

impl Mandate {
    /// Vouches for a mandate. Called by `mail::PaymentData::mandate` alone, after the signature was verified.
    ///
    /// `signer` is the primary key that signed the data.
    pub fn attest(signer: Fingerprint, shop: Address, order: OrderId, limit: Money, method: PaymentMethod) -> Self {
        Self { signer, shop, order, limit, method }
    }

    /// Returns the primary key that signed it: the buyer's.
    pub fn signer(&self) -> &Fingerprint {
        &self.signer
    }

    /// Returns the shop it may be used by.
    pub fn shop(&self) -> &Address {
        &self.shop
    }

    /// Returns the order it is good for, once.
    pub fn order(&self) -> &OrderId {
        &self.order
    }

    /// Returns the highest amount.
    pub fn limit(&self) -> &Money {
        &self.limit
    }

    /// Returns the way of paying it is for.
    pub fn method(&self) -> &PaymentMethod {
        &self.method
    }
}
