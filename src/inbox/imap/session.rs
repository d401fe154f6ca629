//! One IMAP session after the login: commands whose answers are believed only when they are complete.
//!
//! async-imap 0.12 takes NO, BAD and a lost connection for "success, nothing there" in its command helpers (hard-cases
//! 2.1). So only its login, its sending of a line and its reader of responses are used here; this loop demands the
//! tagged OK of its own tag within a deadline. After any error the session must be dropped.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Response, ResponseCode, SectionPath, Status,
};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout_at};

use super::greeting::Offers;
use super::guard::Guarded;
use super::sasl::SaslResponse;
use crate::connect::{Secret, Wire, printable};
use crate::inbox::{InboxError, Kind, sift};

/// Most bytes a server may send to a command, beside what was asked for: what other clients do to the folder is told then.
const BESIDE: u64 = 1024 * 1024;
/// Most bytes of the answer to a search: a million UIDs.
const FOUND: u64 = 12 * 1024 * 1024;
/// Most bytes of what is asked of a mail before it is read, on the average of many.
const HEAD: u64 = 4 * 1024;
/// What messages call the command that asks for headers,
pub(super) const HEADS: &str = "FETCH of headers";
/// and the one that asks for mails.
pub(super) const BODIES: &str = "FETCH of a mail";
/// Most alerts kept until they are fetched.
const ALERTS: usize = 20;

/// What the server said about the opened folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    pub(super) uid_next: Option<u32>,
    pub(super) keywords: bool,
}

/// What is known of a mail from its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// What the server gave as a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// How many bytes the mail has, as the server says.
    pub(super) size: Option<u64>,
}

impl Body {
    /// Returns whether this is the mail whose header was of this kind, and not nothing, the beginning of it, or a text in its place:
    /// servers that cannot read a mail answer so, and say OK (hard-cases 2.1).
    ///
    /// Sizes alone decide nothing: some servers reckon them, or count line ends otherwise than they send them. A mail that is
    /// of its kind and ends as it must is whole, whatever size was said.
    pub(super) fn is_given(&self, kind: Kind) -> bool {
        let length = self.bytes.len() as u64;
        let said = self.size.unwrap_or(length);
        if length == 0 {
            return said == 0;
        }
        let lines = self.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let enough = said.saturating_sub(said.checked_div(8).unwrap_or(0));
        sift(&self.bytes) == kind && (length.saturating_add(lines) >= enough || ends_whole(&self.bytes))
    }
}

/// Returns whether the last line that is not empty may be the end of a multipart (RFC 2046 section 5.1.1).
fn ends_whole(mail: &[u8]) -> bool {
    let last = mail.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    last.len() > 4 && last.starts_with(b"--") && last.ends_with(b"--")
}

/// An open, logged-in session.
#[derive(Debug)]
pub(super) struct Session {
    inner: async_imap::Session<Guarded<Wire>>,
    pub(super) offers: Offers,
    /// How long an answer may take.
    patience: Duration,
    /// Alerts to be shown to a person, escaped.
    pub(super) alerts: Vec<String>,
    /// Whether the server spoke of new mails since the last search.
    pub(super) news: bool,
}

impl Session {
    /// Logs in on a connection that has been greeted and is protected.
    pub(super) async fn login(
        wire: Wire,
        literal_limit: u64,
        (user, secret): (&str, &Secret),
        offers: &Offers,
        server: &str,
        patience: Duration,
    ) -> Result<Self, InboxError> {
        let client = async_imap::Client::new(Guarded::new(wire, literal_limit));
        let answer = async {
            match secret {
                Secret::Password(p) if !offers.has("AUTH=PLAIN") => client.login(user, p.expose_secret()).await,
                Secret::Password(p) => client.authenticate("PLAIN", &mut SaslResponse::plain(user, p)).await,
                Secret::Token(t) if offers.has("AUTH=XOAUTH2") => {
                    client.authenticate("XOAUTH2", &mut SaslResponse::xoauth2(user, t)).await
                }
                Secret::Token(t) => client.authenticate("OAUTHBEARER", &mut SaslResponse::bearer(user, t)).await,
            }
        };
        let inner = match tokio::time::timeout(patience, answer).await {
            Err(_) => return Err(InboxError::Slow { command: "LOGIN", seconds: patience.as_secs() }),
            Ok(Ok(inner)) => inner,
            Ok(Err((error, mut client))) => {
                let error = login_error(error, client.get_mut().watch().said(), server, user);
                return Err(if matches!(secret, Secret::Token(_)) { of_token(error) } else { error });
            }
        };
        let mut session = Self { inner, offers: Offers::default(), patience, alerts: Vec::new(), news: false };
        let mut words = Vec::new();
        session
            .run("CAPABILITY", "CAPABILITY", |response| {
                if let Response::Capabilities(list) = response {
                    words.extend(list.iter().map(word));
                }
            })
            .await?;
        session.offers = Offers::new(words.iter().map(String::as_str));
        Ok(session)
    }

