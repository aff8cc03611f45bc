//! Hostile directives, each in the place where nginx would take it.

use super::*;
use crate::nginx_syntax::{block, comment, dir, parse};

fn site() -> NginxFile {
    NginxFile::Site(SiteId::parse("s0123456789").unwrap())
}

fn verdict(root: &str, file: &NginxFile, content: Vec<Directive>) -> Result<()> {
    check(&Roots::at(Path::new(root)), &NginxChange { file: file.clone(), content: Some(content) })
}

/// Reads `text` and expects that it is refused because of its part `blamed`.
fn refused(file: &NginxFile, text: &str, blamed: &str) {
    let error = verdict("/", file, parse(text.as_bytes()).unwrap()).expect_err(text);
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "nginx_directive_refused"));
    assert_eq!(error.param("directive"), Some(blamed), "{text}");
    assert_eq!(error.param("file"), Some(file.rel().as_str()));
}

fn accepted(root: &str, file: &NginxFile, text: &str) {
    verdict(root, file, parse(text.as_bytes()).unwrap()).unwrap_or_else(|e| panic!("{text}: {e}"));
}

#[test]
fn the_main_file_loads_nothing_and_writes_nowhere_else() {
    for bad in [
        "load_module modules/ngx_http_perl_module.so",
        "load_module /tmp/x.so",
        "error_log /etc/cron.d/x",
        "error_log /var/log/nginx/../../../etc/cron.d/x warn",
        "error_log /var/log/nginx-other/x",
        "error_log syslog:server=192.0.2.1",
        "error_log /var/log/nginx/error.log warn extra",
        "pid /etc/cron.d/x",
        "user root",
        "user www-data root",
        "user nobody",
        "include /etc/passwd",
        "include manara/http.conf",
        "env LD_PRELOAD=/tmp/x.so",
        "lock_file /etc/x",
        "working_directory /etc",
        "ssl_engine x",
        "perl_modules /tmp",
        "daemon off",
    ] {
        refused(&NginxFile::Main, &format!("{bad};"), bad);
    }
    for (bad, blamed) in [
        ("stream { server { listen 25; } }", "stream"),
        ("mail { }", "mail"),
        ("events { debug_connection 192.0.2.1; }", "debug_connection 192.0.2.1"),
        ("http { include /etc/passwd; }", "include /etc/passwd"),
        ("http { include manara/sites/../../../etc/*.conf; }", "include manara/sites/../../../etc/*.conf"),
        ("http { perl_require x.pm; }", "perl_require x.pm"),
        ("http extra { }", "http extra"),
        ("events;", "events"),
        ("pid /run/nginx.pid { root /etc; }", "pid /run/nginx.pid"),
    ] {
        refused(&NginxFile::Main, bad, blamed);
    }
    accepted(
        "/",
        &NginxFile::Main,
        "# ours\nuser www-data; pid /run/nginx.pid; error_log /var/log/nginx/error.log warn; events { worker_connections 9; } http { include manara/http.conf; include manara/sites/*.conf; }",
    );
    accepted("/tmp/x", &NginxFile::Main, "user root; pid /tmp/x/run/nginx.pid; error_log /tmp/x/var/log/nginx/e.log;");
}

