//! `shop inbox`, `pay inbox`, `ship inbox`: what waits for the owner of a part.

use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::given_back::GivenBack;
use super::inbox_stands::Stands;
use super::notify::plays;
use super::output::Cell;
use super::table::{Fit, Table};
use super::transaction::desk;
use super::{inbox_due, inbox_money};
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, OpenTask};
use crate::role::{Desk, shop_desk, shop_held};
use crate::rules::Standing;
use crate::rules::failed::came_nonetheless;
use crate::rules::waiting::{Waiting, waiting};
use crate::trade::document::LineReason;
use crate::trade::status::Step;
use crate::trade::{Code, Document, Given, Kept, Moment, Money, Role, Transaction, When, Work};
use crate::view::short;
use crate::view::text;
use crate::words::Words;

/// One thing that waits, as it is shown.
pub(super) struct Shown {
    /// The entry it came with.
    position: u64,
    id: String,
    number: Option<String>,
    what: &'static str,
    pub(super) state: &'static str,
    since: Moment,
    buyer: String,
    shop: String,
    pub(super) about: String,
    /// The warning of which it is settled that a person has seen it.
    warning: Option<String>,
    /// What else is to be known of it: what of an order cannot be had, whether goods have left and money came.
    more: Vec<String>,
    /// How far the goods are of what is to be ended or given back, in a word.
    goods: Option<&'static str>,
    /// What is paid of it.
    paid: Option<Money>,
    /// The day it is to be done.
    pub(super) due: Option<When>,
    hook: Option<String>,
    work: Option<Work>,
    tries: u32,
    next_try: Option<Moment>,
}

impl Shown {
    /// One that waits, of which nothing is said yet.
    pub(super) fn bare(known: &Transaction, what: &'static str, (position, since): (u64, Moment)) -> Self {
        let buyer = known.order().map(|(_, order)| order.buyer.name.trim().to_owned()).filter(|name| !name.is_empty());
        let address = || known.buyer().map(|party| party.address.to_string()).unwrap_or_default();
        Self {
            position,
            id: short(known.key.id.as_str()).to_owned(),
            number: known.number.as_ref().map(ToString::to_string),
            what,
            state: "waits",
            since,
            buyer: buyer.unwrap_or_else(address),
            shop: known.key.shop.to_string(),
            about: String::new(),
            warning: None,
            more: Vec::new(),
            goods: None,
            paid: None,
            due: None,
            hook: None,
            work: None,
            tries: 0,
            next_try: None,
        }
    }
}

/// The parts that have an inbox, each with its group of commands.
const PARTS: [(Role, &str); 3] = [(Role::Shop, "shop"), (Role::Payment, "pay"), (Role::Delivery, "ship")];

/// Returns the group of commands that the inbox of a part belongs to.
pub(super) fn command(role: Role) -> &'static str {
    PARTS.iter().find(|(part, _)| *part == role).map_or("shop", |(_, command)| command)
}

pub(super) fn run(shell: &Shell, role: Role) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    plays(shell, &clerk, role)?;
    clerk.catch_up()?;
    if role == Role::Shop {
        // What is in stock, and so what of an order can be had, stands in the file.
        clerk.look_at_catalog()?;
    }
    let items = items(shell, &clerk, role)?;
    if shell.output.is_json() {
        let items: Vec<Value> = items.iter().map(document).collect();
        return shell.output.document(&json!({"schema": "mailorder.inbox/1", "items": items}));
    }
    // Its own refunds stand in the list.
    if role != Role::Payment {
        GivenBack::of(&clerk, role)?.tell(shell);
    }
    if items.is_empty() {
        return shell.output.line(shell.words.say("waits.none"));
    }
    let row = |item: &Shown| {
        let name = item.number.clone().unwrap_or_else(|| item.id.clone());
        let since = text::minute(&item.since, shell.clock.zone());
        let party = if role == Role::Shop { item.buyer.clone() } else { item.shop.clone() };
        let (what, state) = (shell.words.name("waiting", item.what), shell.words.name("waits", item.state));
        let tried = tried(item, shell.clock.zone()).map(|tried| format!("; {}", shell.words.sentence(&tried)));
        let content = content(item, shell.words) + &tried.unwrap_or_default();
        [name, what, since, party, state, content].map(Cell::plain).into()
    };
    let rows: Vec<Vec<Cell>> = items.iter().map(row).collect();
    let party = if role == Role::Shop { "buyer" } else { "shop" };
    let head = shell.heads(&["item", "what", "since", party, "state", "content"]);
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[], fit: &[Fit::Cut(3, 16)], wrap: true })?;
    for hint in hints(role, &items) {
        shell.hint(hint);
    }
    for warning in items.iter().filter_map(|item| item.warning.as_ref()) {
        let text = format!(
            "agree with the buyer whether they are paid or go back (docs/findings.md says how), then mailorder warnings ack {warning}"
        );
        shell.hint(&text);
    }
    Ok(())
}