    /// Runs one command and shows `each` untagged response, until the tagged OK. `name` is for messages: a command line
    /// never gets into one.
    async fn run(
        &mut self,
        name: &'static str,
        command: &str,
        each: impl FnMut(&Response<'_>),
    ) -> Result<(), InboxError> {
        let patience = self.patience;
        self.run_within(name, command, (patience, 0), each).await.map(drop)
    }

    /// As [`Session::run`], with the time and the number of bytes that the answer to this command may take.
    async fn run_within(
        &mut self,
        name: &'static str,
        command: &str,
        (patience, bytes): (Duration, u64),
        mut each: impl FnMut(&Response<'_>),
    ) -> Result<(), InboxError> {
        let end = deadline(patience);
        self.inner.get_mut().allow(BESIDE.saturating_add(bytes));
        let slow = || InboxError::Slow { command: name, seconds: patience.as_secs() };
        let tag = timeout_at(end, self.inner.run_command(command))
            .await
            .map_err(|_| slow())?
            .map_err(|e| lost(name, async_imap_cause(e)))?;
        loop {
            let judge = |response: &Response<'_>| match response {
                Response::Done { tag: done, status, outcome } if done == &tag => Some(match status {
                    Status::Ok => Ok(()),
                    _ => Err(InboxError::Refused { command: name, text: words(outcome.information.as_ref()) }),
                }),
                Response::Done { .. } => Some(Err(garbled(name, "has the tag of another command"))),
                other => {
                    each(other);
                    None
                }
            };
            if let Some(end) = timeout_at(end, self.read(name, judge)).await.map_err(|_| slow())?? {
                return end;
            }
        }
    }

    /// Reads one response and shows it to `judge`; notes alerts and news; a BYE or the end of the connection is an
    /// error.
    async fn read<R>(
        &mut self,
        command: &'static str,
        judge: impl FnOnce(&Response<'_>) -> R,
    ) -> Result<R, InboxError> {
        let response = match self.inner.read_response().await {
            Ok(Some(response)) => response,
            Ok(None) => return Err(lost(command, None)),
            Err(error) => return Err(read_error(command, error)),
        };
        match response.parsed() {
            Response::Data { status: Status::Bye, outcome } => {
                return Err(InboxError::Bye(words(outcome.information.as_ref())));
            }
            Response::Data { outcome, .. } | Response::Done { outcome, .. }
                if outcome.code == Some(ResponseCode::Alert) && self.alerts.len() < ALERTS =>
            {
                let alert = words(outcome.information.as_ref());
                if !self.alerts.contains(&alert) {
                    self.alerts.push(alert);
                }
            }
            Response::MailboxData(MailboxDatum::Exists(_)) => self.news = true,
            _ => {}
        }
        Ok(judge(response.parsed()))
    }

    /// Opens a folder, for reading only unless `write`.
    pub(super) async fn open(&mut self, folder: &str, write: bool) -> Result<Folder, InboxError> {
        let (name, verb) = if write { ("SELECT", "SELECT") } else { ("EXAMINE", "EXAMINE") };
        let mut opened = Folder::default();
        self.run(name, &format!("{verb} {}", quoted(folder)), |response| {
            let Response::Data { outcome, .. } = response else { return };
            match &outcome.code {
                Some(ResponseCode::UidValidity(n)) => opened.uid_validity = *n,
                Some(ResponseCode::UidNext(n)) => opened.uid_next = Some(*n),
                Some(ResponseCode::PermanentFlags(flags)) => {
                    opened.keywords = flags.iter().any(|f| f == "\\*" || f.eq_ignore_ascii_case(super::KEYWORD));
                }
                _ => {}
            }
        })
        .await?;
        self.news = true;
        Ok(opened)
    }

    /// Returns the UIDs from `first` to `last` (without it: to the newest), in order.
    pub(super) async fn search(&mut self, first: u32, last: Option<u32>) -> Result<BTreeSet<u32>, InboxError> {
        let range = last.map_or_else(|| format!("{first}:*"), |last| format!("{first}:{last}"));
        // What is announced from here on may have come too late for this answer.
        self.news = false;
        let _ = self.inner.get_mut().watch().take_found();
        let mut announced = 0_usize;
        let bounds = (self.patience, FOUND);
        self.run_within("SEARCH", &format!("UID SEARCH UID {range}"), bounds, |response| {
            if matches!(response, Response::MailboxData(MailboxDatum::Exists(_))) {
                announced = announced.saturating_add(1);
            }
        })
        .await?;
        // "7:*" means the newest mail even where its UID is below 7 (RFC 9051 section 6.4.4).
        let wanted = |uid: &u32| *uid >= first && last.is_none_or(|last| *uid <= last);
        let found = self.inner.get_mut().watch().take_found().into_iter().filter(wanted).collect();
        // Announced during the search and perhaps in its answer: one search too many is cheap, one too few is not.
        self.news = announced > 0;
        Ok(found)
    }

    /// Returns whether one of these mails, given in order, is still in the folder; what is known of new mails stays known.
    pub(super) async fn has_any(&mut self, uids: &[u32]) -> Result<bool, InboxError> {
        let (Some(first), Some(last)) = (uids.first(), uids.last()) else { return Ok(false) };
        let news = self.news;
        let there = self.search(*first, Some(*last)).await?;
        self.news |= news;
        Ok(uids.iter().any(|uid| there.contains(uid)))
    }

    /// Returns size and kind of those of the mails, given in order, that the server told of.
    pub(super) async fn heads(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, Head>, InboxError> {
        let items = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)])";
        let mut heads = BTreeMap::new();
        let bytes = HEAD.saturating_mul(uids.len() as u64);
        let command = format!("UID FETCH {} {items}", set(uids));
        self.run_within(HEADS, &command, (self.patience, bytes), |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let (mut size, mut kind) = (0, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Rfc822Size(n) => size = u64::from(*n),
                    AttributeValue::BodySection {
                        section: Some(SectionPath::Full(MessageSection::Header)),
                        data,
                        ..
                    } => kind = Some(data.as_deref().map_or(Kind::Ordinary, sift)),
                    _ => {}
                }
            }
            // Responses nobody asked for (another client's flags, another mail) are not answers.
            if let (Some(uid), Some(kind)) = (uid_of(attributes).filter(|uid| uids.binary_search(uid).is_ok()), kind) {
                heads.entry(uid).or_insert(Head { size, kind });
            }
        })
        .await?;
        Ok(heads)
    }

    /// Returns the first `limit` bytes of those of the mails, given in order, that the server gave, each with the size that it
    /// said with them; `total` is what it said before that they have.
    pub(super) async fn bodies(
        &mut self,
        uids: &[u32],
        limit: u64,
        total: u64,
    ) -> Result<BTreeMap<u32, Body>, InboxError> {
        // A slow line gets time for what it has to carry: 2 KiB a second.
        let patience = self.patience.saturating_add(Duration::from_millis(total.checked_div(2).unwrap_or(0)));
        let mut bodies = BTreeMap::new();
        let command = format!("UID FETCH {} (UID BODY.PEEK[]<0.{limit}> RFC822.SIZE)", set(uids));
        // One of them may be larger than was said: it is told of. More of that kind are asked for one by one.
        let bytes = total.saturating_add(limit);
        self.run_within(BODIES, &command, (patience, bytes), |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let body = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::BodySection { section: None, data: Some(data), .. } => Some(data),
                _ => None,
            });
            if let (Some(uid), Some(body)) = (uid_of(attributes).filter(|uid| uids.binary_search(uid).is_ok()), body) {
                let size = attributes.iter().find_map(|attribute| match attribute {
                    AttributeValue::Rfc822Size(size) => Some(u64::from(*size)),
                    _ => None,
                });
                bodies.entry(uid).or_insert_with(|| Body { bytes: body.to_vec(), size });
            }
        })
        .await?;
        Ok(bodies)
    }

    /// Gives the mails our keyword.
    pub(super) async fn mark(&mut self, uids: &[u32]) -> Result<(), InboxError> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({})", set(uids), super::KEYWORD);
        self.run("STORE", &command, |_| {}).await
    }

    /// Moves the mails to a folder, which is made when it is missing (RFC 6851).
    pub(super) async fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), InboxError> {
        let command = format!("UID MOVE {} {}", set(uids), quoted(folder));
        match self.run("MOVE", &command, |_| {}).await {
            Err(InboxError::Refused { .. }) => {
                self.run("CREATE", &format!("CREATE {}", quoted(folder)), |_| {}).await?;
                self.run("MOVE", &command, |_| {}).await
            }
            other => other,
        }
    }

    /// Waits in IDLE until the server speaks of new mails or `max` has passed; renews it every `renew` of silence.
    ///
    /// Returns whether there is news, and an error of kind `Refused` where the server does not do IDLE after all.
    pub(super) async fn idle(&mut self, max: Duration, renew: Duration, done: Duration) -> Result<bool, InboxError> {
        let end = deadline(max);
        while !self.news && Instant::now() < end {
            self.idle_once(end, renew, done).await?;
        }
        Ok(self.news)
    }

    async fn idle_once(&mut self, end: Instant, renew: Duration, done: Duration) -> Result<(), InboxError> {
        let slow = |within: Duration| move |_| InboxError::Slow { command: "IDLE", seconds: within.as_secs() };
        let begun = deadline(self.patience);
        self.inner.get_mut().allow(BESIDE);
        let tag = timeout_at(begun, self.inner.run_command("IDLE"))
            .await
            .map_err(slow(self.patience))?
            .map_err(|e| lost("IDLE", async_imap_cause(e)))?;
        let patience = self.patience;
        let judge = |response: &Response<'_>| match response {
            Response::Continue(_) => Some(Ok(())),
            Response::Done { tag: done, outcome, .. } if done == &tag => {
                Some(Err(InboxError::Refused { command: "IDLE", text: words(outcome.information.as_ref()) }))
            }
            _ => None,
        };
        loop {
            if let Some(begun) = timeout_at(begun, self.read("IDLE", judge)).await.map_err(slow(patience))?? {
                begun?;
                break;
            }
        }
        let mut ended = false;
        while !self.news && !ended {
            // Every sign of life, such as "* OK Still here", proves the connection and so puts off the renewal.
            let quiet = deadline(renew).min(end);
            match timeout_at(quiet, self.read("IDLE", |r| matches!(r, Response::Done { .. }))).await {
                Err(_) => break,
                Ok(done) => ended = done?,
            }
        }
        if ended {
            // The server ended IDLE by itself. What it meant is unknown, so look.
            self.news = true;
            return Ok(());
        }
        let last = deadline(done);
        timeout_at(last, self.inner.run_command_untagged("DONE"))
            .await
            .map_err(slow(done))?
            .map_err(|e| lost("IDLE", async_imap_cause(e)))?;
        let ours = |response: &Response<'_>| matches!(response, Response::Done { tag: done, .. } if done == &tag);
        while !timeout_at(last, self.read("IDLE", ours)).await.map_err(slow(done))?? {}
        Ok(())
    }

    /// Gives the server a chance to speak of news.
    pub(super) async fn noop(&mut self) -> Result<(), InboxError> {
        self.run("NOOP", "NOOP", |_| {}).await
    }

    /// Says good-bye, within `patience`.
    pub(super) async fn logout(mut self, patience: Duration) {
        // The answer is a BYE, which `run_within` takes for an error; in any case the session is over.
        let _ = self.run_within("LOGOUT", "LOGOUT", (patience, 0), |_| {}).await;
    }
}

