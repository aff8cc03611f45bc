//! Running the panel: open everything, serve it, and end in order.

use super::{logging, open, roles};
use crate::base::{Error, Result};
use crate::config::value::Value;
use crate::config::{Loaded, Origin};
use crate::engine::{Core, certificate, guard, trail};
use crate::http::{self, Listen, Server, Tcp};
use crate::ops::auth;
use crate::platform::clock::SystemClock;
use crate::platform::host_service::{Child, Client, Watched};
use crate::platform::{Faults, Host, HostOp, notify, own, panel_tls, sockets};
use crate::services::{monitoring, nginx, upkeep};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Time given to running jobs when the panel stops. Site changes finish in seconds; what does not is taken back at the
/// next start.
const JOBS_STOP_S_MAX: u64 = 20;

/// Runs the panel until it is asked to end.
pub fn run(mut loaded: Loaded) -> Result<()> {
    // Before anything else may take its descriptor.
    let port = sockets::handed_over_port()?;
    if let Some(port) = &port {
        listens_where_told(&mut loaded, port)?;
    }
    logging::start(&loaded.config, Arc::new(SystemClock));
    let child = roles::take(&loaded.config)?;
    let faults = Arc::new(Faults::from_environment());
    let host = match &child {
        Some(_) => Arc::new(Client::new(loaded.config.host_socket.clone())?) as Arc<dyn Host>,
        None => open::host(&loaded.config, faults.clone())?,
    };
    let child = child.map(Child::watch).transpose()?;
    let core = open::core_over(loaded, host, faults)?;
    core.gate.set_starting(true);
    let measured = core.clone();
    let sampler = spawn("metrics", move || monitoring::run(&measured))?;
    let kept = Arc::downgrade(&core);
    spawn("upkeep", move || upkeep::run(&kept))?;
    let (server, fingerprint) = match listen(&core, port.as_ref()) {
        // An address that waits to be confirmed and cannot be had is no reason to be without a panel.
        Err(e) if guard::current(&core)?.is_some() => {
            guard::give_up(&core, &e)?;
            listen(&core, port.as_ref())?
        }
        other => other?,
    };
    drop(port);
    // With thousands of sites nginx takes a second to come up: pages are answered meanwhile, changes wait.
    let starter = core.clone();
    let starting = spawn("nginx", move || bring_up(&starter))?;
    announce(&core, &server, fingerprint.as_deref())?;
    // This thread only waits from here on, and would keep what starting took.
    own::give_memory_back();
    notify::ready();
    server.wait_for_signal()?;
    notify::stopping();
    let stopped = stop(&core, server, [starting, sampler]);
    child.map_or(Ok(()), Watched::end)?;
    stopped
}

/// For this run, the address of a listener that the service manager handed over stands for the option.
fn listens_where_told(loaded: &mut Loaded, port: &TcpListener) -> Result<()> {
    let address = port.local_addr().map_err(Error::fault)?;
    for setting in loaded.settings.iter_mut().filter(|setting| setting.opt.key == "panel.listen") {
        setting.value = Value::Text(address.to_string());
        setting.origin = Origin::Env { name: "LISTEN_FDS".into() };
    }
    Ok(())
}

/// Listens as the settings say; with TLS also the certificate's fingerprint.
fn listen(core: &Arc<Core>, port: Option<&TcpListener>) -> Result<(Server, Option<String>)> {
    let panel = auth::panel_settings(core)?;
    let kept = core.settings.now(&core.store)?.certificate;
    let tls = panel.tls.then(|| certificate::in_use(core, kept, &panel.host_names)).transpose()?;
    let fingerprint = tls.as_ref().map(|files| panel_tls::fingerprint(&files.certificate)).transpose()?;
    let listen = Listen {
        tcp: Some(Tcp { address: panel.listen, tls, hsts: false }),
        handed_over: port.map(TcpListener::try_clone).transpose().map_err(Error::fault)?,
        unix: Some(core.config.api_socket.clone()),
        ..Listen::default()
    };
    Ok((http::serve(core.clone(), listen)?, fingerprint))
}

fn bring_up(core: &Arc<Core>) {
    let ended = catch_unwind(AssertUnwindSafe(|| nginx::ensure(core)));
    if let Err(e) = ended.unwrap_or_else(|_| Err(Error::fault("bringing nginx up panicked"))) {
        // The panel must come up all the same: it is where this is seen and mended.
        log::error!(target: "manara::nginx", "nginx is not in order: {e}");
    }
    core.gate.set_starting(false);
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(work).map_err(Error::fault)
}

/// Tells where the panel is, and how to claim it while nobody has.
fn announce(core: &Core, server: &Server, fingerprint: Option<&str>) -> Result<()> {
    let scheme = if fingerprint.is_some() { "https" } else { "http" };
    let url = server.address().map(|address| format!("{scheme}://{address}")).unwrap_or_default();
    log::info!(target: "manara::start", version = env!("CARGO_PKG_VERSION"), url = url.as_str(); "the panel is ready");
    // Not into the journal, which others may read, too: there the installer and `manara claim --new-link` print one.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let token = if journal { None } else { auth::claim_link_token(core)? };
    let claim = token.map(|token| format!("{url}/claim#{token}"));
    super::console::announce(&url, claim.as_deref(), fingerprint);
    Ok(())
}

fn stop(core: &Core, server: Server, threads: [JoinHandle<()>; 2]) -> Result<()> {
    log::info!(target: "manara::start", "the panel is stopping");
    server.stop();
    core.jobs.stop(Duration::from_secs(JOBS_STOP_S_MAX));
    core.gauges.end();
    // nginx that is not up yet cannot be stopped, and the last figures are still to be written.
    for thread in threads {
        thread.join().map_err(|_| Error::fault("a thread panicked"))?;
    }
    // The last word of this run: what the jobs above did is in it.
    if let Err(e) = trail::note_head(core) {
        log::warn!(target: "manara::audit", "the head of the audit trail was not noted: {e}");
    }
    // In production nginx is the machine's own: sites outlive the panel.
    let stopped = if core.config.is_development() { core.host.ask(&HostOp::NginxStop).map(drop) } else { Ok(()) };
    crate::store::lease::release(&core.store, &core.owner)?;
    stopped
}
