//! Logs: nginx's files and systemd's journal, read from the newest entry back, or on from a place. Which logs there are
//! is a closed list, for services bounded by the policy; no path is ever asked for.

mod files;
mod journal;
mod packed;
mod parse;
mod redact;
mod sieve;

pub(super) use files::read as read_file;
pub(super) use journal::read as read_journal;
pub use redact::redact;

use crate::base::clock::Time;
use crate::base::names::{LogCursor, SiteId, UnitName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How grave an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something failed; a request was answered by a status of 500 or more.
    Error,
    /// Something is odd; a request was answered by a status of 400 or more.
    Warning,
    /// What is usual.
    Info,
    /// Details.
    Debug,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// nginx's log of requests to the panel's sites.
    Access,
    /// nginx's log of errors.
    Error,
    /// The journal of the panel's own units.
    Panel,
    /// The journal of a unit that the policy names.
    Unit(UnitName),
}

/// From where to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStart {
    /// Back from the newest entry.
    Newest,
    /// Back from a place.
    Before(LogCursor),
    /// On from a place.
    After(LogCursor),
}

/// Which entries of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// The log.
    pub source: LogSource,
    /// From where to read.
    pub start: LogStart,
    /// Only requests to this site.
    pub site: Option<SiteId>,
    /// Only entries with this text, upper and lower case alike.
    pub text: Option<String>,
    /// Only entries as grave as this.
    pub level: Option<Level>,
    /// Not before.
    pub from: Option<Time>,
    /// Not after.
    pub until: Option<Time>,
    /// Entries at most.
    pub limit: u32,
}

impl LogQuery {
    /// Lines of nginx's log are not quite in the order of their times, since its workers write theirs late. In seconds.
    const DISORDER_S: i64 = 5;

    /// Whether `at` is within the time that is looked through.
    fn spans(&self, at: Time) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at <= until)
    }

    /// Whether what is older than an entry of `at` is before the time that is looked through.
    fn is_past(&self, at: Time) -> bool {
        self.from.is_some_and(|from| at.plus_s(Self::DISORDER_S) < from)
    }
}

/// An entry of a log. Values of fields that carry secrets by their name are `***`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogEntry")]
pub struct LogEntry {
    /// When; `null` where the line does not say.
    pub at: Option<Time>,
    /// How grave; `null` where the line does not say.
    pub level: Option<Level>,
    /// What happened.
    pub message: String,
    /// Its other fields by name, such as `status`, `client` and `uri` of a request.
    pub fields: BTreeMap<String, String>,
}

impl LogEntry {
    /// Whether an entry is one that `query` looks for, its site aside.
    pub fn fits(&self, query: &LogQuery) -> bool {
        let level = query.level.is_none_or(|least| self.level.is_some_and(|level| level <= least));
        level && self.at.is_none_or(|at| query.spans(at)) && query.text.as_deref().is_none_or(|text| self.has(text))
    }

    fn has(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let within = |value: &String| value.to_lowercase().contains(&text);
        within(&self.message) || self.fields.values().any(within)
    }

    /// Bytes of memory that the entry takes, about.
    pub fn weight(&self) -> usize {
        256 + self.message.len() + self.fields.iter().map(|(name, value)| 64 + name.len() + value.len()).sum::<usize>()
    }

    /// The entry as a line of text.
    pub fn line(&self) -> String {
        let at = self.at.map(Time::rfc3339).unwrap_or_default();
        let level = self.level.map_or("", Level::name);
        let mut line = format!("{at} {level:<7} {}", self.message);
        for (name, value) in &self.fields {
            line += &format!(" {name}={value:?}");
        }
        line.replace(['\n', '\r'], " ")
    }
}

impl Level {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Part of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogPage {
    /// The entries, the newest first; the oldest first when reading on from a place.
    pub entries: Vec<LogEntry>,
    /// Where older entries are; `None` where there are none.
    pub older: Option<LogCursor>,
    /// Where entries come that are not written yet.
    pub newest: Option<LogCursor>,
    /// How far was searched, where time ran out before the page was full.
    pub searched_to: Option<Time>,
}

#[cfg(test)]
mod tests;
