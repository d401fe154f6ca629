//! `[notify] command`: a warning reaches the person by a program of his own, as one JSON document on its standard input.
//! Whatever becomes of it, mail goes on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::escape;
use crate::clerk::{Clerk, ClerkError};
use crate::config::NotifySettings;
use crate::hook;
use crate::rules::alerted::{Alert, Open};
use crate::view::warnings::{Shown, Which, gather};

/// How long one pass may tell; what is left is told in the next one.
const BUDGET: Duration = Duration::from_secs(30);
/// How many warnings one pass tells of.
const MOST: usize = 20;

/// Tells of the warnings that are open and were not told yet. What fails is said on standard error.
pub(super) async fn alert(shell: &Shell, clerk: &mut Clerk) {
    if let Err(failure) = told(shell, clerk).await {
        failure.with_config(shell.global.config.as_deref()).print(false, shell.words);
    }
}

async fn told(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    let Some(settings) = clerk.settings().notify.clone() else { return Ok(()) };
    clerk.catch_up()?;
    let Some(mut file) = clerk.alerted()? else { return Ok(()) };
    let warnings = open(clerk)?;
    let all: Vec<Open> = warnings.iter().map(|(_, warning)| warning.open.clone()).collect();
    let now = shell.clock.now();
    let before = file.alerted.clone();
    file.alerted.keep(&all);
    let begun = Instant::now();
    for alert in file.alerted.due(&all, &now).into_iter().take(MOST) {
        let Some((_, warning)) = warnings.iter().find(|(id, _)| *id == alert.id) else { continue };
        if begun.elapsed() >= BUDGET {
            break;
        }
        file.alerted.try_to(&alert, &now);
        file.save()?;
        let document = document(shell, clerk, warning, &alert, all.len())?;
        match run(&settings, &document).await {
            Ok(()) => file.alerted.told(&alert),
            Err(error) => {
                let id = &alert.id;
                shell.tell(&escape(&match file.alerted.gives_up(&alert) {
                    true => format!("[notify] command, told of warning {id}, {error}; it is not tried again"),
                    false => format!("[notify] command, told of warning {id}, {error}"),
                }));
                return Ok(file.save()?);
            }
        }
    }
    if file.alerted == before { Ok(()) } else { Ok(file.save()?) }
}

async fn run(settings: &NotifySettings, document: &Value) -> Result<(), hook::HookError> {
    let variables: Vec<(&str, &str)> =
        settings.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let text = format!("{document}\n");
    hook::run(&settings.hook, &variables, text.as_bytes()).await.map(|_| ())
}

/// An open warning, with all that was found.
struct Warning {
    open: Open,
    shown: Vec<Shown>,
}

/// Returns the open warnings, oldest first: those about letters, mails set aside, and what comes of how things stand.
fn open(clerk: &Clerk) -> Result<Vec<(String, Warning)>, ClerkError> {
    let mut warnings: BTreeMap<String, Warning> = BTreeMap::new();
    for shown in gather(clerk, Which { all: false, late: true })?.into_iter().filter(|shown| !shown.note) {
        let id = shown.id.clone();
        if let Some(warning) = warnings.get_mut(&id) {
            warning.shown.push(shown);
            continue;
        }
        let open = Open { id: id.clone(), whose: shown.source.whose(clerk)? };
        warnings.insert(id, Warning { open, shown: vec![shown] });
    }
    let mut warnings: Vec<(String, Warning)> = warnings.into_iter().collect();
    warnings.sort_by_key(|(_, warning)| warning.shown.first().and_then(|one| one.date).map(|date| date.to_string()));
    Ok(warnings)
}

/// Returns what the program is told: values as other programs have them, title and text made harmless for people.
fn document(shell: &Shell, clerk: &Clerk, warning: &Warning, alert: &Alert, open: usize) -> Result<Value, Failure> {
    let first = warning.shown.first().ok_or_else(|| Failure::bug("no finding"))?;
    let findings: Vec<Value> = warning.shown.iter().map(|one| json!({"code": one.finding, "text": one.text})).collect();
    let words = shell.words;
    let sentence = |one: &Shown| format!("{}: {}", one.finding, one.says(words, shell.clock.zone()));
    let sentences: Vec<String> = warning.shown.iter().map(sentence).collect();
    let from = if first.from.is_empty() { String::new() } else { words.fill("alerted.from", &[("who", &first.from)]) };
    let more = match alert.others.len() {
        0 => String::new(),
        more => format!("\n{}", words.fill("alerted.more", &[("n", &more)])),
    };
    let is_aside = first.id.starts_with("S-");
    let subject = if is_aside { words.say("warned.aside") } else { first.subject.clone() };
    let body = format!("{subject}{from}: {}", sentences.join("; "));
    Ok(json!({
        "schema": "mailorder.alert/1",
        "account": clerk.me().address,
        "id": alert.id,
        "title": words.fill("alerted.title", &[("id", &alert.id)]),
        "text": format!("{}{more}", escape(&body)),
        "findings": findings,
        "order": first.order,
        "shop": first.value.get("shop"),
        "number": first.value.get("number"),
        "from": first.value.get("from"),
        "date": first.value.get("date"),
        "stranger": alert.stranger,
        "more": alert.others.len(),
        "open": open,
    }))
}
