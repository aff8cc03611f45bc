//! Sites and their names.

use super::*;
use crate::store::testing::store;
use crate::store::{Store, reservations, server_names};
use std::collections::HashSet;
use std::time::{Duration, Instant};

fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

fn site(n: usize, name: &str) -> Site {
    Site {
        id: format!("s{n:09}"),
        domain: domain(name),
        kind: if n.is_multiple_of(2) { "static" } else { "proxy" }.to_owned(),
        enabled: !n.is_multiple_of(3),
        state: "active".to_owned(),
        root: format!("/srv/www/{name}/public"),
        unix_user: format!("w{n:09}"),
        options: serde_json::json!({ "n": n }),
        backend_id: None,
        revision: 1,
        owner: None,
        problem: None,
        created_at: Time(1_780_000_000_000 + (n as i64 / 4)),
        updated_at: Time(1_780_000_000_000 - n as i64),
    }
}

fn add(tx: &Tx, n: usize, name: &str) -> Result<()> {
    insert(tx, &site(n, name))?;
    server_names::set(tx, &site(n, name).id, &[domain(name), domain(&format!("www.{name}"))])
}

fn fill(store: &Store, count: usize) {
    store.write(|tx| (0..count).try_for_each(|n| add(tx, n, &format!("d{:05}.test", n * 7919 % count)))).unwrap();
}

fn domain_asc() -> (SiteSort, bool) {
    (SiteSort::Domain, false)
}

#[test]
fn a_site_is_read_as_it_was_written() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            add(tx, 1, "a.test")?;
            assert_eq!(by_id(tx, "s000000001")?, Some(site(1, "a.test")));
            assert_eq!(by_server_name(tx, &domain("www.a.test"))?, Some(site(1, "a.test")));
            assert_eq!(by_server_name(tx, &domain("b.test"))?, None);
            let names = server_names::of_site(tx, "s000000001")?;
            assert_eq!(names, [domain("a.test"), domain("www.a.test")], "the primary domain first");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_name_belongs_to_one_site() {
    let (_folder, store) = store();
    store.write(|tx| add(tx, 1, "a.test")).unwrap();
    let taken = |e: Error| (e.kind(), e.code().to_owned(), e.param("domain").map(str::to_owned));
    let as_domain = store.write(|tx| insert(tx, &site(2, "a.test"))).unwrap_err();
    assert_eq!(taken(as_domain), (Kind::Conflict, "site_exists".to_owned(), Some("a.test".to_owned())));
    let as_alias = store.write(|tx| {
        insert(tx, &site(2, "b.test"))?;
        server_names::set(tx, &site(2, "b.test").id, &[domain("b.test"), domain("www.a.test")])
    });
    assert_eq!(taken(as_alias.unwrap_err()).2.as_deref(), Some("www.a.test"));
    store
        .write(|tx| {
            assert_eq!(count(tx, &SiteFilter::default())?, 1);
            assert!(delete(tx, "s000000001")?);
            add(tx, 2, "a.test")
        })
        .unwrap();
}

#[test]
fn a_reserved_name_is_refused_until_it_runs_out() {
    let (_folder, store) = store();
    let names = [domain("a.test")];
    store
        .write(|tx| {
            for id in ["p1", "p2"] {
                let sql = "INSERT INTO plans (id, operation, actor, body, created_at, expires_at, state) \
                           VALUES (?, 'site.create', '{}', '{}', 0, 100, 'planned')";
                tx.exec(sql, &values![id])?;
            }
            reservations::take(tx, "p1", &names, Time(0), Time(100))
        })
        .unwrap();
    let refused = store.write(|tx| reservations::take(tx, "p2", &names, Time(99), Time(200))).unwrap_err();
    assert_eq!(refused.code(), "name_reserved");
    store.write(|tx| reservations::take(tx, "p2", &names, Time(100), Time(200))).unwrap();
    let released = |plan| store.write(|tx| reservations::release(tx, plan)).unwrap();
    assert_eq!((released("p1"), released("p2")), (0, 1), "the second plan has the name now");
}

