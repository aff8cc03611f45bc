//! Memory, processors, disk, and the limits of the control group.

use super::view::View;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Main memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Memory {
    /// What the kernel manages.
    pub total_bytes: u64,
    /// What can be had without swapping.
    pub available_bytes: u64,
}

/// Limits of a control group and the groups around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cgroup {
    /// Version of the interface that holds the limits: 1 or 2.
    pub version: u8,
    /// Memory the group may use.
    pub memory_bytes_max: Option<u64>,
    /// Processor time per second of time, in thousandths of one processor.
    pub cpu_millis_max: Option<u64>,
}

/// A file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disk {
    /// Its size.
    pub total_bytes: u64,
    /// What an ordinary user may still write.
    pub available_bytes: u64,
}

pub(super) fn memory(view: &View<'_>) -> Memory {
    let text = view.read("/proc/meminfo").unwrap_or_default();
    let bytes = |name: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0).saturating_mul(1024)
    };
    Memory { total_bytes: bytes("MemTotal"), available_bytes: bytes("MemAvailable") }
}

pub(super) fn cpus(view: &View<'_>) -> u32 {
    let online = view.line("/sys/devices/system/cpu/online").and_then(|list| count(&list));
    let listed = || view.read("/proc/cpuinfo").map(|t| t.lines().filter(|l| l.starts_with("processor")).count());
    online.or_else(|| listed().and_then(|n| u32::try_from(n).ok())).unwrap_or(1).max(1)
}

/// Members of a list such as `0-3,6`.
fn count(list: &str) -> Option<u32> {
    list.split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            last.checked_sub(first)?.checked_add(1)
        })
        .sum()
}

/// Space on the disk that holds `data_dir`, or will hold it.
pub fn disk(data_dir: &Path) -> Option<Disk> {
    let place = data_dir.ancestors().find(|p| p.exists())?;
    let stat = rustix::fs::statvfs(place).ok()?;
    Some(Disk {
        total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        available_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

const MOUNT: &str = "/sys/fs/cgroup";

pub(super) fn cgroup(view: &View<'_>) -> Option<Cgroup> {
    let text = view.read("/proc/self/cgroup")?;
    let lines = || text.lines().filter_map(|l| l.split_once(':').and_then(|(_, rest)| rest.split_once(':')));
    let old = |name: &str| {
        let (list, path) = lines().find(|(list, _)| list.split(',').any(|c| c == name))?;
        let folder = [list, name].into_iter().map(|n| Path::new(MOUNT).join(n)).find(|p| view.exists(p))?;
        Some(groups(&folder, path))
    };
    if view.exists(Path::new(MOUNT).join("cgroup.controllers")) {
        let groups = groups(Path::new(MOUNT), lines().find(|(list, _)| list.is_empty())?.1);
        let memory = least(&groups, |g| view.line(g.join("memory.max"))?.parse().ok());
        return Some(Cgroup {
            version: 2,
            memory_bytes_max: memory,
            cpu_millis_max: least(&groups, |g| quota2(view, g)),
        });
    }
    let (memory, cpu) = (old("memory"), old("cpu"));
    if memory.is_none() && cpu.is_none() {
        return None;
    }
    // "No limit" is the largest multiple of a page here, not a word.
    let limit = |g: &Path| view.line(g.join("memory.limit_in_bytes"))?.parse().ok().filter(|bytes| *bytes < 1 << 60);
    Some(Cgroup {
        version: 1,
        memory_bytes_max: least(&memory.unwrap_or_default(), limit),
        cpu_millis_max: least(&cpu.unwrap_or_default(), |g| quota1(view, g)),
    })
}

/// The group's folder and those around it. In a container the path may be the one outside; then only the mount's own
/// folder exists, which is the container's group.
fn groups(mount: &Path, path: &str) -> Vec<PathBuf> {
    let inner = mount.join(path.trim_start_matches('/'));
    inner.ancestors().take_while(|p| p.starts_with(mount)).map(Path::to_owned).collect()
}

/// A group is bound by the least limit of all groups around it.
fn least(groups: &[PathBuf], limit: impl Fn(&Path) -> Option<u64>) -> Option<u64> {
    groups.iter().filter_map(|g| limit(g)).min()
}

fn quota2(view: &View<'_>, group: &Path) -> Option<u64> {
    let text = view.line(group.join("cpu.max"))?;
    let (quota, period) = text.split_once(' ')?;
    millis(quota.parse().ok()?, period.parse().ok()?)
}

fn quota1(view: &View<'_>, group: &Path) -> Option<u64> {
    let quota = view.line(group.join("cpu.cfs_quota_us"))?.parse().ok()?;
    millis(quota, view.line(group.join("cpu.cfs_period_us"))?.parse().ok()?)
}

fn millis(quota: u64, period: u64) -> Option<u64> {
    quota.checked_mul(1000)?.checked_div(period)
}
