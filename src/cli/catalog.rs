//! `catalog`: a buyer asks a shop what it sells, and looks at what came of it (P10).

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::order::buyer_practice;
use super::output::{self, Cell};
use super::table::{Fit, Table, wrap};
use crate::clerk::{Clerk, ClerkError, KnownCatalog};
use crate::ordering::{ask_catalog, pinned};
use crate::trade::catalog::{Catalog, Offer, Way, Words};
use crate::trade::{Address, Agent, DeliveryMethod, Moment, PaymentMethod, Role};
use crate::view::text;
use crate::words;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mailorder catalog shop@example.com\n  mailorder catalog shop@example.com --ask green tea\n\nThe answer comes by mail, with a later `mailorder sync`; then this command lists it, and\n`mailorder order --shop shop@example.com --item SKU=QUANTITY` orders from it."
)]
pub(crate) struct CatalogArgs {
    /// Address of the shop, whose key is accepted already
    shop: String,
    /// Only articles with all these words in their name, or with a number that begins so
    words: Vec<String>,
    /// Ask the shop, even where a catalog of it is here
    #[arg(long)]
    ask: bool,
}

pub(super) fn run(shell: &mut Shell, args: CatalogArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let shop = Address::parse(&args.shop).map_err(|error| Failure::usage(error.to_string()))?;
    let words = Words::new(args.words).map_err(Failure::usage)?;
    buyer_practice(&clerk)?;
    if shop == clerk.me().address {
        return Err(Failure::usage("this is your own shop").hint("mailorder shop catalog list"));
    }
    pinned(&mut clerk, &shop)?;
    let known = clerk.catalogs(&shop)?;
    let awaited = clerk.index().catalog_awaited(&shop).map_err(ClerkError::from)?;
    let asks = args.ask || (known.is_empty() && awaited.is_none());
    if asks {
        ask_catalog(&mut clerk, &shop, words.clone())?;
        shell.send(&mut clerk)?;
    }
    if shell.output.is_json() {
        let value = document(shell, &mut clerk, &shop, &known, &words, asks, awaited)?;
        return shell.output.document(&value);
    }
    if asks {
        shell.done(format!("asked {shop} for its catalog; the answer comes with a later `mailorder sync`"));
    } else if let Some(since) = awaited {
        let since = text::minute(&since, shell.clock.zone());
        shell.tell(&format!(
            "{shop} was asked on {since} and has not answered yet; `mailorder catalog {shop} --ask` asks again"
        ));
    }
    list(shell, &mut clerk, &known, &words)
}

/// Prints the articles of the catalogs that are here, or those of them that are meant: each as the newest catalog has it, as
/// `order` takes it. Ways and conditions are those of the newest.
fn list(shell: &Shell, clerk: &mut Clerk, known: &[KnownCatalog], words: &Words) -> Result<(), Failure> {
    let Some(newest) = known.first() else { return Ok(()) };
    let catalog = &newest.catalog;
    let found = meant(known, words);
    let offers: Vec<&Offer> = found.iter().map(|(_, offer)| *offer).collect();
    if !offers.is_empty() {
        table(shell, &offers)?;
        shell.output.line("")?;
    }
    // Of ways to deliver only those that one of the articles takes.
    let is_taken = |way: &&Way| {
        let takes = |offer: &&Offer| match &way.delivery_method {
            Some(method) => offer.delivery_methods.is_empty() || offer.delivery_methods.contains(method),
            None => true,
        };
        offers.iter().any(takes)
    };
    for way in catalog.ways.iter().filter(is_taken) {
        shell.output.line(output::escape(&way_line(clerk, catalog, way, shell.words)?))?;
    }
    let own = |offer: &&Offer| Some(format!("{}: {}", offer.item.name, offer.conditions.as_ref()?));
    for text in catalog.conditions.iter().cloned().chain(offers.iter().filter_map(own)) {
        let text = output::escape(&text);
        for line in shell.output.width().map_or_else(|| vec![text.clone()], |width| wrap(&text, width)) {
            shell.output.line(line)?;
        }
    }
    for one in known {
        let count = found.iter().filter(|(of, _)| std::ptr::eq(*of, one)).count();
        if count > 0 || std::ptr::eq(one, newest) {
            shell.output.line(output::escape(&summary(shell, one, count)))?;
        }
    }
    if catalog.has_more() {
        let text = format!(
            "the shop has {} such articles, more than fit into one letter; ask with words to narrow it",
            catalog.matching
        );
        shell.hint(&text);
    }
    Ok(())
}

