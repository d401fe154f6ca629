//! Many reports from one file: `notify --from` and `import`, under `shop`, `pay` and `ship` alike (P46, P49).
//!
//! Rows are read one by one and followed in batches; between two batches other processes have the ledger. A row that is
//! wrong is a line on standard error and keeps no other back.

use std::fmt::Display;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Shell;
use super::download::FileArgs;
use super::failure::Failure;
use super::notify::plays;
use super::output::escape;
use super::sending::send_all;
use crate::clerk::{Came, Clerk, ClerkError, Foreseen, Foresight, Reporting, Sort};
use crate::feed::{FeedError, Format, Map, Place, Read, Reading, Report, event_id};
use crate::files;
use crate::trade::Role;

/// Rows that are followed under one hold of the ledger's lock.
const BATCH: usize = 500;
/// Bytes of files that are held at once, but for the last one.
const FILES_TOGETHER: usize = 4 * 1024 * 1024;

/// What `notify` takes beside the flags that report one thing.
#[derive(Debug, clap::Args)]
pub(super) struct FromArgs {
    /// Take reports from the rows of this file, CSV or JSON Lines; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) rows: RowArgs,
    /// Rows say how things stand: send only what changed
    #[arg(long, requires = "from")]
    pub(super) only_changes: bool,
    /// This report's own name: run again with it, the command sends nothing; rows have the column event_id
    #[arg(long, value_name = "ID", conflicts_with = "from")]
    event_id: Option<String>,
    /// Print the letters that would be signed, and write nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
}

/// How rows are read.
#[derive(Debug, clap::Args)]
pub(super) struct RowArgs {
    /// How the file is written, where neither its name nor its first sign tells
    #[arg(long, value_enum, requires = "from")]
    format: Option<FormatWord>,
    /// What its columns mean: plain (our own names), woocommerce, or a file (TOML); plain where none is given
    #[arg(long, value_name = "NAME|FILE", requires = "from")]
    map: Option<String>,
    /// The zone of dates that name none, like Asia/Tokyo or +09:00
    #[arg(long, value_name = "ZONE", requires = "from")]
    zone: Option<String>,
    /// Pass over rows whose transaction is not known here: the file has orders of others, too
    #[arg(long, requires = "from")]
    skip_unknown: bool,
    /// The folder that files named by rows are taken from; that of the rows where none is given
    #[arg(long, value_name = "DIR", requires = "from")]
    files: Option<PathBuf>,
}

/// `import`: the same as `notify --from FILE --only-changes`.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The export, CSV or JSON Lines; - for standard input
    #[arg(value_name = "FILE")]
    from: PathBuf,
    #[command(flatten)]
    rows: RowArgs,
    /// Print the letters that would be signed, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatWord {
    /// Rows of cells, the first row names the columns
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// What became of rows, counted.
#[derive(Debug, Default)]
struct Counts {
    rows: u64,
    sent: u64,
    letters: u64,
    known: u64,
    unchanged: u64,
    nothing: u64,
    other: u64,
    refused: u64,
}

/// A row as it was read, and what became of it.
struct Done {
    place: Place,
    name: Option<String>,
    event: Option<String>,
    came: Became,
}

/// What became of one row.
enum Became {
    /// It had nothing to report.
    Nothing,
    /// What the clerk says, with the letters that would be signed.
    Came(Came, Vec<Foreseen>),
    /// It cannot be read.
    Unreadable(String),
}

/// Sends what changed in an export.
pub(super) fn import(shell: &Shell, role: Role, args: &ImportArgs) -> Result<(), Failure> {
    let reporting = Reporting { role, sort: Sort::States };
    rows(shell, reporting, &args.from, &args.rows, args.dry_run)
}

/// Follows the rows of a file.
pub(super) fn rows(shell: &Shell, how: Reporting, file: &Path, args: &RowArgs, dry_run: bool) -> Result<(), Failure> {
    let mut reading = args.open(file, how)?;
    let mut clerk = shell.clerk()?;
    plays(shell, &clerk, how.role)?;
    clerk.renew_if_due()?;
    if let Some(fault) = clerk.key_fault() {
        return Err(ClerkError::OwnKey(fault).into());
    }
    clerk.catch_up()?;
    let folder = args.files.as_deref().or(file.parent()).unwrap_or_else(|| Path::new(""));
    let mut run = Run { shell, how, file, folder, dry_run, counts: Counts::default(), foresight: Foresight::default() };
    let ended = run.all(&mut clerk, &mut reading);
    shell.output.progress("");
    let sent = if dry_run { Ok(()) } else { send(shell, &mut clerk, run.counts.letters) };
    run.summary()?;
    ended?;
    run.refusal().and(sent)
}

