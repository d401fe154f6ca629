//! `schedule`: the patent's screen 1800 as commands: which transactions are asked about without a word, and when (P90-P92).

use super::failure::Failure;
use super::list::{QUERY_HELP, query_of};
use super::output::{self, Cell, Tone};
use super::table::{Fit, Table};
use super::{Shell, transaction};
use crate::clerk::{By, Clerk, Foreseeing, Ran};
use crate::role::timetable::{self, Timetable};
use crate::rules::{Standing, State};
use crate::trade::{Address, Deed, Kind, Leg, Moment, Role, Schedule, ScheduleName, Target};
use crate::view::schedules::{
    NEXT, PRESETS, Prepared, Preset, Schedules, Shown, ShownRule, next_document, next_of, ran_document,
};
use crate::view::{short, text};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  mailorder schedule\n  mailorder schedule add --preset late\n  mailorder schedule add mornings --query 'undelivered shop:acme' --when 'weekdays 09:00'\n  mailorder schedule run --dry-run\n\nWhat changes is said on a terminal; a script is told nothing, or, with --json, all schedules as they are then."
)]
pub(crate) struct ScheduleArgs {
    #[command(subcommand)]
    command: Option<ScheduleCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum ScheduleCommand {
    /// List schedules with what comes next, rules, and returns that are prepared
    #[command(after_help = "Example:\n  mailorder schedule list")]
    List,
    /// Have transactions asked about at times
    Add(Box<AddArgs>),
    /// Have a schedule wait
    #[command(after_help = "Example:\n  mailorder schedule pause mornings")]
    Pause(NameArgs),
    /// Have a schedule go on
    #[command(after_help = "Example:\n  mailorder schedule resume mornings")]
    Resume(NameArgs),
    /// Remove a schedule
    #[command(after_help = "Example:\n  mailorder schedule remove mornings")]
    Remove(NameArgs),
    /// Show when a schedule's time comes, or a timetable's would
    Next(NextArgs),
    /// Do now what is due, or what one schedule says at once
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder schedule add --preset late\n  mailorder schedule add mornings --query undelivered --when 'daily 09:00'\n  mailorder schedule add chair --txn K5QW3Z --when 'every 6h' --leg delivery\n  mailorder schedule add quarter --query 'unpaid amount:>10000' --when '30 8 * * 1-5'"
)]
struct AddArgs {
    /// What you call it: letters and digits of any language, and hyphens; the preset's name where none is given
    name: Option<String>,
    /// late: what is late is asked of the agent in charge, then of the shop, each day at nine; due: what is to come, on the day
    /// it was promised; mornings: what is to come, each day at nine
    #[arg(long)]
    preset: Option<String>,
    /// Which transactions, in the words of `list`; only open ones are asked about
    #[arg(long, value_name = "QUERY", conflicts_with = "transactions")]
    query: Option<String>,
    /// This transaction instead, by the beginning of its ID or number; as often as needed
    #[arg(long = "txn", value_name = "TXN")]
    transactions: Vec<String>,
    /// When, in your zone: 'daily 09:00', 'monday,thursday 09:00', 'weekdays 09:00', 'monthly 1 09:00', 'every 6h', 'due
    /// 09:00' (on the promised day), or a cron expression like '30 8 * * 1-5'
    #[arg(long, value_name = "TIMETABLE")]
    when: Option<String>,
    /// Ask about this leg only: order, payment or delivery. Without it those that are not done; of what is late, what is late
    #[arg(long = "leg", value_parser = leg)]
    legs: Vec<Leg>,
    /// Of what is late ask the agent in charge first, and the shop where nothing came of it
    #[arg(long, conflicts_with = "legs")]
    in_turn: bool,
    /// Put it in the place of one of this name
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, clap::Args)]
struct NameArgs {
    /// The schedule
    name: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder schedule next mornings\n  mailorder schedule next --when '30 8 * * 1-5'"
)]
#[group(required = true, multiple = false)]
struct NextArgs {
    /// The schedule
    name: Option<String>,
    /// A timetable that is not set yet, as `schedule add` takes it
    #[arg(long, value_name = "TIMETABLE")]
    when: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mailorder schedule run --dry-run\n  mailorder schedule run mornings")]
struct RunArgs {
    /// The schedule, whether its time has come or not; without it all schedules and rules whose time has come
    name: Option<String>,
    /// Show what would go to whom, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

fn leg(word: &str) -> Result<Leg, String> {
    Leg::parse(word).ok_or_else(|| "one of order, payment, delivery".to_owned())
}

fn name(text: &str) -> Result<ScheduleName, Failure> {
    ScheduleName::parse(text).map_err(|error| Failure::usage(error.to_string()))
}

pub(super) fn run(shell: &mut Shell, args: ScheduleArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    super::order::buyer_practice(&clerk)?;
    clerk.catch_up()?;
    match args.command.unwrap_or(ScheduleCommand::List) {
        ScheduleCommand::List => list(shell, &mut clerk),
        ScheduleCommand::Add(args) => add(shell, &mut clerk, *args),
        ScheduleCommand::Pause(args) => {
            let name = name(&args.name)?;
            clerk.pause_schedule(&name, true)?;
            changed(shell, &mut clerk, &name, "pauses")
        }
        ScheduleCommand::Resume(args) => {
            let name = name(&args.name)?;
            clerk.pause_schedule(&name, false)?;
            changed(shell, &mut clerk, &name, "goes-on")
        }
        ScheduleCommand::Remove(args) => {
            let name = name(&args.name)?;
            clerk.remove_schedule(&name)?;
            shell.done(format!("{name} is removed"));
            document(shell, &mut clerk)
        }
        ScheduleCommand::Next(args) => next(shell, &mut clerk, args),
        ScheduleCommand::Run(args) => run_now(shell, &mut clerk, &args),
    }
}

fn add(shell: &Shell, clerk: &mut Clerk, args: AddArgs) -> Result<(), Failure> {
    let preset = args.preset.as_deref().map(preset).transpose()?;
    let named = args.name.as_deref().or(preset.map(|preset| preset.name));
    let named = named.ok_or_else(|| Failure::usage("a schedule needs a name, or --preset"))?;
    let mut orders = Vec::new();
    for text in &args.transactions {
        let known = transaction::find(clerk, text, Role::Buyer)?;
        let state = Standing::of(&known).state;
        if !matches!(state, State::Ordered | State::Offered | State::Open) {
            let id = short(known.key.id.as_str());
            shell.tell(&format!("{id}: the transaction is {state}; nothing of it is open, and it is not asked about"));
        }
        if !orders.contains(&known.key.id) {
            orders.push(known.key.id);
        }
    }
    if let Some(preset) = preset {
        tell_changes(shell, preset, &args);
    }
    let query = args.query.or(preset.map(|preset| preset.query.to_owned()));
    let target = match query {
        _ if !orders.is_empty() => Target::Chosen(orders),
        Some(query) => Target::Query(checked(shell, query)?),
        None => return Err(Failure::usage("say which transactions: --query QUERY, or --txn TXN as often as needed")),
    };
    let when = args.when.or(preset.map(|preset| preset.when.to_owned()));
    let no_time = || Failure::usage("say when, with --when").hint(format!("a timetable is like: {}", timetable::FORMS));
    let when = when.ok_or_else(no_time)?;
    let name = name(named)?;
    let in_turn = args.in_turn || preset.is_some_and(|preset| preset.in_turn && args.legs.is_empty());
    let schedule = Schedule { name: name.clone(), target, when, legs: args.legs, in_turn, paused: false };
    clerk.put_schedule(schedule, args.replace)?;
    changed(shell, clerk, &name, "is-set")
}

/// Returns a query that is one, and in which no word is looked for in names that may have been meant otherwise.
fn checked(shell: &Shell, text: String) -> Result<String, Failure> {
    let today = shell.clock.now().instant().to_zoned(shell.clock.zone().clone()).date();
    match query_of(&text, today)?.doubt() {
        Some(doubt) => Err(Failure::usage(doubt).hint(QUERY_HELP)),
        None => Ok(text),
    }
}

/// Says which parts of a preset something else was given for.
fn tell_changes(shell: &Shell, preset: &Preset, args: &AddArgs) {
    let name = preset.name;
    if args.query.is_some() || !args.transactions.is_empty() {
        shell.tell(&format!("the preset {name} asks about {:?}; what you named is asked about instead", preset.query));
    }
    if args.when.is_some() {
        shell.tell(&format!("the preset {name} is for {:?}; the time you named is taken instead", preset.when));
    }
}

fn preset(word: &str) -> Result<&'static Preset, Failure> {
    let known = PRESETS.map(|preset| preset.name).join(", ");
    let found = PRESETS.iter().find(|preset| preset.name == word);
    found.ok_or_else(|| Failure::usage(format!("{word:?} is no preset")).hint(format!("presets are: {known}")))
}

/// Says what became of a schedule, and when its time comes next.
fn changed(shell: &Shell, clerk: &mut Clerk, name: &ScheduleName, what: &str) -> Result<(), Failure> {
    let all = Schedules::load(clerk)?;
    let next = all.schedules.iter().find(|one| one.scheduled.name() == name).and_then(|one| one.next.first());
    let (zone, _) = text::zone(shell.clock.zone(), &shell.clock.now());
    let next = next.map(|next| shell.words.fill("schedules.comes", &[("day", &minute(shell, next)), ("zone", &zone)]));
    let next = next.unwrap_or_default();
    shell
        .output
        .done(output::escape(&shell.words.fill(&format!("schedules.{what}"), &[("name", name), ("next", &next)])));
    if shell.output.is_json() { shell.output.document(&all.document()) } else { Ok(()) }
}

fn document(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    if shell.output.is_json() { shell.output.document(&Schedules::load(clerk)?.document()) } else { Ok(()) }
}

/// Shows the next moments of a schedule that is set, or of a timetable that is not.
fn next(shell: &Shell, clerk: &mut Clerk, args: NextArgs) -> Result<(), Failure> {
    let (name, when, moments) = match (args.name, args.when) {
        (Some(text), _) => {
            let name = name(&text)?;
            let scheduled = clerk.schedule_called(&name)?;
            let next = next_of(clerk, &scheduled)?;
            (Some(name), scheduled.schedule.when, next)
        }
        (None, text) => {
            let table =
                Timetable::parse(&text.unwrap_or_default()).map_err(|error| Failure::usage(error.to_string()))?;
            if table.due().is_some() {
                let text = "due is the promised day of each transaction: set it, and `mailorder schedule` has the days";
                return Err(Failure::usage(text));
            }
            let moments = table.next(&shell.clock.now(), shell.clock.zone(), NEXT);
            (None, table.to_string(), moments)
        }
    };
    if shell.output.is_json() {
        return shell.output.document(&next_document(name.as_ref(), &when, &moments));
    }
    if moments.is_empty() {
        shell.done("nothing comes");
    }
    for moment in &moments {
        shell.output.line(minute(shell, moment))?;
    }
    // The lines are read by scripts as well.
    if !moments.is_empty() {
        shell.output.done(zone(shell));
    }
    Ok(())
}

fn minute(shell: &Shell, moment: &Moment) -> String {
    text::minute(moment, shell.clock.zone())
}

/// Says in which zone the times are.
fn zone(shell: &Shell) -> String {
    let (zone, offset) = text::zone(shell.clock.zone(), &shell.clock.now());
    shell.words.fill("schedules.zone", &[("zone", &zone), ("offset", &offset)])
}

fn list(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    let all = Schedules::load(clerk)?;
    if shell.output.is_json() {
        return shell.output.document(&all.document());
    }
    if all.schedules.is_empty() {
        shell.done("no schedules; `mailorder schedule add --preset late` sets one");
    } else {
        let rows: Vec<Vec<Cell>> = all.schedules.iter().map(|shown| row(shell, shown)).collect();
        let head = shell.heads(&["name", "which", "when", "finds", "next", "last"]);
        let fit = [Fit::Cut(1, 12), Fit::Drop(5), Fit::Drop(3)];
        shell.output.fitted(&Table { head: &head, rows: &rows, right: &[3], fit: &fit, wrap: false })?;
    }
    if !all.rules.is_empty() {
        shell.output.line("")?;
        let rows: Vec<Vec<Cell>> = all.rules.iter().map(|shown| rule_row(shell, shown)).collect();
        let head = shell.heads(&["rule", "at-most", "letters", "last", "held"]);
        let table = Table { head: &head, rows: &rows, right: &[2], fit: &[Fit::Cut(0, 16), Fit::Drop(3)], wrap: true };
        shell.output.fitted(&table)?;
    }
    if !all.schedules.is_empty() || !all.rules.is_empty() {
        shell.output.line("")?;
        shell.output.paragraph(&zone(shell))?;
    }
    tell_prepared(shell, &all.prepared);
    Ok(())
}

/// Says which returns want one keystroke.
pub(super) fn tell_prepared(shell: &Shell, prepared: &[Prepared]) {
    for one in prepared {
        let id = short(one.order.as_str());
        let (leg, day, why) = (one.leg, one.promised.day(), &one.reason);
        shell.hint(&format!(
            "{id}: {leg} was promised for {day}, agent and shop were asked in vain; a return is ready: mailorder return {id} --because delivery --reason '{why}'"
        ));
    }
}

fn row(shell: &Shell, shown: &Shown) -> Vec<Cell> {
    let schedule = &shown.scheduled.schedule;
    let which = match &schedule.target {
        Target::Query(query) => query.clone(),
        Target::Chosen(orders) => orders.iter().map(|order| short(order.as_str())).collect::<Vec<_>>().join(" "),
    };
    let legs: Vec<String> = schedule.legs.iter().map(|leg| shell.words.name("legs", leg.word())).collect();
    let which = match (schedule.in_turn, legs.is_empty()) {
        (true, _) => shell.words.fill("schedules.in-turn", &[("which", &which)]),
        (false, false) => format!("{which} ({})", legs.join(", ")),
        (false, true) => which,
    };
    let next = match shown.next.first() {
        _ if schedule.paused => shell.words.say("schedules.paused"),
        Some(next) => minute(shell, next),
        None => shell.words.say("schedules.unpromised"),
    };
    vec![
        Cell::plain(schedule.name.as_str()),
        Cell::plain(output::escape(&which)),
        Cell::plain(&schedule.when),
        Cell::plain(shown.found.to_string()),
        Cell(next, if schedule.paused { Tone::Faint } else { Tone::Plain }),
        Cell::plain(shown.last.as_ref().map(|ran| last(shell, ran)).unwrap_or_default()),
    ]
}

fn last(shell: &Shell, ran: &Ran) -> String {
    let part = |key: &str, n: usize| shell.words.fill(&format!("schedules.{key}"), &[("n", &n)]);
    let failed = if ran.unwritten > 0 { part("unwritten", ran.unwritten) } else { String::new() };
    let answered = if ran.letters > 0 { part("answered", ran.answered) } else { String::new() };
    format!("{}: {}{answered}{failed}", minute(shell, &ran.at), part("letters", ran.letters))
}

fn rule_row(shell: &Shell, shown: &ShownRule) -> Vec<Cell> {
    let held: Vec<String> =
        shown.held.iter().map(|(id, why)| format!("{}: {}", short(id.as_str()), shell.words.sentence(why))).collect();
    vec![
        Cell::plain(output::escape(&rule(shell, shown.rule.deed, &shown.rule.when))),
        Cell::plain(shown.rule.at_most.as_ref().map(text::amount).unwrap_or_default()),
        Cell::plain(shown.last.map_or(0, |(_, letters)| letters).to_string()),
        Cell::plain(shown.last.map(|(at, _)| minute(shell, &at)).unwrap_or_default()),
        Cell::plain(output::escape(&held.join("; "))),
    ]
}

fn run_now(shell: &Shell, clerk: &mut Clerk, args: &RunArgs) -> Result<(), Failure> {
    let name = args.name.as_deref().map(name).transpose()?;
    let found = match (&name, args.dry_run) {
        (Some(name), true) => clerk.foresee_schedules(Some(name))?,
        (Some(name), false) => clerk.run_schedule(name)?,
        (None, true) => [clerk.foresee_schedules(None)?, clerk.foresee_rules()?].concat(),
        (None, false) => clerk.run_due()?,
    };
    if !args.dry_run {
        shell.tell_notes(clerk);
        shell.send(clerk)?;
    }
    if shell.output.is_json() {
        return shell.output.document(&ran_document(&found, args.dry_run));
    }
    if found.is_empty() {
        shell.done(if args.dry_run { "nothing would go" } else { "nothing was to go" });
    }
    let rows: Vec<Vec<Cell>> = found.iter().flat_map(|one| lines(shell, one)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let head = shell.heads(&["by", "id", if args.dry_run { "would-go" } else { "went" }]);
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[], fit: &[Fit::Cut(0, 12)], wrap: true })
}

/// Returns a row for each letter, or one that says why there is none.
fn lines(shell: &Shell, one: &Foreseeing) -> Vec<Vec<Cell>> {
    let by = match &one.by {
        By::Schedule(name) => name.to_string(),
        By::Rule(deed, when) => rule(shell, *deed, when),
    };
    let cells = |what: String, tone: Tone| {
        vec![
            Cell::plain(output::escape(&by)),
            Cell::plain(short(one.order.as_str())),
            Cell(output::escape(&what), tone),
        ]
    };
    let words = shell.words;
    let letter = |(kind, to): &(Kind, Address)| {
        words.fill("schedules.letter", &[("kind", &words.name("kinds", kind.word())), ("to", to)])
    };
    let nothing = |why: &String| words.fill("schedules.nothing", &[("why", &words.sentence(why))]);
    let letters = one.letters.iter().map(|one| cells(letter(one), Tone::Plain));
    letters.chain(one.held.iter().map(|why| cells(nothing(why), Tone::Faint))).collect()
}

/// Returns a rule in one line.
fn rule(shell: &Shell, deed: Deed, when: &str) -> String {
    let deed = shell.words.name("deeds", deed.word());
    shell.words.fill("schedules.rule", &[("deed", &deed), ("when", &when)])
}
