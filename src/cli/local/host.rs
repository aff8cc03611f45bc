//! `host`: the service that touches the machine, and its policy.

use super::{HostRun, PolicyAct, Run, argument, flag};
use crate::cli::output::{Failure, print};
use crate::cli::tree::{self, Say};
use clap::{ArgAction, Command};
use serde_json::json;

pub(super) fn build(command: Command, say: Say) -> Command {
    let switch = |name| flag("host", name, say).action(ArgAction::SetTrue);
    let verb = |name: &'static str| Command::new(name).about(say.say(&format!("cli.local.host.policy_{name}")));
    let value = |name: &'static str, shown: &'static str| argument("host", name, say).value_name(shown).required(true);
    let policy = Command::new("policy").about(say.say("cli.local.host.policy"));
    let policy = tree::group(policy, &["manara", "host", "policy"], say)
        .subcommand(verb("check"))
        .subcommand(verb("show"))
        .subcommand(verb("allow").args([value("key", "KEY"), value("value", "VALUE")]));
    command
        .args([switch("recover"), switch("with-parent").conflicts_with("recover").hide(true)])
        .args_conflicts_with_subcommands(true)
        .subcommand(policy)
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    if run.verb() == "policy" {
        return policy(run);
    }
    let how = match () {
        () if run.is_set("recover") => HostRun::Recover,
        () if run.is_set("with-parent") => HostRun::WithParent,
        () => HostRun::Service,
    };
    run.local.host(&run.loaded()?, how)?;
    Ok(0)
}

fn policy(run: &Run) -> Result<u8, Failure> {
    let verb = run.path.last().copied().unwrap_or_default();
    let act = match (run.text("key"), run.text("value")) {
        (Some(key), Some(value)) => PolicyAct::Allow { key, value },
        _ => PolicyAct::Show,
    };
    let text = run.local.policy(&run.globals.root, act)?;
    match verb {
        "show" => print(&text),
        _ if run.screen.json => run.screen.print_json(&json!({ "ok": true })),
        "allow" => run.screen.tell(&run.screen.say("cli.policy_changed", &[])),
        _ => run.screen.tell(&run.screen.say("cli.policy_ok", &[])),
    }
    Ok(0)
}
