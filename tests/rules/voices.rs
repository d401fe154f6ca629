//! Who may speak, for whom, with which key and which number.

use mailorder::trade::catalog::{Catalog, Words};
use mailorder::trade::document::{Cancellation, Refusal, Rejection, ReturnRequest, StatusRequest};
use mailorder::trade::status::Reason;
use mailorder::trade::{Address, Agent, Code, Document, Finding, Leg, Letter, OrderId, Party, Received, Role, Verdict};
use mailorder::view::transaction::signer_named;

use super::{check, refused_or_applied, row};
use crate::support::trade::*;

fn delivered(from: &Party) -> Letter {
    status(from, 1, "2026-07-21", true, delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]))
}

fn paid(from: &Party) -> Letter {
    status(from, 1, "2026-07-21", true, payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-21"))]))
}

fn shipped(from: &Party) -> Letter {
    status(from, 2, "2026-07-18", true, order_status(vec![shipment("1", all_goods(), done("2026-07-18"))]))
}

fn refusal(from: &Party, answers: &Letter) -> Letter {
    let reason = Reason { code: "too-late".to_owned(), text: "Too late.".to_owned() };
    let document = Document::Refusal(Refusal { reason });
    Letter { answers: Some(content(answers)), ..letter(from, &buyer(), document) }
}

#[test]
fn only_the_agent_of_a_leg_speaks_about_it() {
    // B72, B74; P65.
    let other_key = Party { fingerprint: stranger().fingerprint, ..courier() };
    let other_terms = Letter { terms: Some(content(&order_letter())), ..delivered(&courier()) };
    let no_terms = Letter { terms: None, ..delivered(&courier()) };
    let rejection = Document::OrderRejection(Rejection {
        reasons: vec![Reason { code: "ITM".to_owned(), text: "Not sold here.".to_owned() }],
        lines: Vec::new(),
    });
    let rejected = Letter { order: Some(order_id()), ..letter(&party("other"), &buyer(), rejection) };
    check(
        Desk::buyer_open,
        vec![
            row("the named agents", &[&shipped(&shop())], delivered(&courier()), &[]),
            row("the payment agent on delivery", &[], delivered(&bank()), &[Code::NotAParty]),
            row("the delivery agent on payment", &[], paid(&courier()), &[Code::NotAParty]),
            row("the shop on delivery", &[], Letter { seq: Some(9), ..delivered(&shop()) }, &[Code::NotAParty]),
            row("another shop on this order", &[], shipped(&party("other")), &[Code::NotAParty]),
            row("another shop rejects this order", &[], rejected, &[Code::NotAParty]),
            row("the agent's address, another key", &[], delivered(&other_key), &[Code::KeyChanged, Code::WrongKey]),
            row("other terms", &[], other_terms, &[Code::TermsDigestDiffers]),
            row("no terms", &[], no_terms, &[Code::TermsDigestDiffers]),
            row("the shop refuses the order", &[], refusal(&shop(), &order_letter()), &[]),
            row("another refuses the order", &[], refusal(&bank(), &order_letter()), &[Code::NotAParty]),
        ],
    );
}

#[test]
fn a_key_that_only_the_terms_name_speaks_from_the_address_that_stands_there() {
    // Nobody accepted it, so no pin tells its address.
    let desk = || {
        let mut desk = Desk::buyer_open();
        desk.pins.remove(&courier().address);
        desk
    };
    let elsewhere = Party { address: party("elsewhere").address, ..courier() };
    check(
        desk,
        vec![
            row("its own address", &[], delivered(&courier()), &[]),
            row("another address", &[], delivered(&elsewhere), &[Code::FromDiffers]),
        ],
    );
}

#[test]
fn a_catalog_counts_from_its_shop_and_names_no_other_key_than_the_accepted_one() {
    let named = |from: &Party, agent: Party| {
        let catalog = Catalog {
            seller: "Example Shirts".to_owned(),
            words: Words::default(),
            matching: 0,
            offers: Vec::new(),
            ways: Vec::new(),
            conditions: None,
            agents: vec![Agent { role: Role::Payment, party: agent, certificate: None }],
        };
        Letter { transaction: None, answers: Some(offer()), ..letter(from, &buyer(), Document::Catalog(catalog)) }
    };
    let changed = Party { fingerprint: stranger().fingerprint, ..bank() };
    check(
        Desk::buyer_open,
        vec![
            row("the shop's own", &[], named(&shop(), bank()), &[]),
            row("an agent nobody knows yet", &[], named(&shop(), stranger()), &[]),
            row("another shop's", &[], named(&party("other"), bank()), &[Code::NotAParty]),
            row("another key of a known agent", &[], named(&shop(), changed), &[Code::KeyChanged]),
        ],
    );
}

#[test]
fn the_speaker_is_the_key_that_signed() {
    // B46: the protected From is not the pinned address; and I5: the key named is the key that signed.
    let elsewhere = Party { address: Address::parse("courier@elsewhere.example").unwrap(), ..courier() };
    let mut desk = Desk::buyer_open();
    refused_or_applied(&mut desk, "another address", &delivered(&elsewhere), &[Code::FromDiffers]);

    let mut desk = Desk::buyer_open();
    let before = desk.legs();
    let judgement = desk.takes_signed(&delivered(&courier()), &bank().fingerprint);
    assert_eq!(judgement.verdict, Verdict::Warned);
    let codes: Vec<Code> = judgement.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::FromDiffers, Code::EnvelopeDiffersFromData]);
    assert_eq!(desk.legs(), before);
}

