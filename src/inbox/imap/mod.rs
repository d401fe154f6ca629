//! The inbox that is a folder at an IMAP server.
//!
//! Our own cursor (UIDVALIDITY, highest UID judged) is the truth; flags belong to the people who use the mailbox. Only
//! headers are asked for until one of them is a letter's, structures never (hard-cases 2.1). Every wake-up ends in a
//! search from the cursor, whatever the server said. After any error or cancellation the session is dropped and a new
//! one begins where the cursor stands.

mod greeting;
mod guard;
mod sasl;
mod session;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use self::session::{Folder, Head, Session};
use super::{Batch, Cursor, InboxError, Kind, LARGEST, Note, Origin, RawMail, Woken};
use crate::connect::{Dialer, Login, Secret, Server, Tls, Wire};

/// The keyword that marks a handled mail.
pub const KEYWORD: &str = "$Mailorder";

/// How many headers one command asks for.
const STRIDE: usize = 500;
/// How many headers one fetch looks at before the caller can keep the cursor.
const SCAN: usize = 2_000;
/// How many bytes of mail one batch may hold, beside its first mail.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;
/// How many UIDs one search covers in a large mailbox.
const WINDOW: u32 = 100_000;
/// After how many failures on one mail alone it is passed over.
const PATIENCE: u8 = 3;
/// How many mails that were passed over are remembered.
const HOLES: usize = 64;

/// What becomes of a mail that was handled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Handled {
    /// It stays as it is; the folder is opened for reading only.
    Leave,
    /// It gets the keyword `$Mailorder`, where the server keeps keywords.
    #[default]
    Keyword,
    /// It moves to this folder, where the server can MOVE; otherwise it stays.
    Move(String),
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Connection, handshake and greeting together.
    pub connect: Duration,
    /// One command, from sending it to its tagged answer.
    pub command: Duration,
    /// The end of IDLE.
    pub done: Duration,
    /// Silence in IDLE until it is renewed.
    pub renew: Duration,
    /// Time between two looks where there is no IDLE.
    pub poll: Duration,
}

impl Default for Deadlines {
    /// The figures of Delta Chat (hard-cases 1).
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(60),
            command: Duration::from_secs(60),
            done: Duration::from_secs(15),
            renew: Duration::from_secs(300),
            poll: Duration::from_secs(60),
        }
    }
}

/// Settings of an IMAP inbox.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    /// The server. [`Tls::None`] is refused: a login needs protection.
    pub server: Server,
    /// User name and secret.
    pub login: Login,
    /// The folder, as the server lists it (ASCII).
    pub folder: String,
    /// What becomes of a handled mail.
    pub handled: Handled,
    /// The largest mail that is read, in bytes.
    pub largest: u64,
    /// Whether delivery reports are fetched too.
    pub reports: bool,
    /// How long things may take.
    pub deadlines: Deadlines,
}

impl ImapSettings {
    /// Returns the defaults for the INBOX of an account.
    pub fn new(server: Server, login: Login) -> Self {
        Self {
            server,
            login,
            folder: "INBOX".to_owned(),
            handled: Handled::default(),
            largest: LARGEST,
            reports: false,
            deadlines: Deadlines::default(),
        }
    }
}

/// How far an IMAP folder has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// UIDVALIDITY the numbers belong to.
    pub uid_validity: u32,
    /// Every mail up to this UID has been judged.
    pub seen: u32,
    /// UIDNEXT when the folder was opened last.
    pub uid_next: Option<u32>,
    /// UIDs below `seen` that could not be read; tried again after a restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<u32>,
}

/// Where connections come from.
enum Source {
    Network(Dialer),
    Handed(Box<dyn FnMut() -> Option<Wire> + Send + Sync>),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(dialer) => dialer.fmt(f),
            Self::Handed(_) => f.write_str("Handed"),
        }
    }
}

/// An open folder.
#[derive(Debug)]
struct Live {
    session: Session,
    folder: Folder,
    /// UIDs found and not judged yet; they continue `upto`.
    found: VecDeque<u32>,
    upto: u32,
    /// Whether the cursor has been compared with the folder.
    compared: bool,
    /// Whether the session met an error and must be dropped.
    broken: bool,
}

