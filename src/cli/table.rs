//! Tables that fit: on a terminal columns shrink, take a shorter form or go until a row fits, and a last column of
//! sentences wraps at words; where none of that is enough each row is a block of lines. Into a pipe or file each row is one
//! line, whole. What a cell says is not known here.

use super::failure::Failure;
use super::output::{Cell, Output, Tone, columns, shorten};

/// Blanks between two columns.
pub(super) const GAP: usize = 2;
/// The least room beside the other columns in which sentences are read; with less they stand below the row.
const BESIDE: usize = 40;
/// How far sentences below their row are indented.
const BELOW: usize = 4;
/// Where nothing is cut, a cell wider than this does not widen its whole column.
const PADDED: usize = 60;

/// What is done to columns, one after the other, until a row fits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fit {
    /// Cut the column down to so many places, at the least.
    Cut(usize, usize),
    /// Take the short form of the cells of these columns: all of them, so that the same words stand in each.
    Short(&'static [usize], fn(&str) -> String),
    /// Leave the column out.
    Drop(usize),
}

/// A table to be laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    /// The headings; all empty where the columns explain themselves.
    pub(crate) head: &'a [&'a str],
    /// The rows, each with as many cells as there are headings.
    pub(crate) rows: &'a [Vec<Cell>],
    /// Columns that end at the right.
    pub(crate) right: &'a [usize],
    /// What is done where a row does not fit.
    pub(crate) fit: &'a [Fit],
    /// Whether the last column has sentences, to be wrapped.
    pub(crate) wrap: bool,
}

impl super::Shell {
    /// Returns the headings of columns by their names.
    pub(super) fn heads(&self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().map(|name| self.words.find(&format!("column.{name}")).unwrap_or(name)).collect()
    }
}

impl Output {
    /// Prints a table as it fits.
    pub(crate) fn fitted(&self, table: &Table<'_>) -> Result<(), Failure> {
        let tone = |text: &str, tone| self.tone(text, tone);
        self.raw(table.lay(self.width(), &tone).as_bytes())
    }

    /// Lays rows out in columns that explain themselves or have short cells only.
    pub(crate) fn table(&self, head: &[&str], rows: &[Vec<Cell>], right: &[usize]) -> Result<(), Failure> {
        self.fitted(&Table { head, rows, right, fit: &[], wrap: false })
    }
}

/// One column while the table is made to fit.
struct Laid {
    cells: Vec<Cell>,
    width: usize,
    natural: usize,
    is_cut: bool,
    is_gone: bool,
}

impl Laid {
    fn new(head: &str, column: usize, rows: &[Vec<Cell>]) -> Self {
        let head = Cell(head.to_owned(), Tone::Faint);
        let empty = || Cell(String::new(), Tone::Plain);
        let cells = std::iter::once(head).chain(rows.iter().map(|row| row.get(column).cloned().unwrap_or_else(empty)));
        let mut laid = Self { cells: cells.collect(), width: 0, natural: 0, is_cut: false, is_gone: false };
        laid.measure();
        laid
    }

    /// Returns whether no row has anything to say here.
    fn is_empty(&self) -> bool {
        self.cells.iter().skip(1).all(|cell| cell.0.is_empty())
    }

    fn measure(&mut self) {
        self.natural = self.cells.iter().map(|cell| columns(&cell.0)).max().unwrap_or(0);
        self.width = self.natural;
    }
}

