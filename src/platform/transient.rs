//! Long or foreign work of root's: where systemd runs, in a transient unit of its own (systemd-run(1)), which neither
//! inherits the sandbox of the host service nor ends with it; elsewhere as a plain child.
//!
//! A unit writes into a file, and systemd remembers how it ended until somebody has asked. So a host that was started again
//! finds what an earlier one began, and tells its output and its end as if it had been there all the time.

use super::Lines;
use super::clock::pause;
use super::command::{self, Output, Program};
use super::files::RootDir;
use crate::base::limits::EVIDENCE_BYTES_MAX;
use crate::base::{Error, Kind, Result};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Is there where systemd is the init system (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";
/// Errors of work that was ended, as [`command::run`] has them.
const STOPPED: &str = "program_stopped";
const TIMED_OUT: &str = "program_timed_out";
/// Exit codes from here on are systemd's, of a command that it could not even begin (systemd.exec(5), "Process Exit Codes").
const SYSTEMDS_OWN: i32 = 200;
/// Pause between two looks at a unit.
const LOOK: Duration = Duration::from_millis(250);
/// Time for a question to systemd, or for ending a unit.
const ASK_LIMIT: Duration = Duration::from_secs(120);
/// Time after its last output for which the end of a unit is still of interest.
const HEARD_OF_WITHIN: Duration = Duration::from_secs(3600);
/// Most output that is read at once.
const READ_BYTES_MAX: u64 = 1024 * 1024;

/// Work that consists of commands, one after another, in the unit `manara-job-NAME.service`.
pub(super) struct Job<'a> {
    folder: &'a RootDir,
    name: &'a str,
    output: Tail,
}

/// A unit, as systemd knows it.
#[derive(Debug, PartialEq, Eq)]
enum Unit {
    /// There is none.
    Gone,
    /// It carries out this command.
    Runs(String),
    /// It carried out this command; its exit code, when it was not a signal.
    Ended(String, Option<i32>),
}

impl Unit {
    /// The command to go on with. Whoever asks for work that failed unheard wants it tried, not to be told of that time:
    /// whatever it was may be mended.
    fn going_on(&self, is_old: impl FnOnce() -> bool) -> Option<&str> {
        match self {
            Unit::Runs(command) => Some(command),
            Unit::Ended(command, Some(0)) if !is_old() => Some(command),
            Unit::Ended(..) | Unit::Gone => None,
        }
    }
}

impl<'a> Job<'a> {
    /// The unit of the work `name`.
    pub(super) fn unit(name: &str) -> String {
        format!("manara-job-{name}.service")
    }

    /// The work `name`, whose output lies in `folder`. One at a time may carry it out.
    pub(super) fn new(folder: &'a RootDir, name: &'a str) -> Self {
        Self { folder, name, output: Tail { path: folder.path(&format!("{name}.log")), told: 0 } }
    }

    /// The command that an earlier run of the host began and whose end nobody has heard of, as [`shown`] writes it. Without
    /// one, the work begins anew; so it does when the command failed, or ended so long ago that this is no answer to
    /// today's question.
    pub(super) fn begin(&self) -> Result<Option<String>> {
        if !Path::new(BOOTED).is_dir() {
            return Ok(None);
        }
        let unit = self.look()?;
        if let Some(command) = unit.going_on(|| is_old(&self.output.path)) {
            return Ok(Some(command.to_owned()));
        }
        if unit != Unit::Gone {
            self.clear();
        }
        self.folder.write(&format!("{}.log", self.name), b"", 0o600).map(|()| None)
    }

    /// Carries out one command, or goes on with it where it was begun before.
    pub(super) fn run(&mut self, program: Program, args: &[&str], limit: Duration, lines: Lines<'_>) -> Result<Output> {
        let (true, Some(path)) = (Path::new(BOOTED).is_dir(), program.find()) else {
            return command::run(program, args, limit, lines);
        };
        let command = shown(program, args);
        match self.look()? {
            Unit::Runs(there) | Unit::Ended(there, _) if there == command => {}
            Unit::Runs(_) => return Err(Error::fault("another command of this work runs")),
            Unit::Ended(..) => {
                self.clear();
                self.start(&path, &command, args)?;
            }
            Unit::Gone => self.start(&path, &command, args)?,
        }
        self.follow(limit, lines)
    }

