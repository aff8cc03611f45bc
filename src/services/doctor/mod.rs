//! What is wrong, or worth knowing, about the machine and this installation, and what to do about it.
//!
//! [`crate::platform::detect`] looks, this judges.

mod drifted;
mod host;
mod own;
mod policy;

use crate::base::Result;
use crate::base::clock::{Clock, Time};
use crate::base::error::Params;
use crate::base::locale::{self, Lang};
use crate::config::Loaded;
use crate::engine::drift::Drift;
use crate::platform::clock::SystemClock;
use crate::platform::detect::{self, Machine, Sight};
use crate::platform::panel_tls::{self, PanelTls};
use crate::platform::policy::Policy;
use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Checked and in order.
    Ok,
    /// Worth knowing.
    Note,
    /// Works, but should be changed.
    Warning,
    /// Something does not work until it is changed.
    Broken,
}

/// What is known besides the machine.
pub struct Facts<'a> {
    /// The configuration in force.
    pub loaded: &'a Loaded,
    /// What stands around the installation.
    pub sight: &'a Sight,
    /// How far the host service may go.
    pub policy: &'a Result<Policy>,
    /// The files of the panel's certificate, where there are any and they may be read.
    pub certificate: Option<&'a PanelTls>,
    /// Which of the panel's files of nginx differ from what it wrote, as far as that could be looked at.
    pub drift: &'a [Drift],
    /// When all this was looked at.
    pub now: Time,
}

/// One finding. Its texts are `doctor.ID.found`, `.why` and `.action` in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable name.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Parameters of the texts.
    pub params: Params,
    /// What mends it.
    pub fix: Option<Fix>,
}

/// An operation that mends what was found, with its input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fix {
    /// Id of the operation.
    pub operation: String,
    /// Its input.
    pub input: std::collections::BTreeMap<String, String>,
    /// Whether it has a plan, to be looked at before it is applied.
    pub planned: bool,
}

impl Finding {
    fn new(severity: Severity, id: &'static str) -> Self {
        Self { id, severity, params: Params::new(), fix: None }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    fn mended_by(mut self, operation: &str, input: &[(&str, &str)]) -> Self {
        let input = input.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
        self.fix = Some(Fix { operation: operation.to_owned(), input, planned: false });
        self
    }

    fn mended_by_plan_of(self, operation: &str) -> Self {
        let finding = self.mended_by(operation, &[]);
        Finding { fix: finding.fix.map(|fix| Fix { planned: true, ..fix }), ..finding }
    }

    /// The finding in words.
    pub fn tell(&self, lang: Lang) -> Told {
        let say = |part: &str| locale::find(lang, &format!("doctor.{}.{part}", self.id), &self.params);
        Told {
            id: self.id.to_owned(),
            severity: self.severity,
            params: self.params.iter().map(|(n, v)| (n.to_string(), v.clone())).collect(),
            found: say("found").unwrap_or_else(|| self.id.to_owned()),
            why: say("why"),
            action: say("action"),
            fix: self.fix.clone(),
        }
    }
}

/// A finding in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Told {
    /// Stable name.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// Parameters of the texts.
    pub params: std::collections::BTreeMap<String, String>,
    /// What was found.
    pub found: String,
    /// Why it matters; not said where all is well.
    pub why: Option<String>,
    /// What to do.
    pub action: Option<String>,
    /// The operation that does it, where there is one and the caller may call it.
    pub fix: Option<Fix>,
}

/// The answer of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// Whether something is broken; then the command's exit code is 1.
    pub broken: bool,
    /// The findings, worst first.
    pub findings: Vec<Told>,
    /// The machine they were made on.
    pub machine: Machine,
}

/// Everything found, worst first.
pub fn findings(machine: &Machine, facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = host::findings(machine, facts);
    found.extend(own::findings(facts));
    found.push(policy::findings(facts));
    found.extend(drifted::findings(facts.drift));
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    found
}

/// The answer of `doctor` in `lang`.
pub fn diagnose(machine: Machine, facts: &Facts<'_>, lang: Lang) -> Diagnosis {
    let found = findings(&machine, facts);
    Diagnosis { broken: exit_code(&found) != 0, findings: found.iter().map(|f| f.tell(lang)).collect(), machine }
}

/// Looks at this machine and this installation. Whether nginx answers is what the host says: only root may see whose a
/// port is. `drift` is what the caller could see of that.
pub fn examine(loaded: &Loaded, nginx_answers: bool, drift: &[Drift], lang: Lang) -> Diagnosis {
    let config = &loaded.config;
    let machine = detect::machine(&config.data_dir);
    let ports = [config.nginx_http_port, config.nginx_https_port];
    let nginx = config.path("/etc/nginx");
    let seen = detect::look(&detect::View::real(), &config.data_dir, &config.key_file, &nginx, &ports);
    let mut sight = detect::Sight { me: detect::reader(config), ..seen };
    if nginx_answers {
        // It would not have come up without its ports.
        sight.listeners.iter_mut().for_each(|listener| {
            listener.process.get_or_insert_with(|| "nginx".to_owned());
        });
    }
    let policy = Policy::load(&config.root);
    // Who may not read them is told nothing about them.
    let files = panel_tls::present(&config.panel_tls_folder()).ok().flatten();
    let now = SystemClock.now();
    let facts = Facts { loaded, sight: &sight, policy: &policy, certificate: files.as_ref(), drift, now };
    diagnose(machine, &facts, lang)
}

/// Exit code of `manara doctor`: 1 when something is broken, else 0.
pub fn exit_code(findings: &[Finding]) -> u8 {
    u8::from(findings.iter().any(|f| f.severity == Severity::Broken))
}

#[cfg(test)]
mod tests;
