//! Four accounts with keys, ledgers and Maildirs, driven inside this process by a played clock. The post between them
//! is ours: mails can be lost, doubled, swapped and kept back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mailorder::clerk::{self, Clerk, TakenIn, Written};
use mailorder::clock::{Clock, system_time};
use mailorder::config::{self, Environment};
use mailorder::mail::{self, Language, Texts};
use mailorder::outbox::Outbox;
use mailorder::pgp::{self, Certificate, OwnKey, mime};
use mailorder::role::{Action, Desk, Draft, Refused, buyer};
use mailorder::trade::{Key, Letter, Moment, Order, OrderId, Party, PostalAddress, Role, Transaction};

use super::trade::{at, charge, home, jpy, lines};

/// The accounts, by their places in [`World::clerks`].
pub const BUYER: usize = 0;
pub const SHOP: usize = 1;
pub const BANK: usize = 2;
pub const COURIER: usize = 3;

const NAMES: [&str; 4] = ["buyer", "shop", "bank", "courier"];

/// A mail on its way.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Whose mailbox it is for.
    pub to: usize,
    pub bytes: Vec<u8>,
}

/// Four accounts at work.
pub struct World {
    pub clerks: Vec<Clerk>,
    outboxes: Vec<Outbox>,
    pub clock: Clock,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

fn common(name: &str, role: &str) -> String {
    format!(
        "address = \"{name}@{name}.example\"\nname = \"{name}\"\nroles = [\"{role}\"]\n[storage]\nfolder = \".\"\n\
         [inbox]\nmaildir = \"mail\"\n[outbox]\nmaildir = \"../post/{{to}}\"\n"
    )
}

fn buyer_config() -> String {
    common("buyer", "buyer")
        + "[buyer]\ndeliver_to = { name = \"Ono Kenji\", locality = \"Tokyo\", country = \"JP\" }\n"
}

/// How the agents work unless a test says otherwise.
const BY_BANK: &str = "debit_days = 5";
const BY_COURIER: &str = "transit_days = 2";

fn agent_config(name: &str, role: &str, how: &str) -> String {
    let limits = if role == "payment" { "authorize_limits = [\"JPY 100000\"]\n" } else { "" };
    let more = format!("{limits}{how}");
    common(name, role) + &format!("[{role}]\nshops = [\"shop@shop.example\"]\n{more}\n")
}

/// The shop sells the articles of [`lines`] by these steps.
fn shop_config(steps: &str, bank: &Party, courier: &Party) -> String {
    let articles = lines().into_iter().map(|line| {
        let sku = line.item.sku.unwrap_or_default();
        format!("[[shop.article]]\nsku = \"{sku}\"\nname = \"{}\"\nprice = \"{}\"\n", line.item.name, line.unit_price)
    });
    let articles: String = articles.collect();
    let agent =
        |party: &Party| format!("{{ address = \"{}\", fingerprint = \"{}\" }}", party.address, party.fingerprint);
    common("shop", "shop")
        + &format!(
            "[trust]\npolicy = \"first-use\"\n[shop]\nreturn_days = 30\n{articles}[[shop.procedure]]\nsteps = {steps}\n\
             payment_agent = {}\ndelivery_agent = {}\ncharge = {{ name = \"{}\", price = \"{}\" }}\npayment_days = 30\n\
             dispatch_days = 3\narrival_days = 7\n",
            agent(bank),
            agent(courier),
            charge().name,
            charge().price
        )
}

impl World {
    /// Makes the accounts; the shop works by these steps (a TOML array), and meets the buyer at first contact.
    pub fn new(steps: &str) -> Self {
        Self::with_agents(steps, BY_BANK, BY_COURIER)
    }

    /// The same, where bank and courier have these lines in their tables.
    pub fn with_agents(steps: &str, bank: &str, courier: &str) -> Self {
        Self::by_clock(Clock::played(at("2026-07-10T09:00:00Z")), steps, [bank, courier])
    }

    /// The same as [`World::new`], where everybody reckons in this zone.
    pub fn within(steps: &str, zone: jiff::tz::TimeZone) -> Self {
        Self::by_clock(Clock::played(at("2026-07-10T09:00:00Z")).within(zone), steps, [BY_BANK, BY_COURIER])
    }

