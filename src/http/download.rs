//! Files that are sent while they are made.

use super::body::{Body, Broken};
use super::pool::Lane;
use super::refusal::Refusal;
use super::response::Answer;
use super::server::Panel;
use super::session::Credentials;
use super::visit::Visit;
use crate::base::Error;
use crate::ops::{Download, Op, run};
use bytes::Bytes;
use hyper::Response;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Starts a download. One that fails halfway cuts the connection, so that the part is not taken for the file.
pub(super) async fn open(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    op: &'static Op,
    credentials: Credentials,
    input: Value,
) -> Result<Answer, Refusal> {
    let (core, request) = (panel.core.clone(), visit.request.clone());
    let opened = panel.pool.run(Lane::Download, move || {
        let actor = credentials.actor(&core, op.meta.need, &request)?;
        let download = run::open_download(&core, &actor, &request, op, input)?;
        Ok::<_, Error>((actor, download))
    });
    let (actor, download) = opened.await??;
    visit.actor = actor;
    let (name, media_type) = (file_name(&download.name), download.media_type);
    let (send, pieces) = mpsc::channel(1);
    let (panel, id) = (panel.clone(), visit.request.id.clone());
    tokio::spawn(async move { panel.pool.run(Lane::Download, move || deliver(download, &send, &id)).await });
    let mut answer = Response::new(Body::pieces(pieces));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = format!("attachment; filename=\"{name}\"");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(Error::fault)?);
    Ok(answer)
}

fn deliver(download: Download, send: &mpsc::Sender<Result<Bytes, Broken>>, id: &str) {
    for piece in download.pieces {
        let piece = piece.map(Bytes::from).map_err(|e| {
            log::error!(target: "manara::http", id = id, cause:% = e; "a download broke off");
            Broken
        });
        let broke = piece.is_err();
        if send.blocking_send(piece).is_err() || broke {
            return;
        }
    }
}

/// A name that can stand in quotes in a header.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' }).collect()
}
