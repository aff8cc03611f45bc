//! THE table of what the installation owns on a machine: kind, owner, group and mode of each thing. It is enforced when
//! root's part of the panel starts and whenever the installer runs: what is ours and can be put right safely is put
//! right, and said; anything else is refused with what is wrong.

use super::disk;
use crate::base::{Error, Kind, Result};
use crate::platform::members::GROUP as CONSOLE_GROUP;
use crate::platform::users::{self, PANEL};
use serde::Serialize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A folder.
    Folder,
    /// A file.
    File,
}

/// Which account or group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// root.
    Root,
    /// The panel's user or group.
    Panel,
    /// The group of the command line.
    Console,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct OwnFile {
    /// Where, from the root of the file system.
    pub path: &'static str,
    /// What it is.
    pub what: What,
    /// Owner.
    pub owner: Who,
    /// Group.
    pub group: Who,
    /// Permission bits.
    pub mode: u32,
    /// Whether others use it as well: then it is made where it is missing, and left alone where it is there.
    pub shared: bool,
}

const fn folder(path: &'static str, owner: Who, group: Who, mode: u32) -> OwnFile {
    OwnFile { path, what: What::Folder, owner, group, mode, shared: false }
}

const fn file(path: &'static str, group: Who, mode: u32) -> OwnFile {
    OwnFile { path, what: What::File, owner: Who::Root, group, mode, shared: false }
}

const fn shared(path: &'static str) -> OwnFile {
    OwnFile { shared: true, ..folder(path, Who::Root, Who::Root, 0o755) }
}

/// Every folder and file outside of nginx's own tree and of the sites, parents first. Folders below `/run` are made by
/// the service manager.
pub const OWN_FILES: &[OwnFile] = &[
    folder("/opt/manara", Who::Root, Who::Root, 0o755),
    folder("/etc/manara", Who::Root, Who::Panel, 0o750),
    file("/etc/manara/manara.toml", Who::Panel, 0o640),
    file("/etc/manara/secret.key", Who::Panel, 0o640),
    file("/etc/manara/host-policy.toml", Who::Root, 0o644),
    file("/etc/manara/release.pub", Who::Root, 0o644),
    folder("/var/lib/manara", Who::Panel, Who::Panel, 0o700),
    folder("/var/lib/manara-host", Who::Root, Who::Root, 0o700),
    folder("/var/lib/acme-challenge", Who::Root, Who::Root, 0o755),
    file("/etc/systemd/system/manara.service", Who::Root, 0o644),
    file("/etc/systemd/system/manara-host.service", Who::Root, 0o644),
    file("/etc/systemd/system/manara-host.socket", Who::Root, 0o644),
    file("/etc/systemd/system/manara-recover.service", Who::Root, 0o644),
    // The host service may write below these, so they have to be there when it starts.
    shared("/srv/www"),
    shared("/etc/nginx"),
    shared("/var/log/nginx"),
    shared("/var/lib/nginx"),
];

/// What was put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Where.
    pub path: String,
    /// Owner, group and mode as they were, such as `1000:1000 0777`.
    pub was: String,
    /// As they are now.
    pub is: String,
}

/// Numbers of the accounts in the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    panel: (u32, u32),
    console: u32,
    root: (u32, u32),
}

/// The accounts this process runs as: root, on a machine; whoever tests, below a prefix.
pub(super) fn me() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

impl Ids {
    /// Reads them below `root`. Error: `panel_user_missing`.
    pub(super) fn read(root: &Path) -> Result<Ids> {
        let panel = users::panel(root)?;
        let console = users::group(root, CONSOLE_GROUP)?;
        let missing = || Error::new(Kind::Unavailable, "panel_user_missing").with("user", PANEL);
        Ok(Ids { panel: (panel.uid, panel.gid), console: console.ok_or_else(missing)?, root: me() })
    }

    /// Owner and group of a row.
    pub(super) fn of(&self, own: &OwnFile) -> (u32, u32) {
        let uid = if own.owner == Who::Panel { self.panel.0 } else { self.root.0 };
        let gid = match own.group {
            Who::Root => self.root.1,
            Who::Panel => self.panel.1,
            Who::Console => self.console,
        };
        (uid, gid)
    }
}

impl OwnFile {
    /// Where it is below `root`.
    pub fn at(&self, root: &Path) -> PathBuf {
        root.join(self.path.trim_start_matches('/'))
    }
}

