//! What the command line needs of the parts above it.

use super::{claim, config_cmd, host, itself, leave, migrate, open, self_test, serve};
use crate::base::locale::Lang;
use crate::base::{Error, Result};
use crate::cli::{HostRun, Itself, Leave, Local, Migrate, PolicyAct, SelfCheck, Tell};
use crate::config::{Config, Loaded, Override, Setting};
use crate::engine::drift::{self, Drift};
use crate::platform::files;
use crate::platform::install::{setup, units};
use crate::platform::policy::Policy;
use crate::services::doctor;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// The program's own commands.
pub struct Commands;

impl Local for Commands {
    fn config(&self, root: &Path, overrides: Vec<Override>) -> Result<Loaded> {
        open::config(root, overrides)
    }

    fn checked_config(&self, root: &Path, overrides: Vec<Override>) -> Result<Loaded> {
        config_cmd::checked(root, overrides)
    }

    fn settings(&self, loaded: &Loaded) -> Result<Vec<Setting>> {
        config_cmd::settings(loaded)
    }

    fn serve(&self, loaded: Loaded) -> Result<()> {
        serve::run(loaded)
    }

    fn policy(&self, root: &Path, act: PolicyAct<'_>) -> Result<String> {
        let mut policy = Policy::load(root)?;
        if let PolicyAct::Allow { key, value } = act {
            policy.allow(key, value)?;
            policy.save(root)?;
        }
        policy.text()
    }

    fn host(&self, loaded: &Loaded, run: HostRun) -> Result<()> {
        host::run(&loaded.config, run)
    }

    fn doctor(&self, loaded: &Loaded, lang: Lang) -> Result<Value> {
        // Who may not look at all of it hears of the rest.
        let drift = drift(&loaded.config).unwrap_or_default();
        serde_json::to_value(doctor::examine(loaded, false, &drift, lang)).map_err(Error::fault)
    }

    fn leave_nginx(&self, loaded: &Loaded, how: Leave) -> Result<()> {
        leave::nginx(&loaded.config, how)
    }

    fn migrate(&self, loaded: &Loaded, what: Migrate) -> Result<Value> {
        migrate::run(&loaded.config, what)
    }

    fn claim(&self, loaded: Loaded, lang: Lang, operation: &str, input: Value) -> Result<Value> {
        claim::call(loaded, lang, operation, input)
    }

    fn itself(&self, root: &Path, what: &Itself, tell: Tell<'_>) -> Result<Value> {
        itself::run(root, what, tell)
    }

    fn installed_listen(&self, root: &Path) -> Result<Option<String>> {
        setup::installed_listen(root)
    }

    fn restart(&self, root: &Path) -> Result<()> {
        units::restart_panel(root)
    }

    fn unit(&self, name: &str) -> Option<&'static str> {
        units::text(name)
    }

    fn self_test(&self) -> Vec<SelfCheck> {
        self_test::run()
    }
}

/// How nginx's files differ from what the panel wrote; nothing before the panel has been there. Only root sees the
/// machine's as the host does.
fn drift(config: &Config) -> Result<Vec<Drift>> {
    if !config.is_development() && !files::is_root() {
        return Ok(vec![]);
    }
    let Some(store) = open::look(config)? else { return Ok(vec![]) };
    drift::compare(&open::local_host(config, Arc::default())?, &store)
}
