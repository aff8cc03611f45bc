//! Which directives may stand in a site's file. A taken-over web process must not be able to make the root master write
//! a log into `/etc/cron.d` or load a module; so the side that writes the file checks, whatever the renderer did.

use super::{NginxChange, NginxFile};
use crate::base::{Error, Kind, Result};
use crate::nginx_syntax::Directive;

/// Directives of a site's file. None of them names a file that nginx would write, a module, or code; `root` and
/// `include` are checked further.
const SITE: &[&str] = &[
    "add_header",
    "client_max_body_size",
    "disable_symlinks",
    "expires",
    "http2",
    "include",
    "index",
    "listen",
    "location",
    "proxy_connect_timeout",
    "proxy_http_version",
    "proxy_pass",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_set_header",
    "return",
    "root",
    "server",
    "server_name",
    "set",
    "try_files",
];

/// Checks the directives of a change; `web` is the folder below which sites have theirs. The base files are rendered from
/// constants of this program and are not limited.
pub(in super::super) fn check(web: &str, change: &NginxChange) -> Result<()> {
    match (&change.file, &change.content) {
        (NginxFile::Site(_), Some(directives)) => directives.iter().try_for_each(|d| check_site(web, d)),
        _ => Ok(()),
    }
}

fn check_site(web: &str, directive: &Directive) -> Result<()> {
    if directive.is_comment() {
        return Ok(());
    }
    let first = directive.args.first().map_or("", String::as_str);
    let fine = SITE.contains(&directive.name.as_str())
        && match directive.name.as_str() {
            // Only our own snippets; a root is a site's folder and never the way out of it.
            "include" => first.starts_with("manara/snippets/") && !first.contains("..") && !first.contains('*'),
            "root" => below(web, first) && !first.contains("..") && !first.contains('$'),
            _ => true,
        };
    if !fine {
        return Err(Error::new(Kind::Forbidden, "nginx_directive_refused").with("directive", &directive.name));
    }
    directive.block.iter().flatten().try_for_each(|d| check_site(web, d))
}

fn below(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::names::Name;
    use crate::nginx_syntax::{block, dir};

    #[test]
    fn a_site_cannot_write_files_or_load_code() {
        let site = NginxFile::Site(crate::base::names::SiteId::parse("s0123456789").unwrap());
        let in_server = |d: Directive| {
            let content = Some(vec![block("server", &[], vec![d])]);
            check("/srv/www", &NginxChange { file: site.clone(), content })
        };
        for bad in [
            dir("access_log", &["/etc/cron.d/x"]),
            dir("error_log", &["/etc/cron.d/x"]),
            dir("load_module", &["/tmp/x.so"]),
            dir("perl", &["x"]),
            dir("include", &["/etc/shadow"]),
            dir("include", &["manara/snippets/../../passwd"]),
            dir("root", &["/etc"]),
            dir("root", &["/tmp/srv/www/x"]),
            dir("root", &["/srv/www-other"]),
            dir("root", &["/srv/www/../../etc"]),
            dir("alias", &["/etc/"]),
            dir("client_body_temp_path", &["/etc/x"]),
        ] {
            assert!(in_server(bad.clone()).is_err(), "{} was allowed", bad.name);
        }
        assert!(in_server(dir("root", &["/srv/www/a.test/public"])).is_ok());
        assert!(in_server(block("location", &["/"], vec![dir("access_log", &["/x"])])).is_err());
    }
}
