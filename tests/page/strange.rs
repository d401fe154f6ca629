//! Names, remarks and reasons of others that would steer a page, in a real browser: none of their scripts runs, nothing of them is
//! an element, an address or a direction, and each is read as the text that it is (hard-cases B89, B90, B92, B96, B97).

mod real {
    use std::fs;

    use serde_json::{Value, json};

    use crate::hostile::{STEERS, offer, town};
    use crate::page::driver::{Browser, FAULTS};
    use crate::page::served::Served;
    use crate::support::program::Town;

    /// Marks a page in which a script of others runs: those of the names call this.
    const MARKS: &str = "window.alert = (which) => { document.documentElement.dataset.ran = which; };";

    /// What of a page is more than text of others: elements that are none of ours, handlers, addresses that lead away or run.
    const MORE: &str = "
        const found = [...document.querySelectorAll('img, iframe, object, embed, base, script:not([src=\"/script.js\"]), style')];
        for (const one of document.querySelectorAll('*')) {
            if ([...one.attributes].some((attribute) => attribute.name.startsWith('on'))) found.push(one);
            for (const name of ['href', 'src', 'action', 'formaction']) {
                const address = one.getAttribute(name);
                if (address && !/^[/#?]|^data:image.svg/.test(address)) found.push(one);
            }
        }
        if (document.documentElement.dataset.ran !== undefined) found.push(document.documentElement);
        return found.map((one) => one.outerHTML.slice(0, 120));
    ";

    /// Every text of a page and of its title and names, as a reader or a listener gets it.
    const READ: &str = "
        const texts = [document.title, document.documentElement.textContent];
        for (const one of document.querySelectorAll('*')) for (const attribute of one.attributes) texts.push(attribute.value);
        for (const one of document.querySelectorAll('input, textarea')) texts.push(one.value);
        return texts.join('\\n');
    ";

    /// A browser that notes scripts of others, on the page of a buyer with such names in his ledger.
    struct Desk {
        town: Town,
        browser: Browser,
        root: String,
        id: String,
        offered: String,
        _served: Served,
    }

    impl Desk {
        fn open() -> Self {
            let (town, id) = town();
            let offered = offer(&town);
            town.does("buyer", &["schedule", "add", "one", "--txn", &id, "--when", "every 6h"]);
            // A mail of a stranger, set aside: what its headers say is shown, and control characters stand in them.
            let head = "From: \"\u{1b}]0;x\u{7}\u{1b}[2J<script>alert(7)</script>\u{202e}\" <a@stranger.test>\r\n\
                        Subject: =HYPERLINK(\"https://evil.example\")<img src=x onerror=alert(8)>\r\n";
            let mail = [head.as_bytes(), &crate::commands::large(true, 1_000)].concat();
            fs::write(town.path("mail/buyer@demo.test/new/1700000002.M1.here"), mail).unwrap();
            town.does("buyer", &["sync"]);
            let served = Served::start(&town.path("buyer/config.toml"));
            let browser = Browser::start(1280, 1000);
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": MARKS}));
            browser.open(&served.link);
            browser.until("the list", "return !!document.querySelector('table.orders')");
            let root = format!("http://{}", served.host());
            Self { town, browser, root, id, offered, _served: served }
        }

        /// Returns the addresses of each screen that shows what others wrote.
        fn screens(&self) -> Vec<String> {
            let Self { id, offered, .. } = self;
            let mut all: Vec<String> = [
                "/",
                "/?q=unpaid",
                "/?q=HYPERLINK",
                "/?q=%3Cscript%3Ealert(6)%3C%2Fscript%3E",
                "/order?shop=shop@demo.test",
                "/schedule",
                "/warnings",
                "/warnings?late=1",
                "/warnings?settled=1",
                "/chart",
                "/health",
            ]
            .map(str::to_owned)
            .into();
            all.extend([
                format!("/txn/{id}?receipts=1"),
                format!("/txn/{offered}/confirm"),
                format!("/order?again={id}"),
                format!("/schedule?txn={id}"),
                format!("/return?txn={id}&txn={offered}"),
                format!("/again?txn={id}&txn={offered}"),
            ]);
            let shown = self.town.show("buyer", id);
            let letters = shown["letters"].as_array().unwrap().iter();
            all.extend(letters.flat_map(|one| {
                ["text", "data", "raw"].map(|way| format!("/txn/{id}?letter={}&as={way}", one["entry"]))
            }));
            all
        }

        /// Looks at the page that is open: whether what others wrote is more than text on it. Returns what is to be read.
        fn check(&self, what: &str) -> String {
            assert_eq!(self.browser.script(MORE), json!([]), "{what}");
            assert_eq!(self.browser.script(FAULTS), json!([]), "{what}");
            let read = self.browser.script(READ);
            let read = read.as_str().unwrap().to_owned();
            let steers = |c: &char| STEERS.contains(*c) && !c.is_ascii() || (c.is_control() && *c != '\n');
            let bad: Vec<char> = read.chars().filter(steers).collect();
            assert!(bad.is_empty(), "{what}: {bad:?}");
            assert_eq!(self.browser.complaints(), Vec::<String>::new(), "{what}");
            read
        }
    }

    #[test]
    fn no_script_of_others_runs_on_any_screen_and_their_names_are_read_as_text_b92_b96_b97() {
        let desk = Desk::open();
        for (language, width) in [("en", 1_280), ("ja", 375)] {
            desk.browser.wears(width, "light");
            let (mut marked, mut steered) = (0, 0);
            for path in desk.screens() {
                let sign = if path.contains('?') { '&' } else { '?' };
                desk.browser.open(&format!("{}{path}{sign}lang={language}", desk.root));
                let read = desk.check(&format!("{language} {path}"));
                marked += usize::from(read.contains("<script>alert(1)</script><img src=x onerror=alert(2)>"));
                steered += usize::from(read.contains("\\u{202e}gro"));
            }
            assert!(marked >= 10 && steered >= 8, "{language}: {marked} and {steered} screens show such names");
        }
        // The mark is set where a script does run, and is found there.
        desk.browser.script("window.alert(9)");
        let found = desk.browser.script(MORE);
        assert!(found.to_string().contains("data-ran"), "{found}");
    }

    #[test]
    fn acts_on_orders_with_such_names_run_none_of_their_scripts_b92() {
        let desk = Desk::open();
        let Desk { town, browser, root, id, offered, .. } = &desk;
        let state = |id: &str| town.show("buyer", id)["state"].clone();
        browser.open(&format!("{root}/txn/{offered}/confirm"));
        browser.click("button[value=accept]");
        browser.until("the OK", "return location.search === '?said=confirmed'");
        desk.check("confirmed");
        assert_eq!(state(offered), json!("open"));
        browser.open(&format!("{root}/txn/{offered}"));
        browser.click(".steps button[value=ask]");
        browser.until("the question", "return location.search === '?said=asked'");
        desk.check("asked");
        let before = town.list(&[]).len();
        browser.open(&format!("{root}/order?again={id}"));
        browser.click("button[value=check]");
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        let slip = desk.check("the check");
        assert!(slip.contains("<script>alert(1)</script>"), "{slip}");
        browser.click("button[value=send]");
        browser.until("the order", "return location.search === '?said=ordered'");
        desk.check("ordered");
        assert_eq!(town.list(&[]).len(), before + 1);
        // What the stranger's headers say is named where his mail is settled.
        browser.open(&format!("{root}/warnings"));
        let strange: Vec<Value> = town.does("buyer", &["--json", "warnings"]).json()["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["id"].as_str().unwrap().starts_with("S-"))
            .cloned()
            .collect();
        let [one] = &strange[..] else { panic!("{strange:?}") };
        let article = one["id"].as_str().unwrap().to_lowercase();
        browser.click_within(&format!("#{article} .settle details:has(button[value=ack])"), "button[value=ack]");
        browser.until("the settlement", "return location.search === '?said=seen'");
        desk.check("settled");
    }
}
