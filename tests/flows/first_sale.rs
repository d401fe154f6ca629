//! `docs/first-sale.md`, done word for word by two people at a real Postfix and a real Dovecot.
//!
//! What differs from the page is what the page says that differs: the names of the mail servers, whose ports and
//! certificates are added to what `init` wrote, and the names that the program gave out.

mod real {
    use std::collections::BTreeSet;
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};
    use std::sync::OnceLock;

    use serde_json::Value;

    use crate::flows::parties::{mails, until};
    use crate::support::accounts::{Fields, field, fields, install};
    use crate::support::servers::{Servers, require};

    const PAGE: &str = include_str!("../../docs/first-sale.md");
    /// What stands on the page for the order's ID and the shop's number.
    const ID: &str = "K5QW3Z";
    const NUMBER: &str = "7K3Q2M9P";

    /// What is to be done with a block of the page.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Block {
        /// Commands of a shell.
        Sh,
        /// A part of the configuration.
        Toml,
        /// What the commands before it print.
        Text,
    }

    /// One person.
    struct Person {
        home: PathBuf,
        address: &'static str,
    }

    impl Person {
        fn make(servers: &Servers, name: &str, address: &'static str) -> Self {
            servers.user(address);
            let home = servers.dir.join("first-sale").join(name);
            let programs = home.join("bin");
            fs::create_dir_all(&programs).unwrap();
            symlink(env!("CARGO_BIN_EXE_mailorder"), programs.join("mailorder")).unwrap();
            install(&programs.join("pass"), b"#!/bin/sh\n[ \"$1\" = show ] && echo pw\n");
            Self { home, address }
        }

        fn command(&self, program: &str) -> Command {
            let mut command = Command::new(program);
            let path = format!("{}:/usr/bin:/bin", self.home.join("bin").display());
            command
                .env_clear()
                .env("HOME", &self.home)
                .env("PATH", path)
                .env("LANG", "C.UTF-8")
                .env("SHELL", "/bin/sh");
            command.current_dir(&self.home).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        }

        /// Types commands into a shell.
        fn types(&self, commands: &str) -> Output {
            self.command("sh").args(["-eu", "-c", commands]).output().unwrap()
        }

        /// Types commands into a shell on a terminal, and answers what is asked with yes.
        fn types_at_a_terminal(&self, commands: &str) -> Output {
            let mut child = self.command("script").args(["-q", "-e", "-c", commands, "/dev/null"]).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"y\n").unwrap();
            child.wait_with_output().unwrap()
        }

        fn json(&self, words: &[&str]) -> Value {
            let output = self.command(self.home.join("bin/mailorder").to_str().unwrap()).args(words).output().unwrap();
            assert!(output.status.success(), "{words:?}: {output:?}");
            serde_json::from_slice(&output.stdout).unwrap()
        }

        fn config(&self) -> PathBuf {
            self.home.join(".config/mailorder/config.toml")
        }

        fn change_config(&self, change: impl Fn(String) -> String) {
            let text = fs::read_to_string(self.config()).unwrap();
            fs::write(self.config(), change(text)).unwrap();
        }

        /// Tells the account the ports of the test's servers.
        fn find_servers(&self, servers: &Servers) {
            self.change_config(|text| {
                [("imap", "IMAPS"), ("smtp", "SUBMISSIONS")].into_iter().fold(text, |text, (service, port)| {
                    let known = format!("{service} = {{ host = \"localhost\"");
                    assert!(text.contains(&known), "{text}");
                    let (port, ca) = (servers.port(port), servers.tls_file("ca.pem"));
                    text.replace(&known, &format!("{known}, port = {port}, tls = \"implicit\", ca_file = \"{ca}\""))
                })
            });
        }

        /// Puts a part of the page into the configuration, where the page says.
        fn writes_config(&self, part: &str) {
            let begun = "[shop]\n# articles and procedures: see config.example.toml\n";
            let shop = part.contains("[shop]\n");
            self.change_config(|text| {
                assert_eq!(text.contains(begun), shop, "{text}");
                if shop { text.replace(begun, part) } else { text + "\n" + part }
            });
        }

        /// Returns the headers of the ledger's entries; none before there is one.
        fn entries(&self) -> Vec<Fields> {
            let ledger = self.home.join(".local/share/mailorder/ledger");
            let log = fs::read_to_string(ledger.join("log")).unwrap_or_default();
            let file = |line: &str| ledger.join(format!("cur/{}:2,S", line.rsplit(' ').next().unwrap()));
            log.lines().map(|line| fields(&fs::read(file(line)).unwrap())).collect()
        }

        /// Returns how many letters were written to an address, and to others.
        fn wrote_to(&self, address: &str) -> (usize, usize) {
            let all = self.entries();
            let out = all.iter().filter(|entry| field(entry, "Mailorder-Direction") == "out");
            let (to, others): (Vec<&Fields>, Vec<&Fields>) =
                out.partition(|one| field(one, "Mailorder-Peer") == address);
            (to.len(), others.len())
        }

        /// Returns how many letters are in the mailbox. One whose delivery the server did not acknowledge in time was
        /// sent again, under the same Message-ID, and counts once.
        fn mailbox(&self) -> usize {
            let maildir = require().maildir(self.address);
            let folders = ["", ".Mailorder"].into_iter().filter(|folder| maildir.join(folder).join("cur").is_dir());
            let all = folders.flat_map(|folder| mails(&maildir, folder));
            let ids = all.map(|(_, mail)| field(&fields(mail.as_bytes()), "Message-ID"));
            ids.collect::<BTreeSet<String>>().len()
        }
    }

    /// Returns the parts of the page that are done: whether the seller does it, what it is, and its text.
    fn steps() -> Vec<(bool, Block, String)> {
        let mut steps = Vec::new();
        let mut seller = None;
        let mut open: Option<(Block, String)> = None;
        for line in PAGE.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                seller = if heading.contains(". The seller ") {
                    Some(true)
                } else if heading.contains(". The buyer ") {
                    Some(false)
                } else {
                    None
                };
            }
            match (&mut open, line) {
                (Some((_, text)), line) if line != "```" => text.extend([line, "\n"]),
                (Some(_), _) => {
                    let (block, text) = open.take().unwrap();
                    steps.extend(seller.map(|seller| (seller, block, text)));
                }
                (None, "```sh") => open = Some((Block::Sh, String::new())),
                (None, "```toml") => open = Some((Block::Toml, String::new())),
                (None, "```text") => open = Some((Block::Text, String::new())),
                // A block that is read and not done; it ends like the others.
                (None, line) if line.starts_with("```") => {
                    assert!(seller.is_none(), "a block that nobody does: {line}");
                    open = Some((Block::Text, String::new()));
                }
                (None, _) => {}
            }
        }
        assert!(open.is_none());
        steps
    }

    /// The sale, over.
    struct Sale {
        seller: Person,
        buyer: Person,
        /// What the program gave out.
        id: String,
        number: String,
    }

    /// Plays the page once.
    fn sale() -> &'static Sale {
        static SALE: OnceLock<Sale> = OnceLock::new();
        SALE.get_or_init(|| {
            let servers = require();
            let seller = Person::make(servers, "seller", "shop@example.com");
            let buyer = Person::make(servers, "buyer", "alice@example.org");
            let mut sale = Sale { seller, buyer, id: ID.to_owned(), number: NUMBER.to_owned() };
            let mut printed = String::new();
            for (by_seller, block, text) in steps() {
                match block {
                    Block::Sh => printed = sale.does(by_seller, &text),
                    Block::Toml => (if by_seller { &sale.seller } else { &sale.buyer }).writes_config(&text),
                    Block::Text => assert_eq!(plain(&printed), plain(&text), "what is printed, and what the page says"),
                }
            }
            sale
        })
    }

    impl Sale {
        /// Has one of both do a block of commands; returns what was printed, as on the page.
        fn does(&mut self, by_seller: bool, page: &str) -> String {
            let (person, other) = if by_seller { (&self.seller, &self.buyer) } else { (&self.buyer, &self.seller) };
            let commands = page.replace(ID, &self.id).replace(NUMBER, &self.number);
            let commands = ["imap", "smtp"].into_iter().fold(commands, |text, service| {
                text.replace(&format!("{service}.example.com"), "localhost")
                    .replace(&format!("{service}.example.org"), "localhost")
            });
            if page.contains("mailorder sync") {
                until("all letters in the mailbox", || other.wrote_to(person.address).0 == person.mailbox());
            }
            // Only what asks needs a terminal; tables would fit themselves to it.
            let asks = page.contains("key accept");
            let output = if asks { person.types_at_a_terminal(&commands) } else { person.types(&commands) };
            let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
            assert!(output.status.success(), "{page}{out}{err}");
            let proposed = |line: &str| line.starts_with("hint: ") || line.starts_with("next: ");
            assert!(err.lines().all(proposed), "{page}{err}");
            let certificate = person.home.join("shop.asc");
            if certificate.is_file() && !other.home.join("shop.asc").exists() {
                fs::copy(&certificate, other.home.join("shop.asc")).unwrap();
            }
            if page.contains("mailorder init") {
                person.find_servers(require());
            }
            let row = |person: &Person| person.json(&["list", "--json"])["transactions"][0].clone();
            let name = |row: &Value, of: &str| row[of].as_str().map(str::to_owned);
            if page.contains("mailorder order") {
                self.id = name(&row(&self.buyer), "id").unwrap()[..ID.len()].to_owned();
            } else if self.number == NUMBER && self.id != ID && by_seller {
                self.number = name(&row(&self.seller), "number").unwrap();
            }
            out.replace(&self.id, ID).replace(&self.number, NUMBER)
        }
    }

    /// Returns a text with zeros for the digits of days, so that the page need not be of today.
    fn plain(text: &str) -> String {
        let is_day = |word: &str| {
            matches!(word.len(), 5 | 10) && word.contains('-') && word.chars().all(|c| c.is_ascii_digit() || c == '-')
        };
        let zeros = |word: &str| word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
        let words = text.split_inclusive(char::is_whitespace);
        words.map(|word| if is_day(word.trim_end()) { zeros(word) } else { word.to_owned() }).collect()
    }

    #[test]
    fn what_the_page_says_of_failures_is_what_the_program_says() {
        let servers = require();
        let clumsy = Person::make(servers, "clumsy", "clumsy@example.org");
        let init = "printf 'wrong\\n' > password; chmod 600 password; mailorder init --address clumsy@example.org \
                    --name Clumsy --imap localhost --smtp localhost --password-file password";
        assert!(clumsy.types(init).status.success());
        clumsy.find_servers(servers);
        let order = "mailorder order --shop shop@example.com --item 'SH-41;Shirt;JPY 4300;1'";
        let said = |commands: &str| {
            let output = clumsy.types(commands);
            assert!(!output.status.success(), "{commands}");
            String::from_utf8(output.stderr).unwrap()
        };
        let failures = [said("mailorder sync"), said(init), said(order), said("mailorder key accept shop@example.com")];
        let (_, below) = PAGE.split_once("\n## If something does not work\n").unwrap();
        let rows: Vec<&str> = below.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows.len(), failures.len(), "{rows:?}");
        for (row, failure) in rows.iter().zip(&failures) {
            let words = row.split('`').nth(1).unwrap();
            assert!(failure.contains(words), "{words}: {failure}");
        }
    }

    #[test]
    fn the_first_sale_is_done_as_the_page_says_and_both_have_it_p6() {
        let Sale { seller, buyer, .. } = sale();
        for (person, legs) in [(buyer, ["order", "delivery", "payment"]), (seller, ["order", "delivery", "payment"])] {
            let list = person.json(&["list", "--json"]);
            let row = &list["transactions"][0];
            assert_eq!((&row["state"], &row["total"]["amount"]), (&"completed".into(), &"4800".into()), "{list}");
            assert!(legs.iter().all(|leg| row[leg]["done"] == true), "{list}");
            assert_eq!(list["transactions"].as_array().unwrap().len(), 1);
            assert_eq!(person.json(&["warnings", "--json"])["warnings"], serde_json::json!([]));
            assert_eq!(person.json(&["audit", "verify", "--json"])["result"], "clean");
            assert_eq!(
                person.json(&["status", "--json"])["outbox"],
                serde_json::json!({"waiting": 0, "failed": 0, "unacknowledged": 0, "unsent_since": null})
            );
        }
        // What the seller tells herself never was a mail.
        let (to_buyer, to_herself) = seller.wrote_to(buyer.address);
        assert!(to_herself >= 4, "{to_herself} instructions and statuses");
        assert_eq!((buyer.mailbox(), seller.mailbox()), (to_buyer, buyer.wrote_to(seller.address).0));
    }

    #[test]
    fn the_page_is_done_by_both_and_nothing_on_it_is_left_out() {
        let steps = steps();
        let commands: Vec<&String> =
            steps.iter().filter(|(_, block, _)| *block == Block::Sh).map(|(.., text)| text).collect();
        assert!(commands.len() >= 12, "{commands:?}");
        let lines = |text: &str| text.lines().filter(|line| line.contains("mailorder ")).count();
        let done: usize = commands.iter().map(|text| lines(text)).sum();
        let block = |kind: &str| {
            PAGE.split(&format!("```{kind}\n"))
                .skip(1)
                .map(|rest| lines(rest.split("```").next().unwrap()))
                .sum::<usize>()
        };
        assert_eq!(done, block("sh"), "every command of the page is typed");
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/first-sale.md").is_file());
    }
}
