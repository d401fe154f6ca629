//! The words of the trade: plain values, no input or output, no wire format.
//!
//! Money is exact, moments carry their offset, names are checked when they are made. What travels is a [`Letter`]
//! around a [`Document`]; what is kept is an [`Entry`]; what is known is a [`Transaction`].

mod as_text;
pub mod catalog;
pub mod document;
pub mod download;
pub mod entry;
pub mod finding;
pub mod id;
pub mod item;
pub mod letter;
pub mod mandate;
pub mod moment;
pub mod money;
mod offers;
mod one_line;
pub mod party;
mod people;
pub mod reason;
pub mod redaction;
pub mod schedule;
pub mod shown;
pub mod status;
pub mod task;
pub mod terms;
pub mod transaction;

pub use catalog::{Catalog, CatalogRequest};
pub use document::{Document, Kind};
pub use download::{Download, Link, Place};
pub use entry::{Act, Body, Entry, Event, Measured, Names, Owed, PinnedBy, Settlement, Verdict};
pub use finding::{Code, Compared, Finding};
pub use id::{Address, Digest, Fingerprint, InvalidId, MessageId, Number, OrderId, short};
pub use letter::{Letter, Received};
pub use mandate::Mandate;
pub use moment::{InvalidMoment, Moment, When};
pub use money::{Currency, Money, MoneyError, Quantity};
pub use one_line::fault_of_line;
pub use party::{Agent, Leg, Party, Person, PostalAddress, Role};
pub use people::People;
pub use reason::{ReturnReason, StatusReason};
pub use redaction::{Erasure, Redaction};
pub use schedule::{Cause, Deed, Schedule, ScheduleName, Target};
pub use shown::{Shown, ShownLine, Shows};
pub use task::{Given, HookName, Said, Task, TaskKey, Untold, Work};
pub use terms::{DeliveryMethod, Order, PaymentMethod, Sealed, Terms};
pub use transaction::{Arrival, Book, Direction, Kept, Key, Transaction};
