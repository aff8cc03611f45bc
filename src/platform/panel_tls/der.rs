//! The little of X.509 (RFC 5280 §4.1) that people are told of a certificate: who signed it, and how long it counts. It
//! is read for display; what a certificate is worth, rustls decides.

use crate::base::clock::Time;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0] EXPLICIT Version`.
const VERSION: u8 = 0xa0;

pub(super) struct Facts {
    pub(super) self_signed: bool,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
}

/// What `certificate` says; `None` for what is no certificate.
pub(super) fn facts(certificate: &[u8]) -> Option<Facts> {
    let signed = Reader(certificate).take(SEQUENCE)?;
    let mut fields = Reader(Reader(signed).take(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.take(VERSION)?;
    }
    fields.take(INTEGER)?;
    fields.take(SEQUENCE)?;
    let issuer = fields.take(SEQUENCE)?;
    let mut validity = Reader(fields.take(SEQUENCE)?);
    let (not_before, not_after) = (validity.time()?, validity.time()?);
    Some(Facts { self_signed: fields.take(SEQUENCE)? == issuer, not_before, not_after })
}

/// Values of DER (ITU-T X.690), one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next value, which has the tag `tag`.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&[found, first], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match usize::from(first) {
            short @ ..=0x7f => (short, rest),
            // Longer lengths need more than what a certificate file may hold.
            long @ 0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
                (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    /// The next value, a time.
    fn time(&mut self) -> Option<Time> {
        let tag = *self.0.first()?;
        let text = std::str::from_utf8(self.take(tag)?).ok()?.strip_suffix('Z')?;
        let digits = match tag {
            // RFC 5280 §4.1.2.5.1: from 50 on it is the last century.
            UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
            GENERALIZED_TIME => text.to_owned(),
            _ => return None,
        };
        let part = |from: usize, to: usize| digits.get(from..to);
        let (day, time) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?));
        Time::parse(&format!("{}-{}-{}T{}:{}:{}Z", day.0, day.1, day.2, time.0, time.1, time.2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value with a tag.
    fn value(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = match content.len() {
            short @ ..128 => vec![short as u8],
            long => vec![0x82, (long >> 8) as u8, long as u8],
        };
        [vec![tag], length, content.to_vec()].concat()
    }

    fn certificate(issuer: &[u8], subject: &[u8], until: Vec<u8>) -> Vec<u8> {
        let validity = [value(UTC_TIME, b"700102030405Z"), until].concat();
        let fields = [
            value(VERSION, &value(INTEGER, &[2])),
            value(INTEGER, &[1]),
            value(SEQUENCE, &[0; 200]),
            value(SEQUENCE, issuer),
            value(SEQUENCE, &validity),
            value(SEQUENCE, subject),
        ];
        value(SEQUENCE, &value(SEQUENCE, &fields.concat()))
    }

    #[test]
    fn issuer_and_both_forms_of_time_are_read() {
        let own = facts(&certificate(b"a", b"a", value(GENERALIZED_TIME, b"20991231235959Z"))).unwrap();
        assert!(own.self_signed);
        assert_eq!(own.not_before, Time::parse("1970-01-02T03:04:05Z").unwrap());
        assert_eq!(own.not_after, Time::parse("2099-12-31T23:59:59Z").unwrap());
        let other = facts(&certificate(b"a", b"b", value(UTC_TIME, b"491231235959Z"))).unwrap();
        assert!(!other.self_signed);
        assert_eq!(other.not_after, Time::parse("2049-12-31T23:59:59Z").unwrap());
    }

    #[test]
    fn what_is_cut_short_or_no_certificate_says_nothing() {
        let whole = certificate(b"a", b"a", value(UTC_TIME, b"491231235959Z"));
        assert!((0..whole.len()).all(|length| facts(&whole[..length]).is_none()));
        assert!(facts(&certificate(b"a", b"a", value(UTC_TIME, b"491331235959Z"))).is_none(), "there is no such month");
        assert!(facts(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
