//! Whose nginx it is: decided when the panel first meets it, and afterwards moved by plans only.

use super::LocalHost;
use crate::base::{Error, Kind, Result};
use crate::config::NginxOwnership;
use crate::platform::journal::Record;
use crate::platform::nginx::neighbours::{self, Neighbours};
use crate::platform::nginx::{NginxChange, NginxFile, NginxNeighbours, Ownership, ownership};
use std::collections::BTreeSet;

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
    /// give the adopted one back. Each file is changed once: what becomes of the second change would not have been looked at.
    pub(super) fn refuse_others(&self, changes: &[NginxChange]) -> Result<()> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = changes.iter().find(|change| !seen.insert(&change.file)) {
            let reason = format!("{} twice", twice.file.rel());
            return Err(Error::new(Kind::BadInput, "wire_malformed").with("reason", reason));
        }
        let kept = ownership::kept(&self.nginx)?;
        let goes = |change: &NginxChange| change.file == NginxFile::Main && change.content.is_none();
        let released = changes.iter().any(goes) && ownership::adopted(&self.nginx)?.is_some();
        for change in changes {
            let fine = match (&change.file, &change.content) {
                (NginxFile::Main, Some(_)) => self.may_take_main(kept)?,
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

    /// Whether ours may stand in the place of `nginx.conf`: over one of others by root's word, or where nobody wrote it
    /// but the distribution. Error: `nginx_conf_again` where one of others is kept already, beside which this one could
    /// not be.
    fn may_take_main(&self, kept: Option<Ownership>) -> Result<bool> {
        let owned = self.wish == NginxOwnership::Owned;
        if !self.main_is_theirs()? {
            return Ok(owned || kept == Some(Ownership::Owned));
        }
        let main = self.nginx.path(&NginxFile::Main.rel()).display().to_string();
        if !ownership::is_to_adopt(&self.nginx)? {
            let adopted = self.nginx.path(ownership::ADOPTED).display().to_string();
            return Err(Error::new(Kind::Conflict, "nginx_conf_again").with("path", main).with("kept", adopted));
        }
        Ok(owned || (kept == Some(Ownership::Owned) && !self.look()?.foreign.contains(&main)))
    }

    /// Whether an `nginx.conf` of others stands there.
    pub(super) fn main_is_theirs(&self) -> Result<bool> {
        Ok(self.nginx.stat(&NginxFile::Main.rel())?.is_some() && !ownership::main_is_ours(&self.nginx)?)
    }

    /// What `changes` make of the decision, if anything, where they move somebody's `nginx.conf` as `moved` says.
    pub(super) fn decided(changes: &[NginxChange], moved: Option<&Record>) -> Option<Ownership> {
        match moved {
            Some(Record::NginxReleased { .. }) => Some(Ownership::Shared),
            _ => changes.iter().find_map(Ownership::after),
        }
    }

    /// Takes back one change of nginx's files by a plan that `released` somebody's `nginx.conf` or did not. Over one
    /// of others nothing is put, and where it stands, the decision stays, unless the plan itself brought it there.
    pub(super) fn file_back(&self, rel: &str, before: Option<(String, u32)>, released: bool) -> Result<()> {
        self.nginx.discard(rel)?;
        let main = rel == NginxFile::Main.rel();
        let guarded = main || (rel == ownership::RECORD && !released);
        if guarded && self.main_is_theirs()? {
            log::warn!(target: "manara::nginx", "{} stays: nginx.conf is not the panel's", self.nginx.path(rel).display());
            return Ok(());
        }
        match before {
            Some((text, mode)) => self.put_back(rel, text.as_bytes(), mode),
            None => self.nginx.remove(rel),
        }
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
