//! Released migrations do not change: databases out there have run them.
//!
//! The store's own tests compare each migration with its line in `CHECKSUMS`; here the lines themselves are held.

use std::collections::BTreeSet;
use std::process::Command;

const FOLDER: &str = "src/store/migrations";

/// `NAME CHECKSUM` a line, oldest first.
const CHECKSUMS: &str = "src/store/migrations/CHECKSUMS";

/// `0001_first` for `m0001_first.rs`, for every migration there is.
fn migrations() -> BTreeSet<String> {
    let files = crate::repository_files().into_iter().filter(|path| path.starts_with(FOLDER));
    let names =
        files.filter_map(|path| Some(path.rsplit('/').next()?.strip_prefix('m')?.strip_suffix(".rs")?.to_owned()));
    names.filter(|name| name.starts_with(|first: char| first.is_ascii_digit())).collect()
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).current_dir(crate::root()).output().expect("git runs");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

#[test]
fn every_migration_is_recorded() {
    let text = crate::read(CHECKSUMS);
    let recorded = text.lines().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
    assert!(!migrations().is_empty(), "there is a first migration");
    crate::expect_none(crate::compare(&migrations(), &recorded), "CHECKSUMS names every migration once:");
}

/// Before the first release there is nothing to hold.
#[test]
fn what_a_release_recorded_is_still_recorded() {
    let Some(tag) = git(&["describe", "--tags", "--abbrev=0"]) else { return };
    let Some(released) = git(&["show", &format!("{tag}:{CHECKSUMS}")]) else { return };
    let now = crate::read(CHECKSUMS);
    let changed = released.lines().filter(|line| !now.lines().any(|kept| kept == *line));
    crate::expect_none(
        changed.map(str::to_owned).collect(),
        &format!("{tag} shipped these: write a new migration instead:"),
    );
}
