//! `status`: the account in a few lines.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::given_back::GivenBack;
use super::inbox_due;
use super::list::plural;
use super::output::{self, Tone};
use super::transaction::{self, NotGranted, Rejected, TurnedAway, joined};
use crate::clerk::{Clerk, ClerkError, Fetch};
use crate::index::Filter;
use crate::rules::unheard::SOON;
use crate::trade::{Key, Moment, Money, Role, When};
use crate::view::orders::{Awaited, Summary, awaiting, first_role, is_late};
use crate::view::schedules::prepared;
use crate::view::{short, text};
use crate::words::Words;

/// Columns of the names in front of what is told.
const NAMES: usize = 15;
/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// Seconds of a week.
const WEEK: i64 = 7 * 24 * 60 * 60;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example (cron, mails only when something needs you):\n  mailorder status --exit-code")]
pub(crate) struct StatusArgs {
    /// End with 1 where something is late, warned about, over the limit, waits for your OK or in an inbox, is a refund for you
    /// to pay, where mail could not be fetched or a letter not be sent for a day, a letter was given up, or an order was
    /// rejected within a day (yours, or by your shop by itself) or what you asked for was refused, and say nothing where not. What is late and was noted as seen
    /// does not count
    #[arg(long)]
    exit_code: bool,
}

fn waits(count: u64) -> String {
    if count == 1 { "1 thing waits".to_owned() } else { format!("{count} things wait") }
}

/// How one part of the account stands.
struct Part {
    role: Role,
    open: usize,
    summary: Summary,
    /// The transactions that are late.
    late: Vec<Key>,
    /// Offers that wait for the buyer's answer.
    offered: Vec<Awaited>,
}

impl Part {
    fn load(clerk: &Clerk, role: Role, now: &Moment) -> Result<Self, Failure> {
        let list = |filter: Filter| clerk.index().list(&filter).map_err(ClerkError::from);
        let open = list(Filter::open(role, now))?;
        let due = Some(now.instant().as_second());
        let due = list(Filter { role: Some(role), due_before: due, ..Filter::default() })?;
        Ok(Self {
            role,
            open: open.len(),
            summary: Summary::of(clerk, role)?,
            late: due.into_iter().filter(|one| is_late(&one.row, now)).map(|one| one.key).collect(),
            offered: awaiting(clerk, &open, now)?,
        })
    }

    fn unpaid(&self, words: Words) -> String {
        let unpaid: Vec<String> = self.summary.unpaid.iter().map(|(total, _)| text::amount(total)).collect();
        if unpaid.is_empty() { words.say("account.nothing") } else { unpaid.join(" + ") }
    }

    fn line(&self, words: Words) -> String {
        let Self { open, summary, late, .. } = self;
        let (undelivered, unpaid) = (summary.undelivered, self.unpaid(words));
        let places: [(&str, &dyn std::fmt::Display); 4] =
            [("open", open), ("undelivered", &undelivered), ("unpaid", &unpaid), ("late", &late.len())];
        words.fill("account.part", &places)
    }

    fn json(&self) -> Value {
        let unpaid: Vec<_> = self.summary.unpaid.iter().map(|(total, _)| text::money_json(total)).collect();
        json!({
            "role": self.role.word(), "open": self.open, "undelivered": self.summary.undelivered, "unpaid": unpaid,
            "late": self.late.len(),
        })
    }
}

