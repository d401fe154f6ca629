//! The terminal in Japanese: how it is chosen, that programs are told the same, that nothing of it is English, and that it
//! lines up.

use std::fs;
use std::process::Command;

use unicode_width::UnicodeWidthStr;

use crate::support::english::english;
use crate::support::program::{Run, Town, mailorder};

fn japanese(town: &Town, party: &str, words: &[&str]) -> Run {
    town.does(party, &[&["--lang", "ja"], words].concat())
}

/// Makes IDs, numbers and days the same in every run; each keeps its width.
fn same(text: &str) -> String {
    let is_id =
        |word: &str| [6, 8].contains(&word.len()) && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let is_day = |word: &str| {
        [5, 10].contains(&word.len())
            && word.chars().filter(|c| *c == '-').count() == word.len() / 5
            && word.chars().all(|c| c.is_ascii_digit() || c == '-')
    };
    let is_time = |word: &str| word.len() == 5 && word.as_bytes()[2] == b':';
    let is_key = |word: &str| {
        word.split_once('…').is_some_and(|(begin, end)| {
            begin.len() == 4 && end.len() == 4 && (begin.to_owned() + end).bytes().all(|b| b.is_ascii_hexdigit())
        })
    };
    let word = |word: &str| match word {
        key if is_key(key) => "5BCE…7D0F".to_owned(),
        day if is_day(day) => "2026-11-27"[10 - day.len()..].to_owned(),
        time if time.is_ascii() && is_time(time) => "10:00".to_owned(),
        id if is_id(id) => "K5QW3ZAB"[..id.len()].to_owned(),
        other => other.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns the columns in which each cell of a row begins: after two blanks or more.
fn begins(row: &str) -> Vec<usize> {
    let mut found = vec![0];
    let mut before = "";
    for (at, _) in row.char_indices() {
        if before.ends_with("  ") && !row[at..].starts_with(' ') {
            found.push(row[..at].width());
        }
        before = &row[..at + row[at..].chars().next().unwrap().len_utf8()];
    }
    found
}

const LISTED: &str = "\
ID      購入日      店        品名と数量                            金額  発送     配送          決済              状態
K5QW3Z  2026-11-27  日立物産  煎茶 200g ×1, シャツ 白 41 ×1    JPY 6,600  ✓ 11-27  … 11-27 予定  … 11-27 予定      履行中 ! 警告あり
K5QW3Z  2026-11-27  日立物産  Iron kettle ×1                  JPY 36,500  –        –             –                 取消済
K5QW3Z  2026-11-27  日立物産  Iron kettle ×3                 JPY 108,500  –        –             –                 店が拒絶
K5QW3Z  2026-11-27  日立物産  シャツ 白 41 ×2                  JPY 9,100  ↩ 11-27  ✓ 11-27       ↩ 11-27           ↩ 返金済
K5QW3Z  2026-11-27  日立物産  煎茶 200g ×2                     JPY 4,100  ✓ 11-27  ✓ 11-27       ! 11-27 期限超過  履行中
K5QW3Z  2026-11-27  日立物産  シャツ 白 41 ×1                  JPY 4,800  ✓ 11-27  ✓ 11-27       ✓ 11-27           完了

6件 · 未配達 1件 · 未払い JPY 10,700（2件）";

const SHOWN: &str = "\
K5QW3Z  日立物産 <shop@demo.test>  2026-11-27  番号 K5QW3ZAB  取消済
Iron kettle ×1   JPY 36,000
Parcel delivery     JPY 500
合計             JPY 36,500
決済方法  カード
配送方法  宅配便
届け先    小野 賢治, 千代田1-1-1, 千代田区, 東京都, 100-0001, JP
買い手    小野 賢治 <buyer@demo.test>, +81-3-1234-5678
注文  担当 shop@demo.test  –
配送  担当 ship@demo.test  –
決済  担当 pay@demo.test   –
条件      Return within 14 days of arrival, unused; shop@demo.test

日時                 相手            手紙        署名した鍵                判定と内容
2026-11-27 10:00  →  shop@demo.test  注文        5BCE…7D0F 自分の鍵        送信
2026-11-27 10:00  ✓  shop@demo.test  取引情報    5BCE…7D0F 取引情報に記載  反映
2026-11-27 10:00  →  shop@demo.test  取引の確認  5BCE…7D0F 自分の鍵        送信
2026-11-27 10:00  ✓  ship@demo.test  配送状況    5BCE…7D0F 取引情報に記載  反映 · 荷物 1 予定 2026-11-27
2026-11-27 10:00  ✓  pay@demo.test   決済状況    5BCE…7D0F 取引情報に記載  反映 · JPY 36,500 予定 2026-11-27
2026-11-27 10:00  ✓  shop@demo.test  注文状況    5BCE…7D0F 取引情報に記載  反映 · 荷物 1 予定 2026-11-27
2026-11-27 10:00  →  shop@demo.test  取消し      5BCE…7D0F 自分の鍵        送信 · ordered twice
2026-11-27 10:00  ✓  ship@demo.test  配送状況    5BCE…7D0F 取引情報に記載  反映 · 荷物 1 不成立：店が中止しました
2026-11-27 10:00  ✓  pay@demo.test   決済状況    5BCE…7D0F 取引情報に記載  反映 · JPY 36,500 不成立：店が中止しました
2026-11-27 10:00  ✓  shop@demo.test  注文状況    5BCE…7D0F 取引情報に記載  反映";

#[test]
fn list_and_show_in_japanese_line_up_by_what_is_seen() {
    let town = Town::played();
    let listed = japanese(&town, "buyer", &["list"]).out;
    assert_eq!(same(listed.trim_end()), LISTED);
    let mut rows = listed.lines().take_while(|line| !line.is_empty());
    let head = begins(rows.next().unwrap());
    // The sums end at the right, all else begins where its heading does.
    let left =
        |begins: &[usize]| begins.iter().enumerate().filter(|(at, _)| *at != 4).map(|(_, n)| *n).collect::<Vec<_>>();
    for row in rows {
        assert_eq!(left(&begins(row)), left(&head), "{row}");
    }
    let cancelled = town.in_state("cancelled")["id"].as_str().unwrap().to_owned();
    let shown = japanese(&town, "buyer", &["show", &cancelled]).out;
    assert_eq!(same(shown.trim_end()), SHOWN);
    let rows: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("日時")).collect();
    let said = begins(rows[0]).pop().unwrap();
    for row in rows {
        assert!(begins(row).contains(&said), "{row}");
    }
}

#[test]
fn the_list_of_the_japanese_readme_is_what_is_printed() {
    let readme = include_str!("../../README.ja.md");
    let block = readme.split("```text\n").nth(1).unwrap().split("\n```").next().unwrap();
    assert_eq!(same(block), LISTED);
}

#[test]
fn nothing_that_is_read_is_left_in_english() {
    let town = Town::played();
    let mut faults = Vec::new();
    let mut read = |party: &str, words: &[&str]| {
        let run = japanese(&town, party, words);
        for line in english(&run.out).into_iter().chain(english(&run.err)) {
            faults.push(format!("{party} {words:?}: {line}"));
        }
    };
    for party in town.parties() {
        read(&party, &["list"]);
        read(&party, &["status"]);
        read(&party, &["warnings", "--all", "--late"]);
        read(&party, &["outbox", "list"]);
        read(&party, &["key", "list"]);
        let shown = town.does(&party, &["list", "--json"]).json();
        for one in shown["transactions"].as_array().unwrap() {
            read(&party, &["show", one["id"].as_str().unwrap()]);
        }
    }
    for (party, group) in [("shop", "shop"), ("pay", "pay"), ("ship", "ship")] {
        read(party, &[group, "inbox"]);
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn new_mail_and_what_is_to_be_done_are_told_in_japanese() {
    let town = Town::played();
    town.does("buyer", &["catalog", "shop@demo.test"]);
    town.settle();
    let mut faults = Vec::new();
    let mut read = |run: Run| {
        faults.extend(english(&run.out));
        faults.extend(english(&run.err));
        run
    };
    let catalog = read(japanese(&town, "buyer", &["catalog", "shop@demo.test"])).out;
    assert!(catalog.contains("品目のうち") && catalog.contains("品名"), "{catalog}");
    let id = town.order();
    town.settle();
    let listed = read(japanese(&town, "buyer", &["list", "open"]));
    assert!(listed.err.contains("ヒント：取引情報が返答を待っています：mailorder -c "), "{listed:?}");
    let shown = read(japanese(&town, "buyer", &["show", &id]));
    assert!(shown.err.starts_with("次：mailorder -c "), "{shown:?}");
    let looked = read(japanese(&town, "buyer", &["confirm", "--dry-run", &id])).out;
    assert!(looked.contains("✓ 注文どおりです") && looked.contains("6 申込み期間"), "{looked}");
    let confirmed = read(japanese(&town, "buyer", &["confirm", &id])).out;
    assert!(confirmed.contains("承諾しました：JPY 4,800"), "{confirmed}");
    let received = town.does("buyer", &["list", "delivered", "--json"]).json();
    let received = received["transactions"][0]["id"].as_str().unwrap().to_owned();
    let received = read(japanese(&town, "buyer", &["received", &received, "--all"])).out;
    assert!(received.contains("受取りを記録しました"), "{received}");
    read(japanese(&town, "buyer", &["schedule", "add", "--preset", "mornings"]));
    // What is asked about, and when, is written in the words of queries and timetables.
    let listed = japanese(&town, "buyer", &["schedule"]).out;
    assert!(listed.contains("（担当者、次に店）"), "{listed}");
    read(japanese(&town, "buyer", &["schedule", "run", "--dry-run"]));
    read(japanese(&town, "buyer", &["reorder", &id, "--dry-run"]));
    // A failure is told as the reader reads, with a hint that can be run.
    let unknown = town.run("buyer", &["--lang", "ja", "show", "NOPE"]);
    assert_eq!(unknown.code, Some(65), "{unknown:?}");
    assert!(
        unknown.err.contains("始まる取引はありません") && unknown.err.contains("\nヒント：mailorder -c "),
        "{unknown:?}"
    );
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn programs_are_told_the_same_in_every_language() {
    let town = Town::played();
    let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
    for words in [
        &["list"][..],
        &["list", "late"],
        &["show", &id],
        &["status"],
        &["warnings", "--all", "--late"],
        &["outbox", "list"],
        &["key", "list"],
    ] {
        let run = |language| town.does("buyer", &[&["--json", "--offline", "--lang", language], words].concat());
        assert_eq!(run("ja").json(), run("en").json(), "{words:?}");
    }
    let wrong = |language| town.run("buyer", &["--json", "--lang", language, "show", "NOPE"]).err;
    assert_eq!(wrong("ja"), wrong("en"));
    assert!(wrong("ja").contains("no transaction's ID"), "{}", wrong("ja"));
}

#[test]
fn the_language_is_that_of_the_flag_the_environment_the_configuration_or_the_locale() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let is_japanese = |words: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.arg("-c").arg(&config).args(words).arg("list").env_clear().env("HOME", town.path(""));
        let run = Run::from(command.envs(environment.iter().copied()).output().unwrap());
        assert_eq!(run.code, Some(0), "{run:?}");
        let japanese = run.out.contains("購入日");
        assert_ne!(japanese, run.out.contains("SHOP"), "{run:?}");
        japanese
    };
    assert!(!is_japanese(&[], &[]));
    assert!(is_japanese(&["--lang", "ja"], &[]));
    assert!(is_japanese(&[], &[("LANG", "ja_JP.UTF-8")]));
    assert!(!is_japanese(&[], &[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")]));
    assert!(!is_japanese(&[], &[("LANG", "ja_JP.eucJP")]), "a terminal that cannot show it");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("language = \"ja\"\n{text}")).unwrap();
    assert!(is_japanese(&[], &[]));
    assert!(is_japanese(&[], &[("LANG", "en_US.UTF-8")]));
    assert!(!is_japanese(&[], &[("MAILORDER_LANG", "en")]));
    assert!(is_japanese(&["--lang", "ja"], &[("MAILORDER_LANG", "en")]));
    assert!(!is_japanese(&["--lang", "en"], &[]));
    let wrong = town.run("buyer", &["--lang", "fr", "list"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("en か ja を指定してください"), "{wrong:?}");
    let wrong = town.run("buyer", &["--json", "--lang", "fr", "list"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("one of en, ja"), "{wrong:?}");
}

#[test]
fn what_came_and_what_a_person_is_alerted_of_are_told_in_japanese() {
    let town = Town::played();
    let mut faults = Vec::new();
    let mut read = |words: &[&str]| {
        let run = japanese(&town, "buyer", words);
        // A code is the same in every language, with a colon behind it, too.
        let out = run.out.replace("received-differs:", "");
        faults.extend(english(&out).into_iter().chain(english(&run.err)));
        run
    };
    let arrived = town.lists("buyer", &["open", "delivered"])[0]["id"].as_str().unwrap().to_owned();
    let came = read(&["received", &arrived, "--line", "1=1"]);
    assert!(came.out.contains("配送済としていますが、届いたのは 1"), "{came:?}");
    let shown = read(&["show", &arrived]);
    assert!(shown.out.contains("による受取り：") && shown.out.contains("✗ received-differs: 明細 1"), "{shown:?}");
    read(&["warnings", "--late"]);
    assert_eq!(faults, Vec::<String>::new());
    let command = "\n[notify]\ncommand = [\"/bin/sh\", \"-c\", \"cat >>told\"]\n";
    town.configure("buyer", |text| format!("language = \"ja\"\n{text}{command}"));
    town.does("buyer", &["sync"]);
    let told = fs::read_to_string(town.path("buyer/told")).unwrap();
    let told: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let came = told.iter().find(|one| one["findings"][0]["code"] == "received-differs").unwrap();
    assert!(came["text"].as_str().unwrap().contains("届いたのは 1"), "{came}");
    assert!(came["findings"][0]["text"].as_str().unwrap().contains("received 1"), "{came}");
    for one in &told {
        let code = format!("{}:", one["findings"][0]["code"].as_str().unwrap());
        let text = format!("{}\n{}", one["title"].as_str().unwrap(), one["text"].as_str().unwrap());
        assert_eq!(english(&text.replace(&code, "")), Vec::<String>::new(), "{one}");
    }
}

#[test]
fn what_the_demonstration_plays_is_told_in_japanese() {
    let folder = tempfile::tempdir().unwrap();
    let played = mailorder(folder.path(), &["--lang", "ja", "demo", "--dir", "play"]);
    let told: Vec<&str> = played.err.lines().filter(|line| line.starts_with('·')).collect();
    assert!(told.len() > 10, "{played:?}");
    assert_eq!(english(&told.join("\n")), Vec::<String>::new());
}

#[test]
fn help_is_in_japanese_where_the_terminal_is() {
    let folder = tempfile::tempdir().unwrap();
    for asked in
        [&["--lang", "ja", "list", "--help"][..], &["--lang=ja", "help", "list"], &["list", "-h", "--lang", "ja"]]
    {
        let run = mailorder(folder.path(), asked);
        assert_eq!(run.code, Some(0), "{asked:?}");
        for part in
            ["取引の一覧", "使い方：mailorder list", "まだ払っていないものだけ", "全コマンド共通のオプション", "例："]
        {
            assert!(run.out.contains(part), "{part} in {}", run.out);
        }
        assert!(run.out.contains("\n  mailorder list unpaid shop:日立 month:2026-11\n"), "{}", run.out);
    }
    let config = folder.path().join("config.toml");
    fs::write(&config, "language = \"ja\"\n").unwrap();
    let run = mailorder(folder.path(), &["-c", config.to_str().unwrap(), "order", "--help"]);
    assert!(run.out.contains("注文を書いて店に送る"), "{run:?}");
    let run = mailorder(folder.path(), &["order", "--help"]);
    assert!(run.out.contains("Write an order") && !run.out.contains("注文"), "{run:?}");
}

#[test]
fn what_is_wrong_within_something_wrong_is_said_in_japanese_to_the_last_word() {
    let town = Town::played();
    let when = |when: &'static str| ["schedule", "add", "a", "--query", "open", "--when", when];
    let order = |more: [&'static str; 2]| [&["order", "--shop", "shop@demo.test"], &more[..]].concat();
    for (words, said) in [
        (order(["--item", "SH-41=x"]), "品目 1 (SH-41)：\"x\" は 4300 や 19.90 のような数ではありません"),
        (order(["--item", "SH-41=-1"]), "品目 1 (SH-41)：\"-1\" は 0 より大きい数量ではありません"),
        (order(["--item", "X;Cup;JPY 4300.5;1"]), "品目 1 (Cup)：4300.5 の小数が JPY の桁数（0）を超えています"),
        (
            [order(["--item", "SH-41"]), vec!["--charge", "Parcel: box;JPY 0.5"]].concat(),
            "料金 1（Parcel: box）：0.5 の小数が JPY の桁数（0）を超えています",
        ),
        (vec!["list", "currency:YEN"], "検索の \"currency:YEN\"：\"YEN\" は JPY や EUR のような通貨コード"),
        (vec!["list", "state:opened"], "検索の \"state:opened\"："),
        (
            when("daily 25:00").to_vec(),
            "\"daily 25:00\" は日時の書き方ではありません：\"25:00\" は 09:00 のような時刻ではありません",
        ),
        (when("61 8 * * *").to_vec(), "\"61 8 * * *\" は日時の書き方ではありません：cron の式は、分 0-59、"),
        (when("sometimes").to_vec(), "\"sometimes\" は日時の書き方ではありません：次のように書いてください"),
    ] {
        let run = town.run("buyer", &[&["--lang", "ja"], &words[..]].concat());
        assert!(run.code != Some(0) && run.err.contains(said), "{words:?}: {run:?}");
        for left in [" in the query", " is no", " is not ", "write it like", "has more", "charge 1", "item 1"] {
            assert!(!run.err.contains(left), "{words:?}: {run:?}");
        }
    }
    let served = crate::page::served::Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = visitor.page("/?q=currency%3AYEN&lang=ja");
    assert!(page.contains("検索の &quot;currency:YEN&quot;：&quot;YEN&quot; は"), "{page}");
    let (token, once) = visitor.hidden("/order");
    let sent = [("token", token.as_str()), ("once", &once), ("shop", "shop@demo.test"), ("do", "check")];
    let charge = [("item", "Lid"), ("price", "JPY 900"), ("quantity", "1"), ("sku", ""), ("charge", "Gift")];
    let fields = [&sent[..], &charge, &[("charge-price", "JPY 0.5")]].concat();
    let place = visitor.post("/order", &fields).header("location").unwrap().to_owned();
    let page = visitor.page(&format!("{}&lang=ja", place.split('#').next().unwrap()));
    assert!(page.contains("料金 1（Gift）：0.5 の小数が JPY の桁数（0）を超えています"), "{page}");
}
