//! How long it takes to render the nginx file of every site, in one thread: half of them static, half proxies.
//! Prints one line of JSON; `sites.py` sets it beside a peer.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints what its clock says")]

use manara::base::layout::Layout;
use manara::base::names::{Name, SiteId, Upstream};
use manara::platform::nginx::{Capabilities, NginxChange, NginxFile};
use manara::services::nginx::{Serves, SiteSpec, site_file};
use std::time::{Duration, Instant};

const RUNS: usize = 5;

fn spec(i: usize) -> SiteSpec {
    let domain = format!("site{i:05}.example.test");
    let serves = match i % 2 {
        0 => Serves::Files { folder: domain.clone() },
        _ => Serves::Proxy {
            upstream: Upstream::parse(&format!("http://127.0.0.1:{}", 3000 + i)).expect("an upstream"),
            websocket: true,
            timeout_s: 60,
            headers: vec![],
        },
    };
    let names = vec![domain.clone(), format!("www.{domain}")];
    SiteSpec { id: SiteId::parse(&format!("s{i:010}")).expect("an id"), names, max_body_mb: None, serves }
}

fn main() {
    let sites = std::env::var("BENCH_SITES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let specs: Vec<_> = (0..sites).map(spec).collect();
    let layout = Layout { root: "/".into(), http_port: 80, https_port: 443, ipv6: true, user: Some("www-data") };
    let modules = ["http_ssl_module", "http_v2_module"].map(String::from);
    let can = Capabilities::of("1.22.1", &modules);
    let mut times = Vec::new();
    let mut example = String::new();
    for _ in 0..RUNS {
        let began = Instant::now();
        for site in &specs {
            let content = Some(site_file(&layout, can, site).expect("a tree"));
            let change = NginxChange { file: NginxFile::Site(site.id.clone()), content };
            example = change.text().expect("printable").expect("a text");
        }
        times.push(began.elapsed());
    }
    times.sort();
    let median: Duration = times[RUNS / 2];
    println!("{}", serde_json::json!({ "sites": sites, "seconds": median.as_secs_f64(), "example": example }));
}
