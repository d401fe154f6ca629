//! `list`: the patent's screen 1600: what was bought, and what of it is shipped, delivered and paid (P72-P80).

use std::fmt::Display;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::Shell;
use super::failure::Failure;
use super::list_columns::Columns;
use super::output::{Cell, Tone};
use super::table::Table;
use crate::clerk::Clerk;
use crate::index::{Listed, Row, RowLeg};
use crate::rules::InPart;
use crate::rules::query::{Condition, Part, Query};
use crate::trade::{Moment, Money, Role, When};
use crate::view::orders::{Asked, Awaited, EXPIRED, Orders, document, first_role, refund_due};
use crate::view::{short, text};
use crate::words::Words;

/// Days around now within which a day needs no year.
const HALF_A_YEAR: i64 = 183;
/// For how long it is hinted at that an offer has expired, in seconds: 30 days.
const TOLD: i64 = 30 * 86_400;

#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  mailorder list undelivered
  mailorder list unpaid shop:日立 month:2026-11
  mailorder list 'item:\"煎茶 200g\"' 'amount:>1000' --json
  mailorder list --from 2026-11-01 --until 2026-11-15

All words must hold. Alone: open closed unshipped shipped undelivered delivered unpaid paid late warned failed differs
unconfirmed, and the states ordered offered completed rejected cancelled returned refunded. With a value: shop: buyer: item: txn:
state: currency:JPY, month:2026-11 (month, month-1), date:2026-Q4 (a day, month or year, or two with .. between), amount:>1000
(>= < <= 10..20), late:14d (for 14 days), and so shipped: delivered: paid: (h, d or w). Other words are looked for in the names,
and as the beginning of an ID or number (six letters or more).

ORDER is done (✓) when the goods have left the shop, DELIVERY when they arrived, PAYMENT when all is paid;
… is planned for that day, ◐ done in part (1 of 2), ! late, ↩ went back on that day. UNPAID is what is still to be paid, where that is not the total, or where you ask for it.
A STATE with ! has an open warning (mailorder warnings); a DELIVERY with ! after it came otherwise, as you said (received):
`list differs` finds those.")]
pub(crate) struct ListArgs {
    /// What must hold, in words: see below
    query: Vec<String>,
    /// Part played; by default the first of buyer, shop, payment and delivery that the account plays
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
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, conflicts_with = "month")]
    from: Option<Date>,
    /// Only until this day, which is included
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, conflicts_with = "month")]
    until: Option<Date>,
    /// At most this many, newest first
    #[arg(long, value_name = "N", value_parser = limit)]
    limit: Option<u32>,
}

pub(super) fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "one of buyer, shop, payment, delivery".to_owned())
}

fn limit(word: &str) -> Result<u32, String> {
    word.parse().ok().filter(|most| *most > 0).ok_or_else(|| "it is a whole number, and at least 1".to_owned())
}

fn day(word: &str) -> Result<Date, String> {
    word.parse().map_err(|_| "a day is written like 2026-11-08".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: ListArgs) -> Result<(), Failure> {
    let now = shell.clock.now();
    let query = args.query(now.instant().to_zoned(shell.clock.zone().clone()).date())?;
    let mut clerk = shell.clerk()?;
    clerk.catch_up()?;
    let role = args.role.unwrap_or_else(|| first_role(&clerk));
    let asked = Asked { role, query, limit: args.limit, after: None };
    let orders = Orders::load(&clerk, &asked, now, shell.clock.zone())?;
    if shell.output.is_json() {
        return shell.output.document(&document(&orders));
    }
    print(shell, &orders, asked.query.conditions.contains(&Condition::Unpaid))?;
    if args.role.is_none() {
        other_agent(shell, &clerk, role);
    }
    if let Some(hint) = asked.query.hint().filter(|_| orders.listed.is_empty()) {
        shell.hint(&hint);
    }
    Ok(())
}

/// Says that an account which is only an agent, and more than one, has more to list: a shop's own list has it all.
fn other_agent(shell: &Shell, clerk: &Clerk, shown: Role) {
    if shown == Role::Payment && clerk.settings().practice.plays(Role::Delivery) {
        shell.hint("what is to be delivered: mailorder list --role delivery");
    }
}

/// Where the words of a query are explained.
pub(super) const QUERY_HELP: &str = "mailorder list --help shows the words of a query";

/// Reads a query; `today` is the day where the command runs.
pub(super) fn query_of(text: &str, today: Date) -> Result<Query, Failure> {
    Query::parse(text, today).map_err(|error| Failure::usage(error.to_string()).hint(QUERY_HELP))
}

impl ListArgs {
    /// Returns what words and flags ask for together; `today` is the day where the command runs.
    fn query(&self, today: Date) -> Result<Query, Failure> {
        let mut query = query_of(&self.query.join(" "), today)?;
        let flags = [
            (self.undelivered, Condition::Undelivered),
            (self.unpaid, Condition::Unpaid),
            (self.unshipped, Condition::Done(Part::Order, false)),
            (self.shipped, Condition::Done(Part::Order, true)),
            (self.delivered, Condition::Done(Part::Delivery, true)),
            (self.paid, Condition::Done(Part::Payment, true)),
            (self.late, Condition::Late(SignedDuration::ZERO)),
            (self.open, Condition::Open(true)),
        ];
        query.conditions.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, condition)| condition));
        if let Some(month) = &self.month {
            let read = Query::parse(&format!("month:{month}"), today);
            let read = read.map_err(|_| Failure::usage(format!("{month:?} is not a month like 2026-11")))?;
            query.conditions.extend(read.conditions);
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && from > until
        {
            return Err(Failure::usage(format!("{until} is before {from}")));
        }
        if self.from.is_some() || self.until.is_some() {
            query.conditions.push(Condition::Days(self.from, self.until));
        }
        Ok(query)
    }
}

