//! An account is made, and opened: its folders, key, ledger, index and queues.

use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use super::{Clerk, ClerkError, LOCK_WAIT, aside, certificates, own_key, spool};
use crate::clock::{Clock, system_time};
use crate::config::Settings;
use crate::files;
use crate::index::{Index, Reckoning, Row};
use crate::ledger::{Ledger, Writer};
use crate::mail::{self, Language, Texts};
use crate::maildir;
use crate::outbox::queue::Queue;
use crate::pgp::OwnKey;
use crate::role::articles::Articles;
use crate::trade::{Act, Body, Entry, Letter, Names, Party};

/// Makes the account's folders, its key and the first entry of its ledger. Where it was made in part before, the key
/// that is there is taken.
///
/// # Errors
/// Where a ledger is there already, nothing is changed.
pub fn create(settings: &Settings, clock: &Clock) -> Result<Party, ClerkError> {
    let folders = &settings.folders;
    let key_file = own_key::file(settings);
    if is_made(settings) {
        let text = format!("there is an account in {} already; it is left as it is", folders.ledger.display());
        return Err(crate::role::Refused::new(text).into());
    }
    for folder in [&folders.keys, &folders.queue, &folders.spool, &folders.set_aside] {
        private_folder(folder)?;
    }
    for file in [&folders.ledger, &folders.index] {
        if let Some(parent) = file.parent() {
            private_folder(parent)?;
        }
    }
    private_folder(&folders.ledger)?;
    clear_leftovers(&folders.ledger)?;
    let now = clock.now();
    let key = first_key(settings, &key_file, system_time(&now))?;
    let certificate = key.certificate();
    let minimal = certificate
        .to_minimal_binary(&settings.address, system_time(&now))
        .map_err(|cause| ClerkError::Key { file: key_file.clone(), cause })?;
    let me = Party { address: settings.address.clone(), fingerprint: key.fingerprint().clone() };
    let id: [u8; 16] = super::chance()?;
    let act = Act::Genesis { ledger: hex::encode(id), account: me.clone(), certificate: STANDARD.encode(minimal) };
    let body = Body::Own { act, names: Names::default(), about: Vec::new() };
    let recorded = crate::ledger::recordable(&now);
    let entry =
        Entry { position: 0, recorded, role: None, body, owes: Vec::new(), event: None, cause: None, erased: None };
    let ledger = Ledger::create(&folders.ledger, &entry)?;
    ledger.put_certificate(&me.fingerprint, certificate.to_armored().as_ref())?;
    Ok(me)
}

/// Returns whether the account of these settings was made. An `init` that did not live to its end leaves a log without
/// a whole line and the first entry at most; a ledger that lost its log has more, and is never taken for a new one.
pub fn is_made(settings: &Settings) -> bool {
    let folder = &settings.folders.ledger;
    // A line is shorter than this.
    let has_line = maildir::read_head(&folder.join("log"), 1024).is_ok_and(|log| log.contains(&b'\n'));
    has_line || maildir::list(folder).map_or(true, |entries| entries.len() > 1)
}

/// Returns whether the account of these settings was made, and its ledger is gone since: its index knows of more than the first
/// entry, or mails were set aside. A new ledger in its place would give the numbers of letters a second time.
pub fn has_lost_ledger(settings: &Settings) -> bool {
    let folders = &settings.folders;
    let is_used = || {
        Index::known_entries(&folders.index) > 1
            || maildir::list(&folders.set_aside).is_ok_and(|mails| !mails.is_empty())
    };
    own_key::file(settings).exists() && !is_made(settings) && is_used()
}

/// Puts away what an `init` left that did not live to its end: the beginning of a log, an entry without a line.
fn clear_leftovers(folder: &Path) -> Result<(), ClerkError> {
    let log = folder.join("log");
    if log.exists() {
        std::fs::remove_file(&log).map_err(ClerkError::io("remove", &log))?;
    }
    for entry in maildir::list(folder)? {
        let name = maildir::name_of(&entry).map(maildir::stable).unwrap_or_default();
        std::fs::rename(&entry, folder.join("tmp").join(name)).map_err(ClerkError::io("move to tmp", &entry))?;
    }
    Ok(())
}

