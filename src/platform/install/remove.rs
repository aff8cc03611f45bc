//! Taking the panel away. Uninstalling leaves the sites served, the configuration and the data; purging leaves what was
//! there before the panel came. Both can be interrupted and run again: the program itself goes last.

use super::own_files::{OWN_FILES, What};
use super::people::Person;
use super::receipt::Receipt;
use super::setup::{COMMAND, Change, VERSIONS};
use super::{disk, units};
use crate::base::Result;
use crate::platform::faults::Faults;
use std::path::{Path, PathBuf};

/// Folders below `/run` that are ours.
const RUN: [&str; 2] = ["run/manara", "run/manara-host"];
/// Left by an installer that was killed.
const INSTALLER: &str = "opt/.manara-install";
/// What the panel manages of nginx, below the root prefix.
const NGINX: &str = "etc/nginx/manara";
/// The folder of the sites.
const SITES: &str = "/srv/www";
/// The folder of the receipt; it goes after everything the receipt tells about.
const RECEIPT_FOLDER: &str = "/var/lib/manara-host";

/// How much goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Units and programs.
    Program,
    /// Also configuration, data and accounts that the installer made.
    Everything,
    /// Also the files of sites.
    EverythingWithSites,
}

impl Extent {
    /// As the command line says it.
    pub fn of(purge: bool, sites: bool) -> Extent {
        match (purge, sites) {
            (false, _) => Extent::Program,
            (true, false) => Extent::Everything,
            (true, true) => Extent::EverythingWithSites,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Stop(&'static str),
    Nginx,
    Delete(PathBuf),
    DeleteEmpty(PathBuf),
    Keep(PathBuf),
    Person(Person),
}

impl Step {
    fn shown(&self, root: &Path) -> Change {
        let path = |path: &Path| format!("/{}", path.strip_prefix(root).unwrap_or(path).display());
        match self {
            Step::Stop(unit) => Change { kind: "stop", name: (*unit).into() },
            Step::Nginx => Change { kind: "nginx", name: NGINX.into() },
            Step::Delete(at) => Change { kind: "delete", name: path(at) },
            Step::DeleteEmpty(at) => Change { kind: "delete_empty", name: path(at) },
            Step::Keep(at) => Change { kind: "keep", name: path(at) },
            Step::Person(person) => Change { kind: "delete_account", name: person.name().into() },
        }
    }
}

/// What [`run`] would do. Deletes nothing.
pub fn changes(root: &Path, extent: Extent) -> Result<Vec<Change>> {
    Ok(steps(root, extent)?.iter().map(|step| step.shown(root)).collect())
}

/// Stops and removes what `extent` says. `tell` hears of each change before it happens, and `leave_nginx` puts nginx's files in order once nothing of the
/// panel runs. As root only.
pub fn run(
    root: &Path,
    extent: Extent,
    faults: &Faults,
    tell: &mut dyn FnMut(&Change),
    leave_nginx: &dyn Fn() -> Result<()>,
) -> Result<()> {
    for step in steps(root, extent)? {
        tell(&step.shown(root));
        faults.step(step.shown(root).kind)?;
        if matches!(step, Step::Nginx) { leave_nginx()? } else { apply(root, &step)? }
    }
    Ok(())
}

fn steps(root: &Path, extent: Extent) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let unit_files = units::UNITS.map(|(name, _)| (name, root.join(units::FOLDER).join(name)));
    let there = unit_files.into_iter().filter(|(_, path)| disk::exists(path));
    let (names, paths): (Vec<_>, Vec<_>) = there.unzip();
    if units::systemd_runs(root) {
        let mut names = names;
        // The panel first, or the socket starts the host again for it.
        names.sort_by_key(|name| units::STOPPED.iter().position(|unit| unit == name));
        steps.extend(names.into_iter().map(Step::Stop));
    }
    if disk::exists(&root.join(NGINX)) {
        steps.push(Step::Nginx);
    }
    steps.extend(paths.into_iter().map(Step::Delete));
    if extent != Extent::Program {
        steps.extend(purged(root, extent == Extent::EverythingWithSites)?);
    }
    steps.extend(RUN.iter().chain([&INSTALLER, &COMMAND, &VERSIONS]).map(|path| Step::Delete(root.join(path))));
    Ok(steps.into_iter().filter(|step| step.concerns_something()).collect())
}

impl Step {
    fn concerns_something(&self) -> bool {
        match self {
            Step::Delete(path) | Step::DeleteEmpty(path) => disk::exists(path),
            Step::Stop(_) | Step::Nginx | Step::Keep(_) | Step::Person(_) => true,
        }
    }
}

fn purged(root: &Path, sites: bool) -> Result<Vec<Step>> {
    let receipt = Receipt::read(root)?;
    let mut steps = Vec::new();
    for own in OWN_FILES.iter().rev().filter(|own| own.what == What::Folder && !own.path.starts_with("/opt")) {
        let ours = receipt.has(&format!("folder:{}", own.path));
        match (own.shared, own.path) {
            (_, RECEIPT_FOLDER) => {}
            (false, _) => steps.push(Step::Delete(own.at(root))),
            // Everything in there came by way of the panel; but it is what somebody made the machine for.
            (true, SITES) if ours && sites => steps.push(Step::Delete(own.at(root))),
            (true, SITES) => {
                let kept = disk::names(&own.at(root)).into_iter().map(|name| Step::Keep(own.at(root).join(name)));
                steps.extend(kept);
                steps.extend(ours.then(|| Step::DeleteEmpty(own.at(root))));
            }
            (true, _) if ours => steps.push(Step::DeleteEmpty(own.at(root))),
            (true, _) => {}
        }
    }
    let logs = root.join("var/log/nginx");
    let ours = disk::names(&logs).into_iter().filter(|name| name.starts_with("manara.log"));
    // Before the folder, which may be ours, too.
    steps.splice(0..0, ours.map(|name| Step::Delete(logs.join(name))));
    for person in Person::ALL.into_iter().rev() {
        let kind = if person == Person::PanelUser { "user" } else { "group" };
        if receipt.has(&format!("{kind}:{}", person.name())) && person.exists(root)? {
            steps.push(Step::Person(person));
        }
    }
    steps.push(Step::Delete(root.join(RECEIPT_FOLDER.trim_start_matches('/'))));
    Ok(steps)
}

fn apply(root: &Path, step: &Step) -> Result<()> {
    match step {
        Step::Stop(unit) => {
            units::systemctl(&["disable", "--quiet", "--now", unit])?;
            // A unit that once failed would be listed for ever.
            let _unknown = units::systemctl(&["reset-failed", unit]);
            Ok(())
        }
        Step::Delete(path) => {
            disk::remove(path)?;
            let is_unit = path.starts_with(root.join(units::FOLDER));
            if is_unit && units::systemd_runs(root) { units::systemctl(&["daemon-reload"]).map(drop) } else { Ok(()) }
        }
        Step::DeleteEmpty(path) => disk::remove_empty(path),
        Step::Nginx | Step::Keep(_) => Ok(()),
        Step::Person(person) => person.remove(root),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{setup, testing};
    use super::*;
    use crate::platform::faults::Fault;
    use std::collections::BTreeSet;

    fn tree(folder: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![folder.to_owned()];
        while let Some(next) = open.pop() {
            for name in disk::names(&next) {
                let path = next.join(name);
                found.insert(path.strip_prefix(folder).unwrap().display().to_string());
                if path.symlink_metadata().unwrap().is_dir() {
                    open.push(path);
                }
            }
        }
        found
    }

    fn installed() -> testing::Machine {
        let machine = testing::machine();
        // Somebody's nginx was there before.
        std::fs::create_dir_all(machine.root().join("etc/nginx")).unwrap();
        std::fs::write(machine.root().join("etc/nginx/nginx.conf"), "theirs").unwrap();
        setup::run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
        std::fs::create_dir_all(machine.root().join("srv/www/a.example/public")).unwrap();
        std::fs::write(machine.root().join("var/lib/manara/manara.db"), "rows").unwrap();
        machine
    }

    #[test]
    fn purging_leaves_what_was_there_before() {
        let machine = installed();
        run(machine.root(), Extent::EverythingWithSites, &Faults::default(), &mut |_| {}, &|| Ok(())).unwrap();
        let left = tree(machine.root());
        let files: Vec<_> = left.iter().filter(|path| !machine.root().join(path).is_dir()).collect();
        assert_eq!(files, ["etc/group", "etc/nginx/nginx.conf", "etc/passwd"]);
        for folder in ["srv/www", "var/lib/manara", "var/lib/manara-host", "opt/manara", "var/log/nginx"] {
            assert!(!left.contains(folder), "{folder}");
        }
    }

    #[test]
    fn the_files_of_sites_are_named_and_stay_unless_asked_for() {
        let machine = installed();
        let named = changes(machine.root(), Extent::Everything).unwrap();
        let kept: Vec<_> = named.iter().filter(|change| change.kind == "keep").map(|c| c.name.as_str()).collect();
        assert_eq!(kept, ["/srv/www/a.example"]);
        assert!(!named.iter().any(|change| change.kind == "delete" && change.name.starts_with("/srv")), "{named:?}");
        run(machine.root(), Extent::Everything, &Faults::default(), &mut |_| {}, &|| Ok(())).unwrap();
        assert!(machine.root().join("srv/www/a.example/public").is_dir());
        assert!(!machine.root().join("var/lib/manara-host").exists());

        let empty = installed();
        std::fs::remove_dir_all(empty.root().join("srv/www/a.example")).unwrap();
        run(empty.root(), Extent::Everything, &Faults::default(), &mut |_| {}, &|| Ok(())).unwrap();
        assert!(!empty.root().join("srv/www").exists(), "nothing was in it");
    }

    #[test]
    fn uninstalling_keeps_data_configuration_and_sites() {
        let machine = installed();
        run(machine.root(), Extent::Program, &Faults::default(), &mut |_| {}, &|| Ok(())).unwrap();
        let left = tree(machine.root());
        for kept in ["srv/www/a.example/public", "var/lib/manara/manara.db", "etc/manara/secret.key"] {
            assert!(left.contains(kept), "{kept}");
        }
        for gone in ["etc/systemd/system/manara.service", "opt/manara", "usr/local/bin/manara"] {
            assert!(!left.contains(gone), "{gone}");
        }
    }

    #[test]
    fn a_purge_that_fails_at_any_step_is_completed_by_the_next() {
        let whole = changes(installed().root(), Extent::EverythingWithSites).unwrap();
        for n in 1..=whole.len() as u64 {
            let machine = installed();
            let faults = Faults::default();
            faults.arm(Fault::Fail(n));
            assert!(run(machine.root(), Extent::EverythingWithSites, &faults, &mut |_| {}, &|| Ok(())).is_err());
            run(machine.root(), Extent::EverythingWithSites, &Faults::default(), &mut |_| {}, &|| Ok(())).unwrap();
            let files = tree(machine.root()).into_iter().filter(|path| !machine.root().join(path).is_dir());
            assert_eq!(files.collect::<Vec<_>>(), ["etc/group", "etc/nginx/nginx.conf", "etc/passwd"], "step {n}");
        }
    }
}
