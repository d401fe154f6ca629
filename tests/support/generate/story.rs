//! What becomes of one transaction: its letters from the order to its end, written and signed by those who speak.

use mailorder::clock::system_time;
use mailorder::mail;
use mailorder::pgp::{self, Signature};
use mailorder::trade::document::{Cancellation, Confirmation};
use mailorder::trade::item::{Charge, Item, Line, LineQuantity, total};
use mailorder::trade::status::{
    DeliveryStatus, OrderState, OrderStatus, Parcel, ParcelEvent, Payment, PaymentState, PaymentStatus, Reason,
    Shipment, Step,
};
use mailorder::trade::{
    DeliveryMethod, Digest, Document, Letter, MessageId, Moment, Money, Number, Order, OrderId, PaymentMethod, Person,
    PostalAddress, Quantity, Role, Terms, When,
};

use super::cast::{Cast, Player};

/// The most letters a transaction has.
pub const LETTERS_MAX: usize = 7;

/// Letters of a finished transaction that make its terms known and accepted: order, terms, OK.
pub const ACCEPTED: usize = 3;

/// An item that about ten transactions of a ledger have, whatever its length: for searches.
pub const RARE: &str = "螺鈿の小箱";

const DAY: i64 = 86_400;

/// What is sold: article number, name, price.
pub const ARTICLES: [(&str, &str, u32); 8] = [
    ("SH-41", "シャツ 白 41", 4300),
    ("TEA-200", "煎茶 200g", 1800),
    ("KETTLE", "南部鉄瓶 1.2L", 36_000),
    ("TI-1", "Tie, blue", 1300),
    ("BK-77", "吾輩は猫である 文庫", 720),
    ("CUP-2", "Teacup, pair", 5200),
    ("FAN-9", "扇子 京都", 2400),
    ("INK-3", "Ink, black, 300 ml", 980),
];

/// Numbers by chance, the same for the same seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64, number: u64) -> Self {
        let mut made = Self(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        made.next();
        made
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.iter_mut().for_each(|byte| *byte = self.next().to_le_bytes()[3]);
        bytes
    }
}

/// How a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Delivered and paid: seven letters.
    Completed,
    /// Cancelled before it left the shop: four letters.
    Cancelled,
    /// Not taken by the shop: two letters.
    Rejected,
}

impl Course {
    /// Of twenty transactions seventeen are completed, two cancelled, one rejected.
    pub const fn of(number: u32) -> Self {
        match number % 20 {
            7 | 13 => Self::Cancelled,
            19 => Self::Rejected,
            _ => Self::Completed,
        }
    }
}

/// A letter, written and signed.
pub struct Written {
    pub out: bool,
    pub letter: Letter,
    pub signed: Vec<u8>,
    pub signature: Signature,
    pub content: Digest,
}

/// One transaction in the making.
pub struct Story<'a> {
    pub cast: &'a Cast,
    pub buyer: &'a Player,
    pub chance: Chance,
    pub number: Number,
    pub id: OrderId,
    /// Whether it has the item that few have.
    pub rare: bool,
    /// When its first letter is written, and how many seconds lie between two.
    pub begin: Moment,
    pub pace: i64,
    /// Root of the log that our letters carry.
    pub head: Digest,
    pub letters: Vec<Written>,
}

