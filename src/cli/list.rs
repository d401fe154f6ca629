//! `list`: the patent's screen 1600: what was bought, and what of it is shipped, delivered and paid (P72-P80).

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use super::transaction::short;
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, Listed, Row, RowLeg};
use crate::trade::{Moment, Money, Role, When};

#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:\n  mailorder list --undelivered\n  mailorder list --month 2026-11 --json")]
pub(crate) struct ListArgs {
    /// Part of the name of an item, the shop or the buyer
    text: Option<String>,
    /// Part played; by default the first one of the account
    #[arg(long, value_parser = role)]
    role: Option<Role>,
    /// Only what is to be delivered still
    #[arg(long)]
    undelivered: bool,
    /// Only what is to be paid still
    #[arg(long)]
    unpaid: bool,
    /// Only what has not left the shop
    #[arg(long)]
    unshipped: bool,
    /// Only what has left the shop
    #[arg(long, conflicts_with = "unshipped")]
    shipped: bool,
    /// Only what is delivered
    #[arg(long, conflicts_with = "undelivered")]
    delivered: bool,
    /// Only what is paid
    #[arg(long, conflicts_with = "unpaid")]
    paid: bool,
    /// Only what is late
    #[arg(long)]
    late: bool,
    /// Only what is open
    #[arg(long)]
    open: bool,
    /// Only of this month, like 2026-11
    #[arg(long, value_name = "YYYY-MM")]
    month: Option<String>,
    /// At most this many, newest first
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

pub(super) fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "one of buyer, shop, payment, delivery".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: ListArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    clerk.catch_up()?;
    let role = args.role.unwrap_or_else(|| first_role(&clerk));
    let mut filter = filter(&args, role, shell)?;
    let now = shell.clock.now();
    if args.late {
        // The index knows when a day ends in UTC, which is within a day of its end here; the rest is looked at one by
        // one, and only then is there a count to be limited.
        filter.due_before = Some(now.plus_seconds(24 * 60 * 60).instant().as_second());
        filter.limit = None;
    }
    let mut listed = clerk.index().list(&filter).map_err(ClerkError::from)?;
    if args.late {
        listed.retain(|one| is_late(&one.row, &now));
        let limit = args.limit.and_then(|limit| usize::try_from(limit).ok());
        listed.truncate(limit.unwrap_or(usize::MAX));
    }
    let summary = Summary::of(&clerk, role)?;
    if shell.output.is_json() {
        return shell.output.document(&document(&listed, &summary, &now));
    }
    print(shell, &listed, &summary, &now)
}

/// Returns the part an account plays first.
pub(super) fn first_role(clerk: &Clerk) -> Role {
    Role::ALL.into_iter().find(|role| clerk.settings().practice.plays(*role)).unwrap_or(Role::Buyer)
}

fn filter(args: &ListArgs, role: Role, shell: &Shell) -> Result<Filter, Failure> {
    let mut filter = Filter { role: Some(role), text: args.text.clone(), limit: args.limit, ..Filter::default() };
    filter.undelivered = args.undelivered.then_some(true);
    filter.unpaid = args.unpaid.then_some(true);
    filter.delivery_done = args.delivered.then_some(true);
    filter.payment_done = args.paid.then_some(true);
    filter.order_done = args.unshipped.then_some(false).or(args.shipped.then_some(true));
    filter.open = (args.open || args.unshipped || args.late).then_some(true);
    if let Some(month) = &args.month {
        let invalid = || Failure::usage(format!("{month:?} is not a month like 2026-11"));
        let first: jiff::civil::Date = format!("{month}-01").parse().map_err(|_| invalid())?;
        let next = first.saturating_add(jiff::Span::new().months(1));
        let second = |day: jiff::civil::Date| {
            day.to_zoned(shell.clock.zone().clone()).map(|zoned| zoned.timestamp().as_second()).map_err(|_| invalid())
        };
        filter.from = Some(second(first)?);
        filter.until = Some(second(next)?);
    }
    Ok(filter)
}

/// Returns whether a promised date of an open transaction has passed.
pub(super) fn is_late(row: &Row, now: &Moment) -> bool {
    row.due.is_some_and(|due| due.is_over(now))
}

/// What stands below the list.
pub(super) struct Summary {
    pub(super) undelivered: u64,
    pub(super) unpaid: Vec<(Money, u64)>,
    pub(super) warnings: u64,
}

impl Summary {
    pub(super) fn of(clerk: &Clerk, role: Role) -> Result<Self, Failure> {
        let index = clerk.index();
        let undelivered = Filter { role: Some(role), undelivered: Some(true), ..Filter::default() };
        let unpaid = Filter { role: Some(role), unpaid: Some(true), ..Filter::default() };
        let mut sums = crate::rules::summary::Summary::default();
        for one in index.list(&unpaid).map_err(ClerkError::from)? {
            sums.add_parts(false, one.row.unpaid);
        }
        Ok(Self {
            undelivered: index.count(&undelivered).map_err(ClerkError::from)?,
            unpaid: sums.unpaid.into_values().map(|unpaid| (unpaid.total, unpaid.count)).collect(),
            warnings: super::warnings::open_count(clerk)?,
        })
    }
}

