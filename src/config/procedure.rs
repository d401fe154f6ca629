//! Procedures and hooks as written, settled: each fault with its line and column.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::agents::DEBIT_WORDS;
use super::fault::Faults;
use super::settle::Place;
use super::written::{self, Config};
use super::{ConfigError, Environment, HookSettings, NotifySettings};
use crate::hook::Hook;
use crate::role::practice::{Procedure, Review, Stage};
use crate::trade::{HookName, Leg, Party};

/// The steps that need no hook.
const STEPS: [&str; 5] = ["authorize", "terms", "confirmation", "payment", "delivery"];

/// The key of the steps.
const STEPS_KEY: &str = "shop.procedure.steps";

/// How long a hook may take at most, in seconds.
const SECONDS_MAX: u64 = 3600;

/// How long the program may take that tells of a warning, in seconds: mail waits meanwhile.
const NOTIFY_MAX: u64 = 30;

type Hooks = BTreeMap<Spanned<String>, written::Hook>;

impl Place<'_> {
    /// Settles one procedure, or returns all that is wrong with it.
    pub(super) fn procedure(&self, written: &written::Procedure, hooks: &Hooks) -> Result<Procedure, ConfigError> {
        let party = |written: &written::AgentWritten| Party {
            address: written.address.clone(),
            fingerprint: written.fingerprint.clone(),
        };
        let charge = written.charge.as_ref();
        let price = charge.map(|charge| self.money_at("shop.procedure.charge.price", &charge.price)).transpose();
        let mut faults = Faults::default();
        let procedure = Procedure {
            payment_method: written.payment.clone(),
            delivery_method: written.delivery.clone(),
            stages: faults.take(self.stages(&written.steps, hooks)),
            payment_agent: written.payment_agent.as_ref().map(party),
            delivery_agent: written.delivery_agent.as_ref().map(party),
            payment_shows: faults.take(self.shows(Leg::Payment, written.payment_agent.as_ref())),
            delivery_shows: faults.take(self.shows(Leg::Delivery, written.delivery_agent.as_ref())),
            authorize_within: faults.take(self.authorize_within(written)),
            charge: charge.map(|charge| charge.name.clone()).zip(faults.take(price)),
            payment_days: written.payment_days,
            dispatch_days: written.dispatch_days.unwrap_or(2),
            arrival_days: written.arrival_days.unwrap_or(5),
        };
        faults.or(procedure)
    }

    /// Settles the steps: first whether each is one, then their order.
    fn stages(&self, steps: &[Spanned<String>], hooks: &Hooks) -> Result<Vec<Stage>, ConfigError> {
        let mut stages: Vec<Stage> = Vec::new();
        let mut faults = Faults::default();
        for step in steps {
            match self.stage(step, hooks) {
                Ok(stage) if stages.contains(&stage) => {
                    let what = format!("step {:?} stands twice", step.as_ref());
                    faults.add(self.fault_at(step.span().start, STEPS_KEY, what));
                }
                Ok(stage) => stages.push(stage),
                Err(fault) => faults.add(fault),
            }
        }
        let stages = faults.or(stages)?;
        self.order(steps, &stages)?;
        Ok(stages)
    }

    /// Checks the order of steps, each of which stands once.
    fn order(&self, steps: &[Spanned<String>], stages: &[Stage]) -> Result<(), ConfigError> {
        let at = |stage: &Stage| stages.iter().position(|other| other == stage);
        let start = |position: usize| steps.get(position).map_or(0, |step| step.span().start);
        let Some(terms) = at(&Stage::Terms) else {
            return Err(match start(0) {
                0 => self.fault(STEPS_KEY, "\"terms\" is missing"),
                first => self.fault_at(first, STEPS_KEY, "the step \"terms\" is missing"),
            });
        };
        let follows = |stage: &Stage| at(stage).is_some_and(|position| position > terms);
        if ![Stage::Payment, Stage::Delivery].iter().all(follows) {
            let what = "the steps \"payment\" and \"delivery\" must follow \"terms\"";
            return Err(self.fault_at(start(0), STEPS_KEY, what));
        }
        let mut faults = Faults::default();
        let confirmation = at(&Stage::Confirmation);
        if let Some(position) = confirmation.filter(|position| *position < terms) {
            let what = "\"confirmation\" must follow \"terms\": it is the buyer's OK to them";
            faults.add(self.fault_at(start(position), STEPS_KEY, what));
        }
        if let Some(position) = at(&Stage::Authorize).filter(|position| *position > terms) {
            faults.add(self.fault_at(start(position), STEPS_KEY, "\"authorize\" must come before \"terms\""));
        }
        // What is done before the OK could not be undone where it is waited for.
        let begins = confirmation.unwrap_or(terms).max(terms);
        for (position, stage) in stages.iter().enumerate().take(begins) {
            if matches!(stage, Stage::Hook(_) | Stage::Payment | Stage::Delivery) {
                let what = "this step must follow \"terms\" and \"confirmation\": nothing is begun before them";
                faults.add(self.fault_at(start(position), STEPS_KEY, what));
            }
        }
        faults.or(())
    }

    fn stage(&self, step: &Spanned<String>, hooks: &Hooks) -> Result<Stage, ConfigError> {
        let word = step.as_ref().as_str();
        match word {
            "authorize" => Ok(Stage::Authorize),
            "terms" => Ok(Stage::Terms),
            "confirmation" => Ok(Stage::Confirmation),
            "payment" => Ok(Stage::Payment),
            "delivery" => Ok(Stage::Delivery),
            name => match HookName::parse(name).ok().filter(|_| hooks.keys().any(|hook| hook.as_ref() == name)) {
                Some(hook) => Ok(Stage::Hook(hook)),
                None => Err(self.fault_at(step.span().start, STEPS_KEY, unknown(name, hooks))),
            },
        }
    }

    /// Settles the hook that a key names.
    pub(super) fn named(&self, key: &str, name: &Spanned<String>, written: &Config) -> Result<HookName, ConfigError> {
        let word = name.as_ref().as_str();
        let known = HookName::parse(word).ok().filter(|_| written.hook.keys().any(|hook| hook.as_ref() == word));
        known.ok_or_else(|| {
            let near = nearest(word, written.hook.keys().map(|hook| hook.as_ref().as_str()));
            let what = format!("{word:?} is no hook of yours{near}; a hook is a table [hook.NAME]");
            self.fault_at(name.span().start, key, what)
        })
    }

    /// Settles what waits for a person.
    pub(super) fn review(&self, written: &[Spanned<String>]) -> Result<Review, ConfigError> {
        let mut review = Review::default();
        for word in written {
            match word.as_ref().as_str() {
                "orders" => review.orders = true,
                "cancellations" => review.cancellations = true,
                "returns" => review.returns = true,
                other => {
                    let what = format!("{other:?} is none of orders, cancellations, returns");
                    return Err(self.fault_at(word.span().start, "shop.review", what));
                }
            }
        }
        Ok(review)
    }

    /// Settles the hooks.
    pub(super) fn hooks(&self, written: &Hooks) -> Result<BTreeMap<HookName, HookSettings>, ConfigError> {
        written.iter().map(|(name, hook)| self.hook(name, hook)).collect()
    }

    fn hook(&self, name: &Spanned<String>, written: &written::Hook) -> Result<(HookName, HookSettings), ConfigError> {
        let place = name.span().start;
        let parsed = HookName::parse(name.as_ref()).map_err(|error| self.fault_at(place, "hook", error))?;
        if STEPS.contains(&parsed.as_str()) || DEBIT_WORDS.contains(&parsed.as_str()) {
            return Err(self.fault_at(
                place,
                "hook",
                format!("{:?} means something of its own; give the hook another name", parsed.as_str()),
            ));
        }
        let key = |name: &str| format!("hook.{parsed}.{name}");
        let hook = Hook {
            command: self.command(&key("command"), &written.command)?,
            folder: self.folder(),
            time: self.seconds(&key("seconds"), written.seconds.as_ref(), (60, SECONDS_MAX))?,
        };
        let ask = self.above_zero(&key("ask_minutes"), written.ask_minutes.as_ref())?;
        let ask = ask.map(|minutes| i64::from(minutes).saturating_mul(60));
        let attempts = self.above_zero(&key("attempts"), written.attempts.as_ref())?.unwrap_or(8);
        Ok((parsed, HookSettings { hook, attempts, ask }))
    }

    /// Settles the program that tells a person of warnings.
    pub(super) fn notify(
        &self,
        written: Option<&written::Notify>,
        environment: &Environment,
    ) -> Result<Option<NotifySettings>, ConfigError> {
        let Some(written) = written else { return Ok(None) };
        let hook = Hook {
            command: self.command("notify.command", &written.command)?,
            folder: self.folder(),
            time: self.seconds("notify.seconds", written.seconds.as_ref(), (10, NOTIFY_MAX))?,
        };
        Ok(Some(NotifySettings { hook, variables: environment.session.clone() }))
    }

    /// Settles program and arguments; a program that is written as a path starts at the folder of the configuration.
    fn command(&self, key: &str, written: &Spanned<Vec<String>>) -> Result<Vec<String>, ConfigError> {
        let Some((program, arguments)) = written.as_ref().split_first().filter(|(program, _)| !program.is_empty())
        else {
            return Err(self.fault_at(written.span().start, key, "it is a list of program and arguments"));
        };
        let program =
            if program.contains('/') { self.path(program).to_string_lossy().into_owned() } else { program.clone() };
        Ok(std::iter::once(program).chain(arguments.iter().cloned()).collect())
    }

    /// Settles how long a program may take: `usual` where nothing is said, and `most` at most.
    fn seconds(
        &self,
        key: &str,
        written: Option<&Spanned<u64>>,
        (usual, most): (u64, u64),
    ) -> Result<Duration, ConfigError> {
        match written {
            Some(seconds) if !(1..=most).contains(seconds.as_ref()) => {
                Err(self.fault_at(seconds.span().start, key, format!("it must be from 1 to {most}")))
            }
            seconds => Ok(Duration::from_secs(seconds.map_or(usual, |seconds| *seconds.as_ref()))),
        }
    }

    fn above_zero(&self, key: &str, written: Option<&Spanned<u32>>) -> Result<Option<u32>, ConfigError> {
        match written {
            Some(number) if *number.as_ref() == 0 => {
                Err(self.fault_at(number.span().start, key, "it must be at least 1, or left out"))
            }
            number => Ok(number.map(|number| *number.as_ref())),
        }
    }
}

/// Says of a step that it is none, with the nearest word.
fn unknown(name: &str, hooks: &Hooks) -> String {
    let named = hooks.keys().map(|hook| hook.as_ref().as_str());
    let near = nearest(name, STEPS.into_iter().chain(named));
    format!("{name:?} is neither a step ({}) nor a hook of yours{near}", STEPS.join(", "))
}

/// Returns the question whether the nearest of these words was meant; nothing where none is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|word| (strsim::damerau_levenshtein(name, word), word)).min();
    let near = near.filter(|(distance, word)| *distance <= word.len().max(3).div_ceil(2));
    near.map(|(_, word)| format!("; did you mean {word:?}?")).unwrap_or_default()
}
