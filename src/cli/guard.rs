//! A bug of ours that stops a command half-way: one line that says where, and an end with 70 instead of a wall of text.
//!
//! The ledger is made for being stopped anywhere, so nothing is to be repaired.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use super::failure::{Failure, FailureKind};

/// Where the program stopped, and why, as the runtime told it.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Keeps what the runtime says of a bug for [`guarded`], instead of printing it.
pub(super) fn install() {
    set_hook(Box::new(|bug| {
        let place = bug.location().map(|at| format!("{}:{}: ", at.file(), at.line())).unwrap_or_default();
        let text = format!("{place}{}", words(bug.payload()));
        PLACE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text);
    }));
}

/// Does something, and makes a failure of a bug in it.
pub(super) fn guarded<T>(what: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(what)).unwrap_or_else(|payload| {
        let told = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let text = told.unwrap_or_else(|| words(&*payload).to_owned());
        if lacks_handles(&text) {
            let hint = "allow it more (ulimit -n) and run it again; what was entered before it stands";
            return Err(Failure::new(FailureKind::Later, format!("no file handle is left ({text})")).hint(hint));
        }
        let version = env!("CARGO_PKG_VERSION");
        let hint =
            "please report this line to the authors; what was entered before it stands, and the rest can be done again";
        Err(Failure::bug(format!("a bug in mailorder {version} stopped this command ({text})")).hint(hint))
    })
}

/// Returns whether a library stopped because the process or the system may open no more files.
fn lacks_handles(text: &str) -> bool {
    ["code: 24, kind: ", "code: 23, kind: "].iter().any(|code| text.contains(code))
}

fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_ends_with_70_and_where_mail_is_handed_over_with_75() {
        let stopped = || guarded(|| -> Result<(), Failure> { panic!("at entry {}", 7) }).unwrap_err();
        assert_eq!(stopped().code(), 70);
        assert!(format!("{:?}", stopped()).contains("at entry 7"), "{:?}", stopped());
        let error = std::io::Error::from_raw_os_error(24);
        let full = guarded(|| -> Result<(), Failure> { panic!("failed to create UnixStream: {error:?}") }).unwrap_err();
        assert_eq!((full.code(), full.kind()), (75, FailureKind::Later), "no bug, and later it may be otherwise");
        assert_eq!(stopped().deferred().kind(), FailureKind::Later);
        assert_eq!(guarded(|| Ok(3)).unwrap(), 3);
        assert_eq!(guarded(|| -> Result<(), Failure> { Err(Failure::data("x")) }).unwrap_err().code(), 65);
    }

    #[test]
    fn a_bug_in_another_thread_is_one_of_the_command() {
        use rayon::prelude::*;
        let stopped = guarded(|| {
            (0..4_u32).into_par_iter().for_each(|number| assert_ne!(number, 3, "three"));
            Ok(())
        });
        assert_eq!(stopped.unwrap_err().code(), 70);
    }
}
