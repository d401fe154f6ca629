//! Payment data sealed past the shop (P12, P23): the payment agent opens them, checks what they were given for, and shows
//! them to its owner alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailorder::clerk::Clerk;
use mailorder::clock::{Clock, system_time};
use mailorder::config::{self, Environment};
use mailorder::mail::PaymentData;
use mailorder::pgp::{self, Certificate};
use mailorder::role::Draft;
use mailorder::trade::document::{AuthorizationRequest, PaymentInstruction};
use mailorder::trade::{
    Address, Agent, Digest, Document, Fingerprint, Money, Names, Number, OrderId, Party, PaymentMethod, Person, Role,
    Sealed, Shown,
};
use secrecy::{ExposeSecret, SecretString};

use crate::support::accounts::field;
use crate::support::program::Town;

const CARD: &str = "number = 4556737586899855\nexpiry = 08 / 31\nname = ONO KENJI\n";
const SECRETS: [&str; 3] = ["4556737586899855", "08 / 31", "ONO KENJI"];

/// A town whose buyer knows the payment agent's key, and has his card in a file outside of all accounts.
fn town() -> Town {
    let town = Town::acquainted();
    town.accept("buyer", "pay");
    std::fs::write(town.path("../card"), CARD).unwrap();
    town
}

/// Orders a shirt by card; returns the order's ID.
fn ordered(town: &Town) -> String {
    let file = town.path("../card");
    let wish = ["--pay", "card", "--payment-agent", "pay@demo.test", "--payment-data", file.to_str().unwrap()];
    town.orders("buyer", "SH-41", 1, &wish)
}

fn check_no_card_anywhere(town: &Town) {
    for secret in SECRETS {
        super::private::check_nowhere(&town.path(""), secret);
    }
}

#[test]
fn the_payment_agent_opens_the_card_for_its_owner_and_nobody_has_it_in_clear_p12_p23() {
    let town = town();
    let id = ordered(&town);
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let number = town.number("buyer", &id);
    town.check_stands("pay", &number, "open", [false; 3]);
    // In the form in which the buyer wrote them, in the order of their names.
    let said = town.does("pay", &["pay", "data", &number]).out;
    assert_eq!(said, "expiry = 08 / 31\nname = ONO KENJI\nnumber = 4556737586899855\n");
    let said = town.does("pay", &["pay", "data", &number, "--json"]).json();
    assert_eq!((&said["order"], &said["shop"]), (&id.as_str().into(), &"shop@demo.test".into()));
    assert_eq!(said["limit"], serde_json::json!({"amount": "4800", "currency": "JPY"}));
    assert_eq!(said["instrument"]["number"], "4556737586899855");
    // The shop has what travelled through it, and can make nothing of it but the last four digits.
    assert_eq!(town.show("shop", &id)["order"]["payment_id"], "9855");
    for party in ["shop", "ship", "buyer"] {
        let run = town.run(party, &["pay", "data", &number]);
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(!format!("{run:?}").contains("4556"), "{run:?}");
    }
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    town.does("pay", &["ledger", "reindex"]);
    assert!(town.does("pay", &["pay", "data", &number]).out.contains("4556737586899855"));
    for party in town.parties() {
        let shown = town.does(&party, &["show", &number, "--json"]).out;
        assert!(!shown.contains("4556737586899855"), "{party}");
    }
    check_no_card_anywhere(&town);
    town.check_peace();
}

#[test]
fn where_no_data_came_there_are_none_to_show_p23() {
    let town = town();
    let (_, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let run = town.run("pay", &["pay", "data", &number]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("no payment was authorised by payment data"), "{run:?}");
    town.check_peace();
}

/// A shop's own program, which writes whatever it likes; and the answers of the payment agent.
struct Dishonest<'a> {
    town: &'a Town,
    account: &'a str,
}

fn open(town: &Town, party: &str) -> Clerk {
    let settings = config::load(&town.path(party).join("config.toml"), &Environment::of_process()).unwrap();
    Clerk::open(settings, Clock::system()).unwrap()
}

fn party(town: &Town, name: &str) -> Party {
    let address = Address::parse(&format!("{name}@demo.test")).unwrap();
    Party { address, fingerprint: Fingerprint::parse(&town.fingerprint(name)).unwrap() }
}

fn jpy(amount: &str) -> Money {
    Money::parse(amount, "JPY").unwrap()
}

fn number(byte: u8) -> Number {
    Number::random([byte; 32])
}

