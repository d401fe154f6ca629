//! One entry into rows, one transaction into its row: the only functions that write to the index.

use rusqlite::{Connection, OptionalExtension, params};

use super::{IndexError, Keys, Reckoning, answered, keys, post, written};
use crate::ledger::{Recorded, amount};
use crate::trade::{Act, Body, Digest, Entry, Finding, Letter, Moment, Names, PinnedBy, Settlement, Verdict};

/// Turns a position or size into SQLite's integer; those beyond 2^63 do not occur.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Returns a moment as the index compares it: in milliseconds, as entries keep it.
pub(super) fn milliseconds(moment: &Moment) -> i64 {
    crate::ledger::recordable(moment).instant().as_millisecond()
}

/// Returns the word of a value that is written as a plain string in JSON.
pub(super) fn word(value: &impl serde::Serialize) -> Result<String, IndexError> {
    let text = written(value)?;
    Ok(text.trim_matches('"').to_owned())
}

/// Enters one entry; returns whether it brought something new of a certificate.
pub(super) fn entry(db_tx: &Connection, recorded: &Recorded, reckoning: &Reckoning) -> Result<bool, IndexError> {
    let entry = &recorded.entry;
    entry_row(db_tx, recorded)?;
    match &entry.body {
        Body::In { letter, content, signer, verdict, findings, .. } => {
            super::state::put_letter(db_tx, entry.position, letter)?;
            if *verdict == Verdict::Applied {
                keys::name(db_tx, letter, entry.position)?;
            }
            post::heard(db_tx, signer, letter)?;
            super::schedules::heard(db_tx, entry, letter)?;
            replace(db_tx, entry.position, letter)?;
            warn(db_tx, entry.position, &content.digest, findings)?;
            letter_certificates(db_tx, letter, reckoning)
        }
        Body::Out { letter, content } => {
            super::state::put_letter(db_tx, entry.position, letter)?;
            post::wrote(db_tx, entry, letter, &content.digest)?;
            super::events::put(db_tx, entry)?;
            super::schedules::caused(db_tx, entry)?;
            replace(db_tx, entry.position, letter)?;
            answered::wrote(db_tx, entry, letter)?;
            letter_certificates(db_tx, letter, reckoning)
        }
        Body::Own { act, .. } => {
            own(db_tx, entry, act)?;
            own_certificate(db_tx, entry, act, reckoning)
        }
    }
}

fn entry_row(db_tx: &Connection, recorded: &Recorded) -> Result<(), IndexError> {
    let Recorded { entry, line } = recorded;
    let Names { shop, number, order } = entry.names();
    let (direction, peer, signer, verdict) = match &entry.body {
        Body::In { letter, signer, verdict, .. } => {
            ("in", Some(&letter.from.address), Some(signer), Some(verdict.word()))
        }
        Body::Out { letter, .. } => ("out", Some(&letter.to.address), Some(&letter.from.fingerprint), None),
        Body::Own { .. } => ("own", None, None, None),
    };
    let mut put = db_tx.prepare_cached(
        "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16, ?17, ?18)",
    )?;
    put.execute(params![
        integer(entry.position),
        line.digest.as_bytes(),
        integer(line.size),
        line.name,
        entry.kind_word(),
        direction,
        entry.role.map(|role| role.word()),
        shop.as_ref().map(|shop| shop.as_str()),
        number.as_ref().map(|number| number.as_str()),
        order.as_ref().map(|order| order.as_str()),
        peer.map(|peer| peer.as_str()),
        signer.map(|signer| signer.as_str()),
        entry.letter().map(|letter| letter.id.as_str()),
        entry.content().as_ref().map(Digest::as_bytes),
        verdict,
        entry.letter().and_then(amount).map(|amount| amount.to_string()),
        entry.recorded.to_string(),
        milliseconds(&entry.recorded),
    ])?;
    Ok(())
}

