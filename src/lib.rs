//! Manara (منارة): a server control panel in one static binary. `ARCHITECTURE.md` is the map.

pub mod app;
pub mod base;
pub mod config;
pub mod engine;
pub mod nginx_syntax;
pub mod ops;
pub mod platform;
pub mod services;
pub mod store;