/// An IMAP folder that is read.
#[derive(Debug)]
pub struct Imap {
    settings: ImapSettings,
    source: Source,
    live: Option<Live>,
    /// Headers to ask for at once: few after trouble, more while it goes well.
    stride: usize,
    /// Failures on single mails.
    faults: BTreeMap<u32, u8>,
    /// Whether the last error was an answer that may be one mail's fault.
    blamed: bool,
    /// The mail that the server failed on so often that it may be passed over.
    suspect: Option<u32>,
    holes_tried: bool,
    idle_refused: bool,
}

impl Imap {
    /// Takes the settings; nothing is connected yet.
    pub fn new(settings: ImapSettings) -> Result<Self, InboxError> {
        if settings.server.tls == Tls::None {
            return Err(InboxError::Config(
                "imap: tls = \"none\" would show the password; use \"implicit\"".to_owned(),
            ));
        }
        let source = Source::Network(Dialer::new(settings.server.clone()));
        Self::with(settings, source)
    }

    /// Reads over connections that the caller makes and vouches for: a tunnel, or a script in a test.
    pub fn over(
        settings: ImapSettings,
        connect: impl FnMut() -> Option<Wire> + Send + Sync + 'static,
    ) -> Result<Self, InboxError> {
        Self::with(settings, Source::Handed(Box::new(connect)))
    }

    fn with(settings: ImapSettings, source: Source) -> Result<Self, InboxError> {
        check("folder", &settings.folder)?;
        if let Handled::Move(folder) = &settings.handled {
            check("folder for handled mail", folder)?;
        }
        Ok(Self {
            settings,
            source,
            live: None,
            stride: STRIDE,
            faults: BTreeMap::new(),
            blamed: false,
            suspect: None,
            holes_tried: false,
            idle_refused: false,
        })
    }

    /// Takes the open folder out of `self`, or opens it: what is cancelled or fails is not put back.
    async fn open(&mut self) -> Result<Live, InboxError> {
        if let Some(live) = self.live.take() {
            return Ok(live);
        }
        let mut session = self.log_in().await?;
        let write = self.settings.handled != Handled::Leave;
        let folder = session.open(&self.settings.folder, write).await?;
        Ok(Live { session, folder, found: VecDeque::new(), upto: 0, compared: false, broken: false })
    }

    async fn log_in(&mut self) -> Result<Session, InboxError> {
        let server = self.settings.server.to_string();
        let patience = self.settings.deadlines.connect;
        let now = Instant::now();
        let end = now.checked_add(patience).unwrap_or(now);
        let slow = |_| InboxError::Slow { command: "greeting", seconds: patience.as_secs() };
        let (mut wire, greeted) = match &mut self.source {
            Source::Handed(connect) => (connect().ok_or(InboxError::Lost { command: "connect", cause: None })?, false),
            Source::Network(dialer) => {
                let mut tcp = dialer.tcp(end).await?;
                let upgrade = dialer.server().tls == Tls::StartTls;
                if upgrade {
                    timeout_at(end, greeting::starttls(&mut tcp, &server)).await.map_err(slow)??;
                }
                (dialer.secure(tcp, end).await?, upgrade)
            }
        };
        let offers = timeout_at(end, async {
            if !greeted {
                greeting::greet(&mut wire, &server).await?;
            }
            greeting::capabilities(&mut wire).await
        })
        .await
        .map_err(slow)??;
        let secret = (self.settings.login.secret)().await.map_err(InboxError::Secret)?;
        let missing = match &secret {
            Secret::Password(_) if offers.has("AUTH=PLAIN") || !offers.has("LOGINDISABLED") => None,
            Secret::Password(_) => Some("it offers no way to log in that we know"),
            Secret::Token(_) if offers.has("AUTH=XOAUTH2") || offers.has("AUTH=OAUTHBEARER") => None,
            Secret::Token(_) => Some("it takes no token: it offers neither XOAUTH2 nor OAUTHBEARER"),
        };
        if let Some(why) = missing {
            return Err(InboxError::Unsafe { server, why });
        }
        let user = self.settings.login.user.as_str();
        let limit = self.settings.largest.saturating_add(1).max(64 * 1024);
        Session::login(wire, limit, (user, &secret), &offers, &server, self.settings.deadlines.command).await
    }

