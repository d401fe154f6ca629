//! The program is killed at each call that changes something outside it, started again, and must end where an
//! undisturbed run ends.

/// These need strace.
mod real {
    use std::collections::{BTreeMap, BTreeSet};
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::Path;
    use std::process::Command;
    use std::sync::{Arc, Mutex};

    use crate::support::accounts::{Accounts, field, fields, install, run, scratch};
    use crate::support::ordinals::{difference, rows};
    use crate::support::program::Town;
    use crate::support::smtp::{self, Seen};
    use crate::support::tried;

    /// Every call by which the program changes files or speaks to others.
    const CALLS: [&str; 19] = [
        "write",
        "writev",
        "pwrite64",
        "pwritev",
        "fsync",
        "fdatasync",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "unlink",
        "unlinkat",
        "truncate",
        "ftruncate",
        "syncfs",
        "connect",
        "sendto",
        "sendmsg",
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
        /// Whether its letters go to a mail server instead of into Maildirs.
        by_smtp: bool,
        /// How often a hook does work in it, however often it is run.
        hooks: usize,
    }

    /// A mail server on this machine, which outlives whoever speaks to it and keeps what it accepted.
    struct Server {
        seen: Arc<Mutex<Seen>>,
        /// Works as long as this is there.
        _runtime: tokio::runtime::Runtime,
    }

    impl Server {
        /// Starts a server and has a party send its letters there.
        fn of(accounts: &Accounts, party: &str) -> Self {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let (port, seen) = runtime.block_on(smtp::start(Vec::new()));
            let config = accounts.dir.join(party).join("config.toml");
            let text = std::fs::read_to_string(&config).unwrap();
            let (before, after) = text.split_once("[outbox]\nmaildir = ").unwrap();
            let (_, after) = after.split_once('\n').unwrap_or_default();
            let smtp = format!("smtp = {{ host = \"127.0.0.1\", port = {port}, tls = \"none\" }}");
            std::fs::write(&config, format!("{before}[outbox]\n{smtp}\n{after}")).unwrap();
            Self { seen, _runtime: runtime }
        }

        /// Puts what was accepted into the mailboxes it is for; returns how many mails came more than once. Such a mail
        /// must be the same, byte for byte.
        fn deliver(&self, accounts: &Accounts, when: &str) -> usize {
            let mails = std::mem::take(&mut self.seen.lock().unwrap().mails);
            let mut first: BTreeMap<String, &String> = BTreeMap::new();
            for (n, mail) in mails.iter().enumerate() {
                let header = fields(mail.as_bytes());
                let came = first.entry(field(&header, "Message-ID")).or_insert(mail);
                assert_eq!(*came, mail, "{when}: one Message-ID, two mails");
                // RFC 5321 section 4.5.2: a dot more before each line that begins with one.
                let mail = mail.strip_prefix('.').unwrap_or(mail).replace("\r\n.", "\r\n");
                let folder = accounts.dir.join("mail").join(field(&header, "To")).join("new");
                std::fs::write(folder.join(format!("{n}.smtp")), mail).unwrap();
            }
            mails.len() - first.len()
        }
    }

    /// Accounts in which a case is played, with the server it needs.
    struct Stage {
        accounts: Accounts,
        server: Option<Server>,
    }

    impl Stage {
        fn set(base: &Accounts, case: &Case, at: &Path) -> Self {
            let accounts = base.copy(at);
            let server = case.by_smtp.then(|| Server::of(&accounts, case.party));
            Self { accounts, server }
        }

        /// Looks at what it has come to, and how many mails came more than once.
        fn end(&self, case: &Case, base: &Accounts, when: &str) -> (End, usize) {
            let again = self.server.as_ref().map_or(0, |server| server.deliver(&self.accounts, when));
            (end(&self.accounts, case, base, when), again)
        }
    }

    /// What a run and its restart led to.
    #[derive(Debug, PartialEq, Eq)]
    struct End {
        entries: Vec<String>,
        /// The index of the party, with what chance made named by its place.
        rows: Vec<String>,
        peers: Vec<Vec<String>>,
        letters: BTreeMap<&'static str, usize>,
        left: Vec<[usize; 3]>,
        /// The queues, each letter by its kind, whom it is for and where it is.
        waits: Vec<Vec<String>>,
    }

    impl End {
        fn check_same(&self, expected: &Self, when: &str) {
            let rows = difference(&self.rows, &expected.rows);
            assert!(rows.is_empty(), "{when}: the index is another:\n{}", rows.join("\n"));
            assert_eq!(self, expected, "{when}");
        }
    }