/// Sends what was written.
fn send(shell: &Shell, clerk: &mut Clerk, letters: u64) -> Result<(), Failure> {
    shell.tell_notes(clerk);
    if shell.global.offline || letters == 0 {
        return Ok(());
    }
    send_all(shell, clerk)
}

/// Reads what `--event-id` calls something.
pub(super) fn event_named(id: Option<&str>) -> Result<Option<String>, Failure> {
    id.map(event_id).transpose().map_err(|what| Failure::usage(format!("--event-id: {what}")))
}

impl FromArgs {
    /// Returns what one report by flags is called, where it is called something.
    pub(super) fn event(&self) -> Result<Option<String>, Failure> {
        event_named(self.event_id.as_deref())
    }

    /// Refuses what says how rows are read where there are none.
    pub(super) fn without_rows(&self) -> Result<(), Failure> {
        let RowArgs { format, map, zone, skip_unknown, files } = &self.rows;
        let given = [
            ("--format", format.is_some()),
            ("--map", map.is_some()),
            ("--zone", zone.is_some()),
            ("--skip-unknown", *skip_unknown),
            ("--files", files.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => {
                Err(Failure::usage(format!("{flag} is about the rows of a file")).hint("name the file with --from"))
            }
        }
    }
}

impl RowArgs {
    /// Opens the file with the map that reads it.
    fn open(&self, file: &Path, how: Reporting) -> Result<Reading<Box<dyn BufRead>>, Failure> {
        let mut map = self.map(how.role)?;
        if how.sort == Sort::States {
            map.of_states();
        }
        let (by_name, tabs) = match file.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => (Some(Format::Csv), None),
            Some("tsv") => (Some(Format::Csv), Some(b'\t')),
            Some("jsonl" | "ndjson") => (Some(Format::JsonLines), None),
            _ => (None, None),
        };
        let format = self.format.map(|word| match word {
            FormatWord::Csv => Format::Csv,
            FormatWord::Jsonl => Format::JsonLines,
        });
        let source: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(BufReader::new(std::io::stdin()))
        } else {
            Box::new(BufReader::with_capacity(
                64 * 1024,
                files::open(file).map_err(|error| Failure::unreadable(file, &error))?,
            ))
        };
        let format = format.or(by_name);
        let reading = Reading::open(source, format, tabs, map, how.role).map_err(|error| fault(file, &error))?;
        // That nothing happened needs no line; an export has its columns at least.
        if reading.is_empty() && (how.sort == Sort::States || format == Some(Format::Csv)) {
            let text = match is_stdin(file) {
                true => "standard input is empty: not even the names of columns are in it".to_owned(),
                false => format!("{} is empty: not even the names of columns are in it", file.display()),
            };
            return Err(Failure::data(text).hint("look whether the export was written to its end"));
        }
        Ok(reading)
    }

    fn map(&self, role: Role) -> Result<Map, Failure> {
        let name = self.map.as_deref().unwrap_or("plain");
        let mut map = match Map::named(name, role) {
            Some(map) => map,
            None => {
                let file = Path::new(name);
                let text = files::read(file, files::SMALL).and_then(files::text).map_err(|error| {
                    let known = Map::NAMES.join(", ");
                    Failure::unreadable(file, &error).hint(format!("--map takes a name ({known}) or a file"))
                })?;
                Map::parse(&text, file, role).map_err(|error| Failure::data(error.to_string()))?
            }
        };
        if let Some(name) = &self.zone {
            let zone = crate::feed::zone(name);
            let what = || {
                Failure::usage(format!("--zone: {name:?} is no zone known to this machine, like Asia/Tokyo or +09:00"))
            };
            map.set_zone(zone.ok_or_else(what)?);
        }
        if self.skip_unknown {
            map.skip_unknown();
        }
        Ok(map)
    }
}

/// Returns the bytes that are held of the file a row names.
fn size_of_file(row: &Read) -> usize {
    let report = row.report.as_ref().ok().and_then(Option::as_ref);
    report.and_then(|report| report.bytes.as_ref()).map_or(0, Vec::len)
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// How many columns of a file are named where one is missing.
const COLUMNS: usize = 20;

fn fault(file: &Path, error: &FeedError) -> Failure {
    match error {
        FeedError::Read(cause) => Failure::unreadable(file, cause),
        FeedError::File { line, what } => at_line(file, *line, what),
        FeedError::Columns { what, columns, mapped } => {
            let named = columns.iter().take(COLUMNS).map(|name| format!("{name:?}"));
            let mut there = named.collect::<Vec<_>>().join(", ");
            if columns.len() > COLUMNS {
                there.push_str(", ...");
            }
            let hint = match mapped {
                true => format!("the file has these columns: {there}"),
                false => {
                    format!("its columns are: {there}; a map says what others' columns mean: --map FILE (docs/cron.md)")
                }
            };
            at_line(file, 1, what).hint(hint)
        }
    }
}

/// Says what is wrong with a line of a file.
fn at_line(file: &Path, line: u64, what: &str) -> Failure {
    if is_stdin(file) {
        return Failure::data(format!("standard input:{line}: {what}"));
    }
    Failure::data(format!("{}:{line}: {what}", file.display()))
}

/// One run over a file.
struct Run<'a> {
    shell: &'a Shell,
    how: Reporting,
    file: &'a Path,
    /// Where files are that rows name.
    folder: &'a Path,
    dry_run: bool,
    counts: Counts,
    foresight: Foresight,
}

