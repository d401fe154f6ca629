//! Statuses out of one file: read, decided, signed, entered, sealed, queued; beside the floor and beside gpg; and how much
//! memory files of growing length take.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::ledger::Ledger;
use mailorder::trade::{Role, Transaction};

use super::Scale;
use super::gauge::{Series, run, run_watched};
use super::generate::{self, cast::open_settings};
use super::report::{Report, figure, short};
use super::way_in::{text, worker};
use super::worker::list;

/// Statuses about each transaction: on its way by degrees, then gone.
const EACH: u32 = 4;
/// Orders taken in at once.
const TAKEN: usize = 512;

/// A shop with orders that were begun, and the numbers of their transactions.
pub struct Shop {
    pub config: PathBuf,
    pub numbers: Vec<String>,
}

impl Shop {
    /// Makes one; nothing waits to be sent.
    pub fn make(folder: &Path, transactions: u32) -> Self {
        eprintln!("taking {transactions} orders ...");
        let until = Clock::system().now().whole_second();
        let (account, mails) = generate::shop(folder, generate::accepted(transactions, 3, until), 50);
        let config = account.settings.folders.config.clone();
        // Begun at once, without the buyers' OK.
        let written = fs::read_to_string(&config).unwrap();
        let begun = written.replace("\"terms\", \"confirmation\",", "\"terms\",");
        assert_ne!(written, begun);
        fs::write(&config, begun).unwrap();
        let mut clerk = Clerk::open(open_settings(&config), Clock::system()).unwrap();
        for orders in mails.chunks(TAKEN) {
            clerk.spool(orders).unwrap();
            clerk.take_in().unwrap();
        }
        let mut numbers = Vec::new();
        // A few orders are of an article that nobody sells by a number, and are not taken.
        let mut note = |one: Transaction| numbers.extend(one.number.map(|number| number.to_string()));
        clerk.index().load_each(Some(Role::Shop), &mut note).unwrap();
        assert!(numbers.len() * 10 > usize::try_from(transactions).unwrap() * 8, "{} of {transactions}", numbers.len());
        // Moved away, not removed: a file system may look past what was removed lately for minutes (ext4 does).
        let sent = folder.with_extension("sent");
        fs::create_dir_all(&sent).unwrap();
        for file in list(&account.settings.folders.queue).into_iter().filter(|file| file.extension().is_some()) {
            fs::rename(&file, sent.join(file.file_name().unwrap())).unwrap();
        }
        Self { config, numbers }
    }

    pub fn folder(&self) -> &Path {
        self.config.parent().unwrap()
    }

    /// Returns the command that reports what a file of events says, and queues the letters.
    pub fn notifies(&self, file: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.env_clear().env("HOME", self.folder()).env("PATH", "/usr/bin:/bin").arg("-c").arg(&self.config);
        command.args(["--offline", "shop", "notify", "--from"]).arg(file);
        command
    }

