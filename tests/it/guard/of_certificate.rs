//! The panel's own certificate: shown at once, kept when it is confirmed by somebody who was shown it, else taken back.

use super::*;
use crate::support::panel::is_ended;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use manara::engine::Door;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};

impl Panel {
    /// As [`Panel::new`], with TLS and the certificate that the panel made itself.
    fn with_tls() -> (Panel, u16, PanelTls) {
        let (mut panel, port) = Panel::new();
        panel.console("setting.update", json!({ "panel.tls": true })).unwrap();
        panel.console("setting.confirm", json!({ "here": true })).unwrap();
        panel = panel.restarted();
        let files = panel.files();
        (panel, port, files)
    }

    /// The files that count when nothing is pending.
    fn files(&self) -> PanelTls {
        panel_tls::present(&self.core.config.panel_tls_folder()).unwrap().unwrap()
    }

    /// Sets `pair` over TLS, trusting `shown`.
    fn set(&self, port: u16, shown: &PanelTls, pair: &PanelTls) -> Answer {
        let body = json!({ "certificate": pair.certificate, "key": pair.key.expose() });
        self.ask(&mut connected(port, &trusting(&[shown])), "POST", "/panel/certificate", &body)
    }

    fn confirm(&self, port: u16, shown: &PanelTls) -> Answer {
        self.ask(&mut connected(port, &trusting(&[shown])), "POST", "/settings/confirm", &json!({}))
    }

    /// A call with the token over an open connection.
    fn ask(&self, stream: &mut Stream, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        // A refused certificate is an answer with status 0.
        let _ = stream.write_all(head.as_bytes());
        Answer::read(stream)
    }

    /// Whether a client that trusts exactly this certificate is answered.
    fn shows(&self, port: u16, pair: &PanelTls) -> bool {
        let mut stream = connected(port, &trusting(&[pair]));
        let head = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).is_ok() && Answer::read(&mut stream).status == 200
    }

    fn kept_pairs(&self) -> usize {
        std::fs::read_dir(self.core.config.panel_tls_folder().join("tls/kept")).map_or(0, Iterator::count)
    }
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts exactly these.
fn trusting(pairs: &[&PanelTls]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for pair in pairs {
        roots.add(panel_tls::certificates(&pair.certificate).unwrap().remove(0)).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

fn connected(port: u16, client: &Arc<ClientConfig>) -> Stream {
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(at(port)).unwrap();
    // An idle connection would be kept for a minute.
    stream.set_read_timeout(Some(Duration::from_secs(45))).unwrap();
    StreamOwned::new(ClientConnection::new(client.clone(), name).unwrap(), stream)
}

#[test]
fn a_certificate_is_shown_at_once_and_kept_by_who_was_shown_it() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&["panel.example".into()]).unwrap();
    let mut idle = connected(port, &trusting(&[&old]));
    idle.conn.complete_io(&mut idle.sock).unwrap();

    // The connection that carries the change is one from before, without `Connection: close`: its answer comes, and then
    // it ends, as an idle one does.
    let began = Instant::now();
    let answer = panel.set(port, &old, &new);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(is_ended(&mut idle) && began.elapsed() < Duration::from_secs(40), "connections from before went on");
    let view = answer.json();
    assert_eq!(view["certificate"]["fingerprint"], panel_tls::fingerprint(&new.certificate).unwrap());
    assert_eq!((&view["guard"]["confirmable"], &view["certificate"]["self_made"]), (&json!(false), &json!(true)));
    assert!(!format!("{answer:?}").contains("PRIVATE KEY"));
    assert!(panel.shows(port, &new) && !panel.shows(port, &old));
    assert_eq!(panel.files(), old, "the former pair stays until the new one is kept");

    let second = panel.set(port, &new, &panel_tls::make(&[]).unwrap());
    assert_eq!((second.status, second.code().as_str()), (409, "guard_pending"));
    assert_eq!(panel.confirm(port, &new).status, 200);
    assert_eq!((panel.files(), panel.kept_pairs()), (new.clone(), 0));
    panel.clock.0.fetch_add(120, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(500));
    assert!(panel.shows(port, &new), "what is confirmed stays");
    let panel = panel.restarted();
    assert!(panel.shows(port, &new));
    let entries = panel.audited("panel_certificate.set");
    let entry = entries.iter().find(|entry| entry["result"] == "done").unwrap();
    assert!(entry.to_string().contains(&panel_tls::fingerprint(&old.certificate).unwrap()), "{entry}");
    assert!(!entry.to_string().contains("PRIVATE KEY") && !entry.to_string().contains("BEGIN"), "{entry}");
}

