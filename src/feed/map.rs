//! How the columns of an export are read: maps of our own, and maps that users write in TOML.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::date::{self, Dates};
use super::field::{Field, Meaning};
use crate::config;
use crate::trade::Role;

/// The export of orders that WooCommerce's import and export suite writes; the names of its columns never change.
const WOOCOMMERCE: &str = r#"
dates = ["%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S"]
optional = ["status", "paid", "amount", "currency", "reference", "tracking"]
skip_unknown = ["order_number"]

[columns]
txn = ["meta:mailorder", "mailorder", "order_number"]
status = "status"
paid = "paid_date"
amount = "order_total"
currency = "order_currency"
reference = "transaction_id"
tracking = ["meta:tracking", "tracking_number"]

[status]
completed = "shipped"
wc-completed = "shipped"
refunded = "refunded"
wc-refunded = "refunded"
cancelled = "cancelled"
wc-cancelled = "cancelled"
failed = "declined"
wc-failed = "declined"
pending = "open"
wc-pending = "open"
on-hold = "open"
wc-on-hold = "open"
checkout-draft = "open"
wc-checkout-draft = "open"
processing = "unshipped"
wc-processing = "unshipped"
draft = ""
auto-draft = ""
trash = ""
"#;

/// The most columns a field may be looked for in.
const COLUMNS_MAX: usize = 16;

/// A map as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    base: Option<String>,
    zone: Option<String>,
    dates: Option<Vec<String>>,
    delimiter: Option<String>,
    skip_unknown: Option<Vec<String>>,
    #[serde(default)]
    optional: Vec<Field>,
    #[serde(default)]
    columns: BTreeMap<Field, Columns>,
    #[serde(default)]
    status: BTreeMap<String, Meaning>,
    #[serde(default)]
    constants: BTreeMap<Field, String>,
}

/// One column, or several of which the first that is there counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Columns {
    One(String),
    Several(Vec<String>),
}

impl Columns {
    fn names(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Several(names) => names,
        }
    }
}

/// Why a map cannot be used; one line, with the place in its file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MapError(pub String);

/// How rows are read.
#[derive(Debug, Clone, Default)]
pub struct Map {
    pub(super) columns: BTreeMap<Field, Vec<String>>,
    /// Fields whose column need not be there.
    pub(super) optional: Vec<Field>,
    /// What the words of the column `status` mean; the names of fields mean themselves where `None`.
    pub(super) status: Option<BTreeMap<String, Meaning>>,
    pub(super) constants: BTreeMap<Field, String>,
    pub(super) dates: Dates,
    /// What parts the cells of CSV, where it is not to be guessed.
    pub(super) delimiter: Option<u8>,
    /// Whether a column that no field is read from is a fault: nothing of a file with our own names is for others.
    pub(super) strict: bool,
    /// Columns that name other orders, too: a row whose transaction is read from one of them need not mean one of ours.
    pub(super) skip_unknown: Vec<String>,
    /// The same of all rows.
    pub(super) skip_all_unknown: bool,
    /// Whether rows say how things stand, and may say nothing but which transaction they are about.
    pub(super) states: bool,
}

impl Map {
    /// The names of the maps that need no file.
    pub const NAMES: [&str; 2] = ["plain", "woocommerce"];

    /// Returns the map of a name: `plain`, our own names for a part's rows, or `woocommerce`.
    pub fn named(name: &str, role: Role) -> Option<Self> {
        match name {
            "plain" => Some(Self::plain(role)),
            "woocommerce" => Self::parse(WOOCOMMERCE, Path::new("woocommerce"), role).ok(),
            _ => None,
        }
    }

    fn plain(role: Role) -> Self {
        let fields = Field::ALL.into_iter().filter(|field| field.is_for(role));
        let columns: BTreeMap<Field, Vec<String>> =
            fields.map(|field| (field, vec![field.word().to_owned()])).collect();
        let optional = columns.keys().copied().filter(|field| *field != Field::Txn).collect();
        Self { columns, optional, strict: true, ..Self::default() }
    }

