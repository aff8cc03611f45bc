//! A private nginx on a socket file. nginx must be installed; a test without it fails.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const NGINX: &str = "/usr/sbin/nginx";

/// What stands in front of the text of a test in the `http` block.
const FRAME: &str = "daemon off; master_process off; pid nginx.pid; error_log error.log;
events { worker_connections 64; }
http {
    access_log off; default_type text/plain;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    map_hash_bucket_size 16384; map_hash_max_size 65536; variables_hash_max_size 65536;
    include http.conf;
}
";

/// A prefix with `text` as the inside of the `http` block. Servers in it listen on `unix:probe.sock`.
pub(super) fn prefix(text: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("nginx.conf"), FRAME).expect("nginx.conf");
    std::fs::write(dir.path().join("http.conf"), text).expect("http.conf");
    dir
}

fn command(prefix: &Path) -> Command {
    let mut command = Command::new(NGINX);
    command.arg("-p").arg(prefix).arg("-c").arg(prefix.join("nginx.conf")).arg("-e").arg("error.log");
    command.current_dir(prefix);
    command
}

/// What `nginx -t` says about `text`.
pub(super) fn test(text: &str) -> Output {
    let dir = prefix(text);
    command(dir.path()).arg("-t").output().expect("nginx must be installed at /usr/sbin/nginx")
}

/// A running nginx, killed when dropped.
pub(super) struct Nginx {
    child: Child,
    dir: TempDir,
}

impl Nginx {
    /// Starts nginx and waits until it answers.
    pub(super) fn start(text: &str) -> Self {
        let dir = prefix(text);
        let tested = command(dir.path()).arg("-t").output().expect("nginx must be installed at /usr/sbin/nginx");
        assert!(tested.status.success(), "nginx -t: {}", String::from_utf8_lossy(&tested.stderr));
        let _ = std::fs::remove_file(dir.path().join("probe.sock"));
        let child = command(dir.path()).spawn().expect("nginx starts");
        let nginx = Self { child, dir };
        let deadline = Instant::now() + Duration::from_secs(20);
        while UnixStream::connect(nginx.dir.path().join("probe.sock")).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }

    /// The body of the answer to `GET path`, which must be a 200.
    pub(super) fn get(&self, path: &str) -> Vec<u8> {
        let mut stream = UnixStream::connect(self.dir.path().join("probe.sock")).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("sends");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        let status = String::from_utf8_lossy(&answer[..head.min(12)]).into_owned();
        assert!(status.ends_with(" 200"), "{path}: {status}");
        answer.split_off(head)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
