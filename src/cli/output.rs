//! What is printed: data on standard output, text or JSON, with every foreign character made harmless.

use std::io::{IsTerminal, Write};

use serde_json::Value;

use super::failure::{Failure, FailureKind};
use super::pager::{Pager, Screen};
use super::table::wrap;
pub(crate) use crate::view::harmless::escape;
use crate::view::harmless::escape_json;
use crate::view::text;

/// Where output goes and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    color: bool,
    terminal: bool,
    width: Option<usize>,
    pager: Option<&'static Pager>,
}

/// What a cell or word means, for its colour; the word or sign says it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
    /// It wants a person.
    Warned,
    Faint,
}

impl Output {
    pub(crate) fn new(json: bool, color: bool) -> Self {
        Self {
            json,
            color: color && !json,
            terminal: std::io::stdout().is_terminal(),
            width: terminal_width(std::io::stdout()),
            pager: None,
        }
    }

    /// Returns the same by way of a pager.
    #[must_use]
    pub(crate) fn paged(self, pager: Option<&'static Pager>) -> Self {
        Self { pager, ..self }
    }

    /// Returns the places in a line of the terminal that standard output is; `None` where it is none.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Says in one line what was done, where a person looks on; cron is told nothing.
    pub(crate) fn done(&self, text: impl AsRef<str>) {
        if !self.json && std::io::stderr().is_terminal() {
            self.message(text);
        }
    }

    /// Returns how much the terminal shows at once; `None` where it does not say.
    pub(super) fn screen(&self) -> Option<Screen> {
        let rows = terminal_size(std::io::stdout()).map(|size| usize::from(size.ws_row)).filter(|rows| *rows > 0)?;
        Some(Screen { rows, columns: self.width? })
    }

    /// Returns whether standard output is a terminal, by way of a pager or not.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Returns whether JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes bytes to standard output.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(pager) = self.pager {
            return pager.write(bytes).map_err(unwritten);
        }
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(unwritten)
    }

    /// Writes one line.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.raw(format!("{}\n", text.as_ref()).as_bytes())
    }

    /// Writes harmless sentences, in as many lines as they need.
    pub(crate) fn paragraph(&self, text: &str) -> Result<(), Failure> {
        self.toned(text, Tone::Plain)
    }

    /// The same in a colour.
    pub(crate) fn toned(&self, text: &str, tone: Tone) -> Result<(), Failure> {
        let lines = self.width().map_or_else(|| vec![text.to_owned()], |width| wrap(text, width));
        lines.iter().try_for_each(|line| self.line(self.tone(line, tone)))
    }

    /// Writes a name in `names` columns and its value beside it, in as many lines as that needs; it is harmless already.
    pub(crate) fn named(&self, name: &str, names: usize, value: &str) -> Result<(), Failure> {
        let room = self.width().map(|width| width.saturating_sub(names).max(20));
        let lines = room.map_or_else(|| vec![value.to_owned()], |room| wrap(value, room));
        let beside = std::iter::once(name).chain(std::iter::repeat(""));
        let mut lines = lines.iter().zip(beside);
        lines.try_for_each(|(line, name)| self.line(text::labelled(name, names.saturating_sub(2), line)))
    }

    /// Writes one JSON document.
    pub(crate) fn document(&self, value: &Value) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::bug(error.to_string()))?;
        self.line(escape_json(&text))
    }

    /// Writes one JSON document of several, a line.
    pub(crate) fn json_line(&self, value: &Value) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::bug(error.to_string()))?;
        self.line(escape_json(&text))
    }

    /// Shows how far a command is, in place of what it showed before; nothing where nobody looks on.
    pub(crate) fn progress(&self, text: &str) {
        if !self.json && !self.pager.is_some_and(Pager::has_text) && std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{text}");
        }
    }

    /// Writes a message to standard error; where that terminal is a pager's, to the end of what it shows.
    pub(crate) fn message(&self, text: impl AsRef<str>) {
        if let Some(pager) = self.pager.filter(|pager| pager.has_text() && std::io::stderr().is_terminal()) {
            let _ = pager.write(format!("{}\n", text.as_ref()).as_bytes());
            return;
        }
        // A message that nobody can read is no reason to fail.
        let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
    }

    /// Returns whether messages go to a terminal, which has a bell.
    pub(crate) fn rings(&self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }

    /// Rings the bell of the terminal that messages go to, if it is one (P2).
    pub(crate) fn ring(&self) {
        if self.rings() {
            let _ = std::io::stderr().write_all(b"\x07");
        }
    }

    /// Colours a text by its meaning.
    pub(crate) fn tone(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31;1",
            Tone::Warned => "33",
            Tone::Faint => "2",
            Tone::Plain => return text.to_owned(),
        };
        if text.trim().is_empty() {
            return text.to_owned();
        }
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Returns what it means that standard output takes nothing more.
pub(super) fn unwritten(error: std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Failure::new(FailureKind::Pipe, "")
    } else {
        Failure::io(format!("cannot write to standard output: {error}"))
    }
}

