//! Letters that count, though their signer's key was revoked as compromised later: whoever had the key may have written them (B37).
//!
//! They stay as they were judged: what was done because of them is done. Their owner is told once for each key.

use super::{Clerk, ClerkError, ComputedWarning};
use crate::index::Compromised;
use crate::trade::Code;

impl Clerk {
    /// Returns a warning for each key that was revoked as compromised and with which letters were signed that count.
    pub(super) fn compromised_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let warning = |Compromised { key, since, peer, letters }: Compromised| {
            let text = format!(
                "letters of {peer} that count ({letters}) were signed with the key {key}, revoked on {} as compromised: whoever \
                 had it may have written them",
                since.day()
            );
            self.computed(
                format!("{} {key}", Code::SignerCompromised),
                Code::SignerCompromised,
                text,
                None,
                None,
                since,
            )
        };
        self.index.compromised()?.into_iter().map(warning).collect()
    }
}
