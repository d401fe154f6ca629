//! The generator of large ledgers: what it writes is a ledger as the program writes it.

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::index::{Filter, Listed};
use mailorder::trade::{Moment, Role, Verdict};
use serde_json::Value;

use crate::support::generate::{self, Plan};
use crate::support::program::mailorder;

fn until() -> Moment {
    Moment::parse("2026-11-01T09:00:00+09:00").unwrap()
}

fn run(folder: &std::path::Path, args: &[&str]) -> Value {
    let all: Vec<&str> = ["--json", "-c", "a/config.toml"].into_iter().chain(args.iter().copied()).collect();
    mailorder(folder, &all).json()
}

#[test]
fn a_generated_ledger_is_clean_and_listed_as_planned() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { transactions: 60, open: 8, open_at: None, seed: 1, until: until() };
    let generated = generate::buyer(&folder.path().join("a"), plan);
    // 52 finished ones: 42 of seven letters, six of four, four of... the mix of twenty, and eight open ones.
    let audit = run(folder.path(), &["audit", "verify"]);
    assert_eq!(audit["result"], "clean", "{audit}");
    assert_eq!(audit["entries"], generated.entries);
    let list = run(folder.path(), &["list"]);
    let listed = list["transactions"].as_array().unwrap();
    assert_eq!(listed.len(), 60);
    let count = |state: &str| listed.iter().filter(|one| one["state"] == state).count();
    let states = ["completed", "cancelled", "rejected", "offered", "open"].map(count);
    assert_eq!(states, [45, 5, 2, 2, 6]);
    assert_eq!(list["warnings"], 0);
    let found = run(folder.path(), &["list", generate::story::RARE]);
    assert_eq!(found["transactions"].as_array().unwrap().len(), 10);
    // Nothing is owed: a pass over the mailbox writes no letter.
    assert_eq!(mailorder(folder.path(), &["-c", "a/config.toml", "sync", "--offline"]).code, Some(0));
    assert_eq!(run(folder.path(), &["outbox", "list"])["letters"], serde_json::json!([]));
    let again = run(folder.path(), &["ledger", "reindex"]);
    assert_eq!(again["entries"], generated.entries);
    assert_eq!(run(folder.path(), &["list"]), list);
}

#[test]
fn the_same_seed_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { transactions: 12, open: 4, open_at: None, seed: 7, until: until() };
    let said = |name: &str, plan: Plan| -> Vec<Value> {
        generate::buyer(&folder.path().join(name), plan);
        let args = ["--json", "-c", &format!("{name}/config.toml"), "list"];
        mailorder(folder.path(), &args).json()["transactions"].as_array().unwrap().clone()
    };
    let first = said("a", plan);
    assert_eq!(first, said("b", plan));
    assert_ne!(first, said("c", Plan { seed: 8, ..plan }));
}

#[test]
fn every_generated_mail_counts() {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate::buyer(&folder.path().join("a"), generate::accepted(5, 3, until()));
    let mails = generated.mails();
    assert_eq!(mails.len(), 20);
    let mut clerk = Clerk::open(generated.account.settings.clone(), Clock::played(until())).unwrap();
    clerk.spool(&mails).unwrap();
    let taken = clerk.take_in().unwrap();
    assert_eq!(taken.counts.into_iter().collect::<Vec<_>>(), [(Verdict::Applied, 20)]);
    let (account, orders) = generate::shop(&folder.path().join("shop"), generate::accepted(6, 3, until()), 2);
    let mut clerk = Clerk::open(account.settings, Clock::played(until())).unwrap();
    clerk.spool(&orders).unwrap();
    let before = clerk.ledger().head().unwrap().size;
    let taken = clerk.take_in().unwrap();
    assert_eq!(taken.counts.into_iter().collect::<Vec<_>>(), [(Verdict::Applied, 6)]);
    // Each order is answered by its terms.
    assert_eq!(clerk.ledger().head().unwrap().size, before + 12);
    assert_eq!(clerk.queue().list().unwrap().len(), 6);
}

#[test]
fn every_filter_lets_the_same_transactions_through_whatever_index_it_runs_over() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { transactions: 60, open: 8, open_at: None, seed: 2, until: until() };
    let generated = generate::buyer(&folder.path().join("a"), plan);
    let clerk = Clerk::open(generated.account.settings, Clock::played(until())).unwrap();
    let index = clerk.index();
    let all = index.list(&Filter::default()).unwrap();
    let three = [None, Some(true), Some(false)];
    let mut kinds = std::collections::BTreeSet::new();
    for number in 0..3 * 3 * 3 * 3 * 2 {
        let (open, unpaid, undelivered) = (three[number % 3], three[number / 3 % 3], three[number / 9 % 3]);
        let text = [None, Some(generate::story::RARE), Some("煎茶")][number / 27 % 3].map(str::to_owned);
        let role = [None, Some(Role::Buyer)][number / 81 % 2];
        let fits = |one: &&Listed| {
            let is = |wanted: Option<bool>, found: bool| wanted.is_none_or(|wanted| wanted == found);
            let named = |text: &String| one.row.items.iter().any(|item| item.name.contains(text));
            is(open, one.row.open)
                && is(unpaid, one.row.unpaid.is_some())
                && is(undelivered, one.row.undelivered)
                && text.as_ref().is_none_or(named)
        };
        let expected: Vec<&Listed> = all.iter().filter(fits).collect();
        let filter = Filter { role, open, unpaid, undelivered, text: text.clone(), ..Filter::default() };
        let found = index.list(&filter).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        assert_eq!(index.count(&filter).unwrap(), u64::try_from(expected.len()).unwrap(), "{filter:?}");
        kinds.insert(expected.len());
    }
    assert!(kinds.len() > 8, "the filters tell apart: {kinds:?}");
}
