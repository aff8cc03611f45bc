//! Long or foreign work of root's: where systemd runs, as a transient unit of its own (systemd-run(1)), which neither
//! inherits the sandbox of the host service nor ends with it; elsewhere as a plain child.

use super::Lines;
use super::command::{self, Output, Program};
use crate::base::{Result, ids};
use std::path::Path;
use std::time::Duration;

/// Is there where systemd is the init system (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// As [`command::run`], in a unit `manara-job-ID.service` where systemd runs.
pub(super) fn run(program: Program, args: &[&str], limit: Duration, lines: Lines<'_>) -> Result<Output> {
    let (true, Some(path)) = (Path::new(BOOTED).is_dir(), program.find()) else {
        return command::run(program, args, limit, lines);
    };
    let unit = format!("manara-job-{}.service", ids::new_id("j")?);
    let path = path.display().to_string();
    let all = arguments(&unit, &path, args);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let outcome = command::run(Program::SystemdRun, &all, limit, lines);
    if outcome.is_err() {
        // What was ended is the program that waits for the unit, not the unit.
        let stopped = command::run(Program::Systemctl, &["stop", &unit], Duration::from_secs(120), &mut |_| true);
        if let Err(e) = stopped {
            log::warn!(target: "manara::host", unit = unit.as_str(); "the unit was not stopped: {e}");
        }
    }
    outcome
}

fn arguments(unit: &str, path: &str, args: &[&str]) -> Vec<String> {
    let own = ["--wait", "--pipe", "--collect", "--quiet", "--service-type=exec", "--setenv=LC_ALL=C.UTF-8"];
    let mut all: Vec<String> = own.iter().map(|&arg| arg.to_owned()).collect();
    all.extend(["--setenv=DEBIAN_FRONTEND=noninteractive".to_owned(), format!("--unit={unit}"), "--".to_owned()]);
    all.push(path.to_owned());
    all.extend(args.iter().map(|&arg| arg.to_owned()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_run_stands_behind_the_options_and_where_no_systemd_runs_it_is_a_child() {
        let all = arguments("manara-job-j0.service", "/usr/bin/dpkg", &["--audit", "--user"]);
        let at = all.iter().position(|arg| arg == "--").unwrap();
        assert_eq!(all[at..], ["--", "/usr/bin/dpkg", "--audit", "--user"]);
        assert!(all[..at].contains(&"--unit=manara-job-j0.service".to_owned()));
        let mut heard = 0;
        let limit = Duration::from_secs(30);
        let output = run(Program::Dpkg, &["--version"], limit, &mut |_| {
            heard += 1;
            true
        })
        .unwrap();
        assert!(output.ok && heard > 0 && output.text.contains("dpkg"), "{}", output.text);
    }
}
