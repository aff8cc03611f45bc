//! What is rendered for each nginx and each ownership: golden files, and a real `nginx -t` beside Debian's own files where
//! the installed nginx understands them.

use crate::support::debian::{SHOP, debian, etc};
use crate::support::rig::Rig;
use manara::base::layout::Layout;
use manara::base::names::{HeaderName, HeaderValue, Name, SiteId, Upstream};
use manara::platform::nginx::{Capabilities, NginxChange, NginxFile, Ownership, Port, Taken};
use manara::services::nginx::{Serves, SiteSpec, base_files, site_file};
use std::path::Path;
use std::process::Command;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/nginx");
const MODULES: [&str; 3] = ["http_ssl_module", "http_v2_module", "http_realip_module"];

/// Nobody else's servers; the default site of Debian; a server without a declared default on both ports.
const ALONE: Taken =
    Taken { http: [Port { used: false, default: false }; 2], https: [Port { used: false, default: false }; 2] };
const DEBIAN: Taken = Taken { http: [Port { used: true, default: true }; 2], ..ALONE };
const FIRST: Taken = Taken {
    http: [Port { used: true, default: false }; 2],
    https: [Port { used: true, default: false }, Port { used: false, default: false }],
};

/// Name, version, modules, ownership, and what others have.
type Set = (&'static str, &'static str, &'static [&'static str], Ownership, Taken);

const SETS: [Set; 8] = [
    ("owned-1.18", "1.18.0", &MODULES, Ownership::Owned, ALONE),
    ("owned-1.22", "1.22.1", &MODULES, Ownership::Owned, ALONE),
    ("owned-1.26", "1.26.3", &MODULES, Ownership::Owned, ALONE),
    ("owned-1.22-plain", "1.22.1", &["http_realip_module"], Ownership::Owned, ALONE),
    ("shared-1.22", "1.22.1", &MODULES, Ownership::Shared, DEBIAN),
    ("shared-1.22-first", "1.22.1", &MODULES, Ownership::Shared, FIRST),
    ("shared-1.22-plain", "1.22.1", &["http_realip_module"], Ownership::Shared, DEBIAN),
    ("shared-1.26", "1.26.3", &MODULES, Ownership::Shared, DEBIAN),
];

fn can(set: &Set) -> Capabilities {
    let modules: Vec<String> = set.2.iter().map(|m| (*m).to_owned()).collect();
    Capabilities { ownership: set.3, taken: set.4, ..Capabilities::of(set.1, &modules) }
}

fn layout(root: &Path, ports: (u16, u16), user: &'static str) -> Layout {
    Layout { root: root.to_owned(), http_port: ports.0, https_port: ports.1, ipv6: true, user: Some(user) }
}

/// Every kind of file.
fn files(layout: &Layout, can: Capabilities) -> Vec<NginxChange> {
    let upstream: Upstream = "http://127.0.0.1:3000".parse().unwrap();
    let header = (HeaderName::parse("X-Team").unwrap(), HeaderValue::parse("a").unwrap());
    let proxy = |headers| Serves::Proxy { upstream: upstream.clone(), websocket: true, timeout_s: 60, headers };
    let kinds = [
        ("s0000000001", "files.test", Serves::Files { folder: "files.test".into() }),
        ("s0000000002", "proxy.test", proxy(vec![])),
        ("s0000000003", "headers.test", proxy(vec![header])),
    ];
    let mut files = base_files(layout, can);
    for (id, name, serves) in kinds {
        let id = SiteId::parse(id).unwrap();
        let spec = SiteSpec { id: id.clone(), names: vec![name.to_owned()], max_body_mb: None, serves };
        let content = Some(site_file(layout, can, &spec).unwrap());
        files.push(NginxChange { file: NginxFile::Site(id), content });
    }
    files
}

#[test]
fn each_set_of_capabilities_renders_what_is_kept() {
    for set in &SETS {
        let rendered = files(&layout(Path::new("/"), (80, 443), "www-data"), can(set));
        let text: String =
            rendered.iter().map(|f| format!("=== {}\n{}", f.file.rel(), f.text().unwrap().unwrap())).collect();
        let path = format!("{GOLDEN}/{}.txt", set.0);
        if std::env::var_os("MANARA_TEST_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{path}: MANARA_TEST_BLESS=1 accepts it");
    }
}

#[test]
fn only_what_is_said_by_a_directive_differs_between_versions() {
    let golden = |name: &str| std::fs::read_to_string(format!("{GOLDEN}/{name}.txt")).unwrap();
    assert_eq!(golden("owned-1.18"), golden("owned-1.22"));
    assert!(
        golden("owned-1.22").contains("443 ssl http2 default_server;") && !golden("owned-1.22").contains("http2 on;")
    );
    assert!(golden("owned-1.26").contains("http2 on;") && !golden("owned-1.26").contains("ssl http2"));
    for plain in ["owned-1.22-plain", "shared-1.22-plain"] {
        assert!(!golden(plain).contains("ssl_") && !golden(plain).contains("443"), "{plain}");
    }
    // A protocol of a port is everybody's: where others listen, it stays as it is.
    assert!(
        !golden("shared-1.22-first").contains(" 443 ssl http2")
            && !golden("shared-1.22-first").contains("listen 443 ssl default_server")
    );
}

#[test]
fn a_real_nginx_takes_each_of_them_beside_debians_own() {
    for set in SETS.iter().filter(|set| set.1 != "1.26.3") {
        let mut rig = Rig::closed(tempfile::tempdir().unwrap());
        debian(&rig, if set.4.first_come() { &SHOP } else { &[] });
        if set.4.first_come() {
            std::fs::remove_file(etc(&rig).join("sites-enabled/default")).unwrap();
        }
        // Makes keys and folders.
        rig.ownership = set.3.name();
        rig.reopen();
        rig.close();
        let layout = layout(rig.root.path(), (rig.http_port, rig.https_port), "root");
        for file in files(&layout, can(set)) {
            std::fs::write(etc(&rig).join(file.file.rel()), file.text().unwrap().unwrap()).unwrap();
        }
        let conf = etc(&rig).join("nginx.conf");
        let test = Command::new("/usr/sbin/nginx").arg("-p").arg(etc(&rig)).args(["-t", "-q", "-c"]).arg(conf).output();
        let test = test.unwrap();
        assert!(test.status.success(), "{}: {}", set.0, String::from_utf8_lossy(&test.stderr));
        let stop = manara::platform::Host::ask(&rig.host(), &manara::platform::HostOp::NginxStop);
        stop.unwrap();
    }
}
