//! What an account says of a transaction, asked in several ways that must agree.
//!
//! Each function asks by a closure that runs one command of the account and returns the JSON document it printed.

use serde_json::Value;

/// The states of a transaction that something is still to be done about.
const OPEN: [&str; 3] = ["ordered", "offered", "open"];

/// Checks a transaction's state, what is shipped, delivered and paid, and that `show`, `list` and `status` say the same;
/// nothing waits to be sent.
pub fn check(who: &str, ask: impl Fn(&[&str]) -> Value, name: &str, state: &str, done: [bool; 3]) {
    let shown = ask(&["show", "--json", name]);
    let at = format!("{who}: {shown}");
    let listed = ask(&["list", "--json"]);
    let rows = listed["transactions"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == shown["id"]).unwrap();
    assert_eq!((shown["state"].as_str(), row["state"].as_str()), (Some(state), Some(state)), "{at}");
    for (leg, done) in ["order", "delivery", "payment"].into_iter().zip(done) {
        let legs = shown["legs"].as_array().unwrap();
        let said = legs.iter().find(|one| one["leg"] == leg).unwrap();
        assert_eq!((&said["done"], &row[leg]["done"]), (&done.into(), &done.into()), "{leg} of {at}");
        assert_eq!(said["date"], row[leg]["date"], "{leg} of {at}");
    }
    let status = ask(&["status", "--json"]);
    let open = rows.iter().filter(|row| OPEN.contains(&row["state"].as_str().unwrap())).count();
    assert_eq!(status["open"], open, "{at}: {status}");
    assert_eq!(status["undelivered"], listed["undelivered"], "{at}");
    let sums = |one: &Value| {
        let sums = one["unpaid"].as_array().unwrap().iter();
        sums.map(|sum| (sum["amount"].clone(), sum["currency"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(sums(&status), sums(&listed), "{at}");
    // Who is off for days acknowledges nothing.
    let outbox = &status["outbox"];
    assert_eq!([&outbox["waiting"], &outbox["failed"]], [0, 0], "{at}");
}

/// Returns the letters of a transaction in their order: `out order shop`, `in order-status shop`.
pub fn letters(ask: impl Fn(&[&str]) -> Value, name: &str) -> Vec<String> {
    let shown = ask(&["show", "--json", name]);
    let said = |letter: &Value| {
        let peer = letter["peer"].as_str().unwrap().split('@').next().unwrap().to_owned();
        format!("{} {} {peer}", letter["direction"].as_str().unwrap(), letter["kind"].as_str().unwrap())
    };
    shown["letters"].as_array().unwrap().iter().map(said).collect()
}

/// Checks that an account has no warning, and that its ledger is as it was written.
pub fn check_peace(who: &str, ask: impl Fn(&[&str]) -> Value) {
    let warnings = ask(&["warnings", "--json"]);
    assert_eq!(warnings["warnings"], serde_json::json!([]), "{who}");
    assert_eq!(ask(&["audit", "verify", "--json"])["result"], "clean", "{who}");
}
