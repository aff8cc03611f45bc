//! Chooses the browser files to embed and tells the program what it was built from.
//!
//! No npm runs here: `scripts/build-ui.sh` builds `assets/dist`. A release refuses a missing or stale one, because
//! nobody looks at the pages again before they are shipped; other profiles embed a placeholder page where there is
//! none, so that `cargo build` and `cargo test` need no Node.js.
//!
//! For the crate: `OUT_DIR/en.texts` and `ar.texts`, the catalogues of texts without tables, so that no program parses
//! them when it starts; `OUT_DIR/ui.rs`, which defines `Ui` with the chosen folder (rust-embed could read the folder from a
//! variable, at the price of six more crates); `MANARA_COMMIT`, the commit's short hash, `unknown`, or `development`
//! (a new commit must not rebuild a development build); `MANARA_TARGET`, the target triple.
// A build script is a program of its own, before platform exists.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "asks git and scripts/ui-hash.sh at build time; not part of the product"
)]

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

const DIST: &str = "assets/dist";
const PLACEHOLDER: &str = "assets/placeholder";

fn main() {
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=MANARA_TARGET={}", env::var("TARGET").expect("cargo sets TARGET"));
    println!("cargo::rustc-env=MANARA_COMMIT={}", if release { commit() } else { "development".into() });

    let ui = format!(
        "/// The browser's files, chosen by `build.rs`.\n#[derive(rust_embed::RustEmbed)]\n#[folder = {:?}]\npub(crate) struct Ui;\n",
        ui_folder(release)
    );
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("ui.rs"), ui).expect("cargo's OUT_DIR can be written");

    for lang in ["en", "ar"] {
        let source = format!("assets/locale/{lang}.toml");
        println!("cargo::rerun-if-changed={source}");
        let table = fs::read_to_string(&source).expect("a catalogue of texts").parse().unwrap_or_else(|e| {
            println!("cargo::error={source}: {e}");
            toml::Table::new()
        });
        let mut flat = BTreeMap::new();
        flatten("", &table, &mut flat);
        let texts: String = flat.iter().map(|(key, text)| format!("{key}\0{text}\0")).collect();
        fs::write(Path::new(&out).join(format!("{lang}.texts")), texts).expect("cargo's OUT_DIR can be written");
    }
}

/// The texts of all tables by their whole path, `table.key`.
fn flatten(prefix: &str, table: &toml::Table, flat: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => flatten(&format!("{prefix}{key}."), inner, flat),
            toml::Value::String(text) => drop(flat.insert(format!("{prefix}{key}"), text.clone())),
            _ => {}
        }
    }
}

/// The folder with the browser files. A release ends here when they are not those of the sources.
fn ui_folder(release: bool) -> &'static str {
    // Cargo takes a watched path that does not exist for changed each time: the placeholder stands for the folder
    // that is not there yet, and build-ui.sh touches it.
    println!("cargo::rerun-if-changed={PLACEHOLDER}");
    let built = Path::new(DIST).join("index.html").exists();
    if built {
        println!("cargo::rerun-if-changed={DIST}");
    }
    if release {
        watch_sources();
        let stamp = fs::read_to_string(Path::new(DIST).join(".stamp")).unwrap_or_default();
        if !built || stamp.trim() != ui_hash() {
            let what = if built { "older than their sources" } else { "missing" };
            println!("cargo::error=the browser pages in {DIST} are {what}: run scripts/build-ui.sh, then build again");
        }
    }
    if built { DIST } else { PLACEHOLDER }
}

/// Reruns this script when a source of the browser pages changes. `node_modules` is left out: cargo would walk it all.
fn watch_sources() {
    let top = fs::read_dir("assets/ui").into_iter().flatten().flatten().map(|entry| entry.path());
    for path in top.filter(|path| !path.ends_with("node_modules")) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    for path in ["Cargo.lock", "assets/locale", "assets/openapi.json", "scripts/ui-hash.sh"] {
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

/// The hash of the browser's sources, from the script that `build-ui.sh` calls too: one definition cannot disagree.
fn ui_hash() -> String {
    output(Command::new("sh").arg("scripts/ui-hash.sh")).expect("scripts/ui-hash.sh prints the hash of the sources")
}

fn commit() -> String {
    println!("cargo::rerun-if-env-changed=MANARA_COMMIT");
    if let Ok(given) = env::var("MANARA_COMMIT") {
        return given;
    }
    let log = output(Command::new("git").args(["rev-parse", "--git-path", "logs/HEAD"]));
    if let Some(log) = log.filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    output(Command::new("git").args(["rev-parse", "--short=9", "HEAD"])).unwrap_or_else(|| "unknown".into())
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
