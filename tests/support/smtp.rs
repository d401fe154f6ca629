//! A scripted SMTP server in this process: what it says to each command, and how it breaks off.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// Answers that differ from the usual: where the command begins with the text (`.` is the final dot, empty the greeting)
/// the server says this. `{close}` ends the connection, `{stall}` says nothing more.
pub type Lies = Vec<(&'static str, &'static str)>;

/// What the server saw.
#[derive(Default)]
pub struct Seen {
    pub mails: Vec<String>,
    pub connections: usize,
    pub commands: Vec<String>,
}

/// Starts a server on a free port and returns the port with what it will see.
pub async fn start(lies: Lies) -> (u16, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared.lock().unwrap().connections += 1;
            tokio::spawn(serve(BufReader::new(stream), lies.clone(), Arc::clone(&shared)));
        }
    });
    (port, seen)
}

async fn serve(mut stream: BufReader<tokio::net::TcpStream>, lies: Lies, seen: Arc<Mutex<Seen>>) -> Option<()> {
    let said = |command: &str, usual: &'static str| {
        let lie = lies.iter().find(|(when, _)| command.starts_with(when) && (when.is_empty() == command.is_empty()));
        lie.map_or(usual, |(_, text)| *text)
    };
    let mut command = String::new();
    let mut answer = said("", "220 ready\r\n");
    loop {
        if let Some(text) = answer.strip_suffix("{close}") {
            return stream.get_mut().write_all(text.as_bytes()).await.ok();
        }
        if let Some(text) = answer.strip_suffix("{stall}") {
            stream.get_mut().write_all(text.as_bytes()).await.ok()?;
            std::future::pending::<()>().await;
        }
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
        if command.starts_with("DATA") && answer.starts_with("354") {
            let mut mail = String::new();
            while !mail.ends_with("\r\n.\r\n") {
                if stream.read_line(&mut mail).await.ok()? == 0 {
                    return None;
                }
            }
            seen.lock().unwrap().mails.push(mail.trim_end_matches(".\r\n").to_owned());
            command = ".".to_owned();
        } else {
            command.clear();
            if stream.read_line(&mut command).await.ok()? == 0 {
                return None;
            }
        }
        seen.lock().unwrap().commands.push(command.trim_end().to_owned());
        answer = match command.get(..4).unwrap_or(".") {
            "EHLO" => said(&command, "250-fake\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"),
            "DATA" => said(&command, "354 go on\r\n"),
            "QUIT" => said(&command, "221 bye\r\n{close}"),
            _ => said(&command, "250 2.0.0 fine\r\n"),
        };
    }
}
