//! What the tests stand on.

pub mod accounts;
pub mod imap;
pub mod program;
pub mod servers;
pub mod smtp;
pub mod trade;
pub mod world;
