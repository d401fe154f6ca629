//! A purchase in the browser whose letters travel over a real Postfix and a real Dovecot.

mod real {
    use serde_json::{Value, json};

    use crate::flows::parties::{Parties, until};
    use crate::page::driver::{Browser, FAINT, FAULTS, TARGETS};
    use crate::page::served::Served;

    /// The buyer's page in a browser, beside three parties who sell to him.
    struct Desk {
        parties: Parties,
        browser: Browser,
        root: String,
        _served: Served,
    }

    impl Desk {
        fn open(domain: &str) -> Self {
            let parties = Parties::make(domain);
            let served = Served::start(&parties.buyer.config());
            let browser = Browser::start(1280, 1000);
            browser.open(&served.link);
            browser.until("the first page", "return !!document.querySelector('h1')");
            let root = format!("http://{}", served.host());
            Self { parties, browser, root, _served: served }
        }

        /// Opens a page of ours; once more where an open page was loaded anew meanwhile, because news had come.
        fn goes(&self, path: &str) {
            let address = format!("{}{path}", self.root);
            for _ in 0..3 {
                self.browser.open(&address);
                if self.browser.address() == address {
                    return;
                }
            }
            assert_eq!(self.browser.address(), address);
        }

        /// Presses a button and waits until the page says that it was done.
        fn presses(&self, button: &str, said: &str) {
            self.browser.click(&format!("button[value={button}]"));
            self.says(said);
        }

        /// Waits until the page says that something was done.
        fn says(&self, said: &str) {
            self.browser.until(said, &format!("return location.search === '?said={said}'"));
        }

        /// Writes an order of one article into the form and sends it; returns its ID.
        fn orders(&self, article: [&str; 3]) -> String {
            self.orders_all(&[article])
        }

        /// Writes an order of one piece of each article into the form and sends it; returns its ID.
        fn orders_all(&self, articles: &[[&str; 3]]) -> String {
            let (browser, shop) = (&self.browser, &self.parties.shop.address);
            self.goes(&format!("/order?shop={shop}"));
            for (place, [item, sku, price]) in articles.iter().enumerate() {
                for (field, text) in [("item", *item), ("sku", *sku), ("price", *price), ("quantity", "1")] {
                    browser.write(&format!("tbody tr:nth-child({}) [name={field}]", place + 1), text);
                }
            }
            browser.write("#charge-1", "Parcel delivery");
            browser.write("#charge-price-1", "JPY 500");
            browser.click("[name=pay][value=invoice]");
            browser.click("[name=deliver][value=parcel]");
            browser.click("button[value=check]");
            browser.until("the check", "return !!document.querySelector('button[value=send]')");
            let total = digits(&browser.text(".slip .total"));
            self.presses("send", "ordered");
            let id = browser.address().split("/txn/").nth(1).unwrap().split('?').next().unwrap().to_owned();
            assert_eq!(self.parties.buyer.shows(&id)["order"]["total"]["amount"], total);
            id
        }

        /// Opens the terms of an order once they have come, and says OK to them; returns the transaction's number.
        fn accepts(&self, id: &str) -> String {
            self.parties.sync_until("terms", || self.parties.is(id, "offered"));
            self.goes(&format!("/txn/{id}/confirm"));
            assert!(self.browser.text(".notice--good").contains("agree"), "{}", self.browser.text("main"));
            self.presses("accept", "confirmed");
            let number = self.parties.number(id);
            self.parties.sync_until("instructions", || self.parties.instructed(&number));
            number
        }

