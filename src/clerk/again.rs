//! What is done again: letters that nobody acknowledged go out once more, repeats get their answers once more, and what
//! waited in vain is warned about. It is always the same letter, sealed anew.

use super::batch::Batch;
use super::sealing::label;
use super::{Clerk, ClerkError};
use crate::role::{self, Refused};
use crate::rules::unheard::{ANSWERED, TIMES, day, is_due, unheard};
use crate::rules::{reconcile, waited_in_vain};
use crate::trade::{Kind, Moment, Received};

/// How often a day one letter goes out again, at most: whoever copies an old mail many times gets no more than this.
const AGAIN_MAX: u32 = 4;

/// How many letters go out again in one pass: after a long outage the rest follows with the next passes.
const AT_ONCE: usize = 256;

/// What time brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tended {
    /// Letters nobody acknowledged that go out again.
    pub again: usize,
    /// Letters that waited in vain.
    pub in_vain: usize,
}

impl Clerk {
    /// Does what time brings: letters whose files in the queue are damaged are written anew, letters nobody acknowledged are queued again (I9, I11), and letters that have waited too
    /// long for their transaction are warned about (B64, B71), what nobody authorised is given up and what is due is collected
    /// (P24, P55), what the buyer's schedules say is asked and what his rules say is done (P92), our own
    /// key is renewed when its time has come, and once a day the ledger is signed for. Takes the lock only where there is
    /// something to do.
    pub fn tend(&mut self) -> Result<Tended, ClerkError> {
        self.catch_up()?;
        self.renew_if_due()?;
        self.mend_queue()?;
        // Letters that entries owe and a crash swallowed, where nothing else takes the lock.
        if self.queue.written()? < self.index.mark().entries() {
            self.batch(|_| Ok(()))?;
        }
        let now = self.clock.now();
        self.seal_waiting()?;
        let tended = self.tend_letters(&now)?;
        self.act_on_time(&now)?;
        self.ask_by_schedules(&now)?;
        self.act_by_rules(&now)?;
        if self.key_fault().is_none() {
            self.checkpoint_daily(&now)?;
        }
        Ok(tended)
    }

    /// Gives up a letter that waits to be sealed: its place in the queue is kept, so that it is not sent any more.
    pub fn drop_unsealed(&mut self, position: u64) -> Result<(), ClerkError> {
        if let Some(letter) = self.entry(position)?.letter() {
            self.queue.put(&position.to_string(), &label(letter, &self.clock.now()), b"")?;
        }
        Ok(self.index.forget_unsealed(position)?)
    }

    /// Has the letter of an entry sent after all, that was dropped before it was sealed, or that went out and was not heard of.
    ///
    /// # Errors
    /// Where it was sent as often as a letter is sent on one day; it stays as it is then.
    pub fn seal_after_all(&mut self, position: u64) -> Result<(), ClerkError> {
        if self.was_sent_often(position, &self.clock.now())? {
            let text = format!(
                "letter {position} was sent again {AGAIN_MAX} times today, and goes out no more before tomorrow"
            );
            return Err(Refused::new(text).into());
        }
        self.queue.remove(&position.to_string())?;
        self.batch(|batch| batch.send_again(position).map(drop))
    }

    /// Returns whether a letter was sent again as often as one is on a day.
    fn was_sent_often(&self, position: u64, now: &Moment) -> Result<bool, ClerkError> {
        Ok(self.index.sent_again_on(position, day(now))? >= AGAIN_MAX)
    }

    fn tend_letters(&mut self, now: &Moment) -> Result<Tended, ClerkError> {
        let mut due = self.index.unheard_lately(now, TIMES)?;
        for letter in due.iter_mut().filter(|letter| letter.recorded > *now) {
            // A clock that was ahead dated it: it was written before what came after it.
            letter.recorded = self.index.recorded_after(letter.position, now)?.unwrap_or(*now);
        }
        let due: Vec<_> = due
            .into_iter()
            .filter(|letter| is_due(&letter.recorded, letter.times, letter.last, now))
            .filter(|letter| !self.queue.holds(&letter.position.to_string()))
            .take(AT_ONCE)
            .collect();
        let waiting = self.index.waiting_since(&now.plus_seconds(-reconcile::PATIENCE))?;
        if due.is_empty() && waiting.is_empty() {
            return Ok(Tended::default());
        }
        self.batch(|batch| {
            let mut tended = Tended::default();
            for letter in due {
                let Some(known) = batch.find(letter.role, &letter.names)?.cloned() else { continue };
                let index = &batch.clerk.index;
                let receipted = |_: &_, content: &_| !index.is_unheard(content).unwrap_or(true);
                let is_unheard = unheard(&known, &receipted).any(|kept| kept.content == letter.content);
                if is_unheard && batch.send_again(letter.position)? {
                    tended.again = tended.again.saturating_add(1);
                }
            }
            for (role, names) in waiting {
                let Some(known) = batch.find(role, &names)?.cloned() else { continue };
                for act in waited_in_vain(&known, now) {
                    tended.in_vain = tended.in_vain.saturating_add(1);
                    batch.act_on(&known, act)?;
                }
            }
            Ok(tended)
        })
    }
}

impl Batch<'_> {
    /// Has the letter of an entry sent once more, unless it was sent too often today; returns whether it is.
    pub(super) fn send_again(&mut self, position: u64) -> Result<bool, ClerkError> {
        // What was erased is not there to be sent.
        if self.clerk.index.erased_by(position)?.is_some() {
            return Ok(false);
        }
        Ok(!self.clerk.was_sent_often(position, &self.now)? && self.resend.insert(position))
    }

    /// Answers a letter that came again as it was answered before (B101): the same letters, or the same receipt. Not what is
    /// read again in an old mailbox, because the index was lost or the mailbox renumbered.
    pub(super) fn answer_again(&mut self, received: &Received) -> Result<(), ClerkError> {
        let content = received.content();
        // What came twice within this batch is answered once, with the batch.
        let Some(position) = self.clerk.index.has_content(received.signer(), &content)? else { return Ok(()) };
        let recorded = self.clerk.index.recorded(position)?;
        let is_old = recorded.is_some_and(|recorded| self.now.seconds_since(&recorded) > ANSWERED);
        if is_old || !received.letter().kind().is_numbered() || !self.is_proven(received)? {
            return Ok(());
        }
        let part = self.part_meant(received.letter());
        let known = self.find(part, &received.letter().names())?;
        let again = known.map(|known| role::repeat(known, &content)).unwrap_or_default();
        if again.is_empty() { self.receipt_again(position) } else { self.perform(again).map(drop) }
    }

    /// Sends again the receipt or refusal that the entry of a letter owes.
    fn receipt_again(&mut self, position: u64) -> Result<(), ClerkError> {
        let owes = self.clerk.entry(position)?.owes;
        for owed in owes.into_iter().filter(|owed| matches!(owed.kind, Kind::Receipt | Kind::Refusal)) {
            if let Some(position) = self.clerk.index.out(&owed.id)? {
                self.send_again(position)?;
            }
        }
        Ok(())
    }
}
