//! Both ways with stock gpg (T11): it opens and verifies our letters, and we open its.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::*;

/// A gpg with a home of its own; its agent is stopped with it.
struct Gpg {
    // The path is short, because the agent's sockets lie in it.
    home: tempfile::TempDir,
}

impl Gpg {
    /// Makes a home whose clock stands at the present of these tests.
    fn new() -> Self {
        let home = crate::support::servers::short_scratch();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("gpg")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("GNUPGHOME", self.home.path())
            .current_dir(self.home.path())
            .args(["--batch", "--yes", "--quiet", "--no-tty", "--trust-model", "always", "--faked-system-time"])
            .arg("20261122T100000!")
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs gpg, which must succeed, and returns what it wrote.
    fn good(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {error}");
        output.stdout
    }

    fn import(&self, bytes: &[u8]) {
        fs::write(self.path("key"), bytes).unwrap();
        self.good(&["--import", "key"]);
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let kill = ["--kill", "all"];
        let _ = Command::new("gpgconf").env("GNUPGHOME", self.home.path()).args(kill).output();
    }
}

fn verify(gpg: &Gpg, part: &[u8], signature: &str) -> Output {
    fs::write(gpg.path("part"), part).unwrap();
    fs::write(gpg.path("part.asc"), signature).unwrap();
    gpg.run(&["--status-fd", "1", "--verify", "part.asc", "part"])
}

fn has(output: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(output).contains(text)
}

#[test]
fn gpg_opens_our_letters_and_verifies_what_is_taken_out_of_them() {
    use secrecy::ExposeSecret as _;
    let people = People::get();
    let gpg = Gpg::new();
    gpg.import(people.buyer().to_armored().expose_secret().as_bytes());
    gpg.import(people.shop.certificate().to_armored().as_bytes());

    let armored = letter_by(&people.shop, LETTER);
    fs::write(gpg.path("letter.asc"), &armored).unwrap();
    assert_eq!(gpg.good(&["--decrypt", "letter.asc"]), LETTER);
    let status = gpg.good(&["--status-fd", "1", "--output", "plain", "--decrypt", "letter.asc"]);
    assert!(has(&status, &format!("VALIDSIG {}", open(&wrap(&armored)).unwrap().signing_key())));
    assert!(has(&status, people.shop.fingerprint().as_str()) && has(&status, "GOODMDC"));

    let opened = open(&wrap(&armored)).unwrap();
    let verified = verify(&gpg, opened.signed_bytes(), opened.signature_armored());
    assert!(verified.status.success() && has(&verified.stdout, "VALIDSIG"));
    assert!(!verify(&gpg, b"JPY 1\r\n", opened.signature_armored()).status.success());
}

#[test]
fn gpg_takes_our_minimal_certificates_and_checkpoints() {
    let people = People::get();
    let gpg = Gpg::new();
    gpg.import(&people.shop.certificate().to_minimal_binary(&address("shop@example.com"), now()).unwrap());
    let signed = pgp::verify::clearsign(&people.shop, "mailorder checkpoint 1\nsize 4\n", now()).unwrap();
    fs::write(gpg.path("checkpoint.asc"), signed).unwrap();
    let status = gpg.good(&["--status-fd", "1", "--verify", "checkpoint.asc"]);
    assert!(has(&status, "VALIDSIG"));
    let armored = letter_by(&people.shop, LETTER);
    let opened = open(&wrap(&armored)).unwrap();
    assert!(verify(&gpg, LETTER, opened.signature_armored()).status.success());
    fs::write(gpg.path("plain"), LETTER).unwrap();
    assert!(has(
        &gpg.good(&["--armor", "-r", "shop@example.com", "--output", "-", "-e", "plain"]),
        "BEGIN PGP MESSAGE"
    ));
}

#[test]
fn gpg_verifies_with_a_renewed_certificate_what_was_signed_before_and_after() {
    let people = People::get();
    // In the past of gpg's own clock.
    let later = now() + 60 * MINUTE;
    let renewed = people.shop.renew(later).unwrap();
    let old = pgp::sign(&people.shop, LETTER, people.buyer().fingerprint(), now()).unwrap();
    let new = pgp::sign(&renewed, LETTER, people.buyer().fingerprint(), later).unwrap();
    let minimal = renewed.certificate().to_minimal_binary(&address("shop@example.com"), later).unwrap();
    let merged = people.shop.certificate().refresh(&Certificate::from_bytes(&minimal).unwrap()).unwrap();
    for certificate in [renewed.certificate().to_armored().into_bytes(), minimal, merged.to_own_binary().unwrap()] {
        let gpg = Gpg::new();
        gpg.import(&certificate);
        for signature in [&old, &new] {
            let verified = verify(&gpg, LETTER, &signature.armored());
            assert!(verified.status.success() && has(&verified.stdout, "VALIDSIG"), "{verified:?}");
        }
        let until = (later + 3 * 365 * DAY).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let listed = String::from_utf8(gpg.good(&["--with-colons", "--list-keys"])).unwrap();
        let keys: Vec<&str> =
            listed.lines().filter(|line| line.starts_with("pub:") || line.starts_with("sub:")).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys.iter().all(|key| key.split(':').nth(6) == Some(until.to_string().as_str())), "{listed}");
    }
}

