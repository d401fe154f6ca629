//! `ask`: the patent's status request, to whoever speaks for each leg (P86-P89); a shop's, to the agents it has instructed.

use std::cell::RefCell;

use super::Shell;
use super::failure::Failure;
use super::transaction;
use crate::role::asking::{self, MOST_A_DAY};
use crate::role::{Action, Draft, Refused, buyer, shop};
use crate::trade::{Key, Leg, Moment, Role, Transaction};
use crate::view::{short, text};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  mailorder ask K5QW3Z --leg payment

All three are asked; of an order that is completed nobody, unless --leg names what is asked about.
A shop asks the agents it has instructed.")]
pub(crate) struct AskArgs {
    /// Beginning of a transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN", required = true)]
    transactions: Vec<String>,
    /// Ask about this leg only: order, payment or delivery
    #[arg(long = "leg", value_parser = leg)]
    legs: Vec<Leg>,
}

fn leg(word: &str) -> Result<Leg, String> {
    Leg::parse(word).ok_or_else(|| "one of order, payment, delivery".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: AskArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let mut keys: Vec<Key> = Vec::new();
    for text in &args.transactions {
        let known = transaction::find_asking(&mut clerk, text)?;
        if known.key.role == Role::Buyer {
            transaction::is_not_rejected(&known)?;
        }
        drafts(&known, &args.legs).map_err(|refused| refusal(&known, &args.legs, &refused))?;
        let key = known.key;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let now = shell.clock.now();
    let counts = RefCell::new(Vec::new());
    // All or none: where one cannot be asked about, nobody is asked.
    clerk.commands(&keys, |known, _| {
        let id = known.key.id.to_string();
        let refused = |refused: Refused| Refused::new(format!("{}: {refused}", short(&id)));
        let drafts = drafts(known, &args.legs).map_err(refused)?;
        let mut meant = Leg::ALL.into_iter().filter(|leg| args.legs.is_empty() || args.legs.contains(leg));
        counts.borrow_mut().push(Asked {
            id: id.clone(),
            letters: drafts.len(),
            before: asking::last(known, &args.legs, &now),
            enough: meant.any(|leg| asking::is_enough(known, leg, &now)),
        });
        Ok(drafts.into_iter().map(Action::from).collect())
    })?;
    let asked = counts.into_inner();
    shell.send(&mut clerk)?;
    if shell.output.is_json() {
        let asked: Vec<_> = asked.iter().map(Asked::document).collect();
        return shell.output.document(&serde_json::json!({"schema": "mailorder.asked/1", "transactions": asked}));
    }
    asked.iter().try_for_each(|asked| asked.line(shell))
}

/// Returns the requests of the part that this account plays.
fn drafts(known: &Transaction, legs: &[Leg]) -> Result<Vec<Draft>, Refused> {
    if known.key.role == Role::Shop { shop::ask(known, legs) } else { buyer::ask(known, legs) }
}

/// Returns why nobody is asked, and what could be asked all the same.
fn refusal(known: &Transaction, legs: &[Leg], refused: &Refused) -> Failure {
    let id = short(known.key.id.as_str());
    let failure = Failure::data(format!("{id}: {refused}"));
    let other = known.key.role == Role::Buyer && legs.is_empty() && buyer::ask(known, &[Leg::Payment]).is_ok();
    if !other {
        return failure;
    }
    failure.hint(format!("about one leg all the same: {}", format_args!("mailorder ask {id} --leg payment")))
}

/// What was asked about one transaction.
struct Asked {
    id: String,
    letters: usize,
    /// When anybody was asked last before.
    before: Option<Moment>,
    /// Whether that was so often within a day that nobody answers more.
    enough: bool,
}

impl Asked {
    fn document(&self) -> serde_json::Value {
        serde_json::json!({"id": self.id, "letters": self.letters, "asked_before": self.before})
    }

    fn line(&self, shell: &Shell) -> Result<(), Failure> {
        let letters = if self.letters == 1 { "1 letter".to_owned() } else { format!("{} letters", self.letters) };
        let id = short(&self.id);
        let time = self.before.map(|before| text::minute(&before, shell.clock.zone()));
        match time {
            None => shell.line(&format!("{id}  asked in {letters}")),
            Some(time) if self.enough => shell.line(&format!(
                "{id}  asked in {letters}; last before at {time}, and {MOST_A_DAY} times within a day: more is seldom answered"
            )),
            Some(time) => shell.line(&format!("{id}  asked in {letters}; last before at {time}")),
        }
    }
}
