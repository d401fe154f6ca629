//! Passes that are measured as a whole, each in a process of its own: the real way in, and the floor under it.
//!
//! The floor is the least that a program with these promises can do: the OpenPGP library opens the same mails and seals
//! as many letters, and a bare loop writes as many files of the same sizes with as many syncs. It reads nothing,
//! judges nothing, keeps no index, gives no file another name.

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use mailorder::clerk::{Came, Clerk, Reporting, Sort};
use mailorder::clock::{Clock, system_time};
use mailorder::feed::{Map, Reading};
use mailorder::trade::{Role, Verdict};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::bare::{self, Library};
use super::gauge::{cpu, memory};
use super::generate::cast::open_settings;

/// Mails that come into the spool together: as many as are fetched at a time.
const FETCHED: usize = 256;
/// Rows that are followed under one hold of the lock.
const REPORTED: usize = 500;
/// Mails that are judged under one hold of the lock.
const JUDGED: usize = 512;

pub fn run(words: &[&str]) {
    let [what, config, mails, threads, rest @ ..] = words else { panic!("worker {words:?}") };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse().unwrap());
    let pool = if *threads == "1" { pool.use_current_thread() } else { pool };
    pool.build_global().unwrap();
    let (config, from) = (Path::new(config), Path::new(mails));
    let figures = match (*what, rest) {
        ("take-in", []) => take_in(config, &list(from)),
        ("floor", [left, folder]) => floor(config, &list(from), Path::new(left), Path::new(folder)),
        ("report", []) => report(config, from),
        ("floor-out", [left, folder]) => floor_out(config, Path::new(left), Path::new(folder)),
        _ => panic!("worker {words:?}"),
    };
    println!("{figures}");
}

/// Returns the files of a folder in the order of their names.
pub fn list(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The real way: what `sync` does with mail that was fetched. Opening the account is not counted.
fn take_in(config: &Path, mails: &[PathBuf]) -> Value {
    let mut clerk = Clerk::open(open_settings(config), Clock::system()).unwrap();
    let (begun, used) = (Instant::now(), cpu());
    for fetched in mails.chunks(FETCHED) {
        let fetched: Vec<Vec<u8>> = fetched.iter().map(|file| fs::read(file).unwrap()).collect();
        clerk.spool(&fetched).unwrap();
    }
    let spooled = begun.elapsed().as_secs_f64();
    let taken = clerk.take_in().unwrap();
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu() - used);
    let applied = taken.counts.get(&Verdict::Applied).copied().unwrap_or(0);
    assert_eq!(usize::try_from(applied).unwrap(), mails.len(), "{:?}", taken.counts);
    json!({"wall": wall, "spooled": spooled, "cpu": cpu, "peak": memory("self", "VmHWM").unwrap()})
}

/// The real way out: what `shop notify --from` does with the rows of a file, without sending. Opening the account is not
/// counted.
fn report(config: &Path, rows: &Path) -> Value {
    let mut clerk = Clerk::open(open_settings(config), Clock::system()).unwrap();
    let how = Reporting { role: Role::Shop, sort: Sort::Events };
    let (begun, used) = (Instant::now(), cpu());
    let map = Map::named("plain", Role::Shop).unwrap();
    let source = BufReader::with_capacity(64 * 1024, File::open(rows).unwrap());
    let mut reading = Reading::open(source, None, None, map, Role::Shop).unwrap();
    let (mut sent, mut read) = (0, 0);
    loop {
        let mut reports = Vec::new();
        while reports.len() < REPORTED
            && let Some(row) = reading.next_row().unwrap()
        {
            reports.push(row.report.unwrap().unwrap());
        }
        if reports.is_empty() {
            break;
        }
        read += reports.len();
        sent += clerk.report(how, &reports).unwrap().iter().filter(|came| matches!(came, Came::Written(_))).count();
        clerk.give_way();
    }
    assert_eq!(sent, read, "every row is a letter");
    json!({"wall": begun.elapsed().as_secs_f64(), "cpu": cpu() - used, "peak": memory("self", "VmHWM").unwrap()})
}

/// The floor under it: as many letters signed and encrypted, as many files written.
fn floor_out(config: &Path, left: &Path, folder: &Path) -> Value {
    let settings = open_settings(config);
    let (folders, now) = (&settings.folders, system_time(&Clock::system().now()));
    let library = Library::new(&folders.keys.join("own.asc"), &folders.ledger.join("certs"), now);
    let left = Left::read(left);
    let files = Files::new(folder);
    let (mut cryptography, mut writing) = (Pass::default(), Pass::default());
    let batches = left.queued.len().div_ceil(REPORTED);
    for batch in 0..batches {
        let (entries, queued) = (part(&left.entries, batch, batches), part(&left.queued, batch, batches));
        // What is signed is the entry but for its header and the signature.
        cryptography.add(|| entries.par_iter().for_each(|size| drop(library.seal(&vec![b'x'; size * 4 / 5]))));
        writing.add(|| files.entries(batch, entries, queued));
    }
    json!({"cryptography": cryptography.wall, "cryptography_cpu": cryptography.cpu, "files": writing.wall, "files_cpu": writing.cpu})
}

