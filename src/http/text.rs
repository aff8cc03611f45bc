//! Percent-encoding (RFC 3986 §2.1) and query strings (WHATWG URL §5.1).

use super::refusal::Refusal;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Decodes a part of a path; what is not UTF-8 afterwards, or not hexadecimal after `%`, is refused.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, Refusal> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (digit(), digit()) {
            (Some(high), Some(low)) => bytes.push(high * 16 + low),
            _ => return Err(Refusal::bad_request("bad_encoding")),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Refusal::bad_request("bad_encoding"))
}

/// The fields of a query string.
pub(super) fn query(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let field = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let one = |t: &str| decode(&t.replace('+', " ")).map(Cow::into_owned);
        Ok((one(name)?, one(value)?))
    };
    text.split('&').filter(|part| !part.is_empty()).map(field).collect()
}

/// Encodes a value for one part of a path.
pub(super) fn encode(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip() {
        for value in ["a.test", "مثال.إختبار", "a/b?c#d%", ""] {
            assert_eq!(decode(&encode(value)).unwrap(), value);
        }
    }

    #[test]
    fn broken_encodings_are_refused() {
        for text in ["%", "%2", "%zz", "%ff", "a%+1", "%C3"] {
            assert!(decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn queries_are_fields() {
        let fields = query("q=a+b%2Bc&empty&&x=1=2").unwrap();
        let shown: Vec<_> = fields.iter().map(|(n, v)| format!("{n}:{v}")).collect();
        assert_eq!(shown, ["q:a b+c", "empty:", "x:1=2"]);
    }
}
