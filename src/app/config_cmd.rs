//! `config check`: the configuration together with the files it names.

use super::open;
use crate::base::Result;
use crate::config::{ConfigProblems, Loaded, Override, key_file};
use crate::platform::detect::look_at_key;
use std::path::Path;

/// The configuration of the installation at `root`. Errors name every problem, those of the key file among them.
pub fn checked(root: &Path, overrides: Vec<Override>) -> Result<Loaded> {
    let loaded = open::config(root, overrides)?;
    let (me, facts) = look_at_key(&loaded.config.key_file);
    let problems = key_file::check(&loaded, facts, me);
    Ok(ConfigProblems(problems).or_ok(loaded)?)
}
