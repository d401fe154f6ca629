//! `pay data`: what a buyer sealed to this payment agent, opened for the eyes of its owner or of the program that debits.
//!
//! Nothing of it is written to disk: it is opened anew each time from the letter in the ledger (docs/security.md).

use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value, json};

use super::Shell;
use super::failure::Failure;
use super::output;
use crate::trade::Role;
use crate::view::text;

#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    /// Beginning of the transaction's number
    #[arg(value_name = "TXN")]
    transaction: String,
}

pub(super) fn run(shell: &Shell, args: &DataArgs) -> Result<(), Failure> {
    let (mut clerk, known) = super::notify::at_part(shell, &args.transaction, Role::Payment)?;
    let (data, _) = clerk.payment_data(&known)?;
    if shell.output.is_json() {
        let secret =
            |(name, secret): (&String, &secrecy::SecretString)| (name.clone(), Value::from(secret.expose_secret()));
        let instrument: Map<String, Value> = data.instrument.iter().map(secret).collect();
        return shell.output.document(&json!({
            "schema": "mailorder.payment-data/1", "number": known.number, "shop": data.shop, "order": data.order,
            "limit": text::money_json(&data.limit), "method": data.method, "instrument": instrument,
        }));
    }
    for (name, secret) in &data.instrument {
        // The form in which `order --payment-data` reads them; made harmless, since the buyer wrote it.
        let value = Zeroizing::new(output::escape(secret.expose_secret()));
        let line = Zeroizing::new(format!("{} = {}\n", output::escape(name), value.as_str()));
        shell.output.raw(line.as_bytes())?;
    }
    Ok(())
}
