//! An order written in answer to questions at a terminal: shop, goods, ways, address (figure 5; P10-P16). What was given by
//! flags or a file is not asked for.

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::order::Wishes;
use super::order_send::{Seller, needs_address};
use super::order_written as written;
use super::output::Cell;
use super::prompt::{is_no, is_yes};
use super::table::{Fit, Table};
use crate::clerk::{Clerk, ClerkError};
use crate::index::Filter;
use crate::ordering::prices::{Prices, way_words};
use crate::ordering::written::{Catalog, ItemWritten, OrderFile, price_in, sold_so};
use crate::ordering::{DELIVER, PAY};
use crate::role::practice::BuyerPractice;
use crate::trade::catalog::{Offer, Words};
use crate::trade::item::Item;
use crate::trade::{Address, DeliveryMethod, Order, PaymentMethod, PostalAddress, Quantity, Role};
use crate::view::text;

/// How many articles are listed at a time.
const LISTED: usize = 30;
/// How many of the newest orders tell whose shop stands first.
const NEWEST: u32 = 100;

/// Something that can be chosen: what it is, and what people read.
struct Choice<T> {
    value: T,
    label: String,
}

/// Says why an answer will not do.
fn said(shell: &Shell, why: &str) {
    shell.output.message(super::output::escape(&shell.words.sentence(why)));
}

/// Shows what can be chosen, each with its number.
fn show<T>(shell: &Shell, choices: &[Choice<T>]) {
    for (place, choice) in (1_usize..).zip(choices) {
        shell.output.message(format!("  {place:>2}  {}", super::output::escape(&choice.label)));
    }
}

/// Returns whether an answer is a number: what can only be meant for the list.
fn is_number(answer: &str) -> bool {
    !answer.is_empty() && answer.bytes().all(|b| b.is_ascii_digit())
}

/// Asks for one of several by its number, or by what `read` takes; an empty answer is the first one. A number that the list
/// has not is no word of anybody's, and is asked for again.
fn choose<T: Clone>(
    shell: &Shell,
    what: &str,
    choices: &[Choice<T>],
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    show(shell, choices);
    let default = if choices.is_empty() { "" } else { " [1]" };
    loop {
        let answer = shell.asks(&format!("{}{default}:", shell.words.sentence(what)))?;
        let number = if answer.is_empty() { Ok(1) } else { answer.parse::<usize>() };
        if let Some(choice) = number.ok().and_then(|number| choices.get(number.checked_sub(1)?)) {
            return Ok(choice.value.clone());
        }
        if is_number(&answer) {
            said(shell, &format!("there is no {answer} in the list"));
            show(shell, choices);
            continue;
        }
        match read(&answer) {
            Ok(value) => return Ok(value),
            Err(why) => said(shell, &why),
        }
    }
}

/// Returns the shops that may be ordered from, with their names: those of the newest orders first, then the others there were
/// orders from, then every other whose key is accepted.
fn known(clerk: &mut Clerk) -> Result<Vec<(Address, String)>, ClerkError> {
    clerk.catch_up()?;
    let index = clerk.index();
    let newest = Filter { role: Some(Role::Buyer), limit: Some(NEWEST), ..Filter::default() };
    let newest = index.list(&newest)?.into_iter().map(|one| (one.key.shop, one.row.shop_name));
    let pinned = index.pins()?.into_iter().filter(|pin| pin.address != clerk.me().address);
    let pinned = pinned.map(|pin| (pin.address, String::new()));
    let mut shops: Vec<(Address, String)> = Vec::new();
    for (shop, name) in newest.chain(index.shops(Role::Buyer)?).chain(pinned) {
        match shops.iter_mut().find(|(known, _)| *known == shop) {
            // Its newest order may have no terms yet that name it.
            Some((_, known)) if known.is_empty() => *known = name,
            Some(_) => {}
            None => shops.push((shop, name)),
        }
    }
    for (shop, name) in shops.iter_mut().take(LISTED).filter(|(_, name)| name.is_empty()) {
        *name = clerk.shop_name(shop)?;
    }
    Ok(shops)
}

