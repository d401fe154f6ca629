//! How pages look where nobody sees them every day: on paper, and the order form with a shop's articles.

mod real {
    use serde_json::json;

    use crate::flows::catalog::{CATALOG, catalog, town};
    use crate::flows::quantities::by_measure;
    use crate::page::driver::{Browser, FAINT, FAULTS};
    use crate::page::served::Served;
    use crate::support::program::Town;

    /// What is wrong with a page on paper: figures that do not stand side by side, states on two lines, buttons.
    const ON_PAPER: &str = "
        const faults = [];
        const tops = new Set([...document.querySelectorAll('.summary > div')].map((one) => one.offsetTop));
        if (tops.size > 1) faults.push('figures on ' + tops.size + ' lines');
        for (const one of document.querySelectorAll('.leg .state, .summary--three .state')) {
            const line = parseFloat(getComputedStyle(one).lineHeight) || 1.6 * parseFloat(getComputedStyle(one).fontSize);
            if (one.offsetHeight > 1.7 * line) faults.push('on two lines: ' + one.textContent);
        }
        const [timeline, terms] = [document.querySelector('.timeline'), document.querySelector('.slip.more')];
        const gap = timeline && terms ? terms.getBoundingClientRect().top - timeline.getBoundingClientRect().bottom : 9;
        if (gap < 9) faults.push('the terms touch the timeline');
        const screen = 'button, nav, input[type=checkbox], .onward, .orders thead svg, form#new';
        for (const one of document.querySelectorAll(screen)) {
            if (one.checkVisibility() && one.getBoundingClientRect().height > 0) faults.push('to be seen: ' + one.outerHTML.slice(0, 80));
        }
        if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the paper');
        return faults;
    ";

    fn opened(town: &Town) -> (Served, Browser, String) {
        let served = Served::start(&town.path("buyer/config.toml"));
        let browser = Browser::start(1280, 1000);
        browser.open(&served.link);
        browser.until("a page", "return !!document.querySelector('h1')");
        let root = format!("http://{}", served.host());
        (served, browser, root)
    }

    fn as_wide_as(browser: &Browser, width: u32) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        browser.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    #[test]
    fn on_paper_figures_stand_side_by_side_states_on_one_line_and_no_button_is_seen() {
        let town = Town::played();
        let (_served, browser, root) = opened(&town);
        let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
        // What A4 leaves between its margins.
        as_wide_as(&browser, 688);
        browser.devtools("Emulation.setEmulatedMedia", &json!({"media": "print"}));
        let offered = town.order();
        town.settle();
        // There is something that leads on from each of these pages.
        for path in ["/", "/warnings", &format!("/txn/{offered}/confirm")] {
            browser.open(&format!("{root}{path}"));
            assert_ne!(browser.script("return document.querySelectorAll('.onward').length"), json!(0), "{path}");
        }
        let pages = ["/", "/warnings", "/health", "/schedule", "/chart", "/order", "/order?shop=shop@demo.test"];
        let orders = [format!("/txn/{id}"), format!("/txn/{offered}/confirm"), format!("/order?again={id}")];
        let several = ["/return", "/again"].map(|path| format!("{path}?txn={id}&txn={offered}"));
        for path in pages.map(str::to_owned).into_iter().chain(orders).chain(several) {
            browser.open(&format!("{root}{path}"));
            assert_eq!(browser.script(ON_PAPER), json!([]), "{path}");
        }
    }

    #[test]
    fn the_order_form_with_articles_has_no_fault() {
        let town = town(CATALOG, "");
        catalog(&town, &[]);
        let (_served, browser, root) = opened(&town);
        for (language, scheme, width) in [("en", "light", 1280), ("ja", "dark", 1280), ("ja", "light", 375)] {
            as_wide_as(&browser, width);
            let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            browser.devtools("Emulation.setEmulatedMedia", &scheme);
            for path in ["/order?", "/order?shop=shop%40demo.test&"] {
                browser.open(&format!("{root}{path}lang={language}"));
                assert_eq!(browser.script(FAULTS), json!([]), "{path} {language} {width}");
                assert_eq!(browser.script(FAINT), json!([]), "{path} {language} {width}");
            }
        }
        // Goods are chosen and looked at without a script.
        browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
        browser.write("[name=pick-CUP]", "2");
        browser.click("[name=pay][value=invoice]");
        browser.click("button[value=check]");
        browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": false}));
        browser.until("the check", "return document.querySelector('main').textContent.includes('2,300')");
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }

    #[test]
    fn the_order_form_with_steps_and_stock_has_no_fault() {
        let town = by_measure();
        let (_served, browser, root) = opened(&town);
        for (language, width) in
            [("en", 1280), ("ja", 1280), ("en", 960), ("ja", 720), ("en", 500), ("ja", 375), ("en", 320)]
        {
            as_wide_as(&browser, width);
            browser.open(&format!("{root}/order?shop=shop%40demo.test&lang={language}"));
            assert_eq!(browser.script(FAULTS), json!([]), "{language} {width}");
        }
        // More than there was is read beside its line, and sent all the same.
        as_wide_as(&browser, 1280);
        browser.open(&format!("{root}/order?shop=shop%40demo.test&lang=en"));
        browser.write("[name=pick-CUP]", "24");
        browser.click("[name=pay][value=invoice]");
        browser.click("button[value=check]");
        browser.until("the doubt", "return document.querySelector('#sum').textContent.includes('no more than 18')");
        assert_eq!(browser.script(FAULTS), json!([]));
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }

    #[test]
    fn below_480_places_account_and_language_stand_in_the_foot_and_nothing_is_wider_than_the_window() {
        let town = Town::played();
        let (_served, browser, root) = opened(&town);
        let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
        for width in [479, 375, 320] {
            as_wide_as(&browser, width);
            let several = ["/return", "/again"].map(|path| format!("{path}?txn={id}"));
            let others = ["/", "/order?shop=shop%40demo.test", "/warnings", "/schedule", "/health"];
            for path in others.map(str::to_owned).into_iter().chain(several).chain([format!("/txn/{id}")]) {
                browser.open(&format!("{root}{path}"));
                assert_eq!(browser.script(FAULTS), json!([]), "{path} {width}");
                let seen = "return [...document.querySelectorAll('.address, .langs a, .account a')]
                    .filter((one) => one.checkVisibility()).map((one) => {
                      const box = one.getBoundingClientRect();
                      return [!!one.closest('footer'), box.left >= 0 && box.right <= innerWidth, box.height > 0];
                    })";
                let seen = browser.script(seen);
                assert_eq!(seen.as_array().unwrap().len(), 2, "account and the other language: {path} {width} {seen}");
                assert!(
                    seen.as_array().unwrap().iter().all(|one| *one == json!([true, true, true])),
                    "{path} {width} {seen}"
                );
            }
        }
        // It is the language that is chosen there.
        browser.click(".account a");
        browser.until("the other language", "return document.documentElement.lang === 'ja'");
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
