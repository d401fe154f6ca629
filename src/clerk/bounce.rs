//! Delivery reports: a letter of ours that a mail server says it could not deliver is marked as doubtful and told of.
//!
//! A report is not signed, so it decides nothing: no letter is sent again, cancelled or taken for lost because of one, no
//! entry is made, and the report stays in its mailbox as the ordinary mail it is.

use super::{Clerk, ClerkError};
use crate::inbox::report::undelivered;
use crate::index::Doubt;
use crate::trade::{Code, MessageId, Names};

use super::computed::ComputedWarning;

/// Seconds after a letter was written in which a report about it is heeded: servers give up within five days.
const HEEDED: i64 = 35 * 86_400;

impl Clerk {
    /// Looks whether a delivery report is about letters of ours that nobody has acknowledged; returns a sentence for each.
    pub fn heed_report(&mut self, report: &[u8]) -> Result<Vec<String>, ClerkError> {
        let now = self.clock.now();
        let mut told = Vec::new();
        for id in undelivered(report) {
            let Ok(id) = MessageId::parse(&id) else { continue };
            let Some(position) = self.index.out(&id)? else { continue };
            if self.index.doubt(position, &now, HEEDED)? {
                told.push(format!(
                    "a mail server says that letter {position} was not delivered; see `mailorder warnings`"
                ));
            }
        }
        Ok(told)
    }

    /// Returns the warnings about letters that a report says were not delivered.
    pub(super) fn doubt_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let mut found = Vec::new();
        for Doubt { position, since } in self.index.doubts()? {
            let Some(entry) = self.index.entry(position)? else { continue };
            let about = self.key_of(entry.role, &entry.names)?;
            let Names { shop, number, order } = entry.names;
            let peer = entry.peer.map(|peer| peer.to_string()).unwrap_or_default();
            let text = format!(
                "{} to {peer} was not delivered, says a report that nobody signed; nothing was done because of it",
                entry.kind
            );
            let subject = format!("{} {position} {since}", Code::DeliveryDoubtful.word());
            let warning = self.computed(subject, Code::DeliveryDoubtful, text, shop, number, since)?;
            found.push(ComputedWarning { order, about, ..warning });
        }
        Ok(found)
    }
}