/// Asks which shop: those with orders of ours first, then every other whose key is accepted.
pub(super) fn shop(shell: &Shell, clerk: &mut Clerk) -> Result<Address, Failure> {
    let shops = known(clerk)?;
    if shops.is_empty() {
        let text = "no key of a shop is accepted yet, so there is none to order from";
        let hint = "mailorder key import FILE, then mailorder key accept ADDRESS";
        return Err(Failure::new(FailureKind::Permission, text).hint(hint));
    }
    let mut choices = Vec::new();
    for (shop, name) in shops.into_iter().take(LISTED) {
        let catalog = clerk.catalogs(&shop)?.first().map(|known| text::minute(&known.date, shell.clock.zone()));
        let name = if name.is_empty() { shop.to_string() } else { format!("{name} <{shop}>") };
        let catalog = catalog.map(|date| shell.words.sentence(&format!(", catalog of {date}"))).unwrap_or_default();
        choices.push(Choice { label: format!("{name}{catalog}"), value: shop });
    }
    choose(shell, "Shop (number or address)", &choices, |text| Address::parse(text).map_err(|error| error.to_string()))
}

/// Asks for what neither flags nor file say: goods, ways to pay and to deliver, the address, a word to the shop.
pub(super) fn fill(
    shell: &Shell,
    practice: &BuyerPractice,
    prices: &Prices,
    file: &mut OrderFile,
    wishes: &mut Wishes,
) -> Result<(), Failure> {
    if file.item.is_empty() {
        file.item = goods(shell, prices)?;
    }
    let chosen = chosen(prices, &file.item);
    if wishes.pay.is_none() && file.pay.is_none() {
        wishes.pay = Some(pay(shell, prices, &chosen)?);
    }
    let paid = wishes.pay.clone().or_else(|| file.pay.as_ref().map(ToString::to_string)).unwrap_or_default();
    if wishes.deliver.is_none() && file.deliver.is_none() {
        wishes.deliver = Some(deliver(shell, prices, &chosen, &paid)?);
    }
    let method = wishes.deliver.clone().or_else(|| file.deliver.as_ref().map(ToString::to_string)).unwrap_or_default();
    if needs_address(&method) && file.deliver_to.is_none() && wishes.to.is_empty() {
        file.deliver_to = address(shell, practice.deliver_to.as_ref())?;
    }
    if wishes.remarks.is_none() && file.remarks.is_none() {
        let remarks = shell.asks("A word to the shop (may be empty):")?;
        wishes.remarks = Some(remarks).filter(|remarks| !remarks.is_empty());
    }
    Ok(())
}

/// Asks for goods until nothing more is written.
fn goods(shell: &Shell, prices: &Prices) -> Result<Vec<ItemWritten>, Failure> {
    let offers = prices.offers();
    let mut items: Vec<ItemWritten> = Vec::new();
    let mut listed: Vec<&Offer> = offers.clone();
    if !offers.is_empty() {
        list(shell, &listed)?;
    }
    loop {
        let end = if items.is_empty() { "" } else { "; nothing more where it is empty" };
        let question = if offers.is_empty() {
            "Goods: name, or SKU;NAME;PRICE;QUANTITY"
        } else {
            "Article: its number in the list, a part of its name to look for, or SKU;NAME;PRICE;QUANTITY"
        };
        let [question, end] = [question, end].map(|text| shell.words.sentence(text));
        let answer = shell.asks(&format!("{question}{end}:"))?;
        if answer.is_empty() && !items.is_empty() {
            return Ok(items);
        }
        if answer.contains(';') {
            match free(&answer, prices) {
                Ok(item) => items.push(item),
                Err(why) => said(shell, &why),
            }
            continue;
        }
        if offers.is_empty() {
            items.extend(described(shell, answer, prices)?);
            continue;
        }
        let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        // What is not shown has no number yet.
        let by_number = number.and_then(|number| listed.iter().take(LISTED).nth(number).copied());
        let by_sku = || offers.iter().find(|offer| offer.item.sku.as_deref() == Some(answer.as_str())).copied();
        if let Some(offer) = by_number.or_else(by_sku) {
            let quantity = quantity(shell, &offer.item, prices)?;
            items.push(ItemWritten { sku: offer.item.sku.clone(), name: None, price: None, quantity: Some(quantity) });
            continue;
        }
        match found(&offers, &answer) {
            none if none.is_empty() && is_number(&answer) => said(shell, &format!("there is no {answer} in the list")),
            none if none.is_empty() => said(shell, "nothing of the catalog is called so"),
            some => listed = some,
        }
        list(shell, &listed)?;
    }
}

/// Returns the articles with all words of a text in their name, or with a number that begins so.
fn found<'a>(offers: &[&'a Offer], text: &str) -> Vec<&'a Offer> {
    let words = Words::new(text.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
    let search = words.search();
    offers.iter().copied().filter(|offer| search.finds(&offer.item)).collect()
}

