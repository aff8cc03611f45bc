//! `self setup|remove|update|rollback|recover|files|status|units`: the installation, by root on the machine's console.

use super::{Itself, ReleaseFrom, Run, flag};
use crate::base::{Error, Kind};
use crate::cli::output::{Failure, clean, print};
use crate::cli::prompt;
use crate::cli::table;
use crate::cli::tree::Say;
use clap::{ArgAction, Command, value_parser};
use serde_json::Value;
use std::path::PathBuf;

const VERBS: &[&str] = &["setup", "remove", "update", "rollback", "recover", "files", "status", "units"];

pub(super) fn build(command: Command, say: Say) -> Command {
    let switch = |name| flag("self", name, say).action(ArgAction::SetTrue);
    let path = |name| flag("self", name, say).value_name("FILE").value_parser(value_parser!(PathBuf));
    let port = flag("self", "port", say).value_name("N").value_parser(value_parser!(u16).range(1..));
    let print = flag("self", "print", say).value_name("NAME").required(true);
    super::verbs(command, "self", VERBS, say)
        .mut_subcommand("setup", |c| {
            let url = flag("self", "release-url", say).value_name("URL");
            c.args([switch("dry-run"), switch("no-start"), path("release-key"), url, port])
        })
        .mut_subcommand("remove", |c| c.args([switch("dry-run"), switch("purge"), switch("sites").requires("purge")]))
        .mut_subcommand("update", |c| {
            let version = flag("self", "version", say).value_name("X.Y.Z").conflicts_with("offline");
            c.args([version, path("offline"), switch("downgrade"), switch("foreground")])
        })
        .mut_subcommand("rollback", |c| c.arg(switch("foreground")))
        .mut_subcommand("recover", |c| c.arg(switch("start")))
        .mut_subcommand("units", |c| c.arg(print))
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    let dry_run = run.is_set("dry-run") || run.globals.plan;
    let file = |name: &str| run.matches.try_get_one::<PathBuf>(name).ok().flatten().cloned();
    let what = match run.verb() {
        "units" => return unit(run),
        "setup" => Itself::Setup {
            apply: !dry_run,
            start: !run.is_set("no-start"),
            release_key: file("release-key"),
            release_url: run.text("release-url").map(str::to_owned),
            port: run.matches.try_get_one::<u16>("port").ok().flatten().copied(),
        },
        "remove" => Itself::Remove { apply: !dry_run, purge: run.is_set("purge"), sites: run.is_set("sites") },
        "update" => Itself::Update {
            release: file("offline")
                .map_or_else(|| ReleaseFrom::Published(run.text("version").map(str::to_owned)), ReleaseFrom::File),
            downgrade: run.is_set("downgrade"),
            foreground: run.is_set("foreground"),
        },
        "rollback" => Itself::Rollback { foreground: run.is_set("foreground") },
        "recover" => Itself::Recover { start: run.is_set("start") },
        "files" => Itself::Files,
        _ => Itself::Status,
    };
    if needs_yes(&what) && !run.globals.yes {
        agree(run, &what)?;
    }
    let lists = matches!(what, Itself::Setup { .. } | Itself::Remove { .. } | Itself::Files);
    let words = if lists { "setup" } else { "update" };
    let mut tell = |kind: &str, name: &str| {
        run.screen.tell(&run.screen.say(&format!("cli.{words}.{kind}"), &[("name", clean(name))]));
    };
    let answer = run.local.itself(&run.globals.root, &what, &mut tell)?;
    if run.screen.json {
        run.screen.print_json(&answer);
    } else {
        print(&text(run, &what, &answer));
    }
    Ok(0)
}

fn unit(run: &Run) -> Result<u8, Failure> {
    let name = run.text("print").unwrap_or_default();
    let text = run.local.unit(name);
    print(text.ok_or_else(|| Error::new(Kind::NotFound, "unit_unknown").with("name", name))?);
    Ok(0)
}

/// Whether it changes the machine in a way that somebody should have agreed to.
fn needs_yes(what: &Itself) -> bool {
    matches!(what, Itself::Setup { apply: true, .. } | Itself::Remove { apply: true, .. })
}

/// Shows what would be done and asks.
fn agree(run: &Run, what: &Itself) -> Result<(), Failure> {
    let command = format!("self {}", run.verb());
    if run.screen.json || !prompt::at_terminal() {
        return Err(Error::new(Kind::BadInput, "cli_needs_yes").with("command", command).into());
    }
    let mut looked = what.clone();
    if let Itself::Setup { apply, .. } | Itself::Remove { apply, .. } = &mut looked {
        *apply = false;
    }
    let planned = run.local.itself(&run.globals.root, &looked, &mut |_, _| {})?;
    print(&list(run, &planned));
    let agreed = prompt::confirm(run.screen, &run.screen.say("cli.confirm", &[("command", command)]))?;
    if agreed { Ok(()) } else { Err(Error::new(Kind::BadInput, "cli_not_confirmed").into()) }
}

fn list(run: &Run, answer: &Value) -> String {
    let changes = answer["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if changes.is_empty() {
        return run.screen.say("cli.setup.nothing", &[]) + "\n";
    }
    let part = |change: &Value, name: &str| clean(change[name].as_str().unwrap_or_default());
    let line = |c: &Value| run.screen.say(&format!("cli.setup.{}", part(c, "kind")), &[("name", part(c, "name"))]);
    changes.iter().map(|change| line(change) + "\n").collect()
}

fn text(run: &Run, what: &Itself, answer: &Value) -> String {
    match what {
        Itself::Setup { apply: false, .. } | Itself::Remove { apply: false, .. } => list(run, answer),
        Itself::Setup { .. } | Itself::Remove { .. } => run.screen.say("cli.setup.done", &[]) + "\n",
        Itself::Recover { .. } | Itself::Files => String::new(),
        Itself::Update { .. } | Itself::Rollback { .. } => {
            let word = if answer["changed"] == true { "runs" } else { "same" };
            let version = clean(answer["version"].as_str().unwrap_or_default());
            run.screen.say(&format!("cli.update.{word}"), &[("version", version)]) + "\n"
        }
        Itself::Status => status(run, answer),
    }
}

fn status(run: &Run, answer: &Value) -> String {
    let part = |name: &str| answer[name].as_str().map_or_else(|| "–".to_owned(), clean);
    let row = |name: &str, value: String| vec![run.screen.say(&format!("cli.update.{name}"), &[]), value];
    let mut rows = vec![row("current", part("current")), row("previous", part("previous"))];
    rows.push(row("program", part("version")));
    let mut out = table::aligned(&rows);
    for state in ["under_way", "interrupted"] {
        if answer[state] == true {
            out += &(run.screen.say(&format!("cli.update.{state}"), &[]) + "\n");
        }
    }
    if let Some(code) = answer["last"]["failed"].as_str() {
        let to = clean(answer["last"]["to"].as_str().unwrap_or_default());
        out += &(run.screen.say("cli.update.last_failed", &[("version", to), ("code", clean(code))]) + "\n");
    }
    out
}
