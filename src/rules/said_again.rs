//! What a sender says again in letters of one kind: it is one warning, listed with the first of them.

use crate::trade::{Code, Direction, Finding, Kept, Settlement, Transaction};

/// Returns whether the sender of a letter had this said of an earlier one of its kind, which is open or was seen.
pub fn was_said(transaction: &Transaction, again: &Kept, finding: &Finding) -> bool {
    first_said(transaction, again, finding).is_some()
}

/// Returns the entry under which a letter that was not applied is listed among the warnings, for its findings of this sort: its
/// own, unless each of them was said of an earlier letter.
pub fn listed_under(transaction: &Transaction, kept: &Kept, of: impl Fn(Code) -> bool) -> u64 {
    let findings = kept.findings.iter().filter(|finding| of(finding.code));
    let under =
        findings.map(|finding| first_said(transaction, kept, finding).map_or(kept.position, |first| first.position));
    under.max().unwrap_or(kept.position)
}

/// Returns whether the sender of terms has offered others in their place since: nobody is asked about these any more.
pub fn is_replaced(transaction: &Transaction, kept: &Kept) -> bool {
    let replaces = |other: &Kept| {
        other.letter.replaces == Some(kept.content) && other.letter.from.fingerprint == kept.letter.from.fingerprint
    };
    transaction.kept.iter().any(replaces)
}

/// Returns the first letter before this one of which the same was said, and that is open or was seen. An offer in the place of other
/// terms is answered for itself, whatever was said to those.
fn first_said<'a>(transaction: &'a Transaction, again: &Kept, finding: &Finding) -> Option<&'a Kept> {
    if again.letter.replaces.is_some() {
        return None;
    }
    let same = |kept: &&Kept| {
        kept.position < again.position
            && kept.direction == Direction::In
            && kept.letter.kind() == again.letter.kind()
            && kept.letter.from.fingerprint == again.letter.from.fingerprint
            && matches!(kept.settled, None | Some(Settlement::Ack))
            && kept.findings.contains(finding)
    };
    transaction.kept.iter().find(same)
}
