//! Several changes at once: one reload for those that wait together, and one bad site does not stop the others.

use crate::support::fake_host::FakeHost;
use crate::support::rig::{self, loaded};
use manara::app::open;
use manara::base::locale::Lang;
use manara::engine::hooks::NoHooks;
use manara::engine::{Actor, Core, Request};
use manara::ops;
use manara::platform::clock::SystemClock;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn core(host: Arc<FakeHost>) -> (tempfile::TempDir, Arc<Core>) {
    let root = tempfile::tempdir().unwrap();
    let settings = loaded(root.path().to_owned(), rig::free_port(), rig::free_port());
    let clock = Arc::new(SystemClock);
    let store = open::store(&settings.config, clock.clone()).unwrap();
    let core = open::assemble(settings, store, host, clock, Box::new(NoHooks), Arc::default()).unwrap();
    (root, core)
}

fn call(core: &Arc<Core>, id: &str, input: Value) -> manara::base::Result<Value> {
    let request = Request::console("r0123456789".into(), Lang::En);
    ops::run::call(core, &Actor::Console, &request, ops::find(id).unwrap(), input).map(|o| o.body)
}

fn create(core: &Arc<Core>, domain: &str) -> manara::base::Result<Value> {
    call(core, "site.create", json!({ "domain": domain, "kind": "proxy", "upstream": "http://127.0.0.1:1" }))
}

#[test]
fn changes_that_wait_together_share_a_reload() {
    let host = Arc::new(FakeHost { refuses: "bad.test", ..FakeHost::default() });
    let (_root, core) = core(host.clone());
    let good: Vec<_> = (0..4).map(|i| format!("g{i}.test")).collect();
    let held = host.barrier.lock().unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| create(&core, "first.test"));
        std::thread::sleep(Duration::from_millis(300));
        let others: Vec<_> = good.iter().map(|domain| scope.spawn(|| create(&core, domain.as_str()))).collect();
        std::thread::sleep(Duration::from_millis(700));
        drop(held);
        assert!(first.join().unwrap().is_ok());
        assert!(others.into_iter().all(|t| t.join().unwrap().is_ok()));
    });
    assert_eq!(host.loads.lock().unwrap().len(), 2, "one for the first, one for the four that waited");
}

#[test]
fn a_bad_change_does_not_take_its_group_down() {
    let host = Arc::new(FakeHost { refuses: "bad.test", ..FakeHost::default() });
    let (_root, core) = core(host.clone());
    let held = host.barrier.lock().unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| create(&core, "first.test"));
        std::thread::sleep(Duration::from_millis(300));
        let names = ["a.test", "bad.test", "b.test"];
        let group: Vec<_> = names.map(|domain| scope.spawn(|| create(&core, domain))).into_iter().collect();
        std::thread::sleep(Duration::from_millis(700));
        drop(held);
        first.join().unwrap().unwrap();
        let outcomes: Vec<_> = group.into_iter().map(|t| t.join().unwrap().map_err(|e| e.code().to_owned())).collect();
        assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
        assert_eq!(outcomes[1].as_ref().unwrap_err(), "nginx_test_failed");
    });
}

#[test]
fn a_refused_site_of_a_file_is_set_aside() {
    let host = Arc::new(FakeHost { refuses: "bad.test", ..FakeHost::default() });
    let (_root, core) = core(host.clone());
    let site = |domain: &str| {
        format!("[[site]]\ndomain = \"{domain}\"\nkind = \"proxy\"\nupstream = \"http://127.0.0.1:1\"\n")
    };
    let document = format!("manara = 1\n{}{}{}", site("a.test"), site("bad.test"), site("b.test"));
    call(&core, "state.apply", json!({ "document": document })).unwrap();
    let state = |domain: &str| call(&core, "site.show", json!({ "domain": domain })).unwrap();
    assert_eq!(
        (state("a.test")["state"].as_str(), state("b.test")["state"].as_str()),
        (Some("active"), Some("active"))
    );
    let bad = state("bad.test");
    assert_eq!(bad["state"], "quarantined");
    assert!(bad["problem"]["evidence"].as_str().unwrap().contains("[emerg]"));
    assert_eq!(host.files.lock().unwrap().len(), 2);
}