/// Everything that is told.
struct Account {
    /// The parts played, the first one first.
    parts: Vec<Part>,
    /// Spending limits that are reached.
    over: Vec<Money>,
    not_kept: u64,
    rejected: Vec<Rejected>,
    turned_away: Vec<TurnedAway>,
    not_granted: Vec<NotGranted>,
    /// Letters that wait to be sent, and that failed.
    outbox: (usize, usize),
    /// Since when the oldest letter waits that no try has sent, where it does for a day.
    unsent: Option<Moment>,
    /// Letters that went out a day ago or earlier and that nobody has acknowledged.
    unacknowledged: u64,
    /// What waits for the owner: the part's command, and how many things.
    inboxes: Vec<(&'static str, u64)>,
    /// What is still to go back to buyers.
    back: GivenBack,
    /// Parcels of our own that are to arrive today or were to arrive before.
    parcels: usize,
    /// When mail was fetched last, and the failure since, if there was one; `None` where there is no mailbox and no mail came.
    fetches: Option<[Option<Fetch>; 2]>,
}

impl Account {
    fn load(shell: &Shell, clerk: &Clerk, now: &Moment) -> Result<Self, Failure> {
        let played = Role::ALL.into_iter().filter(|role| clerk.settings().practice.plays(*role));
        let parts = played.map(|role| Part::load(clerk, role, now)).collect::<Result<Vec<Part>, Failure>>()?;
        let queue = clerk.queue().look().map_err(ClerkError::from)?;
        let waiting = queue.waiting().saturating_add(clerk.index().unsealed().map_err(ClerkError::from)?.len());
        let week = now.plus_seconds(-WEEK);
        Ok(Self {
            parts,
            over: clerk.limits_reached()?.into_iter().map(|(limit, _)| limit).collect(),
            not_kept: clerk.not_kept(),
            rejected: transaction::rejected(clerk, 0, Some(&week))?,
            turned_away: transaction::turned_away(clerk, 0, Some(&week))?,
            not_granted: transaction::not_granted(clerk, 0, Some(&week))?,
            outbox: (waiting, queue.failed()),
            unsent: clerk.unsent_for_a_day(&queue)?,
            unacknowledged: clerk.count_unacknowledged(SOON, &queue.items)?,
            inboxes: super::inbox::waiting_counts(clerk)?,
            back: GivenBack::of(clerk, first_role(clerk))?,
            parcels: inbox_due::parcels(shell, clerk)?.len(),
            fetches: Some(clerk.last_fetches()?)
                .filter(|fetches| clerk.settings().inbox.is_some() || fetches.iter().any(Option::is_some)),
        })
    }

    /// Returns whether something wants a person. A rejection does for a day, so that a cron that asks each day tells of it
    /// once: nothing a person does takes it away.
    fn needs_you(&self, clerk: &Clerk, now: &Moment) -> Result<bool, Failure> {
        let day = now.plus_seconds(-DAY);
        let late = self.parts.iter().any(|part| !part.late.is_empty());
        let noted = if late { noted(clerk)? } else { BTreeSet::new() };
        let is_late = |part: &Part| part.late.iter().any(|key| !noted.contains(key));
        let stands = |part: &Part| is_late(part) || !part.offered.is_empty() || part.summary.warnings > 0;
        Ok(self.parts.iter().any(stands)
            || !self.inboxes.is_empty()
            || self.back.to_pay > 0
            || !self.over.is_empty()
            || self.outbox.1 > 0
            || self.unsent.is_some()
            || self.is_deaf(&day)
            || !transaction::rejected(clerk, 0, Some(&day))?.is_empty()
            || !transaction::turned_away(clerk, 0, Some(&day))?.is_empty()
            || !transaction::not_granted(clerk, 0, Some(&day))?.is_empty())
    }

