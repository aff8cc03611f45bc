//! One connection, from its first byte to its last.

use super::body::Body;
use super::handler;
use super::patient::Patient;
use super::server::{Panel, Peer, stopped};
use super::tls::H2;
use crate::base::limits::{HEAD_BYTES_MAX, HEADERS_MAX, REQUESTS_PER_CONNECTION_MAX};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Requests of one connection.
#[derive(Default)]
struct Activity {
    begun: AtomicUsize,
    open: AtomicUsize,
}

/// What asks a connection to end in order; requests under way are answered.
pub(super) struct Ends {
    /// The panel stops, or the door it came in by is closed.
    pub(super) stopping: watch::Receiver<bool>,
    /// Another certificate is shown than the one that it was.
    pub(super) replaced: Option<watch::Receiver<bool>>,
}

impl Ends {
    /// Returns when one of them asks.
    async fn asked(&mut self) {
        match &mut self.replaced {
            Some(replaced) => tokio::select! {
                () = stopped(&mut self.stopping) => {}
                () = stopped(replaced) => {}
            },
            None => stopped(&mut self.stopping).await,
        }
    }
}

/// Counts a request as open until it is answered.
struct Open(Arc<Activity>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves a connection until `ends` asks; with `tls`, after the handshake.
pub(super) async fn serve<S>(panel: Arc<Panel>, peer: Peer, stream: S, tls: Option<TlsAcceptor>, ends: Ends)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Patient::new(stream, panel.patience.write);
    let Some(tls) = tls else { return speak(panel, peer, stream, false, ends).await };
    match tokio::time::timeout(panel.patience.head, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let h2 = stream.get_ref().1.alpn_protocol() == Some(H2);
            speak(panel, peer, stream, h2, ends).await;
        }
        Ok(Err(e)) => log::debug!(target: "manara::http", cause:% = e; "no TLS came about"),
        Err(_) => log::debug!(target: "manara::http", "a client was silent in the TLS handshake"),
    }
}

async fn speak<S>(panel: Arc<Panel>, peer: Peer, stream: S, h2: bool, ends: Ends)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::default());
    let (for_requests, seen) = (panel.clone(), activity.clone());
    let service =
        service_fn(move |request: Request<Incoming>| answer(for_requests.clone(), seen.clone(), peer, request));
    let io = TokioIo::new(stream);
    if h2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(panel.patience.idle / 2)
            .keep_alive_timeout(panel.patience.head)
            .max_concurrent_streams(REQUESTS_PER_CONNECTION_MAX)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .initial_stream_window_size(128 * 1024)
            .initial_connection_window_size(512 * 1024);
        drive(&panel, &activity, builder.serve_connection(io, service), ends).await;
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(panel.patience.head)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX);
        drive(&panel, &activity, builder.serve_connection(io, service), ends).await;
    }
}

async fn answer(
    panel: Arc<Panel>,
    activity: Arc<Activity>,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    activity.begun.fetch_add(1, Ordering::Relaxed);
    activity.open.fetch_add(1, Ordering::Relaxed);
    let open = Open(activity);
    let mut answer = handler::answer(panel, peer, request).await;
    answer.body_mut().hold(open);
    Ok(answer)
}

/// Runs a connection to its end: the client's, an orderly stop, or that of our patience. hyper's own timer covers the heads
/// of HTTP/1 requests; a client that is silent from the start, and an idle HTTP/2 connection, end here.
async fn drive<C>(panel: &Panel, activity: &Activity, connection: C, mut ends: Ends)
where
    C: GracefulConnection<Error = hyper::Error>,
{
    let mut connection = pin!(connection);
    let mut closing = false;
    let (mut wait, mut before) = (panel.patience.head, 0);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(e) = ended {
                    log::debug!(target: "manara::http", cause:% = e; "a connection broke off");
                }
                return;
            }
            () = ends.asked(), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(wait) => {
                let (begun, open) = (activity.begun.load(Ordering::Relaxed), activity.open.load(Ordering::Relaxed));
                if begun == 0 {
                    return;
                }
                if begun == before && open == 0 && !closing {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                (wait, before) = (panel.patience.idle, begun);
            }
        }
    }
}
