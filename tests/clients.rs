//! Agents act for shops they have an agreement with, and for nobody else: each kind of instruction by another shop, whose
//! key is known and accepted, is refused and starts nothing, whatever shop it names inside.

use mailorder::trade::document::{
    AuthorizationRequest, DeliveryInstruction, PaymentInstruction, RefundInstruction, StatusRequest, Stop,
};
use mailorder::trade::status::Step;
use mailorder::trade::{
    Address, Agent, Digest, Document, Kind, Leg, Letter, Number, Party, Role, Shown, Transaction, Verdict,
};

use crate::support::trade::{all_goods, jpy, letter, order, order_id, parcel, person, planned, terms};
use crate::support::world::{BANK, BUYER, COURIER, SHOP, World, sealed};

const STEPS: &str = "[\"authorize\", \"terms\", \"confirmation\", \"payment\", \"delivery\"]";

/// The parties that an instruction of another shop names.
fn agents(world: &World, shop: &Party) -> Vec<Agent> {
    let agent = |role: Role, party: &Party| Agent { role, party: party.clone(), certificate: None };
    let buyer = world.clerks[BUYER].me();
    let (bank, courier) = (world.clerks[BANK].me(), world.clerks[COURIER].me());
    vec![agent(Role::Buyer, buyer), agent(Role::Shop, shop), agent(Role::Payment, bank), agent(Role::Delivery, courier)]
}

/// Every kind of letter by which a shop has an agent do something, with the account it goes to.
fn instructions(world: &World, shop: &Party) -> Vec<(usize, Document)> {
    let (order, agents) = (order(), agents(world, shop));
    let buyer = person(world.clerks[BUYER].me());
    vec![
        (
            BANK,
            Document::AuthorizationRequest(AuthorizationRequest {
                buyer: buyer.clone(),
                total: jpy(4800),
                payment_method: order.payment_method.clone(),
                payment_id: None,
                sealed: None,
                agents: agents.clone(),
            }),
        ),
        (
            BANK,
            Document::PaymentInstruction(PaymentInstruction {
                buyer: buyer.clone(),
                amount: jpy(4800),
                payment_method: order.payment_method,
                payment_id: None,
                due: None,
                terms_date: None,
                shown: Shown::default(),
                agents: agents.clone(),
            }),
        ),
        (BANK, Document::RefundInstruction(RefundInstruction { amount: jpy(4800), reason: "returned".to_owned() })),
        (BANK, Document::Stop(Stop { leg: Leg::Payment })),
        (BANK, Document::StatusRequest(StatusRequest { leg: Leg::Payment, have: 0 })),
        (
            COURIER,
            Document::DeliveryInstruction(DeliveryInstruction {
                buyer,
                deliver_to: terms().deliver_to,
                delivery_method: order.delivery_method,
                parcels: vec![parcel("1", all_goods(), planned("2026-07-22"))],
                collect: None,
                terms_date: None,
                shown: Shown::default(),
                agents,
            }),
        ),
        (COURIER, Document::Stop(Stop { leg: Leg::Delivery })),
        (COURIER, Document::StatusRequest(StatusRequest { leg: Leg::Delivery, have: 0 })),
    ]
}

fn all_of(world: &mut World, at: usize) -> Vec<Transaction> {
    let role = if at == BANK { Role::Payment } else { Role::Delivery };
    world.clerks[at].catch_up().unwrap();
    world.clerks[at].index().load_all(Some(role)).unwrap()
}

/// Returns the letters that an account wrote to somebody, by kind.
fn written_to(world: &mut World, at: usize, to: &Address) -> Vec<Document> {
    let all = all_of(world, at);
    let out =
        all.iter().flat_map(|known| &known.kept).filter(|kept| kept.direction == mailorder::trade::Direction::Out);
    out.filter(|kept| kept.letter.to.address == *to).map(|kept| kept.letter.document.clone()).collect()
}

/// A real purchase has been begun; another shop, known to the agents, has an account.
fn begun() -> (World, usize, Number) {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let number = world.transaction(BUYER, Role::Buyer, &id).number.unwrap();
    let other = world.join("other");
    for agent in [BANK, COURIER] {
        world.accept(agent, other);
        world.accept(other, agent);
    }
    (world, other, number)
}

