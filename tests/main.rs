//! One test binary; a sentence for each file.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "in a test, a panic is a failure with its place"
)]

/// What a shop may do by itself, in every state, and what comes of it.
mod acts;
/// A clock that was ahead and is right again.
mod ahead;
/// An index that was lost, and mail that is read again.
mod anew;
/// Files in letters.
mod attached;
/// Several processes on one ledger.
mod beside;
/// One letter in the queue, and those behind it.
mod blocked;
/// Mails in which one passes for another.
mod borrowed;
/// One test for each claim of the patent, through the program as people run it.
mod claims;
/// The clerk at work: repeats, losses, strangers, over a post of our own.
mod clerks;
/// Agents and their agreements: instructions of shops they do not work for start nothing.
mod clients;
/// Commands at their edges: what a mail server, cron and a person at a shell see of them.
mod commands;
/// Configuration: every key in the example, every fault with its place.
mod config;
/// Killed at each call and started again, the program ends where an undisturbed run ends.
mod crash;
/// The last four digits of a card or account, and no more.
mod digits;
/// Letters and entries for the tests of ledger and index.
mod entries;
/// Entries whose letter was erased: replay, audit, and the redaction that stands for the file.
mod erased;
/// Every example of the help is run, and every command of the READMEs.
mod examples;
/// Transactions for other programs: tables, documents, journals, calendars.
mod export;
/// Statuses from files: rows that other systems export.
mod exports;
/// A disk that refuses, and mails that would fill the memory.
mod faults;
/// Mail servers that answer without end.
mod floods;
/// Whole purchases, played with the built program.
mod flows;
/// Generated ledgers are ledgers: clean, listed, and rebuilt alike.
mod generated;
/// Help that runs: each command has an example, and each example parses.
mod help;
/// What others wrote is text wherever a person meets it.
mod hostile;
/// Post that comes in: honest and lying servers, Maildirs shared with other programs.
mod inbox;
/// The index: the same rows whether it grew or was built anew.
mod index;
/// Mail that was set aside and is read later.
mod later;
/// The ledger: files anybody reads, batches that count as a whole, changes that show.
mod ledger;
/// Refusals that wait for room.
mod left_out;
/// Letters of every kind, made by chance.
mod letters;
/// How often letters are answered.
mod limits;
/// Form: letters as MIME text, and back.
mod mail;
/// Many first-time buyers at once.
mod newcomers;
/// What is done because its time has come, without a letter or a person.
mod on_time;
/// Post that goes out: every answer a server can give, and none.
mod outbox;
/// What stands outside a seal, strangers, and mails that brought the program down.
mod outside;
/// The local page, over HTTP and in a browser.
mod page;
/// Mails that an IMAP server has and does not give.
mod passed_over;
/// Seals: what is opened, what is set aside, and that gpg agrees.
mod pgp;
/// Who may read what is made.
mod private;
/// The queue of letters that go out.
mod queue;
/// What the READMEs show.
mod readme;
/// Whom a transaction does not concern, how often that is said, and what comes twice.
mod refused;
/// What a person is told though nobody wrote.
mod reminded;
/// What a letter says twice.
mod repeated;
/// What the parts do about a letter that counts.
mod roles;
/// What is said about a letter: tables of what is stored, what arrives, and the verdict.
mod rules;
/// What the buyer's program does without a word: schedules, silence, rules.
mod scheduled;
/// The JSON Schemas against what is printed.
mod schema;
/// Four parties and a post that loses, doubles, delays, swaps, replays and forges.
mod simulation;
/// What the tests stand on.
mod support;
/// The human text of letters, rendered with every value and with none.
mod templates;
/// Rules about the source and the documents that no compiler checks.
mod tidy;
/// Logins by OAuth 2 access tokens.
mod tokens;
/// Keys over the years: renewed, learnt of, revoked, replaced.
mod trust;
/// Files that cannot be read.
mod unreadable;
/// The words of letters' data against what schema.org publishes of them.
mod vocabulary;
/// What a buyer may wish, in every state, and what comes of it.
mod wishes;
/// The simulation once more, with real clerks.
mod world;
