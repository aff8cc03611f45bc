//! The trail and its chain.

use super::*;
use crate::store::testing::store;

fn entry(actor: &str, target: &str) -> Entry {
    Entry {
        at: Time(1_780_000_000_000),
        actor: actor.to_owned(),
        actor_kind: "user".to_owned(),
        address: "192.0.2.1".to_owned(),
        operation: "site.create".to_owned(),
        target: target.to_owned(),
        plan_id: None,
        result: "done".to_owned(),
        code: None,
        params: serde_json::json!({ "kind": "static", "share": "100%" }),
        before: None,
        after: Some(serde_json::json!({ "z": 1, "a": [null, "ب"] })),
        request_id: "r1".to_owned(),
    }
}

fn add(store: &Store, count: usize) {
    store
        .write(|tx| {
            for n in 0..count {
                let (actor, target) = (if n % 2 == 0 { "root" } else { "amal" }, format!("site{n}.test"));
                append(tx, store.keys(), &entry(actor, &target))?;
            }
            Ok(())
        })
        .unwrap();
}

fn tamper(store: &Store, sql: &str) -> ChainReport {
    store.write(|tx| tx.exec(sql, &[])).unwrap();
    verify_chain(store, None).unwrap()
}

#[test]
fn an_untouched_chain_is_whole() {
    let (_folder, store) = store();
    assert!(verify_chain(&store, None).unwrap().ok, "an empty one, too");
    add(&store, 1203);
    let report = verify_chain(&store, None).unwrap();
    assert_eq!((report.entries, report.first_bad, report.head.seq, report.ok), (1203, None, 1203, true));
    let page = store.read(|tx| search(tx, &Filter::default(), None, 1)).unwrap();
    assert_eq!(
        (page.rows[0].seq, &page.rows[0].entry.after),
        (1203, &entry("", "").after),
        "what was remembered is what is read"
    );
}

#[test]
fn every_sort_of_tampering_shows() {
    for (sql, bad) in [
        ("UPDATE audit SET actor = 'amal' WHERE seq = 5", 5),
        ("UPDATE audit SET at = at + 1 WHERE seq = 5", 5),
        ("UPDATE audit SET state_after = NULL WHERE seq = 1", 1),
        ("UPDATE audit SET code = '' WHERE seq = 5", 5),
        ("UPDATE audit SET params = 'no json' WHERE seq = 5", 5),
        ("UPDATE audit SET prev_hash = hash WHERE seq = 9", 9),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ] {
        let (_folder, store) = store();
        add(&store, 10);
        let report = tamper(&store, sql);
        assert_eq!((report.first_bad, report.ok), (Some(bad), false), "{sql}");
    }
}

#[test]
fn cutting_the_end_off_shows_against_a_head_kept_outside() {
    let (_folder, store) = store();
    add(&store, 10);
    let kept = store.read(head).unwrap();
    add(&store, 2);
    assert!(verify_chain(&store, Some(&kept.hash)).unwrap().ok, "a longer chain contains the head");
    store.write(|tx| tx.exec("DELETE FROM audit WHERE seq >= 9", &[])).unwrap();
    assert!(verify_chain(&store, None).unwrap().ok, "what is left fits");
    let report = verify_chain(&store, Some(&kept.hash)).unwrap();
    assert_eq!((report.ok, report.first_bad, report.kept_found), (false, None, Some(false)));
}

#[test]
fn a_change_and_its_trace_are_lost_together() {
    let (_folder, store) = store();
    let failed = store.write(|tx| {
        append(tx, store.keys(), &entry("root", "a.test"))?;
        Err::<(), _>(crate::base::Error::fault("later"))
    });
    assert!(failed.is_err());
    assert_eq!(store.read(|tx| count(tx, &Filter::default())).unwrap(), 0);
}

#[test]
fn search_filters_and_pages_newest_first() {
    let (_folder, store) = store();
    add(&store, 25);
    store
        .read(|tx| {
            let by_amal = Filter { actor: Some("amal"), ..Filter::default() };
            assert_eq!(count(tx, &by_amal)?, 12);
            let first = search(tx, &by_amal, None, 10)?;
            assert_eq!(first.rows[0].seq, 24);
            let second = search(tx, &by_amal, first.next.as_deref(), 10)?;
            assert_eq!((second.rows.len(), second.rows[0].seq, second.next), (2, 4, None));
            for (text, found) in [("SITE7.", 1), ("100%", 25), ("site_", 0), ("create", 25), ("' OR 1=1 --", 0)] {
                assert_eq!(count(tx, &Filter { text: Some(text), ..Filter::default() })?, found, "{text}");
            }
            let late = Filter { from: Some(Time(1_780_000_000_001)), ..Filter::default() };
            assert_eq!(count(tx, &late)?, 0);
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_export_has_every_entry_once_and_in_order() {
    let (_folder, store) = store();
    add(&store, 1203);
    let filter = Filter::default();
    let (mut seqs, mut cursor) = (vec![], None);
    loop {
        let page = export(&store, &filter, cursor.as_deref()).unwrap();
        seqs.extend(page.rows.iter().map(|r| r.seq));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seqs, (1..=1203).collect::<Vec<_>>());
}
