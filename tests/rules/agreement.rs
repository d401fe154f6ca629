//! Terms against the order they answer.

use mailorder::rules::{State, agreement};
use mailorder::trade::{Agent, Code, Document, Letter, Money, Party, Quantity, Role, Settlement, Terms, Verdict};

use super::{check, refused_or_applied, row};
use crate::support::trade::*;

/// The terms after a change.
fn changed(change: impl FnOnce(&mut Terms)) -> Letter {
    let mut terms = terms();
    change(&mut terms);
    terms_letter(terms)
}

fn agent(role: Role, party: Party) -> Agent {
    Agent { role, party, certificate: None }
}

#[test]
fn terms_agree_with_the_order_in_every_point() {
    // P35, P71, P118; B80: the currency changes between order and terms.
    const DIFFER: &[Code] = &[Code::TermsDifferFromOrder];
    let euros = |terms: &mut Terms| {
        let eur = |amount: &str| Money::parse(amount, "EUR").unwrap();
        terms.lines[0].unit_price = eur("10");
        terms.lines[1].unit_price = eur("13");
        terms.charges[0].price = eur("5");
        terms.total = eur("48");
    };
    let dearer = |terms: &mut Terms| {
        terms.lines[0].unit_price = jpy(1100);
        terms.total = jpy(5100);
    };
    let mut rows = vec![
        row("the same", &[], terms_letter(terms()), &[]),
        row("a name", &[], changed(|t| t.lines[0].item.name = "Shirt, grey".to_owned()), DIFFER),
        row("an article number", &[], changed(|t| t.lines[0].item.sku = None), DIFFER),
        row(
            "the payment method",
            &[],
            changed(|t| t.payment_method = mailorder::trade::PaymentMethod::parse("invoice").unwrap()),
            DIFFER,
        ),
        row("the delivery address", &[], changed(|t| t.deliver_to = None), DIFFER),
        row("the billing address", &[], changed(|t| t.billing = Some(home())), DIFFER),
        row("the buyer's name", &[], changed(|t| t.buyer.name = "Somebody".to_owned()), DIFFER),
        row("the buyer's telephone", &[], changed(|t| t.buyer.telephone = Some("03-0000-0000".to_owned())), DIFFER),
        row("the buyer's own address", &[], changed(|t| t.buyer.address = Some(home())), DIFFER),
        row("the card", &[], changed(|t| t.payment_id = Some("9999".to_owned())), DIFFER),
        row("no card", &[], changed(|t| t.payment_id = None), DIFFER),
        row(
            "the total alone",
            &[],
            changed(|t| t.total = jpy(4900)),
            &[Code::TermsDifferFromOrder, Code::SumDoesNotAddUp],
        ),
    ];
    for (shows, change, findings) in [
        ("a price", dearer as fn(&mut Terms), 2),
        ("a currency", euros as fn(&mut Terms), 5),
        ("a quantity", |t: &mut Terms| t.lines[0].quantity = Quantity::ONE, 2),
        ("a line less", |t: &mut Terms| drop(t.lines.pop()), 2),
        ("a charge less", |t: &mut Terms| t.charges.clear(), 2),
    ] {
        let mut offered = terms();
        change(&mut offered);
        let found = agreement::differences(&order(), &offered).len() + agreement::faults(&offered).len();
        assert!(found >= findings, "{shows}: {found}");
        let mut desk = Desk::buyer_ordered();
        let before = desk.standing();
        let judgement = desk.takes(&terms_letter(offered));
        assert_eq!(judgement.verdict, Verdict::Warned, "{shows}");
        assert_eq!(judgement.findings[0].code, Code::TermsDifferFromOrder, "{shows}");
        assert_eq!(desk.standing(), before, "{shows}: nothing is applied");
    }
    let agents = changed(|t| drop(t.agents.pop()));
    rows.push(row("an agent missing", &[], agents, &[Code::NotAParty]));
    let twice = changed(|t| t.agents.push(agent(Role::Payment, courier())));
    rows.push(row("two payment agents", &[], twice, &[Code::NotAParty]));
    let other_key = Party { fingerprint: stranger().fingerprint, ..bank() };
    let key = changed(|t| t.agents[1].party = other_key);
    rows.push(row("an agent with another key than pinned", &[], key, &[Code::KeyChanged]));
    check(Desk::buyer_ordered, rows);
}

