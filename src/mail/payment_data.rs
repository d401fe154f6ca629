//! Payment data sealed past the shop (wire format 1.4): the JSON inside `mo:sealed`, in both directions.
//!
//! Only the JSON is made and read here; sealing and opening it is the business of `pgp`. The values of the instrument
//! never reach `Debug`, a log or an error.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::json;
use super::read::ReadError;
use super::tree::Tree;
use crate::trade::{Address, Fingerprint, Mandate, Money, OrderId, PaymentMethod};

/// Most members of an instrument.
const MOST_MEMBERS: usize = 50;

/// How the buyer pays one order, for the payment agent's eyes alone: bound to shop, order and highest amount.
#[derive(Clone)]
pub struct PaymentData {
    /// The shop it may be used for.
    pub shop: Address,
    /// The order it is good for, once.
    pub order: OrderId,
    /// The highest amount.
    pub limit: Money,
    /// The payment method.
    pub method: PaymentMethod,
    /// Card number, account, name and what else the method needs.
    pub instrument: BTreeMap<String, SecretString>,
}

impl fmt::Debug for PaymentData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentData({} {} {} {})", self.shop, self.order, self.limit, self.method)
    }
}

impl PaymentData {
    /// Writes the JSON to be sealed; an error where a text is too long or has control characters.
    pub fn write(&self) -> Result<SecretString, ReadError> {
        let mut instrument = Map::new();
        for (name, secret) in &self.instrument {
            instrument.insert(name.clone(), Value::from(secret.expose_secret()));
        }
        let value = json!({
            "shop": self.shop,
            "order": self.order,
            "limit": { "currency": self.limit.currency(), "value": self.limit.plain() },
            "method": self.method,
            "instrument": instrument,
        });
        let text = SecretString::from(value.to_string());
        // What is sealed can be read.
        json::parse(text.expose_secret().as_bytes())?;
        Ok(text)
    }

    /// Returns what the data permit, without the instrument. `signer` is the primary key whose signature around these
    /// data was verified.
    pub fn mandate(&self, signer: &Fingerprint) -> Mandate {
        Mandate::attest(signer.clone(), self.shop.clone(), self.order.clone(), self.limit, self.method.clone())
    }

    /// Reads the JSON that was sealed. An error never quotes what it could not read.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let value = json::parse(bytes).map_err(|_| bad("not strict JSON"))?;
        let text = |way: &[&str]| {
            let text = value.at(way).and_then(Tree::as_str);
            text.ok_or_else(|| bad(&format!("/{} is missing or no text", way.join("/"))))
        };
        let members = value.at(&["instrument"]).and_then(Tree::as_object).ok_or_else(|| bad("no instrument"))?;
        if members.len() > MOST_MEMBERS {
            return Err(bad("too many members of the instrument"));
        }
        let mut instrument = BTreeMap::new();
        for (name, secret) in members.iter() {
            let secret = secret.as_str().ok_or_else(|| bad("a member of the instrument is no text"))?;
            instrument.insert(name.to_owned(), SecretString::from(secret));
        }
        Ok(Self {
            shop: Address::parse(text(&["shop"])?).map_err(|_| bad("/shop is no address"))?,
            order: OrderId::parse(text(&["order"])?).map_err(|_| bad("/order is no order ID"))?,
            limit: Money::parse(text(&["limit", "value"])?, text(&["limit", "currency"])?)
                .map_err(|_| bad("/limit is no amount"))?,
            method: PaymentMethod::parse(text(&["method"])?).map_err(|_| bad("/method is no payment method"))?,
            instrument,
        })
    }
}

fn bad(text: &str) -> ReadError {
    ReadError::BadShape(format!("the sealed payment data: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_data_come_back_and_never_show() {
        let data = PaymentData {
            shop: Address::parse("shop@example.com").unwrap(),
            order: OrderId::from_bytes([7; 26]),
            limit: Money::parse("4800", "JPY").unwrap(),
            method: PaymentMethod::parse("card").unwrap(),
            instrument: [("number", "4111111111111111"), ("name", "小野 \"K\"")]
                .map(|(name, secret)| (name.to_owned(), SecretString::from(secret)))
                .into(),
        };
        let text = data.write().unwrap();
        let back = PaymentData::read(text.expose_secret().as_bytes()).unwrap();
        assert_eq!(
            (&back.shop, &back.order, back.limit, &back.method),
            (&data.shop, &data.order, data.limit, &data.method)
        );
        assert_eq!(back.instrument["number"].expose_secret(), "4111111111111111");
        assert_eq!(back.instrument["name"].expose_secret(), "小野 \"K\"");
        assert!(!format!("{data:?}{text:?}").contains("4111"));
    }

    #[test]
    fn errors_do_not_quote_what_was_sealed() {
        for bad in [
            r#"{"shop":"4111111111111111"}"#,
            r#"{"4111111111111111":1,"4111111111111111":2}"#,
            r#"{"shop":"a@b.c","order":"4111111111111111","limit":{},"method":"card","instrument":{}}"#,
            "4111111111111111 x",
        ] {
            let error = PaymentData::read(bad.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("4111"), "{error}");
        }
    }
}
