//! A mailbox on a real server: how much of it is read, and how soon a mail in it is entered.
//!
//! The server is the Dovecot that the tests start. Between it and the program stands a relay that counts bytes and
//! notes when the first of them came: in IDLE a server sends nothing but what it announces.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mailorder::clock::Clock;
use mailorder::trade::Digest;

use super::Scale;
use super::gauge::{Series, run};
use super::generate::{self, Generated};
use super::report::{Report, short};
use super::servers::{self, Servers};

/// Bytes of an ordinary mail.
const ORDINARY: usize = 20 * 1024;
/// How long a mail may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    report.section("A mailbox on a server");
    let Some(servers) = at_hand(report) else { return };
    let (reader, letters) = Reader::make(servers, &folder.join("announced"), "announced@example.test", scale.announced);
    reader.announced(&letters, report);
    let (reader, letters) = Reader::make(servers, &folder.join("crowd"), "crowd@example.test", 100);
    reader.crowd(&letters, scale, report);
    fs::remove_dir_all(reader.mailbox).unwrap();
}

/// Returns the real mail servers, where they are installed; else the page says that there were none.
pub fn at_hand(report: &Report) -> Option<&'static Servers> {
    let installed = ["/usr/sbin/dovecot", "/usr/sbin/postfix"].iter().all(|program| Path::new(program).exists());
    if !installed {
        report.text("Not measured: Postfix and Dovecot are not installed.");
    }
    installed.then(servers::require)
}

