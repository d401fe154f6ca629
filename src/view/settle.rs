//! What a person says to a warning, by what it is settled by: `W-12` about a letter, `C-5e8a01bc` about how things stand,
//! `S-462ce6cd` about a mail set aside.

use crate::clerk::{Aside, Clerk, ClerkError};
use crate::trade::Settlement;

/// A warning, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// About the letter of this entry.
    Letter(u64),
    /// About how things stand.
    Computed(String),
    /// About a mail set aside whose name begins so.
    Aside(String),
}

/// Why a warning is not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// It is no name of a warning.
    #[error("{0:?} is no warning, like W-12, C-5e8a01bc or S-462ce6cd")]
    Name(String),
    /// There is no such warning.
    #[error("there is no warning {0}")]
    Unknown(Warning),
    /// There is no such mail.
    #[error("no mail set aside is S-{0}")]
    None(String),
    /// There are several.
    #[error("several mails set aside are S-{0}; write more of it")]
    Several(String),
    /// A mail set aside can only be noted as seen.
    #[error("S-{name} is a mail set aside ({code}): it never counts, and cannot be {verb}")]
    NoLetter {
        /// The beginning of its name.
        name: String,
        /// Why it was set aside.
        code: String,
        /// What was wished.
        verb: &'static str,
        /// Whether a key to import would have it read.
        imports: bool,
    },
    /// The account.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
}

impl Warning {
    /// Reads the name of a warning.
    ///
    /// # Errors
    /// What is no such name.
    pub fn parse(text: &str) -> Result<Self, SettleError> {
        let invalid = || SettleError::Name(text.trim().to_owned());
        let (kind, rest) = text.trim().split_once('-').ok_or_else(invalid)?;
        let rest = rest.to_ascii_lowercase();
        match kind.to_ascii_uppercase().as_str() {
            "S" => Ok(Self::Aside(rest)),
            "C" => Ok(Self::Computed(format!("C-{rest}"))),
            "W" => Ok(Self::Letter(rest.parse().map_err(|_| invalid())?)),
            _ => Err(invalid()),
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Letter(position) => write!(f, "W-{position}"),
            Self::Computed(id) => f.write_str(id),
            Self::Aside(name) => write!(f, "S-{name}"),
        }
    }
}

/// What was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The warning that is listed, where the one that was named says the same again.
    pub warning: Warning,
    /// How many later letters say the same, and were settled with it.
    pub others: usize,
}

/// Settles a warning; an acceptance says why. What a sender says again is one warning, and settled as one, whichever of its
/// letters is named.
///
/// # Errors
/// Where there is no such warning, or it cannot be settled so.
pub fn settle(
    clerk: &mut Clerk,
    named: &Warning,
    how: Settlement,
    reason: Option<String>,
) -> Result<Settled, SettleError> {
    let (warning, others) = meant(clerk, named)?;
    match &warning {
        Warning::Aside(beginning) => seen(clerk, beginning, how)?,
        Warning::Computed(id) => clerk.settle_computed(id, how, reason)?,
        Warning::Letter(position) => clerk.settle(*position, how, reason)?,
    }
    if clerk.set_aside()?.iter().any(|aside| aside.reason.code == "blocked") {
        // A block may be lifted: what was set aside by it is read now.
        clerk.take_in()?;
    }
    Ok(Settled { warning, others })
}

/// Returns the warning that is meant by a name, and how many open letters say the same again.
///
/// # Errors
/// What keeps the index from being read.
pub fn meant(clerk: &Clerk, named: &Warning) -> Result<(Warning, usize), ClerkError> {
    let warning = stands_for(clerk, named)?;
    let others = said_again(clerk, &warning)?;
    Ok((warning, others))
}

/// Returns the warning that is listed for one that is named: the first letter in which its sender says so.
fn stands_for(clerk: &Clerk, named: &Warning) -> Result<Warning, ClerkError> {
    let Warning::Letter(position) = named else { return Ok(named.clone()) };
    Ok(Warning::Letter(clerk.index().said_before(*position)?.unwrap_or(*position)))
}

/// Returns how many open letters after that of a warning say the same.
///
/// # Errors
/// What keeps the index from being read.
pub fn said_again(clerk: &Clerk, warning: &Warning) -> Result<usize, ClerkError> {
    let Warning::Letter(position) = warning else { return Ok(0) };
    Ok(clerk.index().said_again(*position)?.len())
}

/// Returns the mail set aside whose name begins so.
///
/// # Errors
/// Where there is none, or more than one.
pub fn aside(clerk: &Clerk, beginning: &str) -> Result<Aside, SettleError> {
    let is_meant = |aside: &Aside| !beginning.is_empty() && aside.name.starts_with(beginning);
    let mut meant = clerk.set_aside()?.into_iter().filter(is_meant);
    let aside = meant.next().ok_or_else(|| SettleError::None(beginning.to_owned()))?;
    if meant.next().is_some() { Err(SettleError::Several(beginning.to_owned())) } else { Ok(aside) }
}

/// Notes that a mail set aside was seen. Nothing else can be done about it: nobody known stands behind it.
fn seen(clerk: &Clerk, beginning: &str, how: Settlement) -> Result<(), SettleError> {
    let aside = aside(clerk, beginning)?;
    let verb = match how {
        Settlement::Ack => return Ok(clerk.see_aside(&aside.name)?),
        Settlement::Accept => "accepted",
        Settlement::Block => "blocked",
    };
    let imports = aside.reason.code == "unknown-signer" && aside.known.is_none();
    Err(SettleError::NoLetter { name: beginning.to_owned(), code: aside.reason.code.clone(), verb, imports })
}
