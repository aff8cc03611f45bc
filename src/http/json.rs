//! Reading a JSON body within its limits.

use super::refusal::Refusal;
use crate::base::limits::{JSON_DEPTH_MAX, JSON_VALUES_MAX};
use crate::base::{Error, Kind};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use std::time::Duration;

/// Reads a body of at most `max` bytes within `limit` of time, as JSON; `None` when there is none.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    max: usize,
    limit: Duration,
) -> Result<Option<Value>, Refusal> {
    if body.is_end_stream() {
        return Ok(None);
    }
    if !is_json(headers) {
        let refusal = Refusal::bad_request("not_json_type").status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        return Err(refusal.closing());
    }
    let read = tokio::time::timeout(limit, collect(body, max)).await;
    let bytes = read.map_err(|_| Refusal::bad_request("body_slow").status(StatusCode::REQUEST_TIMEOUT).closing())??;
    if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(Some) }
}

/// `application/json` or `application/merge-patch+json`, with any parameters. A page of another site cannot send either
/// without asking first (Fetch, CORS-safelisted content types).
fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/merge-patch+json"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}

async fn collect(mut body: Incoming, max: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::from(Error::new(Kind::TooLarge, "body_too_large").with("max", max)).closing();
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad_request("body_broken").closing())?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    let (depth, values) = extent(bytes);
    let limits = [("body_too_deep", depth, JSON_DEPTH_MAX), ("body_too_wide", values, JSON_VALUES_MAX)];
    if let Some((code, _, max)) = limits.into_iter().find(|(_, found, max)| found > max) {
        let error = Error::new(Kind::BadInput, code).with("max", max);
        return Err(Refusal::from(error).status(StatusCode::BAD_REQUEST));
    }
    serde_json::from_slice(bytes).map_err(|e| {
        let error = Error::new(Kind::BadInput, "not_json").with("line", e.line()).with("column", e.column()).cause(e);
        Refusal::from(error).status(StatusCode::BAD_REQUEST)
    })
}

/// Deepest nesting of arrays and objects, and the number of values at most; what is in strings does not count.
fn extent(json: &[u8]) -> (usize, usize) {
    let (mut now, mut most, mut values, mut quoted, mut escaped) = (0usize, 0, 1usize, false, false);
    for byte in json {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'[' | b'{') => {
                now += 1;
                most = most.max(now);
                values += 1;
            }
            (false, b']' | b'}') => now = now.saturating_sub(1),
            (false, b',') => values += 1,
            _ => {}
        }
    }
    (most, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        assert_eq!(extent(br#"{"a":[1,{"b":"[[,,[[\"{{"}],"c":{}}"#), (3, 7));
        assert_eq!(extent(b"1"), (0, 1));
        let wide = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
        assert_eq!(parse(wide(JSON_VALUES_MAX + 1).as_bytes()).unwrap_err().error.code(), "body_too_wide");
        assert!(parse(wide(JSON_VALUES_MAX).as_bytes()).is_ok());
        let deep = [b"[".repeat(JSON_DEPTH_MAX + 1), b"]".repeat(JSON_DEPTH_MAX + 1)].concat();
        assert_eq!(parse(&deep).unwrap_err().error.code(), "body_too_deep");
        assert!(parse(&deep[1..deep.len() - 1]).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for text in ["{", "NaN", "1e999", "{\"a\":1}}", "'a'", "\u{feff}{}"] {
            let refusal = parse(text.as_bytes()).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.error.code()), (400, "not_json"), "{text}");
        }
    }

    #[test]
    fn only_json_types_are_json() {
        let is = |value: &str| is_json(&[(CONTENT_TYPE, value.parse().unwrap())].into_iter().collect());
        assert!(is("application/json; charset=utf-8") && is("Application/Merge-Patch+JSON"));
        assert!(!is("text/plain") && !is("application/x-www-form-urlencoded") && !is("application/jsonp") && !is(""));
    }
}
