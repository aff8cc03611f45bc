//! Configuration: one table of options ([`options::ALL`]) and everything that is derived from it. Pure: file text,
//! environment and flags are handed in, nothing here reads the machine.

pub mod key_file;
mod load;
pub mod options;
mod panel;
mod problem;
pub mod reference;
mod report;
mod sources;
mod typed;
pub mod value;

pub use load::{FileText, LoadInput, Loaded, Override, Setting, load};
pub use panel::{Panel, check_listen};
pub use problem::{ConfigProblems, Origin, Problem};
pub use report::{Report, Shown};
pub use typed::{Config, Database, LogFormat, NginxOwnership, Profile, below, file_path};

#[cfg(test)]
mod tests;
