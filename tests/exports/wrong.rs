//! Rows and files that cannot be followed: a clear line each, nothing sent for that row, the others followed.

use super::{entries, file, lines, mart, results};
use crate::support::program::Town;

/// Follows a file with a good row behind a bad one; returns what was said of the bad one.
fn refused(town: &Town, part: &str, name: &str, content: &[u8]) -> String {
    let path = file(town, name, content);
    let run = town.run("mart", &[part, "notify", "--from", &path, "--json", "--offline"]);
    assert_eq!(run.code, Some(65), "{name}: {run:?}");
    let rows: Vec<serde_json::Value> = lines(&run).into_iter().filter(|line| line["type"] == "row").collect();
    assert_eq!(results(&run), ["refused", "sent"], "{name}: {run:?}");
    assert!(
        run.err.contains("\"exit\":65") && run.err.contains("1 of 2 rows refused: nothing was sent for it"),
        "{}",
        run.err
    );
    rows[0]["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_bad_row_is_told_and_the_others_are_followed() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    // Another day each time, so that the good row is never one that came before.
    let mut day = 0;
    let mut good = || {
        day += 1;
        format!("2030-03-{day:02}")
    };
    let csv = |bad: &str, day: &str| format!("txn,planned,shipped,lines\n{bad}\n{number},{day},,\n").into_bytes();
    let json = |bad: &str, day: &str| format!("{bad}\n{{\"txn\":\"{number}\",\"planned\":\"{day}\"}}\n").into_bytes();
    let big = format!("{number},2030-01-01,,{}", "1=1 ".repeat(300_000));
    for (bad, part) in [
        (format!("{number},2030-01-01,"), "the row has 3 cells, the header 4"),
        ("NOSUCH,2030-01-01,,".to_owned(), "no transaction with the number NOSUCH is known here to the shop"),
        (format!("elsewhere@demo.test:{number},2030-01-01,,"), "no transaction with the number"),
        (format!("{number},,2026-11-08 10:00:00,"), "has no zone"),
        (format!("{number},,2099-01-01T00:00:00Z,"), "has not come yet"),
        (format!("{number},2030-13-01,,"), "planned: \"2030-13-01\" is no date"),
        (format!("{number},2030-01-01,,1=99"), "is more than was agreed on"),
        (format!("{number},2030-01-01,,7=1"), "7"),
        (format!("{number},2030-01-01,,\"1=1\nx\""), "lines: a line end (U+000A) stands in it"),
        (format!("{number},\"2030-01-01\"x,,"), "behind a cell's closing quotation mark"),
        (format!("{number},,,"), "it reports nothing"),
        (format!("{number},2030-01-01,\0,"), "a NUL stands in it"),
        (big, "more than 256 KiB"),
    ] {
        let text = refused(&town, "shop", "rows.csv", &csv(&bad, &good()));
        assert!(text.contains(part), "{}: {text}", bad.chars().take(60).collect::<String>());
    }
    let japanese = encoding_rs::SHIFT_JIS.encode("受付,出荷,,").0.into_owned();
    let content =
        [b"txn,planned,shipped,lines\n".as_slice(), &japanese, format!("\n{number},{},,\n", good()).as_bytes()]
            .concat();
    let text = refused(&town, "shop", "sjis.csv", &content);
    assert!(text.contains("Shift_JIS") && text.contains("iconv -f CP932 -t UTF-8"), "{text}");
    for (bad, part) in [
        ("[]", "this is a list"),
        ("\"text\"", "one JSON object"),
        ("{\"txn\":\"1\",\"planned\":\"2030-01-01\",}", "trailing comma"),
        ("{\"txn\":\"1\",\"txn\":\"2\"}", "the key \"txn\" stands twice"),
        ("{\"txn\":\"1\",\"plannd\":\"2030-01-01\"}", "did you mean \"planned\"?"),
        ("{\"txn\":\"1\",\"planned\":{\"at\":1}}", "planned: an object stands where a text is wanted"),
        ("{\"txn\":\"1\",\"planned\":[\"2030-01-01\"]}", "planned: a list stands where one text is wanted"),
        ("{\"txn\":\"1\",\"planned\":\"2030-01-01\"", "EOF"),
    ] {
        let text = refused(&town, "shop", "rows.jsonl", &json(bad, &good()));
        assert!(text.contains(part), "{bad}: {text}");
    }
    // A price with separators of thousands, and what it could be taken for.
    for (amount, part) in
        [("\"1,900\"", "separators of thousands"), ("9.50", "has more decimals"), ("1900", "only JPY 900 remains")]
    {
        let content = format!("txn,paid,amount,currency,planned\n{number},now,{amount},JPY,\n{number},,,,{}\n", good());
        let text = refused(&town, "pay", "paid.csv", content.as_bytes());
        assert!(text.contains(part), "{amount}: {text}");
    }
}

#[test]
fn of_a_file_that_cannot_be_trusted_nothing_behind_the_fault_is_followed() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let before = entries(&town, "mart");
    let stays = |name: &str, content: &str, more: &[&str], parts: &[&str]| {
        let path = file(&town, name, content);
        let run = town.run("mart", &[&["shop", "notify", "--from", &path][..], more].concat());
        assert_eq!(run.code, Some(65), "{content}: {run:?}");
        assert!(parts.iter().all(|part| run.err.contains(part)), "{content}: {}", run.err);
    };
    let map = file(&town, "map.toml", "[columns]\ntxn = \"Order\"\nshipped = \"Sent at\"\n");
    stays("a.csv", &format!("txn,shiped\n{one},now\n"), &[], &["a.csv:1: ", "did you mean \"shipped\"?"]);
    stays(
        "b.csv",
        &format!("Order,Sent\n{one},now\n"),
        &["--map", &map],
        &["b.csv:1: ", "no column is called \"Sent at\""],
    );
    stays(
        "c.csv",
        &format!("Order,Sent at,Sent at\n{one},now,\n"),
        &["--map", &map],
        &["two columns are called \"Sent at\""],
    );
    let utf16: String = "\u{fffe}".to_owned();
    stays("d.csv", &utf16, &[], &["d.csv:1: "]);
    // Two bytes a letter without a mark: every second one is a NUL, which is a sign of its own here.
    let unmarked: String = format!("txn,shipped\n{one},now\n").chars().flat_map(|c| [c, '\0']).collect();
    stays(
        "u.csv",
        &unmarked,
        &[],
        &["u.csv:1: this is no UTF-8 but looks like UTF-16LE", "iconv -f UTF-16LE -t UTF-8"],
    );
    stays("u.jsonl", &unmarked, &[], &["u.jsonl:1: ", "iconv -f UTF-16LE -t UTF-8"]);
    assert_eq!(entries(&town, "mart"), before, "nothing was sent");
    // What could be a customer's note is never read as rows of its own.
    let open = format!("txn,shipped,tracking\n{one},now,EP-1\nNOSUCH,now,\"note\n{two},now,EP-2\n");
    stays("e.csv", &open, &[], &["e.csv:3: a quotation mark opens here and nothing closes it"]);
    town.settle();
    assert!(town.does("buyer", &["show", one]).out.contains("EP-1"), "the row before it was followed");
    assert!(!town.does("buyer", &["show", two]).out.contains("EP-2"));
}

