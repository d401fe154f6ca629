//! The index: the same rows whether it grew or was built anew, and answers that come from it.

use std::fs;
use std::path::{Path, PathBuf};

use mailorder::index::{Filter, Index, Keys, Reckoning, Row, RowItem, RowLeg};
use mailorder::ledger::{Ledger, Recorded};
use mailorder::trade::catalog::Words;
use mailorder::trade::{
    Act, Book, Catalog, Code, Document, Finding, Key, Letter, Moment, Names, Party, PinnedBy, Role, Settlement,
    Transaction, Verdict, When,
};

use crate::entries::*;

fn row(transaction: &Transaction) -> Row {
    let mut row = Row::bare(transaction);
    if let Some((_, terms)) = transaction.terms() {
        row.shop_name.clone_from(&terms.seller);
        row.buyer.clone_from(&terms.buyer.name);
        row.total = Some(terms.total);
        row.unpaid = Some(terms.total);
        row.undelivered = true;
        let item = |line: &mailorder::trade::item::Line| RowItem {
            name: line.item.name.clone(),
            quantity: line.quantity.to_string(),
        };
        row.items = terms.lines.iter().map(item).collect();
        row.due = Some(When::parse("2026-07-22").unwrap());
    }
    let sent = transaction.kept.iter().any(|kept| match &kept.letter.document {
        Document::OrderStatus(status) => status.remarks.as_deref() == Some("sent"),
        _ => false,
    });
    row.order = RowLeg { done: sent, date: Some(When::Moment(moment(0))), failed: false, ..RowLeg::default() };
    row.warnings =
        u32::try_from(transaction.kept.iter().filter(|kept| kept.verdict == Verdict::Warned).count()).unwrap();
    row.open = !sent;
    row
}

fn keys(certificate: &str) -> Keys {
    Keys { handles: vec![certificate.to_ascii_uppercase(), "SHARED".to_owned()], compromised: None }
}

const RECKONING: Reckoning = Reckoning { row, keys, join: |_, _| None };

struct Shop {
    folder: tempfile::TempDir,
    ledger: Ledger,
    index: Index,
    book: Book,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger_in(folder.path());
        let (mut index, message) = Index::open(&folder.path().join("index.sqlite"), &ledger, RECKONING).unwrap();
        assert_eq!(message, None);
        index.catch_up(&lock(&ledger), &reread).unwrap();
        Self { folder, ledger, index, book: Book::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("index.sqlite")
    }

    /// Appends and indexes as the clerk does, transactions loaded for the batch.
    fn enter(&mut self, batch: &[Made]) {
        let mut writer = self.ledger.lock(std::time::Duration::from_secs(5), Some(self.index.mark())).unwrap();
        let lines = append(&mut writer, batch);
        let mut changed = Vec::new();
        for made in batch {
            self.index.load_for(&made.entry, &mut self.book).unwrap();
            changed.extend(self.book.apply(&made.entry));
        }
        let recorded: Vec<Recorded> =
            batch.iter().zip(lines).map(|(made, line)| Recorded { entry: made.entry.clone(), line }).collect();
        self.index.apply(&recorded, writer.mark(), &self.book, &changed).unwrap();
        self.book = Book::default();
    }

    fn rebuilt(&self) -> String {
        let path = self.folder.path().join("other.sqlite");
        Index::discard(&path).unwrap();
        let (mut other, _) = Index::open(&path, &self.ledger, RECKONING).unwrap();
        other.catch_up(&lock(&self.ledger), &reread).unwrap();
        other.dump().unwrap()
    }

    fn open_again(&self) -> (Index, Option<String>) {
        Index::open(&self.path(), &self.ledger, RECKONING).unwrap()
    }
}

fn names(order: u32) -> Names {
    Names { shop: Some(party("shop").address), number: Some(number(order)), order: Some(order_id(order)) }
}

fn by_number(order: u32) -> Names {
    Names { order: None, ..names(order) }
}

