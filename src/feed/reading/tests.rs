//! Rows as other programs write them.

use std::path::Path;

use super::*;
use crate::trade::{Moment, When};

fn read(text: &str, map: Map, role: Role) -> Result<Vec<Result<Option<Report>, String>>, String> {
    let mut reading = Reading::open(text.as_bytes(), None, None, map, role).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    while let Some(read) = reading.next_row().map_err(|error| error.to_string())? {
        all.push(read.report);
    }
    Ok(all)
}

fn plain(text: &str, role: Role) -> Vec<Result<Option<Report>, String>> {
    read(text, Map::named("plain", role).unwrap(), role).unwrap()
}

fn one(text: &str, role: Role) -> Report {
    plain(text, role).remove(0).unwrap().unwrap()
}

fn moment(text: &str) -> Option<Moment> {
    Some(Moment::parse(text).unwrap())
}

#[test]
fn a_row_says_all_that_the_flags_can_say() {
    let shop = one(
        "txn,event_id,shipped,parcel,lines,tracking,correct\nshop@example.com:7K3Q,E-1,2026-11-08T17:40:00+09:00,2,1=2 3=1,EP-1,true\n",
        Role::Shop,
    );
    assert_eq!((shop.shop.unwrap().as_str(), shop.name.as_str()), ("shop@example.com", "7K3Q"));
    assert_eq!((shop.event.as_deref(), shop.notice.done), (Some("E-1"), moment("2026-11-08T17:40:00+09:00")));
    assert_eq!((shop.notice.parcel.as_deref(), shop.notice.tracking.as_deref()), (Some("2"), Some("EP-1")));
    assert!(shop.notice.correct && shop.notice.lines.len() == 2 && !shop.now);
    let pay = one("{\"txn\":\"7K3Q\",\"refunded\":true,\"amount\":\"JPY 300\",\"reference\":\"A-1\"}", Role::Payment);
    assert!(pay.now && pay.notice.refund && pay.notice.done.is_none());
    assert_eq!(
        (pay.notice.amount.unwrap().to_string(), pay.notice.reference.unwrap()),
        ("JPY 300".into(), "A-1".into())
    );
    let declined = one("{\"txn\":\"7K3Q\",\"declined\":\"no funds\"}", Role::Payment).notice.failed.unwrap();
    assert_eq!((declined.code.as_str(), declined.text.as_str()), ("declined", "no funds"));
    let ship = one(
        "{\"txn\":\"7K3Q\",\"event\":\"sorted\",\"place\":\"Osaka\",\"date\":\"2026-11-08T17:40:00Z\"}",
        Role::Delivery,
    );
    assert_eq!(ship.notice.event, Some(("sorted".to_owned(), Some("Osaka".to_owned()))));
    assert_eq!(ship.notice.event_at, moment("2026-11-08T17:40:00Z"));
    for (column, text) in [("failed", "nobody in"), ("refused", "not ordered"), ("lost", "at sea")] {
        let said = one(&format!("txn,{column}\n7K3Q,{text}\n"), Role::Delivery).notice.failed.unwrap();
        assert_eq!((said.code.as_str(), said.text.as_str()), (column, text));
        let said = one(&format!("txn,status,failed\n7K3Q,{column},{text}\n"), Role::Delivery).notice.failed.unwrap();
        assert_eq!((said.code.as_str(), said.text.as_str()), (column, text), "by a word");
    }
    let file = one("txn,file,called\n7K3Q,a/book.epub,Book.epub\n", Role::Delivery);
    let named = RowFile { file: Some("a/book.epub".into()), called: Some("Book.epub".into()), ..RowFile::default() };
    assert_eq!((file.file, file.now), (Some(named), true));
    let linked = one(
        "{\"txn\":\"7K3Q\",\"link\":\"https://files.example/a\",\"size\":3,\"sha256\":\"ab\",\"delivered\":\"2026-11-08T17:40:00Z\"}",
        Role::Delivery,
    );
    assert_eq!((linked.notice.done, linked.now), (moment("2026-11-08T17:40:00Z"), false));
    let named = linked.file.unwrap();
    assert_eq!((named.size.as_deref(), named.sha256.as_deref()), (Some("3"), Some("ab")));
    let planned = one("txn,planned\n7K3Q,2026-11-10\n", Role::Delivery).notice.planned;
    assert_eq!(planned, Some(When::parse("2026-11-10").unwrap()));
}

