//! `config show`: every option, its value and where it came from. Secrets are masked.

use super::load::{Loaded, Setting, mask};
use super::options::Home;
use super::problem::Origin;
use super::typed::Profile;
use super::value::Value;
use serde::{Deserialize, Serialize};

/// One option as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shown {
    /// Its dotted name.
    pub key: String,
    /// Its value; a part that may be a password reads `***`.
    pub value: Value,
    /// Where the value came from.
    pub source: Origin,
    /// Where the option lives.
    pub home: Home,
    /// Whether a change needs a restart.
    pub restart: bool,
    /// Unit of a number.
    pub unit: Option<String>,
    /// Name of its environment variable.
    pub env: String,
}

/// The whole configuration as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    /// The root prefix.
    pub root: String,
    /// The profile in force.
    pub profile: Profile,
    /// Every option, in the order of the reference.
    pub options: Vec<Shown>,
}

impl Report {
    /// The report on `loaded` with `settings`: its own, or those that [`super::Panel::resolve`] joined with the store.
    pub fn new(loaded: &Loaded, settings: &[Setting]) -> Report {
        let options = settings.iter().map(Shown::from).collect();
        Report { root: loaded.config.root.display().to_string(), profile: loaded.config.profile, options }
    }
}

impl From<&Setting> for Shown {
    fn from(setting: &Setting) -> Shown {
        let opt = setting.opt;
        let value = if opt.secret { Value::Text(mask(&setting.value.to_string())) } else { setting.value.clone() };
        Shown {
            key: opt.key.into(),
            value,
            source: setting.origin.clone(),
            home: opt.home,
            restart: opt.restart,
            unit: opt.unit.map(str::to_owned),
            env: opt.env_name(),
        }
    }
}
