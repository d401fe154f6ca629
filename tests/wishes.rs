//! What a buyer may wish, in every state a purchase can be in: what is refused at once, what the shop says, and that both
//! sides end in the same state, also where the wish crosses a report in the mail.

use mailorder::clerk::Written;
use mailorder::role::{Notice, buyer, delivery, payment, shop, shop_desk};
use mailorder::rules::{Standing, State};
use mailorder::trade::status::Reason;
use mailorder::trade::{Direction, Document, Kept, Key, Kind, OrderId, Role, Transaction};

use crate::support::trade::{goods, jpy};
use crate::support::world::{BANK, BUYER, COURIER, Mail, SHOP, World};

const STEPS: &str = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;

/// How far a purchase has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The order is on its way.
    Ordered,
    /// The shop waits for the authorisation.
    Asked,
    Offered,
    /// The time for the OK has passed.
    Expired,
    /// Accepted, nothing done.
    Open,
    /// Paid, nothing else.
    Paid,
    Shipped,
    /// Two of three shirts have arrived.
    InPart,
    /// The rest is lost.
    Lost,
    Delivered,
    Completed,
    /// Completed; one shirt goes back, and its money is not back.
    PartBack,
    Rejected,
    Cancelled,
    /// All goods go back, the money is not back.
    Returned,
    Refunded,
}

/// What a buyer may wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Confirm,
    Cancel,
    GiveAllBack,
    /// One shirt.
    GivePartBack,
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing is written; the buyer is told why.
    Not(&'static str),
    /// The shop says yes, both end in this state, and so much goes back.
    Yes(State, i64),
    /// The shop says no, with these words; both stay in this state.
    No(State, &'static str),
    /// The shop's program says nothing; a person there says yes, both end in this state, and so much goes back.
    Asks(State, i64),
}

use Outcome::{Asks, No, Not, Yes};

/// The table: for each stage what comes of confirming, cancelling, giving all back, giving a part back.
const TABLE: [(Stage, [Outcome; 4]); 16] = [
    (Stage::Ordered, [Not(NO_TERMS), Yes(State::Cancelled, 0), Not("is ordered"), Not("is ordered")]),
    (Stage::Asked, [Not(NO_TERMS), Yes(State::Cancelled, 0), Not("is ordered"), Not("is ordered")]),
    (Stage::Offered, [Yes(State::Open, 0), Yes(State::Cancelled, 0), Not("is offered"), Not("is offered")]),
    (Stage::Expired, [Not("the offer stood until"), Yes(State::Cancelled, 0), Not("is offered"), Not("is offered")]),
    (Stage::Open, [Not(ACCEPTED), Yes(State::Cancelled, 0), Yes(State::Returned, 0), Not(NOT_THERE)]),
    (Stage::Paid, [Not(ACCEPTED), Yes(State::Cancelled, 4800), Yes(State::Returned, 4800), Not(NOT_THERE)]),
    (Stage::Shipped, [Not(ACCEPTED), No(State::Open, LEFT), Asks(State::Returned, 0), Not(NOT_THERE)]),
    (
        Stage::InPart,
        [
            Not(ACCEPTED),
            No(State::Open, "A part of the goods has arrived"),
            No(State::Open, "A part has arrived"),
            Not(NOT_THERE),
        ],
    ),
    (
        Stage::Lost,
        [
            Not(ACCEPTED),
            No(State::Open, "A part of the goods has arrived"),
            Yes(State::Returned, 0),
            No(State::Open, "Please pay first"),
        ],
    ),
    (
        Stage::Delivered,
        [
            Not(ACCEPTED),
            No(State::Open, "The goods are delivered"),
            Yes(State::Returned, 0),
            No(State::Open, "Please pay first"),
        ],
    ),
    (Stage::Completed, [Not(ACCEPTED), Not("is completed"), Yes(State::Returned, 4800), Yes(State::Completed, 1000)]),
    (Stage::PartBack, [Not(ACCEPTED), Not("is completed"), Not("more than was bought"), Yes(State::Completed, 2000)]),
    (Stage::Rejected, [Not(NO_TERMS), Not("is rejected"), Not("is rejected"), Not("is rejected")]),
    (Stage::Cancelled, [Not(ACCEPTED), Not("is cancelled"), Not("is cancelled"), Not("is cancelled")]),
    (Stage::Returned, [Not(ACCEPTED), Not("is returned"), Not("is returned"), Not("is returned")]),
    (Stage::Refunded, [Not(ACCEPTED), Not("is refunded"), Not("is refunded"), Not("is refunded")]),
];

const NO_TERMS: &str = "has not sent its terms yet";
const ACCEPTED: &str = "are accepted already";
const LEFT: &str = "the goods have left";
const NOT_THERE: &str = "not all has arrived yet";

const WISHES: [Wish; 4] = [Wish::Confirm, Wish::Cancel, Wish::GiveAllBack, Wish::GivePartBack];

/// What an agent or the shop reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    Shipped,
    InPart,
    Lost,
    Delivered,
    Paid,
    Refunded,
    /// The payment agent says yes.
    Authorised,
    /// The shop offers.
    Terms,
}