/// Things whose owner, group or mode is not that of the table.
pub(super) fn flaws(root: &Path) -> Result<Vec<PathBuf>> {
    let ids = Ids::read(root)?;
    let is_flawed = |own: &&OwnFile| {
        let about = own.at(root).symlink_metadata();
        about.is_ok_and(|a| (a.uid(), a.gid()) != ids.of(own) || a.mode() & 0o7777 != own.mode)
    };
    Ok(OWN_FILES.iter().filter(|own| !own.shared).filter(is_flawed).map(|own| own.at(root)).collect())
}

/// Holds the table against the machine at `root`; what is missing is nobody's fault here. As root only. Errors:
/// `own_file_kind` where something else is in the place of a file or folder of ours, `own_file_owner` where an account
/// that may not have it owns it and could have changed it.
pub fn enforce(root: &Path) -> Result<Vec<Repair>> {
    let ids = Ids::read(root)?;
    let rows = OWN_FILES.iter().filter(|own| !own.shared);
    rows.filter_map(|own| enforce_one(root, own, &ids).transpose()).collect()
}

fn enforce_one(root: &Path, own: &OwnFile, ids: &Ids) -> Result<Option<Repair>> {
    let path = own.at(root);
    let Ok(about) = path.symlink_metadata() else { return Ok(None) };
    let is_kind = match own.what {
        What::Folder => about.is_dir(),
        What::File => about.is_file(),
    };
    if !is_kind {
        return Err(Error::new(Kind::Unavailable, "own_file_kind").with("path", path.display()));
    }
    let (wanted, mode) = (ids.of(own), about.mode() & 0o7777);
    let found = (about.uid(), about.gid());
    if found == wanted && mode == own.mode {
        return Ok(None);
    }
    // What a stranger owned a stranger may have written: its mode can be mended, its content not.
    if own.what == What::File && found.0 != wanted.0 {
        let e = Error::new(Kind::Unavailable, "own_file_owner").with("path", path.display());
        return Err(e.with("uid", found.0).with("wanted", wanted.0));
    }
    disk::set_owner_and_mode(&path, wanted, own.mode)?;
    let shown = |(uid, gid): (u32, u32), mode: u32| format!("{uid}:{gid} {mode:04o}");
    Ok(Some(Repair { path: path.display().to_string(), was: shown(found, mode), is: shown(wanted, own.mode) }))
}

#[cfg(test)]
mod tests {
    use super::super::{setup, testing};
    use super::*;
    use crate::platform::faults::Faults;
    use std::os::unix::fs::PermissionsExt;

    fn installed() -> testing::Machine {
        let machine = testing::machine();
        setup::run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
        machine
    }

    #[test]
    fn every_row_is_made_as_the_table_says_and_put_right_when_it_is_not() {
        let machine = installed();
        for own in OWN_FILES.iter().filter(|own| !own.shared) {
            let path = own.at(machine.root());
            // The policy and the release key come from elsewhere.
            let Ok(about) = path.symlink_metadata() else { continue };
            assert_eq!(about.mode() & 0o7777, own.mode, "{}", own.path);
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
            let repaired = enforce(machine.root()).unwrap();
            assert_eq!(repaired.len(), 1, "{repaired:?}");
            assert_eq!(repaired[0].path, path.display().to_string());
            assert_eq!(path.symlink_metadata().unwrap().mode() & 0o7777, own.mode, "{}", own.path);
        }
        assert_eq!(enforce(machine.root()).unwrap(), []);
    }

    #[test]
    fn something_else_in_the_place_of_a_file_is_refused() {
        let machine = installed();
        let key = machine.root().join("etc/manara/secret.key");
        std::fs::rename(&key, machine.beside("key")).unwrap();
        std::os::unix::fs::symlink(machine.beside("key"), &key).unwrap();
        assert_eq!(enforce(machine.root()).unwrap_err().code(), "own_file_kind");
    }

    #[test]
    fn a_file_that_a_stranger_owned_is_refused() {
        if me().0 != 0 {
            return;
        }
        let machine = installed();
        let config = machine.root().join("etc/manara/manara.toml");
        std::os::unix::fs::chown(&config, Some(12345), None).unwrap();
        assert_eq!(enforce(machine.root()).unwrap_err().code(), "own_file_owner");
        let folder = machine.root().join("var/lib/manara");
        std::os::unix::fs::chown(&config, Some(0), None).unwrap();
        std::os::unix::fs::chown(&folder, Some(12345), None).unwrap();
        assert_eq!(enforce(machine.root()).unwrap().len(), 1, "a folder's owner is put right");
    }

    #[test]
    fn shared_folders_stay_as_they_are() {
        let machine = installed();
        let web = machine.root().join("srv/www");
        std::fs::set_permissions(&web, PermissionsExt::from_mode(0o775)).unwrap();
        assert_eq!(enforce(machine.root()).unwrap(), []);
    }
}
