//! `sync`, `watch`, `receive`, `import`: the post, by cron, by connection, by pipe and from archives.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bell::Bell;
use super::failure::{Failure, FailureKind};
use super::guard::guarded;
use super::transaction::{self, NotGranted, Rejected, TurnedAway, joined};
use super::{Shell, account, alert, stop};
use crate::clerk::{self, Clerk, ClerkError, TakenIn};
use crate::files;
use crate::inbox::mbox::Mbox;
use crate::inbox::{Inbox, Kind, backoff, sift};
use crate::maildir;
use crate::outbox::Outbox;
use crate::outbox::queue::Report;
use crate::pgp::MAIL_MAX;
use crate::trade::Verdict;
use crate::view::warnings::unanswered_of;
use crate::view::{short, text};
use crate::words::Words;

/// How long one pass of `sync` may send.
const SEND_BUDGET: Duration = Duration::from_secs(600);
/// How long one pass may have hooks work; a mail that came meanwhile waits as long.
pub(super) const WORK_BUDGET: Duration = Duration::from_secs(60);
/// How long `watch` waits for mail before it looks at its queue again.
const WATCH_TURN: Duration = Duration::from_secs(60);
/// How many mails of an archive are spooled at a time.
const IMPORT: usize = 256;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder watch")]
pub(crate) struct WatchArgs {
    /// End after this many seconds
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mailorder import ~/Maildir\n  mailorder import archive.mbox letter.eml")]
pub(crate) struct ImportArgs {
    /// Files, Maildirs or mboxes
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

/// One pass: fetch, judge, send.
pub(super) fn sync(shell: &mut Shell) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let mut inbox = clerk::inbox(clerk.settings())?;
    let mut outbox = clerk::outbox(clerk.settings())?;
    if inbox.is_none() && outbox.is_none() {
        return Err(Failure::new(FailureKind::Config, "neither [inbox] nor [outbox] is configured")
            .hint("config.example.toml shows both"));
    }
    let fetched = match &mut inbox {
        None => Ok(()),
        Some(inbox) => shell.runtime.block_on(fetch(shell, &mut clerk, inbox, "sync")),
    };
    // What is in the spool is judged, and what is due is sent, even where the mailbox cannot be reached.
    let judged = judge(shell, &mut clerk);
    if let Some(failure) = judged.as_ref().err().filter(|failure| failure.is_damaged_index()) {
        return Err(failure.clone());
    }
    let shell = &*shell;
    let ended = shell.unless_stopped(async {
        work(shell, &mut clerk).await?;
        if let Some(inbox) = &mut inbox {
            mark(shell, &mut clerk, inbox).await;
            inbox.close().await;
        }
        if let Some(fault) = clerk.key_fault() {
            return Err(ClerkError::OwnKey(fault).into());
        }
        match &mut outbox {
            Some(outbox) if !shell.global.offline => send(shell, &mut clerk, outbox).await,
            _ => Ok(()),
        }
    });
    // What fails above is no reason not to be told.
    shell.unless_stopped(told(shell, &mut clerk))?;
    let judged = judged.and_then(|taken| all_read(&taken));
    fetched.and(judged).and(ended)
}

/// Returns the failure of a pass that passed over a file: which, and why, was told when it was met.
fn all_read(taken: &TakenIn) -> Result<(), Failure> {
    taken.passed_over.map_or(Ok(()), |kind| Err(Failure::of_system(kind, "")))
}

async fn fetch(shell: &Shell, clerk: &mut Clerk, inbox: &mut Inbox, by: &str) -> Result<(), Failure> {
    let fetched = clerk.fetch(inbox).await;
    let noted = clerk.note_fetch(by, fetched.as_ref().err().map(ToString::to_string));
    let posted = fetched?;
    noted?;
    for note in posted.notes {
        shell.tell(&note);
    }
    Ok(())
}

/// Marks what was ours; a mark that fails is told of and made up for with the next pass.
async fn mark(shell: &Shell, clerk: &mut Clerk, inbox: &mut Inbox) {
    if let Err(error) = clerk.mark(inbox).await {
        shell.tell(&format!("handled mail is not marked yet: {error}"));
    }
}

/// Sends what is due, and tells of what was not taken.
async fn flush(shell: &Shell, clerk: &mut Clerk, outbox: &mut Outbox) -> Result<Report, Failure> {
    let report = clerk.flush(outbox, SEND_BUDGET).await?;
    shell.tell_failed(&report);
    Ok(report)
}

async fn send(shell: &Shell, clerk: &mut Clerk, outbox: &mut Outbox) -> Result<(), Failure> {
    account::outcome(&flush(shell, clerk, outbox).await?)
}

/// What was known before mail was taken in.
struct Before {
    /// Letters with open warnings.
    warned: BTreeSet<u64>,
    /// Entries in the ledger.
    entries: u64,
}

impl Before {
    fn of(clerk: &Clerk) -> Result<Self, Failure> {
        let entries = clerk.index().mark().entries();
        Ok(Self { warned: crate::view::warnings::open_letters(clerk)?, entries })
    }
}

/// Judges what is in the spool, sends again what nobody acknowledged, and tells of both; silent where all was in order. What
/// came before a failure is told of, too: with the next pass it is no news any more.
fn judge(shell: &Shell, clerk: &mut Clerk) -> Result<TakenIn, Failure> {
    let before = Before::of(clerk)?;
    let taken = clerk.take_in().map_err(Failure::from);
    let tended = if taken.is_ok() { clerk.tend().map(drop).map_err(Failure::from) } else { Ok(()) };
    let told = tell(shell, clerk, &before);
    shell.tell_notes(clerk);
    taken.and_then(|taken| tended.and(told).map(|()| taken))
}

/// Has hooks do the work they were given, and tells of what came to nothing.
async fn work(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    // What follows from their work could not be signed.
    if clerk.key_fault().is_some() {
        return Ok(());
    }
    let worked = clerk.work(WORK_BUDGET).await;
    shell.tell_notes(clerk);
    Ok(worked?)
}

/// Says on standard error which warnings are new, those about letters that were judged again included. Each comes with its
/// number, so that a mail from cron tells what to look at. A person who looks on is told of rejected orders, too.
fn tell(shell: &Shell, clerk: &Clerk, before: &Before) -> Result<(), Failure> {
    for (id, sentence) in super::warnings::sentences(clerk, &before.warned, shell.words, shell.clock.zone())? {
        let position = id.strip_prefix("W-").and_then(|position| position.parse().ok());
        let order = position.map(|position| unanswered_of(clerk, position, &shell.clock.now())).transpose()?;
        shell.tell(&match order.flatten() {
            Some(order) => format!(
                "warning {id}: {sentence}; `mailorder confirm {}` shows all that differs and takes your answer",
                short(order.as_str())
            ),
            None => format!("warning {id}: {sentence}; see `mailorder warnings`, then `mailorder warnings ack {id}`"),
        });
    }
    for rejected in transaction::rejected(clerk, before.entries, None)? {
        let Rejected { id, shop, why } = &rejected;
        let why = joined(why, Words::ENGLISH);
        shell.done(format!("{id}: {shop} rejected the order: {why}; mailorder reorder {id} orders again"));
    }
    for NotGranted { id, who, asked, why } in transaction::not_granted(clerk, before.entries, None)? {
        shell.done(format!("{id}: {who} refused the {asked}: {why}"));
    }
    for TurnedAway { id, buyer, why } in transaction::turned_away(clerk, before.entries, None)? {
        let why = joined(&why, Words::ENGLISH);
        shell.done(format!("{id}: an order of {buyer} was rejected: {why}"));
    }
    Ok(())
}

/// Has the person told of warnings. It fails only where it is interrupted.
async fn told(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    alert::alert(shell, clerk).await;
    Ok(())
}

/// Returns how many letters came to which verdict.
fn counted(words: Words, taken: &TakenIn) -> String {
    let count = |(verdict, count): (&Verdict, &u64)| {
        words.fill("became.count", &[("verdict", &words.name("became", &verdict.to_string())), ("n", count)])
    };
    taken.counts.iter().map(count).collect::<Vec<String>>().join(", ")
}

/// Writes for a person who looks on what came.
fn came(shell: &Shell, taken: &TakenIn) {
    if !taken.counts.is_empty() {
        let time = text::minute(&shell.clock.now(), shell.clock.zone());
        shell.done(format!("{time}  came: {}", counted(shell.words, taken)));
    }
}

pub(super) fn watch(shell: &mut Shell, args: WatchArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let inbox = clerk::inbox(clerk.settings())?;
    let mut inbox = inbox.ok_or_else(|| Failure::new(FailureKind::Config, "no [inbox] is configured"))?;
    let mut outbox = clerk::outbox(clerk.settings())?;
    clerk.renew_if_due()?;
    if let Some(fault) = clerk.key_fault() {
        // What comes is read all the same.
        Failure::from(ClerkError::OwnKey(fault)).print(false, shell.words);
    }
    let shell = &*shell;
    shell.runtime.block_on(async {
        let end = async {
            match args.seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Listened for before anything is begun: what is shown can be answered by Ctrl-C.
            biased;
            asked = stop::asked() => match asked? {
                stop::Asked::Terminate => Ok(()),
                stop::Asked::Interrupt => Err(Failure::new(FailureKind::Interrupted, "")),
            },
            () = end => Ok(()),
            result = turns(shell, &mut clerk, &mut inbox, &mut outbox) => result,
        }
    })
}

/// Turn after turn: fetch, judge, send, wait for news. A turn that fails is followed by a pause that grows; what failed in the
/// turn before, too, is not told again.
async fn turns(
    shell: &Shell,
    clerk: &mut Clerk,
    inbox: &mut Inbox,
    outbox: &mut Option<Outbox>,
) -> Result<(), Failure> {
    let (mut failures, mut told): (u32, Vec<Failure>) = (0, Vec::new());
    clerk.catch_up()?;
    let mut bell = Bell::new(shell, clerk)?;
    loop {
        let mut failed = turn(shell, clerk, inbox, outbox, &mut bell).await;
        alert::alert(shell, clerk).await;
        if failed.is_empty() {
            (failures, told) = (0, Vec::new());
            let waited = inbox.wait(WATCH_TURN).await.err().map(|error| Failure::from(ClerkError::from(error)));
            failed.extend(waited);
        }
        if failed.is_empty() {
            continue;
        }
        if let Some(end) = failed.iter().find(|failure| ends_watch(failure)) {
            return Err(end.clone());
        }
        for failure in failed.iter().filter(|failure| !told.contains(failure)) {
            failure.clone().with_config(shell.global.config.as_deref()).print(false, shell.words);
        }
        (failures, told) = (failures.saturating_add(1), failed);
        inbox.close().await;
        let mut chance = [0; 8];
        let random = getrandom::fill(&mut chance).map_or(0, |()| u64::from_ne_bytes(chance));
        tokio::time::sleep(backoff(failures, random)).await;
    }
}

/// Returns whether there is no use in going on: it is for a person to mend, or all begins anew with the index thrown away.
fn ends_watch(failure: &Failure) -> bool {
    matches!(failure.kind(), FailureKind::Config | FailureKind::Permission) || failure.is_damaged_index()
}

/// One turn of `watch`; returns what failed of it.
async fn turn(
    shell: &Shell,
    clerk: &mut Clerk,
    inbox: &mut Inbox,
    outbox: &mut Option<Outbox>,
    bell: &mut Bell,
) -> Vec<Failure> {
    let fetched = fetch(shell, clerk, inbox, "watch").await;
    // What is in the spool is judged, and what is due is done and sent, even where the mailbox cannot be reached.
    let judged = judge(shell, clerk).map(|taken| came(shell, &taken));
    if let Some(failure) = judged.as_ref().err().filter(|failure| failure.is_damaged_index()) {
        return vec![failure.clone()];
    }
    let rung = bell.turn(shell, clerk).map_err(Failure::from);
    if fetched.is_ok() {
        mark(shell, clerk, inbox).await;
    }
    let worked = work(shell, clerk).await;
    let sent = send_due(shell, clerk, outbox).await;
    [fetched, judged, rung, worked, sent].into_iter().filter_map(Result::err).collect()
}

/// Sends what is due; what stops it is told, and tried again later.
async fn send_due(shell: &Shell, clerk: &mut Clerk, outbox: &mut Option<Outbox>) -> Result<(), Failure> {
    let sends = !shell.global.offline && clerk.key_fault().is_none();
    let Some(outbox) = outbox.as_mut().filter(|_| sends) else { return Ok(()) };
    match flush(shell, clerk, outbox).await?.stopped {
        // Mail is taken in all the same: whatever it is, it is tried again later.
        Some(cause) => Err(Failure::new(FailureKind::Later, format!("the letters wait: {cause}"))),
        None => Ok(()),
    }
}

/// Takes one mail from standard input: on disk before anything else, so that the mail server may forget it.
///
/// Before that, every failure makes the server keep the mail and try again. After it, none does: the server would
/// bounce a mail that is here, or hand it over twice. What goes wrong then is told, and the next `sync` goes on.
pub(super) fn receive(shell: &mut Shell) -> Result<(), Failure> {
    let kept = guarded(|| {
        let mut clerk = shell.clerk()?;
        let report = store(&mut clerk)?;
        Ok((clerk, report))
    });
    let (mut clerk, report) = kept.map_err(Failure::deferred)?;
    let judged = guarded(|| judge_received(shell, &mut clerk, report.as_deref()));
    for failure in judged.err().into_iter().chain(shell.refusal.take()) {
        failure.with_config(shell.global.config.as_deref()).print(false, shell.words);
    }
    Ok(())
}

/// Puts the mail on standard input on disk, durably; returns it where it is a delivery report.
fn store(clerk: &mut Clerk) -> Result<Option<Vec<u8>>, Failure> {
    use std::io::Read;
    let mut stdin = std::io::stdin().lock();
    let mut mail = Vec::new();
    // One byte more than is read tells a mail that is too large from one that just fits.
    let limit = u64::try_from(MAIL_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = stdin.by_ref().take(limit).read_to_end(&mut mail);
    read.map_err(|error| Failure::io(format!("cannot read standard input: {error}")))?;
    if mail.len() > MAIL_MAX {
        clerk.keep_large(&mail, &mut stdin)?;
        return Ok(None);
    }
    clerk.spool(std::slice::from_ref(&mail))?;
    // As above: the mail is safe.
    let _ = clerk.note_fetch("receive", None);
    Ok(Some(mail).filter(|mail| sift(mail) == Kind::Report))
}

fn judge_received(shell: &Shell, clerk: &mut Clerk, report: Option<&[u8]>) -> Result<(), Failure> {
    let heeded = report.map_or_else(|| Ok(Vec::new()), |report| clerk.heed_report(report));
    heeded.iter().flatten().for_each(|sentence| shell.tell(sentence));
    judge(shell, clerk)?;
    shell.unless_stopped(work(shell, clerk))?;
    let sent = shell.send(clerk);
    shell.unless_stopped(told(shell, clerk))?;
    heeded?;
    sent
}

pub(super) fn import(shell: &mut Shell, args: ImportArgs) -> Result<(), Failure> {
    // Nothing is taken in where one of the names is wrong.
    args.paths.iter().try_for_each(|path| check_path(path))?;
    let mut clerk = shell.clerk()?;
    let mut taken = Imported::default();
    let before = Before::of(&clerk)?;
    let ended = args.paths.iter().try_for_each(|path| import_path(&mut clerk, path, &mut taken));
    // What was taken in before a disk failed is told of and answered all the same.
    tell(shell, &clerk, &before)?;
    if taken.too_large > 0 {
        let mails = super::list::plural(taken.too_large, "mail");
        shell.tell(&format!("{mails} larger than any letter may be: passed over"));
    }
    let counts =
        if taken.letters.counts.is_empty() { "no letters".to_owned() } else { counted(shell.words, &taken.letters) };
    shell.done(format!("imported: {counts}"));
    shell.tell_notes(&mut clerk);
    shell.send(&mut clerk)?;
    ended.and(all_read(&taken.letters))
}

/// What an import brought.
#[derive(Debug, Default)]
struct Imported {
    letters: TakenIn,
    /// Mails with the look of letters that are larger than any.
    too_large: u64,
}

/// Checks that there is something to be read at a path.
fn check_path(path: &Path) -> Result<(), Failure> {
    let fault = |error: std::io::Error| Failure::unreadable(path, &error);
    if !std::fs::metadata(path).map_err(fault)?.is_dir() {
        return files::open(path).map(drop).map_err(fault);
    }
    if path.join("cur").is_dir() {
        return Ok(());
    }
    Err(Failure::data(format!("{} is no Maildir: it has no folder cur", path.display())))
}

fn import_path(clerk: &mut Clerk, path: &Path, taken: &mut Imported) -> Result<(), Failure> {
    let fault = |error: std::io::Error| Failure::unreadable(path, &error);
    if std::fs::metadata(path).map_err(fault)?.is_dir() {
        let files = maildir::list(path).map_err(ClerkError::from)?;
        let mut faults = Vec::new();
        let mails = files.iter().filter_map(|file| of_maildir(file, &mut faults)).map(Ok);
        import_mails(clerk, mails, taken).map_err(|failure| failure.about(path))?;
        // One file that cannot be read keeps the others from nothing.
        return faults.into_iter().next().map_or(Ok(()), Err);
    }
    let mut file = std::io::BufReader::new(files::open(path).map_err(fault)?);
    let mails = Mbox::new(&mut file, MAIL_MAX).map_err(fault)?;
    import_mails(clerk, mails, taken).map_err(|failure| failure.about(path))
}

/// Reads a file of a Maildir, no more of it than tells that it is too large; what is no regular file is no mail.
/// One that cannot be read, as where a mail reader renamed it meanwhile, is a fault that is told when the others are taken in.
fn of_maildir(file: &Path, faults: &mut Vec<Failure>) -> Option<Vec<u8>> {
    let limit = u64::try_from(MAIL_MAX).unwrap_or(u64::MAX).saturating_add(1);
    match maildir::read_head(file, limit) {
        Ok(mail) => Some(mail),
        Err(error) if matches!(error.kind(), Some(ErrorKind::InvalidInput | ErrorKind::IsADirectory)) => None,
        Err(error) => {
            faults.push(ClerkError::from(error).into());
            None
        }
    }
}

/// Spools letters in portions and judges them; ordinary mail is passed over and left where it is.
fn import_mails(
    clerk: &mut Clerk,
    mails: impl Iterator<Item = std::io::Result<Vec<u8>>>,
    taken: &mut Imported,
) -> Result<(), Failure> {
    let mut portion: Vec<Vec<u8>> = Vec::new();
    let mut fault = None;
    for mail in mails {
        let mail = match mail {
            Ok(mail) => mail,
            Err(error) => {
                fault = Some(Failure::io(error.to_string()));
                break;
            }
        };
        if sift(&mail) != Kind::Letter {
            continue;
        }
        if mail.len() > MAIL_MAX {
            taken.too_large = taken.too_large.saturating_add(1);
            continue;
        }
        portion.push(mail);
        if portion.len() >= IMPORT {
            clerk.spool(&std::mem::take(&mut portion))?;
            taken.letters.join(clerk.take_in()?);
        }
    }
    clerk.spool(&portion)?;
    taken.letters.join(clerk.take_in()?);
    fault.map_or(Ok(()), Err)
}
