//! What machine this is. Only reads: files below a root prefix, a few system calls, versions that programs print.
//!
//! The prefix is `/` for the machine itself, also in the development profile; tests look at small trees instead.

mod confinement;
mod nginx;
mod resources;
mod sight;
mod system;
mod tools;
mod version;
mod view;
mod virt;

pub use nginx::{Module, NginxBuild};
pub use resources::{Cgroup, Disk, Memory, disk};
pub use sight::{Listener, Sight, look, look_at_key, reader};
pub use system::{Distribution, Init};
pub use tools::{Component, Installed, Tool, Tools};
pub use version::Version;
pub use view::View;
pub use virt::{Container, Wsl};

use serde::{Deserialize, Serialize};
use std::path::Path;

/// What was found out about the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Machine {
    /// The distribution, from `os-release`.
    pub distribution: Option<Distribution>,
    /// Architecture as the kernel names it, such as `x86_64`.
    pub architecture: String,
    /// Kernel release, such as `6.1.0-28-amd64`.
    pub kernel: String,
    /// Version in that release.
    pub kernel_version: Option<Version>,
    /// What starts and keeps services.
    pub init: Init,
    /// The container this runs in.
    pub container: Option<Container>,
    /// The hypervisor this runs under, as it calls itself; `unknown` when only the processor tells.
    pub hypervisor: Option<String>,
    /// The Windows Subsystem for Linux.
    pub wsl: Option<Wsl>,
    /// Model of a single-board computer, from the device tree.
    pub board: Option<String>,
    /// Processors in use by the kernel.
    pub cpus: u32,
    /// Main memory.
    pub memory: Memory,
    /// Limits of the control group this process is in.
    pub cgroup: Option<Cgroup>,
    /// The file system of the data folder.
    pub disk: Option<Disk>,
    /// Whether the kernel filters system calls for a process (seccomp).
    pub seccomp: bool,
    /// Whether the kernel resolves paths beneath a folder (`openat2`, Linux 5.6).
    pub openat2: bool,
    /// The nginx that is installed.
    pub nginx: Option<NginxBuild>,
    /// Other software the panel works with, where it is installed.
    pub components: Vec<Installed>,
}

/// Looks at the machine this runs on.
pub fn machine(data_dir: &Path) -> Machine {
    machine_in(&View::real(), data_dir)
}

/// Looks at what `view` shows.
pub fn machine_in(view: &View<'_>, data_dir: &Path) -> Machine {
    Machine {
        distribution: system::distribution(view),
        architecture: view.architecture.clone(),
        kernel: view.kernel.clone(),
        kernel_version: Version::first_in(&view.kernel),
        init: system::init(view),
        container: virt::container(view),
        hypervisor: virt::hypervisor(view),
        wsl: virt::wsl(view),
        board: virt::board(view),
        cpus: resources::cpus(view),
        memory: resources::memory(view),
        cgroup: resources::cgroup(view),
        disk: resources::disk(data_dir),
        seccomp: view.seccomp,
        openat2: view.openat2,
        nginx: nginx::build(view),
        components: tools::components(view),
    }
}

#[cfg(test)]
mod tests;
