//! From a request to its answer: admission, route, headers, figures, log.

use super::body::Body;
use super::headers::{self, Sort};
use super::refusal::Refusal;
use super::response::{self, Answer};
use super::server::{Panel, Peer};
use super::visit::Visit;
use super::{api, assets, counters, probes, router};
use crate::base::Error;
use crate::base::limits::{SLOW_REQUEST_MS, URI_BYTES_MAX};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

/// Answers one request; whatever happens, there is an answer.
pub(super) async fn answer(panel: Arc<Panel>, peer: Peer, request: Request<Incoming>) -> Answer {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let mut visit = match Visit::new(peer, &parts.headers) {
        Ok(visit) => visit,
        Err(e) => {
            log::error!(target: "manara::http", cause:% = e; "a request could not be named");
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return answer;
        }
    };
    let (mut answer, sort) = match guarded(route(&panel, &mut visit, &parts, body)).await {
        Ok(routed) => routed,
        Err(refusal) => (response::of_refusal(&refusal, &visit, parts.version, panel.core.config.debug), Sort::Api),
    };
    let hsts = panel.hsts && visit.secure;
    headers::set(answer.headers_mut(), sort, hsts, &visit.request.id);
    if parts.method == Method::HEAD {
        answer = without_body(answer);
    }
    note(&panel, &visit, &parts, answer.status(), began);
    answer
}

/// The part of the panel that a path belongs to.
async fn route(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    parts: &Parts,
    body: Incoming,
) -> Result<(Answer, Sort), Refusal> {
    let uri = &parts.uri;
    if uri.path_and_query().is_some_and(|p| p.as_str().len() > URI_BYTES_MAX) {
        return Err(Refusal::bad_request("uri_too_long").status(StatusCode::URI_TOO_LONG));
    }
    visit.admit(&panel.core, &panel.own_names, parts)?;
    let path = uri.path();
    if let Some(rest) = path.strip_prefix(router::PREFIX).filter(|rest| rest.starts_with('/')) {
        return Ok((api::answer(panel, visit, parts, rest, body).await?, Sort::Api));
    }
    if path == "/api" || path.starts_with("/api/") {
        return Err(Refusal::no_such_path());
    }
    if let Some(probe) = path.strip_prefix("/health/") {
        return Ok((probes::answer(panel, visit, parts, probe).await?, Sort::Api));
    }
    visit.route = counters::ASSETS;
    Ok((assets::answer(&parts.method, path, &parts.headers)?, Sort::Page))
}

/// Refuses methods other than GET and HEAD.
pub(super) fn only_get(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(Refusal::wrong_method(method, "GET, HEAD")),
    }
}

/// Runs a handler so that a panic in it becomes our fault and ends nothing else.
async fn guarded<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let mut work = pin!(work);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(polled) => polled,
        Err(_) => Poll::Ready(Err(Error::fault("a handler panicked").into())),
    })
    .await
}

/// The answer to HEAD: everything but the body, with the length it would have had (RFC 9110 §9.3.2).
fn without_body(answer: Answer) -> Answer {
    let (mut parts, body) = answer.into_parts();
    if let Some(length) = body.length() {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}

fn note(panel: &Panel, visit: &Visit, parts: &Parts, status: StatusCode, began: Instant) {
    let took = began.elapsed();
    panel.counters.count(visit.route, status.as_u16(), took);
    let slow = took.as_millis() > SLOW_REQUEST_MS;
    let quiet = matches!(visit.route, counters::ASSETS | counters::LIVE | counters::READY | counters::METRICS);
    let level = match (slow, quiet) {
        (true, _) => log::Level::Warn,
        (false, true) => log::Level::Debug,
        (false, false) => log::Level::Info,
    };
    if !log::log_enabled!(target: "manara::access", level) {
        return;
    }
    // Tenths of a millisecond: what is below is noise.
    let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
    let (actor, address) = (visit.actor.shown(), visit.request.shown_address());
    log::log!(
        target: "manara::access", level,
        method = parts.method.as_str(), route = counters::name(visit.route), status = status.as_u16(), ms = ms,
        id = visit.request.id.as_str(), actor = actor.as_str(), address = address.as_str();
        "{}", if slow { "slow request" } else { "request" }
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_our_fault() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ended: Result<(), Refusal> = runtime.block_on(guarded(async { panic!("on purpose") }));
        let refusal = ended.unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.error.code()), (500, "fault"));
    }
}