    fn by_clock(clock: Clock, steps: &str, [bank, courier]: [&str; 2]) -> Self {
        let folder = super::accounts::scratch();
        std::fs::create_dir(folder.path().join("post")).unwrap();
        let mut clerks = Vec::new();
        let mut outboxes = Vec::new();
        let make = |name: &str, text: String| account(folder.path(), name, &text, &clock);
        let bank = make("bank", agent_config("bank", "payment", bank));
        let courier = make("courier", agent_config("courier", "delivery", courier));
        let shop = make("shop", shop_config(steps, bank.me(), courier.me()));
        for clerk in [make("buyer", buyer_config()), shop, bank, courier] {
            outboxes.push(clerk::outbox(clerk.settings()).unwrap().unwrap());
            clerks.push(clerk);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut world = Self { clerks, outboxes, clock, folder, runtime };
        for (one, other) in [(BUYER, SHOP), (SHOP, BANK), (SHOP, COURIER), (BANK, SHOP), (COURIER, SHOP)] {
            world.accept(one, other);
        }
        world
    }

    /// Adds lines to the configuration of an account, and opens it anew.
    pub fn configure(&mut self, at: usize, more: &str) {
        let file = self.clerks[at].settings().folders.config.clone();
        let text = std::fs::read_to_string(&file).unwrap() + more;
        std::fs::write(&file, text).unwrap();
        let settings = config::load(&file, &Environment::of_process()).unwrap();
        self.clerks[at] = Clerk::open(settings, self.clock.clone()).unwrap();
    }

    /// Has the shop's procedure say nothing of when is to be paid.
    pub fn without_payment_days(&mut self) {
        let file = self.clerks[SHOP].settings().folders.config.clone();
        let text = std::fs::read_to_string(&file).unwrap().replace("payment_days = 30\n", "");
        std::fs::write(&file, text).unwrap();
        self.configure(SHOP, "");
    }

    /// Adds an account that knows the shop; returns its place.
    pub fn join(&mut self, name: &str) -> usize {
        let text = buyer_config().replace("buyer@buyer.example", &format!("{name}@{name}.example"));
        let clerk = account(self.folder.path(), name, &text, &self.clock);
        self.outboxes.push(clerk::outbox(clerk.settings()).unwrap().unwrap());
        self.clerks.push(clerk);
        let place = self.clerks.len() - 1;
        self.accept(place, SHOP);
        place
    }

    /// Has one accept the other's certificate.
    pub fn accept(&mut self, one: usize, other: usize) {
        let certificate = self.certificate(other);
        let address = self.clerks[other].me().address.clone();
        self.clerks[one].remember(certificate.to_armored().as_ref()).unwrap();
        self.clerks[one].accept(&certificate, &address, false).unwrap();
    }

    pub fn certificate(&self, at: usize) -> Certificate {
        self.clerks[at].key().unwrap().certificate().clone()
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn pass_hours(&self, hours: i64) {
        self.clock.set(self.now().plus_seconds(hours * 3600));
    }

    /// Gives mails to one account and lets it judge them.
    pub fn deliver(&mut self, to: usize, mails: &[Vec<u8>]) -> TakenIn {
        self.clerks[to].spool(mails).unwrap();
        self.clerks[to].take_in().unwrap()
    }

    /// Has one account send what is due, and takes the mails out of the post.
    pub fn send(&mut self, from: usize) -> Vec<Mail> {
        let day = Duration::from_secs(86_400);
        self.runtime.block_on(self.clerks[from].flush(&mut self.outboxes[from], day)).unwrap();
        let mut mails = Vec::new();
        for to in 0..self.clerks.len() {
            let address = self.clerks[to].me().address.to_string();
            for file in super::accounts::files(&self.folder.path().join("post").join(address).join("new")) {
                mails.push(Mail { to, bytes: std::fs::read(&file).unwrap() });
                std::fs::remove_file(&file).unwrap();
            }
        }
        mails
    }

    /// Lets everybody read and write until nobody has anything to say.
    pub fn settle(&mut self) {
        for _ in 0..30 {
            let mut moved = 0;
            for at in 0..self.clerks.len() {
                for mail in self.send(at) {
                    moved += 1;
                    self.deliver(mail.to, &[mail.bytes]);
                }
            }
            if moved == 0 {
                return;
            }
        }
        panic!("letters answer each other for ever");
    }

    /// Does what time brings at every account.
    pub fn tend(&mut self) {
        for clerk in &mut self.clerks {
            clerk.tend().unwrap();
        }
    }

    /// Has the buyer order and accept the terms, and brings all of it to everybody; returns the order's ID.
    pub fn accepted_order(&mut self) -> OrderId {
        let id = self.order(BUYER, |_| {});
        self.settle();
        self.buyer_confirms(&id);
        id
    }

    /// Has the buyer accept the terms, and brings all of it to everybody.
    pub fn buyer_confirms(&mut self, id: &OrderId) {
        let key = self.key(Role::Buyer, id);
        self.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
        self.settle();
    }

    /// Writes an order for three shirts and a tie; returns its ID.
    pub fn order(&mut self, from: usize, change: impl FnOnce(&mut Order)) -> OrderId {
        let mut entropy = [0; 26];
        getrandom::fill(&mut entropy).unwrap();
        let id = OrderId::from_bytes(entropy);
        let me = self.clerks[from].me().clone();
        let person = super::trade::person(&me);
        let mut order = Order {
            buyer: person,
            deliver_to: Some(PostalAddress { country: Some("JP".to_owned()), ..home() }),
            total: jpy(4800),
            ..super::trade::order()
        };
        change(&mut order);
        let draft = buyer::order(order, id.clone(), self.clerks[SHOP].me().clone());
        self.clerks[from].post(vec![draft]).unwrap();
        id
    }

    /// Lets a person decide about a transaction.
    pub fn decide(
        &mut self,
        at: usize,
        key: &Key,
        decide: impl FnOnce(&Transaction, &Desk<'_>) -> Result<Vec<Action>, Refused>,
    ) -> Vec<Written> {
        self.clerks[at].command(key, decide).unwrap()
    }

    /// Has the buyer write one letter about his order.
    pub fn buyer_writes(&mut self, at: usize, id: &OrderId, draft: impl FnOnce(&Transaction) -> Draft) {
        let key = self.key(Role::Buyer, id);
        self.decide(at, &key, |known, _| Ok(vec![draft(known).into()]));
    }

    pub fn key(&self, role: Role, id: &OrderId) -> Key {
        Key { role, shop: self.clerks[SHOP].me().address.clone(), id: id.clone() }
    }

    /// Returns a transaction as one account has it.
    pub fn transaction(&mut self, at: usize, role: Role, id: &OrderId) -> Transaction {
        let key = self.key(role, id);
        self.clerks[at].catch_up().unwrap();
        self.clerks[at].index().load_key(&key).unwrap().unwrap_or_else(|| panic!("{} has no {id}", NAMES[at]))
    }

    /// Returns the kinds of all entries of an account, in their order.
    pub fn entries(&mut self, at: usize) -> Vec<(String, String)> {
        self.clerks[at].catch_up().unwrap();
        let index = self.clerks[at].index();
        let rows = (0..).map_while(|position| index.entry(position).unwrap());
        rows.map(|row| (row.direction, row.kind)).collect()
    }

    /// Opens an account again, as its files are now.
    pub fn reopen(&mut self, at: usize) {
        let settings = self.clerks[at].settings().clone();
        self.clerks[at] = Clerk::open(settings, self.clock.clone()).unwrap();
    }

    pub fn folder(&self, at: usize) -> PathBuf {
        self.clerks[at].settings().folders.config.parent().unwrap().to_owned()
    }
}

fn account(folder: &Path, name: &str, text: &str, clock: &Clock) -> Clerk {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("config.toml");
    std::fs::write(&file, text).unwrap();
    let settings = config::load(&file, &Environment::of_process()).unwrap();
    clerk::create(&settings, clock).unwrap();
    Clerk::open(settings, clock.clone()).unwrap()
}

/// Seals a letter as somebody with any key may: its `from` names that key, its `to` the reader's.
pub fn sealed(letter: &Letter, key: &OwnKey, reader: &Certificate, now: &Moment) -> Vec<u8> {
    let texts = Texts::load(Language::En, None).unwrap();
    sealed_bytes(&mail::write(letter, &texts).unwrap(), letter, key, reader, now)
}

/// Seals any content.
pub fn sealed_bytes(signed: &[u8], outside: &Letter, key: &OwnKey, reader: &Certificate, now: &Moment) -> Vec<u8> {
    let time = system_time(now);
    let signature = pgp::sign(key, signed, reader.fingerprint(), time).unwrap();
    let armored = pgp::seal(signed, &signature, key.certificate(), reader, time).unwrap();
    let date = outside.date.rfc5322();
    let headers = mime::OuterHeaders {
        from: &outside.from.address,
        to: &outside.to.address,
        date: &date,
        message_id: &outside.id,
        subject: "[...]",
        auto_submitted: None,
        autocrypt: None,
    };
    mime::wrap(&headers, "sealed", &armored).unwrap()
}