    /// Brings the next letters; see [`super::Inbox::fetch`].
    ///
    /// What may be one mail's fault is found out here, since the next program to ask may be another one: mails are asked for one
    /// by one in new sessions, until the one is passed over or the server is to blame.
    pub async fn fetch(&mut self, cursor: &Cursor, limit: usize) -> Result<Batch, InboxError> {
        self.suspect = None;
        let mut tries = 0;
        loop {
            self.blamed = false;
            match self.fetch_once(cursor, limit).await {
                Err(_) if self.blamed && tries <= PATIENCE => tries = tries.saturating_add(1),
                result => return result,
            }
        }
    }

    async fn fetch_once(&mut self, cursor: &Cursor, limit: usize) -> Result<Batch, InboxError> {
        let mut live = self.open().await?;
        let mut batch = Batch::default();
        let mut position = compare(&mut live, cursor, &mut batch.notes);
        let start = position.seen;
        let result = self.read(&mut live, &mut position, limit, &mut batch).await;
        batch.notes.extend(live.session.alerts.drain(..).map(Note::Alert));
        live.upto = position.seen;
        let moved = position.seen != start;
        batch.cursor = Cursor::Imap(position);
        match result {
            Ok(more) => {
                batch.more = more;
                self.live = Some(live).filter(|live| !live.broken);
                Ok(batch)
            }
            // What was read before the session broke is whole; the next call meets the trouble again, or does not.
            Err(_) if moved => {
                batch.more = true;
                Ok(batch)
            }
            Err(error) => Err(error),
        }
    }

    /// Judges mails from the position on until the batch is full, and returns whether more are known.
    async fn read(
        &mut self,
        live: &mut Live,
        position: &mut Position,
        limit: usize,
        batch: &mut Batch,
    ) -> Result<bool, InboxError> {
        let mut bytes = 0_u64;
        // Whether a search of this call went to the newest mail.
        let mut at_end = false;
        while batch.mails.len() < limit && batch.scanned < SCAN && bytes < BATCH_BYTES {
            if live.found.is_empty() && (!at_end || live.session.news) {
                (live.found, at_end) = find(live, position.seen).await?;
            }
            let Some(first) = live.found.front().copied() else {
                self.retry_holes(live, position, batch).await?;
                return Ok(false);
            };
            if self.suspect == Some(first)
                && let Some(newest) = live.found.back().copied().filter(|newest| *newest != first)
            {
                self.suspect = None;
                // Where the newest cannot be read either it is the server that fails, and no mail is passed over.
                self.judge(live, &[newest], 1, &mut Batch::default()).await?;
                live.found.pop_front();
                self.pass_over(first, position, batch);
                continue;
            }
            let uids: Vec<u32> = live.found.iter().copied().take(self.stride).collect();
            let room = limit.saturating_sub(batch.mails.len());
            let judged = match self.judge(live, &uids, room, batch).await {
                Ok((judged, size)) => {
                    bytes = bytes.saturating_add(size);
                    judged
                }
                Err(error) => {
                    self.blame(&uids, &error);
                    return Err(error);
                }
            };
            self.stride = self.stride.saturating_mul(2).clamp(1, STRIDE);
            live.found.drain(..judged.min(live.found.len()));
            batch.scanned = batch.scanned.saturating_add(judged);
            if let Some(last) = judged.checked_sub(1).and_then(|last| uids.get(last)) {
                position.seen = *last;
            }
        }
        Ok(true)
    }

