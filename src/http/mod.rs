//! Floor 6: the panel over HTTP. Everything is derived from the registry of operations; only this surface is async, and
//! blocking work leaves it for a bounded pool.
//!
//! [`serve`] listens on TCP (TLS, or plain on loopback) and on the Unix socket; [`Server`] tells the addresses and stops.

mod api;
mod assets;
mod body;
mod connection;
mod counters;
mod csrf;
mod doors;
mod download;
mod figures;
mod handler;
mod headers;
mod json;
mod kept;
mod patient;
mod places;
mod pool;
mod probes;
mod proxy;
mod readers;
mod refusal;
mod response;
mod router;
mod server;
mod session;
mod stream;
mod text;
mod tls;
mod visit;

pub use assets::embedded;
pub use server::{Listen, Patience, Server, Tcp, serve};
