//! What every command takes: where the panel is, how to answer.

use super::tree::Say;
use crate::base::locale::Lang;
use crate::base::{Error, Kind, Result};
use crate::config::Override;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::PathBuf;

/// Flags with a value: the word after them is no command.
const WITH_VALUE: &[&str] = &["--root", "--lang", "--token-file", "--config"];

/// Every short flag of the program: a value may begin with a hyphen, too.
const SHORT: &str = "hqyV";

/// What must be known before the arguments are understood: the language of messages, the words that name a command.
pub(super) struct Early {
    /// Language of all texts.
    pub(super) lang: Lang,
    /// Whether answers are JSON.
    pub(super) json: bool,
    /// Whether only answers and errors are shown.
    pub(super) quiet: bool,
    /// Words that are neither flags nor values of global flags, in order.
    pub(super) words: Vec<String>,
}

impl Early {
    /// Looks the arguments through.
    pub(super) fn read(args: &[String]) -> Early {
        let mut words = Vec::new();
        let mut lang = None;
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if let Some(value) = arg.strip_prefix("--lang=") {
                lang = Some(value.to_owned());
            } else if WITH_VALUE.contains(&arg.as_str()) {
                let value = rest.next();
                lang = if arg == "--lang" { value.cloned() } else { lang };
            } else if !arg.starts_with('-') {
                words.push(arg.clone());
            }
        }
        if words.first().is_some_and(|word| word == "help") {
            words.remove(0);
        }
        let asked = lang.or_else(|| environment("MANARA_LANG")).or_else(|| environment("LANG"));
        let given = |flag: &str| args.iter().any(|a| a == flag);
        Early {
            lang: Lang::from_preference(&asked.unwrap_or_default()),
            json: given("--json"),
            quiet: given("--quiet") || args.iter().any(|a| is_short(a, 'q')),
            words,
        }
    }
}

/// Whether the argument is a short flag, alone or with others as in `-yq`.
fn is_short(arg: &str, flag: char) -> bool {
    arg.strip_prefix('-').is_some_and(|flags| flags.contains(flag) && flags.chars().all(|f| SHORT.contains(f)))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The arguments as clap wants them: the program's name first, `help X` written as `X --help`.
pub(super) fn with_name(args: &[String]) -> Vec<String> {
    let mut all = vec!["manara".to_owned()];
    let help = args.iter().position(|a| !a.starts_with('-')).filter(|at| args[*at] == "help");
    all.extend(args.iter().enumerate().filter(|(at, _)| Some(*at) != help).map(|(_, a)| a.clone()));
    if help.is_some() {
        all.push("--help".into());
    }
    all
}

/// The flags of all commands.
pub(super) struct Globals {
    /// Root prefix of the installation.
    pub(super) root: PathBuf,
    /// Show what would change, change nothing.
    pub(super) plan: bool,
    /// Do not ask.
    pub(super) yes: bool,
    /// Language of all texts.
    pub(super) lang: Lang,
    /// API token.
    pub(super) token: Option<String>,
    /// Options for this run.
    pub(super) overrides: Vec<Override>,
}

impl Globals {
    /// Reads them, the token from its file or from the environment.
    pub(super) fn read(matches: &ArgMatches, early: &Early) -> Result<Globals> {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        let root = text("root").or_else(|| environment("MANARA_ROOT")).unwrap_or_else(|| "/".into());
        let token = match text("token-file") {
            Some(path) => Some(super::prompt::read_file(&path)?.trim().to_owned()),
            None => environment("MANARA_TOKEN"),
        };
        let overrides = matches.get_many::<String>("config").into_iter().flatten().map(|pair| over(pair));
        Ok(Globals {
            root: absolute(root.into()),
            plan: matches.get_flag("plan"),
            yes: matches.get_flag("yes"),
            lang: early.lang,
            token,
            overrides: overrides.collect::<Result<_>>()?,
        })
    }
}

fn over(pair: &str) -> Result<Override> {
    let split = pair.split_once('=');
    let (key, value) = split.ok_or_else(|| Error::new(Kind::BadInput, "cli_not_a_pair").with("value", pair))?;
    Ok(Override { key: key.trim().into(), value: value.trim().into(), flag: "--config".into() })
}

/// The prefix from the root of the file system; one that exists also without links and `..`.
fn absolute(root: PathBuf) -> PathBuf {
    root.canonicalize().or_else(|_| std::path::absolute(&root)).unwrap_or(root)
}

/// Adds the global flags to the top command.
pub(super) fn add(command: Command, say: Say) -> Command {
    let heading = say.say("cli.heading.global");
    let flag = |name: &'static str| {
        let help = say.say(&format!("cli.flag.{}", name.replace('-', "_")));
        Arg::new(name).long(name).global(true).help(help).help_heading(heading.clone())
    };
    let switch = |name| flag(name).action(ArgAction::SetTrue);
    command.args([
        flag("root").value_name("DIR"),
        flag("config").value_name("KEY=VALUE").action(ArgAction::Append),
        flag("token-file").value_name("FILE"),
        switch("json"),
        switch("plan"),
        switch("yes").short('y'),
        switch("quiet").short('q'),
        flag("lang").value_name("ar|en").value_parser(["ar", "en"]).hide_possible_values(true),
        flag("help").short('h').action(ArgAction::Help),
    ])
}
