//! Listening, and stopping in an orderly way.

use super::connection::Ends;
use super::counters::Counters;
use super::doors::TcpDoors;
use super::kept::Kept;
use super::places::Places;
use super::pool::{self, Pool};
use super::router::Routes;
use super::{connection, probes};
use crate::base::limits::{
    ACCEPT_PAUSE_MS, BODY_READ_S_MAX, CERTIFICATE_LOOK_S, CONNECTIONS_MAX, DRAIN_S_MAX, HEAD_READ_S_MAX, HTTP_THREADS,
    IDLE_CONNECTION_S_MAX, STREAM_HEARTBEAT_S, WRITE_S_MAX,
};
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::platform::panel_tls::{PairId, PanelTls};
use crate::platform::{members, notify, own, sockets};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Where to listen.
#[derive(Debug, Default)]
pub struct Listen {
    /// The port for browsers and the API.
    pub tcp: Option<Tcp>,
    /// A listener that somebody else bound to that port, taken instead of binding it.
    pub handed_over: Option<TcpListener>,
    /// The socket for the command line.
    pub unix: Option<PathBuf>,
    /// How long clients may take.
    pub patience: Patience,
}

/// A TCP port.
#[derive(Debug)]
pub struct Tcp {
    /// Address; port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key; without them plain HTTP is spoken, on loopback only.
    pub tls: Option<PanelTls>,
    /// Whether the certificate is publicly trusted: only then browsers are told to insist on TLS.
    pub hsts: bool,
}

/// How long clients may take; tests make it short.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a TLS handshake, for the head of a request, and for the first one.
    pub head: Duration,
    /// For a JSON body.
    pub body: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// For taking any part of an answer.
    pub write: Duration,
    /// Time between two comments on an event stream.
    pub heartbeat: Duration,
    /// Time between two looks at the files of the panel's certificate.
    pub certificate: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(HEAD_READ_S_MAX),
            body: Duration::from_secs(BODY_READ_S_MAX),
            idle: Duration::from_secs(IDLE_CONNECTION_S_MAX),
            write: Duration::from_secs(WRITE_S_MAX),
            heartbeat: Duration::from_secs(STREAM_HEARTBEAT_S),
            certificate: Duration::from_secs(CERTIFICATE_LOOK_S),
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Peer {
    /// A machine.
    Tcp {
        /// Its address.
        address: IpAddr,
        /// Address of the listener it came in by.
        listen: SocketAddr,
        /// The certificate that it was shown; `None` where it speaks plain HTTP to us.
        certificate: Option<PairId>,
    },
    /// A process of this machine.
    Unix {
        /// The account it runs as.
        uid: u32,
        /// Its group.
        gid: u32,
    },
}

/// What every request works with.
pub(super) struct Panel {
    pub(super) core: Arc<Core>,
    pub(super) routes: Routes,
    pub(super) pool: Pool,
    pub(super) counters: Arc<Counters>,
    pub(super) ready: probes::Kept,
    pub(super) kept: Kept,
    pub(super) patience: Patience,
    pub(super) hsts: bool,
    pub(super) own_names: Vec<String>,
    pub(super) stopping: watch::Receiver<bool>,
}

/// A panel that is being served. Dropping it cuts every connection; [`Server::stop`] lets requests finish.
pub struct Server {
    runtime: Option<Runtime>,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    doors: Arc<TcpDoors>,
    address: Option<SocketAddr>,
}

/// Begins to serve, on threads of its own. Errors: `listen_failed`, `socket_failed`, `panel_certificate`,
/// `plain_http_outside`.
pub fn serve(core: Arc<Core>, listen: Listen) -> Result<Server> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(HTTP_THREADS)
        .max_blocking_threads(pool::THREADS_MAX)
        .thread_name("manara-http")
        .enable_all()
        .build()
        .map_err(Error::fault)?;
    let (stop, stopping) = watch::channel(false);
    let counters = Arc::new(Counters::new());
    let panel = Arc::new(Panel {
        core,
        routes: Routes::new(),
        pool: Pool::new()?,
        counters: counters.clone(),
        ready: probes::Kept::default(),
        kept: Kept::default(),
        patience: listen.patience,
        hsts: listen.tcp.as_ref().is_some_and(|tcp| tcp.hsts),
        own_names: vec![own::host_name()],
        stopping,
    });
    let guard = runtime.enter();
    let doors = TcpDoors::new(panel.clone());
    let address = listen.tcp.map(|tcp| doors.open(&tcp, listen.handed_over)).transpose()?;
    let offered: Weak<TcpDoors> = Arc::downgrade(&doors);
    panel.core.doors.offer(offered);
    if let Some(path) = listen.unix {
        let listener = UnixListener::from_std(sockets::listen(&path, members::group(&panel.core.config.root)?)?)
            .map_err(Error::fault)?;
        tokio::spawn(accept_unix(panel.clone(), listener));
    }
    drop(guard);
    Ok(Server { runtime: Some(runtime), counters, stop, doors, address })
}

impl Server {
    /// The TCP address, with the port that was taken.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Waits until the process is asked to end (SIGTERM, or SIGINT from a terminal), and tells systemd meanwhile that the
    /// panel is alive, where it asks for that.
    pub fn wait_for_signal(&self) -> Result<()> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate()).map_err(Error::fault)?;
            let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::fault)?;
            let alive = async {
                match notify::watchdog_interval().map(tokio::time::interval) {
                    Some(mut beat) => loop {
                        beat.tick().await;
                        notify::watchdog();
                    },
                    None => std::future::pending::<()>().await,
                }
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = alive => {}
            }
            Ok(())
        })
    }

    /// Accepts nothing more, lets open requests finish for at most [`DRAIN_S_MAX`] seconds, and ends.
    pub fn stop(mut self) {
        // Nobody listens any more when every task has ended.
        let _ = self.stop.send(true);
        self.doors.close();
        let Some(runtime) = self.runtime.take() else { return };
        let open = || self.counters.open.load(Ordering::Relaxed);
        runtime.block_on(async {
            let drained = async {
                while open() > 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            if tokio::time::timeout(Duration::from_secs(DRAIN_S_MAX), drained).await.is_err() {
                log::warn!(target: "manara::http", open = open(); "connections were cut");
            }
        });
        runtime.shutdown_background();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let _ = self.stop.send(true);
            self.doors.close();
            runtime.shutdown_background();
        }
    }
}

async fn accept_unix(panel: Arc<Panel>, listener: UnixListener) {
    let places = Places::new(panel.counters.clone(), CONNECTIONS_MAX, CONNECTIONS_MAX);
    let mut stopping = panel.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(e) => {
                pause(&e).await;
                continue;
            }
        };
        let (Ok(credentials), Some(place)) = (stream.peer_cred(), places.take(None)) else { continue };
        let panel = panel.clone();
        tokio::spawn(async move {
            let peer = Peer::Unix { uid: credentials.uid(), gid: credentials.gid() };
            let ends = Ends { stopping: panel.stopping.clone(), replaced: None };
            connection::serve(panel, peer, stream, None, ends).await;
            drop(place);
        });
    }
}

/// Returns when the panel is to stop.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is the same.
    drop(stopping.wait_for(|stop| *stop).await);
}

/// Waits after a failure to accept that would only come again at once, such as too many open files (accept(2)). A client
/// that went away while it waited is none.
pub(super) async fn pause(e: &io::Error) {
    let gone = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !gone.contains(&e.kind()) {
        log::warn!(target: "manara::http", cause:% = e; "no connection could be accepted");
        tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
    }
}
