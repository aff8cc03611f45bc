//! The machine's counters under the names of Prometheus' own node exporter, so that dashboards and alerts made for it work.

use crate::http::counters::{head, line, single};
use crate::platform::metrics::{self, CpuTimes, DiskIo, Interface, Reading, Space};

/// Adds every family that `reading` has values for.
pub(super) fn write(reading: &Reading, out: &mut String) {
    processors(reading, out);
    memory(reading, out);
    let help = |what: &str| format!("{what} by the kernel's count.");
    each(out, "node_filesystem_size_bytes", "gauge", "Size of the file system.", &reading.spaces, |s: &Space| {
        (mount(s), s.total)
    });
    each(out, "node_filesystem_avail_bytes", "gauge", "What users may still write.", &reading.spaces, |s| {
        (mount(s), s.available)
    });
    each(out, "node_filesystem_files", "gauge", "Files it can hold.", &reading.spaces, |s| (mount(s), s.inodes));
    each(out, "node_filesystem_files_free", "gauge", "Files it can still hold.", &reading.spaces, |s| {
        (mount(s), s.inodes_free)
    });
    let disk = |d: &DiskIo| label("device", &d.name);
    each(out, "node_disk_read_bytes_total", "counter", &help("Bytes read,"), &reading.disks, |d| {
        (disk(d), d.read_bytes)
    });
    each(out, "node_disk_written_bytes_total", "counter", &help("Bytes written,"), &reading.disks, |d| {
        (disk(d), d.written_bytes)
    });
    each(out, "node_disk_reads_completed_total", "counter", &help("Reads,"), &reading.disks, |d| (disk(d), d.reads));
    each(out, "node_disk_writes_completed_total", "counter", &help("Writes,"), &reading.disks, |d| (disk(d), d.writes));
    let busy = |d: &DiskIo| (disk(d), d.busy_ms as f64 / 1000.0);
    each(
        out,
        "node_disk_io_time_seconds_total",
        "counter",
        &help("Time with requests under way,"),
        &reading.disks,
        busy,
    );
    let device = |i: &Interface| label("device", &i.name);
    let nics = &reading.interfaces;
    each(out, "node_network_receive_bytes_total", "counter", &help("Bytes received,"), nics, |i| {
        (device(i), i.received)
    });
    each(out, "node_network_transmit_bytes_total", "counter", &help("Bytes sent,"), nics, |i| (device(i), i.sent));
    let degrees = |t: &metrics::Temperature| (label("chip", &t.name), t.celsius);
    each(out, "node_hwmon_temp_celsius", "gauge", "Temperature.", &reading.temperatures, degrees);
}

fn processors(reading: &Reading, out: &mut String) {
    let hz = f64::from(metrics::ticks_per_second());
    head(out, "node_cpu_seconds_total", "counter", "Processor time by what it was spent on.");
    for (number, times) in reading.cores.iter().enumerate() {
        for (mode, ticks) in modes(times) {
            let seconds = ticks as f64 / hz;
            line(out, format_args!("node_cpu_seconds_total{{cpu=\"{number}\",mode=\"{mode}\"}} {seconds}"));
        }
    }
    for (name, load) in ["node_load1", "node_load5", "node_load15"].iter().zip(reading.load) {
        single(out, name, "gauge", "Load average.", load);
    }
    single(out, "node_procs_running", "gauge", "Tasks that run or could run.", reading.tasks.0);
    for (name, pressure) in ["cpu", "memory", "io"].iter().zip(reading.pressure) {
        let Some(pressure) = pressure else { continue };
        let waiting = format!("node_pressure_{name}_waiting_seconds_total");
        single(out, &waiting, "counter", "Time in which some task waited.", pressure.some as f64 / 1e6);
        if *name != "cpu" {
            let stalled = format!("node_pressure_{name}_stalled_seconds_total");
            single(out, &stalled, "counter", "Time in which all tasks waited.", pressure.full as f64 / 1e6);
        }
    }
}

fn modes(times: &CpuTimes) -> [(&'static str, u64); 8] {
    let CpuTimes { user, nice, system, idle, iowait, irq, softirq, steal } = *times;
    [
        ("user", user),
        ("nice", nice),
        ("system", system),
        ("idle", idle),
        ("iowait", iowait),
        ("irq", irq),
        ("softirq", softirq),
        ("steal", steal),
    ]
}

fn memory(reading: &Reading, out: &mut String) {
    let memory = &reading.memory;
    // The exporter's names on Linux copy /proc/meminfo letter by letter, which Prometheus' own check refuses; these are
    // its names on systems without that file.
    for (name, bytes) in [
        ("node_memory_total_bytes", memory.total),
        ("node_memory_available_bytes", memory.available),
        ("node_memory_cached_bytes", memory.cached),
        ("node_memory_swap_total_bytes", memory.swap_total),
        ("node_memory_swap_used_bytes", memory.swap_total.saturating_sub(memory.swap_free)),
    ] {
        single(out, name, "gauge", "Memory of the machine, or of the container.", bytes);
    }
}

/// One family with a value an object; nothing where there is no object.
fn each<T, V: std::fmt::Display>(
    out: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    objects: &[T],
    value: impl Fn(&T) -> (String, V),
) {
    if objects.is_empty() {
        return;
    }
    head(out, name, kind, help);
    for (label, value) in objects.iter().map(value) {
        line(out, format_args!("{name}{{{label}}} {value}"));
    }
}

fn mount(space: &Space) -> String {
    label("mountpoint", &space.mount)
}

/// A label with its value escaped as the text format wants it.
fn label(name: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_node_exporter_and_values_are_escaped() {
        let reading = Reading {
            cores: vec![CpuTimes { user: 150, ..CpuTimes::default() }],
            spaces: vec![Space { mount: "/a \"b\"\n".into(), total: 7, ..Space::default() }],
            disks: vec![DiskIo { name: "sda".into(), busy_ms: 1500, ..DiskIo::default() }],
            ..Reading::default()
        };
        let mut out = String::new();
        write(&reading, &mut out);
        for line in [
            "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 1.5",
            "node_filesystem_size_bytes{mountpoint=\"/a \\\"b\\\"\\n\"} 7",
            "node_disk_io_time_seconds_total{device=\"sda\"} 1.5",
            "node_load1 0",
        ] {
            assert!(out.contains(&format!("{line}\n")), "{line}\n{out}");
        }
        assert!(!out.contains("node_network"), "nothing is said of what is not there");
    }
}
