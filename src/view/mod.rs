//! What is shown of an account, whoever shows it: the documents that commands print as JSON and pages lay out.
//!
//! A view is loaded from the clerk and changes nothing. What stands in it are values; how they look is the business of
//! `cli` and `web`.

pub mod bell;
pub mod bill;
pub mod confirm;
pub mod day_sums;
pub mod export;
pub mod harmless;
pub mod health;
pub mod late;
pub mod orders;
pub mod said;
pub mod schedules;
pub mod settle;
pub mod spending;
pub mod text;
pub mod transaction;
pub mod warnings;

pub use crate::trade::short;
