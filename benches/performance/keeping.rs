//! What is kept: lists and searches as whole processes, the index built anew, the audit, memory; beside other programs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Scale;
use super::gauge::{Series, memory, run};
use super::generate::story;
use super::kept::Kept;
use super::report::{Report, figure, short};

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    let [small, large] = scale.listed;
    let kept = [Kept::make(&folder.join("small"), small, 50), Kept::make(&folder.join("large"), large, 50)];
    commands(&kept, scale, report);
    report.section("The index, built anew");
    let text = "By the first command after the index was deleted (`status`), files in the page cache.";
    report.text(text);
    let row = |one: &Kept| {
        let each = one.first.wall * 1e6 / one.entries as f64;
        vec![one.entries.to_string(), short(one.first.wall), short(each), short(one.first.peak)]
    };
    report.table(&["entries", "seconds", "µs an entry", "MiB resident at most"], &kept.each_ref().map(row));
    fs::remove_dir_all(kept[1].folder()).unwrap();
    let (of_twenty, twenty) = (129, 20);
    let transactions = scale.indexed.map(|entries| entries * twenty / of_twenty);
    let kept = [Kept::make(&folder.join("a"), transactions[0], 50), Kept::make(&folder.join("b"), transactions[1], 50)];
    reindex(folder, &kept, report);
    audit(&kept[1], scale, report);
    idle(&kept[0], report);
}

/// One command of the table, at both lengths.
struct Timed {
    what: &'static str,
    series: [Series; 2],
}

