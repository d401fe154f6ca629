//! All that the flags of `ship notify` say rows say, too: why nothing arrives, and goods that are a file (P22).

use std::fs;

use mailorder::clock::Clock;
use serde_json::Value;

use super::{check_silent, entries, file, lines, results};
use crate::support::program::Town;

/// A merchant with so many orders of goods that go over the network.
fn downloads(orders: usize) -> (Town, Vec<(String, String)>) {
    let town = Town::fresh();
    town.add_merchant();
    let item = ["--item", "MUG;Mug;JPY 900;1", "--pay", "invoice", "--deliver", "download"];
    let wish = [&["order", "--json", "--shop", "mart@demo.test"][..], &item].concat();
    let ids: Vec<String> =
        (0..orders).map(|_| town.does("buyer", &wish).json()["id"].as_str().unwrap().to_owned()).collect();
    town.settle();
    ids.iter().for_each(|id| drop(town.does("buyer", &["confirm", id])));
    town.settle();
    let numbered = ids.into_iter().map(|id| (town.number("buyer", &id), id)).map(|(number, id)| (id, number)).collect();
    (town, numbered)
}

/// Returns the files that the buyer gets of an order.
fn saved(town: &Town, id: &str) -> Vec<(String, Vec<u8>)> {
    let folder = town.path(&format!("saved-{id}"));
    fs::create_dir(&folder).unwrap();
    town.does("buyer", &["show", id, "--save", folder.to_str().unwrap()]);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    files.map(|one| (one.file_name().into_string().unwrap(), fs::read(one.path()).unwrap())).collect()
}

#[test]
fn a_part_payment_entered_by_hand_is_not_entered_again_by_a_row_of_its_day() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 1000", "--reference", "B-1"]);
    let today = Clock::system().now().instant().to_zoned(jiff::tz::TimeZone::UTC).date();
    let import = |name: &str, amount: &str, reference: &str| {
        let row = format!("txn,paid,amount,reference\n{number},{today},{amount},{reference}\n");
        results(&town.does("pay", &["pay", "import", &file(&town, name, row), "--zone", "UTC", "--json"]))
    };
    assert_eq!(import("same.csv", "JPY 1000", "B-1"), ["unchanged"]);
    assert_eq!(import("other.csv", "JPY 1000", "B-2"), ["sent"], "another payment of the same sum");
    town.settle();
    assert_eq!(town.show("buyer", &id)["paid"]["amount"], "2000");
}

#[test]
fn what_was_refused_or_lost_is_said_by_a_row_as_by_a_flag() {
    let town = Town::fresh();
    // By a column of its own, and by a word of the column `status`.
    for (code, rows) in [
        ("refused", "txn,refused\nNO,Nobody ordered it.\n"),
        ("lost", "txn,lost\nNO,At sea.\n"),
        ("refused", "txn,status,failed\nNO,refused,Nobody ordered it.\n"),
        ("lost", "txn,status\nNO,lost\n"),
    ] {
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        let path = file(&town, "parcels.csv", rows.replace("NO", &number));
        let import = || results(&town.does("ship", &["ship", "import", &path, "--json"]));
        assert_eq!(import(), ["sent"], "{rows}");
        assert_eq!(import(), ["unchanged"], "{rows}");
        town.settle();
        let shown = town.show("buyer", &id);
        let mut letters = shown["letters"].as_array().unwrap().iter();
        let last = letters.rfind(|one| one["kind"] == "delivery-status" && one["direction"] == "in").unwrap();
        let reason = if code == "refused" { "Nobody ordered it." } else { "At sea." };
        let reason = if rows.contains(reason) { reason } else { code };
        assert_eq!(last["verdict"], "applied", "{last}");
        assert!(last["says"].to_string().contains(reason), "{rows}: {last}");
        assert!(town.letter("buyer", "in", "delivery-status").contains(code), "{rows}");
        town.check_stands("buyer", &id, "open", [false; 3]);
    }
}

