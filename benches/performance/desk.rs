//! What a buyer waits for: commands and pages, exports and the sums that other programs make of them, and what an idle page
//! and watch keep in memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Scale;
use super::gauge::{Series, memory, run, run_watched, timed};
use super::kept::Kept;
use super::report::{Report, figure, short};
use super::screens::{self, Timed};

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
    let (screens, used) = screens::time(&kept, scale);
    let head = [small, large].map(|count| format!("ms at {count} transactions"));
    let row = |timed: &Timed| {
        let [small, large] = timed.both();
        vec![timed.what.clone(), figure(small, 1e3), figure(large, 1e3), short(small.speed_beside(large).median())]
    };
    report.table(&["command or page", &head[0], &head[1], "ratio"], &screens.iter().map(row).collect::<Vec<_>>());
    for timed in &screens {
        let [small, large] = timed.both();
        // Round by round: a machine that is slower for a while is so for both.
        let growth = small.speed_beside(large).median();
        report.at_most(&format!("{}, long ledger", timed.what), large.median() * 1e3, screens::LIMIT, " ms");
        report.at_most(&format!("{} does not grow with the ledger", timed.what), growth, GROWTH, " times");
    }
    let first: Vec<String> = screens.iter().filter_map(|timed| timed.slow_at_first(1)).collect();
    if !first.is_empty() {
        report.text(&format!("Shown for the first time, at {large} transactions: {}.", first.join(", ")));
    }
    books(folder, &kept, scale, report);
    idle(&kept, &used, report);
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
fn idle(kept: &[Kept; 2], used: &[[f64; 2]], report: &mut Report) {
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
