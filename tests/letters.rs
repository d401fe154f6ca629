//! Letters of every kind, made by chance from a seed, and fixed ones for tables.

use mailorder::trade::catalog::{Catalog, CatalogRequest, Offer, Way, Words};
use mailorder::trade::document::Received;
use mailorder::trade::document::*;
use mailorder::trade::item::{Charge, Item, Line, LineQuantity, Stock, Tax};
use mailorder::trade::status::*;
use mailorder::trade::*;

/// Texts that have tripped programs.
const PIECES: &[&str] = &[
    "Shirt, white, 41",
    "日本語のシャツ（白）",
    "\"quoted\" \\ and 'more'",
    "😀👨‍👩‍👧 emoji",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %}",
    "=1+1",
    " blanks ",
    "two\nlines\tand a tab",
    "From here",
    "--part-0123456789abcdef0123456789abcdef",
    "e\u{301}\u{202e}x",
    "%s $(id) `id`",
    "長い名前がとても長く続いてなかなか終わらないのでまだまだ続いています",
];

/// A file that is in no letter of its own: every second parcel is one, now behind a link, now elsewhere.
fn download(place: u64) -> Option<Download> {
    let link = || Link::parse("https://files.example/goods/1?t=a%20b").unwrap();
    let place = match place {
        2 => Place::Link(link()),
        4 => Place::Elsewhere,
        _ => return None,
    };
    Some(Download { name: "本 {{ 1 }}.epub".to_owned(), size: 987_654, digest: Digest::of(b"goods"), place })
}

