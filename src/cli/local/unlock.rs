//! `unlock`: the way back in for whoever is root on the machine.

use super::{Run, argument, flag};
use crate::cli::output::{Failure, print};
use crate::cli::tree::Say;
use clap::{ArgAction, Command};
use serde_json::json;

pub(super) fn build(command: Command, say: Say) -> Command {
    let user = argument("unlock", "user", say).value_name("USER").help_heading(say.say("cli.heading.arguments"));
    let listen = flag("unlock", "listen", say).value_name("ADDRESS:PORT");
    command.arg(user).arg(listen).arg(flag("unlock", "new-certificate", say).action(ArgAction::SetTrue))
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    let listen = match run.text("listen") {
        Some(listen) => Some(listen.to_owned()),
        None => run.local.installed_listen(&run.globals.root)?,
    };
    let input = json!({ "user": run.text("user"), "listen": listen, "new_certificate": run.matches.get_flag("new-certificate") });
    let answer = super::claim::ask(run, "panel.unlock", input)?;
    if run.screen.json {
        run.screen.print_json(&answer);
    } else {
        run.screen.tell(&run.screen.say("cli.unlocked", &[]));
        if let Some(fingerprint) = answer["fingerprint"].as_str() {
            run.screen.tell(&run.screen.say("cli.unlocked_certificate", &[("fingerprint", fingerprint.to_owned())]));
        }
        if let Some(password) = answer["password"].as_str() {
            run.screen.tell(&run.screen.say("cli.unlocked_password", &[]));
            print(&format!("{password}\n"));
        }
    }
    // Where to listen the panel learns at its start. Last, because the password is told only once.
    run.local.restart(&run.globals.root)?;
    Ok(0)
}
