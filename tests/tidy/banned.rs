//! Who may make the calls that clippy.toml bans, and where unsafe code is.

use crate::source::{self, Source, words};
use std::collections::BTreeSet;

/// Modules (path prefixes below `src`) that may carry `allow(clippy::disallowed_methods)`, and why.
const MAY_ALLOW: &[(&str, &str)] = &[
    ("platform", "the machine is touched here and nowhere else"),
    ("store/sqlite", "SQLite's own files: snapshot, copy, lock"),
];

/// Files that may hold unsafe code.
const MAY_BE_UNSAFE: &[&str] = &["src/platform/sys.rs", "src/plugins/child/sandbox.rs", "src/plugins/child/budget.rs"];

/// Where an `allow` or `expect` attribute names a lint, outside of tests.
fn exceptions_to(source: &Source, lint: &str) -> Vec<usize> {
    let places = words(&source.code, lint).filter(|start| {
        let line = source.code[..*start].rsplit('\n').next().unwrap_or("");
        let before = &source.code[source.code[..*start].rfind('#').unwrap_or(0)..*start];
        let attribute = line.trim_start().starts_with('#') || before.starts_with("#[") || before.starts_with("#![");
        attribute
            && !before.split_whitespace().collect::<String>().contains("cfg_attr(test")
            && !source.in_tests(*start)
            && !marks_test(source, *start)
    });
    places.map(|start| source.line(start)).collect()
}

/// Whether the attribute at a position belongs to a `#[cfg(test)]` item.
fn marks_test(source: &Source, position: usize) -> bool {
    let from = source.code[..position].rfind([';', '}', '{']).map_or(0, |at| at + 1);
    let to = source.code[position..].find(['{', ';']).map_or(source.code.len(), |at| position + at);
    source.code[from..to].contains("cfg(test)")
}

#[test]
fn banned_calls_are_allowed_in_named_modules_only() {
    let mut problems = Vec::new();
    for source in source::product() {
        let inside = &source.path["src/".len()..];
        let named = MAY_ALLOW.iter().any(|(home, _)| {
            inside == *home || inside.starts_with(&format!("{home}/")) || inside == format!("{home}.rs")
        });
        for lint in ["disallowed_methods", "disallowed_types", "disallowed_macros"] {
            let lines = exceptions_to(&source, lint);
            problems.extend(lines.iter().filter(|_| !named).map(|line| format!("{}:{line}: {lint}", source.path)));
        }
    }
    crate::expect_none(problems, "only MAY_ALLOW of tests/tidy/banned.rs may lift the bans of clippy.toml:");
}

#[test]
fn every_lifted_lint_gives_its_reason() {
    let mut problems = Vec::new();
    for path in source::rust_files("src/").into_iter().chain(source::rust_files("tests/")) {
        let source = Source::read(&path);
        for word in ["allow", "expect"] {
            for start in words(&source.code, word) {
                let opens = source.code[start..].starts_with(&format!("{word}("));
                let attribute = ["#[", "#![", ", "].iter().any(|before| source.code[..start].ends_with(before));
                let end = source.code[start..].find(']').map_or(source.code.len(), |end| start + end);
                let in_attribute = source.code[..start]
                    .rfind('#')
                    .is_some_and(|hash| source.code[hash..start].bytes().all(|b| b != b']' && b != b'\n'));
                if opens && attribute && in_attribute && words(&source.code[start..end], "reason").next().is_none() {
                    problems.push(format!("{path}:{}", source.line(start)));
                }
            }
        }
    }
    crate::expect_none(problems, "write `reason = \"…\"` into the attribute:");
}

#[test]
fn no_stale_permission_to_lift_a_ban() {
    let sources = source::product();
    let used = |home: &str| {
        sources.iter().any(|source| {
            let inside = &source.path["src/".len()..];
            (inside.starts_with(home)) && !exceptions_to(source, "disallowed_methods").is_empty()
        })
    };
    let stale = MAY_ALLOW.iter().filter(|(home, _)| !used(home)).map(|(home, why)| format!("{home}: {why}"));
    crate::expect_none(stale.collect(), "remove from MAY_ALLOW of tests/tidy/banned.rs what no longer needs it:");
}

#[test]
fn unsafe_code_is_in_named_files_only() {
    let mut found = BTreeSet::new();
    for source in source::product() {
        let place = words(&source.code, "unsafe").chain(words(&source.code, "unsafe_code")).next();
        found.extend(place.map(|_| source.path.clone()));
    }
    let existing = MAY_BE_UNSAFE.iter().filter(|path| crate::root().join(path).exists());
    let allowed = existing.map(|path| (*path).to_owned()).collect();
    crate::expect_none(crate::compare(&found, &allowed), "unsafe code (MAY_BE_UNSAFE of tests/tidy/banned.rs):");
    let manifest: toml::Table = crate::read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"), "Cargo.toml denies unsafe code");
}
