//! The program is killed at each call that changes something outside it, started again, and must end where an
//! undisturbed run ends.

/// These need strace.
mod real {
    use std::collections::{BTreeMap, BTreeSet};
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::Path;
    use std::process::Command;

    use crate::support::accounts::{Accounts, field, fields, run, scratch};

    /// Every call by which the program changes files or speaks to others.
    const CALLS: [&str; 14] = [
        "write",
        "pwrite64",
        "fsync",
        "fdatasync",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "unlink",
        "unlinkat",
        "ftruncate",
        "syncfs",
        "sendto",
    ];

    const ORDER: [&str; 9] = [
        "order",
        "--shop",
        "shop@demo.test",
        "--item",
        "SH-41;シャツ 白 41;JPY 4300;1",
        "--charge",
        "Parcel delivery;JPY 500",
        "--pay",
        "invoice",
    ];

    /// A command, and what is compared after it.
    struct Case {
        party: &'static str,
        words: &'static [&'static str],
        input: Vec<u8>,
        /// Who may get letters from it; each takes in its mail afterwards.
        peers: &'static [&'static str],
        /// Whether the command, given again after it was committed, does its work a second time.
        adds: bool,
    }

    /// What a run and its restart led to.
    #[derive(Debug, PartialEq, Eq)]
    struct End {
        entries: Vec<String>,
        peers: Vec<Vec<String>>,
        letters: BTreeMap<&'static str, usize>,
        left: Vec<[usize; 3]>,
    }

    /// Runs the command under strace in one thread.
    fn traced(accounts: &Accounts, case: &Case, flags: &[&str], log: &Path) -> std::process::Output {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-o"]).arg(log).args(flags).arg("--").arg(Accounts::program());
        strace.args(accounts.arguments(case.party, case.words)).env("MAILORDER_THREADS", "1");
        run(&mut strace, &case.input)
    }

    fn told(accounts: &Accounts, party: &str, from: usize, contents: bool) -> Vec<String> {
        let mut told = Vec::new();
        for entry in accounts.entries(party, from) {
            let names = ["Direction", "Role", "Kind", "Peer", "Verdict", "Finding", "Amount"];
            let mut words: Vec<String> = names.iter().map(|name| field(&entry, &format!("Mailorder-{name}"))).collect();
            words.push(entry.get("Mailorder-Owes").map_or(0, Vec::len).to_string());
            let original = field(&entry, "Mailorder-Original");
            if contents && !original.is_empty() {
                words.push(field(&entry, "Mailorder-Content"));
                let hex = original.trim_start_matches("sha256:").split(' ').next().unwrap().to_owned();
                let file = accounts.dir.join(party).join("ledger/originals").join(&hex[..2]).join(format!("{hex}.eml"));
                words.push(format!("original kept: {}", file.is_file()));
            }
            told.push(words.join(" "));
        }
        told
    }

    /// Looks at everything a finished command leads to.
    fn end(accounts: &Accounts, case: &Case, base: &Accounts, when: &str) -> End {
        let from = base.log(case.party).len();
        let mut sent = BTreeSet::new();
        let mut letters = BTreeMap::new();
        for peer in case.peers {
            let mails = accounts.post(peer);
            let ids: BTreeSet<String> =
                mails.iter().map(|mail| field(&fields(&std::fs::read(mail).unwrap()), "Message-ID")).collect();
            letters.insert(*peer, ids.len());
            sent.extend(ids);
        }
        // Each letter in the ledger was sent, and none that is not in it.
        let entries = accounts.entries(case.party, from);
        let out = entries.iter().filter(|entry| field(entry, "Mailorder-Direction") == "out");
        let owed: BTreeSet<String> = out.map(|entry| field(entry, "Mailorder-Letter")).collect();
        assert_eq!(sent, owed, "{when}: letters sent, and letters in the ledger");
        accounts.check(case.party, when);
        let mut peers = Vec::new();
        for peer in case.peers {
            accounts.must(peer, &["sync"], b"");
            accounts.check(peer, when);
            peers.push(told(accounts, peer, base.log(peer).len(), false));
        }
        let left = [case.party].iter().chain(case.peers).map(|party| accounts.left(party)).collect();
        End { entries: told(accounts, case.party, from, true), peers, letters, left }
    }

    fn again(accounts: &Accounts, case: &Case) {
        accounts.must(case.party, case.words, &case.input);
    }

    /// Every third write to the index ordinarily, since it is a cache; all with `MAILORDER_TESTS=long`.
    fn step(call: &str) -> usize {
        let long = std::env::vars().any(|(name, value)| name == "MAILORDER_TESTS" && value == "long");
        if call == "pwrite64" && !long { 3 } else { 1 }
    }

    /// Kills the command at each call; returns the number of stops.
    fn kill_everywhere(name: &str, base: &Accounts, case: &Case) -> usize {
        let work = scratch();
        let once = base.copy(&work.path().join("once"));
        let log = work.path().join("strace");
        let output = traced(&once, case, &["-e", "trace=clone,clone3,fork,vfork"], &log);
        assert!(output.status.success(), "{output:?}");
        let cloned = std::fs::read_to_string(&log).unwrap();
        assert!(!cloned.contains("clone") && !cloned.contains("fork"), "more than one thread: {cloned}");
        let once = end(&once, case, base, "undisturbed");
        let twice = base.copy(&work.path().join("twice"));
        again(&twice, case);
        again(&twice, case);
        let twice = end(&twice, case, base, "undisturbed, twice");
        assert_eq!(once == twice, !case.adds, "{once:#?} {twice:#?}");
        let mut stops = BTreeMap::new();
        for call in CALLS {
            for n in (1..).step_by(step(call)) {
                let when = format!("{name} killed at {call} {n}");
                let place = scratch();
                let killed = base.copy(&place.path().join("play"));
                let inject = format!("inject=?{call}:signal=KILL:when={n}");
                let output = traced(&killed, case, &["-e", &inject], Path::new("/dev/null"));
                if output.status.success() {
                    break;
                }
                assert_eq!(output.status.signal(), Some(9), "{when}: {output:?}");
                *stops.entry(call).or_insert(0) += 1;
                let committed = killed.log(case.party).len() > base.log(case.party).len();
                again(&killed, case);
                let expected = if case.adds && committed { &twice } else { &once };
                assert_eq!(end(&killed, case, base, &when), *expected, "{when}");
            }
        }
        let sum = stops.values().sum();
        println!("{name}: {sum} stops, none differs (every {} of pwrite64): {stops:?}", step("pwrite64"));
        sum
    }

    /// Plays the demonstration and one more order, whose letter is taken out of the mailbox of `reader`.
    fn with_mail(place: &Path, reader: &str) -> (Accounts, Vec<u8>) {
        let base = Accounts::played(&place.join("play"));
        base.must("buyer", &ORDER, b"");
        if reader == "buyer" {
            base.must("shop", &["sync"], b"");
        }
        let mails = base.post(reader);
        assert_eq!(mails.len(), 1);
        let mail = std::fs::read(&mails[0]).unwrap();
        std::fs::remove_file(&mails[0]).unwrap();
        (base, mail)
    }

    // P46: whoever takes a letter in answers it, whatever happens to the machine.
    #[test]
    fn a_shop_killed_at_any_call_while_it_takes_an_order_answers_it_once() {
        let place = scratch();
        let (base, input) = with_mail(place.path(), "shop");
        let case = Case { party: "shop", words: &["receive"], input, peers: &["buyer", "pay", "ship"], adds: false };
        assert!(kill_everywhere("receive of an order", &base, &case) >= 30);
    }

    #[test]
    fn a_buyer_killed_at_any_call_while_he_takes_terms_has_them_once() {
        let place = scratch();
        let (base, input) = with_mail(place.path(), "buyer");
        let case = Case { party: "buyer", words: &["receive"], input, peers: &["shop", "pay", "ship"], adds: false };
        assert!(kill_everywhere("receive of terms", &base, &case) >= 30);
    }

    #[test]
    fn a_buyer_killed_at_any_call_of_an_order_has_ordered_or_not() {
        let place = scratch();
        let base = Accounts::played(&place.path().join("play"));
        let case = Case { party: "buyer", words: &ORDER, input: Vec::new(), peers: &["shop"], adds: true };
        assert!(kill_everywhere("order and send", &base, &case) >= 30);
    }

    #[test]
    fn an_index_whose_making_is_killed_at_any_call_is_made_again() {
        let place = scratch();
        let base = Accounts::played(&place.path().join("play"));
        let words = &["ledger", "reindex"];
        let case = Case { party: "buyer", words, input: Vec::new(), peers: &[], adds: false };
        let before = base.dump("buyer");
        let stops = kill_everywhere("ledger reindex", &base, &case);
        assert_eq!(before, base.dump("buyer"));
        assert!(stops >= 30, "{stops} stops");
    }
}

use std::time::Duration;

use crate::support::accounts::{Accounts, scratch};

#[test]
fn with_mailorder_threads_1_the_process_has_one_thread() {
    let place = scratch();
    let accounts = Accounts::played(&place.path().join("play"));
    let mut watch = accounts.command("shop", &["watch", "--seconds", "30"]);
    let mut watch = watch.env("MAILORDER_THREADS", "1").spawn().unwrap();
    let tasks = format!("/proc/{}/task", watch.id());
    let mut most = 0;
    for _ in 0..60 {
        most = most.max(std::fs::read_dir(&tasks).unwrap().count());
        std::thread::sleep(Duration::from_millis(50));
    }
    let running = watch.try_wait().unwrap().is_none();
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(running, "it ended before it was counted");
    assert_eq!(most, 1);
}
