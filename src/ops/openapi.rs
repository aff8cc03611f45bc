//! The OpenAPI 3.1 description, derived from the registry.

use super::meta::{Method, Need, Op, Shape};
use super::registry::ALL;
use crate::base::locale::{self, Lang};
use crate::base::schema;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

/// The description as a JSON value. Texts are English; keys stand in a fixed order.
pub fn document() -> Value {
    let mut types = schema::named();
    let mut paths = Map::new();
    for op in ALL.iter() {
        let path = paths.entry(format!("/api/v1{}", op.meta.path)).or_insert_with(|| json!({}));
        path[op.meta.method.name().to_lowercase()] = operation(op, &mut types);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Manara",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": locale::text::<&str>(Lang::En, "api.summary", &[]),
            "description": locale::text::<&str>(Lang::En, "api.description", &[]),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "tags": tags(),
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": components(types),
    })
}

fn tags() -> Vec<Value> {
    let mut names: Vec<&str> = ALL.iter().map(|op| op.meta.words().0).collect();
    names.dedup();
    names
        .iter()
        .map(|n| json!({ "name": n, "description": locale::text::<&str>(Lang::En, &format!("noun.{n}"), &[]) }))
        .collect()
}

fn operation(op: &Op, types: &mut SchemaGenerator) -> Value {
    let input = &(op.input)(types).to_value();
    let mut out = Map::new();
    out.insert("operationId".into(), op.meta.id.into());
    out.insert("tags".into(), json!([op.meta.words().0]));
    out.insert("summary".into(), locale::text::<&str>(Lang::En, &op.meta.summary_key(), &[]).into());
    match op.meta.need {
        Need::Open => drop(out.insert("security".into(), json!([]))),
        Need::SignedIn => {}
        Need::Has(permission) => drop(out.insert("x-permission".into(), permission.name().into())),
    }
    let parameters = parameters(op, input);
    if !parameters.is_empty() {
        out.insert("parameters".into(), parameters.into());
    }
    if let Some(body) = body(op, input) {
        out.insert("requestBody".into(), body);
    }
    out.insert("responses".into(), responses(op, types));
    Value::Object(out)
}

fn parameters(op: &Op, input: &Value) -> Vec<Value> {
    let in_path: Vec<_> = op.meta.path_fields().collect();
    let empty = Map::new();
    let fields = input.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut out = Vec::new();
    for (name, schema) in fields {
        let path = in_path.contains(&name.as_str());
        if !path && op.meta.method != Method::Get {
            continue;
        }
        let mut parameter = json!({ "name": name, "in": if path { "path" } else { "query" }, "required": path || required(input, name), "schema": super::schema::field_schema(schema) });
        if let Some(text) = schema.get("description") {
            parameter["description"] = text.clone();
        }
        if super::schema::field_type(schema) == "array" {
            parameter["style"] = "form".into();
            parameter["explode"] = false.into();
        }
        out.push(parameter);
    }
    if op.can_dry_run() {
        out.push(json!({ "$ref": "#/components/parameters/DryRun" }));
    }
    if op.changes() {
        out.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    if matches!(op.shape, Shape::Change(_)) {
        out.push(json!({ "$ref": "#/components/parameters/IfMatch" }));
        out.push(json!({ "$ref": "#/components/parameters/Prefer" }));
    }
    out
}

fn required(schema: &Value, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|r| r.iter().any(|v| v == name))
}

fn body(op: &Op, input: &Value) -> Option<Value> {
    if op.meta.method == Method::Get {
        return None;
    }
    let mut schema = input.as_object()?.clone();
    let in_path: Vec<_> = op.meta.path_fields().collect();
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        fields.retain(|name, _| !in_path.contains(&name.as_str()));
    }
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        names.retain(|n| n.as_str().is_none_or(|n| !in_path.contains(&n)));
    }
    let fields = schema.get("properties").and_then(Value::as_object).is_some_and(|f| !f.is_empty());
    let needed = schema.get("required").and_then(Value::as_array).is_some_and(|r| !r.is_empty());
    let kind = if op.meta.method == Method::Patch { "application/merge-patch+json" } else { "application/json" };
    let mut content = json!({ "application/json": { "schema": schema } });
    if kind != "application/json" {
        content[kind] = json!({ "schema": schema });
    }
    fields.then(|| json!({ "required": needed, "content": content }))
}

