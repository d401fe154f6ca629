//! `order` and `reorder`: the patent's screen 500 as a command (P10-P16, P98-P102).

use std::path::PathBuf;

use super::Shell;
use super::catalog::age;
use super::failure::{Failure, FailureKind};
use super::order_written as written;
use super::transaction;
use super::{output, payment_data};
use crate::clerk::Clerk;
use crate::ordering::prices::Prices;
use crate::ordering::written::OrderFile;
use crate::ordering::{OrderingError, change, made, pinned, total};
use crate::role::buyer;
use crate::role::practice::BuyerPractice;
use crate::trade::{Address, DeliveryMethod, Order, OrderId, Party, PaymentMethod, Person, Role};
use crate::view::short;
use crate::view::text;

#[derive(Debug, clap::Args)]
#[command(after_help = written::HELP)]
pub(crate) struct OrderArgs {
    /// Address of the shop, whose key is accepted already
    #[arg(long)]
    shop: String,
    /// Article number and quantity, with name and price from the shop's newest catalog here; or article number, name, price
    /// of one (currency and amount, like JPY 4300) and quantity, parted by semicolons
    #[arg(long = "item", value_name = "SKU=QUANTITY|SKU;NAME;PRICE;QUANTITY")]
    items: Vec<String>,
    /// A charge you expect, like delivery; below zero for a discount. Without it, what the catalog says is expected
    #[arg(long = "charge", value_name = "NAME;PRICE")]
    charges: Vec<String>,
    /// File with items, charges, methods and address instead (TOML), as below
    #[arg(long, value_name = "FILE", conflicts_with_all = ["items", "charges"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    wishes: Wishes,
}

/// What both a new and a repeated order may say.
#[derive(Debug, clap::Args)]
pub(crate) struct Wishes {
    /// How you pay, like card, e-money, bank-transfer, invoice, cash-on-delivery. Without it a new order says invoice, a
    /// repeated one what was said before
    #[arg(long, value_name = "METHOD")]
    pay: Option<String>,
    /// How it travels, like parcel, pickup, locker, download. Without it a new order says parcel
    #[arg(long, value_name = "METHOD")]
    deliver: Option<String>,
    /// A word to the shop
    #[arg(long)]
    remarks: Option<String>,
    /// File with payment data, one `name = value` a line; - for standard input. Without it the command in the
    /// configuration is run, or you are asked
    #[arg(long, value_name = "FILE")]
    pub(super) payment_data: Option<PathBuf>,
    /// Address of the payment agent that the payment data are sealed to; its key is accepted already. Without it, for an order
    /// from a catalog, the one that is named there
    #[arg(long, value_name = "ADDRESS")]
    pub(super) payment_agent: Option<String>,
    /// Show the order and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder reorder K5QW3Z --quantity 1=2\n  mailorder reorder K5QW3Z --item 'TEA-200;Green tea;JPY 1800;2'\n  mailorder reorder K5QW3Z --file changes.toml"
)]
pub(crate) struct ReorderArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Another quantity for a line, like 1=2
    #[arg(long = "quantity", value_name = "LINE=QUANTITY", conflicts_with_all = ["items", "file"])]
    quantities: Vec<String>,
    /// Order this instead of what was ordered: SKU=QUANTITY or SKU;NAME;PRICE;QUANTITY, as often as needed
    #[arg(long = "item", value_name = "ITEM")]
    items: Vec<String>,
    /// Other charges than those of then: NAME;PRICE
    #[arg(long = "charge", value_name = "CHARGE")]
    charges: Vec<String>,
    /// Take from this file what it has (goods, charges, address, ...), as `order --file` does, and the rest from then
    #[arg(long, conflicts_with_all = ["items", "charges"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    wishes: Wishes,
}

