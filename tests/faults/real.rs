//! A disk that refuses at some call, and mails that would fill the memory, both seen from outside the built program.
//!
//! These need strace, which answers a call in the kernel's place, and holds a process where its memory is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::stream::{Armorer, Compressor, Encryptor, LiteralWriter, Message};
use sequoia_openpgp::types::CompressionAlgorithm;
use sequoia_openpgp::{Cert, Packet, packet::Marker, serialize::Serialize as _};

use crate::support::accounts::{Accounts, field, fields, run, scratch};

/// What the system answers, to which call.
const FAULTS: [(&str, &str); 13] = [
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("syncfs", "ENOSPC"),
    ("syncfs", "EIO"),
    ("rename", "ENOSPC"),
    ("rename", "EIO"),
    ("renameat2", "ENOSPC"),
    ("renameat2", "EIO"),
    ("ftruncate", "EIO"),
];

/// How many calls of one name fail, each in a run of its own, spread over the command.
const POINTS: usize = 4;

/// What a command may end with: done, a finding, input refused, disk, later, no permission, configuration.
const CODES: [i32; 7] = [0, 1, 65, 74, 75, 77, 78];

const ORDER: [&str; 7] = [
    "order",
    "--shop",
    "shop@demo.test",
    "--item",
    "TEA-200;煎茶 200g;JPY 1800;1",
    "--charge",
    "Parcel delivery;JPY 500",
];

fn traced(accounts: &Accounts, words: &[&str], input: &[u8], flags: &[&str], log: &Path) -> std::process::Output {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-o"]).arg(log).args(flags).arg("--").arg(Accounts::program());
    run(strace.args(accounts.arguments("buyer", words)).env("MAILORDER_THREADS", "1"), input)
}

/// Runs a command with each of the faults; `check` looks at what is left of each.
fn fail_everywhere(base: &Accounts, words: &[&str], input: &[u8], check: &dyn Fn(&Accounts, i32, &str)) -> usize {
    let work = scratch();
    let log = work.path().join("calls");
    let once = base.copy(&work.path().join("once"));
    assert!(traced(&once, words, input, &["-e", "trace=all"], &log).status.success());
    let calls = std::fs::read_to_string(&log).unwrap();
    let mut failed = BTreeMap::new();
    for (call, error) in FAULTS {
        let count = calls
            .lines()
            .filter(|line| line.split_once(' ').is_some_and(|(_, it)| it.trim_start().starts_with(&format!("{call}("))))
            .count();
        // First and last, and some between.
        let places = count.min(POINTS);
        let at: BTreeSet<usize> = (0..places).map(|n| 1 + n * (count - 1) / places.saturating_sub(1).max(1)).collect();
        for n in at {
            let when = format!("{words:?}: {call} {n} of {count} answered {error}");
            let place = scratch();
            let tried = base.copy(&place.path().join("play"));
            let inject = format!("inject={call}:error={error}:when={n}");
            let flags = ["-e", &format!("trace={call}"), "-e", &inject];
            let output = traced(&tried, words, input, &flags, Path::new("/dev/null"));
            let code = output.status.code().unwrap_or_else(|| panic!("{when}: {output:?}"));
            assert!(CODES.contains(&code), "{when}: {output:?}");
            *failed.entry((call, error, code)).or_insert(0) += 1;
            check(&tried, code, &when);
            tried.check("buyer", &when);
            assert_eq!(tried.left("buyer")[..2], [0, 0], "{when}: left in queue and spool");
        }
    }
    println!("{words:?}: {failed:?}");
    failed.values().sum()
}

/// Returns direction, kind and verdict of the buyer's entries from `from` on.
fn told(accounts: &Accounts, from: usize) -> Vec<String> {
    let words = ["Direction", "Kind", "Verdict", "Finding"];
    let told = |entry: &_| words.map(|word| field(entry, &format!("Mailorder-{word}"))).join(" ");
    accounts.entries("buyer", from).iter().map(told).collect()
}

