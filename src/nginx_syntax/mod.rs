//! The language of nginx configuration files: a tree, a parser with positions and a printer that quotes by
//! construction. Pure: no file, no process and nothing of the rest of the panel.
//!
//! The tree holds what nginx *means*, not how somebody typed it. nginx undoes quotes and escapes while it splits a
//! file into words and keeps no trace of them, so `\.php$`, `"\.php$"` and `'\\.php$'` are one and the same
//! argument here too: the text `\.php$`. Two facts follow that callers must know:
//!
//! * Quoting never stops a variable: `$host` is interpolated inside quotes as well, by the directive that reads the
//!   argument. The tree keeps `$` as text, and nothing at this level can make it literal.
//! * A quoted directive name is the directive: `"root" /;` is `root /;`. Checks on [`Directive::name`] therefore
//!   see the very name nginx sees.
//!
//! Promises, held by tests (the last against a running nginx): `parse(print(tree)) == tree` for every tree the
//! printer accepts; `print(parse(text))` is a fixed point; nginx reads every printed argument byte for byte.
//! The one difference between a file and its printed form besides layout: a comment amid the arguments of a
//! directive moves in front of that directive.

mod error;
mod lexer;
mod lua;
mod parse;
mod print;
mod quote;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use error::{PrintError, PrintProblem, SyntaxError, SyntaxProblem};
pub use parse::parse;
pub use print::print;
pub use tree::{Directive, Origin, block, comment, dir};
pub use walk::{holds_entries, walk};

/// Largest configuration file read or printed, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Deepest nesting of blocks; `http { server { } }` is two. Each level costs two of the 128 that `serde_json` reads, and
/// a tree stored inside other data must fit as well.
pub const MAX_DEPTH: usize = 32;

/// Longest word or comment as written in the file, in bytes: escapes counted, the surrounding quotes not.
///
/// nginx reads through a buffer of 4096 bytes that must hold a word together with its closing quote and the two
/// bytes after it. A few longer words pass there by luck of what follows them; they are refused here.
pub const MAX_WORD: usize = 4096 - 3;
