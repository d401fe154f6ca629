//! Rows on a terminal that is too narrow for them: each is a small block of lines, a heading beside each of its cells.

use super::output::{Cell, Tone, columns};
use super::table::{GAP, Table, push, wrap};

/// How far the lines of a block stand to the right of its first.
const INDENT: usize = 2;

/// The least length of what is copied rather than read: that of an order's ID.
const COPIED: usize = 26;

/// A piece of a block: how many places it takes, and how it is printed.
type Piece = (usize, String);

impl Table<'_> {
    /// Lays each row out as a block for a terminal of `width` places: what it is found by first, then what there is to say.
    pub(super) fn blocks(&self, width: usize, tone: &dyn Fn(&str, Tone) -> String) -> String {
        let mut lines = String::new();
        for row in self.rows {
            let (cells, sentence) = match row.split_last() {
                Some((last, cells)) if self.wrap => (cells, Some(last)),
                _ => (row.as_slice(), None),
            };
            let room = width.saturating_sub(INDENT).max(1);
            let named = cells.iter().zip(self.head).enumerate().filter(|(_, (cell, _))| !cell.0.is_empty());
            let pieces =
                named.flat_map(|(place, (cell, head))| piece(if place == 0 { "" } else { head }, cell, room, tone));
            flow(&mut lines, pieces, width);
            for text in sentence.iter().flat_map(|cell| wrap(&cell.0, room)).filter(|text| !text.is_empty()) {
                let meaning = sentence.map_or(Tone::Plain, |cell| cell.1);
                push(&mut lines, &format!("{}{}", " ".repeat(INDENT), tone(&text, meaning)));
            }
        }
        lines
    }
}

/// Returns a cell behind its heading; in several pieces where it is wider than a line.
fn piece(head: &str, cell: &Cell, room: usize, tone: &dyn Fn(&str, Tone) -> String) -> Vec<Piece> {
    let whole = if head.is_empty() { cell.0.clone() } else { format!("{head} {}", cell.0) };
    let long = columns(&whole);
    if long > room && is_copied(&cell.0) {
        let head = (columns(head), tone(head, Tone::Faint));
        let value = (columns(&cell.0), tone(&cell.0, cell.1));
        return [head, value].into_iter().filter(|(long, _)| *long > 0).collect();
    }
    if long > room {
        return wrap(&whole, room).into_iter().map(|part| (columns(&part), tone(&part, cell.1))).collect();
    }
    let said = tone(&cell.0, cell.1);
    let said = if head.is_empty() { said } else { format!("{} {said}", tone(head, Tone::Faint)) };
    vec![(long, said)]
}

/// Returns whether a value is one to be copied, a fingerprint or an ID: it stays whole.
fn is_copied(value: &str) -> bool {
    value.len() >= COPIED && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Writes pieces beside each other, as many as fit into a line.
fn flow(lines: &mut String, pieces: impl Iterator<Item = Piece>, width: usize) {
    let mut line = String::new();
    let mut used = 0_usize;
    for (long, piece) in pieces {
        let begins = used == 0;
        if !begins && used.saturating_add(GAP).saturating_add(long) > width {
            push(lines, &line);
            line = " ".repeat(INDENT);
            used = INDENT;
        } else if !begins {
            line.push_str(&" ".repeat(GAP));
            used = used.saturating_add(GAP);
        }
        line.push_str(&piece);
        used = used.saturating_add(long);
    }
    if used > 0 {
        push(lines, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::table::Fit;

    const HEAD: [&str; 4] = ["ID", "TOTAL", "PAYMENT", "BOUGHT"];

    fn lay(width: usize) -> Vec<String> {
        let row = |cells: [&str; 4]| cells.iter().map(Cell::plain).collect();
        let rows = [
            row(["K5QW3Z", "JPY 108,500", "! due 11-20 late", "日立物産株式会社 · シャツ 白 41 ×1, 煎茶 200g ×1"]),
            row(["MXIDOB", "", "✓", "Tea"]),
        ];
        let table = Table { head: &HEAD, rows: &rows, right: &[1], fit: &[Fit::Drop(1)], wrap: true };
        table.blocks(width, &|text, _| text.to_owned()).lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_block_begins_with_the_name_and_has_the_heading_of_each_cell_that_says_something() {
        assert_eq!(
            lay(40),
            [
                "K5QW3Z  TOTAL JPY 108,500",
                "  PAYMENT ! due 11-20 late",
                "  日立物産株式会社 · シャツ 白 41 ×1,",
                "  煎茶 200g ×1",
                "MXIDOB  PAYMENT ✓",
                "  Tea",
            ]
        );
    }

    #[test]
    fn a_fingerprint_stays_whole_on_a_line_of_its_own() {
        let key = "0BFD6E9909A9941E20247CC332BAF01AA597CFB1";
        let rows = [["a@b.test", "accepted", key].iter().map(Cell::plain).collect()];
        let table = Table { head: &["ADDRESS", "STATE", "KEY"], rows: &rows, right: &[], fit: &[], wrap: false };
        let lines = table.blocks(30, &|text, _| text.to_owned());
        assert_eq!(lines, format!("a@b.test  STATE accepted  KEY\n  {key}\n"));
    }

    #[test]
    fn no_line_of_a_block_is_wider_than_the_terminal() {
        for width in 12..60 {
            for line in lay(width) {
                assert!(columns(&line) <= width, "{width}: {line}");
            }
        }
    }
}