#[test]
fn a_letter_received_on_a_failing_disk_is_entered_once_f8_f9() {
    let place = scratch();
    let base = Accounts::played(&place.path().join("play"));
    base.must("buyer", &ORDER, b"");
    base.must("shop", &["sync"], b"");
    let mails = base.post("buyer");
    assert_eq!(mails.len(), 1);
    let mail = std::fs::read(&mails[0]).unwrap();
    std::fs::remove_file(&mails[0]).unwrap();
    let from = base.log("buyer").len();
    let once = base.copy(&place.path().join("once"));
    once.must("buyer", &["receive"], &mail);
    let expected = told(&once, from);
    let points = fail_everywhere(&base, &["receive"], &mail, &|tried, code, when| {
        // A mail server hands over again what was not taken.
        if code != 0 {
            tried.must("buyer", &["receive"], &mail);
        }
        tried.must("buyer", &["sync"], b"");
        assert_eq!(told(tried, from), expected, "{when}");
    });
    assert!(points >= 15, "{points} points");
}

#[test]
fn an_order_on_a_failing_disk_is_made_or_not_and_what_is_said_is_true_f8_f9() {
    let place = scratch();
    let base = Accounts::played(&place.path().join("play"));
    let (from, before) = (base.log("buyer").len(), base.post("shop").len());
    let points = fail_everywhere(&base, &ORDER, b"", &|tried, code, when| {
        tried.must("buyer", &["sync"], b"");
        let orders =
            tried.entries("buyer", from).iter().filter(|entry| field(entry, "Mailorder-Kind") == "order").count();
        let sent: BTreeSet<String> =
            tried.post("shop").iter().map(|mail| field(&fields(&std::fs::read(mail).unwrap()), "Message-ID")).collect();
        assert!(orders <= 1 && sent.len() - before == orders, "{when}: {orders} orders, {} letters", sent.len());
        assert!(code != 0 || orders == 1, "{when}: called done");
    });
    assert!(points >= 15, "{points} points");
}

#[test]
fn lines_that_a_killed_writer_left_are_synced_before_they_are_built_on() {
    let place = scratch();
    let accounts = Accounts::played(&place.path().join("play"));
    let log = place.path().join("calls");
    let synced = |lock: Option<&str>| {
        // Nobody knows how far the log was read.
        std::fs::remove_file(accounts.dir.join("buyer/index.sqlite")).unwrap();
        lock.inspect(|text| std::fs::write(accounts.dir.join("buyer/ledger/lock"), text).unwrap());
        let flags = ["-y", "-e", "trace=fsync,fdatasync"];
        assert!(traced(&accounts, &["list"], b"", &flags, &log).status.success());
        std::fs::read_to_string(&log).unwrap().lines().any(|line| line.contains("/buyer/ledger/log>"))
    };
    // As the lock is left by a writer that was killed, and by one that came to its end.
    assert!(synced(Some("busy\n")));
    assert!(!synced(None));
}

