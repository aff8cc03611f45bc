//! From one version to another, and back. Sites are nginx's business and see nothing of it.
//!
//! The panel is stopped, its database kept as a snapshot, the new version's migrations are tried on a copy and then
//! carried out, the link is switched, and the new version has a minute to prove itself, without taking changes meanwhile.
//! Whatever fails, the former version comes back with the database as it was. Each step is noted in a journal before it
//! happens and going back is idempotent: whoever comes next (this command, or the unit that runs at boot) takes an
//! interrupted update back.

use super::health::Services;
use super::release::{self, Release};
use super::setup::{CURRENT, VERSIONS};
use super::{disk, own_files};
use crate::base::{Error, Kind, Result};
use crate::platform::faults::Faults;
use crate::platform::{clock, command};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The journal, below the root prefix.
const JOURNAL: &str = "var/lib/manara-host/update.json";
const LOCK: &str = "var/lib/manara-host/update.lock";
/// While this file is there, the panel takes no changes: the version that runs may have to go back.
const UNPROVED: &str = "opt/manara/unproved";
/// Time a version has to prove itself.
const PROVE_WITHIN: Duration = Duration::from_secs(60);
/// How often the lock is asked for.
const ALONE_TRIES: u32 = 10;
/// Longest run of one of a version's commands: migrations of a large database.
const COMMAND_S_MAX: u64 = 1800;

/// What is known of versions on this machine.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Journal {
    /// Form of this file.
    version: u32,
    /// The version that was in use before the present one.
    previous: Option<String>,
    /// A switch that began and has not ended.
    open: Option<Switch>,
    /// How the last one ended.
    last: Option<Ended>,
}

/// A switch under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Switch {
    from: String,
    to: String,
    /// The database as it was, once it is kept.
    snapshot: Option<String>,
}

/// How a switch ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The version before.
    pub from: String,
    /// The version that was wanted.
    pub to: String,
    /// Why the former version came back; the code of the error.
    pub failed: Option<String>,
}

impl Ended {
    /// What whoever asked for the switch is told when it was taken back.
    pub fn error(&self) -> Error {
        let e = Error::new(Kind::External, "update_undone").with("from", &self.from).with("to", &self.to);
        e.with("code", self.failed.as_deref().unwrap_or_default())
    }
}

/// Versions on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// In use.
    pub current: Option<String>,
    /// What `rollback` goes to.
    pub previous: Option<String>,
    /// Present.
    pub versions: Vec<String>,
    /// Whether a switch was interrupted.
    pub interrupted: bool,
    /// Whether one is under way.
    pub under_way: bool,
    /// How the last one ended.
    pub last: Option<Ended>,
}

/// The machine that is updated.
pub struct Updater<'a> {
    /// Its root.
    pub root: &'a Path,
    /// Its units.
    pub services: &'a dyn Services,
    /// Where steps fail in tests.
    pub faults: &'a Faults,
    /// Hears of each step: `cli.update.NAME` in the catalogue.
    pub tell: &'a dyn Fn(&'static str),
}

/// What is known.
pub fn status(root: &Path) -> Result<Status> {
    let journal = read(root)?;
    let under_way = disk::exists(&root.join(LOCK)) && disk::lock(&root.join(LOCK))?.is_none();
    let versions = disk::names(&root.join(VERSIONS)).into_iter().filter(|name| release::is_version(name)).collect();
    Ok(Status {
        current: current(root),
        previous: journal.previous,
        versions,
        interrupted: journal.open.is_some() && !under_way,
        under_way,
        last: journal.last,
    })
}

/// Makes sure that no second update runs beside this one, for as long as the answer is kept. Error: `update_runs`.
pub fn alone(root: &Path) -> Result<std::fs::File> {
    // Whoever asks for the status has the lock for a moment.
    for _ in 0..ALONE_TRIES {
        if let Some(lock) = disk::lock(&root.join(LOCK))? {
            return Ok(lock);
        }
        clock::pause(Duration::from_millis(100));
    }
    Err(Error::new(Kind::Conflict, "update_runs"))
}

/// Whether changes must wait for a version's proof.
pub fn is_unproved(root: &Path) -> bool {
    disk::exists(&root.join(UNPROVED))
}

