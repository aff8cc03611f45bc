//! Watching the machine: logs of a real nginx and of the panel, what runs, and services.

use crate::support::rig::Rig;
use manara::base::locale::Lang;
use manara::engine::logs::lines::LINES;
use manara::engine::{Actor, Request};
use manara::ops::{self, run};
use serde_json::{Value, json};
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn site(rig: &Rig, domain: &str) {
    rig.call("site.create", json!({ "domain": domain, "kind": "static" })).unwrap();
}

/// Asks until the answer is as wished: nginx writes its log late.
fn wait(rig: &Rig, id: &str, input: &Value, wished: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = rig.call(id, input.clone()).unwrap().body;
        if wished(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{id} {input}: {answer}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn count(answer: &Value) -> usize {
    answer["items"].as_array().unwrap().len()
}

#[test]
fn the_log_of_a_site_is_read_by_pages_and_without_secrets() {
    let rig = Rig::new();
    site(&rig, "a.test");
    site(&rig, "b.test");
    for n in 0..5 {
        assert_eq!(rig.get("a.test", &format!("/?n={n}&token=hush{n}")).unwrap().0, 200);
        assert_eq!(rig.get("b.test", "/missing").unwrap().0, 404);
    }
    let input = json!({ "source": "site", "site": "a.test", "limit": 3 });
    let all = json!({ "source": "nginx-access", "q": ".test/" });
    wait(&rig, "log.show", &all, |answer| count(answer) == 10);
    let first = rig.call("log.show", input.clone()).unwrap().body;
    assert!(count(&first) == 3 && first["newest"].is_string(), "{first}");
    let next = json!({ "source": "site", "site": "a.test", "limit": 3, "cursor": first["next"] });
    let second = rig.call("log.show", next).unwrap().body;
    assert_eq!((count(&second), &second["next"]), (2, &Value::Null));
    let uris = [first, second].into_iter().flat_map(|page| page["items"].as_array().unwrap().clone());
    let mut uris: Vec<_> = uris.map(|entry| entry["fields"]["uri"].as_str().unwrap().to_owned()).collect();
    // The two workers of nginx write when they like.
    uris.sort();
    assert_eq!(uris, (0..5).map(|n| format!("/?n={n}&token=***")).collect::<Vec<_>>());
    let grave = json!({ "source": "nginx-access", "level": "warning", "q": "MISSING" });
    let grave = rig.call("log.show", grave).unwrap().body;
    assert!(count(&grave) == 5 && grave["items"][0]["level"] == "warning", "{grave}");
    let secret = json!({ "source": "nginx-access", "q": "hush1" });
    assert_eq!(count(&rig.call("log.show", secret).unwrap().body), 0, "a search finds no secret either");
}

#[test]
fn a_download_has_every_line_once_oldest_first() {
    let rig = Rig::new();
    site(&rig, "a.test");
    for n in 0..30 {
        rig.get("a.test", &format!("/?n={n}")).unwrap();
    }
    let input = json!({ "source": "site", "site": "a.test", "limit": 1000 });
    wait(&rig, "log.show", &input, |answer| count(answer) == 30);
    let op = ops::find("log.export").unwrap();
    let request = Request::console("r0123456789".into(), Lang::En);
    let input = json!({ "source": "site", "site": "a.test" });
    let download = run::open_download(rig.core(), &Actor::Console, &request, op, input).unwrap();
    assert_eq!(download.name, "site-a.test.log");
    let text: Vec<u8> = download.pieces.flat_map(Result::unwrap).collect();
    let text = String::from_utf8(text).unwrap();
    let times: Vec<&str> = text.lines().map(|line| line.split_once(' ').unwrap().0).collect();
    assert!(times.is_sorted(), "{text}");
    // Of one millisecond nobody knows which was first.
    let mut found: Vec<&str> = text.lines().map(|line| line.rsplit_once("uri=\"/?n=").unwrap().1).collect();
    let mut wanted: Vec<String> = (0..30).map(|n| format!("{n}\"")).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn who_follows_gets_each_new_line_once() {
    let rig = Rig::new();
    site(&rig, "a.test");
    site(&rig, "b.test");
    let op = ops::find("log.follow").unwrap();
    let request = Request::console("r0123456789".into(), Lang::En);
    let listen = |input: Value| {
        let (send, receive) = mpsc::channel();
        let sink = Box::new(move |event: &manara::engine::events::Event| {
            let entries = event.data["entries"].as_array().unwrap().clone();
            entries.into_iter().all(|entry| send.send(entry["fields"]["uri"].clone()).is_ok())
        });
        (run::listen(rig.core(), &Actor::Console, &request, op, input, sink).unwrap(), receive)
    };
    rig.get("a.test", "/before").unwrap();
    let seen = json!({ "source": "nginx-access", "q": "/before" });
    wait(&rig, "log.show", &seen, |answer| count(answer) == 1);
    let (one, of_a) = listen(json!({ "source": "site", "site": "a.test" }));
    let (_two, of_all) = listen(json!({ "source": "nginx-access", "q": "wanted" }));
    for n in 0..3 {
        rig.get("a.test", &format!("/wanted{n}")).unwrap();
        rig.get("b.test", "/wanted").unwrap();
        rig.get("b.test", "/other").unwrap();
    }
    let limit = Duration::from_secs(60);
    let mut heard: Vec<_> = (0..3).map(|_| of_a.recv_timeout(limit).unwrap().as_str().unwrap().to_owned()).collect();
    heard.sort();
    assert_eq!(heard, ["/wanted0", "/wanted1", "/wanted2"]);
    let heard: Vec<_> = (0..6).map(|_| of_all.recv_timeout(limit).unwrap()).collect();
    assert_eq!(heard.iter().filter(|uri| *uri == "/wanted").count(), 3);
    assert!(of_a.recv_timeout(Duration::from_secs(2)).is_err() && of_all.try_recv().is_err(), "nothing twice");
    drop(one);
    rig.get("a.test", "/wanted-late").unwrap();
    assert_eq!(of_all.recv_timeout(limit).unwrap(), "/wanted-late");
    assert!(of_a.try_recv().is_err());
}

#[test]
fn only_named_logs_are_read() {
    let rig = Rig::new();
    let refused = |input: Value| rig.call("log.show", input).unwrap_err().code().to_owned();
    assert_eq!(refused(json!({ "source": "unit", "unit": "systemd-logind.service" })), "policy_refuses");
    for bad in [
        json!({ "source": "unit", "unit": "../../etc/shadow" }),
        json!({ "source": "unit", "unit": "--file=/etc/shadow.service" }),
        json!({ "source": "unit" }),
        json!({ "source": "site" }),
        json!({ "source": "panel", "site": "a.test" }),
        json!({ "source": "panel", "unit": "ssh.service" }),
        json!({ "source": "/etc/shadow" }),
        json!({ "source": "nginx-access", "cursor": "/etc/shadow" }),
    ] {
        assert_eq!(refused(bad.clone()), "bad_input", "{bad}");
    }
    assert_eq!(refused(json!({ "source": "nginx-access", "cursor": "f1-0" })), "log_place_gone");
    assert_eq!(refused(json!({ "source": "site", "site": "nobody.test" })), "site_not_found");
}

#[test]
fn the_panel_s_own_lines_are_read_where_no_journal_takes_them() {
    let rig = Rig::new();
    LINES.keep();
    let line = r#"{"time":"2026-01-01T00:00:00.000Z","level":"warn","target":"manara::test","message":"seen in a test","token":"t_1"}"#;
    LINES.push(line);
    let found = rig.call("log.show", json!({ "source": "panel", "q": "seen in a test" })).unwrap().body;
    assert_eq!(found["items"][0]["fields"]["token"], "***", "{found}");
    assert_eq!(found["items"][0]["level"], "warning");
    let known = rig.call("log.list", json!({})).unwrap().body;
    assert_eq!(known["items"][0], json!({ "source": "panel", "unit": null, "place": "memory" }));
}

#[test]
fn processes_and_services_are_those_of_this_machine() {
    let rig = Rig::new();
    let found = rig.call("process.list", json!({ "q": "nginx", "limit": 500 })).unwrap().body;
    assert!(count(&found) >= 2, "master and worker: {found}");
    let sorted = rig.call("process.list", json!({ "sort": "memory", "limit": 2 })).unwrap().body;
    assert!(sorted["items"][0]["memory"].as_u64() >= sorted["items"][1]["memory"].as_u64(), "{sorted}");
    assert!(sorted["total"].as_u64().unwrap() > 2 && count(&sorted) == 2);
    let services = rig.call("service.list", json!({})).unwrap().body;
    let named = |name: &str| services["items"].as_array().unwrap().iter().find(|s| s["name"] == name).unwrap().clone();
    assert_eq!(named("nginx")["state"], "running");
    assert_eq!(named("manara")["version"], env!("CARGO_PKG_VERSION"));
    assert!(named("nginx")["version"].as_str().unwrap().contains('.'));
}