fn uid_of(attributes: &[AttributeValue<'_>]) -> Option<u32> {
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}

fn deadline(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience).unwrap_or(now)
}

/// Writes UIDs as a sequence set (RFC 9051 section 4.1.1), neighbours as ranges.
fn set(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => ranges.push((*uid, *uid)),
        }
    }
    let range = |(a, b): &(u32, u32)| if a == b { a.to_string() } else { format!("{a}:{b}") };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

/// Writes a folder name as a quoted string; [`super::check`] has refused what cannot stand in one.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn word(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(how) => format!("AUTH={how}"),
        Capability::Atom(word) => word.to_string(),
    }
}

fn words(text: Option<&Cow<'_, str>>) -> String {
    text.map_or_else(|| "(no reason given)".to_owned(), |text| printable(text))
}

const fn lost(command: &'static str, cause: Option<io::Error>) -> InboxError {
    InboxError::Lost { command, cause }
}

pub(super) fn garbled(command: &'static str, why: &str) -> InboxError {
    InboxError::Garbled { command, why: why.to_owned() }
}

/// Tells what a failed read means. The parser's own message quotes what it could not read, so it is not passed on.
fn read_error(command: &'static str, error: io::Error) -> InboxError {
    match error.kind() {
        io::ErrorKind::InvalidData => InboxError::Garbled { command, why: error.to_string() },
        io::ErrorKind::Other => garbled(command, "cannot be understood"),
        _ => lost(command, Some(error)),
    }
}

