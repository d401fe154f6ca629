//! One party of the play: its folder, its configuration, its clerk.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::DemoError;
use crate::clerk::{self, Clerk, ClerkError};
use crate::clock::{Clock, system_time};
use crate::config::{self, Environment};
use crate::inbox::Inbox;
use crate::mail::{self, Language, Texts};
use crate::outbox::Outbox;
use crate::pgp::{self, OwnKey, mime};
use crate::trade::item::LineQuantity;
use crate::trade::status::{DeliveryStatus, Parcel, Step};
use crate::trade::{Address, Document, Letter, MessageId, Moment, Transaction};

/// A party at work.
pub(super) struct Party {
    pub(super) clerk: Clerk,
    certificate: PathBuf,
    inbox: Option<Inbox>,
    outbox: Option<Outbox>,
}

impl Party {
    /// Writes the configuration, makes the account and opens it.
    pub(super) fn make(
        folder: &Path,
        name: &str,
        text: &str,
        clock: &Clock,
        environment: &Environment,
    ) -> Result<Self, DemoError> {
        let folder = folder.join(name);
        let file = folder.join("config.toml");
        write(&file, text)?;
        let settings = config::load(&file, environment)?;
        clerk::create(&settings, clock)?;
        let clerk = Clerk::open(settings, clock.clone())?;
        let certificate = folder.join("cert.asc");
        let own = clerk.key().map(|key| key.certificate().to_armored()).unwrap_or_default();
        write(&certificate, &String::from_utf8_lossy(own.as_ref()))?;
        if let Some(config::InboxSettings::Maildir { folder, .. }) = &clerk.settings().inbox {
            crate::maildir::create(folder).map_err(ClerkError::from)?;
        }
        let inbox = clerk::inbox(clerk.settings())?;
        let outbox = clerk::outbox(clerk.settings())?;
        Ok(Self { clerk, certificate, inbox, outbox })
    }

    /// Reads the other's certificate from its file and accepts it.
    pub(super) fn accept(&mut self, other: &Self) -> Result<(), DemoError> {
        let file = &other.certificate;
        let bytes = std::fs::read(file).map_err(|cause| DemoError::Io { file: file.clone(), cause })?;
        let certificate = self.clerk.remember(&bytes)?;
        Ok(self.clerk.accept(&certificate, &other.clerk.me().address, false)?)
    }

    /// Fetches, judges and sends once, and runs the party's hooks where wanted; returns how many letters moved.
    pub(super) async fn turn(&mut self, hooks: bool) -> Result<usize, DemoError> {
        let mut moved = 0_usize;
        if let Some(inbox) = &mut self.inbox {
            moved = self.clerk.fetch(inbox).await?.fetched;
            self.clerk.note_fetch("demo", None)?;
        }
        self.clerk.take_in()?;
        self.clerk.tend()?;
        if hooks {
            self.clerk.work(Duration::from_secs(3600)).await?;
        }
        if let Some(inbox) = &mut self.inbox {
            self.clerk.mark(inbox).await?;
        }
        if let Some(outbox) = &mut self.outbox {
            let report = self.clerk.flush(outbox, Duration::from_secs(3600)).await?;
            moved = moved.saturating_add(report.sent.len());
        }
        Ok(moved)
    }

    /// Returns the fingerprint as configuration writes it.
    fn fingerprint(&self) -> String {
        self.clerk.me().fingerprint.to_string()
    }
}

pub(super) fn write(file: &Path, text: &str) -> Result<(), DemoError> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let fault = |cause: std::io::Error| DemoError::Io { file: file.to_owned(), cause };
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fault)?;
    }
    let mut opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(fault)?;
    opened.write_all(text.as_bytes()).map_err(fault)
}

/// What the configurations of all parties have in common.
fn common(address: &str, name: &str, role: &str) -> String {
    format!(
        r#"# One party of the demonstration.
address = "{address}@demo.test"
name = "{name}"
roles = ["{role}"]

[storage]
folder = "."

[inbox]
maildir = "../mail/{address}@demo.test"
handled = "remove"

[outbox]
maildir = "../mail/{{to}}"
"#
    )
}

pub(super) fn buyer_config() -> String {
    common("buyer", "小野 賢治", "buyer")
        + r#"
[buyer]
telephone = "+81-3-1234-5678"
unpaid_limits = ["JPY 50000"]
deliver_to = { name = "小野 賢治", street = "千代田1-1-1", locality = "千代田区", region = "東京都", postal_code = "100-0001", country = "JP" }
"#
}

pub(super) fn pay_config() -> String {
    common("pay", "Example Card Bank", "payment")
        + r#"
[payment]
shops = ["shop@demo.test"]
authorize_limits = ["JPY 100000"]
debit_days = 12
"#
}

pub(super) fn ship_config() -> String {
    common("ship", "Example Parcel", "delivery")
        + r#"
[delivery]
shops = ["shop@demo.test"]
transit_days = 3
"#
}

