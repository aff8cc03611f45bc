//! Arguments that cannot be understood, and help, in the reader's language.

use super::globals::{self, Early};
use super::output::{Failure, Screen, note, print};
use super::tree::{self, Say, Shape};
use crate::base::{Error, Kind};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Answers what clap could not parse: the help that was asked for, or an error.
pub(super) fn explain(error: &clap::Error, args: &[String], early: &Early, screen: &Screen) -> Result<u8, Failure> {
    match error.kind() {
        ErrorKind::DisplayVersion => {
            print(&super::version());
            Ok(0)
        }
        ErrorKind::DisplayHelp => {
            print(&help(args, early).unwrap_or_else(|| error.to_string()));
            Ok(0)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand if !screen.json => {
            note(&help(args, early).unwrap_or_else(|| error.to_string()));
            Ok(Kind::BadInput.exit_code())
        }
        _ => Err(worded(error).into()),
    }
}

/// The help of the command that `args` name: the same tree again, now with texts.
pub(super) fn help(args: &[String], early: &Early) -> Option<String> {
    let shape = Shape { words: &early.words, whole: false, say: Say(Some(early.lang)) };
    let error = tree::build(&shape).try_get_matches_from(globals::with_name(args)).err()?;
    Some(error.render().to_string())
}

pub(super) fn worded(error: &clap::Error) -> Error {
    let value = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = value(ContextKind::InvalidArg).unwrap_or_default();
    // clap names an argument with its value: `--kind <KIND>`.
    let flag = argument.split([' ', '=', '[']).next().unwrap_or_default().to_owned();
    let bad = |code: &'static str| Error::new(Kind::BadInput, code);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = value(ContextKind::InvalidSubcommand).unwrap_or_default();
            match value(ContextKind::SuggestedSubcommand) {
                Some(near) => bad("cli_unknown_command_near").with("word", word).with("suggestion", near),
                None => bad("cli_unknown_command").with("word", word),
            }
        }
        ErrorKind::UnknownArgument => match value(ContextKind::SuggestedArg) {
            Some(near) => bad("cli_unknown_flag_near").with("flag", flag).with("suggestion", near),
            None => bad("cli_unknown_flag").with("flag", flag),
        },
        ErrorKind::ArgumentConflict => {
            bad("cli_conflict").with("flag", flag).with("other", value(ContextKind::PriorArg).unwrap_or_default())
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let given = value(ContextKind::InvalidValue).unwrap_or_default();
            match value(ContextKind::ValidValue) {
                _ if given.is_empty() => bad("cli_missing_value").with("flag", flag),
                Some(options) => bad("cli_bad_choice").with("flag", flag).with("value", given).with("options", options),
                None => bad("cli_bad_value").with("flag", flag).with("value", given),
            }
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            bad("cli_missing_value").with("flag", flag)
        }
        ErrorKind::MissingRequiredArgument => bad("cli_missing").with("flags", argument),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => bad("cli_no_command"),
        _ => bad("cli_misunderstood").with("message", error.to_string().lines().next().unwrap_or_default()),
    }
}
