//! Calls of operations over HTTP.

use super::json;
use super::kept::{self, Whole};
use super::pool::Lane;
use super::refusal::Refusal;
use super::response::{self, Answer};
use super::router::Found;
use super::server::Panel;
use super::session::Credentials;
use super::visit::{Visit, header};
use super::{counters, csrf, download, handler, stream, text};
use crate::base::limits::{BODY_BYTES_MAX, IDEMPOTENCY_KEY_BYTES_MAX, OPEN_BODY_BYTES_MAX};
use crate::base::{Error, FieldProblem};
use crate::engine::{Actor, Core, Request};
use crate::ops::{self, Cx, Method, Need, Op, Rate, Shape, run};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName};
use hyper::http::request::Parts;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Answers a request for `path`, which is what follows the API's prefix.
pub(super) async fn answer(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    parts: &Parts,
    path: &str,
    body: Incoming,
) -> Result<Answer, Refusal> {
    if path == "/openapi.json" {
        visit.route = counters::OPENAPI;
        handler::only_get(&parts.method)?;
        return Ok(response::whole(StatusCode::OK, "application/json", description()));
    }
    let found = panel.routes.find(path)?;
    let (number, op) = found.op(&parts.method)?;
    visit.route = counters::of_op(number);
    let credentials = Credentials::of(visit, &parts.headers)?;
    csrf::check_source(op, &credentials, visit, &parts.headers)?;
    visit.wishes(&parts.headers)?;
    let query = text::query(parts.uri.query().unwrap_or_default())?;
    if op.meta.method == Method::Get {
        let input = from_query(op, found, query)?;
        return read(panel, visit, op, credentials, (parts, input)).await;
    }
    let input = from_path(op, found);
    dry_run(visit, query)?;
    let given = csrf::given(&parts.headers);
    let credentials = let_in(panel, visit, op, credentials, given).await?;
    let max = if op.meta.need == Need::Open { OPEN_BODY_BYTES_MAX } else { BODY_BYTES_MAX };
    let body = json::read(&parts.headers, body, max, panel.patience.body).await?;
    let input = merge(input, body)?;
    change(panel, visit, op, credentials, &parts.headers, input).await
}

/// The description of the API, made on the first request for it.
fn description() -> Bytes {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    TEXT.get_or_init(|| Bytes::from(ops::openapi::document().to_string())).clone()
}

/// A reading call: who calls is found out in the same turn.
async fn read(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    op: &'static Op,
    credentials: Credentials,
    (parts, input): (&Parts, Value),
) -> Result<Answer, Refusal> {
    match op.shape {
        Shape::Stream(_) => return stream::open(panel, visit, op, credentials, input).await,
        Shape::Download(..) => return download::open(panel, visit, op, credentials, input).await,
        _ => {}
    }
    // Before anything is asked of the store: what is kept counts until the next change.
    let changes = panel.core.store.changes();
    let question = kept::question(visit, parts);
    if op.meta.stored
        && let Some(actor) = credentials.known(&panel.core)
        && run::authorise(op, &actor).is_ok()
        && let Some(answer) = panel.kept.find(&question, &actor, changes)
    {
        visit.actor = actor;
        return Ok(answer);
    }
    let (core, request, secure) = (panel.core.clone(), visit.request.clone(), visit.secure);
    let called = panel.pool.run(Lane::Read, move || {
        let actor = match credentials.actor(&core, op.meta.need, &request) {
            Ok(actor) => actor,
            Err(e) => return (Actor::Nobody, Err(e)),
        };
        let outcome = run::call(&core, &actor, &request, op, input);
        let answer = outcome.and_then(|outcome| response::of_outcome(op, &outcome, secure, core.now()));
        (actor, answer)
    });
    let (actor, answer) = called.await?;
    visit.actor = actor;
    let answer = answer?;
    if let Some(whole) = Whole::of(&answer).filter(|_| op.meta.stored) {
        panel.kept.keep(question, &visit.actor, changes, whole);
    }
    Ok(answer)
}