/// A world in which the shop knows the buyer, so that his payments are authorised before the terms.
pub(crate) fn known_world() -> World {
    let mut world = World::new(STEPS);
    world.accept(SHOP, BUYER);
    world
}

/// One purchase in the world.
pub(crate) struct Purchase<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) id: OrderId,
}

impl<'a> Purchase<'a> {
    /// Orders, and goes on as far as a stage.
    pub(crate) fn at(world: &'a mut World, stage: Stage) -> Self {
        let id = world.order(BUYER, |order| {
            if stage == Stage::Rejected {
                // Cheaper than the shop sells.
                order.lines.iter_mut().for_each(|line| line.unit_price = jpy(1));
                order.total = jpy(504);
            }
        });
        let mut purchase = Self { world, id };
        purchase.reach(stage);
        purchase
    }

    fn reach(&mut self, stage: Stage) {
        match stage {
            Stage::Ordered => return,
            Stage::Asked => {
                let order = self.world.send(BUYER);
                return self.bring(&order);
            }
            _ => self.world.settle(),
        }
        if matches!(stage, Stage::Offered | Stage::Rejected) {
            return;
        }
        if stage == Stage::Expired {
            return self.world.pass_hours(24 * 8);
        }
        self.wish(Wish::Confirm).unwrap();
        self.world.settle();
        let reports: &[Report] = match stage {
            Stage::Paid => &[Report::Paid],
            Stage::Shipped => &[Report::Shipped],
            Stage::InPart => &[Report::Shipped, Report::InPart],
            Stage::Lost => &[Report::Shipped, Report::InPart, Report::Lost],
            Stage::Delivered => &[Report::Shipped, Report::Delivered],
            Stage::Completed | Stage::PartBack | Stage::Returned | Stage::Refunded => {
                &[Report::Shipped, Report::Delivered, Report::Paid]
            }
            _ => &[],
        };
        for report in reports {
            self.report(*report);
            self.world.settle();
        }
        match stage {
            Stage::Cancelled => drop(self.wish(Wish::Cancel).unwrap()),
            Stage::PartBack => drop(self.wish(Wish::GivePartBack).unwrap()),
            Stage::Returned | Stage::Refunded => drop(self.wish(Wish::GiveAllBack).unwrap()),
            _ => {}
        }
        self.world.settle();
        if stage == Stage::Refunded {
            self.report(Report::Refunded);
            self.world.settle();
        }
    }

    pub(crate) fn bring(&mut self, mails: &[Mail]) {
        for mail in mails {
            self.world.deliver(mail.to, std::slice::from_ref(&mail.bytes));
        }
    }

