//! Archives of mail in one file. Nothing is judged here, and nothing of the file is changed.

/// The mails of an mbox, or the one mail of a plain file: an mbox begins with `From ` and has each mail begin so after
/// an empty line (RFC 4155).
#[derive(Debug)]
pub struct Mbox<'a, R> {
    lines: &'a mut R,
    /// The first line of the next mail, already read; `None` at the end.
    next: Option<Vec<u8>>,
    mbox: bool,
    /// Bytes after which a mail is longer than any that is wanted.
    limit: usize,
}

impl<'a, R: std::io::BufRead> Mbox<'a, R> {
    /// Begins to read. Of a mail that is longer than `limit` bytes no more is kept than tells so.
    pub fn new(lines: &'a mut R, limit: usize) -> std::io::Result<Self> {
        let first = line(lines, limit)?;
        let mbox = first.as_ref().is_some_and(|line| line.starts_with(b"From "));
        let next = if mbox { line(lines, limit)? } else { first };
        Ok(Self { lines, next, mbox, limit })
    }
}

/// Reads one line with its end; `None` at the end of the file. A line longer than `limit` comes in pieces.
fn line(lines: &mut impl std::io::BufRead, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    use std::io::{BufRead, Read};
    let mut text = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    lines.by_ref().take(limit).read_until(b'\n', &mut text)?;
    Ok(if text.is_empty() { None } else { Some(text) })
}

impl<R: std::io::BufRead> Iterator for Mbox<'_, R> {
    type Item = std::io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut mail = self.next.take()?;
        let is_empty = |text: &[u8]| matches!(text, b"\n" | b"\r\n");
        // Known from the lines, not from the mail: one that is too large ends before them.
        let mut after_empty = is_empty(&mail);
        loop {
            let text = match line(self.lines, self.limit) {
                Ok(Some(text)) => text,
                Ok(None) => return Some(Ok(mail)),
                Err(error) => return Some(Err(error)),
            };
            if self.mbox && after_empty && text.starts_with(b"From ") {
                return match line(self.lines, self.limit) {
                    Ok(next) => {
                        self.next = next;
                        Some(Ok(mail))
                    }
                    Err(error) => Some(Err(error)),
                };
            }
            after_empty = is_empty(&text);
            // What is larger is passed over; only its end matters.
            if mail.len() <= self.limit {
                let quoted = self.mbox && text.iter().find(|b| **b != b'>').is_some() && is_quoted_from(&text);
                mail.extend_from_slice(if quoted { text.get(1..).unwrap_or_default() } else { &text });
            }
        }
    }
}

/// Returns whether a line is `>From ` with one or more marks: one mark is taken off (mboxrd).
fn is_quoted_from(text: &[u8]) -> bool {
    let marks = text.iter().take_while(|b| **b == b'>').count();
    marks > 0 && text.get(marks..).is_some_and(|rest| rest.starts_with(b"From "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(text: &str) -> Vec<String> {
        let mut reader = std::io::Cursor::new(text.as_bytes());
        Mbox::new(&mut reader, 1000).unwrap().map(|mail| String::from_utf8(mail.unwrap()).unwrap()).collect()
    }

    #[test]
    fn an_mbox_is_its_mails_and_a_file_is_one() {
        assert_eq!(mails("A: 1\n\nFrom x\n"), ["A: 1\n\nFrom x\n"]);
        assert_eq!(mails("From a\nA: 1\n\n>From x\n\nFrom b\nB: 2\n\ny\n"), ["A: 1\n\nFrom x\n\n", "B: 2\n\ny\n"]);
        assert!(mails("").is_empty());
    }

    #[test]
    fn a_mail_beyond_the_limit_shows_that_it_is_and_takes_no_more_room() {
        let text = format!("From a\nA: 1\n\n{}From b\nB: 2\n", "0123456789\n".repeat(10_000) + "\n");
        let mut reader = std::io::Cursor::new(text.as_bytes());
        let sizes: Vec<usize> = Mbox::new(&mut reader, 1000).unwrap().map(|mail| mail.unwrap().len()).collect();
        assert!(sizes[0] > 1000 && sizes[0] < 3000, "{sizes:?}");
        assert_eq!(sizes[1], 5);
    }
}
