//! The command line against a running panel, as scripts use it.

use crate::support::rig::free_port;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A panel in a process of its own.
struct Panel {
    root: tempfile::TempDir,
    ports: [u16; 3],
    serve: Option<Child>,
}

impl Panel {
    fn start() -> Panel {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut panel = Panel { root, ports: [free_port(), free_port(), free_port()], serve: None };
        let (status, _, err) = panel.run(&["claim", "--user", "admin", "--password-stdin"], "a long pass phrase\n");
        assert_eq!(status, 0, "without a panel the claim runs in process: {err}");
        let listen = format!("127.0.0.1:{}", panel.ports[2]);
        let serve = panel.command(&["serve", "--listen", &listen]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        panel.serve = Some(serve.unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while panel.run(&["site", "list"], "").0 != 0 {
            assert!(Instant::now() < deadline, "the panel answers");
            std::thread::sleep(Duration::from_millis(50));
        }
        panel
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
        command.arg("--root").arg(self.root.path()).args(args).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        // Whether the panel has its host in a process of its own.
        command.envs(std::env::var_os("MANARA_TEST_HOST").map(|how| ("MANARA_TEST_HOST", how)));
        command.env("MANARA_NGINX_HTTP_PORT", self.ports[0].to_string());
        command.env("MANARA_NGINX_HTTPS_PORT", self.ports[1].to_string());
        command
    }

    fn run(&self, args: &[&str], input: &str) -> (i32, String, String) {
        let mut child =
            self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    /// Runs with `--json`: exit code and answer.
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let (status, out, err) = self.run(&[args, &["--json"]].concat(), "");
        assert_eq!(err, "", "with --json nothing else is said");
        (status, serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}")))
    }

    fn fetch(&self, host: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports[0])).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        let _reset = stream.read_to_string(&mut answer);
        answer
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        let Some(mut serve) = self.serve.take() else { return };
        let _ended = Command::new("kill").arg(serve.id().to_string()).status();
        let _ended = serve.wait();
    }
}

#[test]
fn the_contract_of_the_command_line_holds() {
    let panel = Panel::start();
    let (status, token) = panel.json(&["token", "create", "--name", "ci", "--role", "admin"]);
    assert_eq!(status, 0);
    assert!(token["token"].as_str().is_some_and(|t| t.len() > 20), "{token}");

    let (status, plan) = panel.json(&["site", "create", "--domain", "a.test", "--kind", "static", "--plan"]);
    assert_eq!((status, &plan["test"]["ok"]), (0, &Value::from(true)), "{plan}");
    assert_eq!(panel.json(&["site", "list"]).1["total"], 0, "a plan changes nothing");
    let (status, site) = panel.json(&["site", "create", "--domain", "a.test", "--kind", "static"]);
    assert_eq!((status, site["domain"].as_str()), (0, Some("a.test")));
    assert_eq!(site["document_root"], panel.root.path().join("srv/www/a.test/public").to_str().unwrap());
    assert!(panel.fetch("a.test").starts_with("HTTP/1.1 200"));

    let (status, problem) = panel.json(&["site", "create", "--domain", "a.test", "--kind", "static"]);
    assert_eq!((status, problem["code"].as_str()), (4, Some("site_exists")));
    assert_eq!(panel.json(&["site", "show", "b.test"]).0, 4);
    let (status, _, err) = panel.run(&["site", "show", "b.test", "--lang", "ar"], "");
    assert_eq!(status, 4);
    assert!(err.starts_with("خطأ: "), "{err}");

    assert_eq!(panel.json(&["site", "disable", "a.test"]).1["enabled"], false);
    assert_eq!(panel.json(&["site", "enable", "a.test"]).1["enabled"], true);
    assert_eq!(panel.json(&["site", "update", "a.test", "--alias", "b.test"]).1["aliases"][0]["domain"], "b.test");
    let (status, problem) = panel.json(&["site", "update", "a.test", "--alias=", "--if-match", "1"]);
    assert_eq!((status, &problem["status"]), (4, &Value::from(412)));
    assert_eq!(panel.json(&["site", "delete", "a.test"]).0, 2, "without --yes nothing is lost");
    assert_eq!(panel.json(&["site", "delete", "a.test", "--yes"]).0, 0);
    assert_eq!(panel.json(&["site", "list"]).1["total"], 0);
}

