//! Hooks at work: what was given to them is run, tried again where it came to nothing, and entered when it ended.
//!
//! The ledger's lock is never held while a hook runs. What was begun and not ended is run again after a crash, under the
//! same key; two processes never run hooks at once.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::future::{Future as _, poll_fn};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::task::Poll;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::batch::Batch;
use super::told::Told;
use super::{Clerk, ClerkError};
use crate::config::HookSettings;
use crate::hook;
use crate::index::{Attempt, OpenTask};
use crate::role;
use crate::trade::moment::is_put_off;
use crate::trade::status::{Reason, Step};
use crate::trade::{Act, Given, Moment, Names, Role, Said, Task, TaskKey, Transaction, Work};

/// How many hooks run at a time.
pub(super) const TOGETHER: usize = 8;

/// How long after the first failure work is tried again, in seconds; twice as long after each further one.
const PAUSE: i64 = 60;

/// The longest pause between two tries, in seconds.
const PAUSE_MAX: i64 = 6 * 3600;

/// How long after a hook had no answer yet it is asked again, in seconds, where the configuration does not say.
const AGAIN: i64 = 300;

/// A hook to run now.
pub(super) struct Run {
    open: OpenTask,
    settings: HookSettings,
    told: Told,
}

/// What came of it.
pub(super) struct Ended {
    pub(super) open: OpenTask,
    settings: HookSettings,
    pub(super) said: Result<Said, String>,
}

impl Clerk {
    /// Runs the hooks that have work, until nothing is due or `budget` is over; asks those that are asked from time to
    /// time. Another process that does so already is left to it.
    pub async fn work(&mut self, budget: Duration) -> Result<(), ClerkError> {
        self.catch_up()?;
        let asks = self.settings.hooks.values().any(|hook| hook.ask.is_some());
        if !asks && self.index.open_tasks()?.is_empty() {
            return Ok(());
        }
        let Some(_lock) = self.hooks_lock()? else { return Ok(()) };
        let begun = Instant::now();
        let is_over = || begun.elapsed() >= budget;
        // What an earlier pass did not come to enter.
        self.end_work(Vec::new())?;
        // Each is tried once in a pass, however short its pause.
        let mut tried: BTreeSet<TaskKey> = BTreeSet::new();
        while !is_over() {
            let due = self.due(&tried)?;
            if due.is_empty() {
                break;
            }
            tried.extend(due.iter().map(|open| open.task.key.clone()));
            let mut runs = Vec::new();
            for open in due {
                runs.extend(self.run_of(open)?);
            }
            let ended = run_all(runs, &self.clock.now()).await;
            self.end_work(ended)?;
        }
        self.ask_hooks(&is_over).await
    }

