//! Manara.

pub mod nginx_syntax;
