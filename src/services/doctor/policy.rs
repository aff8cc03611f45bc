//! Findings about the policy of the host service.

use super::{Facts, Finding, Severity};
use crate::base::locale::Lang;

pub(super) fn findings(facts: &Facts<'_>) -> Finding {
    match facts.policy {
        Ok(policy) => Finding::new(Severity::Ok, "policy")
            .with("sites", policy.site_roots.join(", "))
            .with("packages", policy.packages.join(", "))
            .with("units", policy.unit_names.join(", ")),
        Err(e) => {
            let problems: Vec<String> =
                e.fields().iter().map(|p| format!("{}: {}", p.field, p.text(Lang::En))).collect();
            let reason = if problems.is_empty() { e.text(Lang::En) } else { problems.join("; ") };
            Finding::new(Severity::Broken, "policy_unusable").with("reason", reason)
        }
    }
}
