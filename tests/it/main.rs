//! The integration suite: one binary, a module per subject.

mod fuzz;
mod nginx_syntax;
mod support;
