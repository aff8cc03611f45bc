//! A plan of several sites does not fail because of one: the site that nginx refuses keeps what it had and is marked,
//! the others go on.

use super::change::{Change, RowChange};
use super::core::Core;
use super::jobs::Handle;
use super::plan::Plan;
use crate::base::{Error, Result};
use crate::platform::NginxFile;

/// Sites set aside in one plan at the most; more than that is no accident of one site.
const SITES_MAX: usize = 50;

/// Commits `plan`, setting aside the sites that nginx refuses as long as others are left.
pub(super) fn commit(core: &Core, plan: &mut Plan, job: &Handle) -> Result<()> {
    for _ in 0..SITES_MAX {
        match core.gate.commit(core, plan) {
            Err(error) if set_aside(plan, &error)? => job.say(&error.to_string()),
            outcome => return outcome,
        }
    }
    core.gate.commit(core, plan)
}

/// Takes the site that nginx blames out of the plan's nginx changes; `false` when it is not one of several.
fn set_aside(plan: &mut Plan, error: &Error) -> Result<bool> {
    let is_site = |c: &Change| matches!(c, Change::Nginx(n) if matches!(n.file, NginxFile::Site(_)));
    if error.code() != "nginx_test_failed" || plan.changes.iter().filter(|c| is_site(c)).count() < 2 {
        return Ok(false);
    }
    let blamed = error.param("file").and_then(NginxFile::from_rel);
    let Some(NginxFile::Site(id)) = blamed else { return Ok(false) };
    let file = NginxFile::Site(id.clone());
    let before = plan.changes.len();
    plan.changes.retain(|c| !matches!(c, Change::Nginx(n) if n.file == file));
    plan.files.retain(|(f, _)| *f != file);
    let problem = serde_json::to_value(error).map_err(Error::fault)?;
    for change in &mut plan.changes {
        if let Change::Row(RowChange::SiteInsert { site, .. } | RowChange::SiteUpdate { site, .. }) = change
            && site.id == id.as_str()
        {
            site.state = "quarantined".into();
            site.problem = Some(problem.clone());
        }
    }
    Ok(plan.changes.len() < before)
}
