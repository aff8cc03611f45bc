use super::*;
use crate::base::locale::{self, Lang};
use crate::config::key_file::{FileFacts, RunsAs};
use std::path::{Path, PathBuf};

mod sources;
mod table;

fn input(root: &str, file: &str, env: &[(&str, &str)], flags: &[(&str, &str, &str)]) -> LoadInput {
    let text = |t: &str| t.to_owned();
    LoadInput {
        root: root.into(),
        env: env.iter().map(|(n, v)| (text(n), text(v))).collect(),
        file: (!file.is_empty()).then(|| FileText { path: "/etc/manara/manara.toml".into(), text: text(file) }),
        overrides: flags.iter().map(|(k, v, f)| Override { key: text(k), value: text(v), flag: text(f) }).collect(),
    }
}

fn problems(input: LoadInput) -> Vec<String> {
    match load(input) {
        Ok(_) => vec![],
        Err(e) => e.0.iter().map(|p| p.text(Lang::En)).collect(),
    }
}

fn codes(input: LoadInput) -> Vec<String> {
    match load(input) {
        Ok(_) => vec![],
        Err(e) => e.0.iter().map(|p| format!("{}:{}", p.key, p.code)).collect(),
    }
}

#[test]
fn paths_hang_below_the_root_prefix_once() {
    let config = load(LoadInput::at("/srv/try")).unwrap().config;
    assert_eq!(config.profile, Profile::Development);
    assert_eq!(config.data_dir, Path::new("/srv/try/var/lib/manara"));
    assert_eq!(config.database, Database::Sqlite(PathBuf::from("/srv/try/var/lib/manara/manara.db")));
    assert_eq!(config.path("/etc/nginx/manara"), Path::new("/srv/try/etc/nginx/manara"));
    assert_eq!(config.path("/srv/try/etc"), Path::new("/srv/try/etc"));
    assert_eq!(file_path(Path::new("/")), Path::new("/etc/manara/manara.toml"));
    let moved = load(input("/srv/try", "data_dir = \"/srv/try/state\"", &[], &[])).unwrap().config;
    assert_eq!(moved.database, Database::Sqlite(PathBuf::from("/srv/try/state/manara.db")));
}

#[test]
fn the_profile_follows_the_root_unless_somebody_says_it() {
    let profile = |i| load(i).unwrap().config.profile;
    assert_eq!(profile(LoadInput::at("/")), Profile::Production);
    assert_eq!(profile(input("/x", "profile = \"production\"", &[], &[])), Profile::Production);
    assert_eq!(profile(input("/", "", &[("MANARA_PROFILE", "development")], &[])), Profile::Development);
    let config = load(LoadInput::at("/")).unwrap().config;
    assert_eq!((config.nginx_http_port, config.nginx_https_port, config.log_format), (80, 443, LogFormat::Json));
}

#[test]
fn the_panel_joins_store_and_overrides() {
    let stored = [("panel.listen", "10.0.0.1:9443"), ("panel.trusted_proxies", "10.1.0.0/16, ::1")];
    let stored = stored.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let loaded = load(LoadInput::at("/")).unwrap();
    let (panel, settings) = Panel::resolve(&loaded, &stored).unwrap();
    assert_eq!(panel.listen.to_string(), "10.0.0.1:9443");
    assert!(panel.tls && panel.trusted_proxies[0].contains("10.1.2.3".parse().unwrap()));
    assert_eq!(settings.iter().find(|s| s.opt.key == "panel.listen").unwrap().origin, Origin::Store);

    let once = load(input("/", "", &[], &[("panel.listen", "127.0.0.1:9080", "--listen")])).unwrap();
    let (panel, settings) = Panel::resolve(&once, &stored).unwrap();
    assert_eq!(panel.listen.to_string(), "127.0.0.1:9080");
    let shown = Report::new(&once, &settings);
    let listen = shown.options.iter().find(|o| o.key == "panel.listen").unwrap();
    assert_eq!(listen.source, Origin::Flag { name: "--listen".into() });

    let bad = [("panel.listen".to_owned(), "nowhere".to_owned()), ("gone".to_owned(), "1".to_owned())].into();
    assert_eq!(Panel::resolve(&loaded, &bad).unwrap_err().0.len(), 2);
}

#[test]
fn the_key_must_be_long_and_private() {
    let production = load(LoadInput::at("/")).unwrap();
    let me = RunsAs { uid: 990, gid: 991 };
    let good = FileFacts { bytes: 32, mode: 0o100_640, uid: 0, gid: 991 };
    let found = |loaded: &Loaded, facts| -> Vec<String> {
        key_file::check(loaded, facts, me).into_iter().map(|p| p.code.into_owned()).collect()
    };
    assert_eq!(found(&production, Some(good)), [""; 0]);
    assert_eq!(found(&production, None), ["option.key_missing"]);
    assert_eq!(found(&load(LoadInput::at("/x")).unwrap(), None), [""; 0]);
    assert_eq!(found(&production, Some(FileFacts { bytes: 31, ..good })), ["option.key_short"]);
    for exposed in [0o644, 0o660, 0o641, 0o602] {
        assert_eq!(
            found(&production, Some(FileFacts { mode: exposed, ..good })),
            ["option.key_exposed"],
            "{exposed:o}"
        );
    }
    assert_eq!(found(&production, Some(FileFacts { gid: 100, ..good })), ["option.key_exposed"]);
    assert_eq!(found(&production, Some(FileFacts { uid: 1000, ..good })), ["option.key_owner"]);
    assert_eq!(found(&production, Some(FileFacts { uid: 990, mode: 0o400, ..good })), [""; 0]);
}
