//! One request: who is at the other end, under which name they came, and what they ask for besides the operation.

use super::proxy;
use super::refusal::Refusal;
use super::server::Peer;
use crate::base::limits::AGENT_BYTES_MAX;
use crate::base::locale::Lang;
use crate::base::{Error, Kind, ids};
use crate::engine::{Actor, Core, Door, Request};
use hyper::header::{ACCEPT_LANGUAGE, HOST, HeaderMap, HeaderName, IF_MATCH, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};
use std::net::IpAddr;

/// What is known about one request.
pub(super) struct Visit {
    /// What operations see of it.
    pub(super) request: Request,
    /// Account and group at the other end of the Unix socket; `None` for TCP.
    pub(super) account: Option<(u32, u32)>,
    /// Whether the browser speaks TLS, to us or to a trusted proxy.
    pub(super) secure: bool,
    /// Whether the caller is on this machine, with no proxy between.
    pub(super) local: bool,
    /// Name and port the client used.
    pub(super) host: String,
    /// Which route answered, for figures and log: see [`super::counters`].
    pub(super) route: usize,
    /// Who called, once that is known.
    pub(super) actor: Actor,
}

impl Visit {
    /// What can be known before anything is checked.
    pub(super) fn new(peer: Peer, headers: &HeaderMap) -> Result<Self, Error> {
        let (address, account, secure, door) = match peer {
            Peer::Tcp { address, listen, certificate } => {
                let tls = certificate.is_some();
                (Some(address), None, tls, Some(Door { listen, tls, certificate, host: String::new() }))
            }
            Peer::Unix { uid, gid } => (None, Some((uid, gid)), false, None),
        };
        let agent = header(headers, &USER_AGENT).unwrap_or_default();
        let request = Request {
            id: ids::new_id("r")?,
            address,
            agent: agent.chars().take(AGENT_BYTES_MAX).collect(),
            lang: Lang::from_preference(header(headers, &ACCEPT_LANGUAGE).unwrap_or_default()),
            dry_run: false,
            respond_async: false,
            if_match: None,
            door,
        };
        let local = account.is_some() || (address.is_some_and(|a| a.is_loopback()) && !proxy::is_forwarded(headers));
        let route = super::counters::UNKNOWN;
        Ok(Self { request, account, secure, local, host: String::new(), route, actor: Actor::Nobody })
    }

    /// Checks who may come under which name. The Unix socket is guarded by its mode instead, and stays open when stored
    /// options are broken: that is where they are mended.
    pub(super) fn admit(&mut self, core: &Core, own_names: &[String], parts: &Parts) -> Result<(), Refusal> {
        let Some(peer) = self.request.address else { return Ok(()) };
        let resolved = core.settings.now(&core.store)?;
        let settings = &resolved.panel;
        if settings.trusted_proxies.iter().any(|net| net.contains(peer)) {
            self.request.address = Some(proxy::client(peer, &settings.trusted_proxies, &parts.headers));
            self.secure = proxy::is_secure(&parts.headers).unwrap_or(self.secure);
        }
        let client = self.request.address.unwrap_or(peer);
        let allowed = &settings.allowed_addresses;
        if !allowed.is_empty() && !self.local && !allowed.iter().any(|net| net.contains(client)) {
            log::warn!(target: "manara::security", address:% = client, id = self.request.id.as_str(); "address refused");
            return Err(Error::new(Kind::Forbidden, "address_not_allowed").with("address", client).into());
        }
        self.host = host_of(parts)?;
        if let Some(door) = &mut self.request.door {
            door.host.clone_from(&self.host);
        }
        if !is_ours(&self.host, &settings.host_names, own_names) {
            log::warn!(target: "manara::security", host = self.host.as_str(), id = self.request.id.as_str(); "host refused");
            let error = Error::new(Kind::Forbidden, "host_unknown").with("host", &self.host);
            return Err(Refusal::from(error).status(StatusCode::MISDIRECTED_REQUEST));
        }
        Ok(())
    }

    /// Takes over what headers ask for besides the operation.
    pub(super) fn wishes(&mut self, headers: &HeaderMap) -> Result<(), Refusal> {
        self.request.if_match = header(headers, &IF_MATCH).map(revision).transpose()?.flatten();
        let prefer = headers.get_all(HeaderName::from_static("prefer")).into_iter().filter_map(|v| v.to_str().ok());
        self.request.respond_async = prefer.flat_map(|v| v.split(',')).any(|p| {
            // RFC 7240 §2: parameters of a preference follow a semicolon.
            p.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("respond-async")
        });
        Ok(())
    }
}

/// The text of a header that stands there once; several of them are as good as none.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).into_iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

/// `"N"`, a revision; `*` is any (RFC 9110 §13.1.1).
fn revision(text: &str) -> Result<Option<i64>, Refusal> {
    let digits = text.trim().strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    match (text.trim(), digits) {
        ("*", _) => Ok(None),
        (_, Some(digits)) if digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| Refusal::bad_header("If-Match"))
        }
        _ => Err(Refusal::bad_header("If-Match")),
    }
}

/// The one name the request is for: `Host` of HTTP/1, `:authority` of HTTP/2. Two that differ are an attempt to be taken
/// for somebody else by one side of a proxy (RFC 9112 §3.2).
fn host_of(parts: &Parts) -> Result<String, Refusal> {
    let mut given = parts.headers.get_all(HOST).into_iter().map(|v| v.to_str().ok());
    let (first, second) = (given.next(), given.next());
    let authority = parts.uri.authority().map(|a| a.as_str());
    let host = match (first, second, authority) {
        (Some(Some(host)), None, None) => host,
        (Some(Some(host)), None, Some(authority)) if host.eq_ignore_ascii_case(authority) => host,
        (None, None, Some(authority)) if parts.version >= Version::HTTP_2 => authority,
        _ => return Err(Refusal::bad_header("Host").closing()),
    };
    if host.contains('@') { Err(Refusal::bad_header("Host")) } else { Ok(host.to_ascii_lowercase()) }
}

/// Whether a page may have reached us under this name. A foreign name that leads here is DNS rebinding; a literal
/// address cannot be rebound.
fn is_ours(host: &str, configured: &[String], own: &[String]) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || configured.iter().chain(own).any(|ours| ours.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_by_list_and_addresses_always() {
        let configured = ["panel.example".to_owned(), "xn--mgbh0fb.test".to_owned()];
        for host in ["localhost:9080", "127.0.0.1", "[::1]:9443", "192.0.2.7:1", "panel.example:9443", "box"] {
            assert!(is_ours(host, &configured, &["box".to_owned()]), "{host}");
        }
        for host in ["evil.example", "panel.example.evil.test", "", "localhost.evil.test", "127.0.0.1.nip.io", "[x]"] {
            assert!(!is_ours(host, &configured, &["box".to_owned()]), "{host}");
        }
    }

    #[test]
    fn revisions_are_quoted_numbers() {
        assert_eq!(revision("\"7\"").unwrap(), Some(7));
        assert_eq!(revision("*").unwrap(), None);
        for bad in ["7", "W/\"7\"", "\"-1\"", "\"\"", "\"1\",\"2\"", "\"9999999999999999\""] {
            assert!(revision(bad).is_err(), "{bad}");
        }
    }
}
