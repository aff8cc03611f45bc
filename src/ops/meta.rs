//! What an operation is: one definition from which every surface is derived.

use super::{Act, Change, Cx, Direct, Download, Downloads, Operation, Read, Stream, Work, act, change, run};
use crate::base::Result;
use crate::base::access::Permission;
use crate::base::schema::SchemaFn;
use crate::engine::events::{Sink, Subscription};
use schemars::JsonSchema;
use serde_json::Value;

/// HTTP method of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or acts.
    Post,
    /// Changes the given fields (RFC 7396).
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anybody, also without a session. The list of these is a golden file.
    Open,
    /// Anybody signed in.
    SignedIn,
    /// Whoever has the permission.
    Has(Permission),
}

/// How often a caller may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Bounded only by the connection limits.
    Normal,
    /// Sign-in and claim: failures are counted per account and per address.
    SignIn,
}

/// An operation's definition.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// `noun.verb`: also the command line's words, the audit vocabulary and the OpenAPI operation id.
    pub id: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below `/api/v1`, with `{name}` for input fields that stand in the path.
    pub path: &'static str,
    /// Who may call.
    pub need: Need,
    /// How often.
    pub rate: Rate,
    /// Whether something is lost: the command line and the browser ask before they go on.
    pub destructive: bool,
    /// Whether the answer is a new object (201 instead of 200).
    pub creates: bool,
    /// Whether the answer holds a secret that is shown this once, so that nothing may keep the answer.
    pub secret: bool,
    /// Whether the answer depends on nothing but the store, the caller and the language: it may be given again until
    /// something is written.
    pub stored: bool,
}

impl Meta {
    /// A definition with the usual rate, losing nothing.
    pub const fn new(id: &'static str, method: Method, path: &'static str, need: Need) -> Self {
        Self {
            id,
            method,
            path,
            need,
            rate: Rate::Normal,
            destructive: false,
            creates: false,
            secret: false,
            stored: false,
        }
    }

    /// The same, losing something.
    pub const fn destructive(self) -> Self {
        Self { destructive: true, ..self }
    }

    /// The same, answering a new object.
    pub const fn creates(self) -> Self {
        Self { creates: true, ..self }
    }

    /// The same, answering a secret.
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// The same, answering what the store says and nothing else.
    pub const fn stored(self) -> Self {
        Self { stored: true, ..self }
    }

    /// The same, with counted failures.
    pub const fn sign_in(self) -> Self {
        Self { rate: Rate::SignIn, ..self }
    }

    /// Names of the input fields that stand in the path, in order.
    pub fn path_fields(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Key of its summary in the catalogue.
    pub fn summary_key(&self) -> String {
        format!("op.{}", self.id)
    }

    /// `noun` and `verb`.
    pub fn words(&self) -> (&'static str, &'static str) {
        self.id.split_once('.').unwrap_or((self.id, ""))
    }
}

/// How an operation is carried out.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Reads and answers.
    Read(fn(&Cx, Value) -> Result<Value>),
    /// Changes rows of the panel only, in one transaction with the audit entry. A dry run is the same, rolled back.
    Act(act::ActFn),
    /// Changes the machine: yields a plan, which the engine applies.
    Change(change::ChangeFns),
    /// Sets another operation's work going and answers as that one does.
    Direct(fn(&Cx, Value) -> Result<run::Outcome>),
    /// Long work with live output.
    Work(run::WorkFns),
    /// A live stream of events.
    Stream(fn(&Cx, Value, Sink) -> Result<Subscription>),
    /// A file of this media type, sent as it is made.
    Download(fn(&Cx, Value) -> Result<Download>, &'static [&'static str]),
}

/// An operation, complete.
#[derive(Clone, Copy)]
pub struct Op {
    /// Its definition.
    pub meta: Meta,
    /// How it is carried out.
    pub shape: Shape,
    /// JSON Schema of the input, an object.
    pub input: SchemaFn,
    /// JSON Schema of the answer.
    pub output: SchemaFn,
}

impl Op {
    const fn of<O: Operation>(shape: Shape) -> Op {
        Op {
            meta: O::META,
            shape,
            input: O::In::json_schema,
            output: schemars::SchemaGenerator::subschema_for::<O::Out>,
        }
    }

    /// An operation that reads.
    pub const fn read<O: Read>() -> Op {
        Op::of::<O>(Shape::Read(run::read::<O>))
    }

    /// An operation on the panel's own rows.
    pub const fn act<O: Act>() -> Op {
        Op::of::<O>(Shape::Act(act::run::<O>))
    }

    /// An operation that changes the machine.
    pub const fn change<O: Change>() -> Op {
        Op::of::<O>(Shape::Change(change::fns::<O>()))
    }

    /// An operation that sets another one's work going.
    pub const fn direct<O: Direct>() -> Op {
        Op::of::<O>(Shape::Direct(run::direct::<O>))
    }

    /// An operation that is a job.
    pub const fn work<O: Work>() -> Op {
        Op::of::<O>(Shape::Work(run::work_fns::<O>()))
    }

    /// An operation that is a stream.
    pub const fn stream<O: Stream>() -> Op {
        Op::of::<O>(Shape::Stream(run::listening::<O>))
    }

    /// An operation that answers a file.
    pub const fn download<O: Downloads>() -> Op {
        Op::of::<O>(Shape::Download(run::download::<O>, O::MEDIA_TYPES))
    }

    /// Whether calling it may change anything.
    pub fn changes(&self) -> bool {
        matches!(self.shape, Shape::Act(_) | Shape::Change(_) | Shape::Direct(_) | Shape::Work(_))
    }

    /// Whether a dry run is possible.
    pub fn can_dry_run(&self) -> bool {
        matches!(self.shape, Shape::Change(_) | Shape::Act(_))
    }
}
