//! Calling an operation of the running panel: plan first, ask where something is lost, wait for jobs.

use super::globals::Globals;
use super::output::{Failure, Screen, clean, print};
use super::remote::{Answer, Remote};
use super::request::Ask;
use super::tree::{self, Say};
use super::{Local, fields, guarded, job, plan, prompt, table};
use crate::base::{Error, Kind, Result};
use crate::ops::{self, Op, Shape};
use clap::ArgMatches;
use serde_json::{Value, json};

/// Operations whose change may have to be confirmed.
const GUARDED: &[&str] = &["setting.update", "panel_certificate.set", "panel_certificate.remake"];

/// How a call is made.
pub(super) struct Manner {
    /// The revision the caller has seen.
    pub(super) if_match: Option<i64>,
    /// Answer with the job instead of waiting for it.
    pub(super) no_wait: bool,
    /// Only show what would change.
    pub(super) plan: bool,
    /// Something may be lost although the operation does not say so of itself.
    pub(super) loses: bool,
    /// Do not ask.
    pub(super) yes: bool,
}

impl Manner {
    /// As the global flags say.
    pub(super) fn of(globals: &Globals) -> Manner {
        Manner { if_match: None, no_wait: false, plan: globals.plan, loses: false, yes: globals.yes }
    }
}

/// The panel that the global flags name.
pub(super) fn remote(globals: &Globals, local: &dyn Local) -> Result<Remote> {
    let loaded = local.config(&globals.root, globals.overrides.clone())?;
    Remote::new(loaded.config.api_socket, globals.lang, globals.token.clone())
}

/// Carries out `manara NOUN VERB`.
pub(super) fn operation(
    op: &Op,
    matches: &ArgMatches,
    globals: &Globals,
    screen: &Screen,
    local: &dyn Local,
) -> Result<u8, Failure> {
    let input = fields::input(op, matches, Say(Some(globals.lang)))?;
    let manner = Manner {
        if_match: matches.try_get_one::<i64>("if-match").ok().flatten().copied(),
        no_wait: matches.try_get_one::<bool>("no-wait").ok().flatten().copied().unwrap_or(false),
        loses: op.meta.destructive,
        ..Manner::of(globals)
    };
    call(&remote(globals, local)?, op, &input, &manner, screen)
}

/// Calls `op` with `input` and shows the answer; the exit code.
pub(super) fn call(remote: &Remote, op: &Op, input: &Value, manner: &Manner, screen: &Screen) -> Result<u8, Failure> {
    match op.shape {
        Shape::Stream(_) | Shape::Download(..) => return pass_on(remote, op, input),
        _ if manner.plan && op.changes() && !op.can_dry_run() => {
            return Err(Error::new(Kind::BadInput, "no_dry_run").with("operation", op.meta.id).into());
        }
        _ => {}
    }
    let ask = |op: &Op, input: &Value, dry_run: bool| {
        let request = Ask::new(op, input, dry_run);
        remote.ask(&Ask { if_match: manner.if_match, respond_async: manner.no_wait && !dry_run, ..request })
    };
    let dry_run = manner.plan && op.can_dry_run();
    let shown_first = matches!(op.shape, Shape::Change(_)) && !screen.json && !screen.quiet;
    if !dry_run && !shown_first {
        agree(op, manner, screen)?;
        return show(remote, op, &ask(op, input, false)?, manner, screen);
    }
    if !dry_run && manner.loses && !manner.yes && !prompt::at_terminal() {
        agree(op, manner, screen)?;
    }
    let planned = ask(op, input, true)?;
    if screen.json {
        return Ok(print_body(&planned));
    }
    let body = planned.json()?;
    print(&plan::text(&body, screen, dry_run));
    if dry_run {
        return Ok(plan::exit_code(&body));
    }
    if plan::is_empty(&body) {
        return Ok(0);
    }
    agree(op, manner, screen)?;
    let apply = ops::find("plan.apply").ok_or_else(|| Error::fault("plans cannot be applied"))?;
    show(remote, op, &ask(apply, &json!({ "id": body["id"] }), false)?, manner, screen)
}

/// Makes sure that somebody wants to lose something.
fn agree(op: &Op, manner: &Manner, screen: &Screen) -> Result<()> {
    if !manner.loses || manner.yes || manner.plan {
        return Ok(());
    }
    let command = tree::words(op).join(" ");
    if screen.json || !prompt::at_terminal() {
        return Err(Error::new(Kind::BadInput, "cli_needs_yes").with("command", command));
    }
    if prompt::confirm(screen, &screen.say("cli.confirm", &[("command", command)]))? {
        return Ok(());
    }
    Err(Error::new(Kind::BadInput, "cli_not_confirmed"))
}

/// Shows an answer, after waiting for the job where it is one.
fn show(remote: &Remote, op: &Op, answer: &Answer, manner: &Manner, screen: &Screen) -> Result<u8, Failure> {
    if answer.status != 202 || manner.no_wait {
        let verdict = if matches!(op.shape, Shape::Read(_)) { verdict(op.meta.id, &answer.json()?) } else { 0 };
        if screen.json {
            print_body(answer);
        } else {
            let mut body = answer.json()?;
            if GUARDED.contains(&op.meta.id) {
                // What is pending is told below, in words.
                body["guard"] = Value::Null;
            }
            print(&clean(&table::text(op.meta.id, &body, screen)));
            if let (1, Some(entry)) = (verdict, body["first_bad"].as_i64()) {
                super::output::note(&(screen.say("cli.audit_broken", &[("entry", entry.to_string())]) + "\n"));
            }
        }
        if GUARDED.contains(&op.meta.id) && !screen.json && !manner.plan {
            guarded::follow(remote, &answer.json()?, screen)?;
        }
        return Ok(verdict);
    }
    let accepted = answer.json()?;
    let id = accepted["job"]["id"].as_str().ok_or_else(|| Error::fault("a job without an id"))?;
    let ended = job::follow(remote, id, screen)?;
    if screen.json {
        screen.print_json(&json!({ "job": ended }));
    } else if job::exit_code(&ended) == 0 {
        screen.tell(&screen.say("cli.job_done", &[("summary", clean(ended["summary"].as_str().unwrap_or_default()))]));
    } else {
        super::output::note(&table::job_failure(&ended, screen));
    }
    Ok(job::exit_code(&ended))
}

/// The exit code of a check: 1 when it found something wrong.
fn verdict(operation: &str, body: &Value) -> u8 {
    u8::from(match operation {
        "audit.verify" => body["ok"] == false,
        "drift.list" => body["items"].as_array().is_some_and(|files| !files.is_empty()),
        _ => false,
    })
}

/// The API's body, as it came.
fn print_body(answer: &Answer) -> u8 {
    let text = String::from_utf8_lossy(&answer.body);
    print(&text);
    if !text.ends_with('\n') {
        print("\n");
    }
    0
}

/// Hands a file or a stream on to the standard output.
fn pass_on(remote: &Remote, op: &Op, input: &Value) -> Result<u8, Failure> {
    remote.read(&Ask::new(op, input, false), &mut |piece| {
        use std::io::Write;
        let mut out = std::io::stdout().lock();
        out.write_all(piece)
            .and_then(|()| out.flush())
            .map_err(|e| Error::new(Kind::Unavailable, "cli_no_output").cause(e))
    })?;
    Ok(0)
}
