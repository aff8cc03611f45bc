//! The host service as the panel uses it: what comes back, what happens when it is busy, slow, gone or another version.

use crate::support::across::served;
use manara::base::limits::HOST_CONNECT_MS_MAX;
use manara::base::locale::Lang;
use manara::base::{Error, Kind, Result};
use manara::platform::components::Component;
use manara::platform::host_service::{Client, Patience, Service};
use manara::platform::{Host, HostOp, HostReply, Lines, sockets};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

/// A machine whose operations do what a test needs.
#[derive(Default)]
struct Machine {
    /// Lines that installing prints before it ends; without an end when 0.
    lines: usize,
    stopped: AtomicBool,
    ended: AtomicBool,
    hold: Option<Barrier>,
}

impl Host for Machine {
    fn call(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply> {
        match op {
            HostOp::Install { .. } => {
                for n in 1.. {
                    if self.lines != 0 && n > self.lines {
                        break;
                    }
                    if !lines(&format!("line {n}")) {
                        self.stopped.store(true, Ordering::SeqCst);
                        return Err(Error::new(Kind::External, "program_stopped").with("program", "apt-get"));
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                self.ended.store(true, Ordering::SeqCst);
                Ok(HostReply::Done)
            }
            HostOp::OpenPlans => Ok(HostReply::OpenPlans { plans: vec!["p0123456789".into()] }),
            HostOp::NginxStop => {
                let barrier = self.hold.as_ref().expect("a barrier");
                barrier.wait();
                barrier.wait();
                Ok(HostReply::Done)
            }
            HostOp::NginxList => panic!("a bug in an operation"),
            _ => Err(Error::new(Kind::External, "nginx_reload_failed").with("generation", 7).evidence("why")),
        }
    }
}

fn rig(machine: Machine) -> (tempfile::TempDir, Arc<Machine>, Client, Service) {
    let (root, machine) = (tempfile::tempdir().unwrap(), Arc::new(machine));
    let (client, service) = served(machine.clone(), root.path(), Patience::default());
    (root, machine, client, service)
}

fn until(what: &str, is: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

const INSTALL: HostOp = HostOp::Install { component: Component::Nginx };

#[test]
fn replies_and_errors_come_back_as_they_were() {
    let (_root, _, client, service) = rig(Machine::default());
    assert!(matches!(client.ask(&HostOp::OpenPlans).unwrap(), HostReply::OpenPlans { plans } if plans.len() == 1));
    let error = client.ask(&HostOp::NginxReload { generation: 7 }).unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::External, "nginx_reload_failed"));
    assert_eq!((error.param("generation"), error.shown_evidence()), (Some("7"), Some("why")));
    service.stop().unwrap();
}

#[test]
fn the_way_to_the_host_may_end_on_a_thread_that_must_not_wait() {
    let (_root, _, client, service) = rig(Machine::default());
    client.ask(&HostOp::OpenPlans).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move { drop(client) });
    service.stop().unwrap();
}

#[test]
fn long_operations_tell_their_lines_and_stop_when_asked() {
    let (_root, machine, client, service) = rig(Machine { lines: 300, ..Machine::default() });
    let mut heard = vec![];
    client
        .call(&INSTALL, &mut |line| {
            heard.push(line.to_owned());
            true
        })
        .unwrap();
    assert_eq!((heard.len(), heard[299].as_str()), (300, "line 300"));
    assert!(machine.ended.load(Ordering::SeqCst));
    service.stop().unwrap();

    let (_root, machine, client, service) = rig(Machine::default());
    let error = client.call(&INSTALL, &mut |line| line != "line 20").unwrap_err();
    assert_eq!(error.code(), "program_stopped");
    assert!(machine.stopped.load(Ordering::SeqCst));
    service.stop().unwrap();
}

#[test]
fn a_panel_that_dies_does_not_stop_what_a_package_manager_began() {
    let (_root, machine, client, service) = rig(Machine { lines: 200, ..Machine::default() });
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        client.call(&INSTALL, &mut |line| if line == "line 3" { panic!("the panel dies") } else { true })
    }));
    assert!(died.is_err());
    drop(client);
    until("installing ends by itself", || machine.ended.load(Ordering::SeqCst));
    assert!(!machine.stopped.load(Ordering::SeqCst));
    service.stop().unwrap();
}

