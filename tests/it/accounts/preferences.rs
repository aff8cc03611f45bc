//! What users prefer to see, and the steps of the first run.

use super::{Desk, code, fields};
use serde_json::{Value, json};

#[test]
fn preferences_follow_the_account_into_every_browser_and_end_with_it() {
    let desk = Desk::claimed();
    let amal = desk.user("amal", "viewer");
    let shown = |caller: &super::Caller| {
        desk.call(&caller.actor, "session.show", json!({})).unwrap().body["preferences"].clone()
    };
    let untouched = json!({
        "language": null, "digits": "latin", "calendar": "gregorian", "time_zone": null, "display_name": null,
    });
    assert_eq!(shown(&amal), untouched);
    let wanted = json!({
        "language": "ar", "digits": "arabic-indic", "calendar": "with-hijri", "time_zone": "Asia/Riyadh",
        "display_name": "أمل",
    });
    desk.call(&amal.actor, "session.preferences", wanted.clone()).unwrap();
    let elsewhere = desk.sign_in("amal");
    assert_eq!((shown(&amal), shown(&elsewhere)), (wanted.clone(), wanted));
    assert_eq!(shown(&desk.sign_in("admin")), untouched, "others see what they chose");
    let back = json!({ "time_zone": null, "digits": null });
    let answer = desk.call(&amal.actor, "session.preferences", back).unwrap().body;
    assert_eq!((&answer["time_zone"], &answer["digits"]), (&Value::Null, &json!("latin")));
    assert_eq!((&answer["language"], &answer["display_name"]), (&json!("ar"), &json!("أمل")), "the rest is left alone");
    assert_eq!(desk.audited("session.preferences", "done"), 2);
    desk.console("user.delete", json!({ "name": "amal" })).unwrap();
    assert_eq!(desk.rows("preferences"), 0);
}

#[test]
fn a_preference_that_is_none_is_named_and_needs_a_session() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin").actor;
    for (field, value) in
        [("time_zone", "Asia/Atlantis"), ("digits", "roman"), ("language", "fr"), ("display_name", "a\u{202e}b")]
    {
        let refused = fields(desk.call(&admin, "session.preferences", json!({ field: value })));
        assert!(refused[0].starts_with(field), "{refused:?}");
    }
    assert_eq!(desk.rows("preferences"), 0);
    assert_eq!(code(desk.console("session.preferences", json!({ "digits": "latin" }))), "needs_session");
}

#[test]
fn a_step_of_the_first_run_is_remembered_and_can_be_opened_again() {
    let desk = Desk::claimed();
    let setup = || desk.console("setup.show", json!({})).unwrap().body;
    let names: Vec<String> = setup()["steps"].as_array().unwrap().iter().map(|s| s["name"].to_string()).collect();
    assert_eq!(names, [r#""reading""#, r#""account""#, r#""certificate""#, r#""nginx""#, r#""site""#]);
    for (step, state) in
        [("reading", "done"), ("account", "skipped"), ("certificate", "done"), ("nginx", "done"), ("site", "skipped")]
    {
        assert_eq!(setup()["complete"], false);
        desk.console("setup.update", json!({ "step": step, "state": state })).unwrap();
    }
    let desk = desk.restarted();
    let done = desk.console("setup.show", json!({})).unwrap().body;
    assert_eq!((&done["complete"], &done["steps"][1]["state"]), (&json!(true), &json!("skipped")));
    assert_eq!(done["steps"][1]["by"], "root@console");
    let again = desk.console("setup.update", json!({ "step": "account", "state": "open" })).unwrap().body;
    assert_eq!((&again["complete"], &again["steps"][1]["at"]), (&json!(false), &Value::Null));
}
