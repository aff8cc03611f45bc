//! Which log somebody means.

use super::sites;
use crate::base::names::{SiteName, UnitName};
use crate::base::{Error, FieldProblem, Result};
use crate::engine::Core;
use crate::engine::core::unexpected;
use crate::engine::logs::lines::LINES;
use crate::platform::logs::{LogQuery, LogSource, LogStart};
use crate::platform::policy::Policy;
use crate::platform::{HostOp, HostReply};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A log, or a sort of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogName {
    /// The panel's own.
    Panel,
    /// nginx's requests to all sites of the panel.
    NginxAccess,
    /// nginx's errors.
    NginxError,
    /// Requests to one site.
    Site,
    /// The journal of one unit.
    Unit,
}

impl LogName {
    /// The name.
    pub fn text(self) -> &'static str {
        match self {
            LogName::Panel => "panel",
            LogName::NginxAccess => "nginx-access",
            LogName::NginxError => "nginx-error",
            LogName::Site => "site",
            LogName::Unit => "unit",
        }
    }
}

/// Where a log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogPlace {
    /// In files, of which old ones are packed.
    File,
    /// In systemd's journal.
    Journal,
    /// In memory: the last lines since the panel started.
    Memory,
}

/// A log that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownLog {
    /// Its name.
    pub source: LogName,
    /// Of which unit.
    pub unit: Option<UnitName>,
    /// Where it is kept.
    pub place: LogPlace,
}

/// The log that is named, as a query for all of it. Errors: `bad_input` where a site or unit is needed or is too much,
/// `site_not_found`.
pub fn named(core: &Core, name: LogName, site: Option<&SiteName>, unit: Option<UnitName>) -> Result<LogQuery> {
    let refuse = |field: &'static str, code| Err(Error::bad_field(FieldProblem::new(field, code)));
    let (source, site) = match (name, site, unit) {
        (LogName::Panel, None, None) => (LogSource::Panel, None),
        (LogName::NginxAccess, None, None) => (LogSource::Access, None),
        (LogName::NginxError, None, None) => (LogSource::Error, None),
        (LogName::Site, Some(site), None) => {
            let id = sites::show(core, site.as_str(), Default::default())?.id;
            (LogSource::Access, Some(id.parse().map_err(Error::fault)?))
        }
        (LogName::Unit, None, Some(unit)) => (LogSource::Unit(unit), None),
        (LogName::Site, None, _) => return refuse("site", "required"),
        (LogName::Unit, _, None) => return refuse("unit", "required"),
        (_, Some(_), _) => return refuse("site", "log_site"),
        (_, None, Some(_)) => return refuse("unit", "log_unit"),
    };
    let (text, level, from, until) = (None, None, None, None);
    Ok(LogQuery { source, start: LogStart::Newest, site, text, level, from, until, limit: 0 })
}

/// The logs that can be read: those of units where they are in a journal, are installed, and the policy names them.
pub fn known(core: &Core) -> Result<Vec<KnownLog>> {
    let (services, managed) = match core.host.ask(&HostOp::Services)? {
        HostReply::Services { list, managed } => (list, managed),
        other => return Err(unexpected(&other)),
    };
    let log = |source, place| KnownLog { source, unit: None, place };
    let place = if LINES.are_kept() { LogPlace::Memory } else { LogPlace::Journal };
    let mut known = vec![
        log(LogName::Panel, place),
        log(LogName::NginxAccess, LogPlace::File),
        log(LogName::NginxError, LogPlace::File),
    ];
    if managed {
        let policy = Policy::load(&core.config.root)?;
        let units = services.into_iter().map(|service| service.unit).filter(|u| policy.log_unit(u.as_str()).is_ok());
        known.extend(units.map(|unit| KnownLog { unit: Some(unit), ..log(LogName::Unit, LogPlace::Journal) }));
    }
    Ok(known)
}
