//! What a text that is no UTF-8 most likely is, and how it is made one.

use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS};

/// Returns what these bytes are instead of UTF-8, in a sentence for their owner.
pub(super) fn no_utf8(bytes: &[u8]) -> String {
    let (name, converter) = guess(bytes);
    convert(name, converter)
}

/// Returns the same of bytes that begin a file, where they are UTF-16 by their mark, or without one by the zeros that every
/// second byte of Western letters and delimiters is.
pub(super) fn utf16(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Some(convert("UTF-16", "UTF-16"));
    }
    let zeros = |odd: usize| bytes.iter().enumerate().filter(|(at, byte)| **byte == 0 && at & 1 == odd).count();
    let (even, odd) = (zeros(0), zeros(1));
    // A few signs of Chinese have a zero on the other side.
    let is_most = |count: usize, other: usize| {
        count >= 2 && count.saturating_mul(4) >= bytes.len() && other.saturating_mul(4) <= count
    };
    if is_most(odd, even) {
        Some(convert("UTF-16LE", "UTF-16LE"))
    } else if is_most(even, odd) {
        Some(convert("UTF-16BE", "UTF-16BE"))
    } else {
        None
    }
}

fn convert(name: &str, converter: &str) -> String {
    format!("this is no UTF-8 but looks like {name}; convert the file: iconv -f {converter} -t UTF-8 FILE >NEW")
}

/// Returns the name people know and the one that iconv knows.
fn guess(bytes: &[u8]) -> (&'static str, &'static str) {
    let japanese = |encoding: &'static Encoding| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some_and(|text| is_japanese(&text))
    };
    if japanese(EUC_JP) {
        ("EUC-JP", "EUC-JP")
    } else if japanese(SHIFT_JIS) {
        ("Shift_JIS", "CP932")
    } else {
        ("Windows-1252 (Western)", "CP1252")
    }
}

/// Returns whether a text has kana, or two signs of Chinese in a row: what Western letters read as Japanese rarely give.
fn is_japanese(text: &str) -> bool {
    let kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}');
    let han = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let pairs = text.chars().zip(text.chars().skip(1));
    text.chars().any(kana) || pairs.into_iter().any(|(a, b)| han(a) && han(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_named_with_what_converts_it() {
        for text in ["7K3Q2M9P,シャツ,発送済み", "発送済み", "東京"] {
            assert_eq!(guess(&SHIFT_JIS.encode(text).0), ("Shift_JIS", "CP932"), "{text}");
            assert_eq!(guess(&EUC_JP.encode(text).0), ("EUC-JP", "EUC-JP"), "{text}");
        }
        assert_eq!(guess(b"caf\xe9 cr\xe8me,M\xfcller").1, "CP1252");
        assert!(no_utf8(b"M\xfcller").contains("iconv -f CP1252 -t UTF-8 FILE"));
    }

    #[test]
    fn two_bytes_a_letter_are_known_with_and_without_a_mark() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
        for text in ["txn,shipped\r", "{\"txn\":\"7K\"}", "注文一覧,txn,出荷日,tracking"] {
            // A line of UTF-16LE is cut in the middle of its line end: one byte of it belongs to the next.
            let little = utf16(&wide(text, u16::to_le_bytes)).unwrap();
            assert!(little.contains("iconv -f UTF-16LE -t UTF-8 FILE"), "{text}: {little}");
            let mut big = wide(text, u16::to_be_bytes);
            big.push(0);
            assert!(utf16(&big).unwrap().contains("iconv -f UTF-16BE -t UTF-8 FILE"), "{text}");
        }
        assert!(utf16(b"\xff\xfea\0,\0").unwrap().contains("-f UTF-16 "));
        for damaged in [b"txn,shipped,lines".as_slice(), b"txn,ship\0ed", b"t\0\0n\0\0", b"", b"\0"] {
            assert_eq!(utf16(damaged), None, "{damaged:?}");
        }
    }
}
