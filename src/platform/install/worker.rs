//! An update replaces the panel and outlives whoever asked for it: it runs as a transient unit of systemd's, and writes what
//! it does into a file, which the command that began it reads along. Where no systemd runs it is carried out in place.

use super::{disk, own_files, units};
use crate::base::{Error, Kind, Result};
use crate::platform::clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The unit.
pub const UNIT: &str = "manara-update.service";
/// What the last update did, a JSON object a line, below the root prefix.
const PROGRESS: &str = "var/lib/manara-host/update.jsonl";
/// The unit's environment while it starts, below the root prefix.
const ENVIRONMENT: &str = "var/lib/manara-host/update.env";
const READ_EVERY: Duration = Duration::from_millis(200);
/// How long a unit that does not run any more may owe its last line.
const LAST_LINE_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Step(String, String),
    Done(Value),
    Failed(Error),
}

/// Writes the file.
pub struct Progress {
    path: PathBuf,
    text: String,
}

impl Progress {
    /// A new one.
    pub fn begin(root: &Path) -> Result<Progress> {
        let progress = Progress { path: root.join(PROGRESS), text: String::new() };
        progress.write()?;
        Ok(progress)
    }

    /// The one that was begun, by a process that came to nothing.
    pub fn go_on(root: &Path) -> Result<Progress> {
        let path = root.join(PROGRESS);
        Ok(Progress { text: disk::read(&path)?.unwrap_or_default(), path })
    }

    /// Notes a step. A disk that is full must not end an update that may be about to free it.
    pub fn step(&mut self, kind: &str, name: &str) {
        if let Err(e) = self.add(&Line::Step(kind.to_owned(), name.to_owned())) {
            log::warn!(target: "manara::update", cause:% = e; "a step is not noted");
        }
    }

    /// Notes how it ended.
    pub fn end(&mut self, ended: &Result<Value>) -> Result<()> {
        self.add(&match ended {
            Ok(answer) => Line::Done(answer.clone()),
            Err(e) => Line::Failed(e.clone()),
        })
    }

    fn add(&mut self, line: &Line) -> Result<()> {
        self.text += &(serde_json::to_string(line).map_err(Error::fault)? + "\n");
        self.write()
    }

    /// The whole file, some twenty lines, so that no reader finds half of one.
    fn write(&self) -> Result<()> {
        disk::write(&self.path, self.text.as_bytes(), 0o600, own_files::me())
    }
}

/// Error: `update_runs` where the unit runs.
pub fn none_runs() -> Result<()> {
    if is_active() { Err(Error::new(Kind::Conflict, "update_runs")) } else { Ok(()) }
}

/// Runs `program words` as the unit, with nothing of this process but the variables `env`, and tells its steps until it
/// ends. Errors: `unit_failed`, `update_vanished` where it ended without a word, and what it failed with.
pub fn run(
    root: &Path,
    program: &Path,
    words: &[String],
    env: &[(String, String)],
    tell: &mut dyn FnMut(&str, &str),
) -> Result<Value> {
    disk::remove(&root.join(PROGRESS))?;
    // Whatever becomes of the process: what it leaves half done is taken back at once.
    let afterwards = format!("ExecStopPost={} self recover --start", program.display());
    // A proxy's address may have a password: not for a list of processes, nor for `systemctl show`.
    let environment = root.join(ENVIRONMENT);
    disk::write(&environment, environment_file(env).as_bytes(), 0o600, own_files::me())?;
    // `-`: it is gone when what comes afterwards begins.
    let from_file = format!("EnvironmentFile=-{}", environment.display());
    let started = units::start_transient(UNIT, &[afterwards, from_file], program, words);
    disk::remove(&environment)?;
    started?;
    tell("unit", UNIT);
    follow(root, &is_active, tell)
}

/// Deletes what a killed [`run`] left of the environment it was to hand over.
pub fn forget(root: &Path) -> Result<()> {
    disk::remove(&root.join(ENVIRONMENT))
}

