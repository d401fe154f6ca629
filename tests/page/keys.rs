//! The page by keys alone, and without a script: a purchase from the shop's articles to the goods that go back.

mod real {
    use serde_json::json;

    use crate::page::driver::Browser;
    use crate::page::served::Served;
    use crate::support::program::Town;

    const TAB: &str = "\u{e004}";
    const ENTER: &str = "\u{e007}";
    const SPACE: &str = " ";
    const DOWN: &str = "\u{e015}";
    /// More stops of the tabulator than any page has.
    const STOPS: usize = 150;

    /// A buyer with a catalog and warnings, his page, and a browser that opened it.
    fn opened() -> (Town, Served, Browser) {
        let town = Town::played();
        let served = Served::start(&town.path("buyer/config.toml"));
        let browser = Browser::start(1280, 1000);
        browser.open(&served.link);
        browser.until("the list", "return !!document.querySelector('h1')");
        (town, served, browser)
    }

    /// Presses the tabulator until what a selector names has the focus, and can be seen to have it.
    fn reaches(browser: &Browser, selector: &str) {
        let selector = selector.replace('\'', "\"");
        let there = format!("return !!document.activeElement && document.activeElement.matches('{selector}')");
        for _ in 0..STOPS {
            if browser.script(&there) == true {
                let seen = browser.script(
                    "const style = getComputedStyle(document.activeElement);
                     return style.outlineStyle !== 'none' || style.boxShadow !== 'none'",
                );
                assert_eq!(seen, true, "the focus is seen on {selector}");
                return;
            }
            browser.press(&[TAB]);
        }
        panic!("{selector} is not reached at {}", browser.address());
    }

    fn presses(browser: &Browser, selector: &str, key: &str) {
        reaches(browser, selector);
        browser.press(&[key]);
    }

    /// Types into what has the focus.
    fn types(browser: &Browser, text: &str) {
        let keys: Vec<String> = text.chars().map(String::from).collect();
        browser.press(&keys.iter().map(String::as_str).collect::<Vec<&str>>());
    }

    fn said(browser: &Browser, word: &str) {
        browser
            .until(word, &format!("return location.search === '?said={word}' && document.readyState === 'complete'"));
    }

    /// Returns the newest order of the buyer.
    fn id(town: &Town) -> String {
        town.list(&[])[0]["id"].as_str().unwrap().to_owned()
    }

    fn warnings(town: &Town) -> u64 {
        town.does("buyer", &["--json", "status"]).json()["warnings"].as_u64().unwrap()
    }

    /// Lets everybody write and read, and waits until the open page has taken it in: loaded anew while a key is on its way to a
    /// button, it would take the focus away.
    fn settles(town: &Town, browser: &Browser) {
        town.settle();
        let taken_in = "return fetch('/live?since=0').then((answer) => answer.text())
            .then((now) => now === document.documentElement.dataset.since && document.readyState === 'complete')";
        browser.until("the open page has the news", taken_in);
    }

    fn state(town: &Town) -> String {
        town.list(&[])[0]["state"].as_str().unwrap().to_owned()
    }

