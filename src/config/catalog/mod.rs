//! The shop's catalog file: CSV or JSON to articles, and everything that is wrong with it, each fault with its line and
//! column.
//!
//! One article is one row of CSV, whose first row names the columns, or one object of a JSON list with members of the
//! same names. A file is taken as a whole or not at all: an article that is missing because its row was bad would be
//! refused to buyers who may have it.

mod column;
mod json;
mod rows;
mod text;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::fault::line_and_column;
use crate::files;
use crate::role::Procedure;
use crate::role::articles::{Article, Articles};
use crate::trade::Money;

use column::Column;

/// The most faults that are told of one file.
pub const FAULTS_MAX: usize = 100;

/// A catalog file that was read.
#[derive(Debug)]
pub struct CatalogFile {
    source: Source,
    rows: Vec<Row>,
}

/// What is wrong with a catalog file: at least one fault.
#[derive(Debug)]
pub struct CatalogFaults {
    /// The first faults, in the order of the file.
    pub faults: Vec<ConfigError>,
    /// How many more there are.
    pub more: usize,
}

/// An article, and where in the text it begins.
#[derive(Debug)]
struct Row {
    article: Article,
    at: usize,
}

/// The text of a file and how its cells are found.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    text: String,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Csv { delimiter: u8, columns: [Option<usize>; Column::ALL.len()] },
    Json,
}

/// Reads a catalog file; `own` are the articles of the configuration, whose numbers the file must not have again.
pub fn read(path: &Path, own: &Articles) -> Result<CatalogFile, CatalogFaults> {
    let one = |fault: ConfigError| CatalogFaults { faults: vec![fault], more: 0 };
    let bytes = files::read(path, files::KEPT).map_err(|error| {
        let what = format!("the catalog cannot be read: {error}; [shop] catalog names it");
        one(ConfigError::value(path, "catalog", what))
    })?;
    let text = text::decode(bytes)
        .map_err(|(at, what)| one(ConfigError::Place { file: path.to_owned(), line: at.0, column: at.1, what }))?;
    let mut source = Source { path: path.to_owned(), text, form: Form::Json };
    let mut faults = Faults::default();
    let found = if source.is_json() {
        json::read(&source.text, &mut faults)
    } else {
        rows::read(&source.text, &mut faults).map(|(form, rows)| {
            source.form = form;
            rows
        })
    };
    let rows = found.unwrap_or_default();
    source.doubles(&rows, own, &mut faults);
    if faults.found.is_empty() {
        return Ok(CatalogFile { source, rows });
    }
    faults.found.sort_by_key(|fault| fault.at);
    let more = faults.more;
    Err(CatalogFaults { faults: faults.found.into_iter().map(|fault| source.fault(fault)).collect(), more })
}

impl CatalogFile {
    /// Returns the articles.
    pub fn into_articles(self) -> Vec<Article> {
        self.rows.into_iter().map(|row| row.article).collect()
    }

    /// Returns how many articles there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns what nobody could order: articles that travel in ways no procedure is for, or whose price makes no sum with
    /// any charge; the first hundred.
    pub fn problems(&self, procedures: &[Procedure]) -> Vec<ConfigError> {
        let served = |method: &_| {
            procedures.iter().any(|one| one.delivery_method.as_ref().is_none_or(|served| served == method))
        };
        let mut found = Vec::new();
        for Row { article, at } in &self.rows {
            if let Some(what) = without_sum(article, procedures) {
                found.push(Fault { at: *at, column: Some(Column::Currency), what });
            }
            for method in article.delivery_methods.iter().filter(|method| !served(method)) {
                let what =
                    format!("no [[shop.procedure]] is for the delivery method {method:?}", method = method.as_str());
                found.push(Fault { at: *at, column: Some(Column::Delivery), what });
            }
            if found.len() >= FAULTS_MAX {
                break;
            }
        }
        found.into_iter().take(FAULTS_MAX).map(|fault| self.source.fault(fault)).collect()
    }
}

/// Returns why an article cannot be ordered though procedures are for it: each has its charge in another currency.
pub(super) fn without_sum(article: &Article, procedures: &[Procedure]) -> Option<String> {
    let methods = &article.delivery_methods;
    let is_for_it = |procedure: &&Procedure| {
        procedure.delivery_method.as_ref().is_none_or(|method| methods.is_empty() || methods.contains(method))
    };
    let mut charges = procedures.iter().filter(is_for_it).map(|procedure| procedure.charge.as_ref()).peekable();
    charges.peek()?;
    let currency = article.price.currency();
    let makes_sum = |charge: Option<&(String, Money)>| charge.is_none_or(|(_, price)| price.currency() == currency);
    (!charges.any(makes_sum)).then(|| {
        format!("no [[shop.procedure]] for it has its charge in {currency}: every order would be rejected, since the two make no sum")
    })
}

impl CatalogFaults {
    /// Returns the first fault, and how many others there are.
    pub fn first(&self) -> String {
        let first = self.faults.first().map(ToString::to_string).unwrap_or_default();
        let others = self.faults.len().saturating_sub(1).saturating_add(self.more);
        match others {
            0 => first,
            others => format!("{first} (and {others} more: `mailorder shop catalog check` lists them)"),
        }
    }
}

impl Source {
    fn is_json(&self) -> bool {
        let named = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        named || self.text.trim_start().starts_with('[')
    }

    /// Finds article numbers that stand twice in the file, or in the configuration as well.
    fn doubles(&self, rows: &[Row], own: &Articles, faults: &mut Faults) {
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(rows.len());
        for row in rows {
            let Some(sku) = row.article.item.sku.as_deref() else { continue };
            if own.find(sku).is_some() {
                let what = format!("the article number {sku:?} stands in a [[shop.article]] of the configuration, too");
                faults.add(row.at, Some(Column::Sku), what);
            }
            if let Some(first) = seen.insert(sku, row.at) {
                let line = self.line(first);
                faults.add(
                    row.at,
                    Some(Column::Sku),
                    format!("the article number {sku:?} stands twice, first in line {line}"),
                );
                seen.insert(sku, first);
            }
        }
    }

    fn line(&self, at: usize) -> usize {
        line_and_column(&self.text, self.cell(at, Some(Column::Sku))).0
    }

    /// Returns the byte at which a cell of the article at `at` begins, or the article where it has no such cell.
    fn cell(&self, at: usize, column: Option<Column>) -> usize {
        let found = match self.form {
            Form::Json => column.and_then(|column| json::member(&self.text, at, column)),
            Form::Csv { delimiter, columns } => {
                let place = column.and_then(|column| columns.get(column.place()).copied().flatten());
                Some(rows::cell(&self.text, at, place.unwrap_or_default(), delimiter))
            }
        };
        found.unwrap_or(at)
    }

    fn fault(&self, fault: Fault) -> ConfigError {
        let (line, column) = line_and_column(&self.text, self.cell(fault.at, fault.column));
        ConfigError::Place { file: self.path.clone(), line, column, what: fault.what }
    }
}

/// A fault, where in the text its article begins, and in which column it is.
#[derive(Debug)]
struct Fault {
    at: usize,
    column: Option<Column>,
    what: String,
}

/// The first faults of a file, and how many more there are.
#[derive(Debug, Default)]
struct Faults {
    found: Vec<Fault>,
    more: usize,
}

impl Faults {
    fn add(&mut self, at: usize, column: Option<Column>, what: impl Into<String>) {
        if self.found.len() < FAULTS_MAX {
            self.found.push(Fault { at, column, what: what.into() });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
