//! The doors of the panel: TCP listeners that are opened and closed while it runs, so that a changed address takes effect
//! at once, and the former one can stay open until the new one has proved itself.

use super::connection::{self, Ends};
use super::places::Places;
use super::server::{Panel, Peer, Tcp, pause, stopped};
use super::tls::{Certificate, Shown};
use crate::base::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX};
use crate::base::{Error, Kind, Result};
use crate::engine::certificate;
use crate::engine::doors::{self, Open, Way};
use crate::platform::sockets;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// First byte of a TLS connection: a handshake record (RFC 8446 §5.1). No HTTP request begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// What is spoken at a door. Both, while a change from one to the other waits to be confirmed.
#[derive(Clone, Copy)]
struct Speech {
    plain: bool,
    tls: bool,
}

impl Speech {
    fn of(tls: bool) -> Speech {
        Speech { plain: !tls, tls }
    }

    fn learn(&mut self, tls: bool) {
        self.plain |= !tls;
        self.tls |= tls;
    }
}

/// An open listener. Dropping it closes it and lets its connections finish what they are at.
struct Door {
    listen: SocketAddr,
    listener: Arc<TcpListener>,
    speech: Arc<Mutex<Speech>>,
    _stop: watch::Sender<bool>,
}

/// All of them.
pub(super) struct TcpDoors {
    panel: Arc<Panel>,
    runtime: Handle,
    places: Arc<Places>,
    open: Arc<Mutex<Vec<Door>>>,
    /// What the doors with TLS show.
    certificate: Arc<Certificate>,
}

impl TcpDoors {
    /// None is open yet. To be called within the runtime.
    pub(super) fn new(panel: Arc<Panel>) -> Arc<Self> {
        let places = Places::new(panel.counters.clone(), CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX);
        let look = panel.patience.certificate;
        let doors = Arc::new(Self {
            panel,
            runtime: Handle::current(),
            places,
            open: Arc::default(),
            certificate: Arc::default(),
        });
        tokio::spawn(look_after_certificate(Arc::downgrade(&doors), look));
        doors
    }

    /// Opens the first one; the address with the port that was taken.
    pub(super) fn open(&self, tcp: &Tcp, handed_over: Option<std::net::TcpListener>) -> Result<SocketAddr> {
        let tls = tcp.tls.is_some();
        let shown = tcp.tls.clone().map(|files| self.certificate.ready(files)).transpose()?.flatten();
        let listener = match handed_over {
            Some(listener) => self.take(listener, tls)?,
            None => self.bind(tcp.address, tls)?,
        };
        let address = listener.local_addr().map_err(Error::fault)?;
        shown.into_iter().for_each(|shown| self.certificate.show(shown));
        self.answer(tcp.address, listener, tls)();
        Ok(address)
    }

    /// What is to be shown on `way`; `None` where it is shown already.
    fn shown_on(&self, way: &Way) -> Result<Option<Arc<Shown>>> {
        let files = certificate::in_use(&self.panel.core, way.certificate, &way.names);
        match files.and_then(|files| self.certificate.ready(files)) {
            // Files that somebody broke by hand are no reason against another address, or the way back to it.
            Err(e) if way.certificate.is_none() && self.certificate.shown().is_some() => {
                log::warn!(target: "manara::http", "the panel keeps the certificate it has: {e}");
                Ok(None)
            }
            other => other,
        }
    }

    fn look_at_certificate(&self) {
        let core = &self.panel.core;
        let _turn = core.doors.turn();
        // While a pair that was set waits to be kept, the files are only what is gone back to.
        let by_files = core.settings.now(&core.store).is_ok_and(|settings| settings.certificate.is_none());
        if by_files && self.certificate.shown().is_some() {
            self.certificate.look(&core.config.panel_tls_folder());
        }
    }

    /// Closes all of them.
    pub(super) fn close(&self) {
        lock(&self.open).clear();
    }

