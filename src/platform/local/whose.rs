//! Whose nginx it is: decided when the panel first meets it, and afterwards moved by plans only.

use super::LocalHost;
use crate::base::{Error, Kind, Result};
use crate::config::NginxOwnership;
use crate::platform::journal::Record;
use crate::platform::nginx::neighbours::{self, Neighbours};
use crate::platform::nginx::{NginxChange, NginxFile, NginxNeighbours, Ownership, ownership};

impl LocalHost {
    /// Decides whose nginx it is, once, and refuses to share it where nothing of ours would be read. Where others have
    /// something in it, it is shared whatever root wants: what is theirs gives way to a plan that was shown, never to a
    /// start.
    pub(super) fn decide(&self) -> Result<()> {
        let kept = ownership::kept(&self.nginx)?;
        let decided = match (kept, self.wish) {
            (Some(kept), _) => kept,
            (None, NginxOwnership::Shared) => Ownership::Shared,
            (None, _) if self.look()?.foreign.is_empty() => Ownership::Owned,
            (None, _) => Ownership::Shared,
        };
        if decided == Ownership::Shared
            && !ownership::main_is_ours(&self.nginx)?
            && let Some(folder) = self.unread(&neighbours::look(&self.nginx, &|_| true, self.ports)?)
        {
            return Err(Error::new(Kind::Conflict, "nginx_shared_unread").with("folder", folder));
        }
        if kept.is_none() {
            self.nginx.write(ownership::RECORD, decided.record().as_bytes(), NginxFile::MODE)?;
        }
        Ok(())
    }

    /// What others have in nginx. Only the machine itself knows which files are untouched ones of its packages.
    fn look(&self) -> Result<Neighbours> {
        match self.instance.machine {
            true => neighbours::look(&self.nginx, &neighbours::packaged()?, self.ports),
            false => neighbours::look(&self.nginx, &|_| false, self.ports),
        }
    }

    /// The first folder that a way in of ours would need and that their `nginx.conf` does not include.
    fn unread(&self, found: &Neighbours) -> Option<String> {
        let needed = [true, found.taken.first_come()];
        let lacking = (0..2).find(|i| needed[*i] && !found.included[*i])?;
        Some(self.nginx.path(neighbours::FOLDERS[lacking].0).display().to_string())
    }

    /// What others have in nginx, for plans that change whose it is.
    pub(super) fn neighbours(&self) -> Result<NginxNeighbours> {
        let found = self.look()?;
        let unread = self.unread(&found);
        let adopted = ownership::adopted(&self.nginx)?;
        Ok(NginxNeighbours { files: found.foreign, taken: found.taken, unread, adopted })
    }

    /// Whoever asks, what is in force is what counts: an `nginx.conf` of others is replaced only where root's word lets a
    /// plan do that, and never deleted; a way in beside it is made only where nginx is shared, or where the same changes
    /// give the adopted one back.
    pub(super) fn refuse_others(&self, changes: &[NginxChange]) -> Result<()> {
        let kept = ownership::kept(&self.nginx)?;
        let goes = |change: &NginxChange| change.file == NginxFile::Main && change.content.is_none();
        let released = changes.iter().any(goes) && ownership::adopted(&self.nginx)?.is_some();
        for change in changes {
            let fine = match (&change.file, &change.content) {
                (NginxFile::Main, Some(_)) => kept == Some(Ownership::Owned) || self.wish == NginxOwnership::Owned,
                (NginxFile::Main, None) => ownership::main_is_ours(&self.nginx)?,
                (NginxFile::Entry | NginxFile::LateEntry, Some(_)) => kept == Some(Ownership::Shared) || released,
                _ => true,
            };
            if !fine {
                return Err(Error::new(Kind::Forbidden, "nginx_not_ours").with("file", change.file.rel()));
            }
        }
        Ok(())
    }

    /// How somebody's `nginx.conf` goes or comes with a change of ours to `text`; `None` where nobody's is concerned.
    pub(super) fn moved(&self, text: &Option<String>) -> Result<Option<Record>> {
        match text {
            Some(_) if ownership::is_to_adopt(&self.nginx)? => Ok(Some(Record::NginxAdopted)),
            None if self.nginx.stat(ownership::ADOPTED)?.is_some() => {
                let before = self.read(&NginxFile::Main)?.unwrap_or_default();
                Ok(Some(Record::NginxReleased { before }))
            }
            _ => Ok(None),
        }
    }
}
