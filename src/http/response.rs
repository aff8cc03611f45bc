//! Answers: outcomes of operations, and problems (RFC 9457).

use super::body::Body;
use super::refusal::Refusal;
use super::session;
use super::visit::Visit;
use super::{router, text};
use crate::base::access::Role;
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result};
use crate::ops::problem::{Problem, causes};
use crate::ops::{self, Op, Outcome, Status};
use bytes::Bytes;
use hyper::header::{
    ALLOW, CONNECTION, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
    WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode, Version};
use serde_json::Value;

/// An answer.
pub(super) type Answer = Response<Body>;

/// A whole answer of one media type.
pub(super) fn whole(status: StatusCode, media_type: &'static str, bytes: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Body::Whole(bytes.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// The answer to a call that went well.
pub(super) fn of_outcome(op: &Op, outcome: &Outcome, secure: bool, now: Time) -> Result<Answer> {
    let status = match outcome.status {
        Status::Done | Status::Planned => StatusCode::OK,
        Status::Created => StatusCode::CREATED,
        Status::Accepted => StatusCode::ACCEPTED,
    };
    let mut answer = whole(status, "application/json", serde_json::to_vec(&outcome.body).map_err(Error::fault)?);
    let headers = answer.headers_mut();
    if let Some(revision) = outcome.revision() {
        headers.insert(ETAG, HeaderValue::try_from(format!("\"{revision}\"")).map_err(Error::fault)?);
    }
    let location = match outcome.status {
        Status::Created => created_at(op, &outcome.body),
        Status::Accepted => outcome.job.as_ref().map(|job| format!("{}/jobs/{job}", router::PREFIX)),
        Status::Done | Status::Planned => None,
    };
    if let Some(location) = location {
        headers.insert(LOCATION, HeaderValue::try_from(location).map_err(Error::fault)?);
    }
    if let Some(grant) = &outcome.grant {
        headers.insert(SET_COOKIE, session::set_cookie(grant, secure, now).map_err(Error::fault)?);
    }
    Ok(answer)
}

/// Where the object that was made is shown: the path of `NOUN.show` with its fields from the answer.
fn created_at(op: &Op, body: &Value) -> Option<String> {
    let show = ops::find(&format!("{}.show", op.meta.words().0))?;
    let mut path = format!("{}{}", router::PREFIX, show.meta.path);
    for field in show.meta.path_fields() {
        path = path.replace(&format!("{{{field}}}"), &text::encode(body.get(field)?.as_str()?));
    }
    Some(path)
}

/// The answer to a refusal or a failure. With `debug`, what caused it is in the log and, for administrators, in the answer.
pub(super) fn of_refusal(refusal: &Refusal, visit: &Visit, version: Version, debug: bool) -> Answer {
    let (error, request) = (&refusal.error, &visit.request);
    note(error, &request.id, debug);
    let problem = Problem { status: refusal.status.as_u16(), ..Problem::of(error, request.lang, &request.id) };
    let shown = debug && visit.actor.role() == Some(Role::Admin);
    let problem = if shown { problem.with_causes(error) } else { problem };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut answer = whole(refusal.status, "application/problem+json", body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(request.lang.tag()));
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(allow) = refusal.allow.as_ref().and_then(|a| HeaderValue::from_str(a).ok()) {
        headers.insert(ALLOW, allow);
    }
    if let Some(wait) = error.param("retry_s").and_then(|s| HeaderValue::from_str(s).ok()) {
        headers.insert(RETRY_AFTER, wait);
    }
    if refusal.close && version < Version::HTTP_2 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// What a developer or the administrator has to see.
fn note(error: &Error, id: &str, debug: bool) {
    let cause = error.log_cause().unwrap_or_default();
    match error.kind() {
        Kind::Fault => log::error!(target: "manara::http", id = id, cause = cause; "our fault"),
        Kind::External | Kind::Unavailable => {
            log::warn!(target: "manara::http", id = id, code = error.code(), cause = cause; "a call failed");
        }
        Kind::TooMany => log::warn!(target: "manara::security", id = id, code = error.code(); "rate limited"),
        _ if debug => {
            let cause = causes(error).unwrap_or_default();
            log::info!(target: "manara::http", id = id, code = error.code(), cause = cause; "a call was refused");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Actor;
    use crate::http::server::Peer;
    use serde_json::json;

    #[test]
    fn a_created_site_says_where_it_is() {
        let op = ops::find("site.create").unwrap();
        let outcome = Outcome::new(Status::Created, json!({ "domain": "مثال.test", "revision": 3 }));
        let answer = of_outcome(op, &outcome, false, Time(0)).unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()[ETAG], "\"3\"");
        assert_eq!(answer.headers()[LOCATION], "/api/v1/sites/%D9%85%D8%AB%D8%A7%D9%84.test");
        let accepted = Outcome { job: Some("j1".into()), ..Outcome::new(Status::Accepted, json!({})) };
        assert_eq!(of_outcome(op, &accepted, false, Time(0)).unwrap().headers()[LOCATION], "/api/v1/jobs/j1");
    }

    #[test]
    fn causes_are_for_administrators_while_debug_is_on_and_never_those_of_input() {
        let problem = |error: Error, role: Role, debug: bool| {
            let peer = Peer::Unix { uid: 0, gid: 0 };
            let mut visit = Visit::new(peer, &hyper::HeaderMap::new()).unwrap();
            visit.actor = Actor::User { id: "u1".into(), name: "omar".into(), role, session: "h1".into() };
            let answer = of_refusal(&error.into(), &visit, Version::HTTP_11, debug);
            let body: Value = serde_json::from_slice(answer.body().whole().unwrap()).unwrap();
            body["debug"].as_str().map(str::to_owned)
        };
        let fault = || Error::fault("disk I/O error").cause("reading the sites");
        assert_eq!(problem(fault(), Role::Admin, true).as_deref(), Some("reading the sites: disk I/O error"));
        assert_eq!(problem(fault(), Role::Admin, false), None);
        assert_eq!(problem(fault(), Role::Operator, true), None);
        let input = Error::new(Kind::BadInput, "bad_input").cause("invalid value: string \"hunter2\"");
        assert_eq!(problem(input, Role::Admin, true), None);
    }
}
