//! A file in a letter (wire format 1.3): the parcel names it by size and digest, and the letter has it, or is refused.
//!
//! What no parcel names, like an invoice on paper, stays in the letter and is never looked at (B99).

use super::read::ReadError;
use crate::trade::{Digest, Document, Download, Place};

/// Returns the files a document says are in its own letter.
pub(super) fn downloads(document: &Document) -> impl Iterator<Item = &Download> {
    let parcels = match document {
        Document::DeliveryStatus(status) => status.parcels.as_slice(),
        _ => &[],
    };
    parcels.iter().filter_map(|parcel| parcel.download.as_ref()).filter(|file| file.place == Place::Attached)
}

/// Returns whether bytes are the file that is named.
pub(super) fn is_it(bytes: &[u8], named: &Download) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|size| size == named.size) && Digest::of(bytes) == named.digest
}

/// Finds the file that is named among those of a letter.
pub(super) fn find<'a>(files: &'a [Vec<u8>], named: &Download) -> Result<&'a Vec<u8>, ReadError> {
    files.iter().find(|bytes| is_it(bytes, named)).ok_or_else(|| {
        let (size, digest) = (named.size, named.digest);
        ReadError::BadShape(format!("no attachment has the {size} bytes and the digest {digest} that it names"))
    })
}
