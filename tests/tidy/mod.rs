//! Keeps the house in order: rules about the source and the documents that no compiler checks.
//!
//! Each check is a pure function from texts to a list of faults, so that a test beside it can show on a broken sample that
//! it can fail. The scanning is of our own and small: it knows comments, literals and braces, and nothing else of Rust.

mod catalogue;
mod declared;
mod layers;
pub mod looks;
mod pairs;
mod patent;
mod pictures;
mod proposals;
mod source;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// One file of the project.
struct TextFile {
    /// From the project's folder, with `/` between the parts.
    path: String,
    /// The content; what is not UTF-8 is replaced.
    text: String,
}

impl TextFile {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the file's text, or nothing when there is no such file.
fn read(path: &str) -> Option<String> {
    fs::read_to_string(project().join(path)).ok()
}

/// Returns the texts of all files of the project below a folder.
pub fn texts(folder: &str) -> Vec<String> {
    files(&[folder]).into_iter().map(|file| file.text).collect()
}

/// Returns all files of the project below `folders`, in the order of their paths; not what git ignores.
fn files(folders: &[&str]) -> Vec<TextFile> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&project().join(folder), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, found: &mut Vec<TextFile>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("a folder can be read")) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == ".git" || name == "target" || Path::new(&name).extension().is_some_and(|e| e == "swp") {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
            continue;
        }
        let bytes = fs::read(&path).expect("a file can be read");
        let path = path.strip_prefix(project()).expect("below the project").to_string_lossy().into_owned();
        found.push(TextFile { path, text: String::from_utf8_lossy(&bytes).into_owned() });
    }
}

/// Most lines of script that pages may have in all: nothing depends on it, and anybody can read it.
const SCRIPT_MOST: usize = 200;

/// Returns what is wrong with the scripts of pages: too long, or written into a page.
fn script_faults(files: &[TextFile]) -> Vec<String> {
    let is_script = |file: &&TextFile| file.path.ends_with(".js");
    let lines: usize = files.iter().filter(is_script).map(|file| file.text.lines().count()).sum();
    let long = (lines > SCRIPT_MOST).then(|| format!("{lines} lines of script, {SCRIPT_MOST} at most"));
    let within = files.iter().filter(|file| {
        let tags = file.text.matches("<script").count();
        !is_script(file) && tags != file.text.matches("<script src=\"/script.js\" defer></script>").count()
    });
    long.into_iter().chain(within.map(|file| format!("{}: a script of its own", file.path))).collect()
}

/// Fails with all faults at once, one a line.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Returns a sample file for the tests of the checks.
fn sample(path: &str, text: &str) -> TextFile {
    TextFile { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn the_walk_finds_this_file_and_nothing_that_is_built() {
    let all = files(&[""]);
    assert!(all.iter().any(|file| file.path == "tests/tidy/mod.rs" && file.is_rust()));
    assert!(all.iter().any(|file| file.path == "Cargo.lock"));
    assert!(!all.iter().any(|file| file.path.starts_with("target/") || file.path.starts_with(".git/")));
}

#[test]
fn the_script_of_the_page_is_short_and_the_only_one() {
    let pages = files(&["templates/web"]);
    assert!(pages.iter().any(|file| file.path == "templates/web/script.js"));
    assert_none(&script_faults(&pages));
    let faults = |path: &str, text: &str| script_faults(&[sample(path, text)]).len();
    assert_eq!(faults("a.js", &"x\n".repeat(SCRIPT_MOST)), 0);
    assert_eq!(faults("a.js", &"x\n".repeat(SCRIPT_MOST + 1)), 1);
    assert_eq!(faults("a.html", "<script src=\"/script.js\" defer></script>"), 0);
    assert_eq!(faults("a.html", "<script>alert(1)</script>"), 1);
}