fn warn(db_tx: &Connection, position: u64, content: &Digest, findings: &[Finding]) -> Result<(), IndexError> {
    for (ordinal, finding) in (0_i64..).zip(findings) {
        let mut put = db_tx.prepare_cached("INSERT INTO warnings VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL, NULL)")?;
        put.execute(params![integer(position), ordinal, content.as_bytes(), finding.code.word(), finding.text])?;
    }
    Ok(())
}

/// Notes which terms a letter offers others in the place of, if it does.
fn replace(db_tx: &Connection, position: u64, letter: &Letter) -> Result<(), IndexError> {
    let Some(replaced) = letter.replaces else { return Ok(()) };
    let mut put = db_tx.prepare_cached("INSERT INTO replacing VALUES (?1, ?2)")?;
    put.execute(params![integer(position), replaced.as_bytes()])?;
    Ok(())
}

fn own(db_tx: &Connection, entry: &Entry, act: &Act) -> Result<(), IndexError> {
    match act {
        // Its certificate is joined apart.
        Act::Genesis { .. } => Ok(()),
        Act::Pin { party, certificate, by } => keys::pin(db_tx, party, certificate, *by, entry.position),
        Act::Verdict { content, verdict, findings } => rejudge(db_tx, content, *verdict, findings),
        Act::Settle { content: Some(content), how, reason, .. } => {
            let sql = "UPDATE warnings SET settled = ?2, reason = ?3, settling = ?4 WHERE content = ?1";
            let mut put = db_tx.prepare_cached(sql)?;
            put.execute(params![content.as_bytes(), word(how)?, reason, integer(entry.position)])?;
            Ok(())
        }
        Act::Settle { content: None, subject: Some(subject), how, reason } => {
            settle_computed(db_tx, entry.position, subject, *how, reason.as_deref())
        }
        Act::Settle { content: None, subject: None, .. } => Ok(()),
        // It is kept with its transaction.
        Act::Received { .. } => Ok(()),
        Act::Give { task } => super::tasks::give(db_tx, entry, task),
        Act::Said { key, .. } => super::tasks::end(db_tx, key),
        Act::Schedule { schedule } => super::schedules::put(db_tx, entry, schedule),
        Act::Unschedule { name } => super::schedules::remove(db_tx, name),
        Act::Redaction(redaction) => super::redacted::put(db_tx, redaction.position, entry.position),
    }
}

