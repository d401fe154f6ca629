//! `doctor`: a line for each thing that must be in order, what mends it, and nothing changed by looking.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::account;
use crate::page::served::Served;
use crate::support::program::{Run, Town};
use crate::support::smtp;

/// Returns what is said of one thing: how it stands, what was found, and what mends it.
fn line(run: &Run, what: &str) -> [String; 3] {
    let told: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let lines = told["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["what"] == what).unwrap_or_else(|| panic!("no {what}: {told}"));
    ["state", "found", "mend"].map(|name| line[name].as_str().unwrap_or_default().to_owned())
}

#[test]
fn all_that_an_account_needs_is_looked_at_and_left_as_it_is() {
    let town = Town::fresh();
    town.sync(&["buyer"]);
    town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    town.sync(&["shop"]);
    let (before, post) = (account(&town.path("buyer")), town.post("buyer"));
    assert_eq!(post.len(), 1, "the terms wait in the mailbox");
    let run = town.does("buyer", &["doctor"]);
    for words in
        ["✓ Configuration", "✓ Account", "✓ Your key", "✓ Clock", "✓ Mailbox", "✓ Mail out", "✓ Log", "Sequoia"]
    {
        assert!(run.out.contains(words), "{words}: {run:?}");
    }
    assert!(!run.out.contains('✗'), "{run:?}");
    let japanese = town.does("buyer", &["--lang", "ja", "doctor"]).out;
    assert!(japanese.contains("✓ メールボックス") && japanese.contains("✓ 時計"), "{japanese}");
    let told = town.does("buyer", &["--json", "doctor"]);
    assert_eq!(told.json()["bad"], 0);
    assert_eq!(line(&told, "mailbox"), ["good", "mailbox-good", ""]);
    let unasked = town.does("buyer", &["--json", "--offline", "doctor"]).json();
    assert!(unasked["lines"].as_array().unwrap().iter().all(|line| line["what"] != "mailbox"), "{unasked}");
    assert_eq!((account(&town.path("buyer")), town.post("buyer")), (before, post));
}

#[test]
fn what_is_not_in_order_is_named_with_what_mends_it_and_ends_with_1() {
    let town = Town::fresh();
    let doctor = || town.run("buyer", &["--json", "doctor"]);
    town.cuts_off("buyer");
    let run = doctor();
    assert_eq!((run.code, line(&run, "mailbox")[0].as_str()), (Some(1), "bad"), "{run:?}");
    assert!(run.out.contains("127.0.0.1"), "{run:?}");
    town.connects("buyer");
    // What keeps the account from being opened.
    let key = town.path("buyer/keys/own.asc");
    let opens = |mode: u32| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    opens(0o644);
    let run = town.run("buyer", &["doctor"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.starts_with("✗ Account") && run.out.contains("chmod 600"), "{run:?}");
    opens(0o600);
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[nonsense]\n")).unwrap();
    let run = doctor();
    assert_eq!((run.code, line(&run, "account")[0].as_str()), (Some(1), "bad"));
    assert!(run.out.contains("nonsense") && run.out.contains("config.toml:"), "{run:?}");
    // What can be read, and cannot be right.
    fs::write(&config, format!("{text}\n[notify]\ncommand = [\"/nowhere/at/all\"]\n")).unwrap();
    let run = doctor();
    assert_eq!(line(&run, "settings"), ["bad", "settings-wrong", "mailorder config check"], "{run:?}");
    assert!(run.code == Some(1) && run.out.contains("/nowhere/at/all"), "{run:?}");
    fs::write(&config, text).unwrap();
    assert_eq!(doctor().code, Some(0));
}

/// Returns the lines of one thing: how each stands, what was found, and what it is about.
fn lines(run: &Run, what: &str) -> Vec<[String; 3]> {
    let told: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let lines = told["lines"].as_array().unwrap().iter().filter(|line| line["what"] == what);
    lines.map(|line| ["state", "found", "text"].map(|name| line[name].as_str().unwrap().to_owned())).collect()
}

#[test]
fn what_is_damaged_or_open_is_a_line_of_its_own() {
    let town = Town::fresh();
    town.bought("SH-41", 1, &["--pay", "card"]);
    let doctor = || town.run("buyer", &["--json", "doctor"]);
    // A line of the log that was indexed already.
    let log = town.path("buyer/ledger/log");
    let whole = fs::read_to_string(&log).unwrap();
    let digest = whole.lines().nth(2).unwrap().split(' ').nth(1).unwrap();
    for (changed, found) in [("x".repeat(64), "look-fault"), ("0".repeat(64), "log-changed")] {
        fs::write(&log, whole.replacen(digest, &changed, 1)).unwrap();
        let run = doctor();
        let told = lines(&run, "log");
        assert!(run.code == Some(1) && told.iter().any(|line| line[..2] == ["bad", found]), "{run:?}");
    }
    fs::write(&log, whole).unwrap();
    // A file of the queue that is no letter.
    let queued = town.path("buyer/outbox/000099.eml");
    fs::write(&queued, "").unwrap();
    let told = lines(&doctor(), "out");
    assert!(told.iter().any(|line| line[1] == "out-damaged" && line[2].contains("000099.eml")), "{told:?}");
    assert_eq!(line(&doctor(), "out")[2], "mailorder outbox drop 000099", "no entry owes it");
    fs::remove_file(queued).unwrap();
    // What others may read is no fault, and is told.
    for folder in ["spool", "."] {
        fs::set_permissions(town.path("buyer").join(folder), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(town.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(town.home(), fs::Permissions::from_mode(0o755)).unwrap();
    let run = doctor();
    assert_eq!((run.code, lines(&run, "account").len()), (Some(0), 1), "{run:?}");
    let [state, found, mend] = line(&run, "account");
    assert!(mend.starts_with("chmod go-rwx") && mend.ends_with("buyer/spool"), "{run:?}");
    assert_eq!([state, found], ["look", "account-open"]);
}

#[test]
fn an_entry_whose_file_is_gone_is_told_of_and_one_that_was_moved_or_erased_is_not() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    let entries = || line(&town.run("buyer", &["--json", "doctor"]), "entries");
    assert_eq!(entries(), ["good", "entries-good", ""]);
    let ledger = town.path("buyer/ledger");
    let log = fs::read_to_string(ledger.join("log")).unwrap();
    let name = log.lines().nth(2).unwrap().split(' ').nth(3).unwrap();
    let (usual, away) = (ledger.join(format!("cur/{name}:2,S")), ledger.join("away"));
    // A mail reader gives it other flags, or moves it.
    for place in [format!("cur/{name}:2,FS"), format!("new/{name}")] {
        fs::rename(&usual, ledger.join(&place)).unwrap();
        assert_eq!(entries()[0], "good", "{place}");
        fs::rename(ledger.join(&place), &usual).unwrap();
    }
    fs::rename(&usual, &away).unwrap();
    let run = town.run("buyer", &["doctor"]);
    assert!(
        run.code == Some(1) && run.out.contains("the file of entry 2 is gone") && run.out.contains(name),
        "{run:?}"
    );
    let [state, found, mend] = entries();
    assert_eq!([state.as_str(), found.as_str()], ["bad", "entries-missing"]);
    assert_eq!(mend, format!("mailorder audit verify {}", ledger.display()));
    let page = Served::start(&town.path("buyer/config.toml")).visit().page("/health");
    assert!(page.contains("the file of entry 2 is gone") && page.contains("audit verify"), "{page}");
    // One of the same number, and of another name, is not it.
    fs::write(ledger.join("cur/1.2.00000000:2,S"), "").unwrap();
    assert_eq!(entries()[0], "bad");
    fs::remove_file(ledger.join("cur/1.2.00000000:2,S")).unwrap();
    fs::rename(&away, &usual).unwrap();
    town.does("buyer", &["ledger", "redact", "--transaction", &id, "--reason", "asked for"]);
    let lines = fs::read_to_string(ledger.join("log")).unwrap().lines().count();
    assert!(fs::read_dir(ledger.join("cur")).unwrap().count() < lines, "files are gone");
    assert_eq!(entries(), ["good", "entries-good", ""], "what was erased on request is not missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_mail_server_takes_letters_is_asked_and_nothing_is_sent() {
    let town = Town::fresh();
    let unconfigured = town.run("buyer", &["--json", "doctor"]);
    assert!(!unconfigured.out.contains("server-"), "a Maildir is no server: {unconfigured:?}");
    let doctor = |port: u16| {
        let server = format!("smtp = {{ host = \"localhost\", port = {port}, tls = \"none\" }}");
        let configure = |text: &str| {
            let line =
                text.lines().find(|line| line.starts_with("maildir = \"../mail/{to}\"") || line.starts_with("smtp = "));
            text.replacen(line.unwrap(), &server, 1)
        };
        town.configure("buyer", configure);
        town.run("buyer", &["--json", "doctor"])
    };
    let (port, seen) = smtp::start(Vec::new()).await;
    let run = doctor(port);
    assert_eq!((run.code, line(&run, "server")), (Some(0), ["good", "server-good", ""].map(str::to_owned)), "{run:?}");
    {
        let seen = seen.lock().unwrap();
        assert_eq!((seen.connections, seen.mails.len()), (1, 0));
        assert_eq!(seen.commands, ["EHLO [127.0.0.1]", "QUIT"]);
    }
    let unasked = town.run("buyer", &["--json", "--offline", "doctor"]);
    assert!(!unasked.out.contains("server-") && seen.lock().unwrap().connections == 1, "{unasked:?}");
    let (refusing, _) = smtp::start(vec![("", "554 no service here\r\n")]).await;
    for (port, why) in [(refusing, "no service here"), (9, "cannot connect")] {
        let run = doctor(port);
        let [state, found, mend] = line(&run, "server");
        assert_eq!([state.as_str(), found.as_str(), mend.as_str()], ["bad", "server-fault", "mailorder config check"]);
        assert!(run.code == Some(1) && run.out.contains(why), "{run:?}");
    }
}

#[test]
fn a_sendmail_that_is_no_program_is_told_of() {
    let town = Town::fresh();
    town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", "sendmail = \"/etc/passwd\""));
    let run = town.run("buyer", &["--json", "--offline", "doctor"]);
    assert!(run.code == Some(1) && run.out.contains("/etc/passwd is not there, or is no program"), "{run:?}");
}

/// The account is given to another user, for whom a mode means something: root writes everywhere.
#[test]
fn what_its_owner_cannot_write_to_is_told_with_what_mends_it() {
    use std::os::unix::process::CommandExt as _;
    const OTHER: u32 = 65_534;
    let town = Town::fresh();
    let is_root = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0;
    let mut program = std::path::PathBuf::from(env!("CARGO_BIN_EXE_mailorder"));
    if is_root {
        // Where the program lies, nobody else may get to.
        program = town.home().join("mailorder");
        fs::copy(env!("CARGO_BIN_EXE_mailorder"), &program).unwrap();
        let mut all = vec![town.home().to_owned()];
        while let Some(path) = all.pop() {
            std::os::unix::fs::lchown(&path, Some(OTHER), Some(OTHER)).unwrap();
            all.extend(fs::read_dir(&path).into_iter().flatten().map(|inside| inside.unwrap().path()));
        }
    }
    let doctor = || -> Run {
        let mut command = std::process::Command::new(&program);
        command.arg("-c").arg(town.path("buyer/config.toml")).args(["--json", "--offline", "doctor"]);
        if is_root {
            command.uid(OTHER).gid(OTHER);
        }
        command.current_dir("/").env_clear().env("HOME", town.home()).output().unwrap().into()
    };
    assert_eq!(doctor().code, Some(0), "{:?}", doctor());
    let all = ["outbox", "ledger", "ledger/cur", "ledger/checkpoints", "spool/new", "set-aside/cur", "set-aside/tmp"];
    for (below, mode, before) in all
        .map(|folder| (folder, 0o500, 0o700))
        .into_iter()
        .chain([("ledger/log", 0o400, 0o600), ("index.sqlite", 0o400, 0o600)])
    {
        let path = town.path("buyer").join(below);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let run = doctor();
        fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
        let [state, found, mend] = line(&run, "account");
        assert_eq!((run.code, state.as_str(), found.as_str()), (Some(1), "bad", "account-closed"), "{below}: {run:?}");
        assert_eq!(mend, format!("chmod u+rwX {}", path.display()));
    }
    // A look that cannot be done ends no other.
    let folder = town.path("buyer/set-aside/cur");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    let run = doctor();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let told = lines(&run, "aside");
    assert!(
        matches!(told.as_slice(), [[_, found, text]] if found == "look-fault" && text.contains("set-aside/cur")),
        "{run:?}"
    );
    for what in ["clock", "own", "seals", "log"] {
        assert_eq!(line(&run, what)[0], "good", "{what}: {run:?}");
    }
}

/// Needs `faketime`.
mod real {
    use super::line;
    use crate::support::program::Town;

    #[test]
    fn a_clock_that_is_behind_and_keys_that_end_soon_are_told_of() {
        let town = Town::fresh();
        let doctor = |moved: &str| town.at(moved, "buyer", &["--json", "doctor"]);
        let behind = doctor("-2d");
        assert_eq!((behind.code, line(&behind, "clock")[1].as_str()), (Some(1), "clock-behind"), "{behind:?}");
        assert!(behind.out.contains("or it was ahead when that was entered"), "{behind:?}");
        // Keys are valid for three years.
        let late = doctor("+1080d");
        assert_eq!(late.code, Some(0), "it is renewed in time: {late:?}");
        assert_eq!(line(&late, "own"), ["look", "own-soon", "mailorder sync"]);
        assert_eq!(line(&late, "theirs"), ["look", "theirs-soon", "mailorder key show shop@demo.test"]);
        let over = doctor("+1200d");
        assert_eq!((over.code, line(&over, "own")[1].as_str()), (Some(1), "own-fault"), "{over:?}");
        assert_eq!(line(&over, "theirs")[1], "theirs");
    }
}
