//! The sums below the list and beside its months: of all that the query asks for, though a page lists no more than some of it; of
//! what is listed alone, and said to be, where that is more than a page adds up (P77, P79, P80).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fault::Fault;
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::index::Listed;
use crate::rules::summary::Summary;
use crate::trade::{Currency, Money};
use crate::view::orders::{Asked, Orders};
use crate::view::text;

/// How many orders are added up at most: as many as nobody waits for, however long the ledger is.
const SUMMED: u32 = 1_000;

/// What sums are of: orders newest first.
pub(super) struct Summed {
    orders: Vec<Listed>,
    /// Whether these are all that the query asks for.
    pub(super) whole: bool,
    /// The months of which only some are among them.
    cut: BTreeSet<String>,
}

impl Summed {
    /// Returns all that is asked for, of which `found` is what the page lists, newest first; that alone where it is too many.
    pub(super) fn of(clerk: &Clerk, asked: &Asked, found: &Orders, visit: &Visit) -> Result<Self, Fault> {
        let listed = &found.listed;
        if !found.is_cut && asked.after.is_none() {
            return Ok(Self { orders: listed.clone(), whole: true, cut: BTreeSet::new() });
        }
        let all = Asked { limit: Some(SUMMED.saturating_add(1)), after: None, ..asked.clone() };
        if !is_plainly_more(clerk, &all, visit)? {
            let orders = Orders::select(clerk, &all, &visit.now, &visit.zone)?;
            if u32::try_from(orders.len()).is_ok_and(|count| count <= SUMMED) {
                return Ok(Self { orders, whole: true, cut: BTreeSet::new() });
            }
        }
        let newest = listed.first().filter(|_| asked.after.is_some());
        let oldest = listed.last().filter(|_| found.is_cut);
        let cut = [newest, oldest].into_iter().flatten().filter_map(|one| month(one, visit)).collect();
        Ok(Self { orders: listed.clone(), whole: false, cut })
    }

    /// Returns the last rows of the table: a sum for each currency, with what of it is unpaid.
    pub(super) fn feet(&self) -> Vec<Value> {
        let agreed = || self.orders.iter().filter(|one| counts(one));
        let mut unpaid = Summary::default();
        agreed().for_each(|one| unpaid.add_parts(one.row.undelivered, one.row.unpaid));
        let sum = |(currency, total): (Currency, Money)| {
            let of = || agreed().filter(|one| one.row.total.is_some_and(|total| total.currency() == currency));
            let owed = unpaid.unpaid.get(&currency).map(|unpaid| text::money_json(&unpaid.total));
            json!({
                "total": text::money_json(&total), "currency": currency.code(), "orders": of().count(), "unpaid": owed,
                "unshipped": of().filter(|one| one.row.open && !one.row.order.done).count(),
                "undelivered": of().filter(|one| one.row.undelivered).count(),
            })
        };
        Money::totals(agreed().filter_map(|one| one.row.total)).into_iter().map(sum).collect()
    }

    /// Returns the sums of each month.
    pub(super) fn by_month(&self, visit: &Visit) -> BTreeMap<String, Vec<Money>> {
        let mut months: BTreeMap<String, Vec<&Listed>> = BTreeMap::new();
        for one in self.orders.iter().filter(|one| counts(one)) {
            if let Some(month) = month(one, visit) {
                months.entry(month).or_default().push(one);
            }
        }
        let sums = |(month, orders): (String, Vec<&Listed>)| {
            (month, Money::totals(orders.into_iter().filter_map(|one| one.row.total)).into_values().collect())
        };
        months.into_iter().map(sums).collect()
    }

    /// Returns whether some orders of a month are not in its sums.
    pub(super) fn is_cut(&self, month: &str) -> bool {
        self.cut.contains(month)
    }
}

/// Returns whether more is asked for than is added up, where the index alone knows: none of it needs to be read then.
fn is_plainly_more(clerk: &Clerk, asked: &Asked, visit: &Visit) -> Result<bool, Fault> {
    let filter = clerk.filter(&asked.query, asked.role, &visit.now, &visit.zone)?;
    Ok(asked.query.is_indexed() && clerk.index().has_more(&filter, SUMMED)?)
}

/// Returns the month in which an order was made.
pub(super) fn month(one: &Listed, visit: &Visit) -> Option<String> {
    one.row.date.map(|date| text::day(&date, &visit.zone).get(..7).unwrap_or_default().to_owned())
}

/// Returns whether an order counts in sums: it was agreed to, and nothing took it back.
fn counts(one: &Listed) -> bool {
    matches!(one.row.state.as_str(), "open" | "completed")
}
