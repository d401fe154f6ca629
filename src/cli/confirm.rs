//! `confirm`: what was ordered against what the shop says, differences first, and the OK to it (figure 9; P34-P36, P118).

use std::cell::OnceCell;

use super::Shell;
use super::buy::{told, write};
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use super::prompt;
use super::table::{Fit, Table};
use super::transaction;
use crate::clerk::Clerk;
use crate::role::{Refused, buyer};
use crate::rules::agreement::Difference;
use crate::trade::{Digest, Leg, Person, PinnedBy, Role, Settlement, Transaction};
use crate::view::confirm::{Offer, Told, offered, said};
use crate::view::{short, text};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder confirm K5QW3Z
  mailorder confirm K5QW3Z --dry-run
  mailorder confirm K5QW3Z --yes

On a terminal the terms are shown against your order, and you are asked. A script (no terminal, or --no-input) is not: what
agrees with the order is accepted. Terms that differ are accepted on a terminal by a written yes, else by
`mailorder warnings accept W-... --reason WHY` before this command; --yes does not accept them.")]
pub(crate) struct ConfirmArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Show the terms against the order, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

pub(super) fn run(shell: &mut Shell, args: ConfirmArgs) -> Result<(), Failure> {
    if args.dry_run {
        return look(shell, &args.transaction);
    }
    let seen = if shell.can_ask() && !shell.global.yes { Some(ask(shell, &args.transaction)?) } else { None };
    let overtaken = OnceCell::new();
    let written = write(shell, &args.transaction, |known, desk| {
        let now = offered(known).map(|(kept, _)| kept.content);
        if seen.is_some() && now != seen {
            let _ = overtaken.set(others_came(known));
            return Err(Refused::new(OTHERS_CAME));
        }
        buyer::confirm(known, desk)
    });
    let (transaction, _) = written.map_err(|failure| overtaken.into_inner().unwrap_or(failure))?;
    // The transaction as it stood before the OK: what it accepts was the offer then.
    let total = offered(&transaction).map(|(_, terms)| text::amount(&terms.total)).unwrap_or_default();
    told(shell, &transaction, &format!("confirmed: {total}"))
}

/// Why an OK is not sent that was asked for beside other terms.
const OTHERS_CAME: &str = "the shop has sent other terms meanwhile; nothing is sent";

/// Returns the failure to say OK to terms that others have overtaken since they were shown.
fn others_came(known: &Transaction) -> Failure {
    let id = short(known.key.id.as_str());
    Failure::data(OTHERS_CAME).hint(format!("look at them: mailorder confirm {id}"))
}

/// Shows the terms and sends nothing.
fn look(shell: &Shell, text: &str) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let known = transaction::find(&mut clerk, text, Role::Buyer)?;
    let offer = Offer::of(&mut clerk, &known, &shell.clock.now())?.ok_or_else(|| refusal(&known, &clerk))?;
    if shell.output.is_json() {
        return shell.output.document(&offer.document());
    }
    print(shell, &offer)?;
    shell.line("nothing is sent (--dry-run)")
}

/// Returns why there is nothing to accept.
fn refusal(known: &Transaction, clerk: &Clerk) -> Failure {
    let refused = buyer::confirm(known, &transaction::desk(clerk)).err();
    Failure::data(
        refused.map_or_else(|| "no terms of this order wait for your answer".to_owned(), |why| why.to_string()),
    )
}

