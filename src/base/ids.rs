//! Random identifiers: a prefix that says what it names, and 10 characters of Crockford-like base32 (50 bits).

use super::Error;
use super::Result;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id such as `s_4k9x2m7q1z`; unique enough that the store's unique index never sees a collision in practice.
pub fn new_id(prefix: &str) -> Result<String> {
    let mut bytes = [0u8; 10];
    fill_random(&mut bytes)?;
    let tail: String = bytes.iter().map(|b| ALPHABET[usize::from(b & 31)] as char).collect();
    Ok(format!("{prefix}{tail}"))
}

/// A secret token of 256 bits in URL-safe base64 without padding, behind `prefix`.
pub fn new_token(prefix: &str) -> Result<String> {
    use base64::Engine;
    let mut bytes = [0u8; 32];
    fill_random(&mut bytes)?;
    Ok(format!("{prefix}{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
}

/// Fills `bytes` from the operating system's random source.
pub fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|e| Error::fault(format!("the system's random source failed: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_have_the_promised_shape() {
        let (a, b) = (new_id("s").unwrap(), new_id("s").unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), 11);
        assert!(a.bytes().all(|c| ALPHABET.contains(&c)));
        assert_eq!(new_token("t_").unwrap().len(), 2 + 43);
    }
}
