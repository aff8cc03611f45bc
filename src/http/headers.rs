//! Headers that stand on every answer.

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// What the browser pages may do. No inline code at all; Trusted Types for what scripts write.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
/// What an answer of the API may do, were it ever shown as a page.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Two years, as preload lists ask for; subdomains are other people's business.
const HSTS: &str = "max-age=63072000";
const NO_FEATURES: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// What an answer is, as far as its headers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// An answer of the API or a probe: never kept.
    Api,
    /// A file for the browser, which says itself how long it is kept.
    Page,
}

/// Sets them. `hsts`: this host will speak TLS with a publicly trusted certificate from now on.
pub(super) fn set(headers: &mut HeaderMap, sort: Sort, hsts: bool, request_id: &str) {
    let policy = match sort {
        Sort::Api => API_POLICY,
        Sort::Page => PAGE_POLICY,
    };
    let mut fixed = |name: HeaderName, value: &'static str| drop(headers.insert(name, HeaderValue::from_static(value)));
    fixed(CONTENT_SECURITY_POLICY, policy);
    fixed(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: with it some requests of our own pages would carry `Origin: null`.
    fixed(REFERRER_POLICY, "same-origin");
    fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    fixed(HeaderName::from_static("permissions-policy"), NO_FEATURES);
    if sort == Sort::Api {
        fixed(CACHE_CONTROL, "no-store");
    }
    if hsts {
        fixed(STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}
