//! Payment data of an order: card or account, sealed to the payment agent's key, which the user accepted himself (wire
//! format 1.4). They come from a file, from standard input, from the command the configuration names, or from a
//! prompt; never from a flag or the environment, where other users of the machine could read them.
//!
//! What was read is wiped from memory when it is sealed, and no message quotes any of it.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::Shell;
use super::failure::{Failure, FailureKind};
use super::order::Wishes;
use super::prompt::typed;
use crate::clerk::Clerk;
use crate::hook;
use crate::ordering::{self, Instrument, pinned};
use crate::trade::{Address, Order, OrderId, Party};

/// The most bytes payment data may have.
const MOST: u64 = 64 * 1024;

/// What a prompt asks for: the name of the member, what people read, and whether it may be left empty.
const ASKED: [(&str, &str, bool); 3] = [
    ("number", "Number of the card or account", false),
    ("expires", "Valid until, like 2029-04 (may be empty)", true),
    ("name", "Name of its owner (may be empty)", true),
];

/// Seals payment data into an order, where a payment agent is named that they are for.
pub(super) fn seal(
    shell: &Shell,
    clerk: &mut Clerk,
    order: &mut Order,
    id: &OrderId,
    shop: &Party,
    wishes: &Wishes,
) -> Result<(), Failure> {
    let Some(agent) = &wishes.payment_agent else { return Ok(()) };
    let agent = Address::parse(agent).map_err(|error| Failure::usage(error.to_string()))?;
    // Nobody is asked for secrets that cannot be sealed.
    let party = pinned(clerk, &agent)?;
    let flag = wishes.payment_data.as_deref();
    if flag.is_none() && !order.payment_method.is_debited() {
        return Ok(());
    }
    let instrument = read(shell, clerk.settings().payment_data_command.as_deref(), flag, &agent)?;
    Ok(ordering::seal(clerk, order, id, shop, &party, instrument)?)
}

/// Reads payment data: from the flag's file, else from the configured command, else by asking.
fn read(
    shell: &Shell,
    command: Option<&[String]>,
    flag: Option<&Path>,
    agent: &Address,
) -> Result<Instrument, Failure> {
    match (flag, command) {
        (Some(file), _) if file.as_os_str() == "-" => parse(&all(std::io::stdin().lock(), "standard input")?),
        (Some(file), _) => {
            let name = file.display().to_string();
            let opened = crate::files::open(file);
            parse(&all(opened.map_err(|error| Failure::unreadable(file, &error))?, &name)?)
        }
        (None, Some(argv)) => parse(&printed(argv)?),
        (None, None) if shell.global.no_input || shell.global.json || !std::io::stdin().is_terminal() => {
            let text = format!("payment data for {agent} are needed, and nobody can be asked for them");
            let hint = "give --payment-data FILE, or set payment_data_command in [buyer] of the configuration";
            Err(Failure::usage(text).hint(hint))
        }
        (None, None) => asked(shell, agent),
    }
}

/// Reads all of a source into memory that is wiped.
fn all(source: impl Read, name: &str) -> Result<SecretString, Failure> {
    // All of it at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MOST).unwrap_or_default().saturating_add(1)));
    let read = source.take(MOST.saturating_add(1)).read_to_end(&mut bytes);
    let length = read.map_err(|error| Failure::data(format!("cannot read {name}: {error}")))?;
    if u64::try_from(length).unwrap_or(u64::MAX) > MOST {
        return Err(Failure::data(format!("{name} is larger than payment data can be")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::data(format!("{name} is no text")))?;
    Ok(SecretString::from(text))
}

/// Runs the configured command, no shell between, and takes what it prints.
fn printed(argv: &[String]) -> Result<SecretString, Failure> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(Failure::new(FailureKind::Config, "buyer.payment_data_command is empty"));
    };
    let fault = |text: String| Failure::new(FailureKind::Permission, text);
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| fault(format!("cannot run the payment data command {program}: {error}")))?;
    let text = child.stdout.take().map(|stdout| all(stdout, &format!("what {program} printed")));
    let status = child.wait().map_err(|error| fault(format!("lost track of {program}: {error}")))?;
    if !status.success() {
        return Err(fault(format!("the payment data command {program} ended with {}", hook::code(status))));
    }
    text.unwrap_or_else(|| Err(fault(format!("{program} printed nothing"))))
}

/// Reads lines of `name = value`; empty ones and those that begin with # are left out.
fn parse(text: &SecretString) -> Result<Instrument, Failure> {
    let mut instrument = Instrument::new();
    for (place, line) in text.expose_secret().lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) =
            line.split_once('=').ok_or_else(|| Failure::data("payment data are lines of `name = value`"))?;
        // Which of the two is meant, nobody knows; the line alone is named, because even a name may hold a number.
        if instrument.insert(name.trim().to_owned(), SecretString::from(value.trim())).is_some() {
            let line = place.saturating_add(1);
            return Err(Failure::data(format!("line {line} of the payment data names a value a second time")));
        }
    }
    if instrument.is_empty() {
        return Err(Failure::data("the payment data are empty").hint("payment data are lines of `name = value`"));
    }
    Ok(instrument)
}

/// Asks the person at the terminal, without showing what is written.
fn asked(shell: &Shell, agent: &Address) -> Result<Instrument, Failure> {
    let head = format!("Payment data, readable by {agent} alone; what you write is not shown.");
    shell.output.message(shell.words.sentence(&head));
    let hidden = Hidden::begin()?;
    let mut instrument = Instrument::new();
    for (name, what, may_be_empty) in ASKED {
        shell.output.message(format!("{}:", shell.words.sentence(what)));
        let value = answer(shell)?;
        match (value.expose_secret().is_empty(), may_be_empty) {
            (false, _) => {
                instrument.insert(name.to_owned(), value);
            }
            (true, true) => {}
            (true, false) => return Err(Failure::new(FailureKind::Finding, "nothing was written; nothing is ordered")),
        }
    }
    drop(hidden);
    Ok(instrument)
}

/// Reads one line; Ctrl-C ends the command, after the terminal is as it was.
fn answer(shell: &Shell) -> Result<SecretString, Failure> {
    let mut line = Zeroizing::new(String::with_capacity(4096));
    shell.runtime.block_on(async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Err(Failure::new(FailureKind::Interrupted, "")),
            read = typed(&mut line) => match read {
                Ok(_) => Ok(SecretString::from(line.trim())),
                Err(error) => Err(Failure::io(format!("cannot read the terminal: {error}"))),
            },
        }
    })
}

/// A terminal that does not show what is written, until this is dropped.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> Result<Self, Failure> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let fault = |error: rustix::io::Errno| Failure::io(format!("the terminal cannot be made silent: {error}"));
        let before = tcgetattr(std::io::stdin()).map_err(fault)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).map_err(fault)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing is left to be done where the terminal is gone.
        let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_data_are_named_values_and_no_error_quotes_them() {
        let read = parse(&SecretString::from("# card\nnumber = 4111 1111 1111 1234\n\nname=A = B\n")).unwrap();
        let plain: Vec<(&str, &str)> =
            read.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        assert_eq!(plain, [("name", "A = B"), ("number", "4111 1111 1111 1234")]);
        assert!(!format!("{read:?}").contains("4111"));
        for wrong in ["", "#\n", "4111111111111234", "number = 4111\nnumber = 4112", "number=4111\n number =4111"] {
            let error = parse(&SecretString::from(wrong)).unwrap_err();
            assert!(!format!("{error:?}").contains("4111"), "{error:?}");
        }
    }
}
