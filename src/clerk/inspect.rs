//! A mail looked at from all sides, as `inspect` shows it: what it is, and what would become of it.
//!
//! It is judged by what the index has, without the lock. Nothing is entered, queued, moved or mended here.

use super::batch::Batch;
use super::examine::OpenLetter;
use super::take_in::Outcome;
use super::{Clerk, ClerkError};
use crate::inbox::{Kind, sift};
use crate::pgp::outer::{self, Outer};
use crate::pgp::{MAIL_MAX, SetAside};
use crate::trade::{Address, Received, Verdict};

/// What a mail is, and what it would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Whether it is encrypted, or has at least the outer form of encrypted mail.
    pub encrypted: bool,
    /// Whether it is signed. A signature that was looked at and does not hold is none.
    pub signed: bool,
    /// Whose key signed it: the fingerprint; a key ID where an unknown signer's signature names no more.
    pub signer: Option<String>,
    /// The letter, if it could be opened and read.
    pub received: Option<Received>,
    /// What would become of it.
    pub outcome: Outcome,
    /// The outer `From`, which anybody can write.
    pub outer_from: Option<Address>,
}

impl Clerk {
    /// Returns what a mail is and what would become of it; changes nothing.
    pub fn inspect(&mut self, raw: &[u8]) -> Result<Preview, ClerkError> {
        if raw.len() > MAIL_MAX {
            return Ok(large(raw));
        }
        let outer = outer::inspect(raw);
        let outer_from = match &outer {
            Outer::Encrypted(mail) => mail.from.clone(),
            _ => None,
        };
        match self.examiner().examine(raw)? {
            Ok(letter) => Ok(Preview {
                encrypted: true,
                signed: true,
                signer: Some(letter.received.signer().to_string()),
                outcome: self.foresee(&letter)?,
                received: Some(letter.received),
                outer_from,
            }),
            Err(reason) => Ok(Preview {
                encrypted: reason.is_encrypted(),
                // A letter in clear bears its signature for all to see; nobody has looked whether it holds.
                signed: reason.signer().is_some() || outer == Outer::Unencrypted,
                signer: reason.signer().map(str::to_owned),
                received: None,
                outcome: Outcome::aside(&reason),
                outer_from,
            }),
        }
    }

    /// Judges a letter as it would be judged now.
    fn foresee(&mut self, letter: &OpenLetter) -> Result<Outcome, ClerkError> {
        let mut batch = Batch::dry(self);
        if let Some(reason) = batch.refused(letter)? {
            return Ok(Outcome::aside(&reason));
        }
        if batch.is_repeat(letter)? {
            return Ok(Outcome::plain(Verdict::Repeat));
        }
        let (_, judgement) = batch.judge(letter)?;
        Ok(Outcome { verdict: judgement.verdict, findings: judgement.findings, aside: None })
    }
}

/// Returns what a mail larger than any letter is, by its header alone.
fn large(raw: &[u8]) -> Preview {
    let letter = sift(raw) == Kind::Letter;
    let reason = if letter { SetAside::TooLarge } else { SetAside::NotOurs };
    Preview {
        encrypted: letter,
        signed: false,
        signer: None,
        received: None,
        outcome: Outcome::aside(&reason.into()),
        outer_from: None,
    }
}
