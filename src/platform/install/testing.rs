//! A machine below a folder, with the accounts in its files: what setup, removal and updates are tried on.

use super::setup::Wanted;
use std::path::{Path, PathBuf};

pub(super) struct Machine {
    pub(super) wanted: Wanted,
    folder: tempfile::TempDir,
}

impl Machine {
    pub(super) fn root(&self) -> &Path {
        &self.wanted.root
    }

    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Its accounts are those of whoever tests, so that no test needs to be root.
pub(super) fn machine() -> Machine {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("etc")).unwrap();
    let (uid, gid) = super::own_files::me();
    std::fs::write(root.join("etc/passwd"), format!("manara:x:{uid}:{gid}::/:/usr/sbin/nologin\n")).unwrap();
    std::fs::write(root.join("etc/group"), format!("manara:x:{gid}:\nmanara-admin:x:{gid}:\n")).unwrap();
    let program = folder.path().join("program");
    std::fs::write(&program, "#!/bin/sh\nexit 0\n").unwrap();
    let wanted = Wanted { root, program, release_key: None, release_url: None, port: Some(9443), start: false };
    Machine { wanted, folder }
}