/// Says how many of the articles shown are of a catalog, what that was asked for, and of when it is.
fn summary(shell: &Shell, known: &KnownCatalog, count: usize) -> String {
    let catalog = &known.catalog;
    let written = text::minute(&known.date, shell.clock.zone());
    let age = age(&known.date, &shell.clock.now());
    let (age, asked) = (shell.words.sentence(&age), catalog.words.list().join(" "));
    let asked = match asked.as_str() {
        "" => asked,
        _ => shell.words.fill("catalog.for", &[("words", &asked)]),
    };
    shell.words.fill(
        "catalog.listed",
        &[
            ("n", &count),
            ("all", &catalog.offers.len()),
            ("for", &asked),
            ("shop", &catalog.seller),
            ("day", &written),
            ("age", &age),
        ],
    )
}

/// Prints articles, with the steps in which they are sold and what there was of them where that is said of any.
fn table(shell: &Shell, offers: &[&Offer]) -> Result<(), Failure> {
    type Column = (&'static str, fn(&Offer) -> Option<String>);
    let increment: Column = ("increment", |offer| offer.increment.map(|increment| increment.to_string()));
    let stock: Column = ("stock", |offer| offer.stock.count());
    let has_increments = offers.iter().any(|offer| offer.step().is_some());
    let has_stock = offers.iter().any(|offer| offer.stock.count().is_some());
    let said: Vec<Column> = has_increments.then_some(increment).into_iter().chain(has_stock.then_some(stock)).collect();
    let row = |offer: &&Offer| -> Vec<Cell> {
        let sku = offer.item.sku.clone().unwrap_or_default();
        let deliver = named(offer.delivery_methods.iter().map(DeliveryMethod::as_str), shell.words);
        let pay = named(offer.payment_methods.iter().map(PaymentMethod::as_str), shell.words);
        let said = said.iter().map(|(_, say)| say(offer).unwrap_or_else(|| "–".to_owned()));
        let cells = [sku, offer.item.name.clone(), text::amount(&offer.price)].into_iter().chain(said);
        cells.chain([deliver, pay]).map(Cell::plain).collect()
    };
    let rows: Vec<Vec<Cell>> = offers.iter().map(row).collect();
    let names = ["sku", "article", "price"].into_iter().chain(said.iter().map(|(name, _)| *name));
    let names: Vec<&str> = names.chain(["deliver", "pay"]).collect();
    let (deliver, pay) = (said.len().saturating_add(3), said.len().saturating_add(4));
    let right: Vec<usize> = (2..deliver).collect();
    let fit = [Fit::Cut(1, 12), Fit::Drop(pay), Fit::Cut(deliver, 8)];
    let head = shell.heads(&names);
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &right, fit: &fit, wrap: false })
}

/// Returns the articles that are meant by these words, each with the newest catalog that has it.
fn meant<'a>(known: &'a [KnownCatalog], words: &Words) -> Vec<(&'a KnownCatalog, &'a Offer)> {
    let search = words.search();
    let mut found = KnownCatalog::newest_offers(known);
    found.retain(|(_, offer)| search.finds(&offer.item));
    found
}

fn named<'a>(methods: impl Iterator<Item = &'a str>, words: words::Words) -> String {
    let list: Vec<String> = methods.map(|method| words.method(method)).collect();
    if list.is_empty() { words.say("catalog.any") } else { list.join(", ") }
}

