//! Figures of the machine, read from /proc (proc(5)).

use super::files::read_own;
use std::path::{Path, PathBuf};

/// Counters and levels at one moment. Counters only grow; rates are differences between two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// Processor time spent on anything, in ticks, all processors together.
    pub cpu_busy: u64,
    /// Processor time in all.
    pub cpu_total: u64,
    /// Load average over one minute.
    pub load1: f64,
    /// Memory in use that cannot be had without swapping, in bytes.
    pub memory_used: u64,
    /// Memory in all.
    pub memory_total: u64,
    /// Used bytes of the file system with the panel's data.
    pub disk_used: u64,
    /// Its size.
    pub disk_total: u64,
    /// Bytes received on every interface but loopback.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}

/// Takes readings.
pub struct Meter {
    data_dir: PathBuf,
}

impl Meter {
    /// Measures the disk that holds `data_dir`.
    pub fn new(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned() }
    }

    /// What the machine says now; a part that cannot be read is zero.
    pub fn read(&self) -> Reading {
        let mut reading = Reading::default();
        cpu(&proc("stat"), &mut reading);
        memory(&proc("meminfo"), &mut reading);
        network(&proc("net/dev"), &mut reading);
        reading.load1 = proc("loadavg").split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
        if let Ok(disk) = rustix::fs::statvfs(&self.data_dir) {
            reading.disk_total = disk.f_blocks.saturating_mul(disk.f_frsize);
            reading.disk_used = disk.f_blocks.saturating_sub(disk.f_bfree).saturating_mul(disk.f_frsize);
        }
        reading
    }
}

fn proc(name: &str) -> String {
    read_own(&Path::new("/proc").join(name), 256 * 1024).ok().flatten().unwrap_or_default()
}

fn cpu(text: &str, reading: &mut Reading) {
    let Some(line) = text.lines().next().and_then(|l| l.strip_prefix("cpu ")) else { return };
    let ticks: Vec<u64> = line.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    // The last two, guest times, are counted in the first two already.
    reading.cpu_total = ticks.iter().take(8).sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    reading.cpu_busy = reading.cpu_total.saturating_sub(idle);
}

fn memory(text: &str, reading: &mut Reading) {
    let field = |name: &str| -> u64 {
        let line = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    reading.memory_total = field("MemTotal");
    reading.memory_used = reading.memory_total.saturating_sub(field("MemAvailable"));
}

fn network(text: &str, reading: &mut Reading) {
    for line in text.lines().skip(2) {
        let Some((name, counters)) = line.split_once(':') else { continue };
        let counters: Vec<u64> = counters.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        if name.trim() != "lo" && counters.len() > 8 {
            reading.received += counters[0];
            reading.sent += counters[8];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_from_their_columns() {
        let mut reading = Reading::default();
        cpu("cpu  10 5 20 100 15 1 2 3 7 7\ncpu0 1 1 1 1\n", &mut reading);
        assert_eq!((reading.cpu_total, reading.cpu_busy), (156, 41));
        memory("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\n", &mut reading);
        assert_eq!((reading.memory_total, reading.memory_used), (1_024_000, 614_400));
        network("h\nh\n  lo: 9 0 0 0 0 0 0 0 9 0\neth0: 5 0 0 0 0 0 0 0 7 0\n", &mut reading);
        assert_eq!((reading.received, reading.sent), (5, 7));
    }

    #[test]
    fn this_machine_has_memory_and_a_disk() {
        let reading = Meter::new(Path::new("/")).read();
        assert!(reading.memory_total > reading.memory_used && reading.disk_total > 0 && reading.cpu_total > 0);
    }
}