/// Returns the document of `list --json`.
fn document(listed: &[Listed], summary: &Summary, now: &Moment) -> Value {
    let leg = |leg: &RowLeg| json!({"done": leg.done, "date": output::when_json(leg.date.as_ref())});
    let transactions: Vec<Value> = listed
        .iter()
        .map(|one| {
            let row = &one.row;
            json!({
                "id": one.key.id,
                "shop": row.shop,
                "order_id": one.key.id,
                "number": row.number,
                "date": output::when_json(row.date.as_ref()),
                "items": row.items,
                "total": row.total.as_ref().map(output::money_json),
                "order": leg(&row.order),
                "delivery": leg(&row.delivery),
                "payment": leg(&row.payment),
                "state": row.state,
                "late": is_late(row, now),
            })
        })
        .collect();
    let unpaid: Vec<Value> = summary
        .unpaid
        .iter()
        .map(|(total, count)| json!({"amount": total.plain(), "currency": total.currency().code(), "count": count}))
        .collect();
    json!({
        "schema": "mailorder.list/1",
        "transactions": transactions,
        "undelivered": summary.undelivered,
        "unpaid": unpaid,
        "warnings": summary.warnings,
    })
}

fn print(shell: &Shell, listed: &[Listed], summary: &Summary, now: &Moment) -> Result<(), Failure> {
    let rows: Vec<Vec<Cell>> = listed.iter().map(|one| cells(one, now)).collect();
    let head = ["ID", "DATE", "SHOP", "ITEMS", "TOTAL", "ORDER", "DELIVERY", "PAYMENT", "STATE"];
    if rows.is_empty() {
        shell.output.line("no transactions")?;
    } else {
        shell.output.table(&head, &rows, &[4])?;
        shell.output.line("")?;
    }
    let total: Vec<String> =
        summary.unpaid.iter().map(|(total, count)| format!("{} ({count})", output::amount(total))).collect();
    let unpaid = if total.is_empty() { "nothing unpaid".to_owned() } else { format!("unpaid {}", total.join(" + ")) };
    shell.output.line(format!("{} listed · {} not delivered · {unpaid}", listed.len(), summary.undelivered))?;
    if summary.warnings > 0 {
        shell.output.message(format!("hint: {} open: mailorder warnings", plural(summary.warnings, "warning")));
    }
    for one in listed.iter().filter(|one| one.row.state == "offered").take(3) {
        shell
            .output
            .message(format!("hint: terms wait for your answer: mailorder confirm {}", short(one.key.id.as_str())));
    }
    Ok(())
}

/// Writes a count with its noun.
pub(super) fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun} is") } else { format!("{count} {noun}s are") }
}

fn cells(one: &Listed, now: &Moment) -> Vec<Cell> {
    let row = &one.row;
    let shop = if row.shop_name.is_empty() { row.shop.as_str() } else { row.shop_name.as_str() };
    let items: Vec<String> = row.items.iter().map(|item| format!("{} ×{}", item.name, item.quantity)).collect();
    let closed = matches!(row.state.as_str(), "rejected" | "cancelled");
    let leg = |leg: &RowLeg| if closed { nothing() } else { leg_cell(leg, row.state == "open", now) };
    vec![
        Cell::plain(short(one.key.id.as_str())),
        Cell::plain(row.date.map(|date| date.day().to_string()).unwrap_or_default()),
        Cell::plain(output::cut(shop, 18)),
        Cell::plain(output::cut(&items.join(", "), 28)),
        Cell::plain(row.total.as_ref().map(output::amount).unwrap_or_default()),
        leg(&row.order),
        leg(&row.delivery),
        leg(&row.payment),
        Cell::plain(&row.state),
    ]
}

fn nothing() -> Cell {
    Cell("–".to_owned(), Tone::Faint)
}

/// Writes a leg: a sign, a date, and `late` where the date has passed.
fn leg_cell(leg: &RowLeg, open: bool, now: &Moment) -> Cell {
    let date = |date: &When| date.day().strftime("%m-%d").to_string();
    if leg.failed {
        return Cell("✗ failed".to_owned(), Tone::Bad);
    }
    match (&leg.date, leg.done) {
        (Some(done), true) => Cell(format!("✓ {}", date(done)), Tone::Good),
        (None, true) => Cell("✓".to_owned(), Tone::Good),
        (Some(due), false) if open && due.is_over(now) => Cell(format!("! due {} late", date(due)), Tone::Bad),
        (Some(due), false) => Cell(format!("… due {}", date(due)), Tone::Plain),
        (None, false) => nothing(),
    }
}
