//! An order of which the shop has not everything, where a payment is authorised first.

use super::*;

#[test]
fn terms_are_made_for_the_sum_that_was_authorised_or_not_at_all() {
    let mut practice = selling();
    let own = practice.shop.as_mut().unwrap();
    own.partial = Partial::Offer;
    own.procedures[0].stages.insert(0, Stage::Authorize);
    let with_stock = |practice: &mut Practice, left: &str| {
        let own = practice.shop.as_mut().unwrap();
        let mut articles = own.articles.list().to_vec();
        articles[0].stock = Stock::parse(left).unwrap();
        own.articles = Arc::new(Articles::own(articles));
    };
    with_stock(&mut practice, "2");
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    let [Document::AuthorizationRequest(asked)] = &answers(&mut desk, &practice, &order_letter())[..] else {
        panic!("the payment is authorised first")
    };
    // Two shirts instead of three, the tie, and the parcel.
    assert_eq!(asked.total, jpy(3800));
    let result = AuthorizationResult { total: jpy(3800), step: done("2026-07-11") };
    let said = |desk: &Desk, practice: &Practice| {
        let mut desk = desk.clone();
        let document = Document::AuthorizationResult(result.clone());
        let letter = Letter { order: Some(order_id()), ..to_shop(&bank(), 1, false, document) };
        answers(&mut desk, practice, &letter).remove(0)
    };
    let Document::TransactionInfo(terms) = said(&desk, &practice) else { panic!("no terms") };
    assert_eq!((terms.total, terms.lines[0].quantity.to_string().as_str(), terms.lines.len()), (jpy(3800), "2", 2));
    // Meanwhile there is only one: nothing of that sum can be offered.
    with_stock(&mut practice, "1");
    let Document::OrderRejection(rejection) = said(&desk, &practice) else { panic!("no rejection") };
    assert_eq!(rejection.reasons[0].code, "OTH");
}

#[test]
fn what_costs_nothing_is_not_sold_in_another_currency() {
    let mut practice = selling();
    let own = practice.shop.as_mut().unwrap();
    own.procedures[0].charge = None;
    let mut free = own.articles.list().to_vec();
    free.iter_mut().for_each(|article| article.price = jpy(0));
    own.articles = Arc::new(Articles::own(free));
    let said = |price: Money| {
        let mut wanted = order();
        wanted.charges.clear();
        wanted.lines.iter_mut().for_each(|line| line.unit_price = price);
        wanted.total = price;
        let mut desk = Desk::new(&shop());
        desk.now = at("2026-07-11");
        answers(&mut desk, &practice, &Letter { document: Document::Order(wanted), ..order_letter() }).remove(0)
    };
    let Document::TransactionInfo(terms) = said(jpy(0)) else { panic!("what costs nothing is sold") };
    assert_eq!(terms.total, jpy(0));
    let dollars = Money::parse("0.00", "USD").unwrap();
    let Document::OrderRejection(rejection) = said(dollars) else { panic!("it is sold in another currency") };
    assert!(!rejection.lines.is_empty());
    for line in &rejection.lines {
        assert_eq!(
            (line.reason.code.as_str(), line.reason.text.as_str()),
            ("PRI", "The price is JPY 0, not USD 0.00.")
        );
    }
}
