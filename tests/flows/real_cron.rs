//! The crontabs of the pages as cron runs them, line by line and with their `PATH`, at accounts with a real Postfix
//! and a real Dovecot.

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

    /// Puts configuration and program where cron's commands look for them: no flag and no variable names the account.
    fn install(account: &Account) {
        let standard = account.home().join(".config/mailorder");
        fs::create_dir_all(&standard).unwrap();
        fs::copy(account.config(), standard.join("config.toml")).unwrap();
        let programs = account.home().join(".cargo/bin");
        fs::create_dir_all(&programs).unwrap();
        symlink(env!("CARGO_BIN_EXE_mailorder"), programs.join("mailorder")).unwrap();
    }

    /// What a command of cron's ended with, and what cron would mail of it.
    struct Mailed {
        line: String,
        code: Option<i32>,
        said: String,
    }

    /// Runs every line of a page's crontab once, in the environment that cron gives; `place` puts what differs here
    /// from the page.
    fn cron(account: &Account, page: &str, place: impl Fn(&str) -> String) -> Vec<Mailed> {
        let home = account.home();
        let page::Crontab { path, commands } = page::crontab(page);
        let path = path.replace("/home/hana", home.to_str().unwrap());
        let run = |line: String| {
            let output = Command::new("/bin/sh")
                .args(["-c", &place(&line)])
                .current_dir(home)
                .env_clear()
                .env("HOME", home)
                .env("LOGNAME", "hana")
                .env("SHELL", "/bin/sh")
                .env("PATH", &path)
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
            Mailed { line, code: output.status.code(), said }
        };
        commands.into_iter().map(run).collect()
    }

    /// The same, where cron has nothing to mail.
    fn cron_is_silent(account: &Account, page: &str, place: impl Fn(&str) -> String) {
        for Mailed { line, code, said } in cron(account, page, place) {
            assert_eq!((code, said.as_str()), (Some(0), ""), "{page}: {line}");
        }
    }

    impl Desk {
        fn make(domain: &str) -> Self {
            let servers = require();
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
            [&mart, &buyer].into_iter().for_each(install);
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
            assert_eq!(page::crontab("docs/cron.md").commands.len(), 3);
            cron_is_silent(&self.mart, "docs/cron.md", |line| line.replace("/srv/woo", self.srv.to_str().unwrap()));
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
        let desk = Desk::make("cron.test");
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

    #[test]
    fn the_crontabs_of_readme_and_first_sale_bring_a_sale_about_and_mail_what_needs_a_person() {
        let desk = Desk::make("crontabs.test");
        let Desk { mart, buyer, .. } = &desk;
        let wish = ["--json", "order", "--shop", &mart.address, "--item", MUG, "--pay", "invoice"];
        let id = buyer.json(&wish)["id"].as_str().unwrap().to_owned();
        let as_it_is = |line: &str| line.to_owned();
        // The shop's cron has nothing to say; the buyer's says once that terms wait for him, and nothing before.
        let mut mailed = Vec::new();
        until("terms", || {
            cron_is_silent(mart, "README.md", as_it_is);
            mailed = cron(buyer, "docs/first-sale.md", as_it_is);
            assert_eq!((mailed[0].code, mailed[0].said.as_str()), (Some(0), ""), "{}", mailed[0].line);
            mailed[1].code != Some(0) || !mailed[1].said.is_empty()
        });
        assert_eq!(mailed[1].line, "mailorder status --exit-code");
        assert_eq!(mailed[1].code, Some(1), "{}", mailed[1].said);
        assert!(mailed[1].said.contains("terms wait for your answer: mailorder confirm"), "{}", mailed[1].said);
        buyer.run(&["confirm", &id]);
        let number = buyer.listed(&id)["number"].as_str().unwrap().to_owned();
        until("the OK", || {
            cron_is_silent(mart, "README.md", as_it_is);
            cron_is_silent(buyer, "docs/first-sale.md", as_it_is);
            mart.listed(&number)["state"] == "open"
        });
        for (part, what) in [("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")] {
            mart.run(&[part, "notify", &number, what]);
        }
        until("an end", || {
            cron_is_silent(mart, "README.md", as_it_is);
            cron_is_silent(buyer, "docs/first-sale.md", as_it_is);
            buyer.listed(&id)["state"] == "completed"
        });
        [mart, buyer].iter().for_each(|one| one.check_peace());
    }
}
