//! The page beside other programs of this machine: on the other loopback address, and in a browser in which a page of another
//! program is open.

mod real {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};

    use crate::page::driver::Browser;
    use crate::page::guarded::{done, town};
    use crate::page::served::{Served, form};
    use crate::support::program::Town;

    /// A program that is ended with the test.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Sends a request to the other loopback address; returns the whole answer.
    fn over_ipv6(port: u16, line: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(("::1", port)).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn on_the_other_loopback_address_it_is_as_closed() {
        let town = Town::played();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.arg("-c").arg(town.path("buyer/config.toml")).args(["serve", "--ipv6"]);
        command.env_clear().env("HOME", town.path("buyer")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Running(command.spawn().unwrap());
        let link = BufReader::new(running.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let (host, opening) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let port: u16 = host.strip_prefix("[::1]:").unwrap_or_else(|| panic!("{link}")).parse().unwrap();
        let table =
            std::fs::read_to_string("/proc/net/tcp6").unwrap() + &std::fs::read_to_string("/proc/net/tcp").unwrap();
        let listening: Vec<&str> = table
            .lines()
            .filter(|line| line.contains(" 0A "))
            .filter_map(|line| line.split_whitespace().nth(1).filter(|local| local.ends_with(&format!(":{port:04X}"))))
            .collect();
        assert_eq!(listening, [format!("00000000000000000000000001000000:{port:04X}")]);
        let opened = over_ipv6(port, &format!("GET /{opening}"), &format!("Host: {host}\r\n"));
        assert!(opened.starts_with("HTTP/1.1 303"), "{opened}");
        let cookie =
            opened.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().split(';').next().unwrap();
        let get = |host: &str, cookie: &str| over_ipv6(port, "GET /", &format!("Host: {host}\r\nCookie: {cookie}\r\n"));
        assert!(get(host, cookie).starts_with("HTTP/1.1 200"));
        assert!(get(host, "").starts_with("HTTP/1.1 401"));
        for other in ["evil.example", "[::1]", "[::2]:1", &format!("[fd00::1]:{port}")] {
            assert!(get(other, cookie).starts_with("HTTP/1.1 421"), "{other}");
        }
        // A browser opens it by its link, which is used up here; its forms come from a page of ours.
        let act = format!(
            "Host: {host}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n"
        );
        let before = done(&town);
        assert!(
            over_ipv6(port, "POST /", &format!("{act}Origin: http://127.0.0.1:{port}\r\n")).starts_with("HTTP/1.1 403")
        );
        assert_eq!(done(&town), before);
    }

    /// What a page of another program tries: to read ours by every way a page has, to frame it, to send its forms. What it gets is
    /// written into `got`.
    const ATTACK: &str = r#"<!doctype html><title>Offers</title><h1>Offers</h1><div id="room"></div><script>
        const [root, path, body, got] = ['ROOT', 'PATH', 'BODY', {}];
        const form = { method: 'POST', credentials: 'include', body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
        const reads = async (name, address, how) => {
          try {
            const answer = await fetch(address, how);
            got[name] = answer.type === 'opaque' ? 'opaque' : 'read ' + answer.status + (await answer.text()).slice(0, 20);
          } catch (fault) { got[name] = 'refused'; }
        };
        const loads = (name, kind, address) => new Promise((done) => {
          const one = document.createElement(kind);
          one.onload = () => { got[name] = 'loaded'; done(); };
          one.onerror = () => { got[name] = 'refused'; done(); };
          if (kind === 'link') [one.rel, one.href] = ['stylesheet', address]; else one.src = address;
          document.body.append(one);
        });
        const frames = (name, address) => new Promise((done) => {
          const frame = document.createElement('iframe');
          frame.name = name;
          frame.onload = () => {
            let seen = null;
            try { seen = frame.contentDocument && frame.contentDocument.body.innerText; } catch {}
            got[name] = seen ? 'read ' + seen.slice(0, 20) : 'nothing';
            // A form that is sent has its answer after the empty page that was there first.
            if (address) done(); else setTimeout(done, 2000);
          };
          if (address) frame.src = address;
          document.body.append(frame);
          if (!address) {
            const sent = document.createElement('form');
            [sent.method, sent.action, sent.target] = ['POST', root + path, name];
            for (const [field, value] of new URLSearchParams(body)) {
              const input = document.createElement('input');
              [input.type, input.name, input.value] = ['hidden', field, value];
              sent.append(input);
            }
            document.body.append(sent);
            sent.submit();
          }
        });
        (async () => {
          await reads('fetch', root + '/', { credentials: 'include' });
          await reads('fetch without leave', root + '/', { credentials: 'include', mode: 'no-cors' });
          await reads('export', root + '/export?format=jsonl', { credentials: 'include', mode: 'no-cors' });
          await reads('post', root + path, { ...form, mode: 'no-cors' });
          await reads('post to read', root + path, form);
          await reads('plain post', root + path, { ...form, mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } });
          navigator.sendBeacon(root + path, new URLSearchParams(body));
          await loads('script', 'script', root + '/script.js');
          await loads('data as script', 'script', root + '/export?format=jsonl');
          await loads('style', 'link', root + '/style.css');
          await loads('image', 'img', root + '/');
          await frames('frame', root + path);
          await frames('posted', '');
          document.title = 'done ' + JSON.stringify(got);
        })();
      </script>"#;

    /// A page of another program on this machine, at a port of its own.
    fn stranger(page: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut line = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {}
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n",
                    page.len()
                );
                let _ = stream.write_all(format!("{head}\r\n{page}").as_bytes());
            }
        });
        port
    }

    #[test]
    fn a_page_of_another_program_in_the_same_browser_reads_nothing_and_does_nothing_b109_b110() {
        let (town, served): (Town, Served) = town();
        let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
        let browser = Browser::start(1280, 1000);
        browser.open(&served.link);
        browser.until("the list", "return !!document.querySelector('table.orders')");
        // Worse than it can be: the stranger has learned the token of the session.
        let token = browser.script("return document.querySelector('[name=token]').value");
        let body = form(&[("token", token.as_str().unwrap()), ("once", &"a".repeat(32)), ("act", "ask")]);
        let root = format!("http://{}", served.host());
        let before = done(&town);
        let page = ATTACK.replace("ROOT", &root).replace("PATH", &format!("/txn/{id}")).replace("BODY", &body);
        let port = stranger(page);
        browser.open(&format!("http://127.0.0.1:{port}/"));
        browser.until("all is tried", "return document.title.startsWith('done ')");
        let got: serde_json::Value = serde_json::from_str(browser.title().strip_prefix("done ").unwrap()).unwrap();
        let tried = got.as_object().unwrap();
        assert_eq!(tried.len(), 12, "{got}");
        for (way, what) in tried {
            assert!(["refused", "nothing"].contains(&what.as_str().unwrap()), "{way}: {got}");
        }
        assert_eq!(done(&town), before);
        // Sent with its whole window, too; and ours is shown to whom it belongs, as before.
        browser.script("document.querySelector('form').target = '_self'; document.querySelector('form').submit()");
        browser.until("an answer", "return !document.querySelector('#room')");
        assert_eq!(done(&town), before);
        assert!(!browser.text("body").contains("JPY"), "{}", browser.text("body"));
        assert!(!browser.complaints().is_empty(), "the browser says what it refused the stranger");
        browser.open(&format!("{root}/txn/{id}"));
        browser.click(".steps button[value=ask]");
        browser.until("the question", "return location.search === '?said=asked'");
        assert_ne!(done(&town).0, before.0, "our own page can do what was tried");
    }
}
