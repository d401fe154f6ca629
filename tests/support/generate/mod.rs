//! Ledgers of any length and mail for them, written by the product's own form and log code, with real keys and
//! signatures; what a demonstration plays in minutes is made in seconds, on all cores.
//!
//! What the letters say follows from the seed and the moment they end at; keys and signatures are new each time.
//! Nothing is sealed that only lies in a ledger: its originals count as pruned. Every letter is judged before it is
//! entered and must count, so that the ledger is one that the program could have written.

pub mod cast;
pub mod story;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mailorder::clerk::Clerk;
use mailorder::clock::{Clock, system_time};
use mailorder::ledger::{Draft, Ledger, Seal, recordable};
use mailorder::outbox::queue::Queue;
use mailorder::pgp::{self, Certificate, mime};
use mailorder::rules::{Reader, reconcile};
use mailorder::trade::{
    Act, Address, Body, Book, Digest, Entry, Measured, Moment, Names, Number, OrderId, Owed, Party, PinnedBy, Received,
    Role, Verdict,
};
use rayon::prelude::*;

use cast::{Account, Cast, Player, config_text};
use story::{ACCEPTED, ARTICLES, Chance, Course, LETTERS_MAX, Story, Written};

/// How far back the first order lies, in seconds: 400 days.
const SPAN: i64 = 400 * 86_400;
/// Transactions that are written together.
const WAVE: u32 = 512;

/// What is generated.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How many transactions.
    pub transactions: u32,
    /// How many of them, the last ones, are unfinished.
    pub open: u32,
    /// At how many letters unfinished ones stand; `None` for a fixed mix: two (offered), four (shipped), five (on its
    /// way), six (delivered, not paid). In these, and in finished ones, no letter of ours is without an answer.
    pub open_at: Option<usize>,
    /// What the chance begins with.
    pub seed: u64,
    /// The moment of the last letter, at most.
    pub until: Moment,
}

impl Plan {
    pub fn since(&self) -> Moment {
        self.until.plus_seconds(-SPAN)
    }

    fn is_open(&self, number: u32) -> bool {
        number >= self.transactions.saturating_sub(self.open)
    }

    fn course(&self, number: u32) -> Course {
        if self.is_open(number) { Course::Completed } else { Course::of(number) }
    }

    /// Returns how many letters of a transaction the ledger has.
    fn letters(&self, number: u32) -> usize {
        match self.course(number) {
            Course::Rejected => 2,
            Course::Cancelled => 4,
            Course::Completed if self.is_open(number) => {
                self.open_at.unwrap_or([2, 4, 5, 6][usize::try_from(number % 4).unwrap()])
            }
            Course::Completed => LETTERS_MAX,
        }
    }

    /// Returns when the letters of a transaction are written: the first, and the seconds between two.
    fn times(&self, number: u32) -> (Moment, i64) {
        let waves = i64::from(self.transactions.div_ceil(WAVE).max(1));
        let slot = SPAN / waves;
        let begin = self.since().plus_seconds(i64::from(number / WAVE) * slot + i64::from(number % WAVE));
        (begin, (slot / i64::try_from(LETTERS_MAX + 1).unwrap()).max(i64::from(WAVE)))
    }

    fn story<'a>(&self, cast: &'a Cast, number: u32, head: Digest) -> Story<'a> {
        let mut chance = Chance::new(self.seed, u64::from(number));
        let (begin, pace) = self.times(number);
        let id = OrderId::from_bytes(chance.bytes());
        let rare = number % (self.transactions / 10).max(1) == 1;
        let buyer = &cast.buyers[usize::try_from(number).unwrap() % cast.buyers.len()];
        let number = Number::parse(&format!("2026-{number:07}")).unwrap();
        Story { cast, buyer, chance, number, id, rare, begin, pace, head, letters: Vec::new() }
    }
}

/// A buyer's account with its ledger.
pub struct Generated {
    pub account: Account,
    pub cast: Cast,
    pub plan: Plan,
    /// Entries of the ledger.
    pub entries: u64,
    /// The root that our letters of each wave carry.
    heads: Vec<Digest>,
}

/// Makes a buyer's account in `folder` and writes its ledger. The index is built by the first command that wants it.
pub fn buyer(folder: &Path, plan: Plan) -> Generated {
    let address = "buyer@example.test";
    let text = config_text(address, "小野 賢治", "buyer") + "[buyer]\nunpaid_limits = [\"JPY 50000000\"]\n";
    let account = Account::make(folder, address, &text, plan.since());
    let shop = Player::new("日立物産", "shop@example.test", plan.since());
    let cast = Cast::new(vec![own_player(&account, plan.since())], shop, plan.since());
    let ledger = Ledger::open(&account.settings.folders.ledger).unwrap();
    let (entries, heads) = write(&ledger, &cast, &plan);
    Queue::open(&account.settings.folders.queue).unwrap().set_written(entries).unwrap();
    Generated { account, cast, plan, entries, heads }
}