/// Returns the key that an `init` before this one made and did not live to use, or makes one.
fn first_key(settings: &Settings, file: &Path, now: SystemTime) -> Result<OwnKey, ClerkError> {
    let fault = |cause| ClerkError::Key { file: file.to_owned(), cause };
    if file.exists() {
        check_private(file, 0o077, "600")?;
        let key = own_key::read(file)?;
        if !key.certificate().addresses().contains(&settings.address) {
            let text = format!("the key in {} is not of {}; move it away", file.display(), settings.address);
            return Err(crate::role::Refused::new(text).into());
        }
        return Ok(key);
    }
    let key = OwnKey::generate(&settings.name, &settings.address, now).map_err(fault)?;
    write_private(file, key.to_armored().expose_secret().as_bytes())?;
    Ok(key)
}

/// Reads the letter of an entry again.
pub(super) fn reread(bytes: &[u8]) -> Result<Letter, String> {
    mail::reread(bytes).map_err(|error| error.to_string())
}

/// Makes a folder that is its owner's alone.
pub(super) fn private_folder(folder: &Path) -> Result<(), ClerkError> {
    files::make_private(folder).map_err(ClerkError::io("make", folder))
}

/// Makes a Maildir that is its owner's alone.
pub(super) fn private_maildir(folder: &Path) -> Result<(), ClerkError> {
    for part in ["new", "cur", "tmp"] {
        private_folder(&folder.join(part))?;
    }
    Ok(maildir::create(folder)?)
}

/// Writes a new file that is its owner's alone, durably: it has its name when it is whole.
fn write_private(file: &Path, bytes: &[u8]) -> Result<(), ClerkError> {
    use std::io::Write;
    let tmp = file.with_extension("new");
    let mut opened = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&tmp)
        .map_err(ClerkError::io("make", &tmp))?;
    opened.write_all(bytes).and_then(|()| opened.sync_all()).map_err(ClerkError::io("write", &tmp))?;
    maildir::claim(&tmp, file)?;
    if let Some(folder) = file.parent() {
        maildir::sync_dir(folder)?;
    }
    Ok(())
}

/// Returns the articles that the configuration itself has.
fn own_articles(settings: &Settings) -> Arc<Articles> {
    let shop = settings.practice.shop.as_ref();
    shop.map(|shop| Arc::new(Articles::own(shop.articles.of_configuration().to_vec()))).unwrap_or_default()
}

/// Refuses what others may read or write (F34).
fn check_private(file: &Path, forbidden: u32, mode: &'static str) -> Result<(), ClerkError> {
    let open = std::fs::metadata(file).map_err(ClerkError::io("read", file))?.mode() & forbidden;
    let how = match (open & 0o022 != 0, open & 0o055 != 0) {
        (false, false) => return Ok(()),
        (true, true) => "read or written",
        (true, false) => "written",
        (false, true) => "read",
    };
    Err(ClerkError::Open { file: file.to_owned(), how, mode })
}

/// Refuses an account that others may read or change (F34): whoever may write to a folder puts another file in the
/// place of any in it.
fn check_account(settings: &Settings, key_file: &Path) -> Result<(), ClerkError> {
    let folders = &settings.folders;
    check_private(&folders.config, 0o022, "go-w")?;
    check_private(key_file, 0o077, "600")?;
    for file in [folders.config.as_path(), key_file, folders.index.as_path()] {
        if let Some(folder) = file.parent()
            && folder.is_dir()
            && !is_shared(folder, key_file)?
        {
            check_private(folder, 0o022, "go-w")?;
        }
    }
    for file in settings.password_files().filter(|file| file.exists()) {
        check_private(file, 0o077, "600")?;
    }
    let [ledger, spool, set_aside, queue] = private(settings);
    check_private(ledger, 0o022, "go-w")?;
    let parts = |folder: &Path| ["new", "cur", "tmp"].map(|part| folder.join(part));
    let inside = ["log", "checkpoints", "certs", "originals"].map(|part| ledger.join(part));
    let folders = [spool, set_aside, queue, &folders.index].map(Path::to_owned);
    let mut all: Vec<PathBuf> = parts(ledger).into_iter().chain(inside).chain(parts(spool)).chain(folders).collect();
    // What lies in these was made as the user's umask had it, and nobody gets to it where the folder itself is closed.
    for folder in [set_aside, queue].into_iter().filter(|folder| mode(folder) & 0o011 != 0) {
        all.extend(parts(folder));
    }
    let seen = settings.folders.keys.join("seen");
    if mode(&settings.folders.keys) & 0o011 != 0 {
        all.extend([seen.join("tmp"), seen]);
    }
    // What is missing is made, or told of, when it is needed.
    all.iter().filter(|found| found.exists()).try_for_each(|found| check_private(found, 0o022, "go-w"))
}

