//! Remembers what a plan does to each site, so that it can be shown and undone.

use super::change::{Change, RowChange};
use super::plan::Plan;
use crate::base::Result;
use crate::store::site_changes::{self, SiteChange, snapshot};
use crate::store::{Tx, audit};
use serde_json::Value;

/// The sites that a plan writes, as they were before.
pub(super) struct Before(Vec<(String, Option<Value>)>);

impl Before {
    /// Reads the sites that `plan` is about to write.
    pub(super) fn read(tx: &Tx, plan: &Plan) -> Result<Self> {
        let written = plan.changes.iter().filter_map(|change| match change {
            Change::Row(RowChange::SiteInsert { site, .. } | RowChange::SiteUpdate { site, .. }) => Some(&site.id),
            _ => None,
        });
        written.map(|id| Ok((id.clone(), snapshot(tx, id)?))).collect::<Result<_>>().map(Self)
    }

    /// Writes down what became of them by the change that `entry` tells of.
    pub(super) fn record(self, tx: &Tx, plan: &Plan, entry: &audit::Entry) -> Result<()> {
        for (site_id, before) in self.0 {
            let (Some(after), Some(row)) = (snapshot(tx, &site_id)?, crate::store::sites::by_id(tx, &site_id)?) else {
                continue;
            };
            let change = SiteChange {
                site_id,
                revision: row.revision,
                at: entry.at,
                actor: entry.actor.clone(),
                actor_kind: entry.actor_kind.clone(),
                operation: entry.operation.clone(),
                plan_id: plan.id.to_string(),
                before,
                after,
            };
            site_changes::insert(tx, &change)?;
        }
        Ok(())
    }
}
