//! Towns without a past: accounts made by `init`, as many as a test wants, and what they say of a transaction.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};
use std::sync::OnceLock;

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use mailorder::role::Draft;
use mailorder::trade::status::{PaymentState, PaymentStatus};
use mailorder::trade::{Address, Document, Kind, Letter, MessageId, Money, Party, Role, StatusReason};
use serde_json::Value;

use super::accounts::{Fields, field, fields, files};
use super::program::{Run, Town, letters};
use super::stands;

/// What the buyer's configuration has beside what `init` writes.
pub const BUYER: &str = r#"
[buyer]
telephone = "+81-3-1234-5678"
deliver_to = { name = "小野 賢治", street = "千代田1-1-1", locality = "千代田区", region = "東京都", postal_code = "100-0001", country = "JP" }
"#;

/// What the shop sells.
const SHOP: &str = r#"conditions = "Return within 14 days of arrival, unused"
return_days = 14

[[shop.article]]
sku = "SH-41"
name = "シャツ 白 41"
price = "JPY 4300"

[[shop.article]]
sku = "TEA-200"
name = "煎茶 200g"
price = "JPY 1800"

[[shop.article]]
sku = "KETTLE"
name = "Iron kettle"
price = "JPY 36000"

[trust]
policy = "first-use"

"#;

impl Town {
    /// Four accounts that have met as in the demonstration, and have done nothing yet. Made once; each later town is a
    /// copy.
    pub fn fresh() -> Self {
        static FIRST: OnceLock<Town> = OnceLock::new();
        FIRST.get_or_init(Self::found).copied()
    }

    /// The same, where the shop has accepted the buyer's key, too: it has his payments authorised before the terms.
    pub fn acquainted() -> Self {
        let town = Self::fresh();
        town.accept("shop", "buyer");
        town
    }

    fn found() -> Self {
        let town = Self::empty();
        town.join("buyer", "小野 賢治", &["buyer"], BUYER);
        let agent = "shops = [\"shop@demo.test\"]\n";
        let limits = "authorize_limits = [\"JPY 100000\"]\ndebit_days = 12\n";
        town.join("pay", "Example Card Bank", &["payment"], &format!("[payment]\n{agent}{limits}"));
        town.join("ship", "Example Parcel", &["delivery"], &format!("[delivery]\n{agent}transit_days = 3\n"));
        town.join("shop", "日立物産", &["shop"], SHOP);
        for (one, other) in [("shop", "pay"), ("pay", "shop"), ("shop", "ship"), ("ship", "shop"), ("buyer", "shop")] {
            town.accept(one, other);
        }
        let agents = town.agents("pay", "ship");
        town.procedures(&[
            &format!(
                "payment = \"card\"\nsteps = [\"authorize\", \"terms\", \"confirmation\", \"payment\", \"delivery\"]\n{agents}"
            ),
            &format!("steps = [\"terms\", \"confirmation\", \"delivery\", \"payment\"]\n{agents}"),
        ]);
        town
    }

