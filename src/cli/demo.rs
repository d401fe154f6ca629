//! `demo`: whole orders played by four local parties, no network.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::Shell;
use super::failure::{Failure, FailureKind};
use crate::demo::{self, DemoError};

/// How long nobody fetches mail beside the page.
const LOOK_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mailorder demo --serve\n  mailorder demo --dir /tmp/play --transactions 50")]
pub(crate) struct DemoArgs {
    /// Folder to play in; it must not exist yet
    #[arg(long, default_value = "mailorder-demo")]
    dir: PathBuf,
    /// Play this many further transactions, finished and unfinished
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=5000))]
    transactions: u32,
    /// Show the buyer's page in a browser afterwards, until Ctrl-C; more is played that waits for the buyer, and all answer meanwhile
    #[arg(long)]
    serve: bool,
}

pub(super) fn run(shell: &mut Shell, args: DemoArgs) -> Result<(), Failure> {
    let (output, words) = (shell.output, shell.words);
    let mut told = |text: &str| output.message(format!("· {}", words.sentence(text)));
    let extent = demo::Extent { waiting: args.serve, transactions: args.transactions };
    demo::play(&args.dir, extent, &shell.environment, &mut told).map_err(failure)?;
    let config = args.dir.join("buyer/config.toml");
    shell.global.config = Some(config.clone());
    shell.output.message(format!("\n{}\n", words.say("made.list")));
    super::list::run(shell, super::list::ListArgs::default())?;
    if args.serve {
        shell.output.message(format!("\n{}\n", words.say("made.looks")));
        shell.runtime.spawn(look_after(args.dir));
        return super::serve::run(shell, &super::serve::ServeArgs { port: 0, ipv6: false });
    }
    // Nobody else fetches the mail of shop and agents.
    let dir = args.dir.display();
    let answers = format!("for who in shop pay ship shop buyer; do mailorder -c {dir}/$who/config.toml sync; done");
    shell.output.message(format!("\n{}\n  {answers}\n", words.say("made.answers")));
    let config = config.display();
    for next in [
        format!("mailorder -c {config} serve"),
        format!("mailorder -c {config} warnings"),
        format!("mailorder -c {config} list --undelivered"),
        format!("mailorder -c {config} audit verify"),
        format!("grep -rl 煎茶 {}", args.dir.join("buyer/ledger/cur").display()),
    ] {
        shell.output.message(format!("{}{next}", words.say("terminal.next")));
    }
    Ok(())
}

/// Fetches the mail of all parties again and again, as `watch` would for each, as long as this process runs: what is written on
/// the page is answered while one looks on.
async fn look_after(dir: PathBuf) {
    let Ok(program) = std::env::current_exe() else { return };
    loop {
        for party in ["shop", "pay", "ship", "buyer"] {
            let mut sync = tokio::process::Command::new(&program);
            sync.arg("-c").arg(dir.join(party).join("config.toml")).arg("sync").kill_on_drop(true);
            // What goes wrong there is seen in that account; the page goes on.
            let _ = sync.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        }
        tokio::time::sleep(LOOK_AFTER).await;
    }
}

fn failure(error: DemoError) -> Failure {
    match error {
        DemoError::Exists(_) => {
            Failure::data(error.to_string()).hint("name another folder with --dir, or remove this one")
        }
        DemoError::Io { .. } => Failure::io(error.to_string()),
        DemoError::Config(error) => error.into(),
        DemoError::Clerk(error) => error.into(),
        DemoError::Plot(_) => Failure::new(FailureKind::Bug, error.to_string()),
    }
}
