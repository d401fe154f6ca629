//! A person settles a warning: seen, accepted all the same, or its sender blocked. The settlement is an entry.

use super::{Clerk, ClerkError};
use crate::role::Refused;
use crate::trade::{Act, Body, Names, Settlement, Verdict};

impl Clerk {
    /// Notes that a mail set aside was seen: it stays where it is and is no open warning any more. It is no entry,
    /// because the mail is none either.
    pub fn see_aside(&self, name: &str) -> Result<(), ClerkError> {
        self.aside.see(name, self.clock.now())
    }

    /// Settles the warning about the letter of entry `position`.
    ///
    /// # Errors
    /// Where the entry is no letter with a warning, or an acceptance has no reason.
    pub fn settle(&mut self, position: u64, how: Settlement, reason: Option<String>) -> Result<(), ClerkError> {
        if how == Settlement::Accept && reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Refused::new("to accept what does not agree, say why with --reason").into());
        }
        let none = || Refused::new(format!("entry {position} is no letter that was warned about"));
        self.catch_up()?;
        if position >= self.index.mark().entries() {
            return Err(none().into());
        }
        let entry = self.entry(position)?;
        let (letter, content, role) = match (entry.body, entry.role) {
            (Body::In { letter, content, .. }, Some(role)) => (letter, content, role),
            // Between two parts of this address: the reader was warned.
            (Body::Out { letter, content }, Some(_)) if letter.stays_here() => {
                let reader = letter.addressee();
                (letter, content, reader)
            }
            _ => return Err(none().into()),
        };
        let content = content.digest;
        self.batch(|batch| {
            let names = letter.names();
            let known = batch.find(role, &names)?.cloned();
            let kept = known.as_ref().and_then(|known| known.by_content(&content)).cloned();
            let Some(kept) = kept.filter(|kept| !kept.findings.is_empty()) else { return Err(none().into()) };
            let act = Act::Settle { content: Some(content), subject: None, how, reason: reason.clone() };
            batch.act(Some(role), act, names.clone(), vec![position])?;
            // What was said again since is settled with it. Seen, the first stands for it; one block is lifted by one word.
            let others = match how {
                Settlement::Ack => None,
                Settlement::Accept => Some(Settlement::Accept),
                Settlement::Block => Some(Settlement::Ack),
            };
            if let Some(how) = others {
                for again in batch.clerk.index.said_again(position)? {
                    let about = known.as_ref().and_then(|known| known.by_content(&again)).map(|kept| kept.position);
                    let act = Act::Settle { content: Some(again), subject: None, how, reason: reason.clone() };
                    batch.act(Some(role), act, names.clone(), about.into_iter().collect())?;
                }
            }
            if how == Settlement::Accept {
                // A status is judged again with the others; any other letter counts by the person's word.
                if letter.kind().status_of().is_none() && kept.verdict == Verdict::Warned {
                    let act = Act::Verdict { content, verdict: Verdict::Applied, findings: kept.findings.clone() };
                    batch.act(Some(role), act, names.clone(), vec![position])?;
                    batch.answer(role, &names, content)?;
                }
                for names in [Names { order: None, ..names.clone() }, names] {
                    for newly in batch.judge_again(role, &names)? {
                        batch.answer(role, &names, newly)?;
                    }
                }
            }
            Ok(())
        })
    }
}
