//! The charts' figures: those of the list, however often they were looked at before.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::served::Served;
use crate::support::program::Town;

/// Returns what the charts show, drawn and in tables, without the frame of the page.
fn charts(town: &Town) -> String {
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/chart?currency=JPY");
    page.split_once("id=\"h-spend\"").unwrap().1.split_once("</main>").unwrap().0.to_owned()
}

/// Returns the figures of a table's rows, the last of each row.
fn last_figures(page: &str, table: &str) -> Vec<String> {
    let body = page.split_once(&format!("id=\"{table}\"")).unwrap().1.split_once("</table>").unwrap().0;
    let rows = body.split("<tr>").skip(2);
    let figure = |row: &str| row.rsplit_once("class=\"num\">").unwrap().1.split('<').next().unwrap().replace(',', "");
    rows.map(figure).collect()
}

/// Returns the yen of agreed orders by month of purchase, and what of all is unpaid.
fn of_list(town: &Town) -> (BTreeMap<String, i64>, i64) {
    let list = town.does("buyer", &["list", "--json"]).json();
    let yen = |money: &Value| -> i64 {
        if money["currency"] == "JPY" { money["amount"].as_str().unwrap().parse().unwrap() } else { 0 }
    };
    let mut months = BTreeMap::new();
    for one in list["transactions"].as_array().unwrap() {
        if one["state"] == "open" || one["state"] == "completed" {
            let month = one["date"].as_str().unwrap()[..7].to_owned();
            *months.entry(month).or_default() += yen(&one["total"]);
        }
    }
    (months, list["unpaid"].as_array().unwrap().iter().map(yen).sum())
}

#[test]
fn months_and_sums_are_those_of_the_list_p77_p80() {
    let town = Town::played();
    town.configure("buyer", |text| text.to_owned());
    let (months, unpaid) = of_list(&town);
    assert!(!months.is_empty() && unpaid > 0);
    let page = charts(&town);
    let drawn: Vec<i64> = last_figures(&page, "spending").iter().map(|figure| figure.parse().unwrap_or(0)).collect();
    let (year, by_month) = drawn.split_last().unwrap();
    assert_eq!(by_month.len(), 12, "{drawn:?}");
    let spent: Vec<i64> = by_month.iter().copied().filter(|sum| *sum != 0).collect();
    assert_eq!(spent, months.values().copied().collect::<Vec<i64>>());
    assert_eq!(*year, months.values().sum::<i64>());
    let now = page.split_once("class=\"num now\">").unwrap().1.split_once("</td>").unwrap().0;
    let digits: String = now.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, unpaid.to_string(), "the newest step is what is unpaid now");
}

/// A level of what was unpaid as it is drawn: from where to where, and how high.
type Drawn = (f64, f64, f64);

/// Returns what stands behind these words, as a number.
fn number(text: &str, words: &str) -> f64 {
    let behind = text.split_once(words).unwrap_or_else(|| panic!("no {words} in {text}")).1;
    behind.split(['%', '"']).next().unwrap().parse().unwrap()
}

/// Returns the yen of an amount in a cell.
fn yen(cell: &str) -> f64 {
    let figure = cell.split_once("</span>").unwrap().1.split('<').next().unwrap();
    figure.replace(',', "").parse().unwrap()
}

/// Returns the levels that are drawn from the left to the right, and those of them that are drawn as over the limit, in yen.
fn levels(page: &str) -> (Vec<Drawn>, usize) {
    let drawing = page.split_once("id=\"h-unpaid\"").unwrap().1.split_once("</svg>").unwrap().0;
    // The grid says what a place stands for.
    let grid: Vec<&str> = drawing.split("<line class=\"").skip(1).take(6).collect();
    let figure = |line: &str| -> f64 {
        let text = line.rsplit_once("</text>").unwrap().0.rsplit_once('>').unwrap().1;
        text.replace(',', "").parse().unwrap()
    };
    let (zero, top) = (number(grid[0], "y1=\""), number(grid[5], "y1=\""));
    let worth = |y: f64| (zero - y) / (zero - top) * figure(grid[5]);
    let steps = drawing.split("<line class=\"step\"").skip(1).map(|step| step.split("/>").next().unwrap());
    let flat = steps.filter(|step| number(step, "y1=\"") == number(step, "y2=\""));
    let levels = flat.map(|step| (number(step, "x1=\""), number(step, "x2=\""), worth(number(step, "y1=\""))));
    (levels.filter(|(_, _, level)| level.is_finite()).collect(), drawing.matches("class=\"area-over\"").count())
}

#[test]
fn every_number_of_the_table_is_drawn_those_within_a_day_and_over_the_limit_too() {
    let town = Town::played();
    town.configure("buyer", |text| {
        assert!(text.contains("\nunpaid_limits = [\"JPY 50000\"]\n"), "{text}");
        text.replace("JPY 50000", "JPY 30000")
    });
    let page = charts(&town);
    let (drawn, over) = levels(&page);
    let table = page.split_once("id=\"steps\"").unwrap().1.split_once("</table>").unwrap().0;
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    let told: Vec<f64> = rows.iter().rev().map(|row| yen(row.split_once("num now\">").unwrap().1)).collect();
    let found: Vec<f64> = drawn.iter().map(|(_, _, level)| level.round()).collect();
    assert_eq!(drawn.len(), told.len(), "{found:?} of {told:?}");
    // A pixel is drawn to a tenth.
    let near = |drawn: f64, told: f64| (drawn - told).abs() < 250.0;
    assert!(found.iter().zip(&told).all(|(drawn, told)| near(*drawn, *told)), "{found:?} of {told:?}");
    assert!(drawn.windows(2).all(|pair| pair[0].1 == pair[1].0), "one after the other: {drawn:?}");
    // Of some days there is more than one step, of which one is higher than what was before and after.
    assert!(told.windows(3).any(|steps| steps[1] > steps[0] && steps[1] > steps[2]), "{told:?}");
    let beyond = table.matches("over by").count();
    assert!(beyond > 0, "{table}");
    assert_eq!(over, beyond);
}

