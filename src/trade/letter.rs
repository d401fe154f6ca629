//! A letter: who says which document to whom, when, in answer to what.
//!
//! A `Letter` is what somebody writes. A letter that came in, with its signature verified, is a [`Received`]: only
//! `mail::read` makes one, through [`Received::attest`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::document::{Document, Kind};
use super::entry::Names;
use super::id::{Address, Digest, Fingerprint, MessageId, Number, OrderId};
use super::moment::Moment;
use super::party::{Party, Role};

/// A document with its envelope (`mo:Message`) and its protected header fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Who signs: `mo:from` and the protected `From`.
    pub from: Party,
    /// Whose key it is for: `mo:to` and the protected `To`.
    pub to: Party,
    /// The protected `Date`.
    pub date: Moment,
    /// The protected `Message-ID`.
    pub id: MessageId,
    /// Message-IDs this letter answers or follows, oldest first; the last one is `In-Reply-To`.
    pub references: Vec<MessageId>,
    /// `mo:shop`.
    pub shop: Option<Address>,
    /// `mo:transaction`.
    pub transaction: Option<Number>,
    /// `mo:order`.
    pub order: Option<OrderId>,
    /// `mo:seq`, from 1 per sender, recipient and transaction.
    pub seq: Option<u32>,
    /// `mo:terms`: the terms spoken about.
    pub terms: Option<Digest>,
    /// `mo:answers`: the letter answered.
    pub answers: Option<Digest>,
    /// `mo:replaces`: the terms this one takes the place of.
    pub replaces: Option<Digest>,
    /// `mo:asOf`: the moment a status holds for.
    pub as_of: Option<Moment>,
    /// `mo:done`: whether all of the leg is done.
    pub done: Option<bool>,
    /// `mo:head`: root of the sender's log when the batch began.
    pub head: Option<Digest>,
    /// What it says.
    pub document: Document,
}

impl Letter {
    /// Returns the kind of its document.
    pub fn kind(&self) -> Kind {
        self.document.kind()
    }

    /// Returns the part its recipient plays in it: agents' statuses go to buyer and shop, receipts and refusals to
    /// whoever wrote before.
    pub fn addressee(&self) -> Role {
        match &self.document {
            Document::Order(_)
            | Document::Confirmation(_)
            | Document::Cancellation(_)
            | Document::ReturnRequest(_)
            | Document::CatalogRequest(_)
            | Document::AuthorizationResult(_) => Role::Shop,
            Document::TransactionInfo(_)
            | Document::OrderRejection(_)
            | Document::OrderStatus(_)
            | Document::Catalog(_)
            | Document::ReturnAnswer(_) => Role::Buyer,
            Document::AuthorizationRequest(_) | Document::PaymentInstruction(_) | Document::RefundInstruction(_) => {
                Role::Payment
            }
            Document::DeliveryInstruction(_) => Role::Delivery,
            Document::Stop(stop) => stop.leg.role(),
            Document::StatusRequest(request) => request.leg.role(),
            Document::PaymentStatus(_) | Document::DeliveryStatus(_) | Document::Refusal(_) | Document::Receipt(_) => {
                if self.shop.as_ref() == Some(&self.to.address) {
                    Role::Shop
                } else {
                    Role::Buyer
                }
            }
        }
    }

    /// Returns the transaction it is about.
    pub fn names(&self) -> Names {
        Names { shop: self.shop.clone(), number: self.transaction.clone(), order: self.order.clone() }
    }

    /// Returns whether it goes from one part to another at the same address and key (P6): such a letter is an entry, no
    /// mail.
    pub fn stays_here(&self) -> bool {
        self.from.fingerprint == self.to.fingerprint
    }
}

/// A letter that came in: opened with one of our keys, its signature verified, its machine part read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    letter: Arc<Letter>,
    content: Digest,
    signer: Fingerprint,
    remarks: Vec<super::finding::Finding>,
}

impl Received {
    /// Vouches for a letter. Called by `mail::read` alone, after the signature was verified.
    ///
    /// `content` is the digest of the signed bytes, `signer` the primary key that signed them; `remarks` are findings
    /// that reading alone turned up.
    pub fn attest(letter: Letter, content: Digest, signer: Fingerprint, remarks: Vec<super::finding::Finding>) -> Self {
        Self { letter: Arc::new(letter), content, signer, remarks }
    }

    /// Returns the letter.
    pub fn letter(&self) -> &Letter {
        &self.letter
    }

    /// Returns the letter, to be kept.
    pub fn shared(&self) -> Arc<Letter> {
        Arc::clone(&self.letter)
    }

    /// Returns the digest of its signed bytes: the letter's only identity.
    pub fn content(&self) -> Digest {
        self.content
    }

    /// Returns the primary key that signed it: the speaker.
    pub fn signer(&self) -> &Fingerprint {
        &self.signer
    }

    /// Returns what reading alone found wrong or notable.
    pub fn remarks(&self) -> &[super::finding::Finding] {
        &self.remarks
    }
}
