//! `shop notify`, `pay notify`, `ship notify`: what the owner of a leg reports of one transaction.

use super::Shell;
use super::buy::line_quantity;
use super::download::FileArgs;
use super::failure::Failure;
use super::pay_data::{self, DataArgs};
use super::report::{self, FromArgs, ImportArgs};
use super::{inbox, procedure, shop, shop_catalog, shop_change, transaction};
use crate::clerk::{self, Came, Clerk, Reporting, Sort, Written};
use crate::config::Settings;
use crate::feed::Report;
use crate::ordering::written::money;
use crate::role::{self, Action, Desk, Notice, Refused};
use crate::trade::item::LineQuantity;
use crate::trade::status::Reason;
use crate::trade::{Event, Key, Moment, Role, Transaction, When};
use crate::view::short;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder shop notify 7K3Q2M9P --shipped --tracking EP-998877")]
pub(crate) struct ShopArgs {
    #[command(subcommand)]
    command: ShopCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ShopCommand {
    /// Report what left, or when it will; many at once from a file
    #[command(
        after_help = "Examples:\n  mailorder shop notify 7K3Q2M9P --shipped --tracking EP-998877\n  mailorder shop notify 7K3Q2M9P --shipped --event-id W-1001\n  mailorder shop notify --from events.jsonl"
    )]
    Notify(ShopNotice),
    /// Compare an export with what was told, and send what changed
    #[command(after_help = "Example:\n  mailorder shop import orders.csv --map woocommerce")]
    Import(ImportArgs),
    /// List what waits for you: orders, cancellations, returns, and work that hooks have not done
    #[command(after_help = "Example:\n  mailorder shop inbox --json")]
    Inbox,
    /// Say yes to what waits: an order, a cancellation or a return
    #[command(after_help = "Example:\n  mailorder shop accept K5QW3Z")]
    Accept(shop::Item),
    /// Say no to what waits, and why
    #[command(after_help = "Example:\n  mailorder shop reject K5QW3Z --reason 'We do not deliver to islands.'")]
    Reject(shop::RejectArgs),
    /// Cancel what you cannot deliver, and say why; agents are told to stop, and what was paid goes back
    #[command(after_help = "Example:\n  mailorder shop cancel 7K3Q2M9P --reason 'Out of stock until May.'")]
    Cancel(shop::RejectArgs),
    /// Offer new terms in the place of those there are: nothing changes before the buyer's OK
    #[command(
        after_help = "Examples:\n  mailorder shop change 7K3Q2M9P --price '1=JPY 4100'\n  mailorder shop change 7K3Q2M9P --line 2=0 --arrives 2099-01-20"
    )]
    Change(shop_change::ChangeArgs),
    /// Give money back that nobody asked for
    #[command(
        after_help = "Examples:\n  mailorder shop refund 7K3Q2M9P --amount 'JPY 500'\n  mailorder shop refund 7K3Q2M9P --amount 'JPY 500' --event-id G-17\n  mailorder shop refund 7K3Q2M9P --missing"
    )]
    Refund(shop::RefundArgs),
    /// Look at the steps for each way to pay and to deliver
    Procedure(procedure::ProcedureArgs),
    /// What is sold
    Catalog(shop_catalog::CatalogArgs),
    /// Instruct once more the agents that refused, and hooks that did not do their work
    #[command(after_help = "Example:\n  mailorder shop instruct 7K3Q2M9P")]
    Instruct(InstructArgs),
}

#[derive(Debug, clap::Args)]
struct InstructArgs {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "TXN")]
    transaction: String,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("said").multiple(true).conflicts_with("from").args(["shipped", "planned", "parcel", "lines", "tracking", "correct"]))]
struct ShopNotice {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "TXN", required_unless_present = "from", conflicts_with = "from")]
    transaction: Option<String>,
    /// It left: now, or at this moment (RFC 3339)
    #[arg(long, value_name = "WHEN", num_args = 0..=1, default_missing_value = "now")]
    shipped: Option<String>,
    /// It will leave on this day or at this moment
    #[arg(long, value_name = "WHEN", conflicts_with = "shipped")]
    planned: Option<String>,
    /// Parcel number
    #[arg(long)]
    parcel: Option<String>,
    /// Line and quantity in the parcel, like 1=2; everything where none is given
    #[arg(long = "line", value_name = "LINE=QUANTITY")]
    lines: Vec<String>,
    /// Tracking number
    #[arg(long)]
    tracking: Option<String>,
    /// Replace what was reported as done before: it was wrong
    #[arg(long)]
    correct: bool,
    #[command(flatten)]
    rows: FromArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder pay inbox")]