#[test]
fn a_payment_or_parcel_reported_before_its_instruction_came_is_told_and_followed_later() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "bank-transfer"]);
    town.settle();
    let number = town.number("buyer", &id);
    // The buyer pays as soon as he has the terms; the shop instructs its agents when it has his OK.
    let parts = [
        ("pay", "bank.csv", format!("txn,paid,amount,reference\n{number},now,JPY 4800,B-1\n")),
        ("ship", "parcels.csv", format!("txn,event_id,event\n{number},E-1,Collected\n")),
    ];
    for (party, name, rows) in &parts {
        let path = file(&town, name, rows);
        let before = entries(&town, party);
        for command in [&[*party, "import", &path][..], &[party, "notify", "--from", &path]] {
            let run = town.run(party, command);
            assert_eq!(run.code, Some(65), "{run:?}");
            let why = format!("row 1 ({number}): no transaction with the number {number} is known here to the");
            assert!(run.err.contains(&why), "{run:?}");
            assert!(run.err.contains("still on its way, run the file again when it has come"), "{run:?}");
        }
        assert_eq!(entries(&town, party), before, "nothing was sent, and nothing is remembered of it");
    }
    town.does("buyer", &["confirm", &id]);
    town.settle();
    for (party, name, _) in &parts {
        let path = town.path(name);
        for _ in 0..2 {
            super::check_silent(&town.run(party, &[party, "notify", "--from", path.to_str().unwrap()]));
        }
    }
    town.settle();
    town.check_stands("buyer", &id, "open", [false, false, true]);
    assert_eq!(town.count("pay", &number, "out", "payment-status"), 4, "planned, and paid once, to both");
    assert!(town.does("buyer", &["show", &id]).out.contains("Collected"));
    town.check_peace();
}

