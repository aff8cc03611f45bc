//! Which paths a file names: `use` trees and paths in expressions alike.

use crate::source::{Source, words};

/// A path inside this crate that a file names, from the crate's root, and where.
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// Every `crate::…`, `super::…` and, in `main.rs`, `manara::…` of a file, with groups taken apart.
pub(crate) fn of(source: &Source) -> Vec<Import> {
    let mut found = Vec::new();
    for word in ["crate", "super", "manara"] {
        for start in words(&source.code, word).filter(|start| begins_path(&source.code, *start)) {
            if word == "manara" && source.path != "src/main.rs" {
                continue;
            }
            let line = source.line(start);
            let home = &source.module;
            for path in tree(&source.code[start..]) {
                found.extend(resolve(&path, home, source.inline_depth(start)).map(|path| Import { path, line }));
            }
        }
    }
    found
}

/// Whether the word at `start` is followed by `::` and is not itself in the middle of a path.
fn begins_path(code: &str, start: usize) -> bool {
    let name = code[start..].find("::").map_or("", |end| &code[start..start + end]);
    let whole_word = !name.is_empty() && name.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    whole_word && !code[..start].trim_end().ends_with("::")
}

/// The path from the crate's root; nothing where `super` stays inside an inline module of the file.
fn resolve(path: &[String], home: &[String], inline: usize) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    if ups == 0 {
        return Some(path[1..].to_vec());
    }
    let ups = ups.checked_sub(inline)?;
    let kept = home.len().checked_sub(ups)?;
    let rest = path.iter().skip_while(|part| *part == "super");
    Some(home[..kept].iter().chain(rest).cloned().collect())
}

/// The paths of a use tree that begins here: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn tree(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut rest = code;
    collect(&mut rest, &mut Vec::new(), &mut paths);
    paths
}

fn collect(rest: &mut &str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let depth = prefix.len();
    loop {
        *rest = rest.trim_start();
        if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner;
            group(rest, prefix, paths);
            break;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 {
            prefix.push(rest[..end].to_owned());
            *rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix('*') {
            *rest = after;
        }
        match rest.trim_start().strip_prefix("::") {
            Some(after) if end > 0 => *rest = after,
            _ => {
                paths.push(prefix.clone());
                break;
            }
        }
    }
    prefix.truncate(depth);
}

/// The parts of `{…}` after the opening brace, up to and with the closing one.
fn group(rest: &mut &str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            *rest = after;
            return;
        }
        if rest.is_empty() {
            return;
        }
        collect(rest, prefix, paths);
        // ` as name`, and the comma.
        let end = rest.find([',', '}']).unwrap_or(rest.len());
        *rest = rest[end..].strip_prefix(',').unwrap_or(&rest[end..]);
    }
}

#[test]
fn use_trees_are_taken_apart() {
    let paths: Vec<String> =
        tree("crate::{a::B, c::{self, d::*, E as F}, g};").iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["crate::a::B", "crate::c::self", "crate::c::d", "crate::c::E", "crate::g"]);
}

#[test]
fn supers_are_resolved() {
    let home = ["store".to_owned(), "db".to_owned()];
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(resolve(&path("super::super::engine::X"), &home, 0), Some(path("engine::X")));
    assert_eq!(resolve(&path("super::Value"), &home, 1), Some(path("store::db::Value")));
}
