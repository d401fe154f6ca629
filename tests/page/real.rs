//! The page in a real browser.

use std::fs;

use serde_json::json;

use super::driver::Browser;
use super::served::Served;
use crate::support::english::english;
use crate::support::program::Town;

/// Every text on the page but commands and letters, one a line; names and hints that are heard or shown on hover, too.
const TEXTS: &str = "
    const skip = 'script, style, code, kbd, .letter-text';
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walk.nextNode()) {
        if (!walk.currentNode.parentElement.closest(skip)) texts.push(walk.currentNode.data);
    }
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
        for (const one of document.querySelectorAll('[' + name + ']')) texts.push(one.getAttribute(name));
    }
    return texts.map((text) => text.replaceAll('\\n', ' ').trim()).filter((text) => text).join('\\n');
";

/// The screens: their names and paths.
fn screens(order: &str, offered: &str) -> Vec<(&'static str, String)> {
    vec![
        ("list", "/".to_owned()),
        ("order", format!("/order?again={order}")),
        ("return", format!("/return?txn={order}&txn={offered}")),
        ("again", format!("/again?txn={order}&txn={offered}")),
        ("confirm", format!("/txn/{offered}/confirm")),
        ("transaction", format!("/txn/{order}")),
        ("schedule", "/schedule".to_owned()),
        ("warnings", "/warnings".to_owned()),
        ("chart", "/chart".to_owned()),
        ("health", "/health".to_owned()),
    ]
}

fn an_order(town: &Town) -> String {
    let open = town.does("buyer", &["--json", "list", "open", "undelivered"]).json();
    open["transactions"][0]["id"].as_str().unwrap().to_owned()
}

