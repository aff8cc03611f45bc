//! The production profile where no service manager runs, as in a container: root starts one program and two processes come
//! of it, of which the one that speaks to the world is nobody.

use crate::split::{Visitors, get, manara, signal, stop_nginx, until};
use crate::support::panel::cannot;
use crate::support::rig::free_port;
use manara::platform::files;
use rustix::process::Signal;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// An account that no machine has.
const UID: u32 = 64_242;
const CONSOLE_GID: u32 = 64_243;

struct Panel {
    root: tempfile::TempDir,
    ports: [u16; 3],
    serve: Option<Child>,
    /// Folder that stands for the one in which systemd hands the key over.
    credentials: Option<PathBuf>,
}

impl Panel {
    /// What the installer would have put there; `None` where this test cannot run.
    fn installed() -> Option<Panel> {
        if !files::is_root() {
            cannot("root", "two users need root");
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let put = |rel: &str, text: &str, mode: u32| {
            let path = root.path().join(rel);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            path
        };
        put("etc/passwd", &format!("root:x:0:0::/:\nmanara:x:{UID}:{UID}::/:/usr/sbin/nologin\n"), 0o644);
        put("etc/group", &format!("manara:x:{UID}:\nmanara-admin:x:{CONSOLE_GID}:\n"), 0o644);
        put("etc/manara/manara.toml", "profile = \"production\"\n", 0o644);
        let key = put("etc/manara/secret.key", "0123456789abcdef0123456789abcdef", 0o640);
        chown(key, Some(0), Some(UID)).unwrap();
        Some(Panel { root, ports: [free_port(), free_port(), free_port()], serve: None, credentials: None })
    }

    fn start(&mut self) {
        let listen = format!("127.0.0.1:{}", self.ports[2]);
        let mut serve = manara(self.root.path(), self.sites(), &["serve", "--listen", &listen]);
        let log = std::fs::File::options().create(true).append(true).open(self.root.path().join("log")).unwrap();
        serve.env("NOTIFY_SOCKET", self.root.path().join("notify")).env("WATCHDOG_USEC", "200000");
        serve.envs(self.credentials.as_ref().map(|folder| ("CREDENTIALS_DIRECTORY", folder)));
        self.serve = Some(serve.stderr(log).spawn().unwrap());
        until("the panel answers", || self.run(&["site", "list"], "").0 == 0);
    }

    fn sites(&self) -> [u16; 2] {
        [self.ports[0], self.ports[1]]
    }

    fn run(&self, args: &[&str], input: &str) -> (i32, String) {
        let mut child = manara(self.root.path(), self.sites(), args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    fn pid(&self) -> u32 {
        self.serve.as_ref().unwrap().id()
    }

    /// Process id of the host: the panel's child.
    fn host(&self) -> u32 {
        let children = format!("/proc/{0}/task/{0}/children", self.pid());
        std::fs::read_to_string(children).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Waits for the panel's end, and tells its exit code.
    fn ended(&mut self) -> Option<i32> {
        let mut serve = self.serve.take().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = serve.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the panel does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        if let Some(mut serve) = self.serve.take() {
            serve.kill().unwrap();
            serve.wait().unwrap();
        }
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{log}");
        }
        stop_nginx(self.root.path());
    }
}

/// A line of `/proc/PID/status` (proc(5)).
fn status(pid: u32, line: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let found = text.lines().find_map(|l| l.strip_prefix(&format!("{line}:")));
    found.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_gone(pid: u32) -> bool {
    !Path::new(&format!("/proc/{pid}/cmdline")).exists() || status(pid, "State").starts_with('Z')
}

#[test]
fn root_starts_two_processes_and_the_panel_is_nobody() {
    let Some(mut panel) = Panel::installed() else { return };
    let told = UnixDatagram::bind(panel.root.path().join("notify")).unwrap();
    std::fs::set_permissions(panel.root.path().join("notify"), std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .unwrap();
    panel.start();
    let (serve, host) = (panel.pid(), panel.host());
    let next = || {
        let mut text = [0; 64];
        let n = told.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..n]).into_owned()
    };
    assert_eq!([next(), next(), next()], ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    let four = |id: u32| format!("{id} {id} {id} {id}");
    assert_eq!((status(serve, "Uid"), status(serve, "Gid")), (four(UID), four(UID)));
    assert_eq!(status(serve, "Groups"), CONSOLE_GID.to_string());
    for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
        assert_eq!(status(serve, set), "0000000000000000", "{set}");
    }
    assert_eq!(status(serve, "NoNewPrivs"), "1");
    assert_eq!(status(host, "Uid"), four(0));
    let owner = |rel: &str| {
        let about = std::fs::metadata(panel.root.path().join(rel)).unwrap();
        (about.uid(), about.gid(), about.mode() & 0o7777)
    };
    assert_eq!(owner("run/manara-host/host.sock"), (0, UID, 0o660));
    assert_eq!(owner("run/manara"), (UID, CONSOLE_GID, 0o750));
    assert_eq!(owner("var/lib/manara"), (UID, UID, 0o700));
    assert_eq!(owner("var/lib/manara/manara.db"), (UID, UID, 0o600));
    assert_eq!(owner("var/lib/manara-host"), (0, 0, 0o700));

    // A panel of another version is turned away, and the journal says so with both numbers.
    let mut stranger = UnixStream::connect(panel.root.path().join("run/manara-host/host.sock")).unwrap();
    stranger.write_all(b"POST /v1/call HTTP/1.1\r\nHost: h\r\nManara-Version: 9\r\nContent-Length: 0\r\n\r\n").unwrap();
    stranger.read_to_end(&mut vec![]).unwrap();
    let log = std::fs::read_to_string(panel.root.path().join("log")).unwrap();
    let told = log.lines().find(|line| line.contains("wire_version")).unwrap();
    assert!(told.contains("\"level\":\"warn\"") && told.contains('9'), "{told}");

    let (code, said) = panel.run(&["claim", "--user", "admin", "--password-stdin"], "a long pass phrase\n");
    assert_eq!(code, 0, "{said}");
    let (code, said) = panel.run(&["site", "create", "--domain", "a.test", "--kind", "static"], "");
    assert_eq!(code, 0, "{said}");
    assert_eq!(get(panel.ports[0], "a.test"), Some(200));
    let visitors = Visitors::of(panel.ports[0], "a.test");
    let log = std::fs::read_to_string(panel.root.path().join("log")).unwrap();
    let switch = log.lines().find(|line| line.contains("\"op\":\"nginx_switch\"") && !line.contains("\"actor\":\"\""));
    assert!(switch.is_some_and(|line| line.contains("\"actor\":\"root@console\"")), "{switch:?}");

    // Either one is killed: the other one ends, and says why.
    signal(host, Signal::KILL);
    assert_eq!(panel.ended(), Some(5));
    panel.start();
    let host = panel.host();
    signal(panel.pid(), Signal::KILL);
    assert_eq!(panel.ended(), None);
    until("the host ends with its panel", || is_gone(host));
    panel.start();
    let (code, said) = panel.run(&["site", "create", "--domain", "b.test", "--kind", "static"], "");
    assert_eq!(code, 0, "{said}");

    // An orderly stop ends both, and nginx is none of its business.
    let host = panel.host();
    signal(panel.pid(), Signal::TERM);
    assert_eq!(panel.ended(), Some(0));
    assert!(is_gone(host));
    assert_eq!(get(panel.ports[0], "b.test"), Some(200));
    visitors.all_served();

    // Its last word is the head of the trail, in the host's log: a trail that is rewritten later is told by it.
    let log = std::fs::read_to_string(panel.root.path().join("log")).unwrap();
    let heads: Vec<serde_json::Value> = log
        .lines()
        .filter(|line| line.contains("\"target\":\"manara::audit\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(heads.len() >= 2, "each start notes one, too");
    let head = heads.last().unwrap();
    panel.start();
    let verify = |hash: &str| panel.run(&["audit", "verify", "--head", hash, "--json"], "");
    let (code, said) = verify(head["hash"].as_str().unwrap());
    let verdict: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(code == 0 && verdict["head_found"] == true && verdict["head"] == head["position"], "{head} {said}");
    let (code, said) = verify(&"0a".repeat(32));
    assert!(code == 1 && said.contains("\"head_found\":false"), "{code} {said}");
    assert_eq!(verify("nonsense").0, 2);

    // Root looks at the database of a panel that does not run: nothing of root's is left in its folder.
    signal(panel.pid(), Signal::TERM);
    assert_eq!(panel.ended(), Some(0));
    let state = || {
        let files = std::fs::read_dir(panel.root.path().join("var/lib/manara")).unwrap().map(|file| file.unwrap());
        let mut found: Vec<_> = files.map(|file| (file.file_name(), file.metadata().unwrap().uid())).collect();
        found.sort();
        found
    };
    let before = state();
    for act in ["status", "check"] {
        assert_eq!(panel.run(&["migrate", act], "").0, 0, "{act}");
        assert_eq!(state(), before, "{act}");
    }
    assert!(before.iter().all(|(_, uid)| *uid == UID), "{before:?}");
}

#[test]
fn a_key_that_systemd_hands_over_need_not_be_readable_to_the_panel() {
    use std::os::unix::fs::PermissionsExt;
    let Some(mut panel) = Panel::installed() else { return };
    let told = UnixDatagram::bind(panel.root.path().join("notify")).unwrap();
    std::fs::set_permissions(panel.root.path().join("notify"), PermissionsExt::from_mode(0o666)).unwrap();
    let key = panel.root.path().join("etc/manara/secret.key");
    let handed = panel.root.path().join("credentials");
    std::fs::create_dir(&handed).unwrap();
    std::fs::copy(&key, handed.join("secret.key")).unwrap();
    std::fs::set_permissions(handed.join("secret.key"), PermissionsExt::from_mode(0o400)).unwrap();
    for path in [handed.clone(), handed.join("secret.key")] {
        chown(path, Some(UID), Some(UID)).unwrap();
    }
    chown(&key, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    panel.credentials = Some(handed);
    panel.start();
    drop(told);
    let (code, said) = panel.run(&["claim", "--user", "admin", "--password-stdin"], "a long pass phrase\n");
    assert_eq!(code, 0, "{said}");
    assert_eq!(status(panel.pid(), "Uid"), format!("{UID} {UID} {UID} {UID}"));
    assert!(panel.run(&["audit", "verify"], "").0 == 0, "the chain is keyed with what was handed over");
}

#[test]
fn a_host_of_the_production_profile_is_roots() {
    let Some(panel) = Panel::installed() else { return };
    use std::os::unix::process::CommandExt;
    let output = manara(panel.root.path(), panel.sites(), &["host"])
        .uid(UID)
        .gid(UID)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}
