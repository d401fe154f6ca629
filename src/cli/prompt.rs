//! Questions to the person at the terminal. Nobody is asked where standard input or standard error is no terminal, with
//! `--no-input` or with `--json`; Ctrl-C and the end of the input end the command, and nothing was sent.

use std::io::{IsTerminal, Write};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::output;

impl Shell {
    /// Returns whether there is somebody who can be asked.
    pub(super) fn can_ask(&self) -> bool {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        is_terminal && !self.global.no_input && !self.global.json
    }

    /// Asks a question and returns the line that is written, without blanks around it.
    ///
    /// # Errors
    /// The end of the input, and Ctrl-C (exit code 130).
    pub(super) fn asks(&self, question: &str) -> Result<String, Failure> {
        let question = format!("{} ", output::escape(&self.words.sentence(question)));
        let line = self.unless_stopped(async {
            let mut stderr = std::io::stderr();
            // A question that cannot be shown is answered by nobody.
            let shown = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
            shown.map_err(|error| Failure::io(format!("cannot write to the terminal: {error}")))?;
            let mut line = String::new();
            let read = typed(&mut line).await;
            let read = read.map_err(|error| Failure::io(format!("cannot read the terminal: {error}")))?;
            Ok((read > 0).then_some(line))
        });
        match line {
            Ok(Some(line)) => Ok(line.trim().to_owned()),
            Ok(None) => {
                self.output.message("");
                Err(Failure::new(FailureKind::Finding, "the input ended before an answer; nothing is sent"))
            }
            Err(failure) => {
                self.output.message("");
                Err(failure)
            }
        }
    }

    /// Asks a question that only `y` or `yes` is a yes to; yes without a question where `--yes` says so.
    ///
    /// # Errors
    /// Those of [`Shell::asks`].
    pub(super) fn agrees(&self, question: &str) -> Result<bool, Failure> {
        if self.global.yes {
            return Ok(true);
        }
        let answer = self.asks(&format!("{} [y/N]", self.words.sentence(question)))?;
        Ok(is_yes(&answer))
    }
}

/// Reads the line that a person writes at the terminal, without another thread that would wait for it. A terminal hands over
/// whole lines: as soon as there is something to read, there is one.
///
/// # Errors
/// A terminal that cannot be read.
#[expect(
    deprecated,
    reason = "what replaces it is unsafe, for descriptors that are closed meanwhile; this one stays open"
)]
pub(super) async fn typed(line: &mut String) -> std::io::Result<usize> {
    if let Ok(terminal) = AsyncFd::with_interest(std::io::stdin(), Interest::READABLE) {
        drop(terminal.readable().await?);
    }
    std::io::stdin().read_line(line)
}

/// Returns whether an answer is yes, in any language that questions are asked in.
pub(super) fn is_yes(answer: &str) -> bool {
    matches!(answer.to_lowercase().as_str(), "y" | "yes" | "ｙ" | "はい")
}

/// Returns whether an answer is no, in any language that questions are asked in.
pub(super) fn is_no(answer: &str) -> bool {
    matches!(answer.to_lowercase().as_str(), "n" | "no" | "ｎ" | "いいえ")
}

/// Returns what a command ends with whose question was answered with no.
pub(super) fn not_agreed() -> Failure {
    Failure::new(FailureKind::Finding, "nothing is sent")
}
