//! What two readings mean: shares, rates and levels, each of a known family.

use super::{CpuTimes, Pressure, Reading};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Processor time by what it is spent on.
    Cpu,
    /// Each processor.
    Cores,
    /// Load averages.
    Load,
    /// Time in which work waited.
    Pressure,
    /// Main memory.
    Memory,
    /// Swap.
    Swap,
    /// How full the file systems are.
    Space,
    /// What the disks do.
    Disk,
    /// What the network interfaces do.
    Network,
    /// Sensors.
    Temperature,
    /// Tasks.
    Tasks,
    /// The panel itself.
    Panel,
}

/// Unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 0 to 100.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Events per second.
    PerSecond,
    /// Milliseconds.
    Milliseconds,
    /// Degrees Celsius.
    Celsius,
    /// A plain number.
    Number,
}

macro_rules! families {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal $group:ident $unit:ident,)+) => {
        /// What is measured. Together with the object (a disk, an interface …) it names one series for good.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Family { $($(#[doc = $doc])+ $name,)+ }

        impl Family {
            /// Every family, in the order of the charts.
            pub const ALL: &'static [Family] = &[$(Family::$name,)+];

            /// Stable name, as the history keeps it.
            pub fn text(self) -> &'static str {
                match self { $(Family::$name => $text,)+ }
            }

            /// The chart it belongs to.
            pub fn group(self) -> Group {
                match self { $(Family::$name => Group::$group,)+ }
            }

            /// The unit of its values.
            pub fn unit(self) -> Unit {
                match self { $(Family::$name => Unit::$unit,)+ }
            }
        }
    };
}

