//! A shop whose key is known writes names and remarks that would steer a terminal, a page or a spreadsheet: wherever a person
//! meets them they are text (hard-cases B89, B90, B92, B96, B97).

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use mailorder::mail::{self, ReadError};
use mailorder::trade::document::Cancellation;
use mailorder::trade::status::{Parcel, Reason, Shipment, Step};
use mailorder::trade::{Document, Letter, Order, Terms};
use serde_json::Value;

use crate::flows::hooks::scripted;
use crate::page::served::Served;
use crate::support::program::{Run, Town};
use crate::support::trade::{
    buyer, delivery_status, goods, letter, order, order_id, order_letter, order_status, parcel, planned, shipment,
    shop, terms, terms_letter,
};
use crate::support::world::sealed_bytes;

/// What turns the direction of writing, hides, breaks lines or buries them under marks. Control characters stand in no letter.
pub const STEERS: &str = "\u{202e}gro.\u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}";

/// What is more than text on a page or to a program that reads templates.
const MARKUP: &str =
    "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover=\"alert(3) {{7*7}} $(id) `id`";

/// What a spreadsheet computes.
const FORMULA: &str = "=HYPERLINK(\"https://evil.example\")";

/// A town in which goods of such a shop are on their way; returns the order's ID.
pub fn town() -> (Town, String) {
    let town = Town::acquainted();
    let name = format!("{FORMULA}{STEERS}e{}{MARKUP}", "\u{301}".repeat(100));
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    town.configure("shop", |text| {
        text.replace("name = \"シャツ 白 41\"", &format!("name = {}", quoted(&name)))
            .replace("name = \"日立物産\"", &format!("name = {}", quoted(&format!("Shop {MARKUP}"))))
    });
    town.does("buyer", &["catalog", "shop@demo.test"]);
    town.settle();
    let id = offer(&town);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    // Programs of ours take no such words from their owners; others may write what they like.
    let left = Step::Done { at: Clock::system().now().whole_second() };
    let tracking = Some(format!("javascript:alert(4){STEERS}{MARKUP}"));
    town.states("shop", &id, order_status(vec![Shipment { tracking, ..shipment("1", goods(&[("1", "1")]), left) }]));
    town.settle();
    // What the agent says, where it leads, and why it did not bring the goods.
    let reason = Reason { code: "refused".to_owned(), text: format!("refused {STEERS}{MARKUP}") };
    let parcel = Parcel {
        tracking_url: Some(format!("javascript:alert(5){STEERS}{MARKUP}")),
        ..parcel("1", goods(&[("1", "1")]), Step::Failed { reason, at: None })
    };
    town.states("ship", &id, delivery_status(vec![parcel]));
    (town, id)
}

/// Orders one piece and waits for the terms; returns the order's ID.
pub fn offer(town: &Town) -> String {
    let charge = "Parcel delivery;JPY 500";
    let wish = ["--json", "order", "--shop", "shop@demo.test", "--item", "SH-41=1", "--charge", charge];
    let id = town.does("buyer", &wish).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    id
}

/// Checks that a text has nothing that steers or hides.
fn check_still(what: &str, text: &str) {
    let bad: Vec<char> =
        text.chars().filter(|c| (c.is_control() && *c != '\n') || STEERS.contains(*c) && !c.is_ascii()).collect();
    assert!(bad.is_empty(), "{what}: {bad:?}");
    // A document keeps what was written; what people look at does not grow over its line.
    let marks = text.contains(&"\u{301}".repeat(4)) && !what.contains("--json");
    assert!(!marks, "{what}: marks upon marks");
}

/// Checks what a command printed and said.
fn check_run(what: &str, run: &Run) {
    assert!(matches!(run.code, Some(0 | 1)), "{what}: {run:?}");
    check_still(what, &run.out);
    check_still(what, &run.err);
}

/// What a terminal obeys, as JSON writes it: a sequence in eight bits, a bell, the two that overwrite what stands there, and one
/// that fills the clipboard.
const CONTROLS: [&str; 6] = ["\\u009b2J", "\u{9b}2J", "\\u0007", "\\r", "\\b", "\\u001b]52;c;ZXZpbA==\\u0007"];

