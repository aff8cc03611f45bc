//! Rotation of the logs of a real nginx under load.

use crate::support::rig::Rig;
use manara::platform::HostOp;
use manara::platform::faults::Fault;
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn log(rig: &Rig, name: &str) -> PathBuf {
    rig.root.path().join("var/log/nginx").join(name)
}

/// Makes the log too large without writing much: a hole before what follows. nginx opens a new one in its own time.
fn swell(rig: &Rig) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let file = loop {
        match std::fs::File::options().append(true).open(log(rig, "manara.log")) {
            Ok(file) => break file,
            Err(e) => assert!(Instant::now() < deadline, "{e}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    file.set_len(manara::base::limits::LOG_BYTES_MAX + 1).unwrap();
}

/// Requests for `path` in the log, and whether each line is whole.
fn lines(rig: &Rig, name: &str) -> Vec<String> {
    let text = std::fs::read(log(rig, name)).unwrap_or_default();
    let text: Vec<u8> = text.into_iter().filter(|b| *b != 0).collect();
    let text = String::from_utf8(text).unwrap();
    let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    text.lines().map(|line| read(line)["uri"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_line_is_lost_while_logs_are_rotated() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    let stop = AtomicBool::new(false);
    let rotate = || rig.core().host.ask(&HostOp::LogsRotate).map(drop);
    let mut asked = std::thread::scope(|scope| {
        let visitor = scope.spawn(|| {
            let mut asked = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let path = format!("/?{}", asked.len());
                assert_eq!(rig.get("a.test", &path).unwrap().0, 200);
                asked.push(path);
            }
            asked
        });
        rotate().unwrap();
        assert!(!log(&rig, "manara.log.1").exists(), "neither large nor old");
        swell(&rig);
        // Renamed, and then nothing more happens: the next round tells nginx.
        rig.core().faults.arm(Fault::Fail(2));
        assert_eq!(rotate().unwrap_err().code(), "injected_fault");
        rig.core().faults.disarm();
        assert!(log(&rig, "manara.log.1").exists() && !log(&rig, "manara.log").exists());
        rotate().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::fs::metadata(log(&rig, "manara.log")).map_or(0, |about| about.len()) == 0
            && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
        visitor.join().unwrap()
    });
    asked.sort();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let mut found = [lines(&rig, "manara.log.1"), lines(&rig, "manara.log")].concat();
        found.retain(|uri| uri.starts_with("/?"));
        found.sort();
        if found == asked {
            break;
        }
        assert!(Instant::now() < deadline, "{} of {} requests are in the logs", found.len(), asked.len());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!lines(&rig, "manara.log").is_empty(), "nginx writes into the new file");
    assert!(!log(&rig, "error.log.1").exists(), "the error log had no reason");
}

#[test]
fn a_log_that_logrotate_rotates_is_left_to_it() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    let rotate = || rig.core().host.ask(&HostOp::LogsRotate).map(drop).unwrap();
    let put = |rel: &str, text: &str| {
        let path = rig.root.path().join(rel);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::File::options().append(true).open(path).unwrap()
    };
    // As Debian's package brings it.
    put("etc/logrotate.d/nginx", "# comment\n/var/log/nginx/*.log {\n\tdaily\n\trotate 14\n}\n");
    let state = put("var/lib/logrotate/status", "logrotate state -- version 2\n");
    swell(&rig);
    rotate();
    assert!(!log(&rig, "manara.log.1").exists(), "logrotate ran today, and has a rule");
    let days_ago = std::time::SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
    state.set_modified(days_ago).unwrap();
    rotate();
    assert!(log(&rig, "manara.log.1").exists(), "nobody runs it any more");
    state.set_modified(std::time::SystemTime::now()).unwrap();
    std::fs::remove_file(log(&rig, "manara.log.1")).unwrap();
    put("etc/logrotate.d/nginx", "/var/log/nginx/other/*.log \"/var/log/nginx/access.log\" {\n}\n");
    swell(&rig);
    rotate();
    assert!(log(&rig, "manara.log.1").exists(), "its rules are for other logs");
}