    /// Makes an account `NAME@demo.test` in a folder of that name; `more` follows in its configuration.
    pub fn join(&self, name: &str, owner: &str, roles: &[&str], more: &str) {
        let (address, folder) = (format!("{name}@demo.test"), self.path(name));
        fs::create_dir_all(&folder).unwrap();
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(self.path(&format!("mail/{address}/{part}"))).unwrap();
        }
        // Typed in the folder above the town; the configuration has them as they lie beside it.
        let (here, inbox) = (format!("play/{name}"), format!("play/mail/{address}"));
        let mut args = vec!["init", "--address", &address, "--name", owner, "--folder", &here, "--inbox", &inbox];
        args.extend(["--outbox", "play/mail/{to}"]);
        args.extend(roles.iter().flat_map(|role| ["--role", *role]));
        self.does(name, &args);
        self.configure(name, |text| format!("{text}{more}"));
        fs::write(folder.join("cert.asc"), self.does(name, &["key", "export"]).out).unwrap();
    }

    /// Lets one account take the certificate of another from its file and accept it.
    pub fn accept(&self, one: &str, other: &str) {
        let file = self.path(other).join("cert.asc");
        self.does(one, &["key", "import", file.to_str().unwrap()]);
        self.does(one, &["key", "accept", &format!("{other}@demo.test"), "--yes"]);
    }

    /// Changes a party's configuration.
    pub fn configure(&self, party: &str, change: impl Fn(&str) -> String) {
        let file = self.path(party).join("config.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, change(&text)).unwrap();
    }

    /// Gives the shop these procedures instead of those it has.
    pub fn procedures(&self, procedures: &[&str]) {
        let written: String = procedures.iter().map(|one| format!("[[shop.procedure]]\n{one}\n")).collect();
        self.configure("shop", |text| {
            let before = text.split_once("[[shop.procedure]]").map_or(text, |(before, _)| before);
            format!("{before}{written}")
        });
        self.does("shop", &["config", "check"]);
    }

    /// Returns the lines of a procedure that name its agents, and what else the demonstration's have.
    pub fn agents(&self, payment: &str, delivery: &str) -> String {
        self.agents_shown(payment, "", delivery, "")
    }

    /// The same, where each is shown this: words in quotation marks with commas between.
    pub fn agents_shown(&self, payment: &str, to_payment: &str, delivery: &str, to_delivery: &str) -> String {
        let agent = |leg: &str, name: &str, shows: &str| {
            let fingerprint = self.fingerprint(name);
            format!(
                "{leg}_agent = {{ address = \"{name}@demo.test\", fingerprint = \"{fingerprint}\", shows = [{shows}] }}\n"
            )
        };
        let rest = "charge = { name = \"Parcel delivery\", price = \"JPY 500\" }\n";
        format!("{}{}{rest}", agent("payment", payment, to_payment), agent("delivery", delivery, to_delivery))
    }

    /// Returns the fingerprint of a party's key.
    pub fn fingerprint(&self, party: &str) -> String {
        let keys = self.does(party, &["key", "list", "--json"]).json();
        keys["own"]["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Lets these fetch, judge and send, in this order.
    pub fn sync(&self, parties: &[&str]) {
        for party in parties {
            self.does(party, &["sync"]);
        }
    }

    /// Orders so many pieces of one article; returns the order's ID.
    pub fn orders(&self, buyer: &str, article: &str, quantity: u32, more: &[&str]) -> String {
        let item = match article {
            "SH-41" => format!("SH-41;シャツ 白 41;JPY 4300;{quantity}"),
            "TEA-200" => format!("TEA-200;煎茶 200g;JPY 1800;{quantity}"),
            _ => format!("KETTLE;Iron kettle;JPY 36000;{quantity}"),
        };
        let wish =
            ["order", "--json", "--shop", "shop@demo.test", "--item", &item, "--charge", "Parcel delivery;JPY 500"];
        let made = self.does(buyer, &[&wish[..], more].concat()).json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// Orders and says OK to the terms; returns ID and number once all have begun.
    pub fn bought(&self, article: &str, quantity: u32, more: &[&str]) -> (String, String) {
        let id = self.orders("buyer", article, quantity, more);
        self.settle();
        let number = self.number("buyer", &id);
        self.does("buyer", &["confirm", &id]);
        self.settle();
        (id, number)
    }

    /// Lets each report of its own part, `shop` by `shop notify` and so on, and brings all of it to everybody.
    pub fn reports(&self, number: &str, reports: &[(&str, &str)]) {
        for (party, report) in reports {
            self.does(party, &[party, "notify", number, report]);
        }
        self.settle();
    }

    /// Returns the number of a transaction.
    pub fn number(&self, party: &str, name: &str) -> String {
        self.show(party, name)["number"].as_str().unwrap().to_owned()
    }

    /// Returns the list of a party.
    pub fn lists(&self, party: &str, args: &[&str]) -> Vec<Value> {
        let run = self.does(party, &[&["list", "--json"][..], args].concat());
        run.json()["transactions"].as_array().unwrap().clone()
    }

    /// Returns the header fields of a party's entries.
    pub fn entries(&self, party: &str) -> Vec<Fields> {
        self.texts(party).iter().map(|text| fields(text.as_bytes())).collect()
    }

    /// Returns the files of a party's entries, in their order.
    pub fn texts(&self, party: &str) -> Vec<String> {
        let ledger = self.path(party).join("ledger");
        let log = fs::read_to_string(ledger.join("log")).unwrap();
        let read = |line: &str| fs::read(ledger.join(format!("cur/{}:2,S", line.rsplit(' ').next().unwrap()))).unwrap();
        log.lines().map(|line| String::from_utf8(read(line)).unwrap()).collect()
    }

    /// Returns the newest entry of a party with a letter of this kind and direction.
    pub fn letter(&self, party: &str, direction: &str, kind: &str) -> String {
        let is = |text: &&String| {
            let header = fields(text.as_bytes());
            field(&header, "Mailorder-Direction") == direction && field(&header, "Mailorder-Kind") == kind
        };
        let texts = self.texts(party);
        texts.iter().rev().find(is).unwrap_or_else(|| panic!("{party}: no {kind} {direction}")).clone()
    }

    /// Lets the payment agent write a status of an order that has this sum open, whatever was agreed on, and send it.
    pub fn misbills(&self, id: &str, yen: u32) {
        let status = PaymentStatus {
            state: PaymentState::Due,
            remaining: Money::parse(&yen.to_string(), "JPY").unwrap(),
            due: None,
            scheduled: None,
            confirmation: None,
            payment_id: None,
            payments: Vec::new(),
        };
        self.states("pay", id, Document::PaymentStatus(status));
    }

    /// Lets a shop or an agent write a status of an order to the buyer, whatever it says, and send it.
    pub fn states(&self, agent: &str, id: &str, status: Document) {
        let open = |party: &str| {
            let file = self.path(party).join("config.toml");
            Clerk::open(config::load(&file, &Environment::of_process()).unwrap(), Clock::system()).unwrap()
        };
        let role = match agent {
            "pay" => Role::Payment,
            "ship" => Role::Delivery,
            _ => Role::Shop,
        };
        let number = self.number("buyer", id);
        let reader = open("buyer").me().clone();
        let mut clerk = open(agent);
        let mut orders = clerk.index().load_all(Some(role)).unwrap().into_iter();
        // An agent knows its orders by their numbers alone.
        let known = orders.find(|known| known.number.as_ref().is_some_and(|one| one.as_str() == number)).unwrap();
        let instructed =
            [Kind::PaymentInstruction, Kind::DeliveryInstruction].into_iter().flat_map(|kind| known.received(kind));
        let terms = instructed.map(|instruction| instruction.letter.terms).next();
        let terms = terms.unwrap_or_else(|| known.terms().map(|(terms, _)| terms.content));
        let done = matches!(&status, Document::OrderStatus(status) if status.shipments.iter().all(|one| one.step.done().is_some()));
        let draft = Draft::new(&known, reader, status).about(terms);
        clerk.post(vec![draft.status(Clock::system().now(), done)]).unwrap();
        drop(clerk);
        self.sync(&[agent]);
    }

    /// Lays a request about the shop's leg of an order into the shop's mailbox: signed by the buyer's key, from another
    /// address than the one that goes with it.
    pub fn asks_from(&self, address: &str, id: &str) {
        let open = |party: &str| {
            let file = self.path(party).join("config.toml");
            Clerk::open(config::load(&file, &Environment::of_process()).unwrap(), Clock::system()).unwrap()
        };
        let (buyer, shop) = (open("buyer"), open("shop"));
        let mut orders = buyer.index().load_all(Some(Role::Buyer)).unwrap().into_iter();
        let known = orders.find(|known| known.key.id.as_str() == id).unwrap();
        let earlier = known.sent(Kind::StatusRequest).last().unwrap().letter.clone();
        let from = Party { address: Address::parse(address).unwrap(), ..buyer.me().clone() };
        let now = Clock::system().now();
        let id = MessageId::parse("other@mailorder.invalid").unwrap();
        let seq = earlier.seq.map(|seq| seq + 1);
        let asked = Letter { from, id, date: now, seq, ..(*earlier).clone() };
        let reader = shop.key().unwrap().certificate().clone();
        let mail = super::world::sealed(&asked, buyer.key().unwrap(), &reader, &now);
        fs::write(self.path("mail/shop@demo.test/new/1700000009.M1.here"), mail).unwrap();
    }

    /// Has a party's mail at a server that cannot be reached: nothing listens there.
    pub fn cuts_off(&self, party: &str) {
        let config = self.path(party).join("config.toml");
        fs::copy(&config, config.with_extension("away")).unwrap();
        let server = "[inbox.imap]\nhost = \"127.0.0.1\"\nport = 9\npassword_command = [\"echo\", \"x\"]\n";
        self.configure(party, |text| {
            let (before, inbox) = text.split_once("[inbox]\n").unwrap();
            let (_, after) = inbox.split_once('\n').unwrap();
            assert!(inbox.starts_with("maildir = "), "{inbox}");
            format!("{before}[inbox]\n{after}\n{server}")
        });
    }

    /// Has the mail where it was.
    pub fn connects(&self, party: &str) {
        let config = self.path(party).join("config.toml");
        fs::rename(config.with_extension("away"), config).unwrap();
    }

    /// Returns what lies in a party's mailbox and was not fetched yet.
    pub fn post(&self, party: &str) -> Vec<std::path::PathBuf> {
        files(&self.path(&format!("mail/{party}@demo.test/new")))
    }

    /// Checks what a party has of a transaction: its state, what is shipped, delivered and paid, and that `show`, `list`
    /// and `status` say the same.
    pub fn check_stands(&self, party: &str, name: &str, state: &str, done: [bool; 3]) {
        stands::check(party, |args| self.does(party, args).json(), name, state, done);
    }

    /// Checks which letters of a transaction a party has, in their order: `out order shop`, `in order-status shop`.
    pub fn check_letters(&self, party: &str, name: &str, expected: &[&str]) {
        assert_eq!(stands::letters(|args| self.does(party, args).json(), name), expected, "{party}");
    }

    /// Checks that each reason for which an order, a line of it or goods were not taken has a code of Peppol's list; returns
    /// the codes that were written, each once.
    pub fn check_reasons(&self) -> Vec<&'static str> {
        let mut codes = BTreeSet::new();
        let ledgers = self.parties().into_iter().map(|party| self.path(&party).join("ledger/cur"));
        for file in ledgers.filter(|folder| folder.is_dir()).flat_map(|folder| files(&folder)) {
            let entry = fs::read(file).unwrap();
            let kind = field(&fields(&entry), "Mailorder-Kind").to_owned();
            if ["order-rejection", "return-request", "return-answer", "transaction-info"].contains(&kind.as_str()) {
                let text = String::from_utf8_lossy(&entry);
                let found = text.split("\"mo:reason\": \"").skip(1).map(|rest| rest.split('"').next().unwrap());
                codes.extend(found.map(str::to_owned));
            }
        }
        let known = StatusReason::ALL.map(StatusReason::code);
        let is = |code: &String| known.iter().find(|one| *one == code).copied();
        let listed = codes.iter().map(|code| is(code).unwrap_or_else(|| panic!("{code} is not on the list")));
        listed.collect()
    }

    /// Checks that nobody has a warning, that every ledger is as it was written, and that reasons are of the list.
    pub fn check_peace(&self) {
        self.check_reasons();
        for party in self.parties() {
            stands::check_peace(&party, |args| self.does(&party, args).json());
        }
    }

    /// Returns how many letters of a kind a party has of a transaction.
    pub fn count(&self, party: &str, name: &str, direction: &str, kind: &str) -> usize {
        letters(&self.show(party, name), direction, kind).len()
    }

    /// Has the buyer wait for a parcel that is paid, shipped and promised for tomorrow, and asked about in turn when it is
    /// late; returns the order's ID.
    pub fn awaits_parcel(&self) -> String {
        self.configure("shop", |text| text.replace("steps = ", "arrival_days = 1\nsteps = "));
        let (id, number) = self.bought("SH-41", 1, &["--pay", "card"]);
        for report in [("shop", "--shipped"), ("pay", "--paid")] {
            self.reports(&number, &[report]);
        }
        let tomorrow = Clock::system().now().plus_seconds(86_400).day().to_string();
        self.does("ship", &["ship", "notify", &number, "--planned", &tomorrow]);
        self.settle();
        self.does("buyer", &["schedule", "add", "--preset", "late"]);
        id
    }

    /// Runs the program in another time zone.
    pub fn within(&self, zone: &str, party: &str, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.arg("-c").arg(self.path(party).join("config.toml")).args(args).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.path("")).env("TZ", zone).output().unwrap().into()
    }

    /// Runs the program with its clock moved, as `faketime` reads it: `+30d`.
    pub fn at(&self, moved: &str, party: &str, args: &[&str]) -> Run {
        self.at_within(moved, "", party, args)
    }

    /// The same in another time zone.
    pub fn at_within(&self, moved: &str, zone: &str, party: &str, args: &[&str]) -> Run {
        let command = || {
            let mut command = Command::new("faketime");
            command.args(["-f", moved, env!("CARGO_BIN_EXE_mailorder"), "-c"]);
            command.arg(self.path(party).join("config.toml")).args(args).env_clear();
            // Deadlines and the dates of files stay those of the system.
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
            command.env("PATH", "/usr/bin:/bin").env("HOME", self.path(""));
            if !zone.is_empty() {
                command.env("TZ", zone);
            }
            command
        };
        ended(command).into()
    }
}

/// Runs a command to its end. `faketime` leaves a semaphore behind where it is killed, named by its process; a later one of the same
/// number cannot begin, and is begun again under another.
pub fn ended(command: impl Fn() -> Command) -> Output {
    loop {
        let output = command().output().unwrap();
        if !output.stderr.starts_with(b"faketime: sem_open: File exists") {
            return output;
        }
    }
}
