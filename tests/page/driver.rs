//! A real browser, driven through chromedriver by plain HTTP and JSON.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use super::http::send;

/// How long the browser may take for something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window.
pub struct Browser {
    port: u16,
    session: String,
    child: Child,
}

/// What a page says of itself to an auditor: nothing of it may be there.
pub const FAULTS: &str = r#"
  const found = [];
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push('duplicate id ' + id);
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    const label = field.labels && [...field.labels].some((one) => one.textContent.trim());
    if (!label && !field.getAttribute('aria-label')) found.push('no label for ' + field.outerHTML.slice(0, 80));
  }
  for (const head of document.querySelectorAll('th')) if (!head.scope) found.push('no scope: ' + head.outerHTML.slice(0, 60));
  for (const table of document.querySelectorAll('table')) if (!table.caption) found.push('no caption: ' + table.className);
  for (const button of document.querySelectorAll('button, a')) {
    if (!button.textContent.trim() && !button.getAttribute('aria-label')) found.push('no words: ' + button.outerHTML.slice(0, 80));
  }
  const pointers = ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns', 'aria-details', 'aria-errormessage', 'for', 'headers', 'list'];
  for (const name of pointers) for (const one of document.querySelectorAll('[' + name + ']')) {
    for (const id of one.getAttribute(name).split(/\s+/)) {
      if (id && !document.getElementById(id)) found.push(name + ' points to nothing: ' + id);
    }
  }
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('wider than the window: ' + document.documentElement.scrollWidth);
  if (!document.querySelector('h1')) found.push('no heading');
  for (const text of document.querySelectorAll('text.t-strong:not(.t-mid)')) {
    const said = text.getBoundingClientRect();
    const crosses = (line) => said.left < line.right && line.left < said.right && said.top < line.bottom && line.top < said.bottom;
    const lines = [...text.ownerSVGElement.querySelectorAll('line.step')].map((line) => line.getBoundingClientRect());
    if (lines.some(crosses)) found.push('written over a line: ' + text.textContent);
  }
  return found;
"#;

