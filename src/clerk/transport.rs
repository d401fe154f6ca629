//! Mailbox and way out, made from the settings. Passwords are fetched when a login needs them and kept nowhere.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use secrecy::SecretString;

use super::ClerkError;
use crate::config::written::Handled;
use crate::config::{InboxSettings, OutboxSettings, PasswordSource, ServerSettings, Settings, TlsMode, outbox_base};
use crate::connect::{Login, Secret, Server, Tls};
use crate::hook;
use crate::inbox::{self, Inbox, imap};
use crate::outbox::{self, Outbox, sendmail, smtp};

/// The folder handled mail moves to on an IMAP server.
const HANDLED_FOLDER: &str = "Mailorder";

/// Makes the mailbox the settings name.
pub fn inbox(settings: &Settings) -> Result<Option<Inbox>, ClerkError> {
    Ok(match &settings.inbox {
        None => None,
        Some(InboxSettings::Maildir { folder, handled }) => {
            let mut maildir = inbox::maildir::MaildirSettings::new(folder.clone());
            maildir.handled = match handled {
                Handled::Move => inbox::maildir::Handled::File,
                Handled::Leave => inbox::maildir::Handled::Leave,
                Handled::Remove => inbox::maildir::Handled::Consume,
            };
            maildir.reports = true;
            Some(Inbox::Maildir(inbox::maildir::MaildirInbox::new(maildir)))
        }
        Some(InboxSettings::Imap(server, folder, handled)) => {
            let login = login(server).ok_or_else(|| {
                let text = "inbox.imap needs a password: password_file, password_command or credential";
                ClerkError::Settings(text.to_owned())
            })?;
            let mut imap = imap::ImapSettings::new(address(server), login);
            imap.reports = true;
            imap.folder.clone_from(folder);
            imap.handled = match handled {
                Handled::Move => imap::Handled::Move(HANDLED_FOLDER.to_owned()),
                Handled::Leave => imap::Handled::Keyword,
                Handled::Remove => {
                    let text = "inbox.handled = \"remove\" is for Maildirs; an IMAP server keeps its mail";
                    return Err(ClerkError::Settings(text.to_owned()));
                }
            };
            Some(Inbox::Imap(Box::new(imap::Imap::new(imap)?)))
        }
    })
}

/// Makes the way out the settings name.
pub fn outbox(settings: &Settings) -> Result<Option<Outbox>, ClerkError> {
    Ok(match &settings.outbox {
        None => None,
        Some(OutboxSettings::Maildir(pattern)) => {
            let maildir = outbox::maildir::MaildirSettings {
                pattern: pattern.clone(),
                base: outbox_base(pattern).map(Into::into),
            };
            Some(Outbox::Maildir(outbox::maildir::MaildirOutbox::new(maildir)))
        }
        Some(OutboxSettings::Smtp(server)) => {
            let smtp = smtp::SmtpSettings::new(address(server), login(server));
            Some(Outbox::Smtp(Box::new(smtp::Smtp::new(smtp)?)))
        }
        Some(OutboxSettings::Sendmail(program)) => {
            Some(Outbox::Sendmail(sendmail::Sendmail::new(sendmail::SendmailSettings::new(program.clone()))))
        }
    })
}

/// How long a password command may take: no more than a command that made letters tries to send them.
const PASSWORD_WAIT: Duration = Duration::from_secs(10);
/// How much of its output is read.
const PASSWORD_MAX: usize = 64 * 1024;
/// How often it is asked whether it has ended.
const POLL: Duration = Duration::from_millis(5);

fn address(server: &ServerSettings) -> Server {
    let tls = match server.tls {
        TlsMode::Implicit => Tls::Implicit,
        TlsMode::StartTls => Tls::StartTls,
        TlsMode::None => Tls::None,
    };
    Server { host: server.host.clone(), port: server.port, tls, ca_file: server.ca_file.clone() }
}

