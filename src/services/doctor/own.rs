//! Findings about this installation: its secrets, its ports, its neighbours in nginx.

use super::{Facts, Finding, Severity};
use crate::config::{NginxOwnership, Profile, key_file};
use crate::platform::nginx::Ownership;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = keys(facts);
    found.extend(data_dir(facts));
    found.extend(ports(facts));
    found.extend(certificate(facts));
    if facts.loaded.config.profile == Profile::Production {
        found.extend(clock(facts));
        found.extend(neighbours(facts));
    }
    found
}

/// The key's problems are those that also keep the panel from starting; each is a finding of its own.
fn keys(facts: &Facts<'_>) -> Vec<Finding> {
    let problems = key_file::check(facts.loaded, facts.sight.key_file, facts.sight.me);
    let id = |code: &str| match code {
        "option.key_missing" => "key_missing",
        "option.key_short" => "key_short",
        "option.key_exposed" => "key_exposed",
        _ => "key_owner",
    };
    let finding =
        |p: crate::config::Problem| Finding { params: p.params, ..Finding::new(Severity::Broken, id(&p.code)) };
    problems.into_iter().map(finding).collect()
}

fn data_dir(facts: &Facts<'_>) -> Option<Finding> {
    let folder = facts.sight.data_dir?;
    let path = facts.loaded.config.data_dir.display();
    let exposed = key_file::is_exposed(folder, facts.sight.me);
    exposed.then(|| {
        let mode = format!("{:04o}", folder.mode & 0o7777);
        Finding::new(Severity::Warning, "data_dir_exposed").with("path", path).with("mode", mode)
    })
}

fn ports(facts: &Facts<'_>) -> Vec<Finding> {
    let config = &facts.loaded.config;
    let wanted = [config.nginx_http_port, config.nginx_https_port];
    let listeners = facts.sight.listeners.iter().filter(|l| wanted.contains(&l.port));
    let mut found: Vec<Finding> = listeners
        .filter_map(|listener| match listener.process.as_deref() {
            Some("nginx") => None,
            Some(name) => {
                Some(Finding::new(Severity::Broken, "port_taken").with("port", listener.port).with("process", name))
            }
            None => Some(Finding::new(Severity::Note, "port_in_use").with("port", listener.port)),
        })
        .collect();
    found.dedup();
    found
}

/// A running panel goes on with the certificate it has; one that is started does not come up.
fn certificate(facts: &Facts<'_>) -> Option<Finding> {
    let folder = facts.loaded.config.panel_tls_folder().join("tls");
    let reason = facts.certificate?.param("reason").unwrap_or_default().to_owned();
    Some(Finding::new(Severity::Broken, "certificate_unusable").with("folder", folder.display()).with("reason", reason))
}

fn clock(facts: &Facts<'_>) -> Option<Finding> {
    (facts.sight.clock_synchronised == Some(false)).then(|| Finding::new(Severity::Warning, "clock_unsynchronised"))
}

/// Whose nginx it is, what that means for the sites of others, and whether root wants it otherwise.
fn neighbours(facts: &Facts<'_>) -> Vec<Finding> {
    let files = facts.sight.foreign_vhosts.join(", ");
    let in_force = facts.sight.nginx_ownership;
    let about_them = match (facts.loaded.config.nginx_ownership, in_force) {
        (NginxOwnership::Owned, Some(Ownership::Shared)) => {
            Some(Finding::new(Severity::Warning, "nginx_adopts").mended_by_plan_of("nginx.adopt"))
        }
        (NginxOwnership::Shared, Some(Ownership::Owned)) => {
            Some(Finding::new(Severity::Warning, "nginx_releases").mended_by_plan_of("nginx.release"))
        }
        _ if files.is_empty() => None,
        (_, Some(Ownership::Owned)) => {
            let finding = Finding::new(Severity::Warning, "foreign_unserved").with("files", files);
            Some(finding.mended_by_plan_of("nginx.release"))
        }
        _ => Some(Finding::new(Severity::Note, "foreign_vhosts").with("files", files)),
    };
    let decided = in_force.map(|ownership| match ownership {
        Ownership::Owned => Finding::new(Severity::Ok, "nginx_owned"),
        Ownership::Shared => Finding::new(Severity::Ok, "nginx_shared"),
    });
    about_them.into_iter().chain(decided).collect()
}
