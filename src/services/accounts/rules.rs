//! Which new passwords are refused besides short ones. No rules on kinds of characters: NIST SP 800-63B advises against
//! them.

use crate::base::names::{Password, UserName};
use crate::base::{Error, FieldProblem, Result};
use std::collections::HashSet;

/// Passwords of ten characters and more that lead the published lists of stolen ones.
const WORST: &[&str] = &[
    "0123456789",
    "0987654321",
    "1234567890",
    "12345678910",
    "123456789a",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "9876543210",
    "abcdefghij",
    "adminadmin",
    "administrator",
    "asdfghjkl;",
    "changeme123",
    "football123",
    "iloveyou123",
    "letmein123",
    "manara1234",
    "manaramanara",
    "monkey1234",
    "p@ssw0rd123",
    "passw0rd123",
    "password00",
    "password01",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passwordpassword",
    "princess123",
    "q1w2e3r4t5",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop123",
    "rootroot123",
    "superadmin",
    "welcome123",
    "zxcvbnm123",
];

/// Fewest different characters.
const DIFFERENT_MIN: usize = 4;

/// Refuses a new password of `user` that would be guessed first. `field` is the input's field it stands in.
pub(super) fn check_password(user: &UserName, password: &Password, field: &str) -> Result<()> {
    let folded = password.expose().to_lowercase();
    let different: HashSet<char> = folded.chars().collect();
    let code = if folded.trim() == user.as_str() {
        "password_is_name"
    } else if WORST.contains(&folded.trim()) || different.len() < DIFFERENT_MIN {
        "password_common"
    } else {
        return Ok(());
    };
    Err(Error::bad_field(FieldProblem::new(field, code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_passwords_are_refused() {
        let code = |user: &str, password: &str| {
            let checked = check_password(&user.parse().unwrap(), &password.parse().unwrap(), "password");
            checked.err().map(|e| e.fields()[0].code.to_string())
        };
        assert_eq!(code("administratrix", "Administratrix").as_deref(), Some("password_is_name"));
        assert_eq!(code("amal", "QwertyUiop").as_deref(), Some("password_common"));
        assert_eq!(code("amal", "aaaaaaaaaaaaaaa").as_deref(), Some("password_common"));
        assert_eq!(code("amal", "أربع كلمات بينها مسافات"), None);
        assert_eq!(code("amal", "correct horse"), None);
    }

    #[test]
    fn the_list_holds_only_what_the_length_lets_through() {
        let short = |p: &&&str| p.chars().count() < crate::base::limits::PASSWORD_CHARS_MIN;
        assert_eq!(WORST.iter().find(short), None);
        assert!(WORST.iter().all(|p| p.to_lowercase() == *p));
    }
}
