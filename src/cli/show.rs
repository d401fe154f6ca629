//! `show`: one transaction: the terms, every letter, and what can be done next (P34, P35, P85).

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use super::said::{said, to_bring};
use super::transaction::{self, short};
use crate::rules::{Standing, State};
use crate::trade::{Direction, Document, Kept, Kind, Leg, Moment, Role, Transaction, Verdict};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder show K5QW3Z")]
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
}

pub(super) fn run(shell: &mut Shell, args: ShowArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let known = match args.role {
        Some(role) => transaction::find(&mut clerk, &args.transaction, role)?,
        None => {
            let (known, others) = transaction::find_any(&mut clerk, &args.transaction)?;
            if !others.is_empty() {
                let others: Vec<String> = others.iter().map(|role| format!("--role {role}")).collect();
                shell.output.message(format!("hint: other parts of this account have it, too: {}", others.join(", ")));
            }
            known
        }
    };
    let standing = Standing::of(&known);
    let now = shell.clock.now();
    if shell.output.is_json() {
        return shell.output.document(&document(&known, &standing, &now));
    }
    head(shell, &known, &standing, &now)?;
    terms(shell, &known, &standing, args.full)?;
    shell.output.line("")?;
    letters(shell, &known)?;
    if let Some(next) = next(&known, &standing) {
        shell.output.message(format!("next: {next}"));
    }
    Ok(())
}

fn head(shell: &Shell, known: &Transaction, standing: &Standing, now: &Moment) -> Result<(), Failure> {
    let number = known.number.as_ref().map_or_else(|| "no number yet".to_owned(), |n| format!("number {n}"));
    let late: Vec<&str> = standing.late(now).into_iter().map(Leg::word).collect();
    let late = if late.is_empty() { String::new() } else { format!(", late: {}", late.join(", ")) };
    let id = short(known.key.id.as_str());
    shell.output.line(format!("{id}  {}  {number}  {}{late}", known.key.shop, standing.state))
}

fn terms(shell: &Shell, known: &Transaction, standing: &Standing, full: bool) -> Result<(), Failure> {
    let (lines, charges, total) = match (known.terms(), known.order()) {
        (Some((_, terms)), _) => (&terms.lines, &terms.charges, terms.total),
        (None, Some((_, order))) => (&order.lines, &order.charges, order.total),
        (None, None) => {
            return to_bring(known).iter().try_for_each(|line| shell.output.line(output::escape(line)));
        }
    };
    let row = |name: String, amount: String| vec![Cell::plain(output::cut(&name, 48)), Cell::plain(amount)];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for line in lines {
        let price = line.price().map(|price| output::amount(&price)).unwrap_or_default();
        rows.push(row(format!("{} ×{}", line.item.name, line.quantity), price));
    }
    rows.extend(charges.iter().map(|charge| row(charge.name.clone(), output::amount(&charge.price))));
    rows.push(row("total".to_owned(), output::amount(&total)));
    shell.output.table(&["", ""], &rows, &[1])?;
    if let Some((kept, terms)) = known.terms() {
        for leg in Leg::ALL {
            let Some(agent) = terms.agent(leg) else { continue };
            let mark = standing.mark(leg);
            let date = mark.date.map(|date| date.to_string()).unwrap_or_default();
            let word = if mark.done { "done" } else { "due" };
            let key = if full { format!("  {}", agent.party.fingerprint) } else { String::new() };
            shell.output.line(format!("{:<9} by {}  {word} {date}{key}", leg.word(), agent.party.address))?;
        }
        let offered = terms.valid_through.map(|until| format!("OK counts until {until}"));
        let conditions = terms.conditions.as_deref().map(output::escape);
        for text in [offered, conditions].into_iter().flatten() {
            shell.output.line(text)?;
        }
        if full {
            shell.output.line(format!("terms     {}", kept.content))?;
            let address = terms.deliver_to.as_ref().map(|to| to.lines().join(", ")).unwrap_or_default();
            shell.output.line(format!("to        {}", output::escape(&address)))?;
        }
    }
    Ok(())
}