#[test]
fn over_http_2_the_answer_comes_and_then_the_connection_ends() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    let mut client = (*trusting(&[&old])).clone();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let body = json!({ "certificate": new.certificate, "key": new.key.expose() }).to_string();
    let request = hyper::Request::post("https://localhost/api/v1/panel/certificate")
        .header("authorization", format!("Bearer {}", panel.token))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(at(port)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let ended = tokio::spawn(connection);
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains("seconds_left"), "the whole answer");
        // Told by GOAWAY; a sender that is not dropped would keep it open otherwise.
        tokio::time::timeout(Duration::from_secs(45), ended).await.unwrap().unwrap().unwrap();
    });
    assert!(panel.shows(port, &new));
}

#[test]
fn a_confirmation_over_a_connection_from_before_does_not_count() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    assert_eq!(panel.set(port, &old, &new).status, 200);
    let confirm = |shown: Option<&PanelTls>| {
        let request = Request {
            address: Some(at(port).ip()),
            door: Some(Door {
                listen: at(port),
                tls: true,
                certificate: shown.map(|pair| pair.id().unwrap()),
                host: format!("localhost:{port}"),
            }),
            ..Request::console("r0123456789".into(), Lang::En)
        };
        let called = ops::run::call(
            &panel.core,
            &Actor::Console,
            &request,
            ops::find("setting.confirm").unwrap(),
            json!({ "here": true }),
        );
        called.map(|_| ()).map_err(|e| e.code().to_owned())
    };
    assert_eq!(confirm(Some(&old)), Err("guard_other_path".into()));
    assert_eq!(confirm(None), Err("guard_other_path".into()));
    assert_eq!(confirm(Some(&new)), Ok(()));
}

#[test]
fn a_resumed_session_does_not_hide_the_new_certificate() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    let client = trusting(&[&old, &new]);
    let kind = || {
        let mut stream = connected(port, &client);
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        assert_eq!(Answer::read(&mut stream).status, 200);
        stream.conn.handshake_kind().unwrap()
    };
    assert_eq!((kind(), kind()), (HandshakeKind::Full, HandshakeKind::Resumed));
    assert_eq!(panel.set(port, &old, &new).status, 200);
    assert_eq!(kind(), HandshakeKind::Full, "the browser looks at it before it may confirm it");
}

#[test]
fn an_unconfirmed_certificate_is_taken_back() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    assert_eq!(panel.set(port, &old, &new).status, 200);
    panel.let_time_run_out();
    eventually("the former certificate is shown again", || panel.shows(port, &old));
    eventually("the other pair is gone", || panel.kept_pairs() == 0);
    assert!(!panel.shows(port, &new));
    assert_eq!(panel.files(), old);
    assert_eq!(panel.audited("setting.revert").len(), 1);
    // And at once, where somebody wants that.
    assert_eq!(panel.set(port, &old, &new).status, 200);
    let back = panel.ask(&mut connected(port, &trusting(&[&new])), "POST", "/settings/revert", &Value::Null);
    assert_eq!(back.status, 200);
    assert!(panel.shows(port, &old));
}

#[test]
fn the_time_of_a_certificate_runs_on_over_a_restart() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    panel.set(port, &old, &new);
    let panel = panel.restarted();
    assert!(panel.shows(port, &new), "it still waits to be confirmed");
    panel.let_time_run_out();
    eventually("the former certificate is shown again", || panel.shows(port, &old));
    panel.set(port, &old, &new);
    panel.clock.0.fetch_add(120, Ordering::SeqCst);
    let panel = panel.restarted();
    assert!(panel.shows(port, &old), "it was taken back before anybody could connect");
    assert_eq!(panel.kept_pairs(), 0);
    panel.set(port, &old, &new);
    let panel = panel.restarted();
    assert_eq!(panel.confirm(port, &new).status, 200);
    assert_eq!(panel.files(), new);
}

