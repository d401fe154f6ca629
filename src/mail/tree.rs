//! A JSON value as it was read: its strings are those of the text, wherever the text has no escapes.
//!
//! Objects of letters have few members, so a member is found by looking through them; that nothing is in one twice
//! is seen to by the reader in `json`.

use std::borrow::Cow;

/// A JSON value that borrows from its text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree<'a> {
    /// `null`.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number that is not below zero.
    Count(u64),
    /// Any other number; no amount is ever one.
    Number(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Members<'a>),
}

/// The members of an object, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Tree<'a>)>);

impl<'a> Tree<'a> {
    /// Returns the text of a string.
    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns the items of an array.
    pub(super) fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Returns the members of an object.
    pub(super) fn as_object(&self) -> Option<&Members<'a>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// Returns a member of an object, or of one inside it, by the names on the way.
    pub(super) fn at(&self, way: &[&str]) -> Option<&Self> {
        way.iter().try_fold(self, |tree, name| tree.as_object()?.get(name))
    }
}

impl<'a> Members<'a> {
    /// Adds a member; the caller has seen that there is none of this name.
    pub(super) fn push(&mut self, name: Cow<'a, str>, value: Tree<'a>) {
        self.0.push((name, value));
    }

    /// Returns the value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&Tree<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns how many members there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the members.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Tree<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}
