//! `order` and `reorder`: the patent's screen 500 as a command (P10-P16, P98-P102).

use std::path::PathBuf;

use serde::Deserialize;

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::transaction::{self, short};
use super::{output, payment_data};
use crate::clerk::Clerk;
use crate::files;
use crate::role::buyer;
use crate::trade::item::{self, Charge, Item, Line};
use crate::trade::{
    Address, DeliveryMethod, Money, Order, OrderId, Party, PaymentMethod, PostalAddress, Quantity, Role,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder order --shop shop@example.com --item 'SH-41;Shirt, white, 41;JPY 4300;1' --charge 'Parcel delivery;JPY 500'\n  mailorder order --shop shop@example.com --file order.toml"
)]
pub(crate) struct OrderArgs {
    /// Address of the shop, whose key is accepted already
    #[arg(long)]
    shop: String,
    /// Article number, name, price of one and quantity, parted by semicolons
    #[arg(long = "item", value_name = "SKU;NAME;PRICE;QUANTITY")]
    items: Vec<String>,
    /// A charge you expect, like delivery
    #[arg(long = "charge", value_name = "NAME;PRICE")]
    charges: Vec<String>,
    /// File with items, charges and methods instead (TOML)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["items", "charges"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    wishes: Wishes,
}

/// What both a new and a repeated order may say.
#[derive(Debug, clap::Args)]
pub(crate) struct Wishes {
    /// How you pay, like card, e-money, bank-transfer, invoice, cash-on-delivery
    #[arg(long, value_name = "METHOD")]
    pay: Option<String>,
    /// How it travels, like parcel, pickup, locker, download
    #[arg(long, value_name = "METHOD")]
    deliver: Option<String>,
    /// A word to the shop
    #[arg(long)]
    remarks: Option<String>,
    /// File with payment data, one `name = value` a line; - for standard input. Without it the command in the
    /// configuration is run, or you are asked
    #[arg(long, value_name = "FILE", requires = "payment_agent")]
    pub(super) payment_data: Option<PathBuf>,
    /// Address of the payment agent that the payment data are sealed to; its key is accepted already
    #[arg(long, value_name = "ADDRESS")]
    pub(super) payment_agent: Option<String>,
    /// Show the order and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder reorder K5QW3Z --quantity 1=2")]
pub(crate) struct ReorderArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Another quantity for a line, like 1=2
    #[arg(long = "quantity", value_name = "LINE=QUANTITY")]
    quantities: Vec<String>,
    #[command(flatten)]
    wishes: Wishes,
}

