//! The configuration as written: every key of `config.toml`, nothing settled yet.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use toml::Spanned;

use crate::role::planned::MonthDay;
use crate::trade::{Address, DeliveryMethod, Fingerprint, PaymentMethod, PostalAddress};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address letters are sent from.
    pub address: Address,
    /// The owner's name.
    pub name: String,
    /// `en` or `ja`.
    #[serde(default)]
    pub language: Option<String>,
    /// The parts played here.
    pub roles: Vec<RoleWord>,
    /// Where files lie.
    #[serde(default)]
    pub storage: Storage,
    /// Where mail comes from.
    #[serde(default)]
    pub inbox: Option<Inbox>,
    /// Where mail goes to.
    #[serde(default)]
    pub outbox: Option<Outbox>,
    /// Whose keys count.
    #[serde(default)]
    pub trust: Trust,
    /// How often letters are answered.
    #[serde(default)]
    pub answers: Answers,
    /// How a person is told of warnings.
    #[serde(default)]
    pub notify: Option<Notify>,
    /// How to buy.
    #[serde(default)]
    pub buyer: Option<Buyer>,
    /// How to sell.
    #[serde(default)]
    pub shop: Option<Shop>,
    /// How to collect money.
    #[serde(default)]
    pub payment: Option<Payment>,
    /// How to carry goods.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// Programs that do the work of steps, by name.
    #[serde(default)]
    pub hook: BTreeMap<Spanned<String>, Hook>,
}

/// A part, as configuration names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleWord {
    /// Buys.
    Buyer,
    /// Sells.
    Shop,
    /// Collects money.
    Payment,
    /// Carries goods.
    Delivery,
}

/// Where files lie; relative paths start at the folder of the configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// One folder for all.
    pub folder: Option<String>,
    /// Own keys.
    pub keys: Option<String>,
    /// The ledger.
    pub ledger: Option<String>,
    /// Letters waiting to be sent.
    pub queue: Option<String>,
    /// Mail not yet judged.
    pub spool: Option<String>,
    /// Mail set aside.
    pub set_aside: Option<String>,
    /// The index.
    pub index: Option<String>,
    /// Own templates.
    pub templates: Option<String>,
}

/// What is done with mail that was handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handled {
    /// It moves to a folder of its own (Maildir: `.mailorder`; IMAP: where the server can move).
    #[default]
    Move,
    /// It stays where it is, marked where the mailbox can be.
    Leave,
    /// It is removed: for a mailbox that is mailorder's alone.
    Remove,
}

/// Where mail comes from: one of `maildir` and `imap`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// A Maildir.
    pub maildir: Option<String>,
    /// An IMAP server.
    pub imap: Option<Server>,
    /// The folder on the IMAP server.
    pub folder: Option<String>,
    /// What is done with handled mail.
    #[serde(default)]
    pub handled: Handled,
}

/// Where mail goes to: one of `maildir`, `smtp` and `sendmail`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    /// Maildirs; `{to}` stands for the recipient's address.
    pub maildir: Option<String>,
    /// An SMTP server.
    pub smtp: Option<Server>,
    /// A program like sendmail.
    pub sendmail: Option<String>,
}

/// A mail server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Host name.
    pub host: String,
    /// Port; 993 for IMAP and 465 for SMTP where none is given.
    pub port: Option<u16>,
    /// `implicit`, `starttls` or, to a loopback address without a login, `none`.
    pub tls: Option<String>,
    /// Further certificates to trust (PEM).
    pub ca_file: Option<String>,
    /// User name; the address where none is given.
    pub user: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<String>,
    /// A command whose first line is the password.
    pub password_command: Option<Vec<String>>,
    /// A systemd credential that is the password.
    pub credential: Option<String>,
    /// A command that prints an OAuth 2 access token.
    pub token_command: Option<Vec<String>>,
}

/// Whose keys count.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// `pinned` or `first-use`.
    pub policy: Option<String>,
    /// How many strangers are let in within an hour.
    pub strangers_per_hour: Option<u16>,
    /// Addresses or fingerprints of the payment agents a buyer lets collect.
    pub payment_agents: Option<Vec<String>>,
}

/// How many status requests are answered, and how many refusals written, at most.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// To one peer about one transaction within a day.
    pub per_transaction: Option<u16>,
    /// To one peer within an hour.
    pub per_peer: Option<u16>,
}

