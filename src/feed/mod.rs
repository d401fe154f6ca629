//! Files that other systems export, row by row: CSV or JSON Lines in, reports out. Knows nothing of ledgers, and never
//! holds more than one row.
//!
//! ```text
//! bytes ─records→ rows ─(map)→ reports ─→ clerk::report
//! ```
//!
//! A row that is wrong is said to be so, with its number and line, and the next one is read. What makes the whole file
//! doubtful ends it: columns that are missing, a quotation mark that nothing closes.

mod date;
mod encoding;
mod field;
mod goods;
mod map;
mod object;
mod reading;
mod records;
mod report;
mod rows;

pub use field::Field;
pub use goods::RowFile;
pub use map::{Map, MapError};
pub use reading::{Read, Reading, event_id};
pub use report::Report;
pub use rows::{FeedError, Format, Place, Placed, Row, Rows};

use jiff::tz::TimeZone;

/// Returns the zone of a name like `Asia/Tokyo`, or of an offset like `+09:00`; `None` where this machine knows none.
pub fn zone(name: &str) -> Option<TimeZone> {
    date::zone(name)
}
