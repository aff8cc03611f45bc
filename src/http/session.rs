//! Who calls: the console by peer credentials, a token, or a browser's session.

use super::refusal::Refusal;
use super::visit::{Visit, header};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result, Secret};
use crate::engine::{Actor, Core, Request};
use crate::ops::{Grant, Need, auth};
use crate::platform::sockets;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use hyper::http::Error as HttpError;

/// Longest token or session secret that is looked up.
const SECRET_BYTES_MAX: usize = 256;
/// Cookie of browsers that speak TLS. The prefix keeps other hosts and plain HTTP from setting it (RFC 6265bis §4.1.3.2).
const SECURE_COOKIE: &str = "__Host-manara";
/// Cookie on plain loopback HTTP, where browsers refuse the prefix.
const PLAIN_COOKIE: &str = "manara";

/// What the caller shows.
pub(super) enum Credentials {
    /// Nothing.
    None,
    /// An account of this machine that may do everything.
    Console,
    /// Another account of this machine, by its numbers.
    Account {
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// An API token.
    Token(Secret<String>),
    /// The cookie of a browser's session.
    Session(Secret<String>),
}

impl Credentials {
    /// Reads them. A request with a token never uses its cookies, and one on the Unix socket has none.
    pub(super) fn of(visit: &Visit, headers: &HeaderMap) -> Result<Self, Refusal> {
        if headers.contains_key(AUTHORIZATION) {
            let token = header(headers, &AUTHORIZATION).and_then(bearer);
            return token
                .map(Credentials::Token)
                .ok_or_else(|| Error::new(Kind::NotSignedIn, "bad_authorization").into());
        }
        match visit.account {
            Some((uid, _)) if uid == 0 || uid == sockets::own_uid() => Ok(Credentials::Console),
            Some((uid, gid)) => Ok(Credentials::Account { uid, gid }),
            None => Ok(cookie(headers, cookie_name(visit.secure)).map_or(Credentials::None, Credentials::Session)),
        }
    }

    /// Who that is, where it is known without the store.
    pub(super) fn known(&self, core: &Core) -> Option<Actor> {
        match self {
            Credentials::None | Credentials::Account { .. } => None,
            Credentials::Console => Some(Actor::Console),
            Credentials::Token(token) => auth::known_token_actor(core, token.expose()),
            Credentials::Session(secret) => auth::known_session_actor(core, secret.expose()),
        }
    }

    /// Who that is. Calls that anybody may make go on with a session that has ended. Reads the store.
    pub(super) fn actor(&self, core: &Core, need: Need, request: &Request) -> Result<Actor> {
        let found = match self {
            Credentials::None => Ok(Actor::Nobody),
            Credentials::Console => Ok(Actor::Console),
            Credentials::Account { uid, gid } => match auth::account_actor(core, *uid, *gid) {
                Err(e) if e.kind() == Kind::NotSignedIn && need == Need::Open => Ok(Actor::Nobody),
                other => other,
            },
            Credentials::Token(token) => auth::token_actor(core, token.expose(), request),
            Credentials::Session(secret) => match auth::session_actor(core, secret.expose(), request) {
                Err(e) if e.kind() == Kind::NotSignedIn && need == Need::Open => Ok(Actor::Nobody),
                other => other,
            },
        };
        found.inspect_err(|e| {
            let address = request.shown_address();
            log::warn!(target: "manara::security", code = e.code(), address = address.as_str(), id = request.id.as_str(); "credentials refused");
        })
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
fn bearer(value: &str) -> Option<Secret<String>> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = !token.is_empty() && token.len() <= SECRET_BYTES_MAX && token.bytes().all(|b| b.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && fits).then(|| Secret::new(token.to_owned()))
}

/// The one cookie named `name`; two of them are as good as none.
fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret<String>> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    let mut found = values.flat_map(|v| v.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name && !value.is_empty() && value.len() <= SECRET_BYTES_MAX).then_some(value)
    });
    let first = found.next()?;
    if found.next().is_some() { None } else { Some(Secret::new(first.to_owned())) }
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// The `Set-Cookie` that carries out a grant.
pub(super) fn set_cookie(grant: &Grant, secure: bool, now: Time) -> std::result::Result<HeaderValue, HttpError> {
    let (secret, age) = match grant {
        Grant::Begin { secret, expires_at } => (secret.expose().as_str(), expires_at.since_s(now).max(0)),
        Grant::End => ("", 0),
    };
    let name = cookie_name(secure);
    let flag = if secure { "; Secure" } else { "" };
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{flag}");
    let mut value = HeaderValue::try_from(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(hyper::header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn tokens_are_bearers() {
        assert_eq!(bearer("Bearer mt_abc").unwrap().expose(), "mt_abc");
        assert_eq!(bearer("bearer  x").unwrap().expose(), "x");
        for bad in ["Basic eDp5", "Bearer", "Bearer ", "Bearer a b", "mt_abc"] {
            assert!(bearer(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_cookie_counts_when_it_is_the_only_one_of_its_name() {
        let found = |value: &str| cookie(&headers(&[(COOKIE, value)]), PLAIN_COOKIE).map(|s| s.expose().clone());
        assert_eq!(found("a=b; manara=x1; c=d").as_deref(), Some("x1"));
        assert_eq!(found("manara=x; manara=y"), None);
        assert_eq!(found("__Host-manara=x; manarax=1; manara="), None);
    }

    #[test]
    fn cookies_are_locked_down() {
        let begin = Grant::Begin { secret: Secret::new("s".into()), expires_at: Time(61_000) };
        let text = |grant, secure| set_cookie(grant, secure, Time(1000)).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text(&begin, true), "__Host-manara=s; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
        assert_eq!(text(&begin, false), "manara=s; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
        assert_eq!(text(&Grant::End, true), "__Host-manara=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
    }
}
