//! People, letters and books for tests of the pure core. Nobody encrypts here: a letter's content digest is the
//! SHA-256 of its JSON.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use mailorder::rules::leg::{self, Legs};
use mailorder::rules::{Folding, Judgement, Reader, Standing, reconcile, reconcile_on, rejudge, rejudge_on};
use mailorder::trade::document::Confirmation;
use mailorder::trade::item::{Charge, Item, Line, LineQuantity};
use mailorder::trade::status::{
    DeliveryStatus, OrderState, OrderStatus, Parcel, Payment, PaymentState, PaymentStatus, Shipment, Step,
};
use mailorder::trade::{
    Act, Address, Agent, Body, Book, DeliveryMethod, Digest, Document, Entry, Fingerprint, Key, Letter, Measured,
    MessageId, Moment, Money, Names, Number, Order, OrderId, Party, PaymentMethod, Person, PostalAddress, Quantity,
    Received, Role, Settlement, Terms, Transaction, Verdict, When,
};

/// Somebody with a mailbox and a key.
pub fn party(name: &str) -> Party {
    let fingerprint = Fingerprint::parse(&Digest::of(name.as_bytes()).hex()[..40]).unwrap();
    Party { address: Address::parse(&format!("{name}@{name}.example")).unwrap(), fingerprint }
}

pub fn buyer() -> Party {
    party("buyer")
}

pub fn shop() -> Party {
    party("shop")
}

pub fn bank() -> Party {
    party("bank")
}

pub fn courier() -> Party {
    party("courier")
}

pub fn stranger() -> Party {
    party("stranger")
}

/// Reads a moment; a bare day is its noon in UTC.
pub fn at(text: &str) -> Moment {
    let text = if text.len() == 10 { format!("{text}T12:00:00Z") } else { text.to_owned() };
    Moment::parse(&text).unwrap()
}

pub fn day(text: &str) -> When {
    When::parse(text).unwrap()
}

pub fn jpy(amount: i64) -> Money {
    Money::parse(&amount.to_string(), "JPY").unwrap()
}

pub fn goods(parts: &[(&str, &str)]) -> Vec<LineQuantity> {
    let part = |(line, quantity): &(&str, &str)| LineQuantity {
        line: (*line).to_owned(),
        quantity: Quantity::parse(quantity).unwrap(),
    };
    parts.iter().map(part).collect()
}

/// All goods of [`order`].
pub fn all_goods() -> Vec<LineQuantity> {
    goods(&[("1", "3"), ("2", "1")])
}

pub fn lines() -> Vec<Line> {
    let line = |id: &str, sku: &str, name: &str, price: i64, quantity: &str| Line {
        id: id.to_owned(),
        item: Item { sku: Some(sku.to_owned()), name: name.to_owned() },
        unit_price: jpy(price),
        quantity: Quantity::parse(quantity).unwrap(),
    };
    vec![line("1", "SH-41", "Shirt, white, 41", 1000, "3"), line("2", "TI-1", "Tie, blue", 1300, "1")]
}

pub fn charge() -> Charge {
    Charge { id: "3".to_owned(), name: "Parcel delivery".to_owned(), price: jpy(500) }
}

pub fn person(party: &Party) -> Person {
    Person { name: "Ono Kenji".to_owned(), email: party.address.clone(), telephone: None, address: None }
}

pub fn home() -> PostalAddress {
    PostalAddress { name: Some("Ono Kenji".to_owned()), locality: Some("Tokyo".to_owned()), ..PostalAddress::default() }
}

/// Three shirts and a tie, JPY 4800 with delivery.
pub fn order() -> Order {
    Order {
        buyer: person(&buyer()),
        lines: lines(),
        charges: vec![charge()],
        total: jpy(4800),
        payment_method: PaymentMethod::parse("card").unwrap(),
        payment_id: Some("3456".to_owned()),
        sealed: None,
        delivery_method: DeliveryMethod::parse("parcel").unwrap(),
        deliver_to: Some(home()),
        billing: None,
        reorder_of: None,
        remarks: None,
    }
}

