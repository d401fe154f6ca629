//! `shop procedure list|check|run`: the steps for each way to pay and to deliver, and what they would do with an order.

use std::path::Path;

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::notify::{is_played, plays};
use super::output::{self, Cell};
use super::table::{Fit, Table};
use super::{order, transaction};
use crate::clerk::{Clerk, is_made};
use crate::config::{self, Keys};
use crate::role::practice::{Procedure, Stage};
use crate::role::shop_desk::{Foreseen, foresee};
use crate::rules::agreement::{Difference, compare};
use crate::trade::{Order, Party, Role, Shows};
use crate::view::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder shop procedure check")]
pub(super) struct ProcedureArgs {
    #[command(subcommand)]
    command: ProcedureCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ProcedureCommand {
    /// List the procedures with their steps
    #[command(after_help = "Example:\n  mailorder shop procedure list")]
    List,
    /// Say what is wrong with them: a step that is none, a key or a program that is not there
    #[command(after_help = "Example:\n  mailorder shop procedure check")]
    Check,
    /// Show what would be done with an order; nothing is
    #[command(
        after_help = "Examples:\n  mailorder shop procedure run --dry-run order.toml\n  mailorder shop procedure run --dry-run K5QW3Z"
    )]
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Only show it; letters and hooks are for orders that come
    #[arg(long, required = true)]
    dry_run: bool,
    /// An order as `order --file` takes it, or the beginning of the ID or number of one that came
    #[arg(value_name = "ORDER")]
    order: String,
}

pub(super) fn run(shell: &Shell, args: ProcedureArgs) -> Result<(), Failure> {
    match args.command {
        ProcedureCommand::List => list(shell),
        ProcedureCommand::Check => check(shell),
        ProcedureCommand::Run(args) => dry_run(shell, &args.order),
    }
}

fn list(shell: &Shell) -> Result<(), Failure> {
    let settings = shell.settings()?;
    is_played(shell, &settings, Role::Shop)?;
    let procedures = settings.practice.shop.as_ref().map(|shop| shop.procedures.as_slice()).unwrap_or_default();
    if shell.output.is_json() {
        let procedures: Vec<Value> = procedures.iter().map(document).collect();
        return shell.output.document(&json!({"schema": "mailorder.procedures/1", "procedures": procedures}));
    }
    let words = shell.words;
    let any = || words.say("procedures.any");
    let agent = |party: &Option<Party>| {
        party.as_ref().map_or_else(|| words.say("procedures.this-shop"), |party| party.address.to_string())
    };
    let row = |procedure: &Procedure| {
        let within = |stage: &Stage| match stage {
            Stage::Authorize => words.fill("procedures.within", &[("hours", &procedure.authorize_within)]),
            Stage::Payment => shown(stage.word(), procedure.payment_shows),
            Stage::Delivery => shown(stage.word(), procedure.delivery_shows),
            other => other.word().to_owned(),
        };
        let steps: Vec<String> = procedure.stages.iter().map(within).collect();
        [
            procedure.payment_method.as_ref().map_or_else(any, ToString::to_string),
            procedure.delivery_method.as_ref().map_or_else(any, ToString::to_string),
            agent(&procedure.payment_agent),
            agent(&procedure.delivery_agent),
            steps.join(", "),
        ]
        .map(Cell::plain)
        .into()
    };
    let rows: Vec<Vec<Cell>> = procedures.iter().map(row).collect();
    let head = ["payment", "delivery", "collects", "carries", "steps"].map(|name| words.say(&format!("column.{name}")));
    let head = &head.each_ref().map(String::as_str);
    shell.output.fitted(&Table { head, rows: &rows, right: &[], fit: &[Fit::Cut(2, 12), Fit::Cut(3, 12)], wrap: true })
}

