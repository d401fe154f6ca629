//! Receipts: each peer gets one for all its letters of a pass that no answer names. Nothing here looks at the verdicts:
//! a receipt says "recorded", not "agreed".

use std::collections::BTreeMap;

use super::ClerkError;
use super::batch::Batch;
use crate::role;
use crate::trade::document::{Receipt, Received as ReceivedLine};
use crate::trade::{Document, Names, Party, Received, Role};

/// How many letters one receipt names.
const RECEIPT_MAX: usize = 500;

/// The letters of a pass that are to be acknowledged: the part that got them and their sender, their places in the
/// batch, and the line a receipt has for each.
pub(super) type Receipts = BTreeMap<(Role, Party), Vec<(usize, ReceivedLine)>>;

impl Batch<'_> {
    /// Notes a letter for the receipt of this pass; none goes to an address that nobody has shown to be the signer's. No receipt for a receipt, none for a refusal.
    pub(super) fn note_receipt(
        &mut self,
        role: Option<Role>,
        received: &Received,
        place: usize,
        receipts: &mut Receipts,
    ) -> Result<(), ClerkError> {
        let letter = received.letter();
        let Some(role) = role.filter(|_| letter.kind().is_numbered()) else { return Ok(()) };
        if !self.is_proven(received)? {
            return Ok(());
        }
        let line = ReceivedLine {
            content: received.content(),
            shop: letter.shop.clone(),
            transaction: letter.transaction.clone(),
            seq: letter.seq,
            head: letter.head,
        };
        receipts.entry((role, letter.from.clone())).or_default().push((place, line));
        Ok(())
    }

    /// Writes the receipts of this pass: one letter to each peer.
    pub(super) fn acknowledge(&mut self, receipts: Receipts) -> Result<(), ClerkError> {
        for ((role, to), lines) in receipts {
            for chunk in lines.chunks(RECEIPT_MAX) {
                if self.certificate(&to.fingerprint)?.is_none() {
                    continue;
                }
                let received = chunk.iter().map(|(_, line)| line.clone()).collect();
                let document = Document::Receipt(Receipt { received });
                let draft = role::Draft::outside(role, to.clone(), Names::default(), document);
                let draft = role::Draft { as_of: Some(self.now), ..draft };
                let written = self.perform(vec![draft.into()])?;
                for (place, _) in chunk {
                    self.owe(*place, written.iter().map(|one| one.owed.clone()).collect());
                }
            }
        }
        Ok(())
    }
}
