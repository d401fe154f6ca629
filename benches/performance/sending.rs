//! The queue over one connection to a real Postfix, beside one `sendmail` process for each letter into the same Postfix;
//! and into a server that takes everything and keeps nothing.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Scale;
use super::gauge::{Series, run, timed};
use super::mailbox::{at_hand, password_beside};
use super::report::{Report, figure, short};
use super::servers::Servers;
use super::way_out::Shop;
use super::worker::list;

/// Who sends: the shop of the generator.
const SENDER: &str = "shop@example.test";
/// How long the server of nothing may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);
const SINK: &str = "/usr/sbin/smtp-sink";
const SENDMAIL: &str = "/usr/sbin/sendmail";

pub fn measure(folder: &Path, scale: &Scale, report: &mut Report) {
    report.section("Sending the queue");
    let Some(servers) = at_hand(report) else { return };
    let shop = Shop::make(&folder.join("shop-sending"), scale.sent);
    let rows = folder.join("sending.jsonl");
    shop.rows(&rows, u32::try_from(shop.numbers.len()).unwrap(), "S");
    run(&mut shop.notifies(&rows));
    servers.user(SENDER);
    let waiting = queued(shop.folder());
    waiting
        .iter()
        .map(|file| recipient(file))
        .collect::<std::collections::BTreeSet<_>>()
        .iter()
        .for_each(|to| servers.user(to));
    let mut kinds: [(&str, Series); 3] = [
        ("`mailorder`, one connection to Postfix", Series::default()),
        ("one `sendmail` for each letter", Series::default()),
        ("`mailorder`, to `smtp-sink`", Series::default()),
    ];
    let letters = waiting.len() as f64;
    for pass in 0..scale.passes {
        let copy = |name: &str| {
            let copy = folder.join(format!("sending-{name}-{pass}"));
            run(Command::new("cp").arg("-a").arg(shop.folder()).arg(&copy));
            run(&mut Command::new("sync"));
            copy
        };
        kinds[0].1.push(sync(&copy("postfix"), &submission(servers, &shop)) / letters);
        settle(servers);
        kinds[1].1.push(by_sendmail(servers, &copy("sendmail")) / letters);
        settle(servers);
        let sink = Sink::start();
        kinds[2].1.push(
            sync(&copy("sink"), &format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", sink.port)) / letters,
        );
    }
    let [ours, sendmail, sink] = &kinds;
    report.text(&format!(
        "{} statuses that wait in the queue, sent by one `sync` over one connection with TLS and a login to a real Postfix on loopback; beside one \
         process of Postfix's own `sendmail` for each letter, into the same Postfix. Postfix has delivered all letters of one pass before the next begins. \
         The last row is the same `sync` into a server that takes everything and keeps nothing, without TLS.",
        waiting.len()
    ));
    let row =
        |(what, series): &(&str, Series)| vec![(*what).to_owned(), figure(series, 1e3), short(1.0 / series.median())];
    report.table(&["", "ms a letter", "letters in a second"], &[row(ours), row(sendmail), row(sink)]);
    let times = ours.1.speed_beside(&sendmail.1).median();
    report.at_least("sending the queue beside one sendmail for each letter", times, 1.0, " times as fast");
    fs::remove_dir_all(shop.folder()).unwrap();
}

/// Returns the letters that wait in an account.
fn queued(account: &Path) -> Vec<PathBuf> {
    let all = list(&account.join("outbox"));
    all.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "eml")).collect()
}

/// Returns who a queued letter goes to.
fn recipient(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let to = text.lines().find_map(|line| line.strip_prefix("To: ")).unwrap();
    to.trim().rsplit(' ').next().unwrap().trim_matches(['<', '>']).to_owned()
}

/// Describes Postfix's submission port as settings do.
fn submission(servers: &Servers, shop: &Shop) -> String {
    let password = password_beside(&shop.config);
    let (port, authority) = (servers.port("SUBMISSIONS"), servers.tls_file("ca.pem"));
    format!(
        "host = \"localhost\"\nport = {port}\nuser = {SENDER:?}\nca_file = {authority:?}\npassword_file = {password:?}\n"
    )
}

/// Sends an account's queue to a server by one `sync`; returns its seconds.
fn sync(account: &Path, server: &str) -> f64 {
    let config = account.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (before, after) = text.split_once("[outbox]\n").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    fs::write(&config, format!("{before}[outbox.smtp]\n{server}{after}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    command.env_clear().env("HOME", account).arg("-c").arg(&config).arg("sync");
    let ran = run(&mut command);
    assert_eq!(queued(account).len(), 0, "everything is sent");
    ran.wall
}

/// Hands an account's queue to Postfix, a process for each letter; returns the seconds.
fn by_sendmail(servers: &Servers, account: &Path) -> f64 {
    let letters: Vec<(String, PathBuf)> = queued(account)
        .into_iter()
        .map(|file| {
            let mail = fs::read_to_string(&file).unwrap();
            let (_, mail) = mail.split_once("\r\n").unwrap();
            fs::write(&file, mail.replace("\r\n", "\n")).unwrap();
            (recipient(&file), file)
        })
        .collect();
    run(&mut Command::new("sync"));
    let etc = servers.dir.join("postfix/etc");
    let (seconds, ()) = timed(|| {
        for (to, file) in &letters {
            let mut command = Command::new(SENDMAIL);
            command.arg("-C").arg(&etc).args(["-i", "-f", SENDER, "--", to]).stdin(File::open(file).unwrap());
            assert!(command.status().unwrap().success(), "{command:?}");
        }
    });
    seconds
}

/// Waits until Postfix has delivered everything.
fn settle(servers: &Servers) {
    let etc = servers.dir.join("postfix/etc");
    loop {
        let queue = Command::new("/usr/sbin/postqueue").arg("-c").arg(&etc).arg("-p").output().unwrap();
        if String::from_utf8_lossy(&queue.stdout).contains("queue is empty") {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    run(&mut Command::new("sync"));
}

/// A server that takes every mail and keeps none; ends with the value.
struct Sink {
    port: u16,
    child: Child,
}

impl Sink {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(SINK);
        command.args(["-u", "nobody", &format!("127.0.0.1:{port}"), "100"]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "smtp-sink does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, child }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