/// Gives a letter another standing, one that a part of this address wrote to another as well; its warnings are those of
/// the new judgement, and open unless a person accepted it.
fn rejudge(db_tx: &Connection, content: &Digest, verdict: Verdict, findings: &[Finding]) -> Result<(), IndexError> {
    let mut find =
        db_tx.prepare_cached("SELECT position FROM entries WHERE content = ?1 AND direction <> 'own' ORDER BY 1")?;
    let letters = find.query_map([content.as_bytes()], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
    for position in letters {
        if verdict == Verdict::Applied
            && let Some(letter) = super::state::letter(db_tx, position)?
        {
            keys::name(db_tx, &letter, u64::try_from(position).unwrap_or_default())?;
        }
        db_tx
            .prepare_cached("UPDATE entries SET standing = ?2 WHERE position = ?1")?
            .execute(params![position, verdict.word()])?;
        let accepted: Option<(Option<String>, i64)> = db_tx
            .prepare_cached("SELECT reason, settling FROM warnings WHERE position = ?1 AND settled = ?2 LIMIT 1")?
            .query_row(params![position, word(&Settlement::Accept)?], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        db_tx.prepare_cached("DELETE FROM warnings WHERE position = ?1")?.execute([position])?;
        warn(db_tx, u64::try_from(position).unwrap_or_default(), content, findings)?;
        if let Some((reason, settling)) = accepted {
            let sql = "UPDATE warnings SET settled = ?2, reason = ?3, settling = ?4 WHERE position = ?1";
            let mut put = db_tx.prepare_cached(sql)?;
            put.execute(params![position, word(&Settlement::Accept)?, reason, settling])?;
        }
    }
    Ok(())
}

fn settle_computed(
    db_tx: &Connection,
    position: u64,
    subject: &str,
    how: Settlement,
    reason: Option<&str>,
) -> Result<(), IndexError> {
    let mut put = db_tx.prepare_cached("INSERT OR REPLACE INTO settlements VALUES (?1, ?2, ?3, ?4)")?;
    put.execute(params![subject, integer(position), word(&how)?, reason])?;
    Ok(())
}

/// Joins the certificate that an entry of our own has, if it has one; returns whether it is new.
fn own_certificate(db_tx: &Connection, entry: &Entry, act: &Act, reckoning: &Reckoning) -> Result<bool, IndexError> {
    match act {
        Act::Genesis { certificate: text, .. } => certificate(db_tx, text, None, reckoning),
        Act::Pin { certificate: text, by, .. } => {
            let recorded = entry.recorded.to_string();
            let day = if *by == PinnedBy::Merge { recorded.get(..10) } else { None };
            certificate(db_tx, text, day, reckoning)
        }
        _ => Ok(false),
    }
}

/// Joins the certificates that a letter hands over; returns whether one of them is new.
fn letter_certificates(db_tx: &Connection, letter: &Letter, reckoning: &Reckoning) -> Result<bool, IndexError> {
    let mut new = false;
    for text in letter.document.agents().iter().filter_map(|agent| agent.certificate.as_ref()) {
        new |= certificate(db_tx, text, None, reckoning)?;
    }
    Ok(new)
}

/// Joins a copy of a certificate with those that came before, once, under the handles of all keys in it; what a letter calls
/// it does not matter. `merged` is the day of a merge. Returns whether this copy is new.
fn certificate(
    db_tx: &Connection,
    text: &str,
    merged: Option<&str>,
    reckoning: &Reckoning,
) -> Result<bool, IndexError> {
    let digest = Digest::of(text.as_bytes());
    if db_tx.prepare_cached("SELECT 1 FROM copies WHERE digest = ?1")?.exists([digest.as_bytes()])? {
        return Ok(false);
    }
    join(db_tx, text, &digest, merged, reckoning)?;
    Ok(true)
}

/// Joins a copy that was not known.
fn join(
    db_tx: &Connection,
    text: &str,
    digest: &Digest,
    merged: Option<&str>,
    reckoning: &Reckoning,
) -> Result<(), IndexError> {
    let Keys { handles, compromised } = (reckoning.keys)(text);
    let key = handles.first().map_or("", String::as_str);
    let mut put = db_tx.prepare_cached("INSERT INTO copies VALUES (?1, ?2, ?3)")?;
    put.execute(params![digest.as_bytes(), key, merged])?;
    if handles.is_empty() {
        return Ok(());
    }
    let mut find = db_tx.prepare_cached("SELECT id, certificate FROM certificates WHERE fingerprint = ?1")?;
    let known = find.query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).optional()?;
    let Some((id, known)) = known else {
        let mut put = db_tx
            .prepare_cached("INSERT INTO certificates (fingerprint, certificate, compromised) VALUES (?1, ?2, ?3)")?;
        put.execute(params![key, text, compromised.map(|since| since.to_string())])?;
        let id = db_tx.last_insert_rowid();
        return handles.iter().try_for_each(|handle| put_handle(db_tx, handle, id));
    };
    let Some(joined) = (reckoning.join)(&known, text).filter(|joined| *joined != known) else { return Ok(()) };
    let mut put = db_tx.prepare_cached("UPDATE certificates SET certificate = ?2, compromised = ?3 WHERE id = ?1")?;
    let Keys { handles, compromised } = (reckoning.keys)(&joined);
    put.execute(params![id, joined, compromised.map(|since| since.to_string())])?;
    handles.iter().try_for_each(|handle| put_handle(db_tx, handle, id))
}

fn put_handle(db_tx: &Connection, handle: &str, certificate: i64) -> Result<(), IndexError> {
    let mut put = db_tx.prepare_cached("INSERT OR IGNORE INTO handles VALUES (?1, ?2)")?;
    put.execute(params![handle, certificate])?;
    Ok(())
}
