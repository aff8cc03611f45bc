use super::history::history;
use super::recorder::{Recorder, STEPS};
use super::*;
use crate::base::Result;
use crate::engine::gauges::Gauges;
use crate::platform::metrics::Group;
use crate::store::series;
use crate::store::testing::{TestClock, store_with_clock};
use std::sync::Arc;

fn load(value: f64) -> Vec<Measured> {
    vec![Measured { family: Family::Load1, object: String::new(), value }]
}

struct Bench {
    _folder: tempfile::TempDir,
    store: crate::store::Store,
    clock: Arc<TestClock>,
    gauges: Gauges,
}

impl Bench {
    fn new() -> Self {
        let (folder, store, clock) = store_with_clock();
        let history = series::open(&store).unwrap();
        let gauges = Gauges::default();
        gauges.keep_in(history);
        Self { _folder: folder, store, clock, gauges }
    }

    fn recorder(&self) -> Recorder {
        Recorder::new(self.gauges.history().unwrap().clone(), self.store.now()).unwrap()
    }

    /// Samples for `seconds`, one a second, of the values that `value` makes of the time.
    fn sample(&self, recorder: &mut Recorder, seconds: i64, value: impl Fn(i64) -> f64) -> Result<()> {
        for second in 0..seconds {
            self.clock.advance_s(1);
            let (at, values) = (self.store.now(), load(value(second)));
            recorder.add(at, &values)?;
            self.gauges.push(Sample { at, reading: Reading::default(), values });
        }
        Ok(())
    }

    fn ask(&self, back_s: i64, points: u32) -> History {
        let now = self.store.now();
        history((&self.gauges, now), Group::Load, (now.plus_s(-back_s), now), points).unwrap()
    }
}

#[test]
fn the_last_minutes_come_second_by_second() {
    let bench = Bench::new();
    bench.sample(&mut bench.recorder(), 20, |second| second as f64).unwrap();
    let seen = bench.ask(10, 60);
    assert_eq!((seen.step_s, seen.lines.len()), (1, 1));
    let line = &seen.lines[0];
    assert_eq!((line.family, line.mean.len()), (Family::Load1, 10));
    assert_eq!(line.mean.last().unwrap(), &Some(18.0), "the second of the end is not over");
}

#[test]
fn older_figures_come_in_coarser_steps_up_to_this_moment() {
    let bench = Bench::new();
    let mut recorder = bench.recorder();
    bench.sample(&mut recorder, 2 * 3600 + 30, |second| if second % 60 == 0 { 61.0 } else { 1.0 }).unwrap();
    let hour = bench.ask(3600, 60);
    assert_eq!((hour.step_s, hour.lines[0].mean.len()), (60, 61));
    let filled = hour.lines[0].mean.iter().flatten().count();
    assert_eq!(filled, 61, "no gap between what is written and what waits: {:?}", hour.lines[0].mean);
    assert_eq!((hour.lines[0].mean[5], hour.lines[0].peak[5]), (Some(2.0), Some(61.0)), "peaks survive the mean");
    let long = bench.ask(2 * 3600, 12);
    assert_eq!(long.step_s, 900);
    assert_eq!(long.lines[0].mean[4], Some(2.0));
}

#[test]
fn a_restart_leaves_a_gap_and_goes_on() {
    let bench = Bench::new();
    let mut first = bench.recorder();
    bench.sample(&mut first, 600, |_| 5.0).unwrap();
    first.finish(bench.store.now()).unwrap();
    bench.clock.advance_s(600);
    bench.sample(&mut bench.recorder(), 600, |_| 7.0).unwrap();
    let seen = bench.ask(1800, 180);
    let values: Vec<_> = seen.lines[0].mean.iter().map(|v| v.map(|v| v as i32)).collect();
    let gap = values.iter().filter(|v| v.is_none()).count();
    assert_eq!(seen.step_s, 10);
    assert!((58..=63).contains(&gap), "{values:?}");
    assert!(values[..60].contains(&Some(5)) && values[125..].contains(&Some(7)), "{values:?}");
}

#[test]
fn a_clock_that_goes_back_stops_nothing() {
    let bench = Bench::new();
    let mut recorder = bench.recorder();
    bench.sample(&mut recorder, 7200, |_| 5.0).unwrap();
    bench.clock.advance_s(-3600);
    bench.sample(&mut recorder, 1200, |_| 9.0).unwrap();
    let seen = bench.ask(900, 90);
    let new = seen.lines[0].mean.iter().flatten().filter(|v| **v == 9.0).count();
    assert!(new > 80, "what was lived twice is written again: {:?}", seen.lines[0].mean);
    bench.sample(&mut recorder, 4000, |_| 9.0).unwrap();
    let now = bench.store.now();
    let last = bench.gauges.history().unwrap().read(|tx| series::last(tx, 900, now)).unwrap().unwrap();
    assert!(now.since_s(last) < 2000, "rolling up goes on");
}

#[test]
fn what_is_old_is_forgotten_and_a_year_is_one_answer() {
    let bench = Bench::new();
    let mut recorder = bench.recorder();
    bench.sample(&mut recorder, 120, |_| 1.0).unwrap();
    let history = bench.gauges.history().unwrap();
    for (step, kept) in STEPS {
        bench.clock.advance_s(kept + 7200);
        bench.sample(&mut recorder, 2 * step + 120, |_| 1.0).unwrap();
        let first = history.read(|tx| series::first(tx, step)).unwrap().unwrap();
        assert!(bench.store.now().since_s(first) <= kept + 120, "step {step}");
    }
    let year = bench.ask(365 * 86_400, 200);
    assert!(year.step_s % 3600 == 0 && year.lines.iter().all(|line| line.mean.len() <= 202), "{}", year.step_s);
}

#[test]
fn the_number_of_a_series_is_for_good() {
    let bench = Bench::new();
    let disk = |name: &str| Measured { family: Family::DiskRead, object: name.into(), value: 1.0 };
    let mut first = bench.recorder();
    first.add(bench.store.now(), &[disk("sda"), disk("sdb")]).unwrap();
    first.finish(bench.store.now()).unwrap();
    let mut second = bench.recorder();
    second.add(bench.store.now(), &[disk("sdc"), disk("sdb")]).unwrap();
    second.finish(bench.store.now()).unwrap();
    let known = bench.gauges.history().unwrap().read(series::list).unwrap();
    let names: Vec<_> = known.iter().map(|s| (s.id, s.object.as_str())).collect();
    assert_eq!(names, [(0, "sda"), (1, "sdb"), (2, "sdc")]);
}

#[test]
fn each_range_comes_in_steps_that_people_know() {
    let bench = Bench::new();
    let steps =
        [3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400].map(|back| bench.ask(back, 1000).step_s);
    assert_eq!(steps, [10, 30, 120, 900, 2700, 10 * 3600]);
    // A question for the last six hours is answered a moment later.
    assert_eq!(bench.ask(6 * 3600 + 5, 1000).step_s, 30);
}

#[test]
fn a_span_without_time_is_refused() {
    let bench = Bench::new();
    let now = bench.store.now();
    let refused = history((&bench.gauges, now), Group::Cpu, (now, now), 10).unwrap_err();
    assert_eq!(refused.kind(), crate::base::Kind::BadInput);
}
