//! `config check`: the configuration together with the files it names; `config show`: what is stored as well.

use super::open;
use crate::base::Result;
use crate::config::{ConfigProblems, Loaded, Override, Setting, key_file};
use crate::engine::settings::Settings;
use crate::platform::detect::look_at_key;
use std::path::Path;

/// The configuration of the installation at `root`. Errors name every problem, those of the key file among them.
pub fn checked(root: &Path, overrides: Vec<Override>) -> Result<Loaded> {
    let loaded = open::config(root, overrides)?;
    let (me, facts) = look_at_key(&loaded.config);
    let problems = key_file::check(&loaded, facts, me);
    Ok(ConfigProblems(problems).or_ok(loaded)?)
}

/// Every option with the values that are stored, read beside a running panel. Errors: those of the database.
pub fn settings(loaded: &Loaded) -> Result<Vec<Setting>> {
    match open::look(&loaded.config)? {
        Some(store) => Ok(Settings::new(loaded.clone()).now(&store)?.all.clone()),
        None => Ok(loaded.settings.clone()),
    }
}
