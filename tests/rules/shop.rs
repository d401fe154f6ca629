//! What comes to the shop from buyers and agents.

use mailorder::trade::document::{AuthorizationRequest, AuthorizationResult, Cancellation, Confirmation, Refusal};
use mailorder::trade::status::Reason;
use mailorder::trade::{Code, Currency, Document, Letter, Money, Party, Role, Terms, Verdict};

use super::{check, refused_or_applied, row};
use crate::support::trade::*;

#[test]
fn an_order_adds_up_and_is_its_signers() {
    // B81, B83, B105: the address in the order is the signer's.
    let changed = |change: fn(&mut mailorder::trade::Order)| {
        let mut order = order();
        change(&mut order);
        Letter { document: Document::Order(order), ..order_letter() }
    };
    check(
        || Desk::new(&shop()),
        vec![
            row("as it should be", &[], order_letter(), &[]),
            row("a wrong total", &[], changed(|o| o.total = jpy(1)), &[Code::SumDoesNotAddUp]),
            row(
                "nothing to pay, in another currency",
                &[],
                changed(|o| {
                    o.charges.clear();
                    o.lines.iter_mut().for_each(|line| line.unit_price = jpy(0));
                    o.total = Money::zero(Currency::parse("USD").unwrap());
                }),
                &[Code::SumDoesNotAddUp],
            ),
            row(
                "no lines",
                &[],
                changed(|o| {
                    o.lines.clear();
                    o.charges.clear();
                }),
                &[Code::SumDoesNotAddUp],
            ),
            row("another's address", &[], changed(|o| o.buyer.email = stranger().address), &[Code::FromDiffers]),
        ],
    );
}

#[test]
fn a_stranger_does_not_stand_for_an_address_that_has_a_key() {
    // B108: the first key of an address is pinned, a second one is not taken.
    let second = Party { fingerprint: stranger().fingerprint, ..buyer() };
    let mut desk = Desk::new(&shop());
    let order = Letter { from: second, ..order_letter() };
    refused_or_applied_empty(&mut desk, &order, Code::KeyChanged);
}

#[test]
fn a_buyer_gives_his_order_no_number() {
    let mut desk = Desk::new(&shop());
    desk.takes(&order_letter());
    let cancellation = Document::Cancellation(Cancellation { reason: None });
    let named = Letter {
        order: Some(order_id()),
        transaction: terms_letter(terms()).transaction,
        seq: Some(2),
        ..letter(&buyer(), &shop(), cancellation)
    };
    assert!(named.transaction.is_some());
    desk.takes(&named);
    assert_eq!(desk.transaction().number, None, "the shop's own letter gives it one");
    desk.writes(Role::Shop, &terms_letter(terms()));
    assert_eq!(desk.transaction().number, named.transaction);
}

fn refused_or_applied_empty(desk: &mut Desk, arrives: &Letter, code: Code) {
    let judgement = desk.takes(arrives);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, code));
    assert!(desk.transaction().order().is_none(), "nothing is applied");
}

#[test]
fn only_the_buyer_says_ok_and_only_to_what_was_offered() {
    let other_total = Document::Confirmation(Confirmation { total: jpy(1) });
    let other_total = Letter { document: other_total, ..confirmation() };
    let other_terms = Letter { terms: Some(content(&order_letter())), ..confirmation() };
    let mallory = Letter { from: party("mallory"), ..confirmation() };
    let other_key = Letter { from: Party { fingerprint: bank().fingerprint, ..buyer() }, ..confirmation() };
    let unsigned_terms = Letter { terms: None, ..confirmation() };
    let cancels = |from: &Party| Letter {
        seq: Some(3),
        order: Some(order_id()),
        terms: Some(offer()),
        ..letter(from, &shop(), Document::Cancellation(Cancellation { reason: None }))
    };
    check(
        Desk::shop_offered,
        vec![
            row("the buyer's OK", &[], confirmation(), &[]),
            row("to another total", &[], other_total, &[Code::AmountDiffers]),
            row("to other terms", &[], other_terms, &[Code::TermsDigestDiffers, Code::TermsDigestDiffers]),
            row("to no terms", &[], unsigned_terms, &[Code::TermsDigestDiffers]),
            row("somebody else's OK", &[], mallory, &[Code::NotAParty]),
            row("another key with the buyer's address", &[], other_key, &[Code::FromDiffers, Code::NotAParty]),
            row("the buyer cancels", &[&confirmation()], cancels(&buyer()), &[]),
            row("somebody else cancels", &[&confirmation()], cancels(&party("mallory")), &[Code::NotAParty]),
        ],
    );
}

#[test]
fn a_refused_ok_is_no_ok() {
    // An OK after `validThrough` is refused: the offer is over, on both sides, and nothing is owed.
    let refusal = Document::Refusal(Refusal {
        reason: Reason { code: "offer-expired".to_owned(), text: "The time for the OK has passed.".to_owned() },
    });
    let refusal = Letter { answers: Some(content(&confirmation())), ..letter(&shop(), &buyer(), refusal) };
    let mut buyers = Desk::buyer_open();
    let mut shops = Desk::shop_offered();
    shops.takes(&confirmation());
    assert_eq!(shops.standing().state, mailorder::rules::State::Open);
    shops.writes(Role::Shop, &refusal);
    buyers.takes(&refusal);
    for desk in [&buyers, &shops] {
        let standing = desk.standing();
        assert_eq!((standing.state, standing.unpaid), (mailorder::rules::State::Rejected, None));
    }
}

#[test]
fn the_agent_that_was_asked_authorises_the_sum_it_was_asked_for() {
    let request = AuthorizationRequest {
        buyer: person(&buyer()),
        total: jpy(4800),
        payment_method: order().payment_method,
        payment_id: None,
        sealed: None,
        agents: terms().agents,
    };
    let asked = Letter { order: Some(order_id()), ..letter(&shop(), &bank(), Document::AuthorizationRequest(request)) };
    let desk = || {
        let mut desk = Desk::new(&shop());
        desk.takes(&order_letter());
        desk.writes(Role::Shop, &asked);
        desk
    };
    let answer = |from: &Party, total: i64| {
        let step = done("2026-07-10");
        let result = Document::AuthorizationResult(AuthorizationResult { total: jpy(total), step });
        Letter { order: Some(order_id()), answers: Some(content(&asked)), ..letter(from, &shop(), result) }
    };
    check(
        desk,
        vec![
            row("the agent", &[], answer(&bank(), 4800), &[]),
            row("another sum", &[], answer(&bank(), 4000), &[Code::AmountDiffers]),
            row("another agent", &[], answer(&courier(), 4800), &[Code::NotAParty]),
        ],
    );
}

#[test]
fn the_shop_hears_the_agents_as_the_buyer_does() {
    let said =
        |from: &Party, document: Document| Letter { to: shop(), ..status(from, 1, "2026-07-21", false, document) };
    let planned_money = || payment_status(jpy(4800), Vec::new());
    let mut desk = Desk::shop_offered();
    refused_or_applied(&mut desk, "the payment agent", &said(&bank(), planned_money()), &[]);
    refused_or_applied(&mut desk, "the carrier on money", &said(&courier(), planned_money()), &[Code::NotAParty]);
    let terms: &Terms = desk.transaction().terms().unwrap().1;
    assert_eq!(terms.legs_of(&bank().fingerprint), [mailorder::trade::Leg::Payment]);
}
