//! From the configuration as written to the settings as used.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::fault::Faults;
use super::written::{self, Config};
use super::{
    ConfigError, Environment, Folders, InboxSettings, Listed, OutboxSettings, Proof, ServerSettings, Settings, TlsMode,
    TrustPolicy, default_folders,
};
use crate::role::Practice;
use crate::role::articles::{Article, Articles};
use crate::role::practice::{AnswerLimits, BuyerPractice, Partial, ShopPractice};
use crate::trade::item::Item;
use crate::trade::{Address, Fingerprint, Money, Person, Quantity, fault_of_line};

/// How many strangers a shop lets in within an hour, where nothing is set.
const STRANGERS_PER_HOUR: usize = 60;
/// The most bytes of a shop's conditions: those of articles stand behind them, and a text in a letter has 4 KiB at most.
const CONDITIONS_MAX: usize = 2_000;

/// Settles a configuration; the first value that cannot be is the error, of procedures all that cannot.
pub(super) fn settle(written: Config, file: &Path, environment: &Environment) -> Result<Settings, ConfigError> {
    let place = Place { file, home: environment.home.clone(), credentials: environment.credentials.clone() };
    let language = written.language.clone().unwrap_or_else(|| "en".to_owned());
    if !matches!(language.as_str(), "en" | "ja") {
        return Err(place.fault("language", format!("{language:?} is neither \"en\" nor \"ja\"")));
    }
    if written.name.trim().is_empty() || steers(&written.name) {
        return Err(place.fault("name", "a name is needed, without control characters"));
    }
    let trust = match written.trust.policy.as_deref() {
        None | Some("pinned") => TrustPolicy::Pinned,
        Some("first-use") => TrustPolicy::FirstUse,
        Some(other) => {
            return Err(place.fault("trust.policy", format!("{other:?} is neither \"pinned\" nor \"first-use\"")));
        }
    };
    let payment_agents = written.trust.payment_agents.as_deref().map(|list| place.payment_agents(list)).transpose()?;
    Ok(Settings {
        payment_agents,
        folders: place.folders(&written.storage, environment)?,
        inbox: written.inbox.as_ref().map(|inbox| place.inbox(inbox, &written.address)).transpose()?,
        outbox: written.outbox.as_ref().map(|outbox| place.outbox(outbox, &written.address)).transpose()?,
        trust,
        strangers_per_hour: place.strangers_per_hour(&written.trust)?,
        templates: written.storage.templates.as_deref().map(|path| place.path(path)),
        catalog: written.shop.as_ref().and_then(|shop| shop.catalog.as_deref()).map(|path| place.path(path)),
        practice: place.practice(&written)?,
        hooks: place.hooks(&written.hook)?,
        notify: place.notify(written.notify.as_ref(), environment)?,
        payment_data_command: place.payment_data_command(&written)?,
        single_thread: environment.single_thread,
        address: written.address,
        name: written.name,
        language,
    })
}

pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    home: Option<PathBuf>,
    credentials: Option<PathBuf>,
}

