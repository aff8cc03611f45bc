//! An operation with its input as an HTTP request.

use crate::ops::{Method, Op};
use serde_json::{Map, Value};

/// One request to the panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    /// Method.
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: String,
    /// Body, where there is one.
    pub(super) body: Option<Value>,
    /// `If-Match`: the revision the caller has seen.
    pub(super) if_match: Option<i64>,
    /// Whether to answer with a job at once.
    pub(super) respond_async: bool,
}

impl Ask {
    /// The request for `op` with `input`.
    pub(super) fn new(op: &Op, input: &Value, dry_run: bool) -> Ask {
        let empty = Map::new();
        let fields = input.as_object().unwrap_or(&empty);
        let mut target = format!("/api/v1{}", op.meta.path);
        let in_path: Vec<_> = op.meta.path_fields().collect();
        for name in &in_path {
            let text = fields.get(*name).map(text).unwrap_or_default();
            target = target.replace(&format!("{{{name}}}"), &encode(&text));
        }
        let rest: Map<String, Value> = fields
            .iter()
            .filter(|(n, _)| !in_path.contains(&n.as_str()))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        let mut query: Vec<String> = Vec::new();
        let mut body = None;
        if op.meta.method == Method::Get {
            query.extend(rest.iter().map(|(name, value)| format!("{name}={}", encode(&text(value)))));
        } else if !rest.is_empty()
            || crate::ops::schema::input(op)["properties"].as_object().is_some_and(|p| p.len() > in_path.len())
        {
            body = Some(Value::Object(rest));
        }
        if dry_run {
            query.push("dry_run=true".into());
        }
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        Ask { method: op.meta.method, target, body, if_match: None, respond_async: false }
    }
}

/// A value in a path or query; the items of lists are separated by commas.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 §2.3).
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}
