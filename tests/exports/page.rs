//! `docs/cron.md`, executed: its files are written, its commands run in its order, and what it says they print is compared.

use std::process::Command;

use super::mart;
use crate::support::program::{Run, Town};

const PAGE: &str = include_str!("../../docs/cron.md");

/// What stands in the page for the numbers of three transactions.
const NUMBERS: [&str; 3] = ["7K3Q2M9P", "9XTAB3CD", "B2MM7W4K"];

/// When the first of them was paid, as the page has it.
const PAID: &str = "2026-11-08 10:00:00";
/// When a parcel left, as the page has it.
const LEFT: &str = "08.11.2026 17:40";

/// Something the page does.
enum Step {
    /// A file with this content.
    File(String, String),
    /// A command of the crontab.
    Cron(String),
    /// A command and what it prints.
    Command(String, String),
}

/// Takes the files and commands out of the page.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut file = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("File `").and_then(|rest| rest.strip_suffix("`:")) {
            file = Some(name.to_owned());
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match (language, file.take()) {
            (_, Some(name)) => steps.push(Step::File(name, block.iter().map(|line| format!("{line}\n")).collect())),
            ("crontab", None) => steps.extend(commands(block.into_iter()).into_iter().map(Step::Cron)),
            ("console", None) => {
                for line in block {
                    match (line.strip_prefix("$ "), steps.last_mut()) {
                        (Some(command), _) => steps.push(Step::Command(command.to_owned(), String::new())),
                        (None, Some(Step::Command(_, printed))) => printed.push_str(&format!("{line}\n")),
                        _ => panic!("output without a command: {line}"),
                    }
                }
            }
            (language, None) => panic!("a block of {language:?} that nothing is done with"),
        }
    }
    steps
}

/// What a page has cron do.
pub struct Crontab {
    /// Where it finds programs, as the page has it.
    pub path: String,
    /// The commands.
    pub commands: Vec<String>,
}

/// The pages that have a crontab, by their names.
pub const CRONTABS: [(&str, &str); 3] = [
    ("README.md", include_str!("../../README.md")),
    ("docs/cron.md", PAGE),
    ("docs/first-sale.md", include_str!("../../docs/first-sale.md")),
];

/// Returns the crontab of a page, as it stands there.
pub fn crontab(name: &str) -> Crontab {
    let (_, page) = CRONTABS.iter().find(|(known, _)| *known == name).unwrap();
    let blocks: Vec<&str> = page.split("```crontab\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [block] = blocks[..] else { panic!("{name} has {} crontabs", blocks.len()) };
    let path = block.lines().find_map(|line| line.strip_prefix("PATH=")).unwrap_or_else(|| panic!("{name}: no PATH"));
    Crontab { path: path.to_owned(), commands: commands(block.lines()) }
}

/// Returns the commands of the lines of a crontab; a line that sets a variable has none.
fn commands<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let command = |line: &str| {
        let command = line.splitn(6, ' ').nth(5).expect("five fields and a command").trim_start();
        command.split(" #").next().unwrap().to_owned()
    };
    lines.filter(|line| !line.starts_with("PATH=")).map(command).collect()
}

/// Returns a file of the page.
pub fn file(name: &str) -> String {
    let found = steps(PAGE).into_iter().find_map(|step| match step {
        Step::File(called, content) if called == name => Some(content),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("the page has no {name}"))
}

/// Runs a command as the merchant's shell would, in the folder of the files; both outputs come in their order.
fn shell(town: &Town, line: &str) -> Run {
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("exec 2>&1; {line}")])
        .current_dir(town.path(""))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", town.path("bin").display()))
        .env("HOME", town.path(""))
        .env("MAILORDER_CONFIG", town.path("mart/config.toml"))
        .output()
        .unwrap();
    output.into()
}

#[test]
fn the_page_for_merchants_does_what_it_says() {
    let (town, numbers) = mart(3);
    std::fs::create_dir_all(town.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mailorder"), town.path("bin/mailorder")).unwrap();
    let srv = town.path("srv/woo").display().to_string();
    std::fs::create_dir_all(&srv).unwrap();
    // The orders are of now, and nothing is paid or leaves before it is ordered.
    let moment =
        jiff::Timestamp::from_second(mailorder::clock::Clock::system().now().instant().as_second() - 60).unwrap();
    let moment = moment.in_tz("Asia/Tokyo").unwrap();
    let [paid, left] = ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M"].map(|form| moment.strftime(form).to_string());
    let place = |text: &str| {
        let known = NUMBERS.iter().zip(&numbers);
        let text = text.replace("/srv/woo", &srv).replace(PAID, &paid).replace(LEFT, &left);
        known.fold(text, |text, (written, number)| text.replace(written, number))
    };
    let steps = steps(PAGE);
    // Files first: the page shows the crontab before the export that it reads.
    for step in &steps {
        if let Step::File(name, content) = step {
            std::fs::write(town.path("").join(place(name)), place(content)).unwrap();
        }
    }
    let (mut crons, mut commands) = (0, 0);
    for step in &steps {
        let (line, printed) = match step {
            Step::File(..) => continue,
            Step::Cron(line) => {
                crons += 1;
                (line, "")
            }
            Step::Command(line, printed) => {
                commands += 1;
                (line, printed.as_str())
            }
        };
        let run = shell(&town, &place(line));
        assert_eq!((run.out.as_str(), run.code), (place(printed).as_str(), Some(0)), "{line}");
    }
    assert_eq!((crons, commands), (3, 11));
    // It had effects: what the page reports is known to the buyer.
    town.settle();
    let shown = |number: &str| town.does("buyer", &["show", number]).out;
    for (number, part) in [(&numbers[2], "EP-998877"), (&numbers[1], "EP-5")] {
        assert!(shown(number).contains(part), "{part}: {}", shown(number));
    }
    let first = town.show("buyer", &numbers[0]);
    let order = first["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "order").unwrap().clone();
    assert_eq!(order["done"], true, "by the crontab: {first}");
}

#[test]
fn every_page_that_has_a_crontab_is_one_whose_crontab_is_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().chain(std::fs::read_dir(root).unwrap());
    let pages = pages.map(|page| page.unwrap().path()).filter(|page| page.extension().is_some_and(|ext| ext == "md"));
    let mut found: Vec<String> = pages
        .filter(|page| std::fs::read_to_string(page).unwrap().contains("```crontab"))
        .map(|page| page.strip_prefix(root).unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, CRONTABS.map(|(name, _)| name));
    for (name, _) in CRONTABS {
        assert!(crontab(name).path.contains("/home/hana/.cargo/bin"), "{name}");
        assert!(crontab(name).commands.iter().all(|command| command.starts_with("mailorder ")), "{name}");
    }
}

#[test]
fn a_page_that_says_something_else_would_be_found() {
    let page = "File `a.csv`:\n\n```csv\nx\n```\n```crontab\nPATH=/bin\n*/5 * * * *  mailorder sync  # often\n```\n```console\n$ mailorder x\nout\n$ y\n```\n";
    let steps = steps(page);
    assert!(matches!(&steps[0], Step::File(name, content) if name == "a.csv" && content == "x\n"));
    assert!(matches!(&steps[1], Step::Cron(line) if line.trim() == "mailorder sync"));
    assert!(matches!(&steps[2], Step::Command(line, printed) if line == "mailorder x" && printed == "out\n"));
    assert!(matches!(&steps[3], Step::Command(line, printed) if line == "y" && printed.is_empty()));
}
