//! What is printed: data on standard output, text or JSON, with every foreign character made harmless.

use std::io::{IsTerminal, Write};

use serde_json::Value;

use super::failure::{Failure, FailureKind};
use crate::trade::{Money, When};

/// Where output goes and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    color: bool,
}

/// What a cell or word means, for its colour; the word or sign says it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
    Faint,
}

impl Output {
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        Self { json, color: !json && !no_color && std::io::stdout().is_terminal() }
    }

    /// Returns whether JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes bytes to standard output.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(unwritten)
    }

    /// Writes one line.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.raw(format!("{}\n", text.as_ref()).as_bytes())
    }

    /// Writes one JSON document.
    pub(crate) fn document(&self, value: &Value) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::bug(error.to_string()))?;
        self.line(text)
    }

    /// Writes a message to standard error.
    pub(crate) fn message(&self, text: impl AsRef<str>) {
        // A message that nobody can read is no reason to fail.
        let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
    }

    /// Colours a text by its meaning.
    pub(crate) fn tone(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31;1",
            Tone::Faint => "2",
            Tone::Plain => return text.to_owned(),
        };
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

/// Makes a text harmless for a terminal: control characters, escapes and what turns the direction of writing are
/// shown as codes; combining marks beyond three in a row are cut (B89, B90).
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut marks = 0_u8;
    for c in text.chars() {
        let turns =
            matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let hidden = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{00ad}');
        if unicode_width::UnicodeWidthChar::width(c) == Some(0) && !turns && !hidden {
            marks = marks.saturating_add(1);
            if marks > 3 {
                continue;
            }
        } else {
            marks = 0;
        }
        if c.is_control() || turns || hidden {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Cuts a text to `width` columns, harmless.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let safe = escape(text);
    if columns(&safe) <= width {
        return safe;
    }
    let mut cut = String::new();
    let mut used = 1_usize;
    for c in safe.chars() {
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

impl Output {
    /// Lays rows out in columns, two blanks apart, headings first; widths are those of the terminal's columns.
    pub(crate) fn table(&self, head: &[&str], rows: &[Vec<Cell>], right: &[usize]) -> Result<(), Failure> {
        let head: Vec<Cell> = head.iter().map(|name| Cell((*name).to_owned(), Tone::Faint)).collect();
        let width = |column: usize| {
            let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
            cells.map(|cell| columns(&cell.0)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut text = String::new();
        // A table whose columns explain themselves has no headings.
        let head = Some(&head).filter(|head| head.iter().any(|cell| !cell.0.is_empty()));
        for row in head.into_iter().chain(rows) {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let gap = " ".repeat(width.saturating_sub(columns(&cell.0)));
                let toned = self.tone(&cell.0, cell.1);
                line.push_str(&if right.contains(&column) { gap + &toned } else { toned + &gap });
                line.push_str("  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        self.raw(text.as_bytes())
    }
}

/// Writes an amount for people: thousands parted by commas, the code before it.
pub(crate) fn amount(money: &Money) -> String {
    let plain = money.plain();
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
    format!("{} {sign}{grouped}{fraction}", money.currency())
}

/// Writes an amount for JSON.
pub(crate) fn money_json(money: &Money) -> Value {
    serde_json::json!({"amount": money.plain(), "currency": money.currency().code()})
}

/// Writes a date for JSON.
pub(crate) fn when_json(when: Option<&When>) -> Value {
    when.map_or(Value::Null, |when| Value::String(when.to_string()))
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
        assert_eq!(columns(&cut("日立物産株式会社", 7)), 7);
    }

    #[test]
    fn amounts_are_grouped() {
        assert_eq!(amount(&Money::parse("1234567", "JPY").unwrap()), "JPY 1,234,567");
        assert_eq!(amount(&Money::parse("19.90", "EUR").unwrap()), "EUR 19.90");
        assert_eq!(amount(&Money::parse("-100", "JPY").unwrap()), "JPY -100");
    }
}
