//! The whole durable way in, beside its floor; and the letters without the disk, which need the same mails.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::gauge::{Series, run};
use super::generate::{self, Generated};
use super::report::{Report, figure, short};
use super::worker::list;
use super::{Scale, letters};

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::Settings;
use mailorder::ledger::Ledger;

/// Who writes the orders that are taken in.
const BUYERS: u32 = 50;

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    eprintln!("making mails ...");
    let until = Clock::system().now().whole_second();
    let generated = generate::buyer(&folder.join("buyer"), generate::accepted(scale.letters / 4, 1, until));
    let mails = generated.mails();
    drop(Clerk::open(generated.account.settings.clone(), Clock::system()).unwrap());
    letters::measure(&generated, &mails, scale, report);
    statuses(folder, &generated, &mails, scale, report);
    orders(folder, scale, report);
}

/// Makes an account and mails for it, to look closer at one pass.
pub fn put(folder: &Path, letters: u32) {
    let until = Clock::system().now().whole_second();
    let generated = generate::buyer(&folder.join("buyer"), generate::accepted(letters / 4, 1, until));
    put_mails(&folder.join("mails"), &generated.mails());
    drop(Clerk::open(generated.account.settings, Clock::system()).unwrap());
    println!("worker take-in {0}/buyer/config.toml {0}/mails THREADS, on a copy", folder.display());
}

/// Makes a shop and orders for it, to look closer at one pass.
pub fn put_orders(folder: &Path, orders: u32) {
    let until = Clock::system().now().whole_second();
    let (account, mails) = generate::shop(&folder.join("shop"), generate::accepted(orders, 2, until), BUYERS);
    put_mails(&folder.join("mails"), &mails);
    drop(Clerk::open(account.settings, Clock::system()).unwrap());
    println!("worker take-in {0}/shop/config.toml {0}/mails THREADS, on a copy", folder.display());
}

fn put_mails(folder: &Path, mails: &[Vec<u8>]) {
    fs::create_dir_all(folder).unwrap();
    for (number, mail) in mails.iter().enumerate() {
        fs::write(folder.join(format!("{number:07}.eml")), mail).unwrap();
    }
}

/// What is taken in, and where.
struct Load<'a> {
    name: &'static str,
    settings: &'a Settings,
    mails: PathBuf,
    letters: usize,
    /// Passes so far. Their files are removed at the end: where many were removed just before, new ones cost more.
    passes: Cell<u32>,
}

impl<'a> Load<'a> {
    fn new(name: &'static str, folder: &Path, settings: &'a Settings, mails: &[Vec<u8>]) -> Self {
        let into = folder.join(format!("{name}-mails"));
        put_mails(&into, mails);
        fs::create_dir_all(folder.join(name)).unwrap();
        Self { name, settings, mails: into, letters: mails.len(), passes: Cell::new(0) }
    }

    fn account(&self) -> &Path {
        self.settings.folders.config.parent().unwrap()
    }

    /// Copies the account, lets a worker take all mails in, and returns what it measured; what the pass left is
    /// written beside it, for the floor.
    fn take_in(&self, folder: &Path, threads: &str) -> Value {
        let copy = self.fresh(folder);
        run(Command::new("cp").arg("-a").arg(self.account()).arg(&copy));
        run(&mut Command::new("sync"));
        let config = copy.join("config.toml");
        let figures = worker(&["take-in", text(&config), text(&self.mails), threads]);
        let before = Ledger::open(&self.settings.folders.ledger).unwrap().head().unwrap().size;
        let lines = Ledger::open(&copy.join("ledger")).unwrap().lines_from(&Default::default()).unwrap().0;
        let entries: Vec<u64> = lines.iter().filter(|line| line.position >= before).map(|line| line.size).collect();
        let queue = list(&copy.join("outbox"));
        let queue = queue.iter().filter(|file| file.extension().is_some_and(|extension| extension == "eml"));
        let queued: Vec<u64> = queue.map(|file| fs::metadata(file).unwrap().len()).collect();
        let left = json!({"entries": entries, "queued": queued});
        fs::write(self.left(folder), left.to_string()).unwrap();
        figures
    }

    /// Returns a folder that is not there yet.
    fn fresh(&self, folder: &Path) -> PathBuf {
        self.passes.set(self.passes.get() + 1);
        folder.join(self.name).join(self.passes.get().to_string())
    }

    fn left(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-left.json", self.name))
    }

