//! How things stand where an example has something to do: towns with orders, files and keys, each made once and copied.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use mailorder::clock::Clock;

use crate::support::accounts::install;
use crate::support::program::Town;

/// How things stand before an example is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// There is no account yet.
    New,
    /// The demonstration was played.
    Played,
    /// Terms wait for the buyer's answer.
    Offered,
    /// The buyer said OK to three lines, paid by card.
    Open,
    /// The same, and a letter cannot be sent.
    Queued,
    /// An order waits for the shop's answer.
    Review,
    /// The shop's own program did not do what it was asked to.
    Refused,
    /// An order was delivered and paid.
    Paid,
    /// An order was paid, and the carrier has lost it.
    Lost,
    /// A payment waits for its agent's decision.
    Undecided,
    /// Goods wait to be fetched.
    Uncollected,
    /// Goods are files: one is delivered, one is not.
    Download,
}

/// Every stand, in the order in which they are kept.
const ALL: [Stand; 12] = [
    Stand::New,
    Stand::Played,
    Stand::Offered,
    Stand::Open,
    Stand::Queued,
    Stand::Review,
    Stand::Refused,
    Stand::Paid,
    Stand::Lost,
    Stand::Undecided,
    Stand::Uncollected,
    Stand::Download,
];

/// A town, and what stands in it for the words of examples.
pub struct Ready {
    pub town: Town,
    words: Vec<(&'static str, String)>,
    /// What is on standard input.
    pub input: String,
}

impl Stand {
    /// Returns a copy of the town that stands so.
    pub fn ready(self) -> Ready {
        static MADE: [OnceLock<Ready>; ALL.len()] = [const { OnceLock::new() }; ALL.len()];
        if self == Self::New {
            return Ready { town: Town::empty(), words: Vec::new(), input: String::new() }.with_files();
        }
        let place = ALL.iter().position(|one| *one == self).unwrap();
        let made = MADE[place].get_or_init(|| self.make());
        Ready { town: made.town.copied(), words: made.words.clone(), input: made.input.clone() }.with_files()
    }

    fn make(self) -> Ready {
        match self {
            Self::New | Self::Played => played(),
            Self::Offered => of(offered()),
            Self::Open => open(),
            Self::Queued => queued(),
            Self::Review => review(),
            Self::Refused => refused(),
            Self::Paid => paid(),
            Self::Lost => lost(),
            Self::Undecided => undecided(),
            Self::Uncollected => uncollected(),
            Self::Download => download(),
        }
    }
}

impl Ready {
    /// Returns an example with what is real in this town.
    pub fn real(&self, line: &str) -> String {
        let now = Clock::system().now();
        let (today, hour) = (now.day().to_string(), now.to_string());
        let common = [
            ("shop@example.com", "shop@demo.test"),
            ("/etc/bash_completion.d/", ""),
            ("/tmp/play", "many"),
            ("/usr/sbin/sendmail", "/bin/true"),
            ("2026-11-28", &today),
            ("2026-11-08T17:30:00+09:00", &hour),
        ];
        let own = self.words.iter().map(|(word, real)| (*word, real.as_str()));
        own.chain(common).fold(line.to_owned(), |line, (word, real)| line.replace(word, real))
    }

    /// Returns the words of examples that nothing real was found for.
    pub fn left(&self, line: &str) -> Vec<&'static str> {
        ["K5QW3Z", "7K3Q2M9P", "S-462ce6cd"].into_iter().filter(|word| line.contains(word)).collect()
    }

    /// Returns what stands for a word.
    fn word(&self, word: &str) -> &str {
        let found = self.words.iter().find(|(known, _)| *known == word);
        found.map_or("", |(_, real)| real)
    }

