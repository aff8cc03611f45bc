//! Desired state in a file.

use super::{Change, Cx, Meta, Method, Need, Op, Operation, Read};
use crate::base::Result;
use crate::base::access::Permission::{SitesChange, SitesDelete, SitesRead};
use crate::base::{Error, Kind};
use crate::engine::{Core, Draft};
use crate::services::state;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[Op::read::<Export>(), Op::change::<Apply>()];

/// A file of desired state.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Document {
    /// The file's text, TOML.
    document: String,
}

struct Export;

impl Operation for Export {
    const META: Meta = Meta::new("state.export", Method::Get, "/state", Need::Has(SitesRead));
    type In = super::Nothing;
    type Out = Document;
}

impl Read for Export {
    fn read(cx: &Cx, _: super::Nothing) -> Result<Document> {
        Ok(Document { document: state::export(cx.core)? })
    }
}

/// What to apply.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplyInput {
    /// The file's text, TOML.
    #[schemars(length(max = 1_048_576))]
    document: String,
    /// Also delete the sites that an earlier file of the same owner made and this one does not name.
    prune: Option<bool>,
}

struct Apply;

impl Operation for Apply {
    const META: Meta = Meta::new("state.apply", Method::Post, "/state", Need::Has(SitesChange));
    type In = ApplyInput;
    type Out = super::Done;
}

impl Change for Apply {
    fn plan(cx: &Cx, input: ApplyInput) -> Result<Draft> {
        let prune = input.prune.unwrap_or(false);
        if prune && !cx.actor.may(SitesDelete) {
            return Err(Error::new(Kind::Forbidden, "forbidden").with("operation", "site.delete"));
        }
        state::plan(cx.core, &input.document, prune)
    }

    fn output(_: &Core, _: &str) -> Result<super::Done> {
        Ok(super::Done {})
    }
}
