//! What a buyer waits for: commands and pages, exports and the sums that other programs make of them, and what an idle page
//! and watch keep in memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Scale;
use super::gauge::{Series, memory, run, run_watched, timed};
use super::generate::story;
use super::kept::Kept;
use super::report::{Report, figure, short};
use super::served::Served;

/// The longest that anybody is to wait, in ms.
const LIMIT: f64 = 50.0;
/// How much more a ledger ten times as long may take.
const GROWTH: f64 = 1.25;

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    let [small, large] = scale.listed;
    let ledgers = std::env::var_os("LEDGERS").map_or_else(|| folder.to_owned(), PathBuf::from);
    let kept = [Kept::again(&ledgers.join("small"), small, 50), Kept::again(&ledgers.join("large"), large, 50)];
    report.section("Commands and pages");
    report.text(&format!(
        "Ledgers of {small} and {large} transactions ({} and {} entries), 50 of them unfinished; {} runs of each, one ledger after the \
         other. A command is a whole process; a page is one request over a connection of its own to a `serve` that has shown it once \
         before, until the last byte. The search finds about ten transactions by a Japanese word.",
        kept[0].entries, kept[1].entries, scale.runs
    ));
    let ids = kept.each_ref().map(Kept::offered);
    let commands = commands(&kept, &ids, scale);
    let (pages, used) = pages(&kept, &ids, scale);
    let head = [small, large].map(|count| format!("ms at {count} transactions"));
    let rows: Vec<Vec<String>> = commands.iter().chain(&pages).map(Timed::row).collect();
    report.table(&["command or page", &head[0], &head[1], "ratio"], &rows);
    for timed in commands.iter().chain(&pages) {
        let [small, large] = [timed.series[0].median(), timed.series[1].median()];
        report.at_most(&format!("{}, long ledger", timed.what), large * 1e3, LIMIT, " ms");
        report.at_most(&format!("{} does not grow with the ledger", timed.what), large / small, GROWTH, " times");
    }
    let first: Vec<String> = pages.iter().filter_map(Timed::slow_at_first).collect();
    if !first.is_empty() {
        report.text(&format!("Shown for the first time, at {large} transactions: {}.", first.join(", ")));
    }
    books(folder, &kept, scale, report);
    idle(&kept, &used, report);
}

/// A command or page, at both lengths; the first time of a page is apart.
struct Timed {
    what: String,
    series: [Series; 2],
    first: [f64; 2],
}

impl Timed {
    fn row(&self) -> Vec<String> {
        let [small, large] = &self.series;
        vec![self.what.clone(), figure(small, 1e3), figure(large, 1e3), short(large.median() / small.median())]
    }

    /// Says how long the first time took, where that is another matter than later ones.
    fn slow_at_first(&self) -> Option<String> {
        let [_, first] = self.first;
        let is_slow = first > 2.0 * self.series[1].median() && first * 1e3 > LIMIT;
        is_slow.then(|| format!("{} {} ms", self.what, short(first * 1e3)))
    }
}

fn commands(kept: &[Kept; 2], ids: &[Vec<String>; 2], scale: &Scale) -> Vec<Timed> {
    let every: [(&str, &[&str]); 7] = [
        ("`list --open`", &["list", "--open"]),
        ("`list --limit 50`", &["list", "--limit", "50"]),
        ("`list unpaid`", &["list", "unpaid"]),
        ("`list 螺鈿の小箱`", &["list", story::RARE]),
        ("`status`", &["status"]),
        ("`warnings`", &["warnings"]),
        ("`show ID`", &["show", "ID"]),
    ];
    let timed = |(what, words): (&str, &[&str])| {
        let mut series = [Series::default(), Series::default()];
        for place in 0..scale.runs {
            for ((one, ids), series) in kept.iter().zip(ids).zip(&mut series) {
                let id = ids[place % ids.len()].as_str();
                let words: Vec<&str> = words.iter().map(|word| if *word == "ID" { id } else { word }).collect();
                series.push(run(&mut one.command(&words)).wall);
            }
        }
        Timed { what: what.to_owned(), series, first: [0.0; 2] }
    };
    every.into_iter().map(timed).collect()
}

/// Returns what each page took, and the memory of the two servers after all of them: resident and the most, in MiB.
fn pages(kept: &[Kept; 2], ids: &[Vec<String>; 2], scale: &Scale) -> (Vec<Timed>, [[f64; 2]; 2]) {
    let served = kept.each_ref().map(|one| Served::start(&one.config));
    let visitors = served.each_ref().map(Served::visit);
    let search = format!("/?{}", super::served::form(&[("q", story::RARE)]));
    let every = [
        ("the list", "/"),
        ("the list, unpaid", "/?q=unpaid"),
        ("the list, closed", "/?q=closed"),
        ("the list of a shop", "/?shop=example"),
        ("the list, 螺鈿の小箱", &search),
        ("the list of a shop without orders", "/?shop=nowhere"),
        ("the list of a month", "/?month=2026-10"),
        ("a transaction", "/txn/ID"),
        ("its first letter", "/txn/ID?letter=LETTER&as=text"),
        ("its terms, to confirm", "/txn/ID/confirm"),
        ("the order form", "/order"),
        ("an order again", "/order?again=ID"),
        ("the warnings", "/warnings"),
        ("the charts", "/chart"),
        ("the schedules", "/schedule"),
        ("the health", "/health"),
        ("an export of what is open, csv", "/export?format=csv&q=open"),
    ];
    let first_letter = |one: &Kept, id: &String| one.json(&["show", id])["letters"][0]["entry"].to_string();
    let letters = [0, 1].map(|at| ids[at].iter().map(|id| first_letter(&kept[at], id)).collect::<Vec<String>>());
    let mut all = Vec::new();
    for (what, path) in every {
        let mut series = [Series::default(), Series::default()];
        let mut first = [0.0; 2];
        for place in 0..=scale.runs {
            for at in 0..2 {
                let place_of = place % ids[at].len();
                let path = path.replace("ID", &ids[at][place_of]).replace("LETTER", &letters[at][place_of]);
                let (seconds, answer) = timed(|| visitors[at].get(&path));
                assert_eq!(answer.status, 200, "{path}: {}", answer.body);
                if place == 0 {
                    first[at] = seconds;
                } else {
                    series[at].push(seconds);
                }
            }
        }
        all.push(Timed { what: format!("page: {what}"), series, first });
    }
    let used = served.each_ref().map(|served| {
        let process = served.child.id().to_string();
        ["VmRSS", "VmHWM"].map(|field| memory(&process, field).unwrap())
    });
    (all, used)
}

