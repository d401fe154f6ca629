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

const BUYER: &str = r#"
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
            Account::make(servers, &folder, &format!("{mailbox}@{domain}"), role, name, more)
        };
        let buyer = account("buyer", "buyer", "小野 賢治", BUYER);
        let more = format!("[payment]\nshops = [\"shop@{domain}\"]\nauthorize_limits = [\"JPY 100000\"]\n");
        let pay = account("pay", "payment", "Example Card Bank", &more);
        let ship = account("ship", "delivery", "Example Parcel", &format!("[delivery]\nshops = [\"shop@{domain}\"]\n"));
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

    /// Orders one article, and pays like this; returns the order's ID.
    pub fn orders(&self, item: &str, pay: &str) -> String {
        let wish = ["order", "--shop", &self.shop.address, "--item", item, "--charge", "Parcel delivery;JPY 500"];
        let made = self.buyer.json(&[&["--json"], &wish[..], &["--pay", pay, "--deliver", "parcel"]].concat());
        made["id"].as_str().unwrap().to_owned()
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
            self.all().iter().for_each(|party| party.sync());
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

[[shop.procedure]]
payment = "card"
steps = ["authorize", "terms", "confirmation", "payment", "delivery"]
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
        std::thread::sleep(Duration::from_millis(200));
    }
    begun.elapsed()
}

/// Returns the mails of a mailbox below `maildir` that are in its folder `folder` (empty: the inbox), with their text.
pub fn mails(maildir: &Path, folder: &str) -> Vec<(PathBuf, String)> {
    let all = ["new", "cur"].into_iter().flat_map(|part| files(&maildir.join(folder).join(part)));
    all.map(|file| (file.clone(), fs::read_to_string(&file).unwrap().replace("\r\n", "\n"))).collect()
}