/// Adds what an agent is shown beyond what it needs.
fn shown(step: &str, shows: Shows) -> String {
    match shows.words().join(", ") {
        words if words.is_empty() => step.to_owned(),
        words => format!("{step} (shows {words})"),
    }
}

fn document(procedure: &Procedure) -> Value {
    let steps: Vec<&str> = procedure.stages.iter().map(Stage::word).collect();
    let asks = procedure.stages.contains(&Stage::Authorize);
    json!({
        "authorize_within": asks.then_some(procedure.authorize_within),
        "payment": procedure.payment_method, "delivery": procedure.delivery_method, "steps": steps,
        "payment_agent": procedure.payment_agent, "delivery_agent": procedure.delivery_agent,
        "payment_shows": procedure.payment_shows.words(), "delivery_shows": procedure.delivery_shows.words(),
    })
}

/// Says everything that is wrong with the procedures of a configuration that can be read.
fn check(shell: &Shell) -> Result<(), Failure> {
    let settings = shell.settings_checked()?;
    is_played(shell, &settings, Role::Shop)?;
    let file = &settings.folders.config;
    let text = crate::files::read_text(file, crate::files::SMALL).map_err(|error| Failure::unreadable(file, &error))?;
    let clerk = if is_made(&settings) { Some(shell.clerk()?) } else { None };
    let keys = clerk.as_ref().map(|clerk| clerk as &dyn Keys);
    shell.all_wrong(config::selling_problems(&text, &settings, keys))?;
    let count = settings.practice.shop.as_ref().map_or(0, |shop| shop.procedures.len());
    let count = if count == 1 { "1 procedure".to_owned() } else { format!("{count} procedures") };
    if shell.output.is_json() {
        return shell.output.document(&json!({"schema": "mailorder.check/1", "config": file, "result": "clean"}));
    }
    shell.line(&output::escape(&format!("{}: {count}, nothing wrong", file.display())))
}

/// Shows what would be done with an order, step by step.
fn dry_run(shell: &Shell, name: &str) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    plays(shell, &clerk, Role::Shop)?;
    clerk.look_at_catalog()?;
    let order = find(&mut clerk, name)?;
    let desk = clerk.desk_to_look(&shell.clock.now());
    let foreseen = foresee(&order, &desk);
    let steps = foreseen.as_ref().map(|foreseen| steps(&clerk, foreseen)).unwrap_or_default();
    let differs = foreseen.as_ref().map(|foreseen| compare(&order, &foreseen.terms)).unwrap_or_default();
    let waits = foreseen.is_ok() && desk.practice.shop.as_ref().is_some_and(|shop| shop.review.orders);
    if shell.output.is_json() {
        let reasons = foreseen.as_ref().err().cloned().unwrap_or_default();
        let steps: Vec<Value> = steps.iter().map(|(step, what)| json!({"step": step, "what": what})).collect();
        let differs: Vec<Value> = differs
            .iter()
            .map(|point| json!({"what": point.what, "ordered": point.ordered, "offered": point.offered}))
            .collect();
        let value = json!({
            "schema": "mailorder.foreseen/1", "rejected": reasons, "steps": steps, "differs": differs, "waits": waits,
        });
        shell.output.document(&value)?;
    } else if let Err(reasons) = &foreseen {
        shell.line("the order would be rejected:")?;
        for reason in reasons {
            let why = shell.words.sentence(&reason.text);
            shell.output.line(output::escape(&format!("  {}  {why}", reason.code)))?;
        }
    } else {
        let rows: Vec<Vec<Cell>> = (1_u32..)
            .zip(&steps)
            .map(|(place, (step, what))| {
                [place.to_string(), step.clone(), shell.words.sentence(what)].map(Cell::plain).into()
            })
            .collect();
        let head = [String::new(), shell.words.say("column.step"), shell.words.say("column.would-do")];
        let head = &head.each_ref().map(String::as_str);
        let table = Table { head, rows: &rows, right: &[0], fit: &[], wrap: true };
        if waits {
            shell.output.paragraph(&shell.said("the order would wait for you first: mailorder shop inbox"))?;
        }
        shell.output.fitted(&table)?;
        tell_differences(shell, &differs)?;
    }
    if foreseen.is_err() { Err(Failure::finding()) } else { Ok(()) }
}

