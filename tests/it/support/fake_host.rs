//! A machine in memory, for what a real nginx cannot be brought to do: it refuses files that hold a given word.

use manara::base::{Error, Kind, Result};
use manara::nginx_syntax::parse;
use manara::platform::logs::{LogPage, LogQuery};
use manara::platform::nginx::{FileState, NginxNeighbours, NginxStatus, Ownership, sha256_hex};
use manara::platform::{Host, HostOp, HostReply, Lines, NginxChange, TestReport};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// Files by their path below nginx's folder, and the loads that happened.
#[derive(Default)]
pub(crate) struct FakeHost {
    pub(crate) files: Mutex<BTreeMap<String, String>>,
    pub(crate) loads: Mutex<Vec<u64>>,
    /// A configuration with this word is refused.
    pub(crate) refuses: &'static str,
    /// While this is held, loading waits: others gather behind it.
    pub(crate) barrier: Mutex<()>,
    /// Names of the operations that change something, in order.
    pub(crate) effects: Mutex<Vec<String>>,
    /// What was asked of logs.
    pub(crate) log_reads: Mutex<Vec<LogQuery>>,
    /// How often somebody looked at processes, and at services.
    pub(crate) looks: [AtomicU32; 2],
    /// An installation goes on until it is cancelled.
    pub(crate) endless: AtomicBool,
    /// It answers nobody.
    pub(crate) gone: AtomicBool,
    /// nginx does not run, until it is loaded.
    pub(crate) stopped: AtomicBool,
    /// Whose nginx it is.
    pub(crate) ownership: Mutex<Option<Ownership>>,
}

impl FakeHost {
    fn reached(&self) -> Result<()> {
        let gone = self.gone.load(Ordering::SeqCst);
        if gone { Err(Error::new(Kind::Unavailable, "host_unreachable")) } else { Ok(()) }
    }

    fn test(&self, changes: &[NginxChange]) -> Result<TestReport> {
        for change in changes {
            let text = change.text()?.unwrap_or_default();
            assert!(parse(text.as_bytes()).is_ok(), "the renderer wrote something unreadable: {text}");
            if text.contains(self.refuses) {
                let rel = change.file.rel();
                return Ok(TestReport { ok: false, output: format!("[emerg] in {rel}:1"), file: Some(rel) });
            }
        }
        Ok(TestReport { ok: true, output: String::new(), file: None })
    }

    fn switch(&self, changes: &[NginxChange]) -> Result<()> {
        for change in changes {
            let mut files = self.files.lock().unwrap();
            match change.text()? {
                Some(text) => drop(files.insert(change.file.rel(), text)),
                None => drop(files.remove(&change.file.rel())),
            }
        }
        Ok(())
    }
}

impl Host for FakeHost {
    fn call(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply> {
        self.reached()?;
        // What goes over the wire comes back the same.
        let wire = serde_json::to_string(op).unwrap();
        let op: HostOp = serde_json::from_str(&wire).unwrap();
        if !op.only_looks() {
            self.effects.lock().unwrap().push(op.name().to_owned());
        }
        Ok(match op {
            HostOp::NginxStatus => {
                let version = Some("1.22.1".to_owned());
                let modules = ["http_ssl_module", "http_v2_module"].map(str::to_owned).into();
                let running = !self.stopped.load(Ordering::SeqCst);
                let ownership = *self.ownership.lock().unwrap();
                HostReply::NginxStatus(NginxStatus { version, modules, running, ownership, ..NginxStatus::default() })
            }
            HostOp::NginxNeighbours => {
                let adopted = Some("events {}\n".to_owned());
                HostReply::NginxNeighbours(NginxNeighbours { adopted, ..NginxNeighbours::default() })
            }
            HostOp::NginxRead { file } => {
                HostReply::NginxFile { body: self.files.lock().unwrap().get(&file.rel()).cloned() }
            }
            HostOp::NginxList => {
                let state = |(rel, text): (&String, &String)| FileState {
                    rel: rel.clone(),
                    sha256: sha256_hex(text.as_bytes()),
                    mode: 0o644,
                    uid: 0,
                };
                HostReply::NginxFiles { files: self.files.lock().unwrap().iter().map(state).collect(), owner: 0 }
            }
            HostOp::NginxTest { changes } => HostReply::NginxTest(self.test(&changes)?),
            HostOp::NginxSwitch { changes, .. } => {
                self.switch(&changes)?;
                HostReply::Done
            }
            HostOp::NginxReload { generation } => {
                let _held = self.barrier.lock().unwrap();
                self.loads.lock().unwrap().push(generation);
                self.stopped.store(false, Ordering::SeqCst);
                HostReply::Done
            }
            HostOp::Install { .. } => {
                while self.endless.load(Ordering::SeqCst) {
                    if !lines("unpacking") {
                        return Err(Error::new(Kind::Conflict, "cancelled"));
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                HostReply::Done
            }
            HostOp::OpenPlans => HostReply::OpenPlans { plans: vec![] },
            HostOp::Components => HostReply::Components { list: vec![] },
            HostOp::LogRead { query } => {
                self.log_reads.lock().unwrap().push(query);
                HostReply::Log(LogPage::default())
            }
            HostOp::Processes => {
                self.looks[0].fetch_add(1, Ordering::SeqCst);
                HostReply::Processes { list: vec![] }
            }
            HostOp::Services => {
                self.looks[1].fetch_add(1, Ordering::SeqCst);
                HostReply::Services { list: vec![], managed: true }
            }
            _ => HostReply::Done,
        })
    }
}