/// Reads the account's key a second time, for the one who plays its owner.
fn own_player(account: &Account, since: Moment) -> Player {
    let file = account.settings.folders.keys.join("own.asc");
    let key = pgp::OwnKey::from_bytes(&std::fs::read(file).unwrap()).unwrap();
    Player::of(key, account.settings.address.clone(), since)
}

/// An entry in the making: its place is known when its wave is.
struct Placed {
    entry: Entry,
    signed: Option<(Vec<u8>, String, &'static str)>,
    first: Option<u64>,
}

fn write(ledger: &Ledger, cast: &Cast, plan: &Plan) -> (u64, Vec<Digest>) {
    for player in [&cast.shop, &cast.pay, &cast.ship] {
        let certificate = player.key.certificate();
        ledger.put_certificate(certificate.fingerprint(), certificate.to_armored().as_ref()).unwrap();
    }
    let mut writer = ledger.lock(Duration::from_secs(60), None).unwrap();
    let act =
        Act::Pin { party: cast.shop.party.clone(), certificate: cast.shop.certificate.clone(), by: PinnedBy::User };
    let body = Body::Own { act, names: Names::default(), about: Vec::new() };
    let recorded = recordable(&plan.since());
    let pin = Entry {
        position: writer.size(),
        recorded,
        role: None,
        body,
        owes: Vec::new(),
        event: None,
        cause: None,
        erased: None,
    };
    writer.append(&[Draft { entry: &pin, seal: None, first: None }]).unwrap();
    let mut heads = Vec::new();
    for first in (0..plan.transactions).step_by(usize::try_from(WAVE).unwrap()) {
        let wave = first..(first + WAVE).min(plan.transactions);
        heads.push(writer.head().root);
        let placed = wave_of(cast, plan, wave, writer.size(), writer.head().root);
        let drafts: Vec<Draft<'_>> = placed.iter().map(Placed::draft).collect();
        writer.append(&drafts).unwrap();
    }
    (writer.size(), heads)
}

impl Placed {
    fn draft(&self) -> Draft<'_> {
        let seal = self.signed.as_ref().map(|(signed, signature, micalg)| Seal { signed, signature, micalg });
        Draft { entry: &self.entry, seal, first: self.first }
    }
}

/// Returns the entries of some transactions: first their orders, then their terms, and so on, as the days bring them.
fn wave_of(cast: &Cast, plan: &Plan, wave: std::ops::Range<u32>, from: u64, head: Digest) -> Vec<Placed> {
    let mut stories: Vec<Vec<Placed>> =
        wave.into_par_iter().with_max_len(8).map(|number| entries_of(cast, plan, number, head)).collect();
    let mut position = from;
    let mut first: Vec<Option<u64>> = vec![None; stories.len()];
    let mut placed = Vec::new();
    for story in &mut stories {
        story.reverse();
    }
    for _ in 0..LETTERS_MAX {
        for (place, story) in stories.iter_mut().enumerate() {
            let Some(mut one) = story.pop() else { continue };
            one.entry.position = position;
            one.first = first[place];
            first[place].get_or_insert(position);
            position += 1;
            placed.push(one);
        }
    }
    placed
}

/// Writes the letters of one transaction and judges those that came in.
fn entries_of(cast: &Cast, plan: &Plan, number: u32, head: Digest) -> Vec<Placed> {
    let written = plan.story(cast, number, head).tell(plan.course(number));
    let mut book = Book::default();
    let mut placed = Vec::new();
    let count = plan.letters(number);
    let answers: Vec<Option<Owed>> = (0..count).map(|at| answer_owed(&written, at, count)).collect();
    for (at, (one, owed)) in written.into_iter().take(count).zip(answers).enumerate() {
        let recorded = recordable(&one.letter.date.plus_seconds(if one.out { 0 } else { 5 }));
        let content = Measured::of(&one.signed);
        let Written { out, letter, signed, signature, .. } = one;
        let body = if out {
            Body::Out { letter: Arc::new(letter), content }
        } else {
            let me = &cast.buyers[0].party;
            let signer = letter.from.fingerprint.clone();
            let received = Received::attest(letter, content.digest, signer.clone(), Vec::new());
            judge(&book, &received, me, &cast.shop.party, recorded);
            let original = Measured { digest: Digest::of(signature.armored().as_bytes()), size: content.size * 3 / 2 };
            let letter = received.shared();
            Body::In { letter, content, signer, original, verdict: Verdict::Applied, findings: Vec::new() }
        };
        let entry = Entry {
            position: u64::try_from(at).unwrap(),
            recorded,
            role: Some(Role::Buyer),
            body,
            owes: owed.into_iter().collect(),
            event: None,
            cause: None,
            erased: None,
        };
        book.apply(&entry);
        let signed = Some((signed, signature.armored(), signature.micalg()));
        placed.push(Placed { entry, signed, first: None });
    }
    placed
}

/// Terms owe the OK to them, where one was given.
fn answer_owed(written: &[Written], at: usize, count: usize) -> Option<Owed> {
    let next = written.get(at + 1).filter(|next| at == 1 && next.out && at + 1 < count)?;
    Some(Owed { id: next.letter.id.clone(), kind: next.letter.kind(), to: next.letter.to.address.clone() })
}

