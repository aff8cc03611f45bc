//! The nginx parser and printer against files of the world and against a running nginx.

pub(crate) mod corpus;
pub(crate) mod generate;
mod meaning;
mod server;