        /// Checks that the list on the page has the marks and figures of the command.
        fn check_list(&self) {
            self.goes("/");
            let list = self.parties.buyer.json(&["--json", "list"]);
            assert_eq!(self.browser.text("#undelivered"), list["undelivered"].to_string());
            for one in list["transactions"].as_array().unwrap() {
                let id = one["id"].as_str().unwrap();
                let row = format!("tr:has(input[value='{id}'])");
                let amount = one["total"]["amount"].as_str().unwrap();
                let text = self.browser.text(&row);
                assert!(text.replace(',', "").contains(amount), "{amount}: {text}");
                if !["open", "completed"].contains(&one["state"].as_str().unwrap()) {
                    continue;
                }
                let marks = format!("return document.querySelectorAll(\"{row} .state--done\").length");
                let done = ["order", "delivery", "payment"].iter().filter(|leg| one[**leg]["done"] == true).count();
                assert_eq!(self.browser.script(&marks), done, "{one}: {text}");
            }
        }

        /// Checks each screen: nothing is wrong with it in two languages, schemes and widths, and it has the figures of its command.
        fn check_screens(&self, id: &str, offered: &str) {
            let browser = &self.browser;
            let paths = [
                "/".to_owned(),
                format!("/order?again={id}"),
                format!("/txn/{id}?receipts=1"),
                format!("/txn/{offered}/confirm"),
                format!("/return?txn={id}&txn={offered}"),
                format!("/again?txn={id}&txn={offered}"),
                "/schedule".to_owned(),
                "/warnings".to_owned(),
                "/chart".to_owned(),
                "/health".to_owned(),
            ];
            for (language, scheme, width) in [("ja", "dark", 375), ("en", "light", 1280)] {
                browser.wears(width, scheme);
                for path in &paths {
                    let sign = if path.contains('?') { '&' } else { '?' };
                    self.goes(&format!("{path}{sign}lang={language}"));
                    assert_eq!(browser.script("return document.documentElement.lang"), language);
                    for fault in [FAULTS, FAINT, TARGETS] {
                        assert_eq!(browser.script(fault), json!([]), "{language} {path}");
                    }
                    assert_eq!(browser.complaints(), Vec::<String>::new(), "{language} {path}");
                }
            }
            self.check_list();
            self.check_figures(id, offered);
        }

        /// Checks the figures of the other screens than the list.
        fn check_figures(&self, id: &str, offered: &str) {
            let buyer = &self.parties.buyer;
            let says = |args: &[&str]| buyer.json(&[&["--json"], args].concat());
            let length = |value: &Value| value.as_array().unwrap().len();
            let list = says(&["list"]);
            let shown = buyer.shows(id);
            self.goes(&format!("/txn/{id}?receipts=1"));
            assert_eq!(self.count("table.letters tbody tr"), length(&shown["letters"]));
            self.goes(&format!("/txn/{offered}/confirm"));
            let terms = says(&["confirm", offered, "--dry-run"]);
            assert_eq!(digits(&self.browser.text(".decide .total")), terms["total"]["amount"].as_str().unwrap());
            self.goes("/warnings");
            assert_eq!(self.count("article.warning"), length(&says(&["warnings"])["warnings"]));
            self.goes("/schedule");
            assert_eq!(self.count("table.schedules tbody tr"), length(&says(&["schedule"])["schedules"]));
            self.goes("/chart");
            let agreed = list["transactions"].as_array().unwrap().iter();
            let agreed = agreed.filter(|one| ["open", "completed"].contains(&one["state"].as_str().unwrap()));
            let spent: u64 = agreed.map(|one| one["total"]["amount"].as_str().unwrap().parse::<u64>().unwrap()).sum();
            assert_eq!(digits(&self.browser.text("#spending tfoot td:last-child")), spent.to_string());
            let unpaid = list["unpaid"][0]["amount"].as_str().unwrap();
            assert_eq!(digits(&self.browser.text("#steps tbody tr:first-child .now")), unpaid);
            self.goes("/health");
            let keys = says(&["key", "list"])["keys"].as_array().unwrap().clone();
            let accepted = keys.iter().filter(|key| key["accepted"] == true).count();
            assert_eq!(self.count("[aria-labelledby=h-keys] tbody tr"), accepted);
            assert_eq!(self.count("table.numbered tbody tr"), length(&says(&["outbox", "list"])["letters"]));
        }

