//! Form: what is written is read back the same, and nothing but the one shape is read.

use mailorder::mail::{self, Language, ReadError, Texts, WriteError};
use mailorder::trade::{Code, Digest, Document, Kind, Letter, Moment, Received, When};
use proptest::prelude::*;

use crate::letters::{self, Chance};
use crate::support::tried;

pub(crate) fn texts(language: Language) -> Texts {
    Texts::load(language, None).unwrap()
}

fn written(letter: &Letter) -> String {
    String::from_utf8(mail::write(letter, &texts(Language::En)).unwrap()).unwrap()
}

/// Reads as the letter's own sender and recipient.
pub(crate) fn read(letter: &Letter, signed: &str) -> Result<Received, ReadError> {
    let content = Digest::of(signed.as_bytes());
    mail::read(signed.as_bytes(), content, &letter.from.fingerprint, &letter.to.fingerprint)
}

/// Returns the JSON of a letter.
pub(crate) fn machine(signed: &str) -> &str {
    let (_, rest) = signed.split_once("Machine-readable\r\n\r\n").unwrap();
    rest.split_once("\r\n--part-").unwrap().0
}

/// Returns all of a value with offsets and decimals as written, which equality of moments passes over.
pub(crate) fn exact(letter: &Letter) -> String {
    serde_json::to_string_pretty(letter).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(tried(60, 1000)) })]

    #[test]
    fn a_letter_of_any_kind_is_read_as_it_was_written(seed: u64) {
        for language in Language::ALL {
            let texts = texts(language);
            for kind in Kind::ALL {
                let letter = Chance::new(seed).letter(*kind);
                let signed = mail::write(&letter, &texts).unwrap();
                prop_assert_eq!(exact(&mail::reread(&signed).unwrap()), exact(&letter));
                let again = mail::write(&letter, &texts).unwrap();
                prop_assert!(signed == again, "the same letter gives the same bytes");
                check_bytes(&signed);
            }
        }
    }

    #[test]
    fn no_damage_to_a_letter_makes_the_reader_panic(seed: u64, at: prop::sample::Index, byte: u8) {
        let kind = Kind::ALL[usize::try_from(seed % 21).unwrap()];
        let letter = Chance::new(seed).letter(kind);
        let whole = written(&letter).into_bytes();
        let place = at.index(whole.len());
        let mut damaged = whole.clone();
        damaged[place] = byte;
        if let Err(error) = mail::reread(&damaged) {
            prop_assert!(!error.to_string().is_empty());
        }
        // B25: a letter cut short is refused, or only lost what stands behind its machine part.
        if let Ok(short) = mail::reread(&whole[..place]) {
            prop_assert_eq!(exact(&short), exact(&letter));
        }
    }
}

/// Every line ends in CRLF and fits, exactly one CRLF stands behind the last boundary (wire format 1.2).
pub(crate) fn check_bytes(signed: &[u8]) {
    let text = std::str::from_utf8(signed).unwrap();
    assert!(text.ends_with("--\r\n") && !text.ends_with("\r\n\r\n"));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']));
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
    assert!(!text.contains(" \r\n--part-") && !text.starts_with("--"));
}

#[test]
fn the_header_is_protected_and_says_what_stands_outside() {
    let letter = letters::terms();
    let signed = written(&letter);
    let (header, _) = signed.split_once("\r\n\r\n").unwrap();
    let lines: Vec<&str> = header.split("\r\n").collect();
    for line in [
        "From: shop@example.com",
        "To: t-yoshi@buyer.example",
        "Subject: Transaction information 2026-0710-1234",
        "Auto-Submitted: auto-generated",
        "Content-Language: en",
        "HP-Outer: Subject: [...]",
        "HP-Outer: From: shop@example.com",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative; hp=\"cipher\";",
    ] {
        assert!(lines.contains(&line), "{line}\n{header}");
    }
    let outer = mail::outer(&letter);
    assert!(header.contains(&format!("HP-Outer: Date: {}", outer.date)));
    assert!(header.contains(&format!("HP-Outer: Message-ID: {}", outer.message_id)));
    assert_eq!(outer.subject, "[...]");
    let japanese = mail::write(&letter, &texts(Language::Ja)).unwrap();
    let japanese = String::from_utf8(japanese).unwrap();
    assert!(japanese.contains("\r\nSubject: =?utf-8?B?"), "{japanese}");
    assert!(japanese.contains("取引番号:         2026-0710-1234\r\n"), "the text stays greppable");
}