#[test]
fn words_of_a_status_mean_what_the_map_says() {
    let text = "zone = \"Asia/Tokyo\"\n[columns]\ntxn = \"No\"\nstatus = \"State\"\ndate = \"At\"\ncurrency = \"C\"\namount = \"Sum\"\n\
                [status]\nsent = \"shipped\"\ncoming = \"planned\"\nnew = \"\"\nmoney = \"paid\"\n[constants]\ncurrency = \"JPY\"";
    let rows = "No,State,At,Sum,C\n1,sent,2026-11-08 17:40:00,,\n2,Sent,,,\n3,coming,2026-11-10,,\n4,new,,,\n5,money,2026-11-08,4800,\n6,gone,,,\n";
    let by = |role: Role| read(rows, Map::parse(text, Path::new("m"), role).unwrap(), role).unwrap();
    let shop = by(Role::Shop);
    let report = |place: usize| shop[place].as_ref().unwrap().clone();
    assert_eq!(report(0).unwrap().notice.done, moment("2026-11-08T17:40:00+09:00"));
    assert!(report(1).unwrap().now);
    assert_eq!(report(2).unwrap().notice.planned, Some(When::parse("2026-11-10").unwrap()));
    assert_eq!((report(3), report(4)), (None, None), "nothing for a shop to say");
    assert!(shop[5].as_ref().unwrap_err().contains("the map says nothing of \"gone\""));
    let paid = by(Role::Payment)[4].as_ref().unwrap().clone().unwrap();
    assert_eq!(
        (paid.notice.done, paid.notice.amount.unwrap().to_string()),
        (moment("2026-11-08T00:00:00+09:00"), "JPY 4800".into())
    );
}

#[test]
fn what_is_done_is_not_planned_any_more() {
    let report = one("txn,shipped,planned\n7K3Q,now,2026-11-10\n", Role::Shop);
    assert!(report.now && report.notice.planned.is_none());
}

#[test]
fn a_wrong_cell_is_told_with_its_column_and_the_next_row_is_read() {
    for (role, text, part) in [
        (Role::Shop, "txn,shipped\n7,2026-11-08 10:00\n8,now\n", "shipped: \"2026-11-08 10:00\" has no zone"),
        (Role::Shop, "txn,shipped\n,now\n8,now\n", "names no transaction: nothing stands in txn"),
        (Role::Shop, "txn,shipped\na b:7,now\n8,now\n", "write SHOP:NUMBER"),
        (Role::Shop, "txn,shipped\n7,\n8,now\n", "it reports nothing"),
        (Role::Shop, "txn,shipped,lines\n7,now,1x\n8,now,\n", "lines: \"1x\" is not LINE=QUANTITY"),
        (Role::Shop, "txn,shipped,tracking\n7,now,\"a\nb\"\n8,now,\n", "tracking: a line end"),
        (Role::Shop, "txn,shipped,correct\n7,now,maybe\n8,now,\n", "correct: \"maybe\""),
        (Role::Shop, "txn,status\n7,sent\n8,shipped\n", "status: \"sent\" is none of shipped"),
        (Role::Delivery, "txn,file,planned\n7,a,2026-11-10\n8,a,\n", "leave out planned"),
        (Role::Delivery, "txn,file,lost\n7,a,at sea\n8,a,\n", "it cannot have failed as well"),
        (Role::Delivery, "txn,delivered,called\n7,now,a\n8,now,\n", "name it by file or link"),
        (Role::Delivery, "txn,file,size\n7,a,3\n8,a,\n", "leave out file"),
        (Role::Payment, "txn,paid,amount,currency\n7,now,\"4,800\",JPY\n8,now,,\n", "amount: \"4,800\" is not a plain"),
        (
            Role::Payment,
            "txn,paid,amount,currency\n7,now,JPY 8600,EUR\n8,now,JPY 8600,JPY\n",
            "amount: JPY 8600, and the currency is said to be EUR",
        ),
        (Role::Payment, "txn,paid,amount\n7,now,4800\n8,now,\n", "4800 has no currency; write it like \"JPY 4800\""),
        (
            Role::Payment,
            "{\"txn\":\"7\",\"paid\":true,\"amount\":4100}\n{\"txn\":\"8\",\"paid\":true}",
            "4100 has no currency",
        ),
        (
            Role::Payment,
            "{\"txn\":\"7\",\"paid\":true,\"amount\":48.5}\n{\"txn\":\"8\",\"paid\":true}",
            "amount: 48.5 is a number",
        ),
        (
            Role::Shop,
            "{\"txn\":\"7\",\"shipped\":true,\"tracking\":[\"EP-1\",\"EP-2\"]}\n{\"txn\":\"8\",\"shipped\":true,\"lines\":[\"1=2\"]}",
            "tracking: a list stands where one text is wanted",
        ),
        (
            Role::Shop,
            "{\"txn\":[\"7\",\"9\"],\"shipped\":true}\n{\"txn\":\"8\",\"shipped\":true}",
            "txn: a list stands where one text is wanted",
        ),
        (
            Role::Shop,
            "{\"txn\":\"7\",\"shipped\":{\"at\":\"now\"}}\n{\"txn\":\"8\",\"shipped\":true}",
            "shipped: an object stands where a text is wanted",
        ),
        (Role::Shop, "{\"txn\":\"7\",\"shiped\":true}\n{\"txn\":\"8\",\"shipped\":true}", "did you mean \"shipped\"?"),
    ] {
        let rows = plain(text, role);
        let error = rows[0].as_ref().unwrap_err();
        assert!(error.contains(part), "{text:?}: {error}");
        assert_eq!(rows[1].as_ref().unwrap().as_ref().unwrap().name, "8", "{text:?}");
    }
    let long = format!("txn,shipped,tracking\n7,now,{}\n", "x".repeat(1_001));
    assert!(plain(&long, Role::Shop)[0].as_ref().unwrap_err().contains("more than 1000 characters"));
}

