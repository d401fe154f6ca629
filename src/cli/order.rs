//! `order` and `reorder`: the patent's screen 500 as a command (P10-P16, P98-P102).

use std::path::PathBuf;

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::order_send::Seller;
use super::transaction;
use super::{order_asked as asked, order_send as send, order_written as written};
use crate::clerk::Clerk;
use crate::ordering::prices::{PriceChange, Prices, one_of, take_changes};
use crate::ordering::written::{Catalog, OrderFile};
use crate::ordering::{OrderingError, alter, change, made, pinned, total};
use crate::role::articles::Articles;
use crate::role::buyer;
use crate::role::practice::BuyerPractice;
use crate::trade::item::Item;
use crate::trade::{
    Address, Currency, DeliveryMethod, Money, Order, PaymentMethod, Person, PostalAddress, Quantity, Role, Transaction,
};
use crate::view::text;

#[derive(Debug, clap::Args)]
#[command(after_help = written::HELP)]
pub(crate) struct OrderArgs {
    /// Address of the shop, whose key is accepted already; asked for on a terminal where it is not given
    #[arg(long)]
    shop: Option<String>,
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
    /// How you pay, like card, e-money, bank-transfer, invoice, cash-on-delivery. Without it a new order says invoice, or the
    /// first way of the shop's catalog where that has no invoice, and a repeated one what was said before
    #[arg(long, value_name = "METHOD")]
    pub(super) pay: Option<String>,
    /// How it travels, like parcel, pickup, locker, download. Without it a new order says what goes with how it is paid in the
    /// shop's catalog, or else parcel
    #[arg(long, value_name = "METHOD")]
    pub(super) deliver: Option<String>,
    /// A part of the address the goods go to, like locality=Osaka: name, street, locality, region, postal_code or country;
    /// may be given several times. An empty one is left out, and the others are as configured, or as they were
    #[arg(long = "to", value_name = "PART=TEXT", value_parser = written::part)]
    pub(super) to: Vec<(String, String)>,
    /// A word to the shop
    #[arg(long)]
    pub(super) remarks: Option<String>,
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
    pub(super) dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder reorder K5QW3Z
  mailorder reorder K5QW3Z --quantity 1=2 --without 3 --add TEA-200=1
  mailorder reorder K5QW3Z --item 'TEA-200;Green tea;JPY 1800;2' --to locality=Osaka
  mailorder reorder K5QW3Z --file changes.toml --prices now

Everything is as it was in the terms, unless you say otherwise. On a terminal the new order is shown and you are asked, with the
prices that the shop has changed since, by its newest catalog here. A script says with --prices what holds where one has changed.")]
pub(crate) struct ReorderArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Another quantity for a line, like 1=2
    #[arg(long = "quantity", value_name = "LINE=QUANTITY", conflicts_with_all = ["items", "file"])]
    quantities: Vec<String>,
    /// Leave a line of then out
    #[arg(long, value_name = "LINE", conflicts_with_all = ["items", "file"])]
    without: Vec<String>,
    /// Order this, too: SKU=QUANTITY or SKU;NAME;PRICE;QUANTITY, as often as needed
    #[arg(long = "add", value_name = "ITEM", conflicts_with_all = ["items", "file"])]
    more: Vec<String>,
    /// Order this instead of what was ordered: SKU=QUANTITY or SKU;NAME;PRICE;QUANTITY, as often as needed
    #[arg(long = "item", value_name = "ITEM")]
    items: Vec<String>,
    /// Other charges than those of then: NAME;PRICE
    #[arg(long = "charge", value_name = "CHARGE")]
    charges: Vec<String>,
    /// Take from this file what it has (goods, charges, address, ...), as `order --file` does, and the rest from then
    #[arg(long, conflicts_with_all = ["items", "charges"])]
    file: Option<PathBuf>,
    /// Which prices hold where the shop has changed them since: those of its catalog (now), or those of the terms (then)
    #[arg(long, value_name = "WHICH")]
    prices: Option<Which>,
    #[command(flatten)]
    wishes: Wishes,
}

