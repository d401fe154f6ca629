//! One line of JSON Lines: an object, its members in order, none of them twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

/// An object as it stands in a line.
#[derive(Debug)]
pub(super) struct Object(pub(super) Vec<(String, Value)>);

/// Reads a line.
///
/// # Errors
/// One sentence.
pub(super) fn read(line: &str) -> Result<Object, String> {
    match line.trim_start().chars().next() {
        Some('{') => {}
        Some('[') => return Err("a line is one JSON object, and this is a list; write one object a line".to_owned()),
        _ => return Err("a line is one JSON object, like {\"txn\": \"7K3Q2M9P\", \"shipped\": true}".to_owned()),
    }
    serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        let (what, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
        format!("no JSON object: {what} (column {})", error.column())
    })
}

/// Returns a member's value as the text of a cell; `None` where it is empty.
///
/// # Errors
/// What is no text, no whole number and neither true nor false.
pub(super) fn cell(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Bool(is) => Ok(Some(is.to_string())),
        Value::Number(number) if number.is_u64() || number.is_i64() => Ok(Some(number.to_string())),
        Value::Number(number) => Err(format!(
            "{number} is a number with decimals, which JSON does not keep exactly; write it in quotation marks"
        )),
        Value::Array(_) => Err("a list stands where one text is wanted".to_owned()),
        Value::Object(_) => Err("an object stands where a text is wanted".to_owned()),
    }
}

/// Returns the same of a value that may be a list: its members with blanks between them.
///
/// # Errors
/// As of one, and a list within a list.
pub(super) fn list(value: &Value) -> Result<Option<String>, String> {
    let Value::Array(items) = value else { return cell(value) };
    let cells: Result<Vec<Option<String>>, String> = items.iter().map(flat).collect();
    Ok(Some(cells?.into_iter().flatten().collect::<Vec<String>>().join(" ")))
}

fn flat(value: &Value) -> Result<Option<String>, String> {
    if value.is_array() { Err("a list stands within a list".to_owned()) } else { cell(value) }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("the key {name:?} stands twice")));
                    }
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_told_in_one_line() {
        for (line, part) in [
            ("[1]", "this is a list"),
            ("\"a\"", "one JSON object"),
            ("42", "one JSON object"),
            ("{\"a\":1,}", "trailing comma (column 8)"),
            ("{\"a\":1,\"a\":2}", "the key \"a\" stands twice"),
            ("{\"a\":1} x", "trailing characters"),
            ("{\"a\":1", "EOF"),
            ("{'a':1}", "key must be a string"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part) && !error.contains('\n'), "{line}: {error}");
        }
    }

    #[test]
    fn values_are_cells_and_no_amount_goes_through_floating_point() {
        let all = |line: &str, as_text: fn(&Value) -> Result<Option<String>, String>| {
            read(line).unwrap().0.iter().map(|(_, value)| as_text(value)).collect::<Vec<_>>()
        };
        let cells = |line: &str| all(line, cell);
        let some = |text: &str| Ok(Some(text.to_owned()));
        let read = cells("{\"a\":\"x\",\"b\":null,\"c\":true,\"d\":4800}");
        assert_eq!(read, [some("x"), Ok(None), some("true"), some("4800")]);
        assert_eq!(all("{\"a\":[\"1=2\",\"2=1\"],\"b\":\"1=2\"}", list), [some("1=2 2=1"), some("1=2")]);
        assert!(cells("{\"a\":19.9}")[0].as_ref().unwrap_err().contains("in quotation marks"));
        assert!(cells("{\"a\":{}}")[0].is_err() && cells("{\"a\":[\"x\"]}")[0].is_err());
        assert!(all("{\"a\":[[1]]}", list)[0].is_err() && all("{\"a\":[{}]}", list)[0].is_err());
    }
}
