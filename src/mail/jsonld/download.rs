//! `mo:download`: the file that a parcel is, in both directions (wire format 1.3; schema.org MediaObject).

use serde_json::Value;

use super::made::typed;
use super::node::{Node, Result};
use crate::trade::download::{FILE_MAX, LINKED_MAX};
use crate::trade::{Digest, Download, Link, Place};

/// Returns the Content-ID of the part that is a file, without its brackets (RFC 2392).
pub(in crate::mail) fn content_id(digest: &Digest) -> String {
    format!("{}@mailorder.invalid", digest.hex())
}

/// Writes a file: in this letter it has a `cid:`, behind a link the link, in another letter neither.
pub(super) fn write(download: &Download) -> Value {
    let place = match &download.place {
        Place::Attached => Some(format!("cid:{}", content_id(&download.digest))),
        Place::Link(link) => Some(link.to_string()),
        Place::Elsewhere => None,
    };
    typed("MediaObject")
        .text("name", &download.name)
        .maybe("contentUrl", place)
        .text("contentSize", download.size)
        .text("sha256", download.digest.hex())
        .end()
}

/// Reads a file. Which of the letter's parts it is, its size and digest tell.
pub(super) fn read(parcel: &Node) -> Result<Option<Download>> {
    let Some(node) = parcel.node("mo:download")? else { return Ok(None) };
    let place = match node.text("contentUrl")? {
        None => Place::Elsewhere,
        Some(url) if url.starts_with("cid:") => Place::Attached,
        Some(url) => Place::Link(Link::parse(url).map_err(|error| node.wrong("contentUrl", error))?),
    };
    let most = if matches!(place, Place::Link(_)) { LINKED_MAX } else { FILE_MAX };
    let size = node.need_text("contentSize")?;
    let plain = size.len() <= 16 && size.bytes().all(|b| b.is_ascii_digit()) && !size.starts_with('0');
    let size = size.parse::<u64>().ok().filter(|size| plain && *size <= most);
    let size = size.ok_or_else(|| node.wrong("contentSize", format!("not a number of bytes from 1 to {most}")))?;
    let digest = Digest::parse_hex(node.need_text("sha256")?).map_err(|error| node.wrong("sha256", error))?;
    Ok(Some(Download { name: node.need_text("name")?.to_owned(), size, digest, place }))
}