fn letters(shell: &Shell, known: &Transaction) -> Result<(), Failure> {
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
                Cell::plain(kept.letter.date.to_string()),
                Cell(sign.to_owned(), tone),
                Cell::plain(peer.as_str()),
                Cell::plain(kept.letter.kind().word()),
                Cell::plain(became(kept)),
            ]
        })
        .collect();
    shell.output.table(&["DATE", "", "WITH", "LETTER", "WHAT BECAME OF IT"], &rows, &[])
}

/// Returns the verdict with its findings, and what the letter says.
fn became(kept: &Kept) -> String {
    let findings: Vec<String> = kept.findings.iter().map(ToString::to_string).collect();
    let verdict = match kept.direction {
        Direction::Out => "written".to_owned(),
        Direction::In if findings.is_empty() => kept.verdict.to_string(),
        Direction::In => format!("{}: {}", kept.verdict, findings.join("; ")),
    };
    let said = said(&kept.letter.document).join("; ");
    if said.is_empty() { verdict } else { format!("{verdict} · {said}") }
}

/// Returns the command a person is likely to want next.
fn next(known: &Transaction, standing: &Standing) -> Option<String> {
    let id = short(known.key.id.as_str());
    if known.key.role != Role::Buyer {
        return None;
    }
    match standing.state {
        State::Offered => Some(format!("mailorder confirm {id}, or mailorder cancel {id}")),
        State::Open => Some(format!("mailorder ask {id}, or mailorder return {id}")),
        State::Completed | State::Refunded | State::Returned => Some(format!("mailorder reorder {id}")),
        State::Ordered => Some(format!("mailorder sync, or mailorder cancel {id}")),
        State::Rejected | State::Cancelled => None,
    }
}

fn document(known: &Transaction, standing: &Standing, now: &Moment) -> Value {
    let leg = |leg: Leg| {
        let mark = standing.mark(leg);
        let agent = known.terms().and_then(|(_, terms)| terms.agent(leg)).map(|agent| json!(agent.party));
        json!({"leg": leg.word(), "done": mark.done, "date": output::when_json(mark.date.as_ref()), "agent": agent})
    };
    let letters: Vec<Value> = known
        .kept
        .iter()
        .map(|kept| {
            let peer = if kept.direction == Direction::In { &kept.letter.from } else { &kept.letter.to };
            json!({
                "entry": kept.position, "direction": kept.direction, "kind": kept.letter.kind(), "peer": peer.address,
                "date": kept.letter.date, "recorded": kept.recorded, "seq": kept.letter.seq, "content": kept.content,
                "verdict": kept.verdict, "findings": kept.findings, "settled": kept.settled,
                "says": said(&kept.letter.document),
            })
        })
        .collect();
    json!({
        "schema": "mailorder.show/1",
        "id": known.key.id,
        "role": known.key.role.word(),
        "shop": known.key.shop,
        "number": known.number,
        "state": standing.state,
        "late": standing.late(now).into_iter().map(Leg::word).collect::<Vec<_>>(),
        "legs": Leg::ALL.map(leg),
        "paid": standing.legs.paid.as_ref().map(output::money_json),
        "unpaid": standing.unpaid.as_ref().map(output::money_json),
        "refunded": standing.legs.refunded.as_ref().map(output::money_json),
        "order": known.order().map(|(_, order)| json!(order)),
        "terms": known.terms().map(|(kept, terms)| json!({"content": kept.content, "terms": terms})),
        "instruction": instruction(known),
        "letters": letters,
    })
}

/// Returns what an agent was instructed to do: it sees no terms.
fn instruction(known: &Transaction) -> Option<&Document> {
    let of = |kind: Kind| known.received(kind).last();
    let newest = of(Kind::PaymentInstruction).or_else(|| of(Kind::DeliveryInstruction))?;
    Some(&newest.letter.document)
}
