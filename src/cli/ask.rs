//! `ask`: the patent's status request, to whoever speaks for each leg (P86-P89).

use std::cell::RefCell;

use super::Shell;
use super::failure::Failure;
use super::transaction;
use crate::role::{Action, Refused, buyer};
use crate::trade::{Key, Leg, Role};
use crate::view::short;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder ask K5QW3Z --leg payment")]
pub(crate) struct AskArgs {
    /// Beginning of a transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN", required = true)]
    transactions: Vec<String>,
    /// Ask about this leg only: order, payment or delivery
    #[arg(long = "leg", value_parser = leg)]
    legs: Vec<Leg>,
}

fn leg(word: &str) -> Result<Leg, String> {
    Leg::parse(word).ok_or_else(|| "one of order, payment, delivery".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: AskArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let mut keys: Vec<Key> = Vec::new();
    for text in &args.transactions {
        let known = transaction::find(&mut clerk, text, Role::Buyer)?;
        transaction::is_not_rejected(&known)?;
        let key = known.key;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let counts = RefCell::new(Vec::new());
    // All or none: where one cannot be asked about, nobody is asked.
    clerk.commands(&keys, |known, _| {
        let id = known.key.id.to_string();
        let refused = |refused: Refused| Refused::new(format!("{}: {refused}", short(&id)));
        let drafts = buyer::ask(known, &args.legs).map_err(refused)?;
        counts.borrow_mut().push((id.clone(), drafts.len()));
        Ok(drafts.into_iter().map(Action::from).collect())
    })?;
    let asked = counts.into_inner();
    shell.send(&mut clerk)?;
    if shell.output.is_json() {
        let asked: Vec<_> =
            asked.iter().map(|(id, letters)| serde_json::json!({"id": id, "letters": letters})).collect();
        return shell.output.document(&serde_json::json!({"schema": "mailorder.asked/1", "transactions": asked}));
    }
    for (id, letters) in asked {
        let letters = if letters == 1 { "1 letter".to_owned() } else { format!("{letters} letters") };
        shell.line(&format!("{}  asked in {letters}", short(&id)))?;
    }
    Ok(())
}
