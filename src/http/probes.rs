//! `/health/live`, `/health/ready` and `/health/metrics`.
//!
//! Ready means that the panel can be used: its store, its host, its disk and its jobs work. nginx is reported but does
//! not decide: a panel without nginx, or with one that is down, is what people install or repair it with.

use super::counters;
use super::figures;
use super::handler;
use super::pool::Lane;
use super::refusal::Refusal;
use super::response::{self, Answer};
use super::server::Panel;
use super::session::Credentials;
use super::visit::Visit;
use crate::base::access::Permission;
use crate::base::limits::{DISK_FREE_BYTES_MIN, JOBS_QUEUED_MAX, READY_KEPT_MS};
use crate::base::{Error, Kind, Result};
use crate::engine::Core;
use crate::ops::Need;
use crate::platform::{HostOp, detect};
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How one thing the panel depends on is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Not installed.
    Missing,
    /// Installed, and does not run.
    Down,
    /// Being brought up.
    Starting,
    Failed,
}

#[derive(Debug, Clone, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// Whether the panel is not ready without it.
    required: bool,
    latency_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// The panel cannot be used.
const UNREADY: &str = "unready";

/// Everything that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    status: &'static str,
    checks: Vec<Check>,
}

/// The last report, for a moment: probing costs more than being probed.
pub(super) type Kept = tokio::sync::Mutex<Option<(Instant, Arc<Report>)>>;

/// Answers `/health/NAME`.
pub(super) async fn answer(
    panel: &Arc<Panel>,
    visit: &mut Visit,
    parts: &Parts,
    name: &str,
) -> std::result::Result<Answer, Refusal> {
    visit.route = match name {
        "live" => counters::LIVE,
        "ready" => counters::READY,
        "metrics" => counters::METRICS,
        _ => return Err(Refusal::no_such_path()),
    };
    handler::only_get(&parts.method)?;
    match visit.route {
        counters::LIVE => Ok(response::whole(StatusCode::OK, "application/json", r#"{"status":"live"}"#)),
        counters::READY => {
            let report = report(panel).await?;
            let status = if report.status == UNREADY { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            let body = match sees_details(panel, visit, parts).await {
                Ok(()) => serde_json::to_string(&*report).map_err(Error::fault)?,
                Err(_) => format!(r#"{{"status":"{}"}}"#, report.status),
            };
            Ok(response::whole(status, "application/json", body))
        }
        _ => {
            sees_details(panel, visit, parts).await?;
            let worker = panel.clone();
            let text = panel.pool.run(Lane::Read, move || figures::text(&worker)).await??;
            Ok(response::whole(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
        }
    }
}

/// Details are for callers on this machine and for those who may see the system.
async fn sees_details(panel: &Arc<Panel>, visit: &mut Visit, parts: &Parts) -> Result<(), Refusal> {
    if visit.local {
        return Ok(());
    }
    let credentials = Credentials::of(visit, &parts.headers)?;
    let (core, request) = (panel.core.clone(), visit.request.clone());
    let asked = panel.pool.run(Lane::Read, move || credentials.actor(&core, Need::SignedIn, &request));
    visit.actor = asked.await??;
    match &visit.actor {
        actor if actor.may(Permission::SystemRead) => Ok(()),
        crate::engine::Actor::Nobody => Err(Error::new(Kind::NotSignedIn, "not_signed_in").into()),
        _ => Err(Error::new(Kind::Forbidden, "forbidden").with("operation", "metrics.show").into()),
    }
}

async fn report(panel: &Arc<Panel>) -> Result<Arc<Report>> {
    let mut kept = panel.ready.lock().await;
    if let Some((at, report)) = &*kept
        && at.elapsed() < Duration::from_millis(READY_KEPT_MS)
    {
        return Ok(report.clone());
    }
    let core = panel.core.clone();
    let report = Arc::new(panel.pool.run(Lane::Read, move || look(&core)).await?);
    // Whoever waits for the panel to be ready learns it at once.
    if report.status != UNREADY {
        *kept = Some((Instant::now(), report.clone()));
    }
    Ok(report)
}

fn look(core: &Core) -> Report {
    let checks = vec![
        timed("store", true, || core.store.ping().map(|_| State::Ok)),
        timed("host", true, || core.host.ask(&HostOp::OpenPlans).map(|_| State::Ok)),
        timed("disk", true, || Ok(disk(core))),
        timed("start", true, || Ok(if core.gate.is_starting() { State::Starting } else { State::Ok })),
        timed("jobs", true, || Ok(if core.jobs.count() < JOBS_QUEUED_MAX { State::Ok } else { State::Failed })),
        timed("nginx", false, || nginx(core)),
    ];
    let bad = |required: bool| checks.iter().any(|c| c.required == required && c.state != State::Ok);
    let status = if bad(true) {
        UNREADY
    } else if bad(false) {
        "degraded"
    } else {
        "ready"
    };
    Report { status, checks }
}

fn timed(name: &'static str, required: bool, look: impl FnOnce() -> Result<State>) -> Check {
    let began = Instant::now();
    let (state, code) = match look() {
        Ok(state) => (state, None),
        Err(e) => (State::Failed, Some(e.code().to_owned())),
    };
    Check { name, state, required, latency_ms: began.elapsed().as_secs_f64() * 1000.0, code }
}

fn disk(core: &Core) -> State {
    let free = detect::disk(&core.config.data_dir).map_or(0, |disk| disk.available_bytes);
    if free >= DISK_FREE_BYTES_MIN { State::Ok } else { State::Failed }
}

fn nginx(core: &Core) -> Result<State> {
    let status = core.nginx_status()?;
    Ok(match (status.version, status.running && status.generation.is_some()) {
        (None, _) => State::Missing,
        (Some(_), false) => State::Down,
        (Some(_), true) => State::Ok,
    })
}
