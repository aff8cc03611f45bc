//! Which directives may stand in a managed file, where, and with which arguments. A taken-over web process must not be
//! able to make the root master write a log into `/etc/cron.d`, load a module or serve `/etc`; so the side that writes
//! the files checks them, whatever the renderer did. What is not listed is refused: a new directive of the renderer gets
//! its row here, with the thought of what else could be said with it.

use super::{NginxChange, NginxFile};
use crate::base::layout::CONTROL;
use crate::base::names::{Name, SiteId, Upstream};
use crate::base::{Error, Kind, Result};
use crate::nginx_syntax::Directive;
use std::path::Path;

/// Types of files, as the distribution's package brings them.
const MIME_TYPES: &str = "/etc/nginx/mime.types";

/// Where a directive stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the top of `nginx.conf`.
    Main,
    /// In `events`.
    Events,
    /// In `http`.
    Http,
    /// In a way to our files.
    Entry,
    /// At the top of a site's file.
    Sites,
    /// In `server`.
    Server,
    /// In `location`.
    Location,
    /// In a `map`: keys and values.
    Entries,
}

/// Whether the arguments of a directive are in order.
type Check = fn(&Roots, &[&str]) -> bool;

const MAIN: &[(&str, Check)] = &[
    ("error_log", error_log),
    ("events", none),
    ("http", none),
    ("pid", |roots, args| *args == [roots.path("run/nginx.pid")]),
    ("user", user),
    ("worker_processes", any),
    ("worker_rlimit_nofile", any),
    ("worker_shutdown_timeout", any),
];

const EVENTS: &[(&str, Check)] = &[("multi_accept", any), ("worker_connections", any)];

const HTTP: &[(&str, Check)] = &[
    ("client_body_temp_path", temporary),
    ("fastcgi_temp_path", temporary),
    ("include", |_, args| matches!(args, [MIME_TYPES | "manara/http.conf" | "manara/sites/*.conf"])),
    // Escaped as JSON: what a client sends cannot become a line that another program acts on.
    ("log_format", |_, args| args.starts_with(&["manara", "escape=json"])),
    ("map", |_, args| matches!(args, [_, target] if target.starts_with("$manara_"))),
    ("proxy_temp_path", temporary),
    ("scgi_temp_path", temporary),
    ("server", none),
    ("server_names_hash_bucket_size", any),
    ("server_names_hash_max_size", any),
    ("uwsgi_temp_path", temporary),
];

/// The ways to our files where nginx is shared: they include, and say nothing themselves.
const ENTRY: &[(&str, Check)] = &[("include", |_, args| matches!(args, ["manara/http.conf" | "manara/sites/*.conf"]))];

const SITES: &[(&str, Check)] = &[("server", none)];

const SERVER: &[(&str, Check)] = &[
    ("include", snippet),
    ("listen", listen),
    ("location", any),
    ("return", any),
    ("server_name", any),
    ("set", set),
    ("try_files", in_root),
];

const LOCATION: &[(&str, Check)] =
    &[("include", snippet), ("location", any), ("proxy_pass", proxy_pass), ("return", any), ("try_files", in_root)];

/// In `http`, and in `server` for one site.
const TLS: &[(&str, Check)] = &[
    ("ssl_certificate", key),
    ("ssl_certificate_key", key),
    ("ssl_prefer_server_ciphers", any),
    ("ssl_protocols", any),
    ("ssl_session_cache", any),
    ("ssl_session_ticket_key", key),
    ("ssl_session_timeout", any),
];

/// In `http`, `server` and `location`.
const COMMON: &[(&str, Check)] = &[
    ("absolute_redirect", any),
    ("access_log", access_log),
    ("add_header", any),
    ("client_max_body_size", any),
    ("default_type", any),
    ("disable_symlinks", any),
    ("expires", any),
    ("gzip", any),
    ("gzip_min_length", any),
    ("gzip_types", any),
    ("gzip_vary", any),
    ("http2", any),
    ("index", in_root),
    ("keepalive_timeout", any),
    ("proxy_connect_timeout", any),
    ("proxy_http_version", any),
    ("proxy_read_timeout", any),
    ("proxy_send_timeout", any),
    ("proxy_set_header", any),
    ("root", |roots, args| matches!(args, [path] if below(&roots.web, path))),
    ("sendfile", any),
    ("server_tokens", any),
    ("tcp_nopush", any),
];

/// The folders that paths in the files may lead to.
pub(in super::super) struct Roots {
    /// Everything hangs below this; empty on a real machine.
    base: String,
    /// The folder below which sites have theirs.
    web: String,
}

impl Roots {
    /// The folders of an installation at `root`.
    pub(in super::super) fn at(root: &Path) -> Self {
        let base = root.display().to_string().trim_end_matches('/').to_owned();
        Self { web: format!("{base}/srv/www"), base }
    }

    fn path(&self, rel: &str) -> String {
        format!("{}/{rel}", self.base)
    }
}

/// Checks every directive of a change.
pub(in super::super) fn check(roots: &Roots, change: &NginxChange) -> Result<()> {
    let place = match &change.file {
        NginxFile::Main => Place::Main,
        NginxFile::Http => Place::Http,
        NginxFile::Entry | NginxFile::LateEntry => Place::Entry,
        NginxFile::StaticSnippet | NginxFile::ProxySnippet | NginxFile::ProxyOwnSnippet => Place::Server,
        NginxFile::Site(_) => Place::Sites,
    };
    change.content.iter().flatten().try_for_each(|directive| check_one(roots, place, directive)).map_err(|refused| {
        Error::new(Kind::Forbidden, "nginx_directive_refused")
            .with("directive", refused)
            .with("file", change.file.rel())
    })
}