pub(super) fn run(shell: &mut Shell, args: OrderArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let shop = Address::parse(&args.shop).map_err(|error| Failure::usage(error.to_string()))?;
    let party = pinned(&mut clerk, &shop)?;
    let file = written::order(args.file.as_deref(), &args.items, &args.charges)?;
    let mut prices = Prices::of(&mut clerk, &shop, file.needs_catalog())?;
    let charges = !file.charge.is_empty();
    let order = settle(&clerk, file, &mut prices)?;
    finish(shell, clerk, order, &Seller { party, prices, charges }, args.wishes)
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
    let file = written::order(args.file.as_deref(), &args.items, &args.charges)?;
    let mut prices = Prices::of(&mut clerk, &shop.address, file.needs_catalog())?;
    change(&mut order, file, &mut prices)?;
    let charges = !order.charges.is_empty();
    order.total = total(&order.lines, &order.charges)?;
    if order.deliver_to.is_none() {
        order.deliver_to = clerk.settings().practice.buyer.as_ref().and_then(|buyer| buyer.deliver_to.clone());
    }
    // The key is the one accepted now, which may have followed the one of then.
    let party = pinned(&mut clerk, &shop.address)?;
    finish(shell, clerk, order, &Seller { party, prices, charges }, args.wishes)
}

/// Who sells, and what is known of its prices.
struct Seller {
    party: Party,
    prices: Prices,
    /// Whether the order has its charges already.
    charges: bool,
}

/// Reads an order from a file for a shop that wishes to see what it would do with it: whoever orders is left out, and an
/// article named by its number alone has name and price from what the shop sells itself.
pub(super) fn from_file(clerk: &Clerk, file: &std::path::Path) -> Result<Order, Failure> {
    let settings = clerk.settings();
    let person =
        Person { name: settings.name.clone(), email: settings.address.clone(), telephone: None, address: None };
    let mut own = |sku: &str| {
        let articles = settings.practice.shop.as_ref().map(|shop| &shop.articles);
        let article = articles.and_then(|articles| articles.find(sku));
        let found = article.map(|article| (article.item.clone(), article.price));
        found.ok_or_else(|| OrderingError::wrong(format!("{sku:?} is not sold here")))
    };
    Ok(made(written::from_file(file)?, person, None, &mut own)?)
}

/// Returns how the owner buys.
pub(super) fn buyer_practice(clerk: &Clerk) -> Result<&BuyerPractice, Failure> {
    clerk.settings().practice.buyer.as_ref().ok_or_else(|| {
        Failure::new(FailureKind::Config, "this account is no buyer; add \"buyer\" to `roles` in the configuration")
    })
}

/// Turns an order as written into one that cannot be wrong in itself.
fn settle(clerk: &Clerk, file: OrderFile, prices: &mut Prices) -> Result<Order, Failure> {
    let practice = buyer_practice(clerk)?;
    Ok(made(file, practice.person.clone(), practice.deliver_to.clone(), &mut |sku| prices.item(sku))?)
}

/// Says on standard error that goods have nowhere to go. It is no error: an address may be agreed on otherwise.
fn warn_of_no_address(shell: &Shell, order: &Order) {
    let needs_one = !matches!(order.delivery_method.as_str(), "pickup" | "locker" | "download");
    if needs_one && order.deliver_to.as_ref().is_none_or(|place| place.lines().is_empty()) {
        // Without it there would be no account.
        let Ok(file) = shell.config_file() else { return };
        let method = &order.delivery_method;
        shell.tell(&format!(
            "warning: the order says {method} and has no address to deliver to; write [buyer.deliver_to] in {}, or deliver_to in an order's --file",
            file.display()
        ));
    }
}