pub(crate) struct PayArgs {
    #[command(subcommand)]
    command: PayCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PayCommand {
    /// Report what was paid or given back, or when it will be
    #[command(
        after_help = "Examples:\n  mailorder pay notify 7K3Q2M9P --paid --amount 'JPY 4800'\n  mailorder pay notify 7K3Q2M9P --paid --reference B-552201 --event-id B-552201\n  mailorder pay notify --from payments.csv --zone Asia/Tokyo"
    )]
    Notify(Box<PayNotice>),
    /// Compare an export with what was told, and send what changed
    #[command(after_help = "Example:\n  mailorder pay import orders.csv --map woocommerce --zone Asia/Tokyo")]
    Import(ImportArgs),
    /// List what waits for you: payments to authorise, money to move, and work that hooks have not done
    #[command(after_help = "Example:\n  mailorder pay inbox")]
    Inbox,
    /// Say that a payment is authorised, where a hook has not said so
    #[command(after_help = "Example:\n  mailorder pay accept 7K3Q2M9P")]
    Accept(shop::Item),
    /// Say that a payment is not authorised, and why
    #[command(after_help = "Example:\n  mailorder pay reject 7K3Q2M9P --reason 'The account is closed.'")]
    Reject(shop::RejectArgs),
    /// Have a hook try again what it did in vain
    #[command(after_help = "Example:\n  mailorder pay retry 7K3Q2M9P")]
    Retry(shop::Item),
    /// Print the payment data that a payment was authorised by: card or account, in clear
    #[command(after_help = "Example:\n  mailorder pay data 7K3Q2M9P --json")]
    Data(DataArgs),
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("said").multiple(true).conflicts_with("from").args(["paid", "refunded", "planned", "declined", "amount", "reference", "correct"]))]
struct PayNotice {
    /// Beginning of the transaction's number
    #[arg(value_name = "TXN", required_unless_present = "from", conflicts_with = "from")]
    transaction: Option<String>,
    /// It was paid: now, or at this moment (RFC 3339)
    #[arg(long, value_name = "WHEN", num_args = 0..=1, default_missing_value = "now")]
    paid: Option<String>,
    /// The refund was made: now, or at this moment (RFC 3339)
    #[arg(long, value_name = "WHEN", num_args = 0..=1, default_missing_value = "now", conflicts_with = "paid")]
    refunded: Option<String>,
    /// It will be collected on this day
    #[arg(long, value_name = "WHEN", conflicts_with_all = ["paid", "refunded"])]
    planned: Option<String>,
    /// It could not be collected, for this reason
    #[arg(long, value_name = "REASON", conflicts_with_all = ["paid", "refunded", "planned"])]
    declined: Option<String>,
    /// How much, like 'JPY 4800'; all that remains where none is given
    #[arg(long)]
    amount: Option<String>,
    /// Your own reference
    #[arg(long)]
    reference: Option<String>,
    /// Replace what was reported as done before: it was wrong
    #[arg(long)]
    correct: bool,
    #[command(flatten)]
    rows: FromArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder ship inbox")]
pub(crate) struct ShipArgs {
    #[command(subcommand)]
    command: ShipCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ShipCommand {
    /// Report what happened to a parcel, or when it will arrive; send goods that are a file
    #[command(
        after_help = "Examples:\n  mailorder ship notify 7K3Q2M9P --delivered 2026-11-08T17:30:00+09:00\n  mailorder ship notify 7K3Q2M9P --event 'sorted' --event-id S-77\n  mailorder ship notify --from scans.csv --map scans.toml\n  mailorder ship notify 7K3Q2M9P --file book.epub\n  mailorder ship notify 7K3Q2M9P --link https://files.example/film.mkv --file film.mkv"
    )]
    Notify(Box<ShipNotice>),
    /// Compare an export with what was told, and send what changed
    #[command(after_help = "Example:\n  mailorder ship import parcels.csv --map parcels.toml")]
    Import(ImportArgs),
    /// List what waits for you: parcels whose day has come, and work that hooks have not done
    #[command(after_help = "Example:\n  mailorder ship inbox")]
    Inbox,
    /// Have a hook try again what it did in vain
    #[command(after_help = "Example:\n  mailorder ship retry 7K3Q2M9P")]
    Retry(shop::Item),
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("said").multiple(true).conflicts_with("from").args(["delivered", "planned", "failed", "refused", "lost", "file", "link", "event", "place", "parcel", "lines", "tracking", "correct"]))]
struct ShipNotice {
    /// Beginning of the transaction's number
    #[arg(value_name = "TXN", required_unless_present = "from", conflicts_with = "from")]
    transaction: Option<String>,
    /// It arrived: now, or at this moment (RFC 3339)
    #[arg(long, value_name = "WHEN", num_args = 0..=1, default_missing_value = "now")]
    delivered: Option<String>,
    /// It will arrive on this day or at this moment
    #[arg(long, value_name = "WHEN", conflicts_with = "delivered")]
    planned: Option<String>,
    /// It could not be delivered, for this reason
    #[arg(long, value_name = "REASON", conflicts_with_all = ["delivered", "planned"])]
    failed: Option<String>,
    /// It was not accepted, for this reason
    #[arg(long, value_name = "REASON", conflicts_with_all = ["delivered", "planned", "failed"])]
    refused: Option<String>,
    /// It was lost, in this way
    #[arg(long, value_name = "REASON", conflicts_with_all = ["delivered", "planned", "failed", "refused"])]
    lost: Option<String>,
    #[command(flatten)]
    goods: FileArgs,
    /// What happened to it on the way
    #[arg(long, value_name = "TEXT")]
    event: Option<String>,
    /// Where that was
    #[arg(long, value_name = "PLACE", requires = "event")]
    place: Option<String>,
    /// Parcel number
    #[arg(long)]
    parcel: Option<String>,
    /// Line and quantity in the parcel, like 1=2: it holds only a part of what was to be brought in one
    #[arg(long = "line", value_name = "LINE=QUANTITY")]
    lines: Vec<String>,
    /// Tracking number
    #[arg(long)]
    tracking: Option<String>,
    /// Replace what was reported as done before: it was wrong
    #[arg(long)]
    correct: bool,
    #[command(flatten)]
    rows: FromArgs,
}

