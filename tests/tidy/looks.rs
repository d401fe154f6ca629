//! The pictures of pages in `docs/pictures/`: each has a file beside it that says what it was made from, and is taken anew when
//! that has changed.
//!
//! What a page is made from are its template and those all pages share, the style sheet, and the words of its language that these
//! name. That is not all there is to its look (`src/web/` fills it), but what it is made from changes whenever somebody
//! changes how it is meant to look, and needs no browser to be compared.

use std::collections::BTreeSet;

use mailorder::trade::Digest;

use super::{assert_none, files, project, read};

/// Where the pictures are.
const PICTURES: &str = "docs/pictures";
/// The parts of every page.
const SHARED: [&str; 4] = ["base.html", "macros.html", "sprite.html", "style.css"];

/// Returns the template of a screen of the demonstration: what the name of its pictures begins with.
fn template(screen: &str) -> String {
    format!("{}.html", screen.split('-').next().unwrap_or_default())
}

/// Returns what the words of a template begin with: `list.title`, or `mark-` where the rest is put to it.
fn named(template: &str) -> BTreeSet<&str> {
    let calls = template.split("t('").skip(1).chain(template.split("says('").skip(1));
    calls.filter_map(|call| call.split('\'').next()).filter(|key| !key.is_empty()).collect()
}

/// Returns the words of a catalogue that these keys or beginnings of keys name, with their keys.
fn words(catalogue: &str, named: &BTreeSet<&str>) -> String {
    let tables: toml::Table = toml::from_str(catalogue).expect("a catalogue is TOML");
    let mut said = String::new();
    for (table, words) in &tables {
        for (key, text) in words.as_table().into_iter().flatten() {
            let key = format!("{table}.{key}");
            if named.iter().any(|one| key == **one || (one.ends_with(['.', '-']) && key.starts_with(*one))) {
                said.push_str(&format!("{key} = {}\n", text.as_str().unwrap_or_default()));
            }
        }
    }
    said
}

/// Returns the digest of what a screen is made from, in a language.
pub fn made_from(screen: &str, language: &str) -> String {
    let own = template(screen);
    let parts: Vec<String> = SHARED
        .into_iter()
        .chain([own.as_str()])
        .map(|file| read(&format!("templates/web/{file}")).unwrap_or_else(|| panic!("templates/web has no {file}")))
        .collect();
    let catalogue =
        read(&format!("templates/words/{language}/page.toml")).expect("each language has the words of pages");
    let text = parts.concat();
    let digest = Digest::of(format!("{text}{}", words(&catalogue, &named(&text))).as_bytes()).to_string();
    format!("{digest}\n")
}

/// Returns screen and language of a picture named `confirm-differs-en-light-1280`.
fn pictured(name: &str) -> Option<(&str, &str)> {
    let mut parts = name.rsplitn(4, '-');
    let (_width, _scheme, language) = (parts.next()?, parts.next()?, parts.next()?);
    Some((parts.next()?, language))
}

/// Returns what is wrong with a picture, which has this in its file.
fn fault(name: &str, told: Option<&str>) -> Option<String> {
    let (screen, language) = pictured(name)?;
    let now = made_from(screen, language);
    (told != Some(now.as_str())).then(|| {
        format!(
            "{PICTURES}/{name}.png was taken before its page was changed. Take it anew, and copy it with what it is made from:\n  \
             mkdir /tmp/looks && MAILORDER_PICTURES=/tmp/looks cargo test --release --test mailorder page::demonstration\n  \
             cp /tmp/looks/{name}.* {PICTURES}/\nIf you have looked, and nothing of the change is to be seen in it: \
             printf '{}\\n' > {PICTURES}/{name}.from",
            now.trim()
        )
    })
}

#[test]
fn each_picture_of_a_page_is_of_the_page_as_it_is_made_now() {
    let found: Vec<String> = files(&[PICTURES]).into_iter().map(|file| file.path).collect();
    let names = |ending: &str| -> BTreeSet<String> {
        let name = |path: &String| path.strip_prefix("docs/pictures/")?.strip_suffix(ending).map(str::to_owned);
        found.iter().filter_map(name).collect()
    };
    let pictures = names(".png");
    assert!(pictures.len() >= 10, "{} has no pictures in {PICTURES}", project().display());
    assert_eq!(names(".from").difference(&pictures).collect::<Vec<_>>(), Vec::<&String>::new(), "of no picture");
    let told = |name: &String| fault(name, read(&format!("{PICTURES}/{name}.from")).as_deref());
    assert_none(&pictures.iter().filter_map(told).collect::<Vec<_>>());
}

#[test]
fn a_picture_is_told_of_when_its_page_its_style_or_its_words_change_and_for_nothing_else() {
    let english = made_from("list", "en");
    assert_eq!(fault("list-en-light-375", Some(&english)), None);
    assert!(fault("list-ja-light-375", Some(&english)).is_some() && fault("list-en-light-375", None).is_some());
    assert_eq!(pictured("confirm-differs-en-light-1280"), Some(("confirm-differs", "en")));
    assert_eq!(template("confirm-differs"), "confirm.html");
    let used = named("{{ t('list.title') }}{% if says('mark.' ~ x) %}{{ t('mark-' ~ name ~ '.late') }}{% endif %}");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["list.title", "mark-", "mark."]);
    let catalogue = "[list]\ntitle = \"Orders\"\ntitles = \"-\"\n[mark]\nlate = \"late\"\n[mark-order]\ndone = \"sent\"\n[other]\nx = \"y\"\n";
    let said = words(catalogue, &named("t('list.title') says('mark.' t('mark-'"));
    assert_eq!(said, "list.title = Orders\nmark.late = late\nmark-order.done = sent\n");
}
