//! Mail that is no letter, though it has to do with mail or with trade: nobody is told of it, and nothing is done (B60).

use std::fs;
use std::path::PathBuf;

use super::{holding, warnings};
use crate::support::accounts::files;
use crate::support::program::Town;

/// Such mails, as they travel.
const MAILS: [(&str, &str); 6] = [
    (
        "a notification that a mail was shown (RFC 8098)",
        "From: Friend <friend@home.test>\r\nTo: {me}\r\nSubject: Displayed: [...]\r\nMessage-ID: <mdn@home.test>\r\nMIME-Version: \
         1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=\"b\"\r\n\r\n--b\r\n\r\nYour message \
         was displayed.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nReporting-UA: home.test; \
         Reader\r\nFinal-Recipient: rfc822; friend@home.test\r\nOriginal-Message-ID: {ours}\r\nDisposition: \
         manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n",
    ),
    (
        "a vacation answer (RFC 3834)",
        "From: shop@demo.test\r\nTo: {me}\r\nSubject: Auto: [...]\r\nMessage-ID: <away@demo.test>\r\nIn-Reply-To: \
         {ours}\r\nReferences: {ours}\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\nWe are away until Monday. \
         Your order is not shipped.\r\n",
    ),
    (
        "a digest of a list (RFC 2046 section 5.1.5)",
        "From: shop-list-request@lists.test\r\nTo: {me}\r\nSubject: Shop Digest, Vol 3, Issue 14\r\nMessage-ID: \
         <digest@lists.test>\r\nList-Id: <shop.lists.test>\r\nPrecedence: list\r\nMIME-Version: 1.0\r\nContent-Type: \
         multipart/digest; boundary=\"b\"\r\n\r\n--b\r\n\r\nFrom: a@lists.test\r\nSubject: [...]\r\n\r\nShipped?\r\n--b\r\n\r\nFrom: \
         b@lists.test\r\nSubject: Re: [...]\r\n\r\nNo.\r\n--b--\r\n",
    ),
    (
        "an invitation (RFC 6047)",
        "From: ship@demo.test\r\nTo: {me}\r\nSubject: Delivery\r\nMessage-ID: <invite@demo.test>\r\nMIME-Version: \
         1.0\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//demo//\
         EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@demo.test\r\nDTSTAMP:20261122T100000Z\r\nDTSTART:20261128T090000Z\r\n\
         ORGANIZER:mailto:ship@demo.test\r\nATTENDEE:mailto:{me}\r\nSUMMARY:Parcel\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ),
    (
        "an advertisement in the words of our subjects",
        "From: \"shop@demo.test\" <deals@spam.test>\r\nTo: {me}\r\nReply-To: shop@demo.test\r\nSubject: transaction-info order-status \
         payment-status\r\nMessage-ID: <win@spam.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; \
         boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour order is paid.\r\n--b\r\nContent-Type: \
         application/ld+json\r\n\r\n{\"@context\":\"https://schema.org\",\"@type\":\"Order\",\"orderStatus\":\"OrderDelivered\"}\r\n\
         --b--\r\n",
    ),
    (
        "a report on the delivery of a stranger's mail (RFC 3464)",
        "From: MAILER-DAEMON@mx.test\r\nTo: {me}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: \
         <dsn@mx.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; \
         boundary=\"b\"\r\n\r\n--b\r\n\r\nIt was not delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: \
         dns; mx.test\r\n\r\nFinal-Recipient: rfc822; shop@demo.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: \
         message/rfc822\r\n\r\nFrom: else@elsewhere.test\r\nMessage-ID: <1@elsewhere.test>\r\n\r\n--b--\r\n",
    ),
];

/// What a party has, and what lies in everybody's mailbox but its own.
fn all_of(town: &Town, party: &str) -> (Vec<String>, serde_json::Value, serde_json::Value, Vec<PathBuf>) {
    let others = ["buyer", "shop", "pay", "ship"].into_iter().filter(|other| *other != party);
    let posted = others.flat_map(|other| town.post(other)).collect();
    let json = |args: &[&str]| town.does(party, args).json();
    let mut status = json(&["status", "--json"]);
    // When mail was last asked for is said there, too.
    status.as_object_mut().unwrap().remove("mail");
    (town.texts(party), status, json(&["outbox", "list", "--all", "--json"]), posted)
}

#[test]
fn ordinary_mail_is_left_as_it_is_and_nothing_is_said_or_done_b60() {
    let town = Town::played();
    town.order();
    let order = town.letter("buyer", "out", "order");
    let ours = order.lines().find_map(|line| line.strip_prefix("Mailorder-Letter: ")).unwrap().to_owned();
    for party in ["buyer", "shop"] {
        town.does(party, &["sync"]);
        let me = format!("{party}@demo.test");
        let before = all_of(&town, party);
        let (aside, warned) = (files(&town.path(party).join("set-aside/new")), warnings(&town));
        let mailbox = town.path(&format!("mail/{me}"));
        for (n, (what, text)) in MAILS.iter().enumerate() {
            let mail = text.replace("{me}", &me).replace("{ours}", &ours);
            let file = mailbox.join(format!("new/17000000{n:02}.M1.here"));
            fs::write(&file, &mail).unwrap();
            let kept = town.path(party).join("spool/cur");
            assert_eq!(holding(&kept, mail.as_bytes()).len(), 0, "{what}");
            for (words, input) in [(&["sync"][..], ""), (&["receive"], &mail)] {
                let run = town.fed(party, words, input.as_bytes());
                assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""), "{what}: {words:?}");
                assert_eq!(all_of(&town, party), before, "{what}: {words:?}");
            }
            // As it lay, and as it was handed over: there it is the only copy.
            assert_eq!(fs::read_to_string(&file).unwrap(), mail, "{what}");
            assert_eq!(holding(&kept, mail.as_bytes()).len(), 1, "{what}");
            assert_eq!(files(&town.path(party).join("set-aside/new")), aside, "{what}");
        }
        assert_eq!(files(&mailbox.join("new")).len(), MAILS.len());
        assert!(files(&mailbox.join("cur")).is_empty() && warnings(&town) == warned);
    }
}