    /// Writes a file of events, each transaction in its turn, none like another.
    pub fn rows(&self, file: &Path, rows: u32, tag: &str) {
        let mut text = String::new();
        for row in 0..rows {
            let number = &self.numbers[usize::try_from(row).unwrap() % self.numbers.len()];
            let turn = usize::try_from(row).unwrap() / self.numbers.len();
            let day = format!("20{}-{:02}-{:02}", 31 + turn / 336 % 60, 1 + turn / 28 % 12, 1 + turn % 28);
            let id = format!("{tag}-{row:07}");
            writeln!(
                text,
                "{{\"event_id\":\"{id}\",\"txn\":\"{number}\",\"planned\":\"{day}\",\"tracking\":\"EP-{row:08}\"}}"
            )
            .unwrap();
        }
        fs::write(file, text).unwrap();
    }
}

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    report.section("The whole durable way out: statuses from one file");
    let shop = Shop::make(&folder.join("shop-out"), scale.letters / EACH);
    let rows = folder.join("events.jsonl");
    shop.rows(&rows, scale.letters, "E");
    report.text(&format!(
        "{} rows of one JSON Lines file about {} transactions, each a status to its buyer: read, looked up, decided, written, signed, entered with its \
         event's id, indexed, sealed and queued, 500 at a time; not sent. The floor, measured in turn with it: the library signs and encrypts as many \
         letters (*cryptography*), and a bare loop writes as many entries and letters of the same sizes with as many syncs (*files*).",
        scale.letters,
        shop.numbers.len(),
    ));
    let place = folder.join("out");
    fs::create_dir_all(&place).unwrap();
    let one = Passes::of(&shop, &rows, &place, "1", scale);
    let two = Passes::of(&shop, &rows, &place, "2", scale);
    let head =
        ["µs a letter", "whole way", "floor", "cryptography", "files", "the rest", "our own CPU", "speed beside floor"];
    report.table(&head, &[one.row("one core"), two.row("two cores")]);
    report.at_least("statuses from one file beside the floor, one core", one.ratio(), 0.8, "");
    report.at_least("statuses from one file beside the floor, two cores", two.ratio(), 0.8, "");
    report.text(&format!("On two cores that is {} statuses in a second.", short(1.0 / two.wall.median())));
    with_gpg(folder, &shop, &place, one.wall.median(), report);
    memory(folder, scale, report);
}

/// One kind of pass with a number of cores, several times: figures in seconds a letter.
#[derive(Default)]
struct Passes {
    wall: Series,
    floor: Series,
    cryptography: Series,
    files: Series,
    ours: Series,
    own_cpu: Series,
}

impl Passes {
    fn of(shop: &Shop, rows: &Path, place: &Path, threads: &str, scale: &Scale) -> Self {
        let mut passes = Self::default();
        let letters = f64::from(scale.letters);
        for pass in 0..scale.passes {
            let copy = place.join(format!("{threads}-{pass}"));
            run(Command::new("cp").arg("-a").arg(shop.folder()).arg(&copy));
            run(&mut Command::new("sync"));
            let real = worker(&["report", text(&copy.join("config.toml")), text(rows), threads]);
            let left = place.join("left.json");
            fs::write(&left, left_by(shop, &copy).to_string()).unwrap();
            run(&mut Command::new("sync"));
            let bare = place.join(format!("{threads}-{pass}-floor"));
            let floor = worker(&["floor-out", text(&shop.config), text(rows), threads, text(&left), text(&bare)]);
            let each = |figures: &Value, name: &str| figures[name].as_f64().unwrap() / letters;
            let (cryptography, files) = (each(&floor, "cryptography"), each(&floor, "files"));
            passes.wall.push(each(&real, "wall"));
            passes.floor.push(cryptography + files);
            passes.cryptography.push(cryptography);
            passes.files.push(files);
            passes.ours.push(each(&real, "wall") - cryptography - files);
            passes.own_cpu.push(each(&real, "cpu") - each(&floor, "cryptography_cpu") - each(&floor, "files_cpu"));
        }
        passes
    }

    fn ratio(&self) -> f64 {
        self.wall.speed_beside(&self.floor).median()
    }

    fn row(&self, what: &str) -> Vec<String> {
        let times = [&self.wall, &self.floor, &self.cryptography, &self.files, &self.ours, &self.own_cpu];
        let mut row = vec![what.to_owned()];
        row.extend(times.map(|series| figure(series, 1e6)));
        row.push(short(self.ratio()));
        row
    }
}

/// Returns the sizes of the entries and letters that a pass left.
fn left_by(shop: &Shop, copy: &Path) -> Value {
    let before = Ledger::open(&shop.folder().join("ledger")).unwrap().head().unwrap().size;
    let lines = Ledger::open(&copy.join("ledger")).unwrap().lines_from(&Default::default()).unwrap().0;
    let entries: Vec<u64> = lines.iter().filter(|line| line.position >= before).map(|line| line.size).collect();
    let queue = list(&copy.join("outbox"));
    let queue = queue.iter().filter(|file| file.extension().is_some_and(|extension| extension == "eml"));
    let queued: Vec<u64> = queue.map(|file| fs::metadata(file).unwrap().len()).collect();
    json!({"entries": entries, "queued": queued})
}

