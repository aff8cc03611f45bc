//! What a trusted reverse proxy says about the client. Only `X-Forwarded-For` and `X-Forwarded-Proto` are read, and only
//! from listed peers; every other header of that sort is anybody's claim.

use crate::base::names::Network;
use hyper::header::{HeaderMap, HeaderName};
use std::net::IpAddr;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Headers that say a proxy stands between, trusted or not.
const SIGNS: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/// Whether a proxy seems to stand between: then a loopback peer is not the client.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    SIGNS.iter().any(|name| headers.contains_key(*name))
}

/// The client's address: from the right, the first that is no trusted proxy. The client can write only the left end of the
/// list; what stands left of an entry that is no address is not believed.
pub(super) fn client(peer: IpAddr, trusted: &[Network], headers: &HeaderMap) -> IpAddr {
    let lists: Vec<&str> = headers.get_all(&FORWARDED_FOR).into_iter().filter_map(|v| v.to_str().ok()).collect();
    let mut nearest = peer;
    for entry in lists.iter().rev().flat_map(|list| list.rsplit(',')) {
        let Ok(address) = entry.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted.iter().any(|net| net.contains(nearest)) {
            break;
        }
    }
    nearest
}

/// Whether the client spoke TLS to the proxy, when the proxy says so. Of several values the last is the nearest proxy's.
pub(super) fn is_secure(headers: &HeaderMap) -> Option<bool> {
    let last = headers.get_all(&FORWARDED_PROTO).into_iter().next_back()?.to_str().ok()?;
    let word = last.rsplit(',').next().unwrap_or_default().trim();
    Some(word.eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_first_stranger_from_the_right() {
        let trusted: Vec<Network> = ["127.0.0.0/8", "10.0.0.0/8"].iter().map(|n| n.parse().unwrap()).collect();
        let peer: IpAddr = "127.0.0.1".parse().unwrap();
        let found = |values: &[&str]| {
            let headers = values.iter().map(|v| (FORWARDED_FOR, v.parse().unwrap())).collect();
            client(peer, &trusted, &headers).to_string()
        };
        assert_eq!(found(&[]), "127.0.0.1");
        assert_eq!(found(&["192.0.2.1"]), "192.0.2.1");
        assert_eq!(found(&["1.2.3.4, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(found(&["1.2.3.4", "192.0.2.1, 10.0.0.7"]), "192.0.2.1");
        assert_eq!(found(&["1.2.3.4, junk, 10.0.0.7"]), "10.0.0.7");
        assert_eq!(found(&["::ffff:192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn the_last_word_on_tls_counts() {
        let secure = |value: &str| is_secure(&[(FORWARDED_PROTO, value.parse().unwrap())].into_iter().collect());
        assert_eq!(secure("https"), Some(true));
        assert_eq!(secure("https, http"), Some(false));
        assert_eq!(is_secure(&HeaderMap::new()), None);
    }
}
