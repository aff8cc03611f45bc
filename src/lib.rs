//! Manara (منارة): a server control panel in one static binary. `ARCHITECTURE.md` is the map.
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests prepare the machine they test on")
)]

pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod engine;
pub mod http;
pub mod nginx_syntax;
pub mod ops;
pub mod platform;
pub mod services;
pub mod store;
