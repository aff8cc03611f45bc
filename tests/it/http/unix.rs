//! The Unix socket.

use crate::support::panel::{Answer, Panel};
use serde_json::json;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

fn send(panel: &Panel, text: &str) -> Answer {
    let mut stream = UnixStream::connect(&panel.core.config.api_socket).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    Answer::read(&mut stream)
}

#[test]
fn whoever_runs_the_panel_is_the_console() {
    let panel = Panel::new();
    let body = json!({ "domain": "a.test", "kind": "static" }).to_string();
    let made = send(
        &panel,
        &format!(
            "POST /api/v1/sites HTTP/1.1\r\nHost: manara\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let entry = panel.console("audit.list", json!({ "operation": "site.create" }))["items"][0].clone();
    assert_eq!((entry["actor"].clone(), entry["address"].clone()), (json!("root@console"), json!("")));
    let mode = std::fs::metadata(&panel.core.config.api_socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
}

#[test]
fn a_token_on_the_socket_is_what_counts() {
    let panel = Panel::new();
    let get = |token: &str| {
        let bearer = format!("Authorization: Bearer {token}\r\n");
        send(&panel, &format!("GET /api/v1/users HTTP/1.1\r\nHost: x\r\n{bearer}Connection: close\r\n\r\n")).status
    };
    assert_eq!(get(&panel.token("viewer")), 403);
    assert_eq!(get("wrong"), 401);
}

/// Needs root, to become somebody else; the suite runs as root in its container.
#[test]
fn other_accounts_need_a_token() {
    let panel = Panel::new();
    if std::fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap() != 0 {
        eprintln!("not root: nobody else to be");
        return;
    }
    let socket = &panel.core.config.api_socket;
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(socket, 0o666);
    for folder in socket.ancestors().skip(1).take_while(|f| f.starts_with(panel.root.path())) {
        open(folder, 0o755);
    }
    let script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n\
                  s.sendall(b'GET /api/v1/sites HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')\n\
                  print(s.recv(64).split()[1].decode())";
    let output = Command::new("python3").args(["-c", script]).arg(socket).uid(65_534).gid(65_534).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "401", "{output:?}");
}
