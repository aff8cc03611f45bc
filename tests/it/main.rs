//! The integration suite: one binary, a module per subject.

mod apply;
mod fuzz;
mod nginx_syntax;
mod support;
