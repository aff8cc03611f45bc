//! The asking end: the machine, as the panel's unprivileged process sees it.

use super::wire::{self, FromHost, ToHost};
use crate::base::limits::{
    HOST_ANSWER_BYTES_MAX, HOST_ANSWER_S_MAX, HOST_BODY_BYTES_MAX, HOST_CONNECT_MS_MAX, HOST_REATTACH_MAX,
};
use crate::base::{Error, Kind, Result};
use crate::platform::{Host, HostOp, HostReply, Lines, acting};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

/// The error for a host that ended before it answered.
const LOST: &str = "host_lost";
/// Pause between two tries to reach a host that is being started again.
const RETRY_MS: u64 = 20;
/// Largest error that is read.
const ERROR_BYTES_MAX: usize = 1024 * 1024;

/// A way to the host service. Every operation has a connection of its own, so a host that was started again is simply
/// reached by the next one.
pub struct Client {
    socket: PathBuf,
    // The calling threads drive it, each while it waits. Taken only to be dropped.
    runtime: Option<Runtime>,
}

impl Drop for Client {
    fn drop(&mut self) {
        // Whoever lets go of it last may be a thread that must not wait; nothing here has to be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Client {
    /// The host that listens at `socket`.
    pub fn new(socket: PathBuf) -> Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::fault)?;
        Ok(Client { socket, runtime: Some(runtime) })
    }

    async fn send(&self, op: &HostOp, path: &str) -> Result<Response<Incoming>> {
        let body = serde_json::to_vec(op).map_err(Error::fault)?;
        if body.len() > HOST_BODY_BYTES_MAX {
            return Err(Error::new(Kind::TooLarge, "wire_too_large").with("max", HOST_BODY_BYTES_MAX));
        }
        let stream = self.connect().await?;
        let handshake = hyper::client::conn::http1::Builder::new().handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(lost)?;
        tokio::spawn(connection.with_upgrades());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, "host")
            .header(wire::VERSION_HEADER, wire::VERSION);
        if path == wire::STREAM {
            request = request.header(header::CONNECTION, "upgrade").header(header::UPGRADE, wire::PROTOCOL);
        }
        // A name that is no header value is not told; the plan's id is in the log anyway.
        if let Ok(actor) = HeaderValue::from_str(&acting::actor()) {
            request = request.header(wire::ACTOR_HEADER, actor);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(Error::fault)?;
        let limit = Duration::from_secs(HOST_ANSWER_S_MAX);
        tokio::time::timeout(limit, sender.send_request(request)).await.map_err(lost)?.map_err(lost)
    }

    /// A connection; a host that is being started again is given a moment.
    async fn connect(&self) -> Result<UnixStream> {
        let deadline = Instant::now() + Duration::from_millis(HOST_CONNECT_MS_MAX);
        loop {
            let error = match UnixStream::connect(&self.socket).await {
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            let may_come =
                [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset, ErrorKind::NotFound, ErrorKind::WouldBlock];
            if !may_come.contains(&error.kind()) || Instant::now() > deadline {
                let unreachable = Error::new(Kind::Unavailable, "host_unreachable");
                return Err(unreachable.with("socket", self.socket.display()).with("reason", &error));
            }
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
    }

    async fn short(&self, op: &HostOp) -> Result<HostReply> {
        let answer = self.send(op, wire::CALL).await?;
        let bytes = body(answer, StatusCode::OK).await?;
        serde_json::from_slice(&bytes).map_err(|e| Error::fault(format!("the host's answer: {e}")))
    }

    /// A long operation. A host that ends meanwhile is asked again: the one that is started in its place goes on with what
    /// runs, and tells its output from the beginning.
    async fn long(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply> {
        let mut heard = 0;
        let mut asked_again = 0;
        loop {
            let mut passed = 0;
            let mut only_new = |line: &str| {
                passed += 1;
                if passed <= heard {
                    return true;
                }
                heard = passed;
                lines(line)
            };
            match self.stream(op, &mut only_new).await {
                Err(e) if e.code() == LOST && asked_again < HOST_REATTACH_MAX => asked_again += 1,
                outcome => return outcome,
            }
        }
    }

    async fn stream(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply> {
        let answer = self.send(op, wire::STREAM).await?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            body(answer, StatusCode::SWITCHING_PROTOCOLS).await?;
            return Err(Error::fault("the host did not upgrade"));
        }
        let upgraded = hyper::upgrade::on(answer).await.map_err(lost)?;
        let (read, mut write) = tokio::io::split(TokioIo::new(upgraded));
        let mut frames = BufReader::new(read.take(HOST_ANSWER_BYTES_MAX as u64));
        let mut stopped = false;
        let mut line = Vec::new();
        loop {
            line.clear();
            frames.read_until(b'\n', &mut line).await.map_err(lost)?;
            if !line.ends_with(b"\n") {
                return Err(lost("the stream broke off"));
            }
            match serde_json::from_slice(&line).map_err(|e| Error::fault(format!("the host's frame: {e}")))? {
                FromHost::Line(text) if !lines(&text) && !stopped => {
                    stopped = true;
                    write.write_all(&wire::frame(&ToHost::Stop)?).await.map_err(lost)?;
                }
                FromHost::Line(_) => {}
                FromHost::Reply(reply) => return Ok(reply),
                FromHost::Error(error) => return Err(error),
            }
        }
    }
}

impl Host for Client {
    fn call(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply> {
        let runtime = self.runtime.as_ref().ok_or_else(|| Error::fault("the way to the host is closed"))?;
        runtime.block_on(async {
            if op.is_long() {
                return self.long(op, lines).await;
            }
            match self.short(op).await {
                // The host ended before it answered, and the question does no harm.
                Err(e) if e.code() == LOST && op.only_looks() => self.short(op).await,
                answer => answer,
            }
        })
    }
}

/// The body of an answer with the status `wanted`; of any other, the error it carries.
async fn body(answer: Response<Incoming>, wanted: StatusCode) -> Result<Bytes> {
    let (status, version) = (answer.status(), answer.headers().get(wire::VERSION_HEADER).cloned());
    let max = if status == wanted { HOST_ANSWER_BYTES_MAX } else { ERROR_BYTES_MAX };
    let bytes = Limited::new(answer.into_body(), max).collect().await.map_err(lost)?.to_bytes();
    if status == wanted {
        return Ok(bytes);
    }
    // What is not an error of ours comes from something else at that socket, or from another version.
    let theirs = version.as_ref().and_then(|value| value.to_str().ok());
    Err(serde_json::from_slice(&bytes)
        .ok()
        .or_else(|| wire::check_version(theirs).err())
        .unwrap_or_else(|| Error::fault(format!("the host answered {status}"))))
}

/// The error for a host that ended, or was ended, before it answered.
fn lost(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, LOST).cause(cause)
}