/// The files that a pass leaves behind, by size; written by `way_in` from what a real pass left.
struct Left {
    /// Entries of the ledger.
    entries: Vec<usize>,
    /// Letters in the queue.
    queued: Vec<usize>,
}

impl Left {
    fn read(file: &Path) -> Self {
        let plan: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let sizes = |name: &str| -> Vec<usize> {
            plan[name].as_array().unwrap().iter().map(|size| usize::try_from(size.as_u64().unwrap()).unwrap()).collect()
        };
        Self { entries: sizes("entries"), queued: sizes("queued") }
    }
}

/// The part of a list that belongs to one of several batches.
fn part(all: &[usize], batch: usize, batches: usize) -> &[usize] {
    &all[all.len() * batch / batches..all.len() * (batch + 1) / batches]
}

fn floor(config: &Path, mails: &[PathBuf], left: &Path, folder: &Path) -> Value {
    let settings = open_settings(config);
    let (folders, now) = (&settings.folders, system_time(&Clock::system().now()));
    let library = Library::new(&folders.keys.join("own.asc"), &folders.ledger.join("certs"), now);
    let left = Left::read(left);
    let files = Files::new(folder);
    let (mut cryptography, mut writing) = (Pass::default(), Pass::default());
    for (batch, fetched) in mails.chunks(FETCHED).enumerate() {
        writing.add(|| files.spool(batch, fetched));
    }
    let batches = mails.len().div_ceil(JUDGED);
    for (batch, judged) in mails.chunks(JUDGED).enumerate() {
        let read: Vec<Vec<u8>> = judged.iter().map(|mail| fs::read(mail).unwrap()).collect();
        let (entries, queued) = (part(&left.entries, batch, batches), part(&left.queued, batch, batches));
        let armored: Vec<&[u8]> = read.iter().map(|mail| bare::armored(mail)).collect();
        cryptography.add(|| {
            armored.par_iter().for_each(|message| drop(library.open(message)));
            // A letter out has about the size of its entry.
            queued.par_iter().for_each(|size| drop(library.seal(&vec![b'x'; size * 2 / 3])));
        });
        writing.add(|| files.batch(batch, entries, queued));
    }
    json!({"cryptography": cryptography.wall, "cryptography_cpu": cryptography.cpu, "files": writing.wall, "files_cpu": writing.cpu})
}

/// Time of several pieces of one kind of work.
#[derive(Default)]
struct Pass {
    wall: f64,
    cpu: f64,
}

impl Pass {
    fn add(&mut self, work: impl FnOnce()) {
        let (begun, used) = (Instant::now(), cpu());
        work();
        self.wall += begun.elapsed().as_secs_f64();
        self.cpu += cpu() - used;
    }
}

/// The bare loop that writes: the files and the syncs of `Clerk::spool` and `Clerk::take_in`, and nothing else of them.
struct Files {
    folder: PathBuf,
}

impl Files {
    fn new(folder: &Path) -> Self {
        for name in ["spool", "cur", "queue"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        Self { folder: folder.to_owned() }
    }

    fn write(&self, path: &str, size: usize, sync: bool) {
        let mut file = File::create_new(self.folder.join(path)).unwrap();
        file.write_all(&vec![b'x'; size]).unwrap();
        if sync {
            file.sync_all().unwrap();
        }
    }

    fn sync(&self, path: &str) {
        File::open(self.folder.join(path)).unwrap().sync_all().unwrap();
    }

    fn sync_all(&self) {
        rustix::fs::syncfs(File::open(&self.folder).unwrap()).unwrap();
    }

    /// Mails into the spool: written, synced together, then their folder.
    fn spool(&self, batch: usize, mails: &[PathBuf]) {
        for (number, mail) in mails.iter().enumerate() {
            let bytes = fs::read(mail).unwrap();
            self.write(&format!("spool/{batch}.{number}"), bytes.len(), false);
        }
        self.sync_all();
        self.sync("spool");
    }

    /// A batch: the note of what is looked at, and what is written of it.
    fn batch(&self, batch: usize, entries: &[usize], queued: &[usize]) {
        self.write(&format!("handling.{batch}"), JUDGED * 40, true);
        self.sync(".");
        self.entries(batch, entries, queued);
    }

    /// The entries and the log, the letters out and how far they are queued.
    fn entries(&self, batch: usize, entries: &[usize], queued: &[usize]) {
        for (number, size) in entries.iter().enumerate() {
            self.write(&format!("cur/{batch}.{number}"), *size, false);
        }
        self.sync_all();
        self.write(&format!("log.{batch}"), entries.len() * 110, true);
        self.sync_all();
        for (number, size) in queued.iter().enumerate() {
            self.write(&format!("queue/{batch}.{number}"), *size, queued.len() < 8);
        }
        if queued.len() >= 8 {
            self.sync_all();
        }
        if !queued.is_empty() {
            self.sync("queue");
        }
        self.write(&format!("written.{batch}"), 6, true);
        self.sync(".");
    }
}
