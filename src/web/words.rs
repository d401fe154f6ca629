//! The words of the pages: the catalogue's texts with values put in, escaped.

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Error, ErrorKind, HtmlEscape, State, Value};

pub(super) use crate::mail::Language;
use crate::view::harmless::escape_lines;
use crate::words::commands::Commands;
use crate::words::{Part, Words, form, parts};

/// Returns a text with its places filled: `{name}` by the argument of that name, as it is where it is markup of ours and
/// else escaped. Commands in it can be run as they stand.
fn say(words: Words, key: &str, arguments: &Kwargs, commands: &Commands) -> Result<Value, Error> {
    let missing = || Error::new(ErrorKind::UndefinedError, format!("no words for {key:?} in {:?}", words.language()));
    let text = words.find(key).ok_or_else(missing)?;
    let mut said = String::new();
    for part in parts(form(text, arguments.peek::<i64>("n").is_ok_and(|n| n == 1))) {
        match part {
            Part::Text(text) => said.push_str(&HtmlEscape(&commands.runnable(text)).to_string()),
            Part::Place(name) => {
                let value: Value = arguments.get(name)?;
                match value.as_str().filter(|_| value.is_safe()) {
                    Some(markup) => said.push_str(markup),
                    None => said.push_str(&HtmlEscape(&escape_lines(&value.to_string())).to_string()),
                }
            }
        }
    }
    Ok(Value::from_safe_string(said))
}

/// Returns the language a template is filled in.
pub(super) fn language(state: &State<'_, '_>) -> Language {
    let word = state.lookup("lang").and_then(|word| Language::parse(word.as_str()?));
    word.unwrap_or(Language::En)
}

/// The functions of templates: `t('list.title', n=3)`, `'mailorder sync' | runnable`, and `says('finding.' ~ code)`, whether there are such words.
pub(super) fn add_to(environment: &mut minijinja::Environment<'static>, commands: &Commands) {
    let whole = commands.clone();
    environment.add_filter("runnable", move |text: &str| whole.runnable(text));
    let commands = commands.clone();
    environment.add_function("t", move |state: &State<'_, '_>, key: &str, rest: Rest<Value>, arguments: Kwargs| {
        if rest.iter().any(|value| value.kind() != ValueKind::Undefined) {
            return Err(Error::new(ErrorKind::TooManyArguments, "values are given by name"));
        }
        say(Words::of(language(state)), key, &arguments, &commands)
    });
    environment.add_function("says", |state: &State<'_, '_>, key: &str| Words::of(language(state)).find(key).is_some());
}
