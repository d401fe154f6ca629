//! What a buyer looks at, timed on ledgers of several lengths in turn: commands as whole processes, pages of `serve`.

use super::Scale;
use super::gauge::{Series, memory, run, timed};
use super::generate::story;
use super::kept::Kept;
use super::served::{Served, form};

/// The longest that anybody is to wait, in ms.
pub const LIMIT: f64 = 50.0;

/// A command or page, on each ledger; the first time of a page is apart.
pub struct Timed {
    pub what: String,
    pub series: Vec<Series>,
    first: Vec<f64>,
}

impl Timed {
    /// Returns what was timed on one ledger alone.
    pub fn of(what: &str, series: Series) -> Self {
        Self { what: what.to_owned(), series: vec![series], first: Vec::new() }
    }

    /// Returns the figures of the two ledgers that were compared.
    pub fn both(&self) -> [&Series; 2] {
        [&self.series[0], &self.series[1]]
    }

    /// Says how long the first time on a ledger took, where that is another matter than later ones.
    pub fn slow_at_first(&self, at: usize) -> Option<String> {
        let first = *self.first.get(at)?;
        let is_slow = first > 2.0 * self.series[at].median() && first * 1e3 > LIMIT;
        is_slow.then(|| format!("{} {} ms", self.what, super::report::short(first * 1e3)))
    }
}

/// Returns what each command and page took, and the memory of each ledger's server after all of them: resident and the
/// most, in MiB.
pub fn time(kept: &[Kept], scale: &Scale) -> (Vec<Timed>, Vec<[f64; 2]>) {
    let ids: Vec<Vec<String>> = kept.iter().map(Kept::offered).collect();
    let mut all = commands(kept, &ids, scale);
    let (pages, used) = pages(kept, &ids, scale);
    all.extend(pages);
    (all, used)
}

fn commands(kept: &[Kept], ids: &[Vec<String>], scale: &Scale) -> Vec<Timed> {
    let every: [(&str, &[&str]); 7] = [
        ("`list --open`", &["list", "--open"]),
        ("`list --limit 50`", &["list", "--limit", "50"]),
        ("`list unpaid`", &["list", "unpaid"]),
        ("`list 螺鈿の小箱`", &["list", story::RARE]),
        ("`status`", &["status"]),
        ("`warnings`", &["warnings"]),
        ("`show ID`", &["show", "ID"]),
    ];
    let timed = |(what, words): (&str, &[&str])| {
        let mut series = vec![Series::default(); kept.len()];
        for place in 0..scale.runs {
            for ((one, ids), series) in kept.iter().zip(ids).zip(&mut series) {
                let id = ids[place % ids.len()].as_str();
                let words: Vec<&str> = words.iter().map(|word| if *word == "ID" { id } else { word }).collect();
                series.push(run(&mut one.command(&words)).wall);
            }
        }
        Timed { what: what.to_owned(), series, first: Vec::new() }
    };
    every.into_iter().map(timed).collect()
}

fn pages(kept: &[Kept], ids: &[Vec<String>], scale: &Scale) -> (Vec<Timed>, Vec<[f64; 2]>) {
    let served: Vec<Served> = kept.iter().map(|one| Served::start(&one.config)).collect();
    let visitors: Vec<_> = served.iter().map(Served::visit).collect();
    let search = format!("/?{}", form(&[("q", story::RARE)]));
    let every = [
        ("the list", "/"),
        ("the list, unpaid", "/?q=unpaid"),
        ("the list, late", "/?q=late"),
        ("the list, closed", "/?q=closed"),
        ("the list of a shop", "/?shop=example"),
        ("the list, 螺鈿の小箱", &search),
        ("the list of a shop without orders", "/?shop=nowhere"),
        ("the list of a month", "/?month=2026-10"),
        ("the list, further on", "/?after=ID"),
        ("a transaction", "/txn/ID"),
        ("its first letter", "/txn/ID?letter=LETTER&as=text"),
        ("its terms, to confirm", "/txn/ID/confirm"),
        ("the order form", "/order"),
        ("an order again", "/order?again=ID"),
        ("the warnings", "/warnings"),
        ("the warnings, what is late", "/warnings?late=1"),
        ("the warnings, what is settled", "/warnings?settled=1"),
        ("the charts", "/chart"),
        ("the schedules", "/schedule"),
        ("the health", "/health"),
        ("an export of what is open, csv", "/export?format=csv&q=open"),
    ];
    let first_letter = |one: &Kept, id: &String| one.json(&["show", id])["letters"][0]["entry"].to_string();
    let letters_of = |(one, ids): (&Kept, &Vec<String>)| ids.iter().map(|id| first_letter(one, id)).collect();
    let letters: Vec<Vec<String>> = kept.iter().zip(ids).map(letters_of).collect();
    let mut all = Vec::new();
    for (what, path) in every {
        let mut one = Timed {
            what: format!("page: {what}"),
            series: vec![Series::default(); kept.len()],
            first: vec![0.0; kept.len()],
        };
        for place in 0..=scale.runs {
            for at in 0..kept.len() {
                let place_of = place % ids[at].len();
                let path = path.replace("ID", &ids[at][place_of]).replace("LETTER", &letters[at][place_of]);
                let (seconds, answer) = timed(|| visitors[at].get(&path));
                assert_eq!(answer.status, 200, "{path}: {}", answer.body);
                if place == 0 {
                    one.first[at] = seconds;
                } else {
                    one.series[at].push(seconds);
                }
            }
        }
        all.push(one);
    }
    let used = |served: &Served| {
        let process = served.child.id().to_string();
        ["VmRSS", "VmHWM"].map(|field| memory(&process, field).unwrap())
    };
    (all, served.iter().map(used).collect())
}
