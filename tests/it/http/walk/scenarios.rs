//! What every operation should do, written by hand: who may call it at least, with what, and what is left behind.

use super::State;
use crate::support::panel::{PASSWORD, Panel};
use manara::base::access::Role;
use manara::base::locale::Lang;
use manara::engine::{Actor, Request};
use manara::ops;
use manara::platform::faults::Fault;
use manara::platform::nginx::Ownership;
use manara::platform::panel_tls;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Who may call at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Least {
    Anybody,
    Role(Role),
    /// Nobody over the network.
    Console,
}

impl Least {
    pub(super) fn includes(self, role: Role) -> bool {
        match self {
            Least::Anybody => true,
            Least::Role(least) => role >= least,
            Least::Console => false,
        }
    }
}

/// One operation. What is not named does not happen: no entry, no hook, no effect on the machine, no table touched.
pub(super) struct Scenario {
    pub(super) id: &'static str,
    pub(super) least: Least,
    /// Makes what the call needs, and answers its input.
    pub(super) given: fn(&Panel) -> Value,
    pub(super) status: u16,
    /// Results in the audit trail, in order.
    pub(super) audit: &'static [&'static str],
    /// Hooks that are called, in order.
    pub(super) hooks: &'static [&'static str],
    /// Effects on the machine, in order.
    pub(super) effects: &'static [&'static str],
    /// Tables whose rows are others afterwards, the audit trail aside.
    pub(super) tables: &'static [&'static str],
}

impl Scenario {
    /// The operation that trail and hooks name: applying a plan is the work of the one that made it.
    fn named(&self) -> &'static str {
        if self.id == "plan.apply" { "site.create" } else { self.id }
    }

    /// The audit entries; one of another operation is written with its name.
    pub(super) fn entries(&self) -> Vec<String> {
        let full = |e: &&str| if e.contains(' ') { (*e).to_owned() } else { format!("{} {e}", self.named()) };
        self.audit.iter().map(full).collect()
    }

    /// The hooks, likewise.
    pub(super) fn called(&self) -> Vec<String> {
        let full = |h: &&str| if h.contains(' ') { (*h).to_owned() } else { format!("{h} {}", self.named()) };
        self.hooks.iter().map(full).collect()
    }
}

impl State {
    /// Settled, unless a job is meant to go on.
    pub(super) fn settled_or_endless(panel: &Panel) -> State {
        if panel.host.endless.load(Ordering::SeqCst) { State::of(panel) } else { State::settled(panel) }
    }
}

const VIEWER: Least = Least::Role(Role::Viewer);
const OPERATOR: Least = Least::Role(Role::Operator);
const ADMIN: Least = Least::Role(Role::Admin);

const APPLIED: &[&str] = &["started", "done"];
const HOOKS: &[&str] = &["Validate", "BeforeApply", "AfterApply"];
const ROWS: &[&str] = &["generation", "jobs", "managed_files", "plans", "server_names", "site_changes", "sites"];
/// The same where the site keeps its names.
const SAME_NAMES: &[&str] = &["generation", "jobs", "managed_files", "plans", "site_changes", "sites"];

/// What a change of nginx's common files alters.
const COMMON: &[&str] = &["generation", "jobs", "managed_files", "plans"];

/// A call that only reads.
const fn read(id: &'static str, least: Least, given: fn(&Panel) -> Value) -> Scenario {
    Scenario { id, least, given, status: 200, audit: &[], hooks: &[], effects: &[], tables: &[] }
}

/// A change of the panel's own rows.
const fn act(
    id: &'static str,
    least: Least,
    given: fn(&Panel) -> Value,
    status: u16,
    tables: &'static [&'static str],
) -> Scenario {
    Scenario { status, audit: &["done"], tables, ..read(id, least, given) }
}