/// Shows articles with their numbers in the list.
fn list(shell: &Shell, offers: &[&Offer]) -> Result<(), Failure> {
    let row = |(place, offer): (usize, &&Offer)| {
        vec![
            Cell::plain(place.to_string()),
            Cell::plain(offer.item.sku.as_deref().unwrap_or_default()),
            Cell::plain(&offer.item.name),
            Cell::plain(text::amount(&offer.price)),
        ]
    };
    let rows: Vec<Vec<Cell>> = (1_usize..).zip(offers.iter().take(LISTED)).map(row).collect();
    let head = [&[""], shell.heads(&["sku", "article", "price"]).as_slice()].concat();
    shell.output.fitted(&Table {
        head: &head,
        rows: &rows,
        right: &[0, 3],
        fit: &[Fit::Cut(2, 10), Fit::Drop(1)],
        wrap: false,
    })?;
    let more = offers.len().saturating_sub(LISTED);
    if more > 0 { shell.line(&format!("and {more} more: write a part of a name")) } else { Ok(()) }
}

/// Reads an item that is written in full.
fn free(answer: &str, prices: &Prices) -> Result<ItemWritten, String> {
    let item =
        written::item(answer).map_err(|_| "it is written SKU;NAME;PRICE;QUANTITY, like SH-41;Shirt;JPY 4300;1")?;
    let price = item.price.as_deref().unwrap_or_default();
    price_in("the price", price, prices.currency()).map_err(|error| error.to_string())?;
    let quantity = Quantity::parse(item.quantity.as_deref().unwrap_or("1")).map_err(|error| error.to_string())?;
    let named = Item { sku: item.sku.clone(), name: item.name.clone().unwrap_or_default() };
    sold_so(&named.name, quantity, prices.increment(&named))?;
    Ok(item)
}

/// Asks for the price and quantity of goods that no catalog describes; nothing where no name was written.
fn described(shell: &Shell, name: String, prices: &Prices) -> Result<Option<ItemWritten>, Failure> {
    if name.is_empty() {
        said(shell, "an order needs at least one item");
        return Ok(None);
    }
    let sku = shell.asks("Article number (may be empty):")?;
    let price = loop {
        let answer = shell.asks("Price of one, like JPY 4300:")?;
        match price_in("the price", &answer, prices.currency()) {
            Ok(_) => break answer,
            Err(error) => said(shell, &error.to_string()),
        }
    };
    let item = Item { sku: Some(sku).filter(|sku| !sku.is_empty()), name };
    let quantity = quantity(shell, &item, prices)?;
    let Item { sku, name } = item;
    Ok(Some(ItemWritten { sku, name: Some(name), price: Some(price), quantity: Some(quantity) }))
}

/// Asks how many of an item, in multiples of what it is sold in where that is known. An empty answer is one, or the least that is
/// sold.
fn quantity(shell: &Shell, item: &Item, prices: &Prices) -> Result<String, Failure> {
    let increment = prices.increment(item);
    let least = increment.filter(|increment| !Quantity::ONE.is_multiple_of(*increment)).unwrap_or(Quantity::ONE);
    loop {
        let answer = shell.asks(&format!("How many of {}? [{least}]", item.name))?;
        let answer = if answer.is_empty() { least.to_string() } else { answer };
        let quantity = Quantity::parse(&answer).map_err(|error| error.to_string());
        match quantity.and_then(|quantity| sold_so(&item.name, quantity, increment)) {
            Ok(()) => return Ok(answer),
            Err(why) => said(shell, &why),
        }
    }
}

fn words(known: impl IntoIterator<Item = String>) -> Vec<Choice<String>> {
    let mut choices: Vec<Choice<String>> = Vec::new();
    for word in known {
        if !choices.iter().any(|choice| choice.value == word) {
            choices.push(Choice { label: word.clone(), value: word });
        }
    }
    choices
}

/// Returns the articles of the catalog that are ordered by their numbers.
fn chosen<'a>(prices: &'a Prices, items: &[ItemWritten]) -> Vec<&'a Offer> {
    let by_number = |offer: &&Offer| items.iter().any(|item| item.name.is_none() && item.sku == offer.item.sku);
    prices.offers().into_iter().filter(by_number).collect()
}

