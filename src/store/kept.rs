//! Whole copies of the database, made and put back while nobody serves it.

use super::Store;
use super::sqlite::files::{self, StateLock};
use super::sqlite::scratch;
use crate::base::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// Folder of copies in the state folder.
const FOLDER: &str = "snapshots";

/// Copies the database to `snapshots/NAME.db` in the state folder, in the place of an earlier copy of that name.
pub fn keep(store: &Store, name: &str) -> Result<PathBuf> {
    let path = store.folder().join(FOLDER).join(format!("{name}.db"));
    store.snapshot(&path)?;
    Ok(path)
}

/// Puts the copy at `snapshot` in the place of `database`; everything since the copy is lost. It can be interrupted and
/// run again. Errors: `snapshot_bad` for a file that is no whole database, `state_in_use` while the panel runs.
pub fn restore(snapshot: &Path, database: &Path) -> Result<()> {
    let folder = database.parent().ok_or_else(|| Error::fault("the database path has no folder"))?;
    let _owned = StateLock::take(folder)?;
    let bad =
        |details: String| Error::new(Kind::BadInput, "snapshot_bad").with("path", snapshot.display()).evidence(details);
    if files::size(snapshot) == 0 {
        return Err(bad(String::new()));
    }
    match scratch::damage(snapshot) {
        Ok(None) => files::replace(snapshot, database),
        Ok(Some(damage)) => Err(bad(damage)),
        Err(e) => Err(bad(e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::base::Secret;
    use crate::base::clock::Time;
    use crate::store::claim;

    #[test]
    fn a_copy_comes_back_whole_and_rubbish_does_not() {
        let (folder, store) = testing::store();
        let put = |store: &Store| store.write(|tx| claim::put(tx, &Secret::new("t".into()), Time(1))).unwrap();
        let kept = keep(&store, "before").unwrap();
        put(&store);
        assert!(restore(&kept, store.path()).is_err(), "somebody has it open");
        let path = store.path().to_owned();
        drop(store);
        let rubbish = folder.path().join("rubbish");
        std::fs::write(&rubbish, "no database").unwrap();
        assert_eq!(restore(&rubbish, &path).unwrap_err().code(), "snapshot_bad");
        for _ in 0..2 {
            restore(&kept, &path).unwrap();
            let store = Store::open(testing::options(folder.path(), testing::TestClock::new())).unwrap();
            assert!(store.read(claim::current).unwrap().is_none(), "what came after the copy is gone");
            put(&store);
        }
    }
}
