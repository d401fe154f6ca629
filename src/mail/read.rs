//! Signed bytes -> letter. The one place that vouches for a letter.

use super::headers;
use super::json::{self, JsonError};
use super::jsonld::{self, Graph};
use super::{agree, attached, differs, shape};
use crate::trade::{Digest, Download, Fingerprint, Letter, Received};

/// Why a letter with a good signature is set aside unread (design, section 4).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It has no machine part at all: people wrote it to each other.
    #[error("it is no letter of this trade")]
    Ordinary,
    /// It has not the one shape a letter has.
    #[error("{0}; the sender's program must write it otherwise")]
    BadShape(String),
    /// It is of a later version of the wire format.
    #[error("it is of a later wire format; a newer program is needed to read it")]
    NewerVersion,
    /// `mo:to` names another key: somebody passed it on.
    #[error("it was written to another key")]
    NotForUs,
    /// It is larger than any letter may be.
    #[error("a letter has at most 1 MiB, its machine part 256 KiB")]
    TooLarge,
}

impl ReadError {
    /// Returns the stable word of the reason, as `warnings` and ledger headers have it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ordinary => "not-ours",
            Self::BadShape(_) => "bad-shape",
            Self::NewerVersion => "newer-version",
            Self::NotForUs => "not-for-us",
            Self::TooLarge => "too-large",
        }
    }
}

impl From<JsonError> for ReadError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge(_) => Self::TooLarge,
            JsonError::Form(text) => Self::BadShape(text),
        }
    }
}

/// Reads a letter that was opened with our key `recipient` and whose signature by `signer` was verified.
///
/// `content` is the SHA-256 of `signed`. What the letter says of its sender must be true, else it is bad-shape; where
/// its envelope and its data disagree, that is a finding among the remarks.
pub fn read(
    signed: &[u8],
    content: Digest,
    signer: &Fingerprint,
    recipient: &Fingerprint,
) -> Result<Received, ReadError> {
    let parts = shape::parts(signed)?;
    let value = json::parse(&parts.machine)?;
    let graph = Graph::new(&value)?;
    let letter = jsonld::read(&graph, headers::read(signed)?)?;
    jsonld::check_digits(&graph)?;
    jsonld::check_repeated(&graph)?;
    for download in attached::downloads(&letter.document) {
        attached::find(&parts.files, download)?;
    }
    if letter.from.fingerprint != *signer {
        return Err(ReadError::BadShape(format!("mo:from is {}, but {signer} signed it", letter.from.fingerprint)));
    }
    if letter.to.fingerprint != *recipient {
        return Err(ReadError::NotForUs);
    }
    let mut remarks = agree::envelope(&letter, &graph);
    remarks.extend(differs::text(&parts, &letter, &graph));
    Ok(Received::attest(letter, content, signer.clone(), remarks))
}

/// Reads a letter again from the ledger: the same reading, without asking who signed it and for whom.
pub fn reread(signed: &[u8]) -> Result<Letter, ReadError> {
    let parts = shape::parts(signed)?;
    let value = json::parse(&parts.machine)?;
    jsonld::read(&Graph::new(&value)?, headers::read(signed)?)
}

/// Returns the human text of a letter, which is for people alone: nothing is ever taken from it.
///
/// # Errors
/// Where the bytes have not the shape of a letter.
pub fn human_text(signed: &[u8]) -> Result<String, ReadError> {
    Ok(shape::parts(signed)?.text)
}

/// Returns the bytes of a file that came in a letter: what `download` of that letter says is attached to it.
///
/// # Errors
/// As for [`reread`]; and where no attachment has its size and digest.
pub fn attached_file(signed: &[u8], download: &Download) -> Result<Vec<u8>, ReadError> {
    let parts = shape::parts(signed)?;
    attached::find(&parts.files, download).cloned()
}
