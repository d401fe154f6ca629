//! The words of the human text that are not in the templates: subjects, states, labels of facts, in both languages.

use serde::{Deserialize, Serialize};

use crate::trade::status::{OrderState, PaymentState, Step};
use crate::trade::{Kind, Leg};

/// A language letters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// Returns the tag of `Content-Language`, of configuration and of the folder of templates.
    pub const fn word(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// Returns what it calls itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Ja => "日本語",
        }
    }

    /// Reads a language's tag.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.word() == word)
    }
}

/// Declares the words, English then Japanese.
macro_rules! words {
    ($($name:ident = $en:literal, $ja:literal;)+) => {
        /// A word or phrase of the human text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Word {
            $($name,)+
        }

        impl Word {
            /// Returns the word in a language.
            pub(super) const fn say(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::En) => $en, (Self::$name, Language::Ja) => $ja,)+
                }
            }
        }
    };
}

words! {
    Planned = "planned", "予定";
    UnderWay = "under way", "進行中";
    Done = "done", "完了";
    Failed = "failed", "不成立";
    OrderProcessing = "being made ready", "準備中";
    OrderPaymentDue = "waiting for the payment", "入金待ち";
    OrderInTransit = "shipped", "発送済み";
    OrderPickup = "ready to be fetched", "受取可能";
    OrderDelivered = "delivered", "配達済み";
    OrderCancelled = "cancelled", "キャンセル済み";
    OrderReturned = "returned", "返品済み";
    OrderProblem = "there is a problem", "問題あり";
    PaymentDue = "to be paid", "未払い";
    PaymentPastDue = "overdue", "支払期限超過";
    PaymentComplete = "paid", "支払済み";
    PaymentDeclined = "declined", "支払不成立";
    Parcel = "Parcel", "荷物";
    Payment = "Payment", "支払";
    Refund = "Refund", "返金";
    Tracking = "tracking number", "追跡番号";
    FollowAt = "Follow it at", "追跡ページ";
    Expected = "expected", "到着予定";
    File = "File", "ファイル";
    AttachedHere = "attached to this mail", "本メールに添付";
    FetchAt = "Fetch it at", "入手先";
    Line = "line", "品目";
    Remaining = "Remains to be paid", "未払額";
    Scheduled = "Collected on", "引落予定日";
    Reference = "Reference", "照会番号";
    Account = "Card or account ending in", "カード・口座番号の末尾";
    Collect = "To be collected on delivery", "代引金額";
    Tax = "Tax contained", "内税";
    TaxNumber = "Seller's tax number", "販売者の税番号";
    Billing = "Bill to", "請求先";
    Repeats = "Repeats transaction", "再注文元";
    Legs = "About", "対象";
    LegOrder = "the order", "注文";
    LegPayment = "the payment", "決済";
    LegDelivery = "the delivery", "配送";
    Have = "Last number received", "受信済みの番号";
    Answered = "Letter answered", "対象の書面";
    AsOf = "As of", "時点";
    Finished = "All done", "すべて完了";
    Yes = "yes", "はい";
    No = "no", "いいえ";
    Sealed = "sealed for the payment agent", "決済機関宛てに封印済み";
    PaymentData = "Payment data", "決済情報";
    Replaces = "Takes the place of the terms", "差し替える取引情報";
    SubjectOrder = "Order", "注文";
    SubjectOrderRejection = "Order not accepted", "注文お断り";
    SubjectTransactionInfo = "Transaction information", "取引情報";
    SubjectConfirmation = "Order confirmed", "注文確定";
    SubjectCancellation = "Cancellation", "取消";
    SubjectStop = "Stop", "停止依頼";
    SubjectAuthorizationRequest = "Authorization request", "信用照会";
    SubjectAuthorizationResult = "Authorization result", "信用照会結果";
    SubjectPaymentInstruction = "Payment instruction", "決済指示";
    SubjectDeliveryInstruction = "Delivery instruction", "配送指示";
    SubjectOrderStatus = "Order status", "注文状況";
    SubjectPaymentStatus = "Payment status", "決済状況";
    SubjectDeliveryStatus = "Delivery status", "配送状況";
    SubjectStatusRequest = "Status request", "履行状況確認";
    SubjectReturnRequest = "Return request", "返品希望";
    SubjectReturnAnswer = "Answer to the return request", "返品希望への回答";
    SubjectRefundInstruction = "Refund instruction", "返金指示";
    PaidBy = "Payment by", "お支払方法";
    DeliveredBy = "delivery by", "配送方法";
    AnyMethod = "any method", "任意の方法";
    PaidThrough = "paid through", "決済の取扱い";
    BroughtBy = "delivered by", "配送の取扱い";
    AskedFor = "Asked for", "検索語";
    Matching = "Articles in all", "該当する商品の数";
    Listed = "Articles listed here", "掲載した商品の数";
    SubjectCatalogRequest = "Catalog request", "カタログ請求";
    SubjectCatalog = "Catalog", "カタログ";
    SubjectRefusal = "Refusal", "お断り";
    SubjectReceipt = "Receipt", "受領確認";
}

