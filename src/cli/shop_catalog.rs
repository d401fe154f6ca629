//! `shop catalog check|list`: the shop's own articles, as its configuration and its catalog file have them.

use std::path::Path;

use serde_json::{Value, json};

use super::Shell;
use super::catalog::counted;
use super::failure::{Failure, FailureKind};
use super::output::{self, Cell};
use super::table::{Fit, Table};
use crate::config::{Settings, catalog};
use crate::role::articles::{Article, Articles};
use crate::role::practice::ShopPractice;
use crate::trade::catalog::Words;
use crate::view::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder shop catalog check")]
pub(crate) struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CatalogCommand {
    /// Say what is wrong with the catalog file, with line and column
    #[command(after_help = "Example:\n  mailorder shop catalog check")]
    Check,
    /// List what is sold
    #[command(after_help = "Example:\n  mailorder shop catalog list tea")]
    List {
        /// Only articles with all these words in their name, or with a number that begins so
        words: Vec<String>,
    },
}

pub(super) fn run(shell: &Shell, args: CatalogArgs) -> Result<(), Failure> {
    let settings = shell.settings()?;
    let Some(shop) = &settings.practice.shop else {
        let text = "this account is no shop";
        let hint = format!("add \"shop\" to `roles` in {}", settings.folders.config.display());
        return Err(Failure::new(FailureKind::Config, text).hint(hint));
    };
    match args.command {
        CatalogCommand::Check => check(shell, &settings, shop),
        CatalogCommand::List { words } => list(shell, &settings, shop, words),
    }
}

/// Says everything that is wrong with the file, a line each.
fn check(shell: &Shell, settings: &Settings, shop: &ShopPractice) -> Result<(), Failure> {
    let Some(file) = &settings.catalog else {
        let text = format!("{}: [shop] names no catalog file", settings.folders.config.display());
        let hint = "write catalog = \"catalog.csv\" in [shop]; config.example.toml shows its columns";
        return Err(Failure::new(FailureKind::Config, text).hint(hint));
    };
    let (faults, more, articles) = match catalog::read(file, &shop.articles) {
        Ok(read) => (read.problems(&shop.procedures), 0, read.len()),
        Err(found) => (found.faults, found.more, 0),
    };
    if let Some((last, others)) = faults.split_last() {
        for fault in others {
            shell.tell(&fault.to_string());
        }
        let failure = Failure::new(FailureKind::Config, last.to_string());
        return Err(if more > 0 { failure.hint(format!("{more} more like these are not listed")) } else { failure });
    }
    if shell.output.is_json() {
        let value =
            json!({"schema": "mailorder.catalog-check/1", "file": file, "articles": articles, "result": "clean"});
        return shell.output.document(&value);
    }
    let listed = counted(articles, "article");
    shell.line(&output::escape(&format!("{}: {listed}, nothing wrong", file.display())))
}

/// Returns all articles: those of the configuration and those of the file.
fn articles(file: Option<&Path>, own: &Articles) -> Result<Articles, Failure> {
    let Some(file) = file else { return Ok(own.clone()) };
    let read = catalog::read(file, own).map_err(|faults| Failure::new(FailureKind::Config, faults.first()))?;
    Ok(own.with_file(read.into_articles()))
}

fn list(shell: &Shell, settings: &Settings, shop: &ShopPractice, words: Vec<String>) -> Result<(), Failure> {
    let search = Words::new(words).map_err(Failure::usage)?.search();
    let all = articles(settings.catalog.as_deref(), &shop.articles)?;
    let meant: Vec<&Article> = all.list().iter().filter(|article| search.finds(&article.item)).collect();
    if shell.output.is_json() {
        let listed: Vec<Value> = meant.into_iter().map(value).collect();
        let value = json!({"schema": "mailorder.articles/1", "file": settings.catalog, "articles": listed});
        return shell.output.document(&value);
    }
    if meant.is_empty() {
        return shell.line(&format!("none of {}", counted(all.list().len(), "article")));
    }
    let any = shell.words.say("procedures.any");
    let rows: Vec<Vec<Cell>> = meant.iter().map(|article| row(article, &any)).collect();
    let head = ["sku", "article", "price", "stock", "deliver"].map(|name| shell.words.say(&format!("column.{name}")));
    let head = &head.each_ref().map(String::as_str);
    let fit = [Fit::Cut(1, 12), Fit::Cut(4, 8)];
    shell.output.fitted(&Table { head, rows: &rows, right: &[2, 3], fit: &fit, wrap: false })
}

/// Returns the cells of an article; `any` are the words for all ways of delivery.
fn row(article: &Article, any: &str) -> Vec<Cell> {
    let methods: Vec<&str> = article.delivery_methods.iter().map(|method| method.as_str()).collect();
    let deliver = if methods.is_empty() { any.to_owned() } else { methods.join(", ") };
    let sku = article.item.sku.clone().unwrap_or_default();
    let stock = article.stock.count().unwrap_or_else(|| "–".to_owned());
    [sku, article.item.name.clone(), text::amount(&article.price), stock, deliver].iter().map(Cell::plain).collect()
}

fn value(article: &Article) -> Value {
    json!({
        "sku": article.item.sku,
        "name": article.item.name,
        "price": text::money_json(&article.price),
        "increment": article.increment,
        "stock": article.stock.count(),
        "deliver": article.delivery_methods,
        "conditions": article.conditions,
    })
}
