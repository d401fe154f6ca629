//! `serve`: the local page, for a browser on this machine (figures 5, 9, 16, 18 and 19).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Shell;
use super::failure::{Failure, FailureKind};
use crate::trade::Role;
use crate::web::{self, PagesError};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mailorder serve\n\nThe link that is printed opens the page once, in one browser; the page is for this machine alone. Letters that it\nwrites are sent at once; mail is fetched by `mailorder sync` or `mailorder watch` beside it, and the page shows it as it comes.\nCtrl-C ends it."
)]
pub(crate) struct ServeArgs {
    /// Port on the loopback address; any free one where none is given
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
    /// Listen on ::1 instead of 127.0.0.1
    #[arg(long)]
    pub(super) ipv6: bool,
}

pub(super) fn run(shell: &mut Shell, args: &ServeArgs) -> Result<(), Failure> {
    let clerk = shell.clerk()?;
    if !clerk.settings().practice.plays(Role::Buyer) {
        let text = "the page is for buyers, and this account is none";
        return Err(Failure::new(FailureKind::Config, text).hint("add \"buyer\" to `roles` in the configuration"));
    }
    let ip = if args.ipv6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let address = SocketAddr::new(ip, args.port);
    let (clock, commands, config) = (shell.clock.clone(), shell.commands_anywhere()?, shell.config_file()?);
    let (output, words) = (shell.output, shell.words);
    shell.runtime.block_on(async {
        let busy = |error: std::io::Error| Failure::io(format!("cannot listen on {address}: {error}"));
        let listener = tokio::net::TcpListener::bind(address).await.map_err(busy)?;
        let served = web::page(clerk, listener, clock, commands, config)?;
        if output.is_json() {
            output.json_line(&serde_json::json!({"schema": "mailorder.serve/1", "link": served.link()}))?;
        } else {
            output.line(served.link())?;
            output.message(words.sentence("open this link in a browser of this machine: it works once. Ctrl-C ends"));
        }
        let end = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        served.serve(end).await;
        Ok(())
    })
}

impl From<PagesError> for Failure {
    fn from(error: PagesError) -> Self {
        match error {
            PagesError::Clerk(error) => error.into(),
            PagesError::Unreadable { .. } | PagesError::Address(_) => Self::io(error.to_string()),
            PagesError::Template { .. } | PagesError::NotLoopback(_) => {
                Self::new(FailureKind::Config, error.to_string())
            }
        }
    }
}
