//! `received`: what really came, in the buyer's own word, compared with what the delivery agent says.

use serde_json::{Value, json};

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::output::{self, Cell, Tone};
use super::table::{Fit, Table};
use super::transaction;
use crate::role::buyer::{self, Came};
use crate::rules::received::{Count, counts, differs};
use crate::rules::{Standing, received};
use crate::trade::{Moment, Quantity, Role, Transaction, When};
use crate::view::transaction::{counts_json, next_of_missing};
use crate::view::{short, text};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder received K5QW3Z --all
  mailorder received K5QW3Z --line 1=2 --line 2=1
  mailorder received K5QW3Z --all --line 2=0 --date 2026-11-28

It says all that has come so far, and the last word counts. Without --all, lines that are not named did not come. It is entered in
your ledger and sent to nobody; where the delivery agent says otherwise, that is a warning (received-differs).")]
pub(crate) struct ReceivedArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// All came that was agreed on, but for the lines that are named
    #[arg(long, conflicts_with = "nothing")]
    all: bool,
    /// So many of a line came, like 1=2; 0 for none
    #[arg(long = "line", value_name = "LINE=QUANTITY", value_parser = line, conflicts_with = "nothing")]
    lines: Vec<(String, Option<Quantity>)>,
    /// Nothing came
    #[arg(long)]
    nothing: bool,
    /// When it came: a day or a moment (RFC 3339); now where it is not said
    #[arg(long, value_name = "WHEN", value_parser = date)]
    date: Option<When>,
}

/// Reads `LINE=QUANTITY`, where the quantity may be 0.
fn line(text: &str) -> Result<(String, Option<Quantity>), String> {
    let (line, quantity) = text.split_once('=').ok_or("it is written LINE=QUANTITY, like 1=2")?;
    let quantity = Quantity::parse_count(quantity.trim()).map_err(|error| error.to_string())?;
    Ok((line.trim().to_owned(), quantity))
}

fn date(text: &str) -> Result<When, String> {
    When::parse(text).map_err(|_| "it is written like 2026-11-28, or 2026-11-28T10:00:00+09:00".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: ReceivedArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let known = transaction::find(&mut clerk, &args.transaction, Role::Buyer)?;
    let now = shell.clock.now();
    let said = args.all || args.nothing || !args.lines.is_empty();
    let lines = match said {
        true => args.lines,
        false if shell.can_ask() => ask(shell, &known)?,
        false => {
            let text = "what came is not said: --all, --line LINE=QUANTITY or --nothing";
            return Err(Failure::usage(text));
        }
    };
    if !is_meant(shell, &known, &lines)? {
        return Err(Failure::new(FailureKind::Finding, "nothing is noted"));
    }
    let came = Came { whole: args.all, lines, at: args.date.unwrap_or(When::Moment(now)) };
    let entered = clerk.enter_received(&known.key, |known| buyer::received(known, &came, &now))?;
    print(shell, &entered, &now)
}

/// Says of which lines more came than was agreed on, by what is said; asks a person at a terminal whether that is meant.
fn is_meant(shell: &Shell, known: &Transaction, came: &[(String, Option<Quantity>)]) -> Result<bool, Failure> {
    let terms = known.terms().map(|(_, terms)| terms.lines.as_slice()).unwrap_or_default();
    let agreed = |line: &str| terms.iter().find(|agreed| agreed.id == line);
    let more = came.iter().filter_map(|(line, quantity)| {
        let (agreed, quantity) = (agreed(line)?, (*quantity)?);
        (quantity > agreed.quantity).then_some((agreed, quantity))
    });
    for (line, quantity) in more {
        let (name, agreed) = (&line.item.name, line.quantity);
        shell.tell(&format!("{name}: {quantity} came, and {agreed} were agreed on"));
        if shell.can_ask() && !shell.agrees("Is that so?")? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Asks for each line how many came; what the delivery agent says, or what was agreed on, is the answer of an empty line.
fn ask(shell: &Shell, known: &Transaction) -> Result<Vec<(String, Option<Quantity>)>, Failure> {
    let terms = known.terms().map(|(_, terms)| terms.lines.as_slice()).unwrap_or_default();
    let delivered = received::delivered(known, &Standing::of(known));
    let mut lines = Vec::new();
    for line in terms {
        let said = delivered.iter().find(|part| part.line == line.id).map_or(line.quantity, |part| part.quantity);
        let quantity = loop {
            let answer = shell.asks(&format!("How many of {} came, of {}? [{said}]", line.item.name, line.quantity))?;
            match Quantity::parse_count(&answer) {
                _ if answer.is_empty() => break Some(said),
                Ok(quantity) => break quantity,
                Err(why) => shell.output.message(output::escape(&shell.words.sentence(&why.to_string()))),
            }
        };
        lines.push((line.id.clone(), quantity));
    }
    Ok(lines)
}

/// Prints each line as agreed on, delivered and received, and what differs.
fn print(shell: &Shell, known: &Transaction, now: &Moment) -> Result<(), Failure> {
    let standing = Standing::of(known);
    let differs = differs(known, &standing);
    let id = known.key.id.as_str();
    if shell.output.is_json() {
        let mut value = counts_json(known, &standing);
        if let Value::Object(members) = &mut value {
            members.insert("schema".to_owned(), json!("mailorder.received/1"));
            members.insert("id".to_owned(), json!(id));
        }
        return shell.output.document(&value);
    }
    table(shell, &counts(known, &standing))?;
    let Some(differs) = differs else {
        return shell.line(&format!("{}  noted as received", short(id)));
    };
    let differs = text::sentence(&shell.words.sentence(&differs.text), shell.clock.zone());
    shell.line(&format!("{}  noted; {}", short(id), output::escape(&differs)))?;
    if let Some(next) = next_of_missing(known, &standing, now) {
        shell.next(&next);
    }
    Ok(())
}

/// Prints what was agreed on, delivered and received, a line for each line of the order.
pub(super) fn table(shell: &Shell, counts: &[Count]) -> Result<(), Failure> {
    // Who delivers may have said nothing yet; the buyer has, where there is a table.
    let number =
        |quantity: Option<Quantity>, none: &str| quantity.map_or_else(|| none.to_owned(), |one| one.to_string());
    let row = |count: &Count| {
        let tone = if count.differs() { Tone::Bad } else { Tone::Plain };
        let sign = if count.differs() { "! " } else { "" };
        vec![
            Cell::plain(&count.line),
            Cell::plain(&count.name),
            Cell::plain(count.agreed.to_string()),
            Cell::plain(number(count.delivered, "–")),
            Cell(format!("{sign}{}", number(count.received, "0")), tone),
        ]
    };
    let rows: Vec<Vec<Cell>> = counts.iter().map(row).collect();
    let head = shell.heads(&["line", "article", "agreed", "delivered", "received"]);
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[2, 3, 4], fit: &[Fit::Cut(1, 8)], wrap: false })
}
