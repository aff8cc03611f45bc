//! Answering with the past: from the ring for the last minutes, else from the finest step that is kept long enough, of
//! which a few values become one where there would be more than was asked for.

use super::pack::{Joined, Spread, unpack};
use super::recorder::{STEPS, floor};
use crate::base::clock::Time;
use crate::base::{Error, FieldProblem, Result};
use crate::engine::gauges::Gauges;
use crate::platform::metrics::{Family, Group, Unit};
use crate::store::series;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// How far the ring of single seconds goes back, in seconds.
const RING_S: i64 = 300;

/// How much later a question may be answered than its beginning was meant, in seconds.
const LATE_S: i64 = 30;

/// Values of a finer step that become one rather than that a much coarser step is answered.
const JOINED_MAX: i64 = 4;

/// So many values become one, where that is enough: steps that people know, such as two minutes.
const ROUND: [i64; 7] = [1, 2, 3, 5, 6, 10, 15];

/// Points of one line, when nobody says how many.
pub const POINTS_DEFAULT: u32 = 300;

/// One line of a chart. Values stand at `from`, `from` + step …; `null` where nothing was measured.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Line {
    /// What is measured.
    pub family: Family,
    /// Of which disk, interface …; empty where there is one only.
    pub object: String,
    /// The unit.
    pub unit: Unit,
    /// Mean values.
    pub mean: Vec<Option<f64>>,
    /// Greatest values.
    pub peak: Vec<Option<f64>>,
}

/// The lines of one chart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct History {
    /// Time of the first value.
    pub from: Time,
    /// Seconds between two values.
    pub step_s: i64,
    /// The lines.
    pub lines: Vec<Line>,
}

/// What was measured of `group` from `from` until before `to`, in at most about `points` values a line.
/// Error: `bad_input` when there is no time between the two.
pub fn history((gauges, now): (&Gauges, Time), group: Group, (from, to): (Time, Time), points: u32) -> Result<History> {
    if to <= from {
        return Err(Error::bad_field(FieldProblem::new("to", "not_after").with("other", "from")));
    }
    let span = to.since_s(from).max(1);
    let wanted = i64::from(points.max(1));
    let age = now.since_s(from);
    // What is asked for to the second is asked a moment later.
    let fits = |step: i64, kept: i64, most: i64| age <= kept + LATE_S && span / step <= most;
    if age <= RING_S && span <= wanted {
        let mut grid = Grid::new(from, to, 1);
        seconds(gauges, group, &mut grid, from);
        return Ok(grid.answer());
    }
    let fine = STEPS.iter().find(|(step, kept)| fits(*step, *kept, wanted * JOINED_MAX));
    let (step, kept) = *fine.unwrap_or(&STEPS[STEPS.len() - 1]);
    // More than was asked for: several of them become one value.
    let needed = (span / step + wanted - 1) / wanted;
    let wide = step * ROUND.into_iter().find(|joined| *joined >= needed).unwrap_or(needed);
    let mut grid = Grid::new(from, to, wide);
    let from = grid.from.max(now.plus_s(-kept));
    let last = stored(gauges, group, &mut grid, (step, from, to))?;
    // What was measured since the last writing.
    seconds(gauges, group, &mut grid, last.map_or(from, |at| at.plus_s(step)).max(now.plus_s(-RING_S)));
    Ok(grid.answer())
}

fn seconds(gauges: &Gauges, group: Group, grid: &mut Grid, from: Time) {
    gauges.since(from, group, |at, family, object, value| grid.add(at, (family, object), Spread::of(value)));
}

/// Adds what is stored; the time of the last point of all.
fn stored(gauges: &Gauges, group: Group, grid: &mut Grid, (step, from, to): (i64, Time, Time)) -> Result<Option<Time>> {
    let Some(store) = gauges.history() else { return Ok(None) };
    store.read(|tx| {
        let families: HashMap<&str, Family> = Family::ALL.iter().map(|f| (f.text(), *f)).collect();
        let mine: HashMap<u16, (Family, String)> = series::list(tx)?
            .into_iter()
            .filter_map(|s| Some((s.id, (*families.get(s.family.as_str())?, s.object))))
            .filter(|(_, (family, _))| family.group() == group)
            .collect();
        for point in series::range(tx, step, from, to)? {
            for (id, spread) in unpack(&point.body) {
                if let Some((family, object)) = mine.get(&id) {
                    grid.add(point.at, (*family, object), spread);
                }
            }
        }
        series::last(tx, step, to)
    })
}

/// Values by time, on a regular grid.
struct Grid {
    from: Time,
    step: i64,
    cells: usize,
    lines: BTreeMap<(usize, String), BTreeMap<usize, Joined>>,
}

impl Grid {
    fn new(from: Time, to: Time, step: i64) -> Self {
        let from = floor(from, step);
        let cells = usize::try_from((to.0 - from.0 + step * 1000 - 1) / (step * 1000)).unwrap_or(0);
        Self { from, step, cells, lines: BTreeMap::new() }
    }

    fn add(&mut self, at: Time, (family, object): (Family, &str), spread: Spread) {
        let cell = usize::try_from((at.0 - self.from.0).div_euclid(self.step * 1000)).unwrap_or(usize::MAX);
        let order = Family::ALL.iter().position(|f| *f == family).unwrap_or_default();
        if cell < self.cells {
            let line = self.lines.entry((order, object.to_owned())).or_default();
            line.entry(cell).or_default().add(0, spread);
        }
    }

    fn answer(self) -> History {
        let Grid { from, step, cells, lines } = self;
        let line = |((order, object), values): ((usize, String), BTreeMap<usize, Joined>)| {
            let family = Family::ALL[order];
            let (mut mean, mut peak) = (vec![None; cells], vec![None; cells]);
            for (cell, joined) in values {
                if let Some(spread) = joined.values().remove(&0) {
                    mean[cell] = Some(super::rounded(family, f64::from(spread.mean)));
                    peak[cell] = Some(super::rounded(family, f64::from(spread.peak)));
                }
            }
            Line { family, object, unit: family.unit(), mean, peak }
        };
        History { from, step_s: step, lines: lines.into_iter().map(line).collect() }
    }
}