/// Returns what to say to what waits.
fn hints(role: Role, items: &[Shown]) -> Vec<&'static str> {
    let tried = |item: &&Shown| item.what == "task" && item.state != "given" && item.state != "untold";
    let mut hints = Vec::new();
    match role {
        Role::Shop => {
            if items.iter().any(|item| !["task", "stop", "goods"].contains(&item.what)) {
                hints.push("mailorder shop accept ITEM · mailorder shop reject ITEM --reason TEXT");
            }
            if items.iter().any(|item| item.what == "stop") {
                hints.push("ask who is silent by another way than mail; mailorder shop accept ITEM lets it end as stopped · mailorder shop reject ITEM --reason TEXT has it go on");
            }
            if items.iter().any(|item| tried(&item)) {
                hints.push("mailorder shop instruct ITEM has its hook try again · mailorder shop reject ITEM --reason TEXT cancels it");
            }
        }
        Role::Payment => {
            if items.iter().any(|item| item.work == Some(Work::Authorize)) {
                hints.push("mailorder pay accept ITEM · mailorder pay reject ITEM --reason TEXT");
            }
            if items.iter().any(|item| tried(&item)) {
                hints.push("mailorder pay retry ITEM has its hook try again");
            }
            if items.iter().any(|item| item.what == "refund" || item.what == "debit") {
                hints.push(inbox_money::REPORT);
            }
        }
        Role::Delivery => {
            if items.iter().any(|item| tried(&item)) {
                hints.push("mailorder ship retry ITEM has its hook try again");
            }
            if items.iter().any(|item| item.what == "parcel") {
                hints.push(inbox_due::REPORT);
            }
        }
        Role::Buyer => {}
    }
    hints
}

/// Returns the parts played for whose owner something waits, each with its command and how many things do.
pub(super) fn waiting_counts(clerk: &Clerk) -> Result<Vec<(&'static str, u64)>, Failure> {
    let stuck = clerk.index().open_tasks().map_err(ClerkError::from)?;
    let mut counts = Vec::new();
    for (role, command) in PARTS.into_iter().filter(|(role, _)| clerk.settings().practice.plays(*role)) {
        let waits = clerk.index().count(&of_waiting(role)).map_err(ClerkError::from)?;
        let stuck = stuck.iter().filter(|open| open.role == role && state_of(open) == "given-up").count();
        let stuck = stuck.saturating_add(held(clerk, role)?.len()).saturating_add(came(clerk, role)?.len());
        let count = waits.saturating_add(u64::try_from(stuck).unwrap_or(u64::MAX));
        counts.extend((count > 0).then_some((command, count)));
    }
    Ok(counts)
}

/// Returns the sales that are held up by an agent that was told to stop and says nothing.
fn held(clerk: &Clerk, role: Role) -> Result<Vec<Transaction>, Failure> {
    if role != Role::Shop {
        return Ok(Vec::new());
    }
    let now = clerk.clock().now();
    let mut found = Vec::new();
    for key in clerk.index().stopping(&now.plus_seconds(-shop_held::PATIENCE)).map_err(ClerkError::from)? {
        let known = clerk.index().load_key(&key).map_err(ClerkError::from)?;
        found.extend(known.filter(|known| !shop_held::held(known, &now).is_empty()));
    }
    Ok(found)
}

/// Returns the sales whose goods came though they were ended: no letter settles them, and a person has not noted yet that it is done.
fn came(clerk: &Clerk, role: Role) -> Result<Vec<Shown>, Failure> {
    let mut found = Vec::new();
    if role != Role::Shop {
        return Ok(found);
    }
    for warning in clerk.standing_warnings()? {
        let is_open = warning.code == Code::Failed && warning.settled.is_none();
        let Some(key) = warning.about.as_ref().filter(|key| is_open && key.role == role) else { continue };
        let Some(known) = clerk.index().load_key(key).map_err(ClerkError::from)? else { continue };
        let standing = Standing::of(&known);
        let said = standing.legs.delivery.content.and_then(|content| known.by_content(&content));
        let came = came_nonetheless(&known, &standing).filter(|came| came.text == warning.text);
        if let Some((came, said)) = came.zip(said) {
            let bare = Shown::bare(&known, "goods", (said.position, came.since));
            found.push(Shown { about: came.text, warning: Some(warning.id), ..bare });
        }
    }
    Ok(found)
}

/// Returns the state of what is to be done on a day: it waits for the day, it is due, or the day is over.
pub(super) fn state_by(day: &When, shell: &Shell) -> &'static str {
    let now = shell.clock.now();
    let today = now.instant().to_zoned(shell.clock.zone().clone()).date();
    match day.day() {
        day if day > today => "waits",
        day if day == today => "due",
        _ => "overdue",
    }
}

fn silent(known: &Transaction, stop: &Kept) -> Shown {
    let (who, day) = (&stop.letter.to.address, stop.recorded.day());
    Shown {
        state: "silent",
        about: format!("{who} was told to stop on {day} and has not said whether it did"),
        ..Shown::bare(known, "stop", (stop.position, stop.recorded))
    }
}

fn of_waiting(role: Role) -> Filter {
    Filter { role: Some(role), waits: true, ..Filter::default() }
}

