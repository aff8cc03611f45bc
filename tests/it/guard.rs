//! Guarded settings over real sockets: kept when they are confirmed over the new path, else taken back.

mod of_certificate;

use crate::split::{signal, stop_nginx};
use crate::support::fake_host::FakeHost;
use crate::support::panel::{Answer, PASSWORD};
use crate::support::rig::{free_port, loaded};
use manara::app::open;
use manara::base::clock::{Clock, Time};
use manara::base::locale::Lang;
use manara::engine::hooks::NoHooks;
use manara::engine::{Actor, Core, Request, certificate, guard};
use manara::http::{Listen, Server, Tcp, serve};
use manara::ops::{self, auth};
use manara::platform::Faults;
use manara::platform::clock::SystemClock;
use manara::platform::panel_tls::{self, PanelTls};
use manara::store::settings;
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// The machine's clock, put forward by the test.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Time {
        SystemClock.now().plus_s(self.0.load(Ordering::SeqCst))
    }
}

/// A served panel whose settings say where it listens.
struct Panel {
    core: Arc<Core>,
    clock: Arc<Ahead>,
    root: tempfile::TempDir,
    server: Option<Server>,
    token: String,
}

fn opened(root: &Path, clock: Arc<Ahead>) -> Arc<Core> {
    let settings = loaded(root.to_owned(), free_port(), free_port());
    let host = Arc::new(FakeHost { refuses: "nothing is refused", ..FakeHost::default() });
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let store = open::store(&settings.config, clock.clone());
        match store.and_then(|store| {
            let hooks = Box::new(NoHooks);
            open::assemble(settings.clone(), store, host.clone(), clock.clone(), hooks, Arc::new(Faults::default()))
        }) {
            Ok(core) => return core,
            // The threads of the former run let go of the state folder a moment later.
            Err(e) => assert!(Instant::now() < deadline, "{e}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn listening(core: &Arc<Core>) -> Server {
    let panel = auth::panel_settings(core).unwrap();
    let kept = core.settings.now(&core.store).unwrap().certificate;
    let tls = panel.tls.then(|| certificate::in_use(core, kept, &panel.host_names).unwrap());
    let tcp = Some(Tcp { address: panel.listen, tls, hsts: false });
    serve(core.clone(), Listen { tcp, ..Listen::default() }).unwrap()
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Panel {
    /// Listens on a free port of 127.0.0.1, which is the second value.
    fn new() -> (Panel, u16) {
        let root = tempfile::tempdir().unwrap();
        let clock = Arc::new(Ahead::default());
        let core = opened(root.path(), clock.clone());
        let mut panel = Panel { core, clock, root, server: None, token: String::new() };
        let port = free_port();
        panel.console("setting.update", json!({ "panel.listen": at(port).to_string() })).unwrap();
        panel.console("setting.confirm", json!({ "here": true })).unwrap();
        panel.console("user.create", json!({ "name": "omar", "role": "admin", "password": PASSWORD })).unwrap();
        let made = panel.console("token.create", json!({ "name": "t", "role": "admin" })).unwrap();
        panel.token = made["token"].as_str().unwrap().to_owned();
        panel.server = Some(listening(&panel.core));
        (panel, port)
    }

    /// The same installation in a new run. The former one is let go of without a word.
    fn restarted(self) -> Panel {
        let Panel { core, clock, root, server, token } = self;
        drop(server);
        core.jobs.stop(Duration::from_secs(5));
        drop(core);
        let core = opened(root.path(), clock.clone());
        let server = Some(listening(&core));
        Panel { core, clock, root, server, token }
    }

    fn console(&self, id: &str, input: Value) -> Result<Value, String> {
        let request = Request::console("r0123456789".into(), Lang::En);
        let called = ops::run::call(&self.core, &Actor::Console, &request, ops::find(id).unwrap(), input);
        called.map(|outcome| outcome.body).map_err(|e| e.code().to_owned())
    }

    /// A call with the token; `None` when nobody listens there.
    fn api(&self, port: u16, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let mut stream = TcpStream::connect(at(port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            at(port),
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        Some(Answer::read(&mut stream)).filter(|answer| answer.status != 0)
    }

    /// A call with the token by a client that trusts exactly this certificate.
    fn over_tls(&self, port: u16, files: &PanelTls, method: &str, path: &str) -> Answer {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(panel_tls::certificates(&files.certificate).unwrap().remove(0)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(at(port)).unwrap());
        stream.sock.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}",
            at(port),
            self.token
        );
        stream.write_all(head.as_bytes()).unwrap();
        Answer::read(&mut stream)
    }

    fn update(&self, port: u16, body: Value) -> Answer {
        self.api(port, "PATCH", "/settings", &body).unwrap()
    }

    fn pending(&self, port: u16) -> Value {
        self.api(port, "GET", "/settings/guard", &Value::Null).unwrap().json()["guard"].clone()
    }

    fn listen(&self) -> u16 {
        auth::panel_settings(&self.core).unwrap().listen.port()
    }

    fn audited(&self, operation: &str) -> Vec<Value> {
        let page = self.console("audit.list", json!({ "operation": operation })).unwrap();
        page["items"].as_array().unwrap().clone()
    }

    /// Puts the clock behind the deadline and waits for the panel to notice.
    fn let_time_run_out(&self) {
        self.clock.0.fetch_add(61, Ordering::SeqCst);
        eventually("the change is taken back", || guard::current(&self.core).unwrap().is_none());
    }
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What may be left of `most` seconds, at least one of which was left when this test `began` with them.
fn seconds_left(most: i64, began: Instant) -> std::ops::RangeInclusive<i64> {
    most - 2 - i64::try_from(began.elapsed().as_secs()).unwrap()..=most
}

fn is_open(port: u16) -> bool {
    TcpStream::connect(at(port)).is_ok()
}

#[test]
fn a_change_that_is_taken_back_before_it_answers_never_answers() {
    let (panel, port) = Panel::new();
    let next = free_port();
    let pending = panel.core.store.write(|tx| {
        let (former, before) = (guard::stored(tx)?, panel.core.settings.inside(tx)?);
        settings::put(tx, "panel.listen", &json!(at(next).to_string()), "root", panel.core.now())?;
        let after = panel.core.settings.inside(tx)?;
        guard::begin(&panel.core, tx, &Actor::Console, &former, (&before, &after))
    });
    panel.console("setting.revert", json!({})).unwrap();
    guard::begun(&panel.core, pending.unwrap().unwrap());
    assert!(TcpStream::connect(at(next)).is_err(), "nobody would close it again");
    assert_eq!(panel.api(port, "GET", "/settings", &Value::Null).unwrap().status, 200);
}

#[test]
fn a_confirmation_over_the_new_address_keeps_it_and_closes_the_old_one() {
    let (panel, old) = Panel::new();
    let new = free_port();
    let began = Instant::now();
    let answer = panel.update(old, json!({ "panel.listen": at(new).to_string() }));
    assert_eq!(answer.status, 200, "{answer:?}");
    let guard = &answer.json()["guard"];
    assert_eq!(guard["urls"], json!([format!("http://127.0.0.1:{new}")]), "{guard}");
    assert_eq!((&guard["confirmable"], guard["by"].as_str()), (&json!(false), Some("token:t")));
    assert!(seconds_left(60, began).contains(&guard["seconds_left"].as_i64().unwrap()), "{guard}");

    assert_eq!(panel.pending(old)["confirmable"], false, "the old address shows the change");
    assert_eq!(panel.pending(new)["confirmable"], true, "the new one answers as well");
    let refused = panel.api(old, "POST", "/settings/confirm", &json!({ "here": true })).unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (409, "guard_other_path"));
    assert_eq!(panel.console("setting.confirm", json!({})).unwrap_err(), "guard_other_path");
    let second = panel.update(old, json!({ "panel.host_names": ["panel.test"] }));
    assert_eq!((second.status, second.code().as_str()), (409, "guard_pending"));
    assert_eq!(panel.update(old, json!({ "session.idle_s": 600 })).status, 200, "others may change");

    assert_eq!(panel.api(new, "POST", "/settings/confirm", &json!({})).unwrap().status, 200);
    eventually("the old address is closed", || !is_open(old));
    assert_eq!(panel.pending(new), Value::Null);
    assert_eq!(panel.audited("setting.confirm").len(), 4, "two of them were refused, the first made the test's panel");
    panel.clock.0.fetch_add(120, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(panel.listen(), new, "what is confirmed stays");
    assert!(is_open(new));
    assert_eq!(panel.console("setting.confirm", json!({ "here": true })).unwrap_err(), "no_guard");
}

#[test]
fn an_unconfirmed_address_is_taken_back_and_closed() {
    let (panel, old) = Panel::new();
    let new = free_port();
    panel.update(old, json!({ "panel.listen": at(new).to_string(), "session.idle_s": 600 }));
    assert!(is_open(new));
    panel.let_time_run_out();
    eventually("the new address is closed", || !is_open(new));
    assert_eq!((panel.listen(), panel.pending(old)), (old, Value::Null));
    assert_eq!(auth::panel_settings(&panel.core).unwrap().session_idle_s, 43_200, "the change goes back as a whole");
    let entries = panel.audited("setting.revert");
    assert_eq!(
        (entries.len(), &entries[0]["actor"], &entries[0]["code"]),
        (1, &json!("manara"), &json!("guard_expired"))
    );
}

#[test]
fn whoever_made_a_change_can_take_it_back_at_once() {
    let (panel, old) = Panel::new();
    let new = free_port();
    panel.update(old, json!({ "panel.listen": at(new).to_string() }));
    assert_eq!(panel.api(old, "POST", "/settings/revert", &json!({})).unwrap().status, 200);
    eventually("the new address is closed", || !is_open(new));
    assert_eq!(panel.listen(), old);
    let again = panel.update(old, json!({ "panel.listen": at(new).to_string() }));
    assert_eq!(again.status, 200, "the next change may begin: {again:?}");
}

#[test]
fn an_address_that_cannot_be_had_changes_nothing() {
    let (panel, old) = Panel::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for body in [
        json!({ "panel.listen": at(port).to_string() }),
        json!({ "panel.listen": "192.0.2.1:9443", "panel.tls": true }),
    ] {
        let answer = panel.update(old, body);
        assert_eq!((answer.status, answer.code().as_str()), (503, "listen_failed"), "{answer:?}");
        assert_eq!((panel.listen(), panel.pending(old)), (old, Value::Null));
    }
    let dry =
        panel.api(old, "PATCH", "/settings?dry_run=true", &json!({ "panel.listen": at(free_port()).to_string() }));
    assert_eq!(dry.unwrap().status, 200);
    assert_eq!((panel.listen(), panel.pending(old)), (old, Value::Null), "a dry run opens nothing");
}

#[test]
fn every_address_of_the_machine_can_follow_one_of_them_on_the_same_port() {
    let (panel, old) = Panel::new();
    let wide = json!({ "panel.listen": format!("0.0.0.0:{old}"), "panel.tls": true });
    let answer = panel.update(old, wide);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["guard"]["urls"][0], format!("https://127.0.0.1:{old}"));
    assert!(TcpStream::connect(("127.0.0.2", old)).is_ok(), "the wide listener is open");
    assert_eq!(panel.pending(old)["confirmable"], false, "the narrow one still answers in plain HTTP");
    let stranger = TcpListener::bind(at(old));
    assert!(stranger.is_err(), "nobody else can take the port");
    panel.let_time_run_out();
    eventually("the wide listener is closed", || TcpStream::connect(("127.0.0.2", old)).is_err());
    assert_eq!(panel.pending(old), Value::Null);
}

#[test]
fn plain_http_and_tls_share_the_port_until_one_is_kept() {
    let (panel, port) = Panel::new();
    assert_eq!(panel.update(port, json!({ "panel.tls": true })).status, 200);
    assert_eq!(panel.pending(port)["confirmable"], false, "plain HTTP goes on answering");
    assert!(speaks_tls(port));
    panel.let_time_run_out();
    eventually("TLS ends", || !speaks_tls(port));
    assert_eq!(panel.pending(port), Value::Null);
}

#[test]
fn tls_is_kept_by_a_confirmation_over_tls() {
    let (panel, port) = Panel::new();
    assert_eq!(panel.update(port, json!({ "panel.tls": true })).status, 200);
    let plain = panel.api(port, "POST", "/settings/confirm", &json!({})).unwrap();
    assert_eq!(plain.code(), "guard_other_path", "the same port, but not the new path");
    let files = panel_tls::present(&panel.core.config.panel_tls_folder()).unwrap().unwrap();
    let confirmed = panel.over_tls(port, &files, "POST", "/settings/confirm");
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    assert!(guard::current(&panel.core).unwrap().is_none() && auth::panel_settings(&panel.core).unwrap().tls);
    eventually("plain HTTP ends", || panel.api(port, "GET", "/settings/guard", &Value::Null).is_none());
    assert_eq!(panel.over_tls(port, &files, "GET", "/settings/guard").status, 200);
}

/// Whether a TLS client hello is answered with a handshake record.
fn speaks_tls(port: u16) -> bool {
    let roots = rustls::RootCertStore::empty();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connection = rustls::ClientConnection::new(config, name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(at(port)).unwrap());
    stream.sock.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let failed = stream.flush().and_then(|()| stream.write_all(b"x")).unwrap_err();
    // The certificate was shown, and is not trusted: that is TLS.
    failed.to_string().contains("UnknownIssuer")
}

#[test]
fn a_list_that_shuts_out_everybody_goes_away_by_itself() {
    let (panel, port) = Panel::new();
    let list = json!({ "panel.allowed_addresses": ["203.0.113.7"] });
    let refused = panel.update(port, list.clone());
    assert_eq!(refused.status, 422, "a caller with an address is told at once: {refused:?}");
    assert!(panel.console("setting.update", list).unwrap()["guard"].is_object());
    let confirm = panel.api(port, "POST", "/settings/confirm", &json!({})).unwrap();
    assert_eq!(confirm.code(), "guard_other_path", "this machine passes the list, and proves nothing about it");
    panel.let_time_run_out();
    assert!(auth::panel_settings(&panel.core).unwrap().allowed_addresses.is_empty());
}

#[test]
fn the_time_runs_on_over_a_restart() {
    let (panel, old) = Panel::new();
    let new = free_port();
    let began = Instant::now();
    panel.update(old, json!({ "panel.listen": at(new).to_string() }));
    panel.clock.0.fetch_add(30, Ordering::SeqCst);
    let panel = panel.restarted();
    let guard = panel.pending(new);
    assert!(seconds_left(30, began).contains(&guard["seconds_left"].as_i64().unwrap()), "{guard}");
    panel.let_time_run_out();
    eventually("the former address answers again", || is_open(old) && !is_open(new));
    let (panel, new) = (panel, free_port());
    panel.update(old, json!({ "panel.listen": at(new).to_string() }));
    let panel = panel.restarted();
    assert_eq!(panel.api(new, "POST", "/settings/confirm", &json!({})).unwrap().status, 200);
    assert_eq!(panel.restarted().listen(), new);
}

/// An installation whose stored address is free, and whose panel is a process of its own.
struct Installed {
    root: tempfile::TempDir,
    /// nginx's two, the panel's, and one more.
    ports: [u16; 4],
    serve: Child,
}

impl Installed {
    fn start() -> Installed {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let ports = [free_port(), free_port(), free_port(), free_port()];
        // The first start listens where the settings say, so the port is stored before it.
        {
            let core = opened(root.path(), Arc::new(Ahead::default()));
            let request = Request::console("r0123456789".into(), Lang::En);
            let call = |id: &str, input: Value| {
                ops::run::call(&core, &Actor::Console, &request, ops::find(id).unwrap(), input).unwrap()
            };
            call("setting.update", json!({ "panel.listen": at(ports[2]).to_string() }));
            call("setting.confirm", json!({ "here": true }));
        }
        let serve = command(&root, ports, &["serve"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let panel = Installed { root, ports, serve };
        eventually("the panel answers", || panel.run(&["setting", "list"]).status.success());
        panel
    }

    fn run(&self, args: &[&str]) -> Output {
        command(&self.root, self.ports, args).output().unwrap()
    }

    /// Runs a command at a terminal of its own, at which `answer` is typed once it asks; whether it succeeded, and what
    /// was to be read there.
    fn at_terminal(&self, args: &[&str], answer: &str) -> (bool, String) {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, vec![]).unwrap().into_string().unwrap();
        let end = File::options().read(true).write(true).open(name).unwrap();
        let mut child = command(&self.root, self.ports, args);
        child.stdin(end.try_clone().unwrap()).stderr(end);
        let mut running = child.spawn().unwrap();
        // Its copies of the other end: without them reading ends with the program.
        drop(child);
        let (mut terminal, mut shown, mut typed) = (File::from(terminal), String::new(), false);
        let mut part = [0; 1024];
        // Reading from a terminal whose other end is closed is an error (EIO, pty(7)).
        while let Ok(n @ 1..) = terminal.read(&mut part) {
            shown.push_str(&String::from_utf8_lossy(&part[..n]));
            if !typed && shown.contains("[y/N]") {
                terminal.write_all(answer.as_bytes()).unwrap();
                typed = true;
            }
        }
        assert!(typed, "nothing was asked: {shown}");
        (running.wait().unwrap().success(), shown)
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if self.serve.try_wait().unwrap().is_none() {
            signal(self.serve.id(), Signal::TERM);
        }
        self.serve.wait().unwrap();
        // A panel that was killed leaves it running, if it had come that far.
        if std::fs::read_to_string(self.root.path().join("run/nginx.pid")).is_ok_and(|pid| !pid.is_empty()) {
            stop_nginx(self.root.path());
        }
    }
}

fn command(root: &tempfile::TempDir, ports: [u16; 4], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
    command.arg("--root").arg(root.path()).args(args).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("MANARA_NGINX_HTTP_PORT", ports[0].to_string());
    command.env("MANARA_NGINX_HTTPS_PORT", ports[1].to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_change_that_a_killed_panel_left_behind_is_taken_back_at_the_next_start() {
    let mut panel = Installed::start();
    let [_, _, old, new] = panel.ports;
    let change = panel.run(&["setting", "update", "--panel.listen", &at(new).to_string()]);
    let said = String::from_utf8_lossy(&change.stderr).into_owned() + &String::from_utf8_lossy(&change.stdout);
    assert!(change.status.success(), "{said}");
    assert!(said.contains("manara setting confirm --here"), "{said}");
    assert!(is_open(old) && is_open(new));
    let bare = panel.run(&["setting", "confirm"]);
    assert_eq!(bare.status.code(), Some(4), "without --here the console does not come over the new path");
    panel.serve.kill().unwrap();
    panel.serve.wait().unwrap();

    let clock = Arc::new(Ahead::default());
    clock.0.store(120, Ordering::SeqCst);
    let core = opened(panel.root.path(), clock);
    assert!(guard::current(&core).unwrap().is_none());
    assert_eq!(auth::panel_settings(&core).unwrap().listen, at(old));
}

#[test]
fn at_a_terminal_the_question_is_asked_and_only_a_yes_keeps_the_change() {
    let panel = Installed::start();
    let [_, _, old, new] = panel.ports;
    let address = at(new).to_string();
    let update = ["setting", "update", "--panel.listen", address.as_str()];
    let pending = || String::from_utf8(panel.run(&["--json", "setting", "guard"]).stdout).unwrap();

    let (done, shown) = panel.at_terminal(&update, "n\n");
    assert!(done && shown.contains(&address) && shown.contains("taken back in"), "{shown}");
    assert!(pending().contains("seconds_left"), "a no decides nothing; the time runs on");
    assert!(panel.run(&["setting", "revert"]).status.success());
    eventually("the new address is closed", || !is_open(new));

    let (done, shown) = panel.at_terminal(&update, "y\n");
    assert!(done && shown.contains("The change is kept."), "{shown}");
    assert!(!pending().contains("seconds_left"), "{}", pending());
    eventually("only the new address is left", || is_open(new) && !is_open(old));
}
