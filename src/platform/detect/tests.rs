//! Small trees that look like machines.

#![allow(clippy::disallowed_methods, reason = "fixtures")]

use super::*;
use std::collections::HashMap;
use std::path::PathBuf;
use tempfile::TempDir;

/// Programs with prepared answers.
#[derive(Default)]
struct Answers(HashMap<&'static str, &'static str>);

impl Tools for Answers {
    fn find(&self, tool: Tool) -> Option<PathBuf> {
        self.0.contains_key(key(tool)).then(|| PathBuf::from("/usr/bin").join(key(tool)))
    }

    fn ask(&self, tool: Tool, _: &[&str]) -> Option<String> {
        self.0.get(key(tool)).map(|t| (*t).to_owned())
    }
}

fn key(tool: Tool) -> &'static str {
    match tool {
        Tool::Nginx => "nginx",
        Tool::Systemctl => "systemctl",
        Tool::Timedatectl => "timedatectl",
        Tool::Of(Component::Mariadb) => "mariadb",
        Tool::Of(Component::Git) => "git",
        Tool::Of(_) => "other",
    }
}

const DEBIAN: (&str, &str) = (
    "etc/os-release",
    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
);
const MEMINFO: (&str, &str) =
    ("proc/meminfo", "MemTotal:        2030524 kB\nMemFree: 9 kB\nMemAvailable:    1000000 kB\n");

fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn view<'a>(dir: &TempDir, kernel: &str, architecture: &str, tools: &'a Answers) -> View<'a> {
    View {
        root: dir.path().to_owned(),
        kernel: kernel.into(),
        architecture: architecture.into(),
        seccomp: true,
        openat2: true,
        tools,
    }
}

fn seen(files: &[(&str, &str)], kernel: &str, architecture: &str, tools: &Answers) -> Machine {
    let dir = tree(files);
    machine_in(&view(&dir, kernel, architecture, tools), dir.path())
}

#[test]
fn a_rented_debian_server() {
    let tools = Answers(HashMap::from([
        ("systemctl", "systemd 252 (252.30-1~deb12u2)\n+PAM"),
        ("nginx", NGINX_V),
        ("mariadb", "mariadb  Ver 15.1 Distrib 10.11.6-MariaDB, for debian-linux-gnu"),
    ]));
    let files = [
        DEBIAN,
        MEMINFO,
        ("run/systemd/system/.keep", ""),
        ("sys/class/dmi/id/sys_vendor", "QEMU\n"),
        ("sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009)\n"),
        ("sys/devices/system/cpu/online", "0-1\n"),
        ("proc/self/cgroup", "0::/system.slice/manara.service\n"),
        ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
        ("sys/fs/cgroup/system.slice/manara.service/memory.max", "max\n"),
        ("sys/fs/cgroup/system.slice/memory.max", "1073741824\n"),
        ("sys/fs/cgroup/system.slice/manara.service/cpu.max", "150000 100000\n"),
    ];
    let m = seen(&files, "6.1.0-28-amd64", "x86_64", &tools);
    assert_eq!(m.distribution.as_ref().unwrap().name, "Debian GNU/Linux 12 (bookworm)");
    assert_eq!(m.distribution.unwrap().version.as_deref(), Some("12"));
    assert_eq!(m.kernel_version, Some(Version::new(6, 1, 0)));
    assert_eq!(m.init, Init::Systemd { version: Some(252) });
    assert_eq!((m.container, m.hypervisor.as_deref(), m.wsl, m.board), (None, Some("qemu"), None, None));
    assert_eq!((m.cpus, m.memory.total_bytes), (2, 2_030_524 * 1024));
    let limits = Cgroup { version: 2, memory_bytes_max: Some(1 << 30), cpu_millis_max: Some(1500) };
    assert_eq!(m.cgroup, Some(limits));
    assert_eq!(m.components.len(), 1);
    assert_eq!(m.components[0].version, Some(Version::new(10, 11, 6)));
    assert!(m.disk.is_some_and(|d| d.total_bytes > 0));
}

