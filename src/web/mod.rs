//! The local page: what the commands show and do, in a browser on this machine (figures 5, 9, 16, 18 and 19 of the patent).
//!
//! Pages are made here from `templates/web/`. Reading changes nothing; every form is answered by a redirect, and what it asks for is
//! done once. Nothing is asked of any other machine, and without its small script everything works as well.

mod act;
mod again;
mod articles;
mod bell;
mod chart;
mod confirm;
mod connections;
mod drafts;
mod export;
mod fault;
mod form;
mod guard;
mod happened;
mod health;
mod letter;
mod live;
mod order;
mod order_form;
mod orders;
mod pages;
mod points;
mod post;
mod returns;
mod schedule;
mod several;
mod sorting;
mod sums;
mod timeline;
mod transaction;
mod visit;
mod warnings;
mod watched;
mod words;

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::clerk::Clerk;
use crate::clock::Clock;
use crate::connect::is_single_threaded;
use crate::words::commands::Commands;
use bell::Bell;
use drafts::Drafts;
use fault::Fault;
use form::Once;
use guard::Guard;
use pages::Pages;
use post::Post;
use watched::Watched;

pub use pages::PagesError;

/// What all requests share.
pub(crate) struct Web {
    clerk: Mutex<Clerk>,
    clock: Clock,
    pages: Pages,
    /// How commands are written that pages propose.
    commands: Commands,
    /// The configuration, as it was when the account was opened.
    config: Watched,
    guard: Guard,
    once: Mutex<Once>,
    drafts: Mutex<Drafts>,
    bell: Mutex<Bell>,
    /// How much was to be mended when the account was looked at last.
    to_mend: AtomicUsize,
    /// Held by the one form that is being followed.
    turn: tokio::sync::Mutex<()>,
    post: Post,
    /// The log of the ledger, whose length says whether there are news,
    log: PathBuf,
    /// and the folder of mail set aside, whose date says the same.
    aside: PathBuf,
    ending: AtomicBool,
}

impl Web {
    /// Returns a number that is another one once something was entered or set aside.
    fn news(&self) -> u64 {
        let entered = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        let changed = std::fs::metadata(&self.aside).and_then(|folder| folder.modified()).ok();
        let changed = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let aside = changed.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default();
        entered.wrapping_add(aside)
    }

    /// Returns whether no more requests are waited for.
    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Lets the clerk work for a request, with what other processes wrote meanwhile.
    async fn desk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Clerk) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let web = Arc::clone(self);
        let work = move || {
            // A panic in another request leaves the clerk as it was between two batches.
            let mut clerk = web.clerk.lock().unwrap_or_else(PoisonError::into_inner);
            clerk.catch_up()?;
            work(&mut clerk)
        };
        let done = if is_single_threaded() {
            catch_unwind(AssertUnwindSafe(work)).ok()
        } else {
            tokio::task::spawn_blocking(work).await.ok()
        };
        done.ok_or_else(|| Fault::bug("a request ended before its answer"))?
    }
}

/// The page, ready to be served.
pub struct Served {
    listener: TcpListener,
    router: Router,
    web: Arc<Web>,
    link: String,
}

/// Makes the page for an account, to be reached at the address that `listener` has, which must be a loopback address; what it
/// proposes to be run is written as `commands` says, and `config` is the file of the account's settings.
///
/// # Errors
/// What is wrong with a template of the user's, or keeps the account from being read.
pub fn page(
    clerk: Clerk,
    listener: TcpListener,
    clock: Clock,
    commands: Commands,
    config: PathBuf,
) -> Result<Served, PagesError> {
    let address = listener.local_addr().map_err(PagesError::Address)?;
    if !address.ip().is_loopback() {
        return Err(PagesError::NotLoopback(address));
    }
    let guard = Guard::new(address, clerk.me().address.as_str()).map_err(PagesError::Clerk)?;
    let pages = Pages::load(clerk.settings().templates.as_deref(), clock.zone(), guard.form_token(), &commands)?;
    let link = guard.link();
    let post = Post::new(clerk.settings().clone(), clerk.queue().clone(), clock.clone());
    let log = clerk.ledger().log_file();
    let bell = Bell::new(&clerk).map_err(PagesError::Clerk)?;
    let aside = clerk.settings().folders.set_aside.join("new");
    let web = Web {
        clerk: Mutex::new(clerk),
        clock,
        pages,
        commands,
        config: Watched::new(config),
        guard,
        once: Mutex::default(),
        drafts: Mutex::default(),
        bell: Mutex::new(bell),
        to_mend: AtomicUsize::new(0),
        turn: tokio::sync::Mutex::default(),
        post,
        log,
        aside,
        ending: AtomicBool::new(false),
    };
    let web = Arc::new(web);
    Ok(Served { router: router(Arc::clone(&web)), listener, web, link })
}

impl Served {
    /// Returns the link that opens the page, once.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// Returns where it listens.
    pub fn address(&self) -> Result<SocketAddr, std::io::Error> {
        self.listener.local_addr()
    }

    /// Serves until `end`; then what is under way is answered, and what was queued is sent.
    pub async fn serve(self, end: impl Future<Output = ()> + Send + 'static) {
        let sender = self.web.post.run();
        let ahead = tokio::spawn(chart::reckon_ahead(Arc::clone(&self.web)));
        let looks = tokio::spawn(health::look_ahead(Arc::clone(&self.web)));
        let web = Arc::clone(&self.web);
        let end = async move {
            end.await;
            web.ending.store(true, Ordering::SeqCst);
        };
        connections::serve(self.listener, self.router, connections::PATIENCE, end).await;
        sender.abort();
        ahead.abort();
        looks.abort();
        self.web.post.last().await;
    }
}

fn router(web: Arc<Web>) -> Router {
    let router = Router::new()
        .route("/", get(orders::show).post(orders::act))
        .route("/export", get(export::export))
        .route("/order", get(order::show).post(order::act))
        .route("/return", get(returns::show).post(returns::act))
        .route("/again", get(again::show).post(again::act))
        .route("/txn/{id}", get(transaction::show).post(act::act))
        .route("/txn/{id}/confirm", get(confirm::show).post(confirm::act))
        .route("/schedule", get(schedule::show).post(schedule::act))
        .route("/warnings", get(warnings::show).post(warnings::settle))
        .route("/chart", get(chart::show))
        .route("/health", get(health::show).post(health::act))
        .route("/live", get(live::live))
        .route("/style.css", get(pages::style))
        .route("/script.js", get(pages::script))
        .route("/open", get(guard::open))
        .fallback(fault::nothing_here)
        .with_state(Arc::clone(&web));
    // Around the router, and never a part of its paths: no spelling of a path goes past them.
    guard::around(router, web)
}
