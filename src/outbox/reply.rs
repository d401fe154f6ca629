//! What an answer for good (5yz) of a mail server speaks about: the letter and its reader, for good indeed, or something that can
//! pass while the letter waits. A full mailbox is emptied, a day's number begins anew, an account is put in order.
//!
//! The enhanced status code decides (RFC 3463): its subject and detail, not its class, which servers take from the code before it. Where
//! there is none the code itself does.

/// What can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// The reader's mailbox has no room.
    Full,
    /// The server takes nothing for the moment.
    Busy,
    /// The server does not let this account send, or not so: nothing is said of the letter or its reader.
    Account,
}
use Passing::{Account, Busy, Full};

/// Details of enhanced status codes that speak about what can pass, and where they are defined.
const TABLE: &[(u16, u16, Passing)] = &[
    (1, 7, Account),  // RFC 3463 section 3.2: bad sender's mailbox address syntax
    (1, 8, Account),  // RFC 3463 section 3.2: bad sender's system address
    (2, 2, Full),     // RFC 3463 section 3.3: mailbox full
    (3, 1, Full),     // RFC 3463 section 3.4: mail system full
    (3, 2, Busy),     // RFC 3463 section 3.4: system not accepting network messages
    (4, 1, Busy),     // RFC 3463 section 3.5: no answer from host; persistent transient only
    (4, 2, Busy),     // RFC 3463 section 3.5: bad connection; persistent transient only
    (4, 3, Busy),     // RFC 3463 section 3.5: directory server failure; persistent transient only
    (4, 5, Busy),     // RFC 3463 section 3.5: mail system congestion; persistent transient only
    (7, 8, Account),  // RFC 4954 section 6: authentication credentials invalid
    (7, 9, Account),  // RFC 4954 section 6: authentication mechanism is too weak
    (7, 10, Account), // RFC 5248 section 2.4: encryption needed
    (7, 11, Account), // RFC 4954 section 6: encryption required for requested authentication mechanism
    (7, 12, Account), // RFC 4954 section 6: a password transition is needed
    (7, 13, Account), // RFC 5248 section 2.4: user account disabled
    (7, 14, Account), // RFC 5248 section 2.4: trust relationship required
    (7, 20, Account), // RFC 7372 section 3.1: no passing DKIM signature found
    (7, 21, Account), // RFC 7372 section 3.1: no acceptable DKIM signature found
    (7, 22, Account), // RFC 7372 section 3.1: no valid author-matched DKIM signature found
    (7, 23, Account), // RFC 7372 section 3.2: SPF validation failed
    (7, 24, Account), // RFC 7372 section 3.2: SPF validation error
    (7, 25, Account), // RFC 7372 section 3.3: reverse DNS validation failed
    (7, 26, Account), // RFC 7372 section 3.4: multiple authentication checks failed
    (7, 27, Account), // RFC 7505 section 4.2: sender address has null MX
];

impl Passing {
    /// Returns what can pass of an answer for good, given in a phase of the dialogue; `None` where nothing can.
    pub(super) fn of(phase: &str, code: u16, text: &str) -> Option<Self> {
        // RFC 4954 section 6, RFC 3207 section 4: it wants a login, another one, or TLS before anything else.
        if matches!(code, 530 | 534 | 535 | 538) {
            return Some(Account);
        }
        let enhanced = enhanced(text);
        let at_mail = phase == "MAIL";
        let Some((subject, detail)) = enhanced else {
            return match code {
                // RFC 5321 sections 4.2.3 and 4.5.3.1.10: no storage is left, which is to be treated as for the moment.
                552 => Some(Full),
                // RFC 5321 section 3.3: nothing but the sender was named yet.
                550 | 553 | 554 if at_mail => Some(Account),
                _ => None,
            };
        };
        match (subject, detail) {
            (2, 3) => None,
            (1 | 2 | 7, _) if at_mail => Some(Account),
            // RFC 3463 section 3.8: before the mail itself they are said of who sends to whom, and servers say there what they have
            // against the login or its address (RFC 6409 section 6.1). After it they are said of what it holds.
            (7, 0 | 1) if phase == "RCPT" || phase == "DATA" => Some(Account),
            _ => TABLE.iter().find(|row| (row.0, row.1) == (subject, detail)).map(|row| row.2),
        }
    }

    /// Says what it is, with the server's own words.
    pub(super) fn say(self, text: &str) -> String {
        match self {
            Full => format!("there is no room in the mailbox of its reader ({text})"),
            Busy => format!("the mail server takes no more for now, as when a day's number is used up ({text})"),
            Account => format!(
                "the mail server does not let this account send it; look at [outbox] and ask your provider ({text})"
            ),
        }
    }
}

/// Returns subject and detail of an enhanced status code (RFC 2034 section 4, RFC 3463 section 2).
fn enhanced(text: &str) -> Option<(u16, u16)> {
    let code = text.split_whitespace().next()?;
    let mut parts = code.split('.');
    let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &str| part.parse::<u16>().ok().filter(|number| *number < 1_000);
    let is_one = matches!(class, "4" | "5") && parts.next().is_none();
    is_one.then(|| Some((number(subject)?, number(detail)?))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_code() {
        for (subject, detail, passing) in TABLE {
            let text = format!("5.{subject}.{detail} words");
            assert_eq!(Passing::of("the final dot", 554, &text), Some(*passing), "{text}");
        }
        let mut places: Vec<_> = TABLE.iter().map(|row| (row.0, row.1)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), TABLE.len());
    }

    #[test]
    fn an_enhanced_code_is_read_as_it_is_defined() {
        for (text, read) in [
            ("5.2.2 full", Some((2, 2))),
            ("4.2.2", Some((2, 2))),
            ("5.7.13\tno", Some((7, 13))),
            ("5.2.2.1 x", None),
            ("2.2.2 x", None),
            ("5.2 x", None),
            ("5.2.x x", None),
            ("5.1000.1 x", None),
            ("full 5.2.2", None),
            ("", None),
        ] {
            assert_eq!(enhanced(text), read, "{text}");
        }
    }
}