/// Returns letters as they are signed, with the same word as name, seller, remark and reason.
fn marked() -> [(&'static str, Letter); 4] {
    let mark = "MARK".to_owned();
    let mut named = order();
    named.lines[0].item.name.clone_from(&mark);
    let of = |order: Order| Letter { document: Document::Order(order), ..order_letter() };
    let reason = Document::Cancellation(Cancellation { reason: Some(mark.clone()) });
    [
        ("name", of(named)),
        ("seller", terms_letter(Terms { seller: mark.clone(), ..terms() })),
        ("remark", of(Order { remarks: Some(mark), ..order() })),
        ("reason", Letter { order: Some(order_id()), ..letter(&buyer(), &shop(), reason) }),
    ]
}

/// Returns a letter as it is signed, with something else in place of the mark of its data.
fn signed(letter: &Letter, instead: &str) -> String {
    let signed = mail::write(letter, &crate::mail::texts(mail::Language::En)).unwrap();
    let signed = String::from_utf8(signed).unwrap();
    assert!(signed.contains("\"MARK\""), "{signed}");
    signed.replace("\"MARK\"", &format!("\"MARK{instead}\""))
}

#[test]
fn a_control_character_in_a_name_seller_remark_or_reason_is_refused_b89() {
    for (place, letter) in marked() {
        assert!(mail::reread(signed(&letter, "").as_bytes()).is_ok(), "{place}");
        for control in CONTROLS {
            let read = mail::reread(signed(&letter, control).as_bytes());
            assert!(matches!(read, Err(ReadError::BadShape(_))), "{place} {control:?}: {read:?}");
        }
    }
}

#[test]
fn what_is_refused_for_its_control_characters_steers_nothing_where_that_is_told_b89() {
    let town = Town::fresh();
    let open = |party: &str| {
        let file = town.path(party).join("config.toml");
        Clerk::open(config::load(&file, &Environment::of_process()).unwrap(), Clock::system()).unwrap()
    };
    let (seller, reader, now) = (open("shop"), open("buyer"), Clock::system().now());
    let [_, (_, offer), ..] = marked();
    let offer = Letter { from: seller.me().clone(), to: reader.me().clone(), date: now.whole_second(), ..offer };
    for (place, control) in CONTROLS.iter().enumerate() {
        let text = signed(&offer, control);
        let mail =
            sealed_bytes(text.as_bytes(), &offer, seller.key().unwrap(), reader.key().unwrap().certificate(), &now);
        let file = town.path(&format!("mail/buyer@demo.test/new/1700000001.M{place}.here"));
        std::fs::write(file, mail).unwrap();
    }
    drop((seller, reader));
    town.does("buyer", &["sync"]);
    let aside = town.does("buyer", &["--json", "warnings"]).json()["warnings"].as_array().unwrap().clone();
    let refused: Vec<&str> =
        aside.iter().filter(|one| one["finding"] == "bad-shape").map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(refused.len(), CONTROLS.len(), "{aside:?}");
    for language in ["en", "ja"] {
        let mut commands =
            vec![vec!["warnings"], vec!["warnings", "--all"], vec!["--json", "warnings"], vec!["status"]];
        commands.extend(refused.iter().map(|id| vec!["warnings", "show", *id]));
        for command in &commands {
            let run = town.run("buyer", &[&["--lang", language][..], command].concat());
            check_run(&format!("{language} {}", command.join(" ")), &run);
        }
    }
    let served = Served::start(&town.path("buyer/config.toml"));
    let mut visitor = served.visit();
    for language in ["en", "ja"] {
        visitor.language = language;
        let page = visitor.page("/warnings");
        assert!(refused.iter().all(|id| page.contains(id)), "{page}");
        check_still("/warnings", &page);
    }
}

#[test]
fn names_of_others_steer_no_terminal_b89_b90() {
    let (town, id) = town();
    let offered = offer(&town);
    let commands: [&[&str]; 17] = [
        &["sync"],
        &["list"],
        &["show", &id],
        &["show", &id, "--full"],
        &["status"],
        &["warnings"],
        &["warnings", "--late"],
        &["catalog", "shop@demo.test"],
        &["key", "list"],
        &["--json", "show", &id],
        &["confirm", &offered, "--dry-run"],
        &["reorder", &id, "--dry-run"],
        &["reorder", &id],
        &["ask", &id],
        &["schedule", "add", "--preset", "mornings"],
        &["schedule", "run", "--dry-run"],
        &["outbox", "list"],
    ];
    for language in ["en", "ja"] {
        let mut met = 0;
        for command in commands.iter().filter(|command| language == "en" || command[0] != "schedule") {
            let run = town.run("buyer", &[&["--lang", language][..], *command].concat());
            check_run(&format!("{language} {}", command.join(" ")), &run);
            met += usize::from(format!("{}{}", run.out, run.err).contains("HYPERLINK"));
        }
        assert!(met >= 5, "{language}: such names are shown by {met} commands");
    }
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("HYPERLINK") && shown.contains("\\u{202e}gro"), "{shown}");
    // What was written stands in the ledger as it was written.
    assert!(town.texts("buyer").iter().any(|text| text.contains("onmouseover")));
}