/// The journal, and what is unpaid in it, beside the programs that reckon with journals.
fn books(folder: &Path, kept: &[Kept; 2], scale: &Scale, report: &mut Report) {
    report.section("What is unpaid, beside hledger and ledger");
    report.text(
        "The journal of all transactions, written by `export --format hledger`; the sum of `liabilities:unpaid` in it as hledger and \
         ledger reckon it from that file, beside `status`, which says the same sum. All sums agree.",
    );
    let mut rows = Vec::new();
    for one in kept {
        let journal = folder.join("all.journal");
        let mut written = Series::default();
        let mut peak: f64 = 0.0;
        for _ in 0..scale.passes {
            let mut export = one.command(&["export", "--format", "hledger", "--overwrite", "--output"]);
            let ran = run_watched(export.arg(&journal));
            written.push(ran.wall);
            peak = peak.max(ran.peak);
        }
        let mut status = Series::default();
        (0..scale.runs).for_each(|_| status.push(run(&mut one.command(&["status"])).wall));
        let sum = unpaid(one);
        let others = ["hledger", "ledger"].map(|program| balance(program, &journal, &sum));
        let told = |seconds: Option<f64>| seconds.map_or("not installed".to_owned(), short);
        let mebibytes = fs::metadata(&journal).unwrap().len() as f64 / 1024.0 / 1024.0;
        rows.push(vec![
            one.transactions.to_string(),
            figure(&written, 1.0),
            short(mebibytes),
            short(peak),
            short(status.median()),
            told(others[0]),
            told(others[1]),
        ]);
        if let Some(faster) = others.into_iter().flatten().reduce(f64::min) {
            let what = format!("what is unpaid of {} transactions beside the faster of both", one.transactions);
            report.at_least(&what, faster / status.median(), 10.0, " times as fast");
        }
    }
    let head =
        ["transactions", "export, s", "journal, MiB", "our MiB at most", "`status`, s", "hledger, s", "ledger, s"];
    report.table(&head, &rows);
    report.at_most("memory of an export", rows[1][3].parse().unwrap(), 200.0, " MiB");
}

/// Returns what the account says is unpaid in yen, which all of these ledgers are in.
fn unpaid(kept: &Kept) -> String {
    let sums = kept.json(&["list", "unpaid"])["unpaid"].as_array().unwrap().clone();
    assert_eq!(sums.len(), 1, "{sums:?}");
    sums[0]["amount"].as_str().unwrap().to_owned()
}

/// Returns how long a program takes for the balance, which must be this sum; `None` where it is not installed.
fn balance(program: &str, journal: &Path, sum: &str) -> Option<f64> {
    Command::new(program).arg("--version").output().ok()?;
    let mut command = Command::new(program);
    command.arg("-f").arg(journal).args(["balance", "liabilities:unpaid", "--depth", "2"]).env("LC_ALL", "C.UTF-8");
    let out = journal.with_extension("balance");
    let (seconds, status) = timed(|| command.stdout(File::create(&out).unwrap()).status().unwrap());
    assert!(status.success(), "{program}: {status}");
    let text = fs::read_to_string(out).unwrap();
    assert!(text.contains(&format!("-{sum}")), "{program} says {text}, and it is {sum}");
    Some(seconds)
}

/// `watch` and `serve` with nothing to do.
fn idle(kept: &[Kept; 2], used: &[[f64; 2]; 2], report: &mut Report) {
    report.section("`watch` and `serve`, idle");
    let mut rows = Vec::new();
    for (one, used) in kept.iter().zip(used) {
        for (what, wanted) in [("watch", 25.0), ("serve", 25.0)] {
            let mut child = one.command(&[what]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_secs(5));
            let process = child.id().to_string();
            let figures = (memory(&process, "VmRSS"), memory(&process, "VmHWM"));
            child.kill().unwrap();
            child.wait().unwrap();
            let (Some(now), Some(most)) = figures else { panic!("{what} ended by itself") };
            rows.push(vec![format!("`{what}`, {} entries", one.entries), short(now), short(most)]);
            report.at_most(&format!("memory of an idle {what}, {} entries", one.entries), most, wanted, " MiB");
        }
        let [now, most] = used.map(short);
        rows.push(vec![format!("`serve` after the pages above, {} entries", one.entries), now, most]);
    }
    report.text("On the same ledgers with an empty Maildir, after 5 s.");
    report.table(&["", "MiB resident", "MiB at most since its start"], &rows);
}
