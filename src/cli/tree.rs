//! The tree of commands, derived from the registry of operations and the list of local commands.

use super::local::LOCAL;
use super::{fields, globals};
use crate::base::locale::{self, Lang};
use crate::ops::{self, Op, Rate, registry};
use clap::{Arg, ArgAction, Command};

/// Operations that local commands stand for.
const COVERED: &[&str] = &["state.apply", "state.export", "panel.unlock"];

/// Looks texts up, or gives empty ones where nobody will read them.
#[derive(Clone, Copy)]
pub(super) struct Say(pub(super) Option<Lang>);

impl Say {
    /// The text of `key`.
    pub(super) fn say(self, key: &str) -> String {
        self.0.map_or_else(String::new, |lang| locale::text::<&str>(lang, key, &[]))
    }

    /// The text of `key`, where the catalogue has it.
    pub(super) fn find(self, key: &str) -> Option<String> {
        locale::find::<&str>(self.0?, key, &[])
    }
}

/// Which part of the tree is built, and how.
pub(super) struct Shape<'a> {
    /// The words given: only the commands along them get arguments.
    pub(super) words: &'a [String],
    /// Everything is built, for documents and completions.
    pub(super) whole: bool,
    /// Where texts come from.
    pub(super) say: Say,
}

impl Shape<'_> {
    fn opens(&self, path: &[&str]) -> bool {
        self.whole || (self.words.len() >= path.len() && path.iter().zip(self.words).all(|(a, b)| a == b))
    }
}

/// The words of an operation on the command line.
pub(super) fn words(op: &Op) -> Vec<String> {
    op.meta.id.split('.').map(|word| word.replace('_', "-")).collect()
}

/// Operations that are commands. Signing in and taking a server over with a token are for callers nobody knows yet.
pub(super) fn visible() -> impl Iterator<Item = &'static Op> {
    registry::ALL.iter().filter(|op| op.meta.rate != Rate::SignIn && !COVERED.contains(&op.meta.id))
}

/// The operation that `path` names.
pub(super) fn operation(path: &[&str]) -> Option<&'static Op> {
    visible().find(|op| words(op) == path)
}

/// The next words after `path`, in the order of the registry.
fn children(path: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for op in visible() {
        let words = words(op);
        if words.len() > path.len()
            && words.iter().zip(path).all(|(a, b)| a == b)
            && !found.contains(&words[path.len()])
        {
            found.push(words[path.len()].clone());
        }
    }
    found
}

/// The whole command `manara`.
pub(super) fn build(shape: &Shape) -> Command {
    let say = shape.say;
    let mut root = group(Command::new("manara").about(say.say("cli.about")), &["manara"], say)
        .arg(
            Arg::new("version").long("version").short('V').action(ArgAction::Version).help(say.say("cli.flag.version")),
        )
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(say.say("cli.after_help"))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true);
    root = globals::add(root, say);
    for noun in children(&[]).iter().filter(|noun| LOCAL.iter().all(|local| local.name != noun.as_str())) {
        root = root.subcommand(node(&[noun], shape));
    }
    for local in LOCAL {
        let mut command = Command::new(local.name).about(say.say(&format!("cli.local.{}.about", key(local.name))));
        if shape.opens(&[local.name]) {
            let more = children(&[local.name]);
            command = (local.build)(command, say);
            command = command.args_conflicts_with_subcommands(!more.is_empty());
            for verb in &more {
                command = command.subcommand(node(&[local.name, verb], shape));
            }
            command = describe(command, &["manara", local.name], say);
        }
        root = root.subcommand(command);
    }
    root
}

/// Key of a word in the catalogue.
pub(super) fn key(word: &str) -> String {
    word.replace('-', "_")
}

fn node(path: &[&str], shape: &Shape) -> Command {
    let name = path.last().copied().unwrap_or_default().to_owned();
    let full: Vec<&str> = std::iter::once("manara").chain(path.iter().copied()).collect();
    if let Some(op) = operation(path) {
        let command = Command::new(name).about(shape.say.say(&op.meta.summary_key()));
        return if shape.opens(path) { leaf(command, op, &full, shape) } else { command };
    }
    let about = shape.say.say(&format!("noun.{}", key(path.first().copied().unwrap_or_default())));
    let mut command = group(Command::new(name).about(about), &full, shape.say);
    if shape.opens(path) {
        for child in children(path) {
            let longer: Vec<&str> = path.iter().copied().chain([child.as_str()]).collect();
            command = command.subcommand(node(&longer, shape));
        }
    }
    command
}

fn leaf(command: Command, op: &Op, full: &[&str], shape: &Shape) -> Command {
    let command = command.args(fields::args(op, shape.say, shape.whole)).args(extra(op, shape.say));
    let usage = format!("{} {}", full.join(" "), fields::usage(op, shape.say));
    describe(command, full, shape.say).override_usage(usage)
}

/// Flags about how an operation is asked for.
fn extra(op: &Op, say: Say) -> Vec<Arg> {
    let flag = |name: &'static str| {
        let help = say.say(&format!("cli.flag.{}", key(name)));
        Arg::new(name).long(name).help(help).help_heading(say.say("cli.heading.flags"))
    };
    match op.shape {
        ops::Shape::Change(_) => vec![
            flag("if-match").value_name("REVISION").value_parser(clap::value_parser!(i64)),
            flag("no-wait").action(ArgAction::SetTrue),
        ],
        ops::Shape::Work(_) | ops::Shape::Direct(_) => vec![flag("no-wait").action(ArgAction::SetTrue)],
        _ => vec![],
    }
}

/// A command that only holds others.
pub(super) fn group(command: Command, full: &[&str], say: Say) -> Command {
    let usage = format!("{} <{}> [{}]", full.join(" "), say.say("cli.usage.command"), say.say("cli.usage.options"));
    describe(command, full, say).subcommand_required(true).arg_required_else_help(true).override_usage(usage)
}

/// Headings and layout of the help, in the reader's language.
fn describe(command: Command, full: &[&str], say: Say) -> Command {
    if say.0.is_none() {
        return command;
    }
    let usage = say.say("cli.heading.usage");
    command
        .display_name(full.join("-"))
        .bin_name(full.join(" "))
        .disable_help_subcommand(true)
        .subcommand_help_heading(say.say("cli.heading.commands"))
        .help_template(format!("{{about-with-newline}}\n{usage}: {{usage}}\n\n{{all-args}}{{after-help}}\n"))
}
