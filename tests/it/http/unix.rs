//! The Unix socket.

use crate::support::panel::{Answer, Panel, cannot};
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

/// Opens the socket's folders to other accounts, as they are on a server.
fn open_folders(panel: &Panel) {
    let socket = &panel.core.config.api_socket;
    for folder in socket.ancestors().skip(1).take_while(|f| f.starts_with(panel.root.path())) {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// What an account of these numbers is answered: the status, or `refused` when it cannot even connect.
fn as_account(panel: &Panel, uid: u32, gid: u32, request: &str) -> String {
    let script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\n\
                  try: s.connect(sys.argv[1])\n\
                  except PermissionError: sys.exit(print('refused'))\n\
                  s.sendall(sys.argv[2].encode())\nprint(s.recv(64).split()[1].decode())";
    let mut python = Command::new("python3");
    let request = format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let output = python.args(["-c", script]).arg(&panel.core.config.api_socket).arg(request).uid(uid).gid(gid).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether the suite can become somebody else; it runs as root in its container.
fn is_root() -> bool {
    let root = std::fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap() == 0;
    if !root {
        cannot("root", "only root can become somebody else");
    }
    root
}

#[test]
fn other_accounts_need_a_token() {
    let panel = Panel::new();
    if !is_root() {
        return;
    }
    open_folders(&panel);
    assert_eq!(as_account(&panel, 65_534, 65_534, "GET /api/v1/sites"), "refused");
    std::fs::set_permissions(&panel.core.config.api_socket, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(as_account(&panel, 65_534, 65_534, "GET /api/v1/sites"), "401");
}

#[test]
fn members_of_the_group_act_as_the_user_of_their_name() {
    if !is_root() {
        return;
    }
    let panel = Panel::prepared(|root| {
        std::fs::create_dir_all(root.join("etc")).unwrap();
        let accounts = "root:x:0:0::/:\nomar:x:61001:61001::/:\nlayla:x:61002:61990::/:\nzaid:x:61003:61003::/:\n";
        std::fs::write(root.join("etc/passwd"), accounts).unwrap();
        std::fs::write(root.join("etc/group"), "manara-admin:x:61990:omar\n").unwrap();
    });
    open_folders(&panel);
    let socket = std::fs::metadata(&panel.core.config.api_socket).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::gid(&socket), 61_990, "the socket belongs to the group");
    // Joining the group is the kernel's part; the process has it as its group here.
    let omar = |request: &str| as_account(&panel, 61_001, 61_990, request);
    assert_eq!(omar("GET /api/v1/sites"), "401", "the panel has no user of that name");
    panel.browser("first", "admin");
    panel.browser("omar", "viewer");
    assert_eq!(omar("GET /api/v1/sites"), "200");
    assert_eq!(omar("DELETE /api/v1/users/omar"), "403", "with that user's role, and no more");
    let entry = panel.console("audit.list", json!({ "operation": "user.delete" }))["items"][0].clone();
    assert_eq!(
        (&entry["actor"], &entry["actor_kind"], &entry["result"]),
        (&json!("omar"), &json!("user"), &json!("refused"))
    );
    assert_eq!(omar("DELETE /api/v1/session"), "403", "there is no session to end");
    panel.console("user.update", json!({ "name": "omar", "disabled": true }));
    assert_eq!(omar("GET /api/v1/sites"), "401");
    panel.browser("layla", "viewer");
    assert_eq!(as_account(&panel, 61_002, 61_990, "GET /api/v1/sites"), "200", "by the primary group, too");
    panel.browser("zaid", "admin");
    assert_eq!(as_account(&panel, 61_003, 61_003, "GET /api/v1/sites"), "refused", "a name alone is nothing");
}
