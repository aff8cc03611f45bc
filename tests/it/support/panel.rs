//! A panel served on a free port, and a client that sends exactly the bytes a test writes.

use super::across::across;
use super::fake_host::FakeHost;
use super::rig::{free_port, loaded};
use manara::app::open;
use manara::base::clock::Clock;
use manara::base::locale::Lang;
use manara::base::{Secret, ids};
use manara::engine::hooks::{HookPoint, Hooks};
use manara::engine::{Actor, Core, Request};
use manara::http::{Listen, Patience, Server, Tcp, serve};
use manara::ops::{self, auth};
use manara::platform::Faults;
use manara::platform::clock::SystemClock;
use manara::platform::host_service::Service;
use manara::platform::panel_tls::PanelTls;
use manara::store::sessions::{self, Session};
use manara::store::users;
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A password for every test user.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A served panel over a store in a temporary folder and a machine in memory.
pub(crate) struct Panel {
    pub(crate) core: Arc<Core>,
    pub(crate) address: SocketAddr,
    pub(crate) root: tempfile::TempDir,
    pub(crate) host: Arc<FakeHost>,
    /// The hooks that were called: point and operation.
    pub(crate) hooks: Arc<Mutex<Vec<String>>>,
    server: Option<Server>,
    _service: Option<Service>,
}

/// Notes which hooks are called.
struct Noted(Arc<Mutex<Vec<String>>>);

impl Hooks for Noted {
    fn run(&self, point: HookPoint, operation: &str, _: &Value) -> manara::base::Result<()> {
        self.0.lock().unwrap().push(format!("{point:?} {operation}"));
        Ok(())
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What a browser has after signing in.
pub(crate) struct Browser {
    pub(crate) secret: String,
    pub(crate) csrf: String,
}

impl Panel {
    /// Plain HTTP on loopback, and the Unix socket.
    pub(crate) fn new() -> Panel {
        Panel::with(None, Patience::default())
    }

    /// With this certificate, and clients that may take this long.
    pub(crate) fn with(tls: Option<PanelTls>, patience: Patience) -> Panel {
        Panel::at(tempfile::tempdir().unwrap(), tls, patience)
    }

    /// In a folder that was prepared.
    pub(crate) fn prepared(prepare: impl FnOnce(&std::path::Path)) -> Panel {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path());
        Panel::at(root, None, Patience::default())
    }

    fn at(root: tempfile::TempDir, tls: Option<PanelTls>, patience: Patience) -> Panel {
        let settings = loaded(root.path().to_owned(), free_port(), free_port());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = open::store(&settings.config, clock.clone()).unwrap();
        let host = Arc::new(FakeHost { refuses: "nothing is refused", ..FakeHost::default() });
        let (across_host, service) = across(host.clone(), root.path());
        let hooks = Arc::<Mutex<Vec<String>>>::default();
        let noted = Box::new(Noted(hooks.clone()));
        let core = open::assemble(settings, store, across_host, clock, noted, Arc::new(Faults::default())).unwrap();
        let tcp = Some(Tcp { address: "127.0.0.1:0".parse().unwrap(), tls, hsts: false });
        let listen = Listen { tcp, unix: Some(core.config.api_socket.clone()), patience, ..Listen::default() };
        let server = serve(core.clone(), listen).unwrap();
        let address = server.address().unwrap();
        Panel { core, address, root, host, hooks, server: Some(server), _service: service }
    }

    /// Calls an operation as the console, past HTTP.
    pub(crate) fn console(&self, id: &str, input: Value) -> Value {
        let request = Request::console("r0123456789".into(), Lang::En);
        let op = ops::find(id).unwrap_or_else(|| panic!("no operation {id}"));
        ops::run::call(&self.core, &Actor::Console, &request, op, input).unwrap().body
    }

    /// A new API token of a role.
    pub(crate) fn token(&self, role: &str) -> String {
        let made = self.console("token.create", json!({ "name": ids::new_id("t").unwrap(), "role": role }));
        made["token"].as_str().unwrap().to_owned()
    }

    /// A user of that name and role with a session.
    pub(crate) fn browser(&self, name: &str, role: &str) -> Browser {
        self.console("user.create", json!({ "name": name, "role": role, "password": PASSWORD }));
        let secret = ids::new_token("").unwrap();
        let now = self.core.now();
        self.core
            .store
            .write(|tx| {
                let user = users::by_name(tx, name)?.unwrap();
                let session = Session {
                    id: ids::new_id("e")?,
                    user_id: user.id,
                    created_at: now,
                    last_seen_at: now,
                    verified_at: now,
                    address: String::new(),
                    agent: String::new(),
                };
                sessions::insert(tx, &session, &Secret::new(secret.clone()))
            })
            .unwrap();
        let csrf = auth::csrf_token(&self.core, &secret);
        Browser { secret, csrf }
    }

    /// The panel's own origin.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        // Long enough for a busy machine, and shorter than an idle connection is kept.
        stream.set_read_timeout(Some(Duration::from_secs(45))).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends a request with these headers beside `Host`, and reads the answer to the end of the connection.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            lines.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() {
            lines.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.raw(format!("{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n{body}").as_bytes())
    }

    /// As [`Panel::send`] with a token, a JSON body where one is given.
    pub(crate) fn api(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.send(method, &format!("/api/v1{path}"), &headers, &body.map(Value::to_string).unwrap_or_default())
    }

    /// Sends bytes and reads until the connection ends.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        Answer::read(&mut stream)
    }

    /// Stops in an orderly way.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

impl Answer {
    /// Reads to the end of the connection; chunked bodies are kept as they are.
    pub(crate) fn read(stream: &mut impl Read) -> Answer {
        let mut bytes = Vec::new();
        // A connection that is cut after its answer is still an answer.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The code of the problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Whether the other side ends the connection, before reading from it gives up.
pub(crate) fn is_ended(stream: &mut impl Read) -> bool {
    let read = stream.read_to_end(&mut Vec::new());
    read.map_or_else(|e| !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), |_| true)
}

/// Skips a test that cannot run here: fails when `MANARA_TEST_PROMISES` says that it can.
pub(crate) fn cannot(promise: &str, why: &str) {
    let promises = std::env::var("MANARA_TEST_PROMISES").unwrap_or_default();
    assert!(!promises.split(',').any(|promised| promised == promise), "{why}");
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