#[test]
fn names_of_others_are_cells_and_lines_in_exports_b89_b93() {
    let (town, _) = town();
    let table = town.does("buyer", &["export", "--format", "csv", "--spreadsheet"]).out;
    let plain = town.does("buyer", &["export", "--format", "csv"]).out;
    for table in [&table, &plain] {
        check_still("csv", &table.replace(['\r', '\u{feff}'], ""));
        assert!(table.contains("HYPERLINK"), "{table}");
        for cell in ["\n=", ",=", ",\"=", "\n\"=", ";="] {
            assert!(!table.contains(cell), "{cell:?}: {table}");
        }
    }
    let events = town.does("buyer", &["export", "--format", "ics"]).out;
    let lines: Vec<&str> = events.split("\r\n").collect();
    lines.iter().for_each(|line| check_still("ics", line));
    let known = ["BEGIN", "END", "VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION"];
    for line in lines.iter().filter(|line| !line.is_empty() && !line.starts_with(' ')) {
        let name = line.split([':', ';']).next().unwrap();
        assert!(
            known.contains(&name)
                || [
                    "CALSCALE",
                    "TRANSP",
                    "CATEGORIES",
                    "STATUS",
                    "METHOD",
                    "CLASS",
                    "URL",
                    "X-WR-CALNAME",
                    "NAME",
                    "LAST-MODIFIED",
                    "SEQUENCE"
                ]
                .contains(&name),
            "{line}"
        );
    }
    assert!(lines.concat().replace(' ', "").contains("HYPERLINK"), "{events}");
}

#[test]
fn what_others_write_steers_neither_what_sync_and_watch_say_nor_the_program_that_is_told_b89_b97() {
    for language in ["en", "ja"] {
        let (town, id) = town();
        let file = town.path("tell");
        let kept = town.path("kept");
        std::fs::write(&file, format!("#!/bin/sh\ncat >>'{}'\n", kept.display())).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        town.configure("buyer", |text| format!("{text}\n[notify]\ncommand = [\"{}\"]\n", file.display()));
        // A letter that is not applied, whose reason has such a word in it: goods that were never ordered.
        let other = Parcel {
            tracking_url: Some(format!("https://bank.example@evil.example/{STEERS}")),
            tracking: Some(format!("EP{STEERS}{MARKUP}")),
            ..parcel(&format!("2 {STEERS}{MARKUP}"), goods(&[("7", "1")]), planned("2099-01-20"))
        };
        town.states("ship", &id, delivery_status(vec![other]));
        let run = town.run("buyer", &["--lang", language, "sync"]);
        check_run(&format!("{language} sync"), &run);
        assert!(run.err.contains("W-"), "{run:?}");
        let told = std::fs::read_to_string(&kept).unwrap();
        let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(told.iter().any(|one| one["id"].as_str().unwrap().starts_with("W-")), "{told:?}");
        assert!(told.iter().any(|one| one["text"].as_str().unwrap().contains("refused")), "{told:?}");
        for one in &told {
            for part in ["title", "text"] {
                check_still(&format!("{language} {part}"), one[part].as_str().unwrap());
            }
        }
        // On a terminal, where more is said.
        let again = Parcel {
            tracking: Some(format!("EP{STEERS}{MARKUP}")),
            ..parcel(&format!("3 {STEERS}{MARKUP}"), goods(&[("8", "1")]), planned("2099-01-21"))
        };
        town.states("ship", &id, delivery_status(vec![again]));
        let mut screen = town.types("buyer", &["--lang", language, "watch"]);
        let run = screen.waits_for("\u{7}").keys("\u{3}").ends();
        let shown = run.out.replace('\u{7}', "").replace("^C", "");
        assert!(shown.contains("W-"), "{shown}");
        check_still(&format!("{language} watch"), &shown);
    }
}

