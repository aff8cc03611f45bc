//! No dead files: every Rust file is part of a program.

use crate::source::{self, Source, words};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The roots of all programs and tests.
const ROOTS: &[&str] =
    &["src/lib.rs", "src/main.rs", "build.rs", "tests/it/main.rs", "tests/tidy/main.rs", "tests/bench/render.rs"];

/// The files that the `mod name;` declarations of a file stand for.
fn declared(source: &Source) -> Vec<String> {
    let path = Path::new(&source.path);
    let is_root = path.file_name().is_some_and(|name| name == "mod.rs") || ROOTS.contains(&source.path.as_str());
    let folder =
        if is_root { path.parent().map(Path::to_path_buf).unwrap_or_default() } else { path.with_extension("") };
    let names = words(&source.code, "mod").filter_map(|start| {
        let rest = source.code[start + 3..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        rest[name.len()..].trim_start().starts_with(';').then_some(name)
    });
    names.flat_map(|name| [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")]).map(text).collect()
}

fn text(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn every_rust_file_is_part_of_a_program() {
    let files: BTreeSet<String> = source::rust_files("").into_iter().collect();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut waiting: Vec<String> =
        ROOTS.iter().map(|root| (*root).to_owned()).filter(|root| files.contains(root)).collect();
    while let Some(path) = waiting.pop() {
        if reached.insert(path.clone()) {
            waiting.extend(declared(&Source::read(&path)).into_iter().filter(|next| files.contains(next)));
        }
    }
    crate::expect_none(files.difference(&reached).cloned().collect(), "no `mod` declaration leads to these files:");
}

#[test]
fn modules_are_where_their_names_say() {
    let sources = source::product();
    let moved = sources.iter().filter(|source| source.code.contains("#[path"));
    crate::expect_none(moved.map(|source| source.path.clone()).collect(), "`#[path]` hides where a module is:");
}
