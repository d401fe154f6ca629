//! `show`: one transaction: the terms, every letter, and what can be done next (P34, P35, P85).

use std::path::PathBuf;

use super::Shell;
use super::confirm::points_table;
use super::download::{self, Saved};
use super::failure::Failure;
use super::given_back;
use super::hint;
use super::output::{self, Cell, Tone};
use super::table::{Fit, Table};
use super::transaction;
use crate::clerk::{Clerk, ClerkError};
use crate::role::shop_held;
use crate::rules::agreement::{changes, not_applied};
use crate::rules::failed::failures;
use crate::rules::in_part::{back, in_part};
use crate::rules::overdue::refund;
use crate::rules::said_again::listed_under;
use crate::rules::waiting::{Waiting, waiting};
use crate::rules::{InPart, Standing, State, offer, received};
use crate::trade::item::{Charge, Line};
use crate::trade::{
    Agent, Code, DeliveryMethod, Direction, Erasure, Kept, Leg, Moment, Money, PaymentMethod, Person, PostalAddress,
    Role, Transaction, Verdict, When,
};
use crate::view::bill::{Bill, Differs};
use crate::view::orders::EXPIRED;
use crate::view::said::to_do;
use crate::view::short;
use crate::view::text;
use crate::view::transaction::{Unsure, became, document, instead, instruction, next, shown, signer_named};
use crate::view::warnings::open_of;
use crate::words::Words;

/// Columns of the names in front of values.
const NAMES: usize = 8;
/// How many open warnings are led to at most; `warnings` has all.
const WARNINGS: usize = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mailorder show K5QW3Z\n  mailorder show K5QW3Z --save ~/Downloads")]
pub(crate) struct ShowArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Part played, where the account plays several; by default the first one that has it
    #[arg(long, value_parser = super::list::role)]
    role: Option<Role>,
    /// Show names, addresses and fingerprints in full
    #[arg(long)]
    full: bool,
    /// Write the files that goods are into this folder: checked, under a safe name, never over another file
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

pub(super) fn run(shell: &mut Shell, args: ShowArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let known = match args.role {
        Some(role) => transaction::find(&mut clerk, &args.transaction, role)?,
        None => {
            let (known, others) = transaction::find_any(&mut clerk, &args.transaction)?;
            if !others.is_empty() {
                let others: Vec<String> = others.iter().map(|role| format!("--role {role}")).collect();
                shell.hint(&format!("other parts of this account have it, too: {}", others.join(", ")));
            }
            known
        }
    };
    let standing = Standing::of(&known);
    let now = shell.clock.now();
    let unsure = Unsure::of(&clerk, &known, &now)?;
    let saved = match &args.save {
        Some(folder) => download::save(&clerk, &known, folder)?,
        None => Vec::new(),
    };
    if shell.output.is_json() {
        let mut value = document(&known, &standing, &now, &unsure);
        if let Some(members) = value.as_object_mut().filter(|_| args.save.is_some()) {
            members.insert("saved".to_owned(), saved.iter().map(Saved::json).collect());
        }
        return shell.output.document(&value);
    }
    head(shell, &clerk, &known, &standing)?;
    erased(shell, &known)?;
    given_back::lines(shell, &known, &standing)?;
    terms(shell, &known, &standing, args.full)?;
    bill(shell, &clerk, &known, &standing)?;
    offered(shell, &known, &standing)?;
    shell.output.line("")?;
    came(shell, &known, &standing)?;
    letters(shell, &known, &unsure, args.full)?;
    // The name of a file is whole, so that it can be copied.
    saved.iter().try_for_each(|saved| shell.output.line(shell.words.sentence(&saved.line())))?;
    for position in open_of(&clerk, &known, &now)?.into_iter().take(WARNINGS) {
        shell.hint(&format!("a letter of it does not agree: mailorder warnings show W-{position}"));
    }
    if let Some(next) = next(&known, &standing, &now).or_else(|| next_to_report(&known, &standing, &now)) {
        shell.next(&next);
    }
    Ok(())
}

