//! Several changes at once: one reload for those that wait together, and one bad site does not stop the others.

use crate::split::until;
use crate::support::fake_host::FakeHost;
use crate::support::rig::{self, loaded};
use manara::app::open;
use manara::base::Kind;
use manara::base::access::Role;
use manara::base::limits::{PLAN_TTL_S, PLANS_OPEN_EACH_MAX, PLANS_OPEN_MAX};
use manara::base::locale::Lang;
use manara::engine::hooks::NoHooks;
use manara::engine::plan::PlanView;
use manara::engine::{Actor, Core, Request};
use manara::ops;
use manara::platform::clock::SystemClock;
use manara::store::{generation, plans};
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

/// Makes `first.test`, and the sites of `domains` while that is being loaded; what became of them, and how often nginx was
/// loaded in all.
fn behind_another(domains: &[&str]) -> (Vec<manara::base::Result<Value>>, usize) {
    let host = Arc::new(FakeHost { refuses: "bad.test", ..FakeHost::default() });
    let (_root, core) = core(host.clone());
    let held = host.barrier.lock().unwrap();
    let outcomes = std::thread::scope(|scope| {
        let first = scope.spawn(|| create(&core, "first.test"));
        until("the first is being loaded", || host.effects.lock().unwrap().iter().any(|op| op == "nginx_reload"));
        let others: Vec<_> = domains.iter().map(|domain| scope.spawn(|| create(&core, domain))).collect();
        until("all are under way", || core.jobs.count() == 1 + domains.len());
        // From the beginning of a job to its place in the group nothing can be seen.
        std::thread::sleep(Duration::from_millis(500));
        drop(held);
        first.join().unwrap().unwrap();
        others.into_iter().map(|other| other.join().unwrap()).collect()
    });
    let loads = host.loads.lock().unwrap().len();
    (outcomes, loads)
}

#[test]
fn changes_that_wait_together_share_a_reload() {
    let mut seen = vec![];
    // On a busy machine one may come too late for the others; who waits is always late if they do not gather.
    for _ in 0..20 {
        let (outcomes, loads) = behind_another(&["g0.test", "g1.test", "g2.test", "g3.test"]);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        seen.push(loads);
        if loads == 2 {
            return;
        }
    }
    panic!("there should be one for the first, and one for the four that waited: {seen:?}");
}

#[test]
fn a_bad_change_does_not_take_its_group_down() {
    let (outcomes, _) = behind_another(&["a.test", "bad.test", "b.test"]);
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), "nginx_test_failed");
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

#[test]
fn plans_nobody_applies_are_so_many_for_one_user_and_in_all() {
    let (_root, core) = core(Arc::new(FakeHost { refuses: "bad.test", ..FakeHost::default() }));
    let op = ops::find("site.create").unwrap();
    let input = json!({ "domain": "a.test", "kind": "proxy", "upstream": "http://127.0.0.1:1" });
    let dry_run = |actor: &Actor| {
        let request = Request { dry_run: true, ..Request::console("r0123456789".into(), Lang::En) };
        ops::run::call(&core, actor, &request, op, input.clone())
    };
    let user = |id: &str| Actor::User { id: id.into(), name: id.into(), role: Role::Admin, session: String::new() };
    let ali = user("ali");
    let his_token = Actor::Token {
        id: "t1".into(),
        name: "ci".into(),
        role: Role::Admin,
        scopes: vec![],
        user: Some("ali".into()),
    };
    let plan: PlanView = serde_json::from_value(dry_run(&ali).unwrap().body).unwrap();
    let kept = core.store.read(|tx| plans::by_id(tx, &plan.id)).unwrap().unwrap();
    let fill = |owner: &str, from: usize, to: usize| {
        let row = |n: usize| plans::Plan {
            id: format!("{owner}{n}"),
            actor: json!({ "owner": format!("user:{owner}") }),
            ..kept.clone()
        };
        core.store.write(|tx| (from..to).try_for_each(|n| plans::insert(tx, &row(n)))).unwrap();
    };
    fill("ali", 1, PLANS_OPEN_EACH_MAX);
    for actor in [&ali, &his_token] {
        let error = dry_run(actor).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("too_many_plans", Kind::TooMany));
        let wait_s: i64 = error.param("retry_s").unwrap().parse().unwrap();
        assert!((PLAN_TTL_S - 60..=PLAN_TTL_S).contains(&wait_s), "{wait_s}");
        assert!([Lang::En, Lang::Ar].iter().all(|lang| error.text(*lang).contains("100")));
    }
    // Others are not concerned, and neither is a change that is made at once.
    dry_run(&user("noor")).unwrap();
    create(&core, "now.test").unwrap();
    fill("many", PLANS_OPEN_EACH_MAX + 1, PLANS_OPEN_MAX);
    assert_eq!(dry_run(&user("zaid")).unwrap_err().code(), "too_many_plans_in_all");
    // What ran out is not counted, whether it was swept or not.
    core.store.write(|tx| tx.exec("UPDATE plans SET expires_at = 1 WHERE state = 'planned'", &[])).unwrap();
    dry_run(&ali).unwrap();
}

#[test]
fn the_generation_goes_on_from_that_of_the_files_where_the_database_is_far_ahead() {
    let rig = rig::Rig::new();
    let number = || rig.call("nginx.show", json!({})).unwrap().body["generation"].as_i64().unwrap();
    let before = number();
    rig.core().store.write(|tx| generation::go_on_from(tx, i64::MAX - 5)).unwrap();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    assert_eq!(number(), before + 1);
}
