//! The units of `examples/systemd`: each is read, what they run is run as systemd runs it, and systemd verifies them itself.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{check_silent, entries, mart, page};
use crate::support::accounts::run;
use crate::support::program::{Run, Town};
use crate::support::signal;

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/systemd");

/// What stands in units for the program.
const PROGRAM: &str = "%h/.cargo/bin/mailorder ";

/// A unit: its sections, each with its keys in their order.
struct Unit {
    name: String,
    sections: BTreeMap<String, Vec<(String, String)>>,
}

impl Unit {
    fn read(file: &Path) -> Self {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let mut unit = Self { name, sections: BTreeMap::new() };
        let mut section = String::new();
        for line in fs::read_to_string(file).unwrap().lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{}: {line}", unit.name));
            assert!(!value.is_empty() && key == key.trim(), "{}: {line}", unit.name);
            unit.sections.entry(section.clone()).or_default().push((key.to_owned(), value.to_owned()));
        }
        unit
    }

    fn value(&self, section: &str, key: &str) -> Option<&str> {
        let values = self.sections.get(section)?;
        values.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Returns the words after the program that it runs.
    fn command(&self) -> Option<String> {
        self.value("Service", "ExecStart")?.strip_prefix(PROGRAM).map(|words| format!("mailorder {words}"))
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files
}

fn units() -> Vec<Unit> {
    files(UNITS).iter().map(|file| Unit::read(file)).collect()
}

#[test]
fn each_timer_has_its_service_and_each_service_is_told_of_when_it_fails() {
    let units = units();
    let names: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| name.ends_with(".timer")).count(), 3, "{names:?}");
    for unit in &units {
        let name = &unit.name;
        assert!(unit.value("Unit", "Description").is_some(), "{name}");
        match name.strip_suffix(".timer") {
            Some(what) => {
                let service = format!("{what}.service");
                let service = units.iter().find(|unit| unit.name == service).unwrap_or_else(|| panic!("{service}"));
                assert_eq!(service.value("Service", "Type"), Some("oneshot"), "{name}");
                assert_eq!(
                    unit.value("Timer", "Persistent"),
                    Some("true"),
                    "{name}: what a night missed is made up for"
                );
                assert!(unit.value("Timer", "OnCalendar").is_some() && unit.value("Install", "WantedBy").is_some());
            }
            None if name.starts_with("mailorder-failure@") => {}
            None => assert_eq!(unit.value("Unit", "OnFailure"), Some("mailorder-failure@%n.service"), "{name}"),
        }
    }
    // What is tried again by itself is no failure.
    for name in ["mailorder-sync.service", "mailorder-import.service"] {
        let unit = units.iter().find(|unit| unit.name == name).unwrap();
        assert_eq!(unit.value("Service", "SuccessExitStatus"), Some("TEMPFAIL"), "{name}");
    }
}

#[test]
fn timers_run_what_the_crontab_of_the_page_runs() {
    let mut timed: Vec<String> =
        units().iter().filter(|unit| unit.value("Service", "Type").is_some()).filter_map(Unit::command).collect();
    let mut cron = page::crontab("docs/cron.md").commands;
    timed.sort();
    cron.sort();
    assert_eq!(timed, cron);
}

/// A merchant's home as the units have it: the program and the configuration are where they look.
fn home(town: &Town) -> PathBuf {
    let home = town.path("mart");
    let programs = home.join(".cargo/bin");
    fs::create_dir_all(&programs).unwrap();
    symlink(env!("CARGO_BIN_EXE_mailorder"), programs.join("mailorder")).unwrap();
    fs::create_dir_all(home.join(".config")).unwrap();
    symlink(&home, home.join(".config/mailorder")).unwrap();
    home
}

/// Returns a unit's command as a process that systemd would start: no shell, its home, hardly any variables.
fn started(unit: &Unit, home: &Path, place: impl Fn(&str) -> String) -> Command {
    let line = unit.value("Service", "ExecStart").unwrap().replace("%h", home.to_str().unwrap());
    let mut words = line.split(' ').map(place);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).current_dir(home).env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin");
    command
}

#[test]
fn what_the_units_run_does_a_shops_work_and_prints_nothing_p46() {
    let (town, numbers) = mart(2);
    let home = home(&town);
    let export = town.path("orders.csv");
    let text = page::file("/srv/woo/orders.csv").replace("7K3Q2M9P", &numbers[0]).replace("9XTAB3CD", &numbers[1]);
    fs::write(&export, text).unwrap();
    let units = units();
    let unit = |name: &str| units.iter().find(|unit| unit.name == name).unwrap();
    let place = |word: &str| word.replace("/srv/woo/orders.csv", export.to_str().unwrap());
    let before = entries(&town, "mart");
    for _ in 0..2 {
        for name in ["mailorder-import.service", "mailorder-sync.service", "mailorder-status.service"] {
            let ran: Run = run(&mut started(unit(name), &home, place), b"").into();
            assert_eq!((name, ran.code), (name, Some(0)), "{ran:?}");
            check_silent(&ran);
        }
    }
    assert_eq!(entries(&town, "mart"), before + 1, "one of the two has left, and is told of once");
    // The watch takes a letter as it comes, and ends well when systemd stops it.
    town.does("buyer", &["ask", &numbers[1], "--leg", "order"]);
    town.sync(&["buyer"]);
    let mut watch = started(unit("mailorder-watch.service"), &home, place)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while town.post("buyer").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the watch did not answer");
        std::thread::sleep(Duration::from_millis(100));
    }
    signal(&watch, Signal::TERM);
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

/// Needs `systemd-analyze`, of systemd.
mod real {
    use super::*;

    #[test]
    fn systemd_finds_no_fault_in_the_units() {
        let home = crate::support::accounts::scratch();
        let programs = home.path().join(".cargo/bin");
        fs::create_dir_all(&programs).unwrap();
        symlink(env!("CARGO_BIN_EXE_mailorder"), programs.join("mailorder")).unwrap();
        let verify = |flags: &[&str], folder: &str, copy: &dyn Fn(&str) -> String| {
            let place = crate::support::accounts::scratch();
            let written = files(folder).into_iter().map(|file| {
                let copied = place.path().join(file.file_name().unwrap());
                fs::write(&copied, copy(&fs::read_to_string(&file).unwrap())).unwrap();
                copied
            });
            let written: Vec<PathBuf> = written.collect();
            let mut command = Command::new("systemd-analyze");
            command
                .args(flags)
                .arg("verify")
                .args(written)
                .env("HOME", home.path())
                .env("XDG_RUNTIME_DIR", home.path());
            let ran: Run = run(&mut command, b"").into();
            assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
        };
        verify(&["--user"], UNITS, &str::to_owned);
        let program = env!("CARGO_BIN_EXE_mailorder");
        let of_system = |text: &str| text.replace("/usr/local/bin/mailorder", program);
        verify(&[], &format!("{UNITS}/system"), &of_system);
    }
}
