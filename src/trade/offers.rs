//! Which terms of a transaction hold: what the shop offered, what the buyer said to it, and what the shop said to that.

use super::document::{Document, Kind};
use super::entry::Verdict;
use super::finding::{Code, Finding};
use super::id::Digest;
use super::terms::Terms;
use super::transaction::{Direction, Kept, Transaction};

impl Transaction {
    /// Returns the terms in force: the newest that are agreed on, else the first offer that counts.
    ///
    /// New terms that replace others change nothing before the OK to them; where something was begun by those before, nothing
    /// before the shop's answer to that OK, which both sides fold alike.
    pub fn terms(&self) -> Option<(&Kept, &Terms)> {
        let mut offers: Vec<_> = self.all_terms().collect();
        offers.sort_by_key(|(kept, _)| kept.letter.seq);
        offers
            .iter()
            .rev()
            .find(|(kept, _)| self.is_agreed(kept))
            .or_else(|| offers.iter().find(|(kept, _)| kept.letter.replaces.is_none()))
            .or_else(|| offers.first())
            .copied()
    }

    /// Returns whether an OK to these terms stands, and has taken effect.
    fn is_agreed(&self, terms: &Kept) -> bool {
        let of_these = |ok: &&Kept| ok.letter.terms == Some(terms.content);
        let takes_effect =
            |ok: &Kept| terms.letter.replaces.is_none() || self.is_answered(ok) || !self.is_begun_without(terms);
        self.accepted().filter(of_these).any(takes_effect)
    }

    /// Returns whether the shop has answered an OK by its word on the order. Who wrote that is fixed by the letter alone, so it
    /// holds whatever else is found about it.
    pub fn is_answered(&self, ok: &Kept) -> bool {
        let shop = if ok.direction == Direction::Out { &ok.letter.to } else { &ok.letter.from };
        let is_shops = |kept: &Kept| match kept.direction {
            Direction::Out => true,
            Direction::In => {
                kept.letter.from == *shop && !kept.findings.iter().any(|finding| finding.code.is_about_speaker())
            }
        };
        let statuses = self.kept.iter().filter(|kept| kept.letter.kind() == Kind::OrderStatus);
        statuses.filter(|kept| kept.letter.answers == Some(ok.content)).any(is_shops)
    }

    /// Returns whether something was agreed on, or work began, by other terms than these.
    fn is_begun_without(&self, terms: &Kept) -> bool {
        let others = |kept: &&Kept| kept.letter.terms != Some(terms.content);
        let works = [Kind::PaymentInstruction, Kind::DeliveryInstruction, Kind::PaymentStatus, Kind::DeliveryStatus];
        self.accepted().any(|ok| others(&ok))
            || works.into_iter().flat_map(|kind| self.known(kind)).any(|kept| others(&kept))
    }

    /// Returns the terms that the shop has made, whatever became of them here: those written as the shop, and those that came signed
    /// with its key.
    pub fn made(&self) -> impl Iterator<Item = (&Kept, &Terms)> {
        let shop = self.order().map(|(ordered, _)| &ordered.letter.to);
        let by_shop = move |kept: &&Kept| match kept.direction {
            Direction::Out => true,
            Direction::In => {
                let forged = |finding: &Finding| finding.code == Code::EnvelopeDiffersFromData;
                shop == Some(&kept.letter.from) && !kept.findings.iter().any(forged)
            }
        };
        self.kept.iter().filter(by_shop).filter_map(|kept| match &kept.letter.document {
            Document::TransactionInfo(terms) => Some((kept, terms)),
            _ => None,
        })
    }

    /// Returns whether terms with this content have come, and what they replace, and so on to the first: those taken, and those that a
    /// person is warned about. Such as wait have not come for those that replace them, so that all end alike in whatever order the
    /// post brings them.
    pub fn has_come(&self, terms: &Digest) -> bool {
        let waits = |finding: &Finding| !finding.code.blocks() || finding.code == Code::UnknownTransaction;
        let is_warned = |kept: &Kept| kept.verdict == Verdict::Warned && !kept.findings.iter().all(waits);
        let mut next = *terms;
        // Each link is one of the letters here.
        for _ in &self.kept {
            if self.all_terms().any(|(kept, _)| kept.content == next) {
                return true;
            }
            let Some((warned, _)) = self.made().find(|(kept, _)| kept.content == next && is_warned(kept)) else {
                return false;
            };
            let Some(before) = warned.letter.replaces else { return true };
            next = before;
        }
        false
    }

    /// Returns whether the shop has made other terms in the place of these. Nothing can be agreed on by these any more then, whatever
    /// becomes of the others; what was agreed on by them before stays so until the others are in force.
    pub fn is_replaced(&self, terms: &Kept) -> bool {
        self.made().any(|(other, _)| other.letter.replaces == Some(terms.content))
    }

    /// Returns the newest terms that were offered, and that neither the buyer refused nor other terms replaced, whether he has said
    /// OK to them or not; those agreed on where there are none.
    pub fn offer(&self) -> Option<(&Kept, &Terms)> {
        let stands = |kept: &Kept| !self.is_refused(&kept.content) && !self.is_replaced(kept);
        let newest = self.all_terms().filter(|(kept, _)| stands(kept)).max_by_key(|(kept, _)| kept.letter.seq);
        newest.or_else(|| self.terms().filter(|(kept, _)| self.is_agreed(kept)))
    }

    /// Returns the buyer's OKs that stand: those the shop did not refuse, as it does with one that came too late.
    pub fn accepted(&self) -> impl Iterator<Item = &Kept> {
        self.known(Kind::Confirmation).filter(|ok| !self.is_refused(&ok.content))
    }

    /// Returns whether the letter with this content was refused by whoever got it. An OK that the shop has acted on is not
    /// refused any more, nor are terms that the buyer said OK to as long as the shop has not refused that OK: its answer decides,
    /// and both sides fold it alike in whatever order the buyer's two words came.
    pub fn is_refused(&self, content: &Digest) -> bool {
        let stands = |kept: &Kept| self.is_acted_on(kept) || self.has_ok(kept);
        self.known(Kind::Refusal).any(|refusal| refusal.letter.answers.as_ref() == Some(content))
            && !self.by_content(content).is_some_and(stands)
    }

    /// Returns whether an OK to these terms stands.
    fn has_ok(&self, terms: &Kept) -> bool {
        terms.letter.kind() == Kind::TransactionInfo && self.accepted().any(|ok| ok.letter.terms == Some(terms.content))
    }

    /// Returns whether a letter is an OK that the shop has answered by its word on the order, or by having its agents work under
    /// terms that nothing but this OK put in the place of others.
    pub fn is_acted_on(&self, ok: &Kept) -> bool {
        if ok.letter.kind() != Kind::Confirmation {
            return false;
        }
        let replaces = |terms: &Kept| terms.letter.replaces.is_some();
        let is_new = ok.letter.terms.and_then(|terms| self.by_content(&terms)).is_some_and(replaces);
        let mut work = [Kind::PaymentStatus, Kind::DeliveryStatus].into_iter().flat_map(|kind| self.known(kind));
        self.is_answered(ok) || (is_new && work.any(|status| status.letter.terms == ok.letter.terms))
    }
}
