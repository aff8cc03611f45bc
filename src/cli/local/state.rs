//! `plan FILE`, `apply FILE`, `export`: desired state in a file.

use super::{Run, argument, flag};
use crate::base::{Error, Kind};
use crate::cli::output::Failure;
use crate::cli::tree::Say;
use crate::cli::{call, prompt};
use crate::ops;
use clap::{ArgAction, Command};
use serde_json::{Value, json};

pub(super) fn build_plan(command: Command, say: Say) -> Command {
    with_file(command, "plan", say)
}

pub(super) fn build_apply(command: Command, say: Say) -> Command {
    with_file(command, "apply", say)
}

fn with_file(command: Command, name: &str, say: Say) -> Command {
    command
        .arg(argument(name, "file", say).value_name("FILE").help_heading(say.say("cli.heading.arguments")))
        .arg(flag(name, "prune", say).action(ArgAction::SetTrue))
}

pub(super) fn plan(run: &Run) -> Result<u8, Failure> {
    send(run, true)
}

pub(super) fn apply(run: &Run) -> Result<u8, Failure> {
    send(run, run.globals.plan)
}

fn send(run: &Run, plan: bool) -> Result<u8, Failure> {
    let path = run.text("file").ok_or_else(|| Error::new(Kind::BadInput, "cli_missing").with("flags", "FILE"))?;
    let mut input = json!({ "document": prompt::read_file(path)? });
    if run.is_set("prune") {
        input["prune"] = true.into();
    }
    operation(run, "state.apply", &input, plan)
}

pub(super) fn export(run: &Run) -> Result<u8, Failure> {
    operation(run, "state.export", &json!({}), false)
}

fn operation(run: &Run, id: &str, input: &Value, plan: bool) -> Result<u8, Failure> {
    let op = ops::find(id).ok_or_else(|| Error::fault(format!("there is no {id}")))?;
    let manner = call::Manner { plan, loses: input["prune"] == true, ..call::Manner::of(run.globals) };
    call::call(&call::remote(run.globals, run.local)?, op, input, &manner, run.screen)
}