/// Prints the list; whether what is unpaid is `asked` for, it stands in each row, not only where it is not the total.
fn print(shell: &Shell, shown: &Orders, asked: bool) -> Result<(), Failure> {
    let summary = &shown.summary;
    if shown.listed.is_empty() {
        shell.output.line(shell.words.say("listing.none"))?;
    } else {
        table(shell, shown, asked)?;
        shell.output.line("")?;
    }
    footer(shell, shown)?;
    for late in shown.late.iter().take(5) {
        let (id, leg) = (short(late.order.as_str()), late.word());
        let since = text::day(&late.due, shell.clock.zone());
        let ask = late.leg.map(|leg| format!(" --leg {leg}")).unwrap_or_default();
        shell.hint(&format!(
            "{id}: {leg} was promised for {since}; {} speaks for it: {}",
            late.ask,
            format_args!("mailorder ask {id}{ask}"),
        ));
    }
    for failed in shown.failed.iter().take(5) {
        let (id, leg) = (short(failed.order.as_str()), failed.leg.word());
        let ask = format!("mailorder ask {id} --leg {leg}");
        shell.hint(&format!("{id}: {leg} failed; {} speaks for it: {ask}", failed.ask));
    }
    if summary.warnings > 0 {
        shell.hint(&format!("{} open: mailorder warnings", plural(summary.warnings, "warning")));
    }
    for one in shown.offers.iter().take(3) {
        shell.hint(&format!("terms wait for your answer: mailorder confirm {}", short(one.order.as_str())));
    }
    let expired = shown.listed.iter().filter(|one| shown.role == Role::Buyer && one.row.has_run_out(&shown.now));
    for one in expired.filter(|one| one.row.until.is_some_and(|until| shown.now <= until.plus_seconds(TOLD))).take(3) {
        shell.hint(&format!("an offer has expired unanswered: mailorder reorder {}", short(one.key.id.as_str())));
    }
    Ok(())
}

/// Prints the rows. What was bought stands below a buyer's row where there is no room for it beside the rest.
fn table(shell: &Shell, shown: &Orders, asked: bool) -> Result<(), Failure> {
    type LayOut = fn(&Shell, &Listed, &Orders, bool) -> Vec<Cell>;
    // Tells whether they were printed, which they are `anyway` or where they fit.
    let printed = |lay_out: LayOut, narrow: bool, anyway: bool| {
        let rows: Vec<Vec<Cell>> = shown.listed.iter().map(|one| lay_out(shell, one, shown, asked)).collect();
        let Columns { head, right, fit } = Columns::of(shown.role, narrow);
        let head = shell.heads(head);
        let table = Table { head: &head, rows: &rows, right: &right, fit, wrap: narrow };
        let prints = anyway || table.fits(shell.output.width());
        if prints { shell.output.fitted(&table).map(|()| true) } else { Ok(false) }
    };
    if shown.role != Role::Buyer {
        printed(traded, false, true)?;
    } else if !printed(cells, false, false)? {
        printed(below, true, true)?;
    }
    Ok(())
}

