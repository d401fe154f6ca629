//! Whole purchases along the flow charts of the patent: one server (figure 1), three servers (figure 3), and the two
//! orders of instructing them (figure 10).

use crate::support::program::Town;

/// What a shop's configuration needs so that it collects and carries itself.
const ALONE: &str = "payment = \"invoice\"\nsteps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n\
                     charge = { name = \"Parcel delivery\", price = \"JPY 500\" }";

/// Makes the shop play all three parts.
pub fn alone(town: &Town) {
    town.configure("shop", |text| {
        text.replace("roles = [\"shop\"]", "roles = [\"shop\", \"payment\", \"delivery\"]")
            .replace("[trust]", "[payment]\ndebit_days = 12\n\n[delivery]\ntransit_days = 3\n\n[trust]")
    });
    town.procedures(&[ALONE]);
}

/// The date `list` shows the buyer for one leg.
fn date(town: &Town, id: &str, leg: &str) -> String {
    let row = town.lists("buyer", &[]).into_iter().find(|row| row["id"] == id).unwrap();
    row[leg]["date"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn figure_1_one_purchase_from_one_server_p106() {
    let town = Town::acquainted();
    alone(&town);
    // 111: the order goes out and nothing is known but that.
    let id = town.orders("buyer", "SH-41", 1, &[]);
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    town.check_letters("buyer", &id, &["out order shop"]);
    assert!(town.lists("shop", &[]).is_empty());
    // 121 to 123: the server takes it in, makes the record, stores it and sends it.
    town.sync(&["shop"]);
    town.check_stands("shop", &id, "offered", [false; 3]);
    town.check_letters("shop", &id, &["in order buyer", "out transaction-info buyer"]);
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    // 112: the client stores it; with the OK the server begins.
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let number = town.number("buyer", &id);
    assert_eq!(town.number("shop", &id), number);
    town.does("buyer", &["confirm", &id]);
    town.check_stands("buyer", &number, "open", [false; 3]);
    // 124 to 126: fulfilment begins, its state is made and sent.
    town.sync(&["shop", "buyer"]);
    town.check_stands("shop", &number, "open", [false; 3]);
    town.check_stands("buyer", &number, "open", [false; 3]);
    town.settle();
    let count = |kind: &str| town.count("buyer", &number, "in", kind);
    let counts = || ["order-status", "payment-status", "delivery-status"].map(count);
    let begun = counts();
    assert!(begun.iter().all(|count| *count >= 1), "{begun:?}");
    let shown = town.show("buyer", &number);
    let kinds: Vec<&str> = shown["letters"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["order", "transaction-info", "confirmation"]);
    // 127 and 113 to 116, again and again: each state is checked and the list follows.
    let done = |town: &Town, command: &[&str], done: [bool; 3], state: &str| {
        town.does("shop", command);
        town.sync(&["buyer"]);
        town.check_stands("buyer", &id, state, done);
        town.check_stands("shop", &id, state, done);
    };
    done(&town, &["shop", "notify", &number, "--planned", "2030-01-02"], [false; 3], "open");
    assert_eq!(date(&town, &id, "order"), "2030-01-02");
    done(&town, &["shop", "notify", &number, "--shipped"], [true, false, false], "open");
    done(&town, &["pay", "notify", &number, "--paid"], [true, false, true], "open");
    done(&town, &["ship", "notify", &number, "--delivered"], [true; 3], "completed");
    // 127: finished, the server has nothing more to do or to say.
    town.settle();
    let entries = town.entries("shop").len();
    for more in [["shop", "--shipped"], ["pay", "--paid"], ["ship", "--delivered"]] {
        let run = town.run("shop", &[more[0], "notify", &number, more[1]]);
        assert_eq!(run.code, Some(65), "{run:?}");
    }
    town.settle();
    assert_eq!(town.entries("shop").len(), entries);
    assert_eq!(counts(), [begun[0] + 2, begun[1] + 1, begun[2] + 1]);
    town.check_peace();
}

#[test]
fn figure_1_a_state_that_does_not_agree_is_a_warning_and_changes_nothing_p106() {
    let town = Town::acquainted();
    alone(&town);
    let (id, number) = town.bought("SH-41", 2, &[]);
    for parcel in ["1", "2"] {
        town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", parcel, "--line", "1=1"]);
    }
    // 114, 115: delivered with more in it than left the shop.
    town.does("shop", &["ship", "notify", &number, "--delivered", "--parcel", "1", "--line", "1=2"]);
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "open", [true, false, false]);
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let warnings = warnings["warnings"].as_array().unwrap();
    // One letter, which disagrees with the dispatch.
    assert!(!warnings.is_empty() && warnings.iter().all(|one| one["id"] == warnings[0]["id"]), "{warnings:?}");
    assert!(warnings.iter().all(|one| one["finding"] == "two-agents-disagree"), "{warnings:?}");
    assert_eq!((&warnings[0]["number"], &warnings[0]["from"]), (&number.as_str().into(), &"shop@demo.test".into()));
    // What agrees is applied as before.
    town.does("shop", &["pay", "notify", &number, "--paid"]);
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "open", [true, false, true]);
    // A person may let it count all the same, and says why.
    let name = warnings[0]["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["warnings", "accept", &name, "--reason", "both were in it"]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.sync(&["buyer", "shop"]);
    // The shop, which delivers itself, was told of the same.
    let own = town.does("shop", &["warnings", "--json"]).json()["warnings"][0]["id"].as_str().unwrap().to_owned();
    town.does("shop", &["warnings", "accept", &own, "--reason", "both were in it"]);
    town.check_peace();
    // Settled it is and stays, whether the index grew or is made anew.
    town.does("buyer", &["ledger", "reindex"]);
    town.check_peace();
    let all = town.does("buyer", &["warnings", "--all", "--json"]).json();
    assert!(all["warnings"].as_array().unwrap().iter().all(|one| one["settled"] == "accept"), "{all}");
}

#[test]
fn figure_3_three_servers_work_at_their_own_speed_p107() {
    let town = Town::acquainted();
    let id = town.orders("buyer", "SH-41", 2, &["--pay", "card"]);
    town.sync(&["shop", "pay", "shop", "buyer"]);
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let number = town.number("buyer", &id);
    town.does("buyer", &["confirm", &id]);
    town.sync(&["shop"]);
    // 134 to 137 are done before the payment server has looked at its mail, and the delivery server after.
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.check_stands("shop", &number, "open", [true, false, false]);
    assert!(town.lists("ship", &[]).is_empty());
    town.check_stands("pay", &number, "ordered", [false; 3]);
    // 144 to 147: the delivery server is quick.
    town.sync(&["ship"]);
    town.does("ship", &["ship", "notify", &number, "--event", "Collected", "--place", "Tokyo"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.check_stands("ship", &number, "completed", [false, true, false]);
    town.check_stands("shop", &number, "open", [true, false, false]);
    // The client, away until now, gets all of it at once; the payment server has not begun.
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "open", [true, true, false]);
    town.check_stands("pay", &number, "ordered", [false; 3]);
    assert_eq!(town.count("buyer", &id, "in", "payment-status"), 0);
    assert_eq!(town.count("buyer", &id, "in", "delivery-status"), 3);
    // 154 to 157: the payment server takes its time.
    town.sync(&["pay"]);
    town.check_stands("pay", &number, "open", [false; 3]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 4000"]);
    town.sync(&["buyer", "shop"]);
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["paid"]["amount"], &shown["unpaid"]["amount"]), (&"4000".into(), &"5100".into()));
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.check_stands("pay", &number, "completed", [false, false, true]);
    town.sync(&["buyer", "shop"]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "completed", [true; 3]);
    }
    // Each server spoke for its own leg, to client and shop, and was told by the shop alone.
    let statuses = ["out payment-status buyer", "out payment-status shop"];
    let asked = ["in authorization-request shop", "out authorization-result shop", "in payment-instruction shop"];
    town.check_letters("pay", &number, &[&asked[..], &statuses, &statuses, &statuses].concat());
    let statuses = ["out delivery-status buyer", "out delivery-status shop"];
    town.check_letters(
        "ship",
        &number,
        &[&["in delivery-instruction shop"][..], &statuses, &statuses, &statuses].concat(),
    );
    town.settle();
    town.check_peace();
}