    /// Puts the files there that examples name.
    fn with_files(self) -> Self {
        let home = self.town.home();
        for folder in
            ["Downloads", "Maildir/cur", "Maildir/new", "Maildir/tmp", ".local/share/bash-completion/completions"]
        {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        let write = |name: &str, text: &str| fs::write(home.join(name), text).unwrap();
        let item = "[[item]]\nsku = \"SH-41\"\nname = \"シャツ 白 41\"\nprice = \"JPY 4300\"\nquantity = \"1\"\n";
        write("order.toml", item);
        write("changes.toml", "[[item]]\nsku = \"TEA-200\"\nquantity = \"2\"\n");
        write("book.epub", "a book");
        write("mail-password", "secret\n");
        write("film.mkv", "a film");
        write("letter.eml", &self.input);
        write("archive.mbox", &format!("From agent Sun Nov 29 00:00:00 2026\n{}\n", self.input));
        write("Maildir/new/1700000001.M1.here", &self.input);
        self.rows(home);
        let (certificate, ledger) = (self.town.path("shop/cert.asc"), self.town.path("buyer/ledger"));
        if certificate.is_file() {
            fs::copy(certificate, home.join("shop.asc")).unwrap();
            fs::create_dir_all(home.join("evidence")).unwrap();
            let copied = Command::new("cp").arg("-a").arg(ledger).arg(home.join("evidence")).status().unwrap();
            assert!(copied.success());
        }
        self
    }

    /// Puts the exports there that examples name.
    fn rows(&self, home: &Path) {
        let number = self.word("7K3Q2M9P");
        let now = Clock::system().now().instant().to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap());
        let here = now.strftime("%Y-%m-%d %H:%M").to_string();
        let write = |name: &str, text: &str| fs::write(home.join(name), text).unwrap();
        write("events.jsonl", &format!("{{\"event_id\": \"W-1\", \"txn\": \"{number}\", \"shipped\": true}}\n"));
        write("payments.csv", &format!("txn,paid,amount\n{number},{here},JPY 4800\n"));
        let head = "order_id,order_number,order_date,paid_date,status,order_total,order_currency,transaction_id,meta:mailorder";
        write("orders.csv", &format!("{head}\n1,81,{here},{here},completed,4800,JPY,A-1,{number}\n"));
        let map = "zone = \"Asia/Tokyo\"\n[columns]\ntxn = \"Our number\"\nstatus = \"State\"\ndate = \"When\"\n[status]\n\"配達完了\" = \"delivered\"\n";
        for name in ["scans", "parcels"] {
            write(&format!("{name}.toml"), map);
            write(&format!("{name}.csv"), &format!("Our number,State,When\n{number},配達完了,{here}\n"));
        }
    }
}

/// Makes a stand of a town and an order that buyer and shop know.
fn of((town, id): (Town, String)) -> Ready {
    let number = town.show("buyer", &id)["number"].as_str().map(str::to_owned);
    let words = vec![("K5QW3Z", id), ("7K3Q2M9P", number.unwrap_or_default())];
    Ready { town, words, input: String::new() }
}

