//! An error as the API shows it (RFC 9457), the same on every surface.

use crate::base::locale::{self, Lang};
use crate::base::{Error, Kind};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Why a request was refused or failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// Stable address of this sort of problem.
    pub r#type: String,
    /// The sort of problem in a few words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened and why.
    pub detail: String,
    /// Stable code.
    pub code: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What the failing component printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Parameters of the texts.
    pub params: BTreeMap<String, String>,
    /// What is wrong with which field.
    pub errors: Vec<FieldError>,
    /// Names this request in the logs.
    pub request_id: String,
    /// What caused it, for developers: only with the option `debug`, and only for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FieldError {
    /// JSON path of the field.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// The sentence.
    pub detail: String,
}

impl Problem {
    /// Words `error` in `lang`.
    pub fn of(error: &Error, lang: Lang, request_id: &str) -> Self {
        Self {
            r#type: format!("urn:manara:problem:{}", error.code()),
            title: locale::text::<&str>(lang, &format!("kind.{}", kind_name(error.kind())), &[]),
            status: error.kind().http_status(),
            detail: error.text(lang),
            code: error.code().to_owned(),
            hint: error.hint(lang),
            evidence: error.shown_evidence().map(str::to_owned),
            params: error.params().iter().map(|(n, v)| (n.to_string(), v.clone())).collect(),
            errors: error
                .fields()
                .iter()
                .map(|f| FieldError { field: f.field.clone(), code: f.code.to_string(), detail: f.text(lang) })
                .collect(),
            request_id: request_id.to_owned(),
            debug: None,
        }
    }

    /// The same with the error's causes.
    pub fn with_causes(self, error: &Error) -> Self {
        Self { debug: causes(error).map(str::to_owned), ..self }
    }
}

/// What caused `error`, where that may be shown or written: a mistake in the input may quote the input, secrets included,
/// and says all that is needed by field.
pub fn causes(error: &Error) -> Option<&str> {
    error.log_cause().filter(|_| error.kind() != Kind::BadInput)
}

/// The kind's key below `kind.` in the catalogue.
fn kind_name(kind: Kind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
