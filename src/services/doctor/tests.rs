use super::*;
use crate::config::key_file::{FileFacts, RunsAs};
use crate::config::{LoadInput, Override, load};
use crate::engine::drift::DriftKind;
use crate::platform::detect::*;
use crate::platform::nginx::Ownership;

const NOW: Time = Time(1_800_000_000_000);

fn healthy() -> Machine {
    let nginx = "nginx version: nginx/1.22.1\nconfigure arguments: --with-http_ssl_module\n";
    Machine {
        distribution: Some(Distribution {
            id: "debian".into(),
            version: Some("12".into()),
            name: "Debian GNU/Linux 12".into(),
            like: vec![],
        }),
        architecture: "x86_64".into(),
        kernel: "6.1.0-28-amd64".into(),
        kernel_version: Some(Version::new(6, 1, 0)),
        init: Init::Systemd { version: Some(252) },
        container: None,
        hypervisor: None,
        wsl: None,
        board: None,
        cpus: 2,
        memory: Memory { total_bytes: 2 << 30, available_bytes: 1 << 30 },
        cgroup: None,
        disk: Some(Disk { total_bytes: 40 << 30, available_bytes: 20 << 30 }),
        seccomp: true,
        openat2: true,
        nginx: NginxBuild::parse("/usr/sbin/nginx", nginx),
        components: vec![],
    }
}

fn calm() -> Sight {
    Sight {
        me: RunsAs { uid: 990, gid: 991 },
        data_dir: Some(FileFacts { bytes: 4096, mode: 0o700, uid: 990, gid: 991 }),
        key_file: Some(FileFacts { bytes: 32, mode: 0o640, uid: 0, gid: 991 }),
        listeners: vec![Listener { port: 80, process: Some("nginx".into()) }],
        foreign_vhosts: vec![],
        nginx_ownership: Some(Ownership::Owned),
        nginx_adopted: false,
        clock_synchronised: Some(true),
    }
}

fn found(root: &str, machine: &Machine, sight: &Sight) -> Vec<Finding> {
    let loaded = load(LoadInput::at(root)).unwrap();
    findings(
        machine,
        &Facts { loaded: &loaded, sight, policy: &Ok(Policy::default()), certificate: None, drift: &[], now: NOW },
    )
}

#[test]
fn a_healthy_server_has_nothing_to_complain_about() {
    let found = found("/", &healthy(), &calm());
    assert!(found.iter().all(|f| f.severity == Severity::Ok), "{found:?}");
    assert_eq!(exit_code(&found), 0);
}

