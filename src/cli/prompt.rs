//! What people type, and files they name.

use super::output::{Screen, note};
use crate::base::{Error, Kind, Result};
use crate::platform::{files, terminal};
use std::io::{IsTerminal, Read, Write};

/// Longest line and file that is read.
const BYTES_MAX: u64 = 1024 * 1024;

/// Whether somebody can answer a question.
pub(super) fn at_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// One secret line: typed unseen at a terminal, else the next line of the standard input.
pub(super) fn secret(label: &str) -> Result<String> {
    if at_terminal() {
        note(&format!("{label}: "));
        let typed = terminal::unseen(next_line);
        note("\n");
        return typed?;
    }
    next_line()
}

/// The next line of the standard input without its end. Byte by byte, so that the next reader finds what follows.
fn next_line() -> Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    let mut input = std::io::stdin().lock();
    while line.len() as u64 <= BYTES_MAX && input.read(&mut byte).map_err(unreadable)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    let text = String::from_utf8(line).map_err(|_| Error::new(Kind::BadInput, "cli_not_utf8"))?;
    Ok(text.strip_suffix('\r').unwrap_or(&text).to_owned())
}

/// The file at `path`, or the standard input for `-`.
pub(super) fn read_file(path: &str) -> Result<String> {
    if path != "-" {
        let text = files::read_own(path.as_ref(), usize::try_from(BYTES_MAX).unwrap_or(usize::MAX))?;
        return text.ok_or_else(|| Error::new(Kind::BadInput, "cli_no_file").with("path", path));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::new(Kind::TooLarge, "file_too_large").with("path", "-").with("max", BYTES_MAX));
    }
    String::from_utf8(bytes).map_err(|_| Error::new(Kind::BadInput, "cli_not_utf8"))
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(Kind::BadInput, "cli_no_input").cause(error)
}

/// Asks; only a yes is a yes.
pub(super) fn confirm(screen: &Screen, question: &str) -> Result<bool> {
    note(&format!("{question} {} ", screen.say("cli.yes_or_no", &[])));
    std::io::stderr().flush().map_err(unreadable)?;
    let answer = next_line()?.trim().to_lowercase();
    Ok(["y", "yes", "ن", "نعم"].contains(&answer.as_str()))
}
