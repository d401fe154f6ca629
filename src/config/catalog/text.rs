//! Bytes of a catalog file to text: UTF-8, with or without a byte order mark. What is in another encoding is told which,
//! as far as it can be guessed, and never converted: a guess that is wrong would sell under wrong names.

use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS};

/// Where something is: line and column, from 1.
type Place = (usize, usize);

/// Japanese encodings that exports come in, in the order they are tried.
const JAPANESE: [(&Encoding, &str); 2] = [(SHIFT_JIS, "Shift_JIS"), (EUC_JP, "EUC-JP")];

/// Returns the text of a file, or where it is none and what it most likely is.
pub(super) fn decode(mut bytes: Vec<u8>) -> Result<String, (Place, String)> {
    let save = "save it as UTF-8";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(((1, 1), format!("the file is in UTF-16; {save}")));
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            Some(at) => return Err((place(text.as_bytes(), at), "a NUL character: this is no text".to_owned())),
            None => return Ok(text),
        },
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let is = |(encoding, _): &&(&'static Encoding, &str)| {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes);
        !broken && is_japanese(&text)
    };
    let named = JAPANESE.iter().find(is).map_or("an encoding of one byte, like Windows-1252", |(_, name)| *name);
    let byte = bytes.get(at).copied().unwrap_or_default();
    Err((place(&bytes, at), format!("the byte {byte:#04x} is no UTF-8; the file seems to be in {named}: {save}")))
}

/// Returns whether a text has words of Japanese: kana, or two characters of Chinese origin together that follow no Latin
/// letter. Letters with accents, read as Japanese, make such characters by chance, inside of words.
fn is_japanese(text: &str) -> bool {
    let kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}');
    let han = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let (mut last, mut run) = (' ', 0_usize);
    for c in text.chars() {
        run = match (han(c), run) {
            (true, 0) if last.is_ascii_alphabetic() => 0,
            (true, run) => run.saturating_add(1),
            (false, _) => 0,
        };
        if run >= 2 || kana(c) {
            return true;
        }
        // What follows a letter stays inside of its word.
        last = if han(c) && run == 0 { 'a' } else { c };
    }
    false
}

fn place(bytes: &[u8], at: usize) -> Place {
    let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default()).into_owned();
    super::line_and_column(&before, before.len())
}
