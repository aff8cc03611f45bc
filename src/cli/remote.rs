//! The panel, over its Unix socket.

use super::output::Failure;
use super::request::Ask;
use crate::base::locale::Lang;
use crate::base::{Error, Kind, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;

/// How long the panel may take to begin its answer: longer than it waits for a change itself.
const ANSWER_WAIT: Duration = Duration::from_secs(crate::base::limits::CALL_WAIT_S_MAX + 60);
/// Largest answer that is held in memory.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A way to the panel.
pub(super) struct Remote {
    socket: PathBuf,
    lang: Lang,
    token: Option<String>,
    runtime: tokio::runtime::Runtime,
}

/// An answer that is no refusal.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// The body as it came.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).map_err(Error::fault)
    }
}

impl Remote {
    /// The panel that answers at `socket`.
    pub(super) fn new(socket: PathBuf, lang: Lang, token: Option<String>) -> Result<Remote> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::fault)?;
        Ok(Remote { socket, lang, token, runtime })
    }

    /// Asks, and waits for the whole answer.
    pub(super) fn ask(&self, ask: &Ask) -> Result<Answer, Failure> {
        let mut body = Vec::new();
        let status = self.read(ask, &mut |piece| {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(Error::new(Kind::TooLarge, "cli_answer_too_large").with("max", ANSWER_BYTES_MAX));
            }
            body.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(Answer { status, body })
    }

    /// Asks, and hands the answer on piece by piece as it comes.
    pub(super) fn read(&self, ask: &Ask, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<u16, Failure> {
        self.runtime.block_on(async {
            let response = tokio::time::timeout(ANSWER_WAIT, self.send(ask)).await.map_err(|_| silent())??;
            let status = response.status().as_u16();
            let mut body = response.into_body();
            if status >= 400 {
                let body = body.collect().await.map_err(|e| silent().cause(e))?.to_bytes().to_vec();
                return Err(Failure::Refused { status, body });
            }
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|e| silent().cause(e))?;
                if let Some(piece) = frame.data_ref() {
                    each(piece)?;
                }
            }
            Ok(status)
        })
    }

    /// Lets `time` pass.
    pub(super) fn pause(&self, time: Duration) {
        // The timer belongs to the runtime: it has to be made inside.
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    async fn send(&self, ask: &Ask) -> Result<Response<Incoming>> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|e| self.unreachable(&e))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| silent().cause(e))?;
        tokio::spawn(connection);
        sender.send_request(self.request(ask)?).await.map_err(|e| silent().cause(e))
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(ask.method.name())
            .uri(&ask.target)
            .header(header::HOST, "localhost")
            .header(header::USER_AGENT, concat!("manara-cli/", env!("CARGO_PKG_VERSION")))
            .header(header::ACCEPT_LANGUAGE, self.lang.tag());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(revision) = ask.if_match {
            request = request.header(header::IF_MATCH, format!("\"{revision}\""));
        }
        if ask.respond_async {
            request = request.header("prefer", "respond-async");
        }
        let mut body = Bytes::new();
        if let Some(value) = &ask.body {
            let patch = ask.method == crate::ops::Method::Patch;
            let kind = if patch { "application/merge-patch+json" } else { "application/json" };
            request = request.header(header::CONTENT_TYPE, kind);
            body = serde_json::to_vec(value).map_err(Error::fault)?.into();
        }
        request.body(Full::new(body)).map_err(|e| Error::new(Kind::BadInput, "cli_bad_token").cause(e))
    }

    fn unreachable(&self, error: &std::io::Error) -> Error {
        let (kind, code) = match error.kind() {
            ErrorKind::PermissionDenied => (Kind::Forbidden, "panel_socket_denied"),
            _ => (Kind::Unavailable, "panel_not_running"),
        };
        Error::new(kind, code).with("socket", self.socket.display()).cause(error)
    }
}

/// The panel took the connection and gave no answer.
fn silent() -> Error {
    Error::new(Kind::Unavailable, "panel_silent")
}
