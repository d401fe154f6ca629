//! Payment data into an order: readable by the payment agent alone (wire format 1.4). What was read is wiped from memory when
//! it is sealed, and no message quotes any of it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::OrderingError;
use crate::clerk::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::mail::PaymentData;
use crate::pgp;
use crate::trade::{Order, OrderId, Party, Sealed};

/// Card or account, by the names of its members.
pub type Instrument = BTreeMap<String, SecretString>;

/// Seals payment data into an order, to the key of a payment agent that the user accepted himself.
///
/// # Errors
/// Data that cannot be written, a certificate nothing can be sealed to, a key of ours that cannot sign.
pub fn seal(
    clerk: &mut Clerk,
    order: &mut Order,
    id: &OrderId,
    shop: &Party,
    agent: &Party,
    instrument: Instrument,
) -> Result<(), OrderingError> {
    let certificate = clerk.find_certificate(agent.fingerprint.as_str())?;
    let certificate = certificate.ok_or_else(|| OrderingError::wrong("an accepted certificate is gone"))?;
    order.payment_id = instrument.get("number").and_then(|number| last_four(number.expose_secret()));
    let data = PaymentData {
        shop: shop.address.clone(),
        order: id.clone(),
        limit: order.total,
        method: order.payment_method.clone(),
        instrument,
    };
    let bytes = data.write().map_err(|error| OrderingError::wrong(error.to_string()))?;
    let key = clerk.key().ok_or_else(|| OrderingError::forbidden("there is no key to sign with"))?;
    if let Some(fault) = clerk.key_fault() {
        return Err(ClerkError::OwnKey(fault).into());
    }
    let now = system_time(&clerk.clock().now());
    let sealed = pgp::sealed::seal_data(bytes.expose_secret().as_bytes(), key, &certificate, now)
        .map_err(|error| OrderingError::forbidden(error.to_string()))?;
    order.sealed = Some(Sealed(STANDARD.encode(sealed)));
    Ok(())
}

/// Returns the last four digits of a card or account number: all that anybody but the payment agent learns.
fn last_four(number: &str) -> Option<String> {
    let digits: Zeroizing<Vec<char>> = Zeroizing::new(number.chars().filter(char::is_ascii_alphanumeric).collect());
    let start = digits.len().checked_sub(4).filter(|start| *start >= 4)?;
    digits.get(start..).map(|last| last.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_number_only_the_last_four_are_kept_and_of_a_short_one_nothing() {
        assert_eq!(last_four("4111 1111 1111 1234").as_deref(), Some("1234"));
        assert_eq!(last_four("1234"), None);
    }
}
