//! What a shop may do by itself, in every state a purchase can be in: what is refused at once, and that both sides end in the
//! same state, also where the act crosses a wish of the buyer's or a report in the mail, whichever is read first.

use mailorder::clerk::Written;
use mailorder::role::shop_cancel;
use mailorder::role::shop_change::{self, Change};
use mailorder::role::shop_desk::{self, Refund};
use mailorder::rules::{Standing, State};
use mailorder::trade::{Code, Document, Kind, Role, Settlement};

use crate::support::trade::{charge, jpy};
use crate::support::world::{BANK, BUYER, COURIER, Mail, SHOP, World};
use crate::wishes::{Purchase, Report, Stage, Wish, check_indexes, known_world};

/// What a shop may do unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// JPY 800 of what was paid.
    RefundPart,
    /// All that is left of what was paid.
    RefundAll,
    Cancel,
    /// Delivery for JPY 200 less.
    Change,
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing is written; the owner is told why.
    Not(&'static str),
    /// Both end in this state, so much goes back, and in this state once it is back.
    Ends(State, i64, State),
    /// New terms wait for the buyer; nothing changed. Once he said OK both are in this state, under the new terms.
    Offers(State, State),
}

use Outcome::{Ends, Not, Offers};

const ACTS: [Act; 4] = [Act::RefundPart, Act::RefundAll, Act::Cancel, Act::Change];

/// The table: for each stage what comes of giving back a part, giving back all, cancelling, and other terms. An order on its
/// way is nothing yet that a shop could do anything about.
const TABLE: [(Stage, [Outcome; 4]); 14] = [
    (Stage::Asked, [Not(NO_TERMS), Not(NO_TERMS), Ends(State::Rejected, 0, State::Rejected), Not(NO_TERMS)]),
    (
        Stage::Offered,
        [Not(NOTHING), Not(NOTHING), Ends(State::Cancelled, 0, State::Cancelled), Offers(State::Offered, State::Open)],
    ),
    (
        Stage::Expired,
        [Not(NOTHING), Not(NOTHING), Ends(State::Cancelled, 0, State::Cancelled), Offers(State::Offered, State::Open)],
    ),
    (
        Stage::Open,
        [Not(NOTHING), Not(NOTHING), Ends(State::Cancelled, 0, State::Cancelled), Offers(State::Open, State::Open)],
    ),
    (
        Stage::Paid,
        [
            Ends(State::Open, 800, State::Open),
            Ends(State::Open, 4800, State::Open),
            Ends(State::Cancelled, 4800, State::Refunded),
            Not("money was paid"),
        ],
    ),
    (Stage::Shipped, [Not(NOTHING), Not(NOTHING), Not(LEFT), Not(LEFT)]),
    (Stage::InPart, [Not(NOTHING), Not(NOTHING), Not(LEFT), Not("goods have arrived")]),
    (Stage::Lost, [Not(NOTHING), Not(NOTHING), Not(LEFT), Not("goods have arrived")]),
    (Stage::Delivered, [Not(NOTHING), Not(NOTHING), Not(LEFT), Not("goods have arrived")]),
    (
        Stage::Completed,
        [
            Ends(State::Completed, 800, State::Completed),
            Ends(State::Completed, 4800, State::Refunded),
            Not("is completed"),
            Not("is completed"),
        ],
    ),
    (Stage::Rejected, [Not(NO_TERMS), Not(NO_TERMS), Not("is rejected"), Not(NO_TERMS)]),
    (Stage::Cancelled, [Not(NOTHING), Not(NOTHING), Not("is cancelled"), Not("is cancelled")]),
    (Stage::Returned, [Not(NOTHING), Not(NOTHING), Not("is returned"), Not("is returned")]),
    (Stage::Refunded, [Not(NOTHING), Not(NOTHING), Not("is refunded"), Not("is refunded")]),
];

