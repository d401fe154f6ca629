//! Judgement: pure functions over the words of the trade. No bytes, no clock, no mail.

pub mod agreement;
pub mod alerted;
pub mod alike;
pub mod authority;
pub mod booking;
pub mod crowd;
pub mod erasable;
pub mod failed;
pub mod folding;
pub mod in_part;
pub mod leap;
pub mod left_out;
pub mod leg;
pub mod limits;
pub mod overdue;
mod pending;
pub mod query;
pub mod received;
pub mod reconcile;
pub mod replacing;
mod return_answer;
pub mod returned;
pub mod said_again;
pub mod standing;
mod statement;
pub mod stopping;
pub mod summary;
pub mod unheard;
mod voices;
pub mod waiting;

pub use folding::Folding;
pub use in_part::InPart;
pub use leg::{LegState, Legs};
pub use pending::Pending;
pub use reconcile::{Judgement, Reader, reconcile, reconcile_on, rejudge, rejudge_on, waited_in_vain};
pub use standing::{Standing, State};
