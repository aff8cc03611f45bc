//! The installation on a machine: its users, files, units and versions; how it is put there, replaced and taken away.

mod disk;
pub mod download;
pub mod health;
mod own_files;
mod people;
mod receipt;
pub mod release;
pub mod remove;
pub mod setup;
#[cfg(test)]
mod testing;
pub mod units;
pub mod update;
pub mod worker;

pub use own_files::{OWN_FILES, OwnFile, Repair, enforce};