type Change = (&'static str, Severity, fn(&mut Machine, &mut Sight));

const CASES: &[Change] = &[
    ("nginx_missing", Severity::Broken, |m, _| m.nginx = None),
    ("nginx_old", Severity::Broken, |m, _| m.nginx.as_mut().unwrap().version = Version::new(1, 17, 9)),
    ("nginx_no_tls", Severity::Broken, |m, _| m.nginx.as_mut().unwrap().modules.clear()),
    ("nginx_stopped", Severity::Broken, |_, s| s.listeners.clear()),
    ("distribution_untested", Severity::Note, |m, _| m.distribution.as_mut().unwrap().version = Some("11".into())),
    ("distribution_untested", Severity::Note, |m, _| m.distribution = None),
    ("kernel_old", Severity::Warning, |m, _| m.kernel_version = Some(Version::new(5, 9, 99))),
    ("systemd_old", Severity::Warning, |m, _| m.init = Init::Systemd { version: Some(246) }),
    ("no_systemd", Severity::Warning, |m, _| m.init = Init::Openrc),
    ("container_without_init", Severity::Note, |m, _| {
        (m.init, m.container) = (Init::None, Some(Container::Docker));
    }),
    ("no_seccomp", Severity::Warning, |m, _| m.seccomp = false),
    ("no_openat2", Severity::Note, |m, _| m.openat2 = false),
    ("memory_low", Severity::Note, |m, _| m.memory.total_bytes = (512 << 20) - 1),
    ("memory_low", Severity::Note, |m, _| {
        m.cgroup = Some(Cgroup { version: 2, memory_bytes_max: Some(128 << 20), cpu_millis_max: None });
    }),
    ("disk_low", Severity::Warning, |m, _| m.disk.as_mut().unwrap().available_bytes = 1000 << 20),
    ("disk_full", Severity::Broken, |m, _| m.disk.as_mut().unwrap().available_bytes = 99 << 20),
    ("wsl_one", Severity::Warning, |m, _| m.wsl = Some(Wsl::One)),
    ("wsl_two", Severity::Note, |m, _| m.wsl = Some(Wsl::Two)),
    ("clock_unsynchronised", Severity::Warning, |_, s| s.clock_synchronised = Some(false)),
    ("data_dir_exposed", Severity::Warning, |_, s| s.data_dir.as_mut().unwrap().mode = 0o755),
    ("key_missing", Severity::Broken, |_, s| s.key_file = None),
    ("key_short", Severity::Broken, |_, s| s.key_file.as_mut().unwrap().bytes = 16),
    ("key_exposed", Severity::Broken, |_, s| s.key_file.as_mut().unwrap().mode = 0o644),
    ("key_owner", Severity::Broken, |_, s| s.key_file.as_mut().unwrap().uid = 1000),
    ("port_taken", Severity::Broken, |_, s| {
        s.listeners.push(Listener { port: 443, process: Some("apache2".into()) });
    }),
    ("port_in_use", Severity::Note, |_, s| s.listeners.push(Listener { port: 443, process: None })),
    ("foreign_unread", Severity::Warning, |_, s| s.foreign_vhosts.push("/etc/nginx/sites-enabled/shop".into())),
    ("foreign_unserved", Severity::Warning, |_, s| {
        s.foreign_vhosts.push("/etc/nginx/sites-enabled/shop".into());
        s.nginx_adopted = true;
    }),
    ("foreign_vhosts", Severity::Note, |_, s| {
        s.foreign_vhosts.push("/etc/nginx/sites-enabled/shop".into());
        s.nginx_ownership = Some(Ownership::Shared);
    }),
];

#[test]
fn each_flaw_is_one_finding_with_complete_texts() {
    for (id, severity, spoil) in CASES {
        let (mut machine, mut sight) = (healthy(), calm());
        spoil(&mut machine, &mut sight);
        let found = found("/", &machine, &sight);
        let flaws: Vec<_> = found.iter().filter(|f| f.severity > Severity::Ok).collect();
        assert_eq!(flaws.len(), 1, "{id}: {flaws:?}");
        assert_eq!((flaws[0].id, flaws[0].severity), (*id, *severity));
        assert_eq!(exit_code(&found), u8::from(*severity == Severity::Broken), "{id}");
        for lang in Lang::ALL {
            let told = flaws[0].tell(lang);
            for text in [Some(told.found), told.why, told.action] {
                let text = text.unwrap_or_else(|| panic!("{id} lacks a text in {}", lang.tag()));
                assert!(text.len() > 10 && !text.contains('{') && text != *id, "{id}: {text}");
            }
        }
    }
}

#[test]
fn what_root_wants_of_nginx_waits_for_a_plan() {
    for (set, in_force, id, operation) in [
        ("owned", Ownership::Shared, "nginx_adopts", "nginx.adopt"),
        ("shared", Ownership::Owned, "nginx_releases", "nginx.release"),
    ] {
        let set = Override { key: "nginx.ownership".into(), value: set.into(), flag: "--test".into() };
        let loaded = load(LoadInput { overrides: vec![set], ..LoadInput::at("/") }).unwrap();
        let mut sight = calm();
        sight.foreign_vhosts.push("/etc/nginx/sites-enabled/shop".into());
        (sight.nginx_ownership, sight.nginx_adopted) = (Some(in_force), true);
        let facts = Facts {
            loaded: &loaded,
            sight: &sight,
            policy: &Ok(Policy::default()),
            certificate: None,
            drift: &[],
            now: NOW,
        };
        let found = findings(&healthy(), &facts);
        assert_eq!((found[0].id, found[0].severity), (id, Severity::Warning));
        let fix = found[0].fix.clone().unwrap();
        assert_eq!((fix.operation.as_str(), fix.planned), (operation, true));
        for lang in Lang::ALL {
            let told = found[0].tell(lang);
            assert!(told.action.unwrap().contains(&format!("manara {} --plan", operation.replace('.', " "))));
            assert!(told.why.is_some() && told.found.contains("nginx.ownership"));
        }
    }
}

#[test]
fn a_release_is_proposed_only_where_something_can_come_back() {
    let mut sight = calm();
    sight.foreign_vhosts.push("/etc/nginx/sites-enabled/shop".into());
    for (set, adopted, id, operation) in [
        ("auto", false, "foreign_unread", None),
        ("auto", true, "foreign_unserved", Some("nginx.release")),
        ("shared", false, "nginx_unreleasable", None),
        ("shared", true, "nginx_releases", Some("nginx.release")),
    ] {
        let set = Override { key: "nginx.ownership".into(), value: set.into(), flag: "--test".into() };
        let loaded = load(LoadInput { overrides: vec![set], ..LoadInput::at("/") }).unwrap();
        sight.nginx_adopted = adopted;
        let facts = Facts {
            loaded: &loaded,
            sight: &sight,
            policy: &Ok(Policy::default()),
            certificate: None,
            drift: &[],
            now: NOW,
        };
        let found = findings(&healthy(), &facts);
        let fix = found[0].fix.as_ref().map(|fix| fix.operation.as_str());
        assert_eq!((found[0].id, fix), (id, operation));
        for lang in Lang::ALL {
            let told = found[0].tell(lang);
            let action = told.action.unwrap();
            assert!(told.why.is_some() && action.contains("nginx release") == operation.is_some(), "{action}");
        }
    }
}

#[test]
fn a_stopped_nginx_is_started_by_an_operation() {
    let mut sight = calm();
    sight.listeners.clear();
    let found = found("/", &healthy(), &sight);
    let fix = found[0].fix.clone().unwrap();
    assert_eq!((found[0].id, fix.operation.as_str(), fix.planned), ("nginx_stopped", "nginx.start", false));
}

#[test]
fn development_asks_for_less() {
    let (mut machine, mut sight) = (healthy(), calm());
    machine.init = Init::None;
    sight.key_file = None;
    sight.data_dir = None;
    sight.clock_synchronised = Some(false);
    sight.foreign_vhosts = vec!["/etc/nginx/sites-enabled/default".into()];
    sight.listeners = vec![Listener { port: 80, process: Some("apache2".into()) }];
    let found = found("/srv/try", &machine, &sight);
    assert!(found.iter().all(|f| f.severity == Severity::Ok), "{found:?}");
}

#[test]
fn the_worst_comes_first_and_the_answer_survives_json() {
    let (mut machine, mut sight) = (healthy(), calm());
    machine.wsl = Some(Wsl::Two);
    machine.nginx = None;
    sight.clock_synchronised = Some(false);
    let loaded = load(LoadInput::at("/")).unwrap();
    let diagnosis = diagnose(
        machine,
        &Facts {
            loaded: &loaded,
            sight: &sight,
            policy: &Ok(Policy::default()),
            certificate: None,
            drift: &[],
            now: NOW,
        },
        Lang::Ar,
    );
    let ids: Vec<_> = diagnosis.findings.iter().map(|f| f.id.as_str()).collect();
    assert_eq!(ids[..3], ["nginx_missing", "clock_unsynchronised", "wsl_two"]);
    assert!(diagnosis.broken);
    let json = serde_json::to_string(&diagnosis).unwrap();
    assert_eq!(serde_json::from_str::<Diagnosis>(&json).unwrap(), diagnosis);
}

#[test]
fn a_policy_that_cannot_be_used_is_found_with_its_problems() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join(crate::platform::policy::FILE);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "packages = [\"-x\"]\nshell = true\n").unwrap();
    let (loaded, policy) = (load(LoadInput::at(root.path())).unwrap(), Policy::load(root.path()));
    let found = findings(
        &healthy(),
        &Facts { loaded: &loaded, sight: &calm(), policy: &policy, certificate: None, drift: &[], now: NOW },
    );
    assert_eq!((found[0].id, found[0].severity), ("policy_unusable", Severity::Broken));
    let text = found[0].tell(Lang::Ar).found;
    assert!(text.contains("packages[0]") && text.contains("shell"), "{text}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_found_before_the_panel_needs_it() {
    let root = tempfile::tempdir().unwrap();
    let loaded = load(LoadInput::at(root.path())).unwrap();
    let folder = loaded.config.panel_tls_folder();
    let about = || {
        let found = examine(&loaded, false, &[], Lang::En).findings;
        found.into_iter().find(|finding| finding.id == "certificate_unusable")
    };
    assert_eq!(about(), None, "none was made yet");
    crate::platform::panel_tls::ensure(&folder, &[]).unwrap();
    assert_eq!(about(), None);
    std::fs::write(folder.join("tls/panel.pem"), "no certificate").unwrap();
    let told = about().unwrap();
    assert_eq!(told.severity, Severity::Broken);
    assert!(told.found.contains("no certificate") && told.why.is_some() && told.action.is_some(), "{told:?}");
}

