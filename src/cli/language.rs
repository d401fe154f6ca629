//! The language of what is printed: as the command says, else the environment, the configuration, the locale.

use std::path::PathBuf;

use crate::config::{self, Environment};
use crate::mail::Language;
use crate::words::Words;

/// Returns the words of the terminal: of `--lang`, else `MAILORDER_LANG`, else `language` in the configuration, else a
/// locale in Japanese, else English. What is printed for programs (`--json`) does not ask for them.
pub(super) fn chosen(lang: Option<Language>, config: Option<PathBuf>, environment: &Environment) -> Words {
    let file = || config.or_else(|| environment.config_file().ok());
    let configured = || Language::parse(&config::language_of(&file()?)?);
    let named = || environment.language.as_deref().and_then(of_locale);
    let located = || environment.locale.as_deref().and_then(of_locale);
    Words::of(lang.or_else(named).or_else(configured).or_else(located).unwrap_or(Language::En))
}

/// Returns the language of a locale such as `ja_JP.UTF-8`, if there are words of it; of one in another encoding than
/// UTF-8 English, which every terminal shows.
fn of_locale(locale: &str) -> Option<Language> {
    let (name, encoding) = locale.split_once('.').unwrap_or((locale, "UTF-8"));
    let encoding = encoding.split('@').next().unwrap_or_default().replace('-', "");
    let language = Language::parse(name.split(['_', '-', '@']).next().unwrap_or_default())?;
    if encoding.eq_ignore_ascii_case("utf8") { Some(language) } else { Some(Language::En) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_a_language_where_the_terminal_can_show_it() {
        for (locale, language) in [
            ("ja_JP.UTF-8", Some(Language::Ja)),
            ("ja_JP.utf8", Some(Language::Ja)),
            ("ja", Some(Language::Ja)),
            ("ja_JP.eucJP", Some(Language::En)),
            ("ja_JP.UTF-8@cjkwide", Some(Language::Ja)),
            ("en_GB.UTF-8", Some(Language::En)),
            ("jam_JM", None),
            ("C.UTF-8", None),
            ("de_DE.UTF-8", None),
        ] {
            assert_eq!(of_locale(locale), language, "{locale}");
        }
    }
}