#[test]
fn a_new_self_signed_certificate_is_guarded_as_well() {
    let (panel, port, old) = Panel::with_tls();
    let path = "/panel/certificate/remake";
    let ask = |path: &str| panel.ask(&mut connected(port, &trusting(&[&old])), "POST", path, &Value::Null);
    let dry = ask(&format!("{path}?dry_run=true"));
    assert!(dry.status == 200 && dry.body.contains("self_made"), "{dry:?}");
    assert_eq!((panel.kept_pairs(), panel.shows(port, &old)), (0, true), "a dry run makes nothing");
    let view = ask(path).json();
    assert!(view["certificate"]["self_made"] == true && view["guard"].is_object(), "{view}");
    assert!(!panel.shows(port, &old));
    panel.let_time_run_out();
    eventually("the former certificate is shown again", || panel.shows(port, &old));
}

#[test]
fn a_pair_that_cannot_be_used_changes_nothing_and_every_problem_is_said() {
    let (panel, port, old) = Panel::with_tls();
    let other = panel_tls::make(&[]).unwrap();
    let ask = |certificate: &str, key: &str| {
        let body = json!({ "certificate": certificate, "key": key });
        let answer = panel.ask(&mut connected(port, &trusting(&[&old])), "POST", "/panel/certificate", &body);
        assert_eq!((answer.status, answer.body.contains("PRIVATE KEY-----\\n")), (422, false), "{answer:?}");
        let problems = answer.json()["errors"].as_array().unwrap().clone();
        problems.iter().map(|p| format!("{} {}", p["field"].as_str().unwrap(), p["code"].as_str().unwrap())).collect()
    };
    let none: Vec<String> = ask("none", "none");
    assert_eq!(none, ["certificate certificate_not_pem", "key private_key_not_pem"]);
    let mixed: Vec<String> = ask(&old.certificate, other.key.expose());
    assert_eq!(mixed, ["key private_key_of_other"]);
    let long: Vec<String> = ask(&"x".repeat(panel_tls::CERTIFICATE_BYTES_MAX + 1), old.key.expose());
    assert_eq!(long, ["certificate too_long"]);
    assert!(panel.shows(port, &old) && panel.kept_pairs() == 0);
    assert!(guard::current(&panel.core).unwrap().is_none());
    assert!(!panel.audited("panel_certificate.set").is_empty(), "refusals are recorded");
}

#[test]
fn without_tls_a_certificate_takes_its_place_at_once() {
    let (panel, port) = Panel::new();
    let pair = panel_tls::make(&["panel.example".into()]).unwrap();
    let set = panel.console("setting.update", json!({ "panel.host_names": ["panel.example", "other.example"] }));
    assert!(set.is_ok() && panel.console("setting.confirm", json!({ "here": true })).is_ok());
    let body = json!({ "certificate": pair.certificate, "key": pair.key.expose() });
    let view = panel.api(port, "POST", "/panel/certificate", &body).unwrap().json();
    assert_eq!((&view["guard"], &view["uncovered"]), (&Value::Null, &json!(["other.example"])), "{view}");
    assert_eq!((panel.files(), panel.kept_pairs()), (pair, 0));
    assert!(guard::current(&panel.core).unwrap().is_none());
}

#[test]
fn unlocking_replaces_a_certificate_that_does_not_work_and_only_that() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    panel.set(port, &old, &new);
    let done = panel.console("panel.unlock", json!({})).unwrap();
    assert_eq!((&done["fingerprint"], panel.files(), panel.kept_pairs()), (&Value::Null, old, 0), "what waits goes");
    let key = panel.core.config.panel_tls_folder().join(panel_tls::KEY);
    std::fs::write(&key, new.key.expose()).unwrap();
    let done = panel.console("panel.unlock", json!({})).unwrap();
    let made = panel.files();
    assert!(made.certified().is_ok());
    assert_eq!(done["fingerprint"], panel_tls::fingerprint(&made.certificate).unwrap());
    let asked = panel.console("panel.unlock", json!({ "new_certificate": true })).unwrap();
    assert!(asked["fingerprint"] != done["fingerprint"] && panel.files() != made);
}

