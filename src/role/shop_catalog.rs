//! What the shop tells of its articles by mail: as many as one letter holds of those that were asked for (P10).

use super::articles::Article;
use super::practice::{Procedure, ShopPractice};
use super::{Desk, Draft};
use crate::trade::catalog::{Catalog, CatalogRequest, Offer, Way};
use crate::trade::{Agent, Digest, Document, Names, Party, Role};

/// The most articles in one letter.
pub const OFFERS_MAX: usize = 200;
/// The most bytes that the articles of one letter take in its machine part, which has 256 KiB at most: the rest is for
/// agents' certificates, ways and conditions.
const BYTES_MAX: usize = 180 * 1024;
/// The most ways to buy in one letter.
const WAYS_MAX: usize = 60;

/// Answers a buyer who asks what is sold; `content` is the question's. Where the account is no shop there is no answer.
pub fn answer(request: &CatalogRequest, from: Party, content: Digest, desk: &Desk<'_>) -> Option<Draft> {
    let shop = desk.practice.shop.as_ref()?;
    let names = Names { shop: Some(desk.me.address.clone()), number: None, order: None };
    let document = Document::Catalog(catalog(request, shop));
    Some(Draft::outside(Role::Shop, from, names, document).answering(content))
}

/// Asks a shop what it sells.
pub fn ask(request: CatalogRequest, shop: Party) -> Draft {
    let names = Names { shop: Some(shop.address.clone()), number: None, order: None };
    Draft::outside(Role::Buyer, shop, names, Document::CatalogRequest(request))
}

fn catalog(request: &CatalogRequest, shop: &ShopPractice) -> Catalog {
    let search = request.words.search();
    let mut matching = 0_u32;
    let mut room = BYTES_MAX;
    let mut offers = Vec::new();
    for article in shop.articles.list().iter().filter(|article| search.finds(&article.item)) {
        let Some(offer) = offer(article, shop) else { continue };
        matching = matching.saturating_add(1);
        // What follows the first that has no room is not listed either: a buyer sees where the list ends.
        room = if offers.len() < OFFERS_MAX { room.saturating_sub(size(&offer)) } else { 0 };
        if room > 0 {
            offers.push(offer);
        }
    }
    let procedures = || shop.procedures.iter().take(WAYS_MAX);
    let mut agents: Vec<Agent> = Vec::new();
    for procedure in procedures() {
        for (role, party) in [(Role::Payment, &procedure.payment_agent), (Role::Delivery, &procedure.delivery_agent)] {
            let Some(party) = party else { continue };
            if !agents.iter().any(|agent| agent.role == role && agent.party.address == party.address) {
                agents.push(Agent { role, party: party.clone(), certificate: None });
            }
        }
    }
    Catalog {
        seller: shop.name.clone(),
        words: request.words.clone(),
        matching,
        offers,
        ways: procedures().map(way).collect(),
        conditions: shop.conditions.clone(),
        agents,
    }
}

/// Returns how many bytes an article takes in the machine part, at most: its words may have to be escaped.
fn size(offer: &Offer) -> usize {
    let texts = [Some(&offer.item.name), offer.item.sku.as_ref(), offer.conditions.as_ref()];
    let words = texts.into_iter().flatten().map(String::len).fold(0_usize, usize::saturating_add);
    let methods = offer.payment_methods.len().saturating_add(offer.delivery_methods.len());
    words.saturating_mul(2).saturating_add(methods.saturating_mul(150)).saturating_add(760)
}

fn way(procedure: &Procedure) -> Way {
    Way {
        payment_method: procedure.payment_method.clone(),
        delivery_method: procedure.delivery_method.clone(),
        charge: procedure.charge.clone(),
        payment_agent: procedure.payment_agent.as_ref().map(|agent| agent.address.clone()),
        delivery_agent: procedure.delivery_agent.as_ref().map(|agent| agent.address.clone()),
    }
}

/// Returns an article as buyers are told of it; `None` where no procedure brings it to anybody.
fn offer(article: &Article, shop: &ShopPractice) -> Option<Offer> {
    let travels = |one: &&Procedure| one.delivery_method.as_ref().is_none_or(|method| article.travels_by(method));
    let fitting: Vec<&Procedure> = shop.procedures.iter().filter(travels).take(WAYS_MAX).collect();
    fitting.first()?;
    let any = fitting.iter().any(|one| one.delivery_method.is_none());
    let delivery_methods = match (any, article.delivery_methods.is_empty()) {
        (true, false) => article.delivery_methods.clone(),
        _ => every(fitting.iter().map(|one| one.delivery_method.as_ref())),
    };
    Some(Offer {
        item: article.item.clone(),
        price: article.price,
        increment: Some(article.increment),
        stock: article.stock,
        payment_methods: every(fitting.iter().map(|one| one.payment_method.as_ref())),
        delivery_methods,
        conditions: article.conditions.clone(),
    })
}

/// Returns each method once, in order; none where one of them is any.
fn every<'a, T: Clone + PartialEq + 'a>(methods: impl Iterator<Item = Option<&'a T>>) -> Vec<T> {
    let mut list = Vec::new();
    for method in methods {
        let Some(method) = method else { return Vec::new() };
        if !list.contains(method) {
            list.push(method.clone());
        }
    }
    list
}
