//! Lookups for code that takes nothing but an answer: what could not be read is not passed off as unknown.

use std::sync::{Mutex, PoisonError};

use super::ClerkError;

/// Keeps the first fault of some lookups. What was found out by their answers holds only where [`end`](Self::end) finds none.
#[derive(Default)]
pub(super) struct Lookups(Mutex<Option<ClerkError>>);

impl Lookups {
    /// Returns what was looked up; where it could not be, this instead, and the fault is kept.
    pub(super) fn answer_or<T>(&self, looked_up: Result<T, impl Into<ClerkError>>, instead: T) -> T {
        looked_up.unwrap_or_else(|fault| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault.into());
            instead
        })
    }

    /// Returns what was looked up; where it could not be, nothing, and the fault is kept.
    pub(super) fn answer<T: Default>(&self, looked_up: Result<T, impl Into<ClerkError>>) -> T {
        self.answer_or(looked_up, T::default())
    }

    /// Ends the lookups.
    ///
    /// # Errors
    /// The first fault, where there was one.
    pub(super) fn end(self) -> Result<(), ClerkError> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}
