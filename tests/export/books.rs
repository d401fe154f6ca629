//! The books of a purchase in each of its turns: what is unpaid in them is what lists call unpaid, and nothing gets lost.

use std::collections::BTreeMap;

use mailorder::index::Row;
use mailorder::trade::document::{ReturnAnswer, ReturnRequest};
use mailorder::trade::status::{Payment, Step};
use mailorder::trade::{Digest, Document, Letter, Money, Role, StatusReason};
use mailorder::view::export::Format;

use super::names::export;
use crate::support::trade::*;

/// Returns the balance of each account in yen, and checks that each entry balances.
fn balances(journal: &str) -> BTreeMap<String, i64> {
    let mut balances = BTreeMap::new();
    for entry in journal.split("\n\n") {
        let mut sum = 0;
        let postings = entry.lines().filter_map(|line| line.strip_prefix("    ")?.split_once("  JPY "));
        for (account, amount) in postings {
            let amount: i64 = amount.parse().unwrap();
            *balances.entry(account.trim().to_owned()).or_default() += amount;
            sum += amount;
        }
        assert_eq!(sum, 0, "{entry}");
    }
    balances
}

fn bank_says(seq: u32, remaining: i64, payments: Vec<Payment>) -> Letter {
    status(&bank(), seq, &format!("2026-07-{}", 20 + 2 * seq), remaining == 0, payment_status(jpy(remaining), payments))
}

fn refund(id: &str, amount: i64, day: Option<&str>) -> Payment {
    let step = day.map_or_else(|| planned("2026-08-30"), done);
    Payment { refund: true, ..payment(id, jpy(amount), step) }
}

fn part(amount: i64) -> Payment {
    payment("P-1", jpy(amount), done("2026-07-20"))
}

/// The shop says that the order is cancelled.
fn cancellation() -> Letter {
    status(&shop(), 2, "2026-07-23", false, cancelled())
}

/// Checks the accounts that are not at nothing.
fn check_books(desk: &Desk, expected: &[(&str, i64)]) {
    let standing = desk.standing();
    let journal = export(std::slice::from_ref(desk.transaction()), Format::Hledger, false);
    let balances = balances(&journal);
    let owed: i64 = standing.unpaid.as_ref().map_or("0".to_owned(), Money::plain).parse().unwrap();
    let unpaid = format!("liabilities:unpaid:{}", shop().address);
    assert_eq!(balances.get(&unpaid).copied().unwrap_or(0), -owed, "{journal}");
    let moved: BTreeMap<String, i64> = balances.into_iter().filter(|(_, amount)| *amount != 0).collect();
    let with_shop = |(name, amount): &(&str, i64)| (name.replace("SHOP", shop().address.as_str()), *amount);
    assert_eq!(moved, expected.iter().map(with_shop).collect(), "{journal}");
}

#[test]
fn an_order_is_unpaid_until_it_is_paid_p80() {
    let mut desk = Desk::buyer_open();
    let bought = [("expenses:goods:SHOP", 4300), ("expenses:charges:SHOP", 500)];
    check_books(&desk, &[&bought[..], &[("liabilities:unpaid:SHOP", -4800)]].concat());
    desk.takes(&bank_says(1, 2800, vec![part(2000)]));
    check_books(&desk, &[&bought[..], &[("liabilities:unpaid:SHOP", -2800), ("assets:paid:card", -2000)]].concat());
    let rest = payment("P-2", jpy(2800), done("2026-07-21"));
    desk.takes(&bank_says(2, 0, vec![part(2000), rest]));
    check_books(&desk, &[&bought[..], &[("assets:paid:card", -4800)]].concat());
}

#[test]
fn what_was_not_agreed_to_is_in_no_books() {
    check_books(&Desk::buyer_ordered(), &[]);
    let mut offered = Desk::buyer_ordered();
    offered.takes(&terms_letter(terms()));
    check_books(&offered, &[]);
}

