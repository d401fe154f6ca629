//! Four parties at a real Postfix and a real Dovecot: an account each, made by the built program, and nothing shared but
//! the mail between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::account::Account;
use super::witness::files;
use crate::support::servers::require;

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The four parties.
pub struct Parties {
    pub buyer: Account,
    pub shop: Account,
    pub pay: Account,
    pub ship: Account,
}

/// One shirt, as an order names it.
pub const SHIRT: &str = "SH-41;シャツ 白 41;JPY 4300;1";

/// Who buys, as the configuration has it.
pub const BUYER: &str = r#"
[buyer]
telephone = "+81-3-1234-5678"
deliver_to = { name = "小野 賢治", street = "千代田1-1-1", locality = "千代田区", region = "東京都", postal_code = "100-0001", country = "JP" }
"#;

impl Parties {
    /// Makes the four accounts with addresses in `domain`; agents and shop, shop and buyer have met.
    pub fn make(domain: &str) -> Self {
        let servers = require();
        let folder = servers.dir.join(domain);
        let account = |mailbox: &str, role: &str, name: &str, more: &str| {
            Account::make(servers, &folder, &format!("{mailbox}@{domain}"), &[role], name, more)
        };
        let collects = format!("[payment]\nshops = [\"shop@{domain}\"]\nauthorize_limits = [\"JPY 100000\"]\n");
        let carries = format!("[delivery]\nshops = [\"shop@{domain}\"]\n");
        // Beside each other: a new mailbox takes a second.
        let (buyer, pay, ship) = std::thread::scope(|scope| {
            let pay = scope.spawn(|| account("pay", "payment", "Example Card Bank", &collects));
            let ship = scope.spawn(|| account("ship", "delivery", "Example Parcel", &carries));
            (account("buyer", "buyer", "小野 賢治", BUYER), pay.join().unwrap(), ship.join().unwrap())
        });
        let shop = account("shop", "shop", "日立物産", &selling(&pay, &ship));
        for (one, other) in
            [(&shop, &pay), (&pay, &shop), (&shop, &ship), (&ship, &shop), (&buyer, &shop), (&shop, &buyer)]
        {
            one.accept(other);
        }
        Self { buyer, shop, pay, ship }
    }

    pub fn all(&self) -> [&Account; 4] {
        [&self.buyer, &self.shop, &self.pay, &self.ship]
    }

    /// Orders one article to come by parcel, and pays like this; returns the order's ID.
    pub fn orders(&self, item: &str, pay: &str) -> String {
        self.orders_by(item, pay, "parcel")
    }

    /// Orders one article to be paid and to come like this; returns the order's ID.
    pub fn orders_by(&self, item: &str, pay: &str, deliver: &str) -> String {
        let mut wish = vec!["--json", "order", "--shop", &self.shop.address, "--item", item];
        wish.extend(["--pay", pay, "--deliver", deliver]);
        if deliver == "parcel" {
            wish.extend(["--charge", "Parcel delivery;JPY 500"]);
        }
        self.buyer.json(&wish)["id"].as_str().unwrap().to_owned()
    }

    /// Says OK to an offer; returns the transaction's number once all who work for the buyer may begin.
    pub fn accepts(&self, id: &str) -> String {
        self.sync_until("terms", || self.is(id, "offered"));
        let number = self.number(id);
        self.buyer.run(&["confirm", id]);
        self.sync_until("instructions", || self.instructed(&number));
        number
    }

    /// Orders as `orders_by` does, and accepts; returns the order's ID and the transaction's number.
    pub fn buys(&self, item: &str, pay: &str, deliver: &str) -> (String, String) {
        let id = self.orders_by(item, pay, deliver);
        let number = self.accepts(&id);
        (id, number)
    }

    /// Lets the post run until buyer and shop both see a leg of a transaction as done.
    pub fn sync_until_done(&self, leg: &str, number: &str) {
        self.sync_until(leg, || [&self.buyer, &self.shop].iter().all(|one| one.listed(number)[leg]["done"] == true));
    }

