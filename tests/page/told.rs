//! What pages tell: commands that can be run, counts that agree, how it stands with the mail, and what to do next.

use std::fs;

use super::served::{Served, Visitor, form, value};
use crate::support::program::Town;

/// Starts the page of the buyer of a town.
fn served(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

/// Commands that pages speak of.
const COMMANDS: [&str; 8] = ["catalog", "key", "outbox", "serve", "status", "sync", "warnings", "watch"];

/// Returns what a page says of an address that has none.
fn missing(visitor: &Visitor<'_>, path: &str) -> String {
    let answer = visitor.get(path);
    assert_eq!(answer.status, 404, "{path}");
    answer.body
}

#[test]
fn every_command_that_a_page_quotes_can_be_run_as_it_stands() {
    let town = Town::played();
    let config = town.path("buyer/config.toml").to_str().unwrap().to_owned();
    // A letter that is not sent, and a key of an unknown shop.
    town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", "maildir = \"../nowhere/{to}/x\""));
    town.does("buyer", &["--offline", "ask", town.in_state("open")["id"].as_str().unwrap()]);
    let served = served(&town);
    let visitor = served.visit();
    let order = "/order?shop=shop%40demo.test";
    let (token, once) = visitor.hidden(order);
    let fields =
        [("token", token.as_str()), ("once", &once), ("shop", "nobody@demo.test"), ("sku", "X"), ("do", "check")];
    let mut pages: Vec<String> = ["/", order, "/schedule", "/warnings", "/warnings?late=1", "/chart", "/health"]
        .map(|path| visitor.page(path))
        .into();
    pages.push(visitor.fills("/order", &fields));
    let mut quoted = 0;
    for page in &pages {
        let page = page.replace("&#x2f;", "/").replace("&#x27;", "'").replace("<wbr>", "");
        for command in COMMANDS {
            assert!(!page.contains(&format!("mailorder {command}")), "{command}: {page}");
        }
        quoted += page.matches(&format!("mailorder -c {config} ")).count();
    }
    assert!(quoted >= 3, "{quoted}");
    let health = pages[6].replace("&#x2f;", "/").replace("<wbr>", "");
    assert!(health.contains(&format!("<code>mailorder -c {config} warnings</code>")), "{health}");
    assert!(!pages.iter().any(|page| page.contains("S-...")), "no command is half one");
}

#[test]
fn the_number_of_open_warnings_is_the_same_everywhere() {
    let town = Town::played();
    let served = served(&town);
    let visitor = served.visit();
    let open = town.does("buyer", &["--json", "status"]).json()["warnings"].as_u64().unwrap();
    let listed = town.does("buyer", &["--json", "warnings"]).json()["warnings"].as_array().unwrap().len();
    assert!(open > 0);
    assert_eq!(u64::try_from(listed).unwrap(), open);
    assert_eq!(town.does("buyer", &["--json", "list"]).json()["warnings"], open);
    let page = visitor.page("/warnings");
    assert!(page.contains(&format!("<title>({open}) {open} warning")), "{page}");
    assert!(page.contains(&format!("data-warnings=\"{open}\"")), "{page}");
    assert_eq!(page.matches("<article").count(), listed);
    assert!(page.contains(&format!("Open <span class=\"count\">{open}</span>")), "{page}");
    // What is late stands apart, and nothing is said of no letters.
    let late = visitor.page("/warnings?late=1");
    let all = town.does("buyer", &["--json", "warnings", "--late"]).json()["warnings"].as_array().unwrap().len();
    assert_eq!(late.matches("<article").count(), all - listed);
    for path in ["/warnings", "/warnings?late=1", "/warnings?settled=1"] {
        assert!(!visitor.page(path).contains("0 letters"), "{path}");
    }
}

#[test]
fn a_promise_of_a_day_is_shown_as_that_day_and_not_as_its_last_minute() {
    let town = Town::played();
    let id = town.list(&["--late"])[0]["id"].as_str().unwrap().to_owned();
    let legs = town.show("buyer", &id)["legs"].clone();
    let day = legs.as_array().unwrap().iter().find(|leg| leg["leg"] == "payment").unwrap()["date"].clone();
    let day = day.as_str().unwrap();
    assert_eq!(day.len(), 10, "a plain day");
    let served = served(&town);
    let visitor = served.visit();
    let late = visitor.page("/warnings?late=1");
    assert!(late.contains(&format!("<time datetime=\"{day}\">")), "{day}: {late}");
    for page in [late, visitor.page("/"), visitor.page(&format!("/txn/{id}"))] {
        assert!(!page.contains("23:59"), "{page}");
    }
    for words in [&["list"][..], &["status"], &["show", &id], &["warnings", "--late"]] {
        let run = town.does("buyer", words);
        assert!(!run.out.contains("23:59") && !run.err.contains("23:59"), "{run:?}");
    }
}

