//! Services of the machine: a closed list of those that matter to a server of web sites, as systemd knows them
//! (systemctl(1)).

use super::command::{self, Program};
use crate::base::clock::Time;
use crate::base::names::UnitName;
use crate::base::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Units that are looked at, each with the package whose version is theirs.
const KNOWN: &[(&str, &str)] = &[
    ("nginx.service", "nginx"),
    ("manara.service", ""),
    ("manara-host.service", ""),
    ("ssh.service", "openssh-server"),
    ("mariadb.service", "mariadb-server"),
    ("mysql.service", "mysql-server"),
    ("postgresql@13-main.service", "postgresql-13"),
    ("postgresql@14-main.service", "postgresql-14"),
    ("postgresql@15-main.service", "postgresql-15"),
    ("postgresql@16-main.service", "postgresql-16"),
    ("postgresql@17-main.service", "postgresql-17"),
    ("redis-server.service", "redis-server"),
    ("valkey-server.service", "valkey-server"),
    ("memcached.service", "memcached"),
    ("php8.1-fpm.service", "php8.1-fpm"),
    ("php8.2-fpm.service", "php8.2-fpm"),
    ("php8.3-fpm.service", "php8.3-fpm"),
    ("php8.4-fpm.service", "php8.4-fpm"),
    ("docker.service", "docker.io"),
    ("fail2ban.service", "fail2ban"),
    ("cron.service", "cron"),
];
/// Time for one question.
const LIMIT: Duration = Duration::from_secs(10);

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// Runs.
    Running,
    /// Does not run, as somebody wished.
    Stopped,
    /// Comes up or goes down.
    Changing,
    /// Ended by itself, or could not be started.
    Failed,
}

/// A service that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its unit.
    pub unit: UnitName,
    /// Its name.
    pub name: String,
    /// What it does.
    pub state: ServiceState,
    /// Version, where it is known.
    pub version: Option<String>,
    /// Since when it is in this state.
    pub since: Option<Time>,
    /// Whether it starts with the machine; `null` where nobody decides that.
    pub enabled: Option<bool>,
    /// Memory it has in use, in bytes, where that is counted.
    pub memory: Option<u64>,
}

/// Whether systemd runs this machine (sd_booted(3)).
pub(super) fn has_manager() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// The known services that are installed. Error: `services_unreadable`.
pub(super) fn services(now: Time) -> Result<Vec<Service>> {
    let properties = "--property=Id,LoadState,ActiveState,UnitFileState,StateChangeTimestampMonotonic,MemoryCurrent";
    let mut args = vec!["show", "--no-pager", properties, "--"];
    args.extend(KNOWN.iter().map(|(unit, _)| *unit));
    let output = command::run(Program::Systemctl, &args, LIMIT, &mut |_| true)?;
    if !output.ok {
        return Err(Error::new(Kind::External, "services_unreadable").evidence(output.text));
    }
    let uptime = super::files::read_own(Path::new("/proc/uptime"), 4096)?.unwrap_or_default();
    let uptime = uptime.split_ascii_whitespace().next().and_then(|s| s.parse::<f64>().ok()).unwrap_or_default();
    let booted = Time(now.0 - (uptime * 1000.0) as i64);
    let mut found = parse(&output.text, booted);
    let versions = versions(&found);
    for service in &mut found {
        service.version = package(&service.unit).and_then(|package| versions.get(package).cloned());
    }
    Ok(found)
}

/// Adds nginx where systemd does not know it, and gives it the version that it tells itself.
pub(super) fn add_nginx(services: &mut Vec<Service>, version: String, running: bool) {
    if let Some(known) = services.iter_mut().find(|service| service.name == "nginx") {
        known.version = Some(version);
        return;
    }
    let Ok(unit) = "nginx.service".parse() else { return };
    let state = if running { ServiceState::Running } else { ServiceState::Stopped };
    let (name, version) = ("nginx".to_owned(), Some(version));
    services.insert(0, Service { unit, name, state, version, since: None, enabled: None, memory: None });
}