#[test]
fn an_update_needs_the_revision_that_was_read() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            add(tx, 1, "a.test")?;
            let mut changed = site(1, "a.test");
            changed.state = "quarantined".to_owned();
            changed.problem = Some(serde_json::json!({ "code": "nginx_test" }));
            assert_eq!(update(tx, &changed)?, 2);
            let e = update(tx, &changed).unwrap_err();
            assert_eq!((e.kind(), e.code(), e.param("found")), (Kind::Stale, "revision_stale", Some("2")));
            let e = update(tx, &site(9, "none.test")).unwrap_err();
            assert_eq!((e.kind(), e.code()), (Kind::NotFound, "row_missing"));
            changed.revision = 2;
            assert_eq!(by_id(tx, "s000000001")?, Some(changed));
            Ok(())
        })
        .unwrap();
}

#[test]
fn filters_take_text_as_text() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            add(tx, 0, "shop.test")?;
            add(tx, 1, "a_b.test".replace('_', "-").as_str())?;
            add(tx, 2, "مثال.test")
        })
        .unwrap();
    let found = |filter: SiteFilter<'_>| store.read(|tx| count(tx, &filter)).unwrap();
    for (q, hits) in
        [("SHOP", 1), ("www.", 3), ("مثال", 1), ("xn--", 1), ("%", 0), ("_", 0), ("!", 0), ("') OR 1=1 --", 0)]
    {
        assert_eq!(found(SiteFilter { q: Some(q), ..SiteFilter::default() }), hits, "{q}");
    }
    assert_eq!(found(SiteFilter { kind: Some("proxy"), ..SiteFilter::default() }), 1);
    assert_eq!(found(SiteFilter { enabled: Some(false), ..SiteFilter::default() }), 1);
    assert_eq!(found(SiteFilter { state: Some("disabled"), ..SiteFilter::default() }), 0);
}

#[test]
fn pages_stay_right_while_rows_come_and_go() {
    let (_folder, store) = store();
    fill(&store, 100);
    for sort in [SiteSort::Domain, SiteSort::CreatedAt, SiteSort::UpdatedAt] {
        for descending in [false, true] {
            let (mut seen, mut cursor, mut extra) = (Vec::new(), None::<String>, 500);
            loop {
                let filter = SiteFilter::default();
                let page = store.read(|tx| list(tx, &filter, (sort, descending), cursor.as_deref(), 7)).unwrap();
                let old = page.rows.iter().filter(|s| !s.domain.ascii().starts_with("new"));
                seen.extend(old.map(|s| s.id.clone()));
                // A newcomer in the middle of the order, and one that goes again.
                store.write(|tx| add(tx, extra, &format!("new{extra}.test"))).unwrap();
                store.write(|tx| delete(tx, &site(extra - 1, "x.test").id)).unwrap();
                extra += 1;
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), 100, "{sort:?} {descending}");
            assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 100, "nothing twice");
            store.write(|tx| delete(tx, &site(extra - 1, "x.test").id)).unwrap();
        }
    }
    for cursor in ["", "x", "W10", "WzEsbnVsbF0"] {
        let e = store.read(|tx| list(tx, &SiteFilter::default(), domain_asc(), Some(cursor), 7)).unwrap_err();
        assert_eq!((e.kind(), e.code()), (Kind::BadInput, "cursor_invalid"));
    }
}

#[test]
fn ten_thousand_sites_are_listed_quickly() {
    let (_folder, store) = store();
    fill(&store, 10_000);
    let mut times = Vec::new();
    for sort in [SiteSort::Domain, SiteSort::CreatedAt, SiteSort::UpdatedAt] {
        for (descending, q) in [(false, None), (true, None), (false, Some("d099"))] {
            let filter = SiteFilter { q, ..SiteFilter::default() };
            let mut cursor = None::<String>;
            for _ in 0..40 {
                let start = Instant::now();
                let page = store.read(|tx| list(tx, &filter, (sort, descending), cursor.as_deref(), 50)).unwrap();
                times.push(start.elapsed());
                assert!(!page.rows.is_empty());
                cursor = page.next;
            }
        }
    }
    times.sort();
    let median = times[times.len() / 2];
    // The promise of 20 ms is measured by the benchmarks; a test only notices a list that takes for ever each time.
    assert!(median < Duration::from_secs(5), "{median:?}");
}