impl Place<'_> {
    pub(super) fn fault(&self, key: &str, what: impl std::fmt::Display) -> ConfigError {
        ConfigError::value(self.file, key, what)
    }

    /// Returns a fault of a key at a byte of the text.
    pub(super) fn fault_at(&self, at: usize, key: &str, what: impl std::fmt::Display) -> ConfigError {
        ConfigError::At { file: self.file.to_owned(), at, what: format!("{key}: {what}") }
    }

    /// Returns the folder of the configuration.
    pub(super) fn folder(&self) -> PathBuf {
        self.file.parent().unwrap_or_else(|| Path::new("/")).to_owned()
    }

    /// Makes a path absolute: `~/` is the home folder, what is relative starts where the configuration lies.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), &self.home) {
            return home.join(rest);
        }
        plain(&self.file.parent().unwrap_or_else(|| Path::new("/")).join(text))
    }

    fn payment_agents(&self, list: &[String]) -> Result<Vec<Listed>, ConfigError> {
        if list.is_empty() {
            let what = "the list is empty, and nobody could be paid; leave the key out to allow any";
            return Err(self.fault("trust.payment_agents", what));
        }
        let listed = |text: &String| match Fingerprint::parse(text) {
            Ok(key) => Ok(Listed::Key(key)),
            Err(_) => Address::parse(text).map(Listed::Address),
        };
        let fault = |text: &String| {
            self.fault("trust.payment_agents", format!("{text:?} is neither an address nor a fingerprint"))
        };
        list.iter().map(|text| listed(text).map_err(|_| fault(text))).collect()
    }

    fn strangers_per_hour(&self, trust: &written::Trust) -> Result<usize, ConfigError> {
        match trust.strangers_per_hour {
            Some(0) => {
                let what = "0 would let nobody in; 1 is the least, and the policy \"pinned\" lets in whom you accepted";
                Err(self.fault("trust.strangers_per_hour", what))
            }
            most => Ok(most.map_or(STRANGERS_PER_HOUR, usize::from)),
        }
    }

    fn payment_data_command(&self, written: &Config) -> Result<Option<Vec<String>>, ConfigError> {
        let command = written.buyer.as_ref().and_then(|buyer| buyer.payment_data_command.clone());
        if command.as_ref().is_some_and(Vec::is_empty) {
            return Err(self.fault("buyer.payment_data_command", "it is a list of program and arguments"));
        }
        Ok(command)
    }

    fn folders(&self, storage: &written::Storage, environment: &Environment) -> Result<Folders, ConfigError> {
        let (data, state, cache) = match &storage.folder {
            Some(folder) => (self.path(folder), self.path(folder), self.path(folder)),
            None => default_folders(environment)?,
        };
        let at = |chosen: &Option<String>, base: &Path, name: &str| {
            chosen.as_deref().map_or_else(|| base.join(name), |path| self.path(path))
        };
        Ok(Folders {
            config: self.file.to_owned(),
            keys: at(&storage.keys, &data, "keys"),
            ledger: at(&storage.ledger, &data, "ledger"),
            queue: at(&storage.queue, &state, "outbox"),
            spool: at(&storage.spool, &state, "spool"),
            set_aside: at(&storage.set_aside, &state, "set-aside"),
            index: at(&storage.index, &cache, "index.sqlite"),
        })
    }

    fn inbox(&self, inbox: &written::Inbox, address: &Address) -> Result<InboxSettings, ConfigError> {
        match (&inbox.maildir, &inbox.imap) {
            (Some(folder), None) => Ok(InboxSettings::Maildir { folder: self.path(folder), handled: inbox.handled }),
            (None, Some(server)) => {
                let folder = inbox.folder.clone().unwrap_or_else(|| "INBOX".to_owned());
                Ok(InboxSettings::Imap(self.server("inbox.imap", server, 993, address)?, folder, inbox.handled))
            }
            _ => Err(self.fault("inbox", "exactly one of `maildir` and `imap` is needed")),
        }
    }

    fn outbox(&self, outbox: &written::Outbox, address: &Address) -> Result<OutboxSettings, ConfigError> {
        match (&outbox.maildir, &outbox.smtp, &outbox.sendmail) {
            (Some(folder), None, None) => Ok(OutboxSettings::Maildir(self.path(folder).to_string_lossy().into_owned())),
            (None, Some(server), None) => Ok(OutboxSettings::Smtp(self.server("outbox.smtp", server, 465, address)?)),
            (None, None, Some(program)) => Ok(OutboxSettings::Sendmail(self.path(program))),
            _ => Err(self.fault("outbox", "exactly one of `maildir`, `smtp` and `sendmail` is needed")),
        }
    }

    fn server(
        &self,
        key: &str,
        server: &written::Server,
        port: u16,
        address: &Address,
    ) -> Result<ServerSettings, ConfigError> {
        let mut proofs = Vec::new();
        proofs.extend(server.password_file.as_deref().map(|path| Proof::PasswordFile(self.path(path))));
        proofs.extend(server.password_command.clone().map(Proof::PasswordCommand));
        proofs.extend(server.token_command.clone().map(Proof::TokenCommand));
        if let Some(name) = &server.credential {
            let folder = self.credentials.as_ref().filter(|_| !name.contains('/'));
            let what = "`credential` needs systemd's LoadCredential, and a plain name";
            proofs.push(Proof::Credential(folder.ok_or_else(|| self.fault(key, what))?.join(name)));
        }
        if proofs.len() > 1 {
            let what = "only one of `password_file`, `password_command`, `credential` and `token_command` may be given";
            return Err(self.fault(key, what));
        }
        match proofs.first() {
            Some(Proof::PasswordCommand(argv)) if argv.is_empty() => {
                return Err(self.fault(key, "`password_command` is a list of program and arguments"));
            }
            Some(Proof::TokenCommand(argv)) if argv.is_empty() => {
                return Err(self.fault(key, "`token_command` is a list of program and arguments"));
            }
            _ => {}
        }
        let tls = match server.tls.as_deref() {
            None | Some("implicit") => TlsMode::Implicit,
            Some("starttls") => TlsMode::StartTls,
            Some("none") if is_loopback(&server.host) && proofs.is_empty() => TlsMode::None,
            Some("none") => {
                return Err(self.fault(key, "`tls = \"none\"` is for a loopback address without a login alone"));
            }
            Some(other) => {
                return Err(self.fault(key, format!("tls = {other:?} is none of \"implicit\", \"starttls\", \"none\"")));
            }
        };
        let user = server.user.clone().unwrap_or_else(|| address.to_string());
        if let Some(fault) = fault_of_line(&user) {
            return Err(self.fault(key, format!("user: {fault}")));
        }
        Ok(ServerSettings {
            host: server.host.clone(),
            port: server.port.unwrap_or(port),
            tls,
            ca_file: server.ca_file.as_deref().map(|path| self.path(path)),
            login: proofs.pop().map(|proof| (user, proof)),
        })
    }

    fn practice(&self, written: &Config) -> Result<Practice, ConfigError> {
        let mut practice = Practice { answers: self.answers(&written.answers)?, ..Practice::default() };
        for role in &written.roles {
            match role {
                written::RoleWord::Buyer => practice.buyer = Some(self.buyer(written)?),
                written::RoleWord::Shop => practice.shop = Some(self.shop(written)?),
                written::RoleWord::Payment => practice.payment = Some(self.payment(written)?),
                written::RoleWord::Delivery => practice.delivery = Some(self.delivery(written)?),
            }
        }
        if written.roles.is_empty() {
            return Err(self.fault("roles", "at least one of buyer, shop, payment, delivery is needed"));
        }
        self.roles_of_procedures(&practice, written)?;
        Ok(practice)
    }

    fn answers(&self, written: &written::Answers) -> Result<AnswerLimits, ConfigError> {
        let default = AnswerLimits::default();
        let limit = |key: &str, written: Option<u16>, default: usize| match written {
            Some(0) => Err(self.fault(key, "0 would leave every question unanswered; 1 is the least")),
            Some(limit) => Ok(usize::from(limit)),
            None => Ok(default),
        };
        Ok(AnswerLimits {
            per_transaction: limit("answers.per_transaction", written.per_transaction, default.per_transaction)?,
            per_peer: limit("answers.per_peer", written.per_peer, default.per_peer)?,
        })
    }

    /// Checks that a shop which names no agent plays the agent's part itself: nobody would follow its instructions.
    fn roles_of_procedures(&self, practice: &Practice, written: &Config) -> Result<(), ConfigError> {
        let procedures = practice.shop.as_ref().map(|shop| shop.procedures.as_slice()).unwrap_or_default();
        let mut faults = Faults::default();
        for (place, procedure) in procedures.iter().enumerate() {
            let own = [
                ("payment", procedure.payment_agent.is_none() && practice.payment.is_none()),
                ("delivery", procedure.delivery_agent.is_none() && practice.delivery.is_none()),
            ];
            for (role, _) in own.iter().filter(|(_, missing)| *missing) {
                let what = format!("name a {role}_agent, or add {role:?} to `roles`: without one it is this shop");
                let step = written.shop.as_ref().and_then(|shop| shop.procedure.get(place)?.steps.first());
                faults.add(match step.map_or(0, |step| step.span().start) {
                    0 => self.fault("shop.procedure", what),
                    at => self.fault_at(at, "shop.procedure", what),
                });
            }
        }
        faults.or(())
    }

    pub(super) fn money(&self, key: &str, text: &str) -> Result<Money, ConfigError> {
        Money::parse_line(text).map_err(|error| {
            let form = "currency, amount without separators, a point before decimals";
            self.fault(key, format!("{error}; write it like \"JPY 4800\": {form}"))
        })
    }

    /// Settles an amount, with its place.
    pub(super) fn money_at(&self, key: &str, written: &Spanned<String>) -> Result<Money, ConfigError> {
        self.money(key, written.get_ref()).map_err(|fault| fault.at(written.span().start))
    }

    pub(super) fn amounts(&self, key: &str, texts: &[String]) -> Result<Vec<Money>, ConfigError> {
        let mut amounts: Vec<Money> = Vec::new();
        for text in texts {
            let amount = self.money(key, text)?;
            if amounts.iter().any(|other| other.currency() == amount.currency()) {
                return Err(self.fault(key, format!("{} stands twice", amount.currency())));
            }
            amounts.push(amount);
        }
        Ok(amounts)
    }

    fn buyer(&self, written: &Config) -> Result<BuyerPractice, ConfigError> {
        let default = written::Buyer::default();
        let buyer = written.buyer.as_ref().unwrap_or(&default);
        let confirm_matching = match buyer.confirm.as_deref() {
            None | Some("ask") => false,
            Some("matching") => true,
            Some(other) => {
                return Err(self.fault("buyer.confirm", format!("{other:?} is neither \"ask\" nor \"matching\"")));
            }
        };
        Ok(BuyerPractice {
            person: Person {
                name: written.name.clone(),
                email: written.address.clone(),
                telephone: buyer.telephone.clone(),
                address: None,
            },
            deliver_to: buyer.deliver_to.clone(),
            confirm_matching,
            unpaid_limits: self.amounts("buyer.unpaid_limits", &buyer.unpaid_limits)?,
            schedules: self.schedules(&buyer.schedule)?,
            rules: self.rules(&buyer.rule)?,
            silence_days: self.silence_days(buyer.silence_days.as_ref())?,
        })
    }

    fn articles(&self, written: &[written::Article]) -> Result<Vec<Article>, ConfigError> {
        let mut articles: Vec<Article> = Vec::new();
        for article in written {
            let fault = |what: &str| self.fault("shop.article", format!("article number {:?} {what}", article.sku));
            if articles.iter().any(|other| other.item.sku.as_ref() == Some(&article.sku)) {
                return Err(fault("stands twice"));
            }
            if article.name.trim().is_empty() || [&article.sku, &article.name].into_iter().any(|word| steers(word)) {
                return Err(fault("needs a name, without control characters"));
            }
            let item = Item { sku: Some(article.sku.clone()), name: article.name.clone() };
            let increment = article.increment.as_deref().map_or(Ok(Quantity::ONE), Quantity::parse);
            let increment = increment.map_err(|error| self.fault("shop.article.increment", error.to_string()))?;
            let plain = Article::plain(item, self.money_at("shop.article.price", &article.price)?);
            articles.push(Article { increment, ..plain });
        }
        Ok(articles)
    }

    fn shop(&self, written: &Config) -> Result<ShopPractice, ConfigError> {
        let Some(shop) = &written.shop else {
            return Err(self.fault("shop", "the role shop needs a [shop] table with articles and procedures"));
        };
        if let Some(what) = shop.conditions.as_deref().and_then(conditions_fault) {
            return Err(self.fault("shop.conditions", what));
        }
        let mut faults = Faults::default();
        let settled = shop.procedure.iter().map(|procedure| self.procedure(procedure, &written.hook).map(Some));
        let procedures = settled.filter_map(|procedure| faults.take(procedure)).collect();
        let practice = ShopPractice {
            name: written.name.clone(),
            vat_id: shop.vat_id.clone(),
            conditions: shop.conditions.clone(),
            articles: Arc::new(Articles::own(self.articles(&shop.article)?)),
            partial: match shop.partial.as_deref() {
                None | Some("refuse") => Partial::Refuse,
                Some("offer") => Partial::Offer,
                Some(other) => {
                    return Err(self.fault("shop.partial", format!("{other:?} is neither \"refuse\" nor \"offer\"")));
                }
            },
            procedures,
            valid_days: shop.valid_days.unwrap_or(7),
            return_days: shop.return_days.unwrap_or(0),
            review: self.review(&shop.review)?,
        };
        faults.or(practice)
    }
}

/// Takes `.` and `x/..` out of a path, as they are written; links are not followed.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns whether a text has what no letter may have.
fn steers(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Returns why a text cannot be the conditions in terms and catalogs, if so. Lines may be as long as they like.
fn conditions_fault(text: &str) -> Option<String> {
    if text.len() > CONDITIONS_MAX {
        return Some(format!(
            "{} bytes, at most {CONDITIONS_MAX} fit into a letter; name a page that has all of them",
            text.len()
        ));
    }
    let is_wrong = |c: &char| c.is_control() && *c != '\n' && *c != '\t';
    text.chars().find(is_wrong).map(|c| format!("the control character U+{:04X} stands in it", u32::from(c)))
}
