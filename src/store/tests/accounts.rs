//! Accounts and what signs them in.

use crate::base::clock::Time;
use crate::base::{Kind, Secret};
use crate::store::claim::{self, Tried};
use crate::store::failures::{self, Subject};
use crate::store::idempotency::{self, Begun};
use crate::store::sessions::{self, Session};
use crate::store::testing::store;
use crate::store::tokens::{self, Token};
use crate::store::users::{self, User};
use crate::store::{Tx, settings};

fn user(id: &str, role: &str) -> User {
    User {
        id: id.to_owned(),
        name: format!("name-{id}"),
        role: role.to_owned(),
        password_hash: Secret::new("$argon2id$…".to_owned()),
        disabled: false,
        revision: 1,
        created_at: Time(1),
        updated_at: Time(1),
        password_changed_at: Time(1),
    }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn sign_in(tx: &Tx, id: &str, user_id: &str, at: i64) -> crate::base::Result<()> {
    let (address, agent) = ("192.0.2.1".to_owned(), "x".repeat(9999));
    let (id, user_id) = (id.to_owned(), user_id.to_owned());
    let at = Time(at);
    let key = secret(&format!("secret-{id}"));
    let session = Session { id, user_id, created_at: at, last_seen_at: at, verified_at: at, address, agent };
    sessions::insert(tx, &session, &key)
}

#[test]
fn accounts_change_by_revision_and_take_their_sessions_along() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            users::insert(tx, &user("u1", "admin"))?;
            users::insert(tx, &user("u2", "viewer"))?;
            let twin = User { id: "u3".to_owned(), ..user("u1", "viewer") };
            assert_eq!(users::insert(tx, &twin).unwrap_err().code(), "row_exists");
            assert_eq!((users::count(tx)?, users::count_admins(tx)?), (2, 1));
            let mut changed = users::by_name(tx, "name-u2")?.unwrap();
            changed.role = "admin".to_owned();
            assert_eq!(users::update(tx, &changed)?, 2);
            assert_eq!(users::update(tx, &changed).unwrap_err().kind(), Kind::Stale);
            sign_in(tx, "h1", "u2", 1)?;
            assert!(users::delete(tx, "u2")?);
            assert!(sessions::by_secret(tx, &secret("secret-h1"))?.is_none());
            assert_eq!(users::list(tx)?.len(), 1);
            Ok(())
        })
        .unwrap();
}

#[test]
fn sessions_are_found_by_secret_and_end() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            users::insert(tx, &user("u1", "admin"))?;
            for (n, id) in ["h1", "h2", "h3"].into_iter().enumerate() {
                sign_in(tx, id, "u1", n as i64 * 10)?;
            }
            assert_eq!(sessions::by_secret(tx, &secret("secret-h2"))?.unwrap().id, "h2");
            assert!(sessions::by_secret(tx, &secret("h2"))?.is_none());
            assert_eq!(sessions::by_id(tx, "h2")?.unwrap().agent.len(), 512);
            assert!(sessions::touch(tx, "h1", Time(50), "192.0.2.9")?);
            assert!(sessions::verified(tx, "h1", Time(60))?);
            assert_eq!(sessions::of_user(tx, "u1")?[0].id, "h1");
            assert_eq!(sessions::delete_expired(tx, Time(15), Time(0))?, 1, "h2 is idle");
            assert_eq!(sessions::delete_of_user(tx, "u1", Some("h1"))?, 1);
            assert!(sessions::delete(tx, "h1")?);
            assert!(!sessions::delete(tx, "h1")?);
            Ok(())
        })
        .unwrap();
}

#[test]
fn secrets_are_nowhere_in_the_files() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            users::insert(tx, &user("u1", "admin"))?;
            sign_in(tx, "plain-sight", "u1", 1)?;
            tokens::insert(tx, &token("t1"), &secret("secret-plain-token"))?;
            claim::put(tx, &secret("secret-plain-claim"), Time(9))?;
            failures::record(tx, Subject::Account("secret-plain-typed"), Time(1))?;
            settings::put_secret(tx, store.keys(), "smtp.password", &secret("secret-plain-setting"), "root", Time(1))
        })
        .unwrap();
    let copy = store.folder().join("copy.db");
    store.snapshot(&copy).unwrap();
    for path in [copy, store.path().to_owned(), store.folder().join("manara.db-wal")] {
        let bytes = std::fs::read(path).unwrap();
        assert!(!bytes.windows(12).any(|w| w == b"secret-plain"));
    }
}

fn token(id: &str) -> Token {
    Token {
        id: id.to_owned(),
        name: "ci".to_owned(),
        user_id: None,
        role: "admin".to_owned(),
        scopes: vec!["site.read".to_owned()],
        expires_at: Some(Time(99)),
        last_used_at: None,
        last_used_address: None,
        created_at: Time(1),
        created_by: "root".to_owned(),
    }
}

