//! Whether the panel that runs now is well.

use super::units;
use crate::base::{Error, Kind, Result};
use crate::platform::clock;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The panel's socket, below the root prefix.
const SOCKET: &str = "run/manara/api.sock";
/// Good answers in a row that prove health: a panel that falls over after its start does not give them.
const GOOD_IN_A_ROW: u32 = 3;
const ASK_EVERY: Duration = Duration::from_secs(1);
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// The units of a version, and the proof that it works.
pub trait Services {
    /// Whether [`Services::stop`] may be asked for; asked before anything is changed.
    fn may_stop(&self) -> Result<()> {
        Ok(())
    }
    /// Stops the panel and the host service.
    fn stop(&self) -> Result<()>;
    /// Starts the host service, then the panel.
    fn start(&self) -> Result<()>;
    /// Waits until the panel has proved itself. Error: `update_unhealthy` after `limit`.
    fn prove(&self, limit: Duration) -> Result<()>;
}

/// The machine's own.
pub struct Systemd {
    socket: PathBuf,
}

impl Systemd {
    /// Of the machine at `root`.
    pub fn of(root: &Path) -> Systemd {
        Systemd { socket: root.join(SOCKET) }
    }
}

impl Services for Systemd {
    fn stop(&self) -> Result<()> {
        units::systemctl(&[&["stop"], &units::STOPPED[..]].concat()).map(drop)
    }

    fn start(&self) -> Result<()> {
        units::systemctl(&["daemon-reload"])?;
        // Tries of a version that failed do not count for this one.
        units::systemctl(&[&["reset-failed"], &units::STOPPED[..]].concat())?;
        units::systemctl(&["start", "manara-host.socket"])?;
        units::systemctl(&["start", units::PANEL]).map(drop)
    }

    fn prove(&self, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        let (mut good, mut said) = (0, String::new());
        while Instant::now() < deadline {
            match ready(&self.socket) {
                Ok(()) if good + 1 == GOOD_IN_A_ROW => return Ok(()),
                Ok(()) => good += 1,
                Err(e) => (good, said) = (0, e),
            }
            clock::pause(ASK_EVERY);
        }
        Err(Error::new(Kind::External, "update_unhealthy").with("seconds", limit.as_secs()).evidence(said))
    }
}

/// A machine without a service manager, such as a container: whoever started the panel stops it before, and starts it
/// again. Nothing proves the new version but its self-test and its migrations.
pub struct Unmanaged {
    socket: PathBuf,
}

impl Unmanaged {
    /// Of the machine at `root`.
    pub fn of(root: &Path) -> Unmanaged {
        Unmanaged { socket: root.join(SOCKET) }
    }
}

impl Services for Unmanaged {
    /// Error: `update_panel_runs` while somebody answers on the panel's socket.
    fn may_stop(&self) -> Result<()> {
        match UnixStream::connect(&self.socket) {
            Ok(_) => Err(Error::new(Kind::Conflict, "update_panel_runs")),
            Err(_) => Ok(()),
        }
    }

    fn stop(&self) -> Result<()> {
        Ok(())
    }

    fn start(&self) -> Result<()> {
        Ok(())
    }

    fn prove(&self, _: Duration) -> Result<()> {
        Ok(())
    }
}

/// While the machine boots, its units start by themselves afterwards.
pub struct Booting;

impl Services for Booting {
    fn stop(&self) -> Result<()> {
        Ok(())
    }

    fn start(&self) -> Result<()> {
        Ok(())
    }

    fn prove(&self, _: Duration) -> Result<()> {
        Ok(())
    }
}

/// Asks `/health/ready`; what was said instead of 200.
fn ready(socket: &Path) -> std::result::Result<(), String> {
    let ask = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(ANSWER_WAIT))?;
        stream.set_write_timeout(Some(ANSWER_WAIT))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(64 * 1024).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer: String = ask().map_err(|e: std::io::Error| e.to_string())?;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(answer) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_200_is_well() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        assert!(ready(&path).is_err(), "nobody answers");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            for status in ["200 OK", "503 Service Unavailable"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 1024];
                assert!(stream.read(&mut head).unwrap() > 0);
                write!(stream, "HTTP/1.1 {status}\r\n\r\n{{}}").unwrap();
            }
        });
        assert_eq!(ready(&path), Ok(()));
        assert!(ready(&path).unwrap_err().contains("503"));
        server.join().unwrap();
    }
}
