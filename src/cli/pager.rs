//! A pager between output that is longer than the screen and a terminal: the reader's own, else less. What fits on the screen is
//! held until the command ends, and printed as it is. A pager that is missing, or that is left early, is no error.

use std::io::{self, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use super::output::columns;

/// What is run where nobody names another: ends at once where all fits on the screen after all, shows colours, leaves what was
/// read on the screen.
const USUAL: [&str; 2] = ["less", "-FRX"];

/// The rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Screen {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Screen {
    /// Returns whether a text can be seen whole, with a line for what the shell asks next.
    fn holds(self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        let rows = text.lines().map(|line| columns(&uncoloured(line)).div_ceil(self.columns.max(1)).max(1));
        rows.fold(0, usize::saturating_add) < self.rows
    }
}

/// Returns a line without our colours, which take no place.
fn uncoloured(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, after)| after))
}

/// A pager, and what is written to it.
#[derive(Debug)]
pub(super) struct Pager {
    words: Vec<String>,
    screen: Screen,
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// What was written so far fits on the screen.
    Waiting(Vec<u8>),
    Running(Child, ChildStdin),
    /// It cannot be run: output goes where it would go without.
    Missing,
    Ended,
}

impl Pager {
    /// Returns the pager of this command line, else the usual one; `None` where none is wished: an empty line, or `cat`. It is run
    /// as it is, through no shell: words are parted at blanks.
    pub(super) fn of(wished: Option<&str>, screen: Screen, runtime: Handle) -> Option<&'static Self> {
        let words: Vec<&str> = wished.map_or_else(|| USUAL.to_vec(), |line| line.split_whitespace().collect());
        words.first().filter(|program| **program != "cat")?;
        let words = words.into_iter().map(str::to_owned).collect();
        let state = Mutex::new(State::Waiting(Vec::new()));
        // There is one in the life of a process, and whoever prints has a copy of it.
        Some(Box::leak(Box::new(Self { words, screen, runtime, state })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether it has the screen, or will show what is held until now.
    pub(super) fn has_text(&self) -> bool {
        match &*self.state() {
            State::Waiting(held) => !held.is_empty(),
            State::Running(..) => true,
            State::Missing | State::Ended => false,
        }
    }

    /// Takes what is to be seen next; the first line that has no place on the screen starts the pager.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if let State::Waiting(held) = &mut *state {
            held.extend_from_slice(bytes);
            if self.screen.holds(held) {
                return Ok(());
            }
            let held = std::mem::take(held);
            *state = self.start();
            return pass(&mut state, &held);
        }
        pass(&mut state, bytes)
    }

    fn start(&self) -> State {
        let Some((program, options)) = self.words.split_first() else { return State::Missing };
        let Ok(mut child) = Command::new(program).args(options).stdin(Stdio::piped()).spawn() else {
            return State::Missing;
        };
        let Some(input) = child.stdin.take() else { return State::Missing };
        // Ctrl-C is now for the pager, which stays; we end when it does.
        let entered = self.runtime.enter();
        let _ = signal(SignalKind::interrupt());
        drop(entered);
        State::Running(child, input)
    }

    /// Says that nothing more comes, shows what was held, and waits until the reader has left.
    ///
    /// # Errors
    /// What keeps the held text from the terminal.
    pub(super) fn end(&self) -> io::Result<()> {
        match std::mem::replace(&mut *self.state(), State::Ended) {
            State::Waiting(held) => direct(&held),
            State::Running(mut child, input) => {
                drop(input);
                // How a reader leaves is his own business.
                let _ = child.wait();
                Ok(())
            }
            State::Missing | State::Ended => Ok(()),
        }
    }
}

/// Hands on to where a state leads.
fn pass(state: &mut State, bytes: &[u8]) -> io::Result<()> {
    match state {
        State::Running(_, input) => input.write_all(bytes).and_then(|()| input.flush()),
        State::Missing | State::Waiting(_) => direct(bytes),
        State::Ended => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

fn direct(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen { rows: 4, columns: 10 };

    fn pager(wished: &str) -> Option<&'static Pager> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let runtime: &tokio::runtime::Runtime = Box::leak(Box::new(runtime));
        Pager::of(Some(wished), SCREEN, runtime.handle().clone())
    }

    #[test]
    fn lines_are_counted_as_the_terminal_breaks_them() {
        for (text, holds) in [
            ("", true),
            ("1\n2\n3\n", true),
            ("1\n2\n3\n4\n", false),
            ("1\n\n\n\n", false),
            ("12345678901\n3\n", true),
            ("12345678901\n3\n4\n", false),
            ("シャツシャツ\n3\n4\n", false),
            ("\u{1b}[31;1m1234567890\u{1b}[0m\n2\n3\n", true),
        ] {
            assert_eq!(SCREEN.holds(text.as_bytes()), holds, "{text:?}");
        }
    }

    #[test]
    fn no_pager_is_no_failure() {
        for none in ["", "  ", "cat"] {
            assert!(pager(none).is_none(), "{none:?}");
        }
        let missing = pager("/nowhere/pager --options").unwrap();
        missing.write(b"").unwrap();
        assert!(!missing.has_text());
        missing.end().unwrap();
    }

    #[test]
    fn a_pager_that_is_left_early_takes_nothing_more() {
        let pager = pager("true").unwrap();
        let mut written = Ok(());
        for _ in 0..64 {
            written = written.and_then(|()| pager.write(&[b'x'; 64 * 1024]));
        }
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        pager.end().unwrap();
        assert_eq!(pager.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
