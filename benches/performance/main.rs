//! What the program costs, in parts, each printed as a part of `docs/performance.md`; `benches/run` writes that page from them.
//!
//! ```text
//! cargo bench                                      every part: most of an hour
//! cargo bench -- PART                              one part
//! cargo bench -- parts                             the names of the parts, and their titles
//! cargo bench -- --quick [PART]                    small figures, to see that all of it runs
//! cargo bench -- generate DIR TRANSACTIONS OPEN    a buyer's account to play with (see tests/support/generate)
//! cargo bench -- letters DIR LETTERS               an account and mails for it, to look closer at `worker take-in`
//! cargo bench -- orders DIR ORDERS                  the same of a shop and orders for it
//! cargo bench -- events DIR TRANSACTIONS           a shop and a file of statuses for it, for `worker report`
//! cargo bench -- mailbox ORDINARY ANNOUNCED        the mailbox on a server alone, with so many mails and letters
//! ```
//!
//! `LEDGERS=DIR` has the parts `desk` and `longest` take up accounts that `generate` made in `DIR/small`, `DIR/large` and
//! `DIR/longest`, with as many transactions; `confirm` uses up what is offered in the longest one.
//!
//! Everything is made in `TMPDIR`, so that the disk of interest can be chosen. What is compared is measured alternately
//! in one run, because a machine is never twice the same; figures are medians. Passes that are measured as a whole run
//! in a process of their own (`worker`), so that their memory and processor time are theirs alone.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a figure that cannot be taken is a panic with its place"
)]

mod bare;
mod desk;
mod gauge;
#[path = "../../tests/support/generate/mod.rs"]
mod generate;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/page/http.rs"]
mod http;
mod keeping;
mod kept;
mod letters;
mod longest;
mod mailbox;
mod report;
mod screens;
mod sending;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/page/served.rs"]
mod served;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/support/servers.rs"]
mod servers;
mod way_in;
mod way_out;
mod worker;

use std::path::Path;

use mailorder::clock::Clock;

use generate::Plan;
use report::Report;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Letters of one pass on the way in.
    pub letters: u32,
    /// Orders of one pass through a shop.
    pub orders: u32,
    /// Passes of each kind.
    pub passes: usize,
    /// Letters of one round without the disk, and rounds.
    pub sample: usize,
    pub rounds: usize,
    /// Transactions of the two ledgers that are listed.
    pub listed: [u32; 2],
    /// Entries of the two ledgers that are indexed beside other programs.
    pub indexed: [u32; 2],
    /// Transactions of the longest ledger.
    pub longest: u32,
    /// Rows of the files whose memory is compared.
    pub rows: [u32; 3],
    /// Letters of one pass that are sent to a server.
    pub sent: u32,
    /// Ordinary mails in the mailbox on the server, and letters that it announces one by one.
    pub ordinary: u32,
    pub announced: u32,
    /// Runs of each command.
    pub runs: usize,
}

const FULL: Scale = Scale {
    letters: 10_000,
    orders: 2_000,
    passes: 3,
    sample: 1_000,
    rounds: 9,
    listed: [10_000, 100_000],
    indexed: [20_000, 100_000],
    longest: 156_000,
    rows: [1_000, 10_000, 100_000],
    sent: 1_000,
    ordinary: 100_000,
    announced: 100,
    runs: 15,
};

const QUICK: Scale = Scale {
    letters: 1_000,
    orders: 200,
    passes: 1,
    sample: 200,
    rounds: 3,
    listed: [500, 2_000],
    indexed: [2_000, 5_000],
    longest: 3_000,
    rows: [500, 1_000, 2_000],
    sent: 100,
    ordinary: 1_000,
    announced: 10,
    runs: 5,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => PARTS.iter().for_each(|part| part.measure(&FULL)),
        ["--quick"] => PARTS.iter().for_each(|part| part.measure(&QUICK)),
        ["--quick", name] => Part::named(name).measure(&QUICK),
        ["parts"] => PARTS.iter().for_each(|part| println!("{}\t{}", part.name, part.title)),
        ["worker", rest @ ..] => worker::run(rest),
        ["generate", folder, transactions, open] => {
            let (transactions, open) = (transactions.parse().unwrap(), open.parse().unwrap());
            let made = generate::buyer(Path::new(folder), plan(transactions, open));
            println!("{} entries; mailorder -c {folder}/config.toml list --open", made.entries);
        }
        ["mailbox", ordinary, announced] => {
            let (ordinary, announced) = (ordinary.parse().unwrap(), announced.parse().unwrap());
            let folder = tempfile::tempdir().unwrap();
            mailbox::measure(folder.path(), &Scale { ordinary, announced, ..QUICK }, &mut Report::default());
        }
        ["events", folder, transactions] => way_out::put(Path::new(folder), transactions.parse().unwrap()),
        ["letters", folder, letters] => way_in::put(Path::new(folder), letters.parse().unwrap()),
        ["orders", folder, orders] => way_in::put_orders(Path::new(folder), orders.parse().unwrap()),
        [name] => Part::named(name).measure(&FULL),
        _ => panic!("see the head of benches/performance/main.rs; not known: {words:?}"),
    }
}

/// Returns the plan of a ledger that ends now.
pub fn plan(transactions: u32, open: u32) -> Plan {
    Plan { transactions, open, open_at: None, seed: 1, until: Clock::system().now().whole_second() }
}

/// A part of the page, measured at one time.
struct Part {
    name: &'static str,
    title: &'static str,
    sections: &'static [fn(&Path, &Scale, &mut Report)],
}

const PARTS: [Part; 6] = [
    Part { name: "letters-in", title: "Letters in", sections: &[way_in::measure] },
    Part { name: "statuses-out", title: "Statuses out", sections: &[way_out::measure] },
    Part { name: "post", title: "The post", sections: &[sending::measure, mailbox::measure] },
    Part { name: "keeping", title: "Ledger, index, commands", sections: &[keeping::measure] },
    Part { name: "desk", title: "The buyer's desk", sections: &[desk::measure] },
    Part { name: "longest", title: "A million entries", sections: &[longest::measure] },
];

impl Part {
    fn named(name: &str) -> &'static Self {
        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        PARTS.iter().find(|part| part.name == name).unwrap_or_else(|| panic!("{name} is none of the parts {known:?}"))
    }

    fn measure(&self, scale: &Scale) {
        let folder = tempfile::tempdir().unwrap();
        let mut report = Report::begin(self.title);
        self.sections.iter().for_each(|section| section(folder.path(), scale, &mut report));
        report.end();
    }
}
