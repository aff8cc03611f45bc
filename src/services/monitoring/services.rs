//! Services of the machine, with the panel among them.

use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::core::unexpected;
use crate::platform::daemons::{Service, ServiceState};
use crate::platform::{HostOp, HostReply};

/// The installed services, and whether a service manager knows them. The panel's version is this program's.
pub(super) fn services(core: &Core) -> Result<(Vec<Service>, bool)> {
    let (mut list, managed) = match core.host.ask(&HostOp::Services)? {
        HostReply::Services { list, managed } => (list, managed),
        other => return Err(unexpected(&other)),
    };
    if !managed {
        list.push(Service {
            unit: "manara.service".parse().map_err(Error::fault)?,
            name: "manara".into(),
            state: ServiceState::Running,
            version: None,
            since: Some(core.started_at),
            enabled: None,
            memory: core.gauges.last().map(|sample| sample.reading.own_memory),
        });
    }
    for service in list.iter_mut().filter(|service| service.name.starts_with("manara")) {
        service.version = Some(env!("CARGO_PKG_VERSION").into());
    }
    Ok((list, managed))
}
