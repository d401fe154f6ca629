//! `ask`: the patent's status request, to whoever speaks for each leg (P86-P89).

use super::Shell;
use super::failure::Failure;
use super::transaction;
use crate::role::{Action, buyer};
use crate::trade::{Leg, Role};

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
    Leg::ALL.into_iter().find(|leg| leg.word() == word).ok_or_else(|| "one of order, payment, delivery".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: AskArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let mut asked = Vec::new();
    for text in &args.transactions {
        let known = transaction::find(&mut clerk, text, &[Role::Buyer])?;
        let written = clerk.command(&known.key, |known, _| {
            Ok(buyer::ask(known, &args.legs)?.into_iter().map(Action::from).collect())
        })?;
        asked.push((known.key.id.to_string(), written.len()));
    }
    shell.send(&mut clerk)?;
    if shell.output.is_json() {
        let asked: Vec<_> =
            asked.iter().map(|(id, letters)| serde_json::json!({"id": id, "letters": letters})).collect();
        return shell.output.document(&serde_json::json!({"schema": "mailorder.asked/1", "transactions": asked}));
    }
    for (id, letters) in asked {
        shell.output.line(format!("{}  asked in {letters} letters", transaction::short(&id)))?;
    }
    Ok(())
}
