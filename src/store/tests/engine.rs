//! Plans, files, backends and the generation.

use crate::base::clock::Time;
use crate::store::backends::{self, Backend};
use crate::store::managed_files::{self, ManagedFile};
use crate::store::plans::{self, APPLYING, PLANNED, Plan, UNDONE};
use crate::store::testing::store;
use crate::store::{generation, keys, reservations};
use serde_json::json;

fn plan(id: &str, expires_at: i64) -> Plan {
    Plan {
        id: id.to_owned(),
        operation: "site.create".to_owned(),
        actor: json!({ "name": "root" }),
        body: Some(json!({ "z": "server {\n}\n", "a": 2 })),
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
            assert_eq!(read.body.unwrap().to_string(), r#"{"z":"server {\n}\n","a":2}"#, "the order of keys is kept");
            assert!(plans::set_state(tx, "p1", PLANNED, APPLYING)?);
            assert!(!plans::set_state(tx, "p1", PLANNED, APPLYING)?);
            reservations::take(tx, "p2", &["a.test".parse().unwrap()], Time(0), Time(10))?;
            assert_eq!(plans::delete_expired(tx, Time(10))?, 1, "only p2 ran out without being applied");
            assert!(plans::by_id(tx, "p1")?.is_some() && plans::by_id(tx, "p2")?.is_none());
            Ok(())
        })
        .unwrap();
}

#[test]
fn plans_that_were_interrupted_are_closed_and_give_their_names_back() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            plans::insert(tx, &plan("p1", 10))?;
            plans::insert(tx, &plan("p2", 10))?;
            plans::set_state(tx, "p1", PLANNED, APPLYING)?;
            reservations::take(tx, "p1", &["a.test".parse().unwrap()], Time(0), Time(10))?;
            assert_eq!(plans::close_interrupted(tx)?, 1);
            assert_eq!(plans::by_id(tx, "p1")?.unwrap().state, UNDONE);
            assert_eq!(plans::by_id(tx, "p2")?.unwrap().state, PLANNED);
            reservations::take(tx, "p2", &["a.test".parse().unwrap()], Time(0), Time(10))
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
        updated_at: Time(1),
    };
    let long = format!("/srv/www/{}/index.html", "d".repeat(250));
    store
        .write(|tx| {
            managed_files::put(tx, &file(&long, "one"))?;
            managed_files::put(tx, &file(&long, "two"))?;
            managed_files::put(tx, &file("/etc/nginx/a.conf", "x"))?;
            assert_eq!(managed_files::get(tx, &long)?, Some(file(&long, "two")));
            let mut bodies: Vec<_> = managed_files::all(tx)?.into_iter().map(|f| f.body).collect();
            bodies.sort();
            assert_eq!(bodies, ["two", "x"]);
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
            assert_eq!(backends::by_id(tx, "b1")?, Some(changed));
            assert!(backends::delete(tx, "b1")?);
            assert_eq!(backends::update(tx, &backend).unwrap_err().code(), "row_missing");
            assert_eq!((generation::current(tx)?, generation::next(tx)?, generation::next(tx)?), (0, 1, 2));
            generation::go_on_from(tx, 70)?;
            assert_eq!(generation::next(tx)?, 71);
            generation::go_on_from(tx, 7)?;
            assert_eq!(generation::next(tx)?, 8);
            Ok(())
        })
        .unwrap();
}
