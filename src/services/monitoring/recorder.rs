//! Keeping figures: ten-second steps, written once a minute so that a board's memory card is spared, and rolled up into
//! ever coarser ones. What a crash loses is the last minute.

use super::pack::{Joined, Spread, Values, pack, unpack};
use crate::base::Result;
use crate::base::clock::Time;
use crate::platform::metrics::Measured;
use crate::store::series::{self, Point, Series};
use crate::store::{Store, Tx};
use std::collections::HashMap;

/// The steps of the history in seconds, finest first, each with the time it is kept, in seconds.
pub(super) const STEPS: [(i64, i64); 4] =
    [(10, 6 * 3600), (60, 8 * 86_400), (900, 92 * 86_400), (3600, 2 * 366 * 86_400)];

/// Time between two writes, in seconds.
const WRITE_S: i64 = 60;

/// Series that are followed at most: a machine whose interfaces have a new name every day must not fill the disk.
const SERIES_MAX: usize = 1024;

/// Steps that wait for a disk with room again; older ones are given up.
const WAITING_MAX: usize = 360;

/// Collects samples and writes them.
pub(super) struct Recorder {
    store: Store,
    ids: HashMap<(&'static str, String), u16>,
    unsaved: Vec<Series>,
    current: (i64, Joined),
    waiting: Vec<(Time, Values)>,
    written_at: Time,
}

impl Recorder {
    /// Goes on where the history in `store` ends.
    pub(super) fn new(store: Store, now: Time) -> Result<Self> {
        let known = store.read(series::list)?;
        let families: HashMap<&str, &'static str> =
            crate::platform::metrics::Family::ALL.iter().map(|f| (f.text(), f.text())).collect();
        // A family that a newer release had is nobody's here, but its number stays taken.
        let ids =
            known.iter().map(|s| ((families.get(s.family.as_str()).copied().unwrap_or(""), s.object.clone()), s.id));
        Ok(Self {
            ids: ids.collect(),
            store,
            unsaved: vec![],
            current: (i64::MIN, Joined::default()),
            waiting: vec![],
            written_at: now,
        })
    }

    /// Adds the values of the moment `at`; once a minute this writes.
    pub(super) fn add(&mut self, at: Time, values: &[Measured]) -> Result<()> {
        let begun = floor(at, STEPS[0].0);
        if begun.0 != self.current.0 {
            self.close();
            self.current.0 = begun.0;
        }
        for measured in values {
            if let Some(id) = self.id(measured) {
                self.current.1.add(id, Spread::of(measured.value as f32));
            }
        }
        // A clock that went back must not stop the writing until it catches up.
        if at.since_s(self.written_at).abs() >= WRITE_S {
            self.written_at = at;
            return self.write(begun);
        }
        Ok(())
    }

    /// Writes what is there, before the panel ends.
    pub(super) fn finish(&mut self, at: Time) -> Result<()> {
        self.close();
        self.write(floor(at, STEPS[0].0))
    }

    fn close(&mut self) {
        let joined = std::mem::take(&mut self.current.1);
        if !joined.is_empty() {
            self.waiting.push((Time(self.current.0), joined.values()));
            let over = self.waiting.len().saturating_sub(WAITING_MAX);
            self.waiting.drain(..over);
        }
    }

    fn id(&mut self, measured: &Measured) -> Option<u16> {
        let key = (measured.family.text(), measured.object.clone());
        if let Some(id) = self.ids.get(&key) {
            return Some(*id);
        }
        if self.ids.len() >= SERIES_MAX {
            return None;
        }
        let id = self.ids.values().max().map_or(0, |last| last + 1);
        self.unsaved.push(Series { id, family: key.0.to_owned(), object: key.1.clone() });
        self.ids.insert(key, id);
        Some(id)
    }

    fn write(&mut self, until: Time) -> Result<()> {
        self.store.write(|tx| {
            self.unsaved.iter().try_for_each(|series| series::add(tx, series))?;
            for (at, values) in &self.waiting {
                series::put(tx, STEPS[0].0, &Point { at: *at, body: pack(values) })?;
            }
            for pair in STEPS.windows(2) {
                roll_up(tx, pair[0].0, pair[1].0, until)?;
            }
            STEPS.iter().try_for_each(|(step, kept)| series::forget(tx, *step, until.plus_s(-kept)).map(drop))
        })?;
        self.unsaved.clear();
        self.waiting.clear();
        Ok(())
    }
}

/// The beginning of the step that `at` is in.
pub(super) fn floor(at: Time, step_s: i64) -> Time {
    let step = step_s * 1000;
    Time(at.0.div_euclid(step) * step)
}

/// Makes the points of `coarse` that are complete by `until` and were not made yet, out of those of `fine`.
fn roll_up(tx: &Tx, fine: i64, coarse: i64, until: Time) -> Result<()> {
    let end = floor(until, coarse);
    let from = match series::last(tx, coarse, end)? {
        Some(last) => last.plus_s(coarse),
        None => match series::first(tx, fine)? {
            Some(first) => floor(first, coarse),
            None => return Ok(()),
        },
    };
    let mut open: Option<(Time, Joined)> = None;
    for point in series::range(tx, fine, from, end)? {
        let begun = floor(point.at, coarse);
        if open.as_ref().is_some_and(|(at, _)| *at != begun) {
            put(tx, coarse, open.take())?;
        }
        let (_, joined) = open.get_or_insert_with(|| (begun, Joined::default()));
        unpack(&point.body).for_each(|(id, spread)| joined.add(id, spread));
    }
    put(tx, coarse, open)
}

fn put(tx: &Tx, step: i64, joined: Option<(Time, Joined)>) -> Result<()> {
    let Some((at, joined)) = joined else { return Ok(()) };
    series::put(tx, step, &Point { at, body: pack(&joined.values()) })
}
