//! What `outbox list` and `outbox show` tell of letters: those that wait, those that may not have arrived, those that
//! went out and that nobody has acknowledged, and work that waits for hooks.

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::{Cell, escape};
use super::table::{Fit, Table};
use super::{Shell, inbox};
use crate::clerk::{Clerk, ClerkError, Unacknowledged};
use crate::index::{EntryRow, OpenTask};
use crate::outbox::queue::{Contents, Damaged, Item, State};
use crate::rules::unheard::SOON;
use crate::trade::{Moment, Number, When};
use crate::view::text;

/// Columns of the names in front of values.
const NAMES: usize = 13;

/// A letter of ours that is not known to have arrived.
struct Waiting {
    /// What it is called here: the position of its entry, or that and a number.
    name: String,
    to: String,
    kind: String,
    message_id: Option<String>,
    /// When it was written, as far as known.
    written: Option<String>,
    place: Place,
    tries: u64,
    last_error: Option<String>,
    next_try: Option<String>,
}

/// Where such a letter is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the queue.
    Queue(State),
    /// In the queue, in a file that is damaged.
    Damaged,
    /// Not sealed yet: the key of its reader cannot be used.
    Unsealed,
    /// Sent, and a report says that it was not delivered.
    Doubtful,
    /// Sent, and not acknowledged.
    Unacknowledged,
}

impl Place {
    /// Returns its word, which is a state in the documents.
    const fn word(self) -> &'static str {
        match self {
            Self::Queue(state) => state.word(),
            Self::Damaged => "damaged",
            Self::Unsealed => "waiting-for-key",
            Self::Doubtful => "delivery-doubtful",
            Self::Unacknowledged => "unacknowledged",
        }
    }
}

impl Waiting {
    /// Returns a letter that waits in the queue.
    fn queued(item: &Item, now: &Moment) -> Self {
        Self {
            name: item.name.clone(),
            to: item.label.envelope.to.to_string(),
            kind: item.label.kind.clone(),
            message_id: Some(item.label.message_id.to_string()),
            written: Some(item.label.queued.to_string()),
            place: Place::Queue(item.standing.state),
            tries: item.standing.tries.into(),
            last_error: item.standing.last_error.clone(),
            next_try: item.next_try(now.instant()).map(|next| next.to_string()),
        }
    }

    /// Returns a letter that is not in the queue, by its entry.
    fn of(entry: EntryRow, place: Place, tries: u64, last_error: Option<String>) -> Self {
        Self {
            name: entry.line.position.to_string(),
            to: entry.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            kind: entry.kind,
            message_id: entry.letter.map(|letter| letter.to_string()),
            written: Some(entry.recorded),
            place,
            tries,
            last_error,
            next_try: None,
        }
    }

    /// Returns one whose file in the queue is damaged; `entry` owes it, if one does.
    fn damaged(damaged: &Damaged, entry: Option<EntryRow>) -> Self {
        let error = Some(damaged.cause.clone());
        match entry {
            Some(entry) => Self::of(entry, Place::Damaged, 0, error),
            None => Self {
                name: damaged.name.clone(),
                to: String::new(),
                kind: String::new(),
                message_id: None,
                written: None,
                place: Place::Damaged,
                tries: 0,
                last_error: error,
                next_try: None,
            },
        }
    }

    /// Returns what `outbox list --json` has of a letter that waits.
    fn listed(&self) -> Value {
        json!({
            "name": self.name, "to": known(&self.to), "kind": known(&self.kind), "message_id": self.message_id, "queued": self.written,
            "state": self.place.word(), "tries": self.tries, "last_error": self.last_error, "next_try": self.next_try,
        })
    }

    /// Returns what it has of a letter that nobody has acknowledged.
    fn unheard(&self, number: Option<&Number>) -> Value {
        json!({
            "name": self.name, "to": self.to, "kind": self.kind, "message_id": self.message_id, "number": number,
            "sent": self.written, "times": self.tries,
        })
    }
}

