//! What a seal promises.

use super::*;

const PLACE: Place<'static> = Place { table: "settings", column: "value", row: "smtp.password" };

fn keys() -> Keys {
    Keys::new(&[7; 32]).unwrap()
}

#[test]
fn a_sealed_value_opens_in_its_place_only() {
    let sealed = seal(&keys(), PLACE, b"hunter2").unwrap();
    assert!(!sealed.contains("hunter2"));
    assert_eq!(open(&keys(), PLACE, &sealed).unwrap().expose(), b"hunter2");
    for wrong in
        [Place { row: "smtp.user", ..PLACE }, Place { column: "other", ..PLACE }, Place { table: "databases", ..PLACE }]
    {
        assert_eq!(open(&keys(), wrong, &sealed).unwrap_err().code(), "seal_broken", "{wrong:?}");
    }
}

#[test]
fn a_changed_value_does_not_open() {
    let sealed = seal(&keys(), PLACE, b"hunter2").unwrap();
    for at in sealed.rfind('.').unwrap() + 1..sealed.len() - 1 {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(open(&keys(), PLACE, &String::from_utf8(bytes).unwrap()).unwrap_err().code(), "seal_broken");
    }
    for text in ["", "1", "1.", "2.x.y", &format!("1.{}.AAAA", keys().id())] {
        assert_eq!(open(&keys(), PLACE, text).unwrap_err().code(), "seal_broken", "{text}");
    }
}

#[test]
fn another_master_key_is_recognised() {
    let sealed = seal(&keys(), PLACE, b"hunter2").unwrap();
    let other = Keys::new(&[8; 32]).unwrap();
    assert_eq!(open(&other, PLACE, &sealed).unwrap_err().code(), "seal_other_key");
}

#[test]
fn equal_secrets_look_different() {
    assert_ne!(seal(&keys(), PLACE, b"x").unwrap(), seal(&keys(), PLACE, b"x").unwrap());
}
