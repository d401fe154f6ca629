//! A process of one thread (`MAILORDER_THREADS=1`) whose mail goes over servers.

mod real {
    use std::process::{Command, Output};

    use crate::flows::account::Account;
    use crate::support::accounts::scratch;
    use crate::support::servers::require;

    /// Runs `sync` in one thread; returns what came of it and the calls that made processes and threads.
    fn synced(account: &Account) -> (Output, String) {
        let log = account.home().join("calls");
        let output = Command::new("strace")
            .args(["-f", "-e", "trace=clone,clone3,fork,vfork", "-o"])
            .arg(&log)
            .arg(env!("CARGO_BIN_EXE_mailorder"))
            .arg("-c")
            .arg(account.config())
            .arg("sync")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", account.home())
            .env("MAILORDER_THREADS", "1")
            .output()
            .unwrap();
        (output, std::fs::read_to_string(log).unwrap())
    }

    #[test]
    fn names_are_looked_up_and_passwords_fetched_in_the_one_thread() {
        let folder = scratch();
        let make = |address: &str, role: &str| Account::make(require(), folder.path(), address, &[role], "One", "");
        let (buyer, shop) = (make("one@thread.test", "buyer"), make("other@thread.test", "shop"));
        buyer.accept(&shop);
        let password = buyer.home().join("password").display().to_string();
        let file = format!("password_file = \"{password}\"");
        let command = format!("password_command = [\"/bin/cat\", \"{password}\"]");
        buyer.configure(|text| {
            assert!(text.contains(&file), "{text}");
            text.replace(&file, &command)
        });
        buyer.run(&["--offline", "catalog", &shop.address]);
        let host = "host = \"localhost\"";
        let nowhere = "host = \"nowhere.invalid\"";
        buyer.configure(|text| text.replace(host, nowhere));
        let (output, calls) = synced(&buyer);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("cannot find the address of nowhere.invalid"), "{said}");
        assert!(!calls.contains("CLONE_THREAD"), "{calls}");
        buyer.configure(|text| text.replace(nowhere, host));
        let (output, calls) = synced(&buyer);
        assert!(output.status.success(), "{output:?}");
        let children = calls.lines().filter(|line| line.contains("fork(") || line.contains("clone")).count();
        assert!(children >= 2 && !calls.contains("CLONE_THREAD"), "a process for each password: {calls}");
        shop.sync();
        assert!(shop.entries() > 0, "the letter went out");
    }
}
