//! Keys derived from the master key (RFC 5869), and hashes of tokens.

use crate::base::{Error, Result, Secret};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Shortest master key, in bytes.
pub const MASTER_KEY_BYTES_MIN: usize = 32;
/// Label of the key that seals secret columns.
pub const SEAL: &str = "seal/1";
/// Label of the key behind the tokens against cross-site requests.
pub const CSRF: &str = "csrf/1";
/// Label of the key of the audit trail's hash chain.
pub const AUDIT: &str = "audit/1";

/// The master key; every use has a key of its own, so that none can stand in for another.
#[derive(Clone)]
pub struct Keys {
    master: Secret<Arc<[u8]>>,
    id: String,
}

impl Keys {
    /// Takes the master key. Error: `master_key_short` below [`MASTER_KEY_BYTES_MIN`].
    pub fn new(master: &[u8]) -> Result<Keys> {
        if master.len() < MASTER_KEY_BYTES_MIN {
            let e = Error::new(crate::base::Kind::BadInput, "master_key_short");
            return Err(e.with("bytes", master.len()).with("min", MASTER_KEY_BYTES_MIN));
        }
        let mut keys = Keys { master: Secret::new(master.into()), id: String::new() };
        keys.id = hex(&keys.derive("key-id/1")[..4]);
        Ok(keys)
    }

    /// The key for `label`: HKDF-SHA256 without salt, the label as info.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let mut key = [0; 32];
        let made = Hkdf::<Sha256>::new(None, self.master.expose()).expand(label.as_bytes(), &mut key);
        made.expect("32 bytes are within HKDF-SHA256's limit of 255 blocks");
        key
    }

    /// A keyed hash of `message` (HMAC-SHA256, RFC 2104) in lower-case hexadecimal, with the key for `label`.
    pub fn mac(&self, label: &str, message: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.derive(label)).expect("HMAC takes keys of any length");
        mac.update(message.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Whether `given` is [`Keys::mac`] of `message`; how long that takes does not depend on where they differ.
    pub fn mac_matches(&self, label: &str, message: &str, given: &str) -> bool {
        self.mac(label, message).as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// Names this master key without telling anything about it; a sealed value carries it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// SHA-256 of a token or a file in lower-case hexadecimal, the only form in which tokens are stored.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes.as_ref()))
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
    digits.map(char::from).collect()
}
