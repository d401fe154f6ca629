//! The one way in: decrypts and verifies a binary OpenPGP message, or says why not.
//!
//! Accepted is one layer order only: encryption, at most one compression, one signature group with at least one good
//! signature of type 0x00 or 0x01 (hard-cases 4.2). Passwords are never tried, at most 16 session keys are, and nothing
//! of the plaintext is returned unless the whole message was read and authenticated within [`PLAINTEXT_MAX`].

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use memchr::memchr2;
use sequoia_openpgp::{
    Cert, Error, KeyHandle, Result as LibraryResult,
    crypto::SessionKey,
    packet::{PKESK, SKESK, Tag},
    parse::{
        PacketParser, Parse,
        stream::{
            DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper, VerificationResult,
        },
    },
    types::SymmetricAlgorithm,
};

use super::{
    PLAINTEXT_MAX, SetAside,
    key::{Certificate, OwnKey, policy},
    sign::Signature,
    verify::{Good, judge},
};
use crate::trade::id::Fingerprint;

/// Finds certificates by the handles of the keys that signed: fingerprints or key IDs of 16 digits, upper case.
pub type Lookup<'a> = &'a dyn Fn(&[String]) -> Vec<Certificate>;

/// How far a signature may be dated ahead of our clock: two clocks are never equal (B38).
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(30 * 60);

/// Session keys tried in all, and those of them that hide their recipient (B30).
const TRIES_MAX: usize = 16;
const WILDCARD_TRIES_MAX: usize = 4;

/// Packets read of one message, and those of them that announce or hold a signature: a letter has eight, and two of these.
const PACKETS_MAX: usize = 1024;
const SIGNATURES_MAX: usize = 32;

/// How many times a message's own size its content is guessed to have at most, and the least guess in bytes.
const BUFFER_TIMES: usize = 4;
const BUFFER_MIN: usize = 32 * 1024;

/// A message that was encrypted to us and well signed.
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    pub(super) signature: Signature,
    pub(super) certificate: Certificate,
    pub(super) signing_key: String,
    pub(super) recipient: Fingerprint,
}

impl std::fmt::Debug for Message {
    /// Leaves out the content, which belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({} bytes by {})", self.bytes.len(), self.certificate.fingerprint())
    }
}

/// Decrypts `binary` with one of `own` and verifies it with the certificates that `lookup` finds.
pub(super) fn read(binary: &[u8], own: &[OwnKey], lookup: Lookup<'_>, now: SystemTime) -> Result<Message, SetAside> {
    if encrypted_len(binary).is_some_and(|length| length < ENCRYPTED_MIN) {
        return Err(DAMAGED);
    }
    // The library has panicked on damaged input before; a mail must not stop the program, whoever wrote it.
    catch_unwind(AssertUnwindSafe(|| read_unguarded(binary, own, lookup, now))).unwrap_or(Err(DAMAGED))
}

const DAMAGED: SetAside = SetAside::BadShape("the OpenPGP message does not hold together");

fn read_unguarded(binary: &[u8], own: &[OwnKey], lookup: Lookup<'_>, now: SystemTime) -> Result<Message, SetAside> {
    // Uncompressed a message holds less than its own size; one that holds more than the guess is read once more.
    let guess = binary.len().saturating_mul(BUFFER_TIMES).clamp(BUFFER_MIN, PLAINTEXT_MAX);
    match read_within(guess, binary, own, lookup, now) {
        Err(SetAside::TooLarge) if guess < PLAINTEXT_MAX => read_within(PLAINTEXT_MAX, binary, own, lookup, now),
        read => read,
    }
}

/// Reads a message of at most `buffer` bytes; the library clears that much memory for each message.
fn read_within(
    buffer: usize,
    binary: &[u8],
    own: &[OwnKey],
    lookup: Lookup<'_>,
    now: SystemTime,
) -> Result<Message, SetAside> {
    let policy = policy(now);
    let mut found = Found::default();
    let helper = Helper { own, lookup, now, known: Vec::new(), packets: 0, signatures: 0, found: &mut found };
    // The library allows no clock skew when it is told the time, so it is told the latest that counts as now.
    let latest = now.checked_add(CLOCK_SKEW).ok_or(SetAside::BadShape("our own clock is out of range"))?;
    let mut bytes = Vec::with_capacity(binary.len());
    let read = DecryptorBuilder::from_bytes(binary)
        .and_then(|builder| builder.buffer_size(buffer).with_policy(&policy, latest, helper))
        .map(|mut decryptor| {
            // Only a message processed as a whole is authenticated; not a byte of any other is taken.
            let whole = decryptor.message_processed();
            whole && decryptor.read_to_end(&mut bytes).is_ok()
        });
    let Found { addressed, decrypted, recipient, verdict } = found;
    match (read, verdict, recipient) {
        (Ok(true), Some(verdict), recipient) => {
            let Good { signature, certificate, signing_key } = verdict?;
            let recipient = recipient.ok_or(SetAside::NotEncrypted)?;
            Ok(Message { bytes, signature, certificate, signing_key, recipient })
        }
        (Ok(_), _, _) => Err(SetAside::TooLarge),
        (Err(_), _, _) if decrypted && !addressed => Err(SetAside::NotForUs { signer: None }),
        (Err(_), _, _) => Err(DAMAGED),
    }
}

