//! The queue of letters: what is due, what became of it, and who may send.

use std::fs;
use std::time::Duration;

use mailorder::outbox::queue::{Queue, State};
use mailorder::outbox::sendmail::{Sendmail, SendmailSettings};
use mailorder::outbox::smtp::{Deadlines, Smtp, SmtpSettings};
use mailorder::outbox::{Outbox, SendError};

use crate::outbox::{ENOUGH, MAIL, envelope, label, settings, smtp, time};
use crate::support::smtp::start;

#[tokio::test]
async fn a_flush_sends_what_is_due_and_keeps_the_rest_visible() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    let (fine, full, nobody) = (label("a@b.test"), label("full@b.test"), label("nobody@b.test"));
    queue.put_all(&[("1", &fine, MAIL), ("2", &full, MAIL), ("3", &nobody, MAIL), ("4", &fine, MAIL)]).unwrap();
    let lies = vec![("RCPT TO:<full@", "452 full\r\n"), ("RCPT TO:<nobody@", "550 nobody\r\n")];
    let (mut outbox, seen) = smtp(lies).await;
    let report = queue.flush(&mut outbox, || time(5), ENOUGH).await.unwrap();
    assert_eq!(report.sent, ["1", "4"]);
    assert_eq!((report.later[0].0.as_str(), report.failed[0].0.as_str()), ("2", "3"));
    assert_eq!((report.stopped, report.busy, report.next_try), (None, false, Some(time(65))));
    assert_eq!(report.refused, 1);
    let states: Vec<_> = queue.list().unwrap().iter().map(|item| (item.name.clone(), item.standing.state)).collect();
    assert_eq!(states, [("2".to_owned(), State::Queued), ("3".to_owned(), State::Refused)]);
    assert!(queue.flush(&mut outbox, || time(6), ENOUGH).await.unwrap().later.is_empty());
    assert_eq!(seen.lock().unwrap().mails.len(), 2);
}

#[tokio::test]
async fn a_letter_that_is_dropped_while_others_are_sent_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    let (busy, fine) = (label("full@b.test"), label("a@b.test"));
    queue.put_all(&[("1", &busy, MAIL), ("2", &fine, MAIL), ("3", &fine, MAIL)]).unwrap();
    let (mut outbox, seen) = smtp(vec![("RCPT TO:<full@", "452 full\r\n")]).await;
    // A person drops the second while the first is tried, and the first while the third is.
    let drop_one = |tried: usize, _: usize| {
        let all = queue.list().unwrap();
        let name = if tried == 0 { "2" } else { "1" };
        queue.drop_letter(all.iter().find(|item| item.name == name).unwrap()).unwrap();
    };
    let report = queue.flush_watched(&mut outbox, || time(5), ENOUGH, drop_one).await.unwrap();
    assert_eq!((report.sent, seen.lock().unwrap().mails.len()), (vec!["3".to_owned()], 1));
    let states: Vec<_> = queue.list().unwrap().iter().map(|item| (item.name.clone(), item.standing.state)).collect();
    assert_eq!(states, [("1".to_owned(), State::Dropped), ("2".to_owned(), State::Dropped)]);
}

#[test]
fn what_was_dropped_stays_so_whoever_queues_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    let label = label("a@b.test");
    queue.put("1", &label, MAIL).unwrap();
    queue.drop_letter(&queue.list().unwrap().remove(0)).unwrap();
    queue.put("2", &label, b"").unwrap();
    for name in ["1", "2"] {
        queue.put(name, &label, MAIL).unwrap();
    }
    let states: Vec<State> = queue.list().unwrap().iter().map(|item| item.standing.state).collect();
    assert_eq!(states, [State::Dropped, State::Dropped]);
    assert!(queue.look().unwrap().due(time(1_000_000)).is_empty() && queue.holds("2"));
    queue.mark_due("1").unwrap();
    assert_eq!(queue.look().unwrap().due(time(0)).len(), 1);
    // A state without its letter says nothing about the next of this name.
    fs::rename(dir.path().join("1.json"), dir.path().join("3.json")).unwrap();
    queue.drop_letter(&queue.list().unwrap().remove(0)).unwrap();
    fs::rename(dir.path().join("1.json"), dir.path().join("3.json")).unwrap();
    queue.put("3", &label, MAIL).unwrap();
    assert_eq!(queue.look().unwrap().due(time(0)).iter().filter(|item| item.name == "3").count(), 1);
}

#[tokio::test]
async fn a_doubtful_letter_goes_again_as_the_same_bytes_at_most_five_times() {
    // F30, I11
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    queue.put("1", &label("a@b.test"), MAIL).unwrap();
    let (mut outbox, seen) = smtp(vec![(".", "{close}")]).await;
    let mut now = time(0);
    for round in 0..20 {
        let report = queue.flush(&mut outbox, || now, ENOUGH).await.unwrap();
        match report.next_try {
            Some(next) => now = next,
            None => break,
        }
        let state = queue.list().unwrap()[0].standing.state;
        assert_eq!(state, State::Doubtful, "round {round}");
    }
    let mails = seen.lock().unwrap().mails.clone();
    assert!(mails.len() == 5 && mails.iter().all(|mail| *mail == mails[0]), "{}", mails.len());
    assert_eq!(queue.list().unwrap()[0].standing.state, State::GivenUp);
}