#[test]
fn what_reading_found_stays_with_the_letter() {
    // below-trust, envelope-differs-from-data and text-differs-from-data come from the layers that read.
    for (code, verdict) in [
        (Code::BelowTrust, Verdict::Warned),
        (Code::EnvelopeDiffersFromData, Verdict::Warned),
        (Code::TextDiffersFromData, Verdict::Applied),
    ] {
        let desk = Desk::buyer_open();
        let arrives = paid(&bank());
        let remarks = vec![Finding::new(code, "seen while reading")];
        let received = Received::attest(arrives.clone(), content(&arrives), bank().fingerprint, remarks.clone());
        let pinned = |address: &Address| desk.pins.get(address).cloned();
        let reader = mailorder::rules::Reader {
            role: Role::Buyer,
            me: &desk.me,
            now: desk.now,
            signer_address: Some(bank().address),
            pinned: &pinned,
            named: &|_| Default::default(),
            allowed: &|_| true,
        };
        let judgement = mailorder::rules::reconcile(&desk.book, &received, &reader);
        assert_eq!((judgement.verdict, judgement.findings), (verdict, remarks), "{code}");
    }
}

#[test]
fn a_letter_is_for_the_part_it_is_written_to() {
    // B78: what is for a shop does not reach a buyer, and an order at another shop does not reach ours.
    let reason = Reason { code: "other".to_owned(), text: "Too small.".to_owned() };
    for document in [
        Document::StatusRequest(StatusRequest { leg: Leg::Order, have: 0 }),
        Document::ReturnRequest(ReturnRequest { lines: all_goods(), reason }),
        Document::Cancellation(Cancellation { reason: None }),
        Document::Order(order()),
    ] {
        for from in [shop(), bank(), courier(), party("other")] {
            let (buyers, kind) = (Desk::buyer_open(), document.kind());
            let asked = Letter { seq: Some(9), ..letter(&from, &buyer(), document.clone()) };
            let judgement = buyers.judges(Role::Buyer, &asked, &from.fingerprint);
            assert_eq!(judgement.verdict, Verdict::Warned, "{kind} of {}", from.address);
            let codes: Vec<Code> = judgement.findings.iter().map(|finding| finding.code).collect();
            assert!(codes.contains(&Code::WrongRole), "{kind} of {}: {codes:?}", from.address);
        }
    }

    let mut desk = Desk::new(&shop());
    let elsewhere = Letter { shop: Some(party("other").address), ..order_letter() };
    let judgement = desk.takes(&elsewhere);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::WrongRole));
    let terms = desk.judges(Role::Shop, &terms_letter(terms()), &shop().fingerprint);
    assert_eq!((terms.verdict, terms.findings[0].code), (Verdict::Warned, Code::WrongRole));
}

#[test]
fn one_number_means_one_letter() {
    // number-reused; B62: the same Message-ID with other content is judged on its content.
    let first = status(&bank(), 1, "2026-07-12", false, payment_status(jpy(4800), Vec::new()));
    let same_number = paid(&bank());
    let same_id = Letter { id: first.id.clone(), seq: Some(2), ..paid(&bank()) };
    check(
        Desk::buyer_open,
        vec![
            row("one number, two letters", &[&first], same_number, &[Code::NumberReused]),
            row("one Message-ID, two letters", &[&first], same_id, &[]),
            row("one number of two senders", &[&first], delivered(&courier()), &[]),
        ],
    );
}

