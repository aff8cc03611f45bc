//! Secret columns: sealed with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), bound to the place they are kept in, so
//! that a sealed value moved to another row, or put back after a change of key, does not open.
//!
//! Form: `1.KEYID.BASE64URL(nonce of 24 bytes, ciphertext, tag)`.

use super::Keys;
use super::keys::SEAL;
use crate::base::{Error, Kind, Result, Secret, ids};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const NONCE_BYTES: usize = 24;

/// Where a sealed value is kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// Key of the row.
    pub row: &'a str,
}

impl Place<'_> {
    /// The associated data. Table and column are names of ours without NUL and the row comes last, so that two places
    /// never have the same bytes.
    fn bytes(&self, key_id: &str) -> Vec<u8> {
        [key_id, self.table, self.column, self.row].join("\0").into_bytes()
    }
}

/// Seals `plain` for `place`.
pub fn seal(keys: &Keys, place: Place<'_>, plain: &[u8]) -> Result<String> {
    let mut nonce = [0; NONCE_BYTES];
    ids::fill_random(&mut nonce)?;
    let payload = Payload { msg: plain, aad: &place.bytes(keys.id()) };
    let sealed = cipher(keys).encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::fault("sealing failed"))?;
    Ok(format!("1.{}.{}", keys.id(), URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())))
}

/// Opens what was sealed for `place`. Errors: `seal_other_key` when another master key sealed it, `seal_broken` when it
/// was changed or belongs to another place.
pub fn open(keys: &Keys, place: Place<'_>, sealed: &str) -> Result<Secret<Vec<u8>>> {
    let broken = || Error::new(Kind::Unavailable, "seal_broken").cause(format!("{place:?}"));
    let mut parts = sealed.splitn(3, '.');
    let (Some("1"), Some(key_id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(broken());
    };
    if key_id != keys.id() {
        let e = Error::new(Kind::Unavailable, "seal_other_key");
        return Err(e.with("found", key_id).with("known", keys.id()));
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
    let (nonce, msg) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(broken)?;
    let payload = Payload { msg, aad: &place.bytes(key_id) };
    cipher(keys).decrypt(&XNonce::from(*nonce), payload).map(Secret::new).map_err(|_| broken())
}

fn cipher(keys: &Keys) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&keys.derive(SEAL).into())
}

#[cfg(test)]
mod tests;
