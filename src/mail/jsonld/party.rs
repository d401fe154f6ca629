//! Persons, firms, postal addresses and agents, in both directions.

use serde_json::Value;

use super::made::{Made, named, reference, typed};
use super::node::{Node, Result};
use crate::trade::{Address, Agent, Fingerprint, Party, Person, PostalAddress, Role};

/// Writes the buyer in full.
pub(super) fn write_person(person: &Person) -> Value {
    typed("Person")
        .text("name", &person.name)
        .text("email", &person.email)
        .maybe("telephone", person.telephone.as_ref())
        .put("address", write_place(person.address.as_ref()))
        .end()
}

/// Reads the buyer in full.
pub(super) fn read_person(node: &Node) -> Result<Person> {
    Ok(Person {
        name: node.need_text("name")?.to_owned(),
        email: node.need("email")?,
        telephone: node.string("telephone")?,
        address: node.node("address")?.map(|place| read_place(&place)).transpose()?,
    })
}

/// Writes a person known by the mail address alone.
pub(super) fn person(email: &Address) -> Value {
    typed("Person").text("email", email).end()
}

/// Writes a firm known by the mail address alone.
pub(super) fn firm(email: &Address) -> Value {
    typed("Organization").text("email", email).end()
}

/// Returns the name a firm's node has in the graph.
pub(super) fn firm_id(email: &Address) -> String {
    format!("mailto:{email}")
}

/// Adds the agent of a leg under the newer and the superseded name of the same member.
pub(super) fn write_agent_of(made: Made, role: Role, agents: &[Agent], keys: [&str; 2]) -> Made {
    let Some(agent) = agents.iter().find(|agent| agent.role == role) else { return made };
    let id = firm_id(&agent.party.address);
    let [newer, older] = keys;
    let made = made.put(newer, named(&id, "Organization").text("email", &agent.party.address).end());
    if older.is_empty() { made } else { made.put(older, reference(&id)) }
}

/// Writes a postal address; null where there is none.
pub(super) fn write_place(place: Option<&PostalAddress>) -> Value {
    let Some(place) = place else { return Value::Null };
    typed("PostalAddress")
        .maybe("name", place.name.as_ref())
        .maybe("streetAddress", place.street.as_ref())
        .maybe("addressLocality", place.locality.as_ref())
        .maybe("addressRegion", place.region.as_ref())
        .maybe("postalCode", place.postal_code.as_ref())
        .maybe("addressCountry", place.country.as_ref())
        .end()
}

/// Reads a postal address.
pub(super) fn read_place(node: &Node) -> Result<PostalAddress> {
    Ok(PostalAddress {
        name: node.string("name")?,
        street: node.string("streetAddress")?,
        locality: node.string("addressLocality")?,
        region: node.string("addressRegion")?,
        postal_code: node.string("postalCode")?,
        country: node.string("addressCountry")?,
    })
}

/// Reads the postal address under `key`.
pub(super) fn read_place_of(node: &Node, key: &str) -> Result<Option<PostalAddress>> {
    node.node(key)?.map(|place| read_place(&place)).transpose()
}

/// Returns the word of `mo:role`: the shop speaks for the order.
fn role_word(role: Role) -> &'static str {
    if role == Role::Shop { "order" } else { role.word() }
}

/// Writes `mo:agents`.
pub(super) fn write_agents(agents: &[Agent]) -> Vec<Value> {
    let write = |agent: &Agent| {
        typed("mo:Agent")
            .text("mo:role", role_word(agent.role))
            .text("mo:address", &agent.party.address)
            .text("mo:fingerprint", &agent.party.fingerprint)
            .prose("mo:certificate", agent.certificate.as_deref())
            .end()
    };
    agents.iter().map(write).collect()
}

/// Reads `mo:agents`: each role once.
pub(super) fn read_agents(envelope: &Node) -> Result<Vec<Agent>> {
    read_each(envelope, |one, other| one.role == other.role)
}

/// Reads `mo:agents` where a role may be played by several, each address once in it.
pub(super) fn read_named_agents(envelope: &Node) -> Result<Vec<Agent>> {
    read_each(envelope, |one, other| one.role == other.role && one.party.address == other.party.address)
}

fn read_each(envelope: &Node, same: impl Fn(&Agent, &Agent) -> bool) -> Result<Vec<Agent>> {
    let mut agents: Vec<Agent> = Vec::new();
    for node in envelope.nodes("mo:agents")? {
        let word = node.need_text("mo:role")?;
        let role = Role::ALL.into_iter().find(|role| role_word(*role) == word);
        let role = role.ok_or_else(|| node.wrong("mo:role", "not order, payment, delivery or buyer"))?;
        let certificate = node.prose("mo:certificate")?;
        if certificate.as_ref().is_some_and(|text| !is_base64(text)) {
            return Err(node.wrong("mo:certificate", "not base64"));
        }
        let party =
            Party { address: node.need("mo:address")?, fingerprint: read_fingerprint(&node, "mo:fingerprint")? };
        let agent = Agent { role, party, certificate };
        if agents.iter().any(|other| same(&agent, other)) {
            return Err(node.wrong("mo:role", format!("{word} twice")));
        }
        agents.push(agent);
    }
    Ok(agents)
}

/// Reads a fingerprint in its one written form, upper case without blanks.
pub(super) fn read_fingerprint(node: &Node, key: &str) -> Result<Fingerprint> {
    let fingerprint: Fingerprint = node.need(key)?;
    if node.text(key)? == Some(fingerprint.as_str()) {
        Ok(fingerprint)
    } else {
        Err(node.wrong(key, "not upper-case hexadecimal digits without blanks"))
    }
}

/// Returns whether a text is plain base64 in one piece.
pub(super) fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    !text.is_empty() && base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}
