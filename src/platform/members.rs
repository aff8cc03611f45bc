//! Accounts of this machine that may speak to the panel's socket: the members of the group `manara-admin`.
//!
//! Read from `passwd` and `group` (passwd(5), group(5)) below the installation's root, so that an installation in a folder
//! does not follow the machine's accounts. Directories over the network (NSS) are not asked: a static binary cannot, and
//! who may administer a server should not depend on one.

use super::files;
use crate::base::Result;
use std::path::Path;

/// The group whose members may use the socket.
pub const GROUP: &str = "manara-admin";
/// Largest file of accounts that is read.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Number of the group; `None` where there is no such group.
pub fn group(root: &Path) -> Result<Option<u32>> {
    let text = read(root, "etc/group")?;
    Ok(entry(&text).and_then(|fields| fields.get(2)?.parse().ok()))
}

/// Name of the account `uid` when it is a member: through the group's list, or because `gid`, its primary group, is it.
pub fn name(root: &Path, uid: u32, gid: u32) -> Result<Option<String>> {
    let (groups, accounts) = (read(root, "etc/group")?, read(root, "etc/passwd")?);
    let Some(group) = entry(&groups) else { return Ok(None) };
    let is_uid = |fields: &Vec<&str>| fields.get(2).is_some_and(|field| field.parse() == Ok(uid));
    let account = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(is_uid);
    let Some(name) = account.and_then(|fields| fields.first().copied()) else { return Ok(None) };
    let listed = group.get(3).is_some_and(|members| members.split(',').any(|member| member == name));
    let primary = group.get(2).is_some_and(|field| field.parse() == Ok(gid));
    Ok((listed || primary).then(|| name.to_owned()))
}

fn read(root: &Path, file: &str) -> Result<String> {
    Ok(files::read_own(&root.join(file), BYTES_MAX)?.unwrap_or_default())
}

/// The group's line, in fields.
fn entry(groups: &str) -> Option<Vec<&str>> {
    groups.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.first() == Some(&GROUP))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test prepares files")]
mod tests {
    use super::*;

    #[test]
    fn members_are_listed_or_have_it_as_their_own_group() {
        let root = tempfile::tempdir().unwrap();
        let of = |uid, gid| name(root.path(), uid, gid).unwrap();
        assert_eq!((group(root.path()).unwrap(), of(1001, 990)), (None, None), "without files there is nobody");
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(root.path().join("etc").join(file), text).unwrap();
        write(
            "passwd",
            "root:x:0:0::/root:/bin/sh\nomar:x:1001:1001::/:/bin/sh\nlayla:x:1002:990::/:\nzaid:x:1003:1003::/:\n",
        );
        write("group", "root:x:0:\nmanara-admins:x:7:zaid\nmanara-admin:x:990:omar,noor\nbroken\n");
        assert_eq!(group(root.path()).unwrap(), Some(990));
        assert_eq!(of(1001, 1001).as_deref(), Some("omar"));
        assert_eq!(of(1002, 990).as_deref(), Some("layla"));
        assert_eq!((of(1003, 1003), of(1004, 990), of(1003, 7)), (None, None, None));
        write("group", "manara-admin:x:990:\n");
        assert_eq!(of(1001, 1001), None, "who leaves the group is out at once");
    }
}
