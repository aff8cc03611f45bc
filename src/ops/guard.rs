//! The guarded change that waits to be confirmed: shown, kept, taken back.

use super::{Act, Acted, Cx, Meta, Method, Need, Nothing, Op, Operation, Read};
use crate::base::access::Permission::{SystemChange, SystemRead};
use crate::base::{Error, Kind, Result};
use crate::config::Panel;
use crate::engine::settings::Resolved;
use crate::engine::{Actor, guard};
use crate::platform::own;
use crate::store::Tx;
use crate::store::guard::{self as rows, Guard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[Op::read::<Show>(), Op::act::<Confirm>(), Op::act::<Revert>()];

/// What a guarded change does to one option.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChangeView {
    /// The option.
    key: String,
    /// What was stored before; `null` for the default.
    before: Option<String>,
    /// What is stored now; `null` for the default.
    after: Option<String>,
}

/// A guarded change that waits to be confirmed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GuardView {
    /// Who made it.
    by: String,
    /// When it is taken back (RFC 3339).
    expires_at: String,
    /// Seconds until then.
    seconds_left: i64,
    /// What it changed.
    changes: Vec<ChangeView>,
    /// Where the panel answers now, the likeliest address first.
    urls: Vec<String>,
    /// Whether a confirmation would count that comes the way of this request.
    confirmable: bool,
}

impl GuardView {
    /// The pending change as a transaction sees it.
    pub(super) fn inside(cx: &Cx, tx: &Tx, now: &Resolved) -> Result<Option<GuardView>> {
        let Some(pending) = rows::current(tx)? else { return Ok(None) };
        let view =
            |c: &rows::Changed| ChangeView { key: c.key.clone(), before: c.before.clone(), after: c.after.clone() };
        Ok(Some(GuardView {
            expires_at: pending.expires_at.rfc3339(),
            seconds_left: guard::seconds_left(&pending, cx.core.now()),
            changes: pending.changes.iter().map(view).collect(),
            urls: urls(cx, &pending, &now.panel),
            confirmable: guard::came_the_new_way(&pending, now, cx.request),
            by: pending.by,
        }))
    }

    /// Whether the change is one of `key`.
    pub(super) fn changes(&self, key: &str) -> bool {
        self.changes.iter().any(|change| change.key == key)
    }
}

/// Addresses to open. A listener on every address is named as the caller knows this machine.
fn urls(cx: &Cx, pending: &Guard, panel: &Panel) -> Vec<String> {
    let scheme = if panel.tls { "https" } else { "http" };
    let here = cx.request.door.as_ref().map(|door| without_port(&door.host).to_owned());
    let listen = panel.listen.ip();
    let mut hosts = Vec::new();
    if pending.changes.iter().any(|change| change.key == "panel.host_names") {
        hosts.extend(panel.host_names.iter().cloned());
    }
    if listen.is_unspecified() {
        hosts.extend(here);
        hosts.extend(panel.host_names.iter().cloned().chain([own::host_name()]));
    } else {
        hosts.push(if listen.is_ipv6() { format!("[{listen}]") } else { listen.to_string() });
    }
    let mut urls: Vec<String> = Vec::new();
    for host in hosts {
        let url = format!("{scheme}://{host}:{}", panel.listen.port());
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

/// What is pending.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GuardState {
    /// The pending change; `null` when there is none.
    guard: Option<GuardView>,
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("setting.guard", Method::Get, "/settings/guard", Need::Has(SystemRead));
    type In = Nothing;
    type Out = GuardState;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<GuardState> {
        let now = cx.core.settings.now(&cx.core.store)?;
        cx.core.store.read(|tx| Ok(GuardState { guard: GuardView::inside(cx, tx, &now)? }))
    }
}

/// How a change is confirmed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmInput {
    /// For the console only, which does not come over the network: keep the change although nobody has reached the panel
    /// over the new path.
    #[serde(default)]
    here: bool,
}

struct Confirm;

impl Operation for Confirm {
    const META: Meta = Meta::new("setting.confirm", Method::Post, "/settings/confirm", Need::Has(SystemChange));
    type In = ConfirmInput;
    type Out = GuardState;
}

impl Act for Confirm {
    type Ready = ();

    fn about(_: &Cx, _: &ConfirmInput) -> Result<String> {
        Ok("settings".into())
    }

    fn prepare(_: &Cx, _: &ConfirmInput) -> Result<()> {
        Ok(())
    }

    fn act(cx: &Cx, tx: &Tx, input: ConfirmInput, (): ()) -> Result<Acted<GuardState>> {
        let pending = guard::confirm(tx, cx.core.now())?;
        let now = cx.core.settings.inside(tx)?;
        let by_hand = input.here && *cx.actor == Actor::Console && cx.request.door.is_none();
        if !by_hand && !guard::came_the_new_way(&pending, &now, cx.request) {
            let urls = urls(cx, &pending, &now.panel).join(" ");
            return Err(Error::new(Kind::Conflict, "guard_other_path").with("urls", urls));
        }
        let acted = Acted::new(GuardState { guard: None }, "settings");
        let acted = acted.changed(guard::shown(&pending, |c| &c.before), guard::shown(&pending, |c| &c.after));
        Ok(acted.then(move |core| guard::settled(core, &pending, "confirmed")))
    }
}

struct Revert;

impl Operation for Revert {
    const META: Meta = Meta::new("setting.revert", Method::Post, "/settings/revert", Need::Has(SystemChange));
    type In = Nothing;
    type Out = GuardState;
}

impl Act for Revert {
    type Ready = ();

    fn about(_: &Cx, _: &Nothing) -> Result<String> {
        Ok("settings".into())
    }

    fn prepare(_: &Cx, _: &Nothing) -> Result<()> {
        Ok(())
    }

    fn act(cx: &Cx, tx: &Tx, _: Nothing, (): ()) -> Result<Acted<GuardState>> {
        let pending = guard::revert(tx, &cx.actor.shown(), cx.core.now())?;
        let acted = Acted::new(GuardState { guard: None }, "settings");
        let acted = acted.changed(guard::shown(&pending, |c| &c.after), guard::shown(&pending, |c| &c.before));
        Ok(acted.then(move |core| guard::settled(core, &pending, "reverted")))
    }
}