fn responses(op: &Op, types: &mut SchemaGenerator) -> Value {
    let mut out = Map::new();
    let answer = (op.output)(types).to_value();
    let success = match op.shape {
        Shape::Stream(_) => {
            json!({ "description": "Server-sent events.", "content": { "text/event-stream": { "schema": { "type": "string" } } } })
        }
        Shape::Download(_, media_types) => {
            let file = || json!({ "schema": { "type": "string", "format": "binary" } });
            let content: Map<_, _> = media_types.iter().map(|media_type| ((*media_type).to_owned(), file())).collect();
            json!({ "description": "The file.", "content": content })
        }
        _ if op.can_dry_run() => {
            json!({ "description": "Done; with `dry_run`, the plan.", "content": { "application/json": { "schema": { "anyOf": [&answer, { "$ref": "#/components/schemas/Plan" }] } } } })
        }
        _ => json!({ "description": "Done.", "content": { "application/json": { "schema": answer } } }),
    };
    if !matches!(op.shape, Shape::Work(_)) {
        out.insert("200".into(), success.clone());
    }
    if op.meta.creates {
        out.insert(
            "201".into(),
            json!({ "description": "Created.", "content": { "application/json": { "schema": answer } } }),
        );
    }
    if matches!(op.shape, Shape::Work(_) | Shape::Change(_) | Shape::Direct(_)) {
        let schema = json!({ "type": "object", "required": ["job"], "properties": { "job": { "$ref": "#/components/schemas/Job" } } });
        out.insert(
            "202".into(),
            json!({ "description": "A job goes on.", "content": { "application/json": { "schema": schema } } }),
        );
    }
    for status in statuses(op) {
        out.insert(status.into(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    Value::Object(out)
}

/// Statuses with which an operation may refuse or fail.
fn statuses(op: &Op) -> Vec<&'static str> {
    let mut out = vec!["400"];
    if op.meta.need != Need::Open || op.meta.rate == super::Rate::SignIn {
        out.push("401");
    }
    out.extend(["403", "404"]);
    if op.changes() {
        out.extend(["408", "409", "412", "413", "415"]);
    }
    out.extend(["414", "421", "422", "429", "500", "502", "503"]);
    out
}

fn components(mut types: SchemaGenerator) -> Value {
    types.subschema_for::<crate::engine::PlanView>();
    types.subschema_for::<super::jobs::JobView>();
    types.subschema_for::<super::problem::Problem>();
    json!({
        "securitySchemes": {
            "token": { "type": "http", "scheme": "bearer" },
            "session": { "type": "apiKey", "in": "cookie", "name": "__Host-manara" }
        },
        "parameters": {
            "DryRun": { "name": "dry_run", "in": "query", "required": false, "schema": { "type": "boolean" }, "description": "Answer the plan instead of carrying it out." },
            "IdempotencyKey": { "name": "Idempotency-Key", "in": "header", "required": false, "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" }, "description": "A repeated request with the same key gets the first answer." },
            "IfMatch": { "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string", "pattern": "^\"[0-9]{1,15}\"$" }, "description": "Revision the caller has seen; another one is refused with 412." },
            "Prefer": { "name": "Prefer", "in": "header", "required": false, "schema": { "type": "string", "enum": ["respond-async"] }, "description": "Answer 202 with the job instead of waiting for it." }
        },
        "responses": {
            "Problem": { "description": "Refused or failed (RFC 9457).", "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } }
        },
        "schemas": types.take_definitions(true),
    })
}
