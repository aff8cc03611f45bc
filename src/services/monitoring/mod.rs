//! Figures of the machine: measured every second, kept for two years in ever coarser steps, asked for in between.

mod history;
mod looks;
mod pack;
mod recorder;
mod sampler;
mod services;

pub use history::{History, Line, POINTS_DEFAULT, history};
pub use looks::{processes, services, tell_listeners};
pub use sampler::run;

use crate::base::clock::Time;
use crate::engine::Core;
use crate::engine::gauges::Sample;
use crate::platform::clock::pause;
use crate::platform::metrics::{self, Family, Measured, Meter, Reading};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// The machine between two readings.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// When.
    pub at: Time,
    /// Processor time in use, all processors together, 0 to 100; in a container with a limit, of what it may use.
    pub cpu_percent: f64,
    /// Load average over one minute.
    pub load1: f64,
    /// Memory in use, in bytes.
    pub memory_used: u64,
    /// Memory in all, in bytes.
    pub memory_total: u64,
    /// Used bytes of the disk with the panel's data.
    pub disk_used: u64,
    /// Its size in bytes.
    pub disk_total: u64,
    /// Bytes received per second.
    pub net_rx_per_s: u64,
    /// Bytes sent per second.
    pub net_tx_per_s: u64,
    /// Everything that is measured, by family and object.
    pub values: Vec<Measured>,
}

/// The figures now: of the last second, or measured over a fifth of a second where nobody samples.
pub fn now(core: &Core) -> Figures {
    let sample = core.gauges.last().filter(|sample| core.now().since_s(sample.at) < 5);
    sample.map_or_else(|| figures(&measure(core)), |sample| figures(&sample))
}

fn measure(core: &Core) -> Sample {
    let mut meter = Meter::new(&core.config.data_dir);
    let (before, from) = (meter.read(), core.now());
    pause(Duration::from_millis(200));
    let (reading, at) = (meter.read(), core.now());
    let values = between(&before, &reading, (at.0 - from.0) as f32 / 1000.0);
    Sample { at, reading, values }
}

/// The values between two readings, rounded to what anybody can see.
fn between(before: &Reading, after: &Reading, seconds: f32) -> Vec<Measured> {
    let mut values = metrics::between(before, after, seconds, metrics::ticks_per_second());
    values.iter_mut().for_each(|measured| measured.value = rounded(measured.family, measured.value));
    values
}

fn rounded(family: Family, value: f64) -> f64 {
    use metrics::Unit::{Bytes, BytesPerSecond, Celsius, Milliseconds, Number, PerSecond, Percent};
    match family.unit() {
        Bytes | BytesPerSecond => value.round(),
        Percent | Celsius => (value * 10.0).round() / 10.0,
        Milliseconds | Number | PerSecond => (value * 100.0).round() / 100.0,
    }
}

fn figures(sample: &Sample) -> Figures {
    let sum = |families: &[Family]| -> f64 {
        let values = sample.values.iter().filter(|m| families.contains(&m.family));
        values.map(|m| m.value).sum()
    };
    let limited = sample.values.iter().find(|m| m.family == Family::CpuQuota).map(|m| m.value);
    let cpu = limited.unwrap_or_else(|| sum(&[Family::CpuUser, Family::CpuSystem, Family::CpuSteal]));
    let memory = &sample.reading.memory;
    let disk = sample.reading.spaces.first().cloned().unwrap_or_default();
    Figures {
        at: sample.at,
        cpu_percent: (cpu * 10.0).round() / 10.0,
        load1: (f64::from(sample.reading.load[0]) * 100.0).round() / 100.0,
        memory_used: memory.total.saturating_sub(memory.available),
        memory_total: memory.total,
        disk_used: disk.used,
        disk_total: disk.total,
        net_rx_per_s: sum(&[Family::NetworkReceived]) as u64,
        net_tx_per_s: sum(&[Family::NetworkSent]) as u64,
        values: sample.values.clone(),
    }
}

#[cfg(test)]
mod tests;
