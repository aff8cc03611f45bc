//! The host's socket in the hands of a taken-over panel: every operation with arguments that its own code would never send,
//! and bytes that are no operation at all. The side that is root must refuse, stay small and stay up.

mod others;
mod rows;

use crate::split::{manara, signal, until};
use crate::support::panel::{cannot, is_ended};
use crate::support::rig::free_port;
use manara::base::limits::{HOST_BODY_BYTES_MAX, HOST_CONNECTIONS_MAX};
use manara::platform::host_service::{Listen, Patience, Service, serve};
use manara::platform::local::{LocalHost, Places};
use manara::platform::{Faults, files, sockets};
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_res_gid, set_thread_res_uid};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What must never leave the machine.
const SECRET: &str = "root-only-secret-7f3a";

/// A host that serves a machine below a folder, with things around it that it must not touch.
struct Target {
    root: tempfile::TempDir,
    socket: PathBuf,
    service: Option<Service>,
}

impl Target {
    fn new() -> Target {
        Target::with(Patience::default())
    }

    fn with(patience: Patience) -> Target {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let machine = root.path().join("machine");
        std::fs::create_dir_all(root.path().join("outside")).unwrap();
        std::fs::write(root.path().join("outside/secret"), SECRET).unwrap();
        std::fs::create_dir_all(machine.join("etc")).unwrap();
        std::fs::write(machine.join("etc/shadow"), SECRET).unwrap();
        let probe = format!("http://127.0.0.1:{}/generation", free_port());
        let places = Places {
            root: machine,
            probe,
            may_install: false,
            may_stop_nginx: false,
            ownership: manara::config::NginxOwnership::Auto,
            ports: (80, 443),
        };
        let host = Arc::new(LocalHost::open(&places, Arc::new(Faults::default())).unwrap());
        let socket = root.path().join("s");
        let listen =
            Listen { socket: sockets::listen(&socket, None).unwrap(), peers: vec![sockets::own_uid()], patience };
        let target = Target { root, socket, service: Some(serve(host, listen).unwrap()) };
        until("it is prepared", || target.call(&json!("nginx_prepare")).0 == 200);
        target
    }

    fn machine(&self, rel: &str) -> PathBuf {
        self.root.path().join("machine").join(rel)
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes, and reads to the end of the connection.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The host may have heard enough before the end.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Calls an operation: the HTTP status and what was answered.
    fn call(&self, op: &Value) -> (u16, String) {
        self.send("/v1/call", op.to_string().as_bytes())
    }

    fn send(&self, path: &str, body: &[u8]) -> (u16, String) {
        let answer = self.raw(&request(path, body));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0), body.to_owned())
    }

    /// Everything there is, by path: kind, mode and content. The journal, the staging folder and the logs may change.
    fn picture(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        picture(self.root.path(), &mut found);
        found.retain(|path, _| !["staging", "journal", "/s", "log"].iter().any(|end| path.ends_with(end)));
        found.retain(|path, _| !path.to_string_lossy().contains("manara-host/"));
        found
    }

    /// It is still there, and answers: also a client that a busy machine makes a slow one, if not the first time.
    fn answers(&self) {
        until("it answers", || self.call(&json!("open_plans")).0 == 200);
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let ended = self.service.take().unwrap().stop();
        assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
    }
}

fn request(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nManara-Version: 1\r\nContent-Length: {}\r\n", body.len());
    let upgrade = if path == "/v1/stream" { "Connection: upgrade\r\nUpgrade: manara-stream\r\n" } else { "" };
    [head.as_bytes(), upgrade.as_bytes(), b"\r\n", body].concat()
}

fn picture(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = std::fs::symlink_metadata(&path).unwrap();
        let content = if about.is_file() {
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()
        } else {
            String::new()
        };
        found.insert(path.clone(), format!("{:?} {:o} {content}", about.file_type(), about.permissions().mode()));
        if about.is_dir() {
            picture(&path, found);
        }
    }
}

