//! Panel and host as two processes: what happens to changes, sites and the other one when one of them is killed.

use crate::support::debian::{self, SHOP, debian};
use crate::support::rig::{Rig, free_port, loaded};
use manara::app::open;
use manara::base::locale::Lang;
use manara::engine::{Actor, Core, Request};
use manara::ops;
use manara::platform::Faults;
use manara::platform::host_service::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) fn until(what: &str, is: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn signal(pid: u32, which: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), which).unwrap();
}

/// Status of a page of a site; `None` when there is no whole answer.
pub(crate) fn get(port: u16, host: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Visitors of a site who never stop coming.
pub(crate) struct Visitors {
    stop: Arc<AtomicBool>,
    good: Arc<AtomicUsize>,
    /// Counts those who were turned away.
    thread: JoinHandle<usize>,
}

impl Visitors {
    pub(crate) fn of(port: u16, host: &'static str) -> Visitors {
        let (stop, good) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (stopped, served) = (stop.clone(), good.clone());
        let thread = std::thread::spawn(move || {
            let mut bad = 0;
            while !stopped.load(Ordering::Relaxed) {
                if get(port, host) == Some(200) {
                    served.fetch_add(1, Ordering::Relaxed);
                } else {
                    bad += 1
                }
                // Each visit takes a port of the machine for a while, and other tests need some.
                std::thread::sleep(Duration::from_millis(5));
            }
            bad
        });
        Visitors { stop, good, thread }
    }

    /// Waits until so many more have come; a busy machine takes its time.
    pub(crate) fn come(&self, more: usize) {
        let wanted = self.good.load(Ordering::Relaxed) + more;
        until("more visits", || self.thread.is_finished() || self.good.load(Ordering::Relaxed) >= wanted);
    }

    /// Nobody was turned away, and there were enough of them.
    pub(crate) fn all_served(self) {
        self.come(50_usize.saturating_sub(self.good.load(Ordering::Relaxed)));
        self.stop.store(true, Ordering::Relaxed);
        let bad = self.thread.join().unwrap();
        assert_eq!(bad, 0, "of {} visits", self.good.load(Ordering::Relaxed));
    }
}

pub(crate) fn manara(root: &Path, ports: [u16; 2], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
    command.arg("--root").arg(root).args(args).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("MANARA_NGINX_HTTP_PORT", ports[0].to_string());
    command.env("MANARA_NGINX_HTTPS_PORT", ports[1].to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A host that is started again when it ends, as systemd does.
struct Kept {
    root: PathBuf,
    pid: Arc<Mutex<u32>>,
    fault: Arc<Mutex<Option<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Kept {
    fn start(root: PathBuf, ports: [u16; 2], ownership: &'static str) -> Kept {
        let (pid, fault, stop) = Default::default();
        let mut kept = Kept { root: root.clone(), pid, fault, stop, thread: None };
        let (pid, fault, stop) = (kept.pid.clone(), kept.fault.clone(), kept.stop.clone());
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let mut command = manara(&root, ports, &["host"]);
                command.env("MANARA_NGINX_OWNERSHIP", ownership);
                if let Some(fault) = fault.lock().unwrap().take() {
                    command.env("MANARA_TEST_FAULT", fault);
                }
                // Nobody sees the former number once this one answers.
                let mut child = {
                    let mut pid = pid.lock().unwrap();
                    let child = command.spawn().unwrap();
                    *pid = child.id();
                    child
                };
                child.wait().unwrap();
            }
        });
        kept.thread = Some(thread);
        kept.listens();
        kept
    }

    /// Waits until it can be reached; those who ask it wait two seconds only.
    fn listens(&self) {
        let socket = self.root.join("run/manara-host/host.sock");
        until("the host listens", || UnixStream::connect(&socket).is_ok());
    }

    /// Starts it again, this time to be killed before its `n`-th effect.
    fn doom(&self, n: u64) {
        *self.fault.lock().unwrap() = Some(format!("kill:{n}"));
        self.start_again();
    }

    fn start_again(&self) {
        let before = *self.pid.lock().unwrap();
        self.end_process();
        until("the host runs again", || *self.pid.lock().unwrap() != before);
        self.listens();
    }

    fn end_process(&self) {
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            signal(*self.pid.lock().unwrap(), Signal::TERM);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.end_process();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A panel in this process over a host in another one.
struct Split {
    core: Arc<Core>,
    host: Kept,
    ports: [u16; 2],
    root: tempfile::TempDir,
}

impl Split {
    fn new() -> Split {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Split::at(root, [free_port(), free_port()], "auto")
    }

    fn at(root: tempfile::TempDir, ports: [u16; 2], ownership: &'static str) -> Split {
        let host = Kept::start(root.path().to_owned(), ports, ownership);
        let core = open_core(root.path(), ports);
        manara::services::nginx::ensure(&core).unwrap();
        Split { core, host, ports, root }
    }

    fn call(&self, id: &str, input: Value) -> manara::base::Result<Value> {
        call(&self.core, id, input)
    }
}

fn open_core(root: &Path, ports: [u16; 2]) -> Arc<Core> {
    let settings = loaded(root.to_owned(), ports[0], ports[1]);
    let client = Client::new(settings.config.host_socket.clone()).unwrap();
    open::core_over(settings, Arc::new(client), Arc::new(Faults::default())).unwrap()
}

fn call(core: &Arc<Core>, id: &str, input: Value) -> manara::base::Result<Value> {
    let request = Request::console("r0123456789".into(), Lang::En);
    ops::run::call(core, &Actor::Console, &request, ops::find(id).unwrap(), input).map(|outcome| outcome.body)
}

impl Drop for Split {
    fn drop(&mut self) {
        stop_nginx(self.root.path());
    }
}

/// Ends the nginx of an installation without anybody's help.
pub(crate) fn stop_nginx(root: &Path) {
    let Ok(text) = std::fs::read_to_string(root.join("run/nginx.pid")) else { return };
    let pid = text.trim().parse().unwrap();
    signal(pid, Signal::TERM);
    until("nginx ends", || !Path::new(&format!("/proc/{pid}/cmdline")).exists());
}

/// Makes a change with a host that is killed before its first, second … effect. The host comes again at once; each time
/// the change is there or not, nothing is between, and the next change goes through. `back` takes a change back that went
/// through although the host was killed, because it was asked again what it was asked.
fn kill_host_everywhere(split: &Split, [change, back]: [(&str, Value); 2], is_there: impl Fn() -> bool) {
    for n in 1.. {
        split.host.doom(n);
        let doomed = *split.host.pid.lock().unwrap();
        let outcome = split.call(change.0, change.1.clone());
        // The answer after a kill is an error, or another host's.
        let died = outcome.is_err() || *split.host.pid.lock().unwrap() != doomed;
        if died {
            split.host.listens();
        } else {
            split.host.start_again();
        }
        split.call("site.update", json!({ "domain": "keep.test", "max_body_mb": 1 + n })).unwrap();
        assert_eq!(outcome.is_ok(), is_there(), "after a kill at {n}");
        assert_eq!(split.call("drift.list", json!({})).unwrap()["items"], json!([]), "after a kill at {n}");
        let journal = std::fs::read_dir(split.root.path().join("var/lib/manara-host/journal")).unwrap();
        assert_eq!(journal.count(), 0, "after a kill at {n}");
        match outcome {
            Err(error) => assert_eq!(error.code(), "host_lost", "at {n}: {error}"),
            Ok(_) if died => drop(split.call(back.0, back.1.clone()).unwrap()),
            Ok(_) => return assert!(n > 5, "there were only {n} effects"),
        }
    }
}

#[test]
fn a_killed_host_leaves_the_old_state_or_the_new_one_and_no_visitor_notices() {
    let split = Split::new();
    split.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    let visitors = Visitors::of(split.ports[0], "keep.test");
    let create = ("site.create", json!({ "domain": "a.test", "kind": "static" }));
    let delete = ("site.delete", json!({ "domain": "a.test" }));
    let shown = || {
        let shown = split.call("site.show", json!({ "domain": "a.test" })).is_ok();
        assert_eq!(shown, get(split.ports[0], "a.test") == Some(200), "the store and nginx disagree");
        shown
    };
    kill_host_everywhere(&split, [create.clone(), delete.clone()], shown);
    kill_host_everywhere(&split, [delete, create], || !shown());
    visitors.all_served();
}

#[test]
fn a_host_killed_while_nginx_changes_hands_leaves_it_with_the_one_or_the_other() {
    let rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    debian::start(&rig);
    let (answers, ports) = (debian::theirs(&rig), [rig.http_port, rig.https_port]);
    let original = std::fs::read(debian::etc(&rig).join("nginx.conf")).unwrap();
    let split = Split::at(rig.into_root(), ports, "owned");
    split.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    let visitors = Visitors::of(ports[0], "keep.test");
    let etc = split.root.path().join("etc/nginx");
    let owned = || {
        let owned = split.call("nginx.show", json!({})).unwrap()["ownership"] == "owned";
        let place = if owned { "manara/adopted/nginx.conf" } else { "nginx.conf" };
        assert_eq!(std::fs::read(etc.join(place)).unwrap(), original, "{place}");
        if owned {
            assert_eq!(get(ports[0], "shop.test"), None, "nginx is the panel's alone");
        } else {
            assert_eq!(debian::theirs_on(ports[0]), answers, "others answer differently");
        }
        owned
    };
    let (adopt, release) = (("nginx.adopt", json!({})), ("nginx.release", json!({})));
    kill_host_everywhere(&split, [adopt.clone(), release.clone()], owned);
    kill_host_everywhere(&split, [release, adopt], || !owned());
    visitors.all_served();
}

#[test]
fn at_boot_an_interrupted_change_is_taken_back_without_the_panel() {
    let split = Split::new();
    split.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    // The machine loses power while the new files are being put in place: nothing comes again by itself.
    split.host.doom(8);
    split.host.stop.store(true, Ordering::SeqCst);
    let error = split.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap_err();
    assert_eq!(error.code(), "host_lost");
    let open = || std::fs::read_dir(split.root.path().join("var/lib/manara-host/journal")).unwrap().count();
    assert_eq!(open(), 1, "a plan is under way");
    assert!(split.root.path().join("srv/www/a.test").exists());
    for _ in 0..2 {
        let status = manara(split.root.path(), split.ports, &["host", "--recover"]).status().unwrap();
        assert!(status.success());
        assert!(!split.root.path().join("srv/www/a.test").exists());
    }
    // The host comes again, and the panel hears what happened.
    let again = Kept::start(split.root.path().to_owned(), split.ports, "auto");
    until("the journal is empty", || manara::engine::recover::settle(&split.core).is_ok() && open() == 0);
    split.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    assert_eq!(get(split.ports[0], "a.test"), Some(200));
    drop(again);
}
