//! Payments that are authorised before anything goes: for whom, how much, and for how long.

use super::*;

#[test]
fn a_request_that_names_another_buyer_than_the_one_before_it_is_refused() {
    // Its statuses would go to the first.
    let mut desk = Desk::new(&bank());
    let naming = |seq: u32, buyer: Party| {
        let mut asked = request("N-1", 4800);
        let Document::AuthorizationRequest(request) = &mut asked.document else { panic!("a request") };
        request
            .agents
            .iter_mut()
            .filter(|agent| agent.role == Role::Buyer)
            .for_each(|agent| agent.party = buyer.clone());
        request.sealed = (seq > 1).then(|| Sealed("AAAA".to_owned()));
        Letter { seq: Some(seq), ..asked }
    };
    assert_eq!(refused(&mut desk, &naming(1, party("other")), None), None);
    let data = || Some(Presented::Opened { mandate: mandate(), used: false });
    assert_eq!(refused(&mut desk, &naming(2, buyer()), data()).as_deref(), Some("not-allowed"));
    assert!(role::mandate::in_force(desk.transaction()).is_none());
}
