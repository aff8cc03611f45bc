//! Findings about nginx's files that the panel writes and somebody else changed.

use super::{Finding, Severity};
use crate::engine::drift::{Drift, DriftKind};

/// How many files a finding names.
const NAMED_MAX: usize = 10;

/// One finding for files of sites, one for those that all sites share, one for files that are none of the panel's: what
/// is to be done differs.
pub(super) fn findings(drift: &[Drift]) -> Vec<Finding> {
    let (added, changed): (Vec<_>, Vec<_>) = drift.iter().partition(|drift| drift.kind == DriftKind::Added);
    let (sites, common): (Vec<_>, Vec<_>) = changed.into_iter().partition(|drift| drift.site.is_some());
    let common = finding("drift_common", &common).map(|finding| finding.mended_by_plan_of("nginx.reapply"));
    let mut found: Vec<_> = common.into_iter().collect();
    found.extend(finding("drift_sites", &sites));
    found.extend(finding("drift_added", &added));
    found
}

fn finding(id: &'static str, drift: &[&Drift]) -> Option<Finding> {
    let mut files: Vec<_> = drift.iter().take(NAMED_MAX).map(|drift| drift.file.as_str()).collect();
    if drift.len() > NAMED_MAX {
        files.push("…");
    }
    let found = Finding::new(Severity::Warning, id).with("number", drift.len()).with("files", files.join(", "));
    (!drift.is_empty()).then_some(found)
}
