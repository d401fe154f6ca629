//! Where entry files lie: under the name they were written with, or where a mail reader put them. Millions of them are
//! listed without keeping each name: only the unusual ones are remembered.

use std::fs;
use std::path::Path;

use super::files::stable_name;
use super::log::plain_number;
use super::{LedgerError, Line, io_error};

/// The entry files whose place is not the one they were written to, as `cur/NAME` or `new/NAME`.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// In the order of their stable names, then of the places.
    odd: Vec<Box<str>>,
}

impl Places {
    /// Lists `cur` and `new`.
    pub(super) fn list(folder: &Path) -> Result<Self, LedgerError> {
        let mut odd = Vec::new();
        each_file(folder, |place| {
            if !is_usual(place) {
                odd.push(place.into());
            }
        })?;
        Ok(Self::of_odd(odd))
    }

    /// Takes the places that are unusual, in any order.
    pub(super) fn of_odd(mut odd: Vec<Box<str>>) -> Self {
        odd.sort_unstable_by(|a, b| (stable_of(a), a).cmp(&(stable_of(b), b)));
        Self { odd }
    }

    /// Returns the unusual places of a stable name.
    pub(super) fn of(&self, stable: &str) -> impl Iterator<Item = &str> {
        let first = self.odd.partition_point(|place| stable_of(place) < stable);
        let rest = self.odd.get(first..).unwrap_or_default();
        rest.iter().map(AsRef::as_ref).take_while(move |place| stable_of(place) == stable)
    }
}

/// Gives the place of each file in `cur` and `new` to `each`, in no order; names that are not Unicode are left out.
pub(super) fn each_file(folder: &Path, mut each: impl FnMut(&str)) -> Result<(), LedgerError> {
    for part in ["cur", "new"] {
        let inside = folder.join(part);
        if !inside.is_dir() {
            continue;
        }
        for found in fs::read_dir(&inside).map_err(io_error("list", &inside))? {
            let name = found.map_err(io_error("list", &inside))?.file_name();
            if let Some(name) = name.to_str() {
                each(&format!("{part}/{name}"));
            }
        }
    }
    Ok(())
}

/// Returns the place that an entry is written to.
pub(super) fn usual(line: &Line) -> String {
    format!("cur/{}", line.file_name())
}

/// Returns whether this may be the place that an entry was written to.
pub(super) fn is_usual(place: &str) -> bool {
    place.strip_prefix("cur/").and_then(|name| name.strip_suffix(":2,S")).is_some_and(|name| !name.contains(":2,"))
}

/// Returns the part of a place that never changes.
pub(super) fn stable_of(place: &str) -> &str {
    stable_name(place.split_once('/').map_or(place, |(_, name)| name))
}

/// Returns the position of the entry that a stable name is of.
pub(super) fn position_of(stable: &str) -> Option<u64> {
    stable.split('.').nth(1).and_then(plain_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unusual_places_are_remembered_and_all_of_a_name_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for place in ["cur/1.1.a:2,S", "cur/1.2.a:2,RS", "new/1.2.a", "new/1.1.ab", "cur/1.10.a:2,"] {
            let path = folder.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let places = Places::list(folder.path()).unwrap();
        assert_eq!(places.odd.len(), 4);
        assert_eq!(places.of("1.2.a").collect::<Vec<_>>(), ["cur/1.2.a:2,RS", "new/1.2.a"]);
        assert_eq!(places.of("1.10.a").collect::<Vec<_>>(), ["cur/1.10.a:2,"]);
        assert_eq!(places.of("1.1.a").count(), 0);
        assert!(is_usual("cur/1.1.a:2,S") && !is_usual("new/1.1.a:2,S"));
    }
}