/// An order as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderFile {
    #[serde(default)]
    item: Vec<ItemWritten>,
    #[serde(default)]
    charge: Vec<ChargeWritten>,
    pay: Option<PaymentMethod>,
    deliver: Option<DeliveryMethod>,
    deliver_to: Option<PostalAddress>,
    remarks: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemWritten {
    sku: Option<String>,
    name: String,
    price: String,
    quantity: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChargeWritten {
    name: String,
    price: String,
}

pub(super) fn run(shell: &mut Shell, args: OrderArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let shop = Address::parse(&args.shop).map_err(|error| Failure::usage(error.to_string()))?;
    let party = pinned(&mut clerk, &shop)?;
    let file = match &args.file {
        Some(file) => read_file(file)?,
        None => from_flags(&args)?,
    };
    let order = settle(&clerk, file)?;
    finish(shell, clerk, order, party, &args.wishes)
}

pub(super) fn again(shell: &mut Shell, args: ReorderArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let known = transaction::find(&mut clerk, &args.transaction, Role::Buyer)?;
    let (mut order, shop) = buyer::reorder(&known).map_err(|refused| Failure::data(refused.to_string()))?;
    for text in &args.quantities {
        let part = super::buy::line_quantity(text)?;
        let line = order.lines.iter_mut().find(|line| line.id == part.line);
        line.ok_or_else(|| Failure::data(format!("line {} is not in the order", part.line)))?.quantity = part.quantity;
    }
    order.total = total(&order.lines, &order.charges)?;
    // The key is the one accepted now, which may have followed the one of then.
    let party = pinned(&mut clerk, &shop.address)?;
    finish(shell, clerk, order, party, &args.wishes)
}

/// Returns the shop with its accepted key.
pub(super) fn pinned(clerk: &mut Clerk, address: &Address) -> Result<Party, Failure> {
    clerk.catch_up()?;
    let pin = clerk.index().pin_of(address).map_err(crate::clerk::ClerkError::from)?;
    let pin = pin.ok_or_else(|| {
        Failure::new(FailureKind::Permission, format!("no key of {address} is accepted yet"))
            .hint(format!("mailorder key import FILE, then mailorder key accept {address}"))
    })?;
    Ok(Party { address: address.clone(), fingerprint: pin.fingerprint })
}

fn read_file(file: &PathBuf) -> Result<OrderFile, Failure> {
    let fault = |what: String| Failure::data(format!("cannot read {}: {what}", file.display()));
    let bytes = files::read_named(file, files::SMALL).map_err(|error| fault(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| fault("it is no UTF-8 text".to_owned()))?;
    toml::from_str(&text).map_err(|error| Failure::data(format!("{}: {error}", file.display())))
}

fn from_flags(args: &OrderArgs) -> Result<OrderFile, Failure> {
    let item = |text: &String| {
        let fields: Vec<&str> = text.split(';').map(str::trim).collect();
        let [sku, name, price, quantity] = fields.as_slice() else {
            return Err(Failure::usage(format!("{text:?} is not SKU;NAME;PRICE;QUANTITY")));
        };
        let sku = (!sku.is_empty()).then(|| (*sku).to_owned());
        Ok(ItemWritten { sku, name: (*name).to_owned(), price: (*price).to_owned(), quantity: (*quantity).to_owned() })
    };
    let charge = |text: &String| {
        let (name, price) =
            text.split_once(';').ok_or_else(|| Failure::usage(format!("{text:?} is not NAME;PRICE")))?;
        Ok(ChargeWritten { name: name.trim().to_owned(), price: price.trim().to_owned() })
    };
    let items: Result<Vec<_>, Failure> = args.items.iter().map(item).collect();
    let charges: Result<Vec<_>, Failure> = args.charges.iter().map(charge).collect();
    Ok(OrderFile { item: items?, charge: charges?, pay: None, deliver: None, deliver_to: None, remarks: None })
}

/// Turns an order as written into one that cannot be wrong in itself.
fn settle(clerk: &Clerk, file: OrderFile) -> Result<Order, Failure> {
    let practice = clerk.settings().practice.buyer.as_ref();
    let practice = practice.ok_or_else(|| {
        Failure::new(FailureKind::Config, "this account is no buyer; add \"buyer\" to `roles` in the configuration")
    })?;
    let money = |text: &str| Money::parse_line(text).map_err(|error| Failure::data(error.to_string()));
    let mut lines = Vec::new();
    for (place, written) in file.item.iter().enumerate() {
        let quantity = Quantity::parse(&written.quantity).map_err(|error| Failure::data(error.to_string()))?;
        let item = Item { sku: written.sku.clone(), name: written.name.clone() };
        let id = place.saturating_add(1).to_string();
        lines.push(Line { id, item, unit_price: money(&written.price)?, quantity });
    }
    let mut charges = Vec::new();
    for (place, written) in file.charge.iter().enumerate() {
        let id = lines.len().saturating_add(place).saturating_add(1).to_string();
        charges.push(Charge { id, name: written.name.clone(), price: money(&written.price)? });
    }
    let method = |word: &str| PaymentMethod::parse(word).map_err(|error| Failure::bug(error.to_string()));
    let travel = |word: &str| DeliveryMethod::parse(word).map_err(|error| Failure::bug(error.to_string()));
    Ok(Order {
        buyer: practice.person.clone(),
        total: total(&lines, &charges)?,
        lines,
        charges,
        payment_method: file.pay.map_or_else(|| method("invoice"), Ok)?,
        payment_id: None,
        sealed: None,
        delivery_method: file.deliver.map_or_else(|| travel("parcel"), Ok)?,
        deliver_to: file.deliver_to.or_else(|| practice.deliver_to.clone()),
        billing: None,
        reorder_of: None,
        remarks: file.remarks,
    })
}

fn total(lines: &[Line], charges: &[Charge]) -> Result<Money, Failure> {
    let total = item::total(lines, charges).map_err(|error| Failure::data(error.to_string()))?;
    total.ok_or_else(|| Failure::usage("an order needs at least one item (--item or --file)"))
}

/// Adds what the flags wish, shows the order, and sends it.
fn finish(shell: &Shell, mut clerk: Clerk, mut order: Order, shop: Party, wishes: &Wishes) -> Result<(), Failure> {
    if let Some(word) = &wishes.pay {
        order.payment_method = PaymentMethod::parse(word).map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let Some(word) = &wishes.deliver {
        order.delivery_method = DeliveryMethod::parse(word).map_err(|error| Failure::usage(error.to_string()))?;
    }
    order.remarks = wishes.remarks.clone().or(order.remarks);
    let mut chance = [0; 26];
    getrandom::fill(&mut chance).map_err(|error| Failure::io(format!("no random numbers: {error}")))?;
    let id = OrderId::from_bytes(chance);
    clerk.renew_if_due()?;
    payment_data::seal(shell, &mut clerk, &mut order, &id, &shop, wishes)?;
    if wishes.dry_run {
        let text = serde_json::json!({"schema": "mailorder.order/1", "id": null, "shop": shop, "order": order});
        return shell.output.document(&text);
    }
    let total = order.total;
    clerk.post(vec![buyer::order(order, id.clone(), shop.clone())])?;
    shell.send(&mut clerk)?;
    if shell.output.is_json() {
        let value = serde_json::json!({"schema": "mailorder.order/1", "id": id, "shop": shop, "total": output::money_json(&total)});
        return shell.output.document(&value);
    }
    shell.output.line(format!("{}  ordered from {}: {}", short(id.as_str()), shop.address, output::amount(&total)))
}
