//! The page of the demonstration, as a newcomer opens it: `demo --serve`, its link, and every screen in a real browser.

mod real {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use serde_json::{Value, json};

    use crate::page::driver::{Browser, FAINT, FAULTS, TARGETS};
    use crate::page::served::Served;
    use crate::support::accounts::scratch;
    use crate::support::program::mailorder;
    use crate::support::setting;
    use crate::tidy::looks::made_from;

    /// What of a page is empty though it is there to be filled: tables without a row, rows without a word.
    const EMPTY: &str = "
        const filled = (row) => row.innerText.trim() || row.querySelector('input, svg');
        const tables = [...document.querySelectorAll('main table')];
        const hollow = tables.filter((table) => ![...table.tBodies].some((body) => body.rows.length));
        const rows = tables.filter((table) => table.checkVisibility()).flatMap((table) => [...table.rows]).filter((row) => !filled(row));
        return [...hollow, ...rows].map((one) => one.outerHTML.slice(0, 120));
    ";

    /// Where each line of a timeline is drawn: under which heads its ends are, how far from the middle of those, and what it
    /// says to who does not see it.
    const LANES: &str = "
        const middle = (one) => { const box = one.getBoundingClientRect(); return box.left + box.width / 2; };
        const heads = [...document.querySelectorAll('.timeline th.lanes span')].map((one) => [one.textContent, middle(one)]);
        const under = (one) => heads.map(([word, at]) => [Math.abs(at - middle(one)), word]).sort((a, b) => a[0] - b[0])[0];
        return [...document.querySelectorAll('.timeline tbody td.lanes')].map((cell) => {
          const point = cell.querySelector('.lane-missed, .lane-planned');
          const ends = point ? [point] : [cell.querySelector('.lane-dot'), cell.querySelector('.lane-end > :last-child')];
          const found = ends.map(under);
          return {said: cell.querySelector('.hidden').textContent, lanes: found.map((one) => one[1]), off: Math.max(...found.map((one) => one[0]))};
        });
    ";

    /// The demonstration, its page, and a browser that opened it.
    struct Demonstration {
        folder: tempfile::TempDir,
        browser: Browser,
        root: String,
        _served: Served,
    }

    impl Demonstration {
        fn open() -> Self {
            let folder = scratch();
            let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
            command.args(["demo", "--dir", "play", "--serve"]).current_dir(folder.path());
            let served = Served::of(&mut command, folder.path());
            let browser = Browser::start(1280, 1000);
            browser.open(&served.link);
            browser.until("the list", "return !!document.querySelector('table.orders')");
            let root = format!("http://{}", served.host());
            Self { folder, browser, root, _served: served }
        }

        /// Returns what a command of the buyer prints as JSON.
        fn says(&self, args: &[&str]) -> Value {
            mailorder(self.folder.path(), &[&["-c", "play/buyer/config.toml", "--json"][..], args].concat()).json()
        }

        /// Returns the order about which a wrong amount was stated, the one whose terms differ, and the one whose terms agree.
        fn orders(&self) -> [String; 3] {
            let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
            let open = self.says(&["warnings"]);
            let wrong =
                open["warnings"].as_array().unwrap().iter().find(|one| one["finding"] == "amount-differs").unwrap();
            let doubted = self.says(&["show", wrong["number"].as_str().unwrap()]);
            let waiting: Vec<String> =
                self.says(&["list", "unconfirmed"])["transactions"].as_array().unwrap().iter().map(id).collect();
            let differs = |id: &&String| self.terms(id)["differs"] != json!([]);
            let [differing, agreeing] = [true, false].map(|is| waiting.iter().find(|id| differs(id) == is).unwrap());
            [id(&doubted), differing.clone(), agreeing.clone()]
        }

        fn terms(&self, id: &str) -> Value {
            self.says(&["confirm", id, "--dry-run"])
        }

        /// Opens a page of ours and looks whether anything is wrong with it.
        fn visits(&self, path: &str) {
            self.browser.open(&format!("{}{path}", self.root));
            assert_eq!(self.browser.script(FAULTS), json!([]), "{path}");
            assert_eq!(self.browser.script(EMPTY), json!([]), "{path}");
            assert_eq!(self.browser.complaints(), Vec::<String>::new(), "{path}");
        }

