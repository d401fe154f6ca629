//! What the shop says to the lines of an order: prices and names come from its articles, never from the order (B104).
//!
//! The codes are those of [`StatusReason`]; its reference is here a line number.

use std::collections::BTreeMap;

use super::practice::{Partial, Procedure, ShopPractice};
use crate::trade::document::{LineReason, Rejection};
use crate::trade::item::{Line, Stock};
use crate::trade::status::Reason;
use crate::trade::{Order, Quantity, StatusReason};

/// What a shop takes of an order, and by which procedure.
pub(super) struct Taken<'a> {
    /// The procedure of its methods.
    pub(super) procedure: &'a Procedure,
    /// The order, with the lines that can be taken and as many of each as there are.
    pub(super) order: Order,
    /// What of the order is left out, and why.
    pub(super) short: Vec<LineReason>,
}

/// Returns what is taken of an order: all of it, or a part where the shop offers parts; else why it is not taken.
pub(super) fn check<'a>(order: &Order, shop: &'a ShopPractice) -> Result<Taken<'a>, Rejection> {
    let mut reasons = Vec::new();
    let procedure = shop.procedure(&order.payment_method, &order.delivery_method);
    if procedure.is_none() {
        reasons.push(no_procedure(order, shop));
    }
    let mut against = Vec::new();
    let mut short = Vec::new();
    let mut left: BTreeMap<&str, Stock> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in &order.lines {
        match say(line, order, shop, &mut left) {
            Said::Taken => lines.push(line.clone()),
            Said::Short(some, why) => {
                lines.extend(some.map(|quantity| Line { quantity, ..line.clone() }));
                short.push(LineReason { line: line.id.clone(), reason: why });
            }
            Said::Against(why) => {
                against.extend(why.into_iter().map(|reason| LineReason { line: line.id.clone(), reason }));
            }
        }
    }
    let whole = short.is_empty();
    // Of nothing there is no part; and who has the wrong price is told of everything at once.
    let refused = !against.is_empty() || (!whole && (shop.partial == Partial::Refuse || lines.is_empty()));
    match procedure {
        Some(procedure) if !refused && reasons.is_empty() => {
            let order = Order { lines, ..order.clone() };
            match super::shop_offer::total_with(&order, procedure) {
                Some(_) => Ok(Taken { procedure, order, short }),
                None => Err(Rejection { reasons: vec![no_sum()], lines: Vec::new() }),
            }
        }
        _ => {
            against.extend(short);
            let place = |id: &str| order.lines.iter().position(|line| line.id == id);
            against.sort_by_key(|one| place(&one.line));
            Err(Rejection { reasons, lines: against })
        }
    }
}

/// What the shop says to one line.
enum Said {
    /// It can be had as it stands.
    Taken,
    /// Less of it can be had, or nothing, for this reason.
    Short(Option<Quantity>, Reason),
    /// It is wrong, for these reasons.
    Against(Vec<Reason>),
}

/// Says what there is to say to a line; `left` is what the lines before it left of each article.
fn say<'a>(line: &Line, order: &Order, shop: &'a ShopPractice, left: &mut BTreeMap<&'a str, Stock>) -> Said {
    let twice = order.lines.iter().filter(|other| other.id == line.id).count() > 1;
    let twice = twice.then(|| StatusReason::Reference.because("This line number stands twice."));
    let found = line.item.sku.as_deref().and_then(|sku| shop.articles.find(sku));
    let Some((article, sku)) = found.and_then(|article| article.item.sku.as_deref().map(|sku| (article, sku))) else {
        let gone = StatusReason::Item.because("This article is not sold here.");
        return match twice {
            Some(twice) => Said::Against(vec![twice, gone]),
            None => Said::Short(None, gone),
        };
    };
    let mut against: Vec<Reason> = twice.into_iter().collect();
    if article.price != line.unit_price {
        against.push(StatusReason::Price.because(format!("The price is {}, not {}.", article.price, line.unit_price)));
    }
    if article.item.name != line.item.name {
        against.push(StatusReason::Item.because(format!("This article is called {}.", article.item.name)));
    }
    if !line.quantity.is_multiple_of(article.increment) {
        against.push(not_sold_so(line.quantity, article.increment));
    }
    if !against.is_empty() {
        return Said::Against(against);
    }
    if !article.travels_by(&order.delivery_method) {
        return Said::Short(
            None,
            StatusReason::Delivery.because(format!("This article does not travel by {}.", order.delivery_method)),
        );
    }
    let stock = left.entry(sku).or_insert(article.stock);
    let some = stock.of(line.quantity).and_then(|some| some.down_to(article.increment));
    *stock = stock.without(line.quantity);
    match some {
        Some(quantity) if quantity == line.quantity => Said::Taken,
        Some(quantity) => Said::Short(
            Some(quantity),
            StatusReason::Quantity.because(format!("Of this article there is no more than {quantity} now.")),
        ),
        None => Said::Short(None, StatusReason::Quantity.because("Of this article there is none now.")),
    }
}

/// Says in which quantities an article is sold.
fn not_sold_so(wanted: Quantity, increment: Quantity) -> Reason {
    let text = if increment == Quantity::ONE {
        format!("This article is sold in whole pieces, not in {wanted}.")
    } else {
        format!("This article is sold in multiples of {increment}, not in {wanted}.")
    };
    StatusReason::Quantity.because(text)
}

/// Says which of the two methods is not offered, or that the two do not go together (P25).
fn no_procedure(order: &Order, shop: &ShopPractice) -> Reason {
    let (payment, delivery) = (&order.payment_method, &order.delivery_method);
    let fits_payment = |one: &Procedure| one.payment_method.as_ref().is_none_or(|method| method == payment);
    let fits_delivery = |one: &Procedure| one.delivery_method.as_ref().is_none_or(|method| method == delivery);
    let text = format!("Payment by {payment} with delivery by {delivery} is not offered.");
    let wrong_payment = !shop.procedures.iter().any(fits_payment);
    let wrong_delivery = !shop.procedures.iter().any(fits_delivery);
    let code = if wrong_delivery && !wrong_payment { StatusReason::Delivery } else { StatusReason::Payment };
    code.because(text)
}

/// Says that no total can be made.
pub(super) fn no_sum() -> Reason {
    StatusReason::Price.because("The prices and the shop's charge do not make a sum in one currency.")
}
