//! What a text that is no UTF-8 most likely is, and how it is made one.

use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS};

/// Returns what these bytes are instead of UTF-8, in a sentence for their owner.
pub(super) fn no_utf8(bytes: &[u8]) -> String {
    let (name, converter) = guess(bytes);
    format!("this is no UTF-8 but looks like {name}; convert the file: iconv -f {converter} -t UTF-8 FILE >NEW")
}

/// Returns the name people know and the one that iconv knows.
fn guess(bytes: &[u8]) -> (&'static str, &'static str) {
    let japanese = |encoding: &'static Encoding| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some_and(|text| is_japanese(&text))
    };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || bytes.contains(&0) {
        ("UTF-16", "UTF-16")
    } else if japanese(EUC_JP) {
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
        assert_eq!(guess(b"\xff\xfea\0,\0").1, "UTF-16");
        assert!(no_utf8(b"M\xfcller").contains("iconv -f CP1252 -t UTF-8 FILE"));
    }
}