/// Returns the command that shop and agents are likely to want next.
fn next_to_report(known: &Transaction, standing: &Standing, now: &Moment) -> Option<String> {
    let id = short(known.key.id.as_str());
    let name = known.number.as_ref().map_or_else(|| id.to_owned(), ToString::to_string);
    match waiting(known).first() {
        None if !shop_held::held(known, now).is_empty() => {
            return Some(format!("mailorder {} inbox", super::inbox::command(known.key.role)));
        }
        None => {}
        Some(Waiting::Task(_)) => return Some(format!("mailorder shop instruct {name}")),
        Some(Waiting::Untold(_)) => return Some(format!("mailorder {} inbox", super::inbox::command(known.key.role))),
        Some(_) => {
            return Some(format!("mailorder shop accept {name}, or mailorder shop reject {name} --reason WHY"));
        }
    }
    let (leg, report) = match known.key.role {
        Role::Payment if refund(known, standing).is_some() => {
            return Some(format!("mailorder pay notify {name} --refunded"));
        }
        Role::Buyer => return None,
        Role::Shop => (Leg::Order, format!("mailorder shop notify {name} --shipped")),
        Role::Payment => (Leg::Payment, format!("mailorder pay notify {name} --paid")),
        Role::Delivery => {
            let mut open =
                standing.legs.delivery.parcels.iter().filter(|(_, part)| part.done.is_none() && !part.failed);
            let parcel = open.next().filter(|_| standing.legs.delivery.parcels.len() > 1);
            let parcel = parcel.map(|(id, _)| format!(" --parcel {}", hint::quoted(id))).unwrap_or_default();
            (Leg::Delivery, format!("mailorder ship notify {name}{parcel} --delivered"))
        }
    };
    (standing.state == State::Open && !standing.mark(leg).done).then_some(report)
}

/// Prints in one line what it is found by, whose shop it is, when it was bought, and how it stands.
fn head(shell: &Shell, clerk: &Clerk, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let now = &shell.clock.now();
    let words = shell.words;
    let none = if standing.state == State::Rejected { "shown.numberless" } else { "shown.unnumbered" };
    let number = known.number.as_ref();
    let number = number.map_or_else(|| words.say(none), |number| words.fill("shown.number", &[("number", number)]));
    let mut late: Vec<&str> = standing.late(now).into_iter().map(Leg::word).collect();
    late.extend(refund(known, standing).filter(|refund| refund.promised.is_over(now)).map(|_| "refund"));
    let late: Vec<String> = late.into_iter().map(|leg| words.name("legs", leg)).collect();
    let late = match late.as_slice() {
        [] => String::new(),
        late => words.fill("shown.late", &[("legs", &late.join(", "))]),
    };
    let id = short(known.key.id.as_str());
    let state = if offer::has_run_out(known, standing.state, now) { EXPIRED } else { standing.state.word() };
    let state = words.name("standing", state);
    let (shop, day) = (output::escape(&shop(clerk, known)?), purchased(shell, known));
    shell.output.paragraph(&format!("{id}  {shop}  {day}  {number}  {state}{late}"))
}

/// Returns the shop's name, where one is known, and its address.
fn shop(clerk: &Clerk, known: &Transaction) -> Result<String, Failure> {
    let address = &known.key.shop;
    let name = match known.terms() {
        Some((_, terms)) => terms.seller.clone(),
        None if known.key.role == Role::Buyer => clerk.shop_name(address)?,
        None => String::new(),
    };
    Ok(if name.is_empty() { address.to_string() } else { format!("{name} <{address}>") })
}

/// Returns the day of the first letter, as the list has it.
fn purchased(shell: &Shell, known: &Transaction) -> String {
    let first = known.kept.first().map(|kept| When::Moment(kept.letter.date));
    first.map(|date| text::day(&date, shell.clock.zone())).unwrap_or_default()
}

/// Says how many letters were erased, and why the last was.
fn erased(shell: &Shell, known: &Transaction) -> Result<(), Failure> {
    let erased: Vec<&Erasure> = known.kept.iter().filter_map(|kept| kept.erased.as_ref()).collect();
    let Some(last) = erased.iter().max_by_key(|erased| erased.by) else { return Ok(()) };
    let day = text::day(&When::Moment(last.at), shell.clock.zone());
    let line = shell.words.fill("shown.erased", &[("n", &erased.len()), ("day", &day), ("why", &last.reason)]);
    paragraph(shell, &line)
}

