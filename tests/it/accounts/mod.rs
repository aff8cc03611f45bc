//! Accounts through the pipeline: every case runs `ops::run::call` on a panel with a real store and a clock that the
//! test moves.

mod claim;
mod preferences;
mod refusals;
mod sessions;
mod settings;
mod tokens;
mod trail;
mod unlock;
mod users;

use manara::app::open;
use manara::base::clock::{Clock, Time};
use manara::base::locale::Lang;
use manara::base::{Error, Result};
use manara::config::{LoadInput, load};
use manara::engine::hooks::NoHooks;
use manara::engine::{Actor, Core, Request};
use manara::ops::{self, Grant, Outcome, auth};
use manara::platform::local::{LocalHost, Places};
use manara::platform::{Faults, Host};
use manara::store::audit;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A password that every rule accepts.
const PASSWORD: &str = "four plain words here";

/// A clock that stands still until it is moved.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }
}

/// A panel in a temporary folder. nginx is not started: accounts do not need it.
struct Desk {
    core: Arc<Core>,
    clock: Arc<Hands>,
    root: tempfile::TempDir,
}

/// A signed-in caller.
struct Caller {
    secret: String,
    csrf: String,
    actor: Actor,
}

impl Desk {
    /// A panel that nobody has claimed.
    fn new() -> Desk {
        let root = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(1_780_000_000_000)));
        let core = Desk::open(root.path(), clock.clone()).unwrap();
        Desk { core, clock, root }
    }

    /// A panel with the administrator `admin`.
    fn claimed() -> Desk {
        let desk = Desk::new();
        desk.console("claim.create", json!({ "user": "admin", "password": PASSWORD })).unwrap();
        desk
    }

    fn open(root: &std::path::Path, clock: Arc<Hands>) -> Result<Arc<Core>> {
        let loaded = load(LoadInput::at(root)).unwrap_or_else(|p| panic!("{}", p.text(Lang::En)));
        let store = open::store(&loaded.config, clock.clone())?;
        let faults = Arc::new(Faults::default());
        let places = Places {
            root: root.to_owned(),
            probe: "http://127.0.0.1:9/generation".into(),
            may_install: false,
            may_stop_nginx: false,
            ownership: manara::config::NginxOwnership::Auto,
            ports: (80, 443),
        };
        let host: Arc<dyn Host> = Arc::new(LocalHost::open(&places, faults.clone())?);
        open::assemble(loaded, store, host, clock, Box::new(NoHooks), faults)
    }

    /// The same installation after a restart of the panel.
    fn restarted(self) -> Desk {
        let Desk { core, clock, root } = self;
        core.jobs.stop(Duration::from_secs(5));
        drop(core);
        // The threads of the former run let go of the state folder within their half second.
        for _ in 0..100 {
            match Desk::open(root.path(), clock.clone()) {
                Ok(core) => return Desk { core, clock, root },
                Err(e) => assert_eq!(e.code(), "state_in_use"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the state folder stays taken");
    }

    fn wait_s(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn request(address: &str) -> Request {
        let address = (!address.is_empty()).then(|| address.parse().unwrap());
        Request { address, agent: "test browser".into(), ..Request::console("r0123456789".into(), Lang::En) }
    }

    fn call_from(&self, address: &str, actor: &Actor, id: &str, input: Value) -> Result<Outcome> {
        self.call_with(&Desk::request(address), actor, id, input)
    }

    fn call_with(&self, request: &Request, actor: &Actor, id: &str, input: Value) -> Result<Outcome> {
        let op = ops::find(id).unwrap_or_else(|| panic!("no operation {id}"));
        ops::run::call(&self.core, actor, request, op, input)
    }

    fn call(&self, actor: &Actor, id: &str, input: Value) -> Result<Outcome> {
        self.call_from("192.0.2.1", actor, id, input)
    }

    fn console(&self, id: &str, input: Value) -> Result<Outcome> {
        self.call_from("", &Actor::Console, id, input)
    }

    /// The address may be any; a password that is wrong counts there.
    fn sign_in_from(&self, address: &str, user: &str, password: &str) -> Result<Caller> {
        let input = json!({ "user": user, "password": password });
        Ok(self.begun(&self.call_from(address, &Actor::Nobody, "session.create", input)?))
    }

    fn sign_in(&self, user: &str) -> Caller {
        self.sign_in_from("192.0.2.1", user, PASSWORD).unwrap()
    }

    /// The caller to whom an answer gave a session.
    fn begun(&self, outcome: &Outcome) -> Caller {
        let Some(Grant::Begin { secret, .. }) = &outcome.grant else { panic!("no session was given") };
        let secret = secret.expose().clone();
        assert!(!outcome.body.to_string().contains(&secret), "the secret travels as a cookie only");
        let session = outcome.body.get("session").unwrap_or(&outcome.body);
        let csrf = session["csrf"].as_str().unwrap().to_owned();
        let actor = self.actor(&secret).unwrap();
        Caller { secret, csrf, actor }
    }

    fn actor(&self, secret: &str) -> Result<Actor> {
        auth::session_actor(&self.core, secret, &Desk::request("192.0.2.7"))
    }

    /// Adds a user and signs in.
    fn user(&self, name: &str, role: &str) -> Caller {
        self.console("user.create", json!({ "name": name, "role": role, "password": PASSWORD })).unwrap();
        self.sign_in(name)
    }

    /// Entries of the audit trail about an operation with a result.
    fn audited(&self, operation: &str, result: &str) -> i64 {
        let filter = audit::Filter { operation: Some(operation), result: Some(result), ..audit::Filter::default() };
        self.core.store.read(|tx| audit::count(tx, &filter)).unwrap()
    }

    /// How many rows a table has.
    fn rows(&self, table: &'static str) -> i64 {
        self.core.store.read(|tx| tx.count(&format!("SELECT COUNT(*) FROM {table}"), &[])).unwrap()
    }
}

/// Code of a refused call.
fn code(outcome: Result<Outcome>) -> String {
    outcome.map_or_else(|e| e.code().to_owned(), |o| panic!("not refused: {:?}", o.body))
}

/// Codes of the fields of a refused call.
fn fields(outcome: Result<Outcome>) -> Vec<String> {
    let error: Error = outcome.expect_err("refused");
    error.fields().iter().map(|f| format!("{}:{}", f.field, f.code)).collect()
}