/// Returns a word, where there is one.
fn known(word: &str) -> Option<&str> {
    (!word.is_empty()).then_some(word)
}

/// Lists what waits; `all` lists what went out within the last day as well.
pub(super) fn list(shell: &Shell, clerk: &Clerk, queue: &Contents, all: bool) -> Result<(), Failure> {
    let letters = waiting(clerk, queue, &shell.clock.now())?;
    let unacknowledged = unacknowledged(clerk, if all { 0 } else { SOON })?;
    let open = clerk.index().open_tasks().map_err(ClerkError::from)?;
    if shell.output.is_json() {
        let letters: Vec<Value> = letters.iter().map(Waiting::listed).collect();
        let unheard = unacknowledged.iter().map(|(letter, number)| letter.unheard(number.as_ref()));
        return shell.output.document(&json!({
            "schema": "mailorder.outbox/1", "letters": letters, "unacknowledged": unheard.collect::<Vec<_>>(),
            "tasks": open.iter().map(task).collect::<Vec<_>>(),
        }));
    }
    if letters.is_empty() && open.is_empty() && unacknowledged.is_empty() {
        return shell.output.line(shell.words.say("waits.none"));
    }
    let words = shell.words;
    let row = |letter: &Waiting, said: String| -> Vec<Cell> {
        let (kind, state) = (words.name("kinds", &letter.kind), words.name("waits", letter.place.word()));
        let tries = letter.tries.to_string();
        [letter.name.clone(), letter.to.clone(), kind, state, tries, said].map(Cell::plain).into()
    };
    let error = |error: Option<&String>| error.map(|error| words.sentence(error)).unwrap_or_default();
    let mut rows: Vec<Vec<Cell>> =
        letters.iter().map(|letter| row(letter, error(letter.last_error.as_ref()))).collect();
    rows.extend(unacknowledged.iter().map(|(letter, _)| {
        row(letter, words.fill("waits.sent-on", &[("day", &day(shell, letter.written.as_deref().unwrap_or_default()))]))
    }));
    // Work for a hook goes to a program instead of a reader.
    rows.extend(open.iter().map(|open| {
        let attempt = open.attempt.as_ref();
        let to = words.fill("waits.hook", &[("name", &open.task.hook)]);
        let (work, state) = (words.name("work", open.task.work.word()), words.name("waits", inbox::state_of(open)));
        let tries = attempt.map_or(0, |attempt| attempt.times).to_string();
        [task_name(open), to, work, state, tries, error(attempt.map(|attempt| &attempt.fault))].map(Cell::plain).into()
    }));
    let head = shell.heads(&["name", "addressee", "letter", "state", "tries", "error"]);
    let fit = &[Fit::Cut(1, 16), Fit::Drop(4)];
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[4], fit, wrap: true })
}

/// Shows one letter, where it stands and what it says.
pub(super) fn show(shell: &Shell, clerk: &Clerk, queue: &Contents, name: &str) -> Result<(), Failure> {
    let all = waiting(clerk, queue, &shell.clock.now())?
        .into_iter()
        .chain(unacknowledged(clerk, 0)?.into_iter().map(|(letter, _)| letter));
    let found = all.into_iter().find(|letter| letter.name == name);
    let found = found.ok_or_else(|| Failure::data(format!("no letter {name:?} waits")))?;
    let entry = name.parse::<u64>().ok();
    let number = match entry {
        Some(at) => clerk.index().entry(at).map_err(ClerkError::from)?.and_then(|entry| entry.names.number),
        None => None,
    };
    // What was erased, or belongs to an account before this one, is not there to be read.
    let says = entry.and_then(|at| clerk.letter_text(at).ok());
    if shell.output.is_json() {
        let value = json!({
            "schema": "mailorder.outbox-letter/1", "name": found.name, "to": known(&found.to), "kind": known(&found.kind),
            "message_id": found.message_id, "number": number, "written": found.written, "state": found.place.word(),
            "tries": found.tries, "last_error": found.last_error, "next_try": found.next_try, "says": says,
        });
        return shell.output.document(&value);
    }
    let words = shell.words;
    let next_try = found.next_try.as_ref().map(|next| minute(shell, next));
    for (field, value) in [
        ("to", Some(found.to.clone())),
        ("letter", Some(words.name("kinds", &found.kind))),
        ("number", number.map(|number| number.to_string())),
        ("written", found.written.as_ref().map(|written| minute(shell, written))),
        ("state", Some(words.name("waits", found.place.word()))),
        ("tries", Some(found.tries.to_string())),
        ("error", found.last_error.as_ref().map(|error| words.sentence(error))),
        ("next-try", next_try),
    ] {
        if let Some(value) = value {
            shell.output.named(&words.say(&format!("waits-at.{field}")), NAMES, &escape(&value))?;
        }
    }
    let Some(says) = says else { return Ok(()) };
    shell.output.line("")?;
    says.lines().try_for_each(|line| shell.output.line(escape(line)))
}

