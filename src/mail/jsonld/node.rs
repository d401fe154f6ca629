//! Typed reading of JSON-LD nodes: fixed shape, no expansion, no fetching.
//!
//! A [`Graph`] is a machine part whose `@context` and `@graph` have the one shape there is (B86); a [`Node`] reads its
//! members into words of the trade at once and says, when one is wrong, which. Members nobody asks for are passed
//! over: they are in the signed bytes, and nothing acts on them. Nodes are written by `made`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Value, json};

use crate::mail::read::ReadError;
use crate::mail::tree::{Members, Tree};
use crate::trade::{Currency, Money};

/// The namespace of `mo:`; it never changes.
const NAMESPACE: &str = "urn:uuid:b1edae77-e598-42e9-b1d8-5d37f1e1fef1#";
/// The context of all other terms, which is never fetched.
const SCHEMA: &str = "https://schema.org";
pub(super) type Result<T> = std::result::Result<T, ReadError>;

/// Returns the error for a shape that is not the one this kind has.
pub(super) fn bad(text: impl Into<String>) -> ReadError {
    ReadError::BadShape(text.into())
}

/// Makes the whole machine part around its nodes.
pub(super) fn graph(nodes: Vec<Value>) -> Value {
    json!({ "@context": context(), "@graph": nodes })
}

fn context() -> Value {
    json!([SCHEMA, { "mo": NAMESPACE }])
}

/// Returns whether a context is the fixed one.
fn is_context(tree: &Tree<'_>) -> bool {
    let Some([schema, Tree::Object(own)]) = tree.as_list() else { return false };
    schema.as_str() == Some(SCHEMA) && own.len() == 1 && own.get("mo").and_then(Tree::as_str) == Some(NAMESPACE)
}

/// Drops the schema.org prefix of a term, in any of its three forms.
pub(super) fn bare(term: &str) -> &str {
    term.strip_prefix("https://schema.org/").or_else(|| term.strip_prefix("http://schema.org/")).unwrap_or(term)
}

/// A machine part that has the one outer shape.
pub(in crate::mail) struct Graph<'a> {
    roots: Vec<&'a Members<'a>>,
    /// Nodes by `@id`; `None` where two differ.
    ids: BTreeMap<&'a str, Option<&'a Members<'a>>>,
    /// How many bytes of text were read by references, about.
    referred: Cell<usize>,
}

/// Most bytes that are read by references, of all of them together: as many as a machine part without any may have.
const MOST_REFERRED: usize = crate::mail::json::MOST_BYTES;

/// Returns about how many bytes a value takes.
fn weight(value: &Tree<'_>) -> usize {
    let own = match value {
        Tree::Text(text) => text.len(),
        Tree::List(items) => items.iter().map(weight).sum(),
        Tree::Object(map) => weight_of(map),
        _ => 0,
    };
    own.saturating_add(16)
}

fn weight_of(map: &Members<'_>) -> usize {
    map.iter().map(|(name, value)| weight(value).saturating_add(name.len())).sum()
}

impl<'a> Graph<'a> {
    /// Takes a machine part: the fixed context, a list of nodes, nothing else (B86).
    pub(in crate::mail) fn new(value: &'a Tree<'a>) -> Result<Self> {
        let map = value.as_object().ok_or_else(|| bad("the machine part is not a JSON object"))?;
        if !map.get("@context").is_some_and(is_context) {
            return Err(bad("@context is not the fixed one; it is never fetched"));
        }
        let list = map.get("@graph").and_then(Tree::as_list).ok_or_else(|| bad("@graph is not a list"))?;
        if map.len() != 2 {
            return Err(bad("the machine part has members beside @context and @graph"));
        }
        let mut graph = Self { roots: Vec::new(), ids: BTreeMap::new(), referred: Cell::new(0) };
        for item in list {
            let node = item.as_object().ok_or_else(|| bad("@graph holds something that is not a node"))?;
            graph.enter(item)?;
            if node.get("@type").is_none() {
                return Err(bad("a node of @graph has no @type"));
            }
            graph.roots.push(node);
        }
        Ok(graph)
    }

