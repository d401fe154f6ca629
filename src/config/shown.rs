//! The settings that hold, in the words of the file, each with the line that says it or none where it holds without a word.
//!
//! What is written is taken from the text, so that no key is forgotten; what it comes to, and what holds where nothing is written, from
//! the settled settings. Of commands the program alone is told: their arguments may be secrets.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use super::fault::line_and_column;
use super::written::Handled;
use super::{HookSettings, InboxSettings, OutboxSettings, Proof, ServerSettings, Settings, TlsMode, TrustPolicy};
use crate::role::calendar::Calendar;
use crate::role::planned::{BankDay, DebitDay};
use crate::role::practice::{
    BuyerPractice, DebitWord, DeliveryPractice, Partial, PaymentPractice, Practice, ShopPractice,
};
use crate::trade::HookName;

/// The tables, in the order in which they are told, behind the keys that are in none.
const TABLES: [&str; 11] =
    ["storage", "inbox", "outbox", "trust", "answers", "notify", "buyer", "shop", "hook", "payment", "delivery"];
/// The keys of commands.
const COMMANDS: [&str; 4] = ["command", "password_command", "token_command", "payment_data_command"];
/// What stands for the arguments of a command.
const HIDDEN: &str = "...";

/// A setting that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its key with its tables, like `shop.procedure[1].steps`: of several tables of one name the first is 1.
    pub key: String,
    /// What holds: a text, a number, or a list of these.
    pub value: Value,
    /// The line of the file that says so; `None` for what holds where nothing is written.
    pub line: Option<usize>,
}

/// Returns all settings of a configuration, which reads `text`: table by table, those of a table in the order of the file.
pub fn shown(text: &str, settings: &Settings) -> Vec<Setting> {
    let mut found = written(text);
    found.sort_by_key(|setting| setting.line);
    let places: HashMap<String, usize> = (0..).zip(&found).map(|(place, one)| (one.key.clone(), place)).collect();
    // What is not written stands behind what is written in its table.
    let mut last: HashMap<String, usize> = HashMap::new();
    for setting in &found {
        last.insert(table(&setting.key).to_owned(), setting.line.unwrap_or_default());
    }
    for (key, value) in InForce::of(settings).0 {
        match places.get(&key).and_then(|place| found.get_mut(*place)) {
            Some(setting) => setting.value = value,
            None => found.push(Setting { key, value, line: None }),
        }
    }
    let order = |setting: &Setting| {
        let line = setting.line.or_else(|| last.get(table(&setting.key)).copied());
        (rank(&setting.key), line.unwrap_or(usize::MAX), setting.line.is_none())
    };
    found.sort_by_key(order);
    found.iter_mut().for_each(hide);
    found
}

/// Returns the table of a key; of one that is in none, nothing.
fn table(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(table, _)| table)
}

fn rank(key: &str) -> usize {
    let Some((first, _)) = key.split_once('.') else { return 0 };
    let name = first.split('[').next().unwrap_or_default();
    TABLES.iter().position(|table| *table == name).map_or(0, |place| place.saturating_add(1))
}

/// Takes the arguments out of a command.
fn hide(setting: &mut Setting) {
    let name = setting.key.rsplit('.').next().unwrap_or_default();
    if let Value::Array(words) = &mut setting.value
        && COMMANDS.contains(&name)
        && words.len() > 1
    {
        words.truncate(1);
        words.push(json!(HIDDEN));
    }
}

/// Returns what the text says, each with its line.
fn written(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    if let Ok(root) = DeTable::parse(text) {
        walk("", root.get_ref(), text, &mut found);
    }
    found
}

