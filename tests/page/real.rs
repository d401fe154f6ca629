//! The page in a real browser.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::driver::{Browser, FAULTS};
use super::served::Served;
use crate::support::program::Town;

/// The screens: their names and paths.
fn screens(order: &str) -> Vec<(&'static str, String)> {
    vec![
        ("list", "/".to_owned()),
        ("transaction", format!("/txn/{order}")),
        ("warnings", "/warnings".to_owned()),
        ("chart", "/chart".to_owned()),
        ("health", "/health".to_owned()),
    ]
}

fn an_order(town: &Town) -> String {
    let open = town.does("buyer", &["--json", "list", "open", "undelivered"]).json();
    open["transactions"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn each_screen_in_two_languages_two_widths_and_both_colour_schemes_has_no_fault() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let browser = Browser::start(1280, 1000);
    browser.open(&served.link);
    let root = format!("http://{}", served.host());
    let pictures = std::env::var_os("MAILORDER_PICTURES");
    let order = an_order(&town);
    for (name, path) in screens(&order) {
        for (language, scheme, width) in [("en", "light", 1280), ("ja", "light", 1280), ("en", "dark", 1280), ("en", "light", 375)] {
            browser.devtools("Emulation.setDeviceMetricsOverride", &json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}));
            browser.devtools("Emulation.setEmulatedMedia", &json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}));
            let sign = if path.contains('?') { '&' } else { '?' };
            browser.open(&format!("{root}{path}{sign}lang={language}"));
            assert_eq!(browser.script("return document.documentElement.lang"), language);
            let faults = browser.script(FAULTS);
            assert_eq!(faults, json!([]), "{name} {language} {scheme} {width}");
            assert_eq!(browser.complaints(), Vec::<String>::new(), "{name} {language}");
            if let Some(folder) = &pictures {
                fs::write(Path::new(folder).join(format!("{name}-{language}-{scheme}-{width}.png")), browser.picture()).unwrap();
            }
        }
    }
}
