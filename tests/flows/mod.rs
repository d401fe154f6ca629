//! Whole purchases, played with the built program as a person at a shell would play them.

/// An account and its commands.
mod account;
/// Over a real Postfix and a real Dovecot; looked at with gpg, notmuch and grep.
mod real;
/// Programs that were not made for mailorder and look at what it leaves.
mod witness;