fn played() -> Ready {
    let town = Town::played();
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let ids: Vec<&str> =
        warnings["warnings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let of = |sign: &str| ids.iter().find(|id| id.starts_with(sign)).unwrap().to_string();
    let over = town.in_state("completed")["id"].as_str().unwrap().to_owned();
    let entries: Vec<String> = town.show("buyer", &over)["letters"].as_array().unwrap()[..2]
        .iter()
        .map(|letter| letter["entry"].to_string())
        .collect();
    let words = vec![
        ("W-12", of("W-")),
        ("S-462ce6cd", of("S-")),
        ("K5QW3Z", over),
        (" 42 43 ", format!(" {} ", entries.join(" "))),
    ];
    Ready { town, words, input: String::new() }
}

/// A buyer who knows the payment agent's key, his card in a file, and the shop's catalog.
fn acquainted() -> Town {
    let town = Town::acquainted();
    town.accept("buyer", "pay");
    fs::write(town.path("card"), "number = 4556737586899855\nexpiry = 08 / 31\nname = ONO KENJI\n").unwrap();
    let rows = "sku,name,price,currency,stock,delivery,conditions\nCUP,Cup,900,JPY,40,parcel,\n";
    fs::write(town.path("shop/catalog.csv"), rows).unwrap();
    town.configure("shop", |text| text.replacen("conditions = ", "catalog = \"catalog.csv\"\nconditions = ", 1));
    town.does("buyer", &["catalog", "shop@demo.test"]);
    town.settle();
    town
}

/// Orders by card; returns the order's ID.
fn ordered(town: &Town, quantity: u32, more: &[&str]) -> String {
    let card = town.path("card");
    let card = ["--pay", "card", "--payment-agent", "pay@demo.test", "--payment-data", card.to_str().unwrap()];
    town.orders("buyer", "SH-41", quantity, &[&card[..], more].concat())
}

fn offered() -> (Town, String) {
    let town = acquainted();
    let more = ["--item", "TEA-200;煎茶 200g;JPY 1800;2", "--item", "KETTLE;Iron kettle;JPY 36000;1"];
    let id = ordered(&town, 2, &more);
    town.settle();
    (town, id)
}

fn open() -> Ready {
    let (town, id) = offered();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    town.does("buyer", &["schedule", "add", "mornings", "--query", "undelivered", "--when", "daily 09:00"]);
    let mut ready = of((town, id));
    let town = &ready.town;
    // A letter lies in the buyer's mailbox.
    town.does("ship", &["ship", "notify", ready.word("7K3Q2M9P"), "--planned", "2099-01-20"]);
    ready.input = fs::read_to_string(town.post("buyer").first().unwrap()).unwrap();
    ready
}

fn queued() -> Ready {
    let mut ready = open();
    let town = &ready.town;
    town.configure("buyer", |text| text.replace("mail/{to}", "later/{to}"));
    town.run("buyer", &["ask", ready.word("K5QW3Z"), "--leg", "order"]);
    let waiting = town.does("buyer", &["outbox", "list", "--json"]).json();
    let name = waiting["letters"][0]["name"].as_str().unwrap().to_owned();
    fs::create_dir_all(town.path("later")).unwrap();
    ready.words.push((" 42", format!(" {name}")));
    ready
}

fn review() -> Ready {
    let town = Town::fresh();
    town.configure("shop", |text| text.replace("return_days = 14", "return_days = 14\nreview = [\"orders\"]"));
    let id = town.orders("buyer", "SH-41", 1, &[]);
    town.settle();
    of((town, id))
}

fn lost() -> Ready {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("pay", "--paid"), ("shop", "--shipped")]);
    town.does("ship", &["ship", "notify", &number, "--lost", "fell into the river"]);
    town.settle();
    of((town, id))
}

fn refused() -> Ready {
    let town = Town::fresh();
    crate::flows::hooks::scripted(&town, "[ -e tried ] || { touch tried; exit 1; }", "attempts = 1\n");
    let (id, _) = town.bought("SH-41", 1, &[]);
    of((town, id))
}

fn paid() -> Ready {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &[]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    of((town, id))
}

fn undecided() -> Ready {
    let town = acquainted();
    install(
        &town.path("pay/hook.sh"),
        b"[ -e tried ] || { touch tried; exit 3; }\necho '{\"actionStatus\": \"CompletedActionStatus\"}'\n",
    );
    town.configure("pay", |text| {
        let text = text.replace("debit_days = 12\n", "debit_days = 12\nauthorize = \"bank\"\n");
        format!("{text}\n[hook.bank]\ncommand = [\"/bin/sh\", \"hook.sh\"]\nattempts = 1\n")
    });
    let id = ordered(&town, 1, &[]);
    town.sync(&["shop", "pay"]);
    let number = town.number("shop", &id);
    Ready { town, words: vec![("K5QW3Z", id), ("7K3Q2M9P", number)], input: String::new() }
}

fn uncollected() -> Ready {
    let town = Town::fresh();
    let courier = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/courier/courier");
    town.configure("ship", |text| {
        let text = text.replace("transit_days = 3\n", "transit_days = 3\ncollect = \"courier\"\n");
        format!("{text}\n[hook.courier]\ncommand = [\"{courier}\", \"desk\"]\nask_minutes = 5\n")
    });
    let (id, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    of((town, id))
}

fn download() -> Ready {
    let town = Town::fresh();
    let agents = town.agents("pay", "ship");
    let steps = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]";
    town.procedures(&[&format!("delivery = \"download\"\n{steps}\n{agents}")]);
    let way = ["--pay", "invoice", "--deliver", "download"];
    let (delivered, first) = town.bought("SH-41", 1, &way);
    fs::write(town.path("song"), "a song").unwrap();
    town.does("ship", &["ship", "notify", &first, "--file", town.path("song").to_str().unwrap()]);
    town.settle();
    let (_, number) = town.bought("SH-41", 1, &way);
    Ready { town, words: vec![("K5QW3Z", delivered), ("7K3Q2M9P", number)], input: String::new() }
}