fn async_imap_cause(error: async_imap::error::Error) -> Option<io::Error> {
    match error {
        async_imap::error::Error::Io(error) => Some(error),
        _ => None,
    }
}

/// Tells why there is no login; `said` is the server's last answer with a tag.
fn login_error(error: async_imap::error::Error, said: &[u8], server: &str, user: &str) -> InboxError {
    use async_imap::error::Error;
    match error {
        Error::No(_) | Error::Bad(_) => refusal(&String::from_utf8_lossy(said), server, user),
        Error::Io(error) => read_error("LOGIN", error),
        Error::Validate(_) => InboxError::Config("user name or password contains a line break".to_owned()),
        _ => lost("LOGIN", None),
    }
}

/// Says of a refused login that it was by a token: what mends it is another.
fn of_token(error: InboxError) -> InboxError {
    match error {
        InboxError::Login { server, user, text } => InboxError::Token { server, user, text },
        other => other,
    }
}

/// Reads what stands behind tag and NO or BAD. A server that is overloaded says so by a code (RFC 5530 section 3), and user
/// and password may be right.
fn refusal(said: &str, server: &str, user: &str) -> InboxError {
    let reason = said.trim().splitn(3, ' ').nth(2).unwrap_or_default().trim();
    let coded = reason.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let code = coded.and_then(|(code, _)| code.split(' ').next()).unwrap_or_default().to_ascii_uppercase();
    let text = match reason {
        "" => words(None),
        reason => printable(reason),
    };
    match code.as_str() {
        "UNAVAILABLE" | "INUSE" | "LIMIT" | "SERVERBUG" => InboxError::Refused { command: "LOGIN", text },
        _ => InboxError::Login { server: server.to_owned(), user: user.to_owned(), text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_place_of_a_mail_is_told_from_a_mail_whose_size_is_inexact() {
        let header = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\n";
        let whole = format!("{header}--x\r\n{}--x--\r\n", "abcdefgh\r\n".repeat(200));
        let given = |text: &str, size: usize| {
            Body { bytes: text.as_bytes().to_vec(), size: Some(size as u64) }.is_given(Kind::Letter)
        };
        let instead = "Content-Type: text/plain\r\n\r\nThe message could not be retrieved.\r\n";
        for (text, size) in [
            ("", whole.len()),
            (instead, whole.len()),
            (instead, instead.len()),
            (whole.get(..800).unwrap(), whole.len()),
            (header, whole.len()),
        ] {
            assert!(!given(text, size), "{size} {text:?}");
        }
        let unix = whole.replace('\r', "");
        for (text, size) in [
            (whole.as_str(), whole.len()),
            (unix.as_str(), whole.len()),
            (whole.as_str(), unix.len()),
            // Reckoned, and far from what is there.
            (whole.as_str(), whole.len() * 3),
            (whole.as_str(), 0),
            (whole.as_str(), 90),
            // Not ended as it must be, and nearly all there: what it is worth is judged when it is opened.
            (whole.trim_end_matches("--x--\r\n"), whole.len()),
        ] {
            assert!(given(text, size), "{size} {}", text.len());
        }
        assert!(Body { bytes: whole.clone().into_bytes(), size: None }.is_given(Kind::Letter));
        assert!(Body { bytes: Vec::new(), size: Some(0) }.is_given(Kind::Letter), "there is nothing to be given");
    }

    #[test]
    fn sets_join_neighbours() {
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[u32::MAX]), "4294967295");
    }

    #[test]
    fn a_refused_login_is_told_in_the_servers_words() {
        let told = |said: &str| refusal(said, "imap.test:993", "me").to_string();
        let text = told("A0001 NO [AUTHENTICATIONFAILED] Invalid \"user\" \x1b[2J\r");
        assert!(text.contains("login of me: [AUTHENTICATIONFAILED] Invalid \"user\" \\u{1b}[2J;"), "{text}");
        assert!(told("A0001 BAD\r").contains("(no reason given)"));
        assert_eq!(told("A1 NO [UNAVAILABLE] later\r"), "the server refused LOGIN: [UNAVAILABLE] later");
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }
}