/// A trade with everything that moves rows: a status before its terms, a warning, its settlement, pins, merges.
fn eventful(shop: &mut Shop) {
    shop.enter(&trade(20));
    let pin = |position, who: &str, by| {
        let act = Act::Pin { party: party(who), certificate: format!("cert/{who}"), by };
        made_own(position, act, Names::default(), Vec::new())
    };
    let later = Party { address: party("bank").address, fingerprint: party("bank2").fingerprint };
    let rotate = Act::Pin { party: later, certificate: "cert/bank2".to_owned(), by: PinnedBy::OldKey };
    shop.enter(&[pin(81, "shop", PinnedBy::User), pin(82, "bank", PinnedBy::FirstUse)]);
    shop.enter(&[made_own(83, rotate, Names::default(), vec![82])]);
    // A status before its terms: known by its number alone, held; then the terms, and it counts.
    let unknown = vec![Finding::new(Code::UnknownTransaction, "no terms yet 日立")];
    let mut early = letter(50, 2, status("sent"));
    early.order = None;
    let early = made_in(84, early, Verdict::Held, unknown);
    let content = early.entry.content().unwrap();
    shop.enter(&[early]);
    assert_eq!(shop.index.held(&party("shop").address, &number(50)).unwrap(), [84]);
    assert_eq!(shop.index.warnings(true).unwrap().len(), 1);
    let verdict = Act::Verdict { content, verdict: Verdict::Applied, findings: Vec::new() };
    shop.enter(&[
        made_in(85, letter(50, 1, terms(50)), Verdict::Applied, Vec::new()),
        made_own(86, verdict, names(50), vec![84]),
    ]);
    assert_eq!(shop.index.held(&party("shop").address, &number(50)).unwrap(), Vec::<u64>::new());
    // A warning, settled; a computed one, settled.
    let differs = vec![
        Finding::new(Code::AmountDiffers, "total: agreed JPY 4800, stated JPY 4900"),
        Finding::new(Code::TextDiffersFromData, "JPY 1"),
    ];
    let wrong = made_in(87, letter(3, 9, status("paid")), Verdict::Warned, differs);
    let content = wrong.entry.content();
    let settle = |content, subject: Option<&str>| Act::Settle {
        content,
        subject: subject.map(str::to_owned),
        how: Settlement::Ack,
        reason: Some("seen".to_owned()),
    };
    shop.enter(&[wrong]);
    assert_eq!(shop.index.list(&Filter { warned: true, ..Filter::default() }).unwrap().len(), 1);
    assert_eq!(shop.index.warnings(true).unwrap().len(), 2);
    // A shop is found by a part of its name or address, none by what no shop has.
    let of_shop = |part: &str| {
        let filter = Filter { role: Some(Role::Buyer), shop_part: Some(part.to_owned()), ..Filter::default() };
        shop.index.list(&filter).unwrap().len()
    };
    let all = shop.index.list(&Filter { role: Some(Role::Buyer), ..Filter::default() }).unwrap().len();
    assert!(all > 0);
    assert_eq!((of_shop("shop.example"), of_shop("nowhere")), (all, 0));
    // When and why it was settled is told.
    shop.enter(&[
        made_own(88, settle(content, None), names(3), vec![87]),
        made_own(89, settle(None, Some("late shop@shop.example 2026-000003")), names(3), Vec::new()),
    ]);
    assert_eq!((shop.index.warnings(true).unwrap().len(), shop.index.warnings(false).unwrap().len()), (0, 2));
    let settled = shop.index.settlements().unwrap();
    let of = |position: Option<u64>| settled.iter().filter(|one| one.position == position).collect::<Vec<_>>();
    assert_eq!((of(Some(87)).len(), of(None).len()), (2, 1), "{settled:?}");
    assert!(settled.iter().all(|one| one.reason.as_deref() == Some("seen")));
    assert_eq!(of(None)[0].subject.as_deref(), Some("late shop@shop.example 2026-000003"));
    assert_eq!(shop.index.settled("late shop@shop.example 2026-000003").unwrap(), Some(Settlement::Ack));
    // An order without a number, a status that knows the number alone, then the terms that make them one.
    let ordered = Letter { transaction: None, ..letter(60, 1, order()) };
    let early = Letter { order: None, ..letter(60, 2, status("sent")) };
    shop.enter(&[made_out(90, ordered), made_in(91, early, Verdict::Held, Vec::new())]);
    assert_eq!(shop.index.count(&Filter::default()).unwrap(), 23);
    shop.enter(&[made_in(92, letter(60, 1, terms(60)), Verdict::Applied, Vec::new())]);
}