fn terms(shell: &Shell, known: &Transaction, standing: &Standing, full: bool) -> Result<(), Failure> {
    let (kept, terms) = match (known.terms(), known.order()) {
        (Some(terms), _) => terms,
        (None, Some((_, order))) => {
            goods(shell, &order.lines, &order.charges, order.total)?;
            let methods = (&order.payment_method, &order.delivery_method);
            ways(shell, &methods, order.deliver_to.as_ref(), &order.buyer)?;
            return remarks(shell, known);
        }
        (None, None) => {
            return to_do(instruction(known), shell.words)
                .iter()
                .try_for_each(|line| shell.output.line(output::escape(line)));
        }
    };
    goods(shell, &terms.lines, &terms.charges, terms.total)?;
    ways(shell, &(&terms.payment_method, &terms.delivery_method), terms.deliver_to.as_ref(), &terms.buyer)?;
    remarks(shell, known)?;
    let failures = failures(known, standing);
    let failed = |leg: Leg| failures.iter().any(|failure| failure.leg == leg);
    let rows: Vec<Vec<Cell>> = Leg::ALL
        .into_iter()
        .filter_map(|leg| leg_row(shell, known, terms.agent(leg)?, (leg, failed(leg)), standing, full))
        .collect();
    shell.output.table(&["", "", "", ""], &rows, &[])?;
    offer_until(shell, known, standing)?;
    if let Some(conditions) = &terms.conditions {
        // Lines of its own in words of others would look like those of this program.
        let conditions = conditions.lines().collect::<Vec<_>>().join(" / ");
        shell.named("conditions", &output::escape(&conditions))?;
    }
    if full {
        shell.named("terms", &kept.content.to_string())?;
    }
    Ok(())
}

/// Says until when an OK counts to what was offered last, where nothing is agreed to yet.
fn offer_until(shell: &Shell, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let Some((_, terms)) = shown(known, standing).filter(|_| standing.state == State::Offered) else { return Ok(()) };
    let Some(until) = terms.valid_through else { return Ok(()) };
    let day = text::minute(&until, shell.clock.zone());
    let key = if terms.has_run_out(&shell.clock.now()) { "shown.offer-over" } else { "shown.offer" };
    shell.output.paragraph(&shell.words.fill(key, &[("day", &day)]))
}

/// Prints in one line what was agreed, billed, paid and is open, and whether that agrees.
fn bill(shell: &Shell, clerk: &Clerk, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let Some(bill) = Bill::of(known, standing) else { return Ok(()) };
    let words = shell.words;
    let sum = |key: &str, money: &Money| words.fill(key, &[("sum", &text::amount(money))]);
    let mut parts = vec![sum("shown.bill-agreed", &bill.agreed)];
    parts.extend(bill.stated.as_ref().map(|stated| sum("shown.bill-stated", stated)));
    parts.push(sum("shown.bill-paid", &bill.paid));
    parts.push(match bill.due.map(|due| text::when(&due, shell.clock.zone())) {
        None => sum("shown.bill-open", &bill.open),
        Some(day) => words.fill("shown.bill-due", &[("sum", &text::amount(&bill.open)), ("day", &day)]),
    });
    parts.extend(match bill.differs {
        None => bill.agrees().map(|_| words.say("shown.bill-agrees")),
        Some(Differs { position, accepted: false }) => Some(words.fill("shown.bill-differs", &[("n", &position)])),
        Some(Differs { position, accepted: true }) => {
            let why = reason(clerk, position)?;
            Some(words.fill("shown.bill-accepted", &[("why", &output::escape(&why))]))
        }
    });
    shell.output.named(&words.say("shown.bill"), NAMES.saturating_add(2), &parts.join(" · "))
}

/// Returns why a person accepted a letter.
fn reason(clerk: &Clerk, position: u64) -> Result<String, Failure> {
    let settled = clerk.index().settlements().map_err(ClerkError::from)?;
    let reason = settled.into_iter().find(|one| one.position == Some(position)).and_then(|one| one.reason);
    Ok(reason.unwrap_or_default())
}

/// Prints what the buyer says came, beside what the delivery agent says.
fn came(shell: &Shell, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let Some(said) = received::said(known) else { return Ok(()) };
    let heard = format!("received, as you said of {}:", text::when(&said.at, shell.clock.zone()));
    shell.output.paragraph(&shell.words.sentence(&heard))?;
    super::received::table(shell, &received::counts(known, standing))?;
    if let Some(differs) = received::differs(known, standing) {
        let text = text::sentence(&shell.words.sentence(&differs.text), shell.clock.zone());
        shell.output.paragraph(&format!("✗ received-differs: {}", output::escape(&text)))?;
    }
    shell.output.line("")
}

/// Prints what the buyer wrote to the shop beside the order.
fn remarks(shell: &Shell, known: &Transaction) -> Result<(), Failure> {
    let said = known.order().and_then(|(_, order)| order.remarks.as_deref());
    // Of several lines one: it stands among others that have a name each.
    let line = |said: &str| shell.label("remarks", &said.lines().collect::<Vec<_>>().join(" / "));
    said.map_or(Ok(()), |said| paragraph(shell, &line(said)))
}

