//! How long files and functions may be. The figures are a signal for reading and a ratchet, no reason to split what
//! belongs together: an exception is listed with its size at the time, and may only shrink.

use crate::source::{self, Source, matching_brace, words};

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

/// Files that may be longer than the limit, with the most lines they may have.
const LONG_FILES: &[(&str, usize)] = &[];

/// Functions that may be longer than the limit, as `path::name`, with the most lines they may have.
const LONG_FUNCTIONS: &[(&str, usize)] = &[];

/// Kinds of files whose length is looked at.
const KINDS: &[&str] = &[".rs", ".sh", ".ts", ".mjs", ".svelte", ".css"];

/// Names and lengths in lines of a file's functions. A function counts from its `fn` to its closing brace.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let code = &source.code;
    let mut found = Vec::new();
    for start in words(code, "fn") {
        let rest = code[start + 2..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = code[start..].find(['{', ';']).map(|offset| start + offset) else { continue };
        if name.is_empty() || code.as_bytes()[open] == b';' {
            continue;
        }
        let end = matching_brace(code, open);
        found.push((name, source.line(end - 1) + 1 - source.line(start)));
    }
    found
}

/// What is over the limit and not excepted, and which exceptions are looser than needed.
fn over(found: &[(String, usize)], limit: usize, exceptions: &[(&str, usize)]) -> Vec<String> {
    let bound = |name: &str| exceptions.iter().find(|(listed, _)| *listed == name).map_or(limit, |(_, most)| *most);
    let long = found.iter().filter(|(name, lines)| *lines > bound(name));
    let mut problems: Vec<String> =
        long.map(|(name, lines)| format!("{name}: {lines} lines, at most {}", bound(name))).collect();
    for (name, most) in exceptions {
        let now = found.iter().filter(|(found, _)| found == name).map(|(_, lines)| *lines).max().unwrap_or(0);
        if now <= limit {
            problems.push(format!("stale exception, remove it: {name}"));
        } else if now < *most {
            problems.push(format!("{name} has shrunk to {now} lines: lower its exception"));
        }
    }
    problems
}

fn percentile(mut values: Vec<usize>, percent: usize) -> usize {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0)
}

fn long_file_candidates() -> Vec<(String, usize)> {
    let files = crate::repository_files().into_iter().filter(|path| KINDS.iter().any(|kind| path.ends_with(kind)));
    let written = files.filter(|path| !path.ends_with("api.d.ts"));
    written.map(|path| (path.clone(), crate::read(&path).lines().count())).collect()
}

#[test]
fn files_are_short() {
    let problems = over(&long_file_candidates(), FILE_LINES, LONG_FILES);
    crate::expect_none(problems, "files have at most 600 lines (LONG_FILES of tests/tidy/sizes.rs):");
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for path in source::rust_files("").iter().filter(|path| !path.starts_with("target/")) {
        let source = Source::read(path);
        found.extend(functions(&source).into_iter().map(|(name, lines)| (format!("{path}::{name}"), lines)));
    }
    assert!(found.len() > 20, "functions are found at all");
    let problems = over(&found, FUNCTION_LINES, LONG_FUNCTIONS);
    crate::expect_none(problems, "functions have at most 70 lines (LONG_FUNCTIONS of tests/tidy/sizes.rs):");
}

#[test]
fn most_files_and_functions_are_small() {
    let sources = source::product();
    let files: Vec<usize> = sources.iter().map(|source| source.text.lines().count()).collect();
    let lengths: Vec<usize> = sources.iter().flat_map(functions).map(|(_, lines)| lines).collect();
    let goals = [
        ("median of files", percentile(files.clone(), 50), 120),
        ("90th percentile of files", percentile(files, 90), 350),
        ("90th percentile of functions", percentile(lengths, 90), 40),
    ];
    let problems = goals.iter().filter(|(_, now, goal)| now > goal);
    let problems = problems.map(|(what, now, goal)| format!("{what}: {now} lines, goal {goal}")).collect();
    crate::expect_none(problems, "the code as a whole has to stay readable:");
}

#[test]
fn lengths_of_functions_are_measured() {
    let text = "fn a() {\n    let f = |x| { x };\n}\ntrait T { fn b(); }\nfn c() { }\n".to_owned();
    let source = Source { path: String::new(), module: Vec::new(), code: text.clone(), text };
    assert_eq!(functions(&source), [("a".to_owned(), 3), ("c".to_owned(), 1)]);
    let stale = over(&[("x".to_owned(), 90)], 70, &[("x", 100), ("gone", 80)]);
    assert_eq!(stale.len(), 2, "{stale:?}");
}
