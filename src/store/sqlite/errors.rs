//! What SQLite's result codes mean for the caller (https://sqlite.org/rescode.html).

use crate::base::{Error, Kind};
use rusqlite::{ErrorCode, ffi};
use std::path::Path;

/// The product's error for one of SQLite's.
pub(super) fn sql_error(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return Error::fault(error);
    };
    let message = message.clone().unwrap_or_else(|| failure.to_string());
    let made = match failure.code {
        ErrorCode::ConstraintViolation => constraint(failure.extended_code, &message),
        ErrorCode::DiskFull => Error::new(Kind::Unavailable, "disk_full"),
        // The shared-memory file could not grow: SQLite reports that as an input/output error.
        ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
            Error::new(Kind::Unavailable, "disk_full")
        }
        ErrorCode::SystemIoFailure => Error::new(Kind::Unavailable, "disk_failed"),
        ErrorCode::ReadOnly => Error::new(Kind::Unavailable, "disk_read_only"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            Error::new(Kind::Unavailable, "store_busy")
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::new(Kind::Unavailable, "store_damaged"),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => Error::new(Kind::Unavailable, "disk_failed"),
        _ => Error::fault(&message),
    };
    made.cause(format!("SQLite {}: {message}", failure.extended_code))
}

/// As [`sql_error`], naming the file.
pub(super) fn sql_error_in(path: &Path, error: rusqlite::Error) -> Error {
    sql_error(error).with("path", path.display())
}

fn constraint(extended: i32, message: &str) -> Error {
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            // "UNIQUE constraint failed: users.name" names the columns after the colon.
            let columns = message.rsplit(": ").next().unwrap_or_default();
            Error::new(Kind::Conflict, "row_exists").with("columns", columns)
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Error::new(Kind::Conflict, "row_in_use"),
        _ => Error::fault(message),
    }
}

/// No connection became free in time.
pub(super) fn pool_error(error: r2d2::Error) -> Error {
    Error::new(Kind::Unavailable, "store_busy").cause(error)
}
