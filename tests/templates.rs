//! The human text of letters: every template in every language, with every value and with none, as the program fills it.

use std::fs;
use std::path::PathBuf;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use unicode_width::UnicodeWidthStr;

/// The widest line that a mail reader shows without wrapping, in columns.
const COLUMNS_MAX: usize = 76;

/// Returns path, language and text of each template.
fn templates() -> Vec<(PathBuf, &'static str, String)> {
    let mut found = Vec::new();
    for language in ["en", "ja"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("templates/mail").join(language);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, language, text));
        }
    }
    found
}

fn render(template: &str, values: &Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.render_str(template, values).unwrap_or_else(|error| panic!("{error:#}\n{template}"))
}

/// A letter with a value everywhere; the amounts are marked, so that a lost or an invented one shows.
fn everything() -> Value {
    context! {
        kind => "order-status", shop => "shop@example.com", number => "2026-0710-1234",
        order_id => "K5QW3ZB7T2MRD6XAYN4LJHGE2C", from => "shop@example.com", to => "t-yoshi@buyer.example",
        date => "2026-07-18 17:41 +09:00", buyer_name => "小野 俊之",
        lines => [
            context! { line => "1", name => "Shirt, white, 41", quantity => "2", unit_price => "JPY 4300", total => "JPY 8600" },
            context! { line => "2", name => "煎茶 200g", quantity => "1", unit_price => (), total => () },
        ],
        charges => [context! { name => "Parcel delivery", amount => "JPY 500" }],
        total => "JPY 9100", payment_method => "Visa ...3456", delivery_method => "ParcelService",
        deliver_to => ["小野 俊之", "1-1-1 Chiyoda", "100-0001 Tokyo"],
        payment_agent => "pay@bank.example", delivery_agent => "status@parcel.example", payment_due => "2026-08-31",
        arrival => "2026-07-20 to 2026-07-22", valid_through => "2026-07-17", conditions => "Return within 8 days <unused>", replaces => "sha256:99cc",
        reason => "out of stock", remarks => "Thank you", state => "shipped",
        facts => [context! { label => "Tracking number", value => "EP-998877" }, context! { label => "Parcel", value => "1" }],
        articles => [
            context! { number => "SH-41", name => "Shirt, white, 41", price => "JPY 4300", increment => "0.5", stock => "12", conditions => "Two years" },
            context! { number => "TEA-200", name => "煎茶 200g", price => "JPY 1800", increment => (), stock => (), conditions => () },
        ],
        received => [
            context! { content => "sha256:77aa", number => "2026-0710-1234" },
            context! { content => "sha256:88bb", number => () },
        ],
    }
}

/// A letter with nothing but what every letter has.
fn nothing() -> Value {
    context! {
        kind => "refusal", shop => "shop@example.com", number => (), order_id => (), from => "shop@example.com",
        to => "t-yoshi@buyer.example", date => "2026-07-18", buyer_name => (), lines => Vec::<Value>::new(),
        charges => Vec::<Value>::new(), total => (), payment_method => (), delivery_method => (),
        deliver_to => Vec::<Value>::new(), payment_agent => (), delivery_agent => (), payment_due => (), arrival => (),
        valid_through => (), conditions => (), replaces => (), reason => (), remarks => (), state => (),
        facts => Vec::<Value>::new(), articles => Vec::<Value>::new(), received => Vec::<Value>::new(),
    }
}

/// Fails unless the text is whole paragraphs of short lines that end with the reference to the machine part.
fn check_shape(path: &PathBuf, language: &str, text: &str) {
    for line in text.lines() {
        assert!(line.width() <= COLUMNS_MAX, "{path:?}: {} columns: {line}", line.width());
        assert_eq!(line, line.trim_end(), "{path:?}: blanks at the end of {line:?}");
    }
    assert!(!text.starts_with('\n') && !text.contains("\n\n\n"), "{path:?}: empty lines\n{text}");
    assert!(!text.contains("none") && !text.contains("{{"), "{path:?}: a value that is not there\n{text}");
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    let word = if language == "en" { "machine-readable part" } else { "機械可読部" };
    assert!(last.contains(word), "{path:?} ends with {last}");
}

#[test]
fn every_template_reads_well_with_every_value() {
    let templates = templates();
    assert!(templates.len() >= 2 * 21, "{} templates", templates.len());
    for (path, language, template) in templates {
        let text = render(&template, &everything());
        check_shape(&path, language, &text);
        if template.contains("lines") {
            assert!(
                text.contains("2 x JPY 4300 = JPY 8600\n") && text.contains("煎茶 200g\n     1\n"),
                "{path:?}\n{text}"
            );
        }
        if template.contains("{{ total }}") {
            assert!(text.contains(" JPY 9100\n") && text.contains("Parcel delivery: JPY 500\n"), "{path:?}\n{text}");
        }
        if template.contains("conditions") {
            assert!(text.contains("\nReturn within 8 days <unused>\n"), "{path:?}\n{text}");
        }
        if template.contains("articles") {
            assert!(
                text.contains("  SH-41  Shirt, white, 41\n     JPY 4300\n")
                    && text.contains("     Two years\n  TEA-200"),
                "{path:?}\n{text}"
            );
            let (step, stock) = if language == "en" {
                ("sold in multiples of 0.5", "in stock: 12")
            } else {
                ("販売単位: 0.5", "在庫: 12")
            };
            assert_eq!(text.matches(&format!("     {step}\n     {stock}\n")).count(), 1, "{path:?}\n{text}");
        }
        if template.contains("facts") {
            assert!(text.contains("\n\nTracking number: EP-998877\nParcel: 1\n"), "{path:?}\n{text}");
        }
    }
}

#[test]
fn every_template_reads_well_without_values() {
    for (path, language, template) in templates() {
        let text = render(&template, &nothing());
        check_shape(&path, language, &text);
        assert!(!text.contains(":\n\n"), "{path:?}: a heading without content\n{text}");
    }
}

#[test]
fn no_template_states_a_figure_of_its_own() {
    for (path, _, template) in templates() {
        let outside: String =
            template.split("{{").map(|part| part.split_once("}}").map_or(part, |(_, rest)| rest)).collect();
        assert!(!outside.chars().any(|c| c.is_ascii_digit()), "{path:?} has a figure outside its values");
    }
}

#[test]
fn a_variable_that_does_not_exist_is_an_error() {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    assert!(environment.render_str("{{ totl }}", everything()).is_err());
}