/// Error: the words of the directive that is refused.
fn check_one(roots: &Roots, place: Place, directive: &Directive) -> std::result::Result<(), String> {
    if directive.is_comment() {
        return Ok(());
    }
    let name = directive.name.as_str();
    let args: Vec<&str> = directive.args.iter().map(String::as_str).collect();
    let inner = opens(place, name);
    if inner.is_some() != directive.block.is_some() || !allowed(roots, place, name, &args) {
        return Err([&[name], args.as_slice()].concat().join(" "));
    }
    let inside = inner.unwrap_or(place);
    directive.block.iter().flatten().try_for_each(|d| check_one(roots, inside, d))
}

/// What the block of `name` is, where it has one.
fn opens(place: Place, name: &str) -> Option<Place> {
    match (place, name) {
        (Place::Main, "events") => Some(Place::Events),
        (Place::Main, "http") => Some(Place::Http),
        (Place::Http, "map") => Some(Place::Entries),
        (Place::Http | Place::Sites, "server") => Some(Place::Server),
        (Place::Server | Place::Location, "location") => Some(Place::Location),
        _ => None,
    }
}

fn allowed(roots: &Roots, place: Place, name: &str, args: &[&str]) -> bool {
    let tables: &[&[(&str, Check)]] = match place {
        Place::Main => &[MAIN],
        Place::Events => &[EVENTS],
        Place::Http => &[HTTP, TLS, COMMON],
        Place::Entry => &[ENTRY],
        Place::Sites => &[SITES],
        Place::Server => &[SERVER, TLS, COMMON],
        Place::Location => &[LOCATION, COMMON],
        // Everything is a key here, but for the one word that reads a file.
        Place::Entries => return name != "include" && args.len() <= 1,
    };
    tables.iter().flat_map(|table| table.iter()).any(|(known, check)| *known == name && check(roots, args))
}

fn any(_: &Roots, _: &[&str]) -> bool {
    true
}

fn none(_: &Roots, args: &[&str]) -> bool {
    args.is_empty()
}

/// Whether `path` is below `folder` as it is written: no way up, no variable.
fn below(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1) && plain(path)
}

fn plain(path: &str) -> bool {
    !path.contains('$') && no_way_up(path)
}

fn no_way_up(path: &str) -> bool {
    path.split('/').all(|part| part != "..")
}

/// Names of files below the document root. nginx does not clear `..` out of them.
fn in_root(_: &Roots, args: &[&str]) -> bool {
    args.iter().all(|arg| no_way_up(arg))
}

/// A path, never a syslog server or memory.
fn error_log(roots: &Roots, args: &[&str]) -> bool {
    matches!(args, [path, ..] if args.len() <= 2 && below(&roots.path("var/log/nginx"), path))
}

fn access_log(roots: &Roots, args: &[&str]) -> bool {
    match args {
        ["off"] => true,
        [path, "manara", more @ ..] => {
            below(&roots.path("var/log/nginx"), path)
                && more.iter().all(|arg| arg.starts_with("buffer=") || arg.starts_with("flush="))
        }
        _ => false,
    }
}

fn temporary(roots: &Roots, args: &[&str]) -> bool {
    matches!(args, [path] if below(&roots.path("var/lib/nginx"), path))
}

/// Only the development profile runs its workers as root, and it does so below a folder of its own.
fn user(roots: &Roots, args: &[&str]) -> bool {
    match args {
        ["www-data"] => true,
        ["root"] => !roots.base.is_empty(),
        _ => false,
    }
}

/// A file of the panel's key folder; `data:`, `engine:` and other places are none.
fn key(_: &Roots, args: &[&str]) -> bool {
    matches!(args, [path] if below("manara/tls", path))
}

/// Our own snippets and the generation.
fn snippet(_: &Roots, args: &[&str]) -> bool {
    matches!(args, [path] if *path == "manara/generation.conf"
        || (below("manara/snippets", path) && path.ends_with(".conf") && !path.contains(['*', '?', '['])))
}

/// A port or an address with one. nginx would make a socket file anywhere.
fn listen(_: &Roots, args: &[&str]) -> bool {
    let [address, more @ ..] = args else { return false };
    let port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    let known = |arg: &&str| matches!(*arg, "ssl" | "http2" | "default_server" | "reuseport" | "ipv6only=on");
    (port(address) || address.parse::<std::net::SocketAddr>().is_ok_and(|a| a.port() > 0)) && more.iter().all(known)
}

/// Who the site is, and where its requests go.
fn set(_: &Roots, args: &[&str]) -> bool {
    match args {
        ["$site", name] => matches!(*name, "control" | "none") || SiteId::parse(name).is_ok(),
        ["$backend", upstream] => leads_out(upstream),
        _ => false,
    }
}

fn proxy_pass(_: &Roots, args: &[&str]) -> bool {
    matches!(args, [to] if *to == "$backend" || leads_out(to))
}

/// An upstream by address: no Unix socket of another service, no metadata service, not nginx's own control address.
fn leads_out(upstream: &str) -> bool {
    Upstream::parse(upstream).is_ok_and(|upstream| upstream.address() != CONTROL)
}

#[cfg(test)]
mod tests;
