//! One test binary; a sentence for each file.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test that panics is a test that fails, and the helpers of tests are told nothing by clippy's test switches"
)]

/// Post that comes in: honest and lying servers, Maildirs shared with other programs.
mod inbox;
/// Post that goes out: every answer a server can give, and none.
mod outbox;
/// What the tests stand on.
mod support;
