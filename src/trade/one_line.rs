//! Texts of one line: what people type and systems export, and others read in letters, on terminals and in files.

/// Returns why a text is no plain line, in words that follow its name and a colon; `None` where it is one.
///
/// A line end, NUL, escape or another control character is none, nor is what turns the direction of writing (Unicode's
/// embeddings, overrides and isolates): others would read something else than was written. Marks that Arabic and Hebrew are
/// written with, and what joins signs to one, are plain.
pub fn fault_of_line(text: &str) -> Option<String> {
    // Nearly all are plain ASCII, and bytes are looked at faster than characters.
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return None;
    }
    let found = text.chars().find(|c| c.is_control() || ends_line(*c) || turns(*c))?;
    let code = format!("U+{:04X}", u32::from(found));
    Some(match found {
        c if ends_line(c) => format!("a line end ({code}) stands in it; write it in one line"),
        c if turns(c) => {
            format!("the character {code}, which turns the direction of writing, stands in it; leave it out")
        }
        _ => format!("the control character {code} stands in it; leave it out"),
    })
}

/// Returns whether some program begins a new line at it.
const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_plain_text_without_what_acts_where_it_is_shown() {
        for plain in ["", "EP-998877", "小野 健治", "«نص»", "a\u{200d}b", "\u{200f}עברית", "ﬁne"] {
            assert_eq!(fault_of_line(plain), None, "{plain:?}");
        }
        for (text, part) in [
            ("a\nb", "a line end (U+000A)"),
            ("a\r", "a line end (U+000D)"),
            ("a\u{2028}b", "a line end (U+2028)"),
            ("a\u{85}b", "a line end (U+0085)"),
            ("\0", "control character U+0000"),
            ("\u{1b}[2J", "control character U+001B"),
            ("a\tb", "control character U+0009"),
            ("\u{9b}31m", "control character U+009B"),
            ("EP-\u{202e}1", "the character U+202E, which turns the direction of writing"),
            ("\u{2066}x", "U+2066"),
        ] {
            let fault = fault_of_line(text).unwrap_or_else(|| panic!("{text:?}"));
            assert!(fault.contains(part) && !fault.contains(char::is_control), "{text:?}: {fault}");
        }
    }
}
