//! Failed sign-ins, counted per account and per address. Five in five minutes are free, then each try has to wait, longer
//! with every failure of the last hour. The counts are in the store, so that a restart does not clear them.
//!
//! An attempt counts as a failure from its beginning and is taken back when it succeeds: tries that run at the same time
//! cannot slip past the count together.

use crate::base::clock::Time;
use crate::base::limits::{SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_S};
use crate::base::names::UserName;
use crate::base::{Error, Kind, Result};
use crate::engine::{Core, Request};
use crate::store::Tx;
use crate::store::failures::{self, Subject};
use std::net::{IpAddr, Ipv6Addr};

/// How long a failure is remembered, in seconds.
pub(super) const MEMORY_S: i64 = 3600;
/// The first delay.
const DELAY_FIRST_S: i64 = 30;
/// The longest delay.
const DELAY_MAX_S: i64 = 900;
/// Leading bits of an IPv6 address that one customer has (RFC 6177): what is counted together.
const V6_PREFIX_BITS: u32 = 64;

/// A try that counts as failed until it is taken back.
pub(super) struct Attempt {
    failures: Vec<String>,
}

impl Attempt {
    /// Notes a try on `account` from the caller's address. Error: `too_many_tries` with `retry_s`; it is the same for
    /// accounts that do not exist.
    pub(super) fn begin(core: &Core, account: Option<&str>, request: &Request) -> Result<Attempt> {
        let (now, address) = (core.now(), address_key(request.address));
        let subjects = || account.map(Subject::Account).into_iter().chain([Subject::Address(&address)]);
        core.store.write(|tx| {
            let mut wait_s = 0;
            for subject in subjects() {
                wait_s = wait_s.max(free_at(tx, subject, now)?.map_or(0, |free| (free.0 - now.0 + 999) / 1000));
            }
            if wait_s > 0 {
                return Err(Error::new(Kind::TooMany, "too_many_tries").with("retry_s", wait_s));
            }
            let failures = subjects().map(|s| failures::record(tx, s, now)).collect::<Result<_>>()?;
            Ok(Attempt { failures })
        })
    }

    /// The try was none, or went well.
    pub(super) fn take_back(self, core: &Core) -> Result<()> {
        core.store.write(|tx| self.failures.iter().try_for_each(|id| failures::take_back(tx, id).map(drop)))
    }
}

/// When the subject may try again, if it has to wait.
fn free_at(tx: &Tx, subject: Subject<'_>, now: Time) -> Result<Option<Time>> {
    let (remembered, last) = failures::since(tx, subject, now.plus_s(-MEMORY_S))?;
    let Some(last) = last else { return Ok(None) };
    let (burst, _) = failures::since(tx, subject, last.plus_s(-SIGN_IN_WINDOW_S))?;
    if burst < i64::from(SIGN_IN_FAILURES_MAX) {
        return Ok(None);
    }
    Ok(Some(last.plus_s(delay_s(remembered))).filter(|free| *free > now))
}

/// How long to wait after so many failures.
fn delay_s(failures: i64) -> i64 {
    let doublings = (failures - i64::from(SIGN_IN_FAILURES_MAX)).clamp(0, 10);
    (DELAY_FIRST_S << doublings).min(DELAY_MAX_S)
}

/// Until when nobody can sign in to the account.
pub(super) fn locked_until(tx: &Tx, account: &str, now: Time) -> Result<Option<Time>> {
    free_at(tx, Subject::Account(account), now)
}

/// Forgets the failures of an account.
pub(super) fn clear_account(tx: &Tx, account: &UserName) -> Result<()> {
    failures::clear(tx, Subject::Account(account.as_str())).map(drop)
}

/// What of an address is counted together.
fn address_key(address: Option<IpAddr>) -> String {
    match address.map(|a| a.to_canonical()) {
        None => "local".into(),
        Some(IpAddr::V4(one)) => one.to_string(),
        Some(IpAddr::V6(one)) => {
            let network = u128::from(one) & (u128::MAX << (128 - V6_PREFIX_BITS));
            format!("{}/{V6_PREFIX_BITS}", Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_their_limit() {
        assert_eq!([5, 6, 7, 10, 99].map(delay_s), [30, 60, 120, 900, 900]);
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        let key = |text: &str| address_key(Some(text.parse().unwrap()));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(address_key(None), key("127.0.0.1"));
    }
}
