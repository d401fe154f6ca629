//! When output is coloured: as a flag says, else as the libraries of other programs read the environment.

use std::io::IsTerminal as _;

use super::early::Early;
use crate::config::Environment;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum When {
    /// On a terminal that shows colours, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always, into files and pipes as well
    Always,
    /// Never
    Never,
}

impl When {
    /// Returns whether standard output is coloured.
    pub(super) fn on_output(self, environment: &Environment) -> bool {
        self.decide(environment, std::io::stdout().is_terminal())
    }

    /// Decides in the order of the crates `anstream` and `colorchoice`: NO_COLOR, CLICOLOR_FORCE, CLICOLOR, then the terminal.
    fn decide(self, environment: &Environment, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if environment.no_color => false,
            Self::Auto if environment.color_forced => true,
            Self::Auto => {
                let wished = environment.color_wished;
                terminal && wished != Some(false) && (environment.terminal_is_able || wished == Some(true))
            }
        }
    }

    /// Returns what the parser does with its own help and errors: it finds `--color` only when it has read all.
    pub(super) fn of_arguments(words: &Early) -> clap::ColorChoice {
        match words.named("--color") {
            Some("never") => clap::ColorChoice::Never,
            Some("always") => clap::ColorChoice::Always,
            _ => clap::ColorChoice::Auto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(
        no_color: bool,
        color_forced: bool,
        color_wished: Option<bool>,
        terminal_is_able: bool,
    ) -> Environment {
        Environment { no_color, color_forced, color_wished, terminal_is_able, ..Environment::default() }
    }

    #[test]
    fn a_flag_says_when_else_the_environment_else_the_terminal() {
        let plain = environment(false, false, None, true);
        assert!(When::Auto.decide(&plain, true) && !When::Auto.decide(&plain, false));
        for (wish, all, color) in [
            (When::Never, environment(false, true, Some(true), true), false),
            (When::Always, environment(true, false, Some(false), false), true),
            (When::Auto, environment(true, true, Some(true), true), false),
            (When::Auto, environment(false, true, None, false), true),
            (When::Auto, environment(false, false, Some(false), true), false),
            (When::Auto, environment(false, false, None, false), false),
            (When::Auto, environment(false, false, Some(true), false), true),
        ] {
            assert_eq!(wish.decide(&all, true), color, "{wish:?} {all:?}");
        }
        assert!(When::Auto.decide(&environment(false, true, None, false), false), "forced into a pipe");
    }

    #[test]
    fn the_parser_follows_the_flag_too() {
        let choice = |line: &str| When::of_arguments(&Early::of(line.split(' ').map(Into::into)));
        assert_eq!(choice("mailorder --color never list"), clap::ColorChoice::Never);
        assert_eq!(choice("mailorder list --color=always"), clap::ColorChoice::Always);
        for auto in ["mailorder list", "mailorder --color", "mailorder --color auto", "mailorder --colors never"] {
            assert_eq!(choice(auto), clap::ColorChoice::Auto);
        }
    }
}
