//! Who may say what: authority comes from the signed terms alone (P65, design 4).

use crate::trade::{Code, Finding, Kept, Leg, Letter, Terms};

/// Whether a status may be listened to, before what it says is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its speaker is the one the terms name, and it speaks about the terms in force.
    InForce,
    /// It speaks about terms that were replaced, or that the buyer has not said OK to.
    OtherTerms,
    /// It must not be listened to.
    Refused(Finding),
}

/// Judges the speaker of a status about `leg` and the terms it names.
///
/// `terms` are those in force with their letter, `all_terms` the digests of all terms known of the transaction.
pub fn standing(letter: &Letter, leg: Leg, terms: (&Kept, &Terms), all_terms: &[crate::trade::Digest]) -> Standing {
    if let Some(finding) = speaker(letter, leg, terms.1) {
        return Standing::Refused(finding);
    }
    match letter.terms {
        Some(digest) if digest == terms.0.content => Standing::InForce,
        Some(digest) if all_terms.contains(&digest) => Standing::OtherTerms,
        Some(digest) => {
            let finding = Finding::differs(Code::TermsDigestDiffers, "terms", terms.0.content, digest);
            Standing::Refused(finding)
        }
        None => {
            let text = "the status names no terms";
            Standing::Refused(Finding::new(Code::TermsDigestDiffers, text))
        }
    }
}

/// Returns what is wrong with the speaker of a letter about `leg`.
pub fn speaker(letter: &Letter, leg: Leg, terms: &Terms) -> Option<Finding> {
    let from = &letter.from;
    let Some(agent) = terms.agent(leg) else {
        return Some(Finding::new(Code::NotAParty, format!("the terms name nobody for {leg}")));
    };
    if agent.party.fingerprint == from.fingerprint {
        return (agent.party.address != from.address)
            .then(|| Finding::differs(Code::FromDiffers, "sender", &agent.party.address, &from.address));
    }
    if agent.party.address == from.address {
        let finding =
            Finding::differs(Code::WrongKey, &format!("key for {leg}"), &agent.party.fingerprint, &from.fingerprint);
        return Some(finding);
    }
    let text = format!("{} spoke about {leg}; the terms name {} for it", from.address, agent.party.address);
    Some(Finding::new(Code::NotAParty, text))
}
