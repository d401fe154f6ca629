//! What the parts do about a letter that counts: the pure functions of `role`, each on a desk of its own.

mod authorising;
mod cancelling;
mod changing;
mod held_up;
mod partial;
mod refunds;
mod returning;
mod shows;
mod stopping;
mod strangers;

use std::sync::Arc;

use mailorder::mail::{self, Language, Texts};
use mailorder::role::articles::{Article, Articles};
use mailorder::role::calendar::Calendar;
use mailorder::role::planned::{BankDay, DebitDay, DebitRule};
use mailorder::role::practice::{BuyerPractice, Client, DebitWord, Partial, PaymentPractice, ShopPractice};
use mailorder::role::{self, Action, Draft, Practice, Presented, Procedure, Stage, shop_catalog};
use mailorder::rules::{Standing, State};
use mailorder::trade::catalog::{CatalogRequest, Words};
use mailorder::trade::document::{
    AuthorizationRequest, AuthorizationResult, PaymentInstruction, ReturnAnswer, ReturnRequest, StatusRequest,
};
use mailorder::trade::item::{Item, LineQuantity, Stock};
use mailorder::trade::status::{Reason, Step};
use mailorder::trade::{
    Agent, DeliveryMethod, Digest, Document, Kind, Leg, Letter, Mandate, Money, Number, OrderId, Party, PaymentMethod,
    Quantity, Role, Sealed, Shown, Shows, Transaction, Verdict,
};

use crate::support::trade::*;

/// A shop that starts at once and takes goods back for 30 days.
fn selling() -> Practice {
    let procedure = Procedure {
        payment_method: None,
        delivery_method: None,
        stages: vec![Stage::Terms, Stage::Confirmation, Stage::Payment, Stage::Delivery],
        payment_agent: Some(bank()),
        delivery_agent: Some(courier()),
        payment_shows: Shows::default(),
        delivery_shows: Shows::default(),
        authorize_within: 48,
        charge: Some((charge().name, charge().price)),
        payment_days: Some(30),
        dispatch_days: 3,
        arrival_days: 7,
    };
    let articles = lines().into_iter().map(|line| Article::plain(line.item, line.unit_price));
    let shop = ShopPractice {
        name: "Example Shirts".to_owned(),
        vat_id: None,
        conditions: None,
        articles: Arc::new(Articles::own(articles.collect())),
        partial: Partial::Refuse,
        procedures: vec![procedure],
        valid_days: 40,
        return_days: 30,
        review: Default::default(),
    };
    Practice { shop: Some(shop), ..Practice::default() }
}

/// Collected so many days after the instruction, on whatever day that is.
fn after(days: u16) -> DebitRule {
    DebitRule { day: DebitDay::After(days), bank_day: BankDay::Any, calendar: Calendar::default() }
}

fn collecting() -> Practice {
    let payment = PaymentPractice {
        name: "Bank".to_owned(),
        shops: vec![Client { address: shop().address, fingerprint: None }],
        authorize_limits: vec![jpy(100_000)],
        rule: after(5),
        debit: DebitWord::Report,
        authorize: None,
        dates: None,
    };
    Practice { payment: Some(payment), ..Practice::default() }
}

/// Takes a letter that must count, lets the part answer, and writes the answers; returns what they say.
fn answers(desk: &mut Desk, practice: &Practice, arrives: &Letter) -> Vec<Document> {
    answers_by(desk, practice, arrives, None)
}

/// The same, of a buyer who is known from first contact alone.
fn answers_stranger(desk: &mut Desk, practice: &Practice, arrives: &Letter) -> Vec<Document> {
    answers_at(desk, practice, arrives, None, true)
}

/// The same, where the clerk found payment data in the letter.
fn answers_by(desk: &mut Desk, practice: &Practice, arrives: &Letter, data: Option<Presented>) -> Vec<Document> {
    answers_at(desk, practice, arrives, data, false)
}

fn answers_at(
    desk: &mut Desk,
    practice: &Practice,
    arrives: &Letter,
    data: Option<Presented>,
    stranger: bool,
) -> Vec<Document> {
    let role = arrives.addressee();
    let judgement = desk.takes(arrives);
    assert_eq!(judgement.verdict, Verdict::Applied, "{:?}", judgement.findings);
    let me = desk.me.clone();
    let transaction = desk.book.find(role, &arrives.names()).unwrap().clone();
    let kept = transaction.by_content(&content(arrives)).unwrap();
    let at = role::Desk { stranger, payment_data: data, ..role::Desk::new(&me, desk.now, [7; 32], practice) };
    let mut documents = Vec::new();
    for action in role::answer(&transaction, kept, &at) {
        let Action::Send(draft) = action else { continue };
        let letter = written(desk, *draft);
        documents.push(letter.document.clone());
        desk.writes(role, &letter);
    }
    documents
}

