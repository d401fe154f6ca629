//! Status requests by hand (figures 13 and 17): chosen on the list, sent to the addresses in the terms, answered by each
//! of the three; and what the list lets one choose.

use std::fs;

use crate::page::served::Served;
use crate::support::program::{Town, letters};

/// Takes all mail out of a party's mailbox unread, as a post that loses it does.
fn lose(town: &Town, party: &str) -> usize {
    let lost = town.post(party);
    lost.iter().for_each(|mail| fs::remove_file(mail).unwrap());
    lost.len()
}

#[test]
fn before_the_ok_the_shop_alone_is_asked_and_no_agent_hears_of_the_order() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    town.settle();
    let run = town.run("buyer", &["ask", &id, "--leg", "payment"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("nobody but the shop knows of it yet"), "{run:?}");
    let run = town.does("buyer", &["ask", "--json", &id]).json();
    assert_eq!(run["transactions"][0]["letters"], 1, "{run}");
    town.settle();
    for agent in ["pay", "ship"] {
        assert_eq!(town.does(agent, &["warnings", "--json"]).json()["warnings"], serde_json::json!([]), "{agent}");
    }
}

#[test]
fn figure_17_chosen_transactions_are_asked_about_and_the_list_follows_p112() {
    let town = Town::fresh();
    let (first, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let (second, _) = town.bought("TEA-200", 2, &["--pay", "invoice"]);
    town.check_letters(
        "ship",
        &number,
        &["in delivery-instruction shop", "out delivery-status buyer", "out delivery-status shop"],
    );
    // The goods leave and arrive, and the buyer hears nothing of it.
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    assert_eq!(lose(&town, "buyer"), 2);
    town.sync(&["buyer"]);
    town.check_stands("buyer", &first, "open", [false; 3]);
    // 1701: chosen as the list names them, two at once (P82, P83, P86).
    let list = town.does("buyer", &["list", "--undelivered"]).out;
    let chosen: Vec<&str> = list.lines().skip(1).take(2).map(|line| line.split(' ').next().unwrap()).collect();
    assert!(first.starts_with(chosen[1]) && second.starts_with(chosen[0]), "{list}");
    let run = town.does("buyer", &["ask", "--json", chosen[0], chosen[1]]).json();
    let asked: Vec<_> = run["transactions"].as_array().unwrap().iter().map(|one| one["letters"].clone()).collect();
    assert_eq!(asked, [3, 3]);
    // 1702: each request names its transaction and goes to an address in its terms (P87, P88).
    for id in [&first, &second] {
        let shown = town.show("buyer", id);
        let mut to: Vec<_> = letters(&shown, "out", "status-request").iter().map(|one| one["peer"].clone()).collect();
        to.sort_by_key(ToString::to_string);
        let mut named: Vec<_> =
            shown["legs"].as_array().unwrap().iter().map(|leg| leg["agent"]["address"].clone()).collect();
        named.sort_by_key(ToString::to_string);
        assert_eq!(to, named);
        assert_eq!(to.len(), 3);
    }
    // 1301 to 1303 at each of the three: the request comes in and is answered with what is stored (P111).
    let before = town.count("shop", &number, "out", "order-status");
    town.sync(&["shop", "pay", "ship"]);
    for (party, kind) in [("shop", "order-status"), ("pay", "payment-status"), ("ship", "delivery-status")] {
        let shown = town.show(party, &number);
        let request = letters(&shown, "in", "status-request");
        assert_eq!(request.len(), 1, "{party}");
        let answer = letters(&shown, "out", kind).pop().unwrap().clone();
        assert!(answer["entry"].as_u64() > request[0]["entry"].as_u64(), "{party}: {shown}");
        assert_eq!(answer["peer"], "buyer@demo.test", "{party}");
    }
    assert_eq!(town.count("shop", &number, "out", "order-status"), before + 1);
    // 1703: the answers are in and the list is right (P89).
    town.sync(&["buyer"]);
    town.check_stands("buyer", &first, "open", [true, true, false]);
    town.check_stands("buyer", &second, "open", [false; 3]);
    town.settle();
    town.check_peace();
}

#[test]
fn of_a_completed_order_nobody_is_asked_unless_a_leg_is_named_p86() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("shop", "--shipped"), ("pay", "--paid"), ("ship", "--delivered")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    let asked = || town.count("buyer", &id, "out", "status-request");
    let short = &id[..6];
    let run = town.run("buyer", &["ask", short]);
    assert_eq!((run.code, asked()), (Some(65), 0), "{run:?}");
    assert!(
        run.err.contains(&format!("{short}: the transaction is completed; nothing is open to ask about")),
        "{run:?}"
    );
    let config = town.path("buyer/config.toml");
    let command = format!("mailorder -c {} ask {short} --leg payment", config.display());
    assert!(run.err.contains(&format!("hint: about one leg all the same: {command}")), "{run:?}");
    let japanese = town.run("buyer", &["--lang", "ja", "ask", short]).err;
    assert!(japanese.contains("一つの部分だけなら照会できます"), "{japanese}");
    // The page says of a ticked one why not; whoever is asked about a leg by name answers.
    let served = Served::start(&config);
    let visitor = served.visit();
    let other = town.bought("SH-41", 1, &["--pay", "card"]).0;
    let led = visitor.does("/", "/", &[("act", "ask"), ("txn", &id), ("txn", &other)]);
    let page = visitor.page(&led);
    let told = page.split("id=\"unasked\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(
        told.contains(short) && told.contains("nothing is open to ask about") && !told.contains(&other[..6]),
        "{told}"
    );
    assert_eq!((asked(), town.count("buyer", &other, "out", "status-request")), (0, 3));
    let run = town.does("buyer", &["ask", short, "--leg", "payment"]);
    assert!(run.out.contains("asked in 1 letter"), "{run:?}");
    town.settle();
    assert_eq!(asked(), 1);
    // About what does not agree the one who speaks for it can be asked from the page of warnings.
    town.misbills(&id, 9_999);
    town.sync(&["buyer"]);
    let page = visitor.page("/warnings");
    let form =
        page.split("class=\"ask-one\"").nth(1).unwrap_or_else(|| panic!("{page}")).split("</form>").next().unwrap();
    assert!(form.contains("name=\"leg\" value=\"payment\"") && form.contains("pay@demo.test"), "{form}");
    let place = format!("/txn/{id}");
    visitor.does("/warnings", &place, &[("act", "ask"), ("leg", "payment")]);
    assert_eq!(asked(), 2);
}