#[test]
fn a_certificate_that_ends_is_found_before_it_does() {
    let loaded = load(LoadInput::at("/")).unwrap();
    let files = panel_tls::make(&[]).unwrap();
    let end = panel_tls::facts(&files.certificate).unwrap().not_after;
    let about = |now: Time| {
        let (sight, policy) = (calm(), Ok(Policy::default()));
        let facts =
            Facts { loaded: &loaded, sight: &sight, policy: &policy, certificate: Some(&files), drift: &[], now };
        let found = findings(&healthy(), &facts);
        found.into_iter().find(|finding| finding.id.starts_with("certificate_")).map(|f| (f.id, f.severity, f.params))
    };
    assert_eq!(about(end.plus_s(-15 * 24 * 3600)), None);
    for (days, id, severity) in [
        (-13, "certificate_expires", Severity::Warning),
        (0, "certificate_expired", Severity::Broken),
        (1, "certificate_expired", Severity::Broken),
    ] {
        let (found, how_bad, params) = about(end.plus_s(days * 24 * 3600)).unwrap();
        assert_eq!((found, how_bad), (id, severity));
        for lang in Lang::ALL {
            for part in ["found", "why", "action"] {
                let text = locale::find(lang, &format!("doctor.{id}.{part}"), &params).unwrap();
                assert!(text.len() > 10 && !text.contains('{'), "{text}");
            }
        }
    }
}

