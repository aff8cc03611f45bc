//! Domain names, internationalised (RFC 5890, UTS 46).

use super::{Name, NameError};
use crate::base::limits::DOMAIN_BYTES_MAX;
use std::fmt;

/// A fully qualified domain name of at least two labels, kept in its ASCII (punycode) form, lower case, no final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

impl Domain {
    /// The ASCII form: what DNS, nginx and file names use.
    pub fn ascii(&self) -> &str {
        &self.0
    }

    /// The form for people: `xn--mgbh0fb.test` reads `مثال.test`.
    pub fn unicode(&self) -> String {
        let (text, outcome) = idna::domain_to_unicode(&self.0);
        if outcome.is_ok() { text } else { self.0.clone() }
    }

    /// What people read where `text` is the name of a site in ASCII form, or of anything else, which stays as it is.
    pub fn shown(text: &str) -> String {
        Self::parse(text).map_or_else(|_| text.to_owned(), |domain| domain.unicode())
    }
}

impl Name for Domain {
    const FORMAT: &'static str = "domain";
    // Unicode text may be longer in bytes than its ASCII form.
    const BYTES_MAX: usize = 4 * DOMAIN_BYTES_MAX;

    fn parse(text: &str) -> Result<Self, NameError> {
        let given = text.trim().trim_end_matches('.');
        if given.is_empty() {
            return Err(NameError::new("domain_empty"));
        }
        if given.contains("://") || given.contains('/') {
            return Err(NameError::new("domain_is_url"));
        }
        if given.parse::<std::net::IpAddr>().is_ok() || given.starts_with('[') {
            return Err(NameError::new("domain_is_address"));
        }
        if given.chars().any(super::is_deceptive) {
            return Err(NameError::new("deceptive_characters"));
        }
        let ascii = idna::domain_to_ascii_strict(given).map_err(|_| NameError::new("domain_characters"))?;
        if ascii.len() > DOMAIN_BYTES_MAX {
            return Err(NameError::new("too_long").with("max", DOMAIN_BYTES_MAX));
        }
        if !ascii.contains('.') {
            return Err(NameError::new("domain_one_label"));
        }
        if !ascii.split('.').all(valid_label) {
            return Err(NameError::new("domain_characters"));
        }
        // RFC 3696 §2: a top-level name is not all digits, which would read as an address.
        if ascii.rsplit('.').next().is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit())) {
            return Err(NameError::new("domain_is_address"));
        }
        if ascii.contains("xn--") {
            check_shown(&ascii)?;
        }
        Ok(Self(ascii))
    }
}

/// Checks the form in which people see an international name: the ASCII form may stand for characters that would be
/// refused in the Unicode form, such as joiners that nobody sees, and what is shown must lead back to what is meant.
fn check_shown(ascii: &str) -> Result<(), NameError> {
    let (shown, outcome) = idna::domain_to_unicode(ascii);
    if shown.chars().any(super::is_deceptive) {
        return Err(NameError::new("deceptive_characters"));
    }
    match (outcome, idna::domain_to_ascii_strict(&shown)) {
        (Ok(()), Ok(back)) if back == ascii => Ok(()),
        _ => Err(NameError::new("domain_characters")),
    }
}

fn valid_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Domain {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

super::name_impls!(Domain);