impl Updater<'_> {
    /// Goes to `release`. Answers whether anything changed: the version in use stays as it is. Errors:
    /// `update_downgrade` for an older version unless `downgrade`, `release_not_itself` for a program that says it is
    /// something else or fails its self-test, `update_undone` with what failed when the former version came back.
    pub fn update(&self, release: &Release, downgrade: bool) -> Result<bool> {
        self.recover()?;
        if !self.goes_to(&release.version, downgrade)? {
            return Ok(false);
        }
        let from = self.in_use()?;
        self.unpack(release)?;
        self.switch(&from, &release.version).map(|()| true)
    }

    /// Whether `version` is another one than that in use, and may be gone to. Errors: `update_downgrade`,
    /// `update_not_installed`.
    pub fn goes_to(&self, version: &str, downgrade: bool) -> Result<bool> {
        let from = self.in_use()?;
        if compare(version, &from) == Ordering::Less && !downgrade {
            let e = Error::new(Kind::Conflict, "update_downgrade").with("from", &from);
            return Err(e.with("to", version));
        }
        Ok(from != version)
    }

    /// Goes back to the version before this one. Errors: `update_no_previous`, and those of [`Updater::update`].
    pub fn rollback(&self) -> Result<String> {
        self.recover()?;
        let from = self.in_use()?;
        let previous = read(self.root)?.previous.filter(|version| self.program(version).is_file());
        let to = previous.ok_or_else(|| Error::new(Kind::NotFound, "update_no_previous"))?;
        self.switch(&from, &to).map(|()| to)
    }

    /// Takes an interrupted switch back; answers whether there was one.
    pub fn recover(&self) -> Result<bool> {
        let Some(open) = read(self.root)?.open else {
            // Left where the last step of a good update was interrupted.
            disk::remove(&self.root.join(UNPROVED))?;
            return Ok(false);
        };
        self.services.may_stop()?;
        (self.tell)("interrupted");
        self.back(&open, "update_interrupted")?;
        Ok(true)
    }

    fn in_use(&self) -> Result<String> {
        current(self.root).ok_or_else(|| Error::new(Kind::NotFound, "update_not_installed"))
    }

    fn program(&self, version: &str) -> PathBuf {
        self.root.join(VERSIONS).join(version).join("manara")
    }

    /// Brings the program of `release` to its folder, after it has proved what it is.
    fn unpack(&self, release: &Release) -> Result<()> {
        self.step("unpack")?;
        let folder = self.root.join(VERSIONS).join(".unpacked");
        let program = release::unpack(release, &folder)?;
        let not_itself = |said: String| {
            Error::new(Kind::External, "release_not_itself").with("version", &release.version).evidence(said)
        };
        let said = run(&program, &["--version"])?;
        if !said.ok || !said.text.starts_with(&format!("manara {} ", release.version)) {
            return Err(not_itself(said.text));
        }
        let tested = run(&program, &["self-test"])?;
        if !tested.ok {
            return Err(not_itself(tested.text));
        }
        self.step("keep")?;
        let place = self.root.join(VERSIONS).join(&release.version);
        disk::remove(&place)?;
        disk::make_folder(&place, 0o755)?;
        disk::copy_program(&program, &place.join("manara"))?;
        disk::remove(&folder)
    }

    fn switch(&self, from: &str, to: &str) -> Result<()> {
        self.services.may_stop()?;
        let mut open = Switch { from: from.to_owned(), to: to.to_owned(), snapshot: None };
        self.note(|journal| journal.open = Some(open.clone()))?;
        let failed = match self.go(&mut open) {
            Ok(()) => return self.finish(&open),
            Err(failed) => failed,
        };
        let ended = self.back(&open, failed.code())?;
        let said = failed.shown_evidence().unwrap_or_default().to_owned();
        Err(ended.error().evidence(format!("{failed}\n{said}")))
    }

    /// Everything up to the proof. `open` learns of the snapshot as soon as there is one.
    fn go(&self, open: &mut Switch) -> Result<()> {
        disk::write(&self.root.join(UNPROVED), open.to.as_bytes(), 0o644, own_files::me())?;
        self.step("stop")?;
        self.services.stop()?;
        self.step("snapshot")?;
        let kept = self.ask(&open.from, &["--json", "migrate", "snapshot"])?;
        open.snapshot = kept["path"].as_str().map(str::to_owned);
        self.note(|journal| journal.open = Some(open.clone()))?;
        self.step("migrate")?;
        self.migrate(open)?;
        self.step("switch")?;
        disk::link(&self.root.join(CURRENT), &open.to)?;
        self.step("files")?;
        self.ask(&open.to, &["--json", "self", "setup", "--yes", "--no-start"])?;
        self.step("start")?;
        self.services.start()?;
        self.step("prove")?;
        self.services.prove(PROVE_WITHIN)
    }

    /// Brings the database to the schema of the wanted version; on a copy first.
    fn migrate(&self, open: &Switch) -> Result<()> {
        let schema = |version: &str| -> Result<u64> {
            let status = self.ask(version, &["--json", "self", "status"])?;
            status["schema"].as_u64().ok_or_else(|| Error::fault(format!("version {version} tells no schema")))
        };
        let (from, to) = (schema(&open.from)?, schema(&open.to)?);
        if open.snapshot.is_none() || from == to {
            return Ok(());
        }
        if to < from {
            return self.ask(&open.from, &["--json", "--yes", "migrate", "down", &to.to_string()]).map(drop);
        }
        self.ask(&open.to, &["--json", "migrate", "check"])?;
        self.ask(&open.to, &["--json", "migrate", "up"]).map(drop)
    }

    fn finish(&self, open: &Switch) -> Result<()> {
        self.step("finish")?;
        self.note(|journal| {
            journal.open = None;
            journal.previous = Some(open.from.clone());
            journal.last = Some(Ended { from: open.from.clone(), to: open.to.clone(), failed: None });
        })?;
        disk::remove(&self.root.join(UNPROVED))?;
        // This version and the one before are kept.
        for version in disk::names(&self.root.join(VERSIONS)).iter().filter(|name| release::is_version(name)) {
            if ![&open.from, &open.to].contains(&version) {
                disk::remove(&self.root.join(VERSIONS).join(version))?;
            }
        }
        Ok(())
    }

    /// The former version, its database, its files, its units. Idempotent.
    fn back(&self, open: &Switch, why: &str) -> Result<Ended> {
        self.step("back_stop")?;
        self.services.stop()?;
        self.step("back_switch")?;
        disk::link(&self.root.join(CURRENT), &open.from)?;
        if let Some(snapshot) = &open.snapshot {
            self.step("back_database")?;
            self.ask(&open.from, &["--json", "--yes", "migrate", "restore", snapshot])?;
        }
        self.step("back_files")?;
        self.ask(&open.from, &["--json", "self", "setup", "--yes", "--no-start"])?;
        self.step("back_start")?;
        disk::remove(&self.root.join(UNPROVED))?;
        self.services.start()?;
        let ended = Ended { from: open.from.clone(), to: open.to.clone(), failed: Some(why.to_owned()) };
        self.note(|journal| {
            journal.open = None;
            journal.last = Some(ended.clone());
        })?;
        self.services.prove(PROVE_WITHIN).map(|()| ended)
    }

    fn step(&self, name: &'static str) -> Result<()> {
        (self.tell)(name);
        self.faults.step(name)
    }

    /// Runs a command of `version`; its JSON answer.
    fn ask(&self, version: &str, words: &[&str]) -> Result<Value> {
        let root = self.root.display().to_string();
        let prefix: &[&str] = if self.root == Path::new("/") { &[] } else { &["--root", &root] };
        let output = run(&self.program(version), &[prefix, words].concat())?;
        if output.ok {
            // Lines of the log may come before the answer.
            let answer = output.text.find('{').map_or("null", |at| &output.text[at..]);
            return Ok(serde_json::from_str(answer).unwrap_or_default());
        }
        let e = Error::new(Kind::External, "version_command_failed").with("version", version);
        Err(e.with("command", words.join(" ")).evidence(output.text))
    }

    fn note(&self, change: impl FnOnce(&mut Journal)) -> Result<()> {
        let mut journal = read(self.root)?;
        change(&mut journal);
        journal.version = 1;
        let text = serde_json::to_vec_pretty(&journal).map_err(Error::fault)?;
        disk::write(&self.root.join(JOURNAL), &text, 0o600, own_files::me())
    }
}

