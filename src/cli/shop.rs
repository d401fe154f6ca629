//! `shop inbox|accept|reject|cancel|refund|instruct`: what waits for the shop's owner, and what he says to it.

use jiff::tz::Offset;
use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::given_back::GivenBack;
use super::notify::{plays, write};
use super::order_written::money;
use super::output::{self, Cell};
use super::table::{Fit, Table};
use super::transaction::{self, short};
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, OpenTask};
use crate::role::{shop_cancel, shop_desk};
use crate::rules::waiting::{Waiting, waiting};
use crate::trade::status::Step;
use crate::trade::{Document, Given, Kept, Moment, Role, Transaction};

#[derive(Debug, clap::Args)]
pub(super) struct Item {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "ITEM")]
    transaction: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct RejectArgs {
    #[command(flatten)]
    item: Item,
    /// Why, in a sentence that the buyer reads
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct RefundArgs {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "TXN")]
    transaction: String,
    /// How much, like 'JPY 500'; all that is left of what was paid where none is given
    #[arg(long)]
    amount: Option<String>,
    /// Why, for the payment agent's books
    #[arg(long, value_name = "TEXT", default_value = "given back by the shop")]
    reason: String,
}

/// One thing that waits, as it is shown.
struct Shown {
    /// The entry it came with.
    position: u64,
    id: String,
    number: Option<String>,
    what: &'static str,
    state: &'static str,
    since: Moment,
    buyer: String,
    about: String,
    hook: Option<String>,
    tries: u32,
    next_try: Option<Moment>,
}

pub(super) fn inbox(shell: &Shell) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    plays(shell, &clerk, Role::Shop)?;
    clerk.catch_up()?;
    let items = items(&clerk)?;
    if shell.output.is_json() {
        let items: Vec<Value> = items.iter().map(document).collect();
        return shell.output.document(&json!({"schema": "mailorder.inbox/1", "items": items}));
    }
    GivenBack::of(&clerk, Role::Shop)?.tell(shell);
    if items.is_empty() {
        return shell.output.line("nothing waits");
    }
    let row = |item: &Shown| {
        let name = item.number.clone().unwrap_or_else(|| item.id.clone());
        let since = output::minute(&item.since, shell.clock.zone());
        [name, item.what.to_owned(), since, item.buyer.clone(), item.state.to_owned(), item.about.clone()]
            .map(Cell::plain)
            .into()
    };
    let rows: Vec<Vec<Cell>> = items.iter().map(row).collect();
    let head = &["ITEM", "WHAT", "SINCE", "BUYER", "STATE", "ABOUT"];
    shell.output.fitted(&Table { head, rows: &rows, right: &[], fit: &[Fit::Cut(3, 16)], wrap: true })?;
    if items.iter().any(|item| item.what != "task") {
        shell.hint("mailorder shop accept ITEM · mailorder shop reject ITEM --reason TEXT");
    }
    if items.iter().any(|item| item.what == "task" && item.state != "given") {
        shell.hint("mailorder shop instruct ITEM has its hook try again");
    }
    Ok(())
}

/// Returns how many things wait for the shop's owner.
pub(super) fn waiting_count(clerk: &Clerk) -> Result<u64, Failure> {
    if !clerk.settings().practice.plays(Role::Shop) {
        return Ok(0);
    }
    let waits = clerk.index().count(&of_waiting()).map_err(ClerkError::from)?;
    let stuck = clerk.index().open_tasks().map_err(ClerkError::from)?;
    let stuck = stuck.iter().filter(|open| state_of(open) == "given-up").count();
    Ok(waits.saturating_add(u64::try_from(stuck).unwrap_or(u64::MAX)))
}

fn of_waiting() -> Filter {
    Filter { role: Some(Role::Shop), waits: true, ..Filter::default() }
}

/// Returns what waits, oldest first: what needs a person, and the work that hooks have not ended.
fn items(clerk: &Clerk) -> Result<Vec<Shown>, Failure> {
    let mut found = Vec::new();
    for listed in clerk.index().list(&of_waiting()).map_err(ClerkError::from)? {
        let known = clerk.index().load_key(&listed.key).map_err(ClerkError::from)?;
        let Some(known) = known else { continue };
        found.extend(waiting(&known).iter().map(|one| shown(&known, one)));
    }
    for open in clerk.index().open_tasks().map_err(ClerkError::from)? {
        let known = clerk.index().load(open.role, &open.names).map_err(ClerkError::from)?;
        found.extend(known.filter(|known| known.key.role == Role::Shop).map(|known| open_task(&known, &open)));
    }
    found.sort_by_key(|item| item.position);
    Ok(found)
}

fn bare(known: &Transaction, what: &'static str, (position, since): (u64, Moment)) -> Shown {
    let buyer = known.order().map(|(_, order)| order.buyer.name.trim().to_owned()).filter(|name| !name.is_empty());
    let address = || known.buyer().map(|party| party.address.to_string()).unwrap_or_default();
    Shown {
        position,
        id: short(known.key.id.as_str()).to_owned(),
        number: known.number.as_ref().map(ToString::to_string),
        what,
        state: "waits",
        since,
        buyer: buyer.unwrap_or_else(address),
        about: String::new(),
        hook: None,
        tries: 0,
        next_try: None,
    }
}