    /// Returns the key of the purchase as one of those who work for the buyer has it.
    pub(crate) fn key_at(&mut self, at: usize, role: Role) -> Key {
        let number = self.known(SHOP).number;
        self.world.clerks[at].catch_up().unwrap();
        let all = self.world.clerks[at].index().load_all(Some(role)).unwrap();
        all.into_iter().find(|known| known.number == number).unwrap().key
    }

    pub(crate) fn report(&mut self, report: Report) {
        let (at, role) = match report {
            Report::Shipped => (SHOP, Role::Shop),
            Report::Paid | Report::Refunded => (BANK, Role::Payment),
            _ => (COURIER, Role::Delivery),
        };
        let key = self.key_at(at, role);
        self.world.decide(at, &key, |known, desk| {
            let done = Notice { done: Some(desk.now), ..Notice::default() };
            let failed = Reason { code: "failed".to_owned(), text: "Lost.".to_owned() };
            match report {
                Report::Shipped => shop::notify(known, &done, desk),
                Report::Paid => payment::notify(known, &done, desk),
                Report::Refunded => payment::notify(known, &Notice { refund: true, ..done }, desk),
                Report::Delivered => delivery::notify(known, &done, desk),
                Report::Authorised | Report::Terms => unreachable!("written by themselves"),
                Report::InPart => {
                    let lines = goods(&[("1", "2")]);
                    delivery::notify(known, &Notice { parcel: Some("9".to_owned()), lines, ..done }, desk)
                }
                Report::Lost => {
                    let rest = Notice { parcel: Some("1".to_owned()), failed: Some(failed), ..Notice::default() };
                    delivery::notify(known, &rest, desk)
                }
            }
        });
    }

    /// Has a report written, and takes its letters out of the post.
    pub(crate) fn written_by_others(&mut self, report: Report) -> Vec<Mail> {
        if matches!(report, Report::Authorised | Report::Terms) {
            let asked = self.world.send(SHOP);
            self.bring(&asked);
            let authorised = self.world.send(BANK);
            if report == Report::Authorised {
                return authorised;
            }
            self.bring(&authorised);
            return self.world.send(SHOP);
        }
        self.report(report);
        [SHOP, BANK, COURIER].into_iter().flat_map(|at| self.world.send(at)).collect()
    }

    /// Has the buyer say what he wishes; returns why not, where nothing is written.
    pub(crate) fn wish(&mut self, wish: Wish) -> Result<Written, String> {
        let key = self.world.key(Role::Buyer, &self.id);
        let reason = Reason { code: "unwanted".to_owned(), text: "Too small.".to_owned() };
        let written = self.world.clerks[BUYER].command(&key, |known, desk| {
            let draft = match wish {
                Wish::Confirm => buyer::confirm(known, desk),
                Wish::Cancel => buyer::cancel(known, None),
                Wish::GiveAllBack => buyer::give_back(known, Vec::new(), reason),
                Wish::GivePartBack => buyer::give_back(known, goods(&[("1", "1")]), reason),
            };
            Ok(vec![draft?.into()])
        });
        written.map(|mut written| written.remove(0)).map_err(|error| error.to_string())
    }

    pub(crate) fn known(&mut self, at: usize) -> Transaction {
        let role = if at == BUYER { Role::Buyer } else { Role::Shop };
        self.world.transaction(at, role, &self.id)
    }

    /// Returns the state in which both sides are.
    pub(crate) fn state(&mut self) -> State {
        let [buyers, shops] = [BUYER, SHOP].map(|at| Standing::of(&self.known(at)));
        assert_eq!(buyers.state, shops.state, "buyer and shop");
        assert_eq!((buyers.unpaid, buyers.legs.paid), (shops.unpaid, shops.legs.paid), "{}", buyers.state);
        buyers.state
    }

