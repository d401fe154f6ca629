//! A ledger of a million entries: every command and page, the index built anew, a letter written into it, memory.

use std::path::{Path, PathBuf};

use super::Scale;
use super::gauge::{Series, run};
use super::kept::Kept;
use super::report::{Report, figure, short};
use super::screens::{self, Timed};

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    let ledgers = std::env::var_os("LEDGERS").map_or_else(|| folder.to_owned(), PathBuf::from);
    let folder = ledgers.join("longest");
    // Without an index the first command builds it.
    let is_indexed = folder.join("index.sqlite").exists();
    let mut kept = [Kept::again(&folder, scale.longest, 50)];
    if is_indexed {
        kept[0].index_anew();
    }
    let [one] = &kept;
    report.section("Commands and pages");
    report.text(&format!(
        "One ledger of {} transactions, {} entries, 50 of them unfinished; its index is built anew in {} s ({} µs an entry) with {} MiB \
         resident at most. {} runs of each command and page, as on the buyer's desk above; `confirm` appends an entry and queues a \
         letter, durably.",
        one.transactions,
        one.entries,
        short(one.first.wall),
        short(one.first.wall * 1e6 / one.entries as f64),
        short(one.first.peak),
        scale.runs
    ));
    let (mut timed, used) = screens::time(&kept, scale);
    timed.push(confirm(one, scale));
    let row = |timed: &Timed| vec![timed.what.clone(), figure(&timed.series[0], 1e3)];
    report.table(&["command or page", "ms"], &timed.iter().map(row).collect::<Vec<_>>());
    let first: Vec<String> = timed.iter().filter_map(|timed| timed.slow_at_first(0)).collect();
    if !first.is_empty() {
        report.text(&format!("Shown for the first time: {}.", first.join(", ")));
    }
    let [now, most] = used[0].map(short);
    report.text(&format!("`serve` after these pages: {now} MiB resident, {most} MiB at most since its start."));
    for timed in &timed {
        report.at_most(
            &format!("{}, a million entries", timed.what),
            timed.series[0].median() * 1e3,
            screens::LIMIT,
            " ms",
        );
    }
    report.at_most("memory of a reindex, a million entries", one.first.peak, 200.0, " MiB");
}

/// Each OK is another transaction's, as long as there are some.
fn confirm(kept: &Kept, scale: &Scale) -> Timed {
    let mut series = Series::default();
    for id in kept.offered().iter().take(scale.runs) {
        series.push(run(&mut kept.command(&["confirm", "--offline", id])).wall);
    }
    Timed::of("`confirm ID --offline`", series)
}