impl Table<'_> {
    /// Returns whether each row has room on one line of a terminal of `width` places, once all was done that may be.
    pub(crate) fn fits(&self, width: Option<usize>) -> bool {
        let Some(width) = width else { return true };
        let (mut laid, _) = self.columns();
        self.make_fit(&mut laid, width);
        room_used(&laid) <= width
    }

    /// Returns the columns as wide as they would like to be, without those that say nothing, and the one of sentences.
    fn columns(&self) -> (Vec<Laid>, Option<Laid>) {
        let mut laid: Vec<Laid> =
            self.head.iter().enumerate().map(|(column, head)| Laid::new(head, column, self.rows)).collect();
        let text = if self.wrap { laid.pop() } else { None };
        for column in laid.iter_mut().filter(|column| !self.rows.is_empty() && column.is_empty()) {
            column.is_gone = true;
        }
        (laid, text)
    }

    /// Lays the table out for a terminal of `width` places; for `None` whole.
    fn lay(&self, width: Option<usize>, tone: &dyn Fn(&str, Tone) -> String) -> String {
        let (mut laid, text) = self.columns();
        if let Some(width) = width {
            self.make_fit(&mut laid, width);
            if room_used(&laid) > width {
                return self.blocks(width, tone);
            }
        } else {
            for column in &mut laid {
                column.width = column.width.min(PADDED);
            }
        }
        let beside = room_used(&laid).saturating_add(GAP);
        let below = text.as_ref().zip(width).is_some_and(|(text, width)| {
            let room = width.saturating_sub(beside);
            room < BESIDE && text.natural > room
        });
        let has_head = self.head.iter().any(|head| !head.is_empty());
        let mut lines = String::new();
        for row in usize::from(!has_head)..=self.rows.len() {
            let line = self.row(&laid, row, tone);
            let sentence = text.as_ref().and_then(|text| text.cells.get(row));
            match (sentence, width) {
                (None, _) => push(&mut lines, &line),
                (Some(cell), None) => push(&mut lines, &format!("{line}{}", tone(&cell.0, cell.1))),
                (Some(cell), Some(width)) => sentences(&mut lines, &line, cell, (beside, width, below), tone),
            }
        }
        lines
    }

    /// Shrinks columns until a row fits, and gives back what is over.
    fn make_fit(&self, laid: &mut [Laid], width: usize) {
        for step in self.fit {
            let over = room_used(laid).saturating_sub(width);
            if over == 0 {
                break;
            }
            match *step {
                Fit::Cut(column, least) => {
                    if let Some(one) = laid.get_mut(column) {
                        one.width = one.width.saturating_sub(over).max(least.min(one.width));
                        one.is_cut = one.width < one.natural;
                    }
                }
                Fit::Short(columns, short) => {
                    for (_, one) in laid.iter_mut().enumerate().filter(|(column, _)| columns.contains(column)) {
                        one.cells.iter_mut().skip(1).for_each(|cell| cell.0 = short(&cell.0));
                        one.measure();
                    }
                }
                Fit::Drop(column) => {
                    if let Some(one) = laid.get_mut(column) {
                        one.is_gone = true;
                    }
                }
            }
        }
        for step in self.fit {
            let left = width.saturating_sub(room_used(laid));
            if let Fit::Cut(column, _) = *step
                && let Some(one) = laid.get_mut(column).filter(|one| one.is_cut)
            {
                one.width = one.width.saturating_add(left).min(one.natural);
            }
        }
    }

    /// Lays out one row without its sentences; a row of sentences ends with the gap before them.
    fn row(&self, laid: &[Laid], row: usize, tone: &dyn Fn(&str, Tone) -> String) -> String {
        let mut line = String::new();
        for (column, one) in laid.iter().enumerate().filter(|(_, one)| !one.is_gone) {
            let Some(cell) = one.cells.get(row) else { continue };
            let text = if one.is_cut { shorten(&cell.0, one.width) } else { cell.0.clone() };
            let gap = " ".repeat(one.width.saturating_sub(columns(&text)));
            let toned = tone(&text, cell.1);
            line.push_str(&if self.right.contains(&column) { gap + &toned } else { toned + &gap });
            line.push_str("  ");
        }
        line
    }
}

/// Returns how many places a row takes without its sentences.
fn room_used(laid: &[Laid]) -> usize {
    let widths = laid.iter().filter(|one| !one.is_gone).map(|one| one.width.saturating_add(GAP));
    widths.fold(0, usize::saturating_add).saturating_sub(GAP)
}

pub(super) fn push(lines: &mut String, line: &str) {
    lines.push_str(line.trim_end());
    lines.push('\n');
}