#[test]
fn a_shop_without_an_agreement_is_refused_by_its_agents_and_starts_nothing_p54() {
    let (mut world, other, _) = begun();
    let shop = world.clerks[other].me().clone();
    for (seq, (to, document)) in (1..).zip(instructions(&world, &shop)) {
        let kind = document.kind();
        let agent = world.clerks[to].me().clone();
        let number = Some(Number::parse("OTHER-1").unwrap());
        let asked = Letter {
            shop: Some(shop.address.clone()),
            transaction: number,
            order: matches!(kind, Kind::AuthorizationRequest).then(order_id),
            terms: Some(Digest::of(b"terms")),
            seq: Some(seq),
            date: world.now(),
            ..letter(&shop, &agent, document)
        };
        let key = world.clerks[other].key().unwrap();
        let mail = sealed(&asked, key, &world.certificate(to), &world.now());
        world.deliver(to, &[mail]);
        // Whatever is said to that shop is no.
        for said in written_to(&mut world, to, &shop.address) {
            match said {
                Document::Refusal(_) => {}
                Document::AuthorizationResult(result) => assert!(result.step.failed(), "{kind}"),
                other => panic!("{kind} was answered by {}", other.kind()),
            }
        }
        let buyer = world.clerks[BUYER].me().address.clone();
        let to_buyer = written_to(&mut world, to, &buyer);
        assert_eq!(to_buyer.len(), 1, "the buyer heard of the real purchase alone, not of a {kind}");
    }
    let refused = written_to(&mut world, BANK, &shop.address);
    assert!(refused.iter().any(|said| said.kind() == Kind::AuthorizationResult), "{refused:?}");
    assert!(refused.iter().any(|said| said.kind() == Kind::Refusal), "{refused:?}");
    assert!(written_to(&mut world, COURIER, &shop.address).iter().any(|said| said.kind() == Kind::Refusal));
}

#[test]
fn an_instruction_that_names_another_shop_than_its_signer_is_a_warning_and_starts_nothing() {
    let (mut world, other, number) = begun();
    let shop = world.clerks[other].me().clone();
    let before: Vec<Vec<Transaction>> = [BANK, COURIER].map(|at| all_of(&mut world, at)).into();
    for (seq, (to, document)) in (11..).zip(instructions(&world, &shop)) {
        let (kind, agent) = (document.kind(), world.clerks[to].me().clone());
        // The shop and the number of the real purchase.
        let asked = Letter {
            transaction: Some(number.clone()),
            order: matches!(kind, Kind::AuthorizationRequest).then(order_id),
            terms: Some(Digest::of(b"terms")),
            seq: Some(seq),
            date: world.now(),
            ..letter(&shop, &agent, document)
        };
        let key = world.clerks[other].key().unwrap();
        let mail = sealed(&asked, key, &world.certificate(to), &world.now());
        let taken = world.deliver(to, &[mail]);
        assert_eq!(taken.counts.get(&Verdict::Warned), Some(&1), "{kind}: {taken:?}");
    }
    for (at, before) in [BANK, COURIER].into_iter().zip(before) {
        let out = |all: &[Transaction]| {
            let kept = all.iter().flat_map(|known| known.kept.clone());
            kept.filter(|kept| kept.direction == mailorder::trade::Direction::Out).collect::<Vec<_>>()
        };
        let new: Vec<Kind> =
            out(&all_of(&mut world, at)).iter().skip(out(&before).len()).map(|k| k.letter.kind()).collect();
        assert!(new.iter().all(|kind| *kind == Kind::Refusal), "{new:?}");
    }
}