#[test]
fn goods_that_are_a_file_are_sent_by_rows_p22() {
    let (town, orders) = downloads(3);
    let [(one, first), (two, second), (three, third)] = &orders[..] else { panic!("three orders") };
    fs::create_dir_all(town.path("out/songs")).unwrap();
    for (name, bytes) in [("out/songs/1.ogg", "one song"), ("out/2.ogg", "another song"), ("3.ogg", "a third song")] {
        fs::write(town.path(name), bytes).unwrap();
    }
    let rows = format!(
        "txn,file,called,link\n{first},songs/1.ogg,Song.ogg,\n{second},./2.ogg,,\n{third},2.ogg,,https://files.example/s/3.ogg\n"
    );
    let path = file(&town, "out/files.csv", rows);
    let foreseen = town.does("mart", &["ship", "notify", "--from", &path, "--dry-run"]).out;
    assert!(foreseen.contains("Song.ogg") && foreseen.contains("b25lIHNvbmc="), "the file as it would go: {foreseen}");
    check_silent(&town.run("mart", &["ship", "notify", "--from", &path]));
    let before = entries(&town, "mart");
    let again = town.does("mart", &["ship", "notify", "--from", &path, "--json"]);
    assert_eq!(results(&again), ["known", "known", "known"]);
    assert_eq!(results(&town.does("mart", &["ship", "import", &path, "--json"])), ["unchanged"; 3]);
    assert_eq!(entries(&town, "mart"), before);
    town.settle();
    assert_eq!(saved(&town, one), [("Song.ogg".to_owned(), b"one song".to_vec())]);
    assert_eq!(saved(&town, two), [("2.ogg".to_owned(), b"another song".to_vec())]);
    let shown: Value = town.show("buyer", three);
    assert!(shown["letters"].to_string().contains("on files.example, at https://files.example/s/3.ogg"), "{shown}");
    for id in [one, two, three] {
        town.check_stands("buyer", id, "open", [true, true, false]);
    }
    town.check_peace();
}