impl Run<'_> {
    /// Reads and follows all rows; of a file that cannot be read to its end, those before.
    fn all(&mut self, clerk: &mut Clerk, reading: &mut Reading<Box<dyn BufRead>>) -> Result<(), Failure> {
        loop {
            let mut read = Vec::with_capacity(BATCH);
            let mut ended = None;
            let mut bytes = 0;
            while ended.is_none() && read.len() < BATCH && bytes < FILES_TOGETHER {
                match reading.next_row() {
                    Ok(Some(row)) => {
                        let row = self.with_file(row);
                        bytes = size_of_file(&row).saturating_add(bytes);
                        read.push(row);
                    }
                    Ok(None) => ended = Some(Ok(())),
                    Err(error) => ended = Some(Err(fault(self.file, &error))),
                }
            }
            if !read.is_empty() {
                self.batch(clerk, read)?;
            }
            if let Some(ended) = ended {
                return ended;
            }
            if !self.dry_run {
                clerk.give_way();
            }
        }
    }

    /// Reads the file that a row says the goods are.
    fn with_file(&self, mut row: Read) -> Read {
        let Ok(Some(report)) = &mut row.report else { return row };
        let Some(file) = report.file.take() else { return row };
        match FileArgs::of_row(file, self.folder) {
            Ok(goods) => {
                report.notice.download = Some(goods.download);
                report.bytes = goods.bytes;
            }
            Err(what) => row.report = Err(what),
        }
        row
    }

    /// Follows some rows, and says what became of them, in their order.
    fn batch(&mut self, clerk: &mut Clerk, read: Vec<Read>) -> Result<(), Failure> {
        let reports: Vec<Report> =
            read.iter().filter_map(|row| row.report.as_ref().ok().and_then(Option::as_ref)).cloned().collect();
        let came: Vec<(Came, Vec<Foreseen>)> = if self.dry_run {
            clerk.foresee_reports(self.how, &reports, &mut self.foresight)?
        } else {
            clerk.report(self.how, &reports)?.into_iter().map(|came| (came, Vec::new())).collect()
        };
        let mut came = came.into_iter();
        for Read { place, name, skip_unknown, report } in read {
            let event = report.as_ref().ok().and_then(Option::as_ref).and_then(|report| report.event.clone());
            let became = match report {
                // What another order's row says is nobody's business here.
                Err(_) if skip_unknown && !clerk.knows(self.how.role, name.as_deref().unwrap_or_default())? => {
                    Became::Came(Came::Other, Vec::new())
                }
                Err(what) => Became::Unreadable(what),
                Ok(None) => Became::Nothing,
                Ok(Some(_)) => {
                    let (came, letters) = came.next().ok_or_else(|| Failure::bug("a row was not answered"))?;
                    Became::Came(came, letters)
                }
            };
            self.tell(&Done { place, name, event, came: became })?;
        }
        self.shell.output.progress(&self.shell.words.fill("progress.rows", &[("n", &self.counts.rows)]));
        Ok(())
    }

    /// Counts a row, and says of it what is to be said.
    fn tell(&mut self, row: &Done) -> Result<(), Failure> {
        let counts = &mut self.counts;
        let add = |count: &mut u64, more: usize| *count = count.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        add(&mut counts.rows, 1);
        let (result, text, letters, signed): (&str, Option<&str>, usize, &[Foreseen]) = match &row.came {
            Became::Nothing | Became::Came(Came::Nothing, _) => {
                add(&mut counts.nothing, 1);
                ("nothing", None, 0, &[])
            }
            Became::Came(Came::Written(written), signed) => {
                add(&mut counts.sent, 1);
                add(&mut counts.letters, written.len());
                ("sent", None, written.len(), signed)
            }
            Became::Came(Came::Known, _) => {
                add(&mut counts.known, 1);
                ("known", None, 0, &[])
            }
            Became::Came(Came::Told, _) => {
                add(&mut counts.unchanged, 1);
                ("unchanged", None, 0, &[])
            }
            Became::Came(Came::Other, _) => {
                add(&mut counts.other, 1);
                ("other", None, 0, &[])
            }
            Became::Came(Came::Refused(what), _) | Became::Unreadable(what) => {
                add(&mut counts.refused, 1);
                ("refused", Some(what), 0, &[])
            }
        };
        let Done { place: Place { row: number, line }, name, event, .. } = row;
        if self.shell.output.is_json() {
            let value = json!({
                "schema": "mailorder.row/1", "type": "row", "row": number, "line": line, "transaction": name, "event": event,
                "result": result, "text": text, "letters": letters, "signed": signed.iter().map(signed_json).collect::<Vec<Value>>(),
            });
            return self.shell.output.json_line(&value);
        }
        if let Some(what) = text {
            let words = self.shell.words;
            let mut places: Vec<(&str, &dyn Display)> = vec![("n", number)];
            places.extend(name.as_ref().map(|name| ("name", name as &dyn Display)));
            let row = words.fill(if name.is_some() { "rows.named" } else { "rows.row" }, &places);
            self.shell.output.progress("");
            let what = format!("{row}{}", self.shell.said(what));
            let place = match is_stdin(self.file) {
                true => words.fill("rows.of-stdin", &[("line", line), ("what", &what)]),
                false => format!("{}:{line}: {what}", self.file.display()),
            };
            self.shell.output.message(escape(&format!("mailorder: {place}")));
        }
        for letter in signed {
            show(self.shell, &self.shell.words.fill("rows.row", &[("n", number)]), letter)?;
        }
        Ok(())
    }

    /// Says for a person who looks on, and in JSON, what became of all rows.
    fn summary(&self) -> Result<(), Failure> {
        let Counts { rows, sent, letters, known, unchanged, nothing, other, refused } = &self.counts;
        if self.shell.output.is_json() {
            let value = json!({
                "schema": "mailorder.rows/1", "type": "summary", "dry_run": self.dry_run, "rows": rows, "sent": sent,
                "letters": letters, "known": known, "unchanged": unchanged, "nothing": nothing,
                "other": other, "refused": refused,
            });
            return self.shell.output.json_line(&value);
        }
        let words = self.shell.words;
        let sent_key = if self.dry_run { "rows.would-be-sent" } else { "rows.sent" };
        let parts = [
            (sent, sent_key),
            (known, "rows.known"),
            (unchanged, "rows.unchanged"),
            (nothing, "rows.nothing"),
            (other, "rows.other"),
            (refused, "rows.refused"),
        ];
        let part = |(count, key): (&u64, &str)| words.fill(key, &[("n", count), ("letters", letters)]);
        let parts: Vec<String> = parts.into_iter().filter(|(count, _)| **count > 0).map(part).collect();
        let parts = if parts.is_empty() { words.say("rows.none") } else { parts.join(", ") };
        self.shell.output.done(words.fill("rows.all", &[("n", rows), ("parts", &parts)]));
        Ok(())
    }

    /// Returns the failure of a run in which rows were refused.
    fn refusal(&self) -> Result<(), Failure> {
        let of = counted(self.counts.rows);
        let (text, hint) = match self.counts.refused {
            0 => return Ok(()),
            1 => (
                format!("1 of {of} refused: nothing was sent for it"),
                "mend it and run it again: what was sent is not sent twice",
            ),
            refused => (
                format!("{refused} of {of} refused: nothing was sent for them"),
                "mend them and run it again: what was sent is not sent twice",
            ),
        };
        Err(Failure::data(text).hint(hint))
    }
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

