//! What a hook is told, and what is taken of what it says. Payment data go to it on standard input alone, and nothing of
//! them comes back: neither what it prints as an error nor an answer with such a number in it is kept.

use secrecy::{ExposeSecret, SecretString};

use super::{Clerk, ClerkError};
use crate::hook::HookError;
use crate::index::OpenTask;
use crate::mail::{self, Dealings, PaymentData};
use crate::role::{mandate, payment_work};
use crate::trade::{Document, Moment, Role, Said, TaskKey, Transaction, Work};

/// How many digits make a value the number of a card or account.
const NUMBER: usize = 8;

/// What a hook is told of one piece of work.
pub(super) struct Told {
    /// Its environment.
    pub(super) variables: Vec<(&'static str, String)>,
    /// Its standard input.
    pub(super) input: SecretString,
    /// What of it must not come back.
    pub(super) secrets: Secrets,
}

/// The numbers in the payment data that a hook was told; `None` where it was told none.
pub(super) struct Secrets(Option<Vec<SecretString>>);

impl Secrets {
    fn of(data: Option<&PaymentData>) -> Self {
        let numbers = |data: &PaymentData| {
            let values = data.instrument.values().map(|value| digits(value.expose_secret()));
            values.filter(|digits| digits.expose_secret().len() >= NUMBER).collect()
        };
        Self(data.map(numbers))
    }

    /// Returns why a hook gave no answer, without what it printed where that may be payment data.
    pub(super) fn fault(&self, error: HookError) -> String {
        let bare = match (error, &self.0) {
            (HookError::Later(_), Some(_)) => HookError::Later(String::new()),
            (HookError::Failed(code, _), Some(_)) => HookError::Failed(code, String::new()),
            (error, _) => error,
        };
        bare.to_string()
    }

    /// Reads what a hook printed.
    pub(super) fn answer(&self, printed: &[u8], now: &Moment) -> Result<Said, String> {
        let no_answer = |why: String| format!("printed what is no answer: {why}");
        let Some(numbers) = &self.0 else { return mail::read_work(printed, now).map_err(no_answer) };
        let said = digits(&String::from_utf8_lossy(printed));
        if numbers.iter().any(|number| said.expose_secret().contains(number.expose_secret())) {
            return Err("printed the number of the card or account it was told, so its answer is not taken".to_owned());
        }
        // The sentence could quote what the hook printed.
        mail::read_work(printed, now).map_err(|_| "printed what is no answer; docs/hooks.md says what is".to_owned())
    }
}

fn digits(text: &str) -> SecretString {
    text.chars().filter(char::is_ascii_digit).collect::<String>().into()
}

impl Clerk {
    /// Makes ready what a hook is told.
    ///
    /// # Errors
    /// The sentence where it cannot be told now: payment data that do not open any more.
    pub(super) fn tell(
        &mut self,
        known: &Transaction,
        open: &OpenTask,
        attempt: u32,
    ) -> Result<Result<Told, String>, ClerkError> {
        let data = match self.data_for(known, open)? {
            Ok(data) => data,
            Err(why) => return Ok(Err(why)),
        };
        let sum = payment_work::sum(known, &open.task);
        let dealings = Dealings { sum, data: data.as_ref() };
        let input = mail::write_work(known, &open.task, attempt, &self.clock.now(), &dealings);
        Ok(Ok(Told { variables: self.variables(known, open), input, secrets: Secrets::of(data.as_ref()) }))
    }

