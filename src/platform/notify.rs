//! Telling systemd how this process is doing (sd_notify(3)): datagrams to the socket it names in `NOTIFY_SOCKET`. Without
//! that variable nobody wants to know.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The process is ready to serve.
pub fn ready() {
    tell("READY=1");
}

/// The process is ending.
pub fn stopping() {
    tell("STOPPING=1");
}

/// The process is alive; due once in [`watchdog_interval`].
pub fn watchdog() {
    tell("WATCHDOG=1");
}

/// How often systemd wants a sign of life from this process: twice in the time after which it acts
/// (sd_watchdog_enabled(3)). `None` when it does not ask for any.
pub fn watchdog_interval() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    if number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id())) {
        return None;
    }
    number("WATCHDOG_USEC").filter(|us| *us > 1).map(|us| Duration::from_micros(us / 2))
}

fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(e) = send(&socket, state) {
        log::warn!(target: "manara::start", cause:% = e; "systemd was not told {state}");
    }
}

fn send(socket: &OsStr, state: &str) -> std::io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let own = UnixDatagram::unbound()?;
    // Whoever does not read holds nobody up.
    own.set_nonblocking(true)?;
    own.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sorts_of_address_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("manara-test-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name).unwrap();
        let sockets = [UnixDatagram::bind(&path).unwrap(), UnixDatagram::bind_addr(&abstract_address).unwrap()];
        for (socket, place) in sockets.iter().zip([path.as_os_str(), OsStr::new(&format!("@{name}"))]) {
            send(place, "READY=1").unwrap();
            let mut got = [0; 16];
            let n = socket.recv(&mut got).unwrap();
            assert_eq!(&got[..n], b"READY=1");
        }
    }
}
