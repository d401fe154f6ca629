//! A purchase in the browser whose letters travel over a real Postfix and a real Dovecot.

mod real {
    use serde_json::Value;

    use crate::flows::parties::Parties;
    use crate::page::driver::Browser;
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
            self.browser.until(said, &format!("return location.search === '?said={said}'"));
        }

        /// Writes an order of one article into the form and sends it; returns its ID.
        fn orders(&self, [item, sku, price]: [&str; 3]) -> String {
            let (browser, shop) = (&self.browser, &self.parties.shop.address);
            self.goes(&format!("/order?shop={shop}"));
            for (field, text) in [("item", item), ("sku", sku), ("price", price), ("quantity", "1")] {
                browser.write(&format!("tbody tr:nth-child(1) [name={field}]"), text);
            }
            browser.write("#charge-1", "Parcel delivery");
            browser.write("#charge-price-1", "JPY 500");
            browser.click("[name=pay][value=invoice]");
            browser.click("[name=deliver][value=parcel]");
            browser.click("button[value=check]");
            browser.until("the check", "return !!document.querySelector('button[value=send]')");
            self.presses("send", "ordered");
            browser.address().split("/txn/").nth(1).unwrap().split('?').next().unwrap().to_owned()
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

        fn kinds(&self, id: &str, direction: &str) -> Vec<String> {
            let shown = self.parties.buyer.shows(id);
            let letters = shown["letters"].as_array().unwrap().iter();
            letters
                .filter(|one| one["direction"] == direction)
                .map(|one| one["kind"].as_str().unwrap().to_owned())
                .collect()
        }
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
}