#[test]
fn an_order_id_means_one_order() {
    // B102: same ID, other content. B108: another buyer's key with this ID.
    let other_order = || {
        let mut order = order();
        order.remarks = Some("And a card with it.".to_owned());
        Letter {
            order: Some(order_id()),
            transaction: None,
            seq: Some(7),
            ..letter(&buyer(), &shop(), Document::Order(order))
        }
    };
    let mut desk = Desk::shop_offered();
    refused_or_applied(&mut desk, "other content", &other_order(), &[Code::NumberReused]);
    let mallory = Letter { from: party("mallory"), seq: Some(1), ..order_letter() };
    let mut desk = Desk::shop_offered();
    refused_or_applied(&mut desk, "another buyer", &mallory, &[Code::FromDiffers, Code::NumberReused]);
    let received = Received::attest(other_order(), content(&other_order()), buyer().fingerprint, Vec::new());
    let reused = [Finding::new(Code::NumberReused, "used before")];
    assert!(mailorder::role::refuse(Role::Shop, &received, &reused).is_some(), "one signed refusal");
}

#[test]
fn a_number_never_takes_an_order_over() {
    // Two orders at one shop; the second one's terms, or a cancellation of it, bring the number of the first.
    let second = OrderId::from_bytes([9; 26]);
    let mut desk = Desk::buyer_open();
    let again = Letter { order: Some(second.clone()), seq: Some(3), ..order_letter() };
    desk.writes(Role::Buyer, &again);
    let terms =
        Letter { order: Some(second.clone()), answers: Some(content(&again)), seq: Some(2), ..terms_letter(terms()) };
    let judgement = desk.takes(&terms);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::NumberReused));
    assert_eq!(desk.book.iter().filter(|known| known.order().is_some()).count(), 2);

    let mut desk = Desk::shop_offered();
    let theirs = party("mallory");
    let mut order = order();
    order.buyer = person(&theirs);
    let order =
        Letter { order: Some(second.clone()), transaction: None, ..letter(&theirs, &shop(), Document::Order(order)) };
    assert_eq!(desk.takes(&order).verdict, Verdict::Applied);
    let cancels = Document::Cancellation(Cancellation { reason: None });
    let cancels = Letter { order: Some(second), seq: Some(2), ..letter(&theirs, &shop(), cancels) };
    assert_eq!(desk.takes(&cancels).verdict, Verdict::Applied, "it cancels its own order");
    let names = confirmation().names();
    let first = desk.book.find(Role::Shop, &names).unwrap();
    assert_eq!(first.order().unwrap().0.letter.from, buyer(), "the number still means the first order");
}

#[test]
fn only_a_party_is_told_anything() {
    // P53: unknown and foreign are one.
    let asks =
        |from: &Party| letter(from, &shop(), Document::StatusRequest(StatusRequest { leg: Leg::Order, have: 0 }));
    for (from, verdict) in [(buyer(), Verdict::Applied), (party("mallory"), Verdict::Warned)] {
        let desk = Desk::shop_offered();
        let letter = Letter { seq: Some(9), ..asks(&from) };
        let judgement = desk.judges(Role::Shop, &letter, &from.fingerprint);
        assert_eq!(judgement.verdict, verdict);
        assert!(judgement.findings.iter().all(|finding| finding.code == Code::UnknownTransaction));
    }
    let nobody = Desk::new(&shop()).judges(Role::Shop, &asks(&buyer()), &buyer().fingerprint);
    assert_eq!((nobody.verdict, nobody.findings[0].code), (Verdict::Warned, Code::UnknownTransaction));
}

#[test]
fn a_key_that_the_terms_do_not_name_is_told_from_those_they_do() {
    let named = |desk: &Desk| -> Vec<Option<bool>> {
        let known = desk.transaction();
        known.kept.iter().map(|kept| signer_named(known, kept)).collect()
    };
    assert_eq!(named(&Desk::buyer_ordered()), [None], "there are no terms yet");
    let mut desk = Desk::buyer_open();
    assert_eq!(named(&desk), [Some(true); 3], "the buyer's own are made out to him");
    desk.takes(&shipped(&shop()));
    desk.takes(&delivered(&courier()));
    desk.takes(&shipped(&party("other")));
    assert_eq!(named(&desk)[3..], [Some(true), Some(true), Some(false)]);
    // The shop has the buyer's letters as those of whom its terms are made out to.
    let mut desk = Desk::shop_offered();
    desk.takes(&confirmation());
    assert!(named(&desk).iter().all(|named| *named == Some(true)), "{:?}", named(&desk));
}
