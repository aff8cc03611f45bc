//! Places for connections: so many in all, so many of one address.

use super::counters::Counters;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// Hands out places.
pub(super) struct Places {
    counters: Arc<Counters>,
    in_all: usize,
    of_one: usize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

/// A place; free again when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

impl Places {
    /// `in_all` places, of which one address gets at most `of_one`.
    pub(super) fn new(counters: Arc<Counters>, in_all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { counters, in_all, of_one, by_address: Mutex::default() })
    }

    /// A place for a client; `address` is `None` where the limit for one does not count. `None`: there is no place.
    pub(super) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let address = address.map(network);
        let taken = self.try_take(address);
        if !taken {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
        }
        taken.then(|| Place { places: self.clone(), address })
    }

    fn try_take(&self, address: Option<IpAddr>) -> bool {
        let Ok(mut by_address) = self.by_address.lock() else { return false };
        if self.counters.open.load(Ordering::Relaxed) >= self.in_all {
            return false;
        }
        if let Some(address) = address {
            let count = by_address.entry(address).or_default();
            if *count >= self.of_one {
                return false;
            }
            *count += 1;
        }
        self.counters.open.fetch_add(1, Ordering::Relaxed);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.counters.open.fetch_sub(1, Ordering::Relaxed);
        let (Some(address), Ok(mut by_address)) = (self.address, self.places.by_address.lock()) else { return };
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

/// What counts as one client: an IPv4 address, or the 64 bits of an IPv6 network, which one machine has all to itself.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => Ipv6Addr::from(u128::from(six) >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_come_back() {
        let counters = Arc::new(Counters::new());
        let places = Places::new(counters.clone(), 3, 2);
        let (one, same, other) = ("2001:db8::1", "2001:db8::2", "192.0.2.1");
        let take = |address: &str| places.take(Some(address.parse().unwrap()));
        let first = take(one).unwrap();
        let _second = take(same).unwrap();
        assert!(take(one).is_none(), "two of one network");
        let _third = take(other).unwrap();
        assert!(places.take(None).is_none(), "three in all");
        drop(first);
        let _again = take(same).unwrap();
        assert_eq!((counters.open.load(Ordering::Relaxed), counters.refused.load(Ordering::Relaxed)), (3, 2));
    }
}
