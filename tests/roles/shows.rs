//! What agents are shown of an order: what they need, and what the procedure names beside it (P105).

use mailorder::role::shop_change::{Change, change};
use mailorder::trade::document::{DeliveryInstruction, PaymentInstruction};

use super::*;

/// A shop whose procedure shows its agents this.
fn showing(payment: Shows, delivery: Shows) -> Practice {
    let mut practice = selling();
    let procedure = &mut practice.shop.as_mut().unwrap().procedures[0];
    (procedure.payment_shows, procedure.delivery_shows) = (payment, delivery);
    practice
}

/// The shop's desk with an offer.
fn offered() -> Desk {
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    desk.takes(&order_letter());
    desk.writes(Role::Shop, &terms_letter(terms()));
    desk
}

/// What the shop instructs its agents at the OK.
fn instructed(practice: &Practice) -> (PaymentInstruction, DeliveryInstruction) {
    let said = answers(&mut offered(), practice, &confirmation());
    let mut both = (None, None);
    for document in said {
        match document {
            Document::PaymentInstruction(one) => both.0 = Some(one),
            Document::DeliveryInstruction(one) => both.1 = Some(one),
            _ => {}
        }
    }
    (both.0.unwrap(), both.1.unwrap())
}

#[test]
fn an_agent_is_shown_what_the_procedure_names_and_nothing_else_p105() {
    let (pay, ship) = instructed(&selling());
    assert!(pay.shown.is_empty() && ship.shown.is_empty() && pay.buyer.address.is_none());
    let items = Shows { items: true, ..Shows::default() };
    let all_but_sum = Shows { prices: true, address: true, ..items };
    let all_but_place = Shows { prices: true, sum: true, ..items };
    let names = |shown: &Shown| shown.goods.iter().map(|line| line.item.name.clone()).collect::<Vec<_>>();
    let sold: Vec<String> = lines().into_iter().map(|line| line.item.name).collect();
    let (pay, ship) = instructed(&showing(items, items));
    for shown in [&pay.shown, &ship.shown] {
        assert_eq!(names(shown), sold);
        assert!(shown.goods.iter().all(|line| line.unit_price.is_none()), "no prices with the items alone");
        assert_eq!((shown.charges.len(), shown.sum, shown.deliver_to.is_some()), (0, None, false));
    }
    let (pay, ship) = instructed(&showing(all_but_sum, Shows::default()));
    assert!(ship.shown.is_empty(), "each agent for itself");
    let prices: Vec<Money> = pay.shown.goods.iter().filter_map(|line| line.unit_price).collect();
    assert_eq!(prices, lines().into_iter().map(|line| line.unit_price).collect::<Vec<_>>());
    assert_eq!((pay.shown.charges.len(), &pay.shown.deliver_to), (1, &terms().deliver_to));
    let (pay, ship) = instructed(&showing(Shows::default(), all_but_place));
    assert!(pay.shown.is_empty());
    assert_eq!((ship.shown.sum, ship.shown.charges.len(), ship.collect), (Some(jpy(4800)), 1, None));
    let sum = Shows { sum: true, ..Shows::default() };
    let (_, ship) = instructed(&showing(Shows::default(), sum));
    assert_eq!(ship.shown, Shown { sum: Some(jpy(4800)), ..Shown::default() });
}

#[test]
fn agents_that_are_instructed_anew_are_shown_the_new_terms() {
    let items = Shows { items: true, prices: true, ..Shows::default() };
    let practice = showing(items, items);
    let mut desk = offered();
    let cheaper = Change { prices: vec![("1".to_owned(), jpy(900))], ..Change::default() };
    acts(&mut desk, &practice, |known, at| change(known, &cheaper, at)).unwrap();
    let new = (*desk.transaction().sent(Kind::TransactionInfo).last().unwrap().letter).clone();
    let digest = Some(content(&new));
    let total = jpy(4500);
    let document = Document::Confirmation(mailorder::trade::document::Confirmation { total });
    let ok = Letter { seq: Some(2), terms: digest, answers: digest, ..letter(&buyer(), &shop(), document) };
    let said = answers(&mut desk, &practice, &ok);
    let prices = said.iter().filter_map(|document| match document {
        Document::PaymentInstruction(one) => one.shown.goods[0].unit_price,
        Document::DeliveryInstruction(one) => one.shown.goods[0].unit_price,
        _ => None,
    });
    assert_eq!(prices.collect::<Vec<_>>(), [jpy(900), jpy(900)]);
}