/// Sums up what is listed.
fn footer(shell: &Shell, shown: &Orders) -> Result<(), Failure> {
    let summary = &shown.summary;
    let undelivered = summary.undelivered;
    let words = shell.words;
    let sum = |(total, n): &(Money, u64)| words.fill("listing.sum", &[("sum", &text::amount(total)), ("n", n)]);
    let unpaid: Vec<String> = summary.unpaid.iter().map(sum).collect();
    let unpaid = match unpaid.is_empty() {
        true => words.say("listing.all-paid"),
        false => words.fill("listing.unpaid", &[("sums", &unpaid.join(" + "))]),
    };
    let listed = shown.listed.len();
    let places: [(&str, &dyn Display); 3] = [("listed", &listed), ("undelivered", &undelivered), ("unpaid", &unpaid)];
    shell.output.paragraph(&match shown.of_all {
        Some(all) => {
            let all: (&str, &dyn Display) = ("all", &all);
            words.fill("listing.footer-all", &[&places[..], &[all]].concat())
        }
        None if shown.is_cut => words.fill("listing.footer-newest", &places),
        None => words.fill("listing.footer", &places),
    })?;
    let reached = |limit: &Money| words.fill("account.over", &[("sum", &text::amount(limit))]);
    shown.over.iter().try_for_each(|limit| shell.output.toned(&reached(limit), Tone::Bad))
}

/// Writes a count with its noun.
pub(super) fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun} is") } else { format!("{count} {noun}s are") }
}

fn cells(shell: &Shell, one: &Listed, shown: &Orders, asked: bool) -> Vec<Cell> {
    let now = &shown.now;
    let row = &one.row;
    let shop = if row.shop_name.is_empty() { row.shop.as_str() } else { row.shop_name.as_str() };
    let items: Vec<String> = row.items.iter().map(|item| format!("{} ×{}", item.name, item.quantity)).collect();
    let zone = shell.clock.zone();
    let leg = |leg: &RowLeg| {
        let late = row.overdue(leg, now).filter(|_| row.state == "open");
        let shows = leg.more.back.or(late).or(leg.date).map(|date| (text::day(&date, zone), date));
        let void = row.is_void(leg) && leg.more.back.is_none();
        if void { nothing() } else { leg_cell(shell.words, leg, shows, late.is_some(), now) }
    };
    let payment = refund_cell(shell.words, row, now, zone).unwrap_or_else(|| match row.refunded_in_part() {
        Some(back) => with_refunded(shell.words, leg(&row.payment), back),
        None => leg(&row.payment),
    });
    // What the buyer himself says of it changes no leg, but is seen beside it.
    let delivery = match leg(&row.delivery) {
        Cell(said, _) if row.short => Cell(shell.words.fill("listing.differs", &[("leg", &said)]), Tone::Bad),
        cell => cell,
    };
    let unpaid = row.unpaid.filter(|unpaid| asked || row.total != Some(*unpaid));
    vec![
        Cell::plain(short(one.key.id.as_str())),
        Cell::plain(row.date.map(|date| text::day(&date, zone)).unwrap_or_default()),
        Cell::plain(shop),
        Cell::plain(items.join(", ")),
        Cell::plain(row.total.as_ref().map(text::amount).unwrap_or_default()),
        Cell::plain(unpaid.as_ref().map(text::amount).unwrap_or_default()),
        leg(&row.order),
        delivery,
        payment,
        state_cell(shell.words, row, shown.awaited(&one.key.id), now),
    ]
}

/// Writes the state as a whole, with a mark where a letter about it was warned about and nobody has settled that.
fn state_cell(words: Words, row: &Row, awaited: Option<&Awaited>, now: &Moment) -> Cell {
    let state = super::output::escape(&words.name("standing", state_word(row, awaited, now)));
    let state = if row.went_back() && row.pending.is_none() {
        words.fill("listing.went-back", &[("state", &state)])
    } else {
        state
    };
    if row.warnings == 0 {
        return Cell(state, state_tone(row, now));
    }
    Cell(words.fill("listing.warned", &[("state", &state)]), Tone::Bad)
}

/// Returns the word of a state; what was answered by other terms than were ordered is told from what has no answer and from what is
/// offered as it was ordered, what was offered and has run out from what can be answered, and what is to be taken back from what
/// stands.
fn state_word<'a>(row: &'a Row, awaited: Option<&Awaited>, now: &Moment) -> &'a str {
    let differs = awaited.is_some_and(|awaited| awaited.differs > 0);
    match (row.pending, row.state.as_str()) {
        (Some(pending), _) => pending.standing(),
        (None, _) if row.has_run_out(now) => EXPIRED,
        (None, "ordered") if row.may_wait() => "differs",
        (None, "offered") if differs => "differs",
        (None, state) => state,
    }
}

/// Returns what a state means: done, waiting for a person, or over.
fn state_tone(row: &Row, now: &Moment) -> Tone {
    match row.state.as_str() {
        "completed" => Tone::Good,
        "offered" | "ordered" if row.has_run_out(now) => Tone::Faint,
        "offered" | "ordered" if row.may_wait() => Tone::Warned,
        "rejected" | "cancelled" | "returned" | "refunded" => Tone::Faint,
        _ => Tone::Plain,
    }
}

