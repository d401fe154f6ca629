//! A letter without the disk: opened, read, decided; written, signed, sealed; on one core, beside the library alone.

use std::hint::black_box;
use std::time::SystemTime;

use mailorder::clerk::Clerk;
use mailorder::clock::system_time;
use mailorder::mail;
use mailorder::pgp::{self, Certificate, OwnKey};
use mailorder::rules::{Reader, reconcile};
use mailorder::trade::{Address, Book, Role, Verdict};

use super::Scale;
use super::bare::{self, Library};
use super::gauge::{Series, worked};
use super::generate::Generated;
use super::report::{Report, figure, short};

/// What opening takes: our key, the certificates of those who write.
struct Keys {
    own: [OwnKey; 1],
    known: Vec<Certificate>,
    now: SystemTime,
}

impl Keys {
    fn lookup(&self, handles: &[String]) -> Vec<Certificate> {
        self.known.iter().filter(|known| handles.iter().any(|handle| known.has_key(handle))).cloned().collect()
    }

    fn open(&self, raw: &[u8]) -> pgp::Opened {
        pgp::open(raw, &self.own, &|handles| self.lookup(handles), self.now).unwrap()
    }
}

/// Measures all of it on mails that are still to come about the account's transactions.
pub fn measure(generated: &Generated, mails: &[Vec<u8>], scale: &Scale, report: &mut Report) {
    let (settings, cast) = (&generated.account.settings, &generated.cast);
    let clerk = Clerk::open(settings.clone(), mailorder::clock::Clock::system()).unwrap();
    let now = clerk.clock().now();
    let folders = &settings.folders;
    let library = Library::new(&folders.keys.join("own.asc"), &folders.ledger.join("certs"), system_time(&now));
    let own = OwnKey::from_bytes(&std::fs::read(folders.keys.join("own.asc")).unwrap()).unwrap();
    let known = [&cast.shop, &cast.pay, &cast.ship].map(|player| player.key.certificate().clone()).to_vec();
    let keys = Keys { own: [own], known, now: system_time(&now) };
    // The first status of the shop and the first of the carrier: they do not depend on each other.
    let transactions = usize::try_from(generated.plan.open).unwrap();
    let half = (scale.sample / 2).min(transactions);
    let sample: Vec<&Vec<u8>> = mails[..half].iter().chain(&mails[transactions..transactions + half]).collect();
    let mut book = Book::default();
    for mail in &sample {
        let letter = read(&keys.open(mail)).letter().clone();
        clerk.index().load_into(Role::Buyer, &letter.names(), &mut book).unwrap();
    }
    let pinned = |address: &Address| (*address == cast.shop.party.address).then(|| cast.shop.party.fingerprint.clone());
    let decide = |received: &mailorder::trade::Received| {
        let signer_address =
            (received.signer() == &cast.shop.party.fingerprint).then(|| cast.shop.party.address.clone());
        let reader = Reader {
            role: Role::Buyer,
            me: clerk.me(),
            now,
            signer_address,
            pinned: &pinned,
            named: &|_| Default::default(),
            allowed: &|_| true,
        };
        let judgement = reconcile(&book, received, &reader);
        assert_eq!(judgement.verdict, Verdict::Applied, "{:?}", judgement.findings);
        judgement
    };
    let armored: Vec<&[u8]> = sample.iter().map(|mail| bare::armored(mail)).collect();
    let binary: Vec<Vec<u8>> = sample.iter().map(|mail| bare::binary(mail)).collect();
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        let each = |seconds: f64| seconds / sample.len() as f64;
        rounds.bare.push(each(worked(|| armored.iter().for_each(|message| drop(black_box(library.open(message))))).0));
        rounds.binary.push(each(worked(|| binary.iter().for_each(|mail| drop(black_box(library.open(mail))))).0));
        rounds.open.push(each(worked(|| sample.iter().for_each(|mail| drop(black_box(keys.open(mail))))).0));
        let whole = || sample.iter().for_each(|mail| drop(black_box(decide(&read(&keys.open(mail))))));
        rounds.whole.push(each(worked(whole).0));
        let opened: Vec<pgp::Opened> = sample.iter().map(|mail| keys.open(mail)).collect();
        rounds.read.push(each(worked(|| opened.iter().for_each(|opened| drop(black_box(read(opened))))).0));
        let received: Vec<_> = opened.iter().map(read).collect();
        rounds.decide.push(each(worked(|| received.iter().for_each(|received| drop(black_box(decide(received))))).0));
        outward(&library, &keys, generated, &received, &mut rounds);
    }
    rounds.print(sample.len(), sample.iter().map(|mail| mail.len()).sum(), report);
}

