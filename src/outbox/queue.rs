//! The queue of letters on disk: what is owed to others until somebody has taken it over.
//!
//! A letter is one file, `NAME.eml`: a header line of ours with the envelope, then the mail byte for byte as it will
//! travel. It is queued from the moment the file has its name. Only a letter that could not be sent at once gets a
//! second file, `NAME.json`, with its state; each change replaces it durably. A letter that has been taken over is
//! removed; what a crash leaves is sent again, and the receiver knows a repeat (hard-cases 0.8). What is sent is
//! always the same bytes. A letter that a person dropped stays, so that it is not written anew and sent after all.
//!
//! The queue decides *when*; [`super::Outbox`] knows *how*. Neither knows what the letters say.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::damaged::{self, remove_file};
pub use super::damaged::{Contents, Damaged};
pub use super::flush::Report;
use super::{Envelope, SendError};
use crate::files;
use crate::maildir::{self, name_of};
use crate::trade::MessageId;
use crate::trade::moment::is_put_off;

/// The field that stands before the mail in a queue file; it does not travel.
const FIELD: &str = "Mailorder-Outbox: ";
/// Longest label with its field name.
const LABEL: u64 = 8 * 1024;
/// How many letters are written before they are synced, all of them held in memory.
const TOGETHER: usize = 512;
/// How long a letter is tried (RFC 5321 section 4.5.4.1).
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(5 * 24);
/// The longest of all pauses between two tries, in seconds (see [`pause`]).
const PAUSE_MAX: i64 = 24 * 3_600;
/// How often a letter is tried at least, however old it is: who was off for a week does not give it up at the first busy answer.
const TRIES_LEAST: u32 = 5;
/// How often it is tried at most, where its age is not known: with the pauses between, that takes [`LIFETIME`].
const TRIES_MOST: u32 = 35;
/// How often a letter may be handed over without an answer.
pub const DOUBTS: u32 = 5;

/// Why the queue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Files.
    #[error(transparent)]
    Files(#[from] maildir::Error),
    /// A file of the queue is not what this program writes.
    #[error("{path} is not a queued letter: {cause}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// A name that is not a number.
    #[error("{name:?} is not the name of a letter in the queue")]
    Name {
        /// The name.
        name: String,
    },
}

/// What stands in the header line of a queue file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Who sends to whom.
    pub envelope: Envelope,
    /// Message-ID of the mail, for bounces.
    pub message_id: MessageId,
    /// Kind of the letter, for people.
    pub kind: String,
    /// When it was queued.
    pub queued: Timestamp,
}

/// Where a queued letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// To be sent.
    #[serde(rename = "queued")]
    Queued,
    /// Handed over without an answer; to be sent again.
    #[serde(rename = "sent?")]
    Doubtful,
    /// Refused for good.
    #[serde(rename = "refused")]
    Refused,
    /// Tried for too long, or too often without an answer.
    #[serde(rename = "given-up")]
    GivenUp,
    /// Not to be sent: a person said so.
    #[serde(rename = "dropped")]
    Dropped,
}

impl State {
    /// Returns its word, as it is written in files and documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Doubtful => "sent?",
            Self::Refused => "refused",
            Self::GivenUp => "given-up",
            Self::Dropped => "dropped",
        }
    }

    /// Tells whether the letter will still be tried.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Doubtful)
    }
}

/// The state of a letter that could not be sent at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// Attempts so far.
    pub tries: u32,
    /// How many of them ended without an answer.
    pub doubts: u32,
    /// How often the connection broke off under it, since it had an answer: it is sent after those under which it did not.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub breaks: u32,
    /// The last reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Not before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
}

const fn is_none_yet(count: &u32) -> bool {
    *count == 0
}

impl Default for Standing {
    fn default() -> Self {
        Self { state: State::Queued, tries: 0, doubts: 0, breaks: 0, last_error: None, next_try: None }
    }
}

/// A letter in the queue, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name: the position of the ledger entry that owes it, and where one entry owes several, `POSITION-N`.
    pub name: String,
    /// Its envelope and description.
    pub label: Label,
    /// Where it stands.
    pub standing: Standing,
}

impl Item {
    /// Tells whether it needs a person: it was to be sent and will not be.
    pub fn failed(&self) -> bool {
        !self.standing.state.is_open() && self.standing.state != State::Dropped
    }