impl Word {
    /// Returns the first words of the subject of a kind.
    pub(super) const fn subject(kind: Kind) -> Self {
        match kind {
            Kind::Order => Self::SubjectOrder,
            Kind::OrderRejection => Self::SubjectOrderRejection,
            Kind::TransactionInfo => Self::SubjectTransactionInfo,
            Kind::Confirmation => Self::SubjectConfirmation,
            Kind::Cancellation => Self::SubjectCancellation,
            Kind::Stop => Self::SubjectStop,
            Kind::AuthorizationRequest => Self::SubjectAuthorizationRequest,
            Kind::AuthorizationResult => Self::SubjectAuthorizationResult,
            Kind::PaymentInstruction => Self::SubjectPaymentInstruction,
            Kind::DeliveryInstruction => Self::SubjectDeliveryInstruction,
            Kind::OrderStatus => Self::SubjectOrderStatus,
            Kind::PaymentStatus => Self::SubjectPaymentStatus,
            Kind::DeliveryStatus => Self::SubjectDeliveryStatus,
            Kind::StatusRequest => Self::SubjectStatusRequest,
            Kind::ReturnRequest => Self::SubjectReturnRequest,
            Kind::ReturnAnswer => Self::SubjectReturnAnswer,
            Kind::RefundInstruction => Self::SubjectRefundInstruction,
            Kind::CatalogRequest => Self::SubjectCatalogRequest,
            Kind::Catalog => Self::SubjectCatalog,
            Kind::Refusal => Self::SubjectRefusal,
            Kind::Receipt => Self::SubjectReceipt,
        }
    }

    /// Returns how far a step is.
    pub(super) const fn step(step: &Step) -> Self {
        match step {
            Step::Planned { .. } => Self::Planned,
            Step::Active { .. } => Self::UnderWay,
            Step::Done { .. } => Self::Done,
            Step::Failed { .. } => Self::Failed,
        }
    }

    /// Returns where an order stands.
    pub(super) const fn order(state: OrderState) -> Self {
        match state {
            OrderState::Processing => Self::OrderProcessing,
            OrderState::PaymentDue => Self::OrderPaymentDue,
            OrderState::InTransit => Self::OrderInTransit,
            OrderState::PickupAvailable => Self::OrderPickup,
            OrderState::Delivered => Self::OrderDelivered,
            OrderState::Cancelled => Self::OrderCancelled,
            OrderState::Returned => Self::OrderReturned,
            OrderState::Problem => Self::OrderProblem,
        }
    }

    /// Returns where a payment stands.
    pub(super) const fn payment(state: PaymentState) -> Self {
        match state {
            PaymentState::Due => Self::PaymentDue,
            PaymentState::PastDue => Self::PaymentPastDue,
            PaymentState::Complete => Self::PaymentComplete,
            PaymentState::Declined => Self::PaymentDeclined,
        }
    }

    /// Returns the name of a leg.
    pub(super) const fn leg(leg: Leg) -> Self {
        match leg {
            Leg::Order => Self::LegOrder,
            Leg::Payment => Self::LegPayment,
            Leg::Delivery => Self::LegDelivery,
        }
    }
}
