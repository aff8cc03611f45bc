//! Waiting for a job: its output as it comes, a bar where somebody looks.

use super::output::{Failure, Screen, clean, note};
use super::remote::Remote;
use super::request::Ask;
use crate::base::{Error, Kind};
use crate::ops;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(200);

/// Waits for the job to end and answers it.
pub(super) fn follow(remote: &Remote, id: &str, screen: &Screen) -> Result<Value, Failure> {
    let op = ops::find("job.show").ok_or_else(|| Error::fault("jobs cannot be read"))?;
    let ask = Ask::new(op, &json!({ "id": id }), false);
    let shown = !screen.quiet && !screen.json;
    let bar = (shown && std::io::stderr().is_terminal()).then(bar);
    let mut printed = 0;
    loop {
        let job = remote.ask(&ask)?.json()?;
        if shown {
            printed = live(&job, printed, bar.as_ref());
        }
        if !matches!(job["state"].as_str(), Some("queued" | "running")) {
            bar.inspect(ProgressBar::finish_and_clear);
            return Ok(job);
        }
        remote.pause(EVERY);
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_bar} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Prints the lines that came since `printed` bytes; answers how many bytes are printed now.
fn live(job: &Value, printed: usize, bar: Option<&ProgressBar>) -> usize {
    let output = job["output"].as_str().unwrap_or_default();
    let fresh = output.get(printed..).unwrap_or_default();
    let ended = !matches!(job["state"].as_str(), Some("queued" | "running"));
    let whole = if ended { fresh } else { &fresh[..fresh.rfind('\n').map_or(0, |end| end + 1)] };
    for line in whole.lines() {
        match bar {
            Some(bar) => bar.suspend(|| note(&format!("{}\n", clean(line)))),
            None => note(&format!("{}\n", clean(line))),
        }
    }
    if let Some(bar) = bar {
        bar.set_length(job["total"].as_u64().unwrap_or(0));
        bar.set_position(job["progress"].as_u64().unwrap_or(0));
        bar.tick();
    }
    printed + whole.len()
}

/// The exit code of a job that ended: that of the error it failed with.
pub(super) fn exit_code(job: &Value) -> u8 {
    match job["state"].as_str() {
        Some("done") => 0,
        Some("cancelled") => Kind::Conflict.exit_code(),
        // A panel of another version may have kinds that this program does not know.
        _ => Kind::deserialize(&job["error"]["kind"]).unwrap_or(Kind::External).exit_code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_ends_with_the_code_of_its_error() {
        let code = |state: &str, kind: Value| exit_code(&json!({ "state": state, "error": { "kind": kind } }));
        assert_eq!((code("done", Value::Null), code("cancelled", Value::Null)), (0, 4));
        let kinds = [("bad_input", 2), ("forbidden", 3), ("conflict", 4), ("external", 5), ("fault", 70), ("new", 5)];
        for (kind, expected) in kinds {
            assert_eq!(code("failed", json!(kind)), expected, "{kind}");
        }
        assert_eq!(code("undone", json!("external")), 5);
    }
}