#[test]
fn the_shared_file_runs_no_code_and_logs_in_one_place() {
    for bad in [
        "access_log /etc/cron.d/x manara",
        "access_log /var/log/nginx/../../../etc/cron.d/x manara",
        "access_log /var/log/nginx/$host.log manara",
        "access_log /var/log/nginx/x.log",
        "access_log /var/log/nginx/x.log other",
        "access_log /var/log/nginx/x.log manara if=$x",
        "access_log syslog:server=192.0.2.1 manara",
        "log_format manara escape=none $http_user_agent",
        "log_format manara $http_user_agent",
        "log_format other escape=json x",
        "include /etc/passwd",
        "include manara/tls/fallback.key",
        "proxy_temp_path /etc/cron.d",
        "client_body_temp_path /var/lib/nginx/../../../etc",
        "ssl_session_ticket_key /etc/shadow",
        "ssl_certificate_key manara/tls/../../../shadow",
        "ssl_certificate data:$x",
        "ssl_password_file /etc/shadow",
        "proxy_cache_path /etc/x",
        "proxy_store /etc/x",
        "lua_package_path /tmp/?.lua",
        "init_by_lua x",
        "perl_set $x f",
        "js_import /tmp/x.js",
        "root /etc",
        "auth_basic_user_file /etc/shadow",
        "ssi on",
        "dav_methods PUT",
        "resolver 192.0.2.1",
        "proxy_pass http://127.0.0.1:3000",
    ] {
        refused(&NginxFile::Http, &format!("{bad};"), bad);
    }
    for (bad, blamed) in [
        ("map $host $manara_x { include /etc/passwd; }", "include /etc/passwd"),
        ("map $host $backend { default http://unix:/run/x; }", "map $host $backend"),
        ("types { include /etc/passwd; }", "types"),
        ("server { listen unix:/etc/cron.d/x; }", "listen unix:/etc/cron.d/x"),
        ("server { location / { alias /etc/; } }", "alias /etc/"),
        ("server { location / { perl X::handler; } }", "perl X::handler"),
        ("server { location / { fastcgi_pass unix:/run/php.sock; } }", "fastcgi_pass unix:/run/php.sock"),
        ("init_by_lua_block { x }", "init_by_lua_block  x "),
    ] {
        refused(&NginxFile::Http, bad, blamed);
    }
    accepted("/", &NginxFile::Http, "map $host $manara_x { default a; ~^b 7d; \"\" \"\"; } gzip on;");
}

#[test]
fn a_site_is_a_server_that_writes_no_files_and_runs_no_code() {
    let server = |bad: &str| (format!("server {{ {bad}; }}"), format!("server {{ location / {{ {bad}; }} }}"));
    for bad in [
        "access_log /etc/cron.d/x",
        "error_log /var/log/nginx/error.log",
        "load_module /tmp/x.so",
        "perl x",
        "include /etc/shadow",
        "include manara/snippets/../../passwd",
        "include manara/snippets/*.conf",
        "include manara/sites/s0123456789.conf",
        "root /etc",
        "root /tmp/srv/www/x",
        "root /srv/www-other",
        "root /srv/www/../../etc",
        "root /srv/www/$host",
        "root /srv/www/",
        "alias /etc/",
        "client_body_temp_path /var/lib/nginx/x",
        "try_files /../../../etc/passwd =404",
        "index ../../../etc/passwd",
        "proxy_ssl_certificate_key /etc/shadow",
    ] {
        let (in_server, in_location) = server(bad);
        refused(&site(), &in_server, bad);
        refused(&site(), &in_location, bad);
    }
    for bad in [
        "set $backend http://unix:/run/manara/api.sock",
        "set $backend http://169.254.169.254",
        "set $backend http://127.86.65.78:80",
        "set $backend $arg_x",
        "set $document_root /etc",
        "set $site ../../x",
        "listen unix:/etc/cron.d/x",
        "listen 0",
        "listen 80 so_keepalive=on",
        "ssl_certificate /etc/ssl/private/other.pem",
    ] {
        refused(&site(), &server(bad).0, bad);
    }
    for bad in ["proxy_pass http://unix:/run/x", "proxy_pass http://$host", "proxy_pass http://127.86.65.78/"] {
        refused(&site(), &server(bad).1, bad);
    }
    for (bad, blamed) in [
        ("server { if ($a) { return 200 x; } }", "if ($a)"),
        ("location / { root /srv/www/a; }", "location /"),
        ("add_header A b;", "add_header A b"),
        ("server { server { } }", "server"),
        ("server a;", "server a"),
    ] {
        refused(&site(), bad, blamed);
    }
    accepted(
        "/",
        &site(),
        "server { listen 80; listen [::]:443 ssl http2; server_name a.test; set $site s0123456789; set $backend https://10.0.0.1:8443; root /srv/www/a.test/public; include manara/snippets/static.conf; location ~ /\\.(?!well-known/) { return 404; } location /x { proxy_pass $backend; } }",
    );
}

#[test]
fn a_comment_is_a_comment_and_snippets_are_held_to_the_same() {
    assert!(verdict("/", &site(), vec![comment("load_module x")]).is_ok());
    // Looks like a comment, and is a directive with a block.
    assert!(verdict("/", &site(), vec![block("# x", &[], vec![dir("root", &["/etc"])])]).is_err());
    for file in [NginxFile::StaticSnippet, NginxFile::ProxySnippet] {
        refused(&file, "location / { root /etc; }", "root /etc");
        refused(&file, "load_module x;", "load_module x");
        accepted("/", &file, "location / { try_files $uri $uri/ =404; }");
    }
}