fn judge(book: &Book, received: &Received, me: &Party, shop: &Party, now: Moment) {
    let pinned = |address: &Address| (*address == shop.address).then(|| shop.fingerprint.clone());
    let signer_address = (received.signer() == &shop.fingerprint).then(|| shop.address.clone());
    let reader = Reader {
        role: Role::Buyer,
        me,
        now,
        signer_address,
        pinned: &pinned,
        named: &|_| Default::default(),
        allowed: &|_| true,
    };
    let judgement = reconcile(book, received, &reader);
    assert_eq!(judgement.verdict, Verdict::Applied, "{:?}: {:?}", received.letter().kind(), judgement.findings);
}

impl Generated {
    /// Seals the mails that are still to come about its unfinished transactions, in the order of their days: the first
    /// of each, then the second of each, and so on.
    pub fn mails(&self) -> Vec<Vec<u8>> {
        let plan = &self.plan;
        let of_one = |number: u32| -> Vec<Vec<u8>> {
            let head = self.heads[usize::try_from(number / WAVE).unwrap()];
            let written = plan.story(&self.cast, number, head).tell(plan.course(number));
            let rest = written.into_iter().skip(plan.letters(number));
            rest.filter(|one| !one.out)
                .map(|one| seal(&self.cast, &one, self.account.player.key.certificate()))
                .collect()
        };
        let open = plan.transactions - plan.open..plan.transactions;
        round_robin(open.into_par_iter().map(of_one).collect())
    }
}

fn round_robin(mut lists: Vec<Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|at| {
            lists.iter_mut().filter_map(move |list| list.get_mut(at).map(std::mem::take)).collect::<Vec<_>>()
        })
        .collect()
}

/// Seals a letter into the mail that travels.
fn seal(cast: &Cast, one: &Written, to: &Certificate) -> Vec<u8> {
    let letter = &one.letter;
    let everybody = cast.buyers.iter().chain([&cast.shop, &cast.pay, &cast.ship]);
    let from = everybody.into_iter().find(|player| player.party == letter.from).unwrap();
    let now = system_time(&letter.date);
    let armored = pgp::seal(&one.signed, &one.signature, from.key.certificate(), to, now).unwrap();
    let date = letter.date.rfc5322();
    let headers = mime::OuterHeaders {
        from: &letter.from.address,
        to: &letter.to.address,
        date: &date,
        message_id: &letter.id,
        subject: "[...]",
        auto_submitted: Some("auto-generated"),
        autocrypt: Some(&from.header),
    };
    mime::wrap(&headers, &one.content.hex()[..32], &armored).unwrap()
}

/// Makes a shop's account in `folder` that knows `buyers` buyers, and seals `plan.transactions` orders of theirs.
pub fn shop(folder: &Path, plan: Plan, buyers: u32) -> (Account, Vec<Vec<u8>>) {
    let since = plan.since();
    let buyer = |number: u32| Player::new("小野 賢治", &format!("buyer{number}@example.test"), since);
    let buyers: Vec<Player> = (0..buyers).map(buyer).collect();
    let address = "shop@example.test";
    let account = Account::make(folder, address, &shop_config(address), since);
    let cast = Cast::new(buyers, own_player(&account, since), since);
    let mut clerk = Clerk::open(account.settings.clone(), Clock::played(since.plus_seconds(60))).unwrap();
    for buyer in &cast.buyers {
        clerk.accept(buyer.key.certificate(), &buyer.party.address, false).unwrap();
    }
    let order = |number: u32| {
        let written = plan.story(&cast, number, Digest::of(b"")).tell(Course::Rejected);
        seal(&cast, &written[0], account.player.key.certificate())
    };
    let orders = (0..plan.transactions).into_par_iter().map(order).collect();
    (account, orders)
}

/// A shop that collects and carries itself, sells all articles, and answers an order with its terms.
fn shop_config(address: &str) -> String {
    let mut text = config_text(address, "日立物産", "shop");
    text = text.replace("roles = [\"shop\"]", "roles = [\"shop\", \"payment\", \"delivery\"]");
    text += "[shop]\n";
    for (sku, name, price) in ARTICLES.into_iter().chain([("RARE-1", story::RARE, 9000)]) {
        text += &format!("\n[[shop.article]]\nsku = \"{sku}\"\nname = \"{name}\"\nprice = \"JPY {price}\"\n");
    }
    text += "\n[[shop.procedure]]\nsteps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n";
    text += "charge = { name = \"Parcel delivery\", price = \"JPY 500\" }\n\n";
    text + &format!("[payment]\nshops = [\"{address}\"]\n\n[delivery]\nshops = [\"{address}\"]\n")
}

/// Returns a plan whose unfinished transactions, all of them, are accepted and wait for four statuses each.
pub fn accepted(transactions: u32, seed: u64, until: Moment) -> Plan {
    Plan { transactions, open: transactions, open_at: Some(ACCEPTED), seed, until }
}
