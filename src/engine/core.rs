//! What everything above works with, put together once by the composition root.

use super::callers::Callers;
use super::doors::DoorKeeper;
use super::drift::Drifted;
use super::events::Bus;
use super::gate::Gate;
use super::gauges::Gauges;
use super::hooks::Hooks;
use super::jobs::Jobs;
use super::locks::Locks;
use super::logs::Followers;
use super::looks::Looks;
use super::refusals::Refusals;
use super::settings::Settings;
use super::unrecorded::Failure;
use crate::base::clock::{Clock, Time};
use crate::base::layout::Layout;
use crate::base::{Error, Result};
use crate::config::{Config, Loaded};
use crate::platform::nginx::Capabilities;
use crate::platform::{Faults, Host, HostOp, HostReply, NginxStatus};
use crate::store::Store;
use std::sync::{Arc, Mutex};

/// The engine and all it stands on.
pub struct Core {
    /// The options whose home is the file.
    pub config: Config,
    /// The options whose home is the store.
    pub settings: Settings,
    /// The panel's database.
    pub store: Store,
    /// Who shows which secret.
    pub callers: Callers,
    /// The machine.
    pub host: Arc<dyn Host>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where things are.
    pub layout: Layout,
    /// Tells what happens.
    pub bus: Bus,
    /// Carries out work in the background.
    pub jobs: Jobs,
    /// Refusals that the audit trail took lately.
    pub refusals: Refusals,
    /// Objects being changed.
    pub locks: Locks,
    /// Sites whose files somebody changed, as last seen.
    pub drifted: Drifted,
    /// Brings nginx changes into effect, several at once where they wait for each other.
    pub gate: Gate,
    /// Where the panel listens.
    pub doors: DoorKeeper,
    /// What was measured lately.
    pub gauges: Gauges,
    /// What runs on the machine, as it was seen last.
    pub looks: Looks,
    /// Who follows logs.
    pub followers: Followers,
    /// Whoever takes part through plugins.
    pub hooks: Box<dyn Hooks>,
    /// Fault injection of the tests.
    pub faults: Arc<Faults>,
    /// When this run began.
    pub started_at: Time,
    /// Random name of this process: owner of the lease and of its jobs.
    pub owner: String,
    pub(super) unrecorded: Mutex<Vec<Failure>>,
    nginx: Mutex<Option<NginxStatus>>,
}

/// The parts of a [`Core`] that differ between a run and a test.
pub struct Parts {
    /// The configuration of this run.
    pub loaded: Loaded,
    /// See [`Core::store`].
    pub store: Store,
    /// See [`Core::host`].
    pub host: Arc<dyn Host>,
    /// See [`Core::clock`].
    pub clock: Arc<dyn Clock>,
    /// See [`Core::layout`].
    pub layout: Layout,
    /// See [`Core::hooks`].
    pub hooks: Box<dyn Hooks>,
    /// See [`Core::faults`].
    pub faults: Arc<Faults>,
    /// Random name of this process: owner of the lease and of its jobs.
    pub owner: String,
}

impl Core {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Core> {
        let Parts { loaded, store, host, clock, layout, hooks, faults, owner } = parts;
        let bus = Bus::default();
        Arc::new(Core {
            jobs: Jobs::new(store.clone(), owner.clone(), clock.clone(), bus.clone()),
            started_at: clock.now(),
            callers: Callers::default(),
            locks: Locks::default(),
            refusals: Refusals::default(),
            drifted: Drifted::default(),
            gate: Gate::default(),
            doors: DoorKeeper::default(),
            gauges: Gauges::default(),
            looks: Looks::default(),
            followers: Followers::default(),
            unrecorded: Mutex::default(),
            nginx: Mutex::new(None),
            config: loaded.config.clone(),
            settings: Settings::new(loaded),
            store,
            owner,
            host,
            clock,
            layout,
            bus,
            hooks,
            faults,
        })
    }

    /// The time now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Status of nginx, asked of the machine now.
    pub fn nginx_status(&self) -> Result<NginxStatus> {
        match self.host.ask(&HostOp::NginxStatus)? {
            HostReply::NginxStatus(status) => {
                *self.nginx.lock().map_err(Error::fault)? = Some(status.clone());
                Ok(status)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// What the installed nginx can do, asked once; forgotten by [`Core::nginx_status`] asking anew.
    pub fn capabilities(&self) -> Result<Capabilities> {
        let known = self.nginx.lock().map_err(Error::fault)?.clone();
        let status = match known {
            Some(status) if status.version.is_some() => status,
            _ => self.nginx_status()?,
        };
        Ok(status.capabilities())
    }
}

/// The error for an answer that does not fit its question.
pub(crate) fn unexpected(reply: &HostReply) -> Error {
    Error::fault(format!("the host answered something else: {reply:?}"))
}