/// Returns the letters that wait to be sent, and those that a report doubts.
fn waiting(clerk: &Clerk, queue: &Contents, now: &Moment) -> Result<Vec<Waiting>, Failure> {
    let entry = |at: u64| clerk.index().entry(at).map_err(ClerkError::from);
    let mut letters: Vec<Waiting> = queue.items.iter().map(|item| Waiting::queued(item, now)).collect();
    for one in &queue.damaged {
        let row = clerk.owed_by(&one.name).map(|(at, _)| entry(at)).transpose()?.flatten();
        letters.push(Waiting::damaged(one, row));
    }
    for one in clerk.index().unsealed().map_err(ClerkError::from)? {
        letters.extend(entry(one.position)?.map(|entry| Waiting::of(entry, Place::Unsealed, 0, Some(one.reason))));
    }
    for one in clerk.index().doubts().map_err(ClerkError::from)? {
        let said = "a report says that it was not delivered".to_owned();
        let doubted = entry(one.position)?.map(|entry| Waiting::of(entry, Place::Doubtful, 1, Some(said)));
        letters.extend(doubted.filter(|one| letters.iter().all(|letter| letter.name != one.name)));
    }
    Ok(letters)
}

/// Returns the letters sent so many seconds ago that nobody has acknowledged, each with the number it is about.
fn unacknowledged(clerk: &Clerk, seconds: i64) -> Result<Vec<(Waiting, Option<Number>)>, Failure> {
    let shown = clerk.unacknowledged(seconds)?.into_iter().map(|Unacknowledged { letter, entry }| {
        let times = u64::try_from(letter.times).unwrap_or(u64::MAX);
        (Waiting::of(entry, Place::Unacknowledged, times, None), letter.names.number)
    });
    Ok(shown.collect())
}

/// Returns what is shown of work that a hook has not ended.
fn task(open: &OpenTask) -> Value {
    let attempt = open.attempt.as_ref();
    json!({
        "name": task_name(open), "hook": open.task.hook, "work": open.task.work, "number": open.names.number,
        "since": open.since, "state": inbox::state_of(open), "tries": attempt.map_or(0, |attempt| attempt.times),
        "last_error": attempt.map(|attempt| &attempt.fault), "next_try": inbox::next_try(open),
    })
}

/// Returns what work for a hook is called here: `hook-` and the beginning of its key.
pub(super) fn task_name(open: &OpenTask) -> String {
    format!("hook-{}", open.task.key.as_str().get(..8).unwrap_or_default())
}

/// Returns the day of a moment as people read it; what is none, as it stands.
fn day(shell: &Shell, moment: &str) -> String {
    Moment::parse(moment)
        .map_or_else(|_| moment.to_owned(), |moment| text::day(&When::Moment(moment), shell.clock.zone()))
}

/// The same with its minute.
fn minute(shell: &Shell, moment: &str) -> String {
    Moment::parse(moment).map_or_else(|_| moment.to_owned(), |moment| text::minute(&moment, shell.clock.zone()))
}
