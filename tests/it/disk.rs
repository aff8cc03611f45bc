//! Changes on a disk that is full or can only be read: nothing is lost, nothing is half done, and it works again afterwards.

use crate::support::disk::{Disk, can_mount};
use crate::support::rig::Rig;
use manara::base::Result;
use manara::ops::Outcome;
use serde_json::json;

fn create(rig: &Rig, domain: &str) -> Result<Outcome> {
    rig.call("site.create", json!({ "domain": domain, "kind": "static" }))
}

/// What a failed creation of `a.test` must leave.
fn nothing_changed(rig: &Rig, before: &[(String, String)], what: &str) {
    assert_eq!(rig.snapshot(), before, "{what}");
    assert_eq!(rig.get("keep.test", "/").unwrap().0, 200, "{what}");
    assert_eq!(rig.get("a.test", "/"), None, "{what}");
    assert_eq!(rig.call("site.show", json!({ "domain": "a.test" })).unwrap_err().code(), "site_not_found", "{what}");
}

fn running_jobs(rig: &Rig) -> i64 {
    rig.call("job.list", json!({ "state": "running" })).unwrap().body["total"].as_i64().unwrap()
}

#[test]
fn a_full_disk_stops_a_creation_wherever_it_is() {
    if !can_mount() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let disk = Disk::mount(place.path(), 16 * 1024);
    let rig = Rig::at(tempfile::tempdir_in(place.path()).unwrap());
    create(&rig, "keep.test").unwrap();
    let before = rig.snapshot();
    let (mut at_once, mut under_way) = (0, 0);
    // With every page more the creation comes a little further.
    for left in 0..400 {
        disk.fill(left);
        let outcome = create(&rig, "a.test");
        if outcome.is_ok() {
            disk.empty();
            assert!(at_once > 0 && under_way > 2, "{at_once} failed before the job began, {under_way} after");
            assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
            assert_eq!(running_jobs(&rig), 0);
            return;
        }
        let error = outcome.unwrap_err();
        if error.param("job").is_some() {
            under_way += 1
        } else {
            at_once += 1
        }
        assert_eq!(error.code(), "disk_full", "with {left} pages: {error:?}");
        assert_eq!(error.param("undo"), None, "with {left} pages: {error:?}");
        nothing_changed(&rig, &before, &format!("with {left} pages: {error:?}"));
        disk.empty();
    }
    panic!("the disk is never large enough");
}

#[test]
fn what_a_full_disk_left_unrecorded_is_mended_with_or_without_a_restart() {
    if !can_mount() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let disk = Disk::mount(place.path(), 16 * 1024);
    let mut rig = Rig::at(tempfile::tempdir_in(place.path()).unwrap());
    create(&rig, "keep.test").unwrap();
    let before = rig.snapshot();
    let mut unrecorded = 0;
    for left in 0..400 {
        disk.fill(left);
        let outcome = create(&rig, "a.test");
        disk.empty();
        if outcome.is_ok() {
            break;
        }
        if running_jobs(&rig) == 1 {
            unrecorded += 1;
            if unrecorded == 1 {
                rig.close();
                rig.reopen();
                assert_eq!(running_jobs(&rig), 0, "the next start ends what could not be recorded");
                nothing_changed(&rig, &before, "after the restart");
            }
        }
    }
    create(&rig, "b.test").unwrap();
    assert_eq!(running_jobs(&rig), 0);
    assert!(unrecorded > 0, "every failure could be recorded");
}

#[test]
fn a_disk_that_can_only_be_read_stops_a_creation() {
    if !can_mount() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let root = tempfile::tempdir_in(place.path()).unwrap();
    for folder in ["etc/nginx", "srv/www"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let disks = ["etc/nginx", "srv/www"].map(|folder| Disk::mount(&root.path().join(folder), 16 * 1024));
    let rig = Rig::at(root);
    create(&rig, "keep.test").unwrap();
    let before = rig.snapshot();
    for disk in &disks {
        disk.read_only(true);
        let error = create(&rig, "a.test").unwrap_err();
        assert_eq!((error.code(), error.param("undo")), ("disk_read_only", None), "{error:?}");
        nothing_changed(&rig, &before, &format!("{error:?}"));
        assert_eq!(running_jobs(&rig), 0);
        disk.read_only(false);
    }
    create(&rig, "a.test").unwrap();
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
}
