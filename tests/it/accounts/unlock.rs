//! Letting a locked-out administrator back in, from the console.

use super::{Desk, PASSWORD, code};
use manara::engine::Actor;
use serde_json::json;

#[test]
fn the_console_lets_a_locked_out_admin_back_in() {
    let desk = Desk::new();
    let admin = desk.user("admin", "admin");
    let before = desk.call(&admin.actor, "setting.list", json!({})).unwrap().body;
    desk.console("setting.update", json!({ "session.idle_s": 600 })).unwrap();
    desk.console("setting.update", json!({ "panel.allowed_addresses": ["198.51.100.0/24"] })).unwrap();
    for _ in 0..20 {
        assert!(desk.sign_in_from("192.0.2.1", "admin", "wrong password").is_err());
    }
    assert_eq!(desk.sign_in_from("192.0.2.1", "admin", PASSWORD).err().unwrap().code(), "too_many_tries");

    let done = desk.console("panel.unlock", json!({ "user": "admin", "listen": "[::1]:9555" })).unwrap().body;
    assert_eq!(done["reset"], json!(["panel.allowed_addresses"]));
    let password = done["password"].as_str().unwrap();
    assert!(desk.actor(&admin.secret).is_err(), "sessions from before have ended");
    assert_eq!(desk.sign_in_from("192.0.2.1", "admin", PASSWORD).err().unwrap().code(), "sign_in_failed");
    let again = desk.sign_in_from("192.0.2.1", "admin", password).unwrap();

    let after = desk.call(&again.actor, "setting.list", json!({})).unwrap().body;
    let value = |list: &serde_json::Value, key: &str| {
        list["items"].as_array().unwrap().iter().find(|item| item["key"] == key).unwrap()["value"].clone()
    };
    assert_eq!(value(&after, "panel.allowed_addresses"), value(&before, "panel.allowed_addresses"));
    assert_eq!(value(&after, "panel.listen"), "[::1]:9555");
    assert_eq!(value(&after, "session.idle_s"), 600, "settings that shut nobody out stay");
    assert_eq!(desk.audited("panel.unlock", "done"), 1);
}

#[test]
fn nobody_else_unlocks_anything() {
    let desk = Desk::new();
    let admin = desk.user("admin", "admin");
    assert_eq!(code(desk.call(&admin.actor, "panel.unlock", json!({ "user": "admin" }))), "console_only");
    assert!(desk.call(&Actor::Nobody, "panel.unlock", json!({})).is_err());
    assert!(desk.console("panel.unlock", json!({ "listen": "nowhere" })).is_err());
    assert_eq!(code(desk.console("panel.unlock", json!({ "user": "stranger" }))), "user_not_found");
    assert!(desk.actor(&admin.secret).is_ok());
}

#[test]
fn a_version_that_has_not_proved_itself_takes_no_changes() {
    let desk = Desk::new();
    let admin = desk.user("admin", "admin");
    let mark = desk.core.config.root.join("opt/manara/unproved");
    std::fs::create_dir_all(mark.parent().unwrap()).unwrap();
    std::fs::write(&mark, "2.0.0").unwrap();
    let setting = json!({ "session.idle_s": 600 });
    assert_eq!(code(desk.call(&admin.actor, "setting.update", setting.clone())), "version_unproved");
    assert!(desk.call(&admin.actor, "setting.list", json!({})).is_ok(), "reading goes on");
    std::fs::remove_file(&mark).unwrap();
    assert!(desk.call(&admin.actor, "setting.update", setting).is_ok());
}
