//! The serving end: a small loop that takes connections, and a bounded pool in which operations are carried out.
//!
//! A connection carries one request. Each of its phases has a deadline, and so has waiting for a turn; an operation once
//! begun runs to its end whatever becomes of whoever asked.

use super::wire::{self, FromHost, ToHost};
use crate::base::limits::{
    BODY_READ_S_MAX, HEAD_READ_S_MAX, HOST_BODIES_BYTES_MAX, HOST_BODY_BYTES_MAX, HOST_CONNECTIONS_MAX,
    HOST_HEAD_BYTES_MAX, HOST_LINES_QUEUED_MAX, HOST_OPS_AT_ONCE_MAX, HOST_STOP_S_MAX, HOST_STREAMS_AT_ONCE_MAX,
    HOST_TURN_S_MAX, WRITE_S_MAX,
};
use crate::base::names::ObjectId;
use crate::base::{Error, Kind, Result};
use crate::platform::{Host, HostOp, notify};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

/// Longest frame of a client.
const CLIENT_FRAME_BYTES_MAX: u64 = 1024;
/// Unit in which the memory of bodies is handed out.
const BODY_UNIT_BYTES: usize = 1024;

/// Where to serve, and whom.
#[derive(Debug)]
pub struct Listen {
    /// The socket.
    pub socket: UnixListener,
    /// User ids that may ask; everybody else's connection is closed without an answer.
    pub peers: Vec<u32>,
    /// How long clients may take.
    pub patience: Patience,
}

/// How long clients may take; tests make it short.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of the request, from the connection's beginning.
    pub head: Duration,
    /// For its body.
    pub body: Duration,
    /// For taking the answer, or a line of it.
    pub write: Duration,
    /// For an operation's turn.
    pub turn: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(HEAD_READ_S_MAX),
            body: Duration::from_secs(BODY_READ_S_MAX),
            write: Duration::from_secs(WRITE_S_MAX),
            turn: Duration::from_secs(HOST_TURN_S_MAX),
        }
    }
}

/// A host that is being served, on a thread of its own.
pub struct Service {
    stop: Arc<watch::Sender<bool>>,
    thread: JoinHandle<Result<()>>,
}

impl Service {
    /// Accepts nothing more and lets operations under way finish, for at most [`HOST_STOP_S_MAX`] seconds.
    pub fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        self.wait()
    }

    /// Waits until it was stopped by [`Service::stopper`].
    pub fn wait(self) -> Result<()> {
        self.thread.join().map_err(|_| Error::fault("the host service panicked"))?
    }

    /// Something that stops it from another thread.
    pub fn stopper(&self) -> impl Fn() + Send + 'static {
        let stop = self.stop.clone();
        move || {
            stop.send_replace(true);
        }
    }
}

/// Begins to serve `host`.
pub fn serve(host: Arc<dyn Host>, listen: Listen) -> Result<Service> {
    let stop = Arc::new(watch::channel(false).0);
    let state = Arc::new(State {
        host,
        peers: listen.peers,
        patience: listen.patience,
        bodies: Arc::new(Semaphore::new(HOST_BODIES_BYTES_MAX / BODY_UNIT_BYTES)),
        ops: Arc::new(Semaphore::new(HOST_OPS_AT_ONCE_MAX)),
        streams: Arc::new(Semaphore::new(HOST_STREAMS_AT_ONCE_MAX)),
        stop: stop.subscribe(),
    });
    // One thread reads and writes; only operations block, each on a thread of the pool.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(HOST_OPS_AT_ONCE_MAX + HOST_STREAMS_AT_ONCE_MAX)
        .thread_name("host-operation")
        .enable_all()
        .build()
        .map_err(Error::fault)?;
    let run = move || {
        let ended = runtime.block_on(accept(state, listen.socket));
        runtime.shutdown_background();
        ended
    };
    let thread = std::thread::Builder::new().name("host-service".into()).spawn(run).map_err(Error::fault)?;
    Ok(Service { stop, thread })
}

struct State {
    host: Arc<dyn Host>,
    peers: Vec<u32>,
    patience: Patience,
    bodies: Arc<Semaphore>,
    ops: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

/// What a connection is busy with: each phase has its own deadline.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Head,
    Body,
    /// Waiting for a turn, or carrying out: limited elsewhere.
    Work,
    Answer,
}

