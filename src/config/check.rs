//! What is wrong with a configuration that can be read: what it names is not there, or nothing would ever come of it.
//!
//! Nobody is asked but the file system and, by the caller, the ledger; no server is.

use std::path::Path;

use toml::de::DeTable;

use super::fault::{key_at, line_and_column};
use super::{ConfigError, InboxSettings, OutboxSettings, Proof, ServerSettings, Settings};
use crate::role::Procedure;
use crate::role::planned::BankDay;
use crate::role::practice::Stage;
use crate::trade::{Address, Currency, Fingerprint, Leg, Role};

/// What an account knows of keys.
pub trait Keys {
    /// Returns the key that is accepted for an address.
    fn accepted(&self, address: &Address) -> Option<Fingerprint>;
    /// Returns whether a certificate of this key is there, accepted or not.
    fn is_known(&self, key: &Fingerprint) -> bool;
}

/// Returns what is wrong, each with its place where it has one. Before the account is made there are no `keys`.
pub fn problems(text: &str, settings: &Settings, keys: Option<&dyn Keys>) -> Vec<ConfigError> {
    let mut check = Check { text, file: &settings.folders.config, found: Vec::new() };
    check.ways(settings);
    check.shops(settings);
    check.sells(settings);
    check.steps(settings);
    check.holidays(settings);
    check.programs(settings);
    if let Some(keys) = keys {
        check.agents(settings, keys);
        check.clients(settings, keys);
    }
    check.found
}

/// Returns what is wrong with what a shop does about orders: procedures, hooks, agents.
pub fn selling_problems(text: &str, settings: &Settings, keys: Option<&dyn Keys>) -> Vec<ConfigError> {
    let mut check = Check { text, file: &settings.folders.config, found: Vec::new() };
    check.sells(settings);
    check.steps(settings);
    if let Some(keys) = keys {
        check.agents(settings, keys);
    }
    check.found
}

struct Check<'a> {
    text: &'a str,
    file: &'a Path,
    found: Vec<ConfigError>,
}

