//! The command line: arguments are read as written, turned once into values, and handed to the clerk.
//!
//! Standard output is data, standard error is messages; exit codes are those of `failure`.

mod account;
mod alert;
mod args;
mod ask;
mod audit;
mod bell;
mod blocks;
mod buy;
mod catalog;
mod color;
mod config;
mod confirm;
mod demo;
mod doctor;
mod download;
mod early;
mod exit_codes;
mod export;
mod failure;
mod given_back;
mod guard;
mod help;
mod hint;
mod inbox;
mod inbox_due;
mod inbox_money;
mod inbox_stands;
mod init;
mod inspect;
mod key;
mod language;
mod ledger;
mod list;
mod list_columns;
mod mail;
mod notify;
mod order;
mod order_asked;
mod order_send;
mod order_written;
mod outbox;
mod outbox_letters;
mod output;
mod pager;
mod pay_data;
mod payment_data;
mod procedure;
mod prompt;
mod received;
mod redact;
mod report;
mod schedule;
mod schema;
mod sending;
mod serve;
mod shop;
mod shop_catalog;
mod shop_change;
mod show;
mod status;
mod stop;
mod table;
mod transaction;
mod usage;
mod warning;
mod warnings;

use std::cell::RefCell;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

pub use args::Cli;
pub use failure::Failure;
use failure::FailureKind;

use crate::clock::Clock;
use crate::config::Environment;
use crate::index::Index;
use crate::mail::Language;
use crate::words::Words;
use args::Command;
use early::Early;
use output::Output;
use pager::Pager;

/// The most columns of a line that says what is wrong with the arguments.
const USAGE_COLUMNS: usize = 400;

/// What every command has at hand.
pub(crate) struct Shell {
    environment: Environment,
    clock: Clock,
    global: args::Global,
    output: Output,
    /// The words of what people read.
    words: Words,
    runtime: tokio::runtime::Runtime,
    /// What the command ends with although it did what it was told: its letters were refused.
    refusal: RefCell<Option<Failure>>,
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let early = Early::of_process();
    let cli = match parsed(&early) {
        Ok(cli) => cli,
        Err(error) => return not_run(&error, &early),
    };
    guard::install();
    let json = cli.global.json;
    let words = language::chosen(cli.global.lang, cli.global.config.clone(), &Environment::of_process());
    let config = cli.global.config.clone();
    let repeatable = cli.command.is_repeatable();
    let receives = matches!(cli.command, Command::Receive);
    let ended = match guard::guarded(|| run(cli, words)) {
        // What only reads, or finds its work on disk, begins again at once.
        Err(failure) if failure.is_damaged_index() && repeatable => {
            parsed(&early).map_or(Err(failure), |cli| run(cli, words))
        }
        // Whatever kept a mail from being taken over, its server must keep it.
        Err(failure) if receives && failure.kind() != FailureKind::Later => Err(failure.deferred()),
        ended => ended,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let failure = failure.with_config(config.as_deref());
            failure.print(json, words);
            ExitCode::from(failure.code())
        }
    }
}

/// Reads the arguments of the process.
fn parsed(early: &Early) -> Result<Cli, clap::Error> {
    let command = || Cli::command().color(color::When::of_arguments(early));
    let in_words = || help::in_language(command(), early.words(&Environment::of_process()));
    let command = if early.asks_for_help() { in_words() } else { command() };
    let matches = command.try_get_matches_from(early.arguments()).or_else(|error| match error.kind() {
        // Help that nobody asked for, since it is not said what is wanted.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => in_words().try_get_matches(),
        _ => Err(error),
    });
    Cli::from_arg_matches(&matches?)
}

/// Prints help and version to standard output and ends with 0; all else is wrong usage.
fn not_run(error: &clap::Error, early: &Early) -> ExitCode {
    use std::io::Write as _;
    if error.use_stderr() {
        let words = if early.asks_for_json() { Words::ENGLISH } else { early.words(&Environment::of_process()) };
        // In English it is what the parser says.
        let said = if words.language() == Language::En { None } else { usage::said(error, words) };
        let said = said.unwrap_or_else(|| error.render().to_string());
        // Nothing is left to be done where standard error is closed.
        let _ = std::io::stderr().write_all(harmless(&said).as_bytes());
        return ExitCode::from(2);
    }
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    match printed.map_err(output::unwritten) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(false, early.words(&Environment::of_process()));
            ExitCode::from(failure.code())
        }
    }
}

/// Makes the words of a usage error harmless for a terminal: they repeat arguments, which may come from anywhere.
fn harmless(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", output::shorten(line, USAGE_COLUMNS))).collect()
}

