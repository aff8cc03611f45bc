//! Identifiers and short labels.

use super::{Domain, Name, NameError};
use crate::base::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};

/// A site's immutable id: `s` and 10 base32 characters. Names files, sockets and log fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(String);

impl Name for SiteId {
    const FORMAT: &'static str = "site-id";
    const BYTES_MAX: usize = 32;

    fn parse(text: &str) -> Result<Self, NameError> {
        let ok = text.len() == 11
            && text.starts_with('s')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if ok { Ok(Self(text.to_owned())) } else { Err(NameError::new("id")) }
    }
}

super::string_name!(SiteId);

/// How somebody names a site that exists: its id, or any of its domains in either form. Which site that is, if any, is
/// looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteName(String);

impl Name for SiteName {
    const FORMAT: &'static str = "site";
    const BYTES_MAX: usize = Domain::BYTES_MAX;

    fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::new("domain_empty"));
        }
        if text.chars().any(super::is_deceptive) {
            return Err(NameError::new("deceptive_characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

super::string_name!(SiteName);

/// Any id made by the panel (job, plan, session, token): a short prefix and base32 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(String);

impl Name for ObjectId {
    const FORMAT: &'static str = "object-id";
    const BYTES_MAX: usize = 32;

    fn parse(text: &str) -> Result<Self, NameError> {
        let ok = text.len() >= 11 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if ok { Ok(Self(text.to_owned())) } else { Err(NameError::new("id")) }
    }
}

super::string_name!(ObjectId);

/// A hash of 256 bits, such as that of an entry of the audit trail: 64 hexadecimal digits, lower-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Name for Digest {
    const FORMAT: &'static str = "digest";
    const BYTES_MAX: usize = 80;

    fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim().to_ascii_lowercase();
        let ok = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if ok { Ok(Self(text)) } else { Err(NameError::new("digest")) }
    }
}

super::string_name!(Digest);

/// A panel user's name: 2 to 32 characters, a lower-case letter first, then letters, digits, `.`, `_`, `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl Name for UserName {
    const FORMAT: &'static str = "user-name";
    const BYTES_MAX: usize = 32;

    fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim().to_ascii_lowercase();
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let rest =
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'));
        if first && rest && text.len() >= 2 { Ok(Self(text)) } else { Err(NameError::new("user_name")) }
    }
}

super::string_name!(UserName);

/// A short free text for people (a token's name): 1 to 64 characters on one line, nothing invisible.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

impl Name for Label {
    const FORMAT: &'static str = "label";
    const BYTES_MAX: usize = 256;

    fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.chars().any(super::is_deceptive) {
            return Err(NameError::new("deceptive_characters"));
        }
        let count = text.chars().count();
        if (1..=64).contains(&count) { Ok(Self(text.to_owned())) } else { Err(NameError::new("label")) }
    }
}

super::string_name!(Label);

/// A time zone of the IANA database, such as `Asia/Riyadh`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeZoneName(String);

impl Name for TimeZoneName {
    const FORMAT: &'static str = "time-zone";
    const BYTES_MAX: usize = 64;

    fn parse(text: &str) -> Result<Self, NameError> {
        let zone = jiff::tz::TimeZone::get(text).map_err(|_| NameError::new("time_zone"))?;
        zone.iana_name().map(|name| Self(name.to_owned())).ok_or_else(|| NameError::new("time_zone"))
    }
}

super::string_name!(TimeZoneName);

/// A new password: at least [`PASSWORD_CHARS_MIN`] characters of any kind, never printed.
#[derive(Clone)]
pub struct Password(crate::base::Secret<String>);

impl Password {
    /// The password itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl serde::Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("***")
    }
}

impl Name for Password {
    const FORMAT: &'static str = "new-password";
    const BYTES_MAX: usize = PASSWORD_BYTES_MAX;

    fn parse(text: &str) -> Result<Self, NameError> {
        if text.chars().count() < PASSWORD_CHARS_MIN {
            return Err(NameError::new("password_short").with("min", PASSWORD_CHARS_MIN));
        }
        Ok(Self(crate::base::Secret::new(text.to_owned())))
    }
}

super::name_impls!(Password);

/// A service of systemd's (systemd.unit(5)) by its full name, such as `ssh.service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName(String);

impl Name for UnitName {
    const FORMAT: &'static str = "unit-name";
    const BYTES_MAX: usize = 128;

    fn parse(text: &str) -> Result<Self, NameError> {
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
        if first && rest && text.ends_with(".service") {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new("unit"))
        }
    }
}

super::string_name!(UnitName);

/// A place in a log, as the panel gave it out: in a file `f`, in the journal `j`, or among the lines in memory `m`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogCursor(String);

impl LogCursor {
    /// The place `offset` bytes into the file with this inode number.
    pub fn file(inode: u64, offset: u64) -> Self {
        Self(format!("f{inode}-{offset}"))
    }

    /// The place that the journal gives this name.
    pub fn journal(name: &str) -> Option<Self> {
        Self::parse(&format!("j{name}")).ok()
    }

    /// The place of a line in memory.
    pub fn memory(number: u64) -> Self {
        Self(format!("m{number}"))
    }

    /// Inode number and offset, where it is in a file.
    pub fn in_file(&self) -> Option<(u64, u64)> {
        let (inode, offset) = self.0.strip_prefix('f')?.split_once('-')?;
        Some((inode.parse().ok()?, offset.parse().ok()?))
    }

    /// The journal's name of it, where it is there.
    pub fn in_journal(&self) -> Option<&str> {
        self.0.strip_prefix('j')
    }

    /// The line's number, where it is in memory.
    pub fn in_memory(&self) -> Option<u64> {
        self.0.strip_prefix('m')?.parse().ok()
    }
}

impl Name for LogCursor {
    const FORMAT: &'static str = "log-cursor";
    const BYTES_MAX: usize = 512;

    fn parse(text: &str) -> Result<Self, NameError> {
        let cursor = Self(text.to_owned());
        let journal =
            |name: &str| name.len() > 2 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"=;-".contains(&b));
        let fine =
            cursor.in_file().is_some() || cursor.in_memory().is_some() || cursor.in_journal().is_some_and(journal);
        if fine { Ok(cursor) } else { Err(NameError::new("log_cursor")) }
    }
}

super::string_name!(LogCursor);