#[test]
fn an_index_that_grew_and_one_built_anew_are_the_same() {
    // I4
    let mut shop = Shop::new();
    eventful(&mut shop);
    let grown = shop.index.dump().unwrap();
    assert!(grown.contains("\npin\t") && grown.contains("シャツ number 19") && grown.lines().count() > 150);
    assert_eq!(grown, shop.rebuilt());
    shop.index.set_cursor("imap", "{\"uid\":7}").unwrap();
    let count = shop.index.rebuild(&lock(&shop.ledger), &reread).unwrap();
    assert_eq!((count, shop.index.dump().unwrap()), (93, grown));
    assert_eq!(shop.index.cursor("imap").unwrap().as_deref(), Some("{\"uid\":7}"));
}

#[test]
fn transactions_come_back_as_the_fold_over_all_entries_has_them() {
    let mut shop = Shop::new();
    eventful(&mut shop);
    let mut whole = Book::default();
    shop.ledger.replay(&nothing(), &reread, &mut |entry| drop(whole.apply(&entry))).unwrap();
    let mut loaded = shop.index.load_all(None).unwrap();
    loaded.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(loaded, whole.iter().cloned().collect::<Vec<_>>());
    assert_eq!(shop.index.load_all(Some(Role::Shop)).unwrap(), []);
    for order in [0, 7, 50, 60] {
        let found = shop.index.load(Role::Buyer, &names(order)).unwrap().unwrap();
        assert_eq!(Some(&found), whole.find(Role::Buyer, &names(order)));
        assert_eq!(shop.index.load(Role::Buyer, &by_number(order)).unwrap(), Some(found.clone()));
        assert_eq!(shop.index.load(Role::Shop, &names(order)).unwrap(), None);
    }
    assert_eq!(shop.index.load(Role::Buyer, &names(21)).unwrap(), None);
    // The stand-in that was merged into its transaction is gone.
    let stub = mailorder::trade::OrderId::stand_in(&party("shop").address, &number(60));
    let key = Key { role: Role::Buyer, shop: party("shop").address, id: stub };
    assert_eq!(shop.index.load_key(&key).unwrap(), None);
    assert_eq!(shop.index.count(&Filter::default()).unwrap(), 22);
}

