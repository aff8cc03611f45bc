//! `self`: putting the panel on a machine, replacing it by another version, taking it away.

use super::{leave, open};
use crate::base::{Error, Kind, Result};
use crate::cli::{Itself, Leave, ReleaseFrom, Tell};
use crate::platform::Faults;
use crate::platform::files;
use crate::platform::install::download::{self, Fetched};
use crate::platform::install::health::{Booting, Services, Systemd, Unmanaged};
use crate::platform::install::release::{self, PublicKey, Release};
use crate::platform::install::update::{self, Updater};
use crate::platform::install::{self, remove, setup, units, worker};
use crate::store::migrations;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;

/// Variables of the caller that a unit is given as well: where releases come from, and the proxy on the way.
const HANDED_ON: [&str; 5] = ["MANARA_RELEASE_URL", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];

/// Carries `what` out; `tell` hears of each step. Errors: `needs_root`, and those of what is done.
pub fn run(root: &Path, what: &Itself, tell: Tell<'_>) -> Result<Value> {
    if *what == Itself::Status {
        return status(root);
    }
    setup::refuse_unless_root(root)?;
    match what {
        Itself::Setup { apply, start, release_key, release_url, port } => {
            let release_key = release_key.as_deref().map(key_text).transpose()?;
            let program = std::env::current_exe().map_err(Error::fault)?;
            let wanted = setup::Wanted {
                root: root.to_owned(),
                program,
                release_key,
                release_url: release_url.clone(),
                port: *port,
                start: *start,
            };
            let changes = setup::changes(&wanted)?;
            if *apply {
                setup::run(&wanted, &Faults::from_environment(), &mut |change| tell(change.kind, &change.name))?;
            }
            Ok(json!({ "changes": changes }))
        }
        Itself::Remove { apply, purge, sites } => take_away(root, *apply, remove::Extent::of(*purge, *sites), tell),
        Itself::Update { foreground: false, .. } | Itself::Rollback { foreground: false }
            if units::systemd_runs(root) =>
        {
            as_unit(root, what, tell)
        }
        Itself::Update { release, downgrade, .. } => replace(root, tell, |updater, tell| {
            let answer = update_from(updater, release, *downgrade, tell);
            download::forget(root)?;
            answer
        }),
        Itself::Rollback { .. } => {
            replace(root, tell, |updater, _| Ok(json!({ "version": updater.rollback()?, "changed": true })))
        }
        Itself::Files => {
            let repaired = install::enforce(root)?;
            repaired
                .iter()
                .for_each(|repair| tell("repair", &format!("{} ({} → {})", repair.path, repair.was, repair.is)));
            Ok(json!({ "repaired": repaired }))
        }
        Itself::Recover { start: false } => recover(root, &Booting, tell),
        Itself::Recover { start: true } => {
            let answer = recover(root, &Systemd::of(root), tell)?;
            if let Some(last) = update::status(root)?.last.filter(|_| answer["changed"] == true) {
                worker::Progress::go_on(root)?.end(&Err(last.error()))?;
            }
            Ok(answer)
        }
        Itself::Status => status(root),
    }
}

fn recover(root: &Path, services: &dyn Services, tell: Tell<'_>) -> Result<Value> {
    let _alone = update::alone(root)?;
    let (faults, tell) = (Faults::from_environment(), RefCell::new(tell));
    let tell = |step: &'static str| (tell.borrow_mut())(step, "");
    let changed = Updater { root, services, faults: &faults, tell: &tell }.recover()?;
    // Of an update that was killed, or whose unit did not come to run.
    download::forget(root)?;
    worker::forget(root)?;
    Ok(json!({ "changed": changed }))
}

fn take_away(root: &Path, apply: bool, extent: remove::Extent, tell: Tell<'_>) -> Result<Value> {
    let changes = remove::changes(root, extent)?;
    if apply {
        let how = if extent == remove::Extent::Program { Leave::Freeze } else { Leave::Restore };
        let leave = || leave::nginx(&open::config(root, vec![])?.config, how);
        let mut tell = |change: &setup::Change| tell(change.kind, &change.name);
        remove::run(root, extent, &Faults::from_environment(), &mut tell, &leave)?;
    }
    Ok(json!({ "changes": changes }))
}

fn update_from(updater: &Updater<'_>, from: &ReleaseFrom, downgrade: bool, tell: &dyn Fn(&str)) -> Result<Value> {
    let (root, key) = (updater.root, PublicKey::of(updater.root)?);
    match from {
        ReleaseFrom::File(file) => go_to(updater, &release::verify(&download::keep(root, file)?, &key)?, downgrade),
        ReleaseFrom::Published(version) => {
            let url = open::config(root, vec![])?.config.release_url;
            let wanted = download::Wanted { url: &url, version: version.as_deref(), downgrade };
            match download::fetch(updater, wanted, &key, tell)? {
                Fetched::InUse(version) => Ok(json!({ "version": version, "changed": false })),
                Fetched::Release(release) => go_to(updater, &release, downgrade),
            }
        }
    }
}

fn go_to(updater: &Updater<'_>, release: &Release, downgrade: bool) -> Result<Value> {
    let changed = updater.update(release, downgrade)?;
    Ok(json!({ "version": release.version, "changed": changed }))
}

/// Has a unit of its own do `what`, which changes versions.
fn as_unit(root: &Path, what: &Itself, tell: Tell<'_>) -> Result<Value> {
    worker::none_runs()?;
    let alone = update::alone(root)?;
    let mut words: Vec<String> = vec!["self".into()];
    match what {
        Itself::Update { release, downgrade, .. } => {
            words.push("update".into());
            match release {
                // Whoever brought it may take it away when the connection is lost.
                ReleaseFrom::File(file) => {
                    let file = download::keep(root, file)?;
                    words.extend(["--offline".into(), file.display().to_string()]);
                }
                ReleaseFrom::Published(version) => {
                    words.extend(version.iter().flat_map(|version| ["--version".into(), version.clone()]));
                }
            }
            words.extend(downgrade.then(|| "--downgrade".into()));
        }
        _ => words.push("rollback".into()),
    }
    words.push("--foreground".into());
    let env = HANDED_ON.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    let env: Vec<_> = env.collect();
    // For the unit to have.
    drop(alone);
    worker::run(root, &std::env::current_exe().map_err(Error::fault)?, &words, &env, tell)
}

/// Does `work`, which changes versions; its steps are noted for whoever reads along.
fn replace(
    root: &Path,
    tell: Tell<'_>,
    work: impl FnOnce(&Updater<'_>, &dyn Fn(&str)) -> Result<Value>,
) -> Result<Value> {
    let services: Box<dyn Services> =
        if units::systemd_runs(root) { Box::new(Systemd::of(root)) } else { Box::new(Unmanaged::of(root)) };
    let _alone = update::alone(root)?;
    let heard = RefCell::new((worker::Progress::begin(root)?, tell));
    let tell = |kind: &str, name: &str| {
        let (progress, tell) = &mut *heard.borrow_mut();
        progress.step(kind, name);
        tell(kind, name);
    };
    let faults = Faults::from_environment();
    let updater = Updater { root, services: &*services, faults: &faults, tell: &|step| tell(step, "") };
    let ended = work(&updater, &|address| tell("download", address));
    heard.borrow_mut().0.end(&ended)?;
    ended
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
