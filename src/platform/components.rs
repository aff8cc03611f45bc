//! Software the panel works with and can install.

use super::Lines;
use super::command::{self, Program};
use crate::base::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A component, each a set of packages of the distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The web server.
    Nginx,
}

impl Component {
    /// Every component.
    pub const ALL: [Component; 1] = [Component::Nginx];

    pub(super) fn packages(self) -> &'static [&'static str] {
        match self {
            Component::Nginx => &["nginx"],
        }
    }

    fn program(self) -> Program {
        match self {
            Component::Nginx => Program::Nginx,
        }
    }
}

/// Whether a component is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ComponentState {
    /// Which one.
    pub name: Component,
    /// Whether its program is installed.
    pub installed: bool,
    /// Its version, when it is installed.
    pub version: Option<String>,
}

/// The state of every component.
pub(super) fn states() -> Result<Vec<ComponentState>> {
    let nginx = super::nginx::installed()?;
    Ok(vec![ComponentState { name: Component::Nginx, installed: nginx.is_some(), version: nginx.map(|n| n.0) }])
}

/// Installs `component` with apt; the package database is locked against others by apt itself. An interrupted run is
/// finished by the next one.
pub(super) fn install(component: Component, lines: Lines<'_>) -> Result<()> {
    let wait = ["-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0"];
    let update = [&wait[..], &["update"]].concat();
    let install = [&wait[..], &["install", "--yes", "--no-install-recommends", "--"], component.packages()].concat();
    for args in [update, install] {
        let output = command::run(Program::AptGet, &args, Duration::from_secs(1800), lines)?;
        if !output.ok {
            return Err(Error::new(Kind::External, "install_failed")
                .with("component", component.packages().join(" "))
                .evidence(output.text));
        }
    }
    if component.program().find().is_none() {
        return Err(command::missing(component.program()));
    }
    Ok(())
}