    /// Checks that buyer and shop have a transaction in the same state, with the same legs done.
    pub fn check_both(&self, number: &str, state: &str, done: [bool; 3]) {
        [&self.buyer, &self.shop].iter().for_each(|one| one.check_stands(number, state, done));
    }

    /// Lets the post come to rest; checks that nobody has a warning and that every ledger is as it was written.
    pub fn check_peace(&self) {
        self.settle();
        self.all().iter().for_each(|one| one.check_peace());
    }

    /// Returns the number the shop gave to an order.
    pub fn number(&self, id: &str) -> String {
        self.buyer.listed(id)["number"].as_str().unwrap().to_owned()
    }

    /// Returns whether the buyer has an order in this state.
    pub fn is(&self, id: &str, state: &str) -> bool {
        self.buyer.listed(id)["state"] == state
    }

    /// Returns whether all three who work for the buyer know the transaction and may begin.
    pub fn instructed(&self, number: &str) -> bool {
        [&self.shop, &self.pay, &self.ship].iter().all(|party| party.listed(number)["state"] == "open")
    }

    /// Lets the post run by `sync` until `reached`.
    pub fn sync_until(&self, what: &str, mut reached: impl FnMut() -> bool) {
        until(what, || {
            // Each is a program of its own.
            std::thread::scope(|scope| {
                self.all().into_iter().for_each(|party| drop(scope.spawn(move || party.sync())));
            });
            reached()
        });
    }

    /// Lets the post run until nobody's ledger has grown for some rounds.
    pub fn settle(&self) {
        let (mut before, mut quiet) = ([0; 4], 0);
        self.sync_until("quiet", || {
            let now = self.all().map(Account::entries);
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            quiet >= 3
        });
    }
}

/// What the shop sells, and how.
fn selling(pay: &Account, ship: &Account) -> String {
    let agent = |leg: &str, account: &Account| {
        format!("{leg}_agent = {{ address = \"{}\", fingerprint = \"{}\" }}\n", account.address, account.fingerprint)
    };
    let agents = agent("payment", pay) + &agent("delivery", ship);
    format!(
        r#"conditions = "Return within 14 days of arrival, unused"
return_days = 14

[trust]
policy = "first-use"

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

[[shop.article]]
sku = "BOOK"
name = "Book of tea"
price = "JPY 1200"

[[shop.procedure]]
delivery = "download"
steps = ["terms", "confirmation", "payment", "delivery"]
{agents}
[[shop.procedure]]
delivery = "pickup"
steps = ["terms", "confirmation", "payment", "delivery"]
{agents}
[[shop.procedure]]
payment = "card"
steps = ["authorize", "terms", "confirmation", "payment", "delivery"]
{agents}charge = {{ name = "Parcel delivery", price = "JPY 500" }}

[[shop.procedure]]
payment = "bank-transfer"
steps = ["terms", "confirmation", "payment", "delivery"]
{agents}charge = {{ name = "Parcel delivery", price = "JPY 500" }}

[[shop.procedure]]
payment = "invoice"
steps = ["terms", "confirmation", "delivery", "payment"]
{agents}charge = {{ name = "Parcel delivery", price = "JPY 500" }}
"#
    )
}

/// Waits until `reached`; returns how long that took.
pub fn until(what: &str, mut reached: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < PATIENCE, "not reached within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
    begun.elapsed()
}

/// Returns the mails of a mailbox below `maildir` that are in its folder `folder` (empty: the inbox), with their text.
pub fn mails(maildir: &Path, folder: &str) -> Vec<(PathBuf, String)> {
    let all = ["new", "cur"].into_iter().flat_map(|part| files(&maildir.join(folder).join(part)));
    all.map(|file| (file.clone(), fs::read_to_string(&file).unwrap().replace("\r\n", "\n"))).collect()
}