#[test]
fn people_see_the_plan_and_jobs_are_waited_for() {
    let panel = Panel::start();
    let create = ["site", "create", "--domain", "مثال.إختبار", "--kind", "proxy", "--upstream", "http://127.0.0.1:9"];
    let (status, out, _) = panel.run(&[&create[..], &["--lang", "ar"]].concat(), "");
    assert_eq!(status, 0);
    assert!(out.contains("يقبل nginx هذه الإعدادات."), "{out}");
    assert!(out.contains("+    server_name xn--mgbh0fb.xn--kgbechtv;"), "{out}");
    let (status, job) = panel.json(&["site", "disable", "xn--mgbh0fb.xn--kgbechtv", "--no-wait"]);
    let id = job["job"]["id"].as_str().unwrap().to_owned();
    assert_eq!(status, 0);
    let deadline = Instant::now() + Duration::from_secs(60);
    while panel.json(&["job", "show", &id]).1["state"] != "done" {
        assert!(Instant::now() < deadline, "the job ends");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (status, exported, _) = panel.run(&["export"], "");
    assert_eq!(status, 0);
    let (status, out, _) = panel.run(&["plan", "-"], &exported);
    assert_eq!((status, out.as_str()), (0, "Nothing would change.\n"), "an export applied is an empty plan");
    let (status, out, _) = panel.run(&["audit", "export"], "");
    assert_eq!(status, 0);
    assert!(out.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert_eq!(panel.json(&["migrate", "up"]).1["code"], "state_in_use", "the database has one owner");
}

/// Runs a statement on the panel's database behind its back.
fn tamper(panel: &Panel, sql: &str) {
    let script = "import sqlite3,sys\ndb=sqlite3.connect(sys.argv[1])\ndb.execute(sys.argv[2])\ndb.commit()";
    let path = panel.root.path().join("var/lib/manara/manara.db");
    let done = Command::new("python3").args(["-c", script]).arg(path).arg(sql).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_broken_trail_is_an_exit_code_and_a_place() {
    let panel = Panel::start();
    for number in 0..3 {
        panel.json(&["token", "create", "--name", &format!("t{number}"), "--role", "viewer"]);
    }
    assert_eq!(panel.run(&["audit", "verify"], "").0, 0);
    tamper(&panel, "UPDATE audit SET actor = 'eve' WHERE seq = 2");
    let (status, verdict) = panel.json(&["audit", "verify"]);
    assert_eq!((status, &verdict["ok"], &verdict["first_bad"]), (1, &false.into(), &2.into()), "{verdict}");
    let (status, _, err) = panel.run(&["audit", "verify"], "");
    assert!(status == 1 && err.contains("entry 2"), "{err}");
    let (_, _, err) = panel.run(&["audit", "verify", "--lang", "ar"], "");
    assert!(err.contains("القيد") && err.contains('2'), "{err}");
}

#[test]
fn looking_at_database_and_options_does_not_need_the_panel_to_stop() {
    let panel = Panel::start();
    let (status, report) = panel.json(&["migrate", "status"]);
    assert_eq!((status, &report["pending"]), (0, &0.into()), "{report}");
    let (status, report) = panel.json(&["migrate", "check"]);
    assert_eq!((status, &report["ok"]), (0, &true.into()), "{report}");
    assert_eq!(panel.json(&["site", "create", "--domain", "a.test", "--kind", "static"]).0, 0, "the panel goes on");

    let drifted = || {
        let diagnosis = panel.json(&["doctor"]).1;
        let findings = diagnosis["findings"].as_array().unwrap().iter();
        findings.map(|f| f["id"].as_str().unwrap().to_owned()).filter(|id| id.starts_with("drift_")).collect::<Vec<_>>()
    };
    assert_eq!(drifted(), [""; 0]);
    let shared = panel.root.path().join("etc/nginx/manara/snippets/static.conf");
    std::fs::remove_file(&shared).unwrap();
    assert_eq!(drifted(), ["drift_common"], "the doctor of the command line looks for itself");
    assert_eq!(panel.json(&["nginx", "reapply"]).0, 0);
    assert!(shared.exists() && drifted().is_empty());

    let option = |key: &str| {
        let options = panel.json(&["config", "show"]).1["options"].as_array().unwrap().clone();
        options.into_iter().find(|o| o["key"] == key)
    };
    assert_eq!(option("session.idle_s").unwrap()["source"]["kind"], "default");
    assert_eq!(panel.json(&["setting", "update", "--session.idle-s", "777"]).0, 0);
    let stored = option("session.idle_s").unwrap();
    assert_eq!((&stored["value"], &stored["source"]["kind"]), (&777.into(), &"store".into()), "{stored}");
    tamper(&panel, "ALTER TABLE settings RENAME TO gone");
    assert_eq!(option("session.idle_s"), None, "what is not known is not shown");
    assert!(option("data_dir").is_some());
    let (status, out, err) = panel.run(&["config", "show"], "");
    assert!(status == 0 && out.contains("data_dir") && err.contains("not shown"), "{err}");
    let (.., err) = panel.run(&["config", "show", "-q"], "");
    assert_eq!(err, "", "the short flag is the long one");
    tamper(&panel, "ALTER TABLE gone RENAME TO settings");
}

#[test]
fn a_new_claim_link_is_a_whole_address() {
    let root = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
        command.arg("--root").arg(root.path()).args(args).env_clear().output().unwrap()
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let made = run(&["claim", "--new-link", "--config", "panel.listen=127.0.0.1:9191"]);
    let (out, err) = (text(&made.stdout), text(&made.stderr));
    assert!(out.starts_with("http://127.0.0.1:9191/claim#") && out.lines().count() == 1, "{out}{err}");
    let json: Value = serde_json::from_slice(&run(&["claim", "--new-link", "--json"]).stdout).unwrap();
    assert_eq!(json["url"], format!("http://127.0.0.1:9080{}", json["path"].as_str().unwrap()));
}

/// Peak memory of a process in KiB.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Sends a body of `size` bytes made of `piece` as JSON; answers the status.
fn post(port: u16, token: &str, size: usize, piece: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let body = piece.repeat(size.div_ceil(piece.len()));
    let head = format!(
        "POST /api/v1/sites HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _refused_early = stream.write_all(body.as_bytes());
    let mut answer = String::new();
    let _cut = stream.read_to_string(&mut answer);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[test]
fn memory_stays_flat_under_giant_deep_and_wide_bodies() {
    let panel = Panel::start();
    let token =
        panel.json(&["token", "create", "--name", "ci", "--role", "admin"]).1["token"].as_str().unwrap().to_owned();
    let (port, pid) = (panel.ports[2], panel.serve.as_ref().unwrap().id());
    let limit = manara::base::limits::BODY_BYTES_MAX;
    let sorts = [("{\"a\":", limit - 8), ("[", limit - 8), ("0,", limit - 8), ("[],", limit - 8), ("x", limit * 16)];
    let round = || {
        std::thread::scope(|scope| {
            for (piece, size) in sorts.iter().cycle().take(15) {
                let token = &token;
                scope.spawn(move || assert!([400, 413].contains(&post(port, token, *size, piece)), "{piece}"));
            }
        });
    };
    round();
    let before = peak_kib(pid);
    (0..8).for_each(|_| round());
    let grown = peak_kib(pid) - before;
    assert!(before < 160 * 1024, "15 bodies of 1 MiB take {before} KiB");
    assert!(grown < 24 * 1024, "{grown} KiB more after eight rounds");
}