/// Returns the mode of what is there; of what is not, none.
fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).map_or(0, |found| found.mode())
}

/// Returns the folders whose content is nobody else's business.
fn private(settings: &Settings) -> [&Path; 4] {
    let folders = &settings.folders;
    [&folders.ledger, &folders.spool, &folders.set_aside, &folders.queue]
}

/// Returns which of the account's folders, and whether its index, others may read: a person is told, and nothing is refused for it.
pub fn open_to_readers(settings: &Settings) -> Vec<PathBuf> {
    let found = private(settings).into_iter().chain([settings.folders.index.as_path()]);
    let found = found.filter(|path| mode(path) & 0o044 != 0);
    // Where a folder above is closed nobody gets as far.
    let reached = found
        .filter(|path| path.ancestors().skip(1).all(|above| above.as_os_str().is_empty() || mode(above) & 0o011 != 0));
    reached.map(Path::to_owned).collect()
}

/// Says that others may read a file or folder.
fn readers_note(file: PathBuf) -> String {
    ClerkError::Open { file, how: "read", mode: "go-rwx" }.to_string()
}

/// Returns whether a folder is one like `/tmp`: everybody may put files there, and nobody replace another's. Its owner
/// may, so it must be root or who owns the key.
fn is_shared(folder: &Path, key_file: &Path) -> Result<bool, ClerkError> {
    let owner = |path: &Path| std::fs::metadata(path).map_err(ClerkError::io("read", path));
    let (found, us) = (owner(folder)?, owner(key_file)?.uid());
    Ok(found.mode() & 0o1000 != 0 && (found.uid() == 0 || found.uid() == us))
}

/// Prepares an account whose log was cut back to be gone on with: entries that the log no longer reaches, and letters of them that
/// were to be sent, are put aside, and the index, which remembers them, is thrown away. Returns what is to be told.
pub fn go_on_with_cut_log(settings: &Settings) -> Result<Vec<String>, ClerkError> {
    let ledger = Ledger::open(&settings.folders.ledger)?;
    let put = ledger.put_cut_off_aside(LOCK_WAIT, true)?;
    let queue = Queue::open(&settings.folders.queue)?;
    let letters = queue.put_cut_off_aside(ledger.head()?.size)?;
    Index::discard(&settings.folders.index)?;
    let queued = || {
        format!(
            "what the outbox had of entries that are not there any more (letters: {letters}) was put into its folder cut"
        )
    };
    let fetched = "what came since the log was cut is fetched again only where it still lies in the inbox: of a Maildir whose letters \
                   are filed, take it in with `mailorder import FOLDER/.mailorder`; of IMAP, move it back from the folder it was moved to";
    let notes = cut_off_note(put).into_iter().chain((letters > 0).then(queued));
    Ok(notes.chain([fetched.to_owned()]).collect())
}

fn cut_off_note(put: usize) -> Option<String> {
    (put > 0).then(|| format!("{put} entry files that the log no longer reaches were put into the ledger's folder cut"))
}