#[test]
fn a_docker_container_with_limits() {
    let files = [
        DEBIAN,
        (".dockerenv", ""),
        ("proc/self/cgroup", "0::/\n"),
        ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
        ("sys/fs/cgroup/memory.max", "268435456\n"),
        ("sys/fs/cgroup/cpu.max", "max 100000\n"),
    ];
    let m = seen(&files, "6.8.0", "x86_64", &Answers::default());
    assert_eq!((m.container, m.init), (Some(Container::Docker), Init::None));
    assert_eq!(m.cgroup, Some(Cgroup { version: 2, memory_bytes_max: Some(256 << 20), cpu_millis_max: None }));
    assert_eq!((m.nginx, m.components), (None, vec![]));
}

#[test]
fn the_first_version_of_control_groups() {
    let files = [
        ("proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc\n"),
        ("proc/1/cgroup", "4:memory:/docker/abc\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
    ];
    let m = seen(&files, "4.19.0", "x86_64", &Answers::default());
    assert_eq!(m.cgroup, Some(Cgroup { version: 1, memory_bytes_max: Some(512 << 20), cpu_millis_max: Some(500) }));
    assert_eq!(m.container, Some(Container::Docker));

    let unlimited = [
        ("proc/self/cgroup", "4:memory:/\n1:cpu:/\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
    ];
    let m = seen(&unlimited, "4.19.0", "x86_64", &Answers::default());
    assert_eq!(m.cgroup, Some(Cgroup { version: 1, memory_bytes_max: None, cpu_millis_max: None }));
}

#[test]
fn a_raspberry_pi() {
    let files = [
        ("usr/lib/os-release", "ID=raspbian\nID_LIKE=debian\nVERSION_ID='12'\n"),
        ("proc/device-tree/model", "Raspberry Pi 3 Model B Rev 1.2\0"),
        ("proc/cpuinfo", "processor\t: 0\nprocessor\t: 1\nprocessor\t: 2\nprocessor\t: 3\n"),
    ];
    let m = seen(&files, "6.6.51+rpt-rpi-v7", "armv7l", &Answers::default());
    assert_eq!(m.board.as_deref(), Some("Raspberry Pi 3 Model B Rev 1.2"));
    assert_eq!((m.cpus, m.architecture.as_str(), m.hypervisor), (4, "armv7l", None));
    let distribution = m.distribution.unwrap();
    assert_eq!((distribution.name.as_str(), distribution.like), ("raspbian", vec!["debian".to_owned()]));
}

#[test]
fn windows_subsystem_for_linux() {
    let cpu = [("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n")];
    let two = seen(&cpu, "5.15.167.4-microsoft-standard-WSL2", "x86_64", &Answers::default());
    assert_eq!((two.wsl, two.hypervisor.as_deref()), (Some(Wsl::Two), Some("unknown")));
    let one = seen(&[], "4.4.0-19041-Microsoft", "x86_64", &Answers::default());
    assert_eq!(one.wsl, Some(Wsl::One));
}

#[test]
fn containers_by_every_mark_they_leave() {
    type Case = (&'static [(&'static str, &'static str)], Option<Container>);
    let cases: &[Case] = &[
        (&[("run/.containerenv", "")], Some(Container::Podman)),
        (&[("run/systemd/container", "lxc\n")], Some(Container::Lxc)),
        (&[("run/systemd/container", "systemd-nspawn\n")], Some(Container::Nspawn)),
        (&[("proc/1/environ", "TERM=linux\0container=podman\0")], Some(Container::Podman)),
        (&[("proc/1/environ", "container=new-thing\0")], Some(Container::Other)),
        (&[("run/secrets/kubernetes.io/serviceaccount/token", "")], Some(Container::Kubernetes)),
        (&[("proc/1/cgroup", "1:name=systemd:/kubepods/besteffort/pod1\n")], Some(Container::Kubernetes)),
        (&[("proc/1/cgroup", "0::/system.slice/docker-abc.scope\n")], Some(Container::Docker)),
        (&[("proc/vz/veinfo", "")], Some(Container::Openvz)),
        (&[("proc/vz/veinfo", ""), ("proc/bc/0", ""), ("proc/1/cgroup", "0::/init.scope\n")], None),
        (&[("proc/1/cgroup", "0::/init.scope\n")], None),
    ];
    for (files, expected) in cases {
        assert_eq!(seen(files, "6.1", "x86_64", &Answers::default()).container, *expected, "{files:?}");
    }
}

const NGINX_V: &str = "nginx version: nginx/1.22.1
built with OpenSSL 3.0.15 3 Sep 2024 (running with OpenSSL 3.0.17 1 Jul 2025)
TLS SNI support enabled
configure arguments: --with-cc-opt='-g -O2 --with-fake_module -fPIC' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --with-compat --with-threads --with-http_ssl_module --with-http_v2_module --with-stream=dynamic --with-http_geoip_module=dynamic
";

#[test]
fn what_nginx_says_about_itself() {
    let build = NginxBuild::parse("/usr/sbin/nginx", NGINX_V).unwrap();
    assert_eq!((build.version, build.tls.as_deref()), (Version::new(1, 22, 1), Some("OpenSSL 3.0.17")));
    assert_eq!(build.conf_path.as_deref(), Some("/etc/nginx/nginx.conf"));
    assert!(build.has("http_v2_module") && build.has("threads"));
    assert!(!build.has("stream") && !build.has("http_v3_module") && !build.has("fake_module"));
    assert!(build.modules.contains(&Module { name: "stream".into(), dynamic: true }));
    let fork =
        NginxBuild::parse("/x", "nginx version: openresty/1.25.3.1\nconfigure arguments: --with-x_module").unwrap();
    assert_eq!((fork.version, fork.tls), (Version::new(1, 25, 3), None));
    assert_eq!(NginxBuild::parse("/x", "segmentation fault"), None);
}

#[test]
fn ports_with_their_owners_and_foreign_sites() {
    let dir = tree(&[
        (
            "proc/net/tcp",
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0\n   \
             1: 0100007F:01BB 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0\n",
        ),
        ("proc/77/comm", "apache2\n"),
        ("proc/77/fd/.keep", ""),
        ("etc/nginx/sites-enabled/default", "# server { }\nserver\n{ listen 80 default_server; }\n"),
        ("etc/nginx/conf.d/upstream.conf", "upstream a { server 127.0.0.1:1; }\n"),
        ("etc/nginx/conf.d/manara.conf", "server { }\n"),
        ("etc/nginx/manara/ownership", "shared\n"),
        ("etc/nginx/manara/adopted/nginx.conf", "events { }\n"),
        ("etc/nginx/conf.d/old.conf.bak", "server { }\n"),
    ]);
    std::os::unix::fs::symlink("socket:[4242]", dir.path().join("proc/77/fd/3")).unwrap();
    let tools = Answers(HashMap::from([("timedatectl", "no\n")]));
    let nginx = dir.path().join("etc/nginx");
    let sight = look(&view(&dir, "6.1", "x86_64", &tools), dir.path(), &dir.path().join("none"), &nginx, &[80, 443]);
    assert_eq!(sight.listeners, [Listener { port: 80, process: Some("apache2".into()) }]);
    assert_eq!(sight.foreign_vhosts, ["/etc/nginx/sites-enabled/default"]);
    assert_eq!(sight.nginx_ownership, Some(crate::platform::nginx::Ownership::Shared));
    assert!(sight.nginx_adopted);
    assert_eq!((sight.clock_synchronised, sight.key_file), (Some(false), None));
    assert!(sight.data_dir.is_some());
}

#[test]
fn this_very_machine_is_seen() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let real = View::real();
    let m = machine(Path::new("/var/lib/manara/not/there"));
    assert!(m.memory.total_bytes > 0 && m.cpus > 0 && m.disk.is_some() && m.kernel_version.is_some());
    assert_eq!(m.nginx.is_some(), real.tools.find(Tool::Nginx).is_some());
    let sight = look(&real, Path::new("/"), Path::new("/etc/passwd"), Path::new("/none"), &[port]);
    assert_eq!(sight.listeners.len(), 1);
    assert!(sight.listeners[0].process.is_some(), "one's own sockets can be named");
    assert!(sight.key_file.is_some_and(|f| f.bytes > 0 && f.mode & 0o004 != 0));
}