#[test]
fn unlocking_destroys_no_key() {
    let (panel, _, own) = Panel::with_tls();
    let folder = panel.core.config.panel_tls_folder();
    // Before its time a certificate is left alone: it is more likely the clock that is wrong.
    panel.clock.0.store(-200 * 365 * 86_400, Ordering::SeqCst);
    let done = panel.console("panel.unlock", json!({})).unwrap();
    assert_eq!((&done["fingerprint"], panel.files()), (&Value::Null, own.clone()));
    panel.clock.0.store(0, Ordering::SeqCst);
    let key = folder.join(panel_tls::KEY);
    std::fs::write(&key, "the only one").unwrap();
    for _ in 0..2 {
        let done = panel.console("panel.unlock", json!({ "new_certificate": true })).unwrap();
        let made = panel.files();
        assert_eq!(done["fingerprint"], panel_tls::fingerprint(&made.certificate).unwrap());
        assert!(made.certified().is_ok() && panel.kept_pairs() == 0);
    }
    let aside = |name: &str| std::fs::read_to_string(folder.join("tls").join(name)).unwrap();
    assert_eq!((aside("panel.key.before").as_str(), aside("panel.pem.before")), ("the only one", own.certificate));
}

#[test]
fn a_pair_whose_change_is_rolled_back_is_gone_at_once() {
    let (panel, port, old) = Panel::with_tls();
    let new = panel_tls::make(&[]).unwrap();
    panel
        .core
        .store
        .write(|tx| tx.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'full'); END", &[]))
        .unwrap();
    assert_eq!(panel.set(port, &old, &new).status, 500);
    assert_eq!((panel.kept_pairs(), panel.files()), (0, old.clone()));
    assert!(panel.shows(port, &old));
}

#[test]
fn the_command_line_takes_files_and_a_killed_panel_gives_the_former_certificate_back() {
    let mut panel = Installed::start();
    let pair = panel_tls::make(&[]).unwrap();
    let put = |name: &str, text: &str| {
        let path = panel.root.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) = (put("chain.pem", &pair.certificate), put("own.key", pair.key.expose()));
    assert!(panel.run(&["setting", "update", "--panel.tls"]).status.success());
    assert!(panel.run(&["setting", "confirm", "--here"]).status.success());
    let folder = panel.root.path().join("etc/manara");
    let old = panel_tls::present(&folder).unwrap().unwrap();

    let refused = panel.run(&["panel-certificate", "set", "--certificate", &certificate, "--key", &certificate]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("key: "), "{said}");
    let refused = panel.run(&["panel-certificate", "set", "--certificate", "-", "--key", "-"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("standard input (-)"), "{said}");
    let done = panel.run(&["panel-certificate", "set", "--certificate", &certificate, "--key", &key]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("manara setting confirm --here"), "{said}");
    assert!(!said.contains("PRIVATE KEY"));
    assert_eq!(panel.run(&["setting", "confirm"]).status.code(), Some(4), "the console was shown no certificate");
    panel.serve.kill().unwrap();
    panel.serve.wait().unwrap();

    let clock = Arc::new(Ahead::default());
    clock.0.store(120, Ordering::SeqCst);
    let core = opened(panel.root.path(), clock);
    assert!(guard::current(&core).unwrap().is_none());
    assert_eq!(panel_tls::present(&folder).unwrap().unwrap(), old);
    let shown = certificate::in_use(&core, core.settings.now(&core.store).unwrap().certificate, &[]).unwrap();
    assert_eq!(shown, old);
    assert_eq!(std::fs::read_dir(folder.join("tls/kept")).unwrap().count(), 0, "the pair that was tried is gone");
}