/// The fewest bytes of a SEIPDv1 packet: version, prefix of the smallest block cipher, and the packet with the
/// digest. sequoia-openpgp 2.4.2 panics on a shorter one of which it can decrypt the prefix (parse.rs, the `unwrap`
/// after pushing its `Reserve`); anybody can make one, so it is measured for the largest block.
const ENCRYPTED_MIN: usize = 1 + (16 + 2) + 22;

/// Returns how many bytes of the first SEIPD packet's body are really there, by the packet framing of RFC
/// 9580 section 4.2, or `None` where there is no such packet.
fn encrypted_len(mut message: &[u8]) -> Option<usize> {
    loop {
        let (&first, rest) = message.split_first()?;
        let (tag, mut rest) = if first & 0x40 != 0 { (first & 0x3f, rest) } else { ((first >> 2) & 0x0f, rest) };
        let mut present = 0_usize;
        while let Some((length, partial, after)) = body_length(first, rest) {
            let there = length.min(after.len());
            present = present.saturating_add(there);
            rest = after.get(there..)?;
            if !partial {
                break;
            }
        }
        if tag == 18 {
            return Some(present);
        }
        message = rest;
    }
}

/// Reads a body length, new format or old by the packet's first octet: the length, whether more chunks follow, the
/// rest.
fn body_length(first: u8, text: &[u8]) -> Option<(usize, bool, &[u8])> {
    let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, b| (sum << 8) | usize::from(*b));
    if first & 0x40 == 0 {
        let octets = match first & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return Some((usize::MAX, false, text)),
        };
        let (length, after) = text.split_at_checked(octets)?;
        return Some((number(length), false, after));
    }
    let (&octet, after) = text.split_first()?;
    match octet {
        0..=191 => Some((usize::from(octet), false, after)),
        192..=223 => {
            let (&second, after) = after.split_first()?;
            let length = (usize::from(octet & 31) << 8).saturating_add(usize::from(second)).saturating_add(192);
            Some((length, false, after))
        }
        224..=254 => Some((1 << (octet & 31), true, after)),
        255 => {
            let (length, after) = after.split_at_checked(4)?;
            Some((number(length), false, after))
        }
    }
}

/// Returns whether a CR or LF stands alone: such bytes would change on their way through mail (wire-format 1.2).
pub(super) fn has_bare_line_end(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(place) = memchr2(b'\r', b'\n', rest) {
        match rest.get(place..).and_then(|end| end.strip_prefix(b"\r\n")) {
            Some(after) => rest = after,
            None => return true,
        }
    }
    false
}

/// What became known while the library read the message.
#[derive(Default)]
struct Found {
    /// The message is encrypted, and the library asked for its session key.
    decrypted: bool,
    /// It names one of our keys, or hides its recipient and one of ours opened it.
    addressed: bool,
    recipient: Option<Fingerprint>,
    verdict: Option<Result<Good, SetAside>>,
}

struct Helper<'a> {
    own: &'a [OwnKey],
    lookup: Lookup<'a>,
    now: SystemTime,
    /// What the lookup found.
    known: Vec<Certificate>,
    /// Packets read so far, and how many of them belong to signatures.
    packets: usize,
    signatures: usize,
    found: &'a mut Found,
}

impl VerificationHelper for Helper<'_> {
    /// Counts packets before the library does anything with them: it is slow with many, and a few bytes of a compressed
    /// packet may hold millions (B26).
    fn inspect(&mut self, parser: &PacketParser<'_>) -> LibraryResult<()> {
        self.packets = self.packets.saturating_add(1);
        if matches!(parser.packet.tag(), Tag::OnePassSig | Tag::Signature) {
            self.signatures = self.signatures.saturating_add(1);
        }
        if self.packets > PACKETS_MAX || self.signatures > SIGNATURES_MAX {
            return Err(Error::MalformedMessage("more packets than any letter has".to_owned()).into());
        }
        Ok(())
    }

    fn get_certs(&mut self, ids: &[KeyHandle]) -> LibraryResult<Vec<Cert>> {
        let handles: Vec<String> = ids.iter().map(KeyHandle::to_hex).collect();
        self.known = (self.lookup)(&handles);
        Ok(self.known.iter().map(|certificate| certificate.cert().clone()).collect())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> LibraryResult<()> {
        let recipient = self.found.recipient.as_ref();
        let verdict = signatures(&structure).and_then(|results| judge(results, &self.known, recipient, self.now));
        self.found.verdict = Some(verdict);
        Ok(())
    }
}

