//! Who may import whom inside the crate.

use crate::imports;
use crate::source::{self, Source};
use std::collections::BTreeSet;

/// Every top-level module and its floor. A module imports floors below its own; a new one has to be placed here.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("config", 0),
    ("nginx_syntax", 0),
    ("platform", 1),
    ("store", 1),
    ("archive", 1),
    ("logging", 1),
    ("engine", 2),
    ("services", 3),
    ("ops", 4),
    ("plugins", 5),
    ("http", 6),
    ("cli", 6),
    ("app", 7),
];

/// Imports on one floor that are wanted all the same. On floor 0, `base` is what the others are written in.
const PEERS: &[(&str, &str)] = &[("config", "base"), ("nginx_syntax", "base")];

/// Imports downwards that are refused all the same: a surface that skips the pipeline of `ops` skips permission,
/// plan and audit.
const REFUSED: &[(&str, &str)] = &[("http", "services"), ("cli", "services"), ("http", "plugins"), ("cli", "plugins")];

/// Which service may use which other one, always through the other's `mod.rs`.
const SERVICE_EDGES: &[(&str, &str)] =
    &[("logs", "sites"), ("sites", "nginx"), ("state", "sites"), ("upkeep", "accounts")];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn listed(list: &[(&str, &str)], from: &str, to: &str) -> bool {
    list.contains(&(from, to))
}

/// The edges between top-level modules that a file adds, as (to, line). Composition happens above all floors.
fn edges(source: &Source) -> Vec<(String, usize)> {
    let Some(from) = source.module.first() else { return Vec::new() };
    let foreign =
        imports::of(source).into_iter().filter_map(|import| Some((import.path.first()?.clone(), import.line)));
    foreign.filter(|(to, _)| to != from).collect()
}

#[test]
fn every_top_level_module_has_a_floor() {
    let modules: BTreeSet<_> = source::product().iter().filter_map(|source| source.module.first().cloned()).collect();
    let unplaced = modules.iter().filter(|module| floor(module).is_none()).cloned().collect();
    crate::expect_none(unplaced, "place the module in FLOORS of tests/tidy/floors.rs and in ARCHITECTURE.md:");
}

#[test]
fn imports_point_downwards() {
    let mut problems = Vec::new();
    for source in source::product() {
        let Some(own) = source.module.first().and_then(|from| floor(from)) else { continue };
        let from = source.module[0].as_str();
        for (to, line) in edges(&source) {
            let Some(target) = floor(&to) else { continue };
            let allowed = (target < own && !listed(REFUSED, from, &to)) || listed(PEERS, from, &to);
            if !allowed {
                problems.push(format!("{}:{line}: {from} (floor {own}) names {to} (floor {target})", source.path));
            }
        }
    }
    crate::expect_none(problems, "a module may name lower floors only (DAG in ARCHITECTURE.md):");
}

#[test]
fn no_stale_peer() {
    let used: BTreeSet<_> = source::product()
        .iter()
        .filter(|source| !source.module.is_empty())
        .flat_map(|source| edges(source).into_iter().map(|(to, _)| (source.module[0].clone(), to)))
        .collect();
    let exists = |name: &str| used.iter().any(|(from, _)| from == name);
    let stale = PEERS.iter().filter(|(from, to)| exists(from) && !used.contains(&((*from).into(), (*to).into())));
    crate::expect_none(stale.map(|edge| format!("{edge:?}")).collect(), "remove from PEERS what nobody uses:");
}

#[test]
fn services_use_each_other_along_listed_edges_through_mod_rs() {
    let mut found = BTreeSet::new();
    let mut inside = Vec::new();
    for source in source::product().iter().filter(|source| source.module.len() > 1 && source.module[0] == "services") {
        let own = &source.module[1];
        for import in imports::of(source).iter().filter(|import| import.path.len() > 1 && import.path[0] == "services")
        {
            let peer = &import.path[1];
            // `services/mod.rs` holds declarations; what it names itself is no peer.
            if peer == own || !crate::root().join(format!("src/services/{peer}")).exists() {
                continue;
            }
            found.insert(format!("{own} -> {peer}"));
            let part = import.path.get(2).map_or("", String::as_str);
            let folder = format!("src/services/{peer}/{part}");
            if !part.is_empty()
                && (crate::root().join(format!("{folder}.rs")).exists() || crate::root().join(&folder).is_dir())
            {
                inside.push(format!("{}:{}: reaches into services::{peer}::{part}", source.path, import.line));
            }
        }
    }
    let allowed = SERVICE_EDGES.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
    crate::expect_none(crate::compare(&found, &allowed), "edges between services are listed in SERVICE_EDGES:");
    crate::expect_none(inside, "a service is used through what its mod.rs offers:");
}