/// Makes a mailbox that nobody has logged into yet, with the owner of all the server's mail.
fn make_mailbox(mailbox: &Path) {
    let user = mailbox.parent().unwrap();
    let owner = fs::metadata(user.parent().unwrap()).unwrap();
    let parts = ["cur", "new", "tmp"].map(|part| mailbox.join(part));
    parts.iter().for_each(|part| fs::create_dir_all(part).unwrap());
    for folder in [user, mailbox].into_iter().chain(parts.iter().map(PathBuf::as_path)) {
        chown(folder, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

/// Writes the password of the servers' mailboxes into a file beside the settings.
pub fn password_beside(config: &Path) -> PathBuf {
    let password = config.with_file_name("password");
    fs::write(&password, "pw\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    password
}

/// Returns a mail as a server hands it out.
fn crlf(mail: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
}

/// The account, its mailbox on the server, and the relay between them.
struct Reader {
    config: PathBuf,
    ledger: PathBuf,
    mailbox: PathBuf,
    relay: Relay,
}

impl Reader {
    /// Makes an account, its mailbox for this user of the server, and letters for it.
    fn make(servers: &Servers, folder: &Path, user: &str, letters: u32) -> (Self, Vec<Vec<u8>>) {
        let until = Clock::system().now().whole_second();
        let made = generate::buyer(folder, generate::accepted(letters.div_ceil(4).max(1), 3, until));
        servers.user(user);
        let mailbox = servers.maildir(user);
        make_mailbox(&mailbox);
        let reader = Self::new(servers, &made, user, &mailbox);
        let letters = usize::try_from(letters).unwrap();
        (reader, made.mails().iter().take(letters).map(|mail| crlf(mail)).collect())
    }

    fn new(servers: &Servers, made: &Generated, user: &str, mailbox: &Path) -> Self {
        let relay = Relay::before(servers.port("IMAPS"));
        let folders = &made.account.settings.folders;
        let password = password_beside(&folders.config);
        let text = fs::read_to_string(&folders.config).unwrap();
        let (before, after) = (text.find("[inbox]").unwrap(), text.find("[outbox]").unwrap());
        let inbox = format!(
            "[inbox]\nhandled = \"leave\"\n[inbox.imap]\nhost = \"localhost\"\nport = {}\nuser = {user:?}\nca_file = {:?}\npassword_file = {:?}\n\n",
            relay.port,
            servers.tls_file("ca.pem"),
            password
        );
        fs::write(&folders.config, format!("{}{inbox}{}", &text[..before], &text[after..])).unwrap();
        Self { config: folders.config.clone(), ledger: folders.ledger.clone(), mailbox: mailbox.to_owned(), relay }
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.env_clear().env("HOME", self.config.parent().unwrap()).stderr(Stdio::null());
        command.arg("-c").arg(&self.config).arg(word);
        command
    }

    /// Puts a mail where the server finds it.
    fn deliver(&self, part: &str, name: &str, mail: &[u8]) {
        let tmp = self.mailbox.join("tmp").join(name);
        fs::write(&tmp, mail).unwrap();
        let owner = fs::metadata(&self.mailbox).unwrap();
        chown(&tmp, Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::rename(&tmp, self.mailbox.join(part).join(name)).unwrap();
    }

    fn entries(&self) -> usize {
        fs::read_to_string(self.ledger.join("log")).unwrap().lines().count()
    }

    /// The first look at a mailbox full of ordinary mail, and those after it.
    fn crowd(&self, letters: &[Vec<u8>], scale: &Scale, report: &mut Report) {
        eprintln!("{} ordinary mails ...", scale.ordinary);
        let mut bytes = 0;
        for number in 0..scale.ordinary {
            let mail = ordinary(number);
            bytes += mail.len() as u64;
            self.deliver("cur", &format!("{number:07}.crowd:2,S"), &mail);
        }
        for (number, letter) in letters.iter().enumerate() {
            bytes += letter.len() as u64;
            self.deliver("new", &format!("{number:07}.letter"), letter);
        }
        run(&mut Command::new("sync"));
        let before = self.entries();
        let first = self.synced();
        assert!(self.entries() >= before + letters.len(), "every letter is entered");
        let second = self.synced();
        for number in scale.ordinary..scale.ordinary + 10 {
            self.deliver("new", &format!("{number:07}.crowd"), &ordinary(number));
        }
        let third = self.synced();
        report.text(&format!(
            "{} ordinary mails of {} KiB and {} letters, {} MiB in all, read over IMAP with TLS; bytes are those from the server, as a \
             relay between it and the program counts them.",
            scale.ordinary,
            ORDINARY / 1024,
            letters.len(),
            bytes / 1024 / 1024
        ));
        let row = |what: &str, (seconds, read): (f64, u64)| {
            vec![what.to_owned(), short(seconds), read.to_string(), short(read as f64 * 100.0 / bytes as f64)]
        };
        let rows =
            [row("first", first), row("again, nothing new", second), row("again, ten more ordinary mails", third)];
        report.table(&["sync", "seconds", "bytes", "% of the mailbox"], &rows);
        let share = first.1 as f64 * 100.0 / bytes as f64;
        report.at_most("bytes read at the first look at a mailbox", share, 2.0, " % of it");
        report.at_most("bytes read at a later look, ten mails more", third.1 as f64 / 1024.0, 64.0, " KiB");
    }

    /// Runs `sync` and returns its seconds and the bytes that came from the server.
    fn synced(&self) -> (f64, u64) {
        let before = self.relay.bytes();
        let ran = run(&mut self.command("sync"));
        (ran.wall, self.relay.bytes() - before)
    }

    /// From the announcement of each letter to its durable entry, under a `watch`.
    fn announced(&self, letters: &[Vec<u8>], report: &mut Report) {
        let mut watch = self.command("watch").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        self.relay.wait_for_quiet();
        let mut series = Series::default();
        for (number, letter) in letters.iter().enumerate() {
            // It lies there under its name once the entry that names it is committed.
            let digest = Digest::of(letter).hex();
            let original = self.ledger.join("originals").join(&digest[..2]).join(format!("{digest}.eml"));
            self.relay.arm();
            self.deliver("new", &format!("{number:07}.announced"), letter);
            let begun = Instant::now();
            while !original.exists() {
                assert!(begun.elapsed() < PATIENCE, "letter {number} is not entered");
                std::thread::sleep(Duration::from_micros(200));
            }
            let entered = Instant::now();
            let announced = self.relay.first().expect("the server announced it");
            series.push(entered.duration_since(announced).as_secs_f64());
            self.relay.wait_for_quiet();
        }
        watch.kill().unwrap();
        watch.wait().unwrap();
        report.text(&format!(
            "{} letters, one after another, in a mailbox of their own, under a `watch` in IDLE: from the first byte by which the server announces one \
             until its entry is committed and the mail moved to the originals, {} ms at the median, {} ms at the 99th of a \
             hundred.",
            letters.len(),
            short(series.median() * 1e3),
            short(series.at(0.99) * 1e3)
        ));
        report.at_most("from EXISTS to the durable entry, 99 of 100", series.at(0.99) * 1e3, 100.0, " ms");
    }
}

/// Makes an ordinary mail, as people get them.
fn ordinary(number: u32) -> Vec<u8> {
    let mut mail = format!(
        "Return-Path: <list-{0}@lists.example>\r\nReceived: from mx.lists.example (mx.lists.example [192.0.2.7])\r\n\tby \
         mail.example.test with ESMTPS id {number:08X}\r\n\tfor <buyer@example.test>; Mon, 2 Nov 2026 09:12:{1:02} +0900\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; d=lists.example; s=k1; bh={2};\r\n\tb={3}\r\nFrom: Somebody <somebody{0}@lists.example>\r\n\
         To: buyer@example.test\r\nSubject: Number {number}\r\nDate: Mon, 2 Nov 2026 09:12:{1:02} +0900\r\n\
         Message-ID: <{number}.ordinary@lists.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        number % 100,
        number % 60,
        "A".repeat(44),
        "B".repeat(300),
    );
    while mail.len() < ORDINARY {
        mail.push_str("Some words that somebody wrote to many others, among them you, as people do.\r\n");
    }
    mail.into_bytes()
}

/// Passes what two sides say to each other on, counts it, and notes when the server spoke first after it was armed.
struct Relay {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    from_server: AtomicU64,
    from_client: AtomicU64,
    /// `Some(None)` while it waits for the server's next byte.
    first: Mutex<Option<Option<Instant>>>,
}

impl Relay {
    fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let passing = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let seen = Arc::clone(&passing);
                std::thread::spawn(move || pass(from, to, |read| count(&seen.from_client, read)));
                let seen = Arc::clone(&passing);
                std::thread::spawn(move || {
                    pass(server, client, |read| {
                        if let Some(first) = seen.first.lock().unwrap().as_mut() {
                            first.get_or_insert_with(Instant::now);
                        }
                        count(&seen.from_server, read);
                    });
                });
            }
        });
        Self { port: own, seen }
    }

    fn bytes(&self) -> u64 {
        self.seen.from_server.load(Ordering::SeqCst)
    }

    /// Forgets when the server spoke, to note when it does so next.
    fn arm(&self) {
        *self.seen.first.lock().unwrap() = Some(None);
    }

    fn first(&self) -> Option<Instant> {
        self.seen.first.lock().unwrap().flatten()
    }

    /// Waits until nobody has said anything for half a second.
    fn wait_for_quiet(&self) {
        let all = || self.bytes() + self.seen.from_client.load(Ordering::SeqCst);
        loop {
            let before = all();
            std::thread::sleep(Duration::from_millis(500));
            if before > 0 && before == all() {
                return;
            }
        }
    }
}

fn count(counter: &AtomicU64, read: usize) {
    counter.fetch_add(u64::try_from(read).unwrap(), Ordering::SeqCst);
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut note: impl FnMut(usize)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 {
            break;
        }
        note(read);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}
