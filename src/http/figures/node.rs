//! The machine's counters under the names of Prometheus' own node exporter, so that dashboards and alerts made for it work.

use crate::http::counters::{head, line, single};
use crate::platform::metrics::{self, CpuTimes, DiskIo, Interface, Memory, Reading, Space};

/// Adds every family that `reading` has values for.
pub(super) fn write(reading: &Reading, out: &mut String) {
    processors(reading, out);
    memory(&reading.memory, out);
    spaces(&reading.spaces, out);
    disks(&reading.disks, out);
    interfaces(&reading.interfaces, out);
    let degrees = |t: &metrics::Temperature| (label("chip", &t.name), t.celsius);
    each(out, "node_hwmon_temp_celsius", "gauge", "Temperature.", &reading.temperatures, degrees);
    let own = reading.own_ticks as f64 / f64::from(metrics::ticks_per_second());
    single(out, "process_cpu_seconds_total", "counter", "Processor time of the panel.", own);
}

fn spaces(spaces: &[Space], out: &mut String) {
    let mut gauge = |name: &str, help: &str, value: fn(&Space) -> u64| {
        each(out, name, "gauge", help, spaces, |s| (label("mountpoint", &s.mount), value(s)));
    };
    gauge("node_filesystem_size_bytes", "Size of the file system.", |s| s.total);
    gauge("node_filesystem_avail_bytes", "What users may still write.", |s| s.available);
    gauge("node_filesystem_files", "Files it can hold.", |s| s.inodes);
    gauge("node_filesystem_files_free", "Files it can still hold.", |s| s.inodes_free);
}

fn disks(disks: &[DiskIo], out: &mut String) {
    let device = |d: &DiskIo| label("device", &d.name);
    let mut counter = |name: &str, help: &str, value: fn(&DiskIo) -> u64| {
        each(out, name, "counter", help, disks, |d| (device(d), value(d)));
    };
    counter("node_disk_read_bytes_total", "Bytes read.", |d| d.read_bytes);
    counter("node_disk_written_bytes_total", "Bytes written.", |d| d.written_bytes);
    counter("node_disk_reads_completed_total", "Reads that ended.", |d| d.reads);
    counter("node_disk_writes_completed_total", "Writes that ended.", |d| d.writes);
    let mut seconds = |name: &str, help: &str, ms: fn(&DiskIo) -> u64| {
        each(out, name, "counter", help, disks, |d| (device(d), ms(d) as f64 / 1000.0));
    };
    seconds("node_disk_read_time_seconds_total", "Time that reads took, all together.", |d| d.read_ms);
    seconds("node_disk_write_time_seconds_total", "Time that writes took, all together.", |d| d.write_ms);
    seconds("node_disk_io_time_seconds_total", "Time with requests under way.", |d| d.busy_ms);
}

fn interfaces(interfaces: &[Interface], out: &mut String) {
    let mut counter = |name: &str, help: &str, value: fn(&Interface) -> u64| {
        each(out, name, "counter", help, interfaces, |i| (label("device", &i.name), value(i)));
    };
    counter("node_network_receive_bytes_total", "Bytes received.", |i| i.received);
    counter("node_network_transmit_bytes_total", "Bytes sent.", |i| i.sent);
    counter("node_network_receive_errs_total", "Packets that arrived broken.", |i| i.receive_errors);
    counter("node_network_transmit_errs_total", "Packets that could not be sent.", |i| i.send_errors);
    counter("node_network_receive_drop_total", "Packets thrown away on arrival.", |i| i.receive_drops);
    counter("node_network_transmit_drop_total", "Packets thrown away before sending.", |i| i.send_drops);
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
    single(out, "node_processes_threads", "gauge", "All tasks: processes and their threads.", reading.tasks.1);
    if let Some((used_us, allowed_us)) = reading.quota {
        let used = used_us as f64 / 1e6;
        single(out, "manara_cgroup_cpu_seconds_total", "counter", "Processor time of the container.", used);
        let processors = allowed_us as f64 / 1e6;
        single(out, "manara_cgroup_cpu_limit", "gauge", "Processors the container may use.", processors);
    }
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

fn memory(memory: &Memory, out: &mut String) {
    // As the exporter does: the words of /proc/meminfo, letter by letter.
    for (word, bytes) in [
        ("MemTotal", memory.total),
        ("MemAvailable", memory.available),
        ("MemFree", memory.free),
        ("Buffers", memory.buffers),
        ("Cached", memory.cached),
        ("SwapTotal", memory.swap_total),
        ("SwapFree", memory.swap_free),
    ] {
        let name = format!("node_memory_{word}_bytes");
        single(out, &name, "gauge", "Memory of the machine, or of the container.", bytes);
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
            disks: vec![DiskIo { name: "sda".into(), busy_ms: 1500, read_ms: 250, ..DiskIo::default() }],
            memory: Memory { total: 4096, swap_free: 512, ..Memory::default() },
            tasks: (2, 345),
            quota: Some((2_500_000, 1_500_000)),
            ..Reading::default()
        };
        let mut out = String::new();
        write(&reading, &mut out);
        for line in [
            "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 1.5",
            "node_filesystem_size_bytes{mountpoint=\"/a \\\"b\\\"\\n\"} 7",
            "node_disk_io_time_seconds_total{device=\"sda\"} 1.5",
            "node_disk_read_time_seconds_total{device=\"sda\"} 0.25",
            "node_memory_MemTotal_bytes 4096",
            "node_memory_SwapFree_bytes 512",
            "node_processes_threads 345",
            "manara_cgroup_cpu_seconds_total 2.5",
            "manara_cgroup_cpu_limit 1.5",
            "process_cpu_seconds_total 0",
            "node_load1 0",
        ] {
            assert!(out.contains(&format!("{line}\n")), "{line}\n{out}");
        }
        let nics = vec![Interface { name: "eth0".into(), receive_drops: 3, ..Interface::default() }];
        interfaces(&nics, &mut out);
        assert!(out.contains("node_network_receive_drop_total{device=\"eth0\"} 3\n"), "{out}");
    }

    #[test]
    fn what_is_not_there_is_not_spoken_of() {
        let mut out = String::new();
        write(&Reading::default(), &mut out);
        assert!(!out.contains("node_network") && !out.contains("cgroup"), "{out}");
    }
}
