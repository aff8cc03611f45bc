//! The file with the master key.

use super::keys::MASTER_KEY_BYTES_MIN;
use super::sqlite::files;
use crate::base::{Error, Kind, Result, Secret, ids};
use std::path::Path;

/// Who may have access to the key file besides its owner.
#[derive(Debug, Clone, Copy)]
pub enum KeyFileRule {
    /// Production: nobody, or a group that may read it when it is this one (the group of the panel's account).
    Private {
        /// Number of the group.
        group: Option<u32>,
    },
    /// Development: not looked at.
    Any,
}

/// Creates the file with [`MASTER_KEY_BYTES_MIN`] random bytes and mode 0600; an error when it exists.
pub fn create(path: &Path) -> Result<()> {
    let mut key = [0; MASTER_KEY_BYTES_MIN];
    ids::fill_random(&mut key)?;
    files::create_key_file(path, &key)
}

/// Reads the file. Errors: `key_file_missing`, `key_file_open` when others have access, `master_key_short`.
pub fn load(path: &Path, rule: KeyFileRule) -> Result<Secret<Vec<u8>>> {
    let Some((bytes, mode, gid)) = files::read_key_file(path)? else {
        return Err(Error::new(Kind::Unavailable, "key_file_missing").with("path", path.display()));
    };
    if let KeyFileRule::Private { group } = rule
        && is_open(mode, gid, group)
    {
        let e = Error::new(Kind::Unavailable, "key_file_open");
        return Err(e.with("path", path.display()).with("mode", format!("{mode:04o}")));
    }
    super::Keys::new(&bytes)?;
    Ok(Secret::new(bytes))
}

/// Whether others than the owner, root's group and the group of the panel's account may do something with the file, or
/// these groups more than read it. (A credential of newer systemd is root's, of mode 0440, with the panel's user in its
/// access control list.)
fn is_open(mode: u32, gid: u32, group: Option<u32>) -> bool {
    let group_may = if gid == 0 || group == Some(gid) { 0o040 } else { 0 };
    mode & 0o077 & !group_may != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let private = KeyFileRule::Private { group: None };
        assert_eq!(load(&path, private).unwrap_err().code(), "key_file_missing");
        create(&path).unwrap();
        assert!(create(&path).is_err(), "an existing key is never replaced");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let key = load(&path, private).unwrap();
        assert_eq!(key.expose().len(), 32);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(load(&path, private).unwrap_err().code(), "key_file_open");
        assert!(load(&path, KeyFileRule::Any).is_ok());
    }

    #[test]
    fn a_group_that_may_read_is_roots_or_the_panels() {
        let (panel, other) = (Some(991), 1000);
        for (mode, gid, open) in [
            (0o400, other, false),
            (0o600, other, false),
            (0o440, 0, false),
            (0o640, 991, false),
            (0o640, other, true),
            (0o660, 991, true),
            (0o460, 0, true),
            (0o644, 0, true),
        ] {
            assert_eq!(is_open(mode, gid, panel), open, "{mode:o} {gid}");
        }
        assert!(is_open(0o640, 991, None));
    }

    #[test]
    fn two_installs_have_two_keys_and_short_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two, short] = ["one", "two", "short"].map(|name| folder.path().join(name));
        create(&one).unwrap();
        create(&two).unwrap();
        let key = |path| load(path, KeyFileRule::Any).unwrap();
        assert_ne!(key(&one).expose(), key(&two).expose());
        std::fs::write(&short, "too short").unwrap();
        assert_eq!(load(&short, KeyFileRule::Any).unwrap_err().code(), "master_key_short");
    }
}
