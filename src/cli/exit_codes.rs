//! `exit-codes`, and `help exit-codes`: what each exit code means.

use serde_json::{Value, json};

use super::Shell;
use super::failure::{Failure, FailureKind};
use crate::words::Words;

/// Columns of the codes in front of what they mean.
const CODES: usize = 6;

/// Returns the codes, each with what it means.
fn meanings(words: Words) -> Vec<(u8, String)> {
    let failures = FailureKind::ALL.into_iter().map(|kind| (kind as u8, kind.word()));
    std::iter::once((0, "done")).chain(failures).map(|(code, word)| (code, words.name("exit", word))).collect()
}

pub(super) fn run(shell: &Shell) -> Result<(), Failure> {
    if shell.output.is_json() {
        let one = |(code, meaning): (u8, String)| json!({"code": code, "meaning": meaning});
        let codes: Vec<Value> = meanings(Words::ENGLISH).into_iter().map(one).collect();
        return shell.output.document(&json!({"schema": "mailorder.exit-codes/1", "codes": codes}));
    }
    let mut all = meanings(shell.words).into_iter();
    all.try_for_each(|(code, meaning)| shell.output.named(&code.to_string(), CODES, &meaning))
}
