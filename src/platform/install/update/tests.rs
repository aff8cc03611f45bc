//! Versions are shell scripts that keep their "database" in a file; services are a list of what was asked.

use super::super::health::Unmanaged;
use super::super::release::PublicKey;
use super::super::release::tests::{key, publish};
use super::super::testing::{self, Machine};
use super::*;
use crate::platform::faults::Fault;
use std::cell::{Cell, RefCell};
use std::os::unix::net::{UnixListener, UnixStream};

/// A version with this schema. Its database is `db`: `schema=N` and what was written to it.
fn script(version: &str, schema: u32, check: u32) -> String {
    format!(
        r#"#!/bin/sh
set -eu
case $1 in --version) echo "manara {version} (test, test)"; exit;; self-test) exit 0;; esac
root=$2; shift 2; words="$*"; db=$root/db
case $words in
  "--json self status") echo '{{"schema": {schema}}}' ;;
  "--json self setup --yes --no-start") echo {version} >"$root/units" ;;
  "--json migrate snapshot") cp "$db" "$root/kept"; echo "{{\"path\": \"$root/kept\"}}" ;;
  "--json migrate check") exit {check} ;;
  "--json migrate up") sed -i 's/schema=.*/schema={schema}/' "$db"; echo 'half done' >>"$db" ;;
  "--json --yes migrate down "*) sed -i "s/schema=.*/schema=${{words##* }}/" "$db" ;;
  "--json --yes migrate restore "*) cp "${{words##* }}" "$db" ;;
  *) echo "what is $words?"; exit 9 ;;
esac
"#
    )
}

/// A panel that runs, or not, and is well unless it is the version that is `sick`.
struct Panel<'a> {
    root: &'a Path,
    runs: Cell<bool>,
    sick: &'static str,
    said: RefCell<Vec<String>>,
}

impl Services for Panel<'_> {
    fn stop(&self) -> Result<()> {
        self.said.borrow_mut().push("stop".into());
        self.runs.set(false);
        Ok(())
    }

    fn start(&self) -> Result<()> {
        let version = current(self.root).unwrap();
        assert_eq!(std::fs::read_to_string(self.root.join("units")).unwrap().trim(), version, "units fit the version");
        self.said.borrow_mut().push(format!("start {version}"));
        self.runs.set(true);
        Ok(())
    }

    fn prove(&self, limit: Duration) -> Result<()> {
        if self.runs.get() && current(self.root).as_deref() != Some(self.sick) {
            return Ok(());
        }
        Err(Error::new(Kind::External, "update_unhealthy").with("seconds", limit.as_secs()))
    }
}

const DATABASE: &str = "schema=1\nprecious\n";

