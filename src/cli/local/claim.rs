//! `claim`: taking the server over without a browser.

use super::{Run, flag};
use crate::base::{Error, Kind};
use crate::cli::output::{Failure, clean, print};
use crate::cli::request::Ask;
use crate::cli::tree::Say;
use crate::cli::{call, prompt, table};
use crate::ops;
use clap::{ArgAction, Command};
use serde_json::{Value, json};

pub(super) fn build(command: Command, say: Say) -> Command {
    let switch = |name| flag("claim", name, say).action(ArgAction::SetTrue);
    command.args([
        flag("claim", "user", say).value_name("NAME").conflicts_with("new-link"),
        switch("password-stdin"),
        switch("new-link"),
    ])
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    if run.is_set("new-link") {
        let link = ask(run, "claim.renew", json!({}))?;
        show_link(run, &link);
        return Ok(0);
    }
    let missing = |flags: &str| Error::new(Kind::BadInput, "cli_missing").with("flags", flags);
    let user = run.text("user").ok_or_else(|| missing("--user"))?;
    if !run.is_set("password-stdin") && !prompt::at_terminal() {
        return Err(missing("--password-stdin").into());
    }
    let password = prompt::secret(&run.screen.say("cli.local.claim.password", &[]))?;
    let session = ask(run, "claim.create", json!({ "user": user, "password": password }))?;
    if run.screen.json {
        show(run, "claim.create", &session);
    } else {
        run.screen.tell(&run.screen.say("cli.claimed", &[("user", user.to_owned())]));
    }
    Ok(0)
}

/// The link on a line of its own, so that it can be copied.
fn show_link(run: &Run, link: &Value) {
    if run.screen.json {
        return run.screen.print_json(link);
    }
    let text = |name: &str| clean(link[name].as_str().unwrap_or_default());
    print(&(text("url") + "\n"));
    run.screen.tell(&run.screen.say("cli.claim_link", &[("until", text("expires_at"))]));
}

fn show(run: &Run, operation: &str, answer: &Value) {
    if run.screen.json {
        run.screen.print_json(answer);
    } else {
        print(&table::text(operation, answer, run.screen));
    }
}

/// Asks the running panel; where none runs, the same operation in this process.
pub(super) fn ask(run: &Run, operation: &str, input: Value) -> Result<Value, Failure> {
    let op = ops::find(operation).ok_or_else(|| Error::fault(format!("there is no {operation}")))?;
    match call::remote(run.globals, run.local)?.ask(&Ask::new(op, &input, false)) {
        Err(Failure::Ours(error)) if error.code() == "panel_not_running" => {
            Ok(run.local.claim(run.loaded()?, run.screen.lang, operation, input)?)
        }
        answer => Ok(answer?.json()?),
    }
}
