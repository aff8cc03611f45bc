//! Accounts of the machine, and becoming one of them.

use super::{files, members, sys};
use crate::base::{Error, Kind, Result};
use rustix::thread::set_no_new_privs;
use std::path::Path;

/// The system user the panel runs as; its group has the same name.
pub const PANEL: &str = "manara";
/// More than any file of accounts.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// A user with its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Its own group.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
}

/// The user the panel runs as, from `etc/passwd` and `etc/group` below `root`; in the group [`members::GROUP`] where
/// there is one. Error: `panel_user_missing`.
pub fn panel(root: &Path) -> Result<Account> {
    let missing = || Error::new(Kind::Unavailable, "panel_user_missing").with("user", PANEL);
    let [uid, gid] = numbers(root, "etc/passwd", PANEL, [2, 3])?.ok_or_else(missing)?;
    let console = members::group(root)?;
    Ok(Account { uid, gid, groups: console.into_iter().collect() })
}

/// Id of a group, from `etc/group` below `root`.
pub fn group(root: &Path, name: &str) -> Result<Option<u32>> {
    Ok(numbers(root, "etc/group", name, [2])?.map(|[gid]| gid))
}

/// The fields at `places` of the line that begins with `name` (passwd(5), group(5)).
fn numbers<const N: usize>(root: &Path, file: &str, name: &str, places: [usize; N]) -> Result<Option<[u32; N]>> {
    let text = files::read_own(&root.join(file), BYTES_MAX)?.unwrap_or_default();
    let line = text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name);
    let read = |fields: Vec<&str>| -> Option<[u32; N]> {
        let found: Vec<u32> = places.iter().filter_map(|at| fields.get(*at)?.parse().ok()).collect();
        found.try_into().ok()
    };
    Ok(line.and_then(read))
}

/// Makes this process run as `account` for good: its groups, its ids, and no way to gain rights by starting a program.
/// The last is kept by thread and inherited, so call this before others are started.
pub fn become_account(account: &Account) -> Result<()> {
    let failed = |e: std::io::Error| Error::new(Kind::Unavailable, "user_change_failed").with("reason", e);
    sys::set_ids(account.uid, account.gid, &account.groups).map_err(failed)?;
    set_no_new_privs(true).map_err(|e| failed(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_below_the_root() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(panel(root.path()).unwrap_err().code(), "panel_user_missing");
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let passwd = "root:x:0:0::/root:/bin/sh\nmanara2:x:7:7::/:\nmanara:x:990:991::/:/usr/sbin/nologin\n";
        std::fs::write(root.path().join("etc/passwd"), passwd).unwrap();
        assert_eq!(panel(root.path()).unwrap(), Account { uid: 990, gid: 991, groups: vec![] });
        std::fs::write(root.path().join("etc/group"), "manara:x:991:\nmanara-admin:x:992:a,b\n").unwrap();
        assert_eq!(panel(root.path()).unwrap().groups, [992]);
        std::fs::write(root.path().join("etc/passwd"), "manara:x:-1:991::/:\n").unwrap();
        assert!(panel(root.path()).is_err(), "a line that cannot be read is no account");
    }
}
