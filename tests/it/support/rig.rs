//! A panel of its own for a test: temporary root, real store, real nginx on ports nobody else has.

use super::across::across;
use manara::app::open;
use manara::base::locale::Lang;
use manara::base::{Error, Result};
use manara::config::{LoadInput, Loaded, Override, load};
use manara::engine::{Actor, Core, Request};
use manara::ops::{self, Outcome};
use manara::platform::host_service::Service;
use manara::platform::local::LocalHost;
use manara::platform::{Faults, HostOp};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A panel in a temporary folder; nginx is stopped when it goes.
pub(crate) struct Rig {
    core: Option<Arc<Core>>,
    service: Option<Service>,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
    pub(crate) root: tempfile::TempDir,
    /// Value of `nginx.ownership`.
    pub(crate) ownership: &'static str,
}

/// A port nobody listens on, below those that the kernel gives to outgoing connections: one of theirs could be in use
/// again by the time it is bound.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests of several processes at once begin at different places.
    let first = u16::try_from(std::process::id() % 190).unwrap() * 100;
    loop {
        let port = 12_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

/// The settings of a panel at `root` with these ports.
pub(crate) fn loaded(root: PathBuf, http: u16, https: u16) -> Loaded {
    loaded_as(root, http, https, "auto")
}

/// As [`loaded`] with this value of `nginx.ownership`.
pub(crate) fn loaded_as(root: PathBuf, http: u16, https: u16, ownership: &str) -> Loaded {
    let set = |key: &str, value: String| Override { key: key.into(), value, flag: "--test".into() };
    let overrides = vec![
        set("nginx.http_port", http.to_string()),
        set("nginx.https_port", https.to_string()),
        set("nginx.ownership", ownership.to_owned()),
    ];
    load(LoadInput { overrides, ..LoadInput::at(root) }).unwrap_or_else(|p| panic!("{}", p.text(Lang::En)))
}

/// The engine over the machine itself, or over a host service that serves it; recovery included.
pub(crate) fn open_core(settings: Loaded) -> (Arc<Core>, Option<Service>) {
    let faults = Arc::new(Faults::from_environment());
    let host = open::local_host(&settings.config, faults.clone()).unwrap();
    host.recover().unwrap();
    let (host, service) = across(Arc::new(host), &settings.config.root);
    (open::core_over(settings, host, faults).unwrap(), service)
}

impl Rig {
    /// A panel with nginx running.
    pub(crate) fn new() -> Rig {
        Rig::at(tempfile::tempdir().unwrap())
    }

    /// As [`Rig::new`] in this folder.
    pub(crate) fn at(root: tempfile::TempDir) -> Rig {
        std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut rig = Rig::closed(root);
        rig.reopen();
        rig
    }

    /// One that is not open yet: something may be put into its folder first.
    pub(crate) fn closed(root: tempfile::TempDir) -> Rig {
        let (http_port, https_port) = (free_port(), free_port());
        Rig { core: None, service: None, http_port, https_port, root, ownership: "auto" }
    }

    /// The folder of one that is not open, to be used otherwise.
    pub(crate) fn into_root(mut self) -> tempfile::TempDir {
        assert!(self.core.is_none(), "the panel is open");
        std::mem::replace(&mut self.root, tempfile::tempdir().unwrap())
    }

    /// The engine.
    pub(crate) fn core(&self) -> &Arc<Core> {
        self.core.as_ref().expect("the panel is open")
    }

    /// Lets go of everything, as a process that ends does; nginx goes on.
    pub(crate) fn close(&mut self) {
        let core = self.core.take().expect("the panel is open");
        core.jobs.stop(Duration::from_secs(10));
        let store = core.store.clone();
        drop(core);
        if let Some(service) = self.service.take() {
            service.stop().unwrap();
        }
        // The threads of the pool let go of the store a moment later.
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        let folder = store.folder().to_owned();
        drop(store);
        while manara::store::StateLock::take(&folder).is_err() {
            assert!(std::time::Instant::now() < deadline, "the state folder is still locked");
        }
    }

    /// Opens the panel (again), with recovery.
    pub(crate) fn reopen(&mut self) {
        self.try_reopen().unwrap();
    }

    /// Opens the panel; it is open also when nginx could not be brought up.
    pub(crate) fn try_reopen(&mut self) -> Result<()> {
        let settings = loaded_as(self.root.path().to_owned(), self.http_port, self.https_port, self.ownership);
        let (core, service) = open_core(settings);
        let up = manara::services::nginx::ensure(&core);
        self.core = Some(core);
        self.service = service;
        up
    }

    /// The machine of a closed panel, as root's console has it.
    pub(crate) fn host(&self) -> LocalHost {
        assert!(self.core.is_none(), "the panel is open");
        let settings = loaded_as(self.root.path().to_owned(), self.http_port, self.https_port, self.ownership);
        open::local_host(&settings.config, Arc::new(Faults::from_environment())).unwrap()
    }

    /// Calls an operation as the console.
    pub(crate) fn call(&self, id: &str, input: Value) -> Result<Outcome> {
        self.call_with(id, input, |_| {})
    }

    /// Calls an operation as the console with a changed request.
    pub(crate) fn call_with(&self, id: &str, input: Value, change: impl Fn(&mut Request)) -> Result<Outcome> {
        let op = ops::find(id).unwrap_or_else(|| panic!("no operation {id}"));
        let mut request = Request::console("r0123456789".into(), Lang::En);
        change(&mut request);
        ops::run::call(self.core(), &Actor::Console, &request, op, input)
    }

    /// Status and body of a GET for `host` from nginx; `None` when the connection is closed without an answer.
    pub(crate) fn get(&self, host: &str, path: &str) -> Option<(u16, String)> {
        get(self.http_port, host, path)
    }

    /// Every file below the root that a change of a site may touch, with the hash of its content.
    pub(crate) fn snapshot(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for folder in ["etc/nginx", "srv/www"] {
            collect(&self.root.path().join(folder), &mut files);
        }
        // The generation counts up also when a change is taken back, and what was undone lies in the trash.
        files.retain(|(name, _)| !name.ends_with("generation.conf") && !name.contains("/.trash"));
        files.sort();
        files
    }
}

/// Status and body of a GET for `host` on a port of this machine; `None` when the connection is closed without an answer.
pub(crate) fn get(port: u16, host: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    Some((status, text.split_once("\r\n\r\n")?.1.to_owned()))
}

fn collect(folder: &std::path::Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.push((path.display().to_string(), "folder".into()));
            collect(&path, files);
        } else {
            let hash = manara::platform::nginx::sha256_hex(&std::fs::read(&path).unwrap());
            files.push((path.display().to_string(), hash));
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let Some(core) = &self.core else { return };
        let stopped: Result<_, Error> = core.host.ask(&HostOp::NginxStop);
        assert!(stopped.is_ok() || std::thread::panicking(), "nginx of a test did not stop: {stopped:?}");
    }
}
