//! An order on its way: what the flags wish is added, payment data sealed, the whole shown, a person asked, and it is sent.

use super::Shell;
use super::catalog::age;
use super::failure::Failure;
use super::order::Wishes;
use super::output::{Cell, Tone};
use super::table::{Fit, Table};
use super::{output, payment_data, prompt};
use crate::clerk::{Clerk, chance};
use crate::ordering::prices::{PriceChange, Prices};
use crate::ordering::{check_texts, total};
use crate::role::buyer;
use crate::trade::{Address, Order, OrderId, Party};
use crate::view::{short, text};

/// Columns of the names in front of values.
const NAMES: usize = 14;

/// Who sells, and how the order came to be.
pub(super) struct Seller {
    pub(super) party: Party,
    /// What is known of its prices.
    pub(super) prices: Prices,
    /// Whether the order has its charges already.
    pub(super) charges: bool,
    /// The prices that changed since it was ordered before; `None` for a new order.
    pub(super) changed: Option<Vec<PriceChange>>,
    /// What a person is asked before it is sent, without shop and total; `None` where nobody is.
    pub(super) question: Option<&'static str>,
}

/// Adds what the flags wish, shows the order, and sends it.
pub(super) fn finish(
    shell: &Shell,
    mut clerk: Clerk,
    mut order: Order,
    seller: &Seller,
    mut wishes: Wishes,
) -> Result<(), Failure> {
    let shop = &seller.party;
    wishes.put_into(&mut order)?;
    check_texts(&order)?;
    seller.prices.check_quantities(&order.lines)?;
    from_catalog(shell, &mut clerk, &mut order, seller, &mut wishes)?;
    super::order_asked::payment_data(shell, &mut clerk, seller, &order, &mut wishes)?;
    let id = OrderId::from_bytes(chance()?);
    clerk.renew_if_due()?;
    payment_data::seal(shell, &mut clerk, &mut order, &id, shop, &wishes)?;
    warn_of_no_address(shell, &order);
    tell_doubts(shell, &order, &seller.prices);
    let changed = seller.changed.as_deref().unwrap_or_default();
    if wishes.dry_run && !shell.output.is_json() {
        shell.line(&format!("to {}; nothing is sent (--dry-run)", shop.address))?;
        return show(shell, &order, changed);
    }
    if wishes.dry_run {
        let mut text = serde_json::json!({"schema": "mailorder.order/1", "id": null, "shop": shop, "order": order});
        if let Some(members) = text.as_object_mut().filter(|_| seller.changed.is_some()) {
            members.insert("changed".to_owned(), changed.iter().map(change_json).collect());
        }
        return shell.output.document(&text);
    }
    let total = order.total;
    if let Some(question) = seller.question.filter(|_| !shell.global.yes) {
        shell.output.line("")?;
        shell.line(&format!("to {}", shop.address))?;
        show(shell, &order, changed)?;
        shell.output.line("")?;
        if !shell.agrees(&format!("{question} to {} for {}?", shop.address, text::amount(&total)))? {
            return Err(prompt::not_agreed());
        }
    }
    clerk.post(vec![buyer::order(order, id.clone(), shop.clone())])?;
    shell.send(&mut clerk)?;
    if shell.output.is_json() {
        let value = serde_json::json!({"schema": "mailorder.order/1", "id": id, "shop": shop, "total": text::money_json(&total)});
        return shell.output.document(&value);
    }
    shell.line(&format!("{}  ordered from {}: {}", short(id.as_str()), shop.address, text::amount(&total)))
}

fn change_json(change: &PriceChange) -> serde_json::Value {
    serde_json::json!({
        "name": change.name, "then": text::money_json(&change.then), "now": change.now.as_ref().map(text::money_json),
    })
}

/// Says on standard error that goods have nowhere to go. It is no error: an address may be agreed on otherwise.
fn warn_of_no_address(shell: &Shell, order: &Order) {
    if needs_address(order.delivery_method.as_str())
        && order.deliver_to.as_ref().is_none_or(|place| place.lines().is_empty())
    {
        // Without it there would be no account.
        let Ok(file) = shell.config_file() else { return };
        let method = &order.delivery_method;
        shell.tell(&format!(
            "warning: the order says {method} and has no address to deliver to; write [buyer.deliver_to] in {}, or deliver_to in an order's --file",
            file.display()
        ));
    }
}

/// Says on standard error what the shop may refuse, by its catalogs.
fn tell_doubts(shell: &Shell, order: &Order, prices: &Prices) {
    let shortages = prices.shortages(&order.lines).into_iter().map(|shortage| shortage.to_string());
    for doubt in prices.doubt(order).into_iter().chain(shortages) {
        shell.tell(&format!("warning: {doubt}"));
    }
}

/// Returns whether goods that travel so need an address to go to.
pub(super) fn needs_address(method: &str) -> bool {
    !matches!(method, "pickup" | "locker" | "download")
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

/// Prints for people the order that would be sent: goods, with the prices that changed since, ways, address.
fn show(shell: &Shell, order: &Order, changed: &[PriceChange]) -> Result<(), Failure> {
    goods(shell, order, changed)?;
    let place = order.deliver_to.as_ref().map(|place| place.lines().join(", "));
    let words = shell.words;
    let sealed = order.sealed.as_ref().map(|_| words.sentence("sealed to the payment agent"));
    let rows = [
        ("pay", Some(words.method(order.payment_method.as_str()))),
        ("card", order.payment_id.as_ref().map(|last| format!("...{last}"))),
        ("payment-data", sealed),
        ("deliver", Some(words.method(order.delivery_method.as_str()))),
        ("to", Some(place.unwrap_or_else(|| words.say("shown.nowhere")))),
        ("again", order.reorder_of.as_ref().map(ToString::to_string)),
        ("remarks", order.remarks.clone()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            let name = words.say(&format!("shown.{name}"));
            shell.output.named(&name, NAMES, &output::escape(&value))?;
        }
    }
    Ok(())
}

/// Prints lines, charges and total; each price that changed with what it was and what it is now.
fn goods(shell: &Shell, order: &Order, changed: &[PriceChange]) -> Result<(), Failure> {
    let mark = |name: &str, price: &crate::trade::Money| {
        let Some(change) = changed.iter().find(|change| change.name == name) else { return Cell::plain("") };
        let then = text::amount(&change.then);
        let text = match change.now {
            None => "! not sold any more".to_owned(),
            Some(now) if now == *price => format!("! was {then}, now {}", text::amount(&now)),
            Some(now) => format!("! {then} as then, now {}", text::amount(&now)),
        };
        Cell(output::escape(&shell.words.sentence(&text)), Tone::Bad)
    };
    let row = |name: String, amount: String, mark: Cell| vec![Cell::plain(name), Cell::plain(amount), mark];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for line in &order.lines {
        let price = line.price().map(|price| text::amount(&price)).unwrap_or_default();
        let mark = mark(&line.item.name, &line.unit_price);
        rows.push(row(format!("{} ×{}", line.item.name, line.quantity), price, mark));
    }
    for charge in &order.charges {
        rows.push(row(charge.name.clone(), text::amount(&charge.price), mark(&charge.name, &charge.price)));
    }
    rows.push(row(shell.words.say("shown.total"), text::amount(&order.total), Cell::plain("")));
    let head = &["", "", ""];
    shell.output.fitted(&Table { head, rows: &rows, right: &[1], fit: &[Fit::Cut(0, 8)], wrap: false })
}
