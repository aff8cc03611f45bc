//! The browser's files, embedded by `build.rs`, put into a table once with everything an answer needs.

use super::body::Body;
use super::handler;
use super::refusal::Refusal;
use super::response::Answer;
use bytes::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use hyper::{Method, Response, StatusCode};
use std::collections::HashMap;
use std::sync::LazyLock;

include!(concat!(env!("OUT_DIR"), "/ui.rs"));

/// Folder whose names carry a hash of the content.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";

/// Encodings by preference, with the endings of their files.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

struct Asset {
    media_type: &'static str,
    cache: &'static str,
    /// Plain first.
    forms: Vec<Form>,
}

struct Form {
    encoding: Option<&'static str>,
    bytes: Bytes,
    etag: HeaderValue,
}

static TABLE: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let names = Ui::iter().filter(|name| {
        let hidden = name.split('/').any(|part| part.starts_with('.'));
        !hidden && !ENCODINGS.iter().any(|(_, ending)| name.ends_with(ending))
    });
    names.filter_map(|name| Some((name.to_string(), Asset::load(&name)?))).collect()
});

impl Asset {
    fn load(name: &str) -> Option<Asset> {
        let encoded =
            ENCODINGS.iter().filter_map(|(encoding, ending)| form(&format!("{name}{ending}"), Some(encoding)));
        let forms = form(name, None).into_iter().chain(encoded).collect();
        let cache = if name.starts_with(HASHED) { FOR_EVER } else { ASK_FIRST };
        Some(Asset { media_type: media_type(name), cache, forms })
    }

    /// The form for a client that accepts `encodings`.
    fn choose(&self, encodings: &str) -> Option<&Form> {
        let accepted = |form: &&Form| form.encoding.is_some_and(|e| accepts(encodings, e));
        self.forms.iter().find(accepted).or_else(|| self.forms.first())
    }
}

fn form(name: &str, encoding: Option<&'static str>) -> Option<Form> {
    let file = Ui::get(name)?;
    let hash: String = file.metadata.sha256_hash()[..12].iter().map(|b| format!("{b:02x}")).collect();
    let etag = HeaderValue::try_from(format!("\"{hash}\"")).ok()?;
    let bytes = match file.data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Some(Form { encoding, bytes, etag })
}

/// Whether an `Accept-Encoding` list takes `encoding` (RFC 9110 §12.5.3): named, and not with a weight of zero.
fn accepts(list: &str, encoding: &str) -> bool {
    list.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty()));
        named && !refused
    })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Answers with a file. Every path that is none, and none below `/assets/`, is a page of the application, also with dots
/// in it: pages are named after domains.
pub(super) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Result<Answer, Refusal> {
    handler::only_get(method)?;
    let name = path.trim_start_matches('/');
    let asset = match TABLE.get(name) {
        Some(asset) => asset,
        None if name.starts_with(HASHED) => return Err(Refusal::no_such_path()),
        None => TABLE.get(INDEX).ok_or_else(Refusal::no_such_path)?,
    };
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or_default();
    let form = asset.choose(text(ACCEPT_ENCODING)).ok_or_else(Refusal::no_such_path)?;
    let known = text(IF_NONE_MATCH).split(',').any(|tag| tag.trim().trim_start_matches("W/") == form.etag);
    let body = if known { Body::empty() } else { Body::Whole(form.bytes.clone()) };
    let mut answer = Response::new(body);
    let out = answer.headers_mut();
    out.insert(CACHE_CONTROL, HeaderValue::from_static(asset.cache));
    out.insert(ETAG, form.etag.clone());
    if asset.forms.len() > 1 {
        out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(answer);
    }
    out.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    if let Some(encoding) = form.encoding {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_as_the_client_weighs_them() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("br; q=0.000", "br"));
        assert!(!accepts("", "gzip") && !accepts("brotli", "br"));
    }

    #[test]
    fn pages_with_dots_are_pages_and_missing_files_are_missing() {
        let get = |path: &str| answer(&Method::GET, path, &HeaderMap::new());
        for page in ["/", "/sites/shop.alnoor.sa", "/a/../b", "/index.html"] {
            let answer = get(page).unwrap();
            assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8", "{page}");
            assert_eq!(answer.headers()[CACHE_CONTROL], ASK_FIRST);
        }
        assert_eq!(get("/assets/none.js").unwrap_err().status, 404);
        assert_eq!(answer(&Method::POST, "/", &HeaderMap::new()).unwrap_err().status, 405);
        assert!(!TABLE.keys().any(|name| name.contains("/.") || name.starts_with('.')));
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let etag = answer(&Method::GET, "/", &HeaderMap::new()).unwrap().headers()[ETAG].clone();
        let again = answer(&Method::GET, "/", &[(IF_NONE_MATCH, etag)].into_iter().collect()).unwrap();
        assert_eq!((again.status().as_u16(), again.body().length()), (304, Some(0)));
    }
}