#[test]
fn the_examples_of_the_wire_format_are_read() {
    for (kind, json) in [
        (Kind::TransactionInfo, include_str!("corpus/letters/transaction-info.json")),
        (Kind::Confirmation, include_str!("corpus/letters/confirmation.json")),
        (Kind::Receipt, include_str!("corpus/letters/receipt.json")),
        (Kind::OrderStatus, include_str!("corpus/letters/order-status.json")),
        (Kind::DeliveryStatus, include_str!("corpus/letters/delivery-status.json")),
        (Kind::PaymentStatus, include_str!("corpus/letters/payment-status.json")),
        (Kind::CatalogRequest, include_str!("corpus/letters/catalog-request.json")),
        (Kind::Catalog, include_str!("corpus/letters/catalog.json")),
        (Kind::OrderRejection, include_str!("corpus/letters/order-rejection.json")),
    ] {
        let signed = with_machine(&letters::terms(), json);
        let letter = mail::reread(signed.as_bytes()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(letter.kind(), kind);
        let received = read(&letter, &signed).unwrap();
        let remarks: Vec<_> = received.remarks().iter().filter(|r| r.code != Code::TextDiffersFromData).collect();
        assert!(remarks.is_empty(), "{kind}: {remarks:?}");
        assert_eq!(exact(&mail::reread(written(&letter).as_bytes()).unwrap()), exact(&letter), "{kind}");
    }
    let terms =
        mail::reread(with_machine(&letters::terms(), include_str!("corpus/letters/transaction-info.json")).as_bytes());
    let Ok(Letter { document: Document::TransactionInfo(terms), .. }) = terms else { panic!("no terms") };
    assert_eq!((terms.total.to_string().as_str(), terms.payment_method.as_str()), ("JPY 4800", "card"));
    assert_eq!(terms.delivery_method.as_str(), "parcel");
    assert_eq!(terms.charges[0].price.to_string(), "JPY 500");
    assert!(terms.agents_are_complete());
}

/// Puts another machine part into a letter.
pub(crate) fn with_machine(letter: &Letter, json: &str) -> String {
    let signed = written(letter);
    signed.replace(machine(&signed), &json.trim().replace('\n', "\r\n"))
}

/// What becomes of a damaged letter.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Fate {
    BadShape,
    NewerVersion,
    TooLarge,
    Ordinary,
    Read,
}

fn fate(signed: &str) -> Fate {
    match mail::reread(signed.as_bytes()) {
        Ok(_) => Fate::Read,
        Err(ReadError::BadShape(_)) => Fate::BadShape,
        Err(ReadError::NewerVersion) => Fate::NewerVersion,
        Err(ReadError::TooLarge) => Fate::TooLarge,
        Err(ReadError::Ordinary) => Fate::Ordinary,
        Err(ReadError::NotForUs) => unreachable!("nobody asked"),
    }
}

/// Checks rows of (damage, what is replaced, by what, what becomes of it).
fn check_rows(letter: &Letter, rows: &[(&str, &str, &str, Fate)]) {
    let signed = written(letter);
    assert_eq!(fate(&signed), Fate::Read);
    for (damage, from, to, expected) in rows {
        assert!(signed.contains(from), "{damage}: {from:?} is not in\n{signed}");
        let damaged = signed.replacen(from, to, 1);
        assert_eq!(fate(&damaged), *expected, "{damage}: {:?}", mail::reread(damaged.as_bytes()));
    }
}

const BAD: Fate = Fate::BadShape;

