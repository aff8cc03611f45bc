//! Migrations on real files.

use super::structure::frozen_findings;
use super::*;
use crate::store::testing::{TestClock, options};
use std::path::Path;

fn open(folder: &Path) -> Store {
    Store::open(options(folder, TestClock::new())).unwrap()
}

fn beside(store: &Store, list: &'static [Migration]) -> Store {
    store.open_beside("other.db", 1, list).unwrap()
}

fn tables(store: &Store) -> i64 {
    store.read(|tx| tx.count("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'", &[])).unwrap()
}

const ONE: Migration = Migration {
    number: 1,
    name: "one",
    up: &["CREATE TABLE IF NOT EXISTS a (id VARCHAR(9) NOT NULL PRIMARY KEY)", "INSERT INTO a (id) VALUES ('x')"],
    down: &["DELETE FROM a", "DROP TABLE IF EXISTS a"],
};
const TWO: Migration = Migration {
    number: 2,
    name: "two",
    up: &["CREATE TABLE IF NOT EXISTS b (id VARCHAR(9) NOT NULL PRIMARY KEY REFERENCES a (id))"],
    down: &["DROP TABLE IF EXISTS b"],
};
const FORGETS_DOWN: Migration = Migration {
    number: 2,
    name: "forgets",
    up: &["CREATE TABLE IF NOT EXISTS b (id BIGINT)", "CREATE TABLE IF NOT EXISTS c (id BIGINT)"],
    down: &["DROP TABLE IF EXISTS b"],
};
const LOSES: Migration = Migration {
    number: 2,
    name: "loses",
    up: &["CREATE TABLE IF NOT EXISTS b (id BIGINT)"],
    down: &["DELETE FROM a", "DROP TABLE IF EXISTS b"],
};
const SLOPPY: Migration =
    Migration { number: 3, name: "Sloppy", up: &["CREATE TABLE a (id BIGINT); DROP TABLE b"], down: &[] };
const DESTROYS: Migration = Migration {
    number: 2,
    name: "destroys",
    up: &["DROP TABLE IF EXISTS a"],
    down: &["CREATE TABLE IF NOT EXISTS a (id VARCHAR(9) NOT NULL PRIMARY KEY)"],
};
const CHANGED: Migration = Migration { up: &["CREATE TABLE IF NOT EXISTS a (id BIGINT)"], ..ONE };

static BOTH: [Migration; 2] = [ONE, TWO];
static OLD: [Migration; 1] = [ONE];
static REWRITTEN: [Migration; 1] = [CHANGED];
static BAD_DOWN: [Migration; 2] = [ONE, FORGETS_DOWN];
static BAD_ROWS: [Migration; 2] = [ONE, LOSES];
static DESTRUCTIVE: [Migration; 2] = [ONE, DESTROYS];

#[test]
fn released_migrations_did_not_change() {
    let wrong = frozen_findings(ALL);
    assert_eq!(wrong, [], "a released migration never changes; a new one adds `NAME CHECKSUM` to CHECKSUMS");
    let names: Vec<String> = CHECKSUMS.lines().map(|l| l.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(names, ALL.iter().map(Migration::full_name).collect::<Vec<_>>());
}

#[test]
fn up_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(status(&store).unwrap().pending, ALL.len());
    let report = up(&store).unwrap();
    let newest = ALL.last().unwrap().number;
    assert_eq!((report.from, report.to, report.snapshot), (0, newest, None));
    let full = tables(&store);
    assert_eq!(up(&store).unwrap().ran.len(), 0, "a second run has nothing to do");
    let report = down(&store, 0).unwrap();
    assert!(report.snapshot.unwrap().exists(), "there was something to lose");
    assert_eq!(tables(&store), 2, "only the migrations' own tables are left");
    assert_eq!(down(&store, 7).unwrap_err().code(), "migration_unknown");
    up(&store).unwrap();
    assert_eq!(tables(&store), full);
}

#[test]
fn a_run_killed_after_any_step_goes_on_where_it_stopped() {
    let plan = [(Direction::Up, 0), (Direction::Up, 1), (Direction::Down, 0), (Direction::Down, 1)];
    for (direction, last_step) in plan {
        let folder = tempfile::tempdir().unwrap();
        let main = open(folder.path());
        let store = beside(&main, &OLD);
        run::go(&store, 0).unwrap();
        if direction == Direction::Down {
            up(&store).unwrap();
        }
        for step in 0..=last_step {
            run::run_step(&store, &ONE, direction, step).unwrap();
        }
        assert_eq!(status(&store).unwrap().migrations[0].interrupted, Some(direction));
        drop(store);
        let store = beside(&main, &OLD);
        up(&store).unwrap();
        let rows = store.read(|tx| tx.count("SELECT COUNT(*) FROM a", &[])).unwrap();
        assert_eq!(rows, 1, "no statement ran twice and none was left out: {direction:?} {last_step}");
        assert_eq!(status(&store).unwrap().pending, 0);
    }
}

