//! Mailboxes that want OAuth 2: a command of the owner's prints an access token, for fetching and for sending.

mod real {
    use std::fs;
    use std::path::Path;

    use crate::flows::account::Account;
    use crate::support::accounts::scratch;
    use crate::support::servers::require;

    /// Returns all files below a folder that hold a text.
    fn holding(folder: &Path, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                found.extend(holding(&path, text));
            } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes())) {
                found.push(path.display().to_string());
            }
        }
        found
    }

    /// A buyer whose mailbox wants a token, and a shop; they have met.
    struct Two {
        folder: tempfile::TempDir,
        buyer: Account,
        shop: Account,
    }

    impl Two {
        fn make(domain: &str) -> Self {
            let folder = scratch();
            let make = |name: &str, role: &str| {
                Account::make(require(), folder.path(), &format!("{name}@{domain}"), &[role], "One", "")
            };
            let (buyer, shop) = (make("one", "buyer"), make("other", "shop"));
            buyer.accept(&shop);
            shop.accept(&buyer);
            let password = format!("password_file = \"{}\"", buyer.home().join("password").display());
            let command = format!("token_command = [\"/bin/cat\", \"{}\"]", buyer.home().join("token").display());
            fs::write(buyer.home().join("token"), "").unwrap();
            buyer.configure(|text| {
                assert_eq!(text.matches(&password).count(), 2, "{text}");
                text.replace(&password, &command)
            });
            Self { folder, buyer, shop }
        }

        /// Has the command print this from now on.
        fn prints(&self, text: &str) {
            fs::write(self.buyer.home().join("token"), format!("{text}\n")).unwrap();
        }

        /// Runs a command of the buyer's; returns its exit code, what it printed, and what it complained of.
        fn runs(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailorder"));
            command.arg("-c").arg(self.buyer.config()).args(arguments);
            let output =
                command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.buyer.home()).output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (output.status.code(), text(output.stdout), text(output.stderr))
        }
    }

    #[test]
    fn a_token_opens_mailbox_and_mail_server_and_is_kept_nowhere() {
        let two = Two::make("tokens.test");
        let (token, known) = (require().token(&two.buyer.address, 600), two.shop.entries());
        two.prints(&token);
        let (code, out, err) = two.runs(&["doctor"]);
        assert!(out.contains("it can be read") && out.contains("it answers, and takes letters"), "{code:?} {out}{err}");
        two.buyer.run(&["catalog", &two.shop.address]);
        two.shop.sync();
        assert_eq!(two.shop.entries(), known + 2, "the question came, and was answered");
        two.buyer.sync();
        assert!(two.buyer.entries() >= 2, "the answer came");
        let held = holding(two.folder.path(), &token);
        assert_eq!(held, [two.buyer.home().join("token").display().to_string()]);
        let said = String::from_utf8(two.buyer.run(&["config", "show"])).unwrap();
        assert!(said.contains("token_command = [\"/bin/cat\",\"...\"]"), "{said}");
    }

    #[test]
    fn a_token_that_has_run_out_is_told_so_and_what_waits_goes_out_with_the_next_one() {
        let two = Two::make("lapsed.test");
        let (lapsed, token) = (require().token(&two.buyer.address, -60), require().token(&two.buyer.address, 600));
        let known = two.shop.entries();
        two.prints(&lapsed);
        let (code, _, err) = two.runs(&["catalog", &two.shop.address]);
        assert!(code == Some(0) && err.contains("run the token_command of [outbox.smtp] by hand"), "{err}");
        let (code, _, err) = two.runs(&["sync"]);
        assert_eq!(code, Some(69), "{err}");
        for told in ["refused the token of one@lapsed.test: ", "run the token_command of [inbox.imap] by hand"] {
            assert!(err.contains(told), "{told}: {err}");
        }
        let (code, out, _) = two.runs(&["doctor"]);
        let both = ["token_command of [inbox.imap]", "token_command of [outbox.smtp]"];
        assert!(code == Some(1) && both.iter().all(|told| out.contains(told)), "{out}");
        // What prints more than a token is no token, and none of it is shown.
        two.prints(&format!("{{\"access_token\": \"{token}\"}}"));
        let (code, _, err) = two.runs(&["sync"]);
        assert!(code != Some(0) && err.contains("the token command printed no access token"), "{err}");
        assert!(!err.contains(&token), "{err}");
        let (_, out, _) = two.runs(&["--json", "outbox", "list"]);
        assert!(!out.contains(&token) && !out.contains(&lapsed) && out.contains("catalog-request"), "{out}");
        two.prints(&token);
        two.buyer.run(&["outbox", "retry"]);
        two.buyer.sync();
        two.shop.sync();
        assert_eq!(two.shop.entries(), known + 2, "the question came, and was answered");
    }
}