#[test]
fn a_wrong_map_or_flag_is_told_before_anything_is_read() {
    let (town, numbers) = mart(1);
    let path = file(&town, "rows.csv", format!("txn,shipped\n{},now\n", numbers[0]));
    let wrong = file(&town, "map.toml", "[columns]\ntxn = \"txn\"\nshiped = \"shipped\"\n");
    let before = entries(&town, "mart");
    let from = ["shop", "notify", "--from", path.as_str()];
    for (more, code, part) in [
        (["--map", wrong.as_str()].as_slice(), 65, "map.toml:3:1: unknown key `shiped`; did you mean `shipped`?"),
        (&["--map", "woocomerce"], 65, "--map takes a name (plain, woocommerce) or a file"),
        (&["--zone", "Asia/Tokio"], 2, "no zone known"),
        (&["--shipped"], 2, "cannot be used with"),
        (&["7K3Q2M9P"], 2, "cannot be used with"),
    ] {
        let run = town.run("mart", &[&from[..], more].concat());
        assert_eq!(run.code, Some(code), "{more:?}: {run:?}");
        assert!(run.err.contains(part), "{more:?}: {}", run.err);
    }
    for args in [["shop", "notify", "7K3Q2M9P", "--only-changes"], ["shop", "notify", "7K3Q2M9P", "--zone=Z"]] {
        assert_eq!(town.run("mart", &args).code, Some(2), "{args:?}");
    }
    assert_eq!(town.run("mart", &["shop", "notify"]).code, Some(2));
    let missing = town.run("mart", &["shop", "import", "none.csv"]);
    assert_eq!(missing.code, Some(65), "{missing:?}");
    assert_eq!(town.run("buyer", &from).code, Some(65), "not a shop");
    assert_eq!(entries(&town, "mart"), before);
}

#[test]
fn a_row_names_its_transaction_by_the_whole_number_alone_or_with_its_shop() {
    let (town, numbers) = mart(1);
    let run = town.fed("mart", &["shop", "notify", "--from", "-", "--offline"], b"");
    super::check_silent(&run);
    let lower = numbers[0].to_lowercase();
    let rows = format!("{{\"txn\":\"MART@demo.test:{lower}\",\"planned\":\"2030-01-15\"}}\n");
    super::check_silent(&town.fed("mart", &["shop", "notify", "--from", "-", "--offline"], rows.as_bytes()));
    // A beginning of a number will do for a person, and never for a row.
    let begin = &numbers[0][..5];
    let run =
        town.fed("mart", &["shop", "notify", "--from", "-"], format!("txn,planned\n{begin},2030-01-16\n").as_bytes());
    assert_eq!(run.code, Some(65));
    assert!(
        run.err.starts_with(&format!("mailorder: standard input:2: row 1 ({begin}): no transaction")),
        "{}",
        run.err
    );
}

#[test]
fn what_is_said_of_rows_is_refused_where_there_are_none_and_no_date_that_is_over_is_planned() {
    let (town, numbers) = mart(1);
    let number = numbers[0].as_str();
    let before = entries(&town, "mart");
    for more in [["--map", "woocommerce"].as_slice(), &["--zone", "Z"], &["--format", "csv"], &["--skip-unknown"]] {
        let run = town.run("mart", &[&["shop", "notify", number, "--shipped"][..], more].concat());
        assert_eq!(run.code, Some(2), "{more:?}: {run:?}");
        assert!(run.err.contains(&format!("{} is about the rows of a file", more[0])), "{run:?}");
    }
    for part in ["shop", "pay", "ship"] {
        let run = town.run("mart", &[part, "notify", number, "--planned", "2020-01-01"]);
        assert_eq!(run.code, Some(65), "{part}: {run:?}");
        assert!(run.err.contains("2020-01-01 is over"), "{part}: {run:?}");
    }
    let rows = file(&town, "old.csv", format!("txn,planned\n{number},2020-01-01\n"));
    let run = town.run("mart", &["shop", "import", &rows]);
    assert!(run.code == Some(65) && run.err.contains("2020-01-01 is over"), "{run:?}");
    assert_eq!(entries(&town, "mart"), before);
}
