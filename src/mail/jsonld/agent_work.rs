//! What the hooks of a payment or delivery agent are told: the request or instruction that their work is about.
//!
//! What the buyer sealed to a payment agent is written here, and only where the caller opened it for this work.

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::item::{write_amount, write_payment_method};
use super::made::{Made, typed};
use super::party::{firm, write_person, write_place};
use crate::mail::PaymentData;
use crate::trade::document::DeliveryInstruction;
use crate::trade::status::Parcel;
use crate::trade::{Document, Money, Person, Task, Transaction};

/// What is known of a payment beside the letters.
#[derive(Default)]
pub struct Dealings<'a> {
    /// The sum that is to be moved now.
    pub sum: Option<Money>,
    /// How the buyer pays, opened for this work.
    pub data: Option<&'a PaymentData>,
}

/// Writes the action that a payment or delivery agent's hook is to take.
pub(super) fn action(made: Made, transaction: &Transaction, task: &Task, dealings: &Dealings<'_>) -> Made {
    let about = task.about.and_then(|content| transaction.by_content(&content));
    let made = match about.map(|kept| &kept.letter.document) {
        Some(Document::AuthorizationRequest(request)) => {
            let invoice = bill(transaction, &request.buyer)
                .put("paymentMethod", write_payment_method(&request.payment_method))
                .maybe("paymentMethodId", request.payment_id.as_ref());
            made.put("object", invoice.end())
        }
        Some(Document::PaymentInstruction(instruction)) => {
            let invoice = bill(transaction, &instruction.buyer)
                .put("paymentMethod", write_payment_method(&instruction.payment_method))
                .maybe("paymentMethodId", instruction.payment_id.as_ref())
                .put("totalPaymentDue", write_amount(&instruction.amount))
                .maybe("paymentDueDate", instruction.due);
            made.put("object", invoice.end())
        }
        Some(Document::RefundInstruction(refund)) => made
            .put("object", typed("Invoice").put("referencesOrder", order(transaction).end()).end())
            .text("description", &refund.reason),
        Some(Document::DeliveryInstruction(instruction)) => {
            let parcels = instruction.parcels.iter().map(|parcel| self::parcel(instruction, parcel));
            let order = order(transaction).put("customer", write_person(&instruction.buyer));
            made.put("object", order.list("orderDelivery", parcels.collect()).end())
        }
        _ => made.put("object", order(transaction).end()),
    };
    let made = match &dealings.sum {
        Some(sum) => made.price(sum),
        None => made,
    };
    match dealings.data {
        Some(data) => made.put("instrument", instrument(data)),
        None => made,
    }
}

fn order(transaction: &Transaction) -> Made {
    typed("Order").maybe("orderNumber", transaction.number.as_ref()).put("seller", firm(&transaction.key.shop))
}

fn bill(transaction: &Transaction, buyer: &Person) -> Made {
    let made = typed("Invoice").put("referencesOrder", order(transaction).end());
    made.put("customer", write_person(buyer))
}

fn parcel(instruction: &DeliveryInstruction, parcel: &Parcel) -> Value {
    typed("ParcelDelivery")
        .text("identifier", &parcel.id)
        .text("hasDeliveryMethod", &instruction.delivery_method)
        .put("deliveryAddress", write_place(instruction.deliver_to.as_ref()))
        .maybe("expectedArrivalUntil", parcel.expected_until)
        .end()
}

/// Returns card or account as the buyer wrote it, a member for each value.
fn instrument(data: &PaymentData) -> Map<String, Value> {
    let member = |(name, value): (&String, &secrecy::SecretString)| (name.clone(), Value::from(value.expose_secret()));
    data.instrument.iter().map(member).collect()
}