/// Lays out a row whose day, shop and goods stand together in its last cell.
fn below(shell: &Shell, one: &Listed, shown: &Orders, asked: bool) -> Vec<Cell> {
    let mut cells = cells(shell, one, shown, asked);
    let bought = [1, 1, 1].map(|place| cells.remove(place).0);
    let said: Vec<String> = bought.into_iter().filter(|part| !part.is_empty()).collect();
    cells.push(Cell(said.join(" · "), Tone::Plain));
    cells
}

/// Lays out a row for who sells, pays or delivers: with the number that `notify` takes, and whom it is for.
fn traded(shell: &Shell, one: &Listed, shown: &Orders, asked: bool) -> Vec<Cell> {
    let number = one.row.number.as_ref().map(ToString::to_string);
    let mut cells = cells(shell, one, shown, asked);
    let or_nothing = |text: &str| if text.is_empty() { nothing() } else { Cell::plain(text) };
    // A shop need not be told its own name.
    if let Some(shop) = cells.get_mut(2).filter(|_| one.row.role == Role::Shop) {
        *shop = Cell::plain("");
    }
    // What has no number yet is named by its ID.
    cells.insert(0, Cell::plain(number.unwrap_or_else(|| short(one.key.id.as_str()).to_owned())));
    cells.insert(3, or_nothing(&one.row.buyer));
    cells
}

/// Returns what stands in the place of the payment where a refund is still to come.
fn refund_cell(words: Words, row: &Row, now: &Moment, zone: &jiff::tz::TimeZone) -> Option<Cell> {
    row.refund?;
    let Some(due) = refund_due(row) else {
        return Some(Cell(words.say("listing.refund-undated"), Tone::Plain));
    };
    let day = near(&due, text::day(&due, zone), now);
    Some(match due.is_over(now) {
        true => Cell(words.fill("listing.refund-late", &[("day", &day)]), Tone::Bad),
        false => Cell(words.fill("listing.refund", &[("day", &day)]), Tone::Plain),
    })
}

/// Adds to a payment what of it went back.
fn with_refunded(words: Words, Cell(said, tone): Cell, back: &Money) -> Cell {
    Cell(words.fill("listing.refunded", &[("leg", &said), ("sum", &text::amount(back))]), tone)
}

fn nothing() -> Cell {
    Cell("–".to_owned(), Tone::Faint)
}

/// Leaves the year out of a day that is within half a year of now: it could be no other.
fn near(at: &When, day: String, now: &Moment) -> String {
    let days = now.day().duration_until(at.day()).abs().as_hours() / 24;
    if days <= HALF_A_YEAR { day.get(5..).unwrap_or_default().to_owned() } else { day }
}

/// Writes a leg: a sign, how much of it is done where not all is, month and day, and `late` where the date has passed.
fn leg_cell(words: Words, leg: &RowLeg, shows: Option<(String, When)>, late: bool, now: &Moment) -> Cell {
    if leg.failed {
        return Cell(words.say("listing.failed"), Tone::Bad);
    }
    let date = shows.map(|(date, at)| near(&at, date, now));
    let part = leg.more.in_part.map(|part| part_done(words, &part));
    // With the day where there is one, and how much where that is to be said.
    let said = |key: &str, part: &str, day: &str| words.fill(key, &[("part", &part), ("day", &day)]);
    match (&date, leg.done, &part) {
        (Some(day), ..) if leg.more.back.is_some() => Cell(said("listing.back", "", day), Tone::Plain),
        (Some(done), true, _) => Cell(said("listing.done", "", done), Tone::Good),
        (None, true, _) => Cell("✓".to_owned(), Tone::Good),
        (Some(due), false, part) if late => {
            let key = if part.is_some() { "listing.part-late" } else { "listing.late" };
            Cell(said(key, part.as_deref().unwrap_or_default(), due), Tone::Bad)
        }
        (Some(due), false, Some(part)) => Cell(said("listing.part-due", part, due), Tone::Plain),
        (None, false, Some(part)) => Cell(said("listing.part", part, ""), Tone::Plain),
        (Some(due), false, None) => Cell(said("listing.due", "", due), Tone::Plain),
        (None, false, None) => nothing(),
    }
}

/// Writes how much of a leg is done; the currency stands beside the total.
fn part_done(words: Words, part: &InPart) -> String {
    let number =
        |money: &Money| text::amount(money).split_once(' ').map(|(_, number)| number.to_owned()).unwrap_or_default();
    match part {
        InPart::Goods { done, of } => words.fill("listing.part-goods", &[("done", done), ("of", of)]),
        InPart::Money { done, of } => words.fill("listing.part-money", &[("done", &number(done)), ("of", &number(of))]),
    }
}