fn shown(known: &Transaction, one: &Waiting<'_>) -> Shown {
    let bare = bare(known, one.word(), (one.position(), one.since()));
    match one {
        Waiting::Order(kept) | Waiting::Cancellation(kept) | Waiting::Return(kept) => {
            Shown { about: about(kept), ..bare }
        }
        Waiting::Task(given) => Shown {
            state: "refused",
            about: format!("{}: {}", given.task.hook, refusal(given)),
            hook: Some(given.task.hook.to_string()),
            ..bare
        },
    }
}

fn refusal(given: &Given) -> String {
    match given.said.as_ref().map(|said| &said.step) {
        Some(Step::Failed { reason, .. }) => reason.text.clone(),
        _ => String::new(),
    }
}

fn about(kept: &Kept) -> String {
    match &kept.letter.document {
        Document::Order(order) => {
            let items: Vec<String> =
                order.lines.iter().map(|line| format!("{} ×{}", line.item.name, line.quantity)).collect();
            format!("{}: {}", output::amount(&order.total), items.join(", "))
        }
        Document::Cancellation(cancellation) => cancellation.reason.clone().unwrap_or_default(),
        Document::ReturnRequest(request) => {
            let lines: Vec<String> =
                request.lines.iter().map(|part| format!("{} of line {}", part.quantity, part.line)).collect();
            format!("{}: {}", lines.join(", "), request.reason.text)
        }
        _ => String::new(),
    }
}

/// Returns where work for a hook is.
pub(super) fn state_of(open: &OpenTask) -> &'static str {
    match &open.attempt {
        None => "given",
        Some(attempt) if attempt.next.is_some() => "tried",
        Some(_) => "given-up",
    }
}

/// Returns when work for a hook is tried next; `None` at once, or where it waits for a person.
pub(super) fn next_try(open: &OpenTask) -> Option<Moment> {
    let next = open.attempt.as_ref().and_then(|attempt| attempt.next)?;
    jiff::Timestamp::from_second(next).ok().map(|at| Moment::new(at, Offset::UTC))
}

fn open_task(known: &Transaction, open: &OpenTask) -> Shown {
    let fault = open.attempt.as_ref().map(|attempt| attempt.fault.clone()).unwrap_or_default();
    Shown {
        state: state_of(open),
        about: format!(
            "{} {}{}{fault}",
            open.task.hook,
            open.task.work.word(),
            if fault.is_empty() { "" } else { ": " }
        ),
        hook: Some(open.task.hook.to_string()),
        tries: open.attempt.as_ref().map_or(0, |attempt| attempt.times),
        next_try: next_try(open),
        ..bare(known, "task", (open.position, open.since))
    }
}

fn document(item: &Shown) -> Value {
    json!({
        "id": item.id, "number": item.number, "what": item.what, "state": item.state, "since": item.since,
        "buyer": item.buyer, "about": item.about, "hook": item.hook, "tries": item.tries, "next_try": item.next_try,
    })
}

pub(super) fn accept(shell: &Shell, item: &Item) -> Result<(), Failure> {
    write(shell, &item.transaction, Role::Shop, shop_desk::accept)
}

pub(super) fn reject(shell: &Shell, args: &RejectArgs) -> Result<(), Failure> {
    let why = sentence(&args.reason, "the buyer")?;
    write(shell, &args.item.transaction, Role::Shop, |known, desk| shop_desk::reject(known, why, desk))
}

pub(super) fn cancel(shell: &Shell, args: &RejectArgs) -> Result<(), Failure> {
    let why = sentence(&args.reason, "the buyer")?;
    write(shell, &args.item.transaction, Role::Shop, |known, desk| shop_cancel::cancel(known, why, desk))
}

/// Most characters of a reason.
const REASON_MAX: usize = 500;

/// Returns a reason without blanks around it.
///
/// # Errors
/// One that is empty, too long, or no line of text.
fn sentence<'a>(reason: &'a str, reader: &str) -> Result<&'a str, Failure> {
    let why = reason.trim();
    if why.is_empty() || why.chars().any(char::is_control) {
        return Err(Failure::usage(format!("--reason is a sentence for {reader}, in one line")));
    }
    if why.chars().count() > REASON_MAX {
        return Err(Failure::usage(format!("--reason has more than {REASON_MAX} characters; say it shorter")));
    }
    Ok(why)
}

pub(super) fn refund(shell: &Shell, args: &RefundArgs) -> Result<(), Failure> {
    let amount = args.amount.as_deref().map(|text| money("--amount", text)).transpose()?;
    let why = sentence(&args.reason, "the payment agent")?;
    write(shell, &args.transaction, Role::Shop, |known, _| shop_desk::refund(known, amount, why))
}

/// Instructs the agents that refused, and has hooks try again what they would or could not do.
pub(super) fn instruct(shell: &Shell, item: &str) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    plays(shell, &clerk, Role::Shop)?;
    let known = transaction::find(&mut clerk, item, Role::Shop)?;
    let anew = clerk.try_anew(&known)?;
    if anew == 0 {
        drop(clerk);
        return write(shell, item, Role::Shop, shop_desk::instruct);
    }
    shell.runtime.block_on(clerk.work(super::mail::WORK_BUDGET))?;
    shell.tell_notes(&mut clerk);
    shell.send(&mut clerk)
}
