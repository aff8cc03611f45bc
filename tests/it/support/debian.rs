//! Debian's own nginx, with what others put into it, before there was a panel.

use super::rig::Rig;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/foreign");

/// Debian's nginx as its package leaves it, below the rig's root and on the rig's ports, and what others put into it.
pub(crate) fn debian(rig: &Rig, theirs: &[&str]) {
    let etc = rig.root.path().join("etc/nginx");
    for folder in ["conf.d", "sites-enabled", "snippets", "modules-enabled"] {
        std::fs::create_dir_all(etc.join(folder)).unwrap();
    }
    for folder in ["var/log/nginx", "var/lib/nginx", "run", "var/www/html"] {
        std::fs::create_dir_all(rig.root.path().join(folder)).unwrap();
    }
    std::fs::write(rig.root.path().join("var/www/html/index.html"), "the default page\n").unwrap();
    for name in ["nginx.conf", "fastcgi_params", "sites-available/default"] {
        let text = std::fs::read_to_string(Path::new("/etc/nginx").join(name)).unwrap();
        put(rig, &name.replace("available", "enabled"), &text);
    }
    // Keys as the default site's own snippet would have them.
    let pair = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
    std::fs::write(etc.join("snippets/shop.pem"), pair.cert.pem()).unwrap();
    std::fs::write(etc.join("snippets/shop.key"), pair.signing_key.serialize_pem()).unwrap();
    for name in theirs {
        put(rig, name, &std::fs::read_to_string(Path::new(GOLDEN).join(name)).unwrap());
    }
}

/// Writes a file of theirs with the rig's ports and folders.
fn put(rig: &Rig, name: &str, text: &str) {
    let root = rig.root.path().display().to_string();
    let text = text.replace("user www-data;", "user root;").replace("ROOT", &root);
    let text = ["/etc/nginx/", "/run/", "/var/"].iter().fold(text, |text, path| {
        // A path begins where a word does.
        text.replace(&format!(" {path}"), &format!(" {root}{path}"))
    });
    let text = text.replace(&format!("{root}/etc/nginx/mime.types"), "/etc/nginx/mime.types");
    let text = text.replace("listen 80 ", &format!("listen {} ", rig.http_port));
    let text = text.replace("listen [::]:80 ", &format!("listen [::]:{} ", rig.http_port));
    let text = text.replace("HTTPS", &rig.https_port.to_string()).replace("HTTP", &rig.http_port.to_string());
    std::fs::write(etc(rig).join(name), text).unwrap();
}

pub(crate) fn etc(rig: &Rig) -> PathBuf {
    rig.root.path().join("etc/nginx")
}

/// Starts nginx as somebody else would have.
pub(crate) fn start(rig: &Rig) {
    let conf = etc(rig).join("nginx.conf");
    let status = Command::new("/usr/sbin/nginx").arg("-p").arg(etc(rig)).arg("-c").arg(conf).status().unwrap();
    assert!(status.success());
}

/// Everything that nginx answers, but for the date.
pub(crate) fn answer(rig: &Rig, host: &str, path: &str) -> String {
    answer_on(rig.http_port, host, path)
}

fn answer_on(port: u16, host: &str, path: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(e) => assert!(Instant::now() < deadline, "{e}"),
        }
    };
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Theirs: y\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().filter(|line| !line.starts_with("Date:")).collect::<Vec<_>>().join("\n")
}

/// What theirs answer: a name of theirs, their pages, a name of nobody, none at all.
pub(crate) fn theirs(rig: &Rig) -> Vec<String> {
    theirs_on(rig.http_port)
}

/// As [`theirs`] of the nginx on this port.
pub(crate) fn theirs_on(port: u16) -> Vec<String> {
    let asked = [("shop.test", "/"), ("shop.test", "/a.css"), ("localhost", "/"), ("nobody.test", "/x"), ("", "/")];
    asked.map(|(host, path)| answer_on(port, host, path)).into()
}

/// The settings and the server of somebody who was here before.
pub(crate) const SHOP: [&str; 3] = ["conf.d/aaa.conf", "sites-enabled/shop", "snippets/headers.conf"];
