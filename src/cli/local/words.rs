//! Commands that print what the program knows of itself.

use super::{Run, argument};
use crate::base::locale::Lang;
use crate::base::{Error, Kind};
use crate::cli::output::{Failure, print};
use crate::cli::tree::{self, Say, Shape};
use crate::cli::{documents, output};
use crate::{config, ops};
use clap::{ArgAction, Command};
use std::str::FromStr;

/// A command without arguments of its own.
pub(super) fn plain(command: Command, _: Say) -> Command {
    command
}

pub(super) fn openapi(run: &Run) -> Result<u8, Failure> {
    run.screen.print_json(&ops::openapi::document());
    Ok(0)
}

pub(super) fn build_completions(command: Command, say: Say) -> Command {
    let shell = argument("completions", "shell", say).value_name("SHELL").value_parser(["bash", "zsh", "fish"]);
    command.arg(shell.required(true).hide_possible_values(true).help_heading(say.say("cli.heading.arguments")))
}

pub(super) fn completions(run: &Run) -> Result<u8, Failure> {
    let shell = clap_complete::Shell::from_str(run.text("shell").unwrap_or_default()).map_err(Error::fault)?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut whole(run.screen.lang), "manara", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(0)
}

fn whole(lang: Lang) -> Command {
    tree::build(&Shape { words: &[], whole: true, say: Say(Some(lang)) })
}

pub(super) fn build_man(command: Command, say: Say) -> Command {
    let words = argument("man", "command", say).value_name("COMMAND").action(ArgAction::Append).num_args(0..);
    command.arg(words.help_heading(say.say("cli.heading.arguments")))
}

pub(super) fn man(run: &Run) -> Result<u8, Failure> {
    let mut command = whole(run.screen.lang);
    command.build();
    for word in run.matches.get_many::<String>("command").into_iter().flatten() {
        let inner = command.find_subcommand(word).cloned();
        command = inner.ok_or_else(|| Error::new(Kind::BadInput, "cli_unknown_command").with("word", word))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(Error::fault)?;
    print(&String::from_utf8_lossy(&page));
    Ok(0)
}

pub(super) fn build_reference(command: Command, say: Say) -> Command {
    super::verbs(command, "reference", &["cli", "permissions", "config"], say)
}

pub(super) fn reference(run: &Run) -> Result<u8, Failure> {
    output::print(&match run.verb() {
        "cli" => documents::commands(),
        "permissions" => documents::permissions(),
        _ => config::reference::document(run.screen.lang),
    });
    Ok(0)
}
