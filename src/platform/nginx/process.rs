//! The running nginx: started, reloaded, and believed only when the new generation answers and the old workers are gone.
//!
//! A reload says nothing by itself: after a bad configuration the old workers simply go on. And right after a good one,
//! old workers still answer for a while; so one answer of the new generation is not proof either.

use super::super::clock::pause;
use super::super::command::{self, Program};
use super::super::{fetch, files};
use crate::base::limits::{EVIDENCE_BYTES_MAX, LOG_REOPEN_S_MAX, NGINX_RELOAD_S_MAX};
use crate::base::{Error, Kind, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much of the error log is shown where nothing was added to it.
const LOG_TAIL_BYTES: u64 = 2048;

/// Where our instance has its files.
#[derive(Debug, Clone)]
pub(in super::super) struct Instance {
    /// Folder with `nginx.conf`.
    pub conf: PathBuf,
    /// File with the master's process id.
    pub pid: PathBuf,
    /// Error log.
    pub error_log: PathBuf,
    /// URL that answers with the generation.
    pub probe: String,
    /// Whether this is the nginx of the machine, which systemd starts where it is there.
    pub machine: bool,
}

impl Instance {
    /// Process id of the running master.
    pub(in super::super) fn master(&self) -> Option<i32> {
        let text = files::read_own(&self.pid, 64).ok()??;
        let pid: i32 = text.trim().parse().ok()?;
        let title = cmdline(pid)?;
        title.contains("nginx: master").then_some(pid)
    }

    /// The generation that answers now.
    pub(in super::super) fn generation(&self) -> Option<u64> {
        fetch::loopback_text(&self.probe, Duration::from_secs(1)).ok()?.trim().parse().ok()
    }

    /// Starts nginx or makes it load the configuration on disk, and waits for `generation`.
    pub(in super::super) fn load(&self, generation: u64) -> Result<()> {
        let log_from = log_size(&self.error_log);
        let before = match self.master() {
            Some(master) => {
                let workers = children(master);
                signal(master, Signal::HUP)?;
                workers
            }
            None => {
                self.start(log_from)?;
                vec![]
            }
        };
        self.wait_for(generation, &before, log_from)
    }

    /// Makes a running nginx load the configuration on disk, and waits until new workers have taken over from the former
    /// ones; for a configuration without a generation. One that does not run is left alone.
    pub(in super::super) fn renew(&self) -> Result<()> {
        let Some(master) = self.master() else { return Ok(()) };
        let log_from = log_size(&self.error_log);
        let before = children(master);
        signal(master, Signal::HUP)?;
        let deadline = Instant::now() + Duration::from_secs(NGINX_RELOAD_S_MAX);
        loop {
            let new = children(master).iter().any(|pid| !before.contains(pid));
            if new && before.iter().all(|pid| leaving(*pid)) {
                return Ok(());
            }
            let log = log_since(&self.error_log, log_from);
            if log.contains("[emerg]") || Instant::now() > deadline {
                return Err(Error::new(Kind::External, "nginx_reload_failed").evidence(log));
            }
            pause(Duration::from_millis(5));
        }
    }

    /// `log_from`: where the error log ended before.
    fn start(&self, log_from: u64) -> Result<()> {
        let main = self.conf.join("nginx.conf").display().to_string();
        let prefix = self.conf.display().to_string();
        let (program, args): (_, &[&str]) = match self.machine {
            true if Program::Nginx.find().is_none() => return Err(command::missing(Program::Nginx)),
            true if has_unit() => (Program::Systemctl, &["start", UNIT]),
            true => (Program::Nginx, &["-c", &main]),
            false => (Program::Nginx, &["-p", &prefix, "-c", &main]),
        };
        let output = command::run(program, args, Duration::from_secs(NGINX_RELOAD_S_MAX), &mut |_| true)?;
        if output.ok {
            return Ok(());
        }
        let mut evidence = output.text;
        if program == Program::Systemctl {
            // What nginx said went to the journal; asked again, it says it here.
            let limit = Duration::from_secs(NGINX_RELOAD_S_MAX);
            evidence += &command::run(Program::Nginx, &["-t", "-q", "-c", &main], limit, &mut |_| true)?.text;
            // A test does not find everything: a port in use stands in the log only.
            evidence += &log_since(&self.error_log, log_from);
        }
        Err(Error::new(Kind::External, "nginx_start_failed").with("reason", verdict(&evidence)).evidence(evidence))
    }

    fn wait_for(&self, generation: u64, old_workers: &[i32], log_from: u64) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(NGINX_RELOAD_S_MAX);
        loop {
            // The workers first: asking costs a connection, and time that nginx needs for reading its configuration.
            if old_workers.iter().all(|pid| leaving(*pid)) && self.generation() == Some(generation) {
                return Ok(());
            }
            let log = log_since(&self.error_log, log_from);
            if log.contains("[emerg]") || Instant::now() > deadline {
                let said = if log.trim().is_empty() { self.silence(generation) } else { log };
                return Err(Error::new(Kind::External, "nginx_reload_failed")
                    .with("generation", generation)
                    .evidence(said));
            }
            pause(Duration::from_millis(5));
        }
    }

    /// Evidence where nginx logged nothing: what it answers instead, and the end of its error log.
    fn silence(&self, generation: u64) -> String {
        let answers = self.generation().map_or_else(|| "nothing".to_owned(), |other| format!("generation {other}"));
        let tail = log_since(&self.error_log, log_size(&self.error_log).saturating_sub(LOG_TAIL_BYTES));
        let asked = format!("nginx did not answer with generation {generation} within {NGINX_RELOAD_S_MAX} s;");
        format!("{asked} it answers {answers}. It logged nothing since; its last lines:\n{}", tail.trim_end())
    }

    /// Has nginx open its logs anew after they were renamed, and waits until it did. One that does not run opens them
    /// when it starts.
    pub(in super::super) fn reopen_logs(&self) -> Result<()> {
        let Some(master) = self.master() else { return Ok(()) };
        signal(master, Signal::USR1)?;
        let deadline = Instant::now() + Duration::from_secs(LOG_REOPEN_S_MAX);
        while !self.error_log.exists() {
            if Instant::now() > deadline {
                return Err(Error::new(Kind::External, "nginx_logs_not_reopened").with("log", self.error_log.display()));
            }
            pause(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Ends nginx after its open requests, at most 5 seconds, then at once.
    pub(in super::super) fn stop(&self) -> Result<()> {
        for (asked, wait) in [(Signal::QUIT, Duration::from_secs(5)), (Signal::TERM, Duration::from_secs(5))] {
            let Some(master) = self.master() else { return Ok(()) };
            signal(master, asked)?;
            let deadline = Instant::now() + wait;
            while self.master() == Some(master) && Instant::now() < deadline {
                pause(Duration::from_millis(10));
            }
        }
        Ok(())
    }
}

/// The unit of the distribution's package. The policy knows nginx by this name, also where no systemd runs.
pub(in super::super) const UNIT: &str = "nginx.service";

/// Whether systemd runs (sd_booted(3)) and knows nginx.
fn has_unit() -> bool {
    let folders = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
    Path::new("/run/systemd/system").is_dir() && folders.iter().any(|folder| Path::new(folder).join(UNIT).exists())
}

/// The line with which nginx said why it gave up: later ones only say that it did. Else the last one there is.
fn verdict(said: &str) -> &str {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let last = lines.clone().next_back().unwrap_or_default();
    lines.find(|line| line.contains("[emerg]")).unwrap_or(last)
}

fn signal(pid: i32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid).ok_or_else(|| Error::fault("process id 0"))?;
    kill_process(pid, signal).map_err(|e| Error::new(Kind::External, "nginx_signal_failed").cause(e))
}

fn cmdline(pid: i32) -> Option<String> {
    let text = files::read_own(Path::new(&format!("/proc/{pid}/cmdline")), 4096).ok()??;
    Some(text.replace('\0', " "))
}

/// Worker processes of `master` (proc(5), `children`).
fn children(master: i32) -> Vec<i32> {
    let path = format!("/proc/{master}/task/{master}/children");
    let text = files::read_own(Path::new(&path), 64 * 1024).ok().flatten().unwrap_or_default();
    text.split_whitespace().filter_map(|w| w.parse().ok()).collect()
}

/// Whether a former worker is gone or on its way out, taking no new connections.
fn leaving(pid: i32) -> bool {
    cmdline(pid).is_none_or(|title| title.is_empty() || title.contains("is shutting down"))
}

fn log_size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn log_since(path: &Path, from: u64) -> String {
    let mut text = Vec::new();
    if let Ok(mut file) = std::fs::File::open(path)
        && file.seek(SeekFrom::Start(from)).is_ok()
    {
        // A log that cannot be read is no reason to fail the reload itself.
        let _ = file.take(EVIDENCE_BYTES_MAX as u64).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_nginx_leaves_evidence_too() {
        let dir = tempfile::tempdir().unwrap();
        let (conf, pid, error_log) = (dir.path().to_owned(), dir.path().join("pid"), dir.path().join("error.log"));
        std::fs::write(&error_log, format!("{}\n[alert] the last line\n", "x".repeat(5000))).unwrap();
        // Nobody listens on port 1.
        let nginx = Instance { conf, pid, error_log, probe: "http://127.0.0.1:1/generation".into(), machine: false };
        let evidence = nginx.silence(7);
        assert!(evidence.starts_with("nginx did not answer with generation 7 within 30 s; it answers nothing."));
        assert!(evidence.ends_with("[alert] the last line") && evidence.len() < 2500, "{evidence}");
    }
}
