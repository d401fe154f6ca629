//! What somebody put in our way on purpose: special files, endless ones, names that name twice, words that steer a
//! terminal.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use mailorder::role::Draft;
use mailorder::trade::{Document, Number, Role};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::warnings;
use crate::support::accounts::{files, run};
use crate::support::program::{Run, Town, mailorder};

/// Runs a command as the buyer, for 20 seconds at most; 124 is what `timeout` ends with.
fn hurried(town: &Town, args: &[&str]) -> Run {
    let mut command = Command::new("timeout");
    command.args(["20", env!("CARGO_BIN_EXE_mailorder"), "-c"]).arg(town.path("buyer/config.toml")).args(args);
    run(command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", town.path("")), b"").into()
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn put_in_spool(town: &Town, mails: usize) {
    for mail in 0..mails {
        let text = format!(
            "From: a@stranger.test\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; \
             boundary=b\r\n\r\nnumber {mail}\r\n"
        );
        fs::write(town.path(&format!("buyer/spool/new/1700000000000.{mail:06}.ab")), text).unwrap();
    }
}

/// Needs strace.
mod real {
    use super::*;

    #[test]
    fn mails_are_set_aside_together_not_one_by_one() {
        let town = Town::played();
        let before = warnings(&town).len();
        put_in_spool(&town, 300);
        let log = town.path("calls");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", "trace=fsync,fdatasync,syncfs", "-o"]).arg(&log).arg(env!("CARGO_BIN_EXE_mailorder"));
        let done = run(strace.arg("-c").arg(town.path("buyer/config.toml")).arg("sync"), b"");
        assert!(done.status.success(), "{done:?}");
        let calls = fs::read_to_string(&log).unwrap().lines().filter(|line| line.contains("sync")).count();
        assert!(calls < 40, "{calls} syncs");
        assert_eq!(warnings(&town).len(), before + 300);
        assert_eq!(files(&town.path("buyer/set-aside/new")).len(), files(&town.path("buyer/set-aside/cur")).len());
        for left in ["spool/new", "spool/tmp", "set-aside/tmp"] {
            assert!(files(&town.path("buyer").join(left)).is_empty(), "{left}");
        }
        // The same mails again are one copy each.
        put_in_spool(&town, 300);
        town.does("buyer", &["sync"]);
        assert_eq!(warnings(&town).len(), before + 300);
    }
}

#[test]
fn what_is_no_regular_file_keeps_nobody_waiting() {
    let town = Town::played();
    for (file, code) in [("keys/own.asc", 74), ("config.toml", 78)] {
        let town = town.copied();
        let path = town.path("buyer").join(file);
        fs::remove_file(&path).unwrap();
        fifo(&path);
        let run = hurried(&town, &["sync"]);
        assert!(run.code == Some(code) && run.err.contains("no regular file"), "{file}: {run:?}");
    }
    for (folder, code) in [("buyer/spool/new", 74), ("mail/buyer@demo.test/new", 0)] {
        let town = town.copied();
        let folder = town.path(folder);
        fifo(&folder.join("1"));
        fs::create_dir(folder.join("2")).unwrap();
        symlink("/dev/zero", folder.join("3")).unwrap();
        put_in_spool(&town, 1);
        let before = warnings(&town).len();
        let run = hurried(&town, &["sync"]);
        let told = run.err.matches("it is passed over").count();
        assert_eq!((run.code, told, warnings(&town).len()), (Some(code), 3, before + 1), "{run:?}");
        if folder.starts_with(town.path("mail")) {
            assert_eq!(hurried(&town, &["sync"]).err, "", "told of once");
        }
        assert_eq!(hurried(&town, &["watch", "--seconds", "1"]).code, Some(0));
    }
}

#[test]
fn a_lock_that_is_no_file_is_told_of_and_nobody_waits_for_it() {
    let town = Town::played();
    let places: [fn(&Path); 3] =
        [fifo, |path| fs::create_dir(path).unwrap(), |path| symlink("/dev/zero", path).unwrap()];
    for lock in ["ledger/lock", "spool/lock", "outbox/lock", "outbox/written"] {
        let words: &[&str] = if lock == "ledger/lock" { &["ledger", "reindex"] } else { &["sync"] };
        for (number, place) in places.iter().enumerate() {
            let town = town.copied();
            let path = town.path("buyer").join(lock);
            let _ = fs::remove_file(&path);
            place(&path);
            put_in_spool(&town, 1);
            let run = hurried(&town, words);
            let told = run.err.contains("it is no regular file") || run.err.contains("it is a folder");
            assert!(run.code == Some(74) && told && run.err.contains(lock), "{lock} {number}: {run:?}");
            let audit = hurried(&town, &["audit", "verify", town.path("buyer/ledger").to_str().unwrap()]);
            assert_eq!(audit.code, Some(0), "{lock} {number}: {audit:?}");
        }
    }
}

#[test]
fn a_ledger_with_special_files_in_it_is_audited_all_the_same() {
    let town = Town::played();
    let entry = files(&town.path("buyer/ledger/cur")).remove(5);
    fs::remove_file(&entry).unwrap();
    fifo(&entry);
    let run = hurried(&town, &["audit", "verify", town.path("buyer/ledger").to_str().unwrap()]);
    assert!(run.code == Some(1) && run.out.contains("cannot be read: it is no regular file"), "{run:?}");
    let log = town.path("buyer/ledger/log");
    fs::remove_file(&log).unwrap();
    fifo(&log);
    let run = hurried(&town, &["audit", "verify", town.path("buyer/ledger").to_str().unwrap()]);
    assert!(run.code.is_some_and(|code| code != 0 && code != 124), "{run:?}");
}

#[test]
fn a_broken_list_of_mails_under_way_counts_as_nothing_known() {
    let town = Town::played();
    let before = warnings(&town).len();
    let make: [fn(&Path); 4] = [
        |path| fs::write(path, b"1 \xff\xfe\n").unwrap(),
        |path| fs::write(path, "3 ../../config.toml\n").unwrap(),
        |path| fs::create_dir(path).unwrap(),
        fifo,
    ];
    for (number, make) in make.iter().enumerate() {
        let town = town.copied();
        let handling = town.path("buyer/spool/handling");
        make(&handling);
        put_in_spool(&town, 2);
        let run = hurried(&town, &["sync"]);
        assert_eq!((run.code, warnings(&town).len()), (Some(0), before + 2), "{number}: {run:?}");
        assert!(!handling.exists(), "{number}");
    }
}

#[test]
fn a_file_somebody_names_is_read_to_a_limit_b6() {
    let town = Town::played();
    let large = town.path("large");
    fs::write(&large, vec![b'#'; (1 << 20) + 1]).unwrap();
    let pipe = town.path("pipe");
    fifo(&pipe);
    let order = ["order", "--shop", "shop@demo.test", "--file"];
    for name in ["/dev/zero", large.to_str().unwrap(), pipe.to_str().unwrap(), town.path("buyer").to_str().unwrap()] {
        for words in [&["key", "import"][..], &order] {
            let run = hurried(&town, &[words, &[name]].concat());
            assert!(run.code == Some(65) && run.err.lines().count() == 1, "{words:?} {name}: {run:?}");
            assert!(run.err.contains("cannot read") && run.err.contains(name), "{run:?}");
        }
    }
    for name in ["/dev/zero", pipe.to_str().unwrap()] {
        for words in [["import"], ["inspect"]] {
            let run = hurried(&town, &[&words[..], &[name]].concat());
            assert!(run.code == Some(65) && run.err.contains("no regular file"), "{words:?} {name}: {run:?}");
        }
    }
    // A Maildir with such files in it is read without them.
    let archive = town.path("archive");
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(archive.join(part)).unwrap();
    }
    fifo(&archive.join("cur/1"));
    symlink("/dev/zero", archive.join("cur/2")).unwrap();
    assert_eq!(hurried(&town, &["import", archive.to_str().unwrap()]).code, Some(0));
    // Standard input serves as well.
    let own = fs::read(town.path("shop/cert.asc")).unwrap();
    assert_eq!(town.fed("buyer", &["key", "import", "-"], &own).code, Some(0));
    let mut config = fs::read_to_string(town.path("buyer/config.toml")).unwrap();
    config.push_str(&"# much\n".repeat(160_000));
    fs::write(town.path("buyer/config.toml"), config).unwrap();
    assert_eq!(hurried(&town, &["list"]).code, Some(78));
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_others_may_write_to_is_refused_f34() {
    let town = Town::played();
    let ledger =
        ["", "/cur", "/new", "/log", "/checkpoints", "/certs", "/originals"].map(|part| format!("ledger{part}"));
    let ledger: Vec<&str> = ledger.iter().map(String::as_str).collect();
    let queues = ["spool", "spool/new", "spool/tmp", "set-aside", "outbox", "index.sqlite"];
    for below in ["", "keys", "config.toml"].iter().chain(&ledger).chain(&queues) {
        let path = town.path(format!("buyer/{below}").trim_end_matches('/'));
        let before = fs::metadata(&path).unwrap().permissions().mode();
        for open in [0o020, 0o002] {
            mode(&path, before | open);
            let run = town.run("buyer", &["list"]);
            let hint = format!("run: chmod go-w {}\n", path.display());
            assert!(run.code == Some(78) && run.err.ends_with(&hint), "{below}: {run:?}");
        }
        mode(&path, before);
        town.does("buyer", &["list"]);
    }
    // Others get to what lies in a folder where that is open to them.
    fs::create_dir_all(town.path("buyer/keys/seen/tmp")).unwrap();
    for (folder, inside) in [("set-aside", "new"), ("outbox", "tmp"), ("keys", "seen"), ("keys", "seen/tmp")] {
        let folder = town.path(&format!("buyer/{folder}"));
        mode(&folder.join(inside), 0o777);
        town.does("buyer", &["list"]);
        mode(&folder, 0o711);
        assert_eq!(town.run("buyer", &["list"]).code, Some(78), "{}", folder.display());
        mode(&folder, 0o700);
        mode(&folder.join(inside), 0o700);
    }
    // In a folder like /tmp nobody replaces the file of another.
    mode(&town.path("buyer"), 0o1777);
    town.does("buyer", &["list"]);
}

#[test]
fn what_others_may_do_with_the_key_is_said_as_it_is_f34() {
    let town = Town::played();
    for (open, how) in [(0o640, "read"), (0o620, "written"), (0o662, "read or written"), (0o606, "read or written")] {
        mode(&town.path("buyer/keys/own.asc"), open);
        let run = town.run("buyer", &["list"]);
        let told = format!("may be {how} by others; run: chmod 600");
        assert!(run.code == Some(78) && run.err.contains(&told), "{open:o}: {run:?}");
    }
}

#[test]
fn a_password_that_others_may_read_is_refused_with_what_to_do_f34() {
    let town = Town::played();
    let file = town.path("buyer/password");
    fs::write(&file, "secret\n").unwrap();
    town.configure("buyer", |text| {
        let (before, _) = text.split_once("[outbox]\n").unwrap();
        let smtp = format!("smtp = {{ host = \"localhost\", password_file = \"{}\" }}", file.display());
        format!("{before}[outbox]\n{smtp}\n{}", text.rsplit_once("maildir = \"../mail/{to}\"").unwrap().1)
    });
    mode(&file, 0o644);
    let run = town.run("buyer", &["list"]);
    assert_eq!(run.code, Some(78), "{run:?}");
    assert!(run.err.contains("may be read by others; run: chmod 600"), "{run:?}");
    mode(&file, 0o600);
    town.does("buyer", &["list"]);
}

#[test]
fn a_number_of_a_shops_choosing_is_not_taken_for_another_order() {
    let town = Town::played();
    let listed = town.lists("buyer", &[]);
    let id = listed[0]["id"].as_str().unwrap();
    let short = &id[..6];
    // The shop gives the next order the name that the list shows for this one.
    let second = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    town.sync(&["shop"]);
    let settings = config::load(&town.path("shop/config.toml"), &Environment::of_process()).unwrap();
    let mut shop = Clerk::open(settings, Clock::system()).unwrap();
    let known = shop
        .index()
        .load_all(Some(Role::Shop))
        .unwrap()
        .into_iter()
        .find(|known| known.key.id.as_str() == second)
        .unwrap();
    let ((order, _), (_, terms)) = (known.order().unwrap(), known.terms().unwrap());
    let draft = Draft::new(&known, order.letter.from.clone(), Document::TransactionInfo(terms.clone()));
    let mut draft = draft.ordered(order.letter.order.clone()).answering(order.content);
    draft.names.number = Some(Number::parse(short).unwrap());
    shop.post(vec![draft]).unwrap();
    drop(shop);
    fs::remove_file(town.post("buyer").pop().unwrap()).unwrap();
    town.sync(&["shop", "buyer"]);
    assert!(town.lists("buyer", &[]).iter().any(|one| one["number"] == short), "it has that number");
    let run = town.run("buyer", &["show", short]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("is the beginning of several IDs or numbers") && run.err.contains(id), "{run:?}");
    assert_eq!(town.show("buyer", id)["id"], id);
    assert_ne!(town.show("buyer", &format!("shop@demo.test:{short}"))["id"], id);
}

#[test]
fn an_account_made_with_any_umask_is_its_owners_alone() {
    let town = Town::empty();
    let (program, folder) = (env!("CARGO_BIN_EXE_mailorder"), town.path("new"));
    let script = format!(
        "umask 000; '{program}' init --address a@b.test --name A --folder '{0}' && '{program}' -c '{0}/config.toml' list",
        folder.display()
    );
    let done: Run = run(Command::new("sh").arg("-c").arg(script).env_clear().env("HOME", town.path("")), b"").into();
    assert_eq!(done.code, Some(0), "{done:?}");
    for below in ["", "keys", "ledger", "ledger/cur", "ledger/log", "spool", "spool/new", "config.toml"] {
        let mode = fs::metadata(folder.join(below)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{below}: {mode:o}");
    }
}

#[test]
fn without_a_home_nothing_is_made_anywhere() {
    let town = Town::played();
    for home in [None, Some(""), Some("here")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.args(["init", "--address", "a@b.test", "--name", "A"]).env_clear().current_dir(town.path(""));
        let done: Run = run(command.envs(home.map(|home| ("HOME", home))), b"").into();
        assert!(done.code == Some(78) && done.err.contains("HOME is not set"), "{home:?}: {done:?}");
    }
}

#[test]
fn a_checkpoint_under_the_name_of_another_is_found() {
    let town = Town::played();
    let kept = town.path("buyer/ledger/checkpoints");
    let first = files(&kept).remove(0);
    fs::copy(&first, kept.join("9999.asc")).unwrap();
    let run = town.run("buyer", &["audit", "verify"]);
    assert!(run.code == Some(1) && run.out.contains("checkpoints/9999.asc  says"), "{run:?}");
    assert!(run.out.ends_with("result     broken\n"), "{run:?}");
}

#[test]
fn output_that_cannot_be_written_is_not_called_done() {
    let town = Town::played();
    for words in ["--help", "--version", "list", "completions bash"] {
        let config = town.path("buyer/config.toml");
        let program = env!("CARGO_BIN_EXE_mailorder");
        let script = format!("'{program}' -c '{}' {words} >/dev/full", config.display());
        let done: Run = run(Command::new("sh").arg("-c").arg(script), b"").into();
        assert!(done.code == Some(74) && done.err.contains("cannot write to standard output"), "{words}: {done:?}");
    }
}

#[test]
fn words_of_others_do_not_steer_the_terminal_b89() {
    let town = Town::played();
    let long = "x".repeat(100_000);
    for word in ["\u{202e}evil\u{1b}[2J", long.as_str(), "a\nb\u{9b}2J"] {
        let run = mailorder(&town.path(""), &["list", "--state", word]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.err.len() < 4000 && run.err.starts_with("error: "), "{}", run.err.len());
        assert!(!run.err.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{:?}", run.err);
    }
    // Comments in the armor would repeat the user IDs as they are.
    let export = town.does("buyer", &["key", "export", "shop@demo.test"]).out;
    assert!(export.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n") && !export.contains("Comment"), "{export}");
    let file = town.path("exported.asc");
    fs::write(&file, export).unwrap();
    town.does("pay", &["key", "import", file.to_str().unwrap()]);
}