    /// Looks at the headers of these mails and reads the letters among them, at most `room`. Returns how many of the
    /// mails are settled, counted from the first, and how many bytes were read.
    async fn judge(
        &self,
        live: &mut Live,
        uids: &[u32],
        room: usize,
        batch: &mut Batch,
    ) -> Result<(usize, u64), InboxError> {
        let heads = live.session.heads(uids).await?;
        let untold: Vec<u32> = uids.iter().copied().filter(|uid| !heads.contains_key(uid)).collect();
        must_be_gone(live, &untold, session::HEADS).await?;
        let uid_validity = live.folder.uid_validity;
        let mut wanted = Vec::new();
        let mut notes = Vec::new();
        let mut total = 0_u64;
        let mut judged = 0_usize;
        for uid in uids {
            // Without a header it is gone.
            if let Some(head) = heads.get(uid).filter(|head| self.wants(**head)) {
                if head.size > self.settings.largest {
                    notes.push(Note::TooLarge { origin: Origin::Imap { uid_validity, uid: *uid }, size: head.size });
                } else if wanted.len() >= room || (total > 0 && total.saturating_add(head.size) > BATCH_BYTES / 2) {
                    break;
                } else {
                    wanted.push(*uid);
                    total = total.saturating_add(head.size.max(1));
                }
            }
            judged = judged.saturating_add(1);
        }
        if !wanted.is_empty() {
            let limit = self.settings.largest.saturating_add(1);
            let kind = |uid: &u32| heads.get(uid).map_or(Kind::Letter, |head| head.kind);
            let mut bodies = live.session.bodies(&wanted, limit, total).await?;
            // What is too large was cut off, and is told of.
            bodies.retain(|uid, body| body.bytes.len() as u64 >= limit || body.is_given(kind(uid)));
            let kept_back: Vec<u32> = wanted.iter().copied().filter(|uid| !bodies.contains_key(uid)).collect();
            must_be_gone(live, &kept_back, session::BODIES).await?;
            for uid in wanted {
                let Some(bytes) = bodies.remove(&uid).map(|body| body.bytes) else { continue };
                let origin = Origin::Imap { uid_validity, uid };
                // The size announced was a lie (B8).
                if bytes.len() as u64 > self.settings.largest {
                    notes.push(Note::TooLarge { origin, size: bytes.len() as u64 });
                    continue;
                }
                batch.mails.push(RawMail { kind: kind(&uid), bytes, origin });
            }
        }
        batch.notes.append(&mut notes);
        Ok((judged, total))
    }

    fn wants(&self, head: Head) -> bool {
        head.kind == Kind::Letter || (head.kind == Kind::Report && self.settings.reports)
    }

    /// Remembers which mail the server failed on. A lost connection is nobody's fault; an answer that cannot be
    /// accepted may be one mail's, which must not keep all later ones from us (hard-cases 0.9).
    fn blame(&mut self, uids: &[u32], error: &InboxError) {
        self.stride = 1;
        self.blamed = is_about_mails(error);
        if let (true, [uid]) = (self.blamed, uids) {
            let count = self.faults.entry(*uid).or_insert(0);
            *count = count.saturating_add(1);
            self.suspect = Some(*uid).filter(|_| *count >= PATIENCE);
        }
    }

    /// Goes on behind a mail that cannot be read, and keeps its UID for another try after a restart.
    fn pass_over(&mut self, uid: u32, position: &mut Position, batch: &mut Batch) {
        let origin = Origin::Imap { uid_validity: position.uid_validity, uid };
        let cause = "the server could not deliver it, several times in a row".to_owned();
        batch.notes.push(Note::Unreadable { origin, cause });
        position.holes.retain(|hole| *hole != uid);
        position.holes.push(uid);
        // Where so many cannot be read, the first are not tried again: nothing behind them is kept back.
        let over = position.holes.len().saturating_sub(HOLES);
        position.holes.drain(..over);
        position.seen = uid;
        self.holes_tried = true;
    }