    /// Returns whether mail cannot be fetched, and was not since `day`.
    fn is_deaf(&self, day: &Moment) -> bool {
        let Some([done, Some(_)]) = &self.fetches else { return false };
        done.as_ref().is_none_or(|done| done.at < *day)
    }
}

/// Returns the transactions of which all that is late was noted as seen.
fn noted(clerk: &Clerk) -> Result<BTreeSet<Key>, Failure> {
    let (mut noted, mut open) = (BTreeSet::new(), BTreeSet::new());
    for warning in clerk.computed_warnings()?.into_iter().filter(|one| one.code.is_of_date()) {
        let keys = if warning.settled.is_some() { &mut noted } else { &mut open };
        keys.extend(warning.about);
    }
    noted.retain(|key| !open.contains(key));
    Ok(noted)
}

pub(super) fn run(shell: &mut Shell, args: StatusArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    clerk.catch_up()?;
    let now = shell.clock.now();
    let account = Account::load(shell, &clerk, &now)?;
    let address = clerk.me().address.to_string();
    if args.exit_code && !account.needs_you(&clerk, &now)? {
        return Ok(());
    }
    if shell.output.is_json() {
        shell.output.document(&document(&account, &address))?;
    } else {
        print(shell, &account, &address)?;
        hints(shell, &account);
        super::schedule::tell_prepared(shell, &prepared(&clerk, &now)?);
    }
    if args.exit_code { Err(Failure::finding()) } else { Ok(()) }
}

fn document(account: &Account, address: &str) -> Value {
    let Account { parts, over, not_kept, rejected, turned_away, outbox: (waiting, failed), .. } = account;
    let inbox: u64 = account.inboxes.iter().map(|(_, count)| count).sum();
    let first = parts.first();
    let mut value = json!({
        "schema": "mailorder.status/1", "address": address,
        "over_limit": over.iter().map(text::money_json).collect::<Vec<_>>(),
        "refund_due": account.back.document(), "parcels_due": account.parcels,
        "mail": account.fetches.as_ref().map(|[done, failed]| json!({
            "fetched": done.as_ref().map(|done| done.at),
            "failed": failed.as_ref().map(|failed| json!({"at": failed.at, "why": failed.fault})),
        })),
        "rejected": rejected.iter().map(|one| json!({"id": one.id, "shop": one.shop, "why": joined(&one.why, Words::ENGLISH)})).collect::<Vec<_>>(),
        "turned_away":
            turned_away.iter().map(|one| json!({"id": one.id, "buyer": one.buyer, "why": joined(&one.why, Words::ENGLISH)})).collect::<Vec<_>>(),
        "refused": account.not_granted.iter().map(|one| json!({"id": one.id, "from": one.who, "asked": one.asked, "why": one.why})).collect::<Vec<_>>(),
        "waiting_for_you": first.map_or(0, |part| part.offered.len()), "inbox": inbox,
        "warnings": first.map_or(0, |part| part.summary.warnings), "not_kept": not_kept,
        "outbox": {"waiting": waiting, "failed": failed, "unacknowledged": account.unacknowledged, "unsent_since": account.unsent},
        "parts": parts.iter().map(Part::json).collect::<Vec<_>>(),
    });
    // How the first part stands is there by itself, too.
    if let (Some(all), Some(Value::Object(part))) = (value.as_object_mut(), first.map(Part::json)) {
        all.extend(part);
    }
    value
}

fn print(shell: &Shell, account: &Account, address: &str) -> Result<(), Failure> {
    let Account { parts, over, not_kept, rejected, turned_away, outbox: (waiting, failed), .. } = account;
    let words = shell.words;
    let line = |name: &str, value: String| {
        let name = if name.is_empty() { String::new() } else { words.say(&format!("account.{name}")) };
        shell.output.named(&name, NAMES, &value)
    };
    let Some((first, others)) = parts.split_first() else { return line("address", address.to_owned()) };
    line("address", format!("{address} ({})", words.name("role", first.role.word())))?;
    line("open", first.open.to_string())?;
    line("undelivered", first.summary.undelivered.to_string())?;
    line("unpaid", first.unpaid(words))?;
    account.back.line(shell)?;
    for limit in over {
        line("", shell.output.tone(&words.fill("account.over", &[("sum", &text::amount(limit))]), Tone::Bad))?;
    }
    let counted =
        |count: u64, tone: Tone| shell.output.tone(&count.to_string(), if count > 0 { tone } else { Tone::Plain });
    line("late", counted(u64::try_from(first.late.len()).unwrap_or(u64::MAX), Tone::Bad))?;
    for part in others {
        let role = words.fill("account.as", &[("role", &words.name("role", part.role.word()))]);
        shell.output.named(&role, NAMES, &part.line(words))?;
    }
    line("warnings", counted(first.summary.warnings, Tone::Warned))?;
    for Rejected { id, shop, why } in rejected {
        let why = joined(why, words);
        line("rejected", output::escape(&words.fill("account.by", &[("id", id), ("who", shop), ("why", &why)])))?;
    }
    for NotGranted { id, who, why, .. } in &account.not_granted {
        let why = words.sentence(why);
        line("refused", output::escape(&words.fill("account.by", &[("id", id), ("who", who), ("why", &why)])))?;
    }
    for TurnedAway { id, buyer, why } in turned_away {
        let why = joined(why, words);
        line("turned-away", output::escape(&words.fill("account.of", &[("id", id), ("who", buyer), ("why", &why)])))?;
    }
    if *not_kept > 0 {
        line("lost", words.fill("account.full", &[("n", not_kept)]))?;
    }
    let time = |at: &Moment| text::minute(at, shell.clock.zone());
    match &account.fetches {
        Some([_, Some(failed)]) => {
            let why = words.sentence(failed.fault.as_deref().unwrap_or_default());
            let said = words.fill("account.fetch-failed", &[("at", &time(&failed.at)), ("why", &why)]);
            line("mail", shell.output.tone(&output::escape(&said), Tone::Bad))?;
        }
        Some([Some(done), None]) => line("mail", words.fill("account.fetched", &[("at", &time(&done.at))]))?,
        Some([None, None]) => line("mail", shell.output.tone(&words.say("account.never-fetched"), Tone::Warned))?,
        None => {}
    }
    let queue = words.fill("account.queue", &[("waiting", waiting), ("failed", failed)]);
    let unacknowledged = match account.unacknowledged {
        0 => String::new(),
        n => words.fill("account.unacknowledged", &[("n", &n)]),
    };
    let unsent = account
        .unsent
        .as_ref()
        .map(|since| words.fill("account.unsent", &[("day", &text::day(&When::Moment(*since), shell.clock.zone()))]));
    let unsent = unsent.map(|unsent| shell.output.tone(&unsent, Tone::Bad)).unwrap_or_default();
    line("outbox", format!("{queue}{unsent}{unacknowledged}"))
}

/// Says by which commands what is counted can be looked at.
fn hints(shell: &Shell, account: &Account) {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let Some(first) = account.parts.first() else { return };
    account.back.tell(shell);
    if account.parcels > 0 {
        shell.hint(&format!(
            "{} to arrive today or overdue: mailorder ship inbox",
            plural(count(account.parcels), "parcel")
        ));
    }
    for (command, count) in &account.inboxes {
        shell.hint(&format!("{} for you: mailorder {command} inbox", waits(*count)));
    }
    match first.offered.as_slice() {
        [] => {}
        [one] => shell.hint(&format!("terms wait for your answer: mailorder confirm {}", short(one.order.as_str()))),
        many => shell
            .hint(&format!("{} waiting for your answer: mailorder list --open", plural(count(many.len()), "offer"))),
    }
    for (place, part) in account.parts.iter().enumerate().filter(|(_, part)| !part.late.is_empty()) {
        let role = if place == 0 { String::new() } else { format!(" --role {}", part.role) };
        shell.hint(&format!("{} late: mailorder list --late{role}", plural(count(part.late.len()), "transaction")));
    }
    if first.summary.warnings > 0 {
        shell.hint(&format!("{} open: mailorder warnings", plural(first.summary.warnings, "warning")));
    }
    if account.outbox.1 > 0 || account.unsent.is_some() {
        shell.hint("what could not be sent, and why: mailorder outbox list");
    } else if account.unacknowledged > 0 {
        shell.hint("what went out and was not acknowledged: mailorder outbox list");
    }
}