/// Which prices hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Now,
    Then,
}

pub(super) fn run(shell: &mut Shell, args: OrderArgs) -> Result<(), Failure> {
    let OrderArgs { shop, items, charges, file, mut wishes } = args;
    let mut clerk = shell.clerk()?;
    buyer_practice(&clerk)?;
    let mut file = written::order(file.as_deref(), &items, &charges)?;
    let asks = shell.can_ask() && (shop.is_none() || file.item.is_empty());
    let shop = match shop {
        Some(text) => Address::parse(&text).map_err(|error| Failure::usage(error.to_string()))?,
        None if asks => asked::shop(shell, &mut clerk)?,
        None => return Err(Failure::usage("which shop is ordered from is not said: --shop ADDRESS")),
    };
    let party = pinned(&mut clerk, &shop)?;
    let mut prices = Prices::of(&mut clerk, &shop)?;
    if asks {
        let practice = buyer_practice(&clerk)?;
        asked::fill(shell, practice, &prices, &mut file, &mut wishes)?;
    }
    let charges = !file.charge.is_empty();
    wishes.methods_of(&mut file)?;
    let order = settle(&clerk, file, &mut prices)?;
    let question = shell.can_ask().then_some("Send this order");
    send::finish(shell, clerk, order, &Seller { party, prices, charges, changed: None, question }, wishes)
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
    let more = written::order(None, &args.more, &[])?;
    let mut prices = Prices::of(&mut clerk, &shop.address)?;
    let written = (file.item.is_empty(), file.charge.is_empty());
    change(&mut order, file, &mut prices)?;
    alter(&mut order, &args.without, &[], &mut prices)?;
    args.wishes.methods(&mut order)?;
    let changed = changed(shell, &args, &known, &mut order, &prices, written)?;
    alter(&mut order, &[], &more.item, &mut prices)?;
    let charges = !order.charges.is_empty();
    order.total = total(&order.lines, &order.charges)?;
    if order.deliver_to.is_none() {
        order.deliver_to = clerk.settings().practice.buyer.as_ref().and_then(|buyer| buyer.deliver_to.clone());
    }
    // The key is the one accepted now, which may have followed the one of then.
    let party = pinned(&mut clerk, &shop.address)?;
    let question = shell.can_ask().then_some("Order again");
    send::finish(shell, clerk, order, &Seller { party, prices, charges, changed: Some(changed), question }, args.wishes)
}

/// Finds the prices that the shop has changed since, and lets those hold that the person wishes. What is written anew,
/// goods or charges, has the price that is written with it.
fn changed(
    shell: &Shell,
    args: &ReorderArgs,
    known: &Transaction,
    order: &mut Order,
    prices: &Prices,
    (goods, charges): (bool, bool),
) -> Result<Vec<PriceChange>, Failure> {
    let is_line = |change: &PriceChange| order.lines.iter().any(|line| line.id == change.id);
    let mut changed = prices.changed_since(order, known);
    changed.retain(|change| if is_line(change) { goods } else { charges });
    let said = || {
        let each: Vec<String> = changed.iter().map(change_words).collect();
        format!("{} changed prices since: {}", known.key.shop, each.join("; "))
    };
    let gone = changed.iter().find(|change| change.now.is_none());
    let hint = "say which prices hold: --prices now, or --prices then, which the shop may refuse";
    match (args.prices, gone) {
        _ if changed.is_empty() => {}
        (Some(Which::Then), _) => {}
        (Some(Which::Now), Some(gone)) => {
            return Err(Failure::data(said()).hint(format!("leave it out: --without {}", gone.id)));
        }
        (Some(Which::Now), None) => take_changes(order, &changed),
        (None, _) if shell.can_ask() && !shell.global.yes => take_changes(order, &changed),
        (None, _) if args.wishes.dry_run => {
            // What a person would be asked, and why nothing would be sent without one.
            shell.tell(&said());
            shell.hint(hint);
            take_changes(order, &changed);
        }
        (None, _) => return Err(Failure::data(said()).hint(hint)),
    }
    Ok(changed)
}

