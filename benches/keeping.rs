//! What keeping an entry costs, printed: append, fold, index, read again, build the index anew, verify.
//!
//! `cargo bench --bench keeping -- 10000` with the number of entries; the folder is made in `TMPDIR`, so that the disk
//! of interest can be chosen.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a figure that cannot be taken is a panic with its place"
)]

#[path = "../tests/entries.rs"]
mod entries;

use std::ops::Range;
use std::time::{Duration, Instant};

use entries::*;
use mailorder::index::{Filter, Index, Reckoning, Row, RowItem};
use mailorder::ledger::{Checks, Ledger, Recorded, Writer, verify};
use mailorder::trade::{Book, Transaction};

fn row(transaction: &Transaction) -> Row {
    let mut row = Row::bare(transaction);
    if let Some((_, terms)) = transaction.terms() {
        row.shop_name.clone_from(&terms.seller);
        row.parties = vec![terms.buyer.name.clone()];
        row.total = Some(terms.total);
        let items = terms.lines.iter();
        row.items = items.map(|l| RowItem { name: l.item.name.clone(), quantity: l.quantity.to_string() }).collect();
    }
    row
}

const RECKONING: Reckoning = Reckoning { row, handles: |certificate| vec![certificate.to_owned()] };

fn figure(what: &str, begun: Instant, entries: usize) {
    let each = begun.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(entries).unwrap());
    println!("{what:<44} {each:>8.1} us an entry");
}

/// Appends orders of four entries in batches, as a clerk under load does, and says what each step took.
fn grow(writer: &mut Writer, index: &mut Index, orders: Range<u32>, batch: u32) {
    let mut steps = [Duration::ZERO; 3];
    let mut entries: u32 = 0;
    for first in orders.clone().step_by(usize::try_from(batch).unwrap()) {
        let part = trade_of(first..(first + batch).min(orders.end));
        entries += u32::try_from(part.len()).unwrap();
        let begun = Instant::now();
        let lines = append(writer, &part);
        steps[0] += begun.elapsed();
        let begun = Instant::now();
        let (mut book, mut changed) = (Book::default(), Vec::new());
        for made in &part {
            index.load_for(&made.entry, &mut book).unwrap();
            changed.extend(book.apply(&made.entry));
        }
        steps[1] += begun.elapsed();
        let pairs = part.iter().zip(lines);
        let recorded: Vec<Recorded> = pairs.map(|(made, line)| Recorded { entry: made.entry.clone(), line }).collect();
        let begun = Instant::now();
        index.apply(&recorded, writer.mark(), &book, &changed).unwrap();
        steps[2] += begun.elapsed();
    }
    for (step, took) in ["append", "load and fold", "index"].into_iter().zip(steps) {
        let each = took.as_secs_f64() * 1e6 / f64::from(entries);
        println!("{:<44} {each:>8.1} us an entry", format!("{step}, batches of {}", batch * 4));
    }
}

fn small_steps(ledger: &Ledger, index: &Index, entries: usize) {
    let begun = Instant::now();
    let writer = ledger.lock(Duration::ZERO, Some(index.mark())).unwrap();
    println!("{:<44} {:>8.1} us", "lock, mark known", begun.elapsed().as_secs_f64() * 1e6);
    drop(writer);
    let begun = Instant::now();
    drop(Ledger::open(ledger.folder()).unwrap());
    println!("{:<44} {:>8.1} us", "open", begun.elapsed().as_secs_f64() * 1e6);
    let begun = Instant::now();
    let found = index.list(&Filter { open: Some(true), limit: Some(50), ..Filter::default() }).unwrap();
    println!("{:<44} {:>8.1} us", format!("list of {}", found.len()), begun.elapsed().as_secs_f64() * 1e6);
    let text = Some(format!("number {}", entries / 8));
    let begun = Instant::now();
    let found = index.list(&Filter { text, limit: Some(50), ..Filter::default() }).unwrap();
    println!("{:<44} {:>8.1} us", format!("search, {} found", found.len()), begun.elapsed().as_secs_f64() * 1e6);
}

fn main() {
    let entries = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(10_000_usize);
    let orders = u32::try_from(entries / 4).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let (mut index, _) = Index::open(&folder.path().join("index.sqlite"), &ledger, RECKONING).unwrap();
    let mut writer = lock(&ledger);
    index.catch_up(&writer, &reread).unwrap();
    println!("{entries} entries, terms of {} bytes", trade(1)[0].signed.as_ref().unwrap().len());
    // The last hundred orders one by one, as a quiet day brings them.
    let quiet = orders.saturating_sub(100);
    grow(&mut writer, &mut index, 0..quiet, 128);
    grow(&mut writer, &mut index, quiet..orders, 1);
    drop(writer);
    small_steps(&ledger, &index, entries);
    let begun = Instant::now();
    ledger.replay(&nothing(), &reread, &mut |_| ()).unwrap();
    figure("replay alone", begun, entries);
    let begun = Instant::now();
    index.rebuild(&lock(&ledger), &reread).unwrap();
    figure("index built anew", begun, entries);
    let begun = Instant::now();
    let report = verify(ledger.folder(), &Checks::default()).unwrap();
    figure("verify of hashes", begun, entries);
    assert!(report.problems.is_empty());
    let path = index.path().to_owned();
    for what in ["open of the index, beside another", "open of the index, alone", "open of the index, alone again"] {
        let begun = Instant::now();
        drop(std::hint::black_box(Index::open(&path, &ledger, RECKONING).unwrap()));
        println!("{what:<44} {:>8.1} us", begun.elapsed().as_secs_f64() * 1e6);
        if what.ends_with("other") {
            index = Index::open(&folder.path().join("another.sqlite"), &ledger, RECKONING).unwrap().0;
        }
    }
    assert_eq!(index.mark().entries(), 0);
}
