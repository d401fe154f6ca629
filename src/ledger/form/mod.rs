//! Entry <-> file: both directions, byte by byte as `docs/ledger-format.md` has it.
//!
//! An entry for a letter is a plain `multipart/signed` mail (RFC 3156) around the very bytes that were signed, so that
//! stock tools check it with the sender's certificate alone. What is written here is read here; signatures are
//! neither made nor checked, and the letter inside is read by whoever knows the wire format.

mod fields;
mod header;
mod own;

pub use fields::{amount, recordable};

use fields::Direction;
use header::Fields;

use crate::trade::{Address, Body, Digest, Entry, Letter, Measured};

/// A file that is not an entry of ours, or an entry that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A header field is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A header field is there more than once.
    #[error("the field {0} is there more than once")]
    Twice(&'static str),
    /// A header field has a value it cannot have.
    #[error("the field {name} cannot be {value:?}")]
    Field {
        /// Its name.
        name: &'static str,
        /// Its value, cut to 80 characters.
        value: String,
    },
    /// The parts of the file are not those of an entry.
    #[error("{0}")]
    Shape(&'static str),
    /// The file was written by a later version of the program.
    #[error("the entry has version {0}; this program reads version 1: use a newer one")]
    Newer(String),
    /// The signed bytes are not the letter the entry says they are.
    #[error("the signed bytes have {found}, the entry says {stated}")]
    Content {
        /// Digest of the bytes.
        found: Digest,
        /// Digest in the entry.
        stated: Digest,
    },
    /// The letter in the signed bytes cannot be read.
    #[error("the letter in it cannot be read: {0}")]
    Letter(String),
    /// The data of an own entry cannot be read.
    #[error("the data of the entry cannot be read: {0}")]
    Data(String),
}

impl FormError {
    fn field(name: &'static str, value: &str) -> Self {
        Self::Field { name, value: value.chars().take(80).collect() }
    }
}

/// What an entry's file says beside the entry: of which ledger it is, and where its transaction begins.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The ledger's id: 32 hexadecimal digits.
    pub ledger: &'a str,
    /// The account's address, From and To of own entries.
    pub account: &'a Address,
    /// Position of the transaction's first entry; `None` for that entry itself.
    pub first: Option<u64>,
}

/// The seal of a letter, as its entry keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal<'a> {
    /// The bytes that were signed.
    pub signed: &'a [u8],
    /// The detached signature over them, armored.
    pub signature: &'a str,
    /// The hash the signature uses, as RFC 3156 names it: `pgp-sha512`.
    pub micalg: &'a str,
}

/// An entry read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<'a> {
    /// The entry.
    pub entry: Entry,
    /// The bytes that were signed and their signature; `None` for own entries.
    pub seal: Option<Seal<'a>>,
}

/// What the header alone says of a file: enough to check it against the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline<'a> {
    /// Position of the entry.
    pub position: u64,
    /// The ledger's id, out of the Message-ID.
    pub ledger: String,
    /// From: the account's address in own entries.
    pub from: String,
    /// The direction's word.
    pub direction: String,
    /// Message-ID of the letter.
    pub letter: Option<String>,
    /// Message-IDs of the letters owed.
    pub owes: Vec<String>,
    /// Who signed, as written.
    pub signer: Option<String>,
    /// Digest and size of the signed bytes, as written.
    pub content: Option<Measured>,
    /// Digest and size of the mail as it arrived, as written.
    pub original: Option<Measured>,
    /// Which entry it erases, and the digest of that one's file.
    pub erases: Option<(u64, Digest)>,
    /// The bytes that were signed and their signature.
    pub seal: Option<Seal<'a>>,
}

/// Writes an entry's file.
///
/// A letter's entry needs its seal, whose bytes must be those the entry measured; an own entry has none.
pub fn print(entry: &Entry, seal: Option<Seal<'_>>, setting: &Setting<'_>) -> Result<Vec<u8>, FormError> {
    let head = fields::print(entry, setting)?;
    match (&entry.body, seal) {
        (Body::In { content, .. } | Body::Out { content, .. }, Some(seal)) => signed_mail(head, &seal, content),
        (Body::Own { act, names, about }, None) => own::print(head, act, names, about),
        (Body::Own { .. }, Some(_)) => Err(FormError::Shape("an own entry has a signature")),
        (_, None) => Err(FormError::Shape("an entry for a letter has no signature")),
    }
}

fn signed_mail(head: String, seal: &Seal<'_>, content: &Measured) -> Result<Vec<u8>, FormError> {
    let found = Measured::of(seal.signed);
    if found != *content {
        return Err(FormError::Content { found: found.digest, stated: content.digest });
    }
    known_micalg(seal.micalg)?;
    let signature = seal.signature.trim().replace("\r\n", "\n");
    if !signature.starts_with("-----BEGIN PGP SIGNATURE-----")
        || !signature.ends_with("-----END PGP SIGNATURE-----")
        || signature.contains("\n--mailorder-")
        || !signature.is_ascii()
    {
        return Err(FormError::Shape("the signature is not one armored OpenPGP signature"));
    }
    let boundary = boundary(&content.digest);
    let mut file = head.into_bytes();
    file.reserve(seal.signed.len().saturating_add(signature.len()).saturating_add(512));
    let open = format!(
        "MIME-Version: 1.0\nContent-Type: multipart/signed; micalg=\"{}\"; protocol=\"application/pgp-signature\";\n \
         boundary=\"{boundary}\"\n\n--{boundary}\n",
        seal.micalg
    );
    file.extend_from_slice(open.as_bytes());
    file.extend_from_slice(seal.signed);
    let close = format!(
        "\n--{boundary}\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n{signature}\n--{boundary}--\n"
    );
    file.extend_from_slice(close.as_bytes());
    Ok(file)
}

