//! Mailbox and way out, made from the settings. Passwords and tokens are fetched when a login needs them and kept nowhere.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::ClerkError;
use crate::config::written::Handled;
use crate::config::{InboxSettings, OutboxSettings, Proof, ServerSettings, Settings, TlsMode, outbox_base};
use crate::connect::{Login, Secret, SecretFuture, Server, Tls};
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
                let text = "inbox.imap needs a login: password_file, password_command, credential or token_command";
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

/// How long a command for a password or token may take: no more than a command that made letters tries to send them.
const SECRET_WAIT: Duration = Duration::from_secs(10);
/// How much of its output is read.
const SECRET_MAX: u64 = 64 * 1024;

fn address(server: &ServerSettings) -> Server {
    let tls = match server.tls {
        TlsMode::Implicit => Tls::Implicit,
        TlsMode::StartTls => Tls::StartTls,
        TlsMode::None => Tls::None,
    };
    Server { host: server.host.clone(), port: server.port, tls, ca_file: server.ca_file.clone() }
}

fn login(server: &ServerSettings) -> Option<Login> {
    let (user, proof) = server.login.clone()?;
    let secret = move || -> SecretFuture {
        let proof = proof.clone();
        Box::pin(async move { secret(&proof).await })
    };
    Some(Login { user, secret: Arc::new(secret) })
}

/// Fetches what proves a login.
async fn secret(proof: &Proof) -> Result<Secret, String> {
    match proof {
        Proof::PasswordFile(file) | Proof::Credential(file) => password(&read(file)?),
        Proof::PasswordCommand(argv) => password(&said("password", argv).await?),
        Proof::TokenCommand(argv) => token(&said("token", argv).await?),
    }
}

/// Reads a password: the first line of a file, or of what a command printed.
fn password(text: &str) -> Result<Secret, String> {
    match text.lines().next().unwrap_or_default() {
        "" => Err("the password is empty".to_owned()),
        line => Ok(Secret::Password(SecretString::from(line.to_owned()))),
    }
}

/// Reads an access token, which is all that a command may print: programs that get one print much else where they are called in
/// another way.
fn token(text: &str) -> Result<Secret, String> {
    // RFC 6750 section 2.1: b64token.
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    match text.trim() {
        token if !token.is_empty() && token.chars().all(is_of_token) => {
            Ok(Secret::Token(SecretString::from(token.to_owned())))
        }
        _ => Err("the token command printed no access token, or more than that".to_owned()),
    }
}

/// Returns what the command for a password or token prints.
async fn said(what: &str, argv: &[String]) -> Result<String, String> {
    let (program, arguments) = argv.split_first().ok_or_else(|| format!("the {what} command is empty"))?;
    let printed = printed(Command::new(program).args(arguments), SECRET_WAIT)
        .await
        .map_err(|fault| format!("the {what} command {program} {fault}"))?;
    String::from_utf8(printed).map_err(|_| format!("{program} printed no text"))
}

/// Returns what a program prints, which must end in time and well. It is killed when nobody waits for it any more.
async fn printed(command: &mut Command, patience: Duration) -> Result<Vec<u8>, String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let Some(stdout) = child.stdout.take() else { return Err("has no output".to_owned()) };
    let mut bytes = Vec::new();
    let ends = async {
        // Whoever prints more than that is not waited for: its output is closed.
        let read = stdout.take(SECRET_MAX).read_to_end(&mut bytes).await;
        (read, child.wait().await)
    };
    match timeout(patience, ends).await {
        Ok((Ok(_), Ok(status))) if status.success() => Ok(bytes),
        Ok((Err(error), Ok(_))) => Err(format!("cannot be read: {error}")),
        Ok((_, Ok(status))) => Err(format!("ended with {}", hook::code(status))),
        Ok((_, Err(error))) => Err(format!("was lost track of: {error}")),
        // It may have left its output open to a child of its own.
        Err(_) => match child.try_wait() {
            Ok(Some(status)) if status.success() => Err("left its output open".to_owned()),
            Ok(Some(status)) => Err(format!("ended with {}", hook::code(status))),
            _ => {
                let _ = child.kill().await;
                Err(format!("did not end within {} s", patience.as_secs()))
            }
        },
    }
}

fn read(file: &Path) -> Result<String, String> {
    crate::files::read_text(file, crate::files::SMALL)
        .map_err(|error| format!("cannot read the password in {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_password_command_that_hangs_or_fails_is_no_password() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let of = |command: &mut Command| runtime.block_on(printed(command, Duration::from_millis(400)));
        let run = |script: &str| of(Command::new("/bin/sh").args(["-c", script]));
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
        assert!(of(&mut Command::new("/nowhere/at/all")).unwrap_err().contains("cannot be run"));
    }

    #[test]
    fn a_token_is_all_that_its_command_prints() {
        let read = |text: &str| match token(text) {
            Ok(Secret::Token(token)) => Ok(token.expose_secret().to_owned()),
            Ok(Secret::Password(_)) => panic!("{text}"),
            Err(fault) => Err(fault),
        };
        assert_eq!(read("ya29.a0Af-_~+/x==\n").unwrap(), "ya29.a0Af-_~+/x==");
        for text in ["", "\n", "{\"access_token\": \"x\"}", "two\nlines", "Bearer x", "x\u{1}auth=y", "トークン"] {
            assert!(read(text).unwrap_err().contains("no access token"), "{text:?}");
        }
    }

    #[test]
    fn a_password_command_that_nobody_waits_for_any_more_is_ended_and_others_go_on_meanwhile() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (begun, soon) = (Instant::now(), Duration::from_millis(300));
        let long = format!("38.{}", std::process::id());
        let mut command = Command::new("/bin/sleep");
        let (given_up, ()) = runtime.block_on(async {
            let printed = timeout(soon, printed(command.arg(&long), SECRET_WAIT));
            tokio::join!(printed, tokio::time::sleep(Duration::from_millis(10)))
        });
        assert!(given_up.is_err() && begun.elapsed() < Duration::from_secs(5));
        let runs = || {
            let processes = std::fs::read_dir("/proc").unwrap().filter_map(|process| process.ok());
            let mut commands =
                processes.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok());
            commands.any(|command| command == format!("/bin/sleep\0{long}\0"))
        };
        let ends = || {
            (0..100).any(|_| {
                !runs() || {
                    std::thread::sleep(Duration::from_millis(20));
                    false
                }
            })
        };
        assert!(ends());
    }
}