pub(super) fn run_shop(shell: &mut Shell, args: ShopArgs) -> Result<(), Failure> {
    let args = match args.command {
        ShopCommand::Notify(args) => args,
        ShopCommand::Catalog(args) => return shop_catalog::run(shell, args),
        ShopCommand::Instruct(args) => return shop::instruct(shell, &args.transaction),
        ShopCommand::Inbox => return inbox::run(shell, Role::Shop),
        ShopCommand::Accept(item) => return shop::accept(shell, &item),
        ShopCommand::Reject(args) => return shop::reject(shell, &args),
        ShopCommand::Cancel(args) => return shop::cancel(shell, &args),
        ShopCommand::Change(args) => return shop_change::run(shell, &args),
        ShopCommand::Refund(args) => return shop::refund(shell, &args),
        ShopCommand::Procedure(args) => return procedure::run(shell, args),
        ShopCommand::Import(args) => return report::import(shell, Role::Shop, &args),
    };
    let Some(transaction) = args.transaction else { return many(shell, Role::Shop, &args.rows) };
    args.rows.without_rows()?;
    let (done, now) = moment(args.shipped.as_deref())?;
    let notice = Notice {
        done,
        planned: when(args.planned.as_deref())?,
        parcel: args.parcel,
        lines: lines(&args.lines)?,
        tracking: args.tracking,
        correct: args.correct,
        ..Notice::default()
    };
    let report = Report { notice, now, event: args.rows.event()?, ..Report::default() };
    one(shell, &transaction, Role::Shop, report, args.rows.dry_run)
}

pub(super) fn pay(shell: &mut Shell, args: PayArgs) -> Result<(), Failure> {
    let args = match args.command {
        PayCommand::Notify(args) => *args,
        PayCommand::Import(args) => return report::import(shell, Role::Payment, &args),
        PayCommand::Data(args) => return pay_data::run(shell, &args),
        PayCommand::Inbox => return inbox::run(shell, Role::Payment),
        PayCommand::Accept(item) => return shop::authorize(shell, &item),
        PayCommand::Reject(args) => return shop::decline(shell, &args),
        PayCommand::Retry(item) => return shop::retry(shell, &item, Role::Payment),
    };
    let Some(transaction) = args.transaction else { return many(shell, Role::Payment, &args.rows) };
    args.rows.without_rows()?;
    let amount = args.amount.as_deref().map(|text| money("--amount", text)).transpose()?;
    let refund = args.refunded.is_some();
    let (done, now) = moment(args.paid.as_deref().or(args.refunded.as_deref()))?;
    let notice = Notice {
        done,
        planned: when(args.planned.as_deref())?,
        failed: args.declined.map(|text| Reason { code: "declined".to_owned(), text }),
        amount,
        refund,
        reference: args.reference,
        correct: args.correct,
        ..Notice::default()
    };
    let report = Report { notice, now, event: args.rows.event()?, ..Report::default() };
    one(shell, &transaction, Role::Payment, report, args.rows.dry_run)
}