/// Shows the terms and asks whether they are accepted; returns the digest of those that were shown.
///
/// Terms that differ are settled as accepted, with the reason that the differences were seen.
fn ask(shell: &Shell, text: &str) -> Result<Digest, Failure> {
    let mut clerk = shell.clerk()?;
    let known = transaction::find(&mut clerk, text, Role::Buyer)?;
    transaction::is_not_rejected(&known)?;
    let now = shell.clock.now();
    let offer = Offer::of(&mut clerk, &known, &now)?.ok_or_else(|| refusal(&known, &clerk))?;
    if offer.kept.counts() {
        // Nobody is asked what would be refused.
        buyer::confirm(&known, &transaction::desk(&clerk)).map_err(|why| Failure::data(why.to_string()))?;
    }
    print(shell, &offer)?;
    if offer.over {
        let text = "an OK would come too late: the offer is over";
        return Err(Failure::data(text).hint(format!("mailorder reorder {}", short(known.key.id.as_str()))));
    }
    let total = text::amount(&offer.terms.total);
    let (content, position) = (offer.kept.content, offer.kept.position);
    let owe = format!("Order from {} with the obligation to pay {total}", offer.seller());
    let owe = shell.words.sentence(&owe);
    if offer.differs.is_empty() && offer.kept.counts() {
        return if shell.agrees(&format!("{owe}?"))? { Ok(content) } else { Err(prompt::not_agreed()) };
    }
    let counts = offer.kept.counts();
    let answer = shell.asks(&format!("{owe}, although not all agrees? Write yes, or nothing to leave it:"))?;
    if !matches!(answer.to_lowercase().as_str(), "yes" | "はい") {
        return Err(prompt::not_agreed());
    }
    if !counts {
        let known = transaction::find(&mut clerk, text, Role::Buyer)?;
        if offered(&known).is_none_or(|(kept, _)| kept.content != content) {
            return Err(others_came(&known));
        }
        let why = "the differences were seen at the terminal and accepted".to_owned();
        clerk.settle(position, Settlement::Accept, Some(why))?;
    }
    Ok(content)
}

/// Prints the terms against the order: what differs, the whole, and who signed it.
fn print(shell: &Shell, offer: &Offer<'_>) -> Result<(), Failure> {
    let zone = shell.clock.zone();
    let (from, written) = (&offer.kept.letter.from.address, text::minute(&offer.kept.letter.date, zone));
    let seller = output::escape(offer.seller());
    shell.line(&format!("terms of {seller} <{from}>, written {written}"))?;
    shell.output.line("")?;
    let told = offer.told();
    if told.changes_first {
        changes(shell, &told.changes)?;
        shell.output.line("")?;
        besides(shell, offer, &told)?;
    } else {
        differences(shell, offer)?;
        shell.output.line("")?;
        changed_before(shell, &told.changes)?;
    }
    goods(shell, offer)?;
    points(shell, offer)?;
    shell.output.line("")?;
    signer(shell, offer)?;
    if let Some(owed) = &offer.owed {
        let [now, then, limit] = [&owed.now, &owed.then, &owed.limit].map(text::amount);
        shell.line(&format!("! {now} is unpaid already; with this {then}, and your limit is {limit}"))?;
    }
    shell.output.line("")
}

/// Prints what changes by terms that are to take the place of those the buyer agreed to.
fn changes(shell: &Shell, points: &[&Difference]) -> Result<(), Failure> {
    let said = match points.len() {
        1 => "new terms: 1 point changes".to_owned(),
        count => format!("new terms: {count} points change"),
    };
    shell.output.toned(&shell.words.sentence(&said), Tone::Warned)?;
    shell.line("until your OK to them, those before them stay in force")?;
    points_table(shell, points, ["point", "agreed", "offered"])
}

/// Prints what else differs from the order, where the points that change are told already.
fn besides(shell: &Shell, offer: &Offer<'_>, told: &Told<'_>) -> Result<(), Failure> {
    if offer.order.is_none() || offer.differs.is_empty() {
        differences(shell, offer)?;
        return shell.output.line("");
    }
    let said = match told.differs.len() {
        0 => return doubts(shell, offer),
        1 => "besides, 1 point differs from your order, as you agreed".to_owned(),
        count => format!("besides, {count} points differ from your order, as you agreed"),
    };
    shell.line(&said)?;
    points_table(shell, &told.differs, ["point", "ordered", "offered"])?;
    doubts(shell, offer)?;
    shell.output.line("")
}

/// Prints what else the shop has changed of an offer that the buyer has not answered.
fn changed_before(shell: &Shell, points: &[&Difference]) -> Result<(), Failure> {
    let said = match points.len() {
        0 => return Ok(()),
        1 => "besides, the shop has changed 1 point of its offer before".to_owned(),
        count => format!("besides, the shop has changed {count} points of its offer before"),
    };
    shell.output.toned(&shell.words.sentence(&said), Tone::Warned)?;
    points_table(shell, points, ["point", "before", "offered"])?;
    shell.output.line("")
}

