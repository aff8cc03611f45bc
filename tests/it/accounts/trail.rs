//! The audit trail as people read it.

use super::Desk;
use manara::base::locale::Lang;
use manara::engine::events::Topic;
use manara::engine::{Actor, Request};
use manara::ops;
use manara::store::audit;
use serde_json::{Value, json};

fn add(desk: &Desk, entries: usize) {
    let entry = audit::Entry { operation: "site.show".into(), result: "done".into(), ..audit::Entry::default() };
    let add = |tx: &manara::store::Tx| {
        (0..entries).try_for_each(|_| audit::append(tx, desk.core.store.keys(), &entry).map(drop))
    };
    desk.core.store.write(add).unwrap();
}

#[test]
fn an_export_is_made_while_it_is_read() {
    let desk = Desk::claimed();
    add(&desk, 1200);
    let request = Desk::request("");
    let op = ops::find("audit.export").unwrap();
    let mut pieces = ops::run::open_download(&desk.core, &Actor::Console, &request, op, json!({})).unwrap().pieces;
    let lines = |piece: Option<manara::base::Result<Vec<u8>>>| {
        String::from_utf8(piece.unwrap().unwrap())
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(pieces.next()).len(), 500);
    add(&desk, 300);
    let rest: Vec<Value> = [pieces.next(), pieces.next(), pieces.next()].into_iter().flat_map(lines).collect();
    assert!(pieces.next().is_none());
    let last = rest.last().unwrap()["seq"].as_i64().unwrap();
    assert_eq!((rest.len(), last), (1001, 1501), "one for the claim; what came meanwhile is there");
}

#[test]
fn a_table_of_the_trail_cannot_calculate() {
    let desk = Desk::claimed();
    let entry = audit::Entry {
        actor: "=HYPERLINK(\"http://evil.test\")".into(),
        operation: "session.create".into(),
        target: "@SUM(A1:A9)".into(),
        result: "refused".into(),
        after: Some(json!({ "name": "مدير, \"quoted\"" })),
        ..audit::Entry::default()
    };
    desk.core.store.write(|tx| audit::append(tx, desk.core.store.keys(), &entry)).unwrap();
    add(&desk, 600);
    let op = ops::find("audit.export").unwrap();
    let input = json!({ "format": "csv", "operation": "session.create" });
    let download = ops::run::open_download(&desk.core, &Actor::Console, &Desk::request(""), op, input).unwrap();
    assert_eq!((download.name.as_str(), download.media_type), ("manara-audit.csv", "text/csv; charset=utf-8"));
    let text = download.pieces.map(|piece| String::from_utf8(piece.unwrap()).unwrap()).collect::<String>();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("\u{feff}\"seq\",\"at\",\"actor\""), "{text}");
    assert_eq!(lines.len(), 2, "only what was asked for, and the columns once: {text}");
    let cells: Vec<_> = lines[1].trim_matches('"').split("\",\"").collect();
    assert_eq!(cells.len(), 14, "{}", lines[1]);
    assert_eq!((cells[2], cells[6]), ("'=HYPERLINK(\"\"http://evil.test\"\")", "'@SUM(A1:A9)"));
    assert!(cells[12].contains("مدير, \\\"\"quoted"), "{}", cells[12]);
}

#[test]
fn actors_are_named_in_the_readers_language() {
    let desk = Desk::new();
    let wrong = json!({ "token": "not the token", "user": "eve", "password": "a long pass phrase" });
    let _refused = desk.call(&Actor::Nobody, "claim.create", wrong).unwrap_err();
    let claim = json!({ "user": "admin", "password": super::PASSWORD });
    desk.console("claim.create", claim).unwrap();
    let admin = desk.sign_in("admin");
    desk.call(&admin.actor, "token.create", json!({ "name": "ci", "role": "admin" })).unwrap();
    let who = |lang: Lang, operation: &str| {
        let request = Request::console("r0123456789".into(), lang);
        let input = json!({ "operation": operation });
        let page = desk.call_with(&request, &Actor::Console, "audit.list", input).unwrap().body;
        let of = |e: &Value| (e["actor"].as_str().unwrap().to_owned(), e["who"].as_str().unwrap().to_owned());
        page["items"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let pair = |stored: &str, shown: &str| (stored.to_owned(), shown.to_owned());
    let claims = [pair("root@console", "console (root@console)"), pair("nobody", "nobody signed in")];
    assert_eq!(who(Lang::En, "claim.create"), claims);
    assert_eq!(who(Lang::En, "token.create"), [pair("admin", "admin")]);
    let arabic = who(Lang::Ar, "claim.create");
    assert_eq!(arabic[1], pair("nobody", "زائر لم يسجّل الدخول"), "the store keeps one name for both");
}

#[test]
fn changes_are_told_from_the_rest_and_announced_to_those_who_may_read_them() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin");
    let (send, heard) = std::sync::mpsc::channel();
    let _listening = desk.core.bus.listen(vec![Topic::Audit], Box::new(move |e| send.send(e.data.clone()).is_ok()));
    desk.call(&admin.actor, "setting.update", json!({ "session.idle_s": 300 })).unwrap();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [json!({ "operation": "setting.update", "target": "settings" })]);
    let shut_out = json!({ "panel.allowed_addresses": ["198.51.100.0/24"] });
    desk.call(&admin.actor, "setting.update", shut_out).unwrap_err();
    desk.call(&admin.actor, "session.preferences", json!({ "digits": "latin" })).unwrap();
    let page = desk.console("audit.list", json!({ "changes": true })).unwrap().body;
    let found: Vec<_> = page["items"].as_array().unwrap().iter().map(|e| e["operation"].as_str().unwrap()).collect();
    assert_eq!(found, ["setting.update", "claim.create"], "neither the sign-in nor the refused change");
    assert_eq!(page["total"], 2);
    let all = desk.console("audit.list", json!({ "changes": false })).unwrap().body;
    assert_eq!(all["total"], 5);
}
