//! File, environment and flags: who wins, and what is reported.

use super::*;
use crate::config::value::Value;

#[test]
fn all_problems_of_a_bad_file_are_listed_with_line_value_and_advice() {
    let file = "\
profile = \"prodution\"
debug = \"yes\"
databse_url = \"postgres://panel:hunter2@db/manara\"
colour = 1
[nginx]
htp_port = 80
http_port = 70000
https_port = 8443.5
[log]
level = \"loud\"
[panel]
listen = \"0.0.0.0:9080\"
";
    let place = "/etc/manara/manara.toml";
    assert_eq!(
        problems(input("/", file, &[], &[])),
        [
            format!(
                "{place}:1: “profile” is “prodution”, but must be one of: development, production. Did you mean “production”?"
            ),
            format!("{place}:2: “debug” is “yes”, but must be true or false."),
            format!("{place}:3: There is no option “databse_url”. Did you mean “database_url”?"),
            format!(
                "{place}:4: There is no option “colour”. Remove the line or look the name up in the configuration reference."
            ),
            format!("{place}:6: There is no option “nginx.htp_port”. Did you mean “nginx.http_port”?"),
            format!("{place}:7: “nginx.http_port” is 70000, but must be from 1 to 65535."),
            format!("{place}:8: “nginx.https_port” is “float”, but must be a whole number."),
            format!("{place}:10: “log.level” is “loud”, but must be one of: error, warn, info, debug, trace."),
            format!(
                "{place}:12: “panel.listen” does not belong in the file: the panel keeps it in its database. Remove the line and change it in the panel's settings."
            ),
        ]
    );
}

#[test]
fn a_broken_line_does_not_hide_the_other_problems() {
    let found = problems(input(
        "/",
        "database_url = postgres://u:hunter2@h\n[nginx]\nhttp_port = 0x1F90\nhtps_port = 1\n",
        &[],
        &[],
    ));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!found[0].contains("hunter2"), "{found:?}");
    assert!(found[0].contains(":1: This is not valid TOML"), "{found:?}");
    assert!(found[1].contains(":4: There is no option “nginx.htps_port”"), "{found:?}");
}

#[test]
fn integers_are_read_in_every_notation_of_toml() {
    let config = load(input("/", "[nginx]\nhttp_port = 0x1F_90\nhttps_port = 8_443", &[], &[])).unwrap().config;
    assert_eq!((config.nginx_http_port, config.nginx_https_port), (8080, 8443));
}

#[test]
fn flags_win_over_environment_over_file() {
    let file = "[nginx]\nhttp_port = 1001\nhttps_port = 1002\n[log]\nlevel = \"warn\"";
    let env = [("MANARA_NGINX_HTTP_PORT", "2001"), ("MANARA_LOG_LEVEL", "debug")];
    let loaded = load(input("/", file, &env, &[("log.level", "trace", "--log-level")])).unwrap();
    let config = &loaded.config;
    assert_eq!((config.nginx_http_port, config.nginx_https_port), (2001, 1002));
    assert_eq!(config.log_level, log::LevelFilter::Trace);
    let origins: Vec<_> = ["nginx.https_port", "nginx.http_port", "log.level", "debug"]
        .iter()
        .map(|key| loaded.settings.iter().find(|s| s.opt.key == *key).unwrap().origin.text(Lang::En))
        .collect();
    let expected =
        ["/etc/manara/manara.toml:3", "environment variable MANARA_NGINX_HTTP_PORT", "flag --log-level", "default"];
    assert_eq!(origins, expected);
}

#[test]
fn a_hidden_value_is_still_checked() {
    let found = codes(input("/", "debug = 3", &[("MANARA_DEBUG", "false")], &[]));
    assert_eq!(found, ["debug:option.not_bool"]);
}