    fn take(&self, listener: std::net::TcpListener, tls: bool) -> Result<TcpListener> {
        refuse_plain_outside(listener.local_addr().map_err(Error::fault)?, tls)?;
        let _runtime = self.runtime.enter();
        listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener)).map_err(Error::fault)
    }

    fn bind(&self, address: SocketAddr, tls: bool) -> Result<TcpListener> {
        refuse_plain_outside(address, tls)?;
        let failed = |e: io::Error| {
            Error::new(Kind::Unavailable, "listen_failed").with("address", address).with("reason", &e).cause(e)
        };
        let _runtime = self.runtime.enter();
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
        socket.set_reuseaddr(true).map_err(failed)?;
        // `0.0.0.0` and one address of the machine are in each other's way on the same port; connections go to the
        // narrower one.
        let open = lock(&self.open);
        let beside: Vec<_> = open.iter().filter(|door| door.listen.port() == address.port()).collect();
        let share = |shared: bool| beside.iter().try_for_each(|door| sockets::share_port(&door.listener, shared));
        if !beside.is_empty() {
            share(true).and_then(|()| sockets::share_port(&socket, true)).map_err(failed)?;
        }
        let bound = socket.bind(address).and_then(|()| socket.listen(BACKLOG));
        if !beside.is_empty() {
            share(false).map_err(failed)?;
        }
        let listener = bound.map_err(failed)?;
        sockets::share_port(&listener, false).map_err(failed)?;
        Ok(listener)
    }

    /// What lets a listener answer.
    fn answer(&self, listen: SocketAddr, listener: TcpListener, tls: bool) -> Open {
        let (panel, runtime, places) = (self.panel.clone(), self.runtime.clone(), self.places.clone());
        let (open, certificate) = (self.open.clone(), self.certificate.clone());
        Box::new(move || {
            let (stop, stopping) = watch::channel(false);
            let (listener, speech) = (Arc::new(listener), Arc::new(Mutex::new(Speech::of(tls))));
            let door = Accepting { panel, places, listen, speech: speech.clone(), certificate, stopping };
            runtime.spawn(door.accept(listener.clone()));
            lock(&open).push(Door { listen, listener, speech, _stop: stop });
        })
    }
}

impl doors::Doors for TcpDoors {
    fn prepare(&self, way: &Way) -> Result<Open> {
        let known = lock(&self.open).iter().find(|door| door.listen == way.listen).map(|door| door.speech.clone());
        let shown = if way.tls { self.shown_on(way)? } else { None };
        let (tls, certificate) = (way.tls, self.certificate.clone());
        let open: Open = match known {
            Some(speech) => Box::new(move || lock(&speech).learn(tls)),
            None => self.answer(way.listen, self.bind(way.listen, tls)?, tls),
        };
        Ok(Box::new(move || {
            shown.into_iter().for_each(|shown| certificate.show(shown));
            open();
        }))
    }

    fn keep(&self, way: &Way) {
        let mut open = lock(&self.open);
        open.retain(|door| door.listen == way.listen);
        open.iter().for_each(|door| *lock(&door.speech) = Speech::of(way.tls));
    }

    fn certificate(&self) -> Option<String> {
        self.certificate.chain()
    }
}

/// Has a certificate that somebody put in place shown, without a new start.
async fn look_after_certificate(doors: Weak<TcpDoors>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(doors) = doors.upgrade() else { return };
        // It waits for its turn, for the database and for the disk.
        if let Err(e) = tokio::task::spawn_blocking(move || doors.look_at_certificate()).await {
            log::error!(target: "manara::http", "the panel's certificate could not be looked at: {e}");
        }
    }
}

fn refuse_plain_outside(address: SocketAddr, tls: bool) -> Result<()> {
    if tls || address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    Err(Error::new(Kind::BadInput, "plain_http_outside").with("address", address))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the accept loop of a door works with.
struct Accepting {
    panel: Arc<Panel>,
    places: Arc<Places>,
    listen: SocketAddr,
    speech: Arc<Mutex<Speech>>,
    certificate: Arc<Certificate>,
    stopping: watch::Receiver<bool>,
}

impl Accepting {
    async fn accept(self, listener: Arc<TcpListener>) {
        let mut stopping = self.stopping.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stopping) => return,
            };
            match accepted {
                Ok((stream, from)) => self.serve(stream, from),
                Err(e) => pause(&e).await,
            }
        }
    }

    fn serve(&self, stream: TcpStream, from: SocketAddr) {
        let address = from.ip().to_canonical();
        let core = &self.panel.core;
        // Behind a proxy all clients have its address.
        let is_proxy = core
            .settings
            .now(&core.store)
            .is_ok_and(|settings| settings.panel.trusted_proxies.iter().any(|net| net.contains(address)));
        let Some(place) = self.places.take((!is_proxy).then_some(address)) else { return };
        // Nagle's algorithm and delayed acknowledgements together cost 40 ms.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let (panel, stopping, listen) = (self.panel.clone(), self.stopping.clone(), self.listen);
        let speech = *lock(&self.speech);
        let shown = self.certificate.shown().filter(|_| speech.tls);
        tokio::spawn(async move {
            let shown = if speech.plain && speech.tls {
                let mut first = [0];
                let peeked = tokio::time::timeout(panel.patience.head, stream.peek(&mut first)).await;
                let Ok(Ok(1)) = peeked else { return };
                shown.filter(|_| first[0] == TLS_HANDSHAKE)
            } else {
                shown
            };
            if shown.is_none() && !speech.plain {
                return;
            }
            let peer = Peer::Tcp { address, listen, certificate: shown.as_ref().map(|shown| shown.id) };
            let ends = Ends { stopping, replaced: shown.as_ref().map(|shown| shown.ends()) };
            connection::serve(panel, peer, stream, shown.map(|shown| shown.acceptor.clone()), ends).await;
            drop(place);
        });
    }
}
