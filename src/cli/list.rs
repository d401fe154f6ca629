//! `list`: the patent's screen 1600: what was bought, and what of it is shipped, delivered and paid (P72-P80).

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use super::show::offer_is_over;
use super::table::{Fit, Table};
use super::transaction::short;
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, Listed, Row, RowLeg};
use crate::trade::{Moment, Money, OrderId, Role};

#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder list --undelivered\n  mailorder list --month 2026-11 --json\n  mailorder list --from 2026-11-01 --until 2026-11-15\n\nORDER is done (✓) when the goods have left the shop, DELIVERY when they arrived, PAYMENT when all is paid;\n… is planned for that day, ! is late."
)]
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
    /// Only from this day on
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "month")]
    from: Option<jiff::civil::Date>,
    /// Only until this day, which is included
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "month")]
    until: Option<jiff::civil::Date>,
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
    let offers = awaiting(&clerk, &listed, &now)?;
    // Sums are those of what is listed, which is all there is where nothing was filtered.
    let summary = if filter == of_role(role) { summary } else { summary.of_listed(&listed) };
    if shell.output.is_json() {
        return shell.output.document(&document(&listed, &summary, &now));
    }
    print(shell, &Shown { listed: &listed, role, now, offers }, &summary)
}

/// Returns the filter that lets everything of a part through.
fn of_role(role: Role) -> Filter {
    Filter { role: Some(role), ..Filter::default() }
}

/// What is printed of a list.
struct Shown<'a> {
    listed: &'a [Listed],
    role: Role,
    now: Moment,
    /// The offers that wait for the buyer's answer.
    offers: Vec<OrderId>,
}

/// Returns the offers among these that wait for the buyer's answer: of what is offered a shop waits for its buyers, and
/// what an OK would come too late for waits for nobody.
pub(super) fn awaiting(clerk: &Clerk, listed: &[Listed], now: &Moment) -> Result<Vec<OrderId>, Failure> {
    let mut found = Vec::new();
    for one in listed.iter().filter(|one| one.key.role == Role::Buyer && one.row.state == "offered") {
        let known = clerk.index().load_key(&one.key).map_err(ClerkError::from)?;
        if known.is_some_and(|known| known.terms().is_some_and(|(_, terms)| !offer_is_over(terms, now))) {
            found.push(one.key.id.clone());
        }
    }
    Ok(found)
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
    filter.open = (args.open || args.unshipped).then_some(true);
    let (mut from, mut until) = (args.from, args.until.map(|day| day.saturating_add(jiff::Span::new().days(1))));
    if let Some(month) = &args.month {
        let invalid = || Failure::usage(format!("{month:?} is not a month like 2026-11"));
        let first: jiff::civil::Date = format!("{month}-01").parse().map_err(|_| invalid())?;
        (from, until) = (Some(first), Some(first.saturating_add(jiff::Span::new().months(1))));
    }
    let second = |day: jiff::civil::Date| {
        let zoned = day.to_zoned(shell.clock.zone().clone());
        zoned.map(|zoned| zoned.timestamp().as_second()).map_err(|_| Failure::usage(format!("{day} is no day")))
    };
    filter.from = from.map(second).transpose()?;
    filter.until = until.map(second).transpose()?;
    Ok(filter)
}

/// Returns whether a promised date has passed: of a leg of what is open, or of a refund.
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

    /// Returns the same of these transactions alone; warnings are those of the account.
    fn of_listed(self, listed: &[Listed]) -> Self {
        let mut sums = crate::rules::summary::Summary::default();
        for one in listed {
            sums.add_parts(one.row.undelivered, one.row.unpaid);
        }
        let unpaid = sums.unpaid.into_values().map(|unpaid| (unpaid.total, unpaid.count)).collect();
        Self { undelivered: sums.undelivered, unpaid, warnings: self.warnings }
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

/// The columns of a buyer's list, and what gives way on a narrow terminal.
const BOUGHT: [&str; 9] = ["ID", "DATE", "SHOP", "ITEMS", "TOTAL", "ORDER", "DELIVERY", "PAYMENT", "STATE"];
const BOUGHT_FIT: [Fit; 10] = [
    Fit::Cut(3, 12),
    Fit::Cut(2, 10),
    Fit::Short(5, short_leg),
    Fit::Short(6, short_leg),
    Fit::Short(7, short_leg),
    Fit::Drop(1),
    Fit::Cut(3, 7),
    Fit::Cut(2, 6),
    Fit::Drop(2),
    Fit::Drop(3),
];
/// The same of all other parts, who know a transaction by its number.
const TRADED: [&str; 11] =
    ["NUMBER", "ID", "DATE", "BUYER", "SHOP", "ITEMS", "TOTAL", "ORDER", "DELIVERY", "PAYMENT", "STATE"];
const TRADED_FIT: [Fit; 12] = [
    Fit::Cut(5, 12),
    Fit::Cut(3, 10),
    Fit::Cut(4, 10),
    Fit::Short(7, short_leg),
    Fit::Short(8, short_leg),
    Fit::Short(9, short_leg),
    Fit::Drop(1),
    Fit::Drop(4),
    Fit::Drop(2),
    Fit::Cut(5, 7),
    Fit::Cut(3, 6),
    Fit::Drop(5),
];

fn print(shell: &Shell, shown: &Shown<'_>, summary: &Summary) -> Result<(), Failure> {
    let bought = shown.role == Role::Buyer;
    let lay_out = if bought { cells } else { traded };
    let rows: Vec<Vec<Cell>> = shown.listed.iter().map(|one| lay_out(shell, one, &shown.now)).collect();
    let (head, right, fit): (&[&str], _, &[Fit]) =
        if bought { (&BOUGHT, [4], &BOUGHT_FIT) } else { (&TRADED, [6], &TRADED_FIT) };
    if rows.is_empty() {
        shell.output.line("no transactions")?;
    } else {
        shell.output.fitted(&Table { head, rows: &rows, right: &right, fit, wrap: false })?;
        shell.output.line("")?;
    }
    footer(shell, shown, summary)?;
    if summary.warnings > 0 {
        shell.hint(&format!("{} open: mailorder warnings", plural(summary.warnings, "warning")));
    }
    for id in shown.offers.iter().take(3) {
        shell.hint(&format!("terms wait for your answer: mailorder confirm {}", short(id.as_str())));
    }
    Ok(())
}

/// Sums up what is listed.
fn footer(shell: &Shell, shown: &Shown<'_>, summary: &Summary) -> Result<(), Failure> {
    let undelivered = summary.undelivered;
    let unpaid: Vec<String> =
        summary.unpaid.iter().map(|(total, count)| format!("{} in {count}", output::amount(total))).collect();
    let unpaid = if unpaid.is_empty() { "nothing unpaid".to_owned() } else { format!("unpaid {}", unpaid.join(" + ")) };
    shell.output.line(format!("{} listed · {undelivered} not delivered · {unpaid}", shown.listed.len()))
}

/// Writes a count with its noun.
pub(super) fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun} is") } else { format!("{count} {noun}s are") }
}

