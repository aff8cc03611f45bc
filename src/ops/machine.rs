//! Operations that look at what runs on the machine.

use super::{Cx, Meta, Method, Need, Nothing, Op, Operation, Read};
use crate::base::Result;
use crate::base::access::Permission::SystemRead;
use crate::platform::daemons::Service;
use crate::platform::processes::Process;
use crate::services::monitoring;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[Op::read::<Processes>(), Op::read::<Services>()];

/// Processes of a page, when nobody says how many.
const PROCESSES_DEFAULT: usize = 50;

/// By what processes are sorted, the greatest first.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sort {
    /// Processor time.
    #[default]
    Cpu,
    /// Memory.
    Memory,
}

/// Which processes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessQuery {
    /// By what they are sorted; by processor time when absent.
    sort: Option<Sort>,
    /// Text in the name, the user or the unit.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// Processes at most.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
}

/// What runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProcessList {
    /// One entry a process.
    items: Vec<Process>,
    /// How many there are in all that the query finds.
    total: usize,
}

struct Processes;

impl Operation for Processes {
    const META: Meta = Meta::new("process.list", Method::Get, "/processes", Need::Has(SystemRead));
    type In = ProcessQuery;
    type Out = ProcessList;
}

impl Read for Processes {
    fn read(cx: &Cx, input: ProcessQuery) -> Result<ProcessList> {
        let mut items = monitoring::processes(cx.core)?.what.clone();
        if let Some(text) = input.q.map(|text| text.to_lowercase()) {
            let has = |value: &str| value.to_lowercase().contains(&text);
            items.retain(|p| has(&p.name) || has(&p.user) || p.unit.as_deref().is_some_and(has));
        }
        if matches!(input.sort, Some(Sort::Memory)) {
            items.sort_by_key(|process| std::cmp::Reverse(process.memory));
        }
        let total = items.len();
        items.truncate(input.limit.map_or(PROCESSES_DEFAULT, |limit| usize::try_from(limit).unwrap_or(total)));
        Ok(ProcessList { items, total })
    }
}

/// The services that are installed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ServiceList {
    /// One entry a service.
    items: Vec<Service>,
    /// Whether a service manager runs; without one only nginx and the panel are known.
    managed: bool,
}

struct Services;

impl Operation for Services {
    const META: Meta = Meta::new("service.list", Method::Get, "/services", Need::Has(SystemRead));
    type In = Nothing;
    type Out = ServiceList;
}

impl Read for Services {
    fn read(cx: &Cx, _: Nothing) -> Result<ServiceList> {
        let (items, managed) = monitoring::services(cx.core)?.what.clone();
        Ok(ServiceList { items, managed })
    }
}