/// Puts sentences beside their row, or below it where there is no room for those of all rows.
fn sentences(
    lines: &mut String,
    row: &str,
    cell: &Cell,
    (beside, width, below): (usize, usize, bool),
    tone: &dyn Fn(&str, Tone) -> String,
) {
    let indent = if below { BELOW } else { beside };
    let room = width.saturating_sub(indent);
    let mut wrapped = wrap(&cell.0, room.max(1)).into_iter();
    let first = if below { None } else { wrapped.next() };
    push(lines, &format!("{row}{}", first.map(|text| tone(&text, cell.1)).unwrap_or_default()));
    for text in wrapped.filter(|text| !text.is_empty()) {
        push(lines, &format!("{}{}", " ".repeat(indent), tone(&text, cell.1)));
    }
}

/// Parts a text into lines of at most `width` places, at blanks; a word that is wider is parted where the line ends.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0_usize;
    for word in text.split(' ') {
        let long = columns(word);
        if used > 0 && used.saturating_add(1).saturating_add(long) > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used = used.saturating_add(1);
        }
        for c in word.chars() {
            let wide = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if used.saturating_add(wide) > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used = used.saturating_add(wide);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Cell>> {
        let row = |cells: [&str; 4]| cells.iter().map(Cell::plain).collect();
        vec![
            row(["K5QW3Z", "日立物産株式会社 東京", "シャツ 白 41 ×1, 煎茶 200g ×1, Iron kettle ×3", "JPY 108,500"]),
            row(["MXIDOB", "Tea", "Cup ×1", "JPY 9"]),
        ]
    }

    fn lay(width: Option<usize>, fit: &[Fit], wrap: bool) -> Vec<String> {
        let table = Table { head: &["ID", "SHOP", "ITEMS", "TOTAL"], rows: &rows(), right: &[3], fit, wrap };
        table.lay(width, &|text, _| text.to_owned()).lines().map(str::to_owned).collect()
    }

    const FIT: [Fit; 3] = [Fit::Cut(2, 10), Fit::Cut(1, 8), Fit::Drop(1)];

    #[test]
    fn a_row_is_never_wider_than_the_terminal() {
        for width in 34..130 {
            for line in lay(Some(width), &FIT, false) {
                assert!(columns(&line) <= width, "{width}: {line}");
            }
        }
        // Items give way first, then the shop, and what is over is used.
        let narrow = lay(Some(60), &FIT, false);
        assert!(narrow[1].contains('…') && narrow[1].contains("日立物産株式会社 東京"), "{narrow:?}");
        assert_eq!(columns(&narrow[1]), 60);
        assert!(!lay(Some(32), &FIT, false)[0].contains("SHOP"));
        // What does not fit at all is a block of lines.
        let block = lay(Some(24), &FIT, false);
        assert!(block[0].starts_with("K5QW3Z") && block.iter().any(|line| line.starts_with("  SHOP")), "{block:?}");
        assert!(block.iter().all(|line| columns(line) <= 24), "{block:?}");
        assert!(!lay(Some(120), &FIT, false)[1].contains('…'));
    }

    #[test]
    fn into_a_pipe_everything_goes_on_one_line() {
        let whole = lay(None, &FIT, false);
        assert_eq!(whole.len(), 3);
        assert!(whole[1].contains("Iron kettle ×3  JPY 108,500"), "{whole:?}");
    }

    #[test]
    fn sentences_wrap_at_words_beside_or_below_their_row() {
        let text = "the letter is signed by an unknown key; pin its certificate with `mailorder key import FILE`";
        let rows = [vec![Cell::plain("S-462ce6cd"), Cell::plain(text)]];
        let lay = |width| {
            let table = Table { head: &["ID", "WHAT"], rows: &rows, right: &[], fit: &[], wrap: true };
            table.lay(width, &|text, _| text.to_owned())
        };
        assert_eq!(lay(None).lines().nth(1).unwrap(), format!("S-462ce6cd  {text}"));
        for (width, first) in [(80, true), (52, true), (40, false)] {
            let laid = lay(Some(width));
            assert!(laid.lines().all(|line| columns(line) <= width), "{laid}");
            let words: Vec<&str> = laid.split_whitespace().skip(2).filter(|word| *word != "S-462ce6cd").collect();
            assert_eq!(words.join(" "), text, "{laid}");
            assert_eq!(laid.lines().nth(1).unwrap().contains("the letter"), first, "{laid}");
        }
        // A word without end, as in Japanese, is parted.
        assert_eq!(wrap("日立物産株式会社", 7), ["日立物", "産株式", "会社"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
