//! Which test drives which act of the page in a real browser: with the demonstration's data, over real mail servers, by keys
//! alone, and without a script.
//!
//! What is true of all of them is in the driver: each browser has a closed port for its proxy, so that whatever is asked for
//! elsewhere is a fault, and none ends well that complained of anything.

use std::fs;
use std::path::Path;

/// The demonstration as a newcomer starts it, and a town that has played it.
const DEMO: &str = "demonstration.rs::from_the_demonstration_a_newcomer_buys_asks_and_cancels_and_everybody_answers_p11_p36_p37_p67_p86";
const SEEN: &str =
    "demonstration.rs::from_the_demonstration_a_newcomer_sees_every_screen_filled_as_the_commands_say_p72";
const LOOKS: &str = "demonstration.rs::each_screen_in_two_languages_four_widths_and_both_colour_schemes_has_no_fault";
const TOWN_DIFFERS: &str = "real.rs::terms_that_differ_are_taken_only_when_the_differences_were_seen_p35_p118";
const TOWN_BACK: &str = "real.rs::cancelling_giving_back_ordering_again_and_settling_in_the_browser_p37_p67_p94_p98";
const TOWN_SCHEDULE: &str =
    "real.rs::a_schedule_is_looked_at_set_run_paused_and_removed_in_the_browser_p90_p91_p92_p112";
const TOWN_JAPANESE: &str = "real.rs::a_page_in_japanese_has_no_english_left_in_it";
/// Over a real Postfix and a real Dovecot.
const MAIL: &str =
    "purchase.rs::an_order_is_made_followed_and_given_back_in_the_browser_over_real_mail_p11_p34_p72_p89_p94_p98";
const MAIL_CANCEL: &str =
    "purchase.rs::an_offer_is_cancelled_in_the_browser_and_the_shop_hears_of_it_over_real_mail_p35_p37";
const MAIL_ALL: &str = "purchase.rs::differing_terms_schedules_what_came_a_warning_and_several_orders_over_real_mail_p35_p67_p84_p90_p92_p98";
/// By the tabulator, space and enter.
const KEYS: &str = "keys.rs::a_purchase_is_made_by_tabulator_space_and_enter_alone_p11_p36_p86_p94";
const KEYS_CANCEL: &str = "keys.rs::an_offer_is_cancelled_and_terms_that_differ_are_accepted_by_keys_alone_p35_p37";
const KEYS_SCHEDULE: &str = "keys.rs::a_schedule_is_added_paused_run_and_removed_by_keys_alone_p90_p91_p92";
const KEYS_SETTLE: &str = "keys.rs::a_letter_is_accepted_with_a_reason_and_its_sender_blocked_by_keys_alone_p67";
const KEYS_SEVERAL: &str = "keys.rs::several_orders_are_repeated_and_given_back_by_keys_alone_p82_p94_p98";
const CAME: &str = "keys.rs::what_came_is_said_by_keys_alone_and_without_a_script_p84";
const OUTBOX: &str = "keys.rs::a_letter_in_the_outbox_is_tried_again_and_dropped_by_keys_alone_and_without_a_script";
/// With scripts switched off.
const PLAIN: &str = "keys.rs::a_purchase_is_made_without_a_script_p11_p36_p86_p94";
const PLAIN_MORE: &str =
    "keys.rs::cancelling_differing_terms_schedules_and_ordering_again_need_no_script_p35_p37_p90_p98";
const PLAIN_SETTLE: &str = "keys.rs::a_letter_is_accepted_and_its_sender_blocked_and_heard_again_without_a_script_p67";
const PLAIN_SEVERAL: &str = "keys.rs::several_orders_are_repeated_and_given_back_without_a_script_p82_p94_p98";

/// What is done or looked at, and where: demonstration, real mail, keys, no script; what comes in by mail alone has no keys of its
/// own, and a fault of a page none without a script that looks for it.
const ACTS: [(&str, [&str; 4]); 17] = [
    ("order", [DEMO, MAIL, KEYS, PLAIN]),
    ("confirm", [DEMO, MAIL, KEYS, PLAIN]),
    ("terms that differ", [TOWN_DIFFERS, MAIL_ALL, KEYS_CANCEL, PLAIN_MORE]),
    ("cancel", [DEMO, MAIL_CANCEL, KEYS_CANCEL, PLAIN_MORE]),
    ("status request", [DEMO, MAIL, KEYS, PLAIN]),
    ("what came", ["", MAIL_ALL, CAME, CAME]),
    ("return", [TOWN_BACK, MAIL, KEYS, PLAIN]),
    ("order again", [TOWN_BACK, MAIL, KEYS, PLAIN_MORE]),
    ("several ordered again", ["", MAIL_ALL, KEYS_SEVERAL, PLAIN_SEVERAL]),
    ("several given back", ["", "", KEYS_SEVERAL, PLAIN_SEVERAL]),
    ("schedule set and run", [TOWN_SCHEDULE, MAIL_ALL, KEYS_SCHEDULE, PLAIN_MORE]),
    ("warning settled", [DEMO, MAIL_ALL, KEYS, PLAIN]),
    ("letter accepted, sender blocked", ["", "", KEYS_SETTLE, PLAIN_SETTLE]),
    ("letter of the outbox tried again, dropped", ["", "", OUTBOX, OUTBOX]),
    ("the other language", [TOWN_JAPANESE, MAIL_ALL, KEYS, PLAIN]),
    ("each screen's figures as its command has them", [SEEN, MAIL_ALL, "", ""]),
    ("console, contrast, labels, ids", [LOOKS, MAIL_ALL, "", ""]),
];

#[test]
fn every_act_of_the_page_has_its_test_by_keys_and_without_a_script_and_the_chief_ones_over_real_mail() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    for (act, tests) in ACTS {
        assert!(tests.iter().filter(|test| !test.is_empty()).count() >= 2, "{act}");
        for test in tests.iter().filter(|test| !test.is_empty()) {
            let (file, name) = test.split_once("::").unwrap();
            let text = fs::read_to_string(folder.join(file)).unwrap();
            let begin = text.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("{act}: no {test}"));
            assert!(text[..begin].trim_end().ends_with("#[test]"), "{act}: {test} is a test");
        }
    }
}
