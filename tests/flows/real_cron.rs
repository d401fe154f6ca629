//! The crontab of `docs/cron.md` as cron runs it, line by line, at an account with a real Postfix and a real Dovecot.

mod real {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use crate::exports::page;
    use crate::flows::account::Account;
    use crate::flows::parties::{BUYER, until};
    use crate::support::accounts::{Fields, field};
    use crate::support::servers::require;

    const MUG: &str = "MUG;Mug;JPY 900;1";

    /// What a merchant sells who collects and carries herself.
    const SELLS: &str = "[shop]\n[[shop.article]]\nsku = \"MUG\"\nname = \"Mug\"\nprice = \"JPY 900\"\n\
                         [[shop.procedure]]\nsteps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n\
                         [trust]\npolicy = \"first-use\"\n";

    /// A merchant whose mail is looked after by her crontab alone, and a buyer.
    struct Desk {
        mart: Account,
        buyer: Account,
        /// The folder the shop's system exports to.
        srv: PathBuf,
    }

    impl Desk {
        fn make() -> Self {
            let (servers, domain) = (require(), "cron.test");
            let folder = servers.dir.join(domain);
            let (address, roles) = (format!("mart@{domain}"), ["shop", "payment", "delivery"]);
            let mart = Account::make(servers, &folder, &address, &roles, "Mart", "");
            let agreement = format!("shops = [\"{address}\"]\n");
            mart.configure(|text| {
                let begun = "[shop]\n# articles and procedures: see config.example.toml\n";
                assert!(text.contains(begun), "{text}");
                text.replace(begun, &format!("{SELLS}[payment]\n{agreement}[delivery]\n{agreement}"))
            });
            let buyer = Account::make(servers, &folder, &format!("buyer@{domain}"), &["buyer"], "小野 賢治", BUYER);
            buyer.accept(&mart);
            // Where cron's commands look for it: no flag and no variable names the account.
            let standard = mart.home().join(".config/mailorder");
            fs::create_dir_all(&standard).unwrap();
            fs::copy(mart.config(), standard.join("config.toml")).unwrap();
            fs::create_dir_all(mart.home().join("bin")).unwrap();
            symlink(env!("CARGO_BIN_EXE_mailorder"), mart.home().join("bin/mailorder")).unwrap();
            let srv = mart.home().join("srv/woo");
            fs::create_dir_all(&srv).unwrap();
            Self { mart, buyer, srv }
        }

        /// Replaces the export, as whoever exports should: nobody reads half of it.
        fn exports(&self, text: &str) {
            fs::write(self.srv.join("orders.new"), text).unwrap();
            fs::rename(self.srv.join("orders.new"), self.srv.join("orders.csv")).unwrap();
        }

        /// Runs every line of the page's crontab once, in the environment that cron gives; cron has nothing to mail.
        fn tick(&self) {
            let lines = page::crontab();
            assert_eq!(lines.len(), 3);
            for line in lines {
                let home = self.mart.home();
                let command = line.replace("/srv/woo", self.srv.to_str().unwrap());
                let output = Command::new("/bin/sh")
                    .args(["-c", &command])
                    .current_dir(home)
                    .env_clear()
                    .env("HOME", home)
                    .env("LOGNAME", "mart")
                    .env("SHELL", "/bin/sh")
                    .env("PATH", format!("{}:/usr/bin:/bin", home.join("bin").display()))
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
                assert_eq!((output.status.code(), &*out, &*err), (Some(0), "", ""), "{line}");
            }
        }

        /// Lets cron and the buyer go on until `reached`.
        fn tick_until(&self, what: &str, reached: impl Fn(&Self) -> bool) {
            until(what, || {
                self.tick();
                self.buyer.sync();
                reached(self)
            });
        }

        /// Returns how many statuses of the order the merchant has told.
        fn told(&self) -> usize {
            let is = |entry: &&Fields| {
                field(entry, "Mailorder-Kind") == "order-status" && field(entry, "Mailorder-Direction") == "out"
            };
            self.mart.headers().iter().filter(is).count()
        }
    }

    #[test]
    fn the_crontab_of_the_page_does_a_shops_work_and_prints_nothing_p46() {
        let desk = Desk::make();
        let Desk { mart, buyer, .. } = &desk;
        let page = page::file("/srv/woo/orders.csv");
        let header = page.lines().next().unwrap();
        desk.exports(&format!("{header}\n"));
        let order = |_| {
            let wish = ["--json", "order", "--shop", &mart.address, "--item", MUG, "--pay", "invoice"];
            buyer.json(&wish)["id"].as_str().unwrap().to_owned()
        };
        let ids = [0, 1].map(order);
        desk.tick_until("terms", |desk| ids.iter().all(|id| desk.buyer.listed(id)["state"] == "offered"));
        ids.iter().for_each(|id| drop(buyer.run(&["confirm", id])));
        let numbers = [0, 1].map(|n| buyer.listed(&ids[n])["number"].as_str().unwrap().to_owned());
        desk.tick_until("the OK", |desk| numbers.iter().all(|number| desk.mart.listed(number)["state"] == "open"));
        // The shop's system says that the first has left: the buyer is told of that one.
        let export = page.replace("7K3Q2M9P", &numbers[0]).replace("9XTAB3CD", &numbers[1]);
        assert!(numbers.iter().all(|number| export.contains(number)), "{export}");
        desk.exports(&export);
        desk.tick_until("the first left", |desk| desk.buyer.listed(&ids[0])["order"]["done"] == true);
        assert_eq!(buyer.listed(&ids[1])["order"]["done"], false);
        let told = desk.told();
        (0..3).for_each(|_| desk.tick());
        assert_eq!(desk.told(), told, "the same export tells nothing again");
        desk.exports(&export.replace("processing", "completed"));
        desk.tick_until("the second left", |desk| desk.buyer.listed(&ids[1])["order"]["done"] == true);
        assert_eq!(desk.told(), told + 1);
        for number in &numbers {
            mart.run(&["ship", "notify", number, "--delivered"]);
            mart.run(&["pay", "notify", number, "--paid"]);
        }
        desk.tick_until("an end", |desk| ids.iter().all(|id| desk.buyer.listed(id)["state"] == "completed"));
        for id in &ids {
            buyer.check_stands(id, "completed", [true; 3]);
            mart.check_stands(id, "completed", [true; 3]);
        }
        desk.tick();
        [mart, buyer].iter().for_each(|one| one.check_peace());
    }
}
