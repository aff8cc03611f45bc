//! The panel's figures in the text format of Prometheus.

mod node;

use super::counters::{head, line, single};
use super::pool::Lane;
use super::server::Panel;
use crate::base::Result;
use crate::store::jobs::{self, JobFilter, JobState};
use crate::store::sites::{self, SiteFilter};
use std::sync::atomic::Ordering;

/// States of a site that are counted.
const SITE_STATES: [&str; 3] = ["active", "disabled", "quarantined"];
const JOB_STATES: [JobState; 6] =
    [JobState::Queued, JobState::Running, JobState::Done, JobState::Failed, JobState::Cancelled, JobState::Undone];

/// Every family.
pub(super) fn text(panel: &Panel) -> Result<String> {
    let mut out = String::with_capacity(16 * 1024);
    panel.counters.write(&mut out);
    connections(panel, &mut out);
    database(panel, &mut out)?;
    process(panel, &mut out);
    if let Some(sample) = panel.core.gauges.last() {
        node::write(&sample.reading, &mut out);
    }
    Ok(out)
}

fn connections(panel: &Panel, out: &mut String) {
    let open = panel.counters.open.load(Ordering::Relaxed);
    single(out, "manara_http_connections", "gauge", "Open connections.", open);
    let refused = panel.counters.refused.load(Ordering::Relaxed);
    let help = "Connections refused because too many were open.";
    single(out, "manara_http_connections_refused_total", "counter", help, refused);
    single(out, "manara_event_streams", "gauge", "Open event streams.", panel.core.bus.streams());
    head(out, "manara_http_calls", "gauge", "Calls being carried out, by the lane they run in.");
    let lanes =
        [("read", Lane::Read), ("change", Lane::Change), ("sign_in", Lane::SignIn), ("download", Lane::Download)];
    for (name, lane) in lanes {
        line(out, format_args!("manara_http_calls{{lane=\"{name}\"}} {}", panel.pool.busy(lane)));
    }
}

fn database(panel: &Panel, out: &mut String) -> Result<()> {
    let store = &panel.core.store;
    let pool = store.figures();
    single(out, "manara_db_readers", "gauge", "Reading database connections.", pool.readers);
    single(out, "manara_db_readers_busy", "gauge", "Reading database connections in use.", pool.readers_busy);
    single(out, "manara_db_writer_busy", "gauge", "Whether a writing transaction is open.", u8::from(pool.writer_busy));
    single(out, "manara_db_file_bytes", "gauge", "Size of the database file.", pool.file_bytes);
    single(out, "manara_db_wal_bytes", "gauge", "Size of the write-ahead log.", pool.wal_bytes);
    let (sites, jobs) = store.read(|tx| {
        let sites = SITE_STATES.map(|state| sites::count(tx, &SiteFilter { state: Some(state), ..Default::default() }));
        let jobs = JOB_STATES.map(|state| jobs::count(tx, &JobFilter { state: Some(state), ..Default::default() }));
        Ok((sites, jobs))
    })?;
    head(out, "manara_sites", "gauge", "Sites by state.");
    for (state, count) in SITE_STATES.iter().zip(sites) {
        line(out, format_args!("manara_sites{{state=\"{state}\"}} {}", count?));
    }
    head(out, "manara_jobs", "gauge", "Jobs that are remembered, by state.");
    for (state, count) in JOB_STATES.iter().zip(jobs) {
        line(out, format_args!("manara_jobs{{state=\"{}\"}} {}", state.text(), count?));
    }
    single(out, "manara_jobs_active", "gauge", "Jobs that run or wait in this process.", panel.core.jobs.count());
    Ok(())
}

fn process(panel: &Panel, out: &mut String) {
    head(out, "manara_build_info", "gauge", "What this binary was built from.");
    let (version, commit) = (env!("CARGO_PKG_VERSION"), env!("MANARA_COMMIT"));
    line(out, format_args!("manara_build_info{{version=\"{version}\",commit=\"{commit}\"}} 1"));
    let began = panel.core.started_at.0 / 1000;
    single(out, "process_start_time_seconds", "gauge", "When the panel started, in seconds since 1970.", began);
    if let Some(bytes) = resident_bytes() {
        single(out, "process_resident_memory_bytes", "gauge", "Memory of the process.", bytes);
    }
    if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
        single(out, "process_open_fds", "gauge", "Open file descriptors.", entries.count());
    }
}

/// `VmRSS` of proc(5), in bytes.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
