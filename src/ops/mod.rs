//! Floor 4: every operation once, and the one pipeline that runs them.
//!
//! REST API, OpenAPI, browser client, command line, permission matrix and audit vocabulary are derived from [`ALL`].

pub mod act;
pub mod auth;
pub mod change;
pub mod meta;
pub mod openapi;
pub mod problem;
pub mod registry;
mod roles;
pub mod run;
pub mod schema;

mod accounts;
mod audit;
mod guard;
mod jobs;
mod logs;
mod machine;
mod nginx;
mod panel_certificate;
mod sessions;
mod settings;
mod setup;
mod sites;
mod state;
mod system;
mod tokens;
mod unlock;
mod users;
mod views;

pub use act::{Act, Acted, Grant, PlainAct};
pub use change::Change;
pub use meta::{Meta, Method, Need, Op, Rate, Shape};
pub use registry::{ALL, find};
pub use run::{Outcome, Status};

use crate::base::Result;
use crate::engine::events::{Sink, Subscription};
use crate::engine::{Actor, Core, Request};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What an operation works with.
pub struct Cx<'a> {
    /// The engine and all it stands on.
    pub core: &'a std::sync::Arc<Core>,
    /// Who calls.
    pub actor: &'a Actor,
    /// The request.
    pub request: &'a Request,
}

/// What every operation says of itself.
pub trait Operation {
    /// Its definition.
    const META: Meta;
    /// Its input, an object.
    type In: DeserializeOwned + JsonSchema;
    /// Its answer.
    type Out: Serialize + JsonSchema;
}

/// An operation that only reads.
pub trait Read: Operation {
    /// Reads.
    fn read(cx: &Cx, input: Self::In) -> Result<Self::Out>;
}

/// An operation that sets another one's work going and answers as that one does.
pub trait Direct: Operation {
    /// Does it.
    fn direct(cx: &Cx, input: Self::In) -> Result<Outcome>;
}

/// Long work with live output, as a job.
pub trait Work: Operation {
    /// What the job is about, for lists and the audit trail.
    fn target(input: &Self::In) -> String;
    /// Checks what can be known before the job is queued.
    fn check(cx: &Cx, input: &Self::In) -> Result<()>;
    /// Works for whoever asked.
    fn work(cx: &Cx, input: Self::In, job: &crate::engine::jobs::Handle) -> Result<Self::Out>;
}

/// A live stream of events.
pub trait Stream: Operation {
    /// Hands what happens to `sink` until the answer is dropped.
    fn listen(cx: &Cx, input: Self::In, sink: Sink) -> Result<Subscription>;
}

/// A file that is sent as it is made.
pub struct Download {
    /// Suggested file name.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    /// The pieces, in order.
    pub pieces: Box<dyn Iterator<Item = Result<Vec<u8>>> + Send>,
}

/// An operation that answers a file.
pub trait Downloads: Operation {
    /// Media types that the file may have, the usual one first.
    const MEDIA_TYPES: &'static [&'static str];
    /// Starts it.
    fn download(cx: &Cx, input: Self::In) -> Result<Download>;
}

/// The input of operations without one.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The answer of operations without one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Done {}
