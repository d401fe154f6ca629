//! What shops call themselves, for orders whose own letters do not say it yet: by other orders, else by a catalog.

use std::collections::HashMap;

use super::{Clerk, ClerkError};
use crate::index::{Filter, Listed};
use crate::rules::query::{Condition, Query};
use crate::trade::{Address, Body, Document, Letter, Role};

/// The names of shops, each looked for once.
#[derive(Debug, Default)]
pub struct ShopNames(HashMap<Address, String>);

impl ShopNames {
    /// Names the shop in an order of ours that has no name of it. What is entered has to be in the index.
    ///
    /// # Errors
    /// What keeps index or ledger from being read.
    pub fn put_into(&mut self, one: &mut Listed, clerk: &Clerk) -> Result<(), ClerkError> {
        if one.key.role != Role::Buyer || !one.row.shop_name.is_empty() {
            return Ok(());
        }
        let name = match self.0.get(&one.key.shop) {
            Some(name) => name.clone(),
            None => {
                let name = clerk.shop_name(&one.key.shop)?;
                self.0.insert(one.key.shop.clone(), name.clone());
                name
            }
        };
        one.row.shop_name = name;
        Ok(())
    }
}

impl Clerk {
    /// Returns the shops that a text in a query may mean and that have orders without their names, with these names.
    pub(super) fn called(&self, query: &Query) -> Result<Vec<(Address, String)>, ClerkError> {
        let text = |condition: &Condition| match condition {
            Condition::Shop(text) | Condition::Text(text) => Some(text.to_lowercase()),
            _ => None,
        };
        let texts: Vec<String> = query.conditions.iter().filter_map(text).collect();
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let is_meant = |name: &String| texts.iter().any(|text| name.to_lowercase().contains(text));
        let mut called = Vec::new();
        for (shop, names) in self.index.unnamed_shops()? {
            // Without a name in any order it may have one in a catalog.
            if names.is_empty() || names.iter().any(is_meant) {
                called.push((self.shop_name(&shop)?, shop));
            }
        }
        Ok(called.into_iter().filter(|(name, _)| is_meant(name)).map(|(name, shop)| (shop, name)).collect())
    }

    /// Returns what a shop calls itself in the newest terms or else the newest catalog of it; empty where neither is here, or where
    /// no person said that its key is the shop's: whoever writes first calls himself what he likes.
    ///
    /// # Errors
    /// What keeps index or ledger from being read.
    pub fn shop_name(&self, shop: &Address) -> Result<String, ClerkError> {
        let Some((key, _)) = self.index.pinned(shop)? else { return Ok(String::new()) };
        if !self.index.is_accepted(shop)? {
            return Ok(String::new());
        }
        let ours = Filter { role: Some(Role::Buyer), shop: Some(shop.clone()), ..Filter::default() };
        let named = self.index.select(&ours, Some(1), |one| !one.row.shop_name.is_empty())?;
        if let Some(one) = named.into_iter().next() {
            return Ok(one.row.shop_name);
        }
        let Some(position) = self.index.catalogs_of(shop, 1)?.into_iter().next() else { return Ok(String::new()) };
        let Body::In { letter, .. } = self.entry(position)?.body else { return Ok(String::new()) };
        let Letter { from, document, .. } = letter.as_ref().clone();
        match document {
            Document::Catalog(catalog) if from.fingerprint == key => Ok(catalog.seller),
            _ => Ok(String::new()),
        }
    }
}
