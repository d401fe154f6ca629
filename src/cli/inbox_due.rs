//! Parcels whose day has come or is over: `ship inbox` lists them beside what hooks were given, so that a carrier's owner sees
//! what is to be brought today.

use super::Shell;
use super::failure::Failure;
use super::inbox::{Shown, state_by};
use super::inbox_money::transactions;
use crate::clerk::Clerk;
use crate::index::{Filter, Listed};
use crate::role::delivery;
use crate::trade::{Kind, Moment, Role};
use crate::view::text;

/// Tells how what was done is reported.
pub(super) const REPORT: &str = "mailorder ship notify ITEM --delivered, or --planned DAY, reports what becomes of it";

/// Returns the parcels that are to arrive today or were to arrive before.
pub(super) fn parcels(shell: &Shell, clerk: &Clerk) -> Result<Vec<Shown>, Failure> {
    let today = shell.clock.now().instant().to_zoned(shell.clock.zone().clone()).date();
    let mut found = Vec::new();
    for (_, known) in transactions(clerk, &due(&shell.clock.now()), |listed: &Listed| listed.row.open)? {
        let Some(asked) = known.received(Kind::DeliveryInstruction).last() else { continue };
        let parcels = delivery::status_now(&known).map(|status| status.parcels).unwrap_or_default();
        for (parcel, day) in parcels.iter().filter_map(|parcel| Some((parcel, parcel.planned()?))) {
            if day.day() > today {
                continue;
            }
            let mut shown = Shown::bare(&known, "parcel", (asked.position, asked.recorded));
            let tracking = parcel.tracking.as_ref().map(|number| format!(" ({number})")).unwrap_or_default();
            let (name, at) = (format!("{}{tracking}", parcel.id), text::day(&day, shell.clock.zone()));
            shown.about = format!("parcel {name}, to arrive on {at}");
            (shown.state, shown.due) = (state_by(&day, shell), Some(day));
            found.push(shown);
        }
    }
    Ok(found)
}

/// Returns a filter for the deliveries of which a parcel may be due: the index keeps when a day ends, and it has come when it
/// begins.
fn due(now: &Moment) -> Filter {
    let due_before = now.instant().as_second().saturating_add(86_400);
    let delivery_done = Some(false);
    Filter { role: Some(Role::Delivery), delivery_done, due_before: Some(due_before), ..Filter::default() }
}