    /// Tries once in each run of the program what could not be read earlier. The first that fails again ends it, and comes last
    /// the next time: the session is lost, and nothing else is kept back by it.
    async fn retry_holes(
        &mut self,
        live: &mut Live,
        position: &mut Position,
        batch: &mut Batch,
    ) -> Result<(), InboxError> {
        if std::mem::replace(&mut self.holes_tried, true) {
            return Ok(());
        }
        for uid in position.holes.clone() {
            let judged = self.judge(live, &[uid], 1, batch).await;
            position.holes.retain(|hole| *hole != uid);
            match judged {
                Ok(_) => {}
                Err(error) if is_about_mails(&error) => {
                    position.holes.push(uid);
                    live.broken = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Names account and folder; see [`super::Inbox::name`].
    pub fn name(&self) -> String {
        format!("{}@{}/{}", self.settings.login.user, self.settings.server.host, self.settings.folder)
    }

    /// Marks mails as handled; see [`super::Inbox::done`].
    pub async fn done(&mut self, origins: &[Origin]) -> Result<(), InboxError> {
        if self.settings.handled == Handled::Leave || origins.is_empty() {
            return Ok(());
        }
        let mut live = self.open().await?;
        let mut uids: Vec<u32> = origins
            .iter()
            .filter_map(|origin| match origin {
                Origin::Imap { uid_validity, uid } if *uid_validity == live.folder.uid_validity => Some(*uid),
                _ => None,
            })
            .collect();
        uids.sort_unstable();
        for some in uids.chunks(STRIDE) {
            match &self.settings.handled {
                Handled::Move(folder) if live.session.offers.has("MOVE") => live.session.move_to(some, folder).await?,
                Handled::Keyword if live.folder.keywords => live.session.mark(some).await?,
                _ => {}
            }
        }
        self.live = Some(live);
        Ok(())
    }

    /// Waits for news; see [`super::Inbox::wait`].
    pub async fn wait(&mut self, max: Duration) -> Result<Woken, InboxError> {
        let mut live = self.open().await?;
        let deadlines = self.settings.deadlines;
        if live.session.news || !live.found.is_empty() {
            self.live = Some(live);
            return Ok(Woken::News);
        }
        if live.session.offers.has("IDLE") && !self.idle_refused {
            match live.session.idle(max, deadlines.renew, deadlines.done).await {
                Ok(news) => {
                    self.live = Some(live);
                    return Ok(if news { Woken::News } else { Woken::Nothing });
                }
                Err(InboxError::Refused { .. }) => self.idle_refused = true,
                Err(error) => return Err(error),
            }
        }
        tokio::time::sleep(deadlines.poll.min(max)).await;
        live.session.noop().await?;
        self.live = Some(live);
        Ok(Woken::News)
    }

    /// Ends the session politely; what comes after begins as in another run.
    pub async fn close(&mut self) {
        self.holes_tried = false;
        if let Some(live) = self.live.take() {
            live.session.logout(Duration::from_secs(5)).await;
        }
    }
}

/// Compares the cursor with the folder; where they do not belong together, reading begins anew (F16).
fn compare(live: &mut Live, cursor: &Cursor, notes: &mut Vec<Note>) -> Position {
    let folder = &live.folder;
    let fresh = Position { uid_validity: folder.uid_validity, uid_next: folder.uid_next, ..Position::default() };
    let first = !std::mem::replace(&mut live.compared, true);
    let Cursor::Imap(kept) = cursor else {
        live.found.clear();
        return fresh;
    };
    let doubt = if folder.uid_validity == 0 && first {
        Some("the server names no UIDVALIDITY")
    } else if folder.uid_validity != kept.uid_validity {
        Some("UIDVALIDITY has changed")
    } else if folder.uid_next.is_none() && first {
        Some("the server names no UIDNEXT")
    } else if first && folder.uid_next.is_some_and(|n| kept.uid_next.is_some_and(|k| n < k) || n <= kept.seen) {
        Some("UIDNEXT has gone back")
    } else {
        None
    };
    if let Some(doubt) = doubt {
        notes.push(Note::Rescan(doubt));
        live.found.clear();
        return fresh;
    }
    if live.upto != kept.seen {
        live.found.clear();
    }
    // Another program may have opened the folder since.
    Position { uid_next: folder.uid_next.max(kept.uid_next), ..kept.clone() }
}

/// Returns whether an error is an answer that may be the fault of the mails it was asked about.
const fn is_about_mails(error: &InboxError) -> bool {
    matches!(error, InboxError::Garbled { .. } | InboxError::Refused { .. })
}

/// Looks whether mails that an answer leaves out are gone: another client may have removed them after the search (F18). One
/// that is there and is not given is no mail to be passed over in silence.
async fn must_be_gone(live: &mut Live, uids: &[u32], command: &'static str) -> Result<(), InboxError> {
    if live.session.has_any(uids).await? {
        return Err(session::garbled(command, "leaves out a mail that is there"));
    }
    Ok(())
}

/// Finds the next UIDs after `seen`, in windows, so that no answer is too long; none means that none are left. Tells
/// also whether the search went to the newest mail.
async fn find(live: &mut Live, seen: u32) -> Result<(VecDeque<u32>, bool), InboxError> {
    let mut window = WINDOW;
    let Some(mut first) = seen.checked_add(1) else { return Ok((VecDeque::new(), true)) };
    loop {
        let last = first.saturating_add(window);
        let open = live.folder.uid_next.is_none_or(|next| last >= next) || last == u32::MAX;
        let found = live.session.search(first, (!open).then_some(last)).await?;
        if open || !found.is_empty() {
            return Ok((found.into_iter().collect(), open));
        }
        first = last.saturating_add(1);
        window = window.saturating_mul(2);
    }
}

/// Refuses names that cannot be written as a quoted string.
fn check(what: &str, name: &str) -> Result<(), InboxError> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(InboxError::Config(format!("{what} {name:?} must be printable ASCII, as the server lists it")));
    }
    Ok(())
}