pub(super) fn shop_config(pay: &Party, ship: &Party) -> String {
    let agents = format!(
        r#"payment_agent = {{ address = "pay@demo.test", fingerprint = "{}" }}
delivery_agent = {{ address = "ship@demo.test", fingerprint = "{}" }}
charge = {{ name = "Parcel delivery", price = "JPY 500" }}
payment_days = 14
dispatch_days = 2
arrival_days = 5
"#,
        pay.fingerprint(),
        ship.fingerprint()
    );
    common("shop", "日立物産", "shop")
        + &format!(
            r#"
[trust]
policy = "first-use"

[shop]
conditions = "Return within 14 days of arrival, unused; shop@demo.test"
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

[[shop.procedure]]
payment = "card"
steps = ["authorize", "terms", "confirmation", "payment", "delivery"]
{agents}
# What goes by parcel is released by the warehouse first.
[[shop.procedure]]
delivery = "parcel"
steps = ["terms", "confirmation", "warehouse", "delivery", "payment"]
{agents}
[[shop.procedure]]
steps = ["terms", "confirmation", "delivery", "payment"]
{agents}
[hook.warehouse]
command = ["./warehouse", "store"]
# It is asked once a day whether the goods have left; it also tells by itself.
ask_minutes = 1440
"#
        )
}

impl Party {
    /// Adds settings to the party's configuration, for whoever reads it next.
    pub(super) fn add(&self, settings: &str) -> Result<(), DemoError> {
        use std::io::Write as _;
        let file = self.certificate.with_file_name("config.toml");
        let opened = std::fs::OpenOptions::new().append(true).open(&file);
        opened
            .and_then(|mut opened| opened.write_all(settings.as_bytes()))
            .map_err(|cause| DemoError::Io { file, cause })
    }

    /// Lays a mail into the party's mailbox.
    pub(super) fn deliver(&self, mail: &[u8]) -> Result<(), DemoError> {
        let config::Settings { inbox: Some(config::InboxSettings::Maildir { folder, .. }), .. } = self.clerk.settings()
        else {
            return Err(DemoError::Plot("the party has no Maildir".to_owned()));
        };
        let name = format!("0.forged.{}", crate::trade::Digest::of(mail).hex().get(..16).unwrap_or("0"));
        crate::maildir::create(folder)
            .and_then(|()| crate::maildir::deliver(folder, &name, mail))
            .map_err(ClerkError::from)?;
        Ok(())
    }
}

/// Makes a delivery status that bears the delivery agent's address and a stranger's signature.
pub(super) fn forged_status(known: &Transaction, buyer: &Clerk, now: Moment) -> Result<Vec<u8>, DemoError> {
    let plot = |error: &dyn std::fmt::Display| DemoError::Plot(error.to_string());
    let address = Address::parse("ship@demo.test").map_err(|error| plot(&error))?;
    let time = system_time(&now);
    let stranger = OwnKey::generate("Stranger", &address, time).map_err(|error| plot(&error))?;
    let from = crate::trade::Party { address, fingerprint: stranger.fingerprint().clone() };
    let terms = known.terms();
    let lines = terms.map(|(_, terms)| terms.lines.as_slice()).unwrap_or_default();
    let lines = lines.iter().map(|line| LineQuantity { line: line.id.clone(), quantity: line.quantity }).collect();
    let parcel = Parcel {
        id: "1".to_owned(),
        lines,
        tracking: None,
        tracking_url: None,
        expected_from: None,
        expected_until: None,
        events: Vec::new(),
        download: None,
        step: Step::Done { at: now },
    };
    let letter = Letter {
        from: from.clone(),
        to: buyer.me().clone(),
        date: now.whole_second(),
        id: MessageId::parse("forged@demo.test").map_err(|error| plot(&error))?,
        references: Vec::new(),
        shop: Some(known.key.shop.clone()),
        transaction: known.number.clone(),
        order: None,
        seq: Some(9),
        terms: terms.map(|(kept, _)| kept.content),
        answers: None,
        replaces: None,
        as_of: Some(now.whole_second()),
        done: Some(true),
        head: None,
        document: Document::DeliveryStatus(DeliveryStatus { parcels: vec![parcel] }),
    };
    let texts = Texts::load(Language::En, None).map_err(|error| plot(&error))?;
    let signed = mail::write(&letter, &texts).map_err(|error| plot(&error))?;
    let own = buyer.key().ok_or_else(|| DemoError::Plot("the buyer has no key".to_owned()))?;
    let signature = pgp::sign(&stranger, &signed, own.fingerprint(), time).map_err(|error| plot(&error))?;
    let armored = pgp::seal(&signed, &signature, stranger.certificate(), own.certificate(), time)
        .map_err(|error| plot(&error))?;
    let date = letter.date.rfc5322();
    let headers = mime::OuterHeaders {
        from: &letter.from.address,
        to: &letter.to.address,
        date: &date,
        message_id: &letter.id,
        subject: "[...]",
        auto_submitted: None,
        autocrypt: None,
    };
    mime::wrap(&headers, "forged", &armored).map_err(|error| plot(&error))
}
