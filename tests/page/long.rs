//! A list longer than a page: head, foot and months are of all that is asked for, or say that they are not, and the older orders
//! are reached from each page.

use std::collections::BTreeMap;
use std::path::Path;

use mailorder::trade::Moment;
use serde_json::Value;

use super::figures::{amount, currency, figures, hundredths, part, parts, sums, words};
use super::served::{Served, Visitor, listed};
use crate::support::generate::{self, Plan};
use crate::support::program::{Run, mailorder};

/// Orders on a page.
const PAGE: usize = 100;

/// Writes a ledger of so many orders, 512 within minutes, the next as many months later; serves its page.
fn generated(folder: &Path, transactions: u32, open: u32) -> Served {
    let until = Moment::parse("2026-11-01T09:00:00+09:00").unwrap();
    generate::buyer(&folder.join("a"), Plan { transactions, open, open_at: None, seed: 5, until });
    run(folder, &["list", "--limit", "1"]);
    Served::start(&folder.join("a/config.toml"))
}

fn run(folder: &Path, args: &[&str]) -> Run {
    mailorder(folder, &[&["-c", "a/config.toml"][..], args].concat())
}

fn list(folder: &Path, query: &str) -> Vec<Value> {
    let list = run(folder, &["--json", "list", query]).json();
    list["transactions"].as_array().unwrap().clone()
}

fn by_month(rows: &[Value]) -> BTreeMap<String, i64> {
    sums(rows, |one| one["date"].as_str().unwrap()[..7].to_owned())
}

/// Returns the sums of the months on a page, and which of them are said to be of what is listed alone.
fn months(page: &str) -> (BTreeMap<String, i64>, Vec<String>) {
    let (mut sums, mut cut) = (BTreeMap::new(), Vec::new());
    for group in parts(page, "scope=\"rowgroup\"", "</tr>") {
        let month = part(group, "datetime=\"", "\"").to_owned();
        let sum = figures(&format!("<x{}", part(group, "class=\"sum\"", "</span></span>"))).pop().unwrap();
        sums.insert(month.clone(), hundredths(&sum));
        cut.extend(group.contains("of those listed").then_some(month));
    }
    (sums, cut)
}

/// Returns where the page with older orders is.
fn older(page: &str) -> Option<String> {
    let link = page.split_once("id=\"older\" href=\"")?.1.split('"').next()?;
    Some(link.replace("&amp;", "&").replace("&#x2f;", "/"))
}

/// Returns the pages of a list, each reached from the one before.
fn pages(visitor: &Visitor<'_>, first: &str) -> Vec<String> {
    let mut pages = vec![visitor.page(first)];
    while let Some(next) = older(pages.last().unwrap()) {
        pages.push(visitor.page(&next));
    }
    pages
}

#[test]
fn a_long_list_adds_up_all_that_is_asked_for_and_leads_to_its_older_orders_p77_p79_p80() {
    let folder = tempfile::tempdir().unwrap();
    let served = generated(folder.path(), 600, 60);
    let visitor = served.visit();
    let all = run(folder.path(), &["--json", "list"]).json();
    for (path, query) in [("/", ""), ("/?q=closed", "closed")] {
        let rows = list(folder.path(), query);
        assert!(rows.len() > 2 * PAGE, "{query}: {}", rows.len());
        let [total] = sums(&rows, currency).into_values().collect::<Vec<i64>>()[..] else { panic!("{query}") };
        let pages = pages(&visitor, path);
        assert_eq!(pages.len(), rows.len().div_ceil(PAGE), "{query}: exactly as many pages as are filled");
        let ids: Vec<String> = pages.iter().flat_map(|page| listed(page)).collect();
        assert_eq!(ids, rows.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), "{query}");
        let known = by_month(&rows);
        assert!(known.len() >= 2, "{known:?}");
        let agreed = rows.iter().filter(|one| ["open", "completed"].contains(&one["state"].as_str().unwrap())).count();
        for page in &pages {
            let (shown, cut) = months(page);
            assert!(cut.is_empty() && !shown.is_empty());
            assert!(shown.iter().all(|(month, sum)| known[month] == *sum), "{query}: {shown:?} of {known:?}");
            let foot = part(page, "<tfoot>", "</tfoot>");
            assert!(words(foot).contains(&format!("Total of {agreed} orders")), "{query}: {}", words(foot));
            assert_eq!(figures(part(foot, "sum-cell", "</td>")).iter().map(|one| hundredths(one)).sum::<i64>(), total);
        }
        assert!(pages[0].contains("There are older ones") && !pages[0].contains("There are newer ones"), "{query}");
        assert!(pages[1].contains("There are newer ones"), "{query}");
        assert!(!pages.last().unwrap().contains("There are older ones"), "{query}");
    }
    // What stands over the list is what stands below it.
    let page = visitor.page("/");
    let foot = part(&page, "<tfoot>", "</tfoot>");
    let head = part(&page, "<dl class=\"summary\">", "</dl>");
    let unpaid = amount(&all["unpaid"][0]);
    assert_eq!(figures(part(head, "class=\"owed\"", "</dd>")), std::slice::from_ref(&unpaid));
    assert_eq!(figures(part(foot, "class=\"owing\"", "</td>")), [unpaid]);
    assert_eq!(figures(part(head, "id=\"undelivered\">", "</dd>")), [all["undelivered"].to_string()]);
    assert!(words(foot).contains(&format!("{} not delivered", all["undelivered"])), "{}", words(foot));
}

