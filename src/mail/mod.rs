//! Form: letters as MIME text, and back. The only place that knows JSON-LD and what a letter looks like inside.
//!
//! [`write`](write()) turns a [`Letter`](crate::trade::Letter) into the bytes that are signed; [`read`](read()) turns
//! signed bytes, after the signature was verified, into a [`Received`](crate::trade::Received). Nothing is canonicalised:
//! a letter's identity is the SHA-256 of its signed bytes. Encryption and signatures are the business of `pgp`, whether
//! a letter may say what it says is judged by `rules`.

mod agree;
mod attached;
mod differs;
mod facts;
mod headers;
mod json;
mod jsonld;
mod payment_data;
mod read;
mod shape;
mod text;
mod tree;
mod variables;
mod words;
mod write;

pub use headers::{Outer, outer};
pub use json::MOST_STRING;
pub use jsonld::{Dealings, read_work, write_work};
pub use payment_data::PaymentData;
pub use read::{ReadError, attached_file, human_text, read, reread};
pub use text::{Texts, TextsError};
pub use words::Language;
pub use write::{WriteError, write, write_with};
