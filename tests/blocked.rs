//! What one letter does to those behind it in the queue: nothing, whatever the server says to it or leaves out.

use std::fs;

use mailorder::outbox::Outbox;
use mailorder::outbox::maildir::{MaildirOutbox, MaildirSettings};
use mailorder::outbox::queue::{Queue, State};

use crate::outbox::{ENOUGH, MAIL, label, smtp, time};

#[tokio::test]
async fn a_letter_under_which_the_connection_breaks_off_keeps_no_other_back() {
    for breaks in ["{close}", "421 4.3.0 closing\r\n{close}", "{stall}"] {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(dir.path()).unwrap();
        let (bad, fine) = (label("bad@b.test"), label("a@b.test"));
        queue.put_all(&[("1", &fine, MAIL), ("2", &bad, MAIL), ("3", &fine, MAIL), ("4", &fine, MAIL)]).unwrap();
        let (mut outbox, seen) = smtp(vec![("RCPT TO:<bad@", breaks)]).await;
        // The server may be gone: that is no attempt, and nothing more is tried now.
        let report = queue.flush(&mut outbox, || time(5), ENOUGH).await.unwrap();
        assert_eq!((report.sent, report.stopped.is_some()), (vec!["1".to_owned()], true), "{breaks}");
        let second = |queue: &Queue| queue.list().unwrap().into_iter().find(|item| item.name == "2").unwrap();
        assert_eq!((second(&queue).standing.tries, second(&queue).next_try(time(5))), (0, None), "{breaks}");
        // The others go first the next time, and then it is known whose fault it is.
        let report = queue.flush(&mut outbox, || time(6), ENOUGH).await.unwrap();
        assert_eq!((report.sent, report.stopped), (vec!["3".to_owned(), "4".to_owned()], None), "{breaks}");
        assert_eq!((second(&queue).standing.tries, second(&queue).next_try(time(6))), (1, Some(time(66))), "{breaks}");
        assert_eq!(seen.lock().unwrap().mails.len(), 3);
        // Alone it tells nothing of the server; beside others it fails until its time is over.
        let report = queue.flush(&mut outbox, || time(70), ENOUGH).await.unwrap();
        assert!(report.stopped.is_some() && second(&queue).standing.tries == 1, "{breaks}");
        for day in 1..=6 {
            queue.put(&(9 + day).to_string(), &fine, MAIL).unwrap();
            let report = queue.flush(&mut outbox, || time(day * 86_400), ENOUGH).await.unwrap();
            assert_eq!((report.sent.len(), report.stopped), (1, None), "{breaks}: {day}");
        }
        assert_eq!(second(&queue).standing.state, State::GivenUp, "{breaks}");
    }
}

#[tokio::test]
async fn two_such_letters_keep_no_other_back_either() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    let (bad, fine) = (label("bad@b.test"), label("a@b.test"));
    queue.put_all(&[("1", &bad, MAIL), ("2", &bad, MAIL), ("3", &fine, MAIL)]).unwrap();
    let (mut outbox, _) = smtp(vec![("RCPT TO:<bad@", "{close}")]).await;
    let mut sent = Vec::new();
    for second in 0..3 {
        sent.push(queue.flush(&mut outbox, || time(second), ENOUGH).await.unwrap().sent.len());
    }
    assert_eq!(sent, [0, 0, 1]);
    let tries: Vec<u32> = queue.list().unwrap().iter().map(|item| item.standing.tries).collect();
    assert_eq!(tries, [1, 1]);
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_keeps_no_other_back() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    let fine = label("a@b.test");
    queue.put_all(&[("1", &fine, MAIL), ("2", &fine, MAIL)]).unwrap();
    let (mut outbox, _) = smtp(Vec::new()).await;
    let file = dir.path().join("1.eml");
    let spoil = |tried: usize, _: usize| {
        if tried == 0 {
            fs::remove_file(&file).unwrap();
            fs::create_dir(&file).unwrap();
        }
    };
    let report = queue.flush_watched(&mut outbox, || time(5), ENOUGH, spoil).await.unwrap();
    assert_eq!((report.sent, report.failed.len()), (vec!["2".to_owned()], 1), "{:?}", report.failed);
    assert_eq!(report.failed[0].0, "1");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_keeps_back_only_what_goes_there() {
    let dir = tempfile::tempdir().unwrap();
    let post = dir.path().join("post");
    fs::create_dir(&post).unwrap();
    // A file where the reader's folder is to be.
    fs::write(post.join("bad@b.test"), "").unwrap();
    let queue = Queue::open(&dir.path().join("queue")).unwrap();
    let (bad, fine) = (label("bad@b.test"), label("a@b.test"));
    queue.put_all(&[("1", &bad, MAIL), ("2", &fine, MAIL), ("3", &fine, MAIL)]).unwrap();
    let pattern = format!("{}/{{to}}", post.display());
    let mut outbox = Outbox::Maildir(MaildirOutbox::new(MaildirSettings { pattern, base: Some(post) }));
    let first = queue.flush(&mut outbox, || time(0), ENOUGH).await.unwrap();
    let second = queue.flush(&mut outbox, || time(1), ENOUGH).await.unwrap();
    assert_eq!((first.sent.len(), second.sent.len(), second.stopped), (0, 2, None));
}
