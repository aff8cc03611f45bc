//! Findings about this installation: its secrets, its ports, its neighbours in nginx.

use super::{Facts, Finding, Severity};
use crate::base::limits::CERTIFICATE_WARN_S;
use crate::config::{NginxOwnership, Profile, key_file};
use crate::platform::nginx::Ownership;
use crate::platform::panel_tls;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = keys(facts);
    found.extend(data_dir(facts));
    found.extend(ports(facts));
    found.extend(certificate(facts));
    let moving = moving(facts);
    if facts.loaded.config.profile == Profile::Production {
        found.extend(clock(facts));
        // What their sites are in for is said with the plan that waits.
        found.extend(neighbours(facts).filter(|_| moving.is_none()));
        found.extend(decided(facts));
    }
    found.extend(moving);
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

/// A running panel goes on with the certificate it has when the files cannot be used; one that is started does not come up.
fn certificate(facts: &Facts<'_>) -> Option<Finding> {
    let files = facts.certificate?;
    let folder = facts.loaded.config.panel_tls_folder().join("tls");
    let finding = |severity, id| Finding::new(severity, id).with("folder", folder.display());
    let told = match files.certified().and_then(|_| panel_tls::facts(&files.certificate)) {
        Ok(told) => told,
        Err(e) => {
            let reason = e.param("reason").unwrap_or_default();
            return Some(finding(Severity::Broken, "certificate_unusable").with("reason", reason));
        }
    };
    let day: String = told.not_after.rfc3339().chars().take(10).collect();
    let left_s = told.not_after.since_s(facts.now);
    match left_s {
        ..=0 => Some(finding(Severity::Broken, "certificate_expired").with("day", day)),
        1..=CERTIFICATE_WARN_S => Some(finding(Severity::Warning, "certificate_expires").with("day", day)),
        _ => None,
    }
}

fn clock(facts: &Facts<'_>) -> Option<Finding> {
    (facts.sight.clock_synchronised == Some(false)).then(|| Finding::new(Severity::Warning, "clock_unsynchronised"))
}

/// What root wants of nginx and only a plan brings about.
fn moving(facts: &Facts<'_>) -> Option<Finding> {
    let (id, operation) = match (facts.loaded.config.nginx_ownership, facts.sight.nginx_ownership?) {
        (NginxOwnership::Shared, Ownership::Owned) if !facts.sight.nginx_adopted => {
            return Some(Finding::new(Severity::Warning, "nginx_unreleasable"));
        }
        (NginxOwnership::Owned, Ownership::Shared) => ("nginx_adopts", "nginx.adopt"),
        (NginxOwnership::Shared, Ownership::Owned) => ("nginx_releases", "nginx.release"),
        _ => return None,
    };
    Some(Finding::new(Severity::Warning, id).mended_by_plan_of(operation))
}

/// What it means for the sites of others whose nginx it is.
fn neighbours(facts: &Facts<'_>) -> Option<Finding> {
    let files = facts.sight.foreign_vhosts.join(", ");
    let finding = match facts.sight.nginx_ownership {
        _ if files.is_empty() => return None,
        Some(Ownership::Owned) if !facts.sight.nginx_adopted => Finding::new(Severity::Warning, "foreign_unread"),
        Some(Ownership::Owned) => {
            Finding::new(Severity::Warning, "foreign_unserved").mended_by_plan_of("nginx.release")
        }
        _ => Finding::new(Severity::Note, "foreign_vhosts"),
    };
    Some(finding.with("files", files))
}

/// Whose nginx it is.
fn decided(facts: &Facts<'_>) -> Option<Finding> {
    facts.sight.nginx_ownership.map(|ownership| match ownership {
        Ownership::Owned => Finding::new(Severity::Ok, "nginx_owned"),
        Ownership::Shared => Finding::new(Severity::Ok, "nginx_shared"),
    })
}
