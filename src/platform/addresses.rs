//! The addresses of this machine.

use super::files;
use crate::base::Result;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Largest of the kernel's two tables that is read.
const TABLE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Whether `address` leads back to this machine: loopback, or an address of one of its interfaces.
pub fn is_own(address: IpAddr) -> Result<bool> {
    let table = |path: &str| files::read_own(Path::new(path), TABLE_BYTES_MAX).map(Option::unwrap_or_default);
    Ok(match address.to_canonical() {
        own if own.is_loopback() => true,
        IpAddr::V4(v4) => local_v4(&table("/proc/net/fib_trie")?).any(|own| own == v4),
        IpAddr::V6(v6) => local_v6(&table("/proc/net/if_inet6")?).any(|own| own == v6),
    })
}

/// Addresses of the routing trie that are delivered locally: a leaf `|-- 192.0.2.2` with the line `/32 host LOCAL`.
fn local_v4(table: &str) -> impl Iterator<Item = Ipv4Addr> {
    let mut leaf = None;
    table.lines().filter_map(move |line| {
        if let Some((_, address)) = line.split_once("|-- ") {
            leaf = address.trim().parse().ok();
        }
        leaf.filter(|_| line.trim() == "/32 host LOCAL")
    })
}

/// Addresses of the interfaces: the first column, 32 hexadecimal digits (proc(5)).
fn local_v6(table: &str) -> impl Iterator<Item = Ipv6Addr> {
    table.lines().filter_map(|line| u128::from_str_radix(line.split_whitespace().next()?, 16).ok().map(Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_those_the_kernel_delivers_here() {
        let v4 = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 192.0.2.0/24 2 0 2\n        |-- 192.0.2.0\n           /24 link UNICAST\n        |-- 192.0.2.2\n           /32 host LOCAL\n        |-- 192.0.2.255\n           /32 link BROADCAST\n";
        assert_eq!(local_v4(v4).collect::<Vec<_>>(), [Ipv4Addr::new(192, 0, 2, 2)]);
        let v6 =
            "fd000000000000000000000000000002 04 40 00 82     eth0\n00000000000000000000000000000001 01 80 10 80 lo\n";
        let own: Vec<String> = local_v6(v6).map(|a| a.to_string()).collect();
        assert_eq!(own, ["fd00::2", "::1"]);
    }

    #[test]
    fn loopback_is_own_in_every_form_and_documentation_is_not() {
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(is_own(own.parse().unwrap()).unwrap(), "{own}");
        }
        for other in ["198.51.100.7", "2001:db8::7"] {
            assert!(!is_own(other.parse().unwrap()).unwrap(), "{other}");
        }
    }
}