fn cells(shell: &Shell, one: &Listed, now: &Moment) -> Vec<Cell> {
    let row = &one.row;
    let shop = if row.shop_name.is_empty() { row.shop.as_str() } else { row.shop_name.as_str() };
    let items: Vec<String> = row.items.iter().map(|item| format!("{} ×{}", item.name, item.quantity)).collect();
    let zone = shell.clock.zone();
    let leg = |leg: &RowLeg| {
        let date = leg.date.map(|date| output::day(&date, zone));
        if is_over(row, leg) { nothing() } else { leg_cell(leg, date, row.state == "open", now) }
    };
    let payment = refund_cell(row, now, zone).unwrap_or_else(|| leg(&row.payment));
    vec![
        Cell::plain(short(one.key.id.as_str())),
        Cell::plain(row.date.map(|date| output::day(&date, zone)).unwrap_or_default()),
        Cell::plain(shop),
        Cell::plain(items.join(", ")),
        Cell::plain(row.total.as_ref().map(output::amount).unwrap_or_default()),
        leg(&row.order),
        leg(&row.delivery),
        payment,
        Cell::plain(&row.state),
    ]
}

/// Lays out a row for who sells, pays or delivers: with the number that `notify` takes, and whom it is for.
fn traded(shell: &Shell, one: &Listed, now: &Moment) -> Vec<Cell> {
    let number = one.row.number.as_ref().map(ToString::to_string);
    let mut cells = cells(shell, one, now);
    let or_nothing = |text: &str| if text.is_empty() { nothing() } else { Cell::plain(text) };
    // A shop need not be told its own name.
    if let Some(shop) = cells.get_mut(2).filter(|_| one.row.role == Role::Shop) {
        *shop = Cell::plain("");
    }
    cells.insert(0, or_nothing(&number.unwrap_or_default()));
    cells.insert(3, or_nothing(&one.row.buyer));
    cells
}

/// Returns whether nothing will become of a leg any more: the order is over, or went back before it was done.
fn is_over(row: &Row, leg: &RowLeg) -> bool {
    match row.state.as_str() {
        "rejected" | "cancelled" => true,
        "returned" | "refunded" => !leg.done && !leg.failed,
        _ => false,
    }
}

/// Returns what stands in the place of the payment where a refund is still to come: the only date of what is over, or of
/// what was paid to an agent.
fn refund_cell(row: &Row, now: &Moment, zone: &jiff::tz::TimeZone) -> Option<Cell> {
    row.refund?;
    let known = !row.open || (row.role == Role::Payment && row.payment.done);
    let Some(due) = row.due.filter(|_| known) else { return Some(Cell("… refund due".to_owned(), Tone::Plain)) };
    let day = output::day(&due, zone).get(5..).unwrap_or_default().to_owned();
    Some(match due.is_over(now) {
        true => Cell(format!("! refund due {day} late"), Tone::Bad),
        false => Cell(format!("… refund due {day}"), Tone::Plain),
    })
}

fn nothing() -> Cell {
    Cell("–".to_owned(), Tone::Faint)
}

/// Writes a leg: a sign, month and day, and `late` where the date has passed.
fn leg_cell(leg: &RowLeg, date: Option<String>, open: bool, now: &Moment) -> Cell {
    if leg.failed {
        return Cell("✗ failed".to_owned(), Tone::Bad);
    }
    let date = date.map(|date| date.get(5..).unwrap_or_default().to_owned());
    match (&date, leg.done) {
        (Some(done), true) => Cell(format!("✓ {done}"), Tone::Good),
        (None, true) => Cell("✓".to_owned(), Tone::Good),
        (Some(due), false) if open && leg.date.is_some_and(|date| date.is_over(now)) => {
            Cell(format!("! due {due} late"), Tone::Bad)
        }
        (Some(due), false) => Cell(format!("… due {due}"), Tone::Plain),
        (None, false) => nothing(),
    }
}

/// Returns a leg as a narrow terminal has it: the sign says whether it is due or late.
fn short_leg(cell: &str) -> String {
    cell.replace("due ", "").replace(" late", "")
}
