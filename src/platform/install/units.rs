//! The units of systemd, as the binary carries them.

use super::disk;
use crate::base::{Error, Kind, Result};
use crate::platform::command::{self, Program};
use std::path::Path;
use std::time::Duration;

/// Name and text of each unit.
pub const UNITS: [(&str, &str); 4] = [
    ("manara.service", include_str!("../../../assets/templates/systemd/manara.service")),
    ("manara-host.service", include_str!("../../../assets/templates/systemd/manara-host.service")),
    ("manara-host.socket", include_str!("../../../assets/templates/systemd/manara-host.socket")),
    ("manara-recover.service", include_str!("../../../assets/templates/systemd/manara-recover.service")),
];

/// The panel itself.
pub const PANEL: &str = "manara.service";
/// What is enabled; the host service comes with its socket.
pub(super) const ENABLED: [&str; 3] = ["manara-host.socket", "manara-recover.service", PANEL];
/// What is stopped, in this order.
pub(super) const STOPPED: [&str; 3] = [PANEL, "manara-host.socket", "manara-host.service"];
/// Where units of the administrator lie.
pub(super) const FOLDER: &str = "etc/systemd/system";

/// Longest start or stop of a unit: more than any `TimeoutStartSec` of ours.
const SYSTEMCTL_S_MAX: u64 = 180;

/// The text of the unit `name`.
pub fn text(name: &str) -> Option<&'static str> {
    UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, text)| *text)
}

/// Whether systemd runs the machine that has its root at `root` (sd_booted(3)). Below a root prefix nobody does.
pub fn systemd_runs(root: &Path) -> bool {
    root == Path::new("/") && Path::new("/run/systemd/system").is_dir()
}

/// Starts `program` as the transient unit `name` (systemd-run(1)) with more properties.
/// Error: `unit_failed`, also where a unit of that name runs.
pub(super) fn start_transient(name: &str, properties: &[String], program: &Path, words: &[String]) -> Result<()> {
    // `exec`: it answers when the program runs, and has read its environment.
    let mut all: Vec<String> = ["--collect", "--quiet", "--service-type=exec"].map(str::to_owned).into();
    all.push(format!("--unit={name}"));
    all.extend(properties.iter().map(|property| format!("--property={property}")));
    all.extend(["--".to_owned(), program.display().to_string()]);
    all.extend_from_slice(words);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    ask(Program::SystemdRun, &all).map(drop)
}

/// Asks systemd to do `words`; its output. Error: `unit_failed` with what it said.
pub(super) fn systemctl(words: &[&str]) -> Result<String> {
    ask(Program::Systemctl, words)
}

fn ask(program: Program, words: &[&str]) -> Result<String> {
    let output = command::run(program, words, Duration::from_secs(SYSTEMCTL_S_MAX), &mut |_| true)?;
    if output.ok {
        return Ok(output.text);
    }
    Err(Error::new(Kind::External, "unit_failed").with("what", words.join(" ")).evidence(output.text))
}

/// Starts the panel anew where it runs as a unit. A process that acted in its place gave up being root for that; then
/// nothing runs, and nothing is done.
pub fn restart_panel(root: &Path) -> Result<()> {
    if super::own_files::me().0 == 0 && systemd_runs(root) && disk::exists(&root.join(FOLDER).join(PANEL)) {
        systemctl(&["try-restart", PANEL])?;
    }
    Ok(())
}

/// Whether the unit file `name` below `root` is as this version wants it.
pub(super) fn is_current(root: &Path, name: &str) -> Result<bool> {
    Ok(disk::read(&root.join(FOLDER).join(name))?.as_deref() == text(name))
}
