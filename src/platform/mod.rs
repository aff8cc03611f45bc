//! Floor 1: the machine. Every effect is a typed, serialisable [`HostOp`]; the same list is what the root host service
//! ([`host_service`]) offers over its socket, so nothing here takes a path plus bytes on a caller's word.

pub mod acting;
pub mod addresses;
pub mod clock;
pub mod command;
pub mod components;
pub mod daemons;
pub mod detect;
pub mod faults;
pub mod fetch;
pub mod files;
pub mod host_service;
pub mod install;
mod journal;
pub mod local;
pub mod logs;
pub mod members;
pub mod metrics;
pub mod nginx;
pub mod notify;
pub mod own;
pub mod panel_tls;
pub mod policy;
pub mod processes;
pub mod sites;
pub mod sockets;
mod sys;
pub mod terminal;
mod transient;
pub mod users;

pub use faults::Faults;
pub use nginx::{NginxChange, NginxFile, NginxStatus, TestReport};
pub use sites::SiteTree;

use crate::base::Result;
use crate::base::names::{Digest, Domain, ObjectId, SiteId};
use serde::{Deserialize, Serialize};

/// Everything the panel may ask of the machine. Named by artefact, carrying parsed values only.
///
/// Serialised as `"nginx_status"` or `{ "undo": { "plan": … } }`: with the name in front serde reads straight into the
/// typed value. (With a tag among the fields it would first keep everything as untyped values, which take ten times the
/// memory.)
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HostOp {
    /// Makes the folders nginx needs, the fallback certificate and the session ticket key; idempotent.
    NginxPrepare,
    /// Version, modules, whether it runs, which generation answers.
    NginxStatus,
    /// What others have in nginx.
    NginxNeighbours,
    /// Reads one managed file as it is on disk.
    NginxRead {
        /// Which one.
        file: NginxFile,
    },
    /// Lists the managed files on disk with their hashes, modes and owners.
    NginxList,
    /// Tests the configuration as it would be after `changes`, in a staged tree. Nothing live is touched.
    NginxTest {
        /// What would change.
        changes: Vec<NginxChange>,
    },
    /// Puts `changes` in place, keeping what was there under `plan`.
    NginxSwitch {
        /// The plan this belongs to.
        plan: ObjectId,
        /// What changes.
        changes: Vec<NginxChange>,
    },
    /// Writes `generation`, starts or reloads nginx, and waits until it answers with it and the old workers are gone.
    NginxReload {
        /// The new generation, larger than every earlier one; or the present one, which is then not written again.
        generation: u64,
    },
    /// Rotates the logs of nginx that have become large or old, and drops the oldest ones.
    LogsRotate,
    /// Stops the nginx of the development profile.
    NginxStop,
    /// Checks that the folders of new sites can be made; makes nothing.
    SitesCheck {
        /// The folders.
        trees: Vec<SiteTree>,
    },
    /// Makes the folders of new sites with their starting pages.
    SitesCreate {
        /// The plan this belongs to.
        plan: ObjectId,
        /// The folders and what the pages say.
        trees: Vec<SiteTree>,
    },
    /// Moves a site's folder into the trash.
    SiteTrash {
        /// The plan this belongs to.
        plan: ObjectId,
        /// The site.
        site: SiteId,
        /// Its folder's name below the web root: the domain it was created with.
        folder: Domain,
    },
    /// Says that `plan` is live and about to be recorded as done. From here on only the panel's database tells whether
    /// it is undone or forgotten; until here a host that starts again takes it back by itself.
    Hold {
        /// The plan.
        plan: ObjectId,
    },
    /// Takes every effect of `plan` back, newest first; idempotent.
    Undo {
        /// The plan.
        plan: ObjectId,
    },
    /// Drops what was kept for undoing `plan`.
    Forget {
        /// The plan.
        plan: ObjectId,
    },
    /// Plans that began and were neither forgotten nor undone.
    OpenPlans,
    /// Installs a component through the distribution's packages.
    Install {
        /// Which one.
        component: components::Component,
    },
    /// Which components are installed.
    Components,
    /// Writes the head of the panel's audit trail into the system's journal.
    AuditHead {
        /// Position of the last entry.
        position: u64,
        /// Its hash.
        hash: Digest,
    },
    /// Reads entries of a log.
    LogRead {
        /// Which ones.
        query: logs::LogQuery,
    },
    /// What runs.
    Processes,
    /// The services that are installed.
    Services,
}

