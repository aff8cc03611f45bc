//! What must hold for every row of the table.

use super::*;
use crate::config::load::default_value;
use crate::config::options::{ALL, Home};
use crate::config::reference;

#[test]
fn every_option_is_documented_and_has_valid_defaults() {
    for opt in ALL {
        for profile in [Profile::Development, Profile::Production] {
            let value = default_value(opt, profile, "/var/lib/manara");
            assert_eq!(opt.kind.accept(value.clone()), Ok(value), "{} in {profile:?}", opt.key);
        }
        for lang in Lang::ALL {
            let doc = locale::find::<&str>(lang, &opt.doc_key(), &[]);
            assert!(doc.is_some_and(|d| d.len() > 20), "{} has no text in {}", opt.key, lang.tag());
        }
        assert!(opt.env_name().bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit()));
    }
}

#[test]
fn keys_and_variables_are_unique() {
    let mut keys: Vec<_> = ALL.iter().map(|o| o.key).collect();
    let mut names: Vec<_> = ALL.iter().map(options::Opt::env_name).collect();
    keys.sort_unstable();
    keys.dedup();
    names.sort();
    names.dedup();
    assert_eq!((keys.len(), names.len()), (ALL.len(), ALL.len()));
}

#[test]
fn every_option_is_read_from_its_variable() {
    for opt in ALL {
        let text = opt.production.replace("{data_dir}", "/d");
        let env = [(opt.env_name(), text)];
        let env: Vec<_> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let tls = ("MANARA_PANEL_TLS", "true");
        let env = if opt.key == "panel.listen" { vec![env[0], tls] } else { env };
        let ports = opt.key.starts_with("nginx.");
        let loaded = load(input(if ports { "/" } else { "/x" }, "", &env, &[])).unwrap_or_else(|e| panic!("{e}"));
        let setting = loaded.settings.iter().find(|s| s.opt.key == opt.key).unwrap();
        assert_eq!(setting.origin, Origin::Env { name: opt.env_name() });
    }
}

#[test]
fn every_reason_has_a_text_in_both_languages() {
    let sources = concat!(
        include_str!("../value.rs"),
        include_str!("../sources.rs"),
        include_str!("../load.rs"),
        include_str!("../panel.rs"),
        include_str!("../key_file.rs"),
    );
    let codes: Vec<_> = sources.split('"').filter(|s| s.starts_with("option.") && !s.contains(' ')).collect();
    assert!(codes.len() > 25, "{codes:?}");
    for code in codes {
        for lang in Lang::ALL {
            assert!(locale::find::<&str>(lang, &format!("field_error.{code}"), &[]).is_some(), "{code} {}", lang.tag());
        }
    }
}

#[test]
fn the_committed_reference_is_fresh() {
    for (lang, path) in [(Lang::En, "docs/configuration.md"), (Lang::Ar, "docs/configuration.ar.md")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let fresh = reference::document(lang);
        if std::env::var_os("MANARA_TEST_WRITE").is_some() {
            #[allow(clippy::disallowed_methods, reason = "the test's way to renew a committed file")]
            std::fs::write(&path, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == fresh, "{} is stale: run the tests with MANARA_TEST_WRITE=1", path.display());
    }
}

#[test]
fn the_reference_has_every_option_once() {
    let text = reference::document(Lang::En);
    for opt in ALL {
        assert_eq!(text.matches(&format!("| `{}` |", opt.key)).count(), 1);
    }
    assert!(ALL.iter().any(|o| o.home == Home::Store));
}
