//! A card on the page: it is written where an order is looked at once more, sealed to the payment agent, and in the clear
//! nowhere else (P12).

use super::desk::row;
use super::served::{Served, Visitor, value};
use crate::flows::catalog::{CATALOG, SHOP, catalog, town};
use crate::flows::private::{check_nowhere, holding};
use crate::support::program::Town;

/// What is written of the card: number, end, owner.
const SECRETS: [&str; 3] = ["4556737586899855", "08 / 31", "ONO KENJIRO"];

/// A buyer who has the shop's catalog and the payment agent's key.
pub fn with_agent() -> Town {
    let town = town(CATALOG, "");
    town.accept("buyer", "pay");
    catalog(&town, &[]);
    town
}

/// Returns the fields of the order, and those of the card.
fn fields<'a>(token: &'a str, once: &'a str, what: &'a str) -> Vec<(&'a str, &'a str)> {
    let order = [("shop", SHOP), ("pick-CUP", "2"), ("pay", "card"), ("deliver", "parcel")];
    let [number, expires, name] = SECRETS;
    let card = [("card-number", number), ("card-expires", expires), ("card-name", name)];
    [&[("token", token), ("once", once), ("do", what)], &order[..], &card].concat()
}

/// Sends the order with its card, from the page where it was checked; returns its ID.
pub fn ordered(visitor: &Visitor<'_>) -> String {
    let (token, once) = visitor.hidden("/order");
    let check = visitor.fills("/order", &fields(&token, &once, "check"));
    // The page proposes the agent of the shop's ways, and has nothing of the card.
    assert!(check.contains("name=\"agent\" value=\"pay@demo.test\""), "{check}");
    assert!(!SECRETS.iter().any(|secret| check.contains(secret)), "{check}");
    let once = value(&check, "once");
    let all = [&fields(&token, &once, "send")[..], &[("agent", "pay@demo.test")]].concat();
    let sent = visitor.post("/order", &all);
    let place = sent.header("location").unwrap_or_else(|| panic!("{}", sent.body));
    place.strip_prefix("/txn/").unwrap().split('?').next().unwrap().to_owned()
}

/// Returns every page that has something of an order.
fn pages(town: &Town, visitor: &Visitor<'_>, id: &str) -> Vec<String> {
    let mut paths: Vec<String> =
        ["/", "/health", "/warnings", "/chart", "/schedule", "/order"].map(str::to_owned).into();
    paths.extend([format!("/order?again={id}"), format!("/txn/{id}?receipts=1")]);
    paths.extend(["csv", "jsonl", "hledger", "ics"].map(|format| format!("/export?format={format}")));
    let letters = town.show("buyer", id)["letters"].clone();
    for letter in letters.as_array().unwrap() {
        paths.extend(["text", "data", "raw"].map(|way| format!("/txn/{id}?letter={}&as={way}", letter["entry"])));
    }
    paths.iter().map(|path| visitor.get(path).body).collect()
}

#[test]
fn a_card_without_its_number_keeps_the_order_from_going_without_it_p12() {
    let town = with_agent();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let (token, once) = visitor.hidden("/order");
    let mut written = fields(&token, &once, "send");
    written.push(("agent", "pay@demo.test"));
    written.iter_mut().filter(|(name, _)| *name == "card-number").for_each(|field| field.1 = "");
    let refused = visitor.post("/order", &written);
    assert!(refused.status == 422 && refused.body.contains("has no number"), "{} {}", refused.status, refused.body);
    assert_eq!(town.lists("buyer", &[]).len(), 0);
}

#[test]
fn a_card_in_the_order_form_is_sealed_and_stands_in_the_clear_nowhere_p12() {
    let town = with_agent();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    // "Change it" leads back to the form, and leaves the card behind.
    let (token, once) = visitor.hidden("/order");
    let back = visitor.fills("/order", &fields(&token, &once, "edit"));
    assert!(back.contains("name=\"pick-CUP\"") && !SECRETS.iter().any(|secret| back.contains(secret)), "{back}");
    let id = ordered(&visitor);
    for page in pages(&town, &visitor, &id) {
        assert!(!SECRETS.iter().any(|secret| page.contains(secret)), "{page}");
    }
    town.settle();
    let place = visitor.does(
        &format!("/txn/{id}/confirm"),
        &format!("/txn/{id}/confirm"),
        &[("answer", "accept"), ("terms", &value(&visitor.page(&format!("/txn/{id}/confirm")), "terms"))],
    );
    assert_eq!(place, format!("/txn/{id}?said=confirmed"));
    town.settle();
    // The agent has it, for this order and its sum.
    let number = town.number("buyer", &id);
    let opened = town.does("pay", &["pay", "data", &number, "--json"]).json();
    let [card, expires, name] = SECRETS;
    assert_eq!(opened["order"], id.as_str());
    assert_eq!(
        (&opened["instrument"]["number"], &opened["instrument"]["expires"], &opened["instrument"]["name"]),
        (&card.into(), &expires.into(), &name.into())
    );
    assert_eq!(opened["limit"]["amount"], town.show("buyer", &id)["order"]["total"]["amount"]);
    // Nobody has a byte of it in the clear: not the buyer's files, his drafts and outbox, not the mail, nor the shop's.
    for secret in SECRETS {
        check_nowhere(&town.path(""), secret);
    }
    assert!(!holding(&town.path("shop"), "mo:sealed").is_empty(), "it went through the shop, sealed");
    assert_eq!(town.show("buyer", &id)["order"]["payment_id"], "9855");
    for page in pages(&town, &visitor, &id) {
        assert!(!SECRETS.iter().any(|secret| page.contains(secret)), "{page}");
    }
    assert!(row(&visitor.page("/"), &id).contains("state--"), "the order is listed");
    town.check_peace();
}

#[test]
fn a_card_for_an_agent_whose_key_is_not_accepted_is_not_sent_and_not_kept_p12() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let before = town.list(&[]).len();
    let (token, once) = visitor.hidden("/order");
    let check = visitor.fills("/order", &fields(&token, &once, "check"));
    let once = value(&check, "once");
    let all = [&fields(&token, &once, "send")[..], &[("agent", "pay@demo.test")]].concat();
    let refused = visitor.post("/order", &all);
    assert!(matches!(refused.status, 403 | 422), "{refused:?}");
    assert!(!SECRETS.iter().any(|secret| refused.body.contains(secret)), "{}", refused.body);
    assert_eq!(town.list(&[]).len(), before);
    for secret in SECRETS {
        check_nowhere(&town.path(""), secret);
    }
}