/// Prints points in which terms differ from what was before.
pub(super) fn points_table(shell: &Shell, points: &[&Difference], head: [&'static str; 3]) -> Result<(), Failure> {
    let row = |one: &&Difference| {
        let [what, before, offered] = said(one, shell.words);
        vec![Cell::plain(what), Cell::plain(before), Cell(output::escape(&offered), Tone::Bad)]
    };
    let rows: Vec<Vec<Cell>> = points.iter().map(row).collect();
    let head = shell.heads(&head);
    let table = Table { head: &head, rows: &rows, right: &[], fit: &[Fit::Cut(0, 16), Fit::Cut(1, 16)], wrap: true };
    if rows.is_empty() { Ok(()) } else { shell.output.fitted(&table) }
}

fn differences(shell: &Shell, offer: &Offer<'_>) -> Result<(), Failure> {
    if offer.order.is_none() {
        return shell.line("there is no order of yours here to hold them against");
    }
    if offer.differs.is_empty() && offer.kept.counts() {
        let same = shell.words.sentence("✓ they are what you ordered");
        return shell.output.toned(&same, Tone::Good);
    }
    let points = match offer.differs.len() {
        0 => "they are not applied, though they are what you ordered".to_owned(),
        1 => "1 point differs from your order".to_owned(),
        count => format!("{count} points differ from your order"),
    };
    let more = offer.more().map(|more| match more.is_negative() {
        true => format!("; in all {}", text::amount(&more)),
        false => format!("; in all {} more", text::amount(&more)),
    });
    let more = shell.words.sentence(&more.unwrap_or_default());
    let head = format!("✗ {}{more}", shell.words.sentence(&points));
    shell.output.toned(&head, Tone::Bad)?;
    points_table(shell, &offer.told().differs, ["point", "ordered", "offered"])?;
    for why in &offer.terms.short {
        paragraph(shell, "", &shell.words.sentence(&why.sentence()))?;
    }
    doubts(shell, offer)
}

/// Prints what else is found about the letter that brought the terms.
fn doubts(shell: &Shell, offer: &Offer<'_>) -> Result<(), Failure> {
    let others = offer.kept.findings.iter().filter(|finding| finding.code.blocks());
    for finding in others.filter(|finding| finding.code != crate::trade::Code::TermsDifferFromOrder) {
        let said = text::finding_line(shell.words, finding.code.word(), &finding.text, shell.clock.zone());
        paragraph(shell, "", &said)?;
    }
    Ok(())
}

/// Says of a part whether it is as ordered.
fn against(shell: &Shell, same: bool) -> Cell {
    if same {
        Cell(shell.words.say("checked.as-ordered"), Tone::Faint)
    } else {
        Cell(format!("✗ {}", shell.words.say("checked.differs")), Tone::Bad)
    }
}

fn goods(shell: &Shell, offer: &Offer<'_>) -> Result<(), Failure> {
    let terms = offer.terms;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for line in &terms.lines {
        let price = line.price().map(|price| text::amount(&price)).unwrap_or_default();
        rows.push(vec![
            Cell::plain(&line.item.name),
            Cell::plain(line.quantity.to_string()),
            Cell::plain(text::amount(&line.unit_price)),
            Cell::plain(price),
            against(shell, offer.is_same_line(line)),
        ]);
    }
    for charge in &terms.charges {
        let price = text::amount(&charge.price);
        rows.push(vec![
            Cell::plain(&charge.name),
            Cell::plain("1"),
            Cell::plain(&price),
            Cell::plain(&price),
            against(shell, offer.is_same_charge(charge)),
        ]);
    }
    let same = offer.order.is_some_and(|(_, order)| order.total == terms.total);
    let [empty, also] = [Cell::plain(""), Cell::plain("")];
    let total = Cell::plain(shell.words.say("shown.total"));
    rows.push(vec![total, empty, also, Cell::plain(text::amount(&terms.total)), against(shell, same)]);
    let head = shell.heads(&["goods", "quantity", "each", "amount", "against"]);
    shell.output.fitted(&Table {
        head: &head,
        rows: &rows,
        right: &[1, 2, 3],
        fit: &[Fit::Cut(0, 8), Fit::Drop(2)],
        wrap: false,
    })
}

/// Prints payment, delivery, withdrawal and the period of the offer, in the words of the terms.
fn points(shell: &Shell, offer: &Offer<'_>) -> Result<(), Failure> {
    let (terms, zone) = (offer.terms, shell.clock.zone());
    let words = shell.words;
    let by = |leg: Leg| {
        let agent = terms.agent(leg).map(|agent| words.fill("checked.by", &[("who", &agent.party.address)]));
        agent.unwrap_or_default()
    };
    let mark = |same: bool| if same { String::new() } else { format!(" (✗ {})", words.say("checked.differs")) };
    let card = terms.payment_id.as_ref().map(|last| format!(" ...{last}")).unwrap_or_default();
    let due = terms.payment_due.map(|due| words.fill("checked.due", &[("day", &text::when(&due, zone))]));
    let due = due.unwrap_or_default();
    let pay = format!("{}{card}{due}{}", words.method(terms.payment_method.as_str()), by(Leg::Payment));
    paragraph(shell, "payment", &format!("{pay}{}", mark(offer.is_same_payment())))?;
    let arrives = terms.arrival_until.or(terms.arrival_from);
    let arrives = arrives.map(|at| words.fill("checked.until", &[("day", &text::when(&at, zone))]));
    let arrives = arrives.unwrap_or_default();
    let to = terms.deliver_to.as_ref().map(|to| words.fill("checked.to", &[("place", &to.lines().join(", "))]));
    let to = to.unwrap_or_default();
    let deliver = format!("{}{arrives}{}{to}", words.method(terms.delivery_method.as_str()), by(Leg::Delivery));
    paragraph(shell, "delivery", &format!("{deliver}{}", mark(offer.is_same_delivery())))?;
    let unsaid = || words.say("checked.unsaid");
    let conditions = terms.conditions.as_ref().map(|text| text.lines().collect::<Vec<_>>().join(" / "));
    paragraph(shell, "withdrawal", &conditions.unwrap_or_else(unsaid))?;
    let until = terms.valid_through.map(|until| words.fill("checked.stands", &[("day", &text::minute(&until, zone))]));
    let over = if offer.over { words.say("checked.over") } else { String::new() };
    paragraph(shell, "period", &format!("{}{over}", until.unwrap_or_else(unsaid)))?;
    let Person { name, email, telephone, .. } = &terms.buyer;
    let telephone = telephone.as_ref().map(|number| format!(", {number}")).unwrap_or_default();
    paragraph(shell, "buyer", &format!("{name} <{email}>{telephone}{}", mark(offer.is_same_buyer())))
}

fn signer(shell: &Shell, offer: &Offer<'_>) -> Result<(), Failure> {
    let by = match offer.signer.by {
        Some(PinnedBy::User) => "key-user",
        Some(PinnedBy::FirstUse) => "key-first-use",
        Some(PinnedBy::OldKey) => "key-old-key",
        Some(PinnedBy::Merge) => "key-merge",
        None => "key-none",
    };
    let by = shell.words.say(&format!("checked.{by}"));
    let from = &offer.kept.letter.from;
    let key = offer.signer.fingerprint.grouped();
    let said = shell.words.fill("checked.key", &[("who", &from.address), ("key", &key), ("by", &by)]);
    paragraph(shell, "signer", &said)?;
    let unusable = |fault: &String| shell.words.sentence(&format!("! this key is not usable: {fault}"));
    offer.signer.fault.as_ref().map_or(Ok(()), |fault| paragraph(shell, "", &unusable(fault)))
}

/// Prints a sentence beside its name, in as many lines as it needs.
fn paragraph(shell: &Shell, name: &str, text: &str) -> Result<(), Failure> {
    const NAMES: usize = 14;
    let name = if name.is_empty() { String::new() } else { shell.words.say(&format!("checked.{name}")) };
    shell.output.named(&name, NAMES, &output::escape(text))
}