#[test]
fn tokens_are_found_by_secret_and_revoked() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            users::insert(tx, &user("u1", "admin"))?;
            tokens::insert(tx, &token("t1"), &secret("one"))?;
            let of_user = Token { user_id: Some("u1".to_owned()), ..token("t2") };
            tokens::insert(tx, &of_user, &secret("two"))?;
            assert!(tokens::used(tx, "t1", Time(5), "192.0.2.1")?);
            let found = tokens::by_secret(tx, &secret("one"))?.unwrap();
            assert_eq!((found.id.as_str(), found.last_used_at, found.scopes.len()), ("t1", Some(Time(5)), 1));
            assert_eq!(tokens::list(tx)?.len(), 2);
            assert_eq!(tokens::delete_of_user(tx, "u1")?, 1);
            assert!(tokens::delete(tx, "t1")?);
            assert!(tokens::by_secret(tx, &secret("one"))?.is_none());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_claim_token_works_once_for_a_while_and_for_few_tries() {
    let (_folder, store) = store();
    let (right, wrong) = (secret("right"), secret("wrong"));
    store
        .write(|tx| {
            let tried = |token, now| claim::try_use(tx, token, Time(now), 2).unwrap();
            assert_eq!(tried(&right, 0), Tried::Absent);
            claim::put(tx, &right, Time(10))?;
            assert_eq!((tried(&right, 10), tried(&wrong, 1)), (Tried::Expired, Tried::Wrong));
            assert_eq!((tried(&right, 2), tried(&right, 3)), (Tried::Accepted, Tried::Used));
            claim::put(tx, &right, Time(10))?;
            assert_eq!((tried(&wrong, 1), tried(&wrong, 1)), (Tried::Wrong, Tried::Wrong));
            assert_eq!(tried(&right, 1), Tried::Exhausted);
            assert_eq!(claim::current(tx)?.unwrap().failures, 2);
            Ok(())
        })
        .unwrap();
}

#[test]
fn failures_count_per_subject_and_window() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            for at in [1, 5, 9] {
                failures::record(tx, Subject::Account("Amal"), Time(at))?;
            }
            failures::record(tx, Subject::Address("192.0.2.1"), Time(9))?;
            assert_eq!(failures::since(tx, Subject::Account("amal"), Time(5))?, (2, Some(Time(9))));
            assert_eq!(failures::since(tx, Subject::Account("other"), Time(0))?, (0, None));
            assert_eq!(failures::forget(tx, Time(5))?, 1);
            assert_eq!(failures::clear(tx, Subject::Account("amal"))?, 2);
            assert_eq!(failures::since(tx, Subject::Address("192.0.2.1"), Time(0))?.0, 1);
            Ok(())
        })
        .unwrap();
}

#[test]
fn secret_settings_are_shown_as_such_and_open_in_their_row_only() {
    let (_folder, store) = store();
    let keys = store.keys();
    store
        .write(|tx| {
            settings::put(tx, "a", &serde_json::json!([1]), "root", Time(1))?;
            settings::put(tx, "a", &serde_json::json!({ "n": 2 }), "root", Time(2))?;
            settings::put_secret(tx, keys, "b", &secret("hunter2"), "root", Time(3))?;
            let shown = settings::list(tx)?;
            assert_eq!(shown[0].value, Some(serde_json::json!({ "n": 2 })));
            assert_eq!((shown[1].sealed, &shown[1].value), (true, &None));
            assert_eq!(settings::secret(tx, keys, "b")?, Some(secret("hunter2")));
            assert_eq!(settings::secret(tx, keys, "a")?, None);
            tx.exec("UPDATE settings SET name = 'c' WHERE name = ?", &values!["b"])?;
            assert_eq!(settings::secret(tx, keys, "c").unwrap_err().code(), "seal_broken");
            assert!(settings::delete(tx, "c")?);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_repeated_request_gets_the_first_answer() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            let begin = |actor, hash| idempotency::begin(tx, actor, "k", hash, Time(1)).unwrap();
            assert_eq!((begin("root", "h"), begin("root", "h")), (Begun::New, Begun::Running));
            assert_eq!((begin("root", "other"), begin("amal", "h")), (Begun::OtherRequest, Begun::New));
            assert!(idempotency::finish(tx, "root", "k", 201, "{}")?);
            assert_eq!(begin("root", "h"), Begun::Done { status: 201, body: "{}".to_owned() });
            assert!(idempotency::abandon(tx, "amal", "k")?);
            assert_eq!(idempotency::forget(tx, Time(2))?, 1);
            Ok(())
        })
        .unwrap();
}