pub(super) fn ship(shell: &mut Shell, args: ShipArgs) -> Result<(), Failure> {
    let args = match args.command {
        ShipCommand::Notify(args) => *args,
        ShipCommand::Import(args) => return report::import(shell, Role::Delivery, &args),
        ShipCommand::Inbox => return inbox::run(shell, Role::Delivery),
        ShipCommand::Retry(item) => return shop::retry(shell, &item, Role::Delivery),
    };
    let Some(transaction) = args.transaction else { return many(shell, Role::Delivery, &args.rows) };
    args.rows.without_rows()?;
    let goods = args.goods.read()?;
    // A file is delivered when it is sent.
    let sent = goods.is_some() && args.planned.is_none();
    let delivered = args.delivered.or_else(|| sent.then(|| "now".to_owned()));
    let (download, bytes) = goods.map_or((None, None), |goods| (Some(goods.download), goods.bytes));
    let (done, now) = moment(delivered.as_deref())?;
    let notice = Notice {
        done,
        download,
        planned: when(args.planned.as_deref())?,
        failed: why_not(args.failed, args.refused, args.lost),
        event: args.event.map(|event| (event, args.place)),
        parcel: args.parcel,
        lines: lines(&args.lines)?,
        tracking: args.tracking,
        correct: args.correct,
        ..Notice::default()
    };
    let report = Report { notice, now, event: args.rows.event()?, bytes, ..Report::default() };
    one(shell, &transaction, Role::Delivery, report, args.rows.dry_run)
}

/// Returns why a parcel will not arrive, under the word for it.
fn why_not(failed: Option<String>, refused: Option<String>, lost: Option<String>) -> Option<Reason> {
    let reason = |code: &str, text: Option<String>| text.map(|text| Reason { code: code.to_owned(), text });
    reason("refused", refused).or(reason("lost", lost)).or(reason("failed", failed))
}

fn lines(texts: &[String]) -> Result<Vec<LineQuantity>, Failure> {
    texts.iter().map(|text| line_quantity(text)).collect()
}

/// Reads when something was done, and whether that is now: the moment is then the one at which it is written.
fn moment(text: Option<&str>) -> Result<(Option<Moment>, bool), Failure> {
    match text {
        None => Ok((None, false)),
        Some("now") => Ok((None, true)),
        Some(text) => {
            Moment::parse(text).map(|at| (Some(at), false)).map_err(|error| Failure::usage(error.to_string()))
        }
    }
}

fn when(text: Option<&str>) -> Result<Option<When>, Failure> {
    text.map(When::parse).transpose().map_err(|error| Failure::usage(error.to_string()))
}

/// Follows the rows of a file.
fn many(shell: &Shell, role: Role, args: &FromArgs) -> Result<(), Failure> {
    let file = args.from.as_deref().ok_or_else(|| Failure::usage("name a transaction, or a file with --from"))?;
    let sort = if args.only_changes { Sort::States } else { Sort::Events };
    report::rows(shell, Reporting { role, sort }, file, &args.rows, args.dry_run)
}

/// Writes what one report by flags says, or shows what would be written.
///
/// One with an id of its own is remembered as a row is: what came before is not sent again.
fn one(shell: &Shell, text: &str, role: Role, report: Report, dry_run: bool) -> Result<(), Failure> {
    if report.notice.is_empty() && !report.now {
        return Err(Failure::usage("nothing is reported").hint("say what happened, or when it is planned"));
    }
    if report.event.is_none() && !dry_run {
        let notice = report.notice(shell.clock.now());
        return write_with(shell, text, role, report.bytes, |known, desk| role::notify(known, &notice, desk));
    }
    let (mut clerk, known) = at_part(shell, text, role)?;
    let (shop, name) = clerk::name_of(&known);
    let report = Report { shop: Some(shop), name, ..report };
    let how = Reporting { role, sort: Sort::ByHand };
    if dry_run {
        return report::foresee(shell, &mut clerk, how, report);
    }
    let came = clerk.report(how, &[report])?.pop().unwrap_or(Came::Nothing);
    say_what_came(shell, &mut clerk, &known, came)
}