/// How a person is told of warnings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Program and arguments; no shell.
    pub command: Spanned<Vec<String>>,
    /// How long it may take, in seconds.
    pub seconds: Option<Spanned<u64>>,
}

/// How to buy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// Telephone number for orders.
    pub telephone: Option<String>,
    /// Where goods go.
    pub deliver_to: Option<PostalAddress>,
    /// `ask` or `matching`: whether terms that agree with the order are accepted without asking.
    pub confirm: Option<String>,
    /// Unpaid totals that call for a warning, like `JPY 50000`.
    #[serde(default)]
    pub unpaid_limits: Vec<String>,
    /// When the program asks by itself how transactions stand. It was called `timetable`, and may still be.
    #[serde(default, alias = "timetable")]
    pub schedule: Vec<ScheduleWritten>,
    /// What the program answers by itself.
    #[serde(default)]
    pub rule: Vec<RuleWritten>,
    /// Days without news after which the next step about something late is taken.
    pub silence_days: Option<Spanned<u16>>,
    /// A command that prints card or account for the payment agent, one `name = value` a line.
    pub payment_data_command: Option<Vec<String>>,
}

/// When status requests are made, and about what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleWritten {
    /// `open`, `undelivered`, `unpaid` or `late`.
    pub which: String,
    /// Times of the day, like `09:00`.
    pub at: Vec<String>,
    /// Days of the week, in English; every day where none is named.
    #[serde(default)]
    pub days: Vec<String>,
    /// Legs: order, payment, delivery; those that are not done where none is named.
    #[serde(default)]
    pub legs: Vec<String>,
}

/// What the program answers by itself, and when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleWritten {
    /// A query in the words of `list`.
    pub when: Spanned<String>,
    /// `ask`, `return` or `reorder`.
    #[serde(rename = "do")]
    pub deed: Spanned<String>,
    /// The most a re-order may come to, like `JPY 5000`.
    pub at_most: Option<Spanned<String>>,
}

/// How to sell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// The seller's tax number.
    pub vat_id: Option<String>,
    /// What buyers must see before their OK.
    pub conditions: Option<String>,
    /// The catalog file, CSV or JSON.
    pub catalog: Option<String>,
    /// `refuse` or `offer`: what becomes of an order that can be taken in part.
    pub partial: Option<String>,
    /// What is sold.
    #[serde(default)]
    pub article: Vec<Article>,
    /// What is done for which methods.
    #[serde(default)]
    pub procedure: Vec<Procedure>,
    /// Days the buyer has to say OK.
    pub valid_days: Option<u16>,
    /// Days after arrival within which goods are taken back.
    pub return_days: Option<u16>,
    /// What waits for a person: `orders`, `cancellations`, `returns`.
    #[serde(default)]
    pub review: Vec<Spanned<String>>,
}

/// Something sold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// Article number.
    pub sku: String,
    /// Name.
    pub name: String,
    /// Price, like `JPY 4300`.
    pub price: Spanned<String>,
    /// The least that is sold, like `0.1`.
    pub increment: Option<String>,
}

/// A procedure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// For this payment method; any where none is given.
    pub payment: Option<PaymentMethod>,
    /// For this delivery method; any where none is given.
    pub delivery: Option<DeliveryMethod>,
    /// The steps in order, each with its place.
    pub steps: Vec<Spanned<String>>,
    /// Who collects the money.
    pub payment_agent: Option<AgentWritten>,
    /// Who carries the goods.
    pub delivery_agent: Option<AgentWritten>,
    /// Hours within which the payment agent says whether a payment is authorised.
    pub authorize_within: Option<Spanned<u16>>,
    /// A charge on top.
    pub charge: Option<Charge>,
    /// Days until payment is due.
    pub payment_days: Option<u16>,
    /// Days until the goods leave.
    pub dispatch_days: Option<u16>,
    /// Days until the goods arrive.
    pub arrival_days: Option<u16>,
}

/// A program that does the work of a step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Program and arguments; no shell.
    pub command: Spanned<Vec<String>>,
    /// How long it may take, in seconds.
    pub seconds: Option<Spanned<u64>>,
    /// How often it is tried before a person is waited for.
    pub attempts: Option<Spanned<u32>>,
    /// How often it is asked how the goods stand, in minutes; never where not given.
    pub ask_minutes: Option<Spanned<u32>>,
}

/// An agent of a procedure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentWritten {
    /// Mailbox.
    pub address: Address,
    /// Primary key.
    pub fingerprint: Fingerprint,
    /// What it is shown beyond what it needs: `items`, `prices`, `sum`, `address`.
    #[serde(default)]
    pub shows: Vec<Spanned<String>>,
}

