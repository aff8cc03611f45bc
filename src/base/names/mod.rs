//! Parsed names: parsing is the only way to make one, so a value of such a type is always safe to print into a file
//! name, a directive or an argument.

mod address;
mod domain;
mod ident;
mod path;
mod upstream;

pub use address::Network;
pub use domain::Domain;
pub use ident::{Digest, Label, LogCursor, ObjectId, Password, SiteId, SiteName, TimeZoneName, UnitName, UserName};
pub use path::RelPath;
pub use upstream::{HeaderName, HeaderValue, Upstream};

use super::clock::Time;
use super::error::Params;
use std::borrow::Cow;
use std::fmt;

/// Why a text is not such a name: a key below `field_error.` with parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// Key below `field_error.` in the catalogue.
    pub code: &'static str,
    /// Parameters of the text.
    pub params: Params,
}

impl NameError {
    fn new(code: &'static str) -> Self {
        Self { code, params: Params::new() }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((Cow::Borrowed(name), value.to_string()));
        self
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::locale::text(super::locale::Lang::En, &format!("field_error.{}", self.code), &self.params))
    }
}

impl std::error::Error for NameError {}

/// A name with one textual form.
pub trait Name: Sized {
    /// The `format` that marks such a string in a JSON Schema.
    const FORMAT: &'static str;
    /// Longest text accepted, in bytes.
    const BYTES_MAX: usize;
    /// Parses the text.
    fn parse(text: &str) -> Result<Self, NameError>;
}

/// A format's name and its check.
type Format = (&'static str, fn(&str) -> Option<NameError>);

fn problem<N: Name>(text: &str) -> Option<NameError> {
    if text.len() > N::BYTES_MAX {
        return Some(NameError::new("too_long").with("max", N::BYTES_MAX));
    }
    N::parse(text).err()
}

fn time(text: &str) -> Option<NameError> {
    if Time::parse(text).is_some() { None } else { Some(NameError::new("time")) }
}

const FORMATS: &[Format] = &[
    // What JSON Schema calls RFC 3339.
    ("date-time", time),
    (Digest::FORMAT, problem::<Digest>),
    (Domain::FORMAT, problem::<Domain>),
    (HeaderName::FORMAT, problem::<HeaderName>),
    (HeaderValue::FORMAT, problem::<HeaderValue>),
    (Label::FORMAT, problem::<Label>),
    (LogCursor::FORMAT, problem::<LogCursor>),
    (Network::FORMAT, problem::<Network>),
    (ObjectId::FORMAT, problem::<ObjectId>),
    (Password::FORMAT, problem::<Password>),
    (RelPath::FORMAT, problem::<RelPath>),
    (SiteId::FORMAT, problem::<SiteId>),
    (SiteName::FORMAT, problem::<SiteName>),
    (TimeZoneName::FORMAT, problem::<TimeZoneName>),
    (UnitName::FORMAT, problem::<UnitName>),
    (Upstream::FORMAT, problem::<Upstream>),
    (UserName::FORMAT, problem::<UserName>),
];

/// What is wrong with `text` as a value of JSON Schema format `format`; unknown formats accept everything.
pub fn check_format(format: &str, text: &str) -> Option<NameError> {
    FORMATS.iter().find(|(name, _)| *name == format).and_then(|(_, check)| check(text))
}

/// Gives a name type its text, serde and schema forms, all through [`Name::parse`].
macro_rules! name_impls {
    ($type:ty) => {
        impl std::str::FromStr for $type {
            type Err = crate::base::names::NameError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if text.len() > <$type as crate::base::names::Name>::BYTES_MAX {
                    let max = <$type as crate::base::names::Name>::BYTES_MAX;
                    return Err(crate::base::names::NameError::new("too_long").with("max", max));
                }
                <$type as crate::base::names::Name>::parse(text)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "format": <$type as crate::base::names::Name>::FORMAT,
                    "maxLength": <$type as crate::base::names::Name>::BYTES_MAX,
                })
            }
        }
    };
}

/// As `name_impls`, with `Display`, `Serialize` and `as_str` for a plain one-string type.
macro_rules! string_name {
    ($type:ident) => {
        impl $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }
        crate::base::names::name_impls!($type);
    };
}

use {name_impls, string_name};

/// Whether a character may reorder or hide text on a screen: control characters, bidirectional controls and
/// zero-width ones (Unicode UAX 9, UTS 36).
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

#[cfg(test)]
mod tests;