/// Orders a kettle and waits for its terms; returns the order's ID.
fn an_offer(town: &Town) -> String {
    let wish = ["--json", "order", "--shop", "shop@demo.test", "--item", "KETTLE;Iron kettle;JPY 36000;1"];
    let made = town.does("buyer", &[&wish[..], &["--charge", "Parcel delivery;JPY 500", "--pay", "invoice"]].concat());
    town.settle();
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A town, its buyer's page, and a browser that opened it.
fn opened(width: u32) -> (Town, Served, Browser, String) {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let browser = Browser::start(width, 1000);
    browser.open(&served.link);
    browser.until("the list", "return !!document.querySelector('table.orders')");
    let root = format!("http://{}", served.host());
    (town, served, browser, root)
}

fn state(town: &Town, id: &str) -> String {
    town.does("buyer", &["--json", "show", id]).json()["state"].as_str().unwrap().to_owned()
}

/// Returns the ID of the order whose page is open.
fn shown(browser: &Browser) -> String {
    browser.address().split("/txn/").nth(1).unwrap().chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn an_order_is_written_checked_sent_confirmed_and_asked_about_in_the_browser_p11_p34_p36_p86() {
    let (town, _served, browser, root) = opened(1280);
    browser.open(&format!("{root}/order?shop=shop@demo.test"));
    browser.write("[name=pick-TEA-200]", "-2");
    browser.click("[name=pay][value=invoice]");
    browser.click("button[value=check]");
    browser.until("the fault", "return !!document.querySelector('#fault')");
    assert!(browser.text("#fault").contains("quantity"), "{}", browser.text("#fault"));
    browser.script("document.querySelector('[name=pick-TEA-200]').value = ''");
    browser.write("[name=pick-TEA-200]", "2");
    browser.click("button[value=check]");
    browser.until("the check", "return !!document.querySelector('button[value=send]')");
    assert!(browser.text(".slip .total").contains("4,100"), "{}", browser.text(".slip"));
    browser.click("button[value=send]");
    browser.until("the order", "return location.pathname.startsWith('/txn/')");
    let id = shown(&browser);
    assert_eq!(state(&town, &id), "ordered");
    town.settle();
    assert_eq!(state(&town, &id), "offered");
    browser.open(&format!("{root}/txn/{id}/confirm"));
    assert!(browser.text(".notice--good").contains("agree"), "{}", browser.text("main"));
    browser.click("button[value=accept]");
    browser.until(
        "the OK",
        "return document.querySelector('.notice--good') !== null && location.pathname.startsWith('/txn/')",
    );
    town.settle();
    assert_eq!(state(&town, &id), "open");
    browser.open(&format!("{root}/txn/{id}"));
    browser.click("button[value=ask]");
    browser.until("the question", "return location.search === '?said=asked'");
    let letters = town.does("buyer", &["--json", "show", &id]).json()["letters"].clone();
    assert!(letters.as_array().unwrap().iter().any(|one| one["kind"] == "status-request"), "{letters}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_total_of_an_order_follows_what_is_written_and_no_card_goes_with_it() {
    let (town, _served, browser, root) = opened(1280);
    browser.open(&format!("{root}/order?shop=shop@demo.test"));
    let before = town.list(&[]).len();
    // What goes to the server is looked at on its way.
    browser.script("window.sent = []; const own = window.fetch; window.fetch = (to, how) => { if (how && how.body) sent.push(String(how.body)); return own(to, how); };");
    let follows = |sum: &str| {
        let script = format!("return (document.querySelector('#sum .total')?.textContent ?? '').includes('{sum}')");
        browser.until(sum, &script);
    };
    browser.click("[name=pay][value=invoice]");
    browser.write("[name=pick-TEA-200]", "2");
    browser.press(&["\u{e004}"]);
    follows("4,100");
    browser.write("[name=pick-SH-41]", "1");
    browser.press(&["\u{e004}"]);
    follows("8,400");
    // What is no order has no total, and nothing else of the form changes.
    browser.write("[name=pick-SH-41]", "x");
    browser.press(&["\u{e004}"]);
    browser.until("no total", "return !document.querySelector('#sum .total')");
    assert_eq!(browser.script("return document.querySelector('[name=pick-SH-41]').value"), "x");
    browser.script(
        "const field = document.querySelector('[name=card-number]'); if (field) field.value = '4111111111111111';",
    );
    browser.write("[name=pick-SH-41]", "1");
    browser.press(&["\u{e004}"]);
    follows("8,400");
    let sent = browser.script("return sent.filter((one) => one.includes('do=total'))");
    assert!(sent.as_array().unwrap().len() >= 4 && !sent.to_string().contains("4111"), "{sent}");
    // It is checked and sent by its buttons, and by nothing before.
    assert_eq!(town.list(&[]).len(), before);
    browser.click("button[value=check]");
    browser.until("the check", "return !!document.querySelector('button[value=send]')");
    assert!(browser.text(".slip .total").contains("8,400"), "{}", browser.text(".slip"));
    assert_eq!((town.list(&[]).len(), browser.complaints()), (before, Vec::new()));
}

#[test]
fn terms_that_differ_are_taken_only_when_the_differences_were_seen_p35_p118() {
    let (town, _served, browser, root) = opened(1280);
    let config = town.path("shop/config.toml");
    let written = fs::read_to_string(&config).unwrap();
    let offering = written.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1);
    assert_ne!(written, offering);
    fs::write(&config, offering).unwrap();
    let wish = ["--json", "order", "--shop", "shop@demo.test", "--item", "KETTLE;Iron kettle;JPY 36000;1", "--item"];
    let more = ["NOSUCH;Lid;JPY 900;1", "--charge", "Parcel delivery;JPY 500", "--pay", "invoice"];
    let id = town.does("buyer", &[&wish[..], &more].concat()).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    assert_eq!(state(&town, &id), "ordered", "terms that differ are not applied");
    browser.open(&format!("{root}/txn/{id}"));
    browser.click("#confirm a");
    assert!(browser.text(".notice--wait").contains("differences from your order"), "{}", browser.text("main"));
    let compared = browser.text("table.compare");
    assert!(compared.contains("Lid") && compared.contains("37,400"), "{compared}");
    browser.click("button[value=accept]");
    assert!(browser.address().ends_with("/confirm"), "the tick is wanted first");
    browser.click("[name=seen]");
    browser.click("button[value=accept]");
    browser.until("the OK", "return location.search === '?said=confirmed'");
    assert_eq!(state(&town, &id), "open");
    let letters = town.does("buyer", &["--json", "show", &id]).json()["letters"].clone();
    let terms = letters.as_array().unwrap().iter().find(|one| one["kind"] == "transaction-info").unwrap().clone();
    assert_eq!(terms["settled"], "accept", "{terms}");
}

#[test]
fn cancelling_giving_back_ordering_again_and_settling_in_the_browser_p37_p67_p94_p98() {
    let (town, _served, browser, root) = opened(1280);
    let id = an_offer(&town);
    browser.open(&format!("{root}/txn/{id}/confirm"));
    browser.click("button[value=cancel]");
    browser.until("the cancellation", "return location.search === '?said=cancelled'");
    town.settle();
    assert_eq!(state(&town, &id), "cancelled");
    let delivered = town.does("buyer", &["--json", "list", "delivered", "state:completed"]).json();
    let back = delivered["transactions"][0]["id"].as_str().unwrap().to_owned();
    browser.open(&format!("{root}/?q=delivered"));
    browser.click(&format!("input[value='{back}']"));
    browser.click("button[value=return]");
    browser.until("the return", "return location.pathname.startsWith('/txn/')");
    browser.write("#return-why", "too small");
    browser.click("button[value=return]");
    browser.until("the letter", "return location.search === '?said=returned'");
    let letters = town.does("buyer", &["--json", "show", &back]).json()["letters"].clone();
    assert!(letters.as_array().unwrap().iter().any(|one| one["kind"] == "return-request"), "{letters}");
    browser.open(&format!("{root}/"));
    browser.click(&format!("input[value='{back}']"));
    browser.click("button[value=reorder]");
    browser.until("the form", "return location.pathname === '/order'");
    let chosen = "return [...document.querySelectorAll('.articles .qty input')].filter((one) => one.value).length";
    assert_ne!(browser.script(chosen), 0);
    browser.click("button[value=check]");
    browser.until("the check", "return !!document.querySelector('button[value=send]')");
    browser.click("button[value=send]");
    browser.until("the order", "return location.search === '?said=ordered'");
    let again = town.does("buyer", &["--json", "show", &shown(&browser)]).json();
    assert!(!again["order"]["reorder_of"].is_null(), "{again}");
    browser.open(&format!("{root}/warnings"));
    let before = town.does("buyer", &["--json", "warnings"]).json()["warnings"].as_array().unwrap().len();
    let first = browser
        .script("return [...document.querySelectorAll('article')].map((a) => a.id).find((id) => id.startsWith('w-'))");
    let first = first.as_str().unwrap();
    browser.click_within(&format!("#{first} .settle li:nth-child(3) details"), "button[value=ack]");
    browser.until("the settlement", "return location.search === '?said=seen'");
    let after = town.does("buyer", &["--json", "warnings"]).json()["warnings"].as_array().unwrap().len();
    assert!(after < before, "{before} {after}");
}

#[test]
fn a_schedule_is_looked_at_set_run_paused_and_removed_in_the_browser_p90_p91_p92_p112() {
    let (town, _served, browser, root) = opened(1280);
    let schedules = || town.does("buyer", &["--json", "schedule"]).json()["schedules"].as_array().unwrap().clone();
    let mine = || schedules().into_iter().find(|one| one["name"] == "毎朝");
    let id = an_order(&town);
    browser.open(&format!("{root}/"));
    browser.click("nav.pages a[href='/schedule']");
    assert!(browser.text("table.schedules").contains("late"), "{}", browser.text("main"));
    browser.write("#s-name", "毎朝");
    browser.write("#s-query", "undelivered");
    browser.click("#w-words");
    browser.write("#s-words", "30 8 * * 1-5");
    browser.click("button[value=next]");
    browser.until("the times", "return document.querySelectorAll('#next li').length === 5");
    assert!(browser.text("#next").contains("08:30"), "{}", browser.text("#next"));
    assert_eq!(mine(), None);
    browser.click("button[value=add]");
    browser.until("the schedule", "return location.search === '?said=schedule-set'");
    assert_eq!(mine().unwrap()["when"], "30 8 * * 1-5");
    let before = town.does("buyer", &["--json", "show", &id]).json()["letters"].as_array().unwrap().len();
    browser.click("#s-毎朝 button[value=run]");
    browser.until("the questions", "return location.search === '?said=schedule-ran'");
    let after = town.does("buyer", &["--json", "show", &id]).json()["letters"].as_array().unwrap().len();
    assert!(after > before, "{before} {after}");
    browser.click("#s-毎朝 button[value=pause]");
    browser.until("the pause", "return location.search === '?said=schedule-paused'");
    assert_eq!(mine().unwrap()["paused"], true);
    // The rest without a script.
    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.click("#s-毎朝 button[value=remove]");
    browser.arrives("?said=schedule-removed");
    assert_eq!(mine(), None);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn news_reach_an_open_page_and_its_title_counts_the_warnings_p2() {
    let (town, _served, browser, root) = opened(1280);
    let warnings = town.does("buyer", &["--json", "warnings"]).json()["warnings"].as_array().unwrap().len();
    assert!(warnings > 0 && browser.title().starts_with('('), "{}", browser.title());
    browser.open(&format!("{root}/"));
    browser.script("window.seen = true");
    an_offer(&town);
    browser.until("the page is loaded anew", "return window.seen !== true");
    browser.until("the offer", "return document.body.textContent.includes('waits for your answer')");
}

#[test]
fn an_order_that_is_being_written_is_there_when_the_page_is_loaded_anew_and_in_the_other_language() {
    let (_town, _served, browser, root) = opened(1280);
    browser.open(&format!("{root}/order?shop=shop@demo.test"));
    browser.write("[name=pick-TEA-200]", "3");
    browser.press(&["\u{e004}"]);
    browser.until("its own address", "return location.search.includes('draft=')");
    let written = || browser.script("return document.querySelector('[name=pick-TEA-200]')?.value ?? ''");
    browser.script("window.old = true; location.reload()");
    browser.until("the page anew", "return !window.old && document.readyState === 'complete'");
    assert_eq!(written(), "3");
    browser.write("[name=pick-TEA-200]", "4");
    browser.press(&["\u{e004}"]);
    browser.until("the sum", "return document.querySelector('#sum').textContent.includes('7,700')");
    browser.until("the way to it", "return document.querySelector('a[hreflang=ja]').search.includes('draft=')");
    browser.click("a[hreflang=ja]");
    browser.until("Japanese", "return document.documentElement.lang === 'ja'");
    assert_eq!(written(), "4");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn news_take_no_words_away_that_are_written_in_a_form_beside_others_p2() {
    let (town, _served, browser, root) = opened(1280);
    browser.open(&format!("{root}/"));
    browser.write("#q", "tea");
    browser.press(&["\u{e004}"]);
    an_offer(&town);
    browser.until("the news", "return document.querySelector('#news a') !== null");
    assert_eq!(browser.script("return document.querySelector('#q').value"), "tea");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn news_take_nothing_from_an_order_that_is_being_written_p2() {
    let (town, _served, browser, root) = opened(1280);
    browser.open(&format!("{root}/order?shop=shop@demo.test"));
    browser.write("[name=pick-TEA-200]", "2");
    an_offer(&town);
    browser.until("the news", "return document.querySelector('#news a') !== null");
    let news = browser.script("const a = document.querySelector('#news a'); return a.pathname + ' ' + a.target");
    assert_eq!(news, "/ _blank", "it leads to a page of its own");
    browser.click("#news a");
    assert_eq!(browser.script("return document.querySelector('[name=pick-TEA-200]').value"), "2");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn news_that_come_while_a_form_is_on_its_way_do_not_take_its_answer_away_p2() {
    let (town, _served, browser, root) = opened(1280);
    let id = an_offer(&town);
    // The news come when this test has them come.
    let held = "const own = window.fetch; window.fetch = (to, how) => String(to).startsWith('/live')
        ? new Promise((answer) => { window.news = () => answer(new Response('0')); }) : own(to, how);";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": held}));
    browser.open(&format!("{root}/txn/{id}/confirm"));
    browser.until("it listens", "return typeof window.news === 'function'");
    browser.script("document.querySelector('button[value=accept]').click(); setTimeout(window.news, 0);");
    browser.until("its answer", "return location.search === '?said=confirmed'");
    assert_eq!(state(&town, &id), "open");
}

#[test]
fn a_warning_rings_on_an_open_page_where_that_is_wished_and_strangers_ring_once_an_hour_p2() {
    let town = Town::played();
    // The agent is one whose key the buyer has accepted himself.
    town.accept("buyer", "pay");
    let served = Served::start(&town.path("buyer/config.toml"));
    let browser = Browser::start(1280, 1000);
    browser.open(&served.link);
    let root = format!("http://{}", served.host());
    // The tones are counted: nobody hears a browser without a screen.
    let count = "window.rung = 0; const start = OscillatorNode.prototype.start; OscillatorNode.prototype.start = function (at) { window.rung += 1; return start.call(this, at); }";
    let stranger = |bytes: usize| {
        let mail = town.path(&format!("mail/buyer@demo.test/new/1700000001.M{bytes}.here"));
        fs::write(mail, crate::commands::large(true, bytes)).unwrap();
        town.does("buyer", &["sync"]);
    };
    let order = an_order(&town);
    let agent = |yen: u32| {
        town.misbills(&order, yen);
        town.does("buyer", &["sync"]);
    };
    let open = || browser.script("return Number(document.documentElement.dataset.warnings)").as_u64().unwrap();
    let comes = |more: u64| {
        browser.until("the warning", &format!("return document.querySelectorAll('article').length === {more}"));
    };
    browser.open(&format!("{root}/warnings"));
    let before = open();
    let listed = browser.script("return document.querySelectorAll('article').length").as_u64().unwrap();
    browser.script(count);
    assert_eq!(
        browser.script("return document.getElementById('sound').checked"),
        false,
        "off where nobody asked for it"
    );
    browser.click("#sound");
    browser.until("a sample", "return window.rung === 2");
    stranger(1_000);
    browser.until("the sound", "return window.rung === 4");
    comes(listed + 1);
    assert_eq!(open(), before + 1);
    assert_eq!(browser.script("return document.getElementById('sound').checked"), true, "it was put in anew");
    assert!(browser.title().starts_with(&format!("({})", before + 1)), "{}", browser.title());
    // Another stranger's is shown, and rings no more within the hour; a known sender's rings each time.
    stranger(2_000);
    comes(listed + 2);
    assert_eq!(browser.script("return window.rung"), 4);
    for (known, yen) in [(1, 9_991), (2, 9_992)] {
        agent(yen);
        browser.until("the sound", &format!("return window.rung === {}", 4 + 2 * known));
        comes(listed + 2 + known);
    }
    assert!(browser.title().starts_with(&format!("({})", before + 4)), "{}", browser.title());
    // What is no warning makes no sound, and the page follows all the same.
    let offers = "const count = document.querySelector('nav .count'); return count === null ? '' : count.textContent";
    let orders = browser.script(offers);
    an_offer(&town);
    browser.until("the offer", &format!("{}; return now !== {orders}", offers.replace("return", "const now =")));
    assert_eq!(browser.script("return window.rung"), 8);
    // The choice is kept, on other pages and at the next visit; switched off, it is silent.
    browser.open(&format!("{root}/"));
    browser.script(count);
    browser.click("#main");
    agent(9_993);
    browser.until("the sound", "return window.rung === 2");
    browser.open(&format!("{root}/warnings"));
    assert_eq!(browser.script("return document.getElementById('sound').checked"), true);
    browser.click("#sound");
    browser.script("window.seen = true");
    browser.script(count);
    agent(9_994);
    browser.until("the page is loaded anew", "return window.seen !== true");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn keys_alone_lead_through_the_list_and_every_act_works_without_script() {
    let (town, _served, browser, root) = opened(1280);
    let (tab, enter) = ("\u{e004}", "\u{e007}");
    browser.press(&["/"]);
    assert_eq!(browser.script("return document.activeElement.id"), "q");
    browser.open(&format!("{root}/"));
    browser.press(&["j", "j"]);
    let second = browser.script(
        "return document.activeElement.href === document.querySelectorAll('table.orders tbody th > a')[1].href",
    );
    assert_eq!(second, true);
    browser.press(&[enter]);
    browser.until("the order", "return location.pathname.startsWith('/txn/')");
    // The first stop of the tabulator leads past the navigation.
    browser.press(&[tab]);
    assert_eq!(browser.script("return document.activeElement.className"), "skip");
    // Each thing that can be pressed is reached by the tabulator.
    browser.open(&format!("{root}/warnings"));
    let lost = browser.script("return [...document.querySelectorAll('a, button, input, summary, textarea')].filter((e) => e.tabIndex < 0).map((e) => e.outerHTML.slice(0, 80))");
    assert_eq!(lost, json!([]));
    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    let id = an_order(&town);
    browser.open(&format!("{root}/txn/{id}"));
    let before = town.does("buyer", &["--json", "show", &id]).json()["letters"].as_array().unwrap().len();
    browser.click("button[value=ask]");
    browser.arrives("?said=asked");
    let after = town.does("buyer", &["--json", "show", &id]).json()["letters"].as_array().unwrap().len();
    assert!(after > before);
}

#[test]
fn a_page_in_japanese_has_no_english_left_in_it() {
    let (town, _served, browser, root) = opened(1280);
    let (order, offered) = (an_order(&town), an_offer(&town));
    let mut paths: Vec<String> = screens(&order, &offered).into_iter().map(|(_, path)| path).collect();
    let all = town.does("buyer", &["--json", "list"]).json();
    let ids = all["transactions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap());
    paths.extend(ids.map(|id| format!("/txn/{id}?receipts=1")));
    paths.extend(["/schedule", "/warnings?settled=1", "/?q=mouth:3", "/nothing", "/txn/NOPE"].map(str::to_owned));
    paths.push(format!("/txn/{order}/confirm"));
    let mut faults = Vec::new();
    for path in paths {
        let sign = if path.contains('?') { '&' } else { '?' };
        browser.open(&format!("{root}{path}{sign}lang=ja"));
        assert_eq!(browser.script("return document.documentElement.lang"), "ja");
        let texts = browser.script(TEXTS);
        let texts = texts.as_str().unwrap();
        assert!(texts.lines().count() > 10, "{path}: {texts}");
        faults.extend(english(texts).into_iter().map(|line| format!("{path}: {line}")));
        // Of a page that is not there the browser says so.
        let there = !["/nothing", "/txn/NOPE", "/?q=mouth:3"].contains(&path.as_str());
        assert!(browser.complaints().is_empty() || !there, "{path}");
    }
    // What is wrong with a form is told in Japanese, too.
    browser.open(&format!("{root}/order?again={order}&lang=ja"));
    browser.click(".other-goods summary");
    browser.write(".other-goods [name=item]", "茶");
    browser.write(".other-goods [name=price]", "4300");
    browser.click("button[value=check]");
    browser.until("the fault", "return !!document.querySelector('#fault')");
    assert!(browser.text("#fault").contains("通貨がありません"), "{}", browser.text("#fault"));
    faults.extend(english(&browser.text("#fault")));
    assert_eq!(faults, Vec::<String>::new());
}
