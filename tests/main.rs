//! One test binary; a sentence for each file.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "in a test, a panic is a failure with its place"
)]

/// Letters and entries for the tests of ledger and index.
mod entries;
/// The index: the same rows whether it grew or was built anew.
mod index;
/// The ledger: files anybody reads, batches that count as a whole, changes that show.
mod ledger;