impl HostOp {
    /// Its name, as it stands on the wire and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            HostOp::NginxPrepare => "nginx_prepare",
            HostOp::NginxStatus => "nginx_status",
            HostOp::NginxNeighbours => "nginx_neighbours",
            HostOp::NginxRead { .. } => "nginx_read",
            HostOp::NginxList => "nginx_list",
            HostOp::NginxTest { .. } => "nginx_test",
            HostOp::NginxSwitch { .. } => "nginx_switch",
            HostOp::NginxReload { .. } => "nginx_reload",
            HostOp::NginxStop => "nginx_stop",
            HostOp::LogsRotate => "logs_rotate",
            HostOp::SitesCheck { .. } => "sites_check",
            HostOp::SitesCreate { .. } => "sites_create",
            HostOp::SiteTrash { .. } => "site_trash",
            HostOp::Hold { .. } => "hold",
            HostOp::Undo { .. } => "undo",
            HostOp::Forget { .. } => "forget",
            HostOp::OpenPlans => "open_plans",
            HostOp::Install { .. } => "install",
            HostOp::Components => "components",
            HostOp::AuditHead { .. } => "audit_head",
            HostOp::LogRead { .. } => "log_read",
            HostOp::Processes => "processes",
            HostOp::Services => "services",
        }
    }

    /// The plan it belongs to.
    pub fn plan(&self) -> Option<&ObjectId> {
        match self {
            HostOp::NginxSwitch { plan, .. }
            | HostOp::SitesCreate { plan, .. }
            | HostOp::SiteTrash { plan, .. }
            | HostOp::Hold { plan }
            | HostOp::Undo { plan }
            | HostOp::Forget { plan } => Some(plan),
            _ => None,
        }
    }

    /// Whether it may take minutes and prints lines meanwhile.
    pub fn is_long(&self) -> bool {
        matches!(self, HostOp::Install { .. })
    }

    /// Whether it changes nothing, so that asking twice does no harm.
    pub fn only_looks(&self) -> bool {
        matches!(
            self,
            HostOp::NginxStatus
                | HostOp::NginxNeighbours
                | HostOp::NginxRead { .. }
                | HostOp::NginxList
                | HostOp::NginxTest { .. }
                | HostOp::SitesCheck { .. }
                | HostOp::OpenPlans
                | HostOp::Components
                | HostOp::AuditHead { .. }
                | HostOp::LogRead { .. }
                | HostOp::Processes
                | HostOp::Services
        )
    }
}

/// The answer to a [`HostOp`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostReply {
    /// Done, nothing to say.
    Done,
    /// Status of nginx.
    NginxStatus(NginxStatus),
    /// What others have in nginx.
    NginxNeighbours(nginx::NginxNeighbours),
    /// A managed file, if it is there.
    NginxFile {
        /// Its text.
        body: Option<String>,
    },
    /// The managed files on disk.
    NginxFiles {
        /// One entry a file.
        files: Vec<nginx::FileState>,
        /// The account that writes them.
        owner: u32,
    },
    /// Outcome of a staged test.
    NginxTest(TestReport),
    /// Ids of open plans.
    OpenPlans {
        /// The ids.
        plans: Vec<String>,
    },
    /// Where a site's folder went.
    Trashed {
        /// Path of the folder in the trash.
        path: String,
    },
    /// Installed components.
    Components {
        /// One entry a component.
        list: Vec<components::ComponentState>,
    },
    /// Entries of a log.
    Log(logs::LogPage),
    /// What runs, what uses most processor time first.
    Processes {
        /// One entry a process.
        list: Vec<processes::Process>,
    },
    /// The services that are installed.
    Services {
        /// One entry a service.
        list: Vec<daemons::Service>,
        /// Whether a service manager runs, whose journal can be read.
        managed: bool,
    },
}

/// A sink for the lines a long operation prints; returning `false` asks it to stop.
pub type Lines<'a> = &'a mut dyn FnMut(&str) -> bool;

/// The machine, as the engine sees it. Implemented by [`local::LocalHost`] in process, by a fake in the tests,
/// and by a client of the root service.
pub trait Host: Send + Sync {
    /// Carries out `op`; long operations report lines to `lines`.
    fn call(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply>;

    /// Carries out a short `op`.
    fn ask(&self, op: &HostOp) -> Result<HostReply> {
        self.call(op, &mut |_| true)
    }
}