#[test]
fn a_long_operation_goes_on_where_a_host_that_ended_left_it() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("run/h.sock");
    let socket = sockets::listen(&path, None).unwrap();
    socket.set_nonblocking(false).unwrap();
    let client = Client::new(path.clone()).unwrap();
    // The first host tells three lines and half of a fourth, and is gone.
    let first = std::thread::spawn(move || {
        let (mut stream, _) = socket.accept().unwrap();
        let mut request = vec![];
        while !String::from_utf8_lossy(&request).contains("install") {
            let mut part = [0; 4096];
            let n = stream.read(&mut part).unwrap();
            request.extend_from_slice(&part[..n]);
        }
        let head = "HTTP/1.1 101 Switching Protocols\r\nManara-Version: 1\r\nConnection: upgrade\r\nUpgrade: manara-stream\r\n\r\n";
        let lines: String = (1..4).map(|n| format!("{{\"line\":\"line {n}\"}}\n")).collect();
        stream.write_all(format!("{head}{lines}{{\"line\":").as_bytes()).unwrap();
        drop((stream, socket));
        std::fs::remove_file(&path).unwrap();
    });
    let machine = Arc::new(Machine { lines: 6, ..Machine::default() });
    let second = {
        let (machine, root) = (machine.clone(), root.path().to_owned());
        std::thread::spawn(move || {
            first.join().unwrap();
            served(machine, &root, Patience::default()).1
        })
    };
    let mut heard = vec![];
    client
        .call(&INSTALL, &mut |line| {
            heard.push(line.to_owned());
            true
        })
        .unwrap();
    assert_eq!(heard, (1..7).map(|n| format!("line {n}")).collect::<Vec<_>>());
    second.join().unwrap().stop().unwrap();
}

#[test]
fn a_host_of_another_version_is_told_from_one_that_fails() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("run/h.sock");
    let socket = sockets::listen(&path, None).unwrap();
    socket.set_nonblocking(false).unwrap();
    let other = std::thread::spawn(move || {
        let (mut stream, _) = socket.accept().unwrap();
        let _head = stream.read(&mut [0; 4096]).unwrap();
        let body = "what this version does not know";
        let head = format!("HTTP/1.1 422 Unprocessable\r\nManara-Version: 9\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + body).as_bytes()).unwrap();
    });
    let error = Client::new(path).unwrap().ask(&HostOp::OpenPlans).unwrap_err();
    other.join().unwrap();
    assert_eq!((error.code(), error.param("theirs")), ("wire_version", Some("9")));
    for lang in [Lang::En, Lang::Ar] {
        assert!(error.text(lang).contains('9') && error.hint(lang).is_some(), "{}", error.text(lang));
    }
}

#[test]
fn a_host_that_is_started_again_is_reached_again() {
    let (root, machine, client, service) = rig(Machine::default());
    client.ask(&HostOp::OpenPlans).unwrap();
    service.stop().unwrap();
    let (sent, came) = std::sync::mpsc::channel();
    let restart = {
        let (machine, root) = (machine.clone(), root.path().to_owned());
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            let (_, service) = served(machine, &root, Patience::default());
            came.recv().unwrap();
            service.stop().unwrap();
        })
    };
    until("it is reached again", || {
        let begun = Instant::now();
        let answer = client.ask(&HostOp::OpenPlans);
        // A busy machine may start it too late for one try, which has to have lasted then.
        let waited = begun.elapsed() >= Duration::from_millis(HOST_CONNECT_MS_MAX);
        assert!(answer.is_ok() || waited, "given up after {:?}: {answer:?}", begun.elapsed());
        answer.is_ok()
    });
    sent.send(()).unwrap();
    restart.join().unwrap();
    let begun = Instant::now();
    let error = client.ask(&HostOp::OpenPlans).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("host_unreachable", Kind::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_operation_under_way_is_finished_before_the_host_stops() {
    let (_root, machine, client, service) = rig(Machine { hold: Some(Barrier::new(2)), ..Machine::default() });
    let client = Arc::new(client);
    let asking = client.clone();
    let asked = std::thread::spawn(move || asking.ask(&HostOp::NginxStop));
    machine.hold.as_ref().unwrap().wait();
    let stopping = std::thread::spawn(move || service.stop());
    until("nobody new is accepted", || client.ask(&HostOp::OpenPlans).is_err());
    machine.hold.as_ref().unwrap().wait();
    asked.join().unwrap().unwrap();
    stopping.join().unwrap().unwrap();
}

#[test]
fn a_host_goes_on_after_an_operation_panicked() {
    let (_root, _, client, service) = rig(Machine::default());
    for _ in 0..40 {
        assert_eq!(client.ask(&HostOp::NginxList).unwrap_err().kind(), Kind::Fault);
    }
    client.ask(&HostOp::OpenPlans).unwrap();
    service.stop().unwrap();
}
