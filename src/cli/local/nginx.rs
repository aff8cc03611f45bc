//! `nginx freeze|restore`: nginx without the panel.

use super::{Leave, Run};
use crate::cli::output::Failure;
use crate::cli::tree::Say;
use clap::Command;
use serde_json::json;

pub(super) fn build(command: Command, say: Say) -> Command {
    super::verbs(command, "nginx", &["freeze", "restore"], say)
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    let (how, done) = match run.verb() {
        "restore" => (Leave::Restore, "restored"),
        _ => (Leave::Freeze, "frozen"),
    };
    run.local.leave_nginx(&run.loaded()?, how)?;
    if run.screen.json {
        run.screen.print_json(&json!({ "done": done }));
    } else {
        run.screen.tell(&run.screen.say(&format!("cli.nginx_{done}"), &[]));
    }
    Ok(0)
}
