//! Floor 6: the command line. Every operation of the registry is a command `manara NOUN VERB`; [`local::LOCAL`] lists the
//! few that work without the panel.
//!
//! Only the part of the command tree that the given words name is built, and texts are looked up when help is asked for.

mod call;
pub mod documents;
mod fields;
mod globals;
mod guarded;
mod job;
mod local;
mod output;
mod plan;
mod prompt;
mod remote;
mod request;
mod table;
mod tree;
mod usage;

pub use local::{HostRun, Itself, LOCAL, Leave, Local, Migrate, PolicyAct, ReleaseFrom, SelfCheck, Tell};

use crate::base::Error;
use globals::{Early, Globals};
use output::{Failure, Screen};
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tree::{Say, Shape};

/// Runs the command line with `args` (the program's name left out) and answers the exit code: 0 done, 1 a check found
/// problems, 2 bad input, 3 not allowed, 4 not found or conflict, 5 an external component failed, 70 our fault.
pub fn run(args: Vec<OsString>, local: &dyn Local) -> u8 {
    if matches!(args.as_slice(), [only] if only == "--version" || only == "-V") {
        output::print(&version());
        return 0;
    }
    let args: Vec<String> = args.into_iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let early = Early::read(&args);
    let screen = Screen { lang: early.lang, json: early.json, quiet: early.quiet };
    let ended = catch_unwind(AssertUnwindSafe(|| dispatch(&args, &early, &screen, local)));
    let ended = ended.unwrap_or_else(|_| Err(Error::fault("the command panicked").into()));
    ended.unwrap_or_else(|failure| screen.fail(&failure))
}

fn version() -> String {
    format!("manara {} ({}, {})\n", env!("CARGO_PKG_VERSION"), env!("MANARA_COMMIT"), env!("MANARA_TARGET"))
}

fn dispatch(args: &[String], early: &Early, screen: &Screen, local: &dyn Local) -> Result<u8, Failure> {
    let shape = Shape { words: &early.words, whole: false, say: Say(None) };
    let matches = match tree::build(&shape).try_get_matches_from(globals::with_name(args)) {
        Ok(matches) => matches,
        Err(error) => return usage::explain(&error, args, early, screen),
    };
    let globals = Globals::read(&matches, early)?;
    let (mut path, mut leaf) = (Vec::new(), &matches);
    while let Some((word, inner)) = leaf.subcommand() {
        path.push(word);
        leaf = inner;
    }
    if let Some(op) = tree::operation(&path) {
        return call::operation(op, leaf, &globals, screen, local);
    }
    let found = LOCAL.iter().find(|command| Some(&command.name) == path.first());
    let command = found.ok_or_else(|| Error::fault(format!("nobody answers to {path:?}")))?;
    (command.run)(&local::Run { path: &path, matches: leaf, globals: &globals, screen, local })
}

#[cfg(test)]
mod tests;
