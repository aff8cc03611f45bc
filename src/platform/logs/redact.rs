//! Keeping secrets out of what is shown: values that stand behind a telling name, and credentials of HTTP.

use std::borrow::Cow;

/// Stands for a secret.
const MASK: &str = "***";

/// A name with one of these in it has a secret for a value.
const TELLING: &[&str] = &[
    "apikey",
    "api-key",
    "api_key",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "session_id",
    "sessionid",
    "signature",
    "token",
];
/// Names that as a whole have one.
const WHOLE: &[&str] = &["auth", "csrf", "jwt", "key", "nonce", "otp", "pass", "pin", "pwd", "sid", "sig"];
/// Of a query string, also: the code with which a sign-in elsewhere ends (RFC 6749 §4.1.2).
const WHOLE_QUERY: &[&str] = &["code", "state"];
/// What begins the credentials of HTTP (RFC 9110 §11).
const SCHEMES: &[&str] = &["bearer ", "basic "];

/// Whether a field of this name holds a secret.
pub(super) fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WHOLE.contains(&name.as_str()) || TELLING.iter().any(|part| name.contains(part))
}

/// `text` without its secrets: `?token=abc` becomes `?token=***`.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut safe = String::new();
    let mut taken = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let ends = match bytes[at] {
            b'=' | b':' if names_secret(text, at) => Some(value_end(text, at + 1)),
            b'B' | b'b' => scheme_end(text, at),
            _ => None,
        };
        match ends {
            Some((from, to)) if to > from => {
                safe.push_str(&text[taken..from]);
                safe.push_str(MASK);
                taken = to;
                at = to;
            }
            _ => at += 1,
        }
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    safe.push_str(&text[taken..]);
    Cow::Owned(safe)
}

/// Whether the name that ends at the sign at `sign` has a secret for a value.
fn names_secret(text: &str, sign: usize) -> bool {
    let before = text[..sign].trim_end_matches(['"', '\'', ' ']);
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
    let start = before.char_indices().rev().find(|(_, c)| foreign(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let (place, name) = before.split_at(start);
    let query = place.ends_with(['?', '&']);
    !name.is_empty() && (is_telling(name) || query && WHOLE_QUERY.contains(&name.to_ascii_lowercase().as_str()))
}

/// The value that begins at `from`, with the word that names a scheme before it.
fn value_end(text: &str, from: usize) -> (usize, usize) {
    let rest = &text[from..];
    let from = from + rest.len() - rest.trim_start_matches(['"', '\'', ' ']).len();
    let rest = &text[from..];
    let scheme = SCHEMES.iter().find(|scheme| starts(rest, scheme)).map_or(0, |scheme| scheme.len());
    (from, end_of_value(text, from + scheme))
}

/// Credentials that begin at `at` with the name of their scheme.
fn scheme_end(text: &str, at: usize) -> Option<(usize, usize)> {
    let scheme = SCHEMES.iter().find(|scheme| starts(&text[at..], scheme))?;
    let from = at + scheme.len();
    let to = end_of_value(text, from);
    // "basic rules" are no credentials.
    (to - from >= 12).then_some((from, to))
}

fn starts(text: &str, with: &str) -> bool {
    text.as_bytes().get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()))
}

fn end_of_value(text: &str, from: usize) -> usize {
    let ends = |c: char| c.is_whitespace() || "&;,\"'})]<>#".contains(c);
    text[from..].find(ends).map_or(text.len(), |at| from + at)
}
