//! The arguments as written.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::color::When;
use crate::mail::Language;

/// Buy, sell, pay, deliver and prove it, by signed and encrypted mail
#[derive(Debug, Parser)]
#[command(name = "mailorder", version, max_term_width = 100)]
#[command(after_help = "Try it without a mail account: mailorder demo")]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Use this configuration instead of the usual one
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Queue letters, but do not try to send them now
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Language of what is printed: en or ja; by default that of MAILORDER_LANG, the configuration or the locale
    #[arg(long, global = true, value_name = "LANG", value_parser = language)]
    pub(crate) lang: Option<Language>,
    /// Never ask, as in a script: what needs no answer goes ahead, and what needs one fails and names the flag
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Colour the output
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = false)]
    pub(crate) color: When,
    /// Write long output to the terminal as it is, without a pager
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
}

fn language(word: &str) -> Result<Language, String> {
    Language::parse(word).ok_or_else(|| "one of en, ja".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up an account, a key and a ledger
    Init(super::init::InitArgs),
    /// Play whole orders with four local parties, no network
    Demo(super::demo::DemoArgs),
    /// Look whether mail, keys, clock and ledger are in order, and say how to mend each
    #[command(
        after_help = "Examples:\n  mailorder doctor\n  mailorder --offline --json doctor\n\nIt changes nothing, takes no mail in and sends none; with --offline mailbox and mail server are not asked. It ends with 1 where something is bad."
    )]
    Doctor,
    /// Summarise: undelivered, unpaid, warnings, letters waiting
    Status(super::status::StatusArgs),
    /// List transactions
    List(super::list::ListArgs),
    /// Show one transaction: terms, letters, next steps
    Show(super::show::ShowArgs),
    /// Ask a shop what it sells, and list what came
    Catalog(super::catalog::CatalogArgs),
    /// Write an order and send it to a shop
    Order(super::order::OrderArgs),
    /// Accept the terms a shop sent, shown against your order
    Confirm(super::confirm::ConfirmArgs),
    /// Cancel a transaction
    Cancel(super::buy::CancelArgs),
    /// Ask shop, delivery agent and payment agent how it stands
    Ask(super::ask::AskArgs),
    /// Ask to give goods back, or to stop what has not arrived
    Return(super::buy::ReturnArgs),
    /// Say what really came, and compare it with what the delivery agent says
    Received(super::received::ReceivedArgs),
    /// Order the same again
    Reorder(super::order::ReorderArgs),
    /// List what does not agree, and settle it
    Warnings(super::warnings::WarningsArgs),
    /// Ask on a schedule: list, add, next, pause, remove, run
    Schedule(super::schedule::ScheduleArgs),
    /// Write transactions as csv, jsonl, hledger or ics
    Export(super::export::ExportArgs),
    /// Show all of it in a browser, and act there
    Serve(super::serve::ServeArgs),
    /// Fetch mail, judge it, send what is due, and end
    #[command(after_help = "Example (crontab; says nothing unless something is wrong):\n  mailorder sync")]
    Sync,
    /// Stay connected and do the same as mail arrives
    Watch(super::mail::WatchArgs),
    /// Take one mail from standard input
    #[command(
        after_help = "Example (.forward, Sieve, Postfix pipe; exit codes are those of sysexits):\n  mailorder receive"
    )]
    Receive,
    /// Take mails from files, Maildirs or mboxes
    Import(super::mail::ImportArgs),
    /// List, show, send, retry or drop letters waiting to be sent
    Outbox(super::outbox::OutboxArgs),
    /// Sell: answer what waits, report what left, look at procedures and catalog
    Shop(super::notify::ShopArgs),
    /// Collect money: report what was paid, read payment data
    Pay(super::notify::PayArgs),
    /// Carry goods: report what happened to them, send those that are files
    Ship(super::notify::ShipArgs),
    /// Verify a ledger
    Audit(super::audit::AuditArgs),
    /// Say what one mail is and what it would do; changes nothing
    Inspect(super::inspect::InspectArgs),
    /// Build the index again, sign how far the ledger goes, or erase what letters say of people
    Ledger(super::ledger::LedgerArgs),
    /// List, show, import, export or accept keys
    Key(super::key::KeyArgs),
    /// Show paths, or check the configuration
    Config(super::config::ConfigArgs),
    /// Print a completion script for a shell
    Completions(CompletionArgs),
    /// Print or write the JSON Schemas of all output
    Schema(super::schema::SchemaArgs),
    /// Say what each exit code means
    #[command(after_help = "Example:\n  mailorder exit-codes")]
    ExitCodes,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mailorder completions bash > /etc/bash_completion.d/mailorder")]
pub(crate) struct CompletionArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

impl Command {
    /// Returns whether it may print more than a screen for a person to read, and asks nothing meanwhile.
    pub(crate) const fn is_paged(&self) -> bool {
        match self {
            Self::List(_) | Self::Show(_) | Self::Catalog(_) | Self::Inspect(_) | Self::Audit(_) | Self::Export(_) => {
                true
            }
            Self::Warnings(args) => args.lists(),
            Self::Outbox(args) => args.lists(),
            Self::Key(args) => args.lists(),
            _ => false,
        }
    }

    /// Returns whether it may be run once more where it failed: it asks, or takes its work from the disk.
    pub(crate) const fn is_repeatable(&self) -> bool {
        matches!(
            self,
            Self::Doctor
                | Self::Status(_)
                | Self::List(_)
                | Self::Show(_)
                | Self::Sync
                | Self::Watch(_)
                | Self::Outbox(_)
                | Self::Audit(_)
                | Self::Ledger(_)
                | Self::Key(_)
        )
    }
}
