//! Floor 7: the composition root. The only place that knows everyone.

pub mod claim;
mod commands;
pub mod config_cmd;
mod console;
pub mod host;
pub mod itself;
mod leave;
pub mod logging;
pub mod migrate;
pub mod open;
mod roles;
pub mod self_test;
pub mod serve;

pub use commands::Commands;
