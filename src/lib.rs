//! Buy, sell, pay, deliver and prove it, with nothing but ordinary mailboxes.
//!
//! One straight line leads in and one leads out:
//!
//! ```text
//! in    inbox ─RawMail→ pgp::open ─Opened→ mail::read ─Received→ rules::reconcile ─Judgement→ ledger ─→ index
//! out   role::answer | role::after_work | role::on_time | command ─Action→ mail::write ─MIME→ pgp::sign → ledger, pgp::seal → outbox
//! ```
//!
//! From the outbox letters leave by SMTP, by sendmail or into a Maildir.
//!
//! The modules stand in the order of their layers: each may use those above it only.

// Words, time, files and seals.
pub mod trade;

pub mod clock;

pub mod files;

pub mod maildir;

pub mod pgp;

// Judgement and the parts played: pure.
pub mod rules;

pub mod role;

// Form, truth and cache.
pub mod mail;

pub mod ledger;

pub mod index;

// The edges.
pub mod hook;

pub mod connect;

pub mod inbox;

pub mod outbox;

// What ties them together.
pub mod config;

pub mod feed;

pub mod clerk;

// What people read and use.
pub mod words;

pub mod view;

pub mod ordering;

pub mod web;

pub mod demo;

pub mod cli;
