//! The demonstration with many further transactions, wave after wave.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::program::{Town, mailorder};
use crate::support::tried;

/// How many further transactions: one wave and a bit of the next; or as many as there may be.
fn further() -> usize {
    tried(260, 5000)
}

/// Returns how many of these have each value of something, those of the plain demonstration not counted.
fn more_of<'a>(many: &'a [Value], plain: &'a [Value], of: impl Fn(&Value) -> String) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in many {
        *counts.entry(of(one)).or_insert(0) += 1;
    }
    for one in plain {
        *counts.get_mut(&of(one)).unwrap() -= 1;
    }
    counts.retain(|_, count| *count > 0);
    counts
}

#[test]
fn of_ten_further_transactions_nine_are_shipped_eight_delivered_and_seven_paid() {
    let (town, count) = (Town::empty(), further());
    let run = mailorder(town.home(), &["demo", "--dir", "play", "--transactions", &count.to_string()]);
    let said = format!("{}{}", run.out, run.err);
    assert!(run.code == Some(0) && said.contains(&format!("{count} of {count} further transactions")), "{said}");
    let plain = Town::played();
    let part = |of_ten: usize| count / 10 * of_ten;
    // A carrier knows nothing of payments, a payment agent nothing of parcels.
    let views = [
        ("buyer", vec![("order", 9), ("delivery", 8), ("payment", 7)], vec![("completed", 7), ("open", 3)]),
        ("shop", vec![("order", 9), ("delivery", 8), ("payment", 7)], vec![("completed", 7), ("open", 3)]),
        ("pay", vec![("payment", 7)], vec![]),
        ("ship", vec![("delivery", 8)], vec![]),
    ];
    for (party, legs, states) in views {
        let (many, few) = (town.lists(party, &[]), plain.lists(party, &[]));
        assert_eq!(many.len(), few.len() + count, "{party}");
        for (leg, of_ten) in legs {
            let counts = more_of(&many, &few, |one| one[leg]["done"].to_string());
            let expected =
                BTreeMap::from([("true".to_owned(), part(of_ten)), ("false".to_owned(), count - part(of_ten))]);
            assert_eq!(counts, expected, "{party}: {leg}");
        }
        for (state, of_ten) in states {
            let counts = more_of(&many, &few, |one| one["state"].as_str().unwrap().to_owned());
            assert_eq!(counts.get(state), Some(&part(of_ten)), "{party}: {counts:?}");
        }
        let audit = town.does(party, &["audit", "verify", "--json"]).json();
        assert_eq!(audit["result"], "clean", "{party}: {audit}");
    }
    let open = |town: &Town| {
        let warnings = town.does("buyer", &["warnings", "--json"]).json()["warnings"].clone();
        warnings.as_array().unwrap().iter().map(|one| one["finding"].clone()).collect::<Vec<_>>()
    };
    let expected = [open(&plain), vec!["unpaid-limit-reached".into()]].concat();
    assert_eq!(open(&town), expected, "so many unpaid orders are above the limit, and that is all");
}

#[test]
fn more_than_5000_further_transactions_are_refused_before_anything_is_made() {
    let town = Town::empty();
    let run = mailorder(town.home(), &["demo", "--dir", "play", "--transactions", "5001"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("5000") && !town.path("").exists(), "{run:?}");
}