impl Dishonest<'_> {
    fn draft(&self, number: Number, order: Option<&OrderId>, document: Document) -> Draft {
        let shop = Some(party(self.town, self.account).address);
        let names = Names { shop, number: Some(number), order: order.cloned() };
        Draft::outside(Role::Shop, party(self.town, "pay"), names, document)
    }

    /// Asks for JPY 4800 by these data; `change` makes of it what it likes.
    fn request(
        &self,
        number: Number,
        order: &OrderId,
        sealed: &str,
        change: impl FnOnce(&mut AuthorizationRequest),
    ) -> Draft {
        let buyer = party(self.town, "buyer");
        let person =
            Person { name: "小野 賢治".to_owned(), email: buyer.address.clone(), telephone: None, address: None };
        let mut request = AuthorizationRequest {
            buyer: person,
            total: jpy("4800"),
            payment_method: PaymentMethod::parse("card").unwrap(),
            payment_id: Some("9855".to_owned()),
            sealed: Some(Sealed(sealed.to_owned())),
            agents: [(Role::Buyer, buyer), (Role::Payment, party(self.town, "pay"))]
                .map(|(role, party)| Agent { role, party, certificate: None })
                .into(),
        };
        change(&mut request);
        self.draft(number, Some(order), Document::AuthorizationRequest(request))
    }

    /// Has these letters sent and answered; returns what the payment agent wrote, oldest first.
    fn says(&self, drafts: Vec<Draft>) -> Vec<String> {
        let before = self.town.texts("pay").len();
        open(self.town, self.account).post(drafts).unwrap();
        self.town.sync(&[self.account, "pay"]);
        let written = self.town.texts("pay").split_off(before).into_iter();
        let out = |text: &String| {
            let header = crate::support::accounts::fields(text.as_bytes());
            field(&header, "Mailorder-Direction") == "out" && field(&header, "Mailorder-Kind") != "receipt"
        };
        written.filter(out).collect()
    }

    /// Asks, and expects to be refused for this reason.
    fn is_refused(&self, draft: Draft, code: &str, text: &str) {
        let said = self.says(vec![draft]);
        let [answer] = &said[..] else { panic!("{text}: {said:?}") };
        assert!(answer.contains("Mailorder-Kind: authorization-result"), "{answer}");
        assert!(answer.contains(&format!("\"errorCode\": \"{code}\"")), "{answer}");
        assert!(answer.contains("FailedActionStatus") && answer.contains(text), "{answer}");
    }
}

/// Data as the buyer's program seals them, changed as a test wants it.
fn data(town: &Town, by: &str, to: &str, order: &OrderId, change: impl FnOnce(&mut PaymentData)) -> String {
    let mut data = PaymentData {
        shop: party(town, "shop").address,
        order: order.clone(),
        limit: jpy("4800"),
        method: PaymentMethod::parse("card").unwrap(),
        instrument: [("number".to_owned(), SecretString::from("4556737586899855"))].into(),
    };
    change(&mut data);
    let clerk = open(town, by);
    let to = Certificate::from_bytes(&std::fs::read(town.path(to).join("cert.asc")).unwrap()).unwrap();
    let text = data.write().unwrap();
    let now = system_time(&clerk.clock().now());
    let sealed = pgp::sealed::seal_data(text.expose_secret().as_bytes(), clerk.key().unwrap(), &to, now);
    STANDARD.encode(sealed.unwrap())
}

/// A town whose shop takes cards and does not ask for an authorisation by itself; an order with its data waits there.
/// Returns the order's ID and what was sealed.
fn with_data() -> (Town, OrderId, String) {
    let town = town();
    let agents = town.agents("pay", "ship");
    town.procedures(&[&format!("steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n{agents}")]);
    let id = ordered(&town);
    town.sync(&["shop"]);
    let sealed = town.show("shop", &id)["order"]["sealed"].as_str().unwrap().to_owned();
    (town, OrderId::parse(&id).unwrap(), sealed)
}

/// Has the shop ask once more by the data of an order, under another number; returns the payment agent's answer.
pub fn second_request(town: &Town, id: &str) -> String {
    let sealed = town.show("shop", id)["order"]["sealed"].as_str().unwrap().to_owned();
    let shop = Dishonest { town, account: "shop" };
    let said = shop.says(vec![shop.request(number(9), &OrderId::parse(id).unwrap(), &sealed, |_| {})]);
    let [answer] = &said[..] else { panic!("{said:?}") };
    answer.clone()
}

const UNUSABLE: (&str, &str) = ("authentication-error", "The payment data cannot be used.");