    /// Runs the command under strace in one thread.
    fn traced(accounts: &Accounts, case: &Case, flags: &[&str], log: &Path) -> std::process::Output {
        let mut strace = Command::new("strace");
        // Of the hooks, which are processes of their own, none is stopped.
        let whole: &[&str] = if case.hooks > 0 { &["-o"] } else { &["-f", "-o"] };
        strace.args(whole).arg(log).args(flags).arg("--").arg(Accounts::program());
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
        let rows = rows(accounts, case.party, &accounts.check(case.party, when));
        let mut peers = Vec::new();
        for peer in case.peers {
            accounts.must(peer, &["sync"], b"");
            if accounts.log(peer).len() > base.log(peer).len() {
                accounts.check(peer, when);
            }
            peers.push(told(accounts, peer, base.log(peer).len(), false));
        }
        check_hooks(accounts, case, when);
        check_erased(accounts, case, when);
        let all: Vec<&str> = [case.party].iter().chain(case.peers).copied().collect();
        let left = all.iter().map(|party| accounts.left(party)).collect();
        let waits = all.iter().map(|party| accounts.waits(party)).collect();
        End { entries: told(accounts, case.party, from, true), rows, peers, letters, left, waits }
    }

    /// A hook that notes its key each time, and does the work of a key once: what it says is the file of that key.
    const HOOK: &str = "#!/bin/sh\n\
        cat >/dev/null\n\
        echo \"$MAILORDER_KEY\" >>runs\n\
        mkdir \"effect-$MAILORDER_KEY\" 2>/dev/null\n\
        echo '{\"actionStatus\": \"CompletedActionStatus\", \"endTime\": \"2026-11-01T12:00:00Z\"}'\n";

