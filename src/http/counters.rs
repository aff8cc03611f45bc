//! How many requests there were, how they ended and how long they took; counted without locks.

use crate::ops;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Requests that no route took.
pub(super) const UNKNOWN: usize = 0;
/// Files of the browser.
pub(super) const ASSETS: usize = 1;
/// `/health/live`
pub(super) const LIVE: usize = 2;
/// `/health/ready`
pub(super) const READY: usize = 3;
/// `/health/metrics`
pub(super) const METRICS: usize = 4;
/// `/api/v1/openapi.json`
pub(super) const OPENAPI: usize = 5;
/// Operations follow in the order of the registry.
const FIRST_OP: usize = 6;

const NAMES: [&str; FIRST_OP] = ["unknown", "assets", "health.live", "health.ready", "health.metrics", "openapi"];

/// Every status the panel answers with; another one would be counted as 500.
const STATUSES: [u16; 22] =
    [200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 414, 415, 421, 422, 429, 502, 503, 500];

/// Upper bounds of the histogram, in microseconds, with the texts they are shown as (seconds).
const BOUNDS: [(u64, &str); 10] = [
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (20_000, "0.02"),
    (100_000, "0.1"),
    (500_000, "0.5"),
    (2_500_000, "2.5"),
    (10_000_000, "10"),
];

#[derive(Default)]
struct Route {
    statuses: [AtomicU64; STATUSES.len()],
    buckets: [AtomicU64; BOUNDS.len()],
    micros: AtomicU64,
}

/// The figures of one run.
pub(super) struct Counters {
    routes: Vec<Route>,
    /// Connections that are open.
    pub(super) open: AtomicUsize,
    /// Connections that were refused because there were too many.
    pub(super) refused: AtomicU64,
}

/// Number of the route of the operation with this number in the registry.
pub(super) fn of_op(number: usize) -> usize {
    FIRST_OP + number
}

/// Name of a route, for log and figures.
pub(super) fn name(route: usize) -> &'static str {
    match route.checked_sub(FIRST_OP) {
        None => NAMES[route],
        Some(number) => ops::ALL.get(number).map_or("unknown", |op| op.meta.id),
    }
}

impl Counters {
    /// All zero.
    pub(super) fn new() -> Self {
        let routes = (0..of_op(ops::ALL.len())).map(|_| Route::default()).collect();
        Self { routes, open: AtomicUsize::new(0), refused: AtomicU64::new(0) }
    }

    /// Counts one answer.
    pub(super) fn count(&self, route: usize, status: u16, took: Duration) {
        let Some(route) = self.routes.get(route) else { return };
        let place = STATUSES.iter().position(|s| *s == status).unwrap_or(STATUSES.len() - 1);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        route.statuses[place].fetch_add(1, Ordering::Relaxed);
        route.micros.fetch_add(micros, Ordering::Relaxed);
        if let Some(bucket) = BOUNDS.iter().position(|(bound, _)| micros <= *bound) {
            route.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Adds both families in the text format of Prometheus, without routes nobody asked for.
    pub(super) fn write(&self, out: &mut String) {
        head(out, "manara_http_requests_total", "counter", "Requests answered, by operation and status.");
        for (number, route) in self.routes.iter().enumerate() {
            for (status, count) in STATUSES.iter().zip(&route.statuses) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let route = name(number);
                    line(
                        out,
                        format_args!("manara_http_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"),
                    );
                }
            }
        }
        head(out, "manara_http_request_duration_seconds", "histogram", "Time from a request's head to its answer.");
        for (number, route) in self.routes.iter().enumerate() {
            route.write_durations(out, name(number));
        }
    }
}

impl Route {
    fn write_durations(&self, out: &mut String, route: &str) {
        // Read before the buckets: the total must never be less than one of them.
        let mut below = 0;
        let buckets: Vec<u64> = self.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
        let total: u64 = self.statuses.iter().map(|s| s.load(Ordering::Relaxed)).sum();
        if total == 0 {
            return;
        }
        const NAME: &str = "manara_http_request_duration_seconds";
        for ((_, bound), count) in BOUNDS.iter().zip(buckets) {
            below += count;
            line(out, format_args!("{NAME}_bucket{{route=\"{route}\",le=\"{bound}\"}} {below}"));
        }
        let micros = self.micros.load(Ordering::Relaxed);
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let total = total.max(below);
        line(out, format_args!("{NAME}_bucket{{route=\"{route}\",le=\"+Inf\"}} {total}"));
        line(out, format_args!("{NAME}_sum{{route=\"{route}\"}} {seconds}.{rest:06}"));
        line(out, format_args!("{NAME}_count{{route=\"{route}\"}} {total}"));
    }
}

/// Adds a family's `HELP` and `TYPE`.
pub(super) fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

/// Adds a family with one value.
pub(super) fn single(out: &mut String, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
    head(out, name, kind, help);
    line(out, format_args!("{name} {value}"));
}

/// Adds a line.
pub(super) fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_status_and_time() {
        let counters = Counters::new();
        counters.count(ASSETS, 200, Duration::from_micros(300));
        counters.count(ASSETS, 404, Duration::from_secs(60));
        counters.count(of_op(0), 599, Duration::ZERO);
        let mut out = String::new();
        counters.write(&mut out);
        for expected in [
            "manara_http_requests_total{route=\"assets\",status=\"200\"} 1",
            "manara_http_requests_total{route=\"site.list\",status=\"500\"} 1",
            "_bucket{route=\"assets\",le=\"0.00025\"} 0",
            "_bucket{route=\"assets\",le=\"10\"} 1",
            "_bucket{route=\"assets\",le=\"+Inf\"} 2",
            "_sum{route=\"assets\"} 60.000300",
        ] {
            assert!(out.contains(expected), "{expected}\n{out}");
        }
        assert!(!out.contains("openapi"));
    }
}