#[test]
fn unknown_variables_are_errors_except_the_listed_ones() {
    let env = [
        ("MANARA_TOKEN", "secret"),
        ("MANARA_LANG", "ar"),
        ("MANARA_TEST_PROMISES", "root"),
        ("MANARA_FAULT_AT", "3"),
        ("MANARA_KILL_AT", "3"),
        ("HOME", "/root"),
    ];
    assert_eq!(codes(input("/x", "", &env, &[])), [""; 0]);
    let found = problems(input("/x", "", &[("MANARA_NGNIX_HTTP_PORT", "1"), ("MANARA_Q", "1")], &[]));
    assert!(found[0].contains("Did you mean MANARA_NGINX_HTTP_PORT?"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn unsafe_or_impossible_combinations_are_refused() {
    type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let cases: &[Case] = &[
        ("/", "debug = true", &[], &["debug:option.debug_in_production"]),
        ("/x", "debug = true", &[], &[]),
        ("/", "[nginx]\nhttp_port = 443", &[], &["nginx.http_port:option.ports_equal"]),
        ("/x", "", &[("MANARA_PANEL_LISTEN", "0.0.0.0:9080")], &["panel.listen:option.plain_http_outside"]),
        ("/x", "", &[("MANARA_PANEL_LISTEN", "0.0.0.0:9080"), ("MANARA_PANEL_TLS", "true")], &[]),
        ("/x", "", &[("MANARA_PANEL_LISTEN", "[::1]:0")], &[]),
        ("/", "", &[("MANARA_PANEL_TRUSTED_PROXIES", "0.0.0.0/0")], &["panel.trusted_proxies:option.everyone_trusted"]),
        ("/", "", &[("MANARA_PANEL_ALLOWED_ADDRESSES", "::/0,10.0.0.0/8")], &[]),
        ("/", "", &[("MANARA_PANEL_HOST_NAMES", "panel, مثال.إختبار")], &[]),
        ("/", "", &[("MANARA_PANEL_HOST_NAMES", "a b")], &["panel.host_names:option.not_name"]),
        ("/", "database_url = \"mysql://h/d\"", &[], &["database_url:option.database_not_yet"]),
        ("/", "database_url = \"sqlite://rel.db\"", &[], &["database_url:option.not_sqlite_path"]),
        ("/", "data_dir = \"/var/../etc\"", &[], &["data_dir:option.not_path"]),
        ("/", "data_dir = \"/var/\\u202Eetc\"", &[], &["data_dir:option.not_path"]),
        ("relative", "", &[], &["root:option.not_root"]),
    ];
    for (root, file, env, expected) in cases {
        assert_eq!(codes(input(root, file, env, &[])), *expected, "{root} {file} {env:?}");
    }
    let deep = format!("/{}", "d".repeat(100));
    assert_eq!(
        codes(LoadInput::at(deep)),
        ["api_socket:option.socket_path_too_long", "host_socket:option.socket_path_too_long"]
    );
}

#[test]
fn passwords_never_appear_in_messages_or_reports() {
    let env = [("MANARA_DATABASE_URL", "postgres://panel:hunter2@db/manara")];
    for lang in Lang::ALL {
        let text = load(input("/", "", &env, &[])).unwrap_err().text(lang);
        assert!(text.contains("PostgreSQL") && !text.contains("hunter2"), "{text}");
    }
    let json = serde_json::to_string(&load(input("/", "", &env, &[])).unwrap_err()).unwrap();
    assert!(!json.contains("hunter2"));
    let loaded = load(LoadInput::at("/x")).unwrap();
    let report = Report::new(&loaded, &loaded.settings);
    let url = report.options.iter().find(|o| o.key == "database_url").unwrap();
    assert_eq!(url.value, Value::Text("sqlite:///x/var/lib/manara/manara.db".into()));
    assert_eq!(crate::config::load::mask("postgres://a:b@c"), "postgres://***");
    assert_eq!(crate::config::load::mask("user:hunter2"), "***");
}