/// A mailbox and key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyWritten {
    /// Mailbox.
    pub address: Address,
    /// Primary key.
    pub fingerprint: Fingerprint,
}

/// A charge on top.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// What for.
    pub name: String,
    /// How much, like `JPY 500`.
    pub price: Spanned<String>,
}

/// How to collect money.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// Shops worked for.
    #[serde(default)]
    pub shops: Vec<ShopWritten>,
    /// Sums up to which payments are authorised, like `JPY 100000`.
    #[serde(default)]
    pub authorize_limits: Vec<String>,
    /// The hook that says whether a payment is authorised.
    pub authorize: Option<Spanned<String>>,
    /// The hook that says when money is collected.
    pub dates: Option<Spanned<String>>,
    /// `report`, `on-date` or a hook: who says that money was collected.
    pub debit: Option<Spanned<String>>,
    /// Days until the money is collected.
    pub debit_days: Option<u16>,
    /// Instead: the day of the month on which an account is closed,
    pub closing_day: Option<MonthDayWritten>,
    /// the day of the month on which it is debited,
    pub debit_day: Option<MonthDayWritten>,
    /// and how many months later.
    pub debit_months: Option<u8>,
    /// `any`, `next` or `previous`: what becomes of a debit on a day that is no bank day.
    pub bank_day: Option<String>,
    /// Days of the week on which banks work; Monday to Friday where none is named.
    pub working_days: Option<Vec<String>>,
    /// Days on which they do not.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// A file of such days.
    pub holidays_file: Option<String>,
    /// Time zone; that of the machine where none is named.
    pub zone: Option<String>,
}

/// How to carry goods.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Shops worked for.
    #[serde(default)]
    pub shops: Vec<ShopWritten>,
    /// The hook that says when goods arrive.
    pub dates: Option<Spanned<String>>,
    /// The hook that has goods fetched at the shop.
    pub collect: Option<Spanned<String>>,
    /// Days of work until goods arrive.
    pub transit_days: Option<u16>,
    /// Days of the week on which goods are collected and delivered; every day where none is named.
    pub working_days: Option<Vec<String>>,
    /// Days on which they are not.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// A file of such days.
    pub holidays_file: Option<String>,
    /// Until when on a day goods are collected on it, like `15:00`.
    pub collect_until: Option<String>,
    /// From when on a day goods arrive,
    pub arrive_from: Option<String>,
    /// and until when.
    pub arrive_until: Option<String>,
    /// Time zone; that of the machine where none is named.
    pub zone: Option<String>,
}

/// A shop worked for: its address alone, or a table of address and fingerprint.
#[derive(Debug, Clone)]
pub struct ShopWritten {
    /// Mailbox.
    pub address: Address,
    /// Primary key.
    pub fingerprint: Option<Fingerprint>,
}

impl<'de> Deserialize<'de> for ShopWritten {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AddressOrParty;

        impl<'de> Visitor<'de> for AddressOrParty {
            type Value = ShopWritten;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or a table of address and fingerprint")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ShopWritten, E> {
                let address = Address::parse(text).map_err(E::custom)?;
                Ok(ShopWritten { address, fingerprint: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<ShopWritten, A::Error> {
                let party = PartyWritten::deserialize(MapAccessDeserializer::new(members))?;
                Ok(ShopWritten { address: party.address, fingerprint: Some(party.fingerprint) })
            }
        }

        deserializer.deserialize_any(AddressOrParty)
    }
}

/// A day of the month: 1 to 31, or `"end"`.
#[derive(Debug, Clone, Copy)]
pub struct MonthDayWritten(pub(super) MonthDay);

impl<'de> Deserialize<'de> for MonthDayWritten {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrEnd;

        impl Visitor<'_> for NumberOrEnd {
            type Value = MonthDayWritten;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a day of the month from 1 to 31, or \"end\"")
            }

            fn visit_i64<E: serde::de::Error>(self, day: i64) -> Result<MonthDayWritten, E> {
                let day = u8::try_from(day).ok().and_then(MonthDay::new).map(MonthDayWritten);
                day.ok_or_else(|| E::custom("a day of the month is 1 to 31, or \"end\""))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MonthDayWritten, E> {
                match text {
                    "end" => Ok(MonthDayWritten(MonthDay::END)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(NumberOrEnd)
    }
}