impl Story<'_> {
    /// Writes all its letters.
    pub fn tell(mut self, course: Course) -> Vec<Written> {
        let order = self.order();
        let ordered =
            self.write(true, &self.cast.shop, Document::Order(order.clone()), |letter| letter.transaction = None);
        if course == Course::Rejected {
            let reasons = vec![Reason { code: "STOCK".to_owned(), text: "sold out".to_owned() }];
            let rejection = Document::OrderRejection(reasons.into());
            self.write(false, &self.cast.shop, rejection, |letter| {
                letter.transaction = None;
                letter.answers = Some(ordered);
            });
            return self.letters;
        }
        let terms = Document::TransactionInfo(self.terms(&order));
        let offer = self.write(false, &self.cast.shop, terms, |letter| letter.answers = Some(ordered));
        let about = move |letter: &mut Letter| {
            letter.terms = Some(offer);
            letter.answers = Some(offer);
        };
        if course == Course::Cancelled {
            let reason = Some("ordered twice".to_owned());
            let cancelled = self.write(true, &self.cast.shop, Document::Cancellation(Cancellation { reason }), about);
            let status = OrderStatus { state: OrderState::Cancelled, shipments: Vec::new(), remarks: None };
            self.status(&self.cast.shop, offer, Document::OrderStatus(status), true, Some(cancelled));
            return self.letters;
        }
        let ok = Document::Confirmation(Confirmation { total: order.total });
        let accepted = self.write(true, &self.cast.shop, ok, about);
        self.legs(&order, offer, accepted);
        self.letters
    }

    /// Shipped, which answers the OK, on its way, delivered, paid.
    fn legs(&mut self, order: &Order, offer: Digest, accepted: Digest) {
        let goods: Vec<LineQuantity> =
            order.lines.iter().map(|line| LineQuantity { line: line.id.clone(), quantity: line.quantity }).collect();
        let tracking = Some(format!("EP-{:08}", self.chance.next() % 100_000_000));
        let done = |at: Moment| Step::Done { at: at.plus_seconds(-60) };
        let step = done(self.now());
        let shipment = Shipment { parcel: "1".to_owned(), lines: goods.clone(), tracking: tracking.clone(), step };
        let shipped = OrderStatus { state: OrderState::InTransit, shipments: vec![shipment], remarks: None };
        self.status(&self.cast.shop, offer, Document::OrderStatus(shipped), true, Some(accepted));
        let expected = When::Day(self.now().plus_seconds(2 * DAY).day());
        let event = |name: &str, at: Moment, place: &str| ParcelEvent {
            name: name.to_owned(),
            at: at.plus_seconds(-120),
            place: Some(place.to_owned()),
        };
        let mut parcel = Parcel {
            id: "1".to_owned(),
            lines: goods,
            tracking,
            tracking_url: None,
            expected_from: None,
            expected_until: Some(expected),
            events: vec![event("Collected", self.now(), "東京")],
            download: None,
            step: Step::Planned { at: Some(expected) },
        };
        let planned = DeliveryStatus { parcels: vec![parcel.clone()] };
        self.status(&self.cast.ship, offer, Document::DeliveryStatus(planned), false, None);
        parcel.events.push(event("Out for delivery", self.now(), "千代田区"));
        parcel.step = done(self.now());
        let delivered = DeliveryStatus { parcels: vec![parcel] };
        self.status(&self.cast.ship, offer, Document::DeliveryStatus(delivered), true, None);
        let payment = Payment { id: "1".to_owned(), amount: order.total, refund: false, step: done(self.now()) };
        let paid = PaymentStatus {
            state: PaymentState::Complete,
            remaining: Money::zero(order.total.currency()),
            due: None,
            scheduled: None,
            confirmation: Some(format!("A{:06}", self.chance.next() % 1_000_000)),
            payment_id: None,
            payments: vec![payment],
        };
        self.status(&self.cast.pay, offer, Document::PaymentStatus(paid), true, None);
    }

    fn status(&mut self, from: &Player, offer: Digest, document: Document, done: bool, answers: Option<Digest>) {
        self.write(false, from, document, |letter| {
            letter.terms = Some(offer);
            letter.answers = answers;
            letter.as_of = Some(letter.date);
            letter.done = Some(done);
            if matches!(letter.document, Document::PaymentStatus(_) | Document::DeliveryStatus(_)) {
                // Agents know a transaction by the shop's number alone.
                letter.order = None;
            }
        });
    }

    /// Returns the moment of the next letter.
    fn now(&self) -> Moment {
        let steps = i64::try_from(self.letters.len()).unwrap();
        self.begin.plus_seconds(steps * self.pace).whole_second()
    }

    /// Writes and signs one letter between the buyer and `other`; returns its content digest.
    fn write(&mut self, out: bool, other: &Player, document: Document, more: impl FnOnce(&mut Letter)) -> Digest {
        let (from, to) = if out { (self.buyer, other) } else { (other, self.buyer) };
        let before = self.letters.iter().filter(|written| written.letter.from == from.party).count();
        let domain = from.party.address.as_str().split_once('@').unwrap().1;
        let mut letter = Letter {
            from: from.party.clone(),
            to: to.party.clone(),
            date: self.now(),
            id: MessageId::parse(&format!("{}@{domain}", hex::encode(self.chance.bytes::<16>()))).unwrap(),
            references: self.letters.first().map(|first| first.letter.id.clone()).into_iter().collect(),
            shop: Some(self.cast.shop.party.address.clone()),
            transaction: Some(self.number.clone()),
            order: Some(self.id.clone()),
            seq: Some(u32::try_from(before).unwrap() + 1),
            terms: None,
            answers: None,
            replaces: None,
            as_of: None,
            done: None,
            head: Some(if out { self.head } else { Digest::from_bytes(self.chance.bytes()) }),
            document,
        };
        more(&mut letter);
        let signed = mail::write(&letter, &self.cast.texts).unwrap();
        let signature = pgp::sign(&from.key, &signed, &to.party.fingerprint, system_time(&letter.date)).unwrap();
        let content = Digest::of(&signed);
        self.letters.push(Written { out, letter, signed, signature, content });
        content
    }

    /// What is wished: one to three articles, by chance.
    pub fn order(&mut self) -> Order {
        let count = 1 + self.chance.below(3);
        let mut lines: Vec<Line> = (1..=count).map(|place| self.line(place)).collect();
        if self.rare {
            lines[0].item = Item { sku: None, name: RARE.to_owned() };
        }
        let id = (lines.len() + 1).to_string();
        let charges = vec![Charge { id, name: "Parcel delivery".to_owned(), price: yen(500) }];
        Order {
            buyer: self.person(),
            total: total(&lines, &charges).unwrap().unwrap(),
            lines,
            charges,
            payment_method: PaymentMethod::parse("invoice").unwrap(),
            payment_id: None,
            sealed: None,
            delivery_method: DeliveryMethod::parse("parcel").unwrap(),
            deliver_to: Some(home()),
            billing: None,
            reorder_of: None,
            remarks: None,
        }
    }

    fn line(&mut self, place: usize) -> Line {
        let (sku, name, price) = ARTICLES[self.chance.below(ARTICLES.len())];
        let item = Item { sku: Some(sku.to_owned()), name: name.to_owned() };
        let quantity = Quantity::parse(&(1 + self.chance.below(3)).to_string()).unwrap();
        Line { id: place.to_string(), item, unit_price: yen(price), quantity }
    }

    fn person(&self) -> Person {
        let email = self.buyer.party.address.clone();
        Person { name: "小野 賢治".to_owned(), email, telephone: Some("+81-3-1234-5678".to_owned()), address: None }
    }

    /// The terms, as ordered.
    fn terms(&self, order: &Order) -> Terms {
        let day = |days: i64| self.now().plus_seconds(days * DAY);
        let Cast { shop, pay, ship, .. } = self.cast;
        let agents =
            vec![shop.agent(Role::Shop, false), pay.agent(Role::Payment, true), ship.agent(Role::Delivery, true)];
        Terms {
            date: self.now(),
            seller: "日立物産".to_owned(),
            vat_id: None,
            buyer: order.buyer.clone(),
            lines: order.lines.clone(),
            short: Vec::new(),
            charges: order.charges.clone(),
            taxes: Vec::new(),
            total: order.total,
            payment_method: order.payment_method.clone(),
            payment_id: None,
            payment_due: Some(When::Day(day(60).day())),
            delivery_method: order.delivery_method.clone(),
            deliver_to: order.deliver_to.clone(),
            billing: None,
            arrival_from: None,
            arrival_until: Some(When::Day(day(60).day())),
            valid_through: Some(day(60)),
            conditions: Some("Return within 14 days of arrival, unused; shop@example.test".to_owned()),
            agents,
        }
    }
}

pub fn yen(amount: u32) -> Money {
    Money::parse(&amount.to_string(), "JPY").unwrap()
}

fn home() -> PostalAddress {
    PostalAddress {
        name: Some("小野 賢治".to_owned()),
        street: Some("千代田1-1-1".to_owned()),
        locality: Some("千代田区".to_owned()),
        region: Some("東京都".to_owned()),
        postal_code: Some("100-0001".to_owned()),
        country: Some("JP".to_owned()),
    }
}