#[test]
fn damaged_headers_are_refused() {
    // B49, B50
    let from = "From: shop@example.com\r\n";
    check_rows(
        &letters::terms(),
        &[
            ("two From", from, "From: shop@example.com\r\nFrom: shop@example.com\r\n", BAD),
            ("two From in another case", from, "From: shop@example.com\r\nFROM: x@example.com\r\n", BAD),
            ("two addresses", from, "From: shop@example.com, x@example.com\r\n", BAD),
            ("a blank in the name", from, "Fr om: shop@example.com\r\n", BAD),
            ("a group", from, "From: us:shop@example.com;\r\n", BAD),
            ("a display name", from, "From: \"pay@bank.example\" <shop@example.com>\r\n", BAD),
            ("a comment", from, "From: shop@example.com (Shop)\r\n", BAD),
            ("no From", from, "", BAD),
            ("no hp", " hp=\"cipher\";", "", BAD),
            ("hp of another kind", "hp=\"cipher\"", "hp=\"clear\"", BAD),
            ("no Date", "\r\nDate: ", "\r\nX-Date: ", BAD),
            ("a date that is none", "\r\nDate: ", "\r\nDate: x", BAD),
            ("no Message-ID", "\r\nMessage-ID: ", "\r\nX-ID: ", BAD),
            ("no Subject", "\r\nSubject: ", "\r\nX: ", BAD),
            ("two subjects", "\r\nSubject: ", "\r\nSubject: x\r\nSubject: ", BAD),
            ("a line that is no field", "\r\nSubject: ", "\r\nfield\r\nSubject: ", BAD),
            ("an unknown field", "\r\nSubject: ", "\r\nX-Other: x\r\nSubject: ", Fate::Read),
        ],
    );
}

#[test]
fn what_people_write_to_each_other_is_no_letter() {
    let text = "Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\r\nSubject: tea?\r\n\r\nAt four.\r\n";
    assert_eq!(fate(text), Fate::Ordinary);
    assert_eq!(fate(&text.replace("four", "four \"mo:kind\"")), BAD);
}

#[test]
fn damaged_mime_is_refused() {
    // B10, B88 and the limits of hard-cases 4
    let signed = written(&letters::terms());
    let json = machine(&signed).to_owned();
    let part = "Content-Type: application/ld+json; charset=utf-8\r\n";
    let boundary = signed.split_once("boundary=\"").unwrap().1.split_once('"').unwrap().0;
    let end = format!("--{boundary}--");
    let more = |kind: &str, body: &str| format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n{end}");
    let nested: String =
        (0..25).map(|n| format!("Content-Type: multipart/mixed; boundary=x{n}\r\n\r\n--x{n}\r\n")).collect();
    check_rows(
        &letters::terms(),
        &[
            ("a bare LF", "\r\nSubject", "\nSubject", BAD),
            ("a bare CR", "\r\nSubject", "\r\r\nSubject", BAD),
            ("a NUL", "Shirt", "Shi\0rt", BAD),
            ("two machine parts", &end, &more("application/ld+json", &json), BAD),
            ("a third part", &end, &more("text/html", "<p>"), BAD),
            ("parts within parts", &end, &more("text/plain", &nested), BAD),
            (
                "many attached mails",
                &end,
                &more("message/rfc822", &"Content-Type: message/rfc822\r\n\r\n".repeat(30)),
                BAD,
            ),
            ("an attachment", part, &format!("{part}Content-Disposition: attachment\r\n"), BAD),
            ("in HTML", "application/ld+json; charset=utf-8", "text/html; charset=utf-8", BAD),
            ("another charset", "ld+json; charset=utf-8", "ld+json; charset=utf-16", BAD),
            ("its type twice", part, &format!("{part}{part}"), BAD),
            (
                "an unknown encoding",
                &format!("{part}Content-Transfer-Encoding: 8bit"),
                &format!("{part}Content-Transfer-Encoding: x-gzip"),
                BAD,
            ),
            (
                "broken base64",
                &format!("{part}Content-Transfer-Encoding: 8bit"),
                &format!("{part}Content-Transfer-Encoding: base64"),
                BAD,
            ),
            ("related", "multipart/alternative", "multipart/related", BAD),
            ("a signed layer inside", "multipart/alternative", "multipart/signed", BAD),
            ("no text part", "Content-Type: text/plain", "Content-Type: image/png", BAD),
            ("1 MiB and more", "Shirt", &"x".repeat(1024 * 1024), Fate::TooLarge),
            ("a long header", "\r\nSubject: ", &format!("\r\nX: {}\r\nSubject: ", "x".repeat(65_536)), BAD),
            ("an epilogue", &format!("{end}\r\n"), &format!("{end}\r\nmore\r\n"), Fate::Read),
        ],
    );
    // B2: what kills the MIME library is stopped before it, also where the mails within the mail are encoded.
    use base64::Engine as _;
    let inner = "Content-Type: message/rfc822\r\n\r\n".repeat(20_000);
    let inner = base64::engine::general_purpose::STANDARD.encode(inner);
    for kind in ["message/rfc822", "Message/RFC822; x=y", "message/global", "(a)message/rfc822", "\r\n message/rfc822"]
    {
        let bomb = format!(
            "--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}\r\n{end}"
        );
        check_rows(&letters::terms(), &[(kind, &end, &bomb, BAD)]);
    }
    let digest = more("multipart/digest; boundary=x", "--x\r\n\r\nSubject: a\r\n\r\nb\r\n--x--");
    check_rows(&letters::terms(), &[("a digest", &end, &digest, BAD)]);
    let killer = "Content-Type: message/rfc822\r\n\r\n".repeat(32_000);
    assert_eq!(fate(&killer), BAD);
    for odd in ["", "\r\n\r\n", "\r\n\r\n\r\n\r\n", "x", "From: a@b.c\r\n\r\n"] {
        assert!(matches!(fate(odd), Fate::BadShape | Fate::Ordinary), "{odd:?}");
    }
}

