//! A host that lives and ends with the panel: where no service manager keeps both (containers), and in tests.
//!
//! The two are tied by a socket pair, the child's standard input and output. The child says on it that it listens, and
//! ends when the other end is closed, which the kernel does however the panel ends. Operations go over the host's own
//! socket as everywhere.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "the host is this program, started as root")]

use crate::base::{Error, Kind, Result};
use crate::platform::own;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time a host may take to repair what an earlier one left, and to listen.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What the child says when it listens.
const READY: &str = "ready";

/// A started host. Dropping it lets the host finish what it does and end.
pub struct Child {
    process: std::process::Child,
    link: UnixStream,
}

impl Child {
    /// Starts the host of the installation at `root` with further environment variables, and waits until it listens.
    /// Starts no thread: the caller may still want to change its user. Error: `host_start_failed`.
    pub fn start(root: &Path, variables: &[(&str, String)]) -> Result<Child> {
        let failed = |reason: String| Error::new(Kind::Unavailable, "host_start_failed").with("reason", reason);
        let told = |e: std::io::Error| failed(e.to_string());
        let (link, theirs) = UnixStream::pair().map_err(told)?;
        link.set_read_timeout(Some(START_LIMIT)).map_err(told)?;
        let output = theirs.try_clone().map_err(told)?;
        // The running program itself, also when its file was replaced meanwhile.
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0("manara")
            .args(["host", "--with-parent", "--root"])
            .arg(root)
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .env_remove("LISTEN_PID")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            // What is typed at the terminal is the panel's to answer.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(output)));
        let process = command.spawn().map_err(told)?;
        // Closes this process's copies of the child's end: it is the child alone that keeps it open.
        drop(command);
        let mut child = Child { process, link };
        let mut line = String::new();
        match BufReader::new(&child.link).read_line(&mut line) {
            Ok(_) if line.trim_end() == READY => Ok(child),
            Err(e) => Err(told(e)),
            Ok(_) => Err(failed(child.wait())),
        }
    }

    fn wait(&mut self) -> String {
        match self.process.wait() {
            Ok(status) => match status.signal() {
                Some(signal) => format!("signal {signal}"),
                None => format!("exit {}", status.code().unwrap_or_default()),
            },
            Err(e) => e.to_string(),
        }
    }

    /// Asks this process to end when the host does: nobody here could start another one, and whoever keeps the panel
    /// starts both anew.
    pub fn watch(mut self) -> Result<Watched> {
        let link = self.link.try_clone().map_err(Error::fault)?;
        let ending = Arc::new(AtomicBool::new(false));
        let wanted = ending.clone();
        let wait = move || {
            let how = self.wait();
            if wanted.load(Ordering::Relaxed) {
                return Ok(());
            }
            own::ask_to_end();
            Err(Error::new(Kind::Unavailable, "host_ended").with("reason", how))
        };
        let thread = std::thread::Builder::new().name("host".into()).spawn(wait).map_err(Error::fault)?;
        Ok(Watched { link, ending, thread })
    }
}

/// A host that is waited for.
pub struct Watched {
    link: UnixStream,
    ending: Arc<AtomicBool>,
    thread: JoinHandle<Result<()>>,
}

impl Watched {
    /// Lets the host finish what it does and end. Error: `host_ended` when it had ended by itself.
    pub fn end(self) -> Result<()> {
        self.ending.store(true, Ordering::Relaxed);
        self.link.shutdown(std::net::Shutdown::Both).map_err(Error::fault)?;
        self.thread.join().map_err(|_| Error::fault("a thread panicked"))?
    }
}

/// Said by a host that listens, to the panel that started it.
pub fn tell_parent() -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{READY}").and_then(|()| out.flush()).map_err(Error::fault)
}

/// Waits until the panel that started this host is gone.
pub fn wait_for_parent_to_end() {
    let mut byte = [0];
    while matches!(std::io::stdin().read(&mut byte), Ok(n) if n > 0) {}
}