    fn start(&self, path: &Path, command: &str, args: &[&str]) -> Result<()> {
        let printed = self.folder.stat(&format!("{}.log", self.name))?.map_or(0, |log| log.size);
        self.folder.write(&self.mark(), printed.to_string().as_bytes(), 0o600)?;
        let all = arguments(&Self::unit(self.name), &self.output.path, path, command, args);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let started = command::run(Program::SystemdRun, &all, ASK_LIMIT, &mut |_| true)?;
        // A command that ends at once can be gone before systemd has seen it start, and is then told as one that did not.
        let ran = |unit: Unit| matches!(unit, Unit::Ended(of, Some(..SYSTEMDS_OWN)) if of == command);
        if started.ok || ran(self.look()?) {
            return Ok(());
        }
        self.clear();
        Err(Error::new(Kind::External, "unit_failed").with("what", Self::unit(self.name)).evidence(started.text))
    }

    /// The file that says where in the output the last command's begins.
    fn mark(&self) -> String {
        format!("{}.at", self.name)
    }

    /// Where in the output the last command's begins.
    fn began(&self) -> Result<u64> {
        let mark = self.folder.read(&self.mark(), 32)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&mark).parse().unwrap_or(0))
    }

    /// Tells what the unit prints until it ends; the answer has the end of what its last command printed. One that is told to stop, or takes too long, is ended; after another error
    /// it goes on, and can be asked for again.
    pub(super) fn follow(&mut self, limit: Duration, lines: Lines<'_>) -> Result<Output> {
        let unit = Self::unit(self.name);
        let began = self.began()?;
        let outcome = follow(&mut self.output, began, || look(&unit), limit, lines);
        if outcome.as_ref().map_or_else(|e| [STOPPED, TIMED_OUT].contains(&e.code()), |_| true) {
            self.clear();
        }
        outcome
    }

    fn look(&self) -> Result<Unit> {
        look(&Self::unit(self.name))
    }

    /// Ends the unit, and has systemd forget how it ended.
    fn clear(&self) {
        let unit = Self::unit(self.name);
        for act in ["stop", "reset-failed"] {
            // One that is not there needs neither.
            if let Err(e) = command::run(Program::Systemctl, &[act, &unit], ASK_LIMIT, &mut |_| true) {
                log::warn!(target: "manara::host", unit = unit.as_str(), act; "the unit was not put in order: {e}");
            }
        }
    }
}

/// A command as the unit's description says it.
pub(super) fn shown(program: Program, args: &[&str]) -> String {
    [&[program.name()], args].concat().join(" ")
}

/// Whether a unit that ended wrote the last of its output, at `log`, long ago. One whose output is gone did.
fn is_old(log: &Path) -> bool {
    let written = log.metadata().and_then(|log| log.modified());
    // A time that is still to come, after a change of the clock, is not long ago.
    written.map_or(true, |at| at.elapsed().is_ok_and(|age| age > HEARD_OF_WITHIN))
}

/// Tells every line, and answers the end of those from the byte `began` on.
fn follow(
    output: &mut Tail,
    began: u64,
    look: impl Fn() -> Result<Unit>,
    limit: Duration,
    lines: Lines<'_>,
) -> Result<Output> {
    let deadline = Instant::now() + limit;
    let mut text = String::new();
    loop {
        // The state first: what was printed before the end is then read as well.
        let state = look()?;
        let runs = matches!(state, Unit::Runs(_));
        let mut stop = (Instant::now() > deadline).then_some(TIMED_OUT);
        for (at, line) in output.lines(runs)? {
            if at >= began {
                text.push_str(&line);
                text.push('\n');
                keep_end(&mut text);
            }
            if !lines(&line) {
                stop = Some(STOPPED);
            }
        }
        match (state, stop) {
            (Unit::Ended(_, code), _) => return Ok(Output { ok: code == Some(0), code, text }),
            // Somebody ended it, and systemd forgot it.
            (Unit::Gone, _) => return Ok(Output { ok: false, code: None, text }),
            (Unit::Runs(command), Some(code)) => {
                return Err(Error::new(Kind::External, code).with("program", command).evidence(text));
            }
            (Unit::Runs(_), None) => pause(LOOK),
        }
    }
}

