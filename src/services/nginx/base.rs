//! The files every installation has.

use super::site::listens;
use crate::base::layout::{CONTROL, Layout};
use crate::nginx_syntax::{Directive, block, comment, dir};
use crate::platform::nginx::{Capabilities, HEADER, HEADER_MANAGED, NginxChange, NginxFile, Ownership};

/// Fields of the shared access log. Fixed: history in another shape could not be had later.
const LOG_FIELDS: &[(&str, &str)] = &[
    ("time", "$msec"),
    ("site", "$site"),
    ("request", "$request_id"),
    ("client", "$remote_addr"),
    ("host", "$host"),
    ("method", "$request_method"),
    ("uri", "$request_uri"),
    ("protocol", "$server_protocol"),
    ("status", "$status"),
    ("bytes", "$bytes_sent"),
    ("seconds", "$request_time"),
    ("upstream_seconds", "$upstream_response_time"),
    ("referrer", "$http_referer"),
    ("agent", "$http_user_agent"),
    ("tls", "$ssl_protocol"),
];

/// Headers a proxy site passes on. `X-Forwarded-For` is replaced, not extended: what a client wrote there is a claim.
pub(super) const PROXY_HEADERS: &[(&str, &str)] = &[
    ("Host", "$host"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$host"),
    ("X-Request-ID", "$request_id"),
];

/// Headers that let a WebSocket through (nginx documentation, "WebSocket proxying").
pub(super) const WEBSOCKET_HEADERS: &[(&str, &str)] =
    &[("Upgrade", "$http_upgrade"), ("Connection", "$manara_connection")];

/// The files that do not belong to one site. Where the panel owns nginx, what all sites share stands once at `http` level.
/// Where it does not, the same stands at `server` level in what each site includes: at `http` level it would double what
/// is in somebody's `nginx.conf`, which nginx refuses, or change the sites of others. A site's own file is the same in both.
pub fn base_files(layout: &Layout, can: Capabilities) -> Vec<NginxChange> {
    let file = |file, content| NginxChange { file, content: Some(content) };
    let mut files = vec![
        file(NginxFile::StaticSnippet, static_snippet(layout, can)),
        file(NginxFile::ProxySnippet, proxy_snippet(layout, can, true)),
        file(NginxFile::ProxyOwnSnippet, proxy_snippet(layout, can, false)),
        file(NginxFile::Http, http(layout, can)),
    ];
    let sites = dir("include", &["manara/sites/*.conf"]);
    let entry = vec![written(), dir("include", &["manara/http.conf"])];
    match can.ownership {
        Ownership::Owned => files.push(file(NginxFile::Main, main(layout))),
        // Of servers without a declared default nginx takes the first it reads; that shall stay one of theirs.
        Ownership::Shared if can.taken.first_come() => {
            files.push(file(NginxFile::Entry, entry));
            files.push(file(NginxFile::LateEntry, vec![written(), sites]));
        }
        Ownership::Shared => files.push(file(NginxFile::Entry, [entry, vec![sites]].concat())),
    }
    files
}

fn written() -> Directive {
    comment(&format!("{HEADER} {HEADER_MANAGED}"))
}

fn main(layout: &Layout) -> Vec<Directive> {
    let mut tree = vec![written()];
    tree.extend(layout.user.map(|user| dir("user", &[user])));
    tree.extend([
        dir("worker_processes", &["auto"]),
        dir("worker_shutdown_timeout", &["300s"]),
        dir("pid", &[&layout.path("run/nginx.pid")]),
        dir("error_log", &[&layout.path("var/log/nginx/error.log"), "warn"]),
        block("events", &[], vec![dir("worker_connections", &["1024"])]).with_gap(),
        block("http", &[], vec![dir("include", &["manara/http.conf"]), dir("include", &["manara/sites/*.conf"])])
            .with_gap(),
    ]);
    tree
}

fn http(layout: &Layout, can: Capabilities) -> Vec<Directive> {
    let owned = can.ownership == Ownership::Owned;
    let mut tree = vec![written()];
    if owned {
        tree.extend(basics(layout));
    }
    tree.push(log_format(can));
    tree.extend(maps());
    if owned {
        tree.extend(settings(layout, can));
        tree.extend(proxying());
    }
    tree.push(control_server(layout));
    tree.extend(default_server(layout, can));
    tree
}

/// What can only be said once for all of nginx.
fn basics(layout: &Layout) -> Vec<Directive> {
    let mut tree = vec![
        dir("include", &["/etc/nginx/mime.types"]).with_gap(),
        // Twenty thousand names of up to 253 bytes; without these nginx warns, or refuses a long name.
        dir("server_names_hash_max_size", &["65536"]),
        dir("server_names_hash_bucket_size", &["384"]),
    ];
    // On a machine of its own nginx has its temporary files where its package put them.
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].into_iter().filter(|_| !layout.is_machine());
    tree.extend(
        temporary.map(|name| dir(&format!("{name}_temp_path"), &[&layout.path(&format!("var/lib/nginx/{name}"))])),
    );
    tree
}

/// What all sites share, at `http` or `server` level.
fn settings(layout: &Layout, can: Capabilities) -> Vec<Directive> {
    let mut tree = vec![
        dir("default_type", &["application/octet-stream"]).with_gap(),
        dir("sendfile", &["on"]),
        dir("tcp_nopush", &["on"]),
        dir("server_tokens", &["off"]),
        dir("absolute_redirect", &["off"]),
        dir("keepalive_timeout", &["65s"]),
    ];
    if can.http2 && can.http2_directive {
        tree.push(dir("http2", &["on"]));
    }
    let headers = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "strict-origin-when-cross-origin")];
    tree.extend(headers.map(|(name, value)| dir("add_header", &[name, value, "always"])));
    let log = layout.path("var/log/nginx/manara.log");
    tree.push(dir("access_log", &[&log, "manara", "buffer=64k", "flush=2s"]).with_gap());
    if can.tls {
        tree.extend(tls());
    }
    tree.extend(compression_and_caching());
    tree
}

