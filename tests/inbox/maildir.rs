//! Maildirs on disk.

use super::*;
use mailorder::inbox::maildir::{Handled, MaildirInbox, MaildirSettings};
use mailorder::maildir as folders;
use std::path::Path;

fn open(folder: &Path, handled: Handled) -> Inbox {
    let mut settings = MaildirSettings::new(folder.to_owned());
    settings.handled = handled;
    settings.largest = 10_000;
    Inbox::Maildir(MaildirInbox::new(settings))
}

fn names(batch: &Batch) -> Vec<String> {
    let name = |origin: &Origin| match origin {
        Origin::Maildir { name } => name.clone(),
        Origin::Imap { .. } => String::new(),
    };
    batch.mails.iter().map(|mail| name(&mail.origin)).collect()
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    folders::create(dir.path()).unwrap();
    for n in 1..=4 {
        let mail = if n % 2 == 0 { letter(n) } else { ordinary(n) };
        folders::deliver(dir.path(), &format!("{n}.host"), &mail).unwrap();
    }
    fs::rename(dir.path().join("new/2.host"), dir.path().join("cur/2.host:2,FS")).unwrap();
    dir
}

#[tokio::test]
async fn letters_are_filed_and_the_rest_is_not_touched() {
    let dir = folder();
    let mut inbox = open(dir.path(), Handled::File);
    let batch = inbox.fetch(&Cursor::Start, 10).await.unwrap();
    assert_eq!((names(&batch), batch.scanned, batch.more), (vec!["2.host".into(), "4.host".into()], 4, false));
    assert_eq!(batch.mails[0].bytes, letter(2));
    let origins: Vec<_> = batch.mails.iter().map(|mail| mail.origin.clone()).collect();
    inbox.done(&origins).await.unwrap();
    inbox.done(&origins).await.unwrap();
    let left: Vec<_> = folders::list(dir.path()).unwrap();
    assert_eq!(left, [dir.path().join("new/1.host"), dir.path().join("new/3.host")]);
    let filed = folders::list(&dir.path().join(".mailorder")).unwrap();
    assert_eq!(filed[0], dir.path().join(".mailorder/cur/2.host:2,S"));
    assert!(filed.len() == 2 && dir.path().join(".mailorder/maildirfolder").exists());
    assert!(inbox.fetch(&batch.cursor, 10).await.unwrap().mails.is_empty());
}

#[tokio::test]
async fn what_no_cursor_was_kept_of_comes_again_in_the_same_run_and_after_a_restart() {
    // F5
    let dir = folder();
    for handled in [Handled::File, Handled::Consume] {
        let mut inbox = open(dir.path(), handled);
        assert_eq!(inbox.fetch(&Cursor::Start, 1).await.unwrap().mails.len(), 1);
        // What was given is no news to wait for; it is read again because the cursor says so.
        let all = inbox.fetch(&Cursor::Start, 9).await.unwrap();
        assert_eq!(names(&all), ["2.host", "4.host"]);
        assert_eq!(inbox.wait(Duration::from_millis(20)).await.unwrap(), Woken::Nothing);
        assert!(inbox.fetch(&all.cursor, 9).await.unwrap().mails.is_empty());
    }
    let mut inbox = open(dir.path(), Handled::Consume);
    let batch = inbox.fetch(&Cursor::Start, 9).await.unwrap();
    inbox.done(&[batch.mails[0].origin.clone(), batch.mails[1].origin.clone()]).await.unwrap();
    assert_eq!(folders::list(dir.path()).unwrap().len(), 2);
}

#[tokio::test]
async fn letters_left_in_place_are_known_by_the_cursor_whatever_readers_do() {
    let dir = folder();
    let mut inbox = open(dir.path(), Handled::Leave);
    let batch = inbox.fetch(&Cursor::Start, 9).await.unwrap();
    inbox.done(&[batch.mails[0].origin.clone()]).await.unwrap();
    fs::rename(dir.path().join("new/4.host"), dir.path().join("cur/4.host:2,RS")).unwrap();
    let mut later = open(dir.path(), Handled::Leave);
    let again = later.fetch(&batch.cursor, 9).await.unwrap();
    assert!(again.mails.is_empty());
    fs::remove_file(dir.path().join("cur/4.host:2,RS")).unwrap();
    let pruned = later.fetch(&again.cursor, 9).await.unwrap().cursor;
    assert_eq!(pruned, Cursor::Maildir { seen: BTreeSet::from(["2.host".to_owned()]) });
}

#[tokio::test]
async fn large_letters_are_noted_and_a_missing_folder_is_not_an_empty_one() {
    // B7
    let dir = folder();
    folders::deliver(dir.path(), "5.host", &[letter(5), vec![b'x'; 20_000]].concat()).unwrap();
    let mut inbox = open(dir.path(), Handled::File);
    let batch = inbox.fetch(&Cursor::Start, 9).await.unwrap();
    assert!(matches!(batch.notes.as_slice(), [Note::TooLarge { size, .. }] if *size > 20_000));
    assert!(open(dir.path(), Handled::File).fetch(&batch.cursor, 9).await.unwrap().notes.is_empty());
    let error = open(&dir.path().join("nowhere"), Handled::File).fetch(&Cursor::Start, 9).await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn a_link_to_nothing_is_told_of_once_and_is_no_news() {
    let dir = folder();
    std::os::unix::fs::symlink("nowhere", dir.path().join("new/9.host")).unwrap();
    let mut inbox = open(dir.path(), Handled::File);
    let batch = inbox.fetch(&Cursor::Start, 9).await.unwrap();
    assert!(matches!(batch.notes.as_slice(), [Note::NoFile { path }] if path.ends_with("9.host")), "{batch:?}");
    assert_eq!(inbox.wait(Duration::from_millis(20)).await.unwrap(), Woken::Nothing);
    assert!(inbox.fetch(&batch.cursor, 9).await.unwrap().notes.is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_be_marked_keeps_no_other_from_it() {
    let dir = folder();
    let mut inbox = open(dir.path(), Handled::Consume);
    let batch = inbox.fetch(&Cursor::Start, 9).await.unwrap();
    let first = dir.path().join("cur/2.host:2,FS");
    fs::remove_file(&first).unwrap();
    fs::create_dir(&first).unwrap();
    let origins: Vec<_> = batch.mails.iter().map(|mail| mail.origin.clone()).collect();
    let error = inbox.done(&origins).await.unwrap_err();
    assert!(error.to_string().contains("2.host"), "{error}");
    assert!(!dir.path().join("new/4.host").exists());
}

#[tokio::test]
async fn waiting_ends_with_the_next_mail() {
    let dir = folder();
    let mut inbox = open(dir.path(), Handled::File);
    assert_eq!(inbox.wait(Duration::from_secs(9)).await.unwrap(), Woken::News);
    let batch = inbox.fetch(&Cursor::Start, 9).await.unwrap();
    assert_eq!(inbox.wait(Duration::from_millis(20)).await.unwrap(), Woken::Nothing);
    folders::deliver(dir.path(), "6.host", &letter(6)).unwrap();
    assert_eq!(inbox.wait(Duration::from_secs(9)).await.unwrap(), Woken::News);
    assert_eq!(names(&inbox.fetch(&batch.cursor, 9).await.unwrap()), ["6.host"]);
}
