//! TLS, HTTP/2.

use crate::support::panel::{Answer, Panel, is_ended};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use manara::http::{Listen, Patience, Tcp, serve};
use manara::platform::panel_tls::{self, PanelTls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn certificate() -> (tempfile::TempDir, PanelTls) {
    let root = tempfile::tempdir().unwrap();
    let files = panel_tls::ensure(root.path(), &["panel.example".into()]).unwrap();
    (root, files)
}

/// A client that trusts exactly this certificate.
fn client(files: &PanelTls, protocol: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(files.certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Arc::new(config)
}

fn name() -> ServerName<'static> {
    ServerName::try_from("panel.example").unwrap()
}

#[test]
fn http_1_answers_over_tls_with_the_locked_cookie() {
    let (_files, files) = certificate();
    let panel = Panel::with(Some(files.clone()), Patience::default());
    let browser = panel.browser("omar", "admin");
    let get = |cookie: &str, origin: &str| {
        let connection = ClientConnection::new(client(&files, "http/1.1"), name()).unwrap();
        let mut stream = StreamOwned::new(connection, panel.connect());
        let head = format!(
            "GET /api/v1/session HTTP/1.1\r\nHost: {0}\r\nCookie: {cookie}={1}\r\nOrigin: {origin}://{0}\r\nConnection: close\r\n\r\n",
            panel.address, browser.secret
        );
        stream.write_all(head.as_bytes()).unwrap();
        Answer::read(&mut stream)
    };
    assert_eq!(get("__Host-manara", "https").status, 200);
    assert_eq!(get("manara", "https").status, 401, "the cookie of plain HTTP does not count over TLS");
    assert_eq!(get("__Host-manara", "http").status, 403, "plain HTTP is another origin");
}

#[test]
fn http_2_answers_over_tls() {
    let (_files, files) = certificate();
    let panel = Panel::with(Some(files.clone()), Patience::default());
    let token = panel.token("viewer");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(panel.address).await.unwrap();
        let stream = tokio_rustls::TlsConnector::from(client(&files, "h2")).connect(name(), stream).await.unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        for (method, path, status, empty) in [
            ("GET", "/api/v1/sites", 200, false),
            ("HEAD", "/api/v1/sites", 200, true),
            ("GET", "/", 200, false),
            ("PUT", "/api/v1/sites", 405, false),
        ] {
            let request = hyper::Request::builder()
                .method(method)
                .uri(format!("https://{}{path}", panel.address))
                .header("authorization", format!("Bearer {token}"))
                .body(Empty::<Bytes>::new())
                .unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), status, "{method} {path}");
            assert!(answer.headers()["content-length"].to_str().unwrap().parse::<u32>().unwrap() > 0);
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().is_empty(), empty, "{method} {path}");
        }
        let foreign = hyper::Request::get("https://evil.test/").body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(sender.send_request(foreign).await.unwrap().status(), 421);
    });
}

#[test]
fn an_http_2_stream_that_nobody_reads_ends() {
    let (_files, files) = certificate();
    let short = Duration::from_millis(300);
    let panel =
        Panel::with(Some(files.clone()), Patience { write: short, heartbeat: short / 6, ..Patience::default() });
    let token = panel.token("viewer");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(panel.address).await.unwrap();
        let stream = tokio_rustls::TlsConnector::from(client(&files, "h2")).connect(name(), stream).await.unwrap();
        let mut narrow = http2::Builder::new(TokioExecutor::new());
        narrow.initial_stream_window_size(1);
        let (mut sender, connection) = narrow.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::get(format!("https://{}/api/v1/events?topics=sites", panel.address))
            .header("authorization", format!("Bearer {token}"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        // From before its beginning: on a busy machine it may end before its answer is looked at.
        let began = Instant::now();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        while panel.core.bus.streams() > 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "it is still listened to");
            tokio::time::sleep(short / 6).await;
        }
        assert!(began.elapsed() >= short, "{:?}", began.elapsed());
    });
}

#[test]
fn a_client_that_is_silent_in_the_handshake_or_after_it_is_closed() {
    let (_files, files) = certificate();
    let short = Duration::from_secs(1);
    let panel = Panel::with(Some(files.clone()), Patience { head: short, ..Patience::default() });
    assert!(is_ended(&mut panel.connect()), "silent in the handshake");
    let began = Instant::now();
    let connection = ClientConnection::new(client(&files, "h2"), name()).unwrap();
    let mut stream = StreamOwned::new(connection, panel.connect());
    let sent = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(sent.is_ok() || began.elapsed() >= short, "cut in the handshake: {sent:?}");
    assert!(is_ended(&mut stream), "silent after it");
}

#[test]
fn insisting_on_tls_is_said_only_when_told() {
    let (_files, files) = certificate();
    let panel = Panel::new();
    let tcp = Tcp { address: "127.0.0.1:0".parse().unwrap(), tls: Some(files.clone()), hsts: true };
    let server = serve(panel.core.clone(), Listen { tcp: Some(tcp), ..Listen::default() }).unwrap();
    let stream = std::net::TcpStream::connect(server.address().unwrap()).unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(client(&files, "http/1.1"), name()).unwrap(), stream);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(Answer::read(&mut stream).header("strict-transport-security"), Some("max-age=63072000"));
    assert_eq!(panel_tls::fingerprint(&files.certificate).unwrap().len(), 95);
    server.stop();
}

#[test]
fn plain_http_outside_of_loopback_is_refused() {
    let panel = Panel::new();
    let tcp = Tcp { address: "0.0.0.0:0".parse().unwrap(), tls: None, hsts: false };
    let refused = serve(panel.core.clone(), Listen { tcp: Some(tcp), ..Listen::default() });
    assert_eq!(refused.map(|_| ()).unwrap_err().code(), "plain_http_outside");
}

#[test]
fn a_certificate_put_in_place_is_shown_without_a_new_start_and_a_broken_one_is_not() {
    let (_files, first) = certificate();
    let patience = Patience { certificate: Duration::from_millis(20), ..Patience::default() };
    let panel = Panel::with(Some(first.clone()), patience);
    // Whether a client that trusts exactly this certificate comes to an answer.
    let shows = |files: &PanelTls| {
        let connection = ClientConnection::new(client(files, "http/1.1"), name()).unwrap();
        let mut stream = StreamOwned::new(connection, panel.connect());
        let head = format!("GET /health/live HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", panel.address);
        stream.write_all(head.as_bytes()).is_ok() && Answer::read(&mut stream).status == 200
    };
    let until = |files: &PanelTls| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !shows(files) {
            assert!(Instant::now() < deadline, "another certificate is shown");
        }
    };
    assert!(shows(&first));
    let folder = panel.core.config.panel_tls_folder().join("tls");
    std::fs::create_dir_all(&folder).unwrap();
    let put = |certificate: &str, key: &str| {
        std::fs::write(folder.join("panel.pem"), certificate).unwrap();
        std::fs::write(folder.join("panel.key"), key).unwrap();
    };
    let (_other, second) = certificate();
    put(&second.certificate, second.key.expose());
    until(&second);
    assert!(!shows(&first));
    for (certificate, key) in [("no certificate", ""), (&first.certificate, second.key.expose().as_str())] {
        put(certificate, key);
        std::thread::sleep(Duration::from_millis(100));
        assert!(shows(&second), "the former one goes on");
    }
    std::fs::remove_file(folder.join("panel.pem")).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(shows(&second));
    put(&first.certificate, first.key.expose());
    until(&first);
}