/// Finds out who calls before anything of the body is read, and refuses those who may not.
async fn let_in(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    op: &'static Op,
    credentials: Credentials,
    given: String,
) -> Result<Credentials, Refusal> {
    if op.meta.need == Need::Open && matches!(credentials, Credentials::None) {
        return Ok(credentials);
    }
    let (core, request) = (panel.core.clone(), visit.request.clone());
    let found = panel.pool.run(Lane::Read, move || {
        let actor = credentials.actor(&core, op.meta.need, &request)?;
        let fits = csrf::fits(&core, op, &credentials, &given);
        // A forged request is not the caller's own try.
        let admitted =
            if fits { run::admit(&Cx { core: &core, actor: &actor, request: &request }, op) } else { Ok(()) };
        Ok::<_, Error>((actor, fits, admitted, credentials))
    });
    let (actor, fits, admitted, credentials) = found.await??;
    visit.actor = actor;
    if !fits {
        return Err(csrf::refused(visit, "csrf_token").into());
    }
    admitted?;
    Ok(credentials)
}

async fn change(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    op: &'static Op,
    credentials: Credentials,
    headers: &HeaderMap,
    input: Value,
) -> Result<Answer, Refusal> {
    let key = idempotency_key(op, headers)?;
    let (core, request, secure) = (panel.core.clone(), visit.request.clone(), visit.secure);
    let actor = visit.actor.clone();
    // The actor was found out before the body came, which may have taken a while: it is asked for again.
    let lane = if op.meta.rate == Rate::SignIn { Lane::SignIn } else { Lane::Change };
    let called = panel.pool.run(lane, move || {
        let actor = match credentials {
            Credentials::None | Credentials::Console => actor,
            shown => shown.actor(&core, op.meta.need, &request)?,
        };
        let outcome = call(&core, &actor, &request, op, input, key.as_deref())?;
        response::of_outcome(op, &outcome, secure, core.now())
    });
    Ok(called.await??)
}

fn call(
    core: &Arc<Core>,
    actor: &Actor,
    request: &Request,
    op: &Op,
    input: Value,
    key: Option<&str>,
) -> Result<ops::Outcome, Error> {
    match key {
        Some(key) => run::call_once(core, actor, request, op, input, key),
        None => run::call(core, actor, request, op, input),
    }
}

/// The idempotency key. Calls that anybody may make have none: their callers cannot be told apart, and a stored answer
/// would be handed to whoever repeats the key.
fn idempotency_key(op: &Op, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    if op.meta.need == Need::Open || !headers.contains_key(&IDEMPOTENCY_KEY) {
        return Ok(None);
    }
    let key = header(headers, &IDEMPOTENCY_KEY).unwrap_or_default();
    let fits = (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(Some(key.to_owned())) } else { Err(Refusal::bad_header("Idempotency-Key")) }
}

fn from_query(op: &Op, found: Found<'_>, query: Vec<(String, String)>) -> Result<Value, Refusal> {
    if let Some((name, _)) = query.iter().find(|(name, _)| found.fields.iter().any(|(field, _)| field == name)) {
        return Err(Error::bad_field(FieldProblem::new(name, "unknown")).into());
    }
    let path = found.fields.iter().map(|(name, value)| (*name, value.as_str()));
    let query = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Value::Object(run::input_from_texts(op, path.chain(query))))
}

fn from_path(op: &Op, found: Found<'_>) -> Map<String, Value> {
    run::input_from_texts(op, found.fields.iter().map(|(name, value)| (*name, value.as_str())))
}

/// What the query of a change may say: only whether it is a dry run.
fn dry_run(visit: &mut Visit, query: Vec<(String, String)>) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (name, value) in query {
        match (name.as_str(), value.as_str()) {
            ("dry_run", "true") => visit.request.dry_run = true,
            ("dry_run", "false") => visit.request.dry_run = false,
            ("dry_run", _) => problems.push(FieldProblem::new(name, "not_boolean")),
            _ => problems.push(FieldProblem::new(name, "unknown")),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::bad_input(problems).into()) }
}

/// Joins the fields of the path with those of the body; a field has one place.
fn merge(mut input: Map<String, Value>, body: Option<Value>) -> Result<Value, Refusal> {
    let body = match body {
        None => return Ok(Value::Object(input)),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(Error::bad_field(FieldProblem::new("", "not_object")).into()),
    };
    let twice = body.keys().filter(|name| input.contains_key(*name));
    let problems: Vec<_> = twice.map(|name| FieldProblem::new(name, "unknown")).collect();
    if !problems.is_empty() {
        return Err(Error::bad_input(problems).into());
    }
    input.extend(body);
    Ok(Value::Object(input))
}