fn way_line(clerk: &mut Clerk, catalog: &Catalog, way: &Way, words: words::Words) -> Result<String, Failure> {
    let name = |method: Option<&str>| method.map_or_else(|| words.say("catalog.any-method"), |word| words.method(word));
    let payment = name(way.payment_method.as_ref().map(PaymentMethod::as_str));
    let delivery = name(way.delivery_method.as_ref().map(DeliveryMethod::as_str));
    let charge = way
        .charge
        .as_ref()
        .map(|(name, price)| words.fill("catalog.charge", &[("name", name), ("sum", &text::amount(price))]));
    let mut line = words.fill("catalog.way", &[("payment", &payment), ("delivery", &delivery)]);
    line.push_str(&charge.unwrap_or_default());
    if let Some(agent) = payment_agent(catalog, way) {
        let key = if is_accepted(clerk, agent)? { "catalog.through" } else { "catalog.through-unaccepted" };
        line.push_str(&words.fill(key, &[("agent", &agent.party.address)]));
    }
    Ok(line)
}

fn payment_agent<'a>(catalog: &'a Catalog, way: &Way) -> Option<&'a Agent> {
    catalog.agent(Role::Payment, way.payment_agent.as_ref()?)
}

fn is_accepted(clerk: &mut Clerk, agent: &Agent) -> Result<bool, Failure> {
    Ok(clerk.pinned_key(&agent.party.address)?.as_ref() == Some(&agent.party.fingerprint))
}

/// Says how long ago something was, in the largest unit there are two of.
pub(super) fn age(then: &Moment, now: &Moment) -> String {
    let seconds = u64::try_from(now.seconds_since(then)).unwrap_or(0);
    let units = [(86_400_u64, "day"), (3600, "hour"), (60, "minute")];
    let fitting = units.into_iter().find(|(unit, _)| seconds >= unit.saturating_mul(2));
    let (unit, noun) = fitting.unwrap_or((1, "second"));
    counted(usize::try_from(seconds.checked_div(unit).unwrap_or(seconds)).unwrap_or(usize::MAX), noun)
}

/// Says how many of something there are.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn document(
    shell: &Shell,
    clerk: &mut Clerk,
    shop: &Address,
    known: &[KnownCatalog],
    words: &Words,
    asked: bool,
    awaited: Option<Moment>,
) -> Result<Value, Failure> {
    let newest = known.first();
    let catalog = newest.map(|known| &known.catalog);
    let articles: Vec<Value> = meant(known, words).into_iter().map(|(of, offer)| article(offer, &of.date)).collect();
    let mut ways = Vec::new();
    for (catalog, way) in catalog.into_iter().flat_map(|catalog| catalog.ways.iter().map(move |way| (catalog, way))) {
        let agent = payment_agent(catalog, way);
        let accepted = agent.map(|agent| is_accepted(clerk, agent)).transpose()?;
        ways.push(json!({
            "pay": way.payment_method,
            "deliver": way.delivery_method,
            "charge": way.charge.as_ref().map(|(name, price)| json!({"name": name, "price": text::money_json(price)})),
            "payment_agent": agent.map(|agent| &agent.party),
            "accepted": accepted,
        }));
    }
    let now = shell.clock.now();
    Ok(json!({
        "schema": "mailorder.catalog/1",
        "shop": shop,
        "asked": asked,
        "awaited_since": awaited,
        "written": newest.map(|known| known.date),
        "age_seconds": newest.map(|known| now.seconds_since(&known.date).max(0)),
        "seller": catalog.map(|catalog| &catalog.seller),
        "words": catalog.map(|catalog| catalog.words.list().to_vec()).unwrap_or_default(),
        "matching": catalog.map(|catalog| catalog.matching),
        "listed": catalog.map(|catalog| catalog.offers.len()),
        "complete": catalog.is_some_and(Catalog::is_complete),
        "conditions": catalog.and_then(|catalog| catalog.conditions.as_ref()),
        "articles": articles,
        "ways": ways,
    }))
}

fn article(offer: &Offer, written: &Moment) -> Value {
    json!({
        "sku": offer.item.sku,
        "name": offer.item.name,
        "price": text::money_json(&offer.price),
        "increment": offer.increment,
        "stock": offer.stock.count(),
        "pay": offer.payment_methods,
        "deliver": offer.delivery_methods,
        "conditions": offer.conditions,
        "written": written,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_largest_unit_there_are_two_of() {
        let then = Moment::parse("2026-07-10T09:00:00Z").unwrap();
        for (seconds, told) in [
            (-5, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7200, "2 hours"),
            (86_400, "24 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(age(&then, &then.plus_seconds(seconds)), told);
        }
    }
}