#[test]
fn lists_are_filtered_counted_summed_and_searched() {
    let mut shop = Shop::new();
    eventful(&mut shop);
    let list = |filter: &Filter| -> Vec<String> {
        let found = shop.index.list(filter).unwrap();
        found.iter().map(|listed| listed.row.number.as_ref().unwrap().to_string()).collect()
    };
    let all = list(&Filter::default());
    assert_eq!((all.len(), all[1].as_str(), all[21].as_str()), (22, "2026-000050", "2026-000000"), "newest first");
    let some = Filter { limit: Some(2), skip: 1, ..Filter::default() };
    assert_eq!(list(&some), ["2026-000050", "2026-000019"]);
    assert_eq!(shop.index.count(&some).unwrap(), 22);
    // What is kept as a number agrees with what is there, also after two transactions became one.
    let of = |role| Filter { role: Some(role), ..Filter::default() };
    assert_eq!((shop.index.count(&of(Role::Buyer)).unwrap(), shop.index.count(&of(Role::Shop)).unwrap()), (22, 0));
    let closed = Filter { open: Some(false), ..of(Role::Buyer) };
    assert_eq!(shop.index.count(&closed).unwrap(), 22);
    assert_eq!(list(&Filter { open: Some(true), ..Filter::default() }).len(), 0);
    assert_eq!(list(&Filter { open: Some(false), order_done: Some(true), ..Filter::default() }).len(), 22);
    assert_eq!(list(&Filter { role: Some(Role::Shop), ..Filter::default() }).len(), 0);
    assert_eq!(list(&Filter { shop: Some(party("bank").address), ..Filter::default() }).len(), 0);
    assert_eq!(list(&Filter { due_before: Some(moment(0).instant().as_second()), ..Filter::default() }).len(), 0);
    let from = Some(moment(10).instant().as_second());
    assert_eq!(list(&Filter { from, ..Filter::default() }).len(), 12);
    assert_eq!(list(&Filter { until: from, undelivered: Some(true), ..Filter::default() }).len(), 10);
    let text = |text: &str| list(&Filter { text: Some(text.to_owned()), ..Filter::default() });
    assert_eq!(text("number 7"), ["2026-000007"]);
    assert_eq!(text("NUMBER 7"), ["2026-000007"]);
    assert_eq!(text("日立").len(), 22);
    assert_eq!(text("シャツ").len(), 22);
    assert_eq!(text("on").len(), 22);
    assert_eq!(text("\" OR names:\"").len(), 0);
    let unpaid = shop.index.unpaid(&Filter { role: Some(Role::Buyer), ..Filter::default() }).unwrap();
    assert_eq!(unpaid.iter().map(ToString::to_string).collect::<Vec<_>>(), [format!("JPY {}", 4800 * 22)]);
    let shops = shop.index.shops(Role::Buyer).unwrap();
    let shops: Vec<(&str, &str)> = shops.iter().map(|(shop, name)| (shop.as_str(), name.as_str())).collect();
    assert_eq!(shops, [(party("shop").address.as_str(), "日立 Shirts")], "one, though it has 22 orders");
    assert_eq!(shop.index.shops(Role::Shop).unwrap(), []);
    let listed = &shop.index.list(&Filter { limit: Some(1), ..Filter::default() }).unwrap()[0];
    let transaction = shop.index.load_key(&listed.key).unwrap().unwrap();
    assert_eq!(listed.row, row(&transaction), "a row is read as it was written");
}

#[test]
fn a_beginning_names_a_transaction_when_it_is_unique() {
    let mut shop = Shop::new();
    eventful(&mut shop);
    let find = |text: &str| shop.index.find_prefix(text, None, 10).unwrap();
    assert_eq!(find("2026-00001").len(), 10);
    assert_eq!(find("2026-000012").len(), 1);
    assert_eq!(find("shop@shop.example:2026-000012").len(), 1);
    assert_eq!(find("other@shop.example:2026-000012").len(), 0);
    let id = order_id(12);
    assert_eq!(find(&id.as_str()[..8])[0].id, id);
    assert_eq!(find(&id.as_str()[..8].to_ascii_lowercase())[0].id, id);
    for strange in ["%", "_", "' OR 1=1 --", "\u{7f}"] {
        assert_eq!(find(strange).len(), 0, "{strange:?}");
    }
}

#[test]
fn letters_keys_and_entries_are_found_by_what_names_them() {
    let mut shop = Shop::new();
    eventful(&mut shop);
    let index = &shop.index;
    let made = &trade(20)[2];
    let content = made.entry.content().unwrap();
    assert_eq!(index.has_content(&party("shop").fingerprint, &content).unwrap(), Some(3));
    assert_eq!(index.has_content(&party("bank").fingerprint, &content).unwrap(), None, "the same peer, too");
    assert_eq!(index.sent_content(&content).unwrap(), None, "a letter in is no letter out");
    let sent = &trade(20)[1].entry;
    assert_eq!(index.sent_content(&sent.content().unwrap()).unwrap(), Some(2));
    assert_eq!(index.out(&sent.letter().unwrap().id).unwrap(), Some(2));
    assert_eq!(index.out(&made.entry.letter().unwrap().id).unwrap(), None, "a letter in is no letter out");
    let row = index.entry(2).unwrap().unwrap();
    assert_eq!((row.direction.as_str(), row.kind.as_str(), row.verdict), ("out", "confirmation", None));
    assert_eq!((row.names, Some(row.line)), (names(0), shop.ledger.line(2).unwrap()));
    assert_eq!(index.entry(84).unwrap().unwrap().standing, Some(Verdict::Applied));
    assert_eq!(index.entry(84).unwrap().unwrap().verdict, Some(Verdict::Held));
    assert_eq!(index.entry(93).unwrap(), None);

    let pin = index.pin_of(&party("bank").address).unwrap().unwrap();
    assert_eq!((pin.fingerprint, pin.by, pin.position), (party("bank2").fingerprint, PinnedBy::OldKey, 83));
    let old = index.pin_by_fingerprint(&party("bank").fingerprint).unwrap();
    assert_eq!((old.len(), old[0].current), (1, false), "a key that was replaced no longer speaks");
    assert_eq!(index.pins().unwrap().len(), 2);
    assert_eq!(index.pin_of(&party("parcel").address).unwrap(), None, "named in a letter is not pinned");
    let named = |handles: &[&str]| {
        index.certificates(&handles.iter().map(|handle| (*handle).to_owned()).collect::<Vec<_>>()).unwrap()
    };
    assert_eq!(named(&["CERT/PARCEL", party("parcel").fingerprint.as_str()]), ["cert/parcel"]);
    assert_eq!(named(&["shared"]).len(), 5);
    assert_eq!(named(&["0000"]).len(), 0);
}

