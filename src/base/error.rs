//! The one error type of the product.
//!
//! An error is data, not a sentence: a closed [`Kind`] (which fixes HTTP status and exit code), a `code` that names
//! a text in the catalogue, and parameters. It is worded in the reader's language only at the edge, so that the audit
//! trail and the logs stay independent of who happened to cause the error.

use super::locale::{self, Lang};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Result with the product's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is. Closed on purpose: surfaces map every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The caller's input is wrong; nothing was changed.
    BadInput,
    /// Nobody is signed in, or the session or token is no longer valid.
    NotSignedIn,
    /// The caller is known and may not do this.
    Forbidden,
    /// The named object does not exist, or the caller may not know that it does.
    NotFound,
    /// The object is in a state that excludes this, or another change came first.
    Conflict,
    /// `If-Match` named an older revision (RFC 9110 §13.1.1).
    Stale,
    /// Too many attempts; the parameter `retry_s` says how many seconds to wait.
    TooMany,
    /// A body or a list is over its limit.
    TooLarge,
    /// A component outside the panel (nginx, the package manager) failed.
    External,
    /// A dependency is not there now; trying again later may help.
    Unavailable,
    /// Our fault: a bug or a broken invariant.
    Fault,
}

impl Kind {
    /// HTTP status (RFC 9110) for the API.
    pub fn http_status(self) -> u16 {
        match self {
            Kind::BadInput => 422,
            Kind::NotSignedIn => 401,
            Kind::Forbidden => 403,
            Kind::NotFound => 404,
            Kind::Conflict => 409,
            Kind::Stale => 412,
            Kind::TooMany => 429,
            Kind::TooLarge => 413,
            Kind::External => 502,
            Kind::Unavailable => 503,
            Kind::Fault => 500,
        }
    }

    /// Exit code of the command line: 2 bad input, 3 not allowed, 4 not found or conflict, 5 an external component,
    /// 70 our fault.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::BadInput | Kind::TooLarge => 2,
            Kind::NotSignedIn | Kind::Forbidden | Kind::TooMany => 3,
            Kind::NotFound | Kind::Conflict | Kind::Stale => 4,
            Kind::External | Kind::Unavailable => 5,
            Kind::Fault => 70,
        }
    }
}

/// Named parameters of a text, in the order they were given.
pub type Params = Vec<(Cow<'static, str>, String)>;

/// One thing that is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// JSON path of the field, such as `aliases[2]`.
    pub field: String,
    /// Key below `field_error.` in the catalogue.
    pub code: Cow<'static, str>,
    /// Parameters of the text.
    pub params: Params,
}

impl FieldProblem {
    /// A problem of `field` with text `code`.
    pub fn new(field: impl Into<String>, code: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), code: code.into(), params: Vec::new() }
    }

    /// Adds a parameter of the text.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// The sentence in `lang`.
    pub fn text(&self, lang: Lang) -> String {
        locale::text(lang, &format!("field_error.{}", self.code), &self.params)
    }
}

/// A failure, boxed so that `Result` stays one word wide.
#[derive(Clone, Serialize, Deserialize)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Inner {
    kind: Kind,
    code: Cow<'static, str>,
    params: Params,
    #[serde(default)]
    fields: Vec<FieldProblem>,
    /// What the failing component itself said; shown left to right, copyable.
    #[serde(default)]
    evidence: Option<String>,
    /// For the log only, never sent to a client.
    #[serde(default)]
    cause: Option<String>,
}

impl Error {
    /// An error of `kind` whose text is `error.CODE` in the catalogue (and `error.CODE_hint`, what to do).
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>) -> Self {
        let inner = Inner { kind, code: code.into(), params: vec![], fields: vec![], evidence: None, cause: None };
        Self(Box::new(inner))
    }

    /// Our fault, with what a developer needs to find it; clients see only the general text.
    pub fn fault(cause: impl fmt::Display) -> Self {
        Self::new(Kind::Fault, "fault").cause(cause)
    }

    /// Bad input with every problem found.
    pub fn bad_input(fields: Vec<FieldProblem>) -> Self {
        let mut e = Self::new(Kind::BadInput, "bad_input");
        e.0.fields = fields;
        e
    }

    /// The same failure under a text of its own.
    pub fn renamed(mut self, code: &'static str) -> Self {
        self.0.code = code.into();
        self
    }

    /// Bad input in a single field.
    pub fn bad_field(problem: FieldProblem) -> Self {
        Self::bad_input(vec![problem])
    }

    /// Adds a parameter of the text.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.params.push((name.into(), value.to_string()));
        self
    }

    /// Adds what the failing component printed.
    pub fn evidence(mut self, output: impl Into<String>) -> Self {
        self.0.evidence = Some(output.into());
        self
    }

    /// Adds detail that only the log keeps.
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        self.0.cause = Some(match self.0.cause.take() {
            Some(earlier) => format!("{cause}: {earlier}"),
            None => cause,
        });
        self
    }

    /// Kind of the failure.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Stable machine-readable code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Parameters of the text.
    pub fn params(&self) -> &Params {
        &self.0.params
    }

    /// One parameter of the text.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.0.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Problems by field; empty unless the input was bad.
    pub fn fields(&self) -> &[FieldProblem] {
        &self.0.fields
    }

    /// What the failing component printed.
    pub fn shown_evidence(&self) -> Option<&str> {
        self.0.evidence.as_deref()
    }

    /// Detail for the log.
    pub fn log_cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// What happened and why, in `lang`.
    pub fn text(&self, lang: Lang) -> String {
        locale::text(lang, &format!("error.{}", self.code()), self.params())
    }

    /// What to do next, in `lang`, where there is something to say.
    pub fn hint(&self, lang: Lang) -> Option<String> {
        locale::find(lang, &format!("error.{}_hint", self.code()), self.params())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))?;
        for p in self.fields() {
            write!(f, "; {}: {}", p.field, p.text(Lang::En))?;
        }
        if let Some(cause) = self.log_cause() {
            write!(f, " ({cause})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {}