#[test]
fn figure_10_payment_before_delivery_and_delivery_before_payment_p109() {
    // The warehouse's step, 1001, is no part of it yet.
    for (method, first, second) in [("card", "payment", "delivery"), ("invoice", "delivery", "payment")] {
        let town = Town::acquainted();
        let id = town.orders("buyer", "TEA-200", 3, &["--pay", method]);
        town.sync(&["shop", "pay", "shop", "buyer"]);
        town.does("buyer", &["confirm", &id]);
        let number = town.number("buyer", &id);
        town.sync(&["shop"]);
        let agent = |leg: &str| if leg == "payment" { "pay" } else { "ship" };
        let instruction = |leg: &str| format!("out {leg}-instruction {}", agent(leg));
        let before: &[&str] = match method {
            "card" => &["in order buyer", "out authorization-request pay", "in authorization-result pay"],
            _ => &["in order buyer"],
        };
        let (one, other) = (instruction(first), instruction(second));
        let after = ["out transaction-info buyer", "in confirmation buyer", "out order-status buyer", &one, &other];
        town.check_letters("shop", &number, &[before, &after].concat());
        // Each agent has its instruction, and acts on it whether or not the other has.
        for (leg, report) in [(first, first), (second, second)] {
            town.sync(&[agent(leg)]);
            town.check_stands(agent(leg), &number, "open", [false; 3]);
            let (command, flag) = if report == "payment" { ("pay", "--paid") } else { ("ship", "--delivered") };
            town.does(agent(leg), &[command, "notify", &number, flag]);
            town.sync(&["shop", "buyer"]);
            let done = |leg: &str| leg == first || report == second;
            for party in ["shop", "buyer"] {
                town.check_stands(party, &number, "open", [false, done("delivery"), done("payment")]);
            }
        }
        town.does("shop", &["shop", "notify", &number, "--shipped"]);
        town.settle();
        for (party, done) in [("shop", [true; 3]), ("buyer", [true; 3])] {
            town.check_stands(party, &number, "completed", done);
        }
        town.check_stands("pay", &number, "completed", [false, false, true]);
        town.check_stands("ship", &number, "completed", [false, true, false]);
        town.check_peace();
    }
}