    /// Opens the payment data that an authorisation is asked for with, where the request has any.
    fn data_for(
        &mut self,
        known: &Transaction,
        open: &OpenTask,
    ) -> Result<Result<Option<PaymentData>, String>, ClerkError> {
        if matches!(open.task.work, Work::Debit | Work::Refund) && mandate::authorised(known).next().is_some() {
            return match self.payment_data(known) {
                Ok((data, _)) => Ok(Ok(Some(data))),
                Err(ClerkError::Refused(refused)) => Ok(Err(format!("is not asked: {refused}"))),
                Err(error) => Err(error),
            };
        }
        let asked = open.task.about.filter(|_| open.task.work == Work::Authorize);
        let asked = asked.and_then(|content| known.by_content(&content));
        let Some(Document::AuthorizationRequest(request)) = asked.map(|kept| &kept.letter.document) else {
            return Ok(Ok(None));
        };
        if request.sealed.is_none() {
            return Ok(Ok(None));
        }
        let data = self.open_data(request, &open.since)?;
        Ok(data.map(Some).ok_or_else(|| "is not asked: the payment data do not open any more".to_owned()))
    }

    fn variables(&self, known: &Transaction, open: &OpenTask) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("MAILORDER_CONFIG", self.settings.folders.config.display().to_string()),
            ("MAILORDER_HOOK", open.task.hook.to_string()),
            ("MAILORDER_WORK", open.task.work.word().to_owned()),
            ("MAILORDER_KEY", open.task.key.to_string()),
            ("MAILORDER_TIME", self.clock.now().whole_second().to_string()),
            ("MAILORDER_TRANSACTION", known.number.as_ref().map(ToString::to_string).unwrap_or_default()),
        ];
        // Two shops may use the same number.
        if matches!(known.key.role, Role::Payment | Role::Delivery) {
            variables.push(("MAILORDER_SHOP", known.key.shop.to_string()));
        }
        if let Some(key) = known.authorised_by().filter(|_| open.task.work != Work::Authorize) {
            variables.push(("MAILORDER_AUTHORIZATION", key.to_string()));
        }
        if open.task.work == Work::Withdraw {
            let keys: Vec<&str> = known.taken_back_by(&open.task.key).into_iter().map(TaskKey::as_str).collect();
            variables.push(("MAILORDER_WITHDRAWS", keys.join(" ")));
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::{Address, Money, OrderId, PaymentMethod};

    fn secrets() -> Secrets {
        let instrument = [("number", "4556 7375 8689 9855"), ("expiry", "08 / 31"), ("name", "ONO KENJI")];
        Secrets::of(Some(&PaymentData {
            shop: Address::parse("shop@example.com").unwrap(),
            order: OrderId::from_bytes([7; 26]),
            limit: Money::parse("4800", "JPY").unwrap(),
            method: PaymentMethod::parse("card").unwrap(),
            instrument: instrument.map(|(name, value)| (name.to_owned(), SecretString::from(value))).into(),
        }))
    }

    #[test]
    fn a_hook_that_prints_the_card_is_not_quoted_p23() {
        let now = Moment::parse("2026-11-28T12:00:00+09:00").unwrap();
        for printed in [
            "4556737586899855",
            r#"{"actionStatus":"FailedActionStatus","error":"card 4556-7375-8689-9855 has expired"}"#,
            r#"{"actionStatus":"ONO KENJI 08 / 31"}"#,
            r#"{"actionStatus":["ONO KENJI"]}"#,
        ] {
            let fault = secrets().answer(printed.as_bytes(), &now).unwrap_err();
            assert!(!fault.contains("4556") && !fault.contains("ONO") && !fault.contains("08 / 31"), "{fault}");
        }
        let stderr = "+ card=4556737586899855".to_owned();
        assert_eq!(
            secrets().fault(HookError::Failed("exit code 1".to_owned(), stderr.clone())),
            "ended with exit code 1"
        );
        assert_eq!(secrets().fault(HookError::Later(stderr.clone())), "asks to be tried again");
        // The last four digits are no secret; who was told no data is quoted.
        let no = r#"{"actionStatus":"FailedActionStatus","error":"card ...9855 has expired"}"#;
        assert!(secrets().answer(no.as_bytes(), &now).unwrap().step.failed());
        assert!(Secrets::of(None).fault(HookError::Later(stderr)).contains("+ card"));
    }
}