    /// Enters every node below `value` that has an `@id`, and refuses any other JSON-LD keyword.
    fn enter(&mut self, value: &'a Tree<'a>) -> Result<()> {
        match value {
            Tree::List(items) => items.iter().try_for_each(|item| self.enter(item)),
            Tree::Object(map) => {
                for (key, item) in map.iter() {
                    match key {
                        "@id" | "@type" if item.as_str().is_some() => (),
                        "@id" | "@type" => return Err(bad(format!("{key} is not one string"))),
                        keyword if keyword.starts_with('@') => return Err(bad(format!("{keyword} inside a node"))),
                        _ => self.enter(item)?,
                    }
                }
                if let Some(id) = map.get("@id").and_then(Tree::as_str).filter(|_| map.len() > 1) {
                    let same = self.ids.get(id).is_none_or(|known| *known == Some(map));
                    self.ids.insert(id, same.then_some(map));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns the nodes of `@graph` that have a type.
    pub(in crate::mail) fn all(&'a self, name: &str) -> impl Iterator<Item = Node<'a>> {
        self.roots.iter().map(|map| Node { map, graph: self }).filter(move |node| node.is(name))
    }

    /// Returns the only node of `@graph` that has a type.
    pub(in crate::mail) fn only(&'a self, name: &str) -> Result<Node<'a>> {
        let mut found = self.all(name);
        match (found.next(), found.next()) {
            (Some(node), None) => Ok(node),
            (None, _) => Err(bad(format!("there is no {name}"))),
            _ => Err(bad(format!("there are two of {name}"))),
        }
    }

    /// Returns all nodes, at any depth.
    pub(in crate::mail) fn every(&'a self) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let mut open = self.roots.clone();
        while let Some(map) = open.pop() {
            found.push(Node { map, graph: self });
            for (_, value) in map.iter() {
                match value {
                    Tree::Object(inner) => open.push(inner),
                    Tree::List(items) => open.extend(items.iter().filter_map(Tree::as_object)),
                    _ => (),
                }
            }
        }
        found
    }
}

/// A node being read.
#[derive(Clone, Copy)]
pub(in crate::mail) struct Node<'a> {
    map: &'a Members<'a>,
    graph: &'a Graph<'a>,
}

impl<'a> Node<'a> {
    /// Returns the type without its schema.org prefix.
    pub(in crate::mail) fn name(&self) -> &'a str {
        self.map.get("@type").and_then(Tree::as_str).map_or("node", bare)
    }

    /// Returns whether it has this type.
    pub(in crate::mail) fn is(&self, name: &str) -> bool {
        self.name() == name
    }

    /// Returns whether two are the same node of the text.
    pub(super) fn same(&self, other: &Self) -> bool {
        std::ptr::eq(self.map, other.map)
    }

    /// Returns the error for a member that is not what it should be.
    pub(super) fn wrong(&self, key: &str, what: impl Display) -> ReadError {
        bad(format!("{} of {}: {what}", key, self.name()))
    }

    /// Returns a member as it stands.
    pub(in crate::mail) fn raw(&self, key: &str) -> Option<&'a Tree<'a>> {
        self.map.get(key)
    }

    /// Returns a text.
    pub(in crate::mail) fn text(&self, key: &str) -> Result<Option<&'a str>> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Tree::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "not a string")),
        }
    }

    /// Returns a text that must be there.
    pub(super) fn need_text(&self, key: &str) -> Result<&'a str> {
        self.text(key)?.ok_or_else(|| self.wrong(key, "missing"))
    }

    /// Returns an owned text.
    pub(super) fn string(&self, key: &str) -> Result<Option<String>> {
        Ok(self.text(key)?.map(str::to_owned))
    }

    /// Returns a text that may stand as several strings, joined.
    pub(super) fn prose(&self, key: &str) -> Result<Option<String>> {
        match self.map.get(key) {
            Some(Tree::List(pieces)) => {
                let pieces: Option<Vec<&str>> = pieces.iter().map(Tree::as_str).collect();
                let joined = pieces.ok_or_else(|| self.wrong(key, "not strings"))?.concat();
                let most = crate::mail::json::most_of(key);
                if joined.len() > most {
                    Err(self.wrong(key, format!("more than {most} bytes")))
                } else {
                    Ok(Some(joined))
                }
            }
            _ => self.string(key),
        }
    }

    /// Reads a text as a word of the trade.
    pub(in crate::mail) fn read<T>(&self, key: &str) -> Result<Option<T>>
    where
        T: TryFrom<String>,
        T::Error: Display,
    {
        let text = self.string(key)?;
        text.map(|text| T::try_from(text).map_err(|e| self.wrong(key, e))).transpose()
    }

    /// Reads a text that must be there as a word of the trade.
    pub(super) fn need<T>(&self, key: &str) -> Result<T>
    where
        T: TryFrom<String>,
        T::Error: Display,
    {
        self.read(key)?.ok_or_else(|| self.wrong(key, "missing"))
    }

    /// Returns the texts of a list; none where it is not there.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&'a str>> {
        let Some(value) = self.map.get(key) else { return Ok(Vec::new()) };
        let texts = value.as_list().map(|list| list.iter().map(Tree::as_str).collect::<Option<Vec<&str>>>());
        texts.flatten().ok_or_else(|| self.wrong(key, "not a list of strings"))
    }

