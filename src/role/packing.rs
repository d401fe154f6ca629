//! Which goods are in which parcel, when one is reported: parcels that are done keep what they hold, planned ones give
//! up what went into another.

use super::Refused;
use crate::trade::item::{LineQuantity, rest};

/// A parcel besides the one reported.
pub(super) struct Other<'a> {
    /// What is in it.
    pub(super) lines: &'a [LineQuantity],
    /// Whether it has left or arrived, or never will.
    pub(super) fixed: bool,
}

/// What the parcels hold after a report.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// The one reported.
    pub(super) this: Vec<LineQuantity>,
    /// The others, in their order; one may hold nothing any more.
    pub(super) others: Vec<Vec<LineQuantity>>,
}

/// Packs `wanted` of `all` goods into the parcel reported; where it names nothing the parcel keeps what it `has`, and a
/// new one gets what is in no other, or else what is in the only one that has not left.
pub(super) fn pack(
    all: &[LineQuantity],
    others: &[Other<'_>],
    has: &[LineQuantity],
    wanted: &[LineQuantity],
) -> Result<Packed, Refused> {
    let fixed = others.iter().filter(|other| other.fixed).flat_map(|other| other.lines);
    let free = rest(all, fixed);
    let this = if !wanted.is_empty() {
        wanted.to_vec()
    } else if !has.is_empty() {
        has.to_vec()
    } else {
        left_for_new(all, others)
    };
    if this.is_empty() {
        return Err(Refused::new("all goods are in other parcels already; say with --line what this one holds"));
    }
    for part in &this {
        if total_of(&this, &part.line) > total_of(&free, &part.line) {
            let (line, quantity) = (&part.line, part.quantity);
            return Err(Refused::new(format!("{quantity} of line {line} is more than was agreed on and not yet sent")));
        }
    }
    let mut left = rest(&free, this.iter());
    let others = others.iter().map(|other| {
        if other.fixed {
            return other.lines.to_vec();
        }
        let kept = common(other.lines, &left);
        left = rest(&left, kept.iter());
        kept
    });
    Ok(Packed { others: others.collect(), this })
}

/// Returns what a new parcel holds of which nothing else is said.
fn left_for_new(all: &[LineQuantity], others: &[Other<'_>]) -> Vec<LineQuantity> {
    let left = rest(all, others.iter().flat_map(|other| other.lines));
    let mut open = others.iter().filter(|other| !other.fixed);
    match (open.next(), open.next()) {
        (Some(only), None) if left.is_empty() => only.lines.to_vec(),
        _ => left,
    }
}

fn total_of(lines: &[LineQuantity], line: &str) -> Option<crate::trade::Quantity> {
    let parts = lines.iter().filter(|part| part.line == line).map(|part| part.quantity);
    parts.reduce(|a, b| a.plus(b).unwrap_or(a))
}

/// Returns the lines of `lines`, each as far as there is of it in `left`.
fn common(lines: &[LineQuantity], left: &[LineQuantity]) -> Vec<LineQuantity> {
    let part = |part: &LineQuantity| {
        let there = total_of(left, &part.line)?;
        Some(LineQuantity { line: part.line.clone(), quantity: part.quantity.min(there) })
    };
    lines.iter().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::Quantity;

    fn goods(parts: &[(&str, &str)]) -> Vec<LineQuantity> {
        let part = |(line, quantity): &(&str, &str)| LineQuantity {
            line: (*line).to_owned(),
            quantity: Quantity::parse(quantity).unwrap(),
        };
        parts.iter().map(part).collect()
    }

    #[test]
    fn a_planned_parcel_gives_up_what_goes_into_another() {
        let all = goods(&[("1", "3"), ("2", "1")]);
        let planned = Other { lines: &all, fixed: false };
        let packed = pack(&all, &[planned], &[], &goods(&[("1", "2")])).unwrap();
        assert_eq!(packed.this, goods(&[("1", "2")]));
        assert_eq!(packed.others, [goods(&[("1", "1"), ("2", "1")])]);
    }

    #[test]
    fn a_new_parcel_gets_what_is_in_no_other_and_never_more_than_agreed() {
        let all = goods(&[("1", "3"), ("2", "1")]);
        let left = goods(&[("1", "2")]);
        let gone = || Other { lines: &left, fixed: true };
        assert_eq!(pack(&all, &[gone()], &[], &[]).unwrap().this, goods(&[("1", "1"), ("2", "1")]));
        assert!(pack(&all, &[gone()], &[], &goods(&[("1", "2")])).is_err());
        assert!(pack(&all, &[gone()], &[], &goods(&[("1", "1"), ("1", "1")])).is_err(), "one line named twice");
        assert!(pack(&all, &[Other { lines: &all, fixed: true }], &[], &[]).is_err());
        assert!(pack(&all, &[], &[], &goods(&[("9", "1")])).is_err());
        let (one, two) = (goods(&[("1", "3")]), goods(&[("2", "1")]));
        let open = |lines| Other { lines, fixed: false };
        let packed = pack(&all, &[Other { lines: &one, fixed: true }, open(&two)], &[], &[]).unwrap();
        assert_eq!((packed.this, packed.others), (two.clone(), vec![one.clone(), Vec::new()]), "the only one left");
        assert!(pack(&all, &[open(&one), open(&two)], &[], &[]).is_err(), "nobody says which of the two");
    }
}