#[test]
fn a_header_with_wrong_or_missing_columns_is_refused() {
    let map = |text: &str| Map::parse(text, Path::new("m"), Role::Shop).unwrap();
    let plain = || Map::named("plain", Role::Shop).unwrap();
    for (map, text, part) in [
        (plain(), "txn,shiped\n", "\"shiped\" is nothing a row can say; did you mean \"shipped\"? Known are txn"),
        (plain(), "txn,謎\n", "\"謎\" is nothing a row can say; known are txn"),
        (plain(), "number,shipped\n", "no column is called \"txn\""),
        (plain(), "txn,shipped,shipped\n", "two columns are called \"shipped\""),
        (plain(), "txn,paid\n", "\"paid\" is nothing a row can say"),
        (map("[columns]\ntxn = \"No\"\nshipped = \"Sent at\""), "No,Sent_at\n", "did you mean \"Sent_at\"?"),
    ] {
        let error = read(text, map, Role::Shop).unwrap_err();
        assert!(error.contains(part), "{text:?}: {error}");
    }
    let lax = map("optional = [\"shipped\"]\n[columns]\ntxn = \"No\"\nshipped = \"Sent at\"");
    assert_eq!(read("No,Other\n7,x\n", lax, Role::Shop).unwrap(), [Ok(None)]);
}

#[test]
fn an_export_of_woocommerce_is_read_by_its_names() {
    let text = "\u{feff}order_id,order_number,order_date,paid_date,status,order_total,order_currency,transaction_id,customer_note\n\
                81,7K3Q2M9P,11/07/2026 09:12:00,11/08/2026 10:00:00,completed,4800,JPY,A-1,\"Please, ring\ntwice\"\n\
                82,8K3Q2M9P,11/07/2026 09:12:00,,processing,900,JPY,,\n";
    let woo = |status: &str| {
        let text = text.replace("completed", status);
        read(&text, Map::named("woocommerce", Role::Shop).unwrap(), Role::Shop).unwrap().remove(0)
    };
    assert_eq!(woo("shipped").unwrap_err(), "status: the map says nothing of \"shipped\"", "no slip for \"failed\"");
    assert!(woo("complted").unwrap_err().ends_with("did you mean \"completed\"?"));
    let shop = read(text, Map::named("woocommerce", Role::Shop).unwrap(), Role::Shop).unwrap();
    let first = shop[0].as_ref().unwrap().as_ref().unwrap();
    assert!(first.now && first.name == "7K3Q2M9P" && first.skip_unknown);
    assert_eq!(shop[1], Ok(None));
    let mut map = Map::named("woocommerce", Role::Payment).unwrap();
    let no_zone = read(text, map.clone(), Role::Payment).unwrap();
    assert!(no_zone[0].as_ref().unwrap_err().contains("has no zone"));
    map.set_zone(crate::feed::zone("Asia/Tokyo").unwrap());
    let pay = read(text, map, Role::Payment).unwrap();
    let first = pay[0].as_ref().unwrap().as_ref().unwrap();
    assert_eq!(
        (first.notice.done, first.notice.reference.as_deref()),
        (moment("2026-11-08T10:00:00+09:00"), Some("A-1"))
    );
    assert_eq!(pay[1], Ok(None), "not paid yet");
}

#[test]
fn of_a_state_a_row_may_say_nothing_and_of_an_order_of_others_it_may_be() {
    let row = |text: &str, change: fn(&mut Map)| {
        let mut map = Map::named("plain", Role::Payment).unwrap();
        change(&mut map);
        read(text, map, Role::Payment).unwrap().remove(0)
    };
    assert!(row("txn,paid\n7,\n", |_| ()).is_err());
    assert_eq!(row("txn,paid\n7,\n", Map::of_states), Ok(None), "not paid yet");
    assert!(row("txn,paid\n,now\n", Map::of_states).is_err());
    assert_eq!(row("txn,paid\n,now\n", Map::skip_unknown), Ok(None));
    assert!(row("txn,paid\n7,now\n", Map::skip_unknown).unwrap().unwrap().skip_unknown);
    let woo = "mailorder,order_number,status\n7K3Q2M9P,81,completed\n,82,completed\n,,completed\n";
    let rows = read(woo, Map::named("woocommerce", Role::Shop).unwrap(), Role::Shop).unwrap();
    let skips: Vec<Option<bool>> =
        rows.iter().map(|row| row.as_ref().unwrap().as_ref().map(|row| row.skip_unknown)).collect();
    assert_eq!(skips, [Some(false), Some(true), None], "a number of our own column must be one of ours");
}
