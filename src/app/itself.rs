//! `self`: putting the panel on a machine, replacing it by another version, taking it away.

use super::{leave, open};
use crate::base::{Error, Kind, Result};
use crate::cli::{Itself, Leave, Tell};
use crate::platform::Faults;
use crate::platform::files;
use crate::platform::install::health::{Booting, Services, Systemd};
use crate::platform::install::release::{self, PublicKey};
use crate::platform::install::update::{self, Updater};
use crate::platform::install::{self, remove, setup};
use crate::store::migrations;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;

/// Carries `what` out; `tell` hears of each step. Errors: `needs_root`, and those of what is done.
pub fn run(root: &Path, what: &Itself, tell: Tell<'_>) -> Result<Value> {
    if *what == Itself::Status {
        return status(root);
    }
    setup::refuse_unless_root(root)?;
    match what {
        Itself::Setup { apply, start, release_key, port } => {
            let release_key = release_key.as_deref().map(key_text).transpose()?;
            let program = std::env::current_exe().map_err(Error::fault)?;
            let wanted = setup::Wanted { root: root.to_owned(), program, release_key, port: *port, start: *start };
            let changes = setup::changes(&wanted)?;
            if *apply {
                setup::run(&wanted, &Faults::from_environment(), &mut |change| tell(change.kind, &change.name))?;
            }
            Ok(json!({ "changes": changes }))
        }
        Itself::Remove { apply, purge } => {
            let changes = remove::changes(root, *purge)?;
            if *apply {
                let how = if *purge { Leave::Restore } else { Leave::Freeze };
                let leave = || leave::nginx(&open::config(root, vec![])?.config, how);
                remove::run(
                    root,
                    *purge,
                    &Faults::from_environment(),
                    &mut |change| tell(change.kind, &change.name),
                    &leave,
                )?;
            }
            Ok(json!({ "changes": changes }))
        }
        Itself::Update { file, downgrade } => {
            let release = release::verify(file, &PublicKey::of(root)?)?;
            let services = Systemd::of(root)?;
            with(root, &services, tell, |updater| {
                let changed = updater.update(&release, *downgrade)?;
                Ok(json!({ "version": release.version, "changed": changed }))
            })
        }
        Itself::Rollback => {
            let services = Systemd::of(root)?;
            with(root, &services, tell, |updater| Ok(json!({ "version": updater.rollback()?, "changed": true })))
        }
        Itself::Files => {
            let repaired = install::enforce(root)?;
            repaired
                .iter()
                .for_each(|repair| tell("repair", &format!("{} ({} → {})", repair.path, repair.was, repair.is)));
            Ok(json!({ "repaired": repaired }))
        }
        Itself::Recover => with(root, &Booting, tell, |updater| Ok(json!({ "changed": updater.recover()? }))),
        Itself::Status => status(root),
    }
}

fn with(
    root: &Path,
    services: &dyn Services,
    tell: Tell<'_>,
    work: impl FnOnce(&Updater<'_>) -> Result<Value>,
) -> Result<Value> {
    let (faults, tell) = (Faults::from_environment(), RefCell::new(tell));
    let _alone = update::alone(root)?;
    let tell = |step: &'static str| (tell.borrow_mut())(step, "");
    work(&Updater { root, services, faults: &faults, tell: &tell })
}

/// What this program and the machine's journal of versions know; no right is needed for the first.
fn status(root: &Path) -> Result<Value> {
    let mut told = match update::status(root) {
        Ok(known) => serde_json::to_value(known).map_err(Error::fault)?,
        Err(e) if e.code() == "file_denied" => json!({}),
        Err(e) => return Err(e),
    };
    told["version"] = setup::VERSION.into();
    told["schema"] = migrations::ALL.last().map_or(0, |migration| migration.number).into();
    Ok(told)
}

fn key_text(path: &Path) -> Result<String> {
    let missing = || Error::new(Kind::BadInput, "cli_no_file").with("path", path.display());
    files::read_own(path, 4096)?.ok_or_else(missing)
}