#[test]
fn an_index_that_cannot_be_used_is_thrown_away_and_built_again() {
    // F24
    let mut shop = Shop::new();
    eventful(&mut shop);
    let good = shop.index.dump().unwrap();
    drop(std::mem::replace(
        &mut shop.index,
        Index::open(&shop.folder.path().join("x"), &shop.ledger, RECKONING).unwrap().0,
    ));
    let whole = fs::read(shop.path()).unwrap();
    let random: Vec<u8> = (0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let newer = |path: &Path| {
        rusqlite::Connection::open(path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    };
    let foreign = |path: &Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        db.execute("UPDATE meta SET value = 'ffff' WHERE name = 'ledger'", []).unwrap();
    };
    let ahead = |path: &Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        db.execute("UPDATE meta SET value = replace(value, '\"size\":93', '\"size\":94')", []).unwrap();
    };
    type Damage<'a> = (&'a str, &'a dyn Fn(&Path));
    let damages: [Damage<'_>; 8] = [
        ("deleted", &|path| fs::remove_file(path).unwrap()),
        ("empty", &|path| fs::write(path, "").unwrap()),
        ("cut short", &|path| fs::write(path, &whole[..whole.len() / 2]).unwrap()),
        ("cut to its first page", &|path| fs::write(path, &whole[..4096]).unwrap()),
        ("random", &|path| fs::write(path, &random).unwrap()),
        ("newer", &newer),
        ("foreign", &foreign),
        ("of another past", &ahead),
    ];
    for (what, damage) in damages {
        damage(&shop.path());
        let (mut index, message) = shop.open_again();
        assert_eq!(message.is_some(), what != "deleted", "{what}: {message:?}");
        assert_eq!(index.mark().entries(), 0, "{what}");
        assert_eq!(index.catch_up(&lock(&shop.ledger), &reread).unwrap(), 93, "{what}");
        assert_eq!(index.dump().unwrap(), good, "{what}");
        drop(index);
        assert_eq!(shop.open_again().1, None, "{what}: sound again");
    }
}

