//! Containers, hypervisors, WSL and boards.

use super::view::View;
use serde::{Deserialize, Serialize};

/// Kind of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// A pod of Kubernetes.
    Kubernetes,
    /// LXC, LXD, Incus, Proxmox.
    Lxc,
    /// systemd-nspawn.
    Nspawn,
    /// OpenVZ, Virtuozzo.
    Openvz,
    /// Something that only says that it is one.
    Other,
}

/// Generation of the Windows Subsystem for Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wsl {
    /// System calls translated by Windows; no Linux kernel.
    One,
    /// A Linux kernel in a light virtual machine.
    Two,
}

pub(super) fn container(view: &View<'_>) -> Option<Container> {
    if view.exists("/run/secrets/kubernetes.io/serviceaccount") {
        return Some(Container::Kubernetes);
    }
    if view.exists("/run/.containerenv") {
        return Some(Container::Podman);
    }
    if view.exists("/.dockerenv") {
        return Some(Container::Docker);
    }
    // Managers that follow systemd's container interface tell PID 1, which only root may read, and systemd hands on.
    let told = view.line("/run/systemd/container").or_else(|| {
        let environment = view.read("/proc/1/environ")?;
        environment.split('\0').find_map(|v| v.strip_prefix("container=")).map(str::to_owned)
    });
    match told.as_deref() {
        Some("docker") => return Some(Container::Docker),
        Some("podman") => return Some(Container::Podman),
        Some("lxc" | "lxc-libvirt") => return Some(Container::Lxc),
        Some("systemd-nspawn") => return Some(Container::Nspawn),
        Some("wsl" | "") | None => {}
        Some(_) => return Some(Container::Other),
    }
    if view.exists("/proc/vz") && !view.exists("/proc/bc") {
        return Some(Container::Openvz);
    }
    by_cgroup(&view.read("/proc/1/cgroup")?)
}

/// With cgroup v1 the managers' names show in the path of PID 1.
fn by_cgroup(text: &str) -> Option<Container> {
    let has = |name: &str| text.lines().any(|l| l.split(['/', ':', '.', '-']).any(|part| part == name));
    match () {
        () if has("kubepods") => Some(Container::Kubernetes),
        () if has("docker") => Some(Container::Docker),
        () if has("libpod") => Some(Container::Podman),
        () if has("lxc") => Some(Container::Lxc),
        () => None,
    }
}

/// Beginnings of what the firmware tables say, and the name to show.
const FIRMWARE: &[(&str, &str)] = &[
    ("Amazon EC2", "amazon"),
    ("Apple Virtualization", "apple"),
    ("BHYVE", "bhyve"),
    ("Bochs", "qemu"),
    ("DigitalOcean", "digitalocean"),
    ("Google", "google"),
    ("Hetzner", "hetzner"),
    ("innotek GmbH", "virtualbox"),
    ("KVM", "kvm"),
    ("OpenStack", "openstack"),
    ("Parallels", "parallels"),
    ("QEMU", "qemu"),
    ("VirtualBox", "virtualbox"),
    ("Virtual Machine", "hyper-v"),
    ("VMware", "vmware"),
    ("Vultr", "vultr"),
    ("Xen", "xen"),
];

pub(super) fn hypervisor(view: &View<'_>) -> Option<String> {
    let tables = ["product_name", "sys_vendor", "board_vendor", "bios_vendor"];
    for text in tables.iter().filter_map(|name| view.line(format!("/sys/class/dmi/id/{name}"))) {
        if let Some((_, name)) = FIRMWARE.iter().find(|(start, _)| text.starts_with(start)) {
            return Some((*name).to_owned());
        }
    }
    if let Some(kind) = view.line("/sys/hypervisor/type") {
        return Some(kind);
    }
    if let Some(compatible) = view.line("/proc/device-tree/hypervisor/compatible") {
        return compatible.split(['\0', ',']).next_back().map(str::to_owned);
    }
    let cpus = view.read("/proc/cpuinfo")?;
    let flag = cpus.lines().find(|l| l.starts_with("flags")).is_some_and(|l| l.split(' ').any(|f| f == "hypervisor"));
    flag.then(|| "unknown".to_owned())
}

pub(super) fn wsl(view: &View<'_>) -> Option<Wsl> {
    let kernel = view.kernel.to_ascii_lowercase();
    match () {
        () if kernel.contains("wsl2") || kernel.contains("microsoft-standard") => Some(Wsl::Two),
        () if kernel.contains("microsoft") => Some(Wsl::One),
        () => None,
    }
}

pub(super) fn board(view: &View<'_>) -> Option<String> {
    view.line("/proc/device-tree/model").or_else(|| view.line("/sys/firmware/devicetree/base/model"))
}
