//! Who trades: four parties with keys of their own, and an account made as `init` makes one.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailorder::clerk;
use mailorder::clock::{Clock, system_time};
use mailorder::config::{self, Environment, Settings};
use mailorder::mail::{Language, Texts};
use mailorder::maildir;
use mailorder::pgp::{OwnKey, autocrypt};
use mailorder::trade::{Address, Agent, Moment, Party, Role};

/// A party with its private key.
pub struct Player {
    pub party: Party,
    pub key: OwnKey,
    /// The minimal certificate in base64, as letters and pins carry it.
    pub certificate: String,
    /// The header its mails hand the key on with.
    pub header: autocrypt::Header,
}

impl Player {
    pub fn new(name: &str, address: &str, since: Moment) -> Self {
        let address = Address::parse(address).unwrap();
        let key = OwnKey::generate(name, &address, system_time(&since)).unwrap();
        Self::of(key, address, since)
    }

    pub fn of(key: OwnKey, address: Address, since: Moment) -> Self {
        let now = system_time(&since);
        let certificate = STANDARD.encode(key.certificate().to_minimal_binary(&address, now).unwrap());
        let header = autocrypt::Header::of(key.certificate(), &address, now).unwrap();
        Self { party: Party { address, fingerprint: key.fingerprint().clone() }, key, certificate, header }
    }

    /// Returns the party as terms name it: with its certificate, where the reader may not have it.
    pub fn agent(&self, role: Role, with_certificate: bool) -> Agent {
        let certificate = with_certificate.then(|| self.certificate.clone());
        Agent { role, party: self.party.clone(), certificate }
    }
}

/// Who trades with whom, and the texts of their letters.
pub struct Cast {
    pub buyers: Vec<Player>,
    pub shop: Player,
    pub pay: Player,
    pub ship: Player,
    pub texts: Texts,
}

impl Cast {
    /// Makes the agents; the buyers and the shop are given, one of them with the key of an account.
    pub fn new(buyers: Vec<Player>, shop: Player, since: Moment) -> Self {
        let pay = Player::new("Example Card Bank", "pay@example.test", since);
        let ship = Player::new("Example Parcel", "ship@example.test", since);
        Self { buyers, shop, pay, ship, texts: Texts::load(Language::En, None).unwrap() }
    }
}

/// An account on disk, and its key.
pub struct Account {
    pub settings: Settings,
    pub player: Player,
}

impl Account {
    /// Makes an account in `folder`, as `init` does, with the configuration `text` (the address in it is `address`).
    pub fn make(folder: &Path, address: &str, text: &str, since: Moment) -> Self {
        let config = folder.join("config.toml");
        fs::create_dir_all(folder).unwrap();
        fs::write(&config, text).unwrap();
        let settings = open_settings(&config);
        let clock = Clock::played(since);
        clerk::create(&settings, &clock).unwrap();
        maildir::create(&folder.join("mail").join(address)).unwrap();
        let key = OwnKey::from_bytes(&fs::read(settings.folders.keys.join("own.asc")).unwrap()).unwrap();
        let player = Player::of(key, settings.address.clone(), since);
        Self { settings, player }
    }
}

/// Reads the configuration of an account.
pub fn open_settings(config: &Path) -> Settings {
    config::load(config, &Environment::default()).unwrap()
}

/// The beginning of a configuration: embedded, without a server.
pub fn config_text(address: &str, name: &str, role: &str) -> String {
    format!(
        "address = \"{address}\"\nname = \"{name}\"\nroles = [\"{role}\"]\n\n[storage]\nfolder = \".\"\n\n[inbox]\n\
         maildir = \"mail/{address}\"\nhandled = \"remove\"\n\n[outbox]\nmaildir = \"mail/{{to}}\"\n\n"
    )
}
