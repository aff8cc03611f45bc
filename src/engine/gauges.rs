//! What was measured of the machine in the last minutes, for everybody who asks, and where older figures are kept. Filled
//! by one sampler; a question never measures anything.

use crate::base::clock::Time;
use crate::platform::metrics::{Family, Group, Measured, Reading};
use crate::store::Store;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

/// Moments that are kept: five minutes of seconds.
const KEPT_MAX: usize = 300;

/// Series that are kept; when interfaces come and go under new names all is forgotten at this number.
const SERIES_MAX: usize = 1024;

/// The machine at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Time,
    /// What it counted until then.
    pub reading: Reading,
    /// Rates since the sample before, and levels.
    pub values: Vec<Measured>,
}

/// The values of the last minutes: a name once for all moments.
#[derive(Default)]
struct Ring {
    names: Vec<(Family, String)>,
    places: HashMap<(Family, String), usize>,
    /// Values by the place of their name; NaN where there was none.
    moments: VecDeque<(Time, Vec<f32>)>,
}

impl Ring {
    fn push(&mut self, at: Time, values: &[Measured]) {
        if self.names.len() > SERIES_MAX {
            *self = Ring::default();
        }
        let mut row = vec![f32::NAN; self.names.len()];
        for Measured { family, object, value } in values {
            let name = (*family, object.clone());
            let place = *self.places.entry(name.clone()).or_insert_with(|| {
                self.names.push(name);
                row.push(f32::NAN);
                row.len() - 1
            });
            row[place] = *value as f32;
        }
        if self.moments.len() == KEPT_MAX {
            self.moments.pop_front();
        }
        self.moments.push_back((at, row));
    }
}

/// What was measured lately.
#[derive(Default)]
pub struct Gauges {
    last: Mutex<Option<Arc<Sample>>>,
    ring: Mutex<Ring>,
    history: OnceLock<Store>,
    ended: Mutex<bool>,
    wake: Condvar,
}

impl Gauges {
    /// Adds the newest sample.
    pub fn push(&self, sample: Sample) {
        if let Ok(mut ring) = self.ring.lock() {
            ring.push(sample.at, &sample.values);
        }
        if let Ok(mut last) = self.last.lock() {
            *last = Some(Arc::new(sample));
        }
    }

    /// The newest sample; none in the first second, or when nobody samples.
    pub fn last(&self) -> Option<Arc<Sample>> {
        self.last.lock().ok()?.clone()
    }

    /// Hands every value of `group` from `from` on to `take`, oldest first.
    pub fn since(&self, from: Time, group: Group, mut take: impl FnMut(Time, Family, &str, f32)) {
        let Ok(ring) = self.ring.lock() else { return };
        for (at, row) in ring.moments.iter().filter(|(at, _)| *at >= from) {
            for ((family, object), value) in ring.names.iter().zip(row) {
                if family.group() == group && !value.is_nan() {
                    take(*at, *family, object, *value);
                }
            }
        }
    }

    /// Waits for the time of the next sample; `false` when there is to be none.
    pub fn wait(&self, time: Duration) -> bool {
        let Ok(ended) = self.ended.lock() else { return false };
        self.wake.wait_timeout_while(ended, time, |ended| !*ended).is_ok_and(|(ended, _)| !*ended)
    }

    /// Ends the sampling, so that the sampler writes what it has.
    pub fn end(&self) {
        if let Ok(mut ended) = self.ended.lock() {
            *ended = true;
        }
        self.wake.notify_all();
    }

    /// Where older figures are; none when they are not kept.
    pub fn history(&self) -> Option<&Store> {
        self.history.get()
    }

    /// Says where older figures are kept, once.
    pub fn keep_in(&self, history: Store) {
        // A second call would be a second sampler, of which the first stays right.
        let _ = self.history.set(history);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_moments_are_kept_and_gaps_stay_gaps() {
        let gauges = Gauges::default();
        assert_eq!(gauges.last(), None);
        let disk = |name: &str, value| Measured { family: Family::DiskRead, object: name.into(), value };
        for second in 0..KEPT_MAX as i64 + 10 {
            let mut values = vec![disk("sda", second as f64)];
            values.extend((second == 308).then(|| disk("sdb", 1.0)));
            gauges.push(Sample { at: Time(second * 1000), reading: Reading::default(), values });
        }
        let seen = |from: i64, group| {
            let mut seen = Vec::new();
            gauges.since(Time(from), group, |at, _, object, value| seen.push((at.0, object.to_owned(), value)));
            seen
        };
        assert_eq!(seen(0, Group::Disk).len(), KEPT_MAX + 1);
        let end = [(308_000, "sda".into(), 308.0), (308_000, "sdb".into(), 1.0), (309_000, "sda".into(), 309.0)];
        assert_eq!(seen(308_000, Group::Disk), end);
        assert!(seen(0, Group::Cpu).is_empty());
        assert_eq!(gauges.last().unwrap().at, Time(309_000));
    }
}