/// Adds what the flags wish, shows the order, and sends it.
fn finish(
    shell: &Shell,
    mut clerk: Clerk,
    mut order: Order,
    seller: &Seller,
    mut wishes: Wishes,
) -> Result<(), Failure> {
    let shop = &seller.party;
    if let Some(word) = &wishes.pay {
        order.payment_method = PaymentMethod::parse(word).map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let Some(word) = &wishes.deliver {
        order.delivery_method = DeliveryMethod::parse(word).map_err(|error| Failure::usage(error.to_string()))?;
    }
    order.remarks = wishes.remarks.clone().or(order.remarks);
    from_catalog(shell, &mut clerk, &mut order, seller, &mut wishes)?;
    let mut chance = [0; 26];
    getrandom::fill(&mut chance).map_err(|error| Failure::io(format!("no random numbers: {error}")))?;
    let id = OrderId::from_bytes(chance);
    clerk.renew_if_due()?;
    payment_data::seal(shell, &mut clerk, &mut order, &id, shop, &wishes)?;
    warn_of_no_address(shell, &order);
    if wishes.dry_run && !shell.output.is_json() {
        return dry(shell, &order, shop);
    }
    if wishes.dry_run {
        let text = serde_json::json!({"schema": "mailorder.order/1", "id": null, "shop": shop, "order": order});
        return shell.output.document(&text);
    }
    let total = order.total;
    clerk.post(vec![buyer::order(order, id.clone(), shop.clone())])?;
    shell.send(&mut clerk)?;
    if shell.output.is_json() {
        let value = serde_json::json!({"schema": "mailorder.order/1", "id": id, "shop": shop, "total": text::money_json(&total)});
        return shell.output.document(&value);
    }
    shell.output.line(format!("{}  ordered from {}: {}", short(id.as_str()), shop.address, text::amount(&total)))
}

/// Adds what the catalog says to an order that has prices from it: charge and payment agent.
fn from_catalog(
    shell: &Shell,
    clerk: &mut Clerk,
    order: &mut Order,
    seller: &Seller,
    wishes: &mut Wishes,
) -> Result<(), Failure> {
    let prices = &seller.prices;
    if prices.are_used() {
        if let Some((date, charge)) = prices.complete(order, seller.charges)? {
            let (day, age) = (text::minute(&date, shell.clock.zone()), age(&date, &shell.clock.now()));
            let charge = if charge { "prices and charge are" } else { "prices are" };
            shell.tell(&format!(
                "{charge} as the catalog of {} has them, written {day}, {age} ago",
                seller.party.address
            ));
        }
        order.total = total(&order.lines, &order.charges)?;
        if wishes.payment_data.is_some() && wishes.payment_agent.is_none() {
            // Where the catalog names nobody, the shop collects itself.
            let agent = prices.payment_agent(order).unwrap_or_else(|| seller.party.clone());
            wishes.payment_agent = Some(agent.address.to_string());
        }
    }
    match &wishes.payment_agent {
        Some(agent) => {
            let agent = Address::parse(agent).map_err(|error| Failure::usage(error.to_string()))?;
            Ok(prices.check_agent(clerk, order, &agent)?)
        }
        None if wishes.payment_data.is_some() => {
            let text = "--payment-data needs --payment-agent ADDRESS: nobody else can read the data";
            Err(Failure::usage(text))
        }
        None => Ok(()),
    }
}

/// Shows for people the order that would be sent.
fn dry(shell: &Shell, order: &Order, shop: &Party) -> Result<(), Failure> {
    shell.output.line(format!("to {}; nothing is sent (--dry-run)", shop.address))?;
    super::show::goods(shell, &order.lines, &order.charges, order.total)?;
    let place = order.deliver_to.as_ref().map(|place| place.lines().join(", "));
    let sealed = order.sealed.as_ref().map(|_| "sealed to the payment agent".to_owned());
    let rows = [
        ("pay", Some(order.payment_method.to_string())),
        ("card", order.payment_id.as_ref().map(|last| format!("...{last}"))),
        ("payment data", sealed),
        ("deliver", Some(order.delivery_method.to_string())),
        ("to", Some(place.unwrap_or_else(|| "no address".to_owned()))),
        ("again", order.reorder_of.as_ref().map(ToString::to_string)),
        ("remarks", order.remarks.clone()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            shell.output.line(format!("{name:<12}  {}", output::escape(&value)))?;
        }
    }
    Ok(())
}