/// The test runs itself a second time; that process dies inside the transaction of the second step.
#[test]
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the store's tests cannot use `platform`")]
fn a_process_killed_inside_a_step_leaves_a_database_that_goes_on() {
    const FOLDER: &str = "MANARA_TEST_DIES_IN";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let main = open(Path::new(&folder));
        let store = beside(&main, &OLD);
        run::go(&store, 0).unwrap();
        run::run_step(&store, &ONE, Direction::Up, 0).unwrap();
        let _: Result<()> = store.write(|tx| {
            tx.exec(ONE.up[1], &[])?;
            std::process::abort();
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "store::migrations::tests::a_process_killed_inside_a_step_leaves_a_database_that_goes_on"]);
    let ended = again.env(FOLDER, folder.path()).output().unwrap().status;
    assert!(!ended.success() && ended.code().is_none(), "it died by a signal: {ended}");
    let main = open(folder.path());
    let store = beside(&main, &OLD);
    let rows = || store.read(|tx| tx.count("SELECT COUNT(*) FROM a", &[])).unwrap();
    assert_eq!((rows(), status(&store).unwrap().migrations[0].interrupted), (0, Some(Direction::Up)));
    up(&store).unwrap();
    assert_eq!(rows(), 1);
}

#[test]
fn the_state_before_an_upgrade_can_be_had_back() {
    let folder = tempfile::tempdir().unwrap();
    let main = open(folder.path());
    up(&beside(&main, &OLD)).unwrap();
    for round in 0..8 {
        let store = beside(&main, &BOTH);
        let snapshot = up(&store).unwrap().snapshot.unwrap();
        let old = rusqlite::Connection::open(&snapshot).unwrap();
        let count = |sql| old.query_row::<i64, _, _>(sql, [], |r| r.get(0)).unwrap();
        assert_eq!(count("SELECT COUNT(*) FROM a"), 1);
        assert_eq!(count("SELECT COUNT(*) FROM sqlite_master WHERE name = 'b'"), 0, "round {round}");
        down(&store, 1).unwrap();
    }
    assert_eq!(crate::store::sqlite::files::names(&main.folder().join("snapshots")).len(), 5, "old copies go");
}

#[test]
fn a_newer_or_other_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let main = open(folder.path());
    let store = beside(&main, &BOTH);
    up(&store).unwrap();
    drop(store);
    let Err(e) = main.open_beside("other.db", 1, &OLD) else { panic!("a newer database was opened") };
    assert_eq!((e.kind(), e.code(), e.param("found")), (Kind::Conflict, "store_newer", Some("0002_two")));
    down(&beside(&main, &BOTH), 1).unwrap();
    assert_eq!(up(&beside(&main, &REWRITTEN)).unwrap_err().code(), "migration_changed");
}

#[test]
fn the_checker_passes_what_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    up(&store).unwrap();
    let report = check(&store).unwrap();
    assert!(report.ok, "{report:#?}");
    assert!(report.scratch[0].rows > 30, "the trial had data in it");
    assert!(crate::store::sqlite::files::names(&store.folder().join("scratch")).is_empty());
}

#[test]
fn the_checker_finds_what_reading_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let main = open(folder.path());
    let problem = |list| {
        let report = check(&main.open_beside("other.db", 1, list).unwrap()).unwrap();
        assert!(!report.ok);
        report.scratch.into_iter().find_map(|r| r.problem).unwrap()
    };
    assert_eq!(problem(&BAD_DOWN), "down_leaves_other_schema");
    assert_eq!(problem(&BAD_ROWS), "down_loses_rows");
}

#[test]
fn the_checker_flags_structure_and_destruction() {
    let codes: Vec<_> = findings(&[ONE, SLOPPY]).into_iter().map(|f| f.code).collect();
    assert_eq!(codes, ["order", "name", "empty", "several_statements", "not_re_runnable"]);
    let flagged = findings(&DESTRUCTIVE);
    assert_eq!(flagged.iter().map(|f| (f.code, f.fatal)).collect::<Vec<_>>(), [("destructive", false)]);
}

#[test]
fn every_finding_has_its_words() {
    use crate::base::locale::{Lang, find};
    let codes = [include_str!("structure.rs"), include_str!("check.rs")].map(|source| {
        let starts = ["add(\"", "problem = Some(\"", "problem: Some(\"", "=> \"", "code: \""];
        let quoted =
            move |start: &str| source.split(start).skip(1).filter_map(|t| t.split('"').next()).collect::<Vec<_>>();
        starts.into_iter().flat_map(quoted).collect::<Vec<_>>()
    });
    let codes = codes.concat();
    assert!(codes.len() >= 16, "the sources are read: {codes:?}");
    for code in codes {
        for lang in Lang::ALL {
            assert!(find::<&str>(lang, &format!("migration.{code}"), &[]).is_some(), "{lang:?} migration.{code}");
        }
    }
}
