//! Answers: outcomes of operations, and problems (RFC 9457).

use super::body::Body;
use super::refusal::Refusal;
use super::session;
use super::visit::Visit;
use super::{router, text};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result};
use crate::ops::problem::Problem;
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

/// The answer to a refusal or a failure.
pub(super) fn of_refusal(refusal: &Refusal, visit: &Visit, version: Version) -> Answer {
    let (error, request) = (&refusal.error, &visit.request);
    note(error, &request.id);
    let problem = Problem { status: refusal.status.as_u16(), ..Problem::of(error, request.lang, &request.id) };
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
fn note(error: &Error, id: &str) {
    let cause = error.log_cause().unwrap_or_default();
    match error.kind() {
        Kind::Fault => log::error!(target: "manara::http", id = id, cause = cause; "our fault"),
        Kind::External | Kind::Unavailable => {
            log::warn!(target: "manara::http", id = id, code = error.code(), cause = cause; "a call failed");
        }
        Kind::TooMany => log::warn!(target: "manara::security", id = id, code = error.code(); "rate limited"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