    /// Has the shop's owner say yes, where the wish was left to him.
    fn is_decided(&mut self, expected: &Outcome) {
        if !matches!(expected, Asks(..)) {
            return;
        }
        assert_eq!(self.state(), State::Open, "nothing is said to have failed or to be over by a program");
        let key = self.known(SHOP).key;
        self.world.decide(SHOP, &key, shop_desk::accept);
        self.world.settle();
    }

    /// Returns what came of a wish once all letters are read.
    fn outcome(&mut self, wish: &Written) -> Result<(State, i64), (State, String)> {
        let state = self.state();
        let at_shop = self.known(SHOP);
        let refunds = at_shop.sent(Kind::RefundInstruction).map(|kept| match &kept.letter.document {
            Document::RefundInstruction(refund) => refund.amount.plain().parse::<i64>().unwrap(),
            _ => 0,
        });
        let refunds = refunds.sum();
        let buyers = self.known(BUYER);
        let to_it = |kept: &&Kept| kept.direction == Direction::In && kept.letter.answers == Some(wish.content);
        let answer = buyers.kept.iter().rfind(to_it).expect("every wish is answered");
        assert!(answer.counts() && answer.findings.is_empty(), "{answer:?}");
        match &answer.letter.document {
            Document::Refusal(refusal) => Err((state, refusal.reason.text.clone())),
            Document::ReturnAnswer(answer) => match &answer.step {
                mailorder::trade::status::Step::Failed { reason, .. } => Err((state, reason.text.clone())),
                _ => Ok((state, refunds)),
            },
            _ => Ok((state, refunds)),
        }
    }
}

/// Checks what came of a wish that was written.
fn check(came: &Result<(State, i64), (State, String)>, expected: &Outcome, at: &str) {
    match (came, expected) {
        (Ok((state, refund)), Yes(as_expected, back) | Asks(as_expected, back)) => {
            assert_eq!((state, refund), (as_expected, back), "{at}");
        }
        (Err((state, text)), No(as_expected, words)) => {
            assert_eq!(state, as_expected, "{at}: {text}");
            assert!(text.contains(words), "{at}: {text}");
        }
        _ => panic!("{at}: {came:?}, expected {expected:?}"),
    }
}

#[test]
fn each_wish_in_each_state_has_its_answer_and_both_sides_end_alike_p37_p38_p93_to_p97() {
    let mut world = known_world();
    for (stage, outcomes) in TABLE {
        for (wish, expected) in WISHES.into_iter().zip(outcomes) {
            let at = format!("{wish:?} where it is {stage:?}");
            println!("{at}");
            let mut purchase = Purchase::at(&mut world, stage);
            let said = purchase.wish(wish);
            match said {
                Ok(written) => {
                    purchase.world.settle();
                    purchase.is_decided(&expected);
                    check(&purchase.outcome(&written), &expected, &at);
                }
                Err(why) => {
                    assert!(
                        matches!(expected, Not(words) if why.contains(words)),
                        "{at}: {why}, expected {expected:?}"
                    );
                    purchase.world.settle();
                    purchase.state();
                }
            }
        }
    }
    check_indexes(&mut world);
}

/// Checks that every index is what its ledger makes of it.
pub(crate) fn check_indexes(world: &mut World) {
    for at in [BUYER, SHOP, BANK, COURIER] {
        let grown = world.clerks[at].index().dump().unwrap();
        world.clerks[at].reindex().unwrap();
        assert_eq!(world.clerks[at].index().dump().unwrap(), grown);
    }
}