fn run(cli: Cli, words: Words) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let output = Output::new(cli.global.json, cli.global.color.on_output(&environment));
    let mut shell = shell(cli.global, environment, output, words)?;
    let pager = shell.begin_paging(&cli.command);
    let ended = shell.run(cli.command).map_err(|failure| shell.without_index(failure));
    let ended = shell.end_paging(pager, ended);
    let refusal = shell.refusal.take();
    // A question to a name server that nobody answers would keep the process.
    shell.runtime.shutdown_background();
    ended.and(refusal.map_or(Ok(()), Err))
}

fn shell(global: args::Global, environment: Environment, output: Output, words: Words) -> Result<Shell, Failure> {
    let runtime = if environment.single_thread {
        // One thread for the whole process, so that a tracer can stop it at each call.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        pool.build_global().map_err(|error| Failure::bug(error.to_string()))?;
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    } else {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    };
    let runtime = runtime.map_err(|error| Failure::io(format!("the runtime cannot be started: {error}")))?;
    Ok(Shell { environment, clock: Clock::system(), global, output, words, runtime, refusal: RefCell::new(None) })
}

impl Shell {
    /// Sets a pager between where a person reads a command's output on a terminal that can show one.
    fn begin_paging(&mut self, command: &Command) -> Option<&'static Pager> {
        let reads = self.output.is_terminal() && !self.output.is_json() && self.environment.terminal_is_able;
        if !reads || self.global.no_pager || !command.is_paged() {
            return None;
        }
        let pager = Pager::of(self.environment.pager.as_deref(), self.output.screen()?, self.runtime.handle().clone())?;
        self.output = self.output.paged(Some(pager));
        Some(pager)
    }

    /// Waits until the pager was left; that it was left before the end is no error.
    fn end_paging(&mut self, pager: Option<&'static Pager>, ended: Result<(), Failure>) -> Result<(), Failure> {
        let Some(pager) = pager else { return ended };
        let shown = pager.end().map_err(output::unwritten);
        self.output = self.output.paged(None);
        match ended.and(shown) {
            Err(failure) if failure.kind() == FailureKind::Pipe => Ok(()),
            ended => ended,
        }
    }

    /// Throws a damaged index away (F24): it is a cache, and the next command builds it again.
    fn without_index(&self, failure: Failure) -> Failure {
        if !failure.is_damaged_index() {
            return failure;
        }
        match self.settings().map(|settings| Index::discard(&settings.folders.index)) {
            Ok(Ok(())) => {
                self.tell("the index was damaged; it is built again from the ledger");
                failure.hint("run the command again")
            }
            _ => failure,
        }
    }

    fn run(&mut self, command: Command) -> Result<(), Failure> {
        match command {
            Command::Init(args) => init::run(self, args),
            Command::Demo(args) => demo::run(self, args),
            Command::Doctor => doctor::run(self),
            Command::Status(args) => status::run(self, args),
            Command::List(args) => list::run(self, args),
            Command::Show(args) => show::run(self, args),
            Command::Catalog(args) => catalog::run(self, args),
            Command::Order(args) => order::run(self, args),
            Command::Confirm(args) => confirm::run(self, args),
            Command::Cancel(args) => buy::cancel(self, args),
            Command::Ask(args) => ask::run(self, args),
            Command::Return(args) => buy::give_back(self, args),
            Command::Received(args) => received::run(self, args),
            Command::Reorder(args) => order::again(self, args),
            Command::Warnings(args) => warnings::run(self, args),
            Command::Schedule(args) => schedule::run(self, args),
            Command::Export(args) => export::run(self, &args),
            Command::Sync => mail::sync(self),
            Command::Watch(args) => mail::watch(self, args),
            Command::Receive => mail::receive(self),
            Command::Import(args) => mail::import(self, args),
            Command::Outbox(args) => outbox::run(self, args),
            Command::Shop(args) => notify::run_shop(self, args),
            Command::Pay(args) => notify::pay(self, args),
            Command::Ship(args) => notify::ship(self, args),
            Command::Audit(args) => audit::run(self, args),
            Command::Inspect(args) => inspect::run(self, args),
            Command::Ledger(args) => ledger::run(self, args),
            Command::Key(args) => key::run(self, args),
            Command::Config(args) => config::run(self, args),
            Command::Completions(args) => {
                let mut script = Vec::new();
                clap_complete::generate(args.shell, &mut Cli::command(), "mailorder", &mut script);
                self.output.raw(&script)
            }
            Command::Schema(args) => schema::run(self, args),
            Command::ExitCodes => exit_codes::run(self),
            Command::Serve(args) => serve::run(self, &args),
        }
    }
}