families! {
    /// Programs, also of low priority; of all processors together, as the following.
    CpuUser "cpu-user" Cpu Percent,
    /// The kernel and its interrupts.
    CpuSystem "cpu-system" Cpu Percent,
    /// Waiting for disks.
    CpuIowait "cpu-iowait" Cpu Percent,
    /// Taken by the machine this one is a guest of.
    CpuSteal "cpu-steal" Cpu Percent,
    /// A container's use of what it may use.
    CpuQuota "cpu-quota" Cpu Percent,
    /// One processor.
    Core "core" Cores Percent,
    /// Over one minute.
    Load1 "load1" Load Number,
    /// Over five minutes.
    Load5 "load5" Load Number,
    /// Over fifteen minutes.
    Load15 "load15" Load Number,
    /// Some task waited for a processor.
    PressureCpu "pressure-cpu" Pressure Percent,
    /// Some task waited for memory.
    PressureMemory "pressure-memory" Pressure Percent,
    /// Some task waited for a disk.
    PressureIo "pressure-io" Pressure Percent,
    /// All tasks waited for memory.
    PressureMemoryFull "pressure-memory-full" Pressure Percent,
    /// All tasks waited for a disk.
    PressureIoFull "pressure-io-full" Pressure Percent,
    /// In use, and not to be had without swapping.
    MemoryUsed "memory-used" Memory Bytes,
    /// Files that can be read again.
    MemoryCached "memory-cached" Memory Bytes,
    /// All of it.
    MemoryTotal "memory-total" Memory Bytes,
    /// Swap in use.
    SwapUsed "swap-used" Swap Bytes,
    /// All swap.
    SwapTotal "swap-total" Swap Bytes,
    /// A file system's bytes in use.
    SpaceUsed "space-used" Space Percent,
    /// A file system's files.
    InodesUsed "inodes-used" Space Percent,
    /// A disk's reading.
    DiskRead "disk-read" Disk BytesPerSecond,
    /// A disk's writing.
    DiskWritten "disk-written" Disk BytesPerSecond,
    /// Share of time with a request under way.
    DiskBusy "disk-busy" Disk Percent,
    /// Mean time of a request.
    DiskLatency "disk-latency" Disk Milliseconds,
    /// An interface's incoming bytes.
    NetworkReceived "network-received" Network BytesPerSecond,
    /// An interface's outgoing bytes.
    NetworkSent "network-sent" Network BytesPerSecond,
    /// An interface's broken packets.
    NetworkErrors "network-errors" Network PerSecond,
    /// A sensor.
    Temperature "temperature" Temperature Celsius,
    /// Tasks that run or could run.
    TasksRunning "tasks-running" Tasks Number,
    /// All tasks.
    Tasks "tasks" Tasks Number,
    /// Processor time of the panel, of one processor.
    PanelCpu "panel-cpu" Panel Percent,
    /// Memory of the panel.
    PanelMemory "panel-memory" Panel Bytes,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Measured {
    /// What is measured.
    pub family: Family,
    /// Of which disk, interface, processor …; empty where there is one only.
    pub object: String,
    /// The value, in the family's unit.
    pub value: f64,
}

/// The values between two readings `seconds` apart; `hz` are clock ticks in a second. A counter that went back, as
/// after a driver was loaded anew, counts as standing still.
pub fn between(before: &Reading, after: &Reading, seconds: f32, hz: f32) -> Vec<Measured> {
    let mut out = Out { values: Vec::with_capacity(48), seconds: seconds.max(0.001) };
    out.processors(before, after);
    let families = [Family::Load1, Family::Load5, Family::Load15];
    families.into_iter().zip(after.load).for_each(|(family, load)| out.put(family, "", load));
    out.pressure(before, after);
    out.memory(after);
    for space in &after.spaces {
        // What only root may write is neither used nor available: df(1) counts it so, too.
        out.put(Family::SpaceUsed, &space.mount, share(space.used, space.used + space.available));
        if space.inodes > 0 {
            let used = space.inodes.saturating_sub(space.inodes_free);
            out.put(Family::InodesUsed, &space.mount, share(used, space.inodes));
        }
    }
    out.disks(before, after);
    out.network(before, after);
    after.temperatures.iter().for_each(|t| out.put(Family::Temperature, &t.name, t.celsius));
    out.put(Family::TasksRunning, "", after.tasks.0 as f32);
    out.put(Family::Tasks, "", after.tasks.1 as f32);
    let own = out.rate(before.own_ticks, after.own_ticks) / hz * 100.0;
    out.put(Family::PanelCpu, "", own);
    out.put(Family::PanelMemory, "", after.own_memory as f32);
    out.values
}

struct Out {
    values: Vec<Measured>,
    seconds: f32,
}

impl Out {
    fn put(&mut self, family: Family, object: &str, value: f32) {
        self.values.push(Measured { family, object: object.to_owned(), value: f64::from(value) });
    }

    fn rate(&self, from: u64, to: u64) -> f32 {
        to.saturating_sub(from) as f32 / self.seconds
    }

    fn processors(&mut self, before: &Reading, after: &Reading) {
        let (b, a) = (&before.cpu, &after.cpu);
        let total = ticks(a).saturating_sub(ticks(b));
        let part = |from: u64, to: u64| share(to.saturating_sub(from), total);
        self.put(Family::CpuUser, "", part(b.user + b.nice, a.user + a.nice));
        self.put(Family::CpuSystem, "", part(b.system + b.irq + b.softirq, a.system + a.irq + a.softirq));
        self.put(Family::CpuIowait, "", part(b.iowait, a.iowait));
        self.put(Family::CpuSteal, "", part(b.steal, a.steal));
        if let (Some((from, _)), Some((to, allowed))) = (before.quota, after.quota) {
            let used = self.rate(from, to);
            self.put(Family::CpuQuota, "", (used / allowed.max(1) as f32 * 100.0).min(100.0));
        }
        for (number, (b, a)) in before.cores.iter().zip(&after.cores).enumerate() {
            let total = ticks(a).saturating_sub(ticks(b));
            let idle = (a.idle + a.iowait).saturating_sub(b.idle + b.iowait);
            let busy = if total == 0 { 0.0 } else { 100.0 - share(idle, total) };
            self.put(Family::Core, &number.to_string(), busy);
        }
    }

    fn pressure(&mut self, before: &Reading, after: &Reading) {
        let families = [
            (0, Family::PressureCpu, false),
            (1, Family::PressureMemory, false),
            (2, Family::PressureIo, false),
            (1, Family::PressureMemoryFull, true),
            (2, Family::PressureIoFull, true),
        ];
        for (at, family, full) in families {
            let total = |p: Pressure| if full { p.full } else { p.some };
            if let (Some(b), Some(a)) = (before.pressure[at], after.pressure[at]) {
                // Microseconds per second, in hundredths.
                let percent = self.rate(total(b), total(a)) / 10_000.0;
                self.put(family, "", percent.min(100.0));
            }
        }
    }

    fn memory(&mut self, after: &Reading) {
        let memory = &after.memory;
        self.put(Family::MemoryUsed, "", memory.total.saturating_sub(memory.available) as f32);
        self.put(Family::MemoryCached, "", memory.cached as f32);
        self.put(Family::MemoryTotal, "", memory.total as f32);
        if memory.swap_total > 0 {
            self.put(Family::SwapUsed, "", memory.swap_total.saturating_sub(memory.swap_free) as f32);
            self.put(Family::SwapTotal, "", memory.swap_total as f32);
        }
    }

    fn disks(&mut self, before: &Reading, after: &Reading) {
        for a in &after.disks {
            let Some(b) = before.disks.iter().find(|b| b.name == a.name) else { continue };
            self.put(Family::DiskRead, &a.name, self.rate(b.read_bytes, a.read_bytes));
            self.put(Family::DiskWritten, &a.name, self.rate(b.written_bytes, a.written_bytes));
            self.put(Family::DiskBusy, &a.name, (self.rate(b.busy_ms, a.busy_ms) / 10.0).min(100.0));
            let requests = (a.reads + a.writes).saturating_sub(b.reads + b.writes);
            let waited = (a.read_ms + a.write_ms).saturating_sub(b.read_ms + b.write_ms);
            self.put(Family::DiskLatency, &a.name, if requests == 0 { 0.0 } else { waited as f32 / requests as f32 });
        }
    }

    fn network(&mut self, before: &Reading, after: &Reading) {
        for a in &after.interfaces {
            let Some(b) = before.interfaces.iter().find(|b| b.name == a.name) else { continue };
            self.put(Family::NetworkReceived, &a.name, self.rate(b.received, a.received));
            self.put(Family::NetworkSent, &a.name, self.rate(b.sent, a.sent));
            self.put(
                Family::NetworkErrors,
                &a.name,
                self.rate(b.receive_errors + b.send_errors, a.receive_errors + a.send_errors),
            );
        }
    }
}

fn ticks(times: &CpuTimes) -> u64 {
    let CpuTimes { user, nice, system, idle, iowait, irq, softirq, steal } = times;
    user + nice + system + idle + iowait + irq + softirq + steal
}

fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 * 100.0 / whole as f32 }
}
