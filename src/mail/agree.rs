//! Does a letter agree with itself: its envelope with its schema.org nodes?
//!
//! Nothing here changes what was read; a disagreement is a finding. Whether a letter agrees with the terms or the
//! ledger is judged elsewhere.

use std::collections::BTreeSet;

use super::jsonld::{Graph, Node};
use crate::trade::status::Step;
use crate::trade::{Address, Code, Document, Finding, Letter, Number, Role, When};

/// Compares the envelope with the schema.org nodes, where both can be read.
pub(super) fn envelope<'a>(letter: &Letter, graph: &'a Graph<'a>) -> Vec<Finding> {
    let mut found = BTreeSet::new();
    for node in graph.every() {
        let shop = letter.shop.as_ref().map(Address::as_str);
        let number = letter.transaction.as_ref().map(Number::as_str);
        compare(&mut found, "mo:shop and the seller", shop, email(&node, "seller").as_deref());
        compare(&mut found, "mo:transaction and the order number", number, text(&node, "orderNumber"));
        if node.is("Invoice") {
            compare(&mut found, "mo:transaction and the invoice", number, text(&node, "accountId"));
        }
        if let Document::TransactionInfo(terms) = &letter.document {
            for (role, key) in [(Role::Payment, "broker"), (Role::Delivery, "provider")] {
                let agent = terms.agents.iter().find(|agent| agent.role == role);
                let address = agent.map(|agent| agent.party.address.as_str());
                compare(&mut found, &format!("mo:agents and the {key}"), address, email(&node, key).as_deref());
            }
        }
        catalog(&mut found, letter, &node);
        if node.is("EmailMessage") {
            let answers = letter.answers.map(|digest| digest.to_string());
            compare(&mut found, "mo:answers and the letter named", answers.as_deref(), text(&node, "identifier"));
        }
    }
    if letter.done == Some(true) && steps(&letter.document).iter().any(|step| !step.failed() && step.done().is_none()) {
        found.insert("mo:done says that all is done, the actions say that something is not".to_owned());
    }
    found.extend(dates(&letter.document));
    found.into_iter().map(|text| Finding::new(Code::EnvelopeDiffersFromData, text)).collect()
}

/// Compares who sells and who collects and carries, as catalogs and questions for them have it, with the envelope.
fn catalog(found: &mut BTreeSet<String>, letter: &Letter, node: &Node) {
    let shop = letter.shop.as_ref().map(Address::as_str);
    match &letter.document {
        Document::CatalogRequest(_) if node.is("CheckAction") => {
            compare(found, "mo:shop and the shop that is asked", shop, email(node, "participant").as_deref());
        }
        Document::Catalog(_) if node.raw("hasOfferCatalog").is_some() => {
            let seller = text(node, "email").map(str::to_ascii_lowercase);
            compare(found, "mo:shop and the shop of the catalog", shop, seller.as_deref());
        }
        Document::Catalog(catalog) if node.is("Service") => {
            for (role, key) in [(Role::Payment, "broker"), (Role::Delivery, "provider")] {
                let Some(address) = email(node, key) else { continue };
                let named = catalog.agents.iter().filter(|agent| agent.role == role);
                if !named.into_iter().any(|agent| agent.party.address.as_str() == address) {
                    found.insert(format!("mo:agents and the {key} differ: nobody and {address:?}"));
                }
            }
        }
        _ => (),
    }
}

fn compare(found: &mut BTreeSet<String>, what: &str, envelope: Option<&str>, data: Option<&str>) {
    let Some(data) = data else { return };
    if envelope != Some(data) {
        found.insert(format!("{what} differ: {:?} and {data:?}", envelope.unwrap_or("nothing")));
    }
}

fn text<'a>(node: &Node<'a>, key: &str) -> Option<&'a str> {
    node.text(key).ok().flatten()
}

/// Returns the address of a member, in lower case; a text that is no address as it stands.
fn email(node: &Node, key: &str) -> Option<String> {
    let firm = node.node(key).ok().flatten()?;
    text(&firm, "email").map(str::to_ascii_lowercase)
}

/// Returns the steps a status speaks about.
fn steps(document: &Document) -> Vec<&Step> {
    match document {
        Document::OrderStatus(status) => status.shipments.iter().map(|shipment| &shipment.step).collect(),
        // A refund still to be made does not make the payment undone.
        Document::PaymentStatus(status) => {
            status.payments.iter().filter(|payment| !payment.refund).map(|payment| &payment.step).collect()
        }
        Document::DeliveryStatus(status) => status.parcels.iter().map(|parcel| &parcel.step).collect(),
        _ => Vec::new(),
    }
}

/// Compares planned dates written beside an action with the action's own: they must fall on its day (wire format 1.3).
fn dates(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    match document {
        Document::DeliveryStatus(status) => {
            for parcel in &status.parcels {
                let Some(planned) = parcel.step.planned() else { continue };
                let early = parcel.expected_from.is_some_and(|from| planned.day() < from.day());
                let late = parcel.expected_until.is_some_and(|until| planned.day() > until.day());
                if early || late {
                    found.push(format!("parcel {:?} is planned for {planned}, outside its own dates", parcel.id));
                }
            }
        }
        Document::PaymentStatus(status) => {
            let collected = status.payments.iter().filter(|payment| !payment.refund);
            let planned: Vec<When> = collected.filter_map(|payment| payment.step.planned()).collect();
            if let Some(scheduled) = status.scheduled.filter(|_| !planned.is_empty())
                && !planned.iter().any(|planned| planned.day() == scheduled.day())
            {
                found.push(format!("the payment is scheduled for {scheduled}, but no payment is planned for that day"));
            }
        }
        _ => (),
    }
    found
}