/// A small generator of chance: the same seed makes the same letter.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.below(2) == 0 { None } else { Some(make(self)) }
    }

    fn many<T>(&mut self, least: u64, most: u64, mut make: impl FnMut(&mut Self, u64) -> T) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|place| make(self, place + 1)).collect()
    }

    fn text(&mut self, most: usize) -> String {
        let pieces = self.many(1, 12, |chance, _| chance.of(PIECES));
        let mut text = String::new();
        for c in pieces.concat().chars() {
            if text.len() + c.len_utf8() > most {
                break;
            }
            text.push(c);
        }
        text
    }

    fn name(&mut self) -> String {
        self.text(400)
    }

    fn prose(&mut self) -> String {
        let times = usize::try_from(1 + self.below(6)).unwrap();
        (0..times).map(|_| self.text(500)).collect()
    }

    fn word(&mut self) -> String {
        self.of(&["out-of-stock", "late", "OPS-1", "UNV"]).to_owned()
    }

    fn digest(&mut self) -> Digest {
        Digest::of(&self.next().to_be_bytes())
    }

    fn party(&mut self, address: &str) -> Party {
        let digits: String = (0..3).map(|_| format!("{:016X}", self.next())).collect();
        Party { address: Address::parse(address).unwrap(), fingerprint: Fingerprint::parse(&digits[..40]).unwrap() }
    }

    fn moment(&mut self) -> Moment {
        let (day, hour, minute) = (1 + self.below(28), self.below(24), self.below(59));
        let offset = self.of(&["Z", "+09:00", "-05:30", "+00:45"]);
        Moment::parse(&format!("2026-07-{day:02}T{hour:02}:{minute:02}:07{offset}")).unwrap()
    }

    fn when(&mut self) -> When {
        if self.below(2) == 0 {
            When::Moment(self.moment())
        } else {
            When::parse(&format!("2026-08-{:02}", 1 + self.below(28))).unwrap()
        }
    }

    fn money(&mut self) -> Money {
        Money::parse(&(1 + self.below(100_000)).to_string(), "JPY").unwrap()
    }

    fn quantity(&mut self) -> Quantity {
        Quantity::parse(self.of(&["1", "2", "17"])).unwrap()
    }

    fn place(&mut self) -> PostalAddress {
        PostalAddress {
            name: self.maybe(Self::name),
            street: self.maybe(Self::name),
            locality: self.maybe(Self::name),
            region: self.maybe(Self::name),
            postal_code: self.maybe(|_| "100-0001".to_owned()),
            country: self.maybe(|_| "JP".to_owned()),
        }
    }

    fn person(&mut self) -> Person {
        Person {
            name: self.name(),
            email: Address::parse("t-yoshi@buyer.example").unwrap(),
            telephone: self.maybe(|_| "+81-3-1234-5678".to_owned()),
            address: self.maybe(Self::place),
        }
    }

    fn lines(&mut self) -> Vec<Line> {
        self.many(1, 4, |chance, place| Line {
            id: place.to_string(),
            item: Item { sku: chance.maybe(|_| "SH-41".to_owned()), name: chance.name() },
            unit_price: chance.money(),
            quantity: chance.quantity(),
        })
    }

    fn charges(&mut self) -> Vec<Charge> {
        self.many(0, 3, |chance, place| Charge { id: format!("c{place}"), name: chance.name(), price: chance.money() })
    }

    fn parts(&mut self) -> Vec<LineQuantity> {
        self.many(0, 3, |chance, place| LineQuantity { line: place.to_string(), quantity: chance.quantity() })
    }

    fn payment_method(&mut self) -> PaymentMethod {
        PaymentMethod::parse(self.of(&["card", "e-money", "cash-on-delivery", "x"])).unwrap()
    }

    fn delivery_method(&mut self) -> DeliveryMethod {
        DeliveryMethod::parse(self.of(&["parcel", "pickup", "locker", "download", "drone-7"])).unwrap()
    }

    fn base64(&mut self) -> String {
        let groups = self.of(&[1_usize, 200, 900, 4000]);
        "AbC+".repeat(groups)
    }

    fn agents(&mut self, roles: &[Role]) -> Vec<Agent> {
        let agent = |role: &Role| Agent {
            role: *role,
            party: self.party(&format!("{role}@firm.example")),
            certificate: self.maybe(Self::base64),
        };
        roles.iter().map(agent).collect()
    }

    fn reason(&mut self) -> Reason {
        Reason { code: self.word(), text: self.prose() }
    }

    fn step(&mut self) -> Step {
        match self.below(4) {
            0 => Step::Planned { at: self.maybe(Self::when) },
            1 => Step::Active { at: self.maybe(Self::when) },
            2 => Step::Done { at: self.moment() },
            _ => Step::Failed { reason: self.reason(), at: self.maybe(Self::moment) },
        }
    }

    /// What an agent may be shown of any goods.
    fn shown(&mut self, place: impl FnOnce(&mut Self) -> Option<PostalAddress>) -> Shown {
        let (lines, charges) = (self.lines(), self.charges());
        let priced = self.below(2) == 0;
        let line = |line: Line| ShownLine {
            unit_price: priced.then_some(line.unit_price),
            id: line.id,
            item: line.item,
            quantity: line.quantity,
        };
        let goods = if self.below(2) == 0 { lines.into_iter().map(line).collect() } else { Vec::new() };
        let charges = if priced { charges } else { Vec::new() };
        Shown { goods, charges, sum: None, deliver_to: place(self) }
    }

    fn parcel(&mut self, place: u64) -> Parcel {
        Parcel {
            id: place.to_string(),
            lines: self.parts(),
            tracking: self.maybe(|_| "EP-998877".to_owned()),
            tracking_url: self.maybe(|_| "https://parcel.example/t/EP-998877".to_owned()),
            expected_from: self.maybe(Self::when),
            expected_until: self.maybe(Self::when),
            events: self.many(0, 3, |chance, _| ParcelEvent {
                name: chance.name(),
                at: chance.moment(),
                place: chance.maybe(Self::name),
            }),
            download: download(place),
            step: self.step(),
        }
    }

    fn order(&mut self) -> Order {
        Order {
            buyer: self.person(),
            lines: self.lines(),
            charges: self.charges(),
            total: self.money(),
            payment_method: self.payment_method(),
            payment_id: self.maybe(|_| "3456".to_owned()),
            sealed: self.maybe(|chance| Sealed(chance.base64())),
            delivery_method: self.delivery_method(),
            deliver_to: self.maybe(Self::place),
            billing: self.maybe(Self::place),
            reorder_of: self.maybe(|_| Number::parse("2025-1").unwrap()),
            remarks: self.maybe(Self::prose),
        }
    }

    fn words(&mut self) -> Words {
        let words = self.many(0, 3, |chance, _| chance.of(&["shirt", "煎茶", "\"quoted\"", "=1+1"]).to_owned());
        Words::new(words).unwrap()
    }

    fn catalog(&mut self) -> Catalog {
        let mut agents = self.agents(&[Role::Payment, Role::Delivery]);
        agents.push(Agent { role: Role::Payment, party: self.party("till@firm.example"), certificate: None });
        let offers = self.many(0, 4, |chance, place| Offer {
            item: Item { sku: Some(format!("SH-{place}")), name: chance.name() },
            price: chance.money(),
            increment: chance.maybe(|chance| Quantity::parse(chance.of(&["1", "0.5", "6"])).unwrap()),
            stock: Stock::try_from(chance.maybe(|chance| chance.of(&["0", "2.5", "12"]).to_owned())).unwrap(),
            payment_methods: chance.many(0, 2, |chance, _| chance.payment_method()),
            delivery_methods: chance.many(0, 2, |chance, _| chance.delivery_method()),
            conditions: chance.maybe(Self::prose),
        });
        let ways = self.many(0, 3, |chance, _| Way {
            payment_method: chance.maybe(Self::payment_method),
            delivery_method: chance.maybe(Self::delivery_method),
            charge: chance.maybe(|chance| (chance.name(), chance.money())),
            payment_agent: chance.maybe(|_| Address::parse("till@firm.example").unwrap()),
            delivery_agent: chance.maybe(|_| Address::parse("delivery@firm.example").unwrap()),
        });
        Catalog {
            seller: self.name(),
            words: self.words(),
            matching: u32::try_from(offers.len()).unwrap() + self.of(&[0, 300]),
            offers,
            ways,
            conditions: self.maybe(Self::prose),
            agents,
        }
    }

    fn terms(&mut self) -> Terms {
        Terms {
            date: self.moment(),
            seller: self.name(),
            vat_id: self.maybe(|_| "T1234567890123".to_owned()),
            buyer: self.person(),
            lines: self.lines(),
            short: self.many(0, 2, |chance, place| LineReason { line: place.to_string(), reason: chance.reason() }),
            charges: self.charges(),
            taxes: self.many(0, 2, |chance, _| Tax {
                rate: "10".to_owned(),
                base: chance.money(),
                amount: chance.money(),
            }),
            total: self.money(),
            payment_method: self.payment_method(),
            payment_id: self.maybe(|_| "3456".to_owned()),
            payment_due: self.maybe(Self::when),
            delivery_method: self.delivery_method(),
            deliver_to: self.maybe(Self::place),
            billing: self.maybe(Self::place),
            arrival_from: self.maybe(Self::when),
            arrival_until: self.maybe(Self::when),
            valid_through: self.maybe(Self::moment),
            conditions: self.maybe(Self::prose),
            agents: self.agents(&[Role::Shop, Role::Payment, Role::Delivery]),
        }
    }

    fn document(&mut self, kind: Kind) -> Document {
        let all = [Role::Shop, Role::Payment, Role::Delivery, Role::Buyer];
        match kind {
            Kind::Order => Document::Order(self.order()),
            Kind::OrderRejection => {
                let line =
                    |chance: &mut Self, place: u64| LineReason { line: place.to_string(), reason: chance.reason() };
                let lines = self.many(0, 3, line);
                let least = u64::from(lines.is_empty());
                Document::OrderRejection(Rejection { reasons: self.many(least, 3, |chance, _| chance.reason()), lines })
            }
            Kind::TransactionInfo => Document::TransactionInfo(self.terms()),
            Kind::Confirmation => Document::Confirmation(Confirmation { total: self.money() }),
            Kind::Cancellation => Document::Cancellation(Cancellation { reason: self.maybe(Self::prose) }),
            Kind::Stop => Document::Stop(Stop { leg: self.of(&[Leg::Payment, Leg::Delivery]) }),
            Kind::AuthorizationRequest => Document::AuthorizationRequest(AuthorizationRequest {
                buyer: self.person(),
                total: self.money(),
                payment_method: self.payment_method(),
                payment_id: self.maybe(|_| "3456".to_owned()),
                sealed: self.maybe(|chance| Sealed(chance.base64())),
                agents: self.agents(&[Role::Buyer, Role::Shop]),
            }),
            Kind::AuthorizationResult => {
                Document::AuthorizationResult(AuthorizationResult { total: self.money(), step: self.step() })
            }
            Kind::PaymentInstruction => Document::PaymentInstruction(PaymentInstruction {
                buyer: self.person(),
                amount: self.money(),
                payment_method: self.payment_method(),
                payment_id: self.maybe(|_| "3456".to_owned()),
                due: self.maybe(Self::when),
                terms_date: self.maybe(Self::moment),
                shown: self.shown(|chance| chance.maybe(Self::place)),
                agents: self.agents(&all),
            }),
            Kind::DeliveryInstruction => Document::DeliveryInstruction(DeliveryInstruction {
                buyer: self.person(),
                deliver_to: self.maybe(Self::place),
                delivery_method: self.delivery_method(),
                parcels: self.many(0, 3, Self::parcel),
                collect: self.maybe(Self::money),
                terms_date: self.maybe(Self::moment),
                shown: Shown { sum: self.maybe(Self::money), ..self.shown(|_| None) },
                agents: self.agents(&all),
            }),
            _ => self.document_after_terms(kind),
        }
    }

    fn document_after_terms(&mut self, kind: Kind) -> Document {
        match kind {
            Kind::OrderStatus => Document::OrderStatus(OrderStatus {
                state: self.of(&[
                    OrderState::Processing,
                    OrderState::PaymentDue,
                    OrderState::InTransit,
                    OrderState::PickupAvailable,
                    OrderState::Delivered,
                    OrderState::Cancelled,
                    OrderState::Returned,
                    OrderState::Problem,
                ]),
                shipments: self.many(0, 3, |chance, place| Shipment {
                    parcel: place.to_string(),
                    lines: chance.parts(),
                    tracking: chance.maybe(|_| "EP-1".to_owned()),
                    step: chance.step(),
                }),
                remarks: self.maybe(Self::prose),
            }),
            Kind::PaymentStatus => Document::PaymentStatus(self.payment_status()),
            Kind::DeliveryStatus => Document::DeliveryStatus(DeliveryStatus { parcels: self.many(0, 3, Self::parcel) }),
            Kind::CatalogRequest => Document::CatalogRequest(CatalogRequest { words: self.words() }),
            Kind::Catalog => Document::Catalog(self.catalog()),
            Kind::StatusRequest => Document::StatusRequest(StatusRequest {
                leg: self.of(&[Leg::Order, Leg::Payment, Leg::Delivery]),
                have: u32::try_from(self.below(99)).unwrap(),
            }),
            Kind::ReturnRequest => {
                let lines = self
                    .many(1, 3, |chance, place| LineQuantity { line: place.to_string(), quantity: chance.quantity() });
                Document::ReturnRequest(ReturnRequest { lines, reason: self.reason() })
            }
            Kind::ReturnAnswer => Document::ReturnAnswer(ReturnAnswer {
                lines: self.parts(),
                step: self.step(),
                refund: self.maybe(Self::money),
            }),
            Kind::RefundInstruction => {
                Document::RefundInstruction(RefundInstruction { amount: self.money(), reason: self.prose() })
            }
            Kind::Refusal => Document::Refusal(Refusal { reason: self.reason() }),
            Kind::Receipt => Document::Receipt(Receipt {
                received: self.many(0, 5, |chance, place| Received {
                    content: chance.digest(),
                    shop: chance.maybe(|_| Address::parse("shop@example.com").unwrap()),
                    transaction: chance.maybe(|_| Number::parse("2026-0710-1234").unwrap()),
                    seq: chance.maybe(|_| u32::try_from(place).unwrap()),
                    head: chance.maybe(Self::digest),
                }),
            }),
            _ => unreachable!("{kind} is made by `document`"),
        }
    }

    fn payment_status(&mut self) -> PaymentStatus {
        PaymentStatus {
            state: self.of(&[PaymentState::Due, PaymentState::PastDue, PaymentState::Complete, PaymentState::Declined]),
            remaining: self.money(),
            due: self.maybe(Self::when),
            scheduled: self.maybe(Self::when),
            confirmation: self.maybe(|_| "B-552201".to_owned()),
            payment_id: self.maybe(|_| "3456".to_owned()),
            payments: self.many(0, 3, |chance, place| Payment {
                id: place.to_string(),
                amount: chance.money(),
                refund: chance.below(3) == 0,
                step: chance.step(),
            }),
        }
    }

    /// Makes a letter of a kind, its envelope complete.
    pub(crate) fn letter(&mut self, kind: Kind) -> Letter {
        let document = self.document(kind);
        let buyer = self.party("t-yoshi@buyer.example");
        let shop = self.party("shop@example.com");
        let firm = self.party("agent@firm.example");
        use Kind::*;
        let (from, to) = match kind {
            Order | Confirmation | Cancellation | StatusRequest | ReturnRequest | CatalogRequest => (buyer, shop),
            OrderRejection | TransactionInfo | OrderStatus | ReturnAnswer | Refusal | Receipt | Catalog => {
                (shop, buyer)
            }
            Stop | AuthorizationRequest | PaymentInstruction | DeliveryInstruction | RefundInstruction => (shop, firm),
            AuthorizationResult => (firm, shop),
            PaymentStatus | DeliveryStatus if self.below(2) == 0 => (firm, shop),
            PaymentStatus | DeliveryStatus => (firm, buyer),
        };
        let numbered = kind.is_numbered();
        let status = kind.status_of().is_some();
        let ids = |chance: &mut Self| {
            chance.many(0, 4, |chance, _| MessageId::parse(&format!("{:x}@firm.example", chance.next())).unwrap())
        };
        Letter {
            from,
            to,
            date: self.moment(),
            id: MessageId::parse(&format!("{:x}.{:x}@example.com", self.next(), self.next())).unwrap(),
            references: ids(self),
            shop: Some(Address::parse("shop@example.com").unwrap()).filter(|_| kind != Receipt),
            transaction: Some(Number::parse("2026-0710-1234").unwrap())
                .filter(|_| !matches!(kind, Order | Receipt) && !kind.is_about_shop()),
            order: Some(OrderId::from_bytes([9; 26])).filter(|_| kind != Receipt && !kind.is_about_shop()),
            seq: numbered.then(|| u32::try_from(1 + self.below(500)).unwrap()),
            terms: Some(self.digest())
                .filter(|_| !matches!(kind, Order | TransactionInfo | Receipt | Refusal) && !kind.is_about_shop()),
            answers: if matches!(kind, OrderRejection | Refusal | Catalog) {
                Some(self.digest())
            } else {
                self.maybe(Self::digest)
            },
            replaces: self.maybe(Self::digest).filter(|_| kind == TransactionInfo),
            as_of: status.then(|| self.moment()),
            done: status.then_some(false),
            head: self.maybe(Self::digest),
            document,
        }
    }
}