fn package(unit: &UnitName) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == unit.as_str()).map(|(_, package)| *package).filter(|p| !p.is_empty())
}

/// Blocks of `Name=value` lines with an empty line between them.
fn parse(text: &str, booted: Time) -> Vec<Service> {
    let service = |block: &str| -> Option<Service> {
        let fields: HashMap<&str, &str> = block.lines().filter_map(|line| line.split_once('=')).collect();
        let get = |name: &str| fields.get(name).copied().unwrap_or_default();
        if get("LoadState") != "loaded" {
            return None;
        }
        let unit: UnitName = get("Id").parse().ok()?;
        let since = get("StateChangeTimestampMonotonic").parse::<i64>().ok().filter(|micros| *micros > 0);
        Some(Service {
            name: unit.as_str().trim_end_matches(".service").to_owned(),
            unit,
            state: match get("ActiveState") {
                "active" | "reloading" => ServiceState::Running,
                "failed" => ServiceState::Failed,
                "inactive" => ServiceState::Stopped,
                _ => ServiceState::Changing,
            },
            version: None,
            since: since.map(|micros| Time(booted.0 + micros / 1000)),
            enabled: match get("UnitFileState") {
                "enabled" | "enabled-runtime" => Some(true),
                "disabled" | "masked" => Some(false),
                _ => None,
            },
            memory: get("MemoryCurrent").parse().ok(),
        })
    };
    text.split("\n\n").filter_map(service).collect()
}

/// Versions of the packages that the services came with. What is not installed makes `dpkg-query` complain, and the
/// others are told all the same.
fn versions(services: &[Service]) -> HashMap<String, String> {
    let packages: Vec<&str> = services.iter().filter_map(|service| package(&service.unit)).collect();
    if packages.is_empty() {
        return HashMap::new();
    }
    let mut args = vec!["--show", "--showformat=${Package} ${Version}\\n", "--"];
    args.extend(packages);
    let output = command::run(Program::DpkgQuery, &args, LIMIT, &mut |_| true);
    let text = output.map(|output| output.text).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(package, version)| (package.to_owned(), upstream(version).to_owned())).collect()
}

/// The version of the program within that of its package, `[epoch:]upstream[-revision]` (Debian policy §5.6.12).
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
    version.split(['+', '~']).next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_installed_is_told_with_its_state() {
        let text = "Id=nginx.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\
                    StateChangeTimestampMonotonic=2000000\nMemoryCurrent=4096\n\n\
                    Id=mysql.service\nLoadState=not-found\nActiveState=inactive\n\n\
                    Id=ssh.service\nLoadState=loaded\nActiveState=failed\nUnitFileState=static\n\
                    StateChangeTimestampMonotonic=0\nMemoryCurrent=[not set]\n";
        let found = parse(text, Time(10_000));
        let told: Vec<_> = found.iter().map(|s| (s.name.as_str(), s.state, s.since, s.enabled, s.memory)).collect();
        assert_eq!(
            told,
            [
                ("nginx", ServiceState::Running, Some(Time(12_000)), Some(true), Some(4096)),
                ("ssh", ServiceState::Failed, None, None, None)
            ]
        );
    }

    #[test]
    fn the_program_s_version_is_taken_out_of_the_package_s() {
        for (package, program) in [
            ("1.22.1-9+deb12u2", "1.22.1"),
            ("1:9.2p1-2+deb12u6", "9.2p1"),
            ("1:10.11.11-0+deb12u1", "10.11.11"),
            ("20.10.24+dfsg1-1+b3", "20.10.24"),
            ("3.0", "3.0"),
        ] {
            assert_eq!(upstream(package), program);
        }
    }

    #[test]
    fn every_known_unit_is_a_name() {
        assert!(KNOWN.iter().all(|(unit, _)| unit.parse::<UnitName>().is_ok()));
    }
}