/// Has the shop that the agents work for write an instruction under a number of its own, which names these parties.
fn instructs(world: &mut World, n: usize, to: usize, document: &Document, named: &[Agent]) -> Kind {
    let (shop, agent) = (world.clerks[SHOP].me().clone(), world.clerks[to].me().clone());
    let mut document = document.clone();
    match &mut document {
        Document::AuthorizationRequest(request) => request.agents = named.to_vec(),
        Document::PaymentInstruction(instruction) => instruction.agents = named.to_vec(),
        Document::DeliveryInstruction(instruction) => instruction.agents = named.to_vec(),
        other => panic!("{} names nobody", other.kind()),
    }
    let kind = document.kind();
    let before = matches!(kind, Kind::AuthorizationRequest);
    let instruction = Letter {
        shop: Some(shop.address.clone()),
        transaction: Some(Number::parse(&format!("NAMED-{n}")).unwrap()),
        order: before.then(order_id),
        terms: (!before).then(|| Digest::of(b"terms")),
        date: world.now(),
        ..letter(&shop, &agent, document)
    };
    let key = world.clerks[SHOP].key().unwrap();
    let mail = sealed(&instruction, key, &world.certificate(to), &world.now());
    let taken = world.deliver(to, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{kind}: {taken:?}");
    kind
}

/// Returns whether the last letter of an agent to the shop is a no, with its words; anything else is a yes.
fn refusal(world: &mut World, at: usize) -> Option<(String, String)> {
    let shop = world.clerks[SHOP].me().clone();
    let all = all_of(world, at);
    let out = all.iter().flat_map(|known| &known.kept).filter(|kept| kept.letter.to == shop);
    let last = out.filter(|kept| kept.direction == mailorder::trade::Direction::Out).max_by_key(|kept| kept.position);
    match last.expect("it is answered").letter.document.clone() {
        Document::Refusal(refusal) => Some((refusal.reason.code, refusal.reason.text)),
        Document::AuthorizationResult(result) => match result.step {
            Step::Failed { reason, .. } => Some((reason.code, reason.text)),
            _ => None,
        },
        Document::PaymentStatus(_) | Document::DeliveryStatus(_) => None,
        other => panic!("a {}", other.kind()),
    }
}

#[test]
fn an_agent_acts_only_on_what_names_its_mailbox_and_key_for_its_part_p54() {
    let (mut world, _, _) = begun();
    let shop = world.clerks[SHOP].me().clone();
    let right = agents(&world, &shop);
    let without = |role: Role| right.iter().filter(|agent| agent.role != role).cloned().collect::<Vec<_>>();
    let instead = |role: Role, party: Party| {
        let with = std::iter::once(Agent { role, party, certificate: None });
        without(role).into_iter().chain(with).collect::<Vec<_>>()
    };
    let all: Vec<(usize, Document)> = instructions(&world, &shop);
    let naming = |document: &Document| !document.agents().is_empty();
    let mut n = 0;
    for (to, document) in all.iter().filter(|(_, document)| naming(document)) {
        let me = world.clerks[*to].me().clone();
        let (mine, other) = match to {
            &BANK => (Role::Payment, world.clerks[COURIER].me().clone()),
            _ => (Role::Delivery, world.clerks[BANK].me().clone()),
        };
        let swapped = if mine == Role::Payment { Role::Delivery } else { Role::Payment };
        let of_part: Vec<Agent> = instead(mine, other.clone()).into_iter().filter(|a| a.role != swapped).collect();
        let part_of_other = [of_part, vec![Agent { role: swapped, party: me.clone(), certificate: None }]].concat();
        for (what, named) in [
            ("another agent", instead(mine, other.clone())),
            ("another key for our address", instead(mine, Party { address: me.address.clone(), ..other.clone() })),
            ("our key for another address", instead(mine, Party { address: other.address.clone(), ..me.clone() })),
            ("nobody for our part", without(mine)),
            ("us for the part of another", part_of_other),
            ("nobody at all", Vec::new()),
        ] {
            n += 1;
            let statuses = world.entries(*to).iter().filter(|(_, kind)| kind.ends_with("-status")).count();
            let kind = instructs(&mut world, n, *to, document, &named);
            let (code, text) = refusal(&mut world, *to).unwrap_or_else(|| panic!("{kind} names {what}"));
            let expected = if kind == Kind::AuthorizationRequest { "not-allowed" } else { "not-named" };
            assert_eq!(code, expected, "{kind} names {what}");
            assert!(text.contains("does not name this mailbox and key for this part"), "{text}");
            let now = world.entries(*to).iter().filter(|(_, kind)| kind.ends_with("-status")).count();
            assert_eq!(now, statuses, "{kind} names {what}: nothing is begun");
        }
        n += 1;
        let kind = instructs(&mut world, n, *to, document, &right);
        assert_eq!(refusal(&mut world, *to), None, "{kind}");
    }
    assert_eq!(n, 3 * 7);
}