#[test]
fn terms_answer_an_order_of_ours_and_come_once() {
    // B76: second terms with a higher price, or with another agent.
    let mut desk = Desk::new(&buyer());
    let judgement = desk.takes(&terms_letter(terms()));
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::UnsolicitedTerms));

    let other_answer = Letter { answers: Some(content(&confirmation())), ..terms_letter(terms()) };
    let mut desk = Desk::buyer_ordered();
    refused_or_applied(&mut desk, "an answer to another order", &other_answer, &[Code::UnsolicitedTerms]);

    let second = |change: fn(&mut Terms)| Letter { seq: Some(2), ..changed(change) };
    let agent = second(|t| t.agents[2].party = bank());
    let mut desk = Desk::buyer_open();
    refused_or_applied(&mut desk, "another agent, unasked", &agent, &[Code::TermsDifferFromOrder]);
    let dearer = second(|t| {
        t.lines[0].unit_price = jpy(1100);
        t.total = jpy(5100);
    });
    let before = desk.standing();
    assert_eq!(desk.takes(&dearer).verdict, Verdict::Warned);
    assert_eq!(desk.standing(), before, "the old terms stay");
}

/// The shop's answer to an OK to new terms.
fn answer_to(ok: &Letter, new: &Letter) -> Letter {
    let document = order_status(vec![shipment("1", all_goods(), planned("2026-07-15"))]);
    let answer = status(&shop(), 7, "2026-07-12", false, document);
    Letter { terms: Some(content(new)), answers: Some(content(ok)), ..answer }
}

#[test]
fn new_terms_change_nothing_before_the_ok_to_them() {
    let mut new = terms();
    new.agents[2].party = bank();
    let new = Letter { seq: Some(2), replaces: Some(offer()), ..terms_letter(new) };
    let mut desk = Desk::buyer_open();
    assert_eq!(desk.takes(&new).verdict, Verdict::Applied);
    assert_eq!(desk.transaction().terms().unwrap().0.content, offer());
    let old = status(
        &courier(),
        1,
        "2026-07-12",
        false,
        delivery_status(vec![parcel("1", all_goods(), planned("2026-07-21"))]),
    );
    assert_eq!(desk.takes(&old).verdict, Verdict::Applied, "the old agent still speaks");
    let ok = Letter { seq: Some(3), terms: Some(content(&new)), answers: Some(content(&new)), ..confirmation() };
    desk.writes(Role::Buyer, &ok);
    assert_eq!(desk.transaction().terms().unwrap().0.content, offer(), "work has begun: the shop's answer decides");
    let answer = answer_to(&ok, &new);
    assert_eq!(desk.takes(&answer).verdict, Verdict::Applied);
    assert_eq!(desk.transaction().terms().unwrap().0.content, content(&new));
    assert_eq!(desk.legs().delivery.content, None, "what named the replaced terms is history");
    let late = Letter { terms: Some(offer()), seq: Some(2), ..old };
    let judgement = desk.takes(&late);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::NotAParty));
}

#[test]
fn terms_that_replace_others_wait_for_them() {
    let new = Letter { seq: Some(2), replaces: Some(offer()), ..terms_letter(terms()) };
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&new).verdict, Verdict::Held);
    assert!(desk.transaction().terms().is_none());
    assert_eq!(desk.takes(&terms_letter(terms())).verdict, Verdict::Applied);
    assert_eq!(desk.verdict(&new), Verdict::Applied);
}

#[test]
fn terms_that_replace_such_as_were_not_taken_wait_for_nothing() {
    let dearer = changed(|t| {
        t.lines[0].unit_price = jpy(1100);
        t.total = jpy(5100);
    });
    let as_ordered = Letter { seq: Some(2), replaces: Some(content(&dearer)), ..terms_letter(terms()) };
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&dearer).verdict, Verdict::Warned);
    assert_eq!(desk.takes(&as_ordered).verdict, Verdict::Applied);
    let known = desk.transaction();
    assert_eq!(known.terms().map(|(kept, _)| kept.content), Some(content(&as_ordered)));
    assert_eq!(known.offer().map(|(kept, _)| kept.content), Some(content(&as_ordered)));
    assert_eq!(desk.standing().state, State::Offered);
    // What a person takes of the first then is too late: the shop refuses an OK to it.
    desk.settles(Role::Buyer, &dearer, Settlement::Accept);
    assert_eq!(desk.transaction().offer().map(|(kept, _)| kept.content), Some(content(&as_ordered)));
    // The other way round in the post they end alike.
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&as_ordered).verdict, Verdict::Held);
    assert_eq!(desk.takes(&dearer).verdict, Verdict::Warned);
    assert_eq!(desk.verdict(&as_ordered), Verdict::Applied);
}

