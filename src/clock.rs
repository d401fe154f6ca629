//! The only source of "now".
//!
//! The program asks the system; the demo and the tests bring a clock of their own. Nothing else in the crate may ask
//! for the time: a lint forbids it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::trade::Moment;

/// Where the time comes from, and the zone it is shown in.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    zone: TimeZone,
}

#[derive(Debug, Clone)]
enum Source {
    System,
    Played(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// Returns the system's clock in the system's zone.
    pub fn system() -> Self {
        Self { source: Source::System, zone: TimeZone::system() }
    }

    /// Returns a clock that stands still until it is set; clones of it show the same time.
    pub fn played(start: Moment) -> Self {
        Self { source: Source::Played(Arc::new(Mutex::new(start.instant()))), zone: TimeZone::fixed(start.offset()) }
    }

    /// Returns the same clock, whose days are reckoned in this zone.
    #[must_use]
    pub fn within(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// Sets a played clock; the system's clock is left as it is.
    pub fn set(&self, moment: Moment) {
        if let Source::Played(time) = &self.source {
            *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = moment.instant();
        }
    }

    /// Returns the present moment, with the offset of the zone.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for the time")]
    pub fn now(&self) -> Moment {
        let instant = match &self.source {
            Source::System => Timestamp::now(),
            Source::Played(time) => *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        Moment::new(instant, self.zone.to_offset(instant))
    }

    /// Returns the zone days are reckoned in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

/// Converts the system's type to a moment in UTC; `None` for what no calendar has.
pub fn moment_of(time: SystemTime) -> Option<Moment> {
    Timestamp::try_from(time).ok().map(|instant| Moment::new(instant, jiff::tz::Offset::UTC))
}

/// Converts a moment to the system's type, as the OpenPGP layer takes it; moments before 1970 become 1970.
pub fn system_time(moment: &Moment) -> SystemTime {
    let seconds = u64::try_from(moment.instant().as_second()).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}
