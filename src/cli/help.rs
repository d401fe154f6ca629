//! What `--help` says. In English it is what stands at each command and option in the code, with lines as long as the terminal
//! has room for; in Japanese each sentence of that is found in a table, and the headings of the parser are replaced.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use clap::{Arg, Command};

use crate::mail::Language;
use crate::words::Words;

/// The order of the parts as the parser has it, with a word of ours before the usage.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n使い方：{usage}\n\n{all-args}{after-help}";

static JAPANESE: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("../../templates/words/ja/help.toml")).unwrap_or_default());

/// Returns the command with its help in a language.
pub(super) fn in_language(mut command: Command, words: Words) -> Command {
    if words.language() == Language::En {
        return flowing(command);
    }
    // The parser adds its own options and commands first, so that theirs is said as well.
    command.build();
    japanese(command)
}

/// Has the prose below the options broken where the terminal ends, not where the lines of the source do.
fn flowing(command: Command) -> Command {
    let after = command.get_after_help().map(|text| blocks(&text.to_string(), str::to_owned));
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let command = after.into_iter().fold(command, Command::after_help);
    below.into_iter().fold(command, |command, name| command.mut_subcommand(name, flowing))
}

fn japanese(command: Command) -> Command {
    let about = command.get_about().map(|text| said(&text.to_string()));
    let after = command.get_after_help().map(|text| blocks(&text.to_string(), said));
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let mut command = command.mut_args(option).help_template(TEMPLATE).subcommand_help_heading("コマンド");
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    below.into_iter().fold(command, |command, name| command.mut_subcommand(name, japanese))
}

fn option(option: Arg) -> Arg {
    let text = option.get_help().map(ToString::to_string).unwrap_or_default();
    let heading = match option.get_help_heading().and_then(|heading| JAPANESE.get(heading)) {
        Some(heading) => heading.as_str(),
        None if option.is_positional() => "引数",
        None => "オプション",
    };
    let text = format!("{}{}", said(&text), values(&option));
    option.help(text.clone()).long_help(text).help_heading(heading).hide_possible_values(true).hide_default_value(true)
}

/// Returns which values an option takes, and which it has where it is not given.
fn values(option: &Arg) -> String {
    if !option.get_action().takes_values() {
        return String::new();
    }
    let value = |value: &clap::builder::PossibleValue| match value.get_help() {
        Some(help) => format!("{}：{}", value.get_name(), said(&help.to_string())),
        None => value.get_name().to_owned(),
    };
    let mut said: Vec<String> = option.get_possible_values().iter().map(value).collect();
    let usual: Vec<String> =
        option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    said.extend((!usual.is_empty()).then(|| format!("既定：{}", usual.join(" "))));
    if said.is_empty() { String::new() } else { format!("（{}）", said.join("、")) }
}

/// Returns a text below the options: examples stay, what stands before and between them is said.
fn blocks(text: &str, say: fn(&str) -> String) -> String {
    let block = |block: &str| {
        let (prose, examples) = parted(block);
        let prose = prose.map(|prose| say(&prose));
        prose.into_iter().chain(examples.into_iter().map(str::to_owned)).collect::<Vec<String>>().join("\n")
    };
    text.split("\n\n").map(block).collect::<Vec<String>>().join("\n\n")
}

/// Parts a block into its prose, in one line, and its examples, which are indented.
fn parted(block: &str) -> (Option<String>, Vec<&str>) {
    let (examples, prose): (Vec<&str>, Vec<&str>) = block.lines().partition(|line| line.starts_with(' '));
    ((!prose.is_empty()).then(|| prose.join(" ")), examples)
}

/// Returns what is said for an English sentence or paragraph.
fn said(english: &str) -> String {
    JAPANESE.get(english).map_or_else(|| english.to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    /// Gathers everything that help says.
    fn gather(command: &Command, all: &mut BTreeSet<String>) {
        all.extend(command.get_about().map(ToString::to_string));
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        all.extend(after.split("\n\n").filter_map(|block| parted(block).0));
        for option in command.get_arguments() {
            all.extend(option.get_help().map(ToString::to_string));
            all.extend(option.get_help_heading().map(str::to_owned));
            if option.get_action().takes_values() {
                all.extend(option.get_possible_values().iter().filter_map(|value| Some(value.get_help()?.to_string())));
            }
        }
        command.get_subcommands().for_each(|below| gather(below, all));
    }

    #[test]
    fn all_that_help_says_is_said_in_japanese_and_nothing_else_is() {
        let mut command = crate::cli::Cli::command();
        command.build();
        let mut all = BTreeSet::new();
        gather(&command, &mut all);
        let known: BTreeSet<String> = JAPANESE.keys().cloned().collect();
        assert!(known.len() > 200, "the table can be read");
        let missing: Vec<&String> = all.difference(&known).collect();
        assert!(missing.is_empty(), "not said: {missing:#?}");
        let unused: Vec<&String> = known.difference(&all).collect();
        assert!(unused.is_empty(), "said by nothing: {unused:#?}");
    }

    #[test]
    fn prose_below_the_options_is_broken_by_the_terminal_alone() {
        let mut below = vec![in_language(crate::cli::Cli::command(), Words::ENGLISH)];
        let mut seen = 0;
        while let Some(command) = below.pop() {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for block in after.split("\n\n") {
                let prose = block.lines().filter(|line| !line.starts_with(' ')).count();
                assert!(prose <= 1, "{}: {block}", command.get_name());
                seen += prose;
            }
            below.extend(command.get_subcommands().cloned());
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn help_is_japanese_down_to_the_last_command_and_its_examples_stay() {
        let command = in_language(crate::cli::Cli::command(), Words::of(Language::Ja));
        let mut below = vec![command];
        while let Some(mut command) = below.pop() {
            let help = command.render_long_help().to_string();
            for line in help.lines().filter(|line| !line.trim_start().starts_with("mailorder")) {
                for word in ["Usage", "Options", "Commands", "Arguments", "default", "possible values", "Print "] {
                    assert!(!line.contains(word), "{word}: {line}");
                }
            }
            assert!(help.contains("使い方："), "{help}");
            below.extend(command.get_subcommands().cloned());
        }
        let list = in_language(crate::cli::Cli::command(), Words::of(Language::Ja));
        let list = list.find_subcommand("list").unwrap().clone().render_long_help().to_string();
        assert!(list.contains("  mailorder list unpaid shop:日立 month:2026-11\n"), "{list}");
    }
}
