use super::*;
use std::collections::HashSet;

fn value(list: &[Measured], family: Family, object: &str) -> Option<f64> {
    list.iter().find(|m| m.family == family && m.object == object).map(|m| m.value)
}

#[test]
fn the_kernels_texts_are_read_by_their_columns() {
    let (all, cores) = kernel::cpu("cpu  10 5 20 100 15 1 2 3 7 7\ncpu0 1 1 1 1\nintr 5\n");
    assert_eq!(
        (all.user, all.nice, all.system, all.idle, all.iowait, all.steal, cores.len()),
        (10, 5, 20, 100, 15, 3, 1)
    );
    assert_eq!(kernel::load("0.50 0.25 0.10 2/345 999\n"), ([0.5, 0.25, 0.1], (2, 345)));
    let memory = kernel::memory(
        "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\nBuffers: 3 kB\nSwapTotal: 8 kB\nSwapFree: 2 kB\n",
    );
    assert_eq!((memory.total, memory.available, memory.free, memory.buffers), (1_024_000, 409_600, 1024, 3072));
    let text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=200\n";
    assert_eq!(kernel::pressure(text), Some(Pressure { some: 1500, full: 200 }));
    assert_eq!(kernel::pressure(""), None);
    let own = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 7 3 0 0 20 0 1 0 100 1000000 250 1844674407";
    assert_eq!(kernel::own(own), (10, 250));
}

#[test]
fn whole_disks_and_real_interfaces_are_followed() {
    let line = |name: &str| format!("   8 0 {name} 10 0 200 30 20 0 400 50 0 60 80 0 0 0 0\n");
    let names = ["sda", "sda1", "sdaa", "nvme0n1", "nvme0n1p1", "loop0", "dm-0", "mmcblk0", "mmcblk0p2"];
    let disks = kernel::disks(&names.map(line).concat());
    assert_eq!(disks.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["sda", "sdaa", "nvme0n1", "mmcblk0"]);
    let sda = &disks[0];
    assert_eq!((sda.reads, sda.writes, sda.read_bytes, sda.written_bytes), (10, 20, 102_400, 204_800));
    assert_eq!((sda.read_ms, sda.write_ms, sda.busy_ms), (30, 50, 60));
    let counters = "5 1 1 3 0 0 0 0 7 1 2 4 0 0 0 0";
    let text = format!("h\nh\n  lo: {counters}\neth0:{counters}\nveth12ab: {counters}\n");
    let found = kernel::interfaces(&text);
    let errors =
        Interface { receive_errors: 1, send_errors: 2, receive_drops: 3, send_drops: 4, ..Interface::default() };
    assert_eq!(found, [Interface { name: "eth0".into(), received: 5, sent: 7, ..errors }]);
}

#[test]
fn a_container_has_the_memory_and_time_it_was_given() {
    let machine = Memory { total: 1000, available: 900, free: 800, ..Memory::default() };
    let inside = kernel::within_limit(machine, Some((400, 100)));
    assert_eq!((inside.total, inside.available, inside.free), (400, 300, 300));
    assert_eq!(kernel::within_limit(machine, Some((u64::MAX, 100))), machine, "no limit is no limit");
    assert_eq!(kernel::quota("150000 100000", "usage_usec 42\nuser_usec 1"), Some((42, 1_500_000)));
    assert_eq!(kernel::quota("max 100000", "usage_usec 42"), None);
    let at = |used| Reading { quota: Some((used, 1_500_000)), ..Reading::default() };
    assert_eq!(value(&between(&at(0), &at(750_000), 1.0, 100.0), Family::CpuQuota, ""), Some(50.0));
}