/// One `gpg --sign --encrypt` for each letter; nothing is kept.
fn with_gpg(folder: &Path, shop: &Shop, place: &Path, ours: f64, report: &mut Report) {
    if Command::new("gpg").arg("--version").output().is_err() {
        report.text("Beside one `gpg --sign --encrypt` for each letter: gpg is not installed.");
        return;
    }
    let gpg = |words: &[&str]| {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--yes", "--trust-model", "always"]).args(words);
        command.env("GNUPGHOME", folder.join("gnupg-out")).stderr(Stdio::null());
        command
    };
    run(Command::new("install").args(["-d", "-m", "700"]).arg(folder.join("gnupg-out")));
    let folders = open_settings(&shop.config).folders;
    run(gpg(&["--import"]).arg(folders.keys.join("own.asc")));
    for certificate in list(&folders.ledger.join("certs")) {
        run(gpg(&["--import"]).arg(certificate));
    }
    let letter = place.join("letter");
    let sizes = serde_json::from_str::<Value>(&fs::read_to_string(place.join("left.json")).unwrap()).unwrap();
    fs::write(&letter, vec![b'x'; usize::try_from(sizes["entries"][0].as_u64().unwrap()).unwrap()]).unwrap();
    let mut series = Series::default();
    for _ in 0..20 {
        let words = ["--sign", "--encrypt", "--armor", "-r", "buyer0@example.test", "-o"];
        series.push(run(gpg(&words).arg(place.join("letter.asc")).arg(&letter)).wall);
    }
    run(Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", folder.join("gnupg-out")));
    let times = series.median() / ours;
    report.text(&format!(
        "One `gpg --sign --encrypt` for each letter, keeping nothing, takes {} ms: {} times the whole durable way on one core.",
        figure(&series, 1e3),
        short(times)
    ));
    report.at_least("faster than one gpg for each letter out", times, 50.0, " times");
}

/// The memory of the program itself over files of growing length.
fn memory(folder: &Path, scale: &Scale, report: &mut Report) {
    report.section("Memory of a long file");
    let [short_file, _, long_file] = scale.rows;
    let shop = Shop::make(&folder.join("shop-long"), long_file / EACH);
    report.text(&format!(
        "`mailorder shop notify --from FILE --offline`, as a process, over files of growing length about the same {} transactions.",
        shop.numbers.len()
    ));
    let mut table = Vec::new();
    let mut peaks = Vec::new();
    for rows in scale.rows {
        let file = folder.join(format!("{rows}.jsonl"));
        shop.rows(&file, rows, &format!("R{rows}"));
        let ran = run_watched(&mut shop.notifies(&file));
        table.push(vec![rows.to_string(), short(ran.wall), short(ran.wall * 1e6 / f64::from(rows)), short(ran.peak)]);
        peaks.push(ran.peak);
    }
    report.table(&["rows", "seconds", "µs a row", "MiB resident at most"], &table);
    let what = format!("memory of {long_file} rows beside {short_file}");
    report.at_most(&what, peaks[2] / peaks[0], 1.25, " times");
    report.at_most("memory of the longest file", peaks[2], 200.0, " MiB");
}

/// Makes a shop and a file of events for it, to look closer at one pass.
pub fn put(folder: &Path, transactions: u32) {
    let shop = Shop::make(&folder.join("shop"), transactions);
    shop.rows(&folder.join("events.jsonl"), transactions * EACH, "E");
    println!("worker report {0}/shop/config.toml {0}/events.jsonl THREADS, on a copy", folder.display());
}
