//! Who may read and write what the program makes: its owner alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::program::Town;

/// A mail with the look of a letter that is none.
const JUNK: &[u8] =
    b"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\nx\r\n";

/// Returns what lies below, with its mode.
fn below(path: &Path, found: &mut Vec<(PathBuf, u32)>) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    found.push((path.to_owned(), metadata.permissions().mode()));
    for inside in fs::read_dir(path).into_iter().flatten() {
        below(&inside.unwrap().path(), found);
    }
}

#[test]
fn what_the_program_makes_is_its_owners_alone_a12() {
    let town = Town::played();
    let own = ["ledger", "keys", "outbox", "spool", "set-aside", "index.sqlite"];
    // Folders that are missing are made again.
    for made_again in ["outbox", "spool", "set-aside"] {
        fs::remove_dir_all(town.path(&format!("buyer/{made_again}"))).unwrap();
    }
    fs::remove_file(town.path("buyer/index.sqlite")).unwrap();
    assert_eq!(town.fed("buyer", &["receive"], JUNK).code, Some(0));
    assert_eq!(town.fed("buyer", &["receive"], b"Subject: ordinary\r\n\r\nhello\r\n").code, Some(0));
    town.order();
    let mut found = Vec::new();
    own.iter().for_each(|name| below(&town.path(&format!("buyer/{name}")), &mut found));
    assert!(found.len() > 30, "{found:?}");
    for (path, mode) in found {
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
    }
}

#[test]
fn a_private_folder_that_others_may_read_is_told_of_and_not_refused_a12() {
    let town = Town::played();
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for name in ["ledger", "outbox", "spool", "set-aside", "index.sqlite"] {
        let path = town.path(&format!("buyer/{name}"));
        let before = fs::metadata(&path).unwrap().permissions().mode();
        mode(&path, before | 0o044);
        // Nobody gets as far through closed folders, such as the one that all of this may lie in.
        let is_open = |above: &Path| fs::metadata(above).unwrap().permissions().mode() & 0o011 != 0;
        let reached = town.home().ancestors().skip(1).all(is_open);
        for (home, told) in [(0o700, false), (0o755, reached)] {
            mode(town.home(), home);
            mode(&town.path(""), 0o755);
            mode(&town.path("buyer"), 0o755);
            let run = town.does("buyer", &["list"]);
            let line = format!("mailorder: {} may be read by others; run: chmod go-rwx {0}\n", path.display());
            assert_eq!(run.err.contains(&line), told, "{name} {home:o}: {run:?}");
        }
        mode(&path, before);
        assert!(!town.does("buyer", &["list"]).err.contains("chmod"), "{name}");
    }
}