    /// Takes the lock that keeps two processes from running hooks at once; `None` where another has it.
    fn hooks_lock(&self) -> Result<Option<File>, ClerkError> {
        let path = lock_path(self);
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o600).open(&path).map_err(ClerkError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(ClerkError::io("lock", &path)(error)),
        }
    }

    /// Returns the work that is due, as much as is run at a time. Of one transaction it is the oldest alone that is not given
    /// up: what is withdrawn was released before.
    fn due(&self, tried: &BTreeSet<TaskKey>) -> Result<Vec<OpenTask>, ClerkError> {
        let now = self.clock.now().instant().as_second();
        let ask = |open: &OpenTask| self.settings.hooks.get(&open.task.hook).and_then(|hook| hook.ask);
        let longest = |open: &OpenTask| ask(open).unwrap_or(AGAIN).max(PAUSE_MAX);
        let is_due = |open: &OpenTask| match &open.attempt {
            None => true,
            Some(attempt) => attempt.next.is_some_and(|next| !is_put_off(next, now, longest(open))),
        };
        let mut begun: BTreeSet<(Role, Names)> = BTreeSet::new();
        let mut open = self.index.open_tasks()?;
        open.retain(|open| is_given_up(open) || begun.insert((open.role, open.names.clone())));
        Ok(open.into_iter().filter(|open| is_due(open) && !tried.contains(&open.task.key)).take(TOGETHER).collect())
    }

    /// Makes ready what a hook is told; `None` where the configuration does not know the hook, which is noted.
    pub(super) fn run_of(&mut self, open: OpenTask) -> Result<Option<Run>, ClerkError> {
        let Some(settings) = self.settings.hooks.get(&open.task.hook).cloned() else {
            let fault = format!("there is no [hook.{}] in the configuration any more", open.task.hook);
            self.index.tried(&open.task.key, &Attempt { times: times(&open), next: None, fault })?;
            return Ok(None);
        };
        let Some(known) = self.index.load(open.role, &open.names)? else { return Ok(None) };
        match self.tell(&known, &open, times(&open).saturating_add(1))? {
            Ok(told) => Ok(Some(Run { open, settings, told })),
            Err(why) => self.note_attempt(&open, settings.attempts, why).map(|()| None),
        }
    }

    /// Enters what hooks said, and notes what came to nothing.
    fn end_work(&mut self, ended: Vec<Ended>) -> Result<(), ClerkError> {
        let mut said = Vec::new();
        for one in ended {
            match one.said {
                Ok(answer) if answer.ends(one.open.task.work) => said.push((one.open, answer)),
                // It was ended while its hook ran.
                _ if !self.index.is_task_open(&one.open.task.key)? => {}
                Ok(_) => self.note_wait(&one.open, &one.settings)?,
                Err(fault) => self.note_attempt(&one.open, one.settings.attempts, fault)?,
            }
        }
        said.extend(self.given_up_plans()?);
        if said.is_empty() {
            return Ok(());
        }
        self.batch(|batch| {
            batch.by_person = false;
            for (open, said) in said {
                if batch.clerk.index.is_task_open(&open.task.key)? {
                    batch.end_task(open.role, &open.names, &open.task, said)?;
                } else {
                    batch.take_late(open.role, &open.names, &open.task, said)?;
                }
            }
            Ok(())
        })
    }

    /// Returns the plans that hooks were given up with, in this pass or one that was stopped before it entered that, each
    /// with what stands for the answer.
    fn given_up_plans(&self) -> Result<Vec<(OpenTask, Said)>, ClerkError> {
        let open = self.index.open_tasks()?.into_iter();
        let plans = open.filter(|open| open.task.work == Work::Plan && is_given_up(open));
        Ok(plans.map(|open| (open, given_up_plan(&self.clock.now()))).collect())
    }

    /// Notes that a hook did nothing, and when it is tried again; told when it happens first and when it is given up.
    fn note_attempt(&mut self, open: &OpenTask, attempts: u32, fault: String) -> Result<(), ClerkError> {
        let now = self.clock.now();
        let before = times(open);
        let doubled = PAUSE.saturating_mul(1_i64.checked_shl(before.min(20)).unwrap_or(i64::MAX));
        let next = now.instant().as_second().saturating_add(doubled.min(PAUSE_MAX));
        let next = Some(next).filter(|_| before.saturating_add(1) < attempts);
        if before == 0 || next.is_none() {
            let name = open.names.number.as_ref().map(ToString::to_string).unwrap_or_default();
            let then = match next {
                Some(_) => "it is tried again".to_owned(),
                None if open.task.work == Work::Plan => "the date is planned by the rule".to_owned(),
                None => format!("it waits for you: mailorder {} inbox", group(open.role)),
            };
            self.notes.push(format!("{name}: the hook {} {fault}; {then}", open.task.hook));
        }
        Ok(self.index.tried(&open.task.key, &Attempt { times: before.saturating_add(1), next, fault })?)
    }

    /// Notes that a hook has no answer yet, and when it is asked again. That is no try in vain, however often it comes.
    fn note_wait(&self, open: &OpenTask, settings: &HookSettings) -> Result<(), ClerkError> {
        let pause = settings.ask.unwrap_or(AGAIN);
        let next = Some(self.clock.now().instant().as_second().saturating_add(pause));
        let fault = "it has no answer yet".to_owned();
        Ok(self.index.tried(&open.task.key, &Attempt { times: times(open), next, fault })?)
    }

    /// Has hooks try again at once what they did in vain for a transaction; returns how many there are.
    pub fn try_anew(&mut self, transaction: &Transaction) -> Result<usize, ClerkError> {
        let open = self.index.open_tasks()?.into_iter().filter(|open| open.attempt.is_some());
        let ours: Vec<OpenTask> =
            open.filter(|open| transaction.given.iter().any(|given| given.task.key == open.task.key)).collect();
        for open in &ours {
            self.index.try_anew(&open.task.key)?;
        }
        Ok(ours.len())
    }
}

fn lock_path(clerk: &Clerk) -> PathBuf {
    clerk.settings.folders.queue.with_file_name("hooks.lock")
}

/// Returns what stands for the answer of a hook that never said when something is planned. Whoever instructed an agent must
/// hear of a date; a person may name another.
fn given_up_plan(now: &Moment) -> Said {
    let reason = Reason { code: "given-up".to_owned(), text: "the hook is given up".to_owned() };
    Said::of(Step::Failed { reason, at: Some(*now) })
}

/// Returns the group of commands of a part.
fn group(role: Role) -> &'static str {
    match role {
        Role::Buyer | Role::Shop => "shop",
        Role::Payment => "pay",
        Role::Delivery => "ship",
    }
}

