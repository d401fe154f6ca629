//! A pager between long output and a terminal: the reader's own, else less. It is started with the first line, so that nothing
//! hides what a command says before. One that is missing, or that is left early, is no error.

use std::io::{self, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is run where nobody names another: ends at once where all fits on the screen, shows colours, leaves what was read on the
/// screen.
const USUAL: [&str; 2] = ["less", "-FIRX"];

/// A pager, and what is written to it.
#[derive(Debug)]
pub(super) struct Pager {
    words: Vec<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Nothing was written yet.
    Waiting,
    Running(Child, ChildStdin),
    /// It cannot be run: output goes where it would go without.
    Missing,
    Ended,
}

impl Pager {
    /// Returns the pager of this command line, else the usual one; `None` where none is wished: an empty line, or `cat`. It is run
    /// as it is, through no shell: words are parted at blanks.
    pub(super) fn of(wished: Option<&str>) -> Option<&'static Self> {
        let words: Vec<&str> = wished.map_or_else(|| USUAL.to_vec(), |line| line.split_whitespace().collect());
        words.first().filter(|program| **program != "cat")?;
        let words = words.into_iter().map(str::to_owned).collect();
        // There is one in the life of a process, and whoever prints has a copy of it.
        Some(Box::leak(Box::new(Self { words, state: Mutex::new(State::Waiting) })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether it has the screen.
    pub(super) fn is_running(&self) -> bool {
        matches!(*self.state(), State::Running(..))
    }

    /// Writes to it; what comes first starts it.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if matches!(*state, State::Waiting) {
            *state = self.start();
        }
        match &mut *state {
            State::Running(_, input) => input.write_all(bytes).and_then(|()| input.flush()),
            State::Missing | State::Waiting => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
            State::Ended => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn start(&self) -> State {
        let Some((program, options)) = self.words.split_first() else { return State::Missing };
        let Ok(mut child) = Command::new(program).args(options).stdin(Stdio::piped()).spawn() else {
            return State::Missing;
        };
        match child.stdin.take() {
            Some(input) => State::Running(child, input),
            None => State::Missing,
        }
    }

    /// Says that nothing more comes, and waits until the reader has left.
    pub(super) fn end(&self) {
        let ended = std::mem::replace(&mut *self.state(), State::Ended);
        if let State::Running(mut child, input) = ended {
            drop(input);
            // How a reader leaves is his own business.
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pager_is_no_failure() {
        for none in ["", "  ", "cat"] {
            assert!(Pager::of(Some(none)).is_none(), "{none:?}");
        }
        let missing = Pager::of(Some("/nowhere/pager --options")).unwrap();
        missing.write(b"").unwrap();
        assert!(!missing.is_running());
    }

    #[test]
    fn a_pager_that_is_left_early_takes_nothing_more() {
        let pager = Pager::of(Some("true")).unwrap();
        assert!(!pager.is_running(), "it waits for the first line");
        let mut written = Ok(());
        for _ in 0..64 {
            written = written.and_then(|()| pager.write(&[b'x'; 64 * 1024]));
        }
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        pager.end();
        assert_eq!(pager.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