/// The terms for [`order`], of 10 July 2026.
pub fn terms() -> Terms {
    let order = order();
    let agent = |role: Role, party: Party| Agent { role, party, certificate: None };
    Terms {
        date: at("2026-07-10T09:00:00Z"),
        seller: "Example Shirts".to_owned(),
        vat_id: None,
        buyer: order.buyer,
        lines: order.lines,
        short: Vec::new(),
        charges: order.charges,
        taxes: Vec::new(),
        total: order.total,
        payment_method: order.payment_method,
        payment_id: order.payment_id,
        payment_due: Some(day("2026-08-31")),
        delivery_method: order.delivery_method,
        deliver_to: order.deliver_to,
        billing: None,
        arrival_from: Some(day("2026-07-20")),
        arrival_until: Some(day("2026-07-22")),
        valid_through: Some(at("2026-07-17")),
        conditions: None,
        agents: vec![agent(Role::Shop, shop()), agent(Role::Payment, bank()), agent(Role::Delivery, courier())],
    }
}

pub fn number() -> Number {
    Number::parse("2026-0710-1234").unwrap()
}

pub fn order_id() -> OrderId {
    OrderId::from_bytes([7; 26])
}

/// Returns the content digest of a letter.
pub fn content(letter: &Letter) -> Digest {
    Digest::of(&serde_json::to_vec(letter).unwrap())
}

/// A letter about the transaction [`number`], dated as early as can be, numbered 1.
pub fn letter(from: &Party, to: &Party, document: Document) -> Letter {
    let id = Digest::of(format!("{from:?}{to:?}{document:?}").as_bytes()).hex();
    Letter {
        from: from.clone(),
        to: to.clone(),
        date: at("2026-07-10"),
        id: MessageId::parse(&format!("{id}@test.example")).unwrap(),
        references: Vec::new(),
        shop: Some(shop().address),
        transaction: Some(number()),
        order: None,
        seq: document.kind().is_numbered().then_some(1),
        terms: None,
        answers: None,
        replaces: None,
        as_of: None,
        done: None,
        head: None,
        document,
    }
}

/// The buyer's order.
pub fn order_letter() -> Letter {
    let order = letter(&buyer(), &shop(), Document::Order(order()));
    Letter { transaction: None, order: Some(order_id()), ..order }
}

/// The shop's terms, in answer to [`order_letter`].
pub fn terms_letter(terms: Terms) -> Letter {
    let answers = Some(content(&order_letter()));
    Letter { order: Some(order_id()), answers, ..letter(&shop(), &buyer(), Document::TransactionInfo(terms)) }
}

/// The digest of the terms as they were offered.
pub fn offer() -> Digest {
    content(&terms_letter(terms()))
}

/// The buyer's OK.
pub fn confirmation() -> Letter {
    let document = Document::Confirmation(Confirmation { total: jpy(4800) });
    Letter { seq: Some(2), terms: Some(offer()), answers: Some(offer()), ..letter(&buyer(), &shop(), document) }
}

/// A status to the buyer, numbered `seq`, as of the day `as_of`.
pub fn status(from: &Party, seq: u32, as_of: &str, done: bool, document: Document) -> Letter {
    Letter {
        seq: Some(seq),
        terms: Some(offer()),
        as_of: Some(at(as_of)),
        date: at(as_of),
        done: Some(done),
        ..letter(from, &buyer(), document)
    }
}

pub fn planned(on: &str) -> Step {
    Step::Planned { at: Some(day(on)) }
}

pub fn done(on: &str) -> Step {
    Step::Done { at: at(on) }
}

pub fn shipment(parcel: &str, lines: Vec<LineQuantity>, step: Step) -> Shipment {
    Shipment { parcel: parcel.to_owned(), lines, tracking: None, step }
}

pub fn order_status(shipments: Vec<Shipment>) -> Document {
    let left = shipments.iter().any(|shipment| shipment.step.done().is_some());
    let state = if left { OrderState::InTransit } else { OrderState::Processing };
    Document::OrderStatus(OrderStatus { state, shipments, remarks: None })
}

pub fn cancelled() -> Document {
    Document::OrderStatus(OrderStatus { state: OrderState::Cancelled, shipments: Vec::new(), remarks: None })
}

pub fn parcel(id: &str, lines: Vec<LineQuantity>, step: Step) -> Parcel {
    Parcel {
        id: id.to_owned(),
        lines,
        tracking: None,
        tracking_url: None,
        expected_from: None,
        expected_until: None,
        events: Vec::new(),
        download: None,
        step,
    }
}