    /// Returns an enumeration's term without its prefix.
    pub(super) fn term(&self, key: &str) -> Result<Option<&'a str>> {
        Ok(self.text(key)?.map(bare))
    }

    /// Returns a count.
    pub(super) fn count(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.map.get(key) else { return Ok(None) };
        let count = if let Tree::Count(count) = value { u32::try_from(*count).ok() } else { None };
        count.map(Some).ok_or_else(|| self.wrong(key, "not a count"))
    }

    /// Returns yes or no.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.map.get(key) else { return Ok(None) };
        if let Tree::Bool(flag) = value { Ok(Some(*flag)) } else { Err(self.wrong(key, "not true or false")) }
    }

    /// Returns the node, or the one referred to.
    pub(in crate::mail) fn node(&self, key: &str) -> Result<Option<Self>> {
        self.map.get(key).map(|value| self.resolve(key, value)).transpose()
    }

    /// Returns the node that must be there.
    pub(super) fn need_node(&self, key: &str) -> Result<Self> {
        self.node(key)?.ok_or_else(|| self.wrong(key, "missing"))
    }

    /// Returns none, one or many nodes.
    pub(super) fn nodes(&self, key: &str) -> Result<Vec<Self>> {
        match self.map.get(key) {
            None => Ok(Vec::new()),
            Some(Tree::List(items)) => items.iter().map(|item| self.resolve(key, item)).collect(),
            Some(one) => Ok(vec![self.resolve(key, one)?]),
        }
    }

    /// Returns the only node under `key` where it must have a type.
    pub(super) fn of_type(&self, key: &str, name: &str) -> Result<Self> {
        let node = self.need_node(key)?;
        if node.is(name) { Ok(node) } else { Err(self.wrong(key, format!("not a node of type {name}"))) }
    }

    /// Returns the node that a value of `key` is, or refers to.
    pub(super) fn resolve(&self, key: &str, value: &'a Tree<'a>) -> Result<Self> {
        let map = value.as_object().ok_or_else(|| self.wrong(key, "not a node"))?;
        let map = match map.get("@id").and_then(Tree::as_str) {
            Some(id) if map.len() == 1 => match self.graph.ids.get(id) {
                Some(Some(named)) => {
                    // A few bytes that refer to many would make a small letter a large one.
                    let referred = self.graph.referred.get().saturating_add(weight_of(named));
                    self.graph.referred.set(referred);
                    if referred > MOST_REFERRED {
                        return Err(self.wrong(key, format!("more than {MOST_REFERRED} bytes in all by references")));
                    }
                    named
                }
                Some(None) => return Err(self.wrong(key, format!("two nodes are called {id:?}"))),
                None => return Err(self.wrong(key, format!("no node is called {id:?}"))),
            },
            _ => map,
        };
        Ok(Node { map, graph: self.graph })
    }

    /// Reads `price` and `priceCurrency`.
    pub(in crate::mail) fn price(&self) -> Result<Money> {
        self.money("price", "priceCurrency")
    }

    /// Reads an amount from two members.
    pub(in crate::mail) fn money(&self, amount: &str, currency: &str) -> Result<Money> {
        let amount = self.need_text(amount)?;
        let currency: Currency = self.need(currency)?;
        Money::parse(amount, currency.code()).map_err(|e| self.wrong("amount", e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_letter_that_refers_to_one_text_again_and_again_is_refused() {
        let of = |times: usize| {
            let references = vec![json!({"@id": "#e"}); times];
            let long = "x".repeat(4_000);
            let nodes = vec![
                json!({"@type": "Order", "@id": "#o", "events": references}),
                json!({"@type": "Event", "@id": "#e", "name": long}),
            ];
            let text = graph(nodes).to_string();
            let tree = crate::mail::json::parse(text.as_bytes()).unwrap();
            let graph = Graph::new(&tree).unwrap();
            let order = graph.only("Order").unwrap();
            let list = order.raw("events").and_then(Tree::as_list).unwrap();
            list.iter().try_for_each(|item| order.resolve("events", item).map(drop)).map_err(|error| error.to_string())
        };
        assert_eq!(of(50), Ok(()));
        assert!(of(100).unwrap_err().contains("in all by references"));
    }
}
