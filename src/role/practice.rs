//! How the owner of an account wants each part played: settled values, made from the configuration.

use std::sync::Arc;

use super::articles::Articles;
use super::planned::{ArrivalRule, DebitRule};
use super::{Rule, Scheduled};
use crate::trade::{
    Address, Currency, DeliveryMethod, Fingerprint, HookName, Money, Party, PaymentMethod, Person, PostalAddress, Role,
    Shows,
};

/// All parts an account plays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Practice {
    /// As a buyer.
    pub buyer: Option<BuyerPractice>,
    /// As a shop.
    pub shop: Option<ShopPractice>,
    /// As a payment agent.
    pub payment: Option<PaymentPractice>,
    /// As a delivery agent.
    pub delivery: Option<DeliveryPractice>,
    /// How often each part answers.
    pub answers: AnswerLimits,
}

/// How many status requests are answered, and how many refusals written, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLimits {
    /// To one peer about one transaction within a day, of each sort.
    pub per_transaction: usize,
    /// To one peer within an hour, of both sorts.
    pub per_peer: usize,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self { per_transaction: 4, per_peer: 60 }
    }
}

impl Practice {
    /// Returns whether the account plays `role`.
    pub fn plays(&self, role: Role) -> bool {
        match role {
            Role::Buyer => self.buyer.is_some(),
            Role::Shop => self.shop.is_some(),
            Role::Payment => self.payment.is_some(),
            Role::Delivery => self.delivery.is_some(),
        }
    }

    /// Returns the limits that the buyer has set to what is unpaid, one for each currency that has one (P81).
    pub fn unpaid_limits(&self) -> &[Money] {
        self.buyer.as_ref().map(|buyer| buyer.unpaid_limits.as_slice()).unwrap_or_default()
    }

    /// Returns the limit in a currency.
    pub fn unpaid_limit(&self, currency: Currency) -> Option<Money> {
        self.unpaid_limits().iter().find(|limit| limit.currency() == currency).copied()
    }
}

/// How the owner buys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerPractice {
    /// Who buys.
    pub person: Person,
    /// Where goods go unless an order says otherwise.
    pub deliver_to: Option<PostalAddress>,
    /// Whether terms that agree with the order in every point are accepted without asking.
    pub confirm_matching: bool,
    /// Unpaid totals that call for a warning, one per currency (P81).
    pub unpaid_limits: Vec<Money>,
    /// When status requests are made by themselves, as the configuration has it.
    pub schedules: Vec<Scheduled>,
    /// What is answered by itself.
    pub rules: Vec<Rule>,
    /// Days without news after which the next step about something late is taken.
    pub silence_days: u16,
}

/// What becomes of an order of which the shop has not everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Partial {
    /// It is refused, with a reason for each line.
    #[default]
    Refuse,
    /// What there is of it is offered; the buyer decides.
    Offer,
}

/// One step of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Ask the payment agent whether the sum can be paid (P23).
    Authorize,
    /// Send the terms (P33).
    Terms,
    /// Wait for the buyer's OK.
    Confirmation,
    /// Instruct the payment agent (P41).
    Payment,
    /// Instruct the delivery agent (P42).
    Delivery,
    /// Have a hook do its work: the warehouse releases the goods (P39).
    Hook(HookName),
}

impl Stage {
    /// Returns its word, as the configuration has it.
    pub fn word(&self) -> &str {
        match self {
            Self::Authorize => "authorize",
            Self::Terms => "terms",
            Self::Confirmation => "confirmation",
            Self::Payment => "payment",
            Self::Delivery => "delivery",
            Self::Hook(hook) => hook.as_str(),
        }
    }
}

/// What waits for a person instead of being answered at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Review {
    /// Orders that could be taken.
    pub orders: bool,
    /// Cancellations.
    pub cancellations: bool,
    /// Returns.
    pub returns: bool,
}