pub fn delivery_status(parcels: Vec<Parcel>) -> Document {
    Document::DeliveryStatus(DeliveryStatus { parcels })
}

pub fn payment(id: &str, amount: Money, step: Step) -> Payment {
    Payment { id: id.to_owned(), amount, refund: false, step }
}

pub fn payment_status(remaining: Money, payments: Vec<Payment>) -> Document {
    let is_made = payments.iter().any(|payment| !payment.refund && payment.step.done().is_some());
    let state = match (remaining.is_zero(), is_made) {
        (true, true) => PaymentState::Complete,
        (true, false) => PaymentState::Declined,
        (false, _) => PaymentState::Due,
    };
    let due = Some(day("2026-08-31"));
    let (scheduled, confirmation, payment_id) = (None, None, None);
    Document::PaymentStatus(PaymentStatus { state, remaining, due, scheduled, confirmation, payment_id, payments })
}

/// One party's book, filled as the clerk fills it, without answers.
#[derive(Debug, Clone)]
pub struct Desk {
    pub me: Party,
    pub book: Book,
    pub entries: Vec<Entry>,
    pub now: Moment,
    pub pins: BTreeMap<Address, Fingerprint>,
    /// Which key each shop named for an address.
    pub named: BTreeMap<Address, BTreeMap<Address, Fingerprint>>,
    /// The buyer's list of payment agents, if he keeps one.
    pub payment_agents: Option<Vec<Party>>,
    /// What folds found: each letter is judged with it and without it.
    folds: RefCell<BTreeMap<Key, Folding>>,
}

impl Desk {
    /// A desk where everybody's key is pinned but the stranger's.
    pub fn new(me: &Party) -> Self {
        let known = [buyer(), shop(), bank(), courier(), party("other"), party("mallory")];
        let pins = known.into_iter().map(|party| (party.address, party.fingerprint)).collect();
        let (me, now) = (me.clone(), at("2026-09-30"));
        let (named, folds) = (BTreeMap::new(), RefCell::default());
        Self { me, book: Book::default(), entries: Vec::new(), now, pins, named, payment_agents: None, folds }
    }

    /// The buyer's desk after ordering.
    pub fn buyer_ordered() -> Self {
        let mut desk = Self::new(&buyer());
        desk.writes(Role::Buyer, &order_letter());
        desk
    }

    /// The buyer's desk after ordering, getting the terms and saying OK.
    pub fn buyer_open() -> Self {
        let mut desk = Self::buyer_ordered();
        assert_eq!(desk.takes(&terms_letter(terms())).verdict, Verdict::Applied);
        desk.writes(Role::Buyer, &confirmation());
        desk
    }

    /// The shop's desk after the order came and the terms went out.
    pub fn shop_offered() -> Self {
        let mut desk = Self::new(&shop());
        assert_eq!(desk.takes(&order_letter()).verdict, Verdict::Applied);
        desk.writes(Role::Shop, &terms_letter(terms()));
        desk
    }

    /// Enters a letter out; returns its content digest.
    pub fn writes(&mut self, role: Role, letter: &Letter) -> Digest {
        self.writes_newly(role, letter).0
    }

    /// Enters a letter out; returns its content digest, and the letters that count only now.
    pub fn writes_newly(&mut self, role: Role, letter: &Letter) -> (Digest, Vec<Digest>) {
        let measured = Measured::of(&serde_json::to_vec(letter).unwrap());
        self.enter(Some(role), Body::Out { letter: Arc::new(letter.clone()), content: measured });
        (measured.digest, self.judge_again(role, &letter.names()))
    }

    /// Judges a letter that its `from` signed, enters it, and judges the others again.
    pub fn takes(&mut self, letter: &Letter) -> Judgement {
        let signer = letter.from.fingerprint.clone();
        self.takes_signed(letter, &signer)
    }