        /// Returns the texts of what a selector finds.
        fn texts(&self, selector: &str) -> Vec<String> {
            let found = self.browser.script(&format!(
                "return [...document.querySelectorAll(\"{selector}\")].map((one) => (one.innerText ?? one.textContent).trim())"
            ));
            found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
        }

        fn count(&self, selector: &str) -> usize {
            self.texts(selector).len()
        }
    }

    /// Returns the digits of a text.
    fn digits(text: &str) -> String {
        text.chars().filter(char::is_ascii_digit).collect()
    }

    fn amount(money: &Value) -> String {
        money["amount"].as_str().unwrap_or_else(|| panic!("{money} is an amount")).to_owned()
    }

    /// Returns the values of a field of all elements, as text.
    fn each<'a>(list: &'a Value, field: &str) -> BTreeSet<&'a str> {
        list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
    }

    #[test]
    fn from_the_demonstration_a_newcomer_sees_every_screen_filled_as_the_commands_say_p72() {
        let shown = Demonstration::open();
        let [doubted, differing, agreeing] = shown.orders();
        assert!(doubted != differing && differing != agreeing);
        list(&shown);
        order_form(&shown);
        let tea = shown.says(&["list", "item:煎茶", "late"]);
        order_again(&shown, tea["transactions"][0]["id"].as_str().unwrap());
        transaction(&shown, &doubted);
        terms(&shown, &differing, 2);
        terms(&shown, &agreeing, 0);
        schedule(&shown);
        warnings(&shown);
        charts(&shown);
        health(&shown);
    }

    #[test]
    fn from_the_demonstration_a_newcomer_buys_asks_and_cancels_and_everybody_answers_p11_p36_p37_p67_p86() {
        let shown = Demonstration::open();
        let (browser, root) = (&shown.browser, &shown.root);
        let [_, _, agreeing] = shown.orders();
        let said = |word: &str| browser.until(word, &format!("return location.search === '?said={word}'"));
        let letters = |id: &str| shown.says(&["show", id])["letters"].as_array().unwrap().clone();
        let came = |id: &str, kind: &str| {
            letters(id).iter().filter(|one| one["direction"] == "in" && one["kind"] == kind).count()
        };
        let state = |id: &str| shown.says(&["show", id])["state"].clone();
        // The OK to terms that wait: the shop takes it, and has both agents begin, who write to the buyer.
        browser.open(&format!("{root}/txn/{agreeing}/confirm"));
        browser.click("button[value=accept]");
        said("confirmed");
        let begun =
            || ["order-status", "payment-status", "delivery-status"].iter().all(|kind| came(&agreeing, kind) > 0);
        reached("both agents begin", || state(&agreeing) == "open" && begun());
        // Its page has followed them.
        let dated = "return [...document.querySelectorAll('.summary--three > div')].slice(1).every((one) => !!one.querySelector('time'))";
        browser.until("the days that they name", dated);
        let before = came(&agreeing, "payment-status");
        browser.open(&format!("{root}/txn/{agreeing}"));
        browser.click(".steps button[value=ask]");
        said("asked");
        reached("an answer", || came(&agreeing, "payment-status") > before);
        // An order of the shop's articles, answered by terms, and called off.
        browser.open(&format!("{root}/order?shop=shop@demo.test"));
        browser.write("[name=pick-TEA-200]", "2");
        browser.click("[name=pay][value=invoice]");
        browser.click("button[value=check]");
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        browser.click("button[value=send]");
        said("ordered");
        let id = browser.address().split("/txn/").nth(1).unwrap().split('?').next().unwrap().to_owned();
        reached("terms", || state(&id) == "offered");
        browser.until("the way to the terms", "return !!document.querySelector('#confirm a')");
        browser.open(&format!("{root}/txn/{id}/confirm"));
        browser.click("button[value=cancel]");
        said("cancelled");
        reached("the end", || state(&id) == "cancelled");
        // A warning is settled, and counted no more.
        let open = || shown.says(&["status"])["warnings"].as_u64().unwrap();
        let before = open();
        browser.open(&format!("{root}/warnings"));
        browser.click_within(".settle details:has(button[value=ack])", "button[value=ack]");
        said("seen");
        assert_eq!(open(), before - 1);
        assert!(browser.title().starts_with(&format!("({})", before - 1)), "{}", browser.title());
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }

    /// Waits for what others do.
    fn reached(what: &str, is: impl Fn() -> bool) {
        let begun = std::time::Instant::now();
        while !is() {
            assert!(begun.elapsed() < std::time::Duration::from_secs(60), "not reached: {what}");
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }

    fn list(shown: &Demonstration) {
        let list = shown.says(&["list"]);
        let rows = list["transactions"].as_array().unwrap();
        shown.visits("/");
        assert_eq!(shown.count("table.orders tbody td.tick"), rows.len());
        for one in rows {
            let row = shown.browser.text(&format!("tr:has(input[value='{}'])", one["id"].as_str().unwrap()));
            let sum = if one["total"].is_null() { String::new() } else { amount(&one["total"]) };
            assert!(row.replace(',', "").contains(&sum), "{one}: {row}");
        }
        let late = rows.iter().filter(|one| one["late"] == true).count();
        let unconfirmed = shown.says(&["list", "unconfirmed"]);
        let terms =
            unconfirmed["transactions"].as_array().unwrap().iter().map(|one| shown.terms(one["id"].as_str().unwrap()));
        let waiting = crate::page::figures::waiting(&terms.collect::<Vec<_>>(), &shown.says(&["warnings"]));
        let figures: Vec<String> = shown.texts(".summary .figure").iter().map(|one| digits(one)).collect();
        let told = [amount(&list["unpaid"][0]), list["undelivered"].to_string(), late.to_string(), waiting.to_string()];
        assert_eq!(figures, told);
        // Something is late, something failed, something waits: nobody looks at zeros.
        assert!(late > 0 && waiting > 3 && list["failed"] != json!([]), "{list}");
        assert!(shown.count(".summary .ask-one") >= 2);
        // The day on which it was to come stands beside nothing that failed: it may be still ahead.
        let failed = shown.texts("td.leg:has(.state--no)");
        assert!(!failed.is_empty() && failed.iter().all(|cell| digits(cell).is_empty()), "{failed:?}");
    }

    fn order_form(shown: &Demonstration) {
        let catalog = shown.says(&["catalog", "shop@demo.test"]);
        let articles = catalog["articles"].as_array().unwrap();
        shown.visits("/order?shop=shop@demo.test");
        let rows = shown.texts("#articles tbody tr");
        assert_eq!(rows.len(), articles.len());
        for article in articles {
            let row = rows.iter().find(|row| row.contains(article["sku"].as_str().unwrap())).unwrap();
            assert!(row.contains(article["name"].as_str().unwrap()), "{row}");
            assert!(row.replace(',', "").contains(&amount(&article["price"])), "{row}");
        }
        assert!(shown.browser.text("#person").contains("小野 賢治"));
        let field = |name: &str| shown.browser.script(&format!("return document.getElementById('{name}').value"));
        assert_eq!((field("to-street"), field("to-country")), (json!("千代田1-1-1"), json!("JP")));
    }

    fn order_again(shown: &Demonstration, id: &str) {
        shown.visits(&format!("/order?again={id}"));
        assert!(shown.browser.text(".lead").starts_with("Filled in from your order of "));
        let ways = shown.texts("[name=deliver] + span");
        assert!(ways.len() > 1 && ways.iter().all(|way| way.contains("Parcel delivery ¥500")), "{ways:?}");
        // The same for each way to pay tells nothing of them.
        assert!(!shown.browser.text("main").contains("Ways of this shop"));
        assert!(shown.texts("[name=pay] + span").iter().all(|way| !way.contains('¥')));
        let known = shown.says(&["show", id]);
        let lines = known["order"]["lines"].as_array().unwrap();
        let amounts: Vec<String> = shown.texts("[id^=amount-]").into_iter().filter(|one| !one.is_empty()).collect();
        assert_eq!(amounts.len(), lines.len(), "{amounts:?}");
        assert_eq!(amounts, ["¥3,600"], "two packets of tea");
    }

    fn transaction(shown: &Demonstration, id: &str) {
        let known = shown.says(&["show", id]);
        shown.visits(&format!("/txn/{id}?receipts=1"));
        for letter in known["letters"].as_array().unwrap() {
            assert_eq!(shown.count(&format!("#l-{}", letter["entry"])), 1, "{letter}");
        }
        let refused = known["letters"].as_array().unwrap().iter().filter(|one| one["verdict"] == "warned").count();
        assert_eq!((refused, shown.count("table.timeline svg.lane-no")), (2, 2), "stated twice");
        let lane = |address: &str| match address {
            "shop@demo.test" => "shop",
            "ship@demo.test" => "courier",
            "pay@demo.test" => "pay",
            other => panic!("{other}"),
        };
        let lanes = |letter: &Value| match (letter["direction"].as_str().unwrap(), letter["peer"].as_str().unwrap()) {
            ("in", peer) => json!([lane(peer), "you"]),
            (_, peer) => json!(["you", lane(peer)]),
        };
        let told: Vec<Value> = known["letters"].as_array().unwrap().iter().map(lanes).collect();
        let drawn: Vec<Value> = drawn(shown).into_iter().filter(|lanes| lanes.as_array().unwrap().len() == 2).collect();
        assert_eq!(drawn, told, "each letter stands between the lanes of its writer and its reader");
        assert!(shown.count("table.timeline tr.ahead") > 0, "something is still to come");
        assert_eq!(shown.count(".summary--three > div"), 3);
        let unpaid = digits(&shown.texts(".summary--three dd").join(" ").replace(',', ""));
        assert!(unpaid.contains(&amount(&known["unpaid"])), "{unpaid}");
        // What happened and who told whom; days and sums as everywhere.
        let told = shown.browser.text("table.timeline");
        for words in
            ["Shipped ", "Terms, ¥6,600 in all", "Delivery planned ", "Payment of ¥6,600 due ", "courier to you"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
        let plain = |text: &str| {
            text.contains("JPY") || text.split_whitespace().any(|word| word.starts_with("20") && word.contains('-'))
        };
        assert!(!plain(&told), "{told}");
        let notice = shown.browser.text(".notice");
        for words in
            ["agreed ¥6,600, stated ¥7,600, ¥1,000 more", "amount-differs", "signed with the key that the terms name"]
        {
            assert!(notice.contains(words), "{words}: {notice}");
        }
        assert!(!plain(&notice), "{notice}");
    }

    /// Returns the heads under which each line of the timeline is drawn; what it says in words names the same.
    fn drawn(shown: &Demonstration) -> Vec<Value> {
        let lines = shown.browser.script(LANES);
        let line = |line: &Value| {
            assert!(line["off"].as_f64().unwrap() < 8.0, "{line}");
            let said = line["said"].as_str().unwrap();
            assert!(
                line["lanes"].as_array().unwrap().iter().all(|lane| said.contains(lane.as_str().unwrap())),
                "{line}"
            );
            line["lanes"].clone()
        };
        lines.as_array().unwrap().iter().map(line).collect()
    }

    fn terms(shown: &Demonstration, id: &str, differences: usize) {
        let terms = shown.terms(id);
        shown.visits(&format!("/txn/{id}/confirm"));
        assert_eq!(terms["differs"].as_array().unwrap().len(), differences);
        assert_eq!(shown.count("[aria-labelledby=h-differs] .compare tbody tr"), differences);
        assert_eq!(shown.count("[name=seen]"), usize::from(differences > 0));
        let text = shown.browser.text("main").replace(',', "");
        assert!(
            !text.contains("line 1") && !text.contains("JPY"),
            "articles have names, currencies their sign: {text}"
        );
        for point in terms["differs"].as_array().unwrap() {
            for said in ["ordered", "offered"] {
                let sum = point[said].as_str().unwrap().strip_prefix("JPY ").unwrap();
                assert!(text.contains(&format!("¥{sum}")), "{point}: {text}");
            }
        }
        assert_eq!(digits(&shown.browser.text(".decide .total")), amount(&terms["total"]));
        let lines = terms["lines"].as_array().unwrap().len() + terms["charges"].as_array().unwrap().len();
        assert_eq!(shown.count("table.lines tbody tr"), lines);
        for field in ["name", "email", "telephone"] {
            assert!(shown.browser.text("#buyer").contains(terms["buyer"][field].as_str().unwrap()), "{field}");
        }
    }

    fn schedule(shown: &Demonstration) {
        let said = shown.says(&["schedule"]);
        shown.visits("/schedule");
        for (table, list, field) in [("schedules", &said["schedules"], "name"), ("rules", &said["rules"], "when")] {
            let rows = shown.texts(&format!("table.{table} tbody tr")).join("\n");
            assert_eq!(shown.count(&format!("table.{table} tbody tr")), list.as_array().unwrap().len());
            assert!(each(list, field).len() >= 2, "{said}");
            assert!(each(list, field).iter().all(|one| rows.contains(one)), "{said}: {rows}");
        }
    }

    fn warnings(shown: &Demonstration) {
        let all = shown.says(&["warnings", "--late"]);
        let open = shown.says(&["warnings"]);
        let late = each(&all["warnings"], "id").len() - each(&open["warnings"], "id").len();
        assert!(late > 0 && each(&open["warnings"], "id").len() >= 3, "{all}");
        for (path, count) in [("/warnings", each(&open["warnings"], "id").len()), ("/warnings?late=1", late)] {
            shown.visits(path);
            assert_eq!(shown.count("article.warning"), count, "{path}");
        }
        // What does not agree stands there field by field, with the difference.
        shown.visits("/warnings");
        let wrong = open["warnings"].as_array().unwrap().iter().find(|one| one["finding"] == "amount-differs").unwrap();
        let compared = &wrong["compared"];
        let place = format!("#{} .stated tbody", wrong["id"].as_str().unwrap().to_lowercase());
        let cells: Vec<String> = shown.texts(&format!("{place} td")).iter().map(|one| digits(one)).collect();
        let told = [&compared["agreed"], &compared["stated"], &compared["difference"]["amount"]];
        assert_eq!(cells, told.map(|one| digits(one.as_str().unwrap())));
        let named = shown.browser.text(&format!("{place} th")).to_lowercase();
        assert!(named.contains(compared["what"].as_str().unwrap()), "{named}: {compared}");
        let article = shown.browser.text(&format!("#{}", wrong["id"].as_str().unwrap().to_lowercase()));
        for words in ["¥1,000 more", "payment stays ¥6,600, due ", "Ask pay@demo.test"] {
            assert!(article.contains(words), "{words}: {article}");
        }
        // Of terms nothing is agreed on: they stand against the order, each article by its name.
        let terms = open["warnings"].as_array().unwrap().iter();
        let terms = terms.filter(|one| one["finding"] == "terms-differ-from-order").collect::<Vec<_>>();
        let article = shown.browser.text(&format!("#{}", terms[0]["id"].as_str().unwrap().to_lowercase()));
        for words in
            ["Ordered", "Offered", "Unit price 煎茶 200g", "¥150 more", "nothing is bought until", "Check the terms"]
        {
            assert!(article.contains(words), "{words}: {article}");
        }
    }

    fn charts(shown: &Demonstration) {
        let list = shown.says(&["list"]);
        shown.visits("/chart");
        let agreed = list["transactions"].as_array().unwrap().iter();
        let agreed = agreed.filter(|one| ["open", "completed"].contains(&one["state"].as_str().unwrap()));
        let spent: u64 = agreed.map(|one| amount(&one["total"]).parse::<u64>().unwrap()).sum();
        assert_eq!(digits(&shown.browser.text("#spending tfoot td:last-child")), spent.to_string());
        assert_eq!(digits(&shown.browser.text("#steps tbody tr:first-child .now")), amount(&list["unpaid"][0]));
        assert!(shown.count("#steps tbody tr") > 5 && shown.count(".chart .bar") > 2);
        assert_eq!(shown.count(".chart .limit"), 1, "the limit is drawn");
    }

    fn health(shown: &Demonstration) {
        let keys = shown.says(&["key", "list"]);
        let accepted = keys["keys"].as_array().unwrap().iter().filter(|one| one["accepted"] == true).count();
        shown.visits("/health");
        assert_eq!(shown.count("[aria-labelledby=h-keys] tbody tr"), accepted);
        assert!(accepted >= 1 && shown.count("table.health tbody tr:not(.group)") >= 6, "{keys}");
        let waiting = shown.says(&["outbox", "list"])["letters"].as_array().unwrap().len();
        assert_eq!(shown.count("table.numbered tbody tr"), waiting);
        // As many as the menu counts, here and on other pages.
        let to_mend = shown.browser.script(
            "const group = [...document.querySelectorAll('table.health tbody')].find((one) => one.innerText.startsWith('To mend first'));
             return group === undefined ? 0 : group.rows.length - 1",
        );
        for path in ["/health", "/"] {
            shown.visits(path);
            let counted = shown.texts("nav.pages a[href='/health'] .count").concat();
            assert_eq!(digits(&counted).parse().unwrap_or(0), to_mend.as_u64().unwrap(), "{path}: {counted}");
        }
    }

    /// The languages, colours and widths in which each screen is looked at.
    const LOOKS: [(&str, &str, u32); 6] = [
        ("en", "light", 1280),
        ("ja", "light", 1280),
        ("en", "dark", 1280),
        ("en", "light", 375),
        ("ja", "light", 768),
        ("en", "light", 1920),
    ];

    /// The screens: their names and paths.
    fn screens(shown: &Demonstration) -> Vec<(&'static str, String)> {
        let [doubted, differing, agreeing] = shown.orders();
        vec![
            ("list", "/".to_owned()),
            ("order", "/order?shop=shop@demo.test".to_owned()),
            ("order-again", format!("/order?again={doubted}")),
            ("return", format!("/return?txn={doubted}&txn={differing}&txn={agreeing}")),
            ("again", format!("/again?txn={doubted}&txn={differing}&txn={agreeing}")),
            ("transaction", format!("/txn/{doubted}")),
            ("confirm", format!("/txn/{agreeing}/confirm")),
            ("confirm-differs", format!("/txn/{differing}/confirm")),
            ("schedule", "/schedule".to_owned()),
            ("warnings", "/warnings".to_owned()),
            ("chart", "/chart".to_owned()),
            ("health", "/health".to_owned()),
        ]
    }

    /// With a folder in MAILORDER_PICTURES each look of each screen is written there, with what it is made from: docs/pictures/ is
    /// taken from it.
    #[test]
    fn each_screen_in_two_languages_four_widths_and_both_colour_schemes_has_no_fault() {
        let shown = Demonstration::open();
        let pictures = setting("MAILORDER_PICTURES");
        for (name, path) in screens(&shown) {
            for (language, scheme, width) in LOOKS {
                let look = format!("{name}-{language}-{scheme}-{width}");
                shown.browser.wears(width, scheme);
                let sign = if path.contains('?') { '&' } else { '?' };
                shown.browser.open(&format!("{}{path}{sign}lang={language}", shown.root));
                assert_eq!(shown.browser.script("return document.documentElement.lang"), language);
                for fault in [FAULTS, FAINT, TARGETS] {
                    assert_eq!(shown.browser.script(fault), json!([]), "{look}");
                }
                assert_eq!(shown.browser.complaints(), Vec::<String>::new(), "{look}");
                if name == "transaction" {
                    assert!(drawn(&shown).len() > 8, "{look}");
                }
                if let Some(folder) = &pictures {
                    fs::write(Path::new(folder).join(format!("{look}.png")), shown.browser.picture()).unwrap();
                    fs::write(Path::new(folder).join(format!("{look}.from")), made_from(name, language)).unwrap();
                }
            }
        }
    }
}