const NO_TERMS: &str = "no terms were sent";
const NOTHING: &str = "nothing is left of what was paid";
const LEFT: &str = "goods have left";

/// What both sides have of the money: what is paid, what went back, what is owed.
type Money = [Option<mailorder::trade::Money>; 3];

impl Purchase<'_> {
    /// Has the shop's owner act; returns why not, where nothing is written.
    fn act(&mut self, act: Act) -> Result<Vec<Written>, String> {
        let key = self.known(SHOP).key;
        let done = self.world.clerks[SHOP].command(&key, |known, desk| match act {
            Act::RefundPart => shop_desk::refund(known, Refund { amount: Some(jpy(800)), ..Refund::default() }, "late"),
            Act::RefundAll => shop_desk::refund(known, Refund::default(), "late"),
            Act::Cancel => shop_cancel::cancel(known, "The shirt is not made any more.", desk),
            Act::Change => {
                let charges = vec![(charge().name, jpy(300))];
                shop_change::change(known, &Change { charges, ..Change::default() }, desk)
            }
        });
        done.map_err(|error| error.to_string())
    }

    /// Returns the state in which both sides are, who also have the same of the money.
    fn alike(&mut self) -> State {
        let state = self.state();
        let [buyers, shops] = [BUYER, SHOP].map(|at| {
            let known = self.known(at);
            let standing = Standing::of(&known);
            let money: Money = [standing.legs.paid, standing.legs.refunded, standing.unpaid];
            (money, known.terms().map(|(kept, terms)| (kept.content, terms.total)))
        });
        assert_eq!(buyers, shops, "{state}");
        state
    }

    /// Returns how much the payment agent was told to give back.
    fn instructed_back(&mut self) -> i64 {
        let known = self.known(SHOP);
        let amounts = known.sent(Kind::RefundInstruction).filter(|kept| !known.is_refused(&kept.content));
        let amounts = amounts.map(|kept| match &kept.letter.document {
            Document::RefundInstruction(refund) => refund.amount.plain().parse::<i64>().unwrap(),
            _ => 0,
        });
        amounts.sum()
    }

    /// Has the payment agent give back what it was told to, all of it.
    fn gives_back(&mut self) {
        for _ in 0..4 {
            let key = self.key_at(BANK, Role::Payment);
            let known = self.world.clerks[BANK].index().load_key(&key).unwrap().unwrap();
            let due = Standing::of(&known).legs.refunding.is_some();
            if !due {
                return;
            }
            self.report(Report::Refunded);
            self.world.settle();
        }
        panic!("refunds without end");
    }

    /// Has the buyer say OK to what waits for it, where anything does. That it is not what he ordered he has seen.
    fn says_ok(&mut self) -> bool {
        let open = |world: &World| {
            world.clerks[BUYER].index().warnings(true).unwrap().into_iter().find(|one| one.code.blocks())
        };
        while let Some(warning) = open(self.world) {
            assert_eq!(warning.code, Code::TermsDifferFromOrder, "{warning:?}");
            let (position, seen) = (warning.position, Some("Seen.".to_owned()));
            self.world.clerks[BUYER].settle(position, Settlement::Accept, seen).unwrap();
        }
        let said = self.wish(Wish::Confirm).is_ok();
        self.world.settle();
        said
    }
}

/// Checks that nobody was warned of anything. Where the buyer takes his time with the OK the goods come later than agreed, which
/// is noted.
fn check_peace(world: &World, at: &str) {
    for account in [BUYER, SHOP, BANK, COURIER] {
        let mut warnings = world.clerks[account].index().warnings(true).unwrap();
        warnings.retain(|warning| warning.code != Code::PlannedLate);
        assert!(warnings.is_empty(), "{at}: {account}: {warnings:?}");
    }
}

