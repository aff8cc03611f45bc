//! Live figures of the machine: one reader for everybody who looks, none when nobody does. Its thread also keeps the
//! panel's own memory small.

use crate::base::clock::Time;
use crate::engine::Core;
use crate::engine::events::Topic;
use crate::platform::clock::pause;
use crate::platform::metrics::{Meter, Reading};
use crate::platform::own;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Weak;
use std::time::Duration;

/// Time between two readings.
const EVERY: Duration = Duration::from_secs(2);

/// The machine between two readings.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// When.
    pub at: Time,
    /// Processor time in use, all processors together, 0 to 100.
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
}

/// The figures between two readings `seconds` apart.
fn between(before: &Reading, after: &Reading, seconds: f64, at: Time) -> Figures {
    let rate = |from: u64, to: u64| (to.saturating_sub(from) as f64 / seconds.max(0.001)) as u64;
    let total = after.cpu_total.saturating_sub(before.cpu_total);
    let busy = after.cpu_busy.saturating_sub(before.cpu_busy);
    let percent = if total == 0 { 0.0 } else { busy as f64 * 100.0 / total as f64 };
    Figures {
        at,
        cpu_percent: (percent * 10.0).round() / 10.0,
        load1: after.load1,
        memory_used: after.memory_used,
        memory_total: after.memory_total,
        disk_used: after.disk_used,
        disk_total: after.disk_total,
        net_rx_per_s: rate(before.received, after.received),
        net_tx_per_s: rate(before.sent, after.sent),
    }
}

/// The figures now, over a fifth of a second.
pub fn now(core: &Core) -> Figures {
    let meter = Meter::new(&core.config.data_dir);
    let (before, from) = (meter.read(), core.now());
    pause(Duration::from_millis(200));
    let (after, to) = (meter.read(), core.now());
    between(&before, &after, (to.0 - from.0) as f64 / 1000.0, to)
}

/// Tells everybody who listens, every two seconds, until the engine is gone. Call on a thread of its own.
pub fn tell(core: Weak<Core>) {
    if let Some(meter) = core.upgrade().map(|core| Meter::new(&core.config.data_dir)) {
        run(&core, &meter);
    }
}

fn run(core: &Weak<Core>, meter: &Meter) {
    let mut before: Option<(Reading, Time)> = None;
    while let Some(core) = core.upgrade() {
        if core.bus.listeners(Topic::Metrics) == 0 {
            before = None;
        } else {
            let (reading, at) = (meter.read(), core.now());
            if let Some((earlier, then)) = before {
                let figures = between(&earlier, &reading, (at.0 - then.0) as f64 / 1000.0, at);
                core.bus.tell(Topic::Metrics, "metrics", serde_json::to_value(figures).unwrap_or_default());
            }
            before = Some((reading, at));
        }
        drop(core);
        own::give_memory_back();
        pause(EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_over_time() {
        let before = Reading { cpu_busy: 10, cpu_total: 100, received: 1000, ..Reading::default() };
        let after = Reading { cpu_busy: 40, cpu_total: 200, received: 5000, sent: 10, ..Reading::default() };
        let figures = between(&before, &after, 2.0, Time(0));
        assert_eq!((figures.cpu_percent, figures.net_rx_per_s, figures.net_tx_per_s), (30.0, 2000, 5));
        assert_eq!(between(&after, &before, 0.0, Time(0)).net_rx_per_s, 0, "a counter that went back is no traffic");
    }
}
