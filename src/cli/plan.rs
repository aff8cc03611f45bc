//! A plan as text: what changes, what the test said.

use super::output::{Screen, clean};
use serde_json::Value;
use std::io::IsTerminal;

/// Whether a plan changes nothing.
pub(super) fn is_empty(plan: &Value) -> bool {
    plan["changes"].as_array().is_none_or(Vec::is_empty)
}

/// 1 when the plan's test failed: applying it would be refused.
pub(super) fn exit_code(plan: &Value) -> u8 {
    u8::from(plan["test"]["ok"] == false)
}

/// Lines of one difference that are shown on the way to applying it.
const LINES_MAX: usize = 24;

/// The plan in words and differences; long ones are cut unless `whole`.
pub(super) fn text(plan: &Value, screen: &Screen, whole: bool) -> String {
    if is_empty(plan) {
        return screen.say("cli.plan.empty", &[]) + "\n";
    }
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = String::new();
    for change in plan["changes"].as_array().into_iter().flatten() {
        let part = |name: &str| clean(change[name].as_str().unwrap_or_default());
        let action = screen.say(&format!("cli.plan.{}", part("action")), &[("name", part("name"))]);
        out += &format!("{action}\n");
        let diff = part("diff");
        let lines: Vec<&str> = diff.lines().filter(|l| !l.starts_with("--- ") && !l.starts_with("+++ ")).collect();
        let shown = if whole { lines.len() } else { lines.len().min(LINES_MAX) };
        out.extend(lines[..shown].iter().map(|line| format!("  {}\n", painted(line, colour))));
        if shown < lines.len() {
            out += &format!("  {}\n", screen.say("cli.plan.cut", &[("lines", (lines.len() - shown).to_string())]));
        }
    }
    for warning in plan["warnings"].as_array().into_iter().flatten() {
        out += &format!(
            "{}: {}\n",
            screen.say("cli.plan.warning", &[]),
            clean(warning["text"].as_str().unwrap_or_default())
        );
    }
    if let Some(ok) = plan["test"]["ok"].as_bool() {
        out += &format!("{}\n", screen.say(if ok { "cli.plan.test_ok" } else { "cli.plan.test_failed" }, &[]));
        if !ok {
            let output = clean(plan["test"]["output"].as_str().unwrap_or_default());
            out.extend(output.lines().map(|line| format!("  {line}\n")));
        }
    }
    out
}

fn painted(line: &str, colour: bool) -> String {
    let code = match line.as_bytes().first() {
        Some(b'+') => "32",
        Some(b'-') => "31",
        Some(b'@') => "36",
        _ => return line.to_owned(),
    };
    if colour { format!("\u{1b}[{code}m{line}\u{1b}[0m") } else { line.to_owned() }
}