    /// Judges a letter signed by `signer`, enters it, and judges the others again.
    pub fn takes_signed(&mut self, letter: &Letter, signer: &Fingerprint) -> Judgement {
        let role = letter.addressee();
        let judgement = self.judges(role, letter, signer);
        let measured = Measured::of(&serde_json::to_vec(letter).unwrap());
        self.enter(
            Some(role),
            Body::In {
                letter: Arc::new(letter.clone()),
                content: measured,
                signer: signer.clone(),
                original: measured,
                verdict: judgement.verdict,
                findings: judgement.findings.clone(),
            },
        );
        self.judge_again(role, &letter.names());
        judgement
    }

    /// Judges a letter in the part `role`, and enters nothing.
    pub fn judges(&self, role: Role, letter: &Letter, signer: &Fingerprint) -> Judgement {
        let received = Received::attest(letter.clone(), content(letter), signer.clone(), Vec::new());
        let pinned = |address: &Address| self.pins.get(address).cloned();
        let signer_address = self.pins.iter().find(|(_, key)| *key == signer).map(|(address, _)| address.clone());
        let named = |address: &Address| self.named.get(address).cloned().unwrap_or_default();
        let allowed = |agent: &Party| self.payment_agents.as_ref().is_none_or(|list| list.contains(agent));
        let (me, now) = (&self.me, self.now);
        let reader = Reader { role, me, now, signer_address, pinned: &pinned, named: &named, allowed: &allowed };
        let judgement = reconcile(&self.book, &received, &reader);
        let key = self.book.find(role, &letter.names()).map(|known| known.key.clone());
        if let Some(key) = key {
            let mut folds = self.folds.borrow_mut();
            let remembering = reconcile_on(&self.book, &received, &reader, Some(folds.entry(key).or_default()));
            assert_eq!(remembering, judgement, "what a fold remembers changes nothing");
        }
        judgement
    }

    /// Enters what a person does about a warning.
    pub fn settles(&mut self, role: Role, letter: &Letter, how: Settlement) {
        let act = Act::Settle { content: Some(content(letter)), subject: None, how, reason: Some("test".to_owned()) };
        self.enter(Some(role), Body::Own { act, names: letter.names(), about: Vec::new() });
        self.judge_again(role, &letter.names());
    }

    pub fn enter(&mut self, role: Option<Role>, body: Body) {
        let position = u64::try_from(self.entries.len()).unwrap();
        let entry = Entry {
            position,
            recorded: self.now,
            role,
            body,
            owes: Vec::new(),
            event: None,
            cause: None,
            erased: None,
        };
        self.book.apply(&entry);
        self.entries.push(entry);
    }

    /// Enters the verdicts that changed; returns the letters that count only now.
    pub fn judge_again(&mut self, role: Role, names: &Names) -> Vec<Digest> {
        let mut newly = Vec::new();
        let letters = self.book.find(role, names).map_or(0, |known| known.kept.len());
        for _ in 0..letters {
            let Some(transaction) = self.book.find(role, names) else { break };
            let (names, acts) = (names_of(transaction), rejudge(transaction));
            let mut folds = self.folds.borrow_mut();
            let folding = folds.entry(transaction.key.clone()).or_default();
            assert_eq!(rejudge_on(transaction, Some(folding)), acts, "what a fold remembers changes nothing");
            drop(folds);
            if acts.is_empty() {
                break;
            }
            for act in acts {
                if let Act::Verdict { content, verdict: Verdict::Applied, .. } = &act {
                    newly.push(*content);
                }
                self.enter(Some(role), Body::Own { act, names: names.clone(), about: Vec::new() });
            }
        }
        newly
    }

    /// The one transaction of the test.
    pub fn transaction(&self) -> &Transaction {
        let mut all = self.book.iter();
        let first = all.next().expect("there is a transaction");
        assert!(all.next().is_none(), "there is one transaction");
        first
    }

    pub fn legs(&self) -> Legs {
        leg::fold(self.transaction()).0
    }

    pub fn standing(&self) -> Standing {
        Standing::of(self.transaction())
    }

    pub fn verdict(&self, letter: &Letter) -> Verdict {
        self.transaction().by_content(&content(letter)).expect("the letter is kept").verdict
    }
}

/// The names a transaction is found by.
pub fn names_of(transaction: &Transaction) -> Names {
    Names {
        shop: Some(transaction.key.shop.clone()),
        number: transaction.number.clone(),
        order: Some(transaction.key.id.clone()),
    }
}