/// Returns whether work waits for a person, because its hook failed too often.
fn is_given_up(open: &OpenTask) -> bool {
    open.attempt.as_ref().is_some_and(|attempt| attempt.next.is_none())
}

/// Returns how often work was tried.
fn times(open: &OpenTask) -> u32 {
    open.attempt.as_ref().map_or(0, |attempt| attempt.times)
}

/// Runs hooks side by side; the answers come in the order of the entries.
pub(super) async fn run_all(runs: Vec<Run>, now: &Moment) -> Vec<Ended> {
    // No tasks of their own: where this is dropped, because the program is asked to stop, every hook is killed at once.
    let mut running: Vec<_> = runs.into_iter().map(|run| Box::pin(run_one(run, now))).collect();
    let mut ended = Vec::new();
    poll_fn(|context| {
        running.retain_mut(|run| match run.as_mut().poll(context) {
            Poll::Ready(one) => {
                ended.push(one);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended.sort_by_key(|one: &Ended| one.open.position);
    ended
}

async fn run_one(run: Run, now: &Moment) -> Ended {
    let Told { variables, input, secrets } = run.told;
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let printed = hook::run(&run.settings.hook, &variables, input.expose_secret().as_bytes()).await;
    let printed = printed.map_err(|error| secrets.fault(error));
    let said = printed.and_then(|printed| secrets.answer(&printed, now));
    let said = said.and_then(|said| said.fault(run.open.task.work, now).map_or(Ok(said), Err));
    Ended { open: run.open, settings: run.settings, said }
}

impl Batch<'_> {
    /// Gives a hook work, unless it was given it before.
    pub(super) fn give(&mut self, role: Role, names: &Names, task: Task) -> Result<(), ClerkError> {
        let known = self.find(role, names)?;
        if known.is_some_and(|known| known.given.iter().any(|given| given.task.key == task.key)) {
            return Ok(());
        }
        self.act(Some(role), Act::Give { task }, names.clone(), Vec::new())
    }

    /// Enters what came of work in the place of its hook, as long as the hook has not answered, or its answer waits for a
    /// person.
    pub(super) fn end(&mut self, role: Role, names: &Names, key: TaskKey, said: Said) -> Result<(), ClerkError> {
        let Some(known) = self.find(role, names)? else { return Ok(()) };
        let open = |given: &&Given| given.task.key == key && (given.said.is_none() || given.untold.is_some());
        let Some(about) = known.given.iter().find(open).map(|given| given.position) else { return Ok(()) };
        self.act(Some(role), Act::Said { key, said: Box::new(said), untold: None }, names.clone(), vec![about])
    }

    /// Enters what a hook said, and lets the part go on.
    pub(super) fn end_task(&mut self, role: Role, names: &Names, task: &Task, said: Said) -> Result<(), ClerkError> {
        let Some(known) = self.find(role, names)?.cloned() else { return Ok(()) };
        let untold = role::untold(&known, task, &said, &self.desk(&known)?).map(|refused| refused.0);
        self.enter_said(&known, task, &said, untold)?;
        let Some(known) = self.find(role, names)?.cloned() else { return Ok(()) };
        let actions = role::after_work(&known, task, &said, &self.desk(&known)?);
        self.perform(actions).map(drop)
    }

    /// Enters what a hook said of work that was ended while it ran, where a person has to know it: the goods have left.
    fn take_late(&mut self, role: Role, names: &Names, task: &Task, said: Said) -> Result<(), ClerkError> {
        let Some(known) = self.find(role, names)?.cloned() else { return Ok(()) };
        let stopped = known.given.iter().any(|given| given.task.key == task.key && given.is_stopped());
        if !stopped || !matches!(task.work, Work::Release | Work::Collect) {
            return Ok(());
        }
        match role::untold(&known, task, &said, &self.desk(&known)?) {
            Some(why) => self.enter_said(&known, task, &said, Some(why.0)),
            None => Ok(()),
        }
    }

    /// Enters what a hook said, and says on standard error why it is told to nobody, where it is not.
    fn enter_said(
        &mut self,
        known: &Transaction,
        task: &Task,
        said: &Said,
        untold: Option<String>,
    ) -> Result<(), ClerkError> {
        let (role, names) = (known.key.role, known.names());
        let about = known.given.iter().filter(|given| given.task.key == task.key).map(|given| given.position).collect();
        if let Some(why) = &untold {
            let name = names.number.as_ref().map(ToString::to_string).unwrap_or_default();
            let inbox = format!("it waits for you: mailorder {} inbox", group(role));
            let text = format!("{name}: what the hook {} said is told to nobody: {why}; {inbox}", task.hook);
            self.clerk.notes.push(text);
        }
        let act = Act::Said { key: task.key.clone(), said: Box::new(said.clone()), untold };
        self.act(Some(role), act, names, about)
    }
}