/// A machine with version 1.0.0, whose database has schema 1.
fn machine() -> Machine {
    let machine = testing::machine();
    let root = machine.root();
    for folder in ["opt/manara/1.0.0", "var/lib/manara-host", "etc/manara"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(machine.wanted.program.as_path(), script("1.0.0", 1, 0)).unwrap();
    disk::copy_program(&machine.wanted.program, &root.join("opt/manara/1.0.0/manara")).unwrap();
    disk::link(&root.join(CURRENT), "1.0.0").unwrap();
    std::fs::write(root.join("db"), DATABASE).unwrap();
    std::fs::write(root.join("units"), "1.0.0\n").unwrap();
    machine
}

fn release(machine: &Machine, version: &str, schema: u32, check: u32) -> Release {
    let folder = machine.beside(version);
    std::fs::create_dir_all(&folder).unwrap();
    let tarball = publish(&folder, version, &script(version, schema, check));
    release::verify(&tarball, &PublicKey::parse(&key().1).unwrap()).unwrap()
}

fn panel<'a>(machine: &'a Machine, sick: &'static str) -> Panel<'a> {
    Panel { root: machine.root(), runs: Cell::new(true), sick, said: RefCell::default() }
}

fn updater<'a>(machine: &'a Machine, services: &'a Panel<'_>, faults: &'a Faults) -> Updater<'a> {
    Updater { root: machine.root(), services, faults, tell: &|_| {} }
}

fn database(machine: &Machine) -> String {
    std::fs::read_to_string(machine.root().join("db")).unwrap()
}

#[test]
fn a_good_version_takes_over_and_goes_back_with_its_data() {
    let machine = machine();
    let (services, faults) = (panel(&machine, ""), Faults::default());
    let updater = updater(&machine, &services, &faults);
    let release = release(&machine, "1.1.0", 2, 0);
    assert!(updater.update(&release, false).unwrap());
    assert!(database(&machine).starts_with("schema=2\nprecious"));
    let now = status(machine.root()).unwrap();
    assert_eq!((now.current.as_deref(), now.previous.as_deref()), (Some("1.1.0"), Some("1.0.0")));
    assert!(!now.interrupted && !is_unproved(machine.root()));
    assert!(!updater.update(&release, false).unwrap(), "there already");

    std::fs::write(machine.root().join("db"), "schema=2\nprecious\nnew row\n").unwrap();
    assert_eq!(updater.rollback().unwrap(), "1.0.0");
    assert_eq!(database(&machine), "schema=1\nprecious\nnew row\n", "rows made since are kept");
    assert_eq!(status(machine.root()).unwrap().previous.as_deref(), Some("1.1.0"));
}

#[test]
fn a_version_that_is_not_well_goes_back_by_itself() {
    let machine = machine();
    let (services, faults) = (panel(&machine, "1.1.0"), Faults::default());
    let error = updater(&machine, &services, &faults).update(&release(&machine, "1.1.0", 2, 0), false).unwrap_err();
    assert_eq!(error.code(), "update_undone");
    assert_eq!(database(&machine), DATABASE);
    let now = status(machine.root()).unwrap();
    assert_eq!(now.current.as_deref(), Some("1.0.0"));
    assert_eq!(now.last.unwrap().failed.as_deref(), Some("update_unhealthy"));
    assert_eq!(*services.said.borrow(), ["stop", "start 1.1.0", "stop", "start 1.0.0"]);
    assert!(services.runs.get() && !is_unproved(machine.root()));
}

#[test]
fn a_version_whose_migrations_fail_on_the_copy_never_touches_the_database() {
    let machine = machine();
    let (services, faults) = (panel(&machine, ""), Faults::default());
    let error = updater(&machine, &services, &faults).update(&release(&machine, "1.1.0", 2, 1), false).unwrap_err();
    assert_eq!(error.code(), "update_undone");
    assert_eq!(database(&machine), DATABASE);
    assert_eq!(current(machine.root()).as_deref(), Some("1.0.0"));
}

/// Without a service manager nobody can stop the panel: it must not be left waiting for the proof of a version.
#[test]
fn a_panel_that_nobody_can_stop_keeps_taking_changes() {
    let machine = machine();
    let (root, faults) = (machine.root(), Faults::default());
    let services = Unmanaged::of(root);
    let updater = Updater { root, services: &services, faults: &faults, tell: &|_| {} };
    let release = release(&machine, "1.1.0", 2, 0);
    std::fs::create_dir_all(root.join("run/manara")).unwrap();
    let running = UnixListener::bind(root.join("run/manara/api.sock")).unwrap();
    let refused = |answer: Result<bool>| assert_eq!(answer.unwrap_err().code(), "update_panel_runs");
    refused(updater.update(&release, false));
    let now = status(root).unwrap();
    assert!(!now.interrupted && !is_unproved(root), "{now:?}");
    assert_eq!((now.current.as_deref(), database(&machine).as_str()), (Some("1.0.0"), DATABASE));

    // One that runs while an interrupted switch waits to be taken back keeps its database until it is stopped.
    let open = Switch { from: "1.0.0".into(), to: "1.1.0".into(), snapshot: None };
    updater.note(|journal| journal.open = Some(open)).unwrap();
    refused(updater.recover());
    drop(running);
    // A program that another test is just starting has the socket until its own begins.
    while UnixStream::connect(root.join("run/manara/api.sock")).is_ok() {
        std::thread::yield_now();
    }
    assert!(updater.recover().unwrap());
    assert!(updater.update(&release, false).unwrap());
}

#[test]
fn downgrades_and_impostors_are_refused() {
    let machine = machine();
    let (services, faults) = (panel(&machine, ""), Faults::default());
    let updater = updater(&machine, &services, &faults);
    let older = release(&machine, "0.9.0", 1, 0);
    assert_eq!(updater.update(&older, false).unwrap_err().code(), "update_downgrade");
    let impostor = Release { version: "2.0.0".into(), ..release(&machine, "1.1.0", 2, 0) };
    assert_eq!(updater.update(&impostor, false).unwrap_err().code(), "release_not_itself");
    assert_eq!(*services.said.borrow(), [""; 0], "nothing was stopped for them");
    assert!(updater.update(&older, true).unwrap());
}

/// The number of steps of a whole update, and of one that goes back.
fn steps(sick: &'static str) -> u64 {
    let machine = machine();
    let (services, faults) = (panel(&machine, sick), Faults::default());
    let _ended = updater(&machine, &services, &faults).update(&release(&machine, "1.1.0", 2, 0), false);
    faults.disarm().len() as u64
}

/// A failed step takes the update back at once; where going back fails too, as after a power cut, the next run does it.
#[test]
fn interrupted_at_any_step_nothing_is_lost_and_the_next_run_completes() {
    for sick in ["", "1.1.0"] {
        for n in 1..=steps(sick) {
            let machine = machine();
            let services = panel(&machine, sick);
            let faults = Faults::default();
            faults.arm(Fault::Fail(n));
            let release = release(&machine, "1.1.0", 2, 0);
            let ended = updater(&machine, &services, &faults).update(&release, false);
            assert!(ended.is_err(), "step {n}");
            assert!(database(&machine).contains("precious"), "step {n}");

            let (services, faults) = (panel(&machine, ""), Faults::default());
            let updater = updater(&machine, &services, &faults);
            updater.recover().unwrap();
            if current(machine.root()).as_deref() == Some("1.0.0") {
                assert_eq!(database(&machine), DATABASE, "step {n}: the former version has its database");
            }
            assert!(!is_unproved(machine.root()), "step {n}");
            updater.update(&release, false).unwrap();
            assert!(database(&machine).starts_with("schema=2\nprecious"), "step {n}");
            assert_eq!(status(machine.root()).unwrap().versions, ["1.0.0", "1.1.0"], "step {n}");
        }
    }
}

/// A machine that was updated, and has worked since.
fn updated() -> Machine {
    let machine = machine();
    let (services, faults) = (panel(&machine, ""), Faults::default());
    updater(&machine, &services, &faults).update(&release(&machine, "1.1.0", 2, 0), false).unwrap();
    std::fs::write(machine.root().join("db"), "schema=2\nprecious\nnew row\n").unwrap();
    machine
}

#[test]
fn a_rollback_interrupted_at_any_step_loses_nothing_and_completes_the_next_time() {
    let whole = {
        let machine = updated();
        let (services, faults) = (panel(&machine, ""), Faults::default());
        updater(&machine, &services, &faults).rollback().unwrap();
        faults.disarm().len() as u64
    };
    for n in 1..=whole {
        let machine = updated();
        let (services, faults) = (panel(&machine, ""), Faults::default());
        faults.arm(Fault::Fail(n));
        assert!(updater(&machine, &services, &faults).rollback().is_err(), "step {n}");

        let (services, faults) = (panel(&machine, ""), Faults::default());
        let updater = updater(&machine, &services, &faults);
        updater.recover().unwrap();
        assert!(!is_unproved(machine.root()), "step {n}");
        if current(machine.root()).as_deref() == Some("1.1.0") {
            assert_eq!(database(&machine), "schema=2\nprecious\nnew row\n", "step {n}: it has its database");
            assert_eq!(updater.rollback().unwrap(), "1.0.0", "step {n}");
        }
        assert_eq!(current(machine.root()).as_deref(), Some("1.0.0"), "step {n}");
        assert_eq!(database(&machine), "schema=1\nprecious\nnew row\n", "step {n}");
    }
}

#[test]
fn versions_are_ordered_by_number() {
    let ascending = ["0.9.9", "0.10.0-rc.2", "0.10.0-rc.10", "0.10.0", "1.0.0"];
    for pair in ascending.windows(2) {
        assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
    }
    assert_eq!(compare("1.0.0+a", "1.0.0"), Ordering::Equal);
}