fn read(root: &Path) -> Result<Journal> {
    let text = disk::read(&root.join(JOURNAL))?;
    text.map_or(Ok(Journal::default()), |text| serde_json::from_str(&text).map_err(Error::fault))
}

fn current(root: &Path) -> Option<String> {
    disk::link_target(&root.join(CURRENT))?.to_str().map(str::to_owned)
}

fn run(program: &Path, words: &[&str]) -> Result<command::Output> {
    command::run_version(program, words, Duration::from_secs(COMMAND_S_MAX))
}

/// Which version is newer: by numbers; one with a suffix (`-rc.1`) comes before the one without.
fn compare(a: &str, b: &str) -> Ordering {
    let split = |text: &str| -> (Vec<u64>, Option<Vec<(u64, String)>>) {
        let text = text.split('+').next().unwrap_or_default();
        let (numbers, suffix) = text.split_once('-').map_or((text, None), |(n, s)| (n, Some(s)));
        let number = |part: &str| part.parse().unwrap_or(u64::MAX);
        let suffix = suffix.map(|s| s.split('.').map(|part| (number(part), part.to_owned())).collect());
        (numbers.split('.').map(number).collect(), suffix)
    };
    let ((a, a_suffix), (b, b_suffix)) = (split(a), split(b));
    a.cmp(&b).then(match (a_suffix, b_suffix) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => a.cmp(&b),
    })
}

#[cfg(test)]
mod tests;
