//! Whole purchases, played with the built program as a person at a shell would play them.

/// An account and its commands.
mod account;
/// Orders made again from old ones, and what the list keeps.
mod again;
/// What shop and agents report, and how other systems have it reported.
mod agents;
/// A shop that plays all parts itself.
mod alone;
/// Status requests, and the list they start from.
mod asking;
/// Cards, authorised or not.
mod authorisation;
/// The payment agent's own program: it authorises, collects and gives back.
mod bank;
/// Orders by article number, from what a shop's catalog says.
mod by_number;
/// What a shop sells: asked for, answered, ordered from.
pub(crate) mod catalog;
/// What a merchant is told of his procedures, and that it is true.
mod checked;
/// The passing of time.
mod clock;
/// What is reported while agents are being stopped.
mod crossed;
/// What the shop's owner decides himself, and what he sees of his procedures.
mod desk;
/// Goods that are a file.
mod download;
/// Agents that refuse or fail, wrong reports.
mod failing;
/// The page of the first sale, done word for word.
mod first_sale;
/// Money on its way back, as people read of it.
mod given_back;
mod guarded;
/// Programs that do the work of steps: the warehouse.
pub mod hooks;
/// The example of a warehouse, whose runs overtake each other.
mod hooks_example;
/// Hooks that are killed, stopped or asked in turn.
mod hooks_limits;
/// Hooks whose work is cancelled, given up, or answered too late.
mod hooks_over;
/// Every kind of letter over a real Postfix and a real Dovecot.
mod kinds;
/// Many buyers, every kind of letter, several parts at one address, one file.
mod machines;
/// Two hundred orders at once.
mod many;
/// Orders, the terms and instructions made of them, and the procedures taken.
mod order;
/// Two parcels of which one arrives, or is lost.
mod parted;
/// Four parties at a real Postfix and a real Dovecot.
pub mod parties;
/// Cards sealed past the shop, and what the payment agent makes of them.
mod payment_data;
/// The carrier's own program: it has the goods fetched.
mod pickup;
/// The demonstration with many transactions.
mod played;
/// What others see of a purchase.
pub(crate) mod private;
/// The page of procedures, each of its tables read.
mod procedures;
/// The flow charts of whole purchases.
mod purchase;
/// In what quantities articles are sold, and how many there are.
pub(crate) mod quantities;
/// Over a real Postfix and a real Dovecot; looked at with gpg, notmuch and grep.
mod real;
/// The page's crontab at an account with real servers.
mod real_cron;
/// Files, links, parcels, counters; cancelled on the way, sent back: over real servers.
mod real_goods;
/// Slow lines, seldom looks, a week away: over real servers.
mod real_speed;
/// A process of one thread, over real servers.
mod real_thread;

mod real_tokens;
/// Ways to pay, and the three servers asked: over real servers.
mod real_ways;
/// Terms that replace others, before the OK and after it.
mod replaced;
/// Cancellations, returns and refunds.
mod returned;
/// Who has what of a purchase on its disk.
mod seen;
/// Agents that vanished.
mod silent_agents;
/// The warehouse over a real Postfix and a real Dovecot.
mod warehouse;
/// Programs that were not made for mailorder and look at what it leaves.
mod witness;
