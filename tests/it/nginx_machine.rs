//! The nginx of a real machine: Debian's own, at `/`, with its users, its paths and port 80. In namespaces of its own,
//! over copies of `/etc` and `/var` that go with them: nothing of this is seen outside.

use crate::support::disk::can_mount;
use crate::support::panel::cannot;
use manara::app::open;
use manara::base::locale::Lang;
use manara::config::{LoadInput, Loaded, Override, load};
use manara::engine::{Actor, Core, Request};
use manara::ops;
use manara::platform::{Faults, HostOp};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Runs a story in a process of its own, in its own namespaces.
fn on_a_machine(story: &str) {
    if !can_mount() {
        return cannot("root", "a machine of its own needs root");
    }
    let status = Command::new("unshare")
        .args(["--mount", "--net", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", story, "--ignored", "--nocapture"])
        .env("MANARA_TEST_ON_A_MACHINE", "1")
        .status()
        .unwrap();
    assert!(status.success(), "{story}: {status}");
}

/// Puts copies over what the machine has. Refuses outside of a namespace.
fn arrive() {
    assert!(std::env::var("MANARA_TEST_ON_A_MACHINE").is_ok(), "only in namespaces of its own");
    let scratch = tempfile::tempdir().unwrap().keep();
    run("mount", &["-t", "tmpfs", "tmpfs", scratch.to_str().unwrap()]);
    for folder in ["etc", "var"] {
        let (upper, work) = (scratch.join(folder), scratch.join(format!("{folder}-work")));
        std::fs::create_dir(&upper).unwrap();
        std::fs::create_dir(&work).unwrap();
        let options = format!("lowerdir=/{folder},upperdir={},workdir={}", upper.display(), work.display());
        run("mount", &["-t", "overlay", "overlay", "-o", &options, &format!("/{folder}")]);
    }
    run("mount", &["-t", "tmpfs", "tmpfs", "/run"]);
    run("mount", &["-t", "tmpfs", "tmpfs", "/srv"]);
    run("ip", &["link", "set", "lo", "up"]);
    std::fs::create_dir_all("/etc/manara").unwrap();
    std::fs::write("/etc/manara/secret.key", [7; 32]).unwrap();
    std::fs::set_permissions("/etc/manara/secret.key", std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn settings(ownership: &str) -> Loaded {
    let set = |key: &str, value: &str| Override { key: key.into(), value: value.into(), flag: "--test".into() };
    let overrides = vec![set("nginx.ownership", ownership)];
    load(LoadInput { overrides, ..LoadInput::at("/") }).unwrap_or_else(|p| panic!("{}", p.text(Lang::En)))
}

/// The panel of the production profile over the machine, nginx brought up.
fn panel(ownership: &str) -> Arc<Core> {
    let settings = settings(ownership);
    let faults = Arc::new(Faults::default());
    let host = Arc::new(open::local_host(&settings.config, faults.clone()).unwrap());
    let core = open::core_over(settings, host, faults).unwrap();
    manara::services::nginx::ensure(&core).unwrap();
    core
}

fn create(core: &Arc<Core>, domain: &str) {
    call(core, "site.create", json!({ "domain": domain, "kind": "static" }));
}

fn call(core: &Arc<Core>, operation: &str, input: Value) {
    let request = Request::console("r0123456789".into(), Lang::En);
    ops::run::call(core, &Actor::Console, &request, ops::find(operation).unwrap(), input).unwrap();
}

fn close(core: Arc<Core>) {
    core.jobs.stop(Duration::from_secs(10));
    drop(core);
    // The threads of the pool let go of the store a moment later.
    for _ in 0..12_000 {
        if manara::store::StateLock::take(Path::new("/var/lib/manara")).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the state folder is still locked");
}

fn answer(host: &str) -> String {
    let mut stream = TcpStream::connect("127.0.0.1:80").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().filter(|line| !line.starts_with("Date:")).collect::<Vec<_>>().join("\n")
}

fn serves(domain: &str) -> bool {
    answer(domain).starts_with("HTTP/1.1 200 ") && answer(domain).contains(domain)
}

/// What `/etc/nginx` holds, with owners, modes and times.
fn nginx_folder() -> String {
    let find = ["/etc/nginx", "!", "-type", "d", "-printf", "%p %m %u %g %T@ %l\n"];
    let list = Command::new("find").args(find).output().unwrap().stdout;
    let sums =
        Command::new("find").args(["/etc/nginx", "-type", "f", "-exec", "sha256sum", "{}", "+"]).output().unwrap();
    let text = String::from_utf8(list).unwrap() + &String::from_utf8(sums.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn master() -> String {
    std::fs::read_to_string("/run/nginx.pid").unwrap().trim().to_owned()
}

fn workers() -> Vec<String> {
    let pid = master();
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

/// Starts nginx as the unit of the package does.
fn start() {
    run("/usr/sbin/nginx", &["-g", "daemon on; master_process on;"]);
}

fn kill(signal: &str, pids: &[String]) {
    for pid in pids {
        // A worker that was on its way out may be gone already.
        let _ = Command::new("kill").args([signal, pid]).output().unwrap();
    }
    for _ in 0..12_000 {
        if pids.iter().all(|pid| !Path::new(&format!("/proc/{pid}/exe")).exists()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{pids:?} go on");
}

#[test]
fn debians_untouched_nginx_becomes_the_panels_and_is_given_back() {
    on_a_machine("nginx_machine::owned");
}

#[test]
#[ignore = "a story for on_a_machine"]
fn owned() {
    arrive();
    let before = nginx_folder();
    start();
    let default = answer("nobody.test");
    assert!(default.contains("200 OK"), "{default}");
    let core = panel("auto");
    assert_eq!(std::fs::read_to_string("/etc/nginx/manara/ownership").unwrap(), "owned\n");
    create(&core, "ours.test");
    assert!(serves("ours.test"));
    let refused = core.host.ask(&HostOp::NginxStop).unwrap_err();
    assert_eq!(refused.code(), "nginx_stop_refused");

    let www_data = std::fs::metadata(format!("/proc/{}", workers()[0])).unwrap();
    assert_ne!((www_data.uid(), www_data.gid()), (0, 0));
    for key in ["fallback.key", "ticket.key"] {
        let meta = std::fs::metadata(Path::new("/etc/nginx/manara/tls").join(key)).unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o7777), (0, www_data.gid(), 0o640), "{key}");
    }
    close(core);

    // nginx needs nothing of the panel's: with all of it gone, and killed, it comes up and serves.
    for folder in ["/run/manara", "/run/manara-host", "/var/lib/manara", "/var/lib/manara-host"] {
        let _ = std::fs::remove_dir_all(folder);
    }
    kill("-9", &[vec![master()], workers()].concat());
    start();
    assert!(serves("ours.test"));

    let host = open::local_host(&settings("auto").config, Arc::new(Faults::default())).unwrap();
    host.freeze().unwrap();
    assert!(serves("ours.test"));
    kill("-9", &[vec![master()], workers()].concat());
    start();
    assert!(serves("ours.test"), "frozen files stand by themselves");
    host.restore().unwrap();
    assert_eq!(nginx_folder(), before);
    assert_eq!(answer("nobody.test"), default);
    kill("-TERM", &[master()]);
}

#[test]
fn an_nginx_that_somebody_uses_is_shared() {
    on_a_machine("nginx_machine::shared");
}

#[test]
#[ignore = "a story for on_a_machine"]
fn shared() {
    arrive();
    let site = "server {\n    listen 80;\n    server_name theirs.test;\n    return 200 \"theirs.test\\n\";\n}\n";
    std::fs::write("/etc/nginx/sites-enabled/theirs", site).unwrap();
    let before = nginx_folder();
    start();
    let (default, theirs) = (answer("nobody.test"), answer("theirs.test"));
    let core = panel("auto");
    assert_eq!(std::fs::read_to_string("/etc/nginx/manara/ownership").unwrap(), "shared\n");
    create(&core, "ours.test");
    assert!(serves("ours.test"));
    assert_eq!((answer("nobody.test"), answer("theirs.test")), (default.clone(), theirs.clone()));
    close(core);

    // Root lets the panel take it over; somebody agrees, and thinks better of it.
    let original = std::fs::read("/etc/nginx/nginx.conf").unwrap();
    let core = panel("owned");
    assert_eq!(answer("theirs.test"), theirs);
    call(&core, "nginx.adopt", json!({}));
    assert_eq!(std::fs::read("/etc/nginx/manara/adopted/nginx.conf").unwrap(), original);
    assert!(serves("ours.test") && !answer("theirs.test").contains("theirs.test"));
    call(&core, "nginx.release", json!({}));
    assert_eq!(std::fs::read("/etc/nginx/nginx.conf").unwrap(), original);
    assert!(serves("ours.test"));
    assert_eq!((answer("nobody.test"), answer("theirs.test")), (default.clone(), theirs.clone()));
    close(core);
    kill("-9", &[vec![master()], workers()].concat());
    start();
    assert!(serves("ours.test"));
    let host = open::local_host(&settings("auto").config, Arc::new(Faults::default())).unwrap();
    host.restore().unwrap();
    assert_eq!(nginx_folder(), before);
    assert_eq!((answer("nobody.test"), answer("theirs.test")), (default, theirs));
    kill("-TERM", &[master()]);
}