#[test]
fn the_foot_of_the_page_promises_what_is_kept() {
    let town = Town::fresh();
    let served = served(&town);
    let visitor = served.visit();
    let said = "Your schedules and rules write by themselves";
    let foot = |page: String| page.split_once("class=\"colophon\"").unwrap().1.to_owned();
    let before = foot(visitor.page("/"));
    assert!(
        before.contains("This page writes no letter until you press a button") && !before.contains(said),
        "{before}"
    );
    town.does("buyer", &["schedule", "add", "--preset", "late"]);
    assert!(foot(visitor.page("/")).contains(said));
    town.does("buyer", &["schedule", "pause", "late"]);
    assert!(!foot(visitor.page("/")).contains(said));
}

#[test]
fn what_is_not_there_is_told_with_what_to_do_next() {
    let town = Town::played();
    let served = served(&town);
    let visitor = served.visit();
    for path in ["/nothing", "/txn/ZZZZ", "/txn/ZZZZ/confirm"] {
        let page = missing(&visitor, path);
        assert!(page.contains("<h1>Nothing is here</h1>") && page.contains("name=\"q\""), "{page}");
        assert!(!page.contains("This was not done") && !page.contains("Nothing was changed"), "{page}");
    }
    assert!(missing(&visitor, "/txn/ZZZZ").contains("begins with ZZZZ"));
    // One letter begins several orders.
    let ids: Vec<String> = town.list(&[]).iter().map(|one| one["id"].as_str().unwrap()[..1].to_owned()).collect();
    if let Some(letter) = ids.iter().find(|id| ids.iter().filter(|other| other == id).count() > 1) {
        assert!(missing(&visitor, &format!("/txn/{letter}")).contains("Several orders"));
    }
}

#[test]
fn health_tells_when_mail_was_fetched_last_and_by_what() {
    let town = Town::played();
    let mail = |page: &str| {
        let (_, from) = page.split_once(">Mail in</th>").unwrap_or_else(|| panic!("{page}"));
        from.split("</tr>").next().unwrap().to_owned()
    };
    town.does("buyer", &["sync"]);
    let served = served(&town);
    let visitor = served.visit();
    let line = mail(&visitor.page("/health"));
    assert!(line.contains("last fetched") && line.contains("by mailorder sync"), "{line}");
    // The status says it as well.
    let status = || town.does("buyer", &["status"]).out;
    let told = |status: &str| status.lines().find_map(|line| line.strip_prefix("mail ")).unwrap().trim().to_owned();
    let at = town.does("buyer", &["status", "--json"]).json()["mail"]["fetched"].as_str().unwrap().to_owned();
    assert_eq!(told(&status()), format!("fetched {} {}", &at[..10], &at[11..16]));
    assert!(town.does("buyer", &["--lang", "ja", "status"]).out.contains("に受信"));
    town.does("buyer", &["watch", "--seconds", "1"]);
    assert!(mail(&visitor.page("/health")).contains("by mailorder watch"));
    // A mailbox that cannot be read.
    let inbox = town.path("mail/buyer@demo.test");
    fs::rename(&inbox, town.path("mail/away")).unwrap();
    fs::write(&inbox, "").unwrap();
    assert_ne!(town.run("buyer", &["sync"]).code, Some(0));
    assert!(told(&status()).starts_with("not fetched ") && told(&status()).contains("buyer@demo.test"), "{}", status());
    let failed = town.does("buyer", &["status", "--json"]).json()["mail"]["failed"].clone();
    assert!(failed["why"].as_str().unwrap().contains("buyer@demo.test"), "{failed}");
    let line = mail(&visitor.page("/health"));
    assert!(line.contains("could not be fetched") && line.contains("sync</code>"), "{line}");
    fs::remove_file(&inbox).unwrap();
    fs::rename(town.path("mail/away"), &inbox).unwrap();
    town.does("buyer", &["sync"]);
    assert!(mail(&visitor.page("/health")).contains("last fetched"));
}

#[test]
fn health_tells_what_waits_for_each_party() {
    let town = Town::played();
    // Whoever should take them does not.
    town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", "sendmail = \"/bin/false\""));
    town.run("buyer", &["ask", town.in_state("open")["id"].as_str().unwrap()]);
    let served = served(&town);
    let page = served.visit().page("/health");
    let (_, outbox) = page.split_once("id=\"h-outbox\"").unwrap();
    let parties = outbox.split("</ul>").next().unwrap();
    for party in ["shop", "pay", "ship"] {
        let line = parties.split("<li>").find(|line| line.contains(&format!("<bdi>{party}@demo.test</bdi>")));
        let line = line.unwrap_or_else(|| panic!("{party}: {page}"));
        assert!(line.contains("1 letter waits to be sent") && line.contains("next try"), "{line}");
    }
}

#[test]
fn health_tells_that_the_configuration_has_changed_since_the_page_was_started() {
    let town = Town::played();
    let served = served(&town);
    let visitor = served.visit();
    assert!(visitor.page("/health").contains("as it was when the page was started"));
    town.configure("buyer", |text| format!("{text}\n[[buyer.rule]]\nwhen = \"delivered unpaid\"\ndo = \"ask\"\n"));
    let page = visitor.page("/health");
    assert!(page.contains("has changed since the page was started") && page.contains("serve</code>"), "{page}");
}