fn signed_json(letter: &Foreseen) -> Value {
    let Foreseen { kind, to, signed } = letter;
    json!({"kind": kind.word(), "to": to, "signed": String::from_utf8_lossy(signed)})
}

/// Shows a letter that would be signed.
fn show(shell: &Shell, before: &str, letter: &Foreseen) -> Result<(), Failure> {
    let Foreseen { kind, to, signed } = letter;
    let kind = shell.words.name("kinds", kind.word());
    shell.output.line(format!("--- {before}{}", shell.words.fill("rows.letter", &[("kind", &kind), ("to", to)])))?;
    for line in String::from_utf8_lossy(signed).lines() {
        shell.output.line(escape(line))?;
    }
    Ok(())
}

/// Shows the letters that one report by flags would have signed.
pub(super) fn foresee(shell: &Shell, clerk: &mut Clerk, how: Reporting, report: Report) -> Result<(), Failure> {
    let number = report.name.clone();
    let came = clerk.foresee_reports(how, &[report], &mut Foresight::default())?.pop();
    let (came, letters) = came.ok_or_else(|| Failure::bug("a report was not answered"))?;
    if let Came::Refused(why) = came {
        return Err(Failure::data(why));
    }
    if shell.output.is_json() {
        let signed: Vec<Value> = letters.iter().map(signed_json).collect();
        let value =
            json!({"schema": "mailorder.notified/1", "number": number, "letters": letters.len(), "signed": signed});
        return shell.output.document(&value);
    }
    letters.iter().try_for_each(|letter| show(shell, "", letter))
}
