//! Figures of the machine, from /proc and /sys (proc(5), sysfs(5)): counters as the kernel keeps them, and the rates
//! between two readings.

mod kernel;
mod places;
mod rates;

pub use rates::{Family, Group, Measured, Unit, between};

use super::files::read_own;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Processor time by what it was spent on, in ticks of a hundredth of a second; `user` includes low priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CpuTimes {
    /// Programs.
    pub user: u64,
    /// Programs of low priority (nice(2)).
    pub nice: u64,
    /// The kernel.
    pub system: u64,
    /// Nothing to do.
    pub idle: u64,
    /// Nothing to do while a disk was waited for.
    pub iowait: u64,
    /// Interrupts.
    pub irq: u64,
    /// Deferred interrupts.
    pub softirq: u64,
    /// Taken by the machine this one is a guest of.
    pub steal: u64,
}

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// In all: what the kernel manages, or the container's limit.
    pub total: u64,
    /// What can be had without swapping.
    pub available: u64,
    /// Used for nothing.
    pub free: u64,
    /// Used for blocks of disks.
    pub buffers: u64,
    /// Used for files that can be read again.
    pub cached: u64,
    /// Swap in all.
    pub swap_total: u64,
    /// Swap that is free.
    pub swap_free: u64,
}

/// Time in which work waited for a resource (Linux "pressure stall information"), in microseconds since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// At least one task waited.
    pub some: u64,
    /// All tasks waited.
    pub full: u64,
}

/// What a disk did since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskIo {
    /// Kernel name such as `sda`.
    pub name: String,
    /// Finished reads.
    pub reads: u64,
    /// Finished writes.
    pub writes: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Milliseconds that finished reads took, all together.
    pub read_ms: u64,
    /// Milliseconds that finished writes took, all together.
    pub write_ms: u64,
    /// Milliseconds with at least one request under way.
    pub busy_ms: u64,
}

/// How full a file system is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Space {
    /// Where it is mounted.
    pub mount: String,
    /// Size in bytes.
    pub total: u64,
    /// What an ordinary user may still write, in bytes.
    pub available: u64,
    /// Bytes in use.
    pub used: u64,
    /// Files it can hold; 0 where it makes room for them as they come.
    pub inodes: u64,
    /// Files it can still hold.
    pub inodes_free: u64,
}

/// What a network interface did since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Packets that arrived broken.
    pub receive_errors: u64,
    /// Packets that could not be sent.
    pub send_errors: u64,
    /// Packets that arrived and were thrown away, as for want of room.
    pub receive_drops: u64,
    /// Packets that were thrown away instead of being sent.
    pub send_drops: u64,
}

/// A temperature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Temperature {
    /// What the kernel calls the sensor.
    pub name: String,
    /// Degrees Celsius.
    pub celsius: f32,
}

/// All counters and levels at one moment. A part that cannot be read is empty or zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// All processors together.
    pub cpu: CpuTimes,
    /// Each processor.
    pub cores: Vec<CpuTimes>,
    /// Processor time of the container in microseconds, and what it may use in a second, where it has a limit.
    pub quota: Option<(u64, u64)>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f32; 3],
    /// Tasks that run or could run, and all tasks.
    pub tasks: (u32, u32),
    /// Main memory and swap.
    pub memory: Memory,
    /// Waiting for processors, memory and disks; none where the kernel does not count it.
    pub pressure: [Option<Pressure>; 3],
    /// Disks by name.
    pub disks: Vec<DiskIo>,
    /// File systems by mount point.
    pub spaces: Vec<Space>,
    /// Network interfaces but loopback.
    pub interfaces: Vec<Interface>,
    /// Sensors; few machines have any.
    pub temperatures: Vec<Temperature>,
    /// Processor time of the panel itself, in ticks.
    pub own_ticks: u64,
    /// Memory of the panel itself, in bytes.
    pub own_memory: u64,
}

/// Clock ticks in a second: the unit of [`CpuTimes`].
pub fn ticks_per_second() -> f32 {
    rustix::param::clock_ticks_per_second() as f32
}

/// What changes slowly or costs much to read is read at every n-th reading.
const SLOW_EVERY: u32 = 10;

/// Takes readings.
pub struct Meter {
    data_dir: PathBuf,
    page_bytes: u64,
    readings: u32,
    spaces: Vec<Space>,
    temperatures: Vec<Temperature>,
}

impl Meter {
    /// The file system that holds `data_dir` comes first among [`Reading::spaces`].
    pub fn new(data_dir: &Path) -> Self {
        let page_bytes = rustix::param::page_size() as u64;
        Self { data_dir: data_dir.to_owned(), page_bytes, readings: 0, spaces: vec![], temperatures: vec![] }
    }

    /// What the machine says now. File systems and temperatures are as of at most ten readings ago.
    pub fn read(&mut self) -> Reading {
        if self.readings.is_multiple_of(SLOW_EVERY) {
            self.spaces = places::spaces(&self.data_dir, &text("/proc/self/mounts"));
            self.temperatures = places::temperatures(Path::new("/sys/class"));
        }
        self.readings = self.readings.wrapping_add(1);
        let (cpu, cores) = kernel::cpu(&text("/proc/stat"));
        let (load, tasks) = kernel::load(&text("/proc/loadavg"));
        let (own_ticks, own_pages) = kernel::own(&text("/proc/self/stat"));
        Reading {
            cpu,
            cores,
            quota: kernel::quota(&text("/sys/fs/cgroup/cpu.max"), &text("/sys/fs/cgroup/cpu.stat")),
            load,
            tasks,
            memory: kernel::within_limit(kernel::memory(&text("/proc/meminfo")), kernel::memory_limit()),
            pressure: ["cpu", "memory", "io"].map(|name| kernel::pressure(&text(&format!("/proc/pressure/{name}")))),
            disks: kernel::disks(&text("/proc/diskstats")),
            spaces: self.spaces.clone(),
            interfaces: kernel::interfaces(&text("/proc/net/dev")),
            temperatures: self.temperatures.clone(),
            own_ticks,
            own_memory: own_pages * self.page_bytes,
        }
    }
}

/// Largest file of the kernel that is read: /proc/stat of a machine with hundreds of processors.
const KERNEL_FILE_BYTES_MAX: usize = 512 * 1024;

fn text(path: &str) -> String {
    read_own(Path::new(path), KERNEL_FILE_BYTES_MAX).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests;
