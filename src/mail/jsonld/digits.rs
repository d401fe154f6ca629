//! Of a card or account no letter says more than the last four letters or digits: the whole number goes sealed to the payment agent
//! alone (`mo:sealed`), and is on nobody's disk in clear, whatever program wrote the letter.

use super::node::{Graph, Result};
use crate::mail::tree::Tree;

/// What names a card or account.
const ENDING: &str = "paymentMethodId";
/// How many letters or digits of it anybody but the payment agent may see.
const SEEN: usize = 4;

/// Refuses a letter that says more of a card or account, on whatever node: what nobody reads is kept as it came, too.
pub(in crate::mail) fn check<'a>(graph: &'a Graph<'a>) -> Result<()> {
    for node in graph.every() {
        let said = match node.raw(ENDING) {
            None => continue,
            Some(Tree::Text(text)) => text,
            Some(_) => return Err(node.wrong(ENDING, "not a string")),
        };
        if said.chars().filter(|c| c.is_alphanumeric()).nth(SEEN).is_some() {
            return Err(node.wrong(ENDING, "more than the last four letters or digits"));
        }
    }
    Ok(())
}
