//! The Autocrypt header (Autocrypt Level 1), both ways: a certificate that travels in the outer header of a mail.
//!
//! Anybody on the way can write one. It says which certificate a sender would like to be written to, and proves
//! nothing; this module reads and writes it and decides nothing.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::key::{Certificate, KeyError};
use crate::trade::id::Address;

/// The most bytes a header's value may have: 64 KiB (B54).
pub const HEADER_MAX: usize = 64 * 1024;

/// The value of an Autocrypt header, ready to be written into any number of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    value: String,
    folded: String,
}

impl Header {
    /// Makes the header that offers `certificate` for `address`, in its minimal form as of `now`.
    pub fn of(certificate: &Certificate, address: &Address, now: SystemTime) -> Result<Self, KeyError> {
        let keydata = STANDARD.encode(certificate.to_minimal_binary(address, now)?);
        let value = format!("addr={address}; prefer-encrypt=mutual; keydata={keydata}");
        Ok(Self { folded: fold(&value), value })
    }

    /// Returns the value on one line, unfolded.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Returns the value folded to lines of at most 76 characters, CRLF and one blank before each further line.
    pub(super) fn folded(&self) -> &str {
        &self.folded
    }
}

fn fold(value: &str) -> String {
    let (attributes, keydata) = value.split_once("keydata=").unwrap_or((value, ""));
    let mut folded = format!("{}\r\n keydata=", attributes.trim_end());
    let mut column = 9_usize;
    for letter in keydata.chars() {
        if column >= 76 {
            folded.push_str("\r\n ");
            column = 1;
        }
        folded.push(letter);
        column = column.saturating_add(1);
    }
    folded
}

/// Reads a header's unfolded value: the address it speaks for and the certificate, or `None` for a header to ignore
/// (an unknown attribute that may not be passed over, an attribute twice, bad base64, over 64 KiB).
pub fn parse(value: &str) -> Option<(Address, Certificate)> {
    if value.len() > HEADER_MAX {
        return None;
    }
    let (mut address, mut keydata) = (None, None);
    for attribute in value.split(';').filter(|a| !a.trim().is_empty()) {
        let (name, value) = attribute.split_once('=')?;
        let slot = match name.trim() {
            "addr" => &mut address,
            "keydata" => &mut keydata,
            "prefer-encrypt" => continue,
            // Attributes that begin with an underscore may be passed over, others may not.
            other if other.starts_with('_') => continue,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let address = Address::parse(address?.trim()).ok()?;
    let base64: String = keydata?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let certificate = Certificate::from_bytes(&STANDARD.decode(base64).ok()?).ok()?;
    Some((address, certificate))
}

/// Returns the certificate of a mail's Autocrypt headers: there must be exactly one, and for the outer From.
pub fn of_mail(headers: &[String], from: Option<&Address>) -> Option<Certificate> {
    let [header] = headers else { return None };
    let (address, certificate) = parse(header)?;
    (Some(&address) == from).then_some(certificate)
}