#[test]
fn data_that_do_not_open_or_are_not_the_buyers_are_refused_without_telling_why_p23_p24() {
    let (town, order, sealed) = with_data();
    let shop = Dishonest { town: &town, account: "shop" };
    let mut bytes = STANDARD.decode(&sealed).unwrap();
    let mut broken = Vec::new();
    for place in [3, bytes.len() / 4, bytes.len() / 2, bytes.len() - 20] {
        bytes[place] ^= 1;
        broken.push(STANDARD.encode(&bytes));
        bytes[place] ^= 1;
    }
    broken.push(STANDARD.encode(&bytes[..bytes.len() / 2]));
    // Well in base64, and nothing; sealed to another; signed by the shop.
    broken.extend(["AAAA".to_owned(), data(&town, "buyer", "ship", &order, |_| {})]);
    broken.push(data(&town, "shop", "pay", &order, |_| {}));
    for (place, sealed) in (1_u8..).zip(&broken) {
        shop.is_refused(shop.request(number(place), &order, sealed, |_| {}), UNUSABLE.0, UNUSABLE.1);
    }
    // The shop names another key as the buyer's; or no buyer.
    let other = |request: &mut AuthorizationRequest| request.agents[0].party = party(&town, "ship");
    shop.is_refused(shop.request(number(50), &order, &sealed, other), UNUSABLE.0, UNUSABLE.1);
    let nobody = |request: &mut AuthorizationRequest| request.agents.retain(|agent| agent.role != Role::Buyer);
    shop.is_refused(shop.request(number(51), &order, &sealed, nobody), UNUSABLE.0, UNUSABLE.1);
    // Without all that, the same data are good.
    let said = shop.says(vec![shop.request(number(52), &order, &sealed, |_| {})]);
    assert!(said.len() == 1 && said[0].contains("CompletedActionStatus"), "{said:?}");
    check_no_card_anywhere(&town);
}

#[test]
fn data_are_good_for_one_order_of_one_shop_and_no_more_than_the_buyer_allowed_p23_p24() {
    let (town, order, sealed) = with_data();
    let shop = Dishonest { town: &town, account: "shop" };
    let code = "instrument-not-valid";
    let ask =
        |place: u8, change: &dyn Fn(&mut AuthorizationRequest)| shop.request(number(place), &order, &sealed, change);
    shop.is_refused(ask(1, &|r| r.total = jpy("4801")), code, "above what the buyer allowed");
    let method = |r: &mut AuthorizationRequest| r.payment_method = PaymentMethod::parse("invoice").unwrap();
    shop.is_refused(ask(2, &method), code, "another way of paying");
    // For a second order of the same buyer.
    let second = OrderId::parse(&ordered(&town)).unwrap();
    town.sync(&["shop"]);
    shop.is_refused(shop.request(number(3), &second, &sealed, |_| {}), code, "another order");
    // By another shop that the payment agent works for, and that knows the buyer.
    town.join("rogue", "Rogue", &["shop"], "");
    for (one, other) in [("rogue", "pay"), ("rogue", "buyer"), ("pay", "rogue")] {
        town.accept(one, other);
    }
    town.configure("pay", |text| text.replace("\"shop@demo.test\"]", "\"shop@demo.test\", \"rogue@demo.test\"]"));
    let rogue = Dishonest { town: &town, account: "rogue" };
    rogue.is_refused(rogue.request(number(4), &order, &sealed, |_| {}), code, "another shop");
    // In another currency than the request's.
    let dollars = data(&town, "buyer", "pay", &order, |data| data.limit = Money::parse("99.00", "USD").unwrap());
    shop.is_refused(shop.request(number(5), &order, &dollars, |_| {}), code, "another currency");
    // None of this is shown to the agent's owner, nor is a refused payment collected.
    let instruct = |place: u8| {
        let Document::AuthorizationRequest(asked) = ask(place, &|_| {}).document else { unreachable!() };
        let document = Document::PaymentInstruction(PaymentInstruction {
            buyer: asked.buyer,
            amount: asked.total,
            payment_method: asked.payment_method,
            payment_id: None,
            due: None,
            terms_date: None,
            shown: Shown::default(),
            agents: asked.agents,
        });
        shop.draft(number(place), Some(&order), document).about(Some(Digest::of(b"terms")))
    };
    assert_eq!(town.run("pay", &["pay", "data", number(1).as_str()]).code, Some(65));
    let said = shop.says(vec![instruct(1)]);
    assert!(said.len() == 1 && said[0].contains("\"not-authorised\""), "{said:?}");
    // Once: of two requests that come together, under two numbers, one is authorised; a third, later, is not.
    let said = shop.says(vec![ask(6, &|_| {}), ask(7, &|_| {})]);
    let states: Vec<bool> = said.iter().map(|text| text.contains("CompletedActionStatus")).collect();
    assert_eq!((states.len(), states.iter().filter(|done| **done).count()), (2, 1), "{said:?}");
    assert!(said.iter().any(|text| text.contains("were used before")), "{said:?}");
    shop.is_refused(ask(8, &|_| {}), code, "were used before");
    shop.is_refused(ask(6, &|r| r.total = jpy("10")), code, "were used before");
    let shown = [6, 7].map(|place| town.run("pay", &["pay", "data", number(place).as_str()]).code);
    assert!(shown == [Some(0), Some(65)] || shown == [Some(65), Some(0)], "{shown:?}");
    // The other order's own data are as good as ever.
    let sealed = town.show("shop", second.as_str())["order"]["sealed"].as_str().unwrap().to_owned();
    let said = shop.says(vec![shop.request(number(9), &second, &sealed, |_| {})]);
    assert!(said.len() == 1 && said[0].contains("CompletedActionStatus"), "{said:?}");
    check_no_card_anywhere(&town);
}
