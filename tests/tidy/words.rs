//! What must not stand in committed text.

use crate::source;

/// Endings of files that are not text.
const BINARY: &[&str] = &[".png", ".woff2", ".zst", ".gz", ".br", ".ico"];

/// Text that ties the repository to one machine or to somebody's notes. Written in two halves, so that this file does
/// not contain it.
const TIES: &[(&str, &str)] = &[
    ("../sha", "red"),
    ("/wo", "rk/"),
    ("/ro", "ot/."),
    ("/ho", "me/user"),
    ("build mach", "ine of the session"),
    ("HABITS", ".md"),
    ("DECISIONS", ".md"),
    ("DESIGN", ".md"),
    ("TESTBED", ".md"),
    ("MISSION", ".md"),
    ("GLOSSARY", ".md"),
    ("DESIGN", " §"),
    ("DECISIONS", " "),
    ("HABITS", " "),
];

/// Hosts of package registries and mirrors: which one is used is the business of the machine.
const HOSTS: &[(&str, &str)] = &[
    ("registry.", "npmjs"),
    ("registry.", "yarnpkg"),
    ("index.", "crates.io"),
    ("static.", "crates.io"),
    ("deb.", "debian.org"),
    ("security.", "debian.org"),
    ("archive.", "ubuntu.com"),
    ("files.", "pythonhosted"),
    ("pypi", ".org"),
    ("proxy.", "golang.org"),
    ("arti", "factory"),
];

/// Marks of unfinished work.
const UNFINISHED: &[(&str, &str)] = &[("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("HA", "CK:")];

fn lines_with(list: &[(&str, &str)], of: impl Fn(&str) -> bool) -> Vec<String> {
    let needles: Vec<String> = list.iter().map(|(first, second)| format!("{first}{second}")).collect();
    let mut found = Vec::new();
    let text_files = crate::repository_files().into_iter().filter(|path| !BINARY.iter().any(|end| path.ends_with(end)));
    for path in text_files.filter(|path| of(path)) {
        let Ok(text) = std::fs::read_to_string(crate::root().join(&path)) else {
            found.push(format!("{path}: not UTF-8 text (BINARY of tests/tidy/words.rs)"));
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            let hits = needles.iter().filter(|needle| line.contains(needle.as_str()));
            found.extend(hits.map(|needle| format!("{path}:{}: {needle}", index + 1)));
        }
    }
    found
}

#[test]
fn nothing_ties_the_text_to_one_machine() {
    crate::expect_none(lines_with(TIES, |_| true), "paths and notes of one machine do not belong here:");
}

#[test]
fn no_registry_or_mirror_is_named() {
    crate::expect_none(lines_with(HOSTS, |_| true), "the machine's own settings say which registry is used:");
}

#[test]
fn nothing_is_left_unfinished() {
    let code = |path: &str| [".rs", ".sh", ".ts", ".mjs", ".svelte", ".toml"].iter().any(|end| path.ends_with(end));
    crate::expect_none(lines_with(UNFINISHED, code), "finish it or leave it out:");
}

#[test]
fn lines_end_without_spaces_and_files_with_a_line_break() {
    let mut problems = Vec::new();
    for path in source::rust_files("")
        .into_iter()
        .chain(crate::repository_files().into_iter().filter(|path| path.ends_with(".sh")))
    {
        let text = crate::read(&path);
        let trailing = text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
        problems.extend(trailing.map(|(index, _)| format!("{path}:{}: space at the end", index + 1)));
        if !text.ends_with('\n') {
            problems.push(format!("{path}: no line break at the end"));
        }
    }
    crate::expect_none(problems, "see .editorconfig:");
}
