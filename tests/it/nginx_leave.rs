//! The panel leaves: nginx goes on with plain files, or with exactly what it had before.

use crate::support::debian::{SHOP, answer, debian, etc, start, theirs};
use crate::support::rig::Rig;
use serde_json::json;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// Everything about the files below nginx's folder that a comparison of file systems would see.
fn exactly(rig: &Rig) -> Vec<String> {
    let mut found = Vec::new();
    collect(&etc(rig), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = std::fs::symlink_metadata(&path).unwrap();
        let content = match (meta.is_dir(), meta.is_symlink()) {
            (true, _) => String::new(),
            (_, true) => std::fs::read_link(&path).unwrap().display().to_string(),
            _ => format!("{} {}", meta.mtime_nsec(), String::from_utf8_lossy(&std::fs::read(&path).unwrap())),
        };
        found.push(format!("{} {:o} {} {} {content}", path.display(), meta.mode(), meta.uid(), meta.gid()));
        if meta.is_dir() {
            collect(&path, found);
        }
    }
}

/// A closed panel with a site in an nginx of that ownership, and what was there before it.
fn settled(ownership: &'static str) -> (Rig, Vec<String>, Vec<String>) {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    let config = rig.root.path().join("etc/manara");
    std::fs::create_dir_all(&config).unwrap();
    let (http, https) = (rig.http_port, rig.https_port);
    let text = format!("[nginx]\nhttp_port = {http}\nhttps_port = {https}\nownership = \"{ownership}\"\n");
    std::fs::write(config.join("manara.toml"), text).unwrap();
    start(&rig);
    let before = (exactly(&rig), theirs(&rig));
    rig.ownership = ownership;
    rig.reopen();
    if ownership == "owned" {
        rig.call("nginx.adopt", json!({})).unwrap();
    }
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
    rig.close();
    (rig, before.0, before.1)
}

fn serves(rig: &Rig) -> bool {
    rig.get("ours.test", "/").is_some_and(|(status, _)| status == 200)
}

/// `manara nginx VERB` as a process of its own.
fn command(rig: &Rig, verb: &str, fault: Option<u32>) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
    command.arg("--root").arg(rig.root.path()).args(["nginx", verb]).env_clear();
    if let Some(n) = fault {
        command.env("MANARA_TEST_FAULT", format!("kill:{n}"));
    }
    command.output().unwrap()
}

#[test]
fn frozen_files_are_plain_ones_and_the_sites_go_on() {
    for ownership in ["owned", "shared"] {
        let (mut rig, _, _) = settled(ownership);
        rig.host().freeze().unwrap();
        assert!(serves(&rig), "{ownership}");
        let text: String = exactly(&rig).join("\n");
        for endpoint in ["manara/generation", "127.86.65.78"] {
            let with: Vec<_> = text.lines().filter(|line| line.contains(endpoint)).collect();
            assert!(with.is_empty(), "{ownership}: {with:?}");
        }
        assert_eq!(text.contains("manara/adopted/nginx.conf "), ownership == "owned", "what was adopted stays");
        let frozen = exactly(&rig);
        rig.host().freeze().unwrap();
        assert_eq!(exactly(&rig), frozen, "twice is once");
        // Whoever changes them now may keep the change, until the panel is back and says what it replaces.
        rig.reopen();
        assert!(serves(&rig));
        assert_eq!(rig.call("drift.list", json!({})).unwrap().body["items"], json!([]));
        rig.call("site.create", json!({ "domain": "more.test", "kind": "static" })).unwrap();
        assert!(!etc(&rig).join("manara/frozen").exists());
    }
}

#[test]
fn restoring_leaves_exactly_what_was_there() {
    for ownership in ["owned", "shared"] {
        let (rig, before, answers) = settled(ownership);
        rig.host().restore().unwrap();
        assert_eq!(exactly(&rig), before, "{ownership}");
        assert_eq!(theirs(&rig), answers, "{ownership}");
        assert!(!answer(&rig, "ours.test", "/").contains("ours.test"));
        rig.host().restore().unwrap();
        assert_eq!(exactly(&rig), before, "{ownership}: twice is once");
        end(rig);
    }
}

#[test]
fn restoring_comes_after_freezing_too() {
    let (rig, before, answers) = settled("owned");
    rig.host().freeze().unwrap();
    rig.host().restore().unwrap();
    assert_eq!((exactly(&rig), theirs(&rig)), (before, answers));
    end(rig);
}

#[test]
fn nothing_is_half_left() {
    for verb in ["freeze", "restore"] {
        let (rig, before, answers) = settled("owned");
        let mut kills = 0;
        for n in 1..60 {
            let ended = command(&rig, verb, Some(n));
            if ended.status.success() {
                break;
            }
            kills = n;
            assert!(serves(&rig) || theirs(&rig) == answers, "{verb} killed at {n}");
            assert!(ended.status.code().is_none(), "{ended:?}");
        }
        assert!(kills > 3, "{verb}: only {kills} steps");
        let ended = command(&rig, verb, None);
        assert!(ended.status.success(), "{ended:?}");
        match verb {
            "freeze" => assert!(serves(&rig)),
            _ => assert_eq!((exactly(&rig), theirs(&rig)), (before, answers)),
        }
        end(rig);
    }
}

#[test]
fn a_running_panel_is_not_left() {
    let (mut rig, _, _) = settled("shared");
    rig.reopen();
    let before = exactly(&rig);
    for verb in ["freeze", "restore"] {
        let ended = command(&rig, verb, None);
        assert_eq!(ended.status.code(), Some(4), "{ended:?}");
    }
    assert_eq!(exactly(&rig), before);
}

#[test]
fn what_does_not_work_is_not_restored() {
    let (rig, _, _) = settled("owned");
    std::fs::write(etc(&rig).join("sites-enabled/broken"), "no_such_thing;").unwrap();
    let before = exactly(&rig);
    let refused = rig.host().restore().unwrap_err();
    assert_eq!(refused.code(), "nginx_test_failed");
    assert!(refused.param("file").unwrap().ends_with("/sites-enabled/broken"));
    assert_eq!(exactly(&rig), before);
    assert!(serves(&rig));
    end(rig);
}

/// Ends the nginx of a panel that is closed.
fn end(rig: Rig) {
    manara::platform::Host::ask(&rig.host(), &manara::platform::HostOp::NginxStop).unwrap();
}
