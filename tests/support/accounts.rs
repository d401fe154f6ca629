//! The four accounts of a played demonstration, driven by the built program and looked at from outside.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mailorder::index::{Index, Keys, Reckoning, Row};
use mailorder::ledger::Ledger;

use super::setting;

/// The folder of a demonstration.
pub struct Accounts {
    pub dir: PathBuf,
}

/// The header fields of an entry, as anybody reads them.
pub type Fields = BTreeMap<String, Vec<String>>;

/// Returns a temporary folder, in memory where there is such a place: what a killed process wrote is with the system,
/// and no disk has a part in it.
pub fn scratch() -> tempfile::TempDir {
    let memory = setting("MAILORDER_TESTS_MEMORY").unwrap_or_else(|| "/dev/shm".to_owned());
    if Path::new(&memory).is_dir()
        && let Ok(dir) = tempfile::tempdir_in(memory)
    {
        return dir;
    }
    tempfile::tempdir().unwrap()
}

/// Puts a program in a file, by another process: one that a test forks meanwhile would keep the file open for writing,
/// and then it cannot be run.
pub fn install(program: &Path, bytes: &[u8]) {
    let output = run(Command::new("sh").args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]).arg(program), bytes);
    assert!(output.status.success(), "{output:?}");
}

/// Runs a command with this on standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A command that reads nothing, or is killed before it does, closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

impl Accounts {
    /// Plays the demonstration.
    pub fn played(dir: &Path) -> Self {
        let made = Self { dir: dir.to_owned() };
        let output = run(Command::new(Self::program()).arg("demo").arg("--dir").arg(dir), b"");
        assert!(output.status.success(), "{output:?}");
        made
    }

    pub fn program() -> &'static str {
        env!("CARGO_BIN_EXE_mailorder")
    }

    pub fn copy(&self, to: &Path) -> Self {
        let output = run(Command::new("cp").arg("-a").arg(&self.dir).arg(to), b"");
        assert!(output.status.success(), "{output:?}");
        Self { dir: to.to_owned() }
    }

    /// Returns the arguments of the program for a command of one party.
    pub fn arguments(&self, party: &str, words: &[&str]) -> Vec<String> {
        let config = self.dir.join(party).join("config.toml");
        let begin = ["-c".to_owned(), config.to_str().unwrap().to_owned()];
        begin.into_iter().chain(words.iter().map(|word| (*word).to_owned())).collect()
    }

    pub fn command(&self, party: &str, words: &[&str]) -> Command {
        let mut command = Command::new(Self::program());
        command.args(self.arguments(party, words));
        command
    }

    /// Runs a command that must do well; returns what it printed.
    pub fn must(&self, party: &str, words: &[&str], input: &[u8]) -> String {
        let output = run(&mut self.command(party, words), input);
        assert!(output.status.success(), "{party} {words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Returns the whole lines of a party's log.
    pub fn log(&self, party: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.dir.join(party).join("ledger/log")).unwrap();
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
    }

    /// Returns the entries of a party from a position on.
    pub fn entries(&self, party: &str, from: usize) -> Vec<Fields> {
        let read = |line: &String| {
            let name = line.rsplit(' ').next().unwrap();
            fields(&std::fs::read(self.dir.join(party).join(format!("ledger/cur/{name}:2,S"))).unwrap())
        };
        self.log(party).iter().skip(from).map(read).collect()
    }

    /// Returns the entries of a party whose files are there.
    pub fn entries_there(&self, party: &str) -> Vec<Fields> {
        let files = files(&self.dir.join(party).join("ledger/cur"));
        files.iter().map(|file| fields(&std::fs::read(file).unwrap())).collect()
    }

    /// Returns all rows of a party's index as it lies there.
    pub fn dump(&self, party: &str) -> String {
        let folder = self.dir.join(party);
        let ledger = Ledger::open(&folder.join("ledger")).unwrap();
        let reckoning = Reckoning { row: Row::of, keys: |_| Keys::default(), join: |_, _| None };
        let (index, message) = Index::open(&folder.join("index.sqlite"), &ledger, reckoning).unwrap();
        assert_eq!(message, None);
        index.dump().unwrap()
    }

    /// Checks a party's ledger, and that its index is the one built anew; returns its rows.
    pub fn check(&self, party: &str, when: &str) -> String {
        let audit = self.must(party, &["audit", "verify", "--json"], b"");
        assert!(audit.contains("\"clean\""), "{when}: {audit}");
        let grown = self.dump(party);
        self.must(party, &["ledger", "reindex"], b"");
        assert_eq!(grown, self.dump(party), "{when}: the index grown is not the index built anew");
        grown
    }

    /// Returns the letters of a party that are not known to have arrived, with their kind, whom they are for and, in the
    /// queue, where they are; and the work that waits.
    pub fn waits(&self, party: &str) -> Vec<String> {
        let list: serde_json::Value =
            serde_json::from_str(&self.must(party, &["outbox", "list", "--all", "--json"], b"")).unwrap();
        let of = |name: &str, fields: &[&str]| {
            let all = list[name].as_array().unwrap().iter();
            let told =
                |one: &serde_json::Value| fields.iter().map(|field| format!(" {}", one[*field])).collect::<String>();
            all.map(|one| format!("{name}{}", told(one))).collect::<Vec<String>>()
        };
        let mut waits = [
            of("letters", &["kind", "to", "state"]),
            of("unacknowledged", &["kind", "to"]),
            of("tasks", &["work", "hook"]),
        ]
        .concat();
        waits.sort();
        waits
    }

    /// Returns the files of the new mail for a party.
    pub fn post(&self, party: &str) -> Vec<PathBuf> {
        files(&self.dir.join(format!("mail/{party}@demo.test/new")))
    }

    /// Returns how many letters wait in a party's queue, mails in its spool, and mails set aside.
    pub fn left(&self, party: &str) -> [usize; 3] {
        let folder = self.dir.join(party);
        let queue = files(&folder.join("outbox"));
        let queued = queue.iter().filter(|file| file.extension().is_some_and(|e| e == "eml"));
        let spooled = files(&folder.join("spool/new")).len() + usize::from(folder.join("spool/handling").exists());
        [queued.count(), spooled, files(&folder.join("set-aside/new")).len()]
    }
}

/// Returns the files of a folder, sorted; none where there is no folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = listed.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Reads the header fields of a mail; continued lines are left out.
pub fn fields(mail: &[u8]) -> Fields {
    let mut fields = Fields::new();
    let text = String::from_utf8_lossy(mail);
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(": ").filter(|_| !line.starts_with([' ', '\t'])) {
            fields.entry(name.to_owned()).or_default().push(value.trim().to_owned());
        }
    }
    fields
}

/// Returns the values of one field, joined.
pub fn field(fields: &Fields, name: &str) -> String {
    fields.get(name).map(|values| values.join(",")).unwrap_or_default()
}