fn log_format(can: Capabilities) -> Directive {
    // A variable that nginx does not know is an error to it.
    let known = |value: &'static str| if value.starts_with("$ssl_") && !can.tls { "" } else { value };
    let fields: Vec<_> = LOG_FIELDS.iter().map(|(name, value)| format!("\"{name}\":\"{}\"", known(value))).collect();
    dir("log_format", &["manara", "escape=json", &format!("{{{}}}", fields.join(","))]).with_gap()
}

fn tls() -> Vec<Directive> {
    vec![
        dir("ssl_protocols", &["TLSv1.2", "TLSv1.3"]).with_gap(),
        dir("ssl_prefer_server_ciphers", &["off"]),
        dir("ssl_session_cache", &["shared:manara_tls:10m"]),
        dir("ssl_session_timeout", &["1h"]),
        // Without a key file every reload ends the clients' sessions.
        dir("ssl_session_ticket_key", &["manara/tls/ticket.key"]),
    ]
}

fn compression_and_caching() -> Vec<Directive> {
    let types = ["text/css", "text/plain", "text/xml", "application/javascript", "application/json", "image/svg+xml"];
    vec![
        dir("gzip", &["on"]).with_gap(),
        dir("gzip_vary", &["on"]),
        dir("gzip_min_length", &["512"]),
        dir("gzip_types", &types),
        dir("expires", &["$manara_expires"]),
    ]
}

fn maps() -> [Directive; 2] {
    let expires = vec![dir("default", &["off"]), dir("~^(image|font)/", &["7d"])];
    let connection = vec![dir("default", &["upgrade"]), dir("", &[""])];
    [
        block("map", &["$sent_http_content_type", "$manara_expires"], expires),
        block("map", &["$http_upgrade", "$manara_connection"], connection),
    ]
}

fn proxying() -> Vec<Directive> {
    let mut tree = vec![dir("proxy_http_version", &["1.1"]).with_gap()];
    tree.extend(proxy_headers());
    tree
}

fn proxy_headers() -> impl Iterator<Item = Directive> {
    PROXY_HEADERS.iter().chain(WEBSOCKET_HEADERS).map(|(name, value)| dir("proxy_set_header", &[name, value]))
}

fn control_server(layout: &Layout) -> Directive {
    block(
        "server",
        &[],
        vec![
            dir("listen", &[&format!("{CONTROL}:{}", layout.http_port)]),
            dir("server_name", &["control.invalid"]),
            dir("access_log", &["off"]),
            dir("set", &["$site", "control"]),
            dir("include", &["manara/generation.conf"]),
            block("location", &["/"], vec![dir("return", &["404"])]),
        ],
    )
    .with_gap()
}

/// Answers for every name nobody has, where no server of others does: closes the connection without a word.
fn default_server(layout: &Layout, can: Capabilities) -> Option<Directive> {
    let mut tree = listens(layout, can, true);
    if tree.is_empty() {
        return None;
    }
    tree.push(dir("server_name", &["_"]));
    tree.push(dir("set", &["$site", "none"]));
    if can.tls {
        tree.extend(fallback_certificate());
    }
    if can.ownership == Ownership::Shared {
        tree.extend(settings(layout, can));
    }
    tree.push(dir("return", &["444"]));
    Some(block("server", &[], tree).with_gap())
}

fn fallback_certificate() -> [Directive; 2] {
    [dir("ssl_certificate", &["manara/tls/fallback.pem"]), dir("ssl_certificate_key", &["manara/tls/fallback.key"])]
}

/// What stands in each site's server where it cannot stand once for all of them.
fn shared_settings(layout: &Layout, can: Capabilities) -> Vec<Directive> {
    if can.ownership == Ownership::Owned {
        return vec![];
    }
    let mut tree = settings(layout, can);
    if can.tls {
        // A default server of others may refuse whoever has no certificate of its own.
        tree.extend(fallback_certificate());
    }
    tree
}

fn static_snippet(layout: &Layout, can: Capabilities) -> Vec<Directive> {
    let mut tree = vec![written()];
    tree.extend(shared_settings(layout, can));
    tree.push(block("location", &["/"], vec![dir("try_files", &["$uri", "$uri/", "=404"])]));
    tree.push(hidden_files());
    tree
}

/// For a proxy site; the `usual` headers are left to it when it has its own, because one at its level hides all above.
fn proxy_snippet(layout: &Layout, can: Capabilities, usual: bool) -> Vec<Directive> {
    let mut tree = vec![written()];
    tree.extend(shared_settings(layout, can));
    if can.ownership == Ownership::Shared {
        tree.push(dir("proxy_http_version", &["1.1"]).with_gap());
        tree.extend(proxy_headers().filter(|_| usual));
    }
    tree.push(block("location", &["/"], vec![dir("proxy_pass", &["$backend"])]));
    tree
}

/// `.git`, `.env` and their like are nobody's business; `.well-known` (RFC 8615) is.
fn hidden_files() -> Directive {
    block("location", &["~", r"/\.(?!well-known/)"], vec![dir("return", &["404"])])
}