#[test]
fn three_offers_end_alike_in_whatever_order_they_come() {
    let offer = |seq: u32, replaces, price: i64| {
        let mut terms = terms();
        terms.total = jpy(1800 + 3 * price);
        terms.lines[0].unit_price = jpy(price);
        Letter { seq: Some(seq), replaces, ..terms_letter(terms) }
    };
    let first = offer(1, None, 1000);
    let dearer = offer(2, Some(content(&first)), 1100);
    let last = offer(3, Some(content(&dearer)), 1000);
    for [a, b, c] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut desk = Desk::buyer_ordered();
        for at in [a, b, c] {
            desk.takes([&first, &dearer, &last][at]);
        }
        let verdicts = [&first, &dearer, &last].map(|letter| desk.verdict(letter));
        assert_eq!(verdicts, [Verdict::Applied, Verdict::Warned, Verdict::Applied], "{:?}", [a, b, c]);
        let offered = desk.transaction().offer().map(|(kept, _)| kept.content);
        assert_eq!(offered, Some(content(&last)), "{:?}", [a, b, c]);
    }
}

#[test]
fn what_was_not_accepted_is_found_in_each_offer() {
    let fewer = |seq: u32, replaces, quantity: &'static str| {
        let mut terms = terms();
        terms.lines[0].quantity = Quantity::parse(quantity).unwrap();
        terms.total = jpy(if quantity == "2" { 3800 } else { 2800 });
        Letter { seq: Some(seq), replaces: Some(replaces), ..terms_letter(terms) }
    };
    let mut desk = Desk::buyer_open();
    let first = fewer(2, offer(), "2");
    let second = fewer(3, content(&first), "2");
    for letter in [&first, &second] {
        let judgement = desk.takes(letter);
        let texts: Vec<&str> = judgement.findings.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(texts[0].starts_with("line 1 quantity: ordered 3, offered 2"), "{texts:?}");
    }
}

#[test]
fn a_person_may_accept_terms_that_differ() {
    // Their number is known from then on, and what waited for it counts.
    let other = changed(|t| t.lines[0].item.name = "Shirt, grey".to_owned());
    let planned = status(&bank(), 1, "2026-07-12", false, payment_status(jpy(4800), Vec::new()));
    let planned = Letter { terms: Some(content(&other)), ..planned };
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&other).verdict, Verdict::Warned);
    assert_eq!(desk.takes(&planned).verdict, Verdict::Held);
    desk.settles(Role::Buyer, &other, Settlement::Accept);
    assert_eq!(desk.verdict(&other), Verdict::Applied);
    desk.judge_again(Role::Buyer, &other.names());
    assert_eq!(desk.verdict(&planned), Verdict::Applied);
    assert!(matches!(desk.transaction().order().unwrap().0.letter.document, Document::Order(_)));
}

#[test]
fn a_line_that_stands_twice_is_found() {
    let twice = changed(|t| {
        let line = t.lines[1].clone();
        t.lines.push(line);
        t.total = jpy(6100);
    });
    let judgement = Desk::buyer_ordered().takes(&twice);
    assert!(judgement.findings.iter().any(|finding| finding.code == Code::GoodsDiffer));
    assert_eq!(judgement.verdict, Verdict::Warned);
}

#[test]
fn a_key_that_another_shop_named_otherwise_is_a_warning() {
    // Design 4: it differs from the pin, or from what another shop named.
    let other = Party { fingerprint: stranger().fingerprint, ..bank() };
    let named = |shop: Party, key: &Party| [(bank().address, [(shop.address, key.fingerprint.clone())].into())].into();
    let judged = |named, pinned: bool| {
        let mut desk = Desk::buyer_ordered();
        desk.named = named;
        if !pinned {
            desk.pins.remove(&bank().address);
        }
        desk.takes(&terms_letter(terms()))
    };
    let judgement = judged(named(party("other"), &other), false);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::KeyChanged));
    let text = &judgement.findings[0].text;
    for part in ["other@", bank().fingerprint.as_str(), other.fingerprint.as_str()] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The shop itself may name another key than before, another shop the same one; and a pin goes before all of them.
    assert_eq!(judged(named(shop(), &other), false).verdict, Verdict::Applied);
    assert_eq!(judged(named(party("other"), &bank()), false).verdict, Verdict::Applied);
    assert_eq!(judged(named(party("other"), &other), true).verdict, Verdict::Applied);
}