/// Makes a key of gpg's own and returns its certificate.
fn make(gpg: &Gpg, algorithm: &str, usage: &str, subkey: &str) -> Certificate {
    let made = ["--passphrase", "", "--quick-generate-key", "Shop <shop@example.com>", algorithm, usage, "1y"];
    gpg.good(&made);
    let exported = gpg.good(&["--export", "shop@example.com"]);
    let fingerprint = Certificate::from_bytes(&exported).unwrap().fingerprint().to_string();
    gpg.good(&["--passphrase", "", "--quick-add-key", &fingerprint, subkey, "encr", "1y"]);
    Certificate::from_bytes(&gpg.good(&["--export", "shop@example.com"])).unwrap()
}

#[test]
fn we_open_what_gpg_signs_and_encrypts_with_and_without_compression() {
    let people = People::get();
    for (algorithm, subkey) in [("ed25519", "cv25519"), ("rsa2048", "rsa2048"), ("nistp256", "nistp256")] {
        let gpg = Gpg::new();
        let shop = make(&gpg, algorithm, "sign", subkey);
        gpg.import(people.buyer().certificate().to_armored().as_bytes());
        fs::write(gpg.path("plain"), LETTER).unwrap();
        let seal =
            ["--armor", "-u", "shop@example.com", "-r", "t-yoshi@buyer.example", "--output", "-", "-se", "plain"];
        for options in [&["-z0"][..], &["--compress-algo", "zip"], &["--compress-algo", "zlib"], &["--textmode", "-z0"]]
        {
            let armored = gpg.good(&[options, &seal].concat());
            let opened = open_with(&wrap(&armored), &[&shop]).unwrap();
            assert_eq!(opened.signed_bytes(), LETTER, "{algorithm} {options:?}");
            assert_eq!(opened.signer(), shop.fingerprint());
            let verified = verify(&gpg, opened.signed_bytes(), opened.signature_armored());
            assert!(verified.status.success(), "{algorithm} {options:?}");
        }
        // Our answer to that key is read by gpg.
        let signature = pgp::sign(&people.shop, LETTER, shop.fingerprint(), now()).unwrap();
        let sealed = pgp::seal(LETTER, &signature, people.shop.certificate(), &shop, now()).unwrap();
        fs::write(gpg.path("answer.asc"), sealed).unwrap();
        gpg.import(people.shop.certificate().to_armored().as_bytes());
        assert_eq!(gpg.good(&["--decrypt", "answer.asc"]), LETTER, "{algorithm}");
    }
}

/// Makes a key of gpg's own with this subkey to sign by, or without one; returns its certificate. It never encrypts.
fn make_signer(gpg: &Gpg, primary: &str, subkey: Option<&str>) -> Result<Certificate, pgp::KeyError> {
    let usage = if subkey.is_some() { "cert" } else { "sign" };
    let made = ["--passphrase", "", "--quick-generate-key", "Shop <shop@example.com>", primary, usage, "1y"];
    gpg.good(&made);
    if let Some(subkey) = subkey {
        let listed = String::from_utf8(gpg.good(&["--with-colons", "--list-keys"])).unwrap();
        let fingerprint = listed.lines().find(|line| line.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap();
        gpg.good(&["--passphrase", "", "--quick-add-key", fingerprint, subkey, "sign", "1y"]);
    }
    Certificate::from_bytes(&gpg.good(&["--export", "shop@example.com"]))
}

/// Signs the letter with gpg, by this hash; returns the signature.
fn signed_by(gpg: &Gpg, hash: &str) -> sequoia_openpgp::packet::Signature {
    fs::write(gpg.path("plain"), LETTER).unwrap();
    let options = ["--digest-algo", hash, "--allow-weak-digest-algos", "-u", "shop@example.com"];
    let binary = gpg.good(&[&options[..], &["--output", "-", "--detach-sign", "plain"]].concat());
    match Packet::from_bytes(&binary).unwrap() {
        Packet::Signature(signature) => signature,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_weak_key_signed_is_refused_b33() {
    let keys = [
        ("rsa1024", None, false),
        ("dsa1024", None, false),
        ("ed25519", Some("rsa1024"), false),
        ("rsa2048", None, true),
        ("ed25519", Some("rsa2048"), true),
    ];
    for (primary, subkey, good) in keys {
        let gpg = Gpg::new();
        // Such a key may be refused where it is imported; then no letter of it is ever opened.
        let shop = make_signer(&gpg, primary, subkey);
        let signature = signed_by(&gpg, "SHA256");
        let pinned: Vec<&Certificate> = shop.iter().collect();
        let outcome = open_with(&layers::letter_by_hand(signature), &pinned);
        assert_eq!(code(&outcome) == "opened", good, "{primary} {subkey:?}: {}", code(&outcome));
        assert!(shop.is_ok() || !good, "{primary} {subkey:?}: {shop:?}");
    }
}

#[test]
fn what_a_good_key_signed_by_a_weak_hash_is_refused_b33() {
    let gpg = Gpg::new();
    let shop = make_signer(&gpg, "rsa2048", None).unwrap();
    for (hash, number, expected) in [
        ("MD5", 1, "bad-signature"),
        ("SHA1", 2, "bad-signature"),
        ("RIPEMD160", 3, "bad-signature"),
        ("SHA256", 8, "opened"),
    ] {
        let signature = signed_by(&gpg, hash);
        assert_eq!(u8::from(signature.hash_algo()), number);
        assert_eq!(code(&open_with(&layers::letter_by_hand(signature), &[&shop])), expected, "{hash}");
    }
}