/// Returns whether an article that names these methods, or leaves it open, can be had by one.
fn admits(methods: &[impl ToString], word: &str) -> bool {
    methods.is_empty() || methods.iter().any(|method| method.to_string() == word)
}

/// Asks how it is paid: one of the shop's ways, where they are known, by which all that was chosen can be had.
fn pay(shell: &Shell, prices: &Prices, chosen: &[&Offer]) -> Result<String, Failure> {
    let ways = prices.ways();
    let any = ways.is_empty() || ways.iter().any(|way| way.payment_method.is_none());
    let named = ways.iter().filter_map(|way| way.payment_method.as_ref()).map(ToString::to_string);
    let mut choices = words(named.chain(PAY.into_iter().filter(|_| any).map(str::to_owned)));
    choices.retain(|choice| chosen.iter().all(|offer| admits(&offer.payment_methods, &choice.value)));
    let read = |text: &str| PaymentMethod::parse(text).map(|way| way.to_string()).map_err(|error| error.to_string());
    choose(shell, "How you pay (number or word)", &choices, read)
}

/// Asks how it travels: one of the shop's ways for this payment, with what it costs.
fn deliver(shell: &Shell, prices: &Prices, chosen: &[&Offer], paid: &str) -> Result<String, Failure> {
    let fits = |method: &Option<PaymentMethod>| method.as_ref().is_none_or(|method| method.as_str() == paid);
    let ways: Vec<_> = prices.ways().iter().filter(|way| fits(&way.payment_method)).collect();
    for way in &ways {
        shell.output.message(format!("  {}", super::output::escape(&shell.words.sentence(&way_words(way)))));
    }
    let any = ways.is_empty() || ways.iter().any(|way| way.delivery_method.is_none());
    let named = ways.iter().filter_map(|way| way.delivery_method.as_ref()).map(ToString::to_string);
    let mut choices = words(named.chain(DELIVER.into_iter().filter(|_| any).map(str::to_owned)));
    choices.retain(|choice| chosen.iter().all(|offer| admits(&offer.delivery_methods, &choice.value)));
    let read = |text: &str| DeliveryMethod::parse(text).map(|way| way.to_string()).map_err(|error| error.to_string());
    choose(shell, "How it travels (number or word)", &choices, read)
}

/// Asks where it goes; the configured address where that is agreed to.
fn address(shell: &Shell, own: Option<&PostalAddress>) -> Result<Option<PostalAddress>, Failure> {
    if let Some(own) = own {
        let question = format!("Deliver to {}? [Y/n]", own.lines().join(", "));
        // Whatever is neither yes nor no is asked again: the goods would go where nobody said they shall.
        loop {
            let answer = shell.asks(&question)?;
            if answer.is_empty() || is_yes(&answer) {
                return Ok(Some(own.clone()));
            }
            if is_no(&answer) {
                break;
            }
        }
    }
    let mut place = PostalAddress::default();
    for (part, what) in written::PARTS.into_iter().zip([
        "Deliver to whom",
        "Street, house, flat",
        "Town",
        "State or prefecture (may be empty)",
        "Postal code",
        "Country, like JP",
    ]) {
        written::put_part(&mut place, part, &shell.asks(&format!("{}:", shell.words.sentence(what)))?);
    }
    Ok(Some(place).filter(|place| !place.lines().is_empty()))
}

/// Says where no payment data can go with an order that is paid with something that has a number, and asks a person whether
/// they shall: to the agent that the catalog names, and readable by nobody else.
pub(super) fn payment_data(
    shell: &Shell,
    clerk: &mut Clerk,
    seller: &Seller,
    order: &Order,
    wishes: &mut Wishes,
) -> Result<(), Failure> {
    let has_number = matches!(order.payment_method.as_str(), "card" | "e-money");
    let Some(agent) = seller.prices.payment_agent(order) else { return Ok(()) };
    if !has_number || wishes.payment_agent.is_some() || !seller.prices.are_used() {
        return Ok(());
    }
    if clerk.pinned_key(&agent.address)?.as_ref() != Some(&agent.fingerprint) {
        // Nobody is asked for what could not be sealed.
        shell.tell(&format!("no card or account goes along: the key of {} is not accepted yet", agent.address));
        return Ok(());
    }
    if seller.question.is_none() || shell.global.yes {
        return Ok(());
    }
    let question = format!("Send card or account along, sealed to {} (nobody else can read it)?", agent.address);
    if shell.agrees(&question)? {
        wishes.payment_agent = Some(agent.address.to_string());
    }
    Ok(())
}