#[test]
fn every_operation_refuses_hostile_arguments_and_changes_nothing() {
    let target = Target::new();
    let before = target.picture();
    let rows = rows::all();
    let covered: BTreeSet<String> = rows.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(covered, rows::operations(), "every operation has a row of hostile arguments");
    for (name, ops) in &rows {
        assert!(!ops.is_empty(), "{name}");
        for op in ops {
            let long = *name == "install";
            let (status, body) =
                if long { target.send("/v1/stream", op.to_string().as_bytes()) } else { target.call(op) };
            assert!((400..500).contains(&status), "{op} was answered {status} {body}");
            assert!(!body.contains(SECRET), "{op} told {body}");
        }
    }
    // Each operation by the other one's door.
    assert_eq!(target.send("/v1/call", br#"{"install":{"component":"nginx"}}"#).0, 422);
    assert_eq!(target.send("/v1/stream", b"\"nginx_status\"").0, 422);
    assert_eq!(target.picture(), before);
    target.answers();
}

#[test]
fn the_generation_never_falls() {
    let target = Target::new();
    let generation = target.machine("etc/nginx/manara/generation.conf");
    let text = std::fs::read_to_string(&generation).unwrap();
    std::fs::write(&generation, text.replace("200 0", "200 41")).unwrap();
    let (status, body) = target.call(&json!({ "nginx_reload": { "generation": 40 } }));
    assert_eq!(status, 409, "{body}");
    assert!(body.contains("generation_passed") && body.contains("41"), "{body}");
}

#[test]
fn the_generations_cannot_be_used_up() {
    let target = Target::new();
    let generation = target.machine("etc/nginx/manara/generation.conf");
    for ahead in [1_000_001, i64::MAX.unsigned_abs(), u64::MAX] {
        let (status, body) = target.call(&json!({ "nginx_reload": { "generation": ahead } }));
        assert!(
            status == 409 && body.contains("generation_ahead") && body.contains("\"0\""),
            "{ahead}: {status} {body}"
        );
    }
    assert!(std::fs::read_to_string(&generation).unwrap().contains("200 0"));
    // Where files say the last number already, nothing overflows.
    let text = std::fs::read_to_string(&generation).unwrap();
    std::fs::write(&generation, text.replace("200 0", &format!("200 {}", u64::MAX))).unwrap();
    let (status, body) = target.call(&json!({ "nginx_reload": { "generation": 7 } }));
    assert!(status == 409 && body.contains("generation_passed"), "{status} {body}");
    target.answers();
}

#[test]
fn the_policy_of_the_moment_is_what_holds() {
    let target = Target::new();
    let policy = target.machine("etc/manara/host-policy.toml");
    std::fs::create_dir_all(policy.parent().unwrap()).unwrap();
    let tree =
        json!({ "sites_create": { "plan": "p0123456789", "trees": [{ "site": "s0123456789", "domain": "a.test" }] } });
    let test = json!({ "nginx_test": { "changes": [] } });
    let refused = |op: &Value, what: &str| {
        let (status, body) = target.call(op);
        assert!(status == 403 && body.contains("policy_refuses") && body.contains(what), "{op}: {status} {body}");
    };
    std::fs::write(&policy, "site_roots = [\"/data\"]\nprograms = []\npackages = []\n").unwrap();
    refused(&tree, "/srv/www");
    refused(&test, "nginx");
    let install = br#"{"install":{"component":"nginx"}}"#;
    let (_, body) = target.send("/v1/stream", install);
    assert!(body.contains("policy_refuses"), "{body}");
    // Whatever starts, reloads or ends a unit asks for its name.
    std::fs::write(&policy, "unit_names = [\"manara-site-*.service\"]\n").unwrap();
    refused(&json!({ "nginx_reload": { "generation": 1 } }), "nginx.service");
    refused(&json!("nginx_stop"), "nginx.service");
    let (_, body) = target.send("/v1/stream", install);
    assert!(body.contains("manara-job-install-nginx.service"), "{body}");
    // One that cannot be used opens nothing.
    std::fs::write(&policy, "site_roots = [\"/srv/www\"]\nshell = true\n").unwrap();
    assert!(target.call(&tree).1.contains("policy_invalid"));
    std::fs::write(&policy, "site_roots = [\"/srv/www\"]\n").unwrap();
    std::fs::set_permissions(&policy, PermissionsExt::from_mode(0o666)).unwrap();
    assert!(target.call(&tree).1.contains("policy_exposed"));
    std::fs::remove_file(&policy).unwrap();
    assert_eq!(target.call(&tree).0, 200);
}

#[test]
fn what_is_left_to_a_taken_over_panel_is_what_the_security_model_says() {
    let target = Target::new();
    let (plan, site) = ("p0123456789", "s0123456789");
    let content = |directive: Value| {
        let listen = json!({ "name": "listen", "args": ["80"] });
        let name = json!({ "name": "server_name", "args": ["any.test"] });
        json!([{ "name": "server", "block": [listen, name, directive] }])
    };
    let switch = |plan: &str, directive: Value| {
        let change = json!({ "file": { "site": site }, "content": content(directive) });
        json!({ "nginx_switch": { "plan": plan, "changes": [change] } })
    };
    let web = target.machine("srv/www").display().to_string();
    let tree = json!([{ "site": site, "domain": "any.test" }]);
    // In the order of docs/security-model.md.
    for op in [
        json!({ "nginx_read": { "file": { "site": site } } }),
        json!("nginx_list"),
        json!("nginx_neighbours"),
        switch(plan, json!({ "name": "return", "args": ["301", "https://elsewhere.example/"] })),
        switch("p0123456781", json!({ "name": "root", "args": [format!("{web}/other.test/public")] })),
        json!({ "sites_create": { "plan": plan, "trees": tree } }),
        json!({ "site_trash": { "plan": "p0123456782", "site": site, "folder": "any.test" } }),
        json!({ "hold": { "plan": plan } }),
        json!({ "forget": { "plan": plan } }),
        json!({ "undo": { "plan": "p0123456781" } }),
        json!("logs_rotate"),
        json!({ "log_read": { "query": { "source": "access", "start": "newest", "site": null, "text": null, "level": null,
                                         "from": null, "until": null, "limit": 10 } } }),
        json!("processes"),
        json!("services"),
        json!({ "audit_head": { "position": 7, "hash": "0".repeat(64) } }),
        json!({ "log_read": { "query": { "source": "error", "start": "newest", "limit": 9 } } }),
        json!("processes"),
        json!("services"),
    ] {
        let (status, body) = target.call(&op);
        assert_eq!(status, 200, "{op}: {body}");
    }
    // Never deleted, only moved.
    assert!(target.machine(&format!("srv/www/.trash/{site}/public/index.html")).exists());
    // And what is not left.
    let proxy = json!({ "name": "location", "args": ["/"], "block": [{ "name": "proxy_pass", "args": ["http://unix:/run/docker.sock:/"] }] });
    for op in [
        json!("nginx_stop"),
        switch(plan, json!({ "name": "root", "args": ["/etc"] })),
        switch(plan, json!({ "name": "listen", "args": ["unix:/etc/cron.d/x"] })),
        switch(plan, proxy),
    ] {
        let (status, body) = target.call(&op);
        assert_eq!(status, 403, "{op}: {body}");
    }
}

#[test]
fn links_pipes_and_devices_in_place_of_files_give_nothing_away() {
    let target = Target::new();
    let sites = target.machine("etc/nginx/manara/sites");
    let outside = target.root.path().join("outside");
    let read = |id: &str| target.call(&json!({ "nginx_read": { "file": { "site": id } } }));
    symlink(outside.join("secret"), sites.join("s0000000001.conf")).unwrap();
    symlink("../../../shadow", sites.join("s0000000002.conf")).unwrap();
    let pipe = sites.join("s0000000003.conf");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    std::os::unix::net::UnixListener::bind(sites.join("s0000000004.conf")).unwrap();
    std::fs::create_dir(sites.join("s0000000005.conf")).unwrap();
    if files::is_root() {
        let zero = rustix::fs::makedev(1, 5);
        let device = sites.join("s0000000006.conf");
        rustix::fs::mknodat(rustix::fs::CWD, &device, rustix::fs::FileType::CharacterDevice, 0o600.into(), zero)
            .unwrap();
    }
    for n in 1..=6 {
        // Whoever waited for a pipe's writer would not answer at all.
        let (status, body) = read(&format!("s000000000{n}"));
        assert!(status == 502 || (n == 6 && body.contains("null")), "{n}: {status} {body}");
        assert!(!body.contains(SECRET), "{n}: {body}");
    }
    for op in [json!("nginx_list"), json!({ "nginx_test": { "changes": [] } })] {
        let (status, body) = target.call(&op);
        assert_eq!(status, 502, "{op}: {body}");
        assert!(
            !body.contains(SECRET) && body.contains("file_irregular") | body.contains("path_escapes"),
            "{op}: {body}"
        );
    }
    // A plan may replace such a thing; it never writes through it, and undoing brings no foreign bytes.
    let switch = json!({ "nginx_switch": { "plan": "p0000000001", "changes": [{ "file": { "site": "s0000000001" }, "content": [] }] } });
    let (status, body) = target.call(&switch);
    assert!(status == 502 && !body.contains(SECRET), "{status} {body}");
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), SECRET);
}