        fn count(&self, selector: &str) -> usize {
            let found = self.browser.script(&format!("return document.querySelectorAll('{selector}').length"));
            usize::try_from(found.as_u64().unwrap()).unwrap()
        }

        fn kinds(&self, id: &str, direction: &str) -> Vec<String> {
            let shown = self.parties.buyer.shows(id);
            let letters = shown["letters"].as_array().unwrap().iter();
            letters
                .filter(|one| one["direction"] == direction)
                .map(|one| one["kind"].as_str().unwrap().to_owned())
                .collect()
        }
    }

    /// Returns the digits of a text.
    fn digits(text: &str) -> String {
        text.chars().filter(char::is_ascii_digit).collect()
    }

    #[test]
    fn an_order_is_made_followed_and_given_back_in_the_browser_over_real_mail_p11_p34_p72_p89_p94_p98() {
        let desk = Desk::open("page.test");
        let Parties { buyer, shop, pay, ship } = &desk.parties;
        let id = desk.orders(["シャツ 白 41", "SH-41", "JPY 4300"]);
        assert_eq!(buyer.listed(&id)["state"], "ordered");
        let number = desk.accepts(&id);
        desk.check_list();
        // An open page is loaded anew when mail has arrived.
        desk.goes(&format!("/txn/{id}"));
        desk.browser.script("window.seen = true");
        shop.run(&["shop", "notify", &number, "--shipped"]);
        desk.parties.sync_until("shipped", || buyer.listed(&id)["order"]["done"] == true);
        desk.browser.until("the page is loaded anew", "return window.seen !== true");
        // Each is asked, and each answers to the buyer.
        // The page is opened once more: what is still coming in does not take the button away under the pointer.
        desk.goes(&format!("/txn/{id}"));
        desk.presses("ask", "asked");
        let answered = || desk.kinds(&id, "in");
        desk.parties.sync_until("answers", || {
            ["delivery-status", "payment-status"].iter().all(|kind| answered().contains(&(*kind).to_owned()))
        });
        ship.run(&["ship", "notify", &number, "--delivered"]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        desk.parties.sync_until("completed", || buyer.listed(&id)["state"] == "completed");
        desk.check_list();
        // Given back, and paid back.
        desk.goes(&format!("/txn/{id}?act=return"));
        desk.browser.write("#return-why", "小さい");
        desk.presses("return", "returned");
        desk.parties.sync_until("an answer", || desk.kinds(&id, "in").contains(&"return-answer".to_owned()));
        // Ordered again with nothing typed.
        desk.goes(&format!("/order?again={id}"));
        desk.browser.click("button[value=check]");
        desk.browser.until("the check", "return !!document.querySelector('button[value=send]')");
        desk.presses("send", "ordered");
        desk.parties.settle();
        desk.check_list();
        assert_eq!(desk.browser.complaints(), Vec::<String>::new());
        assert_eq!(buyer.json(&["--json", "warnings"])["warnings"], Value::Array(Vec::new()));
        desk.parties.check_peace();
    }

    #[test]
    fn an_offer_is_cancelled_in_the_browser_and_the_shop_hears_of_it_over_real_mail_p35_p37() {
        let desk = Desk::open("page-no.test");
        let id = desk.orders(["煎茶 200g", "TEA-200", "JPY 1800"]);
        desk.parties.sync_until("terms", || desk.parties.is(&id, "offered"));
        desk.goes(&format!("/txn/{id}/confirm"));
        desk.presses("cancel", "cancelled");
        let number = desk.parties.number(&id);
        desk.parties.sync_until("cancelled", || desk.parties.shop.listed(&number)["state"] == "cancelled");
        desk.parties.check_peace();
        desk.check_list();
    }

    #[test]
    fn differing_terms_schedules_what_came_a_warning_and_several_orders_over_real_mail_p35_p67_p84_p90_p92_p98() {
        let desk = Desk::open("page-all.test");
        let Parties { buyer, shop, pay, ship } = &desk.parties;
        shop.configure(|text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
        // The shop has not everything, and offers the rest: that is taken only where it was seen.
        let id = desk.orders_all(&[["煎茶 200g", "TEA-200", "JPY 1800"], ["Lid", "NOSUCH", "JPY 900"]]);
        let answered = || desk.kinds(&id, "in").contains(&"transaction-info".to_owned());
        until("terms", || {
            [shop, pay, ship].iter().for_each(|party| party.sync());
            buyer.sync_warned();
            answered()
        });
        assert_eq!(buyer.listed(&id)["state"], "ordered", "terms that differ are not applied");
        desk.goes(&format!("/txn/{id}/confirm"));
        assert!(desk.browser.text("table.compare").contains("Lid"), "{}", desk.browser.text("main"));
        desk.browser.click("[name=seen]");
        desk.presses("accept", "confirmed");
        let number = desk.parties.number(&id);
        desk.parties.sync_until("instructions", || desk.parties.instructed(&number));
        // Asked by a schedule that is set on the page, and answered.
        desk.parties.settle();
        desk.goes("/schedule");
        desk.browser.write("#s-name", "evening");
        desk.browser.write("#s-query", "undelivered");
        desk.presses("add", "schedule-set");
        let heard = || desk.kinds(&id, "in").iter().filter(|kind| *kind == "delivery-status").count();
        let before = heard();
        desk.goes("/schedule");
        desk.browser.click("#s-evening button[value=run]");
        desk.browser.until("the questions", "return location.search === '?said=schedule-ran'");
        desk.parties.sync_until("an answer", || heard() > before);
        // What came is less than the agent says: that is warned of, until he settles it.
        shop.run(&["shop", "notify", &number, "--shipped"]);
        ship.run(&["ship", "notify", &number, "--delivered"]);
        pay.run(&["pay", "notify", &number, "--paid"]);
        desk.parties.sync_until("completed", || buyer.listed(&id)["state"] == "completed");
        desk.parties.settle();
        desk.goes(&format!("/txn/{id}?act=received"));
        desk.browser.write("#came-1", "0");
        desk.presses("received", "received");
        let open = || buyer.json(&["--json", "warnings"])["warnings"].as_array().unwrap().len();
        assert_eq!(open(), 1);
        // A second offer waits meanwhile: each screen has something to show.
        let offered = desk.orders(["Book of tea", "BOOK", "JPY 1200"]);
        desk.parties.sync_until("terms", || desk.parties.is(&offered, "offered"));
        let unpaid = desk.orders(["シャツ 白 41", "SH-41", "JPY 4300"]);
        desk.accepts(&unpaid);
        desk.parties.settle();
        desk.check_screens(&id, &offered);
        desk.goes("/warnings");
        desk.browser.click_within(".settle details:has(button[value=ack])", "button[value=ack]");
        desk.says("seen");
        assert_eq!(open(), 0);
        // Several at once, and the other language.
        desk.goes("/");
        [&id, &unpaid].iter().for_each(|id| desk.browser.click(&format!("td.tick input[value='{id}']")));
        desk.browser.click("button[value=reorder]");
        desk.browser.until("both", "return location.pathname === '/again' && !!document.querySelector('.decide')");
        desk.browser.click("button[value=send]");
        desk.browser.until("the list", "return location.search === '?did=reordered&n=2'");
        desk.parties.settle();
        desk.goes("/");
        desk.browser.click(".langs a");
        desk.browser.until("the other language", "return document.documentElement.lang === 'ja'");
        desk.check_list();
        assert_eq!(desk.browser.complaints(), Vec::<String>::new());
        desk.parties.check_peace();
    }
}