    /// Gives a party this hook under the name of `work`.
    fn with_hook(accounts: &Accounts, party: &str, change: impl Fn(&str) -> String) {
        let folder = accounts.dir.join(party);
        install(&folder.join("hook.sh"), HOOK.as_bytes());
        let config = folder.join("config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{}\n[hook.work]\ncommand = [\"./hook.sh\"]\n", change(&text))).unwrap();
    }

    /// Checks that hooks were run as often as need be, and each piece of work had one key and one effect.
    fn check_hooks(accounts: &Accounts, case: &Case, when: &str) {
        let folder = accounts.dir.join(case.party);
        let keys = std::fs::read_to_string(folder.join("runs")).unwrap_or_default();
        let different: BTreeSet<&str> = keys.lines().collect();
        assert_eq!(different.len(), case.hooks, "{when}: {keys}");
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        let effects = entries.filter(|name| name.to_str().is_some_and(|name| name.starts_with("effect-"))).count();
        assert_eq!(effects, case.hooks, "{when}");
        let open = accounts.must(case.party, &["outbox", "list", "--json"], b"");
        assert!(open.contains("\"tasks\":[]") || open.contains("\"tasks\": []"), "{when}: {open}");
    }

    /// Checks that no byte of what letters say of a person is left where they were to be erased.
    fn check_erased(accounts: &Accounts, case: &Case, when: &str) {
        if !case.words.contains(&"redact") {
            return;
        }
        for text in ["小野 賢治", "千代田1-1-1"] {
            let grep = Command::new("grep").args(["-rlF", text]).arg(accounts.dir.join(case.party)).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&grep.stdout), "", "{when}: {text}");
        }
        let originals = accounts.dir.join(case.party).join("ledger/originals");
        let kept = |digits: std::path::PathBuf| crate::support::accounts::files(&digits);
        let kept: usize = std::fs::read_dir(originals).unwrap().map(|one| kept(one.unwrap().path()).len()).sum();
        let entries = accounts.entries_there(case.party);
        let named = entries.iter().filter(|entry| !field(entry, "Mailorder-Original").is_empty()).count();
        assert_eq!(kept, named, "{when}: mails kept, and entries that name one");
    }

    fn again(accounts: &Accounts, case: &Case) {
        accounts.must(case.party, case.words, &case.input);
    }

    /// Returns where undisturbed runs end: of one command, and of the command given twice.
    fn undisturbed(base: &Accounts, case: &Case) -> [End; 2] {
        let work = scratch();
        let once = Stage::set(base, case, &work.path().join("once"));
        let log = work.path().join("strace");
        let output = traced(&once.accounts, case, &["-e", "trace=clone,clone3,fork,vfork"], &log);
        assert!(output.status.success(), "{output:?}");
        let cloned = std::fs::read_to_string(&log).unwrap();
        let cloned = if case.hooks > 0 { String::new() } else { cloned };
        assert!(!cloned.contains("clone") && !cloned.contains("fork"), "more than one thread: {cloned}");
        let (once, one_again) = once.end(case, base, "undisturbed");
        let twice = Stage::set(base, case, &work.path().join("twice"));
        again(&twice.accounts, case);
        again(&twice.accounts, case);
        let (twice, two_again) = twice.end(case, base, "undisturbed, twice");
        assert_eq!((one_again, two_again), (0, 0), "undisturbed, and sent more than once");
        if case.adds {
            assert_ne!(once, twice);
        } else {
            twice.check_same(&once, "undisturbed, twice");
        }
        [once, twice]
    }

    /// Kills the command at each call; returns the number of stops, and after how many of them a mail came again.
    fn kill_everywhere(name: &str, base: &Accounts, case: &Case) -> (usize, usize) {
        kill_at(name, base, case, 1)
    }

    /// Kills the command at each call; of SQLite's writes of pages, which are many, at each of `pages`.
    fn kill_at(name: &str, base: &Accounts, case: &Case, pages: usize) -> (usize, usize) {
        let begun = std::time::Instant::now();
        let [once, twice] = undisturbed(base, case);
        let mut stops = BTreeMap::new();
        let mut repeated = 0;
        for call in CALLS {
            let step = if call == "pwrite64" { pages } else { 1 };
            for n in (1_usize..).step_by(step) {
                let when = format!("{name} killed at {call} {n}");
                let place = scratch();
                let killed = Stage::set(base, case, &place.path().join("play"));
                let inject = format!("inject=?{call}:signal=KILL:when={n}");
                let output = traced(&killed.accounts, case, &["-e", &inject], Path::new("/dev/null"));
                if output.status.success() {
                    break;
                }
                assert_eq!(output.status.signal(), Some(9), "{when}: {output:?}");
                *stops.entry(call).or_insert(0) += 1;
                let committed = killed.accounts.log(case.party).len() > base.log(case.party).len();
                again(&killed.accounts, case);
                let expected = if case.adds && committed { &twice } else { &once };
                let (end, again) = killed.end(case, base, &when);
                end.check_same(expected, &when);
                repeated += usize::from(again > 0);
            }
        }
        let sum = stops.values().sum();
        println!("{name}: {sum} stops in {:.1?}, none differs: {stops:?}", begun.elapsed());
        (sum, repeated)
    }

    /// Returns four accounts with a past: one purchase, so that there are few writes to be stopped at and all of them can
    /// be; with `MAILORDER_TESTS=long` the whole demonstration.
    fn accounts(place: &Path) -> Accounts {
        let play = place.join("play");
        if tried(false, true) {
            return Accounts::played(&play);
        }
        let town = Town::fresh();
        town.bought("TEA-200", 1, &["--pay", "invoice"]);
        Accounts { dir: town.path("") }.copy(&play)
    }

    /// Has one more order made, whose letter is taken out of the mailbox of `reader`.
    fn with_mail(place: &Path, reader: &str) -> (Accounts, Vec<u8>) {
        let base = accounts(place);
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
        let case = Case {
            party: "shop",
            words: &["receive"],
            input,
            peers: &["buyer", "pay", "ship"],
            adds: false,
            by_smtp: false,
            hooks: 0,
        };
        let (stops, repeated) = kill_everywhere("receive of an order", &base, &case);
        assert!(stops >= 30 && repeated == 0, "{stops} stops, {repeated}");
    }

    #[test]
    fn a_buyer_killed_at_any_call_while_he_takes_terms_has_them_once() {
        let place = scratch();
        let (base, input) = with_mail(place.path(), "buyer");
        let case = Case {
            party: "buyer",
            words: &["receive"],
            input,
            peers: &["shop", "pay", "ship"],
            adds: false,
            by_smtp: false,
            hooks: 0,
        };
        let (stops, repeated) = kill_everywhere("receive of terms", &base, &case);
        assert!(stops >= 30 && repeated == 0, "{stops} stops, {repeated}");
    }

    #[test]
    fn a_buyer_killed_at_any_call_of_an_order_has_ordered_or_not() {
        let place = scratch();
        let base = accounts(place.path());
        let case = Case {
            party: "buyer",
            words: &ORDER,
            input: Vec::new(),
            peers: &["shop"],
            adds: true,
            by_smtp: false,
            hooks: 0,
        };
        let (stops, _) = kill_everywhere("order and send", &base, &case);
        assert!(stops >= 30, "{stops} stops");
    }

    #[test]
    fn an_order_killed_at_any_call_while_it_goes_to_a_mail_server_arrives_and_once_more_only_as_it_was() {
        let place = scratch();
        let base = accounts(place.path());
        let case = Case {
            party: "buyer",
            words: &ORDER,
            input: Vec::new(),
            peers: &["shop"],
            adds: true,
            by_smtp: true,
            hooks: 0,
        };
        let (stops, repeated) = kill_everywhere("order and send by SMTP", &base, &case);
        println!("after {repeated} of them the mail came again, the same");
        assert!(stops >= 30 && repeated > 0, "{stops} stops, {repeated}");
    }

    // P24: what a hook says of a payment is asked under one key and told once, wherever the machine stops.
    #[test]
    fn a_payment_agent_killed_at_any_call_around_its_hook_authorises_once_f3() {
        let place = scratch();
        let base = accounts(place.path());
        with_hook(&base, "pay", |text| text.replace("[payment]\n", "[payment]\nauthorize = \"work\"\n"));
        let order: Vec<&str> = ORDER.iter().map(|word| if *word == "invoice" { "card" } else { word }).collect();
        base.must("buyer", &order, b"");
        base.must("shop", &["sync"], b"");
        let mails = base.post("pay");
        assert_eq!(mails.len(), 1);
        let input = std::fs::read(&mails[0]).unwrap();
        std::fs::remove_file(&mails[0]).unwrap();
        let words = &["receive"];
        let case = Case { party: "pay", words, input, peers: &["shop"], adds: false, by_smtp: false, hooks: 1 };
        let (stops, repeated) = kill_everywhere("receive of an authorization request", &base, &case);
        assert!(stops >= 30 && repeated == 0, "{stops} stops, {repeated}");
    }

    // P39: the same of the shop's hook, with what it says told to the buyer and the agents instructed after it.
    #[test]
    fn a_shop_killed_at_any_call_around_its_hook_has_the_work_done_once_f3() {
        let place = scratch();
        let base = accounts(place.path());
        with_hook(&base, "shop", |text| {
            text.replace("\"confirmation\", \"delivery\"", "\"confirmation\", \"work\", \"delivery\"")
        });
        base.must("shop", &["config", "check"], b"");
        let made = base.must("buyer", &[&ORDER[..], &["--json"]].concat(), b"");
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        base.must("shop", &["sync"], b"");
        base.must("buyer", &["sync"], b"");
        base.must("buyer", &["confirm", made["id"].as_str().unwrap()], b"");
        let mails = base.post("shop");
        // A receipt may lie there as well; the newest letter is the OK.
        let input = mails.iter().map(|mail| std::fs::read(mail).unwrap()).next_back().unwrap();
        mails.iter().for_each(|mail| std::fs::remove_file(mail).unwrap());
        let peers = &["buyer", "pay", "ship"];
        let case = Case { party: "shop", words: &["receive"], input, peers, adds: false, by_smtp: false, hooks: 1 };
        let (stops, repeated) = kill_everywhere("receive of an OK", &base, &case);
        assert!(stops >= 30 && repeated == 0, "{stops} stops, {repeated}");
    }

    #[test]
    fn an_erasing_killed_at_any_call_is_done_or_not_begun() {
        let place = scratch();
        let base = accounts(place.path());
        let shown = base.must("shop", &["list", "--json"], b"");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let open = shown["transactions"].as_array().unwrap().iter().find(|one| one["state"] == "open").unwrap();
        let number: &'static str = open["number"].as_str().unwrap().to_owned().leak();
        for (party, report) in [("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")] {
            base.must(party, &[party, "notify", number, report], b"");
            ["buyer", "shop", "ship", "pay", "buyer", "shop"]
                .iter()
                .for_each(|one| drop(base.must(one, &["sync"], b"")));
        }
        let words: &'static [&'static str] =
            vec!["ledger", "redact", "--transaction", number, "--reason", "asked for"].leak();
        let case = Case { party: "shop", words, input: Vec::new(), peers: &[], adds: false, by_smtp: false, hooks: 0 };
        let (stops, _) = kill_at("ledger redact", &base, &case, tried(29, 1));
        assert!(stops >= 30, "{stops} stops");
    }

    #[test]
    fn an_index_whose_making_is_killed_at_any_call_is_made_again() {
        let place = scratch();
        let base = accounts(place.path());
        let words = &["ledger", "reindex"];
        let case = Case { party: "buyer", words, input: Vec::new(), peers: &[], adds: false, by_smtp: false, hooks: 0 };
        let before = base.dump("buyer");
        let (stops, _) = kill_everywhere("ledger reindex", &base, &case);
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