fn login(server: &ServerSettings) -> Option<Login> {
    let (user, source) = server.login.clone()?;
    let secret = Arc::new(move || password(&source).map(Secret::Password));
    Some(Login { user, secret })
}

/// Fetches a password: the first line of a file, or of what a command prints.
fn password(source: &PasswordSource) -> Result<SecretString, String> {
    let text = match source {
        PasswordSource::File(file) => read(file)?,
        PasswordSource::Credential(file) => read(file)?,
        PasswordSource::Command(argv) => {
            let (program, arguments) = argv.split_first().ok_or("the password command is empty")?;
            let printed = printed(Command::new(program).args(arguments), PASSWORD_WAIT)
                .map_err(|fault| format!("the password command {program} {fault}"))?;
            String::from_utf8(printed).map_err(|_| format!("{program} printed no text"))?
        }
    };
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() { Err("the password is empty".to_owned()) } else { Ok(SecretString::from(line.to_owned())) }
}

/// What a program prints, read as it comes and without waiting: the process may have no other thread to wait in.
struct Printed {
    /// Where more may come from.
    pipe: Option<ChildStdout>,
    bytes: Vec<u8>,
    fault: Option<std::io::Error>,
}

impl Printed {
    fn of(pipe: ChildStdout) -> Self {
        let fault = fcntl_setfl(&pipe, OFlags::NONBLOCK).err().map(std::io::Error::from);
        Self { pipe: Some(pipe).filter(|_| fault.is_none()), bytes: Vec::new(), fault }
    }

    /// Takes what has come.
    fn read(&mut self) {
        let mut buffer = [0; 4096];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer) {
                Ok(count) => {
                    self.bytes.extend(buffer.iter().take(count));
                    if count == 0 || self.bytes.len() >= PASSWORD_MAX {
                        self.pipe = None;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(error);
                    self.pipe = None;
                }
            }
        }
    }
}

/// Returns what a program prints, which must end in time and well.
fn printed(command: &mut Command, patience: Duration) -> Result<Vec<u8>, String> {
    let begun = Instant::now();
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let Some(stdout) = child.stdout.take() else { return Err("has no output".to_owned()) };
    let mut printed = Printed::of(stdout);
    let ended = loop {
        printed.read();
        let ended = child.try_wait();
        // It may leave its output open to a child of its own.
        let goes_on = matches!(ended, Ok(None)) || (printed.pipe.is_some() && ended.is_ok());
        if !goes_on || begun.elapsed() >= patience {
            break ended;
        }
        std::thread::sleep(POLL);
    };
    match (printed, ended) {
        (Printed { pipe: None, bytes, fault: None }, Ok(Some(status))) if status.success() => Ok(bytes),
        (Printed { fault: Some(error), .. }, Ok(Some(_))) => Err(format!("cannot be read: {error}")),
        (_, Ok(Some(status))) if status.success() => Err("left its output open".to_owned()),
        (_, Ok(Some(status))) => Err(format!("ended with {}", hook::code(status))),
        (_, Err(error)) => Err(format!("was lost track of: {error}")),
        (_, Ok(None)) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(format!("did not end within {} s", patience.as_secs()))
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    crate::files::read_text(file, crate::files::SMALL)
        .map_err(|error| format!("cannot read the password in {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_command_that_hangs_or_fails_is_no_password() {
        let run = |script: &str| printed(Command::new("/bin/sh").args(["-c", script]), Duration::from_millis(400));
        assert_eq!(run("echo secret; exit 0").unwrap(), b"secret\n");
        for (script, why) in [
            ("sleep 30", "did not end"),
            ("echo secret; sleep 30", "did not end"),
            ("echo secret; sleep 5 &", "left its output open"),
            ("echo secret; exit 3", "ended with"),
            ("yes", "ended with"),
        ] {
            let begun = Instant::now();
            let fault = run(script).unwrap_err();
            assert!(fault.contains(why), "{script}: {fault}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{script}");
        }
        assert!(printed(&mut Command::new("/nowhere/at/all"), POLL).unwrap_err().contains("cannot be run"));
    }
}
