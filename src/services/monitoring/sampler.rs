//! The one thread that measures. It also keeps the panel's own memory small.

use super::recorder::Recorder;
use super::{between, figures};
use crate::base::Result;
use crate::base::clock::Time;
use crate::engine::Core;
use crate::engine::events::Topic;
use crate::engine::gauges::Sample;
use crate::platform::metrics::{Meter, Reading};
use crate::platform::own;
use crate::store::series;
use std::time::{Duration, Instant};

/// Time between two samples.
const EVERY: Duration = Duration::from_secs(1);

/// Measures every second until `core` says that it ends. Call on a thread of its own.
pub fn run(core: &Core) {
    own::give_way();
    let mut sampler = Sampler::new(core);
    loop {
        sampler.sample(core);
        // After a sign-in the memory of its hash would stay otherwise until the allocator is used again.
        own::give_memory_back();
        if !core.gauges.wait(EVERY) {
            break;
        }
    }
    sampler.finish();
}

struct Sampler {
    meter: Meter,
    before: Option<(Reading, Instant)>,
    recorder: Option<Recorder>,
    last: Time,
    failing: bool,
}

impl Sampler {
    fn new(core: &Core) -> Self {
        let recorder = open(core).inspect_err(|e| log::warn!(target: "manara::metrics", "no history of figures: {e}"));
        Self {
            meter: Meter::new(&core.config.data_dir),
            before: None,
            recorder: recorder.ok(),
            last: core.now(),
            failing: false,
        }
    }

    fn sample(&mut self, core: &Core) {
        let (reading, moment, at) = (self.meter.read(), Instant::now(), core.now());
        if let Some((earlier, then)) = &self.before {
            let values = between(earlier, &reading, moment.duration_since(*then).as_secs_f32());
            let kept = self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.add(at, &values));
            self.note(kept);
            let sample = Sample { at, reading: reading.clone(), values };
            if core.bus.listeners(Topic::Metrics) > 0 {
                core.bus.tell(Topic::Metrics, "metrics", serde_json::to_value(figures(&sample)).unwrap_or_default());
            }
            core.gauges.push(sample);
        }
        self.before = Some((reading, moment));
        self.last = at;
    }

    /// A full disk is said once, not every minute.
    fn note(&mut self, kept: Result<()>) {
        if let Err(e) = &kept
            && !self.failing
        {
            log::warn!(target: "manara::metrics", "figures are not kept for now: {e}");
        }
        self.failing = kept.is_err();
    }

    fn finish(&mut self) {
        let kept = self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.finish(self.last));
        self.note(kept);
    }
}

fn open(core: &Core) -> Result<Recorder> {
    let history = series::open(&core.store)?;
    core.gauges.keep_in(history.clone());
    Recorder::new(history, core.now())
}
