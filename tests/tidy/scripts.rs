//! The shell scripts: they parse, they can be started, and they tell `cross` which file is its own.

use std::process::Command;

fn scripts() -> Vec<String> {
    crate::repository_files().into_iter().filter(|path| path.ends_with(".sh") || path == ".ci/run").collect()
}

/// The interpreter of the first line; a file that is only sourced has none.
fn interpreter(text: &str) -> Option<&'static str> {
    let first = text.lines().next().unwrap_or_default();
    match first {
        "#!/usr/bin/env bash" | "#!/bin/bash" => Some("bash"),
        "#!/bin/sh" => Some("sh"),
        _ => None,
    }
}

#[test]
fn scripts_parse() {
    let mut problems = Vec::new();
    for path in scripts() {
        let shell = interpreter(&crate::read(&path)).unwrap_or("bash");
        let parsed = Command::new(shell).arg("-n").arg(crate::root().join(&path)).output().expect("a shell runs");
        if !parsed.status.success() {
            problems.push(String::from_utf8_lossy(&parsed.stderr).into_owned());
        }
    }
    crate::expect_none(problems, "syntax errors in shell scripts:");
}

#[test]
fn scripts_stop_at_the_first_error() {
    let careless = scripts().into_iter().filter(|path| {
        let text = crate::read(path);
        let strict =
            ["set -euo pipefail", "set -eu", "set -uo pipefail"].iter().any(|line| text.lines().any(|l| l == *line));
        interpreter(&text).is_some() && !strict
    });
    crate::expect_none(careless.collect(), "begin with `set -euo pipefail` (sh: `set -eu`):");
}

#[test]
fn scripts_with_an_interpreter_can_be_started() {
    use std::os::unix::fs::PermissionsExt;
    let executable = |path: &str| {
        let metadata = std::fs::metadata(crate::root().join(path)).expect("the file is listed");
        metadata.permissions().mode() & 0o111 != 0
    };
    let wrong = scripts().into_iter().filter(|path| interpreter(&crate::read(path)).is_some() != executable(path));
    crate::expect_none(wrong.collect(), "executable and `#!` go together:");
}

/// `cross` looks for `Cross.toml` unless told otherwise, and says nothing when it finds none.
#[test]
fn scripts_that_build_for_other_machines_point_cross_to_its_file() {
    let file = "cross.toml";
    let settings: toml::Table = crate::read(file).parse().expect("cross.toml is TOML");
    for target in ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "armv7-unknown-linux-musleabihf"] {
        assert!(settings["target"].get(target).is_some(), "{file} has no section for {target}");
    }
    let builds = |line: &str| {
        let line = line.trim_start();
        !line.starts_with('#')
            && (line.contains("cargo build") && line.contains("--target ") || line.starts_with("cross "))
    };
    let building: Vec<_> = scripts().into_iter().filter(|path| crate::read(path).lines().any(builds)).collect();
    assert!(!building.is_empty(), "a script builds for other machines");
    let export = format!("export CROSS_CONFIG={file}");
    let silent = building.into_iter().filter(|path| !crate::read(path).lines().any(|line| line.trim() == export));
    crate::expect_none(silent.collect(), "these scripts cross-compile without `export CROSS_CONFIG=cross.toml`:");
}

#[test]
fn the_gate_is_the_test_script() {
    let text = crate::read(".ci/run");
    let calls = text.lines().any(|line| line.contains("scripts/test.sh") && !line.trim_start().starts_with('#'));
    assert!(calls && text.lines().count() < 20, ".ci/run calls scripts/test.sh and does nothing else");
}
