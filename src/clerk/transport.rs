//! Mailbox and way out, made from the settings. Passwords are fetched when a login needs them and kept nowhere.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use secrecy::SecretString;

use super::ClerkError;
use crate::config::written::Handled;
use crate::config::{InboxSettings, OutboxSettings, PasswordSource, ServerSettings, Settings, TlsMode};
use crate::connect::{Login, Secret, Server, Tls};
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
            Some(Inbox::Maildir(inbox::maildir::MaildirInbox::new(maildir)))
        }
        Some(InboxSettings::Imap(server, folder, handled)) => {
            let login = login(server).ok_or_else(|| {
                let text = "inbox.imap needs a password: password_file, password_command or credential";
                ClerkError::Settings(text.to_owned())
            })?;
            let mut imap = imap::ImapSettings::new(address(server), login);
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
            let maildir = outbox::maildir::MaildirSettings { pattern: pattern.clone() };
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
            let output = Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .map_err(|error| format!("cannot run the password command {program}: {error}"))?;
            if !output.status.success() {
                return Err(format!("the password command {program} ended with {}", output.status));
            }
            String::from_utf8(output.stdout).map_err(|_| format!("{program} printed no text"))?
        }
    };
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() { Err("the password is empty".to_owned()) } else { Ok(SecretString::from(line.to_owned())) }
}

fn read(file: &Path) -> Result<String, String> {
    crate::files::read_text(file, crate::files::SMALL)
        .map_err(|error| format!("cannot read the password in {}: {error}", file.display()))
}
