//! The little of X.509 (RFC 5280 §4.1) that people are told of a certificate before it is used: who signed it, how long
//! it counts, for which names, and what would make every browser refuse it. What a certificate is worth, rustls and the
//! browsers decide.

use crate::base::clock::Time;
use std::net::{Ipv4Addr, Ipv6Addr};

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0] EXPLICIT Version`.
const VERSION: u8 = 0xa0;
/// `[3] EXPLICIT Extensions`.
const EXTENSIONS: u8 = 0xa3;
/// `[2] dNSName` and `[7] iPAddress` of a general name (§4.2.1.6).
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// 2.5.29.17, 2.5.29.37.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 2.5.29.37.0 and 1.3.6.1.5.5.7.3.1: any use, and that of a TLS server.
const ANY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
/// 1.2.840.113549.1.1.1, 1.2.840.10045.2.1, and its curves P-256 and P-384 (RFC 8017, RFC 5480).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P_384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// Signatures over MD5 and SHA-1: with RSA, 1.2.840.113549.1.1.4 and .5; with ECDSA, 1.2.840.10045.4.1.
const BROKEN_SIGNATURES: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
];
/// The subject of the certificates that we make: CN=Manara.
const OUR_SUBJECT: &[u8] = b"\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06Manara";

/// What sort of key a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// A curve that browsers know.
    Curve,
    /// Anything else.
    Other,
}

pub(super) struct Facts {
    pub(super) self_signed: bool,
    /// Whether it is one that we made.
    pub(super) ours: bool,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    /// Host names and addresses it counts for.
    pub(super) names: Vec<String>,
    pub(super) key: KeyKind,
    pub(super) broken_signature: bool,
    /// Whether a TLS server may use it.
    pub(super) for_servers: bool,
}

/// What `certificate` says; `None` for what is no certificate.
pub(super) fn facts(certificate: &[u8]) -> Option<Facts> {
    let signed = Reader(certificate).take(SEQUENCE)?;
    let mut fields = Reader(Reader(signed).take(SEQUENCE)?);
    fields.take_if(VERSION)?;
    fields.take(INTEGER)?;
    let signature = Reader(fields.take(SEQUENCE)?).take(OBJECT_ID)?;
    let issuer = fields.take(SEQUENCE)?;
    let mut validity = Reader(fields.take(SEQUENCE)?);
    let (not_before, not_after) = (validity.time()?, validity.time()?);
    let subject = fields.take(SEQUENCE)?;
    let key = key_kind(fields.take(SEQUENCE)?)?;
    let self_signed = subject == issuer;
    let mut facts = Facts {
        self_signed,
        ours: self_signed && subject == OUR_SUBJECT,
        not_before,
        not_after,
        names: vec![],
        key,
        broken_signature: BROKEN_SIGNATURES.contains(&signature),
        for_servers: true,
    };
    while let Some((tag, content)) = fields.next()? {
        if tag == EXTENSIONS {
            let mut extensions = Reader(Reader(content).take(SEQUENCE)?);
            while let Some((SEQUENCE, extension)) = extensions.next()? {
                facts.learn(Reader(extension))?;
            }
        }
    }
    Some(facts)
}

impl Facts {
    /// Takes in what an extension says (§4.2).
    fn learn(&mut self, mut extension: Reader<'_>) -> Option<()> {
        let id = extension.take(OBJECT_ID)?;
        extension.take_if(BOOLEAN)?;
        let value = extension.take(OCTET_STRING)?;
        match id {
            SUBJECT_ALT_NAME => {
                let mut names = Reader(Reader(value).take(SEQUENCE)?);
                while let Some((tag, name)) = names.next()? {
                    self.names.extend(shown_name(tag, name));
                }
            }
            EXTENDED_KEY_USAGE => {
                let mut uses = Reader(Reader(value).take(SEQUENCE)?);
                self.for_servers = false;
                while let Some((_, usage)) = uses.next()? {
                    self.for_servers |= [ANY_USAGE, SERVER_AUTH].contains(&usage);
                }
            }
            _ => {}
        }
        Some(())
    }
}

fn shown_name(tag: u8, name: &[u8]) -> Option<String> {
    match tag {
        DNS_NAME if name.iter().all(u8::is_ascii_graphic) => Some(String::from_utf8_lossy(name).to_ascii_lowercase()),
        IP_ADDRESS => {
            let four = <[u8; 4]>::try_from(name).map(|bytes| Ipv4Addr::from(bytes).to_string());
            four.or_else(|_| <[u8; 16]>::try_from(name).map(|bytes| Ipv6Addr::from(bytes).to_string())).ok()
        }
        _ => None,
    }
}

/// The kind of key in a `SubjectPublicKeyInfo` (§4.1.2.7).
fn key_kind(info: &[u8]) -> Option<KeyKind> {
    let mut info = Reader(info);
    let mut algorithm = Reader(info.take(SEQUENCE)?);
    let bits = info.take(BIT_STRING)?;
    match algorithm.take(OBJECT_ID)? {
        RSA => {
            // RFC 8017 §A.1.1, behind the number of unused bits.
            let modulus = Reader(Reader(bits.get(1..)?).take(SEQUENCE)?).take(INTEGER)?;
            let leading = modulus.iter().position(|byte| *byte != 0).unwrap_or(modulus.len());
            let zeros = modulus.get(leading).map_or(0, |byte| byte.leading_zeros());
            Some(KeyKind::Rsa((modulus.len() - leading) * 8 - usize::try_from(zeros).unwrap_or(0)))
        }
        ELLIPTIC if [P_256, P_384].contains(&algorithm.take(OBJECT_ID)?) => Some(KeyKind::Curve),
        _ => Some(KeyKind::Other),
    }
}

/// Values of DER (ITU-T X.690), one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Tag and content of the next value: `Some(None)` at the end, `None` for what is no DER.
    fn next(&mut self) -> Option<Option<(u8, &'a [u8])>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
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
        Some(Some((tag, content)))
    }

    /// The content of the next value, which has the tag `tag`.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()?.filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// Passes over the next value if it has the tag `tag`.
    fn take_if(&mut self, tag: u8) -> Option<()> {
        if self.0.first() == Some(&tag) { self.next().map(drop) } else { Some(()) }
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
            value(SEQUENCE, &[value(OBJECT_ID, &[42; 200]), vec![]].concat()),
            value(SEQUENCE, issuer),
            value(SEQUENCE, &validity),
            value(SEQUENCE, subject),
            value(
                SEQUENCE,
                &[
                    value(SEQUENCE, &[value(OBJECT_ID, ELLIPTIC), value(OBJECT_ID, P_384)].concat()),
                    value(BIT_STRING, &[0]),
                ]
                .concat(),
            ),
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
