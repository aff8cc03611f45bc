//! The host service: the one process of the production profile that runs as root.

use super::{logging, open};
use crate::base::{Error, Kind, Result};
use crate::cli::HostRun;
use crate::config::Config;
use crate::platform::clock::SystemClock;
use crate::platform::host_service::{self, Listen, Patience};
use crate::platform::{Faults, files, notify, sockets, users};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Runs as `how` says. Errors: `host_needs_root` in the production profile, and those of the socket.
pub fn run(config: &Config, how: HostRun) -> Result<()> {
    if !config.is_development() && !files::is_root() {
        return Err(Error::new(Kind::Forbidden, "host_needs_root"));
    }
    logging::start(config, Arc::new(SystemClock));
    let host = open::local_host(config, Arc::new(Faults::from_environment()))?;
    for plan in host.recover()? {
        log::warn!(target: "manara::host", plan = plan.as_str(); "an interrupted change was taken back");
    }
    if how == HostRun::Recover {
        return Ok(());
    }
    let (socket, peers) = listen(config)?;
    let service = host_service::serve(Arc::new(host), Listen { socket, peers, patience: Patience::default() })?;
    stop_on_signal(service.stopper())?;
    if how == HostRun::WithParent {
        let stop = service.stopper();
        spawn("parent", move || {
            host_service::wait_for_parent_to_end();
            stop();
        })?;
        host_service::tell_parent()?;
    }
    notify::ready();
    log::info!(target: "manara::host", version = env!("CARGO_PKG_VERSION"); "the host service is ready");
    let ended = service.wait();
    notify::stopping();
    ended
}

/// The socket, and the users who may ask: root, and the one the panel runs as.
fn listen(config: &Config) -> Result<(UnixListener, Vec<u32>)> {
    let (panel, group) = if config.is_development() {
        (sockets::own_uid(), None)
    } else {
        let panel = users::panel(&config.root)?;
        (panel.uid, Some(panel.gid))
    };
    let socket = match sockets::handed_over()? {
        Some(socket) => socket,
        None => sockets::listen(&config.host_socket, group)?,
    };
    Ok((socket, vec![0, panel]))
}

fn stop_on_signal(stop: impl Fn() + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::fault)?;
    // Registered here, so that no signal is missed once the service is said to be ready.
    let guard = runtime.enter();
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::fault)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::fault)?;
    drop(guard);
    spawn("signals", move || {
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        });
        stop();
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop).map_err(Error::fault)
}