#[test]
fn each_act_of_the_shop_in_each_state_ends_alike_on_both_sides_p96() {
    let mut world = known_world();
    for (stage, outcomes) in TABLE {
        for (act, expected) in ACTS.into_iter().zip(outcomes) {
            let at = format!("{act:?} where it is {stage:?}");
            println!("{at}");
            let mut purchase = Purchase::at(&mut world, stage);
            let before = purchase.known(SHOP).sent(Kind::RefundInstruction).count();
            let said = purchase.act(act);
            purchase.world.settle();
            match (said, expected) {
                (Err(why), Not(words)) => {
                    assert!(why.contains(words), "{at}: {why}");
                    purchase.alike();
                }
                (Ok(_), Ends(state, back, then)) => {
                    assert_eq!((purchase.alike(), purchase.instructed_back()), (state, back), "{at}");
                    if back > 0 {
                        assert_eq!(purchase.known(SHOP).sent(Kind::RefundInstruction).count(), before + 1, "{at}");
                        purchase.gives_back();
                    }
                    assert_eq!(purchase.alike(), then, "{at}");
                    let again = purchase.act(Act::RefundAll).map(drop);
                    assert!(back == 800 || again.is_err(), "{at}: nothing is given back twice");
                    purchase.world.settle();
                }
                (Ok(_), Offers(state, then)) => {
                    assert_eq!(purchase.alike(), state, "{at}");
                    assert!(purchase.says_ok(), "{at}");
                    assert_eq!(purchase.alike(), then, "{at}");
                    assert_eq!(purchase.known(BUYER).terms().unwrap().1.total, jpy(4600), "{at}");
                }
                (said, expected) => panic!("{at}: {said:?}, expected {expected:?}"),
            }
            check_peace(purchase.world, &at);
        }
    }
    check_indexes(&mut world);
}

/// What crosses with an act of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crossing {
    Wish(Wish),
    Report(Report),
}

use Crossing::{Report as Reports, Wish as Wishes};

/// Where it is, what the shop does, what is written meanwhile; and what comes of it, where what was written is read first and
/// where it is read last: the state, and what went back.
type Crosses = (Stage, Act, Crossing, [(State, i64); 2]);

const CROSSINGS: [Crosses; 30] = [
    (Stage::Asked, Act::Cancel, Reports(Report::Authorised), [(State::Rejected, 0); 2]),
    (Stage::Asked, Act::Cancel, Wishes(Wish::Cancel), [(State::Rejected, 0); 2]),
    (Stage::Offered, Act::Cancel, Wishes(Wish::Confirm), [(State::Cancelled, 0); 2]),
    (Stage::Offered, Act::Cancel, Wishes(Wish::Cancel), [(State::Cancelled, 0); 2]),
    (Stage::Offered, Act::Change, Wishes(Wish::Confirm), [(State::Open, 0); 2]),
    (Stage::Offered, Act::Change, Wishes(Wish::Cancel), [(State::Cancelled, 0); 2]),
    (Stage::Expired, Act::Change, Wishes(Wish::Cancel), [(State::Cancelled, 0); 2]),
    (Stage::Open, Act::Cancel, Wishes(Wish::Cancel), [(State::Cancelled, 0); 2]),
    (Stage::Open, Act::Cancel, Wishes(Wish::GiveAllBack), [(State::Returned, 0); 2]),
    (Stage::Open, Act::Cancel, Reports(Report::Paid), [(State::Refunded, 4800); 2]),
    (Stage::Open, Act::Cancel, Reports(Report::Delivered), [(State::Open, 0); 2]),
    (Stage::Open, Act::Cancel, Reports(Report::InPart), [(State::Open, 0); 2]),
    (Stage::Open, Act::Cancel, Reports(Report::Lost), [(State::Cancelled, 0); 2]),
    (Stage::Open, Act::Change, Wishes(Wish::Cancel), [(State::Cancelled, 0); 2]),
    (Stage::Open, Act::Change, Wishes(Wish::GiveAllBack), [(State::Returned, 0); 2]),
    (Stage::Open, Act::Change, Reports(Report::Paid), [(State::Open, 0); 2]),
    (Stage::Open, Act::Change, Reports(Report::Delivered), [(State::Open, 0); 2]),
    (Stage::Paid, Act::Cancel, Wishes(Wish::Cancel), [(State::Refunded, 4800); 2]),
    (Stage::Paid, Act::Cancel, Wishes(Wish::GiveAllBack), [(State::Refunded, 4800); 2]),
    (Stage::Paid, Act::Cancel, Reports(Report::Delivered), [(State::Open, 0); 2]),
    (Stage::Paid, Act::RefundPart, Wishes(Wish::Cancel), [(State::Refunded, 4800); 2]),
    (Stage::Paid, Act::RefundPart, Wishes(Wish::GiveAllBack), [(State::Refunded, 4800); 2]),
    (Stage::Paid, Act::RefundPart, Reports(Report::Delivered), [(State::Open, 800); 2]),
    (Stage::Paid, Act::RefundAll, Wishes(Wish::Cancel), [(State::Refunded, 4800); 2]),
    (Stage::Paid, Act::RefundAll, Wishes(Wish::GiveAllBack), [(State::Refunded, 4800); 2]),
    (Stage::Paid, Act::RefundAll, Reports(Report::Delivered), [(State::Open, 4800); 2]),
    (Stage::Completed, Act::RefundPart, Wishes(Wish::GiveAllBack), [(State::Refunded, 4800); 2]),
    (Stage::Completed, Act::RefundPart, Wishes(Wish::GivePartBack), [(State::Completed, 1800); 2]),
    (Stage::Completed, Act::RefundAll, Wishes(Wish::GiveAllBack), [(State::Refunded, 4800); 2]),
    (Stage::Completed, Act::RefundAll, Wishes(Wish::GivePartBack), [(State::Refunded, 4800); 2]),
];

