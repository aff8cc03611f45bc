//! Why the wire refuses a request, before or after the operations saw it.

use crate::base::{Error, Kind};
use hyper::StatusCode;

/// An error with the HTTP status it is answered with; most have that of their kind.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Status of the answer.
    pub(super) status: StatusCode,
    /// What happened.
    pub(super) error: Error,
    /// Methods that would be accepted, for `Allow`.
    pub(super) allow: Option<String>,
    /// The rest of the request is not read: the connection ends with the answer.
    pub(super) close: bool,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = StatusCode::from_u16(error.kind().http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, error, allow: None, close: false }
    }
}

impl Refusal {
    /// A request that HTTP itself does not accept.
    pub(super) fn bad_request(code: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, ..Error::new(Kind::BadInput, code).into() }
    }

    /// A header that does not say what it must.
    pub(super) fn bad_header(name: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, ..Error::new(Kind::BadInput, "bad_header").with("header", name).into() }
    }

    /// Nothing is there.
    pub(super) fn no_such_path() -> Self {
        Error::new(Kind::NotFound, "no_such_path").into()
    }

    /// Something is there, for other methods.
    pub(super) fn wrong_method(method: &hyper::Method, allow: &str) -> Self {
        let error = Error::new(Kind::BadInput, "wrong_method").with("method", method).with("allowed", allow);
        Self { status: StatusCode::METHOD_NOT_ALLOWED, allow: Some(allow.to_owned()), ..error.into() }
    }

    /// The same with another status.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same, ending the connection.
    pub(super) fn closing(self) -> Self {
        Self { close: true, ..self }
    }
}