/// What is written by others while the buyer writes his wish, and what comes of it, whichever comes first.
const CROSSINGS: [(Stage, Report, Wish, Outcome); 19] = [
    (Stage::Open, Report::Shipped, Wish::Cancel, No(State::Open, LEFT)),
    (Stage::Open, Report::Shipped, Wish::GiveAllBack, Asks(State::Returned, 0)),
    (Stage::Open, Report::InPart, Wish::Cancel, No(State::Open, "")),
    (Stage::Open, Report::InPart, Wish::GiveAllBack, No(State::Open, "")),
    (Stage::Open, Report::Delivered, Wish::Cancel, No(State::Open, "")),
    (Stage::Open, Report::Delivered, Wish::GiveAllBack, Yes(State::Returned, 0)),
    (Stage::Open, Report::Paid, Wish::Cancel, Yes(State::Cancelled, 4800)),
    (Stage::Open, Report::Paid, Wish::GiveAllBack, Yes(State::Returned, 4800)),
    (Stage::Asked, Report::Terms, Wish::Cancel, Yes(State::Cancelled, 0)),
    (Stage::Asked, Report::Authorised, Wish::Cancel, Yes(State::Cancelled, 0)),
    (Stage::Paid, Report::Shipped, Wish::Cancel, No(State::Open, LEFT)),
    (Stage::Paid, Report::Shipped, Wish::GiveAllBack, Asks(State::Returned, 4800)),
    (Stage::Paid, Report::Delivered, Wish::Cancel, No(State::Open, "")),
    (Stage::Paid, Report::Delivered, Wish::GiveAllBack, Yes(State::Returned, 4800)),
    (Stage::Shipped, Report::Delivered, Wish::Cancel, No(State::Open, "")),
    (Stage::Shipped, Report::Delivered, Wish::GiveAllBack, Yes(State::Returned, 0)),
    (Stage::Shipped, Report::Lost, Wish::GiveAllBack, Yes(State::Returned, 0)),
    (Stage::InPart, Report::Lost, Wish::Cancel, No(State::Open, "A part of the goods has arrived")),
    (Stage::PartBack, Report::Refunded, Wish::GivePartBack, Yes(State::Completed, 2000)),
];

/// The same where it matters which comes first: what comes of a wish that the shop reads before the report, and after it.
const OVERTAKEN: [(Stage, Report, Wish, [Outcome; 2]); 2] = [
    (Stage::Shipped, Report::Lost, Wish::Cancel, [No(State::Open, LEFT), Yes(State::Cancelled, 0)]),
    (Stage::InPart, Report::Lost, Wish::GiveAllBack, [No(State::Open, "A part has arrived"), Yes(State::Returned, 0)]),
];

#[test]
fn a_wish_that_crosses_a_report_ends_alike_on_both_sides_whichever_comes_first() {
    let mut world = known_world();
    let alike = CROSSINGS.iter().map(|(stage, report, wish, expected)| (stage, report, wish, [expected, expected]));
    let overtaken =
        OVERTAKEN.iter().map(|(stage, report, wish, [before, after])| (stage, report, wish, [before, after]));
    for (&stage, &report, &wish, outcomes) in alike.chain(overtaken) {
        for (wish_first, expected) in [true, false].into_iter().zip(outcomes) {
            let at = format!("{wish:?} where it is {stage:?} crosses {report:?}, the wish comes first: {wish_first}");
            println!("{at}");
            crosses(&mut world, (stage, report, wish), wish_first, expected, &at);
        }
    }
    check_indexes(&mut world);
}

/// Has the buyer wish while others report, brings both, and checks what comes of it.
fn crosses(
    world: &mut World,
    (stage, report, wish): (Stage, Report, Wish),
    wish_first: bool,
    expected: &Outcome,
    at: &str,
) {
    let mut purchase = Purchase::at(world, stage);
    let reported = purchase.written_by_others(report);
    let written = purchase.wish(wish).unwrap();
    let wished = purchase.world.send(BUYER);
    assert!(!reported.is_empty() && wished.len() == 1, "{at}");
    let (first, then) = if wish_first { (&wished, &reported) } else { (&reported, &wished) };
    purchase.bring(first);
    purchase.bring(then);
    purchase.world.settle();
    purchase.is_decided(expected);
    check(&purchase.outcome(&written), expected, at);
}
