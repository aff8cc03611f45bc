//! Host operations across a Unix socket: [`serve`] is what the root process `manara host` runs, [`Client`] is the machine
//! as the unprivileged panel sees it. HTTP/1.1 on both ends; a long operation goes over into frames by an upgrade.
//!
//! The side that serves takes nothing on trust. Peers are known by their user id, everything that arrives is parsed by the
//! types themselves, and size, time and number of everything are limited.

mod child;
mod client;
mod server;
pub mod wire;

pub use child::{Child, Watched, tell_parent, wait_for_parent_to_end};
pub use client::Client;
pub use server::{Listen, Patience, Service, serve};