#[test]
fn edited_files_are_told_apart_by_what_can_be_done() {
    let drift = |file: &str, site: Option<&str>, kind| Drift {
        file: file.into(),
        site: site.map(Into::into),
        kind,
        diff: String::new(),
    };
    let mut all = vec![
        drift("manara/http.conf", None, DriftKind::Deleted),
        drift("manara/sites/mine.conf", None, DriftKind::Added),
    ];
    all.extend((0..12).map(|n| drift(&format!("manara/sites/s{n:02}.conf"), Some("s"), DriftKind::Content)));
    let loaded = load(LoadInput::at("/")).unwrap();
    let (sight, policy) = (calm(), Ok(Policy::default()));
    let facts = Facts { loaded: &loaded, sight: &sight, policy: &policy, certificate: None, drift: &all, now: NOW };
    let mut found = findings(&healthy(), &facts);
    found.retain(|finding| finding.severity > Severity::Ok);
    let told: Vec<_> =
        found.iter().map(|f| (f.id, f.severity, f.fix.as_ref().map(|fix| fix.operation.as_str()))).collect();
    assert_eq!(
        told,
        [
            ("drift_common", Severity::Warning, Some("nginx.reapply")),
            ("drift_sites", Severity::Warning, None),
            ("drift_added", Severity::Warning, None),
        ]
    );
    for lang in Lang::ALL {
        let words: Vec<_> = found.iter().map(|finding| finding.tell(lang)).collect();
        assert!(words.iter().all(|told| told.why.is_some() && told.action.is_some() && !told.found.contains('{')));
        assert!(words[0].found.contains("manara/http.conf"));
        assert!(words[1].found.contains("12") && words[1].found.contains("s09.conf, …"), "{}", words[1].found);
        assert!(words[2].found.contains("mine.conf"));
    }
}
