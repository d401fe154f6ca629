//! What the tests stand on.

pub mod accounts;
pub mod imap;
pub mod servers;
pub mod smtp;
pub mod trade;
