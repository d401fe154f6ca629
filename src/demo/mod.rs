//! The demonstration: four parties on Maildirs, weeks of trade in seconds, by the same code that serves real mail.
//!
//! Each party has its own key, configuration, mailbox and ledger. They meet as strangers do: the buyer accepts the
//! shop's certificate from a file, the shop takes the buyer's key at first contact, buyer and agents learn of each
//! other from the shop's signed letters. The clock is a played one and ends now.

mod many;
mod party;
mod scenes;
mod waiting;
mod warehouse;

use std::path::{Path, PathBuf};

use crate::clerk::ClerkError;
use crate::clock::Clock;
use crate::config::Environment;
use crate::trade::Moment;

use party::Party;

/// How long ago the play begins, in days.
const BEGINS: i64 = 45;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What keeps the play from being played.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder is not empty.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {file}: {cause}", file = file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A configuration that was just written cannot be read.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// A party cannot do its work.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
    /// The play did not come to the end it should have.
    #[error("the play went wrong: {0}")]
    Plot(String),
}

/// The four parties and the clock they share.
pub struct Stage {
    buyer: Party,
    shop: Party,
    pay: Party,
    ship: Party,
    clock: Clock,
    /// Whether hooks are run and asked: what many play has none, and would be gone through for each of them.
    hooks: bool,
    begin: Moment,
    runtime: tokio::runtime::Runtime,
}

/// How much is played.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent {
    /// Whether something waits for the buyer at the end, as his page shows it.
    pub waiting: bool,
    /// How many further transactions are played, finished and unfinished.
    pub transactions: u32,
}

/// Plays the demonstration in `folder`, which must not exist or be empty; `told` is called with each thing that was
/// played.
pub fn play(
    folder: &Path,
    extent: Extent,
    environment: &Environment,
    told: &mut dyn FnMut(&str),
) -> Result<(), DemoError> {
    let folder = std::path::absolute(folder).map_err(|cause| DemoError::Io { file: folder.to_owned(), cause })?;
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(DemoError::Exists(folder));
    }
    let now = Clock::system().now().whole_second();
    let mut stage = Stage::set(&folder, now.plus_seconds(-BEGINS * DAY), environment)?;
    told("four parties have a key, a mailbox and a ledger each; buyer and shop have met");
    let doubted = scenes::play(&mut stage, told)?;
    if extent.waiting {
        waiting::play(&mut stage, &doubted, told)?;
    }
    if extent.transactions > 0 {
        stage.hooks = false;
        many::play(&mut stage, extent.transactions, told)?;
        stage.hooks = true;
    }
    stage.until(now)?;
    stage.settle()?;
    scenes::schedules(&mut stage, told)
}

impl Stage {
    fn set(folder: &Path, begin: Moment, environment: &Environment) -> Result<Self, DemoError> {
        let clock = Clock::played(begin);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| DemoError::Io { file: folder.to_owned(), cause })?;
        let make = |name: &str, text: String| Party::make(folder, name, &text, &clock, environment);
        let mut pay = make("pay", party::pay_config())?;
        let mut ship = make("ship", party::ship_config())?;
        let mut buyer = make("buyer", party::buyer_config())?;
        let mut shop = make("shop", party::shop_config(&pay, &ship))?;
        warehouse::build(&folder.join("shop"))?;
        // The shop and its agents have an agreement; the buyer has compared the shop's fingerprint.
        shop.accept(&pay)?;
        shop.accept(&ship)?;
        pay.accept(&shop)?;
        ship.accept(&shop)?;
        buyer.accept(&shop)?;
        Ok(Self { buyer, shop, pay, ship, clock, hooks: true, begin, runtime })
    }

    /// Sets the clock to a moment so many days and hours after the beginning.
    fn at(&self, day: i64, hour: i64) {
        let seconds = day.saturating_mul(DAY).saturating_add(hour.saturating_mul(3600));
        self.clock.set(self.begin.plus_seconds(seconds));
    }

    fn until(&self, moment: Moment) -> Result<(), DemoError> {
        self.clock.set(moment);
        Ok(())
    }

    /// Lets the post run until nobody has anything to send.
    fn settle(&mut self) -> Result<(), DemoError> {
        loop {
            let mut moved = 0_usize;
            for party in [&mut self.buyer, &mut self.shop, &mut self.pay, &mut self.ship] {
                moved = moved.saturating_add(self.runtime.block_on(party.turn(self.hooks))?);
            }
            if moved == 0 {
                return Ok(());
            }
        }
    }
}
