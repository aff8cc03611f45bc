//! Internet addresses and networks.

use super::{Name, NameError};
use std::fmt;
use std::net::IpAddr;

/// An address or a network in CIDR notation (RFC 4632, RFC 4291 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Whether `address` lies in this network. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let shift = 32 - u32::from(self.prefix_bits);
                shift == 32 || (u32::from(net) >> shift) == (u32::from(one) >> shift)
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let shift = 128 - u32::from(self.prefix_bits);
                shift == 128 || (u128::from(net) >> shift) == (u128::from(one) >> shift)
            }
            _ => false,
        }
    }
}

impl Name for Network {
    const FORMAT: &'static str = "network";
    const BYTES_MAX: usize = 49;

    fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new("network");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let full = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => full,
            Some(bits) if !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().map_err(|_| error())?
            }
            Some(_) => return Err(error()),
        };
        if prefix_bits > full { Err(error()) } else { Ok(Self { address, prefix_bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

impl serde::Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

super::name_impls!(Network);
