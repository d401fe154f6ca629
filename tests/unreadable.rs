//! Files of the account that cannot be read, or stand where others belong: passed over, named, and in nobody's way.

use std::fs;
use std::path::Path;

use mailorder::trade::Digest;

use crate::support::program::{Run, Town};

/// A mail with the look of a letter that is none.
fn junk(text: &str) -> Vec<u8> {
    let header = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\n";
    format!("{header}{text}\r\n").into_bytes()
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Makes a file that is there and is not read: no letter is so large, whoever asks.
fn too_large(path: &Path) {
    fs::File::create(path).unwrap().set_len(300 << 20).unwrap();
}

/// Checks that a run names a file in one line, and goes on.
fn names(run: &Run, path: &Path) {
    let named: Vec<&str> = run.err.lines().filter(|line| line.contains(path.to_str().unwrap())).collect();
    assert!(matches!(named.as_slice(), [line] if line.contains("it is passed over")), "{run:?}");
}

#[test]
fn a_mail_in_the_spool_that_cannot_be_read_keeps_no_other_back() {
    let town = Town::played();
    let bad = town.path("buyer/spool/new/1.bad");
    too_large(&bad);
    // It had been under way before.
    fs::write(town.path("buyer/spool/handling"), "1 1.bad\n").unwrap();
    let before = town.path("buyer/set-aside/new");
    let aside = files(&before);
    fs::write(town.path("mail/buyer@demo.test/new/1700000001.M1.here"), junk("fetched")).unwrap();
    for _ in 0..2 {
        let run = town.run("buyer", &["sync"]);
        assert_eq!(run.code, Some(74), "{run:?}");
        names(&run, &bad);
        assert_eq!(files(&before), aside + 1);
    }
    // A mail server hands over what it has.
    let run = town.fed("buyer", &["receive"], &junk("handed over"));
    assert_eq!(run.code, Some(0), "{run:?}");
    names(&run, &bad);
    assert_eq!((files(&before), bad.is_file()), (aside + 2, true));
    fs::remove_file(&bad).unwrap();
    assert_eq!(town.does("buyer", &["sync"]).err, "");
}

#[test]
fn what_stands_in_the_place_of_a_mail_set_aside_keeps_no_other_back() {
    let town = Town::played();
    let aside = town.path("buyer/set-aside");
    let mail = junk("no room");
    let name = Digest::of(&mail).hex();
    let place = aside.join(format!("new/{name}.eml"));
    fs::create_dir(&place).unwrap();
    for mail in [&mail, &junk("another")] {
        let run = town.fed("buyer", &["receive"], mail);
        assert_eq!(run.code, Some(0), "{run:?}");
        names(&run, &place);
    }
    assert_eq!(files(&town.path("buyer/spool/new")), 1, "what could not be kept stays in the spool");
    assert!(aside.join(format!("new/{}.eml", Digest::of(&junk("another")).hex())).is_file());
    assert_eq!(town.run("buyer", &["sync"]).code, Some(74));
    fs::remove_dir(&place).unwrap();
    assert_eq!(town.does("buyer", &["sync"]).err.lines().filter(|line| line.contains("passed over")).count(), 0);
    assert!(place.is_file() && files(&town.path("buyer/spool/new")) == 0);
    // A note that cannot be read hides a mail: that is told, too.
    let note = aside.join(format!("cur/{name}.json"));
    fs::remove_file(&note).unwrap();
    fs::create_dir(&note).unwrap();
    let run = town.run("buyer", &["sync"]);
    assert_eq!(run.code, Some(74), "{run:?}");
    names(&run, &note);
}
