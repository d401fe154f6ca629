//! Tables: what is stored, what arrives, the verdict and its findings. After a warning the legs are as before (P68).

mod agreement;
mod answers;
mod crowds;
mod erasable;
mod held;
mod legs;
mod shop;
mod statements;
mod voices;

use mailorder::rules::Standing;
use mailorder::trade::{Code, Letter, Verdict};

use crate::support::trade::Desk;

/// One row: what it shows, what is stored before, what arrives, what is found. No finding: it is applied.
struct Row {
    shows: &'static str,
    stored: Vec<Letter>,
    arrives: Letter,
    finds: &'static [Code],
}

fn row(shows: &'static str, stored: &[&Letter], arrives: Letter, finds: &'static [Code]) -> Row {
    Row { shows, stored: stored.iter().map(|letter| (*letter).clone()).collect(), arrives, finds }
}

/// Plays each row on a fresh desk.
fn check(desk: impl Fn() -> Desk, rows: Vec<Row>) {
    for Row { shows, stored, arrives, finds } in rows {
        let mut desk = desk();
        for letter in &stored {
            assert_eq!(desk.takes(letter).verdict, Verdict::Applied, "{shows}: what is stored counts");
        }
        refused_or_applied(&mut desk, shows, &arrives, finds);
    }
}

/// Takes one letter; where it is warned about nothing of it may be applied.
fn refused_or_applied(desk: &mut Desk, shows: &str, arrives: &Letter, finds: &[Code]) {
    let before = standings(desk);
    let judgement = desk.takes(arrives);
    let codes: Vec<Code> = judgement.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, finds, "{shows}: {:?}", judgement.findings);
    let blocked = finds.iter().any(|code| code.blocks());
    assert_eq!(judgement.verdict == Verdict::Warned, blocked, "{shows}: {}", judgement.verdict);
    if blocked {
        assert_eq!(standings(desk), before, "{shows}: nothing is applied after a warning");
    } else {
        assert!(matches!(judgement.verdict, Verdict::Applied | Verdict::Stale), "{shows}: {}", judgement.verdict);
    }
    assert!(judgement.findings.iter().all(|finding| !finding.text.is_empty()), "{shows}: each finding says what");
}

/// How every order stands.
fn standings(desk: &Desk) -> Vec<Standing> {
    desk.book.iter().filter(|known| known.order().is_some()).map(Standing::of).collect()
}
