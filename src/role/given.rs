//! Work for hooks, as every part gives it and takes it back.

use super::Action;
use crate::trade::status::{Reason, STOPPED, Step};
use crate::trade::{Digest, Given, HookName, Moment, Said, Task, TaskKey, Transaction, Work};

/// Gives a hook work, about a letter where it is about one. Each time is a run with a key of its own.
pub(super) fn give(transaction: &Transaction, hook: &HookName, work: Work, about: Option<Digest>) -> Action {
    let run = transaction.given.iter().filter(|given| given.task.hook == *hook && given.task.work == work).count();
    let key = TaskKey::of(&transaction.key, hook, work, run);
    let task = Task { key, hook: hook.clone(), work, about };
    Action::Give { role: transaction.key.role, names: transaction.names(), task }
}

/// Enters what came of work in the place of its hook.
pub(super) fn end(transaction: &Transaction, given: &Given, step: Step) -> Action {
    let (role, names) = (transaction.key.role, transaction.names());
    Action::End { role, names, key: given.task.key.clone(), said: Said::of(step) }
}

/// Enters once more what a hook said, as something that a person has seen and that nobody is told.
pub(super) fn seen(transaction: &Transaction, given: &Given) -> Option<Action> {
    let (role, names) = (transaction.key.role, transaction.names());
    Some(Action::End { role, names, key: given.task.key.clone(), said: given.last_word()?.clone() })
}

/// Ends work that nobody waits for any more: what its hook did or does of it is taken back.
pub(super) fn stop(transaction: &Transaction, given: &Given, why: &str, now: Moment) -> Action {
    let reason = Reason { code: STOPPED.to_owned(), text: why.to_owned() };
    end(transaction, given, Step::Failed { reason, at: Some(now) })
}

/// Has each hook call off what it did or may have done of work of these sorts since the last time.
pub(super) fn withdraw(transaction: &Transaction, works: &[Work]) -> Vec<Action> {
    let back = transaction.last_given(Work::Withdraw).map_or(0, |given| given.position);
    let since = transaction.given.iter().filter(|given| given.position >= back && works.contains(&given.task.work));
    let mut hooks: Vec<&HookName> = Vec::new();
    for given in since.filter(|given| !given.failed() || given.is_stopped()) {
        if !hooks.contains(&&given.task.hook) {
            hooks.push(&given.task.hook);
        }
    }
    hooks.into_iter().map(|hook| give(transaction, hook, Work::Withdraw, None)).collect()
}

/// Returns the work of these sorts that has not ended, oldest first.
pub(super) fn open<'a>(transaction: &'a Transaction, works: &'a [Work]) -> impl Iterator<Item = &'a Given> {
    transaction.given.iter().filter(|given| given.said.is_none() && works.contains(&given.task.work))
}
