//! Offers whose time has passed unanswered: terminal and page say so and lead on to a new order, nothing of them is counted, and an
//! OK to them is refused. They stay `offered`, since nothing was said or written.

/// What needs the clock moved.
mod real {
    use serde_json::Value;

    use crate::page::figures::{part, words};
    use crate::page::served::{Served, Visitor};
    use crate::support::program::Town;

    /// When the time of an offer has passed.
    const LATER: &str = "+8d";

    /// Returns what a command of the buyer prints later, as JSON.
    fn says(town: &Town, args: &[&str]) -> Value {
        town.at(LATER, "buyer", &[&["--json"], args].concat()).json()
    }

    /// Returns how often a query finds an order, by the command and on the page.
    fn found(town: &Town, visitor: &Visitor<'_>, query: &str, id: &str) -> [bool; 2] {
        let listed =
            says(town, &[&["list"], &query.split(' ').collect::<Vec<_>>()[..]].concat())["transactions"].clone();
        let is = |one: &Value| one["id"] == id;
        let page = visitor.page(&format!("/?q={}", query.replace(' ', "+")));
        [listed.as_array().unwrap().iter().any(is), page.contains(&format!("value=\"{id}\""))]
    }

    #[test]
    fn an_offer_whose_time_has_passed_is_told_so_counted_nowhere_and_ordered_again() {
        let town = Town::played();
        let id = town.order();
        town.settle();
        assert_eq!(town.show("buyer", &id)["expired"], false);
        let (now, before) = (town.does("buyer", &["--json", "status"]).json(), town.does("buyer", &["list"]).out);
        assert!(!before.contains("expired"), "{before}");
        // The list and what it is counted by.
        let list = says(&town, &["list"]);
        let row = list["transactions"].as_array().unwrap().iter().find(|one| one["id"] == id.as_str()).unwrap().clone();
        assert_eq!((&row["state"], &row["expired"]), (&"offered".into(), &true.into()), "the states stay the eight");
        let later = says(&town, &["status"]);
        let open = |status: &Value| status["open"].as_u64().unwrap();
        assert!(open(&later) < open(&now), "{now} {later}");
        let text = town.at(LATER, "buyer", &["list"]);
        let line = text.out.lines().find(|line| line.contains(&id[..6])).unwrap();
        assert!(line.ends_with("expired"), "{line}");
        assert!(
            text.err.contains("an offer has expired unanswered") && text.err.contains(&format!("reorder {}", &id[..6])),
            "{}",
            text.err
        );
        let text = town.at(LATER, "buyer", &["--lang", "ja", "list"]).out;
        assert!(text.lines().any(|line| line.contains(&id[..6]) && line.contains("申込み期限切れ")), "{text}");
        // One of them.
        let shown = town.at(LATER, "buyer", &["show", &id]);
        let shown = shown.out + &shown.err;
        assert!(shown.contains("expired") && shown.contains(&format!("reorder {}", &id[..6])), "{shown}");
        assert_eq!(says(&town, &["show", &id])["expired"], true);
        let refused = town.at(LATER, "buyer", &["confirm", &id]);
        assert!(refused.code == Some(65) && refused.err.contains("the offer stood until"), "{refused:?}");
        assert_eq!(town.show("buyer", &id)["state"], "offered", "nothing was written");
        // The page.
        let served = Served::start_at(LATER, &town.path("buyer/config.toml"));
        let visitor = served.visit();
        for (query, is) in
            [("open", false), ("closed", true), ("unshipped", false), ("unconfirmed", false), ("offered", true)]
        {
            assert_eq!(found(&town, &visitor, query, &id), [is; 2], "{query}");
        }
        let plain = |path: &str| visitor.page(path).replace("&#x2f;", "/");
        let page = plain("/");
        let row = part(&page, &format!("value=\"{id}\""), "</tr>");
        assert!(words(row).contains("offer expired") && row.contains(&format!("/order?again={id}")), "{row}");
        let counted = part(&page, "<a href=\"/\" aria-current", "</a>");
        assert_eq!(words(counted).split_whitespace().last().unwrap(), open(&later).to_string(), "{counted}");
        let page = plain(&format!("/txn/{id}"));
        let steps = part(&page, "class=\"steps\"", "</ol>");
        assert!(page.contains("offer expired") && steps.contains(&format!("/order?again={id}")), "{steps}");
        assert!(!steps.contains("/confirm\""), "{steps}");
        let terms = visitor.page(&format!("/txn/{id}/confirm"));
        assert!(!terms.contains("value=\"accept\"") && terms.contains(&format!("/order?again={id}")), "{terms}");
        // Who comes by an old page can do nothing with it.
        let (token, once) = visitor.hidden(&format!("/txn/{id}/confirm"));
        let digest = town.show("buyer", &id)["terms"]["content"].as_str().unwrap().to_owned();
        let place = format!("/txn/{id}/confirm");
        let fields = [("token", token.as_str()), ("once", &once), ("terms", &digest), ("answer", "accept")];
        let answer = visitor.post(&place, &fields);
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains("the offer stood until"), "{}", answer.body);
    }

    #[test]
    fn terms_that_differ_and_ran_out_are_not_settled_for_an_ok_that_is_refused() {
        let town = Town::played();
        town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
        let wish = ["--json", "order", "--shop", "shop@demo.test", "--item", "KETTLE;Iron kettle;JPY 36000;1"];
        let more = ["--item", "NOSUCH;Lid;JPY 900;1", "--charge", "Parcel delivery;JPY 500", "--pay", "invoice"];
        let id = town.does("buyer", &[&wish[..], &more].concat()).json()["id"].as_str().unwrap().to_owned();
        town.settle();
        let offer = town.does("buyer", &["--json", "confirm", &id, "--dry-run"]).json();
        assert_eq!((&offer["applied"], town.show("buyer", &id)["state"].clone()), (&false.into(), "ordered".into()));
        let shown = says(&town, &["show", &id]);
        assert_eq!((&shown["state"], &shown["expired"]), (&"ordered".into(), &true.into()));
        let next = town.at(LATER, "buyer", &["show", &id]).err;
        assert!(next.contains(&format!("reorder {}", &id[..6])), "{next}");
        let settled = || {
            let letters = town.show("buyer", &id)["letters"].clone();
            letters.as_array().unwrap().iter().filter(|one| !one["settled"].is_null()).count()
        };
        let refused = town.at(LATER, "buyer", &["confirm", &id, "--yes"]);
        assert!(refused.code == Some(65) && refused.err.contains("the offer stood until"), "{refused:?}");
        let served = Served::start_at(LATER, &town.path("buyer/config.toml"));
        let visitor = served.visit();
        let place = format!("/txn/{id}/confirm");
        let (token, once) = visitor.hidden(&place);
        let digest = offer["digest"].as_str().unwrap();
        let fields =
            [("token", token.as_str()), ("once", &once), ("terms", digest), ("answer", "accept"), ("seen", "yes")];
        let answer = visitor.post(&place, &fields);
        assert!(answer.body.contains("the offer stood until"), "{answer:?}");
        assert_eq!(settled(), 0, "nothing is half done");
    }
}