/// Has a part's owner act, and writes what comes of it; returns what it says.
fn acts(
    desk: &mut Desk,
    practice: &Practice,
    act: impl FnOnce(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
) -> Result<Vec<Document>, String> {
    let (me, transaction) = (desk.me.clone(), desk.transaction().clone());
    let at = role::Desk::new(&me, desk.now, [7; 32], practice);
    let actions = act(&transaction, &at).map_err(|refused| refused.to_string())?;
    let mut documents = Vec::new();
    for action in actions {
        let Action::Send(draft) = action else { continue };
        let letter = written(desk, *draft);
        documents.push(letter.document.clone());
        desk.writes(transaction.key.role, &letter);
    }
    Ok(documents)
}

fn written(desk: &Desk, draft: Draft) -> Letter {
    let seq = draft.document.kind().is_numbered().then(|| desk.book.next_seq(&draft.names, &draft.to.fingerprint));
    Letter {
        seq,
        order: draft.names.order.clone(),
        transaction: draft.names.number.clone().or_else(|| Some(number())),
        terms: draft.terms,
        answers: draft.answers,
        replaces: draft.replaces,
        as_of: draft.as_of,
        done: draft.done,
        date: desk.now,
        ..letter(&desk.me, &draft.to, draft.document)
    }
}

fn to_shop(from: &Party, seq: u32, done: bool, document: Document) -> Letter {
    Letter { to: shop(), ..status(from, seq, "2026-07-11", done, document) }
}

/// The shop's desk after the OK, with both agents instructed.
fn started() -> Desk {
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    desk.takes(&order_letter());
    desk.writes(Role::Shop, &terms_letter(terms()));
    let said = kinds(&answers(&mut desk, &selling(), &confirmation()));
    assert_eq!(said, [Kind::OrderStatus, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    desk
}

/// The shop's desk with all goods delivered, and `paid` of it paid.
fn delivered(paid: i64) -> Desk {
    let mut desk = started();
    desk.now = at("2026-07-25");
    let arrived = delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]);
    answers(&mut desk, &selling(), &to_shop(&courier(), 1, true, arrived));
    if paid > 0 {
        let made = payment_status(jpy(4800 - paid), vec![payment("1", jpy(paid), done("2026-07-21"))]);
        answers(&mut desk, &selling(), &to_shop(&bank(), 1, paid == 4800, made));
    }
    desk
}

fn return_of(seq: u32, lines: Vec<LineQuantity>) -> Letter {
    let reason = Reason { code: "unwanted".to_owned(), text: "Too small.".to_owned() };
    let document = Document::ReturnRequest(ReturnRequest { lines, reason });
    Letter { seq: Some(seq), terms: Some(offer()), ..letter(&buyer(), &shop(), document) }
}

fn kinds(documents: &[Document]) -> Vec<Kind> {
    documents.iter().map(Document::kind).collect()
}

/// The word on a return, and what goes back for it.
fn word(documents: &[Document]) -> (bool, Option<Money>) {
    let answer = documents.iter().find_map(|document| match document {
        Document::ReturnAnswer(answer) => Some(answer),
        _ => None,
    });
    let ReturnAnswer { step, refund, .. } = answer.expect("the return is answered");
    (!step.failed(), *refund)
}

#[test]
fn whoever_asks_the_answer_goes_to_the_address_stored_with_the_order_p51() {
    let mut desk = delivered(0);
    let request = Document::StatusRequest(StatusRequest { leg: Leg::Order, have: 9 });
    let asked = Letter { seq: Some(2), terms: Some(offer()), ..letter(&courier(), &shop(), request) };
    assert_eq!(kinds(&answers(&mut desk, &selling(), &asked)), [Kind::OrderStatus]);
    let last = desk.transaction().kept.last().unwrap();
    assert_eq!((last.letter.kind(), &last.letter.to), (Kind::OrderStatus, &buyer()));
}

/// The payment agent's desk after it was instructed.
fn instruction(seq: u32, amount: i64) -> Letter {
    let document = Document::PaymentInstruction(PaymentInstruction {
        buyer: person(&buyer()),
        amount: jpy(amount),
        payment_method: order().payment_method,
        payment_id: None,
        due: Some(day("2026-08-31")),
        terms_date: Some(terms().date),
        shown: Shown::default(),
        agents: terms().agents,
    });
    Letter { seq: Some(seq), terms: Some(offer()), ..letter(&shop(), &bank(), document) }
}

#[test]
fn money_is_collected_by_one_instruction() {
    let mut desk = Desk::new(&bank());
    assert!(kinds(&answers(&mut desk, &collecting(), &instruction(1, 4800))).contains(&Kind::PaymentStatus));
    let again = answers(&mut desk, &collecting(), &instruction(2, 4700));
    assert_eq!(kinds(&again), [Kind::Refusal]);
}

#[test]
fn no_more_is_collected_than_was_authorised() {
    let request = Document::AuthorizationRequest(AuthorizationRequest {
        buyer: person(&buyer()),
        total: jpy(4800),
        payment_method: order().payment_method,
        payment_id: None,
        sealed: None,
        agents: terms().agents,
    });
    let mut desk = Desk::new(&bank());
    let asked = Letter { order: Some(order_id()), ..letter(&shop(), &bank(), request) };
    assert_eq!(kinds(&answers(&mut desk, &collecting(), &asked)), [Kind::AuthorizationResult]);
    assert_eq!(kinds(&answers(&mut desk, &collecting(), &instruction(2, 4900))), [Kind::Refusal]);
}

#[test]
fn no_more_is_collected_unasked_than_would_be_authorised() {
    // A shop that asks for no authorisation gets no further than one that does.
    for (amount, kind) in [(100_001, Kind::Refusal), (100_000, Kind::PaymentStatus)] {
        let mut desk = Desk::new(&bank());
        let said = kinds(&answers(&mut desk, &collecting(), &instruction(1, amount)));
        assert!(said.iter().all(|said| *said == kind) && !said.is_empty(), "{amount}: {said:?}");
    }
}

/// What the buyer allows for the order: JPY 4800 by card.
fn mandate() -> Mandate {
    Mandate::attest(buyer().fingerprint, shop().address, order_id(), jpy(4800), order().payment_method)
}

/// A request with payment data, under any number.
fn request(number: &str, total: i64) -> Letter {
    let request = Document::AuthorizationRequest(AuthorizationRequest {
        buyer: person(&buyer()),
        total: jpy(total),
        payment_method: order().payment_method,
        payment_id: None,
        sealed: Some(Sealed("AAAA".to_owned())),
        agents: [terms().agents, vec![Agent { role: Role::Buyer, party: buyer(), certificate: None }]].concat(),
    });
    let transaction = Some(Number::parse(number).unwrap());
    Letter { order: Some(order_id()), transaction, ..letter(&shop(), &bank(), request) }
}

/// Returns the code of the refusal, or nothing where the payment is authorised.
fn refused(desk: &mut Desk, asked: &Letter, data: Option<Presented>) -> Option<String> {
    let said = answers_by(desk, &collecting(), asked, data);
    let [Document::AuthorizationResult(result)] = &said[..] else { panic!("{said:?}") };
    match &result.step {
        Step::Failed { reason, .. } => Some(reason.code.clone()),
        step => step.done().map(|_| None).expect("done or failed"),
    }
}

#[test]
fn payment_data_are_good_for_what_the_buyer_signed_and_nothing_else() {
    // P23, P24; wire format 1.4.
    let opened = |mandate: Mandate| Some(Presented::Opened { mandate, used: false });
    let of = |signer: Party, shop: Party, order: OrderId, limit: Money, method: &str| {
        let method = PaymentMethod::parse(method).unwrap();
        opened(Mandate::attest(signer.fingerprint, shop.address, order, limit, method))
    };
    let other = OrderId::from_bytes([9; 26]);
    let dollars = Money::parse("99.00", "USD").unwrap();
    let (unusable, unfit) = (Some("authentication-error"), Some("instrument-not-valid"));
    for (total, data, code) in [
        (4800, opened(mandate()), None),
        (1, opened(mandate()), None),
        (4801, opened(mandate()), unfit),
        // What the clerk did not look at counts as not opened.
        (4800, None, unusable),
        (4800, Some(Presented::Unusable), unusable),
        (4800, of(shop(), shop(), order_id(), jpy(4800), "card"), unusable),
        (4800, of(buyer(), courier(), order_id(), jpy(4800), "card"), unfit),
        (4800, of(buyer(), shop(), other, jpy(4800), "card"), unfit),
        (4800, of(buyer(), shop(), order_id(), dollars, "card"), unfit),
        (4800, of(buyer(), shop(), order_id(), jpy(4800), "e-money"), unfit),
        (4800, Some(Presented::Opened { mandate: mandate(), used: true }), unfit),
        // The owner's own limit stands above what any buyer allows.
        (100_001, of(buyer(), shop(), order_id(), jpy(900_000), "card"), Some("insufficient-funds")),
    ] {
        let mut desk = Desk::new(&bank());
        let said = refused(&mut desk, &request("2026-0710-1234", total), data.clone());
        assert_eq!(said.as_deref(), code, "{total} {data:?}");
    }
}

#[test]
fn a_payment_authorised_by_data_has_used_them_and_a_refused_one_has_not() {
    let mut desk = Desk::new(&bank());
    let used = |desk: &Desk, order: &OrderId| {
        desk.book.iter().any(|known| role::mandate::is_used(known, &buyer().fingerprint, order))
    };
    let opened = || Some(Presented::Opened { mandate: mandate(), used: false });
    assert_eq!(refused(&mut desk, &request("N-1", 4801), opened()).as_deref(), Some("instrument-not-valid"));
    assert!(!used(&desk, &order_id()));
    assert_eq!(refused(&mut desk, &request("N-2", 4800), opened()), None);
    assert!(used(&desk, &order_id()) && !used(&desk, &OrderId::from_bytes([9; 26])));
    assert!(!desk.book.iter().any(|known| role::mandate::is_used(known, &shop().fingerprint, &order_id())));
    // What was asked for and refused is not collected (P24).
    let instructed = |number: &str| {
        let transaction = Some(Number::parse(number).unwrap());
        Letter { transaction, ..instruction(2, 4800) }
    };
    assert_eq!(kinds(&answers(&mut desk, &collecting(), &instructed("N-1"))), [Kind::Refusal]);
    let said = kinds(&answers(&mut desk, &collecting(), &instructed("N-2")));
    assert!(said.contains(&Kind::PaymentStatus), "{said:?}");
}

#[test]
fn an_order_without_a_sum_is_refused() {
    // B104: the total is the shop's own, never the buyer's.
    let mut practice = selling();
    let euros = Money::parse("5.00", "EUR").unwrap();
    let shop = practice.shop.as_mut().unwrap();
    shop.procedures[0].charge = Some(("Delivery".to_owned(), euros));
    let mut desk = Desk::new(&crate::support::trade::shop());
    let said = answers(&mut desk, &practice, &order_letter());
    assert_eq!(kinds(&said), [Kind::OrderRejection]);
}

#[test]
fn terms_that_a_person_had_to_accept_are_not_accepted_by_the_program() {
    // P36: the OK is given by itself only where the terms match exactly.
    let practice = Practice {
        buyer: Some(BuyerPractice {
            person: person(&buyer()),
            deliver_to: Some(home()),
            confirm_matching: true,
            unpaid_limits: Vec::new(),
            schedules: Vec::new(),
            rules: Vec::new(),
            silence_days: role::silence::PATIENCE,
        }),
        ..Practice::default()
    };
    let mut desk = Desk::buyer_ordered();
    desk.now = at("2026-07-11");
    let mut dearer = terms();
    dearer.lines[0].unit_price = jpy(1001);
    dearer.total = jpy(4803);
    let offered = terms_letter(dearer);
    assert_eq!(desk.takes(&offered).verdict, Verdict::Warned);
    desk.settles(Role::Buyer, &offered, mailorder::trade::Settlement::Accept);
    let transaction = desk.transaction().clone();
    let kept = transaction.by_content(&content(&offered)).unwrap();
    assert_eq!(kept.verdict, Verdict::Applied);
    let me = buyer();
    let at = role::Desk::new(&me, desk.now, [7; 32], &practice);
    assert!(role::answer(&transaction, kept, &at).is_empty());
    assert_eq!(Standing::of(&transaction).state, State::Offered);
    // Other terms overtook those they replace: the OK that the program would give is to them, and they are for a person.
    let mut overtaken = Desk::buyer_ordered();
    overtaken.now = desk.now;
    let first = terms_letter(terms());
    let mut later = terms();
    later.arrival_until = Some(day("2026-08-20"));
    let later = Letter { seq: Some(2), replaces: Some(content(&first)), ..terms_letter(later) };
    assert_eq!(overtaken.takes(&later).verdict, Verdict::Held);
    assert_eq!(kinds(&answers(&mut overtaken, &practice, &first)), []);
    assert_eq!(role::buyer::offered(overtaken.transaction()).unwrap().0.content, content(&later));
    let mut matching = Desk::buyer_ordered();
    matching.now = desk.now;
    let said = answers(&mut matching, &practice, &terms_letter(terms()));
    assert_eq!(kinds(&said), [Kind::Confirmation]);
}

/// A shop that sells so many articles, all with the same name, in as many ways.
fn stocked(articles: usize, name: &str, ways: usize) -> Practice {
    let mut practice = selling();
    let shop = practice.shop.as_mut().unwrap();
    let article = |number: usize| {
        let item = Item { sku: Some(format!("N-{number}")), name: name.to_owned() };
        let parcel = DeliveryMethod::parse("a-delivery-method-with-forty-characters0").unwrap();
        let (increment, stock) = (Quantity::parse("0.0001").unwrap(), Stock::parse("999999999999.9999").unwrap());
        let delivery_methods = vec![parcel];
        Article { item, price: jpy(900), increment, stock, delivery_methods, conditions: Some(name.repeat(5)) }
    };
    shop.articles = Arc::new(Articles::own((0..articles).map(article).collect()));
    let one = shop.procedures[0].clone();
    let way = |number: usize| Procedure {
        payment_method: PaymentMethod::parse(&format!("a-payment-method-of-forty-characters-{number:03}")).ok(),
        ..one.clone()
    };
    shop.procedures = (0..ways).map(way).collect();
    practice
}

fn told(practice: &Practice, words: &[&str]) -> Letter {
    let words = Words::new(words.iter().map(|word| (*word).to_owned()).collect()).unwrap();
    let me = shop();
    let now = at("2026-07-11");
    let at = role::Desk::new(&me, now, [7; 32], practice);
    let draft = shop_catalog::answer(&CatalogRequest { words }, buyer(), offer(), &at).unwrap();
    Letter { transaction: None, answers: draft.answers, ..letter(&me, &draft.to, draft.document) }
}

#[test]
fn a_catalog_of_whatever_words_is_a_letter_that_can_be_read() {
    let texts = Texts::load(Language::En, None).unwrap();
    for (articles, name, ways) in [
        (3000, "\\\"".repeat(180), 60),
        (3000, "煎茶 ".to_owned(), 2),
        (150, "x".to_owned(), 1),
        (0, "x".to_owned(), 1),
    ] {
        let letter = told(&stocked(articles, &name, ways), &[]);
        let Document::Catalog(catalog) = &letter.document else { panic!("another kind") };
        let listed = catalog.offers.len();
        assert!(listed == articles.min(200) || (listed > 10 && articles == 3000), "{listed} of {articles}");
        assert_eq!((catalog.matching, catalog.is_complete()), (u32::try_from(articles).unwrap(), listed == articles));
        let signed = mail::write(&letter, &texts).unwrap();
        // As its reader has it: with CRLF.
        let read = mail::read(&signed, Digest::of(&signed), &letter.from.fingerprint, &letter.to.fingerprint).unwrap();
        assert_eq!(read.letter().document, letter.document);
        assert!(read.remarks().is_empty(), "{:?}", read.remarks());
    }
}

#[test]
fn a_catalog_names_for_each_article_the_ways_it_can_be_had_in() {
    let mut practice = stocked(2, "Cup", 2);
    let own = practice.shop.as_mut().unwrap();
    own.procedures[1].delivery_method = DeliveryMethod::parse("parcel").ok();
    let letter = told(&practice, &["n-1"]);
    let Document::Catalog(catalog) = &letter.document else { panic!("another kind") };
    assert_eq!((catalog.matching, catalog.offers.len(), catalog.is_complete()), (1, 1, false));
    let offer = &catalog.offers[0];
    // The second way is for parcels alone, and this article is none.
    assert_eq!(offer.payment_methods.len(), 1);
    assert_eq!(offer.delivery_methods[0].as_str(), "a-delivery-method-with-forty-characters0");
    assert_eq!(catalog.ways.len(), 2);
    assert_eq!(catalog.agents.iter().map(|agent| &agent.party).collect::<Vec<_>>(), [&bank(), &courier()]);
    // What no procedure brings to anybody is not told of.
    practice.shop.as_mut().unwrap().procedures.remove(0);
    let Document::Catalog(catalog) = told(&practice, &[]).document else { panic!("another kind") };
    assert_eq!((catalog.matching, catalog.is_complete()), (0, true));
}