/// A change of the machine.
const fn change(id: &'static str, given: fn(&Panel) -> Value, effects: &'static [&'static str]) -> Scenario {
    Scenario { audit: APPLIED, hooks: HOOKS, effects, tables: ROWS, ..read(id, OPERATOR, given) }
}

fn nothing(_: &Panel) -> Value {
    json!({})
}

fn site(panel: &Panel) -> Value {
    panel.console("site.create", json!({ "domain": "a.test", "kind": "static" }));
    json!({ "domain": "a.test" })
}

fn disabled(panel: &Panel) -> Value {
    panel.console("site.create", json!({ "domain": "a.test", "kind": "static", "enabled": false }));
    json!({ "domain": "a.test" })
}

/// An nginx that others use too.
fn shared(panel: &Panel) -> Value {
    *panel.host.ownership.lock().unwrap() = Some(Ownership::Shared);
    json!({})
}

/// A site whose file somebody deleted.
fn lost(panel: &Panel) -> Value {
    let site = site(panel);
    panel.host.files.lock().unwrap().retain(|rel, _| !rel.contains("sites/"));
    site
}

/// A file that all sites share, written by somebody else.
fn worn(panel: &Panel) -> Value {
    panel.host.files.lock().unwrap().insert("manara/snippets/static.conf".into(), "# by hand\n".into());
    json!({})
}

fn new_site(_: &Panel) -> Value {
    json!({ "domain": "a.test", "kind": "static" })
}

/// A plan that a dry run kept.
fn plan(panel: &Panel) -> Value {
    let token = panel.token("admin");
    let planned = panel.api(&token, "POST", "/sites?dry_run=true", Some(&new_site(panel)));
    json!({ "id": planned.json()["id"] })
}

fn job(panel: &Panel) -> Value {
    site(panel);
    json!({ "id": panel.console("job.list", json!({}))["items"][0]["id"] })
}

/// An installation that goes on until it is cancelled.
fn endless_job(panel: &Panel) -> Value {
    panel.host.endless.store(true, Ordering::SeqCst);
    let begun = panel.console("component.install", json!({ "name": "nginx" }));
    let id = begun["job"]["id"].clone();
    while !panel.host.effects.lock().unwrap().contains(&"install".to_owned()) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    json!({ "id": id })
}

/// A job that failed, and can be repeated.
fn failed_job(panel: &Panel) -> Value {
    let site = site(panel);
    panel.core.faults.arm(Fault::Fail(2));
    let op = ops::find("site.disable").unwrap();
    let request = Request::console("r0123456789".into(), Lang::En);
    ops::run::call(&panel.core, &Actor::Console, &request, op, site).unwrap_err();
    panel.core.faults.disarm();
    let failed = json!({ "operation": "site.disable", "state": "failed" });
    json!({ "id": panel.console("job.list", failed)["items"][0]["id"] })
}

/// A change of settings that waits to be confirmed.
fn certificate(_: &Panel) -> Value {
    let pair = panel_tls::make(&[]).unwrap();
    json!({ "certificate": pair.certificate, "key": pair.key.expose() })
}

fn guarded(panel: &Panel) -> Value {
    panel.console("setting.update", json!({ "panel.host_names": ["panel.example"] }));
    json!({})
}

fn user(panel: &Panel) -> Value {
    panel.console("user.create", json!({ "name": "omar", "role": "viewer", "password": PASSWORD }));
    json!({ "name": "omar" })
}

/// The id of the caller's session, which is the only one.
fn session(panel: &Panel) -> Value {
    let all = panel.console("session.list", json!({}))["items"].clone();
    json!({ "id": all.as_array().and_then(|a| a.first()).map_or(json!("s0123456789"), |s| s["id"].clone()) })
}

/// A token of the caller; where there is none, of the console.
fn token(panel: &Panel) -> Value {
    let made = panel.console("token.create", json!({ "name": "old", "role": "viewer" }));
    let id = made["id"].as_str().unwrap().to_owned();
    let give = "UPDATE tokens SET user_id = (SELECT id FROM users WHERE name = 'caller') WHERE id = ?";
    panel.core.store.write(|tx| tx.exec(give, &[id.as_str().into()])).unwrap();
    json!({ "id": id })
}

/// A view of the caller; the console, which has none, names one that is not there.
fn view(panel: &Panel) -> Value {
    let make = "INSERT INTO list_views (id, user_id, page, name, query, created_at) \
                SELECT 'v0123456789', id, 'sites', 'mine', 'q=a', 0 FROM users WHERE name = 'caller'";
    panel.core.store.write(|tx| tx.exec(make, &[])).unwrap();
    json!({ "id": "v0123456789" })
}

fn claim(panel: &Panel) -> Value {
    let link = panel.console("claim.renew", json!({}));
    json!({ "token": link["token"], "user": "omar", "password": PASSWORD })
}

pub(super) const SCENARIOS: &[Scenario] = &[
    read("site.list", VIEWER, |_| json!({ "limit": 1 })),
    Scenario {
        status: 201,
        ..change("site.create", new_site, &["sites_create", "nginx_switch", "nginx_reload", "hold", "forget"])
    },
    read("site.show", VIEWER, site),
    change(
        "site.update",
        |panel| {
            site(panel);
            json!({ "domain": "a.test", "aliases": ["b.test"] })
        },
        &["nginx_switch", "nginx_reload", "hold", "forget"],
    ),
    change("site.delete", site, &["site_trash", "nginx_switch", "nginx_reload", "hold", "forget"]),
    Scenario {
        tables: SAME_NAMES,
        ..change("site.enable", disabled, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    Scenario {
        tables: SAME_NAMES,
        ..change("site.disable", site, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    Scenario {
        tables: SAME_NAMES,
        ..change("site.reapply", lost, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    read("site.nginx", VIEWER, site),
    read("site.history", VIEWER, site),
    change(
        "site.undo",
        |panel| {
            site(panel);
            panel.console("site.update", json!({ "domain": "a.test", "aliases": ["b.test"] }));
            json!({ "domain": "a.test", "revision": 2 })
        },
        &["nginx_switch", "nginx_reload", "hold", "forget"],
    ),
    Scenario {
        tables: SAME_NAMES,
        ..change(
            "site.switch-many",
            |panel| {
                site(panel);
                json!({ "sites": ["a.test"], "enabled": false })
            },
            &["nginx_switch", "nginx_reload", "hold", "forget"],
        )
    },
    change(
        "site.delete-many",
        |panel| {
            site(panel);
            json!({ "all": true, "kind": "static" })
        },
        &["site_trash", "nginx_switch", "nginx_reload", "hold", "forget"],
    ),
    read("state.export", VIEWER, nothing),
    change(
        "state.apply",
        |_| json!({ "document": "manara = 1\nowner = \"me\"\n\n[[site]]\ndomain = \"a.test\"\nkind = \"static\"\n" }),
        &["sites_create", "nginx_switch", "nginx_reload", "hold", "forget"],
    ),
    read("plan.show", VIEWER, plan),
    Scenario {
        status: 201,
        hooks: &["BeforeApply", "AfterApply"],
        ..change("plan.apply", plan, &["sites_create", "nginx_switch", "nginx_reload", "hold", "forget"])
    },
    Scenario {
        tables: SAME_NAMES,
        ..change(
            "plan.undo",
            |panel| {
                site(panel);
                panel.console("site.disable", json!({ "domain": "a.test" }));
                json!({ "id": panel.console("site.history", json!({ "domain": "a.test" }))["items"][0]["plan"] })
            },
            &["nginx_switch", "nginx_reload", "hold", "forget"],
        )
    },
    read("job.list", VIEWER, |_| json!({ "state": "done", "limit": 1 })),
    read("job.show", VIEWER, job),
    Scenario {
        audit: &["done", "component.install cancelled cancelled"],
        ..act("job.cancel", OPERATOR, endless_job, 200, &["jobs"])
    },
    Scenario {
        tables: SAME_NAMES,
        audit: &["site.disable started", "site.disable done"],
        hooks: &["Validate site.disable", "BeforeApply site.disable", "AfterApply site.disable"],
        ..change("job.retry", failed_job, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    read("event.stream", VIEWER, nothing),
    read("component.list", VIEWER, nothing),
    Scenario {
        status: 202,
        audit: &["started", "nginx.base started", "nginx.base done", "done"],
        hooks: &["BeforeApply nginx.base", "AfterApply nginx.base"],
        effects: &["install", "nginx_prepare", "nginx_switch", "nginx_reload", "hold", "forget"],
        tables: COMMON,
        ..read("component.install", ADMIN, |_| json!({ "name": "nginx" }))
    },
    read("nginx.show", VIEWER, nothing),
    Scenario {
        status: 202,
        audit: &["started", "nginx.base started", "nginx.base done", "done"],
        hooks: &["BeforeApply nginx.base", "AfterApply nginx.base"],
        effects: &["nginx_prepare", "nginx_switch", "nginx_reload", "hold", "forget"],
        tables: COMMON,
        ..read("nginx.start", ADMIN, |panel| {
            panel.host.stopped.store(true, Ordering::SeqCst);
            json!({})
        })
    },
    Scenario {
        tables: COMMON,
        least: ADMIN,
        ..change("nginx.reapply", worn, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    Scenario {
        tables: COMMON,
        least: ADMIN,
        ..change("nginx.adopt", shared, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    Scenario {
        tables: COMMON,
        least: ADMIN,
        ..change("nginx.release", nothing, &["nginx_switch", "nginx_reload", "hold", "forget"])
    },
    read("drift.list", VIEWER, nothing),
    read("doctor.show", VIEWER, nothing),
    read("metrics.show", VIEWER, nothing),
    read("metrics.history", VIEWER, |_| json!({ "group": "cpu", "points": 10 })),
    read("process.list", VIEWER, |_| json!({ "sort": "memory", "limit": 10 })),
    read("service.list", VIEWER, nothing),
    read("log.list", OPERATOR, nothing),
    read("log.show", OPERATOR, |_| json!({ "source": "nginx-error", "limit": 10 })),
    read("log.follow", OPERATOR, |_| json!({ "source": "nginx-access" })),
    read("log.export", OPERATOR, |_| json!({ "source": "nginx-access", "level": "error" })),
    read("claim.show", Least::Anybody, nothing),
    act("claim.create", Least::Anybody, claim, 201, &["claim", "sessions", "users"]),
    act("claim.renew", Least::Console, nothing, 201, &["claim"]),
    act(
        "panel.unlock",
        Least::Console,
        |panel| {
            user(panel);
            json!({ "user": "omar" })
        },
        200,
        &["users"],
    ),
    act(
        "session.create",
        Least::Anybody,
        |panel| {
            user(panel);
            json!({ "user": "omar", "password": PASSWORD })
        },
        201,
        &["sessions"],
    ),
    read("session.show", VIEWER, nothing),
    act("session.delete", VIEWER, nothing, 200, &["sessions"]),
    read("session.list", VIEWER, nothing),
    act("session.revoke", VIEWER, session, 200, &["sessions"]),
    act("session.clear", VIEWER, nothing, 200, &[]),
    act(
        "session.password",
        VIEWER,
        |_| json!({ "current": PASSWORD, "new": "another long pass phrase" }),
        200,
        &["sessions", "users"],
    ),
    act("session.preferences", VIEWER, |_| json!({ "digits": "arabic-indic" }), 200, &["preferences"]),
    read("user.list", ADMIN, nothing),
    act("user.create", ADMIN, |_| json!({ "name": "omar", "role": "viewer", "password": PASSWORD }), 201, &["users"]),
    act(
        "user.update",
        ADMIN,
        |panel| {
            user(panel);
            json!({ "name": "omar", "role": "operator" })
        },
        200,
        &["users"],
    ),
    act("user.delete", ADMIN, user, 200, &["users"]),
    act("user.unlock", ADMIN, user, 200, &[]),
    read("role.list", VIEWER, nothing),
    read("token.list", OPERATOR, nothing),
    act("token.create", OPERATOR, |_| json!({ "name": "ci", "role": "viewer" }), 201, &["tokens"]),
    act("token.delete", OPERATOR, token, 200, &["tokens"]),
    read("view.list", VIEWER, nothing),
    act("view.create", VIEWER, |_| json!({ "page": "sites", "name": "mine", "query": "q=a" }), 201, &["list_views"]),
    act("view.delete", VIEWER, view, 200, &["list_views"]),
    read("setting.list", VIEWER, nothing),
    act("setting.update", ADMIN, |_| json!({ "panel.host_names": ["panel.example"] }), 200, &["guard", "settings"]),
    read("setting.guard", VIEWER, nothing),
    act("setting.confirm", ADMIN, guarded, 200, &["guard"]),
    act("setting.revert", ADMIN, guarded, 200, &["guard", "settings"]),
    read("setup.show", VIEWER, nothing),
    act("setup.update", ADMIN, |_| json!({ "step": "nginx", "state": "skipped" }), 200, &["setup_steps"]),
    read("panel_certificate.show", VIEWER, nothing),
    act("panel_certificate.set", ADMIN, certificate, 200, &[]),
    act("panel_certificate.remake", ADMIN, nothing, 200, &[]),
    read("audit.list", ADMIN, nothing),
    read("audit.export", ADMIN, nothing),
    read("audit.verify", ADMIN, nothing),
];