    /// Tells whether it should be tried at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.standing.state.is_open() && self.next_try(now).is_none()
    }

    /// Returns until when it waits after `now`. What a clock that was ahead wrote is not waited for.
    pub fn next_try(&self, now: Timestamp) -> Option<Timestamp> {
        self.standing.next_try.filter(|next| is_put_off(next.as_second(), now.as_second(), PAUSE_MAX))
    }

    /// Returns where the letter stands after an attempt that failed at `now`.
    pub fn after(&self, error: &SendError, now: Timestamp) -> Standing {
        let mut standing = Standing { tries: self.standing.tries.saturating_add(1), ..self.standing.clone() };
        // An answer shows that the server can have the letter without breaking off.
        let answered = !error.is_for_all() && !matches!(error, SendError::Broken { .. });
        if answered {
            standing.breaks = 0;
        }
        standing.last_error = Some(error.to_string());
        match error {
            SendError::Refused { .. } => standing.state = State::Refused,
            SendError::Ambiguous { .. } => {
                standing.doubts = standing.doubts.saturating_add(1);
                standing.state = if standing.doubts >= DOUBTS { State::GivenUp } else { State::Doubtful };
            }
            SendError::Broken { .. } => standing.breaks = standing.breaks.saturating_add(1),
            SendError::Later { .. } | SendError::Passing { .. } | SendError::Login { .. } | SendError::Config(_) => {}
        }
        let is_old = now.duration_since(self.label.queued) > LIFETIME && (standing.tries >= TRIES_LEAST || !answered);
        // A clock that went backwards makes a letter younger, never older; then its tries tell its age.
        if standing.state.is_open() && (is_old || standing.tries >= TRIES_MOST) {
            standing.state = State::GivenUp;
        }
        let pause = pause(standing.tries, standing.doubts);
        standing.next_try = if standing.state.is_open() { now.checked_add(pause).ok() } else { None };
        standing
    }
}

/// Returns how long a letter waits after attempt number `tries`: 1, 5, 15, 60 minutes, then 4 hours. A letter that may
/// have arrived waits longer each time, so that its five attempts cover a long outage.
pub fn pause(tries: u32, doubts: u32) -> SignedDuration {
    let minutes = match (doubts, tries) {
        (0, 0 | 1) => 1,
        (0, 2) => 5,
        (0, 3) => 15,
        (0, 4) => 60,
        (0, _) => 240,
        (1, _) => 5,
        (2, _) => 60,
        (3, _) => 8 * 60,
        _ => 24 * 60,
    };
    SignedDuration::from_mins(minutes)
}

/// The queue in its folder.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(super) folder: PathBuf,
}

