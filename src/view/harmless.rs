//! Text of others made harmless: for a terminal, for a page, for a file that programs read line by line.

/// Makes a text harmless for a terminal: what steers it, breaks a line, turns the direction of writing or hides is shown as
/// codes; combining marks beyond three in a row are cut (B89, B90).
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut marks = 0_u8;
    for c in text.chars() {
        let coded = wants_code(c);
        if unicode_width::UnicodeWidthChar::width(c) == Some(0) && !coded {
            marks = marks.saturating_add(1);
            if marks > 3 {
                continue;
            }
        } else {
            marks = 0;
        }
        if coded {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Makes a text harmless for a page, as `escape` does; lines and tabs stay, which a page shows as blanks where it does not
/// keep lines.
pub fn escape_lines(text: &str) -> String {
    let tabbed = |line: &str| line.split('\t').map(escape).collect::<Vec<String>>().join("\t");
    let lines = text.split('\n').map(|line| tabbed(line.strip_suffix('\r').unwrap_or(line)));
    lines.collect::<Vec<String>>().join("\n")
}

/// Makes JSON harmless for a terminal: the same characters, which only stand inside of strings, are written as JSON's own
/// escapes, so that every reader gets the same values.
pub fn escape_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !wants_code(c) {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            safe.push_str(&format!("\\u{unit:04x}"));
        }
    }
    safe
}

/// Returns whether a character is shown as a code.
pub fn wants_code(c: char) -> bool {
    c.is_control() || breaks(c) || turns(c) || hides(c)
}

/// Returns whether some programs begin a new line or paragraph at this character.
const fn breaks(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Returns whether it turns the direction of writing, or how digits are written (Unicode's bidirectional and deprecated
/// format characters).
const fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Returns whether nothing of it is seen, or what stands after it is read otherwise: Unicode's characters that may be
/// ignored, fillers that look like a blank, notes between the lines, tags, and what is kept for private use or for none.
/// Variation selectors stay, which write some names in Japanese; they are cut as marks are.
const fn hides(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_tabs_stay_where_a_page_keeps_them() {
        assert_eq!(escape_lines("a\tb\r\nc\rd\n\u{202e}"), "a\tb\nc\\u{d}d\n\\u{202e}");
    }
}
