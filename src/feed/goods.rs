//! Goods that are a file, as rows name them (P22). Nothing is read here but the row.

use super::date::Given;
use super::field::Field;
use crate::role::Notice;

/// Which file the goods are, as a row has it: nothing of it is read yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFile {
    /// Where it is, below the folder of the rows.
    pub file: Option<String>,
    /// The link it is behind.
    pub link: Option<String>,
    /// Its bytes, where it is not at hand.
    pub size: Option<String>,
    /// Its SHA-256, where it is not at hand.
    pub sha256: Option<String>,
    /// What it is called.
    pub called: Option<String>,
}

impl RowFile {
    /// Reads which file the goods are, where they are one; `said` is what a row says of a field.
    pub(super) fn read(said: impl Fn(Field) -> Result<Option<String>, String>) -> Result<Option<Self>, String> {
        let file = Self {
            file: said(Field::File)?,
            link: said(Field::Link)?,
            size: said(Field::Size)?,
            sha256: said(Field::Sha256)?,
            called: said(Field::Called)?,
        };
        let measured = file.size.is_some() || file.sha256.is_some();
        match (&file.file, &file.link) {
            (None, None) if measured || file.called.is_some() => {
                Err("size, sha256 and called say something of a file; name it by file or link".to_owned())
            }
            (None, None) => Ok(None),
            (Some(_), _) if measured => {
                Err("size and sha256 are for a file that is not at hand; leave out file".to_owned())
            }
            _ => Ok(Some(file)),
        }
    }
}

/// Returns when goods that are a file are delivered: when they are sent, where the row says no other moment.
pub(super) fn goods_given(given: Option<Given>, notice: &Notice) -> Result<Given, String> {
    match given {
        Some(given) => Ok(given),
        None if notice.failed.is_some() => {
            Err("a file is delivered with its row; it cannot have failed as well".to_owned())
        }
        None if notice.planned.is_some() => {
            Err("a file is delivered with its row; say delivered beside it, or leave out planned".to_owned())
        }
        None => Ok(Given::Now),
    }
}
