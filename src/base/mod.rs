//! Floor 0: pure types everybody may use. Nothing here touches the machine, the network or the database.

pub mod access;
pub mod clock;
pub mod csv;
pub mod diff;
pub mod error;
pub mod ids;
pub mod layout;
pub mod limits;
pub mod locale;
pub mod names;
pub mod patch;
pub mod schema;
pub mod secret;

pub use error::{Error, FieldProblem, Kind, Result};
pub use secret::Secret;
