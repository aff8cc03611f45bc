//! Requests that another site makes a browser send. Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`);
//! a change made with a session also needs the session's own token, which another site cannot read.

use super::session::Credentials;
use super::visit::Visit;
use crate::base::{Error, Kind, Result};
use crate::engine::Core;
use crate::ops::{Method, Need, Op, auth};
use hyper::header::{HeaderMap, HeaderName, ORIGIN};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const TOKEN: HeaderName = HeaderName::from_static("x-manara-csrf");

/// Where a browser says that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// No browser, or one that says nothing.
    Unsaid,
    /// A page of ours, or the user without any page.
    Ours,
    /// Somewhere else.
    Foreign,
}

/// Refuses what comes from another site. Calls with a token are not affected: no browser adds one by itself.
pub(super) fn check_source(op: &Op, credentials: &Credentials, visit: &Visit, headers: &HeaderMap) -> Result<()> {
    let reads = op.meta.method == Method::Get;
    let fits = match (credentials, source(visit, headers, reads)) {
        (Credentials::Token(_) | Credentials::Console | Credentials::Account { .. }, _) => true,
        (_, Source::Ours) => true,
        (_, Source::Foreign) => false,
        // SameSite=Strict keeps the cookie away from other sites' requests; a change must say where it comes from. What
        // anybody may call gains nothing from a session.
        (Credentials::Session(_), Source::Unsaid) => reads || op.meta.need == Need::Open,
        (Credentials::None, Source::Unsaid) => true,
    };
    if fits { Ok(()) } else { Err(refused(visit, "cross_site")) }
}

/// Whether a change made with a session carries its token.
pub(super) fn fits(core: &Core, op: &Op, credentials: &Credentials, given: &str) -> bool {
    match credentials {
        Credentials::Session(secret) if op.meta.method != Method::Get && op.meta.need != Need::Open => {
            auth::csrf_matches(core, secret.expose(), given)
        }
        _ => true,
    }
}

/// The token that came with the request.
pub(super) fn given(headers: &HeaderMap) -> String {
    super::visit::header(headers, &TOKEN).unwrap_or_default().to_owned()
}

fn source(visit: &Visit, headers: &HeaderMap, reads: bool) -> Source {
    let texts = |name: &HeaderName| -> Vec<String> {
        headers.get_all(name).into_iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect()
    };
    let (sites, origins) = (texts(&FETCH_SITE), texts(&ORIGIN));
    // `none` is the user's own doing (address bar, bookmark): only ever a read.
    let site_fits = sites.iter().all(|site| site == "same-origin" || (reads && site == "none"));
    let own = format!("{}://{}", if visit.secure { "https" } else { "http" }, visit.host);
    let origin_fits = origins.iter().all(|origin| origin.eq_ignore_ascii_case(&own));
    match (sites.is_empty() && origins.is_empty(), site_fits && origin_fits) {
        (true, _) => Source::Unsaid,
        (false, true) => Source::Ours,
        (false, false) => Source::Foreign,
    }
}

/// The error, told to the security log.
pub(super) fn refused(visit: &Visit, code: &'static str) -> Error {
    let address = visit.request.shown_address();
    log::warn!(target: "manara::security", code = code, address = address.as_str(), id = visit.request.id.as_str(); "request refused");
    Error::new(Kind::Forbidden, code)
}