/// In double quotes everything is itself after a backslash but these four (systemd.exec(5), EnvironmentFile).
fn environment_file(env: &[(String, String)]) -> String {
    let quoted = |value: &str| -> String {
        let escaped = |c| ['"', '\\', '`', '$'].contains(&c).then_some('\\').into_iter().chain([c]);
        value.chars().flat_map(escaped).collect()
    };
    env.iter().map(|(name, value)| format!("{name}=\"{}\"\n", quoted(value))).collect()
}

fn is_active() -> bool {
    // Not `is-active`: while it takes back what it began, the unit is deactivating.
    let state = units::systemctl(&["show", "--property=ActiveState", "--value", UNIT]);
    state.is_ok_and(|state| matches!(state.trim(), "active" | "activating" | "deactivating"))
}

fn follow(root: &Path, is_active: &dyn Fn() -> bool, tell: &mut dyn FnMut(&str, &str)) -> Result<Value> {
    let (mut told, mut gone): (usize, Option<Instant>) = (0, None);
    loop {
        let text = disk::read(&root.join(PROGRESS))?.unwrap_or_default();
        for line in text.lines().skip(told) {
            told += 1;
            match serde_json::from_str(line).map_err(Error::fault)? {
                Line::Step(kind, name) => tell(&kind, &name),
                Line::Done(answer) => return Ok(answer),
                Line::Failed(e) => return Err(e),
            }
        }
        match gone {
            _ if is_active() => gone = None,
            None => gone = Some(Instant::now()),
            Some(since) if since.elapsed() > LAST_LINE_WAIT => {
                return Err(Error::new(Kind::External, "update_vanished").with("unit", UNIT));
            }
            Some(_) => {}
        }
        clock::pause(READ_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::cell::RefCell;

    fn machine() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("var/lib/manara-host")).unwrap();
        folder
    }

    #[test]
    fn a_reader_hears_every_step_once_and_the_end() {
        let root = machine();
        let mut progress = Progress::begin(root.path()).unwrap();
        let heard = RefCell::new(Vec::new());
        progress.step("stop", "");
        let path = root.path().to_owned();
        let writer = std::thread::spawn(move || {
            clock::pause(READ_EVERY * 2);
            progress.step("download", "https://releases.example/x");
            progress.end(&Ok(json!({ "version": "1.1.0" }))).unwrap();
        });
        let answer = follow(&path, &|| true, &mut |kind, name| heard.borrow_mut().push(format!("{kind} {name}")));
        assert_eq!(answer.unwrap()["version"], "1.1.0");
        assert_eq!(*heard.borrow(), ["stop ", "download https://releases.example/x"]);
        writer.join().unwrap();
    }

    #[test]
    fn what_a_unit_is_given_stands_in_a_file_as_systemd_reads_it() {
        let env = [("HTTPS_PROXY", r#"http://u:a$b\c"d`e'f@proxy"#), ("NO_PROXY", "")];
        let text = environment_file(&env.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(text, "HTTPS_PROXY=\"http://u:a\\$b\\\\c\\\"d\\`e'f@proxy\"\nNO_PROXY=\"\"\n");
    }

    #[test]
    fn a_failure_arrives_as_it_was_and_a_unit_that_vanished_is_said() {
        let root = machine();
        let mut progress = Progress::begin(root.path()).unwrap();
        let failed =
            Error::new(Kind::Conflict, "update_downgrade").with("from", "2").with("to", "1").evidence("it said");
        progress.end(&Err(failed)).unwrap();
        let error = follow(root.path(), &|| false, &mut |_, _| {}).unwrap_err();
        assert_eq!((error.code(), error.param("to"), error.kind()), ("update_downgrade", Some("1"), Kind::Conflict));
        assert_eq!(error.shown_evidence(), Some("it said"));

        Progress::begin(root.path()).unwrap();
        assert_eq!(follow(root.path(), &|| false, &mut |_, _| {}).unwrap_err().code(), "update_vanished");
    }
}
