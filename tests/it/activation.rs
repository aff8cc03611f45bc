//! Ports that a service manager opens (sd_listen_fds(3)): the panel takes exactly one listening TCP port, and says what is
//! wrong with anything else.

use crate::split::{manara, signal, stop_nginx, until};
use crate::support::rig::free_port;
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts `manara words` with `socket` as descriptor 3 and the variables `env`, in which `$$` is its process id. A shell
/// stands in for the service manager: it puts the descriptor into its place and then becomes the program.
fn start(root: &Path, words: &[&str], socket: impl Into<OwnedFd>, env: &str) -> Child {
    let program = manara(root, [free_port(), free_port()], words);
    let mut shell = Command::new("/bin/sh");
    let script = format!("exec 3<&0 </dev/null; export {env}; exec \"$@\"");
    shell.args(["-c", &script, "sh"]).arg(program.get_program()).args(program.get_args()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(socket.into()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(panel: Child) {
    signal(panel.id(), Signal::TERM);
    let done = panel.wait_with_output().unwrap();
    assert!(done.status.success(), "{}: {}", done.status, String::from_utf8_lossy(&done.stderr));
}

fn ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let asked = write!(stream, "GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.starts_with("HTTP/1.1 200 ")
}

#[test]
fn the_panel_answers_on_the_port_it_was_given() {
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let words = ["serve", "--listen", "127.0.0.1:1"];
    let panel = start(root.path(), &words, listener, "LISTEN_PID=$$ LISTEN_FDS=1");
    until("the panel answers on the port it was given", || ready(port));
    let mut list = manara(root.path(), [free_port(), free_port()], &["--json", "setting", "list"]);
    let told = list.stdout(Stdio::piped()).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let listed = told["items"].as_array().or(told.as_array()).unwrap();
    let listen = listed.iter().find(|setting| setting["key"] == "panel.listen").unwrap();
    assert_eq!(listen["value"], format!("127.0.0.1:{port}"), "{listen}");
    end(panel);
    stop_nginx(root.path());
}

#[test]
fn what_was_meant_for_another_process_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let (given, own) = (TcpListener::bind(("127.0.0.1", 0)).unwrap(), free_port());
    let words = ["serve", "--listen", &format!("127.0.0.1:{own}")];
    let panel = start(root.path(), &words, given, "LISTEN_PID=1 LISTEN_FDS=1");
    until("the panel answers on its own port", || ready(own));
    end(panel);
    stop_nginx(root.path());
}

#[test]
fn anything_but_one_listening_tcp_port_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let refused = |socket: OwnedFd, env: &str| {
        let done = start(root.path(), &["serve"], socket, env).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(5), "{env}: {said}");
        assert!(said.contains("is not one listening TCP port"), "{env}: {said}");
    };
    let tcp = || OwnedFd::from(TcpListener::bind(("127.0.0.1", 0)).unwrap());
    let good = "LISTEN_PID=$$ LISTEN_FDS=1";
    for env in
        ["LISTEN_PID=$$ LISTEN_FDS=2", "LISTEN_PID=$$ LISTEN_FDS=x", "LISTEN_PID=$$", "LISTEN_PID=x LISTEN_FDS=1"]
    {
        refused(tcp(), env);
    }
    refused(UdpSocket::bind(("127.0.0.1", 0)).unwrap().into(), good);
    refused(std::fs::File::open("/dev/null").unwrap().into(), good);
    refused(UnixListener::bind(root.path().join("s")).unwrap().into(), good);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    refused(connected.into(), good);

    // Nothing at all in the place of the descriptor.
    let done = start(root.path(), &["serve"], tcp(), &format!("{good}; exec 3<&-")).wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(5));

    // Plain HTTP is for loopback, whoever opened the port.
    let outside = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let done = start(root.path(), &["serve"], outside, good).wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&done.stderr).contains("without TLS"), "{done:?}");
    stop_nginx(root.path());
}
