//! Plans, files, backends and the generation.

use crate::base::clock::Time;
use crate::store::backends::{self, Backend};
use crate::store::managed_files::{self, ManagedFile};
use crate::store::plans::{self, PLANNED, Plan};
use crate::store::testing::store;
use crate::store::{generation, keys, reservations};
use serde_json::json;

fn plan(id: &str, expires_at: i64) -> Plan {
    Plan {
        id: id.to_owned(),
        operation: "site.create".to_owned(),
        input: json!({ "domain": "a.test" }),
        actor: json!({ "name": "root" }),
        summary: json!([]),
        body: json!({ "bytes": "server {\n}\n" }),
        base: json!({ "z": 1, "a": 2 }),
        created_at: Time(0),
        expires_at: Time(expires_at),
        state: PLANNED.to_owned(),
    }
}

#[test]
fn a_plan_is_applied_once_and_runs_out() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            for (id, expires_at) in [("p1", 10), ("p2", 10), ("p3", 20)] {
                plans::insert(tx, &plan(id, expires_at))?;
            }
            let read = plans::by_id(tx, "p1")?.unwrap();
            assert_eq!(read, plan("p1", 10));
            assert_eq!(read.base.to_string(), r#"{"z":1,"a":2}"#, "the order of keys is kept");
            assert!(plans::set_state(tx, "p1", PLANNED, "applying")?);
            assert!(!plans::set_state(tx, "p1", PLANNED, "applying")?);
            reservations::take(tx, "p2", &["a.test".parse().unwrap()], Time(0), Time(10))?;
            assert_eq!(plans::delete_expired(tx, Time(10))?, 1, "only p2 ran out without being applied");
            assert!(plans::by_id(tx, "p1")?.is_some() && plans::by_id(tx, "p2")?.is_none());
            Ok(())
        })
        .unwrap();
}

#[test]
fn files_are_remembered_as_last_applied() {
    let (_folder, store) = store();
    let file = |path: &str, body: &str| ManagedFile {
        path: path.to_owned(),
        site_id: None,
        body: body.to_owned(),
        sha256: keys::sha256_hex(body),
        format: "nginx".to_owned(),
        generation: 1,
        mode: 0o644,
        owner_uid: 0,
        updated_at: Time(1),
    };
    let long = format!("/srv/www/{}/index.html", "d".repeat(250));
    store
        .write(|tx| {
            managed_files::put(tx, &file(&long, "one"))?;
            managed_files::put(tx, &file(&long, "two"))?;
            managed_files::put(tx, &file("/etc/nginx/a.conf", "x"))?;
            assert_eq!(managed_files::get(tx, &long)?, Some(file(&long, "two")));
            let first = managed_files::list(tx, None, 1)?;
            let second = managed_files::list(tx, first.next.as_deref(), 1)?;
            assert_ne!(first.rows, second.rows);
            assert_eq!((second.next, managed_files::of_site(tx, "s1")?.len()), (None, 0));
            assert!(managed_files::delete(tx, &long)?);
            assert!(!managed_files::delete(tx, &long)?);
            Ok(())
        })
        .unwrap();
}

#[test]
fn backends_and_generations() {
    let (_folder, store) = store();
    let (created_at, updated_at) = (Time(1), Time(1));
    let upstream = "http://127.0.0.1:3000".to_owned();
    let backend = Backend { id: "b1".to_owned(), upstream, name: None, created_at, updated_at };
    store
        .write(|tx| {
            backends::insert(tx, &backend)?;
            let changed = Backend { name: Some("api".to_owned()), ..backend.clone() };
            backends::update(tx, &changed)?;
            assert_eq!(backends::list(tx)?, [changed]);
            assert_eq!(backends::count_sites(tx, "b1")?, 0);
            assert!(backends::delete(tx, "b1")?);
            assert_eq!(backends::update(tx, &backend).unwrap_err().code(), "row_missing");
            assert_eq!((generation::current(tx)?, generation::next(tx)?, generation::next(tx)?), (0, 1, 2));
            Ok(())
        })
        .unwrap();
}
