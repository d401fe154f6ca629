//! `shop change`: new terms in the place of those that were offered; nothing changes before the buyer's OK.

use super::Shell;
use super::failure::Failure;
use super::notify::write;
use crate::ordering::written::money;
use crate::role::shop_change::{self, Change};
use crate::trade::{Money, Quantity, Role, When};

#[derive(Debug, clap::Args)]
pub(super) struct ChangeArgs {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Another price of one, by line, like '1=JPY 4100'
    #[arg(long = "price", value_name = "LINE=AMOUNT")]
    prices: Vec<String>,
    /// Another quantity of a line, like 1=2; 0 leaves the line out
    #[arg(long = "line", value_name = "LINE=QUANTITY")]
    lines: Vec<String>,
    /// Another charge, by its name, like 'Parcel delivery=JPY 600'; a new one where there is none of the name
    #[arg(long = "charge", value_name = "NAME=AMOUNT")]
    charges: Vec<String>,
    /// Another day until which it is to be paid
    #[arg(long, value_name = "DAY")]
    due: Option<String>,
    /// Another day until which it arrives
    #[arg(long, value_name = "DAY")]
    arrives: Option<String>,
}

pub(super) fn run(shell: &Shell, args: &ChangeArgs) -> Result<(), Failure> {
    let amounts = |texts: &[String], what: &str| texts.iter().map(|text| amount(text, what)).collect();
    let prices: Result<Vec<(String, Money)>, Failure> = amounts(&args.prices, "--price");
    let charges: Result<Vec<(String, Money)>, Failure> = amounts(&args.charges, "--charge");
    let quantities: Result<Vec<_>, Failure> = args.lines.iter().map(|text| quantity(text)).collect();
    let day = |text: &Option<String>| {
        text.as_deref().map(When::parse).transpose().map_err(|error| Failure::usage(error.to_string()))
    };
    let change = Change {
        prices: prices?,
        quantities: quantities?,
        charges: charges?,
        due: day(&args.due)?,
        arrives: day(&args.arrives)?,
    };
    if change == Change::default() {
        return Err(Failure::usage("say what changes: --price, --line, --charge, --due or --arrives"));
    }
    write(shell, &args.transaction, Role::Shop, |known, desk| shop_change::change(known, &change, desk))
}

/// Reads `NAME=AMOUNT`.
fn amount(text: &str, what: &str) -> Result<(String, Money), Failure> {
    let (name, amount) = parted(text, "NAME=AMOUNT, like '1=JPY 4100'")?;
    Ok((name, money(what, amount)?))
}

/// Reads `LINE=QUANTITY`, where the quantity may be 0.
fn quantity(text: &str) -> Result<(String, Option<Quantity>), Failure> {
    let (line, quantity) = parted(text, "LINE=QUANTITY, like 1=2")?;
    let quantity = Quantity::parse_count(quantity).map_err(|error| Failure::data(format!("{text:?}: {error}")))?;
    Ok((line, quantity))
}

fn parted<'a>(text: &'a str, form: &str) -> Result<(String, &'a str), Failure> {
    let (name, value) = text.rsplit_once('=').ok_or_else(|| Failure::usage(format!("{text:?} is not {form}")))?;
    Ok((name.trim().to_owned(), value.trim()))
}
