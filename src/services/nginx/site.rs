//! One site's file.

use super::base::{PROXY_HEADERS, WEBSOCKET_HEADERS};

use crate::base::layout::Layout;
use crate::base::names::{HeaderName, HeaderValue, SiteId, Upstream};
use crate::base::{Error, Result};
use crate::nginx_syntax::{Directive, block, comment, dir, print};
use crate::platform::nginx::{Capabilities, Ownership, sha256_hex};

/// Version of the header line of a site's file.
const FORMAT: u32 = 1;

/// Largest request body of a site that says nothing about it, in MiB.
const BODY_MB: u32 = 16;

/// What rendering needs to know of a site.
#[derive(Debug, Clone)]
pub struct SiteSpec {
    /// Its id.
    pub id: SiteId,
    /// Every name it answers to, the primary one first, in ASCII.
    pub names: Vec<String>,
    /// Largest request body in MiB; `None` for the usual one.
    pub max_body_mb: Option<u32>,
    /// What answers.
    pub serves: Serves,
}

/// What answers a site's requests.
#[derive(Debug, Clone)]
pub enum Serves {
    /// Files below the folder of that name.
    Files {
        /// Folder below the web root.
        folder: String,
    },
    /// Another server.
    Proxy {
        /// Where it is.
        upstream: Upstream,
        /// Whether connections may be upgraded.
        websocket: bool,
        /// Longest silence between two reads of the answer, in seconds.
        timeout_s: u32,
        /// Headers added to each request.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
}

/// The site's file. Its first line carries the site's id, the format and the hash of the rest, so that a hand edit is
/// recognised without any other record.
pub fn site_file(layout: &Layout, can: Capabilities, site: &SiteSpec) -> Result<Vec<Directive>> {
    let mut server = listens(layout, can, false);
    server.push(dir("server_name", &site.names.iter().map(String::as_str).collect::<Vec<_>>()));
    server.push(dir("set", &["$site", site.id.as_str()]));
    server.push(dir("client_max_body_size", &[&format!("{}m", site.max_body_mb.unwrap_or(BODY_MB))]));
    match &site.serves {
        Serves::Files { folder } => server.extend([
            dir("root", &[&layout.document_root(folder)]),
            dir("index", &["index.html", "index.htm"]),
            dir("include", &["manara/snippets/static.conf"]),
        ]),
        Serves::Proxy { upstream, websocket, timeout_s, headers } => {
            let timeout = format!("{timeout_s}s");
            server.push(dir("set", &["$backend", &upstream.to_string()]));
            server.push(dir("proxy_read_timeout", &[&timeout]));
            server.push(dir("proxy_send_timeout", &[&timeout]));
            let own = proxy_headers(*websocket, headers);
            let snippet = if own.is_empty() { "proxy" } else { "proxy-own" };
            server.extend(own);
            server.push(dir("include", &[&format!("manara/snippets/{snippet}.conf")]));
        }
    }
    let body = block("server", &[], server);
    let text = print(std::slice::from_ref(&body)).map_err(Error::fault)?;
    let hash = sha256_hex(text.as_bytes());
    let header = comment(&format!("manara format={FORMAT} site={} sha256={hash}", site.id));
    Ok(vec![header, body])
}

/// Headers of a proxy site that differs from the common set. One header at this level hides all of the level above
/// (nginx documentation, `proxy_set_header`), so they are all said again.
fn proxy_headers(websocket: bool, own: &[(HeaderName, HeaderValue)]) -> Vec<Directive> {
    if websocket && own.is_empty() {
        return vec![];
    }
    let overridden = |name: &str| own.iter().any(|(n, _)| n.as_str().eq_ignore_ascii_case(name));
    let upgrade: &[(&str, &str)] = if websocket { WEBSOCKET_HEADERS } else { &[("Connection", "")] };
    let common = PROXY_HEADERS.iter().chain(upgrade).filter(|(name, _)| !overridden(name));
    let own = own.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    common.copied().chain(own).map(|(name, value)| dir("proxy_set_header", &[name, value])).collect()
}

/// The `listen` directives of a server for both ports and both address families; of the `default` one only where no
/// server of others listens. HTTP/2 as a parameter belongs to the port and not to the server, so only the default server
/// says it: said by a site, it would reach the sites of others.
pub(super) fn listens(layout: &Layout, can: Capabilities, default: bool) -> Vec<Directive> {
    let mut tree = Vec::new();
    for (port, tls, taken) in [(layout.http_port, false, can.taken.http), (layout.https_port, true, can.taken.https)] {
        if tls && !can.tls {
            continue;
        }
        let families = [(format!("{port}"), taken[0]), (format!("[::]:{port}"), taken[1])];
        for (address, taken) in families.iter().take(if layout.ipv6 { 2 } else { 1 }) {
            if default && can.ownership == Ownership::Shared && taken.used {
                continue;
            }
            let mut args = vec![address.as_str()];
            args.extend(tls.then_some("ssl"));
            args.extend((tls && default && can.http2 && !can.http2_directive).then_some("http2"));
            args.extend(default.then_some("default_server"));
            tree.push(dir("listen", &args));
        }
    }
    tree
}