#[test]
fn a_folder_swapped_for_a_link_between_check_and_use_leads_nowhere() {
    let target = Target::new();
    let sites = target.machine("etc/nginx/manara/sites");
    let outside = target.root.path().join("outside");
    std::fs::write(outside.join("s0000000001.conf"), SECRET).unwrap();
    std::fs::write(sites.join("s0000000001.conf"), "# harmless\n").unwrap();
    let folders = [(sites.clone(), outside.clone()), (target.machine("srv/www"), outside.clone())];
    let before: BTreeMap<_, _> = target.picture().into_iter().filter(|(path, _)| path.starts_with(&outside)).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let swapper = std::thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            for (folder, outside) in &folders {
                let aside = folder.with_extension("aside");
                std::fs::rename(folder, &aside).unwrap();
                symlink(outside, folder).unwrap();
                std::thread::yield_now();
                std::fs::remove_file(folder).unwrap();
                std::fs::rename(&aside, folder).unwrap();
            }
        }
    });
    let mut fine = 0;
    for n in 0..60 {
        let plan = format!("p{n:010}");
        let change = json!([{ "file": { "site": "s0000000001" }, "content": [{ "name": "server", "block": [] }] }]);
        let tree = json!([{ "site": "s0000000002", "domain": format!("a{n}.test") }]);
        for op in [
            json!({ "nginx_read": { "file": { "site": "s0000000001" } } }),
            json!("nginx_list"),
            json!({ "nginx_switch": { "plan": plan, "changes": change } }),
            json!({ "sites_create": { "plan": plan, "trees": tree } }),
            json!({ "site_trash": { "plan": plan, "site": "s0000000002", "folder": format!("a{n}.test") } }),
            json!({ "undo": { "plan": plan } }),
        ] {
            let (status, body) = target.call(&op);
            assert!(!body.contains(SECRET), "{op} told {body}");
            fine += usize::from(status == 200);
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(fine > 15, "only {fine} calls hit the real folder");
    let after: BTreeMap<_, _> = target.picture().into_iter().filter(|(path, _)| path.starts_with(&outside)).collect();
    assert_eq!(after, before, "something outside was changed");
}

#[test]
fn only_the_panels_user_and_root_are_heard() {
    if !files::is_root() {
        return cannot("root", "another user needs root");
    }
    let target = Target::new();
    std::fs::set_permissions(&target.socket, PermissionsExt::from_mode(0o666)).unwrap();
    let socket = target.socket.clone();
    let heard = std::thread::spawn(move || {
        // The kernel keeps ids by thread: only this one is somebody else.
        set_thread_res_gid(Gid::from_raw(64_242), Gid::from_raw(64_242), Gid::from_raw(64_242)).unwrap();
        set_thread_res_uid(Uid::from_raw(64_242), Uid::from_raw(64_242), Uid::from_raw(64_242)).unwrap();
        let mut stream = UnixStream::connect(socket).unwrap();
        let _ = stream.write_all(&request("/v1/call", b"\"open_plans\""));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    });
    assert_eq!(heard.join().unwrap(), b"", "a stranger was answered");
    target.answers();
}

#[test]
fn other_versions_and_broken_requests_are_refused() {
    let target = Target::new();
    for version in ["", "Manara-Version: 0\r\n", "Manara-Version: 2\r\n", "Manara-Version: x\r\n"] {
        let answer = target.raw(
            format!("POST /v1/call HTTP/1.1\r\nHost: h\r\n{version}Content-Length: 12\r\n\r\n\"open_plans\"")
                .as_bytes(),
        );
        assert!(answer.starts_with("HTTP/1.1 422") && answer.contains("wire_version"), "{version:?}: {answer}");
    }
    let head = |line: &str, more: &str| format!("{line}\r\nHost: h\r\nManara-Version: 1\r\n{more}\r\n");
    let call = "POST /v1/call HTTP/1.1";
    for bytes in [
        head("GET /v1/call HTTP/1.1", ""),
        head("POST /v1/../../etc/passwd HTTP/1.1", "Content-Length: 0\r\n"),
        head("CONNECT h:1 HTTP/1.1", ""),
        head("POST /v1/call HTTP/9.9", "Content-Length: 0\r\n"),
        head(call, "Content-Length: 5\r\nContent-Length: 6\r\n"),
        head(call, "Content-Length: -1\r\n"),
        head(call, "Content-Length: 99999999999999999999999\r\n"),
        head(call, "Transfer-Encoding: chunked\r\n") + "c\r\n\"open_plans\"\r\n0\r\n\r\n",
        head(call, "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n"),
        head(call, &format!("X: {}\r\n", "x".repeat(100_000))),
        head(call, &"X: y\r\n".repeat(1000)),
        head(call, &format!("Content-Length: {}\r\n", HOST_BODY_BYTES_MAX + 1)),
        head("POST /v1/stream HTTP/1.1", "Content-Length: 33\r\n") + r#"{"install":{"component":"nginx"}}"#,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\0".repeat(9000),
        "\r\n".repeat(9000),
        String::new(),
    ] {
        if bytes.is_empty() {
            drop(target.connect());
            continue;
        }
        let mut stream = target.connect();
        let _ = stream.write_all(bytes.as_bytes());
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{bytes:.80?}: {answer}");
    }
    // A second request on one connection is not heard.
    let twice = [request("/v1/call", b"\"open_plans\""), request("/v1/call", b"\"open_plans\"")].concat();
    assert_eq!(target.raw(&twice).matches("HTTP/1.1 200").count(), 1);
    target.answers();
}

#[test]
fn slow_and_endless_clients_are_cut_off() {
    let short = Duration::from_millis(300);
    let target = Target::with(Patience { head: short, body: short, write: short, turn: short });
    // A byte now and then does not buy time. Neither head nor body would end within a minute.
    let cut = |what: &str, first: &[u8], drip: &[u8]| {
        let (mut stream, begun) = (target.connect(), Instant::now());
        let mut sent = stream.write_all(first);
        while sent.is_ok() && !drip.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what} was not cut");
            std::thread::sleep(Duration::from_millis(50));
            sent = stream.write_all(drip);
        }
        assert!(is_ended(&mut stream), "{what} was not cut");
    };
    cut("silence", b"", b"");
    cut("a slow head", b"POST /v1/call HTTP/1.1\r\nX: ", b"y");
    cut("a slow body", &request("/v1/call", &[b' '; 4000])[..200], b" ");
    // Clients that do not take their answers, on every place there is: each place is free again after a while.
    let sites = target.machine("etc/nginx/manara/sites/s0000000001.conf");
    std::fs::write(sites, "#".repeat(3 * 1024 * 1024)).unwrap();
    let lazy: Vec<_> = (0..HOST_CONNECTIONS_MAX)
        .map(|_| {
            let mut stream = target.connect();
            // One that was held up may be cut already.
            let _ = stream.write_all(&request("/v1/call", br#"{"nginx_read":{"file":{"site":"s0000000001"}}}"#));
            stream
        })
        .collect();
    until("there is a place again", || target.call(&json!("open_plans")).0 == 200);
    drop(lazy);
    target.answers();
}

#[test]
fn broken_streams_end_without_harm() {
    let target = Target::new();
    let install = request("/v1/stream", br#"{"install":{"component":"nginx"}}"#);
    for after in [&b""[..], b"\"st", b"\"stop\"\n\"stop\"\n", b"{\"stop\":1}\n", b"\xff\xff\n", &[b'x'; 200_000]] {
        let mut stream = target.connect();
        stream.write_all(&install).unwrap();
        let _ = stream.write_all(after);
        drop(stream);
        let answer = target.raw(&[&install[..], after].concat());
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    target.answers();
}

/// Memory of a process at its highest, in KiB (proc(5), `VmHWM`).
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn ten_thousand_requests_at_once_and_bodies_without_end_take_bounded_memory() {
    let root = tempfile::tempdir().unwrap();
    let mut host = manara(root.path(), [free_port(), free_port()], &["host"]).spawn().unwrap();
    let socket = root.path().join("run/manara-host/host.sock");
    until("the host listens", || UnixStream::connect(&socket).is_ok());
    let before = peak_kib(host.id());
    let mut calls = request("/v1/call", b"\"open_plans\"");
    calls.shrink_to_fit();
    let answered: usize = std::thread::scope(|scope| {
        let ask = || {
            (0..20)
                .filter(|_| {
                    let mut stream = UnixStream::connect(&socket).unwrap();
                    let mut answer = Vec::new();
                    stream.write_all(&calls).and_then(|()| stream.read_to_end(&mut answer)).unwrap();
                    answer.starts_with(b"HTTP/1.1 200")
                })
                .count()
        };
        let threads: Vec<_> = (0..500)
            .map(|_| std::thread::Builder::new().stack_size(128 * 1024).spawn_scoped(scope, ask).unwrap())
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(answered, 10_000);
    let crowd = peak_kib(host.id());
    assert!(crowd < before + 48 * 1024, "from {before} to {crowd} KiB");
    // Each of these would like 32 MiB; one gets it at a time. What they send is worth most in memory for its size.
    let length = HOST_BODY_BYTES_MAX;
    let head = format!("POST /v1/call HTTP/1.1\r\nHost: h\r\nManara-Version: 1\r\nContent-Length: {length}\r\n\r\n");
    let opening = br#"{"nginx_test":{"changes":[{"file":"main","content":[{"name":"x","args":["#;
    let filler = b"\"\",".repeat(100_000);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let mut stream = UnixStream::connect(&socket).unwrap();
                let begun = Instant::now();
                let mut sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(opening));
                while sent.is_ok() && begun.elapsed() < Duration::from_secs(5) {
                    sent = stream.write_all(&filler);
                }
            });
        }
    });
    let flood = peak_kib(host.id());
    assert!(flood < before + 512 * 1024, "from {before} to {flood} KiB");
    let mut stream = UnixStream::connect(&socket).unwrap();
    let mut answer = String::new();
    stream.write_all(&calls).and_then(|()| stream.read_to_string(&mut answer)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    signal(host.id(), rustix::process::Signal::TERM);
    assert!(host.wait().unwrap().success());
}