impl Clerk {
    /// Opens an account.
    ///
    /// # Errors
    /// Folders or keys that are missing, unreadable or open to others; a ledger that is damaged; a key that is not the
    /// ledger's.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, ClerkError> {
        let folders = settings.folders.clone();
        let key_file = own_key::file(&settings);
        if !key_file.exists() || !is_made(&settings) {
            let text = format!("there is no account for {} yet; make one with `mailorder init`", settings.address);
            return Err(ClerkError::Settings(text));
        }
        check_account(&settings, &key_file)?;
        let key = own_key::read(&key_file)?;
        let me = Party { address: settings.address.clone(), fingerprint: key.fingerprint().clone() };
        let ledger = Ledger::open(&folders.ledger)?;
        if *ledger.account() != settings.address {
            let text = format!(
                "the ledger in {} is of {}, not of {}",
                folders.ledger.display(),
                ledger.account(),
                settings.address
            );
            return Err(ClerkError::Settings(text));
        }
        let reckoning = Reckoning { row: Row::of, keys: certificates::keys, join: certificates::join };
        let (index, message) = Index::open(&folders.index, &ledger, reckoning)?;
        let language = if settings.language == "ja" { Language::Ja } else { Language::En };
        let texts = Texts::load(language, settings.templates.as_deref())
            .map_err(|error| ClerkError::Settings(error.to_string()))?;
        let mut clerk = Self {
            keys: [key].into(),
            me,
            autocrypt: std::sync::OnceLock::new(),
            ledger,
            index,
            texts,
            queue: Queue::open(&folders.queue)?,
            spool: spool::Spool::open(&folders.spool)?,
            aside: aside::AsideFolder::open(&folders.set_aside)?,
            certificates: certificates::Certificates::default(),
            at_hand: super::batch::AtHand::default(),
            notes: message.into_iter().chain(open_to_readers(&settings).into_iter().map(readers_note)).collect(),
            swept: false,
            loaded: super::catalog::Loaded::new(own_articles(&settings)),
            settings,
            clock,
        };
        clerk.check_key()?;
        clerk.catch_up()?;
        Ok(clerk)
    }

    /// Refuses a key that is not the one the ledger was begun with: others would get letters of somebody else (F36).
    fn check_key(&self) -> Result<(), ClerkError> {
        let Body::Own { act: Act::Genesis { account, .. }, .. } = self.entry(0)?.body else { return Ok(()) };
        if account.fingerprint == self.me.fingerprint {
            return Ok(());
        }
        let file = own_key::file(&self.settings);
        let (there, wanted) = (&self.me.fingerprint, account.fingerprint);
        let text = format!(
            "the key in {} is {there}, but this ledger is kept with {wanted}; restore that one from a backup",
            file.display()
        );
        Err(ClerkError::Settings(text))
    }

    /// Takes note of what another process has entered meanwhile; it may have brought certificates.
    pub(super) fn look_again(&mut self) -> Result<(), ClerkError> {
        let before = self.index.mark().entries();
        self.index.refresh()?;
        if self.index.mark().entries() != before {
            self.certificates.clear();
        }
        Ok(())
    }

    /// Brings the index up to the end of the log, which needs the lock where it is behind.
    pub fn catch_up(&mut self) -> Result<(), ClerkError> {
        self.look_again()?;
        if self.index.unscrubbed()?.is_some() {
            let writer = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?;
            self.catch_up_with(&writer)?;
        }
        if let Some(writer) = self.ledger.recover(self.index.mark())? {
            self.notes.extend(writer.recovered().iter().cloned());
            self.catch_up_with(&writer)?;
        }
        if self.ledger.mark_from(Some(self.index.mark()))?.entries() > self.index.mark().entries() {
            let writer = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?;
            self.catch_up_with(&writer)?;
        }
        Ok(())
    }

    pub(super) fn catch_up_with(&mut self, writer: &Writer) -> Result<(), ClerkError> {
        if self.index.catch_up(writer, &reread)? > 0 {
            self.certificates.clear();
        }
        self.after_redactions(writer)
    }

    /// Does what is left to be done where redactions were read: a crash may have kept them from it.
    fn after_redactions(&mut self, writer: &Writer) -> Result<(), ClerkError> {
        let Some(last) = self.index.unscrubbed()? else { return Ok(()) };
        if self.ledger.checkpoints()?.last().is_none_or(|size| *size <= last) {
            self.sign_for(writer);
        }
        self.scrub_index();
        Ok(())
    }

    /// Throws the index away and builds it again from the ledger; returns the number of entries.
    pub fn reindex(&mut self) -> Result<u64, ClerkError> {
        self.notes.extend(cut_off_note(self.ledger.put_cut_off_aside(LOCK_WAIT, false)?));
        let writer = self.ledger.lock(LOCK_WAIT, None)?;
        let entries = self.index.rebuild(&writer, &reread)?;
        self.certificates.clear();
        self.after_redactions(&writer)?;
        Ok(entries)
    }
}
