//! The name of a certificate with those above it.

use super::certificates;
use crate::base::{Error, Result};
use crate::platform::nginx::sha256_hex;
use std::fmt;
use std::str::FromStr;

/// Digits of the hash of those above it.
const ABOVE_DIGITS: usize = 16;

/// What tells one certificate with those above it from every other one. Shown as the fingerprint of the certificate,
/// `AB:CD:…`, and where others stand above it, `+` and the beginning of a hash over those: the same certificate with a
/// missing one added is another pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairId {
    /// SHA-256 of the certificate.
    own: [u8; 32],
    /// Beginning of the SHA-256 of those above it.
    above: Option<[u8; ABOVE_DIGITS / 2]>,
}

impl PairId {
    /// That of a PEM text. Error: `panel_certificate`.
    pub(super) fn of(pem: &str) -> Result<PairId> {
        let chain = certificates(pem)?;
        let (own, above) = chain.split_first().ok_or_else(|| Error::fault("an empty chain"))?;
        let mut text = sha256_hex(own);
        if !above.is_empty() {
            let above: Vec<u8> = above.iter().flat_map(|certificate| certificate.iter().copied()).collect();
            text += &format!("+{}", &sha256_hex(&above)[..ABOVE_DIGITS]);
        }
        text.parse()
    }

    /// Its name as a folder.
    pub(super) fn folder(self) -> String {
        self.to_string().replace(':', "").replace('+', "-").to_lowercase()
    }
}

impl fmt::Display for PairId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.own.iter().enumerate() {
            write!(f, "{}{byte:02X}", if i == 0 { "" } else { ":" })?;
        }
        let above = self.above.iter().flatten().enumerate();
        above.into_iter().try_for_each(|(i, byte)| write!(f, "{}{byte:02x}", if i == 0 { "+" } else { "" }))
    }
}

impl FromStr for PairId {
    type Err = Error;

    fn from_str(text: &str) -> Result<PairId> {
        let no_id = || Error::fault(format!("{text:?} names no certificate"));
        let (own, above) = match text.split_once('+') {
            Some((own, above)) => (own, Some(bytes(above).ok_or_else(no_id)?)),
            None => (text, None),
        };
        Ok(PairId { own: bytes(&own.replace(':', "")).ok_or_else(no_id)?, above })
    }
}

/// `N` bytes from as many pairs of hexadecimal digits.
fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut found = [0; N];
    let pairs: Vec<&[u8]> = digits.as_bytes().chunks(2).collect();
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in found.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::make;
    use super::*;

    #[test]
    fn the_text_of_an_id_is_read_again_and_nothing_else_is() {
        let pair = make(&[]).unwrap();
        let alone = PairId::of(&pair.certificate).unwrap();
        assert_eq!(alone.to_string(), super::super::fingerprint(&pair.certificate).unwrap());
        let chain = PairId::of(&(pair.certificate.clone() + &make(&[]).unwrap().certificate)).unwrap();
        assert_ne!(alone, chain, "what stands above it counts");
        for id in [alone, chain] {
            assert_eq!(id.to_string().parse::<PairId>().unwrap(), id);
            assert!(id.folder().bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{}", id.folder());
        }
        let text = chain.to_string();
        for broken in ["", "+", "../..", &text[1..], &text[..text.len() - 1], &format!("{alone}+../../../..")] {
            assert!(broken.parse::<PairId>().is_err(), "{broken}");
        }
    }
}
