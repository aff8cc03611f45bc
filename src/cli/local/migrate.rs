//! `migrate status|up|down|check`.

use super::{Migrate, Run, flag};
use crate::base::{Error, Kind, locale};
use crate::cli::output::{Failure, clean, print};
use crate::cli::table;
use crate::cli::tree::Say;
use clap::{Arg, ArgAction, Command, value_parser};
use serde_json::Value;

pub(super) fn build(command: Command, say: Say) -> Command {
    let to = || flag("migrate", "to", say).value_name("N").value_parser(value_parser!(u32));
    let dry_run = || flag("migrate", "dry-run", say).action(ArgAction::SetTrue);
    let number = Arg::new("@to").value_name("N").value_parser(value_parser!(u32)).conflicts_with("to");
    let number = number.help(say.say("cli.local.migrate.to")).help_heading(say.say("cli.heading.arguments"));
    super::verbs(command, "migrate", &["status", "up", "down", "check", "snapshot", "restore"], say)
        .mut_subcommand("up", |up| up.arg(dry_run()))
        .mut_subcommand("restore", |restore| {
            let file = super::argument("migrate", "file", say).value_name("FILE").required(true);
            restore.arg(file.help_heading(say.say("cli.heading.arguments")))
        })
        .mut_subcommand("down", |down| down.args([number, to().hide(true), dry_run()]))
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    let loaded = run.loaded()?;
    let dry_run = run.is_set("dry-run") || run.globals.plan;
    let what = match run.verb() {
        "up" => Migrate::Up,
        "down" => Migrate::Down(version(run)?),
        "check" => Migrate::Check,
        "snapshot" => Migrate::Snapshot,
        "restore" => Migrate::Restore(run.text("file").unwrap_or_default().into()),
        _ => Migrate::Status,
    };
    if dry_run && matches!(what, Migrate::Up | Migrate::Down(_)) {
        return preview(run, &run.local.migrate(&loaded, Migrate::Status)?, &what);
    }
    if matches!(what, Migrate::Down(_) | Migrate::Restore(_)) && !run.globals.yes {
        confirm(run)?;
    }
    let answer = run.local.migrate(&loaded, what.clone())?;
    if run.screen.json {
        run.screen.print_json(&answer);
    } else {
        print(&text(run, &what, &answer));
    }
    Ok(u8::from(what == Migrate::Check && answer["ok"] == false))
}

fn version(run: &Run) -> Result<u32, Error> {
    let given = |name| run.matches.try_get_one::<u32>(name).ok().flatten().copied();
    given("@to").or_else(|| given("to")).ok_or_else(|| Error::new(Kind::BadInput, "cli_missing").with("flags", "N"))
}

/// Going back drops tables with what is in them.
fn confirm(run: &Run) -> Result<(), Error> {
    let command = format!("migrate {}", run.verb());
    if run.screen.json || !crate::cli::prompt::at_terminal() {
        return Err(Error::new(Kind::BadInput, "cli_needs_yes").with("command", command));
    }
    let question = run.screen.say("cli.confirm", &[("command", command)]);
    let agreed = crate::cli::prompt::confirm(run.screen, &question)?;
    if agreed { Ok(()) } else { Err(Error::new(Kind::BadInput, "cli_not_confirmed")) }
}

/// The migrations that a run would carry out.
fn preview(run: &Run, status: &Value, what: &Migrate) -> Result<u8, Failure> {
    let concerned = |m: &&Value| match what {
        Migrate::Down(to) => !m["applied_at"].is_null() && m["number"].as_u64() > Some(u64::from(*to)),
        _ => m["applied_at"].is_null(),
    };
    let names: Vec<&Value> =
        status["migrations"].as_array().into_iter().flatten().filter(concerned).map(|m| &m["name"]).collect();
    if run.screen.json {
        run.screen.print_json(&serde_json::json!({ "would_run": names }));
    } else if names.is_empty() {
        print(&(run.screen.say("cli.migrate.nothing", &[]) + "\n"));
    } else {
        let names: Vec<_> = names.iter().filter_map(|n| n.as_str()).collect();
        print(&(run.screen.say("cli.migrate.would_run", &[("names", names.join(", "))]) + "\n"));
    }
    Ok(0)
}

fn text(run: &Run, what: &Migrate, answer: &Value) -> String {
    match what {
        Migrate::Status => status(run, answer),
        Migrate::Check => check(run, answer),
        Migrate::Snapshot => answer["path"].as_str().map(|path| clean(path) + "\n").unwrap_or_default(),
        Migrate::Restore(_) => run.screen.say("cli.migrate.restored", &[]) + "\n",
        Migrate::Up | Migrate::Down(_) => {
            let number = |name: &str| answer[name].to_string();
            let mut out = run.screen.say("cli.migrate.ran", &[("from", number("from")), ("to", number("to"))]) + "\n";
            if let Some(path) = answer["snapshot"].as_str() {
                out += &(run.screen.say("cli.migrate.snapshot", &[("path", clean(path))]) + "\n");
            }
            out
        }
    }
}

fn status(run: &Run, answer: &Value) -> String {
    let word = |key: &str| run.screen.say(&format!("cli.migrate.{key}"), &[]);
    let mut rows = Vec::new();
    for m in answer["migrations"].as_array().into_iter().flatten() {
        let state = match m["applied_at"].as_str() {
            _ if m["changed"] == true => word("changed"),
            _ if !m["interrupted"].is_null() => word("interrupted"),
            Some(at) => at.to_owned(),
            None => word("pending"),
        };
        rows.push(vec![clean(m["name"].as_str().unwrap_or_default()), state]);
    }
    table::aligned(&rows)
}

fn check(run: &Run, answer: &Value) -> String {
    let mut out = String::new();
    let words = |code: &str| locale::text::<&str>(run.screen.lang, &format!("migration.{code}"), &[]);
    let problems = |list: &str, code: &str| -> Vec<String> {
        let entries = answer[list].as_array().into_iter().flatten().filter(|e| e[code].is_string());
        let part = |e: &Value, name: &str| clean(e[name].as_str().unwrap_or_default());
        let name = if list == "scratch" { "what" } else { "migration" };
        entries.map(|e| format!("{}: {} {}\n", part(e, name), words(&part(e, code)), part(e, "details"))).collect()
    };
    out.extend(problems("findings", "code"));
    out.extend(problems("scratch", "problem"));
    out + &run.screen.say(if answer["ok"] == true { "cli.migrate.good" } else { "cli.migrate.bad" }, &[]) + "\n"
}