    fn floor(&self, folder: &Path, threads: &str) -> Value {
        run(&mut Command::new("sync"));
        let left = self.left(folder);
        let config = &self.settings.folders.config;
        worker(&["floor", text(config), text(&self.mails), threads, text(&left), text(&self.fresh(folder))])
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs this very program as a worker; returns what it printed.
pub fn worker(words: &[&str]) -> Value {
    let output = Command::new(std::env::current_exe().unwrap()).arg("worker").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One kind of pass with a number of cores, several times: figures in seconds a letter.
#[derive(Default)]
struct Passes {
    wall: Series,
    spool: Series,
    floor: Series,
    cryptography: Series,
    files: Series,
    ours: Series,
    own_cpu: Series,
    peak: Series,
}

impl Passes {
    fn of(load: &Load<'_>, folder: &Path, threads: &str, scale: &Scale) -> Self {
        let mut passes = Self::default();
        for _ in 0..scale.passes {
            let real = load.take_in(folder, threads);
            let floor = load.floor(folder, threads);
            let each = |figures: &Value, name: &str| figures[name].as_f64().unwrap() / load.letters as f64;
            let (cryptography, files) = (each(&floor, "cryptography"), each(&floor, "files"));
            passes.wall.push(each(&real, "wall"));
            passes.spool.push(each(&real, "spooled"));
            passes.floor.push(cryptography + files);
            passes.cryptography.push(cryptography);
            passes.files.push(files);
            passes.ours.push(each(&real, "wall") - cryptography - files);
            passes.own_cpu.push(each(&real, "cpu") - each(&floor, "cryptography_cpu") - each(&floor, "files_cpu"));
            passes.peak.push(real["peak"].as_f64().unwrap());
        }
        passes
    }

    fn row(&self, what: &str) -> Vec<String> {
        let ratio = self.wall.speed_beside(&self.floor).median();
        let times = [&self.wall, &self.spool, &self.floor, &self.cryptography, &self.files, &self.ours, &self.own_cpu];
        let mut row = vec![what.to_owned()];
        row.extend(times.map(|series| figure(series, 1e6)));
        row.push(short(ratio));
        row
    }
}

const HEAD: [&str; 9] = [
    "µs a letter",
    "whole way",
    "of it spool",
    "floor",
    "cryptography",
    "files",
    "the rest",
    "our own CPU",
    "speed beside floor",
];

fn statuses(folder: &Path, generated: &Generated, mails: &[Vec<u8>], scale: &Scale, report: &mut Report) {
    report.section("The whole durable way in: statuses to a buyer");
    report.text(&format!(
        "{} statuses about {} known transactions, from mails in a folder to entries that are durable and indexed: spool, \
         open, read, decide, append, index, originals moved, receipts written and queued (one for each sender and batch). \
         The floor, measured in turn with it: the library opens the same mails and seals as many receipts \
         (*cryptography*), and a bare loop writes as many files of the same sizes with as many syncs (*files*). *The rest* \
         is the whole way less the floor. *Our own CPU* is the processor time of the whole process less that of the floor \
         (from `/proc/self/stat`), so it holds our reading, judging, SQLite, and the renames that the floor does not do.",
        mails.len(),
        generated.plan.open,
    ));
    let load = Load::new("statuses", folder, &generated.account.settings, mails);
    let one = Passes::of(&load, folder, "1", scale);
    let two = Passes::of(&load, folder, "2", scale);
    report.table(&HEAD, &[one.row("one core"), two.row("two cores")]);
    let ratio = |passes: &Passes| passes.wall.speed_beside(&passes.floor).median();
    report.at_least("the whole way in beside its floor, one core", ratio(&one), 0.8, "");
    report.at_least("the whole way in beside its floor, two cores", ratio(&two), 0.8, "");
    report.at_most("our own CPU on the way in, one core", one.own_cpu.median() * 1e6, 60.0, " µs");
    report.at_most("memory of taking in one batch", two.peak.median(), 200.0, " MiB");
    report.text(&format!("The most memory resident: {} MiB.", figure(&two.peak, 1.0)));
    with_gpg(folder, generated, mails, one.wall.median(), report);
}

fn orders(folder: &Path, scale: &Scale, report: &mut Report) {
    report.section("The whole durable way through a shop: order in, terms out");
    report.text(&format!(
        "{} orders of {BUYERS} known buyers, each answered at once with terms: signed, entered, sealed and queued, but not sent. \
         The floor seals as many letters, and writes their entries and the queue too.",
        scale.orders
    ));
    let until = Clock::system().now().whole_second();
    let (account, mails) = generate::shop(&folder.join("shop"), generate::accepted(scale.orders, 2, until), BUYERS);
    let load = Load::new("orders", folder, &account.settings, &mails);
    let one = Passes::of(&load, folder, "1", scale);
    let two = Passes::of(&load, folder, "2", scale);
    report.table(&HEAD, &[one.row("one core"), two.row("two cores")]);
    let ratio = |passes: &Passes| passes.wall.speed_beside(&passes.floor).median();
    report.at_least("order in, terms out beside the floor, one core", ratio(&one), 0.8, "");
    report.at_least("order in, terms out beside the floor, two cores", ratio(&two), 0.8, "");
}

/// One `gpg --decrypt` for each letter, which verifies too; nothing is kept.
fn with_gpg(folder: &Path, generated: &Generated, mails: &[Vec<u8>], ours: f64, report: &mut Report) {
    let gpg = |words: &[&str]| {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--trust-model", "always"]).args(words);
        command.env("GNUPGHOME", folder.join("gnupg")).stderr(std::process::Stdio::null());
        command
    };
    if Command::new("gpg").arg("--version").output().is_err() {
        report.text("Beside one `gpg --decrypt` for each letter: gpg is not installed.");
        return;
    }
    run(Command::new("install").args(["-d", "-m", "700"]).arg(folder.join("gnupg")));
    let folders = &generated.account.settings.folders;
    run(gpg(&["--import"]).arg(folders.keys.join("own.asc")));
    for certificate in list(&folders.ledger.join("certs")) {
        run(gpg(&["--import"]).arg(certificate));
    }
    let mut series = Series::default();
    let file = folder.join("message.asc");
    for mail in mails.iter().take(20) {
        fs::write(&file, super::bare::armored(mail)).unwrap();
        series.push(run(gpg(&["--decrypt"]).arg(&file)).wall);
    }
    run(Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", folder.join("gnupg")));
    let times = series.median() / ours;
    report.text(&format!(
        "One `gpg --decrypt` for each letter, keeping nothing, takes {} ms: {} times the whole durable way on one core.",
        figure(&series, 1e3),
        short(times)
    ));
    report.at_least("faster than one gpg for each letter", times, 50.0, " times");
}