/// Says in a few words how a price changed.
fn change_words(change: &PriceChange) -> String {
    let now = change.now.map_or_else(|| "not sold any more".to_owned(), |now| text::amount(&now));
    format!("{} {} → {now}", change.name, text::amount(&change.then))
}

/// Reads an order from a file for a shop that wishes to see what it would do with it: whoever orders is left out, and an
/// article named by its number alone has name and price from what the shop sells itself.
pub(super) fn from_file(clerk: &Clerk, file: &std::path::Path) -> Result<Order, Failure> {
    let settings = clerk.settings();
    let person =
        Person { name: settings.name.clone(), email: settings.address.clone(), telephone: None, address: None };
    let mut own = Own(settings.practice.shop.as_ref().map(|shop| &*shop.articles));
    Ok(made(written::from_file(file)?, person, None, &mut own)?)
}

/// What a shop sells itself.
struct Own<'a>(Option<&'a Articles>);

impl Catalog for Own<'_> {
    fn item(&mut self, sku: &str) -> Result<(Item, Money), OrderingError> {
        let article = self.0.and_then(|articles| articles.find(sku));
        let found = article.map(|article| (article.item.clone(), article.price));
        found.ok_or_else(|| OrderingError::wrong(format!("{sku:?} is not sold here")))
    }

    fn currency(&self) -> Option<Currency> {
        one_of(self.0?.list().iter().map(|article| article.price.currency()))
    }

    /// Returns nothing: what the shop would say to a quantity is what it wishes to see.
    fn increment(&self, _: &Item) -> Option<Quantity> {
        None
    }
}

/// Returns how the owner buys.
pub(super) fn buyer_practice(clerk: &Clerk) -> Result<&BuyerPractice, Failure> {
    clerk.settings().practice.buyer.as_ref().ok_or_else(|| {
        Failure::new(FailureKind::Config, "this account is no buyer")
            .hint("add \"buyer\" to `roles` in the configuration")
    })
}

/// Turns an order as written into one that cannot be wrong in itself.
fn settle(clerk: &Clerk, file: OrderFile, prices: &mut Prices) -> Result<Order, Failure> {
    let practice = buyer_practice(clerk)?;
    Ok(made(file, practice.person.clone(), practice.deliver_to.clone(), prices)?)
}

impl Wishes {
    /// Returns the methods that the flags name.
    fn said(&self) -> Result<(Option<PaymentMethod>, Option<DeliveryMethod>), Failure> {
        let pay = self.pay.as_deref().map(PaymentMethod::parse).transpose();
        let deliver = self.deliver.as_deref().map(DeliveryMethod::parse).transpose();
        let wrong = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        Ok((pay.map_err(|error| wrong(&error))?, deliver.map_err(|error| wrong(&error))?))
    }

    /// Puts the methods that the flags name into an order as it is written: what is not said comes of them.
    fn methods_of(&self, file: &mut OrderFile) -> Result<(), Failure> {
        let (pay, deliver) = self.said()?;
        file.pay = pay.or(file.pay.take());
        file.deliver = deliver.or(file.deliver.take());
        Ok(())
    }

    /// Puts the methods that the flags name into an order.
    pub(super) fn methods(&self, order: &mut Order) -> Result<(), Failure> {
        let (pay, deliver) = self.said()?;
        order.payment_method = pay.unwrap_or_else(|| order.payment_method.clone());
        order.delivery_method = deliver.unwrap_or_else(|| order.delivery_method.clone());
        Ok(())
    }

    /// Puts all that the flags wish into an order: methods, parts of the address, a word to the shop.
    pub(super) fn put_into(&self, order: &mut Order) -> Result<(), Failure> {
        self.methods(order)?;
        let mut place = order.deliver_to.clone().unwrap_or_default();
        for (part, text) in &self.to {
            written::put_part(&mut place, part, text);
        }
        if !self.to.is_empty() {
            order.deliver_to = Some(place).filter(|place: &PostalAddress| !place.lines().is_empty());
        }
        order.remarks = self.remarks.clone().or(order.remarks.take());
        Ok(())
    }
}