impl Queue {
    /// Opens the queue in a folder, which is made when it is missing.
    pub fn open(folder: &Path) -> Result<Self, QueueError> {
        let tmp = folder.join("tmp");
        if !tmp.is_dir() {
            let error = |cause| maildir::Error::Io { what: "make folder", path: tmp.clone(), cause };
            files::make_private(&tmp).map_err(error)?;
            maildir::sync_dir(folder)?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Queues one letter, durably. A letter of this name that is queued already stays as it is; one without a mail is one
    /// that was dropped before it was sealed.
    pub fn put(&self, name: &str, label: &Label, mail: &[u8]) -> Result<(), QueueError> {
        self.put_all(&[(name, label, mail)])
    }

    /// Queues many letters, synced together; see [`Queue::put`].
    pub fn put_all(&self, letters: &[(&str, &Label, &[u8])]) -> Result<(), QueueError> {
        for letters in letters.chunks(TOGETHER) {
            self.put_some(letters)?;
        }
        Ok(maildir::sync_dir(&self.folder)?)
    }

    fn put_some(&self, letters: &[(&str, &Label, &[u8])]) -> Result<(), QueueError> {
        let mut files: Vec<(String, Vec<u8>, PathBuf)> = Vec::with_capacity(letters.len());
        for (name, label, mail) in letters {
            number(name)?;
            let path = self.eml(name);
            if path.exists() {
                continue;
            }
            // A state that was left without its letter would be that of the new one.
            let _ = fs::remove_file(self.json(name));
            files.push((format!("{name}.eml"), self.bytes(&path, label, mail)?, path));
        }
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes, _)| (name.as_str(), bytes.as_slice())).collect();
        let written = maildir::write_tmp_all(&self.folder.join("tmp"), &named)?;
        for (tmp, (_, _, path)) in written.iter().zip(&files) {
            match maildir::claim(tmp, path) {
                // Another process queued it between the question and now.
                Err(maildir::Error::NameTaken { .. }) => {
                    let _ = fs::remove_file(tmp);
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Returns a letter as its file has it.
    pub(super) fn bytes(&self, path: &Path, label: &Label, mail: &[u8]) -> Result<Vec<u8>, QueueError> {
        let label = damaged::written(label, mail)
            .map_err(|e| QueueError::Damaged { path: path.to_owned(), cause: e.to_string() })?;
        Ok([FIELD.as_bytes(), label.as_bytes(), b"\r\n", mail].concat())
    }

    /// Returns whether a letter of this name is in the queue, wherever it stands.
    pub fn holds(&self, name: &str) -> bool {
        self.eml(name).exists()
    }

    /// Returns the mail of a letter as it travels.
    pub fn mail(&self, name: &str) -> Result<Option<Vec<u8>>, QueueError> {
        Ok(self.read(name, u64::MAX)?.map(|(_, mail)| mail))
    }

    /// Writes down where a letter stands, durably.
    pub fn mark(&self, name: &str, standing: &Standing) -> Result<(), QueueError> {
        number(name)?;
        let path = self.json(name);
        let text = serde_json::to_vec_pretty(standing)
            .map_err(|e| QueueError::Damaged { path: path.clone(), cause: e.to_string() })?;
        Ok(maildir::replace(&self.folder.join("tmp"), &path, &text)?)
    }

    /// Makes a letter due at once, whatever became of it before (a person's wish).
    pub fn mark_due(&self, name: &str) -> Result<(), QueueError> {
        self.mark(name, &Standing::default())
    }

    /// Has a letter tried anew that was refused or given up, since somebody asks for it. What a person dropped stays dropped.
    pub fn revive(&self, name: &str) -> Result<(), QueueError> {
        if self.item(name)?.is_some_and(|item| item.failed()) { self.mark_due(name) } else { Ok(()) }
    }

    /// Makes a letter one that is not sent; it stays in the queue and keeps its place from being taken.
    pub fn drop_letter(&self, item: &Item) -> Result<(), QueueError> {
        let standing = Standing { state: State::Dropped, next_try: None, ..item.standing.clone() };
        self.mark(&item.name, &standing)
    }

    /// Removes a letter. That it is gone need not be durable: a letter that comes back is a repeat.
    pub fn remove(&self, name: &str) -> Result<(), QueueError> {
        number(name)?;
        self.clear_folder(name)?;
        // The letter first: a state without a letter is nothing, a letter without its state would begin anew.
        remove_file(&self.eml(name))?;
        remove_file(&self.json(name))
    }

    /// Returns the watermark: letters owed by ledger entries below this position have all been queued.
    pub fn written(&self) -> Result<u64, QueueError> {
        let path = self.folder.join("written");
        let text = match files::read(&path, files::SMALL) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(cause) => return Err(maildir::Error::Io { what: "read", path, cause }.into()),
            Ok(text) => text,
        };
        // A damaged watermark costs work, not letters: everything is queued again, and repeats are known as such.
        Ok(String::from_utf8_lossy(&text).trim().parse().unwrap_or(0))
    }

    /// Moves the watermark, after the letters below it have been queued.
    pub fn set_written(&self, position: u64) -> Result<(), QueueError> {
        let path = self.folder.join("written");
        Ok(maildir::replace(&self.folder.join("tmp"), &path, format!("{position}\n").as_bytes())?)
    }

    pub(super) fn eml(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.eml"))
    }

    pub(super) fn json(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    pub(super) fn names(&self) -> Result<Vec<String>, QueueError> {
        let files = maildir::list_part(&self.folder)?;
        let names = files.iter().filter_map(|path| name_of(path)?.strip_suffix(".eml"));
        let numbered: BTreeSet<_> = names.filter_map(|name| Some((number(name).ok()?, name.to_owned()))).collect();
        Ok(numbered.into_iter().map(|(_, name)| name).collect())
    }

    /// Reads one letter's description; none where it was removed meanwhile.
    pub(super) fn item(&self, name: &str) -> Result<Option<Item>, QueueError> {
        let Some((label, mail)) = self.read(name, LABEL)? else { return Ok(None) };
        let standing = match files::read(&self.json(name), files::SMALL) {
            // A state that cannot be read is forgotten: the letter is tried again.
            Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(_) => Standing::default(),
        };
        let standing = if mail.is_empty() { Standing { state: State::Dropped, ..standing } } else { standing };
        Ok(Some(Item { name: name.to_owned(), label, standing }))
    }

    /// Reads at most `limit` bytes of a letter's file: its label and the beginning of its mail.
    fn read(&self, name: &str, limit: u64) -> Result<Option<(Label, Vec<u8>)>, QueueError> {
        let path = self.eml(name);
        let damaged = |cause: &str| QueueError::Damaged { path: path.clone(), cause: cause.to_owned() };
        let mut bytes = match maildir::read_head(&path, limit) {
            Err(e) if e.kind() == Some(io::ErrorKind::NotFound) => {
                let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
                return if is_link { Err(damaged("it is a link to nothing")) } else { Ok(None) };
            }
            other => other?,
        };
        let Ok(length) = fs::metadata(&path).map(|found| found.len()) else { return Ok(None) };
        let end = bytes.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("it has no line"))?;
        let mail = bytes.split_off(end.saturating_add(1));
        let there = length.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let label = bytes.strip_prefix(FIELD.as_bytes()).ok_or_else(|| damaged("its first line is not ours"))?;
        let label = damaged::read(label, there).map_err(|cause| damaged(&cause))?;
        Ok(Some((label, mail)))
    }
}

/// Reads a name as its numbers, by which letters are ordered.
pub(super) fn number(name: &str) -> Result<Vec<u64>, QueueError> {
    let part = |part: &str| {
        let plain = !part.is_empty() && part.len() <= 19 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    let numbers: Option<Vec<u64>> = name.split('-').map(part).collect();
    numbers.filter(|numbers| numbers.len() <= 3).ok_or_else(|| QueueError::Name { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000_i64.saturating_add(seconds)).unwrap()
    }

    fn label() -> Label {
        let envelope = Envelope { from: "shop@a.test".parse().unwrap(), to: "buyer@b.test".parse().unwrap() };
        Label { envelope, message_id: "1@a".parse().unwrap(), kind: "order-status".to_owned(), queued: time(0) }
    }

    fn queue() -> (tempfile::TempDir, Queue) {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(&dir.path().join("queue")).unwrap();
        (dir, queue)
    }

    #[test]
    fn a_state_is_called_the_same_in_files_and_in_documents() {
        for state in [State::Queued, State::Doubtful, State::Refused, State::GivenUp, State::Dropped] {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("{:?}", state.word()));
        }
    }

    fn later() -> SendError {
        SendError::Later { cause: "busy".to_owned(), all: false }
    }

    #[test]
    fn a_letter_is_queued_once_and_travels_as_it_was_given() {
        let (dir, queue) = queue();
        queue.put("7", &label(), b"A: b\r\n\r\nfirst\r\n").unwrap();
        queue.put("7", &label(), b"A: b\r\n\r\nsealed anew\r\n").unwrap();
        assert_eq!(queue.mail("7").unwrap().unwrap(), b"A: b\r\n\r\nfirst\r\n");
        let items = queue.list().unwrap();
        assert_eq!((items.len(), &items[0].label, &items[0].standing), (1, &label(), &Standing::default()));
        assert_eq!(fs::read_dir(dir.path().join("queue/tmp")).unwrap().count(), 0);
        queue.remove("7").unwrap();
        queue.remove("7").unwrap();
        assert!(queue.list().unwrap().is_empty() && queue.mail("7").unwrap().is_none());
    }

    #[test]
    fn letters_go_in_the_order_of_their_numbers() {
        let (_dir, queue) = queue();
        for name in ["10", "9", "9-2", "100", "9-10"] {
            queue.put(name, &label(), b"x\r\n").unwrap();
        }
        let names: Vec<_> = queue.list().unwrap().into_iter().map(|item| item.name).collect();
        assert_eq!(names, ["9", "9-2", "9-10", "10", "100"]);
        for bad in ["", "-", "../1", "1/2", "a", "1-", "99999999999999999999", "1-2-3-4"] {
            assert!(matches!(queue.put(bad, &label(), b"x\r\n"), Err(QueueError::Name { .. })), "{bad:?}");
        }
    }

    #[test]
    fn states_are_written_down_and_read_again() {
        let (dir, queue) = queue();
        queue.put("1", &label(), b"x\r\n").unwrap();
        let item = queue.list().unwrap().remove(0);
        let standing = item.after(&SendError::Ambiguous { cause: "lost".to_owned() }, time(10));
        queue.mark("1", &standing).unwrap();
        let text = fs::read_to_string(dir.path().join("queue/1.json")).unwrap();
        assert!(text.contains("\"state\": \"sent?\"") && text.contains("2027-01-15T08:05:10Z"), "{text}");
        assert_eq!(queue.list().unwrap().remove(0).standing, standing);
        assert!(queue.look().unwrap().due(time(11)).is_empty() && queue.look().unwrap().due(time(400)).len() == 1);
        queue.mark_due("1").unwrap();
        assert_eq!(queue.look().unwrap().due(time(11)).len(), 1);
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_no_letter_back() {
        // F39: a year ahead for an hour, and right again.
        let year = 365 * 86_400;
        for error in [later(), SendError::Ambiguous { cause: String::new() }] {
            let mut item = Item { name: "1".to_owned(), label: label(), standing: Standing::default() };
            item.label.queued = time(year);
            item.standing = item.after(&error, time(year));
            assert!(!item.is_due(time(year + 1)) && item.next_try(time(year + 1)).is_some());
            assert!(item.is_due(time(0)) && item.next_try(time(0)).is_none(), "{error}");
        }
        // The longest pause there is is kept.
        let mut item = Item { name: "1".to_owned(), label: label(), standing: Standing::default() };
        item.standing.next_try = Some(time(PAUSE_MAX));
        assert!(!item.is_due(time(0)) && item.is_due(time(-1)));
        let longest = (0..9).flat_map(|tries| (0..9).map(move |doubts| pause(tries, doubts))).max().unwrap();
        assert_eq!(longest.as_secs(), PAUSE_MAX);
    }

    #[test]
    fn five_doubts_or_five_days_are_the_end() {
        // F30, F29
        let mut item = Item { name: "1".to_owned(), label: label(), standing: Standing::default() };
        let mut now = time(0);
        for transmission in 1.. {
            item.standing = item.after(&SendError::Ambiguous { cause: String::new() }, now);
            let Some(next) = item.standing.next_try else {
                assert_eq!((transmission, item.standing.state), (5, State::GivenUp));
                assert!(now.duration_since(time(0)) < LIFETIME);
                break;
            };
            assert_eq!(item.standing.state, State::Doubtful);
            now = next;
        }
        let mut item = Item { name: "1".to_owned(), label: label(), standing: Standing::default() };
        let mut now = time(0);
        let mut waits = Vec::new();
        while item.standing.state == State::Queued {
            item.standing = item.after(&later(), now);
            let Some(next) = item.standing.next_try else { break };
            waits.push(next.duration_since(now).as_mins());
            now = next;
        }
        assert_eq!(waits[..6], [1, 5, 15, 60, 240, 240]);
        assert_eq!(item.standing.state, State::GivenUp);
        assert!(now.duration_since(time(0)) > LIFETIME);
    }

    #[test]
    fn an_old_letter_has_its_tries_and_one_that_is_dated_ahead_its_end() {
        let mut item = Item { name: "1".to_owned(), label: label(), standing: Standing::default() };
        let mut now = time(30 * 86_400);
        while let Some(next) = item.after(&later(), now).next_try {
            item.standing = item.after(&later(), now);
            now = next;
        }
        assert_eq!(item.standing.tries, TRIES_LEAST - 1);
        let mut item = Item { name: "1".to_owned(), label: label(), standing: Standing::default() };
        let mut now = time(-365 * 86_400);
        let begun = now;
        while let Some(next) = item.after(&later(), now).next_try {
            item.standing = item.after(&later(), now);
            now = next;
        }
        let lasted = now.duration_since(begun);
        assert!(lasted > LIFETIME && lasted < LIFETIME + SignedDuration::from_hours(24), "{lasted}");
    }

    #[test]
    fn a_refusal_is_final_and_stays_visible() {
        let (_dir, queue) = queue();
        queue.put("1", &label(), b"x\r\n").unwrap();
        let item = queue.list().unwrap().remove(0);
        queue.mark("1", &item.after(&SendError::Refused { code: 550, text: "no".to_owned() }, time(1))).unwrap();
        assert!(queue.look().unwrap().due(time(1_000_000)).is_empty());
        assert_eq!(queue.list().unwrap()[0].standing.state, State::Refused);
    }

    #[test]
    fn the_watermark_survives_and_damage_to_it_costs_nothing_but_work() {
        let (dir, queue) = queue();
        assert_eq!(queue.written().unwrap(), 0);
        queue.set_written(42).unwrap();
        assert_eq!(queue.written().unwrap(), 42);
        for damage in [&b"\0\xff"[..], b"4x", b"", b"-1"] {
            fs::write(dir.path().join("queue/written"), damage).unwrap();
            assert_eq!(queue.written().unwrap(), 0);
        }
    }

    #[test]
    fn a_damaged_letter_is_named_and_keeps_no_other_back() {
        let (dir, queue) = queue();
        fs::write(dir.path().join("queue/5.eml"), b"Subject: x\r\n").unwrap();
        queue.put("6", &label(), b"x\r\n").unwrap();
        let damaged = queue.damaged().unwrap();
        assert!(damaged.len() == 1 && damaged[0].cause.contains("5.eml"), "{damaged:?}");
        assert_eq!(queue.list().unwrap().len(), 1);
    }
}
