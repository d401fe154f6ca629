//! Commands at their edges, run as programs outside see them: exit codes, silence, and what is left on disk.

/// Senders who look like others.
mod alike;
/// What is missing, said with what there is.
mod answers;
/// What somebody put in our way on purpose.
mod attacked;
/// A bill against the order, and what is unpaid.
mod billed;
/// What a buyer, or an account of several parts, names, asks, accepts and pays with.
mod buying;
/// The terms against the order, on a terminal and by scripts.
mod confirming;
/// What a disk, a backup or a slip of the hand leaves.
mod damaged;
/// `doctor`: what is in order, and what mends the rest.
mod doctor;
/// Archives of letters, taken in.
mod importing;
mod in_part;
/// The terminal in Japanese.
mod japanese;
/// Keys replaced, revoked, and allowed to collect.
mod keys;
/// `list`: what is late, and the words of a query.
mod listing;
/// `inspect`, and that nothing changes by it.
mod looking;
/// Mail that is handed over, set aside, or only noted.
mod mail;
/// Accounts made in part, and what crashes leave.
mod making;
/// Terminals of every width: no line is wider, and what is wrong has its word.
mod narrow;
/// What a program of the owner's is told of warnings.
mod notifying;
/// Orders written in answer to questions, and repeated at other prices.
pub mod ordering;
/// Mail that is no letter.
mod ordinary;
/// What came, against what the delivery agent says.
mod receiving;
/// What letters say of people, erased for good.
mod redacting;
/// `schedule`, and the buyer's rules at work.
mod schedule;
/// What a person at a terminal gets: a pager for what is longer than the screen, colours.
mod screen;
/// What a server refuses, and how long a command tries.
mod sending;
/// `config show`: what holds, and where it comes from.
mod settings;
/// Tables of names in wide letters.
mod wide;
/// What people read: errors that say what to do, hints that can be run, tables that fit.
mod words;
/// Wrong usage and wrong files, told in Japanese.
mod wrong;

use std::fs;
use std::path::{Path, PathBuf};

use super::support::accounts::files;
use super::support::program::Town;

/// A mail of at least `size` bytes, of people or in the shape of a letter.
pub fn large(letter: bool, size: usize) -> Vec<u8> {
    let head: &[u8] = if letter {
        b"From: a@stranger.test\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n"
    } else {
        b"From: a@stranger.test\r\nContent-Type: text/plain\r\n\r\n"
    };
    [head, b"0123456789abcdef\r\n".repeat(size / 18 + 1).as_slice()].concat()
}

fn warnings(town: &Town) -> Vec<serde_json::Value> {
    town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().clone()
}

/// Returns the files of a Maildir's folder that hold exactly these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| fs::read(file).unwrap() == bytes).collect()
}

/// Returns every file of an account but the index, with what is in it.
fn account(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match (path.is_dir(), name.starts_with("index.sqlite")) {
            (true, _) => found.extend(account(&path)),
            (false, true) => {}
            (false, false) => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}