#[test]
fn asking_about_several_orders_asks_those_it_can_and_names_the_others() {
    let town = Town::played();
    let served = served(&town);
    let visitor = served.visit();
    let waiting = town.order();
    let open = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let asked = |id: &str| {
        let shown = town.show("buyer", id);
        crate::support::program::letters(&shown, "out", "status-request").len()
    };
    let before = asked(&open);
    let ask = |ids: &[&str]| {
        let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("txn", *id)).chain([("act", "ask")]).collect();
        visitor.does("/", "/", &fields)
    };
    let place = ask(&[&open, &waiting]);
    assert_eq!(place, format!("/?said=asked&not={waiting}"));
    assert!(asked(&open) > before && asked(&waiting) == 0);
    let page = visitor.page(&place);
    let (_, notice) = page.split_once("id=\"unasked\"").unwrap();
    let notice = notice.split("</div>").next().unwrap();
    assert!(notice.contains(&waiting[..6]) && notice.contains("has not sent its terms yet"), "{notice}");
    assert!(!notice.contains(&open[..6]), "{notice}");
    assert!(!visitor.page("/").contains("id=\"unasked\""));
    // Not one of several can be asked about.
    let other = town.order();
    assert_eq!(ask(&[&waiting, &other]), format!("/?not={waiting}&not={other}"));
    // One alone says why at once.
    let (token, once) = visitor.hidden("/");
    let fields = [("token", token.as_str()), ("once", &once), ("txn", &waiting), ("act", "ask")];
    let answer = visitor.post("/", &fields);
    assert!(answer.status == 422 && answer.body.contains("has not sent its terms yet"), "{answer:?}");
    assert!(!form(&fields).is_empty() && !value(&page, "token").is_empty());
}

#[test]
fn acts_are_offered_only_while_something_can_come_of_them() {
    let town = Town::played();
    let served = served(&town);
    let visitor = served.visit();
    let (id, number) = town.confirmed();
    let offers = |act: &str| visitor.page(&format!("/txn/{id}")).contains(&format!("name=\"act\" value=\"{act}\""));
    assert!(offers("cancel") && offers("return"));
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    assert!(!offers("cancel") && offers("return"));
    visitor.does(&format!("/txn/{id}"), &format!("/txn/{id}"), &[("act", "return"), ("what", "all")]);
    assert!(!offers("return"), "it is asked for already");
    // From the list it is refused before a form is shown that could do nothing.
    let (token, once) = visitor.hidden("/");
    let fields = [("token", token.as_str()), ("once", &once), ("txn", &id), ("act", "return")];
    let answer = visitor.post("/", &fields);
    assert!(answer.status == 422 && answer.body.contains("asked for already"), "{answer:?}");
}

/// Returns how much is to be mended, as the menu of a page counts it, and as the page of health lists it.
fn to_mend(visitor: &Visitor<'_>, path: &str) -> (usize, Option<usize>) {
    let page = visitor.page(path).replace("&#x2f;", "/");
    let link = page.split_once("<a href=\"/health\"").unwrap().1.split("</a>").next().unwrap();
    let count = link.split_once("</svg>").map_or(0, |(_, count)| count.split('<').next().unwrap().parse().unwrap());
    assert_eq!(count > 0, link.contains("to mend"), "{link}");
    let first = page.split_once("To mend first").map(|(_, rows)| rows.split("</tbody>").next().unwrap());
    (count, first.map(|rows| rows.matches("<tr>").count()))
}

#[test]
fn what_is_to_be_mended_is_counted_in_the_menu_of_every_page_as_health_lists_it() {
    let town = Town::played();
    let served = served(&town);
    let visitor = served.visit();
    let (counted, listed) = to_mend(&visitor, "/health");
    assert_eq!(counted, listed.unwrap_or(0));
    // A file in the queue that is no letter, and a configuration that has changed: health sees it, and then each page.
    fs::write(town.path("buyer/outbox/999999.eml"), "no letter").unwrap();
    town.configure("buyer", |text| format!("{text}\n[[buyer.rule]]\nwhen = \"delivered unpaid\"\ndo = \"ask\"\n"));
    let (broken, listed_now) = to_mend(&visitor, "/health");
    assert!(broken >= counted + 2 && listed_now == Some(broken), "{counted} {broken} {listed_now:?}");
    assert_eq!(to_mend(&visitor, "/warnings"), (broken, None));
    // Nobody need look there first: it is looked at as soon as the page is started.
    let again = Served::start(&town.path("buyer/config.toml"));
    let visitor = again.visit();
    let begun = std::time::Instant::now();
    // The configuration is the one that it was started with.
    while to_mend(&visitor, "/") != (broken - 1, None) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", to_mend(&visitor, "/"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // What is mended is counted no more.
    fs::remove_file(town.path("buyer/outbox/999999.eml")).unwrap();
    assert_eq!(to_mend(&visitor, "/health"), (counted, listed));
    assert_eq!(to_mend(&visitor, "/").0, counted);
}
