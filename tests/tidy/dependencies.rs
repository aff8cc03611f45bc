//! Licences and second copies of what is shipped, held without the network from the same lists as `cargo deny`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

fn deny() -> toml::Table {
    crate::read("deny.toml").parse().expect("deny.toml is TOML")
}

fn list(table: &toml::Table, section: &str, key: &str) -> Vec<toml::Value> {
    table[section][key].as_array().unwrap_or_else(|| panic!("deny.toml: {section}.{key} is a list")).clone()
}

/// One third-party package that is built for one of our targets.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

/// What cargo builds for the targets of deny.toml, tests and build scripts included, this package left out. (`cargo
/// metadata` also lists what no feature asks for.)
fn packages() -> BTreeSet<Package> {
    let mut all = BTreeSet::new();
    for target in list(&deny(), "graph", "targets") {
        let target = target.as_str().expect("a target is text");
        let args = ["tree", "--locked", "--offline", "--prefix=none", "--format={p}|{l}", "--target", target];
        let output = Command::new(env!("CARGO")).args(args).current_dir(crate::root()).output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
        all.extend(text.lines().filter_map(package).filter(|package| package.name != "manara"));
    }
    assert!(all.len() > 50, "the whole graph is read");
    all
}

/// Reads `name v1.2.3 (proc-macro)|MIT OR Apache-2.0 (*)`.
fn package(line: &str) -> Option<Package> {
    let (identity, licence) = line.split_once('|')?;
    let mut words = identity.split(' ');
    let (name, version) = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
    Some(Package { name, version, licence: licence.trim_end_matches(" (*)").to_owned() })
}

/// Whether an SPDX expression can be met with the allowed licences. `/` is an old way to write `OR`.
fn permitted(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let result = any_of(&tokens, &mut at, allowed);
    result && at == tokens.len()
}

fn any_of(tokens: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut result = all_of(tokens, at, allowed);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all_of(tokens, at, allowed);
    }
    result
}

fn all_of(tokens: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut result = one(tokens, at, allowed);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        result &= one(tokens, at, allowed);
    }
    result
}

fn one(tokens: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(token) = tokens.get(*at) else { return false };
    *at += 1;
    if *token == "(" {
        let result = any_of(tokens, at, allowed);
        *at += 1;
        return result;
    }
    let mut name = (*token).to_owned();
    if tokens.get(*at) == Some(&"WITH") {
        name = format!("{token} WITH {}", tokens.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&name)
}

#[test]
fn licences_are_allowed() {
    let allowed = list(&deny(), "licenses", "allow");
    let allowed: BTreeSet<String> = allowed.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    let packages = packages();
    let refused = packages.iter().filter(|package| !permitted(&package.licence, &allowed));
    let problems = refused.map(|package| format!("{} {}: {:?}", package.name, package.version, package.licence));
    crate::expect_none(problems.collect(), "licences that deny.toml does not allow:");
    let stale = allowed.iter().filter(|name| !packages.iter().any(|package| package.licence.contains(name.as_str())));
    crate::expect_none(stale.cloned().collect(), "remove from deny.toml the licences that nothing has:");
}

#[test]
fn no_crate_is_there_twice() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(package.name).or_default().insert(package.version);
    }
    let skipped = list(&deny(), "bans", "skip");
    let skipped: BTreeSet<String> =
        skipped.iter().filter_map(|entry| Some(entry["crate"].as_str()?.to_owned())).collect();
    // All versions but one have to be excepted: which one stays is the newest of them.
    let mut found = BTreeSet::new();
    for (name, versions) in versions.into_iter().filter(|(_, versions)| versions.len() > 1) {
        let excepted: Vec<_> =
            versions.iter().map(|version| format!("{name}@{version}")).filter(|item| skipped.contains(item)).collect();
        if excepted.len() + 1 == versions.len() {
            found.extend(excepted);
        } else {
            found.extend(versions.iter().map(|version| format!("{name}@{version}")));
        }
    }
    crate::expect_none(crate::compare(&found, &skipped), "second copies of a crate (bans.skip of deny.toml):");
}

#[test]
fn every_exception_for_a_second_copy_says_why() {
    let silent = list(&deny(), "bans", "skip").into_iter().filter(|entry| entry.get("reason").is_none());
    crate::expect_none(silent.map(|entry| entry.to_string()).collect(), "write who holds the old version back:");
}

#[test]
fn everything_comes_from_the_registry() {
    let lock: toml::Table = crate::read("Cargo.lock").parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("packages are a list");
    let sources =
        packages.iter().filter_map(|package| Some((package["name"].as_str()?, package.get("source")?.as_str()?)));
    let foreign = sources.filter(|(_, source)| !source.starts_with("registry+"));
    crate::expect_none(foreign.map(|(name, source)| format!("{name}: {source}")).collect(), "sources:");
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT", "ISC"].map(str::to_owned).into();
    for (expression, expected) in [
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("", false),
    ] {
        assert_eq!(permitted(expression, &allowed), expected, "{expression}");
    }
}