/// Sends what was written under an id, and says what became of it.
fn say_what_came(shell: &Shell, clerk: &mut Clerk, known: &Transaction, came: Came) -> Result<(), Failure> {
    match came {
        Came::Written(written) => {
            shell.send(clerk)?;
            told(shell, known, &written)
        }
        Came::Refused(why) => Err(Failure::data(why)),
        _ => known_already(shell, known),
    }
}

/// Says that a report of this id was followed before, to a person who looks on.
fn known_already(shell: &Shell, known: &Transaction) -> Result<(), Failure> {
    if shell.output.is_json() {
        return told(shell, known, &[]);
    }
    shell.output.done(format!("{}  {}", called(known), shell.words.say("rows.known-one")));
    Ok(())
}

/// Lets a part write about one transaction, and sends it.
pub(super) fn write(
    shell: &Shell,
    text: &str,
    role: Role,
    decide: impl Fn(&Transaction, &Desk<'_>) -> Result<Vec<Action>, Refused>,
) -> Result<(), Failure> {
    write_with(shell, text, role, None, decide)
}

/// The same, unless it was written before under this id.
pub(super) fn write_once(
    shell: &Shell,
    text: &str,
    role: Role,
    event: impl FnOnce(&Key) -> Event,
    decide: impl FnOnce(&Transaction, &Desk<'_>) -> Result<Vec<Action>, Refused>,
) -> Result<(), Failure> {
    let (mut clerk, known) = at_part(shell, text, role)?;
    let came = clerk.command_once(&known.key, event(&known.key), decide)?;
    say_what_came(shell, &mut clerk, &known, came)
}

/// The same as [`write`], where a letter may take a file with it.
fn write_with(
    shell: &Shell,
    text: &str,
    role: Role,
    file: Option<Vec<u8>>,
    decide: impl Fn(&Transaction, &Desk<'_>) -> Result<Vec<Action>, Refused>,
) -> Result<(), Failure> {
    let (mut clerk, known) = at_part(shell, text, role)?;
    let written = clerk.command_with_file(&known.key, file, decide)?;
    shell.send(&mut clerk)?;
    told(shell, &known, &written)
}

/// Says whom letters about a transaction went to.
fn told(shell: &Shell, known: &Transaction, written: &[Written]) -> Result<(), Failure> {
    if shell.output.is_json() {
        let value = serde_json::json!({
            "schema": "mailorder.notified/1", "number": known.number, "letters": written.len(), "signed": [],
        });
        return shell.output.document(&value);
    }
    let to: std::collections::BTreeSet<String> = written.iter().map(|one| one.owed.to.to_string()).collect();
    let to: Vec<String> = to.into_iter().collect();
    let key = if shell.global.offline { "rows.queued-for" } else { "rows.told" };
    shell.output.done(format!("{}  {}", called(known), shell.words.fill(key, &[("to", &to.join(", "))])));
    Ok(())
}

/// Returns what a transaction is called in a line about it.
fn called(known: &Transaction) -> String {
    known.number.as_ref().map_or_else(|| short(known.key.id.as_str()).to_owned(), ToString::to_string)
}

/// Opens the account for a part that it must play, with the transaction that the part knows by this name.
pub(super) fn at_part(shell: &Shell, text: &str, role: Role) -> Result<(Clerk, Transaction), Failure> {
    let mut clerk = shell.clerk()?;
    plays(shell, &clerk, role)?;
    let known = transaction::find(&mut clerk, text, role)?;
    Ok((clerk, known))
}

/// Refuses to speak for a part that is not played here, and says which it is.
pub(super) fn plays(shell: &Shell, clerk: &Clerk, role: Role) -> Result<(), Failure> {
    is_played(shell, clerk.settings(), role)
}

/// The same of an account that may not be made yet.
pub(super) fn is_played(shell: &Shell, settings: &Settings, role: Role) -> Result<(), Failure> {
    if settings.practice.plays(role) {
        return Ok(());
    }
    let (address, file) = (&settings.address, shell.config_file()?);
    let text = format!("{address} does not play the part {role}, which this is for");
    Err(Failure::data(text).hint(format!("add {:?} to `roles` in {}", role.word(), file.display())))
}
