//! A small IMAP server in this process that can be told to lie, stall or break off.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mailorder::connect::{Login, Secret, SecretFuture, Server, Tls, Wire};
use mailorder::inbox::imap::{Deadlines, Imap, ImapSettings};
use mailorder::inbox::{Batch, Origin};
use secrecy::SecretString;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

/// What the server says instead of the truth when the command contains the text: `{tag}` stands for the tag; an answer
/// that ends in `{close}` ends the connection, one that ends in `{stall}` is the last word.
pub type Lie = (&'static str, String);

/// A mailbox that outlives its connections.
pub struct Mailbox {
    pub mails: BTreeMap<u32, Vec<u8>>,
    pub uid_validity: Option<u32>,
    pub uid_next: Option<u32>,
    pub capabilities: &'static str,
    pub permanent: &'static str,
    pub greeting: &'static str,
    pub lies: Vec<Lie>,
    /// Ends the first connection after so many bytes from the server.
    pub cut: Option<usize>,
    /// How many connections there were.
    pub connections: usize,
    /// All commands, without their tags.
    pub log: Vec<String>,
    /// How many bytes the server said in the current connection.
    pub said: usize,
    pub marked: Vec<String>,
}

pub type Shared = Arc<Mutex<Mailbox>>;

pub const LETTER: &str = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\
                          Subject: ...\r\n\r\nletter ";

pub fn letter(n: u32) -> Vec<u8> {
    format!("{LETTER}{n}\r\n").into_bytes()
}

pub fn ordinary(n: u32) -> Vec<u8> {
    format!("Content-Type: text/plain\r\nSubject: ordinary {n}\r\n\r\nhello\r\n").into_bytes()
}

pub fn mailbox(mails: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Shared {
    let mails: BTreeMap<u32, Vec<u8>> = mails.into_iter().collect();
    Arc::new(Mutex::new(Mailbox {
        uid_next: Some(mails.keys().last().map_or(1, |last| last + 1)),
        mails,
        uid_validity: Some(7),
        capabilities: "IMAP4rev1 IDLE MOVE UIDPLUS",
        permanent: "(\\Seen \\*)",
        greeting: "* OK ready\r\n",
        lies: Vec::new(),
        cut: None,
        connections: 0,
        log: Vec::new(),
        said: 0,
        marked: Vec::new(),
    }))
}

pub fn settings() -> ImapSettings {
    let server = Server { host: "fake".to_owned(), port: 993, tls: Tls::Implicit, ca_file: None };
    let secret =
        Arc::new(|| -> SecretFuture { Box::pin(async { Ok(Secret::Password(SecretString::from("pa\"ss"))) }) });
    let mut settings = ImapSettings::new(server, Login { user: "me".to_owned(), secret });
    settings.largest = 10_000;
    settings.deadlines = Deadlines {
        connect: Duration::from_secs(1),
        command: Duration::from_secs(1),
        done: Duration::from_millis(200),
        renew: Duration::from_millis(150),
        poll: Duration::from_millis(50),
    };
    settings
}

/// An inbox whose every connection is served from the mailbox.
pub fn inbox(shared: &Shared, settings: ImapSettings) -> Imap {
    let shared = Arc::clone(shared);
    Imap::over(settings, move || {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(serve(Arc::clone(&shared), theirs));
        Some(Wire::new(ours))
    })
    .unwrap()
}

/// Returns the UIDs of the mails of a batch.
pub fn uids(batch: &Batch) -> Vec<u32> {
    let uid = |origin: &Origin| match origin {
        Origin::Imap { uid, .. } => *uid,
        Origin::Maildir { .. } => 0,
    };
    batch.mails.iter().map(|mail| uid(&mail.origin)).collect()
}

struct Line {
    stream: BufReader<DuplexStream>,
    left: Option<usize>,
    shared: Shared,
}

impl Line {
    async fn say(&mut self, text: &[u8]) -> Option<()> {
        let text = match &mut self.left {
            Some(left) => {
                let now = text.len().min(*left);
                *left -= now;
                &text[..now]
            }
            None => text,
        };
        self.shared.lock().unwrap().said += text.len();
        self.stream.get_mut().write_all(text).await.ok()?;
        (self.left != Some(0)).then_some(())
    }

    async fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

async fn serve(shared: Shared, stream: DuplexStream) {
    let (greeting, left) = {
        let mut mailbox = shared.lock().unwrap();
        mailbox.connections += 1;
        mailbox.said = 0;
        (mailbox.greeting, if mailbox.connections == 1 { mailbox.cut } else { None })
    };
    let mut line = Line { stream: BufReader::new(stream), left, shared: Arc::clone(&shared) };
    if left == Some(0) || line.say(greeting.as_bytes()).await.is_none() {
        return;
    }
    while let Some(command) = line.hear().await {
        if answer(&shared, &mut line, &command).await.is_none() {
            return;
        }
    }
}

async fn answer(shared: &Shared, line: &mut Line, command: &str) -> Option<()> {
    let (tag, rest) = command.split_once(' ').unwrap_or((command, ""));
    let lie = {
        let mut mailbox = shared.lock().unwrap();
        mailbox.log.push(rest.to_owned());
        let found = mailbox.lies.iter().position(|(when, _)| rest.contains(when));
        found.map(|at| {
            if mailbox.lies[at].1.contains("{once}") { mailbox.lies.remove(at) } else { mailbox.lies[at].clone() }
        })
    };
    if let Some((_, text)) = lie {
        let text = text.replace("{tag}", tag).replace("{once}", "");
        let plain = text.replace("{close}", "").replace("{stall}", "");
        line.say(plain.as_bytes()).await?;
        if text.ends_with("{stall}") {
            let mut sink = Vec::new();
            let _ = line.stream.read_to_end(&mut sink).await;
        }
        if text.ends_with("{close}") || text.ends_with("{stall}") {
            return None;
        }
        if !text.starts_with("+ ") || text.contains(tag) {
            return Some(());
        }
        let said = line.hear().await?;
        shared.lock().unwrap().log.push(said);
        return line.say(format!("{tag} OK idle done\r\n").as_bytes()).await;
    }
    if rest == "IDLE" {
        line.say(b"+ idling\r\n").await?;
        line.hear().await?;
        return line.say(format!("{tag} OK idle done\r\n").as_bytes()).await;
    }
    let reply = truth(&mut shared.lock().unwrap(), rest);
    line.say(&reply).await?;
    line.say(format!("{tag} OK done\r\n").as_bytes()).await
}

fn truth(mailbox: &mut Mailbox, command: &str) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    match words.as_slice() {
        ["CAPABILITY"] => format!("* CAPABILITY {}\r\n", mailbox.capabilities).into_bytes(),
        ["SELECT" | "EXAMINE", ..] => {
            let mut reply = format!("* {} EXISTS\r\n* FLAGS (\\Seen)\r\n", mailbox.mails.len());
            reply += &format!("* OK [PERMANENTFLAGS {}] flags\r\n", mailbox.permanent);
            reply += &mailbox.uid_validity.map_or(String::new(), |n| format!("* OK [UIDVALIDITY {n}] v\r\n"));
            reply += &mailbox.uid_next.map_or(String::new(), |n| format!("* OK [UIDNEXT {n}] n\r\n"));
            reply.into_bytes()
        }
        ["UID", "SEARCH", "UID", range] => {
            let mut uids: Vec<u32> = set(mailbox, range);
            if let (true, Some(last)) = (range.ends_with('*') && uids.is_empty(), mailbox.mails.keys().last()) {
                uids.push(*last);
            }
            let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
            format!("* SEARCH {}\r\n", uids.join(" ")).replace(" \r", "\r").into_bytes()
        }
        ["UID", "FETCH", range, ..] => {
            let head = command.contains("HEADER.FIELDS");
            let mut reply = Vec::new();
            for uid in set(mailbox, range) {
                let mail = &mailbox.mails[&uid];
                let (what, bytes) = if head {
                    let header = [content_type(mail).as_bytes(), b"\r\n"].concat();
                    (format!("RFC822.SIZE {} BODY[HEADER.FIELDS (CONTENT-TYPE)]", mail.len()), header)
                } else {
                    (format!("RFC822.SIZE {} BODY[]<0>", mail.len()), mail[..mail.len().min(10_001)].to_vec())
                };
                reply.extend(format!("* {uid} FETCH (UID {uid} {what} {{{}}}\r\n", bytes.len()).into_bytes());
                reply.extend(bytes);
                reply.extend(b")\r\n");
            }
            reply
        }
        ["UID", "STORE" | "MOVE", ..] => {
            mailbox.marked.push(command.to_owned());
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Returns the field of a mail's header that says what it is, with the lines that continue it.
fn content_type(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail);
    let from = text.split_inclusive('\n').skip_while(|line| !line.starts_with("Content-Type:"));
    let mut lines = from.take_while(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.take_while(|line| line.starts_with([' ', '\t'])).fold(first, |field, line| field + line)
}

fn set(mailbox: &Mailbox, text: &str) -> Vec<u32> {
    let inside = |uid: u32| {
        text.split(',').any(|range| {
            let (a, b) = range.split_once(':').unwrap_or((range, range));
            a.parse().is_ok_and(|a: u32| a <= uid) && (b == "*" || b.parse().is_ok_and(|b: u32| uid <= b))
        })
    };
    mailbox.mails.keys().copied().filter(|uid| inside(*uid)).collect()
}
