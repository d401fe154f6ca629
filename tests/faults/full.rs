//! A disk that is full while a shop, a payment agent and a delivery agent are at work: a real one, of as many bytes as are left
//! for it, on which the account lies.

/// With unshare, which lets a test mount a disk of its own.
mod real {
    use std::fs;
    use std::process::Command;

    use crate::support::accounts::scratch;
    use crate::support::program::Town;

    /// How many KiB are left on the disk, from nothing to nearly enough.
    const LEFT: [u32; 5] = [0, 16, 64, 160, 320];

    /// Lays an account on a disk of its own that has so many KiB left, runs a command there, makes room, runs it again, and lays
    /// the account back. It is told apart from the command's own output by its last line: both exit codes.
    const SCRIPT: &str = r#"
here=$1 left=$2 hold=$3 program=$4
shift 4
cp -a "$here/." "$hold/" && mount -t tmpfs -o size=64m,mode=700 none "$here" && cp -a "$hold/." "$here/" || exit 90
used=$(df -k --output=used "$here" | tail -n 1)
mount -o "remount,size=$((used + left))k" "$here" || exit 91
"$program" -c "$here/config.toml" "$@"; first=$?
mount -o remount,size=64m "$here" || exit 92
"$program" -c "$here/config.toml" "$@" || exit 93
"$program" -c "$here/config.toml" sync || exit 94
rm -rf "$hold" && mkdir "$hold" && cp -a "$here/." "$hold/" || exit 95
exit "$first"
"#;

    /// Runs a command of a party on a disk with so many KiB left, and again when there is room; returns what the first run
    /// ended with, and what was said.
    fn on_a_full_disk(town: &Town, party: &str, left: u32, words: &[&str]) -> (i32, String) {
        let hold = scratch();
        let kept = hold.path().join("kept");
        fs::create_dir(&kept).unwrap();
        let here = town.path(party);
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", SCRIPT, "sh"]).arg(&here).arg(left.to_string()).arg(&kept);
        command.arg(env!("CARGO_BIN_EXE_mailorder")).args(words);
        command.env_clear().env("HOME", town.path("")).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let ended = command.env("MAILORDER_THREADS", "1").output().unwrap();
        let said = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        let code = ended.status.code().unwrap();
        assert!(!(90..=95).contains(&code), "{party} {words:?} with {left} KiB left: {code} {said}");
        fs::remove_dir_all(&here).unwrap();
        let moved = Command::new("cp").arg("-a").args([&kept, &here]).status().unwrap();
        assert!(moved.success());
        (code, said)
    }

    /// Runs a command on disks with ever more room, each time from the same beginning; `check` looks at what came of it.
    fn fills(base: &Town, party: &str, words: &[&str], check: impl Fn(&Town, &str)) {
        let mut full = 0;
        for left in LEFT {
            let town = base.copied();
            let (code, said) = on_a_full_disk(&town, party, left, words);
            let when = format!("{party} {words:?} with {left} KiB left: {code} {said}");
            assert!([0, 75].contains(&code), "{when}");
            assert!(code == 0 || said.contains("mailorder: "), "{when}");
            assert!(code == 0 || said.contains("No space left") || said.contains("is full"), "{when}");
            full += u32::from(code == 75);
            town.settle();
            check(&town, &when);
            for one in ["buyer", "shop", "pay", "ship"] {
                let found = town.does(one, &["audit", "verify", "--json"]).json();
                assert_eq!(found["result"], "clean", "{when}: {one}");
                let warnings = town.does(one, &["warnings", "--json"]).json();
                assert_eq!(warnings["warnings"].as_array().map(Vec::len), Some(0), "{when}: {one}: {warnings}");
            }
        }
        assert!(full >= 2, "{party} {words:?}: {full} disks were full");
    }

    /// Returns how many letters of a kind a party has from another, or has written.
    fn count(town: &Town, party: &str, direction: &str, kind: &str) -> usize {
        let is = |entry: &&crate::support::accounts::Fields| {
            let of = |name: &str| crate::support::accounts::field(entry, name);
            of("Mailorder-Kind") == kind && of("Mailorder-Direction") == direction
        };
        town.entries(party).iter().filter(is).count()
    }

    #[test]
    fn a_shop_on_a_full_disk_takes_each_order_in_once_when_there_is_room_f8() {
        let base = Town::fresh();
        let ids: Vec<String> = (0..3).map(|_| base.orders("buyer", "SH-41", 1, &["--pay", "invoice"])).collect();
        base.sync(&["buyer"]);
        assert_eq!(base.post("shop").len(), 3);
        fills(&base, "shop", &["sync"], |town, when| {
            assert_eq!(count(town, "shop", "in", "order"), 3, "{when}");
            assert_eq!(count(town, "shop", "out", "transaction-info"), 3, "{when}");
            assert_eq!(count(town, "buyer", "in", "transaction-info"), 3, "{when}");
            for id in &ids {
                town.check_stands("buyer", id, "offered", [false; 3]);
                town.check_stands("shop", &town.number("buyer", id), "offered", [false; 3]);
            }
        });
    }

    #[test]
    fn statuses_from_rows_on_a_full_disk_are_told_once_when_there_is_room_f8() {
        let base = Town::fresh();
        let bought: Vec<(String, String)> = (0..3).map(|_| base.bought("SH-41", 1, &["--pay", "invoice"])).collect();
        let row = |(_, number): &(String, String)| format!("{{\"txn\": \"{number}\", \"shipped\": true}}\n");
        let folder = scratch();
        let rows = folder.path().join("rows.jsonl");
        fs::write(&rows, bought.iter().map(row).collect::<String>()).unwrap();
        let before = count(&base, "shop", "out", "order-status");
        fills(&base, "shop", &["shop", "notify", "--from", rows.to_str().unwrap()], |town, when| {
            assert_eq!(count(town, "shop", "out", "order-status"), before + 3, "{when}");
            for (id, number) in &bought {
                town.check_stands("buyer", id, "open", [true, false, false]);
                town.check_stands("shop", number, "open", [true, false, false]);
            }
        });
    }

    #[test]
    fn agents_on_a_full_disk_follow_each_instruction_once_when_there_is_room_f8() {
        let base = Town::fresh();
        let id = base.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
        base.settle();
        base.does("buyer", &["confirm", &id]);
        base.sync(&["buyer", "shop"]);
        let number = base.number("buyer", &id);
        for (party, instruction, status) in
            [("pay", "payment-instruction", "payment-status"), ("ship", "delivery-instruction", "delivery-status")]
        {
            assert_eq!(base.post(party).len(), 1, "{party}");
            fills(&base, party, &["sync"], |town, when| {
                assert_eq!(count(town, party, "in", instruction), 1, "{when}");
                assert_eq!(count(town, party, "out", status), 2, "{when}: to buyer and shop");
                assert_eq!(count(town, "buyer", "in", status), 1, "{when}");
                town.check_stands("buyer", &id, "open", [false; 3]);
                town.check_stands(party, &number, "open", [false; 3]);
            });
        }
    }
}