#[test]
fn other_encodings_and_attachments_are_read() {
    use base64::Engine as _;
    let letter = letters::terms();
    let signed = written(&letter);
    let json = machine(&signed).to_owned();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&json);
    let lines: Vec<&str> = base64.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let before = "Transfer-Encoding: 8bit\r\nContent-Purpose";
    let encoded = signed.replace(&json, &lines.join("\r\n"));
    let encoded = encoded.replace(before, "Transfer-Encoding: base64\r\nContent-Purpose");
    assert_eq!(exact(&mail::reread(encoded.as_bytes()).unwrap()), exact(&letter), "base64");
    let quoted = signed.replace(&json, &json.replace('=', "=3D").replace("\": ", "\":=20"));
    let quoted = quoted.replace(before, "Transfer-Encoding: quoted-printable\r\nContent-Purpose");
    assert_eq!(exact(&mail::reread(quoted.as_bytes()).unwrap()), exact(&letter), "quoted-printable");
    // B99: an attachment is kept in the mail and changes nothing.
    let (header, body) = signed.split_once("Content-Type: multipart/alternative; hp=\"cipher\";").unwrap();
    let mixed = format!(
        "{header}Content-Type: multipart/mixed; hp=\"cipher\"; boundary=outer\r\n\r\n--outer\r\n\
         Content-Type: multipart/alternative;{body}--outer\r\nContent-Type: application/pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--outer--\r\n"
    );
    assert_eq!(exact(&mail::reread(mixed.as_bytes()).unwrap()), exact(&letter), "mixed");
    let page = mixed.replace("application/pdf", "application/ld+json");
    assert_eq!(fate(&page), BAD, "a second machine part as attachment (B88)");
}