#[test]
fn an_act_of_the_shop_that_crosses_what_others_write_ends_alike_whichever_comes_first() {
    let mut world = known_world();
    let mut wrong = Vec::new();
    for (stage, act, crossing, expected) in CROSSINGS {
        for (theirs_first, expected) in [true, false].into_iter().zip(expected) {
            let at = format!("{act:?} crosses {crossing:?} where it is {stage:?}, theirs first: {theirs_first}");
            println!("{at}");
            let mut purchase = Purchase::at(&mut world, stage);
            crosses(&mut purchase, act, crossing, theirs_first, &at);
            let came = (purchase.alike(), purchase.instructed_back());
            check_peace(purchase.world, &at);
            if came != expected {
                wrong.push(format!("{at}: {came:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_indexes(&mut world);
}

/// Has both written before either is read, brings them in this order, and lets all come to its end: new terms get their OK
/// where they can have one, and what is to go back goes back.
fn crosses(purchase: &mut Purchase<'_>, act: Act, crossing: Crossing, theirs_first: bool, at: &str) {
    let theirs: Vec<Mail> = match crossing {
        Wishes(wish) => {
            purchase.wish(wish).unwrap_or_else(|why| panic!("{at}: {why}"));
            purchase.world.send(BUYER)
        }
        Reports(report) => purchase.written_by_others(report),
    };
    purchase.act(act).unwrap_or_else(|why| panic!("{at}: {why}"));
    let ours = purchase.world.send(SHOP);
    assert!(!theirs.is_empty() && !ours.is_empty(), "{at}");
    let (first, then) = if theirs_first { (&theirs, &ours) } else { (&ours, &theirs) };
    purchase.bring(first);
    purchase.bring(then);
    purchase.world.settle();
    purchase.alike();
    // A person at the shop says yes to what is left to him.
    let key = purchase.known(SHOP).key;
    if purchase.world.clerks[SHOP].command(&key, shop_desk::accept).is_ok() {
        purchase.world.settle();
        purchase.alike();
    }
    if act == Act::Change {
        purchase.says_ok();
        purchase.alike();
    }
    purchase.gives_back();
}
