//! Operations on the web server: what it is, whose it is, and starting it.

use super::{Change, Cx, Meta, Method, Need, Nothing, Op, Operation, Read, Work};
use crate::base::Result;
use crate::base::access::Permission::{SystemChange, SystemRead};
use crate::engine::{Core, Draft, jobs::Handle};
use crate::platform::NginxStatus;
use crate::platform::nginx::Ownership;
use crate::services::nginx;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) const OPS: &[Op] =
    &[Op::read::<Show>(), Op::work::<Start>(), Op::change::<Reapply>(), Op::change::<Adopt>(), Op::change::<Release>()];

/// The web server, as it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NginxView {
    /// Version; `null` when nginx is not installed.
    version: Option<String>,
    /// Whether it runs.
    running: bool,
    /// The configuration generation that answers.
    generation: Option<u64>,
    /// Whose `nginx.conf` it is; `null` before that was decided.
    ownership: Option<Ownership>,
    /// What `nginx.ownership` says, where that is not in force yet: `nginx.adopt` brings `owned` about, `nginx.release`
    /// brings `shared` about.
    wanted: Option<Ownership>,
}

fn view(core: &Core) -> Result<NginxView> {
    let status = core.nginx_status()?;
    let wanted = nginx::wanted(core, &status);
    let NginxStatus { version, running, generation, ownership, .. } = status;
    Ok(NginxView { version, running, generation, ownership, wanted })
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("nginx.show", Method::Get, "/nginx", Need::Has(SystemRead));
    type In = Nothing;
    type Out = NginxView;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<NginxView> {
        view(cx.core)
    }
}

struct Start;

impl Operation for Start {
    const META: Meta = Meta::new("nginx.start", Method::Post, "/nginx/start", Need::Has(SystemChange));
    type In = Nothing;
    type Out = NginxView;
}

impl Work for Start {
    fn target(_: &Nothing) -> String {
        "nginx".into()
    }

    fn check(_: &Cx, _: &Nothing) -> Result<()> {
        Ok(())
    }

    fn work(cx: &Cx, _: Nothing, _: &Handle) -> Result<NginxView> {
        nginx::start(cx.core, cx.actor, cx.request)?;
        view(cx.core)
    }
}

struct Reapply;

impl Operation for Reapply {
    const META: Meta = Meta::new("nginx.reapply", Method::Post, "/nginx/reapply", Need::Has(SystemChange));
    type In = Nothing;
    type Out = NginxView;
}

impl Change for Reapply {
    fn plan(cx: &Cx, _: Nothing) -> Result<Draft> {
        nginx::reapply(cx.core)
    }

    fn output(core: &Core, _: &str) -> Result<NginxView> {
        view(core)
    }
}

struct Adopt;

impl Operation for Adopt {
    const META: Meta = Meta::new("nginx.adopt", Method::Post, "/nginx/adopt", Need::Has(SystemChange)).destructive();
    type In = Nothing;
    type Out = NginxView;
}

impl Change for Adopt {
    fn plan(cx: &Cx, _: Nothing) -> Result<Draft> {
        nginx::adopt(cx.core)
    }

    fn output(core: &Core, _: &str) -> Result<NginxView> {
        view(core)
    }
}

struct Release;

impl Operation for Release {
    const META: Meta = Meta::new("nginx.release", Method::Post, "/nginx/release", Need::Has(SystemChange));
    type In = Nothing;
    type Out = NginxView;
}

impl Change for Release {
    fn plan(cx: &Cx, _: Nothing) -> Result<Draft> {
        nginx::release(cx.core)
    }

    fn output(core: &Core, _: &str) -> Result<NginxView> {
        view(core)
    }
}
