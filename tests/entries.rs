//! Letters and entries for the tests of ledger and index: a small shop trade with made-up keys.
//!
//! The signed bytes are the letter as JSON, the signature is a made-up armor: what is tested here is the keeping.

use jiff::tz::Offset;
use mailorder::ledger::{Draft, Ledger, Line, Mark, Seal, Writer};
use mailorder::trade::document::Confirmation;
use mailorder::trade::item::{Item, Line as Item1};
use mailorder::trade::status::{OrderState, OrderStatus};
use mailorder::trade::{
    Act, Address, Agent, Body, DeliveryMethod, Digest, Document, Entry, Finding, Fingerprint, Letter, Measured,
    MessageId, Moment, Money, Names, Number, Order, OrderId, Owed, Party, PaymentMethod, Person, Quantity, Role, Terms,
    Verdict,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub const LEDGER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQQ\n=abcd\n-----END PGP SIGNATURE-----\n";

pub fn party(who: &str) -> Party {
    let fingerprint = Digest::of(who.as_bytes()).hex().chars().take(40).collect::<String>();
    Party {
        address: Address::parse(&format!("{who}@{who}.example")).unwrap(),
        fingerprint: Fingerprint::parse(&fingerprint).unwrap(),
    }
}

pub fn number(order: u32) -> Number {
    Number::parse(&format!("2026-{order:06}")).unwrap()
}

pub fn order_id(order: u32) -> OrderId {
    let digest = Digest::of(&order.to_be_bytes());
    OrderId::from_bytes(digest.as_bytes()[..26].try_into().unwrap())
}

pub fn moment(second: i64) -> Moment {
    Moment::new(jiff::Timestamp::from_second(1_784_364_063 + second).unwrap(), Offset::constant(9))
}

/// What the buyer gets from the shop about an order.
pub fn letter(order: u32, seq: u32, document: Document) -> Letter {
    let from_buyer = matches!(document, Document::Confirmation(_) | Document::Order(_));
    let (shop, buyer) = (party("shop"), party("buyer"));
    let (from, to) = if from_buyer { (buyer, shop.clone()) } else { (shop.clone(), buyer) };
    Letter {
        id: MessageId::parse(&format!("{order}.{seq}.{}@{}", document.kind(), from.address.as_str().replace('@', ".")))
            .unwrap(),
        from,
        to,
        date: moment(i64::from(order)),
        references: Vec::new(),
        shop: Some(shop.address),
        transaction: Some(number(order)),
        order: Some(order_id(order)),
        seq: Some(seq),
        terms: None,
        answers: None,
        replaces: None,
        as_of: None,
        done: None,
        head: None,
        document,
    }
}

pub fn terms(order: u32) -> Document {
    let money = |amount: &str| Money::parse(amount, "JPY").unwrap();
    let agent = |role: Role, who: &str| Agent { role, party: party(who), certificate: Some(format!("cert/{who}")) };
    Document::TransactionInfo(Terms {
        date: moment(0),
        seller: "日立 Shirts".to_owned(),
        vat_id: None,
        buyer: Person { name: "Ono Kenji".to_owned(), email: party("buyer").address, telephone: None, address: None },
        lines: vec![Item1 {
            id: "1".to_owned(),
            item: Item { sku: None, name: format!("シャツ number {order}") },
            unit_price: money("4300"),
            quantity: Quantity::ONE,
        }],
        short: Vec::new(),
        charges: Vec::new(),
        taxes: Vec::new(),
        total: money("4800"),
        payment_method: PaymentMethod::parse("card").unwrap(),
        payment_id: None,
        payment_due: None,
        delivery_method: DeliveryMethod::parse("parcel").unwrap(),
        deliver_to: None,
        billing: None,
        arrival_from: None,
        arrival_until: None,
        valid_through: None,
        conditions: None,
        agents: vec![agent(Role::Shop, "shop"), agent(Role::Payment, "bank"), agent(Role::Delivery, "parcel")],
    })
}

/// The order the terms answer; the buyer sends it before there is a number.
pub fn order() -> Document {
    let Document::TransactionInfo(terms) = terms(60) else { unreachable!("terms are terms") };
    Document::Order(Order {
        buyer: terms.buyer,
        lines: terms.lines,
        charges: Vec::new(),
        total: terms.total,
        payment_method: terms.payment_method,
        payment_id: None,
        sealed: None,
        delivery_method: terms.delivery_method,
        deliver_to: None,
        billing: None,
        reorder_of: None,
        remarks: None,
    })
}

pub fn status(remarks: &str) -> Document {
    let remarks = Some(remarks.to_owned());
    Document::OrderStatus(OrderStatus { state: OrderState::Processing, shipments: Vec::new(), remarks })
}

pub fn confirmation() -> Document {
    Document::Confirmation(Confirmation { total: Money::parse("4800", "JPY").unwrap() })
}

/// The signed bytes of a letter: a MIME entity with CRLF.
pub fn signed(letter: &Letter) -> Vec<u8> {
    let json = serde_json::to_string_pretty(letter).unwrap().replace('\n', "\r\n");
    format!("Content-Type: application/ld+json; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{json}\r\n")
        .into_bytes()
}

pub fn reread(signed: &[u8]) -> Result<Letter, String> {
    let text = std::str::from_utf8(signed).map_err(|error| error.to_string())?;
    let (_, json) = text.split_once("\r\n\r\n").ok_or("no body")?;
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// An entry and the bytes of its letter.
#[derive(Debug, Clone)]
pub struct Made {
    pub entry: Entry,
    pub signed: Option<Vec<u8>>,
}

impl Made {
    pub fn draft(&self) -> Draft<'_> {
        let seal = |signed| Seal { signed, signature: SIGNATURE, micalg: "pgp-sha512" };
        Draft { entry: &self.entry, seal: self.signed.as_deref().map(seal), first: None }
    }
}

pub fn made_in(position: u64, letter: Letter, verdict: Verdict, findings: Vec<Finding>) -> Made {
    let signed = signed(&letter);
    let body = Body::In {
        content: Measured::of(&signed),
        signer: letter.from.fingerprint.clone(),
        original: Measured { digest: Digest::of(&position.to_be_bytes()), size: 5000 },
        verdict,
        findings,
        letter: Arc::new(letter),
    };
    made(position, Some(Role::Buyer), body, Some(signed))
}

pub fn made_out(position: u64, letter: Letter) -> Made {
    let signed = signed(&letter);
    let body = Body::Out { content: Measured::of(&signed), letter: Arc::new(letter) };
    made(position, Some(Role::Buyer), body, Some(signed))
}

pub fn made_own(position: u64, act: Act, names: Names, about: Vec<u64>) -> Made {
    let role = names.shop.as_ref().map(|_| Role::Buyer);
    made(position, role, Body::Own { act, names, about }, None)
}

fn made(position: u64, role: Option<Role>, body: Body, signed: Option<Vec<u8>>) -> Made {
    let recorded = moment(i64::try_from(position).unwrap());
    let (owes, event, cause, erased) = (Vec::new(), None, None, None);
    Made { entry: Entry { position, recorded, role, body, owes, event, cause, erased }, signed }
}

pub fn genesis() -> Entry {
    let act = Act::Genesis { ledger: LEDGER.to_owned(), account: party("buyer"), certificate: "cert/buyer".to_owned() };
    made_own(0, act, Names::default(), Vec::new()).entry
}

/// Names a letter as owed.
pub fn owe(made: &mut Made, letter: &Letter) {
    made.entry.owes.push(Owed { id: letter.id.clone(), kind: letter.kind(), to: letter.to.address.clone() });
}

pub fn ledger_in(folder: &Path) -> Ledger {
    Ledger::create(&folder.join("ledger"), &genesis()).unwrap()
}

pub fn lock(ledger: &Ledger) -> Writer {
    ledger.lock(Duration::from_secs(5), None).unwrap()
}

pub fn append(writer: &mut Writer, batch: &[Made]) -> Vec<Line> {
    writer.append(&batch.iter().map(Made::draft).collect::<Vec<_>>()).unwrap()
}

/// A trade of `orders` orders from position 1 on: terms, the OK to them, two statuses.
pub fn trade(orders: u32) -> Vec<Made> {
    trade_of(0..orders)
}

/// The part of such a trade that these orders make.
pub fn trade_of(orders: std::ops::Range<u32>) -> Vec<Made> {
    let mut batch = Vec::new();
    for order in orders {
        let at = |step: u64| 1 + u64::from(order) * 4 + step;
        let mut first = made_in(at(0), letter(order, 1, terms(order)), Verdict::Applied, Vec::new());
        let answer = letter(order, 1, confirmation());
        owe(&mut first, &answer);
        batch.push(first);
        batch.push(made_out(at(1), answer));
        batch.push(made_in(at(2), letter(order, 2, status("packed")), Verdict::Applied, Vec::new()));
        batch.push(made_in(at(3), letter(order, 3, status("sent")), Verdict::Applied, Vec::new()));
    }
    batch
}

pub fn nothing() -> Mark {
    Mark::default()
}
