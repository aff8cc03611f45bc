//! Where a reverse proxy sends requests, and the headers it adds.

use super::{Name, NameError};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `http://HOST:PORT` or `https://HOST:PORT` of an upstream given by address. Loopback and private addresses are what
/// an upstream usually is; link-local ones, which include cloud metadata services, are refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upstream {
    tls: bool,
    address: IpAddr,
    port: u16,
}

impl Upstream {
    /// Whether the upstream is spoken to over TLS.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// `address:port`, the IPv6 address in brackets.
    pub fn authority(&self) -> String {
        std::net::SocketAddr::new(self.address, self.port).to_string()
    }

    /// The address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Name for Upstream {
    const FORMAT: &'static str = "upstream";
    const BYTES_MAX: usize = 255;

    fn parse(text: &str) -> Result<Self, NameError> {
        let (tls, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(NameError::new("upstream_scheme")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(NameError::new("upstream_path"));
        }
        let (host, port) = split_port(authority, if tls { 443 } else { 80 })?;
        let address = match host {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            host => host.parse().map_err(|_| NameError::new("upstream_host"))?,
        };
        let address = address.to_canonical();
        if refused(address) {
            return Err(NameError::new("upstream_refused").with("address", address));
        }
        Ok(Self { tls, address, port })
    }
}

fn split_port(authority: &str, default: u16) -> Result<(&str, u16), NameError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, tail) = rest.split_once(']').ok_or(NameError::new("upstream_host"))?;
            (host, tail.strip_prefix(':'))
        }
        None => authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p))),
    };
    match port {
        None => Ok((host, default)),
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok((host, port)),
            _ => Err(NameError::new("port")),
        },
    }
}

/// Addresses that are never an upstream: link-local (RFC 3927, RFC 4291; 169.254.169.254 is the metadata service of
/// most clouds), unspecified, multicast and broadcast, and the IPv6 forms of Amazon's metadata service.
fn refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => {
            let metadata = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
            v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast() || v6 == metadata
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

impl serde::Serialize for Upstream {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

super::name_impls!(Upstream);

/// A request header that a proxy site may set: a token (RFC 9110 §5.1) that does not change how the message is framed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderName(String);

impl Name for HeaderName {
    const FORMAT: &'static str = "header-name";
    const BYTES_MAX: usize = 64;

    fn parse(text: &str) -> Result<Self, NameError> {
        let token = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let framing =
            ["connection", "content-length", "transfer-encoding", "upgrade", "host", "te", "trailer", "keep-alive"];
        if !token || framing.contains(&text.to_ascii_lowercase().as_str()) {
            return Err(NameError::new("header_name"));
        }
        Ok(Self(text.to_owned()))
    }
}

super::string_name!(HeaderName);

/// A header's value: visible ASCII and spaces, no `$`, which nginx would read as a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderValue(String);

impl Name for HeaderValue {
    const FORMAT: &'static str = "header-value";
    const BYTES_MAX: usize = 1024;

    fn parse(text: &str) -> Result<Self, NameError> {
        let ok = text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'$');
        if ok { Ok(Self(text.to_owned())) } else { Err(NameError::new("header_value")) }
    }
}

super::string_name!(HeaderValue);
