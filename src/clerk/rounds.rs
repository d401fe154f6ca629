//! Hooks asked how the goods stand that they released (P45): a round over the open orders from time to time, in as many
//! passes as it takes.

use super::batch::Batch;
use super::hooks::{TOGETHER, run_all};
use super::{Clerk, ClerkError};
use crate::index::{Filter, OpenTask};
use crate::trade::moment::is_put_off;
use crate::trade::{HookName, Key, Names, Role, Said, Task, Transaction, Work};

impl Clerk {
    /// Asks hooks how the goods stand that they released, as often as the configuration says (P45). A round for which the
    /// time is too short goes on where it ended, in the next pass, and the hook whose round began first comes first.
    pub(super) async fn ask_hooks(&mut self, is_over: &dyn Fn() -> bool) -> Result<(), ClerkError> {
        let second = self.clock.now().instant().as_second();
        let mut asked = Vec::new();
        for (name, settings) in &self.settings.hooks {
            let Some(pause) = settings.ask else { continue };
            let began: Option<i64> = self.index.cursor(&round_of(name))?.and_then(|text| text.parse().ok());
            let due = began.is_none_or(|began| !is_put_off(began.saturating_add(pause), second, pause));
            asked.push((began, name.clone(), due));
        }
        asked.sort();
        for (_, name, due) in asked {
            self.go_round(&name, second, due, is_over).await?;
        }
        Ok(())
    }

    /// Asks a hook about one order after the other: goes on with a round that was not finished, or begins one that is due.
    async fn go_round(
        &mut self,
        name: &HookName,
        second: i64,
        due: bool,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), ClerkError> {
        let place = place_of(name);
        let before = self.index.cursor(&place)?.filter(|before| !before.is_empty());
        if before.is_none() && !due {
            return Ok(());
        }
        if before.is_none() {
            self.index.set_cursor(&round_of(name), &second.to_string())?;
        }
        let now = self.clock.now();
        let unshipped = Filter { order_done: Some(false), ..Filter::open(Role::Shop, &now) };
        let mut keys: Vec<Key> = self.index.list(&unshipped)?.into_iter().map(|listed| listed.key).collect();
        keys.retain(|key| before.as_deref().is_none_or(|before| key.id.as_str() > before));
        keys.sort();
        for keys in keys.chunks(TOGETHER) {
            self.ask_about(keys, name).await?;
            let last = keys.last().map(|key| key.id.to_string()).unwrap_or_default();
            self.index.set_cursor(&place, &last)?;
            if is_over() {
                return Ok(());
            }
        }
        Ok(self.index.set_cursor(&place, "")?)
    }

    async fn ask_about(&mut self, keys: &[Key], name: &HookName) -> Result<(), ClerkError> {
        let mut runs = Vec::new();
        for key in keys {
            let Some(known) = self.index.load_key(key)? else { continue };
            if let Some(open) = question(&known, name) {
                runs.extend(self.run_of(open)?);
            }
        }
        for ended in run_all(runs, &self.clock.now()).await {
            match ended.said {
                Ok(said) => self.batch(|batch| {
                    batch.by_person = false;
                    batch.take_answer(ended.open.role, &ended.open.names, &ended.open.task, said)
                })?,
                Err(fault) => self.notes.push(format!("the hook {name}, asked how goods stand, {fault}")),
            }
        }
        Ok(())
    }
}

impl Batch<'_> {
    /// Enters what a hook answered to a question, where that is news.
    fn take_answer(&mut self, role: Role, names: &Names, task: &Task, said: Said) -> Result<(), ClerkError> {
        let known = self.find(role, names)?;
        let before = known.and_then(|known| known.given.iter().find(|given| given.task.key == task.key));
        if before.is_none_or(|before| before.last_word().is_some_and(|last| said.repeats(last))) {
            return Ok(());
        }
        self.end_task(role, names, task, said)
    }
}

/// Returns what the index calls the second in which the questions to a hook last began.
fn round_of(hook: &HookName) -> String {
    format!("hook {hook}")
}

/// Returns what the index calls the order that a hook was asked about last, as long as the round is not finished.
fn place_of(hook: &HookName) -> String {
    format!("hook {hook} at")
}

/// Returns the question how the goods stand that a hook released.
fn question(known: &Transaction, hook: &HookName) -> Option<OpenTask> {
    let given = known.given.iter().rfind(|given| given.task.hook == *hook && given.task.work == Work::Release)?;
    let task = Task { work: Work::Query, ..given.task.clone() };
    let (position, since, names) = (given.position, given.since, known.names());
    given.is_done().then_some(OpenTask { position, role: known.key.role, names, task, since, attempt: None })
}
