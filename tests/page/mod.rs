//! The local page: what it shows, what it does, and who may use it.

mod answers;
mod card;
mod charts;
mod demonstration;
mod desk;
mod driver;
mod export;
mod fields;
pub mod figures;
mod finds;
mod guarded;
mod http;
mod keys;
mod lanes;
mod long;
mod looks;
mod ordering;
mod purchase;
mod queries;
mod real;
mod safe;
mod scheduled;
pub mod served;
mod shows;
mod sorting;
mod stranger;
mod told;
