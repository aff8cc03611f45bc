//! Taking the server over without the panel running.

use super::{open, roles};
use crate::base::locale::Lang;
use crate::base::{Error, Kind, Result, ids};
use crate::config::Loaded;
use crate::engine::{Actor, Request};
use crate::ops;
use serde_json::Value;

/// The operations that may run without the panel.
const ALLOWED: &[&str] = &["claim.create", "claim.renew", "panel.unlock"];

/// Calls `operation` as the console, in this process, which owns the state folder meanwhile.
pub fn call(loaded: Loaded, lang: Lang, operation: &str, input: Value) -> Result<Value> {
    let op = ops::find(operation).filter(|op| ALLOWED.contains(&op.meta.id));
    let op = op.ok_or_else(|| Error::new(Kind::Forbidden, "forbidden").with("operation", operation))?;
    roles::become_panel(&loaded.config)?;
    let core = open::core(loaded)?;
    let request = Request::console(ids::new_id("r")?, lang);
    Ok(ops::run::call(&core, &Actor::Console, &request, op, input)?.body)
}