#[test]
fn names_of_others_are_text_on_every_page_b92_b96_b97() {
    let (town, id) = town();
    town.does("buyer", &["sync"]);
    town.does("buyer", &["schedule", "add", "one", "--txn", &id, "--when", "every 6h"]);
    let offered = offer(&town);
    let served = Served::start(&town.path("buyer/config.toml"));
    let mut visitor = served.visit();
    let paths = [
        "/",
        "/warnings",
        "/warnings?late=1",
        "/chart",
        "/health",
        "/schedule",
        "/order?shop=shop@demo.test",
        "/?q=HYPERLINK",
    ];
    let own = [
        format!("/txn/{id}"),
        format!("/txn/{id}?receipts=1"),
        format!("/order?again={id}"),
        format!("/schedule?txn={id}"),
        format!("/return?txn={id}&txn={offered}"),
        format!("/again?txn={id}&txn={offered}"),
        format!("/txn/{offered}/confirm"),
    ];
    let shown = town.does("buyer", &["--json", "show", &id]).json();
    let letters = shown["letters"].as_array().unwrap().iter();
    let each = letters
        .flat_map(|letter| ["text", "data", "raw"].map(|way| format!("/txn/{id}?letter={}&as={way}", letter["entry"])));
    let all: Vec<String> = paths.iter().map(|path| (*path).to_owned()).chain(own).chain(each).collect();
    for language in ["en", "ja"] {
        visitor.language = language;
        let mut met = 0;
        for path in &all {
            let page = visitor.page(path);
            check_still(path, &page);
            for bad in ["<script>alert", "<img", "\" onmouseover", "href=\"javascript", "href=\"http", "49 $(id)"] {
                assert!(!page.contains(bad), "{language} {path}: {bad}");
            }
            met += usize::from(page.contains("&lt;script&gt;alert(1)"));
            // Where the agent says the parcel can be looked for, it is text like everything else.
            assert!(!page.contains("alert(5)") || path.contains("letter="), "{language} {path}");
        }
        assert!(met >= 4, "{language}: such names stand on {met} pages");
    }
}

#[test]
fn names_of_others_are_data_to_the_programs_of_a_shop_b97() {
    let town = Town::fresh();
    let name = "$(touch run) `touch run` && touch run # {{7*7}} {% include 'x' %} %s%n \\n";
    town.configure("shop", |text| {
        text.replace("name = \"シャツ 白 41\"", &format!("name = {}", serde_json::to_string(name).unwrap()))
    });
    scripted(&town, "cat >told; { echo \"$#\"; env; } >around; echo '{}'", "");
    let item = format!("SH-41;{name};JPY 4300;1");
    let charge = "Parcel delivery;JPY 500";
    let wish = ["--json", "order", "--shop", "shop@demo.test", "--item", &item, "--charge", charge];
    let id = town.does("buyer", &wish).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let number = town.number("buyer", &id);
    let told = std::fs::read_to_string(town.path("shop/told")).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told.to_string().contains(&serde_json::to_string(name).unwrap()), "{told}");
    let around = std::fs::read_to_string(town.path("shop/around")).unwrap();
    assert!(around.starts_with("0\n") && !around.contains("touch"), "{around}");
    assert!(!town.path("shop/run").exists() && !town.path("run").exists());
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 1);
}
