//! What is wrong with a configuration: every problem at once, each with where it stands.

use super::value::Reason;
use crate::base::error::Params;
use crate::base::locale::{self, Lang};
use crate::base::{Error, FieldProblem};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// The configuration file.
    File {
        /// Its path.
        path: String,
        /// Line, counted from 1.
        line: u32,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A flag of the command line.
    Flag {
        /// The flag as people write it, such as `--listen`.
        name: String,
    },
    /// The panel's database.
    Store,
    /// The table's default for the profile.
    Default,
}

impl Origin {
    /// The place in the words of `lang`, such as `/etc/manara/manara.toml:3` or `environment variable MANARA_DEBUG`.
    pub fn text(&self, lang: Lang) -> String {
        let named = |key: &str, name: &str| locale::text(lang, key, &[("name", name.to_owned())]);
        match self {
            Origin::File { path, line } => format!("{path}:{line}"),
            Origin::Env { name } => named("config_origin.env", name),
            Origin::Flag { name } => named("config_origin.flag", name),
            Origin::Store => named("config_origin.store", ""),
            Origin::Default => named("config_origin.default", ""),
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The option, or the unknown key as written; empty when the problem is not about one key.
    pub key: String,
    /// Key below `field_error.` in the catalogue.
    pub code: Cow<'static, str>,
    /// Parameters of the text; `key` and `value` are among them.
    pub params: Params,
}

impl Problem {
    /// A problem of `key` at `origin`.
    pub fn new(origin: Origin, key: &str, code: &'static str) -> Self {
        let params = vec![("key".into(), key.to_owned())];
        Self { origin, key: key.to_owned(), code: code.into(), params }
    }

    /// A value that does not fit.
    pub fn of_value(origin: Origin, key: &str, value: String, reason: Reason) -> Self {
        let mut problem = Self::new(origin, key, reason.code).with("value", value);
        problem.params.extend(reason.params);
        problem
    }

    /// Adds a parameter of the text.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// Place and sentence in `lang`.
    pub fn text(&self, lang: Lang) -> String {
        let sentence = locale::text(lang, &format!("field_error.{}", self.code), &self.params);
        format!("{}: {sentence}", self.origin.text(lang))
    }
}

/// Every problem found, in order of place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigProblems(pub Vec<Problem>);

impl ConfigProblems {
    /// `Ok` when there is none.
    pub fn or_ok<T>(mut self, value: T) -> Result<T, ConfigProblems> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by(|a, b| (&a.origin, &a.key).cmp(&(&b.origin, &b.key)));
        Err(self)
    }

    /// One line per problem in `lang`.
    pub fn text(&self, lang: Lang) -> String {
        self.0.iter().map(|p| p.text(lang)).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl std::error::Error for ConfigProblems {}

impl From<ConfigProblems> for Error {
    fn from(problems: ConfigProblems) -> Error {
        let field = |p: Problem| {
            let place = match &p.origin {
                Origin::File { path, line } => format!("{path}:{line}"),
                Origin::Env { name } | Origin::Flag { name } => name.clone(),
                Origin::Store | Origin::Default => p.key.clone(),
            };
            FieldProblem { field: place, code: p.code, params: p.params }
        };
        Error::bad_input(problems.0.into_iter().map(field).collect())
    }
}
