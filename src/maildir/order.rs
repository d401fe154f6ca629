//! The order of file names in a Maildir: numbers in them count as numbers, so that `10.a` follows `9.a`.

use std::cmp::Ordering;

/// Compares two names: runs of digits by their value, all else by its bytes. Names that differ in leading zeros alone
/// are told apart by their bytes, so no two names are equal.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    while let (Some(a), Some(b)) = (left.as_bytes().first(), right.as_bytes().first()) {
        let by_part = if a.is_ascii_digit() && b.is_ascii_digit() {
            let (number, after) = number(left);
            let (other_number, other_after) = self::number(right);
            (left, right) = (after, other_after);
            number.len().cmp(&other_number.len()).then_with(|| number.cmp(other_number))
        } else {
            let ((text, after), (other_text, other_after)) = (text(left), text(right));
            (left, right) = (after, other_after);
            text.cmp(other_text)
        };
        if by_part.is_ne() {
            return by_part;
        }
    }
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

/// Returns the digits at the beginning without leading zeros, and what follows them.
fn number(name: &str) -> (&str, &str) {
    let (digits, after) = split(name, |c| !c.is_ascii_digit());
    (digits.trim_start_matches('0'), after)
}

/// Returns what stands before the first digit, and what follows it.
fn text(name: &str) -> (&str, &str) {
    split(name, |c| c.is_ascii_digit())
}

fn split(name: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    name.find(ends).and_then(|end| name.split_at_checked(end)).unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let names = [
            "1.a",
            "2-9.a",
            "2-10.a",
            "9.f00",
            "010.a",
            "10.a",
            "10.b",
            "99.a",
            "100.a",
            "1795000000.M5P7.host",
            "1795000000.M12P7.host",
            "1795000000.M12P7.host:2,S",
            "99999999999999999999999999.a",
            "a",
            "a1",
            "日1",
        ];
        for (place, one) in names.iter().enumerate() {
            for (other_place, other) in names.iter().enumerate() {
                assert_eq!(compare(one, other), place.cmp(&other_place), "{one} {other}");
            }
        }
    }
}