#[test]
fn exactly_as_many_as_are_asked_for_are_all_of_them_p79() {
    let folder = tempfile::tempdir().unwrap();
    let served = generated(folder.path(), u32::try_from(PAGE).unwrap(), 10);
    let page = served.visit().page("/");
    assert_eq!((listed(&page).len(), older(&page)), (PAGE, None));
    assert!(!page.contains("There are older ones"), "there is none");
    let closed = list(folder.path(), "closed").len();
    for (limit, newest) in [(closed, false), (closed - 1, true)] {
        let told = run(folder.path(), &["list", "closed", "--limit", &limit.to_string()]).out;
        assert_eq!(told.contains("the newest"), newest, "{limit} of {closed}: {told}");
    }
}

#[test]
fn sums_of_more_than_a_page_adds_up_are_said_to_be_of_what_is_listed_p77_p79() {
    let folder = tempfile::tempdir().unwrap();
    let served = generated(folder.path(), 2_100, 60);
    let visitor = served.visit();
    // So long a log is not read by a page.
    let health = words(&visitor.page("/health"));
    assert!(
        health.contains("is asked by the command beside it") && !health.contains("each entry has its file"),
        "{health}"
    );
    let first = visitor.page("/");
    let second = visitor.page(&older(&first).unwrap());
    for (page, cut) in [(&first, 1), (&second, 1)] {
        let ids = listed(page);
        let rows: Vec<Value> = list(folder.path(), "");
        let rows: Vec<Value> =
            rows.into_iter().filter(|one| ids.contains(&one["id"].as_str().unwrap().to_owned())).collect();
        assert_eq!(rows.len(), PAGE);
        let (shown, marked) = months(page);
        assert_eq!(shown, by_month(&rows));
        assert_eq!(marked.len(), cut, "{marked:?} of {shown:?}");
        assert!(words(part(page, "<tfoot>", "</tfoot>")).contains("Of those listed: total of"), "{page}");
    }
}

#[test]
fn what_is_late_stands_on_pages_of_a_hundred_and_is_counted_whole_p84() {
    let folder = tempfile::tempdir().unwrap();
    let served = generated(folder.path(), 300, 150);
    let visitor = served.visit();
    let warnings = run(folder.path(), &["--json", "warnings", "--late"]).json();
    let is_late = |one: &&Value| ["late", "silent"].contains(&one["finding"].as_str().unwrap());
    let late = warnings["warnings"].as_array().unwrap().iter().filter(is_late);
    let mut late: Vec<String> = late.map(|one| one["id"].as_str().unwrap().to_lowercase()).collect();
    assert!(late.len() > 100, "{}", late.len());
    let pages = pages(&visitor, "/warnings?late=1");
    assert_eq!(pages.len(), late.len().div_ceil(100));
    let shown = |page: &String| -> Vec<String> {
        parts(page, "<article class=\"warning\" id=\"", "\"").into_iter().map(str::to_owned).collect()
    };
    assert_eq!(shown(&pages[0]).len(), 100);
    let mut all: Vec<String> = pages.iter().flat_map(shown).collect();
    all.sort();
    late.sort();
    assert_eq!(all, late, "each on one page");
    for page in &pages {
        assert!(words(part(page, "href=\"/warnings?late=1\"", "</a>")).contains(&late.len().to_string()));
    }
    // A link to one leads to the page it stands on.
    for id in [shown(&pages[0])[0].clone(), shown(pages.last().unwrap())[0].clone()] {
        let page = visitor.page(&format!("/warnings?late=1&id=C-{}", &id[2..]));
        assert!(shown(&page).contains(&id), "{id}");
    }
    // Over the list a few are named, and the rest of the orders counted.
    let page = visitor.page("/");
    let head = part(&page, "<dl class=\"summary\">", "</dl>");
    let orders = list(folder.path(), "late").len();
    let more = words(part(head, "href=\"/?q=late\"", "</a>"));
    let count: usize = more.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!((orders - 3..orders).contains(&count), "{more} of {orders}");
}