    fn kinds(town: &Town) -> Vec<String> {
        let letters = town.show("buyer", &id(town))["letters"].clone();
        letters.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_purchase_is_made_by_tabulator_space_and_enter_alone_p11_p36_p86_p94() {
        let (town, _served, browser) = opened();
        presses(&browser, "nav.pages a[href='/order']", ENTER);
        browser.until("the form", "return location.pathname === '/order'");
        presses(&browser, ".sellers a", ENTER);
        browser.until("the articles", "return !!document.querySelector('[name=pick-TEA-200]')");
        reaches(&browser, "[name=pick-TEA-200]");
        types(&browser, "2");
        presses(&browser, "button[value=check]", ENTER);
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        presses(&browser, "button[value=send]", SPACE);
        said(&browser, "ordered");
        settles(&town, &browser);
        assert_eq!(state(&town), "offered");
        // The open page has followed the mail, and leads on to the terms.
        browser.until("the terms", "return !!document.querySelector('#confirm a')");
        presses(&browser, "#confirm a", ENTER);
        browser.until("the terms", "return location.pathname.endsWith('/confirm')");
        presses(&browser, "button[value=accept]", ENTER);
        said(&browser, "confirmed");
        settles(&town, &browser);
        assert_eq!(state(&town), "open");
        browser.until("what comes next", "return !!document.querySelector('.steps button[value=ask]')");
        presses(&browser, ".steps button[value=ask]", SPACE);
        said(&browser, "asked");
        presses(&browser, "#return summary", ENTER);
        reaches(&browser, "#return-why");
        types(&browser, "too many");
        presses(&browser, "#return button[value=return]", ENTER);
        said(&browser, "returned");
        assert!(kinds(&town).contains(&"status-request".to_owned()), "{:?}", kinds(&town));
        assert!(kinds(&town).contains(&"return-request".to_owned()), "{:?}", kinds(&town));
        let before = warnings(&town);
        presses(&browser, "nav.pages a[href='/warnings']", ENTER);
        browser.until("the warnings", "return location.pathname === '/warnings'");
        presses(&browser, ".settle details:has(button[value=ack]) summary", SPACE);
        presses(&browser, "button[value=ack]", SPACE);
        said(&browser, "seen");
        assert_eq!(warnings(&town), before - 1);
        presses(&browser, ".langs a", ENTER);
        browser.until("the other language", "return document.documentElement.lang === 'ja'");
        // Orders are ticked, and acted on, as well.
        presses(&browser, "nav.pages a[href='/']", ENTER);
        browser.until("the list", "return location.pathname === '/'");
        presses(&browser, "td.tick input[name=txn]", SPACE);
        presses(&browser, "button[value=reorder]", ENTER);
        browser.until("the form", "return location.pathname === '/order'");
        assert_eq!(browser.script("return document.querySelector('[name=pick-TEA-200]').value"), "2");
        // The one that was ordered is repeated by its form.
        let before = town.list(&[]).len();
        presses(&browser, "button[value=check]", ENTER);
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        presses(&browser, "button[value=send]", SPACE);
        said(&browser, "ordered");
        assert_eq!(town.list(&[]).len(), before + 1);
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }

    /// A buyer whose letters nobody takes for now: two wait in his outbox.
    fn unsent() -> (Town, Served, Browser) {
        let town = Town::played();
        town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", "sendmail = \"/bin/false\""));
        town.run("buyer", &["ask", town.in_state("open")["id"].as_str().unwrap()]);
        let served = Served::start(&town.path("buyer/config.toml"));
        let browser = Browser::start(1280, 1000);
        browser.open(&served.link);
        browser.until("the list", "return !!document.querySelector('h1')");
        (town, served, browser)
    }

    /// Returns the states of the letters in the buyer's outbox, and how often they were tried in all.
    fn queue(town: &Town) -> Vec<String> {
        let letters = town.does("buyer", &["--json", "outbox", "list"]).json()["letters"].as_array().unwrap().clone();
        letters.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_letter_in_the_outbox_is_tried_again_and_dropped_by_keys_alone_and_without_a_script() {
        let (town, served, browser) = unsent();
        let dropped = || queue(&town).iter().filter(|state| *state == "dropped").count();
        assert!(queue(&town).len() >= 2 && dropped() == 0, "{:?}", queue(&town));
        presses(&browser, "nav.pages a[href='/health']", ENTER);
        browser.until("health", "return location.pathname === '/health' && document.readyState === 'complete'");
        // One that was dropped can be tried again, too.
        let waits = "tr:has(button[name=drop]) button[name=retry]";
        presses(&browser, waits, SPACE);
        said(&browser, "retried");
        presses(&browser, "button[name=drop]", ENTER);
        said(&browser, "dropped");
        assert_eq!(dropped(), 1);
        browser.scripts(false);
        browser.open(&format!("http://{}/health", served.host()));
        browser.click(waits);
        browser.arrives("/health?said=retried");
        browser.click("button[name=drop]");
        browser.arrives("/health?said=dropped");
        assert_eq!(dropped(), 2);
    }

    #[test]
    fn a_purchase_is_made_without_a_script_p11_p36_p86_p94() {
        let (town, served, browser) = opened();
        browser.scripts(false);
        let root = format!("http://{}", served.host());
        browser.open(&format!("{root}/"));
        browser.click("nav.pages a[href='/order']");
        browser.click(".sellers a");
        browser.write("[name=pick-TEA-200]", "2");
        browser.click("[name=pay][value=invoice]");
        browser.click("button[value=check]");
        browser.click("button[value=send]");
        browser.arrives("?said=ordered");
        town.settle();
        browser.open(&format!("{root}/txn/{}", id(&town)));
        browser.click("#confirm a");
        browser.click("button[value=accept]");
        browser.arrives("?said=confirmed");
        town.settle();
        assert_eq!(state(&town), "open");
        browser.open(&format!("{root}/txn/{}", id(&town)));
        browser.click(".steps button[value=ask]");
        browser.arrives("?said=asked");
        browser.click("#return summary");
        browser.write("#return-why", "too many");
        browser.click("#return button[value=return]");
        browser.arrives("?said=returned");
        assert!(["status-request", "return-request"].iter().all(|kind| kinds(&town).contains(&(*kind).to_owned())));
        let before = warnings(&town);
        browser.click("nav.pages a[href='/warnings']");
        browser.click(".settle details:has(button[value=ack]) summary");
        browser.click("button[value=ack]");
        browser.arrives("?said=seen");
        assert_eq!(warnings(&town), before - 1);
        browser.click(".langs a");
        browser.arrives("lang=ja");
        assert!(browser.text("h1").contains("警告"), "{}", browser.text("h1"));
        // What needs a script is not shown where there is none.
        browser.scripts(true);
        browser.until("a script", "return true");
        assert_eq!(browser.script("return document.getElementById('keys-open').hidden"), true);
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }

    /// Has a shop offer what it can deliver of an order for more than it sells; returns the order's ID.
    fn differing(town: &Town) -> String {
        town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
        let wish =
            ["--json", "order", "--shop", "shop@demo.test", "--item", "KETTLE;Iron kettle;JPY 36000;1", "--item"];
        let more = ["NOSUCH;Lid;JPY 900;1", "--charge", "Parcel delivery;JPY 500", "--pay", "invoice"];
        let made = town.does("buyer", &[&wish[..], &more].concat()).json();
        town.settle();
        made["id"].as_str().unwrap().to_owned()
    }

    /// Returns the buyer's schedule of this name, if there is one.
    fn scheduled(town: &Town, name: &str) -> Option<serde_json::Value> {
        let all = town.does("buyer", &["--json", "schedule"]).json()["schedules"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == name)
    }

    fn state_of(town: &Town, id: &str) -> String {
        town.show("buyer", id)["state"].as_str().unwrap().to_owned()
    }

    /// Opens the page of an order from the list, by keys.
    fn leads_to(browser: &Browser, id: &str) {
        presses(browser, "nav.pages a[href='/']", ENTER);
        browser.until("the list", "return location.pathname === '/' && document.readyState === 'complete'");
        presses(browser, &format!("table.orders a[href='/txn/{id}']"), ENTER);
        browser
            .until("the order", "return location.pathname.startsWith('/txn/') && document.readyState === 'complete'");
    }

    #[test]
    fn an_offer_is_cancelled_and_terms_that_differ_are_accepted_by_keys_alone_p35_p37() {
        let (town, _served, browser) = opened();
        let (id, other) = (town.order(), differing(&town));
        settles(&town, &browser);
        leads_to(&browser, &id);
        presses(&browser, ".steps details:has(button[value=cancel]) summary", ENTER);
        reaches(&browser, "#cancel-why");
        types(&browser, "ordered twice");
        presses(&browser, "button[value=cancel]", SPACE);
        said(&browser, "cancelled");
        settles(&town, &browser);
        assert_eq!((state_of(&town, &id), state_of(&town, &other)), ("cancelled".to_owned(), "ordered".to_owned()));
        leads_to(&browser, &other);
        presses(&browser, "#confirm a", ENTER);
        browser
            .until("the terms", "return location.pathname.endsWith('/confirm') && document.readyState === 'complete'");
        presses(&browser, "[name=seen]", SPACE);
        presses(&browser, "button[value=accept]", ENTER);
        said(&browser, "confirmed");
        settles(&town, &browser);
        assert_eq!(state_of(&town, &other), "open");
    }

    #[test]
    fn a_schedule_is_added_paused_run_and_removed_by_keys_alone_p90_p91_p92() {
        let (town, _served, browser) = opened();
        let id = town.list(&["open", "undelivered"])[0]["id"].as_str().unwrap().to_owned();
        presses(&browser, "nav.pages a[href='/schedule']", ENTER);
        browser.until("the schedules", "return location.pathname === '/schedule'");
        reaches(&browser, "#s-name");
        types(&browser, "evening");
        reaches(&browser, "#s-query");
        types(&browser, "undelivered");
        // Of the ways to say when, the next is chosen by an arrow.
        presses(&browser, "[name=when]:checked", DOWN);
        presses(&browser, "button[value=add]", ENTER);
        said(&browser, "schedule-set");
        let made = scheduled(&town, "evening").unwrap();
        assert_eq!((&made["query"], &made["when"]), (&json!("undelivered"), &json!("due 09:00")), "{made}");
        presses(&browser, "#s-evening button[value=pause]", SPACE);
        said(&browser, "schedule-paused");
        assert_eq!(scheduled(&town, "evening").unwrap()["paused"], true);
        presses(&browser, "#s-evening button[value=pause], #s-evening button[value=resume]", SPACE);
        said(&browser, "schedule-resumed");
        let asked = || town.show("buyer", &id)["letters"].to_string().matches("status-request").count();
        let before = asked();
        presses(&browser, "#s-evening button[value=run]", ENTER);
        said(&browser, "schedule-ran");
        assert!(asked() > before, "an order that is not delivered is asked about");
        presses(&browser, "#s-evening button[value=remove]", ENTER);
        said(&browser, "schedule-removed");
        assert_eq!(scheduled(&town, "evening"), None);
    }

    #[test]
    fn a_letter_is_accepted_with_a_reason_and_its_sender_blocked_by_keys_alone_p67() {
        let (town, _served, browser) = opened();
        let order = town.in_state("open")["id"].as_str().unwrap().to_owned();
        town.misbills(&order, 9_991);
        settles(&town, &browser);
        let settled = |how: &str| -> Vec<serde_json::Value> {
            let all =
                town.does("buyer", &["--json", "warnings", "--all"]).json()["warnings"].as_array().unwrap().clone();
            all.into_iter().filter(|one| one["settled"] == how).collect()
        };
        presses(&browser, "nav.pages a[href='/warnings']", ENTER);
        browser.until("the warnings", "return location.pathname === '/warnings'");
        presses(&browser, ".settle details:has(button[value=accept]) summary", ENTER);
        reaches(&browser, "textarea[name=reason]");
        types(&browser, "agreed by telephone");
        presses(&browser, "button[value=accept]", ENTER);
        said(&browser, "accepted");
        let [accepted] = &settled("accept")[..] else { panic!("{:?}", settled("accept")) };
        assert_eq!(accepted["reason"], "agreed by telephone");
        presses(&browser, ".settle details:has(button[value=block]) summary", SPACE);
        reaches(&browser, "textarea[name=reason]");
        types(&browser, "not from the bank");
        presses(&browser, "button[value=block]", ENTER);
        said(&browser, "blocked");
        let blocked = settled("block");
        assert!(blocked.iter().any(|one| one["reason"] == "not from the bank"), "{blocked:?}");
    }

    #[test]
    fn cancelling_differing_terms_schedules_and_ordering_again_need_no_script_p35_p37_p90_p98() {
        let (town, served, browser) = opened();
        let (id, other) = (town.order(), differing(&town));
        settles(&town, &browser);
        browser.scripts(false);
        let root = format!("http://{}", served.host());
        browser.open(&format!("{root}/txn/{id}"));
        browser.click(".steps details:has(button[value=cancel]) summary");
        browser.write("#cancel-why", "ordered twice");
        browser.click("button[value=cancel]");
        browser.arrives("?said=cancelled");
        browser.open(&format!("{root}/txn/{other}/confirm"));
        browser.click("[name=seen]");
        browser.click("button[value=accept]");
        browser.arrives("?said=confirmed");
        town.settle();
        assert_eq!((state_of(&town, &id), state_of(&town, &other)), ("cancelled".to_owned(), "open".to_owned()));
        browser.open(&format!("{root}/schedule"));
        browser.write("#s-name", "evening");
        browser.write("#s-query", "undelivered");
        browser.click("button[value=add]");
        browser.arrives("?said=schedule-set");
        browser.click("#s-evening button[value=run]");
        browser.arrives("?said=schedule-ran");
        let letters = town.show("buyer", &other)["letters"].to_string();
        assert!(scheduled(&town, "evening").is_some() && letters.contains("status-request"), "{letters}");
        let before = town.list(&[]).len();
        browser.open(&format!("{root}/"));
        browser.click(&format!("td.tick input[value='{id}']"));
        browser.click("button[value=reorder]");
        browser.click("button[value=check]");
        browser.click("button[value=send]");
        browser.arrives("?said=ordered");
        assert_eq!(town.list(&[]).len(), before + 1);
    }

    /// Returns how many of its first line came, as the buyer said.
    fn came(town: &Town, id: &str) -> serde_json::Value {
        town.show("buyer", id)["received"]["lines"][0]["received"].clone()
    }

    #[test]
    fn what_came_is_said_by_keys_alone_and_without_a_script_p84() {
        let (town, served, browser) = opened();
        let id = town.in_state("completed")["id"].as_str().unwrap().to_owned();
        leads_to(&browser, &id);
        presses(&browser, "#received summary", ENTER);
        reaches(&browser, "#came-1");
        // What is agreed on is filled in, and chosen as a whole by the tabulator.
        types(&browser, "0");
        presses(&browser, "#received button[value=received]", SPACE);
        said(&browser, "received");
        assert_eq!(came(&town, &id), "0");
        browser.scripts(false);
        browser.open(&format!("http://{}/txn/{id}", served.host()));
        browser.click("#received summary");
        browser.write("#came-1", "1");
        browser.click("#received button[value=received]");
        browser.arrives("?said=received");
        assert_eq!(came(&town, &id), "1");
    }

    #[test]
    fn a_letter_is_accepted_and_its_sender_blocked_and_heard_again_without_a_script_p67() {
        let (town, served, browser) = opened();
        let order = town.in_state("open")["id"].as_str().unwrap().to_owned();
        town.misbills(&order, 9_991);
        town.settle();
        let page = format!("http://{}/warnings", served.host());
        let settled = |how: &str| {
            let all = town.does("buyer", &["--json", "warnings", "--all"]).json();
            all["warnings"].as_array().unwrap().iter().filter(|one| one["settled"] == how).count()
        };
        browser.scripts(false);
        browser.open(&page);
        browser.click(".settle details:has(button[value=accept]) summary");
        browser.write(".settle details:has(button[value=accept]) textarea", "agreed by telephone");
        browser.click("button[value=accept]");
        browser.arrives("?said=accepted");
        assert_eq!(settled("accept"), 1);
        browser.click(".settle details:has(button[value=block]) summary");
        browser.write(".settle details:has(button[value=block]) textarea", "not from the bank");
        browser.click("button[value=block]");
        browser.arrives("?said=blocked");
        assert!(settled("block") > 0);
        browser.open(&format!("{page}?settled=1"));
        browser.click(".settle button[value=ack]");
        browser.arrives("?said=seen");
        assert_eq!(settled("block"), 0, "he is heard again");
    }

    /// Returns the buyer's orders, and how many returns of these he asked for.
    fn counts(town: &Town, ids: &[String; 2]) -> (usize, usize) {
        let asked = |id: &String| {
            let shown = town.show("buyer", id);
            crate::support::program::letters(&shown, "out", "return-request").len()
        };
        (town.list(&[]).len(), ids.iter().map(asked).sum())
    }

    #[test]
    fn several_orders_are_repeated_and_given_back_without_a_script_p82_p94_p98() {
        let (town, served, browser) = opened();
        let ids = [town.confirmed().0, town.confirmed().0];
        browser.scripts(false);
        let root = format!("http://{}", served.host());
        let ticks = || {
            browser.open(&format!("{root}/"));
            ids.iter().for_each(|id| browser.click(&format!("td.tick input[value='{id}']")));
        };
        let (orders, _) = counts(&town, &ids);
        ticks();
        browser.click("button[value=reorder]");
        browser.click("button[value=send]");
        browser.arrives("/?did=reordered&n=2");
        assert_eq!(counts(&town, &ids), (orders + 2, 0));
        assert!(browser.text("#reordered").contains("2 orders go to their shops"));
        ticks();
        browser.click(".ticked button[value=return]");
        browser.click("#return-because option[value=wrong-item]");
        browser.click(".decide button[value=return]");
        browser.arrives("/?did=returned&n=2");
        assert_eq!(counts(&town, &ids), (orders + 2, 2));
        assert!(town.check_reasons().contains(&"ITM"), "{:?}", town.check_reasons());
        assert!(browser.text("#returned").contains("2 returns are asked for"));
        // What cannot go back a second time is told on the page, and nothing can be pressed there.
        ticks();
        browser.click(".ticked button[value=return]");
        assert!(
            browser.text("#orders").contains("asked for already") && !browser.source().contains("class=\"decide\"")
        );
    }

    #[test]
    fn several_orders_are_repeated_and_given_back_by_keys_alone_p82_p94_p98() {
        let (town, _served, browser) = opened();
        let ids = [town.confirmed().0, town.confirmed().0];
        let (orders, _) = counts(&town, &ids);
        let ticks = || {
            presses(&browser, "nav.pages a[href='/']", ENTER);
            browser.until("the list", "return location.pathname === '/' && !location.search");
            ids.iter().rev().for_each(|id| presses(&browser, &format!("td.tick input[value='{id}']"), SPACE));
        };
        let shows = |path: &str| {
            browser
                .until(path, &format!("return location.pathname === '{path}' && !!document.querySelector('.decide')"));
        };
        ticks();
        presses(&browser, "button[value=reorder]", ENTER);
        shows("/again");
        presses(&browser, "button[value=send]", SPACE);
        browser.arrives("/?did=reordered&n=2");
        assert_eq!(counts(&town, &ids), (orders + 2, 0));
        ticks();
        presses(&browser, "button[value=return]", ENTER);
        shows("/return");
        reaches(&browser, "#return-why");
        types(&browser, "too many");
        presses(&browser, "button[value=return]", ENTER);
        browser.arrives("/?did=returned&n=2");
        assert_eq!(counts(&town, &ids), (orders + 2, 2));
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }

    #[test]
    fn the_keys_are_listed_and_can_be_switched_off() {
        let (_town, served, browser) = opened();
        let focus = || browser.script("return document.activeElement.id");
        let listed = || browser.script("return document.getElementById('keys').open") == true;
        browser.press(&["?"]);
        assert!(listed() && browser.text("#keys").contains("next and previous order"), "{}", browser.text("#keys"));
        assert_eq!(browser.script(crate::page::driver::FAULTS), json!([]));
        // While the list is open, its keys do nothing else; Escape closes it.
        browser.press(&["/"]);
        assert_ne!(focus(), "q");
        browser.press(&["\u{e00c}"]);
        browser.until("closed", "return !document.getElementById('keys').open");
        browser.press(&["/"]);
        assert_eq!(focus(), "q");
        // Where something is written they are letters.
        browser.press(&["?", "j"]);
        assert!(!listed());
        assert_eq!(browser.script("return document.getElementById('q').value"), "?j");
        // Switched off, here and on every other page; the button in the foot leads back.
        let root = format!("http://{}", served.host());
        browser.open(&format!("{root}/"));
        browser.press(&["?"]);
        presses(&browser, "#single-keys", SPACE);
        browser.press(&["\u{e00c}"]);
        browser.open(&format!("{root}/"));
        browser.press(&["?", "/"]);
        assert!(!listed() && focus() != "q");
        presses(&browser, "#keys-open", ENTER);
        assert!(listed());
        presses(&browser, "#single-keys", SPACE);
        presses(&browser, "#keys form button", ENTER);
        browser.press(&["?"]);
        assert!(listed());
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
