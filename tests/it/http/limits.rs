//! Clients that are slow, greedy or silent.

use crate::support::panel::{Answer, Panel};
use manara::http::Patience;
use serde_json::json;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

fn impatient() -> Patience {
    let short = Duration::from_millis(300);
    Patience { head: short, body: short, idle: short, write: short, heartbeat: short }
}

#[test]
fn a_site_is_made_and_shown() {
    let panel = Panel::new();
    let token = panel.token("admin");
    let made = panel.api(&token, "POST", "/sites", Some(&json!({ "domain": "a.test", "kind": "static" })));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("location"), Some("/api/v1/sites/a.test"));
    let shown = panel.api(&token, "GET", "/sites/a.test", None);
    assert_eq!((shown.status, &shown.json()["domain"]), (200, &json!("a.test")));
}
