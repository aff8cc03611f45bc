//! The integration suite: one binary, a module per subject.

mod apply;
mod fuzz;
mod kill;
mod nginx_syntax;
mod support;