#[test]
fn what_changes_a_day_that_was_looked_at_changes_its_charts() {
    let town = Town::played();
    let first = charts(&town);
    assert_eq!(charts(&town), first, "from the sums that are kept");
    let list = town.list(&[]);
    let older = list.iter().find(|one| one["state"] == "completed").unwrap();
    let id = older["id"].as_str().unwrap();
    // Goods of an earlier day go back, another order is paid, and a new one is made.
    town.does("buyer", &["return", id, "--reason", "too small"]);
    town.settle();
    let (_, number) = town.confirmed();
    town.reports(&number, &[("pay", "--paid")]);
    let kept = charts(&town);
    assert_ne!(kept, first);
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(town.path(&format!("buyer/index.sqlite{ending}")));
    }
    assert_eq!(charts(&town), kept, "as if nothing had been kept");
}

#[test]
fn what_charts_need_is_reckoned_before_anybody_asks_for_them() {
    let town = Town::played();
    let kept = || -> i64 {
        let index = rusqlite::Connection::open(town.path("buyer/index.sqlite")).unwrap();
        index.query_row("SELECT count(*) FROM days", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept(), 0);
    let served = Served::start(&town.path("buyer/config.toml"));
    let begun = Instant::now();
    while kept() < 330 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(kept() >= 330, "all days of a year but today: {}", kept());
    let shown = served.visit().page("/chart?currency=JPY");
    assert!(shown.contains("id=\"spending\""), "{shown}");
}

#[test]
fn a_bill_above_the_agreement_that_was_accepted_is_spent_too() {
    let town = Town::played();
    let year = |town: &Town| -> i64 { last_figures(&charts(town), "spending").pop().unwrap().parse().unwrap() };
    let before = year(&town);
    let open = town.does("buyer", &["warnings", "--json"]).json();
    let open = open["warnings"].as_array().unwrap();
    let warning = open.iter().find(|one| one["finding"] == "amount-differs").unwrap()["id"].as_str().unwrap();
    town.does("buyer", &["warnings", "accept", warning, "--reason", "agreed by telephone"]);
    assert_eq!(year(&town), before + 1000);
    assert!(charts(&town).contains("billed above the agreement, accepted"));
    let books = town.does("buyer", &["export", "--format", "hledger"]).out;
    let expenses = books.lines().filter(|line| line.trim().starts_with("expenses:"));
    let spent: i64 = expenses.map(|line| line.split_once("  JPY ").unwrap().1.trim().parse::<i64>().unwrap()).sum();
    assert_eq!(spent, year(&town), "{books}");
}

/// What needs the clock moved.
mod real {
    use super::{Served, Town, last_figures};

    #[test]
    fn what_was_unpaid_on_a_day_stays_so_though_the_order_is_cancelled_later() {
        let town = Town::fresh();
        let (id, _) = town.confirmed();
        assert_eq!(town.at("+5d", "buyer", &["cancel", &id]).code, Some(0));
        for _ in 0..4 {
            for party in ["shop", "pay", "ship", "buyer"] {
                let synced = town.at("+5d", party, &["sync"]);
                assert_eq!(synced.code, Some(0), "{party}: {}", synced.err);
            }
        }
        assert_eq!(town.show("buyer", &id)["state"], "cancelled");
        let served = Served::start_at("+6d", &town.path("buyer/config.toml"));
        let page = served.visit().page("/chart?currency=JPY");
        let (_, steps) = page.split_once("id=\"steps\"").unwrap();
        let rows: Vec<&str> = steps.split("</table>").next().unwrap().split("<tr>").skip(2).collect();
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows[0].contains("not to be paid any more") && rows[0].contains("4,800"), "{}", rows[0]);
        assert!(rows[1].contains("ordered") && rows[1].contains("4,800"), "{}", rows[1]);
        let bought = rows[1].split("num now\">").nth(1).unwrap();
        assert!(bought.contains("4,800"), "what was unpaid then: {bought}");
        let year = last_figures(&page, "spending");
        assert!(year.iter().all(|figure| figure.parse::<i64>().unwrap_or(0) == 0), "nothing was spent: {year:?}");
    }
}

#[test]
fn what_came_back_is_not_spent() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &[]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    let spent = || last_figures(&charts(&town), "spending").pop().unwrap();
    assert_eq!(spent(), "9100");
    town.does("shop", &["shop", "refund", &number, "--amount", "JPY 700"]);
    town.settle();
    town.reports(&number, &[("pay", "--refunded")]);
    town.settle();
    assert_eq!(spent(), "8400");
    town.check_stands("buyer", &id, "completed", [true; 3]);
}
