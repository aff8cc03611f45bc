//! The transactions of the store, on real files.

mod accounts;
mod engine;

use super::testing::{TestClock, options, store, store_with_clock};
use super::{Store, lease};
use crate::base::{Error, Kind, Result};
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn put(store: &Store, name: &str) -> Result<u64> {
    let sql = "INSERT INTO settings (name, value, sealed, updated_at, updated_by) VALUES (?, ?, 0, 0, 'test')";
    store.write(|tx| tx.exec(sql, &values![name, "1"]))
}

fn settings(store: &Store) -> i64 {
    store.read(|tx| tx.count("SELECT COUNT(*) FROM settings", &[])).unwrap()
}

#[test]
fn threads_that_read_and_then_write_wait_for_each_other() {
    let (_folder, store) = store();
    store.write(|tx| tx.exec("INSERT INTO generation (id, number) VALUES (1, 0)", &[])).unwrap();
    std::thread::scope(|scope| {
        // Another program with the file open: meeting it, a transaction that read first could not go on to write.
        scope.spawn(|| {
            let other = rusqlite::Connection::open(store.path()).unwrap();
            other.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
            for _ in 0..100 {
                other.execute("UPDATE generation SET number = number + 1", []).unwrap();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100 {
                    store
                        .write(|tx| {
                            let n = tx.count("SELECT number FROM generation", &[])?;
                            tx.exec("UPDATE generation SET number = ?", &values![n + 1])
                        })
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(store.read(|tx| tx.count("SELECT number FROM generation", &[])).unwrap(), 300);
}

#[test]
fn errors_and_panics_leave_nothing_and_the_writer_goes_on() {
    let (_folder, store) = store();
    let insert = "INSERT INTO generation (id, number) VALUES (1, 1)";
    let failed = store.write(|tx| {
        tx.exec(insert, &[])?;
        Err::<(), _>(Error::new(Kind::Conflict, "site_exists"))
    });
    assert_eq!(failed.unwrap_err().code(), "site_exists");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.write(|tx| -> Result<()> {
            tx.exec(insert, &[])?;
            panic!("in the middle");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.read(|tx| tx.count("SELECT COUNT(*) FROM generation", &[])).unwrap(), 0);
    assert_eq!(store.write(|tx| tx.exec(insert, &[])).unwrap(), 1);
}

#[test]
fn readers_see_one_state_and_cannot_write() {
    let (_folder, store) = store();
    let seen = store.read(|tx| {
        let before = tx.count("SELECT COUNT(*) FROM settings", &[])?;
        put(&store, "a").unwrap();
        Ok((before, tx.count("SELECT COUNT(*) FROM settings", &[])?))
    });
    assert_eq!(seen.unwrap(), (0, 0));
    assert_eq!(settings(&store), 1);
    let e = store.read(|tx| tx.exec("DELETE FROM settings", &[])).unwrap_err();
    assert_eq!((e.kind(), e.code()), (Kind::Unavailable, "disk_read_only"));
}

#[test]
fn a_second_row_with_the_same_key_is_a_conflict_that_names_the_column() {
    let (_folder, store) = store();
    put(&store, "a").unwrap();
    let e = put(&store, "a").unwrap_err();
    assert_eq!((e.kind(), e.code(), e.param("columns")), (Kind::Conflict, "row_exists", Some("settings.name")));
    let orphan = "INSERT INTO reservations (name, plan_id, expires_at) VALUES ('a.test', 'none', 0)";
    assert_eq!(store.write(|tx| tx.exec(orphan, &[])).unwrap_err().code(), "row_in_use");
}

#[test]
fn a_state_folder_has_one_owner_and_is_private() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("state");
    let first = Store::open(options(outer.path(), TestClock::new())).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("manara.db"))), (0o700, 0o600));
    put(&first, "a").unwrap_err();
    assert_eq!(mode(&folder.join("manara.db-wal")), 0o600);
    let Err(second) = Store::open(options(outer.path(), TestClock::new())) else { panic!("two owners") };
    assert_eq!((second.kind(), second.code()), (Kind::Conflict, "state_in_use"));
    drop(first);
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    let Err(open) = Store::open(options(outer.path(), TestClock::new())) else { panic!("a public folder") };
    assert_eq!(open.code(), "state_folder_open");
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
    Store::open(options(outer.path(), TestClock::new())).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(options(folder.path(), TestClock::new())).unwrap());
    let letter = "this is a letter, not a database, and long enough".repeat(100);
    std::fs::write(folder.path().join("state/manara.db"), letter).unwrap();
    let Err(e) = Store::open(options(folder.path(), TestClock::new())) else { panic!("opened a letter") };
    assert_eq!(e.code(), "store_damaged");
}

/// Runs a mount program on `place`.
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the store's tests cannot use `platform`")]
fn run(program: &str, arguments: &[&str], place: &std::path::Path) {
    let status = std::process::Command::new(program).args(arguments).arg(place).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

/// Runs a test on a disk of 2 MiB in memory. A machine that promises root must be able to mount it.
fn on_a_disk(test: impl Fn(&std::path::Path)) {
    if !rustix::process::geteuid().is_root() {
        let promised = std::env::var("MANARA_TEST_PROMISES").is_ok_and(|p| p.split(',').any(|word| word == "root"));
        assert!(!promised, "MANARA_TEST_PROMISES names root, and this is not root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    run("mount", &["-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs"], place);
    let tested = catch_unwind(AssertUnwindSafe(|| test(place)));
    run("umount", &["--lazy"], place);
    if let Err(panic) = tested {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    on_a_disk(|place| {
        let store = Store::open(options(place, TestClock::new())).unwrap();
        super::migrations::up(&store).unwrap();
        let filler = "x".repeat(64 * 1024);
        let sql = "INSERT INTO settings (name, value, sealed, updated_at, updated_by) VALUES (?, ?, 0, 0, 'test')";
        let add = |n: i64| store.write(|tx| tx.exec(sql, &values![n.to_string(), filler.as_str()]));
        let mut written = 0;
        let error = loop {
            match add(written) {
                Ok(_) => written += 1,
                Err(e) => break e,
            }
            assert!(written < 1000, "the disk never fills");
        };
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "disk_full"));
        assert!(written > 0);
        assert_eq!(settings(&store), written, "all that was promised is there");
        drop(store);
        run("mount", &["-o", "remount,size=8m"], place);
        let store = Store::open(options(place, TestClock::new())).unwrap();
        assert_eq!(settings(&store), written);
        put(&store, "after").unwrap();
    });
}

#[test]
fn a_disk_that_can_only_be_read_is_reported_and_loses_nothing() {
    on_a_disk(|place| {
        let store = Store::open(options(place, TestClock::new())).unwrap();
        super::migrations::up(&store).unwrap();
        put(&store, "before").unwrap();
        drop(store);
        run("mount", &["-o", "remount,ro"], place);
        let Err(e) = Store::open(options(place, TestClock::new())) else { panic!("opened for writing") };
        assert_eq!((e.kind(), e.code()), (Kind::Unavailable, "disk_read_only"), "{e:?}");
        run("mount", &["-o", "remount,rw"], place);
        let store = Store::open(options(place, TestClock::new())).unwrap();
        assert_eq!(settings(&store), 1);
        put(&store, "after").unwrap();
    });
}

#[test]
fn figures_and_ping_answer() {
    let (_folder, store) = store();
    assert!(store.ping().unwrap().as_secs() < 5);
    let figures = store.figures();
    assert_eq!((figures.readers, figures.readers_busy, figures.writer_busy), (2, 0, false));
    assert!(figures.file_bytes + figures.wal_bytes > 0);
    assert!(store.write(|_| Ok(store.figures().writer_busy)).unwrap());
}

#[test]
fn the_lease_passes_on_only_with_the_folder() {
    let (_folder, store, clock) = store_with_clock();
    lease::take(&store, "one").unwrap();
    clock.advance_s(5);
    assert!(lease::beat(&store, "one").unwrap());
    lease::take(&store, "two").unwrap();
    assert!(!lease::beat(&store, "one").unwrap(), "the first owner learns that it lost");
    lease::release(&store, "two").unwrap();
    assert_eq!(store.read(lease::current).unwrap(), None);
}
