//! Work given to hooks: what has not ended, and how often it was tried.

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::integer;
use super::query::{Found, json, position, value, word};
use super::{Index, IndexError, written};
use crate::trade::{Entry, Moment, Names, Role, Task, TaskKey};

/// Work that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTask {
    /// The entry it began with.
    pub position: u64,
    /// The part that gave it.
    pub role: Role,
    /// The transaction it is for.
    pub names: Names,
    /// The work.
    pub task: Task,
    /// When it was given.
    pub since: Moment,
    /// How it was tried, if it was.
    pub attempt: Option<Attempt>,
}

/// How work was tried in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How often.
    pub times: u32,
    /// When it is tried next, in seconds since 1970; `None` where it waits for a person.
    pub next: Option<i64>,
    /// Why it came to nothing the last time.
    pub fault: String,
}

/// What stands in `next` where nothing is tried any more.
const NEVER: i64 = i64::MAX;

/// Enters work that is given.
pub(super) fn give(db_tx: &Connection, entry: &Entry, task: &Task) -> Result<(), IndexError> {
    let Some(role) = entry.role else { return Ok(()) };
    let mut put = db_tx.prepare_cached("INSERT OR REPLACE INTO tasks VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let (names, recorded) = (written(&entry.names())?, entry.recorded.to_string());
    put.execute(params![task.key.as_str(), integer(entry.position), role.word(), names, written(task)?, recorded])?;
    Ok(())
}

/// Takes out work that has ended.
pub(super) fn end(db_tx: &Connection, key: &TaskKey) -> Result<(), IndexError> {
    for table in ["tasks", "attempts"] {
        db_tx.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?1"))?.execute([key.as_str()])?;
    }
    Ok(())
}

impl Index {
    /// Returns the work that has not ended, oldest first.
    pub fn open_tasks(&self) -> Found<Vec<OpenTask>> {
        let mut find = self.db.prepare_cached(
            "SELECT position, role, names, task, since, times, next, fault FROM tasks
             LEFT JOIN attempts ON attempts.key = tasks.key ORDER BY position",
        )?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let attempt = match row.get::<_, Option<u32>>(5)? {
                Some(times) => {
                    let next = Some(row.get(6)?).filter(|next| *next != NEVER);
                    Some(Attempt { times, next, fault: row.get(7)? })
                }
                None => None,
            };
            found.push(OpenTask {
                position: position(row.get(0)?),
                role: word(&row.get::<_, String>(1)?, Role::parse)?,
                names: json(&row.get::<_, String>(2)?)?,
                task: json(&row.get::<_, String>(3)?)?,
                since: value(&row.get::<_, String>(4)?, Moment::parse)?,
                attempt,
            });
        }
        Ok(found)
    }

    /// Notes that work was tried in vain.
    pub fn tried(&self, key: &TaskKey, attempt: &Attempt) -> Found<()> {
        let mut put = self.db.prepare_cached("INSERT OR REPLACE INTO attempts VALUES (?1, ?2, ?3, ?4)")?;
        put.execute(params![key.as_str(), attempt.times, attempt.next.unwrap_or(NEVER), attempt.fault])?;
        Ok(())
    }

    /// Forgets how work was tried: it is tried again at once.
    pub fn try_anew(&self, key: &TaskKey) -> Found<()> {
        self.db.prepare_cached("DELETE FROM attempts WHERE key = ?1")?.execute([key.as_str()])?;
        Ok(())
    }

    /// Returns whether work has not ended.
    pub fn is_task_open(&self, key: &TaskKey) -> Found<bool> {
        let mut find = self.db.prepare_cached("SELECT 1 FROM tasks WHERE key = ?1")?;
        Ok(find.query_row([key.as_str()], |_| Ok(())).optional()?.is_some())
    }
}
