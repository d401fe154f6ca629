//! `docs/procedures.md`, read: each of its tables is a procedure of a shop, with which nothing is wrong.

use std::fs;

use crate::support::program::Town;

const PAGE: &str = include_str!("../../docs/procedures.md");

/// Returns the tables of the page with the keys that the agents have here.
fn tables(town: &Town) -> Vec<String> {
    let keys =
        [("A5CA1318A31003A41B02A33D03FE392F1B13BEA1", "pay"), ("94D16778C3F692A045E1AA9A1A16A33C677C109B", "ship")];
    let here = |text: &str| {
        keys.iter().fold(text.replace("@example.com", "@demo.test"), |text, (key, party)| {
            text.replace(key, &town.fingerprint(party))
        })
    };
    let blocks = PAGE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(here).collect()
}

#[test]
fn each_table_of_the_page_is_a_procedure_with_which_nothing_is_wrong_p18_p19_p20_p21_p22() {
    let town = Town::fresh();
    let tables = tables(&town);
    assert_eq!(tables.len(), 3);
    let hook = "[hook.warehouse]\ncommand = [\"/bin/true\"]\n";
    let roles = "[payment]\nshops = [\"shop@demo.test\"]\n[delivery]\nshops = [\"shop@demo.test\"]\n";
    let before = fs::read_to_string(town.path("shop/config.toml")).unwrap();
    let (before, _) = before.split_once("[[shop.procedure]]").unwrap();
    let before = before.replace("roles = [\"shop\"]", "roles = [\"shop\", \"payment\", \"delivery\"]");
    let mut listed = 0;
    for table in tables {
        town.configure("shop", |_| format!("{before}{table}\n{hook}{roles}"));
        let said = town.does("shop", &["shop", "procedure", "check"]);
        assert!(said.out.contains("nothing wrong"), "{table}: {said:?}");
        let json = town.does("shop", &["--json", "shop", "procedure", "list"]).json();
        let procedures = json["procedures"].as_array().unwrap();
        assert_eq!(procedures.len(), table.matches("[[shop.procedure]]").count());
        listed += procedures.len();
    }
    assert_eq!(listed, 7);
}

#[test]
fn the_page_has_all_steps_and_all_words_of_what_is_shown() {
    for word in ["authorize", "terms", "confirmation", "payment", "delivery", "items", "prices", "address", "sum"] {
        assert!(PAGE.contains(&format!("`{word}`")), "{word}");
    }
}