fn commands(kept: &[Kept; 2], scale: &Scale, report: &mut Report) {
    let [small, large] = kept;
    report.section("Commands as whole processes");
    report.text(&format!(
        "Ledgers of {} and {} transactions ({} and {} entries), 50 of them unfinished; {} runs of each, one ledger after \
         the other. `--version` is what a process costs that does nothing. The search finds about ten transactions by a \
         Japanese word. `confirm` appends an entry and queues a letter, durably.",
        small.transactions, large.transactions, small.entries, large.entries, scale.runs
    ));
    let ids = [small, large].map(Kept::offered);
    let mut table: Vec<Timed> = Vec::new();
    let every: [(&'static str, &[&str]); 6] = [
        ("`--version`", &["--version"]),
        ("`list --open`", &["list", "--open"]),
        ("`list --limit 50`", &["list", "--limit", "50"]),
        ("`status`", &["status"]),
        ("`list 螺鈿の小箱`", &["list", story::RARE]),
        ("`warnings`", &["warnings"]),
    ];
    for (what, words) in every {
        let mut series = [Series::default(), Series::default()];
        for _ in 0..scale.runs {
            for (one, series) in kept.iter().zip(&mut series) {
                series.push(run(&mut one.command(words)).wall);
            }
        }
        table.push(Timed { what, series });
    }
    table.push(by_id("`show ID`", kept, &ids, |id| vec!["show".to_owned(), id.to_owned()]));
    let confirm = |id: &str| ["confirm", id, "--offline"].map(str::to_owned).to_vec();
    table.push(by_id("`confirm ID --offline`", kept, &ids, confirm));
    let row = |timed: &Timed| {
        let [small, large] = &timed.series;
        vec![timed.what.to_owned(), figure(small, 1e3), figure(large, 1e3), short(large.median() / small.median())]
    };
    let rows: Vec<Vec<String>> = table.iter().map(row).collect();
    let head = [small, large].map(|one| format!("ms at {} transactions", one.transactions));
    report.table(&["command", &head[0], &head[1], "ratio"], &rows);
    for timed in table.iter().skip(1) {
        let [small, large] = [timed.series[0].median(), timed.series[1].median()];
        report.at_most(&format!("{} as a process, long ledger", timed.what), large * 1e3, 50.0, " ms");
        // A process takes some milliseconds anyway: the growth is what counts.
        report.at_most(&format!("{} does not grow with the ledger", timed.what), large / small, 1.25, " times");
    }
}

fn by_id(what: &'static str, kept: &[Kept; 2], ids: &[Vec<String>; 2], words: impl Fn(&str) -> Vec<String>) -> Timed {
    let mut series = [Series::default(), Series::default()];
    for (one, two) in ids[0].iter().zip(&ids[1]) {
        for ((kept, id), series) in kept.iter().zip([one, two]).zip(&mut series) {
            let words = words(id);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            series.push(run(&mut kept.command(&words)).wall);
        }
    }
    Timed { what, series }
}

/// `ledger reindex` beside the mail indexers.
fn reindex(folder: &Path, kept: &[Kept; 2], report: &mut Report) {
    report.section("The index beside mail indexers");
    report.text(
        "The same Maildir, files in the page cache, each program alone on all cores; the index of the other deleted \
         before. `mailorder` is the first command after the index was deleted, as above.",
    );
    let mut rows = Vec::new();
    for one in kept {
        let (notmuch, mu) = (notmuch(folder, one), mu(folder, one));
        let faster = [notmuch, mu].into_iter().flatten().reduce(f64::min);
        let ratio = faster.map(|seconds| seconds / one.first.wall);
        let told = |figure: Option<f64>| figure.map_or("not installed".to_owned(), short);
        rows.push(vec![
            one.entries.to_string(),
            short(one.first.wall),
            told(notmuch),
            told(mu),
            told(ratio),
            short(one.first.peak),
        ]);
        if let Some(ratio) = ratio {
            let what = format!("reindex of {} entries beside the faster indexer", one.entries);
            report.at_least(&what, ratio, 5.0, " times as fast");
        }
    }
    let head =
        ["entries", "mailorder, s", "notmuch new, s", "mu index, s", "times as fast as the faster", "our MiB at most"];
    report.table(&head, &rows);
    report.at_most("memory of a reindex", kept[1].first.peak, 200.0, " MiB");
}

/// Returns how long `notmuch new` takes over the entries; `None` where it is not installed.
fn notmuch(folder: &Path, kept: &Kept) -> Option<f64> {
    Command::new("notmuch").arg("--version").output().ok()?;
    let database = folder.join(format!("notmuch-{}", kept.entries));
    fs::create_dir_all(&database).unwrap();
    let config = database.join("config");
    let text = format!(
        "[database]\npath={}\nmail_root={}\n[user]\nname=x\nprimary_email=x@example.test\n[new]\ntags=\nignore=log;lock;certs;originals\n\
         [maildir]\nsynchronize_flags=false\n",
        database.display(),
        kept.folder().join("ledger").display()
    );
    fs::write(&config, text).unwrap();
    let ran =
        run(Command::new("notmuch").args(["new", "--quiet"]).env("NOTMUCH_CONFIG", &config).stderr(Stdio::null()));
    let count = Command::new("notmuch").args(["count", "*"]).env("NOTMUCH_CONFIG", &config).output().unwrap();
    let count: u64 = String::from_utf8_lossy(&count.stdout).trim().parse().unwrap();
    assert_eq!(count, kept.entries, "notmuch has every entry");
    fs::remove_dir_all(&database).unwrap();
    Some(ran.wall)
}

/// Returns how long `mu index` takes over the entries; `None` where it is not installed.
fn mu(folder: &Path, kept: &Kept) -> Option<f64> {
    Command::new("mu").arg("--version").output().ok()?;
    let home = folder.join(format!("mu-{}", kept.entries));
    let mu = |words: &[&str]| {
        let mut command = Command::new("mu");
        command.args(words).arg("--muhome").arg(&home).stderr(Stdio::null());
        command
    };
    let maildir = kept.folder().join("ledger");
    run(mu(&["init", "--quiet"]).arg("--maildir").arg(&maildir));
    let ran = run(&mut mu(&["index", "--quiet"]));
    let found = mu(&["find", "--fields", "l", ""]).output().unwrap();
    let count = found.stdout.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(u64::try_from(count).unwrap(), kept.entries, "mu has every entry");
    fs::remove_dir_all(&home).unwrap();
    Some(ran.wall)
}

/// The audit of hashes beside `sha256sum` on both cores.
fn audit(kept: &Kept, scale: &Scale, report: &mut Report) {
    report.section("The audit of hashes");
    let cur = kept.folder().join("ledger/cur");
    let bytes: u64 = fs::read_dir(&cur).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    let cores = std::thread::available_parallelism().unwrap().get();
    report.text(&format!(
        "`audit verify --hashes` of {} entries ({} MiB, in the page cache) beside `sha256sum` of the same files, in as many \
         processes as there are cores ({cores}). The audit also reckons the tree and holds each file's header against the log.",
        kept.entries,
        bytes / 1024 / 1024,
    ));
    let (mut ours, mut theirs) = (Series::default(), Series::default());
    for _ in 0..scale.passes + 2 {
        ours.push(run(&mut kept.command(&["audit", "verify", "--hashes"])).wall);
        let line = format!("find . -type f -print0 | xargs -0 -n 512 -P {cores} sha256sum");
        theirs.push(run(Command::new("sh").arg("-c").arg(line).current_dir(&cur)).wall);
    }
    let rate = |series: &Series| series.with(series, |seconds, _| bytes as f64 / 1024.0 / 1024.0 / seconds);
    let row = |what: &str, series: &Series| vec![what.to_owned(), figure(series, 1.0), figure(&rate(series), 1.0)];
    report.table(&["", "seconds", "MiB/s"], &[row("audit verify --hashes", &ours), row("sha256sum", &theirs)]);
    report.at_least("audit of hashes beside sha256sum", ours.speed_beside(&theirs).median(), 1.0, " times as fast");
}

/// `watch` with nothing to do.
fn idle(kept: &Kept, report: &mut Report) {
    report.section("`watch`, idle");
    let mut watch = kept.command(&["watch"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(5));
    let process = watch.id().to_string();
    let figures = (memory(&process, "VmRSS"), memory(&process, "VmHWM"));
    watch.kill().unwrap();
    watch.wait().unwrap();
    let (Some(now), Some(most)) = figures else { panic!("watch ended by itself") };
    report.text(&format!(
        "On a ledger of {} entries with an empty Maildir, after 5 s: {} MiB resident, {} MiB at most since its start.",
        kept.entries,
        short(now),
        short(most)
    ));
    report.at_most("memory of an idle watch", most, 25.0, " MiB");
}