/// Returns what waits, oldest first: what needs a person, what an agent's owner does by hand, and the work that hooks have not
/// ended.
fn items(shell: &Shell, clerk: &Clerk, role: Role) -> Result<Vec<Shown>, Failure> {
    let mut found = match role {
        Role::Payment => inbox_money::items(shell, clerk)?,
        Role::Delivery => inbox_due::parcels(shell, clerk)?,
        Role::Shop | Role::Buyer => Vec::new(),
    };
    for listed in clerk.index().list(&of_waiting(role)).map_err(ClerkError::from)? {
        let known = clerk.index().load_key(&listed.key).map_err(ClerkError::from)?;
        let Some(known) = known else { continue };
        found.extend(waiting(&known).iter().map(|one| shown(&known, one, &desk(clerk))));
    }
    for known in held(clerk, role)? {
        found.extend(shop_held::held(&known, &clerk.clock().now()).into_iter().map(|stop| silent(&known, stop)));
    }
    found.extend(came(clerk, role)?);
    for open in clerk.index().open_tasks().map_err(ClerkError::from)?.iter().filter(|open| open.role == role) {
        let known = clerk.index().load(role, &open.names).map_err(ClerkError::from)?;
        found.extend(known.map(|known| open_task(&known, open)));
    }
    found.sort_by_key(|item| item.position);
    Ok(found)
}

fn shown(known: &Transaction, one: &Waiting<'_>, desk: &Desk<'_>) -> Shown {
    let bare = Shown::bare(known, one.word(), (one.position(), one.since()));
    match one {
        Waiting::Order(kept) => Shown { about: about(kept), more: short_of(one, desk), ..bare },
        Waiting::Cancellation(kept) | Waiting::Return(kept) => {
            let Stands { goods, paid, said } = Stands::of(known);
            Shown { about: about(kept), more: said, goods: Some(goods), paid, ..bare }
        }
        Waiting::Task(given) => Shown {
            state: "refused",
            about: format!("{}: {}", given.task.hook, refusal(given)),
            hook: Some(given.task.hook.to_string()),
            work: Some(given.task.work),
            ..bare
        },
        Waiting::Untold(given) => Shown {
            state: "untold",
            about: format!("{}: {}", given.task.hook, given.untold.as_ref().map_or("", |untold| untold.why.as_str())),
            hook: Some(given.task.hook.to_string()),
            work: Some(given.task.work),
            ..bare
        },
    }
}

/// Returns how many lines of an order that waits can be had, and why not the others, or not all of them; nothing where all
/// can be had, or nothing.
pub(super) fn short_of(one: &Waiting<'_>, desk: &Desk<'_>) -> Vec<String> {
    let Waiting::Order(kept) = one else { return Vec::new() };
    let Document::Order(order) = &kept.letter.document else { return Vec::new() };
    let terms = shop_desk::foresee(order, desk).map(|foreseen| foreseen.terms);
    let Some(terms) = terms.ok().filter(|terms| !terms.short.is_empty()) else { return Vec::new() };
    let lines = format!("{} of {} lines", terms.lines.len(), order.lines.len());
    std::iter::once(lines).chain(terms.short.iter().map(LineReason::sentence)).collect()
}

/// Says sentences in one line.
pub(super) fn in_one_line<'a>(sentences: impl IntoIterator<Item = &'a String>, words: Words) -> String {
    let said = |one: &String| words.sentence(one).trim_end_matches(['.', '。']).to_owned();
    sentences.into_iter().map(said).collect::<Vec<String>>().join("; ")
}

/// Returns what is said of one that waits: what it is about, and what of it cannot be had.
fn content(item: &Shown, words: Words) -> String {
    if item.more.is_empty() {
        return words.sentence(&item.about);
    }
    format!("{}; {}", words.sentence(&item.about), in_one_line(&item.more, words))
}

/// Says how often a hook tried in vain, and when it tries again.
fn tried(item: &Shown, zone: &TimeZone) -> Option<String> {
    let times = match item.tries {
        0 => return None,
        1 => "once".to_owned(),
        tries => format!("{tries} times"),
    };
    Some(match &item.next_try {
        Some(next) => format!("tried {times}, again at {}", text::minute(next, zone)),
        None => format!("tried {times}"),
    })
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
            let remarks = order.remarks.as_ref().map(|said| format!("; remarks: {said}")).unwrap_or_default();
            format!("{}: {}{remarks}", text::amount(&order.total), items.join(", "))
        }
        Document::Cancellation(cancellation) => {
            cancellation.reason.clone().unwrap_or_else(|| "no reason was given".to_owned())
        }
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
        work: Some(open.task.work),
        tries: open.attempt.as_ref().map_or(0, |attempt| attempt.times),
        next_try: next_try(open),
        ..Shown::bare(known, "task", (open.position, open.since))
    }
}

fn document(item: &Shown) -> Value {
    json!({
        "id": item.id, "number": item.number, "what": item.what, "state": item.state, "since": item.since,
        "buyer": item.buyer, "shop": item.shop, "about": content(item, Words::ENGLISH), "hook": item.hook, "work": item.work,
        "tries": item.tries, "next_try": item.next_try, "warning": item.warning, "goods": item.goods, "paid": item.paid,
        "due": item.due,
    })
}
