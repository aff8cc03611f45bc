//! Unix sockets of the panel and of the host service.

#![expect(clippy::disallowed_methods, reason = "a socket file takes its place by a rename")]

use crate::base::{Error, Kind, Result};
use rustix::net::{AddressFamily, SocketType, sockopt};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Name under which the socket lies beside its place until others may connect; shorter than any real name, so that both
/// fit into `sun_path`.
const UNFINISHED: &str = ".s";

/// Listens at `path` for the owner and the group (mode 0660), in the place of a socket that an earlier run left there. The
/// group is `group` where it is given, else the process's own. The caller makes sure that no other process serves it (the
/// state folder's lock does). Nobody can connect before the mode is set: the socket is made under another name. The folder
/// is made where it is missing.
pub fn listen(path: &Path, group: Option<u32>) -> Result<UnixListener> {
    let failed = |e: std::io::Error| {
        Error::new(Kind::Unavailable, "socket_failed").with("path", path.display()).with("reason", &e).cause(e)
    };
    let folder = path.parent().ok_or_else(|| Error::fault("the socket has no folder"))?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    let unfinished = folder.join(UNFINISHED);
    match std::fs::remove_file(&unfinished) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    let listener = UnixListener::bind(&unfinished).map_err(failed)?;
    // Not asked for where nothing changes: the panel's sandbox refuses the call.
    if let Some(group) = group.filter(|group| *group != rustix::process::getegid().as_raw())
        && let Err(e) = std::os::unix::fs::chown(&unfinished, None, Some(group))
    {
        // Whoever is neither root nor a member of the group may not give it the socket; the panel works without.
        log::warn!(target: "manara::platform", cause:% = e; "the socket does not belong to the group {group}");
    }
    std::fs::set_permissions(&unfinished, std::fs::Permissions::from_mode(0o660)).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// The listening Unix socket that systemd opened for this process (sd_listen_fds(3)); `None` when it opened none. Error:
/// `socket_handed_over` when what was handed over is something else.
pub fn handed_over() -> Result<Option<UnixListener>> {
    handed_over_of(&[AddressFamily::UNIX], "socket_handed_over")
}

/// As [`handed_over`], for a TCP port. Error: `port_handed_over`.
pub fn handed_over_port() -> Result<Option<TcpListener>> {
    handed_over_of(&[AddressFamily::INET, AddressFamily::INET6], "port_handed_over")
}

fn handed_over_of<T: From<OwnedFd>>(families: &[AddressFamily], code: &'static str) -> Result<Option<T>> {
    let variable = |name: &str| std::env::var(name).ok();
    let (pid, count) = (variable("LISTEN_PID"), variable("LISTEN_FDS"));
    let wrong = || {
        let shown = |value: &Option<String>| value.clone().unwrap_or_default();
        Error::new(Kind::Unavailable, code).with("pid", shown(&pid)).with("count", shown(&count))
    };
    match &pid {
        None => return Ok(None),
        // Meant for another process, from which this one has the variables.
        Some(pid) if pid.parse::<u32>().map_err(|_| wrong())? != std::process::id() => return Ok(None),
        Some(_) => {}
    }
    let socket = super::sys::handed_over().ok_or_else(wrong)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC).map_err(|e| wrong().cause(e))?;
    let listens = sockopt::socket_acceptconn(&socket).is_ok_and(|yes| yes);
    let is_stream = sockopt::socket_type(&socket).is_ok_and(|of| of == SocketType::STREAM);
    let fits = sockopt::socket_domain(&socket).is_ok_and(|family| families.contains(&family));
    if count.as_deref() == Some("1") && listens && is_stream && fits { Ok(Some(socket.into())) } else { Err(wrong()) }
}

/// Whether other sockets of this account may listen on the port of `socket` as well (`SO_REUSEPORT`, socket(7)): it has to
/// be set on all of them when one is bound and begins to listen. Only ever set for that moment, or a second panel could
/// take the port unseen.
pub fn share_port(socket: impl AsFd, shared: bool) -> std::io::Result<()> {
    Ok(sockopt::set_socket_reuseport(socket, shared)?)
}

/// The account this process runs as.
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    #[test]
    fn a_new_socket_replaces_one_that_nobody_serves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/api.sock");
        drop(listen(&path, None).unwrap());
        // A program that another test starts at this moment has the socket, too, until it runs.
        let deadline = Instant::now() + Duration::from_secs(60);
        while UnixStream::connect(&path).is_ok() {
            assert!(Instant::now() < deadline, "somebody serves a dead socket");
            std::thread::yield_now();
        }
        let _listener = listen(&path, None).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o660);
    }
}