#[test]
fn one_leg_alone_can_be_asked_about_p86() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("buyer", &["ask", &id, "--leg", "payment"]);
    assert_eq!([town.post("shop").len(), town.post("pay").len(), town.post("ship").len()], [0, 1, 0]);
    town.sync(&["pay", "buyer"]);
    assert_eq!(town.count("pay", &number, "in", "status-request"), 1);
    assert_eq!(town.count("buyer", &id, "in", "payment-status"), 2);
    // Before there are terms there is nobody to ask.
    let id = town.orders("buyer", "TEA-200", 1, &[]);
    let run = town.run("buyer", &["ask", &id]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert_eq!(town.count("buyer", &id, "out", "status-request"), 0);
}

#[test]
fn a_shop_asks_the_agents_it_has_instructed_and_their_answers_count() {
    let town = Town::fresh();
    // Before the OK no agent was instructed: a card that was authorised makes none.
    town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    town.settle();
    let offered = town.lists("shop", &[])[0]["number"].as_str().unwrap().to_owned();
    let run = town.run("shop", &["ask", &offered]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("no agent was instructed yet"), "{run:?}");
    let (_, number) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped")]);
    // Goods arrive and are paid, and the shop hears nothing of it.
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    assert_eq!(lose(&town, "shop"), 2);
    town.sync(&["shop"]);
    town.check_stands("shop", &number, "open", [true, false, false]);
    let run = town.run("shop", &["ask", &number, "--leg", "order"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("only the shop can say"), "{run:?}");
    let asked = town.does("shop", &["ask", "--json", &number]).json();
    assert_eq!(asked["transactions"][0]["letters"], 2, "{asked}");
    let again = town.does("shop", &["ask", &number, "--leg", "payment"]);
    assert!(again.out.contains("asked in 1 letter; last before at"), "{again:?}");
    town.sync(&["pay", "ship", "shop"]);
    town.check_stands("shop", &number, "completed", [true; 3]);
    town.settle();
    town.check_peace();
    // An agent has nobody to ask.
    let run = town.run("pay", &["ask", &number]);
    assert_eq!(run.code, Some(65), "{run:?}");
}

#[test]
fn the_list_is_cut_to_what_is_done_or_not_p74_p75_p76() {
    let town = Town::fresh();
    // One of each: nothing done, shipped, shipped and delivered, and paid alone.
    let ids: Vec<String> =
        [("SH-41", &[][..]), ("TEA-200", &["shop"]), ("KETTLE", &["shop", "ship"]), ("SH-41", &["pay"])]
            .into_iter()
            .map(|(article, reports)| {
                let (id, number) = town.bought(article, 1, &["--pay", "invoice"]);
                for party in reports {
                    let flag = match *party {
                        "shop" => "--shipped",
                        "ship" => "--delivered",
                        _ => "--paid",
                    };
                    town.does(party, &[party, "notify", &number, flag]);
                }
                id
            })
            .collect();
    town.settle();
    let listed = |args: &[&str]| {
        let rows = town.lists("buyer", args);
        let mut places: Vec<usize> =
            rows.iter().map(|row| ids.iter().position(|id| row["id"] == **id).unwrap()).collect();
        places.sort_unstable();
        places
    };
    for (flags, expected) in [
        (&["--shipped"][..], &[1, 2][..]),
        (&["--unshipped"], &[0, 3]),
        (&["--delivered"], &[2]),
        (&["--undelivered"], &[0, 1, 3]),
        (&["--paid"], &[3]),
        (&["--unpaid"], &[0, 1, 2]),
        (&["--shipped", "--undelivered"], &[1]),
        (&["--delivered", "--unpaid"], &[2]),
        (&["--unshipped", "--paid"], &[3]),
        (&["シャツ"], &[0, 3]),
        (&[], &[0, 1, 2, 3]),
    ] {
        assert_eq!(listed(flags), expected, "{flags:?}");
    }
    for both in [["--paid", "--unpaid"], ["--shipped", "--unshipped"], ["--delivered", "--undelivered"]] {
        assert_eq!(town.run("buyer", &["list", both[0], both[1]]).code, Some(2), "{both:?}");
    }
}