/// Prints sentences of a letter, in as many lines as they need.
fn paragraph(shell: &Shell, text: &str) -> Result<(), Failure> {
    shell.output.paragraph(&output::escape(text))
}

/// Lays out who speaks for a leg, and how it stands.
fn leg_row(
    shell: &Shell,
    known: &Transaction,
    agent: &Agent,
    (leg, failed): (Leg, bool),
    standing: &Standing,
    full: bool,
) -> Option<Vec<Cell>> {
    let mark = standing.mark(leg);
    let later = mark.agreed_before();
    let offered = standing.state == State::Offered && !offer::has_run_out(known, standing.state, &shell.clock.now());
    let open = standing.state == State::Open || offered;
    let late = standing.late(&shell.clock.now()).contains(&leg);
    let date = mark.promised.filter(|_| late && later.is_none()).or(mark.date);
    let date = date.map(|date| text::when(&date, shell.clock.zone()));
    let words = shell.words;
    let (stands, tone) = match (date, mark.done) {
        _ if failed => (words.say("listing.failed"), Tone::Bad),
        (Some(date), true) => (words.fill("shown.done-day", &[("day", &date)]), Tone::Good),
        (None, true) => (words.say("shown.done"), Tone::Good),
        (Some(date), false) if late => (words.fill("shown.late-day", &[("day", &date)]), Tone::Bad),
        (Some(date), false) if open => (words.fill("shown.due-day", &[("day", &date)]), Tone::Plain),
        (None, false) if open => (words.say("shown.undated"), Tone::Faint),
        (_, false) => ("–".to_owned(), Tone::Faint),
    };
    let stands = match later.filter(|_| open && !failed).map(|day| text::when(&day, shell.clock.zone())) {
        Some(day) => words.fill("shown.agreed-day", &[("stands", &stands), ("day", &day)]),
        None => stands,
    };
    let went = back(known, standing, leg).filter(|_| !failed);
    let (stands, tone) = match (went, in_part(known, standing, leg)) {
        (Some(day), _) => {
            let day = text::when(&day, shell.clock.zone());
            let key = if leg == Leg::Payment { "shown.back-payment" } else { "shown.back-order" };
            (words.fill(key, &[("day", &day)]), Tone::Plain)
        }
        (None, Some(part)) => (with_part(words, &part, &stands), tone),
        (None, None) => (stands, tone),
    };
    let key = if full { agent.party.fingerprint.to_string() } else { String::new() };
    let by = words.fill("shown.by", &[("who", &agent.party.address)]);
    let leg = words.name("legs", leg.word());
    Some(vec![Cell::plain(leg), Cell::plain(by), Cell(stands, tone), Cell::plain(key)])
}

/// Says how much of a leg is done, and how the rest stands.
fn with_part(words: Words, part: &InPart, stands: &str) -> String {
    match part {
        InPart::Goods { done, of } => {
            words.fill("shown.part-goods", &[("done", done), ("of", of), ("stands", &stands)])
        }
        InPart::Money { done, of } => {
            let sums = [done, of].map(text::amount);
            let [done, of] = &sums;
            words.fill("shown.part-money", &[("done", done), ("of", of), ("stands", &stands)])
        }
    }
}

impl Shell {
    /// Prints a named value, in as many lines as it needs.
    pub(super) fn named(&self, name: &str, value: &str) -> Result<(), Failure> {
        self.output.named(&self.words.say(&format!("shown.{name}")), NAMES.saturating_add(2), value)
    }

    /// Returns a named value as a line.
    fn label(&self, name: &str, value: &str) -> String {
        text::labelled(&self.words.say(&format!("shown.{name}")), NAMES, value)
    }
}

/// Prints lines, charges and total.
pub(super) fn goods(shell: &Shell, lines: &[Line], charges: &[Charge], total: Money) -> Result<(), Failure> {
    let row = |name: String, amount: String| vec![Cell::plain(name), Cell::plain(amount)];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for line in lines {
        let price = line.price().map(|price| text::amount(&price)).unwrap_or_default();
        rows.push(row(format!("{} ×{}", line.item.name, line.quantity), price));
    }
    rows.extend(charges.iter().map(|charge| row(charge.name.clone(), text::amount(&charge.price))));
    rows.push(row(shell.words.say("shown.total"), text::amount(&total)));
    shell.output.fitted(&Table { head: &["", ""], rows: &rows, right: &[1], fit: &[Fit::Cut(0, 8)], wrap: false })
}