fn read(opened: &pgp::Opened) -> mailorder::trade::Received {
    mail::read(opened.signed_bytes(), opened.content(), opened.signer(), opened.recipient()).unwrap()
}

/// The way out of the same letters: written, signed and sealed.
fn outward(
    library: &Library,
    keys: &Keys,
    generated: &Generated,
    received: &[mailorder::trade::Received],
    rounds: &mut Rounds,
) {
    let texts = &generated.cast.texts;
    let to = &keys.known[2];
    let each = |seconds: f64| seconds / received.len() as f64;
    let (write, written) = worked(|| -> Vec<Vec<u8>> {
        received.iter().map(|received| mail::write(received.letter(), texts).unwrap()).collect()
    });
    rounds.write.push(each(write));
    rounds.bare_seal.push(each(worked(|| written.iter().for_each(|bytes| drop(black_box(library.seal(bytes))))).0));
    let seal = |bytes: &Vec<u8>| {
        let signature = pgp::sign(&keys.own[0], bytes, to.fingerprint(), keys.now).unwrap();
        pgp::seal(bytes, &signature, keys.own[0].certificate(), to, keys.now).unwrap()
    };
    rounds.seal.push(each(worked(|| written.iter().for_each(|bytes| drop(black_box(seal(bytes))))).0));
}

#[derive(Default)]
struct Rounds {
    bare: Series,
    binary: Series,
    open: Series,
    read: Series,
    decide: Series,
    whole: Series,
    write: Series,
    bare_seal: Series,
    seal: Series,
}

impl Rounds {
    fn print(&self, letters: usize, bytes: usize, report: &mut Report) {
        report.section("A letter without the disk, on one core");
        report.text(&format!(
            "The same {letters} mails (statuses to a buyer, {} bytes each on average) in every row and round; processor time. *Bare* is the \
             OpenPGP library with keys and certificates parsed beforehand; `open` also takes the mail's MIME apart, checks \
             the layers and the recipient, and makes the detached signature that the ledger keeps. The library is given the \
             message as it arrives, in armor; without armor it is what cryptography and packets alone take.",
            bytes / letters
        ));
        let row = |what: &str, series: &Series, beside: &Series| {
            let ratio = series.speed_beside(beside).median();
            vec![what.to_owned(), figure(series, 1e6), short(ratio)]
        };
        let rows = [
            row("bare: decrypt and verify", &self.bare, &self.bare),
            row("bare: the same, armor taken off before", &self.binary, &self.bare),
            row("`open`", &self.open, &self.bare),
            row("`open`, read, decide", &self.whole, &self.bare),
        ];
        report.table(&["way in", "µs a letter", "speed beside bare"], &rows);
        let alone = |what: &str, series: &Series| vec![what.to_owned(), figure(series, 1e6)];
        let rows = [alone("read (MIME, JSON-LD, checks)", &self.read), alone("decide (`reconcile`)", &self.decide)];
        report.table(&["of these alone", "µs a letter"], &rows);
        let rows = [
            row("bare: sign and encrypt in one go", &self.bare_seal, &self.bare_seal),
            row("`sign`, then `seal`", &self.seal, &self.bare_seal),
        ];
        report.table(&["way out", "µs a letter", "speed beside bare"], &rows);
        report.table(&["of the way out alone", "µs a letter"], &[alone("write (text, JSON-LD, MIME)", &self.write)]);
        let whole = self.whole.speed_beside(&self.bare).median();
        report.at_least("open, read, decide beside bare decrypt and verify, one core", whole, 0.8, "");
        report.at_least(
            "sign and seal beside bare sign and encrypt",
            self.seal.speed_beside(&self.bare_seal).median(),
            0.8,
            "",
        );
    }
}