#[test]
fn rates_are_differences_over_time() {
    let disk = |reads, read_bytes, read_ms, busy_ms| DiskIo {
        name: "sda".into(),
        reads,
        read_bytes,
        read_ms,
        busy_ms,
        ..DiskIo::default()
    };
    let nic = |received, sent| Interface { name: "eth0".into(), received, sent, ..Interface::default() };
    let before = Reading {
        cpu: CpuTimes { user: 10, idle: 90, ..CpuTimes::default() },
        cores: vec![CpuTimes { user: 10, idle: 90, ..CpuTimes::default() }],
        disks: vec![disk(0, 0, 0, 0)],
        interfaces: vec![nic(1000, 50)],
        pressure: [Some(Pressure { some: 0, full: 0 }), None, None],
        own_ticks: 100,
        ..Reading::default()
    };
    let after = Reading {
        cpu: CpuTimes { user: 40, system: 20, idle: 140, ..CpuTimes::default() },
        cores: vec![CpuTimes { user: 60, idle: 140, ..CpuTimes::default() }],
        disks: vec![disk(4, 8192, 10, 500)],
        interfaces: vec![nic(5000, 10)],
        pressure: [Some(Pressure { some: 500_000, full: 0 }), None, None],
        own_ticks: 102,
        ..Reading::default()
    };
    let list = between(&before, &after, 2.0, 100.0);
    let of = |family, object: &str| value(&list, family, object);
    assert_eq!((of(Family::CpuUser, ""), of(Family::CpuSystem, "")), (Some(30.0), Some(20.0)));
    assert_eq!(of(Family::Core, "0"), Some(50.0));
    assert_eq!((of(Family::DiskRead, "sda"), of(Family::DiskBusy, "sda")), (Some(4096.0), Some(25.0)));
    assert_eq!(of(Family::DiskLatency, "sda"), Some(2.5));
    assert_eq!(of(Family::NetworkReceived, "eth0"), Some(2000.0));
    assert_eq!(of(Family::NetworkSent, "eth0"), Some(0.0), "a counter that went back is no traffic");
    assert_eq!((of(Family::PressureCpu, ""), of(Family::PressureIo, "")), (Some(25.0), None));
    assert_eq!(of(Family::PanelCpu, ""), Some(1.0));
}

#[test]
fn mounts_are_listed_once_and_the_panels_own_first() {
    let dir = tempfile::tempdir().unwrap();
    let mounts =
        "/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/vda /srv ext4 rw 0 0\n/dev/loop1 /snap squashfs ro 0 0\n";
    let found = places::spaces(dir.path(), mounts);
    assert_eq!(found.iter().filter(|s| s.mount == "/").count(), 1);
    assert!(found.iter().all(|s| s.mount != "/proc" && s.mount != "/srv" && s.mount != "/snap"), "{found:?}");
    assert!(found[0].total > 0);
}

#[test]
fn sensors_have_names_and_degrees() {
    let dir = tempfile::tempdir().unwrap();
    for (zone, kind, temp) in [("thermal_zone0", "cpu-thermal", "51234"), ("thermal_zone1", "cpu-thermal", "40000")] {
        let folder = dir.path().join("thermal").join(zone);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("type"), kind).unwrap();
        std::fs::write(folder.join("temp"), temp).unwrap();
    }
    let found = places::temperatures(dir.path());
    let names: Vec<_> = found.iter().map(|t| (t.name.as_str(), t.celsius)).collect();
    assert_eq!(names, [("cpu-thermal", 51.234), ("cpu-thermal#2", 40.0)]);
}

#[test]
fn names_of_families_are_unique_and_those_of_the_api() {
    let mut seen = HashSet::new();
    for family in Family::ALL {
        assert!(seen.insert(family.text()));
        assert_eq!(serde_json::to_value(family).unwrap(), family.text());
    }
}

#[test]
fn this_machine_has_memory_processors_and_a_disk() {
    let reading = Meter::new(Path::new("/")).read();
    assert!(reading.memory.total > reading.memory.available && reading.memory.available > 0);
    assert!(!reading.cores.is_empty() && reading.cpu.idle > 0);
    assert!(reading.spaces[0].total > 0 && reading.own_memory > 0 && reading.tasks.1 > 0);
}
