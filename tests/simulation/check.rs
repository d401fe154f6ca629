//! What must hold: after every pass, and once the faults have ended.

use std::collections::{BTreeMap, BTreeSet};

use mailorder::rules::leg::{self, Legs};
use mailorder::rules::{Standing, State, rejudge};
use mailorder::trade::status::{STOPPED, Step};
use mailorder::trade::{
    Body, Book, Code, Digest, Direction, Document, Entry, Kept, Key, Kind, Leg, Moment, Money, Role, Transaction,
    Verdict, When,
};

use super::chance::Chance;
use super::party::Account;
use super::world::World;
use crate::support::trade::{Desk, content, shop};

/// What was seen done: it must never be undone.
#[derive(Debug, Default)]
pub struct Memory {
    done: BTreeMap<(usize, Key, &'static str), Moment>,
    checked: [usize; 4],
}

/// Checks what must hold at every moment.
pub fn always(world: &mut World) -> Result<(), String> {
    for at in 0..4 {
        let account = &world.accounts[at];
        if let Some(key) = &account.due_again {
            return Err(format!("I13: {key:?}: what its time brought is brought twice"));
        }
        let entries = account.desk.entries.len();
        if world.memory.checked[at] == entries {
            continue;
        }
        world.memory.checked[at] = entries;
        one_entry_each(account)?;
        one_transaction_each(&account.desk.book)?;
        for known in account.desk.book.iter() {
            spoken_by_right(account, known)?;
            nothing_forged(world, known)?;
            sums(known)?;
            authorised_before_begun(known)?;
            if !rejudge(known).is_empty() {
                return Err(format!("{:?}: verdicts are left to be changed", known.key));
            }
            let legs = leg::fold(known).0;
            for leg in Leg::ALL {
                let key = (at, known.key.clone(), leg.word());
                match (world.memory.done.get(&key).copied(), legs.get(leg).done) {
                    (Some(before), now) if now != Some(before) => {
                        return Err(format!("{:?}: {leg} was done {before}, now {now:?}", known.key));
                    }
                    (None, Some(done)) => drop(world.memory.done.insert(key, done)),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// I2: one entry for each content digest.
fn one_entry_each(account: &Account) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let letters = account.desk.entries.iter().filter_map(Entry::content);
    for digest in letters {
        if !seen.insert(digest) {
            return Err(format!("I2: {} has two entries for {digest}", account.me().address));
        }
    }
    Ok(())
}

/// I3: one transaction for each order ID, and in it one order.
fn one_transaction_each(book: &Book) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for known in book.iter() {
        let orders: Vec<_> = known.known(Kind::Order).collect();
        if orders.len() > 1 {
            return Err(format!("I3: {:?} has {} orders", known.key, orders.len()));
        }
        for order in orders {
            if !seen.insert((known.key.role, order.letter.from.clone(), order.letter.order.clone())) {
                return Err(format!("I3: two transactions for {:?}", order.letter.order));
            }
        }
    }
    Ok(())
}

/// I5: what is applied was signed by the key that the terms, or the order, fix for it.
fn spoken_by_right(account: &Account, known: &Transaction) -> Result<(), String> {
    let applied = known.kept.iter().filter(|kept| kept.direction == Direction::In && kept.verdict == Verdict::Applied);
    for kept in applied.filter(|kept| !kept.letter.stays_here()) {
        let Some(leg) = kept.letter.kind().status_of() else { continue };
        let agent = known.terms().and_then(|(_, terms)| terms.agent(leg)).map(|agent| &agent.party);
        let right = agent.or(known.order().map(|(order, _)| &order.letter.to)).map(|party| &party.fingerprint);
        if account.signers.get(&kept.content) != right {
            return Err(format!("I5: {} about {leg} in {:?} is not by its speaker", kept.content, known.key));
        }
    }
    Ok(())
}

fn nothing_forged(world: &World, known: &Transaction) -> Result<(), String> {
    if known.key.shop != shop().address {
        // Another shop may begin what it likes under its own name; the agents have no agreement with it.
        return Ok(());
    }
    match known.kept.iter().find(|kept| kept.counts() && world.post.forged.contains(&kept.content)) {
        Some(kept) => Err(format!("a forged {} counts in {:?}: {:?}", kept.letter.kind(), known.key, kept.letter)),
        None => Ok(()),
    }
}

/// Where a payment is authorised, nothing goes before a yes that holds: one to the newest request, which was not released.
fn authorised_before_begun(known: &Transaction) -> Result<(), String> {
    let asked: Vec<_> = known.sent(Kind::AuthorizationRequest).collect();
    let begun = known.sent(Kind::PaymentInstruction).chain(known.sent(Kind::DeliveryInstruction));
    let Some(begun) = begun.map(|kept| kept.position).min().filter(|_| !asked.is_empty()) else { return Ok(()) };
    let Some(asked) = asked.into_iter().rfind(|asked| asked.position < begun) else { return Ok(()) };
    let released = known.sent(Kind::Stop).any(|stop| (asked.position..begun).contains(&stop.position));
    let yes = |kept: &&Kept| {
        let done = matches!(&kept.letter.document, Document::AuthorizationResult(said) if said.step.done().is_some());
        done && kept.letter.answers == Some(asked.content) && kept.position < begun
    };
    match known.received(Kind::AuthorizationResult).any(|kept| yes(&kept)) && !released {
        true => Ok(()),
        false => Err(format!("{:?}: goods or money went before the payment was authorised", known.key)),
    }
}

/// I7: what is paid and what remains make the total.
fn sums(known: &Transaction) -> Result<(), String> {
    let (legs, total) = (leg::fold(known).0, known.terms().map(|(_, terms)| terms.total));
    let (Some(total), Some(remaining)) = (total, legs.remaining) else { return Ok(()) };
    let paid = legs.paid.unwrap_or(Money::zero(total.currency()));
    let sum = paid.plus(&remaining).map_err(|error| format!("I7: {error}"))?;
    let stopped = legs.payment.failed && sum.is_zero();
    if sum == total || stopped { Ok(()) } else { Err(format!("I7: paid {paid} and due {remaining} of {total}")) }
}

/// One leg as far as all its readers must agree about it.
type Face = (Option<Moment>, Option<When>, bool, Vec<(String, Option<Moment>, usize)>);

fn face(legs: &Legs, leg: Leg) -> Face {
    let state = legs.get(leg);
    let parcels = state.parcels.iter().map(|(id, part)| (id.clone(), part.done, part.lines.len()));
    (state.done, state.planned, state.failed, parcels.collect())
}

/// I9: buyer and shop agree about everything, the agents about their legs; nobody waits.
pub fn agreed(world: &World) -> Result<(), String> {
    let [buyer, selling, ..] = &world.accounts;
    for account in &world.accounts {
        nothing_waits(world, account)?;
        folds_again(account)?;
    }
    for mine in buyer.desk.book.iter().filter(|known| known.order().is_some()) {
        let key = Key { role: Role::Shop, ..mine.key.clone() };
        let theirs = selling.desk.book.get(&key).ok_or_else(|| format!("I9: the shop never heard of {key:?}"))?;
        let (one, other) = (Standing::of(mine), Standing::of(theirs));
        let lied_to = one.state == State::Offered && other.state == State::Rejected && waits_for_a_lie(world, mine);
        if one.state != other.state && !lied_to {
            return Err(format!("I9: {key:?} is {} for the buyer, {} for the shop", one.state, other.state));
        }
        for leg in Leg::ALL {
            let faces = (face(&one.legs, leg), face(&other.legs, leg));
            if faces.0 != faces.1 {
                return Err(format!("I9: {key:?} {leg}: {faces:?}"));
            }
        }
        let money = |legs: &Legs| (legs.paid, legs.remaining, legs.refunded, legs.cancelled);
        if money(&one.legs) != money(&other.legs) || one.unpaid != other.unpaid {
            return Err(format!("I9: {key:?}: {:?} and {:?}", money(&one.legs), money(&other.legs)));
        }
        agents_agree(world, theirs, &leg::fold(theirs).0)?;
        nothing_is_charged_for_nothing(mine, &one)?;
        nothing_is_rejected_that_was_begun(mine, &one)?;
    }
    shuffled(buyer, Role::Buyer)?;
    shuffled(selling, Role::Shop)
}

/// Who got nothing of what was ordered pays nothing: what was stopped was not paid for, or is paid back, and nothing of a
/// cancelled or returned order stays with the shop but the charges of goods that went back in parts.
fn nothing_is_charged_for_nothing(known: &Transaction, standing: &Standing) -> Result<(), String> {
    let over = matches!(standing.state, State::Cancelled | State::Returned | State::Refunded);
    let said = standing.legs.delivery.content.and_then(|content| known.by_content(&content));
    let stopped = |step: &Step| matches!(step, Step::Failed { reason, .. } if reason.code == STOPPED);
    if let Some(Document::DeliveryStatus(status)) = said.map(|kept| &kept.letter.document)
        && status.parcels.iter().any(|parcel| stopped(&parcel.step))
        && !over
    {
        return Err(format!("{:?} is {} though the shop had goods stopped", known.key, standing.state));
    }
    let (Some(paid), Some((_, terms))) = (standing.legs.paid.filter(|_| over), known.terms()) else { return Ok(()) };
    let back = [standing.legs.refunded, standing.legs.refunding].into_iter().flatten();
    let charges = terms.charges.iter().map(|charge| charge.price).chain(back.collect::<Vec<_>>());
    let least = Money::sum(&charges.collect::<Vec<_>>()).unwrap_or_default();
    match least {
        Some(least) if !paid.exceeds(&least).unwrap_or(true) => Ok(()),
        _ => Err(format!("{:?} is {}, paid {paid}, back or kept as charges {least:?}", known.key, standing.state)),
    }
}

/// What was refused was never shipped, delivered or paid for; no state hides what was done.
fn nothing_is_rejected_that_was_begun(known: &Transaction, standing: &Standing) -> Result<(), String> {
    let legs = &standing.legs;
    let begun = legs.paid.is_some() || Leg::ALL.into_iter().any(|leg| legs.get(leg).done_in_part().is_some());
    if standing.state == State::Rejected && begun {
        return Err(format!("{:?} is rejected, paid {:?}", known.key, legs.paid));
    }
    Ok(())
}

/// Returns whether the buyer is to say a word about terms that the shop's key signed and the shop never made: an order that the
/// shop refused since is still offered to him.
fn waits_for_a_lie(world: &World, mine: &Transaction) -> bool {
    let mut waiting = mine.kept.iter().filter(|kept| kept.verdict == Verdict::Warned && kept.settled.is_none());
    waiting.any(|kept| kept.letter.kind() == Kind::TransactionInfo && world.post.forged.contains(&kept.content))
}

fn agents_agree(world: &World, shops: &Transaction, legs: &Legs) -> Result<(), String> {
    for account in &world.accounts {
        for known in account.desk.book.iter().filter(|known| known.number.is_some() && known.number == shops.number) {
            let leg = match known.key.role {
                Role::Payment => Leg::Payment,
                Role::Delivery => Leg::Delivery,
                Role::Buyer | Role::Shop => continue,
            };
            let faces = (face(&leg::fold(known).0, leg), face(legs, leg));
            if known.key.shop == shops.key.shop && faces.0 != faces.1 {
                return Err(format!("I9: {:?}: agent and shop: {faces:?}", known.key));
            }
        }
    }
    Ok(())
}

/// No honest letter waits or is warned about, but requests about what was not known yet and orders refused.
fn nothing_waits(world: &World, account: &Account) -> Result<(), String> {
    for kept in account.desk.book.iter().flat_map(|known| &known.kept) {
        let asked = kept.letter.kind() == Kind::StatusRequest
            && kept.findings.iter().all(|finding| finding.code == Code::UnknownTransaction);
        if !kept.counts() && !asked && !world.post.forged.contains(&kept.content) {
            let (verdict, findings) = (kept.verdict, &kept.findings);
            return Err(format!("I9: {} at {}: {verdict} {findings:?}", kept.letter.kind(), account.me().address));
        }
    }
    Ok(())
}

/// I4: the book is the fold of the entries.
fn folds_again(account: &Account) -> Result<(), String> {
    let mut book = Book::default();
    for entry in &account.desk.entries {
        book.apply(entry);
    }
    if book == account.desk.book { Ok(()) } else { Err(format!("I4: {} folds otherwise", account.me().address)) }
}

/// I6: the same letters in another order of arrival, some of them twice, make the same legs.
fn shuffled(account: &Account, role: Role) -> Result<(), String> {
    let mut chance = Chance::new(u64::try_from(account.desk.entries.len()).unwrap());
    for _ in 0..2 {
        let mut desk = Desk::new(account.me());
        for entry in rearranged(account, &mut chance) {
            desk.now = entry.recorded;
            match &entry.body {
                Body::Out { letter, .. } => drop(desk.writes(entry.role.unwrap_or(role), letter)),
                Body::In { letter, signer, .. } => drop(desk.takes_signed(letter, signer)),
                Body::Own { .. } => {}
            }
        }
        for known in account.desk.book.iter().filter(|known| known.key.role == role && known.order().is_some()) {
            let other = desk.book.get(&known.key).ok_or_else(|| format!("I6: {:?} is gone", known.key))?;
            if leg::fold(known).0 != leg::fold(other).0 || Standing::of(known) != Standing::of(other) {
                return Err(format!("I6: {:?}: {:?} but {:?}", known.key, Standing::of(known), Standing::of(other)));
            }
            let believed = |known: &Transaction| -> BTreeSet<Digest> {
                known.kept.iter().filter(|kept| kept.counts()).map(|kept| kept.content).collect()
            };
            if believed(known) != believed(other) {
                return Err(format!("I6: {:?} believes other letters", known.key));
            }
        }
    }
    Ok(())
}

/// Entries in another order: what came may come at any time, but not before what it answers or speaks about of ours; and
/// what we wrote was written after all that came before it and is no status.
fn rearranged(account: &Account, chance: &mut Chance) -> Vec<Entry> {
    let letters = account.desk.entries.iter().filter(|entry| entry.letter().is_some());
    let mut left: Vec<&Entry> = letters.collect();
    let ours: BTreeSet<Digest> =
        left.iter().filter(|e| matches!(e.body, Body::Out { .. })).filter_map(|e| e.content()).collect();
    let mut there: BTreeSet<Digest> = BTreeSet::new();
    let mut order = Vec::new();
    while !left.is_empty() {
        let free: Vec<usize> = (0..left.len()).filter(|at| may_come(&left, *at, &ours, &there)).collect();
        let at = *chance.pick(&free).expect("the first entry left may always come");
        let entry = left.remove(at);
        there.insert(content(entry.letter().unwrap()));
        order.push(entry.clone());
    }
    order
}

fn may_come(left: &[&Entry], at: usize, ours: &BTreeSet<Digest>, there: &BTreeSet<Digest>) -> bool {
    let entry = left[at];
    let letter = entry.letter().unwrap();
    match entry.body {
        Body::In { .. } => {
            let refers = [letter.answers, letter.terms];
            let named = refers.into_iter().flatten().all(|digest| !ours.contains(&digest) || there.contains(&digest));
            // Requests are judged once, by what is known when they come.
            named && (at == 0 || !matches!(letter.document, Document::StatusRequest(_)))
        }
        _ => left[..at].iter().all(|before| {
            let kind = before.letter().unwrap().kind();
            matches!(before.body, Body::In { .. }) && (kind.status_of().is_some() || kind == Kind::StatusRequest)
        }),
    }
}
