//! What keeps a hook within its limits whatever it does, and `sync` beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use rustix::process::Signal;

use super::hooks::{inbox, scripted};
use super::hooks_over::syncing;
use crate::support::program::{Run, Town};

/// The process that a hook wrote down in `shop/pid`.
fn process(town: &Town) -> PathBuf {
    Path::new("/proc").join(fs::read_to_string(town.path("shop/pid")).unwrap().trim())
}

#[test]
fn a_sync_that_is_asked_to_stop_ends_its_hook_with_it_f47() {
    for signal in [Signal::TERM, Signal::INT] {
        let town = Town::fresh();
        scripted(&town, "echo $$ >pid.new; mv pid.new pid; exec sleep 300", "seconds = 300\n");
        let id = town.orders("buyer", "SH-41", 1, &[]);
        town.settle();
        town.does("buyer", &["confirm", &id]);
        let child = syncing(&town, "pid");
        let hook = process(&town);
        assert!(hook.exists());
        let begun = Instant::now();
        crate::support::signal(&child, signal);
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!(run.code, Some(130), "{run:?}");
        while is_running(&hook) {
            assert!(begun.elapsed() < Duration::from_secs(20), "the hook outlived its sync");
            std::thread::sleep(Duration::from_millis(20));
        }
        // The work is not lost: it is done by the next pass, and nothing runs beside it.
        scripted_anew(&town, "echo '{}'");
        town.settle();
        assert!(inbox(&town).is_empty());
        town.check_stands("buyer", &id, "open", [false; 3]);
        town.check_peace();
    }
}

fn scripted_anew(town: &Town, script: &str) {
    crate::support::accounts::install(&town.path("shop/hook.sh"), format!("#!/bin/sh\n{script}\n").as_bytes());
}

/// Returns whether a process runs; one that was killed and nobody has asked after does not.
fn is_running(process: &Path) -> bool {
    let state = fs::read_to_string(process.join("stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn each_order_is_asked_about_in_turn_however_short_the_time_p45() {
    let town = Town::fresh();
    scripted(&town, "[ $MAILORDER_WORK = query ] && echo $MAILORDER_TRANSACTION >>asked; true", "");
    let ids: Vec<String> = (0..10).map(|_| town.orders("buyer", "TEA-200", 1, &[])).collect();
    town.settle();
    ids.iter().for_each(|id| drop(town.does("buyer", &["confirm", id])));
    town.settle();
    town.configure("shop", |text| text.replace("[hook.warehouse]\n", "[hook.warehouse]\nask_minutes = 30\n"));
    let settings = config::load(&town.path("shop/config.toml"), &Environment::of_process()).unwrap();
    let mut clerk = Clerk::open(settings, Clock::system()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (pass, count) in [8, 10, 10].into_iter().enumerate() {
        runtime.block_on(clerk.work(Duration::ZERO)).unwrap();
        let asked = fs::read_to_string(town.path("shop/asked")).unwrap();
        let orders: BTreeSet<&str> = asked.lines().collect();
        assert_eq!((orders.len(), asked.lines().count()), (count, count), "pass {pass}");
    }
}

/// This needs Python, by which a program leaves its process group.
mod real {
    use super::*;

    #[test]
    fn a_hook_that_left_its_process_group_is_killed_and_keeps_nothing_up_f47() {
        let town = Town::fresh();
        let left = "import os, time; os.setpgid(0, os.getpgid(os.getppid())); time.sleep(300)";
        let script = format!("echo $$ >pid; exec /usr/bin/env python3 -c '{left}'");
        scripted(&town, &script, "seconds = 2\n");
        let begun = Instant::now();
        town.bought("SH-41", 1, &[]);
        assert!(begun.elapsed() < Duration::from_secs(60));
        let items = inbox(&town);
        assert!(items[0]["about"].as_str().unwrap().contains("did not end within 2 s and was killed"), "{items:?}");
        assert!(!is_running(&process(&town)));
        town.check_peace();
    }
}
