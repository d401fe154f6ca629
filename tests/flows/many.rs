//! Two hundred orders of twenty-five buyers at one shop, arriving together (P3): by its mailbox and handed over by many
//! processes at once, as Postfix's pipe does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::End;
use crate::support::accounts::field;
use crate::support::program::Town;

const BUYERS: usize = 25;
const ORDERS: usize = 8;
/// How many processes work at once.
const AT_ONCE: usize = 4;

/// Does something for each of these, some at a time.
fn together<T: Send>(all: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
    let left = Mutex::new(all.into_iter().collect::<Vec<T>>());
    let next = || left.lock().unwrap().pop();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(one) = next() {
                    work(one);
                }
            });
        }
    });
}

/// The buyers with their orders: the ID of each, and its article.
type Orders = BTreeMap<String, BTreeMap<String, &'static str>>;

/// Has every buyer order; all letters lie in the shop's mailbox then.
fn ordered(town: &Town) -> Orders {
    let names: Vec<String> = (1..=BUYERS).map(|n| format!("buyer{n}")).collect();
    together(&names, |name| {
        town.join(name, name, &["buyer"], "");
        town.accept(name, "shop");
    });
    let orders = Mutex::new(Orders::new());
    together(&names, |name| {
        for n in 0..ORDERS {
            let article = if n % 2 == 0 { "SH-41" } else { "TEA-200" };
            let id = town.orders(name, article, 1, &["--pay", "invoice"]);
            orders.lock().unwrap().entry(name.clone()).or_default().insert(id, article);
        }
    });
    orders.into_inner().unwrap()
}

/// Gives every second mail in the shop's mailbox to a `receive` of its own, many at once, while `sync` fetches the others.
fn handed_over(town: &Town) {
    let mails: Vec<_> = town.post("shop").into_iter().step_by(2).collect();
    let mails: Vec<Vec<u8>> = mails
        .iter()
        .map(|file| {
            let mail = fs::read(file).unwrap();
            fs::remove_file(file).unwrap();
            mail
        })
        .collect();
    assert_eq!(mails.len(), BUYERS * ORDERS / 2);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let syncs = scope.spawn(|| {
            let mut times = 0;
            while !over.load(Ordering::Relaxed) {
                town.sync(&["shop"]);
                times += 1;
            }
            times
        });
        let end = End(&over);
        together(&mails, |mail| {
            let run = town.fed("shop", &["receive"], mail);
            assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{run:?}");
        });
        drop(end);
        assert!(syncs.join().unwrap() >= 1);
    });
    // What came by both ways is there once.
    together(&mails[..AT_ONCE], |mail| assert_eq!(town.fed("shop", &["receive"], mail).code, Some(0)));
    town.sync(&["shop"]);
    assert!(town.post("shop").is_empty());
}

/// Returns how many letters of each kind a party has, and checks that none is there twice.
fn check_once(town: &Town, party: &str) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    let mut contents = BTreeSet::new();
    for entry in town.entries(party) {
        let direction = field(&entry, "Mailorder-Direction");
        if direction != "own" {
            assert!(contents.insert(field(&entry, "Mailorder-Content")), "{party}: twice: {entry:?}");
            *kinds.entry(format!("{direction} {}", field(&entry, "Mailorder-Kind"))).or_default() += 1;
        }
    }
    kinds
}

#[test]
fn two_hundred_orders_arriving_together_each_get_their_own_terms_and_nothing_twice_p3() {
    let town = Town::fresh();
    let orders = ordered(&town);
    handed_over(&town);
    let all = BUYERS * ORDERS;
    let at_shop = town.lists("shop", &[]);
    assert_eq!(at_shop.len(), all);
    let numbers: BTreeSet<&str> = at_shop.iter().map(|row| row["number"].as_str().unwrap()).collect();
    assert_eq!(numbers.len(), all);
    let kinds = check_once(&town, "shop");
    assert_eq!((kinds["in order"], kinds["out transaction-info"]), (all, all), "{kinds:?}");
    town.settle();
    for (buyer, own) in &orders {
        let rows = town.lists(buyer, &[]);
        assert_eq!(rows.len(), ORDERS, "{buyer}");
        for row in rows {
            let article = own[row["id"].as_str().unwrap()];
            let (name, total) = if article == "SH-41" { ("シャツ 白 41", "4800") } else { ("煎茶 200g", "2300") };
            assert_eq!(
                (&row["state"], &row["items"][0]["name"], &row["total"]["amount"]),
                (&"offered".into(), &name.into(), &total.into()),
                "{buyer}: {row}"
            );
        }
        assert_eq!(check_once(&town, buyer)["in transaction-info"], ORDERS, "{buyer}");
    }
    // All say OK at once; each agent gets an instruction for each.
    together(&orders, |(buyer, own)| own.keys().for_each(|id| drop(town.does(buyer, &["confirm", id]))));
    town.settle();
    for (party, instruction) in [("pay", "in payment-instruction"), ("ship", "in delivery-instruction")] {
        assert_eq!(check_once(&town, party)[instruction], all, "{party}");
    }
    assert_eq!(town.does("shop", &["status", "--json"]).json()["open"], all);
    for party in ["shop", "pay", "ship", "buyer1"] {
        assert_eq!(town.does(party, &["warnings", "--json"]).json()["warnings"], serde_json::json!([]), "{party}");
        assert_eq!(town.does(party, &["audit", "verify", "--json"]).json()["result"], "clean", "{party}");
    }
}