/// Shortens `text` to whole lines of its end, at most [`EVIDENCE_BYTES_MAX`]; of a line that is longer itself, to its end.
fn keep_end(text: &mut String) {
    let Some(over) = text.len().checked_sub(EVIDENCE_BYTES_MAX + 1) else { return };
    let next_line = text.as_bytes()[over..].iter().position(|b| *b == b'\n').map(|at| over + at + 1);
    let next_character = (over + 1..text.len()).find(|at| text.is_char_boundary(*at));
    let cut = next_line.filter(|cut| *cut < text.len()).or(next_character).unwrap_or(text.len());
    text.drain(..cut);
}

/// The end of a growing file.
struct Tail {
    path: PathBuf,
    /// How much of it was told.
    told: u64,
}

impl Tail {
    /// The lines that came since, and where in the file each begins; one that has not ended yet only where nothing follows
    /// any more.
    fn lines(&mut self, more_comes: bool) -> Result<Vec<(u64, String)>> {
        let mut file = match File::open(&self.path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
            file => file.map_err(Error::fault)?,
        };
        file.seek(SeekFrom::Start(self.told)).map_err(Error::fault)?;
        let mut found = vec![];
        loop {
            let mut bytes = vec![];
            let full = file.by_ref().take(READ_BYTES_MAX).read_to_end(&mut bytes).map_err(Error::fault)? > 0;
            let whole = match bytes.iter().rposition(|b| *b == b'\n') {
                Some(at) => at + 1,
                None if more_comes && bytes.len() as u64 != READ_BYTES_MAX => 0,
                None => bytes.len(),
            };
            let rest = bytes.split_off(whole);
            for line in bytes.split_inclusive(|b| *b == b'\n') {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
                found.push((self.told, text.trim_end_matches('\r').to_owned()));
                self.told += line.len() as u64;
            }
            if !full || whole == 0 {
                return Ok(found);
            }
            let back = i64::try_from(rest.len()).map_err(Error::fault)?;
            file.seek(SeekFrom::Current(-back)).map_err(Error::fault)?;
        }
    }
}

fn look(unit: &str) -> Result<Unit> {
    let properties = "--property=LoadState,ActiveState,SubState,ExecMainCode,ExecMainStatus,Description";
    let said = command::run(Program::Systemctl, &["show", properties, unit], ASK_LIMIT, &mut |_| true)?;
    if said.ok {
        return Ok(read(&said.text));
    }
    Err(Error::new(Kind::External, "unit_failed").with("what", format!("show {unit}")).evidence(said.text))
}

/// What `systemctl show` (systemctl(1)) tells of a unit.
fn read(text: &str) -> Unit {
    let value = |key: &str| {
        let mut found = text.lines().filter_map(|line| line.split_once('='));
        found.find(|(name, _)| *name == key).map_or("", |(_, value)| value)
    };
    let command = value("Description").to_owned();
    // CLD_EXITED of waitid(2).
    let code = if value("ExecMainCode") == "1" { value("ExecMainStatus").parse().ok() } else { None };
    match (value("LoadState"), value("ActiveState"), value("SubState")) {
        ("loaded", "active", "exited") | ("loaded", "failed", _) => Unit::Ended(command, code),
        ("loaded", "active" | "activating" | "deactivating" | "reloading", _) => Unit::Runs(command),
        _ => Unit::Gone,
    }
}

fn arguments(unit: &str, log: &Path, path: &Path, command: &str, args: &[&str]) -> Vec<String> {
    let own = ["--quiet", "--service-type=exec", "--remain-after-exit", "--setenv=LC_ALL=C.UTF-8"];
    let mut all: Vec<String> = own.iter().map(|&arg| arg.to_owned()).collect();
    all.extend([
        "--setenv=DEBIAN_FRONTEND=noninteractive".to_owned(),
        format!("--property=StandardOutput=append:{}", log.display()),
        format!("--property=StandardError=append:{}", log.display()),
        format!("--description={command}"),
        format!("--unit={unit}"),
        "--".to_owned(),
        path.display().to_string(),
    ]);
    all.extend(args.iter().map(|&arg| arg.to_owned()));
    all
}

#[cfg(test)]
mod tests;