/// Returns the places in a line of a terminal; `None` where it is none, or does not say how wide it is.
fn terminal_width(stream: impl IsTerminal + std::os::fd::AsFd) -> Option<usize> {
    terminal_size(stream).map(|size| usize::from(size.ws_col)).filter(|width| *width >= 20)
}

fn terminal_size(stream: impl IsTerminal + std::os::fd::AsFd) -> Option<rustix::termios::Winsize> {
    if stream.is_terminal() { rustix::termios::tcgetwinsize(stream).ok() } else { None }
}

/// Cuts a harmless text to `width` columns, the last of them a sign that there is more.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 1_usize;
    for c in text.chars() {
        used = used.saturating_add(unicode_width::UnicodeWidthChar::width(c).unwrap_or(0));
        if used > width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// Returns how many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// One cell of a table: its text, made harmless, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell(pub(crate) String, pub(crate) Tone);

impl Cell {
    /// Makes a plain cell of any text.
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self(escape(text.as_ref()), Tone::Plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        // B89, B90
        let hostile = "a\u{1b}[2Jb\u{9b}c\u{7}\r\u{8}\u{202e}d\u{200b}e";
        let safe = escape(hostile);
        assert!(safe.chars().all(|c| !c.is_control()), "{safe}");
        assert!(!safe.contains('\u{202e}') && !safe.contains('\u{200b}'));
        assert_eq!(escape("シャツ ×1"), "シャツ ×1");
        assert!(escape(&format!("a{}", "\u{301}".repeat(10_000))).chars().count() < 10);
        assert_eq!(columns(&shorten("日立物産株式会社", 7)), 7);
    }

    #[test]
    fn what_breaks_lines_turns_or_hides_is_shown_as_a_code() {
        for (c, code) in [
            ('\n', "\\u{a}"),
            ('\u{7f}', "\\u{7f}"),
            ('\u{85}', "\\u{85}"),
            ('\u{ad}', "\\u{ad}"),
            ('\u{34f}', "\\u{34f}"),
            ('\u{61c}', "\\u{61c}"),
            ('\u{115f}', "\\u{115f}"),
            ('\u{180e}', "\\u{180e}"),
            ('\u{200b}', "\\u{200b}"),
            ('\u{200d}', "\\u{200d}"),
            ('\u{200f}', "\\u{200f}"),
            ('\u{2028}', "\\u{2028}"),
            ('\u{2029}', "\\u{2029}"),
            ('\u{202e}', "\\u{202e}"),
            ('\u{2060}', "\\u{2060}"),
            ('\u{2064}', "\\u{2064}"),
            ('\u{2067}', "\\u{2067}"),
            ('\u{206e}', "\\u{206e}"),
            ('\u{2800}', "\\u{2800}"),
            ('\u{3164}', "\\u{3164}"),
            ('\u{e000}', "\\u{e000}"),
            ('\u{feff}', "\\u{feff}"),
            ('\u{ffa0}', "\\u{ffa0}"),
            ('\u{fff9}', "\\u{fff9}"),
            ('\u{1d173}', "\\u{1d173}"),
            ('\u{e0001}', "\\u{e0001}"),
            ('\u{e0041}', "\\u{e0041}"),
            ('\u{e007f}', "\\u{e007f}"),
            ('\u{f0000}', "\\u{f0000}"),
            ('\u{10ffff}', "\\u{10ffff}"),
        ] {
            assert_eq!(escape(&format!("a{c}b")), format!("a{code}b"));
            let value = serde_json::json!({ "text": format!("a{c}b \u{1f600}") });
            let json = escape_json(&serde_json::to_string_pretty(&value).unwrap());
            assert!(!json.contains(c) || c == '\n', "{json}");
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
        }
        // Names and goods in any writing stay, with marks, variants and blanks of their own.
        for plain in
            ["葛\u{e0100}城市", "か\u{3099}", "e\u{301}", "نامه", "שלום", "煎茶\u{3000}200g", "5\u{a0}€", "❤\u{fe0f}"]
        {
            assert_eq!(escape(plain), plain);
        }
    }
}
