//! Distribution and init system.

use super::tools::Tool;
use super::version::Version;
use super::view::View;
use serde::{Deserialize, Serialize};

/// A distribution (os-release(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Distribution {
    /// Its id, such as `debian`.
    pub id: String,
    /// Its version, such as `12`; rolling ones have none.
    pub version: Option<String>,
    /// Its name for people.
    pub name: String,
    /// Ids of the distributions it descends from.
    pub like: Vec<String>,
}

/// What starts and keeps services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Init {
    /// systemd.
    Systemd {
        /// Its version, when `systemctl` told it.
        version: Option<u32>,
    },
    /// OpenRC.
    Openrc,
    /// Nothing the panel can ask; in most containers.
    None,
}

pub(super) fn distribution(view: &View<'_>) -> Option<Distribution> {
    let text = view.read("/etc/os-release").or_else(|| view.read("/usr/lib/os-release"))?;
    let field = |name: &str| {
        text.lines()
            .filter_map(|l| l.trim().split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, value)| unquote(value))
            .filter(|value| !value.is_empty())
    };
    let id = field("ID").unwrap_or_else(|| "linux".to_owned());
    Some(Distribution {
        version: field("VERSION_ID"),
        name: field("PRETTY_NAME").or_else(|| field("NAME")).unwrap_or_else(|| id.clone()),
        like: field("ID_LIKE").map(|l| l.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        id,
    })
}

/// A value in the shell's quotes, of which the format allows both kinds and backslashes.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let quoted = |q: char| value.len() >= 2 && value.starts_with(q) && value.ends_with(q);
    if !quoted('"') && !quoted('\'') {
        return value.to_owned();
    }
    let mut out = String::new();
    let mut chars = value[1..value.len() - 1].chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

pub(super) fn init(view: &View<'_>) -> Init {
    // sd_booted(3) looks at this folder too.
    if view.exists("/run/systemd/system") {
        let printed = view.tools.ask(Tool::Systemctl, &["--version"]);
        let version = printed.and_then(|text| Version::first_in(&text)).map(|v| v.major);
        return Init::Systemd { version };
    }
    if view.exists("/run/openrc") { Init::Openrc } else { Init::None }
}