/// Encrypts to the buyer of a played demonstration what `write` writes, compressed so many times.
fn compressed_for_buyer(accounts: &Accounts, layers: usize, write: &dyn Fn(&mut Message<'_>)) -> Vec<u8> {
    let cert = Cert::from_bytes(&std::fs::read(accounts.dir.join("buyer/cert.asc")).unwrap()).unwrap();
    let policy = StandardPolicy::new();
    let keys = cert.keys().with_policy(&policy, None).for_transport_encryption();
    let mut sink = Vec::new();
    let message = Armorer::new(Message::new(&mut sink)).build().unwrap();
    let message = Encryptor::for_recipients(message, keys).build().unwrap();
    let compress = |message| Compressor::new(message).algo(CompressionAlgorithm::Zip).build().unwrap();
    let mut message = (0..layers).fold(message, |message, _| compress(message));
    write(&mut message);
    message.finalize().unwrap();
    let head = "From: a@stranger.test\r\nTo: buyer@demo.test\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: \
                <1@stranger.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted; \
                protocol=\"application/pgp-encrypted\"; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: \
                application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n";
    [head.as_bytes(), &sink, b"\r\n--b--\r\n"].concat()
}

/// What `inspect` made of a mail, and what that took.
#[derive(Debug, Default)]
struct Inspected {
    out: String,
    code: i32,
    /// The most memory, in MiB.
    memory: u64,
    /// The work of the processor, in hundredths of a second: however long it waited for others is not in it.
    work: u64,
}

/// Returns the processor's work for a process so far, in ticks (proc_pid_stat(5): the 14th field and the next).
fn work_of(process: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    behind_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// Runs `inspect` on a mail.
fn inspected(accounts: &Accounts, mail: &[u8]) -> Inspected {
    let file = accounts.dir.join("mail.eml");
    std::fs::write(&file, mail).unwrap();
    let mut strace = Command::new("strace");
    // Held at its end for half a second, so that what it took is read when it will take no more.
    strace.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=exit_group",
        "-e",
        "inject=exit_group:delay_enter=500000",
    ]);
    strace.arg(Accounts::program()).args(accounts.arguments("buyer", &["inspect", file.to_str().unwrap()]));
    let mut child = strace.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let mut found = Inspected::default();
    while child.try_wait().unwrap().is_none() {
        for inner in std::fs::read_to_string(&children).unwrap_or_default().split_whitespace() {
            let status = std::fs::read_to_string(format!("/proc/{inner}/status")).unwrap_or_default();
            let mut lines = status.lines();
            if !lines.next().is_some_and(|name| name.ends_with("mailorder")) {
                continue;
            }
            let high =
                lines.find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            found.memory = found.memory.max(high.unwrap_or(0) / 1024);
            found.work = found.work.max(work_of(inner));
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    Inspected { out: String::from_utf8(output.stdout).unwrap(), code: output.status.code().unwrap(), ..found }
}

#[test]
fn bombs_and_floods_of_packets_are_inspected_in_little_memory_and_with_little_work_b26() {
    const MEMORY: u64 = 200;
    // To unpack a GiB takes more than twice as much.
    const WORK: u64 = 200;
    let place = scratch();
    let accounts = Accounts::played(&place.path().join("play"));
    let marker = {
        let mut bytes = Vec::new();
        Packet::Marker(Marker::default()).serialize(&mut bytes).unwrap();
        bytes.repeat(10_000)
    };
    // One-pass signatures of an Ed25519 key: version 3, binary, SHA-512, EdDSA, key ID, another follows.
    let one_pass = [&[0xc4, 13, 3, 0, 10, 22][..], &[0x11; 8], &[0]].concat().repeat(10_000);
    let zeros = vec![0_u8; 1 << 20];
    let bomb = |layers: usize| {
        compressed_for_buyer(&accounts, layers, &|message| {
            let inner = std::mem::replace(message, Message::new(std::io::sink()));
            let mut literal = LiteralWriter::new(inner).build().unwrap();
            (0..1024).for_each(|_| literal.write_all(&zeros).unwrap());
            *message = literal.finalize_one().unwrap().unwrap();
        })
    };
    let flood = |packets: &[u8], times: usize| {
        compressed_for_buyer(&accounts, 1, &|message| (0..times).for_each(|_| message.write_all(packets).unwrap()))
    };
    let mails = [
        ("1 GiB", bomb(1)),
        ("1 GiB in two layers", bomb(2)),
        ("3,000,000 markers", flood(&marker, 300)),
        ("1,000,000 signatures", flood(&one_pass, 100)),
    ];
    for (name, mail) in mails {
        assert!(mail.len() < 2 << 20, "{name}: {}", mail.len());
        let found = inspected(&accounts, &mail);
        println!("{name} in {} bytes of mail: {} MiB, {} ticks", mail.len(), found.memory, found.work);
        assert!(found.memory > 5 && found.memory < MEMORY && found.work < WORK, "{name}: {found:?}");
        assert!(found.code == 0 && ["too-large", "bad-shape"].iter().any(|code| found.out.contains(code)), "{found:?}");
    }
}