async fn accept(state: Arc<State>, socket: UnixListener) -> Result<()> {
    socket.set_nonblocking(true).map_err(Error::fault)?;
    let listener = tokio::net::UnixListener::from_std(socket).map_err(Error::fault)?;
    let places = Arc::new(Semaphore::new(HOST_CONNECTIONS_MAX));
    let mut stopping = state.stop.clone();
    let mut beat = notify::watchdog_interval().map(tokio::time::interval);
    loop {
        // Without a place nobody is accepted: whoever comes then waits in the kernel's queue, which is bounded.
        let connection = async {
            let place = places.clone().acquire_owned().await.map_err(Error::fault)?;
            Ok::<_, Error>((listener.accept().await, place))
        };
        let (accepted, place) = tokio::select! {
            taken = connection => taken?,
            () = next_beat(&mut beat) => {
                notify::watchdog();
                continue;
            }
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(connection_of(state.clone(), stream, place))),
            Err(e) => {
                log::warn!(target: "manara::host", cause:% = e; "no connection could be accepted");
                tokio::time::sleep(Duration::from_millis(crate::base::limits::ACCEPT_PAUSE_MS)).await;
            }
        }
    }
    drop(listener);
    let all = u32::try_from(HOST_CONNECTIONS_MAX).unwrap_or(u32::MAX);
    let ended = tokio::time::timeout(Duration::from_secs(HOST_STOP_S_MAX), places.acquire_many(all)).await;
    if ended.is_err() {
        log::warn!(target: "manara::host", "operations were still under way when the host stopped");
    }
    Ok(())
}

async fn next_beat(beat: &mut Option<tokio::time::Interval>) {
    match beat {
        Some(beat) => drop(beat.tick().await),
        None => std::future::pending().await,
    }
}