/// Prints beside the order the terms that a shop offers instead, where they wait for a person's word.
fn offered(shell: &Shell, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let instead = instead(known, standing, &shell.clock.now());
    let other = not_applied(known).filter(|_| known.key.role == Role::Buyer);
    let Some((kept, terms)) = instead.or(other) else { return Ok(()) };
    let (from, warning) = (&kept.letter.from.address, listed_under(known, kept, Code::blocks));
    let line = match kept.counts() {
        true if known.key.role == Role::Shop => shell.words.say("shown.change-offered"),
        true => shell.words.fill("shown.change", &[("who", from)]),
        false => shell.words.fill("shown.not-applied", &[("who", from), ("n", &warning)]),
    };
    shell.output.line("")?;
    shell.output.paragraph(&line)?;
    goods(shell, &terms.lines, &terms.charges, terms.total)?;
    ways(shell, &(&terms.payment_method, &terms.delivery_method), terms.deliver_to.as_ref(), &terms.buyer)?;
    // Agents, days and conditions change as quietly as prices.
    let before = known.terms().filter(|(before, _)| before.content != kept.content);
    let changed = before.map(|(_, before)| changes(before, terms)).unwrap_or_default();
    if changed.is_empty() {
        return Ok(());
    }
    shell.output.line("")?;
    points_table(shell, &changed.iter().collect::<Vec<_>>(), ["point", "agreed", "offered"])
}

/// Prints how it is paid and delivered, where to, and who buys: in the same order for orders and terms (P34).
fn ways(
    shell: &Shell,
    methods: &(&PaymentMethod, &DeliveryMethod),
    to: Option<&PostalAddress>,
    buyer: &Person,
) -> Result<(), Failure> {
    let place = to.map(|to| to.lines().join(", ")).unwrap_or_default();
    let telephone = buyer.telephone.as_ref().map(|number| format!(", {number}")).unwrap_or_default();
    let words = shell.words;
    // No letter names a buyer without a name, unless that was erased.
    let nowhere = || words.say(if buyer.name.is_empty() { "shown.gone" } else { "shown.nowhere" });
    for (name, value) in [
        ("pay", words.method(methods.0.as_str())),
        ("deliver", words.method(methods.1.as_str())),
        ("to", if place.is_empty() { nowhere() } else { place }),
        ("buyer", format!("{} <{}>{telephone}", buyer.name, buyer.email).trim_start().to_owned()),
    ] {
        shell.named(name, &output::escape(&value))?;
    }
    Ok(())
}

fn letters(shell: &Shell, known: &Transaction, unsure: &Unsure, full: bool) -> Result<(), Failure> {
    let rows: Vec<Vec<Cell>> = known
        .kept
        .iter()
        .map(|kept| {
            let (sign, tone) = match (kept.direction, kept.verdict) {
                (Direction::Out, _) => ("→", Tone::Faint),
                (_, Verdict::Applied | Verdict::Stale) => ("✓", Tone::Good),
                (_, Verdict::Held) => ("…", Tone::Plain),
                _ => ("✗", Tone::Bad),
            };
            let peer = match kept.direction {
                Direction::In => &kept.letter.from.address,
                Direction::Out => &kept.letter.to.address,
            };
            vec![
                Cell::plain(text::minute(&kept.letter.date, shell.clock.zone())),
                Cell(sign.to_owned(), tone),
                Cell::plain(peer.as_str()),
                Cell::plain(shell.words.name("kinds", kept.letter.kind().word())),
                signer(shell, known, kept, full),
                Cell::plain(became(kept, unsure, shell.words, shell.clock.zone())),
            ]
        })
        .collect();
    let head = shell.heads(&["sent", "", "with", "letter", "signer", "became"]);
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[], fit: &[Fit::Cut(2, 12)], wrap: true })
}

/// Returns the key that signed a letter, and whether it is one that the terms name.
fn signer(shell: &Shell, known: &Transaction, kept: &Kept, full: bool) -> Cell {
    let key = &kept.letter.from.fingerprint;
    let key = if full { key.to_string() } else { key.brief() };
    let (word, tone) = match (kept.direction, signer_named(known, kept)) {
        (Direction::Out, _) => ("shown.key-yours", Tone::Plain),
        (_, Some(true)) => ("shown.key-named", Tone::Plain),
        (_, Some(false)) => ("shown.key-other", Tone::Warned),
        (_, None) => return Cell::plain(key),
    };
    Cell(format!("{key} {}", shell.words.say(word)), tone)
}
