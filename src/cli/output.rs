//! What reaches the terminal: answers on the standard output, everything else on the standard error.

use crate::base::locale::{self, Lang};
use crate::base::{Error, Kind};
use crate::ops::problem::Problem;
use serde_json::Value;
use std::io::Write;

/// Writes to the standard output. A reader that went away (`| head`) is no failure.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to the standard error.
pub(super) fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Text of others without characters that steer a terminal; lines and tabs stay.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something on this side.
    Ours(Error),
    /// The panel refused: its problem (RFC 9457), as it came.
    Refused {
        /// HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Ours(error)
    }
}

impl Failure {
    /// Exit code.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Failure::Ours(error) => error.kind().exit_code(),
            Failure::Refused { status, .. } => exit_code_of(*status),
        }
    }

    /// The stable code of the problem.
    pub(super) fn problem(&self, lang: Lang) -> Value {
        match self {
            Failure::Ours(error) => {
                let problem = Problem::of(error, lang, "");
                serde_json::to_value(problem).unwrap_or_default()
            }
            Failure::Refused { body, .. } => serde_json::from_slice(body).unwrap_or_default(),
        }
    }
}

/// The exit code for an HTTP status; that of the kind which has the status.
fn exit_code_of(status: u16) -> u8 {
    match status {
        401 | 403 | 429 => Kind::Forbidden,
        404 | 409 | 412 => Kind::NotFound,
        400..=499 => Kind::BadInput,
        502 | 503 => Kind::External,
        _ => Kind::Fault,
    }
    .exit_code()
}

/// How answers are shown.
pub(super) struct Screen {
    /// Language.
    pub(super) lang: Lang,
    /// As JSON.
    pub(super) json: bool,
    /// Answers and errors only.
    pub(super) quiet: bool,
}

impl Screen {
    /// A text of the catalogue.
    pub(super) fn say(&self, key: &str, params: &[(&str, String)]) -> String {
        locale::text(self.lang, key, params)
    }

    /// Tells something beside the answer, unless quiet or JSON is wanted.
    pub(super) fn tell(&self, text: &str) {
        if !self.quiet && !self.json {
            note(&format!("{text}\n"));
        }
    }

    /// Prints a value as JSON.
    pub(super) fn print_json(&self, value: &Value) {
        print(&format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default()));
    }

    /// Shows why a command failed and answers its exit code. With JSON the problem alone is printed, on the standard
    /// output, where scripts read.
    pub(super) fn fail(&self, failure: &Failure) -> u8 {
        if let Failure::Ours(error) = failure
            && let Some(cause) = error.log_cause()
            && std::env::var_os("MANARA_DEBUG").is_some()
        {
            note(&format!("{cause}\n"));
        }
        let problem = failure.problem(self.lang);
        match (self.json, failure) {
            (true, Failure::Refused { body, .. }) => {
                print(&(String::from_utf8_lossy(body).trim_end().to_owned() + "\n"))
            }
            (true, Failure::Ours(_)) => self.print_json(&problem),
            (false, _) => note(&self.worded(&problem, failure)),
        }
        failure.exit_code()
    }

    pub(super) fn worded(&self, problem: &Value, failure: &Failure) -> String {
        let text = |name: &str| problem[name].as_str().filter(|t| !t.is_empty()).map(clean);
        let unreadable = || {
            let status = if let Failure::Refused { status, .. } = failure { *status } else { 0 };
            self.say("cli.unreadable_answer", &[("status", status.to_string())])
        };
        let mut out = format!("{}: {}\n", self.say("cli.error", &[]), text("detail").unwrap_or_else(unreadable));
        for error in problem["errors"].as_array().into_iter().flatten() {
            let part = |name: &str| clean(error[name].as_str().unwrap_or_default());
            out += &format!("  {}: {}\n", part("field"), part("detail"));
        }
        if let Some(hint) = text("hint") {
            out += &format!("{hint}\n");
        }
        if let Some(evidence) = text("evidence") {
            let lines: Vec<String> = evidence.lines().map(|line| format!("  {line}")).collect();
            out += &format!("\n{}\n", lines.join("\n"));
        }
        if failure.exit_code() == 70
            && let Some(id) = text("request_id")
        {
            out += &format!("{}\n", self.say("cli.request_id", &[("id", id)]));
        }
        out
    }
}
