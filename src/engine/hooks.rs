//! Points at which plugins may take part. The supervisor of plugin processes implements [`Hooks`]; without it nobody
//! takes part.

use crate::base::Result;
use serde_json::Value;

/// Where in an operation a hook stands. Closed; every point has a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookPoint {
    /// Before a change is planned; a refusal stops it (fails closed).
    Validate,
    /// Before a plan is applied; a refusal stops it (fails closed).
    BeforeApply,
    /// After a plan was applied; observes (fails open).
    AfterApply,
    /// After a plan failed and was undone; observes (fails open).
    Failed,
}

impl HookPoint {
    /// Whether an error of a hook stops the operation.
    pub fn can_stop(self) -> bool {
        matches!(self, HookPoint::Validate | HookPoint::BeforeApply)
    }
}

/// Whoever takes part.
pub trait Hooks: Send + Sync {
    /// Runs everybody who takes part at `point` of `operation`.
    fn run(&self, point: HookPoint, operation: &str, payload: &Value) -> Result<()>;
}

/// Nobody takes part.
pub struct NoHooks;

impl Hooks for NoHooks {
    fn run(&self, _: HookPoint, _: &str, _: &Value) -> Result<()> {
        Ok(())
    }
}

/// Runs the hooks at `point`; an error is returned only where the point may stop the operation, and logged elsewhere.
pub fn run(hooks: &dyn Hooks, point: HookPoint, operation: &str, payload: &Value) -> Result<()> {
    match hooks.run(point, operation, payload) {
        Err(e) if !point.can_stop() => {
            log::warn!(target: "manara::hooks", operation = operation, point:? = point; "a hook failed: {e}");
            Ok(())
        }
        other => other,
    }
}