#[test]
fn a_cancellation_takes_back_what_was_not_paid_and_awaits_what_was() {
    let mut desk = Desk::buyer_open();
    desk.takes(&cancellation());
    check_books(&desk, &[]);
    let mut desk = Desk::buyer_open();
    desk.takes(&bank_says(1, 2800, vec![part(2000)]));
    desk.takes(&cancellation());
    check_books(&desk, &[("assets:paid:card", -2000), ("assets:refunds:SHOP", 2000)]);
    desk.takes(&bank_says(2, 2800, vec![part(2000), refund("R-1", 2000, None)]));
    check_books(&desk, &[("assets:paid:card", -2000), ("assets:refunds:SHOP", 2000)]);
    desk.takes(&bank_says(3, 2800, vec![part(2000), refund("R-1", 2000, Some("2026-07-25"))]));
    check_books(&desk, &[]);
}

#[test]
fn a_shop_has_the_same_books_from_the_other_side() {
    let mut desk = Desk::shop_offered();
    let ok = confirmation();
    desk.takes(&ok);
    let mut shown = super::names::wanted(Format::Hledger, false);
    shown.role = Role::Shop;
    let journal = mailorder::view::export::Export::of(std::slice::from_ref(desk.transaction()), shown);
    let balances = balances(&String::from_utf8(journal).unwrap());
    let unpaid = format!("assets:unpaid:{}", buyer().address);
    assert_eq!(balances[&unpaid], 4800);
    assert_eq!((balances["income:goods"], balances["income:charges"]), (-4300, -500));
}

/// The shop's answer to the return of all: agreed to, and later that the money went back.
fn answer(seq: u32, on: &str, request: Digest, step: Step) -> Letter {
    let refund = Some(jpy(4800));
    let document = Document::ReturnAnswer(ReturnAnswer { lines: all_goods(), step, refund });
    let from_shop = letter(&shop(), &buyer(), document);
    Letter { seq: Some(seq), date: at(on), answers: Some(request), terms: Some(offer()), ..from_shop }
}

/// Returns the days of a journal's entries that have this word.
fn days<'a>(journal: &'a str, word: &str) -> Vec<&'a str> {
    journal.lines().filter(|line| line.starts_with("2026-") && line.contains(word)).map(|line| &line[..10]).collect()
}

#[test]
fn a_claim_is_of_the_day_on_which_the_shop_agreed_and_a_refund_of_the_day_it_was_made() {
    let mut desk = Desk::buyer_open();
    let paid = || payment("P-1", jpy(4800), done("2026-07-20"));
    desk.takes(&bank_says(1, 0, vec![paid()]));
    let reason = StatusReason::Other.because("too small");
    let asked = letter(&buyer(), &shop(), Document::ReturnRequest(ReturnRequest { lines: all_goods(), reason }));
    let asked = desk.writes(Role::Buyer, &Letter { date: at("2026-07-22"), terms: Some(offer()), ..asked });
    desk.takes(&answer(2, "2026-07-23", asked, Step::Active { at: None }));
    let journal = |desk: &Desk| export(std::slice::from_ref(desk.transaction()), Format::Hledger, false);
    assert_eq!(days(&journal(&desk), "to be paid back"), ["2026-07-23"], "{}", journal(&desk));
    desk.takes(&bank_says(2, 0, vec![paid(), refund("R-1", 4800, Some("2026-07-30"))]));
    desk.takes(&answer(3, "2026-08-02", asked, done("2026-07-30")));
    let journal = journal(&desk);
    assert_eq!(days(&journal, "to be paid back"), ["2026-07-23"], "whatever is said later: {journal}");
    assert_eq!(days(&journal, "refund R-1"), ["2026-07-30"], "{journal}");
    check_books(&desk, &[]);
}

#[test]
fn what_is_owed_on_a_day_is_what_was_known_then() {
    let mut desk = Desk::buyer_open();
    desk.takes(&bank_says(1, 2800, vec![part(2000)]));
    desk.takes(&cancellation());
    let owing = Row::of(desk.transaction()).owing;
    let changes: Vec<(&str, String, String)> =
        owing.iter().map(|one| (one.what, one.at.day().to_string(), one.change.plain())).collect();
    let change = |what, day: &str, amount: &str| (what, day.to_owned(), amount.to_owned());
    let ordered = desk.transaction().kept[0].letter.date.day().to_string();
    let expected = [
        change("bought", &ordered, "4800"),
        change("paid", "2026-07-20", "-2000"),
        change("dropped", "2026-07-23", "-2800"),
    ];
    assert_eq!(changes, expected);
}
