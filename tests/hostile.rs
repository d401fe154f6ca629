//! A shop whose key is known writes names and remarks that would steer a terminal, a page or a spreadsheet: wherever a person
//! meets them they are text (hard-cases B89, B90, B92, B96, B97).

use crate::flows::hooks::scripted;
use crate::page::served::Served;
use crate::support::program::Town;

/// What turns the direction of writing, hides, breaks lines or buries them under marks. Control characters stand in no letter.
const STEERS: &str = "\u{202e}gro.\u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}";

/// What is more than text on a page or to a program that reads templates.
const MARKUP: &str =
    "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover=\"alert(3) {{7*7}} $(id) `id`";

/// What a spreadsheet computes.
const FORMULA: &str = "=HYPERLINK(\"https://evil.example\")";

/// A town in which goods of such a shop are on their way; returns the order's ID.
fn town() -> (Town, String) {
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
    let number = town.number("buyer", &id);
    let tracking = format!("javascript:alert(4){STEERS}{MARKUP}");
    town.does("shop", &["shop", "notify", &number, "--shipped", "--tracking", &tracking]);
    town.settle();
    (town, id)
}

/// Orders one piece and waits for the terms; returns the order's ID.
fn offer(town: &Town) -> String {
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

#[test]
fn names_of_others_steer_no_terminal_b89_b90() {
    let (town, id) = town();
    let commands: [&[&str]; 8] = [
        &["list"],
        &["show", &id],
        &["show", &id, "--full"],
        &["status"],
        &["warnings"],
        &["catalog", "shop@demo.test"],
        &["key", "list"],
        &["--json", "show", &id],
    ];
    for command in commands {
        let run = town.run("buyer", command);
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
        check_still(&command.join(" "), &run.out);
        check_still(&command.join(" "), &run.err);
    }
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("HYPERLINK") && shown.contains("\\u{202e}gro"), "{shown}");
    // What was written stands in the ledger as it was written.
    assert!(town.texts("buyer").iter().any(|text| text.contains("onmouseover")));
}

#[test]
fn names_of_others_are_text_on_every_page_b92_b96_b97() {
    let (town, id) = town();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let paths = ["/", "/warnings", "/chart", "/health", "/order?shop=shop@demo.test", "/?q=HYPERLINK"];
    let own = [
        format!("/txn/{id}"),
        format!("/txn/{id}?receipts=1"),
        format!("/order?again={id}"),
        format!("/txn/{}/confirm", offer(&town)),
    ];
    let shown = town.does("buyer", &["--json", "show", &id]).json();
    let letters = shown["letters"].as_array().unwrap().iter();
    let each = letters
        .flat_map(|letter| ["text", "data", "raw"].map(|way| format!("/txn/{id}?letter={}&as={way}", letter["entry"])));
    let mut met = 0;
    for path in paths.iter().map(|path| (*path).to_owned()).chain(own).chain(each) {
        let page = visitor.page(&path);
        check_still(&path, &page);
        for bad in ["<script>alert", "<img", "\" onmouseover", "href=\"javascript", "href=\"http", "49 $(id)"] {
            assert!(!page.contains(bad), "{path}: {bad}");
        }
        met += usize::from(page.contains("&lt;script&gt;alert(1)"));
    }
    assert!(met >= 4, "such names stand on {met} pages");
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
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told.to_string().contains(&serde_json::to_string(name).unwrap()), "{told}");
    let around = std::fs::read_to_string(town.path("shop/around")).unwrap();
    assert!(around.starts_with("0\n") && !around.contains("touch"), "{around}");
    assert!(!town.path("shop/run").exists() && !town.path("run").exists());
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 1);
}
