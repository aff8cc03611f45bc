//! Lines of logs, made into entries without secrets.

use super::redact::{is_telling, redact};
use super::{Level, LogEntry};
use crate::base::clock::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most characters of one value that are kept.
const VALUE_CHARS_MAX: usize = 16 * 1024;

/// Form of a line.
pub(super) enum Form {
    /// The JSON object of the panel's own log of requests.
    Access,
    /// nginx's log of errors, in the time zone of the machine.
    Error(TimeZone),
}

impl Form {
    /// Reads a line.
    pub(super) fn entry(&self, line: &[u8]) -> LogEntry {
        let text = String::from_utf8_lossy(line);
        match self {
            Form::Access => access(&text).unwrap_or_else(|| plain(&text)),
            Form::Error(zone) => error(&text, zone).unwrap_or_else(|| plain(&text)),
        }
    }

    /// The time of a line, without reading the rest of it.
    pub(super) fn time(&self, line: &[u8]) -> Option<Time> {
        match self {
            Form::Access => seconds(std::str::from_utf8(line.get(9..23)?).ok()?),
            Form::Error(zone) => local(std::str::from_utf8(line.get(..19)?).ok()?, zone),
        }
    }
}

/// A line that is not of its log's form.
pub(super) fn plain(text: &str) -> LogEntry {
    LogEntry { at: None, level: None, message: shown(text), fields: BTreeMap::new() }
}

fn shown(text: &str) -> String {
    redact(text).chars().take(VALUE_CHARS_MAX).collect()
}

/// A value as it is shown under its name.
fn value(name: &str, value: &Value) -> String {
    match value {
        _ if is_telling(name) => "***".into(),
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

/// Seconds with three decimals, as nginx's `$msec`.
fn seconds(text: &str) -> Option<Time> {
    let (whole, thousandths) = text.split_once('.')?;
    Some(Time(whole.parse::<i64>().ok()?.checked_mul(1000)? + thousandths.parse::<i64>().ok()?))
}

/// What the panel has nginx write for every request.
fn access(line: &str) -> Option<LogEntry> {
    let mut object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let at = seconds(object.shift_remove("time")?.as_str()?)?;
    // `-` and nothing is how nginx says that there is none.
    object.retain(|_, value| !matches!(value.as_str(), Some("" | "-")));
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let level = match text("status").bytes().next() {
        Some(b'5') => Level::Error,
        Some(b'4') => Level::Warning,
        _ => Level::Info,
    };
    let message = shown(&format!("{} {} {}{}", text("status"), text("method"), text("host"), text("uri")));
    Some(LogEntry { at: Some(at), level: Some(level), message, fields: fields(&object) })
}

fn fields(object: &Map<String, Value>) -> BTreeMap<String, String> {
    object.iter().filter(|(_, v)| !v.is_null()).map(|(name, v)| (name.clone(), value(name, v))).collect()
}

/// `2026/11/21 13:00:00 [error] 123#123: *1 message, client: …` (nginx, `ngx_log.c`).
fn error(line: &str, zone: &TimeZone) -> Option<LogEntry> {
    let at = local(line.get(..19)?, zone)?;
    let (word, rest) = line.get(20..)?.strip_prefix('[')?.split_once("] ")?;
    let level = match word {
        "emerg" | "alert" | "crit" | "error" => Level::Error,
        "warn" => Level::Warning,
        "notice" | "info" => Level::Info,
        _ => Level::Debug,
    };
    let (worker, message) = rest.split_once(": ").unwrap_or(("", rest));
    let mut fields = BTreeMap::new();
    if let Some((pid, _)) = worker.split_once('#') {
        fields.insert("pid".to_owned(), pid.to_owned());
    }
    Some(LogEntry { at: Some(at), level: Some(level), message: shown(message), fields })
}

fn local(text: &str, zone: &TimeZone) -> Option<Time> {
    let local = DateTime::strptime("%Y/%m/%d %H:%M:%S", text).ok()?;
    Some(Time(local.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()))
}

/// An entry of the journal as `journalctl --output=json` prints it (systemd.journal-fields(7)), and its place.
pub(super) fn journal(line: &str) -> Option<(LogEntry, String)> {
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let at = Time(text("__REALTIME_TIMESTAMP")?.parse::<i64>().ok()? / 1000);
    let place = text("__CURSOR")?.to_owned();
    let message = match object.get("MESSAGE") {
        Some(Value::String(text)) => text.clone(),
        // What is not UTF-8 comes as numbers.
        Some(Value::Array(bytes)) => {
            let bytes: Vec<u8> = bytes.iter().filter_map(|b| u8::try_from(b.as_u64()?).ok()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => String::new(),
    };
    let level = match text("PRIORITY").and_then(|p| p.parse::<u8>().ok()) {
        Some(0..=3) => Some(Level::Error),
        Some(4) => Some(Level::Warning),
        Some(5 | 6) => Some(Level::Info),
        Some(_) => Some(Level::Debug),
        None => None,
    };
    let mut entry = own(&message).unwrap_or_else(|| LogEntry { level, ..plain(&message) });
    entry.at = Some(at);
    for (name, field) in [("unit", "_SYSTEMD_UNIT"), ("program", "SYSLOG_IDENTIFIER"), ("pid", "_PID")] {
        if let Some(value) = text(field) {
            entry.fields.insert(name.to_owned(), shown(value));
        }
    }
    Some((entry, place))
}

/// A line of the panel's own: one JSON object.
fn own(message: &str) -> Option<LogEntry> {
    let mut object: Map<String, Value> = serde_json::from_str(message).ok()?;
    let mut take = |name: &str| object.shift_remove(name)?.as_str().map(str::to_owned);
    let at = take("time").and_then(|text| Time::parse(&text));
    let message = shown(&take("message")?);
    let level = match take("level")?.as_str() {
        "error" => Level::Error,
        "warn" => Level::Warning,
        "info" => Level::Info,
        _ => Level::Debug,
    };
    let mut fields = fields(&object);
    if let Some(token) = token_of_actor(&object) {
        fields.insert("actor".to_owned(), format!("token:{}", shown(token)));
    }
    Some(LogEntry { at, level: Some(level), message, fields })
}

/// The name of the token that asked, in a line of the panel: a name, though it stands where a secret would.
fn token_of_actor(object: &Map<String, Value>) -> Option<&str> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    text("target").filter(|target| target.starts_with("manara::"))?;
    text("actor")?.strip_prefix("token:")
}

impl LogEntry {
    /// An entry of the panel's own log, from the JSON object that it is written as.
    pub fn of_own(line: &str) -> Option<LogEntry> {
        own(line)
    }
}