#[tokio::test]
async fn a_dead_server_is_asked_once_for_all_letters() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    for n in 1..=50 {
        queue.put(&n.to_string(), &label("a@b.test"), MAIL).unwrap();
    }
    let (mut outbox, seen) = smtp(vec![("", "421 down\r\n{close}")]).await;
    let report = queue.flush(&mut outbox, || time(5), ENOUGH).await.unwrap();
    assert!(report.stopped.is_some() && report.later.len() == 1);
    assert_eq!((seen.lock().unwrap().connections, queue.look().unwrap().due(time(5)).len()), (1, 50));
    // Who was off for five days, or whose clock leapt, gives up nothing before the server was gone for a day.
    for hours in [144, 145, 167] {
        let report = queue.flush(&mut outbox, || time(hours * 3_600), ENOUGH).await.unwrap();
        assert!(report.stopped.is_some() && report.failed.is_empty(), "{hours}");
    }
    // After that nobody waits any longer.
    let report = queue.flush(&mut outbox, || time(7 * 86_400), ENOUGH).await.unwrap();
    assert!(report.failed.len() == 50 && queue.look().unwrap().due(time(7 * 86_400)).is_empty());
}

#[tokio::test]
async fn a_flush_ends_with_its_time_and_knows_what_may_have_arrived() {
    // Each row: where the server falls silent, the letter's state, and whether that was an attempt.
    let end = Duration::from_millis(300);
    for (when, state, tries) in
        [("", State::Queued, 0), ("RCPT", State::Queued, 0), ("DATA", State::Queued, 0), (".", State::Doubtful, 1)]
    {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(dir.path()).unwrap();
        queue.put_all(&[("1", &label("a@b.test"), MAIL), ("2", &label("a@b.test"), MAIL)]).unwrap();
        let (port, _) = start(vec![(when, "{stall}")]).await;
        let patient = SmtpSettings { deadlines: Deadlines::default(), ..settings(port) };
        let mut outbox = Outbox::Smtp(Box::new(Smtp::new(patient).unwrap()));
        let begun = std::time::Instant::now();
        let report = queue.flush(&mut outbox, || time(5), end).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{when}: {:?}", begun.elapsed());
        let left = queue.list().unwrap();
        assert_eq!((left[0].standing.state, left[0].standing.tries), (state, tries), "{when}: {report:?}");
        assert_eq!((left[1].standing.state, left[1].standing.tries), (State::Queued, 0), "{when}");
        assert_eq!(report.stopped.is_some(), state == State::Queued, "{when}: {report:?}");
    }
}

#[tokio::test]
async fn a_mail_program_that_is_stopped_never_takes_a_part_for_the_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sendmail");
    // It reads a little, and all the rest when it is too late.
    let text = format!("#!/bin/sh\nhead -c 9 >/dev/null; sleep 1; cat >{0}/mail; : >{0}/done\n", dir.path().display());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut outbox = Outbox::Sendmail(Sendmail::new(SendmailSettings::new(path)));
    let large = [b"A: b\r\n\r\n".as_slice(), &b"0123456789\r\n".repeat(50_000)].concat();
    let end = tokio::time::Instant::now() + Duration::from_millis(400);
    let error = outbox.send_until(&envelope(), &large, "1", end).await.unwrap_err();
    assert!(matches!(error, SendError::Broken { .. }), "{error}");
    let end = tokio::time::Instant::now() + Duration::from_millis(400);
    let error = outbox.send_until(&envelope(), MAIL, "1", end).await.unwrap_err();
    assert!(matches!(error, SendError::Ambiguous { .. }), "{error}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!dir.path().join("done").exists());
}

#[tokio::test]
async fn two_senders_never_send_one_queue_at_once() {
    // F28
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    queue.put("1", &label("a@b.test"), MAIL).unwrap();
    let (mut slow, _) = smtp(vec![(".", "{stall}")]).await;
    let (mut quick, seen) = smtp(Vec::new()).await;
    let (first, second) = tokio::join!(queue.flush(&mut slow, || time(0), ENOUGH), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        queue.flush(&mut quick, || time(0), ENOUGH).await
    });
    assert!(!first.unwrap().busy && second.unwrap().busy);
    assert!(seen.lock().unwrap().mails.is_empty());
    // The lock is free again, and a lock file left by a dead process holds nobody up.
    let report = queue.flush(&mut quick, || time(86_400), ENOUGH).await.unwrap();
    assert_eq!(report.sent, ["1"]);
}
