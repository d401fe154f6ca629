//! A real Postfix and a real Dovecot, started once for the test binary.
//!
//! Tests that need them stand in modules named `real` and call [`require`], which fails loudly where they cannot be
//! had. With `MAILORDER_TESTS=quick` such tests must be left out on the command line (`--skip real::`), where everybody
//! can see it; run all the same, they fail.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use mailorder::connect::{Login, Secret, Server, Tls};
use secrecy::SecretString;

/// How long the path of a folder may be below which a folder for sockets is made: a socket's path has 107 bytes at most.
const SHORT: usize = 32;

/// Returns a temporary folder for what makes sockets: in the usual place, where its path is short and others may enter it, whose
/// mail a server keeps.
pub fn short_scratch() -> tempfile::TempDir {
    let usual = std::env::temp_dir();
    let enters = std::fs::metadata(&usual).is_ok_and(|folder| folder.permissions().mode() & 1 == 1);
    let place = if usual.as_os_str().len() <= SHORT && enters { usual } else { PathBuf::from("/tmp") };
    tempfile::Builder::new().prefix("mo").rand_bytes(4).tempdir_in(place).unwrap()
}

/// The running servers.
pub struct Servers {
    pub dir: PathBuf,
    env: BTreeMap<String, String>,
    /// Closed when this process ends, however it ends: then the servers are stopped.
    _alive: Mutex<ChildStdin>,
}

static SERVERS: OnceLock<Servers> = OnceLock::new();

fn support(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(file)
}

/// Returns the servers, started if need be.
pub fn require() -> &'static Servers {
    let quick = std::env::vars().any(|(name, value)| name == "MAILORDER_TESTS" && value == "quick");
    assert!(!quick, "MAILORDER_TESTS=quick: leave out the tests with real servers by --skip real::");
    SERVERS.get_or_init(start)
}

fn start() -> Servers {
    let dir = short_scratch().keep();
    script("start", &dir, &[]);
    let env = std::fs::read_to_string(dir.join("env")).unwrap();
    let env = env.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    #[expect(clippy::zombie_processes, reason = "it outlives this process: its work begins when this one ends")]
    let mut guardian = Command::new("sh")
        .args(["-c", "cat >/dev/null; \"$0\" stop \"$1\"; rm -rf \"$1\""])
        .arg(support("mailserver"))
        .arg(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let alive = Mutex::new(guardian.stdin.take().unwrap());
    Servers { dir, env, _alive: alive }
}

/// Runs the script. Its output goes to a file: the daemons keep what they inherit open, and a pipe would never end.
fn script(verb: &str, dir: &Path, arguments: &[&str]) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let status = Command::new(support("mailserver"))
        .arg(verb)
        .arg(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.reopen().unwrap())
        .status()
        .unwrap();
    assert!(status.success(), "mailserver {verb}: {}", std::fs::read_to_string(log.path()).unwrap_or_default());
}

impl Servers {
    /// Runs a verb of the script on these servers.
    pub fn run(&self, verb: &str, arguments: &[&str]) {
        script(verb, &self.dir, arguments);
    }

    /// Makes a mailbox with the password `pw`.
    pub fn user(&self, address: &str) {
        self.run("add-user", &[address, "pw"]);
    }

    /// Returns an access token of a mailbox for so many seconds; one for less than none has run out.
    pub fn token(&self, address: &str, seconds: i64) -> String {
        let (script, seconds) = (support("mailserver"), seconds.to_string());
        let output = Command::new(script).arg("token").arg(&self.dir).args([address, &seconds]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn port(&self, name: &str) -> u16 {
        self.env[&format!("{name}_PORT")].parse().unwrap()
    }

    pub fn maildir(&self, address: &str) -> PathBuf {
        Path::new(&self.env["MAILROOT"]).join(address).join("Maildir")
    }

    pub fn tls_file(&self, name: &str) -> String {
        self.dir.join("tls").join(name).display().to_string()
    }

    /// Describes one of the ports as settings do.
    pub fn server(&self, port: u16, tls: Tls) -> Server {
        Server { host: "localhost".to_owned(), port, tls, ca_file: Some(PathBuf::from(&self.env["CA_FILE"])) }
    }
}

pub fn login(user: &str) -> Login {
    Login {
        user: user.to_owned(),
        secret: Arc::new(|| Box::pin(async { Ok(Secret::Password(SecretString::from("pw"))) })),
    }
}

/// A fault proxy before a port; ends with the value.
pub struct Proxy {
    pub port: u16,
    child: Child,
}

impl Proxy {
    pub fn start(target: u16, options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new("python3")
            .arg(support("faultproxy.py"))
            .args([port.to_string(), target.to_string()])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        std::thread::spawn(move || lines.for_each(drop));
        Self { port, child }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
