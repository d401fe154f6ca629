//! `status`: the account in a few lines.

use serde_json::json;

use super::Shell;
use super::failure::Failure;
use super::given_back::GivenBack;
use super::list::plural;
use super::output;
use super::transaction::{self, Rejected};
use crate::clerk::ClerkError;
use crate::index::Filter;
use crate::trade::Money;
use crate::view::orders::{Summary, awaiting, first_role, is_late};
use crate::view::text;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// Seconds of a week.
const WEEK: i64 = 7 * 24 * 60 * 60;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example (cron, mails only when something needs you):\n  mailorder status --exit-code")]
pub(crate) struct StatusArgs {
    /// End with 1 where something is late, warned about, over the limit, waits for your OK or in an inbox, is a refund for you to pay, or was
    /// rejected within a day,
    /// and say nothing where not
    #[arg(long)]
    exit_code: bool,
}

fn waits(count: u64) -> String {
    if count == 1 { "1 thing waits".to_owned() } else { format!("{count} things wait") }
}

pub(super) fn run(shell: &mut Shell, args: StatusArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    clerk.catch_up()?;
    let role = first_role(&clerk);
    let summary = Summary::of(&clerk, role)?;
    let now = shell.clock.now();
    let open = Filter { role: Some(role), open: Some(true), ..Filter::default() };
    let open = clerk.index().list(&open).map_err(ClerkError::from)?;
    let due = Some(now.plus_seconds(DAY).instant().as_second());
    let due = Filter { role: Some(role), due_before: due, ..Filter::default() };
    let due = clerk.index().list(&due).map_err(ClerkError::from)?;
    let late = due.iter().filter(|one| is_late(&one.row, &now)).count();
    let offered = awaiting(&clerk, &open, &now)?.len();
    let queue = clerk.queue().list().map_err(ClerkError::from)?;
    let waiting = queue.iter().filter(|item| item.standing.state.is_open()).count();
    let failed = queue.iter().filter(|item| item.failed()).count();
    let waiting = waiting.saturating_add(clerk.index().unsealed().map_err(ClerkError::from)?.len());
    let over: Vec<Money> = clerk.limits_reached()?.into_iter().map(|(limit, _)| limit).collect();
    let not_kept = clerk.not_kept()?;
    let rejected = transaction::rejected(&clerk, 0, Some(&now.plus_seconds(-WEEK)))?;
    // Told once by a cron that asks each day: nothing a person does takes a rejection away.
    let news = !transaction::rejected(&clerk, 0, Some(&now.plus_seconds(-DAY)))?.is_empty();
    let inboxes = super::inbox::waiting_counts(&clerk)?;
    let inbox: u64 = inboxes.iter().map(|(_, count)| count).sum();
    let back = GivenBack::of(&clerk, role)?;
    let asks = news || offered > 0 || inbox > 0 || back.to_pay > 0;
    let needs = asks || late > 0 || summary.warnings > 0 || !over.is_empty() || failed > 0;
    if args.exit_code && !needs {
        return Ok(());
    }
    if shell.output.is_json() {
        let unpaid: Vec<_> = summary.unpaid.iter().map(|(total, _)| text::money_json(total)).collect();
        let limits: Vec<_> = over.iter().map(text::money_json).collect();
        shell.output.document(&json!({
            "schema": "mailorder.status/1", "address": clerk.me().address, "role": role.word(),
            "open": open.len(), "undelivered": summary.undelivered, "unpaid": unpaid, "over_limit": limits,
            "refund_due": back.document(),
            "rejected": rejected.iter().map(|one| json!({"id": one.id, "shop": one.shop, "why": one.why})).collect::<Vec<_>>(),
            "late": late, "waiting_for_you": offered, "inbox": inbox, "warnings": summary.warnings,
            "not_kept": not_kept, "outbox": {"waiting": waiting, "failed": failed},
        }))?;
    } else {
        let unpaid: Vec<String> = summary.unpaid.iter().map(|(total, _)| text::amount(total)).collect();
        let line = |name: &str, value: String| shell.output.line(format!("{name:<14} {value}"));
        line("account", format!("{} ({role})", clerk.me().address))?;
        line("open", open.len().to_string())?;
        line("not delivered", summary.undelivered.to_string())?;
        line("unpaid", if unpaid.is_empty() { "nothing".to_owned() } else { unpaid.join(" + ") })?;
        back.line(shell)?;
        for limit in &over {
            line("", format!("the limit of {} is reached", text::amount(limit)))?;
        }
        line("late", late.to_string())?;
        line("warnings", summary.warnings.to_string())?;
        for Rejected { id, shop, why } in &rejected {
            line("rejected", output::escape(&format!("{id} by {shop}: {why}")))?;
        }
        if not_kept > 0 {
            line("not kept", format!("{not_kept} (the folder of mail set aside was full)"))?;
        }
        line("outbox", format!("{waiting} waiting, {failed} failed"))?;
        back.tell(shell);
        for (command, count) in &inboxes {
            shell.hint(&format!("{} for you: mailorder {command} inbox", waits(*count)));
        }
        if offered > 0 {
            let count = u64::try_from(offered).unwrap_or(u64::MAX);
            shell.hint(&format!("{} waiting for your answer: mailorder list --open", plural(count, "offer")));
        }
    }
    if args.exit_code { Err(Failure::finding()) } else { Ok(()) }
}
