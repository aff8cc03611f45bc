//! Runs the integration suite.

mod fuzz;
mod nginx_syntax;
mod support;
