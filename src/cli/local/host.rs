//! `host`: the service that touches the machine.

use super::{HostRun, Run, flag};
use crate::cli::output::Failure;
use crate::cli::tree::Say;
use clap::{ArgAction, Command};

pub(super) fn build(command: Command, say: Say) -> Command {
    let switch = |name| flag("host", name, say).action(ArgAction::SetTrue);
    command.args([switch("recover"), switch("with-parent").conflicts_with("recover").hide(true)])
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    let how = match () {
        () if run.is_set("recover") => HostRun::Recover,
        () if run.is_set("with-parent") => HostRun::WithParent,
        () => HostRun::Service,
    };
    run.local.host(&run.loaded()?, how)?;
    Ok(0)
}