#[test]
fn damaged_amounts_are_refused() {
    // B79, B80, B83
    let price = "\"price\": \"4300\"";
    let rows: Vec<(String, String)> =
        ["12,10", "1e3", "-0", "NaN", "0x10", "１２", "4300.5", "", "+1", &"9".repeat(40)]
            .iter()
            .map(|bad| (format!("the price {bad}"), format!("\"price\": \"{bad}\"")))
            .collect();
    let mut table: Vec<(&str, &str, &str, Fate)> =
        rows.iter().map(|(name, to)| (name.as_str(), price, to.as_str(), BAD)).collect();
    let currency = "\"priceCurrency\": \"JPY\"";
    let quantity = "\"@type\": \"QuantitativeValue\",\r\n            \"value\": \"1\"";
    let of = |text: &str| quantity.replace("\"1\"", text);
    let (large, zero, negative, number) = (of("\"4294967296\""), of("\"0\""), of("\"-1\""), of("1"));
    table.extend([
        ("a number", price, "\"price\": 4300", BAD),
        ("decimals the currency has not", price, "\"price\": \"12.5\"", BAD),
        ("no price", price, "\"x\": \"4300\"", BAD),
        ("no currency", currency, "\"x\": \"JPY\"", BAD),
        ("no such currency", currency, "\"priceCurrency\": \"EURO\"", BAD),
        ("decimals EUR has not", "\"priceCurrency\": \"JPY\"", "\"priceCurrency\": \"EUR\"", Fate::Read),
        ("a quantity beyond reckoning", quantity, &large, BAD),
        ("no quantity", quantity, &zero, BAD),
        ("a negative quantity", quantity, &negative, BAD),
        ("a quantity as a number", quantity, &number, BAD),
        ("a total beyond reckoning", "\"value\": \"4800\"", "\"value\": \"9223372036854775808\"", BAD),
        ("a line twice", "\"identifier\": \"2\"", "\"identifier\": \"1\"", BAD),
    ]);
    check_rows(&letters::terms(), &table);
    let euro = written(&letters::terms()).replace("JPY", "EUR");
    assert_eq!(fate(&euro.replace(price, "\"price\": \"12.345\"")), BAD);
    let lines = format!("\"acceptedOffer\": [{}", "{\"@type\":\"Offer\"},".repeat(10_000));
    let crowd = written(&letters::terms()).replace("\"acceptedOffer\": [", &lines);
    assert_eq!(fate(&crowd), BAD, "10,000 lines");
    let crowd = crowd.replace("{\"@type\":\"Offer\"},", "{\"@type\":\"Offer\",\"name\":\"x\"},");
    assert_eq!(fate(&crowd), Fate::TooLarge, "10,000 longer lines");
}

#[test]
fn damaged_moments_are_refused() {
    let signed = written(&letters::terms());
    let whole = signed.lines().find(|line| line.contains("\"orderDate\"")).unwrap();
    let bad = "T10:00:00+25:59 T10:00:00+25:00 T10:00:00+09:00:30 T10:00:00+0900 T10+09:00 T10:00:60+09:00 T10:00:00";
    for time in bad.split(' ') {
        check_rows(&letters::terms(), &[(time, whole, &format!("\"orderDate\": \"2026-07-10{time}\","), BAD)]);
    }
}