/// Returns the boundary: made of the content's own digest, so the content cannot contain it.
fn boundary(digest: &Digest) -> String {
    let digits: String = digest.hex().chars().take(32).collect();
    format!("mailorder-{digits}")
}

/// Reads an entry's file; `reread` reads the letter in the signed bytes.
pub fn parse<'a>(file: &'a [u8], reread: &dyn Fn(&[u8]) -> Result<Letter, String>) -> Result<Read<'a>, FormError> {
    let (head, body) = split_head(file)?;
    let fields = Fields::read(head)?;
    let version = fields.one("Mailorder-Version")?;
    if version != "1" {
        return Err(FormError::Newer(version.chars().take(20).collect()));
    }
    match fields.parse("Mailorder-Direction", Direction::parse)? {
        Direction::Own => {
            let (act, names, about) = own::parse(body)?;
            let entry = fields::parse(&fields, Body::Own { act, names, about })?;
            Ok(Read { entry, seal: None })
        }
        direction => {
            let content = fields.parse("Mailorder-Content", fields::measured)?;
            let seal = take_seal(&fields, body, &content)?;
            let letter = std::sync::Arc::new(reread(seal.signed).map_err(FormError::Letter)?);
            let body = fields::letter_body(&fields, direction, letter, content)?;
            Ok(Read { entry: fields::parse(&fields, body)?, seal: Some(seal) })
        }
    }
}

/// Reads the header of an entry's file and cuts out its signed bytes, without reading the letter.
pub fn outline(file: &[u8]) -> Result<Outline<'_>, FormError> {
    let (head, body) = split_head(file)?;
    let fields = Fields::read(head)?;
    let message_id = fields.one("Message-ID")?;
    let ledger = message_id.split_once('.').and_then(|(_, rest)| rest.strip_suffix("@mailorder.invalid>"));
    let direction = fields.one("Mailorder-Direction")?.to_owned();
    let content = fields.optional("Mailorder-Content")?.and_then(fields::measured);
    let seal = match (direction.as_str(), &content) {
        ("own", _) => None,
        (_, Some(content)) => Some(take_seal(&fields, body, content)?),
        (_, None) => return Err(FormError::Missing("Mailorder-Content")),
    };
    Ok(Outline {
        position: fields.parse("Mailorder-Entry", super::log::plain_number)?,
        ledger: ledger.ok_or_else(|| FormError::field("Message-ID", message_id))?.to_owned(),
        from: fields.one("From")?.to_owned(),
        letter: fields.optional("Mailorder-Letter")?.map(str::to_owned),
        owes: fields.all("Mailorder-Owes").filter_map(|owed| owed.split(' ').next()).map(str::to_owned).collect(),
        signer: fields.optional("Mailorder-Signer")?.map(str::to_owned),
        original: fields.optional("Mailorder-Original")?.and_then(fields::measured),
        erases: fields.optional("Mailorder-Erases")?.filter(|_| direction == "own").and_then(fields::erases),
        direction,
        content,
        seal,
    })
}

fn split_head(file: &[u8]) -> Result<(&str, &[u8]), FormError> {
    let end = find(file, b"\n\n").ok_or(FormError::Shape("the header has no end"))?;
    let (head, rest) = file.split_at_checked(end).unwrap_or((file, &[]));
    let head = std::str::from_utf8(head).ok().filter(|head| head.is_ascii());
    let head = head.ok_or(FormError::Shape("the header is not plain ASCII"))?;
    Ok((head, rest.get(2..).unwrap_or_default()))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Cuts the signed bytes and their signature out of a body, and checks that they are those of the entry.
fn take_seal<'a>(fields: &Fields<'_>, body: &'a [u8], content: &Measured) -> Result<Seal<'a>, FormError> {
    const SHAPE: FormError = FormError::Shape("the parts are not signed bytes and their signature");
    let boundary = boundary(&content.digest);
    let content_type = fields.one("Content-Type")?;
    let micalg = content_type.split("micalg=\"").nth(1).and_then(|rest| rest.split('"').next());
    if !content_type.ends_with(&format!("boundary=\"{boundary}\"")) || micalg.is_none() {
        return Err(FormError::field("Content-Type", content_type));
    }
    let size = usize::try_from(content.size).map_err(|_| SHAPE)?;
    let rest = body.strip_prefix(format!("--{boundary}\n").as_bytes()).ok_or(SHAPE)?;
    let (signed, rest) = rest.split_at_checked(size).ok_or(SHAPE)?;
    let found = Digest::of(signed);
    if found != content.digest {
        return Err(FormError::Content { found, stated: content.digest });
    }
    let between = format!("\n--{boundary}\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n");
    let rest = rest.strip_prefix(between.as_bytes()).ok_or(SHAPE)?;
    let signature = rest.strip_suffix(format!("--{boundary}--\n").as_bytes()).ok_or(SHAPE)?;
    let signature = std::str::from_utf8(signature).map_err(|_| SHAPE)?;
    Ok(Seal { signed, signature, micalg: known_micalg(micalg.unwrap_or_default())? })
}

/// Returns the hash names of RFC 3156 section 5 that can occur; weak ones are not among them.
fn known_micalg(word: &str) -> Result<&'static str, FormError> {
    const KNOWN: [&str; 6] = ["pgp-sha512", "pgp-sha256", "pgp-sha384", "pgp-sha224", "pgp-sha3-256", "pgp-sha3-512"];
    KNOWN.into_iter().find(|known| *known == word).ok_or_else(|| FormError::field("micalg", word))
}
