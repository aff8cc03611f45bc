//! The files every installation has.

use super::site::listens;
use crate::base::layout::{CONTROL, Layout};
use crate::nginx_syntax::{Directive, block, comment, dir};
use crate::platform::nginx::{Capabilities, NginxChange, NginxFile};

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

/// The base files for an nginx that the panel owns.
pub fn base_files(layout: &Layout, can: Capabilities) -> Vec<NginxChange> {
    let file = |file, content| NginxChange { file, content: Some(content) };
    vec![
        file(NginxFile::StaticSnippet, static_snippet()),
        file(NginxFile::ProxySnippet, proxy_snippet()),
        file(NginxFile::Http, http(layout, can)),
        file(NginxFile::Main, main(layout)),
    ]
}

fn written() -> Directive {
    comment("Written by Manara. Changes made here by hand are detected and shown, never silently overwritten.")
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
    let mut tree = vec![written()];
    tree.extend(basics(layout));
    tree.extend(logging(layout));
    tree.extend(tls());
    tree.extend(compression_and_caching());
    tree.extend(proxying());
    tree.push(control_server(layout));
    tree.push(default_server(layout, can));
    tree
}

fn basics(layout: &Layout) -> Vec<Directive> {
    let mut tree = vec![
        dir("include", &["/etc/nginx/mime.types"]).with_gap(),
        dir("default_type", &["application/octet-stream"]),
        dir("sendfile", &["on"]),
        dir("tcp_nopush", &["on"]),
        dir("server_tokens", &["off"]),
        dir("absolute_redirect", &["off"]),
        dir("keepalive_timeout", &["65s"]),
        dir("client_max_body_size", &["16m"]),
        // Twenty thousand names of up to 253 bytes; without these nginx warns, or refuses a long name.
        dir("server_names_hash_max_size", &["65536"]),
        dir("server_names_hash_bucket_size", &["384"]),
    ];
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    tree.extend(
        temporary.map(|name| dir(&format!("{name}_temp_path"), &[&layout.path(&format!("var/lib/nginx/{name}"))])),
    );
    let headers = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "strict-origin-when-cross-origin")];
    tree.extend(headers.map(|(name, value)| dir("add_header", &[name, value, "always"])));
    tree
}

fn logging(layout: &Layout) -> Vec<Directive> {
    let fields: Vec<_> = LOG_FIELDS.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    let format = format!("{{{}}}", fields.join(","));
    vec![
        dir("log_format", &["manara", "escape=json", &format]).with_gap(),
        dir("access_log", &[&layout.path("var/log/nginx/manara.log"), "manara", "buffer=64k", "flush=2s"]),
    ]
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
        block(
            "map",
            &["$sent_http_content_type", "$manara_expires"],
            vec![dir("default", &["off"]), dir("~^(image|font)/", &["7d"])],
        )
        .with_gap(),
        dir("expires", &["$manara_expires"]),
    ]
}

fn proxying() -> Vec<Directive> {
    let mut tree = vec![
        block("map", &["$http_upgrade", "$manara_connection"], vec![dir("default", &["upgrade"]), dir("", &[""])])
            .with_gap(),
        dir("proxy_http_version", &["1.1"]),
    ];
    tree.extend(
        PROXY_HEADERS.iter().chain(WEBSOCKET_HEADERS).map(|(name, value)| dir("proxy_set_header", &[name, value])),
    );
    tree
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

/// Answers for every name nobody has: closes the connection without a word.
fn default_server(layout: &Layout, can: Capabilities) -> Directive {
    let mut tree = listens(layout, can, true);
    tree.extend([
        dir("server_name", &["_"]),
        dir("set", &["$site", "none"]),
        dir("ssl_certificate", &["manara/tls/fallback.pem"]),
        dir("ssl_certificate_key", &["manara/tls/fallback.key"]),
        dir("return", &["444"]),
    ]);
    block("server", &[], tree).with_gap()
}

fn static_snippet() -> Vec<Directive> {
    vec![written(), block("location", &["/"], vec![dir("try_files", &["$uri", "$uri/", "=404"])]), hidden_files()]
}

fn proxy_snippet() -> Vec<Directive> {
    vec![written(), block("location", &["/"], vec![dir("proxy_pass", &["$backend"])])]
}

/// `.git`, `.env` and their like are nobody's business; `.well-known` (RFC 8615) is.
fn hidden_files() -> Directive {
    block("location", &["~", r"/\.(?!well-known/)"], vec![dir("return", &["404"])])
}