/// The texts of a page that stand out too little from what is behind them, those of drawings and of empty fields as well: less
/// than 4.5 to 1, or 3 to 1 where they are large (WCAG 2.2, 1.4.3); and the fields whose border does, less than 3 to 1 (1.4.11).
/// A colour is what the browser makes of it, whatever it is written in.
pub const FAINT: &str = r#"
  const pixel = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const colour = (written) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = written;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    return {rgb: [r, g, b], a: a / 255};
  };
  const over = (upper, lower) => upper.rgb.map((part, i) => part * upper.a + lower[i] * (1 - upper.a));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = colour(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, behind(element.parentElement));
  };
  const light = (rgb) => rgb.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  let met = 0;
  const ratio = (upper, lower) => {
    const [one, other] = [light(over(colour(upper), lower)), light(lower)].sort((a, b) => b - a);
    return (one + 0.05) / (other + 0.05);
  };
  const seen = (element) => element.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !element.closest('.hidden, :disabled');
  const judge = (what, is, least) => { met += 1; if (is < least) found.push(is.toFixed(2) + ' ' + what); };
  for (const text of document.querySelectorAll('svg text')) {
    if (seen(text)) judge('drawn ' + text.textContent.slice(0, 40), ratio(getComputedStyle(text).fill, behind(text.closest('svg'))), 4.5);
  }
  for (const field of document.querySelectorAll('input, textarea, select')) {
    if (!seen(field) || ['hidden', 'checkbox', 'radio', 'submit'].includes(field.type)) continue;
    const style = getComputedStyle(field);
    if (field.placeholder) judge('placeholder ' + field.placeholder, ratio(getComputedStyle(field, '::placeholder').color, behind(field)), 4.5);
    const around = behind(field.parentElement);
    const sides = ['Top', 'Right', 'Bottom', 'Left'].filter((side) => parseFloat(style['border' + side + 'Width']) > 0);
    const border = Math.max(0, ...sides.map((side) => ratio(style['border' + side + 'Color'], around)));
    judge('border of ' + field.outerHTML.slice(0, 60), Math.max(border, ratio(style.backgroundColor, around)), 3);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    if (!text || !element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (element.closest('svg, .hidden, option, [aria-hidden=true], :disabled')) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    judge(element.className + ' ' + text.slice(0, 40), ratio(style.color, behind(element)), large ? 3 : 4.5);
  }
  return met < 20 ? ['hardly a text was met: ' + met] : found;
"#;

/// What is to be pressed and is too small for it: less than 24 pixels wide or high and nearer than 12 to something else
/// (WCAG 2.2, 2.5.8). Links within a line of text may be as small as that.
pub const TARGETS: &str = r#"
  const there = (e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !e.closest('.hidden, .skip');
  const place = (e) => {
    const boxes = [e, ...(['checkbox', 'radio'].includes(e.type) ? e.labels : [])].map((one) => one.getBoundingClientRect());
    const side = (name, of) => of(...boxes.map((box) => box[name]));
    return {left: side('left', Math.min), right: side('right', Math.max), top: side('top', Math.min), bottom: side('bottom', Math.max)};
  };
  const all = [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')];
  const targets = all.filter(there).map((e) => ({e, ...place(e)}));
  const small = (t) => t.right - t.left < 24 || t.bottom - t.top < 24;
  const away = (t, other) => {
    const [x, y] = [(t.left + t.right) / 2, (t.top + t.bottom) / 2];
    const [dx, dy] = [Math.max(other.left - x, x - other.right, 0), Math.max(other.top - y, y - other.bottom, 0)];
    return Math.hypot(dx, dy);
  };
  const crowded = (t) => targets.some((other) => other !== t && away(t, other) < 12);
  const found = targets.filter((t) => small(t) && getComputedStyle(t.e).display !== 'inline' && crowded(t));
  return targets.length < 8 ? ['hardly anything is to be pressed'] : found.map((t) => t.e.outerHTML.slice(0, 120));
"#;

impl Browser {
    /// Starts one in this size; everything but loopback goes to a closed port, and is seen as a fault of the page.
    pub fn start(width: u32, height: u32) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, closed) = (free(), free());
        let child = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: tests/run installs chromium-driver");
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut browser = Self { port, session: String::new(), child };
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            "--force-prefers-reduced-motion".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--proxy-server=127.0.0.1:{closed}"),
            "--proxy-bypass-list=127.0.0.1".to_owned(),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"implicit": PATIENCE.as_millis()},
        }}});
        let made = browser.ask("POST", "", &wanted);
        browser.session = format!("/{}", made["sessionId"].as_str().unwrap_or_else(|| panic!("{made}")));
        browser
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.tries(method, path, body).unwrap_or_else(|fault| panic!("{method} {path}: {fault}"))
    }

    /// Asks the driver for something; what it complains of is the error.
    fn tries(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let host = format!("127.0.0.1:{}", self.port);
        let headers = [("Host", host.as_str()), ("Content-Type", "application/json")];
        let answer = send(self.port, &format!("{method} /session{}{path}", self.session), &headers, &body);
        let value = answer.json()["value"].clone();
        if answer.status == 200 { Ok(value) } else { Err(value) }
    }

    pub fn open(&self, address: &str) {
        self.ask("POST", "/url", &json!({"url": address}));
    }

    pub fn script(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    pub fn address(&self) -> String {
        self.ask("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Returns the page as HTML.
    pub fn source(&self) -> String {
        self.ask("GET", "/source", &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn title(&self) -> String {
        self.ask("GET", "/title", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Asks for something about what a selector of CSS names, as soon as it is there. A page that is loaded anew
    /// meanwhile, because news had come or a click leads on, takes its elements with it: the new page's is looked for.
    fn of(&self, selector: &str, method: &str, what: &str, body: &Value) -> Value {
        let begun = Instant::now();
        loop {
            match self.tries_of(selector, method, what, body) {
                Ok(value) => return value,
                Err(fault) if is_of_a_page_that_goes(&fault) && begun.elapsed() < PATIENCE => {}
                Err(fault) => panic!("{method} {what} of {selector}: {fault}"),
            }
        }
    }

    /// The same, once.
    fn tries_of(&self, selector: &str, method: &str, what: &str, body: &Value) -> Result<Value, Value> {
        let found = self.tries("POST", "/element", &json!({"using": "css selector", "value": selector}))?;
        let element = found.as_object().unwrap().values().next().unwrap().as_str().unwrap();
        self.tries(method, &format!("/element/{element}/{what}"), body)
    }

    pub fn text(&self, selector: &str) -> String {
        self.of(selector, "GET", "text", &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn click(&self, selector: &str) {
        self.of(selector, "POST", "click", &json!({}));
    }

    /// Opens what stands behind the summary of `details`, and presses a button in it. Where the page is loaded anew between the
    /// two, because news had come, it is closed again, and is opened once more.
    pub fn click_within(&self, details: &str, selector: &str) {
        let begun = Instant::now();
        let button = format!("{details} {selector}");
        let is_open = format!("return document.querySelector(\"{details}\")?.open");
        let is_open = json!({"script": is_open, "args": []});
        loop {
            if self.tries("POST", "/execute/sync", &is_open) != Ok(json!(true)) {
                self.click(&format!("{details} > summary"));
            }
            // What is closed again would be waited for in vain.
            self.waits(Duration::from_secs(1));
            let pressed = self.tries_of(&button, "POST", "click", &json!({}));
            self.waits(PATIENCE);
            match pressed {
                Ok(_) => return,
                Err(fault) => {
                    let gone =
                        ["element not interactable", "no such element"].iter().any(|word| fault["error"] == *word);
                    let passes = (gone || is_of_a_page_that_goes(&fault)) && begun.elapsed() < PATIENCE;
                    assert!(passes, "{button}: {fault}");
                }
            }
        }
    }

    /// Has the driver wait so long for what is to be pressed or read.
    fn waits(&self, long: Duration) {
        self.ask("POST", "/timeouts", &json!({"implicit": long.as_millis()}));
    }

    pub fn write(&self, selector: &str, text: &str) {
        self.of(selector, "POST", "clear", &json!({}));
        self.of(selector, "POST", "value", &json!({"text": text}));
    }

    /// Presses keys wherever the focus is.
    pub fn press(&self, keys: &[&str]) {
        let mut actions = Vec::new();
        for key in keys {
            actions.push(json!({"type": "keyDown", "value": key}));
            actions.push(json!({"type": "keyUp", "value": key}));
        }
        self.ask("POST", "/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}));
    }

    /// Shows pages this wide, in a light or dark scheme.
    pub fn wears(&self, width: u32, scheme: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &scheme);
    }

    /// Lets pages run scripts, or none.
    pub fn scripts(&self, run: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": !run}));
    }

    /// Speaks to the browser's own protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) {
        self.ask("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
    }

    /// Returns what the browser complained of since it was asked last.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({"type": "browser"}));
        log.as_array().unwrap().iter().map(|entry| entry["message"].to_string()).collect()
    }

    /// Takes a picture of the window, as a PNG.
    pub fn picture(&self) -> Vec<u8> {
        let picture = self.ask("GET", "/screenshot", &Value::Null);
        base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// Waits until a page is open whose address ends so; what a click leads to may come long after it, and a page
    /// without scripts cannot be asked otherwise.
    pub fn arrives(&self, end: &str) {
        let begun = Instant::now();
        loop {
            let address = self.address();
            if address.ends_with(end) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{address} is not {end}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a script returns true. While one page gives way to the next, it cannot run.
    pub fn until(&self, what: &str, script: &str) {
        let (begun, script) = (Instant::now(), json!({"script": script, "args": []}));
        while self.tries("POST", "/execute/sync", &script) != Ok(Value::Bool(true)) {
            assert!(begun.elapsed() < PATIENCE, "not reached: {what} at {}", self.address());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Returns whether what was asked for was lost with a page that gave way to the next.
fn is_of_a_page_that_goes(fault: &Value) -> bool {
    fault["error"] == "stale element reference"
        || fault["message"].as_str().is_some_and(|text| text.contains("navigation"))
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What a page does wrong and no test looked for is a fault all the same: it is looked at before the browser ends.
        let looks = !self.session.is_empty() && !std::thread::panicking();
        let complaints = looks.then(|| std::panic::catch_unwind(|| self.complaints()));
        // The browser outlives its driver unless it is told to end, whatever became of the test.
        let ended = std::panic::catch_unwind(|| self.ask("DELETE", "", &json!({})));
        assert!(ended.is_ok() || self.session.is_empty() || std::thread::panicking(), "the browser does not end");
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(complaints) = complaints {
            assert_eq!(complaints.expect("the browser says what it complains of"), Vec::<String>::new());
        }
    }
}

mod real {
    use super::*;

    /// A page on which much is wrong.
    const WRONG: &str = "<h1 aria-labelledby=nowhere>x</h1><p style='background:white'>
        <svg><text fill='%23bbbbbb'>drawn</text></svg>
        <input aria-label=a placeholder=empty style='border:1px solid black'>
        <input aria-label=b style='border:1px solid %23dddddd;background:white'>";

    #[test]
    fn what_the_auditors_look_for_is_found_where_it_is() {
        let browser = Browser::start(1280, 1000);
        let texts = "<span>text</span> ".repeat(20);
        let style = "<style>::placeholder{color:%23cccccc}</style>";
        browser.open(&format!("data:text/html,{style}{WRONG}{texts}"));
        assert_eq!(browser.script(FAULTS), json!(["aria-labelledby points to nothing: nowhere"]));
        let faint = browser.script(FAINT);
        let faint: Vec<&str> = faint.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert_eq!(faint.len(), 3, "{faint:?}");
        for (place, what) in ["drawn drawn", "placeholder empty", "border of "].iter().enumerate() {
            assert!(faint[place].contains(what), "{what}: {faint:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_summary_is_opened_once_more_where_the_page_is_loaded_anew() {
        let browser = Browser::start(1280, 1000);
        // News comes as soon as it is opened for the first time.
        let news = "if (this.open && !window.name) { window.name = 'again'; location.reload(); }";
        let button = "<button onclick=\"document.title = 'pressed'\">x</button>";
        let folder = crate::support::accounts::scratch();
        let page = folder.path().join("page.html");
        std::fs::write(&page, format!("<details ontoggle=\"{news}\"><summary>more</summary>{button}</details>"))
            .unwrap();
        browser.open(&format!("file://{}", page.display()));
        browser.click("summary");
        browser
            .until("it is closed again", "return window.name === 'again' && !document.querySelector('details').open");
        browser.script("window.name = ''");
        browser.click_within("details", "button");
        browser.until("it is pressed", "return document.title === 'pressed'");
    }

    #[test]
    fn what_a_page_takes_from_outside_is_a_complaint() {
        let browser = Browser::start(1280, 1000);
        browser.open("data:text/html,<h1>x</h1>");
        assert_eq!(browser.complaints(), Vec::<String>::new());
        browser.open("data:text/html,<img alt=x src='http://outside.example/x.png'>");
        let complaints = browser.complaints();
        assert!(complaints.iter().any(|one| one.contains("outside.example/x.png")), "{complaints:?}");
        // Nor does a test end well that has not looked.
        browser.open("data:text/html,<img alt=x src='http://outside.example/y.png'>");
        let ends = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(browser)));
        assert!(ends.is_err());
    }
}