#[test]
fn damaged_json_is_refused() {
    // B85, B86, B95
    let context = "\"@context\": [\r\n    \"https://schema.org\"";
    let graph = "\"@graph\": [";
    let deep = format!("\"x\": {}{},\r\n      \"mo:kind\"", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("\"x\": \"{}\",\r\n      \"mo:kind\"", "x".repeat(300_000));
    let long = format!("\"name\": \"{}\"", "x".repeat(4097));
    let number = "\"mo:transaction\": \"2026-0710-1234\"";
    let numbers: Vec<String> = ["../../etc/x", "-rf", "%2f", "a\\nb", "日立", "", &"9".repeat(300)]
        .iter()
        .map(|bad| format!("\"mo:transaction\": \"{bad}\""))
        .collect();
    let mut table = vec![
        ("a key twice", number, "\"mo:transaction\": \"2026-0710-1234\",\"mo:transaction\": \"x\"", BAD),
        ("a key twice below", "\"sku\"", "\"name\": \"x\", \"sku\"", BAD),
        ("depth", "\"mo:kind\"", &deep, BAD),
        ("size", "\"mo:kind\"", &large, Fate::TooLarge),
        ("a byte order mark", "{\r\n  \"@context\"", "\u{feff}{\r\n  \"@context\"", BAD),
        (
            "a NUL as an escape",
            "Shirt, white, 41\"\r\n          },\r\n          \"price\"",
            "\\u0000\"\r\n          },\r\n          \"price\"",
            BAD,
        ),
        ("half a surrogate pair", "\"name\": \"Example Shirts\"", "\"name\": \"\\ud83d\"", BAD),
        ("an escape sequence", "\"name\": \"Example Shirts\"", "\"name\": \"\\u001b[2J\"", BAD),
        ("a long string", "\"name\": \"Example Shirts\"", &long, BAD),
        ("trailing text", "\r\n}\r\n--part", "\r\n} x\r\n--part", BAD),
        ("two objects", "\r\n}\r\n--part", "\r\n}{}\r\n--part", BAD),
        ("a context elsewhere", context, "\"@context\": [\r\n    \"https://evil.example\"", BAD),
        ("a context of one", context, "\"x\": [\r\n    \"https://schema.org\"", BAD),
        ("a context that redefines", "fef1#\"", "fef1#\", \"price\": \"mo:x\"", BAD),
        ("a context inside", "\"mo:kind\"", "\"@context\": {}, \"mo:kind\"", BAD),
        ("a type of two", "\"@type\": \"mo:Message\"", "\"@type\": [\"mo:Message\"]", BAD),
        ("reverse", "\"mo:kind\"", "\"@reverse\": {}, \"mo:kind\"", BAD),
        ("graph in graph", "\"mo:kind\"", "\"@graph\": [], \"mo:kind\"", BAD),
        ("a member beside the graph", graph, "\"x\": 1, \"@graph\": [", BAD),
        ("two envelopes", graph, "\"@graph\": [{\"@type\": \"mo:Message\"},", BAD),
        ("two orders", graph, "\"@graph\": [{\"@type\": \"Order\"},", BAD),
        ("two invoices", graph, "\"@graph\": [{\"@type\": \"Invoice\"},", BAD),
        ("a node that is text", graph, "\"@graph\": [\"x\",", BAD),
        ("a name for two nodes", graph, "\"@graph\": [{\"@id\": \"#parcel\", \"@type\": \"x\"},", BAD),
        ("a reference to nothing", "\"@id\": \"#invoice\"\r\n", "\"@id\": \"#nothing\"\r\n", BAD),
        ("a newer version", "\"mo:version\": \"1\"", "\"mo:version\": \"2\"", Fate::NewerVersion),
        ("no version", "\"mo:version\": \"1\"", "\"mo:version\": \"one\"", BAD),
        ("an unknown kind", "\"mo:kind\": \"transaction-info\"", "\"mo:kind\": \"catalog\"", BAD),
        ("a number below one", "\"mo:seq\": ", "\"mo:seq\": 0, \"x\": ", BAD),
        ("a number as text", "\"mo:seq\": ", "\"mo:seq\": \"1\", \"x\": ", BAD),
        ("an agent too few", "\"mo:role\": \"delivery\"", "\"mo:role\": \"buyer\"", BAD),
        ("an agent twice", "\"mo:role\": \"delivery\"", "\"mo:role\": \"payment\"", BAD),
        ("an unknown member", "\"mo:kind\"", "\"mo:later\": {\"x\": [1, null]}, \"mo:kind\"", Fate::Read),
        ("the older prefix", "https://schema.org/ParcelService", "http://schema.org/ParcelService", Fate::Read),
        ("no prefix", "https://schema.org/ParcelService", "ParcelService", Fate::Read),
        ("an unknown term", "https://schema.org/ParcelService", "https://schema.org/Drone", BAD),
    ];
    table.extend(numbers.iter().map(|to| ("a number that is a path", number, to.as_str(), BAD)));
    let mut letter = letters::terms();
    let Document::TransactionInfo(terms) = &mut letter.document else { unreachable!() };
    terms.delivery_method = mailorder::trade::DeliveryMethod::parse("parcel").unwrap();
    check_rows(&letter, &table);
}

#[test]
fn a_letter_speaks_for_its_signer_and_to_its_recipient() {
    let letter = letters::terms();
    let signed = written(&letter);
    let (from, to) = (&letter.from.fingerprint, &letter.to.fingerprint);
    let content = Digest::of(signed.as_bytes());
    let received = mail::read(signed.as_bytes(), content, from, to).unwrap();
    assert_eq!((exact(received.letter()), received.content(), received.signer()), (exact(&letter), content, from));
    assert_eq!(received.remarks(), []);
    assert!(matches!(mail::read(signed.as_bytes(), content, to, to), Err(ReadError::BadShape(_))));
    assert_eq!(mail::read(signed.as_bytes(), content, from, from), Err(ReadError::NotForUs));
}

#[test]
fn an_envelope_that_differs_from_its_data_is_a_finding() {
    for (letter, from, to) in [
        (letters::terms(), "\"email\": \"shop@example.com\"", "\"email\": \"x@example.com\""),
        (letters::terms(), "\"orderNumber\": \"2026", "\"orderNumber\": \"2027"),
        (letters::terms(), "\"accountId\": \"2026", "\"accountId\": \"2027"),
        (letters::terms(), "\"email\": \"payment@firm.example\"", "\"email\": \"other@firm.example\""),
        (letters::terms(), "\"email\": \"delivery@firm.example\"", "\"email\": \"other@firm.example\""),
        (letters::terms(), "\"mo:shop\": \"shop@example.com\"", "\"mo:shop\": \"x@example.com\""),
        (letters::under_way(), "\"orderNumber\": \"2026", "\"orderNumber\": \"2027"),
        (letters::under_way(), "\"mo:done\": false", "\"mo:done\": true"),
        (letters::under_way(), "\"expectedArrivalUntil\": \"2026-07-22", "\"expectedArrivalUntil\": \"2026-07-21"),
    ] {
        let signed = written(&letter);
        assert_eq!(read(&letter, &signed).unwrap().remarks(), [], "{from}");
        assert!(signed.contains(from), "{from}");
        let received = read(&letter, &signed.replace(from, to)).unwrap();
        let codes: Vec<Code> = received.remarks().iter().map(|remark| remark.code).collect();
        assert!(codes.contains(&Code::EnvelopeDiffersFromData), "{from}: {codes:?}");
    }
}

#[test]
fn a_text_that_differs_from_the_data_is_noted_and_the_data_count() {
    // B88
    let letter = letters::terms();
    let signed = written(&letter);
    for (from, to) in [
        ("Total:         JPY 4800", "Total:         JPY 48"),
        ("Total:         JPY 4800", "Total:         4,801 JPY"),
        ("Transaction:   2026-0710-1234", "Transaction:   2026-0710-9999"),
    ] {
        assert!(signed.contains(from), "{signed}");
        let received = read(&letter, &signed.replacen(from, to, 1)).unwrap();
        let codes: Vec<Code> = received.remarks().iter().map(|remark| remark.code).collect();
        assert_eq!(codes, [Code::TextDiffersFromData], "{to}");
        assert_eq!(exact(received.letter()), exact(&letter));
    }
}

#[test]
fn our_own_texts_never_differ_from_their_data() {
    for language in Language::ALL {
        let texts = texts(language);
        for seed in 0..tried(40, 400) {
            for kind in Kind::ALL {
                let letter = Chance::new(seed).letter(*kind);
                let signed = mail::write(&letter, &texts).unwrap();
                let (from, to) = (&letter.from.fingerprint, &letter.to.fingerprint);
                let received = mail::read(&signed, Digest::of(&signed), from, to).unwrap();
                let noted = received.remarks().iter().find(|remark| remark.code == Code::TextDiffersFromData);
                assert_eq!(noted, None, "{kind} {language:?} {seed}\n{}", String::from_utf8_lossy(&signed));
            }
        }
    }
}

#[test]
fn values_of_letters_are_never_template_source() {
    // B97
    let mut letter = letters::terms();
    let Document::TransactionInfo(terms) = &mut letter.document else { unreachable!() };
    terms.lines[0].item.name = "{{ 7 * 7 }}{% include 'order' %}".to_owned();
    let signed = written(&letter);
    assert!(signed.contains("1. {{ 7 * 7 }}{% include 'order' %}\r\n"), "{signed}");
}

#[test]
fn a_planned_day_is_written_as_its_last_second_and_read_as_the_day() {
    let letter = letters::under_way();
    let signed = written(&letter);
    assert!(signed.contains("\"endTime\": \"2026-07-22T23:59:59"), "{signed}");
    let back = mail::reread(signed.as_bytes()).unwrap();
    let Document::DeliveryStatus(status) = back.document else { panic!("another kind") };
    assert_eq!(status.parcels[0].step.planned(), Some(When::parse("2026-07-22").unwrap()));
}

#[test]
fn what_no_recipient_would_take_is_not_written() {
    let texts = texts(Language::En);
    let mut incomplete = letters::terms();
    incomplete.order = None;
    assert!(matches!(mail::write(&incomplete, &texts), Err(WriteError::Incomplete { member: "mo:order", .. })));
    let named = |name: String| {
        let mut letter = letters::terms();
        let Document::TransactionInfo(terms) = &mut letter.document else { unreachable!() };
        terms.lines[0].item.name = name;
        mail::write(&letter, &texts)
    };
    assert!(matches!(named("a\u{1b}[2J".to_owned()), Err(WriteError::Bounds(_))));
    assert!(matches!(named("x".repeat(5000)), Err(WriteError::Bounds(_))));
    assert!(matches!(named("x".repeat(1000)), Err(WriteError::LongLine(_))));
    assert!(named("日".repeat(300)).is_ok());
    let mut agentless = letters::terms();
    let Document::TransactionInfo(terms) = &mut agentless.document else { unreachable!() };
    terms.agents.pop();
    assert!(matches!(mail::write(&agentless, &texts), Err(WriteError::Unreadable(_))));
}

#[test]
fn a_receipt_may_name_five_hundred_letters() {
    let mut letter = Chance::new(3).letter(Kind::Receipt);
    let Document::Receipt(receipt) = &mut letter.document else { unreachable!() };
    receipt.received = (0..501_u32)
        .map(|seq| mailorder::trade::document::Received {
            content: Digest::of(&seq.to_be_bytes()),
            shop: mailorder::trade::Address::parse("shop@example.com").ok(),
            transaction: mailorder::trade::Number::parse("2026-0710-1234").ok(),
            seq: Some(seq),
            head: Some(Digest::of(b"head")),
        })
        .collect();
    assert!(mail::write(&letter, &texts(Language::En)).is_err());
    let Document::Receipt(receipt) = &mut letter.document else { unreachable!() };
    receipt.received.pop();
    assert_eq!(exact(&mail::reread(written(&letter).as_bytes()).unwrap()), exact(&letter));
}

/// The properties of the wire format's table and examples.
const PROPERTIES: &str = " acceptedOffer acceptedPaymentMethod accountId actionStatus address addressCountry \
    addressLocality addressRegion agent availableDeliveryMethod billingAddress billingIncrement broker carrier confirmationNumber currency customer deliveryAddress deliveryMethod \
    deliveryStatus description eligibleQuantity email endTime error errorCode expectedArrivalFrom \
    expectedArrivalUntil hasDeliveryMethod hasOfferCatalog identifier inventoryLevel itemListElement itemOffered location merchant name numberOfItems \
    object orderDate orderDelivery orderItemNumber orderItemStatus orderNumber orderQuantity orderStatus orderedItem participant partOfInvoice partOfOrder \
    paymentDueDate paymentMethod paymentMethodId paymentStatus postalCode price priceCurrency priceSpecification \
    provider recipient referencesOrder result scheduledPaymentDate seller sender sku startDate streetAddress telephone \
    totalPaymentDue trackingNumber trackingUrl validThrough value vatID contentSize contentUrl sha256 ";

#[test]
fn every_written_graph_has_only_properties_of_the_table() {
    fn walk(value: &serde_json::Value, kind: Kind) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, inner) in map {
                    let known = key.starts_with("mo:")
                        || matches!(key.as_str(), "@id" | "@type")
                        || PROPERTIES.contains(&format!(" {key} "));
                    assert!(known, "{kind}: {key}");
                    walk(inner, kind);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, kind)),
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) | serde_json::Value::String(_) => (),
            serde_json::Value::Null => panic!("{kind}: null"),
        }
    }
    for seed in 0..tried(30, 300) {
        for kind in Kind::ALL {
            let signed = written(&Chance::new(seed).letter(*kind));
            let value: serde_json::Value = serde_json::from_str(machine(&signed)).unwrap();
            assert_eq!(value["@context"][1]["mo"], "urn:uuid:b1edae77-e598-42e9-b1d8-5d37f1e1fef1#");
            walk(&value["@graph"], *kind);
        }
    }
}

#[test]
fn moments_of_the_header_keep_their_offset() {
    let mut letter = letters::terms();
    for text in ["2026-07-18T17:30:00+09:00", "2026-02-28T23:59:59Z", "2026-12-31T00:00:00-11:30"] {
        letter.date = Moment::parse(text).unwrap();
        assert_eq!(mail::reread(written(&letter).as_bytes()).unwrap().date.to_string(), text);
    }
}
