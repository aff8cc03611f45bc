//! Findings about the machine: what it runs and whether that is new and large enough.

use super::{Facts, Finding, Severity};
use crate::config::Profile;
use crate::platform::detect::{Container, Distribution, Init, Machine, Version, Wsl};

/// Oldest versions that are expected to work.
const NGINX_MIN: Version = Version::new(1, 18, 0);
const KERNEL_MIN: Version = Version::new(5, 10, 0);
const SYSTEMD_MIN: u32 = 247;
/// Below this much memory some things are slow.
const MEMORY_BYTES_COMFORTABLE: u64 = 512 * MIB;
/// Free space of the data folder below which to warn, and below which nothing can be relied on.
const DISK_BYTES_COMFORTABLE: u64 = 1024 * MIB;
const DISK_BYTES_MIN: u64 = 100 * MIB;
/// Versions of Debian the test suite runs on.
const TESTED_DEBIAN: &[&str] = &["12", "13"];
const MIB: u64 = 1024 * 1024;

pub(super) fn findings(machine: &Machine, facts: &Facts<'_>) -> Vec<Finding> {
    let production = facts.loaded.config.profile == Profile::Production;
    let found = [
        Some(nginx(machine, facts)),
        distribution(machine.distribution.as_ref()),
        kernel(machine),
        if production { init(machine) } else { None },
        (!machine.seccomp).then(|| Finding::new(Severity::Warning, "no_seccomp")),
        (!machine.openat2).then(|| Finding::new(Severity::Note, "no_openat2")),
        memory(machine),
        disk(machine, facts),
        wsl(machine),
    ];
    found.into_iter().flatten().collect()
}

fn nginx(machine: &Machine, facts: &Facts<'_>) -> Finding {
    match &machine.nginx {
        None => Finding::new(Severity::Broken, "nginx_missing").mended_by("component.install", &[("name", "nginx")]),
        Some(nginx) if nginx.version < NGINX_MIN => {
            Finding::new(Severity::Broken, "nginx_old").with("version", nginx.version).with("min", NGINX_MIN)
        }
        Some(nginx) if !nginx.has("http_ssl_module") => Finding::new(Severity::Broken, "nginx_no_tls"),
        Some(_) if is_stopped(facts) => Finding::new(Severity::Broken, "nginx_stopped").mended_by("nginx.start", &[]),
        Some(nginx) => Finding::new(Severity::Ok, "nginx").with("version", nginx.version),
    }
}

/// Whether nobody listens where an nginx that the panel looks after would. In development it runs while the panel does.
fn is_stopped(facts: &Facts<'_>) -> bool {
    let config = &facts.loaded.config;
    let wanted = config.profile == Profile::Production && facts.sight.nginx_ownership.is_some();
    wanted && !facts.sight.listeners.iter().any(|listener| listener.port == config.nginx_http_port)
}

fn distribution(distribution: Option<&Distribution>) -> Option<Finding> {
    let tested = distribution
        .is_some_and(|d| d.id == "debian" && d.version.as_deref().is_some_and(|v| TESTED_DEBIAN.contains(&v)));
    let name = distribution.map_or("Linux", |d| d.name.as_str());
    (!tested).then(|| Finding::new(Severity::Note, "distribution_untested").with("name", name))
}

fn kernel(machine: &Machine) -> Option<Finding> {
    let old = machine.kernel_version.is_some_and(|v| v < KERNEL_MIN);
    old.then(|| Finding::new(Severity::Warning, "kernel_old").with("version", &machine.kernel).with("min", "5.10"))
}

fn init(machine: &Machine) -> Option<Finding> {
    match machine.init {
        Init::Systemd { version: Some(version) } if version < SYSTEMD_MIN => {
            Some(Finding::new(Severity::Warning, "systemd_old").with("version", version).with("min", SYSTEMD_MIN))
        }
        Init::Systemd { .. } => None,
        Init::Openrc | Init::None if machine.container.is_some() => {
            let name = machine.container.map_or("", container_name);
            Some(Finding::new(Severity::Note, "container_without_init").with("container", name))
        }
        Init::Openrc | Init::None => Some(Finding::new(Severity::Warning, "no_systemd")),
    }
}

fn container_name(container: Container) -> &'static str {
    match container {
        Container::Docker => "Docker",
        Container::Podman => "Podman",
        Container::Kubernetes => "Kubernetes",
        Container::Lxc => "LXC",
        Container::Nspawn => "systemd-nspawn",
        Container::Openvz => "OpenVZ",
        Container::Other => "container",
    }
}

fn memory(machine: &Machine) -> Option<Finding> {
    let total = machine.memory.total_bytes;
    let limit = machine.cgroup.and_then(|c| c.memory_bytes_max).unwrap_or(total).min(total);
    let low = limit > 0 && limit < MEMORY_BYTES_COMFORTABLE;
    low.then(|| Finding::new(Severity::Note, "memory_low").with("mib", limit / MIB))
}

fn disk(machine: &Machine, facts: &Facts<'_>) -> Option<Finding> {
    let disk = machine.disk?;
    let (severity, id) = match disk.available_bytes {
        free if free < DISK_BYTES_MIN => (Severity::Broken, "disk_full"),
        // A small card is no finding while a tenth of it is free.
        free if free < DISK_BYTES_COMFORTABLE && free < disk.total_bytes / 10 => (Severity::Warning, "disk_low"),
        _ => return None,
    };
    let path = facts.loaded.config.data_dir.display();
    Some(Finding::new(severity, id).with("path", path).with("mib", disk.available_bytes / MIB))
}

fn wsl(machine: &Machine) -> Option<Finding> {
    machine.wsl.map(|generation| match generation {
        Wsl::One => Finding::new(Severity::Warning, "wsl_one"),
        Wsl::Two => Finding::new(Severity::Note, "wsl_two"),
    })
}