#[test]
fn a_row_takes_no_file_from_elsewhere_than_its_folder_and_keeps_no_other_back() {
    let (town, orders) = downloads(2);
    let [(_, bad), (good, number)] = &orders[..] else { panic!("two orders") };
    fs::create_dir_all(town.path("out/inside")).unwrap();
    for (name, bytes) in
        [("out/good", b"good".to_vec()), ("out/empty", Vec::new()), ("out/large", vec![7; 512 * 1024 + 1])]
    {
        fs::write(town.path(name), bytes).unwrap();
    }
    fs::write(town.path("secret"), "a secret").unwrap();
    std::os::unix::fs::symlink(town.path("secret"), town.path("out/link")).unwrap();
    std::os::unix::fs::symlink(town.path(""), town.path("out/inside/up")).unwrap();
    let absolute = town.path("secret").to_str().unwrap().to_owned();
    let digest = "0".repeat(64);
    let outside = "is not below";
    let wrong = [
        (format!("{absolute},,,"), outside),
        ("../secret,,,".to_owned(), outside),
        ("inside/../../secret,,,".to_owned(), outside),
        ("link,,,".to_owned(), outside),
        ("inside/up/secret,,,".to_owned(), outside),
        ("nothing,,,".to_owned(), "nothing"),
        ("inside,,,".to_owned(), "inside"),
        ("empty,,,".to_owned(), "the file is empty"),
        ("large,,,".to_owned(), "512 KiB"),
        (",http://files.example/a,1,".to_owned(), "https://"),
        (",https://files.example/a,,".to_owned(), "link wants file FILE, or size BYTES and sha256 HEX"),
        (",https://files.example/a,one,".to_owned(), "is no number of bytes"),
        (",https://files.example/a,1,abc".to_owned(), "64 hexadecimal digits"),
        (format!(",,1,{digest}"), "name it by file or link"),
    ];
    let rows: String = wrong.iter().map(|(row, _)| format!("{bad},{row}\n")).collect();
    let path = file(&town, "out/files.csv", format!("txn,file,link,size,sha256\n{rows}{number},good,,,\n"));
    let run = town.run("mart", &["ship", "notify", "--from", &path, "--json"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    let told: Vec<Value> = lines(&run).into_iter().filter(|line| line["type"] == "row").collect();
    for ((row, part), told) in wrong.iter().zip(&told) {
        assert_eq!(told["result"], "refused", "{row}: {told}");
        let text = told["text"].as_str().unwrap();
        assert!(text.contains(part) && !text.contains('\n'), "{row}: {text}");
    }
    assert_eq!(told.last().unwrap()["result"], "sent", "{told:?}");
    town.settle();
    assert_eq!(saved(&town, good), [("good".to_owned(), b"good".to_vec())]);
    assert!(!town.texts("mart").iter().any(|text| text.contains("YSBzZWNyZXQ")), "the secret left nowhere");
    // Who wants files of another folder names it.
    let path = file(&town, "rows.csv", format!("txn,file\n{bad},good\n"));
    assert_eq!(town.run("mart", &["ship", "notify", "--from", &path]).code, Some(65));
    let folder = town.path("out");
    check_silent(&town.run("mart", &["ship", "notify", "--from", &path, "--files", folder.to_str().unwrap()]));
}

/// Checks that a command was refused with a text that is itself a plain line.
fn told(text: &str, part: &str, run: &crate::support::program::Run, code: i32) {
    assert_eq!(run.code, Some(code), "{part}: {run:?}");
    assert!(run.err.contains(text) && !run.err.trim_end().contains('\u{1b}'), "{part}: {run:?}");
    assert!(!run.err.lines().next().unwrap().contains(|c: char| c.is_control() || c == '\u{202e}'), "{run:?}");
}

#[test]
fn what_is_no_plain_line_is_refused_by_flag_and_row_alike() {
    let (town, numbers) = super::mart(1);
    let number = &numbers[0];
    let before = entries(&town, "mart");
    for (sign, why) in [
        ("\n", "a line end (U+000A) stands in it; write it in one line"),
        ("\u{2028}", "a line end (U+2028) stands in it"),
        ("\u{1b}[2J", "the control character U+001B stands in it; leave it out"),
        ("\u{202e}", "the character U+202E, which turns the direction of writing, stands in it; leave it out"),
    ] {
        let odd = format!("a{sign}b");
        for (part, flag, more) in [
            ("shop", "tracking", &["--shipped"][..]),
            ("shop", "parcel", &["--shipped"]),
            ("pay", "reference", &["--paid"]),
            ("pay", "declined", &[]),
            ("ship", "event", &[]),
            ("ship", "place", &["--event", "sorted"]),
            ("ship", "lost", &[]),
        ] {
            let run = town.run("mart", &[&[part, "notify", number, &format!("--{flag}"), &odd], more].concat());
            told(&format!("mailorder: --{flag}: {why}"), flag, &run, 65);
            let more = match flag {
                "tracking" | "parcel" => ",shipped",
                "reference" => ",paid",
                "place" => ",event",
                _ => "",
            };
            let cell = if more.is_empty() { "" } else { ",now" };
            let path = file(&town, "odd.csv", format!("txn,{flag}{more}\n{number},\"{odd}\"{cell}\n"));
            let run = town.run("mart", &[part, "notify", "--from", &path]);
            told(&format!("row 1 ({number}): {flag}: {why}"), flag, &run, 65);
        }
        for words in [
            &["shop", "cancel", number][..],
            &["shop", "refund", number],
            &["shop", "reject", number],
            &["pay", "reject", number],
        ] {
            let run = town.run("mart", &[words, &["--reason", &odd]].concat());
            told(&format!("mailorder: --reason: {why}"), words[1], &run, 2);
        }
        let run = town.run("buyer", &["cancel", number, "--reason", &odd]);
        told(&format!("--reason: {why}"), "cancel", &run, 2);
        let item = format!("MUG;{odd};JPY 900;1");
        let run = town.run("buyer", &["order", "--shop", "mart@demo.test", "--item", &item, "--pay", "invoice"]);
        told(why, "order", &run, 65);
    }
    let nul = town.fed("mart", &["shop", "notify", "--from", "-"], format!("txn,tracking\n{number},a\0b\n").as_bytes());
    assert!(nul.code == Some(65) && nul.err.contains("a NUL stands in it"), "{nul:?}");
    assert_eq!(entries(&town, "mart"), before, "nothing was written");
}

#[test]
fn an_empty_text_an_empty_name_and_odd_words_of_an_order_are_refused() {
    let (town, numbers) = super::mart(1);
    let number = &numbers[0];
    let before = entries(&town, "mart");
    for (part, words, flag) in [
        ("shop", &["--shipped", "--tracking", ""][..], "--tracking"),
        ("shop", &["--shipped", "--parcel", " "], "--parcel"),
        ("pay", &["--paid", "--reference", ""], "--reference"),
        ("pay", &["--declined", ""], "--declined"),
        ("ship", &["--event", ""], "--event"),
        ("ship", &["--lost", ""], "--lost"),
    ] {
        let run = town.run("mart", &[&[part, "notify", number], words].concat());
        told(&format!("{flag}: nothing stands in it; leave it out"), flag, &run, 65);
    }
    // Every number begins with nothing, and a script whose variable is empty means none of them.
    for words in
        [&["shop", "notify", "", "--shipped"][..], &["shop", "cancel", "", "--reason", "x"], &["pay", "accept", ""]]
    {
        let run = town.run("mart", words);
        told("the transaction is not named", words[1], &run, 2);
    }
    for (words, why) in [
        (
            &["--item", "MUG;Mug;JPY 900;1", "--remarks", "a\u{1b}b"][..],
            "the word to the shop: the control character U+001B",
        ),
        (&["--item", "M\nG;Mug;JPY 900;1"], "the article number: a line end (U+000A)"),
        (
            &["--item", "MUG;Mug;JPY 900;1", "--to", "street=a\u{202e}b"],
            "the address to deliver to: the character U+202E",
        ),
    ] {
        let run = town.run("buyer", &[&["order", "--shop", "mart@demo.test", "--pay", "invoice"], words].concat());
        told(why, words[1], &run, 65);
    }
    assert_eq!(entries(&town, "mart"), before, "nothing was written");
}