/// The steps for a payment method, a delivery method, or the two together (P18-P20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// For this payment method; any where `None`.
    pub payment_method: Option<PaymentMethod>,
    /// For this delivery method; any where `None`.
    pub delivery_method: Option<DeliveryMethod>,
    /// The steps in order.
    pub stages: Vec<Stage>,
    /// Who collects the money; the shop itself where `None`.
    pub payment_agent: Option<Party>,
    /// Who carries the goods; the shop itself where `None`.
    pub delivery_agent: Option<Party>,
    /// What who collects is shown beyond what he needs.
    pub payment_shows: Shows,
    /// What who carries is shown beyond what he needs.
    pub delivery_shows: Shows,
    /// Hours within which the payment agent says whether the payment is authorised; after that the order is rejected.
    pub authorize_within: u16,
    /// A charge on top, with its name.
    pub charge: Option<(String, Money)>,
    /// Days until the payment is due; where `None`, those that are usual for the payment method.
    pub payment_days: Option<u16>,
    /// Days until the goods leave.
    pub dispatch_days: u16,
    /// Days until the goods arrive.
    pub arrival_days: u16,
}

impl Procedure {
    /// Returns whether the buyer's OK is waited for before anything starts.
    pub fn waits_for_confirmation(&self) -> bool {
        self.stages.contains(&Stage::Confirmation)
    }
}

/// How the owner sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopPractice {
    /// The shop's name.
    pub name: String,
    /// Its tax number.
    pub vat_id: Option<String>,
    /// What buyers must see before their OK.
    pub conditions: Option<String>,
    /// What is sold; prices come from here, never from the order (B104).
    pub articles: Arc<Articles>,
    /// What becomes of an order that can be taken in part.
    pub partial: Partial,
    /// What is done for which methods; the first that fits.
    pub procedures: Vec<Procedure>,
    /// Days the buyer has to say OK.
    pub valid_days: u16,
    /// Days after arrival within which goods are taken back without asking; 0 takes nothing back.
    pub return_days: u16,
    /// What waits for a person.
    pub review: Review,
}

impl ShopPractice {
    /// Returns the first procedure for both methods.
    pub fn procedure(&self, payment: &PaymentMethod, delivery: &DeliveryMethod) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| {
            procedure.payment_method.as_ref().is_none_or(|method| method == payment)
                && procedure.delivery_method.as_ref().is_none_or(|method| method == delivery)
        })
    }
}

/// A shop that an agent has an agreement with, and works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its mailbox.
    pub address: Address,
    /// Its key; whichever is accepted for the address where `None`.
    pub fingerprint: Option<Fingerprint>,
}

impl Client {
    /// Returns whether this party is the shop that is meant.
    pub fn is(&self, shop: &Party) -> bool {
        self.address == shop.address && self.fingerprint.as_ref().is_none_or(|key| *key == shop.fingerprint)
    }
}

/// Who says that money was collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DebitWord {
    /// The owner: by `pay notify`, or the bank's own program.
    #[default]
    Report,
    /// The calendar: on the planned day it counts as collected, because the bank's system collects unattended (P55).
    OnDate,
    /// A hook: on the planned day it collects, and gives back what is to be given back.
    Hook(HookName),
}

/// How the owner collects money for shops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPractice {
    /// The agent's name.
    pub name: String,
    /// Shops it works for.
    pub shops: Vec<Client>,
    /// Sums up to which a payment is authorised, one per currency; other currencies are refused.
    pub authorize_limits: Vec<Money>,
    /// When money is collected.
    pub rule: DebitRule,
    /// Who says that it was.
    pub debit: DebitWord,
    /// The hook that says whether a payment is authorised; the limits alone where `None`.
    pub authorize: Option<HookName>,
    /// The hook that says when money is collected; the rule where `None`.
    pub dates: Option<HookName>,
}

/// How the owner carries goods for shops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPractice {
    /// The agent's name.
    pub name: String,
    /// Shops it works for.
    pub shops: Vec<Client>,
    /// When goods arrive.
    pub rule: ArrivalRule,
    /// The hook that says so; the rule where `None`.
    pub dates: Option<HookName>,
    /// The hook that has goods fetched at the shop.
    pub collect: Option<HookName>,
}
