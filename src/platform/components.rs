//! Software the panel works with and can install.

use super::Lines;
use super::clock::pause;
use super::command::{self, Output, Program};
use super::files::RootDir;
use super::transient::{self, Job};
use crate::base::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A component, each a set of packages of the distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The web server.
    Nginx,
}

impl Component {
    /// Every component.
    pub const ALL: [Component; 1] = [Component::Nginx];

    pub(super) fn packages(self) -> &'static [&'static str] {
        match self {
            Component::Nginx => &["nginx"],
        }
    }

    /// The name of the work that installs it.
    fn work(self) -> &'static str {
        match self {
            Component::Nginx => "install-nginx",
        }
    }

    /// The unit in which it is installed.
    pub(super) fn unit(self) -> String {
        Job::unit(self.work())
    }

    fn program(self) -> Program {
        match self {
            Component::Nginx => Program::Nginx,
        }
    }
}

/// Whether a component is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ComponentState {
    /// Which one.
    pub name: Component,
    /// Whether its program is installed.
    pub installed: bool,
    /// Its version, when it is installed.
    pub version: Option<String>,
}

/// The state of every component.
pub(super) fn states() -> Result<Vec<ComponentState>> {
    let nginx = super::nginx::installed()?;
    Ok(vec![ComponentState { name: Component::Nginx, installed: nginx.is_some(), version: nginx.map(|n| n.0) }])
}

/// Time to wait for somebody else's package manager.
const LOCK_LIMIT: Duration = Duration::from_secs(600);
/// Pause between two looks at a lock that apt itself does not wait for.
const LOCK_PAUSE: Duration = Duration::from_secs(5);
/// Time for one run of a package manager.
const RUN_LIMIT: Duration = Duration::from_secs(1800);

/// Installs `component` with apt. Somebody else's package manager is waited for, an installation that was interrupted is
/// finished first, and one that an earlier run of the host began is gone on with. `folder` keeps what is printed. Errors:
/// `dpkg_locked`, `dpkg_half_done`, `install_failed`.
pub(super) fn install(component: Component, folder: &RootDir, lines: Lines<'_>) -> Result<()> {
    let mut job = Job::new(folder, component.work());
    let wait = format!("DPkg::Lock::Timeout={}", LOCK_LIMIT.as_secs());
    let options = ["-o", &wait, "-o", "Dpkg::Use-Pty=0"];
    let update = [&options[..], &["update"]].concat();
    let install = [&options[..], &["install", "--yes", "--no-install-recommends", "--"], component.packages()].concat();
    let steps = [update, install];
    let left = job.begin()?;
    let at =
        left.as_ref().and_then(|left| steps.iter().position(|args| transient::shown(Program::AptGet, args) == *left));
    if at.is_none() {
        if left.is_some() {
            // The repair of an earlier host. What came of it is looked at next.
            job.follow(RUN_LIMIT, lines)?;
        }
        finish_interrupted(&mut job, lines)?;
    }
    carry_out(&mut job, component, &steps[at.unwrap_or(0)..], lines)?;
    if at.is_some() && component.program().find().is_none() {
        // The earlier run had installed it, and somebody removed it since.
        carry_out(&mut job, component, &steps, lines)?;
    }
    if component.program().find().is_none() {
        return Err(command::missing(component.program()));
    }
    Ok(())
}

fn carry_out(job: &mut Job<'_>, component: Component, steps: &[Vec<&str>], lines: Lines<'_>) -> Result<()> {
    for args in steps {
        let output = patiently(job, Program::AptGet, args, lines)?;
        if !output.ok {
            let code = if is_locked(&output.text) { "dpkg_locked" } else { "install_failed" };
            return Err(Error::new(Kind::External, code)
                .with("component", component.packages().join(" "))
                .evidence(output.text));
        }
    }
    Ok(())
}

/// Runs a package manager, again while somebody else's holds what it needs. apt waits for dpkg's lock by itself, for that
/// of the package lists it does not, and dpkg waits for nothing.
fn patiently(job: &mut Job<'_>, program: Program, args: &[&str], lines: Lines<'_>) -> Result<Output> {
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        let output = job.run(program, args, RUN_LIMIT, lines)?;
        if output.ok || !is_locked(&output.text) || Instant::now() > deadline {
            return Ok(output);
        }
        pause(LOCK_PAUSE);
    }
}

/// Whether another package manager is at work.
fn is_locked(text: &str) -> bool {
    let apt = |line: &str| line.starts_with("E: Could not get lock") || line.starts_with("E: Unable to acquire");
    let dpkg = |line: &str| line.starts_with("dpkg: error:") && line.contains("locked by another process");
    text.lines().any(|line| apt(line) || dpkg(line))
}

/// Finishes what an interrupted package manager left half configured. `dpkg --audit` (dpkg(1)) names such packages and is
/// silent otherwise; those that somebody installs at the moment are among them. Errors: `dpkg_locked`, `dpkg_half_done`
/// when they are still so afterwards.
fn finish_interrupted(job: &mut Job<'_>, lines: Lines<'_>) -> Result<()> {
    let audit = || command::run(Program::Dpkg, &["--audit"], Duration::from_secs(60), &mut |_| true);
    let found = audit()?;
    if found.ok && found.text.trim().is_empty() {
        return Ok(());
    }
    let tried = patiently(job, Program::Dpkg, &["--configure", "-a"], lines)?;
    let left = audit()?;
    if tried.ok && left.text.trim().is_empty() {
        return Ok(());
    }
    let code = if is_locked(&tried.text) { "dpkg_locked" } else { "dpkg_half_done" };
    Err(Error::new(Kind::External, code).evidence(format!("{}\n{}", left.text, tried.text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_somebody_else_is_told_from_other_failures() {
        let lists =
            "Reading package lists...\nE: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt)";
        assert!(is_locked(lists));
        assert!(is_locked("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)"));
        assert!(is_locked("dpkg: error: dpkg frontend lock was locked by another process with pid 7"));
        assert!(!is_locked("dpkg: error processing package a (--configure):"));
        assert!(!is_locked("E: Unable to locate package nginx\nE: something: Could not get lock"));
    }
}
