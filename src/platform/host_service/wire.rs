//! What crosses the socket.
//!
//! `POST /v1/call` carries one [`HostOp`] as JSON and is answered by its reply, or by an error with the HTTP status of
//! the error's kind. `POST /v1/stream` does the same for an operation that prints lines: it is answered by
//! `101 Switching Protocols`, then frames go both ways, one line of JSON each. Every message names the version it is
//! written in; the host takes its own and the one before it.

use crate::base::{Error, Kind, Result};
use crate::platform::{HostOp, HostReply};
use serde::{Deserialize, Serialize};

/// The version of the wire this program speaks.
pub const VERSION: u32 = 1;
/// Header with the version.
pub const VERSION_HEADER: &str = "manara-version";
/// Header with the name of whoever caused the call. Written into the log, and believed by nobody.
pub const ACTOR_HEADER: &str = "manara-actor";
/// The error for a peer of a version that is not spoken.
pub(super) const OTHER_VERSION: &str = "wire_version";
/// Path of short operations.
pub const CALL: &str = "/v1/call";
/// Path of long operations.
pub const STREAM: &str = "/v1/stream";
/// What a long operation's connection is upgraded to.
pub const PROTOCOL: &str = "manara-stream";

/// What the host sends about a long operation: lines, then one reply or error.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromHost {
    /// A line it printed.
    Line(String),
    /// It is done.
    Reply(HostReply),
    /// It failed.
    Error(Error),
}

/// What the panel sends during a long operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToHost {
    /// Stop it.
    Stop,
}

/// Checks the version that a peer says it speaks. Error: `wire_version`.
pub fn check_version(theirs: Option<&str>) -> Result<()> {
    let number = theirs.and_then(|text| text.parse::<u32>().ok());
    if number.is_some_and(|number| (1..=VERSION).contains(&number) && VERSION - number <= 1) {
        return Ok(());
    }
    let theirs = number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    Err(Error::new(Kind::BadInput, OTHER_VERSION).with("ours", VERSION).with("theirs", theirs))
}

/// Reads an operation. Error: `wire_malformed` for anything that is not exactly one.
pub fn read_op(bytes: &[u8]) -> Result<HostOp> {
    serde_json::from_slice(bytes).map_err(malformed)
}

/// Reads a frame of the panel. Error: `wire_malformed`.
pub fn read_frame(line: &[u8]) -> Result<ToHost> {
    serde_json::from_slice(line).map_err(malformed)
}

/// A frame as it is sent.
pub(super) fn frame(frame: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(frame).map_err(Error::fault)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The error for something that arrived and cannot be read.
pub(super) fn malformed(reason: impl std::fmt::Display) -> Error {
    Error::new(Kind::BadInput, "wire_malformed").with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_version_and_the_one_before_are_spoken() {
        assert!(check_version(Some("1")).is_ok());
        for other in [None, Some("0"), Some("2"), Some("-1"), Some("1.0"), Some(""), Some("99999999999")] {
            assert_eq!(check_version(other).unwrap_err().code(), "wire_version", "{other:?}");
        }
    }

    #[test]
    fn an_operation_is_read_exactly() {
        assert!(read_op(br#""nginx_status""#).is_ok());
        assert!(read_op(br#"{"undo":{"plan":"p0123456789"}}"#).is_ok());
        for bad in [
            &br#"{"undo":{"plan":"../x"}}"#[..],
            br#"{"undo":{"plan":"p0123456789","more":1}}"#,
            br#"{"undo":{"plan":"p0123456789"},"hold":{"plan":"p0123456789"}}"#,
            br#"{"undo":{"plan":"p0123456789","plan":"p0123456780"}}"#,
            br#""nginx_status" "nginx_status""#,
            br#"{"nginx_read":{"file":{"site":"../../etc/shadow"}}}"#,
            b"",
            b"\xff",
        ] {
            assert_eq!(read_op(bad).unwrap_err().code(), "wire_malformed", "{}", String::from_utf8_lossy(bad));
        }
        assert!(read_op("[".repeat(100_000).as_bytes()).is_err(), "depth is limited");
    }
}