    /// Reads a map that a user wrote in `file`, for the rows of one part; fields of other parts stay unread.
    ///
    /// # Errors
    /// What is wrong in it, in one line with its place and the nearest right name.
    pub fn parse(text: &str, file: &Path, role: Role) -> Result<Self, MapError> {
        let written: Written = toml::from_str(text).map_err(|error| {
            MapError(config::place(file, text, &error, "docs/cron.md shows all keys of a map").to_string())
        })?;
        let fault = |key: &str, what: String| MapError(format!("{}: {key}: {what}", file.display()));
        let mut map = match written.base.as_deref() {
            None => Self::default(),
            Some(name) => Self::named(name, role)
                .ok_or_else(|| fault("base", format!("{name:?} is no map; known are {}", Self::NAMES.join(", "))))?,
        };
        map.strict = false;
        if let Some(name) = &written.zone {
            let what = || format!("{name:?} is no zone known to this machine; write it like Asia/Tokyo or +09:00");
            map.dates.zone = Some(date::zone(name).ok_or_else(|| fault("zone", what()))?);
        }
        map.dates.forms = written.dates.unwrap_or(map.dates.forms);
        for form in &map.dates.forms {
            date::check_form(form).map_err(|what| fault("dates", format!("{form:?} {what}")))?;
        }
        map.skip_unknown = written.skip_unknown.unwrap_or(map.skip_unknown);
        if let Some(text) = &written.delimiter {
            let what = || format!("{text:?} is not one of \",\", \";\", \"|\" and a tab (\"\\t\")");
            map.delimiter = Some(delimiter(text).ok_or_else(|| fault("delimiter", what()))?);
        }
        for (field, columns) in written.columns {
            let names = columns.names();
            if names.is_empty() || names.len() > COLUMNS_MAX || names.iter().any(String::is_empty) {
                return Err(fault(
                    &format!("columns.{}", field.word()),
                    format!("1 to {COLUMNS_MAX} names of columns"),
                ));
            }
            map.optional.retain(|other| *other != field);
            map.columns.insert(field, names);
        }
        map.optional.extend(written.optional);
        if !written.status.is_empty() {
            map.status.get_or_insert_default().extend(written.status);
        }
        map.constants.extend(written.constants);
        map.columns.retain(|field, _| field.is_for(role));
        map.constants.retain(|field, _| field.is_for(role));
        if !map.columns.contains_key(&Field::Txn) {
            let what = "`txn` is missing: the column that names the transaction";
            return Err(fault("columns", what.to_owned()));
        }
        let names = map.columns.get(&Field::Txn).map(Vec::as_slice).unwrap_or_default();
        if let Some(other) = map.skip_unknown.iter().find(|name| !names.contains(name)) {
            return Err(fault("skip_unknown", format!("{other:?} is none of the columns that `txn` is read from")));
        }
        Ok(map)
    }

    /// Takes dates without a zone to be of `zone`.
    pub fn set_zone(&mut self, zone: jiff::tz::TimeZone) {
        self.dates.zone = Some(zone);
    }

    /// Has rows passed over whose transaction is not known here, whatever column names it.
    pub fn skip_unknown(&mut self) {
        self.skip_all_unknown = true;
    }

    /// Takes rows to say how things stand: one of which nothing is to be reported is no fault.
    pub fn of_states(&mut self) {
        self.states = true;
    }

    /// Returns what parts the cells of CSV, where the map says it.
    pub fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }
}

/// Reads what parts the cells of CSV.
fn delimiter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] if b",;|\t".contains(byte) => Some(*byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Map, String> {
        Map::parse(text, Path::new("orders.toml"), Role::Shop).map_err(|error| error.to_string())
    }

    #[test]
    fn the_maps_of_our_own_are_maps() {
        for role in [Role::Shop, Role::Payment, Role::Delivery] {
            for name in Map::NAMES {
                let map = Map::named(name, role).unwrap();
                assert!(map.columns.contains_key(&Field::Txn), "{name} {role}");
                assert!(map.columns.keys().all(|field| field.is_for(role)), "{name} {role}");
            }
        }
        assert!(Map::named("woocomerce", Role::Shop).is_none());
    }

    #[test]
    fn a_map_may_go_on_from_another() {
        let map = parse("base = \"woocommerce\"\nzone = \"Asia/Tokyo\"\n[columns]\nshipped = \"Sent at\"\n[status]\nsent = \"shipped\"")
            .unwrap();
        assert_eq!(map.columns[&Field::Shipped], ["Sent at"]);
        assert!(!map.optional.contains(&Field::Shipped) && map.optional.contains(&Field::Tracking));
        let words = map.status.unwrap();
        assert!(words.contains_key("sent") && words.contains_key("completed"));
    }

    #[test]
    fn a_wrong_map_is_told_with_place_and_nearest_name() {
        let with = |text: &str| format!("[columns]\ntxn = \"n\"\n{text}");
        for (text, parts) in [
            ("colums = 1\n".to_owned(), ["orders.toml:1:1", "did you mean `columns`?"]),
            (with("trackin = \"t\""), ["orders.toml:3:", "did you mean `tracking`?"]),
            (with("[status]\nsent = \"shiped\""), ["orders.toml:4:", "\"shiped\" is no report"]),
            (with("[constants]\nparcle = \"1\""), ["orders.toml:4:", "did you mean `parcel`?"]),
            (with("shipped = 3"), ["orders.toml:3:", ""]),
            ("[columns]\nshipped = \"s\"".to_owned(), ["orders.toml: columns", "`txn` is missing"]),
            (format!("zone = \"Asia/Tokio\"\n{}", with("")), ["orders.toml: zone", "no zone known"]),
            (format!("delimiter = \"::\"\n{}", with("")), ["orders.toml: delimiter", "is not one of"]),
            (format!("base = \"woo\"\n{}", with("")), ["orders.toml: base", "known are plain, woocommerce"]),
            (with("shipped = []"), ["orders.toml: columns.shipped", "names of columns"]),
            (format!("dates = [\"%i\"]\n{}", with("")), ["orders.toml: dates", "\"%i\" is no form of dates"]),
            (format!("dates = [\"%H:%M\"]\n{}", with("")), ["orders.toml: dates", "has no day"]),
            (format!("skip_unknown = [\"m\"]\n{}", with("")), ["orders.toml: skip_unknown", "is none of the columns"]),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)) && !error.contains('\n'), "{text}: {error}");
        }
    }
}
