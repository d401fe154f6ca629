//! Goods that are a file (P22): its name, size and digest, and where it is. The bytes are nowhere in here.
//!
//! All of it is what its sender says. A name is data, never a path: [`Download::safe_name`] makes one to write under.
//! A link is shown, with its host, and never opened (B96).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::as_text::as_text;
use super::id::{Digest, InvalidId};

/// The most bytes of a file that travels in a letter: 512 KiB. With what surrounds it a letter stays below 1 MiB.
pub const FILE_MAX: u64 = 512 * 1024;

/// The most bytes that a file behind a link may be said to have: what any file system and any program can count.
pub const LINKED_MAX: u64 = 9_007_199_254_740_991;

/// The most bytes of a link: it stands in one line of a letter.
const LINK_MAX: usize = 800;
/// The most characters of a name that is sent.
const NAME_MAX: usize = 200;
/// The most bytes of a name that is written under; file systems have 255.
const SAFE_MAX: usize = 150;
/// The longest ending, with its full stop, that is kept where a name is cut.
const ENDING_MAX: usize = 16;

/// A link that people may follow: `https`, a host of plain ASCII, no user before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Reads a link (RFC 3986): `https://HOST`, then a port, path, query or fragment in printable ASCII; at most 800
    /// bytes. Another scheme, a user before the host, blanks, quotes and backslashes are refused.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let expected = "a link (https://HOST/..., plain ASCII, no user name, at most 800 bytes)";
        let invalid = || InvalidId { expected, text: text.chars().take(80).collect() };
        let rest = text.strip_prefix("https://").ok_or_else(invalid)?;
        let plain = |b: u8| (b'!'..=b'~').contains(&b) && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`');
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let label = |label: &str| {
            let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
        };
        let good = text.len() <= LINK_MAX
            && text.bytes().all(plain)
            && host.split('.').all(label)
            && (1..=5).contains(&port.len())
            && port.parse::<u16>().is_ok_and(|port| port > 0);
        if good { Ok(Self(text.to_owned())) } else { Err(invalid()) }
    }

    /// Returns the link as it was stated.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host: what a person looks at before following it.
    pub fn host(&self) -> &str {
        let rest = self.0.strip_prefix("https://").unwrap_or_default();
        rest.split(['/', '?', '#', ':']).next().unwrap_or_default()
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(Link, InvalidId);

/// Where the file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In this very letter.
    Attached,
    /// In another letter: an earlier one, or the one to the buyer.
    Elsewhere,
    /// Behind a link.
    Link(Link),
}

/// A file that is delivered, as its sender states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// What its sender calls it.
    pub name: String,
    /// Bytes of it, above zero.
    pub size: u64,
    /// SHA-256 of it.
    pub digest: Digest,
    /// Where it is.
    pub place: Place,
}

impl Download {
    /// Returns why a name cannot be sent, if so: it is empty, has more than 200 characters, or one that acts.
    pub fn fault_of_name(name: &str) -> Option<&'static str> {
        match name {
            _ if name.trim().is_empty() => Some("it has no name"),
            _ if name.chars().count() > NAME_MAX => Some("its name has more than 200 characters"),
            _ if name.chars().any(acts) => Some("its name has a control character, or one that turns text around"),
            _ => None,
        }
    }

    /// Returns the link that it is behind, where it is behind one.
    pub fn link(&self) -> Option<&Link> {
        match &self.place {
            Place::Link(link) => Some(link),
            Place::Attached | Place::Elsewhere => None,
        }
    }

    /// Returns whether both are the same file, wherever it is.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.name, self.size, self.digest) == (&other.name, other.size, other.digest)
    }

    /// Returns a name to write the file under, made of what its sender calls it: one plain name without a folder, hidden
    /// from nobody, no option of a command, no device of Windows, at most 150 bytes.
    pub fn safe_name(&self) -> String {
        let harmless = |c: char| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            c if acts(c) => '_',
            c => c,
        };
        let name: String = self.name.chars().map(harmless).collect();
        let name = name.trim_start_matches(|c: char| c == '.' || c.is_whitespace());
        let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        let stem = name.split('.').next().unwrap_or_default().trim_end();
        let marked = name.starts_with(['-', '~']) || is_device(stem);
        let name = if marked { format!("_{name}") } else { name.to_owned() };
        if name.is_empty() { "download".to_owned() } else { shortened(&name) }
    }
}

/// Returns whether a character does something where it is shown: a control, a change of direction, nothing to be seen.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns whether Windows takes a name for a device, whatever its ending.
fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let port = |name: &str| {
        let number = stem.strip_prefix(name).unwrap_or_default();
        let mut digits = number.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'), None))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || port("COM") || port("LPT")
}

/// Cuts a name to what file systems take; its ending is kept.
fn shortened(name: &str) -> String {
    if name.len() <= SAFE_MAX {
        return name.to_owned();
    }
    let (stem, ending) = match name.rfind('.').map(|at| name.split_at(at)) {
        Some((stem, ending)) if ending.len() <= ENDING_MAX => (stem, ending),
        _ => (name, ""),
    };
    let mut cut = SAFE_MAX.saturating_sub(ending.len()).min(stem.len());
    while !stem.is_char_boundary(cut) {
        cut = cut.saturating_sub(1);
    }
    format!("{}{ending}", stem.get(..cut).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Download {
        Download { name: name.to_owned(), size: 1, digest: Digest::of(b"x"), place: Place::Attached }
    }

    #[test]
    fn a_name_from_a_letter_is_never_a_path_b95() {
        let long = format!("{}.tar.gz", "日".repeat(100));
        for (name, safe) in [
            ("shirt.pdf", "shirt.pdf"),
            ("請求書 2026.pdf", "請求書 2026.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("..\\..\\boot.ini", "_.._boot.ini"),
            ("C:\\x", "C__x"),
            (".bashrc", "bashrc"),
            ("..", "download"),
            ("", "download"),
            (" . ", "download"),
            ("-rf", "_-rf"),
            ("~root", "_~root"),
            ("a\nb\u{1b}[2Jc", "a_b_[2Jc"),
            ("fdp\u{202e}exe.pdf", "fdp_exe.pdf"),
            ("a\u{200b}b", "a_b"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Com1 .pdf", "_Com1 .pdf"),
            ("LPT\u{b2}", "_LPT\u{b2}"),
            ("COM10", "COM10"),
            ("console", "console"),
            ("a.txt...", "a.txt"),
            ("a|b?c*d\"<>", "a_b_c_d___"),
        ] {
            assert_eq!(named(name).safe_name(), safe, "{name:?}");
        }
        let cut = named(&long).safe_name();
        assert!(cut.len() <= 150 && cut.ends_with("日.gz"), "{cut}");
        assert_eq!(named(&"x".repeat(300)).safe_name().len(), 150);
    }

    #[test]
    fn only_plain_https_links_are_links_b96() {
        for (good, host) in [
            ("https://files.example/goods/1.zip?t=a%20b#c", "files.example"),
            ("https://files.example:8443", "files.example"),
            ("https://xn--fsqu00a.example/", "xn--fsqu00a.example"),
        ] {
            assert_eq!(Link::parse(good).unwrap().host(), host);
        }
        let long = format!("https://a.example/{}", "x".repeat(800));
        for bad in [
            "http://files.example/",
            "HTTPS://files.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://bank.example@evil.example/",
            "https:///x",
            "https://",
            "https://日立.example/",
            "https://a..example/",
            "https://-a.example/",
            "https://a.example:0/",
            "https://a.example:99999/",
            "https://a.example:/",
            "https://[::1]/",
            "https://a.example/ b",
            "https://a.example/\\",
            "https://a.example/\n",
            "https://a.example\\@evil.example/",
            &long,
        ] {
            assert!(Link::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_that_acts_is_not_sent() {
        assert_eq!(Download::fault_of_name("本.epub"), None);
        for name in ["", "  ", "a\u{7}", "a\u{202e}b", &"x".repeat(201)] {
            assert!(Download::fault_of_name(name).is_some(), "{name:?}");
        }
    }
}
