//! One letter of an order, looked at: as text, as data, or as it stands in the ledger. Never as markup.

use serde_json::{Value, json};

use super::fault::Fault;
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::trade::Transaction;

/// Most characters of a letter on a page.
const SHOWN: usize = 200_000;

/// Returns the letter that the address of the page asks for, or nothing.
pub(super) fn shown(clerk: &Clerk, known: &Transaction, visit: &Visit) -> Result<Value, Fault> {
    let Some(entry) = visit.asked("letter") else { return Ok(Value::Null) };
    let kept = entry.parse().ok().and_then(|entry: u64| known.kept.iter().find(|kept| kept.position == entry));
    let kept = kept.ok_or_else(|| Fault::none("This order has no such letter."))?;
    if let Some(erased) = &kept.erased {
        let day = super::pages::moment(&erased.at, &visit.zone);
        return Ok(json!({
            "entry": kept.position, "kind": kept.letter.kind().word(),
            "erased": {"day": day.get(..10), "why": erased.reason, "by": erased.by},
        }));
    }
    let file = clerk.ledger().read(kept.position).map_err(crate::clerk::ClerkError::from)?;
    let way = match visit.asked("as") {
        Some("data") => "data",
        Some("raw") => "raw",
        _ => "text",
    };
    let text = match way {
        "data" => serde_json::to_string_pretty(&kept.letter.document).map_err(|error| Fault::bug(error.to_string()))?,
        "raw" => String::from_utf8_lossy(&file).into_owned(),
        _ => clerk.letter_text(kept.position)?,
    };
    Ok(json!({
        "entry": kept.position, "kind": kept.letter.kind().word(), "as": way, "erased": null,
        "text": text.chars().take(SHOWN).collect::<String>(),
    }))
}
