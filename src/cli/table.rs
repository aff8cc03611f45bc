//! Answers for people: a table for a list, a line a field for an object.

use super::output::{Screen, clean};
use serde_json::{Map, Value};

/// Columns of lists whose objects have more fields than a line holds.
const COLUMNS: &[(&str, &[&str])] = &[
    ("site.list", &["name", "kind", "state", "url"]),
    ("job.list", &["id", "summary", "target_name", "state", "created_at"]),
    ("audit.list", &["seq", "at", "who", "operation", "target_name", "result"]),
    ("drift.list", &["file", "site", "kind"]),
    ("log.list", &["source", "unit", "place"]),
    ("log.show", &["at", "level", "message"]),
    ("process.list", &["pid", "name", "user", "cpu_percent", "memory", "unit"]),
    ("service.list", &["name", "state", "version", "since"]),
];
/// Most columns of other lists.
const COLUMNS_MAX: usize = 7;

/// The answer of the operation `id` as text that ends with a line end.
pub(super) fn text(id: &str, answer: &Value, screen: &Screen) -> String {
    match answer {
        Value::Object(fields) => match (fields.get("items"), fields.get("document")) {
            (Some(Value::Array(items)), _) => list(id, items, fields, screen),
            (_, Some(Value::String(document))) if fields.len() == 1 => document.clone(),
            _ if fields.is_empty() => screen.say("cli.done", &[]) + "\n",
            _ => object(fields, screen),
        },
        other => serde_json::to_string_pretty(other).unwrap_or_default() + "\n",
    }
}

fn list(id: &str, items: &[Value], page: &Map<String, Value>, screen: &Screen) -> String {
    if items.is_empty() {
        return screen.say("cli.none", &[]) + "\n";
    }
    let names = columns(id, items);
    let mut rows = vec![names.iter().map(|name| label(name, screen)).collect::<Vec<_>>()];
    rows.extend(items.iter().map(|item| names.iter().map(|name| cell(name, &item[name.as_str()], screen)).collect()));
    let mut out = aligned(&rows);
    if let Some(cursor) = page.get("next").and_then(Value::as_str) {
        let mut params = vec![("shown", items.len().to_string()), ("cursor", cursor.to_owned())];
        let total = page.get("total").and_then(Value::as_u64);
        params.extend(total.map(|total| ("total", total.to_string())));
        let key = if total.is_some() { "cli.more" } else { "cli.more_unknown" };
        out += &format!("{}\n", screen.say(key, &params));
    }
    out
}

/// The columns of a list: the named ones, or those that hold something and fit a line.
fn columns(id: &str, items: &[Value]) -> Vec<String> {
    if let Some((_, names)) = COLUMNS.iter().find(|(list, _)| *list == id) {
        return names.iter().map(|n| (*n).to_owned()).collect();
    }
    let fields = items.first().and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name);
    let short = |v: &Value| !v.is_object() && !v.as_str().is_some_and(|t| t.contains('\n'));
    let useful = fields.filter(|name| {
        items.iter().all(|i| short(&i[name.as_str()])) && items.iter().any(|i| !i[name.as_str()].is_null())
    });
    useful.take(COLUMNS_MAX).cloned().collect()
}

fn object(fields: &Map<String, Value>, screen: &Screen) -> String {
    let (inner, plain): (Vec<_>, Vec<_>) =
        fields.iter().filter(|(_, v)| !is_empty(v)).partition(|(_, v)| v.is_object() && v["name"].is_null());
    let (long, short): (Vec<_>, Vec<_>) =
        plain.into_iter().partition(|(_, v)| v.as_str().is_some_and(|t| t.trim_end().contains('\n')));
    let rows: Vec<Vec<String>> =
        short.iter().map(|(name, v)| vec![label(name, screen) + ":", cell(name, v, screen)]).collect();
    let mut out = aligned(&rows);
    for (name, value) in long {
        out += &format!("\n{}:\n", label(name, screen));
        out.extend(value.as_str().unwrap_or_default().lines().map(|line| format!("  {}\n", clean(line))));
    }
    for (name, value) in inner {
        let text = value.as_object().map(|fields| object(fields, screen)).unwrap_or_default();
        out += &format!("\n{}:\n", label(name, screen));
        out.extend(text.lines().map(|line| format!("  {line}\n")));
    }
    out
}

/// Whether there is nothing to say about a field.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Why a job did not end well.
pub(super) fn job_failure(job: &Value, screen: &Screen) -> String {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    let mut out = screen
        .say("cli.job_ended", &[("summary", text(&job["summary"])), ("state", cell("state", &job["state"], screen))]);
    for part in ["detail", "hint", "evidence"].map(|part| text(&job["error"][part])).iter().filter(|t| !t.is_empty()) {
        out += &format!("\n{part}");
    }
    out + "\n"
}

fn label(name: &str, screen: &Screen) -> String {
    crate::base::locale::find::<&str>(screen.lang, &format!("cli.column.{name}"), &[])
        .unwrap_or_else(|| name.to_owned())
}

/// Fields whose values are words of ours, shown in the reader's language.
const WORDED: &[&str] = &["kind", "result", "role", "severity", "state"];

fn cell(name: &str, value: &Value, screen: &Screen) -> String {
    match value {
        Value::Null => "–".into(),
        Value::Bool(true) => screen.say("cli.yes", &[]),
        Value::Bool(false) => screen.say("cli.no", &[]),
        Value::String(text) => {
            let worded = WORDED.contains(&name).then(|| format!("cli.value.{text}"));
            let word = worded.and_then(|key| crate::base::locale::find::<&str>(screen.lang, &key, &[]));
            word.unwrap_or_else(|| clean(text).replace('\n', " "))
        }
        Value::Array(items) if items.is_empty() => "–".into(),
        Value::Array(items) => items.iter().map(|item| cell(name, item, screen)).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => match (fields.get("name"), fields.get("value")) {
            (Some(title), Some(value)) => format!("{}: {}", cell("", title, screen), cell("", value, screen)),
            (Some(title), None) => cell("", title, screen),
            _ => clean(&value.to_string()),
        },
        Value::Number(number) => number.to_string(),
    }
}

/// Rows with columns as wide as their widest cell.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, wide) in row.iter().zip(&widths) {
            line += cell;
            line += &" ".repeat(wide - width(cell) + 2);
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// Columns that `text` takes on a terminal: none for marks that join the letter before them and for marks of direction,
/// two for East Asian wide letters and most pictures (Unicode Standard Annex 11).
pub(super) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{0300}'..='\u{036f}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}' => 0,
            '\u{06d6}'..='\u{06dc}' | '\u{06df}'..='\u{06e4}' | '\u{06e7}' | '\u{06e8}' | '\u{06ea}'..='\u{06ed}' => 0,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 2,
            '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}