#[test]
fn an_index_that_is_behind_catches_up_and_one_that_is_not_does_nothing() {
    // F25
    let mut shop = Shop::new();
    shop.enter(&trade(3));
    let mut more = trade(4);
    append(&mut lock(&shop.ledger), &more.split_off(12));
    let (mut index, message) = shop.open_again();
    assert_eq!((message, index.mark().entries()), (None, 13));
    let writer = shop.ledger.lock(std::time::Duration::ZERO, Some(index.mark())).unwrap();
    assert_eq!(index.catch_up(&writer, &reread).unwrap(), 4);
    assert_eq!(index.catch_up(&writer, &reread).unwrap(), 0);
    assert_eq!(index.mark(), writer.mark());
    // The other one, open all the while, sees it, and refuses what leaves a gap.
    let gap = made_in(18, letter(9, 1, terms(9)), Verdict::Applied, Vec::new());
    let recorded = Recorded { line: shop.ledger.line(16).unwrap().unwrap(), entry: gap.entry };
    assert!(shop.index.apply(&[recorded], writer.mark(), &Book::default(), &[]).is_err());
    assert_eq!(shop.index.catch_up(&writer, &reread).unwrap(), 0);
    assert_eq!(shop.index.mark(), writer.mark());
    assert_eq!(shop.index.dump().unwrap(), index.dump().unwrap());
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let mut shop = Shop::new();
    shop.enter(&trade(3));
    let (reader, _) = shop.open_again();
    let held = rusqlite::Connection::open(shop.path()).unwrap();
    held.execute_batch("BEGIN IMMEDIATE; DELETE FROM transactions;").unwrap();
    assert_eq!(reader.count(&Filter::default()).unwrap(), 3);
    let (late, message) = shop.open_again();
    assert_eq!((late.count(&Filter::default()).unwrap(), message), (3, None));
    held.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn of_two_catalogs_of_one_second_the_later_one_is_the_newest() {
    let mut shop = Shop::new();
    // Their texts sort the other way: a whole second ends in `Z`, which stands behind the `.` of a part of one.
    let half = |moment: Moment| Moment::new(moment.instant() + jiff::SignedDuration::from_millis(500), moment.offset());
    let came = |position: u64, recorded: Moment| {
        let catalog = Catalog {
            seller: format!("catalog {position}"),
            words: Words::default(),
            matching: 0,
            offers: Vec::new(),
            ways: Vec::new(),
            conditions: None,
            agents: Vec::new(),
        };
        let seq = u32::try_from(position).unwrap();
        let letter =
            Letter { transaction: None, order: None, seq: None, ..letter(seq, seq, Document::Catalog(catalog)) };
        let mut made = made_in(position, letter, Verdict::Applied, Vec::new());
        made.entry.recorded = recorded;
        made
    };
    let utc = |moment: Moment| Moment::new(moment.instant(), jiff::tz::Offset::UTC);
    let batch = [came(1, utc(moment(1))), came(2, half(utc(moment(1))))];
    let [whole, part] = batch.each_ref().map(|made| made.entry.recorded.to_string());
    assert!(part.ends_with(".5Z") && part < whole, "{whole} {part}");
    shop.enter(&batch);
    let address = party("shop").address;
    let newest = |index: &Index, most| index.catalogs_of(&address, most).unwrap();
    assert_eq!(newest(&shop.index, 2), [2, 1]);
    assert_eq!(newest(&shop.index, 1), [2]);
    let grown = shop.index.dump().unwrap();
    assert_eq!(shop.rebuilt(), grown);
}

#[test]
fn what_came_lately_is_counted_by_the_moment_and_not_by_the_clock_of_a_zone() {
    // In the nights in which clocks are put back and forward the texts are in the other order.
    for (came, since, lately) in [
        ("2026-10-25T02:10:00+02:00", "2026-10-25T01:40:00+01:00", 0),
        ("2026-03-29T01:50:00+01:00", "2026-03-29T02:40:00+02:00", 1),
    ] {
        assert_eq!(came >= since, lately == 0, "as texts it would be the other way");
        let [came, since] = [came, since].map(|text| Moment::parse(text).unwrap());
        let mut shop = Shop::new();
        let act = Act::Pin { party: party("bank"), certificate: "cert/bank".to_owned(), by: PinnedBy::FirstUse };
        let mut pin = made_own(1, act, Names::default(), Vec::new());
        pin.entry.recorded = came;
        let mut waits = made_in(2, letter(50, 2, status("sent")), Verdict::Held, Vec::new());
        waits.entry.recorded = came;
        shop.enter(&[pin, waits]);
        assert_eq!(shop.index.strangers_since(&since, &came.max(since)).unwrap().len(), lately);
        assert_eq!(shop.index.waiting_since(&since).unwrap().len(), 1 - lately, "what waits since before then");
        let grown = shop.index.dump().unwrap();
        assert_eq!(shop.rebuilt(), grown);
    }
}