impl DecryptionHelper for Helper<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _skesks: &[SKESK],
        algorithm: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> LibraryResult<Option<Cert>> {
        self.found.decrypted = true;
        let mut wildcards = 0_usize;
        for pkesk in pkesks.iter().take(TRIES_MAX) {
            let handle = pkesk.recipient();
            if handle.is_none() {
                wildcards = wildcards.saturating_add(1);
                if wildcards > WILDCARD_TRIES_MAX {
                    continue;
                }
            }
            for key in self.own {
                for mut pair in key.decryption_pairs(handle.as_ref()) {
                    self.found.addressed |= handle.is_some();
                    let session = pkesk.decrypt(&mut pair, algorithm);
                    if session.is_some_and(|(algorithm, session)| decrypt(algorithm, &session)) {
                        self.found.addressed = true;
                        self.found.recipient = Some(key.fingerprint().clone());
                        // With our certificate the library checks the intended recipients too.
                        return Ok(Some(key.certificate().cert().clone()));
                    }
                }
            }
        }
        Ok(None)
    }
}

/// Returns the results of the one signature group, if the layers stand in the one order that is accepted.
fn signatures<'a, 's>(structure: &'s MessageStructure<'a>) -> Result<&'s [VerificationResult<'a>], SetAside> {
    let layers: Vec<&MessageLayer<'_>> = structure.iter().collect();
    let (first, inside) = layers.split_first().ok_or(SetAside::NotEncrypted)?;
    if !matches!(first, MessageLayer::Encryption { .. }) {
        let hidden = layers.iter().any(|layer| matches!(layer, MessageLayer::Encryption { .. }));
        return Err(if hidden { SetAside::BadShape("signed outside the encryption") } else { SetAside::NotEncrypted });
    }
    let inside = match inside {
        [MessageLayer::Compression { .. }, rest @ ..] => rest,
        all => all,
    };
    match inside {
        [] => Err(SetAside::NotSigned),
        [MessageLayer::SignatureGroup { results }] if results.is_empty() => Err(SetAside::NotSigned),
        [MessageLayer::SignatureGroup { results }] => Ok(results),
        _ => Err(SetAside::BadShape("encryption, compression and signature do not stand in the one accepted order")),
    }
}

#[cfg(test)]
mod tests {
    use super::{encrypted_len, has_bare_line_end};

    #[test]
    fn line_ends_are_crlf_or_bare() {
        for good in ["", "a", "a\r\n", "\r\n\r\n", "a\r\nb"] {
            assert!(!has_bare_line_end(good.as_bytes()), "{good:?}");
        }
        for bad in ["\n", "\r", "a\nb", "a\rb", "\r\r\n", "\r\n\n", "a\r\n\r"] {
            assert!(has_bare_line_end(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn the_bytes_of_an_encrypted_packet_are_counted_in_every_framing() {
        let session_key = [0xc1, 2, 0, 0];
        let frames: [(&[u8], usize); 7] = [
            (&[0xd2, 3, 1, 2, 3], 3),
            (&[0xd2, 9, 1, 2, 3], 3),
            (&[0xd2, 255, 0, 0, 0, 2, 1, 2, 3], 2),
            (&[0xd2, 225, 1, 2, 1, 3], 3),
            (&[0xd2, 192, 0, 1, 2], 2),
            (&[0xca, 0, 0xd2, 1, 1], 1),
            (&[0xcb, 1, 0x84, 0xd2, 0], 0),
        ];
        for (frame, expected) in frames {
            assert_eq!(encrypted_len(&[&session_key, frame].concat()), Some(expected), "{frame:x?}");
        }
        let cut_off: [(&[u8], Option<usize>); 5] = [
            (&[], None),
            (&session_key, None),
            (&[0xd2], Some(0)),
            (&[0xd2, 255, 0], Some(0)),
            (&[0xd2, 225, 1, 2], Some(2)),
        ];
        for (message, expected) in cut_off {
            assert_eq!(encrypted_len(message), expected, "{message:x?}");
        }
    }
}