impl Check<'_> {
    fn say(&mut self, key: &str, what: impl std::fmt::Display) {
        self.found.push(ConfigError::value(self.file, key, what).placed(self.text));
    }

    /// Says something at a byte of the text; of a key where it has none.
    fn say_at(&mut self, at: Option<usize>, key: &str, what: impl std::fmt::Display) {
        match at.map(|at| line_and_column(self.text, at)) {
            Some((line, column)) => {
                let (file, what) = (self.file.to_owned(), what.to_string());
                self.found.push(ConfigError::Place { file, line, column, what });
            }
            None => self.say(key, what),
        }
    }

    /// Checks where mail comes from and goes to.
    fn ways(&mut self, settings: &Settings) {
        if settings.inbox.is_none() && settings.outbox.is_none() {
            self.say(
                "inbox",
                "neither [inbox] nor [outbox] is there: no letter comes or goes, and `sync` ends with 78",
            );
        } else if settings.outbox.is_none() {
            self.say("outbox", "there is no [outbox]: letters are written and never sent");
        }
        match &settings.inbox {
            Some(InboxSettings::Maildir { folder, .. }) if !is_maildir(folder) => {
                let folder = folder.display();
                let make = format!("mkdir -p {folder}/cur {folder}/new {folder}/tmp");
                self.say("inbox.maildir", format!("{folder} is no Maildir: cur or new is not there; {make}"));
            }
            Some(InboxSettings::Imap(server, ..)) => self.server("inbox.imap", server),
            Some(InboxSettings::Maildir { .. }) | None => {}
        }
        match &settings.outbox {
            Some(OutboxSettings::Maildir(pattern)) => {
                if base(pattern).is_some_and(|folder| !folder.is_dir()) {
                    self.say("outbox.maildir", format!("the folder of {pattern} is not there"));
                }
            }
            Some(OutboxSettings::Smtp(server)) => self.server("outbox.smtp", server),
            Some(OutboxSettings::Sendmail(program)) if !program.is_file() => {
                self.say("outbox.sendmail", format!("the program {} is not there", program.display()));
            }
            Some(OutboxSettings::Sendmail(program)) if !is_program(program) => {
                self.say("outbox.sendmail", format!("{} is not there, or is no program", program.display()));
            }
            Some(OutboxSettings::Sendmail(_)) | None => {}
        }
    }

    fn server(&mut self, key: &str, server: &ServerSettings) {
        if let Some((_, Proof::PasswordFile(file))) = &server.login
            && !file.is_file()
        {
            self.say(&format!("{key}.password_file"), format!("{} is not there", file.display()));
        }
        if let Some(file) = server.ca_file.as_ref().filter(|file| !file.is_file()) {
            self.say(&format!("{key}.ca_file"), format!("{} is not there", file.display()));
        }
    }

    /// Checks that the programs are there that are run: hooks, and the one that tells of warnings.
    fn programs(&mut self, settings: &Settings) {
        let notify = settings.notify.iter().map(|notify| ("notify.command".to_owned(), &notify.hook));
        let hooks = settings.hooks.iter().map(|(name, hook)| (format!("hook.{name}.command"), &hook.hook));
        for (key, hook) in notify.chain(hooks).filter(|(_, hook)| !hook.is_there()) {
            let program = hook.command.first().map(String::as_str).unwrap_or_default();
            self.say(&key, format!("the program {program} is not there"));
        }
    }

    /// Checks that agents work for somebody: the shop at their own address need not be named.
    fn shops(&mut self, settings: &Settings) {
        if settings.practice.shop.is_some() {
            return;
        }
        let none = |role: Role| match role {
            Role::Payment => settings.practice.payment.as_ref().is_some_and(|practice| practice.shops.is_empty()),
            Role::Delivery => settings.practice.delivery.as_ref().is_some_and(|practice| practice.shops.is_empty()),
            Role::Buyer | Role::Shop => false,
        };
        for role in [Role::Payment, Role::Delivery].into_iter().filter(|role| none(*role)) {
            let word = role.word();
            let what = format!(
                "the part {word:?} names no shop, so every instruction is refused; write shops = [\"shop@example.com\"] in [{word}]"
            );
            self.say(&format!("{word}.shops"), what);
        }
    }

    /// Checks that a shop has something to sell, a catalog file that can be used, and a way to do it.
    fn sells(&mut self, settings: &Settings) {
        let Some(shop) = &settings.practice.shop else { return };
        if shop.articles.is_empty() && settings.catalog.is_none() {
            self.say(
                "shop",
                "there is no [[shop.article]] and no catalog, so every order is rejected; config.example.toml shows both",
            );
        }
        let mut prices: Vec<Currency> =
            shop.articles.of_configuration().iter().map(|article| article.price.currency()).collect();
        if let Some(file) = &settings.catalog {
            match super::catalog::read(file, &shop.articles) {
                Ok(read) => {
                    self.found.extend(read.problems(&shop.procedures));
                    prices.extend(read.into_articles().into_iter().map(|article| article.price.currency()));
                }
                Err(faults) => self.found.extend(faults.faults),
            }
        }
        if shop.procedures.is_empty() {
            self.say(
                "shop",
                "there is no [[shop.procedure]], so every order is rejected; config.example.toml shows one",
            );
        }
        for (place, article) in shop.articles.of_configuration().iter().enumerate() {
            if let Some(what) = super::catalog::without_sum(article, &shop.procedures) {
                self.say_at(price_at(self.text, place), "shop.article.price", what);
            }
        }
        for (place, procedure) in shop.procedures.iter().enumerate() {
            let charge = procedure.charge.as_ref().map(|(_, price)| price.currency());
            if let Some(currency) = charge.filter(|charge| !prices.is_empty() && !prices.contains(charge)) {
                let what = format!(
                    "the charge is in {currency}, and nothing is sold in {currency}: every order would be rejected, since the two make no sum"
                );
                self.nth_procedure(place, &what);
            }
        }
    }

    /// Checks that the holidays of a payment agent are heeded.
    fn holidays(&mut self, settings: &Settings) {
        let rule = settings.practice.payment.as_ref().map(|practice| &practice.rule);
        if rule.is_some_and(|rule| rule.bank_day == BankDay::Any && !rule.calendar.holidays.is_empty()) {
            let what = "holidays move a debit only with bank_day = \"next\" or \"previous\" in [payment]";
            self.say("payment", what);
        }
    }

    /// Checks that shops worked for are named with the keys that are accepted for them.
    fn clients(&mut self, settings: &Settings, keys: &dyn Keys) {
        let practice = &settings.practice;
        let payment = practice.payment.iter().flat_map(|practice| &practice.shops).map(|shop| ("payment", shop));
        let delivery = practice.delivery.iter().flat_map(|practice| &practice.shops).map(|shop| ("delivery", shop));
        for (table, shop) in payment.chain(delivery) {
            let Some(named) = &shop.fingerprint else { continue };
            if let Some(pinned) = keys.accepted(&shop.address).filter(|pinned| pinned != named) {
                let address = &shop.address;
                let what = format!(
                    "{address} is worked for under the key {named}, and the one accepted for it is {pinned}: its instructions would be refused"
                );
                self.say(&format!("{table}.shops"), what);
            }
        }
    }

    /// Checks that hooks have their programs, and that each procedure can be reached.
    fn steps(&mut self, settings: &Settings) {
        for (name, hook) in &settings.hooks {
            let program = hook.hook.command.first().map(String::as_str).unwrap_or_default();
            let key = format!("hook.{name}.command");
            if program.contains('/') && !is_program(Path::new(program)) {
                self.say(&key, format!("{program} is not there, or is no program"));
            }
        }
        let procedures = settings.practice.shop.as_ref().map(|shop| shop.procedures.as_slice()).unwrap_or_default();
        let has_limits =
            settings.practice.payment.as_ref().is_some_and(|practice| !practice.authorize_limits.is_empty());
        for (place, procedure) in procedures.iter().enumerate() {
            let asks_itself = procedure.payment_agent.is_none() && procedure.stages.contains(&Stage::Authorize);
            if asks_itself && !has_limits {
                let what = "payments are authorised by this account itself, and [payment] has no `authorize_limits`: every order would be rejected";
                self.say_at(step_at(self.text, place, Stage::Authorize.word()), "shop.procedure.steps", what);
            }
            let hides = |earlier: &&Procedure| {
                covers(&earlier.payment_method, &procedure.payment_method)
                    && covers(&earlier.delivery_method, &procedure.delivery_method)
            };
            if procedures.iter().take(place).any(|earlier| hides(&earlier)) {
                let what = format!(
                    "procedure {} is never taken: one before it is for the same methods; the first that fits is taken",
                    place.saturating_add(1)
                );
                self.nth_procedure(place, &what);
            }
        }
    }

    /// Says something of the table of one procedure.
    fn nth_procedure(&mut self, place: usize, what: &str) {
        // One in a remark is none.
        let begins = |at: usize| {
            let before = self.text.get(..at).unwrap_or_default();
            before.rsplit('\n').next().unwrap_or_default().trim().is_empty()
        };
        let headings = self.text.match_indices("[[shop.procedure]]").map(|(at, _)| at);
        let heading = headings.filter(|at| begins(*at)).nth(place);
        self.say_at(heading, "shop.procedure", what);
    }

    /// Checks that the agents of procedures have the keys that are accepted for them.
    fn agents(&mut self, settings: &Settings, keys: &dyn Keys) {
        let procedures = settings.practice.shop.as_ref().map(|shop| shop.procedures.as_slice()).unwrap_or_default();
        let mut told = std::collections::BTreeSet::new();
        for (place, procedure) in procedures.iter().enumerate() {
            let agents = [(Leg::Payment, &procedure.payment_agent), (Leg::Delivery, &procedure.delivery_agent)];
            for (leg, agent) in agents {
                let Some(agent) = agent else { continue };
                let (address, named) = (&agent.address, &agent.fingerprint);
                let what = match keys.accepted(address) {
                    Some(pinned) if pinned != *named => format!(
                        "the {leg}_agent {address} has the fingerprint {named} here, and the key accepted for it is {pinned}: its letters would not count",
                        leg = leg.word()
                    ),
                    None if !keys.is_known(named) => format!(
                        "no key is accepted for the {leg}_agent {address}, so every order is rejected; `mailorder key import FILE` and `mailorder key accept {address}`",
                        leg = leg.word()
                    ),
                    _ => continue,
                };
                if !told.insert((leg.word(), address.to_string(), named.to_string())) {
                    continue;
                }
                self.say_at(fingerprint_at(self.text, place, leg), "shop.procedure", what);
            }
        }
    }
}

