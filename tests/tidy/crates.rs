//! Which module may name which third-party crate: a library that can be named anywhere cannot be replaced or reviewed.

use crate::source::{self, Source, words};
use std::collections::BTreeSet;

/// Everywhere: vocabulary without effects.
const ANYWHERE: &[&str] = &[];

/// Crate, and the modules (path prefixes below `src`) that may name it; an empty list means everywhere.
const HOMES: &[(&str, &[&str])] = &[
    // Vocabulary: data, text, encodings. No effects, so no home.
    ("base64", ANYWHERE),
    ("bytes", ANYWHERE),
    ("jiff", ANYWHERE),
    ("log", ANYWHERE),
    ("schemars", ANYWHERE),
    ("serde", ANYWHERE),
    ("serde_json", ANYWHERE),
    ("toml", ANYWHERE),
    // Cryptography is written once.
    ("argon2", &["base", "services/accounts"]),
    ("chacha20poly1305", &["base", "store"]),
    ("getrandom", &["base", "platform"]),
    ("hkdf", &["base", "store"]),
    ("hmac", &["base", "store", "archive"]),
    ("sha2", &["base", "store", "archive", "engine", "platform", "nginx_syntax"]),
    ("ring", &["platform/install", "http/tls"]),
    ("subtle", &["base", "store", "services/accounts", "http"]),
    ("rcgen", &["base", "platform", "services/certs", "app"]),
    // Text.
    ("idna", &["base"]),
    ("imara_diff", &["base"]),
    ("strsim", &["base"]),
    // The database.
    ("rusqlite", &["store/sqlite"]),
    ("r2d2", &["store/sqlite"]),
    ("r2d2_sqlite", &["store/sqlite"]),
    ("scheduled_thread_pool", &["store/sqlite"]),
    // Async and the wire: nowhere else, or every caller becomes async.
    ("tokio", &["http", "platform/host_service", "cli/remote", "plugins", "app"]),
    ("hyper", &["http", "platform/host_service", "cli/remote"]),
    ("hyper_util", &["http", "platform/host_service", "cli/remote"]),
    ("http_body_util", &["http", "platform/host_service", "cli/remote"]),
    ("tokio_rustls", &["http", "app"]),
    ("rustls", &["http", "platform/fetch", "platform/panel_tls", "cli/remote", "app/self_test", "app"]),
    ("rustls_pki_types", &["http", "platform/fetch", "platform/panel_tls", "cli/remote", "app/self_test", "app"]),
    ("ureq", &["platform"]),
    ("rust_embed", &["http/assets"]),
    // The machine.
    ("flate2", &["platform/files"]),
    ("rustix", &["platform", "plugins/child", "store/sqlite"]),
    ("zstd", &["archive", "store", "http", "app/self_test"]),
    ("mlua", &["plugins", "app/self_test"]),
    // The terminal and the process.
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
    ("env_logger", &["app"]),
    ("mimalloc", &["main.rs", "platform/sys"]),
];

fn dependencies() -> Vec<String> {
    let manifest: toml::Table = crate::read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let table = manifest["dependencies"].as_table().expect("[dependencies] is a table");
    table.keys().map(|name| name.replace('-', "_")).collect()
}

/// The lines of a file that name a crate: `name::…` or `use name…`, not in the middle of a path. Tests are free.
fn lines_naming(source: &Source, name: &str) -> Vec<usize> {
    let own_module = source.code.contains(&format!("mod {name};"));
    let places = words(&source.code, name).filter(|start| {
        let before = source.code[..*start].trim_end();
        let after = source.code[start + name.len()..].trim_start();
        let named = after.starts_with("::") || (before.ends_with("use") && after.starts_with([';', ' ']));
        // `a::name::b` is not the crate; `::name::b` is.
        let prefix = before.strip_suffix("::").unwrap_or_default();
        let inner = before.ends_with('.') || prefix.ends_with(|c: char| c.is_alphanumeric() || "_>}".contains(c));
        named && !inner && !own_module && !source.in_tests(*start)
    });
    places.map(|start| source.line(start)).collect()
}

fn at_home(path: &str, homes: &[&str]) -> bool {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    homes.is_empty()
        || homes
            .iter()
            .any(|home| inside == *home || inside == format!("{home}.rs") || inside.starts_with(&format!("{home}/")))
}

#[test]
fn every_dependency_has_a_home() {
    let listed = HOMES.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
    let found = dependencies().into_iter().collect();
    crate::expect_none(crate::compare(&found, &listed), "HOMES of tests/tidy/crates.rs lists every dependency:");
}

#[test]
fn crates_stay_at_home() {
    let sources = source::product();
    let mut problems = Vec::new();
    for (name, homes) in HOMES {
        for source in sources.iter().filter(|source| !at_home(&source.path, homes)) {
            problems.extend(lines_naming(source, name).iter().map(|line| format!("{}:{line}: {name}", source.path)));
        }
    }
    crate::expect_none(problems, "a crate outside its home (HOMES of tests/tidy/crates.rs):");
}

#[test]
fn every_dependency_is_used() {
    let sources = source::product();
    let used = |name: &str| sources.iter().any(|source| !lines_naming(source, name).is_empty());
    // rust-embed is named by the code that build.rs writes.
    let generated = crate::read("build.rs");
    let unused = dependencies().into_iter().filter(|name| !used(name) && !generated.contains(&format!("{name}::")));
    crate::expect_none(unused.collect(), "remove from Cargo.toml what no code names:");
}

/// Async beyond these folders would make every caller async.
#[test]
fn async_stays_at_the_edges() {
    let homes = HOMES.iter().find(|(name, _)| *name == "tokio").expect("tokio is listed").1;
    let mut problems = Vec::new();
    for source in source::product().iter().filter(|source| !at_home(&source.path, homes)) {
        let lines =
            words(&source.code, "async").filter(|start| !source.in_tests(*start)).map(|start| source.line(start));
        problems.extend(lines.map(|line| format!("{}:{line}", source.path)));
    }
    crate::expect_none(problems, "async code outside http, platform/host_service and the plugins' pipe:");
}