/// Says in what terms would differ from the order: no program of a buyer's takes such terms by itself.
fn tell_differences(shell: &Shell, differs: &[Difference]) -> Result<(), Failure> {
    if differs.is_empty() {
        return Ok(());
    }
    shell.line("the terms would not be what was ordered, so the buyer must say himself whether he takes them:")?;
    differs.iter().try_for_each(|point| {
        let Difference { what, ordered, offered, .. } = point;
        let point = shell.words.sentence(&format!("{what}: ordered {ordered}, offered {offered}"));
        shell.output.line(output::escape(&format!("  {point}")))
    })
}

/// Returns the order in a file, or one that came.
fn find(clerk: &mut Clerk, name: &str) -> Result<Order, Failure> {
    if Path::new(name).is_file() {
        return order::from_file(clerk, Path::new(name));
    }
    if name.contains('/') || name.ends_with(".toml") {
        return Err(Failure::data(format!("cannot read {name}: there is no such file")));
    }
    let known = transaction::find(clerk, name, Role::Shop);
    let known = known.map_err(|failure| match failure.is_data() {
        true => failure.hint(format!(
            "nor is there a file {name:?}; name the file of an order, or one of: mailorder list --role shop"
        )),
        false => failure,
    })?;
    let order = known.order().map(|(_, order)| order.clone());
    order.ok_or_else(|| Failure::data(format!("the order of {name} is not in the ledger")))
}

/// Says in words what each step would do.
fn steps(clerk: &Clerk, foreseen: &Foreseen) -> Vec<(String, String)> {
    let Foreseen { procedure, terms } = foreseen;
    let own = || clerk.me().address.to_string();
    let to = |party: &Option<Party>| party.as_ref().map_or_else(own, |party| party.address.to_string());
    let total = text::amount(&terms.total);
    let say = |stage: &Stage| match stage {
        Stage::Authorize => {
            format!("asks {} whether {total} can be paid; rejects the order if not", to(&procedure.payment_agent))
        }
        Stage::Terms => {
            let also = match (terms.payment_due, terms.arrival_until) {
                (Some(due), Some(until)) => format!(", to be paid by {due}, to arrive by {until}"),
                (Some(due), None) => format!(", to be paid by {due}"),
                (None, Some(until)) => format!(", to arrive by {until}"),
                (None, None) => String::new(),
            };
            // An order in a file is nobody's yet.
            let buyer = if terms.buyer.email == clerk.me().address {
                "the buyer".to_owned()
            } else {
                terms.buyer.email.to_string()
            };
            format!("offers it to {buyer} for {total}{also}")
        }
        Stage::Confirmation => match terms.valid_through {
            Some(until) => format!("waits for the buyer's OK, until {}", until.day()),
            None => "waits for the buyer's OK".to_owned(),
        },
        Stage::Payment => {
            shown(&format!("instructs {} to collect {total}", to(&procedure.payment_agent)), procedure.payment_shows)
        }
        Stage::Delivery => {
            shown(&format!("instructs {} to bring the goods", to(&procedure.delivery_agent)), procedure.delivery_shows)
        }
        Stage::Hook(hook) => match clerk.settings().hooks.get(hook) {
            Some(settings) => {
                let (command, seconds) = (settings.hook.command.join(" "), settings.hook.time.as_secs());
                format!(
                    "runs {command} (at most {seconds} s, tried {} times), and waits until it is done",
                    settings.attempts
                )
            }
            None => "has no program".to_owned(),
        },
    };
    procedure.stages.iter().map(|stage| (stage.word().to_owned(), say(stage))).collect()
}
