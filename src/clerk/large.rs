//! Mail larger than any letter may be, handed to us by a mail server: it is not read, and not lost either. Its length
//! is bounded by whoever hands it over; it goes straight to disk, never as a whole through memory (B7, B8).
//!
//! What has the shape of a letter is set aside, as far as the folder has room for such; all else is ordinary mail and
//! is kept like it. Nothing is judged here.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::aside::{Aside, AsideReason};
use super::{Clerk, ClerkError};
use crate::inbox::{Kind, sift};
use crate::maildir;
use crate::pgp::SetAside;
use crate::role::Refused;
use crate::trade::{Digest, Moment};

/// The largest mail that is kept, in bytes: far more than mail servers let through, and no endless stream.
const LARGEST: u64 = 256 * 1024 * 1024;

/// How much of the mail is in memory at a time.
const CHUNK: usize = 64 * 1024;

impl Clerk {
    /// Keeps a mail that is larger than a letter, durably: `beginning` is what was read of it already, `rest` gives
    /// what follows.
    ///
    /// # Errors
    /// Where it cannot be read to its end, has none, or cannot be kept; then nothing of it is left.
    pub fn keep_large(&self, beginning: &[u8], rest: &mut dyn Read) -> Result<(), ClerkError> {
        let now = self.clock.now();
        let names = self.spool.names(1, &now)?;
        let name = names.first().map(String::as_str).unwrap_or_default();
        let file = maildir::write_tmp(&self.settings.folders.spool.join("tmp"), name, beginning)?;
        let kept =
            copy(beginning, rest, &file).and_then(|copied| self.place_large(beginning, &file, name, copied, now));
        kept.inspect_err(|_| {
            // Nobody was told that it is kept.
            let _ = std::fs::remove_file(&file);
        })
    }

    /// Moves a large mail, of this digest and size in bytes, to where it is kept.
    fn place_large(
        &self,
        beginning: &[u8],
        file: &Path,
        name: &str,
        (digest, size): (Digest, u64),
        now: Moment,
    ) -> Result<(), ClerkError> {
        if sift(beginning) == Kind::Letter {
            let mut note = Aside::of(beginning, AsideReason::from(&SetAside::TooLarge), now);
            note.name = digest.hex();
            note.size = size;
            if self.aside.put_large(file, &note)? {
                return Ok(());
            }
        }
        let kept = self.settings.folders.spool.join("cur");
        maildir::claim(file, &kept.join(format!("{name}:2,")))?;
        Ok(maildir::sync_dir(&kept)?)
    }
}

/// Appends the rest of a mail to its file and syncs it; returns the SHA-256 and the length of the whole.
fn copy(beginning: &[u8], rest: &mut dyn Read, file: &Path) -> Result<(Digest, u64), ClerkError> {
    let mut opened = OpenOptions::new().append(true).open(file).map_err(ClerkError::io("open", file))?;
    let mut hash = Sha256::new_with_prefix(beginning);
    let mut size = u64::try_from(beginning.len()).unwrap_or(u64::MAX);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match rest.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ClerkError::io("read the mail for", file)(error)),
        };
        opened.write_all(read).map_err(ClerkError::io("write", file))?;
        hash.update(read);
        size = size.saturating_add(u64::try_from(read.len()).unwrap_or(u64::MAX));
        if size > LARGEST {
            return Err(Refused::new(
                "the mail is larger than 256 MiB, which no mail server lets through; it is not kept",
            )
            .into());
        }
    }
    File::sync_all(&opened).map_err(ClerkError::io("sync", file))?;
    Ok((Digest::from_bytes(hash.finalize().into()), size))
}
