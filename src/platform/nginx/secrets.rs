//! The key material nginx needs before any site has a certificate: made here, on the machine, never sent anywhere.

use super::super::files::RootDir;
use crate::base::{Error, Result, ids};

const FALLBACK_CERT: &str = "manara/tls/fallback.pem";
const FALLBACK_KEY: &str = "manara/tls/fallback.key";
const TICKET_KEY: &str = "manara/tls/ticket.key";

/// Makes the fallback certificate (self-signed, names nobody) and the session ticket key where they are missing. Keys are
/// for root and for `group`, that of nginx's workers.
pub(in super::super) fn ensure(live: &RootDir, group: Option<u32>) -> Result<()> {
    if live.stat(FALLBACK_CERT)?.is_none() || live.stat(FALLBACK_KEY)?.is_none() {
        let pair = rcgen::generate_simple_self_signed(vec!["invalid".to_owned()]).map_err(Error::fault)?;
        live.write(FALLBACK_KEY, pair.signing_key.serialize_pem().as_bytes(), 0o640)?;
        live.write(FALLBACK_CERT, pair.cert.pem().as_bytes(), 0o644)?;
    }
    if live.stat(TICKET_KEY)?.is_none() {
        // 80 bytes select AES-256 for session tickets (nginx: ssl_session_ticket_key).
        let mut key = [0u8; 80];
        ids::fill_random(&mut key)?;
        live.write(TICKET_KEY, &key, 0o640)?;
    }
    group.map_or(Ok(()), |group| [FALLBACK_KEY, TICKET_KEY].iter().try_for_each(|key| live.give_to_group(key, group)))
}