#[test]
fn the_buyers_list_of_payment_agents_stands_above_the_terms() {
    // B75: a payment agent the shop named, but the buyer's list does not have.
    let paid = status(&bank(), 1, "2026-07-12", false, payment_status(jpy(4800), Vec::new()));
    let mut desk = Desk::buyer_ordered();
    desk.payment_agents = Some(vec![bank()]);
    assert_eq!(desk.takes(&terms_letter(terms())).verdict, Verdict::Applied);
    let before = desk.standing();
    desk.payment_agents = Some(vec![courier()]);
    let judgement = desk.takes(&paid);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::BelowTrust));
    assert_eq!(desk.standing(), before);

    let mut desk = Desk::buyer_ordered();
    desk.payment_agents = Some(vec![courier()]);
    let judgement = desk.takes(&terms_letter(terms()));
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::BelowTrust));
    assert!(judgement.findings[0].text.contains(bank().address.as_str()));
    assert_eq!(desk.takes(&paid).verdict, Verdict::Warned, "it waits for no terms");
    // A person takes these terms with their agent, and hears it from then on.
    desk.settles(Role::Buyer, &terms_letter(terms()), Settlement::Accept);
    let next = Letter { seq: Some(2), ..paid };
    assert_eq!(desk.takes(&next).verdict, Verdict::Applied);
    // The shop's books are no buyer's list.
    let mut desk = Desk::shop_offered();
    desk.payment_agents = Some(vec![courier()]);
    let authorised = desk.judges(Role::Shop, &Letter { to: shop(), ..next }, &bank().fingerprint);
    assert!(authorised.findings.iter().all(|finding| finding.code != Code::BelowTrust), "{authorised:?}");
}

#[test]
fn terms_of_a_day_to_come_are_not_applied() {
    // All that honest agents said would be from before there was an order.
    for (date, codes) in [("2026-07-11T00:20:00Z", vec![]), ("2027-07-11T00:00:00Z", vec![Code::DateInTheFuture])] {
        let mut desk = Desk::buyer_ordered();
        desk.now = at("2026-07-11");
        let judgement = desk.takes(&changed(|terms| terms.date = at(date)));
        let found: Vec<Code> = judgement.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes, "{date}");
    }
}

#[test]
fn terms_of_a_day_before_their_order_are_not_applied() {
    // What was paid or delivered before anybody ordered would be from after it.
    for (date, codes) in [("2026-07-09T20:00:00Z", vec![]), ("1971-01-01T00:00:00Z", vec![Code::DatedBeforeOrder])] {
        let mut desk = Desk::buyer_ordered();
        let judgement = desk.takes(&changed(|terms| terms.date = at(date)));
        let found: Vec<Code> = judgement.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes, "{date}");
    }
}

#[test]
fn a_letter_of_a_day_to_come_is_not_applied() {
    let mut desk = Desk::buyer_ordered();
    let offered = Letter { date: at("9000-01-01T00:00:00Z"), ..terms_letter(terms()) };
    let judgement = desk.takes(&offered);
    assert_eq!(judgement.verdict, Verdict::Warned);
    assert!(judgement.findings.iter().any(|finding| finding.code == Code::DateInTheFuture), "{judgement:?}");
}

#[test]
fn a_status_about_replaced_terms_is_history_and_a_lie_about_them_is_a_warning() {
    let mut new = terms();
    new.arrival_until = Some(day("2026-08-20"));
    let new = Letter { seq: Some(2), replaces: Some(offer()), ..terms_letter(new) };
    let mut desk = Desk::buyer_open();
    assert_eq!(desk.takes(&new).verdict, Verdict::Applied);
    let ok = Letter { seq: Some(3), terms: Some(content(&new)), answers: Some(content(&new)), ..confirmation() };
    desk.writes(Role::Buyer, &ok);
    desk.takes(&answer_to(&ok, &new));
    let before = desk.standing();
    let old = |lines| delivery_status(vec![parcel("1", lines, planned("2026-07-21"))]);
    let honest = status(&courier(), 1, "2026-07-12", false, old(all_goods()));
    assert_eq!(desk.takes(&honest).verdict, Verdict::Stale);
    let lie = status(&courier(), 2, "2026-07-12", false, old(goods(&[("1", "99")])));
    let judgement = desk.takes(&lie);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::QuantityExceeds));
    assert_eq!(desk.standing(), before, "neither changes anything");
}

#[test]
fn what_a_person_accepted_once_is_not_asked_again_with_new_terms() {
    let dearer = |t: &mut Terms| {
        t.lines[0].unit_price = jpy(1100);
        t.total = jpy(5100);
    };
    let first = changed(dearer);
    let mut desk = Desk::buyer_ordered();
    desk.takes(&first);
    desk.settles(Role::Buyer, &first, Settlement::Accept);
    let later = changed(|t| {
        dearer(t);
        t.arrival_until = Some(day("2026-08-20"));
    });
    let later = Letter { seq: Some(2), replaces: Some(content(&first)), ..later };
    assert_eq!(desk.takes(&later).verdict, Verdict::Applied, "only the date is another");
    let dearest = changed(|t| {
        t.lines[0].unit_price = jpy(1200);
        t.total = jpy(5400);
    });
    let dearest = Letter { seq: Some(3), replaces: Some(content(&first)), ..dearest };
    assert_eq!(desk.takes(&dearest).verdict, Verdict::Warned);
}
