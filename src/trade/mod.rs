//! The words of the trade: plain values, no input or output, no wire format.

pub mod id;

pub use id::{Address, Digest, Fingerprint, InvalidId, MessageId, Number, OrderId};