async fn connection_of(state: Arc<State>, stream: UnixStream, place: OwnedSemaphorePermit) {
    let uid = match stream.peer_cred() {
        Ok(peer) if state.peers.contains(&peer.uid()) => peer.uid(),
        Ok(peer) => {
            log::warn!(target: "manara::host", uid = peer.uid(); "a stranger was turned away");
            return;
        }
        Err(e) => return log::warn!(target: "manara::host", cause:% = e; "a peer without a name was turned away"),
    };
    let (told, mut phase) = watch::channel(Phase::Head);
    let patience = state.patience;
    // The place is kept until the operation has ended, also when the peer goes away before.
    let call = Arc::new(Call { state, uid, phase: told, _place: place });
    let service = service_fn(move |request| {
        let call = call.clone();
        async move { Ok::<_, Infallible>(call.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_headers(16)
        .max_buf_size(HOST_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    loop {
        let limit = match *phase.borrow_and_update() {
            Phase::Head => Some(patience.head),
            Phase::Body => Some(patience.body),
            Phase::Work => None,
            Phase::Answer => Some(patience.write),
        };
        let late = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(e) = ended {
                    log::debug!(target: "manara::host", cause:% = e; "a connection broke off");
                }
                return;
            }
            Ok(()) = phase.changed() => {}
            () = late => return log::debug!(target: "manara::host", "a peer took too long"),
        }
    }
}

struct Call {
    state: Arc<State>,
    uid: u32,
    phase: watch::Sender<Phase>,
    _place: OwnedSemaphorePermit,
}

impl Call {
    async fn answer(self: &Arc<Self>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        let upgrade = (request.uri().path() == wire::STREAM).then(|| hyper::upgrade::on(&mut request));
        let outcome = match self.read(request).await {
            Ok((op, body)) => self.perform(op, body, upgrade).await,
            Err(e) => Err(e),
        };
        self.phase.send_replace(Phase::Answer);
        outcome.unwrap_or_else(|e| {
            // The panel says so, too, where it is read first; whoever looks here finds out which of the two is older.
            let level = if e.code() == wire::OTHER_VERSION { log::Level::Warn } else { log::Level::Debug };
            log::log!(target: "manara::host", level, code = e.code(); "an operation was refused or failed: {e}");
            response(e.kind().http_status(), serde_json::to_vec(&e).unwrap_or_default())
        })
    }

    /// The operation, and the memory its body takes.
    async fn read(&self, request: Request<Incoming>) -> Result<(HostOp, OwnedSemaphorePermit)> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        wire::check_version(header(wire::VERSION_HEADER))?;
        if request.method() != Method::POST || !matches!(request.uri().path(), wire::CALL | wire::STREAM) {
            return Err(wire::malformed("no such request"));
        }
        let actor = header(wire::ACTOR_HEADER).unwrap_or("-").to_owned();
        let length = request.body().size_hint().exact().and_then(|n| usize::try_from(n).ok());
        let length = length.ok_or_else(|| wire::malformed("a body without a length"))?;
        if length > HOST_BODY_BYTES_MAX {
            return Err(Error::new(Kind::TooLarge, "wire_too_large").with("max", HOST_BODY_BYTES_MAX));
        }
        self.phase.send_replace(Phase::Work);
        let units = u32::try_from(length / BODY_UNIT_BYTES + 1).unwrap_or(u32::MAX);
        let units = units.min(u32::try_from(HOST_BODIES_BYTES_MAX / BODY_UNIT_BYTES).unwrap_or(u32::MAX));
        let memory = turn(self.state.patience.turn, self.state.bodies.clone().acquire_many_owned(units)).await?;
        self.phase.send_replace(Phase::Body);
        let body = request.into_body().collect().await.map_err(wire::malformed)?.to_bytes();
        self.phase.send_replace(Phase::Work);
        let op = wire::read_op(&body)?;
        let plan = op.plan().map_or("-", ObjectId::as_str);
        let level = if op.only_looks() { log::Level::Debug } else { log::Level::Info };
        log::log!(target: "manara::host", level, op = op.name(), plan, uid = self.uid, actor = actor.as_str(); "asked");
        Ok((op, memory))
    }

    async fn perform(
        self: &Arc<Self>,
        op: HostOp,
        memory: OwnedSemaphorePermit,
        upgrade: Option<OnUpgrade>,
    ) -> Result<Response<Full<Bytes>>> {
        if op.is_long() != upgrade.is_some() {
            return Err(wire::malformed("long operations are streams, and only they"));
        }
        let Some(upgrade) = upgrade else {
            let place = turn(self.state.patience.turn, self.state.ops.clone().acquire_owned()).await?;
            let reply = self.run(move |host| (host.ask(&op), (place, memory))).await?;
            return Ok(response(200, serde_json::to_vec(&reply).map_err(Error::fault)?));
        };
        let place = self.state.streams.clone().try_acquire_owned().map_err(|_| busy())?;
        tokio::spawn(self.clone().stream(op, upgrade, (place, memory)));
        let mut answer = response(101, vec![]);
        answer.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
        answer.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static(wire::PROTOCOL));
        Ok(answer)
    }

    /// Carries out `work` on a thread of the pool; it runs to its end also when nobody waits for it any more, and keeps
    /// the connection's place until then.
    async fn run<T: Send + 'static, K: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&dyn Host) -> (Result<T>, K) + Send + 'static,
    ) -> Result<T> {
        let call = self.clone();
        let ran = tokio::task::spawn_blocking(move || {
            let (outcome, _kept) = work(&*call.state.host);
            outcome
        });
        // A panic leaves things as a crash does: the panel takes the plan back, or the next start of the host.
        ran.await.unwrap_or_else(|e| Err(Error::fault(format!("a host operation panicked: {e}"))))
    }

    /// A long operation: its lines go to the peer as long as it takes them. A peer that goes away does not stop it, since
    /// what a package manager has begun it should finish; one that asks does.
    async fn stream(
        self: Arc<Self>,
        op: HostOp,
        upgrade: OnUpgrade,
        kept: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    ) {
        let Ok(upgraded) = upgrade.await else { return };
        let (read, mut write) = tokio::io::split(TokioIo::new(upgraded));
        let stop = Arc::new(AtomicBool::new(false));
        let (lines, mut printed) = mpsc::channel::<FromHost>(HOST_LINES_QUEUED_MAX);
        let asked = stop.clone();
        let work = self.run(move |host| {
            let outcome = host.call(&op, &mut |line| {
                // Nobody may be listening any more.
                let _ = lines.blocking_send(FromHost::Line(line.to_owned()));
                !asked.load(Ordering::Relaxed)
            });
            (outcome, kept)
        });
        let patience = self.state.patience.write;
        let tell = async move {
            while let Some(line) = printed.recv().await {
                let sent = async { write.write_all(&wire::frame(&line)?).await.map_err(Error::fault) };
                if !matches!(tokio::time::timeout(patience, sent).await, Ok(Ok(()))) {
                    return None;
                }
            }
            Some(write)
        };
        let hear = async {
            if stop_asked(read).await {
                stop.store(true, Ordering::Relaxed);
            }
            std::future::pending::<()>().await;
        };
        let (outcome, write) = tokio::select! {
            both = async { tokio::join!(work, tell) } => both,
            () = hear => return,
        };
        let last = match outcome {
            Ok(reply) => FromHost::Reply(reply),
            Err(e) => FromHost::Error(e),
        };
        if let (Some(mut write), Ok(bytes)) = (write, wire::frame(&last)) {
            let sent = async {
                write.write_all(&bytes).await?;
                write.shutdown().await
            };
            // Whoever went away reads the outcome from the machine's state.
            let _ = tokio::time::timeout(patience, sent).await;
        }
    }
}

/// Whether the peer asks to stop, before it goes away or sends something else.
async fn stop_asked(read: impl tokio::io::AsyncRead + Unpin) -> bool {
    let mut line = Vec::new();
    let read = BufReader::new(read.take(CLIENT_FRAME_BYTES_MAX)).read_until(b'\n', &mut line).await;
    read.is_ok() && line.ends_with(b"\n") && wire::read_frame(&line).is_ok_and(|frame| frame == ToHost::Stop)
}

/// Waits for a place or for memory. Error: `host_busy`.
async fn turn<T>(limit: Duration, wait: impl Future<Output = Result<T, tokio::sync::AcquireError>>) -> Result<T> {
    tokio::time::timeout(limit, wait).await.map_err(|_| busy())?.map_err(Error::fault)
}

fn busy() -> Error {
    Error::new(Kind::Unavailable, "host_busy")
}

fn response(status: u16, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(wire::VERSION_HEADER, wire::VERSION.into());
    response
}
