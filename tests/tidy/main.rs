//! The rules of this repository that a compiler does not know, each as a test with a name that says the rule.
//!
//! `cargo test --test tidy`. Where a rule has exceptions they are a list in its file: a new violation fails, and so
//! does an exception that is no longer needed. Nothing here reads the network.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test program: it asks git, cargo and the shell about the checkout"
)]

mod banned;
mod crates;
mod dependencies;
mod documents;
mod floors;
mod imports;
mod locale;
mod migrations;
mod reach;
mod scripts;
mod sizes;
mod source;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The root of the checkout.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file below the root; fails with its name where there is none.
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of the checkout that is or could be committed, relative to the root, sorted.
fn repository_files() -> Vec<String> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let listed = std::process::Command::new("git").args(args).current_dir(root()).output().expect("git runs");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let text = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let existing = text.split('\0').filter(|path| root().join(path).is_file());
    existing.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Fails with all problems at once, and with what the rule is for.
#[track_caller]
fn expect_none(problems: Vec<String>, rule: &str) {
    assert!(problems.is_empty(), "{rule}\n  {}\n", problems.join("\n  "));
}

/// What is found but not allowed, and what is allowed but no longer found.
fn compare(found: &BTreeSet<String>, allowed: &BTreeSet<String>) -> Vec<String> {
    let new = found.difference(allowed).map(|item| format!("not allowed: {item}"));
    let stale = allowed.difference(found).map(|item| format!("stale exception, remove it: {item}"));
    new.chain(stale).collect()
}
