//! Seals: bytes in, bytes out. The only place that knows OpenPGP (RFC 9580) and its MIME wrapping (RFC 3156).
//!
//! A letter goes out in three steps and comes in by one:
//!
//! ```text
//! out   signed bytes ─sign::sign→ Signature ─seal::seal→ armored message ─mime::wrap→ mail
//! in    mail ─open::open→ Opened, or the reason why it is SetAside
//! ```
//!
//! [`Opened`] can be made here only, so whoever holds one holds bytes that were encrypted to one of our keys and signed
//! by the certificate it names. What the bytes say is not read here: no inner header, no JSON, no name of the trade
//! but addresses, fingerprints and digests. Nothing here asks for the time, opens a file or writes a log line.
//!
//! No byte of a message is handed out before the whole of it is authenticated (EFAIL), and the library's standard
//! policy is used unchanged.

pub mod autocrypt;
pub mod key;
pub mod mime;
pub mod open;
pub mod outer;
pub mod seal;
pub mod sealed;
pub mod sign;
pub mod verify;

mod armor;
mod message;
mod set_aside;

pub use key::{Certificate, KeyError, KeyFault, OwnKey, USER_IDS_MAX};
pub use message::Lookup;
pub use open::{Opened, first_contact, open, open_or_first_contact};
pub use seal::seal;
pub use set_aside::SetAside;
pub use sign::{SealError, Signature, sign};

/// The most bytes of plaintext a message may hold: 1 MiB.
pub const PLAINTEXT_MAX: usize = 1024 * 1024;

/// The most bytes a mail may have to be looked at: 2 MiB, which holds [`PLAINTEXT_MAX`] in armor and base64 both.
pub const MAIL_MAX: usize = 2 * 1024 * 1024;

/// Returns the name of the OpenPGP backend this program was built with, for `doctor`.
pub const fn backend() -> &'static str {
    if cfg!(feature = "crypto-rust") {
        "crypto-rust"
    } else if cfg!(feature = "crypto-openssl") {
        "crypto-openssl"
    } else {
        "crypto-nettle"
    }
}