fn walk(within: &str, table: &DeTable<'_>, text: &str, found: &mut Vec<Setting>) {
    for (name, item) in table {
        // It was called so before.
        let name_now = if within == "buyer" && name.get_ref() == "timetable" { "schedule" } else { name.get_ref() };
        let key = if within.is_empty() { name_now.to_owned() } else { format!("{within}.{name_now}") };
        let (line, _) = line_and_column(text, name.span().start);
        match (value(item.get_ref()), item.get_ref()) {
            (Some(value), _) => found.push(Setting { key, value, line: Some(line) }),
            (None, DeValue::Table(inner)) => walk(&key, inner, text, found),
            (None, DeValue::Array(items)) => {
                for (number, item) in (1_usize..).zip(items) {
                    let key = format!("{key}[{number}]");
                    match (value(item.get_ref()), item.get_ref()) {
                        (None, DeValue::Table(inner)) => walk(&key, inner, text, found),
                        (value, _) => found.extend(value.map(|value| Setting { key, value, line: Some(line) })),
                    }
                }
            }
            (None, _) => {}
        }
    }
}

/// Returns a value as it is told; `None` for a table, and a list with one.
fn value(written: &DeValue<'_>) -> Option<Value> {
    Some(match written {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => json!(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => json!(number.as_str()),
        DeValue::Boolean(is) => json!(is),
        DeValue::Datetime(at) => json!(at.to_string()),
        DeValue::Array(items) => {
            items.iter().map(|item| value(item.get_ref())).collect::<Option<Vec<Value>>>().map(Value::Array)?
        }
        DeValue::Table(_) => return None,
    })
}

/// What the settled settings say of keys that have a value without a word, or another than they are written with.
#[derive(Default)]
struct InForce(Vec<(String, Value)>);

impl InForce {
    fn of(settings: &Settings) -> Self {
        let mut all = Self::default();
        all.put("language", settings.language.as_str());
        all.storage(settings);
        all.ways(settings);
        let policy = if settings.trust == TrustPolicy::Pinned { "pinned" } else { "first-use" };
        all.put("trust.policy", policy);
        all.put("trust.strangers_per_hour", settings.strangers_per_hour);
        let Practice { buyer, shop, payment, delivery, answers } = &settings.practice;
        all.put("answers.per_transaction", answers.per_transaction);
        all.put("answers.per_peer", answers.per_peer);
        if let Some(notify) = &settings.notify {
            all.put("notify.command", notify.hook.command.clone());
            all.put("notify.seconds", notify.hook.time.as_secs());
        }
        buyer.iter().for_each(|buyer| all.buyer(buyer));
        shop.iter().for_each(|shop| all.shop(shop));
        if let Some(catalog) = &settings.catalog {
            all.path("shop.catalog", catalog);
        }
        settings.hooks.iter().for_each(|(name, hook)| all.hook(name, hook));
        payment.iter().for_each(|payment| all.payment(payment));
        delivery.iter().for_each(|delivery| all.delivery(delivery));
        all
    }

    fn put(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.0.push((key.into(), value.into()));
    }

    fn path(&mut self, key: impl Into<String>, path: &Path) {
        self.put(key, path.display().to_string());
    }

    fn storage(&mut self, settings: &Settings) {
        let folders = &settings.folders;
        let places = [
            ("keys", &folders.keys),
            ("ledger", &folders.ledger),
            ("queue", &folders.queue),
            ("spool", &folders.spool),
            ("set_aside", &folders.set_aside),
            ("index", &folders.index),
        ];
        let templates = settings.templates.iter().map(|path| ("templates", path));
        places.into_iter().chain(templates).for_each(|(key, path)| self.path(format!("storage.{key}"), path));
    }

    fn ways(&mut self, settings: &Settings) {
        let word = |handled: &Handled| match handled {
            Handled::Move => "move",
            Handled::Leave => "leave",
            Handled::Remove => "remove",
        };
        match &settings.inbox {
            None => {}
            Some(InboxSettings::Maildir { folder, handled }) => {
                self.path("inbox.maildir", folder);
                self.put("inbox.handled", word(handled));
            }
            Some(InboxSettings::Imap(server, folder, handled)) => {
                self.put("inbox.folder", folder.as_str());
                self.put("inbox.handled", word(handled));
                self.server("inbox.imap", server);
            }
        }
        match &settings.outbox {
            None => {}
            Some(OutboxSettings::Maildir(pattern)) => self.put("outbox.maildir", pattern.as_str()),
            Some(OutboxSettings::Smtp(server)) => self.server("outbox.smtp", server),
            Some(OutboxSettings::Sendmail(program)) => self.path("outbox.sendmail", program),
        }
    }

    fn server(&mut self, table: &str, server: &ServerSettings) {
        let key = |name: &str| format!("{table}.{name}");
        self.put(key("port"), server.port);
        let tls = match server.tls {
            TlsMode::Implicit => "implicit",
            TlsMode::StartTls => "starttls",
            TlsMode::None => "none",
        };
        self.put(key("tls"), tls);
        server.ca_file.iter().for_each(|file| self.path(key("ca_file"), file));
        if let Some((user, password)) = &server.login {
            self.put(key("user"), user.as_str());
            if let Proof::PasswordFile(file) = password {
                self.path(key("password_file"), file);
            }
        }
    }

    fn buyer(&mut self, buyer: &BuyerPractice) {
        self.put("buyer.confirm", if buyer.confirm_matching { "matching" } else { "ask" });
        self.put("buyer.silence_days", buyer.silence_days);
    }

    fn shop(&mut self, shop: &ShopPractice) {
        self.put("shop.valid_days", shop.valid_days);
        self.put("shop.return_days", shop.return_days);
        self.put("shop.partial", if shop.partial == Partial::Offer { "offer" } else { "refuse" });
        for (number, article) in (1_usize..).zip(shop.articles.of_configuration()) {
            self.put(format!("shop.article[{number}].increment"), article.increment.to_string());
        }
        for (number, procedure) in (1_usize..).zip(&shop.procedures) {
            let days = procedure.payment_days.map(|days| ("payment_days", days));
            let all = [
                ("dispatch_days", procedure.dispatch_days),
                ("arrival_days", procedure.arrival_days),
                ("authorize_within", procedure.authorize_within),
            ];
            for (key, value) in days.into_iter().chain(all) {
                self.put(format!("shop.procedure[{number}].{key}"), value);
            }
        }
    }

    fn hook(&mut self, name: &HookName, hook: &HookSettings) {
        self.put(format!("hook.{name}.command"), hook.hook.command.clone());
        self.put(format!("hook.{name}.seconds"), hook.hook.time.as_secs());
        self.put(format!("hook.{name}.attempts"), hook.attempts);
    }

    fn payment(&mut self, payment: &PaymentPractice) {
        match &payment.debit {
            DebitWord::Report => self.put("payment.debit", "report"),
            DebitWord::OnDate => self.put("payment.debit", "on-date"),
            DebitWord::Hook(name) => self.put("payment.debit", name.as_str()),
        }
        match payment.rule.day {
            DebitDay::After(days) => self.put("payment.debit_days", days),
            DebitDay::Closing { months, .. } => self.put("payment.debit_months", months),
        }
        let bank_day = match payment.rule.bank_day {
            BankDay::Any => "any",
            BankDay::Next => "next",
            BankDay::Previous => "previous",
        };
        self.put("payment.bank_day", bank_day);
        self.working_days("payment", &payment.rule.calendar);
    }

    fn delivery(&mut self, delivery: &DeliveryPractice) {
        self.put("delivery.transit_days", delivery.rule.transit_days);
        self.working_days("delivery", &delivery.rule.calendar);
    }

    /// Tells the days of the week on which an agent works; of one that works every day nothing is said.
    fn working_days(&mut self, table: &str, calendar: &Calendar) {
        let days: Vec<String> = calendar.days.iter().map(|day| format!("{day:?}").to_lowercase()).collect();
        if !days.is_empty() {
            self.put(format!("{table}.working_days"), days);
        }
    }
}
