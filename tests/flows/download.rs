//! Goods that are a file: sent with the delivery status or behind a link, named by size and digest in what is signed, and
//! written by the buyer when he asks for it (P22).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use mailorder::trade::Digest;

use crate::support::program::{Town, letters};

/// The most that goes with a letter.
const LARGEST: usize = 512 * 1024;

/// Returns bytes that no compression makes small.
fn noise(size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size);
    let mut block = Digest::of(b"noise");
    while bytes.len() < size {
        block = Digest::of(block.as_bytes());
        bytes.extend_from_slice(block.as_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A shop that sells files, delivered by `agent`.
fn selling_files(agent: &str) -> Town {
    let town = Town::fresh();
    let agents = town.agents("pay", agent);
    let steps = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]";
    town.procedures(&[&format!("delivery = \"download\"\n{steps}\n{agents}"), &format!("{steps}\n{agents}")]);
    town
}

fn file(town: &Town, name: &str, bytes: &[u8]) -> String {
    let path = town.path(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn folder(town: &Town, name: &str) -> PathBuf {
    let folder = town.path(name);
    fs::create_dir(&folder).unwrap();
    folder
}

#[test]
fn a_file_goes_with_the_letter_and_is_written_when_the_buyer_asks_p22() {
    let town = selling_files("ship");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice", "--deliver", "download"]);
    let goods = noise(LARGEST);
    let path = file(&town, "goods.zip", &goods);
    town.does("ship", &["ship", "notify", &number, "--file", &path]);
    town.settle();
    // Delivered when it is sent, and nothing else leaves the shop.
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "open", [true, true, false]);
    }
    let digest = Digest::of(&goods).hex();
    let said = letters(&town.show("buyer", &id), "in", "delivery-status").last().unwrap()["says"].to_string();
    for part in ["goods.zip", "524288 bytes", &digest, "in this letter"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Until he asks for it, it is in his ledger alone.
    let saved = folder(&town, "saved");
    assert_eq!(fs::read_dir(&saved).unwrap().count(), 0);
    let args = ["show", &id, "--save", saved.to_str().unwrap()];
    let run = town.does("buyer", &args);
    assert!(run.out.contains("saved ") && run.out.contains(&digest), "{run:?}");
    let written = saved.join("goods.zip");
    assert_eq!(fs::read(&written).unwrap(), goods);
    assert_eq!(fs::metadata(&written).unwrap().permissions().mode() & 0o777, 0o600);
    // Nothing is written over it.
    fs::write(&written, "mine").unwrap();
    let run = town.run("buyer", &args);
    assert!(run.code == Some(65) && run.err.contains("is there already"), "{run:?}");
    assert_eq!(fs::read(&written).unwrap(), b"mine");
    let other = folder(&town, "other");
    let shown = town.does("buyer", &["show", &id, "--json", "--save", other.to_str().unwrap()]).json();
    let [one] = &shown["saved"].as_array().unwrap()[..] else { panic!("{shown}") };
    assert_eq!((&one["name"], &one["size"], &one["sha256"]), (&"goods.zip".into(), &LARGEST.into(), &digest.into()));
    // The file is for the buyer: the shop is told what it was, and has nothing to write.
    assert!(town.letter("shop", "in", "delivery-status").len() < 20_000);
    let run = town.run("shop", &["show", &number, "--save", other.to_str().unwrap()]);
    assert!(run.code == Some(65) && run.err.contains("nothing to save"), "{run:?}");
    // The text for people says so, too.
    let letter = town.letter("buyer", "in", "delivery-status");
    assert!(letter.contains("attached to this mail") && letter.contains("multipart/mixed; hp=\"cipher\""));
    town.check_peace();
}

#[test]
fn what_is_asked_for_later_names_the_file_and_does_not_bring_it_again_p22() {
    let town = selling_files("ship");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice", "--deliver", "download"]);
    let goods = noise(60_000);
    let path = file(&town, "goods.zip", &goods);
    town.does("ship", &["ship", "notify", &number, "--file", &path]);
    town.settle();
    town.does("buyer", &["ask", &id, "--leg", "delivery"]);
    town.settle();
    assert!(town.letter("buyer", "in", "delivery-status").len() < 20_000, "the answer is small");
    town.check_stands("buyer", &id, "open", [true, true, false]);
    // It is taken out of the letter that brought it, also from an index that was built again.
    town.does("buyer", &["ledger", "reindex"]);
    let saved = folder(&town, "saved");
    town.does("buyer", &["show", &id, "--save", saved.to_str().unwrap()]);
    assert_eq!(fs::read(saved.join("goods.zip")).unwrap(), goods);
    // A file is not exchanged behind the buyer's back: the new one is a warning, and not what is written.
    let path = file(&town, "goods.zip", b"something else");
    town.does("ship", &["ship", "notify", &number, "--correct", "--file", &path]);
    town.settle();
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let found: Vec<&str> =
        warnings["warnings"].as_array().unwrap().iter().map(|one| one["finding"].as_str().unwrap()).collect();
    assert!(found.contains(&"goods-differ"), "{warnings}");
    let again = folder(&town, "again");
    town.does("buyer", &["show", &id, "--save", again.to_str().unwrap()]);
    let names: Vec<_> = fs::read_dir(&again).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["goods.zip"]);
    assert_eq!(fs::read(again.join("goods.zip")).unwrap(), goods);
}

#[test]
fn a_name_in_a_letter_is_no_place_on_the_buyers_disk_b95() {
    let town = selling_files("ship");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice", "--deliver", "download"]);
    let path = file(&town, "goods", b"#!/bin/sh\n");
    town.does("ship", &["ship", "notify", &number, "--file", &path, "--called", "../../buyer/.profile"]);
    town.settle();
    let saved = folder(&town, "saved");
    town.does("buyer", &["show", &id, "--save", saved.to_str().unwrap()]);
    let names: Vec<_> = fs::read_dir(&saved).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["_.._buyer_.profile"]);
    assert!(!town.path("buyer/.profile").exists());
    let mode = fs::metadata(saved.join("_.._buyer_.profile")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nothing that comes by mail can be run");
    // A folder that is none.
    let run = town.run("buyer", &["show", &id, "--save", "no-such-folder"]);
    assert!(run.code == Some(65) && run.err.contains("is no folder"), "{run:?}");
    town.check_peace();
}

#[test]
fn what_is_too_large_goes_by_a_link_that_is_printed_and_never_opened_b96() {
    let town = selling_files("ship");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice", "--deliver", "download"]);
    let goods = noise(LARGEST + 1);
    let path = file(&town, "film.mkv", &goods);
    let run = town.run("ship", &["ship", "notify", &number, "--file", &path]);
    assert!(run.code == Some(65) && run.err.contains("512 KiB") && run.err.contains("--link"), "{run:?}");
    let empty = file(&town, "empty", b"");
    let run = town.run("ship", &["ship", "notify", &number, "--file", &empty]);
    assert!(run.code == Some(65) && run.err.contains("empty"), "{run:?}");
    let digest = Digest::of(&goods).hex();
    for (args, says) in [
        (vec!["--link", "http://files.example/film.mkv", "--file", &path], "https://"),
        (vec!["--link", "https://bank.example@evil.example/", "--file", &path], "https://"),
        (vec!["--link", "https://files.example/film.mkv"], "--sha256"),
        (vec!["--link", "https://files.example/film.mkv", "--size", "1", "--sha256", "abc"], "64"),
        (vec!["--called", "x"], "--file or --link"),
    ] {
        let run = town.run("ship", &[&["ship", "notify", &number][..], &args].concat());
        assert!(run.code == Some(2) && run.err.contains(says), "{args:?}: {run:?}");
    }
    let entries = town.entries("ship").len();
    let link = "https://files.example:8443/goods/film.mkv?t=7";
    town.does("ship", &["ship", "notify", &number, "--link", link, "--file", &path]);
    assert_eq!(town.entries("ship").len(), entries + 2, "one letter to each");
    town.settle();
    town.check_stands("buyer", &id, "open", [true, true, false]);
    let said = letters(&town.show("buyer", &id), "in", "delivery-status").last().unwrap()["says"].to_string();
    for part in ["film.mkv", "on files.example,", link, &digest, "524289 bytes"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let saved = folder(&town, "saved");
    let run = town.run("buyer", &["show", &id, "--save", saved.to_str().unwrap()]);
    assert!(run.code == Some(65) && run.err.contains("never opened") && run.err.contains(&digest), "{run:?}");
    assert_eq!(fs::read_dir(&saved).unwrap().count(), 0);
    // Where the file is not at hand, size and digest are given.
    let (id, number) = town.bought("TEA-200", 1, &["--pay", "invoice", "--deliver", "download"]);
    let link = ["--link", "https://files.example/film.mkv", "--size", "5000000000", "--sha256", &digest];
    town.does("ship", &[&["ship", "notify", &number][..], &link].concat());
    town.settle();
    let said = town.letter("buyer", "in", "delivery-status");
    assert!(said.contains("\"contentSize\": \"5000000000\"") && said.contains("\"name\": \"film.mkv\""), "{said}");
    town.check_stands("buyer", &id, "open", [true, true, false]);
    town.check_peace();
}

#[test]
fn a_letter_with_a_file_is_shown_before_it_is_signed_by_flags_as_by_rows() {
    let town = selling_files("ship");
    let (_, number) = town.bought("SH-41", 1, &["--pay", "invoice", "--deliver", "download"]);
    let path = file(&town, "goods.zip", &noise(3_000));
    let rows = file(&town, "rows.csv", format!("txn,file\n{number},goods.zip\n").as_bytes());
    let entries = town.entries("ship").len();
    for way in [vec![number.as_str(), "--file", &path], vec!["--from", &rows]] {
        let shown = town.does("ship", &[&["ship", "notify", "--dry-run"][..], &way].concat()).out;
        assert_eq!(shown.matches("--- ").count(), 2, "{way:?}, a letter to each: {shown}");
        for part in ["goods.zip", &Digest::of(&noise(3_000)).hex(), "\"contentSize\": \"3000\""] {
            assert!(shown.contains(part), "{way:?}, {part}: {shown}");
        }
    }
    assert_eq!(town.entries("ship").len(), entries, "nothing was written");
}

#[test]
fn a_file_is_sent_only_where_the_goods_go_over_the_network() {
    let town = selling_files("ship");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let path = file(&town, "goods.zip", b"goods");
    let run = town.run("ship", &["ship", "notify", &number, "--file", &path]);
    assert!(run.code == Some(65) && run.err.contains("go by parcel"), "{run:?}");
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.check_peace();
}

#[test]
fn a_shop_that_delivers_itself_sends_its_files_itself_p6_p22() {
    let town = Town::fresh();
    town.add_merchant();
    let item = ["--item", "MUG;Mug;JPY 900;1", "--pay", "card", "--deliver", "download"];
    let wish = [&["order", "--json", "--shop", "mart@demo.test"][..], &item].concat();
    let id = town.does("buyer", &wish).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let number = town.number("buyer", &id);
    let path = file(&town, "mug.stl", &noise(3_000));
    town.does("mart", &["ship", "notify", &number, "--file", &path]);
    town.does("mart", &["pay", "notify", &number, "--paid"]);
    town.settle();
    town.check_stands("buyer", &id, "completed", [true; 3]);
    let saved = folder(&town, "saved");
    town.does("buyer", &["show", &id, "--save", saved.to_str().unwrap()]);
    assert_eq!(fs::read(saved.join("mug.stl")).unwrap(), noise(3_000));
    town.check_peace();
}
