//! Operations on the machine: components, findings, drift.

use super::{Cx, Meta, Method, Need, Nothing, Op, Operation, Read, Work, find};
use crate::base::Result;
use crate::base::access::Permission::{SitesRead, SystemChange, SystemRead};
use crate::base::clock::Time;
use crate::engine::core::unexpected;
use crate::engine::drift::{self, Drift};
use crate::engine::{Core, jobs::Handle};
use crate::platform::components::{Component, ComponentState};
use crate::platform::metrics::Group;
use crate::platform::{HostOp, HostReply};
use crate::services::doctor::{self, Diagnosis, Fix};
use crate::services::monitoring::{self, Figures, History};
use crate::services::nginx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[
    Op::read::<Components>(),
    Op::work::<Install>(),
    Op::read::<DriftList>(),
    Op::read::<Doctor>(),
    Op::read::<Metrics>(),
    Op::read::<MetricsHistory>(),
];

/// The components.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ComponentList {
    /// One entry a component.
    items: Vec<ComponentState>,
}

struct Components;

impl Operation for Components {
    const META: Meta = Meta::new("component.list", Method::Get, "/components", Need::Has(SystemRead));
    type In = Nothing;
    type Out = ComponentList;
}

impl Read for Components {
    fn read(cx: &Cx, _: Nothing) -> Result<ComponentList> {
        Ok(ComponentList { items: states(cx.core)? })
    }
}

fn states(core: &Core) -> Result<Vec<ComponentState>> {
    match core.host.ask(&HostOp::Components)? {
        HostReply::Components { list } => Ok(list),
        other => Err(unexpected(&other)),
    }
}

/// Names one component.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ComponentRef {
    /// Which one.
    name: Component,
}

struct Install;

impl Operation for Install {
    const META: Meta =
        Meta::new("component.install", Method::Post, "/components/{name}/install", Need::Has(SystemChange));
    type In = ComponentRef;
    type Out = ComponentList;
}

impl Work for Install {
    fn target(input: &ComponentRef) -> String {
        format!("{:?}", input.name).to_lowercase()
    }

    fn check(_: &Cx, _: &ComponentRef) -> Result<()> {
        Ok(())
    }

    fn work(cx: &Cx, input: ComponentRef, job: &Handle) -> Result<ComponentList> {
        let op = HostOp::Install { component: input.name };
        cx.core.host.call(&op, &mut |line| {
            job.say(line);
            !job.cancelled()
        })?;
        if input.name == Component::Nginx {
            nginx::start(cx.core, cx.actor, cx.request)?;
        }
        Ok(ComponentList { items: states(cx.core)? })
    }
}

/// Files that somebody changed behind the panel's back.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DriftPage {
    /// One entry a file.
    items: Vec<Drift>,
}

struct DriftList;

impl Operation for DriftList {
    const META: Meta = Meta::new("drift.list", Method::Get, "/drift", Need::Has(SitesRead));
    type In = Nothing;
    type Out = DriftPage;
}

impl Read for DriftList {
    fn read(cx: &Cx, _: Nothing) -> Result<DriftPage> {
        Ok(DriftPage { items: drift::scan(cx.core)? })
    }
}

struct Doctor;

impl Operation for Doctor {
    const META: Meta = Meta::new("doctor.show", Method::Get, "/doctor", Need::Has(SystemRead));
    type In = Nothing;
    type Out = Diagnosis;
}

impl Read for Doctor {
    fn read(cx: &Cx, _: Nothing) -> Result<Diagnosis> {
        let nginx_answers = cx.core.nginx_status().is_ok_and(|nginx| nginx.generation.is_some());
        // A host that does not answer is told of by whoever asks it for something.
        let drift = drift::scan(cx.core).unwrap_or_default();
        let mut diagnosis = doctor::examine(cx.core.settings.loaded(), nginx_answers, &drift, cx.request.lang);
        let may = |fix: &mut Fix| {
            find(&fix.operation).is_some_and(|op| matches!(op.meta.need, Need::Has(needed) if cx.actor.may(needed)))
        };
        for finding in &mut diagnosis.findings {
            finding.fix.take_if(|fix| !may(fix));
        }
        Ok(diagnosis)
    }
}

struct Metrics;

impl Operation for Metrics {
    const META: Meta = Meta::new("metrics.show", Method::Get, "/metrics", Need::Has(SystemRead));
    type In = Nothing;
    type Out = Figures;
}

impl Read for Metrics {
    fn read(cx: &Cx, _: Nothing) -> Result<Figures> {
        Ok(monitoring::now(cx.core))
    }
}

/// Which figures, and of when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    /// The chart.
    group: Group,
    /// Beginning; without it five minutes before the end.
    from: Option<Time>,
    /// End; without it now.
    to: Option<Time>,
    /// Values of a line at most, about.
    #[schemars(range(min = 10, max = 1000))]
    points: Option<u32>,
}

struct MetricsHistory;

impl Operation for MetricsHistory {
    const META: Meta = Meta::new("metrics.history", Method::Get, "/metrics/history", Need::Has(SystemRead));
    type In = Span;
    type Out = History;
}

impl Read for MetricsHistory {
    fn read(cx: &Cx, input: Span) -> Result<History> {
        let now = cx.core.now();
        let to = input.to.unwrap_or(now);
        let from = input.from.unwrap_or_else(|| to.plus_s(-300));
        let points = input.points.unwrap_or(monitoring::POINTS_DEFAULT);
        monitoring::history((&cx.core.gauges, now), input.group, (from, to), points)
    }
}