/// The terms of the wire format's example, in a letter from the shop to the buyer.
pub(crate) fn terms() -> Letter {
    let mut chance = Chance::new(1);
    let mut letter = chance.letter(Kind::TransactionInfo);
    let jpy = |amount: &str| Money::parse(amount, "JPY").unwrap();
    let Document::TransactionInfo(terms) = &mut letter.document else { unreachable!() };
    terms.seller = "Example Shirts".to_owned();
    terms.buyer = Person {
        name: "Ono Kenji".to_owned(),
        email: Address::parse("t-yoshi@buyer.example").unwrap(),
        telephone: None,
        address: None,
    };
    terms.lines = vec![Line {
        id: "1".to_owned(),
        item: Item { sku: Some("SH-41".to_owned()), name: "Shirt, white, 41".to_owned() },
        unit_price: jpy("4300"),
        quantity: Quantity::ONE,
    }];
    terms.charges = vec![Charge { id: "2".to_owned(), name: "Parcel delivery".to_owned(), price: jpy("500") }];
    terms.taxes = Vec::new();
    terms.total = jpy("4800");
    (terms.billing, terms.deliver_to, terms.conditions) = (None, None, None);
    for agent in &mut terms.agents {
        agent.certificate = None;
    }
    letter.answers = None;
    letter.replaces = None;
    letter
}

/// A delivery status: one parcel, under way, to the buyer.
pub(crate) fn under_way() -> Letter {
    let mut letter = Chance::new(2).letter(Kind::DeliveryStatus);
    letter.document = Document::DeliveryStatus(DeliveryStatus {
        parcels: vec![Parcel {
            id: "1".to_owned(),
            lines: vec![LineQuantity { line: "1".to_owned(), quantity: Quantity::ONE }],
            tracking: None,
            tracking_url: None,
            expected_from: When::parse("2026-07-20").ok(),
            expected_until: When::parse("2026-07-22").ok(),
            events: Vec::new(),
            download: None,
            step: Step::Active { at: When::parse("2026-07-22").ok() },
        }],
    });
    letter
}
