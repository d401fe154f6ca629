//! Checkpoints: five lines that name ledger, size and root, cleartext-signed by the owner.
//!
//! Signing and checking the signature are the caller's; here the lines are made, read, kept and found.

use std::fmt;

use super::files::{names_in, put};
use super::log::plain_number;
use super::store::read_optional;
use super::{Head, Ledger, LedgerError};
use crate::trade::{Digest, Moment};

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's id.
    pub ledger: String,
    /// Entries and root.
    pub head: Head,
    /// When it was made.
    pub time: Moment,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { size, root } = self.head;
        let time = self.time.whole_second().instant();
        write!(f, "mailorder checkpoint 1\nledger {}\nsize {size}\nroot {}\ntime {time}\n", self.ledger, root.hex())
    }
}

impl Checkpoint {
    /// Reads the five lines, nothing before, between or behind them.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != "mailorder checkpoint 1" {
            return None;
        }
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned);
        let ledger = value("ledger")?;
        let size = plain_number(&value("size")?)?;
        let root = Digest::parse_hex(&value("root")?).ok()?;
        let time = Moment::parse(&value("time")?).ok()?;
        let made = Self { ledger, head: Head { size, root }, time };
        (made.to_string() == text).then_some(made)
    }

    /// Reads the five lines inside a cleartext-signed message (RFC 9580 section 7), without checking its signature.
    pub fn parse_signed(file: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(file).ok()?.replace("\r\n", "\n");
        let (_, rest) = text.strip_prefix("-----BEGIN PGP SIGNED MESSAGE-----\n")?.split_once("\n\n")?;
        let (lines, _) = rest.split_once("\n-----BEGIN PGP SIGNATURE-----\n")?;
        Self::parse(&format!("{}\n", lines.trim_end_matches('\n')))
    }
}

impl Ledger {
    /// Returns the checkpoint of `head`, to be signed.
    pub fn checkpoint(&self, head: Head, time: Moment) -> Checkpoint {
        Checkpoint { ledger: self.id.clone(), head, time }
    }

    /// Keeps a signed checkpoint. One of the same size that is there already stays.
    pub fn put_checkpoint(&self, size: u64, signed: &[u8]) -> Result<(), LedgerError> {
        let path = self.folder.join("checkpoints").join(format!("{size}.asc"));
        if path.is_file() {
            return Ok(());
        }
        put(&self.folder.join("tmp").join(format!("checkpoint-{size}.asc")), &path, signed)
    }

    /// Returns the sizes at which there are checkpoints, smallest first.
    pub fn checkpoints(&self) -> Result<Vec<u64>, LedgerError> {
        let folder = self.folder.join("checkpoints");
        let names = if folder.is_dir() { names_in(&folder)? } else { Vec::new() };
        let mut sizes: Vec<u64> =
            names.iter().filter_map(|name| name.strip_suffix(".asc").and_then(plain_number)).collect();
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// Returns what the checkpoint of this size says, without checking its signature; `None` where it says nothing.
    pub fn read_checkpoint(&self, size: u64) -> Result<Option<Checkpoint>, LedgerError> {
        Ok(self.signed_checkpoint(size)?.and_then(|file| Checkpoint::parse_signed(&file)))
    }

    /// Returns the signed checkpoint of this size.
    pub fn signed_checkpoint(&self, size: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        read_optional(&self.folder.join("checkpoints").join(format!("{size}.asc")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_five_lines_and_nothing_else() {
        let text = "mailorder checkpoint 1\nledger 0f1e2d3c4b5a69788796a5b4c3d2e1f0\nsize 412\nroot \
                    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\ntime 2026-11-22T10:00:00Z\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!(checkpoint.to_string(), text);
        assert_eq!(checkpoint.head.size, 412);
        for bad in [&text.replace("412", "0412"), &format!("{text}\n"), &text.replace("size", "Size"), text.trim_end()]
        {
            assert_eq!(Checkpoint::parse(bad), None, "{bad}");
        }
        let signed = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP \
             SIGNATURE-----\n"
        );
        assert_eq!(Checkpoint::parse_signed(signed.as_bytes()), Some(checkpoint));
    }
}
