//! What the tests stand on.

pub mod accounts;
pub mod generate;
pub mod imap;
pub mod program;
pub mod servers;
pub mod smtp;
pub mod stands;
pub mod terminal;
pub mod town;
pub mod trade;
pub mod world;
