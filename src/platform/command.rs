//! Running programs: a closed list, argv only, absolute paths, a clean environment, a deadline, bounded output.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "the one place that starts processes")]

use super::Lines;
use crate::base::limits::EVIDENCE_BYTES_MAX;
use crate::base::{Error, Kind, Result};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A program the panel may run. The path is never an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The web server.
    Nginx,
    /// Debian's package manager.
    AptGet,
    /// Debian's package database.
    DpkgQuery,
    /// The same, asked whether files are as their package brought them and whether an installation was interrupted.
    Dpkg,
    /// systemd's control program.
    Systemctl,
    /// Makes a group of the system.
    GroupAdd,
    /// Deletes a group.
    GroupDel,
    /// Makes a user of the system.
    UserAdd,
    /// Deletes a user.
    UserDel,
    /// Unpacks a release.
    Tar,
    /// Runs something as a unit of its own.
    SystemdRun,
    /// Reads systemd's journal.
    Journalctl,
}

impl Program {
    /// Every program.
    pub const ALL: &[Program] = &[
        Program::Nginx,
        Program::AptGet,
        Program::DpkgQuery,
        Program::Dpkg,
        Program::Systemctl,
        Program::SystemdRun,
        Program::Journalctl,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Program::Nginx => "nginx",
            Program::AptGet => "apt-get",
            Program::DpkgQuery => "dpkg-query",
            Program::Dpkg => "dpkg",
            Program::Systemctl => "systemctl",
            Program::GroupAdd => "groupadd",
            Program::GroupDel => "groupdel",
            Program::UserAdd => "useradd",
            Program::UserDel => "userdel",
            Program::Tar => "tar",
            Program::SystemdRun => "systemd-run",
            Program::Journalctl => "journalctl",
        }
    }

    /// Where the program is, searched in the system's own folders only.
    pub fn find(self) -> Option<PathBuf> {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
            .iter()
            .map(|dir| Path::new(dir).join(self.name()))
            .find(|p| p.is_file())
    }
}

/// How a program ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Whether it exited with 0.
    pub ok: bool,
    /// Exit code, when it was not a signal.
    pub code: Option<i32>,
    /// Standard output and standard error, in the order they came, cut at [`EVIDENCE_BYTES_MAX`].
    pub text: String,
}

/// Runs `program` and waits at most `limit`; each line goes to `lines`, which may ask to stop. The whole process group
/// is ended on a timeout or a stop.
pub fn run(program: Program, args: &[&str], limit: Duration, lines: Lines<'_>) -> Result<Output> {
    let path = program.find().ok_or_else(|| missing(program))?;
    run_at(program.name(), &path, args, limit, lines)
}

/// As [`run`] for a version of the panel itself, which lies in a folder of the installer's.
pub(super) fn run_version(path: &Path, args: &[&str], limit: Duration) -> Result<Output> {
    run_at("manara", path, args, limit, &mut |_| true)
}

fn run_at(name: &'static str, path: &Path, args: &[&str], limit: Duration, lines: Lines<'_>) -> Result<Output> {
    let mut child = spawn(name, path, args)?;
    let received = collect(&mut child);
    let deadline = Instant::now() + limit;
    let mut text = String::new();
    let ended = loop {
        match received.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if text.len() + line.len() < EVIDENCE_BYTES_MAX {
                    text.push_str(&line);
                    text.push('\n');
                }
                if !lines(&line) {
                    break Err("stopped");
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => break Err("timed_out"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break wait_until(&mut child, deadline).ok_or("timed_out"),
        }
    };
    match ended {
        Ok(status) => Ok(Output { ok: status.success(), code: status.code(), text }),
        Err(code) => {
            end_group(&mut child);
            Err(Error::new(Kind::External, format!("program_{code}")).with("program", name).evidence(text))
        }
    }
}

/// The error for a program that is not installed.
pub fn missing(program: Program) -> Error {
    match program {
        Program::Nginx => Error::new(Kind::Unavailable, "nginx_missing"),
        other => Error::new(Kind::Unavailable, "program_missing").with("program", other.name()),
    }
}

fn spawn(name: &'static str, path: &Path, args: &[&str]) -> Result<Child> {
    Command::new(path)
        .args(args)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Error::new(Kind::External, "program_start").with("program", name).cause(e))
}

/// Reads both pipes on threads of their own, so that a full pipe never blocks the program.
fn collect(child: &mut Child) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::sync_channel(256);
    let out = child.stdout.take().map(|p| Box::new(p) as Box<dyn Read + Send>);
    let err = child.stderr.take().map(|p| Box::new(p) as Box<dyn Read + Send>);
    for pipe in [out, err].into_iter().flatten() {
        let send = send.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(|l| l.ok()) {
                if send.send(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()).is_err() {
                    return;
                }
            }
        });
    }
    receive
}

fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => super::clock::pause(Duration::from_millis(2)),
            _ => return None,
        }
    }
}

fn end_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // The group may be gone already; then there is nothing left to end.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}
