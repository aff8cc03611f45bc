//! The kernel's own texts, read into counters.

use super::{CpuTimes, DiskIo, Interface, Memory, Pressure, text};

/// Largest numbers of disks and interfaces that are followed; containers can bring thousands of interfaces.
const DISKS_MAX: usize = 32;
const INTERFACES_MAX: usize = 32;

/// Bytes of a sector in /proc/diskstats, whatever the disk's own are.
const SECTOR_BYTES: u64 = 512;

/// /proc/stat: all processors together, and each.
pub(super) fn cpu(text: &str) -> (CpuTimes, Vec<CpuTimes>) {
    let mut all = CpuTimes::default();
    let mut cores = Vec::new();
    for line in text.lines().take_while(|line| line.starts_with("cpu")) {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let mut next = || words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let times = CpuTimes {
            user: next(),
            nice: next(),
            system: next(),
            idle: next(),
            iowait: next(),
            irq: next(),
            softirq: next(),
            steal: next(),
        };
        if name == "cpu" { all = times } else { cores.push(times) }
    }
    (all, cores)
}

/// /proc/loadavg: three averages, and running and all tasks.
pub(super) fn load(text: &str) -> ([f32; 3], (u32, u32)) {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let average = |at: usize| words.get(at).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    let tasks = words.get(3).and_then(|word| {
        let (running, all) = word.split_once('/')?;
        Some((running.parse().ok()?, all.parse().ok()?))
    });
    ([average(0), average(1), average(2)], tasks.unwrap_or_default())
}

/// /proc/meminfo.
pub(super) fn memory(text: &str) -> Memory {
    let mut memory = Memory::default();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let field = match name {
            "MemTotal" => &mut memory.total,
            "MemAvailable" => &mut memory.available,
            "MemFree" => &mut memory.free,
            "Buffers" => &mut memory.buffers,
            "Cached" => &mut memory.cached,
            "SwapTotal" => &mut memory.swap_total,
            "SwapFree" => &mut memory.swap_free,
            _ => continue,
        };
        *field = rest.split_ascii_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 1024;
    }
    memory
}

/// Limit and use of the container this runs in. The root group of a machine has no such files, or a limit above all
/// memory.
pub(super) fn memory_limit() -> Option<(u64, u64)> {
    let number = |path: &str| text(path).trim().parse::<u64>().ok();
    let (limit, used, stat) = match number("/sys/fs/cgroup/memory.max") {
        Some(limit) => (limit, number("/sys/fs/cgroup/memory.current")?, "/sys/fs/cgroup/memory.stat"),
        None => (
            number("/sys/fs/cgroup/memory/memory.limit_in_bytes")?,
            number("/sys/fs/cgroup/memory/memory.usage_in_bytes")?,
            "/sys/fs/cgroup/memory/memory.stat",
        ),
    };
    // Files nobody has open lately are given up before anything else.
    let given_up = text(stat).lines().find_map(|line| line.strip_prefix("inactive_file ")?.parse::<u64>().ok());
    Some((limit, used.saturating_sub(given_up.unwrap_or(0))))
}

/// `memory` as a container with `limit` has it.
pub(super) fn within_limit(memory: Memory, limit: Option<(u64, u64)>) -> Memory {
    match limit {
        Some((limit, used)) if limit < memory.total => {
            let available = limit.saturating_sub(used);
            Memory { total: limit, available, free: memory.free.min(available), ..memory }
        }
        _ => memory,
    }
}

/// Microseconds used, and allowed in a second, of a container with a limit (cgroup v2, `cpu.max` and `cpu.stat`).
pub(super) fn quota(max: &str, stat: &str) -> Option<(u64, u64)> {
    let mut words = max.split_ascii_whitespace();
    let (quota, period): (u64, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let used = stat.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok())?;
    Some((used, quota.saturating_mul(1_000_000).checked_div(period)?))
}

/// /proc/pressure/*; none where the kernel was built without it.
pub(super) fn pressure(text: &str) -> Option<Pressure> {
    let total = |kind: &str| {
        let line = text.lines().find(|line| line.starts_with(kind))?;
        line.rsplit_once("total=")?.1.parse().ok()
    };
    Some(Pressure { some: total("some")?, full: total("full").unwrap_or(0) })
}

/// /proc/diskstats: whole disks only. What stands on other disks (mapper, loops) would be counted twice.
pub(super) fn disks(text: &str) -> Vec<DiskIo> {
    let mut disks: Vec<DiskIo> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (Some(name), true) = (words.get(2), words.len() >= 14) else { continue };
        let no_disk = ["loop", "ram", "zram", "sr", "fd", "dm-", "md"].iter().any(|prefix| name.starts_with(prefix));
        if no_disk || disks.iter().any(|disk| is_partition(name, &disk.name)) {
            continue;
        }
        let number = |at: usize| words[at].parse::<u64>().unwrap_or(0);
        disks.push(DiskIo {
            name: (*name).to_owned(),
            reads: number(3),
            writes: number(7),
            read_bytes: number(5) * SECTOR_BYTES,
            written_bytes: number(9) * SECTOR_BYTES,
            read_ms: number(6),
            write_ms: number(10),
            busy_ms: number(12),
        });
    }
    disks.truncate(DISKS_MAX);
    disks
}

/// `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`; the kernel lists a disk before its partitions.
fn is_partition(name: &str, disk: &str) -> bool {
    let Some(rest) = name.strip_prefix(disk) else { return false };
    let digits = if disk.ends_with(|c: char| c.is_ascii_digit()) { rest.strip_prefix('p') } else { Some(rest) };
    digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

/// /proc/net/dev: all but loopback and the ends of containers' own wires.
pub(super) fn interfaces(text: &str) -> Vec<Interface> {
    let mut found = Vec::new();
    for line in text.lines().skip(2) {
        let Some((name, counters)) = line.split_once(':') else { continue };
        let name = name.trim();
        let counters: Vec<u64> = counters.split_ascii_whitespace().filter_map(|n| n.parse().ok()).collect();
        if name == "lo" || name.starts_with("veth") || counters.len() < 12 {
            continue;
        }
        found.push(Interface {
            name: name.to_owned(),
            received: counters[0],
            sent: counters[8],
            receive_errors: counters[2],
            send_errors: counters[10],
            receive_drops: counters[3],
            send_drops: counters[11],
        });
    }
    found.truncate(INTERFACES_MAX);
    found
}

/// /proc/self/stat: processor time in ticks and resident pages.
pub(super) fn own(text: &str) -> (u64, u64) {
    // The second field is the program's name in parentheses and may hold anything.
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Fields 14, 15 and 24 of proc(5), counted from the third.
    let number = |at: usize| words.get(at).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    (number(11) + number(12), number(21))
}