/// Returns where the price of the article at `place` stands.
fn price_at(text: &str, place: usize) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let article = root.get_ref().get("shop")?.get_ref().get("article")?.get_ref().get(place)?;
    Some(article.get_ref().get("price")?.span().start)
}

/// Returns where a step stands in the procedure at `place`.
fn step_at(text: &str, place: usize, word: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let procedure = root.get_ref().get("shop")?.get_ref().get("procedure")?.get_ref().get(place)?;
    let mut steps = procedure.get_ref().get("steps")?.get_ref().as_array()?.iter();
    steps.find(|step| step.get_ref().as_str() == Some(word)).map(|step| step.span().start)
}

/// Returns where the fingerprint of an agent stands in the procedure at `place`, or else the agent.
fn fingerprint_at(text: &str, place: usize, leg: Leg) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let procedure = root.get_ref().get("shop")?.get_ref().get("procedure")?.get_ref().get(place)?;
    let agent = procedure.get_ref().get(format!("{}_agent", leg.word()).as_str())?;
    let at = agent.get_ref().get("fingerprint").unwrap_or(agent).span().start;
    let quoted = text.get(at..).is_some_and(|rest| rest.starts_with(['"', '\'']));
    Some(at.saturating_add(usize::from(quoted)))
}

/// Returns the folder that must be there for letters to go by the pattern of a Maildir: what stands before `{to}`.
pub fn base(pattern: &str) -> Option<&Path> {
    let before = pattern.split("{to}").next().unwrap_or_default();
    let folder = if before.ends_with('/') { Some(Path::new(before)) } else { Path::new(before).parent() };
    folder.filter(|folder| !folder.as_os_str().is_empty())
}

/// Returns whether what is for `one` is for all that `other` is for.
fn covers<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_none() || one == other
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Returns whether a folder can be read as a Maildir.
pub fn is_maildir(folder: &Path) -> bool {
    ["cur", "new"].iter().all(|part| folder.join(part).is_dir())
}

impl ConfigError {
    /// Adds line and column: of the byte it names, or of the key where the text has it once.
    pub(super) fn placed(self, text: &str) -> Self {
        match self {
            Self::At { file, at, what } => {
                let (line, column) = line_and_column(text, at);
                Self::Place { file, line, column, what }
            }
            Self::Value { file, key, what } => match key_at(text, &key) {
                Some((line, column)) => Self::Place { file, line, column, what: format!("{key}: {what}") },
                None => Self::Value { file, key, what },
            },
            Self::Several(faults) => Self::Several(faults.into_iter().map(|fault| fault.placed(text)).collect()),
            other => other,
        }
    }
}
